//! Why one row of an imported file was refused.

use crate::proposal::Ban;
use kernel::Refuse;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A row's refusal. Its text never holds anything of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowRefusal {
    /// Not as many fields as the header, or not UTF-8, or a line without end.
    Malformed,
    /// The payee is not written as one.
    Payee,
    /// The status is not one of those known.
    Status,
    /// The date is not one, or nobody can have ended then.
    Date,
    /// Neither true nor false.
    Flag,
    /// Those who may sign are not written as they are.
    Signatories,
    /// A registration number that is not one.
    Reg,
    /// A BIC that is not one.
    Bic,
    /// A country that no registration number belongs to.
    Country,
    /// A field that must not be empty is.
    Empty,
    /// A field is too long.
    TooLong,
    /// A field has a character that is none of a text.
    ControlCharacter,
    /// What is said to have happened lies ahead.
    Future,
    /// A replacement number in a file of which they were ruled out.
    ReplacementNumber,
    /// An action that is not one.
    Action,
    /// An account that is not one.
    Account,
    /// `expects` is not one of its forms.
    Expects,
    /// A currency that is not one.
    Currency,
    /// A foreign account without a BIC, or a domestic one with another bank's.
    AccountBic,
    /// A foreign account with a BIC of another country.
    BicCountry,
    /// Payer without benefit, or the other way round.
    Purpose,
    /// Whose account it is said to be is none of the four words.
    Holder,
    /// A payer that is not registered.
    PayerUnknown,
    /// No register lists the payee.
    PayeeUnknown,
    /// A specific account from a bank.
    SpecificByAuthority,
    /// The account to designate is missing.
    AccountMissing,
    /// No bank has that registration number.
    BankUnknown,
    /// The account is with another bank.
    OtherBank,
    /// The payee is dead or dissolved.
    PayeeDead,
    /// There is no account to close, freeze or unfreeze; for a bank, none with it.
    NothingThere,
    /// What is in force is not what was expected.
    ExpectsMismatch,
    /// An account is in force and the row does not say which it replaces.
    ExpectsMissing,
    /// The account in force is frozen.
    Frozen,
    /// A reason that is not one, or not for this.
    Reason,
    /// A bank does not say why.
    ReasonMissing,
    /// A way of consent that is not one, or not for this reason.
    Consent,
    /// A bank does not say how its customer consented.
    ConsentMissing,
    /// Another change of this payee's account waits.
    Waiting,
    /// The payee has forbidden it.
    Locked,
    /// A ban is in force: no account is changed.
    BanChange,
    /// A ban is in force: an account is one payee's.
    BanShared,
    /// A ban is in force: an account is the payee's own.
    BanThirdParty,
    /// A specific account by file, where the registry is not being loaded any more.
    SpecificAuthority,
    /// A specific account that its authority has locked, by file.
    SpecificLocked,
    /// Another change has come after the one that is to be reverted.
    Superseded,
}

impl From<Ban> for RowRefusal {
    fn from(ban: Ban) -> Self {
        match ban {
            Ban::Change => Self::BanChange,
            Ban::Shared => Self::BanShared,
            Ban::ThirdParty => Self::BanThirdParty,
        }
    }
}

impl RowRefusal {
    const ALL: [(Self, &'static str, &'static str); 45] = [
        (Self::Malformed, "row.malformed", "the row does not have the header's fields in UTF-8"),
        (Self::Payee, "payee.malformed", "the payee is not a number of its kind"),
        (Self::Status, "register.status", "the status is not a known one"),
        (Self::Date, "register.date", "the date is not of the form YYYY-MM-DD or none on which an end can be"),
        (Self::Flag, "register.flag", "the field is neither true nor false"),
        (
            Self::Signatories,
            "register.signatories",
            "those who may sign are ten digits each with a plus between those who sign together and a space between others",
        ),
        (Self::Reg, "bank.reg", "the registration number does not have four digits"),
        (Self::Bic, "bank.bic", "the BIC does not have the form of one"),
        (Self::Country, "bank.country", "the country is neither DK nor FO nor GL"),
        (Self::Empty, "row.empty_field", "a field that must be filled in is empty"),
        (Self::TooLong, "row.field_too_long", "a field is too long"),
        (Self::ControlCharacter, "row.control_character", "a field has a line break or another control character"),
        (Self::Future, "register.future", "the moment as of which the register says this lies in the future"),
        (Self::ReplacementNumber, "payee.replacement_number", "replacement numbers were ruled out for this file"),
        (Self::Action, "designation.action", "the action is none of register/change/close/freeze/unfreeze"),
        (Self::Account, "account.malformed", "the account is neither reg-number nor a valid IBAN"),
        (
            Self::Expects,
            "designation.expects",
            "expects is neither none nor an account; only in a file is it a registration number or a BIC",
        ),
        (Self::Currency, "account.currency", "the currency does not have three capital letters"),
        (Self::AccountBic, "account.bic", "the BIC is missing for a foreign account or is not this bank's"),
        (Self::BicCountry, "account.bic_country", "the BIC is of another country than the IBAN"),
        (Self::Purpose, "designation.purpose", "payer and benefit are given together or not at all"),
        (Self::Holder, "designation.holder", "whose the account is said to be is none of the four words for it"),
        (Self::PayerUnknown, "payer.unknown", "no payer is registered under that name"),
        (Self::PayeeUnknown, "payee.unknown", "the payee is not in the register"),
        (
            Self::SpecificByAuthority,
            "designation.specific",
            "a specific account is not for a bank: a caseworker of the authority that pays designates it",
        ),
        (Self::AccountMissing, "account.missing", "the row names no account to designate"),
        (Self::BankUnknown, "bank.unknown", "no bank in the directory has the registration number"),
        (Self::OtherBank, "designation.other_bank", "the account is not with the bank that asks"),
        (Self::PayeeDead, "payee.dead", "the payee is dead or dissolved"),
        (
            Self::NothingThere,
            "designation.none",
            "there is no account that this could be done with; for a bank: no account with this bank",
        ),
        (Self::ExpectsMismatch, "designation.expects_mismatch", "the account in force is not the expected one"),
        (
            Self::ExpectsMissing,
            "designation.expects_missing",
            "an account is in force: the row must say which one it replaces",
        ),
        (
            Self::Frozen,
            "designation.frozen",
            "the account is frozen: officers unfreeze or replace it; the bank that froze it may unfreeze it",
        ),
        (Self::Reason, "designation.reason", "the reason is not one for which this is done"),
        (Self::ReasonMissing, "designation.reason_missing", "a bank says why"),
        (Self::Consent, "designation.consent", "the way of consent is not one that goes with the reason"),
        (Self::ConsentMissing, "designation.consent_missing", "a bank says how the customer consented"),
        (Self::Waiting, "change.waiting", "another change of this account waits"),
        (Self::Locked, "designation.locked", "the payee has forbidden changes of their account through this channel"),
        (Self::BanChange, "ban.change", "accounts are not changed at present"),
        (Self::BanShared, "ban.shared", "the account is another payee's already and is not shared at present"),
        (Self::BanThirdParty, "ban.third_party", "only the payee's own account is designated at present"),
        (
            Self::SpecificAuthority,
            "designation.authority",
            "a specific account is designated by a caseworker of the authority that pays it",
        ),
        (
            Self::SpecificLocked,
            "designation.specific_locked",
            "the authority has locked this account: it is changed and deleted by its caseworkers alone",
        ),
        (
            Self::Superseded,
            "designation.superseded",
            "what stands did not come of the change that is to be reverted or it was reverted already",
        ),
    ];

    /// The refusal with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map(|(refusal, ..)| *refusal)
    }
}

impl Refuse for RowRefusal {
    fn code(&self) -> &'static str {
        Self::ALL[*self as usize].1
    }
}

/// By its code.
impl Serialize for RowRefusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for RowRefusal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("no refusal has that code"))
    }
}

impl fmt::Display for RowRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL[*self as usize].2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_codes_are_unique() {
        for (at, (refusal, code, text)) in RowRefusal::ALL.iter().enumerate() {
            assert_eq!(*refusal as usize, at, "{code}");
            assert_eq!(RowRefusal::from_code(code), Some(*refusal));
            let kept = serde_json::to_string(refusal).unwrap();
            assert_eq!(serde_json::from_str::<RowRefusal>(&kept).unwrap(), *refusal);
            assert!(!text.contains([',', '"']), "{code}: its text goes into CSV as it is");
        }
    }
}
