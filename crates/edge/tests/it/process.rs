//! One process that does something in rounds, beside others.

use crate::support::Shown;
use edge::delivery::Patience;
use edge::rounds::{Means, Round, Rounds};
use edge::{Log, Metrics};
use kernel::{Error, Store, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::block_in_place;

pub struct Process<W> {
    pub rounds: Arc<Rounds<W>>,
    pub metrics: Arc<Metrics>,
    log: Log,
    shown: Shown,
}

impl<W> Process<W> {
    pub fn start(
        store: &Store,
        now: &Arc<AtomicI64>,
        patience: Patience,
        start: impl FnOnce(Means) -> Result<Arc<Rounds<W>>, Error>,
    ) -> Self {
        let (store, now, shown) = (store.clone(), now.clone(), Shown::default());
        let metrics = Arc::new(Metrics::new([].into_iter()));
        let clock: edge::core::Clock = Arc::new(move || Timestamp::from_micros(now.load(Ordering::SeqCst)));
        let log = Log::start(shown.clone(), metrics.clone()).unwrap();
        let means = Means { store, clock, patience, metrics: metrics.clone(), log: log.clone() };
        Self { rounds: block_in_place(|| start(means).unwrap()), metrics, log, shown }
    }

    pub fn log(&self) -> String {
        self.log.flush();
        self.shown.text()
    }

    pub fn shows(&self, line: &str) {
        let text = self.metrics.text();
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
}

impl<W> Drop for Process<W> {
    fn drop(&mut self) {
        block_in_place(|| assert!(self.rounds.stop(Duration::from_secs(60)), "a thread does not end"));
    }
}

/// How many were done, failed and were given up.
pub const fn counts(Round { done, failed, given_up }: Round) -> (u64, u64, u64) {
    (done, failed, given_up)
}
