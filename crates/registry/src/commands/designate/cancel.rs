//! Takes a proposal back that waits.

use super::{Loaded, Standing, Step, is_for, load, save};
use crate::designation::Channel;
use crate::life::{ActKind, State};
use crate::policy;
use crate::proposal::ProposalRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};

/// Cancels a proposal: for the payee, whoever proposed it, but for what heals; for a bank its own; for an officer what they proposed
/// themselves. What others proposed an officer refuses, and says why. Doing it twice is doing it once.
pub struct CancelDesignation {
    /// The proposal, by name.
    pub proposal: String,
    /// Who cancels it: the same that gives the command.
    pub actor: Actor,
    /// The channel of a bank that cancels its own.
    pub channel: Option<Channel>,
}

impl Command for CancelDesignation {
    const OPERATION: Operation = policy::CANCEL_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        load(scope, &self.proposal, &self.actor)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        if !is_for(&loaded, &self.actor, self.channel.as_ref()) {
            return Err(ProposalRefusal::Unknown.into());
        }
        let state = loaded.state(env.now);
        if state == State::Ended(ActKind::Cancelled) {
            return Ok(Decision::unchanged(Standing::of(loaded.proposal(), state, None)));
        }
        loaded.require_waiting(env.now)?;
        let is_officer = matches!(self.actor.role(), Role::Caseworker | Role::Operator | Role::Console);
        let asked = &loaded.proposal().asked;
        // Whoever has the payee's login would keep what they took: the payee stops what heals, and then an officer looks at it.
        let is_kept = self.actor.role() == Role::Citizen && asked.action.heals();
        if is_kept || (is_officer && asked.by != self.actor.name()) {
            return Err(ProposalRefusal::NotOwn.into());
        }
        let (step, standing) = loaded.act(ActKind::Cancelled, &self.actor, "", env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
