//! Subscriptions: a client that is about to pay a payee, or to lend to them, is told what becomes of their account until a day.

use super::question::{MOMENT, moment, parsed, payee, purpose, revealed, unless_emptied};
use crate::page_of::{self, PageOf};
use crate::problem::{Problem, refused};
use crate::route::{Answer, Call, Json, Nothing, Route};
use denmark::Account;
use kernel::Timestamp;
use registry::bucket::PAYEES_MAX;
use registry::commands::{
    Client, EndSubscriptions, Followed, ListSubscribers, ListedSubscribers, Subscribe, Subscribed, SubscriberView,
};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::policy;
use registry::queries::{self, EVENT_ROWS_MAX, EventBounds, SubscriptionEvent, SubscriptionEvents, SubscriptionView};
use registry::subscription::{ENDED_MAX, Reference};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCOPE: &str = "subscriptions";
/// Of those about whom it is, and of the agency.
const ABOUT_SCOPE: &str = "subscribers";
/// Which list a cursor is of.
const LIST: &str = "subscriptions";
/// Likewise.
const EVENTS: &str = "subscriptions.events";

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/subscriptions",
            "subscriptions.add",
            "Be told what becomes of the accounts of payees whom you are about to pay, or to lend to; every one is recorded",
        )
        .token(policy::SUBSCRIBE, SCOPE)
        .repeatable()
        .refuses(&["subscription.purpose", "subscription.until", "subscription.account"])
        .refuses_as_all(&["look_up.count", "payer.unknown", "payer.other_kind", "allowance.exhausted"])
        .by(add),
        Route::get("/v1/subscriptions", "subscriptions.list", "Your subscriptions that last, the oldest first")
            .token(policy::READ_SUBSCRIPTIONS, SCOPE)
            .by(list),
        Route::get(
            "/v1/subscriptions/events",
            "subscriptions.events",
            "What became of the accounts that you subscribe to, the earliest first; never which account it is",
        )
        .token(policy::READ_SUBSCRIPTIONS, SCOPE)
        .by(events),
        Route::post("/v1/subscriptions/end", "subscriptions.end", "End subscriptions of yours before their time")
            .token(policy::END_SUBSCRIPTION, SCOPE)
            .refuses(&["subscription.unknown", "subscription.count"])
            .by(end),
        Route::post(
            "/v1/subscriptions/about",
            "subscriptions.about",
            "Who is told what becomes of a payee's account, for which legal purpose and until when",
        )
        .token(policy::LIST_SUBSCRIBERS, ABOUT_SCOPE)
        .refuses(&["citizen.other", "citizen.assurance"])
        .by(about),
    ]
}

/// Whom you are about to pay, or to lend to, and by what right you ask.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Subscribing {
    /// What the law lets you ask for: `payment` or `credit_agreement`.
    #[schemars(with = "super::question::Purpose")]
    #[serde(deserialize_with = "purpose")]
    purpose: LegalPurpose,
    /// Until when (RFC 3339): within 30 days from now, of a private payer 14.
    #[schemars(with = "String", regex(pattern = MOMENT), example = "2026-12-01T08:30:00Z")]
    #[serde(deserialize_with = "moment", serialize_with = "super::question::micros")]
    until: Timestamp,
    /// All of them; a private payer names 250 at most. One who is named twice counts twice.
    #[schemars(length(min = 1, max = PAYEES_MAX))]
    payees: Vec<SubscribedPayee>,
}

/// One of them.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SubscribedPayee {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee", serialize_with = "revealed")]
    payee: PayeeId,
    /// The account that you would pay to, of a private payer or bank: an IBAN, or `RRRR-N`. Public payers name none.
    #[serde(default)]
    #[schemars(length(min = 6, max = 42), example = "0040-1234567890")]
    account: Option<String>,
    /// What you call what you plan: one line, kept sealed, and told to nobody but you.
    #[schemars(with = "String", length(min = 1, max = 140))]
    #[serde(deserialize_with = "reference", serialize_with = "own_reference")]
    reference: Reference,
}

fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reference, D::Error> {
    parsed(deserializer, Reference::parse, "one line of 1 to 140 characters")
}

fn own_reference<S: Serializer>(reference: &Reference, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reference.reveal())
}

/// One for each payee, in their order.
#[derive(Serialize, JsonSchema)]
struct Subscriptions {
    subscriptions: Vec<Begun>,
}

/// A subscription that began, and what a look-up tells now.
#[derive(Serialize, JsonSchema)]
struct Begun {
    /// Its name: 13 letters and digits.
    id: String,
    /// Where the account stands, as `resolve` says it; of an account that was named, as `verify` does.
    state: &'static str,
    /// Whether the account, or one that it could be, took the place of another in the last 30 days.
    changed_recently: bool,
    /// How many whole days ago it took the place of another; none if it never did, or is not the one that was named.
    changed_days_ago: Option<i64>,
    /// Whether a change of it is proposed that does not hold yet; told to public payers.
    pending_change: bool,
    /// By which channel it took the place of another.
    last_change_channel: Option<String>,
}

impl From<Subscribed> for Begun {
    fn from(Subscribed { id, answer }: Subscribed) -> Self {
        Self {
            id,
            state: answer.state.name(),
            changed_recently: answer.changed_recently,
            changed_days_ago: answer.changed_days_ago,
            pending_change: answer.pending_change,
            last_change_channel: answer.last_change_channel,
        }
    }
}

async fn add(call: Call<Json<Subscribing>>) -> Answer<Json<Subscriptions>> {
    let (actor, Json(asked)) = (call.caller.actor(), call.body);
    let once = call.idempotency_key.map(|key| key.once(&actor, &policy::SUBSCRIBE, &asked));
    let Subscribing { purpose, until, payees } = asked;
    let follow = |(at, SubscribedPayee { payee, account, reference }): (usize, SubscribedPayee)| {
        let wrong = || {
            let expected = "expected an IBAN, or a Danish account as RRRR-N";
            Problem::of("body.field").because(expected).at(format!("/payees/{at}/account"))
        };
        let account = account.map(|text| Account::parse(&text).map_err(|_| wrong())).transpose()?;
        Ok(Followed { payee, account, reference })
    };
    let payees = payees.into_iter().enumerate().map(follow).collect::<Answer<Vec<_>>>()?;
    let (count, client) = (payees.len(), Client { actor: actor.clone(), payer: call.caller.payer.clone() });
    let request = Subscribe::new(&call.edge.vault, client, purpose, until, payees, once).map_err(refused)?;
    let asking = call.edge.core.execute_jointly(request, actor, count);
    let subscribed = unless_emptied(&call.edge, &call.caller, purpose, count, asking).await?;
    Ok(Json(Subscriptions { subscriptions: subscribed.into_iter().map(Begun::from).collect() }))
}

/// A page of your subscriptions.
#[derive(Serialize, JsonSchema)]
struct Lasting {
    /// The oldest come first.
    subscriptions: Vec<Lasts>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A subscription that lasts.
#[derive(Serialize, JsonSchema)]
struct Lasts {
    /// Its name.
    id: String,
    /// The payee, as you named it.
    payee: Option<String>,
    /// What you call what you plan.
    reference: Option<String>,
    /// For which legal purpose.
    purpose: &'static str,
    /// Until when (RFC 3339).
    until: String,
}

impl From<SubscriptionView> for Lasts {
    fn from(SubscriptionView { id, payee, reference, purpose, until }: SubscriptionView) -> Self {
        Self { id, payee, reference, purpose, until }
    }
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Lasting>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let page = call.edge.core.read(move |reader| {
        reader.read(|scope| queries::subscriptions(scope, &actor, actor.name(), after, limit, now))
    });
    let page = page.await?;
    let next = page.next.map(|last| page_of::write(LIST, last));
    Ok(Json(Lasting { subscriptions: page.rows.into_iter().map(Lasts::from).collect(), next }))
}

/// Which part of what is told is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PartOf {
    /// Where to go on: `next` of what was read before. Without it, with your oldest subscription of which anything is told still.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many changes of accounts, and those that were recorded with the last; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// Some of what became of accounts.
#[derive(Serialize, JsonSchema)]
struct Events {
    /// The earliest come first. There can be none while there are more.
    events: Vec<Event>,
    /// Where to go on, now or later: what is told has no end.
    next: String,
    /// Whether more may be there already.
    more: bool,
}

/// Something that became of an account.
#[derive(Serialize, JsonSchema)]
pub struct Event {
    /// Names it, always the same: drop what you have had. Later ones have greater ids.
    id: String,
    /// What happened: `changed`; to public payers `registered`, `payable`, `frozen`, `closed`, `dead`, `unknown`, `pending`,
    /// `pending_ended`; to all others `payable` and `not_payable`.
    event: &'static str,
    /// By which subscription it is told: of several about one payee, the newest.
    subscription: String,
    /// What you call what you plan.
    reference: String,
    /// The payee, as you named it.
    payee: String,
    /// The kind of benefit, where it is an account for one of yours.
    benefit: Option<String>,
    /// With `changed` and `registered`: by which kind of channel, `bank`, `self_service`, `caseworker` or `operator`.
    channel: Option<&'static str>,
    /// With `changed`: how many whole days ago.
    changed_days_ago: Option<i64>,
    /// From when it holds (RFC 3339).
    from: String,
    /// When it was recorded (RFC 3339).
    recorded: String,
}

impl From<SubscriptionEvent> for Event {
    fn from(told: SubscriptionEvent) -> Self {
        let SubscriptionEvent { id, event, subscription, reference, payee, .. } = told;
        let SubscriptionEvent { benefit, channel, changed_days_ago, from, recorded, .. } = told;
        Self { id, event, subscription, reference, payee, benefit, channel, changed_days_ago, from, recorded }
    }
}

async fn events(call: Call<Nothing, Nothing, PartOf>) -> Answer<Json<Events>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let bounds = EventBounds { events: page_of::limit(call.query.limit)?, rows: EVENT_ROWS_MAX };
    let after = call.query.cursor.as_deref().map(|cursor| page_of::after(EVENTS, cursor)).transpose()?;
    let read = call.edge.core.read(move |reader| {
        reader.read(|scope| queries::subscription_events(scope, &actor, actor.name(), after, bounds, now))
    });
    let SubscriptionEvents { events, reached, has_more } = read.await?;
    let events = events.into_iter().map(Event::from).collect();
    Ok(Json(Events { events, next: page_of::write(EVENTS, reached.max(0)), more: has_more }))
}

/// Which subscriptions of yours are to be ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// Their names.
    #[schemars(length(min = 1, max = ENDED_MAX))]
    subscriptions: Vec<String>,
}

/// What was ended.
#[derive(Serialize, JsonSchema)]
struct Ended {
    /// How many that was, of those that had not been ended before.
    ended: usize,
}

async fn end(call: Call<Json<Ending>>) -> Answer<Json<Ended>> {
    let (actor, Json(Ending { subscriptions })) = (call.caller.actor(), call.body);
    let command = EndSubscriptions { client: actor.name().to_owned(), subscriptions };
    Ok(Json(Ended { ended: call.edge.core.execute(command, actor).await? }))
}

/// Whose account it is about.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AboutWhom {
    /// Whose: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

/// Who is told, or was.
#[derive(Serialize, JsonSchema)]
struct Subscribers {
    /// The newest first, 1,000 at most.
    subscribers: Vec<Subscriber>,
}

/// One who is told what becomes of an account.
#[derive(Serialize, JsonSchema)]
struct Subscriber {
    /// The subscription's name.
    subscription: String,
    /// Who.
    client: String,
    /// For which legal purpose: `payment`, `credit_agreement`.
    purpose: String,
    /// Since when (RFC 3339).
    since: String,
    /// Until when at most.
    until: String,
    /// When it was ended before that.
    ended: Option<String>,
}

impl From<ListedSubscribers> for Subscribers {
    fn from(listed: ListedSubscribers) -> Self {
        let subscriber = |view: SubscriberView| {
            let SubscriberView { subscription, client, purpose, since, until, ended } = view;
            Subscriber { subscription, client, purpose, since, until, ended }
        };
        Self { subscribers: listed.subscribers.into_iter().map(subscriber).collect() }
    }
}

async fn about(call: Call<Json<AboutWhom>>) -> Answer<Json<Subscribers>> {
    let (actor, payee) = (call.caller.actor(), call.body.0.payee);
    let listed = call.edge.core.execute(ListSubscribers { actor: actor.clone(), payee }, actor);
    Ok(Json(listed.await?.into()))
}
