//! The account that is designated, as the registry keeps it.

use denmark::{Account, BankDirectory, Bic, Country, Currency, Iban, RegNumber};
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

    /// Whether it is the account that somebody wrote.
    #[must_use]
    pub fn is(&self, other: &Account) -> bool {
        self.account() == *other
    }
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
