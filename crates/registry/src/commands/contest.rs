//! A payee may be a victim: all of their accounts that are in force are frozen at once, and what is paid to them waits. If they are none,
//! all is as it was.

use crate::designation::Action;
use crate::import::{self, AccountChange, AccountRow, AccountState};
use crate::mark::masked;
use crate::payee::PayeeId;
use crate::row_refusal::RowRefusal;
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Contests the accounts of a payee. It sends no money anywhere, so that one person does it; two let it go on.
pub struct ContestAccounts {
    /// Whose.
    pub payee: PayeeId,
}

/// What became of a payee's accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contested {
    /// Those that are frozen by it, masked.
    pub frozen: Vec<String>,
    /// Those to which nothing was paid before, masked: frozen already, by whomever.
    pub already: Vec<String>,
}

/// What contesting needs to know.
pub struct ContestState {
    rows: Vec<AccountRow>,
    accounts: Option<AccountState>,
}

impl ContestState {
    fn load(scope: &Scope<'_>, payee: PayeeId, action: Action) -> Result<Self, Error> {
        let key = payee.key(scope.vault);
        let newest = queries::newest_of(scope, &key)?.into_iter();
        let rows: Vec<AccountRow> =
            newest.map(|(purpose, _)| AccountRow::standing(action, payee, key, purpose)).collect();
        let wanted: Vec<&AccountRow> = rows.iter().collect();
        let accounts = if rows.is_empty() { None } else { Some(AccountState::load(scope, &wanted)?) };
        Ok(Self { rows, accounts })
    }
}

impl Command for ContestAccounts {
    const OPERATION: Operation = policy::CONTEST_ACCOUNTS;
    const READS_JOURNAL: bool = false;
    type State = ContestState;
    type Change = AccountChange;
    type Output = Contested;

    fn load(&self, scope: &Scope<'_>) -> Result<ContestState, Error> {
        let key = self.payee.key(scope.vault);
        if !store::payee::is_known(scope, &key)? {
            return Err(Refusal::from(RowRefusal::PayeeUnknown).into());
        }
        ContestState::load(scope, self.payee, Action::Freeze)
    }

    fn decide(&self, state: ContestState, env: &Env) -> Result<Decision<AccountChange, Contested>, Refusal> {
        let ContestState { rows, accounts } = state;
        let (mut changes, mut contested) = (Vec::new(), Contested { frozen: Vec::new(), already: Vec::new() });
        if let Some(mut accounts) = accounts {
            for row in &rows {
                let Some((_, standing)) = accounts.newest(row) else { continue };
                let account = masked(&standing.account.account());
                match accounts.contest(row, env.now)? {
                    Some(new) => {
                        changes.push(AccountChange::Takes(new));
                        contested.frozen.push(account);
                    }
                    None if standing.state.is_frozen() => contested.already.push(account),
                    None => {}
                }
            }
        }
        let facts = serde_json::json!({ "sender": "operator", "contested": changes.len() });
        Ok(Decision::of(changes, facts, contested))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        Ok(import::save_accounts(scope, &[(entry, changes)])?.into_iter().flatten().collect())
    }
}

/// Lets the contested accounts of a payee be paid to again. Whoever gives the command answers for it that two people want it.
pub struct RestoreAccounts {
    /// Whose.
    pub payee: PayeeId,
}

impl Command for RestoreAccounts {
    const OPERATION: Operation = policy::RESTORE_ACCOUNTS;
    const READS_JOURNAL: bool = false;
    type State = ContestState;
    type Change = AccountChange;
    /// How many are paid to again.
    type Output = usize;

    fn load(&self, scope: &Scope<'_>) -> Result<ContestState, Error> {
        ContestState::load(scope, self.payee, Action::Unfreeze)
    }

    fn decide(&self, state: ContestState, env: &Env) -> Result<Decision<AccountChange, usize>, Refusal> {
        let ContestState { rows, accounts } = state;
        let mut changes = Vec::new();
        if let Some(mut accounts) = accounts {
            for row in &rows {
                changes.extend(accounts.restore(row, env.now)?.map(AccountChange::Takes));
            }
        }
        let count = changes.len();
        let facts = serde_json::json!({ "sender": "operator", "restored": count });
        Ok(Decision::of(changes, facts, count))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        // What was put off meanwhile is looked at again.
        for proposal in store::proposal::waiting_of(scope.tx, &BTreeSet::from([self.payee.key(scope.vault)]))? {
            store::proposal::put_off(scope.tx, proposal, entry.at)?;
        }
        Ok(import::save_accounts(scope, &[(entry, changes)])?.into_iter().flatten().collect())
    }
}
