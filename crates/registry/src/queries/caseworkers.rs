//! Who a caseworker is today.

use crate::caseworker::{Caseworker, CaseworkerRefusal, Remit};
use crate::designation::Channel;
use crate::payer::Payer;
use crate::store;
use kernel::{Actor, Blind, Error, Id, Role, Scope, require_standing};
use std::collections::BTreeSet;

/// The caseworker who acts, with what they may decide about; nobody where somebody else acts. Whatever a caseworker does asks for
/// it in the transaction that does it: they may have been ended since they showed their key. So may an operator, of whom it is asked here
/// for what is no command.
///
/// # Errors
/// [`CaseworkerRefusal::Unknown`], [`CaseworkerRefusal::Ended`], [`kernel::OfficerRefusal::Ended`]; or the store's.
pub fn acting_caseworker(scope: &Scope<'_>, actor: &Actor) -> Result<Option<Caseworker>, Error> {
    require_standing(scope, actor)?;
    let Some(name) = actor.officer_name().filter(|_| actor.role() == Role::Caseworker) else { return Ok(None) };
    match store::caseworker::find(scope, name)? {
        None => Err(CaseworkerRefusal::Unknown.into()),
        Some(caseworker) if caseworker.is_ended => Err(CaseworkerRefusal::Ended.into()),
        found => Ok(found),
    }
}

/// The caseworkers who were not ended, by the blind indexes of their names ([`Remit::name_key`]).
///
/// # Errors
/// The store's.
pub fn standing_caseworkers(scope: &Scope<'_>) -> Result<BTreeSet<Blind>, Error> {
    store::caseworker::standing(scope)
}

/// The payer for which a caseworker acts, whose files they may let go and stop; nobody's where somebody else acts. A file pays all kinds of
/// benefit, so that it is not for those who are held to some.
///
/// # Errors
/// Those of [`acting_caseworker`]; [`CaseworkerRefusal::Remit`].
pub fn paying_authority(scope: &Scope<'_>, actor: &Actor) -> Result<Option<Payer>, Error> {
    let Some(Caseworker { remit, .. }) = acting_caseworker(scope, actor)? else { return Ok(None) };
    if !remit.covers(None) {
        return Err(CaseworkerRefusal::Remit.into());
    }
    store::payer::find_today(scope, remit.authority).map(Some)
}

/// Which channel a caseworker acts by, and what they may decide about; none of anybody else.
pub(crate) fn acting_remit(scope: &Scope<'_>, actor: &Actor) -> Result<Option<(Channel, Remit)>, Error> {
    let Some(caseworker) = acting_caseworker(scope, actor)? else { return Ok(None) };
    // A payer's id is that of its first version.
    let authority = store::payer::find(scope, Id::new(caseworker.remit.authority.number()))?.agreement.name;
    Ok(Some((Channel::Caseworker(authority), caseworker.remit)))
}

/// Refuses a caseworker before whom nobody comes in person; nobody else.
pub(crate) fn require_in_person(scope: &Scope<'_>, actor: &Actor) -> Result<(), Error> {
    match acting_caseworker(scope, actor)? {
        Some(caseworker) => Ok(caseworker.remit.require_in_person()?),
        None => Ok(()),
    }
}
