//! The link of a notice: opening it does nothing, its button stops, once, and what is no link of ours is not told from anything.

use crate::support::{Answer, World, exchange};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use kernel::Id;
use registry::notice::StopToken;
use tokio::net::TcpStream;

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

async fn ask(server: &World, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", "anvis.example");
    let stream = TcpStream::connect(server.notices).await.unwrap();
    exchange(stream, request.body(Full::new(Bytes::new())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_stops_once_and_opening_it_does_nothing() {
    let server = World::new().await;
    let name = server.held().await;
    let vault = server.store.vault();
    let token = StopToken::of(vault, Id::parse_name(&name).unwrap()).to_text();
    let path = format!("/stop/{token}");
    let before = server.entries();
    let check = async |method: Method, path: &str, status: u16, says: &str| {
        let answer = ask(&server, method, path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(text(&answer).contains(says), "{path}: {}", text(&answer));
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers["cache-control"], "no-store");
    };
    check(Method::GET, &path, 200, "<button").await;
    check(Method::GET, &path, 200, "<button").await;
    assert_eq!(server.entries(), before, "opening a link is no act");
    // Nothing of what is not ours is written down.
    let other = format!("/stop/{}", "0".repeat(26));
    for path in [other.as_str(), "/stop/", "/stop/short", "/", "/metrics", "/v1/accounts"] {
        check(Method::GET, path, 404, "There is nothing to stop here").await;
        check(Method::POST, path, 404, "There is nothing to stop here").await;
    }
    assert_eq!(server.entries(), before);
    check(Method::POST, &path.to_lowercase(), 200, "The change is stopped").await;
    assert_eq!(server.entries(), before + 1);
    check(Method::POST, &path, 200, "was stopped before").await;
    assert_eq!(server.entries(), before + 1, "it works once");
    // The other listeners do not have it.
    let request = Request::builder().method(Method::POST).uri(&path).header("host", "anvis.example");
    let answer = server.ask(request.body(Full::new(Bytes::new())).unwrap()).await;
    assert_eq!(answer.status, 404);
}
