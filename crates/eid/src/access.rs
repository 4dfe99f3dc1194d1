//! Tokens as they come in: what the registry believes of one.
//!
//! Tokens of this server and of others that are named beforehand are read by the same rules; only the names of claims differ.

use crate::certificate::Thumbprint;
use crate::client::Party;
use crate::json::numeric_date;
use crate::jws::{Fault, Jws};
use crate::key::{Algorithm, PublicKey};
use crate::permission::{self, Permission};
use crate::server::Server;
use crate::token::{ALGORITHM_CLAIM, SKEW_SECONDS, TOKEN_KIND, holds, seconds};
use kernel::{Actor, Refuse, Role, Timestamp};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const NAME_CHARS_MAX: usize = 128;
/// How far ahead a token may expire: whoever was ended elsewhere is let in no longer than that.
pub const TOKEN_SECONDS_MAX: i64 = 3_600;

/// Whose tokens are believed, and how they are read.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// `iss`.
    pub name: String,
    /// Its keys, as it publishes them.
    pub keys: Vec<PublicKey>,
    /// What its tokens' header says that they are.
    pub kind: String,
    /// The claim that names the client.
    pub client_claim: String,
    /// The claim that lists roles; one of them must be one of ours.
    pub role_claim: String,
    /// Its names of our roles.
    pub roles: BTreeMap<String, Role>,
    /// The claim that names the payer.
    pub payer_claim: String,
    /// The claim that names the bank.
    pub bank_claim: String,
    /// The claim that names the register.
    pub register_claim: String,
    /// Whether it is this server: its clients are known by their names alone.
    is_own: bool,
}

impl Issuer {
    /// This server.
    #[must_use]
    pub fn own(server: &Server, keys: Vec<PublicKey>) -> Self {
        Self { is_own: true, ..Self::outside(server.issuer(), keys) }
    }

    /// Another one, whose tokens are like ours; where they are not, change what differs.
    #[must_use]
    pub fn outside(name: &str, keys: Vec<PublicKey>) -> Self {
        let roles = Role::ALL.into_iter().filter(|role| role.is_client());
        Self {
            name: name.to_owned(),
            keys,
            kind: TOKEN_KIND.to_owned(),
            client_claim: "client_id".to_owned(),
            role_claim: "roles".to_owned(),
            roles: roles.map(|role| (role.name().to_owned(), role)).collect(),
            payer_claim: "payer".to_owned(),
            bank_claim: "bank".to_owned(),
            register_claim: "register".to_owned(),
            is_own: false,
        }
    }
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// It cannot be read, or is not signed by its issuer.
    Fault(Fault),
    /// Nobody whose tokens are believed made it.
    Issuer,
    /// It is another kind of token.
    Kind,
    /// It is for somebody else.
    Audience,
    /// A claim is missing, or is not what it must be.
    Claims,
    /// It has expired.
    Expired,
    /// It expires too far ahead.
    TooLong,
    /// It was made, or begins to hold, in the future.
    NotYet,
    /// It is bound to no certificate, or not to that of the connection.
    Binding,
    /// It names no role of ours, or several.
    Role,
    /// It names no payer, bank or register where its role has one, or one where its role has none.
    Party,
}

impl Refuse for TokenRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Fault(Fault::Size) => "token.size",
            Self::Fault(Fault::Malformed) => "token.malformed",
            Self::Fault(Fault::Unsigned) => "token.unsigned",
            Self::Fault(Fault::Algorithm) => "token.algorithm",
            Self::Fault(Fault::Critical) => "token.critical",
            Self::Fault(Fault::Key) => "token.key",
            Self::Fault(Fault::Signature) => "token.signature",
            Self::Issuer => "token.issuer",
            Self::Kind => "token.kind",
            Self::Audience => "token.audience",
            Self::Claims => "token.claims",
            Self::Expired => "token.expired",
            Self::TooLong => "token.too_long",
            Self::NotYet => "token.not_yet",
            Self::Binding => "token.binding",
            Self::Role => "token.role",
            Self::Party => "token.party",
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault(Fault::Size) => "the token is longer than 8 KiB",
            Self::Fault(Fault::Malformed) => "the token is not a compact JWS over JSON in which no member stands twice",
            Self::Fault(Fault::Unsigned) => "the token is not signed",
            Self::Fault(Fault::Algorithm) => "a token is signed by ES256 or EdDSA, whichever its key is for",
            Self::Fault(Fault::Critical) => {
                "the token's header names something critical, and nothing of that kind is understood"
            }
            Self::Fault(Fault::Key) => "the token's issuer has no key with that kid, or has it no more",
            Self::Fault(Fault::Signature) => "the token's signature is not by its issuer",
            Self::Issuer => "tokens of that issuer are not accepted here",
            Self::Kind => "that is another kind of token; an access token is needed",
            Self::Audience => "the token is for another service",
            Self::Claims => "the token lacks a claim that it must have, or has one that is not of its form",
            Self::Expired => "the token has expired; ask for a new one",
            Self::TooLong => "the token expires more than an hour ahead",
            Self::NotYet => "the token is not valid yet; is the clock right?",
            Self::Binding => "the token is not bound to the certificate of this connection",
            Self::Role => "the token must name one role that is known here",
            Self::Party => "the token's role and the payer, bank or register that it names do not fit",
        })
    }
}

impl From<Fault> for TokenRefusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What a token has proved: who calls, for whom, and what they may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The client; of another issuer, with `@` and that issuer.
    pub client: String,
    /// For whom it comes, and as what.
    pub party: Party,
    /// What it may ask for.
    pub permissions: BTreeSet<Permission>,
    /// The token's own name, if it has one.
    pub token_id: Option<String>,
    /// How the client signed what the token was given for; of another issuer, how the token is signed.
    pub algorithm: Algorithm,
    /// When it is good for nothing, whatever the clocks say.
    pub expires: Timestamp,
}

impl Access {
    /// The caller, as the journal names them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::client(self.party.role(), &self.client)
    }
}

/// Whether a token is believed, now and over this connection.
///
/// # Errors
/// [`TokenRefusal`]. Of a token that is not signed by its issuer, nothing more is looked at.
pub fn verify(
    token: &str,
    issuers: &[Issuer],
    audience: &str,
    certificate: Option<Thumbprint>,
    now: Timestamp,
) -> Result<Access, TokenRefusal> {
    let jws = Jws::parse(token)?;
    let text = |name: &str| jws.claims.get(name).and_then(Value::as_str);
    let name = text("iss").ok_or(TokenRefusal::Issuer)?;
    let issuer = issuers.iter().find(|issuer| issuer.name == name).ok_or(TokenRefusal::Issuer)?;
    let signed_by = jws.verify(&issuer.keys)?.algorithm();
    let kind = jws.header.kind.as_deref().ok_or(TokenRefusal::Kind)?.to_ascii_lowercase();
    // RFC 7515 §4.1.9: what has no slash is short for a media type, and those know no case.
    if kind.strip_prefix("application/").unwrap_or(&kind) != issuer.kind.to_ascii_lowercase() {
        return Err(TokenRefusal::Kind);
    }
    if !holds(jws.claims.get("aud"), audience) {
        return Err(TokenRefusal::Audience);
    }
    let expires = check_moments(&jws.claims, seconds(now))?;
    // Bound to nothing is anybody's.
    let bound = jws.claims.get("cnf").and_then(|confirmation| confirmation.get("x5t#S256")).and_then(Value::as_str);
    if bound.and_then(Thumbprint::parse).is_none_or(|bound| Some(bound) != certificate) {
        return Err(TokenRefusal::Binding);
    }
    let is_name =
        |name: &&str| (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    let client = text(&issuer.client_claim).filter(is_name).ok_or(TokenRefusal::Claims)?;
    let algorithm = match text(ALGORITHM_CLAIM).filter(|_| issuer.is_own) {
        Some(name) => Algorithm::parse(name).ok_or(TokenRefusal::Claims)?,
        None => signed_by,
    };
    let role = role(jws.claims.get(&issuer.role_claim), issuer)?;
    let named = |claim: &str| match jws.claims.get(claim) {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err(TokenRefusal::Party),
    };
    let party =
        Party::new(role, named(&issuer.payer_claim)?, named(&issuer.bank_claim)?, named(&issuer.register_claim)?);
    // Other scopes are other services'; and no issuer can give a role what it does not have.
    let scope = text("scope").ok_or(TokenRefusal::Claims)?.split_ascii_whitespace().filter_map(Permission::parse);
    let permissions = scope.filter(|permission| permission::of_role(role).contains(permission)).collect();
    Ok(Access {
        client: if issuer.is_own { client.to_owned() } else { format!("{client}@{}", issuer.name) },
        party: party.map_err(|_| TokenRefusal::Party)?,
        permissions,
        token_id: text("jti").map(str::to_owned),
        algorithm,
        expires: Timestamp::from_micros(expires.saturating_add(SKEW_SECONDS).saturating_mul(1_000_000)),
    })
}

/// The moment at which it expires, if it holds at `now`.
fn check_moments(claims: &Map<String, Value>, now: i64) -> Result<i64, TokenRefusal> {
    let moment = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => numeric_date(value).map(Some).ok_or(TokenRefusal::Claims),
    };
    let expires = moment("exp")?.ok_or(TokenRefusal::Claims)?;
    let begins = [moment("iat")?, moment("nbf")?];
    if expires.saturating_add(SKEW_SECONDS) <= now {
        return Err(TokenRefusal::Expired);
    }
    if expires > now + TOKEN_SECONDS_MAX + SKEW_SECONDS {
        return Err(TokenRefusal::TooLong);
    }
    if begins.into_iter().flatten().any(|begin| begin > now + SKEW_SECONDS) {
        return Err(TokenRefusal::NotYet);
    }
    Ok(expires)
}

/// The one role of ours that is named; others' roles are theirs.
fn role(claim: Option<&Value>, issuer: &Issuer) -> Result<Role, TokenRefusal> {
    let names: Vec<&str> = match claim {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => return Err(TokenRefusal::Role),
    };
    let known: BTreeSet<Role> = names.iter().filter_map(|name| issuer.roles.get(*name)).copied().collect();
    match known.first() {
        Some(role) if known.len() == 1 && role.is_client() => Ok(*role),
        _ => Err(TokenRefusal::Role),
    }
}
