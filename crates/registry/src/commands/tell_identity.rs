//! Records what whoever keeps identities tells of a person. Every decision reads it from here, so that it can be made again, also when
//! nobody is asked.

use crate::identity::IdentityFacts;
use crate::payee::PayeeId;
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Tells how fresh a person's identity is.
pub struct TellIdentity {
    /// Of whom.
    pub payee: PayeeId,
    /// What.
    pub facts: IdentityFacts,
}

/// All that is known of a person, with what is told.
pub struct Known {
    payee: Blind,
    facts: IdentityFacts,
    /// Where key material was posted to, if any was.
    letter_box: Option<Blind>,
    is_news: bool,
}

impl Command for TellIdentity {
    const OPERATION: Operation = policy::TELL_IDENTITY;
    type State = Known;
    type Change = Known;
    /// Whether it is news.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let payee = self.payee.key(scope.vault);
        let known = store::identity::of(scope, &payee)?;
        // What happened is not taken back by whoever does not know of it.
        let facts = known.with(self.facts);
        let is_news = facts != known;
        let posted = facts.key_material_posted.filter(|_| is_news);
        let letter_box = posted.map(|posted| queries::letter_box_at(scope, &payee, posted)).transpose()?;
        Ok(Known { payee, facts, letter_box, is_news })
    }

    fn decide(&self, known: Known, _: &Env) -> Result<Decision<Known, bool>, Refusal> {
        if !known.is_news {
            return Ok(Decision::unchanged(false));
        }
        Ok(Decision::of(vec![known], serde_json::json!({ "payee": self.payee.reveal() }), true))
    }

    fn save(&self, scope: &Scope<'_>, told: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let insert =
            |told: &Known| store::identity::insert(scope, entry, &told.payee, told.facts, told.letter_box.as_ref());
        told.iter().map(insert).collect()
    }
}
