//! Clients: as fast as they are answered, or at even intervals whatever the answers do.

use crate::encryption::Encryption;
use crate::{Sent, Shared};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// Makes the request of this number.
pub type Ask = Shared<dyn Fn(u64) -> Sent + Send + Sync>;

pub struct Load<'l> {
    pub address: SocketAddr,
    pub encryption: Option<&'l Encryption>,
    pub connections: usize,
    pub seconds: u64,
    pub ask: Ask,
}

pub struct Figures {
    /// Answers a second.
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// One answer's content.
pub fn once(address: SocketAddr, encryption: Option<&Encryption>, request: &Sent) -> Bytes {
    runtime().block_on(async { send(&mut connect(address, encryption).await, request.clone()).await })
}

impl Load<'_> {
    /// Each connection asks again as soon as it is answered.
    pub fn closed(&self) -> Figures {
        self.run(|_| Duration::ZERO)
    }

    /// So many requests a second in all. A late answer does not put off the next request's time: it counts from when it was
    /// due.
    pub fn open(&self, rate: f64) -> Figures {
        let connections = self.connections as f64;
        self.run(move |number| Duration::from_secs_f64(number as f64 * connections / rate))
    }

    fn run(&self, due: impl Fn(u64) -> Duration + Clone + Send + 'static) -> Figures {
        runtime().block_on(async {
            let mut connected = Vec::new();
            for _ in 0..self.connections {
                connected.push(connect(self.address, self.encryption).await);
            }
            let (begin, lasts) = (Instant::now(), Duration::from_secs(self.seconds));
            let clients: Vec<_> = connected
                .into_iter()
                .enumerate()
                .map(|(at, mut sender)| {
                    let (ask, due, step) = (self.ask.clone(), due.clone(), self.connections as u64);
                    tokio::spawn(async move {
                        let mut took = Vec::new();
                        for number in 0.. {
                            let wanted = begin + due(number);
                            let started = if wanted > begin { wanted } else { Instant::now() };
                            if started.duration_since(begin) > lasts {
                                break;
                            }
                            sleep_until(started).await;
                            send(&mut sender, ask(at as u64 + number * step)).await;
                            took.push(started.elapsed());
                        }
                        took
                    })
                })
                .collect();
            let mut took = Vec::new();
            for client in clients {
                took.extend(client.await.unwrap());
            }
            let rate = took.len() as f64 / begin.elapsed().as_secs_f64();
            took.sort_unstable();
            let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
            Figures { rate, p50: at(0.50), p99: at(0.99) }
        })
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

async fn connect(address: SocketAddr, encryption: Option<&Encryption>) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    match encryption {
        None => {
            let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            sender
        }
        Some(encryption) => {
            let name = "localhost".try_into().unwrap();
            let stream = encryption.connector.connect(name, stream).await.unwrap();
            let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            sender
        }
    }
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Sent) -> Bytes {
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{status}: {body:?}");
    body
}
