use crate::digits::{Digits, masked_debug};
use crate::{FormatError, Iban};
use std::fmt;

/// Where a Danish registration number can be at home: three IBAN countries, one system of accounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Country {
    /// `DK`
    Denmark,
    /// `FO`
    FaroeIslands,
    /// `GL`
    Greenland,
}

impl Country {
    /// The two letters of ISO 3166-1.
    pub const fn code(self) -> &'static str {
        match self {
            Country::Denmark => "DK",
            Country::FaroeIslands => "FO",
            Country::Greenland => "GL",
        }
    }

    /// Reads the two letters, in upper case.
    ///
    /// # Errors
    /// Another country, or no country's code.
    pub fn parse(text: &str) -> Result<Country, FormatError> {
        match text {
            "DK" => Ok(Country::Denmark),
            "FO" => Ok(Country::FaroeIslands),
            "GL" => Ok(Country::Greenland),
            _ => Err(FormatError { what: "country", why: "is not DK, FO or GL" }),
        }
    }

    /// The two letters as IBAN arithmetic reads them: A is 10, Z is 35 (ISO 13616).
    const fn iban_value(self) -> u64 {
        match self {
            Country::Denmark => 13_20,
            Country::FaroeIslands => 15_24,
            Country::Greenland => 16_21,
        }
    }
}

/// A bank branch's registration number, 0000-9999: the first half of a Danish account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RegNumber(u16);

impl RegNumber {
    /// `None` above 9999.
    pub const fn new(value: u16) -> Option<RegNumber> {
        if value <= 9999 { Some(RegNumber(value)) } else { None }
    }

    /// Reads exactly four digits. Fewer are refused: a missing digit is a typing error more often than a missing zero.
    ///
    /// # Errors
    /// The text is not four digits.
    pub fn parse(text: &str) -> Result<RegNumber, FormatError> {
        RegNumber::parse_bytes(text.as_bytes())
    }

    fn parse_bytes(text: &[u8]) -> Result<RegNumber, FormatError> {
        let refused = FormatError { what: "registration number", why: "is not 4 digits" };
        let digits = Digits::<4>::parse(text).ok_or(refused)?;
        Ok(RegNumber(u16::from(digits.pair(0)) * 100 + u16::from(digits.pair(2))))
    }

    /// 0-9999.
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl fmt::Display for RegNumber {
    /// Four digits: `0040`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// The second half of a Danish account: ten digits within one registration number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(Digits<10>);

impl AccountNumber {
    /// Reads one to ten digits; zeros fill up from the left, as in the IBAN.
    ///
    /// # Errors
    /// The text is not one to ten digits.
    pub fn parse(text: &str) -> Result<AccountNumber, FormatError> {
        AccountNumber::parse_bytes(text.as_bytes())
    }

    fn parse_bytes(text: &[u8]) -> Result<AccountNumber, FormatError> {
        let refused = FormatError { what: "account number", why: "is not 1 to 10 digits" };
        Digits::parse_padded(text).map(AccountNumber).ok_or(refused)
    }

    /// The ten digits.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }

    fn value(self) -> u64 {
        (0..10).fold(0, |value, index| value * 10 + u64::from(self.0.at(index)))
    }
}

/// An account in Denmark, the Faroe Islands or Greenland. The three share registration numbers, so the country is no
/// part of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DanishAccount {
    /// The branch: it tells the bank, through [`crate::BankDirectory`].
    pub reg: RegNumber,
    /// The account within the registration number.
    pub number: AccountNumber,
}

masked_debug!(AccountNumber, DanishAccount);

impl DanishAccount {
    /// Reads `RRRR-N` up to `RRRR-NNNNNNNNNN`; a space may stand for the hyphen.
    ///
    /// # Errors
    /// The separator is not there, or either half is malformed.
    pub fn parse(text: &str) -> Result<DanishAccount, FormatError> {
        let [a, b, c, d, b'-' | b' ', number @ ..] = text.as_bytes() else {
            let why = "is not a registration number of 4 digits, a hyphen and an account number";
            return Err(FormatError { what: "account", why });
        };
        Ok(DanishAccount {
            reg: RegNumber::parse_bytes(&[*a, *b, *c, *d])?,
            number: AccountNumber::parse_bytes(number)?,
        })
    }

    /// The IBAN of this account in a country. One account has three, and all of them are right; its bank's country says
    /// which to print.
    pub fn iban(&self, country: Country) -> Iban {
        // ISO 7064 modulus 97-10: the country's letters and a check of 00 move behind the account. Reduced in two
        // steps, since the twenty digits together overflow 64 bits.
        let account = u64::from(self.reg.0) * 10_000_000_000 + self.number.value();
        let check = 98 - ((account % 97) * 1_000_000 + country.iban_value() * 100) % 97;

        let mut text = [0; 18];
        text[..2].copy_from_slice(country.code().as_bytes());
        text[2..4].copy_from_slice(Digits::<2>::of(check).as_str().as_bytes());
        text[4..].copy_from_slice(Digits::<14>::of(account).as_str().as_bytes());
        let text = std::str::from_utf8(&text).expect("letters and digits");
        Iban::parse(text).expect("the check digits were computed from the account")
    }

    /// `RRRR-NNNNNNNNNN`, which [`DanishAccount::parse`] reads back. Unmasked: for the payee, their bank and the sealed
    /// store.
    pub fn to_text(&self) -> String {
        format!("{}-{}", self.reg, self.number.digits())
    }
}

/// Where money can be sent.
///
/// Made by [`Account::parse`] or `Account::from(iban)`, a Danish account is always `Danish`, however it was written:
/// two texts for one account compare equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Account {
    /// In Denmark, the Faroe Islands or Greenland.
    Danish(DanishAccount),
    /// Anywhere else that has IBANs.
    Foreign(Iban),
}

impl Account {
    /// Reads a registration and account number as [`DanishAccount::parse`] does, or an IBAN as [`Iban::parse`] does. A
    /// text that begins with a letter is meant as an IBAN.
    ///
    /// # Errors
    /// What the one that was meant has to say.
    pub fn parse(text: &str) -> Result<Account, FormatError> {
        if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            Iban::parse(text).map(Account::from)
        } else {
            DanishAccount::parse(text).map(Account::Danish)
        }
    }

    /// The IBAN. For a Danish account, in this country; for a foreign one, the only one it has.
    pub fn iban(&self, country: Country) -> Iban {
        match self {
            Account::Danish(account) => account.iban(country),
            Account::Foreign(iban) => *iban,
        }
    }

    /// A text that [`Account::parse`] reads back. Unmasked: for the payee, their bank and the sealed store.
    pub fn to_text(&self) -> String {
        match self {
            Account::Danish(account) => account.to_text(),
            Account::Foreign(iban) => iban.as_str().to_owned(),
        }
    }
}

impl From<Iban> for Account {
    fn from(iban: Iban) -> Account {
        iban.to_danish().map_or(Account::Foreign(iban), Account::Danish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COUNTRIES: [Country; 3] = [Country::Denmark, Country::FaroeIslands, Country::Greenland];

    #[test]
    fn the_same_account_has_an_iban_in_each_country() {
        let check = |account: &str, country: Country, iban: &str| {
            let danish = DanishAccount::parse(account).unwrap();
            assert_eq!(danish.iban(country).as_str(), iban);
            assert_eq!(Account::parse(iban), Ok(Account::Danish(danish)), "{iban}");
            assert_eq!(Account::parse(account), Ok(Account::Danish(danish)), "{account}");
        };
        check("0040-0440116243", Country::Denmark, "DK5000400440116243");
        check("0040-0440116243", Country::FaroeIslands, "FO2000400440116243");
        check("0040-0440116243", Country::Greenland, "GL2000400440116243");
        check("1020-4811223344", Country::Denmark, "DK4010204811223344");
    }

    #[test]
    fn an_account_is_two_numbers_with_a_hyphen_or_space() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                DanishAccount::parse(text).ok().map(|account| account.to_text()).as_deref(),
                expected,
                "{text:?}"
            );
        };
        check("0040-440116243", Some("0040-0440116243"));
        check("0040 440116243", Some("0040-0440116243"));
        check("0040-1", Some("0040-0000000001"));
        check("0040-", None);
        check("0040", None);
        check("40-440116243", None);
        check("0040440116243", None);
        check("00400440116243", None);
        check("0040--440116243", None);
        check("0040 - 440116243", None);
        check("0040-12345678901", None);
        check("0040-440 116 243", None);
        check("004é440116243", None);
        check("", None);
    }

    #[test]
    fn each_half_is_read_on_its_own() {
        let check = |text: &str, reg: Option<u16>, number: Option<&str>| {
            assert_eq!(RegNumber::parse(text).ok().map(RegNumber::value), reg, "{text:?}");
            assert_eq!(AccountNumber::parse(text).ok().as_ref().map(AccountNumber::digits), number, "{text:?}");
        };
        check("0040", Some(40), Some("0000000040"));
        check("9999", Some(9999), Some("0000009999"));
        check("40", None, Some("0000000040"));
        check("0440116243", None, Some("0440116243"));
        check("04401162430", None, None);
        check("00 0", None, None);
        check("+040", None, None);
        check("", None, None);
        assert_eq!((RegNumber::new(9999).map(RegNumber::value), RegNumber::new(10_000)), (Some(9999), None));
        assert_eq!(RegNumber::new(40).unwrap().to_string(), "0040");
    }

    #[test]
    fn a_foreign_iban_stays_as_it_is() {
        let account = Account::parse("SE45 5000 0000 0583 9825 7466").unwrap();
        assert_eq!(account.to_text(), "SE4550000000058398257466");
        assert_eq!(account.iban(Country::Greenland).as_str(), "SE4550000000058398257466");
    }

    #[test]
    fn a_refusal_names_what_was_meant() {
        let check = |text: &str, what: &str| assert_eq!(Account::parse(text).unwrap_err().what, what, "{text:?}");
        check("DK5100400440116243", "IBAN");
        check("dk5000400440116243", "IBAN");
        check("0040440116243", "account");
        check("004a-440116243", "registration number");
        check("0040-44011624a", "account number");
    }

    #[test]
    fn countries_read_their_own_codes() {
        for country in COUNTRIES {
            assert_eq!(Country::parse(country.code()), Ok(country));
        }
        assert!(Country::parse("SE").is_err());
        assert!(Country::parse("dk").is_err());
    }

    #[test]
    fn shows_nothing_of_itself() {
        let account = DanishAccount::parse("0040-440116243").unwrap();
        assert_eq!(format!("{:?}", account.number), "AccountNumber(……)");
        assert_eq!(format!("{:?}", Account::Danish(account)), "Danish(DanishAccount(……))");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = (Account::parse(&text), Country::parse(&text));
            let _ = (RegNumber::parse(&text), AccountNumber::parse(&text));
        }

        #[test]
        fn every_danish_account_has_three_valid_ibans(reg in 0_u16..10_000, number in "[0-9]{1,10}") {
            let account = DanishAccount::parse(&format!("{reg:04}-{number}")).unwrap();
            for country in COUNTRIES {
                let iban = account.iban(country);
                prop_assert_eq!(iban.country_code(), country.code());
                prop_assert_eq!(iban.to_danish(), Some(account));
                prop_assert_eq!(Account::parse(iban.as_str()), Ok(Account::Danish(account)));
            }
            prop_assert_eq!(Account::parse(&account.to_text()), Ok(Account::Danish(account)));
        }
    }
}
