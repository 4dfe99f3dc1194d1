//! Releases what may leave though nobody asks for it: a cut-off has come, or what a payment waited for has, be it here or in the
//! waiting account. It decides nothing by
//! itself: of what waits, page after page, it is asked what holds now, and a batch of which something could leave is released.

use super::release::{LetGo, Release, Released, release};
use super::waiting::{Looked, PaidOut, look_at, pay_waiting};
use super::{BatchRefusal, follow, gate_of, render};
use crate::batch::{self, Batch};
use crate::judge::{Asked, Judge};
use crate::payment::{Decided, Verdict};
use crate::reason::Reason;
use crate::store;
use crate::store::held::HeldPayment;
use kernel::{Actor, Env, Error, Id, Refuse, Scope, Timestamp, Writer};
use registry::commands::remind_waiting;
use registry::resolve;
use registry::watch::Watched;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// Payments, and batches, that are looked at in one step.
const PAGE: i64 = kernel::failpoint::chunk(1_000, 4) as i64;
/// A batch is gone through as a whole, so not more often than so.
const REST_SECONDS: i64 = 180;

/// How far whoever settles has come. It is kept in memory: whoever begins anew misses nothing.
#[derive(Debug, Default)]
pub struct Settling {
    /// The last payment that was looked at.
    payment: Option<(i64, i64)>,
    /// The last batch.
    waiting: Option<i64>,
    due: VecDeque<Id<Batch>>,
    /// The last payment in a waiting account.
    lying: Option<(i64, i64)>,
    payable: VecDeque<Id<Batch>>,
    settled: BTreeMap<Id<Batch>, Timestamp>,
}

/// What one step came to.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What was released.
    pub released: Option<Released>,
    /// What was paid out of waiting accounts.
    pub paid: Vec<PaidOut>,
    /// How many payees were reminded that money waits for them.
    pub reminded: usize,
    /// Whether all that waits has been looked at since the step before said so.
    pub is_through: bool,
}

/// One step: a page of what waits is looked at, or one batch is released. While it goes on, it rests no batch less than it must.
///
/// # Errors
/// The store's.
pub fn settle_some(
    writer: &mut Writer,
    settling: &mut Settling,
    out: Option<&Path>,
    actor: &Actor,
    env: &Env,
) -> Result<Settled, Error> {
    if let Some(batch) = settling.due.pop_front() {
        settling.settled.insert(batch, env.now);
        let name = batch::name(batch);
        let wanted = Release { batch: &name, as_what: LetGo::Settle, out, stages: None, once: None };
        return match release(writer, &wanted, actor, env) {
            Ok(released) => Ok(Settled { released: Some(released), ..Settled::default() }),
            // Somebody was first, or is at it: it is looked at again.
            Err(Error::Conflict(_)) => Ok(Settled::default()),
            Err(Error::Refused(refusal)) if refusal.code == BatchRefusal::NothingHeld.code() => {
                writer.connection.stage(|tx| store::held::set_of(tx, batch, &[]))?;
                Ok(Settled::default())
            }
            Err(error) => Err(error),
        };
    }
    if let Some(batch) = settling.payable.pop_front() {
        let paid = pay_waiting(writer, &batch::name(batch), out, actor, env)?;
        if paid.is_empty() {
            // Something came in between: it rests, as one that was released does.
            settling.settled.insert(batch, env.now);
        }
        return Ok(Settled { paid, ..Settled::default() });
    }
    let rested = env.now.minus_seconds(REST_SECONDS);
    settling.settled.retain(|_, at| *at > rested);
    let (payment, waiting, lying) = (settling.payment, settling.waiting, settling.lying);
    // First, because it closes accounts that what waits would go to.
    follow::rest(writer, env.now)?;
    let watched = Watched::recall(writer, env.now)?;
    let page = writer.read(|scope| {
        let after = payment.unwrap_or((i64::MIN, i64::MIN));
        let held = store::held::page(scope.tx, after, PAGE)?;
        let batches = store::held::waiting_page(scope.tx, waiting.unwrap_or(i64::MIN), PAGE)?;
        let next = held.last().map(|(batch, held)| (batch.number(), held.number)).filter(|_| held.len() as i64 == PAGE);
        let next_waiting = batches.last().map(|batch| batch.number()).filter(|_| batches.len() as i64 == PAGE);
        let mut due = Vec::new();
        for batch in batches {
            if is_open(scope, batch, env.now)? {
                due.push(batch);
            }
        }
        for of_batch in held.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((batch, _)) = of_batch.first() else { continue };
            if has_due(scope, *batch, of_batch, &watched, env.now)? {
                due.push(*batch);
            }
        }
        let lying = store::waiting::page(scope.tx, None, lying.unwrap_or((i64::MIN, i64::MIN)), PAGE)?;
        let next_lying =
            lying.last().map(|(batch, held)| (batch.number(), held.number)).filter(|_| lying.len() as i64 == PAGE);
        let looked = look_at(scope, &lying, &watched, env.now)?;
        Ok(Page { next, next_waiting, next_lying, due, looked })
    })?;
    let Page { next, next_waiting, next_lying, due, looked: Looked { payable, waits } } = page;
    let reminded = remind_waiting(writer, &waits, actor, env)?;
    // Of the shorter list the end comes first: it is gone through again meanwhile.
    (settling.payment, settling.waiting, settling.lying) = (next, next_waiting, next_lying);
    for (of_kind, queue) in [(due, &mut settling.due), (payable, &mut settling.payable)] {
        queue.extend(of_kind.into_iter().filter(|batch| !settling.settled.contains_key(batch)));
    }
    let is_at_end = next.is_none() && next_waiting.is_none() && next_lying.is_none();
    let is_through = is_at_end && settling.due.is_empty() && settling.payable.is_empty();
    Ok(Settled { reminded, is_through, ..Settled::default() })
}

/// Writes the files of what was recorded and, because of a failure or for want of a place, never written: an order that nobody has is
/// not paid. Where the input was not kept, whoever has the file writes them by routing it again.
///
/// # Errors
/// The folder cannot be used, or the store's.
pub fn write_unwritten(writer: &mut Writer, out: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut paths, mut after) = (Vec::new(), (i64::MIN, i64::MIN));
    loop {
        let page = writer.read(|scope| store::batch::unwritten_page(scope.tx, after, PAGE))?;
        let Some((batch, stage)) = page.last() else { return Ok(paths) };
        after = (batch.number(), *stage);
        for (batch, stage) in page {
            let batch =
                writer.read(|scope| store::batch::find(scope, batch))?.filter(|batch| batch.input_kept || stage > 0);
            if let Some(batch) = batch {
                paths.extend(render::from_kept_input(writer, &batch, stage, out)?.paths());
            }
        }
    }
}

/// What was found on a page of what waits, and where the next pages begin.
struct Page {
    next: Option<(i64, i64)>,
    next_waiting: Option<i64>,
    next_lying: Option<(i64, i64)>,
    due: Vec<Id<Batch>>,
    looked: Looked,
}

/// Whether a batch that waits may be let go by now.
fn is_open(scope: &Scope<'_>, id: Id<Batch>, now: Timestamp) -> Result<bool, Error> {
    let Some(batch) = store::batch::find(scope, id)? else { return Ok(false) };
    let payer = resolve::payer_at(scope, batch.payer)?;
    Ok(gate_of(scope, &batch, &payer)?.is_open(now))
}

/// Whether something of what waits in a batch could leave, or go back.
fn has_due(
    scope: &Scope<'_>,
    id: Id<Batch>,
    held: &[(Id<Batch>, HeldPayment)],
    watched: &Watched,
    now: Timestamp,
) -> Result<bool, Error> {
    // What is staged is nobody's yet.
    let Some(batch) = store::batch::find(scope, id)? else { return Ok(false) };
    let payer = resolve::payer_at(scope, batch.payer)?;
    let judge = Judge::load(scope, &payer, gate_of(scope, &batch, &payer)?, watched.clone(), now)?;
    let held: Vec<&HeldPayment> = held.iter().map(|(_, held)| held).collect();
    let decided = decide_anew(scope, &judge, &held)?;
    Ok(decided.iter().any(|decided| !matches!(decided.verdict, Verdict::Hold(_))))
}

/// What would become of payments that wait, if they were decided now.
pub(crate) fn decide_anew(scope: &Scope<'_>, judge: &Judge, held: &[&HeldPayment]) -> Result<Vec<Decided>, Error> {
    let mut all = vec![Decided::of(Verdict::Reject(Reason::NotInRegister)); held.len()];
    let (mut asked, mut places) = (Asked::default(), Vec::new());
    for (at, payment) in held.iter().enumerate() {
        if payment.payee.is_some() {
            asked.push(payment);
            places.push(at);
        } else {
            all[at] = judge.rule_held(payment);
        }
    }
    judge.judge(scope, &asked, |at, decided| all[places[at]] = decided)?;
    Ok(all)
}
