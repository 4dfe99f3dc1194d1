//! The authorization server as it is known outside.

use crate::key::Algorithm;
use crate::permission::Permission;
use crate::token::{GRANT_TYPE, OFFICER_GRANT_TYPE};
use kernel::Refuse;
use serde::Serialize;
use std::fmt;

/// Where clients ask for tokens, below the issuer.
pub const TOKEN_PATH: &str = "/oauth/token";
/// Where the keys are, below the issuer.
pub const JWKS_PATH: &str = "/oauth/jwks";
/// Where the metadata are (RFC 8414), below the issuer's host.
pub const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";

const URL_CHARS_MAX: usize = 200;

/// Why a server's name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRefusal {
    /// It is not a URL that an issuer can have.
    Issuer,
}

impl Refuse for ServerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Issuer => "server.issuer",
        }
    }
}

impl fmt::Display for ServerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Issuer => {
                "an issuer is https:// and a host, without a path, query or fragment; http:// only for localhost, 127.0.0.1 and [::1]"
            }
        })
    }
}

/// What the server calls itself, and whom its tokens are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    issuer: String,
    audience: String,
}

impl Server {
    /// The server with this URL. Its tokens are for `audience`, which is the registry as tokens name it; or for the issuer's own
    /// host where there is none.
    ///
    /// # Errors
    /// [`ServerRefusal::Issuer`].
    pub fn new(issuer: &str, audience: Option<&str>) -> Result<Self, ServerRefusal> {
        let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
        if !is_issuer(issuer) {
            return Err(ServerRefusal::Issuer);
        }
        Ok(Self { issuer: issuer.to_owned(), audience: audience.unwrap_or(issuer).to_owned() })
    }

    /// Its name in tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom its tokens are for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Where clients ask for tokens.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}{TOKEN_PATH}", self.issuer)
    }

    /// What clients may know of it.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        let algorithms = Algorithm::ALL.map(Algorithm::name).to_vec();
        Metadata {
            issuer: self.issuer.clone(),
            token_endpoint: self.token_endpoint(),
            jwks_uri: format!("{}{JWKS_PATH}", self.issuer),
            scopes_supported: Permission::ALL.map(Permission::name).to_vec(),
            response_types_supported: Vec::new(),
            grant_types_supported: vec![GRANT_TYPE, OFFICER_GRANT_TYPE],
            token_endpoint_auth_methods_supported: vec!["private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported: algorithms,
            tls_client_certificate_bound_access_tokens: true,
        }
    }
}

fn is_issuer(url: &str) -> bool {
    let is_local = |authority: &str| {
        let host =
            authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(authority, |(host, _)| host);
        ["localhost", "127.0.0.1", "[::1]"].contains(&host)
    };
    let is_authority = |text: &str| {
        let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
        !text.is_empty() && text.bytes().all(lawful)
    };
    match url.split_once("://") {
        _ if url.len() > URL_CHARS_MAX => false,
        Some(("https", authority)) => is_authority(authority),
        Some(("http", authority)) => is_authority(authority) && is_local(authority),
        _ => false,
    }
}

/// The metadata of RFC 8414, with those of RFC 8705.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub struct Metadata {
    pub issuer: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub tls_client_certificate_bound_access_tokens: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers() {
        let check = |url: &str, expected: Option<&str>| {
            let server = Server::new(url, None);
            assert_eq!(server.as_ref().ok().map(Server::issuer), expected, "{url}");
        };
        check("https://konto.example", Some("https://konto.example"));
        check("https://konto.example:8443/", Some("https://konto.example:8443"));
        check("http://localhost:8080", Some("http://localhost:8080"));
        check("http://127.0.0.1", Some("http://127.0.0.1"));
        check("http://[::1]:80", Some("http://[::1]:80"));
        check("http://[::1]", Some("http://[::1]"));
        check("http://konto.example", None);
        check("http://localhost.example", None);
        check("https://konto.example/path", None);
        check("https://konto.example?a=b", None);
        check("https://konto.example#a", None);
        check("https://user@konto.example", None);
        check("https://Konto.example", None);
        check("https://", None);
        check("konto.example", None);
        check(&format!("https://{}", "a".repeat(200)), None);
    }

    #[test]
    fn metadata() {
        let server = Server::new("https://konto.example", Some("https://api.example")).unwrap();
        let metadata = serde_json::to_value(server.metadata()).unwrap();
        assert_eq!(metadata["token_endpoint"], "https://konto.example/oauth/token");
        assert_eq!(metadata["jwks_uri"], "https://konto.example/oauth/jwks");
        assert_eq!(metadata["token_endpoint_auth_signing_alg_values_supported"], serde_json::json!(["ES256", "EdDSA"]));
        assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
        assert_eq!(metadata["response_types_supported"], serde_json::json!([]));
    }
}
