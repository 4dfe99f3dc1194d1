//! Places for files that come in or go out. They are few, as each takes memory for as long as its client takes.

use crate::limits::Limits;
use crate::metrics::{Metrics, Queue};
use crate::problem::Problem;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// When there may be a place.
const RETRY_SECONDS: u32 = 5;

/// Who has which places.
pub(crate) struct Transfers {
    taken: Mutex<BTreeMap<String, usize>>,
    places: usize,
    of_one: usize,
    metrics: Arc<Metrics>,
}

/// One place, for as long as it lives.
pub(crate) struct Place {
    transfers: Arc<Transfers>,
    client: String,
}

impl Transfers {
    pub(crate) fn new(limits: &Limits, metrics: Arc<Metrics>) -> Self {
        Self { taken: Mutex::default(), places: limits.transfers, of_one: limits.transfers_of_one, metrics }
    }

    /// A place for this client.
    ///
    /// # Errors
    /// `service.overloaded`: all are taken, or as many as one client can have are its own.
    pub(crate) fn enter(self: &Arc<Self>, client: &str) -> Result<Place, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(client).copied().unwrap_or_default();
        self.metrics.joined(Queue::Transfer);
        if own >= self.of_one || taken.values().sum::<usize>() >= self.places {
            self.metrics.turned_away(Queue::Transfer);
            return Err(Problem::of("service.overloaded")
                .because("as many files are on their way as can be at once")
                .retry_after(RETRY_SECONDS));
        }
        taken.insert(client.to_owned(), own + 1);
        Ok(Place { transfers: self.clone(), client: client.to_owned() })
    }
}

impl Place {
    /// Does something to its end, and keeps the place as long, also when the client goes away.
    pub(crate) async fn keep<T: Send + 'static>(
        self,
        work: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let kept = tokio::spawn(async move {
            let _place = self;
            work.await
        });
        kept.await.map_err(|_| Problem::failure("what takes a file in panicked"))?
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.transfers.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.client) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.client)),
        }
        self.transfers.metrics.left(Queue::Transfer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_none_is_lost() {
        let limits = Limits { transfers: 3, transfers_of_one: 2, ..Limits::default() };
        let metrics = Arc::new(Metrics::new([].into_iter()));
        let transfers = Arc::new(Transfers::new(&limits, metrics.clone()));
        let enter = |client: &str| transfers.enter(client).map_err(|problem| problem.code());
        let full = Some("service.overloaded");
        for _ in 0..3 {
            let (_first, second) = (enter("a").unwrap(), enter("a").unwrap());
            assert_eq!(enter("a").err(), full, "as many as one can have");
            let _other = enter("b").unwrap();
            assert_eq!(enter("c").err(), full, "as many as there are");
            drop(second);
            let _third = enter("c").unwrap();
            assert_eq!(enter("a").err(), full);
        }
        assert!(transfers.taken.lock().unwrap().is_empty());
        assert_eq!(metrics.waiting(Queue::Transfer), 0);
        let turned_away = "anvis_turned_away_total{queue=\"transfer\"} 9";
        assert!(metrics.text().lines().any(|line| line == turned_away), "{}", metrics.text());
    }
}
