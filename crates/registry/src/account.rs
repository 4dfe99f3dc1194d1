//! The account that is designated, as the registry keeps it.

use denmark::{Account, BankDirectory, Bic, Country, Currency, Iban, RegNumber};
use kernel::{Blind, Domain, Vault};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// An account with what is needed to pay to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesignatedAccount {
    /// In Denmark, the Faroe Islands or Greenland: bank and BIC follow from the bank directory of the day.
    Domestic {
        /// The account.
        account: denmark::DanishAccount,
        /// The one currency that it takes.
        currency: Currency,
    },
    /// Abroad: takes any currency.
    Foreign {
        /// The account.
        iban: Iban,
        /// Its bank.
        bic: Bic,
    },
}

/// The bank that a completed payment names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// By BIC.
    Bic(Bic),
    /// By registration number, for a bank without a BIC.
    Member(RegNumber),
}

impl DesignatedAccount {
    /// As it is sealed: `RRRR-NNNNNNNNNN DKK` or `IBAN BIC`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Domestic { account, currency } => {
                format!("{}-{} {}", account.reg, account.number.digits(), currency.as_str())
            }
            Self::Foreign { iban, bic } => format!("{} {}", iban.as_str(), bic.as_str()),
        }
    }

    /// Reads what [`DesignatedAccount::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (account, rest) = text.split_once(' ')?;
        match Account::parse(account).ok()? {
            Account::Danish(account) => Some(Self::Domestic { account, currency: Currency::parse(rest).ok()? }),
            Account::Foreign(iban) => Some(Self::Foreign { iban, bic: Bic::parse(rest).ok()? }),
        }
    }

    /// An account that somebody named, of which nothing else is known: none abroad, where its bank is not known by it.
    #[must_use]
    pub fn of_named(account: &Account) -> Option<Self> {
        match account {
            Account::Danish(account) => Some(Self::Domestic { account: *account, currency: Currency::DKK }),
            Account::Foreign(_) => None,
        }
    }

    /// The registration number, of a domestic account.
    #[must_use]
    pub const fn reg(&self) -> Option<RegNumber> {
        match self {
            Self::Domestic { account, .. } => Some(account.reg),
            Self::Foreign { .. } => None,
        }
    }

    /// The IBAN. A Faroese or Greenlandic bank's accounts are written with its own country.
    #[must_use]
    pub fn iban(&self, banks: &BankDirectory) -> Iban {
        match self {
            Self::Domestic { account, .. } => {
                account.iban(banks.get(account.reg).map_or(Country::Denmark, |bank| bank.country))
            }
            Self::Foreign { iban, .. } => *iban,
        }
    }

    /// The BIC, where the bank has one.
    #[must_use]
    pub fn bic(&self, banks: &BankDirectory) -> Option<Bic> {
        match self {
            Self::Domestic { account, .. } => banks.get(account.reg).and_then(|bank| bank.bic),
            Self::Foreign { bic, .. } => Some(*bic),
        }
    }

    /// The bank as a completed payment names it.
    #[must_use]
    pub fn agent(&self, banks: &BankDirectory) -> Agent {
        match self {
            Self::Domestic { account, .. } => self.bic(banks).map_or(Agent::Member(account.reg), Agent::Bic),
            Self::Foreign { bic, .. } => Agent::Bic(*bic),
        }
    }

    /// Whether a payment in `currency` can be made to it.
    #[must_use]
    pub fn takes(&self, currency: Currency) -> bool {
        match self {
            Self::Domestic { currency: own, .. } => *own == currency,
            Self::Foreign { .. } => true,
        }
    }

    /// The account alone, as somebody would write it.
    #[must_use]
    pub const fn account(&self) -> Account {
        match self {
            Self::Domestic { account, .. } => Account::Danish(*account),
            Self::Foreign { iban, .. } => Account::Foreign(*iban),
        }
    }

    /// The blind index of the account: see [`key`].
    #[must_use]
    pub fn key(&self, vault: &Vault) -> Blind {
        key(&self.account(), vault)
    }

    /// Whether it is the account that somebody wrote.
    #[must_use]
    pub fn is(&self, other: &Account) -> bool {
        self.account() == *other
    }
}

/// An account in one writing: the same whether it was written as an IBAN of Denmark, the Faroe Islands or Greenland or as a
/// registration number with an account number, and whatever currency is paid to it.
#[must_use]
pub fn canonical(account: &Account) -> String {
    match account {
        Account::Danish(account) => format!("{}-{}", account.reg, account.number.digits()),
        Account::Foreign(iban) => iban.as_str().to_owned(),
    }
}

/// The blind index under which the store knows an account, whosoever it is.
#[must_use]
pub fn key(account: &Account, vault: &Vault) -> Blind {
    vault.blind(Domain("account"), &canonical(account))
}

/// As [`DesignatedAccount::to_text`] writes it, for answers that are kept.
impl Serialize for DesignatedAccount {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        self.to_text().serialize(into)
    }
}

impl<'de> Deserialize<'de> for DesignatedAccount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::from_text(&String::deserialize(from)?).ok_or_else(|| D::Error::custom("no account"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_key_however_it_is_written_and_whatever_it_is_paid_in() {
        let vault = kernel::testing::vault();
        let read = |text: &str| DesignatedAccount::from_text(text).unwrap().key(&vault);
        let account = denmark::DanishAccount::parse("6460-20").unwrap();
        let one = read("6460-0000000020 DKK");
        for country in [Country::Denmark, Country::FaroeIslands, Country::Greenland] {
            let iban = account.iban(country);
            assert_eq!(key(&Account::parse(iban.as_str()).unwrap(), &vault), one, "{country:?}");
        }
        assert_eq!(key(&Account::parse("6460 20").unwrap(), &vault), one);
        assert_eq!(read("6460-0000000020 EUR"), one);
        assert_ne!(read("6460-0000000021 DKK"), one);
        let abroad = read("DE89370400440532013000 COBADEFFXXX");
        assert_eq!(read("DE89370400440532013000 DEUTDEFF"), abroad);
        assert_ne!(abroad, one);
    }
}
