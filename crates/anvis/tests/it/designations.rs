//! The life of a designation: proposed, signed, activated, approved, stopped, in force; and who may do what about it.

use crate::commands::{OTHER_PRIVATE_KEY, PRIVATE_KEY, PUBLIC_KEY};
use crate::four_eyes::OTHER_PUBLIC_KEY;
use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};

/// The key of RFC 8032 §7.1, test 1024.
const FIFTH_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIPXldnzxUzGVF2MPImh2uGyBYMxYO8ATdExr8lX1zA7l
-----END PRIVATE KEY-----
";
const FIFTH_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJ4EX/BRMcjQPZ9DyMW6Dhs7/vyskKMnFH+98WX8dQm4=
-----END PUBLIC KEY-----
";
/// The key of RFC 8032 §7.1, test 3.
const FOURTH_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIK0aqkG59vZM+BAR+WQKE0VOcVFU8ha14GFmt6g3ZPrT
-----END PRIVATE KEY-----
";
pub const FOURTH_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA3ylhTjFjK9FEidKa//bYditUxMY6pZrbfZFW6Tiv7ag=
-----END PUBLIC KEY-----
";
const THIRD_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3
-----END PRIVATE KEY-----
";
pub const THIRD_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=
-----END PUBLIC KEY-----
";

/// Where a proposal stands.
fn standing(id: &str, state: &str, waits_for: Option<&str>, from: Option<&str>) -> Value {
    json!({ "id": id, "state": state, "waits_for": waits_for, "in_force_from": from })
}

fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

fn account(world: &World, cpr: &str, now: &str) -> Value {
    world.run(&format!("resolve cpr:{cpr} --now {now}")).done()["account"].clone()
}

/// An officer with no other part in it prints what is to be printed, and the payee gives the code.
fn activated(world: &World, name: &str, cpr: &str) -> Value {
    world.run("letters print --to letters --as eve").done();
    let code = world.code(&format!("letters/{name}01.pdf"));
    world.run(&format!("designation activate {name} {code} --as citizen:cpr:{cpr}")).done()
}

/// A code that is not this one.
fn other(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &code[1..])
}

#[test]
fn a_citizen_changes_their_account_and_the_letter_activates_it() {
    let world = World::guarded();
    let own = format!("--as citizen:cpr:{ALICE}");
    let at = |args: &str, now: &str| world.run(&format!("designation {args} {own} --now {now}"));
    let propose = format!("propose cpr:{ALICE} --account 1020-2 --expects {ALICE_ACCOUNT} --holder own");
    let proposed = at(&propose, NOW).done();
    let name = id(&proposed);
    assert_eq!(proposed, standing(&name, "proposed", Some("signature"), None));
    let signed = at(&format!("sign {name} --signature jws"), "2026-11-23T09:01:00Z").done();
    assert_eq!(signed, standing(&name, "awaiting_activation", Some("letter"), None));
    at(&format!("sign {name} --signature jws"), "2026-11-23T09:01:00Z").refused("proposal.not_this");
    at(&propose, "2026-11-23T09:01:00Z").refused("change.waiting");
    at(&format!("activate {name} 12345678"), "2026-11-23T09:02:00Z").refused("proposal.not_this");

    let waiting = |what: &str| world.run(&format!("designation list --for {what}")).done()["proposals"].clone();
    let listed = json!({
        "id": name, "state": "awaiting_activation", "waits_for": "letter", "in_force_from": null,
        "channel": "self_service", "proposed": NOW, "due": "2027-02-21T09:00:00Z", "reason": null, "consent": null,
        "ended": null,
    });
    assert_eq!(waiting("letter"), json!([listed]));
    assert_eq!(waiting("code"), json!([]));
    world.run("designation list --for patience").ended(2);
    let printed = world.run("letters print --to letters --now 2026-11-23T10:00:00Z").done();
    let letter = format!("{name}01");
    let manifest = "20261123T100000Z-manifest.csv";
    holds(&printed, &json!({ "letters": [letter], "notices": [], "manifest": manifest, "left": [] }), "printed");
    assert_eq!(world.files("letters"), [format!("letters/{manifest}"), format!("letters/{letter}.pdf")]);
    world.run(&format!("letters posted {letter} --now 2026-11-23T12:00:00Z")).done();
    let code = world.code(&format!("letters/{letter}.pdf"));
    let wednesday = "2026-11-25T11:00:00Z";
    at(&format!("activate {name} 1234"), wednesday).refused("activation.code");
    at(&format!("activate {name} {}", other(&code)), wednesday).refused("activation.code");
    let (before, from) = ("2026-11-27T10:59:59.999999Z", "2026-11-27T11:00:00Z");
    let activated = at(&format!("activate {letter} {code}"), wednesday).done();
    assert_eq!(activated, standing(&name, "held", Some("time"), Some(from)));

    // Two banking days later, and not sooner.
    let settle = |now: &str| world.run(&format!("designation settle --now {now}")).done();
    let settled = |in_force: u64| json!({ "in_force": in_force, "refused": 0, "expired": 0, "waiting": 0, "unreadable": [], "more": false });
    assert_eq!(settle(before), settled(0));
    let told = |account: &str, more: Value, now: &str| {
        let told = world.run(&format!("resolve cpr:{ALICE} --now {now}")).done();
        assert_eq!(told["account"], account);
        holds(&told, &more, now);
    };
    told(ALICE_IBAN, json!({ "pending_change": true }), before);
    assert!(world.say(&format!("resolve cpr:{ALICE} --now {before}")).ends_with("; a change waits\n"));
    assert_eq!(settle(from), settled(1));
    assert_eq!(settle(from), settled(0));
    let changed = json!({ "pending_change": false, "changed_days_ago": 0, "last_change_channel": "self_service" });
    told(&iban("DK", "1020-2"), changed, from);
    let then = world.run(&format!("resolve cpr:{ALICE} --as-of {NOW} --now {from}")).done();
    assert_eq!((&then["account"], &then["pending_change"]), (&json!(ALICE_IBAN), &Value::Null));

    let shown = at(&format!("show {name}"), from).done();
    let me = &shown["proposed_by"];
    assert!(me.as_str().unwrap().starts_with("citizen:") && !me.as_str().unwrap().contains(ALICE), "{me}");
    let act = |act: &str, at: &str, by: &Value| json!({ "act": act, "at": at, "by": by, "why": null });
    let console = json!("console");
    assert_eq!(
        shown,
        json!({
            "id": name, "state": "in_force", "waits_for": null, "in_force_from": from, "payee": format!("cpr:{ALICE}"),
            "account": iban("DK", "1020-2"), "replaces": ALICE_IBAN, "in_force": iban("DK", "1020-2"), "benefit": null,
            "channel": "self_service", "proposed_by": me, "proposed": NOW, "holder": "own", "action": "designate",
            "reverts": null, "undone_with_it": [], "why": null, "is_frozen": false,
            "ownership": "not_possible", "ground": null, "reason": null, "consent": null, "signals": [],
            "acts": [
                act("signed", "2026-11-23T09:01:00Z", me),
                act("letter_made", "2026-11-23T10:00:00Z", &console),
                act("letter_handed_over", "2026-11-23T12:00:00Z", &console),
                act("code_wrong", wednesday, me),
                act("activated", wednesday, me),
                act("took_effect", from, &json!("rule")),
            ],
        })
    );
    assert!(!shown.to_string().contains(&code));
    for again in [format!("activate {name} {code}"), format!("cancel {name}"), format!("sign {name} --signature jws")] {
        at(&again, from).refused("proposal.ended");
    }
    let history = world.run(&format!("account history cpr:{ALICE}")).done();
    holds(&history["designations"][0], &json!({ "channel": "self_service", "from": from, "to": null }), "history");
    world.verified();
}

#[test]
fn citizens_are_held_to_what_is_theirs() {
    let world = World::guarded();
    let (alice, bent) = (format!("--as citizen:cpr:{ALICE}"), format!("--as citizen:cpr:{BENT}"));
    let run = |args: &str| world.run(&format!("designation {args}"));
    let propose = format!("propose cpr:{ALICE} --account 1020-2 --expects {ALICE_ACCOUNT} --holder own");
    run(&format!("{propose} {bent}")).refused("designation.entitled");
    run(&format!("{propose} {alice} --assurance low")).refused("actor.assurance");
    run(&format!("propose cpr:{ALICE} --account 1020-2 --holder own {alice}")).refused("designation.expects_missing");
    run(&format!("propose cpr:{ALICE} --account 1020-2 --expects 0040-9 {alice}"))
        .refused("designation.expects_mismatch");
    let specific = |cpr: &str| format!("propose cpr:{cpr} --account 1020-2 --payer {PUBLIC} --benefit NKSBOS");
    run(&format!("{} {alice}", specific(ALICE))).refused("designation.authority");
    // Theirs, which the authority has not locked.
    let hans = format!("--as citizen:cpr:{HANS}");
    let proposed = run(&format!("{} --expects 0041-18 --holder own {hans}", specific(HANS))).done();
    assert_eq!(proposed["waits_for"], "signature");
    // What holds already.
    let same = run(&format!("propose cpr:{ALICE} --account {ALICE_ACCOUNT} --expects {ALICE_ACCOUNT} {alice}")).done();
    assert_eq!(same, standing("", "in_force", None, None));

    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    // Another's is as if it were not there.
    for command in ["show", "cancel", "confirm"] {
        run(&format!("{command} {name} {bent}")).refused("proposal.unknown");
    }
    run(&format!("activate {name} 12345678 {bent}")).refused("proposal.unknown");
    run(&format!("sign {name} --signature jws {bent}")).refused("proposal.unknown");
    for command in ["show", "cancel", "confirm"] {
        run(&format!("{command} 0000000000000 {alice}")).refused("proposal.unknown");
    }
    for officers in [format!("approve {name} --reason So"), "list".to_owned(), "settle".to_owned()] {
        let answer = run(&format!("{officers} {alice}"));
        // What is due follows from what others did: whoever says so decides nothing.
        if officers == "settle" { drop(answer.done()) } else { drop(answer.refused("policy.not_allowed")) }
    }
    world.run(&format!("letters print --to letters {alice}")).refused("policy.not_allowed");
    assert_eq!(world.files("letters"), [""; 0]);
    let cancelled = run(&format!("cancel {name} {alice}")).done();
    assert_eq!(cancelled, standing(&name, "cancelled", None, None));
    assert_eq!(run(&format!("cancel {name} {alice}")).done(), cancelled);
    world.verified();
}

#[test]
fn what_was_told_of_an_identity_demands_a_second_channel() {
    let world = World::guarded();
    let alice = format!("--as citizen:cpr:{ALICE}");
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let letter = format!("letters/{name}01.pdf");
    world.run("letters print --to letters --as eve").done();
    // The authenticator was replaced meanwhile, by whomever.
    world.write("facts.json", json!({ format!("cpr:{ALICE}"): { "authenticator_changed": NOW } }).to_string());
    let activate = format!("designation activate {name} {} {alice}", world.code(&letter));
    let activated = world.run(&format!("{activate} --identity-facts facts.json")).done();
    assert_eq!(activated, standing(&name, "awaiting_activation", Some("confirmation"), None));
    let signals = |who: &str| world.run(&format!("designation show {name} {who}")).done()["signals"].clone();
    assert_eq!((signals("--as eve"), signals(&alice)), (json!(["recent_change"]), json!([])));
    let confirm = format!("designation confirm {name}");
    for (assurance, code) in [("substantial", "actor.assurance"), ("high", "actor.authenticator")] {
        world.run(&format!("{confirm} {alice} --assurance {assurance}")).refused(code);
    }
    world.run(&format!("{confirm} --as anna")).refused("proposal.why");
    let confirmed = world.run(&format!("{confirm} --evidence Passport --as anna")).done();
    assert_eq!(confirmed, standing(&name, "held", Some("time"), Some("2026-11-25T09:00:00Z")));
    world.verified();
}

/// Whoever has the link of a notice stops the change, without a login, and can do nothing else.
#[test]
fn the_link_of_a_notice_stops_it() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let token = world.stop_token(&name);
    let stop = |token: &str| world.run(&format!("designation stop {token}"));
    stop(&name).refused("proposal.unknown");
    stop(&world.stop_token("0000000000001")).refused("proposal.unknown");
    assert_eq!(stop(&token).done(), json!({ "stopped": "stopped" }));
    assert_eq!(stop(&token.to_lowercase()).done(), json!({ "stopped": "already" }));
    let waits_for = || world.run(&format!("designation show {name}")).done()["waits_for"].clone();
    assert_eq!(waits_for(), "check");
    world.run(&format!("designation approve {name} --reason Called --as anna")).done();
    assert_eq!(waits_for(), "letter");
    // What took effect is frozen.
    let from = "2026-11-25T09:00:00Z";
    assert_eq!(activated(&world, &name, ALICE), standing(&name, "held", Some("time"), Some(from)));
    assert_eq!(world.run(&format!("designation settle --now {from}")).done()["in_force"], 1);
    for stopped in ["frozen", "already"] {
        let told = world.run(&format!("designation stop {token} --now {from}")).done();
        assert_eq!(told, json!({ "stopped": stopped }));
    }
    assert_eq!(world.run(&format!("resolve cpr:{ALICE} --now {from}")).done()["state"], "frozen");
    world.verified();
}

#[test]
fn an_operator_proposes_and_another_approves() {
    let world = World::guarded();
    let run = |args: &str| world.run(&format!("designation {args}"));
    let propose = |cpr: &str| format!("propose cpr:{cpr} --account 1020-2 --holder own");
    let ground = "--law Paragraph-2 --evidence Case-7";
    run(&format!("{} --as anna", propose(FRIDA))).refused("designation.ground");
    run(&format!("{} --law Paragraph-2 --as anna", propose(FRIDA))).ended(2);
    let specific = format!("{} --payer {PUBLIC} --benefit NKSBOS {ground} --as anna", propose(FRIDA));
    run(&specific).refused("designation.authority");
    // A first account is how a registry begins.
    let first = run(&format!("{} {ground} --as anna", propose(FRIDA))).done();
    assert_eq!(first, standing(&id(&first), "in_force", None, Some(NOW)));
    assert_eq!(account(&world, FRIDA, NOW), iban("DK", "1020-2"));
    let another = run(&format!("{} --expects {ALICE_ACCOUNT} {ground} --as anna", propose(ALICE))).done();
    let name = id(&another);
    assert_eq!(another, standing(&name, "awaiting_approval", Some("approval"), None));
    let approve = format!("approve {name} --reason Called");
    run(&format!("{approve} --as anna")).refused("proposal.own");
    run(&format!("approve {name} --as bo")).ended(2);
    run(&format!("approve {name} --reason {} --as bo", "x".repeat(501))).refused("proposal.why");
    let approved = run(&format!("{approve} --as bo")).done();
    assert_eq!(approved, standing(&name, "awaiting_activation", Some("letter"), None));
    run(&format!("{approve} --as bo")).refused("proposal.not_this");
    let from = "2026-11-25T09:00:00Z";
    assert_eq!(activated(&world, &name, ALICE), standing(&name, "held", Some("time"), Some(from)));
    assert_eq!(run(&format!("settle --now {from}")).done()["in_force"], 1);
    let shown = run(&format!("show {name} --now {from}")).done();
    holds(
        &shown,
        &json!({
            "state": "in_force", "in_force_from": from, "proposed_by": "operator:anna", "channel": "operator",
            "ground": { "law": "Paragraph-2", "evidence": "Case-7" },
        }),
        "show",
    );
    assert_eq!(shown["acts"][0], json!({ "act": "approved", "at": NOW, "by": "operator:bo", "why": "Called" }),);
    let said = world.say(&format!("designation show {name} --now {from}"));
    assert!(said.contains("approved        2026-11-23T09:00:00Z by operator:bo: Called"), "{said}");
    world.verified();
}

/// What a thief has changed is put back, and what was frozen is opened, by two officers.
#[test]
fn what_heals_is_two_officers() {
    let world = World::guarded();
    let run = |args: &str| world.run(&format!("designation {args}"));
    let propose = format!("propose cpr:{ALICE} --account 1020-2 --holder own --law P-2 --evidence Case-7 --as anna");
    let theft = id(&run(&format!("{propose} --expects {ALICE_ACCOUNT}")).done());
    run(&format!("revert {theft} --reason Stolen --as anna")).refused("proposal.not_in_force");
    run(&format!("approve {theft} --reason Called --as bo")).done();
    activated(&world, &theft, ALICE);
    let from = "2026-11-25T09:00:00Z";
    assert_eq!(run(&format!("settle --now {from}")).done()["in_force"], 1);
    let revert = format!("revert {theft} --reason Stolen --now {from}");
    run(&format!("{revert} --as citizen:cpr:{ALICE}")).refused("policy.not_allowed");
    let proposed = run(&format!("{revert} --as anna")).done();
    let name = id(&proposed);
    assert_eq!(proposed, standing(&name, "awaiting_approval", Some("approval"), None));
    run(&format!("approve {name} --reason So --as anna --now {from}")).refused("proposal.own");
    let approved = run(&format!("approve {name} --reason So --as bo --now {from}")).done();
    // Who is told of it has as long to object as of any change.
    let then = "2026-11-27T09:00:00Z";
    assert_eq!(approved, standing(&name, "held", Some("time"), Some(then)));
    assert_eq!(account(&world, ALICE, from), iban("DK", "1020-2"));
    // Who looks at it sees what goes besides.
    let closes = format!("{ACCOUNT_HEADER}close,cpr:{ALICE},,,,,,\n");
    assert_eq!(world.import(&format!("account import --channel operator --now {from}"), closes)["changed"], 1);
    let shown = run(&format!("show {name} --now {from}")).done();
    assert_eq!(shown["undone_with_it"], json!([{ "id": null, "account": null, "from": from }]));
    let said = world.say(&format!("designation show {name} --now {from}"));
    assert!(said.contains(&format!("undone with it  none from {from}, not proposed")), "{said}");
    let said = world.say(&format!("designation show {theft} --now {from}"));
    assert!(said.contains(&format!("came after it   none from {from}, not proposed")), "{said}");
    assert_eq!(run(&format!("settle --now {then}")).done()["in_force"], 1);
    assert_eq!(account(&world, ALICE, then), ALICE_IBAN);
    assert_eq!(run(&format!("show {theft} --now {then}")).done()["state"], "reverted");
    holds(
        &run(&format!("show {name} --now {then}")).done(),
        &json!({ "action": "revert", "reverts": theft, "why": "Stolen", "account": ALICE_IBAN, "state": "in_force" }),
        "what reverts",
    );
    let history = world.run(&format!("account history cpr:{ALICE}")).done();
    holds(&history["designations"][0], &json!({ "proposal": name, "reverted": false }), "the newest row");
    holds(&history["designations"][2], &json!({ "proposal": theft, "reverted": true }), "the thief's");
    assert!(world.say(&format!("account history cpr:{ALICE}")).contains(&format!("proposal {theft}, reverted since")));

    assert_eq!(world.change(&format!("freeze,cpr:{BENT},,,,,,"))["changed"], 1);
    let opened = run(&format!("unfreeze cpr:{BENT} --reason Called --as anna")).done();
    let name = id(&opened);
    assert_eq!(opened, standing(&name, "awaiting_approval", Some("approval"), None));
    let said = world.say(&format!("designation show {name}"));
    assert!(said.contains("is to") && said.contains("unfreeze") && said.contains("frozen"), "{said}");
    assert_eq!(run(&format!("approve {name} --reason So --as bo")).done()["state"], "in_force");
    world.verified();
}

/// Rows of an operator's file that take the place of an account wait like that, and its reader is told.
#[test]
fn files_of_changes_tell_what_waits() {
    let world = World::guarded();
    let rows = format!("change,cpr:{ALICE},1020-2,,0040,,,\nregister,cpr:{FRIDA},1020-3,,,,,\nfreeze,cpr:{BENT},,,,,,");
    let counts = world.change(&rows);
    assert_eq!(counts, json!({ "rows": 3, "changed": 2, "held": 1, "unchanged": 0, "rejected": 0 }));
    assert_eq!(world.change(&rows), counts, "the same file is told the same");
    let name = id(&world.run("designation list").done()["proposals"][0]);
    let approved = world.run(&format!("designation approve {name} --reason So --as bo")).done();
    // Nobody has said whose account it is.
    assert_eq!(approved, standing(&name, "awaiting_approval", Some("check"), None));
    world.run(&format!("designation approve {name} --reason So --as bo")).refused("proposal.own");
    let looked_at = world.run(&format!("designation approve {name} --reason So --as eve")).done();
    assert_eq!(looked_at["waits_for"], "letter");

    let take_over =
        format!("{GROUNDS_HEADER}change,cpr:{HANS},0041-7,,1020,,,,user_request,phone\nclose,cpr:{ALICE},,,,,,\n");
    world.write("bank.csv", &take_over);
    let said = world.say("account import bank.csv --bank Nordbank");
    assert_eq!(
        said,
        "2 rows: 1 changed something, 0 were known already, 0 were refused.\n\
         1 are proposed and wait: anvis designation list.\n"
    );
    let list = world.run("designation list --for approval").done();
    let bank = list["proposals"].as_array().unwrap().iter().find(|view| view["channel"] == "bank:Nordbank").unwrap();
    // One person could have written the file that they hand in for a bank.
    let approved = world.run(&format!("designation approve {} --reason So --as bo", id(bank))).done();
    holds(&approved, &json!({ "state": "held", "in_force_from": "2026-11-24T09:00:00Z" }), "the bank's");
    world.verified();
}

/// A file is paid by what holds when it is routed: also what nobody has settled.
#[test]
fn what_is_due_is_used_by_the_file_that_is_routed_then() {
    let world = World::guarded();
    let take_over = format!("{GROUNDS_HEADER}change,cpr:{HANS},0041-7,,1020-4811223344,,,,user_request,phone\n");
    assert_eq!(world.import("account import --bank Nordbank", take_over)["held"], 1);
    let name = id(&world.run("designation list --for approval").done()["proposals"][0]);
    world.run(&format!("designation approve {name} --reason So --as bo")).done();
    world.write("payments.xml", simple("DUE", &[cpr("E1", HANS, "1.00")]));
    let check = |now: &str, args: &str, account: &str, settles: u64| {
        let copy = world.copy();
        let size = || copy.run("journal head").done()["size"].as_u64().unwrap();
        let before = size();
        let written = copy.run(&format!("payout {args} --out out --now {now}")).done();
        assert_eq!(size() - before, 1 + settles, "{now}");
        let completed = copy.read(written["completed"].as_str().unwrap());
        assert!(completed.contains(&format!("<IBAN>{}</IBAN>", iban("DK", account))), "{now}: {completed}");
        copy.verified();
    };
    let (before, from) = ("2026-11-24T08:59:59.999999Z", "2026-11-24T09:00:00Z");
    let route = format!("route payments.xml --payer {PUBLIC}");
    check(before, &route, "1020-4811223344", 0);
    check(from, &route, "0041-7", 1);
    let held = world.run(&format!("payout {route} --hold --out out")).done();
    let release = format!("release {}", held["batch"].as_str().unwrap());
    check(before, &release, "1020-4811223344", 0);
    // Without a name whoever releases it may be who approved that.
    check(from, &format!("{release} --as carl"), "0041-7", 1);
}

/// In a store of real people: a caseworker, a colleague who approves, and both have shown their keys.
#[test]
fn a_caseworker_proposes_and_a_colleague_approves() {
    let world = World::real();
    for (name, content) in [
        ("bo.pem", PRIVATE_KEY),
        ("bo.pub", PUBLIC_KEY),
        ("eve.pem", OTHER_PRIVATE_KEY),
        ("eve.pub", OTHER_PUBLIC_KEY),
        ("tom.pem", THIRD_PRIVATE_KEY),
        ("tom.pub", THIRD_PUBLIC_KEY),
        ("ona.pem", FOURTH_PRIVATE_KEY),
        ("ona.pub", FOURTH_PUBLIC_KEY),
        ("pia.pem", FIFTH_PRIVATE_KEY),
        ("pia.pub", FIFTH_PUBLIC_KEY),
    ] {
        world.write(name, content);
    }
    world.import("bank import", BANKS);
    world.import("population import", POPULATION);
    for (authority, people) in [("Kommunen", ["bo", "eve"].as_slice()), ("Skat", &["tom"])] {
        world.run(&format!("payer add {authority} --cvr 13748136 --kind public --no-account reject")).done();
        for name in people {
            world.run(&format!("caseworker add {name} --key {name}.pub --authority {authority}")).done();
        }
    }
    let run = |args: &str, who: &str| world.run(&format!("designation {args} --as {who} --key {who}.pem"));
    let propose = format!("propose cpr:{FRIDA} --account 0040-7 --holder own");
    // Neither a citizen nor another time is believed.
    world.run(&format!("designation {propose} --as citizen:cpr:{FRIDA}")).refused("store.not_synthetic");
    for command in ["settle", "list"] {
        world.run(&format!("designation {command} --now 2027-01-01T00:00:00Z")).refused("store.not_synthetic");
    }
    run(&propose, "bo").refused("designation.ground");
    let specific = format!("{propose} --payer Skat --benefit NKSBOS --law P-9 --evidence Case-7");
    run(&specific, "bo").refused("designation.authority");
    let grounded = format!("{propose} --law P-9 --evidence Case-7");
    world.run(&format!("designation {grounded} --as bo")).refused("operator.key_needed");
    world.run(&format!("designation {grounded} --as bo --key eve.pem")).refused("operator.wrong_key");
    // Whoever sits at the console without a name begins a registry, and asks for nothing afterwards that somebody would answer for.
    let row = format!("register,cpr:{ALICE},0040-9,,none,,,\n");
    world.write("first.csv", format!("{ACCOUNT_HEADER}{row}"));
    let file = "account import first.csv --channel operator";
    assert_eq!(world.run(file).done()["changed"], 1);
    let nameless = ["unfreeze cpr:6101701234 --reason So", "revert 0123456789ABC --reason So", &grounded];
    for command in nameless {
        world.run(&format!("designation {command}")).refused("proposal.officer");
    }
    let proposed = run(&grounded, "bo").done();
    world.run(file).refused("proposal.officer");
    let name = id(&proposed);
    assert_eq!(proposed, standing(&name, "awaiting_approval", Some("approval"), None));

    let approve = format!("approve {name} --reason Seen");
    world.run(&format!("designation {approve}")).refused("proposal.officer");
    world.run(&format!("designation {approve} --as eve")).refused("operator.key_needed");
    world.run(&format!("designation {approve} --as eve --key bo.pem")).refused("operator.wrong_key");
    run(&approve, "bo").refused("proposal.own");
    for command in
        [approve.clone(), format!("refuse {name} --reason So"), format!("show {name}"), format!("cancel {name}")]
    {
        run(&command, "tom").refused("proposal.unknown");
    }
    assert_eq!(run("list", "tom").done(), json!({ "proposals": [] }));
    assert_eq!(run("list --for approval", "eve").done()["proposals"][0]["id"], name);
    assert_eq!(run("list --for code", "eve").done(), json!({ "proposals": [] }));
    let approved = run(&approve, "eve").done();
    assert_eq!(approved, standing(&name, "awaiting_activation", Some("letter"), None));

    // A letter goes to the payee all the same, and says who asks. Who prints it has a name, or nobody else could do anything about it.
    world.run("operator add pia --key pia.pub").done();
    let print = "letters print --to letters --as pia --key pia.pem";
    world.run(print).refused("store.not_synthetic");
    world.write("sender.json", r#"{"name": "Anvis", "lines": ["Postboks 1"]}"#);
    world.run(&format!("{print} --sender sender.json")).refused("letter.sender");
    let sender = r#"{"name": "Anvis", "lines": ["Postboks 1", "1000 København K"], "url": "anvis.example", "telephone": "70 00 00 00"}"#;
    world.write("sender.json", sender);
    assert_eq!(world.run(&format!("{print} --sender sender.json")).done()["letters"], json!([format!("{name}01")]));
    let letter = format!("letters/{name}01.pdf");
    assert!(crate::reader::read_aloud(&world.bytes(&letter)).contains("Kommunen"));
    // The telephone service takes the code down for them: somebody with a name and no other part in it, once the letter has left.
    let activate = format!("activate {name} {}", world.code(&letter));
    world.run(&format!("designation {activate}")).refused("proposal.officer");
    world.run("operator add ona --key ona.pub").done();
    run(&activate, "ona").refused("proposal.not_this");
    world.run(&format!("letters posted {name}01")).done();
    run(&activate, "eve").refused("policy.not_allowed");
    run(&activate, "pia").refused("proposal.own");
    let activated = run(&activate, "ona").done();
    holds(&activated, &json!({ "state": "held", "waits_for": "time" }), "activate");
    assert_eq!(world.run("designation settle").done()["in_force"], 0);
    assert_eq!(world.run(&format!("resolve cpr:{FRIDA}")).done()["state"], "none");
    let shown = run(&format!("show {name}"), "eve").done();
    holds(&shown, &json!({ "channel": "caseworker:Kommunen", "proposed_by": "caseworker:bo" }), "show");
    let refused = run(&format!("refuse {name} --reason Withdrawn"), "eve");
    // Who approved it has a part in it.
    refused.refused("proposal.own");
    world.run("caseworker end bo").done();
    run(&format!("show {name}"), "bo").refused("caseworker.ended");
    world.verified();
}
