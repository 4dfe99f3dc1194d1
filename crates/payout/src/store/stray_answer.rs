//! Answers to recalls of which nobody knew what they are about, and what people said of them.

use crate::stray_answer::StrayAnswer;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, StoreError, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "stray_answer.insert": "INSERT INTO stray_answer (id, key, at, said) VALUES ($1, $2, $3, $4)";
    BY_KEY = "stray_answer.by_key": "SELECT id FROM stray_answer WHERE key = $1";
    FIND = "stray_answer.find": "SELECT id FROM stray_answer WHERE id = $1";
    OPEN = "stray_answer.open":
        "SELECT s.id, s.key, s.at, s.said FROM stray_answer s
         WHERE s.id > $1 AND NOT EXISTS (SELECT 1 FROM stray_answer_end e WHERE e.answer = s.id) ORDER BY s.id LIMIT $2";
    RANGE = "stray_answer.range":
        "SELECT id, key, at, said FROM stray_answer WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "stray_answer.count": "SELECT COUNT(*) FROM stray_answer";
    INSERT_END = "stray_answer_end.insert": "INSERT INTO stray_answer_end (id, answer, why) VALUES ($1, $2, $3)";
    END_OF = "stray_answer_end.find": "SELECT id FROM stray_answer_end WHERE answer = $1";
    END_RANGE = "stray_answer_end.range":
        "SELECT id, answer, why FROM stray_answer_end WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_ENDS = "stray_answer_end.count": "SELECT COUNT(*) FROM stray_answer_end";
}

const SAID_COLUMN: &str = "stray_answer.said";
const WHY_COLUMN: &str = "stray_answer_end.why";

/// Puts answers on the work list. Their ids and moments are given here.
pub(crate) fn insert_many(scope: &Scope<'_>, strays: &[StrayAnswer], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, stray) in strays.iter().enumerate() {
        let id: Id<StrayAnswer> = entry.row(ordinal)?;
        let said = serde_json::to_vec(&stray.written())
            .map_err(|error| StoreError::new("an answer to a recall could not be written", error))?;
        let sealed = scope.vault.seal(SAID_COLUMN, id, &said)?;
        scope.tx.run(&INSERT, &[id.into(), (&stray.key).into(), entry.at.into(), (&sealed).into()])?;
        tree.push(leaf(&mut encoder, id, &stray.key, entry.at, &said));
    }
    Ok(Rows::of(StrayAnswerTable.name(), &tree))
}

/// Whether it was put on the work list before.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&BY_KEY, &[key.into()], |row| row.int(0))?.is_some())
}

/// Whether there is one of this id, also if somebody has looked at it.
pub(crate) fn is_there(tx: &Tx<'_>, id: Id<StrayAnswer>) -> Result<bool, Error> {
    Ok(tx.optional(&FIND, &[id.into()], |row| row.int(0))?.is_some())
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(StrayAnswer, Vec<u8>), Error> {
    let id: Id<StrayAnswer> = Id::new(row.int(0)?);
    let (key, at) = (Blind::from_bytes(row.array(1)?), Timestamp::from_micros(row.int(2)?));
    let opened = scope.vault.open(SAID_COLUMN, id, row.bytes(3)?)?;
    let written = serde_json::from_slice(&opened).map_err(|_| row.broken(3))?;
    let stray = StrayAnswer::read(id, at, key, written).ok_or_else(|| row.broken(3))?;
    Ok((stray, opened.to_vec()))
}

/// Those at which nobody has looked, the oldest first.
pub(crate) fn open_after(scope: &Scope<'_>, after: i64, limit: i64) -> Result<Vec<StrayAnswer>, Error> {
    let mut strays = Vec::new();
    scope.tx.each(&OPEN, &[after.into(), limit.into()], |row| {
        strays.push(read(scope, row)?.0);
        Ok(())
    })?;
    Ok(strays)
}

fn leaf(encoder: &mut Encoder, id: Id<StrayAnswer>, key: &Blind, at: Timestamp, said: &[u8]) -> Hash {
    encoder.start(StrayAnswerTable.name()).int(id.number()).bytes(key.as_bytes()).int(at.micros()).bytes(said).leaf()
}

pub(crate) struct StrayAnswerTable;

impl Table for StrayAnswerTable {
    fn name(&self) -> &'static str {
        "stray_answer"
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

/// What somebody said of one: what it was about.
pub(crate) struct End {
    pub(crate) answer: Id<StrayAnswer>,
    /// By whom, and what.
    pub(crate) text: String,
}

pub(crate) fn insert_end(scope: &Scope<'_>, end: &End, entry: Entry) -> Result<Rows, Error> {
    let id: Id<End> = entry.row(0)?;
    let sealed = scope.vault.seal(WHY_COLUMN, id, end.text.as_bytes())?;
    scope.tx.run(&INSERT_END, &[id.into(), end.answer.into(), (&sealed).into()])?;
    let mut tree = Tree::default();
    tree.push(end_leaf(&mut Encoder::default(), id, end));
    Ok(Rows::of(EndTable.name(), &tree))
}

/// Whether somebody has looked at one.
pub(crate) fn has_ended(tx: &Tx<'_>, answer: Id<StrayAnswer>) -> Result<bool, Error> {
    Ok(tx.optional(&END_OF, &[answer.into()], |row| row.int(0))?.is_some())
}

fn end_leaf(encoder: &mut Encoder, id: Id<End>, end: &End) -> Hash {
    encoder.start(EndTable.name()).int(id.number()).int(end.answer.number()).text(&end.text).leaf()
}

pub(crate) struct EndTable;

impl Table for EndTable {
    fn name(&self) -> &'static str {
        "stray_answer_end"
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
            let opened = scope.vault.open(WHY_COLUMN, id, row.bytes(2)?)?;
            let text = std::str::from_utf8(&opened).map_err(|_| row.broken(2))?.to_owned();
            let end = End { answer: Id::new(row.int(1)?), text };
            visit(journal::entry_of(id.number()), end_leaf(&mut encoder, id, &end))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_ENDS)
    }
}
