//! Who a caseworker is today.

use crate::caseworker::{Caseworker, CaseworkerRefusal};
use crate::store;
use kernel::{Actor, Error, Role, Scope};

/// The caseworker who acts, with what they may decide about; nobody where somebody else acts. Whatever a caseworker does asks for
/// it in the transaction that does it: they may have been ended since they showed their key.
///
/// # Errors
/// [`CaseworkerRefusal::Unknown`], [`CaseworkerRefusal::Ended`]; or the store's.
pub fn acting_caseworker(scope: &Scope<'_>, actor: &Actor) -> Result<Option<Caseworker>, Error> {
    let Some(name) = actor.officer_name().filter(|_| actor.role() == Role::Caseworker) else { return Ok(None) };
    match store::caseworker::find(scope, name)? {
        None => Err(CaseworkerRefusal::Unknown.into()),
        Some(caseworker) if caseworker.is_ended => Err(CaseworkerRefusal::Ended.into()),
        found => Ok(found),
    }
}
