//! Money that came back from banks: what is booked of it, and what that makes of a payment. Pure.

use crate::batch::Batch;
use crate::message::bank::{Bearing, ReturnReason};
use crate::payment::State;
use crate::reason::Reason;
use denmark::Money;
use kernel::{Blind, Id, Refuse};
use serde::{Deserialize, Serialize};
use std::fmt;

/// By what it came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The bank's return brought it, whether of itself or asked to.
    Return,
    /// The bank answered that it gives it back. Its return is expected.
    Recall,
    /// Its payer, or the agency, took it back out of the waiting account.
    GivenBack,
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
        [Self::Return, Self::Recall, Self::GivenBack].into_iter().find(|how| how.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Recall => "recall",
            Self::GivenBack => "given_back",
        }
    }
}

/// What the bank called it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankSaid {
    /// Its id of the message.
    pub message_id: String,
    /// Its id of the return, or of the answer.
    pub reference: Option<String>,
    /// The date on which it settles.
    pub settled: Option<String>,
    /// Which bank brought it; none where that was the agency.
    pub bank: Option<String>,
    /// The account that it says the payment went to, as accounts are written.
    pub account: Option<String>,
    /// Its own code of why, where that is none that is known here.
    pub code: Option<String>,
    /// Whether all that it gives as reasons is known here, and by all of it the payee is still to have the money.
    pub is_owed: bool,
    /// Where it was no bank, but somebody took it back: who, and why.
    pub why: Option<String>,
}

impl fmt::Debug for BankSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BankSaid").field("message_id", &self.message_id).finish_non_exhaustive()
    }
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

impl MoneyBack {
    /// Whether something may follow of it for the account that it came from.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        let says_nothing = matches!(self.reason.bearing(), Bearing::Recalled | Bearing::Unwanted | Bearing::Nothing);
        self.how == How::Return && !says_nothing && self.said.account.is_some()
    }
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
    /// Whether it was ordered from the waiting account: there it comes back to.
    pub is_from_waiting: bool,
    /// Whether it can be ordered on to there: by its agreement, and as nobody asked for it back.
    pub can_go_on: bool,
}

/// What became of money that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// All of the payment has come back: it is [`State::Returned`], or [`State::Waiting`] once more.
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
    /// A part of what lies in the waiting account, of which all is ordered from there one day.
    Part,
    /// It does not lie in the waiting account.
    NotWaiting,
}

impl Refuse for BackRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "return.payment_unknown",
            Self::NotSent => "return.not_sent",
            Self::Amount => "return.amount",
            Self::Part => "return.part",
            Self::NotWaiting => "return.not_waiting",
        }
    }
}

impl fmt::Display for BackRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such payment",
            Self::NotSent => {
                "that payment is not with that bank: it was not sent on, has come back already, or went elsewhere since"
            }
            Self::Amount => "that is nothing, or more than what is left of that payment",
            Self::NotWaiting => "that payment does not lie in the waiting account",
            Self::Part => {
                "that payment lies in the waiting account, and comes back from there as a whole or not at all"
            }
        })
    }
}

impl Standing {
    /// Whether what comes back goes on to the waiting account: a bank returns all of it at once, and its payee is still to have it.
    #[must_use]
    pub fn goes_on(&self, back: &MoneyBack) -> bool {
        let is_all = self.back == 0 && self.money.is_some_and(|money| money.minor == back.amount);
        self.can_go_on && is_all && back.how == How::Return && back.said.is_owed
    }

    /// Books that so much came back.
    ///
    /// # Errors
    /// [`BackRefusal`]; nothing is booked then.
    pub fn take(&mut self, amount: i64) -> Result<Booked, BackRefusal> {
        let money = self.money.filter(|_| self.state.has_left()).ok_or(BackRefusal::NotSent)?;
        let back = self.back.checked_add(amount).filter(|back| amount > 0 && *back <= money.minor);
        let back = back.ok_or(BackRefusal::Amount)?;
        if back < money.minor {
            if self.state == State::Waiting {
                return Err(BackRefusal::Part);
            }
            self.back = back;
            return Ok(Booked::Part);
        }
        self.state = if self.is_from_waiting { State::Waiting } else { State::Returned };
        (self.back, self.is_from_waiting) = (0, false);
        Ok(Booked::Whole)
    }
}

/// What is recorded of a payment all of which came back for a reason, and is in `state` by that.
#[must_use]
pub const fn returned(state: State, reason: ReturnReason) -> (State, Option<Reason>) {
    match state {
        // Why stands with the money that came back.
        State::Waiting => (state, None),
        _ => (State::Returned, Some(Reason::Returned(reason))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use denmark::Currency;

    #[test]
    fn what_came_back_is_booked_up_to_what_was_paid() {
        use Booked::{Part, Whole};
        let check = |state, taken: &[i64], expected: &[Result<Booked, BackRefusal>]| {
            let money = Some(Money { minor: 100, currency: Currency::DKK });
            let mut standing = Standing { state, money, back: 0, is_from_waiting: false, can_go_on: false };
            let booked: Vec<_> = taken.iter().map(|amount| standing.take(*amount)).collect();
            assert_eq!(booked, expected, "{state:?} {taken:?}");
        };
        check(State::Routed, &[100], &[Ok(Whole)]);
        check(State::Passed, &[40, 60], &[Ok(Part), Ok(Whole)]);
        check(State::Routed, &[40, 61, 60], &[Ok(Part), Err(BackRefusal::Amount), Ok(Whole)]);
        check(State::Waiting, &[40, 101, 100], &[Err(BackRefusal::Part), Err(BackRefusal::Amount), Ok(Whole)]);
        check(State::Routed, &[0, -1, 101], &[Err(BackRefusal::Amount); 3]);
        check(State::Routed, &[100, 1], &[Ok(Whole), Err(BackRefusal::NotSent)]);
        for state in State::ALL.into_iter().filter(|state| !state.has_left()) {
            check(state, &[100], &[Err(BackRefusal::NotSent)]);
        }
        let money = Some(Money { minor: 100, currency: Currency::DKK });
        let mut ordered = Standing { state: State::Routed, money, back: 0, is_from_waiting: true, can_go_on: false };
        assert_eq!((ordered.take(30), ordered.take(70), ordered.state), (Ok(Part), Ok(Whole), State::Waiting));
        assert_eq!((ordered.take(100), ordered.state), (Ok(Whole), State::Returned));
    }

    #[test]
    fn what_comes_back_at_once_and_is_still_owed_goes_on() {
        let check = |can_go_on, back, amount, how, is_owed, expected: bool| {
            let money = Some(Money { minor: 100, currency: Currency::DKK });
            let standing = Standing { state: State::Routed, money, back, is_from_waiting: false, can_go_on };
            let (key, reason, said) =
                (Blind::default(), ReturnReason::UNSAID, BankSaid { is_owed, ..BankSaid::default() });
            let came = MoneyBack { key, batch: Id::new(1), number: 0, amount, how, reason, said };
            assert_eq!(standing.goes_on(&came), expected, "{standing:?} {came:?}");
        };
        check(true, 0, 100, How::Return, true, true);
        check(false, 0, 100, How::Return, true, false);
        check(true, 0, 99, How::Return, true, false);
        check(true, 60, 40, How::Return, true, false);
        check(true, 0, 100, How::Recall, true, false);
        check(true, 0, 100, How::Return, false, false);
    }
}
