//! Why a bank changes an account, and how its customer consented. Pure.

use crate::designation::Action;
use crate::row_refusal::RowRefusal;

/// Why an account is registered, changed, closed or frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The customer wants it so.
    UserRequest,
    /// The bank closes the account.
    AccountClosure,
    /// The bank moved the account to another branch, which gave it another number.
    BranchTransfer,
    /// The bank's books and the registry did not agree.
    Reconciliation,
    /// Somebody else disposed of the account, or tried to.
    Fraud,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: [Self; 5] =
        [Self::UserRequest, Self::AccountClosure, Self::BranchTransfer, Self::Reconciliation, Self::Fraud];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// As requests and histories say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserRequest => "user_request",
            Self::AccountClosure => "account_closure",
            Self::BranchTransfer => "branch_transfer",
            Self::Reconciliation => "reconciliation",
            Self::Fraud => "fraud",
        }
    }

    /// Reads what [`Reason::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text)
    }

    /// Whether it is the customer who wants it. Then the bank says how they consented, and only then may it take the place of
    /// another bank, or give somebody a first account.
    #[must_use]
    pub const fn is_the_customers(self) -> bool {
        matches!(self, Self::UserRequest)
    }

    /// Whether something like this is done for it.
    #[must_use]
    pub const fn fits(self, action: Action) -> bool {
        match self {
            Self::UserRequest | Self::Fraud => true,
            Self::AccountClosure | Self::Reconciliation => matches!(action, Action::Designate | Action::Close),
            Self::BranchTransfer => matches!(action, Action::Designate),
        }
    }
}

/// How a customer consented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// It was not asked for, as the reason is not the customer's.
    NotNeeded,
    /// Before an adviser of the bank.
    InPerson,
    /// By a form with their signature.
    SignedForm,
    /// In the bank's own service on the net or the telephone, logged in.
    Netbank,
    /// In a call in which they were identified.
    Phone,
}

impl Consent {
    /// Every way there is.
    pub const ALL: [Self; 5] = [Self::NotNeeded, Self::InPerson, Self::SignedForm, Self::Netbank, Self::Phone];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|consent| consent.code() == code)
    }

    /// As requests and histories say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::InPerson => "in_person",
            Self::SignedForm => "signed_form",
            Self::Netbank => "netbank",
            Self::Phone => "phone",
        }
    }

    /// Reads what [`Consent::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|consent| consent.name() == text)
    }
}

/// What a bank gives as its grounds for a change. It is kept with the row of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Why.
    pub reason: Reason,
    /// How the customer consented.
    pub consent: Consent,
}

impl Grounds {
    /// Reads both for an action; a text that is empty was left out.
    ///
    /// # Errors
    /// One is missing, is not one, or does not fit.
    pub fn read(action: Action, reason: &str, consent: &str) -> Result<Self, RowRefusal> {
        if reason.is_empty() {
            return Err(RowRefusal::ReasonMissing);
        }
        let reason = Reason::parse(reason).filter(|reason| reason.fits(action)).ok_or(RowRefusal::Reason)?;
        if consent.is_empty() {
            return Err(RowRefusal::ConsentMissing);
        }
        let consent = Consent::parse(consent).ok_or(RowRefusal::Consent)?;
        // Who did not ask the customer must not say that they did, nor the other way round.
        if reason.is_the_customers() == (consent == Consent::NotNeeded) {
            return Err(RowRefusal::Consent);
        }
        Ok(Self { reason, consent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Refuse;

    #[test]
    fn which_reason_fits_which_action_and_needs_a_consent() {
        let check = |reason: &str, consent: &str, expected: [&str; 4]| {
            let actions = ["change", "close", "freeze", "unfreeze"];
            let found = actions.map(|action| match Grounds::read(Action::parse(action).unwrap(), reason, consent) {
                Ok(grounds) => {
                    assert_eq!((grounds.reason.name(), grounds.consent.name()), (reason, consent));
                    "fits"
                }
                Err(refusal) => refusal.code(),
            });
            assert_eq!(found, expected, "{reason} {consent}");
        };
        let (fits, unfit, unsaid) = ("fits", "designation.reason", "designation.consent_missing");
        let consent = "designation.consent";
        for given in ["in_person", "signed_form", "netbank", "phone"] {
            check("user_request", given, [fits; 4]);
            check("account_closure", given, [consent, consent, unfit, unfit]);
        }
        //                                      register, change  close   freeze  unfreeze
        check("account_closure", "not_needed", [fits, fits, unfit, unfit]);
        check("branch_transfer", "not_needed", [fits, unfit, unfit, unfit]);
        check("reconciliation", "not_needed", [fits, fits, unfit, unfit]);
        check("fraud", "not_needed", [fits; 4]);
        check("user_request", "not_needed", [consent; 4]);
        check("user_request", "", [unsaid; 4]);
        check("fraud", "", [unsaid; 4]);
        check("branch_transfer", "", [unsaid, unfit, unfit, unfit]);
        check("fraud", "in_person", [consent; 4]);
        check("fraud", "a nod", [consent; 4]);
        check("Fraud", "not_needed", [unfit; 4]);
        check("", "not_needed", ["designation.reason_missing"; 4]);
    }

    #[test]
    fn reasons_and_consents_survive_the_store() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        for consent in Consent::ALL {
            assert_eq!(Consent::from_code(consent.code()), Some(consent));
        }
        assert_eq!((Reason::from_code(5), Consent::from_code(-1)), (None, None));
    }
}
