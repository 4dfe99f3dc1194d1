//! A payment that somebody suspects.

use super::find::{Sought, first_in};
use crate::work::recorded;
use crate::{batch, store};
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
    let Some(row) = first_in(scope, &batch, &Sought::end_to_end(scope, end_to_end_id))? else { return Ok(None) };
    let now = recorded(scope.tx, batch.id, row.number, 1, i64::MAX)?;
    let designation = now.first().and_then(|now| now.outcome.designation);
    let account = designation.map(|designation| resolve::account_of(scope, designation)).transpose()?;
    Ok(Some(SuspectedPayout {
        batch: batch::name(batch.id),
        end_to_end_id: end_to_end_id.to_owned(),
        payer: batch.owner,
        payee: row.payee,
        account,
    }))
}
