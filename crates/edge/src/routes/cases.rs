//! Cases of victims: what officers do for a payee whose account may have been taken.

use super::question::{parsed, payee};
use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use kernel::{Env, Error, Timestamp, Writer};
use letter::Language;
use payout::case::{Finding, Recipient};
use payout::commands::{
    AskDisclosure, CaseRecall, CaseTrace, CloseVictimCase, ClosedCase, Opened, Opening, Recalled, Reverting, case_of,
    close_case, open_case, recall_for_case, revert_case, show_case, trace_case,
};
use payout::queries::{self, AskedView, CaseView, Found, FoundPayment, ShownCase};
use payout::{batch, policy};
use registry::commands::{MotionAnswer, Standing};
use registry::payee::PayeeId;
use registry::suspicion::Source;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use services::cases::{Wanted, bundle};

const SCOPE: &str = "cases";
/// Which list cursors are of.
const LIST: &str = "cases.list";
/// The console alone is asked, and it never comes this way.
const IS_SYNTHETIC: bool = false;
/// Payments of one page of a trace, unless it is said.
const TRACED: u16 = 1_000;

pub fn routes() -> Vec<Route> {
    const ACTED: &[&str] = &["case.unknown", "case.state", "case.too_much", "case.why"];
    vec![
        Route::post(
            "/v1/cases",
            "cases.open",
            "Open a case for a payee who may be a victim: their accounts are frozen at once, and what has not left waits",
        )
        .token(policy::OPEN_CASE, SCOPE)
        .refuses(&["case.open", "case.since", "case.why", "case.meanwhile", "payee.unknown", "suspicion.from"])
        .by(open),
        Route::get("/v1/cases", "cases.list", "The cases, the newest first. Whom they are about is not said")
            .token(policy::READ_CASES, SCOPE)
            .by(list),
        Route::post("/v1/cases/newest", "cases.newest", "The newest case of a payee, if there is one")
            .token(policy::READ_CASES, SCOPE)
            .by(newest),
        Route::get("/v1/cases/{case}", "cases.show", "One case, and what was done under it")
            .token(policy::READ_CASES, SCOPE)
            .refuses(&["case.unknown"])
            .by(show),
        Route::post(
            "/v1/cases/{case}/revert",
            "cases.revert",
            "Ask for the last accounts that are not in doubt to be put back: another officer approves each",
        )
        .token(policy::ACT_ON_CASE, SCOPE)
        .refuses(ACTED)
        .refuses_as_all(&[
            "case.nothing_changed",
            "case.meanwhile",
            "case.too_many_changes",
            "change.waiting",
            "designation.superseded",
        ])
        .by(revert),
        Route::post("/v1/cases/{case}/trace", "cases.trace", "What was paid since the accounts are in doubt, and where")
            .token(policy::ACT_ON_CASE, SCOPE)
            .refuses(ACTED)
            .by(trace),
        Route::post(
            "/v1/cases/{case}/recall",
            "cases.recall",
            "Ask the payers' banks to get back what left for an account that is in doubt",
        )
        .token(policy::ACT_ON_CASE, SCOPE)
        .refuses(ACTED)
        .refuses_as_all(&[
            "case.nothing_left",
            "case.own_recall",
            "case.meanwhile",
            "case.too_many_changes",
            "recall.open",
            "recall.no_bank",
            "recall.why",
        ])
        .by(recall),
        Route::post(
            "/v1/cases/{case}/close",
            "cases.close",
            "Say what was found. Of a misunderstanding two officers say the same, and what was done is undone",
        )
        .token(policy::CLOSE_CASE, SCOPE)
        .refuses(ACTED)
        .refuses_as_all(&["case.own", "case.meanwhile", "mark.until"])
        .by(close),
        Route::post(
            "/v1/cases/{case}/disclose",
            "cases.disclose",
            "Ask that what is known is given to the police or a bank, on a law: another officer gives it",
        )
        .token(policy::ASK_DISCLOSURE, SCOPE)
        .refuses(ACTED)
        .refuses_as_all(&["case.bank", "case.law", "case.not_concerned"])
        .by(disclose),
        Route::post(
            "/v1/cases/{case}/bundle",
            "cases.bundle",
            "Give what another officer asked for: a PDF, the same as JSON, and the seal. An answer that was lost is not given again",
        )
        .token(policy::GIVE_DISCLOSURE, SCOPE)
        .refuses(&[
            "case.unknown",
            "case.state",
            "case.too_much",
            "case.not_asked",
            "case.not_concerned",
            "case.own",
            "signing_key.none",
        ])
        .by(give),
    ]
}

/// For whom, since when, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpeningCase {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
    /// From when on the accounts are in doubt (RFC 3339).
    #[schemars(with = "String", example = "2026-11-22T09:00:00Z")]
    since: Timestamp,
    /// Who says so: `police`, `review`, `bank:NAME` or `payer:NAME`; without it, it is our own review.
    #[serde(default, deserialize_with = "source")]
    #[schemars(with = "Option<String>", regex(pattern = r"^(police|review|(bank|payer):.{1,70})$"))]
    from: Option<Source>,
    /// What they say: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Source>, D::Error> {
    parsed(deserializer, Source::parse, "police, review, bank:NAME or payer:NAME").map(Some)
}

/// A case that was opened.
#[derive(Serialize, JsonSchema)]
struct OpenedCase {
    /// Our name for it.
    id: String,
    /// The accounts that are frozen by it, masked.
    frozen: Vec<String>,
    /// Those that were frozen before, by whomever, masked.
    already: Vec<String>,
    /// The reports of the accounts that were designated since then, by our name for each.
    reported: Vec<String>,
    /// How many more there were than are reported at a time.
    unreported: usize,
}

impl From<Opened> for OpenedCase {
    fn from(Opened { id, accounts, reported, unreported }: Opened) -> Self {
        Self { id, frozen: accounts.frozen, already: accounts.already, reported, unreported }
    }
}

/// Does something that takes several commands.
async fn act<B, P, T: Send + 'static>(
    call: &Call<B, P>,
    work: impl FnOnce(&mut Writer, &kernel::Actor, &Env) -> Result<T, Error> + Send + 'static,
) -> Answer<T> {
    let (officer, now) = (call.caller.actor(), (call.edge.clock)());
    let done = call.edge.core.take_long(move |writer| {
        let env = Env::sample(now, &mut writer.secrets)?;
        work(writer, &officer, &env)
    });
    Ok(done.await?)
}

async fn open(call: Call<Json<OpeningCase>>) -> Answer<Json<OpenedCase>> {
    let OpeningCase { payee, since, from, reason } = &call.body.0;
    let (payee, since, from, why) = (*payee, *since, from.clone().unwrap_or(Source::Review), reason.clone());
    let opened = act(&call, move |writer, officer, env| {
        open_case(writer, &Opening { payee, since, from, why: &why, is_synthetic: IS_SYNTHETIC }, officer, env)
    });
    Ok(Json(opened.await?.into()))
}

/// Which case.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichCase {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    case: String,
}

/// One thing that was done under a case.
#[derive(Serialize, JsonSchema)]
struct CaseAct {
    /// `frozen`, `reported`, `reverting`, `traced`, `recalled`, `disclosure_asked`, `disclosed`, `closed_as_fraud`,
    /// `misunderstanding_asked`, `closed_as_misunderstanding`, `unfrozen`, `unreverting`, `marking`.
    act: &'static str,
    /// When (RFC 3339).
    at: String,
    /// By whom.
    by: String,
    /// What it is about, by our name for it; or how many.
    about: Option<String>,
    /// Why, or on which law.
    why: Option<String>,
}

/// A case as lists have it: without whom it is about, and what people wrote of them.
#[derive(Serialize, JsonSchema)]
struct Case {
    /// Our name for it.
    id: String,
    /// `open`, `closed`.
    state: &'static str,
    /// `fraud`, `misunderstanding`, when it is closed.
    finding: Option<&'static str>,
    /// When it was opened (RFC 3339).
    opened: String,
    /// By whom.
    opened_by: String,
    /// From when on the accounts are in doubt.
    since: String,
    /// To whom somebody wants it given, and nobody has.
    disclosures_asked: Vec<DisclosureAsked>,
}

impl From<CaseView> for Case {
    fn from(view: CaseView) -> Self {
        let CaseView { id, state, finding, opened, opened_by, since, disclosures_asked } = view;
        let disclosures_asked = disclosures_asked.into_iter().map(DisclosureAsked::from).collect();
        Self { id, state, finding, opened, opened_by, since, disclosures_asked }
    }
}

/// A page of cases.
#[derive(Serialize, JsonSchema)]
struct Cases {
    /// The newest first.
    cases: Vec<Case>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Cases>> {
    let (officer, before, limit) = (call.caller.actor(), call.query.after(LIST)?, call.query.limit()?);
    let page = call.edge.core.read(move |reader| reader.read(|scope| queries::cases(scope, &officer, before, limit)));
    let (cases, next) = page.await?;
    let next = next.map(|last| page_of::write(LIST, last));
    Ok(Json(Cases { cases: cases.into_iter().map(Case::from).collect(), next }))
}

/// Whose case.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CaseOf {
    /// The payee: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

async fn newest(call: Call<Json<CaseOf>>) -> Answer<Json<Cases>> {
    let payee = call.body.0.payee;
    let found = act(&call, move |writer, officer, env| case_of(writer, payee, officer, env, IS_SYNTHETIC)).await?;
    Ok(Json(Cases { cases: found.into_iter().map(Case::from).collect(), next: None }))
}

/// A case, and where its payee's accounts stand.
#[derive(Serialize, JsonSchema)]
struct WholeCase {
    #[serde(flatten)]
    case: Case,
    /// Why it was opened.
    why: String,
    /// What was done, in order.
    acts: Vec<CaseAct>,
    /// The accounts, the one for everything first.
    accounts: Vec<CaseAccount>,
}

/// One account.
#[derive(Serialize, JsonSchema)]
struct CaseAccount {
    /// Masked.
    account: String,
    /// `in_force`, `frozen`, `closed`.
    state: &'static str,
}

async fn show(call: Call<Nothing, WhichCase>) -> Answer<Json<WholeCase>> {
    let case = call.path.case.clone();
    let shown = act(&call, move |writer, officer, env| show_case(writer, &case, officer, env, IS_SYNTHETIC));
    let ShownCase { view, why, acts, accounts } = shown.await?;
    let account = |queries::CaseAccount { account, state }| CaseAccount { account, state };
    let act = |queries::ActView { act, at, by, about, why }| CaseAct { act, at, by, about, why };
    let (acts, accounts) = (acts.into_iter().map(act).collect(), accounts.into_iter().map(account).collect());
    Ok(Json(WholeCase { case: view.into(), why, acts, accounts }))
}

/// Why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Because {
    /// One line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Where a proposal stands that was made for a case.
#[derive(Serialize, JsonSchema)]
struct CaseProposal {
    /// Our name for it.
    id: String,
    /// `awaiting_approval`, `held`, `in_force`, `cancelled`, `refused` and so on.
    state: String,
    /// What it waits for.
    waits_for: Option<String>,
    /// From when it holds (RFC 3339).
    in_force_from: Option<String>,
}

impl From<Standing> for CaseProposal {
    fn from(Standing { id, state, waits_for, in_force_from }: Standing) -> Self {
        Self { id, state, waits_for, in_force_from }
    }
}

/// What is to be put back.
#[derive(Serialize, JsonSchema)]
struct CaseProposals {
    /// One for each account that was changed.
    designations: Vec<CaseProposal>,
}

async fn revert(call: Call<Json<Because>, WhichCase>) -> Answer<Json<CaseProposals>> {
    let (case, why) = (call.path.case.clone(), call.body.0.reason.clone());
    let proposed = act(&call, move |writer, officer, env| {
        revert_case(writer, &Reverting { case: &case, why: &why, is_synthetic: IS_SYNTHETIC }, officer, env)
    });
    Ok(Json(CaseProposals { designations: proposed.await?.into_iter().map(CaseProposal::from).collect() }))
}

/// Which page of a trace.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tracing {
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    after: Option<String>,
    /// At most so many; 1,000 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// A page of payments.
#[derive(Serialize, JsonSchema)]
struct TracedPayments {
    /// The newest first.
    payments: Vec<TracedPayment>,
    /// Where the next page begins; none after the last.
    next: Option<String>,
}

/// A payment to a case's payee.
#[derive(Serialize, JsonSchema)]
struct TracedPayment {
    /// Its batch.
    batch: String,
    /// Its number in the batch, from 0.
    number: i64,
    /// Who pays.
    payer: String,
    /// The payer's own id of it.
    end_to_end_id: String,
    /// How much, in whole units of its currency.
    amount: Option<String>,
    /// Of which currency.
    currency: Option<String>,
    /// What holds of it now: `routed`, `held`, `rejected` and so on.
    state: &'static str,
    /// Why.
    code: Option<&'static str>,
    /// When that was decided (RFC 3339).
    decided: String,
    /// When it was sent on last; none where it was not.
    left: Option<String>,
    /// To which account, as an IBAN.
    account: Option<String>,
    /// At which bank, as the bank directory has it.
    bank: Option<String>,
}

impl From<FoundPayment> for TracedPayment {
    fn from(payment: FoundPayment) -> Self {
        let to = payment.left.as_ref().and_then(|left| left.to.as_ref());
        Self {
            account: to.map(|to| to.iban.as_str().to_owned()),
            bank: to.and_then(|to| to.bank.clone()),
            left: payment.left.as_ref().map(|left| left.at.to_string()),
            batch: batch::name(payment.batch),
            number: payment.at.number,
            payer: payment.payer.agreement.name,
            end_to_end_id: payment.end_to_end_id,
            amount: payment.money.map(|money| money.decimal().to_string()),
            currency: payment.money.map(|money| money.currency.as_str().to_owned()),
            state: payment.state.name(),
            code: payment.reason.map(payout::reason::Reason::code),
            decided: payment.decided.1.to_string(),
        }
    }
}

async fn trace(call: Call<Json<Tracing>, WhichCase>) -> Answer<Json<TracedPayments>> {
    let Tracing { after, limit } = &call.body.0;
    let wrong = || Problem::of("body.field").at("/after").because("use what the page before gave as next");
    let after = after.as_deref().map(|after| Found::parse(after).ok_or_else(wrong)).transpose()?;
    let (case, limit) = (call.path.case.clone(), page_of::limit_in_body(Some(limit.unwrap_or(TRACED)))?);
    let page = act(&call, move |writer, officer, env| {
        trace_case(writer, &CaseTrace { case: &case, after, limit, is_synthetic: IS_SYNTHETIC }, officer, env)
    });
    let page = page.await?;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(TracedPayments { payments: page.payments.into_iter().map(TracedPayment::from).collect(), next }))
}

/// What was asked back, and what cannot be.
#[derive(Serialize, JsonSchema)]
struct CaseRecalls {
    /// The recalls.
    recalls: Vec<CaseRecalled>,
    /// The payments that cannot be asked back.
    left: Vec<NotAskedBack>,
}

/// One recall.
#[derive(Serialize, JsonSchema)]
struct CaseRecalled {
    /// Our name for it.
    recall: String,
    /// Whose payments.
    payer: String,
    /// Of which batch.
    batch: String,
    /// Which payments of it, by number.
    payments: Vec<i64>,
}

/// A payment that cannot be asked back.
#[derive(Serialize, JsonSchema)]
struct NotAskedBack {
    /// Its batch.
    batch: String,
    /// Its number.
    number: i64,
    /// Why not.
    code: String,
}

impl From<Recalled> for CaseRecalls {
    fn from(Recalled { messages, left }: Recalled) -> Self {
        let recalled = |sent: payout::commands::SentRecall| CaseRecalled {
            recall: sent.recall,
            payer: sent.payer,
            batch: sent.batch,
            payments: sent.payments,
        };
        let not = |payment: payout::commands::NotRecalled| NotAskedBack {
            batch: payment.batch,
            number: payment.number,
            code: payment.code,
        };
        Self { recalls: messages.into_iter().map(recalled).collect(), left: left.into_iter().map(not).collect() }
    }
}

async fn recall(call: Call<Json<Because>, WhichCase>) -> Answer<Json<CaseRecalls>> {
    let (case, why) = (call.path.case.clone(), call.body.0.reason.clone());
    let recalled = act(&call, move |writer, officer, env| {
        recall_for_case(writer, &CaseRecall { case: &case, why: &why, is_synthetic: IS_SYNTHETIC }, officer, env)
    });
    Ok(Json(recalled.await?.into()))
}

/// The names of what can be found, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum CaseFinding {
    Fraud,
    Misunderstanding,
}

fn finding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Finding, D::Error> {
    parsed(deserializer, Finding::parse, "fraud or misunderstanding")
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    parsed(deserializer, |text| text.parse().ok(), "a day, such as 2026-11-23").map(Some)
}

/// What was found.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClosingCase {
    /// What.
    #[schemars(with = "CaseFinding")]
    #[serde(deserialize_with = "finding")]
    finding: Finding,
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
    /// Of a fraud: the last day on which the receiving accounts are to be marked; in six months unless it is said.
    #[serde(default, deserialize_with = "day")]
    #[schemars(with = "Option<String>", length(max = 10), example = "2027-03-31")]
    mark_until: Option<Date>,
}

/// What followed from it.
#[derive(Serialize, JsonSchema)]
struct CaseClosed {
    /// `approval`, where another officer has to say the same before anything follows.
    waits_for: Option<String>,
    /// The reports that were closed with it.
    reports: Vec<String>,
    /// What is proposed about marks, by our name for each: another officer approves it.
    motions: Vec<String>,
    /// What was to be put back and is not.
    designations: Vec<CaseProposal>,
    /// How many accounts are paid to again.
    unfrozen: usize,
}

impl From<ClosedCase> for CaseClosed {
    fn from(ClosedCase { waits_for, reports, motions, designations, unfrozen }: ClosedCase) -> Self {
        let motions = motions.into_iter().map(|MotionAnswer { id, .. }| id).collect();
        let designations = designations.into_iter().map(CaseProposal::from).collect();
        Self { waits_for, reports, motions, designations, unfrozen }
    }
}

async fn close(call: Call<Json<ClosingCase>, WhichCase>) -> Answer<Json<CaseClosed>> {
    let ClosingCase { finding, reason, mark_until } = &call.body.0;
    let (case, finding, why, mark_until) = (call.path.case.clone(), *finding, reason.clone(), *mark_until);
    let closed = act(&call, move |writer, officer, env| {
        let wanted = CloseVictimCase { case: &case, finding, why: &why, mark_until, is_synthetic: IS_SYNTHETIC };
        close_case(writer, &wanted, officer, env)
    });
    Ok(Json(closed.await?.into()))
}

fn recipient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recipient, D::Error> {
    parsed(deserializer, Recipient::parse, "police or bank:NAME")
}

/// To whom, and on which law.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Disclosing {
    /// `police`, or `bank:NAME` by the name that the bank directory gives it: a bank is given what went to accounts with it.
    #[schemars(with = "String", regex(pattern = r"^(police|bank:.{1,70})$"), example = &"police")]
    #[serde(deserialize_with = "recipient")]
    to: Recipient,
    /// On which law, and at whose request: one line of 10 to 500 characters.
    #[schemars(length(min = 10, max = 500))]
    law: String,
}

/// What was asked for, and waits for another officer to give it.
#[derive(Serialize, JsonSchema)]
struct DisclosureAsked {
    /// To whom: `police`, `bank:NAME`.
    to: String,
    /// When (RFC 3339): whoever gives it says which asking they say yes to.
    asked: String,
    /// By whom.
    asked_by: String,
}

impl From<AskedView> for DisclosureAsked {
    fn from(AskedView { to, at, by }: AskedView) -> Self {
        Self { to, asked: at, asked_by: by }
    }
}

async fn disclose(call: Call<Json<Disclosing>, WhichCase>) -> Answer<Json<DisclosureAsked>> {
    let (officer, case, Disclosing { to, law }) = (call.caller.actor(), call.path.case, call.body.0);
    let (name, whom, asker) = (case.clone(), to.clone(), officer.clone());
    let command = AskDisclosure { case, to, law, officer: officer.clone(), is_synthetic: IS_SYNTHETIC };
    call.edge.core.execute(command, officer).await?;
    let asked = call.edge.core.read(move |reader| reader.read(|scope| queries::asked_of(scope, &asker, &name, &whom)));
    Ok(Json(asked.await?.into()))
}

/// What is given, and in which language.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Giving {
    /// To whom, as it was asked for: `police`, `bank:NAME`.
    #[schemars(with = "String", regex(pattern = r"^(police|bank:.{1,70})$"), example = &"police")]
    #[serde(deserialize_with = "recipient")]
    to: Recipient,
    /// Which asking: when it was made (RFC 3339).
    #[schemars(with = "String", example = "2026-11-23T11:00:00Z")]
    asked: Timestamp,
    /// Of the PDF; Danish unless it is said.
    #[serde(default)]
    language: Option<BundleLanguage>,
}

/// The languages of the PDF.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum BundleLanguage {
    /// Danish.
    Da,
    /// English.
    En,
}

/// What is given.
#[derive(Serialize, JsonSchema)]
struct GivenBundle {
    /// To whom.
    to: String,
    /// The PDF, the JSON and the seal.
    files: Vec<GivenFile>,
}

/// One file.
#[derive(Serialize, JsonSchema)]
struct GivenFile {
    /// What it is called.
    name: String,
    /// Its content, in base64.
    content: String,
}

async fn give(call: Call<Json<Giving>, WhichCase>) -> Answer<Json<GivenBundle>> {
    let (case, sender) = (call.path.case.clone(), call.edge.sender.clone());
    let Giving { to, asked, language } = &call.body.0;
    let language = if let Some(BundleLanguage::En) = language { Language::English } else { Language::Danish };
    let (to, asked) = (to.clone(), *asked);
    let given = act(&call, move |writer, officer, env| {
        let wanted = Wanted { case: &case, to, asked, sender, language, is_synthetic: IS_SYNTHETIC };
        bundle(writer, &wanted, officer, env)
    });
    let given = given.await?;
    let file = |file: services::cases::BundleFile| GivenFile { name: file.name, content: STANDARD.encode(file.bytes) };
    Ok(Json(GivenBundle { to: given.to, files: given.files.into_iter().map(file).collect() }))
}
