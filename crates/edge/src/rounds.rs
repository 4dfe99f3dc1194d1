//! What is done beside all requests, in rounds: deliveries, notices, questions to banks. Each has threads of its own that ask the store,
//! shares its work with other processes, and finishes what it began when the end is near.

use crate::core::pool::Pool;
use crate::core::{Clock, Unanswered};
use crate::delivery::Patience;
use crate::log::Log;
use crate::metrics::{Metrics, Queue};
use kernel::{Error, Id, Secrets, Store, Writer};
use registry::progress::Hold;
use std::collections::BTreeSet;
use std::iter::Sum;
use std::sync::{Arc, Mutex, mpsc as channel};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// What any rounds need.
#[derive(Clone)]
pub struct Means {
    /// Where it stands what is due.
    pub store: Store,
    /// The present moment.
    pub clock: Clock,
    /// How long others may take.
    pub patience: Patience,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where what happens is told.
    pub log: Log,
}

/// The rounds of one process; `W` is what those of one kind have for themselves.
pub struct Rounds<W> {
    pub(crate) pool: Pool,
    pub(crate) clock: Clock,
    pub(crate) patience: Patience,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    /// This process, as others see that it is at something.
    pub(crate) holder: Id<Hold>,
    pub(crate) own: W,
    queue: Queue,
    ended: Mutex<channel::Receiver<()>>,
    is_stopping: watch::Sender<bool>,
}

impl<W> Rounds<W> {
    /// Starts the threads. It blocks: not for a thread that waits for others.
    ///
    /// # Errors
    /// The store cannot be opened, or a thread cannot be started.
    pub(crate) fn with(
        means: Means,
        queue: Queue,
        threads: usize,
        steps_max: usize,
        own: W,
    ) -> Result<Arc<Self>, Error> {
        let Means { store, clock, patience, metrics, log } = means;
        let open: Arc<dyn Fn() -> Result<Writer, Error> + Send + Sync> =
            Arc::new(move || store.writer(Secrets::from_system()));
        let (alive, ended) = channel::channel();
        let pool = Pool::start(queue.name(), queue, threads, steps_max, &open, &metrics, alive)?;
        let holder = Hold::drawn(Secrets::from_system().bytes()?);
        let (ended, is_stopping) = (Mutex::new(ended), watch::Sender::new(false));
        Ok(Arc::new(Self { pool, clock, patience, metrics, log, holder, own, queue, ended, is_stopping }))
    }

    /// Does something every `period` until [`Rounds::begin_stop`], at most `at_once` times at once; then what was begun is finished.
    pub(crate) async fn every<Act>(self: Arc<Self>, period: Duration, at_once: usize, act: impl Fn(Arc<Self>) -> Act)
    where
        Act: Future<Output: Send + 'static> + Send + 'static,
    {
        let (mut begun, mut ticks, mut stopping) = (JoinSet::new(), interval(period), self.is_stopping.subscribe());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stopping.wait_for(|is| *is) => break,
                _ = ticks.tick(), if begun.len() < at_once => {
                    begun.spawn(act(self.clone()));
                }
                Some(_) = begun.join_next() => {}
            }
        }
        finished(begun).await;
    }

    /// Whether a step is to be followed by another, which it says itself. One that failed is not, and the log is told.
    pub(crate) fn goes_on(&self, step: Result<bool, Unanswered>) -> bool {
        step.unwrap_or_else(|unanswered| {
            self.tell_failure(&unanswered);
            false
        })
    }

    pub(crate) fn tell_failure(&self, unanswered: &Unanswered) {
        if let Unanswered::Failed(error) = unanswered {
            self.tell("unable", &error.to_string());
        }
    }

    /// Tells the log what happened: of `failed`, `delivery.failed`, where it is deliveries that are made.
    pub(crate) fn tell(&self, what: &str, text: &str) {
        self.log.event((self.clock)(), &format!("{}.{what}", self.queue.name()), text);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.is_stopping.borrow()
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
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Taken by whoever carries it on, or answered.
    pub done: u64,
    /// Not; it is tried again.
    pub failed: u64,
    /// Not, and it is tried no more.
    pub given_up: u64,
}

impl Sum for Round {
    fn sum<I: Iterator<Item = Self>>(rounds: I) -> Self {
        rounds.fold(Self::default(), |sum, Self { done, failed, given_up }| Self {
            done: sum.done + done,
            failed: sum.failed + failed,
            given_up: sum.given_up + given_up,
        })
    }
}

/// What all tasks came to. What is lost with its task is done again when it is held no more.
pub(crate) async fn finished<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut finished = Vec::with_capacity(tasks.len());
    while let Some(one) = tasks.join_next().await {
        finished.extend(one);
    }
    finished
}

/// One thing that this process is at, of all that it is at.
pub(crate) struct Busy<K: Ord> {
    all: Arc<Mutex<BTreeSet<K>>>,
    one: K,
}

impl<K: Ord + Copy> Busy<K> {
    /// Unless it is at that already.
    pub(crate) fn begin(all: &Arc<Mutex<BTreeSet<K>>>, one: K) -> Option<Self> {
        let is_new = all.lock().expect("nothing panics while it is held").insert(one);
        is_new.then(|| Self { all: all.clone(), one })
    }
}

impl<K: Ord> Drop for Busy<K> {
    fn drop(&mut self) {
        self.all.lock().expect("nothing panics while it is held").remove(&self.one);
    }
}
