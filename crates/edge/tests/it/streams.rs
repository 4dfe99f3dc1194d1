//! Bodies that are read and written piece by piece.

use crate::support::{PUBLIC_TOKEN, Wanted, World, request};
use edge::Limits;
use edge::route::{Answer, Call, Form, Json, Route};
use edge::stream::{Arriving, Written, outgoing};
use http_body_util::BodyExt;
use hyper::Method;
use kernel::{Operation, Role};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OPERATION: Operation = Operation { name: "test.stream", roles: &[Role::PublicPayer] };

/// How many bytes came.
async fn count(call: Call<Arriving>) -> Answer<Json<usize>> {
    let (mut body, mut bytes) = (call.body, 0);
    while let Some(piece) = body.piece(10_000).await? {
        assert!(piece.len() == 10_000 || bytes % 10_000 == 0, "only the last piece is smaller");
        bytes += piece.len();
    }
    Ok(Json(bytes))
}

/// The same a million times; or half of it, and then no more.
async fn repeat(call: Call) -> Answer<Written> {
    let pieces = if call.headers.contains_key("x-broken") { 50 } else { 100 };
    let (mut out, written) = outgoing();
    tokio::spawn(async move {
        for _ in 0..pieces {
            if out.give(b"<a/>".repeat(10_000)).await.is_err() {
                return;
            }
        }
        if pieces == 100 {
            out.end().await;
        }
    });
    Ok(written)
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Grant {
    /// What it is.
    grant_type: String,
}

async fn form(call: Call<Form<Grant>>) -> Answer<Json<String>> {
    Ok(Json(call.body.0.grant_type))
}

async fn world(limits: Limits) -> World {
    let mut routes = edge::routes::all();
    routes.push(Route::post("/v1/count", "test.count", "Counts bytes").token(OPERATION, "payouts").by(count));
    routes.push(Route::get("/v1/repeat", "test.repeat", "Says it again").token(OPERATION, "payouts").by(repeat));
    routes.push(Route::post("/v1/form", "test.form", "Reads a form").token(OPERATION, "payouts").by(form));
    World::of_routes(Wanted { limits, ..Wanted::default() }, routes).await
}

fn head(length: usize) -> String {
    format!(
        "POST /v1/count HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {PUBLIC_TOKEN}\r\nconnection: close\r\n\
         content-type: application/xml\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_read_while_it_arrives() {
    // A body that is read whole could not be so large.
    let world = world(Limits { body_bytes: 1_000, ..Limits::default() }).await;
    let mut stream = world.connect().await;
    let length = 5_000_000;
    stream.write_all(head(length).as_bytes()).await.unwrap();
    stream.write_all(&vec![b' '; length]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("5000000"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_off_or_too_slow_is_told_so() {
    let limits = Limits { patience: Duration::from_millis(200), bytes_per_second: 1_000_000, ..Limits::default() };
    let world = world(limits).await;
    for (is_cut_off, status, code) in [(true, "400", "body.cut_off"), (false, "408", "request.timeout")] {
        let mut stream = world.connect().await;
        stream.write_all(format!("{}<Document", head(100)).as_bytes()).await.unwrap();
        if is_cut_off {
            stream.shutdown().await.unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(code), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_written_while_it_is_taken_and_a_broken_one_is_seen_to_be() {
    let world = world(Limits::default()).await;
    let whole = world.get("/v1/repeat", PUBLIC_TOKEN).await;
    assert_eq!((whole.status, whole.body.len()), (200, 4_000_000));
    let mut asked = request(Method::GET, "/v1/repeat", PUBLIC_TOKEN, None);
    asked.headers_mut().insert("x-broken", "1".parse().unwrap());
    let io = hyper_util::rt::TokioIo::new(world.connect().await);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(asked).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    // A client that goes away in the middle leaves no thread behind.
    for _ in 0..4 {
        let mut stream = world.connect().await;
        let asked =
            format!("GET /v1/repeat HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {PUBLIC_TOKEN}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        stream.read_exact(&mut [0; 1_000]).await.unwrap();
    }
    assert_eq!(world.get("/v1/repeat", PUBLIC_TOKEN).await.body.len(), 4_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_are_read_as_oauth_has_them() {
    let world = world(Limits::default()).await;
    let check = async |kind: &'static str, body: &'static str, status: u16| {
        let mut asked = request(Method::POST, "/v1/form", PUBLIC_TOKEN, Some(body));
        asked.headers_mut().insert("content-type", kind.parse().unwrap());
        assert_eq!(world.ask(asked).await.status, status, "{body}");
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    check(FORM, "grant_type=client_credentials&unknown=1", 200).await;
    check(FORM, "grant_type=a&grant_type=b", 400).await;
    check(FORM, "", 400).await;
    check("application/json", "{}", 415).await;
}
