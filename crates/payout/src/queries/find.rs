//! Payments found by whom they go to, or by their end-to-end id, whichever of a hundred million they are.

use crate::batch::Batch;
use crate::index::{Place, like, slices_of};
use crate::message::named_account;
use crate::payment::State;
use crate::reason::Reason;
use crate::store;
use crate::store::batch::Indexed;
use crate::store::ids::OpenIds;
use crate::store::payment::{Change, Outcome, PaymentRow};
use crate::work::end_to_end_key;
use denmark::{Account, BankDirectory, Bic, Iban, Money};
use kernel::journal::{self, ENTRIES_MAX};
use kernel::{Blind, Error, Id, Scope, StoreError, Timestamp};
use registry::account::DesignatedAccount;
use registry::designation::Designation;
use registry::payer::{NoAccount, Payer};
use registry::resolve;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Batches that are gone through at a time, and buckets of their index.
const BATCHES_AT_ONCE: i64 = kernel::failpoint::chunk(4_096, 3) as i64;
const BUCKETS_AT_ONCE: usize = kernel::failpoint::chunk(4_096, 4);

/// By what payments are found.
#[derive(Clone, Copy, Debug)]
pub enum Sought {
    /// By whom they go to.
    Payee(Blind),
    /// By their payer's own id for them: [`Sought::end_to_end`].
    EndToEnd(Blind),
}

impl Sought {
    /// By this end-to-end id, whosoever it is.
    #[must_use]
    pub fn end_to_end(scope: &Scope<'_>, id: &str) -> Self {
        Self::EndToEnd(end_to_end_key(scope.vault, id))
    }

    const fn key(&self) -> &Blind {
        match self {
            Self::Payee(key) | Self::EndToEnd(key) => key,
        }
    }

    fn is(&self, row: &PaymentRow) -> bool {
        match self {
            Self::Payee(key) => row.payee.as_ref() == Some(key),
            Self::EndToEnd(key) => row.end_to_end == *key,
        }
    }
}

/// Which payments are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// By what they are found.
    pub sought: Sought,
    /// This payer's; everybody's without.
    pub payer: Option<Id<Payer>>,
    /// Those that came in, or of which something was decided, at this moment or later; all without.
    pub since: Option<Timestamp>,
    /// Those after this place, where an earlier page ended.
    pub after: Option<Found>,
}

/// Where a payment stands among all: the order is by batches as they were recorded, then by their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The entry that recorded its batch.
    pub entry: i64,
    /// Its number in that batch, from 0.
    pub number: i64,
}

impl Found {
    /// Reads what its `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (entry, number) = text.split_once('-')?;
        Some(Self { entry: entry.parse().ok()?, number: number.parse().ok()? })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.entry, self.number)
    }
}

/// Some of the payments that were sought.
#[derive(Clone, Debug, Default)]
pub struct FoundPage {
    /// Those of the newest batch come first; in a batch, the last of the file.
    pub payments: Vec<FoundPayment>,
    /// Where the next page begins; none after the last.
    pub next: Option<Found>,
}

/// A payment, and what holds of it now.
#[derive(Clone, Debug)]
pub struct FoundPayment {
    /// Its batch.
    pub batch: Id<Batch>,
    /// Its place.
    pub at: Found,
    /// Whose it is.
    pub payer: Payer,
    /// The payer's id for the file.
    pub message_id: String,
    /// The payer's ids for the payment.
    pub end_to_end_id: String,
    /// The second of them.
    pub instruction_id: Option<String>,
    /// The payee, where the payer left the account to the registry.
    pub payee: Option<Blind>,
    /// What is paid; none where the file said no amount of its currency.
    pub money: Option<Money>,
    /// What holds now.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// When the file came in.
    pub received: Timestamp,
    /// The stage that decided what holds now, and when that was: 0 is the coming in.
    pub decided: (i64, Timestamp),
    /// When it was sent on last, if it ever was.
    pub left: Option<Left>,
    /// The same of the last time that it went to a payee, and not to the waiting account.
    pub sent: Option<Left>,
}

/// That a payment was sent on.
#[derive(Clone, Debug)]
pub struct Left {
    /// At which stage of its batch: 0 is the coming in.
    pub stage: i64,
    /// When.
    pub at: Timestamp,
    /// By which designation, if it was the payee's own account.
    pub designation: Option<Id<Designation>>,
    /// Where to; none where the file itself named the account.
    pub to: Option<Destination>,
    /// The account that the file itself named, where that can be told.
    pub named: Option<Named>,
}

/// An account that a file named, and what its bank is called, where the bank directory has it today.
#[derive(Clone, Debug)]
pub struct Named {
    /// Whosoever it is.
    pub account: Account,
    /// Its bank.
    pub bank: Option<String>,
}

impl Left {
    /// Where it went, as far as that is known.
    pub(crate) fn account(&self) -> Option<Account> {
        let ours = self.to.as_ref().map(|to| to.account.account());
        ours.or(self.named.as_ref().map(|named| named.account))
    }

    /// What the bank is called to which it went, as far as that is known.
    pub(crate) fn bank(&self) -> Option<&str> {
        let ours = self.to.as_ref().and_then(|to| to.bank.as_deref());
        ours.or(self.named.as_ref().and_then(|named| named.bank.as_deref()))
    }
}

/// An account in clear, and its bank as the bank directory has it today.
#[derive(Clone, Debug)]
pub struct Destination {
    /// As the registry keeps it.
    pub account: DesignatedAccount,
    /// As it is printed.
    pub iban: Iban,
    /// Its bank's, where it has one.
    pub bic: Option<Bic>,
    /// What its bank is called, where the bank directory has it.
    pub bank: Option<String>,
}

/// Finds payments, at most `limit` of them.
///
/// # Errors
/// The store's.
pub fn find_payments(scope: &Scope<'_>, search: &Search, limit: usize) -> Result<FoundPage, Error> {
    let since = search.since.map_or(Ok(0), |since| first_entry_at(scope, since))?;
    let mut hits = Hits { scope, search, since, wanted: limit.saturating_add(1), hits: Vec::new() };
    hits.find()?;
    let mut hits = hits.hits;
    let has_more = hits.len() > limit;
    hits.truncate(limit);
    let next = hits.last().map(|hit| hit.at).filter(|_| has_more);
    let mut teller = Teller { scope, banks: resolve::banks_at(scope.tx, ENTRIES_MAX)?, ids: OpenIds::default() };
    let mut payments = Vec::with_capacity(hits.len());
    for hits in hits.chunk_by(|hit, next| hit.batch == next.batch) {
        let batch = store::batch::find(scope, hits[0].batch)?;
        let batch = batch.ok_or_else(|| StoreError::broken("payment", "batch", hits[0].batch.number()))?;
        let payer = resolve::payer_at(scope, batch.payer)?;
        for hit in hits {
            payments.push(teller.tell(hit, &batch, &payer)?);
        }
    }
    Ok(FoundPage { payments, next })
}

/// Finds the payments of many end-to-end ids at once: of each, at most `limit` that came in, or of which something was decided, since a
/// moment. The index is gone through once, and each of its buckets read once, however many ids there are.
///
/// # Errors
/// The store's.
pub(crate) fn find_alike(
    scope: &Scope<'_>,
    sought: &BTreeSet<Blind>,
    since: Timestamp,
    limit: usize,
) -> Result<BTreeMap<Blind, Vec<FoundPayment>>, Error> {
    let mut found = BTreeMap::<Blind, Vec<FoundPayment>>::new();
    if sought.is_empty() {
        return Ok(found);
    }
    let since = first_entry_at(scope, since)?;
    let mut teller = Teller { scope, banks: resolve::banks_at(scope.tx, ENTRIES_MAX)?, ids: OpenIds::default() };
    let mut end = ENTRIES_MAX;
    loop {
        let mut batches = store::batch::recorded_since(scope.tx, None, since..end.max(since), BATCHES_AT_ONCE)?;
        if batches.is_empty() {
            batches = store::batch::staged_since(scope.tx, None, since, end.min(since), BATCHES_AT_ONCE)?;
        }
        let Some(last) = batches.last() else { return Ok(found) };
        end = last.entry;
        for indexed in &batches {
            let alike = alike_in(scope, indexed, sought)?;
            if alike.is_empty() {
                continue;
            }
            let batch = store::batch::find(scope, indexed.batch)?;
            let batch = batch.ok_or_else(|| StoreError::broken("payment", "batch", indexed.batch.number()))?;
            let payer = resolve::payer_at(scope, batch.payer)?;
            for Reverse(number) in alike {
                let is = |row: &PaymentRow| sought.contains(&row.end_to_end);
                let at = Found { entry: indexed.entry, number };
                let Some(hit) = hit_at(scope, since, at, indexed.batch, is)? else { continue };
                let of_it = found.entry(hit.row.end_to_end).or_default();
                if of_it.len() < limit {
                    of_it.push(teller.tell(&hit, &batch, &payer)?);
                }
            }
        }
    }
}

/// The numbers of a batch's payments that look like one of those that are sought, the last first.
fn alike_in(scope: &Scope<'_>, of: &Indexed, sought: &BTreeSet<Blind>) -> Result<BTreeSet<Reverse<i64>>, Error> {
    let mut alike = BTreeSet::new();
    for slice in slices_of(of.payments) {
        // The order of blind indexes is that of their buckets.
        let mut buckets = Vec::<(Place, Vec<&Blind>)>::new();
        for key in sought {
            let place = Place::of(of.batch, of.payments, slice, key);
            match buckets.last_mut() {
                Some((last, keys)) if *last == place => keys.push(key),
                _ => buckets.push((place, vec![key])),
            }
        }
        for buckets in buckets.chunks(BUCKETS_AT_ONCE) {
            let places: Vec<Place> = buckets.iter().map(|(place, _)| *place).collect();
            store::index::find_many(scope.tx, &places, |at, marks| {
                for key in &buckets[at].1 {
                    alike.extend(like(marks, slice, key).map(Reverse));
                }
                Ok(())
            })?;
        }
    }
    Ok(alike)
}

/// The first payment of a batch that is what is sought, as it came in. Of those that share an end-to-end id all but the first were
/// refused.
pub(crate) fn first_in(scope: &Scope<'_>, batch: &Batch, sought: &Sought) -> Result<Option<PaymentRow>, Error> {
    let payments = i64::try_from(batch.record.counts.payments).unwrap_or(i64::MAX);
    let slices: Vec<_> = slices_of(payments).collect();
    for slices in slices.chunks(BUCKETS_AT_ONCE) {
        let places: Vec<_> = slices.iter().map(|slice| Place::of(batch.id, payments, *slice, sought.key())).collect();
        let mut alike = Vec::new();
        store::index::find_many(scope.tx, &places, |at, marks| {
            alike.extend(like(marks, slices[at], sought.key()));
            Ok(())
        })?;
        alike.sort_unstable();
        for number in alike {
            let found = row_of(scope, batch.id, number)?.filter(|row| sought.is(row));
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

fn row_of(scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Option<PaymentRow>, Error> {
    let mut found = None;
    store::payment::each_of(scope.tx, batch, number..number.saturating_add(1), |row| {
        found = Some(row);
        Ok(())
    })?;
    Ok(found)
}

/// The number of the first entry that was recorded at a moment or later.
pub(super) fn first_entry_at(scope: &Scope<'_>, moment: Timestamp) -> Result<i64, Error> {
    journal::size_at(scope.tx, Timestamp::from_micros(moment.micros().saturating_sub(1)))
}

/// A payment that is what is sought.
struct Hit {
    at: Found,
    batch: Id<Batch>,
    row: PaymentRow,
    /// In the order of their stages.
    changes: Vec<Change>,
}

struct Hits<'s> {
    scope: &'s Scope<'s>,
    search: &'s Search,
    /// The first entry that counts.
    since: i64,
    wanted: usize,
    hits: Vec<Hit>,
}

impl Hits<'_> {
    /// Goes through the batches, the newest first: those that came in since then, and then those that are older and with which
    /// something was done since.
    fn find(&mut self) -> Result<(), Error> {
        let (tx, payer, since) = (self.scope.tx, self.search.payer, self.since);
        let mut end = self.search.after.map_or(ENTRIES_MAX, |after| after.entry.saturating_add(1));
        while self.hits.len() < self.wanted {
            let recorded = since..end.max(since);
            let mut batches = store::batch::recorded_since(tx, payer, recorded, BATCHES_AT_ONCE)?;
            if batches.is_empty() {
                batches = store::batch::staged_since(tx, payer, since, end.min(since), BATCHES_AT_ONCE)?;
            }
            let Some(last) = batches.last() else { return Ok(()) };
            end = last.entry;
            self.look_into(&batches)?;
        }
        Ok(())
    }

    /// Looks into the index of batches, the last payments first.
    fn look_into(&mut self, batches: &[Indexed]) -> Result<(), Error> {
        let key = self.search.sought.key();
        let slices = |batch: &Indexed| slices_of(batch.payments).rev();
        let mut slices = batches.iter().flat_map(|batch| slices(batch).map(move |slice| (batch, slice)));
        while self.hits.len() < self.wanted {
            let some: Vec<(&Indexed, i64)> = slices.by_ref().take(BUCKETS_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            let place = |(batch, slice): &(&Indexed, i64)| Place::of(batch.batch, batch.payments, *slice, key);
            let (places, mut alike) = (some.iter().map(place).collect::<Vec<_>>(), Vec::new());
            store::index::find_many(self.scope.tx, &places, |at, marks| {
                alike.extend(like(marks, some[at].1, key).map(|number| (at, Reverse(number))));
                Ok(())
            })?;
            alike.sort_unstable();
            for (at, Reverse(number)) in alike {
                let Indexed { entry, batch, .. } = *some[at].0;
                self.look_at(Found { entry, number }, batch)?;
                if self.hits.len() == self.wanted {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Takes a payment, if it is what is sought and not only looks like it.
    fn look_at(&mut self, at: Found, batch: Id<Batch>) -> Result<(), Error> {
        if self.search.after.is_some_and(|after| at >= after) {
            return Ok(());
        }
        self.hits.extend(hit_at(self.scope, self.since, at, batch, |row| self.search.sought.is(row))?);
        Ok(())
    }
}

/// A payment, if it is what is sought and something was decided of it since an entry.
fn hit_at(
    scope: &Scope<'_>,
    since: i64,
    at: Found,
    batch: Id<Batch>,
    is_sought: impl Fn(&PaymentRow) -> bool,
) -> Result<Option<Hit>, Error> {
    let Some(row) = row_of(scope, batch, at.number)?.filter(is_sought) else { return Ok(None) };
    let mut changes = Vec::new();
    store::payment::each_change_of(scope.tx, batch, at.number..at.number + 1, i64::MAX, |change| {
        changes.push(change);
        Ok(())
    })?;
    // Of an older batch, something else may have been decided since.
    let is_since = match changes.last() {
        Some(last) if at.entry < since => stage_of(scope, batch, last.stage)?.entry >= since,
        _ => at.entry >= since,
    };
    Ok(is_since.then_some(Hit { at, batch, row, changes }))
}

fn stage_of(scope: &Scope<'_>, batch: Id<Batch>, stage: i64) -> Result<store::batch::Stage, Error> {
    let found = store::batch::find_stage(scope, batch, stage)?;
    found.ok_or_else(|| StoreError::broken("payment_change", "stage", (batch.number(), stage)).into())
}

/// When a stage of a batch was: 0 is the coming in.
fn moment(scope: &Scope<'_>, batch: &Batch, stage: i64) -> Result<Timestamp, Error> {
    match stage {
        0 => Ok(batch.record.received()),
        stage => Ok(stage_of(scope, batch.id, stage)?.at),
    }
}

/// Tells what holds of payments.
struct Teller<'s> {
    scope: &'s Scope<'s>,
    banks: BankDirectory,
    ids: OpenIds,
}

impl Teller<'_> {
    fn tell(&mut self, hit: &Hit, batch: &Batch, payer: &Payer) -> Result<FoundPayment, Error> {
        let scope = self.scope;
        let outcomes = || {
            let changes = hit.changes.iter().rev().map(|change| (change.stage, change.outcome));
            changes.chain([(0, hit.row.outcome)])
        };
        let (stage, now) = outcomes().next().unwrap_or((0, hit.row.outcome));
        let last = |is: fn(&Outcome) -> bool| outcomes().find(|(_, outcome)| is(outcome));
        let left = last(Outcome::goes_on).map(|last| self.left(last, batch, hit.at.number, payer)).transpose()?;
        let sent = match last(Outcome::is_sent) {
            Some((stage, _)) if left.as_ref().is_some_and(|left| left.stage == stage) => left.clone(),
            last => last.map(|last| self.left(last, batch, hit.at.number, payer)).transpose()?,
        };
        let ids = self.ids.read(scope, batch.id, hit.at.number)?;
        Ok(FoundPayment {
            batch: batch.id,
            at: hit.at,
            payer: payer.clone(),
            message_id: batch.record.message_id.clone(),
            end_to_end_id: ids.end_to_end_id.to_owned(),
            instruction_id: ids.instruction_id.map(str::to_owned),
            payee: hit.row.payee,
            money: hit.row.money,
            state: now.state,
            reason: now.reason,
            received: batch.record.received(),
            decided: (stage, moment(scope, batch, stage)?),
            left,
            sent,
        })
    }

    fn left(
        &mut self,
        (stage, outcome): (i64, Outcome),
        batch: &Batch,
        number: i64,
        payer: &Payer,
    ) -> Result<Left, Error> {
        Ok(Left {
            stage,
            at: moment(self.scope, batch, stage)?,
            designation: outcome.designation,
            to: self.destination(&outcome, payer)?,
            named: self.named(&outcome, batch.id, number)?,
        })
    }

    fn named(&mut self, outcome: &Outcome, batch: Id<Batch>, number: i64) -> Result<Option<Named>, Error> {
        if outcome.state != State::Passed {
            return Ok(None);
        }
        let account = self.ids.read(self.scope, batch, number)?.account.and_then(named_account);
        let bank = |account: &Account| match account {
            Account::Danish(account) => self.banks.get(account.reg).map(|bank| bank.name.clone()),
            Account::Foreign(_) => None,
        };
        Ok(account.map(|account| Named { bank: bank(&account), account }))
    }

    fn destination(&self, outcome: &Outcome, payer: &Payer) -> Result<Option<Destination>, Error> {
        let account = match (outcome.state, outcome.designation, &payer.agreement.no_account) {
            (_, Some(designation), _) => resolve::account_of(self.scope, designation)?,
            (State::Waiting, _, NoAccount::PayTo(account)) => *account,
            _ => return Ok(None),
        };
        let bank = account.reg().and_then(|reg| self.banks.get(reg)).map(|bank| bank.name.clone());
        Ok(Some(Destination { account, iban: account.iban(&self.banks), bic: account.bic(&self.banks), bank }))
    }
}
