//! How many payees an account has is folded from the histories of designations after they are written, so that no bulk file waits for
//! it. It says nothing that they do not say, and is not the journal's.

use crate::designation::State;
use crate::store;
use crate::store::holder::History;
use kernel::{Blind, Error, Scope, Tx, Writer};
use std::collections::BTreeMap;

/// The most rows that are folded in one transaction.
const FOLDED_MAX: usize = kernel::failpoint::chunk(4096, 4);
/// What was recorded after the last row that was folded is folded with the next change, unless it is more than this: a bulk file's.
pub(crate) const FOLDED_AT_ONCE_MAX: usize = 1000;

/// What rows that were not folded yet come to.
struct Unfolded {
    /// The places of the last row that was folded, and of the last of these.
    from: i64,
    to: i64,
    /// The histories that begin with one of them, and the account that each names now.
    begun: BTreeMap<History, Option<Blind>>,
    /// Those that go on.
    moved: BTreeMap<History, Option<Blind>>,
    /// Whether there may be more.
    more: bool,
}

impl Unfolded {
    fn load(scope: &Scope<'_>, from: i64, limit: usize) -> Result<Self, Error> {
        let rows = store::designation::after(scope, from, limit)?;
        let to = rows.last().map_or(from, |last| last.designation.id.number());
        let mut unfolded = Self { from, to, begun: BTreeMap::new(), moved: BTreeMap::new(), more: rows.len() == limit };
        for row in rows {
            let history = (row.payee, row.designation.purpose);
            let standing = row.designation.standing;
            let account = (standing.state != State::Closed).then(|| standing.account.key(scope.vault));
            match unfolded.begun.get_mut(&history) {
                Some(now) => *now = account,
                None if row.designation.previous.is_none() => drop(unfolded.begun.insert(history, account)),
                None => drop(unfolded.moved.insert(history, account)),
            }
        }
        Ok(unfolded)
    }

    /// Notes it; whether nobody else did meanwhile.
    fn save(&self, tx: &Tx<'_>) -> Result<bool, Error> {
        if store::holder::place(tx)? != self.from {
            return Ok(false);
        }
        store::holder::insert_many(tx, &self.begun)?;
        store::holder::set_many(tx, &self.moved)?;
        store::holder::set_place(tx, self.from, self.to)?;
        Ok(true)
    }
}

/// Folds some of the rows that were not yet; whether there may be more. What is read and computed holds nobody up; what is written
/// is some thousand rows.
///
/// # Errors
/// The store's.
pub fn fold_holders(writer: &mut Writer) -> Result<bool, Error> {
    let unfolded = writer.read(|scope| Unfolded::load(scope, store::holder::place(scope.tx)?, FOLDED_MAX))?;
    if unfolded.from == unfolded.to {
        return Ok(false);
    }
    let is_first = writer.connection.stage(|tx| unfolded.save(tx))?;
    Ok(unfolded.more || !is_first)
}

/// Folds what is not folded yet with the change that is being saved, if it is little.
pub(crate) fn fold_with(scope: &Scope<'_>) -> Result<(), Error> {
    let from = store::holder::place(scope.tx)?;
    if store::designation::has_more_after(scope.tx, from, FOLDED_AT_ONCE_MAX as i64)? {
        return Ok(());
    }
    let unfolded = Unfolded::load(scope, from, FOLDED_AT_ONCE_MAX)?;
    if unfolded.to > from {
        unfolded.save(scope.tx)?;
    }
    Ok(())
}
