//! The index of payments: what [`crate::index`] makes of them, bucket by bucket.

use crate::batch::Batch;
use crate::index::{Bucket, Place};
use kernel::{Error, Id, Tx, Value, statements};

statements! {
    INSERT = "payment_index.insert": "INSERT INTO payment_index (place, marks) VALUES ($1, $2)";
    FIND = "payment_index.find": "SELECT marks FROM payment_index WHERE place = $1";
    RANGE = "payment_index.range":
        "SELECT place, marks FROM payment_index WHERE place >= $1 AND place < $2 ORDER BY place";
    COUNT_RANGE = "payment_index.count_range": "SELECT COUNT(*) FROM payment_index WHERE place >= $1 AND place < $2";
    COUNT = "payment_index.count": "SELECT COUNT(*) FROM payment_index";
    DELETE = "payment_index.delete_staged": "DELETE FROM payment_index WHERE place >= $1 AND place < $2";
}

impl<'p> From<&'p Place> for Value<'p> {
    fn from(place: &'p Place) -> Self {
        Value::Bytes(place.as_bytes())
    }
}

pub(crate) fn insert_many(tx: &Tx<'_>, buckets: &[Bucket]) -> Result<(), Error> {
    tx.run_many(&INSERT, buckets.iter().map(|bucket| [(&bucket.place).into(), Value::Bytes(&bucket.marks)]))
}

/// Whether there is a bucket of this place.
pub(crate) fn is_there(tx: &Tx<'_>, place: &Place) -> Result<bool, Error> {
    Ok(tx.optional(&FIND, &[place.into()], |_| Ok(()))?.is_some())
}

/// Reads many buckets; `found` gets the index of each place at which one is, and its marks, in no particular order.
pub(crate) fn find_many(
    tx: &Tx<'_>,
    places: &[Place],
    mut found: impl FnMut(usize, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.look_up(&FIND, places.iter().map(Into::into), |at, row| found(at, row.bytes(0)?))
}

/// Whether the buckets between two places are these.
pub(crate) fn are(tx: &Tx<'_>, [from, to]: &[Place; 2], buckets: &[Bucket]) -> Result<bool, Error> {
    let (mut expected, mut agrees) = (buckets.iter(), true);
    tx.each(&RANGE, &[from.into(), to.into()], |row| {
        let (place, marks) = (row.bytes(0)?, row.bytes(1)?);
        agrees &= expected.next().is_some_and(|bucket| bucket.place.as_bytes() == place && bucket.marks == marks);
        Ok(())
    })?;
    Ok(agrees && expected.next().is_none())
}

/// How many buckets a batch has.
pub(crate) fn count_of(tx: &Tx<'_>, batch: Id<Batch>) -> Result<i64, Error> {
    let [from, to] = Place::of_batch(batch);
    tx.one(&COUNT_RANGE, &[(&from).into(), (&to).into()], |row| row.int(0))
}

/// How many buckets there are.
pub(crate) fn count(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&COUNT, &[], |row| row.int(0))
}

/// Removes the buckets between two places, of work that became no batch.
pub(crate) fn delete(tx: &Tx<'_>, [from, to]: &[Place; 2]) -> Result<(), Error> {
    tx.run(&DELETE, &[from.into(), to.into()]).map(|_| ())
}
