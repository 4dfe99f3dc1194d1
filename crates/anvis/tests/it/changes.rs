//! Changes by a bank that wait for an officer.

use crate::commands::{OTHER_PRIVATE_KEY, PRIVATE_KEY, PUBLIC_KEY};
use crate::pain::*;
use crate::support::*;
use kernel::Id;
use registry::proposal::Proposal;
use serde_json::{Value, json};

/// The last moment at which a change that was held at [`NOW`] waits, and the next.
const LAST: &str = "2026-12-23T08:59:59.999999Z";
const LAPSED: &str = "2026-12-23T09:00:00Z";
const HOUR_LATER: &str = "2026-12-23T10:00:00Z";

/// Bent's account is to be with another bank, and so is Hans'.
fn waiting() -> (World, Vec<String>) {
    let world = World::settled();
    let payees = [BENT, HANS].map(|cpr| format!("cpr:{cpr}"));
    let names = world.hold("Nordbank", &[(&payees[0], "0040-1"), (&payees[1], "0041-2")]);
    (world, names)
}

fn account(world: &World, payee: &str) -> Value {
    world.run(&format!("resolve cpr:{payee}")).done()["account"].clone()
}

/// What is told of a proposal that ended so.
fn ended(name: &str, state: &str, in_force_from: Option<&str>) -> Value {
    json!({ "id": name, "state": state, "waits_for": null, "in_force_from": in_force_from })
}

#[test]
fn what_waits_is_listed_and_shown_and_changes_no_payout() {
    let (world, names) = waiting();
    let listed = |name: &String| {
        json!({
            "id": name, "state": "awaiting_approval", "waits_for": "check", "in_force_from": null,
            "channel": "bank:Nordbank", "proposed": NOW, "due": LAPSED, "reason": "user_request", "consent": "phone",
            "ended": null,
        })
    };
    let list = |args: &str| world.run(&format!("designation list {args}")).done();
    let all: Vec<Value> = names.iter().map(listed).collect();
    for options in ["", "--for check"] {
        assert_eq!(list(options), json!({ "proposals": all }), "{options}");
    }
    assert_eq!(list("--for approval"), json!({ "proposals": [] }));
    assert_eq!(list("--limit 1"), json!({ "proposals": [listed(&names[0])] }));
    assert_eq!(list(&format!("--now {LAST}"))["proposals"].as_array().unwrap().len(), 2);
    assert_eq!(list(&format!("--now {LAPSED}")), json!({ "proposals": [] }));
    let said = world.say("designation list");
    assert_eq!(
        said.lines().next().unwrap(),
        format!("{}  awaiting_approval  waits for check  bank:Nordbank  proposed {NOW}, until {LAPSED}", names[0])
    );
    assert!(!said.contains(BENT) && !said.contains("DK"), "the list is of nobody: {said}");

    let before = world.run("journal head").done()["size"].as_u64().unwrap();
    let shown = world.run(&format!("designation show {}", names[0])).done();
    assert_eq!(
        shown,
        json!({
            "id": names[0], "state": "awaiting_approval", "waits_for": "check", "in_force_from": null,
            "payee": format!("cpr:{BENT}"), "account": iban("DK", "0040-1"), "replaces": iban("DK", "5000-12"),
            "in_force": iban("DK", "5000-12"), "benefit": null, "channel": "bank:Nordbank",
            "proposed_by": "client:nord", "proposed": NOW, "holder": "own", "ownership": "match",
            "action": "designate", "reverts": null, "undone_with_it": [], "why": null, "is_frozen": false,
            "ground": null, "reason": "user_request", "consent": "phone", "signals": [], "acts": [],
        })
    );
    assert_eq!(world.run("journal head").done()["size"], before + 1, "what is shown of a person is on record");

    let fates = |world: &World| {
        let routed = world.route(PUBLIC, simple(&format!("MSG-{before}"), &[cpr("E1", BENT, "1.00")])).done();
        world.fates(&routed)["E1"].clone()
    };
    assert_eq!(fates(&world), ("routed".to_owned(), None));
    assert_eq!(account(&world, BENT), iban("DK", "5000-12"));
    world.verified();
}

#[test]
fn an_officer_lets_it_go_on_or_refuses_it_and_says_why() {
    let (world, names) = waiting();
    let run = |args: &str| world.run(&format!("designation {args}"));
    run(&format!("approve {}", names[0])).ended(2);
    let missing = "0000000000000";
    for command in ["approve", "refuse"] {
        run(&format!("{command} {missing} --reason so")).refused("proposal.unknown");
        run(&format!("{command} {} --reason {}", names[0], "x".repeat(501))).refused("proposal.why");
    }
    run(&format!("show {missing}")).refused("proposal.unknown");
    let approved = run(&format!("approve {} --reason Called --as anna", names[0].to_lowercase())).done();
    assert_eq!(approved, ended(&names[0], "in_force", Some(NOW)));
    assert_eq!(account(&world, BENT), iban("DK", "0040-1"));
    let history = world.run(&format!("account history cpr:{BENT}")).done();
    holds(
        &history["designations"][0],
        &json!({
            "by": "operator:anna", "channel": "bank:Nordbank", "reason": "user_request", "consent": "phone",
            "holder": "own",
            "from": NOW, "to": null,
        }),
        "history",
    );
    let refused = run(&format!("refuse {} --reason Denied --as anna", names[1])).done();
    assert_eq!(refused, ended(&names[1], "refused", None));
    assert_eq!(account(&world, HANS), iban("DK", "1020-4811223344"));
    for (name, act, why) in [(&names[0], "checked", "Called"), (&names[1], "refused", "Denied")] {
        let shown = run(&format!("show {name}")).done();
        let expected = json!({ "act": act, "at": NOW, "by": "operator:anna", "why": why });
        assert_eq!(shown["acts"][0], expected, "{shown}");
        run(&format!("approve {name} --reason so")).refused("proposal.ended");
    }
    assert_eq!(run("list").done(), json!({ "proposals": [] }));
    assert_eq!(world.say("designation list"), "Nothing waits.\n");
    let said = world.say(&format!("account history cpr:{BENT}"));
    assert!(
        said.contains(
            "by operator:anna through bank:Nordbank, for user_request (consent: phone), said to be own, recorded"
        ),
        "{said}"
    );
    world.verified();
}

#[test]
fn a_change_by_another_way_comes_first() {
    let (world, names) = waiting();
    let approve = |name: &str| world.run(&format!("designation approve {name} --reason so"));
    world.change(&format!("change,cpr:{BENT},1020-7,,5000,,,"));
    approve(&names[0]).refused("designation.expects_mismatch");
    // It waits still. An account that came back is not the one that it was asked against.
    world.change(&format!("change,cpr:{BENT},5000-12,,1020,,,"));
    approve(&names[0]).refused("designation.expects_mismatch");
    world.run(&format!("designation refuse {} --reason so", names[0])).done();
    // What was asked for came by another way.
    world.change(&format!("change,cpr:{HANS},0041-2,,1020,,,"));
    let rows = || world.number("SELECT COUNT(*) FROM designation");
    let before = rows();
    assert_eq!(approve(&names[1]).done(), ended(&names[1], "in_force", Some(NOW)));
    assert_eq!(rows(), before);
    world.verified();
}

#[test]
fn what_lapsed_is_decided_about_no_more() {
    let (world, names) = waiting();
    for command in ["approve", "refuse"] {
        world.run(&format!("designation {command} {} --reason so --now {LAPSED}", names[0])).refused("proposal.ended");
    }
    let state = || world.run(&format!("designation show {} --now {LAPSED}", names[0])).done()["state"].clone();
    assert_eq!(state(), "expired");
    world.run(&format!("designation approve {} --reason so --now {LAST}", names[1])).done();
    // It is on record when somebody looks at what is due.
    let settled = world.run(&format!("designation settle --now {LAPSED}")).done();
    assert_eq!(
        settled,
        json!({ "in_force": 0, "refused": 0, "expired": 1, "waiting": 0, "unreadable": [], "more": false })
    );
    assert_eq!(state(), "expired");
    world.verified();
}

#[test]
fn what_cannot_be_read_keeps_nobody_else_waiting() {
    let (world, names) = waiting();
    // What one asks for stands in the other's row.
    let [broken, other] = [0, 1].map(|at| Id::<Proposal>::parse_name(&names[at]).unwrap().number());
    world.damage("proposal", &format!("asked = (SELECT asked FROM proposal WHERE id = {other}) WHERE id = {broken}"));
    let listed = world.run("designation list").done();
    assert_eq!((&listed["proposals"][0]["id"], &listed["proposals"][1]), (&json!(names[1]), &Value::Null));
    let settled = world.run(&format!("designation settle --now {LAPSED}")).done();
    holds(&settled, &json!({ "expired": 1, "unreadable": [names[0]] }), "settled");
    assert_eq!(world.run(&format!("designation settle --now {LAPSED}")).done()["unreadable"], json!([]));
    let said = world.say(&format!("designation settle --now {HOUR_LATER}"));
    assert!(said.contains(&format!("The store is damaged: {} cannot be read.", names[0])), "{said}");
    world.run(&format!("designation show {} --now {HOUR_LATER}", names[0])).failed(1, "failure");
    assert_ne!(world.run("journal verify").exit, 0);
}

/// Whoever holds the master key is nobody by name, and could let through what they asked for themselves.
#[test]
fn among_real_people_an_officer_is_a_registered_operator() {
    let world = World::real();
    world.import("bank import", BANKS);
    let payees = [P_NUMBER, "1000000043"].map(|number| format!("p:{number}"));
    let [first, second] = [0, 1].map(|at| format!("register,{},1020-2{at},,none,,,", payees[at]));
    assert_eq!(world.change(&format!("{first}\n{second}"))["changed"], 2);
    // What is asked for must not have lapsed by the clock of whoever runs this.
    let history = world.run(&format!("account history {}", payees[0])).done();
    let now = history["designations"][0]["recorded"].as_str().unwrap();
    let names = world.hold_at(now, "Nordbank", &[(&payees[0], "0040-1"), (&payees[1], "0041-2")]);
    let waits = || world.run("designation list").done()["proposals"].as_array().unwrap().len();
    let account = |payee: &str| world.run(&format!("resolve {payee}")).done()["account"].clone();
    world.write("anna.pem", PRIVATE_KEY);
    world.write("anna.pub", PUBLIC_KEY);
    world.write("eve.pem", OTHER_PRIVATE_KEY);
    let approve = |name: &str| format!("designation approve {name} --reason so");
    let refuse = |name: &str| format!("designation refuse {name} --reason so");
    let check = |officer: &str, code: &str| {
        for name in &names {
            for command in [approve(name), refuse(name)] {
                world.run(&format!("{command} {officer}")).refused(code);
            }
        }
        assert_eq!(waits(), 2, "{officer}");
        let held = [0, 1].map(|at| iban("DK", &format!("1020-2{at}")));
        assert_eq!(payees.each_ref().map(|payee| account(payee)), held.map(Value::from), "{officer}");
    };
    check("", "proposal.officer");
    check("--as anna", "operator.key_needed");
    check("--as anna --operator-key anna.pem", "operator.unknown");
    world.run("operator add anna --key anna.pub").done();
    check("", "proposal.officer");
    check("--as anna", "operator.key_needed");
    check("--as anna --operator-key eve.pem", "operator.wrong_key");
    check("--as eve --operator-key eve.pem", "operator.unknown");

    let anna = "--as anna --operator-key anna.pem";
    // A bank's change waits one banking day more, so that whoever is told of it can stop it.
    let approved = world.run(&format!("{} {anna}", approve(&names[0]))).done();
    holds(&approved, &json!({ "id": names[0], "state": "held", "waits_for": "time" }), "approve");
    let refused = world.run(&format!("{} {anna}", refuse(&names[1]))).done();
    assert_eq!(refused, ended(&names[1], "refused", None));
    let held = [0, 1].map(|at| iban("DK", &format!("1020-2{at}")));
    assert_eq!(payees.each_ref().map(|payee| account(payee)), held.map(Value::from));
    for (name, act) in [(&names[0], "checked"), (&names[1], "refused")] {
        let shown = world.run(&format!("designation show {name}")).done();
        holds(&shown["acts"][0], &json!({ "act": act, "by": "operator:anna", "why": "so" }), name);
    }
    assert_eq!(waits(), 1);
    world.verified();
}
