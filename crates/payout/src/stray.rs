//! The work lists: what banks said, and of what nobody knows which payment of ours it is about. Pure.

use denmark::{Currency, Money};
use kernel::{Blind, Id, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A work list, by the number that it is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Returns.
    Returns = 1,
    /// Answers to recalls.
    Answers = 2,
}

/// What stands on a work list.
pub(crate) trait Stray: Sized {
    /// On which.
    const LIST: List;
    /// What is sealed of it.
    type Written: Serialize + DeserializeOwned;

    fn id(&self) -> Id<Self>;

    /// Blind: by what the same is known again.
    fn key(&self) -> &Blind;

    fn written(&self) -> Self::Written;

    /// Reads what [`Stray::written`] gave.
    fn read(id: Id<Self>, at: Timestamp, key: Blind, written: Self::Written) -> Option<Self>;
}

/// The money of which amount and currency were written, if any was.
pub(crate) fn read_money(amount: Option<i64>, currency: Option<&str>) -> Option<Option<Money>> {
    let (Some(minor), Some(currency)) = (amount, currency) else { return Some(None) };
    Some(Some(Money { minor, currency: Currency::parse(currency).ok()? }))
}
