//! The payments of a batch, and what became of those that were held.

use crate::batch::Batch;
use crate::payment::{News, State};
use crate::reason::Reason;
use crate::store::ids::OpenIds;
use denmark::{Currency, Money};
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Tx, Value, statements};
use registry::designation::Designation;
use std::ops::Range;

statements! {
    INSERT = "payment.insert":
        "INSERT INTO payment (batch, number, payee, end_to_end, designation, amount, currency, state, code, news)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    DECIDE_AGAIN = "payment.decide_again":
        "UPDATE payment SET designation = $1, state = $2, code = $3, news = $4 WHERE batch = $5 AND number = $6";
    IS_THERE = "payment.is_there": "SELECT number FROM payment WHERE batch = $1 AND number = $2";
    RANGE_OF_BATCH = "payment.of_batch":
        "SELECT batch, number, payee, end_to_end, designation, amount, currency, state, code, news
         FROM payment WHERE batch = $1 AND number >= $2 AND number < $3 ORDER BY number";
    RANGE = "payment.range":
        "SELECT p.batch, p.number, p.payee, p.end_to_end, p.designation, p.amount, p.currency, p.state, p.code,
                p.news, b.entry
         FROM batch b JOIN payment p ON p.batch = b.id
         WHERE b.entry >= $1 AND b.entry < $2 ORDER BY b.entry, p.number";
    INSERT_CHANGE = "payment_change.insert":
        "INSERT INTO payment_change (batch, number, stage, designation, state, code, news)
         VALUES ($1, $2, $3, $4, $5, $6, $7)";
    CHANGES_OF_BATCH = "payment_change.of_batch":
        "SELECT batch, number, stage, designation, state, code, news FROM payment_change
         WHERE batch = $1 AND number >= $2 AND number < $3 AND stage <= $4 ORDER BY number, stage";
    CHANGES_AT = "payment_change.at":
        "SELECT batch, number, stage, designation, state, code, news FROM payment_change
         WHERE batch = $1 AND stage = $2 ORDER BY number";
    CHANGE_RANGE = "payment_change.range":
        "SELECT c.batch, c.number, c.stage, c.designation, c.state, c.code, c.news, s.entry
         FROM batch_stage s JOIN payment_change c ON c.batch = s.batch AND c.stage = s.stage
         WHERE s.entry >= $1 AND s.entry < $2 ORDER BY s.entry, c.batch, c.number, c.stage";
    COUNT = "payment.count": "SELECT COUNT(*) FROM payment WHERE batch NOT IN (SELECT batch FROM staging)";
    COUNT_CHANGES = "payment_change.count": "SELECT COUNT(*) FROM payment_change";
}

/// One payment as it is recorded.
pub(crate) struct PaymentRow {
    pub(crate) number: i64,
    pub(crate) payee: Option<Blind>,
    pub(crate) end_to_end: Blind,
    pub(crate) money: Option<Money>,
    pub(crate) outcome: Outcome,
}

/// What is recorded of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    pub(crate) reason: Option<Reason>,
    pub(crate) designation: Option<Id<Designation>>,
    /// What was new of the account.
    pub(crate) news: Option<News>,
}

impl Outcome {
    /// Whether it stands in a completed file.
    pub(crate) const fn goes_on(&self) -> bool {
        self.state.has_left()
    }

    /// Whether it went to a payee, and not only to the waiting account.
    pub(crate) const fn is_sent(&self) -> bool {
        matches!(self.state, State::Routed | State::Passed)
    }

    /// Whether it is decided anew by itself when what it waits for has come: not what waits only for its batch to be let go. What was
    /// tried again waits beside a batch that was.
    pub(crate) fn is_looked_at_again(&self, was_tried: bool) -> bool {
        match self.state {
            State::Held => self.reason.is_some() || was_tried,
            state => state == State::Waiting,
        }
    }

    /// Reads `state, code, news` from three columns of a row.
    fn read(row: &Row<'_>, designation: usize, state: usize) -> Result<Self, Error> {
        let (code, news) = (state + 1, state + 2);
        let state = State::from_code(row.int(state)?).ok_or_else(|| row.broken(state))?;
        let reason = row.optional_text(code)?.map(|code| Reason::of_state(state, code).ok_or(()));
        Ok(Self {
            state,
            reason: reason.transpose().map_err(|()| row.broken(code))?,
            designation: row.optional_int(designation)?.map(Id::new),
            news: row
                .optional_int(news)?
                .map(|code| News::from_code(code).ok_or_else(|| row.broken(news)))
                .transpose()?,
        })
    }

    fn encode(&self, encoder: &mut Encoder) {
        encoder
            .optional_int(self.designation.map(Id::number))
            .int(self.state.code())
            .text(self.reason.map_or("", Reason::code))
            .optional_int(self.news.map(News::code));
    }
}

pub(crate) fn insert_many(tx: &Tx<'_>, batch: Id<Batch>, rows: &[PaymentRow]) -> Result<(), Error> {
    tx.run_many(
        &INSERT,
        rows.iter().map(|row| {
            [
                batch.into(),
                row.number.into(),
                row.payee.as_ref().into(),
                (&row.end_to_end).into(),
                row.outcome.designation.into(),
                row.money.map(|money| money.minor).into(),
                row.money.as_ref().map(|money| money.currency.as_str()).into(),
                row.outcome.state.code().into(),
                row.outcome.reason.map(Reason::code).into(),
                row.outcome.news.map(News::code).into(),
            ]
        }),
    )
}

/// Whether the batch has a payment of this number.
pub(crate) fn is_there(tx: &Tx<'_>, batch: Id<Batch>, number: i64) -> Result<bool, Error> {
    Ok(tx.optional(&IS_THERE, &[batch.into(), number.into()], |row| row.int(0))?.is_some())
}

/// Records other outcomes for payments that are still staged, by their numbers.
pub(crate) fn decide_again(tx: &Tx<'_>, batch: Id<Batch>, outcomes: &[(i64, Outcome)]) -> Result<(), Error> {
    tx.run_many(
        &DECIDE_AGAIN,
        outcomes.iter().map(|(number, outcome)| {
            [
                outcome.designation.into(),
                outcome.state.code().into(),
                outcome.reason.map(Reason::code).into(),
                outcome.news.map(News::code).into(),
                batch.into(),
                Value::Int(*number),
            ]
        }),
    )
}

fn read(row: &Row<'_>) -> Result<PaymentRow, Error> {
    let money = match (row.optional_int(5)?, row.optional_text(6)?) {
        (Some(minor), Some(currency)) => {
            Some(Money { minor, currency: Currency::parse(currency).map_err(|_| row.broken(6))? })
        }
        (None, None) => None,
        _ => return Err(row.broken(5).into()),
    };
    Ok(PaymentRow {
        number: row.int(1)?,
        payee: row.optional_bytes(2)?.map(|_| row.array(2)).transpose()?.map(Blind::from_bytes),
        end_to_end: Blind::from_bytes(row.array(3)?),
        money,
        outcome: Outcome::read(row, 4, 7)?,
    })
}

/// The payments of a batch with numbers in `numbers`, in order, as they were first decided.
pub(crate) fn each_of(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    numbers: Range<i64>,
    mut visit: impl FnMut(PaymentRow) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&RANGE_OF_BATCH, &[batch.into(), numbers.start.into(), numbers.end.into()], |row| visit(read(row)?))
}

/// The leaf over one payment. `ids` are in clear.
pub(crate) fn leaf(encoder: &mut Encoder, batch: Id<Batch>, row: &PaymentRow, ids: &[u8]) -> Hash {
    encoder
        .start(PaymentTable.name())
        .int(batch.number())
        .int(row.number)
        .bytes(row.payee.as_ref().map_or(&[], |payee| payee.as_bytes()))
        .bytes(row.end_to_end.as_bytes())
        .optional_int(row.money.map(|money| money.minor))
        .text(row.money.as_ref().map_or("", |money| money.currency.as_str()));
    row.outcome.encode(encoder);
    encoder.bytes(ids).leaf()
}

pub(crate) fn claim(tree: &Tree) -> Rows {
    Rows::of(PaymentTable.name(), tree)
}

pub(crate) struct PaymentTable;

impl Table for PaymentTable {
    fn name(&self) -> &'static str {
        "payment"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut encoder, mut ids) = (Encoder::default(), OpenIds::default());
        scope.tx.each(&RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let (batch, payment) = (Id::new(row.int(0)?), read(row)?);
            let ids = ids.of(scope, batch, payment.number)?;
            visit(row.int(10)?, leaf(&mut encoder, batch, &payment, ids))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// What became of a held payment at one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) number: i64,
    pub(crate) stage: i64,
    pub(crate) outcome: Outcome,
}

pub(crate) fn insert_changes(tx: &Tx<'_>, batch: Id<Batch>, changes: &[Change]) -> Result<Rows, Error> {
    insert_each_change(tx, changes.iter().map(|change| (batch, change)))
}

/// What became of payments of several batches, in the order of batches, numbers and stages.
pub(crate) fn insert_all_changes(tx: &Tx<'_>, changes: &[(Id<Batch>, Change)]) -> Result<Rows, Error> {
    insert_each_change(tx, changes.iter().map(|(batch, change)| (*batch, change)))
}

fn insert_each_change<'c>(
    tx: &Tx<'_>,
    changes: impl Iterator<Item = (Id<Batch>, &'c Change)> + Clone,
) -> Result<Rows, Error> {
    let mut encoder = Encoder::default();
    let mut tree = Tree::default();
    for (batch, change) in changes.clone() {
        tree.push(change_leaf(&mut encoder, batch, change));
    }
    tx.run_many(
        &INSERT_CHANGE,
        changes.map(|(batch, change)| {
            [
                batch.into(),
                Value::Int(change.number),
                change.stage.into(),
                change.outcome.designation.into(),
                change.outcome.state.code().into(),
                change.outcome.reason.map(Reason::code).into(),
                change.outcome.news.map(News::code).into(),
            ]
        }),
    )?;
    Ok(Rows::of(ChangeTable.name(), &tree))
}

fn read_change(row: &Row<'_>) -> Result<Change, Error> {
    Ok(Change { number: row.int(1)?, stage: row.int(2)?, outcome: Outcome::read(row, 3, 4)? })
}

/// What became of the payments with numbers in `numbers` up to a stage, in the order of numbers, then of stages.
pub(crate) fn each_change_of(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    numbers: Range<i64>,
    stage: i64,
    mut visit: impl FnMut(Change) -> Result<(), Error>,
) -> Result<(), Error> {
    let values = [batch.into(), numbers.start.into(), numbers.end.into(), stage.into()];
    tx.each(&CHANGES_OF_BATCH, &values, |row| visit(read_change(row)?))
}

/// What became of payments at one stage, in the order of numbers.
pub(crate) fn each_change_at(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    stage: i64,
    mut visit: impl FnMut(Change) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&CHANGES_AT, &[batch.into(), stage.into()], |row| visit(read_change(row)?))
}

fn change_leaf(encoder: &mut Encoder, batch: Id<Batch>, change: &Change) -> Hash {
    encoder.start(ChangeTable.name()).int(batch.number()).int(change.number).int(change.stage);
    change.outcome.encode(encoder);
    encoder.leaf()
}

pub(crate) struct ChangeTable;

impl Table for ChangeTable {
    fn name(&self) -> &'static str {
        "payment_change"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&CHANGE_RANGE, &[entries.start.into(), entries.end.into()], |row| {
            let change = read_change(row)?;
            visit(row.int(7)?, change_leaf(&mut encoder, Id::new(row.int(0)?), &change))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_CHANGES)
    }
}
