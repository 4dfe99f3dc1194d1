//! Lawful collectors, as operators see and decide about them.

use super::motions::{self, Motion, MotionStanding, Which};
use super::question::{account, parsed};
use crate::page_of::{self, PageOf};
use crate::route::{Answer, Call, Json, Nothing, Route};
use denmark::{Account, Cvr};
use jiff::civil::Date;
use registry::collector::Collector;
use registry::commands::EndCollector;
use registry::policy;
use registry::queries::{self, CollectorMotion, CollectorTerms, CollectorView, Paged};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCOPE: &str = "collectors";
/// Which lists cursors are of.
const REGISTERED: &str = "collectors";
const PROPOSED: &str = "collectors.motions";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/collectors", "collectors.list", "Who is or was a lawful collector")
            .token(policy::LIST_COLLECTORS, SCOPE)
            .by(list),
        Route::post("/v1/collectors/{collector}/end", "collectors.end", "Take a collector out of the register")
            .token(policy::END_COLLECTOR, SCOPE)
            .refuses(&["collector.unknown"])
            .by(end),
        Route::get("/v1/collectors/motions", "collectors.motions", "Who is proposed, the oldest first")
            .token(policy::LIST_COLLECTORS, SCOPE)
            .by(proposed),
        Route::post(
            "/v1/collectors/motions",
            "collectors.propose",
            "Propose a collector, or a later review of one: somebody else approves it",
        )
        .token(policy::PROPOSE_COLLECTOR, SCOPE)
        .repeatable()
        .refuses(&[
            "motion.why",
            "collector.name",
            "collector.review",
            "collector.company",
            "collector.bank",
            "collector.taken",
            "motion.nothing",
        ])
        .by(propose),
        Route::get("/v1/collectors/motions/{motion}", "collectors.motion", "Who was proposed, and what became of it")
            .token(policy::LIST_COLLECTORS, SCOPE)
            .refuses(&["motion.unknown"])
            .by(motion),
        Route::post(
            "/v1/collectors/motions/{motion}/approve",
            "collectors.approve",
            "Approve whom somebody else proposed: it is decided again, and in force",
        )
        .token(policy::APPROVE_COLLECTOR, SCOPE)
        .refuses(&[
            "motion.unknown",
            "motion.ended",
            "motion.own",
            "motion.outdated",
            "collector.review",
            "collector.company",
            "collector.bank",
            "collector.taken",
            "motion.nothing",
        ])
        .by(motions::approve::<Collector>),
        Route::post(
            "/v1/collectors/motions/{motion}/refuse",
            "collectors.refuse",
            "Say no to whom somebody else proposed",
        )
        .token(policy::REFUSE_COLLECTOR, SCOPE)
        .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.why"])
        .by(motions::refuse::<Collector>),
        Route::post("/v1/collectors/motions/{motion}/withdraw", "collectors.withdraw", "Take back whom you proposed")
            .token(policy::WITHDRAW_COLLECTOR, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.not_own"])
            .by(motions::withdraw::<Collector>),
    ]
}

/// A page of collectors.
#[derive(Serialize, JsonSchema)]
struct Collectors {
    /// In the order in which they were proposed.
    collectors: Vec<RegisteredCollector>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A company, and its account.
#[derive(Serialize, JsonSchema)]
struct Terms {
    /// The company's CVR number.
    cvr: String,
    /// Its account: the IBAN.
    account: String,
    /// What it is called.
    name: String,
    /// The last day on which it counts.
    review_by: String,
}

impl From<CollectorTerms> for Terms {
    fn from(CollectorTerms { cvr, account, name, review_by }: CollectorTerms) -> Self {
        Self { cvr, account, name, review_by }
    }
}

/// A collector in the register.
#[derive(Serialize, JsonSchema)]
struct RegisteredCollector {
    /// What it is known by.
    id: String,
    /// `in_force`, `overdue`, `ended`.
    state: &'static str,
    #[serde(flatten)]
    terms: Terms,
    /// Since when this is so (RFC 3339).
    since: String,
    /// Who proposed it.
    proposed_by: String,
    /// Who approved it; or ended it.
    approved_by: String,
    /// Why.
    reason: Option<String>,
    /// When they were reminded that they are to be looked at again (RFC 3339).
    reminded: Option<String>,
}

impl From<CollectorView> for RegisteredCollector {
    fn from(view: CollectorView) -> Self {
        let CollectorView { id, state, terms, since, proposed_by, approved_by, reason, reminded } = view;
        Self { id, state, terms: terms.into(), since, proposed_by, approved_by, reason, reminded }
    }
}

/// A page of collectors that are proposed.
#[derive(Serialize, JsonSchema)]
struct CollectorMotions {
    /// The oldest first.
    motions: Vec<ProposedCollector>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A collector that is or was proposed.
#[derive(Serialize, JsonSchema)]
struct ProposedCollector {
    #[serde(flatten)]
    motion: Motion,
    #[serde(flatten)]
    terms: Terms,
}

impl From<CollectorMotion> for ProposedCollector {
    fn from(CollectorMotion { motion, terms }: CollectorMotion) -> Self {
        Self { motion: motion.into(), terms: terms.into() }
    }
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Collectors>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(REGISTERED)?, call.query.limit()?);
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::registered_collectors(scope, &actor, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(REGISTERED, last));
    Ok(Json(Collectors { collectors: rows.into_iter().map(RegisteredCollector::from).collect(), next }))
}

async fn proposed(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<CollectorMotions>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(PROPOSED)?, call.query.limit()?);
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::proposed_collectors(scope, &actor, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(PROPOSED, last));
    Ok(Json(CollectorMotions { motions: rows.into_iter().map(ProposedCollector::from).collect(), next }))
}

async fn motion(call: Call<Nothing, Which>) -> Answer<Json<ProposedCollector>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.motion);
    let shown =
        call.edge.core.read(move |reader| reader.read(|scope| queries::collector_motion(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// A company that is to be a collector, or is one and was looked at again.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedCollector {
    /// The company's CVR number.
    #[schemars(with = "String", regex(pattern = r"^[1-9][0-9]{7}$"), example = &"13748136")]
    #[serde(deserialize_with = "cvr", serialize_with = "digits")]
    cvr: Cvr,
    /// Its account: an IBAN, or a registration number and account number as `RRRR-N`.
    #[schemars(with = "String", length(max = 42), example = &"0040-1234567890")]
    #[serde(deserialize_with = "account", serialize_with = "text")]
    account: Account,
    /// What it is called.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// The last day on which it counts, unless it is reviewed: at most twelve months from now.
    #[schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), example = &"2027-06-30")]
    #[serde(deserialize_with = "day", serialize_with = "shown")]
    review_by: Date,
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

fn cvr<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cvr, D::Error> {
    parsed(deserializer, |text| Cvr::parse(text).ok(), "a CVR number")
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    parsed(deserializer, |text| text.parse().ok(), "a day, such as 2026-11-23")
}

fn digits<S: Serializer>(cvr: &Cvr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(cvr.digits())
}

fn text<S: Serializer>(account: &Account, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&account.to_text())
}

fn shown<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

async fn propose(call: Call<Json<WantedCollector>>) -> Answer<Json<MotionStanding>> {
    let Json(WantedCollector { cvr, account, name, review_by, .. }) = &call.body;
    let subject = Collector { cvr: *cvr, account: *account, name: name.clone(), review_by: *review_by };
    let reason = call.body.0.reason.clone();
    motions::propose(call, subject, reason).await
}

/// Which collector.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichCollector {
    /// Its id: that of a motion by which it came or was renewed.
    #[schemars(length(min = 13, max = 13))]
    collector: String,
}

/// A collector that was ended.
#[derive(Serialize, JsonSchema)]
struct EndedCollector {
    /// What it is known by.
    id: String,
    /// `ended`.
    state: &'static str,
    /// Whether it had not been ended before.
    changed: bool,
}

async fn end(call: Call<Nothing, WhichCollector>) -> Answer<Json<EndedCollector>> {
    let (officer, id) = (call.caller.actor(), call.path.collector);
    let command = EndCollector { id, officer: officer.clone(), is_synthetic: false };
    let (id, changed) = call.edge.core.execute(command, officer).await?;
    Ok(Json(EndedCollector { id, state: "ended", changed }))
}
