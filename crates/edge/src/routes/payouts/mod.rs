//! Payment files: bringing them, what became of them, what is done with what they hold.

mod balance;
mod fetch;
mod held;
mod upload;

use crate::page_of::{self, PageOf};
use crate::route::{Answer, Call, Json, Nothing, Route, Tagged};
use payout::batch::Counts;
use payout::policy;
use payout::queries::{self, BatchView, PaymentView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCOPE: &str = "payouts";
/// Which list a cursor is of.
const LIST: &str = "payouts";
const PAYMENTS: &str = "payments";

pub fn routes() -> Vec<Route> {
    let own = [
        Route::get("/v1/payouts", "payouts.list", "Your payment files, the newest first")
            .token(policy::READ, SCOPE)
            .by(list),
        Route::get("/v1/payouts/{batch}", "payouts.show", "What holds of one payment file now")
            .token(policy::READ, SCOPE)
            .refuses(&["batch.unknown"])
            .by(show),
        Route::get("/v1/payouts/{batch}/payments", "payouts.payments", "What holds of its payments, in their order")
            .token(policy::READ, SCOPE)
            .refuses(&["batch.unknown"])
            .by(payments),
    ];
    [upload::routes(), own.into(), balance::routes(), held::routes(), fetch::routes()].into_iter().flatten().collect()
}

/// A page of payment files.
#[derive(Serialize, JsonSchema)]
struct Batches {
    /// The newest come first.
    batches: Vec<Batch>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// One payment file, and what holds of its payments.
#[derive(Serialize, JsonSchema)]
struct Batch {
    /// Our name for it.
    batch: String,
    /// Your message id.
    message_id: String,
    /// When it came in (RFC 3339).
    received: String,
    /// Where it stands.
    state: &'static str,
    /// How many releases and cancellations there were; they are numbered from 1.
    stages: i64,
    /// All payments.
    payments: u64,
    /// Completed with an account and sent on.
    routed: u64,
    /// Sent on as they came.
    passed: u64,
    /// Waiting.
    held: u64,
    /// Gone back.
    rejected: u64,
    /// Cancelled while they waited.
    cancelled: u64,
    /// How many went back for which reason (the codes of ISO 20022).
    reasons: BTreeMap<String, u64>,
    /// What they come to, by what became of them and by currency; a sum is a decimal number as text.
    sums: BTreeMap<String, BTreeMap<String, String>>,
}

impl From<BatchView> for Batch {
    fn from(BatchView { batch, message_id, received, counts, stages, .. }: BatchView) -> Self {
        let state = counts.state();
        let Counts { payments, routed, passed, held, rejected, cancelled, reasons, sums } = counts;
        Self {
            batch,
            message_id,
            received,
            state,
            stages,
            payments,
            routed,
            passed,
            held,
            rejected,
            cancelled,
            reasons,
            sums,
        }
    }
}

/// Which payment file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    batch: String,
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Batches>> {
    let (payer, actor) = (call.caller.payer()?, call.caller.actor());
    let (before, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let page = call.edge.core.read(move |reader| queries::page_of(reader, &payer, before, limit, &actor)).await?;
    let next = page.next.map(|entry| page_of::write(LIST, entry));
    Ok(Json(Batches { batches: page.batches.into_iter().map(Batch::from).collect(), next }))
}

async fn show(call: Call<Nothing, Which>) -> Answer<Tagged<Batch>> {
    let (payer, actor, Which { batch }) = (call.caller.payer()?, call.caller.actor(), call.path);
    let view = call.edge.core.read(move |reader| queries::one_of(reader, &payer, &batch, &actor)).await?;
    Ok(Tagged(view.into()))
}

/// A page of payments.
#[derive(Serialize, JsonSchema)]
struct Payments {
    /// In the order of the file. There can be none while there are more: a private payer is not told of those that went on.
    payments: Vec<Payment>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// One payment.
#[derive(Serialize, JsonSchema)]
struct Payment {
    /// Your end-to-end id.
    end_to_end_id: String,
    /// `routed`, `passed`, `held`, `rejected` or `cancelled`.
    state: &'static str,
    /// Why (a code of ISO 20022).
    code: Option<&'static str>,
    /// The same in a sentence.
    sentence: Option<&'static str>,
}

impl From<PaymentView> for Payment {
    fn from(PaymentView { end_to_end_id, state, code, sentence }: PaymentView) -> Self {
        Self { end_to_end_id, state, code, sentence }
    }
}

async fn payments(call: Call<Nothing, Which, PageOf>) -> Answer<Json<Payments>> {
    let (payer, actor, Which { batch }) = (call.caller.payer()?, call.caller.actor(), call.path);
    let (first, limit) = (call.query.after(PAYMENTS)?.unwrap_or(0), call.query.limit()?);
    let read = move |reader: &mut _| queries::payments_of(reader, (&payer, &batch), first, limit, &actor);
    let page = call.edge.core.read(read).await?;
    let next = page.next.map(|number| page_of::write(PAYMENTS, number));
    Ok(Json(Payments { payments: page.payments.into_iter().map(Payment::from).collect(), next }))
}
