//! What the registers tell, event by event and as files that come bit by bit.

use crate::support::{
    ANNA, Answer, COMPANIES_TOKEN, PUBLIC_TOKEN, REGISTER_TOKEN, Wanted, World, first_answered, request,
};
use edge::Limits;
use edge::core::Sizes;
use hyper::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEADER: &str = "cpr,name,address,postcode,city,country,status,status_date,protected\n";
const AS_OF: &str = "2026-11-23T08:00:00Z";

fn token_for(path: &str) -> &'static str {
    if path.starts_with("/v1/register/companies") { COMPANIES_TOKEN } else { REGISTER_TOKEN }
}

async fn events(world: &World, family: &str, events: Value, key: Option<&str>) -> Answer {
    let path = format!("/v1/register/{family}");
    let body = json!({ "events": events }).to_string();
    let mut asked = request(Method::POST, &path, token_for(&path), Some(&body));
    if let Some(key) = key {
        asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
    }
    world.ask(asked).await
}

async fn file(world: &World, path: &str, content: &str) -> Answer {
    file_by(world, token_for(path), path, content).await
}

async fn file_by(world: &World, token: &str, path: &str, content: &str) -> Answer {
    let mut asked = request(Method::POST, path, token, Some(content));
    asked.headers_mut().insert("content-type", "text/csv".parse().unwrap());
    world.ask(asked).await
}

async fn state(world: &World) -> Value {
    let body = json!({ "payee": ANNA, "purpose": "payment" }).to_string();
    world.post("/v1/resolve", PUBLIC_TOKEN, &body).await.done()["state"].clone()
}

fn event(kind: &str, at: &str) -> Value {
    json!({ "cpr": "6101701234", "at": at, "event": { "kind": kind, "date": "2026-11-20" } })
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_people_are_recorded_and_each_is_answered() {
    let world = World::new().await;
    assert_eq!(state(&world).await, "in_force");
    let before = world.entries();
    let told = |event: Value| json!({ "cpr": "610170-1234", "at": "2026-11-21T08:00:00+01:00", "event": event });
    let answer = events(
        &world,
        "people",
        json!([
            told(json!({ "kind": "move", "address": "Vej 1", "city": "By" })),
            told(json!({ "kind": "move", "address": "Vej 1", "city": "By" })),
            told(json!({ "kind": "name", "name": "" })),
            told(json!({ "kind": "protection", "protected": true })),
            told(json!({ "kind": "death", "date": "2026-02-30" })),
            { "cpr": "7201701235", "at": "2026-11-21T08:00:00Z", "event": { "kind": "death" } },
            { "cpr": "7201701235", "at": "2026-11-21T08:00:00Z", "event": { "kind": "record", "name": "N", "status": "active" } },
            event("death", "2026-11-22T08:00:00Z"),
            { "cpr": "6101701234", "at": "2026-11-21T08:00:00Z", "event": { "kind": "status", "status": "active" } },
            event("death", "2026-12-22T08:00:00Z"),
        ]),
        None,
    )
    .await;
    let results: Vec<String> = answer.done()["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} {}", event["result"], event["code"]).replace('"', ""))
        .collect();
    let expected = [
        "done null",
        "unchanged null",
        "refused row.empty_field",
        "done null",
        "refused register.date",
        "refused payee.unknown",
        "done null",
        "done null",
        "outdated null",
        "refused register.future",
    ];
    assert_eq!(results, expected);
    assert_eq!(world.entries(), before + 1);
    assert_eq!(state(&world).await, "dead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_repeated_is_done_once() {
    let world = World::new().await;
    let told = async |kind: &str, key| events(&world, "people", json!([event(kind, AS_OF)]), key).await;
    let first = told("death", Some("one")).await.done();
    assert_eq!(first["events"][0]["result"], "done");
    let before = world.entries();
    assert_eq!(told("death", Some("one")).await.done(), first);
    assert_eq!(world.entries(), before);
    // Without the key it is another request, which finds it known.
    assert_eq!(told("death", None).await.done()["events"][0]["result"], "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_companies() {
    let world = World::new().await;
    let told = |event: Value| json!({ "cvr": "13748136", "at": AS_OF, "event": event });
    let answer = events(
        &world,
        "companies",
        json!([
            told(json!({ "kind": "name", "name": "Ny ApS" })),
            told(json!({ "kind": "closure" })),
            told(json!({ "kind": "status", "status": "dead-ish" })),
        ]),
        None,
    )
    .await;
    let expected = json!({ "events": [
        { "result": "done", "code": null }, { "result": "done", "code": null },
        { "result": "refused", "code": "register.status" },
    ] });
    assert_eq!(answer.done(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_speaks_for_its_own_register() {
    let world = World::new().await;
    let before = world.entries();
    let died = json!({ "events": [event("death", AS_OF)] }).to_string();
    let closed = json!({ "cvr": "13748136", "at": AS_OF, "event": { "kind": "closure" } });
    let closed = json!({ "events": [closed] }).to_string();
    let check = async |token: &str, family: &str, event: &str, row: &str| {
        let path = format!("/v1/register/{family}");
        world.post(&path, token, event).await.refused(403, "policy.not_allowed");
        let path = format!("{path}/file?as_of={AS_OF}");
        file_by(&world, token, &path, row).await.refused(403, "policy.not_allowed");
    };
    let people = format!("{HEADER}6101701234,Anna,,,,,dead,,\n");
    let companies = "cvr,name,status,status_date\n13748136,A,dissolved,\n";
    for token in [COMPANIES_TOKEN, "register-feed~.register", "register-feed~Population.register"] {
        check(token, "people", &died, &people).await;
    }
    for token in [REGISTER_TOKEN, "register-feed~.register", "register-feed~Companies.register"] {
        check(token, "companies", &closed, companies).await;
    }
    assert_eq!(world.entries(), before);
    assert_eq!(state(&world).await, "in_force");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_events_has_its_form() {
    let world = World::new().await;
    let check = async |events_: Value, status: u16, code: &str, pointer: &str| {
        let refused = events(&world, "people", events_, None).await.refused(status, code);
        assert!(refused["pointer"].as_str().unwrap_or_default().starts_with(pointer), "{refused}");
        assert!(!refused.to_string().contains("6101701234"), "{refused}");
    };
    let with = |event: Value| json!([{ "cpr": "6101701234", "at": AS_OF, "event": event }]);
    check(json!([]), 422, "register.count", "").await;
    check(json!(vec![event("death", AS_OF); 1001]), 422, "register.count", "").await;
    check(json!([event("death", "6101701234")]), 400, "body.field", "/events/0/at").await;
    check(json!([event("death", "2026-11-20")]), 400, "body.field", "/events/0/at").await;
    for wrong in [
        json!({ "kind": "6101701234" }),
        json!({ "kind": "death", "6101701234": 1 }),
        json!({ "kind": "move", "date": "" }),
        json!({ "kind": "name" }),
        json!({ "kind": "name", "name": 6101701234_u64 }),
        json!({ "kind": "protection", "protected": "6101701234" }),
        json!({}),
        json!("6101701234"),
    ] {
        check(with(wrong), 400, "body.field", "/events/0/event").await;
    }
    let doubled = r#"{"events":[{"cpr":"6101701234","at":"2026-11-23T08:00:00Z","event":{"kind":"name","name":"A","name":"B"}}]}"#;
    world.post("/v1/register/people", REGISTER_TOKEN, doubled).await.refused(400, "body.field");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_and_told_of() {
    let world = World::new().await;
    let path = format!("/v1/register/people/file?as_of={AS_OF}");
    let rows =
        "610170-1234,Anna Prøve,Prøvevej 1,2100,København Ø,DK,dead,,false\nbad\n6601701239,Frida,,,,,active,,\n";
    let content = format!("{HEADER}{rows}");
    let answer = file(&world, &path, &content).await.done();
    let refused = json!([{ "line": 3, "code": "row.malformed" }]);
    assert_eq!(answer, json!({ "rows": 3, "changed": 2, "unchanged": 0, "rejected": 1, "refused": refused }));
    assert_eq!(state(&world).await, "dead");
    let before = world.entries();
    assert_eq!(file(&world, &path, &content).await.done(), answer);
    assert_eq!(world.entries(), before);
    // An event that came before the file was written is older than it.
    let late = json!([{ "cpr": "6101701234", "at": "2026-11-23T07:00:00Z", "event": { "kind": "status", "status": "active" } }]);
    assert_eq!(events(&world, "people", late, None).await.done()["events"][0]["result"], "outdated");
    let path = format!("/v1/register/companies/file?as_of={AS_OF}");
    let answer = file(&world, &path, "cvr,name,status,status_date\n13748136,Prøve ApS,dissolved,\n").await.done();
    assert_eq!(answer["changed"], 1);

    file(&world, &path, &content).await.refused(422, "import.header");
    file(&world, "/v1/register/people/file", &content).await.refused(400, "request.query");
    file(&world, "/v1/register/people/file?as_of=2026", &content).await.refused(400, "request.query");
    file(&world, &path, "").await.refused(422, "import.header");
    // Whatever a sender lost of the end, an address does not lose its protection by it.
    let protected = format!("{HEADER}6601701239,Frida,,,,,active,,true\n");
    let people = format!("/v1/register/people/file?as_of={AS_OF}");
    let refused = json!([{ "line": 2, "code": "row.malformed" }]);
    assert_eq!(file(&world, &people, protected.trim_end_matches("true\n")).await.done()["refused"], refused);
    world.post(&path, REGISTER_TOKEN, "{}").await.refused(415, "body.type");
}

fn head(length: usize) -> String {
    format!(
        "POST /v1/register/people/file?as_of={AS_OF} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {REGISTER_TOKEN}\r\n\
         connection: close\r\ncontent-type: text/csv\r\ncontent-length: {length}\r\n\r\n"
    )
}

async fn end(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_cut_off_is_read_up_to_its_last_piece_and_goes_on_there() {
    let world =
        World::with(Wanted { limits: Limits { body_bytes: 1_000, ..Limits::default() }, ..Wanted::default() }).await;
    // One piece and a half.
    let rows: String = (0..24_000).map(|at| format!("bad{at}\n")).collect();
    let content = format!("{HEADER}{rows}");
    let before = world.entries();
    let mut stream = world.connect().await;
    stream.write_all(head(content.len()).as_bytes()).await.unwrap();
    stream.write_all(&content.as_bytes()[..content.len() - 1_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("body.cut_off"), "{answer}");
    assert_eq!(world.entries(), before + 1);
    let path = format!("/v1/register/people/file?as_of={AS_OF}");
    let answer = file(&world, &path, &content).await.done();
    assert_eq!((&answer["rows"], &answer["rejected"]), (&json!(24_000), &json!(24_000)));
    assert_eq!(answer["refused"].as_array().unwrap().len(), 1000);
    assert_eq!(world.entries(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_files_hold_nobody_up_and_one_too_many_is_turned_away_before_it_is_read() {
    let sizes = Sizes { pieces: 1, ..Sizes::default() };
    let limits = Limits { patience: Duration::from_secs(60), transfers_of_one: 2, ..Limits::default() };
    let world = World::with(Wanted { sizes, limits, ..Wanted::default() }).await;
    let row = "6601701239,Frida,,,,,active,,\n";
    let sent = format!("{}{HEADER}", head(HEADER.len() + row.len()));
    let mut begun = Vec::new();
    for _ in 0..3 {
        let mut stream = world.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        begun.push(stream);
    }
    let (turned_away, slow) = first_answered(begun).await;
    assert!(turned_away.starts_with("HTTP/1.1 503") && turned_away.contains("service.overloaded"), "{turned_away}");
    assert!(turned_away.contains("\r\nretry-after: 5\r\n"), "{turned_away}");
    let path = format!("/v1/register/people/file?as_of={AS_OF}");
    file(&world, &path, HEADER).await.refused(503, "service.overloaded");
    // Everything else goes on.
    assert_eq!(state(&world).await, "in_force");
    assert_eq!(events(&world, "people", json!([event("death", AS_OF)]), None).await.status, 200);
    for mut stream in slow {
        stream.write_all(row.as_bytes()).await.unwrap();
        let answer = end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"rows\":1"), "{answer}");
    }
    assert_eq!(file(&world, &path, HEADER).await.status, 200);
}
