//! Which client uses which form of the interface (NK-17), so that an old one can be ended when nobody needs it.

use kernel::{Error, Timestamp, Writer};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Different uses that are counted before they are told.
const USES_MAX: usize = 10_000;

/// One client's use of one form of the interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The client's name.
    pub client: String,
    /// The family of routes: `payouts`.
    pub interface: &'static str,
    /// Its version: `v1`.
    pub version: &'static str,
    /// `TLSv1.3`, `TLSv1.2`, `proxy` or `none`.
    pub transport: &'static str,
    /// What the token was signed with: `ES256`.
    pub algorithm: &'static str,
}

/// Keeps the uses, and knows what was ended.
pub trait Interfaces: Send + Sync + 'static {
    /// Whether this form was ended. It is asked on the threads of the edge, and so asks no store.
    fn is_ended(&self, of: &Use, now: Timestamp) -> bool;

    /// Keeps how often each was used since the last time, and learns what was ended. It is called every second.
    ///
    /// # Errors
    /// The store's.
    fn keep(&self, uses: &BTreeMap<Use, u64>, now: Timestamp, writer: &mut Writer) -> Result<(), Error>;
}

/// Nothing was ended, and nobody asks.
pub struct AllOpen;

impl Interfaces for AllOpen {
    fn is_ended(&self, _: &Use, _: Timestamp) -> bool {
        false
    }

    fn keep(&self, _: &BTreeMap<Use, u64>, _: Timestamp, _: &mut Writer) -> Result<(), Error> {
        Ok(())
    }
}

/// Uses that were not told yet.
#[derive(Default)]
pub(crate) struct Uses(Mutex<BTreeMap<Use, u64>>);

impl Uses {
    pub(crate) fn add(&self, of: &Use, times: u64) {
        let mut uses = self.0.lock().expect("nothing panics while it is held");
        if let Some(count) = uses.get_mut(of) {
            *count += times;
        } else if uses.len() < USES_MAX {
            // So many clients there are not; what is counted must be bounded all the same.
            uses.insert(of.clone(), times);
        }
    }

    pub(crate) fn take(&self) -> BTreeMap<Use, u64> {
        std::mem::take(&mut *self.0.lock().expect("nothing panics while it is held"))
    }
}
