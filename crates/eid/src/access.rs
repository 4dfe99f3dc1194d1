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
use kernel::{Assurance, Authenticator, Login, Refuse, Role, Timestamp};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

const NAME_CHARS_MAX: usize = 128;
/// A longer number is nobody's.
const NUMBER_CHARS_MAX: usize = 32;
/// How far ahead a token may expire: whoever was ended elsewhere is let in no longer than that.
pub const TOKEN_SECONDS_MAX: i64 = 3_600;
/// For so long a citizen's login counts.
pub const LOGIN_SECONDS_MAX: i64 = 3_600;
/// Begins a level of assurance (NSIS), as `acr` has it.
const ASSURANCE_PREFIX: &str = "https://data.gov.dk/concept/core/nsis/loa/";

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
    /// The claim with a citizen's number.
    pub number_claim: String,
    /// The claim that names the authenticator by which a citizen logged in.
    pub authenticator_claim: String,
    /// Whether it is this server: its clients are known by their names alone.
    is_own: bool,
}

impl Issuer {
    /// This server. It gives tokens to clients and officers; a citizen's is believed where `are_citizens_synthetic` alone, since
    /// nobody logs in here.
    #[must_use]
    pub fn own(server: &Server, keys: Vec<PublicKey>, are_citizens_synthetic: bool) -> Self {
        let is_for = |role: &Role| match role {
            Role::Console => false,
            Role::Citizen => are_citizens_synthetic,
            _ => true,
        };
        Self { is_own: true, ..Self::of(server.issuer(), keys, is_for) }
    }

    /// Another one whose clients are believed, with tokens like ours; where they are not, change what differs.
    #[must_use]
    pub fn outside(name: &str, keys: Vec<PublicKey>) -> Self {
        Self::of(name, keys, |role| role.is_client())
    }

    /// Another one where citizens log in, and which is believed about nobody else; likewise.
    #[must_use]
    pub fn of_citizens(name: &str, keys: Vec<PublicKey>) -> Self {
        Self::of(name, keys, |role| *role == Role::Citizen)
    }

    fn of(name: &str, keys: Vec<PublicKey>, is_for: impl Fn(&Role) -> bool) -> Self {
        let roles = Role::ALL.into_iter().filter(is_for);
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
            number_claim: "cpr".to_owned(),
            authenticator_claim: "authenticator".to_owned(),
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
    /// A citizen's does not say how they logged in, or it was too long ago.
    Login,
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
            Self::Login => "token.login",
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
            Self::Login => {
                "a citizen's token says how, when and by which authenticator they logged in, at most an hour ago"
            }
        })
    }
}

impl From<Fault> for TokenRefusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A person's number, as whoever gives numbers writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber(String);

impl PersonNumber {
    /// A number that somebody else has looked at.
    #[must_use]
    pub fn new(number: String) -> Self {
        Self(number)
    }

    /// The number itself: for what makes a pseudonym of it, never for a log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonNumber(…)")
    }
}

/// Whose token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bearer {
    /// Another organisation's system.
    System(Party),
    /// The operator or caseworker who is registered under [`Access::client`].
    Officer(Role),
    /// A person, for themselves.
    Citizen(Citizen),
}

/// A person who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citizen {
    /// Their number.
    pub number: PersonNumber,
    /// How and when they logged in.
    pub login: Login,
}

/// What a token has proved: who calls, for whom, and what they may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The client or officer; of another issuer, with `@` and that issuer. Of a citizen, the system at which they sit.
    pub client: String,
    /// Who, and of a client for whom.
    pub bearer: Bearer,
    /// What it may ask for.
    pub permissions: BTreeSet<Permission>,
    /// The token's own name, if it has one.
    pub token_id: Option<String>,
    /// How the client signed what the token was given for; of another issuer, how the token is signed.
    pub algorithm: Algorithm,
    /// When it is good for nothing, whatever the clocks say.
    pub expires: Timestamp,
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
    let role = role(jws.claims.get(&issuer.role_claim), issuer)?;
    let is_name = |name: &&str| {
        // An officer's may be written in any letters.
        let is_plain = |c: char| c.is_ascii_graphic() || !role.is_client() && c.is_alphanumeric();
        (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.chars().all(is_plain)
    };
    let client = text(&issuer.client_claim).filter(is_name).ok_or(TokenRefusal::Claims)?;
    let algorithm = match text(ALGORITHM_CLAIM).filter(|_| issuer.is_own) {
        Some(name) => Algorithm::parse(name).ok_or(TokenRefusal::Claims)?,
        None => signed_by,
    };
    let named = |claim: &str| match jws.claims.get(claim) {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err(TokenRefusal::Party),
    };
    let (payer, bank, register) =
        (named(&issuer.payer_claim)?, named(&issuer.bank_claim)?, named(&issuer.register_claim)?);
    let bearer = match role {
        _ if role.is_client() => {
            Bearer::System(Party::new(role, payer, bank, register).map_err(|_| TokenRefusal::Party)?)
        }
        // A person comes for nobody else.
        _ if payer.or(bank).or(register).is_some() => return Err(TokenRefusal::Party),
        Role::Citizen => Bearer::Citizen(citizen(&jws.claims, issuer, now)?),
        _ => Bearer::Officer(role),
    };
    // Other scopes are other services'; and no issuer can give a role what it does not have.
    let scope = text("scope").ok_or(TokenRefusal::Claims)?.split_ascii_whitespace().filter_map(Permission::parse);
    let permissions = scope.filter(|permission| permission::of_role(role).contains(permission)).collect();
    // A citizen's login ends whatever else the token says.
    let expires = match &bearer {
        Bearer::Citizen(citizen) => expires.min(seconds(citizen.login.at).saturating_add(LOGIN_SECONDS_MAX)),
        _ => expires,
    };
    Ok(Access {
        client: if issuer.is_own { client.to_owned() } else { format!("{client}@{}", issuer.name) },
        bearer,
        permissions,
        token_id: text("jti").map(str::to_owned),
        algorithm,
        expires: Timestamp::from_micros(expires.saturating_add(SKEW_SECONDS).saturating_mul(1_000_000)),
    })
}

/// The person whose token it is, and how they logged in.
fn citizen(claims: &Map<String, Value>, issuer: &Issuer, now: Timestamp) -> Result<Citizen, TokenRefusal> {
    let text = |name: &str, chars_max: usize| {
        let text = claims.get(name).and_then(Value::as_str);
        text.filter(|text| (1..=chars_max).contains(&text.chars().count()))
    };
    let number = text(&issuer.number_claim, NUMBER_CHARS_MAX).ok_or(TokenRefusal::Claims)?;
    let level = text("acr", NAME_CHARS_MAX).and_then(|acr| acr.strip_prefix(ASSURANCE_PREFIX));
    let assurance = level.and_then(|level| Assurance::ALL.into_iter().find(|known| acr_level(*known) == level));
    let authenticator = text(&issuer.authenticator_claim, NAME_CHARS_MAX).map(Authenticator::named);
    let at = claims.get("auth_time").and_then(numeric_date);
    let (Some(assurance), Some(authenticator), Some(at)) = (assurance, authenticator, at) else {
        return Err(TokenRefusal::Login);
    };
    let now = seconds(now);
    if at > now + SKEW_SECONDS {
        return Err(TokenRefusal::NotYet);
    }
    if at.saturating_add(LOGIN_SECONDS_MAX + SKEW_SECONDS) <= now {
        return Err(TokenRefusal::Login);
    }
    let login = Login { assurance, authenticator, at: Timestamp::from_micros(at.saturating_mul(1_000_000)) };
    Ok(Citizen { number: PersonNumber(number.to_owned()), login })
}

const fn acr_level(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Low => "Low",
        Assurance::Substantial => "Substantial",
        Assurance::High => "High",
    }
}

/// A level of assurance as `acr` has it.
#[must_use]
pub fn acr(assurance: Assurance) -> String {
    format!("{ASSURANCE_PREFIX}{}", acr_level(assurance))
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
        // Nobody is made an officer, or the console, from outside.
        Some(role) if known.len() == 1 && (issuer.is_own || role.is_client() || *role == Role::Citizen) => Ok(*role),
        _ => Err(TokenRefusal::Role),
    }
}
