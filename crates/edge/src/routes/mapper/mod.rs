//! The ID-account mapper of G2P Connect: messages that their clients sign. See `docs/mapper.md`.

mod change;
mod described;
mod message;
mod resolve;
mod status;
mod words;

use crate::route::Route;
use registry::policy;

pub(crate) use described::Errors;
pub(crate) use message::{INTERFACE, REFUSALS};
pub(crate) use words::{code_of, turned_away};

/// Each operation has the short path, and the standard's own.
pub fn routes() -> Vec<Route> {
    let asks = |path, name| {
        Route::post(path, name, "Which accounts payees have, or whether accounts are theirs; every look-up is recorded")
            .signed(policy::MAP_MANY)
            .refuses(&[
                "allowance.exhausted",
                "look_up.count",
                "look_up.purpose",
                "mapper.purpose",
                "payer.unknown",
                "payer.other_kind",
            ])
            .by(resolve::resolve)
    };
    let link = |path, name| {
        let summary = "Designate accounts for payees; where another is in force and is not named, it waits";
        Route::post(path, name, summary).signed(policy::CHANGE_ACCOUNTS).refuses(&["bank.unknown"]).by(change::link)
    };
    let update = |path, name| {
        let summary = "Replace payees' accounts; where the one in force is not named, it waits";
        Route::post(path, name, summary).signed(policy::CHANGE_ACCOUNTS).refuses(&["bank.unknown"]).by(change::update)
    };
    let unlink = |path, name| {
        let summary = "End designations of your own accounts; nothing is deleted";
        Route::post(path, name, summary).signed(policy::CHANGE_ACCOUNTS).refuses(&["bank.unknown"]).by(change::unlink)
    };
    let status = |path, name| {
        Route::post(path, name, "What became of an earlier message of yours, as it is now")
            .signed(policy::READ_MESSAGES)
            .refuses(&["mapper.unknown"])
            .by(status::status)
    };
    vec![
        link("/mapper/link", "mapper.link"),
        link("/mapper/sync/link", "mapper.sync_link"),
        update("/mapper/update", "mapper.update"),
        update("/mapper/sync/update", "mapper.sync_update"),
        unlink("/mapper/unlink", "mapper.unlink"),
        unlink("/mapper/sync/unlink", "mapper.sync_unlink"),
        asks("/mapper/resolve", "mapper.resolve"),
        asks("/mapper/sync/resolve", "mapper.sync_resolve"),
        status("/mapper/status", "mapper.status"),
        status("/mapper/sync/txn/status", "mapper.sync_status"),
    ]
}
