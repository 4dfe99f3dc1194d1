//! Tells a payer about money that came back to it: camt.054.001.08.

use denmark::{Iban, Money};
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::write::Writer;
use super::parts::{Party, account};
use super::read::Reason;
use super::reason::ReturnReason;

/// What came back to one account of a payer's.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// `GrpHdr/MsgId` and `Ntfctn/Id`: our id.
    pub id: &'a str,
    /// `CreDtTm`
    pub created: Timestamp,
    /// `Acct/Ownr`: the payer.
    pub payer: Party<'a>,
    /// `Acct/Id`: the account that the money came back to.
    pub account: Iban,
    /// `Ntry`: what came back, a payment each.
    pub entries: &'a [ReturnedEntry<'a>],
}

/// A payment that came back.
#[derive(Clone, Copy, Debug)]
pub struct ReturnedEntry<'a> {
    /// `NtryRef`: our id of the entry.
    pub id: &'a str,
    /// `Amt`: what came back.
    pub amount: Money,
    /// `BookgDt/Dt`
    pub booked: Date,
    /// `ValDt/Dt`
    pub value: Option<Date>,
    /// `AcctSvcrRef`: the bank's id of the return.
    pub bank_reference: Option<&'a str>,
    /// `Refs/MsgId`: the payer's id of the message that the payment came in.
    pub message_id: &'a str,
    /// `Refs/PmtInfId`
    pub payment_info_id: &'a str,
    /// `Refs/InstrId`
    pub instruction_id: Option<&'a str>,
    /// `Refs/EndToEndId`
    pub end_to_end_id: &'a str,
    /// `AmtDtls/InstdAmt/Amt`: what was to be paid.
    pub original: Money,
    /// `RtrInf/Rsn`
    pub reason: EntryReason<'a>,
    /// `RtrInf/AddtlInf`, of which 105 characters are kept: a plain sentence.
    pub sentence: &'a str,
}

/// Why it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryReason<'a> {
    /// `Cd`: a code of `ExternalReturnReason1Code`, up to four characters.
    Code(&'a str),
    /// `Prtry`: a code of the bank's own.
    Proprietary(&'a str),
}

impl<'a> From<&'a Reason> for EntryReason<'a> {
    /// As the bank gave it; MS03 if it gave words only, or nothing.
    fn from(reason: &'a Reason) -> Self {
        match (&reason.code, &reason.proprietary) {
            (Some(code), _) => Self::Code(code),
            (None, Some(code)) => Self::Proprietary(code),
            (None, None) => Self::Code(ReturnReason::UNSAID.code()),
        }
    }
}

const CODE_LENGTH_MAX: usize = 4;
const SENTENCE_LENGTH_MAX: usize = 105;

/// Writes a camt.054.001.08.
#[must_use]
pub fn write_notification(notification: &Notification<'_>) -> Vec<u8> {
    Writer::message("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", |w| {
        w.node("GrpHdr", |w| {
            w.id("MsgId", notification.id);
            w.moment("CreDtTm", notification.created);
        });
        w.node("Ntfctn", |w| {
            w.id("Id", notification.id);
            w.moment("CreDtTm", notification.created);
            w.node("Acct", |w| {
                account(w, notification.account);
                w.node("Ownr", |w| notification.payer.write(w));
            });
            for one in notification.entries {
                w.line();
                w.node("Ntry", |w| entry(w, one));
            }
        });
    })
}

fn entry(w: &mut Writer, entry: &ReturnedEntry<'_>) {
    w.id("NtryRef", entry.id);
    w.amount("Amt", entry.amount);
    w.text("CdtDbtInd", "CRDT");
    w.nested(&["Sts", "Cd"], "BOOK");
    w.node("BookgDt", |w| w.date("Dt", entry.booked));
    if let Some(value) = entry.value {
        w.node("ValDt", |w| w.date("Dt", value));
    }
    w.maybe_id("AcctSvcrRef", entry.bank_reference);
    // A credit transfer that was issued, and reversed because it was returned.
    w.node("BkTxCd", |w| {
        w.node("Domn", |w| {
            w.text("Cd", "PMNT");
            w.node("Fmly", |w| {
                w.text("Cd", "ICDT");
                w.text("SubFmlyCd", "RRTN");
            });
        });
    });
    w.node("NtryDtls", |w| w.node("TxDtls", |w| details(w, entry)));
}

fn details(w: &mut Writer, entry: &ReturnedEntry<'_>) {
    w.node("Refs", |w| {
        w.id("MsgId", entry.message_id);
        w.maybe_id("AcctSvcrRef", entry.bank_reference);
        w.id("PmtInfId", entry.payment_info_id);
        w.maybe_id("InstrId", entry.instruction_id);
        w.id("EndToEndId", entry.end_to_end_id);
    });
    w.amount("Amt", entry.amount);
    w.text("CdtDbtInd", "CRDT");
    w.node("AmtDtls", |w| w.node("InstdAmt", |w| w.amount("Amt", entry.original)));
    w.node("RtrInf", |w| {
        w.node("Rsn", |w| match entry.reason {
            EntryReason::Code(code) if code.trim().is_empty() => w.text("Cd", "NARR"),
            EntryReason::Code(code) => w.bounded("Cd", code, CODE_LENGTH_MAX),
            EntryReason::Proprietary(code) => w.id("Prtry", code),
        });
        w.bounded("AddtlInf", entry.sentence, SENTENCE_LENGTH_MAX);
    });
}
