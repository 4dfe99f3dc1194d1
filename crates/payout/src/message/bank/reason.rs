//! Why money comes back, why it is asked back, and what is answered: those codes of the standard's lists that matter here.

use crate::message::STATUS_TEXT_LENGTH_MAX;

/// What a return says of the account or the payee that a payment was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bearing {
    /// The account was closed.
    Closed,
    /// The account is blocked, or does not take payments of this kind.
    Blocked,
    /// There is no such account, or it is not the payee's.
    Wrong,
    /// The payee is dead.
    Dead,
    /// The payment was fraudulent.
    Fraud,
    /// Our cancellation request was granted.
    Recalled,
    /// Nothing of the account: the payment was not to be made, or was made before.
    Unwanted,
    /// Nothing of the account: the payment was at fault, or nobody says what was.
    Nothing,
}

impl Bearing {
    /// Whether its payee is still to have the money, by another way than the one by which it came back.
    #[must_use]
    pub const fn is_owed(self) -> bool {
        matches!(self, Self::Closed | Self::Blocked | Self::Wrong | Self::Nothing)
    }
}

/// Why a bank returns a payment: a code of `ExternalReturnReason1Code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReturnReason(u8);

/// The code, what it bears on, and the sentence for the payer.
const RETURN_REASONS: [(&str, Bearing, &str); 33] = [
    ("AC01", Bearing::Wrong, "The bank returned the payment: the account number is not right."),
    ("AC03", Bearing::Wrong, "The bank returned the payment: the account number is wrong."),
    ("AC04", Bearing::Closed, "The bank returned the payment: the account was closed."),
    ("AC06", Bearing::Blocked, "The bank returned the payment: the account is blocked."),
    ("AC07", Bearing::Closed, "The bank returned the payment: the payee's account was closed."),
    ("AC13", Bearing::Nothing, "The bank returned the payment: the kind of the payer's account is missing or wrong."),
    ("AC14", Bearing::Nothing, "The bank returned the payment: a bank on its way is wrong."),
    ("AC15", Bearing::Wrong, "The bank returned the payment: the account's details have changed."),
    ("AC16", Bearing::Blocked, "The bank returned the payment: the account is in sequestration."),
    ("AC17", Bearing::Blocked, "The bank returned the payment: the account is in liquidation."),
    ("AG01", Bearing::Blocked, "The bank returned the payment: the account does not take such payments."),
    ("AG02", Bearing::Nothing, "The bank returned the payment: the kind of operation is not valid there."),
    ("AM05", Bearing::Unwanted, "The bank returned the payment: it was made before."),
    ("AM09", Bearing::Unwanted, "The bank returned the payment: the amount is not the one agreed."),
    ("BE01", Bearing::Wrong, "The bank returned the payment: the payee is not the account's holder."),
    ("BE04", Bearing::Nothing, "The bank returned the payment: the payee's address is missing or wrong."),
    ("BE05", Bearing::Nothing, "The bank returned the payment: the payee does not recognise the payer."),
    ("BE06", Bearing::Wrong, "The bank returned the payment: the payee is not known there."),
    ("BE08", Bearing::Nothing, "The bank returned the payment: a bank made an error."),
    ("CURR", Bearing::Nothing, "The bank returned the payment: the currency is wrong."),
    ("CUST", Bearing::Unwanted, "The payment came back: the payer asked for it."),
    ("DUPL", Bearing::Unwanted, "The bank returned the payment: it is a duplicate of another one."),
    ("FOCR", Bearing::Recalled, "The bank returned the payment: it was asked to."),
    ("FR01", Bearing::Fraud, "The bank returned the payment: it was fraudulent."),
    ("MD06", Bearing::Unwanted, "The bank returned the payment: the payee asked for it."),
    ("MD07", Bearing::Dead, "The bank returned the payment: the payee is dead."),
    ("MS02", Bearing::Unwanted, "The bank returned the payment: the payee refused it and gives no reason."),
    ("MS03", Bearing::Nothing, "The bank returned the payment and gives no reason."),
    ("NARR", Bearing::Nothing, "The bank returned the payment and gives its reason in words."),
    ("NOAS", Bearing::Nothing, "The bank returned the payment: the payee did not answer."),
    ("RC04", Bearing::Nothing, "The bank returned the payment: the payee's bank is missing or wrong."),
    ("RR04", Bearing::Unwanted, "The bank returned the payment: a regulation forbids it."),
    ("UPAY", Bearing::Unwanted, "The bank returned the payment: it was not justified."),
];

const _: () = {
    let mut at = 0;
    while at < RETURN_REASONS.len() {
        assert!(RETURN_REASONS[at].2.len() <= STATUS_TEXT_LENGTH_MAX, "AddtlInf holds no more");
        at += 1;
    }
};

impl ReturnReason {
    /// Returned at our request.
    pub const RECALLED: Self = Self(22);
    /// Its payer wants it back.
    pub const WANTED: Self = Self(20);
    /// No reason is given: what is reported of a return whose reason is not known here.
    pub const UNSAID: Self = Self(27);

    /// Every one.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..RETURN_REASONS.len()).filter_map(|at| u8::try_from(at).ok()).map(Self)
    }

    /// The reason with this code, if it is known here.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|reason| reason.code() == code)
    }

    fn row(self) -> &'static (&'static str, Bearing, &'static str) {
        &RETURN_REASONS[usize::from(self.0)]
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What it says of the account or the payee.
    #[must_use]
    pub fn bearing(self) -> Bearing {
        self.row().1
    }

    /// What the payer is told.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.row().2
    }

    /// Code and sentence of a status report's entry ([`crate::message::Entry::reason`]), with [`crate::message::Status::Rejected`].
    ///
    /// Status reports have a list of codes of their own (`ExternalStatusReason1Code`), which lacks some of these.
    #[must_use]
    pub fn status(self) -> (&'static str, &'static str) {
        match self.code() {
            "AC16" | "AC17" => ("AC06", self.sentence()),
            "AC14" => ("AGNT", self.sentence()),
            "BE08" => ("MS03", self.sentence()),
            code => (code, self.sentence()),
        }
    }
}

const _: () = assert!(matches!(RETURN_REASONS[20].0.as_bytes(), b"CUST"));
const _: () = assert!(matches!(RETURN_REASONS[22].0.as_bytes(), b"FOCR"));
const _: () = assert!(matches!(RETURN_REASONS[27].0.as_bytes(), b"MS03"));

/// Why we ask for a payment back: a code of `ExternalCancellationReason1Code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecallReason {
    /// FRAD: the payment was originated fraudulently.
    Fraud,
    /// DUPL: it is a duplicate of another payment.
    Duplicate,
    /// TECH: a technical problem made it.
    Technical,
    /// AC03: the account was the wrong one.
    WrongAccount,
    /// AM09: the amount was the wrong one.
    WrongAmount,
    /// CUST: the payer wants it.
    Customer,
    /// UPAY: the payment is not justified.
    Unjustified,
}

impl RecallReason {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Fraud,
        Self::Duplicate,
        Self::Technical,
        Self::WrongAccount,
        Self::WrongAmount,
        Self::Customer,
        Self::Unjustified,
    ];

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fraud => "FRAD",
            Self::Duplicate => "DUPL",
            Self::Technical => "TECH",
            Self::WrongAccount => "AC03",
            Self::WrongAmount => "AM09",
            Self::Customer => "CUST",
            Self::Unjustified => "UPAY",
        }
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// What a bank answers to a recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecallStatus {
    /// ACCR, CNCL: the money comes back.
    Accepted,
    /// RJCR: it does not.
    Refused,
    /// PACR, PECR: some of the payments come back, or some of the money.
    Partial,
    /// PDCR, PDNG, FTNA, CWFW: the bank is at it, or has asked the next one.
    Pending,
    /// Any other confirmation: it says nothing of the money.
    Other,
}

impl RecallStatus {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Refused, Self::Partial, Self::Pending, Self::Other];

    /// As people read it, and as it is recorded.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Partial => "partial",
            Self::Pending => "pending",
            Self::Other => "other",
        }
    }

    /// Reads what [`RecallStatus::name`] gives.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// What a code means: of `GroupCancellationStatus1Code`, `CancellationIndividualStatus1Code` or
    /// `ExternalInvestigationExecutionConfirmation1Code`.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        match code {
            "ACCR" | "CNCL" => Self::Accepted,
            "RJCR" => Self::Refused,
            "PACR" | "PECR" => Self::Partial,
            "PDCR" | "PDNG" | "FTNA" | "CWFW" => Self::Pending,
            _ => Self::Other,
        }
    }
}
