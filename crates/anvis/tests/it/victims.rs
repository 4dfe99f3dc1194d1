//! What is done for somebody whose account was taken; and for somebody whose was not.

use crate::pain::*;
use crate::reader;
use crate::recalling::given_in_part;
use crate::support::*;
use serde_json::{Value, json};
use services::case_file::CaseFile;
use std::collections::BTreeMap;

const THIEFS: &str = "1020-2";
/// Another of Alice's own.
const OWN: &str = "5000-99";
/// Alice's account is in doubt since then, and is changed a little later.
const SINCE: &str = "2026-11-23T09:10:00Z";
const THEFT: &str = "2026-11-23T09:20:00Z";
const CHANGED: &str = "2026-11-23T09:30:00Z";
const LATER: &str = "2026-11-23T10:00:00Z";
const AFTER: &str = "2026-11-23T11:00:00Z";

/// Somebody with Alice's login has the account changed, at once: the proposal.
fn changed(world: &World, account: &str, expects: &str, at: &str) -> Value {
    let terms = format!("--account {account} --expects {expects} --holder own --signature jws --now {at}");
    let change = world.run(&format!("designation propose cpr:{ALICE} {terms} --as citizen:cpr:{ALICE}")).done();
    assert_eq!(change["state"], "in_force", "{change}");
    change
}

/// A thief does.
fn stolen() -> World {
    let world = World::settled();
    changed(&world, THIEFS, ALICE_ACCOUNT, THEFT);
    world
}

fn route(world: &World, name: &str, payments: &[Pay], more: &str) -> Value {
    world.write("payments.xml", simple(name, payments));
    world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out {more}")).done()
}

fn freeze(world: &World, payee: &str) -> Value {
    let said = format!("victim freeze cpr:{payee} --since {SINCE} --from police --reason Rang");
    world.run(&format!("{said} --as anna --now {LATER}")).done()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn fates(world: &World, batches: &[&Value]) -> BTreeMap<String, (String, Option<String>)> {
    let of_batch = |routed: &&Value| {
        let shown = world.run(&format!("payout show {} --now {AFTER}", text(routed, "batch"))).done();
        shown["payments"].as_array().unwrap().clone()
    };
    let fate = |payment: Value| {
        let code = payment["code"].as_str().map(str::to_owned);
        (text(&payment, "end_to_end_id").to_owned(), (text(&payment, "state").to_owned(), code))
    };
    batches.iter().flat_map(of_batch).map(fate).collect()
}

#[test]
fn what_has_not_left_waits_and_goes_home_and_what_has_is_traced_recalled_and_told() {
    let world = stolen();
    let gone = route(&world, "GONE", &[cpr("E1", ALICE, "100.00"), cpr("E9", BENT, "1.00")], &format!("--now {THEFT}"));
    let waits = route(&world, "WAITS", &[cpr("E2", ALICE, "50.00")], &format!("--hold --now {THEFT}"));
    world.run(&format!("victim freeze cpr:{NOBODY} --since {NOW} --reason So --as anna")).refused("payee.unknown");
    let future = format!("victim freeze cpr:{ALICE} --since {LATER} --reason So --as anna");
    world.run(&future).refused("case.since");
    let opened = freeze(&world, ALICE);
    let case = text(&opened, "id");
    assert_eq!(opened["accounts"], json!({ "frozen": ["1020-******0002"], "already": [] }));
    let report = opened["reported"][0].as_str().unwrap();
    assert_eq!(opened["reported"].as_array().unwrap().len(), 1);
    world
        .run(&format!("victim freeze cpr:{ALICE} --since {SINCE} --reason So --as bo --now {LATER}"))
        .refused("case.open");

    // Its payer has agreed that what goes to a frozen account goes back: of a victim it waits.
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let new = route(&world, "NEW", &[cpr("E3", ALICE, "25.00")], &format!("--now {AFTER}"));
    run(&format!("payout release {} --out out --as carl", text(&waits, "batch"))).done();
    let held = ("held".to_owned(), Some("AC06".to_owned()));
    let found = fates(&world, &[&waits, &new]);
    assert_eq!((&found["E2"], &found["E3"]), (&held, &held));
    // Neither the thief nor a bank opens it.
    let closing = format!("{ACCOUNT_HEADER}unfreeze,cpr:{ALICE},,,,,,\n");
    assert_eq!(world.import(&format!("account import --bank Sydbank --now {AFTER}"), closing)["rejected"], 1);

    let traced = run(&format!("victim trace {case} --as anna")).done();
    let paid = traced["payments"].as_array().unwrap();
    let ids: Vec<&str> = paid.iter().map(|payment| text(payment, "end_to_end_id")).collect();
    assert_eq!(ids, ["E3", "E2", "E1"]);
    holds(&paid[2], &json!({ "payer": PUBLIC, "amount": "100.00", "state": "routed" }), "what left");
    let left = json!({ "account": iban("DK", "1020-2"), "bank": "Sydbank", "bic": "SYBKDK22", "stage": 0 });
    holds(&paid[2]["left"], &left, "where to");
    assert_eq!((&paid[0]["left"], &paid[1]["state"]), (&Value::Null, &json!("held")));

    run(&format!("victim recall {case} --reason Stolen --as anna")).refused("case.own_recall");
    let recalled = run(&format!("victim recall {case} --reason Stolen --as bo")).done();
    let message = &recalled["messages"][0];
    holds(message, &json!({ "payer": PUBLIC, "batch": gone["batch"], "payments": [0] }), "what is asked back");
    assert_eq!(recalled["left"], json!([]));

    let reverting = run(&format!("victim revert {case} --reason Stolen --as anna")).done();
    let revert = text(&reverting["designations"][0], "id");
    assert_eq!(reverting["designations"][0]["waits_for"], "approval");
    run(&format!("designation approve {revert} --reason So --as anna")).refused("proposal.own");
    let again = format!("victim revert {case} --reason Stolen --as anna");
    run(&again).refused("change.waiting");
    run(&format!("designation approve {revert} --reason So --as bo")).done();
    assert_eq!(run(&format!("resolve cpr:{ALICE}")).done()["account"], ALICE_IBAN);
    run(&again).refused("case.nothing_changed");
    run("payout settle --out out").done();
    let home = run(&format!("victim trace {case} --as anna")).done();
    for at in [0, 1] {
        holds(&home["payments"][at]["left"], &json!({ "account": ALICE_IBAN }), "what waited");
    }

    run(&format!("victim close {case} --finding fraud --reason Seen --as anna")).refused("case.own");
    let closed = run(&format!("victim close {case} --finding fraud --reason Seen --as bo")).done();
    assert_eq!((&closed["reports"], &closed["designations"]), (&json!([report]), &json!([])));
    let motion = text(&closed["motions"][0], "id");
    run(&format!("account approve {motion} --as bo")).refused("motion.own");
    // Who reported the account by opening the case does not approve that it is marked.
    run(&format!("account approve {motion} --as anna")).refused("motion.own");
    run(&format!("account approve {motion} --as carl")).done();
    holds(
        &run(&format!("account show {motion}")).done(),
        &json!({ "state": "in_force", "account": "1020-******0002", "suspicion": report }),
        "the mark",
    );
    run(&format!("victim close {case} --finding misunderstanding --reason So --as carl")).refused("case.state");
    let shown = run(&format!("victim show {case}")).done();
    let acts: Vec<&str> = shown["acts"].as_array().unwrap().iter().map(|act| text(act, "act")).collect();
    let expected = ["frozen", "reported", "traced", "recalled", "reverting", "traced", "closed_as_fraud", "marking"];
    assert_eq!(acts, expected);
    holds(&shown, &json!({ "state": "closed", "finding": "fraud", "opened_by": "operator:anna" }), "the case");
    assert_eq!(shown["accounts"], json!([{ "account": "0040-******6243", "state": "in_force" }]));
    let said = world.say(&format!("victim list --payee cpr:{ALICE}"));
    assert!(said.contains("closed (fraud)") && !said.contains(ALICE), "{said}");
    assert!(!world.say(&format!("victim show {case}")).contains(ALICE));
    given(&world, case);
    partly_back(&world, case, text(message, "recall"));
    world.verified();
}

/// Its payee has put the account back before they rang: that it is paid to again is proposed once, and not again when it is.
#[test]
fn what_its_payee_put_back_is_let_go_once() {
    let world = stolen();
    changed(&world, ALICE_ACCOUNT, THIEFS, CHANGED);
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let opened = freeze(&world, ALICE);
    let revert = format!("victim revert {} --reason Stolen --as anna", text(&opened, "id"));
    let reverting = run(&revert).done();
    let name = text(&reverting["designations"][0], "id");
    run(&format!("designation approve {name} --reason So --as bo")).done();
    holds(
        &run(&format!("resolve cpr:{ALICE}")).done(),
        &json!({ "state": "in_force", "account": ALICE_IBAN }),
        "it is paid to",
    );
    run(&revert).refused("case.nothing_changed");
}

/// Officers have put the account back before, and the thief has changed it again; or the payee has changed it before the thief did, to
/// another of their own: what is put back is the last one that nobody doubts, and once.
#[test]
fn the_last_account_that_is_not_in_doubt_is_put_back() {
    let check = |before: &dyn Fn(&World), is_own: bool, expected: &str| {
        let world = World::settled();
        before(&world);
        changed(&world, "1020-3", if is_own { OWN } else { ALICE_ACCOUNT }, CHANGED);
        let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
        let opened = freeze(&world, ALICE);
        let reports = opened["reported"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
        let of_own = |id: &&str| run(&format!("suspicion show {id}")).done()["account"] == "5000-******0099";
        for report in reports.filter(of_own) {
            run(&format!("suspicion acknowledge {report} --as bo")).done();
            run(&format!("suspicion close {report} --finding unfounded --reason Own --as bo")).done();
        }
        let revert = format!("victim revert {} --reason Stolen --as anna", text(&opened, "id"));
        let reverting = run(&revert).done();
        let name = text(&reverting["designations"][0], "id");
        run(&format!("designation approve {name} --reason So --as bo")).done();
        let answer = run(&format!("resolve cpr:{ALICE}")).done();
        holds(&answer, &json!({ "state": "in_force", "account": expected }), "what is put back");
        run(&revert).refused("case.nothing_changed");
        world.verified();
    };
    let put_back_before = |world: &World| {
        let theft = changed(world, THIEFS, ALICE_ACCOUNT, THEFT);
        let revert = format!("designation revert {} --reason Stolen --as anna --now {THEFT}", text(&theft, "id"));
        let reverting = world.run(&revert).done();
        let approve = format!("designation approve {} --reason So --as bo --now {THEFT}", text(&reverting, "id"));
        assert_eq!(world.run(&approve).done()["state"], "in_force");
    };
    check(&put_back_before, false, ALICE_IBAN);
    check(&|world| drop(changed(world, OWN, ALICE_ACCOUNT, THEFT)), true, &iban("DK", OWN));
}

/// Its bank closes an account that was put back: no thief did that, and it keeps nobody from putting back another.
#[test]
fn what_its_bank_closed_since_is_left_alone() {
    let world = World::settled();
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    for terms in [
        "--account 1020-2 --expects 1020-4811223344 --holder own".to_owned(),
        format!("--delete --expects 0041-18 --payer {PUBLIC} --benefit NKSBOS"),
    ] {
        let asks = format!("designation propose cpr:{HANS} {terms} --signature jws --as citizen:cpr:{HANS}");
        assert_eq!(world.run(&format!("{asks} --now {THEFT}")).done()["state"], "in_force", "{terms}");
    }
    let opened = freeze(&world, HANS);
    let revert = || run(&format!("victim revert {} --reason Stolen --as anna", text(&opened, "id")));
    let answer = |reverting: &Value, answers: &[&str]| {
        let reverts = reverting["designations"].as_array().unwrap();
        assert_eq!(reverts.len(), answers.len(), "{reverting}");
        for (revert, answer) in reverts.iter().zip(answers) {
            run(&format!("designation {answer} {} --reason So --as bo", text(revert, "id"))).done();
        }
    };
    answer(&revert().done(), &["approve", "refuse"]);
    let rows = format!("{ACCOUNT_HEADER}close,cpr:{HANS},1020-4811223344,,,,,\n");
    assert_eq!(world.import(&format!("account import --bank Sydbank --now {AFTER}"), rows)["changed"], 1);
    answer(&revert().done(), &["approve"]);
    revert().refused("case.nothing_changed");
    world.verified();
}

/// The thief changes an account, and its payee finds it out and changes it to another of their own: once somebody has found that of its
/// report, it is nowhere in doubt any more.
#[test]
fn what_turns_out_to_be_the_payees_own_is_left_alone() {
    let world = stolen();
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    run("client rotate-key").done();
    let gone = route(&world, "GONE", &[cpr("E1", ALICE, "100.00")], &format!("--now {THEFT}"));
    changed(&world, OWN, THIEFS, CHANGED);
    route(&world, "OWN", &[cpr("E2", ALICE, "50.00")], &format!("--now {CHANGED}"));
    let opened = freeze(&world, ALICE);
    let (case, reported) = (text(&opened, "id"), &opened["reported"]);
    let report = |account: &str| {
        let shows = |id: &&str| run(&format!("suspicion show {id}")).done()["account"] == account;
        let names = reported.as_array().unwrap().iter().map(|id| id.as_str().unwrap());
        names.clone().find(shows).unwrap_or_else(|| panic!("{account} of {reported}"))
    };
    let [thiefs, own] = ["1020-******0002", "5000-******0099"].map(report);
    let found = |report: &str, finding: &str| {
        run(&format!("suspicion acknowledge {report} --as bo")).done();
        run(&format!("suspicion close {report} --finding {finding} --reason Own --as bo")).done();
    };
    let ask = |to: &str| run(&format!("victim disclose {case} --to {to} --law Paragraph-802 --as anna"));
    let early = ask("bank:Sparekassen").done();
    found(own, "unfounded");
    // Neither is its bank told that it is in doubt, nor is what was paid to it asked back; and it is not taken away again.
    ask("bank:Sparekassen").refused("case.not_concerned");
    let bundle = |to: &str, asked: &Value| {
        run(&format!("victim bundle {case} --to {to} --asked {} --out given --as bo", text(asked, "asked")))
    };
    bundle("bank:Sparekassen", &early).refused("case.not_concerned");
    bundle("police", &ask("police").done()).done();
    let told: Value = serde_json::from_slice(&world.bytes(&format!("given/case-{case}.json"))).unwrap();
    let since: Vec<&str> = told["accounts"][0]["since"].as_array().unwrap().iter().map(|at| text(at, "bank")).collect();
    assert_eq!(since, ["Sydbank"]);
    let recalled = run(&format!("victim recall {case} --reason Stolen --as bo")).done();
    assert_eq!((recalled["messages"].as_array().unwrap().len(), &recalled["left"]), (1, &json!([])));
    holds(&recalled["messages"][0], &json!({ "batch": gone["batch"], "payments": [0] }), "what is asked back");
    run(&format!("victim revert {case} --reason Stolen --as anna")).refused("case.nothing_changed");
    let closed = run(&format!("victim close {case} --finding fraud --reason Seen --as bo")).done();
    assert_eq!((&closed["reports"], closed["motions"].as_array().unwrap().len()), (&json!([thiefs]), 1));
    holds(
        &run(&format!("account show {}", text(&closed["motions"][0], "id"))).done(),
        &json!({ "suspicion": thiefs }),
        "the mark",
    );
    world.verified();

    // Where all of them are, nothing is in doubt.
    let world = stolen();
    route(&world, "GONE", &[cpr("E1", ALICE, "100.00")], &format!("--now {THEFT}"));
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let opened = freeze(&world, ALICE);
    let (case, report) = (text(&opened, "id"), opened["reported"][0].as_str().unwrap());
    run(&format!("suspicion acknowledge {report} --as bo")).done();
    run(&format!("suspicion close {report} --finding misunderstanding --reason Own --as bo")).done();
    run(&format!("victim recall {case} --reason So --as bo")).refused("case.nothing_left");
    run(&format!("victim revert {case} --reason So --as anna")).refused("case.nothing_changed");
}

/// Who has somebody's login deletes an account of theirs, and changes another or not: what is not there any more is put back as well.
#[test]
fn an_account_that_was_deleted_is_put_back() {
    let world = World::settled();
    world.run("client rotate-key").done();
    for changes_another in [false, true] {
        let world = world.copy();
        let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
        let steal = |terms: &str| {
            let asks = format!("designation propose cpr:{HANS} {terms} --signature jws --as citizen:cpr:{HANS}");
            assert_eq!(world.run(&format!("{asks} --now {THEFT}")).done()["state"], "in_force", "{terms}");
        };
        steal(&format!("--delete --expects 0041-18 --payer {PUBLIC} --benefit NKSBOS"));
        if changes_another {
            steal(&format!("--account {THIEFS} --expects 1020-4811223344 --holder own"));
        }
        let opened = freeze(&world, HANS);
        let case = text(&opened, "id");
        assert_eq!(opened["reported"].as_array().unwrap().len(), usize::from(changes_another));
        let asked = run(&format!("victim disclose {case} --to police --law Paragraph-802 --as anna")).done();
        let asked = text(&asked, "asked");
        run(&format!("victim bundle {case} --to police --asked {asked} --out given --as bo --english")).done();
        let told: Value = serde_json::from_slice(&world.bytes(&format!("given/case-{case}.json"))).unwrap();
        described(&told);
        let (accounts, last) = (told["accounts"].as_array().unwrap(), usize::from(changes_another));
        let deleted = json!({ "payer": PUBLIC, "benefit": "NKSBOS", "since": [] });
        assert_eq!(accounts.len(), last + 1, "{told}");
        holds(&accounts[last], &deleted, "what was deleted");
        assert_eq!(accounts[last]["before"]["account"], iban("DK", "0041-18"));
        assert!(read(&world.bytes(&format!("given/case-{case}.pdf"))).contains("deleted"));

        let revert = || run(&format!("victim revert {case} --reason Stolen --as anna"));
        let reverts = revert().done()["designations"].clone();
        let names: Vec<&str> = reverts.as_array().unwrap().iter().map(|revert| text(revert, "id")).collect();
        assert_eq!(names.len(), last + 1, "{reverts}");
        revert().refused("change.waiting");
        for (name, answer) in names.iter().zip(["approve", "refuse"]) {
            run(&format!("designation {answer} {name} --reason So --as bo")).done();
        }
        // What was put back is not put back again; what was refused is asked for anew.
        for _ in 0..last {
            let again = revert().done()["designations"].clone();
            assert_eq!(again.as_array().unwrap().len(), 1, "{again}");
            run(&format!("designation approve {} --reason So --as bo", text(&again[0], "id"))).done();
        }
        revert().refused("case.nothing_changed");
        assert_eq!(run(&format!("victim show {case}")).done()["acts"].as_array().unwrap().len(), 4 + 3 * last);
        let shown = run(&format!("victim show {case}")).done();
        let both = json!([
            { "account": "1020-******3344", "state": if changes_another { "in_force" } else { "frozen" } },
            { "account": "0041-******0018", "state": "in_force" },
        ]);
        assert_eq!(shown["accounts"], both);
        world.verified();
    }
    // What its bank or the operator closed, no thief has deleted.
    let rows = format!("{ACCOUNT_HEADER}close,cpr:{IDA},0040-19,,,,,\n");
    assert_eq!(world.import(&format!("account import --channel operator --now {THEFT}"), rows)["changed"], 1);
    let case = freeze(&world, IDA);
    world
        .run(&format!("victim revert {} --reason So --as anna --now {AFTER}", text(&case, "id")))
        .refused("case.nothing_changed");
}

/// All that stands on a file's pages.
fn read(pdf: &[u8]) -> String {
    reader::pages(pdf).iter().flatten().map(|piece| piece.text.trim_end().to_owned() + " ").collect()
}

/// It has the fields that its description has, and no others.
fn described(told: &Value) {
    let read: CaseFile = serde_json::from_value(told.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), *told);
}

/// One officer asks for it on a law, another gives it, and what was given can be told from what was not.
fn given(world: &World, case: &str) {
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let bundle =
        |to: &str, asked: &str, out: &str| format!("victim bundle {case} --to {to} --asked {asked} --out given/{out}");
    let ask = |to: &str, law: &str| format!("victim disclose {case} --to {to} --law {law} --as anna");
    run(&format!("{} --as bo", bundle("police", AFTER, "police"))).refused("case.not_asked");
    run(&ask("bank:Nobank", "Paragraph-802")).refused("case.bank");
    run(&ask("bank:Nordbank", "Paragraph-802")).refused("case.not_concerned");
    run(&ask("police", "x")).refused("case.law");
    run(&ask("press", "Paragraph-802")).failed(2, "usage");
    // What bo looked at is not what is asked for since: it is given by nobody.
    let looked_at = run(&ask("police", "Paragraph-801")).done();
    let asked = world.run(&format!("{} --now 2026-11-23T11:00:01Z", ask("police", "Paragraph-802"))).done();
    run(&format!("{} --as bo", bundle("police", text(&looked_at, "asked"), "police"))).refused("case.not_asked");
    let of_bank = run(&ask("bank:Sydbank", "Paragraph-9")).done();
    let police = bundle("police", text(&asked, "asked"), "police");
    run(&format!("{} --as bo", bundle("bank:Sydbank", AFTER, "x"))).refused("case.not_asked");
    run(&format!("{police} --as anna")).refused("case.own");
    run(&format!("{police} --as bo --english")).refused("signing_key.none");
    run("client rotate-key").done();
    run(&format!("{police} --as bo --english")).done();
    run(&format!("{} --as bo", bundle("police", text(&asked, "asked"), "again"))).refused("case.not_asked");
    // What is given to another lies somewhere else: nothing is overwritten, and nothing given that could not be written.
    let bank = |out: &str| format!("{} --as bo", bundle("bank:Sydbank", text(&of_bank, "asked"), out));
    run(&bank("police")).refused("file.exists");
    // The payee's log says to whom, and on a law.
    let given = "SELECT COUNT(*) FROM look_up WHERE kind = 12 AND client = 'police' AND purpose = 4";
    assert_eq!(world.number(given), 1);
    // Whoever looks at a case, or whether there is one, stands there.
    let looks = || world.number("SELECT COUNT(*) FROM look_up WHERE kind = 11");
    let before = looks();
    for look in [
        format!("victim show {case}"),
        format!("victim list --payee cpr:{ALICE}"),
        format!("suspicion list --payee cpr:{ALICE}"),
    ] {
        let seen = looks();
        run(&look).done();
        assert_eq!(looks(), seen + 1, "{look}");
    }
    run("victim list").done();
    assert_eq!(looks(), before + 3);
    let listed = run("victim list").done()["cases"][0].clone();
    assert_eq!((&listed["why"], &listed["acts"]), (&Value::Null, &Value::Null), "what people wrote");
    let names = ["pdf", "json", "jws"].map(|kind| format!("given/police/case-{case}.{kind}"));
    let told: Value = serde_json::from_slice(&world.bytes(&names[1])).unwrap();
    described(&told);
    let expected = json!({
        "version": 1, "case": case, "finding": "fraud", "since": SINCE, "why": "Rang",
        "payee": { "number": format!("cpr:{ALICE}"), "name": "Alice Hemmelighed" }, "more_payments": false,
    });
    holds(&told, &expected, "what the police get");
    let given = json!({ "to": "police", "by": "operator:bo", "asked_by": "operator:anna", "law": "Paragraph-802" });
    holds(&told["given"], &given, "how");
    holds(&told["accounts"][0]["before"], &json!({ "account": ALICE_IBAN, "bank": "Nordbank" }), "the account before");
    assert_eq!(told["accounts"][0]["since"][0]["bank"], "Sydbank");
    let first = json!({ "end_to_end_id": "E1", "amount": "100.00", "money": "recalled", "payer": PUBLIC });
    holds(&told["payments"][2], &first, "what left");
    let sums = json!([
        { "money": "left", "currency": "DKK", "sum": "75.00" }, { "money": "recalled", "currency": "DKK", "sum": "100.00" },
    ]);
    assert_eq!(told["sums"], sums);
    let pages = read(&world.bytes(&names[0]));
    for said in
        ["Alice Hemmelighed", ALICE, "Sydbank", "100.00 DKK", "left, asked back", "Paragraph-802", "Rang", PUBLIC]
    {
        assert!(pages.contains(said), "{said}: {pages}");
    }

    holds(&run("victim check given/police").done(), &json!({ "sealed": true, "case": case, "to": "police" }), "check");
    world.write("keys.json", world.published_keys());
    // Whoever has the published keys needs no store.
    run("victim check given/police --keys keys.json --data nowhere").done();
    assert!(world.run("victim check --help").stdout.contains("exit 3"));
    let pdf = world.bytes(&names[0]);
    world.write(&names[0], [&pdf[..], b" "].concat());
    run("victim check given/police").refused("bundle.changed");
    world.write(&names[0], &pdf);
    let seal = world.read(&names[2]);
    let (head, rest) = seal.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    world.write(&names[2], format!("{head}.e30.{signature}"));
    run("victim check given/police").refused("bundle.seal");
    world.write(&names[2], &seal);
    std::fs::remove_file(world.path(&names[1])).unwrap();
    run("victim check given/police").refused("bundle.incomplete");

    run(&bank("bank")).done();
    let told = world.read(&format!("given/bank/case-{case}.json"));
    let to_bank: Value = serde_json::from_str(&told).unwrap();
    described(&to_bank);
    let ids: Vec<&str> =
        to_bank["payments"].as_array().unwrap().iter().map(|payment| text(payment, "end_to_end_id")).collect();
    assert_eq!((ids, &to_bank["payee"], &to_bank["why"]), (vec!["E1"], &Value::Null, &Value::Null));
    let pages = read(&world.bytes(&format!("given/bank/case-{case}.pdf")));
    let acts: Vec<&str> = to_bank["acts"].as_array().unwrap().iter().map(|act| text(act, "act")).collect();
    assert_eq!(acts, ["frozen", "recalled", "reverting", "closed_as_fraud", "disclosure_asked"]);
    for hidden in [ALICE, "Hemmelighed", ALICE_IBAN, "Nordbank", "Rang", "E2", "police"] {
        assert!(!told.contains(hidden) && !pages.contains(hidden), "{hidden}: {told} {pages}");
    }
}

/// The bank gives back a part of what was asked back: as come back counts that part.
fn partly_back(world: &World, case: &str, recall: &str) {
    const LAST: &str = "2026-11-23T11:00:02Z";
    let run = |args: &str| world.run(&format!("{args} --now {LAST}"));
    world.write("answer.xml", given_in_part(recall, "7.00"));
    run("recall import answer.xml").done();
    let asked = run(&format!("victim disclose {case} --to police --law Paragraph-803 --as anna")).done();
    let asked = text(&asked, "asked");
    run(&format!("victim bundle {case} --to police --asked {asked} --out given/later --as bo --english")).done();
    let told: Value = serde_json::from_slice(&world.bytes(&format!("given/later/case-{case}.json"))).unwrap();
    let part = json!({ "amount": "100.00", "money": "returned_in_part", "came_back": "7.00", "recall": "came_back" });
    holds(&told["payments"][2], &part, "what came back in part");
    let sums = json!([
        { "money": "left", "currency": "DKK", "sum": "168.00" }, { "money": "returned", "currency": "DKK", "sum": "7.00" },
    ]);
    assert_eq!(told["sums"], sums);
    let pages = read(&world.bytes(&format!("given/later/case-{case}.pdf")));
    assert!(pages.contains("left, a part came back") && pages.contains("168.00 DKK"), "{pages}");
}

/// The customer was mistaken: all is as if nobody had rung.
#[test]
fn a_misunderstanding_does_no_harm() {
    let (quiet, alarmed) = (stolen(), stolen());
    let run = |args: &str| alarmed.run(&format!("{args} --now {AFTER}"));
    let mut batches = Vec::new();
    for world in [&quiet, &alarmed] {
        batches.push(vec![route(world, "WAITS", &[cpr("E1", ALICE, "50.00")], &format!("--hold --now {THEFT}"))]);
    }
    let opened = freeze(&alarmed, ALICE);
    let case = text(&opened, "id");
    let reverting = run(&format!("victim revert {case} --reason Stolen --as anna")).done();
    let revert = text(&reverting["designations"][0], "id");
    for (world, batches) in [&quiet, &alarmed].into_iter().zip(&mut batches) {
        let payments = [cpr("E2", ALICE, "25.00"), cpr("E3", BENT, "1.00")];
        batches.push(route(world, "NEW", &payments, &format!("--now {AFTER}")));
        let waits = text(&batches[0], "batch").to_owned();
        // By a name that has no part in what is done about the account.
        world.run(&format!("payout release {waits} --out out --as carl --now {AFTER}")).done();
    }
    let fates_of = |at: usize| fates([&quiet, &alarmed][at], &batches[at].iter().collect::<Vec<_>>());
    assert_ne!(fates_of(0), fates_of(1));

    let close = format!("victim close {case} --finding misunderstanding --reason Mistaken");
    assert_eq!(run(&format!("{close} --as anna")).done()["waits_for"], "approval");
    assert_eq!(run(&format!("resolve cpr:{ALICE}")).done()["state"], "frozen");
    run(&format!("{close} --as anna")).refused("case.own");
    let closed = run(&format!("{close} --as bo")).done();
    let expected = json!({ "waits_for": null, "motions": [], "unfrozen": 1 });
    holds(&closed, &expected, "all is undone at once");
    holds(&closed["designations"][0], &json!({ "id": revert, "state": "refused" }), "what was to be put back");
    holds(&run(&format!("designation show {revert}")).done(), &json!({ "state": "refused" }), "the revert");
    run("payout settle --out out").done();
    assert_eq!(fates_of(0), fates_of(1));
    for world in [&quiet, &alarmed] {
        let answer = world.run(&format!("resolve cpr:{ALICE} --now {AFTER}")).done();
        assert_eq!(answer["account"], iban("DK", THIEFS));
        let own = world.run(&format!("account list --payee cpr:{ALICE} --as citizen:cpr:{ALICE}")).done();
        assert_eq!(own["marks"], json!([]));
    }
    // Nothing is known of it where others ask.
    let own = run(&format!("suspicion list --payee cpr:{ALICE} --as citizen:cpr:{ALICE}")).done();
    assert_eq!(own["suspicions"], json!([]));
    let reports = run("suspicion list --closed").done();
    holds(&reports["suspicions"][0], &json!({ "outcome": "disagreed", "finding": "misunderstanding" }), "the report");
    run(&format!("victim disclose {case} --to police --law Paragraph-802 --as anna")).refused("case.state");
    run(&format!("victim trace {case} --as anna")).refused("case.state");
    alarmed.verified();
}

/// Of the two who say that it was none, either may have opened the case. What was put back already is not taken away again by them: that
/// waits for another, as any revert does.
#[test]
fn who_opened_it_can_be_the_second_to_say_that_it_was_none() {
    let world = stolen();
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let opened = freeze(&world, ALICE);
    let (case, report) = (text(&opened, "id"), &opened["reported"]);
    let reverting = run(&format!("victim revert {case} --reason Stolen --as anna")).done();
    let revert = text(&reverting["designations"][0], "id");
    run(&format!("designation approve {revert} --reason So --as bo")).done();
    let alone = format!("suspicion acknowledge {} --as anna", report[0].as_str().unwrap());
    run(&alone).refused("suspicion.own");
    let close = format!("victim close {case} --finding misunderstanding --reason Mistaken");
    assert_eq!(run(&format!("{close} --as bo")).done()["waits_for"], "approval");
    run(&format!("{close} --as bo")).refused("case.own");
    let closed = run(&format!("{close} --as anna")).done();
    holds(&closed, &json!({ "waits_for": null, "reports": report, "motions": [] }), "the reports are closed");
    let back = &closed["designations"][0];
    holds(back, &json!({ "state": "awaiting_approval", "waits_for": "approval" }), "it is to be undone");
    assert_eq!(run(&format!("resolve cpr:{ALICE}")).done()["account"], ALICE_IBAN);
    let approve = format!("designation approve {} --reason So", text(back, "id"));
    run(&format!("{approve} --as anna")).refused("proposal.own");
    // As it undoes an undoing, a third looks at it.
    holds(&run(&format!("{approve} --as bo")).done(), &json!({ "waits_for": "check" }), "a third looks");
    assert_eq!(run(&format!("resolve cpr:{ALICE}")).done()["account"], ALICE_IBAN);
    world.verified();
}

/// Under the controls that hold where nobody has decided otherwise a change waits two days: one that was on its way goes on as if nobody had
/// rung, and is neither let through nor refused meanwhile.
#[test]
fn what_was_on_its_way_goes_on() {
    let world = World::guarded();
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let name = world.propose_own(ALICE, THIEFS, ALICE_ACCOUNT);
    world.run("letters print --to letters --as eve").done();
    let code = world.code(&format!("letters/{name}01.pdf"));
    let given = world.run(&format!("designation activate {name} {code} --as citizen:cpr:{ALICE}")).done();
    let due = text(&given, "in_force_from").to_owned();
    let opened = freeze(&world, ALICE);
    let case = text(&opened, "id");
    assert_eq!((&opened["accounts"]["frozen"], &opened["reported"]), (&json!(["0040-******6243"]), &json!([])));
    run(&format!("victim revert {case} --reason So --as anna")).refused("case.nothing_changed");
    run(&format!("victim recall {case} --reason So --as bo")).refused("case.nothing_left");
    world.run(&format!("designation settle --now {due}")).done();
    assert_eq!(world.run(&format!("designation show {name} --now {due}")).done()["state"], "held");
    for (officer, unfrozen) in [("anna", 0), ("bo", 1)] {
        let close = format!("victim close {case} --finding misunderstanding --reason Mistaken --as {officer}");
        assert_eq!(world.run(&format!("{close} --now {due}")).done()["unfrozen"], unfrozen);
    }
    assert_eq!(world.run(&format!("designation settle --now {due}")).done()["in_force"], 1);
    let answer = world.run(&format!("resolve cpr:{ALICE} --now {due}")).done();
    assert_eq!(answer["account"], iban("DK", THIEFS));
    world.verified();
}

/// All of somebody's accounts are frozen: the one for everything, and those for a kind of benefit.
#[test]
fn every_account_is_frozen_and_let_go() {
    let world = World::settled();
    let run = |args: &str| world.run(&format!("{args} --now {AFTER}"));
    let opened = freeze(&world, HANS);
    let case = text(&opened, "id");
    let both = json!(["1020-******3344", "0041-******0018"]);
    assert_eq!(opened["accounts"], json!({ "frozen": both, "already": [] }));
    let again = freeze(&world, CARL);
    assert_eq!(again["accounts"], json!({ "frozen": [], "already": ["0040-******0013"] }));
    for officer in ["anna", "bo"] {
        run(&format!("victim close {case} --finding misunderstanding --reason Mistaken --as {officer}")).done();
    }
    let shown = run(&format!("victim show {case}")).done();
    let states: Vec<&str> = shown["accounts"].as_array().unwrap().iter().map(|one| text(one, "state")).collect();
    assert_eq!(states, ["in_force", "in_force"]);
    world.verified();
}
