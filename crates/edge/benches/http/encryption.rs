//! Certificates for one run.

use edge::server::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub struct Encryption {
    pub files: TlsFiles,
    /// For the clients.
    pub connector: TlsConnector,
    /// For the bare server; the edge reads the files.
    pub acceptor: TlsAcceptor,
}

impl Encryption {
    pub fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let issue = |name: &str| {
            let key = KeyPair::generate().unwrap();
            (
                CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap().pem(),
                key.serialize_pem(),
            )
        };
        let (certificate, key) = issue("localhost");
        let files = TlsFiles {
            certificate: folder.join("server.pem"),
            key: folder.join("server-tls.key"),
            client_ca: Some(folder.join("ca.pem")),
        };
        std::fs::write(&files.certificate, &certificate).unwrap();
        std::fs::write(&files.key, &key).unwrap();
        std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();

        let read = |certificate: &str, key: &str| {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            (chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        };
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
        let roots = Arc::new(roots);
        let provider = Arc::new(ring::default_provider());
        let (chain, private) = read(&certificate, &key);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build().unwrap();
        let server =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let server = server.with_client_cert_verifier(verifier).with_single_cert(chain, private).unwrap();
        let (own, own_key) = issue("client");
        let (chain, private) = read(&own, &own_key);
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let client = client.with_root_certificates(roots).with_client_auth_cert(chain, private).unwrap();
        Self { files, connector: Arc::new(client).into(), acceptor: Arc::new(server).into() }
    }
}
