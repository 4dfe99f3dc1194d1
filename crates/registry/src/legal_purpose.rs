//! Why somebody asks about a payee: without a legal purpose nobody is answered.

use crate::subscription::Sees;
use kernel::Role;
use serde::{Deserialize, Serialize};

/// What the law lets somebody ask for. It is said with each request, logged with each look-up, and shown to the payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalPurpose {
    /// A payment to the payee is being made.
    Payment,
    /// A public debt is being recovered.
    Recovery,
    /// The payee has asked for credit, and gave the account.
    CreditAgreement,
    /// A fraud is to be prevented or found.
    FraudPrevention,
    /// Another act gives the right.
    Law,
    /// The agency's own work with the registry. No other organisation has it.
    Operation,
}

impl LegalPurpose {
    /// Every purpose there is.
    pub const ALL: [Self; 6] =
        [Self::Payment, Self::Recovery, Self::CreditAgreement, Self::FraudPrevention, Self::Law, Self::Operation];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.code() == code)
    }

    /// As requests and the journal say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Recovery => "recovery",
            Self::CreditAgreement => "credit_agreement",
            Self::FraudPrevention => "fraud_prevention",
            Self::Law => "law",
            Self::Operation => "operation",
        }
    }

    /// Reads what [`LegalPurpose::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == text)
    }

    /// How somebody in this role may be told, for this purpose, what becomes of a payee's account; none where they may not. It is for
    /// those who are about to pay a payee or to lend to them: nobody is watched for any other reason.
    #[must_use]
    pub const fn following(self, role: Role) -> Option<Following> {
        let (days, sees) = match (role, self) {
            (Role::PublicPayer, Self::Payment) => (30, Sees::Account),
            (Role::PrivatePayer, Self::Payment | Self::CreditAgreement) => (14, Sees::Payable),
            (Role::Bank, Self::Payment | Self::CreditAgreement) => (30, Sees::Payable),
            _ => return None,
        };
        Some(Following { days, sees })
    }
}

/// For how long, and how much, somebody is told what becomes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Following {
    /// For so many days at most.
    pub days: i64,
    /// What of it.
    pub sees: Sees,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::Limits;
    use crate::subscription::DAYS_MAX;

    #[test]
    fn every_purpose_survives_the_store_and_the_wire() {
        for purpose in LegalPurpose::ALL {
            assert_eq!(LegalPurpose::from_code(purpose.code()), Some(purpose));
            assert_eq!(LegalPurpose::parse(purpose.name()), Some(purpose));
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.name());
        }
        assert_eq!(LegalPurpose::from_code(6), None);
        assert_eq!(LegalPurpose::parse("curiosity"), None);
    }

    #[test]
    fn who_may_be_told_what_becomes_of_an_account() {
        let check = |role: Role, expected: &[(LegalPurpose, i64, Sees)]| {
            let found: Vec<_> = LegalPurpose::ALL
                .into_iter()
                .filter_map(|purpose| purpose.following(role).map(|Following { days, sees }| (purpose, days, sees)))
                .collect();
            assert_eq!(found, expected, "{role:?}");
            for (purpose, days, _) in found {
                assert!(Limits::of(role, purpose).is_some() && days <= DAYS_MAX, "{role:?} {purpose:?}");
            }
        };
        use LegalPurpose::{CreditAgreement, Payment};
        check(Role::PublicPayer, &[(Payment, 30, Sees::Account)]);
        check(Role::PrivatePayer, &[(Payment, 14, Sees::Payable), (CreditAgreement, 14, Sees::Payable)]);
        check(Role::Bank, &[(Payment, 30, Sees::Payable), (CreditAgreement, 30, Sees::Payable)]);
        for role in
            Role::ALL.into_iter().filter(|role| !matches!(role, Role::PublicPayer | Role::PrivatePayer | Role::Bank))
        {
            check(role, &[]);
        }
    }
}
