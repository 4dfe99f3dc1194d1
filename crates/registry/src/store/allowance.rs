//! What each client may still ask. Not the journal's: it says nothing of what was done, and moves with every request.

use crate::bucket::Bucket;
use crate::legal_purpose::LegalPurpose;
use kernel::{Error, Timestamp, Tx, statements};

statements! {
    OF_CLIENT = "allowance.of_client":
        "SELECT purpose, tokens, at FROM allowance WHERE client = $1 ORDER BY purpose LIMIT 1000";
    INSERT = "allowance.insert": "INSERT INTO allowance (client, purpose, tokens, at) VALUES ($1, $2, $3, $4)";
    UPDATE = "allowance.update": "UPDATE allowance SET tokens = $1, at = $2 WHERE client = $3 AND purpose = $4";
}

/// The buckets of some clients, each with the place of its client in the list.
pub(crate) fn of_clients(
    tx: &Tx<'_>,
    clients: &[&str],
    mut found: impl FnMut(usize, LegalPurpose, Bucket) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.look_up(&OF_CLIENT, clients.iter().map(|client| (*client).into()), |at, row| {
        let purpose = LegalPurpose::from_code(row.int(0)?).ok_or_else(|| row.broken(0))?;
        found(at, purpose, Bucket::kept(row.int(1)?, Timestamp::from_micros(row.int(2)?)))
    })
}

/// A client's purpose, and its bucket.
type Kept<'k> = (&'k str, LegalPurpose, Bucket);

/// Buckets that were never used before.
pub(crate) fn insert_many<'k>(tx: &Tx<'_>, buckets: impl IntoIterator<Item = Kept<'k>>) -> Result<(), Error> {
    tx.run_many(
        &INSERT,
        buckets.into_iter().map(|(client, purpose, bucket)| {
            [client.into(), purpose.code().into(), bucket.tokens().into(), bucket.at().into()]
        }),
    )
}

/// Buckets as they are now.
pub(crate) fn set_many<'k>(tx: &Tx<'_>, buckets: impl IntoIterator<Item = Kept<'k>>) -> Result<(), Error> {
    tx.run_many(
        &UPDATE,
        buckets.into_iter().map(|(client, purpose, bucket)| {
            [bucket.tokens().into(), bucket.at().into(), client.into(), purpose.code().into()]
        }),
    )
}
