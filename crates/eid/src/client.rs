//! Organisations' systems: who they are, what for, and how they prove it.

use crate::certificate::{CERTIFICATES_MAX, Certificate, CertificateRefusal, Thumbprint};
use crate::key::{KEYS_MAX, KeyRefusal, PublicKey};
use kernel::{Actor, Domain, Id, Refusal, Refuse, Role, Timestamp, Vault};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt;

const NAME_CHARS_MAX: usize = 64;
const PARTY_CHARS_MAX: usize = 70;

/// A version of a client's registration.
pub enum ClientVersion {}

/// A client as it is registered.
#[derive(Clone, Debug)]
pub struct Client {
    /// Who: the same for all versions.
    pub id: Id<Self>,
    /// The version.
    pub version: Id<ClientVersion>,
    /// Whether it was ended.
    pub is_ended: bool,
    /// What is registered.
    pub registration: Registration,
}

/// What is registered of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its client id.
    pub name: String,
    /// For whom it comes, and as what.
    pub party: Party,
    /// Each of them signs for it; several, so that they can be changed without a gap.
    pub keys: Vec<PublicKey>,
    /// Each of them is one that it connects with.
    pub certificates: Vec<Certificate>,
}

/// For whom a client comes, and as what. Names are the registry's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// An authority that pays.
    PublicPayer(String),
    /// Any other payer.
    PrivatePayer(String),
    /// A bank.
    Bank(String),
    /// An authority that asks.
    Authority,
    /// Who tells what this register says.
    RegisterFeed(String),
}

/// Why a client was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRefusal {
    /// The name is empty, too long, or has characters that no name needs.
    Name,
    /// The role needs a payer.
    PayerNeeded,
    /// The role needs a bank.
    BankNeeded,
    /// The role needs a register.
    RegisterNeeded,
    /// A payer, bank or register where the role has none.
    PartyForbidden,
    /// The payer's, bank's or register's name cannot be one.
    PartyName,
    /// The role is the agency's own.
    Role,
    /// The name is registered for another role, payer, bank or register.
    NameTaken,
    /// Another client has the key.
    KeyTaken,
    /// Another client has the certificate.
    CertificateTaken,
    /// Nobody is registered under that name.
    Unknown,
    /// It was ended.
    Ended,
}

impl Refuse for ClientRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "client.name",
            Self::PayerNeeded => "client.payer_needed",
            Self::BankNeeded => "client.bank_needed",
            Self::RegisterNeeded => "client.register_needed",
            Self::PartyForbidden => "client.party_forbidden",
            Self::PartyName => "client.party_name",
            Self::Role => "client.role",
            Self::NameTaken => "client.name_taken",
            Self::KeyTaken => "client.key_taken",
            Self::CertificateTaken => "client.certificate_taken",
            Self::Unknown => "client.unknown",
            Self::Ended => "client.ended",
        }
    }
}

impl fmt::Display for ClientRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a client's name has 1 to 64 of the letters a to z, digits, dots, hyphens and underscores",
            Self::PayerNeeded => "a client of this role comes for a payer: name it (--payer)",
            Self::BankNeeded => "a client of this role comes for a bank: name it (--bank)",
            Self::RegisterNeeded => "a client of this role comes for a register: name it (--register)",
            Self::PartyForbidden => "a client of this role comes for no such payer, bank or register",
            Self::PartyName => "a payer's, bank's or register's name has 1 to 70 characters, none of them a control character",
            Self::Role => "that role is not one that a client can have",
            Self::NameTaken => {
                "that name is registered for another role, payer, bank or register; these never change, so take another name"
            }
            Self::KeyTaken => "one of the keys is another client's: a signature must say whose it is",
            Self::CertificateTaken => "one of the certificates is another client's",
            Self::Unknown => "no client is registered under that name",
            Self::Ended => "that client was ended; what it did stays under its name, so take another one",
        })
    }
}

impl Party {
    /// The party of a client with this role.
    ///
    /// # Errors
    /// What is missing, or does not belong there.
    pub fn new(
        role: Role,
        payer: Option<String>,
        bank: Option<String>,
        register: Option<String>,
    ) -> Result<Self, ClientRefusal> {
        let named = |name: Option<String>, needed| {
            let name = name.ok_or(needed)?;
            let is_name = (1..=PARTY_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
            if is_name { Ok(name) } else { Err(ClientRefusal::PartyName) }
        };
        match (role, payer, bank, register) {
            (Role::Console | Role::Operator | Role::Caseworker | Role::Citizen, ..) => Err(ClientRefusal::Role),
            (Role::PublicPayer, payer, None, None) => named(payer, ClientRefusal::PayerNeeded).map(Self::PublicPayer),
            (Role::PrivatePayer, payer, None, None) => named(payer, ClientRefusal::PayerNeeded).map(Self::PrivatePayer),
            (Role::Bank, None, bank, None) => named(bank, ClientRefusal::BankNeeded).map(Self::Bank),
            (Role::RegisterFeed, None, None, register) => {
                named(register, ClientRefusal::RegisterNeeded).map(Self::RegisterFeed)
            }
            (Role::Authority, None, None, None) => Ok(Self::Authority),
            _ => Err(ClientRefusal::PartyForbidden),
        }
    }

    /// As what it comes.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::PublicPayer(_) => Role::PublicPayer,
            Self::PrivatePayer(_) => Role::PrivatePayer,
            Self::Bank(_) => Role::Bank,
            Self::Authority => Role::Authority,
            Self::RegisterFeed(_) => Role::RegisterFeed,
        }
    }

    /// The payer it comes for.
    #[must_use]
    pub fn payer(&self) -> Option<&str> {
        match self {
            Self::PublicPayer(name) | Self::PrivatePayer(name) => Some(name),
            Self::Bank(_) | Self::Authority | Self::RegisterFeed(_) => None,
        }
    }

    /// The bank it comes for.
    #[must_use]
    pub fn bank(&self) -> Option<&str> {
        match self {
            Self::Bank(name) => Some(name),
            Self::PublicPayer(_) | Self::PrivatePayer(_) | Self::Authority | Self::RegisterFeed(_) => None,
        }
    }

    /// The register it comes for.
    #[must_use]
    pub fn register(&self) -> Option<&str> {
        match self {
            Self::RegisterFeed(name) => Some(name),
            Self::PublicPayer(_) | Self::PrivatePayer(_) | Self::Bank(_) | Self::Authority => None,
        }
    }
}

impl Registration {
    /// The blind index of a client's name.
    #[must_use]
    pub fn name_key(vault: &Vault, name: &str) -> kernel::Blind {
        vault.blind(Domain("client.name"), name)
    }

    /// Whether all of it can be registered now.
    ///
    /// # Errors
    /// The first thing that cannot.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let lawful = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !(1..=NAME_CHARS_MAX).contains(&self.name.len()) || !self.name.chars().all(lawful) {
            return Err(ClientRefusal::Name.into());
        }
        if !(1..=KEYS_MAX).contains(&self.keys.len()) {
            return Err(KeyRefusal::Count.into());
        }
        let kids: BTreeSet<&str> = self.keys.iter().map(PublicKey::kid).collect();
        let points: BTreeSet<String> = self.keys.iter().map(PublicKey::thumbprint).collect();
        if kids.len() < self.keys.len() || points.len() < self.keys.len() {
            return Err(KeyRefusal::Kid.into());
        }
        let prints: BTreeSet<Thumbprint> = self.certificates.iter().map(|one| one.thumbprint).collect();
        if !(1..=CERTIFICATES_MAX).contains(&self.certificates.len()) || prints.len() < self.certificates.len() {
            return Err(CertificateRefusal::Count.into());
        }
        for certificate in &self.certificates {
            certificate.require_current(now)?;
        }
        Ok(())
    }

    /// Whether it can stand beside another client's: a signature and a connection say whose they are.
    ///
    /// # Errors
    /// What they have in common.
    pub fn check_beside(&self, other: &Self) -> Result<(), ClientRefusal> {
        let has_point = |key: &PublicKey| other.keys.iter().any(|theirs| theirs.thumbprint() == key.thumbprint());
        if self.keys.iter().any(has_point) {
            return Err(ClientRefusal::KeyTaken);
        }
        if self.certificates.iter().any(|certificate| other.certificate(certificate.thumbprint).is_some()) {
            return Err(ClientRefusal::CertificateTaken);
        }
        Ok(())
    }

    /// The registered certificate with this thumbprint.
    #[must_use]
    pub fn certificate(&self, thumbprint: Thumbprint) -> Option<&Certificate> {
        self.certificates.iter().find(|certificate| certificate.thumbprint == thumbprint)
    }

    /// The client as the journal names it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::client(self.party.role(), &self.name)
    }

    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        json!({
            "name": self.name,
            "role": self.party.role().name(),
            "payer": self.party.payer(),
            "bank": self.party.bank(),
            "register": self.party.register(),
            "keys": self.keys.iter().map(PublicKey::to_jwk).collect::<Vec<_>>(),
            "certificates": self.certificates,
        })
        .to_string()
    }

    /// Reads what [`Registration::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let party = |name: &str| value[name].as_str().map(str::to_owned);
        let role = Role::parse_client(value["role"].as_str()?)?;
        let party = Party::new(role, party("payer"), party("bank"), party("register")).ok()?;
        let keys = value["keys"].as_array()?.iter().map(|key| PublicKey::from_jwk(key.as_object()?).ok());
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            party,
            keys: keys.collect::<Option<_>>()?,
            certificates: serde_json::from_value(value["certificates"].take()).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ClientRefusal::{BankNeeded, PartyForbidden, PartyName, PayerNeeded, RegisterNeeded};
    use super::*;

    #[test]
    fn parties() {
        let check = |role: &str, [payer, bank, register]: [Option<&str>; 3], expected: Result<(), ClientRefusal>| {
            let role = Role::parse_client(role).unwrap_or(Role::Operator);
            let named = |name: Option<&str>| name.map(str::to_owned);
            let party = Party::new(role, named(payer), named(bank), named(register));
            if let Ok(party) = &party {
                let found = (party.role(), party.payer(), party.bank(), party.register());
                assert_eq!(found, (role, payer, bank, register));
            }
            assert_eq!(party.map(|_| ()), expected, "{role:?} {payer:?} {bank:?} {register:?}");
        };
        let rows = [
            ("public-payer", Some((0, PayerNeeded))),
            ("private-payer", Some((0, PayerNeeded))),
            ("bank", Some((1, BankNeeded))),
            ("register-feed", Some((2, RegisterNeeded))),
            ("authority", None),
        ];
        for (role, needs) in rows {
            let none = [None; 3];
            check(role, none, needs.map_or(Ok(()), |(_, needed)| Err(needed)));
            for place in 0..3 {
                let with = |name| {
                    let mut names = none;
                    names[place] = Some(name);
                    names
                };
                let is_its_own = needs.is_some_and(|(own, _)| own == place);
                check(role, with("One"), if is_its_own { Ok(()) } else { Err(PartyForbidden) });
                if is_its_own {
                    check(role, with(""), Err(PartyName));
                    check(role, with("a\nb"), Err(PartyName));
                    check(role, with(&"x".repeat(71)), Err(PartyName));
                }
            }
            check(role, [Some("One"), Some("Two"), None], Err(PartyForbidden));
            check(role, [None, Some("Two"), Some("Three")], Err(PartyForbidden));
        }
        check("operator", [None; 3], Err(ClientRefusal::Role));
    }
}
