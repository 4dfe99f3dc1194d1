//! Asks accounts' banks whose they are: again and again until they answer, or it is too late.
//!
//! Each place is asked by itself, so that a bank that is slow keeps no other waiting. A process takes some questions that are due, so
//! that others leave them alone, asks them all at once, and tells what became of them. One that is killed in between leaves them to
//! be asked again, under the same name.

mod words;

use crate::core::pool::Pool;
use crate::core::{Clock, Unanswered};
use crate::delivery::client::{self, NotTaken};
use crate::delivery::signed::{self, Parts};
use crate::delivery::{Patience, ours};
use crate::log::Log;
use crate::metrics::{Metrics, Queue};
use crate::route::JSON;
use axum::body::Body;
use http_body_util::Full;
use kernel::{Actor, Error, Id, Secrets, Store, Writer};
use registry::commands::{Asked, Inquirer, OwnershipQuestion, ToAsk};
use registry::delivery::Delivery;
use registry::ownership::{InquiryState, Ownership};
use registry::progress::Failure;
use registry::proposal::Proposal;
use registry::queries::count_inquiries;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc as channel};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Threads that ask the store.
const THREADS: usize = 1;
/// Steps that wait for them.
const STEPS_MAX: usize = 256;
/// Questions that one place is asked at once: none is at it for longer than it is held for.
const BATCH: usize = 16;
/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(1);

/// Who answers in the banks' place: in a store of synthetic people.
pub type StandIn = Arc<dyn Fn(&OwnershipQuestion) -> Ownership + Send + Sync>;

/// The questions of a store, as one process asks them.
pub struct Inquiries {
    pool: Pool,
    ended: Mutex<channel::Receiver<()>>,
    clock: Clock,
    patience: Patience,
    metrics: Arc<Metrics>,
    log: Log,
    inquirer: Inquirer,
    stand_in: Option<StandIn>,
    /// Where is being asked.
    busy: Mutex<BTreeSet<Id<Delivery>>>,
    /// What could not be read the last time: it is told once.
    unreadable: Mutex<BTreeSet<Id<Proposal>>>,
    is_stopping: watch::Sender<bool>,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// The bank answered.
    pub answered: u64,
    /// It did not; it is asked again.
    pub failed: u64,
    /// It did not in time.
    pub given_up: u64,
}

impl Inquiries {
    /// Starts the threads. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub fn start(
        store: &Store,
        stand_in: Option<StandIn>,
        clock: Clock,
        patience: Patience,
        metrics: Arc<Metrics>,
        log: Log,
    ) -> Result<Arc<Self>, Error> {
        let open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync> = {
            let store = store.clone();
            Arc::new(move || store.writer(Secrets::from_system()))
        };
        let (alive, ended) = channel::channel();
        let pool = Pool::start("ownership", Queue::Ownership, THREADS, STEPS_MAX, &open, &metrics, alive)?;
        // Nobody is 0.
        let inquirer = Inquirer { holder: Id::new(i64::from_be_bytes(Secrets::from_system().bytes()?) | 1) };
        let (ended, busy, is_stopping) = (Mutex::new(ended), Mutex::default(), watch::Sender::new(false));
        let unreadable = Mutex::default();
        Ok(Arc::new(Self {
            pool,
            ended,
            clock,
            patience,
            metrics,
            log,
            inquirer,
            stand_in,
            busy,
            unreadable,
            is_stopping,
        }))
    }

    /// Asks what is due now, at each place until there is nothing more or nothing is answered. Where somebody is at it already is left
    /// alone.
    pub async fn round(self: &Arc<Self>) -> Round {
        let (inquirer, now) = (self.inquirer, (self.clock)());
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
            if let Some(busy) = Busy::begin(self, place) {
                working.spawn(async move { busy.inquiries.round_of(place).await });
            }
        }
        let mut all = Round::default();
        while let Some(round) = working.join_next().await {
            let Round { answered, failed, given_up } = round.unwrap_or_default();
            all = Round {
                answered: all.answered + answered,
                failed: all.failed + failed,
                given_up: all.given_up + given_up,
            };
        }
        all
    }

    /// Calls for rounds, one a second, until [`Inquiries::begin_stop`]; then what is being asked is finished.
    pub async fn run(self: Arc<Self>) {
        let (mut rounds, mut ticks, mut stopping) = (JoinSet::new(), interval(EVERY), self.is_stopping.subscribe());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopping.wait_for(|is| *is) => break,
                _ = ticks.tick() => {
                    let inquiries = self.clone();
                    rounds.spawn(async move { inquiries.round().await });
                }
                Some(_) = rounds.join_next() => {}
            }
        }
        while rounds.join_next().await.is_some() {}
    }

    /// From now on nothing more is begun.
    pub fn begin_stop(&self) {
        self.is_stopping.send_replace(true);
    }

    /// Ends the threads; whether they have ended within `grace`. It blocks.
    pub fn stop(&self, grace: Duration) -> bool {
        self.pool.stop();
        let ended = self.ended.lock().expect("nothing panics while it is held");
        matches!(ended.recv_timeout(grace), Err(channel::RecvTimeoutError::Disconnected))
    }

    fn tell_unreadable(&self, unreadable: Vec<Id<Proposal>>) {
        let mut known = self.unreadable.lock().expect("nothing panics while it is held");
        for id in unreadable.iter().filter(|id| !known.contains(id)) {
            let text = format!("{} cannot be read: the store is damaged", id.name());
            self.log.event((self.clock)(), "ownership.unreadable", &text);
        }
        *known = unreadable.into_iter().collect();
    }

    fn tell_failure(&self, unanswered: &Unanswered) {
        if let Unanswered::Failed(error) = unanswered {
            self.log.event((self.clock)(), "ownership.unable", &error.to_string());
        }
    }

    async fn round_of(self: &Arc<Self>, place: Id<Delivery>) -> Round {
        let mut round = Round::default();
        while !*self.is_stopping.borrow() {
            match self.step(place, &mut round).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(unanswered) => {
                    self.tell_failure(&unanswered);
                    break;
                }
            }
        }
        round
    }

    /// Asks some questions that are due; whether there may be more, and it is of use to go on.
    async fn step(self: &Arc<Self>, place: Id<Delivery>, round: &mut Round) -> Result<bool, Unanswered> {
        let (inquirer, now) = (self.inquirer, (self.clock)());
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
        let mut asked = Vec::with_capacity(asking.len());
        while let Some(one) = asking.join_next().await {
            // One that was lost with its task is asked again when it is held no more.
            asked.extend(one);
        }
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
                    round.answered += 1;
                    self.metrics.answered(*answer);
                }
                Err((failure, _)) => {
                    let is_given_up = state == Some(InquiryState::GivenUp);
                    self.metrics.not_answered();
                    *if is_given_up { &mut round.given_up } else { &mut round.failed } += 1;
                    let event = if is_given_up { "ownership.given_up" } else { "ownership.failed" };
                    self.log.event(now, event, &format!("{} at {bank}: {failure}", proposal.name()));
                }
            }
        }
        Ok(is_full && is_answered)
    }

    async fn ask(&self, question: &OwnershipQuestion) -> Result<Ownership, NotTaken> {
        if let Some(stand_in) = &self.stand_in {
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

/// A place where this process asks.
struct Busy {
    inquiries: Arc<Inquiries>,
    place: Id<Delivery>,
}

impl Busy {
    /// Unless it does already.
    fn begin(inquiries: &Arc<Inquiries>, place: Id<Delivery>) -> Option<Self> {
        let is_new = inquiries.busy.lock().expect("nothing panics while it is held").insert(place);
        is_new.then(|| Self { inquiries: inquiries.clone(), place })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.inquiries.busy.lock().expect("nothing panics while it is held").remove(&self.place);
    }
}
