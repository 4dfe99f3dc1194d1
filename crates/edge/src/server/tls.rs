//! Encryption by rustls: TLS 1.2 and 1.3, without renegotiation; certificates of clients, where a CA for them is named.

use super::ServeRefusal;
use crate::caller::Thumbprint;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ProtocolVersion, RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The files that encryption needs, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, then those that it was issued by.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who issues clients' certificates. With it, a client without one is not let in.
    pub client_ca: Option<PathBuf>,
}

/// Encryption as it is set up now.
pub struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`ServeRefusal::Certificate`].
    pub fn read(files: TlsFiles) -> Result<Self, ServeRefusal> {
        let config = RwLock::new(Arc::new(configure(&files)?));
        Ok(Self { files, config })
    }

    /// Reads them again, for connections from now on.
    ///
    /// # Errors
    /// [`ServeRefusal::Certificate`]; then all stays as it was.
    pub fn read_again(&self) -> Result<(), ServeRefusal> {
        let config = Arc::new(configure(&self.files)?);
        *self.config.write().expect("nothing panics while it is held") = config;
        Ok(())
    }

    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, &'static str, Option<Thumbprint>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = self.config.read().expect("nothing panics while it is held").clone();
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let (_, session) = stream.get_ref();
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            _ => "1.3",
        };
        let certificate = session.peer_certificates().and_then(|chain| chain.first()).map(|leaf| thumbprint(leaf));
        Ok((stream, version, certificate))
    }
}

/// SHA-256 of a certificate's DER.
pub(super) fn thumbprint(der: &[u8]) -> Thumbprint {
    Sha256::digest(der).into()
}

fn configure(files: &TlsFiles) -> Result<ServerConfig, ServeRefusal> {
    let TlsFiles { certificate, key, client_ca } = files;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ServeRefusal::Certificate(error.to_string()))?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for root in certificates(path)? {
                roots.add(root).map_err(|error| refuse(path, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| refuse(path, &error))?)
        }
    };
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| refuse(key, &error))?;
    let mut config =
        builder.with_single_cert(certificates(certificate)?, private).map_err(|error| refuse(certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeRefusal> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| refuse(path, &error))?;
    if certificates.is_empty() {
        return Err(refuse(path, &"there is no certificate in it"));
    }
    Ok(certificates)
}

fn refuse(path: &Path, why: &dyn std::fmt::Display) -> ServeRefusal {
    ServeRefusal::Certificate(format!("{} cannot be used: {why}", path.display()))
}
