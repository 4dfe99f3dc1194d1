use crate::digits::masked_debug;
use crate::{AccountNumber, Bic, Country, DanishAccount, FormatError, RegNumber};
use iban::{IbanLike, ParseBaseIbanError, ParseIbanError};
use std::cmp::Ordering;

/// Countries and territories that one banking system serves: an account there may have an IBAN of one and a BIC of another
/// of them. The IBAN registry counts most of these territories to the first country; Monaco, the Faroe Islands and
/// Greenland have IBANs of their own.
const BANKING_SYSTEMS: [&[&str]; 4] = [
    &["DK", "FO", "GL"],
    &["FI", "AX"],
    &["FR", "BL", "GF", "GP", "MC", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"],
    &["GB", "GG", "IM", "JE"],
];

/// An international bank account number whose check digits hold and whose shape is its country's (ISO 13616).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iban(iban::Iban);

masked_debug!(Iban);

impl Iban {
    /// Reads the electronic form, or the paper form with a space after every fourth character. Upper case only.
    ///
    /// # Errors
    /// The shape, the country, the country's own shape or the check digits are wrong.
    pub fn parse(text: &str) -> Result<Iban, FormatError> {
        let refuse = |why| FormatError { what: "IBAN", why };
        if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(refuse("has lower-case letters"));
        }
        let iban: iban::Iban = text.parse().map_err(|error| {
            refuse(match error {
                ParseIbanError::InvalidBaseIban { source: ParseBaseIbanError::InvalidFormat } => {
                    "is not two letters, two digits and up to 30 letters and digits, whole or in groups of four"
                }
                ParseIbanError::InvalidBaseIban { source: ParseBaseIbanError::InvalidChecksum } => {
                    "has wrong check digits"
                }
                ParseIbanError::InvalidBban(_) => "does not have the length or pattern of its country",
                ParseIbanError::UnknownCountry(_) => "does not begin with a country that has IBANs",
            })
        })?;
        // Check digits run from 02 to 98. 99 satisfies the modulus wherever 02 does, and would be a second text for one
        // account.
        if iban.check_digits_str() == "99" {
            return Err(refuse("has wrong check digits"));
        }
        Ok(Iban(iban))
    }

    /// The electronic form: no spaces, at most 34 characters.
    pub fn as_str(&self) -> &str {
        self.0.electronic_str()
    }

    /// The paper form: groups of four. Unmasked: for letters to the payee.
    pub fn to_paper(&self) -> String {
        self.0.to_string()
    }

    /// The two letters of ISO 3166-1 it begins with.
    pub fn country_code(&self) -> &str {
        self.0.country_code()
    }

    /// Whether the account can be with a bank of this BIC: both are of one country, or of one banking system.
    pub fn can_be_with(&self, bic: &Bic) -> bool {
        let (own, other) = (self.country_code(), bic.country_code());
        own == other || BANKING_SYSTEMS.iter().any(|system| system.contains(&own) && system.contains(&other))
    }

    /// The account behind an IBAN of Denmark, the Faroe Islands or Greenland; `None` for other countries.
    pub fn to_danish(&self) -> Option<DanishAccount> {
        Country::parse(self.country_code()).ok()?;
        let (reg, number) = self.0.bban().split_at_checked(4)?;
        Some(DanishAccount { reg: RegNumber::parse(reg).ok()?, number: AccountNumber::parse(number).ok()? })
    }
}

impl PartialOrd for Iban {
    fn partial_cmp(&self, other: &Iban) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Iban {
    /// As the electronic form.
    fn cmp(&self, other: &Iban) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_electronic_and_paper_form() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let iban = Iban::parse(text);
            assert_eq!(iban.as_ref().map(Iban::as_str).map_err(|error| error.why), expected, "{text:?}");
        };
        const SHAPE: &str =
            "is not two letters, two digits and up to 30 letters and digits, whole or in groups of four";
        check("DK5000400440116243", Ok("DK5000400440116243"));
        check("DK50 0040 0440 1162 43", Ok("DK5000400440116243"));
        check("GL2000400440116243", Ok("GL2000400440116243"));
        check("MT84MALT011000012345MTLCAST001S", Ok("MT84MALT011000012345MTLCAST001S"));
        check("dk5000400440116243", Err("has lower-case letters"));
        check("MT84malt011000012345MTLCAST001S", Err("has lower-case letters"));
        check("DK5000400440116244", Err("has wrong check digits"));
        check("DK0500400440116243", Err("has wrong check digits"));
        check("DK50 00400440116243", Err(SHAPE));
        check("DK50 0040 0440 1162 43 ", Err(SHAPE));
        check(" DK5000400440116243", Err(SHAPE));
        check("DK50-0040-0440-1162-43", Err(SHAPE));
        check("DK50004004401162430000000000000000000", Err(SHAPE));
        check("DK5000400440116２43", Err(SHAPE));
        check("", Err(SHAPE));
        check("DK390040044011624", Err("does not have the length or pattern of its country"));
        check("DK630040044011624X", Err("does not have the length or pattern of its country"));
        check("XX2500400440116243", Err("does not begin with a country that has IBANs"));
    }

    #[test]
    fn check_digits_99_are_not_another_spelling_of_02() {
        let twin = (0..1000)
            .map(|number| DanishAccount::parse(&format!("0040-{number}")).unwrap().iban(Country::Denmark))
            .find(|iban| iban.as_str().starts_with("DK02"))
            .unwrap();
        let misspelt = twin.as_str().replacen("DK02", "DK99", 1);
        assert_eq!(Iban::parse(&misspelt).unwrap_err().why, "has wrong check digits");
    }

    #[test]
    fn a_bank_is_of_the_same_banking_system() {
        let check = |iban: &str, expected: &[&str]| {
            let bic = |country: &&&str| Bic::parse(&format!("ABCD{country}22")).unwrap();
            let iban = Iban::parse(iban).unwrap();
            let all =
                ["DE", "AT", "DK", "FO", "GL", "FI", "AX", "SE", "FR", "MC", "RE", "NC", "GB", "JE", "GG", "IM", "IE"];
            let found: Vec<&str> = all.iter().filter(|country| iban.can_be_with(&bic(country))).copied().collect();
            assert_eq!(found, expected, "{}", iban.country_code());
        };
        check("DE89370400440532013000", &["DE"]);
        check("SE4550000000058398257466", &["SE"]);
        check("GL2000400440116243", &["DK", "FO", "GL"]);
        check("FI2112345600000785", &["FI", "AX"]);
        check("FR1420041010050500013M02606", &["FR", "MC", "RE", "NC"]);
        check("MC5811222000010123456789030", &["FR", "MC", "RE", "NC"]);
        check("GB29NWBK60161331926819", &["GB", "JE", "GG", "IM"]);
    }

    #[test]
    fn shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", Iban::parse("DK5000400440116243").unwrap()), "Iban(……)");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Iban::parse(&text);
        }

        #[test]
        fn what_looks_like_an_iban_is_answered(text in "(DK|FO|GL|SE|NO|MT)[0-9]{2}[A-Z0-9 ]{0,40}") {
            if let Ok(iban) = Iban::parse(&text) {
                prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
            }
        }

        #[test]
        fn both_forms_are_read_back(reg in 0_u16..10_000, number in "[0-9]{10}") {
            let iban = DanishAccount::parse(&format!("{reg:04}-{number}")).unwrap().iban(Country::Denmark);
            prop_assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
            prop_assert_eq!(Iban::parse(&iban.to_paper()), Ok(iban));
        }
    }
}
