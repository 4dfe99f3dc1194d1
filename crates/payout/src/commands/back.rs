//! The one place where money that came back is booked: for returns, and for recalls that were accepted.

use super::counts_now;
use crate::back::{BackRefusal, Booked, MoneyBack, Standing, returned};
use crate::batch::{Batch, Counts};
use crate::judge::held_of;
use crate::payment::State;
use crate::store;
use crate::store::back::Recorded;
use crate::store::batch::Stage;
use crate::store::held::HeldPayment;
use crate::store::ids::OpenIds;
use crate::store::payment::{Change, Outcome};
use crate::work;
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Error, Id, Scope, StoreError};
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
}

/// What was booked, to be saved: a stage of each batch, and what came back of its payments.
#[derive(Default)]
pub(crate) struct Booking {
    stages: Vec<(Id<Batch>, i64, Counts)>,
    changes: Vec<(Id<Batch>, i64, Outcome)>,
    rows: Vec<MoneyBack>,
}

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
        if let std::collections::btree_map::Entry::Vacant(place) = self.batches.entry(id) {
            let Some(batch) = store::batch::find(scope, id)? else { return Ok(()) };
            let stages = super::stages_of(scope, id)?;
            place.insert(Shelf { stages, counts: counts_now(scope, &batch)? });
        }
        if let Some(standing) = standing(scope, id, number)? {
            self.payments.insert((id, number), standing);
        }
        Ok(())
    }

    /// Books that money came back, unless that was booked before.
    ///
    /// # Errors
    /// [`BackRefusal`]; then nothing of it is booked.
    pub(crate) fn book(&mut self, back: &MoneyBack) -> Result<Booked, BackRefusal> {
        if self.known.contains(&back.key) {
            return Ok(Booked::Before);
        }
        let place = (back.batch, back.number);
        let standing = self.payments.get_mut(&place).ok_or(BackRefusal::Unknown)?;
        let shelf = self.batches.get_mut(&back.batch).ok_or(BackRefusal::Unknown)?;
        let before = *standing;
        let booked = standing.take(back.amount)?;
        if booked == Booked::Whole {
            let (state, reason) = returned(standing.state, back.reason);
            let moved = shelf.counts.clone().moved(before.money, before.state, state);
            shelf.counts = moved.ok_or(BackRefusal::NotSent)?;
            self.changes.insert(place, Outcome { state, reason, designation: None, news: None });
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
        let stages = batches.into_iter().filter(|(batch, _)| touched.contains(batch));
        Booking {
            stages: stages.map(|(batch, Shelf { stages, counts })| (batch, stages, counts)).collect(),
            changes: changes.into_iter().map(|((batch, number), outcome)| (batch, number, outcome)).collect(),
            rows,
        }
    }
}

impl Booking {
    /// The stages that it makes of batches.
    pub(crate) fn stages(&self) -> impl Iterator<Item = (Id<Batch>, i64)> {
        self.stages.iter().map(|(batch, before, _)| (*batch, before + 1))
    }

    /// How many bookings it is.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Records it as part of `entry`.
    pub(crate) fn save(&self, scope: &Scope<'_>, entry: Entry) -> Result<Vec<Rows>, Error> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let stages: BTreeMap<Id<Batch>, Stage> = self
            .stages
            .iter()
            .map(|(batch, before, counts)| (*batch, super::stage_of_record(*before, entry, false, counts.clone())))
            .collect();
        let stage = |batch: &Id<Batch>| {
            let stage = stages.get(batch).map(|stage| stage.stage);
            stage.ok_or_else(|| StoreError::plain("what is booked is booked at a stage"))
        };
        let mut changes = Vec::with_capacity(self.changes.len());
        for (batch, number, outcome) in &self.changes {
            changes.push((*batch, Change { number: *number, stage: stage(batch)?, outcome: *outcome }));
        }
        let mut rows = Vec::with_capacity(self.rows.len());
        for back in &self.rows {
            rows.push(Recorded { stage: stage(&back.batch)?, back: back.clone() });
        }
        for (batch, number, outcome) in &self.changes {
            store::held::delete(scope.tx, *batch, [*number])?;
            if outcome.state == State::Waiting {
                lie_again(scope, *batch, *number, entry)?;
            }
        }
        let mut made = vec![store::batch::insert_stages(scope, &stages)?];
        if !changes.is_empty() {
            made.push(store::payment::insert_all_changes(scope.tx, &changes)?);
        }
        made.push(store::back::insert_many(scope, &rows, entry)?);
        Ok(made)
    }
}

/// Notes that a payment's money lies in the waiting account once more.
fn lie_again(scope: &Scope<'_>, id: Id<Batch>, number: i64, entry: Entry) -> Result<(), Error> {
    let batch = store::batch::find(scope, id)?.ok_or_else(|| StoreError::broken("batch", "id", id.number()))?;
    let payer = resolve::payer_at(scope, batch.payer)?.id;
    let mut row = None;
    store::payment::each_of(scope.tx, id, number..number + 1, |found| {
        row = Some(found);
        Ok(())
    })?;
    let row = row.ok_or_else(|| StoreError::broken("payment", "number", number))?;
    let mut ids = OpenIds::default();
    let held = held_of(scope.vault, payer, &row, &ids.read(scope, id, number)?);
    store::held::insert_many(scope.tx, id, &[HeldPayment { lies_since: Some(entry.at), ..held }])
}

/// What of a payment matters when money of it comes back; none if there is no such payment.
pub(crate) fn standing(scope: &Scope<'_>, batch: Id<Batch>, number: i64) -> Result<Option<Standing>, Error> {
    let Some(recorded) = work::recorded(scope.tx, batch, number, 1, i64::MAX)?.pop() else { return Ok(None) };
    let mut back = 0;
    store::back::each_amount(scope.tx, batch, number..number + 1, |amount| {
        if amount.stage > recorded.of_stage {
            back += amount.amount;
        }
        Ok(())
    })?;
    let state = recorded.outcome.state;
    let is_from_waiting = state == State::Routed
        && store::batch::find_stage(scope, batch, recorded.of_stage)?.is_some_and(|at| at.of_record);
    Ok(Some(Standing { state, money: recorded.money, back, is_from_waiting }))
}
