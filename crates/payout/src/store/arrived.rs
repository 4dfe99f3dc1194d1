//! That money arrived which a bank had said it gives back, each promise once, or that somebody confirmed it; and returns of which it is yet
//! to be seen what follows.

use crate::back::{How, MoneyBack};
use crate::batch::Batch;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "money_arrived.insert": "INSERT INTO money_arrived (id, back, key) VALUES ($1, $2, $3)";
    IS_KNOWN = "money_arrived.is_known": "SELECT id FROM money_arrived WHERE key = $1 LIMIT 1";
    EXPECTED = "money_arrived.expected":
        "SELECT b.id, b.stage, b.amount FROM money_back b
         WHERE b.batch = $1 AND b.number = $2 AND b.how = $3
           AND NOT EXISTS (SELECT 1 FROM money_arrived a WHERE a.back = b.id)
         ORDER BY b.id LIMIT 1000";
    PROMISED = "money_back.promised":
        "SELECT b.number, b.id, b.amount FROM money_back b
         WHERE b.batch = $1 AND b.number >= $2 AND b.number < $3 AND b.how = $4
           AND NOT EXISTS (SELECT 1 FROM money_arrived a WHERE a.back = b.id)
           AND NOT EXISTS (SELECT 1 FROM money_confirmed c WHERE c.back = b.id)
         ORDER BY b.number, b.id";
    INSERT_CONFIRMED = "money_confirmed.insert":
        "INSERT INTO money_confirmed (id, back, at, why) VALUES ($1, $2, $3, $4)";
    CONFIRMED = "money_confirmed.of_payment":
        "SELECT c.id, c.back, c.at, c.why, b.amount FROM money_back b
         JOIN money_confirmed c ON c.back = b.id
         WHERE b.batch = $1 AND b.number = $2 ORDER BY c.id LIMIT 1000";
    CONFIRMED_RANGE = "money_confirmed.range":
        "SELECT id, back, at, why FROM money_confirmed WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_CONFIRMED = "money_confirmed.count": "SELECT COUNT(*) FROM money_confirmed";
    RANGE = "money_arrived.range": "SELECT id, back, key FROM money_arrived WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "money_arrived.count": "SELECT COUNT(*) FROM money_arrived";
    INSERT_UNFOLLOWED = "unfollowed_return.insert": "INSERT INTO unfollowed_return (back) VALUES ($1)";
    DELETE_UNFOLLOWED = "unfollowed_return.delete": "DELETE FROM unfollowed_return WHERE back = $1";
    UNFOLLOWED = "unfollowed_return.page":
        "SELECT b.key FROM unfollowed_return u JOIN money_back b ON b.id = u.back ORDER BY u.back LIMIT $1";
}

const WHY_COLUMN: &str = "money_confirmed.why";

/// Money that a bank has said it gives back, and that no return of its has brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) id: Id<MoneyBack>,
    /// The stage of the batch by which it was booked.
    pub(crate) stage: i64,
    pub(crate) amount: i64,
}

/// What is expected of a payment, the oldest first.
pub(crate) fn expected(tx: &Tx<'_>, batch: Id<Batch>, number: i64) -> Result<Vec<Expected>, Error> {
    let (mut found, how) = (Vec::new(), How::Recall.code());
    tx.each(&EXPECTED, &[batch.into(), number.into(), how.into()], |row| {
        found.push(Expected { id: Id::new(row.int(0)?), stage: row.int(1)?, amount: row.int(2)? });
        Ok(())
    })?;
    Ok(found)
}

/// A return that brought what was expected: what it is known by, and what it brought.
pub(crate) struct Arrived {
    pub(crate) key: Blind,
    pub(crate) back: Id<MoneyBack>,
}

/// Records what arrived, in the order in which it is given.
pub(crate) fn insert_many(tx: &Tx<'_>, arrived: &[Arrived], entry: Entry) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, one) in arrived.iter().enumerate() {
        let id: Id<Arrived> = entry.row(ordinal)?;
        tx.run(&INSERT, &[id.into(), one.back.into(), (&one.key).into()])?;
        tree.push(leaf(&mut encoder, id, one));
    }
    Ok(Rows::of(ArrivedTable.name(), &tree))
}

/// Whether a return brought what was expected before.
pub(crate) fn is_known(tx: &Tx<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&IS_KNOWN, &[key.into()], |row| row.int(0))?.is_some())
}

/// It is yet to be seen what follows of it.
pub(crate) fn insert_unfollowed(tx: &Tx<'_>, back: Id<MoneyBack>) -> Result<(), Error> {
    tx.run(&INSERT_UNFOLLOWED, &[back.into()]).map(|_| ())
}

/// All of it has followed.
pub(crate) fn delete_unfollowed(tx: &Tx<'_>, back: Id<MoneyBack>) -> Result<(), Error> {
    tx.run(&DELETE_UNFOLLOWED, &[back.into()]).map(|_| ())
}

/// The first of those of which it is yet to be seen: what they are known by.
pub(crate) fn unfollowed(tx: &Tx<'_>, limit: i64) -> Result<Vec<Blind>, Error> {
    let mut found = Vec::new();
    tx.each(&UNFOLLOWED, &[limit.into()], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

fn leaf(encoder: &mut Encoder, id: Id<Arrived>, one: &Arrived) -> Hash {
    encoder.start(ArrivedTable.name()).int(id.number()).int(one.back.number()).bytes(one.key.as_bytes()).leaf()
}

pub(crate) struct ArrivedTable;

impl Table for ArrivedTable {
    fn name(&self) -> &'static str {
        "money_arrived"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id: Id<Arrived> = Id::new(row.int(0)?);
            let one = Arrived { back: Id::new(row.int(1)?), key: Blind::from_bytes(row.array(2)?) };
            visit(journal::entry_of(id.number()), leaf(&mut encoder, id, &one))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// Money that a bank has said it gives back, and of which nobody knows that it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promised {
    /// Of which payment.
    pub(crate) number: i64,
    /// What was booked when the bank said so.
    pub(crate) back: Id<MoneyBack>,
    pub(crate) amount: i64,
}

/// What is promised of a batch's payments with numbers in `numbers`, in their order, the oldest first.
pub(crate) fn each_promised(
    tx: &Tx<'_>,
    batch: Id<Batch>,
    numbers: Range<i64>,
    mut visit: impl FnMut(Promised),
) -> Result<(), Error> {
    let how = How::Recall.code();
    tx.each(&PROMISED, &[batch.into(), numbers.start.into(), numbers.end.into(), how.into()], |row| {
        visit(Promised { number: row.int(0)?, back: Id::new(row.int(1)?), amount: row.int(2)? });
        Ok(())
    })
}

/// The same of one payment: how much, in minor units.
pub(crate) fn promised_of(tx: &Tx<'_>, batch: Id<Batch>, number: i64) -> Result<i64, Error> {
    let mut sum = 0_i64;
    each_promised(tx, batch, number..number.saturating_add(1), |one| sum = sum.saturating_add(one.amount))?;
    Ok(sum)
}

/// That somebody confirmed that promised money is there.
pub(crate) struct Confirmed {
    pub(crate) back: Id<MoneyBack>,
    pub(crate) at: Timestamp,
    /// By whom, and why.
    pub(crate) text: String,
}

/// Records that somebody, and why, confirms what was promised, in the order in which it is given.
pub(crate) fn insert_confirmed(
    scope: &Scope<'_>,
    backs: &[Id<MoneyBack>],
    text: &str,
    entry: Entry,
) -> Result<Rows, Error> {
    let (mut encoder, mut tree) = (Encoder::default(), Tree::default());
    for (ordinal, back) in backs.iter().enumerate() {
        let id: Id<Confirmed> = entry.row(ordinal)?;
        let sealed = scope.vault.seal(WHY_COLUMN, id, text.as_bytes())?;
        scope.tx.run(&INSERT_CONFIRMED, &[id.into(), (*back).into(), entry.at.into(), (&sealed).into()])?;
        tree.push(confirmed_leaf(&mut encoder, id, &Confirmed { back: *back, at: entry.at, text: text.to_owned() }));
    }
    Ok(Rows::of(ConfirmedTable.name(), &tree))
}

fn read_confirmed(scope: &Scope<'_>, row: &Row<'_>) -> Result<(Id<Confirmed>, Confirmed), Error> {
    let id: Id<Confirmed> = Id::new(row.int(0)?);
    let opened = scope.vault.open(WHY_COLUMN, id, row.bytes(3)?)?;
    let text = std::str::from_utf8(&opened).map_err(|_| row.broken(3))?.to_owned();
    Ok((id, Confirmed { back: Id::new(row.int(1)?), at: Timestamp::from_micros(row.int(2)?), text }))
}

/// What was confirmed of a payment's money, the oldest first: by whom and why, and how much.
pub(crate) fn confirmed_of(scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Vec<(Confirmed, i64)>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&CONFIRMED, &[batch.into(), number.into()], |row| {
        found.push((read_confirmed(scope, row)?.1, row.int(4)?));
        Ok(())
    })?;
    Ok(found)
}

fn confirmed_leaf(encoder: &mut Encoder, id: Id<Confirmed>, one: &Confirmed) -> Hash {
    encoder
        .start(ConfirmedTable.name())
        .int(id.number())
        .int(one.back.number())
        .int(one.at.micros())
        .text(&one.text)
        .leaf()
}

pub(crate) struct ConfirmedTable;

impl Table for ConfirmedTable {
    fn name(&self) -> &'static str {
        "money_confirmed"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&CONFIRMED_RANGE, &journal::row_range(entries), |row| {
            let (id, one) = read_confirmed(scope, row)?;
            visit(journal::entry_of(id.number()), confirmed_leaf(&mut encoder, id, &one))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_CONFIRMED)
    }
}
