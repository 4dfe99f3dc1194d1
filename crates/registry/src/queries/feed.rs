//! What concerns one bank, in the order in which it was recorded.
//!
//! Ids of designations are places in the journal, whose writers take turns: what is read after a place has all that was recorded
//! since, and nothing appears later in between.

use crate::bank_message::{Told, tell};
use crate::designation::Standing;
use crate::payee::PayeeId;
use crate::{policy, store};
use denmark::BankDirectory;
use kernel::{Actor, Blind, Error, Id, Scope, Vault, journal};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of all banks' accounts that are looked through for one page.
pub const FEED_ROWS_MAX: usize = 10_000;

/// One message to a bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BankMessage {
    /// Names it, always the same: who has had it before drops it.
    pub id: String,
    /// What happened.
    pub event: &'static str,
    /// To which account of the bank's: the IBAN.
    pub account: String,
    /// Which other account of the bank's that one took the place of.
    pub replaces: Option<String>,
    /// Whose account it is or was, where the number is known.
    pub payee: Option<String>,
    /// Whether it is for one payer's benefit rather than the default account.
    pub is_specific: bool,
    /// From when it holds.
    pub from: String,
    /// By which kind of channel it came.
    pub channel: &'static str,
    /// Why, where a bank gave a reason.
    pub reason: Option<&'static str>,
    /// When it was recorded.
    pub recorded: String,
}

/// Some of a bank's messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The earliest come first. There can be none while there are more.
    pub messages: Vec<BankMessage>,
    /// Where to go on.
    pub reached: i64,
    /// Whether something may be there already.
    pub has_more: bool,
}

/// How much is read at once.
#[derive(Clone, Copy, Debug)]
pub struct FeedBounds {
    /// Messages of the page.
    pub messages: usize,
    /// Rows that are looked through for them.
    pub rows: usize,
}

/// What concerns the bank of this name, of what was recorded after a place that an earlier page reached, or from the beginning.
/// Which accounts are the bank's is what the bank directory says now.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn feed(
    scope: &Scope<'_>,
    actor: &Actor,
    bank: &str,
    after: Option<i64>,
    bounds: FeedBounds,
) -> Result<Feed, Error> {
    policy::READ_FEED.require(actor)?;
    let after = after.unwrap_or(-1);
    let scanned = store::designation::after(scope, after, bounds.rows)?;
    let former = formers(scope, &scanned)?;
    let banks = store::bank::directory(scope.tx)?;
    let is_own = |account: &crate::account::DesignatedAccount| {
        account.reg().and_then(|reg| banks.get(reg)).is_some_and(|found| found.name == bank)
    };
    let (mut told, mut reached) = (Vec::new(), after);
    for row in &scanned {
        if told.len() == bounds.messages {
            break;
        }
        let former = row.designation.previous.and_then(|id| former.get(&id));
        told.extend(tell(&row.designation.standing, former, is_own).map(|told| (row, told)));
        reached = row.designation.id.number();
    }
    let is_end =
        scanned.len() < bounds.rows && scanned.last().is_none_or(|last| last.designation.id.number() == reached);
    Ok(Feed { messages: written(scope, &told, &banks)?, reached, has_more: !is_end })
}

/// The place after all that is recorded.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn feed_end(scope: &Scope<'_>, actor: &Actor) -> Result<i64, Error> {
    policy::READ_FEED.require(actor)?;
    store::designation::last(scope.tx)
}

type Row = store::designation::Recorded;

/// What held before each of these rows.
fn formers(scope: &Scope<'_>, rows: &[Row]) -> Result<BTreeMap<Id<crate::designation::Designation>, Standing>, Error> {
    let ids: BTreeSet<_> = rows.iter().filter_map(|row| row.designation.previous).collect();
    let mut found = BTreeMap::new();
    store::designation::find_many(scope, ids, |_, row| {
        found.insert(row.id, row.standing);
        Ok(())
    })?;
    Ok(found)
}

fn written(scope: &Scope<'_>, told: &[(&Row, Told)], banks: &BankDirectory) -> Result<Vec<BankMessage>, Error> {
    let payees = numbers(scope, told.iter().map(|(row, _)| row.payee).collect())?;
    let mut messages: Vec<BankMessage> = told
        .iter()
        .map(|(row, Told { event, account, replaces })| BankMessage {
            id: format!("{:016x}", row.designation.id.number()),
            event: event.name(),
            account: account.iban(banks).as_str().to_owned(),
            replaces: replaces.map(|account| account.iban(banks).as_str().to_owned()),
            payee: payees.get(&row.payee).map(PayeeId::reveal),
            is_specific: row.designation.purpose.is_some(),
            from: row.designation.effective.to_string(),
            channel: row.designation.channel.name(),
            reason: row.grounds.map(|grounds| grounds.reason.name()),
            recorded: String::new(),
        })
        .collect();
    let entries = told.iter().map(|(row, _)| journal::entry_of(row.designation.id.number()));
    journal::moments(scope.tx, entries, |at, moment| {
        messages[at].recorded = moment.to_string();
        Ok(())
    })?;
    Ok(messages)
}

/// The numbers of payees: people's and companies' stand in their registers' rows, those of all others beside their accounts.
pub(crate) fn numbers(scope: &Scope<'_>, payees: BTreeSet<Blind>) -> Result<BTreeMap<Blind, PayeeId>, Error> {
    let keys: Vec<Blind> = payees.into_iter().collect();
    let mut numbers = BTreeMap::new();
    store::register::find_many(scope, &keys, |at, version| {
        let number = registered_number(scope.vault, &keys[at], &version.record);
        numbers.extend(number.map(|number| (keys[at], number)));
        Ok(())
    })?;
    store::payee::numbers(scope, &keys, |at, number| {
        numbers.insert(keys[at], number);
        Ok(())
    })?;
    Ok(numbers)
}

/// The number that a register's row begins with. Of which kind it is, the payee's own key tells.
fn registered_number(vault: &Vault, key: &Blind, record: &str) -> Option<PayeeId> {
    let number = record.lines().next()?;
    let mut kinds = ["cpr", "cvr"].into_iter().filter_map(|kind| PayeeId::parse(&format!("{kind}:{number}")));
    kinds.find(|payee| payee.key(vault) == *key)
}
