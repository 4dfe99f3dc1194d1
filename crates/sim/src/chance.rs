//! Chance that can be asked anywhere: what is drawn for the index `i` depends on the seed and on `i` alone.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The Weyl constant of SplitMix64 (Steele, Lea, Flood 2014).
const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
const FEISTEL_ROUNDS: usize = 4;

/// SplitMix64's finaliser: every bit of the input moves every bit of the output.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Unrelated keys out of one seed, one after the other.
pub struct Keys(ChaCha8Rng);

impl Keys {
    /// The keys of a seed.
    pub fn new(seed: u64) -> Keys {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Keys(ChaCha8Rng::from_seed(bytes))
    }

    /// The next one.
    #[expect(clippy::should_implement_trait, reason = "keys never end, so they are no iterator")]
    pub fn next(&mut self) -> Key {
        Key(self.0.next_u64())
    }
}

/// What one kind of draw is keyed by.
#[derive(Clone, Copy)]
pub struct Key(u64);

impl Key {
    /// The draws of one index.
    pub const fn draws(self, index: u64) -> Draws {
        Draws(mix(self.0 ^ mix(index.wrapping_add(GOLDEN_GAMMA))))
    }

    /// A key of its own for a text.
    pub fn with_text(self, text: &str) -> Key {
        Key(text.bytes().fold(self.0, |key, byte| mix(key.wrapping_add(GOLDEN_GAMMA) ^ u64::from(byte))))
    }

    /// A key of its own for a number.
    pub const fn with_number(self, number: u64) -> Key {
        Key(mix(self.0 ^ mix(number.wrapping_add(GOLDEN_GAMMA))))
    }

    /// Eight hexadecimal digits' worth.
    pub const fn tag(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A sequence of draws: SplitMix64.
pub struct Draws(u64);

impl Draws {
    /// Any number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// Below `bound`, which is not zero. The bias of a bound is at most its 2^-64th part.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// Whether it happens, with so many chances in a million.
    pub const fn happens(&mut self, chances_per_million: u64) -> bool {
        self.below(1_000_000) < chances_per_million
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }
}

/// A shuffled `0..size` that is held nowhere: a Feistel network over the next larger even number of bits, walked until
/// it lands inside (Black, Rogaway 2002).
#[derive(Clone, Copy)]
pub struct Permutation {
    keys: [u64; FEISTEL_ROUNDS],
    half_bits: u32,
    size: u64,
}

impl Permutation {
    /// `size` is at least 1 and at most 2^62.
    pub fn new(key: Key, size: u64) -> Permutation {
        let mut draws = key.draws(size);
        let bits = u64::BITS - (size - 1).leading_zeros();
        Permutation { keys: std::array::from_fn(|_| draws.next()), half_bits: bits.div_ceil(2).max(1), size }
    }

    /// Where `index`, which is below the size, is moved to. No two are moved to the same place.
    pub fn at(&self, index: u64) -> u64 {
        debug_assert!(index < self.size, "outside the permutation");
        let mask = (1 << self.half_bits) - 1;
        let mut value = index;
        loop {
            let (mut left, mut right) = (value >> self.half_bits, value & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(right ^ key) & mask));
            }
            value = left << self.half_bits | right;
            if value < self.size {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_permutation_meets_everything_once(seed: u64, size in 1_u64..5000) {
            let permutation = Permutation::new(Keys::new(seed).next(), size);
            let mut met: Vec<u64> = (0..size).map(|index| permutation.at(index)).collect();
            met.sort_unstable();
            prop_assert!(met.into_iter().eq(0..size));
        }
    }

    #[test]
    fn neighbours_do_not_stay_neighbours() {
        let permutation = Permutation::new(Keys::new(1).next(), 1_000_000);
        let near = (0..10_000).filter(|&i| permutation.at(i).abs_diff(permutation.at(i + 1)) < 1000).count();
        assert!(near < 100, "{near}");
    }

    #[test]
    fn happens_as_often_as_it_is_told_to() {
        let key = Keys::new(1).next();
        let happened = (0..100_000).filter(|&i| key.draws(i).happens(20_000)).count();
        assert!((1800..2200).contains(&happened), "{happened}");
    }
}
