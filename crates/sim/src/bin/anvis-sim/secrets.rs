//! The seeded source of secrets. It stands in this binary and nowhere else: nothing that keeps real people can reach it.

use kernel::Secrets;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Keeps this stream apart from the one that the nation is made of.
const STREAM: u64 = 1;

/// Secrets that come out alike for the same seed.
#[expect(clippy::disallowed_methods, reason = "a world that comes out alike needs secrets that do")]
pub fn seeded(seed: u64) -> Secrets {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha20Rng::from_seed(bytes);
    rng.set_stream(STREAM);
    Secrets::from_source(move |bytes| {
        rng.fill_bytes(bytes);
        Ok(())
    })
}
