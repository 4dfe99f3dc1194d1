//! How many payees an account has is folded from the histories of designations after they are written, so that no bulk file waits for
//! it; and with that, who left it, and whether it is to be watched. It says nothing that they do not say, and is not the journal's.

use super::watch_accounts::watch;
use crate::account::DesignatedAccount;
use crate::designation::{Standing, State};
use crate::store;
use crate::store::holder::History;
use crate::store::pointing::Left;
use kernel::{Blind, Error, Id, Scope, Timestamp, Writer};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Who left which account.
    left: Vec<Left>,
    /// Every account that somebody took or left.
    accounts: BTreeMap<Blind, DesignatedAccount>,
    /// When the last of these rows was recorded.
    at: Timestamp,
    /// Whether there may be more.
    more: bool,
}

impl Unfolded {
    fn load(scope: &Scope<'_>, from: i64, limit: usize) -> Result<Self, Error> {
        let rows = store::designation::after(scope, from, limit)?;
        let last = rows.last().map(|last| &last.designation);
        let mut unfolded = Self {
            from,
            to: last.map_or(from, |last| last.id.number()),
            begun: BTreeMap::new(),
            moved: BTreeMap::new(),
            left: Vec::new(),
            accounts: BTreeMap::new(),
            at: last.map_or(Timestamp::from_micros(0), |last| last.effective),
            more: rows.len() == limit,
        };
        let mut named = former(scope, &rows, from)?;
        for row in rows {
            let history = (row.payee, row.designation.purpose);
            let (id, standing) = (row.designation.id.number(), row.designation.standing);
            let account = unfolded.account(scope, &standing);
            let left = row.designation.previous.and_then(|previous| named.get(&previous.number()).copied());
            let left = left.and_then(|left| unfolded.account(scope, &left));
            if let Some(left) = left.filter(|left| account != Some(*left)) {
                let until = row.designation.effective;
                unfolded.left.push(Left { account: left, designation: id, payee: row.payee, until });
            }
            named.insert(id, standing);
            match unfolded.begun.get_mut(&history) {
                Some(now) => *now = account,
                None if row.designation.previous.is_none() => drop(unfolded.begun.insert(history, account)),
                None => drop(unfolded.moved.insert(history, account)),
            }
        }
        Ok(unfolded)
    }

    /// The key of the account that a row names, unless it was closed by it.
    fn account(&mut self, scope: &Scope<'_>, standing: &Standing) -> Option<Blind> {
        let key = (standing.state != State::Closed).then(|| standing.account.key(scope.vault))?;
        self.accounts.insert(key, standing.account);
        Some(key)
    }

    /// Notes it; whether nobody else did meanwhile.
    fn save(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        if store::holder::place(scope.tx)? != self.from {
            return Ok(false);
        }
        store::holder::insert_many(scope.tx, &self.begun)?;
        store::holder::set_many(scope.tx, &self.moved)?;
        store::pointing::leave_many(scope.tx, &self.left)?;
        store::holder::set_place(scope.tx, self.from, self.to)?;
        watch(scope, &self.accounts, self.at)?;
        Ok(true)
    }
}

/// What the rows that these follow said, where those are not among them.
fn former(
    scope: &Scope<'_>,
    rows: &[store::designation::Recorded],
    from: i64,
) -> Result<BTreeMap<i64, Standing>, Error> {
    let previous = rows.iter().filter_map(|row| row.designation.previous).map(Id::number);
    let places: Vec<i64> = previous.filter(|id| *id <= from).collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    store::designation::find_many(scope, places.iter().copied().map(Id::new), |at, row| {
        found.insert(places[at], row.standing);
        Ok(())
    })?;
    Ok(found)
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
    let vault = writer.store.vault().clone();
    let is_first = writer.connection.stage(|tx| unfolded.save(&Scope { tx, vault: &vault }))?;
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
        unfolded.save(scope)?;
    }
    Ok(())
}
