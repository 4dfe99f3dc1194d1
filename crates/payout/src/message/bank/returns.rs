//! Payments that banks return: pacs.004.001.09.

use std::io::Read;

use denmark::Decimal;
use jiff::civil::Date;

use super::super::head::count_field;
use super::super::payment::amount;
use super::super::schema::Tag;
use super::super::text::trim;
use super::super::walk::{Leaf, Visitor};
use super::read::{Amount, BankAccount, BankAgent, Reason, date, id, money, name, read_reason, uetr};
use super::reason::ReturnReason;
use super::schema::RETURN;
use super::stream::{ReadError, Spot, Step, Stream};
use crate::message::AmountFault;

const CONTROL_SUM: &str = "CtrlSum";
const TOTAL: &str = "TtlRtrdIntrBkSttlmAmt";

/// What is to be known of the message as a whole (`GrpHdr`, `OrgnlGrpInf`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnsHead {
    /// `GrpHdr/MsgId`: the bank's id of the message.
    pub message_id: String,
    /// `GrpHdr/NbOfTxs`: it is true, or the message is refused at its end.
    pub count: u64,
    /// `GrpHdr/GrpRtr`: the original message is returned as a whole, and may stand here without its payments.
    pub is_group: bool,
    /// `OrgnlGrpInf/OrgnlMsgId`: the message that the payments came in, where one is named for all.
    pub original_message_id: Option<String>,
}

/// One returned payment (`TxInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// `GrpHdr/MsgId`
    pub message_id: String,
    /// `RtrId`: the bank's id of the return.
    pub return_id: Option<String>,
    /// `OrgnlGrpInf/OrgnlMsgId`, of the payment or of the whole message: often a message between banks.
    pub original_message_id: Option<String>,
    /// `OrgnlGrpInf/OrgnlMsgNmId`: `pacs.008.001.08`, `pain.001.001.09`.
    pub original_message_name: Option<String>,
    /// `OrgnlInstrId`
    pub instruction_id: Option<String>,
    /// `OrgnlEndToEndId`
    pub end_to_end_id: Option<String>,
    /// `OrgnlTxId`
    pub transaction_id: Option<String>,
    /// `OrgnlUETR`
    pub uetr: Option<String>,
    /// `OrgnlIntrBkSttlmAmt`, or `OrgnlTxRef/IntrBkSttlmAmt`: what was paid.
    pub original: Option<Amount>,
    /// `OrgnlTxRef/Amt/InstdAmt`: what the payer had instructed.
    pub instructed: Option<Amount>,
    /// `OrgnlIntrBkSttlmDt`: when it was paid.
    pub original_date: Option<Date>,
    /// `RtrdIntrBkSttlmAmt`: what comes back.
    pub returned: Amount,
    /// `RtrdInstdAmt`: the same before charges, or in the payer's currency.
    pub returned_instructed: Option<Amount>,
    /// `IntrBkSttlmDt`, of the return or of the whole message: when it comes back.
    pub settlement_date: Option<Date>,
    /// `RtrRsnInf`, of the return or of the whole message.
    pub reasons: Vec<Reason>,
    /// What is said of the payee.
    pub creditor: Creditor,
}

/// The payee of a returned payment (`OrgnlTxRef`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Creditor {
    /// `Cdtr/Pty/Nm`
    pub name: Option<String>,
    /// `UltmtCdtr/Pty/Nm`
    pub ultimate_name: Option<String>,
    /// `CdtrAgt/FinInstnId`
    pub agent: BankAgent,
    /// `CdtrAcct/Id`
    pub account: Option<BankAccount>,
}

impl std::fmt::Debug for Creditor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Creditor").field("agent", &self.agent).finish_non_exhaustive()
    }
}

impl Return {
    /// The first reason that has a code, else the first.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.code.is_some()).or_else(|| self.reasons.first())
    }

    /// The first reason that is known here; [`ReturnReason::UNSAID`] if none is.
    #[must_use]
    pub fn known_reason(&self) -> ReturnReason {
        self.reasons.iter().find_map(Reason::known).unwrap_or(ReturnReason::UNSAID)
    }

    /// Whether its payee is still to have the money: every reason that is given is known here, and says so.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        let is_owed = |reason: &Reason| reason.known().is_some_and(|known| known.bearing().is_owed());
        self.reasons.iter().filter(|reason| **reason != Reason::default()).all(is_owed)
    }
}

/// The returned payments of a message, in its order; after the first error nothing more.
///
/// That the message is whole and its number and sum are true is known at its end only: whoever books what comes out must be
/// able to take it back, or reads the message to its end before.
pub struct Returns<R> {
    stream: Stream<R>,
    notes: Notes,
    head: ReturnsHead,
    head_at: Spot,
    seen: u64,
    seen_sum: Option<Decimal>,
    /// A return that was read with the head.
    next: Option<Return>,
    is_over: bool,
}

/// Reads a message to its first returned payment; the iterator gives them all.
///
/// # Errors
/// The file cannot be read, or is no pacs.004.001.09.
pub fn read_returns<R: Read>(source: R) -> Result<Returns<R>, ReadError> {
    let mut returns = Returns {
        stream: Stream::new(source, &RETURN),
        notes: Notes::default(),
        head: ReturnsHead::default(),
        head_at: Spot::default(),
        seen: 0,
        seen_sum: Some(Decimal::ZERO),
        next: None,
        is_over: false,
    };
    returns.next = returns.advance()?;
    Ok(returns)
}

impl<R: Read> Returns<R> {
    /// What the message says of itself.
    #[must_use]
    pub fn head(&self) -> &ReturnsHead {
        &self.head
    }

    fn advance(&mut self) -> Result<Option<Return>, ReadError> {
        loop {
            match self.stream.step(&mut self.notes)? {
                Step::Whole(Tag::Header) => self.begin()?,
                Step::Whole(Tag::Group) => {
                    self.head.original_message_id.clone_from(&self.notes.group.original_message_id);
                }
                Step::Whole(Tag::Return) => return Ok(Some(self.returned())),
                Step::Done => return self.end().map(|()| None),
                _ => {}
            }
        }
    }

    /// What the header says.
    fn begin(&mut self) -> Result<(), ReadError> {
        self.head_at = self.stream.began();
        let group = &mut self.notes.group;
        let Some(Ok(count)) = group.count else {
            return Err(self.fault("AM18", "NbOfTxs", "NbOfTxs is not a number.".into()));
        };
        let message_id = group.message_id.take().unwrap_or_default();
        self.head = ReturnsHead { message_id, count, is_group: group.is_group, original_message_id: None };
        for (declared, name) in [(group.sum, CONTROL_SUM), (group.total, TOTAL)] {
            if declared == Some(Err(())) {
                return Err(self.fault("AM10", name, format!("{name} is not an amount.")));
            }
        }
        Ok(())
    }

    fn fault(&mut self, code: &'static str, name: &str, text: String) -> ReadError {
        self.stream.fault(code, &format!("/Document/PmtRtr/GrpHdr/{name}"), self.head_at, text)
    }

    fn returned(&mut self) -> Return {
        let mut one = std::mem::take(&mut self.notes.one);
        let group = &self.notes.group;
        self.seen += 1;
        self.seen_sum = self.seen_sum.zip(one.decimal).and_then(|(sum, amount)| sum.checked_add(amount));
        if one.original_message_id.is_none() {
            one.original_message_id.clone_from(&group.original_message_id);
            one.original_message_name.clone_from(&group.original_message_name);
        }
        if one.reasons.is_empty() {
            one.reasons.clone_from(&group.reasons);
        }
        Return {
            line: self.stream.began().line,
            message_id: self.head.message_id.clone(),
            return_id: one.return_id,
            original_message_id: one.original_message_id,
            original_message_name: one.original_message_name,
            instruction_id: one.instruction_id,
            end_to_end_id: one.end_to_end_id,
            transaction_id: one.transaction_id,
            uetr: one.uetr,
            original: one.original.or(one.reference),
            instructed: one.instructed,
            original_date: one.original_date,
            returned: one.returned.unwrap_or(Err(AmountFault::Invalid)),
            returned_instructed: one.returned_instructed,
            settlement_date: one.settlement_date.or(group.settlement_date),
            reasons: one.reasons,
            creditor: one.creditor,
        }
    }

    /// What the header declared must be what came.
    fn end(&mut self) -> Result<(), ReadError> {
        let is_bare_group = self.head.is_group && self.seen == 0;
        if is_bare_group {
            return Ok(());
        }
        let (seen, count) = (self.seen, self.head.count);
        if seen != count {
            let text = format!("NbOfTxs says {count}, but the file has {seen} returned payments.");
            return Err(self.fault("AM19", "NbOfTxs", text));
        }
        // An amount that is none makes no sum: whoever books it will see.
        let Some(sum) = self.seen_sum else { return Ok(()) };
        for (declared, name) in [(self.notes.group.sum, CONTROL_SUM), (self.notes.group.total, TOTAL)] {
            if let Some(Ok(declared)) = declared
                && declared != sum
            {
                let text = format!("{name} says {declared}, but the returned payments add up to {sum}.");
                return Err(self.fault("AM16", name, text));
            }
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Returns<R> {
    type Item = Result<Return, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = match self.next.take() {
            Some(first) => Ok(Some(first)),
            None => self.advance(),
        };
        self.is_over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

/// What is noted of the message as a whole.
#[derive(Default)]
struct Group {
    message_id: Option<String>,
    count: Option<Result<u64, ()>>,
    sum: Option<Result<Decimal, ()>>,
    total: Option<Result<Decimal, ()>>,
    is_group: bool,
    original_message_id: Option<String>,
    original_message_name: Option<String>,
    settlement_date: Option<Date>,
    reasons: Vec<Reason>,
}

/// What is noted of one return.
#[derive(Default)]
struct One {
    return_id: Option<String>,
    original_message_id: Option<String>,
    original_message_name: Option<String>,
    instruction_id: Option<String>,
    end_to_end_id: Option<String>,
    transaction_id: Option<String>,
    uetr: Option<String>,
    original: Option<Amount>,
    reference: Option<Amount>,
    instructed: Option<Amount>,
    original_date: Option<Date>,
    returned: Option<Amount>,
    decimal: Option<Decimal>,
    returned_instructed: Option<Amount>,
    settlement_date: Option<Date>,
    reasons: Vec<Reason>,
    creditor: Creditor,
}

#[derive(Default)]
struct Notes {
    group: Group,
    one: One,
    is_in_return: bool,
    is_ultimate: bool,
}

impl Notes {
    /// What the head and a return both have.
    fn shared(&mut self) -> (&mut Option<String>, &mut Option<String>, &mut Option<Date>, &mut Vec<Reason>) {
        if self.is_in_return {
            let one = &mut self.one;
            (&mut one.original_message_id, &mut one.original_message_name, &mut one.settlement_date, &mut one.reasons)
        } else {
            let group = &mut self.group;
            (
                &mut group.original_message_id,
                &mut group.original_message_name,
                &mut group.settlement_date,
                &mut group.reasons,
            )
        }
    }
}

impl<'a> Visitor<'a> for Notes {
    fn enter(&mut self, tag: Tag, _at: usize) {
        match tag {
            Tag::Return => self.is_in_return = true,
            Tag::Reason => self.shared().3.push(Reason::default()),
            Tag::Creditor => self.is_ultimate = false,
            Tag::UltimateCreditor => self.is_ultimate = true,
            _ => {}
        }
    }

    fn leaf(&mut self, tag: Tag, leaf: Leaf<'a>) -> Result<(), &'static str> {
        match tag {
            Tag::MessageId => self.group.message_id = Some(id(&leaf)?),
            Tag::Count => self.group.count = Some(count_field(&leaf).value),
            Tag::Sum => self.group.sum = Some(Decimal::parse_control_sum(trim(&leaf.text)).map_err(|_| ())),
            Tag::Total => self.group.total = Some(amount(&leaf).0),
            Tag::GroupReturn => self.group.is_group = flag(&leaf)?,
            Tag::OriginalMessageId => *self.shared().0 = Some(id(&leaf)?),
            Tag::OriginalMessageName => *self.shared().1 = Some(id(&leaf)?),
            Tag::SettlementDate => *self.shared().2 = Some(date(&leaf)?),
            Tag::ReasonCode | Tag::ReasonProprietary | Tag::ReasonText => {
                read_reason(self.shared().3, tag, &leaf)?;
            }
            Tag::ReturnId => self.one.return_id = Some(id(&leaf)?),
            Tag::InstructionId => self.one.instruction_id = Some(id(&leaf)?),
            Tag::EndToEndId => self.one.end_to_end_id = Some(id(&leaf)?),
            Tag::TransactionId => self.one.transaction_id = Some(id(&leaf)?),
            Tag::Uetr => self.one.uetr = Some(uetr(&leaf)?),
            Tag::OriginalAmount => self.one.original = Some(money(&leaf)),
            Tag::ReferenceAmount => self.one.reference = Some(money(&leaf)),
            Tag::InstructedAmount => self.one.instructed = Some(money(&leaf)),
            Tag::OriginalDate => self.one.original_date = Some(date(&leaf)?),
            Tag::ReturnedAmount => {
                let (decimal, money) = amount(&leaf);
                (self.one.decimal, self.one.returned) = (decimal.ok(), Some(money));
            }
            Tag::ReturnedInstructedAmount => self.one.returned_instructed = Some(money(&leaf)),
            Tag::Bic | Tag::Member => self.one.creditor.agent.read(tag, &leaf)?,
            Tag::Iban => self.one.creditor.account = Some(BankAccount::iban(&leaf.text)),
            Tag::OtherAccount => self.one.creditor.account = Some(BankAccount::other(&leaf.text)),
            Tag::Name if self.is_ultimate => self.one.creditor.ultimate_name = Some(name(&leaf)?),
            Tag::Name => self.one.creditor.name = Some(name(&leaf)?),
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, tag: Tag, _end: usize) {
        if tag == Tag::Return {
            self.is_in_return = false;
        }
    }
}

/// `xs:boolean`
fn flag(leaf: &Leaf<'_>) -> Result<bool, &'static str> {
    match trim(&leaf.text) {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("This must be true or false."),
    }
}
