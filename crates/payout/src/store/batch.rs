//! Batches, and the stages that they went through after they came in.

use crate::batch::{Batch, Counts, Record};
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Domain, Error, Id, Row, Scope, Statement, StoreError, Timestamp, Tx, Value, Vault, statements};
use registry::payer::Payer;
use std::ops::Range;

statements! {
    INSERT = "batch.insert":
        "INSERT INTO batch (id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                            record)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_MESSAGE = "batch.by_message":
        "SELECT id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                record
         FROM batch WHERE message_key = $1";
    FIND = "batch.find":
        "SELECT id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                record
         FROM batch WHERE id = $1";
    PAGE = "batch.page":
        "SELECT id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                record
         FROM batch WHERE entry < $1 ORDER BY entry DESC LIMIT $2";
    PAGE_OF_PAYER = "batch.page_of_payer":
        "SELECT id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                record
         FROM batch WHERE payer = $1 AND entry < $2 ORDER BY entry DESC LIMIT $3";
    RECORDED_SINCE = "batch.recorded_since":
        "SELECT entry, id, payments FROM batch WHERE entry >= $1 AND entry < $2 ORDER BY entry DESC LIMIT $3";
    RECORDED_SINCE_OF_PAYER = "batch.recorded_since_of_payer":
        "SELECT entry, id, payments FROM batch
         WHERE payer = $1 AND entry >= $2 AND entry < $3 ORDER BY entry DESC LIMIT $4";
    STAGED_SINCE = "batch.staged_since":
        "SELECT b.entry, b.id, b.payments
         FROM (SELECT DISTINCT batch FROM batch_stage WHERE entry >= $1) s CROSS JOIN batch b
         WHERE b.id = s.batch AND b.entry < $2 ORDER BY b.entry DESC LIMIT $3";
    STAGED_SINCE_OF_PAYER = "batch.staged_since_of_payer":
        "SELECT b.entry, b.id, b.payments
         FROM (SELECT DISTINCT batch FROM batch_stage WHERE entry >= $1) s CROSS JOIN batch b
         WHERE b.id = s.batch AND b.payer = $2 AND b.entry < $3 ORDER BY b.entry DESC LIMIT $4";
    INSERT_UNWRITTEN = "unwritten_stage.insert": "INSERT INTO unwritten_stage (batch, stage) VALUES ($1, $2)";
    DELETE_UNWRITTEN = "unwritten_stage.delete": "DELETE FROM unwritten_stage WHERE batch = $1 AND stage = $2";
    UNWRITTEN = "unwritten_stage.of_batch":
        "SELECT stage FROM unwritten_stage WHERE batch = $1 ORDER BY stage LIMIT 10000";
    UNWRITTEN_PAGE = "unwritten_stage.page":
        "SELECT batch, stage FROM unwritten_stage WHERE (batch, stage) > ($1, $2) ORDER BY batch, stage LIMIT $3";
    RANGE = "batch.range":
        "SELECT id, entry, payer_version, payer, message_key, file_hash, banks_at, input_kept, payments,
                record
         FROM batch WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    INSERT_STAGE = "batch_stage.insert":
        "INSERT INTO batch_stage (batch, stage, entry, at, banks_at, writes_file, of_record, counts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LAST_STAGE = "batch_stage.last":
        "SELECT batch, stage, entry, at, banks_at, writes_file, of_record, counts FROM batch_stage
         WHERE batch = $1 ORDER BY stage DESC LIMIT 1";
    FIND_STAGE = "batch_stage.find":
        "SELECT batch, stage, entry, at, banks_at, writes_file, of_record, counts FROM batch_stage
         WHERE batch = $1 AND stage = $2";
    STAGES_OF = "batch_stage.of_batch":
        "SELECT batch, stage, entry, at, banks_at, writes_file, of_record, counts FROM batch_stage
         WHERE batch = $1 ORDER BY stage LIMIT 100000";
    STAGE_RANGE = "batch_stage.range":
        "SELECT batch, stage, entry, at, banks_at, writes_file, of_record, counts FROM batch_stage
         WHERE entry >= $1 AND entry < $2 ORDER BY entry, batch, stage";
    COUNT = "batch.count": "SELECT COUNT(*) FROM batch";
    COUNT_STAGES = "batch_stage.count": "SELECT COUNT(*) FROM batch_stage";
}

const RECORD_COLUMN: &str = "batch.record";
const COUNTS_COLUMN: &str = "batch_stage.counts";

/// The blind index of a message id: unique per payer for ever.
pub(crate) fn message_key(vault: &Vault, payer: Id<Payer>, message_id: &str) -> Blind {
    vault.blind(Domain("batch.message"), &format!("{} {message_id}", payer.number()))
}

/// Makes a batch real.
pub(crate) fn insert(scope: &Scope<'_>, batch: &Batch, message_key: &Blind) -> Result<Rows, Error> {
    let record =
        serde_json::to_vec(&batch.record).map_err(|error| StoreError::new("a batch could not be written", error))?;
    let sealed = scope.vault.seal(RECORD_COLUMN, batch.id, &record)?;
    scope.tx.run(
        &INSERT,
        &[
            batch.id.into(),
            batch.entry.into(),
            batch.payer.into(),
            batch.owner.into(),
            message_key.into(),
            batch.file_hash.as_slice().into(),
            batch.banks_at.into(),
            batch.input_kept.into(),
            payments_of(&batch.record)?.into(),
            (&sealed).into(),
        ],
    )?;
    let mut tree = Tree::default();
    tree.push(leaf(batch, message_key, &record));
    Ok(Rows::of(BatchTable.name(), &tree))
}

fn payments_of(record: &Record) -> Result<i64, Error> {
    i64::try_from(record.counts.payments)
        .map_err(|error| StoreError::new("a batch has too many payments", error).into())
}

fn read_with_record(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Batch, Vec<u8>), Error> {
    let id = Id::new(row.int(0)?);
    let opened = scope.vault.open(RECORD_COLUMN, id, row.bytes(9)?)?;
    let record: Record = serde_json::from_slice(&opened).map_err(|_| row.broken(9))?;
    if payments_of(&record)? != row.int(8)? {
        return Err(row.broken(8).into());
    }
    let batch = Batch {
        id,
        entry: row.int(1)?,
        payer: Id::new(row.int(2)?),
        owner: Id::new(row.int(3)?),
        file_hash: row.array(5)?,
        banks_at: row.int(6)?,
        input_kept: row.bool(7)?,
        record,
    };
    Ok((batch, opened.to_vec()))
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Batch, Error> {
    Ok(read_with_record(scope, row)?.0)
}

pub(crate) fn find(scope: &Scope<'_>, id: Id<Batch>) -> Result<Option<Batch>, Error> {
    scope.tx.optional(&FIND, &[id.into()], |row| read(scope, row))
}

pub(crate) fn find_by_message(scope: &Scope<'_>, message_key: &Blind) -> Result<Option<Batch>, Error> {
    scope.tx.optional(&BY_MESSAGE, &[message_key.into()], |row| read(scope, row))
}

/// The newest batches that were recorded before an entry, the newest first. `visit` may use the transaction.
pub(crate) fn each_before(
    scope: &Scope<'_>,
    before: i64,
    limit: i64,
    mut visit: impl FnMut(Batch) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.each(&PAGE, &[before.into(), limit.into()], |row| visit(read(scope, row)?))
}

/// The same of one payer.
pub(crate) fn each_of_payer(
    scope: &Scope<'_>,
    payer: Id<Payer>,
    before: i64,
    limit: i64,
    mut visit: impl FnMut(Batch) -> Result<(), Error>,
) -> Result<(), Error> {
    let values = [payer.into(), before.into(), limit.into()];
    scope.tx.each(&PAGE_OF_PAYER, &values, |row| visit(read(scope, row)?))
}

/// A batch, as far as it is needed to look into the index of its payments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexed {
    pub(crate) entry: i64,
    pub(crate) batch: Id<Batch>,
    pub(crate) payments: i64,
}

fn indexed(tx: &Tx<'_>, statement: &'static Statement, values: &[Value<'_>]) -> Result<Vec<Indexed>, Error> {
    let mut batches = Vec::new();
    tx.each(statement, values, |row| {
        batches.push(Indexed { entry: row.int(0)?, batch: Id::new(row.int(1)?), payments: row.int(2)? });
        Ok(())
    })?;
    Ok(batches)
}

/// The newest `limit` batches that entries from `entries.start` on and before `entries.end` recorded, of one payer or of all; the
/// newest first.
pub(crate) fn recorded_since(
    tx: &Tx<'_>,
    payer: Option<Id<Payer>>,
    entries: Range<i64>,
    limit: i64,
) -> Result<Vec<Indexed>, Error> {
    let [start, end] = [entries.start.into(), entries.end.into()];
    match payer {
        None => indexed(tx, &RECORDED_SINCE, &[start, end, limit.into()]),
        Some(payer) => indexed(tx, &RECORDED_SINCE_OF_PAYER, &[payer.into(), start, end, limit.into()]),
    }
}

/// The same of batches with which something was done by an entry from `since` on, and which are older than `before`.
pub(crate) fn staged_since(
    tx: &Tx<'_>,
    payer: Option<Id<Payer>>,
    since: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<Indexed>, Error> {
    match payer {
        None => indexed(tx, &STAGED_SINCE, &[since.into(), before.into(), limit.into()]),
        Some(payer) => indexed(tx, &STAGED_SINCE_OF_PAYER, &[since.into(), payer.into(), before.into(), limit.into()]),
    }
}

fn leaf(batch: &Batch, message_key: &Blind, record: &[u8]) -> Hash {
    Encoder::default()
        .start(BatchTable.name())
        .int(batch.id.number())
        .int(batch.payer.number())
        .int(batch.owner.number())
        .bytes(message_key.as_bytes())
        .bytes(&batch.file_hash)
        .int(batch.banks_at)
        .int(i64::from(batch.input_kept))
        .bytes(record)
        .leaf()
}

pub(crate) struct BatchTable;

impl Table for BatchTable {
    fn name(&self) -> &'static str {
        "batch"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (batch, record) = read_with_record(scope, row)?;
            visit(batch.entry, leaf(&batch, &Blind::from_bytes(row.array(4)?), &record))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// Notes, as a stage is recorded, that its files do not have their names yet.
pub(crate) fn insert_unwritten(tx: &Tx<'_>, batch: Id<Batch>, stage: i64) -> Result<(), Error> {
    tx.run(&INSERT_UNWRITTEN, &[batch.into(), stage.into()]).map(|_| ())
}

/// Notes that a stage's files have their names.
pub(crate) fn delete_unwritten(tx: &Tx<'_>, batch: Id<Batch>, stage: i64) -> Result<(), Error> {
    tx.run(&DELETE_UNWRITTEN, &[batch.into(), stage.into()]).map(|_| ())
}

/// The stages whose files may not all have their names.
pub(crate) fn unwritten(tx: &Tx<'_>, batch: Id<Batch>) -> Result<Vec<i64>, Error> {
    let mut stages = Vec::new();
    tx.each(&UNWRITTEN, &[batch.into()], |row| {
        stages.push(row.int(0)?);
        Ok(())
    })?;
    Ok(stages)
}

/// The next such stages, of all batches.
pub(crate) fn unwritten_page(tx: &Tx<'_>, after: (i64, i64), limit: i64) -> Result<Vec<(Id<Batch>, i64)>, Error> {
    let mut stages = Vec::new();
    tx.each(&UNWRITTEN_PAGE, &[after.0.into(), after.1.into(), limit.into()], |row| {
        stages.push((Id::new(row.int(0)?), row.int(1)?));
        Ok(())
    })?;
    Ok(stages)
}

/// A release or a cancellation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) stage: i64,
    pub(crate) entry: i64,
    /// The date of its files.
    pub(crate) at: Timestamp,
    /// The bank directory that was used: that of a journal of this size.
    pub(crate) banks_at: i64,
    /// Whether it completed payments: then it has a file of its own.
    pub(crate) writes_file: bool,
    /// Whether its files are made of what was recorded, and not of the input.
    pub(crate) of_record: bool,
    /// What holds of the batch from then on.
    pub(crate) counts: Counts,
}

pub(crate) fn insert_stage(scope: &Scope<'_>, batch: Id<Batch>, stage: &Stage) -> Result<Rows, Error> {
    insert_all_stages(scope, [(batch, stage)])
}

/// Stages of several batches, in the order of batches and their stages.
pub(crate) fn insert_stages(scope: &Scope<'_>, stages: &[(Id<Batch>, Stage)]) -> Result<Rows, Error> {
    insert_all_stages(scope, stages.iter().map(|(batch, stage)| (*batch, stage)))
}

fn insert_all_stages<'s>(
    scope: &Scope<'_>,
    stages: impl IntoIterator<Item = (Id<Batch>, &'s Stage)>,
) -> Result<Rows, Error> {
    let mut tree = Tree::default();
    for (batch, stage) in stages {
        let counts = serde_json::to_vec(&stage.counts)
            .map_err(|error| StoreError::new("a stage could not be written", error))?;
        let sealed = scope.vault.seal(COUNTS_COLUMN, (batch.number(), stage.stage), &counts)?;
        scope.tx.run(
            &INSERT_STAGE,
            &[
                batch.into(),
                stage.stage.into(),
                stage.entry.into(),
                stage.at.into(),
                stage.banks_at.into(),
                stage.writes_file.into(),
                stage.of_record.into(),
                (&sealed).into(),
            ],
        )?;
        tree.push(stage_leaf(batch.number(), stage, &counts));
    }
    Ok(Rows::of(StageTable.name(), &tree))
}

fn read_stage(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Stage, Vec<u8>), Error> {
    let (batch, stage) = (row.int(0)?, row.int(1)?);
    let opened = scope.vault.open(COUNTS_COLUMN, (batch, stage), row.bytes(7)?)?;
    let stage = Stage {
        stage,
        entry: row.int(2)?,
        at: Timestamp::from_micros(row.int(3)?),
        banks_at: row.int(4)?,
        writes_file: row.bool(5)?,
        of_record: row.bool(6)?,
        counts: serde_json::from_slice(&opened).map_err(|_| row.broken(7))?,
    };
    Ok((stage, opened.to_vec()))
}

/// What was done last with a batch. Stages are numbered from 1 without gaps.
pub(crate) fn last_stage(scope: &Scope<'_>, batch: Id<Batch>) -> Result<Option<Stage>, Error> {
    scope.tx.optional(&LAST_STAGE, &[batch.into()], |row| Ok(read_stage(scope, row)?.0))
}

/// All that was done with a batch, in order.
pub(crate) fn each_stage_of(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    mut visit: impl FnMut(Stage) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.each(&STAGES_OF, &[batch.into()], |row| visit(read_stage(scope, row)?.0))
}

/// One stage.
pub(crate) fn find_stage(scope: &Scope<'_>, batch: Id<Batch>, stage: i64) -> Result<Option<Stage>, Error> {
    scope.tx.optional(&FIND_STAGE, &[batch.into(), stage.into()], |row| Ok(read_stage(scope, row)?.0))
}

fn stage_leaf(batch: i64, stage: &Stage, counts: &[u8]) -> Hash {
    Encoder::default()
        .start(StageTable.name())
        .int(batch)
        .int(stage.stage)
        .int(stage.at.micros())
        .int(stage.banks_at)
        .int(i64::from(stage.writes_file))
        .int(i64::from(stage.of_record))
        .bytes(counts)
        .leaf()
}

pub(crate) struct StageTable;

impl Table for StageTable {
    fn name(&self) -> &'static str {
        "batch_stage"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&STAGE_RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (stage, counts) = read_stage(scope, row)?;
            visit(stage.entry, stage_leaf(row.int(0)?, &stage, &counts))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_STAGES)
    }
}
