//! One file a command.

mod accept;
mod cancel;
mod refuse;
mod release;
mod render;
mod route;

pub use cancel::Cancel;
pub use release::{Released, release};
pub use route::{Refused, Request, Routed, route};

use crate::batch::{self, Batch, Counts, Tally};
use crate::store;
use kernel::journal::Entry;
use kernel::{Error, Id, Refuse, Scope};
use std::collections::BTreeMap;
use std::fmt;

/// Why something about a batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchRefusal {
    /// There is no such batch.
    Unknown,
    /// Nothing in it is held.
    NothingHeld,
    /// It has no payment of that end-to-end id, or that one is not held.
    PaymentNotHeld,
}

impl Refuse for BatchRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "batch.unknown",
            Self::NothingHeld => "batch.nothing_held",
            Self::PaymentNotHeld => "batch.payment_not_held",
        }
    }
}

impl fmt::Display for BatchRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no batch of that name",
            Self::NothingHeld => "nothing in that batch is held",
            Self::PaymentNotHeld => "that batch holds no payment with that end-to-end id",
        })
    }
}

pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Batch, Error> {
    let found = match batch::parse_name(name) {
        Some(id) => store::batch::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| BatchRefusal::Unknown.into())
}

/// Every number that a payment can have.
pub(crate) const ALL_NUMBERS: std::ops::Range<i64> = 0..i64::MAX;

/// Payments whose changes are in memory at a time.
const PAGE: i64 = kernel::failpoint::chunk(4096, 8) as i64;

/// Visits the payments of a batch, in the order of the file, with what holds of them now.
pub(crate) fn each_payment(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    mut visit: impl FnMut(store::payment::PaymentRow) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut page = 0..PAGE;
    loop {
        let mut changes = BTreeMap::new();
        store::payment::each_change_of(scope.tx, batch, page.clone(), i64::MAX, |change| {
            changes.insert(change.number, change.outcome);
            Ok(())
        })?;
        let mut is_empty = true;
        store::payment::each_of(scope.tx, batch, page.clone(), |mut row| {
            is_empty = false;
            if let Some(outcome) = changes.get(&row.number) {
                row.outcome = *outcome;
            }
            visit(row)
        })?;
        // Numbers have no gaps.
        if is_empty {
            return Ok(());
        }
        page = page.end..page.end + PAGE;
    }
}

/// What holds of a batch now: as it came in, when nothing happened since.
pub(crate) fn counts_now(scope: &Scope<'_>, batch: &Batch) -> Result<Counts, Error> {
    if store::batch::stages(scope.tx, batch.id)?.is_empty() {
        return Ok(batch.record.counts.clone());
    }
    let mut tally = Tally::default();
    each_payment(scope, batch.id, |row| {
        tally.add(row.outcome.state, row.outcome.reason, row.money);
        Ok(())
    })?;
    Ok(tally.counts())
}

/// The stage that an entry adds to a batch.
fn new_stage(stages: &[store::batch::Stage], entry: Entry, writes_file: bool) -> store::batch::Stage {
    store::batch::Stage {
        stage: stages.last().map_or(1, |last| last.stage + 1),
        entry: entry.number(),
        at: entry.at,
        banks_at: entry.number(),
        writes_file,
    }
}
