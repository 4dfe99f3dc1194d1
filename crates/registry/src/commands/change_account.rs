use crate::import::{AccountChange, AccountRow, AccountState, Accounts, Source};
use crate::policy;
use kernel::journal::{Entry, Rows};
use kernel::merkle::Hash;
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

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

impl Command for ChangeAccount<'_> {
    const OPERATION: Operation = policy::CHANGE_ACCOUNT;
    const READS_JOURNAL: bool = false;
    type State = AccountState;
    type Change = AccountChange;
    /// Whether anything changed.
    type Output = bool;

    fn idempotency_key(&self) -> Option<Hash> {
        self.key
    }

    fn load(&self, scope: &Scope<'_>) -> Result<AccountState, Error> {
        self.accounts.load(scope, &[&self.row])
    }

    fn decide(&self, mut state: AccountState, env: &Env) -> Result<Decision<AccountChange, bool>, Refusal> {
        Ok(match self.accounts.decide(&mut state, &self.row, env)? {
            None => Decision::unchanged(false),
            Some(change) => Decision::of(vec![change], serde_json::json!({ "sender": self.accounts.sender() }), true),
        })
    }

    fn save(&self, scope: &Scope<'_>, changes: &[AccountChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.accounts.save(scope, changes, entry)
    }
}
