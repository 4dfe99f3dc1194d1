//! Pays what lies in waiting accounts to the payees' own, as soon as they have one and nothing else keeps it.

use super::{find, gate_of, insert_bank_file, record, stage_of_record, stages_of};
use crate::batch::{self, Batch, Counts, Sent, Tally};
use crate::judge::{Asked, Judge};
use crate::payment::{Decided, State, Verdict};
use crate::policy;
use crate::reason::Reason;
use crate::store;
use crate::store::payment::{Change, PaymentRow};
use crate::work::{Ruling, recorded};
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreError, Writer};
use registry::payer::Payer;
use registry::resolve;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Payments that are decided together, in the transaction that pays them.
const PAID_AT_ONCE: i64 = kernel::failpoint::chunk(1_000, 3) as i64;

/// What was paid out of a waiting account.
#[derive(Clone, Debug)]
pub struct PaidOut {
    /// Of which batch.
    pub batch: String,
    /// The stage of the batch by which it was paid.
    pub stage: i64,
    /// How many payments, and what they come to.
    pub sent: Sent,
    /// The order for the bank that keeps the waiting account, and the payer's report; where files were wanted.
    pub files: Vec<PathBuf>,
}

/// Pays what lies in the waiting account of a batch's payer for payees of that batch who have an account by now.
///
/// # Errors
/// There is no such batch; the policy's refusal, or the store's.
pub fn pay_waiting(
    writer: &mut Writer,
    name: &str,
    out: Option<&Path>,
    actor: &Actor,
    env: &Env,
) -> Result<Vec<PaidOut>, Error> {
    policy::PAY_WAITING.require(actor)?;
    let (batch, payer) = writer.read(|scope| {
        let batch = find(scope, name)?;
        let payer = resolve::payer_at(scope, batch.payer)?;
        Ok((batch, payer))
    })?;
    let (mut all, mut after) = (Vec::new(), -1);
    loop {
        let made = writer.execute(&Pay { batch: &batch, payer: &payer, after }, actor, env)?;
        if let Some(Paid { stage, sent }) = made.paid {
            let files = match out {
                Some(out) => record::write_files(writer, batch.id, stage, out)?,
                None => Vec::new(),
            };
            all.push(PaidOut { batch: batch::name(batch.id), stage, sent, files });
        }
        match made.next {
            Some(next) => after = next,
            None => return Ok(all),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Paid {
    stage: i64,
    sent: Sent,
}

/// What became of some payments.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Made {
    paid: Option<Paid>,
    /// The last that was looked at, where there are more.
    next: Option<i64>,
}

/// Decides the next payments of a batch that lie in the waiting account, and pays those that may leave. All of it is done in one transaction,
/// so that what was decided holds.
struct Pay<'p> {
    batch: &'p Batch,
    payer: &'p Payer,
    after: i64,
}

/// A payment that lies there, and what holds of it now.
struct Lying {
    row: PaymentRow,
    decided: Decided,
}

struct Found {
    stages: i64,
    counts: Counts,
    lying: Vec<Lying>,
    next: Option<i64>,
}

struct Real {
    stages_before: i64,
    counts: Counts,
    changes: Vec<Change>,
    sent: Sent,
}

impl Command for Pay<'_> {
    const OPERATION: Operation = policy::PAY_WAITING;
    type State = Found;
    type Change = Real;
    type Output = Made;

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let id = self.batch.id;
        let held = store::waiting::of_batch(scope.tx, id, self.after, PAID_AT_ONCE)?;
        let next = held.last().map(|held| held.number).filter(|_| held.len() as i64 == PAID_AT_ONCE);
        let now = journal::next(scope.tx, self.batch.record.received())?.at;
        let judge = Judge::load(scope, self.payer, gate_of(scope, self.batch, self.payer)?, now)?;
        let (mut asked, mut rows) = (Asked::default(), Vec::new());
        for held in &held {
            let now = recorded(scope.tx, id, held.number, 1, i64::MAX)?.pop();
            store::payment::each_of(scope.tx, id, held.number..held.number + 1, |row| {
                rows.extend(now.as_ref().map(|now| PaymentRow { outcome: now.outcome, ..row }));
                Ok(())
            })?;
            asked.push(held);
        }
        if rows.len() != held.len() {
            return Err(StoreError::broken("waiting_payment", "number", id.number()).into());
        }
        let mut decided = vec![Decided::of(Verdict::Reject(Reason::NotInRegister)); held.len()];
        judge.judge(scope, &asked, |at, one| decided[at] = one)?;
        let lying = rows.into_iter().zip(decided).map(|(row, decided)| Lying { row, decided });
        let lying = lying.filter(|lying| lying.row.outcome.state == State::Waiting).collect();
        Ok(Found { stages: stages_of(scope, id)?, counts: super::counts_now(scope, self.batch)?, lying, next })
    }

    fn decide(&self, found: Found, _: &Env) -> Result<Decision<Real, Made>, Refusal> {
        let Found { stages, mut counts, lying, next } = found;
        let (mut changes, mut sent, stage) = (Vec::new(), Tally::default(), stages + 1);
        for Lying { row, decided } in lying {
            let outcome = Ruling::of(decided).outcome;
            // What may not leave lies where it is, for whatever reason: also of somebody who has died.
            if outcome.state != State::Routed {
                continue;
            }
            // Counts that do not have it are another's fault, which the balance tells.
            counts = counts.clone().moved(row.money, State::Waiting, State::Routed).unwrap_or(counts);
            sent.add(State::Routed, None, row.money);
            changes.push(Change { number: row.number, stage, outcome });
        }
        if changes.is_empty() {
            return Ok(Decision::unchanged(Made { paid: None, next }));
        }
        let sent = sent.sent();
        let facts = serde_json::json!({ "batch": batch::name(self.batch.id), "paid": changes.len(), "counts": counts });
        let paid = Some(Paid { stage, sent: sent.clone() });
        let real = Real { stages_before: stages, counts, changes, sent };
        Ok(Decision::of(vec![real], facts, Made { paid, next }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Real], entry: Entry) -> Result<Vec<Rows>, Error> {
        let id = self.batch.id;
        let mut rows = Vec::new();
        for Real { stages_before, counts, changes, sent } in changes {
            let stage = stage_of_record(*stages_before, entry, true, counts.clone());
            store::held::delete(scope.tx, id, changes.iter().map(|change| change.number))?;
            rows.push(store::batch::insert_stage(scope, id, &stage)?);
            rows.push(store::payment::insert_changes(scope.tx, id, changes)?);
            rows.extend(insert_bank_file(scope, self.payer, (id, stage.stage), sent, entry)?);
        }
        Ok(rows)
    }
}

/// The batches of these payments of which something may leave the waiting account now.
pub(super) fn payable(
    scope: &Scope<'_>,
    lying: &[(Id<Batch>, store::held::HeldPayment)],
    now: kernel::Timestamp,
) -> Result<Vec<Id<Batch>>, Error> {
    let mut payable = Vec::new();
    for of_batch in lying.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((id, _)) = of_batch.first() else { continue };
        // What is staged is nobody's yet.
        let Some(batch) = store::batch::find(scope, *id)? else { continue };
        let payer = resolve::payer_at(scope, batch.payer)?;
        let judge = Judge::load(scope, &payer, gate_of(scope, &batch, &payer)?, now)?;
        let held: Vec<_> = of_batch.iter().map(|(_, held)| held).collect();
        let decided = super::decide_anew(scope, &judge, &held)?;
        if decided.iter().any(|decided| matches!(decided.verdict, Verdict::Route(Some(_), _))) {
            payable.push(*id);
        }
    }
    Ok(payable)
}
