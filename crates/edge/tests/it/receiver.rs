//! A server that takes what it is sent, or does not, as it is told.

use edge::server::TlsFiles;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// Taken.
    Take,
    /// Answered with this status line and header.
    Answer(&'static str),
    /// Answered with this content.
    Say(&'static str),
    /// Answered with half of what it begins to say.
    SayHalf(&'static str),
    /// Cut off before anything was read.
    HangUp,
    /// Cut off when the head was read.
    Half,
    /// Read, and cut off: whoever sent it cannot know.
    CutOff,
    /// Read, and answered that it was taken when it is told to.
    Wait,
}

/// One request that was read.
#[derive(Clone, Debug)]
pub struct Seen {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The ids of the messages in it.
    pub fn ids(&self) -> Vec<String> {
        let json = self.json();
        json["messages"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}

pub struct Receiver {
    pub url: String,
    seen: mpsc::UnboundedReceiver<Seen>,
    doing: Arc<Mutex<VecDeque<Does>>>,
    go_on: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl Receiver {
    /// In clear.
    pub async fn new() -> Self {
        Self::with(None).await
    }

    /// Encrypted with these files.
    pub async fn encrypted(files: &TlsFiles) -> Self {
        Self::with(Some(acceptor(files))).await
    }

    async fn with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (scheme, host) = if tls.is_some() { ("https", "localhost") } else { ("http", "127.0.0.1") };
        let (told, seen) = mpsc::unbounded_channel();
        let (doing, go_on) = (Arc::new(Mutex::new(VecDeque::new())), Arc::new(Notify::new()));
        let shared = (doing.clone(), go_on.clone());
        let listening = tokio::spawn(async move {
            let (doing, go_on) = shared;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let does = doing.lock().unwrap().pop_front().unwrap_or(Does::Take);
                tokio::spawn(serve(stream, tls.clone(), does, told.clone(), go_on.clone()));
            }
        });
        Self { url: format!("{scheme}://{host}:{port}/anvis/in"), seen, doing, go_on, listening }
    }

    /// What becomes of the next requests; those after them are taken.
    pub fn does(&self, next: &[Does]) {
        self.doing.lock().unwrap().extend(next);
    }

    /// Answers what waits for it.
    pub fn go_on(&self) {
        self.go_on.notify_waiters();
    }

    /// The next request that was read.
    pub async fn next(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// All that were read so far.
    pub fn all(&mut self) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.try_recv().ok()).collect()
    }
}

/// Encrypts with these files.
pub fn acceptor(files: &TlsFiles) -> TlsAcceptor {
    let read = |path| CertificateDer::pem_file_iter(path).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            read(path).into_iter().for_each(|root| roots.add(root).unwrap());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let config = builder.with_single_cert(read(&files.certificate), key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    does: Does,
    told: mpsc::UnboundedSender<Seen>,
    go_on: Arc<Notify>,
) {
    if matches!(does, Does::HangUp) {
        return;
    }
    match tls {
        None => answer(stream, does, told, go_on).await,
        // A client that is not trusted, or does not trust us, is gone.
        Some(tls) => match tls.accept(stream).await {
            Err(_) => {}
            Ok(stream) => answer(stream, does, told, go_on).await,
        },
    }
}

async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    does: Does,
    told: mpsc::UnboundedSender<Seen>,
    go_on: Arc<Notify>,
) {
    let mut bytes = Vec::new();
    let head_ends = loop {
        match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => break at,
            None if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 => return,
            None => {}
        }
    };
    if matches!(does, Does::Half) {
        return;
    }
    let head = String::from_utf8(bytes[..head_ends].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = bytes.split_off(head_ends + 4);
    while body.len() < headers["content-length"].parse().unwrap() {
        if stream.read_buf(&mut body).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let waiting = go_on.notified();
    let mut waiting = std::pin::pin!(waiting);
    waiting.as_mut().enable();
    told.send(Seen { line, headers, body }).unwrap_or_default();
    let (status, content, length) = match does {
        Does::Take => ("204 No Content", "", 0),
        Does::Answer(status) => (status, "", 0),
        Does::Say(content) => ("200 OK", content, content.len()),
        Does::SayHalf(content) => ("200 OK", &content[..content.len() / 2], content.len()),
        Does::Wait => {
            waiting.await;
            ("202 Accepted", "", 0)
        }
        Does::HangUp | Does::Half | Does::CutOff => return,
    };
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{content}");
    // Whoever sent it may have gone away.
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The ids in the order of their first arrival.
pub fn first_arrivals(seen: &[Seen]) -> Vec<String> {
    let mut known = BTreeSet::new();
    seen.iter().flat_map(Seen::ids).filter(|id| known.insert(id.clone())).collect()
}
