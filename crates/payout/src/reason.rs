//! Why a payment, or a whole file, is not routed: ISO 20022 external status reason codes, each with one plain sentence.

use crate::message::STATUS_TEXT_LENGTH_MAX;

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
    /// The account has many payees, and somebody looks at it.
    Collecting,
    /// The payer cancelled it.
    Cancelled,
}

impl Reason {
    const ALL: [(Self, &'static str, &'static str); 15] = [
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
        (Self::Collecting, "RECI", "The payee's account has many payees, and is being looked at."),
        (Self::Cancelled, "DS02", "The payment was cancelled before it was released."),
    ];

    /// The ISO 20022 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The sentence that goes with it.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(reason, ..)| *reason)
    }
}

const _: () = {
    let mut at = 0;
    while at < Reason::ALL.len() {
        assert!(Reason::ALL[at].0 as usize == at, "the table is in the order of the reasons");
        assert!(Reason::ALL[at].2.len() <= STATUS_TEXT_LENGTH_MAX, "AddtlInf holds no more");
        at += 1;
    }
};
