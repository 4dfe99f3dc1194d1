//! Many payees at once, each for its own purpose: the same answers as one by one.

use crate::place::Place;
use denmark::Cvr;
use kernel::journal::ENTRIES_MAX;
use kernel::{Actor, DAY_MICROS, Env, Timestamp};
use registry::ask::RECENT_DAYS;
use registry::commands::AddPayer;
use registry::designation::Channel;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::purpose::{self, BenefitKind};
use registry::resolve::{self, Query, Resolution};

const PAYERS: [&str; 2] = ["First", "Second"];

/// A payee, its number spread out; the purpose of a payment to it, as a payer and a kind; and the account by its last digits,
/// and whether it took another's place; or what there is instead.
type Wanted = (u32, Option<(&'static str, &'static str)>, &'static str);

const WANTED: [Wanted; 14] = [
    // Four specific accounts: in force, another, frozen, closed; and none for the rest.
    (1, None, "1"),
    (1, Some(("First", "NKSBOS")), "2 new"),
    (1, Some(("First", "NKSPEN")), "3 new"),
    (1, Some(("Second", "NKSBOS")), "frozen"),
    (1, Some(("Second", "NKSPEN")), "1"),
    (1, Some(("First", "NKSSU")), "1"),
    (1, Some(("First", "NKSBOS")), "2 new"),
    // The same purpose of another payee.
    (2, Some(("First", "NKSBOS")), "6 new"),
    (2, Some(("Second", "NKSBOS")), "5"),
    // No default account.
    (3, Some(("First", "NKSBOS")), "7"),
    (3, Some(("Second", "NKSBOS")), "none"),
    (3, None, "none"),
    // No specific account, and nothing at all.
    (4, Some(("First", "NKSBOS")), "9 new"),
    (5, Some(("First", "NKSBOS")), "unknown"),
];

const ROWS: [&str; 16] = [
    "register,p:1000000001,0040-1,,,,,",
    "register,p:1000000001,0040-2,,,,First,NKSBOS",
    "register,p:1000000001,0040-3,,,,First,NKSPEN",
    "freeze,p:1000000001,,,,,First,NKSPEN",
    "unfreeze,p:1000000001,,,,,First,NKSPEN",
    "register,p:1000000001,0040-4,,,,Second,NKSBOS",
    "freeze,p:1000000001,,,,,Second,NKSBOS",
    "register,p:1000000001,0040-4,,,,Second,NKSPEN",
    "close,p:1000000001,,,,,Second,NKSPEN",
    "register,p:1000000002,0040-5,,,,,",
    "register,p:1000000002,0040-6,,,,First,NKSBOS",
    "register,p:1000000003,0040-7,,,,First,NKSBOS",
    "register,p:1000000004,0040-8,,,,,",
    // An account that took another's place, through freezing and unfreezing.
    "change,p:1000000004,0040-9,,0040-8,,,",
    "freeze,p:1000000004,,,,,,",
    "unfreeze,p:1000000004,,,,,,",
];

#[test]
fn many_payees_with_specific_accounts_are_resolved_as_one_by_one() {
    let mut place = Place::new();
    for name in PAYERS {
        let agreement = Agreement {
            name: name.to_owned(),
            cvr: Cvr::parse("13748136").unwrap(),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: None,
            terms: registry::terms::Terms::default(),
        };
        let env = Env::new(Timestamp::from_micros(place.now), 0);
        place.writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
    }
    for row in ROWS {
        let (counts, refused) = place.accounts(&Channel::Operator, &[row.to_owned()]);
        assert_eq!(counts.changed, 1, "{row}: {refused:?}");
    }
    let newest = place.now;
    place
        .writer
        .read(|scope| {
            let query = |(payee, purpose, _): &Wanted| {
                let payee = PayeeId::parse(&format!("p:100000000{payee}")).unwrap().key(scope.vault);
                let purpose = purpose.map(|(payer, kind)| {
                    let payer = resolve::payer_by_name(scope, payer).unwrap().unwrap();
                    purpose::key(scope.vault, payer.id, &BenefitKind::parse(kind).unwrap())
                });
                Query { payee, purpose }
            };
            let all: Vec<Query> = WANTED.iter().map(query).collect();
            // As it is now, as it was after each row, and as it is when each is no recent one any more.
            let later = RECENT_DAYS * DAY_MICROS;
            for moment in (0..=newest).chain(later..=later + newest).map(Timestamp::from_micros) {
                let many = |queries: &[Query]| {
                    let mut answers = vec![None; queries.len()];
                    let answer = |index: usize, resolution| {
                        assert_eq!(answers[index].replace(resolution), None, "query {index} was answered twice");
                        Ok(())
                    };
                    resolve::resolve_many(scope, queries, moment, answer).map(|()| answers)
                };
                let together = many(&all)?;
                for (at, query) in all.iter().enumerate() {
                    let alone = resolve::resolve_at(scope, query, moment, ENTRIES_MAX)?.resolution;
                    assert_eq!(together[at], Some(alone), "query {at} at {moment}");
                    assert_eq!(many(&[*query])?, [Some(alone)], "query {at} at {moment}");
                }
                let told: Vec<String> = together.into_iter().flatten().map(told).collect();
                if moment == Timestamp::from_micros(newest) {
                    assert_eq!(told, WANTED.map(|(.., expected)| expected.to_owned()));
                }
                if moment == Timestamp::from_micros(later + newest) {
                    assert_eq!(told, WANTED.map(|(.., expected)| expected.trim_end_matches(" new").to_owned()));
                }
            }
            Ok(())
        })
        .unwrap();
}

fn told(resolution: Resolution) -> String {
    match resolution {
        Resolution::Account(in_force) => {
            let text = in_force.account.to_text();
            let digits = text.strip_suffix(" DKK").unwrap().trim_start_matches(['0', '4', '-']);
            format!("{digits}{}", if in_force.changed.is_some() { " new" } else { "" })
        }
        Resolution::Frozen => "frozen".to_owned(),
        Resolution::NoAccount => "none".to_owned(),
        Resolution::NotInRegister => "unknown".to_owned(),
        other => format!("{other:?}"),
    }
}
