//! Why somebody asks about a payee: without a legal purpose nobody is answered.

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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
