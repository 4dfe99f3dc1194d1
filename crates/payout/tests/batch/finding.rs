//! What is found by the index is what looking through everything finds.

use crate::place::*;
use denmark::{Currency, Money};
use kernel::{Actor, Blind, Domain, Env, Id, Timestamp};
use payout::commands::{Cancel, Trace, cancel, trace};
use payout::payment::State;
use payout::queries::{Found, Search, Sought, find_payments, payments_of};
use payout::testing::{Filled, fill, fill_small, leave_staged};
use proptest::prelude::*;
use registry::payee::PayeeId;
use registry::payer::Payer;
use registry::resolve;

const PAYEES: [&str; 5] = [ANNA, BO, DEAD, WITHOUT, NOBODY];
const PAYERS: [&str; 2] = [PUBLIC, PLAIN];
const MINUTE: i64 = 60_000_000;

fn payee(number: &str) -> PayeeId {
    PayeeId::parse(&format!("cpr:{number}")).unwrap()
}

fn payer(place: &mut Place, name: &str) -> Payer {
    place.writer.read(|scope| resolve::payer_by_name(scope, name)).unwrap().unwrap()
}

/// What is done.
#[derive(Clone, Debug)]
enum Act {
    /// A file comes in of which this many go to these payees, by turns.
    Route {
        payer: usize,
        payees: Vec<usize>,
        hold: bool,
    },
    /// One that says something else of itself.
    Refuse {
        payees: Vec<usize>,
    },
    /// A process is killed before its file became a batch.
    Killed {
        payees: Vec<usize>,
    },
    /// So much later, what was staged is swept.
    Later,
    Release {
        batch: usize,
    },
    Cancel {
        batch: usize,
        payment: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let payees = || prop::collection::vec(0..PAYEES.len(), 1..12);
    prop_oneof![
        4 => (0..PAYERS.len(), payees(), any::<bool>()).prop_map(|(payer, payees, hold)| Act::Route { payer, payees, hold }),
        1 => payees().prop_map(|payees| Act::Refuse { payees }),
        1 => payees().prop_map(|payees| Act::Killed { payees }),
        1 => Just(Act::Later),
        3 => (0..8_usize).prop_map(|batch| Act::Release { batch }),
        2 => (0..8_usize, 0..12_usize).prop_map(|(batch, payment)| Act::Cancel { batch, payment }),
    ]
}

/// A payment, as the test knows it.
struct Known {
    payer: &'static str,
    batch: String,
    number: i64,
    payee: &'static str,
    state: &'static str,
    /// When that was decided.
    decided: Timestamp,
    /// When it went on.
    left: Option<Timestamp>,
}

#[derive(Default)]
struct World {
    /// In the order in which they became real.
    batches: Vec<(&'static str, String)>,
    known: Vec<Known>,
}

impl World {
    fn act(&mut self, place: &mut Place, at: usize, act: &Act) {
        place.now = Timestamp::from_micros(place.now.micros() + MINUTE);
        let pays = |payees: &[usize]| {
            let pays = payees.iter().map(|payee| (PAYEES[*payee], 1_00)).collect();
            file(&format!("MSG-{at}"), &[pays]).replace("2026-11-25", "2026-12-24")
        };
        match act {
            Act::Route { payer, payees, hold } => {
                let payer = PAYERS[*payer];
                let batch = place.route(payer, &pays(payees), *hold).batch;
                let known = (0..).zip(payees).map(|(number, payee)| Known {
                    payer,
                    batch: batch.clone(),
                    number,
                    payee: PAYEES[*payee],
                    state: "",
                    decided: place.now,
                    left: None,
                });
                self.known.extend(known);
                self.batches.push((payer, batch));
            }
            Act::Refuse { payees } => {
                let wrong = pays(payees).replacen("<NbOfTxs>", "<NbOfTxs>1", 1);
                assert_eq!(place.try_route(PUBLIC, &wrong, false).unwrap_err().code, "AM19");
            }
            Act::Killed { payees } => {
                let env = place.env();
                let vault = place.writer.store.vault().clone();
                let filled = payees.iter().map(|at| filled(payee(PAYEES[*at]).key(&vault), "E1".to_owned()));
                leave_staged(&mut place.writer, filled, &env).unwrap();
            }
            Act::Later => place.now = Timestamp::from_micros(place.now.micros() + 180 * MINUTE),
            Act::Release { batch } => {
                let Some((_, batch)) = self.batches.get(*batch) else { return };
                if self.known.iter().any(|known| known.batch == *batch && known.state == "held") {
                    place.release(batch, false);
                }
            }
            Act::Cancel { batch, payment } => {
                let Some((payer, batch)) = self.batches.get(*batch) else { return };
                let (ids, env) = ([format!("E{payment}")], place.env());
                let wanted = Cancel { batch, end_to_end_ids: Some(&ids), stages: None, once: None };
                // Not each is there and held.
                let _ = cancel(&mut place.writer, &wanted, &client(payer), &env);
            }
        }
        self.look(place);
    }

    /// Looks through everything.
    fn look(&mut self, place: &mut Place) {
        for (payer, batch) in &self.batches {
            let now = place.now;
            let page = payments_of(&mut place.writer, (payer, batch), 0, 1_000, (&client(payer), now)).unwrap();
            let known = self.known.iter_mut().filter(|known| known.batch == *batch);
            for (known, seen) in known.zip(page.payments) {
                assert_eq!(seen.end_to_end_id, format!("E{}", known.number));
                if known.state != seen.state {
                    (known.state, known.decided) = (seen.state, place.now);
                    known.left = (seen.state == "routed").then_some(place.now);
                }
            }
        }
    }

    fn check(&self, place: &mut Place, sought: Sought, is_it: impl Fn(&Known) -> bool, limit: usize) {
        for payer_name in [None, Some(PUBLIC), Some(PLAIN)] {
            let payer = payer_name.map(|name| payer(place, name).id);
            for minutes in [0, 3, 6, 200] {
                let since = Timestamp::from_micros(NOW.micros() + minutes * MINUTE);
                // Newest batches first; in a batch, the last of the file.
                let mut expected = Vec::new();
                for (_, batch) in self.batches.iter().rev() {
                    let known = self.known.iter().rev().filter(|known| known.batch == *batch && is_it(known));
                    let known = known.filter(|known| payer_name.is_none_or(|name| name == known.payer));
                    let known: Vec<&Known> = known.collect();
                    expected.extend(known.into_iter().filter(|known| known.decided >= since));
                }
                // Those that came in since come before those of which only something was decided since.
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let search = Search { sought, payer, since: Some(since), after };
                    let page = place.writer.read(|scope| find_payments(scope, &search, limit)).unwrap();
                    assert!(page.payments.len() <= limit && (page.next.is_none() || page.payments.len() == limit));
                    found.extend(page.payments);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                    assert_eq!(after.map(|after| Found::parse(&after.to_string())), Some(after));
                }
                assert_eq!(found.len(), expected.len(), "{payer_name:?} since {minutes}");
                for (found, known) in found.iter().zip(expected) {
                    let names = (payout::batch::name(found.batch), found.at.number, found.state.name());
                    assert_eq!(names, (known.batch.clone(), known.number, known.state));
                    assert_eq!((found.decided.1, found.left.as_ref().map(|left| left.at)), (known.decided, known.left));
                    assert_eq!(found.payer.agreement.name, known.payer);
                    assert_eq!(found.end_to_end_id, format!("E{}", known.number));
                    assert_eq!(found.money.map(|money| money.to_string()).as_deref(), Some("1.00 DKK"));
                    let to = found.left.as_ref().and_then(|left| left.to.as_ref());
                    assert_eq!(to.is_some(), known.left.is_some());
                    if let Some(to) = to {
                        let iban = if known.payee == ANNA { "DK5000400440116243" } else { to.iban.as_str() };
                        assert_eq!((to.iban.as_str(), to.bank.is_some()), (iban, true));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_a_full_scan_finds(acts in prop::collection::vec(act(), 1..14), limit in 1..6_usize) {
        let (mut place, mut world) = (Place::new(), World::default());
        for (at, act) in acts.iter().enumerate() {
            world.act(&mut place, at, act);
        }
        place.verify();
        for number in PAYEES {
            let key = payee(number).key(place.writer.store.vault());
            world.check(&mut place, Sought::Payee(key), |known| known.payee == number, limit);
        }
        for number in [0, 3] {
            let id = format!("E{number}");
            let sought = place.writer.read(|scope| Ok(Sought::end_to_end(scope, &id))).unwrap();
            world.check(&mut place, sought, |known| known.number == number, limit);
        }
    }
}

fn filled(payee: Blind, end_to_end_id: String) -> Filled {
    Filled { payee, end_to_end_id, money: Money { minor: 1_00, currency: Currency::DKK }, designation: None }
}

#[test]
fn among_many_slices_and_many_batches_each_is_found() {
    let mut place = Place::new();
    let payer = payer(&mut place, PUBLIC);
    let vault = place.writer.store.vault().clone();
    let key = |at: usize| vault.blind(Domain("test"), &at.to_string());
    // Every thousandth goes to the first of them, in two slices.
    let count = 66_000;
    let payments = (0..count).map(|at| filled(key(if at % 1_000 == 7 { 0 } else { at }), format!("E{at}")));
    let env = place.env();
    let large = fill(&mut place.writer, &payer, payments, &env).unwrap();
    let small: Vec<_> = (1..=300).map(|at| (vec![filled(key(at % 10), "S".to_owned())], place.env())).collect();
    fill_small(&mut place.writer, &payer, small.into_iter()).unwrap();
    place.verify();
    let find = |place: &mut Place, sought, limit| {
        let search = Search { sought, payer: None, since: None, after: None };
        let page = place.writer.read(|scope| find_payments(scope, &search, limit)).unwrap();
        page.payments.into_iter().map(|found| (found.batch, found.at.number)).collect::<Vec<_>>()
    };
    let found = find(&mut place, Sought::Payee(key(0)), 1_000);
    let (of_small, of_large) = found.split_at(30);
    assert!(of_small.iter().all(|(batch, number)| *batch != large && *number == 0));
    let expected: Vec<(Id<_>, i64)> =
        (0..count as i64).rev().filter(|at| at % 1_000 == 7 || *at == 0).map(|at| (large, at)).collect();
    assert_eq!(of_large, expected);
    for at in [0, 1, 65_535, 65_536, count - 1] {
        let id = format!("E{at}");
        let sought = place.writer.read(|scope| Ok(Sought::end_to_end(scope, &id))).unwrap();
        assert_eq!(find(&mut place, sought, 10), [(large, at as i64)]);
    }
    // What of a large batch is left half swept is not in the way.
    let env = Env::new(Timestamp::from_micros(NOW.micros() - 300 * MINUTE), 77_777);
    let payments = (0..5_000).map(|at| filled(key(at), format!("E{at}")));
    leave_staged(&mut place.writer, payments, &env).unwrap();
    place.route(PUBLIC, &file("MSG", &[vec![(ANNA, 1_00)]]), false);
    place.verify();
    assert_eq!(place.rows()[1], count as u64 + 301);
}

#[test]
fn whoever_traces_is_entered_and_logged() {
    let mut place = Place::new();
    let routed = place.route(PUBLIC, &file("MSG", &[vec![(ANNA, 1_00), (BO, 2_00), (ANNA, 3_00)]]), false);
    let logged = |place: &mut Place| {
        let table = registry::TABLES.iter().find(|table| table.name() == "look_up").unwrap();
        place.writer.read(|scope| table.count(scope)).unwrap()
    };
    let before = logged(&mut place);
    let mut check = |payee_number: &str, payer: Option<&str>, actor: &Actor, expected: Result<&[&str], &str>| {
        let env = place.env();
        let wanted = Trace { payee: payee(payee_number), since: NOW, payer, after: None, limit: 10 };
        let traced = trace(&mut place.writer, &wanted, actor, &env);
        let ids = traced.map(|page| {
            let told = page.payments.iter().map(|found| {
                assert_eq!((payout::batch::name(found.batch), found.state), (routed.batch.clone(), State::Routed));
                found.end_to_end_id.clone()
            });
            told.collect::<Vec<_>>()
        });
        match (ids, expected) {
            (Ok(ids), Ok(expected)) => assert_eq!(ids, expected),
            (ids, expected) => assert_eq!(ids.map_err(|error| error.code()).err(), expected.err()),
        }
    };
    let console = Actor::console();
    check(ANNA, None, &console, Ok(&["E2", "E0"]));
    check(BO, Some(PUBLIC), &console, Ok(&["E1"]));
    check(ANNA, Some(PLAIN), &console, Ok(&[]));
    check(ANNA, Some("Nobody"), &console, Err("payer.unknown"));
    check(ANNA, None, &client(PUBLIC), Err("policy.not_allowed"));
    assert_eq!(logged(&mut place), before + 3);
    place.verify();
}
