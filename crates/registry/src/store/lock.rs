//! Owners' locks, every version.

use crate::lock::{Channels, Lock};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, statements};
use std::collections::BTreeMap;
use std::ops::Range;

statements! {
    INSERT = "owner_lock.insert":
        "INSERT INTO owner_lock (id, payee, previous, channels, at, evidence) VALUES ($1, $2, $3, $4, $5, $6)";
    NEWEST = "owner_lock.newest":
        "SELECT id, channels, at FROM owner_lock WHERE payee = $1 ORDER BY id DESC LIMIT 1";
    OF_PAYEE = "owner_lock.of_payee": "SELECT id, channels, at FROM owner_lock WHERE payee = $1";
    RANGE = "owner_lock.range":
        "SELECT id, channels, at, payee, previous, evidence FROM owner_lock WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "owner_lock.count": "SELECT COUNT(*) FROM owner_lock";
}

const EVIDENCE_COLUMN: &str = "owner_lock.evidence";

/// Marks ids of a lock's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockVersion;

/// Reads a lock from the first three columns of a row.
fn read(row: &Row<'_>) -> Result<Lock, Error> {
    let channels = Channels::from_code(row.int(1)?).ok_or_else(|| row.broken(1))?;
    Ok(Lock { channels, changed: Timestamp::from_micros(row.int(2)?) })
}

/// The lock that stands on a payee's account.
pub(crate) fn of(scope: &Scope<'_>, payee: &Blind) -> Result<Option<Lock>, Error> {
    let newest = scope.tx.optional(&NEWEST, &[payee.into()], read)?;
    Ok(newest.filter(|lock| !lock.channels.is_empty()))
}

/// The locks on the accounts of payees with these sorted keys; `found` gets the place of each key that has one.
pub(crate) fn of_many<'k>(
    scope: &Scope<'_>,
    payees: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Lock),
) -> Result<(), Error> {
    let mut newest: BTreeMap<usize, (i64, Lock)> = BTreeMap::new();
    scope.tx.look_up(&OF_PAYEE, payees.into_iter().map(Into::into), |at, row| {
        let (id, lock) = (row.int(0)?, read(row)?);
        let known = newest.entry(at).or_insert((id, lock));
        if known.0 < id {
            *known = (id, lock);
        }
        Ok(())
    })?;
    newest.into_iter().filter(|(_, (_, lock))| !lock.channels.is_empty()).for_each(|(at, (_, lock))| found(at, lock));
    Ok(())
}

/// Adds a version.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    payee: &Blind,
    channels: Channels,
    evidence: Option<&str>,
) -> Result<Rows, Error> {
    let version: Id<LockVersion> = entry.row(0)?;
    let previous = scope.tx.optional(&NEWEST, &[payee.into()], |row| row.int(0))?;
    let seal = |evidence: &str| scope.vault.seal(EVIDENCE_COLUMN, version, evidence.as_bytes());
    let sealed = evidence.map(seal).transpose()?;
    scope.tx.run(
        &INSERT,
        &[
            version.into(),
            payee.into(),
            previous.into(),
            channels.code().into(),
            entry.at.into(),
            sealed.as_ref().into(),
        ],
    )?;
    let mut tree = Tree::default();
    let lock = Lock { channels, changed: entry.at };
    tree.push(leaf(version.number(), payee, previous, &lock, evidence.unwrap_or_default().as_bytes()));
    Ok(Rows::of(LockTable.name(), &tree))
}

fn leaf(version: i64, payee: &Blind, previous: Option<i64>, lock: &Lock, evidence: &[u8]) -> Hash {
    Encoder::default()
        .start(LockTable.name())
        .int(version)
        .bytes(payee.as_bytes())
        .optional_int(previous)
        .int(lock.channels.code())
        .int(lock.changed.micros())
        .bytes(evidence)
        .leaf()
}

pub(crate) struct LockTable;

impl Table for LockTable {
    fn name(&self) -> &'static str {
        "owner_lock"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let open = |sealed: &[u8]| scope.vault.open(EVIDENCE_COLUMN, Id::<LockVersion>::new(version), sealed);
            let evidence = row.optional_bytes(5)?.map(open).transpose()?;
            let evidence = evidence.as_ref().map(|evidence| evidence.as_slice()).unwrap_or_default();
            let payee = Blind::from_bytes(row.array(3)?);
            visit(journal::entry_of(version), leaf(version, &payee, row.optional_int(4)?, &read(row)?, evidence))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
