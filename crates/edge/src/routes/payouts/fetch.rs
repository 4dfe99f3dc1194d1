//! What is fetched of a payment file: reports and completed files.

use super::{SCOPE, TO_CASEWORKERS, Which, payer_of};
use crate::edge::Edge;
use crate::page_of::{self, PageOf};
use crate::problem::Problem;
use crate::route::{Answer, Call, Json, Nothing, Route};
use crate::stream::{Written, outgoing};
use kernel::{Actor, Error, Writer};
use payout::policy;
use payout::queries::{self, FileForBank};
use payout::rendering::Rendering;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// That of banks, who fetch and do nothing else with payouts.
const BANK_SCOPE: &str = "payouts:fetch";
const FILES: &str = "files";

pub fn routes() -> Vec<Route> {
    const REPORT: &[&str] = &["batch.unknown", "batch.stage_unknown", "batch.input_not_kept"];
    const COMPLETED: &[&str] =
        &["batch.unknown", "batch.stage_unknown", "batch.nothing_completed", "batch.input_not_kept"];
    let of_payer = [
        Route::get("/v1/payouts/{batch}/report", "payouts.report", "The status report (pain.002) of when it came in")
            .token(policy::READ, SCOPE)
            .refuses_as_all(TO_CASEWORKERS)
            .refuses(REPORT)
            .by(report),
        Route::get(
            "/v1/payouts/{batch}/report/{stage}",
            "payouts.stage_report",
            "The status report (pain.002) of a release, a cancellation, or what else was done with it",
        )
        .token(policy::READ, SCOPE)
        .refuses_as_all(TO_CASEWORKERS)
        .refuses(REPORT)
        .by(stage_report),
        Route::get(
            "/v1/payouts/{batch}/completed",
            "payouts.completed",
            "The completed file (pain.001) of when it came in; never for private payers",
        )
        .token(policy::FETCH, SCOPE)
        .refuses(COMPLETED)
        .by(completed),
        Route::get(
            "/v1/payouts/{batch}/completed/{stage}",
            "payouts.stage_completed",
            "The completed file (pain.001) of a release, or the order out of the waiting account; never for private payers",
        )
        .token(policy::FETCH, SCOPE)
        .refuses(COMPLETED)
        .by(stage_completed),
    ];
    let of_bank = [
        Route::get("/v1/payouts/files", "payouts.files", "The completed files for your bank, in order")
            .token(policy::FETCH_FOR_BANK, BANK_SCOPE)
            .by(files),
        Route::get("/v1/payouts/files/{batch}/{stage}", "payouts.file", "One completed file (pain.001) for your bank")
            .token(policy::FETCH_FOR_BANK, BANK_SCOPE)
            .refuses(COMPLETED)
            .by(file),
    ];
    of_payer.into_iter().chain(of_bank).collect()
}

/// Which file of a batch.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhichStage {
    /// Our name for the batch: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    batch: String,
    /// 0 for when it came in, else the number of what was done with it.
    #[schemars(regex(pattern = r"^[0-9]{1,10}$"))]
    stage: String,
}

impl WhichStage {
    fn stage(&self) -> Result<i64, Problem> {
        let is_number = (1..=10).contains(&self.stage.len()) && self.stage.bytes().all(|byte| byte.is_ascii_digit());
        self.stage.parse().ok().filter(|_| is_number).ok_or_else(|| Problem::of("batch.stage_unknown"))
    }
}

async fn report(call: Call<Nothing, Which>) -> Answer<Written> {
    let (payer, batch) = (payer_of(&call.edge, &call.caller).await?, call.path.batch);
    let open = move |writer: &mut _, actor: &_| queries::report_of(writer, &payer, &batch, 0, actor);
    hand_on(&call.edge, &call.caller.name, call.caller.actor(), open).await
}

async fn stage_report(call: Call<Nothing, WhichStage>) -> Answer<Written> {
    let (stage, payer) = (call.path.stage()?, payer_of(&call.edge, &call.caller).await?);
    let batch = call.path.batch;
    let open = move |writer: &mut _, actor: &_| queries::report_of(writer, &payer, &batch, stage, actor);
    hand_on(&call.edge, &call.caller.name, call.caller.actor(), open).await
}

async fn completed(call: Call<Nothing, Which>) -> Answer<Written> {
    let (payer, batch) = (call.caller.payer()?, call.path.batch);
    let open = move |writer: &mut _, actor: &_| queries::completed_of(writer, &payer, &batch, 0, actor);
    hand_on(&call.edge, &call.caller.name, call.caller.actor(), open).await
}

async fn stage_completed(call: Call<Nothing, WhichStage>) -> Answer<Written> {
    let (payer, stage, batch) = (call.caller.payer()?, call.path.stage()?, call.path.batch);
    let open = move |writer: &mut _, actor: &_| queries::completed_of(writer, &payer, &batch, stage, actor);
    hand_on(&call.edge, &call.caller.name, call.caller.actor(), open).await
}

async fn file(call: Call<Nothing, WhichStage>) -> Answer<Written> {
    let (bank, stage, batch) = (call.caller.bank()?, call.path.stage()?, call.path.batch);
    let open = move |writer: &mut _, actor: &_| queries::completed_for_bank(writer, &bank, &batch, stage, actor);
    hand_on(&call.edge, &call.caller.name, call.caller.actor(), open).await
}

/// A page of completed files.
#[derive(Serialize, JsonSchema)]
struct Files {
    /// In the order in which they came about.
    files: Vec<File>,
    /// Where to go on: after the last of these files, or where this page began if there are none yet. So it can be kept, and asked
    /// again and again.
    next: Option<String>,
}

/// One completed file.
#[derive(Serialize, JsonSchema)]
struct File {
    /// Our name for the payment file of which it was made.
    batch: String,
    /// 0 for what was completed when that came in, else the number of a release.
    stage: i64,
    /// The payer.
    payer: String,
    /// The message id that stands in it.
    message_id: String,
    /// How many payments stand in it.
    payments: u64,
    /// What they come to, by currency; a sum is a decimal number as text.
    sums: BTreeMap<String, String>,
}

async fn files(call: Call<Nothing, Nothing, PageOf>) -> Answer<Json<Files>> {
    let bank = call.caller.bank()?;
    let (after, limit) = (call.query.after(FILES)?, call.query.limit()?);
    let read =
        move |reader: &mut Writer| reader.read(|scope| queries::files_for_bank_after(scope, &bank, after, limit));
    let found = call.edge.core.read(read).await?;
    let next = found.last().map(|file| file.place).or(after).map(|place| page_of::write(FILES, place));
    let shown = |FileForBank { batch, stage, payer, message_id, sent, .. }| {
        let payout::batch::Sent { payments, sums } = sent;
        File { batch, stage, payer, message_id, payments, sums }
    };
    Ok(Json(Files { files: found.into_iter().map(shown).collect(), next }))
}

/// Makes a file piece by piece as the client takes it. What goes wrong when the answer has begun cuts it off.
async fn hand_on(
    edge: &Arc<Edge>,
    client: &str,
    actor: Actor,
    open: impl FnOnce(&mut Writer, &Actor) -> Result<Rendering, Error> + Send + 'static,
) -> Answer<Written> {
    let place = edge.transfers.enter(client)?;
    let mut rendering = edge.core.piece(move |writer| open(writer, &actor)).await?;
    let (mut out, written) = outgoing();
    let edge = edge.clone();
    tokio::spawn(async move {
        let _place = place;
        loop {
            let made = edge.core.piece(move |_| {
                let piece = rendering.next_piece()?;
                Ok((rendering, piece))
            });
            match made.await {
                Ok((same, Some(piece))) => {
                    rendering = same;
                    if out.give(piece).await.is_err() {
                        return;
                    }
                }
                Ok((_, None)) => return out.end().await,
                Err(unanswered) => {
                    let problem = Problem::from(unanswered);
                    return edge.log.event((edge.clock)(), "fetch.failed", problem.cause().unwrap_or(problem.code()));
                }
            }
        }
    });
    Ok(written)
}
