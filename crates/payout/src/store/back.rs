//! Money that came back of payments.

use crate::back::{BankSaid, How, MoneyBack};
use crate::batch::Batch;
use crate::message::bank::ReturnReason;
use crate::store;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, StoreError, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "money_back.insert":
        "INSERT INTO money_back (id, key, batch, number, stage, amount, how, code, said)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "money_back.find":
        "SELECT id, key, batch, number, stage, amount, how, code, said FROM money_back WHERE key = $1";
    IS_KNOWN = "money_back.is_known": "SELECT id FROM money_back WHERE key = $1";
    AMOUNTS = "money_back.amounts":
        "SELECT number, stage, amount, id, how FROM money_back WHERE batch = $1 AND number >= $2 AND number < $3
         ORDER BY number, id";
    OF_STAGE = "money_back.of_stage":
        "SELECT id, key, batch, number, stage, amount, how, code, said FROM money_back
         WHERE batch = $1 AND stage = $2 ORDER BY number, id";
    RANGE = "money_back.range":
        "SELECT id, key, batch, number, stage, amount, how, code, said FROM money_back
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "money_back.count": "SELECT COUNT(*) FROM money_back";
}

const SAID_COLUMN: &str = "money_back.said";

/// That money came back, and the stage of its batch by which that was booked.
pub(crate) struct Recorded {
    pub(crate) stage: i64,
    pub(crate) back: MoneyBack,
}

/// How much of a payment came back, and at which stage of its batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    pub(crate) number: i64,
    pub(crate) stage: i64,
    pub(crate) amount: i64,
    /// Where its row stands in the journal.
    pub(crate) place: i64,
    pub(crate) how: How,
}

/// Records what came back, in the order in which it is given.
pub(crate) fn insert_many(scope: &Scope<'_>, rows: &[Recorded], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, row) in rows.iter().enumerate() {
        let id: Id<MoneyBack> = entry.row(ordinal)?;
        let said = serde_json::to_vec(&row.back.said)
            .map_err(|error| StoreError::new("what a bank said could not be written", error))?;
        let sealed = scope.vault.seal(SAID_COLUMN, id, &said)?;
        let Recorded { stage, back: MoneyBack { key, batch, number, amount, how, reason, .. } } = row;
        let values = [
            id.into(),
            key.into(),
            (*batch).into(),
            (*number).into(),
            (*stage).into(),
            (*amount).into(),
            how.code().into(),
            reason.code().into(),
            (&sealed).into(),
        ];
        scope.tx.run(&INSERT, &values)?;
        if row.back.is_followed() {
            store::arrived::insert_unfollowed(scope.tx, id)?;
        }
        tree.push(leaf(&mut encoder, id, row, &said));
    }
    Ok(Rows::of(BackTable.name(), &tree))
}

/// Whether it was booked before, or brought what was.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    let is_booked = tx.optional(&IS_KNOWN, &[key.into()], |row| row.int(0))?.is_some();
    Ok(is_booked || store::arrived::is_known(tx, key)?)
}

/// What was booked under this key.
pub(crate) fn find(scope: &Scope<'_>, key: &Blind) -> Result<Option<Recorded>, Error> {
    scope.tx.optional(&FIND, &[key.into()], |row| Ok(read(scope, row)?.1))
}

/// The same with its place in the journal.
pub(crate) fn find_with_id(scope: &Scope<'_>, key: &Blind) -> Result<Option<(Id<MoneyBack>, Recorded)>, Error> {
    scope.tx.optional(&FIND, &[key.into()], |row| {
        let (id, recorded, _) = read(scope, row)?;
        Ok((id, recorded))
    })
}

/// What came back of a batch's payments with numbers in `numbers`, in their order, the first first.
pub(crate) fn each_amount(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    numbers: Range<i64>,
    mut visit: impl FnMut(Amount) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&AMOUNTS, &[batch.into(), numbers.start.into(), numbers.end.into()], |row| {
        let how = How::from_code(row.int(4)?).ok_or_else(|| row.broken(4))?;
        visit(Amount { number: row.int(0)?, stage: row.int(1)?, amount: row.int(2)?, place: row.int(3)?, how })
    })
}

/// What came back at a stage of a batch, in the order of its payments.
pub(crate) fn each_of_stage(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    stage: i64,
    mut visit: impl FnMut(Recorded) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.each(&OF_STAGE, &[batch.into(), stage.into()], |row| visit(read(scope, row)?.1))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Id<MoneyBack>, Recorded, Vec<u8>), Error> {
    let id: Id<MoneyBack> = Id::new(row.int(0)?);
    let opened = scope.vault.open(SAID_COLUMN, id, row.bytes(8)?)?;
    let said: BankSaid = serde_json::from_slice(&opened).map_err(|_| row.broken(8))?;
    let back = MoneyBack {
        key: Blind::from_bytes(row.array(1)?),
        batch: Id::new(row.int(2)?),
        number: row.int(3)?,
        amount: row.int(5)?,
        how: How::from_code(row.int(6)?).ok_or_else(|| row.broken(6))?,
        reason: ReturnReason::from_code(row.text(7)?).ok_or_else(|| row.broken(7))?,
        said,
    };
    Ok((id, Recorded { stage: row.int(4)?, back }, opened.to_vec()))
}

fn leaf(encoder: &mut Encoder, id: Id<MoneyBack>, row: &Recorded, said: &[u8]) -> Hash {
    let Recorded { stage, back: MoneyBack { key, batch, number, amount, how, reason, .. } } = row;
    encoder
        .start(BackTable.name())
        .int(id.number())
        .bytes(key.as_bytes())
        .int(batch.number())
        .int(*number)
        .int(*stage)
        .int(*amount)
        .int(how.code())
        .text(reason.code())
        .bytes(said)
        .leaf()
}

pub(crate) struct BackTable;

impl Table for BackTable {
    fn name(&self) -> &'static str {
        "money_back"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (id, recorded, said) = read(scope, row)?;
            visit(journal::entry_of(id.number()), leaf(&mut encoder, id, &recorded, &said))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
