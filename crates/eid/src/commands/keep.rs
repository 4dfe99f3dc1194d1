//! What is written beside the journal, because nobody is answered by it: counts of what was used, and the sweeping of what has
//! expired.

use crate::phase_out::Use;
use crate::store;
use kernel::{Connection, Error, SWEPT_AFTER_SECONDS, Timestamp};
use std::collections::BTreeMap;

/// How clients came in, counted in memory until it is written.
#[derive(Debug, Default)]
pub struct Uses(BTreeMap<(Use, i64), i64>);

impl Uses {
    /// A client came in so many times, today.
    pub fn add(&mut self, way: Use, now: Timestamp, times: i64) {
        let count = self.0.entry((way, now.day())).or_default();
        *count = count.saturating_add(times);
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes what was counted, in one transaction. What a process had not written when it was killed is not counted; on a server,
    /// what was written when the answer got lost may be counted twice.
    ///
    /// # Errors
    /// The store's; then it is all still to be written.
    pub fn write(&mut self, connection: &mut Connection) -> Result<(), Error> {
        connection.stage(|tx| {
            self.0.iter().try_for_each(|((way, day), uses)| store::interface_use::add(tx, way, *day, *uses))
        })?;
        self.0.clear();
        Ok(())
    }
}

/// Forgets assertions and messages that have expired, by anybody's clock: they are refused for that.
///
/// # Errors
/// The store's.
pub fn sweep(connection: &mut Connection, now: Timestamp) -> Result<(), Error> {
    let before = now.minus_seconds(SWEPT_AFTER_SECONDS);
    while connection.stage(|tx| store::used_once::sweep_some(tx, before))? {}
    Ok(())
}
