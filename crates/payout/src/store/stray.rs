//! Returns of which nobody knew whose they were, and what people decided about them.

use crate::batch::Batch;
use crate::stray::Stray;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, StoreError, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "stray_return.insert": "INSERT INTO stray_return (id, key, at, said) VALUES ($1, $2, $3, $4)";
    BY_KEY = "stray_return.by_key": "SELECT id FROM stray_return WHERE key = $1";
    FIND = "stray_return.find": "SELECT id, key, at, said FROM stray_return WHERE id = $1";
    OPEN = "stray_return.open":
        "SELECT s.id, s.key, s.at, s.said FROM stray_return s
         WHERE s.id > $1 AND NOT EXISTS (SELECT 1 FROM stray_return_end e WHERE e.stray = s.id) ORDER BY s.id LIMIT $2";
    RANGE = "stray_return.range":
        "SELECT id, key, at, said FROM stray_return WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "stray_return.count": "SELECT COUNT(*) FROM stray_return";
    INSERT_END = "stray_return_end.insert":
        "INSERT INTO stray_return_end (id, stray, batch, number, why) VALUES ($1, $2, $3, $4, $5)";
    END_OF = "stray_return_end.find": "SELECT id FROM stray_return_end WHERE stray = $1";
    END_RANGE = "stray_return_end.range":
        "SELECT id, stray, batch, number, why FROM stray_return_end WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ENDS = "stray_return_end.count": "SELECT COUNT(*) FROM stray_return_end";
}

const SAID_COLUMN: &str = "stray_return.said";
const WHY_COLUMN: &str = "stray_return_end.why";

/// Puts returns on the work list. Their ids are given here.
pub(crate) fn insert_many(scope: &Scope<'_>, strays: &[Stray], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, stray) in strays.iter().enumerate() {
        let id: Id<Stray> = entry.row(ordinal)?;
        let said = serde_json::to_vec(&stray.written())
            .map_err(|error| StoreError::new("a return could not be written", error))?;
        let sealed = scope.vault.seal(SAID_COLUMN, id, &said)?;
        scope.tx.run(&INSERT, &[id.into(), (&stray.key).into(), stray.at.into(), (&sealed).into()])?;
        tree.push(leaf(&mut encoder, id, &stray.key, stray.at, &said));
    }
    Ok(Rows::of(StrayTable.name(), &tree))
}

/// Whether it was put on the work list before.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&BY_KEY, &[key.into()], |row| row.int(0))?.is_some())
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Stray, Vec<u8>), Error> {
    let id: Id<Stray> = Id::new(row.int(0)?);
    let (key, at) = (Blind::from_bytes(row.array(1)?), Timestamp::from_micros(row.int(2)?));
    let opened = scope.vault.open(SAID_COLUMN, id, row.bytes(3)?)?;
    let written = serde_json::from_slice(&opened).map_err(|_| row.broken(3))?;
    let stray = Stray::read(id, at, key, written).ok_or_else(|| row.broken(3))?;
    Ok((stray, opened.to_vec()))
}

/// One, also if it was decided about.
pub(crate) fn find(scope: &Scope<'_>, id: Id<Stray>) -> Result<Option<Stray>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| Ok(read(scope, row)?.0))
}

/// Those about which nobody has decided, the oldest first.
pub(crate) fn open_after(scope: &Scope<'_>, after: i64, limit: i64) -> Result<Vec<Stray>, Error> {
    let mut strays = Vec::new();
    scope.tx.each(&OPEN, &[after.into(), limit.into()], |row| {
        strays.push(read(scope, row)?.0);
        Ok(())
    })?;
    Ok(strays)
}

fn leaf(encoder: &mut Encoder, id: Id<Stray>, key: &Blind, at: Timestamp, said: &[u8]) -> Hash {
    encoder.start(StrayTable.name()).int(id.number()).bytes(key.as_bytes()).int(at.micros()).bytes(said).leaf()
}

pub(crate) struct StrayTable;

impl Table for StrayTable {
    fn name(&self) -> &'static str {
        "stray_return"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (stray, said) = read(scope, row)?;
            visit(journal::entry_of(stray.id.number()), leaf(&mut encoder, stray.id, &stray.key, stray.at, &said))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// What somebody decided about one: of which payment it is, or that it is none of ours.
pub(crate) struct End {
    pub(crate) stray: Id<Stray>,
    pub(crate) payment: Option<(Id<Batch>, i64)>,
    /// By whom, and why.
    pub(crate) text: String,
}

pub(crate) fn insert_end(scope: &Scope<'_>, end: &End, entry: Entry) -> Result<Rows, Error> {
    let id: Id<End> = entry.row(0)?;
    let sealed = scope.vault.seal(WHY_COLUMN, id, end.text.as_bytes())?;
    let (batch, number) = end.payment.unzip();
    let values = [id.into(), end.stray.into(), batch.into(), number.into(), (&sealed).into()];
    scope.tx.run(&INSERT_END, &values)?;
    let mut tree = Tree::default();
    tree.push(end_leaf(&mut Encoder::default(), id, end));
    Ok(Rows::of(EndTable.name(), &tree))
}

/// Whether somebody has decided about one.
pub(crate) fn has_ended(tx: &Tx<'_>, stray: Id<Stray>) -> Result<bool, Error> {
    Ok(tx.optional(&END_OF, &[stray.into()], |row| row.int(0))?.is_some())
}

fn end_leaf(encoder: &mut Encoder, id: Id<End>, end: &End) -> Hash {
    let (batch, number) = end.payment.unzip();
    encoder
        .start(EndTable.name())
        .int(id.number())
        .int(end.stray.number())
        .optional_int(batch.map(Id::number))
        .optional_int(number)
        .text(&end.text)
        .leaf()
}

pub(crate) struct EndTable;

impl Table for EndTable {
    fn name(&self) -> &'static str {
        "stray_return_end"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&END_RANGE, &journal::row_range(entries), |row| {
            let id: Id<End> = Id::new(row.int(0)?);
            let opened = scope.vault.open(WHY_COLUMN, id, row.bytes(4)?)?;
            let payment = match (row.optional_int(2)?, row.optional_int(3)?) {
                (Some(batch), Some(number)) => Some((Id::new(batch), number)),
                (None, None) => None,
                // A payment has both.
                _ => return Err(row.broken(2).into()),
            };
            let text = std::str::from_utf8(&opened).map_err(|_| row.broken(4))?.to_owned();
            let end = End { stray: Id::new(row.int(1)?), payment, text };
            visit(journal::entry_of(id.number()), end_leaf(&mut encoder, id, &end))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDS)
    }
}
