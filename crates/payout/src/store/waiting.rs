//! Payments whose money lies in a waiting account, with what is to be known to decide them anew. It follows from what else is recorded.

use super::held::{HeldPayment, read};
use crate::batch::Batch;
use denmark::Currency;
use kernel::{Error, Id, Row, Timestamp, Tx, Value, statements};
use registry::payer::Payer;

statements! {
    INSERT = "waiting_payment.insert":
        "INSERT INTO waiting_payment (batch, number, payee, purpose, currency, since) VALUES ($1, $2, $3, $4, $5, $6)";
    DELETE = "waiting_payment.delete": "DELETE FROM waiting_payment WHERE batch = $1 AND number = $2";
    PAGE = "waiting_payment.page":
        "SELECT batch, number, payee, purpose, currency, since FROM waiting_payment
         WHERE (batch, number) > ($1, $2) ORDER BY batch, number LIMIT $3";
    PAGE_OF_PAYER = "waiting_payment.page_of_payer":
        "SELECT w.batch, w.number, w.payee, w.purpose, w.currency, w.since
         FROM waiting_payment w JOIN batch b ON b.id = w.batch
         WHERE b.payer = $1 AND (w.batch, w.number) > ($2, $3) ORDER BY w.batch, w.number LIMIT $4";
    OF_BATCH = "waiting_payment.of_batch":
        "SELECT batch, number, payee, purpose, currency, since FROM waiting_payment
         WHERE batch = $1 AND number > $2 ORDER BY number LIMIT $3";
    COUNT = "waiting_payment.count": "SELECT COUNT(*) FROM waiting_payment";
    COUNT_OF = "waiting_payment.count_of": "SELECT COUNT(*) FROM waiting_payment WHERE batch = $1";
}

/// Notes those of these payments whose money lies in a waiting account.
pub(super) fn insert_many(tx: &Tx<'_>, batch: Id<Batch>, payments: &[HeldPayment]) -> Result<(), Error> {
    let lying = payments.iter().filter_map(|held| Some((held, held.lies_since?)));
    tx.run_many(
        &INSERT,
        lying.map(|(held, since)| {
            [
                batch.into(),
                held.number.into(),
                held.payee.as_ref().into(),
                held.purpose.as_ref().into(),
                held.currency.as_ref().map(Currency::as_str).into(),
                since.into(),
            ]
        }),
    )
}

/// A payment has left the waiting account, if it was there.
pub(super) fn delete(tx: &Tx<'_>, batch: Id<Batch>, number: i64) -> Result<(), Error> {
    tx.run(&DELETE, &[batch.into(), number.into()]).map(|_| ())
}

fn lying(row: &Row<'_>) -> Result<(Id<Batch>, HeldPayment), Error> {
    let (batch, held) = read(row)?;
    Ok((batch, HeldPayment { lies_since: Some(Timestamp::from_micros(row.int(5)?)), ..held }))
}

/// The next of all of them after a payment of a batch, also those that are staged and nobody's yet; or of one payer's.
pub(crate) fn page(
    tx: &Tx<'_>,
    payer: Option<Id<Payer>>,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<(Id<Batch>, HeldPayment)>, Error> {
    let mut found = Vec::new();
    let take = |row: &Row<'_>| {
        found.push(lying(row)?);
        Ok(())
    };
    let (batch, number, limit): (Value<'_>, Value<'_>, Value<'_>) = (after.0.into(), after.1.into(), limit.into());
    match payer {
        None => tx.each(&PAGE, &[batch, number, limit], take)?,
        Some(payer) => tx.each(&PAGE_OF_PAYER, &[payer.into(), batch, number, limit], take)?,
    }
    Ok(found)
}

/// The next of a batch, after one of its numbers.
pub(crate) fn of_batch(tx: &Tx<'_>, batch: Id<Batch>, after: i64, limit: i64) -> Result<Vec<HeldPayment>, Error> {
    let mut found = Vec::new();
    tx.each(&OF_BATCH, &[batch.into(), after.into(), limit.into()], |row| {
        found.push(lying(row)?.1);
        Ok(())
    })?;
    Ok(found)
}

/// How many there are, also those that are staged.
pub(crate) fn count(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&COUNT, &[], |row| row.int(0))
}

/// How many of a batch there are.
pub(crate) fn count_of(tx: &Tx<'_>, batch: Id<Batch>) -> Result<i64, Error> {
    tx.one(&COUNT_OF, &[batch.into()], |row| row.int(0))
}
