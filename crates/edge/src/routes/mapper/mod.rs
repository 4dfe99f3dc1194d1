//! The ID-account mapper of G2P Connect: messages that their clients sign. See `docs/mapper.md`.

mod described;
mod message;
mod resolve;
mod words;

use crate::route::Route;
use registry::policy;

pub(crate) use described::Errors;
pub(crate) use message::REFUSALS;
pub(crate) use words::{code_of, turned_away};

/// Each operation has the short path, and the standard's own.
pub fn routes() -> Vec<Route> {
    let resolve = |path, name| {
        Route::post(path, name, "Which accounts payees have, or whether accounts are theirs; every look-up is recorded")
            .signed(policy::MAP_MANY)
            .refuses(&["allowance.exhausted", "look_up.purpose", "mapper.purpose", "payer.unknown"])
            .by(resolve::resolve)
    };
    vec![resolve("/mapper/resolve", "mapper.resolve"), resolve("/mapper/sync/resolve", "mapper.sync_resolve")]
}
