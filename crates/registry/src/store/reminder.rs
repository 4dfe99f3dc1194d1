//! Payees without an account who were reminded of it.

use crate::ask::AnswerClass;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Scope, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "reminder.insert": "INSERT INTO reminder (id, payee, answer) VALUES ($1, $2, $3)";
    NEWEST = "reminder.newest": "SELECT id FROM reminder WHERE payee = $1 ORDER BY id DESC LIMIT 1";
    RANGE = "reminder.range": "SELECT id, payee, answer FROM reminder WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "reminder.count": "SELECT COUNT(*) FROM reminder";
}

/// Somebody who was reminded, and what held of their account.
pub(crate) struct ReminderRow {
    pub(crate) id: Id<ReminderRow>,
    pub(crate) payee: Blind,
    pub(crate) answer: AnswerClass,
}

fn read(row: &kernel::Row<'_>) -> Result<ReminderRow, Error> {
    Ok(ReminderRow {
        id: Id::new(row.int(0)?),
        payee: Blind::from_bytes(row.array(1)?),
        answer: AnswerClass::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
    })
}

/// The newest reminder of each payee with these sorted keys, with the index of its key.
pub(crate) fn newest(
    tx: &Tx<'_>,
    payees: &[Blind],
    mut found: impl FnMut(usize, Id<ReminderRow>) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.look_up(&NEWEST, payees.iter().map(Into::into), |at, row| found(at, Id::new(row.int(0)?)))
}

/// Adds reminders.
pub(crate) fn insert_many(tx: &Tx<'_>, entry: Entry, payees: &[(Blind, AnswerClass)]) -> Result<Rows, Error> {
    let row = |(at, (payee, answer)): (usize, &(Blind, AnswerClass))| {
        Ok(ReminderRow { id: entry.row(at)?, payee: *payee, answer: *answer })
    };
    let rows = payees.iter().enumerate().map(row).collect::<Result<Vec<_>, Error>>()?;
    let values = rows.iter().map(|row| [row.id.into(), (&row.payee).into(), row.answer.code().into()]);
    tx.run_many(&INSERT, values)?;
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    rows.iter().for_each(|row| tree.push(leaf(&mut encoder, row)));
    Ok(Rows::of(ReminderTable.name(), &tree))
}

fn leaf(encoder: &mut Encoder, row: &ReminderRow) -> Hash {
    let row_leaf = encoder.start(ReminderTable.name()).int(row.id.number());
    row_leaf.bytes(row.payee.as_bytes()).int(row.answer.code()).leaf()
}

pub(crate) struct ReminderTable;

impl Table for ReminderTable {
    fn name(&self) -> &'static str {
        "reminder"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let row = read(row)?;
            visit(journal::entry_of(row.id.number()), leaf(&mut encoder, &row))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
