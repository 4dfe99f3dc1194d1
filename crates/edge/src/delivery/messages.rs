//! Messages to banks.

use super::stream::{Content, Next, Parcel, Stream};
use crate::routes::feed::Message;
use kernel::{Actor, Error, StoreError, Timestamp, Writer};
use registry::delivery::Terms;
use registry::queries::{FEED_ROWS_MAX, Feed, FeedBounds, feed};
use serde::Serialize;

/// Messages in one parcel.
const MESSAGES_MAX: usize = 100;

pub(super) struct Messages;

/// What is sent.
#[derive(Serialize)]
struct Sent<'s> {
    /// For whom it is: it is signed with the rest.
    bank: &'s str,
    messages: Vec<Message>,
}

impl Stream for Messages {
    fn next(&self, writer: &mut Writer, terms: &Terms, after: i64, _: Timestamp) -> Result<Next, Error> {
        let bounds = FeedBounds { messages: MESSAGES_MAX, rows: FEED_ROWS_MAX };
        let Feed { messages, reached, has_more } =
            writer.read(|scope| feed(scope, &Actor::console(), &terms.whose, Some(after), bounds))?;
        let Some((first, last)) = messages.first().zip(messages.last()) else {
            return Ok(Next { parcel: None, reached, has_more });
        };
        let name = format!("{}-{}-{}", terms.name, first.id, last.id);
        let items = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        let sent = Sent { bank: &terms.whose, messages: messages.into_iter().map(Message::from).collect() };
        let content =
            serde_json::to_vec(&sent).map_err(|error| StoreError::new("messages could not be written", error))?;
        let (extension, kind) = ("json", crate::route::JSON);
        let parcel = Parcel { name, extension, kind, items, content: Content::Whole(content.into()) };
        Ok(Next { parcel: Some(parcel), reached, has_more })
    }
}
