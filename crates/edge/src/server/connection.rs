//! One connection: encryption, requests, and the time that it may take.

use super::patient::Patient;
use super::{Handle, Proxies, Tls};
use crate::caller::Thumbprint;
use crate::limits::Limits;
use crate::metrics::{Ending, Metrics};
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, body};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// The reader's buffer is at least this, whatever the headers may be.
const BUFFER_BYTES_MIN: usize = 8 * 1024;

/// What the connections of one listener share.
pub(super) struct Shared {
    pub handle: Handle,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub tls: Option<Arc<Tls>>,
    pub proxies: Arc<Proxies>,
}

/// What is known of a connection.
pub(super) struct Facts {
    pub address: SocketAddr,
    pub transport: &'static str,
    pub certificate: Option<Thumbprint>,
}

impl Shared {
    pub(super) async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
        is_stopping: watch::Receiver<bool>,
    ) {
        self.metrics.connected();
        // An answer does not wait for more of it; where that cannot be said, it is only slower.
        let _ = stream.set_nodelay(true);
        let stream = Patient::new(stream, self.limits.patience);
        match &self.tls {
            None => {
                let facts = Facts { address, transport: "none", certificate: None };
                self.drive(stream, facts, is_stopping).await;
            }
            Some(tls) => match timeout(self.limits.handshake, tls.accept(stream)).await {
                Ok(Ok((stream, transport, certificate))) => {
                    self.drive(stream, Facts { address, transport, certificate }, is_stopping).await;
                }
                Ok(Err(_)) | Err(_) => self.metrics.ended(Ending::Handshake),
            },
        }
        self.metrics.disconnected();
    }

    async fn drive<S>(&self, stream: S, facts: Facts, mut is_stopping: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::new());
        let facts = Arc::new(facts);
        let service = service_fn(|request: Request<Incoming>| {
            let request = request.map(Body::new);
            let (handle, activity) = (self.handle.clone(), activity.clone());
            let peer = self.proxies.peer(&facts, request.headers());
            async move {
                let busy = Busy::new(activity.clone());
                let response = handle(request, peer).await;
                drop(busy);
                Ok::<_, Infallible>(response.map(|body| Watched { body, activity, owing: None }))
            }
        });
        let builder = self.builder();
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        // Whether it was told to end, and when it must have.
        let mut ends: Option<Instant> = None;
        loop {
            let wakes = ends.unwrap_or_else(|| activity.idle_since() + self.limits.idle);
            tokio::select! {
                ended = connection.as_mut() => {
                    if ended.is_err() {
                        self.metrics.ended(Ending::Broken);
                    }
                    return;
                }
                _ = is_stopping.wait_for(|is| *is), if ends.is_none() => {
                    connection.as_mut().graceful_shutdown();
                    // What it is doing has the time that the whole server has.
                    ends = Some(Instant::now() + FOR_EVER);
                }
                () = sleep_until(wakes) => {
                    if ends.is_some() {
                        return;
                    }
                    if Instant::now() >= activity.idle_since() + self.limits.idle {
                        self.metrics.ended(Ending::Idle);
                        connection.as_mut().graceful_shutdown();
                        ends = Some(Instant::now() + self.limits.handshake);
                    }
                }
            }
        }
    }

    fn builder(&self) -> auto::Builder<TokioExecutor> {
        let Limits { headers, header_bytes, idle, streams, .. } = self.limits;
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            // A client that has said all it has to say may still listen.
            .half_close(true)
            // One more than may be, so that it is we who say so.
            .max_headers(headers + 1)
            .max_buf_size((2 * header_bytes).max(BUFFER_BYTES_MIN));
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(streams)
            .max_header_list_size(u32::try_from(2 * header_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(idle)
            .keep_alive_timeout(idle);
        builder
    }
}

/// Far away, and no overflow.
const FOR_EVER: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// Whether anything goes on.
struct Activity {
    handling: AtomicU32,
    last: Mutex<Instant>,
}

impl Activity {
    fn new() -> Self {
        Self { handling: AtomicU32::new(0), last: Mutex::new(Instant::now()) }
    }

    fn touch(&self) {
        *self.last.lock().expect("nothing panics while it is held") = Instant::now();
    }

    /// Since when nothing was asked, and no piece of an answer was taken; now, while something is being answered.
    fn idle_since(&self) -> Instant {
        if self.handling.load(Relaxed) > 0 {
            return Instant::now();
        }
        *self.last.lock().expect("nothing panics while it is held")
    }
}

/// A request that is being answered.
struct Busy(Arc<Activity>);

impl Busy {
    fn new(activity: Arc<Activity>) -> Self {
        activity.handling.fetch_add(1, Relaxed);
        Self(activity)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.touch();
        self.0.handling.fetch_sub(1, Relaxed);
    }
}

/// An answer whose pieces are seen to go.
struct Watched {
    body: Body,
    activity: Arc<Activity>,
    /// While the next piece is wanted and not there: it is we who let the client wait.
    owing: Option<Busy>,
}

impl body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.owing = match polled {
            Poll::Ready(_) => None,
            Poll::Pending => self.owing.take().or_else(|| Some(Busy::new(self.activity.clone()))),
        };
        if polled.is_ready() {
            self.activity.touch();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
