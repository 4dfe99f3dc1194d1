use crate::FormatError;
use crate::digits::{Digits, masked_debug};

/// The last weight is the check digit's own.
const MODULUS_11_WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];

/// A legal unit's number in the Danish business register. A sole trader's names a person, so it is masked like one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cvr(Digits<8>);

/// A number a business is registered under for tax. Equal to the CVR number where the business has only one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeNumber(Digits<8>);

/// A production unit's number: one place where a business works.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PNumber(Digits<10>);

masked_debug!(Cvr, SeNumber, PNumber);

impl Cvr {
    /// Reads eight digits that satisfy modulus 11 (source: the business authority's page on modulus 11).
    ///
    /// # Errors
    /// The text is not eight digits, begins with zero, or has a wrong check digit.
    pub fn parse(text: &str) -> Result<Cvr, FormatError> {
        let refuse = |why| FormatError { what: "CVR number", why };
        let digits = Digits::parse(text.as_bytes()).ok_or(refuse("is not 8 digits"))?;
        // Refused by name, since 00000000 satisfies modulus 11.
        if digits.at(0) == 0 {
            return Err(refuse("begins with zero"));
        }
        if digits.modulus_11(MODULUS_11_WEIGHTS) != 0 {
            return Err(refuse("has a wrong check digit"));
        }
        Ok(Cvr(digits))
    }

    /// The number whose first seven digits are these: how synthetic businesses get theirs. `None` where the check digit
    /// would be 10, or where the seven digits begin with zero or are more than seven.
    pub fn with_check_digit(first_seven: u32) -> Option<Cvr> {
        if !(1_000_000..=9_999_999).contains(&first_seven) {
            return None;
        }
        let without_check_digit = u64::from(first_seven) * 10;
        let check_digit = match Digits::<8>::of(without_check_digit).modulus_11(MODULUS_11_WEIGHTS) {
            0 => 0,
            1 => return None,
            remainder => 11 - remainder,
        };
        Some(Cvr(Digits::of(without_check_digit + u64::from(check_digit))))
    }

    /// The eight digits.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }
}

impl SeNumber {
    /// Reads eight digits. No check digit is enforced.
    ///
    /// # Errors
    /// The text is not eight digits.
    pub fn parse(text: &str) -> Result<SeNumber, FormatError> {
        let refused = FormatError { what: "SE number", why: "is not 8 digits" };
        Digits::parse(text.as_bytes()).map(SeNumber).ok_or(refused)
    }

    /// The eight digits.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }
}

impl From<Cvr> for SeNumber {
    /// The SE number of a business that has only one.
    fn from(cvr: Cvr) -> SeNumber {
        SeNumber(cvr.0)
    }
}

impl PNumber {
    /// Reads ten digits, 1000000000-9999999999. No check digit is enforced: some were issued with wrong weights.
    ///
    /// # Errors
    /// The text is not ten digits, or begins with zero.
    pub fn parse(text: &str) -> Result<PNumber, FormatError> {
        let refuse = |why| FormatError { what: "P-number", why };
        let digits = Digits::parse(text.as_bytes()).ok_or(refuse("is not 10 digits"))?;
        if digits.at(0) == 0 {
            return Err(refuse("begins with zero"));
        }
        Ok(PNumber(digits))
    }

    /// The ten digits.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cvr_is_eight_digits_under_modulus_11() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let cvr = Cvr::parse(text);
            assert_eq!(cvr.as_ref().map(Cvr::digits).map_err(|error| error.why), expected, "{text:?}");
        };
        check("13748136", Ok("13748136"));
        check("25992180", Ok("25992180"));
        check("30808460", Ok("30808460"));
        check("55133018", Ok("55133018"));
        check("32080808", Err("has a wrong check digit"));
        check("34050505", Err("has a wrong check digit"));
        check("13748137", Err("has a wrong check digit"));
        check("00000000", Err("begins with zero"));
        check("1374813", Err("is not 8 digits"));
        check("137481360", Err("is not 8 digits"));
        check("DK13748136", Err("is not 8 digits"));
        check("1374 136", Err("is not 8 digits"));
        check("", Err("is not 8 digits"));
    }

    #[test]
    fn the_check_digit_follows_from_the_seven_before_it() {
        let check = |first_seven: u32, expected: Option<&str>| {
            assert_eq!(Cvr::with_check_digit(first_seven).as_ref().map(Cvr::digits), expected, "{first_seven}");
        };
        check(1_374_813, Some("13748136"));
        check(2_599_218, Some("25992180"));
        check(999_999, None);
        check(10_000_000, None);
        check(u32::MAX, None);
        // The weighted sum is 45, which leaves 1: the check digit would be 10.
        check(1_111_119, None);
    }

    #[test]
    fn se_and_p_numbers_have_only_a_shape() {
        let check = |text: &str, se: bool, p: bool| {
            assert_eq!((SeNumber::parse(text).is_ok(), PNumber::parse(text).is_ok()), (se, p), "{text:?}");
        };
        check("32080808", true, false);
        check("00000000", true, false);
        check("1000000000", false, true);
        check("9999999999", false, true);
        check("0999999999", false, false);
        check("100000000", false, false);
        check("10000000000", false, false);
        check("1234567x", false, false);
        check("", false, false);
    }

    #[test]
    fn shows_nothing_of_itself() {
        let cvr = Cvr::parse("13748136").unwrap();
        assert_eq!(format!("{cvr:?} {:?}", SeNumber::from(cvr)), "Cvr(……) SeNumber(……)");
        assert_eq!(format!("{:?}", PNumber::parse("1000000000").unwrap()), "PNumber(……)");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = (Cvr::parse(&text), SeNumber::parse(&text), PNumber::parse(&text));
        }

        #[test]
        fn a_made_number_is_a_valid_one(first_seven in 1_000_000_u32..10_000_000) {
            if let Some(cvr) = Cvr::with_check_digit(first_seven) {
                prop_assert_eq!(Cvr::parse(cvr.digits()), Ok(cvr));
                prop_assert_eq!(&cvr.digits()[..7], first_seven.to_string());
                prop_assert_eq!(SeNumber::parse(cvr.digits()), Ok(SeNumber::from(cvr)));
            }
        }

        #[test]
        fn one_wrong_digit_is_noticed(first_seven in 1_000_000_u32..10_000_000, at in 1_usize..8, add in 1_u8..10) {
            if let Some(cvr) = Cvr::with_check_digit(first_seven) {
                let mut wrong = cvr.digits().as_bytes().to_vec();
                wrong[at] = b'0' + (wrong[at] - b'0' + add) % 10;
                prop_assert!(Cvr::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
            }
        }

        #[test]
        fn ten_digits_are_read_back(number in 1_000_000_000_u64..10_000_000_000) {
            let text = number.to_string();
            let p_number = PNumber::parse(&text).unwrap();
            prop_assert_eq!(p_number.digits(), text);
        }
    }
}
