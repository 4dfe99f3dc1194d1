//! Who asked about whom, and what was answered in a word.
//!
//! Rows are numbered through, and every 2^14 of them make up a slice. The index is by slice and payee: what is added together
//! lands in the few pages of the newest slice, where an index by payee alone would touch a page for each row. Whoever reads one
//! payee's rows looks into each slice in turn, which is one step into the index for each.

use crate::ask::{AnswerClass, AskKind};
use crate::legal_purpose::LegalPurpose;
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "look_up.insert":
        "INSERT INTO look_up (id, number, slice, payee, client, purpose, kind, answer)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LAST = "look_up.last": "SELECT number FROM look_up WHERE id < $1 ORDER BY id DESC LIMIT 1";
    OF_PAYEE = "look_up.of_payee":
        "WITH RECURSIVE slices (slice) AS
             (SELECT CAST($1 AS BIGINT) UNION ALL SELECT slice - 1 FROM slices WHERE slice > $2)
         SELECT l.id, l.client, l.purpose, l.kind, l.answer FROM slices s CROSS JOIN look_up l
         WHERE l.slice = s.slice AND l.payee = $3 AND l.id < $4 ORDER BY l.id DESC LIMIT $5";
    RANGE = "look_up.range":
        "SELECT id, number, slice, payee, client, purpose, kind, answer FROM look_up
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "look_up.count": "SELECT COUNT(*) FROM look_up";
}

const SLICE_BITS: u32 = 14;
/// Slices that one statement looks into.
const SLICES_AT_ONCE: i64 = 4096;

/// One look-up, as it is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookUpRow<'r> {
    pub(crate) id: Id<LookUpRow<'static>>,
    pub(crate) payee: Blind,
    pub(crate) client: &'r str,
    pub(crate) purpose: LegalPurpose,
    pub(crate) kind: AskKind,
    pub(crate) answer: AnswerClass,
}

/// The number of the row after all that came before `id`.
fn number_before(tx: &Tx<'_>, id: i64) -> Result<i64, Error> {
    Ok(tx.optional(&LAST, &[id.into()], |row| row.int(0))?.map_or(0, |last| last + 1))
}

/// Adds rows, in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(tx: &Tx<'_>, rows: &[LookUpRow<'_>]) -> Result<Vec<Rows>, Error> {
    let first = number_before(tx, i64::MAX)?;
    let numbered = || (first..).zip(rows);
    tx.run_many(
        &INSERT,
        numbered().map(|(number, row)| {
            [
                row.id.into(),
                number.into(),
                (number >> SLICE_BITS).into(),
                (&row.payee).into(),
                row.client.into(),
                row.purpose.code().into(),
                row.kind.code().into(),
                row.answer.code().into(),
            ]
        }),
    )?;
    let mut encoder = Encoder::default();
    let mut numbers = first..;
    let of_entries =
        rows.chunk_by(|row, next| journal::entry_of(row.id.number()) == journal::entry_of(next.id.number()));
    Ok(of_entries
        .map(|of_entry| {
            let mut tree = Tree::default();
            for (row, number) in of_entry.iter().zip(&mut numbers) {
                tree.push(leaf(&mut encoder, number, row));
            }
            Rows::of(LookUpTable.name(), &tree)
        })
        .collect())
}

/// The newest rows of one payee with ids below `before`, newest first, at most `limit`.
pub(crate) fn of_payee(
    tx: &Tx<'_>,
    payee: &Blind,
    before: i64,
    limit: usize,
    mut visit: impl FnMut(&LookUpRow<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut newest = (number_before(tx, before)? - 1) >> SLICE_BITS;
    let mut missing = i64::try_from(limit).unwrap_or(i64::MAX);
    while newest >= 0 && missing > 0 {
        let oldest = (newest - SLICES_AT_ONCE + 1).max(0);
        let values = [newest.into(), oldest.into(), payee.into(), before.into(), missing.into()];
        tx.each(&OF_PAYEE, &values, |row| {
            missing -= 1;
            let (purpose, kind, answer) = read(row, 2)?;
            let id = Id::new(row.int(0)?);
            visit(&LookUpRow { id, payee: *payee, client: row.text(1)?, purpose, kind, answer })
        })?;
        newest = oldest - 1;
    }
    Ok(())
}

/// Reads `purpose, kind, answer` from three columns of a row.
fn read(row: &Row<'_>, column: usize) -> Result<(LegalPurpose, AskKind, AnswerClass), Error> {
    Ok((
        LegalPurpose::from_code(row.int(column)?).ok_or_else(|| row.broken(column))?,
        AskKind::from_code(row.int(column + 1)?).ok_or_else(|| row.broken(column + 1))?,
        AnswerClass::from_code(row.int(column + 2)?).ok_or_else(|| row.broken(column + 2))?,
    ))
}

fn leaf(encoder: &mut Encoder, number: i64, row: &LookUpRow<'_>) -> Hash {
    encoder
        .start(LookUpTable.name())
        .int(row.id.number())
        .int(number)
        .bytes(row.payee.as_bytes())
        .text(row.client)
        .int(row.purpose.code())
        .int(row.kind.code())
        .int(row.answer.code())
        .leaf()
}

pub(crate) struct LookUpTable;

impl Table for LookUpTable {
    fn name(&self) -> &'static str {
        "look_up"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (id, number) = (row.int(0)?, row.int(1)?);
            if row.int(2)? != number >> SLICE_BITS {
                return Err(row.broken(2).into());
            }
            let payee = Blind::from_bytes(row.array(3)?);
            let (purpose, kind, answer) = read(row, 5)?;
            let logged = LookUpRow { id: Id::new(id), payee, client: row.text(4)?, purpose, kind, answer };
            visit(journal::entry_of(id), leaf(&mut encoder, number, &logged))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
