//! One payee's account: which, since when, as known when.

use crate::support::*;
use serde_json::{Value, json};

#[test]
fn every_state_is_told() {
    let world = World::settled();
    let check = |payee: &str, expected: Value| {
        let found = world.run(&format!("resolve {payee}")).done();
        holds(&found, &expected, payee);
    };
    let of = |number: &str| format!("cpr:{number}");
    check(&of(ALICE), json!({ "state": "in_force", "account": ALICE_IBAN, "bic": "NDEADKKK" }));
    check("cpr:610170-1234", json!({ "state": "in_force", "account": ALICE_IBAN, "payee": of(ALICE) }));
    check(&of(BENT), json!({ "state": "in_force", "account": iban("DK", "5000-12"), "bic": null }));
    check(&of(CARL), json!({ "state": "frozen", "account": iban("DK", "0040-13") }));
    check(&of(DORA), json!({ "state": "closed", "account": iban("DK", "0040-14") }));
    check(&of(ERIK), json!({ "state": "dead" }));
    check(&of(FRIDA), json!({ "state": "none", "account": null, "bic": null, "since": null }));
    check(&of(GERD), json!({ "state": "in_force", "account": GERD_IBAN, "bic": "COBADEFFXXX" }));
    check(&of(IDA), json!({ "state": "in_force", "account": iban("DK", "0040-19") }));
    check(&of(JENS), json!({ "state": "in_force", "account": iban("FO", "6460-20"), "bic": "FIFBFOTX" }));
    check(&of(KAJ), json!({ "state": "in_force", "account": iban("GL", "6471-21"), "bic": "GRENGLGX" }));
    check(&format!("cvr:{COMPANY}"), json!({ "state": "in_force", "account": iban("DK", "1020-22") }));
    check(&format!("cvr:{DISSOLVED}"), json!({ "state": "dissolved" }));
    check(&format!("cvr:{POOR_COMPANY}"), json!({ "state": "none" }));
    world.run(&format!("resolve cpr:{NOBODY}")).refused("payee.unknown");
    world.run(&format!("account history cpr:{NOBODY}")).refused("payee.unknown");
    world.run(&format!("resolve cpr:{ALICE} --payer Ukendt --benefit NKSBOS")).refused("payer.unknown");
}

#[test]
fn a_specific_account_takes_precedence_for_its_payer_and_benefit() {
    let world = World::settled();
    let check = |rest: &str, account: &str| {
        let found = world.run(&format!("resolve cpr:{HANS} {rest}")).done();
        assert_eq!(found["account"], iban("DK", account), "{rest}: {found}");
    };
    check("", "1020-4811223344");
    check("--payer Udbetaling --benefit NKSBOS", "0041-18");
    check("--payer Udbetaling --benefit NKSUDD", "1020-4811223344");
    check("--payer Privat --benefit NKSBOS", "1020-4811223344");
    // Frozen, it holds back what would go to it; closed, the default account is used again.
    world.change(&format!("freeze,cpr:{HANS},,,,,Udbetaling,NKSBOS"));
    let found = world.run(&format!("resolve cpr:{HANS} --payer Udbetaling --benefit NKSBOS")).done();
    assert_eq!(found["state"], "frozen");
    world.change(&format!("unfreeze,cpr:{HANS},,,,,Udbetaling,NKSBOS\nclose,cpr:{HANS},,,,,Udbetaling,NKSBOS"));
    check("--payer Udbetaling --benefit NKSBOS", "1020-4811223344");
    // A file loads what never was there: the next is the authority's.
    assert_eq!(world.change(&format!("register,cpr:{HANS},0041-28,,,,Udbetaling,NKSBOS"))["rejected"], 1);
    // Somebody with nothing but a specific account.
    world.change(&format!("register,cpr:{FRIDA},0041-29,,,,Udbetaling,NKSBOS"));
    let found = world.run(&format!("resolve cpr:{FRIDA}")).done();
    assert_eq!(found["state"], "none");
    let found = world.run(&format!("resolve cpr:{FRIDA} --payer Udbetaling --benefit NKSBOS")).done();
    assert_eq!(found["account"], iban("DK", "0041-29"));
    let history = world.run(&format!("account history cpr:{HANS}")).done();
    let purposes: Vec<(&Value, &Value)> =
        history["designations"].as_array().unwrap().iter().map(|row| (&row["payer"], &row["benefit"])).collect();
    let (default, specific) = ((json!(null), json!(null)), (json!(PUBLIC), json!("NKSBOS")));
    assert_eq!(purposes[0], (&default.0, &default.1));
    assert_eq!(purposes[1..], [(&specific.0, &specific.1); 4]);
    world.verified();
}

const FIRST: &str = "2026-03-01T08:00:00Z";
const SECOND: &str = "2026-05-01T08:00:00Z";
const THIRD: &str = "2026-07-01T08:00:00Z";

/// Somebody whose account changed at three moments: registered, changed, closed.
fn with_a_past() -> World {
    let world = World::synthetic_since("2026-01-01T00:00:00Z");
    world.run(&format!("{AT_ONCE} --now 2026-01-01T00:00:00Z")).done();
    world.write("bank.csv", BANKS);
    world.run("bank import bank.csv --now 2026-01-01T00:00:00Z").done();
    world.write("population.csv", POPULATION);
    world.run("population import population.csv --now 2026-01-01T00:00:00Z").done();
    for (moment, row) in [
        (FIRST, "register,cpr:6101701234,0040-1,,none,,,"),
        (SECOND, "change,cpr:6101701234,1020-2,,0040-1,,,"),
        (THIRD, "close,cpr:6101701234,,,,,,"),
    ] {
        world.write("rows.csv", format!("{ACCOUNT_HEADER}{row}\n"));
        world.run(&format!("account import rows.csv --channel operator --now {moment}")).done();
    }
    world
}

#[test]
fn as_of_and_known_at_are_two_times() {
    let world = with_a_past();
    let check = |rest: &str, state: &str, account: Option<&str>, since: Option<&str>| {
        let found = world.run(&format!("resolve cpr:{ALICE} {rest}")).done();
        let account = account.map(|account| iban("DK", account));
        holds(&found, &json!({ "state": state, "account": account, "since": since }), rest);
    };
    let (before, one, two) = ("2026-02-01", "2026-04-01", "2026-06-01");
    check("", "closed", Some("1020-2"), Some(THIRD));
    check(&format!("--as-of {before}"), "none", None, None);
    check(&format!("--as-of {FIRST}"), "in_force", Some("0040-1"), Some(FIRST));
    check(&format!("--as-of {one}"), "in_force", Some("0040-1"), Some(FIRST));
    check(&format!("--as-of {SECOND}"), "in_force", Some("1020-2"), Some(SECOND));
    check(&format!("--as-of {two}"), "in_force", Some("1020-2"), Some(SECOND));
    check(&format!("--as-of {THIRD}"), "closed", Some("1020-2"), Some(THIRD));
    // What somebody would have been told then.
    check(&format!("--known-at {one}"), "in_force", Some("0040-1"), Some(FIRST));
    check(&format!("--known-at {two}"), "in_force", Some("1020-2"), Some(SECOND));
    check(&format!("--known-at {before}"), "none", None, None);
    // What was thought in April of June, and in June of April.
    check(&format!("--as-of {two} --known-at {one}"), "in_force", Some("0040-1"), Some(FIRST));
    check(&format!("--as-of {one} --known-at {two}"), "in_force", Some("0040-1"), Some(FIRST));
    // Before the register listed anybody, nobody was known.
    world.run(&format!("resolve cpr:{ALICE} --known-at 2025-12-31")).refused("payee.unknown");
}

#[test]
fn a_history_says_from_to_and_when_it_was_recorded() {
    let world = with_a_past();
    let history = world.run(&format!("account history cpr:{ALICE}")).done();
    let rows: Vec<Vec<&str>> = history["designations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ["state", "account", "from", "to", "recorded"].map(|key| row[key].as_str().unwrap_or("-")).to_vec())
        .collect();
    let (one, two) = (iban("DK", "0040-1"), iban("DK", "1020-2"));
    assert_eq!(
        rows,
        [
            ["closed", &two, THIRD, "-", THIRD],
            ["in_force", &two, SECOND, THIRD, SECOND],
            ["in_force", &one, FIRST, SECOND, FIRST],
        ]
    );
    let nothing = world.run(&format!("account history cpr:{FRIDA}")).done();
    assert_eq!(nothing["designations"], json!([]));
}

#[test]
fn no_row_ends_before_it_began_though_the_clock_goes_backwards() {
    let world = World::settled();
    let (later, later_still) = ("2026-12-24T09:00:00Z", "2026-12-31T09:00:00Z");
    // The clock was ahead for one file, was put right for the next two, and has caught up for the last.
    for (now, row) in [
        (later, format!("change,cpr:{ALICE},1020-1,,0040,,,")),
        (NOW, format!("change,cpr:{ALICE},1020-2,,1020-1,,,")),
        (NOW, format!("freeze,cpr:{ALICE},,,,,,")),
        (later_still, format!("unfreeze,cpr:{ALICE},,,,,,")),
    ] {
        world.write("rows.csv", format!("{ACCOUNT_HEADER}{row}\n"));
        assert_eq!(world.run(&format!("account import rows.csv --channel operator --now {now}")).done()["changed"], 1);
    }
    let history = world.run(&format!("account history cpr:{ALICE}")).done();
    let rows: Vec<Vec<&str>> = history["designations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ["state", "account", "from", "to", "recorded"].map(|key| row[key].as_str().unwrap_or("-")).to_vec())
        .collect();
    let (one, two) = (iban("DK", "1020-1"), iban("DK", "1020-2"));
    assert_eq!(
        rows,
        [
            ["in_force", &two, later_still, "-", later_still],
            ["frozen", &two, later, later_still, later],
            ["in_force", &two, later, later, later],
            ["in_force", &one, later, later, later],
            ["in_force", ALICE_IBAN, NOW, later, NOW],
        ]
    );
    let check = |as_of: &str, state: &str, account: &str| {
        let found = world.run(&format!("resolve cpr:{ALICE} --as-of {as_of}")).done();
        holds(&found, &json!({ "state": state, "account": account }), as_of);
    };
    check(NOW, "in_force", ALICE_IBAN);
    check("2026-12-24T08:59:59.999999Z", "in_force", ALICE_IBAN);
    check(later, "frozen", &two);
    check("2026-12-31T08:59:59.999999Z", "frozen", &two);
    check(later_still, "in_force", &two);
    world.verified();
}

#[test]
fn since_goes_through_freezing() {
    let world = World::settled();
    for (moment, action) in [("2026-11-24T00:00:00Z", "freeze"), ("2026-11-25T00:00:00Z", "unfreeze")] {
        world.write("rows.csv", format!("{ACCOUNT_HEADER}{action},cpr:{ALICE},,,,,,\n"));
        world.run(&format!("account import rows.csv --channel operator --now {moment}")).done();
    }
    let found = world.run(&format!("resolve cpr:{ALICE} --now 2026-11-26T00:00:00Z")).done();
    holds(&found, &json!({ "state": "in_force", "since": NOW }), "since");
    let then =
        world.run(&format!("resolve cpr:{ALICE} --as-of 2026-11-24T12:00:00Z --now 2026-11-26T00:00:00Z")).done();
    holds(&then, &json!({ "state": "frozen", "since": NOW }), "since");
}

#[test]
fn a_look_up_is_on_record_before_its_answer_leaves() {
    let world = World::settled();
    let size = || world.run("journal head").done()["size"].as_u64().unwrap();
    let before = size();
    world.run(&format!("resolve cpr:{ALICE}")).done();
    world.run(&format!("account history cpr:{ALICE}")).done();
    world.run(&format!("resolve cpr:{NOBODY}")).refused("payee.unknown");
    assert_eq!(size(), before + 3);
    world.verified();
}

#[test]
fn a_new_bic_takes_effect_for_everybody_and_the_past_keeps_the_old_one() {
    let world = World::settled();
    world.write("bank.csv", "reg,bank,bic,country\n0040,Nordbank,NEWBDKKK,DK\n");
    world.run("bank import bank.csv --now 2026-11-24T00:00:00Z").done();
    let resolve = |rest: &str| world.run(&format!("resolve cpr:{ALICE} {rest}")).done()["bic"].clone();
    assert_eq!(resolve("--now 2026-11-25T00:00:00Z"), "NEWBDKKK");
    assert_eq!(resolve("--known-at 2026-11-23T12:00:00Z --now 2026-11-25T00:00:00Z"), "NDEADKKK");
}
