//! An account's bank says whose it is.

use super::{Loaded, Standing, Step, load_found, save};
use crate::designation::Channel;
use crate::life::{ActKind, State};
use crate::ownership::Ownership;
use crate::policy;
use crate::proposal::{Proposal, ProposalRefusal};
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Id, Operation, Refusal, Scope};

/// Tells what the bank of the account that a proposal asks for says to the question whose it is. Whatever the proposal waits for, the last
/// answer counts until it ended. Whoever brings the answer decides nothing.
pub struct TellOwnership {
    /// Of which proposal.
    pub proposal: Id<Proposal>,
    /// The bank, as the bank directory names it.
    pub bank: String,
    /// What it says.
    pub answer: Ownership,
}

impl Command for TellOwnership {
    const OPERATION: Operation = policy::TELL_OWNERSHIP;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        let found = store::proposal::find(scope, self.proposal)?.ok_or(ProposalRefusal::Unknown)?;
        load_found(scope, found)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        let proposal = loaded.proposal();
        let state: State = loaded.require_waiting(env.now)?;
        if proposal.asked.account.is_none() {
            return Err(ProposalRefusal::NotThis.into());
        }
        if loaded.found.evidence.ownership() == Some(self.answer) {
            return Ok(Decision::unchanged(Standing::of(proposal, state, None)));
        }
        let by = Channel::Bank(self.bank.clone()).name();
        let (step, standing) = loaded.learn(ActKind::OwnershipTold, &by, self.answer.name(), env.now);
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
