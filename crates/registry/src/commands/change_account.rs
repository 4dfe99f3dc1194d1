use crate::import::{self, AccountChange, AccountRow, AccountState, Accounts, ImportRefusal, Source};
use crate::policy;
use kernel::journal::Rows;
use kernel::merkle::Hash;
use kernel::{Decided, Decision, Env, Error, Joint, Once, Operation, Refusal, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// One change of one account: what a row of a bulk file says, by itself.
pub struct ChangeAccount<'a> {
    accounts: &'a Accounts,
    row: AccountRow,
    key: Option<Hash>,
}

impl<'a> ChangeAccount<'a> {
    /// Reads the change. `fields` are those of [`Accounts`]' header; the same `key` gives the same answer, and changes nothing
    /// twice.
    ///
    /// # Errors
    /// They are not a change.
    pub fn parse(accounts: &'a Accounts, fields: &[&str], key: Option<Hash>) -> Result<Self, Refusal> {
        Ok(Self { accounts, row: accounts.read(fields)?, key })
    }
}

/// What is known of the payees of several changes, and which senders the bank directory does not name.
pub struct ChangeState {
    accounts: AccountState,
    unknown: BTreeSet<String>,
}

impl Joint for ChangeAccount<'_> {
    const OPERATION: Operation = policy::CHANGE_ACCOUNT;
    const READS_JOURNAL: bool = false;
    type State = ChangeState;
    type Change = AccountChange;
    /// Whether anything changed.
    type Output = bool;

    fn once(&self) -> Option<Once> {
        self.key.map(Once::by)
    }

    fn load(scope: &Scope<'_>, changes: &[&Self]) -> Result<ChangeState, Error> {
        let senders: BTreeMap<String, &Accounts> =
            changes.iter().map(|change| (change.accounts.sender(), change.accounts)).collect();
        let mut unknown = BTreeSet::new();
        for (sender, accounts) in senders {
            if !accounts.sender_is_known(scope.tx)? {
                unknown.insert(sender);
            }
        }
        let rows: Vec<&AccountRow> = changes.iter().map(|change| &change.row).collect();
        Ok(ChangeState { accounts: AccountState::load(scope, &rows)?, unknown })
    }

    fn decide(&self, state: &mut ChangeState, env: &Env) -> Result<Decision<AccountChange, bool>, Refusal> {
        let sender = self.accounts.sender();
        if state.unknown.contains(&sender) {
            return Err(ImportRefusal::BankUnknown.into());
        }
        Ok(match self.accounts.decide(&mut state.accounts, &self.row, env)? {
            None => Decision::unchanged(false),
            Some(change) => Decision::of(vec![change], serde_json::json!({ "sender": sender }), true),
        })
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let changes: Vec<_> = decided.iter().map(|decided| (decided.entry, decided.changes.as_slice())).collect();
        Ok(import::save_accounts(scope, &changes)?.into_iter().map(|rows| vec![rows]).collect())
    }
}
