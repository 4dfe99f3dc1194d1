//! Changes that wait for an officer.

use crate::commands::{OTHER_PRIVATE_KEY, PRIVATE_KEY, PUBLIC_KEY};
use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};

/// The last moment at which a change that was held at [`NOW`] waits, and the next.
const LAST: &str = "2026-12-23T08:59:59Z";
const LAPSED: &str = "2026-12-23T09:00:00Z";

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

#[test]
fn what_waits_is_listed_and_shown_and_changes_no_payout() {
    let (world, names) = waiting();
    let listed = |name: &String| {
        json!({
            "change": name, "state": "held", "channel": "bank:Nordbank", "asked": NOW, "until": LAPSED,
            "reason": "user_request", "consent": "phone", "ended": null,
        })
    };
    let list = |args: &str| world.run(&format!("change list {args}")).done();
    assert_eq!(list(""), json!({ "changes": names.iter().map(listed).collect::<Vec<_>>() }));
    assert_eq!(list("--limit 1"), json!({ "changes": [listed(&names[0])] }));
    assert_eq!(list(&format!("--now {LAST}"))["changes"].as_array().unwrap().len(), 2);
    assert_eq!(list(&format!("--now {LAPSED}")), json!({ "changes": [] }));
    let said = world.say("change list");
    assert_eq!(
        said.lines().next().unwrap(),
        format!("{}  bank:Nordbank  asked {NOW}, waits until {LAPSED}, for user_request (consent: phone)", names[0])
    );
    assert!(!said.contains(BENT) && !said.contains("DK"), "the list is of nobody: {said}");

    let before = world.run("journal head").done()["size"].as_u64().unwrap();
    let shown = world.run(&format!("change show {}", names[0])).done();
    assert_eq!(
        shown,
        json!({
            "change": names[0], "state": "held", "payee": format!("cpr:{BENT}"), "account": iban("DK", "0040-1"),
            "replaces": iban("DK", "5000-12"), "in_force": iban("DK", "5000-12"), "channel": "bank:Nordbank",
            "asked_by": "client:nord", "asked": NOW, "until": LAPSED, "reason": "user_request", "consent": "phone",
            "ended": null, "ended_by": null, "why": null,
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
fn an_officer_releases_or_refuses_it_and_says_why() {
    let (world, names) = waiting();
    let run = |args: &str| world.run(args);
    run(&format!("change release {}", names[0])).ended(2);
    let missing = "0000000000000";
    for command in ["release", "refuse"] {
        run(&format!("change {command} {missing} --reason so")).refused("change.unknown");
        run(&format!("change {command} {} --reason {}", names[0], "x".repeat(501))).refused("change.why");
    }
    run(&format!("change show {missing}")).refused("change.unknown");
    let released = run(&format!("change release {} --reason Called --as anna", names[0].to_lowercase())).done();
    assert_eq!(released, json!({ "change": names[0], "state": "released", "changed": true }));
    assert_eq!(account(&world, BENT), iban("DK", "0040-1"));
    let history = run(&format!("account history cpr:{BENT}")).done();
    holds(
        &history["designations"][0],
        &json!({
            "by": "operator:anna", "channel": "bank:Nordbank", "reason": "user_request", "consent": "phone",
            "from": NOW, "to": null,
        }),
        "history",
    );
    let refused = run(&format!("change refuse {} --reason Denied --as anna", names[1])).done();
    assert_eq!(refused, json!({ "change": names[1], "state": "refused" }));
    assert_eq!(account(&world, HANS), iban("DK", "1020-4811223344"));
    for (name, state, why) in [(&names[0], "released", "Called"), (&names[1], "refused", "Denied")] {
        let shown = run(&format!("change show {name}")).done();
        holds(&shown, &json!({ "state": state, "ended": NOW, "ended_by": "operator:anna", "why": why }), name);
        run(&format!("change release {name} --reason so")).refused("change.ended");
    }
    assert_eq!(run("change list").done(), json!({ "changes": [] }));
    assert_eq!(world.say("change list"), "Nothing waits.\n");
    let said = world.say(&format!("account history cpr:{BENT}"));
    assert!(
        said.contains("by operator:anna through bank:Nordbank, for user_request (consent: phone), recorded"),
        "{said}"
    );
    world.verified();
}

#[test]
fn a_change_by_another_way_comes_first() {
    let (world, names) = waiting();
    world.change(&format!("change,cpr:{BENT},1020-7,,5000,,,"));
    world.run(&format!("change release {} --reason so", names[0])).refused("designation.expects_mismatch");
    // It waits still. An account that came back is not the one that it was asked against.
    world.change(&format!("change,cpr:{BENT},5000-12,,1020,,,"));
    world.run(&format!("change release {} --reason so", names[0])).refused("designation.expects_mismatch");
    world.run(&format!("change refuse {} --reason so", names[0])).done();
    // What was asked for came by another way.
    world.change(&format!("change,cpr:{HANS},0041-2,,1020,,,"));
    let released = world.run(&format!("change release {} --reason so", names[1])).done();
    assert_eq!(released["changed"], false);
    world.verified();
}

#[test]
fn what_lapsed_is_not_released() {
    let (world, names) = waiting();
    for command in ["release", "refuse"] {
        world.run(&format!("change {command} {} --reason so --now {LAPSED}", names[0])).refused("change.ended");
    }
    assert_eq!(world.run(&format!("change show {} --now {LAPSED}", names[0])).done()["state"], "lapsed");
    world.run(&format!("change release {} --reason so --now {LAST}", names[1])).done();
    world.verified();
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
    let waits = || world.run("change list").done()["changes"].as_array().unwrap().len();
    let account = |payee: &str| world.run(&format!("resolve {payee}")).done()["account"].clone();
    world.write("anna.pem", PRIVATE_KEY);
    world.write("anna.pub", PUBLIC_KEY);
    world.write("eve.pem", OTHER_PRIVATE_KEY);
    let release = |name: &str| format!("change release {name} --reason so");
    let refuse = |name: &str| format!("change refuse {name} --reason so");
    let check = |officer: &str, code: &str| {
        for name in &names {
            for command in [release(name), refuse(name)] {
                world.run(&format!("{command} {officer}")).refused(code);
            }
        }
        assert_eq!(waits(), 2, "{officer}");
        let held = [0, 1].map(|at| iban("DK", &format!("1020-2{at}")));
        assert_eq!(payees.each_ref().map(|payee| account(payee)), held.map(Value::from), "{officer}");
    };
    check("", "change.officer");
    check("--as anna", "operator.key_needed");
    check("--as anna --operator-key anna.pem", "operator.unknown");
    world.run("operator add anna --key anna.pub").done();
    check("", "change.officer");
    check("--as anna", "operator.key_needed");
    check("--as anna --operator-key eve.pem", "operator.wrong_key");
    check("--as eve --operator-key eve.pem", "operator.unknown");

    let anna = "--as anna --operator-key anna.pem";
    let released = world.run(&format!("{} {anna}", release(&names[0]))).done();
    assert_eq!(released, json!({ "change": names[0], "state": "released", "changed": true }));
    let refused = world.run(&format!("{} {anna}", refuse(&names[1]))).done();
    assert_eq!(refused, json!({ "change": names[1], "state": "refused" }));
    assert_eq!((account(&payees[0]), account(&payees[1])), (iban("DK", "0040-1").into(), iban("DK", "1020-21").into()));
    for (name, state) in [(&names[0], "released"), (&names[1], "refused")] {
        let shown = world.run(&format!("change show {name}")).done();
        holds(&shown, &json!({ "state": state, "ended_by": "operator:anna", "why": "so" }), name);
    }
    assert_eq!(waits(), 0);
    world.verified();
}
