//! Reads for somebody, without changing anything.

mod changes;
mod deliveries;
mod feed;
mod look_ups;
mod messages;
mod notices;

pub(crate) use changes::find as find_change;
pub use changes::{ChangePage, ChangeView, change, waiting};
pub use deliveries::deliveries;
pub use feed::{BankMessage, FEED_ROWS_MAX, Feed, FeedBounds, feed, feed_end};
pub use look_ups::{LookUpView, look_ups};
pub use messages::{MessageName, message, sweep_messages};
pub use notices::{NOTICES_MAX, NoticeView, count_notices, notices};
