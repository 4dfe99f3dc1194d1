//! How a registry begins: first accounts come at once from its operator's files, until somebody else asks for anything.

use crate::place::Place;
use registry::designation::Channel;

fn north() -> Channel {
    Channel::Bank("North".to_owned())
}

/// Hands a file in by hand: how many of its rows hold at once, and how many wait.
fn hand_in(place: &mut Place, channel: &Channel, rows: &[String]) -> (u64, u64) {
    // Proposals are known by the millisecond.
    place.now += 1_000_000;
    let (counts, _) = place.accounts(channel, rows);
    place.verify();
    (counts.changed, counts.held)
}

fn first_of(payee: usize) -> Vec<String> {
    vec![format!("register,p:{},0040-1,,,,,", 1_000_000_000 + payee)]
}

/// A bank's own customer goes to another account of theirs, and that waits: the registry has begun.
fn begin(place: &mut Place, payee: usize) {
    assert_eq!(hand_in(place, &north(), &first_of(payee)), (1, 0));
    let row = format!("change,p:{},0041-2,,0040-1,,,", 1_000_000_000 + payee);
    assert_eq!(hand_in(place, &north(), &[row]), (0, 1));
}

#[test]
fn once_a_registry_has_begun_nobody_gives_an_account_alone() {
    let check = |set: &str, expected: [(u64, u64); 2]| {
        let mut place = Place::new();
        place.control(set, &["manual_check=never", "wait_bank_replacing=1"]);
        for (payee, channel) in [Channel::Operator, north()].iter().enumerate() {
            assert_eq!(hand_in(&mut place, channel, &first_of(payee)), (1, 0), "{set}");
        }
        begin(&mut place, 5_000);
        let found = [Channel::Operator, north()].map(|channel| {
            let payee = 6_000 + usize::from(channel == Channel::Operator);
            hand_in(&mut place, &channel, &first_of(payee))
        });
        assert_eq!(found, expected, "{set}");
    };
    check("anvis", [(0, 1), (0, 1)]);
    // Where nobody demands a second person, there is none.
    check("2015", [(1, 0), (1, 0)]);
}

#[test]
fn what_the_operator_asks_for_later_is_waited_for_by_itself_alone() {
    let mut place = Place::new();
    place.control("anvis", &["manual_check=never"]);
    assert_eq!(hand_in(&mut place, &Channel::Operator, &first_of(0)), (1, 0));
    // It replaces one, and waits; but the load goes on.
    let row = "change,p:1000000000,0041-2,,0040-1,,,".to_owned();
    assert_eq!(hand_in(&mut place, &Channel::Operator, &[row]), (0, 1));
    assert_eq!(hand_in(&mut place, &Channel::Operator, &first_of(1)), (1, 0));
}

#[test]
fn a_large_file_is_counted_once_the_registry_has_begun() {
    let mut place = Place::new();
    let controls = ["names_replaced=on", "payees_per_account=10", "manual_check=on_risk", "wait_bank_replacing=1"];
    place.control("2015", &controls);
    begin(&mut place, 5_000);
    let rows: Vec<String> = (0..1_001).map(|number| first_of(number).remove(0)).collect();
    assert_eq!(hand_in(&mut place, &north(), &rows), (9, 992));
}
