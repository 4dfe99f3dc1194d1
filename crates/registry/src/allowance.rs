//! What clients may still ask, in the store: taken in the same transaction as the look-ups that it pays for, so it is exact over
//! all processes.

use crate::bucket::{Bucket, Limits};
use crate::legal_purpose::LegalPurpose;
use crate::store;
use kernel::journal::Entry;
use kernel::{Actor, Error, Scope, Timestamp, Tx};
use std::collections::{BTreeMap, BTreeSet};

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

/// Settles a payment file that `entry` makes real: its payments to payees whose account was found give back what their look-ups
/// cost, and those to payees who are not there, or are dead, cost what look-ups of them would. Whoever pays without being a
/// client that is limited, such as an operator, has no bucket, and nothing happens.
///
/// # Errors
/// The store's.
pub fn settle(scope: &Scope<'_>, entry: Entry, client: &Actor, payments: u64, misses: u64) -> Result<(), Error> {
    let purpose = LegalPurpose::Payment;
    let Some(limits) = Limits::of(client.role(), purpose) else { return Ok(()) };
    let mut used = Allowances::load(scope.tx, [client.name()])?.get(client.name(), purpose, limits, entry.at);
    used.bucket = used.bucket.settled(limits, payments, misses);
    save(scope.tx, &BTreeMap::from([((client.name(), purpose), used)]))
}

/// Whether a client may send a payment file whose misses draw on its bucket: it has a token left, or has no bucket.
///
/// # Errors
/// `allowance.exhausted`, or the store's.
pub fn require(scope: &Scope<'_>, client: &Actor, now: Timestamp) -> Result<(), Error> {
    let purpose = LegalPurpose::Payment;
    let Some(limits) = Limits::of(client.role(), purpose) else { return Ok(()) };
    let allowances = Allowances::load(scope.tx, [client.name()])?;
    Ok(allowances.get(client.name(), purpose, limits, now).bucket.admit(limits, 1)?)
}
