//! One payment: what is decided of it, from what the file says and what the registry holds. Pure.

use crate::message::{AmountFault, Payee, Payment};
use crate::reason::Reason;
use denmark::calendar::{banking_day_from, copenhagen_date};
use denmark::{Currency, Money};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::{Blind, Id, Timestamp};
use registry::account::DesignatedAccount;
use registry::ask::RECENT_DAYS;
use registry::controls::{Control, Controls, When};
use registry::designation::{ChannelKind, Designation};
use registry::life;
use registry::payer::{Agreement, NoAccount};
use registry::resolve::{InForce, Pending, Resolution};
use registry::terms::{OnFrozen, OnPending};
use registry::watch::{Against, Looked};

/// How far ahead an execution date may lie.
const EXECUTION_DAYS_MAX: i64 = 366;
const MICROS_PER_DAY: i64 = 86_400_000_000;

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
    /// Was sent on, and all of its money came back: it is the payer's again.
    Returned,
    /// Its money lies in the payer's waiting account, until its payee has one.
    Waiting,
}

impl State {
    /// Every state, in the order of their codes.
    pub const ALL: [Self; 7] =
        [Self::Routed, Self::Passed, Self::Held, Self::Rejected, Self::Cancelled, Self::Returned, Self::Waiting];

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
            Self::Returned => "returned",
            Self::Waiting => "waiting",
        }
    }

    /// Whether its money was sent, and is with a bank or in the waiting account.
    #[must_use]
    pub const fn has_left(self) -> bool {
        matches!(self, Self::Routed | Self::Passed | Self::Waiting)
    }
}

/// What is decided of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To this account: the payee's, by this designation, or without one the payer's waiting account.
    Route(Option<Id<Designation>>, DesignatedAccount),
    /// As it came.
    Pass,
    /// It waits, for a reason of its own; or without one for its batch to be let go.
    Hold(Option<Reason>),
    /// It goes back.
    Reject(Reason),
}

impl Verdict {
    /// The state, the reason and the designation that are recorded.
    #[must_use]
    pub fn recorded(&self) -> (State, Option<Reason>, Option<Id<Designation>>) {
        match self {
            Self::Route(Some(designation), _) => (State::Routed, None, Some(*designation)),
            Self::Route(None, _) => (State::Waiting, None, None),
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

/// On which day payments are carried out that leave at a moment, some time after their file came in: on the one that it asks for, or where
/// that is past by then on the first banking day.
#[must_use]
pub fn carried_out(asked: Date, left: jiff::Timestamp) -> Date {
    let today = copenhagen_date(left);
    if asked < today { banking_day_from(today) } else { asked }
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

/// What makes a payer's payments wait or go back: its agreement, the controls as what no agreement goes below, and whether its waiting
/// account is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demands {
    no_account: NoAccount,
    is_waiting_account_marked: bool,
    holds_frozen: bool,
    pending: When,
    after_change_banking_days: u16,
}

impl Demands {
    /// What is demanded of the payments of a payer, of whose waiting account so much is to be known. That many payees' money goes there
    /// is what it is for.
    #[must_use]
    pub fn of(agreement: &Agreement, controls: &Controls, of_waiting_account: Looked) -> Self {
        let terms = &agreement.terms;
        let pending = if terms.pending == OnPending::Hold { When::Always } else { controls.when(Control::HoldPending) };
        Self {
            no_account: agreement.no_account,
            is_waiting_account_marked: of_waiting_account.against == Some(Against::Marked),
            holds_frozen: terms.frozen == OnFrozen::Hold,
            pending,
            after_change_banking_days: terms.hold_after_change.max(controls.get(Control::HoldAfterChange)),
        }
    }

    /// Of what lies in the waiting account already: that it is marked keeps nothing from there.
    #[must_use]
    pub const fn of_lying(self) -> Self {
        Self { is_waiting_account_marked: false, ..self }
    }

    /// Until when payments to an account wait that has been the payee's since a moment, if they still do.
    fn waits_until(&self, changed: Option<(Timestamp, ChannelKind)>, now: Timestamp) -> Option<Timestamp> {
        let (since, _) = changed?;
        Some(life::in_force_from(since, self.after_change_banking_days)).filter(|until| now < *until)
    }

    /// Whether payments wait while so much does of their account.
    fn waits_for(&self, pending: Pending) -> bool {
        match pending {
            Pending::Nothing => false,
            Pending::Change => self.pending.applies(false),
            Pending::Contested => self.pending.applies(true),
        }
    }
}

/// What is decided of a payment, and what its payer may be told beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// What becomes of it.
    pub verdict: Verdict,
    /// What is new of the account that it would go to.
    pub news: Option<News>,
    /// Until when it waits, of what waits for a moment.
    pub until: Option<Timestamp>,
    /// The blind index of the account that it would go to, where it is noted who is paid to that.
    pub noted: Option<Blind>,
}

impl Decided {
    /// Of a payment whose account nothing is known of.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Self {
        Self { verdict, news: None, until: None, noted: None }
    }
}

/// What is new of an account: told to the payer before the payment is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    /// How many whole days ago it took the place of something else, and by which channel; none if that is longer ago than
    /// [`RECENT_DAYS`], or it never did.
    pub changed: Option<(u8, ChannelKind)>,
    /// Whether a change of it waits.
    pub is_pending: bool,
}

impl News {
    /// What is new of an account, if anything is.
    #[must_use]
    pub fn of(account: &InForce, now: Timestamp) -> Option<Self> {
        let days = |since: Timestamp| now.micros().saturating_sub(since.micros()).max(0) / MICROS_PER_DAY;
        let changed = account.changed.map(|(since, channel)| (days(since), channel));
        let changed = changed.filter(|(days, _)| *days < RECENT_DAYS);
        let news = Self {
            changed: changed.and_then(|(days, channel)| Some((u8::try_from(days).ok()?, channel))),
            is_pending: account.pending != Pending::Nothing,
        };
        (news.changed.is_some() || news.is_pending).then_some(news)
    }

    /// As the store knows it: whether something waits in the lowest bit, the channel in seven more, and above them the days and one.
    #[must_use]
    pub fn code(self) -> i64 {
        let changed = self.changed.map_or(0, |(days, channel)| ((i64::from(days) + 1) << 8) | (channel.code() << 1));
        changed | i64::from(self.is_pending)
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        let changed = match code >> 8 {
            0 => None,
            days => Some((u8::try_from(days - 1).ok()?, ChannelKind::from_code((code >> 1) & 0x7f)?)),
        };
        Some(Self { changed, is_pending: code & 1 == 1 })
    }

    /// In plain words.
    pub fn sentences(self) -> impl Iterator<Item = String> {
        let changed = self.changed.map(|(days, channel)| {
            let channel = channel.name().replace('_', "-");
            format!("The account took another's place {days} days ago; channel: {channel}.")
        });
        let pending = self.is_pending.then(|| "A change of the account is proposed and not in force.".to_owned());
        changed.into_iter().chain(pending)
    }
}

/// What the registry's answer means for a payment in this currency; `looked` is what is to be known of the account.
#[must_use]
pub fn decide(
    resolution: Resolution,
    currency: Option<Currency>,
    looked: Looked,
    demands: &Demands,
    now: Timestamp,
) -> Decided {
    let rejected = |reason| Decided::of(Verdict::Reject(reason));
    let held = |reason| Decided::of(Verdict::Hold(Some(reason)));
    let takes = |account: &DesignatedAccount| currency.is_some_and(|currency| account.takes(currency));
    let account = match resolution {
        Resolution::NotInRegister => return rejected(Reason::NotInRegister),
        Resolution::Dead => return rejected(Reason::Dead),
        Resolution::NoAccount => {
            return match demands.no_account {
                NoAccount::Reject => rejected(Reason::NoAccount),
                NoAccount::Hold => held(Reason::NoAccount),
                NoAccount::PayTo(account) if takes(&account) && demands.is_waiting_account_marked => {
                    held(Reason::Marked)
                }
                NoAccount::PayTo(account) if takes(&account) => Decided::of(Verdict::Route(None, account)),
                NoAccount::PayTo(_) => rejected(Reason::Currency),
            };
        }
        Resolution::Closed => return rejected(Reason::Closed),
        Resolution::Frozen if demands.holds_frozen => return held(Reason::Frozen),
        // Nobody has said yet that it is not the payee's: what would go back could not be taken back.
        Resolution::Contested => return held(Reason::Frozen),
        Resolution::Frozen => return rejected(Reason::Frozen),
        Resolution::Account(account) => account,
    };
    if !takes(&account.account) {
        return rejected(Reason::Currency);
    }
    let until = demands.waits_until(account.changed, now);
    let held = match looked.against {
        Some(against) => Some(reason_of(against)),
        None if demands.waits_for(account.pending) => Some(Reason::ChangePending),
        None => until.map(|_| Reason::RecentChange),
    };
    Decided {
        verdict: match held {
            Some(reason) => Verdict::Hold(Some(reason)),
            None => Verdict::Route(Some(account.designation), account.account),
        },
        news: News::of(&account, now),
        until: until.filter(|_| held == Some(Reason::RecentChange)),
        noted: looked.noted,
    }
}

/// What is decided of a payment that names its account itself, by what is to be known of that.
#[must_use]
pub fn decide_named(looked: Looked) -> Decided {
    let verdict = looked.against.map_or(Verdict::Pass, |against| Verdict::Hold(Some(reason_of(against))));
    Decided { noted: looked.noted, ..Decided::of(verdict) }
}

const fn reason_of(against: Against) -> Reason {
    match against {
        Against::Marked => Reason::Marked,
        Against::Collecting => Reason::Collecting,
    }
}

#[cfg(test)]
mod tests;
