//! Cancels what a batch holds: all of it, or some payments.

use super::{BatchRefusal, each_payment, find_own, has_stages, new_stage, require_own, stages_of};
use crate::batch::{self, Batch, Counts, Tally};
use crate::payment::State;
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::payment::{Change, Outcome};
use crate::work::end_to_end_key;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Conflict, Decision, Env, Error, Id, Once, Operation, Refusal, Scope, Writer};
use registry::payer::Payer;
use std::collections::BTreeSet;

/// How often it is looked anew what is held, because something was done with the batch meanwhile.
const TRIES: usize = 5;

/// What is to be cancelled.
pub struct Cancel<'c> {
    /// The batch, by name.
    pub batch: &'c str,
    /// These payments only; each must be held.
    pub end_to_end_ids: Option<&'c [String]>,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

const CANCELLED: Outcome =
    Outcome { state: State::Cancelled, reason: Some(Reason::Cancelled), designation: None, news: None };

/// Cancels held payments. What is held is looked for in a snapshot, however large the batch is; the transaction that others wait
/// for only writes.
///
/// # Errors
/// There is no such batch, or nothing of what is wanted is held; a conflict, or the store's failure.
pub fn cancel(writer: &mut Writer, wanted: &Cancel<'_>, actor: &Actor, env: &Env) -> Result<Counts, Error> {
    policy::CANCEL.require(actor)?;
    for _ in 0..TRIES {
        let command = writer.read(|scope| MakeCancel::prepare(scope, wanted, actor))?;
        if let Some(counts) = writer.execute(&command, actor, env)? {
            return Ok(counts);
        }
    }
    Err(Conflict("the batch kept changing while its payments were cancelled; try again".to_owned()).into())
}

/// Makes a cancellation real, unless something was done with the batch since it was prepared.
struct MakeCancel<'c> {
    batch: Id<Batch>,
    owner: Id<Payer>,
    actor: &'c Actor,
    stages_before: i64,
    numbers: Vec<i64>,
    /// Why nothing is cancelled, if nothing is.
    refused: Option<BatchRefusal>,
    /// What the batch comes to then.
    counts: Counts,
    once: Option<Once>,
}

impl<'c> MakeCancel<'c> {
    fn prepare(scope: &Scope<'_>, wanted: &Cancel<'_>, actor: &'c Actor) -> Result<Self, Error> {
        let Batch { id: batch, owner, .. } = find_own(scope, wanted.batch, actor)?;
        let stages_before = stages_of(scope, batch)?;
        let keys = wanted.end_to_end_ids.map(|ids| {
            let keys = ids.iter().map(|id| end_to_end_key(scope.vault, id));
            keys.collect::<BTreeSet<_>>()
        });
        let (mut numbers, mut tally) = (Vec::new(), Tally::default());
        each_payment(scope, batch, |row| {
            let is_named = keys.as_ref().is_none_or(|keys| keys.contains(&row.end_to_end));
            let is_wanted = row.outcome.state == State::Held && is_named;
            let outcome = if is_wanted { CANCELLED } else { row.outcome };
            if is_wanted {
                numbers.push(row.number);
            }
            tally.add(outcome.state, outcome.reason, row.money);
            Ok(())
        })?;
        // Of those that share an id all but the first were refused, so each id is one held payment at most.
        let refused = match keys {
            _ if wanted.stages.is_some_and(|seen| seen != stages_before) => Some(BatchRefusal::Changed),
            Some(keys) if numbers.len() < keys.len().max(1) => Some(BatchRefusal::PaymentNotHeld),
            None if numbers.is_empty() => Some(BatchRefusal::NothingHeld),
            _ => None,
        };
        let (counts, once) = (tally.counts(), wanted.once);
        Ok(Self { batch, owner, actor, stages_before, numbers, refused, counts, once })
    }
}

impl Command for MakeCancel<'_> {
    const OPERATION: Operation = policy::CANCEL;
    /// Whether nothing was done with the batch since.
    type State = bool;
    type Change = ();
    /// What holds of the batch now, unless something was done with it.
    type Output = Option<Counts>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        require_own(scope, self.owner, self.actor)?;
        has_stages(scope, self.batch, self.stages_before)
    }

    fn decide(&self, is_as_it_was: bool, _: &Env) -> Result<Decision<(), Option<Counts>>, Refusal> {
        if !is_as_it_was {
            return Ok(Decision::unchanged(None));
        }
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let facts = serde_json::json!({
            "batch": batch::name(self.batch),
            "cancelled": self.numbers.len(),
            "counts": self.counts,
        });
        Ok(Decision::of(vec![()], facts, Some(self.counts.clone())))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let stage = new_stage(self.stages_before, entry, false, self.counts.clone());
        let change = |number: &i64| Change { number: *number, stage: stage.stage, outcome: CANCELLED };
        let changes: Vec<Change> = self.numbers.iter().map(change).collect();
        store::held::delete(scope.tx, self.batch, self.numbers.iter().copied())?;
        if self.counts.held == 0 {
            store::held::delete_waiting(scope.tx, self.batch)?;
        }
        Ok(vec![
            store::batch::insert_stage(scope, self.batch, &stage)?,
            store::payment::insert_changes(scope.tx, self.batch, &changes)?,
        ])
    }
}
