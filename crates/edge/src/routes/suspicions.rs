//! Suspicion reports: told by banks and payers, answered by who pays, and what became of them.

use super::question::{account, parsed, payee, revealed};
use crate::page_of::{self, PageOf};
use crate::route::{Answer, Call, Json, Nothing, Route};
use denmark::Account;
use registry::commands::{AcknowledgeSuspicion, CloseSuspicion, ReportSuspicion, Suspected, SuspicionAnswer};
use registry::payee::PayeeId;
use registry::policy;
use registry::queries::{self, Paged, RoutedSuspicion, SuspicionDetails, SuspicionView, WantedSuspicions};
use registry::suspicion::{Finding, Reason, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SCOPE: &str = "suspicions";
/// Which lists cursors are of.
const LIST: &str = "suspicions.list";
const REPORTED: &str = "suspicions.reported";
const ROUTED: &str = "suspicions.routed";
/// The console alone is asked, and it never comes this way.
const IS_SYNTHETIC: bool = false;
/// With what whoever answers a report can be refused.
const ANSWERED: &[&str] = &["suspicion.unknown", "suspicion.routed", "suspicion.own", "suspicion.state"];

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/suspicions",
            "suspicions.report",
            "Report a change, a payout or an account that you suspect. It holds nothing by itself, and tells you nothing of it",
        )
        .token(policy::REPORT_SUSPICION, SCOPE)
        .repeatable()
        .refuses(&["suspicion.from", "suspicion.subject", "suspicion.text", "suspicion.too_many"])
        .by(report),
        Route::get(
            "/v1/suspicions",
            "suspicions.list",
            "The reports that are yours to answer, the oldest first; a caseworker is shown those of their authority",
        )
        .token(policy::LIST_SUSPICIONS, SCOPE)
        .by(list),
        Route::get("/v1/suspicions/reported", "suspicions.reported", "What became of the reports of your bank or payer")
            .token(policy::LIST_REPORTED, SCOPE)
            .by(reported),
        Route::get(
            "/v1/suspicions/reported/{suspicion}",
            "suspicions.reported-one",
            "What became of one report of your bank or payer",
        )
        .token(policy::LIST_REPORTED, SCOPE)
        .refuses(&["suspicion.unknown"])
        .by(reported_one),
        Route::get(
            "/v1/suspicions/routed",
            "suspicions.routed",
            "The reports that went to your payer, the oldest first. Its caseworkers answer them, or the agency does",
        )
        .token(policy::LIST_ROUTED, SCOPE)
        .by(routed),
        Route::post(
            "/v1/suspicions/own",
            "suspicions.own",
            "What was reported about you or a company that you sign for, once somebody has said what they found",
        )
        .token(policy::LIST_OWN_SUSPICIONS, SCOPE)
        .refuses(&["citizen.other", "citizen.assurance"])
        .by(own),
        Route::get("/v1/suspicions/{suspicion}", "suspicions.show", "One report that is yours to answer")
            .token(policy::LIST_SUSPICIONS, SCOPE)
            .refuses(&["suspicion.unknown"])
            .by(show),
        Route::post("/v1/suspicions/{suspicion}/acknowledge", "suspicions.acknowledge", "Say that you look at it")
            .token(policy::ACKNOWLEDGE_SUSPICION, SCOPE)
            .refuses_as_all(ANSWERED)
            .by(acknowledge),
        Route::post("/v1/suspicions/{suspicion}/close", "suspicions.close", "Say what you found")
            .token(policy::CLOSE_SUSPICION, SCOPE)
            .refuses(&["suspicion.why"])
            .refuses_as_all(ANSWERED)
            .by(close),
    ]
}

/// What is suspected: one of these.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SuspectedThing {
    /// A proposal, by our name for it.
    Proposal(#[schemars(length(min = 1, max = 15))] String),
    /// The newest change of this payee's account, under way or made: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    ChangeOf(
        #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"))]
        #[serde(deserialize_with = "payee", serialize_with = "revealed")]
        PayeeId,
    ),
    /// One payment.
    Payout(SuspectedPayment),
    /// An account: an IBAN, or a registration number and account number as `RRRR-N`. A bank reports its own.
    Account(
        #[schemars(with = "String", regex(pattern = r"^[0-9]{4}-[0-9]{1,10}$"))]
        #[serde(deserialize_with = "account", serialize_with = "written")]
        Account,
    ),
}

/// One payment.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuspectedPayment {
    /// Its batch, by our name for it.
    #[schemars(length(min = 1, max = 13))]
    batch: String,
    /// The payer's own id of it.
    #[schemars(length(min = 1, max = 35))]
    end_to_end_id: String,
}

fn written<S: Serializer>(account: &Account, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&account.to_text())
}

/// The names of what can be suspected, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum SuspicionReason {
    StolenIdentity,
    NotThePayees,
    Mule,
    ForgedEvidence,
    Insider,
    Other,
}

fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
    parsed(deserializer, Reason::parse, "one of the reasons")
}

fn named<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.name())
}

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    parsed(deserializer, Source::parse, "police, review, bank:NAME or payer:NAME").map(Some)
}

fn of_source<S: Serializer>(source: &Option<Source>, serializer: S) -> Result<S::Ok, S::Error> {
    source.as_ref().map(Source::name).serialize(serializer)
}

/// A suspicion.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reporting {
    /// Of what.
    suspected: SuspectedThing,
    /// What is suspected of it.
    #[schemars(with = "SuspicionReason")]
    #[serde(deserialize_with = "reason", serialize_with = "named")]
    reason: Reason,
    /// In your own words: 1 to 2,000 characters.
    #[schemars(length(min = 1, max = 2_000))]
    text: String,
    /// Of an operator: who suspects it, `police`, `review`, `bank:NAME` or `payer:NAME`; without it, it is our own review.
    /// Anybody else reports for their own house, and is refused.
    #[serde(default, deserialize_with = "source", serialize_with = "of_source")]
    #[schemars(with = "Option<String>", regex(pattern = r"^(police|review|(bank|payer):.{1,70})$"))]
    from: Option<Source>,
}

/// Where a report stands.
#[derive(Serialize, JsonSchema)]
struct SuspicionStanding {
    /// Our name for it.
    id: String,
    /// `open`, `acknowledged`, `closed`.
    state: String,
    /// `agreed`, `disagreed`, when it is closed.
    outcome: Option<String>,
    /// `confirmed`, `unfounded`, `misunderstanding`, likewise.
    finding: Option<String>,
    /// By when the next thing is to be done about it (RFC 3339).
    due: Option<String>,
}

impl From<SuspicionAnswer> for SuspicionStanding {
    fn from(SuspicionAnswer { id, state, outcome, finding, due }: SuspicionAnswer) -> Self {
        Self { id, state, outcome, finding, due }
    }
}

async fn report(call: Call<Json<Reporting>>) -> Answer<Json<SuspicionStanding>> {
    let (actor, Reporting { suspected, reason, text, from }) = (call.caller.actor(), &call.body.0);
    let house = call.caller.bank.clone().or_else(|| call.caller.payer.clone());
    let (by, noted) = (actor.clone(), from.clone());
    let source = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::suspicion_source(scope, &by, house.as_deref(), noted)));
    let from = source.await?;
    let suspected = match suspected {
        SuspectedThing::Proposal(name) => Suspected::Proposal(name.clone()),
        SuspectedThing::ChangeOf(payee) => Suspected::ChangeOf(*payee),
        SuspectedThing::Account(account) => Suspected::Account(*account),
        // It is looked for among all payments of its batch.
        SuspectedThing::Payout(SuspectedPayment { batch, end_to_end_id }) => {
            let (batch, id) = (batch.clone(), end_to_end_id.clone());
            let found = call
                .edge
                .core
                .take_long(move |reader| reader.read(|scope| payout::queries::suspected(scope, &batch, &id)));
            Suspected::Payout(found.await?)
        }
    };
    let command = ReportSuspicion { actor, from, suspected, reason: *reason, text: text.clone(), once: None };
    Ok(Json(call.once(&call.body.0, command).await?.into()))
}

/// Which report.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichSuspicion {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    suspicion: String,
}

async fn acknowledge(call: Call<Nothing, WhichSuspicion>) -> Answer<Json<SuspicionStanding>> {
    let (officer, suspicion) = (call.caller.actor(), call.path.suspicion);
    let command = AcknowledgeSuspicion { suspicion, officer: officer.clone(), is_synthetic: IS_SYNTHETIC };
    Ok(Json(call.edge.core.execute(command, officer).await?.into()))
}

/// The names of what can be found, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum SuspicionFinding {
    Confirmed,
    Unfounded,
    Misunderstanding,
}

fn finding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Finding, D::Error> {
    parsed(deserializer, Finding::parse, "confirmed, unfounded or misunderstanding")
}

/// What was found.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// What.
    #[schemars(with = "SuspicionFinding")]
    #[serde(deserialize_with = "finding")]
    finding: Finding,
    /// Why: one line of 1 to 500 characters that is kept with it, and that who reported it is not told.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

async fn close(call: Call<Json<Closing>, WhichSuspicion>) -> Answer<Json<SuspicionStanding>> {
    let (officer, suspicion, Closing { finding, reason: why }) =
        (call.caller.actor(), call.path.suspicion, call.body.0);
    let command = CloseSuspicion { suspicion, finding, why, officer: officer.clone(), is_synthetic: IS_SYNTHETIC };
    Ok(Json(call.edge.core.execute(command, officer).await?.into()))
}

/// A report, as far as whoever reported it may know.
#[derive(Serialize, JsonSchema)]
struct ReportedSuspicion {
    /// Our name for it.
    id: String,
    /// `open`, `acknowledged`, `closed`.
    state: &'static str,
    /// `agreed`, `disagreed`, when it is closed.
    outcome: Option<&'static str>,
    /// `confirmed`, `unfounded`, `misunderstanding`, likewise.
    finding: Option<&'static str>,
    /// `change`, `payout`, `account`.
    about: &'static str,
    /// What is suspected.
    reason: &'static str,
    /// When it was reported (RFC 3339).
    reported: String,
    /// When somebody said that they look at it.
    acknowledged: Option<String>,
    /// When somebody said what they found.
    closed: Option<String>,
    /// By when the next thing is to be done about it.
    due: Option<String>,
    /// Whether nobody has done it in time.
    overdue: bool,
}

impl From<SuspicionView> for ReportedSuspicion {
    fn from(view: SuspicionView) -> Self {
        let SuspicionView { id, state, outcome, finding, about, reason, reported, .. } = view;
        let SuspicionView { acknowledged, closed, due, overdue, .. } = view;
        Self { id, state, outcome, finding, about, reason, reported, acknowledged, closed, due, overdue }
    }
}

/// A report, as whoever answers it sees it.
#[derive(Serialize, JsonSchema)]
struct Suspicion {
    #[serde(flatten)]
    view: ReportedSuspicion,
    /// Who suspects it: `bank:NAME`, `payer:NAME`, `police`, `review`.
    from: String,
    /// Who reported it.
    reported_by: String,
    /// In their own words.
    text: String,
    /// The payer that it was routed to; none where that is the agency.
    payer: Option<String>,
    /// To whom there, by name.
    contact: Option<String>,
    /// When that was recorded which tells them by e-mail.
    contact_told: Option<String>,
    /// The proposal that it is about.
    proposal: Option<String>,
    /// The batch of the payment that it is about.
    batch: Option<String>,
    /// That payment.
    end_to_end_id: Option<String>,
    /// The account, masked.
    account: Option<String>,
    /// Who looks at it.
    acknowledged_by: Option<String>,
    /// Who has said what was found.
    closed_by: Option<String>,
    /// Why.
    why: Option<String>,
}

impl From<SuspicionDetails> for Suspicion {
    fn from(details: SuspicionDetails) -> Self {
        let SuspicionDetails { view, from, reported_by, text, payer, contact, proposal, batch, .. } = details;
        let SuspicionDetails { contact_told, end_to_end_id, account, acknowledged_by, closed_by, why, .. } = details;
        Self {
            view: view.into(),
            from,
            reported_by,
            text,
            payer,
            contact,
            contact_told,
            proposal,
            batch,
            end_to_end_id,
            account,
            acknowledged_by,
            closed_by,
            why,
        }
    }
}

/// Which reports, and which page of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SuspicionsOf {
    /// Those too that were closed.
    #[serde(default)]
    closed: Option<bool>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// A page of reports to answer.
#[derive(Serialize, JsonSchema)]
struct Suspicions {
    /// The oldest first.
    suspicions: Vec<Suspicion>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

async fn list(call: Call<Nothing, Nothing, SuspicionsOf>) -> Answer<Json<Suspicions>> {
    let (actor, now, SuspicionsOf { closed, cursor, limit }) = (call.caller.actor(), (call.edge.clock)(), call.query);
    let after = cursor.map(|cursor| page_of::after(LIST, &cursor)).transpose()?;
    let limit = page_of::limit(limit)?;
    let wanted = WantedSuspicions { payee: None, closed: closed.unwrap_or(false) };
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::suspicions(scope, &actor, wanted, after, limit, now)));
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(LIST, last));
    Ok(Json(Suspicions { suspicions: rows.into_iter().map(Suspicion::from).collect(), next }))
}

async fn show(call: Call<Nothing, WhichSuspicion>) -> Answer<Json<Suspicion>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.suspicion);
    let shown = call.edge.core.read(move |reader| reader.read(|scope| queries::suspicion(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// A page of what became of reports.
#[derive(Serialize, JsonSchema)]
struct ReportedSuspicions {
    /// The oldest first.
    suspicions: Vec<ReportedSuspicion>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

async fn reported(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<ReportedSuspicions>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let (after, limit) = (call.query.after(REPORTED)?, call.query.limit()?);
    let house = call.caller.bank.clone().or_else(|| call.caller.payer.clone());
    let page = call.edge.core.read(move |reader| {
        reader.read(|scope| {
            let from = queries::suspicion_source(scope, &actor, house.as_deref(), None)?;
            queries::reported_suspicions(scope, &actor, &from, after, limit, now)
        })
    });
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(REPORTED, last));
    Ok(Json(ReportedSuspicions { suspicions: rows.into_iter().map(ReportedSuspicion::from).collect(), next }))
}

async fn reported_one(call: Call<Nothing, WhichSuspicion>) -> Answer<Json<ReportedSuspicion>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.suspicion);
    let house = call.caller.bank.clone().or_else(|| call.caller.payer.clone());
    let shown = call.edge.core.read(move |reader| {
        reader.read(|scope| {
            let from = queries::suspicion_source(scope, &actor, house.as_deref(), None)?;
            queries::reported_suspicion(scope, &actor, &from, &name, now)
        })
    });
    Ok(Json(shown.await?.into()))
}

/// A report that went to your payer.
#[derive(Serialize, JsonSchema)]
struct RoutedReport {
    #[serde(flatten)]
    view: ReportedSuspicion,
    /// The batch of the payment that it is about.
    batch: Option<String>,
    /// That payment.
    end_to_end_id: Option<String>,
}

/// A page of reports that went to your payer.
#[derive(Serialize, JsonSchema)]
struct RoutedReports {
    /// The oldest first.
    suspicions: Vec<RoutedReport>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

async fn routed(call: Call<Nothing, Nothing, SuspicionsOf>) -> Answer<Json<RoutedReports>> {
    let (actor, now, SuspicionsOf { closed, cursor, limit }) = (call.caller.actor(), (call.edge.clock)(), call.query);
    let after = cursor.map(|cursor| page_of::after(ROUTED, &cursor)).transpose()?;
    let (limit, closed) = (page_of::limit(limit)?, closed.unwrap_or(false));
    let payer = call.caller.payer.clone().unwrap_or_default();
    let page = call.edge.core.read(move |reader| {
        reader.read(|scope| queries::routed_suspicions(scope, &actor, &payer, closed, after, limit, now))
    });
    let Paged { rows, next } = page.await?;
    let next = next.map(|last| page_of::write(ROUTED, last));
    let of = |RoutedSuspicion { view, batch, end_to_end_id }| RoutedReport { view: view.into(), batch, end_to_end_id };
    Ok(Json(RoutedReports { suspicions: rows.into_iter().map(of).collect(), next }))
}

/// Of whom it is asked what was reported.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnSuspicionsOf {
    /// Yourself, or the company: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

/// What was reported about one payee.
#[derive(Serialize, JsonSchema)]
struct OwnSuspicions {
    /// The oldest first.
    suspicions: Vec<ReportedSuspicion>,
}

async fn own(call: Call<Json<OwnSuspicionsOf>>) -> Answer<Json<OwnSuspicions>> {
    let (actor, now, payee) = (call.caller.actor(), (call.edge.clock)(), call.body.0.payee);
    let found =
        call.edge.core.read(move |reader| reader.read(|scope| queries::own_suspicions(scope, &actor, &payee, now)));
    Ok(Json(OwnSuspicions { suspicions: found.await?.into_iter().map(ReportedSuspicion::from).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_has_the_names_that_the_registry_gives_it() {
        let names = |schema: schemars::Schema| -> Vec<String> {
            let schema = schema.to_value();
            let several = schema["oneOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
            let words = several.iter().flat_map(|one| one["enum"].as_array().cloned().unwrap_or_default());
            words.map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(schemars::schema_for!(SuspicionReason)), Reason::ALL.map(|(_, name)| name));
        assert_eq!(names(schemars::schema_for!(SuspicionFinding)), Finding::ALL.map(|(_, name)| name));
    }
}
