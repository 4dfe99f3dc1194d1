//! What came in on a day is somewhere, to the øre.

use crate::place::*;
use denmark::Currency;
use jiff::civil::{Date, date};
use kernel::{Actor, Timestamp};
use payout::commands::{Cancel, cancel};
use payout::queries::balance;
use std::collections::BTreeMap;

/// The day of [`NOW`] in Denmark.
const TODAY: Date = date(2026, 11, 23);
const HOUR: i64 = 3_600_000_000;

/// `in`, and where it is, of DKK.
#[track_caller]
fn check(place: &mut Place, payer: &str, day: Date, expected: &str) {
    let balance = balance(&mut place.writer, payer, day, &client(payer)).unwrap();
    let sums: Vec<String> = balance.kroner().named().map(|(name, sum)| format!("{name} {sum}")).collect();
    assert_eq!(sums.join(", "), expected);
    assert!(balance.agrees());
}

#[test]
fn what_came_in_is_somewhere_whatever_is_done_with_it() {
    let mut place = Place::new();
    check(&mut place, PUBLIC, TODAY, "in 0, delivered 0, held 0, waiting 0, returned 0, rejected 0");
    let pays = vec![(ANNA, 100), (BO, 20), (WITHOUT, 3), (NOBODY, 4_000), (DEAD, 50_000), (ANNA, 0)];
    let held = place.route(PUBLIC, &file("HELD", std::slice::from_ref(&pays)), true).batch;
    check(&mut place, PUBLIC, TODAY, "in 54123, delivered 0, held 123, waiting 0, returned 0, rejected 54000");
    place.uploaded(PUBLIC, &file("MSG-2", &[vec![(BO, 600_000)]]));
    check(&mut place, PUBLIC, TODAY, "in 654123, delivered 600000, held 123, waiting 0, returned 0, rejected 54000");
    let env = place.env();
    let wanted = Cancel { batch: &held, end_to_end_ids: Some(&["E1".to_owned()]), stages: None, once: None };
    cancel(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    check(&mut place, PUBLIC, TODAY, "in 654123, delivered 600000, held 103, waiting 0, returned 0, rejected 54020");
    place.release(&held, true);
    check(&mut place, PUBLIC, TODAY, "in 654123, delivered 600100, held 3, waiting 0, returned 0, rejected 54020");
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    place.release(&held, true);
    check(&mut place, PUBLIC, TODAY, "in 654123, delivered 600103, held 0, waiting 0, returned 0, rejected 54020");
    // What others sent is theirs.
    check(&mut place, PLAIN, TODAY, "in 0, delivered 0, held 0, waiting 0, returned 0, rejected 0");
    place.verify();
}

#[test]
fn a_file_is_of_the_day_on_which_it_came_in_in_denmark() {
    let mut place = Place::new();
    // 23:30 and 00:30 in Denmark.
    for (at, hours) in [(1, 13), (2, 15)] {
        place.now = Timestamp::from_micros(NOW.micros() + hours * HOUR + HOUR / 2);
        place.uploaded(PLAIN, &file(&format!("MSG-{at}"), &[vec![(ANNA, at)]]));
    }
    // A clock that was set back: what is recorded now was dated before what came first.
    place.now = Timestamp::from_micros(NOW.micros() - 48 * HOUR);
    place.uploaded(PLAIN, &file("MSG-4", &[vec![(ANNA, 4)]]));
    for (day, expected) in [(20, 0), (21, 4), (22, 0), (23, 1), (24, 2), (25, 0)] {
        let expected = format!("in {expected}, delivered {expected}, held 0, waiting 0, returned 0, rejected 0");
        check(&mut place, PLAIN, date(2026, 11, day), &expected);
    }
}

#[test]
fn other_currencies_stand_beside_kroner() {
    let mut place = Place::new();
    let xml = file("MSG", &[vec![(ANNA, 100), (ANNA, 250), (NOBODY, 300)]]);
    let xml = xml.replace("Ccy=\"DKK\">2.50", "Ccy=\"EUR\">2.50").replace("Ccy=\"DKK\">3.00", "Ccy=\"JPY\">3");
    place.route(PLAIN, &xml, false);
    let balance = balance(&mut place.writer, PLAIN, TODAY, &client(PLAIN)).unwrap();
    let sums: BTreeMap<String, Vec<i128>> = balance
        .currencies()
        .map(|(currency, sums)| (currency.to_string(), sums.named().map(|(_, sum)| sum).collect()))
        .collect();
    // Anna's account takes kroner alone.
    let of = |came_in, delivered| vec![came_in, delivered, 0, 0, 0, came_in - delivered];
    let expected = [("DKK", of(100, 100)), ("EUR", of(250, 0)), ("JPY", of(3, 0))];
    assert_eq!(sums, expected.map(|(currency, sums)| (currency.to_owned(), sums)).into());
    assert!(balance.agrees() && balance.currencies().any(|(currency, _)| currency == Currency::DKK));
}

#[test]
fn a_balance_is_its_payers() {
    let mut place = Place::new();
    let mut refused = |payer: &str, actor: &Actor, code: &str| {
        let told = balance(&mut place.writer, payer, TODAY, actor);
        assert_eq!(told.err().map(|error| error.code()), Some(code));
    };
    refused("Nobody", &Actor::console(), "payer.unknown");
    refused(PRIVATE, &client(PUBLIC), "payer.other_kind");
    refused(PUBLIC, &Actor::client(kernel::Role::Bank, BANK), "policy.not_allowed");
}
