//! A payee may be a victim: all of their accounts are frozen at once, what is paid to them waits, and nothing that was asked for takes
//! effect. If they are none, all is as it was.

use crate::contest::Turn;
use crate::designation::{Action, State};
use crate::import::{self, AccountChange, AccountRow, AccountState};
use crate::mark::masked;
use crate::payee::PayeeId;
use crate::row_refusal::RowRefusal;
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope};
use serde::{Deserialize, Serialize};

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
    /// Those to which nothing was paid before, masked: frozen already, by whomever. They are contested with the others.
    pub already: Vec<String>,
}

/// What contesting needs to know.
pub struct ContestState {
    /// Each account, and what it was before.
    rows: Vec<(AccountRow, State)>,
    accounts: Option<AccountState>,
}

impl ContestState {
    fn load(scope: &Scope<'_>, payee: PayeeId) -> Result<Self, Error> {
        let key = payee.key(scope.vault);
        let newest = queries::newest_of(scope, &key)?.into_iter();
        let rows = newest.map(|(purpose, newest)| {
            (AccountRow::standing(Action::Freeze, payee, key, purpose), newest.standing.state)
        });
        Self::of(scope, rows.collect())
    }

    /// What is contested since the contest began that is open: what was so before that is for officers.
    fn load_contested(scope: &Scope<'_>, payee: PayeeId) -> Result<Self, Error> {
        let key = payee.key(scope.vault);
        let begun = store::contest::of(scope.tx, &key)?.open();
        let mut rows = Vec::new();
        for (purpose, newest) in queries::newest_of(scope, &key)? {
            let is_of_it = newest.standing.state == State::Contested && begun.is_some_and(|at| newest.effective >= at);
            if !is_of_it {
                continue;
            }
            let before = queries::uncontested(scope, newest, |at| begun.is_some_and(|begun| at >= begun))?.state;
            if before != State::Contested {
                rows.push((AccountRow::standing(Action::Unfreeze, payee, key, purpose), before));
            }
        }
        Self::of(scope, rows)
    }

    fn of(scope: &Scope<'_>, rows: Vec<(AccountRow, State)>) -> Result<Self, Error> {
        let wanted: Vec<&AccountRow> = rows.iter().map(|(row, _)| row).collect();
        let accounts = if rows.is_empty() { None } else { Some(AccountState::load(scope, &wanted)?) };
        Ok(Self { rows, accounts })
    }
}

/// Saves what becomes of a payee's accounts, and that it does.
fn save(
    scope: &Scope<'_>,
    payee: &Blind,
    turn: Turn,
    changes: &[AccountChange],
    entry: Entry,
) -> Result<Vec<Rows>, Error> {
    let mut rows: Vec<Rows> = import::save_accounts(scope, &[(entry, changes)])?.into_iter().flatten().collect();
    rows.extend(store::contest::turn(scope, entry, payee, turn)?);
    Ok(rows)
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
        ContestState::load(scope, self.payee)
    }

    fn decide(&self, state: ContestState, env: &Env) -> Result<Decision<AccountChange, Contested>, Refusal> {
        let ContestState { rows, accounts } = state;
        let (mut changes, mut contested) = (Vec::new(), Contested { frozen: Vec::new(), already: Vec::new() });
        if let Some(mut accounts) = accounts {
            for (row, before) in &rows {
                let Some((_, standing)) = accounts.newest(row) else { continue };
                let account = masked(&standing.account.account());
                changes.extend(accounts.contest(row, env.now)?.map(AccountChange::Takes));
                match before {
                    State::InForce => contested.frozen.push(account),
                    State::Closed => {}
                    State::Frozen | State::FrozenByBank | State::Contested => contested.already.push(account),
                }
            }
        }
        let facts = serde_json::json!({ "sender": "operator", "contested": changes.len() });
        Ok(Decision::of(changes, facts, contested))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, &self.payee.key(scope.vault), Turn::Begun, changes, entry)
    }
}

/// Lets the contested accounts of a payee be what they were, and what was asked for go on. Whoever gives the command answers for it that
/// two people want it.
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
        ContestState::load_contested(scope, self.payee)
    }

    fn decide(&self, state: ContestState, env: &Env) -> Result<Decision<AccountChange, usize>, Refusal> {
        let ContestState { rows, accounts } = state;
        let mut changes = Vec::new();
        if let Some(mut accounts) = accounts {
            for (row, before) in &rows {
                changes.extend(accounts.restore(row, *before, env.now)?.map(AccountChange::Takes));
            }
        }
        let count = rows.iter().filter(|(_, before)| *before == State::InForce).count();
        let facts = serde_json::json!({ "sender": "operator", "restored": count });
        Ok(Decision::of(changes, facts, count))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, &self.payee.key(scope.vault), Turn::LetGo, changes, entry)
    }
}

/// Says that a payee is a victim: their accounts stay as they are, until officers have put others there, and an officer looks at what
/// somebody asked for until then.
pub struct FindVictim {
    /// Who.
    pub payee: PayeeId,
}

impl Command for FindVictim {
    const OPERATION: Operation = policy::RESTORE_ACCOUNTS;
    const READS_JOURNAL: bool = false;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![], serde_json::json!({ "sender": "operator", "contest": "taken" }), ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, &self.payee.key(scope.vault), Turn::Taken, &[], entry)
    }
}
