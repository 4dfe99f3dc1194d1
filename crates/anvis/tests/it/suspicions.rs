//! What somebody suspects, and the accounts that are marked for it, at the console.

use crate::pain::{cpr, simple};
use crate::support::*;
use serde_json::json;

#[test]
fn a_report_is_answered_and_its_account_marked_appealed_and_lifted() {
    let world = World::settled();
    let run = |args: &str| world.run(args);
    let id = |args: &str| run(args).done()["id"].as_str().unwrap().to_owned();
    let about = format!("suspicion report --account {ALICE_ACCOUNT} --reason mule --text Strange");
    run(&format!("{about} --account {ALICE_ACCOUNT}")).ended(2);
    run("suspicion report --reason mule --text Strange").ended(2);
    run(&format!("{about} --from court")).ended(2);
    run("suspicion report --proposal 0000000000000 --reason mule --text So").refused("suspicion.subject");
    run(&format!("suspicion report --change-of cpr:{NOBODY} --reason mule --text So")).refused("suspicion.subject");
    let report = id(&format!("{about} --from police --as rita"));
    let listed = run("suspicion list --as sven").done();
    let expected = json!({
        "id": report, "state": "open", "from": "police", "reported_by": "operator:rita", "text": "Strange",
        "account": "0040-******6243", "due": "2026-11-25T09:00:00Z", "overdue": false, "payer": null,
    });
    holds(&listed["suspicions"][0], &expected, "list");
    let late = run("suspicion list --as sven --now 2026-11-25T09:00:01Z").done();
    assert_eq!(late["suspicions"][0]["overdue"], json!(true));
    run(&format!("suspicion acknowledge {report} --as rita")).refused("suspicion.own");
    let closing = format!("suspicion close {report} --finding confirmed --reason Seen --as sven");
    run(&closing).refused("suspicion.state");
    run(&format!("suspicion acknowledge {report} --as sven")).done();
    let closed = run(&closing).done();
    holds(&closed, &json!({ "state": "closed", "outcome": "agreed", "finding": "confirmed", "due": null }), "close");
    assert_eq!(run("suspicion list --as sven").done()["suspicions"], json!([]));
    assert_eq!(run("suspicion list --closed --as sven").done()["suspicions"][0]["why"], json!("Seen"));

    let marking = format!("account mark --suspicion {report} --until 2027-03-31 --reason So");
    let mark = id(&format!("{marking} --as anna"));
    run(&format!("account approve {mark} --as anna")).refused("motion.own");
    run(&format!("account approve {mark} --as bo")).done();
    let shown = run(&format!("account show {mark}")).done();
    let by = json!({
        "state": "in_force", "account": "0040-******6243", "reason": "mule", "until": "2027-03-31", "suspicion": report,
        "proposed_by": "operator:anna", "approved_by": "operator:bo", "appeals": [],
    });
    holds(&shown, &by, "show");
    assert_eq!(run("account list").done(), json!({ "marks": [shown], "motions": [] }));
    assert_eq!(run(&format!("account show {mark} --now 2027-04-01T09:00:00Z")).done()["state"], json!("expired"));
    let own = run(&format!("account list --payee cpr:{ALICE} --as citizen:cpr:{ALICE}")).done();
    assert_eq!(own["marks"][0]["id"], json!(mark));
    run(&format!("account list --payee cpr:{ALICE} --as citizen:cpr:{BENT}")).refused("citizen.other");
    run(&format!("account appeal {mark} --text Mine --as citizen:cpr:{BENT}")).refused("mark.unknown");
    run(&format!("account appeal {mark} --text Mine --as citizen:cpr:{ALICE}")).done();
    let waiting = run("account list --appealed").done();
    assert_eq!((&waiting["marks"][0]["id"], &waiting["motions"]), (&json!(mark), &json!(null)));
    let said = world.say("account list --appealed");
    assert!(said.contains("1 appealed") && said.contains(", waits: Mine"), "{said}");
    run(&format!("account decide {mark} --lift --uphold --reason So --as carl")).ended(2);
    run(&format!("account decide {mark} --appeal 2 --lift --reason So --as carl")).refused("mark.not_appealed");
    run(&format!("account decide {mark} --lift --reason So --as bo")).refused("mark.own");
    let upheld = run(&format!("account decide {mark} --uphold --reason So --as carl")).done();
    assert_eq!(upheld, json!({ "id": mark, "state": "in_force", "until": "2027-03-31", "appeal": "upheld" }));
    assert_eq!(run("account list --appealed").done(), json!({ "marks": [] }));
    let end = id(&format!("account unmark {mark} --reason So --as bo"));
    assert_eq!(run(&format!("account show {end}")).done()["change"], json!("end"));
    run(&format!("account approve {end} --as carl")).done();
    assert_eq!(run(&format!("account show {mark}")).done()["state"], json!("ended"));
    run("account show 0000000000000").refused("motion.unknown");
    let said = world.say("account list");
    assert!(said.contains("ended  0040-******6243, mule, until 2027-03-31, upheld"), "{said}");
    let said = world.say("suspicion list --closed");
    assert!(
        said.contains("closed  account, mule") && said.contains("from police, by operator:rita: Strange"),
        "{said}"
    );
    world.verified();
}

#[test]
fn a_payout_is_reported_by_its_batch_and_end_to_end_id() {
    let world = World::settled();
    let routed = world.route(PUBLIC, simple("FIL", &[cpr("E2E-1", ALICE, "1.00")])).done();
    let batch = routed["batch"].as_str().unwrap();
    let about = |id: &str| {
        format!("suspicion report --batch {batch} --end-to-end-id {id} --reason not_the_payees --text So --as rita")
    };
    let id = world.run(&about("E2E-1")).done()["id"].as_str().unwrap().to_owned();
    let shown = world.run(&format!("suspicion show {id}")).done();
    // There is no caseworker: the agency answers.
    let expected =
        json!({ "about": "payout", "batch": batch, "end_to_end_id": "E2E-1", "payer": PUBLIC, "contact": null });
    holds(&shown, &expected, "show");
    world.run(&about("E2E-99")).refused("suspicion.subject");
    world.run(&format!("suspicion acknowledge {id} --as sven")).done();
    world.verified();
}
