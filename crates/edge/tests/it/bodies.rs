//! Bodies and heads that are wrong, each with its own clear answer.

use crate::support::{
    BANK_TOKEN, PUBLIC_TOKEN, REGISTER_TOKEN, System, Wanted, World, behind_a_proxy, exchange, payment_file, request,
};
use bytes::Bytes;
use edge::Limits;
use hyper::body::{Body, Frame};
use hyper::{Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kernel::Role;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TYPE: &str = "content-type: application/json";

/// Sends these bytes after a head for a look-up, and ends the sending; the answer as text.
async fn send(world: &World, headers: &str, body: &[u8]) -> String {
    let mut stream = world.connect().await;
    let head = format!(
        "POST /v1/resolve HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {PUBLIC_TOKEN}\r\n{headers}\r\n\r\n"
    );
    // A server that has answered may have closed already.
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[track_caller]
fn check(answer: &str, status: &str, code: &str, about: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{about}: {answer}");
    assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{about}: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_wrong() {
    let world =
        World::with(Wanted { limits: Limits { body_bytes: 4_096, ..Limits::default() }, ..Wanted::default() }).await;
    let before = world.entries();
    let good = r#"{"purpose":"payment","payee":"cpr:6101701234"}"#;
    let with_length = |kind: &str, body: &str| format!("{kind}\r\ncontent-length: {}", body.len());
    let json = async |body: &str| send(&world, &with_length(TYPE, body), body.as_bytes()).await;

    for kind in ["accept: */*", "content-type: text/plain", "content-type: application/json; charset=latin1"] {
        check(&send(&world, &with_length(kind, good), good.as_bytes()).await, "415", "body.type", kind);
    }
    let table: &[(&str, &str, &str)] = &[
        ("", "400", "body.cut_off"),
        ("{", "400", "body.cut_off"),
        (&good[..20], "400", "body.cut_off"),
        ("payee=cpr:6101701234", "400", "body.malformed"),
        ("{} {}", "400", "body.field"),
        (r#"["cpr:6101701234"]"#, "400", "body.field"),
        ("null", "400", "body.field"),
        ("[]", "400", "body.field"),
        (r#"{"payee":null}"#, "400", "body.field"),
        (r#"{"payee":6101701234}"#, "400", "body.field"),
        (r#"{"payee":"6101701234"}"#, "400", "body.field"),
        (r#"{"payee":"cpr:1"}"#, "400", "body.field"),
        (r#"{"payee":"cpr:6101701234","purpose":"payment","payee":"cpr:6101701234"}"#, "400", "body.field"),
        (r#"{"payee":"cpr:6101701234","as_of":"2026-01-01"}"#, "400", "body.field"),
        (r#"{"purpose":"payment","payee":"cpr:6101701234","benefit":""}"#, "400", "body.field"),
        (r#"{"purpose":"payment","payee":"cpr:6101701234","benefit":7}"#, "400", "body.field"),
        ("{\"payee\":\"cpr:61017\u{0}01234\"}", "400", "body.malformed"),
        (r#"{"payee":"cpr:61017\u000001234"}"#, "400", "body.field"),
        (r#"{"payee":"\ud800"}"#, "400", "body.field"),
    ];
    for (body, status, code) in table {
        let answer = json(body).await;
        check(&answer, status, code, body);
        assert!(!answer.contains("6101701234") && !answer.contains("61017"), "{body}: {answer}");
    }
    let latin = [b"{\"payee\":\"cpr:\xe6\"}".as_slice()].concat();
    check(
        &send(&world, &format!("{TYPE}\r\ncontent-length: {}", latin.len()), &latin).await,
        "400",
        "body.malformed",
        "latin1",
    );

    let large = " ".repeat(4_097);
    check(&json(&large).await, "413", "body.too_large", "announced");
    let chunked = format!("{TYPE}\r\ntransfer-encoding: chunked");
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    check(&send(&world, &chunked, chunk.as_bytes()).await, "413", "body.too_large", "not announced");
    check(
        &send(&world, &format!("{TYPE}\r\ncontent-length: 100"), good.as_bytes()).await,
        "400",
        "body.cut_off",
        "length",
    );
    check(&send(&world, &chunked, b"5\r\n{\"pay").await, "400", "body.cut_off", "chunk");
    assert_eq!(world.entries(), before, "nothing was looked up");
    // And one that is right, in pieces.
    let (first, second) = good.split_at(7);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    assert!(send(&world, &chunked, chunks.as_bytes()).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_nested_arrays_stop_nothing() {
    let world = World::new().await;
    for body in ["[".repeat(10_000), "{\"payee\":".repeat(10_000), format!("{{\"payee\":{}", "[".repeat(10_000))] {
        let answer = world.post("/v1/resolve", PUBLIC_TOKEN, &body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(world.get("/health/ready", "").await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_wrong() {
    let world = World::new().await;
    let long = format!("/v1/payouts?cursor={}", "a".repeat(4_000));
    world.get(&long, PUBLIC_TOKEN).await.refused(414, "request.uri_too_long");
    let mut many = request(Method::GET, "/v1/payouts", PUBLIC_TOKEN, None);
    for number in 0..62 {
        many.headers_mut().append("x-more", number.into());
    }
    assert_eq!(exchange(world.connect().await, many.clone()).await.status, 200);
    many.headers_mut().append("x-more", 63.into());
    exchange(world.connect().await, many.clone()).await.refused(431, "request.headers");
    let mut large = request(Method::GET, "/v1/payouts", PUBLIC_TOKEN, None);
    large.headers_mut().append("x-large", "a".repeat(17_000).parse().unwrap());
    exchange(world.connect().await, large).await.refused(431, "request.headers");
    let mut body = request(Method::GET, "/v1/payouts", PUBLIC_TOKEN, Some("{}"));
    body.headers_mut().remove("content-type");
    exchange(world.connect().await, body).await.refused(415, "body.type");

    // What the reader of HTTP itself refuses has no document, and an answer all the same.
    let huge = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let headers = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "a: b\r\n".repeat(1_000));
    for (bytes, status) in [("GARBAGE\r\n\r\n", "400"), (huge.as_str(), "431"), (headers.as_str(), "431")] {
        let mut stream = world.connect().await;
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

/// Nothing is unpacked, so that nothing small becomes large.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_packed_is_refused_and_never_unpacked() {
    let world = World::with(behind_a_proxy()).await;
    let before = world.entries();
    let (json, certificate) = ("application/json", System::of(Role::Bank).certificate());
    let look_up = r#"{"purpose":"payment","payee":"cpr:6101701234"}"#.to_owned();
    let file = payment_file("PACKED");
    // Where it is read as it is, it goes on to whatever else is wrong with it.
    let table = [
        ("/v1/resolve", PUBLIC_TOKEN, json, look_up, "200"),
        ("/v1/verify/many", PUBLIC_TOKEN, json, "{}".to_owned(), "body.field"),
        ("/v1/accounts", BANK_TOKEN, json, "{}".to_owned(), "body.field"),
        ("/v1/register/people", REGISTER_TOKEN, json, "{}".to_owned(), "body.field"),
        ("/v1/payouts", PUBLIC_TOKEN, "application/xml", file, "201"),
        ("/mapper/resolve", "", json, "{}".to_owned(), "mapper.message"),
        ("/oauth/token", "", "application/x-www-form-urlencoded", "grant_type=x".to_owned(), "body.field"),
    ];
    let packings: [&[&str]; 9] = [
        &["gzip"],
        &["br"],
        &["deflate"],
        &["zstd"],
        &["x"],
        &[""],
        &["identity, gzip"],
        &["identity", "gzip"],
        &["gzip", "identity"],
    ];
    let check = async |codings: &[&str], is_taken: bool| {
        for (path, token, kind, body, expected) in &table {
            let mut asked = request(Method::POST, path, token, Some(body));
            asked.headers_mut().insert("content-type", kind.parse().unwrap());
            asked.headers_mut().insert("client-cert", certificate.parse().unwrap());
            for coding in codings {
                asked.headers_mut().append("content-encoding", coding.parse().unwrap());
            }
            let answer = world.ask(asked).await;
            let told = format!("{} {}", answer.status, String::from_utf8(answer.body.to_vec()).unwrap());
            let is_refused = told.starts_with("415 ") && told.contains("body.type");
            assert!(if is_taken { told.contains(expected) } else { is_refused }, "{path} {codings:?}: {told}");
        }
    };
    for packed in packings {
        check(packed, false).await;
    }
    assert_eq!(world.entries(), before, "nothing was done");
    for plain in ["identity", "Identity"] {
        check(&[plain], true).await;
    }
}

/// More than waits anywhere on the way, and whether all of it was taken.
struct Large {
    pieces: usize,
    is_taken: Arc<AtomicBool>,
}

impl Body for Large {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.pieces.checked_sub(1) else {
            self.is_taken.store(true, Ordering::Relaxed);
            return Poll::Ready(None);
        };
        self.pieces = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 16 * 1024])))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_heard_by_whoever_still_sends() {
    let limits =
        Limits { body_bytes: 32 * 1024 * 1024, discard: std::time::Duration::from_secs(60), ..Limits::default() };
    let world = World::with(Wanted { limits, ..Wanted::default() }).await;
    let table = [
        ("/v1/resolve", "", 401),
        ("/v1/resolve", "private-payer.resolve", 403),
        ("/v1/payouts", PUBLIC_TOKEN, 415),
        ("/v1/nothing", PUBLIC_TOKEN, 404),
        ("/v1/payouts/files", PUBLIC_TOKEN, 405),
        ("/oauth/token", "", 415),
    ];
    for (path, token, status) in table {
        for is_http_2 in [false, true] {
            let is_taken = Arc::new(AtomicBool::new(false));
            let body = Large { pieces: 1_000, is_taken: is_taken.clone() };
            let stream = TokioIo::new(world.connect().await);
            let asked = |uri: String| {
                let asked = Request::post(uri).header("authorization", format!("Bearer {token}"));
                let asked = if is_http_2 { asked } else { asked.header("host", "localhost") };
                asked.header("content-type", "text/plain").body(body).unwrap()
            };
            let answer = if is_http_2 {
                let (mut sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(asked(format!("http://localhost{path}"))).await.unwrap()
            } else {
                let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(asked(path.to_owned())).await.unwrap()
            };
            assert_eq!(answer.status(), status, "{path} {is_http_2}");
            assert!(is_taken.load(Ordering::Relaxed), "{path} {is_http_2}: the answer came before the end");
        }
    }
}
