//! Access tokens as they are asked for and given: client credentials (RFC 6749 §4.4), signed (RFC 9068), bound to the certificate
//! of the connection (RFC 8705).

use crate::assertion::{Assertion, AssertionRefusal, Proof};
use crate::certificate::Thumbprint;
use crate::client::Registration;
use crate::jws;
use crate::key::{PrivateKey, encode};
use crate::permission::{self, Permission};
use crate::server::Server;
use kernel::merkle::Encoder;
use kernel::{Actor, Refuse, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

/// How long a token holds.
pub const TOKEN_SECONDS: i64 = 300;
/// How far clocks may be apart.
pub const SKEW_SECONDS: i64 = 30;
/// What kind of signed text an access token is (RFC 9068 §2.1).
pub const TOKEN_KIND: &str = "at+jwt";
/// Our own claim: the algorithm by which the client signs.
pub(crate) const ALGORITHM_CLAIM: &str = "client_alg";
/// The one grant.
pub const GRANT_TYPE: &str = "client_credentials";
/// The one way in which a client proves who it is.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN_ID_BYTES: usize = 16;

/// Why no token was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// Another grant than ours.
    GrantType,
    /// Another kind of assertion than ours.
    AssertionType,
    /// `client_id` is not who the assertion is by.
    ClientId,
    /// The connection has no certificate.
    CertificateNeeded,
    /// The connection's certificate is not one of the client's.
    Certificate,
    /// A scope that the client's role does not have.
    Scope,
}

impl Refuse for RequestRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::GrantType => "token_request.grant_type",
            Self::AssertionType => "token_request.assertion_type",
            Self::ClientId => "token_request.client_id",
            Self::CertificateNeeded => "token_request.certificate_needed",
            Self::Certificate => "token_request.certificate",
            Self::Scope => "token_request.scope",
        }
    }
}

impl fmt::Display for RequestRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GrantType => "the only grant is client_credentials",
            Self::AssertionType => {
                "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            }
            Self::ClientId => "client_id is not the client that the assertion is by",
            Self::CertificateNeeded => "tokens are given over a connection with the client's certificate",
            Self::Certificate => "the certificate of the connection is not registered for this client",
            Self::Scope => "a scope is asked for that a client of this role does not have",
        })
    }
}

/// What the token endpoint says of a refusal, beside its own code (RFC 6749 §5.2).
#[must_use]
pub fn oauth_error(code: &str) -> &'static str {
    let (subject, what) = code.split_once('.').unwrap_or((code, ""));
    match (subject, what) {
        ("assertion" | "client" | "certificate", _) => "invalid_client",
        ("token_request", "certificate_needed" | "certificate") => "invalid_client",
        ("token_request", "grant_type") => "unsupported_grant_type",
        ("token_request", "scope") => "invalid_scope",
        ("token_request", _) => "invalid_request",
        ("policy" | "interface", _) => "unauthorized_client",
        _ => "server_error",
    }
}

/// What came to the token endpoint.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'r> {
    /// `grant_type`.
    pub grant_type: &'r str,
    /// `client_assertion_type`.
    pub assertion_type: &'r str,
    /// `client_assertion`.
    pub assertion: &'r str,
    /// `client_id`, which may be left out.
    pub client_id: Option<&'r str>,
    /// `scope`; left out, everything that the client's role has.
    pub scope: Option<&'r str>,
    /// The certificate of the connection.
    pub certificate: Option<Thumbprint>,
}

impl<'r> TokenRequest<'r> {
    /// Reads the assertion, if all else is as it must be.
    ///
    /// # Errors
    /// [`RequestRefusal`], [`AssertionRefusal`].
    pub fn assertion(&self) -> Result<Assertion<'r>, kernel::Refusal> {
        if self.grant_type != GRANT_TYPE {
            return Err(RequestRefusal::GrantType.into());
        }
        if self.assertion_type != ASSERTION_TYPE {
            return Err(RequestRefusal::AssertionType.into());
        }
        let assertion = Assertion::parse(self.assertion)?;
        if self.client_id.is_some_and(|client| client != assertion.client()) {
            return Err(RequestRefusal::ClientId.into());
        }
        Ok(assertion)
    }
}

/// What a client is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The client.
    pub registration: Registration,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
    /// Over which certificate.
    pub certificate: Thumbprint,
    /// How it proved who it is.
    pub proof: Proof,
}

impl Grant {
    /// What a client that asks like this is given. `is_used` says whether its assertion was used before.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing about the client is told before its key has been shown.
    pub fn decide(
        request: &TokenRequest<'_>,
        client: Option<&crate::client::Client>,
        is_used: bool,
        server: &Server,
        now: Timestamp,
    ) -> Result<Self, kernel::Refusal> {
        use crate::client::ClientRefusal;
        let assertion = request.assertion()?;
        let client = client.ok_or(ClientRefusal::Unknown)?;
        let registration = &client.registration;
        let proof = assertion.check(registration, server, now)?;
        if client.is_ended {
            return Err(ClientRefusal::Ended.into());
        }
        let certificate = request.certificate.ok_or(RequestRefusal::CertificateNeeded)?;
        registration.certificate(certificate).ok_or(RequestRefusal::Certificate)?.require_current(now)?;
        if is_used {
            return Err(AssertionRefusal::Replayed.into());
        }
        let all = permission::of_role(registration.party.role());
        let permissions = match request.scope {
            None => Some(all.iter().copied().collect()),
            Some(text) => text
                .split_ascii_whitespace()
                .map(|name| Permission::parse(name).filter(|permission| all.contains(permission)))
                .collect::<Option<BTreeSet<_>>>()
                .filter(|permissions| !permissions.is_empty()),
        };
        let permissions = permissions.ok_or(RequestRefusal::Scope)?;
        Ok(Self { registration: registration.clone(), permissions, certificate, proof })
    }

    /// Who was given it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.registration.actor()
    }

    /// The token's name. It follows from the assertion, which is used once, so it is unlike any other.
    #[must_use]
    pub fn token_id(&self) -> String {
        let name = Encoder::default().start("token").text(&self.registration.name).text(&self.proof.jti).leaf();
        encode(&name[..TOKEN_ID_BYTES])
    }

    /// The token.
    #[must_use]
    pub fn sign(&self, key: &PrivateKey, server: &Server, now: Timestamp) -> IssuedToken {
        let Registration { name, party, .. } = &self.registration;
        let scope = permission::to_text(&self.permissions);
        let now = seconds(now);
        let mut claims = json!({
            "iss": server.issuer(),
            "sub": name,
            "client_id": name,
            "aud": server.audience(),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": self.token_id(),
            "scope": scope,
            "roles": [party.role().name()],
            "cnf": { "x5t#S256": self.certificate },
            ALGORITHM_CLAIM: self.proof.algorithm.name(),
        });
        for (claim, value) in [("payer", party.payer()), ("bank", party.bank()), ("register", party.register())] {
            if let Some(value) = value {
                claims[claim] = value.into();
            }
        }
        IssuedToken {
            access_token: jws::sign(key, TOKEN_KIND, &claims),
            token_type: "Bearer".to_owned(),
            expires_in: TOKEN_SECONDS,
            scope,
        }
    }
}

/// What the token endpoint answers (RFC 6749 §5.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// `Bearer`: what binds it is in it.
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    /// What it is good for.
    pub scope: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuedToken({})", self.scope)
    }
}

/// A moment as tokens write it.
pub(crate) const fn seconds(moment: Timestamp) -> i64 {
    moment.micros().div_euclid(1_000_000)
}

/// Whether a claim is this text, or a list that holds it.
pub(crate) fn holds(claim: Option<&Value>, text: &str) -> bool {
    match claim {
        Some(Value::String(one)) => one == text,
        Some(Value::Array(list)) => list.iter().all(Value::is_string) && list.iter().any(|one| one == text),
        _ => false,
    }
}
