//! Completed files that a bank or another intermediary fetches.

use crate::batch::{Batch, Sent};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, StoreError, statements};
use std::ops::Range;

statements! {
    INSERT = "bank_file.insert": "INSERT INTO bank_file (place, bank, batch, stage, sent) VALUES ($1, $2, $3, $4, $5)";
    AFTER = "bank_file.after":
        "SELECT place, bank, batch, stage, sent FROM bank_file
         WHERE bank = $1 AND place > $2 ORDER BY place LIMIT $3";
    RANGE = "bank_file.range":
        "SELECT place, bank, batch, stage, sent FROM bank_file WHERE place >= $1 AND place < $2 ORDER BY place";
    COUNT = "bank_file.count": "SELECT COUNT(*) FROM bank_file";
}

const SENT_COLUMN: &str = "bank_file.sent";

/// One completed file.
pub(crate) struct BankFile {
    /// Its place in the journal, given as it is recorded.
    pub(crate) place: Id<Self>,
    pub(crate) bank: Blind,
    pub(crate) batch: Id<Batch>,
    pub(crate) stage: i64,
    pub(crate) sent: Sent,
}

/// Notes files, in the order in which they are given.
pub(crate) fn insert_many(scope: &Scope<'_>, files: &[BankFile], entry: Entry) -> Result<Rows, Error> {
    let mut tree = Tree::default();
    for (ordinal, file) in files.iter().enumerate() {
        let sent =
            serde_json::to_vec(&file.sent).map_err(|error| StoreError::new("a file could not be noted", error))?;
        let sealed = scope.vault.seal(SENT_COLUMN, (file.batch.number(), file.stage), &sent)?;
        let place: Id<BankFile> = entry.row(ordinal)?;
        let values =
            [place.into(), (&file.bank).into(), file.batch.into(), file.stage.into(), sealed.as_slice().into()];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(place, file, &sent));
    }
    Ok(Rows::of(BankFileTable.name(), &tree))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(BankFile, Vec<u8>), Error> {
    let (batch, stage) = (row.int(2)?, row.int(3)?);
    let opened = scope.vault.open(SENT_COLUMN, (batch, stage), row.bytes(4)?)?;
    let file = BankFile {
        place: Id::new(row.int(0)?),
        bank: Blind::from_bytes(row.array(1)?),
        batch: Id::new(batch),
        stage,
        sent: serde_json::from_slice(&opened).map_err(|_| row.broken(4))?,
    };
    Ok((file, opened.to_vec()))
}

/// The first files for a bank after a place. `visit` may use the transaction.
pub(crate) fn each_after(
    scope: &Scope<'_>,
    bank: &Blind,
    place: i64,
    limit: i64,
    mut visit: impl FnMut(BankFile) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.each(&AFTER, &[bank.into(), place.into(), limit.into()], |row| visit(read(scope, row)?.0))
}

fn leaf(place: Id<BankFile>, file: &BankFile, sent: &[u8]) -> Hash {
    Encoder::default()
        .start(BankFileTable.name())
        .int(place.number())
        .bytes(file.bank.as_bytes())
        .int(file.batch.number())
        .int(file.stage)
        .bytes(sent)
        .leaf()
}

pub(crate) struct BankFileTable;

impl Table for BankFileTable {
    fn name(&self) -> &'static str {
        "bank_file"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (file, sent) = read(scope, row)?;
            visit(journal::entry_of(file.place.number()), leaf(file.place, &file, &sent))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
