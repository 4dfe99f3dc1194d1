//! Which client uses which form of the interface (NK-17), so that an old one can be ended when nobody needs it.

use crate::route::{Access, Route};
use crate::routes;
use kernel::{Error, Refusal, Timestamp, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Different uses that are counted before they are told.
const USES_MAX: usize = 10_000;
/// How a client's bytes come: over which version of TLS, from a proxy that ended it, or in clear on this machine.
pub const TRANSPORTS: [&str; 4] = ["1.2", "1.3", "proxy", "none"];

/// Every form of the interface that is used by whoever is known, with its version.
pub fn forms() -> impl Iterator<Item = (&'static str, &'static str)> {
    let wants_token = |route: &Route| matches!(route.access, Access::Token { .. });
    let families = routes::all().into_iter().filter(wants_token).map(|route| (route.family(), route.version()));
    let forms: BTreeSet<_> = families.chain([routes::mapper::INTERFACE, routes::oauth::INTERFACE]).collect();
    forms.into_iter()
}

/// One client's use of one form of the interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The client's name.
    pub client: String,
    /// The family of routes: `payouts`.
    pub interface: &'static str,
    /// Its version: `v1`.
    pub version: &'static str,
    /// One of [`TRANSPORTS`].
    pub transport: &'static str,
    /// What the client signed with: `ES256`.
    pub algorithm: &'static str,
}

/// Keeps the uses, and knows what was ended.
pub trait Interfaces: Send + Sync + 'static {
    /// Refuses a form that was ended. It is asked on the threads of the edge, and so asks no store.
    ///
    /// # Errors
    /// Says what was ended, and when.
    fn require_open(&self, of: &Use, now: Timestamp) -> Result<(), Refusal>;

    /// Keeps how often each was used since the last time, and learns what was ended. It is called every second.
    ///
    /// # Errors
    /// The store's.
    fn keep(&self, uses: &BTreeMap<Use, u64>, now: Timestamp, writer: &mut Writer) -> Result<(), Error>;
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
