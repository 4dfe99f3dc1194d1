//! The marks of the accounts that a request names.

use super::row::AccountRow;
use crate::account::{self, DesignatedAccount};
use crate::mark::Marked;
use crate::store;
use kernel::{Blind, Error, Scope};
use std::collections::BTreeMap;

/// The marks that nobody has ended, by accounts as they are written in one way.
#[derive(Debug, Default)]
pub(super) struct Marks(BTreeMap<String, Marked>);

impl Marks {
    /// Looks up those of the accounts that are to be designated. Where nothing was ever marked, that is one look.
    pub(super) fn load(scope: &Scope<'_>, rows: &[&AccountRow]) -> Result<Self, Error> {
        let mut marks = BTreeMap::new();
        if store::mark::last(scope.tx)? == 0 {
            return Ok(Self(marks));
        }
        let designated = rows.iter().filter_map(|row| row.designates());
        let named: BTreeMap<Blind, &DesignatedAccount> =
            designated.map(|account| (account.key(scope.vault), account)).collect();
        let accounts: Vec<&DesignatedAccount> = named.values().copied().collect();
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
