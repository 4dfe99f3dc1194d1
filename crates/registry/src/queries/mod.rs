//! Reads for somebody, without changing anything.

mod caseworkers;
mod changes;
mod deliveries;
mod feed;
mod identity;
mod look_ups;
mod messages;

pub use caseworkers::acting_caseworker;
pub(crate) use changes::find as find_change;
pub use changes::{ChangePage, ChangeView, change, waiting};
pub use deliveries::deliveries;
pub use feed::{BankMessage, FEED_ROWS_MAX, Feed, FeedBounds, feed, feed_end};
pub use identity::known_identity;
pub(crate) use identity::known_identity_beside;
pub use look_ups::{LookUpView, look_ups};
pub use messages::{MessageName, message, sweep_messages};
