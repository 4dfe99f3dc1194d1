//! The server's own keys, and when each of them signs.

use crate::key::{PrivateKey, PublicKey};
use crate::token::{SKEW_SECONDS, TOKEN_SECONDS};
use kernel::{Id, Refuse, Timestamp};
use serde_json::{Value, json};
use std::fmt;

/// How long a key is published before it signs: whoever verifies tokens keeps what was published for some minutes.
pub const PUBLISHED_BEFORE_SECONDS: i64 = 600;

/// A key of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Which.
    pub id: Id<Self>,
    /// What verifies.
    pub public: PublicKey,
    /// From when it signs, until another one does.
    pub signs_from: Timestamp,
    /// Until when those before it are published.
    pub former_until: Timestamp,
}

/// Why a key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// There must be one; if there is, nothing is to be done.
    First,
    /// Keys are changed from time to time. Nobody notices.
    Planned,
    /// Somebody else may have the former one: it is good for nothing from now on.
    Compromised,
}

/// Why a key was not made, or is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SigningKeyRefusal {
    /// The next one is published and has not begun to sign.
    Pending,
    /// There is none.
    None,
}

impl Refuse for SigningKeyRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Pending => "signing_key.pending",
            Self::None => "signing_key.none",
        }
    }
}

impl fmt::Display for SigningKeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => {
                "the next key is published already and begins to sign within ten minutes; rotate again after that"
            }
            Self::None => "the server has no key to sign with; make one with 'anvis client rotate-key'",
        })
    }
}

/// When a new key signs, and until when those before it are published: `None` when no new one is needed. `keys` are in the order
/// in which they were made.
///
/// # Errors
/// [`SigningKeyRefusal::Pending`].
pub fn rotate(
    keys: &[SigningKey],
    rotation: Rotation,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, SigningKeyRefusal> {
    match (keys.last(), rotation) {
        (Some(_), Rotation::First) => Ok(None),
        (None, _) | (_, Rotation::Compromised) => Ok(Some((now, now))),
        (Some(last), Rotation::Planned) if last.signs_from > now => Err(SigningKeyRefusal::Pending),
        (Some(_), Rotation::Planned) => {
            let signs_from = now.minus_seconds(-PUBLISHED_BEFORE_SECONDS);
            Ok(Some((signs_from, signs_from.minus_seconds(-(TOKEN_SECONDS + 2 * SKEW_SECONDS)))))
        }
    }
}

/// The key that signs now: the newest, or the one before it until its time has come. `keys` are in the order in which they were
/// made; the last two are enough.
///
/// # Errors
/// [`SigningKeyRefusal::None`].
pub fn signing(keys: &[SigningKey], now: Timestamp) -> Result<&SigningKey, SigningKeyRefusal> {
    match keys {
        [] => Err(SigningKeyRefusal::None),
        [.., former, last] if last.signs_from > now => Ok(former),
        [.., last] => Ok(last),
    }
}

/// The keys that can be the one that signs, with their secret halves: for whoever signs answers without asking the store.
#[derive(Default)]
pub struct Signers(Vec<(SigningKey, PrivateKey)>);

impl Signers {
    pub(crate) const fn new(keys: Vec<(SigningKey, PrivateKey)>) -> Self {
        Self(keys)
    }

    /// The one that signs now.
    ///
    /// # Errors
    /// [`SigningKeyRefusal::None`].
    pub fn at(&self, now: Timestamp) -> Result<&PrivateKey, SigningKeyRefusal> {
        let keys: Vec<SigningKey> = self.0.iter().map(|(key, _)| key.clone()).collect();
        let signs = signing(&keys, now)?.id;
        self.0.iter().find(|(key, _)| key.id == signs).map(|(_, private)| private).ok_or(SigningKeyRefusal::None)
    }
}

/// Whether they are the same keys.
impl PartialEq for Signers {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|(key, _)| key).eq(other.0.iter().map(|(key, _)| key))
    }
}

/// The keys that verify now: each from when it was made until those after it say that it is over.
pub fn published(keys: &[SigningKey], now: Timestamp) -> impl Iterator<Item = &PublicKey> {
    let is_over = move |at: usize| keys[at + 1..].iter().any(|later| later.former_until <= now);
    keys.iter().enumerate().filter(move |(at, _)| !is_over(*at)).map(|(_, key)| &key.public)
}

/// The keys as they are published (RFC 7517 §5).
#[must_use]
pub fn jwks(keys: &[SigningKey], now: Timestamp) -> Value {
    json!({ "keys": published(keys, now).map(PublicKey::to_jwk).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Algorithm, PrivateKey};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn rotated(keys: &mut Vec<SigningKey>, rotation: Rotation, seconds: i64) {
        let (signs_from, former_until) = rotate(keys, rotation, at(seconds)).unwrap().unwrap();
        let number = keys.len() as u8 + 1;
        let public = PrivateKey::from_bytes(Algorithm::Es256, &[number; 32]).unwrap().public().clone();
        keys.push(SigningKey { id: Id::new(i64::from(number)), public, signs_from, former_until });
    }

    fn check(keys: &[SigningKey], seconds: i64, signs: i64, verify: &[i64]) {
        let number =
            |public: &PublicKey| keys.iter().find(|key| key.public == *public).map_or(0, |key| key.id.number());
        assert_eq!(signing(keys, at(seconds)).unwrap().id.number(), signs, "at {seconds}");
        assert_eq!(published(keys, at(seconds)).map(number).collect::<Vec<_>>(), verify, "at {seconds}");
    }

    #[test]
    fn keys_change_without_a_gap() {
        let mut keys = Vec::new();
        assert_eq!(signing(&keys, at(0)).err(), Some(SigningKeyRefusal::None));
        rotated(&mut keys, Rotation::First, 1000);
        check(&keys, 1000, 1, &[1]);
        // Another process's clock is behind.
        check(&keys, 999, 1, &[1]);
        assert_eq!(rotate(&keys, Rotation::First, at(2000)), Ok(None));
        rotated(&mut keys, Rotation::Planned, 2000);
        check(&keys, 2000, 1, &[1, 2]);
        check(&keys, 2599, 1, &[1, 2]);
        check(&keys, 2600, 2, &[1, 2]);
        // The last token of the first key, and the skews of who made and who verifies it.
        check(&keys, 2600 + 359, 2, &[1, 2]);
        check(&keys, 2600 + 360, 2, &[2]);
        assert_eq!(rotate(&keys, Rotation::Planned, at(2599)), Err(SigningKeyRefusal::Pending));
        rotated(&mut keys, Rotation::Planned, 2600);
        check(&keys, 2600, 2, &[1, 2, 3]);
        check(&keys, 3200, 3, &[2, 3]);
    }

    #[test]
    fn a_key_that_somebody_else_may_have_is_gone_at_once() {
        let mut keys = Vec::new();
        rotated(&mut keys, Rotation::First, 1000);
        rotated(&mut keys, Rotation::Planned, 2000);
        // Also the one that is published and has not signed yet.
        rotated(&mut keys, Rotation::Compromised, 2100);
        check(&keys, 2100, 3, &[3]);
        // When its time comes, it must not sign.
        check(&keys, 2700, 3, &[3]);
        rotated(&mut keys, Rotation::Planned, 3000);
        check(&keys, 3000, 3, &[3, 4]);
        check(&keys, 3600, 4, &[3, 4]);
    }
}
