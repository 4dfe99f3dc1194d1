//! Pays what lies in waiting accounts to the payees' own, as soon as they have one and nothing else keeps it.

use super::{find_own, gate_of, insert_bank_file, record, require_own, stage_of_record, stages_of};
use crate::batch::{self, Batch, Counts, Sent, Tally};
use crate::judge::{Asked, Judge};
use crate::payment::{Decided, State, Verdict};
use crate::policy;
use crate::queries::whose;
use crate::reason::Reason;
use crate::store;
use crate::store::held::HeldPayment;
use crate::store::payment::{Change, PaymentRow};
use crate::work::{Ruling, recorded};
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreError, Timestamp, Writer};
use registry::ask::AnswerClass;
use registry::commands::WaitsSince;
use registry::payer::Payer;
use registry::watch::{Notes, Watched, Whom};
use registry::{duty, resolve};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Payments that are decided together, in the transaction that pays them.
const PAID_AT_ONCE: i64 = kernel::failpoint::chunk(1_000, 3) as i64;

/// A round that is bounded makes so many orders.
pub const ORDERS_MAX: usize = 1_000;
/// And looks at so many payments.
pub const LOOKED_AT_MAX: usize = PAGES_MAX * PAID_AT_ONCE as usize;
const PAGES_MAX: usize = 100;

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
    pay_some(writer, name, (out, usize::MAX), actor, env)
}

/// The same, until so many orders were made.
fn pay_some(
    writer: &mut Writer,
    name: &str,
    (out, most): (Option<&Path>, usize),
    actor: &Actor,
    env: &Env,
) -> Result<Vec<PaidOut>, Error> {
    policy::PAY_WAITING.require(actor)?;
    let (batch, payer) = writer.read(|scope| {
        let batch = find_own(scope, name, actor)?;
        let payer = resolve::payer_at(scope, batch.payer)?;
        Ok((batch, payer))
    })?;
    let watched = Watched::recall(writer, env.now)?;
    let (mut all, mut after) = (Vec::new(), -1);
    loop {
        let pay = Pay { batch: &batch, payer: &payer, actor, watched: &watched, after, now: env.now };
        let made = writer.execute(&pay, actor, env)?;
        if let Some(Paid { stage, sent }) = made.paid {
            let files = match out {
                Some(out) => record::write_files(writer, batch.id, stage, out)?,
                None => Vec::new(),
            };
            all.push(PaidOut { batch: batch::name(batch.id), stage, sent, files });
        }
        match made.next {
            Some(next) if all.len() < most => after = next,
            _ => return Ok(all),
        }
    }
}

/// What one round through a payer's waiting account, or all, came to.
#[derive(Clone, Debug, Default)]
pub struct PaidRound {
    /// What was paid, batch by batch.
    pub paid: Vec<PaidOut>,
    /// Where it ended before all was looked at: after this payment of this batch.
    pub next: Option<(i64, i64)>,
}

/// Where a round begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// After this payment of this batch; from the first without.
    pub after: Option<(i64, i64)>,
    /// Whether it ends once it has made [`ORDERS_MAX`] orders or looked at [`LOOKED_AT_MAX`] payments.
    pub is_bounded: bool,
}

impl Span {
    /// All that lies there.
    pub const WHOLE: Self = Self { after: None, is_bounded: false };
}

/// The same of every batch of which something may leave, of one payer or of all that are whoever's that asks.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, or the store's.
pub fn pay_all_waiting(
    writer: &mut Writer,
    payer: Option<&str>,
    (out, span): (Option<&Path>, Span),
    actor: &Actor,
    env: &Env,
) -> Result<PaidRound, Error> {
    policy::PAY_WAITING.require(actor)?;
    let owner = writer.read(|scope| whose(scope, payer, actor))?;
    let watched = Watched::recall(writer, env.now)?;
    let (orders, pages) = if span.is_bounded { (ORDERS_MAX, PAGES_MAX) } else { (usize::MAX, usize::MAX) };
    let (mut paid, mut after) = (Vec::new(), span.after.unwrap_or((i64::MIN, i64::MIN)));
    for page in 1.. {
        let (payable, next) = writer.read(|scope| {
            let page = store::waiting::page(scope.tx, owner, after, PAID_AT_ONCE)?;
            let next = page.last().map(|(batch, held)| (batch.number(), held.number));
            let payable = look_at(scope, &page, &watched, env.now)?.payable;
            Ok((payable, next.filter(|_| page.len() as i64 == PAID_AT_ONCE)))
        })?;
        for batch in payable {
            // What was paid of the page is gone from it when it is looked at again.
            if paid.len() >= orders {
                return Ok(PaidRound { paid, next: Some(after) });
            }
            paid.extend(pay_some(writer, &batch::name(batch), (out, orders - paid.len()), actor, env)?);
        }
        match next {
            Some(next) if page < pages && paid.len() < orders => after = next,
            next => return Ok(PaidRound { paid, next }),
        }
    }
    unreachable!("a round comes to an end")
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
    actor: &'p Actor,
    /// The accounts that were watched before.
    watched: &'p Watched,
    after: i64,
    now: Timestamp,
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
    /// What it comes to for accounts that are watched.
    notes: Notes,
    sent: Sent,
}

impl Command for Pay<'_> {
    const OPERATION: Operation = policy::PAY_WAITING;
    type State = Found;
    type Change = Real;
    type Output = Made;

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let id = self.batch.id;
        require_own(scope, self.batch.owner, self.actor)?;
        let held = store::waiting::of_batch(scope.tx, id, self.after, PAID_AT_ONCE)?;
        let next = held.last().map(|held| held.number).filter(|_| held.len() as i64 == PAID_AT_ONCE);
        let now = journal::next(scope.tx, self.now)?.at;
        let watched = self.watched.renew(scope, now, |_| {})?;
        let judge = Judge::load(scope, self.payer, gate_of(scope, self.batch, self.payer)?, watched, now)?.of_lying();
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
        let mut lying = Vec::new();
        for (row, decided) in rows.into_iter().zip(decided) {
            if row.outcome.state == State::Waiting && may_go(scope, id, row.number, &decided)? {
                lying.push(Lying { row, decided });
            }
        }
        Ok(Found { stages: stages_of(scope, id)?, counts: super::counts_now(scope, self.batch)?, lying, next })
    }

    fn decide(&self, found: Found, _: &Env) -> Result<Decision<Real, Made>, Refusal> {
        let Found { stages, mut counts, lying, next } = found;
        let (mut changes, mut sent, stage) = (Vec::new(), Tally::default(), stages + 1);
        let mut notes = Notes::default();
        for Lying { row, decided } in lying {
            let ruling = Ruling::of(decided);
            let outcome = ruling.outcome;
            // What may not leave lies where it is, for whatever reason: also of somebody who has died.
            if outcome.state != State::Routed {
                continue;
            }
            // Counts that do not have it are another's fault, which the balance tells.
            counts = counts.clone().moved(row.money, State::Waiting, State::Routed).unwrap_or(counts);
            sent.add(State::Routed, None, row.money);
            ruling.note(row.payee.map(Whom::Registered), &mut notes);
            changes.push(Change { number: row.number, stage, outcome });
        }
        if changes.is_empty() {
            return Ok(Decision::unchanged(Made { paid: None, next }));
        }
        let sent = sent.sent();
        let facts = serde_json::json!({ "batch": batch::name(self.batch.id), "paid": changes.len(), "counts": counts });
        let paid = Some(Paid { stage, sent: sent.clone() });
        let real = Real { stages_before: stages, counts, changes, notes, sent };
        Ok(Decision::of(vec![real], facts, Made { paid, next }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Real], entry: Entry) -> Result<Vec<Rows>, Error> {
        let id = self.batch.id;
        let mut rows = Vec::new();
        for Real { stages_before, counts, changes, notes, sent } in changes {
            let stage = stage_of_record(*stages_before, entry, true, counts.clone());
            rows.extend(notes.save(scope, entry)?);
            store::held::delete(scope.tx, id, changes.iter().map(|change| change.number))?;
            // Until the order has its name somewhere: the next release that is told where writes it.
            store::batch::insert_unwritten(scope.tx, id, stage.stage)?;
            rows.push(store::batch::insert_stage(scope, id, &stage)?);
            rows.push(store::payment::insert_changes(scope.tx, id, changes)?);
            rows.extend(insert_bank_file(scope, self.payer, (id, stage.stage), sent, entry)?);
        }
        Ok(rows)
    }
}

/// Whether what lies there may go to the payee's account. From where it came back it is not sent again by itself: whoever wants that takes
/// it back and tries it again. What a bank has only said that it gives back does not lie there yet.
fn may_go(scope: &Scope<'_>, batch: Id<Batch>, number: i64, decided: &Decided) -> Result<bool, Error> {
    let Verdict::Route(Some(_), account) = decided.verdict else { return Ok(false) };
    if store::arrived::promised_of(scope.tx, batch, number)? > 0 {
        return Ok(false);
    }
    let mut before = None;
    store::payment::each_of(scope.tx, batch, number..number + 1, |row| {
        before = row.outcome.designation;
        Ok(())
    })?;
    store::payment::each_change_of(scope.tx, batch, number..number + 1, i64::MAX, |change| {
        before = change.outcome.designation.or(before);
        Ok(())
    })?;
    let before = before.map(|designation| resolve::account_of(scope, designation)).transpose()?;
    Ok(before.is_none_or(|before| before.account() != account.account()))
}

/// What of some payments in waiting accounts could leave, and for whom there is no account that takes them.
#[derive(Default)]
pub(super) struct Looked {
    /// The batches of those that could leave.
    pub(super) payable: Vec<Id<Batch>>,
    /// Since when the oldest money waits, of those who are to have an account, or another one, and for whom it waits long.
    pub(super) waits: WaitsSince,
}

/// Looks at payments in waiting accounts, which are in the order of their batches.
pub(super) fn look_at(
    scope: &Scope<'_>,
    lying: &[(Id<Batch>, HeldPayment)],
    watched: &Watched,
    now: Timestamp,
) -> Result<Looked, Error> {
    let mut looked = Looked::default();
    for of_batch in lying.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((id, _)) = of_batch.first() else { continue };
        // What is staged is nobody's yet.
        let Some(batch) = store::batch::find(scope, *id)? else { continue };
        let payer = resolve::payer_at(scope, batch.payer)?;
        let judge = Judge::load(scope, &payer, gate_of(scope, &batch, &payer)?, watched.clone(), now)?.of_lying();
        let held: Vec<_> = of_batch.iter().map(|(_, held)| held).collect();
        let mut is_payable = false;
        for (held, decided) in held.iter().zip(super::decide_anew(scope, &judge, &held)?) {
            let may_go = may_go(scope, *id, held.number, &decided)?;
            is_payable = is_payable || may_go;
            let account = match decided.verdict {
                Verdict::Route(None, _) | Verdict::Reject(Reason::Closed) => AnswerClass::None,
                // From there it came back.
                Verdict::Route(Some(_), _) if !may_go => AnswerClass::InForce,
                _ => continue,
            };
            if let Some((payee, since)) = held.payee.zip(held.lies_since)
                && duty::waits_long(since, now)
            {
                let (oldest, _) = looked.waits.entry(payee).or_insert((since, account));
                *oldest = since.min(*oldest);
            }
        }
        looked.payable.extend(is_payable.then_some(*id));
    }
    Ok(looked)
}
