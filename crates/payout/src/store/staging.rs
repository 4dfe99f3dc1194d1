//! Work that is under way, and work that was abandoned.

use crate::batch::Batch;
use crate::index::Place;
use crate::store;
use kernel::{Conflict, Error, Id, Timestamp, Tx, statements};

statements! {
    INSERT = "staging.insert": "INSERT INTO staging (batch, touched_at) VALUES ($1, $2)";
    TOUCH = "staging.touch": "UPDATE staging SET touched_at = $1 WHERE batch = $2 AND touched_at > $3";
    GIVE_UP = "staging.give_up": "UPDATE staging SET touched_at = $1 WHERE batch = $2";
    DELETE = "staging.delete": "DELETE FROM staging WHERE batch = $1 AND touched_at > $2";
    FORGET = "staging.forget": "DELETE FROM staging WHERE batch = $1";
    ABANDONED = "staging.abandoned":
        "SELECT batch FROM staging WHERE touched_at < $1 ORDER BY batch LIMIT 100";
    NEXT = "staging.next": "SELECT batch FROM staging WHERE batch > $1 ORDER BY batch LIMIT 1";
    DELETE_PAYMENTS = "payment.delete_staged": "DELETE FROM payment WHERE batch = $1 AND number < $2";
    DELETE_IDS = "payment_ids.delete_staged": "DELETE FROM payment_ids WHERE batch = $1 AND first < $2";
    DELETE_HELD = "held_payment.delete_staged": "DELETE FROM held_payment WHERE batch = $1 AND number < $2";
    DELETE_WAITING = "waiting_payment.delete_staged": "DELETE FROM waiting_payment WHERE batch = $1 AND number < $2";
    DELETE_INPUT = "kept_input.delete_staged": "DELETE FROM kept_input WHERE batch = $1 AND piece < $2";
    IS_STAGED = "staging.find": "SELECT touched_at FROM staging WHERE batch = $1";
    FIRST_PAYMENT = "payment.first_of_batch": "SELECT MIN(number) FROM payment WHERE batch = $1";
    FIRST_PIECE = "kept_input.first_of_batch": "SELECT MIN(piece) FROM kept_input WHERE batch = $1";
}

/// Rows that are swept in one short transaction.
const SWEEP_ROWS: i64 = kernel::failpoint::chunk(10_000, 8) as i64;
const SWEEP_PIECES: i64 = 16;
/// When work that was given up was touched: its rows are being removed, so that it can never become real.
const GIVEN_UP: i64 = i64::MIN;

pub(crate) fn insert(tx: &Tx<'_>, batch: Id<Batch>, now: Timestamp) -> Result<(), Error> {
    tx.run(&INSERT, &[batch.into(), now.into()]).map(|_| ())
}

/// Whether the work is known.
pub(crate) fn is_there(tx: &Tx<'_>, batch: Id<Batch>) -> Result<bool, Error> {
    Ok(tx.optional(&IS_STAGED, &[batch.into()], |row| row.int(0))?.is_some())
}

/// Says that the work is alive.
pub(crate) fn touch(tx: &Tx<'_>, batch: Id<Batch>, now: Timestamp) -> Result<(), Error> {
    require_alive(tx.run(&TOUCH, &[now.into(), batch.into(), GIVEN_UP.into()])?)
}

/// The work is done, or given up and swept.
pub(crate) fn delete(tx: &Tx<'_>, batch: Id<Batch>) -> Result<(), Error> {
    require_alive(tx.run(&DELETE, &[batch.into(), GIVEN_UP.into()])?)
}

fn require_alive(found: u64) -> Result<(), Error> {
    if found > 0 {
        return Ok(());
    }
    Err(Conflict("the work on this file was given up for dead and swept; send it again".to_owned()).into())
}

/// Batches whose work was last touched before `before`.
pub(crate) fn abandoned(tx: &Tx<'_>, before: Timestamp) -> Result<Vec<Id<Batch>>, Error> {
    let mut found = Vec::new();
    tx.each(&ABANDONED, &[before.into()], |row| {
        found.push(Id::new(row.int(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The first batch that is under way after one, by their ids.
pub(crate) fn next(tx: &Tx<'_>, after: Option<Id<Batch>>) -> Result<Option<Id<Batch>>, Error> {
    tx.optional(&NEXT, &[after.map_or(-1, Id::number).into()], |row| Ok(Id::new(row.int(0)?)))
}

/// Removes some of what was staged; whether more is left. A batch that has become real is staged no more, and nothing of it is
/// removed. Of one that was not, something is missing from here on: whoever still works on it is told so.
pub(crate) fn sweep_some(tx: &Tx<'_>, batch: Id<Batch>) -> Result<bool, Error> {
    if tx.run(&GIVE_UP, &[GIVEN_UP.into(), batch.into()])? == 0 {
        return Ok(false);
    }
    let first = |statement| tx.one(statement, &[batch.into()], |row| row.optional_int(0));
    let (payment, piece) = (first(&FIRST_PAYMENT)?, first(&FIRST_PIECE)?);
    if let Some(payment) = payment {
        for statement in [&DELETE_PAYMENTS, &DELETE_IDS, &DELETE_HELD, &DELETE_WAITING] {
            tx.run(statement, &[batch.into(), (payment + SWEEP_ROWS).into()])?;
        }
    }
    let places = payment.map_or_else(|| Place::of_batch(batch), |payment| Place::until(batch, payment + SWEEP_ROWS));
    store::index::delete(tx, &places)?;
    if let Some(piece) = piece {
        tx.run(&DELETE_INPUT, &[batch.into(), (piece + SWEEP_PIECES).into()])?;
    }
    Ok(payment.is_some() || piece.is_some())
}

/// Forgets work that has been discarded, if it is still known.
pub(crate) fn forget(tx: &Tx<'_>, batch: Id<Batch>) -> Result<(), Error> {
    tx.run(&FORGET, &[batch.into()]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::TestPlace;
    use kernel::{Env, Secrets, Store};

    #[test]
    fn work_that_is_being_swept_cannot_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let place = TestPlace::empty(folder.path());
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(crate::MIGRATIONS).collect();
        let (at, key) = (Timestamp::from_micros, folder.path().join("key"));
        let env = Env::new(at(0), 0);
        let store =
            Store::create(place.location(), &key, &migrations, true, &env, &mut Secrets::from_system()).unwrap();
        let mut connection = store.connect().unwrap();
        let mut stage = |work: &dyn Fn(&Tx<'_>) -> Result<(), Error>| connection.stage(|tx| work(tx));
        let [alive, dead] = [1, 2].map(Id::<Batch>::new);
        for batch in [alive, dead] {
            stage(&|tx| insert(tx, batch, at(0))).unwrap();
            stage(&|tx| touch(tx, batch, at(1))).unwrap();
        }
        // Whoever sweeps is cut off here, or has not come further yet.
        stage(&|tx| sweep_some(tx, dead).map(|_| ())).unwrap();
        for go_on in [(&|tx: &Tx<'_>| touch(tx, dead, at(9))) as &dyn Fn(&Tx<'_>) -> _, &|tx| delete(tx, dead)] {
            assert_eq!(stage(go_on).unwrap_err().code(), "conflict");
        }
        stage(&|tx| {
            assert_eq!(abandoned(tx, at(0))?, [dead], "it is swept on");
            Ok(())
        })
        .unwrap();
        stage(&|tx| forget(tx, dead)).unwrap();
        stage(&|tx| delete(tx, alive)).unwrap();
    }
}
