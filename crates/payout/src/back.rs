//! Money that came back from banks: what is booked of it, and what that makes of a payment. Pure.

use crate::batch::Batch;
use crate::message::bank::ReturnReason;
use crate::payment::State;
use crate::reason::Reason;
use denmark::Money;
use kernel::{Blind, Id, Refuse};
use serde::{Deserialize, Serialize};
use std::fmt;

/// By what it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The bank returned it of itself.
    Return,
    /// It was asked to.
    Recall,
}

impl How {
    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Return, Self::Recall].into_iter().find(|how| how.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Recall => "recall",
        }
    }
}

/// What the bank called it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankSaid {
    /// Its id of the message.
    pub message_id: String,
    /// Its id of the return, or of the answer.
    pub reference: Option<String>,
    /// The date on which it settles.
    pub settled: Option<String>,
}

/// Money of one payment that came back, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyBack {
    /// Blind: what the bank's message called it. It is booked once.
    pub key: Blind,
    /// The batch.
    pub batch: Id<Batch>,
    /// The payment's number in it.
    pub number: i64,
    /// How much, in the smallest unit of the payment's currency.
    pub amount: i64,
    /// By what.
    pub how: How,
    /// Why.
    pub reason: ReturnReason,
    /// What the bank called it.
    pub said: BankSaid,
}

/// What of a payment matters when money of it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What holds of it.
    pub state: State,
    /// What was paid; none where the file said no amount of its currency.
    pub money: Option<Money>,
    /// What of it came back since it was sent on last.
    pub back: i64,
}

/// What became of money that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// All of the payment has come back: it is [`State::Returned`].
    Whole,
    /// Some of it has: its state is what it was.
    Part,
    /// It was booked before.
    Before,
}

/// Why money cannot be booked as come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackRefusal {
    /// There is no such payment.
    Unknown,
    /// The payment is not with a bank.
    NotSent,
    /// Nothing, or more than there is of it.
    Amount,
}

impl Refuse for BackRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "return.payment_unknown",
            Self::NotSent => "return.not_sent",
            Self::Amount => "return.amount",
        }
    }
}

impl fmt::Display for BackRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such payment",
            Self::NotSent => "that payment is not with a bank: it was not sent on, or has come back already",
            Self::Amount => "that is nothing, or more than what is left of that payment",
        })
    }
}

impl Standing {
    /// Books that so much came back.
    ///
    /// # Errors
    /// [`BackRefusal`]; nothing is booked then.
    pub fn take(&mut self, amount: i64) -> Result<Booked, BackRefusal> {
        let money = self.money.filter(|_| self.state.has_left()).ok_or(BackRefusal::NotSent)?;
        let back = self.back.checked_add(amount).filter(|back| amount > 0 && *back <= money.minor);
        self.back = back.ok_or(BackRefusal::Amount)?;
        if self.back < money.minor {
            return Ok(Booked::Part);
        }
        (self.state, self.back) = (State::Returned, 0);
        Ok(Booked::Whole)
    }
}

/// What is recorded of a payment all of which came back for a reason.
#[must_use]
pub const fn returned(reason: ReturnReason) -> (State, Option<Reason>) {
    (State::Returned, Some(Reason::Returned(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use denmark::Currency;

    #[test]
    fn what_came_back_is_booked_up_to_what_was_paid() {
        use Booked::{Part, Whole};
        let check = |state, taken: &[i64], expected: &[Result<Booked, BackRefusal>]| {
            let mut standing = Standing { state, money: Some(Money { minor: 100, currency: Currency::DKK }), back: 0 };
            let booked: Vec<_> = taken.iter().map(|amount| standing.take(*amount)).collect();
            assert_eq!(booked, expected, "{state:?} {taken:?}");
        };
        check(State::Routed, &[100], &[Ok(Whole)]);
        check(State::Passed, &[40, 60], &[Ok(Part), Ok(Whole)]);
        check(State::Waiting, &[40, 61, 60], &[Ok(Part), Err(BackRefusal::Amount), Ok(Whole)]);
        check(State::Routed, &[0, -1, 101], &[Err(BackRefusal::Amount); 3]);
        check(State::Routed, &[100, 1], &[Ok(Whole), Err(BackRefusal::NotSent)]);
        for state in State::ALL.into_iter().filter(|state| !state.has_left()) {
            check(state, &[100], &[Err(BackRefusal::NotSent)]);
        }
    }
}
