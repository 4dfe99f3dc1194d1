//! What waits of files: one proposal for each account of a payee.

use crate::place::Place;
use denmark::Cvr;
use kernel::{Actor, Env, Timestamp};
use registry::commands::AddPayer;
use registry::designation::Channel;
use registry::payer::{Agreement, NoAccount, PayerKind};

#[test]
fn one_proposal_waits_for_each_account_of_a_payee() {
    let mut place = Place::with_default_controls();
    let agreement = Agreement {
        name: "Payer".to_owned(),
        cvr: Cvr::parse("13748136").unwrap(),
        kind: PayerKind::Public,
        no_account: NoAccount::Reject,
        bank: None,
        terms: registry::terms::Terms::default(),
    };
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    place.writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
    let mut check = |rows: &[&str], expected: [u64; 3]| {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        let (counts, _) = place.accounts(&Channel::Operator, &rows);
        assert_eq!([counts.changed, counts.held, counts.rejected], expected, "{rows:?}");
    };
    let (default, specific) = ("register,se:11111111,0040-1,,,,,", "register,se:11111111,0041-1,,,,Payer,NKSBOS");
    check(&[default, specific], [2, 0, 0]);
    // One after the other, whether in one file or in several.
    let of_default = |to| format!("change,se:11111111,0040-{to},,0040-1,,,");
    let of_specific = |to| format!("change,se:11111111,0041-{to},,0041-1,,Payer,NKSBOS");
    check(&[&of_default(2), &of_default(3)], [0, 1, 1]);
    check(&[&of_default(3)], [0, 0, 1]);
    // What is for a benefit is its authority's once it is there, and all of it once anybody else has proposed anything.
    check(&[&of_specific(2), "register,se:11111111,0041-4,,none,,Payer,NKSSU"], [1, 0, 1]);
    place.verify();
}
