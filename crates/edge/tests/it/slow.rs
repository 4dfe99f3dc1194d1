//! Clients that take their time.

use crate::support::{PUBLIC_TOKEN, Wanted, World};
use edge::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SHORT: Duration = Duration::from_millis(200);

async fn world(limits: Limits) -> World {
    World::with(Wanted { limits, ..Wanted::default() }).await
}

/// Everything that comes until the server closes. Waiting for that is the test.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_ends_the_connection() {
    let world = world(Limits { idle: SHORT, handshake: SHORT, ..Limits::default() }).await;
    for begun in
        ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: localhost\r\nx: a", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = world.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        // HTTP/2 says a word of its own first.
        let said = rest(&mut stream).await;
        assert!(!said.contains("200"), "{begun}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_kept_for_a_while_and_then_closed() {
    let world = world(Limits { idle: SHORT, ..Limits::default() }).await;
    let mut stream = world.connect().await;
    for _ in 0..2 {
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 204"));
    }
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered() {
    let world = world(Limits { body: SHORT, ..Limits::default() }).await;
    let mut stream = world.connect().await;
    let head = format!(
        "POST /v1/resolve HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {PUBLIC_TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: 30\r\n\r\n{{\"payee\""
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request.timeout"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_keep_nobody_else_out_for_long() {
    let world = world(Limits { connections: 4, idle: SHORT, handshake: SHORT, ..Limits::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = world.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(world.get("/health/live", "").await.status, 204);
    drop(slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_takes_ends_the_connection() {
    let limits = Limits { patience: SHORT, idle: Duration::from_secs(3_600), ..Limits::default() };
    let mut world = world(limits).await;
    let mut stream = world.connect().await;
    // Asked for again and again until the way back is full, and never read.
    let asked = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(500);
    while stream.write_all(&asked).await.is_ok() {}
    world.stop();
    assert!(world.stopped().await);
}
