//! How fresh what is known of a person's identity is.

use crate::contact::Stood;
use crate::identity::Facts;
use crate::register_event;
use crate::store;
use crate::store::register::Version;
use kernel::{Blind, Error, Scope, Timestamp, journal};

/// All that is known of a payee's identity: what the registry knows itself, and what it was told from outside.
///
/// # Errors
/// The store's.
pub fn known_identity(scope: &Scope<'_>, payee: &Blind) -> Result<Facts, Error> {
    known_identity_beside(scope, payee, &store::contact::of(scope, payee)?)
}

/// The same where all points that the payee ever had were read already.
pub(crate) fn known_identity_beside(scope: &Scope<'_>, payee: &Blind, points: &[Stood]) -> Result<Facts, Error> {
    Ok(Facts::of(points, address_changed(scope, payee)?, store::identity::of(scope, payee)?))
}

/// When it was recorded that the payee's address is another than before. The first one that was known is no change.
fn address_changed(scope: &Scope<'_>, payee: &Blind) -> Result<Option<Timestamp>, Error> {
    // The oldest version with the address of today, and whether there is one with another before it.
    let (mut since, mut has_changed): (Option<Version>, bool) = (None, false);
    store::register::each_back(scope, payee, |version| {
        let address = register_event::address;
        has_changed = since.as_ref().is_some_and(|since| address(&since.record) != address(&version.record));
        if !has_changed {
            since = Some(version);
        }
        Ok(!has_changed)
    })?;
    let Some(version) = since.filter(|_| has_changed) else { return Ok(None) };
    let mut changed = None;
    journal::moments(scope.tx, [journal::entry_of(version.id.number())], |_, moment| {
        changed = Some(moment);
        Ok(())
    })?;
    Ok(changed)
}
