//! Recalls, and the payments that they ask back.

use crate::batch::Batch;
use crate::message::bank::RecallReason;
use crate::recall::{Recall, RecallRecord};
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Statement, StoreError, Timestamp, Tx, Value, statements};
use registry::payer::Payer;
use std::ops::Range;

statements! {
    INSERT = "recall.insert":
        "INSERT INTO recall (place, id, payer, batch, stage, bank, at, reason, record)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    FIND = "recall.find":
        "SELECT place, id, payer, batch, stage, bank, at, reason, record FROM recall WHERE id = $1";
    BEFORE = "recall.before":
        "SELECT place, id, payer, batch, stage, bank, at, reason, record FROM recall
         WHERE place < $1 ORDER BY place DESC LIMIT $2";
    OF_PAYER = "recall.of_payer":
        "SELECT place, id, payer, batch, stage, bank, at, reason, record FROM recall
         WHERE payer = $1 AND place < $2 ORDER BY place DESC LIMIT $3";
    FOR_BANK = "recall.for_bank":
        "SELECT place, id, payer, batch, stage, bank, at, reason, record FROM recall
         WHERE bank = $1 AND place > $2 ORDER BY place LIMIT $3";
    LAST_OF_PAYMENT = "recall.last_of_payment":
        "SELECT r.place, r.id, r.payer, r.batch, r.stage, r.bank, r.at, r.reason, r.record
         FROM recalled_payment p JOIN recall r ON r.id = p.recall
         WHERE p.batch = $1 AND p.number = $2 ORDER BY r.place DESC LIMIT 1";
    RANGE = "recall.range":
        "SELECT place, id, payer, batch, stage, bank, at, reason, record FROM recall
         WHERE place >= $1 AND place < $2 ORDER BY place";
    COUNT = "recall.count": "SELECT COUNT(*) FROM recall";
    INSERT_PAYMENT = "recalled_payment.insert":
        "INSERT INTO recalled_payment (recall, number, batch) VALUES ($1, $2, $3)";
    COUNT_OF = "recalled_payment.count_of": "SELECT COUNT(*) FROM recalled_payment WHERE recall = $1";
    ASKS_FOR = "recalled_payment.find": "SELECT number FROM recalled_payment WHERE recall = $1 AND number = $2";
    PAYMENTS = "recalled_payment.of_recall":
        "SELECT number FROM recalled_payment WHERE recall = $1 ORDER BY number LIMIT 100000";
    PAYMENT_RANGE = "recalled_payment.range":
        "SELECT r.place, p.recall, p.number, p.batch FROM recall r JOIN recalled_payment p ON p.recall = r.id
         WHERE r.place >= $1 AND r.place < $2 ORDER BY r.place, p.number";
    COUNT_PAYMENTS = "recalled_payment.count": "SELECT COUNT(*) FROM recalled_payment";
}

const RECORD_COLUMN: &str = "recall.record";

/// Adds recalls of one entry, in the order of their places, each with the numbers of its payments in order.
pub(crate) fn insert_many(scope: &Scope<'_>, recalls: &[(Recall, &[i64])]) -> Result<Vec<Rows>, Error> {
    let (mut encoder, mut tree, mut payments) = (Encoder::default(), Tree::default(), Tree::default());
    for (recall, numbers) in recalls {
        let Recall { id, payer, batch, bank, at, .. } = recall;
        let record = serde_json::to_vec(&recall.record)
            .map_err(|error| StoreError::new("a recall could not be written", error))?;
        let sealed = scope.vault.seal(RECORD_COLUMN, *id, &record)?;
        let values = [
            recall.place.into(),
            (*id).into(),
            (*payer).into(),
            (*batch).into(),
            recall.stage.into(),
            bank.as_ref().into(),
            (*at).into(),
            recall.reason.code().into(),
            (&sealed).into(),
        ];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(&mut encoder, recall, &record));
        let rows = numbers.iter().map(|number| [(*id).into(), Value::Int(*number), (*batch).into()]);
        scope.tx.run_many(&INSERT_PAYMENT, rows)?;
        for number in *numbers {
            payments.push(payment_leaf(&mut encoder, id.number(), *number, batch.number()));
        }
    }
    Ok(vec![Rows::of(RecallTable.name(), &tree), Rows::of(RecalledTable.name(), &payments)])
}

fn read_with_record(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Recall, Vec<u8>), Error> {
    let id = Id::new(row.int(1)?);
    let opened = scope.vault.open(RECORD_COLUMN, id, row.bytes(8)?)?;
    let recall = Recall {
        id,
        place: row.int(0)?,
        payer: Id::new(row.int(2)?),
        batch: Id::new(row.int(3)?),
        stage: row.int(4)?,
        bank: row.optional_bytes(5)?.map(|_| row.array(5)).transpose()?.map(Blind::from_bytes),
        at: Timestamp::from_micros(row.int(6)?),
        reason: RecallReason::from_code(row.text(7)?).ok_or_else(|| row.broken(7))?,
        record: serde_json::from_slice::<RecallRecord>(&opened).map_err(|_| row.broken(8))?,
    };
    Ok((recall, opened.to_vec()))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Recall, Error> {
    Ok(read_with_record(scope, row)?.0)
}

pub(crate) fn find(scope: &Scope<'_>, id: Id<Recall>) -> Result<Option<Recall>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))
}

/// The newest recall of a payment.
pub(crate) fn last_of(scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Option<Recall>, Error> {
    scope.tx.optional(&LAST_OF_PAYMENT, &[batch.into(), number.into()], |row| read(scope, row))
}

fn some(scope: &Scope<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Recall>, Error> {
    let mut recalls = Vec::new();
    scope.tx.each(statement, values, |row| {
        recalls.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(recalls)
}

/// The newest recalls before a place, of one payer or of all, the newest first.
pub(crate) fn before(
    scope: &Scope<'_>,
    payer: Option<Id<Payer>>,
    place: i64,
    limit: i64,
) -> Result<Vec<Recall>, Error> {
    match payer {
        None => some(scope, &BEFORE, &[place.into(), limit.into()]),
        Some(payer) => some(scope, &OF_PAYER, &[payer.into(), place.into(), limit.into()]),
    }
}

/// The first recalls after a place that a bank fetches, in order.
pub(crate) fn for_bank_after(scope: &Scope<'_>, bank: &Blind, place: i64, limit: i64) -> Result<Vec<Recall>, Error> {
    some(scope, &FOR_BANK, &[bank.into(), place.into(), limit.into()])
}

/// The numbers of a recall's payments, in order.
pub(crate) fn payments_of(tx: &Tx<'_>, recall: Id<Recall>) -> Result<Vec<i64>, Error> {
    let mut numbers = Vec::new();
    tx.each(&PAYMENTS, &[recall.into()], |row| {
        numbers.push(row.int(0)?);
        Ok(())
    })?;
    Ok(numbers)
}

/// How many payments a recall asks for; none if there is no such recall.
pub(crate) fn count_of(tx: &Tx<'_>, recall: Id<Recall>) -> Result<usize, Error> {
    tx.one(&COUNT_OF, &[recall.into()], |row| Ok(usize::try_from(row.int(0)?).unwrap_or(usize::MAX)))
}

/// Whether a recall asks for a payment.
pub(crate) fn asks_for(tx: &Tx<'_>, recall: Id<Recall>, number: i64) -> Result<bool, Error> {
    Ok(tx.optional(&ASKS_FOR, &[recall.into(), number.into()], |row| row.int(0))?.is_some())
}

fn leaf(encoder: &mut Encoder, recall: &Recall, record: &[u8]) -> Hash {
    encoder
        .start(RecallTable.name())
        .int(recall.place)
        .int(recall.id.number())
        .int(recall.payer.number())
        .int(recall.batch.number())
        .int(recall.stage)
        .bytes(recall.bank.as_ref().map_or(&[], |bank| bank.as_bytes()))
        .int(recall.at.micros())
        .text(recall.reason.code())
        .bytes(record)
        .leaf()
}

fn payment_leaf(encoder: &mut Encoder, recall: i64, number: i64, batch: i64) -> Hash {
    encoder.start(RecalledTable.name()).int(recall).int(number).int(batch).leaf()
}

pub(crate) struct RecallTable;

impl Table for RecallTable {
    fn name(&self) -> &'static str {
        "recall"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (recall, record) = read_with_record(scope, row)?;
            visit(journal::entry_of(recall.place), leaf(&mut encoder, &recall, &record))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

pub(crate) struct RecalledTable;

impl Table for RecalledTable {
    fn name(&self) -> &'static str {
        "recalled_payment"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&PAYMENT_RANGE, &journal::row_range(entries), |row| {
            let leaf = payment_leaf(&mut encoder, row.int(1)?, row.int(2)?, row.int(3)?);
            visit(journal::entry_of(row.int(0)?), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_PAYMENTS)
    }
}
