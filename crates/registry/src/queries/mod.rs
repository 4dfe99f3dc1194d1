//! Reads for somebody, without changing anything.

mod caseworkers;
mod deliveries;
mod feed;
mod look_ups;
mod messages;
mod proposals;

pub use caseworkers::acting_caseworker;
pub use deliveries::deliveries;
pub use feed::{BankMessage, FEED_ROWS_MAX, Feed, FeedBounds, feed, feed_end};
pub use look_ups::{LookUpView, look_ups};
pub use messages::{MessageName, message, sweep_messages};
pub use proposals::{ProposalPage, ProposalView, proposal, waiting};
pub(crate) use proposals::{facts, find as find_proposal, is_specific_locked};
