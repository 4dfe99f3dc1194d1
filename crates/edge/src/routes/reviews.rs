//! Accounts to which the money of many payees goes, as operators see and decide about them.

use super::motions::{self, Motion, MotionStanding};
use super::question::parsed;
use crate::page_of::{self, PageOf};
use crate::problem::refused;
use crate::route::{Answer, Call, Json, Nothing, Route};
use jiff::civil::Date;
use registry::commands::{LeaveAlone, ListReviewPayees, Propose, SuspectAccount};
use registry::policy;
use registry::queries::{self, Paged, ReviewMotion, ReviewShown, ReviewView};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCOPE: &str = "reviews";
/// Which list a cursor is of.
const LIST: &str = "reviews";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/reviews", "reviews.list", "Accounts with too many payees that nobody has decided about")
            .token(policy::LIST_REVIEWS, SCOPE)
            .by(list),
        Route::get("/v1/reviews/{review}", "reviews.show", "One review, and what holds of its account now")
            .token(policy::LIST_REVIEWS, SCOPE)
            .refuses(&["review.unknown"])
            .by(show),
        Route::post("/v1/reviews/{review}/payees", "reviews.payees", "Whose the account is, or was within six months")
            .token(policy::LIST_REVIEW_PAYEES, SCOPE)
            .refuses(&["review.unknown"])
            .by(payees),
        Route::post(
            "/v1/reviews/{review}/suspect",
            "reviews.suspect",
            "Find that an account looks like one to which somebody else's money goes",
        )
        .token(policy::SUSPECT_REVIEW, SCOPE)
        .refuses(&["review.unknown", "motion.why"])
        .by(suspect),
        Route::post(
            "/v1/reviews/{review}/leave-alone",
            "reviews.propose",
            "Propose to leave an account alone until a day: somebody else approves it",
        )
        .token(policy::PROPOSE_REVIEW, SCOPE)
        .repeatable()
        .refuses(&["review.unknown", "motion.why", "review.until", "motion.nothing"])
        .by(propose),
        Route::post(
            "/v1/reviews/motions/{motion}/approve",
            "reviews.approve",
            "Approve what somebody else proposed: it is decided again, and payments to the account go on",
        )
        .token(policy::APPROVE_REVIEW, SCOPE)
        .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.outdated", "review.until", "motion.nothing"])
        .by(motions::approve::<LeaveAlone>),
        Route::post("/v1/reviews/motions/{motion}/refuse", "reviews.refuse", "Say no to what somebody else proposed")
            .token(policy::REFUSE_REVIEW, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.why"])
            .by(motions::refuse::<LeaveAlone>),
        Route::post("/v1/reviews/motions/{motion}/withdraw", "reviews.withdraw", "Take back what you proposed")
            .token(policy::WITHDRAW_REVIEW, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.not_own"])
            .by(motions::withdraw::<LeaveAlone>),
    ]
}

/// How many payees, within three windows.
#[derive(Serialize, JsonSchema)]
struct Payees {
    /// Three days.
    days_3: u64,
    /// Thirty days.
    days_30: u64,
    /// Six months.
    months_6: u64,
}

impl From<queries::Payees> for Payees {
    fn from(queries::Payees { days_3, days_30, months_6 }: queries::Payees) -> Self {
        Self { days_3, days_30, months_6 }
    }
}

/// A review of an account.
#[derive(Serialize, JsonSchema)]
struct Review {
    /// Our name for it.
    id: String,
    /// `open`, `collector`, `left_alone`, `suspicious`.
    state: &'static str,
    /// The account, masked.
    account: String,
    /// Why it was opened: `drawn`, or the window within which there were more payees than the limit.
    cause: &'static str,
    /// When (RFC 3339).
    opened: String,
    /// By whom.
    opened_by: String,
    /// Whose account it was then.
    payees: Payees,
    /// Who of them was paid to it.
    paid: Payees,
    /// How many payments were held because of it so far.
    held: u64,
    /// The last day on which it is left alone.
    until: Option<String>,
    /// When it was decided (RFC 3339).
    decided: Option<String>,
    /// By whom.
    decided_by: Option<String>,
    /// Why.
    why: Option<String>,
}

impl From<ReviewView> for Review {
    fn from(view: ReviewView) -> Self {
        let ReviewView { id, state, account, cause, opened, opened_by, payees, paid, held, .. } = view;
        let ReviewView { until, decided, decided_by, why, .. } = view;
        let (payees, paid) = (payees.into(), paid.into());
        Self { id, state, account, cause, opened, opened_by, payees, paid, held, until, decided, decided_by, why }
    }
}

/// A page of reviews.
#[derive(Serialize, JsonSchema)]
struct Reviews {
    /// The oldest first.
    reviews: Vec<Review>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A review, and what holds of its account now.
#[derive(Serialize, JsonSchema)]
struct Shown {
    #[serde(flatten)]
    review: Review,
    /// Whose account it is by now.
    payees_now: Payees,
    /// Who was paid to it by now; and whom files name beside it whose payments wait because of it.
    paid_now: Payees,
    /// What is proposed about it, the oldest first.
    motions: Vec<ProposedDecision>,
}

/// That somebody proposes to leave an account alone.
#[derive(Serialize, JsonSchema)]
struct ProposedDecision {
    #[serde(flatten)]
    motion: Motion,
    /// Which review.
    review: String,
    /// The last day on which it would be left alone.
    left_alone_until: String,
}

impl From<ReviewMotion> for ProposedDecision {
    fn from(ReviewMotion { motion, review, left_alone_until }: ReviewMotion) -> Self {
        Self { motion: motion.into(), review, left_alone_until }
    }
}

impl From<ReviewShown> for Shown {
    fn from(ReviewShown { review, payees_now, paid_now, motions }: ReviewShown) -> Self {
        let motions = motions.into_iter().map(ProposedDecision::from).collect();
        Self { review: review.into(), payees_now: payees_now.into(), paid_now: paid_now.into(), motions }
    }
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Reviews>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::reviews(scope, &actor, true, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(LIST, last));
    Ok(Json(Reviews { reviews: rows.into_iter().map(Review::from).collect(), next }))
}

/// Which review.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    review: String,
}

async fn show(call: Call<Nothing, Which>) -> Answer<Json<Shown>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.review);
    let shown = call.edge.core.read(move |reader| reader.read(|scope| queries::review(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// A payee whose account it is, or was.
#[derive(Serialize, JsonSchema)]
struct ReviewPayee {
    /// `cpr:`, `cvr:`, `se:` or `p:` and the number.
    payee: String,
    /// When they left the account (RFC 3339); none of those whose it is.
    left: Option<String>,
    /// On which day they were paid to it last, as far as that was noted.
    paid: Option<String>,
}

/// Whose an account is, and was.
#[derive(Serialize, JsonSchema)]
struct ReviewPayees {
    /// The review.
    review: String,
    /// A hundred at most.
    payees: Vec<ReviewPayee>,
    /// Whether there are more.
    more: bool,
}

async fn payees(call: Call<Nothing, Which>) -> Answer<Json<ReviewPayees>> {
    let (actor, now, review) = (call.caller.actor(), (call.edge.clock)(), call.path.review);
    let command = ListReviewPayees { review, actor: actor.clone(), now };
    let registry::commands::ReviewPayees { review, payees, more } = call.edge.core.execute(command, actor).await?;
    let shown = |payee: registry::commands::ReviewPayee| {
        let registry::commands::ReviewPayee { payee, left, paid } = payee;
        ReviewPayee { payee, left, paid }
    };
    Ok(Json(ReviewPayees { review, payees: payees.into_iter().map(shown).collect(), more }))
}

/// Why an account looks suspicious.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Suspecting {
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// A review that ended.
#[derive(Serialize, JsonSchema)]
struct Suspected {
    /// The review.
    id: String,
    /// `suspicious`.
    state: &'static str,
    /// Whether it was not before.
    changed: bool,
}

async fn suspect(call: Call<Json<Suspecting>, Which>) -> Answer<Json<Suspected>> {
    let (officer, review, why) = (call.caller.actor(), call.path.review, call.body.0.reason);
    let command = SuspectAccount { review: review.clone(), why, officer: officer.clone(), is_synthetic: false };
    let changed = call.edge.core.execute(command, officer).await?;
    Ok(Json(Suspected { id: review, state: "suspicious", changed }))
}

/// Until when an account is to be left alone: a couple's, a family's, a home's.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LeavingAlone {
    /// The last day on which it is left alone: at most twelve months from now.
    #[schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), example = &"2027-06-30")]
    #[serde(deserialize_with = "day", serialize_with = "shown")]
    until: Date,
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    parsed(deserializer, |text| text.parse().ok(), "a day, such as 2026-11-23")
}

fn shown<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

async fn propose(call: Call<Json<LeavingAlone>, Which>) -> Answer<Json<MotionStanding>> {
    let (officer, review, body) = (call.caller.actor(), &call.path.review, &call.body.0);
    let subject = LeaveAlone::new(review, body.until).map_err(refused)?;
    let command = Propose { subject, reason: body.reason.clone(), officer, is_synthetic: false };
    Ok(Json(call.once(&(review, body), command).await?.into()))
}
