//! Contact points, every one that was added and removed.

use crate::contact::{self, Change, ContactPoint, Stood};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, statements};
use std::collections::BTreeMap;
use std::ops::Range;

statements! {
    INSERT = "contact.insert":
        "INSERT INTO contact (id, payee, previous, removed, at, point) VALUES ($1, $2, $3, $4, $5, $6)";
    OF_PAYEE = "contact.of_payee":
        "SELECT id, removed, at, point FROM contact WHERE payee = $1 AND id > $2 ORDER BY id LIMIT 1000";
    OF_PAYEES = "contact.of_payees":
        "SELECT id, removed, at, point FROM contact WHERE payee = $1 ORDER BY id LIMIT 10000";
    LAST = "contact.last": "SELECT id FROM contact WHERE payee = $1 ORDER BY id DESC LIMIT 1";
    RANGE = "contact.range":
        "SELECT id, removed, at, point, payee, previous FROM contact WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "contact.count": "SELECT COUNT(*) FROM contact";
}

const POINT_COLUMN: &str = "contact.point";

/// Marks ids of changes of contact points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactRow;

/// Reads a change from the first four columns of a row.
fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Change, Error> {
    let opened = scope.vault.open(POINT_COLUMN, Id::<ContactRow>::new(row.int(0)?), row.bytes(3)?)?;
    let point = std::str::from_utf8(&opened).ok().and_then(ContactPoint::from_text).ok_or_else(|| row.broken(3))?;
    Ok(Change { point, is_removed: row.bool(1)?, at: Timestamp::from_micros(row.int(2)?) })
}

/// All points that a payee ever had, and when each stood.
pub(crate) fn of(scope: &Scope<'_>, payee: &Blind) -> Result<Vec<Stood>, Error> {
    let (mut changes, mut after) = (Vec::new(), -1);
    loop {
        let before = changes.len();
        scope.tx.each(&OF_PAYEE, &[payee.into(), after.into()], |row| {
            after = row.int(0)?;
            changes.push(read(scope, row)?);
            Ok(())
        })?;
        if changes.len() - before < 1000 {
            return Ok(contact::stood(changes));
        }
    }
}

/// The points that payees with these sorted keys ever had; `found` gets the place of each key that has had any.
pub(crate) fn of_many(
    scope: &Scope<'_>,
    payees: &[Blind],
    mut found: impl FnMut(usize, Vec<Stood>),
) -> Result<(), Error> {
    let mut changes: BTreeMap<usize, Vec<(i64, Change)>> = BTreeMap::new();
    scope.tx.look_up(&OF_PAYEES, payees.iter().map(Into::into), |at, row| {
        changes.entry(at).or_default().push((row.int(0)?, read(scope, row)?));
        Ok(())
    })?;
    for (at, mut changes) in changes {
        changes.sort_unstable_by_key(|(id, _)| *id);
        found(at, contact::stood(changes.into_iter().map(|(_, change)| change)));
    }
    Ok(())
}

/// Adds a change.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    payee: &Blind,
    point: &ContactPoint,
    is_removed: bool,
) -> Result<Rows, Error> {
    let id: Id<ContactRow> = entry.row(0)?;
    let previous = scope.tx.optional(&LAST, &[payee.into()], |row| row.int(0))?;
    let text = point.to_text();
    let sealed = scope.vault.seal(POINT_COLUMN, id, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[id.into(), payee.into(), previous.into(), is_removed.into(), entry.at.into(), (&sealed).into()],
    )?;
    let mut tree = Tree::default();
    tree.push(leaf(id.number(), payee, previous, is_removed, entry.at, &text));
    Ok(Rows::of(ContactTable.name(), &tree))
}

fn leaf(id: i64, payee: &Blind, previous: Option<i64>, is_removed: bool, at: Timestamp, point: &str) -> Hash {
    Encoder::default()
        .start(ContactTable.name())
        .int(id)
        .bytes(payee.as_bytes())
        .optional_int(previous)
        .int(i64::from(is_removed))
        .int(at.micros())
        .bytes(point.as_bytes())
        .leaf()
}

pub(crate) struct ContactTable;

impl Table for ContactTable {
    fn name(&self) -> &'static str {
        "contact"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (id, Change { point, is_removed, at }) = (row.int(0)?, read(scope, row)?);
            let payee = Blind::from_bytes(row.array(4)?);
            let leaf = leaf(id, &payee, row.optional_int(5)?, is_removed, at, &point.to_text());
            visit(journal::entry_of(id), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
