//! An officer asks for a frozen account to be paid to again. Another one says yes (`approver_default`, `approver_specific`).

use super::Standing;
use super::propose::{Asking, Proposed};
use crate::caseworker::Remit;
use crate::designation::{Action, Channel};
use crate::import::{AccountRow, AccountState, Terms};
use crate::officer;
use crate::policy;
use crate::proposal::ProposalRefusal;
use crate::queries::{self, acting_remit};
use crate::row_refusal::RowRefusal;
use crate::signals::Facts;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Once, Operation, Refusal, Role, Scope};

/// Proposes to unfreeze an account.
pub struct UnfreezeDesignation {
    /// Who proposes it: the same that gives the command.
    pub actor: Actor,
    /// Whose, and which account: of the action `unfreeze`.
    pub row: AccountRow,
    /// Why.
    pub why: String,
    /// By what the request is known when it is repeated.
    pub once: Option<Once>,
}

/// What an officer who heals something needs to know.
pub struct HealState {
    pub(super) accounts: AccountState,
    pub(super) facts: Facts,
    /// By which channel the officer proposes, and what a caseworker may decide about.
    pub(super) channel: Channel,
    pub(super) remit: Option<Remit>,
}

impl HealState {
    /// Loads it for a row.
    pub(super) fn load(scope: &Scope<'_>, row: &AccountRow, actor: &Actor) -> Result<Self, Error> {
        let accounts = AccountState::load(scope, &[row])?;
        let (channel, remit) = match acting_remit(scope, actor)? {
            Some((channel, remit)) => (channel, Some(remit)),
            None => (Channel::Operator, None),
        };
        let purpose = accounts.purpose_key(row);
        let wanted = accounts.wanted(row);
        let facts = queries::facts(scope, accounts.controls(), &row.key(), wanted, purpose.as_ref())?;
        let facts = Facts { marked: accounts.marked(row), ..facts };
        Ok(Self { accounts, facts, channel, remit })
    }

    /// What an officer who is entitled to it asks for.
    pub(super) fn decide(
        mut self,
        actor: &Actor,
        row: &AccountRow,
        why: &str,
        is_locked: bool,
        env: &Env,
    ) -> Result<Decision<Proposed, Standing>, Refusal> {
        let purpose = self.accounts.purpose_of(row)?;
        let covers = |remit: &Remit| remit.covers(purpose.as_ref().map(|purpose| (purpose.payer, &purpose.benefit)));
        match (actor.role(), &self.remit) {
            (Role::Caseworker, Some(remit)) if !covers(remit) => return Err(ProposalRefusal::Authority.into()),
            (Role::Caseworker, Some(_)) | (Role::Operator | Role::Console, _) => {}
            _ => return Err(ProposalRefusal::Entitled.into()),
        }
        officer::require_why(why).map_err(ProposalRefusal::from)?;
        let terms = Terms { is_locked, why: Some(why.to_owned()), ..Terms::by(actor) };
        let (channel, facts) = (&self.channel, &self.facts);
        Asking { actor, channel, row, terms, facts }.decide(&mut self.accounts, env)
    }
}

impl Command for UnfreezeDesignation {
    const OPERATION: Operation = policy::UNFREEZE_DESIGNATION;
    type State = HealState;
    type Change = Proposed;
    type Output = Standing;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<HealState, Error> {
        HealState::load(scope, &self.row, &self.actor)
    }

    fn decide(&self, state: HealState, env: &Env) -> Result<Decision<Proposed, Standing>, Refusal> {
        if self.row.action() != Action::Unfreeze {
            return Err(RowRefusal::Action.into());
        }
        state.decide(&self.actor, &self.row, &self.why, false, env)
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Proposed], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(changes.iter().map(|proposed| proposed.save(scope, entry)).collect::<Result<Vec<_>, _>>()?.concat())
    }
}
