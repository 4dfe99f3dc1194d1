//! The closing of an account that its bank says is closed, by sending a payment back.

use super::numbers;
use crate::designation::{Channel, Designation};
use crate::import::{AccountRow, Written};
use crate::proposal::Unexpected;
use crate::resolve::purpose_of;
use crate::row_refusal::RowRefusal;
use crate::store;
use kernel::{Blind, Error, Id, Scope};
use std::collections::BTreeSet;

/// A change that closes an account.
pub struct Closing {
    /// By which channel.
    pub channel: Channel,
    /// The change.
    pub row: Result<AccountRow, RowRefusal>,
}

/// What closes the account of a row of a payee's history, as that account's bank would: it is refused where another one is in force by now.
/// The agency closes one that is with no bank of the bank directory.
///
/// `None` if nobody has this payee's number.
///
/// # Errors
/// The store's.
pub fn closing(scope: &Scope<'_>, payee: &Blind, designation: Id<Designation>) -> Result<Option<Closing>, Error> {
    let account = store::designation::find(scope, designation)?.standing.account;
    let specific = purpose_of(scope, designation)?;
    let (payer, benefit) = match &specific {
        Some((payer, benefit)) => (payer.as_str(), benefit.as_str()),
        None => ("", ""),
    };
    let Some(payee) = numbers(scope, BTreeSet::from([*payee]))?.remove(payee) else { return Ok(None) };
    let (payee, expects) = (payee.reveal(), account.account().to_text());
    let written = Written { action: "close", payee: &payee, expects: &expects, payer, benefit, ..Written::default() };
    let regs: BTreeSet<_> = account.reg().into_iter().collect();
    let bank = store::bank::directory_of(scope.tx, &regs)?;
    let bank = account.reg().and_then(|reg| bank.get(reg)).map(|bank| bank.name.clone());
    let (channel, row) = match bank {
        Some(bank) => {
            let row =
                AccountRow::read_from_bank(scope.vault, &written, "account_closure", "not_needed", Unexpected::Refuse);
            (Channel::Bank(bank), row)
        }
        None => (Channel::Operator, AccountRow::read(scope.vault, &written)),
    };
    Ok(Some(Closing { channel, row }))
}
