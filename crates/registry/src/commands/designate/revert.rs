//! An officer asks for what stood before a change to be put back: it was not the payee's. Two officers answer for it, and the payee is
//! told when it will be so: what they have changed themselves, nobody undoes behind their back.

use super::propose::Proposed;
use super::unfreeze::HealState;
use super::{Loaded, Standing, is_for, load};
use crate::import::AccountRow;
use crate::life::{ActKind, State};
use crate::payee::PayeeId;
use crate::policy;
use crate::proposal::{ChangeId, Proposal, ProposalRefusal};
use crate::purpose::Purpose;
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

/// Proposes the same of a change of which it is known otherwise that it took effect, whether it was proposed or not.
pub struct RevertChange {
    /// Whose account.
    pub payee: PayeeId,
    /// What it is for, unless it is the default account.
    pub purpose: Option<Purpose>,
    /// The change.
    pub change: ChangeId,
    /// Why.
    pub why: String,
    /// Who proposes it: the same that gives the command.
    pub actor: Actor,
}

/// What reverting a change needs to know.
pub struct RevertState {
    row: AccountRow,
    heal: HealState,
    /// Whether what stood before was locked against its payee.
    was_locked: bool,
}

impl RevertState {
    fn load(scope: &Scope<'_>, row: AccountRow, change: ChangeId, actor: &Actor) -> Result<Self, Error> {
        let mut heal = HealState::load(scope, &row, actor)?;
        let (payee, purpose) = (row.key(), heal.accounts.purpose_key(&row));
        heal.facts.is_doubted = queries::is_doubted(scope, &payee, purpose.as_ref(), change)?;
        let was_locked = match &purpose {
            Some(purpose) => queries::was_locked(scope, &payee, purpose, change)?,
            None => false,
        };
        Ok(Self { row, heal, was_locked })
    }

    fn decide(self, actor: &Actor, why: &str, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        self.heal.decide(actor, &self.row, why, self.was_locked, env)
    }
}

fn save(scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
    Ok(changes.iter().map(|proposed| proposed.save(scope, entry)).collect::<Result<Vec<_>, _>>()?.concat())
}

impl Command for RevertDesignation {
    const OPERATION: Operation = policy::REVERT_DESIGNATION;
    type State = (Loaded, RevertState);
    type Change = Proposed;
    type Output = Standing;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let loaded = load(scope, &self.proposal, &self.actor)?;
        let Proposal { id, payee, purpose, asked, .. } = loaded.proposal();
        let specific = asked.specific.as_ref().zip(*purpose);
        let purpose = specific.map(|(of, key)| Purpose { key, payer: of.payer, benefit: of.benefit.clone() });
        let change = ChangeId::Proposed(*id);
        let row = AccountRow::reverting(change, asked.payee, *payee, purpose);
        let state = RevertState::load(scope, row, change, &self.actor)?;
        Ok((loaded, state))
    }

    fn decide(&self, (loaded, state): Self::State, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.state(env.now) != State::Ended(ActKind::TookEffect) {
            return Err(ProposalRefusal::NotInForce.into());
        }
        state.decide(&self.actor, &self.why, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

impl Command for RevertChange {
    const OPERATION: Operation = policy::REVERT_DESIGNATION;
    type State = RevertState;
    type Change = Proposed;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<RevertState, Error> {
        let payee = self.payee.key(scope.vault);
        let row = AccountRow::reverting(self.change, self.payee, payee, self.purpose.clone());
        RevertState::load(scope, row, self.change, &self.actor)
    }

    fn decide(&self, state: RevertState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        state.decide(&self.actor, &self.why, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
