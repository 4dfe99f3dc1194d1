//! What lies in waiting accounts, and what came into them and left them.

use super::{own_payer, whose};
use crate::batch::{self, Batch, Counts};
use crate::payment::State;
use crate::store::ids::OpenIds;
use crate::{policy, store, work};
use denmark::Decimal;
use kernel::journal::{self, ENTRIES_MAX};
use kernel::{Actor, Error, Id, Scope, StoreError, Timestamp, Writer};
use registry::payer::Payer;
use registry::resolve;
use serde::Serialize;
use std::collections::BTreeMap;

const PAGE: usize = 1_000;
const BATCHES_AT_ONCE: i64 = 1_000;

/// A payment whose money lies in its payer's waiting account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingView {
    /// Its batch, by name.
    pub batch: String,
    /// Its payer, by name.
    pub payer: String,
    /// The payer's id for it.
    pub end_to_end_id: String,
    /// How much.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// Since when it lies there.
    pub since: String,
}

/// Some of what lies in waiting accounts.
#[derive(Clone, Debug, Default)]
pub struct WaitingPage {
    /// In the order of their batches, then of their files.
    pub waiting: Vec<WaitingView>,
    /// Where the next page begins; none after the last.
    pub next: Option<(i64, i64)>,
}

/// Gives each payment whose money lies in a waiting account to `visit`, of one payer or of all that are whoever's that asks, in the order of
/// their batches.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, the store's, or those of `visit`.
pub fn each_waiting(
    writer: &mut Writer,
    payer: Option<&str>,
    actor: &Actor,
    mut visit: impl FnMut(WaitingView) -> Result<(), Error>,
) -> Result<(), Error> {
    policy::LIST_WAITING.require(actor)?;
    writer.read(|scope| {
        let (payer, mut after) = (whose(scope, payer, actor)?, None);
        loop {
            let WaitingPage { waiting, next } = page(scope, payer, after, PAGE)?;
            waiting.into_iter().try_for_each(&mut visit)?;
            if next.is_none() {
                return Ok(());
            }
            after = next;
        }
    })
}

/// The first `limit` of these after a place, where an earlier page ended.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, or the store's.
pub fn waiting_page(
    writer: &mut Writer,
    payer: Option<&str>,
    after: Option<(i64, i64)>,
    limit: usize,
    actor: &Actor,
) -> Result<WaitingPage, Error> {
    policy::LIST_WAITING.require(actor)?;
    writer.read(|scope| page(scope, whose(scope, payer, actor)?, after, limit))
}

fn page(
    scope: &Scope<'_>,
    payer: Option<Id<Payer>>,
    after: Option<(i64, i64)>,
    limit: usize,
) -> Result<WaitingPage, Error> {
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut lying = store::waiting::page(scope.tx, payer, after.unwrap_or((i64::MIN, i64::MIN)), one_more)?;
    let has_more = lying.len() > limit;
    lying.truncate(limit);
    let next = lying.last().map(|(batch, held)| (batch.number(), held.number)).filter(|_| has_more);
    let (mut waiting, mut ids) = (Vec::with_capacity(lying.len()), OpenIds::default());
    for of_batch in lying.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((id, _)) = of_batch.first() else { continue };
        // What is staged is nobody's yet.
        let Some(batch) = store::batch::find(scope, *id)? else { continue };
        let name = resolve::payer_at(scope, batch.payer)?.agreement.name;
        for (_, held) in of_batch {
            let money = work::recorded(scope.tx, *id, held.number, 1, i64::MAX)?.pop();
            let money = money.and_then(|recorded| recorded.money);
            let money = money.ok_or_else(|| StoreError::broken("waiting_payment", "number", held.number))?;
            waiting.push(WaitingView {
                batch: batch::name(*id),
                payer: name.clone(),
                end_to_end_id: ids.read(scope, *id, held.number)?.end_to_end_id.to_owned(),
                amount: money.decimal().to_string(),
                currency: money.currency.as_str().to_owned(),
                since: held.lies_since.map(|since| since.to_string()).unwrap_or_default(),
            });
        }
    }
    Ok(WaitingPage { waiting, next })
}

/// What came into a waiting account, or left it, by one stage of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// When.
    pub at: String,
    /// The batch, by name.
    pub batch: String,
    /// The stage: 0 is its coming in.
    pub stage: i64,
    /// In which currency.
    pub currency: String,
    /// How much came in.
    pub came_in: String,
    /// How much left.
    pub left: String,
    /// How much of the batch's lies there then.
    pub remains: String,
}

/// The ledger of a payer's waiting account: what came in and left by batches that came in since a moment, batch by batch. It is read from what
/// was counted at each stage of them, and lists no payments.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, or the store's.
pub fn ledger(writer: &mut Writer, payer: &str, since: Timestamp, actor: &Actor) -> Result<Vec<LedgerLine>, Error> {
    policy::LIST_WAITING.require(actor)?;
    writer.read(|scope| {
        let payer = own_payer(scope, payer, actor)?.id;
        let since = journal::size_at(scope.tx, Timestamp::from_micros(since.micros().saturating_sub(1)))?;
        let (mut end, mut lines) = (ENTRIES_MAX, Vec::new());
        loop {
            let batches = store::batch::recorded_since(scope.tx, Some(payer), since..end.max(since), BATCHES_AT_ONCE)?;
            let Some(last) = batches.last() else { break };
            end = last.entry;
            for batch in &batches {
                lines.extend(of_batch(scope, batch.batch)?);
            }
        }
        lines.sort_by(|one, other| (&one.at, &one.batch, one.stage).cmp(&(&other.at, &other.batch, other.stage)));
        Ok(lines)
    })
}

/// Some of the ledger of a waiting account.
#[derive(Clone, Debug, Default)]
pub struct LedgerPage {
    /// Of the newest batch first; of each in the order of its stages.
    pub lines: Vec<LedgerLine>,
    /// Where the next page begins; none after the last.
    pub next: Option<i64>,
}

/// The ledger batch by batch, the newest first, after the place where an earlier page ended: whole batches, until there are `limit` lines or
/// so many batches were looked through as are at once.
///
/// # Errors
/// `payer.unknown`; the policy's refusal, or the store's.
pub fn ledger_page(
    writer: &mut Writer,
    payer: &str,
    before: Option<i64>,
    limit: usize,
    actor: &Actor,
) -> Result<LedgerPage, Error> {
    policy::LIST_WAITING.require(actor)?;
    writer.read(|scope| {
        let payer = own_payer(scope, payer, actor)?.id;
        let entries = 0..before.unwrap_or(ENTRIES_MAX);
        let batches = store::batch::recorded_since(scope.tx, Some(payer), entries, BATCHES_AT_ONCE)?;
        let mut page = LedgerPage::default();
        for batch in &batches {
            page.lines.extend(of_batch(scope, batch.batch)?);
            page.next = Some(batch.entry);
            if page.lines.len() >= limit {
                return Ok(page);
            }
        }
        page.next = page.next.filter(|_| batches.len() as i64 == BATCHES_AT_ONCE);
        Ok(page)
    })
}

fn of_batch(scope: &Scope<'_>, id: Id<Batch>) -> Result<Vec<LedgerLine>, Error> {
    let broken = || StoreError::broken("batch_stage", "counts", id.number());
    let batch = store::batch::find(scope, id)?.ok_or_else(broken)?;
    let mut steps = vec![(0, batch.record.received(), batch.record.counts)];
    store::batch::each_stage_of(scope, id, |stage| {
        steps.push((stage.stage, stage.at, stage.counts));
        Ok(())
    })?;
    let (mut lines, mut lay) = (Vec::new(), BTreeMap::new());
    for (stage, at, counts) in steps {
        let lies = waiting_sums(&counts).ok_or_else(broken)?;
        let mut currencies: Vec<&String> = lies.keys().chain(lay.keys()).collect();
        currencies.sort_unstable();
        currencies.dedup();
        for currency in currencies {
            let of = |sums: &BTreeMap<String, Decimal>| sums.get(currency).copied().unwrap_or(Decimal::ZERO);
            let (before, now) = (of(&lay), of(&lies));
            if before == now {
                continue;
            }
            let came_in = now.checked_sub(before).filter(|_| now > before).unwrap_or(Decimal::ZERO);
            let left = before.checked_sub(now).filter(|_| before > now).unwrap_or(Decimal::ZERO);
            lines.push(LedgerLine {
                at: at.to_string(),
                batch: batch::name(id),
                stage,
                currency: currency.clone(),
                came_in: came_in.to_string(),
                left: left.to_string(),
                remains: now.to_string(),
            });
        }
        lay = lies;
    }
    Ok(lines)
}

fn waiting_sums(counts: &Counts) -> Option<BTreeMap<String, Decimal>> {
    let sums = counts.sums.get(State::Waiting.name()).into_iter().flatten();
    sums.map(|(currency, sum)| Some((currency.clone(), Decimal::parse(sum).ok()?))).collect()
}
