//! What ends when.

use crate::phase_out::{PhaseOuts, Subject};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Scope, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "phase_out.insert": "INSERT INTO phase_out (id, subject, version, ends) VALUES ($1, $2, $3, $4)";
    RANGE = "phase_out.range":
        "SELECT id, subject, version, ends FROM phase_out WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "phase_out.count": "SELECT COUNT(*) FROM phase_out";
}

/// Everything that has an end.
pub(crate) fn all(tx: &Tx<'_>) -> Result<PhaseOuts, Error> {
    let mut all = PhaseOuts::default();
    tx.each(&RANGE, &journal::row_range(0..journal::ENTRIES_MAX), |row| {
        let subject = Subject { subject: row.text(1)?.to_owned(), version: row.text(2)?.to_owned() };
        all.set(subject, row.optional_int(3)?.map(Timestamp::from_micros));
        Ok(())
    })?;
    Ok(all)
}

pub(crate) fn insert(tx: &Tx<'_>, entry: Entry, subject: &Subject, ends: Option<Timestamp>) -> Result<Rows, Error> {
    let id: Id<Subject> = entry.row(0)?;
    tx.run(&INSERT, &[id.into(), (&subject.subject).into(), (&subject.version).into(), ends.into()])?;
    let mut tree = Tree::default();
    tree.push(leaf(id.number(), &subject.subject, &subject.version, ends.map(Timestamp::micros)));
    Ok(Rows::of(PhaseOutTable.name(), &tree))
}

fn leaf(id: i64, subject: &str, version: &str, ends: Option<i64>) -> Hash {
    Encoder::default().start(PhaseOutTable.name()).int(id).text(subject).text(version).optional_int(ends).leaf()
}

pub(crate) struct PhaseOutTable;

impl Table for PhaseOutTable {
    fn name(&self) -> &'static str {
        "phase_out"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            visit(journal::entry_of(id), leaf(id, row.text(1)?, row.text(2)?, row.optional_int(3)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
