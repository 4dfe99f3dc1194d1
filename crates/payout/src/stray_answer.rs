//! What a bank answered to a recall and of what nobody knows which payment of ours it is about: the work list. Pure.

use crate::message::bank::{Amount, Answer};
use crate::recall::AnswerRecord;
use crate::stray::{List, Stray, read_money};
use denmark::Money;
use kernel::{Blind, Domain, Id, Timestamp, Vault};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Reasons that are kept of one answer, and the characters of each text of it. Messages may have more.
const REASONS_MAX: usize = 10;
const TEXT_CHARS_MAX: usize = 500;

/// Why an answer is taken to be about nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// No recall of ours has this case or this cancellation.
    Case,
    /// That recall asks for no such payment, or for several that are alike.
    Payment,
    /// It is another amount, or in another currency.
    Amount,
}

impl Mismatch {
    const ALL: [Self; 3] = [Self::Case, Self::Payment, Self::Amount];

    /// In a word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Case => "answer.case",
            Self::Payment => "answer.payment",
            Self::Amount => "answer.amount",
        }
    }

    /// In a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Case => "it names no recall of ours by its case or its cancellation",
            Self::Payment => "that recall asks for no such payment",
            Self::Amount => "what was paid, or what comes back, is not an amount of that payment",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.code() == code)
    }
}

/// What a bank's message says of what its answer is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The case: the name of a recall, if it is ours.
    pub case_id: Option<String>,
    /// The cancellation.
    pub cancellation_id: Option<String>,
    /// The message in which the payments stood.
    pub original_message_id: Option<String>,
    /// Their block.
    pub payment_info_id: Option<String>,
    /// The payer's end-to-end id.
    pub end_to_end_id: Option<String>,
    /// The payer's instruction id.
    pub instruction_id: Option<String>,
    /// The bank's id of the transfer.
    pub transaction_id: Option<String>,
    /// Its unique reference.
    pub uetr: Option<String>,
}

/// An answer on the work list.
#[derive(Clone)]
pub struct StrayAnswer {
    /// Its name.
    pub id: Id<Self>,
    /// When it came.
    pub at: Timestamp,
    /// Blind: by what the same answer is known again.
    pub key: Blind,
    /// Which bank brought it; none where the agency did.
    pub bank: Option<String>,
    /// The line of the message that it stands in.
    pub line: u64,
    /// What it says that it is about.
    pub names: Names,
    /// What comes back, where the bank said so.
    pub money: Option<Money>,
    /// What else was recorded.
    pub record: AnswerRecord,
    /// Why it is here.
    pub why: Mismatch,
}

impl fmt::Debug for StrayAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrayAnswer").field("id", &self.id).field("why", &self.why).finish_non_exhaustive()
    }
}

/// What is sealed of one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    bank: Option<String>,
    line: u64,
    names: Names,
    amount: Option<i64>,
    currency: Option<String>,
    record: AnswerRecord,
    why: String,
}

/// How much, where it is an amount.
fn money(amount: Option<Amount>) -> Option<Money> {
    amount.and_then(Result::ok)
}

fn cut(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
    }
}

impl StrayAnswer {
    /// Of an answer that stands `at` this place of its message.
    pub(crate) fn of(
        (answer, at): (&Answer, usize),
        bank: Option<&str>,
        mut record: AnswerRecord,
        why: Mismatch,
        vault: &Vault,
    ) -> Self {
        record.reasons.truncate(REASONS_MAX);
        record.reasons.iter_mut().filter_map(|(_, text)| text.as_mut()).for_each(cut);
        let names = Names {
            case_id: answer.case_id.clone(),
            cancellation_id: answer.cancellation_id.clone(),
            original_message_id: answer.original_message_id.clone(),
            payment_info_id: answer.payment_info_id.clone(),
            end_to_end_id: answer.end_to_end_id.clone(),
            instruction_id: answer.instruction_id.clone(),
            transaction_id: answer.transaction_id.clone(),
            uetr: answer.uetr.clone(),
        };
        let money = money(answer.comes_back);
        let amount = money.map(|money| (money.minor, money.currency.as_str().to_owned()));
        let parts = (bank, &record.assignment_id, at, &record.answer_id, &names, &record.status, amount);
        let key = vault.blind(Domain("stray_answer"), &serde_json::to_string(&parts).unwrap_or_default());
        let (bank, line) = (bank.map(str::to_owned), answer.line);
        Self { id: Id::new(0), at: Timestamp::from_micros(0), key, bank, line, names, money, record, why }
    }
}

impl Stray for StrayAnswer {
    const LIST: List = List::Answers;
    type Written = Written;

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn key(&self) -> &Blind {
        &self.key
    }

    fn written(&self) -> Written {
        Written {
            bank: self.bank.clone(),
            line: self.line,
            names: self.names.clone(),
            amount: self.money.map(|money| money.minor),
            currency: self.money.map(|money| money.currency.as_str().to_owned()),
            record: self.record.clone(),
            why: self.why.code().to_owned(),
        }
    }

    fn read(id: Id<Self>, at: Timestamp, key: Blind, written: Written) -> Option<Self> {
        let Written { bank, line, names, amount, currency, record, why } = written;
        let money = read_money(amount, currency.as_deref())?;
        Some(Self { id, at, key, bank, line, names, money, record, why: Mismatch::parse(&why)? })
    }
}
