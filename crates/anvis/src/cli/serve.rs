//! What `anvis serve` is told.

use super::{Ways, existing_file, network, outside_issuer};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where figures and health are shown unless told otherwise.
pub(super) const METRICS: &str = "127.0.0.1:9464";
const GRACE_SECONDS: u64 = 30;

#[derive(Args)]
pub struct Serve {
    /// Where clients find it; without encryption, only an address of this machine's own.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The server's certificate and those that it was issued by (PEM). Read again at SIGHUP.
    #[arg(long, value_name = "FILE", requires = "tls_key", value_parser = existing_file, help_heading = "Encryption")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_parser = existing_file, help_heading = "Encryption")]
    pub tls_key: Option<PathBuf>,
    /// Who issues clients' certificates (PEM); a client without one is not let in then.
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_parser = existing_file, help_heading = "Encryption")]
    pub client_ca: Option<PathBuf>,
    /// How clients know this service: the name in its tokens, and where they ask for them; without it, what it listens on.
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Another server whose tokens are believed, with a file of its keys (JWKS); can be given several times.
    #[arg(long, value_name = "URL=FILE", value_parser = outside_issuer)]
    pub trust: Vec<(String, PathBuf)>,
    /// A server where citizens log in, whose tokens are believed about them; likewise.
    #[arg(long, value_name = "URL=FILE", value_parser = outside_issuer)]
    pub trust_citizens: Vec<(String, PathBuf)>,
    /// A proxy that is believed; can be given several times.
    #[arg(long, value_name = "ADDR[/LEN]", value_parser = network, help_heading = "Behind a proxy")]
    pub trusted_proxy: Vec<edge::server::Network>,
    /// The header in which it tells the client's address: X-Forwarded-For or Forwarded.
    #[arg(
        long,
        value_name = "NAME",
        requires = "trusted_proxy",
        default_value = "X-Forwarded-For",
        help_heading = "Behind a proxy"
    )]
    pub client_address_header: edge::server::HeaderName,
    /// The header in which it hands on the client's certificate (RFC 9440): Client-Cert.
    #[arg(long, value_name = "NAME", requires = "trusted_proxy", help_heading = "Behind a proxy")]
    pub client_cert_header: Option<edge::server::HeaderName>,
    /// Where figures and health are shown, in clear, to whoever watches over it.
    #[arg(long, value_name = "ADDR", default_value = METRICS)]
    pub metrics_listen: SocketAddr,
    /// Where the links of notices lead: what is behind them needs no login, and no certificate.
    #[arg(long, value_name = "ADDR", help_heading = "Notices")]
    pub notices_listen: Option<SocketAddr>,
    /// Who writes letters (JSON): name, lines, url, telephone; without it none are made over HTTP, unless the store is synthetic.
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub letter_sender: Option<PathBuf>,
    /// How long what was taken may take at the end.
    #[arg(long, value_name = "SECONDS", default_value_t = GRACE_SECONDS, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub grace: u64,
    #[command(flatten)]
    pub ways: Box<Ways>,
}

impl Serve {
    /// At these addresses, and all else as it is without options.
    pub fn at(listen: SocketAddr, metrics_listen: SocketAddr) -> Self {
        Self {
            listen,
            tls_cert: None,
            tls_key: None,
            client_ca: None,
            issuer: None,
            trust: Vec::new(),
            trust_citizens: Vec::new(),
            trusted_proxy: Vec::new(),
            client_address_header: edge::server::HeaderName::from_static("x-forwarded-for"),
            client_cert_header: None,
            metrics_listen,
            notices_listen: None,
            letter_sender: None,
            grace: GRACE_SECONDS,
            ways: Box::default(),
        }
    }
}
