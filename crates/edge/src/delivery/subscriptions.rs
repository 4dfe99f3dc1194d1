//! What became of the accounts that a client follows.

use super::stream::{Content, Next, Parcel, Stream};
use crate::routes::subscriptions::Event;
use kernel::{Actor, Error, StoreError, Timestamp, Writer};
use registry::delivery::Terms;
use registry::queries::{EVENT_ROWS_MAX, EventBounds, SubscriptionEvents, subscription_events};
use serde::Serialize;

/// Changes in one parcel.
const EVENTS_MAX: usize = 100;

pub(super) struct Subscriptions;

/// What is sent.
#[derive(Serialize)]
struct Sent<'s> {
    /// For whom it is: it is signed with the rest.
    client: &'s str,
    events: Vec<Event>,
}

impl Stream for Subscriptions {
    fn next(&self, writer: &mut Writer, terms: &Terms, after: i64, now: Timestamp) -> Result<Next, Error> {
        let client = writer.read(|scope| eid::queries::client(scope, &terms.whose))?;
        // Nothing is told to a client that was ended.
        let Some(client) = client.filter(|client| !client.is_ended) else {
            return Ok(Next { parcel: None, reached: after, has_more: false });
        };
        let (name, bounds) = (client.registration.actor(), EventBounds { events: EVENTS_MAX, rows: EVENT_ROWS_MAX });
        let read =
            writer.read(|scope| subscription_events(scope, &Actor::console(), name.name(), Some(after), bounds, now));
        let SubscriptionEvents { events, reached, has_more } = read?;
        let Some((first, last)) = events.first().zip(events.last()) else {
            return Ok(Next { parcel: None, reached, has_more });
        };
        let name = format!("{}-{}-{}", terms.name, first.id, last.id);
        let items = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let sent = Sent { client: &terms.whose, events: events.into_iter().map(Event::from).collect() };
        let content =
            serde_json::to_vec(&sent).map_err(|error| StoreError::new("events could not be written", error))?;
        let (extension, kind) = ("json", crate::route::JSON);
        let parcel = Parcel { name, extension, kind, items, content: Content::Whole(content.into()) };
        Ok(Next { parcel: Some(parcel), reached, has_more })
    }
}
