//! What is to be looked at again though nobody asks for it: batches that wait to be let go, and payments that wait for a reason of their
//! own. It follows from what else is recorded.

use crate::batch::Batch;
use crate::store;
use denmark::Currency;
use kernel::{Blind, Error, Id, Row, Timestamp, Tx, Value, statements};

statements! {
    INSERT_WAITING = "waiting_batch.insert": "INSERT INTO waiting_batch (batch) VALUES ($1)";
    DELETE_WAITING = "waiting_batch.delete": "DELETE FROM waiting_batch WHERE batch = $1";
    WAITING_PAGE = "waiting_batch.page":
        "SELECT batch FROM waiting_batch WHERE batch > $1 ORDER BY batch LIMIT $2";
    INSERT = "held_payment.insert":
        "INSERT INTO held_payment (batch, number, payee, purpose, currency, account_key)
         VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE = "held_payment.delete": "DELETE FROM held_payment WHERE batch = $1 AND number = $2";
    DELETE_OF = "held_payment.delete_of": "DELETE FROM held_payment WHERE batch = $1";
    IS_WAITING = "waiting_batch.find": "SELECT COUNT(*) FROM waiting_batch WHERE batch = $1";
    COUNT_WAITING = "waiting_batch.count": "SELECT COUNT(*) FROM waiting_batch";
    COUNT = "held_payment.count": "SELECT COUNT(*) FROM held_payment";
    COUNT_OF = "held_payment.count_of": "SELECT COUNT(*) FROM held_payment WHERE batch = $1";
    FIND = "held_payment.find":
        "SELECT batch, number, payee, purpose, currency, account_key FROM held_payment WHERE batch = $1 AND number = $2";
    PAGE = "held_payment.page":
        "SELECT batch, number, payee, purpose, currency, account_key FROM held_payment
         WHERE (batch, number) > ($1, $2) ORDER BY batch, number LIMIT $3";
}

/// A payment that waits, with what is to be known to decide it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeldPayment {
    pub(crate) number: i64,
    pub(crate) payee: Option<Blind>,
    pub(crate) purpose: Option<Blind>,
    pub(crate) currency: Option<Currency>,
    /// The blind index of the account that it names itself.
    pub(crate) account: Option<Blind>,
    /// Since when its money lies in the waiting account; none while it has not left. See [`store::waiting`].
    pub(crate) lies_since: Option<Timestamp>,
}

pub(crate) fn insert_waiting(tx: &Tx<'_>, batch: Id<Batch>) -> Result<(), Error> {
    tx.run(&INSERT_WAITING, &[batch.into()]).map(|_| ())
}

pub(crate) fn delete_waiting(tx: &Tx<'_>, batch: Id<Batch>) -> Result<(), Error> {
    tx.run(&DELETE_WAITING, &[batch.into()]).map(|_| ())
}

/// The next batches that wait.
pub(crate) fn waiting_page(tx: &Tx<'_>, after: i64, limit: i64) -> Result<Vec<Id<Batch>>, Error> {
    let mut found = Vec::new();
    tx.each(&WAITING_PAGE, &[after.into(), limit.into()], |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// Whether a batch waits.
pub(crate) fn is_waiting(tx: &Tx<'_>, batch: Id<Batch>) -> Result<bool, Error> {
    tx.one(&IS_WAITING, &[batch.into()], |row| Ok(row.int(0)? > 0))
}

/// How many batches and payments wait, also what is staged.
pub(crate) fn count(tx: &Tx<'_>) -> Result<(i64, i64), Error> {
    Ok((tx.one(&COUNT_WAITING, &[], |row| row.int(0))?, tx.one(&COUNT, &[], |row| row.int(0))?))
}

/// How many payments of a batch wait.
pub(crate) fn count_of(tx: &Tx<'_>, batch: Id<Batch>) -> Result<i64, Error> {
    tx.one(&COUNT_OF, &[batch.into()], |row| row.int(0))
}

/// One payment, if it waits.
pub(crate) fn find(tx: &Tx<'_>, batch: Id<Batch>, number: i64) -> Result<Option<HeldPayment>, Error> {
    tx.optional(&FIND, &[batch.into(), number.into()], noted)
}

/// Notes payments that wait: here, or in the waiting account.
pub(crate) fn insert_many(tx: &Tx<'_>, batch: Id<Batch>, payments: &[HeldPayment]) -> Result<(), Error> {
    store::waiting::insert_many(tx, batch, payments)?;
    tx.run_many(
        &INSERT,
        payments.iter().filter(|held| held.lies_since.is_none()).map(|held| {
            [
                batch.into(),
                held.number.into(),
                held.payee.as_ref().into(),
                held.purpose.as_ref().into(),
                held.currency.as_ref().map(Currency::as_str).into(),
                held.account.as_ref().into(),
            ]
        }),
    )
}

/// They wait no more, neither here nor in the waiting account.
pub(crate) fn delete(tx: &Tx<'_>, batch: Id<Batch>, numbers: impl IntoIterator<Item = i64>) -> Result<(), Error> {
    numbers.into_iter().try_for_each(|number| {
        tx.run(&DELETE, &[batch.into(), number.into()])?;
        store::waiting::delete(tx, batch, number)
    })
}

/// Notes all of a batch that was let go which waits yet.
pub(crate) fn set_of(tx: &Tx<'_>, batch: Id<Batch>, held: &[HeldPayment]) -> Result<(), Error> {
    delete_waiting(tx, batch)?;
    tx.run(&DELETE_OF, &[batch.into()])?;
    insert_many(tx, batch, held)
}

fn blind(row: &Row<'_>, column: usize) -> Result<Option<Blind>, Error> {
    Ok(row.optional_bytes(column)?.map(|_| row.array(column)).transpose()?.map(Blind::from_bytes))
}

/// Reads a payment from the first five columns of a row.
pub(super) fn read(row: &Row<'_>) -> Result<(Id<Batch>, HeldPayment), Error> {
    let currency = row.optional_text(4)?.map(|text| Currency::parse(text).map_err(|_| row.broken(4))).transpose()?;
    let (number, payee, purpose) = (row.int(1)?, blind(row, 2)?, blind(row, 3)?);
    Ok((Id::new(row.int(0)?), HeldPayment { number, payee, purpose, currency, account: None, lies_since: None }))
}

/// The next payments that wait, also those that are staged and nobody's yet.
pub(crate) fn page(tx: &Tx<'_>, after: (i64, i64), limit: i64) -> Result<Vec<(Id<Batch>, HeldPayment)>, Error> {
    let mut found = Vec::new();
    let values: [Value<'_>; 3] = [after.0.into(), after.1.into(), limit.into()];
    tx.each(&PAGE, &values, |row| {
        found.push((Id::new(row.int(0)?), noted(row)?));
        Ok(())
    })?;
    Ok(found)
}

fn noted(row: &Row<'_>) -> Result<HeldPayment, Error> {
    Ok(HeldPayment { account: blind(row, 5)?, ..read(row)?.1 })
}
