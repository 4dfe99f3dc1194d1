use crate::key::{Algorithm, PrivateKey};
use crate::signing_key::{Rotation, SigningKey, rotate};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope, Secrets, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Makes the server's next key.
pub struct RotateSigningKey {
    rotation: Rotation,
    key: PrivateKey,
}

/// The key that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMade {
    /// What it is called.
    pub kid: String,
    /// From when it signs.
    pub signs_from: String,
}

impl RotateSigningKey {
    /// With a new key.
    ///
    /// # Errors
    /// The source of secrets failed.
    pub fn new(rotation: Rotation, secrets: &mut Secrets) -> Result<Self, Error> {
        Ok(Self { rotation, key: PrivateKey::generate(Algorithm::Es256, secrets)? })
    }
}

impl Command for RotateSigningKey {
    const OPERATION: Operation = policy::ROTATE_SIGNING_KEY;
    type State = Vec<SigningKey>;
    /// From when it signs, and until when those before it are published.
    type Change = (Timestamp, Timestamp);
    /// None when there is one already and only a first one was wanted.
    type Output = Option<KeyMade>;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        store::signing_key::newest(scope)
    }

    fn decide(&self, keys: Self::State, env: &Env) -> Result<Decision<Self::Change, Self::Output>, Refusal> {
        let Some((signs_from, former_until)) = rotate(&keys, self.rotation, env.now)? else {
            return Ok(Decision::unchanged(None));
        };
        let made = KeyMade { kid: self.key.public().kid().to_owned(), signs_from: signs_from.to_string() };
        let is_compromised = self.rotation == Rotation::Compromised;
        let facts = json!({ "kid": made.kid, "signs_from": made.signs_from, "former_is_compromised": is_compromised });
        Ok(Decision::of(vec![(signs_from, former_until)], facts, Some(made)))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let insert = |&(signs_from, former_until): &Self::Change| {
            store::signing_key::insert(scope, entry, &self.key, signs_from, former_until)
        };
        changes.iter().map(insert).collect()
    }
}
