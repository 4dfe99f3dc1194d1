//! Encryption, with certificates that are made here.

use crate::support::{PUBLIC_TOKEN, Wanted, World, exchange, request};
use bytes::Bytes;
use edge::Limits;
use edge::server::{HeaderName, Network, Options, Proxies, Server, TlsFiles};
use http_body_util::{BodyExt, Full};
use hyper::Method;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate and its key, in PEM.
pub struct Made {
    pub certificate: String,
    pub key: String,
}

pub struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn issue(&self, name: &str) -> Made {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        Made { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn write(folder: &Path, ca: &Ca, clients: Option<&Ca>) -> TlsFiles {
    let made = ca.issue("localhost");
    let files = TlsFiles {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
        client_ca: clients.map(|_| folder.join("clients.pem")),
    };
    std::fs::write(&files.certificate, made.certificate).unwrap();
    std::fs::write(&files.key, made.key).unwrap();
    if let (Some(path), Some(clients)) = (&files.client_ca, clients) {
        std::fs::write(path, clients.0.pem()).unwrap();
    }
    files
}

/// A client that trusts this CA, with a certificate or without.
fn client(ca: &Ca, own: Option<&Made>, protocols: &[&str]) -> TlsConnector {
    client_of(rustls::ALL_VERSIONS, ca, own, protocols)
}

fn client_of(
    versions: &[&'static SupportedProtocolVersion],
    ca: &Ca,
    own: Option<&Made>,
    protocols: &[&str],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.0.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(Made { certificate, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(world: &World, client: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    client.connect(ServerName::try_from("localhost").unwrap(), world.connect().await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_shows_a_certificate_and_its_token_is_bound_to_it() {
    let (folder, ca, clients, others) = (TempDir::new().unwrap(), Ca::new(), Ca::new(), Ca::new());
    let tls = Some(write(folder.path(), &ca, Some(&clients)));
    let world = World::with(Wanted { tls, ..Wanted::default() }).await;
    let own = clients.issue("client");
    let token = format!("bound.{PUBLIC_TOKEN}");
    let known = client(&ca, Some(&own), &["http/1.1"]);
    let stream = connect(&world, &known).await.unwrap();
    let answer = exchange(stream, request(Method::GET, "/v1/payouts", &token, None)).await;
    answer.done();
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");

    // In TLS 1.3 a client learns that it is not let in when it reads.
    for made in [None, Some(others.issue("client"))] {
        let stranger = client(&ca, made.as_ref(), &["http/1.1"]);
        if let Ok(mut stream) = connect(&world, &stranger).await {
            assert!(stream.read_u8().await.is_err());
        }
    }
    // Nor without any encryption.
    let mut stream = world.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_tls_ends() {
    let (folder, ca) = (TempDir::new().unwrap(), Ca::new());
    let world = World::with(Wanted { tls: Some(write(folder.path(), &ca, None)), ..Wanted::default() }).await;
    let ask = async |version| {
        let stream = connect(&world, &client_of(&[version], &ca, None, &[])).await.unwrap();
        exchange(stream, request(Method::GET, "/v1/payouts", PUBLIC_TOKEN, None)).await
    };
    ask(&TLS12).await.done();
    world.end("tls", "1.2");
    let refused = ask(&TLS12).await.refused(410, "interface.ended");
    assert_eq!(refused["detail"], "Tls 1.2 is no longer accepted since 2026-11-23T09:00:00Z; use a later one.");
    ask(&TLS13).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_requests_at_once_over_http_2() {
    let (folder, ca) = (TempDir::new().unwrap(), Ca::new());
    let world = World::with(Wanted { tls: Some(write(folder.path(), &ca, None)), ..Wanted::default() }).await;
    let stream = connect(&world, &client(&ca, None, &["h2"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut sender = sender.clone();
        let mut asked = request(
            Method::POST,
            "https://localhost/v1/resolve",
            PUBLIC_TOKEN,
            Some(r#"{"purpose":"payment","payee":"cpr:6101701234"}"#),
        );
        asked.headers_mut().remove("host");
        asking.spawn(async move {
            let response = sender.send_request(asked).await.unwrap();
            (response.status().as_u16(), response.into_body().collect().await.unwrap().to_bytes())
        });
    }
    while let Some(answer) = asking.join_next().await {
        assert_eq!(answer.unwrap().0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_read_again_and_wrong_ones_change_nothing() {
    let (folder, ca, next) = (TempDir::new().unwrap(), Ca::new(), Ca::new());
    let files = write(folder.path(), &ca, None);
    let world = World::with(Wanted { tls: Some(files.clone()), ..Wanted::default() }).await;
    let tls = world.tls.clone().unwrap();
    let (old, new) = (client(&ca, None, &[]), client(&next, None, &[]));
    assert!(connect(&world, &old).await.is_ok() && connect(&world, &new).await.is_err());
    std::fs::write(&files.certificate, "no certificate").unwrap();
    assert!(tls.read_again().is_err());
    assert!(connect(&world, &old).await.is_ok());
    write(folder.path(), &next, None);
    tls.read_again().unwrap();
    assert!(connect(&world, &old).await.is_err() && connect(&world, &new).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_ends_the_connection() {
    let (folder, ca) = (TempDir::new().unwrap(), Ca::new());
    let limits = Limits { handshake: Duration::from_millis(200), ..Limits::default() };
    let world = World::with(Wanted { limits, tls: Some(write(folder.path(), &ca, None)), ..Wanted::default() }).await;
    let mut stream = world.connect().await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_hands_the_certificate_on_and_nobody_else_can() {
    let proxies = |trusted: &str| Proxies {
        trusted: vec![Network::parse(trusted).unwrap()],
        address_header: Some(HeaderName::from_static("x-forwarded-for")),
        certificate_header: Some(HeaderName::from_static("client-cert")),
    };
    let token = format!("bound.{PUBLIC_TOKEN}");
    let mut asked = request(Method::GET, "/v1/payouts", &token, None);
    asked.headers_mut().insert("client-cert", ":AAEC:".parse().unwrap());
    let world = World::with(Wanted { proxies: proxies("127.0.0.0/8"), ..Wanted::default() }).await;
    world.ask(asked.clone()).await.done();
    let world = World::with(Wanted { proxies: proxies("192.0.2.1"), ..Wanted::default() }).await;
    world.ask(asked).await.refused(401, "token.binding");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start_where_it_would_not_be_safe() {
    let (folder, ca) = (TempDir::new().unwrap(), Ca::new());
    let world = World::new().await;
    let files = write(folder.path(), &ca, Some(&ca));
    let check = async |listen: &str, tls: Option<TlsFiles>, code: &str| {
        let options = Options {
            listen: listen.parse().unwrap(),
            metrics_listen: None,
            notices_listen: None,
            tls,
            proxies: Proxies::default(),
            grace: Duration::from_secs(1),
        };
        let refused = Server::bind(world.service.clone(), options).await.err();
        assert_eq!(refused.as_ref().map(|error| error.code()), Some(code), "{refused:?}");
    };
    check("0.0.0.0:0", None, "serve.plain_http").await;
    check("[::]:0", None, "serve.plain_http").await;
    check(&world.address.to_string(), None, "serve.listen").await;
    for wrong in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        for path in [&files.certificate, &files.key, files.client_ca.as_ref().unwrap()] {
            let good = std::fs::read(path).unwrap();
            std::fs::write(path, wrong).unwrap();
            check("127.0.0.1:0", Some(files.clone()), "serve.certificate").await;
            std::fs::write(path, good).unwrap();
        }
    }
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(&files.key, other_key).unwrap();
    check("127.0.0.1:0", Some(files.clone()), "serve.certificate").await;
}
