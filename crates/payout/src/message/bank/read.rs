//! What the messages of banks have in common: ids, reasons, agents, accounts, amounts.

use std::fmt;

use denmark::{Account, Bic, Iban, Money};

use super::super::cut::{TEXT_ID, is_text_id};
use super::super::payment::amount;
use super::super::schema::Tag;
use super::super::text::trim;
use super::super::walk::Leaf;
use super::reason::ReturnReason;
use crate::message::AmountFault;

/// An amount as it can be booked, or why it cannot.
pub type Amount = Result<Money, AmountFault>;

const TEXT_LENGTH_MAX: usize = 105;
const NAME_LENGTH_MAX: usize = 140;
const CODE_LENGTH_MAX: usize = 4;

/// Why, in a bank's words (`RtrRsnInf`, `CxlStsRsnInf`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// `Rsn/Cd`: a code of the standard's lists, as it was given.
    pub code: Option<String>,
    /// `Rsn/Prtry`: a code of the bank's own.
    pub proprietary: Option<String>,
    /// `AddtlInf`: what the bank adds. May name people.
    pub texts: Vec<String>,
}

impl Reason {
    /// The reason for a return, if it is one of those that are known here.
    #[must_use]
    pub fn known(&self) -> Option<ReturnReason> {
        self.code.as_deref().and_then(ReturnReason::from_code)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reason").field("code", &self.code).finish_non_exhaustive()
    }
}

/// A bank, as another names it (`FinInstnId`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BankAgent {
    /// `BICFI`, if it is one.
    pub bic: Option<Bic>,
    /// `ClrSysMmbId/MmbId`: in Denmark the registration number.
    pub member: Option<String>,
}

impl BankAgent {
    /// Whether a bank is named at all.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.bic.is_some() || self.member.is_some()
    }

    /// Whether the tag was one of a bank's.
    pub(super) fn read(&mut self, tag: Tag, leaf: &Leaf<'_>) -> Result<(), &'static str> {
        match tag {
            Tag::Bic => self.bic = Bic::parse(&leaf.text).ok(),
            Tag::Member => self.member = Some(id(leaf)?),
            _ => {}
        }
        Ok(())
    }
}

/// The account that a payment went to, as a bank names it.
#[derive(Clone, PartialEq, Eq)]
pub enum BankAccount {
    /// `IBAN`, or `Othr/Id` with the 14 digits of a Danish account.
    Account(Account),
    /// Anything else.
    Other(String),
}

impl BankAccount {
    /// `Id/IBAN`
    pub(super) fn iban(text: &str) -> Self {
        Iban::parse(text).map_or_else(|_| Self::Other(text.to_owned()), |iban| Self::Account(iban.into()))
    }

    /// `Id/Othr/Id`: a Danish account is registration number and account number, with or without something between.
    pub(in crate::message) fn other(text: &str) -> Self {
        const DIGITS: usize = 14;
        let is_plain = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = match text.split_at_checked(4).filter(|_| is_plain) {
            Some((reg, number)) => Account::parse(&format!("{reg}-{number}")),
            None => Account::parse(text),
        };
        parsed.map_or_else(|_| Self::Other(text.to_owned()), Self::Account)
    }
}

impl fmt::Debug for BankAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Account(_) => "Account(……)",
            Self::Other(_) => "Other(……)",
        })
    }
}

/// `Max35Text`
pub(super) fn id(leaf: &Leaf<'_>) -> Result<String, &'static str> {
    if is_text_id(&leaf.text) { Ok(leaf.text.to_string()) } else { Err(TEXT_ID) }
}

fn bounded(leaf: &Leaf<'_>, length_max: usize, sentence: &'static str) -> Result<String, &'static str> {
    let is_short = leaf.text.len() <= length_max || leaf.text.chars().count() <= length_max;
    if leaf.text.is_empty() || !is_short { Err(sentence) } else { Ok(leaf.text.to_string()) }
}

/// `Max140Text`
pub(super) fn name(leaf: &Leaf<'_>) -> Result<String, &'static str> {
    bounded(leaf, NAME_LENGTH_MAX, "This name must have 1 to 140 characters.")
}

/// `UUIDv4Identifier`
pub(super) fn uetr(leaf: &Leaf<'_>) -> Result<String, &'static str> {
    if is_uetr(&leaf.text) { Ok(leaf.text.to_string()) } else { Err("This is not a UETR.") }
}

/// Whether a text is a unique end-to-end transaction reference: a UUID of version 4, in lower case.
#[must_use]
pub fn is_uetr(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// `ISODate`
pub(super) fn date(leaf: &Leaf<'_>) -> Result<jiff::civil::Date, &'static str> {
    super::super::date::date(trim(&leaf.text)).ok_or("This is not a date.")
}

pub(super) fn money(leaf: &Leaf<'_>) -> Amount {
    amount(leaf).1
}

/// The codes of the standard's lists that are no enumeration of the schema.
pub(super) fn code(leaf: &Leaf<'_>) -> Result<String, &'static str> {
    bounded(leaf, CODE_LENGTH_MAX, "This code must have 1 to 4 characters.")
}

/// One more thing was read of the reason that is the last of these.
pub(super) fn read_reason(reasons: &mut [Reason], tag: Tag, leaf: &Leaf<'_>) -> Result<(), &'static str> {
    let Some(reason) = reasons.last_mut() else { return Ok(()) };
    match tag {
        Tag::ReasonCode => reason.code = Some(code(leaf)?),
        Tag::ReasonProprietary => reason.proprietary = Some(id(leaf)?),
        Tag::ReasonText => {
            reason.texts.push(bounded(leaf, TEXT_LENGTH_MAX, "This text must have 1 to 105 characters.")?);
        }
        _ => {}
    }
    Ok(())
}
