//! What holds of every story, whatever the controls.

use super::shares::{Otherwise, Share, Shares};
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
    let shares = Shares::with(&[]);
    check("victim", shares.of(Share::OwnerReacts));
    check("colleague", shares.of(Share::ColleagueSees));
    check("victim looked at", shares.of(Share::OfficerSees));
}

#[test]
fn shares_are_assumed_otherwise_by_name() {
    let read = |texts: &[&str]| {
        let otherwise: Result<Vec<Otherwise>, String> = texts.iter().map(|text| Otherwise::parse(text)).collect();
        otherwise.map(|otherwise| Shares::with(&otherwise).named().map(|(_, per_cent)| per_cent).collect::<Vec<_>>())
    };
    assert_eq!(read(&[]), Ok(vec![22, 25, 80, 7]));
    assert_eq!(read(&["officer_sees=50", "money_left=100", "officer_sees=0"]), Ok(vec![22, 25, 0, 100]));
    for wrong in ["", "officer_sees", "officer_sees=101", "officer_sees=-1", "officer_sees=half", "officers=50"] {
        assert!(read(&[wrong]).is_err(), "{wrong}");
    }
}
