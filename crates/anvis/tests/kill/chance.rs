//! Chance out of a seed that is printed, and how often it strikes.

use std::ffi::OsString;
use std::io::Read;

/// A variable that is set to something.
pub fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn number(name: &str) -> Option<u64> {
    set(name).map(|value| value.to_str().unwrap().parse().unwrap())
}

/// How often a process is struck: `ANVIS_KILLS`.
pub fn kills() -> u64 {
    number("ANVIS_KILLS").unwrap_or(4)
}

/// Numbers at random (Marsaglia's xorshift).
pub struct Chance(u64);

impl Chance {
    /// Out of `ANVIS_KILLS_SEED`, or a seed of its own.
    pub fn read() -> Self {
        let mut seed = [0; 8];
        std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut seed).unwrap();
        let seed = number("ANVIS_KILLS_SEED").unwrap_or(u64::from_le_bytes(seed)) | 1;
        println!("ANVIS_KILLS_SEED={seed}");
        Self(seed)
    }

    /// Chance apart from this one, out of the same seed.
    pub fn split(&mut self) -> Self {
        Self(self.below(u64::MAX) | 1)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit.max(1)
    }

    /// Whether something happens that happens `times` times out of `of`.
    pub fn is(&mut self, times: u64, of: u64) -> bool {
        self.below(of) < times
    }
}
