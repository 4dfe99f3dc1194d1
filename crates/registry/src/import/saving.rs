//! Saves what changes of accounts come to: rows of histories, proposals, and where the directory points.

use super::Link;
use super::new::{AccountChange, NewProposal, NewRow};
use crate::commands::{FOLDED_AT_ONCE_MAX, fold_with};
use crate::designation::Designation;
use crate::life::Act;
use crate::payee::{PayeeId, RegisterStatus};
use crate::proposal::Proposal;
use crate::store;
use crate::telling::{self, Telling};
use kernel::journal::{Entry, Rows};
use kernel::merkle::Tree;
use kernel::{Blind, Error, Id, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// What one entry changes.
pub(crate) type Changed<'c> = (Entry, &'c [AccountChange]);

/// Saves what several entries changed; the rows of each.
pub(crate) fn save(scope: &Scope<'_>, entries: &[Changed<'_>]) -> Result<Vec<Vec<Rows>>, Error> {
    let (mut taken, mut proposed) = (Vec::new(), Vec::new());
    for (entry, changes) in entries {
        let mut ordinal = 0;
        for change in *changes {
            match change {
                AccountChange::Takes(row) => take(&mut taken, *entry, row, &mut ordinal)?,
                AccountChange::Waits(proposal) => proposed.push((*entry, &**proposal)),
            }
        }
    }
    let ids: Vec<Id<Designation>> = taken.iter().map(|taken| taken.id).collect();
    let mut taken = save_rows(scope, taken, &ids)?.into_iter();
    let expired = save_lapsed(scope, &proposed)?;
    let mut proposed = save_proposals(scope, &proposed, &ids)?.into_iter();
    let told: Vec<(Entry, Vec<Telling>)> = entries
        .iter()
        .map(|(entry, changes)| (*entry, changes.iter().flat_map(AccountChange::tellings).collect()))
        .collect();
    let told = telling::tell(scope, &told)?;
    let rows = entries.iter().zip(told).map(|((_, changes), told)| {
        let takes = changes.iter().any(|change| matches!(change, AccountChange::Takes(_)));
        let waits = changes.iter().any(|change| matches!(change, AccountChange::Waits(_)));
        let taken = if takes { taken.next() } else { None };
        taken.into_iter().chain(if waits { proposed.next() } else { None }).chain(told).collect()
    });
    let mut rows: Vec<Vec<Rows>> = rows.collect();
    for (at, expired) in expired {
        let of_entry = entries.iter().position(|(entry, _)| *entry == at);
        rows[of_entry.unwrap_or(0)].push(expired);
    }
    Ok(rows)
}

/// Ends the proposals in whose place others come that nobody ended in time; the rows of each entry that has any.
fn save_lapsed(scope: &Scope<'_>, proposed: &[(Entry, &NewProposal)]) -> Result<Vec<(Entry, Rows)>, Error> {
    let mut rows = Vec::new();
    for of_entry in proposed.chunk_by(|(one, _), (other, _)| one == other) {
        let (entry, mut tree) = (of_entry[0].0, Tree::default());
        for (ordinal, lapsed) in of_entry.iter().filter_map(|(_, new)| new.lapsed.as_ref()).enumerate() {
            store::proposal::add_act(scope, entry.row(ordinal)?, lapsed, &Act::expired(entry.at), &mut tree)?;
            store::proposal::set_now(scope.tx, lapsed, None)?;
        }
        if of_entry.iter().any(|(_, new)| new.lapsed.is_some()) {
            rows.push((entry, store::proposal::acts(&tree)));
        }
    }
    Ok(rows)
}

/// Saves rows of histories that come of proposals, as part of one entry.
pub(crate) fn save_rows_of(scope: &Scope<'_>, entry: Entry, new: &[&NewRow]) -> Result<Vec<Rows>, Error> {
    let (mut taken, mut ordinal) = (Vec::new(), 0);
    for row in new {
        take(&mut taken, entry, row, &mut ordinal)?;
    }
    let ids: Vec<Id<Designation>> = taken.iter().map(|taken| taken.id).collect();
    save_rows(scope, taken, &ids)
}

/// A row of a history with its place in the journal.
struct Taken<'n> {
    entry: Entry,
    id: Id<Designation>,
    row: &'n NewRow,
    /// The row that it comes with, and that it follows.
    follows: Option<Id<Designation>>,
}

/// Gives a row its place, and what follows it at once the next.
fn take<'n>(taken: &mut Vec<Taken<'n>>, entry: Entry, row: &'n NewRow, ordinal: &mut usize) -> Result<(), Error> {
    let (mut next, mut follows) = (Some(row), None);
    while let Some(row) = next {
        let id = entry.row(*ordinal)?;
        taken.push(Taken { entry, id, row, follows });
        *ordinal += 1;
        (next, follows) = (row.then.as_deref(), Some(id));
    }
    Ok(())
}

/// Saves rows of histories; the rows of each entry that has any.
fn save_rows(scope: &Scope<'_>, changes: Vec<Taken<'_>>, ids: &[Id<Designation>]) -> Result<Vec<Rows>, Error> {
    let mut new = Vec::with_capacity(changes.len());
    // The newest row of each history, in the directory's order.
    let mut newest: BTreeMap<(Blind, Option<Blind>), (bool, Id<Designation>)> = BTreeMap::new();
    let mut new_payees = BTreeMap::new();
    for Taken { entry, id, row: change, follows } in changes {
        new.push(store::designation::NewDesignation {
            id,
            payee: change.payee,
            purpose: change.purpose.clone(),
            previous: follows.or_else(|| change.previous.id(ids)),
            // The moment of the entry, which is never before that of the row that it follows.
            effective: entry.at,
            standing: change.standing,
            channel: change.channel,
            grounds: change.grounds,
            proposal: change.proposal,
            holder: change.holder,
        });
        newest
            .entry((change.payee, change.purpose.as_ref().map(|purpose| purpose.key)))
            .and_modify(|(_, latest)| *latest = id)
            .or_insert((matches!(change.previous, Link::None), id));
        new_payees.extend(change.new_payee.map(|number| (change.payee, number)));
    }
    let rows = store::designation::insert_many(scope, &new)?;
    // A bulk file does not wait for that.
    if new.len() <= FOLDED_AT_ONCE_MAX {
        fold_with(scope)?;
    }
    insert_payees(scope, &new_payees)?;
    let defaults = newest.iter().filter(|((_, purpose), _)| purpose.is_none());
    store::payee::set_designations(scope.tx, defaults.map(|((payee, _), (_, id))| (payee, *id)))?;
    let specific = |first: bool| {
        newest
            .iter()
            .filter(move |(_, (is_first, _))| *is_first == first)
            .filter_map(|((payee, purpose), (_, id))| Some((payee, purpose.as_ref()?, *id)))
    };
    store::designation::insert_specific(scope.tx, specific(true))?;
    store::designation::set_specific(scope.tx, specific(false))?;
    store::payee::set_has_specific(scope.tx, specific(true).map(|(payee, ..)| payee))?;
    Ok(rows)
}

/// Adds payees whom no register lists.
fn insert_payees(scope: &Scope<'_>, new: &BTreeMap<Blind, PayeeId>) -> Result<(), Error> {
    store::payee::insert_many(
        scope,
        new.iter().map(|(key, number)| store::payee::NewPayee {
            key,
            status: RegisterStatus::Unlisted,
            register_row: None,
            designation: None,
            has_specific: false,
            number: Some(*number),
        }),
    )
}

/// Saves proposals; the rows of each entry that has any.
pub(crate) fn save_proposals(
    scope: &Scope<'_>,
    proposed: &[(Entry, &NewProposal)],
    ids: &[Id<Designation>],
) -> Result<Vec<Rows>, Error> {
    let proposals: Vec<Proposal> =
        proposed.iter().map(|(_, new)| Proposal { replaces: new.replaces.id(ids), ..new.proposal.clone() }).collect();
    let new_payees =
        proposed.iter().filter_map(|(_, new)| new.new_payee.map(|number| (new.proposal.payee, number))).collect();
    insert_payees(scope, &new_payees)?;
    let mut of_default: Vec<_> = proposed
        .iter()
        .filter(|(_, new)| new.proposal.purpose.is_none())
        .filter(|(_, new)| new.waits.is_some())
        .map(|(_, new)| (&new.proposal.payee, new.proposal.id))
        .collect();
    of_default.sort_unstable_by_key(|(payee, ..)| *payee);
    store::payee::set_pending(scope.tx, of_default)?;
    // Whoever pays for a benefit looks for what waits of an account for it, also where it would be the first.
    let specific =
        proposed.iter().filter(|(_, new)| new.proposal.purpose.is_some()).map(|(_, new)| &new.proposal.payee);
    store::payee::set_has_specific(scope.tx, specific.collect::<BTreeSet<_>>())?;
    let new: Vec<_> =
        proposed.iter().zip(&proposals).map(|((entry, new), proposal)| (*entry, proposal, new.waits)).collect();
    store::proposal::insert_many(scope, &new)
}
