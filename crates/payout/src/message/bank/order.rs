//! A payment file of our own: the waiting account pays what it holds to payees' accounts. pain.001.001.09.

use denmark::{Iban, Money};
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::complete::Agent;
use super::super::write::Writer;
use super::parts::{Party, account, agent, control_sum};
use crate::message::Version;

/// One block of credit transfers from one account.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// `GrpHdr/MsgId`: our id of the message.
    pub id: &'a str,
    /// `PmtInfId`: our id of the block.
    pub payment_info_id: &'a str,
    /// `CreDtTm`
    pub created: Timestamp,
    /// `ReqdExctnDt/Dt`
    pub execution_date: Date,
    /// `InitgPty`, `Dbtr`: whose account it is.
    pub debtor: Party<'a>,
    /// `DbtrAcct`
    pub account: Iban,
    /// `DbtrAgt`
    pub agent: Agent<'a>,
    /// `CdtTrfTxInf`
    pub payments: &'a [OrderedPayment<'a>],
}

/// One credit transfer.
#[derive(Clone, Copy)]
pub struct OrderedPayment<'a> {
    /// `InstrId`: our id of the transfer.
    pub instruction_id: Option<&'a str>,
    /// `EndToEndId`: the payer's, so that the payee sees the id that was announced.
    pub end_to_end_id: &'a str,
    /// `InstdAmt`
    pub amount: Money,
    /// `CdtrAgt`
    pub agent: Agent<'a>,
    /// `Cdtr/Nm`, as far as it is up to 140 characters.
    pub name: &'a str,
    /// `CdtrAcct`
    pub account: Iban,
    /// `UltmtDbtr/Nm`: for whom the money was waiting.
    pub payer: &'a str,
    /// `RmtInf/Ustrd`, of which 140 characters are kept.
    pub text: &'a str,
}

impl std::fmt::Debug for Order<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("id", &self.id).field("payments", &self.payments.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for OrderedPayment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderedPayment").field("instruction_id", &self.instruction_id).finish_non_exhaustive()
    }
}

const TEXT_LENGTH_MAX: usize = 140;

/// Writes a pain.001.001.09. `payments` must not be empty: the schema has no block of nothing.
#[must_use]
pub fn write_order(order: &Order<'_>) -> Vec<u8> {
    let totals = |w: &mut Writer| {
        w.count("NbOfTxs", order.payments.len());
        control_sum(w, order.payments.iter().map(|payment| payment.amount));
    };
    Writer::message(Version::V09.message_name(), "CstmrCdtTrfInitn", |w| {
        w.node("GrpHdr", |w| {
            w.id("MsgId", order.id);
            w.moment("CreDtTm", order.created);
            totals(w);
            w.node("InitgPty", |w| order.debtor.write(w));
        });
        w.line();
        w.node("PmtInf", |w| {
            w.id("PmtInfId", order.payment_info_id);
            w.text("PmtMtd", "TRF");
            totals(w);
            w.node("ReqdExctnDt", |w| w.date("Dt", order.execution_date));
            w.node("Dbtr", |w| order.debtor.write(w));
            w.node("DbtrAcct", |w| account(w, order.account));
            w.node("DbtrAgt", |w| agent(w, order.agent));
            for one in order.payments {
                w.line();
                w.node("CdtTrfTxInf", |w| payment(w, one));
            }
        });
    })
}

fn payment(w: &mut Writer, payment: &OrderedPayment<'_>) {
    w.node("PmtId", |w| {
        w.maybe_id("InstrId", payment.instruction_id);
        w.id("EndToEndId", payment.end_to_end_id);
    });
    w.node("Amt", |w| w.amount("InstdAmt", payment.amount));
    let payer = Party { name: payment.payer, cvr: None };
    w.node("UltmtDbtr", |w| payer.write(w));
    w.node("CdtrAgt", |w| agent(w, payment.agent));
    let payee = Party { name: payment.name, cvr: None };
    w.node("Cdtr", |w| payee.write(w));
    w.node("CdtrAcct", |w| account(w, payment.account));
    if !payment.text.trim().is_empty() {
        w.node("RmtInf", |w| w.bounded("Ustrd", payment.text, TEXT_LENGTH_MAX));
    }
}
