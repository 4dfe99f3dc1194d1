//! Holds the directory against the histories that it points into.

use crate::payee::RegisterStatus;
use crate::store;
use kernel::journal::Mismatch;
use kernel::{Blind, Error, Scope, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const PAGE_ROWS: i64 = 10_000;

/// The newest row of a history of designations.
#[derive(Clone, Copy)]
struct Newest {
    id: i64,
    effective: Timestamp,
}

/// What the histories say the directory must hold of one payee.
#[derive(Default)]
struct Due {
    register_row: Option<i64>,
    status: Option<RegisterStatus>,
    designation: Option<Newest>,
    has_specific: bool,
    /// The newest proposal, unless it has ended, and until when it waits.
    pending: Option<(i64, i64)>,
}

/// Computes from the histories, whose rows must be in order, which account is in force for every payee, and compares it with the directory that resolving
/// begins at. The histories' own rows are the journal's to vouch for.
///
/// # Errors
/// [`Mismatch`], or the store's.
pub fn verify_directory(scope: &Scope<'_>) -> Result<(), Error> {
    let mismatch = |what: &str| -> Error { Mismatch(format!("{what} is not what its history says")).into() };
    let mut due: BTreeMap<Blind, Due> = BTreeMap::new();
    let mut specific: BTreeMap<(Blind, Blind), Newest> = BTreeMap::new();
    store::register::links(scope.tx, |id, payee, previous, status| {
        let due = due.entry(payee).or_default();
        if due.register_row != previous {
            return Err(mismatch("a register row's predecessor"));
        }
        (due.register_row, due.status) = (Some(id), Some(status));
        Ok(())
    })?;
    store::designation::links(scope.tx, |row| {
        let due = due.entry(row.payee).or_default();
        let newest = Newest { id: row.id, effective: row.effective };
        let former = match row.purpose {
            None => due.designation.replace(newest),
            Some(purpose) => {
                due.has_specific = true;
                specific.insert((row.payee, purpose), newest)
            }
        };
        if former.map(|former| former.id) != row.previous {
            return Err(mismatch("a designation's predecessor"));
        }
        // Each holds from the moment of its entry, and those never go backwards.
        if former.is_some_and(|former| row.effective < former.effective) {
            return Err(Mismatch("a designation holds from before the one that it follows".to_owned()).into());
        }
        Ok(())
    })?;
    verify_proposals(scope, &mut due)?;
    let mut after = Vec::new();
    loop {
        let rows = store::payee::page(scope, &after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.key.as_bytes().to_vec();
        for row in &rows {
            let Some(expected) = due.remove(&row.key) else {
                return Err(Mismatch("the directory has a payee of whom nothing was recorded".to_owned()).into());
            };
            let agrees = row.register_row == expected.register_row
                && row.status == expected.status.unwrap_or(RegisterStatus::Unlisted)
                && row.designation == expected.designation.map(|newest| newest.id)
                && row.has_specific == expected.has_specific
                && row.has_number == expected.register_row.is_none();
            if !agrees {
                return Err(mismatch("a payee's account in force"));
            }
            if row.pending != expected.pending {
                return Err(mismatch("a payee's proposal that waits"));
            }
        }
    }
    if !due.is_empty() {
        return Err(Mismatch("a payee who has a history is missing from the directory".to_owned()).into());
    }
    let (mut payee, mut purpose) = (Vec::new(), Vec::new());
    loop {
        let rows = store::designation::specific_page(scope.tx, (&payee, &purpose), PAGE_ROWS)?;
        let Some((last_payee, last_purpose, _)) = rows.last() else { break };
        (payee, purpose) = (last_payee.as_bytes().to_vec(), last_purpose.as_bytes().to_vec());
        for (payee, purpose, designation) in rows {
            if specific.remove(&(payee, purpose)).map(|newest| newest.id) != Some(designation) {
                return Err(mismatch("a specific account in force"));
            }
        }
    }
    if specific.is_empty() { Ok(()) } else { Err(Mismatch("a specific account is missing".to_owned()).into()) }
}

/// What is noted of each proposal is whether it has ended; the newest of a payee is the one that the directory names.
fn verify_proposals(scope: &Scope<'_>, due: &mut BTreeMap<Blind, Due>) -> Result<(), Error> {
    let mismatch = || Mismatch("what is noted of a proposal is not what was done about it".to_owned());
    let mut ended = BTreeSet::new();
    store::proposal::ended(scope.tx, |id| if ended.insert(id) { Ok(()) } else { Err(mismatch().into()) })?;
    let mut proposals = 0;
    store::proposal::links(scope.tx, |link| {
        let until = link.waits.ok_or_else(mismatch)?;
        if ended.remove(&link.id) == until.is_some() {
            return Err(mismatch().into());
        }
        // Also for a specific account alone, somebody is known.
        let due = due.entry(link.payee).or_default();
        if link.is_default {
            due.pending = until.map(|until| (link.id, until));
        }
        proposals += 1;
        Ok(())
    })?;
    if ended.is_empty() && store::proposal::count_noted(scope)? == proposals { Ok(()) } else { Err(mismatch().into()) }
}
