//! Accounts that something speaks against, whoever the payee is: a small set in memory, loaded once for a batch and asked of every
//! account that a payment would go to.

use crate::account::DesignatedAccount;
use kernel::{Blind, Error, Scope, Tx};

/// What speaks against an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// It is marked: a suspicion about it was agreed.
    Marked,
    /// More payees' money goes to it than can be explained, and it is no approved collector's.
    Collecting,
}

/// The accounts that something speaks against.
#[derive(Clone, Debug, Default)]
pub struct Watched;

impl Watched {
    /// As it is now.
    ///
    /// # Errors
    /// The store's.
    pub const fn load(_: &Scope<'_>) -> Result<Self, Error> {
        Ok(Self)
    }

    /// What speaks against an account.
    #[must_use]
    pub const fn against(&self, _: &DesignatedAccount) -> Option<Against> {
        None
    }
}

/// The payees of accounts of which since a journal of so many entries something speaks against them, or does not any more.
pub(crate) const fn changed_since(
    _: &Tx<'_>,
    _: i64,
    _: &mut dyn FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    Ok(())
}
