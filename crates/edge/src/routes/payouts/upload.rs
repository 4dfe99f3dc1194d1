//! Bringing a payment file.

use super::{Batch, SCOPE, payer};
use crate::core::Unanswered;
use crate::edge::Edge;
use crate::headers::Tag;
use crate::openapi::Schemas;
use crate::problem::{Problem, RefusedFile};
use crate::route::{Answer, Answered, Call, JSON, Json, Nothing, Route, XML};
use crate::stream::Arriving;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};
use kernel::{Actor, Env};
use payout::commands::{PIECE_BYTES, Refused, TakeIn, Upload};
use payout::{policy, queries};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/payouts", "payouts.upload", "Bring a payment file (pain.001): the same one is taken once")
            .client(policy::ROUTE, SCOPE)
            .repeatable()
            .refuses(&["payout.refused", "payout.misses", "payer.unknown", "allowance.exhausted", "request.timeout"])
            .by(upload),
    ]
}

/// How the file is to be taken.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct How {
    /// Whether all of its payments are to wait until they are released.
    #[serde(default)]
    hold: bool,
}

/// A payment file that is a batch now.
#[derive(Serialize, JsonSchema)]
struct Taken {
    #[serde(flatten)]
    batch: Batch,
    /// Whether it had come in before: then nothing was done.
    duplicate: bool,
}

impl Answered for Taken {
    const STATUS: StatusCode = StatusCode::CREATED;
    const IS_TAGGED: bool = true;

    fn answer(self) -> Response {
        let tag = Tag::of(&self.batch).header();
        let location = HeaderValue::from_str(&format!("/v1/payouts/{}", self.batch.batch));
        let mut response = Json(self).answer();
        *response.status_mut() = Self::STATUS;
        response.headers_mut().insert(header::ETAG, tag);
        response.headers_mut().extend(location.ok().map(|location| (header::LOCATION, location)));
        response
    }

    fn describe(schemas: &mut Schemas) -> Option<(&'static str, Schema)> {
        Some((JSON, schemas.output::<Self>()))
    }
}

async fn upload(call: Call<Arriving, Nothing, How>) -> Answer<Taken> {
    let place = call.edge.transfers.enter(&call.caller.name)?;
    let coming = Coming {
        payer: payer(&call.caller.payer)?,
        actor: call.caller.actor(),
        hold_all: call.query.hold,
        key: call.idempotency_key.map(|key| key.as_str().to_owned()),
        edge: call.edge,
    };
    let wants_report = wants_xml(&call.headers);
    // What was taken is done, and what was cut off is cleared away.
    let taken = place.keep(coming.take(call.body)).await?;
    taken.map_err(|refused| problem(refused, wants_report))
}

/// A file that is coming in.
struct Coming {
    edge: Arc<Edge>,
    payer: String,
    actor: Actor,
    hold_all: bool,
    key: Option<String>,
}

impl Coming {
    /// Takes it piece by piece; while one is stored, the next arrives.
    async fn take(self, mut body: Arriving) -> Result<Result<Taken, Refused>, Problem> {
        let core = &self.edge.core;
        let (payer, actor, now) = (self.payer.clone(), self.actor.clone(), (self.edge.clock)());
        let begin = core.piece(move |writer| {
            let env = Env::sample(now, &mut writer.secrets)?;
            Upload::begin(writer, &payer, &actor, &env)
        });
        let mut upload = begin.await?;
        let mut next = body.piece(PIECE_BYTES).await;
        loop {
            let piece = match next {
                Ok(Some(piece)) => piece,
                Ok(None) => return self.end(upload).await,
                Err(problem) => {
                    // What cannot be cleared away now is swept later.
                    let _ = core.piece(|writer| upload.give_up(writer)).await;
                    return Err(problem);
                }
            };
            let now = (self.edge.clock)();
            let store = core.piece(move |writer| match upload.take(writer, &piece, now) {
                Ok(()) => Ok(upload),
                Err(error) => {
                    let _ = upload.give_up(writer);
                    Err(error)
                }
            });
            let (stored, arrived) = tokio::join!(store, body.piece(PIECE_BYTES));
            (upload, next) = (stored?, arrived);
        }
    }

    async fn end(self, upload: Upload) -> Result<Result<Taken, Refused>, Problem> {
        let Self { edge, payer, actor, hold_all, key } = self;
        let clock = edge.clock.clone();
        let ended: Result<Result<Taken, Refused>, Unanswered> = edge
            .core
            .file(move |writer| {
                let env = Env::sample(clock(), &mut writer.secrets)?;
                let how = TakeIn { hold_all, key: key.as_deref(), clock: &*clock };
                let taken = match upload.end(writer, &how, &actor, &env)? {
                    Ok(taken) => taken,
                    Err(refused) => return Ok(Err(refused)),
                };
                let view = queries::one_of(writer, &payer, &taken.batch, &actor)?;
                Ok(Ok(Taken { batch: view.into(), duplicate: taken.duplicate }))
            })
            .await;
        Ok(ended?)
    }
}

/// Whether the report is wanted where the file is refused.
fn wants_xml(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(','));
    kinds.any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(XML))
}

fn problem(refused: Refused, wants_report: bool) -> Problem {
    let Refused { code, text, line, place, report, .. } = refused;
    let report = report.filter(|_| wants_report);
    Problem::of("payout.refused").because(text).about(RefusedFile { reason: code, line, place, report })
}
