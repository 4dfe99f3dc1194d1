//! What a bank returned and of what nobody knows which payment it was: the work list. Pure.

use crate::back::{BackRefusal, BankSaid};
use crate::stray::{List, Stray, read_money};
use denmark::Money;
use kernel::{Blind, Id, Refuse, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of what whoever decides about one says of it.
const WHY_CHARS_MAX: usize = 500;

/// Why it was not booked by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The bank does not say the end-to-end id.
    NoEndToEndId,
    /// It does not say the account that the payment went to.
    NoAccount,
    /// What comes back is no amount that can be booked.
    NoAmount,
    /// No payment that is with a bank has this end-to-end id, amount and account.
    NoPayment,
    /// More than one has.
    Several,
    /// Not all of the payment comes back.
    Part,
    /// It is neither the payer's bank nor the account's that says so.
    OtherBank,
    /// The payment left to that account more than once.
    TriedAgain,
}

impl Why {
    /// Each, with its name and a sentence.
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::NoEndToEndId, "no_end_to_end_id", "the bank does not say the end-to-end id"),
        (Self::NoAccount, "no_account", "the bank does not say the account that the payment went to"),
        (Self::NoAmount, "no_amount", "the bank says no amount that can be booked"),
        (Self::NoPayment, "no_payment", "no payment that is with a bank has this end-to-end id, amount and account"),
        (Self::Several, "several", "several payments have this end-to-end id, amount and account"),
        (Self::Part, "part", "less than the payment came to comes back"),
        (Self::OtherBank, "other_bank", "it was brought by neither the payer's bank nor the account's"),
        (
            Self::TriedAgain,
            "tried_again",
            "the payment was sent there more than once, and the bank does not say which time this is",
        ),
    ];

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// In a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(why, ..)| *why)
    }
}

const _: () = {
    let mut at = 0;
    while at < Why::ALL.len() {
        assert!(Why::ALL[at].0 as usize == at, "the table is in the order of the reasons");
        at += 1;
    }
};

/// A return on the work list.
#[derive(Clone)]
pub struct StrayReturn {
    /// Its name.
    pub id: Id<Self>,
    /// When it came.
    pub at: Timestamp,
    /// Blind: what the bank's message called it, as of [`crate::back::MoneyBack`].
    pub key: Blind,
    /// What the bank called it.
    pub said: BankSaid,
    /// Of which payment the bank says that it is.
    pub end_to_end_id: Option<String>,
    /// What comes back.
    pub money: Option<Money>,
    /// The bank's reason: an ISO code that is known here.
    pub reason: String,
    /// Why it is here.
    pub why: Why,
}

impl fmt::Debug for StrayReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StrayReturn").field("id", &self.id).field("why", &self.why).finish_non_exhaustive()
    }
}

/// What is sealed of one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Written {
    said: BankSaid,
    end_to_end_id: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    reason: String,
    why: String,
}

impl Stray for StrayReturn {
    const LIST: List = List::Returns;
    type Written = Written;

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn key(&self) -> &Blind {
        &self.key
    }

    fn written(&self) -> Written {
        Written {
            said: self.said.clone(),
            end_to_end_id: self.end_to_end_id.clone(),
            amount: self.money.map(|money| money.minor),
            currency: self.money.map(|money| money.currency.as_str().to_owned()),
            reason: self.reason.clone(),
            why: self.why.name().to_owned(),
        }
    }

    fn read(id: Id<Self>, at: Timestamp, key: Blind, written: Written) -> Option<Self> {
        let Written { said, end_to_end_id, amount, currency, reason, why } = written;
        let money = read_money(amount, currency.as_deref())?;
        Some(Self { id, at, key, said, end_to_end_id, money, reason, why: Why::parse(&why)? })
    }
}

/// Why nothing can be done about a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnRefusal {
    /// The file is not what it must be.
    File {
        /// The code of ISO 20022.
        code: &'static str,
        /// The line.
        line: u64,
        /// In it.
        place: String,
        /// A plain sentence, without any content of the file.
        text: String,
    },
    /// It has more returns than are booked together, or more bytes.
    TooMany,
    /// It returns a whole message, without naming its payments.
    Group,
    /// There is none of that name on the work list.
    Unknown,
    /// Somebody has decided about it.
    Settled,
    /// Not said why, in some words on one line.
    Why,
    /// It comes to nothing that can be booked.
    NoAmount,
    /// The payment is in another currency.
    Currency,
    /// It cannot be booked.
    Back(BackRefusal),
}

impl Refuse for ReturnRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "return.file",
            Self::TooMany => "return.too_many",
            Self::Group => "return.group",
            Self::Unknown => "return.unknown",
            Self::Settled => "return.settled",
            Self::Why => "return.why",
            Self::NoAmount => "return.no_amount",
            Self::Currency => "return.currency",
            Self::Back(refusal) => refusal.code(),
        }
    }
}

impl fmt::Display for ReturnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File { code, line, place, text } => return write!(f, "{code} in line {line}, {place}: {text}"),
            Self::TooMany => "a file of returns has 5,000 of them at most, and 32 MiB",
            Self::Group => "it returns a whole message and names none of its payments; each has to be named",
            Self::Unknown => "there is no return of that name on the work list",
            Self::Settled => "somebody has decided about that return",
            Self::Why => "say why, in 1 to 500 characters on one line",
            Self::NoAmount => "the bank said no amount that can be booked; ask it for another message",
            Self::Currency => "that payment is in another currency",
            Self::Back(refusal) => return refusal.fmt(f),
        })
    }
}

impl From<BackRefusal> for ReturnRefusal {
    fn from(refusal: BackRefusal) -> Self {
        Self::Back(refusal)
    }
}

/// Whether somebody has said why.
///
/// # Errors
/// [`ReturnRefusal::Why`].
pub fn require_why(why: &str) -> Result<(), ReturnRefusal> {
    let length = why.chars().count();
    let is_said = (1..=WHY_CHARS_MAX).contains(&length) && !why.trim().is_empty() && !why.contains(char::is_control);
    if is_said { Ok(()) } else { Err(ReturnRefusal::Why) }
}
