//! Payments that are asked back over the wire: asked by payers and operators, fetched and answered by banks.

use crate::support::*;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};

const PAYER: &str = "public-payer.recalls.payouts";
const OPERATOR: &str = "operator~anna.recalls";
const FETCHER: &str = "bank.recalls";
const OTHER_BANK: &str = "bank~Andelskassen_Eksempel.recalls";
const UETR: &str = "8a562c67-ca16-48ba-b074-65581be6f001";

fn asking(token: &str, key: &str, batch: &str, ids: &[&str]) -> Request<Full<Bytes>> {
    let body = json!({ "batch": batch, "end_to_end_ids": ids, "code": "FRAD", "reason": "Somebody else changed it" });
    let mut asked = request(Method::POST, "/v1/recalls", token, Some(&body.to_string()));
    asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
    asked
}

async fn sent(world: &World, ids: &[&str]) -> String {
    let sent = world.ask(asking(PAYER, "sent", &world.batches[0], ids)).await.done();
    sent["recalls"][0]["recall"].as_str().unwrap().to_owned()
}

fn xml(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/xml"), "{answer:?}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// A bank's answer to a whole recall.
pub async fn answered(world: &World, token: &str, case: &str, confirmation: &str) -> Answer {
    let message = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn><Assgnmt><Id>A-1</Id>\
         <Assgnr><Agt><FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgnr><Assgne><Pty><Nm>K</Nm></Pty></Assgne>\
         <CreDtTm>2026-11-26T10:00:00Z</CreDtTm></Assgnmt><RslvdCase><Id>{case}</Id><Cretr><Pty><Nm>K</Nm></Pty></Cretr>\
         </RslvdCase><Sts><Conf>{confirmation}</Conf></Sts></RsltnOfInvstgtn></Document>"
    );
    let mut asked = request(Method::POST, "/v1/recalls/answers", token, None);
    *asked.body_mut() = Full::from(message);
    asked.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    world.ask(asked).await
}

/// A recall of a payment of which its bank has told how it made it.
pub async fn told(world: &World, payer: &str, bank: &str) -> String {
    let sent = world.ask(asking(payer, "told", &world.batches[0], &["E2E-1"])).await.done();
    let told = json!({ "transfers": [{
        "batch": world.batches[0], "end_to_end_id": "E2E-1", "message_id": "BANK-1", "message_name": "pacs.008.001.08",
        "settlement_date": "2026-11-25",
    }] });
    assert_eq!(world.post("/v1/recalls/transfers", bank, &told.to_string()).await.done()["told"], 1);
    sent["recalls"][0]["recall"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_asks_for_its_own_payments_once() {
    let world = World::new().await;
    let batch = &world.batches[0];
    let first = world.ask(asking(PAYER, "one", batch, &["E2E-1", "E2E-2"])).await.done();
    let recall = &first["recalls"][0];
    let expected = json!({
        "recall": recall["recall"], "payer": PUBLIC, "batch": batch, "stage": 0, "to": "EKSBDK22", "bank": BANK, "payments": 2,
    });
    assert_eq!((recall, &first["left"]), (&expected, &json!([])));
    let before = world.entries();
    assert_eq!(world.ask(asking(PAYER, "one", batch, &["E2E-1", "E2E-2"])).await.done(), first);
    assert_eq!(world.entries(), before);
    world.ask(asking(PAYER, "one", batch, &["E2E-4"])).await.refused(422, "idempotency.reused");
    world.ask(asking(PAYER, "two", batch, &["E2E-1"])).await.refused(409, "recall.open");
    world.ask(asking(PAYER, "two", batch, &["E2E-3"])).await.refused(409, "recall.held");
    world.ask(asking(PAYER, "two", batch, &["E2E-9"])).await.refused(422, "recall.payment_unknown");
    world.ask(asking(PAYER, "two", batch, &[])).await.refused(400, "body.field");
    world.ask(asking(PAYER, "two", &world.private_batch, &["E2E-1"])).await.refused(404, "batch.unknown");
    let private = "private-payer.recalls";
    world.ask(asking(private, "two", &world.private_batch, &["E2E-1"])).await.refused(403, "policy.not_allowed");
    // Half of it can be asked, and the rest is told.
    let half = world.ask(asking(PAYER, "half", batch, &["E2E-4", "E2E-3"])).await.done();
    assert_eq!((&half["left"][0]["number"], &half["left"][0]["code"]), (&json!(2), &json!("recall.held")), "{half}");
    let wrong = r#"{"batch":"0000000000000","end_to_end_ids":["E2E-1"],"code":"FRED","reason":"x"}"#;
    world.post("/v1/recalls", PAYER, wrong).await.refused(400, "body.field");
    let operators = world.ask(asking(OPERATOR, "one", &world.private_batch, &["E2E-1"])).await.done();
    let listed = async |token: &str| {
        let listed = world.get("/v1/recalls?limit=10", token).await.done();
        listed["recalls"].as_array().unwrap().iter().map(|one| one["recall"].clone()).collect::<Vec<Value>>()
    };
    let [first, half, operators] = [first, half, operators].map(|sent| sent["recalls"][0]["recall"].clone());
    assert_eq!(listed(PAYER).await, [half.clone(), first.clone()]);
    assert_eq!(listed(OPERATOR).await, [operators.clone(), half, first.clone()]);
    let of_others = format!("/v1/recalls/{}", operators.as_str().unwrap());
    world.get(&of_others, PAYER).await.refused(404, "recall.unknown");
    assert_eq!(world.get(&of_others, OPERATOR).await.done()["payer"], PRIVATE);
    let path = format!("/v1/recalls/{}", first.as_str().unwrap());
    let shown = world.get(&path, PAYER).await.done();
    assert_eq!(
        (&shown["standings"], &shown["by"]),
        (&json!({ "asked": 2 }), &json!("client:a public-payer")),
        "{shown}"
    );
    let message = xml(&world.get(&format!("{path}/message"), PAYER).await);
    assert!(message.contains("<OrgnlMsgId>MSG-3</OrgnlMsgId>"), "{message}");
    // The first page of one, and the next.
    let page = world.get("/v1/recalls?limit=1", PAYER).await.done();
    let next = page["next"].as_str().unwrap();
    let rest = world.get(&format!("/v1/recalls?limit=1&cursor={next}"), PAYER).await.done();
    assert_eq!((&rest["recalls"][0]["recall"], &rest["next"]), (&first, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_fetches_what_is_asked_of_it_and_answers() {
    let world = World::new().await;
    let none = world.get("/v1/recalls/files", FETCHER).await.done();
    assert_eq!(none, json!({ "recalls": [], "next": null }));
    let recall = sent(&world, &["E2E-1", "E2E-2"]).await;
    let files = world.get("/v1/recalls/files", FETCHER).await.done();
    assert_eq!(files["recalls"][0]["recall"], json!(recall));
    let next = files["next"].as_str().unwrap();
    let later = world.get(&format!("/v1/recalls/files?cursor={next}"), FETCHER).await.done();
    assert_eq!(later, json!({ "recalls": [], "next": next }), "it can be asked again");
    let file = format!("/v1/recalls/files/{recall}");
    let message = xml(&world.get(&file, FETCHER).await);
    assert_eq!(message, xml(&world.get(&format!("/v1/recalls/{recall}/message"), PAYER).await));
    assert_eq!(world.get("/v1/recalls/files", OTHER_BANK).await.done()["recalls"], json!([]));
    world.get(&file, OTHER_BANK).await.refused(404, "recall.unknown");
    // From bank to bank only with what the bank tells.
    world.get(&format!("{file}/EKSBDK22"), FETCHER).await.refused(404, "recall.no_transfer");
    let told = json!({ "transfers": [{
        "batch": world.batches[0], "end_to_end_id": "E2E-1", "message_id": "BANK-1", "message_name": "pacs.008.001.08",
        "transaction_id": "T-1", "uetr": UETR, "settlement_date": "2026-11-25",
    }] })
    .to_string();
    let refused = world.post("/v1/recalls/transfers", OTHER_BANK, &told).await.done();
    assert_eq!((&refused["told"], &refused["refused"][0]["code"]), (&json!(0), &json!("transfer.unknown")));
    for expected in [json!({ "told": 1, "known": 0, "refused": [] }), json!({ "told": 0, "known": 1, "refused": [] })] {
        assert_eq!(world.post("/v1/recalls/transfers", FETCHER, &told).await.done(), expected);
    }
    let between = xml(&world.get(&format!("{file}/EKSBDK22"), FETCHER).await);
    assert!(between.contains(UETR) && between.contains("camt.056.001.08"), "{between}");
    let shown = world.get(&format!("/v1/recalls/{recall}"), PAYER).await.done();
    assert_eq!(shown["transfers"], json!(["EKSBDK22"]));
    // What another bank says of it is about nothing.
    let others = answered(&world, OTHER_BANK, &recall, "CNCL").await.done();
    assert_eq!((&others["taken"], &others["unmatched"][0]["code"]), (&json!([]), &json!("answer.case")));
    assert_eq!(others["listed"], json!(1));
    let taken = answered(&world, FETCHER, &recall, "CNCL").await.done();
    let booked: Vec<_> = taken["taken"].as_array().unwrap().iter().map(|one| &one["booked"]).collect();
    assert_eq!(booked, [&json!("1000.00"), &json!("1000.00")], "{taken}");
    let before = world.entries();
    assert_eq!(answered(&world, FETCHER, &recall, "CNCL").await.done()["known"], json!(1));
    assert_eq!(world.entries(), before);
    answered(&world, FETCHER, &recall, "TOO LONG").await.refused(422, "recall.file");
    let shown = world.get(&format!("/v1/recalls/{recall}"), PAYER).await.done();
    assert_eq!((&shown["open"], &shown["came_back"]), (&json!(false), &json!({ "DKK": "2000.00" })));
    let batch = world.get(&format!("/v1/payouts/{}", world.batches[0]), PAYER).await.done();
    assert_eq!(batch["returned"], json!(2), "{batch}");
    world.at_the_store(|writer| writer.read(|scope| services::verify(scope, None, &mut |_| {})).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_promised_is_not_paid_until_its_payer_says_that_it_is_there() {
    let world = World::new().await;
    let recall = sent(&world, &["E2E-1", "E2E-2"]).await;
    answered(&world, FETCHER, &recall, "CNCL").await.done();
    let path = format!("/v1/payouts/{}", world.batches[0]);
    let post = async |token: &str, part: &str, key: &str, body: Value| {
        let mut asked = request(Method::POST, &format!("{path}/{part}"), token, Some(&body.to_string()));
        asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
        asked.headers_mut().insert("if-match", "*".parse().unwrap());
        world.ask(asked).await
    };
    let shown = world.get(&format!("{path}/payments"), PAYER).await.done();
    assert_eq!(
        (&shown["payments"][0]["promised"], &shown["payments"][3]["promised"]),
        (&json!("1000.00"), &Value::Null)
    );
    post(PAYER, "retry", "one", json!({ "all": true })).await.refused(409, "batch.promised");
    let of = |ids: &[&str]| json!({ "end_to_end_ids": ids, "reason": "It is on the account" });
    let private = "private-payer.payouts";
    post(private, "arrived", "one", of(&["E2E-1"])).await.refused(404, "batch.unknown");
    post("operator~anna.payouts", "arrived", "one", of(&["E2E-1"])).await.refused(403, "policy.not_allowed");
    post(PAYER, "arrived", "two", of(&[])).await.refused(400, "body.field");
    post(PAYER, "arrived", "three", of(&["E2E-9"])).await.refused(422, "recall.payment_unknown");
    post(PAYER, "arrived", "four", of(&["E2E-4"])).await.refused(409, "recall.not_promised");
    for _ in 0..2 {
        let arrived = post(PAYER, "arrived", "five", of(&["E2E-1"])).await.done();
        assert_eq!(arrived["payments"], json!([{ "end_to_end_id": "E2E-1", "amount": "1000.00", "currency": "DKK" }]));
    }
    post(PAYER, "arrived", "five", of(&["E2E-2"])).await.refused(422, "idempotency.reused");
    post(PAYER, "arrived", "six", of(&["E2E-1"])).await.refused(409, "recall.not_promised");
    let shown = world.get(&format!("/v1/recalls/{recall}"), PAYER).await.done();
    assert_eq!(
        (&shown["promised"], &shown["recalled"][1]["promised"]),
        (&json!({ "DKK": "1000.00" }), &json!("1000.00"))
    );
    let there = &shown["recalled"][0]["confirmed"][0];
    let expected = (&json!("client:a public-payer"), &json!("It is on the account"), &json!("1000.00"));
    assert_eq!((&there["by"], &there["reason"], &there["amount"]), expected);
    let mut before = None;
    for _ in 0..2 {
        let tried = post(PAYER, "retry", "seven", json!({ "all": true })).await;
        let batch = world.get(&path, PAYER).await;
        assert_eq!(tried.header("etag"), batch.header("etag"), "it is the batch's");
        let (tried, batch) = (tried.done(), batch.done());
        assert_eq!(
            (&tried["left"][0]["end_to_end_id"], &tried["left"][0]["code"]),
            (&json!("E2E-2"), &json!("batch.promised"))
        );
        assert_eq!(
            (&tried["returned"], &batch["returned"], tried["left"].as_array().unwrap().len()),
            (&json!(1), &json!(1), 1)
        );
        assert_eq!(*before.get_or_insert(tried.clone()), tried, "the same again does nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_nothing_is_looked_at_by_an_officer() {
    let world = World::new().await;
    let read = async |token: &str| world.get("/v1/recalls/answers?limit=1", token).await;
    read(PAYER).await.refused(403, "policy.not_allowed");
    read(FETCHER).await.refused(403, "policy.not_allowed");
    assert_eq!(read(OPERATOR).await.done(), json!({ "answers": [], "next": null }));
    for listed in [1, 0] {
        assert_eq!(answered(&world, FETCHER, "ANOTHER", "CNCL").await.done()["listed"], json!(listed));
    }
    let page = read(OPERATOR).await.done();
    let stray = &page["answers"][0];
    assert_eq!(
        (&stray["case_id"], &stray["why"], &stray["bank"]),
        (&json!("ANOTHER"), &json!("answer.case"), &json!(BANK))
    );
    let path = format!("/v1/recalls/answers/{}/settle", stray["id"].as_str().unwrap());
    let settle = async |token: &str, why: &str| world.post(&path, token, &json!({ "reason": why }).to_string()).await;
    settle(FETCHER, "a typo").await.refused(403, "policy.not_allowed");
    settle(OPERATOR, " ").await.refused(422, "recall.why");
    assert_eq!(settle(OPERATOR, "a typo").await.status, 204);
    settle(OPERATOR, "a typo").await.refused(409, "recall.answer_settled");
    let unknown = "/v1/recalls/answers/0000000000000/settle";
    world.post(unknown, OPERATOR, r#"{"reason":"a typo"}"#).await.refused(404, "recall.answer_unknown");
    assert_eq!(read(OPERATOR).await.done()["answers"], json!([]));
    world.at_the_store(|writer| writer.read(|scope| services::verify(scope, None, &mut |_| {})).unwrap());
}
