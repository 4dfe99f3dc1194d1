//! Holds what follows from payments against the payments, which are the journal's to vouch for: their index, what is looked at again of
//! what waits, what lies in waiting accounts, and who was paid to accounts that are watched.

use crate::batch::Batch;
use crate::commands::{ALL_NUMBERS, counts_now, each_payment, gate_of};
use crate::index::{Bucket, Indexing, Place, slice_of};
use crate::judge::{account_key, held_of};
use crate::payment::State;
use crate::reason::Reason;
use crate::store;
use crate::store::batch::Indexed;
use crate::store::ids::OpenIds;
use crate::store::payment::PaymentRow;
use crate::work::recorded;
use kernel::journal::{ENTRIES_MAX, Mismatch};
use kernel::{Blind, Error, Id, Scope, Tx};
use registry::resolve;
use registry::watch::Noted;
use std::collections::BTreeSet;

const PAGE_BATCHES: i64 = 1_000;
const PAGE_WAITING: i64 = 1_000;

/// Makes the index of every batch anew, and compares it with what is stored; likewise which payments wait,
/// which lie in waiting accounts, and to whom accounts that are watched were paid.
///
/// # Errors
/// [`Mismatch`], or the store's.
pub fn verify_index(scope: &Scope<'_>) -> Result<(), Error> {
    let (mut before, mut buckets, mut lying, mut held, mut noted_rows) = (ENTRIES_MAX, 0, 0, (0, 0), 0);
    loop {
        let batches = store::batch::recorded_since(scope.tx, None, 0..before, PAGE_BATCHES)?;
        let Some(last) = batches.last() else { break };
        before = last.entry;
        for batch in &batches {
            buckets += verify_batch(scope.tx, batch)?;
            lying += verify_waiting(scope, batch)?;
            let (is_waiting, noted) = verify_held(scope, batch)?;
            held = (held.0 + i64::from(is_waiting), held.1 + noted);
            noted_rows += verify_noted(scope, batch)?;
        }
    }
    // What is staged is nobody's yet.
    let mut after = None;
    while let Some(batch) = store::staging::next(scope.tx, after)? {
        buckets += store::index::count_of(scope.tx, batch)?;
        lying += store::waiting::count_of(scope.tx, batch)?;
        held.1 += store::held::count_of(scope.tx, batch)?;
        after = Some(batch);
    }
    if store::waiting::count(scope.tx)? != lying {
        return Err(not_waiting());
    }
    if store::held::count(scope.tx)? != held {
        return Err(not_held());
    }
    if Noted::count(scope)? != noted_rows {
        return Err(not_noted());
    }
    if store::index::count(scope.tx)? == buckets { Ok(()) } else { Err(mismatch()) }
}

/// How many of its payments lie in the waiting account.
fn verify_waiting(scope: &Scope<'_>, batch: &Indexed) -> Result<i64, Error> {
    let noted = store::waiting::count_of(scope.tx, batch.batch)?;
    let found = store::batch::find(scope, batch.batch)?.ok_or_else(mismatch)?;
    if counts_now(scope, &found)?.waiting != u64::try_from(noted).unwrap_or(u64::MAX) {
        return Err(not_waiting());
    }
    let (mut after, mut seen) = (-1, 0);
    while seen < noted {
        let page = store::waiting::of_batch(scope.tx, batch.batch, after, PAGE_WAITING)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        seen += page.len() as i64;
        for held in page {
            let now = recorded(scope.tx, batch.batch, held.number, 1, i64::MAX)?.pop();
            if now.is_none_or(|now| now.outcome.state != State::Waiting) {
                return Err(not_waiting());
            }
        }
    }
    Ok(noted)
}

/// Whether it waits to be let go, and how many of its payments are noted as waiting for a reason of their own: all those of one that was let
/// go, but what was tried again and waits for a second person.
fn verify_held(scope: &Scope<'_>, batch: &Indexed) -> Result<(bool, i64), Error> {
    let (is_waiting, noted) =
        (store::held::is_waiting(scope.tx, batch.batch)?, store::held::count_of(scope.tx, batch.batch)?);
    let found = store::batch::find(scope, batch.batch)?.ok_or_else(mismatch)?;
    if counts_now(scope, &found)?.held == 0 {
        // Whoever settles takes it away.
        return if noted == 0 { Ok((is_waiting, 0)) } else { Err(not_held()) };
    }
    let payer = resolve::payer_at(scope, found.payer)?;
    let gate = gate_of(scope, &found, &payer)?;
    let (mut ids, mut seen) = (OpenIds::default(), 0);
    each_payment(scope, batch.batch, |row| {
        if row.outcome.state != State::Held {
            return Ok(());
        }
        let Some(held) = store::held::find(scope.tx, batch.batch, row.number)? else {
            let is_right = is_waiting || (row.outcome.reason.is_none() && gate.was_tried(row.number));
            return if is_right { Ok(()) } else { Err(not_held()) };
        };
        seen += 1;
        let ids = ids.read(scope, batch.batch, row.number)?;
        if held == held_of(scope.vault, payer.id, &row, &ids) { Ok(()) } else { Err(not_held()) }
    })?;
    if seen == noted { Ok((is_waiting, noted)) } else { Err(not_held()) }
}

/// Holds what was noted of accounts that were watched, as the batch came in and at each stage of it, against the payments of which that was
/// decided then; in how many rows it was noted. Where nothing was, nothing is looked at.
fn verify_noted(scope: &Scope<'_>, batch: &Indexed) -> Result<u64, Error> {
    let mut entries = vec![(0, batch.entry)];
    store::batch::each_stage_of(scope, batch.batch, |stage| {
        entries.push((stage.stage, stage.entry));
        Ok(())
    })?;
    let mut rows = 0;
    for (stage, entry) in entries {
        let (mut noted, of_entry) = Noted::at(scope, entry)?;
        rows += of_entry;
        if of_entry == 0 {
            continue;
        }
        let payees: BTreeSet<Blind> = noted.paid.iter().map(|(_, payee)| *payee).collect();
        let (mut found, mut held, mut ids) = (BTreeSet::new(), 0, OpenIds::default());
        each_decided_at(scope, batch.batch, stage, |row| {
            let PaymentRow { number, payee, outcome, .. } = row;
            // Whom it names counts although it waits.
            let waits = outcome.state == State::Held && outcome.reason == Some(Reason::Collecting);
            match (outcome.state, outcome.designation) {
                (State::Routed, Some(designation)) => {
                    let payee = payee.filter(|payee| payees.contains(payee));
                    found.extend(payee.map(|payee| (payee, Some(designation), None)));
                }
                _ if outcome.state == State::Passed || waits => {
                    held += u64::from(waits);
                    let ids = ids.read(scope, batch.batch, number)?;
                    let payee = ids.named().filter(|payee| payees.contains(payee));
                    found.extend(payee.map(|payee| (payee, None, account_key(scope.vault, ids.account))));
                }
                _ => {}
            }
            Ok(())
        })?;
        for (payee, designation, named) in found {
            let account = match designation {
                Some(designation) => Some(resolve::account_of(scope, designation)?.key(scope.vault)),
                None => named,
            };
            if let Some(account) = account {
                noted.paid.remove(&(account, payee));
            }
        }
        if !noted.paid.is_empty() || noted.held > held {
            return Err(not_noted());
        }
    }
    Ok(rows)
}

/// Every payment of which something was decided at a stage, as that was: 0 is the coming in.
fn each_decided_at(
    scope: &Scope<'_>,
    batch: Id<Batch>,
    stage: i64,
    mut visit: impl FnMut(PaymentRow) -> Result<(), Error>,
) -> Result<(), Error> {
    if stage == 0 {
        return store::payment::each_of(scope.tx, batch, ALL_NUMBERS, visit);
    }
    let mut changes = Vec::new();
    store::payment::each_change_at(scope.tx, batch, stage, |change| {
        changes.push(change);
        Ok(())
    })?;
    for change in changes {
        store::payment::each_of(scope.tx, batch, change.number..change.number + 1, |row| {
            visit(PaymentRow { outcome: change.outcome, ..row })
        })?;
    }
    Ok(())
}

fn not_noted() -> Error {
    Mismatch("who was paid to accounts that are watched is not what the payments say".to_owned()).into()
}

fn not_held() -> Error {
    Mismatch("what is looked at again is not what waits by what the payments say".to_owned()).into()
}

fn not_waiting() -> Error {
    Mismatch("what lies in waiting accounts is not what the payments say".to_owned()).into()
}

/// How many buckets the batch has.
fn verify_batch(tx: &Tx<'_>, batch: &Indexed) -> Result<i64, Error> {
    let (mut indexing, mut made, mut buckets, mut payments) = (Indexing::new(batch.batch), Vec::new(), 0, 0);
    let mut compare = |slice: i64, made: &mut Vec<Bucket>| {
        if !store::index::are(tx, &Place::of_slice(batch.batch, slice), made)? {
            return Err(mismatch());
        }
        buckets += made.len() as i64;
        made.clear();
        Ok(())
    };
    store::payment::each_of(tx, batch.batch, ALL_NUMBERS, |row| {
        indexing.take(row.number, row.payee.as_ref(), &row.end_to_end, &mut made);
        if !made.is_empty() {
            compare(slice_of(payments - 1), &mut made)?;
        }
        payments = row.number + 1;
        Ok(())
    })?;
    indexing.end(&mut made);
    compare(slice_of((payments - 1).max(0)), &mut made)?;
    // Whoever seeks looks into as many slices as the batch has payments for.
    if payments == batch.payments { Ok(buckets) } else { Err(mismatch()) }
}

fn mismatch() -> Error {
    Mismatch("the index of payments is not what the payments say".to_owned()).into()
}
