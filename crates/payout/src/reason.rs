//! Why a payment, or a whole file, is not routed: ISO 20022 external status reason codes, each with one plain sentence.

use crate::message::STATUS_TEXT_LENGTH_MAX;
use crate::message::bank::ReturnReason;
use crate::payment::State;
use registry::payer::PayerKind;

/// A reason for one payment. The order is the order in which they are looked for: the first that holds is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The end-to-end id stands earlier in the file.
    DuplicateEndToEndId,
    /// No identification that is known here, or an impossible number.
    Identification,
    /// Nothing is to be paid.
    ZeroAmount,
    /// Not an amount of its currency.
    InvalidAmount,
    /// The execution date is not one.
    InvalidDate,
    /// The execution date is past.
    PastDate,
    /// The execution date is more than 366 days ahead.
    DistantDate,
    /// No register lists the payee.
    NotInRegister,
    /// The payee is dead.
    Dead,
    /// No account is designated.
    NoAccount,
    /// The account was closed.
    Closed,
    /// The account is frozen.
    Frozen,
    /// The account does not take the currency.
    Currency,
    /// The account is marked.
    Marked,
    /// The account has more payees than can be explained.
    Collecting,
    /// A change of the account waits.
    ChangePending,
    /// The account took another's place shortly before.
    RecentChange,
    /// Who let the batch go had a part in changing the account.
    OwnChange,
    /// Somebody stopped it.
    Stopped,
    /// The payer cancelled it.
    Cancelled,
    /// What a private payer is told of what it may not know.
    Checked,
    /// The bank sent it back, for this reason.
    Returned(ReturnReason),
}

impl Reason {
    const ALL: [(Self, &'static str, &'static str); 21] = [
        (Self::DuplicateEndToEndId, "DU04", "The end-to-end id was used earlier in this file."),
        (Self::Identification, "BE17", "The payee's CPR, CVR, SE or P number is missing or impossible."),
        (Self::ZeroAmount, "AM01", "The amount is zero."),
        (
            Self::InvalidAmount,
            "AM12",
            "The amount is too large, or not a positive amount with the decimals of its currency.",
        ),
        (Self::InvalidDate, "DT01", "The requested execution date is not a date."),
        (Self::PastDate, "CH04", "The requested execution date is before today in Denmark."),
        (Self::DistantDate, "CH03", "The requested execution date is more than 366 days ahead."),
        (Self::NotInRegister, "BE06", "The payee is not in the register."),
        (Self::Dead, "MD07", "The payee is dead."),
        (Self::NoAccount, "AC03", "The payee has no registered account."),
        (Self::Closed, "AC07", "The payee's registered account was closed."),
        (Self::Frozen, "AC06", "The payee's registered account is frozen."),
        (Self::Currency, "AM03", "The payee's registered account does not take this currency."),
        (Self::Marked, "FR01", "The account that it would go to is marked: a suspicion about it was agreed."),
        (Self::Collecting, "RR04", "The payee's registered account has unusually many payees and is to be looked at."),
        (Self::ChangePending, "NARR", "A change of the payee's registered account is proposed and has not ended."),
        (Self::RecentChange, "AC15", "The payee's registered account was changed shortly before."),
        (Self::OwnChange, "DS0H", "Who released it had a part in changing the account: another person releases it."),
        (Self::Stopped, "MS02", "The payment was stopped."),
        (Self::Cancelled, "DS02", "The payment was cancelled before it was released."),
        (Self::Checked, "MS03", "The payment waits for a check by the registry."),
    ];

    /// What a payer of a kind is told. A private one learns of no suspicion, and of no change of an account, nor when it was.
    #[must_use]
    pub const fn told(self, kind: PayerKind) -> Self {
        match (kind, self) {
            (
                PayerKind::Private,
                Self::Marked | Self::Collecting | Self::ChangePending | Self::RecentChange | Self::OwnChange,
            ) => Self::Checked,
            _ => self,
        }
    }

    /// Of a payment that waits for this: it, in a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAccount => "no_account",
            Self::Frozen => "frozen",
            Self::Marked => "marked",
            Self::Collecting => "collecting",
            Self::ChangePending => "change_pending",
            Self::RecentChange => "recent_change",
            Self::OwnChange => "own_change",
            Self::Stopped => "stopped",
            _ => "checked",
        }
    }

    /// Of a payment that waits for this: who can do something about it.
    #[must_use]
    pub const fn owner(self) -> &'static str {
        match self {
            Self::NoAccount | Self::ChangePending => "payee",
            Self::OwnChange | Self::Stopped => "payer",
            Self::Marked => "contact",
            _ => "agency",
        }
    }

    /// Of a payment that waits for this: what ends it.
    #[must_use]
    pub const fn ends(self) -> &'static str {
        match self {
            Self::NoAccount => "account_designated",
            Self::ChangePending => "change_ended",
            Self::RecentChange => "time",
            Self::Marked => "mark_ended",
            Self::Collecting => "account_reviewed",
            Self::Frozen => "account_unfrozen_or_replaced",
            Self::OwnChange => "released_by_another",
            Self::Stopped => "resumed_or_cancelled",
            _ => "checked",
        }
    }

    /// Of those that have one: code and sentence.
    fn row(self) -> (&'static str, &'static str) {
        let row = Self::ALL.iter().find(|(reason, ..)| *reason == self);
        row.map(|(_, code, sentence)| (*code, *sentence)).expect("every reason of ours has its row")
    }

    /// The ISO 20022 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Returned(reason) => reason.code(),
            ours => ours.row().0,
        }
    }

    /// The same in a status report, which has a list of codes of its own.
    #[must_use]
    pub fn status_code(self) -> &'static str {
        match self {
            Self::Returned(reason) => reason.status().0,
            ours => ours.row().0,
        }
    }

    /// The sentence that goes with it.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Returned(reason) => reason.sentence(),
            ours => ours.row().1,
        }
    }

    /// The reason of ours with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(reason, ..)| *reason)
    }

    /// The reason with this code, of a payment in this state: what came back has the bank's.
    #[must_use]
    pub fn of_state(state: State, code: &str) -> Option<Self> {
        match state {
            State::Returned => ReturnReason::from_code(code).map(Self::Returned),
            _ => Self::from_code(code),
        }
    }
}

const _: () = {
    let mut at = 0;
    while at < Reason::ALL.len() {
        assert!(Reason::ALL[at].2.len() <= STATUS_TEXT_LENGTH_MAX, "AddtlInf holds no more");
        at += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_code() {
        let mut last = None;
        for (reason, code, sentence) in Reason::ALL {
            assert!(last < Some(reason), "{reason:?} is in the order in which reasons are looked for");
            assert_eq!((reason.code(), reason.sentence()), (code, sentence));
            assert_eq!(Reason::of_state(State::Held, code), Some(reason));
            last = Some(reason);
        }
        for reason in ReturnReason::all() {
            assert_eq!(Reason::of_state(State::Returned, reason.code()), Some(Reason::Returned(reason)));
        }
    }
}
