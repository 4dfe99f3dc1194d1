//! Accounts that are marked: by operators' four eyes, and the appeals of their owners.

use super::motions::{self, Motion, MotionStanding, Which};
use super::question::{parsed, payee, revealed};
use crate::page_of::{self, PageOf};
use crate::route::{Answer, Call, Json, Nothing, Route};
use jiff::civil::Date;
use kernel::Id;
use registry::commands::{AppealMark, DecideAppeal, MarkAnswer};
use registry::mark::{MarkChange, MarkRefusal};
use registry::payee::PayeeId;
use registry::policy;
use registry::queries::{self, AppealView, MarkMotion, MarkView, OwnMark, Paged};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCOPE: &str = "marks";
/// Which lists cursors are of.
const LIST: &str = "marks";
const PROPOSED: &str = "marks.motions";
/// The console alone is asked, and it never comes this way.
const IS_SYNTHETIC: bool = false;
/// With what a change of a mark can be refused, when it is proposed and when it is approved.
const CHANGED: &[&str] = &[
    "mark.unknown",
    "mark.report",
    "mark.not_agreed",
    "mark.no_account",
    "mark.until",
    "mark.too_many",
    "motion.nothing",
];

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/marks", "marks.list", "The marks that stand or stood, in the order in which they were proposed")
            .token(policy::LIST_MARKS, SCOPE)
            .by(list),
        Route::post("/v1/marks/own", "marks.own", "The marks of your accounts, or of a company's that you sign for")
            .token(policy::LIST_OWN_MARKS, SCOPE)
            .refuses(&["citizen.other", "citizen.assurance"])
            .by(own),
        Route::get("/v1/marks/motions", "marks.motions", "What is proposed about marks, the oldest first")
            .token(policy::LIST_MARKS, SCOPE)
            .by(proposed),
        Route::post(
            "/v1/marks/motions",
            "marks.propose",
            "Propose that the account of a confirmed report is marked, or its mark prolonged: somebody else approves it",
        )
        .token(policy::PROPOSE_MARK, SCOPE)
        .repeatable()
        .refuses(&["motion.why"])
        .refuses_as_all(CHANGED)
        .by(propose),
        Route::get("/v1/marks/motions/{motion}", "marks.motion", "What was proposed, and what became of it")
            .token(policy::LIST_MARKS, SCOPE)
            .refuses(&["motion.unknown"])
            .by(motion),
        Route::post(
            "/v1/marks/motions/{motion}/approve",
            "marks.approve",
            "Approve what somebody else proposed: it is decided again, and so",
        )
        .token(policy::APPROVE_MARK, SCOPE)
        .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.outdated"])
        .refuses_as_all(CHANGED)
        .by(motions::approve::<MarkChange>),
        Route::post("/v1/marks/motions/{motion}/refuse", "marks.refuse", "Say no to what somebody else proposed")
            .token(policy::REFUSE_MARK, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.why"])
            .by(motions::refuse::<MarkChange>),
        Route::post("/v1/marks/motions/{motion}/withdraw", "marks.withdraw", "Take back what you proposed")
            .token(policy::WITHDRAW_MARK, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.not_own"])
            .by(motions::withdraw::<MarkChange>),
        Route::get("/v1/marks/{mark}", "marks.show", "One mark, with its appeals")
            .token(policy::LIST_MARKS, SCOPE)
            .refuses(&["mark.unknown"])
            .by(show),
        Route::post("/v1/marks/{mark}/end", "marks.end", "Propose that a mark ends before its day: somebody else approves it")
            .token(policy::PROPOSE_MARK, SCOPE)
            .repeatable()
            .refuses(&["motion.why"])
            .refuses_as_all(CHANGED)
            .by(end),
        Route::post(
            "/v1/marks/{mark}/appeal",
            "marks.appeal",
            "Appeal against the mark on your account; as an officer, for an owner who is there in person",
        )
        .token(policy::APPEAL_MARK, SCOPE)
        .repeatable()
        .refuses(&[
            "mark.unknown",
            "mark.ended",
            "mark.appealed",
            "mark.why",
            "citizen.other",
            "citizen.assurance",
            "caseworker.in_person",
        ])
        .by(appeal),
        Route::post("/v1/marks/{mark}/decide", "marks.decide", "Decide about an appeal, having had no part in the mark")
            .token(policy::DECIDE_APPEAL, SCOPE)
            .repeatable()
            .refuses(&["mark.unknown", "mark.ended", "mark.not_appealed", "mark.which", "mark.own", "mark.why"])
            .by(decide),
    ]
}

/// A mark, as the account's owner sees it.
#[derive(Serialize, JsonSchema)]
struct OwnAccountMark {
    /// Our name for it.
    id: String,
    /// `in_force`, `expired`, `ended`.
    state: &'static str,
    /// The account, masked.
    account: String,
    /// What is suspected of it.
    reason: &'static str,
    /// The last day on which it stands.
    until: String,
    /// Where appeals stand: `appealed` while one waits, else what was done last, `upheld` or `lifted`.
    appeal: Option<&'static str>,
}

impl From<OwnMark> for OwnAccountMark {
    fn from(OwnMark { id, state, account, reason, until, appeal }: OwnMark) -> Self {
        Self { id, state, account, reason, until, appeal }
    }
}

/// A mark.
#[derive(Serialize, JsonSchema)]
struct AccountMark {
    #[serde(flatten)]
    own: OwnAccountMark,
    /// The report on whose ground it stands.
    suspicion: String,
    /// Since when this is so (RFC 3339).
    since: String,
    /// Who proposed it.
    proposed_by: String,
    /// Who approved it; or lifted it.
    approved_by: String,
    /// Why.
    why: Option<String>,
    /// What was done about appeals, in order.
    appeals: Vec<MarkAppeal>,
}

/// One thing that was done about an appeal.
#[derive(Serialize, JsonSchema)]
struct MarkAppeal {
    /// `appealed`, `upheld`, `lifted`.
    act: &'static str,
    /// Which appeal it is, or is about: they count from 1.
    number: usize,
    /// Whether it is an appeal that nobody has decided about.
    waits: bool,
    /// When (RFC 3339).
    at: String,
    /// By whom.
    by: String,
    /// Why.
    why: String,
}

impl From<AppealView> for MarkAppeal {
    fn from(AppealView { act, number, waits, at, by, why }: AppealView) -> Self {
        Self { act, number, waits, at, by, why }
    }
}

impl From<MarkView> for AccountMark {
    fn from(view: MarkView) -> Self {
        let MarkView { own, suspicion, since, proposed_by, approved_by, why, appeals } = view;
        let appeals = appeals.into_iter().map(MarkAppeal::from).collect();
        Self { own: own.into(), suspicion, since, proposed_by, approved_by, why, appeals }
    }
}

/// A page of marks.
#[derive(Serialize, JsonSchema)]
struct AccountMarks {
    /// In the order in which they were proposed. There can be none while there are more.
    marks: Vec<AccountMark>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A page of what is proposed about marks.
#[derive(Serialize, JsonSchema)]
struct MarkMotions {
    /// The oldest first.
    motions: Vec<ProposedMark>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// What is or was proposed about a mark.
#[derive(Serialize, JsonSchema)]
struct ProposedMark {
    #[serde(flatten)]
    motion: Motion,
    /// `set`, `end`.
    change: &'static str,
    /// The account, masked.
    account: Option<String>,
    /// The report on whose ground it is set.
    suspicion: Option<String>,
    /// The mark that ends, or is prolonged.
    mark: Option<String>,
    /// The last day on which it is to stand.
    stands_until: Option<String>,
}

impl From<MarkMotion> for ProposedMark {
    fn from(MarkMotion { motion, change, account, suspicion, mark, stands_until }: MarkMotion) -> Self {
        Self { motion: motion.into(), change, account, suspicion, mark, stands_until }
    }
}

/// Which marks, and which page of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MarksOf {
    /// Only those that stand and against which an appeal waits.
    #[serde(default)]
    appealed: Option<bool>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

async fn list(call: Call<Nothing, Nothing, MarksOf>) -> Answer<Json<AccountMarks>> {
    let (actor, now, MarksOf { appealed, cursor, limit }) = (call.caller.actor(), (call.edge.clock)(), call.query);
    let after = cursor.map(|cursor| page_of::after(LIST, &cursor)).transpose()?;
    let limit = page_of::limit(limit)?;
    let marks = if appealed == Some(true) { queries::appealed_marks } else { queries::marks };
    let page = call.edge.core.read(move |reader| reader.read(|scope| marks(scope, &actor, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(LIST, last));
    Ok(Json(AccountMarks { marks: rows.into_iter().map(AccountMark::from).collect(), next }))
}

async fn proposed(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<MarkMotions>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(PROPOSED)?, call.query.limit()?);
    let page =
        call.edge.core.read(move |reader| reader.read(|scope| queries::mark_motions(scope, &actor, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(PROPOSED, last));
    Ok(Json(MarkMotions { motions: rows.into_iter().map(ProposedMark::from).collect(), next }))
}

async fn motion(call: Call<Nothing, Which>) -> Answer<Json<ProposedMark>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.motion);
    let shown = call.edge.core.read(move |reader| reader.read(|scope| queries::mark_motion(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// Which mark.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichMark {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    mark: String,
}

async fn show(call: Call<Nothing, WhichMark>) -> Answer<Json<AccountMark>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.mark);
    let shown = call.edge.core.read(move |reader| reader.read(|scope| queries::mark(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// Of whom it is asked which accounts are marked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnMarksOf {
    /// Yourself, or the company: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

/// The marks of one payee's accounts.
#[derive(Serialize, JsonSchema)]
struct OwnAccountMarks {
    /// Those that have ended too.
    marks: Vec<OwnAccountMark>,
}

async fn own(call: Call<Json<OwnMarksOf>>) -> Answer<Json<OwnAccountMarks>> {
    let (actor, now, payee) = (call.caller.actor(), (call.edge.clock)(), call.body.0.payee);
    let found = call.edge.core.read(move |reader| reader.read(|scope| queries::own_marks(scope, &actor, &payee, now)));
    Ok(Json(OwnAccountMarks { marks: found.await?.into_iter().map(OwnAccountMark::from).collect() }))
}

/// An account that is to be marked.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Marking {
    /// The report that was confirmed; its account is marked.
    #[schemars(length(min = 13, max = 13))]
    suspicion: String,
    /// The last day on which the mark stands: at most six months from now.
    #[schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), example = &"2027-03-31")]
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

async fn propose(call: Call<Json<Marking>>) -> Answer<Json<MotionStanding>> {
    let Json(Marking { suspicion, until, reason }) = &call.body;
    let suspicion = Id::parse_name(suspicion).ok_or_else(|| crate::problem::refused(MarkRefusal::Report))?;
    let (subject, reason) = (MarkChange::Set { suspicion, until: *until }, reason.clone());
    motions::propose(call, subject, reason).await
}

/// Why somebody wants something.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ending {
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

async fn end(call: Call<Json<Ending>, WhichMark>) -> Answer<Json<MotionStanding>> {
    let mark = Id::parse_name(&call.path.mark).ok_or_else(|| crate::problem::refused(MarkRefusal::Unknown))?;
    let reason = call.body.0.reason.clone();
    motions::propose(call, MarkChange::End { mark }, reason).await
}

/// An appeal.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Appealing {
    /// Whose account it is or was: of a citizen the company, if it is not their own. An officer leaves it out where it was never designated
    /// for whose it is.
    #[serde(default, deserialize_with = "some_payee", serialize_with = "some_revealed")]
    #[schemars(with = "Option<String>", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"))]
    payee: Option<PayeeId>,
    /// Why it is not right; of an officer who names nobody, also whose account it is: one line of 1 to 500 characters.
    #[schemars(length(min = 1, max = 500))]
    text: String,
}

fn some_payee<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PayeeId>, D::Error> {
    payee(deserializer).map(Some)
}

fn some_revealed<S: Serializer>(payee: &Option<PayeeId>, serializer: S) -> Result<S::Ok, S::Error> {
    match payee {
        Some(payee) => revealed(payee, serializer),
        None => serializer.serialize_none(),
    }
}

/// Where a mark stands.
#[derive(Serialize, JsonSchema)]
struct MarkStanding {
    /// Our name for it.
    id: String,
    /// `in_force`, `ended`.
    state: String,
    /// The last day on which it stands, or would have.
    until: String,
    /// What became of the appeal: `appealed`, `upheld`, `lifted`.
    appeal: String,
}

impl From<MarkAnswer> for MarkStanding {
    fn from(MarkAnswer { id, state, until, appeal }: MarkAnswer) -> Self {
        Self { id, state, until, appeal }
    }
}

async fn appeal(call: Call<Json<Appealing>, WhichMark>) -> Answer<Json<MarkStanding>> {
    let (actor, mark, Appealing { payee, text }) = (call.caller.actor(), call.path.mark.clone(), &call.body.0);
    let command = AppealMark { mark, actor, payee: *payee, text: text.clone(), is_synthetic: IS_SYNTHETIC };
    Ok(Json(call.once(&(&call.path.mark, &call.body.0), command).await?.into()))
}

/// What is decided about an appeal.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Decided {
    /// The mark stays.
    Uphold,
    /// The mark goes.
    Lift,
}

/// A decision about an appeal.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deciding {
    /// Which appeal, by its number, where several wait.
    #[serde(default)]
    #[schemars(range(min = 1))]
    appeal: Option<usize>,
    /// What.
    decision: Decided,
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

async fn decide(call: Call<Json<Deciding>, WhichMark>) -> Answer<Json<MarkStanding>> {
    let (officer, mark, Deciding { appeal, decision, reason: why }) =
        (call.caller.actor(), call.path.mark.clone(), &call.body.0);
    let (appeal, lifts) = (*appeal, matches!(decision, Decided::Lift));
    let command = DecideAppeal { mark, appeal, lifts, why: why.clone(), officer, is_synthetic: IS_SYNTHETIC };
    Ok(Json(call.once(&(&call.path.mark, &call.body.0), command).await?.into()))
}
