//! Clients: as fast as they are answered, or at even intervals whatever the answers do.

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsConnector;

/// A request that is sent.
pub type Sent = Request<BoxBody<Bytes, Infallible>>;

/// Who asks: by which connections, and with what headers.
#[derive(Clone)]
pub struct Client {
    pub connector: TlsConnector,
    pub token: String,
}

impl Client {
    /// A request of this client's.
    pub fn post(&self, path: &str, body: Bytes) -> Sent {
        self.request(path, "application/json", Full::from(body).boxed())
    }

    pub fn request(&self, path: &str, content: &str, body: BoxBody<Bytes, Infallible>) -> Sent {
        let request = Request::post(path).header("host", "localhost").header("content-type", content);
        request.header("authorization", format!("Bearer {}", self.token)).body(body).unwrap()
    }
}

/// Makes the request of this number, for this client; none ends it.
pub type Ask = Arc<dyn Fn(&Client, u64) -> Option<Sent> + Send + Sync>;

pub struct Load<'l> {
    pub address: SocketAddr,
    pub clients: &'l [Client],
    pub connections: usize,
    pub ask: Ask,
}

pub struct Figures {
    /// Answers a second.
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
}

/// One answer's content.
pub fn once(address: SocketAddr, client: &Client, request: Sent) -> Bytes {
    runtime().block_on(async { send(&mut connect(address, client).await, request).await })
}

impl Load<'_> {
    /// Each connection asks again as soon as it is answered.
    pub fn closed(&self, lasts: Duration) -> Figures {
        self.run(lasts, |_| Duration::ZERO)
    }

    /// So many requests a second in all, one after the other, each on the next connection. A late answer does not put off the
    /// next request's time: it counts from when it was due.
    pub fn open(&self, lasts: Duration, rate: f64) -> Figures {
        self.run(lasts, move |number| Duration::from_secs_f64(number as f64 / rate))
    }

    fn run(&self, lasts: Duration, due: impl Fn(u64) -> Duration + Clone + Send + 'static) -> Figures {
        runtime().block_on(async {
            let mut connected = Vec::new();
            for at in 0..self.connections {
                let client = self.clients[at % self.clients.len()].clone();
                connected.push((connect(self.address, &client).await, client));
            }
            let begin = Instant::now();
            let clients: Vec<_> = connected
                .into_iter()
                .enumerate()
                .map(|(at, (mut sender, client))| {
                    let (ask, due, step) = (self.ask.clone(), due.clone(), self.connections);
                    tokio::spawn(async move {
                        let mut took = Vec::new();
                        for number in (at as u64..).step_by(step) {
                            let wanted = begin + due(number);
                            let started = if wanted > begin { wanted } else { Instant::now() };
                            if started.duration_since(begin) > lasts {
                                break;
                            }
                            let Some(request) = ask(&client, number) else { break };
                            sleep_until(started).await;
                            send(&mut sender, request).await;
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

async fn connect(address: SocketAddr, client: &Client) -> SendRequest<BoxBody<Bytes, Infallible>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let stream = client.connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn send(sender: &mut SendRequest<BoxBody<Bytes, Infallible>>, request: Sent) -> Bytes {
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(status.is_success(), "{status}: {body:?}");
    body
}
