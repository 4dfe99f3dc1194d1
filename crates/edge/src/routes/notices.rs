//! What payees are told, as operators look after it.

use super::question::parsed;
use crate::page_of;
use crate::route::{Answer, Call, Json, Nothing, Route};
use registry::commands::{RETRIED_MAX, RetryNotices, TryNotice};
use registry::notice::{Language, Recipient};
use registry::notice_progress::NoticeState;
use registry::policy;
use registry::queries::{self, NoticeView, Paged};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

const SCOPE: &str = "notices";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/notices", "notices.list", "Notices that wait or were given up, the oldest first")
            .token(policy::READ_NOTICES, SCOPE)
            .by(list),
        Route::post("/v1/notices/{notice}/retry", "notices.retry", "Send a notice again, from the first try on")
            .token(policy::RETRY_NOTICES, SCOPE)
            .refuses(&["notice.unknown", "notice.sent", "change.why"])
            .by(retry),
        Route::post("/v1/notices/retry", "notices.retry-dead", "Send again what was given up, the oldest 10,000")
            .token(policy::RETRY_NOTICES, SCOPE)
            .refuses(&["change.why"])
            .by(retry_dead),
        Route::post("/v1/notices/try", "notices.try", "Record a notice that tells nothing, to try whether it arrives")
            .token(policy::TRY_NOTICE, SCOPE)
            .by(attempt),
    ]
}

/// Which notices.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoticesOf {
    /// Those that stand there; without it, those that were given up.
    #[serde(default)]
    state: Option<Open>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// Where a notice can stand that was not taken.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Open {
    /// It is to be sent.
    Waiting,
    /// It was given up.
    Dead,
}

/// A page of notices.
#[derive(Serialize, JsonSchema)]
struct Notices {
    /// The oldest first.
    notices: Vec<Notice>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A notice, without whom it is about; where it goes is masked.
#[derive(Serialize, JsonSchema)]
struct Notice {
    /// Its name.
    notice: String,
    /// By what whoever carries it on knows it.
    reference: String,
    /// What it tells.
    kind: &'static str,
    /// `digital_post`, `sms`, `email`, `letter`.
    medium: &'static str,
    /// Its tag.
    language: &'static str,
    /// Where it goes, masked.
    to: String,
    /// When it was recorded (RFC 3339).
    recorded: String,
    /// `waiting`, `dead`.
    state: &'static str,
    /// When it is tried next, or since when it is given up.
    at: String,
    /// How often it was tried.
    tries: i64,
    /// When that failed last.
    last_failure: Option<String>,
    /// How: a stable code.
    last_code: Option<String>,
    /// The status of the answer, where there was one.
    last_status: Option<i64>,
}

impl From<NoticeView> for Notice {
    fn from(view: NoticeView) -> Self {
        Self {
            notice: view.notice,
            reference: view.reference,
            kind: view.kind,
            medium: view.medium,
            language: view.language,
            to: view.to,
            recorded: view.recorded,
            state: view.state,
            at: view.at,
            tries: view.tries,
            last_failure: view.last_failure,
            last_code: view.last_code,
            last_status: view.last_status,
        }
    }
}

async fn list(call: Call<Nothing, Nothing, NoticesOf>) -> Answer<Json<Notices>> {
    let (actor, NoticesOf { state, cursor, limit }) = (call.caller.actor(), call.query);
    let (state, list) = match state.unwrap_or(Open::Dead) {
        Open::Waiting => (NoticeState::Waiting, "notices.waiting"),
        Open::Dead => (NoticeState::Dead, "notices.dead"),
    };
    let after = cursor.map(|cursor| page_of::after(list, &cursor)).transpose()?;
    let limit = page_of::limit(limit)?;
    let read = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::notice_page(scope, &actor, state, after, limit)));
    let Paged { rows, next } = read.await?;
    let next = next.map(|last| page_of::write(list, last));
    Ok(Json(Notices { notices: rows.into_iter().map(Notice::from).collect(), next }))
}

/// Which notice.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Its name: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    notice: String,
}

/// Why notices are sent again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Again {
    /// Why: one line of 1 to 500 characters that is kept in the journal.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// What is sent again.
#[derive(Serialize, JsonSchema)]
struct Retried {
    /// How many.
    retried: usize,
    /// Whether there may be more: ask again.
    more: bool,
}

async fn retry(call: Call<Json<Again>, Which>) -> Answer<Json<Retried>> {
    let Which { notice } = call.path;
    let command = RetryNotices { notice: Some(notice), why: call.body.0.reason };
    let retried = call.edge.core.execute(command, call.caller.actor()).await?;
    Ok(Json(Retried { retried, more: false }))
}

async fn retry_dead(call: Call<Json<Again>>) -> Answer<Json<Retried>> {
    let command = RetryNotices { notice: None, why: call.body.0.reason };
    let retried = call.edge.core.execute(command, call.caller.actor()).await?;
    Ok(Json(Retried { retried, more: retried == RETRIED_MAX }))
}

/// Where a notice is tried.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// `digital_post:cpr:N`, `digital_post:cvr:N`, `sms:+45N`, `email:ADDRESS`, `letter:cpr:N` or `letter:cvr:N`.
    #[schemars(with = "String", length(max = 300), example = &"sms:+4512345678")]
    #[serde(deserialize_with = "recipient")]
    to: Recipient,
    /// In which language: `da` unless it is said.
    #[serde(default)]
    #[schemars(with = "Option<Tag>")]
    #[serde(deserialize_with = "language")]
    language: Option<Language>,
}

/// The tags of languages, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum Tag {
    Da,
    En,
}

fn recipient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recipient, D::Error> {
    parsed(
        deserializer,
        Recipient::parse,
        "digital_post: or letter: and a number, sms: and a number with +, or email: and an address",
    )
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    parsed(deserializer, |text| Language::parse(text).map(Some), "da or en")
}

/// A notice that was recorded.
#[derive(Serialize, JsonSchema)]
struct Tried {
    /// By what it goes.
    medium: &'static str,
}

async fn attempt(call: Call<Json<Trial>>) -> Answer<Json<Tried>> {
    let Json(Trial { to, language }) = call.body;
    let medium = to.medium().name();
    let command = TryNotice { to, language: language.unwrap_or(Language::Danish) };
    call.edge.core.execute(command, call.caller.actor()).await?;
    Ok(Json(Tried { medium }))
}
