//! Payers and their agreements with the registry.

use crate::account::DesignatedAccount;
use crate::terms::{OnReturn, Terms, TermsFault};
use denmark::{Account, Currency, Cvr};
use kernel::{Domain, Id, Refuse, Role, Vault};
use std::fmt;

/// Who pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The same for every version of the agreement.
    pub id: Id<Self>,
    /// The agreement's version.
    pub version: Id<PayerVersion>,
    /// What was agreed.
    pub agreement: Agreement,
}

/// Marks ids of a payer's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayerVersion;

/// What a payer has agreed with the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The name that commands call the payer by.
    pub name: String,
    /// Whose it is.
    pub cvr: Cvr,
    /// What it may see.
    pub kind: PayerKind,
    /// What becomes of a payment whose payee has no account.
    pub no_account: NoAccount,
    /// The bank, or another intermediary, that fetches what was completed for this payer, by its name in the bank directory.
    pub bank: Option<String>,
    /// When its files go, and what makes one of its payments wait.
    pub terms: Terms,
}

/// What a payer may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayerKind {
    /// An authority: its status reports list what was routed.
    Public,
    /// Any other payer: it learns only what could not be paid.
    Private,
}

/// What becomes of a payment whose payee has no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAccount {
    /// It goes back.
    Reject,
    /// It waits.
    Hold,
    /// It is paid to an account of the payer's choice.
    PayTo(DesignatedAccount),
}

const NAME_CHARS_MAX: usize = 70;

/// Why a payer was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum PayerRefusal {
    /// The name is empty or too long.
    Name,
    /// The name belongs to another company.
    NameTaken,
    /// The name is registered for a payer of the other kind.
    KindTaken,
    /// Nobody is registered under that name.
    Unknown,
    /// A client comes in the role of payers of the other kind.
    OtherKind,
    /// The pay-to account is not a domestic IBAN with a known bank.
    PayTo,
    /// The bank directory has no bank of the name that is to fetch its files.
    Bank,
    /// What is to be said of its payments cannot be said so.
    Terms(TermsFault),
}

impl Refuse for PayerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "payer.name",
            Self::NameTaken => "payer.name_taken",
            Self::KindTaken => "payer.kind",
            Self::Unknown => "payer.unknown",
            Self::OtherKind => "payer.other_kind",
            Self::PayTo => "payer.pay_to",
            Self::Bank => "payer.bank",
            Self::Terms(fault) => fault.code(),
        }
    }
}

impl fmt::Display for PayerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terms(fault) => fault.sentence(),
            Self::Name => "a payer's name has 1 to 70 characters, none of them a control character",
            Self::NameTaken => "that name is registered for another company",
            Self::KindTaken => {
                "the payer is of the other kind, and its systems see what payers of that kind see; take another name"
            }
            Self::Unknown => "no payer is registered under that name",
            Self::OtherKind => "the client comes as the system of a payer of the other kind than the one it names",
            Self::PayTo => "the account to pay to instead must be with a bank in the bank directory",
            Self::Bank => "the bank directory has no bank of that name",
        })
    }
}

impl Payer {
    /// Refuses whoever acts for it in the role of payers of the other kind. Clients that are registered here are of its kind; of
    /// another issuer's there is only that issuer's word.
    ///
    /// # Errors
    /// [`PayerRefusal::OtherKind`].
    pub const fn require_kind_of(&self, role: Role) -> Result<(), PayerRefusal> {
        match (role, self.agreement.kind) {
            (Role::PublicPayer, PayerKind::Private) | (Role::PrivatePayer, PayerKind::Public) => {
                Err(PayerRefusal::OtherKind)
            }
            _ => Ok(()),
        }
    }
}

impl Agreement {
    /// The blind index of a payer's name.
    #[must_use]
    pub fn name_key(vault: &Vault, name: &str) -> kernel::Blind {
        vault.blind(Domain("payer.name"), name)
    }

    /// The blind index of the bank that fetches a payer's files.
    #[must_use]
    pub fn bank_key(vault: &Vault, bank: &str) -> kernel::Blind {
        vault.blind(Domain("payer.bank"), bank)
    }

    /// Whether the name can be one.
    ///
    /// # Errors
    /// [`PayerRefusal::Name`].
    pub fn check_name(&self) -> Result<(), PayerRefusal> {
        let length = self.name.chars().count();
        if (1..=NAME_CHARS_MAX).contains(&length) && !self.name.chars().any(char::is_control) {
            Ok(())
        } else {
            Err(PayerRefusal::Name)
        }
    }

    /// Its waiting account, where it has one: that to which it pays instead, for payees without one.
    #[must_use]
    pub const fn waiting_account(&self) -> Option<DesignatedAccount> {
        match self.no_account {
            NoAccount::PayTo(account) => Some(account),
            NoAccount::Reject | NoAccount::Hold => None,
        }
    }

    /// Where money goes on to that came back from a payee's bank; none where it is the payer's.
    #[must_use]
    pub fn returns_go_on_to(&self) -> Option<DesignatedAccount> {
        self.waiting_account().filter(|_| self.terms.on_return == OnReturn::Waiting)
    }

    /// As it is sealed: a line `key value` for each thing that is agreed, in one order. What is not said is as it is by default.
    #[must_use]
    pub fn to_text(&self) -> String {
        let no_account = match &self.no_account {
            NoAccount::Reject => "reject".to_owned(),
            NoAccount::Hold => "hold".to_owned(),
            NoAccount::PayTo(account) => format!("pay-to {}", account.to_text()),
        };
        // No name has a line break in it.
        let mut text = format!(
            "name {}\ncvr {}\nkind {}\nno_account {no_account}\n",
            self.name,
            self.cvr.digits(),
            self.kind.name()
        );
        if let Some(bank) = &self.bank {
            text.push_str(&format!("bank {bank}\n"));
        }
        self.terms.append_to(&mut text);
        text
    }

    /// Reads what [`Agreement::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (mut name, mut cvr, mut kind, mut no_account, mut bank) = (None, None, None, None, None);
        let mut terms = Terms::default();
        for line in text.lines() {
            let (key, value) = line.split_once(' ')?;
            match key {
                "name" => name = Some(value.to_owned()),
                "cvr" => cvr = Some(Cvr::parse(value).ok()?),
                "kind" => kind = Some(PayerKind::parse(value)?),
                "no_account" => {
                    no_account = Some(match value {
                        "reject" => NoAccount::Reject,
                        "hold" => NoAccount::Hold,
                        other => NoAccount::PayTo(DesignatedAccount::from_text(other.strip_prefix("pay-to ")?)?),
                    });
                }
                "bank" => bank = Some(value.to_owned()),
                other => terms.read(other, value)?,
            }
        }
        Some(Self { name: name?, cvr: cvr?, kind: kind?, no_account: no_account?, bank, terms })
    }
}

impl PayerKind {
    /// As commands and agreements say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Reads `public` or `private`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "private" => Some(Self::Private),
            _ => None,
        }
    }
}

impl NoAccount {
    /// Reads `reject`, `hold` or `pay-to:IBAN`. The account is in kroner and domestic.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "reject" => Some(Self::Reject),
            "hold" => Some(Self::Hold),
            other => match Account::parse(other.strip_prefix("pay-to:")?).ok()? {
                Account::Danish(account) => {
                    Some(Self::PayTo(DesignatedAccount::Domestic { account, currency: Currency::DKK }))
                }
                // A foreign account would need a BIC, and this form has no place for one.
                Account::Foreign(_) => None,
            },
        }
    }
}
