//! Payees: who can have an account designated, and what the registers say of them.

use denmark::{Cpr, Cvr, PNumber, SeNumber};
use kernel::{Blind, Domain, Vault};
use std::fmt;

/// The identity by which a payer names a payee. Written `cpr:…`, `cvr:…`, `se:…`, `p:…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PayeeId {
    /// A person.
    Cpr(Cpr),
    /// A company or association.
    Cvr(Cvr),
    /// A company's part that is registered for tax.
    Se(SeNumber),
    /// A company's place of production.
    P(PNumber),
}

impl PayeeId {
    /// Reads `cpr:…`, `cvr:…`, `se:…`, `p:…`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, number) = text.split_once(':')?;
        match kind {
            "cpr" => Cpr::parse(number).ok().map(Self::Cpr),
            "cvr" => Cvr::parse(number).ok().map(Self::Cvr),
            "se" => SeNumber::parse(number).ok().map(Self::Se),
            "p" => PNumber::parse(number).ok().map(Self::P),
            _ => None,
        }
    }

    /// The blind index under which the store knows this payee.
    #[must_use]
    pub fn key(&self, vault: &Vault) -> Blind {
        match self {
            Self::Cpr(number) => vault.blind(Domain("payee.cpr"), number.digits()),
            Self::Cvr(number) => vault.blind(Domain("payee.cvr"), number.digits()),
            Self::Se(number) => vault.blind(Domain("payee.se"), number.digits()),
            Self::P(number) => vault.blind(Domain("payee.p"), number.digits()),
        }
    }

    /// As people write it: for the answer to whoever asked by it, never for a log.
    #[must_use]
    pub fn reveal(&self) -> String {
        match self {
            Self::Cpr(number) => format!("cpr:{}", number.digits()),
            Self::Cvr(number) => format!("cvr:{}", number.digits()),
            Self::Se(number) => format!("se:{}", number.digits()),
            Self::P(number) => format!("p:{}", number.digits()),
        }
    }

    /// Whether a register lists everyone of this kind. SE and P numbers have no mirror here: they are known by their accounts.
    #[must_use]
    pub const fn has_register(&self) -> bool {
        matches!(self, Self::Cpr(_) | Self::Cvr(_))
    }
}

/// What the register says of a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterStatus {
    /// In no register: an SE or P number that an account was designated for.
    Unlisted,
    /// Alive, or in business.
    Active,
    /// A person who died.
    Dead,
    /// A company that does not exist any more.
    Dissolved,
    /// A person who lives abroad.
    Emigrated,
    /// A person whose whereabouts are unknown.
    Missing,
}

impl RegisterStatus {
    const ALL: [Self; 6] = [Self::Unlisted, Self::Active, Self::Dead, Self::Dissolved, Self::Emigrated, Self::Missing];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// A person's status as the population file says it: a word, or the population register's own two digits.
    #[must_use]
    pub fn of_person(text: &str) -> Option<Self> {
        match text {
            "active" | "alive" | "resident" | "01" | "03" | "05" | "07" | "20" => Some(Self::Active),
            "dead" | "deceased" | "90" => Some(Self::Dead),
            "emigrated" | "80" => Some(Self::Emigrated),
            "missing" | "70" => Some(Self::Missing),
            _ => None,
        }
    }

    /// A company's status as the company file says it.
    #[must_use]
    pub fn of_company(text: &str) -> Option<Self> {
        match text {
            "active" | "normal" => Some(Self::Active),
            "dissolved" | "closed" | "ceased" | "bankrupt" | "dead" => Some(Self::Dissolved),
            _ => None,
        }
    }

    /// Whether an account can still be designated for such a payee.
    #[must_use]
    pub const fn is_living(self) -> bool {
        !matches!(self, Self::Dead | Self::Dissolved)
    }
}

impl fmt::Display for RegisterStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unlisted => "unlisted",
            Self::Active => "active",
            Self::Dead => "dead",
            Self::Dissolved => "dissolved",
            Self::Emigrated => "emigrated",
            Self::Missing => "missing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payees_are_written_with_their_kind() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(PayeeId::parse(text).map(|payee| payee.reveal()).as_deref(), expected, "{text}");
        };
        check("cpr:6101701234", Some("cpr:6101701234"));
        check("cpr:610170-1234", Some("cpr:6101701234"));
        check("cvr:13748136", Some("cvr:13748136"));
        check("se:32080808", Some("se:32080808"));
        check("p:1000000000", Some("p:1000000000"));
        check("cvr:32080808", None);
        check("6101701234", None);
        check("CPR:6101701234", None);
        check("cpr:", None);
        check("", None);
    }

    #[test]
    fn every_status_survives_the_store() {
        for status in RegisterStatus::ALL {
            assert_eq!(RegisterStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(RegisterStatus::from_code(99), None);
    }
}
