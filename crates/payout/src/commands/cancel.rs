//! Cancels what a batch holds, all of it or one payment.

use super::{BatchRefusal, each_payment, find, new_stage};
use crate::batch::{self, Batch, Counts, Tally};
use crate::payment::State;
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::payment::{Change, Outcome};
use crate::work::end_to_end_key;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Cancels held payments.
pub struct Cancel {
    /// The batch, by name.
    pub batch: String,
    /// One payment only.
    pub end_to_end_id: Option<String>,
}

/// What is held, and what the batch comes to when the wanted ones of that are cancelled.
pub struct Held {
    batch: Batch,
    stages: Vec<store::batch::Stage>,
    wanted: Vec<i64>,
    counts: Counts,
}

/// What is recorded.
pub struct CancelChange {
    batch: Batch,
    stages: Vec<store::batch::Stage>,
    numbers: Vec<i64>,
}

const CANCELLED: Outcome = Outcome { state: State::Cancelled, reason: Some(Reason::Cancelled), designation: None };

impl Command for Cancel {
    const OPERATION: Operation = policy::CANCEL;
    type State = Held;
    type Change = CancelChange;
    /// What holds of the batch now.
    type Output = Counts;

    fn load(&self, scope: &Scope<'_>) -> Result<Held, Error> {
        let batch = find(scope, &self.batch)?;
        let key = self.end_to_end_id.as_ref().map(|id| end_to_end_key(scope.vault, id));
        let mut wanted = Vec::new();
        let mut tally = Tally::default();
        each_payment(scope, batch.id, |row| {
            let is_wanted = row.outcome.state == State::Held && key.is_none_or(|key| row.end_to_end == key);
            let outcome = if is_wanted { CANCELLED } else { row.outcome };
            if is_wanted {
                wanted.push(row.number);
            }
            tally.add(outcome.state, outcome.reason, row.money);
            Ok(())
        })?;
        let stages = store::batch::stages(scope.tx, batch.id)?;
        Ok(Held { batch, stages, wanted, counts: tally.counts() })
    }

    fn decide(&self, held: Held, _: &Env) -> Result<Decision<CancelChange, Counts>, Refusal> {
        let Held { batch, stages, wanted, counts } = held;
        if wanted.is_empty() {
            return Err(match self.end_to_end_id {
                Some(_) => BatchRefusal::PaymentNotHeld.into(),
                None => BatchRefusal::NothingHeld.into(),
            });
        }
        let facts = serde_json::json!({
            "batch": batch::name(batch.id),
            "cancelled": wanted.len(),
            "counts": counts,
        });
        Ok(Decision::of(vec![CancelChange { batch, stages, numbers: wanted }], facts, counts))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[CancelChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for CancelChange { batch, stages, numbers } in changes {
            let stage = new_stage(stages, entry, false);
            let changes: Vec<Change> = numbers
                .iter()
                .map(|number| Change { number: *number, stage: stage.stage, outcome: CANCELLED })
                .collect();
            rows.push(store::batch::insert_stage(scope.tx, batch.id, &stage)?);
            rows.push(store::payment::insert_changes(scope.tx, batch.id, &changes)?);
        }
        Ok(rows)
    }
}
