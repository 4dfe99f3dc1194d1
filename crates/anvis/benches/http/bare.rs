//! A server that does nothing but answer.

use axum::Router;
use axum::body::Body;
use axum::routing::{MethodFilter, on};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Answers every request to this path with these bytes, on threads of its own; where it is.
pub fn serve(path: &str, answer: Bytes, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let hello = move || {
        let answer = answer.clone();
        async move { axum::response::Response::new(Body::new(Full::from(answer))) }
    };
    let router = Router::new().route(path, on(MethodFilter::POST, hello));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (router, acceptor) = (router.clone(), acceptor.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    let builder = auto::Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(router);
                    // A client that goes away is the end of it.
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    });
    address
}
