//! Tries payments again that came back, because their payer says so: from then on they wait like any other, and what holds of the
//! registry decides what becomes of them. Who says so lets them go: above the agreed amount that takes another once more. What a bank has
//! only said that it gives back is not there to be paid.

use super::release::{LetGo, Release, Released, release};
use super::{
    ALL_NUMBERS, BatchRefusal, each_payment, find_own, gate_of, is_untouched, new_stage, require_own, stages_of,
};
use crate::batch::{self, Batch, Counts, Tally};
use crate::gate::{Act, ActKind};
use crate::judge::held_of;
use crate::payment::State;
use crate::policy;
use crate::store;
use crate::store::held::HeldPayment;
use crate::store::ids::OpenIds;
use crate::store::payment::{Change, Outcome};
use crate::work::end_to_end_key;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Conflict, Decision, Env, Error, Id, Once, Operation, Refusal, Refuse, Scope, Writer};
use registry::payer::Payer;
use registry::{officer, resolve};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// How often it is looked anew what came back, because something was done with the batch meanwhile.
const TRIES: usize = 5;
/// Payments of which one act tells that they were tried again.
const TRIED_IN_ONE_ACT: usize = kernel::failpoint::chunk(10_000, 2);
/// Payments that are told as left, of however many.
const LEFT_MAX: usize = 1_000;

/// What is to be tried again.
pub struct Retry<'r> {
    /// The batch, by name.
    pub batch: &'r str,
    /// These payments only; each must have come back.
    pub end_to_end_ids: Option<&'r [String]>,
    /// Where files go; none are written without, and whoever wants them fetches them.
    pub out: Option<&'r Path>,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// What was tried again.
#[derive(Clone, Debug)]
pub struct Retried {
    /// What the batch comes to then.
    pub counts: Counts,
    /// What left at once; none where nothing may yet.
    pub released: Option<Released>,
    /// Those that were not tried again, because their money is not there: the first thousand.
    pub left: Vec<NotRetried>,
}

/// A payment that came back and is not tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRetried {
    /// The payer's end-to-end id.
    pub end_to_end_id: String,
    /// Why not.
    pub code: String,
    /// The same in a sentence.
    pub text: String,
}

const AGAIN: Outcome = Outcome { state: State::Held, reason: None, designation: None, news: None };

/// Tries payments again, and lets go what may leave at once. Those whose money is only promised are told as left; where all are, that is the
/// refusal.
///
/// # Errors
/// There is no such batch, or nothing of what is wanted came back; its input was not kept; a conflict, or the store's failure.
pub fn retry(writer: &mut Writer, wanted: &Retry<'_>, actor: &Actor, env: &Env) -> Result<Retried, Error> {
    policy::RETRY.require(actor)?;
    let is_synthetic = writer.store.is_synthetic();
    for _ in 0..TRIES {
        let command = writer.read(|scope| MakeRetry::prepare(scope, wanted, actor, is_synthetic))?;
        let Some(Tried { counts, left }) = writer.execute(&command, actor, env)? else { continue };
        let name = batch::name(command.batch);
        let settle = Release { batch: &name, as_what: LetGo::Settle, out: wanted.out, stages: None, once: None };
        return match release(writer, &settle, &Actor::console(), env) {
            Ok(released) => Ok(Retried { counts: released.counts.clone(), released: Some(released), left }),
            // Somebody was first, or is at it.
            Err(Error::Conflict(_)) => Ok(Retried { counts, released: None, left }),
            Err(Error::Refused(refusal)) if refusal.code == BatchRefusal::NothingHeld.code() => {
                Ok(Retried { counts, released: None, left })
            }
            Err(error) => Err(error),
        };
    }
    Err(Conflict("the batch kept changing while its payments were tried again; try again".to_owned()).into())
}

/// What is known when payments wait again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tried {
    counts: Counts,
    left: Vec<NotRetried>,
}

/// Lets payments wait again, unless something was done with the batch since it was prepared.
struct MakeRetry<'r> {
    batch: Id<Batch>,
    owner: Id<Payer>,
    actor: &'r Actor,
    stages_before: i64,
    acts_before: usize,
    payments: Vec<HeldPayment>,
    /// Those whose money is only promised.
    left: Vec<NotRetried>,
    /// Why nothing is done, if nothing is.
    refused: Option<BatchRefusal>,
    /// What the batch comes to then.
    counts: Counts,
    once: Option<Once>,
}

impl<'r> MakeRetry<'r> {
    fn prepare(scope: &Scope<'_>, wanted: &Retry<'_>, actor: &'r Actor, is_synthetic: bool) -> Result<Self, Error> {
        let batch = find_own(scope, wanted.batch, actor)?;
        let stages_before = stages_of(scope, batch.id)?;
        let payer = resolve::payer_at(scope, batch.payer)?;
        let gate = gate_of(scope, &batch, &payer)?;
        let is_nameless = gate.needs_two() && officer::require_named(actor, is_synthetic).is_err();
        let keys = wanted.end_to_end_ids.map(|ids| {
            let keys = ids.iter().map(|id| end_to_end_key(scope.vault, id));
            keys.collect::<BTreeSet<_>>()
        });
        // What arrives meanwhile takes nothing away, and what is promised meanwhile is a stage.
        let mut promised = BTreeSet::new();
        store::arrived::each_promised(scope.tx, batch.id, ALL_NUMBERS, |one| promised.extend([one.number]))?;
        let (mut payments, mut tally, mut ids) = (Vec::new(), Tally::default(), OpenIds::default());
        let (mut left, mut left_count) = (Vec::new(), 0);
        each_payment(scope, batch.id, |row| {
            let is_named = keys.as_ref().is_none_or(|keys| keys.contains(&row.end_to_end));
            let is_back = row.outcome.state == State::Returned && is_named;
            let is_wanted = is_back && !promised.contains(&row.number);
            if is_back && !is_wanted {
                left_count += 1;
                if left.len() < LEFT_MAX {
                    left.push(NotRetried {
                        end_to_end_id: ids.read(scope, batch.id, row.number)?.end_to_end_id.to_owned(),
                        code: BatchRefusal::Promised.code().to_owned(),
                        text: BatchRefusal::Promised.to_string(),
                    });
                }
            }
            let outcome = if is_wanted { AGAIN } else { row.outcome };
            if is_wanted {
                let ids = ids.read(scope, batch.id, row.number)?;
                payments.push(held_of(scope.vault, payer.id, &row, &ids));
            }
            tally.add(outcome.state, outcome.reason, row.money);
            Ok(())
        })?;
        // Of those that share an id all but the first were refused, so each id is one payment at most.
        let refused = match keys {
            _ if wanted.stages.is_some_and(|seen| seen != stages_before) => Some(BatchRefusal::Changed),
            Some(keys) if payments.len() + left_count < keys.len().max(1) => Some(BatchRefusal::PaymentNotReturned),
            None if payments.is_empty() && left_count == 0 => Some(BatchRefusal::NothingReturned),
            _ if payments.is_empty() => Some(BatchRefusal::Promised),
            _ if is_nameless => Some(BatchRefusal::Officer),
            // The payer's own account, from which it is paid, stands in the file alone.
            _ if !batch.input_kept => Some(BatchRefusal::InputNotKept),
            _ => None,
        };
        let (owner, acts_before) = (batch.owner, gate.acts().len());
        let (counts, once) = (tally.counts(), wanted.once);
        Ok(Self { batch: batch.id, owner, actor, stages_before, acts_before, payments, left, refused, counts, once })
    }
}

impl Command for MakeRetry<'_> {
    const OPERATION: Operation = policy::RETRY;
    /// Whether nothing was done with the batch since.
    type State = bool;
    type Change = ();
    /// What holds of the batch now, unless something was done with it.
    type Output = Option<Tried>;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        require_own(scope, self.owner, self.actor)?;
        is_untouched(scope, self.batch, self.stages_before, self.acts_before)
    }

    fn decide(&self, is_as_it_was: bool, _: &Env) -> Result<Decision<(), Option<Tried>>, Refusal> {
        if !is_as_it_was {
            return Ok(Decision::unchanged(None));
        }
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let facts = serde_json::json!({
            "batch": batch::name(self.batch),
            "act": ActKind::TriedAgain.name(),
            "payments": self.payments.len(),
            "counts": self.counts,
        });
        let tried = Tried { counts: self.counts.clone(), left: self.left.clone() };
        Ok(Decision::of(vec![()], facts, Some(tried)))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let stage = new_stage(self.stages_before, entry, false, self.counts.clone());
        let change = |held: &HeldPayment| Change { number: held.number, stage: stage.stage, outcome: AGAIN };
        let changes: Vec<Change> = self.payments.iter().map(change).collect();
        let act = |some: &[HeldPayment]| Act {
            kind: ActKind::TriedAgain,
            number: None,
            tried: some.iter().map(|held| held.number).collect(),
            at: entry.at,
            by: self.actor.name().to_owned(),
            why: String::new(),
        };
        let acts: Vec<Act> = self.payments.chunks(TRIED_IN_ONE_ACT).map(act).collect();
        store::held::insert_many(scope.tx, self.batch, &self.payments)?;
        Ok(vec![
            store::batch::insert_stage(scope, self.batch, &stage)?,
            store::payment::insert_changes(scope.tx, self.batch, &changes)?,
            store::act::insert_many(scope, self.batch, &acts, entry)?,
        ])
    }
}
