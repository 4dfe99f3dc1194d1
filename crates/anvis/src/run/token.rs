//! Access tokens: what is posted for them, and those that this store gives itself.

use super::client::read;
use super::{Session, clock};
use crate::cli::{Bound, Citizen, Claim, Common, Officer};
use crate::console::Answer;
use eid::assertion;
use eid::certificate::Certificate;
use eid::commands::{issue, sweep};
use eid::key::{PrivateKey, encode};
use eid::queries;
use eid::server::Server;
use eid::token::{ASSERTION_TYPE, GRANT_TYPE, OFFICER_GRANT_TYPE, TokenRequest, sign_citizen};
use kernel::{Error, Secrets, Timestamp};
use serde_json::json;
use std::fmt::Write;
use zeroize::Zeroizing;

/// Who asks.
#[derive(Clone, Copy)]
pub enum Whose {
    /// Another organisation's system.
    Client,
    /// An operator or caseworker.
    Officer,
}

impl Whose {
    /// What is asked, and how an assertion is named there (RFC 6749 §4.4, RFC 7523 §2.1).
    const fn grant(self) -> (&'static str, Option<&'static str>, &'static str) {
        match self {
            Self::Client => (GRANT_TYPE, Some(ASSERTION_TYPE), "client_assertion"),
            Self::Officer => (OFFICER_GRANT_TYPE, None, "assertion"),
        }
    }
}

/// What is posted to the token endpoint.
pub fn assert(claim: &Claim, whose: Whose, now: Timestamp) -> Result<Answer, Error> {
    let server = Server::new(&claim.issuer, None)?;
    let assertion = signed(claim, &server, &mut Secrets::from_system(), now)?;
    let form = |text: &str| -> String {
        // application/x-www-form-urlencoded: what is not plain is escaped.
        text.bytes().fold(String::new(), |mut escaped, byte| {
            let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            // Writing to a string cannot fail.
            let _ = if is_plain { write!(escaped, "{}", char::from(byte)) } else { write!(escaped, "%{byte:02X}") };
            escaped
        })
    };
    let (grant, kind, name) = whose.grant();
    let mut body = format!("grant_type={}", form(grant));
    if let Some(kind) = kind {
        let _ = write!(body, "&client_assertion_type={}", form(kind));
    }
    let _ = write!(body, "&{name}={}", form(&assertion));
    if let Some(scope) = &claim.scope {
        let _ = write!(body, "&scope={}", form(scope));
    }
    Ok(Answer::done(&body, &json!({ "token_endpoint": server.token_endpoint(), "body": body })))
}

fn signed(claim: &Claim, server: &Server, secrets: &mut Secrets, now: Timestamp) -> Result<String, Error> {
    let key = PrivateKey::read(&Zeroizing::new(read(&claim.key)?))?;
    let jti: [u8; 16] = secrets.bytes()?;
    Ok(assertion::sign(&key, &claim.name, server, &encode(&jti), now))
}

/// A token for a citizen who does not exist, as whoever logs citizens in would give it.
pub fn citizen(common: &Common, Citizen::Token { person, issuer, bound }: Citizen) -> Result<Answer, Error> {
    let mut session = Session::open(common)?;
    session.writer.store.require_synthetic("citizen token")?;
    let server = Server::new(&issuer, bound.audience.as_deref())?;
    let certificate = Certificate::read(&read(&bound.certificate)?)?.thumbprint;
    session.require_signing_key()?;
    let (now, signers) = (clock(common), session.writer.read(queries::signers)?);
    let person = (person.digits(), common.assurance, common.authenticator.as_str());
    let issued = sign_citizen(signers.at(now)?, &server, person, certificate, now);
    Ok(Answer::done(&issued.access_token, &issued))
}

impl Session {
    pub(super) fn officer(&mut self, command: Officer) -> Result<Answer, Error> {
        match command {
            Officer::Assert { claim } => assert(&claim, Whose::Officer, self.env()?.now),
            Officer::Token { claim, bound } => self.token(&claim, &bound, Whose::Officer),
        }
    }

    /// Gives a token, by the same rules as the token endpoint.
    pub(super) fn token(&mut self, claim: &Claim, bound: &Bound, whose: Whose) -> Result<Answer, Error> {
        let server = Server::new(&claim.issuer, bound.audience.as_deref())?;
        let env = self.env()?;
        let assertion = signed(claim, &server, &mut self.writer.secrets, env.now)?;
        let (grant_type, assertion_type, _) = whose.grant();
        let request = TokenRequest {
            grant_type,
            assertion_type,
            assertion: &assertion,
            client_id: None,
            scope: claim.scope.as_deref(),
            certificate: Some(Certificate::read(&read(&bound.certificate)?)?.thumbprint),
        };
        if let Whose::Officer = whose {
            self.require_signing_key()?;
        }
        // The console is no way in that could be old.
        let issued = issue(&mut self.writer, &server, request, &env, |scope, grant| {
            registry::queries::acting_caseworker(scope, &grant.asker.actor()).map(drop)
        })?;
        sweep(&mut self.writer.connection, env.now)?;
        Ok(Answer::done(&issued.access_token, &issued))
    }
}
