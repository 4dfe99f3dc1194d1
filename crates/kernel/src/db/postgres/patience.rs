//! How often, and after how long, what failed is done again.
//!
//! Three loops ask here, one inside the other: for a transaction that failed (`Connection::again`), for its beginning
//! (`Connection::begin`), and for the connection that this may need (`connect`). Each heeds the trouble of its own last try. A
//! connection that could not be made leaves none, so that what is given up in the inmost loop is not tried on by the others.

use super::fault::Trouble;
use std::hash::BuildHasher;
use std::time::Duration;

/// A transaction that lost to others so often is their caller's to repeat: about two seconds.
const CONFLICT_TRIES: u32 = 10;
/// A server that restarts is back before this: about twelve seconds.
const LOST_TRIES: u32 = 20;
/// Statements that were prepared anew fit the tables.
const STALE_TRIES: u32 = 1;
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Waits a while, if what failed `tries` times before is worth another try.
pub(super) fn allows(trouble: Option<Trouble>, tries: u32) -> bool {
    let tries_max = match trouble {
        Some(Trouble::Conflict) => CONFLICT_TRIES,
        Some(Trouble::Lost) => LOST_TRIES,
        Some(Trouble::Stale) => STALE_TRIES,
        None => return false,
    };
    if tries >= tries_max {
        return false;
    }
    std::thread::park_timeout(pause(tries, chance()));
    true
}

/// Twice as long each time, give or take a half: those that met once do not meet again.
fn pause(tries: u32, chance: u8) -> Duration {
    let middle = PAUSE_MIN.saturating_mul(1 << tries.min(16)).min(PAUSE_MAX);
    middle / 2 + middle * u32::from(chance) / 256
}

/// Only how long a process waits hangs on it, so it is no part of what a simulation decides.
fn chance() -> u8 {
    #[expect(clippy::disallowed_types, reason = "for its seed of chance; nothing is iterated")]
    let state = std::collections::hash_map::RandomState::new();
    state.hash_one(()).to_be_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let check = |tries, chance, millis| assert_eq!(pause(tries, chance).as_millis(), millis, "{tries}");
        check(0, 0, 1);
        check(0, 255, 2);
        check(3, 128, 16);
        check(8, 128, 512);
        check(9, 128, 1000);
        check(u32::MAX, 255, 1496);
    }

    #[test]
    fn tries_come_to_an_end() {
        for trouble in [None, Some(Trouble::Conflict), Some(Trouble::Lost), Some(Trouble::Stale)] {
            assert!(!allows(trouble, LOST_TRIES), "{trouble:?}");
        }
    }
}
