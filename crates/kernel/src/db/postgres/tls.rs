//! Encryption on the way to a server elsewhere. Its certificate is always checked, by the authorities that the operating
//! system trusts, or those of `SSL_CERT_FILE`.

use ::postgres::Config;
use ::postgres::config::{Host, SslMode};
use std::sync::{Arc, OnceLock};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What the driver does not know by name: with us, `require` checks the certificate and the name.
pub(super) fn known_mode(url: &str) -> String {
    url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require")
}

/// Nothing goes over a network unencrypted, unless the URL says so.
pub(super) fn set_default(config: &mut Config, url: &str) {
    if is_remote(config) && !url.contains("sslmode=") {
        config.ssl_mode(SslMode::Require);
    }
}

/// Whether a connection may be encrypted. A socket of this machine is not.
pub(super) fn is_wanted(config: &Config) -> bool {
    is_remote(config) && config.get_ssl_mode() != SslMode::Disable
}

fn is_remote(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)))
}

/// Read once: the authorities are a large file.
pub(super) fn connector() -> MakeRustlsConnect {
    static CONNECTOR: OnceLock<MakeRustlsConnect> = OnceLock::new();
    let make = || {
        let mut authorities = rustls::RootCertStore::empty();
        // Where there are none, no certificate is trusted, and that is what is told.
        authorities.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the versions that are safe")
            .with_root_certificates(authorities)
            .with_no_client_auth();
        MakeRustlsConnect::new(config)
    };
    CONNECTOR.get_or_init(make).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes() {
        let check = |url: &str, wanted: bool, mode: SslMode| {
            let mut config: Config = known_mode(url).parse().unwrap();
            set_default(&mut config, url);
            assert_eq!((is_wanted(&config), config.get_ssl_mode()), (wanted, mode), "{url}");
        };
        check("postgres://u@h/d", true, SslMode::Require);
        check("postgres://u@h/d?sslmode=require", true, SslMode::Require);
        check("postgres://u@h/d?sslmode=verify-full", true, SslMode::Require);
        check("postgres://u@h/d?sslmode=prefer", true, SslMode::Prefer);
        check("postgres://u@h/d?sslmode=disable", false, SslMode::Disable);
        check("postgres://u@%2Ftmp/d", false, SslMode::Prefer);
    }
}
