//! Says no to a change that waits.

use crate::pending::{self, Ending, PendingChange};
use crate::policy;
use crate::queries;
use crate::store;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Refuses a change that waits.
pub struct RefuseChange {
    /// The change, by name.
    pub change: String,
    /// Why.
    pub why: String,
    /// Who refuses it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for RefuseChange {
    const OPERATION: Operation = policy::REFUSE_CHANGE;
    /// The change, and who asked for it.
    type State = (store::pending::Found, String);
    type Change = PendingChange;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let pending = queries::find_change(scope, &self.change)?;
        let asked_by = journal::read(scope, pending.entry)?.actor;
        Ok((pending, asked_by))
    }

    fn decide(&self, (pending, asked_by): Self::State, env: &Env) -> Result<Decision<PendingChange, ()>, Refusal> {
        pending.state(env.now).require_held()?;
        pending::require_officer(&asked_by, &self.officer, &self.why, self.is_synthetic)?;
        let pending = pending.change;
        let facts = serde_json::json!({ "change": pending.id.name(), "sender": pending.asked.channel.name() });
        Ok(Decision::of(vec![pending], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[PendingChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |pending| store::pending::end(scope, entry, pending, Ending::Refused, Some(&self.why));
        changes.iter().map(end).collect()
    }
}
