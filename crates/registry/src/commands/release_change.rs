//! Lets a change that waits take effect. It is decided again, from what holds now.

use crate::import::{self, AccountChange, AccountRow, AccountState, ImportRefusal};
use crate::pending::{self, Ending, PendingChange};
use crate::policy;
use crate::queries;
use crate::row_refusal::RowRefusal;
use crate::store;
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Releases a change that waits.
pub struct ReleaseChange {
    /// The change, by name.
    pub change: String,
    /// Why.
    pub why: String,
    /// Who releases it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

/// The change, who asked for it, and what holds of its payee now.
pub struct ReleaseState {
    pending: store::pending::Found,
    asked_by: String,
    row: AccountRow,
    accounts: AccountState,
    is_sender_known: bool,
}

/// A change that is released, and the row that it makes; none where all is so already.
pub struct Released {
    pending: PendingChange,
    change: Option<AccountChange>,
}

impl Command for ReleaseChange {
    const OPERATION: Operation = policy::RELEASE_CHANGE;
    type State = ReleaseState;
    type Change = Released;
    /// Whether anything changed.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<ReleaseState, Error> {
        let pending = queries::find_change(scope, &self.change)?;
        let expects = store::designation::find(scope, pending.change.expects)?;
        let row = AccountRow::released(&pending.change, expects.standing.account.account());
        Ok(ReleaseState {
            asked_by: journal::read(scope, pending.entry)?.actor,
            accounts: AccountState::load(scope, &[&row])?,
            is_sender_known: import::sender_is_known(scope.tx, &pending.change.asked.channel)?,
            row,
            pending,
        })
    }

    fn decide(&self, state: ReleaseState, env: &Env) -> Result<Decision<Released, bool>, Refusal> {
        let ReleaseState { pending, asked_by, row, mut accounts, is_sender_known } = state;
        pending.state(env.now).require_held()?;
        pending::require_officer(&asked_by, &self.officer, &self.why, self.is_synthetic)?;
        if !is_sender_known {
            return Err(ImportRefusal::BankUnknown.into());
        }
        let pending = pending.change;
        let change = accounts.decide(&pending.asked.channel, &row)?;
        // An account that came back is not what was in force when this was asked for: somebody has decided about it since.
        if change.as_ref().is_some_and(|change| !change.follows(pending.expects)) {
            return Err(RowRefusal::ExpectsMismatch.into());
        }
        let facts = serde_json::json!({ "change": pending.id.name(), "sender": pending.asked.channel.name() });
        let has_changed = change.is_some();
        Ok(Decision::of(vec![Released { pending, change }], facts, has_changed))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Released], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for Released { pending, change } in changes {
            let designated = import::save_accounts(scope, &[(entry, change.as_slice(), &[])])?;
            rows.extend(designated.into_iter().flatten());
            rows.push(store::pending::end(scope, entry, pending, Ending::Released, Some(&self.why))?);
        }
        Ok(rows)
    }
}
