//! The one place where money that came back is booked: for returns, and for recalls that were accepted.

use super::counts_now;
use crate::back::{BackRefusal, Booked, MoneyBack, Standing, returned};
use crate::batch::{Batch, Counts, Sent, Tally};
use crate::judge::held_of;
use crate::payment::State;
use crate::store;
use crate::store::back::Recorded;
use crate::store::held::HeldPayment;
use crate::store::ids::OpenIds;
use crate::store::payment::{Change, Outcome};
use crate::work;
use denmark::Money;
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Error, Id, Scope, StoreError, Timestamp};
use registry::account::DesignatedAccount;
use registry::mark::Marked;
use registry::payer::Payer;
use registry::queries::mark_of;
use registry::resolve;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be known to book that money of some payments came back; and then what was booked.
///
/// A command loads it, books in its decision, and saves what [`Books::booking`] gives.
#[derive(Default)]
pub(crate) struct Books {
    known: BTreeSet<Blind>,
    batches: BTreeMap<Id<Batch>, Shelf>,
    payments: BTreeMap<(Id<Batch>, i64), Standing>,
    changes: BTreeMap<(Id<Batch>, i64), Outcome>,
    rows: Vec<MoneyBack>,
}

struct Shelf {
    stages: i64,
    counts: Counts,
    /// Where what comes back goes on to; none where it is the payer's. And that account's mark, while which stands nothing goes there.
    goes_on_to: Option<DesignatedAccount>,
    mark: Option<Marked>,
    /// What goes on so, by the number of the payment.
    onward: BTreeMap<i64, Money>,
}

/// What was booked, to be saved: stages of each batch, and what came back of its payments.
#[derive(Default)]
pub(crate) struct Booking {
    touched: Vec<(Id<Batch>, Touched)>,
    changes: Vec<(Id<Batch>, i64, Outcome)>,
    rows: Vec<MoneyBack>,
}

/// What becomes of a batch: a stage at which money came back, and another at which some of that is ordered on to the waiting account.
struct Touched {
    stages_before: i64,
    counts: Counts,
    onward: Option<Onward>,
}

struct Onward {
    counts: Counts,
    numbers: BTreeSet<i64>,
    sent: Sent,
}

impl Touched {
    /// None where nothing goes on. Counts that do not have it are another's fault, which the balance tells.
    fn of(shelf: Shelf) -> Self {
        let Shelf { stages: stages_before, counts, onward, .. } = shelf;
        let (mut then, mut sent) = (counts.clone(), Tally::default());
        for money in onward.values() {
            then = then.clone().moved(Some(*money), State::Returned, State::Waiting).unwrap_or(then);
            sent.add(State::Waiting, None, Some(*money));
        }
        let goes_on = !onward.is_empty();
        let numbers = onward.into_keys().collect();
        let onward = goes_on.then(|| Onward { counts: then, numbers, sent: sent.sent() });
        Self { stages_before, counts, onward }
    }

    const fn came_back_at(&self) -> i64 {
        self.stages_before + 1
    }

    const fn went_on_at(&self) -> i64 {
        self.stages_before + 2
    }
}

/// Ordered on to the waiting account.
const ONWARD: Outcome = Outcome { state: State::Waiting, reason: None, designation: None, news: None };

impl Books {
    /// What is to be known of these.
    pub(crate) fn load<'b>(scope: &Scope<'_>, backs: impl IntoIterator<Item = &'b MoneyBack>) -> Result<Self, Error> {
        let mut books = Self::default();
        for back in backs {
            books.look_up(scope, &back.key)?;
            books.open(scope, back.batch, back.number)?;
        }
        Ok(books)
    }

    /// Looks whether something was booked before, whosever it was.
    fn look_up(&mut self, scope: &Scope<'_>, key: &Blind) -> Result<(), Error> {
        if store::back::is_known(scope.tx, key)? {
            self.known.insert(*key);
        }
        Ok(())
    }

    fn open(&mut self, scope: &Scope<'_>, id: Id<Batch>, number: i64) -> Result<(), Error> {
        let shelf = match self.batches.entry(id) {
            std::collections::btree_map::Entry::Occupied(place) => place.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let Some(batch) = store::batch::find(scope, id)? else { return Ok(()) };
                let (stages, counts) = (super::stages_of(scope, id)?, counts_now(scope, &batch)?);
                let goes_on_to = resolve::payer_at(scope, batch.payer)?.agreement.returns_go_on_to();
                // The payer's own account, from which it is ordered, stands in the input alone.
                let goes_on_to = goes_on_to.filter(|_| batch.input_kept);
                let mark = goes_on_to.map(|account| mark_of(scope, &account)).transpose()?.flatten();
                place.insert(Shelf { stages, counts, goes_on_to, mark, onward: BTreeMap::new() })
            }
        };
        if let Some(standing) = standing(scope, id, number, shelf.goes_on_to)? {
            self.payments.insert((id, number), standing);
        }
        Ok(())
    }

    /// Books that money came back by now, unless that was booked before.
    ///
    /// # Errors
    /// [`BackRefusal`]; then nothing of it is booked.
    pub(crate) fn book(&mut self, back: &MoneyBack, now: Timestamp) -> Result<Booked, BackRefusal> {
        if self.known.contains(&back.key) {
            return Ok(Booked::Before);
        }
        let place = (back.batch, back.number);
        // All of it was booked just now: nothing more of it is with a bank, nor in the waiting account before that is recorded.
        if self.changes.contains_key(&place) {
            return Err(BackRefusal::NotSent);
        }
        let standing = self.payments.get_mut(&place).ok_or(BackRefusal::Unknown)?;
        let shelf = self.batches.get_mut(&back.batch).ok_or(BackRefusal::Unknown)?;
        let before = *standing;
        let booked = standing.take(back.amount)?;
        if booked == Booked::Whole {
            let (state, reason) = returned(standing.state, back.reason);
            let moved = shelf.counts.clone().moved(before.money, before.state, state);
            shelf.counts = moved.ok_or(BackRefusal::NotSent)?;
            self.changes.insert(place, Outcome { state, reason, designation: None, news: None });
            let goes_on = before.goes_on(back) && !shelf.mark.is_some_and(|mark| mark.stands(now));
            shelf.onward.extend(before.money.filter(|_| goes_on).map(|money| (back.number, money)));
        }
        self.known.insert(back.key);
        self.rows.push(back.clone());
        Ok(booked)
    }

    /// What was booked.
    pub(crate) fn booking(self) -> Booking {
        let Self { batches, changes, mut rows, .. } = self;
        rows.sort_by_key(|row| (row.batch, row.number));
        let touched: BTreeSet<Id<Batch>> = rows.iter().map(|row| row.batch).collect();
        let batches = batches.into_iter().filter(|(batch, _)| touched.contains(batch));
        Booking {
            touched: batches.map(|(batch, shelf)| (batch, Touched::of(shelf))).collect(),
            changes: changes.into_iter().map(|((batch, number), outcome)| (batch, number, outcome)).collect(),
            rows,
        }
    }
}

impl Booking {
    /// The stages of batches by which money came back.
    pub(crate) fn stages(&self) -> impl Iterator<Item = (Id<Batch>, i64)> {
        self.touched.iter().map(|(batch, touched)| (*batch, touched.came_back_at()))
    }

    /// How many bookings it is.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How much of it goes on to waiting accounts.
    pub(crate) fn onward(&self) -> usize {
        self.touched.iter().filter_map(|(_, touched)| touched.onward.as_ref()).map(|onward| onward.numbers.len()).sum()
    }

    /// Records it as part of `entry`.
    pub(crate) fn save(&self, scope: &Scope<'_>, entry: Entry) -> Result<Vec<Rows>, Error> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let of: BTreeMap<Id<Batch>, &Touched> = self.touched.iter().map(|(batch, touched)| (*batch, touched)).collect();
        let of = |batch: &Id<Batch>| {
            of.get(batch).copied().ok_or_else(|| StoreError::plain("what is booked is booked at a stage"))
        };
        let (mut stages, mut files) = (Vec::new(), Vec::new());
        for (batch, Touched { stages_before, counts, onward }) in &self.touched {
            stages.push((*batch, super::stage_of_record(*stages_before, entry, false, counts.clone())));
            if let Some(Onward { counts, sent, .. }) = onward {
                let stage = super::new_stage(stages_before + 1, entry, true, counts.clone());
                // Until the order has its name somewhere: whoever is told where next writes it.
                store::batch::insert_unwritten(scope.tx, *batch, stage.stage)?;
                files.extend(super::bank_file(scope, &payer_of(scope, *batch)?, (*batch, stage.stage), sent));
                stages.push((*batch, stage));
            }
        }
        let mut changes = Vec::with_capacity(self.changes.len());
        for (batch, number, outcome) in &self.changes {
            let (number, touched) = (*number, of(batch)?);
            changes.push((*batch, Change { number, stage: touched.came_back_at(), outcome: *outcome }));
            let goes_on = touched.onward.as_ref().is_some_and(|onward| onward.numbers.contains(&number));
            if goes_on {
                changes.push((*batch, Change { number, stage: touched.went_on_at(), outcome: ONWARD }));
            }
            store::held::delete(scope.tx, *batch, [number])?;
            if goes_on || outcome.state == State::Waiting {
                lie(scope, *batch, number, entry)?;
            }
        }
        let mut rows = Vec::with_capacity(self.rows.len());
        for back in &self.rows {
            rows.push(Recorded { stage: of(&back.batch)?.came_back_at(), back: back.clone() });
        }
        let mut made = vec![store::batch::insert_stages(scope, &stages)?];
        if !changes.is_empty() {
            made.push(store::payment::insert_all_changes(scope.tx, &changes)?);
        }
        made.push(store::back::insert_many(scope, &rows, entry)?);
        if !files.is_empty() {
            made.push(store::bank_file::insert_many(scope, &files, entry)?);
        }
        Ok(made)
    }
}

/// The stage that came with one at which money came back, if some of it was ordered on then.
pub(crate) fn onward_of(scope: &Scope<'_>, batch: Id<Batch>, stage: i64) -> Result<Option<i64>, Error> {
    let Some(came_back) = store::batch::find_stage(scope, batch, stage)? else { return Ok(None) };
    let next = store::batch::find_stage(scope, batch, stage + 1)?;
    Ok(next.filter(|next| next.entry == came_back.entry).map(|next| next.stage))
}

fn payer_of(scope: &Scope<'_>, id: Id<Batch>) -> Result<Payer, Error> {
    let batch = store::batch::find(scope, id)?.ok_or_else(|| StoreError::broken("batch", "id", id.number()))?;
    resolve::payer_at(scope, batch.payer)
}

/// Notes that a payment's money lies in the waiting account, be it once more.
fn lie(scope: &Scope<'_>, id: Id<Batch>, number: i64, entry: Entry) -> Result<(), Error> {
    let held = HeldPayment { lies_since: Some(entry.at), ..to_decide(scope, id, number)? };
    store::held::insert_many(scope.tx, id, &[held])
}

/// What is to be known to decide a payment anew.
fn to_decide(scope: &Scope<'_>, id: Id<Batch>, number: i64) -> Result<HeldPayment, Error> {
    let payer = payer_of(scope, id)?.id;
    let mut row = None;
    store::payment::each_of(scope.tx, id, number..number + 1, |found| {
        row = Some(found);
        Ok(())
    })?;
    let row = row.ok_or_else(|| StoreError::broken("payment", "number", number))?;
    let mut ids = OpenIds::default();
    Ok(held_of(scope.vault, payer, &row, &ids.read(scope, id, number)?))
}

/// What of a payment matters when money of it comes back, which may go on to an account; none if there is no such payment.
pub(crate) fn standing(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    number: i64,
    goes_on_to: Option<DesignatedAccount>,
) -> Result<Option<Standing>, Error> {
    let Some(recorded) = work::recorded(scope.tx, batch, number, 1, i64::MAX)?.pop() else { return Ok(None) };
    let mut back = 0;
    store::back::each_amount(scope.tx, batch, number..number + 1, |amount| {
        if amount.stage > recorded.of_stage {
            back += amount.amount;
        }
        Ok(())
    })?;
    let (state, money) = (recorded.outcome.state, recorded.money);
    let is_from_waiting = state == State::Routed
        && store::batch::find_stage(scope, batch, recorded.of_stage)?.is_some_and(|at| at.of_record);
    let can_go_on = match goes_on_to {
        Some(account) if state == State::Routed && !is_from_waiting => {
            let HeldPayment { payee, currency, .. } = to_decide(scope, batch, number)?;
            let has_payee = payee.map_or(Ok(false), |payee| resolve::is_there(scope, &payee))?;
            let takes_it = currency.is_some_and(|currency| account.takes(currency));
            has_payee && takes_it && !was_asked_back(scope, batch, number, recorded.of_stage)?
        }
        _ => false,
    };
    Ok(Some(Standing { state, money, back, is_from_waiting, can_go_on }))
}

/// Whether somebody asked for it back since it was sent on at a stage, whatever banks have answered.
fn was_asked_back(scope: &Scope<'_>, batch: Id<Batch>, number: i64, stage: i64) -> Result<bool, Error> {
    Ok(store::recall::last_of(scope, batch, number)?.is_some_and(|recall| recall.stage == stage))
}
