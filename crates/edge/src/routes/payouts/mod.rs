//! Payment files: bringing them, what became of them, what is done with what they hold.

mod balance;
mod fetch;
mod held;
mod upload;

use crate::caller::Caller;
use crate::edge::Edge;
use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route, Tagged};
use kernel::{Role, Writer};
use payout::batch::Counts;
use payout::policy;
use payout::queries::{self, BatchView, HoldView, PaymentView};
use registry::queries::paying_authority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCOPE: &str = "payouts";
/// What can be refused where caseworkers may ask too.
pub(super) const TO_CASEWORKERS: &[&str] = &["caseworker.remit"];
/// Which list a cursor is of.
const LIST: &str = "payouts";
const PAYMENTS: &str = "payments";

pub fn routes() -> Vec<Route> {
    let own = [
        Route::get("/v1/payouts", "payouts.list", "Your payment files, the newest first")
            .token(policy::READ, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .by(list),
        Route::get("/v1/payouts/{batch}", "payouts.show", "What holds of one payment file now")
            .token(policy::READ, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .refuses(&["batch.unknown"])
            .by(show),
        Route::get("/v1/payouts/{batch}/payments", "payouts.payments", "What holds of its payments, in their order")
            .token(policy::READ, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
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
    /// How many were sent on and came back.
    returned: u64,
    /// How many lie in the waiting account.
    waiting: u64,
    /// How many went back for which reason (the codes of ISO 20022).
    reasons: BTreeMap<String, u64>,
    /// What they come to, by what became of them and by currency; a sum is a decimal number as text.
    sums: BTreeMap<String, BTreeMap<String, String>>,
    /// What lets go what waits: `release`, `approval` or `cut_off`; null where nothing waits, or the whole was let go.
    waits_for: Option<&'static str>,
    /// Until when, where that is a moment (RFC 3339).
    waits_until: Option<String>,
    /// Who asked for its release, where somebody else has to approve that.
    asked_by: Option<String>,
    /// Who stopped all that waits, here and in the waiting account.
    stopped_by: Option<String>,
}

impl From<BatchView> for Batch {
    fn from(view: BatchView) -> Self {
        let BatchView { batch, message_id, received, counts, stages, waits_for, waits_until, .. } = view;
        let (asked_by, stopped_by) = (view.asked_by, view.stopped_by);
        let state = counts.state();
        let Counts { payments, routed, passed, held, rejected, cancelled, returned, waiting, reasons, sums } = counts;
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
            returned,
            waiting,
            reasons,
            sums,
            waits_for,
            waits_until,
            asked_by,
            stopped_by,
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

/// The payer that whoever asks acts for: a client by its registration, a caseworker by theirs.
pub(super) async fn payer_of(edge: &Edge, caller: &Caller) -> Answer<String> {
    if caller.role() != Role::Caseworker {
        return caller.payer();
    }
    let actor = caller.actor();
    let read = move |reader: &mut Writer| reader.read(|scope| paying_authority(scope, &actor));
    let payer = edge.core.read(read).await?;
    payer.map(|payer| payer.agreement.name).ok_or_else(|| Problem::of("policy.not_allowed"))
}

async fn list(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Batches>> {
    let (payer, actor) = (payer_of(&call.edge, &call.caller).await?, call.caller.actor());
    let (before, limit) = (call.query.after(LIST)?, call.query.limit()?);
    let now = (call.edge.clock)();
    let read = move |reader: &mut _| queries::page_of(reader, &payer, before, limit, (&actor, now));
    let page = call.edge.core.read(read).await?;
    let next = page.next.map(|entry| page_of::write(LIST, entry));
    Ok(Json(Batches { batches: page.batches.into_iter().map(Batch::from).collect(), next }))
}

async fn show(call: Call<Nothing, Which>) -> Answer<Tagged<Batch>> {
    let payer = payer_of(&call.edge, &call.caller).await?;
    let (actor, Which { batch }) = (call.caller.actor(), call.path);
    let now = (call.edge.clock)();
    let view = call.edge.core.read(move |reader| queries::one_of(reader, &payer, &batch, &actor, now)).await?;
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
    /// `routed`, `passed`, `held`, `rejected`, `cancelled`, `returned` or `waiting`.
    state: &'static str,
    /// Why (a code of ISO 20022).
    code: Option<&'static str>,
    /// The same in a sentence.
    sentence: Option<&'static str>,
    /// Of one that waits, or is kept in the waiting account though its payee has an account or because it was stopped: why, who can do
    /// something about it, and what ends it.
    hold: Option<Hold>,
    /// How many whole days ago its account took the place of another, within 30 days; of one that has left, when it did. A private payer
    /// is not told, nor of what follows.
    changed_days_ago: Option<u8>,
    /// By which channel: `bank`, `operator`, `self_service`, `caseworker`.
    last_change_channel: Option<&'static str>,
    /// Whether a change of it is proposed, and does not hold yet; null where nothing is new of the account.
    pending_change: Option<bool>,
    /// How much of it a bank has said that it gives back, where that is not there yet.
    promised: Option<String>,
}

/// Why a payment waits.
#[derive(Serialize, JsonSchema)]
struct Hold {
    /// In a word: `release`, `no_account`, `frozen`, `marked`, `collecting`, `change_pending`, `recent_change`, `own_change`, `stopped`,
    /// `checked`.
    reason: &'static str,
    /// Who can do something about it: `payer`, `payee`, `agency` or `contact`.
    owner: &'static str,
    /// What ends it.
    ends: &'static str,
    /// When, where that is a moment (RFC 3339).
    until: Option<String>,
    /// Who stopped it.
    by: Option<String>,
}

impl From<HoldView> for Hold {
    fn from(HoldView { reason, owner, ends, until, by }: HoldView) -> Self {
        Self { reason, owner, ends, until, by }
    }
}

impl From<PaymentView> for Payment {
    fn from(PaymentView { end_to_end_id, state, code, sentence, hold, news, promised }: PaymentView) -> Self {
        let changed = news.and_then(|news| news.changed);
        Self {
            end_to_end_id,
            state,
            code,
            sentence,
            hold: hold.map(Hold::from),
            changed_days_ago: changed.map(|(days, _)| days),
            last_change_channel: changed.map(|(_, channel)| channel.name()),
            pending_change: news.map(|news| news.is_pending),
            promised,
        }
    }
}

async fn payments(call: Call<Nothing, Which, PageOf>) -> Answer<Json<Payments>> {
    let payer = payer_of(&call.edge, &call.caller).await?;
    let (actor, Which { batch }) = (call.caller.actor(), call.path);
    let (first, limit) = (call.query.after(PAYMENTS)?.unwrap_or(0), call.query.limit()?);
    let now = (call.edge.clock)();
    let read = move |reader: &mut _| queries::payments_of(reader, (&payer, &batch), first, limit, (&actor, now));
    let page = call.edge.core.read(read).await?;
    let next = page.next.map(|number| page_of::write(PAYMENTS, number));
    Ok(Json(Payments { payments: page.payments.into_iter().map(Payment::from).collect(), next }))
}
