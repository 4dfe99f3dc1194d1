//! A payment that somebody suspects.

use crate::batch;
use crate::commands::each_payment;
use crate::store;
use crate::work::end_to_end_key;
use kernel::{Error, Scope};
use registry::commands::SuspectedPayout;
use registry::resolve;

/// What a report about a payment is about, as it holds now; none where no batch of that name has a payment with that end-to-end id. Of
/// those that share an id it is the first. Whether it is anybody's to report is the registry's to say.
///
/// # Errors
/// The store's.
pub fn suspected(scope: &Scope<'_>, name: &str, end_to_end_id: &str) -> Result<Option<SuspectedPayout>, Error> {
    let batch = match batch::parse_name(name) {
        Some(id) => store::batch::find(scope, id)?,
        None => None,
    };
    let Some(batch) = batch else { return Ok(None) };
    let (key, mut found) = (end_to_end_key(scope.vault, end_to_end_id), None);
    each_payment(scope, batch.id, |row| {
        if found.is_none() && row.end_to_end == key {
            found = Some(row);
        }
        Ok(())
    })?;
    let Some(row) = found else { return Ok(None) };
    let account = row.outcome.designation.map(|designation| resolve::account_of(scope, designation)).transpose()?;
    Ok(Some(SuspectedPayout {
        batch: batch::name(batch.id),
        end_to_end_id: end_to_end_id.to_owned(),
        payer: batch.owner,
        payee: row.payee,
        account,
    }))
}
