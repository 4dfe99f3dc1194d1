//! Gives an access token.
//!
//! Whoever has not shown a registered key, and of a client connected with its certificate, writes nothing: [`IssueToken::ask`] decides the whole of
//! it from a snapshot first, and only what would be granted goes through `execute`, where it is decided again. What can be refused
//! there is only what somebody else did in between.

use crate::key::{Algorithm, PrivateKey};
use crate::server::Server;
use crate::signing_key::{SigningKey, SigningKeyRefusal, signing};
use crate::store::signing_key::Secret;
use crate::token::{Asker, Grant, IssuedToken, TokenRequest};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Writer, find_officer};
use serde_json::json;

/// A request for a token.
pub struct IssueToken<'r> {
    /// Who gives it.
    pub server: &'r Server,
    /// What was asked.
    pub request: TokenRequest<'r>,
}

/// Who asks, as the store knows them.
struct Known {
    asker: Option<Asker>,
    /// The assertion's place among what is used once, and whether it is taken.
    used: Option<(Blind, bool)>,
}

/// What deciding about a token needs to know.
pub struct Asked {
    known: Known,
    keys: Vec<(SigningKey, Secret)>,
}

impl IssueToken<'_> {
    /// What would be granted, from what a snapshot holds. Nothing is written.
    ///
    /// # Errors
    /// The refusal, or the store's.
    pub fn ask(&self, scope: &Scope<'_>, now: Timestamp) -> Result<Grant, Error> {
        Ok(self.grant(&self.known(scope)?, now)?)
    }

    fn known(&self, scope: &Scope<'_>) -> Result<Known, Error> {
        let assertion = self.request.assertion()?;
        let asker = match self.request.is_of_officer() {
            true => find_officer(scope, assertion.name())?.map(Asker::Officer),
            false => store::client::find(scope, assertion.name())?.map(Asker::Client),
        };
        let used = asker.as_ref().zip(assertion.jti()).map(|(asker, jti)| {
            let key = match asker {
                Asker::Client(client) => store::used_once::assertion_key(scope.vault, client.id, jti),
                Asker::Officer(officer) => store::used_once::officer_key(scope.vault, &officer.name, jti),
            };
            store::used_once::is_used(scope, &key).map(|is_used| (key, is_used))
        });
        Ok(Known { asker, used: used.transpose()? })
    }

    fn grant(&self, Known { asker, used }: &Known, now: Timestamp) -> Result<Grant, Refusal> {
        let is_used = used.is_some_and(|(_, is_used)| is_used);
        Grant::decide(&self.request, asker.as_ref(), is_used, self.server, now)
    }
}

impl Command for IssueToken<'_> {
    const OPERATION: Operation = policy::ISSUE_TOKEN;
    const READS_JOURNAL: bool = false;
    type State = Asked;
    /// The assertion, and until when it must be known.
    type Change = (Blind, Timestamp);
    type Output = IssuedToken;

    fn load(&self, scope: &Scope<'_>) -> Result<Asked, Error> {
        Ok(Asked { known: self.known(scope)?, keys: store::signing_key::last_two(scope)? })
    }

    fn decide(&self, Asked { known, keys }: Asked, env: &Env) -> Result<Decision<Self::Change, IssuedToken>, Refusal> {
        let grant = self.grant(&known, env.now)?;
        let (keys, secrets): (Vec<SigningKey>, Vec<_>) = keys.into_iter().unzip();
        let key = signing(&keys, env.now)?;
        let secret = keys.iter().position(|other| other.id == key.id).and_then(|at| secrets.get(at));
        let private = secret.and_then(|secret| PrivateKey::from_bytes(Algorithm::Es256, secret));
        // What is signed by another key than the published one is believed by nobody.
        let private = private.filter(|private| *private.public() == key.public).ok_or(SigningKeyRefusal::None)?;
        let token = grant.sign(&private, self.server, env.now);
        // The names of what was shown and given: enough to find the assertion and the token that somebody holds up later.
        let facts = json!({
            "token": grant.token_id(),
            "scope": token.scope,
            "kid": grant.proof.kid,
            "certificate": grant.certificate,
        });
        let used = known.used.map(|(key, _)| (key, grant.proof.expires));
        Ok(Decision::of(used.into_iter().collect(), facts, token))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Self::Change], _: Entry) -> Result<Vec<Rows>, Error> {
        for (key, expires) in changes {
            store::used_once::insert(scope.tx, key, *expires)?;
        }
        Ok(vec![])
    }
}

/// Decides about a request and, if it is granted and `admit` lets it pass, gives the token.
///
/// # Errors
/// The refusal, of which nothing is written unless somebody else was first; a conflict; or the store's.
pub fn issue(
    writer: &mut Writer,
    server: &Server,
    request: TokenRequest<'_>,
    env: &Env,
    admit: impl FnOnce(&Scope<'_>, &Grant) -> Result<(), Error>,
) -> Result<IssuedToken, Error> {
    let command = IssueToken { server, request };
    let grant = writer.read(|scope| {
        let grant = command.ask(scope, env.now)?;
        admit(scope, &grant)?;
        Ok(grant)
    })?;
    writer.execute(&command, &grant.asker.actor(), env)
}
