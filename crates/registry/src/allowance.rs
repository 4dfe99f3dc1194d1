//! What clients may still ask, in the store: taken in the same transaction as the look-ups that it pays for, so it is exact over
//! all processes.

use crate::bucket::{Bucket, Limits, Unsettled};
use crate::legal_purpose::LegalPurpose;
use crate::store;
use kernel::journal::Entry;
use kernel::{Actor, Error, Scope, Timestamp, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// What payment files are for.
const PURPOSE: LegalPurpose = LegalPurpose::Payment;

/// A client's bucket for one purpose, in use.
#[derive(Clone, Copy)]
pub(crate) struct InUse {
    pub(crate) bucket: Bucket,
    /// Whether the store has none yet.
    is_new: bool,
}

/// The buckets of several clients, as a transaction found them and has used them since.
#[derive(Default)]
pub(crate) struct Allowances {
    clients: BTreeMap<String, BTreeMap<LegalPurpose, InUse>>,
}

impl Allowances {
    /// Reads the buckets of the clients of these names.
    pub(crate) fn load<'a>(tx: &Tx<'_>, clients: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let names: Vec<&str> = clients.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        if names.is_empty() {
            return Ok(Self::default());
        }
        let mut clients: BTreeMap<_, _> = names.iter().map(|name| ((*name).to_owned(), BTreeMap::new())).collect();
        store::allowance::of_clients(tx, &names, |at, purpose, bucket| {
            let buckets = clients.get_mut(names[at]).expect("each name is there");
            buckets.insert(purpose, InUse { bucket, is_new: false });
            Ok(())
        })?;
        Ok(Self { clients })
    }

    /// A client's bucket as it is at `now`.
    pub(crate) fn get(&self, client: &str, purpose: LegalPurpose, limits: Limits, now: Timestamp) -> InUse {
        match self.clients.get(client).and_then(|buckets| buckets.get(&purpose)) {
            None => InUse { bucket: Bucket::full(limits, now), is_new: true },
            Some(used) => InUse { bucket: used.bucket.refilled(limits, now), ..*used },
        }
    }

    /// Puts a bucket back after it was used, for those who come after.
    pub(crate) fn put(&mut self, client: &str, purpose: LegalPurpose, used: InUse) {
        if let Some(buckets) = self.clients.get_mut(client) {
            buckets.insert(purpose, used);
        }
    }
}

/// Saves buckets, each as it was left last.
pub(crate) fn save(tx: &Tx<'_>, used: &BTreeMap<(&str, LegalPurpose), InUse>) -> Result<(), Error> {
    if used.is_empty() {
        return Ok(());
    }
    let those = |is_new: bool| {
        used.iter()
            .filter(move |(_, used)| used.is_new == is_new)
            .map(|((client, purpose), used)| (*client, *purpose, used.bucket))
    };
    store::allowance::insert_many(tx, those(true))?;
    store::allowance::set_many(tx, those(false))
}

/// What a client has for the misses of a payment file, as a transaction found it. Whoever pays without being a client that is
/// limited, such as an operator, has no bucket, and is never refused.
pub struct ForFiles(Option<(Limits, Allowances)>);

impl ForFiles {
    /// Of this client.
    ///
    /// # Errors
    /// The store's.
    pub fn load(scope: &Scope<'_>, client: &Actor) -> Result<Self, Error> {
        let Some(limits) = Limits::of(client.role(), PURPOSE) else { return Ok(Self(None)) };
        Ok(Self(Some((limits, Allowances::load(scope.tx, [client.name()])?))))
    }

    /// Whether a file is taken that goes to so many different payees now, and has so many misses.
    ///
    /// # Errors
    /// [`Unsettled`].
    pub fn admit(&self, client: &Actor, now: Timestamp, payees: u64, misses: u64) -> Result<(), Unsettled> {
        let Some((limits, allowances)) = &self.0 else { return Ok(()) };
        allowances.get(client.name(), PURPOSE, *limits, now).bucket.admit_file(*limits, payees, misses)
    }
}

/// Settles a payment file that `entry` makes real, or of which it lets something go: each of its payees gives back what a look-up
/// costs, and its payments to payees who are not there, or are dead, cost what look-ups of them would.
///
/// # Errors
/// The store's.
pub fn settle(scope: &Scope<'_>, entry: Entry, client: &Actor, payees: u64, misses: u64) -> Result<(), Error> {
    change(scope, entry, client, |bucket, limits| bucket.settled(limits, payees, misses))
}

/// Charges for a payment file that was not taken, as it had too many misses.
///
/// # Errors
/// The store's.
pub fn charge_refused(scope: &Scope<'_>, entry: Entry, client: &Actor) -> Result<(), Error> {
    change(scope, entry, client, |bucket, _| bucket.refused())
}

fn change(
    scope: &Scope<'_>,
    entry: Entry,
    client: &Actor,
    change: impl FnOnce(Bucket, Limits) -> Bucket,
) -> Result<(), Error> {
    let Some(limits) = Limits::of(client.role(), PURPOSE) else { return Ok(()) };
    let mut used = Allowances::load(scope.tx, [client.name()])?.get(client.name(), PURPOSE, limits, entry.at);
    used.bucket = change(used.bucket, limits);
    save(scope.tx, &BTreeMap::from([((client.name(), PURPOSE), used)]))
}
