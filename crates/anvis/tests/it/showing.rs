//! Answers that are printed while they are made: each byte of them, however long they are.

use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};
use std::io::Read;

/// More than are read at a time.
const PAYMENTS: usize = 9000;

/// What a command prints for scripts: one object, its members in order.
#[track_caller]
fn printed(world: &World, args: &str, expected: &Value) {
    let answer = world.run(args);
    assert_eq!(answer.done(), *expected, "{args}");
    assert_eq!(answer.stdout, format!("{expected}\n"), "{args}");
}

#[test]
fn a_long_batch_is_shown_whole() {
    let world = World::settled();
    let payee = |at: usize| if at.is_multiple_of(3) { NOBODY } else { ALICE };
    let payments: Vec<Pay> = (0..PAYMENTS).map(|at| cpr(&format!("E{at}"), payee(at), "1.00")).collect();
    world.write("payments.xml", simple("LONG", &payments));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let batch = held["batch"].as_str().unwrap();
    // One change at a place of its own, and many everywhere.
    let cancelled = 5000;
    world.run(&format!("payout cancel {batch} --end-to-end E{cancelled}")).done();
    let released = world.run(&format!("payout release {batch} --out out")).done();

    let fate = |at: usize| match payee(at) {
        NOBODY => ("rejected", Some("BE06")),
        _ if at == cancelled => ("cancelled", Some("DS02")),
        _ => ("routed", None),
    };
    let mut shown = released.clone();
    for (key, value) in [("payer", json!(PUBLIC)), ("message_id", json!("LONG")), ("received", json!(NOW))] {
        shown[key] = value;
    }
    let members = shown.as_object_mut().unwrap();
    for key in ["completed", "status", "earlier"] {
        members.remove(key);
    }
    for key in ["waits_for", "waits_until", "asked_by", "stopped_by"] {
        members.insert(key.to_owned(), json!(null));
    }
    let listed = shown.clone();
    let payment = |at: usize| {
        let (state, code) = fate(at);
        json!({ "end_to_end_id": format!("E{at}"), "state": state, "code": code, "hold": null, "changed_days_ago": null,
                "last_change_channel": null, "pending_change": false, "promised": null })
    };
    shown["payments"] = (0..PAYMENTS).map(payment).collect();
    printed(&world, &format!("payout show {batch}"), &shown);

    let line = |at: usize| {
        let (state, code) = fate(at);
        format!("{:<35}  {state:<9}  {}\n", format!("E{at}"), code.unwrap_or_default())
    };
    let lines: String = (0..PAYMENTS).map(line).collect();
    let expected = format!("{batch}  completed  {PUBLIC}\n{lines}");
    let said = world.say(&format!("payout show {batch}"));
    // The last line has nothing after its last word, and the others are in columns.
    assert!(said == format!("{}\n", expected.trim_end()), "{}", &said[said.len() - 200..]);

    let newer = world.route(PUBLIC, simple("NEW", &[cpr("E1", ALICE, "1.00")])).done();
    let newer = newer["batch"].as_str().unwrap();
    let newest = world.run("payout list --limit 1").done()["batches"][0].clone();
    assert_eq!(newest["batch"], newer);
    printed(&world, "payout list", &json!({ "batches": [newest, listed] }));
    let columns =
        |batch: &str, payments: &str| format!("{batch}  {NOW}  {:<10} {payments:>12}  {PUBLIC}\n", "completed");
    assert_eq!(world.say("payout list"), columns(newer, "1") + &columns(batch, "9,000"));

    // Whoever has read enough goes away, and that is no failure.
    let mut child = world.command(&format!("payout show {batch}")).spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn a_store_without_batches_lists_none() {
    let world = World::settled();
    printed(&world, "payout list", &json!({ "batches": [] }));
    assert_eq!(world.say("payout list"), "No file has come in yet.\n");
}
