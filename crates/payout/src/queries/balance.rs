//! What became of the money of all files that came in from a payer on a day.

use super::find::first_entry_at;
use crate::balance::Balance;
use crate::batch::Batch;
use crate::commands::{ALL_NUMBERS, each_payment_at};
use crate::store::back::Amount;
use crate::{policy, store};
use denmark::calendar::{copenhagen_date, copenhagen_midnight};
use jiff::civil::Date;
use kernel::journal::ENTRIES_MAX;
use kernel::{Actor, Error, Id, Scope, StoreError, Timestamp, Writer};
use registry::resolve;
use std::collections::BTreeMap;

const BATCHES_AT_ONCE: i64 = 1_000;
/// A clock that was set back in between can have dated a file before the entry that recorded it, or after it.
const CLOCK_SECONDS: i64 = 24 * 60 * 60;

/// Adds up what came in from a payer on a day, by what the files said, and where it is now, payment by payment. A file belongs to the
/// date in Denmark on which it came in: that of its status report.
///
/// # Errors
/// `payer.unknown`, `payer.other_kind`; the policy's refusal, or the store's.
pub fn balance(writer: &mut Writer, payer: &str, day: Date, actor: &Actor) -> Result<Balance, Error> {
    policy::BALANCE.require(actor)?;
    writer.read(|scope| {
        let payer = resolve::payer_of(scope, payer, actor)?.id;
        // A file is recorded after it came in, and perhaps long after.
        let begin = Timestamp::from(copenhagen_midnight(day)).minus_seconds(CLOCK_SECONDS);
        let (since, mut end) = (first_entry_at(scope, begin)?, ENTRIES_MAX);
        let mut balance = Balance::default();
        loop {
            let batches = store::batch::recorded_since(scope.tx, Some(payer), since..end.max(since), BATCHES_AT_ONCE)?;
            let Some(last) = batches.last() else { return Ok(balance) };
            end = last.entry;
            for batch in batches {
                add(scope, &mut balance, batch.batch, day)?;
            }
        }
    })
}

fn add(scope: &Scope<'_>, balance: &mut Balance, batch: Id<Batch>, day: Date) -> Result<(), Error> {
    let broken = || StoreError::broken("batch", "record", batch.number());
    let record = store::batch::find(scope, batch)?.ok_or_else(broken)?.record;
    if copenhagen_date(record.received().to_jiff()) != day {
        return Ok(());
    }
    balance.come_in(&record.counts).ok_or_else(broken)?;
    // Of most batches nothing came back, and of the others little did.
    let mut back: BTreeMap<i64, Vec<Amount>> = BTreeMap::new();
    store::back::each_amount(scope.tx, batch, ALL_NUMBERS, |amount| {
        back.entry(amount.number).or_default().push(amount);
        Ok(())
    })?;
    each_payment_at(scope, batch, |row, stage| {
        if let Some(money) = row.money {
            let since = back.get(&row.number).into_iter().flatten().filter(|back| back.stage > stage);
            balance.count(row.outcome.state, money, since.map(|back| back.amount).sum());
        }
        Ok(())
    })
}
