//! What a client is told of the accounts that it follows, read from the histories as banks' messages are: nothing is stored of it.
//!
//! A page finds what changed after a place, for whomever, by keys alone; then which of those payees the client follows; and opens no
//! more than their rows.

use super::paged::Paged;
use crate::designation::{Designation, State};
use crate::payee::RegisterStatus;
use crate::proposal::Proposal;
use crate::resolve::Resolution;
use crate::store::payee::Found as Payee;
use crate::store::register::RegisterRow;
use crate::store::subscription::Found;
use crate::subscription::{Event, Sees, Subscription, forgotten_before, tell};
use crate::{policy, store};
use kernel::{Actor, Blind, Error, Id, Scope, StoreError, Timestamp, journal};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of each kind, of everybody's, that are looked through for one page.
pub const EVENT_ROWS_MAX: usize = 10_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Something that became of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionEvent {
    /// Names it, always the same: who has had it before drops it.
    pub id: String,
    /// What happened.
    pub event: &'static str,
    /// By which subscription it is told: of several about one payee, the newest.
    pub subscription: String,
    /// What the client calls what it plans.
    pub reference: String,
    /// Whose account it is.
    pub payee: String,
    /// The kind of benefit, where it is an account for one of the client's payer.
    pub benefit: Option<String>,
    /// Of an account that is another now, by which kind of channel it came.
    pub channel: Option<&'static str>,
    /// How many whole days ago it took the place of another.
    pub changed_days_ago: Option<i64>,
    /// From when it holds.
    pub from: String,
    /// When it was recorded.
    pub recorded: String,
}

/// Some of what a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionEvents {
    /// The earliest come first. There can be none while there are more.
    pub events: Vec<SubscriptionEvent>,
    /// Where to go on.
    pub reached: i64,
    /// Whether something may be there already.
    pub has_more: bool,
}

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub struct EventBounds {
    /// Changes of payees whom the client follows; all that happened at the last place come with it.
    pub events: usize,
    /// Rows of each kind that are looked through for them.
    pub rows: usize,
}

/// What became of the accounts that a client follows, of what was recorded after a place that an earlier page reached, or since its
/// oldest subscription of which anything is told still. What was recorded when a subscription had ended is not told, whenever it is
/// read; what was before, for some days.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn subscription_events(
    scope: &Scope<'_>,
    actor: &Actor,
    client: &str,
    after: Option<i64>,
    bounds: EventBounds,
    now: Timestamp,
) -> Result<SubscriptionEvents, Error> {
    policy::READ_SUBSCRIPTIONS.require(actor)?;
    let end = last_place(scope)?;
    let after = after.unwrap_or(-1);
    let Some(first) = store::subscription::first_after(scope.tx, client, forgotten_before(now))? else {
        return Ok(SubscriptionEvents { events: Vec::new(), reached: after.max(end), has_more: false });
    };
    let after = after.max(journal::first_row_of(first + 1) - 1);
    let (changes, horizon) = changes_after(scope, after, bounds.rows)?;
    let (followed, cut) = followed(scope, client, changes, bounds.events, now)?;
    let reached = cut.or(horizon).unwrap_or(end).max(after);
    let has_more = cut.is_some() || horizon.is_some();
    Ok(SubscriptionEvents { events: Written::load(scope, &followed)?.events(scope, now)?, reached, has_more })
}

/// The place after all that is recorded.
fn last_place(scope: &Scope<'_>) -> Result<i64, Error> {
    let entries = i64::try_from(journal::size_and_root(scope.tx)?.0).unwrap_or(journal::ENTRIES_MAX);
    Ok(journal::first_row_of(entries) - 1)
}

/// Where something stands that changed, in the order in which it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    place: i64,
    what: What,
    payee: Blind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Register(Id<RegisterRow>),
    Proposed(Id<Proposal>),
    Ended(Id<Proposal>),
    Designation(Id<Designation>),
}

impl What {
    /// Tells apart what stands at one place.
    const fn letter(self) -> char {
        match self {
            Self::Register(_) => 'a',
            Self::Proposed(_) => 'b',
            Self::Ended(_) => 'c',
            Self::Designation(_) => 'd',
        }
    }
}

/// What changed after a place, in order, and up to which place that is all of it; none where nothing comes after.
fn changes_after(scope: &Scope<'_>, after: i64, rows: usize) -> Result<(Vec<Change>, Option<i64>), Error> {
    let (mut changes, mut horizon) = (Vec::new(), None);
    let mut add = |found: Vec<Change>| {
        let last = found.last().filter(|_| found.len() >= rows).map(|last| last.place);
        horizon = [horizon, last].into_iter().flatten().min();
        changes.extend(found);
    };
    let registered = store::register::changed_after(scope.tx, after, rows)?;
    add(registered
        .into_iter()
        .map(|(id, payee)| Change { place: id.number(), what: What::Register(id), payee })
        .collect());
    let designated = store::designation::changed_after(scope.tx, after, rows)?;
    add(designated
        .into_iter()
        .map(|(id, payee)| Change { place: id.number(), what: What::Designation(id), payee })
        .collect());
    let proposed = store::proposal::proposed_after(scope.tx, after, rows)?;
    add(proposed.into_iter().map(|(place, id, payee)| Change { place, what: What::Proposed(id), payee }).collect());
    let ended = store::proposal::ended_after(scope.tx, after, rows)?;
    add(ended.into_iter().map(|(place, id, payee)| Change { place, what: What::Ended(id), payee }).collect());
    changes.retain(|change| horizon.is_none_or(|horizon| change.place <= horizon));
    changes.sort_unstable();
    Ok((changes, horizon))
}

/// A change that a client is told of, by which subscription, and when it was recorded.
type Followed = (Change, Subscription, Timestamp);

/// Those changes that the client follows, at most so many but for those at the last place; and that place, where there may be more.
fn followed(
    scope: &Scope<'_>,
    client: &str,
    changes: Vec<Change>,
    most: usize,
    now: Timestamp,
) -> Result<(Vec<Followed>, Option<i64>), Error> {
    let payees: Vec<Blind> = changes.iter().map(|change| change.payee).collect::<BTreeSet<_>>().into_iter().collect();
    let mut told: BTreeMap<Blind, Vec<Found>> = BTreeMap::new();
    store::subscription::told_of_many(scope, &payees, client, now, |at, found| {
        told.entry(payees[at]).or_default().push(found);
    })?;
    // A server gives what it finds in an order of its own.
    told.values_mut().for_each(|found| found.sort_unstable_by_key(|one| std::cmp::Reverse(one.subscription.id)));
    let of_interest: Vec<(Change, &Vec<Found>)> =
        changes.into_iter().filter_map(|change| told.get(&change.payee).map(|found| (change, found))).collect();
    let recorded = moments(scope, of_interest.iter().map(|(change, _)| journal::entry_of(change.place)))?;
    let (mut followed, mut cut) = (Vec::<Followed>::new(), None);
    for (change, found) in of_interest {
        let entry = journal::entry_of(change.place);
        let Some(at) = recorded.get(&entry).copied() else { continue };
        let by = found.iter().find(|one| one.entry < entry && one.subscription.covers(at));
        let Some(Found { subscription, .. }) = by else { continue };
        let last = followed.last().map(|(last, ..)| last.place);
        if followed.len() >= most && last != Some(change.place) {
            cut = last;
            break;
        }
        followed.push((change, subscription.clone(), at));
    }
    Ok((followed, cut))
}

/// When entries were recorded.
pub(crate) fn moments(
    scope: &Scope<'_>,
    entries: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, Timestamp>, Error> {
    let entries: Vec<i64> = entries.collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    journal::moments(scope.tx, entries.iter().copied(), |at, moment| {
        found.insert(entries[at], moment);
        Ok(())
    })?;
    Ok(found)
}

/// What telling needs to know, looked up together.
struct Written<'f> {
    followed: &'f [Followed],
    payees: BTreeMap<Blind, Payee>,
    rows: BTreeMap<Id<Designation>, Designation>,
}

impl<'f> Written<'f> {
    fn load(scope: &Scope<'_>, followed: &'f [Followed]) -> Result<Self, Error> {
        let keys: Vec<Blind> =
            followed.iter().map(|(change, ..)| change.payee).collect::<BTreeSet<_>>().into_iter().collect();
        let mut payees = BTreeMap::new();
        store::payee::find_many(scope, &keys, |at, payee| {
            payees.insert(keys[at], payee);
            Ok(())
        })?;
        let mut rows = BTreeMap::new();
        let ids = followed.iter().filter_map(|(change, ..)| match change.what {
            What::Designation(id) => Some(id),
            _ => None,
        });
        let mut wanted: BTreeSet<Id<Designation>> = ids.collect();
        // They, and the row before each.
        for _ in 0..2 {
            let mut before = BTreeSet::new();
            store::designation::find_many(scope, std::mem::take(&mut wanted), |_, row| {
                before.extend(row.previous);
                rows.insert(row.id, row);
                Ok(())
            })?;
            wanted = before.into_iter().filter(|id| !rows.contains_key(id)).collect();
        }
        Ok(Self { followed, payees, rows })
    }

    fn events(&self, scope: &Scope<'_>, now: Timestamp) -> Result<Vec<SubscriptionEvent>, Error> {
        let mut events = Vec::with_capacity(self.followed.len());
        for (change, subscription, recorded) in self.followed {
            let told = match change.what {
                What::Register(id) => self.registered(scope, change, subscription, id)?,
                What::Designation(id) => self.designated(scope, change, subscription, id)?,
                What::Proposed(id) | What::Ended(id) => self.proposed(scope, change, subscription, id)?,
            };
            events.extend(told.map(|Told { event, benefit, row }| {
                SubscriptionEvent {
                    id: format!("{:016x}{}", change.place, change.what.letter()),
                    event: event.name(),
                    subscription: subscription.id.name(),
                    reference: subscription.reference.reveal().to_owned(),
                    payee: subscription.number.reveal(),
                    benefit,
                    channel: row
                        .filter(|_| matches!(event, Event::Changed | Event::Registered))
                        .map(|row| row.channel.name()),
                    changed_days_ago: row
                        .filter(|_| event == Event::Changed)
                        .map(|row| now.micros().saturating_sub(row.effective.micros()).max(0) / MICROS_PER_DAY),
                    from: row.map_or(*recorded, |row| row.effective).to_string(),
                    recorded: recorded.to_string(),
                }
            }));
        }
        Ok(events)
    }

    /// What a row of a register's mirror makes of where payments go.
    fn registered(
        &self,
        scope: &Scope<'_>,
        change: &Change,
        subscription: &Subscription,
        id: Id<RegisterRow>,
    ) -> Result<Option<Told>, Error> {
        let (status, former) = store::register::step(scope.tx, id)?;
        let mut default = self.payees.get(&change.payee).and_then(|payee| payee.designation);
        while let Some(row) = default.filter(|row| row.id.number() > change.place) {
            default = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
        }
        let [before, after] = [former, Some(status)].map(|status| Resolution::of(status, default.as_ref()));
        let event = tell(subscription.sees, before, after, false);
        Ok(event.map(|event| Told { event, benefit: None, row: None }))
    }

    /// What a row of an account's history makes of it.
    fn designated(
        &self,
        scope: &Scope<'_>,
        change: &Change,
        subscription: &Subscription,
        id: Id<Designation>,
    ) -> Result<Option<Told>, Error> {
        let gap = || StoreError::damaged("a history has a gap".to_owned());
        let row = *self.rows.get(&id).ok_or_else(gap)?;
        let former = row.previous.map(|id| self.rows.get(&id).copied().ok_or_else(gap)).transpose()?;
        let benefit = match row.purpose {
            None => None,
            Some(_) if subscription.sees != Sees::Account => return Ok(None),
            Some(_) => match store::designation::purpose_of(scope, id)? {
                Some((payer, benefit)) if Some(payer) == subscription.payer => Some(benefit.as_str().to_owned()),
                _ => return Ok(None),
            },
        };
        let status = self.status_at(scope, change)?;
        let [before, after] = [former, Some(row)].map(|row| Resolution::of(status, row.as_ref()));
        let is_the_same = |former: Designation| former.standing.is_the_same_account(&row.standing);
        let replaces = former.is_some_and(|former| !is_the_same(former));
        let event = tell(subscription.sees, before, after, replaces);
        Ok(event.map(|event| Told { event, benefit, row: Some(row) }))
    }

    /// Whether it is told that a change is proposed, or waits no more: where a look-up tells it, of an account that is in force.
    fn proposed(
        &self,
        scope: &Scope<'_>,
        change: &Change,
        subscription: &Subscription,
        id: Id<Proposal>,
    ) -> Result<Option<Told>, Error> {
        if subscription.sees != Sees::Account || !self.status_at(scope, change)?.is_some_and(RegisterStatus::is_living)
        {
            return Ok(None);
        }
        let Some(proposal) = store::proposal::find_waiting(scope, id)? else { return Ok(None) };
        let benefit = match proposal.asked.specific {
            None => None,
            Some(of) if Some(of.payer) == subscription.payer => Some(of.benefit.as_str().to_owned()),
            Some(_) => return Ok(None),
        };
        let replaces = proposal.replaces.map(|row| store::designation::find(scope, row)).transpose()?;
        let is_told = benefit.is_some() || replaces.is_some_and(|row| row.standing.state == State::InForce);
        let event = if matches!(change.what, What::Proposed(_)) { Event::Pending } else { Event::PendingEnded };
        Ok(is_told.then_some(Told { event, benefit, row: None }))
    }

    /// What the register said of a payee when something else was recorded.
    fn status_at(&self, scope: &Scope<'_>, change: &Change) -> Result<Option<RegisterStatus>, Error> {
        let Some(payee) = self.payees.get(&change.payee) else { return Ok(None) };
        match payee.register_row.filter(|row| row.number() > change.place) {
            None => Ok(Some(payee.status)),
            Some(newest) => store::register::status_known_at(scope.tx, newest, journal::entry_of(change.place) + 1),
        }
    }
}

/// What is told of a change, and by which row of an account's history.
struct Told {
    event: Event,
    benefit: Option<String>,
    row: Option<Designation>,
}

/// A subscription, as the client sees it; on its behalf, without whom and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionView {
    /// Its name.
    pub id: String,
    /// Whose account.
    pub payee: Option<String>,
    /// What the client calls what it plans.
    pub reference: Option<String>,
    /// For which legal purpose.
    pub purpose: &'static str,
    /// Until when.
    pub until: String,
}

/// The subscriptions of a client that last, the oldest first: at most `limit` after the one whose number is `after`.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn subscriptions(
    scope: &Scope<'_>,
    actor: &Actor,
    client: &str,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<SubscriptionView>, Error> {
    policy::READ_SUBSCRIPTIONS.require(actor)?;
    let is_own = actor.role().is_client();
    let after = after.unwrap_or(-1).max(store::subscription::after_moment(forgotten_before(now)));
    let found = store::subscription::lasting(scope, client, after, now, limit as i64 + 1)?;
    Paged::of(found, limit, |one| one.subscription.id.number()).try_map(|Found { subscription, .. }| {
        Ok(SubscriptionView {
            id: subscription.id.name(),
            payee: is_own.then(|| subscription.number.reveal()),
            reference: is_own.then(|| subscription.reference.reveal().to_owned()),
            purpose: subscription.purpose.name(),
            until: subscription.until.to_string(),
        })
    })
}
