//! What banks answered to recalls.

use crate::message::bank::RecallStatus;
use crate::recall::{AnswerRecord, Heard, Recall};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Domain, Error, Id, Row, Scope, StoreError, Timestamp, Tx, Vault, statements};
use std::ops::Range;

statements! {
    INSERT = "recall_answer.insert":
        "INSERT INTO recall_answer (place, recall, number, answer, status, amount, at, record)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OF_PAYMENT = "recall_answer.of_payment":
        "SELECT place, recall, number, answer, status, amount, at, record FROM recall_answer
         WHERE recall = $1 AND number = $2 ORDER BY place DESC LIMIT 1000";
    HEARD = "recall_answer.heard":
        "SELECT status, amount FROM recall_answer WHERE recall = $1 AND number = $2 ORDER BY place DESC LIMIT 1000";
    IS_KNOWN = "recall_answer.is_known": "SELECT place FROM recall_answer WHERE answer = $1";
    RANGE = "recall_answer.range":
        "SELECT place, recall, number, answer, status, amount, at, record FROM recall_answer
         WHERE place >= $1 AND place < $2 ORDER BY place";
    COUNT = "recall_answer.count": "SELECT COUNT(*) FROM recall_answer";
}

const RECORD_COLUMN: &str = "recall_answer.record";

/// What was answered about one payment of a recall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) recall: Id<Recall>,
    pub(crate) number: i64,
    pub(crate) heard: Heard,
    pub(crate) at: Timestamp,
    pub(crate) record: AnswerRecord,
}

impl Answered {
    /// By what the same answer is known again: the same bank's message says the same of the same payment once.
    pub(crate) fn key(&self, vault: &Vault) -> Blind {
        let Self { recall, number, heard, record, .. } = self;
        let parts = (
            recall.number(),
            number,
            &record.assignment_id,
            &record.answer_id,
            heard.status.name(),
            heard.amount,
            &record.on,
            &record.reasons,
        );
        vault.blind(Domain("recall_answer.answer"), &serde_json::to_string(&parts).unwrap_or_default())
    }
}

/// Whether an answer was recorded before.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&IS_KNOWN, &[key.into()], |row| row.int(0))?.is_some())
}

/// Adds answers of one entry, in their order.
pub(crate) fn insert_many(scope: &Scope<'_>, answers: &[Answered], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, answer) in answers.iter().enumerate() {
        let place: Id<Answered> = entry.row(ordinal)?;
        let key = answer.key(scope.vault);
        let record = serde_json::to_vec(&answer.record)
            .map_err(|error| StoreError::new("an answer to a recall could not be written", error))?;
        let sealed = scope.vault.seal(RECORD_COLUMN, place, &record)?;
        let answer = Answered { at: entry.at, ..answer.clone() };
        let values = [
            place.into(),
            answer.recall.into(),
            answer.number.into(),
            (&key).into(),
            answer.heard.status.name().into(),
            answer.heard.amount.into(),
            answer.at.into(),
            (&sealed).into(),
        ];
        scope.tx.run(&INSERT, &values)?;
        tree.push(leaf(&mut encoder, place, &key, &answer, &record));
    }
    Ok(Rows::of(AnswerTable.name(), &tree))
}

struct Recorded {
    place: Id<Answered>,
    key: Blind,
    answer: Answered,
    record: Vec<u8>,
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Recorded, Error> {
    let place: Id<Answered> = Id::new(row.int(0)?);
    let opened = scope.vault.open(RECORD_COLUMN, place, row.bytes(7)?)?;
    let status = RecallStatus::parse(row.text(4)?).ok_or_else(|| row.broken(4))?;
    let answer = Answered {
        recall: Id::new(row.int(1)?),
        number: row.int(2)?,
        heard: Heard { status, amount: row.optional_int(5)? },
        at: Timestamp::from_micros(row.int(6)?),
        record: serde_json::from_slice(&opened).map_err(|_| row.broken(7))?,
    };
    Ok(Recorded { place, key: Blind::from_bytes(row.array(3)?), answer, record: opened.to_vec() })
}

/// What was answered about one payment of a recall, in the order in which it came: the last thousand times.
pub(crate) fn of_payment(scope: &Scope<'_>, recall: Id<Recall>, number: i64) -> Result<Vec<Answered>, Error> {
    let mut answers = Vec::new();
    scope.tx.each(&OF_PAYMENT, &[recall.into(), number.into()], |row| {
        answers.push(read(scope, row)?.answer);
        Ok(())
    })?;
    answers.reverse();
    Ok(answers)
}

/// The same in a word each.
pub(crate) fn heard_of(tx: &Tx<'_>, recall: Id<Recall>, number: i64) -> Result<Vec<Heard>, Error> {
    let mut heard = Vec::new();
    tx.each(&HEARD, &[recall.into(), number.into()], |row| {
        let status = RecallStatus::parse(row.text(0)?).ok_or_else(|| row.broken(0))?;
        heard.push(Heard { status, amount: row.optional_int(1)? });
        Ok(())
    })?;
    heard.reverse();
    Ok(heard)
}

fn leaf(encoder: &mut Encoder, place: Id<Answered>, key: &Blind, answer: &Answered, record: &[u8]) -> Hash {
    encoder
        .start(AnswerTable.name())
        .int(place.number())
        .int(answer.recall.number())
        .int(answer.number)
        .bytes(key.as_bytes())
        .text(answer.heard.status.name())
        .optional_int(answer.heard.amount)
        .int(answer.at.micros())
        .bytes(record)
        .leaf()
}

pub(crate) struct AnswerTable;

impl Table for AnswerTable {
    fn name(&self) -> &'static str {
        "recall_answer"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let Recorded { place, key, answer, record } = read(scope, row)?;
            visit(journal::entry_of(place.number()), leaf(&mut encoder, place, &key, &answer, &record))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
