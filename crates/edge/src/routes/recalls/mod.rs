//! Payments that are asked back: by payers and the agency; fetched and answered by banks.

mod answers;

use super::question::parsed;
use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route, Xml};
use kernel::{Actor, Env, Role, Writer};
use payout::commands::{
    NotRecalled, Recalled, SentRecall, Transfer, TransferRefused, TransfersTold, payments_named, recall, tell_transfers,
};
use payout::message::bank::RecallReason;
use payout::policy;
use payout::queries::{self, RecallDetails, RecallView, RecallsPage, Whose};
use payout::recall::Interbank;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

const SCOPE: &str = "recalls";
/// Which lists cursors are of.
const LIST: &str = "recalls";
const FILES: &str = "recalls.files";
/// Payments that one request can name.
const NAMED_MAX: usize = 1_000;

pub fn routes() -> Vec<Route> {
    const SENT: &[&str] = &[
        "batch.unknown",
        "recall.payment_unknown",
        "recall.held",
        "recall.not_sent",
        "recall.came_back",
        "recall.waiting",
        "recall.open",
        "recall.no_bank",
        "recall.why",
        "recall.payments",
    ];
    let asked = [
        Route::post("/v1/recalls", "recalls.send", "Ask for payments back that have left: one message to each bank")
            .token(policy::RECALL, SCOPE)
            .repeatable()
            .refuses(SENT)
            .by(send),
        Route::get("/v1/recalls", "recalls.list", "What was asked back, the newest first")
            .token(policy::READ_RECALLS, SCOPE)
            .by(list),
        Route::get("/v1/recalls/{recall}", "recalls.show", "One recall, its payments, and what banks answered")
            .token(policy::READ_RECALLS, SCOPE)
            .refuses(&["recall.unknown"])
            .by(show),
        Route::get("/v1/recalls/{recall}/message", "recalls.message", "The message to the payer's bank (camt.055)")
            .token(policy::READ_RECALLS, SCOPE)
            .refuses(&["recall.unknown"])
            .by(message),
    ];
    let of_banks = [
        Route::get("/v1/recalls/files", "recalls.files", "What is asked back of your bank, in order")
            .token(policy::FETCH_RECALLS, SCOPE)
            .by(files),
        Route::get(
            "/v1/recalls/files/{recall}",
            "recalls.file",
            "What is asked back of your bank: one message (camt.055)",
        )
        .token(policy::FETCH_RECALLS, SCOPE)
        .refuses(&["recall.unknown"])
        .by(file),
        Route::get(
            "/v1/recalls/files/{recall}/{to}",
            "recalls.transfer_file",
            "The message to the bank that has the money (camt.056), where you have told how you made the payments",
        )
        .token(policy::FETCH_RECALLS, SCOPE)
        .refuses(&["recall.unknown", "recall.no_transfer"])
        .by(transfer_file),
        Route::post("/v1/recalls/transfers", "recalls.transfers", "Tell how you made payments, bank to bank")
            .token(policy::TELL_TRANSFERS, SCOPE)
            .by(transfers),
    ];
    asked.into_iter().chain(of_banks).chain(answers::routes()).collect()
}

/// Which payments, and why.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The payment file that they are of: our name for it.
    #[schemars(length(min = 13, max = 13))]
    batch: String,
    /// Their end-to-end ids.
    #[schemars(length(min = 1, max = NAMED_MAX), inner(length(min = 1, max = 35)))]
    end_to_end_ids: Vec<String>,
    /// Why, as the banks are told: `FRAD` for fraud, `DUPL`, `TECH`, `AC03`, `AM09`, `CUST` or `UPAY`.
    #[schemars(with = "String", example = &"FRAD")]
    #[serde(deserialize_with = "code", serialize_with = "written")]
    code: RecallReason,
    /// Why: one line that is kept with it, and that no bank is told.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecallReason, D::Error> {
    parsed(deserializer, RecallReason::from_code, "a code of why a payment is asked back")
}

fn written<S: Serializer>(reason: &RecallReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.code())
}

/// What was asked back, and what was not.
#[derive(Serialize, JsonSchema)]
struct Sent {
    /// One for each completed file, and each bank that was to make payments of it.
    recalls: Vec<One>,
    /// Those payments that cannot be asked back.
    left: Vec<Left>,
}

/// One recall that was made.
#[derive(Serialize, JsonSchema)]
struct One {
    /// Its name, which is the id of its message and its case.
    recall: String,
    /// The payer.
    payer: String,
    /// The payment file.
    batch: String,
    /// The stage at which the payments were sent on: 0 is when the file came in.
    stage: i64,
    /// The bank that was to make them: its BIC, or else its member number.
    to: String,
    /// Who fetches the message; null where you bring it to your bank.
    bank: Option<String>,
    /// How many payments.
    payments: usize,
}

/// A payment that cannot be asked back.
#[derive(Serialize, JsonSchema)]
struct Left {
    /// The payment file.
    batch: String,
    /// Its number in it, from 0.
    number: i64,
    /// Why, in a word.
    code: String,
    /// The same in a sentence.
    text: String,
}

/// As whom somebody asks: of a payer's client its payer, of an operator nobody.
fn payer_of<B, P, Q>(call: &Call<B, P, Q>) -> Result<Option<String>, Problem> {
    if call.caller.role() == Role::Operator { Ok(None) } else { call.caller.payer().map(Some) }
}

fn whose(payer: Option<&String>) -> Whose<'_> {
    payer.map_or(Whose::Everybodys, |payer| Whose::Payers(payer))
}

async fn send(call: Call<Json<Asked>>) -> Answer<Json<Sent>> {
    let (payer, actor) = (payer_of(&call)?, call.caller.actor());
    let Json(asked) = call.body;
    if !(1..=NAMED_MAX).contains(&asked.end_to_end_ids.len()) {
        let text = format!("name 1 to {NAMED_MAX} payments by their end-to-end ids");
        return Err(Problem::of("body.field").at("end_to_end_ids").because(text));
    }
    let place = call.edge.transfers.enter(&call.caller.name)?;
    let once = call.idempotency_key.map(|key| key.once(&actor, &policy::RECALL, &asked));
    let now = (call.edge.clock)();
    let made = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        let by = payer.as_deref().map(|payer| (payer, &actor));
        let Asked { batch, end_to_end_ids, code: reason, reason: why } = &asked;
        let payments = writer.read(|scope| payments_named(scope, batch, end_to_end_ids, by))?;
        let wanted = payout::commands::Recall { payments: &payments, reason: *reason, why, once };
        recall(writer, &wanted, &actor, &env)
    });
    let Recalled { messages, left } = made.await?;
    let one = |SentRecall { recall, payer, batch, stage, to, bank, payments }| One {
        recall,
        payer,
        batch,
        stage,
        to,
        bank,
        payments: payments.len(),
    };
    let not = |NotRecalled { batch, number, code, text }| Left { batch, number, code, text };
    Ok(Json(Sent { recalls: messages.into_iter().map(one).collect(), left: left.into_iter().map(not).collect() }))
}

/// Recalls.
#[derive(Serialize, JsonSchema)]
struct Recalls {
    /// The newest first; of a bank, in the order in which they came about.
    recalls: Vec<Recall>,
    /// The cursor of the next page; none after the last. Of a bank it can be kept, and asked again and again.
    next: Option<String>,
}

/// One recall, as it was asked for.
#[derive(Serialize, JsonSchema)]
struct Recall {
    /// Its name, which is the id of its message and its case.
    recall: String,
    /// The payer.
    payer: String,
    /// The payment file.
    batch: String,
    /// The stage at which the payments were sent on: 0 is when the file came in.
    stage: i64,
    /// The message id of the completed file that they stand in.
    message_id: String,
    /// When it was asked for (RFC 3339).
    at: String,
    /// Why, as the bank is told: a code of ISO 20022.
    code: &'static str,
    /// The bank that was to make the payments: its BIC, or else its member number.
    to: String,
    /// How many payments.
    payments: usize,
}

impl From<RecallView> for Recall {
    fn from(view: RecallView) -> Self {
        let RecallView { recall, payer, batch, stage, message_id, at, reason: code, to, payments, .. } = view;
        Self { recall, payer, batch, stage, message_id, at, code, to, payments }
    }
}

/// One recall, with its payments.
#[derive(Serialize, JsonSchema)]
struct Shown {
    #[serde(flatten)]
    recall: Recall,
    /// By whom it was asked for.
    by: String,
    /// Why, in their words.
    reason: String,
    /// How many stand where: `asked`, `pending`, `accepted`, `refused`, `came_back`.
    standings: BTreeMap<&'static str, usize>,
    /// What was paid, by currency; a sum is a decimal number as text.
    paid: BTreeMap<String, String>,
    /// What came back of it since, by currency.
    came_back: BTreeMap<String, String>,
    /// What of its payments' money a bank has only said that it gives back, by currency: it is not there yet.
    promised: BTreeMap<String, String>,
    /// Whether anything is still expected.
    open: bool,
    /// Whether a bank said one thing of a payment and then another.
    contradicted: bool,
    /// The banks to which there is a message from bank to bank (camt.056).
    transfers: Vec<String>,
    /// Its payments, in the order of their file.
    recalled: Vec<Payment>,
}

/// One payment of a recall.
#[derive(Serialize, JsonSchema)]
struct Payment {
    /// The payer's end-to-end id.
    end_to_end_id: String,
    /// What was paid.
    amount: String,
    /// In which currency.
    currency: String,
    /// Where it stands.
    standing: &'static str,
    /// What is to come back in all; null where a bank did not say how much.
    expected: Option<String>,
    /// What came back since it was asked for.
    came_back: String,
    /// What of the payment's money a bank has only said that it gives back: it is not there yet.
    promised: String,
    /// Whether a bank said one thing and then another. The last word holds.
    contradicted: bool,
    /// What banks answered, in order.
    answers: Vec<Heard>,
    /// Who has said of promised money that it is there.
    confirmed: Vec<Confirmed>,
}

/// That somebody has said of promised money that it is there.
#[derive(Serialize, JsonSchema)]
struct Confirmed {
    /// When (RFC 3339).
    at: String,
    /// By whom.
    by: String,
    /// Why, in their words.
    reason: String,
    /// How much.
    amount: String,
}

/// What a bank answered about a payment.
#[derive(Serialize, JsonSchema)]
struct Heard {
    /// When it was brought (RFC 3339).
    at: String,
    /// `accepted`, `refused`, `partial`, `pending` or `other`.
    status: &'static str,
    /// The same, as the bank gave it.
    code: Option<String>,
    /// What comes back, where the bank said so.
    amount: Option<String>,
    /// When, where it said so.
    on: Option<String>,
    /// Its reasons.
    reasons: Vec<Reason>,
}

/// Why, in a bank's words.
#[derive(Serialize, JsonSchema)]
struct Reason {
    /// A code of the standard's list, or of the bank's own.
    code: Option<String>,
    /// What it adds.
    text: Option<String>,
}

impl From<RecallDetails> for Shown {
    fn from(details: RecallDetails) -> Self {
        let RecallDetails { view, standings, paid, came_back, promised, open, contradicted, transfers, recalled } =
            details;
        let (by, reason) = (view.by.clone(), view.why.clone());
        let heard = |answer: queries::AnswerView| {
            let queries::AnswerView { at, status, code, amount, on, reasons, .. } = answer;
            Heard { at, status, code, amount, on, reasons: reasons.into_iter().map(Reason::from).collect() }
        };
        let there = |queries::ConfirmedView { at, by, why: reason, amount }| Confirmed { at, by, reason, amount };
        let payment = |payment: queries::RecalledView| {
            let queries::RecalledView { end_to_end_id, amount, currency, standing, expected, came_back, .. } = payment;
            let queries::RecalledView { promised, contradicted, answers, confirmed, .. } = payment;
            Payment {
                end_to_end_id,
                amount,
                currency,
                standing,
                expected,
                came_back,
                promised,
                contradicted,
                answers: answers.into_iter().map(heard).collect(),
                confirmed: confirmed.into_iter().map(there).collect(),
            }
        };
        let recalled = recalled.into_iter().map(payment).collect();
        let recall = view.into();
        Self { recall, by, reason, standings, paid, came_back, promised, open, contradicted, transfers, recalled }
    }
}

impl From<queries::AnswerReason> for Reason {
    fn from(queries::AnswerReason { code, text }: queries::AnswerReason) -> Self {
        Self { code, text }
    }
}

/// Which recall.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Its name: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    recall: String,
}

fn page(RecallsPage { recalls, next }: RecallsPage, list: &str) -> Json<Recalls> {
    let next = next.map(|place| page_of::write(list, place));
    Json(Recalls { recalls: recalls.into_iter().map(Recall::from).collect(), next })
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Recalls>> {
    let (payer, actor) = (payer_of(&call)?, call.caller.actor());
    let (before, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let read = move |reader: &mut Writer| {
        reader.read(|scope| queries::recalls(scope, whose(payer.as_ref()), before, limit, &actor))
    };
    Ok(page(call.edge.core.take_long(read).await?, LIST))
}

async fn show(call: Call<Nothing, Which>) -> Answer<Json<Shown>> {
    let (payer, actor, name) = (payer_of(&call)?, call.caller.actor(), call.path.recall);
    let read =
        move |reader: &mut Writer| reader.read(|scope| queries::recall(scope, &name, whose(payer.as_ref()), &actor));
    Ok(Json(call.edge.core.take_long(read).await?.into()))
}

async fn message(call: Call<Nothing, Which>) -> Answer<Xml> {
    let (payer, actor, name) = (payer_of(&call)?, call.caller.actor(), call.path.recall);
    let read = move |reader: &mut Writer| {
        reader.read(|scope| queries::recall_message(scope, &name, whose(payer.as_ref()), &actor))
    };
    Ok(Xml(call.edge.core.take_long(read).await?))
}

async fn files(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Recalls>> {
    let (bank, actor) = (call.caller.bank()?, call.caller.actor());
    let (after, limit) = (call.query.after(FILES)?, call.query.limit()?);
    let read = move |reader: &mut Writer| {
        reader.read(|scope| queries::recalls(scope, Whose::Banks(&bank), after, limit, &actor))
    };
    let mut found = call.edge.core.take_long(read).await?;
    found.next = found.next.or(after);
    Ok(page(found, FILES))
}

async fn file(call: Call<Nothing, Which>) -> Answer<Xml> {
    let (bank, actor, name) = (call.caller.bank()?, call.caller.actor(), call.path.recall);
    let read = move |reader: &mut Writer| {
        reader.read(|scope| queries::recall_message(scope, &name, Whose::Banks(&bank), &actor))
    };
    Ok(Xml(call.edge.core.take_long(read).await?))
}

/// Which message of a recall.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichTransfer {
    /// The recall's name: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    recall: String,
    /// The bank that has the money, as `transfers` names it.
    #[schemars(length(min = 4, max = 11))]
    to: String,
}

async fn transfer_file(call: Call<Nothing, WhichTransfer>) -> Answer<Xml> {
    let (bank, actor, WhichTransfer { recall: name, to }) = (call.caller.bank()?, call.caller.actor(), call.path);
    let read = move |reader: &mut Writer| {
        reader.read(|scope| queries::transfer_recall_message(scope, &name, &to, Whose::Banks(&bank), &actor))
    };
    Ok(Xml(call.edge.core.take_long(read).await?))
}

/// How payments were made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Told {
    /// Each of them.
    #[schemars(length(min = 1, max = 1_000))]
    transfers: Vec<ToldTransfer>,
}

/// How one payment was made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ToldTransfer {
    /// The payment file: our name for it.
    #[schemars(length(min = 13, max = 13))]
    batch: String,
    /// The payer's end-to-end id.
    #[schemars(length(min = 1, max = 35))]
    end_to_end_id: String,
    /// The id of the message from bank to bank in which it stood.
    #[schemars(length(min = 1, max = 35))]
    message_id: String,
    /// The name of that message.
    #[schemars(length(min = 1, max = 35), example = "pacs.008.001.08")]
    message_name: String,
    /// The payment's id in it.
    #[serde(default)]
    #[schemars(length(min = 1, max = 35))]
    transaction_id: Option<String>,
    /// Its unique end-to-end transaction reference.
    #[serde(default)]
    #[schemars(length(min = 36, max = 36))]
    uetr: Option<String>,
    /// The date on which it settled.
    #[schemars(example = "2026-11-25")]
    settlement_date: String,
}

/// What became of that.
#[derive(Serialize, JsonSchema)]
struct Noted {
    /// How many are new, or told otherwise than before.
    told: usize,
    /// How many were known so.
    known: usize,
    /// Those that are refused, by their places, from 0.
    refused: Vec<NotNoted>,
}

/// A payment of which nothing was noted.
#[derive(Serialize, JsonSchema)]
struct NotNoted {
    /// Which of them, from 0.
    at: usize,
    /// Why, in a word.
    code: String,
    /// The same in a sentence.
    text: String,
}

async fn transfers(call: Call<Json<Told>>) -> Answer<Json<Noted>> {
    let (bank, actor) = (bank_of(&call)?, call.caller.actor());
    let Json(Told { transfers }) = call.body;
    if !(1..=payout::commands::TRANSFERS_MAX).contains(&transfers.len()) {
        let text = format!("tell of 1 to {} payments", payout::commands::TRANSFERS_MAX);
        return Err(Problem::of("body.field").at("transfers").because(text));
    }
    let transfers: Vec<Transfer> = transfers.into_iter().map(|told| told.transfer(&actor)).collect();
    let place = call.edge.transfers.enter(&call.caller.name)?;
    let now = (call.edge.clock)();
    let told = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        tell_transfers(writer, &transfers, bank.as_deref(), &actor, &env)
    });
    let TransfersTold { told, known, refused } = told.await?;
    let refused = refused.into_iter().map(|TransferRefused { at, code, text }| NotNoted { at, code, text });
    Ok(Json(Noted { told, known, refused: refused.collect() }))
}

impl ToldTransfer {
    fn transfer(self, actor: &Actor) -> Transfer {
        let Self { batch, end_to_end_id, message_id, message_name, transaction_id, uetr, settlement_date } = self;
        let by = actor.name().to_owned();
        let made = Interbank { message_id, message_name, transaction_id, uetr, settlement_date, by };
        Transfer { batch, end_to_end_id, made }
    }
}

/// As whom somebody answers: of a bank's client its bank, of an operator nobody.
fn bank_of<B, P, Q>(call: &Call<B, P, Q>) -> Result<Option<String>, Problem> {
    if call.caller.role() == Role::Operator { Ok(None) } else { call.caller.bank().map(Some) }
}
