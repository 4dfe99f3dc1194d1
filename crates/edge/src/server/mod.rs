//! Listening: connections in, a graceful end.

mod connection;
mod patient;
mod proxy;
mod tls;

pub use hyper::header::HeaderName;
pub use proxy::{Network, Proxies};
pub use tls::{Tls, TlsFiles};

use crate::edge::{Edge, Peer, Service};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::stop_page;
use axum::body::Body;
use axum::response::Response;
use http_body_util::Full;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, StatusCode};
use kernel::{Error, Refuse};
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// After connections could not be taken, because the machine has no more of something.
const BREATH: Duration = Duration::from_millis(50);
/// How often clients, keys and interfaces are looked after.
const REFRESH: Duration = Duration::from_secs(1);
/// How often it is looked whether the store is to be folded in.
const FOLD_IN: Duration = Duration::from_millis(25);
/// Connections at once to where the figures are shown.
const METRICS_CONNECTIONS: usize = 16;

/// Connections at once of those who open the link of a notice.
const NOTICES_CONNECTIONS: usize = 256;

/// Why it cannot serve.
#[derive(Debug)]
pub enum ServeRefusal {
    /// Others could listen in.
    PlainHttp,
    /// It listens on all addresses of the machine, of which none is its name.
    Nameless,
    /// It is in use, or not ours.
    Listen(SocketAddr, std::io::Error),
    /// A certificate or its key cannot be used; which file, and why.
    Certificate(String),
}

impl Refuse for ServeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::PlainHttp => "serve.plain_http",
            Self::Nameless => "serve.nameless",
            Self::Listen(..) => "serve.listen",
            Self::Certificate(_) => "serve.certificate",
        }
    }
}

impl fmt::Display for ServeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainHttp => f.write_str(
                "without encryption it only listens on this machine's own address; give --tls-cert and --tls-key, or listen \
                 on 127.0.0.1 behind a proxy, as figures and health always do",
            ),
            Self::Nameless => f.write_str("who listens on all addresses says by --issuer how clients know the service"),
            Self::Listen(address, error) => write!(f, "it cannot listen on {address}: {error}"),
            Self::Certificate(text) => f.write_str(text),
        }
    }
}

/// Where and how it listens.
pub struct Options {
    /// For clients.
    pub listen: SocketAddr,
    /// For whoever watches over it: figures and health, in clear, and so on this machine's own address.
    pub metrics_listen: Option<SocketAddr>,
    /// For whoever opens the link of a notice: with the same encryption, and without clients' certificates.
    pub notices_listen: Option<SocketAddr>,
    /// Encryption; only on this machine's own address without it.
    pub tls: Option<TlsFiles>,
    /// The proxies that are believed.
    pub proxies: Proxies,
    /// How long what was taken may take at the end.
    pub grace: Duration,
}

/// A server that listens.
pub struct Server {
    service: Service,
    listener: TcpListener,
    metrics: Option<TcpListener>,
    notices: Option<(TcpListener, Option<Arc<Tls>>)>,
    tls: Option<Arc<Tls>>,
    proxies: Arc<Proxies>,
    grace: Duration,
}

/// What answers the requests of one listener.
type Handle = Arc<dyn Fn(Request<Body>, Peer) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    /// [`ServeRefusal`].
    pub async fn bind(service: Service, options: Options) -> Result<Self, Error> {
        let Options { listen, metrics_listen, notices_listen, tls, proxies, grace } = options;
        let is_open = |address: &SocketAddr| !address.ip().is_loopback();
        let is_in_clear = tls.is_none() && std::iter::once(&listen).chain(&notices_listen).any(is_open);
        if is_in_clear || metrics_listen.as_ref().is_some_and(is_open) {
            return Err(ServeRefusal::PlainHttp.into());
        }
        let of_anybody = tls.clone().map(|files| TlsFiles { client_ca: None, ..files });
        let read = |files: Option<TlsFiles>| Ok::<_, Error>(files.map(Tls::read).transpose()?.map(Arc::new));
        let tls = read(tls)?;
        let bind = async |address: SocketAddr| {
            TcpListener::bind(address).await.map_err(|error| Error::from(ServeRefusal::Listen(address, error)))
        };
        let listener = bind(listen).await?;
        let metrics = match metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let notices = match notices_listen {
            Some(address) => Some((bind(address).await?, read(of_anybody)?)),
            None => None,
        };
        Ok(Self { service, listener, metrics, notices, tls, proxies: Arc::new(proxies), grace })
    }

    /// Where clients find it.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::io("the address is not known"))
    }

    /// Where the figures are.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// Where the links of notices lead.
    #[must_use]
    pub fn notices_address(&self) -> Option<SocketAddr> {
        self.notices.as_ref()?.0.local_addr().ok()
    }

    /// What can be told to read its certificates again.
    pub fn tls(&self) -> impl Iterator<Item = Arc<Tls>> {
        self.tls
            .iter()
            .chain(self.notices.iter().filter_map(|(_, tls)| tls.as_ref()))
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves until `stop`, then finishes what was taken; whether all of it was finished in time.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> bool {
        let Self { service, listener, metrics: metrics_listener, notices, tls, proxies, grace } = self;
        let edge = service.edge().clone();
        let (stopping, is_stopping) = watch::channel(false);
        let handle: Handle = {
            let service = service.clone();
            Arc::new(move |request, peer| Box::pin(service.clone().answer(request, peer)))
        };
        let clients = Listening::new(listener, handle, edge.limits.clone(), edge.metrics.clone(), tls, proxies);
        let watchers = metrics_listener.map(|listener| {
            let limits = Limits { connections: METRICS_CONNECTIONS, ..edge.limits.clone() };
            // What watches is not counted: its figures are those of the clients.
            let metrics = Arc::new(Metrics::new([].into_iter()));
            Listening::new(listener, watcher(&service), limits, metrics, None, Arc::default())
        });
        let stoppers = notices.map(|(listener, tls)| {
            let edge = edge.clone();
            let handle: Handle = Arc::new(move |request, _| Box::pin(stop_page::answer(edge.clone(), request)));
            let limits = Limits { connections: NOTICES_CONNECTIONS, ..service.edge().limits.clone() };
            let metrics = Arc::new(Metrics::new([].into_iter()));
            Listening::new(listener, handle, limits, metrics, tls, Arc::default())
        });
        let accepting: Vec<_> = std::iter::once(&clients)
            .chain(&watchers)
            .chain(&stoppers)
            .map(|listening| tokio::spawn(listening.clone().accept(is_stopping.clone())))
            .collect();
        let refreshing = every(REFRESH, &edge, |edge| async move { edge.refresh().await });
        let settling = every(REFRESH, &edge, |edge| async move { edge.settle().await });
        let releasing = every(REFRESH, &edge, |edge| async move { edge.settle_payouts().await });
        let counting = every(REFRESH, &edge, |edge| async move { edge.fold_holders().await });
        let reviewing = every(REFRESH, &edge, |edge| async move { edge.review_accounts().await });
        let folding_in = every(FOLD_IN, &edge, |edge| async move {
            // A disk that is full or ill is not asked more often than that.
            if !edge.fold_in().await {
                tokio::time::sleep(REFRESH).await;
            }
        });
        let delivering = tokio::spawn(edge.deliveries.clone().run());
        let telling = tokio::spawn(edge.notices.clone().run());
        let asking = tokio::spawn(edge.inquiries.clone().run());

        stop.await;
        edge.begin_stop();
        edge.log.event((edge.clock)(), "stopping", "what was taken is finished first");
        // Nobody listens for it only where nothing is served any more.
        let _ = stopping.send(true);
        let finish = async {
            for task in accepting {
                // A task that panicked has ended.
                let _ = task.await;
            }
            clients.all_closed().await;
            folding_in.abort();
            refreshing.abort();
            settling.abort();
            releasing.abort();
            counting.abort();
            reviewing.abort();
            edge.refresh().await;
            // What is being given may take longer than we may: it is given again then.
            let cut_off = [delivering.abort_handle(), telling.abort_handle(), asking.abort_handle()];
            if timeout(grace / 2, async { tokio::join!(delivering, telling, asking) }).await.is_err() {
                cut_off.iter().for_each(AbortHandle::abort);
            }
            let core = edge.clone();
            let stop = move || {
                core.deliveries.stop(grace)
                    & core.notices.stop(grace)
                    & core.inquiries.stop(grace)
                    & core.core.stop(grace)
            };
            tokio::task::spawn_blocking(stop).await.unwrap_or(false)
        };
        let is_whole = timeout(grace, finish).await.unwrap_or(false);
        edge.log.event((edge.clock)(), "stopped", if is_whole { "all of it was finished" } else { "the time was up" });
        is_whole
    }
}

/// Looks after something, again and again.
fn every<Act: Future<Output = ()> + Send + 'static>(
    period: Duration,
    edge: &Arc<Edge>,
    act: impl Fn(Arc<Edge>) -> Act + Send + 'static,
) -> JoinHandle<()> {
    let edge = edge.clone();
    tokio::spawn(async move {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            act(edge.clone()).await;
        }
    })
}

/// Figures and health, and nothing else.
fn watcher(service: &Service) -> Handle {
    let service = service.clone();
    Arc::new(move |request, peer| {
        let service = service.clone();
        Box::pin(async move {
            match (request.method(), request.uri().path()) {
                (&Method::GET, "/metrics") => {
                    let mut response = Response::new(Body::new(Full::from(service.edge().metrics.text())));
                    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                    response.headers_mut().insert(header::CONTENT_TYPE, kind);
                    response
                }
                (&Method::GET, "/health/live" | "/health/ready") => service.answer(request, peer).await,
                _ => {
                    let mut response = Response::new(Body::empty());
                    *response.status_mut() = StatusCode::NOT_FOUND;
                    response
                }
            }
        })
    })
}

/// One listener, and what its connections share.
#[derive(Clone)]
struct Listening {
    listener: Arc<TcpListener>,
    shared: Arc<connection::Shared>,
    permits: Arc<Semaphore>,
}

impl Listening {
    fn new(
        listener: TcpListener,
        handle: Handle,
        limits: Limits,
        metrics: Arc<Metrics>,
        tls: Option<Arc<Tls>>,
        proxies: Arc<Proxies>,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(limits.connections));
        let shared = Arc::new(connection::Shared { handle, limits, metrics, tls, proxies });
        Self { listener: Arc::new(listener), shared, permits }
    }

    async fn accept(self, mut is_stopping: watch::Receiver<bool>) {
        let Self { listener, shared, permits } = self;
        loop {
            let accepted = async {
                let permit = permits.clone().acquire_owned().await;
                (permit, listener.accept().await)
            };
            let accepted = tokio::select! {
                _ = is_stopping.wait_for(|is| *is) => return,
                accepted = accepted => accepted,
            };
            match accepted {
                (Ok(permit), Ok((stream, address))) => {
                    let (shared, is_stopping) = (shared.clone(), is_stopping.clone());
                    tokio::spawn(async move {
                        shared.serve(stream, address, is_stopping).await;
                        drop(permit);
                    });
                }
                (Ok(_), Err(_)) => tokio::time::sleep(BREATH).await,
                (Err(_), _) => return,
            }
        }
    }

    async fn all_closed(&self) {
        let all = u32::try_from(self.shared.limits.connections).unwrap_or(u32::MAX);
        // It is never closed.
        let _ = self.permits.acquire_many(all).await;
    }
}
