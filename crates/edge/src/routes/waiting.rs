//! What lies in payers' waiting accounts, what came into them and left them, and paying it out. A payer and its caseworkers see its own, an
//! operator that of the payer that they name, or of all.

use super::payouts::{TO_CASEWORKERS, payer_of};
use crate::caller::Caller;
use crate::edge::Edge;
use crate::page_of;
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use kernel::{Env, Role};
use payout::batch::Sent;
use payout::commands::{PaidOut, PaidRound, Span, pay_all_waiting};
use payout::policy;
use payout::queries::{self, LedgerLine, WaitingView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCOPE: &str = "waiting";
/// Which lists cursors are of.
const LIST: &str = "waiting";
const LEDGER: &str = "waiting.ledger";
const NAME_CHARS_MAX: usize = 70;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/waiting", "waiting.list", "What lies in the waiting account, payment by payment")
            .token(policy::LIST_WAITING, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .by(list),
        Route::get(
            "/v1/waiting/ledger",
            "waiting.ledger",
            "What came into the waiting account and what left it, by payment file and stage, the newest file first",
        )
        .token(policy::LIST_WAITING, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .by(ledger),
        Route::post(
            "/v1/waiting/pay",
            "waiting.pay",
            "Pay what lies there for payees who have an account by now, as is done by itself too: an order a payment file",
        )
        .token(policy::PAY_WAITING, SCOPE)
        .refuses(&["cursor.invalid"])
        .refuses_as_all(TO_CASEWORKERS)
        .by(pay),
    ]
}

/// Whose is meant: of a payer and its caseworkers their own, of an operator that which they name, or of all.
async fn whose(edge: &Edge, caller: &Caller, named: Option<String>) -> Answer<Option<String>> {
    if caller.role() == Role::Operator {
        return Ok(named);
    }
    let own = payer_of(edge, caller).await?;
    match named {
        // Another's is as if it were not there.
        Some(named) if named != own => Err(Problem::of("payer.unknown")),
        _ => Ok(Some(own)),
    }
}

/// The same where it has to be one payer's.
async fn one_payer(edge: &Edge, caller: &Caller, named: Option<String>) -> Answer<String> {
    let payer = whose(edge, caller, named).await?;
    payer.ok_or_else(|| Problem::of("payer.unknown").because("name the payer"))
}

/// Whose waiting account, and which page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PageOfPayer {
    /// The payer, by name: for operators. Yours without.
    #[serde(default)]
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    payer: Option<String>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// A page of what lies there.
#[derive(Serialize, JsonSchema)]
struct Lying {
    /// In the order of their payment files.
    waiting: Vec<Payment>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A payment whose money lies in its payer's waiting account.
#[derive(Serialize, JsonSchema)]
struct Payment {
    /// Our name for its payment file.
    batch: String,
    /// The payer.
    payer: String,
    /// The payer's end-to-end id.
    end_to_end_id: String,
    /// How much.
    amount: String,
    /// In which currency.
    currency: String,
    /// Since when it lies there (RFC 3339).
    since: String,
}

impl From<WaitingView> for Payment {
    fn from(WaitingView { batch, payer, end_to_end_id, amount, currency, since }: WaitingView) -> Self {
        Self { batch, payer, end_to_end_id, amount, currency, since }
    }
}

async fn list(call: Call<Nothing, Nothing, PageOfPayer>) -> Answer<Json<Lying>> {
    let (actor, PageOfPayer { payer, cursor, limit }) = (call.caller.actor(), call.query);
    let after = cursor.map(|cursor| page_of::after_pair(LIST, &cursor)).transpose()?;
    let (limit, payer) = (page_of::limit(limit)?, whose(&call.edge, &call.caller, payer).await?);
    let read = move |reader: &mut _| queries::waiting_page(reader, payer.as_deref(), after, limit, &actor);
    let page = call.edge.core.read(read).await?;
    let next = page.next.map(|place| page_of::write_pair(LIST, place));
    Ok(Json(Lying { waiting: page.waiting.into_iter().map(Payment::from).collect(), next }))
}

/// A part of the ledger.
#[derive(Serialize, JsonSchema)]
struct Ledger {
    /// Of the newest payment file first; of each in the order of its stages, all of one file together. There can be none while there are
    /// more.
    lines: Vec<Line>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// What came into the waiting account, or left it, by one stage of a payment file.
#[derive(Serialize, JsonSchema)]
struct Line {
    /// When (RFC 3339).
    at: String,
    /// Our name for the payment file.
    batch: String,
    /// The stage: 0 is its coming in.
    stage: i64,
    /// In which currency.
    currency: String,
    /// How much came in.
    came_in: String,
    /// How much left.
    left: String,
    /// How much of that file's lies there then.
    remains: String,
}

impl From<LedgerLine> for Line {
    fn from(LedgerLine { at, batch, stage, currency, came_in, left, remains }: LedgerLine) -> Self {
        Self { at, batch, stage, currency, came_in, left, remains }
    }
}

async fn ledger(call: Call<Nothing, Nothing, PageOfPayer>) -> Answer<Json<Ledger>> {
    let (actor, PageOfPayer { payer, cursor, limit }) = (call.caller.actor(), call.query);
    let before = cursor.map(|cursor| page_of::after(LEDGER, &cursor)).transpose()?;
    let (limit, payer) = (page_of::limit(limit)?, one_payer(&call.edge, &call.caller, payer).await?);
    let read = move |reader: &mut _| queries::ledger_page(reader, &payer, before, limit, &actor);
    let page = call.edge.core.read(read).await?;
    let next = page.next.map(|place| page_of::write(LEDGER, place));
    Ok(Json(Ledger { lines: page.lines.into_iter().map(Line::from).collect(), next }))
}

/// Whose waiting account is gone through.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pay {
    /// The payer, by name: for operators. Yours without.
    #[serde(default)]
    #[schemars(length(min = 1, max = NAME_CHARS_MAX), example = &"Kommunen")]
    payer: Option<String>,
    /// Where to go on: what the answer before gave as `next`.
    #[serde(default)]
    cursor: Option<String>,
}

/// What was paid.
#[derive(Serialize, JsonSchema)]
struct Paid {
    /// The orders that were made.
    paid: Vec<Order>,
    /// The cursor from where to go on; none where all was looked at.
    next: Option<String>,
}

/// An order to the bank that keeps the waiting account, which fetches it with the other completed files.
#[derive(Serialize, JsonSchema)]
struct Order {
    /// Our name for the payment file.
    batch: String,
    /// The stage of it by which it was paid.
    stage: i64,
    /// How many payments.
    payments: u64,
    /// What they come to, by currency; a sum is a decimal number as text.
    sums: BTreeMap<String, String>,
}

impl From<PaidOut> for Order {
    fn from(PaidOut { batch, stage, sent: Sent { payments, sums }, .. }: PaidOut) -> Self {
        Self { batch, stage, payments, sums }
    }
}

async fn pay(call: Call<Json<Pay>>) -> Answer<Json<Paid>> {
    let (actor, Json(Pay { payer, cursor })) = (call.caller.actor(), call.body);
    let after = cursor.map(|cursor| page_of::after_pair(LIST, &cursor)).transpose()?;
    let payer = one_payer(&call.edge, &call.caller, payer).await?;
    let (place, now) = (call.edge.transfers.enter(&call.caller.name)?, (call.edge.clock)());
    let paid = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        pay_all_waiting(writer, Some(&payer), (None, Span { after, is_bounded: true }), &actor, &env)
    });
    let PaidRound { paid, next } = paid.await?;
    Ok(Json(Paid {
        paid: paid.into_iter().map(Order::from).collect(),
        next: next.map(|place| page_of::write_pair(LIST, place)),
    }))
}
