//! An officer asks for what stood before a change to be put back: it was not the payee's. Two officers answer for it, and the payee is
//! told when it will be so: what they have changed themselves, nobody undoes behind their back.

use super::propose::Proposed;
use super::unfreeze::HealState;
use super::{Loaded, Standing, is_for, load};
use crate::import::AccountRow;
use crate::life::{ActKind, State};
use crate::policy;
use crate::proposal::{Proposal, ProposalRefusal};
use crate::queries;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Once, Operation, Refusal, Scope};

/// Proposes to put back what stood before a change that took effect: the account, frozen if it was; none where there was none.
pub struct RevertDesignation {
    /// The change, by the name of its proposal.
    pub proposal: String,
    /// Why.
    pub why: String,
    /// Who proposes it: the same that gives the command.
    pub actor: Actor,
    /// By what the request is known when it is repeated.
    pub once: Option<Once>,
}

/// What reverting a change needs to know.
pub struct RevertState {
    loaded: Loaded,
    row: AccountRow,
    heal: HealState,
    /// Whether what stood before was locked against its payee.
    was_locked: bool,
}

impl Command for RevertDesignation {
    const OPERATION: Operation = policy::REVERT_DESIGNATION;
    type State = RevertState;
    type Change = Proposed;
    type Output = Standing;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<RevertState, Error> {
        let loaded = load(scope, &self.proposal, &self.actor)?;
        let row = AccountRow::reverting(loaded.proposal());
        let mut heal = HealState::load(scope, &row, &self.actor)?;
        let Proposal { id, payee, purpose, .. } = loaded.proposal();
        heal.facts.is_doubted = queries::is_doubted(scope, payee, purpose.as_ref(), *id)?;
        let was_locked = match purpose {
            Some(purpose) => queries::was_locked(scope, payee, purpose, *id)?,
            None => false,
        };
        Ok(RevertState { loaded, row, heal, was_locked })
    }

    fn decide(&self, state: RevertState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        let RevertState { loaded, row, heal, was_locked } = state;
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.state(env.now) != State::Ended(ActKind::TookEffect) {
            return Err(ProposalRefusal::NotInForce.into());
        }
        heal.decide(&self.actor, &row, &self.why, was_locked, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(changes.iter().map(|proposed| proposed.save(scope, entry)).collect::<Result<Vec<_>, _>>()?.concat())
    }
}
