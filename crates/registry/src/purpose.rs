//! What a specific account is for: one payer, one kind of benefit.

use crate::payer::Payer;
use kernel::{Blind, Domain, Id, Vault};

const KIND_CHARS_MAX: usize = 35;
/// What the public kinds that are known by code begin with.
const PUBLIC_PREFIX: &str = "NKS";
const PUBLIC_KIND_CHARS: usize = 6;

/// A kind of payout, such as `NKSBOS`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BenefitKind(String);

impl BenefitKind {
    /// One word of at most 35 characters, as a category purpose can hold it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lawful = |c: char| !c.is_whitespace() && !c.is_control();
        ((1..=KIND_CHARS_MAX).contains(&text.chars().count()) && text.chars().all(lawful))
            .then(|| Self(text.to_owned()))
    }

    /// A kind written as remittance text: only the public form is told from other words, `NKS` and three capital letters.
    #[must_use]
    pub fn in_remittance(text: &str) -> Option<Self> {
        let public = text.chars().count() == PUBLIC_KIND_CHARS
            && text.starts_with(PUBLIC_PREFIX)
            && text.chars().all(char::is_uppercase);
        public.then(|| Self(text.to_owned()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a specific account is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// Its blind index.
    pub key: Blind,
    /// Who pays.
    pub payer: Id<Payer>,
    /// What.
    pub benefit: BenefitKind,
}

/// The blind index of a purpose: the store does not show which benefit a payee gets.
#[must_use]
pub fn key(vault: &Vault, payer: Id<Payer>, benefit: &BenefitKind) -> Blind {
    vault.blind(Domain("purpose"), &format!("{} {}", payer.number(), benefit.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let check = |text: &str, kind: bool, remittance: bool| {
            assert_eq!(BenefitKind::parse(text).is_some(), kind, "{text}");
            assert_eq!(BenefitKind::in_remittance(text).is_some(), remittance, "{text}");
        };
        check("NKSBOS", true, true);
        check("NKSLØN", true, true);
        check("NKSBOS2", true, false);
        check("nksbos", true, false);
        check("RENT", true, false);
        check("Rent for May", false, false);
        check("", false, false);
        check(&"X".repeat(35), true, false);
        check(&"X".repeat(36), false, false);
    }
}
