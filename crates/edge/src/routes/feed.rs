//! What concerns a bank, for the bank to read: its own customers' accounts with it. This looks nobody up.

use crate::page_of;
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use registry::policy;
use registry::queries::{self, FEED_ROWS_MAX, FeedBounds};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const SCOPE: &str = "feed";
/// Which list a cursor is of.
const LIST: &str = "feed";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/feed", "feed.list", "What became of accounts with your bank, the earliest first")
            .token(policy::READ_FEED, SCOPE)
            .by(list),
    ]
}

/// Which part of the feed is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PartOf {
    /// Where to go on: `next` of what was read before.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// Without a cursor: where to begin, `beginning` (which it is unless it is said) or `end`.
    #[serde(default)]
    from: Option<Begin>,
    /// At most so many messages; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// Where a feed is read from.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Begin {
    /// With all that was ever recorded.
    Beginning,
    /// With what is recorded from now on.
    End,
}

/// Some of a bank's messages.
#[derive(Serialize, JsonSchema)]
struct Messages {
    /// The earliest come first. There can be none while there are more.
    messages: Vec<Message>,
    /// Where to go on, now or later: a feed has no end.
    next: String,
    /// Whether more may be there already.
    more: bool,
}

/// One message: something that became of an account with your bank.
#[derive(Serialize, JsonSchema)]
pub struct Message {
    /// Names it, always the same: drop what you have had. Later messages have greater ids.
    id: String,
    /// What happened: `registered`, `changed`, `changed_to_you`, `changed_from_you`, `closed`, `frozen`, `unfrozen`.
    event: &'static str,
    /// To which account of yours: the IBAN. An account of another bank is never told.
    account: String,
    /// With `changed`: which other account of yours that one took the place of.
    replaces: Option<String>,
    /// Whose account it is or was: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind; none where the number is not known.
    payee: Option<String>,
    /// Whether it is for one payer's benefit rather than the payee's default account.
    specific: bool,
    /// From when it holds (RFC 3339).
    from: String,
    /// By which kind of channel it came: `bank`, whichever it was, `self_service`, `caseworker` or `operator`.
    channel: &'static str,
    /// Why, where a bank gave a reason: `user_request`, `account_closure`, `branch_transfer`, `reconciliation`, `fraud`.
    reason: Option<&'static str>,
    /// When it was recorded (RFC 3339).
    recorded: String,
}

impl From<queries::BankMessage> for Message {
    fn from(message: queries::BankMessage) -> Self {
        let queries::BankMessage { id, event, account, replaces, payee, is_specific, from, channel, reason, recorded } =
            message;
        Self { id, event, account, replaces, payee, specific: is_specific, from, channel, reason, recorded }
    }
}

async fn list(call: Call<Nothing, Nothing, PartOf>) -> Answer<Json<Messages>> {
    let (bank, actor) = (call.caller.bank()?, call.caller.actor());
    let PartOf { cursor, from, limit } = call.query;
    let bounds = FeedBounds { messages: page_of::limit(limit)?, rows: FEED_ROWS_MAX };
    let after = match (cursor, from) {
        (Some(_), Some(_)) => {
            return Err(
                Problem::of("request.query").because("a cursor says where to go on, and from says where to begin")
            );
        }
        (Some(cursor), None) => Some(page_of::after(LIST, &cursor)?),
        (None, None | Some(Begin::Beginning)) => None,
        (None, Some(Begin::End)) => {
            let reached =
                call.edge.core.read(move |reader| reader.read(|scope| queries::feed_end(scope, &actor))).await?;
            return Ok(Json(Messages { messages: Vec::new(), next: page_of::write(LIST, reached), more: false }));
        }
    };
    let read =
        call.edge.core.read(move |reader| reader.read(|scope| queries::feed(scope, &actor, &bank, after, bounds)));
    let queries::Feed { messages, reached, has_more } = read.await?;
    let messages = messages.into_iter().map(Message::from).collect();
    Ok(Json(Messages { messages, next: page_of::write(LIST, reached.max(0)), more: has_more }))
}
