//! A second channel confirms a proposal, where the letter alone does not count.

use super::{Loaded, Standing, Step, is_for, load, require_other, save};
use crate::life::{ActKind, State, Waits};
use crate::officer;
use crate::policy;
use crate::proposal::ProposalRefusal;
use crate::signals::Signal;
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};

/// Confirms a proposal: in person before an officer who has no other part in it, or by a login of High assurance with an authenticator
/// that stood before whatever made the confirmation necessary.
pub struct Confirm {
    /// The proposal, by name.
    pub proposal: String,
    /// Of an officer: how they know that it is the payee.
    pub evidence: String,
    /// Who confirms: the same that gives the command.
    pub actor: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for Confirm {
    const OPERATION: Operation = policy::CONFIRM_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        let mut loaded = load(scope, &self.proposal, &self.actor)?;
        if let Some(person) = self.actor.payee() {
            loaded.facts.identity = loaded.facts.identity.signed_by(store::identity::of(scope, person)?);
        }
        Ok(loaded)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        let is_payee = self.actor.role() == Role::Citizen;
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.require_waiting(env.now)? != State::Waiting(Waits::Confirmation) {
            return Err(ProposalRefusal::NotThis.into());
        }
        if is_payee {
            // A login is worth no more than the authenticator that it was made with; a new one may be the thief's, and so may who
            // signs for a company of late.
            let is_high = self.actor.login().is_some_and(|login| login.assurance == Assurance::High);
            let facts = &loaded.facts;
            let has_new_authenticator = loaded.signals(env.now).has(Signal::LetterBox)
                || facts.identity.authenticator_changed.max(facts.identity.signatories_changed).is_some_and(|moment| {
                    loaded.signals(env.now).has(Signal::RecentChange) && moment >= loaded.recent_since()
                });
            if !is_high || has_new_authenticator {
                return Err(ProposalRefusal::Assurance.into());
            }
        } else {
            require_other(&loaded, &self.actor, self.is_synthetic)?;
            officer::require_why(&self.evidence).map_err(ProposalRefusal::from)?;
        }
        let (step, standing) = loaded.act(ActKind::Confirmed, self.actor.name(), &self.evidence, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
