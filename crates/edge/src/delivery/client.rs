//! One request to a server that takes what it is sent, or answers what it is asked: an address that the operator fixed, encrypted unless
//! it is this machine's own, no redirection followed, no more of an answer read than is asked for, all of it within bounds of time.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use registry::delivery::{Endpoint, Url};
use registry::progress::Failure;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a server may let us wait.
#[derive(Clone, Debug)]
pub struct Patience {
    /// For a connection, with its encryption.
    pub connect: Duration,
    /// For the answer, beyond what its content takes.
    pub answer: Duration,
    /// How fast it must take a content in the long run.
    pub bytes_per_second: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(30), bytes_per_second: 64 * 1024 }
    }
}

/// It was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotTaken {
    pub failure: Failure,
    /// After how many seconds the server wants to be asked again.
    pub retry_after: Option<i64>,
}

impl From<Failure> for NotTaken {
    fn from(failure: Failure) -> Self {
        Self { failure, retry_after: None }
    }
}

impl Patience {
    /// For the answer to a request with so many bytes.
    fn for_answer(&self, bytes: u64) -> Duration {
        self.answer + Duration::from_secs(bytes / self.bytes_per_second.max(1))
    }
}

/// Sends one request with a content of so many bytes; well if it was answered that it was taken.
pub(crate) async fn send(
    endpoint: &Endpoint,
    request: Request<Body>,
    bytes: u64,
    patience: &Patience,
) -> Result<(), NotTaken> {
    ask(endpoint, request, bytes, patience, 0).await.map(|_| ())
}

/// The same; the content of the answer, of at most so many bytes. Of none, nothing is read.
pub(crate) async fn ask(
    endpoint: &Endpoint,
    request: Request<Body>,
    bytes: u64,
    patience: &Patience,
    answer_bytes_max: usize,
) -> Result<Bytes, NotTaken> {
    let stream = timeout(patience.connect, connect(endpoint)).await.map_err(|_| Failure::Timeout)??;
    let exchange = exchange(stream, request, answer_bytes_max);
    timeout(patience.for_answer(bytes), exchange).await.map_err(|_| Failure::Timeout)?
}

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

async fn connect(endpoint: &Endpoint) -> Result<Box<dyn Connection>, Failure> {
    let Endpoint { url, .. } = endpoint;
    // Files that cannot be used are told without bothering the server.
    let tls = if url.is_encrypted() { Some(configure(endpoint).ok_or(Failure::Certificate)?) } else { None };
    let stream = TcpStream::connect((url.host(), url.port())).await.map_err(|_| Failure::Unreachable)?;
    // What is sent is sent whole: waiting for more helps nobody.
    stream.set_nodelay(true).map_err(|_| Failure::Unreachable)?;
    match tls {
        None => Ok(Box::new(stream)),
        Some(config) => {
            let name = ServerName::try_from(url.host().to_owned()).map_err(|_| Failure::Encryption)?;
            let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|_| Failure::Encryption)?;
            Ok(Box::new(stream))
        }
    }
}

async fn exchange(
    stream: Box<dyn Connection>,
    request: Request<Body>,
    answer_bytes_max: usize,
) -> Result<Bytes, NotTaken> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| NotTaken::from(Failure::CutOff))?;
    let mut answering = pin!(async {
        let answer = sender.send_request(request).await.map_err(|_| Failure::CutOff)?;
        if !answer.status().is_success() {
            return Err(not_taken(answer.status(), answer.headers()));
        }
        if answer_bytes_max == 0 {
            return Ok(Bytes::new());
        }
        let content = Limited::new(answer.into_body(), answer_bytes_max).collect().await;
        let too_long = |error: Box<dyn std::error::Error + Send + Sync>| match error.is::<LengthLimitError>() {
            true => Failure::Malformed,
            false => Failure::CutOff,
        };
        Ok(content.map_err(too_long)?.to_bytes())
    });
    tokio::select! {
        biased;
        answer = &mut answering => answer,
        // It ends with the answer, too.
        _ = connection => answering.await,
    }
}

fn not_taken(status: StatusCode, headers: &HeaderMap) -> NotTaken {
    let wants_later = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
    let retry_after = if wants_later { retry_after(headers) } else { None };
    NotTaken { failure: Failure::Answer(status.as_u16()), retry_after }
}

/// The seconds of `Retry-After`; a date there is not heeded.
fn retry_after(headers: &HeaderMap) -> Option<i64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().filter(|seconds| *seconds >= 0)
}

fn configure(endpoint: &Endpoint) -> Option<Arc<ClientConfig>> {
    let roots = match &endpoint.ca {
        None => system_roots().clone(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file)? {
                roots.add(certificate).ok()?;
            }
            Arc::new(roots)
        }
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .ok()?
        .with_root_certificates(roots);
    let mut config = match &endpoint.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).ok()?;
            builder.with_client_auth_cert(certificates(certificate)?, key).ok()?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}

fn certificates(file: &Path) -> Option<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    read.ok().filter(|certificates| !certificates.is_empty())
}

/// Those whom the operating system trusts, read once: it is a large file.
fn system_roots() -> &'static Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // Where there are none, no certificate is trusted, and that is what is told.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    })
}

/// The request line and `Host` of a request to this address.
pub(crate) fn request_to(url: &Url) -> hyper::http::request::Builder {
    Request::post(url.path()).header(hyper::header::HOST, url.authority())
}
