//! What banks return, over the wire: brought, booked, decided by a person, tried again by its payer.

use crate::recalls::answered;
use crate::support::*;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use serde_json::{Value, json};

pub const BO_IBAN: &str = "9860-1234567";

pub fn bring(path: &str, token: &str, xml: impl Into<Bytes>, headers: &[(&'static str, &str)]) -> Request<Full<Bytes>> {
    let mut asked = request(Method::POST, path, token, None);
    *asked.body_mut() = Full::from(xml.into());
    asked.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    for (name, value) in headers {
        asked.headers_mut().insert(*name, value.parse().unwrap());
    }
    asked
}

/// One return of 1,000 kroner: its end-to-end id, the account that it went to, and the reason.
pub fn message(id: &str, end_to_end: &str, account: &str, reason: &str) -> String {
    let account = match account.starts_with("DK") {
        true => format!("<IBAN>{account}</IBAN>"),
        false => format!("<Othr><Id>{account}</Id></Othr>"),
    };
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>{id}</MsgId>\
         <CreDtTm>2026-11-24T08:00:00Z</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\
         <TxInf><RtrId>R-1</RtrId><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>\
         <RtrdIntrBkSttlmAmt Ccy=\"DKK\">1000.00</RtrdIntrBkSttlmAmt><RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf>\
         <OrgnlTxRef><CdtrAcct><Id>{account}</Id></CdtrAcct></OrgnlTxRef></TxInf></PmtRtr></Document>"
    )
}

async fn brought(world: &World, token: &str, xml: &str, expected: [u64; 3]) {
    let told = world.ask(bring("/v1/returns", token, xml.to_owned(), &[])).await.done();
    let counts = ["booked", "known", "listed"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, expected, "{told}");
}

async fn payer_sees(world: &World, path: &str, expected: &str) {
    let page = world.get(&format!("{path}/payments"), PUBLIC_TOKEN).await.done();
    let states: Vec<&str> =
        page["payments"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states.join(" "), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_returns_and_the_payer_tries_again() {
    let world = World::new().await;
    let made = world.ask(bring("/v1/payouts", PUBLIC_TOKEN, payment_file("BROUGHT"), &[])).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/v1/payouts/{}", made.json()["batch"].as_str().unwrap());
    payer_sees(&world, &path, "routed routed held routed").await;
    // Which of several files it is of is not certain.
    let alike = message("R-0", "E2E-2", BO_IBAN, "MS03");
    brought(&world, OTHER_BANK_TOKEN, &alike, [0, 0, 1]).await;
    // A person knows.
    let list = world.get("/v1/returns", OPERATOR_TOKEN).await.done();
    let stray = &list["returns"][0];
    assert_eq!((&stray["why"], &list["next"]), (&json!("several"), &Value::Null), "{list}");
    let settle = format!("/v1/returns/{}/settle", stray["id"].as_str().unwrap());
    let batch = path.rsplit('/').next().unwrap();
    let decided = json!({ "payment": { "batch": batch, "end_to_end_id": "E2E-2" }, "reason": "asked the bank" });
    for expected in [200, 409] {
        let answer = world.post(&settle, OPERATOR_TOKEN, &decided.to_string()).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    payer_sees(&world, &path, "routed returned held routed").await;
    let report = world.get(&format!("{path}/report/1"), PUBLIC_TOKEN).await;
    let report = String::from_utf8(report.body.to_vec()).unwrap();
    assert!(report.contains("<OrgnlEndToEndId>E2E-2</") && report.contains("<Cd>MS03</Cd>"), "{report}");
    let day = world.get("/v1/payouts/balance?day=2026-11-23", PUBLIC_TOKEN).await.done();
    assert_eq!((&day["returned"], &day["agrees"]), (&json!("100000"), &json!(true)), "{day}");
    // Nobody but the payer tries it again.
    let again = format!("{path}/retry");
    let ids = json!({ "end_to_end_ids": ["E2E-2"] }).to_string();
    let mut asked = request(Method::POST, &again, PRIVATE_TOKEN, Some(&ids));
    asked.headers_mut().insert("if-match", "*".parse().unwrap());
    world.ask(asked).await.refused(404, "batch.unknown");
    for (key, status) in [("one", 200), ("one", 200), ("two", 409)] {
        let mut asked = request(Method::POST, &again, PUBLIC_TOKEN, Some(&ids));
        asked.headers_mut().insert("if-match", "*".parse().unwrap());
        asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
        let answer = world.ask(asked).await;
        assert_eq!(answer.status, status, "{key}: {answer:?}");
    }
    payer_sees(&world, &path, "routed routed held routed").await;
    // What does not lie in the waiting account is not taken back from there.
    let lying = json!({ "end_to_end_id": "E2E-2", "reason": "moved away" }).to_string();
    for (token, status, code) in [(PRIVATE_TOKEN, 404, "batch.unknown"), (PUBLIC_TOKEN, 409, "return.not_waiting")] {
        let mut asked = request(Method::POST, &format!("{path}/give-back"), token, Some(&lying));
        asked.headers_mut().insert("if-match", "*".parse().unwrap());
        world.ask(asked).await.refused(status, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_of_returns_is_refused() {
    let world = World::new().await;
    let good = message("R-1", "E2E-77", BO_IBAN, "MS03");
    for xml in [&good[..good.len() - 9], "", &payment_file("X"), &good.replace("<NbOfTxs>1<", "<NbOfTxs>2<")] {
        world.ask(bring("/v1/returns", BANK_TOKEN, xml.to_owned(), &[])).await.refused(422, "return.file");
    }
    // A bank that has left the bank directory.
    world.ask(bring("/v1/returns", "bank~Nobody.returns", good.clone(), &[])).await.refused(422, "bank.unknown");
    answered(&world, "bank~Nobody.recalls", "R-1", "RJCR").await.refused(422, "bank.unknown");
    world.ask(bring("/v1/returns", PUBLIC_TOKEN, good.clone(), &[])).await.refused(403, "token.scope");
    world.get("/v1/returns", BANK_TOKEN).await.refused(403, "policy.not_allowed");
    let keyed = |xml: String| bring("/v1/returns", BANK_TOKEN, xml, &[("idempotency-key", "one")]);
    let first = world.ask(keyed(good.clone())).await.done();
    assert_eq!((&first["listed"], &world.ask(keyed(good.clone())).await.done()), (&json!(1), &first));
    world.ask(keyed(good.replace("R-1", "R-2"))).await.refused(422, "idempotency.reused");
    brought(&world, BANK_TOKEN, &good, [0, 1, 0]).await;
}
