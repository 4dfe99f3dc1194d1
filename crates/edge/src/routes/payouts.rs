//! Payment files: what became of them.

use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route, Tagged};
use kernel::{Error, Refusal};
use payout::batch::Counts;
use payout::policy;
use payout::queries::{self, BatchView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCOPE: &str = "payouts";
/// Which list a cursor is of.
const LIST: &str = "payouts";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/payouts", "payouts.list", "Your payment files, the newest first")
            .client(policy::READ, SCOPE)
            .by(list),
        Route::get("/v1/payouts/{batch}", "payouts.show", "What holds of one payment file now")
            .client(policy::READ, SCOPE)
            .refuses(&["batch.unknown"])
            .by(show),
    ]
}

/// A page of payment files.
#[derive(Serialize, JsonSchema)]
struct Batches {
    /// The newest come first. There can be none while there are more.
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
    fn from(BatchView { batch, message_id, received, counts, .. }: BatchView) -> Self {
        let state = counts.state();
        let Counts { payments, routed, passed, held, rejected, cancelled, reasons, sums } = counts;
        Self { batch, message_id, received, state, payments, routed, passed, held, rejected, cancelled, reasons, sums }
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
    let (payer, actor) = (payer(&call.caller.payer)?, call.caller.actor());
    let (before, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let page = call.edge.core.read(move |reader| queries::page_of(reader, &payer, before, limit, &actor)).await?;
    let next = page.next.map(|entry| page_of::write(LIST, entry));
    Ok(Json(Batches { batches: page.batches.into_iter().map(Batch::from).collect(), next }))
}

async fn show(call: Call<Nothing, Which>) -> Answer<Tagged<Batch>> {
    let (payer, actor, Which { batch }) = (payer(&call.caller.payer)?, call.caller.actor(), call.path);
    let view = call.edge.core.read(move |reader| queries::one_of(reader, &payer, &batch, &actor)).await?;
    Ok(Tagged(view.into()))
}

/// The payer that a client acts for.
fn payer(payer: &Option<String>) -> Result<String, Problem> {
    payer.clone().ok_or_else(|| {
        let text = "the client is registered for no payer".to_owned();
        Error::Refused(Refusal { code: "policy.not_allowed", text, retry_after_seconds: None }).into()
    })
}
