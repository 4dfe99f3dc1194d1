//! Asks for payments back: camt.055.001.08 to the payer's bank, camt.056.001.08 from bank to bank.

use denmark::{Iban, Money};
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::complete::Agent;
use super::super::write::Writer;
use super::parts::{Party, account, agent, assignment, control_sum, recall_reason};
use super::read::is_uetr;
use super::reason::RecallReason;
use crate::message::Version;

/// A recall that goes to the payer's bank, which made the payments of our completed files.
#[derive(Clone, Copy, Debug)]
pub struct Recall<'a> {
    /// `Assgnmt/Id` and `Case/Id`: our id, by which the answer names it.
    pub id: &'a str,
    /// `CreDtTm`
    pub created: Timestamp,
    /// `Assgnmt/Assgnr`, `Case/Cretr`: who asks.
    pub from: Party<'a>,
    /// `Assgnmt/Assgne`: the payer's bank.
    pub to: Agent<'a>,
    /// `CxlRsnInf/Rsn/Cd`
    pub reason: RecallReason,
    /// `CxlRsnInf/AddtlInf`, of which 105 characters are kept. Never about a person: it goes through several banks.
    pub sentences: &'a [&'a str],
    /// What is asked back; those of one message, and of one block of it, stand together.
    pub payments: &'a [RecalledPayment<'a>],
}

/// A payment of a completed file that is asked back.
#[derive(Clone, Copy)]
pub struct RecalledPayment<'a> {
    /// `OrgnlMsgId`: the message id of the completed pain.001.
    pub message_id: &'a str,
    /// `OrgnlMsgNmId`
    pub version: Version,
    /// `OrgnlPmtInfId`
    pub payment_info_id: &'a str,
    /// `CxlId`: our id of this one.
    pub cancellation_id: &'a str,
    /// `OrgnlInstrId`
    pub instruction_id: Option<&'a str>,
    /// `OrgnlEndToEndId`
    pub end_to_end_id: &'a str,
    /// `OrgnlInstdAmt`
    pub amount: Money,
    /// `OrgnlReqdExctnDt/Dt`
    pub execution_date: Date,
    /// `OrgnlTxRef/CdtrAgt`: where the money went.
    pub agent: Option<Agent<'a>>,
    /// `OrgnlTxRef/CdtrAcct`
    pub account: Option<Iban>,
    /// The same, where the file wrote it as no IBAN: as it wrote it.
    pub other_account: Option<&'a str>,
}

impl std::fmt::Debug for RecalledPayment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecalledPayment").field("cancellation_id", &self.cancellation_id).finish_non_exhaustive()
    }
}

/// Writes a camt.055.001.08. `payments` must not be empty: the schema has no recall of nothing.
#[must_use]
pub fn write_recall(recall: &Recall<'_>) -> Vec<u8> {
    Writer::message("camt.055.001.08", "CstmrPmtCxlReq", |w| {
        assignment(w, recall.id, recall.created, |w, name| recall.from.write_choice(w, name), recall.to);
        w.node("CtrlData", |w| {
            w.count("NbOfTxs", recall.payments.len());
            control_sum(w, recall.payments.iter().map(|payment| payment.amount));
        });
        for message in recall.payments.chunk_by(|a, b| (a.message_id, a.version) == (b.message_id, b.version)) {
            let Some(first) = message.first() else { continue };
            w.line();
            w.node("Undrlyg", |w| {
                w.node("OrgnlGrpInfAndCxl", |w| {
                    original_message(w, first);
                    w.count("NbOfTxs", message.len());
                    // These of the message, not all of it.
                    w.text("GrpCxl", "false");
                });
                for block in message.chunk_by(|a, b| a.payment_info_id == b.payment_info_id) {
                    recall_block(w, recall, block);
                }
            });
        }
    })
}

fn original_message(w: &mut Writer, payment: &RecalledPayment<'_>) {
    w.id("OrgnlMsgId", payment.message_id);
    w.text("OrgnlMsgNmId", payment.version.message_name());
}

fn recall_block(w: &mut Writer, recall: &Recall<'_>, block: &[RecalledPayment<'_>]) {
    let Some(first) = block.first() else { return };
    w.node("OrgnlPmtInfAndCxl", |w| {
        w.id("PmtCxlId", recall.id);
        w.id("OrgnlPmtInfId", first.payment_info_id);
        w.node("OrgnlGrpInf", |w| original_message(w, first));
        w.count("NbOfTxs", block.len());
        w.text("PmtInfCxl", "false");
        for payment in block {
            w.line();
            w.node("TxInf", |w| recalled(w, recall, payment));
        }
    });
}

fn recalled(w: &mut Writer, recall: &Recall<'_>, payment: &RecalledPayment<'_>) {
    w.id("CxlId", payment.cancellation_id);
    w.maybe_id("OrgnlInstrId", payment.instruction_id);
    w.id("OrgnlEndToEndId", payment.end_to_end_id);
    w.amount("OrgnlInstdAmt", payment.amount);
    w.node("OrgnlReqdExctnDt", |w| w.date("Dt", payment.execution_date));
    recall_reason(w, recall.reason, recall.sentences);
    creditor(w, payment.agent, payment.account, payment.other_account);
}

/// Where the money went, if that is known.
fn creditor(w: &mut Writer, bank: Option<Agent<'_>>, iban: Option<Iban>, other: Option<&str>) {
    if bank.is_none() && iban.is_none() && other.is_none() {
        return;
    }
    w.node("OrgnlTxRef", |w| {
        if let Some(bank) = bank {
            w.node("CdtrAgt", |w| agent(w, bank));
        }
        match (iban, other) {
            (_, Some(other)) => w.node("CdtrAcct", |w| w.nested(&["Id", "Othr", "Id"], other)),
            (Some(iban), None) => w.node("CdtrAcct", |w| account(w, iban)),
            (None, None) => {}
        }
    });
}

/// A recall from bank to bank: only where a bank has told how it made the payments.
#[derive(Clone, Copy, Debug)]
pub struct TransferRecall<'a> {
    /// `Assgnmt/Id` and `Case/Id`: our id, by which the answer names it.
    pub id: &'a str,
    /// `CreDtTm`
    pub created: Timestamp,
    /// `Assgnmt/Assgnr`, `Case/Cretr`: the bank that made the payments.
    pub from: Agent<'a>,
    /// `Assgnmt/Assgne`: the bank that has the money.
    pub to: Agent<'a>,
    /// `CxlRsnInf/Rsn/Cd`
    pub reason: RecallReason,
    /// `CxlRsnInf/AddtlInf`, of which 105 characters are kept.
    pub sentences: &'a [&'a str],
    /// What is asked back.
    pub transfers: &'a [RecalledTransfer<'a>],
}

/// A payment as it went from bank to bank.
#[derive(Clone, Copy)]
pub struct RecalledTransfer<'a> {
    /// `CxlId`: our id of this one.
    pub cancellation_id: &'a str,
    /// `OrgnlGrpInf/OrgnlMsgId`
    pub message_id: &'a str,
    /// `OrgnlGrpInf/OrgnlMsgNmId`: `pacs.008.001.08`.
    pub message_name: &'a str,
    /// `OrgnlInstrId`
    pub instruction_id: Option<&'a str>,
    /// `OrgnlEndToEndId`
    pub end_to_end_id: &'a str,
    /// `OrgnlTxId`
    pub transaction_id: Option<&'a str>,
    /// `OrgnlUETR`; left out if it is none.
    pub uetr: Option<&'a str>,
    /// `OrgnlIntrBkSttlmAmt`
    pub amount: Money,
    /// `OrgnlIntrBkSttlmDt`
    pub settlement_date: Date,
    /// `OrgnlTxRef/CdtrAcct`
    pub account: Option<Iban>,
}

impl std::fmt::Debug for RecalledTransfer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecalledTransfer").field("cancellation_id", &self.cancellation_id).finish_non_exhaustive()
    }
}

/// Writes a camt.056.001.08. `transfers` must not be empty.
#[must_use]
pub fn write_transfer_recall(recall: &TransferRecall<'_>) -> Vec<u8> {
    let from = |w: &mut Writer, name: &str| w.node(name, |w| w.node("Agt", |w| agent(w, recall.from)));
    Writer::message("camt.056.001.08", "FIToFIPmtCxlReq", |w| {
        assignment(w, recall.id, recall.created, from, recall.to);
        w.node("CtrlData", |w| {
            w.count("NbOfTxs", recall.transfers.len());
            control_sum(w, recall.transfers.iter().map(|transfer| transfer.amount));
        });
        w.node("Undrlyg", |w| {
            for transfer in recall.transfers {
                w.line();
                w.node("TxInf", |w| recalled_transfer(w, recall, transfer));
            }
        });
    })
}

fn recalled_transfer(w: &mut Writer, recall: &TransferRecall<'_>, transfer: &RecalledTransfer<'_>) {
    w.id("CxlId", transfer.cancellation_id);
    w.node("OrgnlGrpInf", |w| {
        w.id("OrgnlMsgId", transfer.message_id);
        w.id("OrgnlMsgNmId", transfer.message_name);
    });
    w.maybe_id("OrgnlInstrId", transfer.instruction_id);
    w.id("OrgnlEndToEndId", transfer.end_to_end_id);
    w.maybe_id("OrgnlTxId", transfer.transaction_id);
    if let Some(uetr) = transfer.uetr.filter(|uetr| is_uetr(uetr)) {
        w.text("OrgnlUETR", uetr);
    }
    w.amount("OrgnlIntrBkSttlmAmt", transfer.amount);
    w.date("OrgnlIntrBkSttlmDt", transfer.settlement_date);
    recall_reason(w, recall.reason, recall.sentences);
    creditor(w, None, transfer.account, None);
}
