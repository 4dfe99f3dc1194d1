//! How a client or an officer proves who they are: a text that they have signed, good once and for minutes (RFC 7523; of clients
//! `private_key_jwt`).

use crate::json::numeric_date;
use crate::jws::{self, Fault, Jws};
use crate::key::{Algorithm, PrivateKey, PublicKey};
use crate::server::Server;
use crate::token::{SKEW_SECONDS, holds, seconds};
use kernel::{Refuse, Timestamp};
use serde_json::{Value, json};
use std::fmt;

/// How far ahead an assertion may expire.
pub const ASSERTION_SECONDS_MAX: i64 = 300;
const JTI_CHARS_MAX: usize = 128;

/// Why an assertion was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionRefusal {
    /// It cannot be read, or is not signed by a key that is registered.
    Fault(Fault),
    /// `iss` and `sub` are not both whose it is.
    Subject,
    /// It is for somebody else.
    Audience,
    /// `exp`, `iat` or `nbf` is no number, or there is no `exp`.
    Moment,
    /// It has expired.
    Expired,
    /// It expires too far ahead.
    TooLong,
    /// It was made, or begins to hold, in the future.
    NotYet,
    /// It has no `jti`, or one that cannot be kept.
    Jti,
    /// It was used before.
    Replayed,
}

impl Refuse for AssertionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Fault(Fault::Size) => "assertion.size",
            Self::Fault(Fault::Malformed) => "assertion.malformed",
            Self::Fault(Fault::Unsigned) => "assertion.unsigned",
            Self::Fault(Fault::Algorithm) => "assertion.algorithm",
            Self::Fault(Fault::Critical) => "assertion.critical",
            Self::Fault(Fault::Key) => "assertion.key",
            Self::Fault(Fault::Signature) => "assertion.signature",
            Self::Subject => "assertion.subject",
            Self::Audience => "assertion.audience",
            Self::Moment => "assertion.moment",
            Self::Expired => "assertion.expired",
            Self::TooLong => "assertion.too_long",
            Self::NotYet => "assertion.not_yet",
            Self::Jti => "assertion.jti",
            Self::Replayed => "assertion.replayed",
        }
    }
}

impl fmt::Display for AssertionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault(Fault::Size) => "the assertion is longer than 8 KiB",
            Self::Fault(Fault::Malformed) => {
                "the assertion is not a compact JWS over JSON in which no member stands twice"
            }
            Self::Fault(Fault::Unsigned) => "the assertion is not signed",
            Self::Fault(Fault::Algorithm) => "an assertion is signed by ES256 or EdDSA, whichever its key is for",
            Self::Fault(Fault::Critical) => {
                "the assertion's header names something critical, and nothing of that kind is understood"
            }
            Self::Fault(Fault::Key) => "the assertion is by no key that is registered under that name",
            Self::Fault(Fault::Signature) => {
                "the assertion's signature is not by a key that is registered under that name"
            }
            Self::Subject => "iss and sub of the assertion must both be the name that its maker is registered under",
            Self::Audience => "aud of the assertion must be the issuer or its token endpoint",
            Self::Moment => {
                "exp of the assertion must be there, and exp, iat and nbf must be numbers (seconds since 1970)"
            }
            Self::Expired => "the assertion has expired",
            Self::TooLong => "the assertion expires more than 5 minutes ahead",
            Self::NotYet => "the assertion is not valid yet; is the clock right?",
            Self::Jti => "the assertion must have a jti of 1 to 128 characters",
            Self::Replayed => "the assertion was used before; make a new one for each request",
        })
    }
}

impl From<Fault> for AssertionRefusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An assertion, read and not yet believed.
#[derive(Debug)]
pub struct Assertion<'t> {
    jws: Jws<'t>,
    name: String,
}

/// What an assertion has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key that signed it.
    pub kid: String,
    /// By which algorithm.
    pub algorithm: Algorithm,
    /// Its name, which is used once.
    pub jti: String,
    /// When it is good for nothing, whatever the clocks say.
    pub expires: Timestamp,
}

impl<'t> Assertion<'t> {
    /// Reads an assertion.
    ///
    /// # Errors
    /// It cannot be read, or does not say one name.
    pub fn parse(text: &'t str) -> Result<Self, AssertionRefusal> {
        let jws = Jws::parse(text)?;
        let name = match (jws.claims.get("iss"), jws.claims.get("sub")) {
            (Some(Value::String(issuer)), Some(Value::String(subject))) if issuer == subject => issuer.clone(),
            _ => return Err(AssertionRefusal::Subject),
        };
        Ok(Self { jws, name })
    }

    /// Whom it claims to be by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name, if it has one.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.jws.claims.get("jti").and_then(Value::as_str)
    }

    /// Whether it proves that it is whoever is registered under this name, with these keys, who asks, now. That it is used once is
    /// the store's to say.
    ///
    /// # Errors
    /// [`AssertionRefusal`].
    pub fn check(
        &self,
        name: &str,
        keys: &[PublicKey],
        server: &Server,
        now: Timestamp,
    ) -> Result<Proof, AssertionRefusal> {
        if self.name != name {
            return Err(AssertionRefusal::Subject);
        }
        let key = self.jws.verify(keys)?;
        let moment = |name: &str| match self.jws.claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or(AssertionRefusal::Moment),
        };
        let (issued, not_before) = (moment("iat")?, moment("nbf")?);
        let expires = moment("exp")?.ok_or(AssertionRefusal::Moment)?;
        let names = [server.issuer().to_owned(), server.token_endpoint()];
        if !names.iter().any(|name| holds(self.jws.claims.get("aud"), name)) {
            return Err(AssertionRefusal::Audience);
        }
        let now = seconds(now);
        if expires.saturating_add(SKEW_SECONDS) <= now {
            return Err(AssertionRefusal::Expired);
        }
        if expires > now + ASSERTION_SECONDS_MAX + SKEW_SECONDS {
            return Err(AssertionRefusal::TooLong);
        }
        if [issued, not_before].into_iter().flatten().any(|moment| moment > now + SKEW_SECONDS) {
            return Err(AssertionRefusal::NotYet);
        }
        let jti =
            self.jti().filter(|jti| (1..=JTI_CHARS_MAX).contains(&jti.chars().count())).ok_or(AssertionRefusal::Jti)?;
        Ok(Proof {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm(),
            jti: jti.to_owned(),
            expires: Timestamp::from_micros((expires + SKEW_SECONDS) * 1_000_000),
        })
    }
}

/// An assertion as a client or an officer makes it.
#[must_use]
pub fn sign(key: &PrivateKey, name: &str, server: &Server, jti: &str, now: Timestamp) -> String {
    let now = seconds(now);
    let claims = json!({
        "iss": name,
        "sub": name,
        "aud": server.issuer(),
        "iat": now,
        "exp": now + ASSERTION_SECONDS_MAX,
        "jti": jti,
    });
    jws::sign(key, "JWT", &claims)
}
