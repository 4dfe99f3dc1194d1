//! What is delivered to whom, and how far it is.

use crate::delivery::Delivery;
use crate::progress::Progress;
use crate::{policy, store};
use kernel::{Actor, Error, Scope};

/// Every delivery as it is registered today, those that were ended too, with how far each is.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn deliveries(scope: &Scope<'_>, actor: &Actor) -> Result<Vec<(Delivery, Progress)>, Error> {
    policy::READ_DELIVERIES.require(actor)?;
    let mut found = Vec::new();
    store::delivery::each(scope, |delivery| found.push(delivery))?;
    found
        .into_iter()
        .map(|delivery| {
            let progress = store::delivery::progress(scope.tx, delivery.id)?;
            Ok((delivery, progress))
        })
        .collect()
}
