//! The work lists: of what nobody knew which payment it is about, and what people decided about it.

use crate::batch::Batch;
use crate::stray::Stray;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, StoreError, Timestamp, Tx, statements};
use std::ops::Range;
use zeroize::Zeroizing;

statements! {
    INSERT = "stray.insert": "INSERT INTO stray (id, list, key, at, said) VALUES ($1, $2, $3, $4, $5)";
    BY_KEY = "stray.by_key": "SELECT id FROM stray WHERE key = $1";
    FIND = "stray.find": "SELECT id, list, key, at, said FROM stray WHERE id = $1 AND list = $2";
    OPEN = "stray.open":
        "SELECT s.id, s.list, s.key, s.at, s.said FROM stray s
         WHERE s.id > $1 AND s.list = $2 AND NOT EXISTS (SELECT 1 FROM stray_end e WHERE e.stray = s.id)
         ORDER BY s.id LIMIT $3";
    RANGE = "stray.range": "SELECT id, list, key, at, said FROM stray WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "stray.count": "SELECT COUNT(*) FROM stray";
    INSERT_END = "stray_end.insert": "INSERT INTO stray_end (id, stray, batch, number, why) VALUES ($1, $2, $3, $4, $5)";
    END_OF = "stray_end.find": "SELECT id FROM stray_end WHERE stray = $1";
    END_RANGE = "stray_end.range":
        "SELECT id, stray, batch, number, why FROM stray_end WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ENDS = "stray_end.count": "SELECT COUNT(*) FROM stray_end";
}

const SAID_COLUMN: &str = "stray.said";
const WHY_COLUMN: &str = "stray_end.why";

/// Puts some on their work list. Their ids and moments are given here.
pub(crate) fn insert_many<S: Stray>(scope: &Scope<'_>, strays: &[S], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    let list = S::LIST as i64;
    for (ordinal, stray) in strays.iter().enumerate() {
        let id: Id<S> = entry.row(ordinal)?;
        let said = serde_json::to_vec(&stray.written())
            .map_err(|error| StoreError::new("what goes on a work list could not be written", error))?;
        let sealed = scope.vault.seal(SAID_COLUMN, id, &said)?;
        scope.tx.run(&INSERT, &[id.into(), list.into(), stray.key().into(), entry.at.into(), (&sealed).into()])?;
        tree.push(leaf(&mut encoder, id.number(), list, stray.key(), entry.at, &said));
    }
    Ok(Rows::of(StrayTable.name(), &tree))
}

/// Whether it was put on a work list before.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&BY_KEY, &[key.into()], |row| row.int(0))?.is_some())
}

/// Its id, its list, its key, when it came, and what is sealed of it.
type Parts = (i64, i64, Blind, Timestamp, Zeroizing<Vec<u8>>);

fn parts(scope: &Scope<'_>, row: &Row<'_>) -> Result<Parts, Error> {
    let (id, key) = (row.int(0)?, Blind::from_bytes(row.array(2)?));
    let said = scope.vault.open(SAID_COLUMN, Id::<StrayTable>::new(id), row.bytes(4)?)?;
    Ok((id, row.int(1)?, key, Timestamp::from_micros(row.int(3)?), said))
}

fn read<S: Stray>(scope: &Scope<'_>, row: &Row<'_>) -> Result<S, Error> {
    let (id, _, key, at, said) = parts(scope, row)?;
    let written = serde_json::from_slice(&said).map_err(|_| row.broken(4))?;
    Ok(S::read(Id::new(id), at, key, written).ok_or_else(|| row.broken(4))?)
}

/// One of its list, also if it was decided about.
pub(crate) fn find<S: Stray>(scope: &Scope<'_>, id: Id<S>) -> Result<Option<S>, Error> {
    scope.tx.optional(&FIND, &[id.into(), (S::LIST as i64).into()], |row| read(scope, row))
}

/// Those of a list about which nobody has decided, the oldest first.
pub(crate) fn open_after<S: Stray>(scope: &Scope<'_>, after: i64, limit: i64) -> Result<Vec<S>, Error> {
    let mut strays = Vec::new();
    scope.tx.each(&OPEN, &[after.into(), (S::LIST as i64).into(), limit.into()], |row| {
        strays.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(strays)
}

fn leaf(encoder: &mut Encoder, id: i64, list: i64, key: &Blind, at: Timestamp, said: &[u8]) -> Hash {
    encoder.start(StrayTable.name()).int(id).int(list).bytes(key.as_bytes()).int(at.micros()).bytes(said).leaf()
}

pub(crate) struct StrayTable;

impl Table for StrayTable {
    fn name(&self) -> &'static str {
        "stray"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (id, list, key, at, said) = parts(scope, row)?;
            visit(journal::entry_of(id), leaf(&mut encoder, id, list, &key, at, &said))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// What somebody decided about one.
pub(crate) struct End {
    /// Its id, whichever its list.
    stray: i64,
    /// Of which payment it is.
    payment: Option<(Id<Batch>, i64)>,
    /// By whom, and why.
    text: String,
}

impl End {
    pub(crate) fn of<S: Stray>(stray: Id<S>, payment: Option<(Id<Batch>, i64)>, by: &str, why: &str) -> Self {
        Self { stray: stray.number(), payment, text: format!("{by}\n{why}") }
    }
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
pub(crate) fn has_ended<S: Stray>(tx: &Tx<'_>, stray: Id<S>) -> Result<bool, Error> {
    Ok(tx.optional(&END_OF, &[stray.into()], |row| row.int(0))?.is_some())
}

fn end_leaf(encoder: &mut Encoder, id: Id<End>, end: &End) -> Hash {
    let (batch, number) = end.payment.unzip();
    encoder
        .start(EndTable.name())
        .int(id.number())
        .int(end.stray)
        .optional_int(batch.map(Id::number))
        .optional_int(number)
        .text(&end.text)
        .leaf()
}

pub(crate) struct EndTable;

impl Table for EndTable {
    fn name(&self) -> &'static str {
        "stray_end"
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
            let end = End { stray: row.int(1)?, payment, text };
            visit(journal::entry_of(id.number()), end_leaf(&mut encoder, id, &end))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDS)
    }
}
