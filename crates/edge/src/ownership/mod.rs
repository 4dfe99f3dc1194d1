//! Asks accounts' banks whose they are: again and again until they answer, or it is too late.
//!
//! Each place is asked by itself, so that a bank that is slow keeps no other waiting. A process takes some questions that are due, so
//! that others leave them alone, asks them all at once, and tells what became of them. One that is killed in between leaves them to
//! be asked again, under the same name.

mod words;

use crate::core::Unanswered;
use crate::delivery::client::{self, NotTaken};
use crate::delivery::ours;
use crate::delivery::signed::{self, Parts};
use crate::metrics::Queue;
use crate::rounds::{Busy, Means, Round, Rounds, finished};
use crate::route::JSON;
use axum::body::Body;
use http_body_util::Full;
use kernel::{Actor, Error, Id};
use registry::commands::{Asked, Inquirer, OwnershipQuestion, ToAsk};
use registry::delivery::Delivery;
use registry::ownership::{InquiryState, Ownership};
use registry::progress::Failure;
use registry::proposal::Proposal;
use registry::queries::count_inquiries;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// Threads that ask the store.
const THREADS: usize = 1;
/// Steps that wait for them.
const STEPS_MAX: usize = 256;
/// Questions that one place is asked at once: none is at it for longer than it is held for.
const BATCH: usize = 16;
/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(1);
/// Rounds at once. A place that is slow is busy, and the others are in the next round.
const AT_ONCE: usize = usize::MAX;

/// Who answers in the banks' place: in a store of synthetic people.
pub type StandIn = Arc<dyn Fn(&OwnershipQuestion) -> Ownership + Send + Sync>;

/// The questions of a store, as one process asks them.
pub type Inquiries = Rounds<Asking>;

/// What is known of questions while they are asked.
pub struct Asking {
    stand_in: Option<StandIn>,
    /// Where is being asked.
    busy: Arc<Mutex<BTreeSet<Id<Delivery>>>>,
    /// What could not be read the last time: it is told once.
    unreadable: Mutex<BTreeSet<Id<Proposal>>>,
}

impl Inquiries {
    /// Starts the threads. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(means: Means, stand_in: Option<StandIn>) -> Result<Arc<Self>, Error> {
        let own = Asking { stand_in, busy: Arc::default(), unreadable: Mutex::default() };
        Self::with(means, Queue::Ownership, THREADS, STEPS_MAX, own)
    }

    /// Asks what is due now, at each place until there is nothing more or nothing is answered. Where somebody is at it already is left
    /// alone.
    pub async fn round(self: &Arc<Self>) -> Round {
        let (inquirer, now) = (Inquirer { holder: self.holder }, (self.clock)());
        let begun = self.pool.run(move |writer| {
            let to_ask = inquirer.begin(writer, now)?;
            Ok((to_ask, writer.read(|scope| count_inquiries(scope, &Actor::console()))?))
        });
        let (ToAsk { places, unreadable }, counts) = match begun.await {
            Ok(begun) => begun,
            Err(unanswered) => {
                self.tell_failure(&unanswered);
                return Round::default();
            }
        };
        self.metrics.inquiries(counts);
        self.tell_unreadable(unreadable);
        let mut working = JoinSet::new();
        for place in places {
            if let Some(busy) = Busy::begin(&self.own.busy, place) {
                let inquiries = self.clone();
                working.spawn(async move {
                    let _busy = busy;
                    inquiries.round_of(place).await
                });
            }
        }
        finished(working).await.into_iter().sum()
    }

    /// Calls for rounds, one a second, until [`Rounds::begin_stop`]; then what is being asked is finished.
    pub async fn run(self: Arc<Self>) {
        self.every(EVERY, AT_ONCE, |inquiries| async move { inquiries.round().await }).await;
    }

    fn tell_unreadable(&self, unreadable: Vec<Id<Proposal>>) {
        let mut known = self.own.unreadable.lock().expect("nothing panics while it is held");
        for id in unreadable.iter().filter(|id| !known.contains(id)) {
            self.tell("unreadable", &format!("{} cannot be read: the store is damaged", id.name()));
        }
        *known = unreadable.into_iter().collect();
    }

    async fn round_of(self: &Arc<Self>, place: Id<Delivery>) -> Round {
        let mut round = Round::default();
        while !self.is_stopping() && self.goes_on(self.step(place, &mut round).await) {}
        round
    }

    /// Asks some questions that are due; whether there may be more, and it is of use to go on.
    async fn step(self: &Arc<Self>, place: Id<Delivery>, round: &mut Round) -> Result<bool, Unanswered> {
        let (inquirer, now) = (Inquirer { holder: self.holder }, (self.clock)());
        let taken = self.pool.run(move |writer| inquirer.take(writer, place, now, BATCH)).await?;
        let is_full = taken.len() == BATCH;
        let mut asking = JoinSet::new();
        for (proposal, asked_round, question) in taken {
            let inquiries = self.clone();
            asking.spawn(async move {
                let (bank, result) = match question {
                    Ok(question) => {
                        let result = inquiries.ask(&question).await;
                        (question.bank, result)
                    }
                    Err(error) => (String::new(), Err(ours(error.into()))),
                };
                (
                    bank,
                    Asked {
                        proposal,
                        round: asked_round,
                        result: result.map_err(|not| (not.failure, not.retry_after)),
                    },
                )
            });
        }
        let asked = finished(asking).await;
        if asked.is_empty() {
            return Ok(false);
        }
        let now = (self.clock)();
        let (asked, states) = self
            .pool
            .run(move |writer| {
                let states = inquirer.tell(writer, &asked, now)?;
                Ok((asked, states))
            })
            .await?;
        let mut is_answered = false;
        for ((bank, Asked { proposal, result, .. }), state) in asked.iter().zip(states) {
            match result {
                Ok(answer) => {
                    is_answered = true;
                    round.done += 1;
                    self.metrics.answered(*answer);
                }
                Err((failure, _)) => {
                    let is_given_up = state == Some(InquiryState::GivenUp);
                    self.metrics.not_answered();
                    *if is_given_up { &mut round.given_up } else { &mut round.failed } += 1;
                    let what = if is_given_up { "given_up" } else { "failed" };
                    self.tell(what, &format!("{} at {bank}: {failure}", proposal.name()));
                }
            }
        }
        Ok(is_full && is_answered)
    }

    async fn ask(&self, question: &OwnershipQuestion) -> Result<Ownership, NotTaken> {
        if let Some(stand_in) = &self.own.stand_in {
            return Ok(stand_in(question));
        }
        let content = words::write(question);
        let bytes = content.len() as u64;
        let parts = Parts { kind: JSON, name: &question.name, hash: Sha256::digest(&content).into(), bytes };
        let request = signed::request(&self.pool, &question.endpoint, &parts, (self.clock)()).await?;
        let request = request.body(Body::new(Full::from(content))).map_err(|_| signed::unmade())?;
        let answer = client::ask(&question.endpoint, request, bytes, &self.patience, words::ANSWER_BYTES_MAX).await?;
        words::read(&answer).ok_or_else(|| Failure::Malformed.into())
    }
}
