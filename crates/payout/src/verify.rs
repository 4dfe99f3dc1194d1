//! Holds the index of payments against the payments, which are the journal's to vouch for.

use crate::commands::ALL_NUMBERS;
use crate::index::{Bucket, Indexing, Place, slice_of};
use crate::store;
use crate::store::batch::Indexed;
use kernel::journal::{ENTRIES_MAX, Mismatch};
use kernel::{Error, Scope, Tx};

const PAGE_BATCHES: i64 = 1_000;

/// Makes the index of every batch anew, and compares it with what is stored.
///
/// # Errors
/// [`Mismatch`], or the store's.
pub fn verify_index(scope: &Scope<'_>) -> Result<(), Error> {
    let (mut before, mut buckets) = (ENTRIES_MAX, 0);
    loop {
        let batches = store::batch::recorded_since(scope.tx, None, 0..before, PAGE_BATCHES)?;
        let Some(last) = batches.last() else { break };
        before = last.entry;
        for batch in &batches {
            buckets += verify_batch(scope.tx, batch)?;
        }
    }
    // What is staged is nobody's yet.
    let mut after = None;
    while let Some(batch) = store::staging::next(scope.tx, after)? {
        buckets += store::index::count_of(scope.tx, batch)?;
        after = Some(batch);
    }
    if store::index::count(scope.tx)? == buckets { Ok(()) } else { Err(mismatch()) }
}

/// How many buckets the batch has.
fn verify_batch(tx: &Tx<'_>, batch: &Indexed) -> Result<i64, Error> {
    let (mut indexing, mut made, mut buckets, mut payments) = (Indexing::new(batch.batch), Vec::new(), 0, 0);
    let mut compare = |slice: i64, made: &mut Vec<Bucket>| {
        if !store::index::are(tx, &Place::of_slice(batch.batch, slice), made)? {
            return Err(mismatch());
        }
        buckets += made.len() as i64;
        made.clear();
        Ok(())
    };
    store::payment::each_of(tx, batch.batch, ALL_NUMBERS, |row| {
        indexing.take(row.number, row.payee.as_ref(), &row.end_to_end, &mut made);
        if !made.is_empty() {
            compare(slice_of(payments - 1), &mut made)?;
        }
        payments = row.number + 1;
        Ok(())
    })?;
    indexing.end(&mut made);
    compare(slice_of((payments - 1).max(0)), &mut made)?;
    // Whoever seeks looks into as many slices as the batch has payments for.
    if payments == batch.payments { Ok(buckets) } else { Err(mismatch()) }
}

fn mismatch() -> Error {
    Mismatch("the index of payments is not what the payments say".to_owned()).into()
}
