//! Records what whoever keeps identities tells of a person. Every decision reads it from here, so that it can be made again, also when
//! nobody is asked.

use crate::identity::IdentityFacts;
use crate::payee::PayeeId;
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Tells how fresh a person's identity is.
pub struct TellIdentity {
    /// Of whom.
    pub payee: PayeeId,
    /// What.
    pub facts: IdentityFacts,
}

impl Command for TellIdentity {
    const OPERATION: Operation = policy::TELL_IDENTITY;
    /// The person, and what was told last.
    type State = (Blind, IdentityFacts);
    type Change = (Blind, IdentityFacts);
    /// Whether it is news.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let payee = self.payee.key(scope.vault);
        Ok((payee, store::identity::of(scope, &payee)?))
    }

    fn decide(&self, (payee, known): Self::State, _: &Env) -> Result<Decision<Self::Change, bool>, Refusal> {
        // What happened is not taken back by whoever does not know of it.
        let facts = known.with(self.facts);
        if known == facts {
            return Ok(Decision::unchanged(false));
        }
        Ok(Decision::of(vec![(payee, facts)], serde_json::json!({ "payee": self.payee.reveal() }), true))
    }

    fn save(&self, scope: &Scope<'_>, told: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        told.iter().map(|(payee, facts)| store::identity::insert(scope, entry, payee, *facts)).collect()
    }
}
