//! The marks of the accounts that a request would leave in force.

use crate::account::{self, DesignatedAccount};
use crate::mark::Marked;
use crate::store;
use kernel::{Blind, Error, Scope};
use std::collections::BTreeMap;

/// The marks that nobody has ended, by accounts as they are written in one way.
#[derive(Debug, Default)]
pub(super) struct Marks(BTreeMap<String, Marked>);

impl Marks {
    /// Looks up those of these accounts. Where nothing was ever marked, that is one look.
    pub(super) fn load(scope: &Scope<'_>, accounts: impl Iterator<Item = DesignatedAccount>) -> Result<Self, Error> {
        let mut marks = BTreeMap::new();
        if store::mark::last(scope.tx)? == 0 {
            return Ok(Self(marks));
        }
        let named: BTreeMap<Blind, DesignatedAccount> =
            accounts.map(|account| (account.key(scope.vault), account)).collect();
        let accounts: Vec<&DesignatedAccount> = named.values().collect();
        store::mark::terms_of_many(scope.tx, named.keys(), |at, marked| {
            marks.insert(account::canonical(&accounts[at].account()), marked);
        })?;
        Ok(Self(marks))
    }

    /// The mark of an account.
    pub(super) fn of(&self, account: &DesignatedAccount) -> Option<Marked> {
        if self.0.is_empty() { None } else { self.0.get(&account::canonical(&account.account())).copied() }
    }
}
