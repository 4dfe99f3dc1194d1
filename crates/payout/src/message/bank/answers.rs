//! What banks answer to a recall: camt.029.001.09.

use std::io::Read;

use jiff::civil::Date;

use super::super::schema::Tag;
use super::super::walk::{Leaf, Visitor};
use super::read::{Amount, BankAgent, Reason, code, date, id, money, read_reason, uetr};
use super::reason::RecallStatus;
use super::schema::ANSWER;
use super::stream::{ReadError, Step, Stream};

/// What is to be known of the message as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswersHead {
    /// `Assgnmt/Id`: the bank's id of the message.
    pub assignment_id: String,
    /// `Assgnmt/Assgnr/Agt`: who answers.
    pub from: BankAgent,
    /// `RslvdCase/Id`: the recall, if its case is named for all.
    pub case_id: Option<String>,
    /// `Sts/Conf`: the answer as a whole, as it was given.
    pub confirmation: Option<String>,
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerTo {
    /// The whole recall: nothing but its case is named (`RslvdCase`).
    #[default]
    Recall,
    /// All recalled payments of a message (`OrgnlGrpInfAndSts`).
    Message,
    /// All recalled payments of a block (`OrgnlPmtInfAndSts`).
    Block,
    /// One payment (`TxInfAndSts`).
    Payment,
}

/// What is answered about one payment, or about several together of which none is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The line of the file that it stands in, from 1.
    pub line: u64,
    /// `Assgnmt/Id`
    pub assignment_id: String,
    /// Whom it is about.
    pub to: AnswerTo,
    /// `RslvdCase/Id`, of the payment or of what is around it: the id of our recall.
    pub case_id: Option<String>,
    /// `OrgnlGrpCxlId` or `OrgnlPmtInfCxlId`, whichever is nearer: as we named the cancellation.
    pub cancellation_id: Option<String>,
    /// `CxlStsId`: the bank's id of its answer.
    pub answer_id: Option<String>,
    /// `OrgnlMsgId`
    pub original_message_id: Option<String>,
    /// `OrgnlMsgNmId`
    pub original_message_name: Option<String>,
    /// `OrgnlPmtInfId`
    pub payment_info_id: Option<String>,
    /// `OrgnlInstrId`
    pub instruction_id: Option<String>,
    /// `OrgnlEndToEndId`
    pub end_to_end_id: Option<String>,
    /// `OrgnlTxId`
    pub transaction_id: Option<String>,
    /// `UETR`, `OrgnlUETR`
    pub uetr: Option<String>,
    /// The nearest of `TxCxlSts`, `PmtInfCxlSts`, `GrpCxlSts` and `Sts/Conf`. Of a payment under a partial answer that says
    /// nothing of the payment itself it is not known whether it comes back.
    pub status: RecallStatus,
    /// The same, as it was given.
    pub status_code: Option<String>,
    /// `CxlStsRsnInf`, the nearest that there are.
    pub reasons: Vec<Reason>,
    /// `OrgnlInstdAmt` or `OrgnlIntrBkSttlmAmt`: what was paid.
    pub original: Option<Amount>,
    /// `RsltnRltdInf/IntrBkSttlmAmt`: what comes back. Of the message as a whole, if this is its only answer.
    pub comes_back: Option<Amount>,
    /// `RsltnRltdInf/IntrBkSttlmDt`: when.
    pub comes_back_on: Option<Date>,
}

/// The answers of a message, in its order; after the first error nothing more.
///
/// Each payment that is named is one; where none is named, what is around them is.
pub struct Answers<R> {
    stream: Stream<R>,
    notes: Notes,
    answered: Answered,
    next: Option<Answer>,
    failed: Option<ReadError>,
}

/// How many answers there were inside what is open.
#[derive(Default)]
struct Answered {
    in_block: bool,
    in_details: bool,
    count: u64,
}

/// Reads a message to its first answer; the iterator gives them all.
///
/// # Errors
/// The file cannot be read, or is no camt.029.001.09.
pub fn read_answers<R: Read>(source: R) -> Result<Answers<R>, ReadError> {
    let (stream, notes) = (Stream::new(source, &ANSWER), Notes::default());
    let mut answers = Answers { stream, notes, answered: Answered::default(), next: None, failed: None };
    answers.next = answers.advance()?;
    Ok(answers)
}

impl<R: Read> Answers<R> {
    /// What the message says of itself.
    #[must_use]
    pub fn head(&self) -> &AnswersHead {
        &self.notes.head
    }

    fn advance(&mut self) -> Result<Option<Answer>, ReadError> {
        loop {
            let to = match self.stream.step(&mut self.notes)? {
                Step::Whole(Tag::PaymentAnswer) => AnswerTo::Payment,
                Step::Ended(Tag::Block) if !std::mem::take(&mut self.answered.in_block) => AnswerTo::Block,
                Step::Ended(Tag::Details) if !std::mem::take(&mut self.answered.in_details) => {
                    if self.notes.details.original_message_id.is_none() {
                        continue;
                    }
                    AnswerTo::Message
                }
                Step::Done if self.answered.count == 0 => AnswerTo::Recall,
                Step::Done => return Ok(None),
                _ => continue,
            };
            self.answered = Answered {
                in_block: to == AnswerTo::Payment && self.notes.is_in_block,
                in_details: to != AnswerTo::Message,
                count: self.answered.count.saturating_add(1),
            };
            return Ok(Some(self.answer(to)));
        }
    }

    fn answer(&mut self, to: AnswerTo) -> Answer {
        let Notes { head, message, details, block, payment, .. } = &mut self.notes;
        let payment = std::mem::take(payment);
        let outer = [&*details, &*message];
        // From near to far: what is nearer says more.
        let near: Vec<&Level> = match to {
            AnswerTo::Payment => [&payment, &*block].into_iter().chain(outer).collect(),
            AnswerTo::Block => [&*block].into_iter().chain(outer).collect(),
            AnswerTo::Message | AnswerTo::Recall => outer.to_vec(),
        };
        let nearest = |of: fn(&Level) -> &Option<String>| near.iter().find_map(|level| of(level).clone());
        let status_code = nearest(|level| &level.status).or_else(|| head.confirmation.clone());
        let named = near.iter().find(|level| level.original_message_id.is_some());
        Answer {
            line: self.stream.began().line,
            assignment_id: head.assignment_id.clone(),
            to,
            case_id: nearest(|level| &level.case_id).or_else(|| head.case_id.clone()),
            cancellation_id: nearest(|level| &level.cancellation_id),
            original_message_id: named.and_then(|level| level.original_message_id.clone()),
            original_message_name: named.and_then(|level| level.original_message_name.clone()),
            payment_info_id: nearest(|level| &level.payment_info_id),
            status: status_code.as_deref().map_or(RecallStatus::Other, RecallStatus::from_code),
            status_code,
            reasons: near
                .iter()
                .map(|level| &level.reasons)
                .find(|found| !found.is_empty())
                .cloned()
                .unwrap_or_default(),
            answer_id: payment.answer_id.clone(),
            instruction_id: payment.instruction_id.clone(),
            end_to_end_id: payment.end_to_end_id.clone(),
            transaction_id: payment.transaction_id.clone(),
            uetr: payment.uetr.clone(),
            original: payment.original,
            comes_back: near.iter().find_map(|level| level.comes_back),
            comes_back_on: near.iter().find_map(|level| level.comes_back_on),
        }
    }
}

impl<R: Read> Iterator for Answers<R> {
    type Item = Result<Answer, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(mut answer) = self.next.take() else { return self.failed.take().map(Err) };
        match self.advance() {
            Ok(next) => self.next = next,
            Err(error) => self.failed = Some(error),
        }
        // What the message resolves as a whole stands behind its payments: if there is one, it is about that one.
        if self.answered.count == 1 && self.failed.is_none() {
            let message = &self.notes.message;
            answer.comes_back = answer.comes_back.or(message.comes_back);
            answer.comes_back_on = answer.comes_back_on.or(message.comes_back_on);
        }
        Some(Ok(answer))
    }
}

/// What is noted of a payment, or of what is around payments.
#[derive(Default)]
struct Level {
    case_id: Option<String>,
    cancellation_id: Option<String>,
    answer_id: Option<String>,
    original_message_id: Option<String>,
    original_message_name: Option<String>,
    payment_info_id: Option<String>,
    instruction_id: Option<String>,
    end_to_end_id: Option<String>,
    transaction_id: Option<String>,
    uetr: Option<String>,
    status: Option<String>,
    reasons: Vec<Reason>,
    original: Option<Amount>,
    comes_back: Option<Amount>,
    comes_back_on: Option<Date>,
}

#[derive(Default)]
struct Notes {
    head: AnswersHead,
    at: AnswerTo,
    /// The message as a whole.
    message: Level,
    /// Payments that came in one message of ours.
    details: Level,
    block: Level,
    payment: Level,
    /// A block is open.
    is_in_block: bool,
}

impl Notes {
    fn level(&mut self) -> &mut Level {
        match self.at {
            AnswerTo::Recall => &mut self.message,
            AnswerTo::Message => &mut self.details,
            AnswerTo::Block => &mut self.block,
            AnswerTo::Payment => &mut self.payment,
        }
    }
}

impl<'a> Visitor<'a> for Notes {
    fn enter(&mut self, tag: Tag, _at: usize) {
        match tag {
            Tag::Details => {
                self.at = AnswerTo::Message;
                self.details = Level::default();
                self.block = Level::default();
            }
            Tag::Block => {
                self.at = AnswerTo::Block;
                self.is_in_block = true;
                self.block = Level::default();
            }
            Tag::PaymentAnswer => {
                if !self.is_in_block {
                    self.block = Level::default();
                }
                self.at = AnswerTo::Payment;
                self.payment = Level::default();
            }
            Tag::Reason => self.level().reasons.push(Reason::default()),
            _ => {}
        }
    }

    fn leaf(&mut self, tag: Tag, leaf: Leaf<'a>) -> Result<(), &'static str> {
        let at = self.at;
        let level = self.level();
        match tag {
            Tag::CancellationId if at == AnswerTo::Payment => level.answer_id = Some(id(&leaf)?),
            Tag::CancellationId => level.cancellation_id = Some(id(&leaf)?),
            Tag::CaseId if at == AnswerTo::Recall => self.head.case_id = Some(id(&leaf)?),
            Tag::CaseId => level.case_id = Some(id(&leaf)?),
            Tag::OriginalMessageId => level.original_message_id = Some(id(&leaf)?),
            Tag::OriginalMessageName => level.original_message_name = Some(id(&leaf)?),
            Tag::PaymentInfoId => level.payment_info_id = Some(id(&leaf)?),
            Tag::InstructionId => level.instruction_id = Some(id(&leaf)?),
            Tag::EndToEndId => level.end_to_end_id = Some(id(&leaf)?),
            Tag::TransactionId => level.transaction_id = Some(id(&leaf)?),
            Tag::Uetr => level.uetr = Some(uetr(&leaf)?),
            Tag::OriginalAmount => level.original = Some(money(&leaf)),
            Tag::ResolutionAmount => level.comes_back = Some(money(&leaf)),
            Tag::ResolutionDate => level.comes_back_on = Some(date(&leaf)?),
            Tag::ReasonCode | Tag::ReasonProprietary | Tag::ReasonText => {
                read_reason(&mut level.reasons, tag, &leaf)?;
            }
            Tag::GroupStatus | Tag::BlockStatus | Tag::PaymentStatus => {
                let lawful: &[&str] = if tag == Tag::PaymentStatus {
                    &["ACCR", "RJCR", "PDCR"]
                } else {
                    &["ACCR", "RJCR", "PDCR", "PACR"]
                };
                if !lawful.contains(&&*leaf.text) {
                    return Err("This is no code for what became of a cancellation.");
                }
                level.status = Some(leaf.text.to_string());
            }
            Tag::Confirmation => self.head.confirmation = Some(code(&leaf)?),
            Tag::AssignmentId => self.head.assignment_id = id(&leaf)?,
            Tag::Bic | Tag::Member if at == AnswerTo::Recall => self.head.from.read(tag, &leaf)?,
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self, tag: Tag, _end: usize) {
        match tag {
            Tag::PaymentAnswer if self.is_in_block => self.at = AnswerTo::Block,
            Tag::PaymentAnswer => self.at = AnswerTo::Message,
            Tag::Block => {
                self.is_in_block = false;
                self.at = AnswerTo::Message;
            }
            Tag::Details => self.at = AnswerTo::Recall,
            _ => {}
        }
    }
}
