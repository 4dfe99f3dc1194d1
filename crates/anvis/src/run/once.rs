//! What a service does in rounds, done once.

use super::Session;
use edge::core::Clock;
use edge::delivery::Patience;
use edge::rounds::{Means, Rounds};
use edge::{Log, Metrics};
use kernel::{Error, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;

/// How long threads may take to end when all is done.
const GRACE: Duration = Duration::from_secs(60);

impl Session {
    pub(super) fn once<W, R>(
        &self,
        start: impl FnOnce(Means) -> Result<Arc<Rounds<W>>, Error>,
        round: impl AsyncFnOnce(&Arc<Rounds<W>>) -> R,
    ) -> Result<R, Error> {
        let claimed = self.claimed;
        let clock: Clock = Arc::new(move || claimed.unwrap_or_else(super::system_clock));
        once(self.writer.store.clone(), clock, start, round)
    }
}

/// One round over a store.
pub fn once<W, R>(
    store: Store,
    clock: Clock,
    start: impl FnOnce(Means) -> Result<Arc<Rounds<W>>, Error>,
    round: impl AsyncFnOnce(&Arc<Rounds<W>>) -> R,
) -> Result<R, Error> {
    let metrics = Arc::new(Metrics::new([].into_iter()));
    let log = Log::start(std::io::stderr(), metrics.clone())?;
    let rounds = start(Means { store, clock, patience: Patience::default(), metrics, log: log.clone() })?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(Error::io("the threads of a round cannot be started"))?;
    let round = runtime.block_on(round(&rounds));
    drop(runtime);
    rounds.stop(GRACE);
    log.flush();
    Ok(round)
}
