//! Sends notices: at least once, again and again until they are taken or given up.
//!
//! A process takes some that are due, so that others leave them alone, sends them all at once, and says what became of them. One that
//! is killed in between leaves them to be sent again, under the same reference.

mod mail;
mod memo;
mod transports;

pub use mail::{MailFrom, MailServer};
pub use transports::{DigitalPost, Email, MailPlace, Sms, Transports};

use crate::codes::FAILURE;
use crate::core::Unanswered;
use crate::delivery::client::{self, NotTaken};
use crate::delivery::ours;
use crate::delivery::stream::{Content, Parcel};
use crate::metrics::Queue;
use crate::rounds::{Means, Round, Rounds, finished};
use crate::route::{JSON, XML};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, USER_AGENT};
use kernel::{Actor, Env, Error};
use registry::commands::{Carrier, Tried, tell_contacts};
use registry::delivery::{Endpoint, Place};
use registry::notice::{Medium, Notice, Recipient};
use registry::notice_progress::{NoticeState, UNWRITABLE};
use registry::notice_text::{Text, render, sender};
use registry::progress::Failure;
use registry::queries::count_notices;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Threads that ask the store and write files.
const THREADS: usize = 1;
/// Steps that wait for them: every notice of every medium is one where it goes to a folder.
const STEPS_MAX: usize = 256;
/// Notices that are taken and sent at once: none is at it for longer than it is held for.
const BATCH: usize = 32;
/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(1);
/// How often is counted what waits.
const COUNTED_EVERY: Duration = Duration::from_secs(10);

/// The notices of a store, as one process sends them.
pub type Notices = Rounds<Transports>;

impl Notices {
    /// Starts the threads. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(means: Means, transports: Transports) -> Result<Arc<Self>, Error> {
        Self::with(means, Queue::Notice, THREADS, STEPS_MAX, transports)
    }

    /// Sends what is due now, by each medium until there is nothing more or none is taken.
    pub async fn round(self: &Arc<Self>) -> Round {
        self.tell_contacts().await;
        let mut working = JoinSet::new();
        for medium in self.own.media() {
            let notices = self.clone();
            working.spawn(async move { notices.round_of(medium).await });
        }
        let round = finished(working).await.into_iter().sum();
        self.count().await;
        round
    }

    /// Calls for rounds until [`Rounds::begin_stop`]; then what is being sent is finished. No medium keeps another waiting.
    pub async fn run(self: Arc<Self>) {
        let mut working = JoinSet::new();
        for medium in self.own.media() {
            let round = move |notices: Arc<Self>| async move { notices.round_of(medium).await };
            working.spawn(self.clone().every(EVERY, 1, round));
        }
        working.spawn(self.clone().every(EVERY, 1, |notices| async move { notices.tell_contacts().await }));
        working.spawn(self.every(COUNTED_EVERY, 1, |notices| async move { notices.count().await }));
        finished(working).await;
    }

    /// Records what is due to contacts of payers, whether or not e-mails go out from here: what waits is counted.
    async fn tell_contacts(&self) {
        let now = (self.clock)();
        let told = self.pool.run(move |writer| {
            let env = Env::sample(now, &mut writer.secrets)?;
            tell_contacts(writer, &Actor::console(), &env)
        });
        if let Err(unanswered) = told.await {
            self.tell_failure(&unanswered);
        }
    }

    async fn count(&self) {
        let counted = self.pool.run(|writer| writer.read(|scope| count_notices(scope, &Actor::console()))).await;
        match counted {
            Ok(counts) => self.metrics.notices(&counts),
            Err(unanswered) => self.tell_failure(&unanswered),
        }
    }

    async fn round_of(self: &Arc<Self>, medium: Medium) -> Round {
        let mut round = Round::default();
        while !self.is_stopping() && self.goes_on(self.step(medium, &mut round).await) {}
        round
    }

    /// Sends some notices that are due; whether there may be more, and it is of use to go on.
    async fn step(self: &Arc<Self>, medium: Medium, round: &mut Round) -> Result<bool, Unanswered> {
        let (carrier, now) = (Carrier { holder: self.holder }, (self.clock)());
        let taken = self.pool.run(move |writer| carrier.take(writer, medium, now, BATCH)).await?;
        let is_full = taken.len() == BATCH;
        let mut sending = JoinSet::new();
        for (id, notice) in taken {
            let notices = self.clone();
            sending.spawn(async move {
                let result = match notice {
                    Ok(notice) => notices.send(&notice).await,
                    Err(error) => Err(ours(error.into())),
                };
                let result = result.map_err(|NotTaken { failure, retry_after }| (failure, retry_after));
                Tried { notice: id, result }
            });
        }
        let tried = finished(sending).await;
        if tried.is_empty() {
            return Ok(false);
        }
        let now = (self.clock)();
        let (tried, states) = self
            .pool
            .run(move |writer| {
                let states = carrier.tell(writer, &tried, now)?;
                Ok((tried, states))
            })
            .await?;
        let mut has_sent = false;
        for (Tried { notice, result }, state) in tried.iter().zip(states) {
            let is_dead = state == Some(NoticeState::Dead);
            match result {
                Ok(()) => {
                    has_sent = true;
                    round.done += 1;
                    self.metrics.sent_notice(medium);
                }
                Err((failure, _)) => {
                    self.metrics.failed_notice(medium, is_dead);
                    *if is_dead { &mut round.given_up } else { &mut round.failed } += 1;
                    let what = if is_dead { "dead" } else { "failed" };
                    self.tell(what, &format!("{} by {}: {failure}", notice.name(), medium.name()));
                }
            }
        }
        Ok(is_full && has_sent)
    }

    async fn send(&self, notice: &Notice) -> Result<(), NotTaken> {
        let unwritable = || NotTaken::from(Failure::Ours(UNWRITABLE));
        let Transports { digital_post, sms, email, stop_url } = &self.own;
        let Notice { new, .. } = notice;
        let text = stop_url.as_ref().and_then(|stop_url| render(new, stop_url)).ok_or_else(unwritable)?;
        let reference =
            notice.reference(&self.pool.run(|writer| Ok(writer.store.vault().clone())).await.map_err(ours)?);
        let (name, at) = (sender(new.language), new.details.at);
        match (&new.to, digital_post, sms, email) {
            (Recipient::DigitalPost(to), Some(way), ..) => {
                let (sender, language, text) = ((&way.sender, name), new.language, &text);
                let message = memo::Message { reference: &reference, sender, to, created: at, language, text };
                let content = memo::write(&message).ok_or_else(unwritable)?;
                self.give(notice, &way.place, ("memo.xml", XML), &reference, None, content.into()).await
            }
            (Recipient::Sms(number), _, Some(way), _) => {
                let Text { body, .. } = &text;
                let content = json!({ "to": number.reveal(), "text": body, "reference": reference }).to_string();
                self.give(notice, &way.place, ("sms.json", JSON), &reference, way.token.as_deref(), content.into())
                    .await
            }
            (Recipient::Email(to), _, _, Some(way)) => {
                let message = mail::write(&reference, (&way.from, name), to, at, &text).ok_or_else(unwritable)?;
                match &way.place {
                    MailPlace::Folder(folder) => self.put(notice, folder, "eml", message.formatted().into()).await,
                    MailPlace::Server(server) => {
                        let patience = self.patience.connect + self.patience.answer;
                        server.send(message, &way.from, patience).await.map_err(NotTaken::from)
                    }
                }
            }
            // Only what has a way out is taken.
            _ => Err(unwritable()),
        }
    }

    async fn give(
        &self,
        notice: &Notice,
        place: &Place,
        (extension, kind): (&'static str, &'static str),
        reference: &str,
        token: Option<&Path>,
        content: Bytes,
    ) -> Result<(), NotTaken> {
        match place {
            Place::Folder(folder) => self.put(notice, folder, extension, content).await,
            Place::Server(endpoint) => self.post(endpoint, kind, reference, token, content).await,
        }
    }

    async fn put(
        &self,
        notice: &Notice,
        folder: &Path,
        extension: &'static str,
        content: Bytes,
    ) -> Result<(), NotTaken> {
        let parcel = Parcel { name: notice.id.name(), extension, kind: "", items: 1, content: Content::Whole(content) };
        self.put_into(folder, "notices", parcel).await
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        kind: &'static str,
        reference: &str,
        token: Option<&Path>,
        content: Bytes,
    ) -> Result<(), NotTaken> {
        let bytes = content.len() as u64;
        let mut request = client::request_to(&endpoint.url)
            .header(USER_AGENT, HeaderValue::from_static("anvis"))
            .header(CONTENT_TYPE, kind)
            .header(CONTENT_LENGTH, bytes)
            .header("idempotency-key", reference);
        if let Some(file) = token {
            request = request.header(AUTHORIZATION, bearer(file).ok_or(Failure::Certificate)?);
        }
        let request = request.body(Body::new(Full::from(content))).map_err(|_| Failure::Ours(FAILURE))?;
        client::send(endpoint, request, bytes, &self.patience).await
    }
}

/// The token in a file, read anew each time, as it may be another one by now.
fn bearer(file: &Path) -> Option<HeaderValue> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim())).ok()?;
    value.set_sensitive(true);
    Some(value)
}
