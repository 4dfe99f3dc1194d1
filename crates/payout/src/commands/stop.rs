//! Stops what a batch holds or what lies in the waiting account, or lets go on what was stopped: all of it, or some payments. No payment is in
//! another state for it.

use super::{BatchRefusal, each_payment, find_own, is_untouched, require_own, stages_of};
use crate::batch::{self, Batch};
use crate::gate::{Act, ActKind, Gate};
use crate::payment::State;
use crate::policy;
use crate::store;
use crate::work::end_to_end_key;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Conflict, Decision, Env, Error, Id, Once, Operation, Refusal, Scope, Writer};
use registry::payer::Payer;
use registry::{officer, resolve};
use std::collections::BTreeSet;

/// How often it is looked anew what is held, because something was done with the batch meanwhile.
const TRIES: usize = 5;

/// What is to be stopped, or to go on.
pub struct Stop<'s> {
    /// The batch, by name.
    pub batch: &'s str,
    /// These payments only; each must be held, or lie in the waiting account.
    pub end_to_end_ids: Option<&'s [String]>,
    /// Why.
    pub why: &'s str,
    /// Whether it is to go on.
    pub resumes: bool,
    /// How many stages the batch must have had by now, where that matters.
    pub stages: Option<i64>,
    /// By what the request is known again.
    pub once: Option<Once>,
}

/// Stops payments, or resumes them. What is held is looked for in a snapshot, however large the batch is.
///
/// # Errors
/// There is no such batch, nothing of what is wanted is here, or it is so already; a conflict, or the store's failure.
pub fn stop(writer: &mut Writer, wanted: &Stop<'_>, actor: &Actor, env: &Env) -> Result<(), Error> {
    policy::STOP.require(actor)?;
    for _ in 0..TRIES {
        let command = writer.read(|scope| MakeStop::prepare(scope, wanted, actor))?;
        if writer.execute(&command, actor, env)? {
            return Ok(());
        }
    }
    Err(Conflict("the batch kept changing while its payments were stopped; try again".to_owned()).into())
}

/// Notes it, unless something was done with the batch, or about it, since it was prepared.
struct MakeStop<'s> {
    batch: Id<Batch>,
    owner: Id<Payer>,
    stages_before: i64,
    acts_before: usize,
    /// About which payments; none about the batch.
    numbers: Vec<Option<i64>>,
    /// Why nothing is done, if nothing is.
    refused: Option<BatchRefusal>,
    kind: ActKind,
    actor: &'s Actor,
    why: &'s str,
    once: Option<Once>,
}

impl<'s> MakeStop<'s> {
    fn prepare(scope: &Scope<'_>, wanted: &Stop<'s>, actor: &'s Actor) -> Result<Self, Error> {
        let found = find_own(scope, wanted.batch, actor)?;
        let payer = resolve::payer_at(scope, found.payer)?;
        let gate = super::gate_of(scope, &found, &payer)?;
        let stages_before = stages_of(scope, found.id)?;
        let (mut numbers, mut refused) = (vec![None], None);
        if let Some(ids) = wanted.end_to_end_ids {
            let keys: BTreeSet<_> = ids.iter().map(|id| end_to_end_key(scope.vault, id)).collect();
            numbers.clear();
            each_payment(scope, found.id, |row| {
                let may_leave = matches!(row.outcome.state, State::Held | State::Waiting);
                if may_leave && keys.contains(&row.end_to_end) {
                    numbers.push(Some(row.number));
                }
                Ok(())
            })?;
            refused = (numbers.len() < keys.len().max(1)).then_some(BatchRefusal::PaymentNotHeld);
        } else if !super::counts_now(scope, &found)?.may_leave() {
            refused = Some(BatchRefusal::NothingHeld);
        }
        if officer::require_why(wanted.why).is_err() {
            refused = Some(BatchRefusal::Why);
        }
        if wanted.stages.is_some_and(|seen| seen != stages_before) {
            refused = Some(BatchRefusal::Changed);
        }
        let refused = refused.or_else(|| Self::is_so(&gate, &numbers, wanted.resumes));
        let kind = if wanted.resumes { ActKind::Resumed } else { ActKind::Stopped };
        let (batch, owner, acts_before) = (found.id, found.owner, gate.acts().len());
        let (why, once) = (wanted.why, wanted.once);
        Ok(Self { batch, owner, stages_before, acts_before, numbers, refused, kind, actor, why, once })
    }

    /// Whether one of them is as it is to be already.
    fn is_so(gate: &Gate, numbers: &[Option<i64>], resumes: bool) -> Option<BatchRefusal> {
        let is_stopped = |number: &Option<i64>| gate.stopped_at(*number).is_some();
        match resumes {
            true => (!numbers.iter().all(is_stopped)).then_some(BatchRefusal::NotStopped),
            false => numbers.iter().any(is_stopped).then_some(BatchRefusal::Stopped),
        }
    }
}

impl Command for MakeStop<'_> {
    const OPERATION: Operation = policy::STOP;
    /// Whether nothing was done with the batch since.
    type State = bool;
    type Change = ();
    /// Whether it was noted.
    type Output = bool;

    fn once(&self) -> Option<Once> {
        self.once
    }

    fn load(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        require_own(scope, self.owner, self.actor)?;
        is_untouched(scope, self.batch, self.stages_before, self.acts_before)
    }

    fn decide(&self, is_as_it_was: bool, _: &Env) -> Result<Decision<(), bool>, Refusal> {
        if !is_as_it_was {
            return Ok(Decision::unchanged(false));
        }
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let payments = self.numbers.iter().flatten().count();
        let facts = serde_json::json!({
            "batch": batch::name(self.batch),
            "act": self.kind.name(),
            "payments": (payments > 0).then_some(payments),
        });
        Ok(Decision::of(vec![()], facts, true))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let Self { kind, actor, why, .. } = self;
        let act = |number: &Option<i64>| Act {
            kind: *kind,
            number: *number,
            tried: Vec::new(),
            at: entry.at,
            by: actor.name().to_owned(),
            why: (*why).to_owned(),
        };
        let acts: Vec<Act> = self.numbers.iter().map(act).collect();
        Ok(vec![store::act::insert_many(scope, self.batch, &acts, entry)?])
    }
}
