//! What is done with payments that wait.

use super::{Batch, SCOPE, TO_CASEWORKERS, Which, payer_of};
use crate::caller::Caller;
use crate::edge::Edge;
use crate::headers::{IdempotencyKey, Tag};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route, Tagged, TaggedAs};
use hyper::header::HeaderMap;
use kernel::merkle::{Encoder, Hash};
use kernel::{Actor, Env, Error, Once, Operation, Timestamp, Writer};
use payout::commands::{
    Cancel, ConfirmArrival, ConfirmedMoney, GiveBack, LetGo, NotRetried, Release, Retry, Stop, cancel, confirm_arrival,
    give_back, release, retry, stop,
};
use payout::policy;
use payout::queries::{self, BatchView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Payments that one cancellation can name.
const NAMED_MAX: usize = 1_000;
/// Of a batch that is not any more what the request is about: it has never so many stages.
const NO_STAGES: i64 = -1;

pub fn routes() -> Vec<Route> {
    const REFUSALS: &[&str] = &["batch.unknown", "batch.nothing_held", "batch.payment_not_held"];
    const STOPPED: &[&str] = &[
        "batch.unknown",
        "batch.nothing_held",
        "batch.payment_not_held",
        "batch.stopped",
        "batch.not_stopped",
        "batch.why",
    ];
    vec![
        Route::post(
            "/v1/payouts/{batch}/release",
            "payouts.release",
            "Let go what waits, or ask for it where it takes two: each payment is decided by what the registry holds now",
        )
        .token(policy::RELEASE, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .repeatable()
        .conditional()
        .refuses(REFUSALS)
        .by(release_held),
        Route::post(
            "/v1/payouts/{batch}/approve-release",
            "payouts.approve_release",
            "Approve the release that another client, or another person, of the payer or the agency, asked for",
        )
        .token(policy::RELEASE, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .repeatable()
        .conditional()
        .refuses(&["batch.unknown", "batch.nothing_held", "batch.not_asked", "batch.own"])
        .by(approve_release),
        Route::post("/v1/payouts/{batch}/stop", "payouts.stop", "Stop what waits, here or in the waiting account: nothing lets it go until it is resumed")
            .token(policy::STOP, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .repeatable()
            .conditional()
            .refuses(STOPPED)
            .by(stop_held),
        Route::post("/v1/payouts/{batch}/resume", "payouts.resume", "Let go on what was stopped")
            .token(policy::STOP, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .repeatable()
            .conditional()
            .refuses(STOPPED)
            .by(resume_stopped),
        Route::post(
            "/v1/payouts/{batch}/retry",
            "payouts.retry",
            "Try again what came back: some payments, or all. Each is decided by what the registry holds now",
        )
        .token(policy::RETRY, SCOPE)
        .repeatable()
        .conditional()
        .refuses(&[
            "batch.unknown",
            "batch.nothing_returned",
            "batch.payment_not_returned",
            "batch.promised",
            "batch.input_not_kept",
        ])
        .by(try_again),
        Route::post(
            "/v1/payouts/{batch}/arrived",
            "payouts.arrived",
            "Confirm that money is there which a bank has only said that it gives back: it can be tried again from then on",
        )
        .token(policy::CONFIRM_ARRIVAL, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .repeatable()
        .refuses(&["batch.unknown", "recall.payment_unknown", "recall.not_promised", "recall.why"])
        .by(confirm),
        Route::post(
            "/v1/payouts/{batch}/give-back",
            "payouts.give_back",
            "Take a payment back that lies in the waiting account, whose payee is to have no account",
        )
        .token(policy::GIVE_BACK, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .repeatable()
        .conditional()
        .refuses(&["batch.unknown", "return.payment_unknown", "return.not_waiting", "return.why"])
        .by(give_back_lying),
        Route::post("/v1/payouts/{batch}/cancel", "payouts.cancel", "Cancel what waits: some payments, or all")
            .token(policy::CANCEL, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .repeatable()
            .conditional()
            .refuses(REFUSALS)
            .by(cancel_held),
    ]
}

/// Which payments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// All that wait, or that came back. Either this or their ids.
    #[serde(default)]
    all: bool,
    /// Those of these end-to-end ids; each must wait, or have come back.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 35)))]
    end_to_end_ids: Option<Vec<String>>,
}

/// Which payments, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Told {
    /// All that wait, here and in the waiting account. Either this or their ids.
    #[serde(default)]
    all: bool,
    /// Those of these end-to-end ids; each must wait.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 35)))]
    end_to_end_ids: Option<Vec<String>>,
    /// Why: one line that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Which payment that lies in the waiting account, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Given {
    /// The payer's end-to-end id.
    #[schemars(length(min = 1, max = 35))]
    end_to_end_id: String,
    /// Why: one line that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Whose money is there, and why whoever says so knows.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct There {
    /// The payments, by their end-to-end ids; of each a bank must have promised some.
    #[schemars(length(min = 1, max = 1_000), inner(length(min = 1, max = 35)))]
    end_to_end_ids: Vec<String>,
    /// Why: one line that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Money that counts as arrived from now on.
#[derive(Serialize, JsonSchema)]
struct Arrived {
    /// By payments.
    payments: Vec<ArrivedOne>,
}

/// All that banks had promised of one payment.
#[derive(Serialize, JsonSchema)]
struct ArrivedOne {
    /// Your end-to-end id.
    end_to_end_id: String,
    /// How much.
    amount: String,
    /// In which currency.
    currency: String,
}

/// A payment file of which something was tried again.
#[derive(Serialize, JsonSchema)]
struct TriedAgain {
    #[serde(flatten)]
    batch: Batch,
    /// Those that came back and were not tried again, because the bank has only said that it gives their money back: the first 1,000.
    left: Vec<Left>,
}

/// A payment that was not tried again.
#[derive(Serialize, JsonSchema)]
struct Left {
    /// Your end-to-end id.
    end_to_end_id: String,
    /// Why, in a word.
    code: String,
    /// The same in a sentence.
    text: String,
}

async fn release_held(call: Call<Nothing, Which>) -> Answer<Tagged<Batch>> {
    let_go(call, LetGo::Ask).await
}

async fn approve_release(call: Call<Nothing, Which>) -> Answer<Tagged<Batch>> {
    let_go(call, LetGo::Approve).await
}

async fn let_go(call: Call<Nothing, Which>, as_what: LetGo) -> Answer<Tagged<Batch>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let what = if as_what == LetGo::Approve { "approve" } else { "release" };
    let request = request(what, &held.batch, &[], "");
    let wish = Wish { headers: call.headers, key: call.idempotency_key, operation: policy::RELEASE, request };
    let work = move |writer: &mut Writer, held: &Held, stages, once, env: &Env| {
        let wanted = Release { batch: &held.batch, as_what, out: None, stages: Some(stages), once };
        release(writer, &wanted, &held.actor, env).map(drop)
    };
    let (batch, ()) = held.change(&call.edge, &call.caller.name, wish, work).await?;
    Ok(Tagged(batch))
}

async fn stop_held(call: Call<Json<Told>, Which>) -> Answer<Tagged<Batch>> {
    stop_or_resume(call, false).await
}

async fn resume_stopped(call: Call<Json<Told>, Which>) -> Answer<Tagged<Batch>> {
    stop_or_resume(call, true).await
}

async fn stop_or_resume(call: Call<Json<Told>, Which>, resumes: bool) -> Answer<Tagged<Batch>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let Json(Told { all, end_to_end_ids: ids, reason }) = call.body;
    require_clear(all, ids.as_deref())?;
    let what = if resumes { "resume" } else { "stop" };
    let request = request(what, &held.batch, ids.as_deref().unwrap_or_default(), &reason);
    let wish = Wish { headers: call.headers, key: call.idempotency_key, operation: policy::STOP, request };
    let work = move |writer: &mut Writer, held: &Held, stages, once, env: &Env| {
        let (batch, why) = (held.batch.as_str(), reason.as_str());
        let wanted = Stop { batch, end_to_end_ids: ids.as_deref(), why, resumes, stages: Some(stages), once };
        stop(writer, &wanted, &held.actor, env)
    };
    let (batch, ()) = held.change(&call.edge, &call.caller.name, wish, work).await?;
    Ok(Tagged(batch))
}

/// Refuses what does not say which payments are meant.
fn require_clear(all: bool, ids: Option<&[String]>) -> Result<(), Problem> {
    let is_clear = match ids {
        Some(ids) => !all && (1..=NAMED_MAX).contains(&ids.len()),
        None => all,
    };
    if is_clear {
        return Ok(());
    }
    let text = format!("say all, or name 1 to {NAMED_MAX} payments by their end-to-end ids");
    Err(Problem::of("body.field").at("").because(text))
}

async fn cancel_held(call: Call<Json<Named>, Which>) -> Answer<Tagged<Batch>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let Json(Named { all, end_to_end_ids: ids }) = call.body;
    require_clear(all, ids.as_deref())?;
    let request = request("cancel", &held.batch, ids.as_deref().unwrap_or_default(), "");
    let wish = Wish { headers: call.headers, key: call.idempotency_key, operation: policy::CANCEL, request };
    let work = move |writer: &mut Writer, held: &Held, stages, once, env: &Env| {
        let wanted = Cancel { batch: &held.batch, end_to_end_ids: ids.as_deref(), stages: Some(stages), once };
        cancel(writer, &wanted, &held.actor, env).map(drop)
    };
    let (batch, ()) = held.change(&call.edge, &call.caller.name, wish, work).await?;
    Ok(Tagged(batch))
}

async fn give_back_lying(call: Call<Json<Given>, Which>) -> Answer<Tagged<Batch>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let Json(Given { end_to_end_id, reason }) = call.body;
    let request = request("give_back", &held.batch, std::slice::from_ref(&end_to_end_id), &reason);
    let wish = Wish { headers: call.headers, key: call.idempotency_key, operation: policy::GIVE_BACK, request };
    let work = move |writer: &mut Writer, held: &Held, stages, once, env: &Env| {
        let (batch, end_to_end_id, why) = (held.batch.as_str(), end_to_end_id.as_str(), reason.as_str());
        let wanted = GiveBack { batch, end_to_end_id, why, stages: Some(stages), out: None, once };
        give_back(writer, &wanted, &held.actor, env).map(drop)
    };
    let (batch, ()) = held.change(&call.edge, &call.caller.name, wish, work).await?;
    Ok(Tagged(batch))
}

async fn try_again(call: Call<Json<Named>, Which>) -> Answer<TaggedAs<TriedAgain>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let Json(Named { all, end_to_end_ids: ids }) = call.body;
    require_clear(all, ids.as_deref())?;
    let request = request("retry", &held.batch, ids.as_deref().unwrap_or_default(), "");
    let wish = Wish { headers: call.headers, key: call.idempotency_key, operation: policy::RETRY, request };
    let work = move |writer: &mut Writer, held: &Held, stages, once, env: &Env| {
        let end_to_end_ids = ids.as_deref();
        let wanted = Retry { batch: &held.batch, end_to_end_ids, out: None, stages: Some(stages), once };
        retry(writer, &wanted, &held.actor, env).map(|retried| retried.left)
    };
    let (batch, left) = held.change(&call.edge, &call.caller.name, wish, work).await?;
    let left = left.into_iter().map(|NotRetried { end_to_end_id, code, text }| Left { end_to_end_id, code, text });
    let (tag, left) = (Tag::of(&batch), left.collect());
    Ok(TaggedAs(TriedAgain { batch, left }, tag))
}

async fn confirm(call: Call<Json<There>, Which>) -> Answer<Json<Arrived>> {
    let held = Held::of(&call.edge, &call.caller, &call.path).await?;
    let Json(there) = call.body;
    require_clear(false, Some(&there.end_to_end_ids))?;
    let asked = (&held.batch, &there);
    let once = call.idempotency_key.as_ref().map(|key| key.once(&held.actor, &policy::CONFIRM_ARRIVAL, &asked));
    let (place, now) = (call.edge.transfers.enter(&call.caller.name)?, (call.edge.clock)());
    let confirmed = call.edge.core.file(move |writer| {
        let _place = place;
        let env = Env::sample(now, &mut writer.secrets)?;
        // Another payer's batch is as if it were not there.
        held.view(writer, now)?;
        let There { end_to_end_ids, reason: why } = &there;
        let wanted = ConfirmArrival { batch: &held.batch, end_to_end_ids, why, once };
        confirm_arrival(writer, &wanted, &held.actor, &env)
    });
    let one = |ConfirmedMoney { end_to_end_id, amount, currency }| ArrivedOne { end_to_end_id, amount, currency };
    Ok(Json(Arrived { payments: confirmed.await?.into_iter().map(one).collect() }))
}

/// A batch whose held payments are to be changed.
#[derive(Clone)]
struct Held {
    payer: String,
    batch: String,
    actor: Actor,
}

/// How it is known which version of it is meant, and which request it is.
struct Wish {
    headers: HeaderMap,
    key: Option<IdempotencyKey>,
    operation: Operation,
    /// Says all that is asked for.
    request: Hash,
}

impl Held {
    async fn of(edge: &Edge, caller: &Caller, which: &Which) -> Result<Self, Problem> {
        let (payer, batch) = (payer_of(edge, caller).await?, which.batch.to_ascii_uppercase());
        Ok(Self { payer, batch, actor: caller.actor() })
    }

    fn view(&self, reader: &mut Writer, now: Timestamp) -> Result<BatchView, Error> {
        queries::one_of(reader, &self.payer, &self.batch, &self.actor, now)
    }

    /// Changes it, if it is the version that the client has seen; and shows what holds then. A request that was done before is
    /// known first: the version that it names is gone.
    async fn change<T: Send + 'static>(
        self,
        edge: &Edge,
        client: &str,
        wish: Wish,
        work: impl FnOnce(&mut Writer, &Self, i64, Option<Once>, &Env) -> Result<T, Error> + Send + 'static,
    ) -> Answer<(Batch, T)> {
        let place = edge.transfers.enter(client)?;
        let seen = self.clone();
        let now = (edge.clock)();
        let view = edge.core.read(move |reader| seen.view(reader, now)).await?;
        let stages = view.stages;
        let stages = match Tag::of(&Batch::from(view)).require_match(&wish.headers) {
            Ok(()) => stages,
            Err(problem) if problem.code() == "precondition.failed" => NO_STAGES,
            Err(problem) => return Err(problem),
        };
        let once = wish.key.map(|key| Once::of(&self.actor, &wish.operation, key.as_str(), wish.request));
        let changed = edge.core.file(move |writer| {
            let _place = place;
            let env = Env::sample(now, &mut writer.secrets)?;
            let told = work(writer, &self, stages, once, &env)?;
            Ok((self.view(writer, now)?, told))
        });
        let (view, told) = changed.await?;
        Ok((view.into(), told))
    }
}

/// Says what is to be done, with which batch and which payments of it, and why.
fn request(what: &str, batch: &str, named: &[String], why: &str) -> Hash {
    let mut encoder = Encoder::default();
    encoder.start("held").text(what).text(batch).text(why);
    for id in named {
        encoder.text(id);
    }
    encoder.leaf()
}
