//! A second channel confirms a proposal, where the letter alone does not count.

use super::{Loaded, Standing, Step, is_for, load, require_other, save};
use crate::life::{ActKind, State, Waits};
use crate::officer;
use crate::policy;
use crate::proposal::ProposalRefusal;
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};

/// Confirms a proposal: in person before an officer who has no other part in it, or by a login of High assurance with another
/// authenticator than the one that asked for it or signed it, where none has changed lately.
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
            let login = self.actor.login().filter(|login| login.assurance == Assurance::High);
            let login = login.ok_or(ProposalRefusal::Assurance)?;
            // Who has one login has not two channels; and a login is worth no more than the authenticator that it was made with.
            let asked_with = loaded.proposal().asked.authenticator;
            let is_another = asked_with != Some(login.authenticator)
                && !loaded.found.evidence.is_signed_with(login.authenticator)
                && !loaded.has_new_authenticator();
            if !is_another {
                return Err(ProposalRefusal::Authenticator.into());
            }
        } else {
            if let Some((_, remit)) = &loaded.remit {
                remit.require_in_person()?;
            }
            require_other(&loaded, &self.actor, self.is_synthetic)?;
            officer::require_why(&self.evidence).map_err(ProposalRefusal::from)?;
        }
        // What a payee writes no officer reads as another one's words.
        let evidence = if is_payee { "" } else { &self.evidence };
        let (step, standing) = loaded.act(ActKind::Confirmed, &self.actor, evidence, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
