//! Payment files over the wire: brought, held, released, cancelled, fetched.

use crate::support::*;
use bytes::Bytes;
use denmark::Cvr;
use edge::core::Sizes;
use edge::{Limits, Queue};
use http_body_util::Full;
use hyper::{Method, Request};
use kernel::{Actor, Env, PublicKey, Writer};
use registry::commands::{AddCaseworker, AddPayer, EndCaseworker};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::purpose::BenefitKind;
use registry::terms::{Release, Terms};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn upload(query: &str, token: &str, xml: impl Into<Bytes>, headers: &[(&'static str, &str)]) -> Request<Full<Bytes>> {
    let mut asked = request(Method::POST, &format!("/v1/payouts{query}"), token, None);
    *asked.body_mut() = Full::from(xml.into());
    asked.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    for (name, value) in headers {
        asked.headers_mut().insert(*name, value.parse().unwrap());
    }
    asked
}

async fn bring(world: &World, token: &str, xml: &str) -> Answer {
    world.ask(upload("", token, xml.to_owned(), &[])).await
}

#[track_caller]
fn created(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

fn name(batch: &Value) -> String {
    batch["batch"].as_str().unwrap().to_owned()
}

/// Does something with what a batch holds, having seen this version of it.
async fn act(world: &World, path: &str, tag: &str, key: &str, body: Option<&str>) -> Answer {
    act_as(world, PUBLIC_TOKEN, path, (tag, key), body).await
}

/// The same as somebody.
async fn act_as(world: &World, token: &str, path: &str, (tag, key): (&str, &str), body: Option<&str>) -> Answer {
    let mut asked = request(Method::POST, path, token, body);
    for (name, value) in [("if-match", tag), ("idempotency-key", key)] {
        if !value.is_empty() {
            asked.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    world.ask(asked).await
}

fn text(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/xml"), "{answer:?}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_brought_once() {
    let world = World::new().await;
    let file = payment_file("BROUGHT");
    let first = world.ask(upload("", PUBLIC_TOKEN, file.clone(), &[("idempotency-key", "one")])).await;
    let batch = created(&first);
    assert_eq!((&batch["duplicate"], &batch["state"], &batch["held"]), (&json!(false), &json!("held"), &json!(1)));
    let path = format!("/v1/payouts/{}", name(&batch));
    assert_eq!(first.header("location"), path);
    let shown = world.get(&path, PUBLIC_TOKEN).await;
    assert_eq!(shown.header("etag"), first.header("etag"));
    let before = world.entries();
    for headers in [&[("idempotency-key", "one")] as &[_], &[], &[("idempotency-key", "two")]] {
        let again = created(&world.ask(upload("", PUBLIC_TOKEN, file.clone(), headers)).await);
        assert_eq!((name(&again), &again["duplicate"]), (name(&batch), &json!(true)));
    }
    assert_eq!(world.entries(), before);
    let other = upload("", PUBLIC_TOKEN, payment_file("OTHER"), &[("idempotency-key", "one")]);
    world.ask(other).await.refused(422, "idempotency.reused");
    // Another payer's file is another, and nobody else's business.
    assert_ne!(name(&created(&bring(&world, PRIVATE_TOKEN, &file).await)), name(&batch));
    world.get(&path, PRIVATE_TOKEN).await.refused(404, "batch.unknown");
    let listed = world.get("/v1/payouts?limit=1", PUBLIC_TOKEN).await.done();
    assert_eq!(name(&listed["batches"][0]), name(&batch));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_is_told_where_and_why() {
    let world = World::new().await;
    let (before, file) = (world.entries(), payment_file("REFUSED"));
    let check = async |xml: &str, reason: &str, line: u64, place: &str| {
        let refused = bring(&world, PUBLIC_TOKEN, xml).await.refused(422, "payout.refused");
        let told = (&refused["reason"], &refused["line"], &refused["place"]);
        assert_eq!(told, (&json!(reason), &json!(line), &json!(place)), "{refused}");
    };
    let wrong = file.replacen("<NbOfTxs>4", "<NbOfTxs>5", 1);
    check(&wrong, "AM19", 3, "/Document/CstmrCdtTrfInitn/GrpHdr/NbOfTxs").await;
    check(
        &payment_file("MSG-1").replace(">1000.00<", ">1001.00<"),
        "DU01",
        3,
        "/Document/CstmrCdtTrfInitn/GrpHdr/MsgId",
    )
    .await;
    check(&file[..file.len() - 20], "FF01", 12, "/Document/CstmrCdtTrfInitn").await;
    check("", "FF01", 1, "/").await;
    assert_eq!(world.entries(), before + 4);
    // As a status report, for whoever wants that; there is none where the file does not say whom it is for.
    let as_report = [("accept", "application/xml, application/problem+json;q=0.5")];
    let report = world.ask(upload("", PUBLIC_TOKEN, wrong, &as_report)).await;
    assert_eq!((report.status, report.header("content-type")), (422, "application/xml"));
    let told = String::from_utf8(report.body.to_vec()).unwrap();
    assert!(told.contains("<OrgnlMsgId>REFUSED</OrgnlMsgId>") && told.contains("<Cd>AM19</Cd>"), "{told}");
    world.ask(upload("", PUBLIC_TOKEN, "", &as_report)).await.refused(422, "payout.refused");
    let mut as_json = upload("", PUBLIC_TOKEN, file.clone(), &[]);
    as_json.headers_mut().insert("content-type", "application/json".parse().unwrap());
    world.ask(as_json).await.refused(415, "body.type");
    world.ask(upload("?hold=perhaps", PUBLIC_TOKEN, file.clone(), &[])).await.refused(400, "request.query");
    created(&bring(&world, PUBLIC_TOKEN, &file).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_is_told_where_a_days_money_is() {
    let world = World::new().await;
    let batch = created(&bring(&world, PUBLIC_TOKEN, &payment_file("SUMS")).await);
    let received = world.get(&format!("/v1/payouts/{}", name(&batch)), PUBLIC_TOKEN).await.done();
    let day = received["received"].as_str().unwrap()[..10].to_owned();
    let told = world.get(&format!("/v1/payouts/balance?day={day}"), PUBLIC_TOKEN).await.done();
    // With three that were there.
    let expected = json!({
        "day": day, "agrees": true, "currencies": {},
        "in": "1600200", "delivered": "1200100", "held": "400100", "waiting": "0", "returned": "0", "rejected": "0",
    });
    assert_eq!(told, expected);
    let others = world.get(&format!("/v1/payouts/balance?day={day}"), PRIVATE_TOKEN).await.done();
    assert_eq!((&others["in"], &others["agrees"]), (&json!("400050"), &json!(true)));
    for query in ["", "?day=today", "?day=2026-02-30"] {
        world.get(&format!("/v1/payouts/balance{query}"), PUBLIC_TOKEN).await.refused(400, "request.query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_says_why_and_is_stopped_and_resumed() {
    let world = World::new().await;
    let batch = created(&world.ask(upload("?hold=true", PUBLIC_TOKEN, payment_file("STOPPED"), &[])).await);
    assert_eq!((&batch["waits_for"], &batch["stopped_by"]), (&json!("release"), &json!(null)));
    let path = format!("/v1/payouts/{}", name(&batch));
    let [approve, stop, resume] = ["approve-release", "stop", "resume"].map(|act| format!("{path}/{act}"));
    let holds = async || {
        let page = world.get(&format!("{path}/payments"), PUBLIC_TOKEN).await.done();
        let hold = |one: &Value| format!("{} {}", one["hold"]["reason"], one["hold"]["ends"]).replace('"', "");
        page["payments"].as_array().unwrap().iter().map(hold).collect::<Vec<_>>()
    };
    assert_eq!(holds().await[0], "release release");
    act(&world, &approve, "*", "", None).await.refused(409, "batch.not_asked");
    act(&world, &resume, "*", "", Some(r#"{"all":true,"reason":"so"}"#)).await.refused(409, "batch.not_stopped");
    act(&world, &stop, "*", "", Some(r#"{"all":true}"#)).await.refused(400, "body.field");
    act(&world, &stop, "*", "", Some(r#"{"reason":"so"}"#)).await.refused(400, "body.field");
    let named = r#"{"end_to_end_ids":["E2E-1"],"reason":"a double"}"#;
    act(&world, &stop, "*", "key", Some(named)).await.done();
    act(&world, &stop, "*", "key", Some(named)).await.done();
    act(&world, &stop, "*", "", Some(named)).await.refused(409, "batch.stopped");
    assert_eq!(holds().await[0], "stopped resumed_or_cancelled");
    let stopped = act(&world, &stop, "*", "", Some(r#"{"all":true,"reason":"all"}"#)).await.done();
    assert!(stopped["stopped_by"].as_str().unwrap().starts_with("client:"), "{stopped}");
    let released = act(&world, &format!("{path}/release"), "*", "", None).await.done();
    assert_eq!((&released["routed"], &released["held"]), (&json!(0), &json!(4)));
    act(&world, &resume, "*", "", Some(r#"{"all":true,"reason":"so"}"#)).await.done();
    let released = act(&world, &format!("{path}/release"), "*", "", None).await.done();
    assert_eq!(holds().await[0], "stopped resumed_or_cancelled");
    assert_eq!((&released["routed"], &released["waits_for"]), (&json!(2), &json!(null)));
}

/// Two caseworkers of a payer's own, one who is held to a kind of benefit, and one of another authority.
fn caseworkers(writer: &mut Writer) {
    let people =
        [("kim", PUBLIC, None), ("kaj", PUBLIC, None), ("ben", PUBLIC, Some("NKSBOS")), ("kate", "Styrelsen", None)];
    let mut run = |command: &AddCaseworker| writer.execute(command, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    for (byte, (name, authority, benefit)) in (1..).zip(people) {
        let benefits = benefit.into_iter().filter_map(BenefitKind::parse).collect();
        let key = PublicKey::from_bytes([byte; 32]);
        let (name, authority) = (name.to_owned(), authority.to_owned());
        run(&AddCaseworker { name, key, authority, benefits, in_person: false });
    }
}

fn agree(writer: &mut Writer, name: &str, terms: Terms) {
    let (cvr, kind) = (Cvr::parse("13748136").unwrap(), PayerKind::Public);
    let agreement = Agreement { name: name.to_owned(), cvr, kind, no_account: NoAccount::Hold, bank: None, terms };
    writer.execute(&AddPayer { agreement }, &Actor::console(), &Env::new(NOW, 0)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_let_go_a_file_that_comes_to_more_and_people_of_its_payer_may() {
    let world = World::new().await;
    world.at_the_store(|writer| {
        agree(writer, PUBLIC, Terms { release: Release::ByHand, four_eyes_above: Some(100), ..Terms::default() });
        agree(writer, "Styrelsen", Terms::default());
        caseworkers(writer);
    });
    let [kim, kaj, ben, kate] = ["kim", "kaj", "ben", "kate"].map(|name| format!("caseworker~{name}.payouts"));
    let batch = created(&bring(&world, PUBLIC_TOKEN, &payment_file("TWO")).await);
    assert_eq!(batch["waits_for"], "release");
    let path = format!("/v1/payouts/{}", name(&batch));
    let [release, approve, stop, resume, cancel] =
        ["release", "approve-release", "stop", "resume", "cancel"].map(|act| format!("{path}/{act}"));
    // To others it is as if it were not there, or it is not theirs.
    let why = Some(r#"{"all":true,"reason":"so"}"#);
    for (token, status, code) in [
        (&*kate, 404, "batch.unknown"),
        (&ben, 403, "caseworker.remit"),
        (PRIVATE_TOKEN, 404, "batch.unknown"),
        (OPERATOR_TOKEN, 403, "token.scope"),
        ("caseworker~kim.designations", 403, "token.scope"),
    ] {
        world.get(&path, token).await.refused(status, code);
        act_as(&world, token, &release, ("*", ""), None).await.refused(status, code);
        act_as(&world, token, &approve, ("*", ""), None).await.refused(status, code);
        act_as(&world, token, &stop, ("*", ""), why).await.refused(status, code);
        act_as(&world, token, &resume, ("*", ""), why).await.refused(status, code);
        act_as(&world, token, &cancel, ("*", ""), Some(r#"{"all":true}"#)).await.refused(status, code);
    }
    assert_eq!(world.get("/v1/payouts", &kate).await.done()["batches"], json!([]));
    assert_eq!(world.get("/v1/payouts", &kim).await.done()["batches"][0]["batch"], batch["batch"]);
    world.ask(upload("", &kim, payment_file("HERS"), &[])).await.refused(403, "policy.not_allowed");
    world.get(&format!("{path}/completed"), &kim).await.refused(403, "policy.not_allowed");
    assert!(text(&world.get(&format!("{path}/report"), &kim).await).contains("PDNG"));
    // One asks, and another approves: systems and people alike.
    act(&world, &approve, "*", "", None).await.refused(409, "batch.not_asked");
    let asked = act_as(&world, &kim, &release, ("*", "ask"), None).await.done();
    assert_eq!(
        (&asked["waits_for"], &asked["asked_by"], &asked["routed"]),
        (&json!("approval"), &json!("caseworker:kim"), &json!(0))
    );
    act_as(&world, &kim, &approve, ("*", ""), None).await.refused(403, "batch.own");
    act_as(&world, &kaj, &stop, ("*", ""), why).await.done();
    let approved = act(&world, &approve, "*", "approve", None).await.done();
    assert_eq!((&approved["routed"], &approved["stopped_by"]), (&json!(0), &json!("caseworker:kaj")));
    act_as(&world, &kim, &resume, ("*", ""), why).await.done();
    let approved = act_as(&world, &kaj, &approve, ("*", "again"), None).await;
    assert_eq!((&approved.done()["routed"], &approved.done()["waits_for"]), (&json!(3), &json!(null)));
    let entries = world.entries();
    assert_eq!(act_as(&world, &kaj, &approve, ("*", "again"), None).await.done(), approved.done());
    assert_eq!(world.entries(), entries);
    // Who is a caseworker no more has no say.
    world.at_the_store(|writer| {
        let end = EndCaseworker { name: "kim".to_owned() };
        writer.execute(&end, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    });
    act_as(&world, &kim, &cancel, ("*", ""), Some(r#"{"all":true}"#)).await.refused(403, "caseworker.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_released_or_cancelled_by_whoever_has_seen_it() {
    let world = World::new().await;
    let batch = created(&world.ask(upload("?hold=true", PUBLIC_TOKEN, payment_file("HELD"), &[])).await);
    assert_eq!(batch["held"], 4);
    let path = format!("/v1/payouts/{}", name(&batch));
    let [release, cancel] = ["release", "cancel"].map(|act| format!("{path}/{act}"));
    let tag = world.get(&path, PUBLIC_TOKEN).await.header("etag").to_owned();
    act(&world, &release, "", "", None).await.refused(428, "precondition.missing");
    act(&world, &release, "\"other\"", "", None).await.refused(412, "precondition.failed");
    for body in ["{}", r#"{"all":true,"end_to_end_ids":["E2E-1"]}"#, r#"{"end_to_end_ids":[]}"#] {
        act(&world, &cancel, &tag, "", Some(body)).await.refused(400, "body.field");
    }
    let named = r#"{"end_to_end_ids":["E2E-2","E2E-9"]}"#;
    act(&world, &cancel, &tag, "", Some(named)).await.refused(409, "batch.payment_not_held");
    let named = r#"{"end_to_end_ids":["E2E-2"]}"#;
    let cancelled = act(&world, &cancel, &tag, "key", Some(named)).await;
    assert_eq!((&cancelled.done()["cancelled"], &cancelled.done()["held"]), (&json!(1), &json!(3)));
    // The answer was lost; the version is gone, and the request is known.
    let entries = world.entries();
    assert_eq!(act(&world, &cancel, &tag, "key", Some(named)).await.done(), cancelled.done());
    assert_eq!(world.entries(), entries);
    act(&world, &cancel, &tag, "key", Some(r#"{"all":true}"#)).await.refused(422, "idempotency.reused");
    act(&world, &release, &tag, "", None).await.refused(412, "precondition.failed");
    let tag = cancelled.header("etag").to_owned();
    let released = act(&world, &release, &tag, "key", None).await;
    assert_eq!((&released.done()["routed"], &released.done()["held"]), (&json!(2), &json!(1)));
    assert_eq!(act(&world, &release, &tag, "key", None).await.done(), released.done());
    let tag = released.header("etag").to_owned();
    let all = act(&world, &cancel, &tag, "", Some(r#"{"all":true}"#)).await;
    assert_eq!(all.done()["state"], "completed");
    act(&world, &cancel, all.header("etag"), "", Some(r#"{"all":true}"#)).await.refused(409, "batch.nothing_held");
    act(&world, &release, all.header("etag"), "", None).await.refused(409, "batch.nothing_held");
    act(&world, "/v1/payouts/0000000000000/release", "*", "", None).await.refused(404, "batch.unknown");
    act(&world, &format!("/v1/payouts/{}/cancel", world.private_batch), "*", "", Some(r#"{"all":true}"#))
        .await
        .refused(404, "batch.unknown");

    let payments = world.get(&format!("{path}/payments?limit=3"), PUBLIC_TOKEN).await.done();
    let states = |page: &Value| -> Vec<String> {
        page["payments"].as_array().unwrap().iter().map(|one| format!("{} {}", one["state"], one["code"])).collect()
    };
    assert_eq!(states(&payments), ["\"routed\" null", "\"cancelled\" \"DS02\"", "\"cancelled\" \"DS02\""]);
    let cursor = payments["next"].as_str().unwrap();
    let rest = world.get(&format!("{path}/payments?limit=3&cursor={cursor}"), PUBLIC_TOKEN).await.done();
    assert_eq!((states(&rest), &rest["next"]), (vec!["\"routed\" null".to_owned()], &json!(null)));
    let report = text(&world.get(&format!("{path}/report"), PUBLIC_TOKEN).await);
    assert_eq!(report.matches("<TxSts>PDNG").count(), 4);
    let report = text(&world.get(&format!("{path}/report/3"), PUBLIC_TOKEN).await);
    assert_eq!((report.matches("<TxSts>ACSP").count(), report.matches("<Cd>DS02").count()), (2, 2));
    world.get(&format!("{path}/report/4"), PUBLIC_TOKEN).await.refused(404, "batch.stage_unknown");
    world.get(&format!("{path}/report/x"), PUBLIC_TOKEN).await.refused(404, "batch.stage_unknown");
    world.get(&format!("{path}/completed"), PUBLIC_TOKEN).await.refused(404, "batch.nothing_completed");
    let completed = text(&world.get(&format!("{path}/completed/2"), PUBLIC_TOKEN).await);
    assert_eq!(completed.matches("<CdtrAcct>").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn completed_files_go_to_the_bank_and_never_to_a_private_payer() {
    let world = World::new().await;
    let batch = name(&created(&bring(&world, PRIVATE_TOKEN, &payment_file("PRIVATE")).await));
    let path = format!("/v1/payouts/{batch}");
    for file in ["completed", "completed/0", "completed/1"] {
        world.get(&format!("{path}/{file}"), PRIVATE_TOKEN).await.refused(403, "policy.not_allowed");
        world.get(&format!("{path}/{file}"), PUBLIC_TOKEN).await.refused(404, "batch.unknown");
    }
    let told = format!(
        "{}{}{}",
        world.get(&path, PRIVATE_TOKEN).await.done(),
        world.get(&format!("{path}/payments"), PRIVATE_TOKEN).await.done(),
        text(&world.get(&format!("{path}/report"), PRIVATE_TOKEN).await)
    );
    assert!(told.contains("E2E-3") && !told.contains("E2E-1"), "{told}");
    for word in [ANNA_IBAN, "EKSBDK22", "9860", "IBAN", "CdtrAgt", BANK] {
        assert!(!told.contains(word), "{word} is in {told}");
    }

    let mut found = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = world.get(&format!("/v1/payouts/files{query}"), BANK_TOKEN).await.done();
        let files = page["files"].as_array().unwrap();
        query = format!("?limit=2&cursor={}", page["next"].as_str().unwrap());
        if files.is_empty() {
            break;
        }
        found.extend(files.iter().map(|file| (file["message_id"].as_str().unwrap().to_owned(), name(file))));
    }
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(found[4], ("PRIVATE".to_owned(), batch.clone()));
    // What comes later is found by the same cursor.
    let later = name(&created(&bring(&world, PUBLIC_TOKEN, &payment_file("LATER")).await));
    let page = world.get(&format!("/v1/payouts/files{query}"), BANK_TOKEN).await.done();
    let file = &page["files"][0];
    assert_eq!((name(file), &file["payer"], &file["payments"]), (later, &json!(PUBLIC), &json!(3)));
    assert_eq!(file["sums"]["DKK"], "3000.25");
    let fetched = text(&world.get(&format!("/v1/payouts/files/{batch}/0"), BANK_TOKEN).await);
    assert!(fetched.contains(ANNA_IBAN) && fetched.matches("<CdtrAcct>").count() == 3, "{fetched}");
    for (batch, stage, code) in [
        (&*batch, "1", "batch.stage_unknown"),
        (&*batch, "-1", "batch.stage_unknown"),
        ("0000000000000", "0", "batch.unknown"),
    ] {
        world.get(&format!("/v1/payouts/files/{batch}/{stage}"), BANK_TOKEN).await.refused(404, code);
    }
    let others = world.get("/v1/payouts/files", OTHER_BANK_TOKEN).await.done();
    assert_eq!((&others["files"], &others["next"]), (&json!([]), &json!(null)));
    world.get(&format!("/v1/payouts/files/{batch}/0"), OTHER_BANK_TOKEN).await.refused(404, "batch.unknown");
    world.get("/v1/payouts", BANK_TOKEN).await.refused(403, "token.scope");
    world.get("/v1/payouts/files", PUBLIC_TOKEN).await.refused(403, "token.scope");
}

/// Begins an upload of which no more comes.
async fn begin(world: &World, token: &str, sent: &str) -> TcpStream {
    let mut stream = world.connect().await;
    let head = format!(
        "POST /v1/payouts HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-type: application/xml\r\ncontent-length: 1000000\r\n\r\n{sent}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_hold_no_thread_and_keep_out_only_themselves() {
    let sizes = Sizes { files: 1, pieces: 1, readers: 1, ..Sizes::default() };
    let limits = Limits { transfers_of_one: 2, ..Limits::default() };
    let world = World::with(Wanted { sizes, limits, ..Wanted::default() }).await;
    // Two that bring nothing more, one that is too many, and one that takes nothing.
    let mut begun = Vec::new();
    for sent in ["<Docu", "", "<"] {
        begun.push(begin(&world, PRIVATE_TOKEN, sent).await);
    }
    let (turned_away, slow) = first_answered(begun).await;
    assert!(turned_away.starts_with("HTTP/1.1 503") && turned_away.contains("service.overloaded"), "{turned_away}");
    assert!(turned_away.contains("\r\nretry-after: 5\r\n"), "{turned_away}");
    bring(&world, PRIVATE_TOKEN, "").await.refused(503, "service.overloaded");
    let batch = name(&created(&bring(&world, PUBLIC_TOKEN, &payment_file("QUICK")).await));
    let mut taking = world.connect().await;
    let asked = format!(
        "GET /v1/payouts/{batch}/completed HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {PUBLIC_TOKEN}\r\n\r\n"
    );
    taking.write_all(asked.as_bytes()).await.unwrap();
    for _ in 0..3 {
        text(&world.get(&format!("/v1/payouts/{batch}/report"), PUBLIC_TOKEN).await);
        created(&bring(&world, PUBLIC_TOKEN, &payment_file("QUICK")).await);
    }
    assert_eq!(world.service.edge().metrics.waiting(Queue::Piece), 0);
    drop(slow);
    // When they have gone, there is room again.
    loop {
        let answer = bring(&world, PRIVATE_TOKEN, &payment_file("AFTER")).await;
        if answer.status == 201 {
            break;
        }
        answer.refused(503, "service.overloaded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_off_or_too_slow_leaves_nothing() {
    let limits = Limits { patience: std::time::Duration::from_millis(200), ..Limits::default() };
    let world = World::with(Wanted { limits, ..Wanted::default() }).await;
    let (before, file) = (world.entries(), payment_file("CUT"));
    for (is_cut_off, status, code) in [(true, "400", "body.cut_off"), (false, "408", "request.timeout")] {
        let mut stream = begin(&world, PUBLIC_TOKEN, &file).await;
        if is_cut_off {
            stream.shutdown().await.unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code), "{answer}");
    }
    assert_eq!(world.entries(), before);
    let batch = created(&bring(&world, PUBLIC_TOKEN, &file).await);
    assert_eq!(batch["duplicate"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_when_its_client_has_gone_or_the_end_was_told() {
    let mut world = World::new().await;
    let file = payment_file("GONE");
    let mut stream = begin(&world, PUBLIC_TOKEN, "").await;
    // All of it is sent, and nobody waits for the answer.
    let padded = format!("{file}{}", " ".repeat(1_000_000 - file.len()));
    stream.write_all(padded.as_bytes()).await.unwrap();
    drop(stream);
    loop {
        let newest = world.get("/v1/payouts?limit=1", PUBLIC_TOKEN).await.done()["batches"][0].clone();
        if newest["message_id"] == "GONE" {
            break;
        }
        tokio::task::yield_now().await;
    }
    let again = created(&bring(&world, PUBLIC_TOKEN, &padded).await);
    assert_eq!(again["duplicate"], true);

    let metrics = world.service.edge().metrics.clone();
    let looked_at = || {
        let text = metrics.text();
        text.lines().find(|line| line.contains("was=\"remembered\"")).unwrap().to_owned()
    };
    let before = looked_at();
    let mut stream = begin(&world, PUBLIC_TOKEN, &padded[..500_000].replace("GONE", "LAST")).await;
    // It was let in when its token has been looked at.
    while looked_at() == before {
        tokio::task::yield_now().await;
    }
    world.stop();
    while !world.service.edge().is_stopping() {
        tokio::task::yield_now().await;
    }
    stream.write_all(&padded.as_bytes()[500_000..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(world.stopped().await);
}

/// The example's payment file with payments of 1.00 to these people instead.
fn paying(message_id: &str, payees: &[(&str, usize)]) -> String {
    let file = payment_file(message_id);
    let (head, rest) = file.split_once("<CdtTrfTxInf>").unwrap();
    let (_, end) = rest.rsplit_once("</CdtTrfTxInf>").unwrap();
    let one = &rest[..rest.find("</CdtTrfTxInf>").unwrap()];
    let payees: Vec<&str> = payees.iter().flat_map(|(payee, times)| vec![*payee; *times]).collect();
    let payments = payees.iter().enumerate().map(|(at, payee)| {
        let one = one.replace("E2E-1", &format!("E-{at}")).replace("1000.00", "1.00").replace("6101701234", payee);
        format!("<CdtTrfTxInf>{one}</CdtTrfTxInf>")
    });
    let count = payees.len();
    let head = head.replace("<NbOfTxs>4", &format!("<NbOfTxs>{count}")).replace("4000.50", &format!("{count}.00"));
    format!("{head}{}{end}", payments.collect::<String>())
}

const PAID: &str = "6101701234";
/// In no register.
const NOBODY: &str = "7201701235";
const DEAD: &str = "6301701236";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_to_too_many_who_are_not_there_is_refused_and_tells_of_none() {
    let world = World::new().await;
    let listed = async || {
        let page = world.get("/v1/payouts", PUBLIC_TOKEN).await.done();
        page["batches"].as_array().unwrap().iter().map(name).collect::<Vec<_>>()
    };
    let (before, entries) = (listed().await, world.entries());
    let check = async |id: &str, payees: &[(&str, usize)], status: u16, code: &str, wait: &str| {
        // A status report, which would tell of each payment, is not had either.
        let wanted = [("accept", "application/xml"), ("idempotency-key", "one")];
        let query = if id.ends_with("HELD") { "?hold=true" } else { "" };
        let answer = world.ask(upload(query, PUBLIC_TOKEN, paying(id, payees), &wanted)).await;
        assert_eq!(answer.header("retry-after"), wait, "{id}");
        let mut told = answer.refused(status, code);
        assert!(told.as_object_mut().unwrap().remove("instance").is_some());
        told
    };
    // Five thousand tokens are 250 misses. Whoever else is in the file, all are told the same.
    let misses = check("ONE", &[(NOBODY, 251)], 422, "payout.misses", "").await;
    let members: Vec<_> = misses.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["code", "detail", "status", "title", "type"]);
    assert!(!misses["detail"].as_str().unwrap().contains(|c: char| c.is_ascii_digit()), "{misses}");
    // To be told so has cost ten misses, of which there are 240 left, and it does each time.
    assert_eq!(check("TWO", &[(DEAD, 241)], 422, "payout.misses", "").await, misses);
    assert_eq!(check("HELD", &[(PAID, 40), (NOBODY, 181), (DEAD, 50)], 422, "payout.misses", "").await, misses);
    assert_eq!(listed().await, before);
    assert_eq!(world.entries(), entries + 3);
    let batch = created(&bring(&world, PUBLIC_TOKEN, &paying("THREE", &[(NOBODY, 220)])).await);
    assert_eq!((&batch["rejected"], &batch["held"]), (&json!(220), &json!(0)));

    // Nothing is left, and whoever is in a file makes no difference. A token comes in 864 seconds, and a miss costs 20.
    let exhausted = check("FOUR", &[(NOBODY, 1)], 429, "allowance.exhausted", "17280").await;
    for (id, payees) in [("FIVE", &[(PAID, 1)]), ("HELD", &[(PAID, 1)]), ("SIX", &[(DEAD, 300)])] {
        assert_eq!(check(id, payees, 429, "allowance.exhausted", "17280").await, exhausted, "{id}");
    }
    let one = json!({ "payee": ANNA, "purpose": "payment" }).to_string();
    world.post("/v1/resolve", PUBLIC_TOKEN, &one).await.refused(429, "allowance.exhausted");
    assert_eq!(listed().await, [vec![name(&batch)], before].concat());
    // What came in before is known all the same, and another client has an allowance of its own.
    let again = created(&bring(&world, PUBLIC_TOKEN, &paying("THREE", &[(NOBODY, 220)])).await);
    assert_eq!((name(&again), &again["duplicate"]), (name(&batch), &json!(true)));
    created(&bring(&world, PRIVATE_TOKEN, &paying("FOUR", &[(NOBODY, 1)])).await);
}
