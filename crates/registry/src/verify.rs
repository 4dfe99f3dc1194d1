//! Holds the directory against the histories that it points into.

use crate::payee::RegisterStatus;
use crate::store;
use kernel::journal::Mismatch;
use kernel::{Blind, Error, Scope};
use std::collections::BTreeMap;

const PAGE_ROWS: i64 = 10_000;

/// What the histories say the directory must hold of one payee.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Due {
    register_row: Option<i64>,
    status: Option<RegisterStatus>,
    designation: Option<i64>,
    has_specific: bool,
}

/// Computes from the histories which account is in force for every payee, and compares it with the directory that resolving
/// begins at. The histories' own rows are the journal's to vouch for.
///
/// # Errors
/// [`Mismatch`], or the store's.
pub fn verify_directory(scope: &Scope<'_>) -> Result<(), Error> {
    let mismatch = |what: &str| -> Error { Mismatch(format!("{what} is not what its history says")).into() };
    let mut due: BTreeMap<Blind, Due> = BTreeMap::new();
    let mut specific: BTreeMap<(Blind, Blind), i64> = BTreeMap::new();
    store::register::links(scope.tx, |id, payee, previous, status| {
        let due = due.entry(payee).or_default();
        if due.register_row != previous {
            return Err(mismatch("a register row's predecessor"));
        }
        (due.register_row, due.status) = (Some(id), Some(status));
        Ok(())
    })?;
    store::designation::links(scope.tx, |id, payee, purpose, previous| {
        let due = due.entry(payee).or_default();
        let former = match purpose {
            None => due.designation.replace(id),
            Some(purpose) => {
                due.has_specific = true;
                specific.insert((payee, purpose), id)
            }
        };
        if former == previous { Ok(()) } else { Err(mismatch("a designation's predecessor")) }
    })?;
    let mut after = Vec::new();
    loop {
        let rows = store::payee::page(scope.tx, &after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.key.as_bytes().to_vec();
        for row in &rows {
            let found = Due {
                register_row: row.register_row,
                status: Some(row.status),
                designation: row.designation,
                has_specific: row.has_specific,
            };
            let Some(mut expected) = due.remove(&row.key) else {
                return Err(Mismatch("the directory has a payee of whom nothing was recorded".to_owned()).into());
            };
            expected.status = expected.status.or(Some(RegisterStatus::Unlisted));
            if found != expected {
                return Err(mismatch("a payee's account in force"));
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
            if specific.remove(&(payee, purpose)) != Some(designation) {
                return Err(mismatch("a specific account in force"));
            }
        }
    }
    if specific.is_empty() { Ok(()) } else { Err(Mismatch("a specific account is missing".to_owned()).into()) }
}
