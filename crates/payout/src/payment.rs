//! One payment: what is decided of it, from what the file says and what the registry holds. Pure.

use crate::message::{AmountFault, Payee, Payment};
use crate::reason::Reason;
use denmark::{Currency, Money};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::{Blind, Id};
use registry::account::DesignatedAccount;
use registry::designation::Designation;
use registry::payer::NoAccount;
use registry::resolve::Resolution;
use registry::watch::{Against, Watched};

/// How far ahead an execution date may lie.
const EXECUTION_DAYS_MAX: i64 = 366;

/// What holds of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Completed with the payee's account and sent on.
    Routed,
    /// Sent on as it came: it named an account, or is a cheque.
    Passed,
    /// Waits.
    Held,
    /// Goes back.
    Rejected,
    /// Was held, and cancelled.
    Cancelled,
}

impl State {
    /// Every state, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Routed, Self::Passed, Self::Held, Self::Rejected, Self::Cancelled];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// As people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Passed => "passed",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is decided of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To this account: the payee's, by this designation, or without one the account that the payer's agreement names.
    Route(Option<Id<Designation>>, DesignatedAccount),
    /// As it came.
    Pass,
    /// It waits: because the payee has no account yet, because of the account, or (without a reason) because the payer asked for it.
    Hold(Option<Reason>),
    /// It goes back.
    Reject(Reason),
}

impl Verdict {
    /// The state, the reason and the designation that are recorded.
    #[must_use]
    pub fn recorded(&self) -> (State, Option<Reason>, Option<Id<Designation>>) {
        match self {
            Self::Route(designation, _) => (State::Routed, None, *designation),
            Self::Pass => (State::Passed, None, None),
            Self::Hold(reason) => (State::Held, *reason, None),
            Self::Reject(Reason::Cancelled) => (State::Cancelled, Some(Reason::Cancelled), None),
            Self::Reject(reason) => (State::Rejected, Some(*reason), None),
        }
    }
}

/// What is wrong with a block's execution date, if anything.
#[must_use]
pub fn check_date(date: Result<Date, ()>, today: Date) -> Option<Reason> {
    match date {
        Err(()) => Some(Reason::InvalidDate),
        Ok(date) if date < today => Some(Reason::PastDate),
        Ok(date) if today.checked_add(EXECUTION_DAYS_MAX.days()).is_ok_and(|last| date > last) => {
            Some(Reason::DistantDate)
        }
        Ok(_) => None,
    }
}

/// Whether the file leaves the account to the registry.
#[must_use]
pub fn needs_account(payment: &Payment<'_>, block_is_cheque: bool) -> bool {
    !(payment.has_account || payment.is_cheque || block_is_cheque)
}

/// What the file alone is enough to refuse, after a duplicate id and before anything is looked up.
#[must_use]
pub fn refused_by_itself(payment: &Payment<'_>, needs_account: bool, date: Option<Reason>) -> Option<Reason> {
    if needs_account && !matches!(payment.payee, Payee::Named(_)) {
        return Some(Reason::Identification);
    }
    match payment.money {
        Err(AmountFault::Zero) => return Some(Reason::ZeroAmount),
        Err(AmountFault::Invalid) => return Some(Reason::InvalidAmount),
        Ok(_) => {}
    }
    date
}

/// The currency that reaches the payee.
#[must_use]
pub fn paid_currency(payment: &Payment<'_>) -> Option<Currency> {
    payment.transfer_currency.or(payment.money.ok().map(|Money { currency, .. }| currency))
}

/// What the registry's answer means for a payment in this currency.
#[must_use]
pub fn decide(resolution: Resolution, currency: Option<Currency>, no_account: &NoAccount) -> Verdict {
    let (designation, account) = match resolution {
        Resolution::NotInRegister => return Verdict::Reject(Reason::NotInRegister),
        Resolution::Dead => return Verdict::Reject(Reason::Dead),
        Resolution::NoAccount => match no_account {
            NoAccount::Reject => return Verdict::Reject(Reason::NoAccount),
            NoAccount::Hold => return Verdict::Hold(Some(Reason::NoAccount)),
            NoAccount::PayTo(account) => (None, *account),
        },
        Resolution::Closed => return Verdict::Reject(Reason::Closed),
        Resolution::Frozen => return Verdict::Reject(Reason::Frozen),
        Resolution::Account(designation, account) => (Some(designation), account),
    };
    if currency.is_some_and(|currency| account.takes(currency)) {
        Verdict::Route(designation, account)
    } else {
        Verdict::Reject(Reason::Currency)
    }
}

/// The same, where something may stand against the account; and the account's blind index, where it is watched. Where the payer's
/// agreement names the account, it is the payer's own.
#[must_use]
pub fn look(verdict: Verdict, watched: &Watched) -> (Verdict, Option<Blind>) {
    let Verdict::Route(Some(_), account) = &verdict else { return (verdict, None) };
    match watched.look(account) {
        None => (verdict, None),
        Some((key, None)) => (verdict, Some(key)),
        Some((key, Some(Against::Collecting))) => (Verdict::Hold(Some(Reason::Collecting)), Some(key)),
    }
}
