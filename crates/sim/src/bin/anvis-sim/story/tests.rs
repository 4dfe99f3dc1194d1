//! What holds of every story, whatever the controls.

use super::day::{REACT_PER_CENT, SEEN_THROUGH_PER_CENT};
use super::stage::chances;

/// Chances are each seed's own, and come out as they are said to be.
#[test]
fn over_many_seeds_so_many_react_as_are_said_to() {
    const SEEDS: u64 = 10_000;
    let check = |who: &str, per_cent: u64| {
        let count = (0..SEEDS).filter(|seed| chances(*seed, who).below(100) < per_cent).count() as u64;
        let (least, most) = (SEEDS * (per_cent - 1) / 100, SEEDS * (per_cent + 1) / 100);
        assert!((least..=most).contains(&count), "{who}: {count} of {SEEDS}");
    };
    check("victim", REACT_PER_CENT);
    check("colleague", SEEN_THROUGH_PER_CENT);
}
