//! A recall: payments of one completed file that are asked back of the bank that was to make them. Pure.
//!
//! Nobody sets where a recall stands. It was asked for, banks answered, money came back; where each of its payments stands follows from
//! that, and nothing of it is ever taken back.

use crate::batch::Batch;
use crate::message::Agent;
use crate::message::bank::{RecallReason, RecallStatus, is_uetr};
use crate::payment::State;
use denmark::Bic;
use jiff::civil::Date;
use kernel::{Blind, Id, Refuse, Timestamp};
use registry::officer::Silent;
use registry::payer::Payer;
use serde::{Deserialize, Serialize};
use std::fmt;

/// As many payments can be asked back with one command.
pub const RECALLED_MAX: usize = 10_000;

/// What was asked of one bank with one message (camt.055). Its name is the id of that message and of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    /// Its id.
    pub id: Id<Self>,
    /// Where its row stands in the journal: the order of recalls.
    pub place: i64,
    /// Whose payments they are.
    pub payer: Id<Payer>,
    /// The batch that they are of.
    pub batch: Id<Batch>,
    /// The stage at which they were sent on: which completed file they stand in.
    pub stage: i64,
    /// The bank that fetches it, as the agreement of the batch names it; none where the payer brings it there.
    pub bank: Option<Blind>,
    /// When.
    pub at: Timestamp,
    /// Why, as the bank is told.
    pub reason: RecallReason,
    /// What else was recorded.
    pub record: RecallRecord,
}

/// What a recall keeps sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallRecord {
    /// By whom it was asked for.
    pub by: String,
    /// Why, in the words of whoever asked; no bank is told.
    pub why: String,
    /// The bank that was to make the payments: its BIC, or else its member number.
    pub to: String,
    /// Whether it was asked for under a victim's case: only then is the bank told of fraud in words.
    pub is_of_case: bool,
}

/// How a bank made a payment, as it told: the message from bank to bank in which it stood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interbank {
    /// The message's id (`GrpHdr/MsgId`).
    pub message_id: String,
    /// The message's name: `pacs.008.001.08`.
    pub message_name: String,
    /// `PmtId/TxId`
    pub transaction_id: Option<String>,
    /// `PmtId/UETR`
    pub uetr: Option<String>,
    /// `IntrBkSttlmDt`, as it is written.
    pub settlement_date: String,
    /// Who told it.
    pub by: String,
}

impl Interbank {
    /// The day on which it was settled.
    #[must_use]
    pub fn settled_on(&self) -> Option<Date> {
        self.settlement_date.parse().ok()
    }

    /// Whether each of it can stand in a message.
    #[must_use]
    pub fn is_lawful(&self) -> bool {
        let is_id = |id: &str| !id.trim().is_empty() && id.chars().count() <= 35 && !id.contains(char::is_control);
        [Some(&self.message_id), Some(&self.message_name), self.transaction_id.as_ref()]
            .into_iter()
            .flatten()
            .all(|id| is_id(id))
            && self.uetr.as_deref().is_none_or(is_uetr)
            && self.settled_on().is_some()
    }
}

/// The bank that is written so: its BIC, or else its member number.
#[must_use]
pub fn agent(text: &str) -> Agent<'_> {
    if Bic::parse(text).is_ok() { Agent::Bic(text) } else { Agent::Member(text) }
}

/// Where the recall of one payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The bank has not answered.
    Asked,
    /// The bank is at it, or has asked the next one.
    Pending,
    /// The money is to come back, or some of it.
    Accepted,
    /// It does not come back.
    Refused,
    /// It came back: all that was to.
    CameBack,
}

impl Standing {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Asked, Self::Pending, Self::Accepted, Self::Refused, Self::CameBack];

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::CameBack => "came_back",
        }
    }

    /// Whether something is still expected of it. While it is, the payment is not asked back again.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Asked | Self::Pending | Self::Accepted)
    }
}

/// What a bank answered about one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// In a word.
    pub status: RecallStatus,
    /// What comes back of it, in minor units, where the bank said so.
    pub amount: Option<i64>,
}

impl Heard {
    /// Whether it is the bank's last word, as far as it knows.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.status, RecallStatus::Accepted | RecallStatus::Refused | RecallStatus::Partial)
    }

    /// What comes back of a payment of so much, in minor units; none where the bank did not say how much. Never more than was paid.
    #[must_use]
    pub fn comes_back(&self, paid: i64) -> Option<i64> {
        match self.status {
            RecallStatus::Accepted => Some(self.amount.unwrap_or(paid).clamp(0, paid)),
            RecallStatus::Partial => self.amount.map(|amount| amount.clamp(0, paid)),
            RecallStatus::Refused | RecallStatus::Pending | RecallStatus::Other => Some(0),
        }
    }
}

/// What an answer keeps sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRecord {
    /// Who brought it.
    pub by: String,
    /// The bank's id of its message.
    pub assignment_id: String,
    /// The bank's id of its answer.
    pub answer_id: Option<String>,
    /// The status, as it was given.
    pub status: Option<String>,
    /// Its reasons: a code of the standard's list or of the bank's own, and a text.
    pub reasons: Vec<(Option<String>, Option<String>)>,
    /// When the money is to be there, as it was given.
    pub on: Option<String>,
}

/// Where the recall of a payment stands, and what it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Where.
    pub standing: Standing,
    /// What is to come back in all, in minor units; none where nobody has said how much.
    pub expected: Option<i64>,
    /// Whether banks said one thing and then another. The last word holds.
    pub is_contradicted: bool,
}

impl Stands {
    /// Of a payment of `paid`, by what was `heard` of it in order, and by how much of it is back `since` it was asked for.
    #[must_use]
    pub fn of(paid: i64, heard: &[Heard], since: i64) -> Self {
        let finals = heard.iter().filter(|heard| heard.is_final());
        let last = finals.clone().next_back();
        let said = finals.filter_map(|heard| heard.comes_back(paid));
        let is_contradicted = said.clone().zip(said.skip(1)).any(|(one, next)| one != next);
        let expected = last.map_or(Some(paid), |last| last.comes_back(paid));
        let standing = match (last, expected) {
            _ if since > 0 && since >= expected.unwrap_or(paid) => Standing::CameBack,
            (Some(_), Some(0)) => Standing::Refused,
            (Some(_), _) => Standing::Accepted,
            (None, _) if heard.is_empty() => Standing::Asked,
            (None, _) => Standing::Pending,
        };
        Self { standing, expected, is_contradicted }
    }
}

/// Why a payment cannot be asked back, if it cannot.
///
/// # Errors
/// Those of the table in the documents, the first that applies.
pub fn require_recallable(state: State, is_open: bool) -> Result<(), RecallRefusal> {
    match state {
        State::Held => Err(RecallRefusal::Held),
        State::Rejected | State::Cancelled => Err(RecallRefusal::NotSent),
        State::Returned => Err(RecallRefusal::CameBack),
        State::Waiting => Err(RecallRefusal::Waiting),
        State::Routed | State::Passed if is_open => Err(RecallRefusal::Open),
        State::Routed | State::Passed => Ok(()),
    }
}

/// Why nothing is asked back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecallRefusal {
    /// There is no such recall.
    Unknown,
    /// No payment is named, or more than a command can take.
    Payments,
    /// A batch has no such payment.
    PaymentUnknown,
    /// It has not left.
    Held,
    /// It was never sent.
    NotSent,
    /// It came back already.
    CameBack,
    /// It lies in the payer's own waiting account.
    Waiting,
    /// It was asked back already.
    Open,
    /// Nobody knows which bank was to make it.
    NoBank,
    /// Not said why, in some words on one line.
    Why,
    /// No bank has told how it made the payments.
    NoTransfer,
    /// No bank has promised money of that payment that is not there yet.
    NotPromised,
    /// A message has more answers than are taken, or about more payments.
    TooMany,
    /// There is no answer of that name on the work list.
    AnswerUnknown,
    /// Somebody has looked at it.
    AnswerSettled,
}

impl Refuse for RecallRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "recall.unknown",
            Self::Payments => "recall.payments",
            Self::PaymentUnknown => "recall.payment_unknown",
            Self::Held => "recall.held",
            Self::NotSent => "recall.not_sent",
            Self::CameBack => "recall.came_back",
            Self::Waiting => "recall.waiting",
            Self::Open => "recall.open",
            Self::NoBank => "recall.no_bank",
            Self::Why => "recall.why",
            Self::NoTransfer => "recall.no_transfer",
            Self::NotPromised => "recall.not_promised",
            Self::TooMany => "recall.too_many",
            Self::AnswerUnknown => "recall.answer_unknown",
            Self::AnswerSettled => "recall.answer_settled",
        }
    }
}

impl fmt::Display for RecallRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no recall of that name",
            Self::Payments => "name at least one payment, and not more than 10,000",
            Self::PaymentUnknown => "that batch has no payment with that end-to-end id",
            Self::Held => "that payment has not left: stop or cancel it instead",
            Self::NotSent => "that payment was never sent on",
            Self::CameBack => "that payment has come back: it is the payer's again",
            Self::Waiting => "that payment lies in the payer's own waiting account",
            Self::Open => "that payment was asked back already, and more is expected of that",
            Self::NoBank => "neither the file nor the payer's agreement says which bank was to make that payment",
            Self::Why => "say why, in 1 to 500 characters on one line",
            Self::NoTransfer => "no bank has told how it made payments of that recall to that bank",
            Self::NotPromised => "no bank has said that it gives money of that payment back which is not there yet",
            Self::TooMany => "a message has 10,000 answers at most, about 100,000 payments: let it come in several",
            Self::AnswerUnknown => "there is no answer of that name on the work list",
            Self::AnswerSettled => "somebody has looked at that answer",
        })
    }
}

impl From<Silent> for RecallRefusal {
    fn from(Silent: Silent) -> Self {
        Self::Why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_recall_stands_follows_from_what_was_heard() {
        // A payment of 1000. A letter is an answer: (a)ccepted, (r)efused, (p)artial, (w)aits, (o)ther; a number what comes back.
        let check = |heard: &str, back: i64, expected: (&str, Option<i64>, bool)| {
            let heard: Vec<Heard> = heard
                .split_whitespace()
                .map(|word| {
                    let status = match &word[..1] {
                        "a" => RecallStatus::Accepted,
                        "r" => RecallStatus::Refused,
                        "p" => RecallStatus::Partial,
                        "w" => RecallStatus::Pending,
                        _ => RecallStatus::Other,
                    };
                    Heard { status, amount: word[1..].parse().ok() }
                })
                .collect();
            let Stands { standing, expected: comes, is_contradicted } = Stands::of(1000, &heard, back);
            assert_eq!((standing.name(), comes, is_contradicted), expected, "{heard:?} {back}");
        };
        check("", 0, ("asked", Some(1000), false));
        check("", 400, ("asked", Some(1000), false));
        check("", 1000, ("came_back", Some(1000), false));
        check("w", 0, ("pending", Some(1000), false));
        check("o", 0, ("pending", Some(1000), false));
        check("a", 0, ("accepted", Some(1000), false));
        check("a", 1000, ("came_back", Some(1000), false));
        check("w a1000 a", 1000, ("came_back", Some(1000), false));
        check("a400", 400, ("came_back", Some(400), false));
        check("p400", 0, ("accepted", Some(400), false));
        check("p400", 400, ("came_back", Some(400), false));
        check("p400 w", 399, ("accepted", Some(400), false));
        check("p", 0, ("accepted", None, false));
        check("p", 400, ("accepted", None, false));
        check("p", 1000, ("came_back", None, false));
        check("p0", 0, ("refused", Some(0), false));
        check("a5000", 0, ("accepted", Some(1000), false));
        check("r", 0, ("refused", Some(0), false));
        check("r w", 0, ("refused", Some(0), false));
        check("r a", 0, ("accepted", Some(1000), true));
        check("a r", 0, ("refused", Some(0), true));
        check("a r", 1000, ("came_back", Some(0), true));
        check("p p400", 400, ("came_back", Some(400), false));
        check("r r", 0, ("refused", Some(0), false));
    }

    #[test]
    fn a_payment_is_asked_back_when_it_has_left_and_not_twice() {
        let check = |state, is_open, expected: Result<(), RecallRefusal>| {
            assert_eq!(require_recallable(state, is_open), expected, "{state:?} {is_open}");
        };
        check(State::Routed, false, Ok(()));
        check(State::Passed, false, Ok(()));
        check(State::Routed, true, Err(RecallRefusal::Open));
        check(State::Held, false, Err(RecallRefusal::Held));
        check(State::Rejected, false, Err(RecallRefusal::NotSent));
        check(State::Cancelled, true, Err(RecallRefusal::NotSent));
        check(State::Returned, false, Err(RecallRefusal::CameBack));
        check(State::Waiting, false, Err(RecallRefusal::Waiting));
    }

    #[test]
    fn a_bank_is_known_by_what_is_written_of_it() {
        assert_eq!(agent("EKSBDK22"), Agent::Bic("EKSBDK22"));
        assert_eq!(agent("0040"), Agent::Member("0040"));
    }
}
