//! Access tokens as they are asked for and given: client credentials (RFC 6749 §4.4) and officers' assertions (RFC 7523 §2.1),
//! signed (RFC 9068), bound to the certificate of the connection (RFC 8705).

use crate::access::acr;
use crate::assertion::{Assertion, AssertionRefusal, Proof};
use crate::certificate::Thumbprint;
use crate::client::{Client, ClientRefusal, Registration};
use crate::jws::{self, Fault};
use crate::key::{PrivateKey, PublicKey, encode};
use crate::permission::{self, Permission};
use crate::server::Server;
use kernel::merkle::Encoder;
use kernel::{Actor, Assurance, Officer, Refuse, Role, Timestamp};
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
/// The grant of clients.
pub const GRANT_TYPE: &str = "client_credentials";
/// The grant of officers.
pub const OFFICER_GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The one way in which a client proves who it is. Of an officer, the grant says it.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN_ID_BYTES: usize = 16;

/// Why no token was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestRefusal {
    /// Another grant than those.
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
            Self::GrantType => {
                "the grants are client_credentials, and urn:ietf:params:oauth:grant-type:jwt-bearer of officers"
            }
            Self::AssertionType => {
                "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer; an officer's request has none"
            }
            Self::ClientId => "client_id is not the client that the assertion is by",
            Self::CertificateNeeded => "tokens are given over a connection with a client's certificate",
            Self::Certificate => "the certificate of the connection is not registered for this client",
            Self::Scope => "a scope is asked for that this role does not have",
        })
    }
}

/// What the token endpoint says of the refusal of an officer's request, beside its own code (RFC 6749 §5.2, RFC 7523 §3.1).
#[must_use]
pub fn oauth_error_of_officer(code: &str) -> &'static str {
    let subject = code.split_once('.').map_or(code, |(subject, _)| subject);
    if ["assertion", "operator", "caseworker"].contains(&subject) { "invalid_grant" } else { oauth_error(code) }
}

/// What it says of the refusal of a client's.
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
    /// `client_assertion_type`, of a client.
    pub assertion_type: Option<&'r str>,
    /// `client_assertion` of a client, `assertion` of an officer.
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
        let expected = match self.grant_type {
            GRANT_TYPE => Some(ASSERTION_TYPE),
            OFFICER_GRANT_TYPE => None,
            _ => return Err(RequestRefusal::GrantType.into()),
        };
        if self.assertion_type != expected {
            return Err(RequestRefusal::AssertionType.into());
        }
        let assertion = Assertion::parse(self.assertion)?;
        if self.client_id.is_some_and(|client| client != assertion.name()) {
            return Err(RequestRefusal::ClientId.into());
        }
        Ok(assertion)
    }

    /// Whether it is an officer who asks.
    #[must_use]
    pub fn is_of_officer(&self) -> bool {
        self.grant_type == OFFICER_GRANT_TYPE
    }

    /// No registered key is shown. Whether an officer of that name is there is told only to who has their key.
    fn unproved(&self, of_client: impl Into<kernel::Refusal>) -> kernel::Refusal {
        if self.is_of_officer() { AssertionRefusal::from(Fault::Key).into() } else { of_client.into() }
    }
}

/// Who asks for a token, as they are registered.
#[derive(Clone, Debug)]
pub enum Asker {
    /// Another organisation's system.
    Client(Client),
    /// An operator or caseworker. Whether they were ended is others' to know.
    Officer(Officer),
}

impl Asker {
    /// The name that they are registered under.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Client(client) => &client.registration.name,
            Self::Officer(officer) => &officer.name,
        }
    }

    /// What they are.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Client(client) => client.registration.party.role(),
            Self::Officer(officer) => officer.role,
        }
    }

    /// As the journal names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Client(client) => client.registration.actor(),
            Self::Officer(officer) => officer.actor(),
        }
    }

    fn keys(&self) -> Vec<PublicKey> {
        match self {
            Self::Client(client) => client.registration.keys.clone(),
            Self::Officer(officer) => PublicKey::ed25519(officer.key.as_bytes()).into_iter().collect(),
        }
    }

    /// Refuses a client that was ended, or that does not come over a certificate of its own. Officers have none: their token is
    /// bound to that of the system which they sit at.
    fn require_way(&self, certificate: Option<Thumbprint>, now: Timestamp) -> Result<Thumbprint, kernel::Refusal> {
        if matches!(self, Self::Client(client) if client.is_ended) {
            return Err(ClientRefusal::Ended.into());
        }
        let certificate = certificate.ok_or(RequestRefusal::CertificateNeeded)?;
        if let Self::Client(client) = self {
            let registered = client.registration.certificate(certificate).ok_or(RequestRefusal::Certificate)?;
            registered.require_current(now)?;
        }
        Ok(certificate)
    }
}

/// What somebody is given.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Who.
    pub asker: Asker,
    /// What they may do.
    pub permissions: BTreeSet<Permission>,
    /// Over which certificate.
    pub certificate: Thumbprint,
    /// How they proved who they are.
    pub proof: Proof,
}

impl Grant {
    /// What whoever asks like this is given. `is_used` says whether their assertion was used before.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing about anybody is told before their key has been shown.
    pub fn decide(
        request: &TokenRequest<'_>,
        asker: Option<&Asker>,
        is_used: bool,
        server: &Server,
        now: Timestamp,
    ) -> Result<Self, kernel::Refusal> {
        let assertion = request.assertion()?;
        let asker = asker.ok_or_else(|| request.unproved(ClientRefusal::Unknown))?;
        let proof = assertion.check(asker.name(), &asker.keys(), server, now).map_err(|refusal| match refusal {
            AssertionRefusal::Fault(_) => request.unproved(refusal),
            refusal => refusal.into(),
        })?;
        let certificate = asker.require_way(request.certificate, now)?;
        if is_used {
            return Err(AssertionRefusal::Replayed.into());
        }
        let all = permission::of_role(asker.role());
        let permissions = match request.scope {
            None => Some(all.iter().copied().collect()),
            Some(text) => text
                .split_ascii_whitespace()
                .map(|name| Permission::parse(name).filter(|permission| all.contains(permission)))
                .collect::<Option<BTreeSet<_>>>()
                .filter(|permissions| !permissions.is_empty()),
        };
        let permissions = permissions.ok_or(RequestRefusal::Scope)?;
        Ok(Self { asker: asker.clone(), permissions, certificate, proof })
    }

    /// The token's name. It follows from the assertion, which is used once, so it is unlike any other.
    #[must_use]
    pub fn token_id(&self) -> String {
        let name = Encoder::default().start("token").text(self.asker.actor().name()).text(&self.proof.jti).leaf();
        encode(&name[..TOKEN_ID_BYTES])
    }

    /// The token.
    #[must_use]
    pub fn sign(&self, key: &PrivateKey, server: &Server, now: Timestamp) -> IssuedToken {
        let (name, role) = (self.asker.name(), self.asker.role());
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
            "roles": [role.name()],
            "cnf": { "x5t#S256": self.certificate },
            ALGORITHM_CLAIM: self.proof.algorithm.name(),
        });
        if let Asker::Client(Client { registration: Registration { party, .. }, .. }) = &self.asker {
            for (claim, value) in [("payer", party.payer()), ("bank", party.bank()), ("register", party.register())] {
                if let Some(value) = value {
                    claims[claim] = value.into();
                }
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

/// A token of a citizen who is logged in now, as whoever logs citizens in would give it: for people who do not exist, since no other
/// is believed ([`crate::access::Issuer::own`]). They are named by their number, how sure it is that it is them, and by which
/// authenticator.
#[must_use]
pub fn sign_citizen(
    key: &PrivateKey,
    server: &Server,
    (number, assurance, authenticator): (&str, Assurance, &str),
    certificate: Thumbprint,
    now: Timestamp,
) -> IssuedToken {
    let permissions = permission::of_role(Role::Citizen).iter().copied().collect();
    let (scope, now) = (permission::to_text(&permissions), seconds(now));
    let claims = json!({
        "iss": server.issuer(),
        "client_id": server.issuer(),
        "aud": server.audience(),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "scope": scope,
        "roles": [Role::Citizen.name()],
        "cpr": number,
        "acr": acr(assurance),
        "auth_time": now,
        "authenticator": authenticator,
        "cnf": { "x5t#S256": certificate },
    });
    IssuedToken {
        access_token: jws::sign(key, TOKEN_KIND, &claims),
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_SECONDS,
        scope,
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
