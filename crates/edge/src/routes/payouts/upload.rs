//! Bringing a payment file.

use super::{Batch, SCOPE};
use crate::core::Unanswered;
use crate::edge::Edge;
use crate::headers::Tag;
use crate::openapi::Schemas;
use crate::problem::{Problem, RefusedFile};
use crate::route::{Answer, Answered, Call, JSON, Json, Nothing, Route, XML};
use crate::stream::Arriving;
use axum::response::Response;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};
use kernel::{Actor, Env};
use payout::commands::{PIECE_BYTES, Piece, Refused, Sealer, TakeIn, Upload};
use payout::{policy, queries};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/payouts", "payouts.upload", "Bring a payment file (pain.001): the same one is taken once")
            .token(policy::ROUTE, SCOPE)
            .repeatable()
            .refuses(&["payout.refused", "payout.misses", "allowance.exhausted", "request.timeout"])
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
        payer: call.caller.payer()?,
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
    /// Takes it two pieces at a time: while those that came are made ready, those before are stored, and the next arrive.
    async fn take(self, mut body: Arriving) -> Result<Result<Taken, Refused>, Problem> {
        let mut arrived = two_of(&mut body).await?;
        let (mut upload, sealer) = self.begin().await?;
        let (mut number, mut ready) = (0, [None, None]);
        loop {
            let is_last = arrived[1].is_none();
            let [first, second] = arrived;
            let sealing =
                async { tokio::join!(self.seal(&sealer, number, first), self.seal(&sealer, number + 1, second)) };
            let coming = async { if is_last { Ok([None, None]) } else { two_of(&mut body).await } };
            let (stored, sealed, came) = tokio::join!(self.store(upload, ready), sealing, coming);
            upload = stored?;
            (ready, arrived) = match (sealed, came) {
                ((Ok(first), Ok(second)), Ok(came)) => ([first, second], came),
                ((Err(problem), _) | (_, Err(problem)), _) | (_, Err(problem)) => {
                    // What cannot be cleared away now is swept later.
                    let _ = self.edge.core.file(|writer| upload.give_up(writer)).await;
                    return Err(problem);
                }
            };
            number += 2;
            if is_last {
                let upload = self.store(upload, ready).await?;
                return self.end(upload).await;
            }
        }
    }

    async fn begin(&self) -> Result<(Upload, Sealer), Problem> {
        let (payer, actor, now) = (self.payer.clone(), self.actor.clone(), (self.edge.clock)());
        let begun = self.edge.core.piece(move |writer| {
            let env = Env::sample(now, &mut writer.secrets)?;
            let upload = Upload::begin(writer, &payer, &actor, &env)?;
            let sealer = upload.sealer(writer);
            Ok((upload, sealer))
        });
        Ok(begun.await?)
    }

    async fn seal(&self, sealer: &Sealer, number: i64, piece: Option<Bytes>) -> Result<Option<Piece>, Problem> {
        let Some(piece) = piece else { return Ok(None) };
        let sealer = sealer.clone();
        Ok(self.edge.core.piece(move |_| sealer.seal(number, &piece)).await.map(Some)?)
    }

    async fn store(&self, mut upload: Upload, pieces: [Option<Piece>; 2]) -> Result<Upload, Problem> {
        if pieces.iter().all(Option::is_none) {
            return Ok(upload);
        }
        let now = (self.edge.clock)();
        let stored = self.edge.core.piece(move |writer| {
            let taken = pieces.into_iter().flatten().try_for_each(|piece| upload.take(writer, piece, now));
            match taken {
                Ok(()) => Ok(upload),
                Err(error) => {
                    let _ = upload.give_up(writer);
                    Err(error)
                }
            }
        });
        Ok(stored.await?)
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
                let view = queries::one_of(writer, &payer, &taken.batch, &actor, clock())?;
                Ok(Ok(Taken { batch: view.into(), duplicate: taken.duplicate }))
            })
            .await;
        Ok(ended?)
    }
}

/// The next two pieces, as far as there are so many.
async fn two_of(body: &mut Arriving) -> Result<[Option<Bytes>; 2], Problem> {
    let first = body.piece(PIECE_BYTES).await?;
    let second = if first.is_some() { body.piece(PIECE_BYTES).await? } else { None };
    Ok([first, second])
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
