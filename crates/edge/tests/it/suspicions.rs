//! Suspicion reports and marks over HTTP: who tells what, who answers, and what each of them is told.

use crate::support::{
    ANNA, Answer, BANK_TOKEN, CASEWORKER, OPERATOR_TOKEN, OTHER_BANK_TOKEN, OTHER_OPERATOR_TOKEN, PRIVATE_TOKEN,
    PUBLIC_TOKEN, World, request,
};
use hyper::Method;
use serde_json::{Value, json};

const NOBODY: &str = "0000000000000";
const CILLA: &str = "operator~cilla.suspicions.marks";
const CITIZEN: &str = "citizen~6101701234.suspicions.marks";
const OTHER_CITIZEN: &str = "citizen~6201701235.suspicions.marks";

fn caseworker() -> String {
    format!("caseworker~{CASEWORKER}.suspicions.marks")
}

async fn post(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    world.post(path, token, &body.to_string()).await
}

fn reporting(suspected: Value) -> Value {
    json!({ "suspected": suspected, "reason": "stolen_identity", "text": "The customer rang" })
}

async fn reported(world: &World, token: &str, suspected: Value) -> String {
    let answer = post(world, token, "/v1/suspicions", &reporting(suspected)).await.done();
    assert_eq!((&answer["state"], &answer["outcome"]), (&json!("open"), &json!(null)));
    answer["id"].as_str().unwrap().to_owned()
}

/// A report about Anna's account that was confirmed.
async fn confirmed(world: &World) -> String {
    let id = reported(world, BANK_TOKEN, json!({ "account": "0040-440116243" })).await;
    world.done_to(&format!("/v1/suspicions/{id}/acknowledge"), OPERATOR_TOKEN).await.done();
    let closing = json!({ "finding": "confirmed", "reason": "Rang them" });
    post(world, OPERATOR_TOKEN, &format!("/v1/suspicions/{id}/close"), &closing).await.done();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reports_hears_what_became_of_it_and_nothing_of_the_account() {
    let world = World::new().await;
    let id = reported(&world, BANK_TOKEN, json!({ "change_of": ANNA })).await;
    let at = |act: &str| format!("/v1/suspicions/{id}{act}");
    let told = async || world.get(&format!("/v1/suspicions/reported/{id}"), BANK_TOKEN).await.done();
    assert_eq!(
        told().await,
        json!({
            "id": id, "state": "open", "outcome": null, "finding": null, "about": "change", "reason": "stolen_identity",
            "reported": "2026-11-23T09:00:00Z", "acknowledged": null, "closed": null, "due": "2026-11-25T09:00:00Z",
            "overdue": false,
        })
    );
    world.get(&format!("/v1/suspicions/reported/{id}"), OTHER_BANK_TOKEN).await.refused(404, "suspicion.unknown");
    world.get(&at(""), &caseworker()).await.refused(404, "suspicion.unknown");
    let shown = world.get(&at(""), OPERATOR_TOKEN).await.done();
    let said = ["from", "text", "account", "payer"].map(|field| shown[field].clone());
    assert_eq!(said, [json!("bank:Eksempelbanken"), json!("The customer rang"), json!("0040-******6243"), Value::Null]);
    world.done_to(&at("/acknowledge"), &caseworker()).await.refused(404, "suspicion.unknown");
    let closing = json!({ "finding": "misunderstanding", "reason": "She had moved it herself" });
    post(&world, OPERATOR_TOKEN, &at("/close"), &closing).await.refused(409, "suspicion.state");
    world.done_to(&at("/acknowledge"), OPERATOR_TOKEN).await.done();
    world.done_to(&at("/acknowledge"), OPERATOR_TOKEN).await.refused(409, "suspicion.state");
    let own = async |token: &str| post(&world, token, "/v1/suspicions/own", &json!({ "payee": ANNA })).await;
    assert_eq!(own(CITIZEN).await.done()["suspicions"], json!([]));
    post(&world, OPERATOR_TOKEN, &at("/close"), &json!({ "finding": "unfounded", "reason": " " }))
        .await
        .refused(422, "suspicion.why");
    let closed = post(&world, OPERATOR_TOKEN, &at("/close"), &closing).await.done();
    assert_eq!((&closed["outcome"], &closed["finding"]), (&json!("disagreed"), &json!("misunderstanding")));
    let told = told().await;
    assert_eq!((&told["state"], &told["outcome"]), (&json!("closed"), &json!("disagreed")));
    assert!(!told.to_string().contains("moved it"), "{told}");
    assert_eq!(own(CITIZEN).await.done()["suspicions"], json!([told]));
    own(OTHER_CITIZEN).await.refused(403, "citizen.other");
    let listed = world.get("/v1/suspicions/reported", BANK_TOKEN).await.done();
    assert_eq!(listed, json!({ "suspicions": [told], "next": null }));
    assert_eq!(world.get("/v1/suspicions", OPERATOR_TOKEN).await.done()["suspicions"], json!([]));
    let all = world.get("/v1/suspicions?closed=true", OPERATOR_TOKEN).await.done();
    assert_eq!((&all["suspicions"][0]["why"], &all["next"]), (&closing["reason"], &json!(null)));
    let marking = json!({ "suspicion": id, "until": "2027-03-31", "reason": "so" });
    post(&world, OPERATOR_TOKEN, "/v1/marks/motions", &marking).await.refused(409, "mark.not_agreed");
    assert_eq!(world.get("/v1/marks", OPERATOR_TOKEN).await.done(), json!({ "marks": [], "next": null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_answered_by_who_pays_it_and_reported_by_who_has_to_do_with_it() {
    let world = World::new().await;
    let payout = |batch: &str, id: &str| json!({ "payout": { "batch": batch, "end_to_end_id": id } });
    let batch = world.batches[0].clone();
    let check = async |token: &str, suspected: Value, is_theirs: bool| {
        let answer = post(&world, token, "/v1/suspicions", &reporting(suspected.clone())).await;
        match is_theirs {
            true => drop(answer.done()),
            false => drop(answer.refused(422, "suspicion.subject")),
        }
    };
    check(PUBLIC_TOKEN, payout(&batch, "E2E-1"), true).await;
    check(PUBLIC_TOKEN, payout(&batch, "E2E-99"), false).await;
    check(PUBLIC_TOKEN, payout(NOBODY, "E2E-1"), false).await;
    check(PUBLIC_TOKEN, payout(&world.private_batch, "E2E-1"), false).await;
    check(PRIVATE_TOKEN.replace("verify", "suspicions").as_str(), payout(&world.private_batch, "E2E-1"), true).await;
    check(PRIVATE_TOKEN.replace("verify", "suspicions").as_str(), payout(&batch, "E2E-1"), false).await;
    check(&caseworker(), payout(&batch, "E2E-1"), true).await;
    check(BANK_TOKEN, payout(&batch, "E2E-1"), true).await;
    check(OTHER_BANK_TOKEN, payout(&batch, "E2E-1"), false).await;
    check(PUBLIC_TOKEN, json!({ "account": "0040-440116243" }), false).await;
    check(PUBLIC_TOKEN, json!({ "change_of": ANNA }), false).await;
    check(OTHER_BANK_TOKEN, json!({ "account": "0040-440116243" }), false).await;
    check(OTHER_BANK_TOKEN, json!({ "change_of": ANNA }), false).await;
    check(OTHER_BANK_TOKEN, json!({ "proposal": NOBODY }), false).await;
    check(OPERATOR_TOKEN, payout(&batch, "E2E-1"), true).await;
    for body in [
        json!({ "suspected": { "account": "0040-440116243", "change_of": ANNA }, "reason": "mule", "text": "x" }),
        json!({ "suspected": {}, "reason": "mule", "text": "x" }),
        json!({ "suspected": { "account": "0040-440116243" }, "reason": "dislike", "text": "x" }),
        json!({ "suspected": { "account": "0040-440116243" }, "reason": "mule", "text": "x", "from": "court" }),
    ] {
        post(&world, OPERATOR_TOKEN, "/v1/suspicions", &body).await.refused(400, "body.field");
    }
    // Whose word it is follows from whoever else reports it: only an operator says so, of a house that is there.
    for (token, from) in [
        (BANK_TOKEN, "police"),
        (BANK_TOKEN, "bank:Andelskassen Eksempel"),
        (PUBLIC_TOKEN, "review"),
        (caseworker().as_str(), "payer:Kommunen"),
        (OPERATOR_TOKEN, "bank:Nobody"),
    ] {
        let mut body = reporting(payout(&batch, "E2E-1"));
        body["from"] = json!(from);
        post(&world, token, "/v1/suspicions", &body).await.refused(422, "suspicion.from");
    }
    let long = json!({ "suspected": { "account": "0040-440116243" }, "reason": "mule", "text": "x".repeat(2001) });
    post(&world, OPERATOR_TOKEN, "/v1/suspicions", &long).await.refused(422, "suspicion.text");
    // All but the private payer's are the caseworker's to answer; not those that they reported, nor the agency's while there is time.
    let listed = world.get("/v1/suspicions", &caseworker()).await.done();
    let listed = listed["suspicions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|one| one["payer"] == "Kommunen" && one["contact"] == CASEWORKER), "{listed:?}");
    for one in &listed {
        let path = format!("/v1/suspicions/{}/acknowledge", one["id"].as_str().unwrap());
        world.done_to(&path, OTHER_OPERATOR_TOKEN).await.refused(403, "suspicion.routed");
        let answer = world.done_to(&path, &caseworker()).await;
        if one["reported_by"] == format!("caseworker:{CASEWORKER}") {
            answer.refused(403, "suspicion.own");
        } else {
            assert_eq!(answer.done()["state"], "acknowledged");
        }
    }
    // Their systems see which payment it is about, and not what somebody wrote of it.
    let private = PRIVATE_TOKEN.replace("verify", "suspicions");
    let routed = async |token: &str, path: &str| world.get(&format!("/v1/suspicions/routed{path}"), token).await;
    let page = routed(PUBLIC_TOKEN, "?limit=3").await.done();
    let next = page["next"].as_str().unwrap();
    let rest = routed(PUBLIC_TOKEN, &format!("?cursor={next}")).await.done();
    let own = [&page, &rest].map(|page| page["suspicions"].as_array().unwrap().clone()).concat();
    assert_eq!((own.len(), &rest["next"]), (4, &json!(null)));
    for (shown, answered) in own.iter().zip(&listed) {
        let fields = ["id", "about", "reason", "batch", "end_to_end_id"].map(|field| shown[field].clone());
        let expected =
            [answered["id"].clone(), json!("payout"), json!("stolen_identity"), json!(batch), json!("E2E-1")];
        assert_eq!(fields, expected);
        assert!(shown.get("text").is_none() && !shown.to_string().contains("0040"), "{shown}");
    }
    let privates = routed(&private, "").await.done();
    let batches: Vec<_> =
        privates["suspicions"].as_array().unwrap().iter().map(|shown| shown["batch"].clone()).collect();
    assert_eq!(batches, [json!(world.private_batch)]);
    for other in [BANK_TOKEN, OPERATOR_TOKEN, &caseworker()] {
        routed(other, "").await.refused(403, "policy.not_allowed");
    }
    // A private payer has no caseworker: the agency answers.
    let all = world.get("/v1/suspicions", OPERATOR_TOKEN).await.done();
    let private = all["suspicions"].as_array().unwrap().iter().find(|one| one["payer"] == "Pensionskassen").unwrap();
    let path = format!("/v1/suspicions/{}/acknowledge", private["id"].as_str().unwrap());
    world.done_to(&path, OTHER_OPERATOR_TOKEN).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_report_of_one_key_is_one() {
    let world = World::new().await;
    let body = reporting(json!({ "account": "0040-440116243" })).to_string();
    let ask = async || {
        let mut asked = request(Method::POST, "/v1/suspicions", BANK_TOKEN, Some(&body));
        asked.headers_mut().insert("idempotency-key", "1".parse().unwrap());
        world.ask(asked).await.done()
    };
    let first = ask().await;
    let before = world.entries();
    assert_eq!((ask().await, world.entries()), (first, before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_takes_two_people_and_its_owner_is_heard_by_a_third() {
    let world = World::new().await;
    let suspicion = confirmed(&world).await;
    let marking = json!({ "suspicion": suspicion, "until": "2027-03-31", "reason": "It took in stolen money" });
    let motions = "/v1/marks/motions";
    for (field, value, status, code) in [
        ("suspicion", json!(NOBODY), 422, "mark.report"),
        ("until", json!("2026-11-22"), 422, "mark.until"),
        ("until", json!("2027-05-24"), 422, "mark.until"),
        ("reason", json!(" "), 422, "motion.why"),
    ] {
        let mut body = marking.clone();
        body[field] = value;
        post(&world, OPERATOR_TOKEN, motions, &body).await.refused(status, code);
    }
    let id = post(&world, OPERATOR_TOKEN, motions, &marking).await.done()["id"].as_str().unwrap().to_owned();
    let shown = world.get(&format!("{motions}/{id}"), OPERATOR_TOKEN).await.done();
    let fields = ["state", "change", "account", "stands_until"].map(|field| shown[field].clone());
    assert_eq!(fields, ["awaiting_approval", "set", "0040-******6243", "2027-03-31"].map(|text| json!(text)));
    assert_eq!(world.get(motions, OPERATOR_TOKEN).await.done()["motions"], json!([shown]));
    world.done_to(&format!("{motions}/{id}/approve"), OPERATOR_TOKEN).await.refused(403, "motion.own");
    world.done_to(&format!("{motions}/{id}/approve"), OTHER_OPERATOR_TOKEN).await.done();
    let mark = world.get(&format!("/v1/marks/{id}"), OPERATOR_TOKEN).await.done();
    assert_eq!(
        mark,
        json!({
            "id": id, "state": "in_force", "account": "0040-******6243", "reason": "stolen_identity", "until": "2027-03-31",
            "appeal": null, "suspicion": suspicion, "since": "2026-11-23T09:00:00Z", "proposed_by": "operator:anna",
            "approved_by": "operator:bo", "why": "It took in stolen money", "appeals": [],
        })
    );
    post(&world, OPERATOR_TOKEN, motions, &marking).await.refused(409, "motion.nothing");

    let own = async |token: &str| post(&world, token, "/v1/marks/own", &json!({ "payee": ANNA })).await;
    assert_eq!(own(CITIZEN).await.done()["marks"][0]["id"], json!(id));
    own(OTHER_CITIZEN).await.refused(403, "citizen.other");
    let at = |act: &str| format!("/v1/marks/{id}/{act}");
    let appealing = json!({ "text": "It is mine, and nothing was stolen" });
    let deciding = |decision: &str| json!({ "decision": decision, "reason": "Heard her" });
    post(&world, OTHER_CITIZEN, &at("appeal"), &appealing).await.refused(404, "mark.unknown");
    post(&world, CILLA, &at("decide"), &deciding("lift")).await.refused(409, "mark.not_appealed");
    let appealed = post(&world, CITIZEN, &at("appeal"), &appealing).await.done();
    assert_eq!((&appealed["state"], &appealed["appeal"]), (&json!("in_force"), &json!("appealed")));
    let for_her = json!({ "payee": ANNA, "text": "She is here" });
    post(&world, &caseworker(), &at("appeal"), &for_her).await.refused(409, "mark.appealed");
    // Whose account it is without being its payee has an appeal of their own.
    post(&world, &caseworker(), &at("appeal"), &appealing).await.done();
    let waiting = async || world.get("/v1/marks?appealed=true", OPERATOR_TOKEN).await.done()["marks"].clone();
    let waits = waiting().await[0]["appeals"].clone();
    let numbers = waits.as_array().unwrap().iter().map(|appeal| (appeal["number"].clone(), appeal["waits"].clone()));
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 2].map(|number| (json!(number), json!(true))));
    post(&world, CILLA, &at("decide"), &deciding("lift")).await.refused(409, "mark.which");
    for token in [OPERATOR_TOKEN, OTHER_OPERATOR_TOKEN] {
        let first = json!({ "appeal": 1, "decision": "lift", "reason": "Heard her" });
        post(&world, token, &at("decide"), &first).await.refused(403, "mark.own");
    }
    let first = json!({ "appeal": 1, "decision": "uphold", "reason": "Heard her" });
    post(&world, CILLA, &at("decide"), &first).await.done();
    assert_eq!(waiting().await[0]["appeal"], json!("appealed"), "the other one waits");
    let lifted = post(&world, CILLA, &at("decide"), &deciding("lift")).await.done();
    assert_eq!((&lifted["state"], &lifted["appeal"]), (&json!("ended"), &json!("lifted")));
    post(&world, CITIZEN, &at("appeal"), &appealing).await.refused(409, "mark.ended");
    post(&world, OPERATOR_TOKEN, &at("end"), &json!({ "reason": "so" })).await.refused(409, "motion.nothing");
    let listed = world.get("/v1/marks", OPERATOR_TOKEN).await.done();
    let acts = listed["marks"][0]["appeals"].as_array().unwrap().iter().map(|appeal| appeal["act"].clone());
    assert_eq!(acts.collect::<Vec<_>>(), ["appealed", "appealed", "upheld", "lifted"].map(|act| json!(act)));
    assert_eq!(waiting().await, json!([]));
    world.get(&format!("/v1/marks/{NOBODY}"), OPERATOR_TOKEN).await.refused(404, "mark.unknown");
}
