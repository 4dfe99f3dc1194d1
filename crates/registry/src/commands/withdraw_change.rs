//! Takes a change back that waits.

use crate::designation::Channel;
use crate::pending::{Ending, PendingChange, PendingRefusal, State};
use crate::policy;
use crate::queries;
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Withdraws a change that waits, for the channel that asked for it. That of another is as if it were not there.
pub struct WithdrawChange {
    /// The change, by name.
    pub change: String,
    /// Who asked for it.
    pub channel: Channel,
}

impl Command for WithdrawChange {
    const OPERATION: Operation = policy::WITHDRAW_CHANGE;
    type State = store::pending::Found;
    type Change = PendingChange;
    /// Whether it waited until now.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<store::pending::Found, Error> {
        queries::find_change(scope, &self.change)
    }

    fn decide(&self, pending: store::pending::Found, env: &Env) -> Result<Decision<PendingChange, bool>, Refusal> {
        if pending.change.asked.channel != self.channel {
            return Err(PendingRefusal::Unknown.into());
        }
        let state = pending.state(env.now);
        if state == State::Ended(Ending::Withdrawn) {
            return Ok(Decision::unchanged(false));
        }
        state.require_held()?;
        let pending = pending.change;
        let facts = serde_json::json!({ "change": pending.id.name(), "sender": self.channel.name() });
        Ok(Decision::of(vec![pending], facts, true))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[PendingChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        changes.iter().map(|pending| store::pending::end(scope, entry, pending, Ending::Withdrawn, None)).collect()
    }
}
