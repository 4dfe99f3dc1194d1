use crate::FormatError;
use crate::digits::{Digits, masked_debug};
use jiff::civil::Date;

/// What a replacement number adds to the day of birth. Such numbers never occur in the register.
const REPLACEMENT_DAY_OFFSET: u8 = 60;
const MODULUS_11_WEIGHTS: [u32; 10] = [4, 3, 2, 7, 6, 5, 4, 3, 2, 1];

/// A person's number in the Danish civil registration system: day, month and year of birth, and four digits.
///
/// Well-formed means that the date exists in the century the seventh digit tells. It does not mean that the register
/// knows the number, nor that it is a real person's: see [`Cpr::is_replacement`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpr(Digits<10>);

masked_debug!(Cpr);

impl Cpr {
    /// Reads `DDMMYY-SSSS` or `DDMMYYSSSS`, and nothing around it.
    ///
    /// # Errors
    /// The shape is another, or the date of birth does not exist. Modulus 11 is never a reason: since 1 October 2007
    /// numbers are given out that do not satisfy it.
    pub fn parse(text: &str) -> Result<Cpr, FormatError> {
        let refuse = |why| FormatError { what: "CPR number", why };
        let cpr =
            ten_digits(text.as_bytes()).ok_or(refuse("is not 10 digits, with or without a hyphen after the sixth"))?;
        date_of_birth(&cpr).ok_or(refuse("does not begin with a date that exists"))?;
        Ok(Cpr(cpr))
    }

    /// The ten digits, without a hyphen. The only way to read the number: each call is a place to ask who is allowed to
    /// see it.
    pub fn digits(&self) -> &str {
        self.0.as_str()
    }

    /// The date of birth in the number; for a replacement number, after its day is brought back into the month.
    pub fn birth_date(&self) -> Date {
        date_of_birth(&self.0).expect("parse accepts only numbers whose date exists")
    }

    /// Whether the day is 61-91: a number made up where no real one exists, or for a synthetic person. It names nobody.
    pub fn is_replacement(&self) -> bool {
        self.0.pair(0) > REPLACEMENT_DAY_OFFSET
    }

    /// Whether the weighted sum is divisible by 11. A hint against typing errors, never a ground for refusal.
    pub fn passes_modulus_11(&self) -> bool {
        self.0.modulus_11(MODULUS_11_WEIGHTS) == 0
    }
}

fn ten_digits(text: &[u8]) -> Option<Digits<10>> {
    let Some((date, [b'-', serial @ ..])) = text.split_at_checked(6) else { return Digits::parse(text) };
    if serial.len() != 4 {
        return None;
    }
    let mut digits = [0; 10];
    digits[..6].copy_from_slice(date);
    digits[6..].copy_from_slice(serial);
    Digits::parse(&digits)
}

fn date_of_birth(digits: &Digits<10>) -> Option<Date> {
    let day = match digits.pair(0) {
        day if day > REPLACEMENT_DAY_OFFSET => day - REPLACEMENT_DAY_OFFSET,
        day => day,
    };
    let year = century(digits.at(6), digits.pair(4)) + i16::from(digits.pair(4));
    Date::new(year, digits.pair(2) as i8, day as i8).ok()
}

/// The century of birth, by the seventh digit and the two digits of the year.
fn century(seventh: u8, year: u8) -> i16 {
    match (seventh, year) {
        (0..=3, _) => 1900,
        (4 | 9, 0..=36) => 2000,
        (4 | 9, _) => 1900,
        (_, 0..=57) => 2000,
        (_, _) => 1800,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn accepts_two_forms_and_nothing_else() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Cpr::parse(text).ok().as_ref().map(Cpr::digits), expected, "{text:?}");
        };
        check("6101701234", Some("6101701234"));
        check("610170-1234", Some("6101701234"));
        check("", None);
        check("-1234", None);
        check("610170", None);
        check("610170123", None);
        check("61017012345", None);
        check("610170 1234", None);
        check("61017-01234", None);
        check("610170--234", None);
        check("610170-123", None);
        check(" 6101701234", None);
        check("6101701234\n", None);
        check("610170123x", None);
        check("６1017012", None);
        check("610170-12３", None);
    }

    #[test]
    fn the_date_must_exist() {
        let check = |text: &str, exists: bool| assert_eq!(Cpr::parse(text).is_ok(), exists, "{text}");
        check("0001701234", false);
        check("6001701234", false);
        check("9101701234", true);
        check("9201701234", false);
        check("3201701234", false);
        check("9104701234", false);
        check("6100701234", false);
        check("6113701234", false);
        // 2000 was a leap year and 1900 was not: the century decides whether the date exists.
        check("8902004123", true);
        check("8902001234", false);
        check("8902720123", true);
        check("8902710123", false);
    }

    #[test]
    fn the_seventh_digit_tells_the_century() {
        let check = |sevenths: &[u8], year: u8, expected: i16| {
            for seventh in sevenths {
                let cpr = Cpr::parse(&format!("6101{year:02}{seventh}000")).unwrap();
                assert_eq!(cpr.birth_date(), date(expected, 1, 1), "{cpr:?}, seventh digit {seventh}");
            }
        };
        check(&[0, 1, 2, 3], 0, 1900);
        check(&[0, 1, 2, 3], 99, 1999);
        check(&[4, 9], 0, 2000);
        check(&[4, 9], 36, 2036);
        check(&[4, 9], 37, 1937);
        check(&[4, 9], 99, 1999);
        check(&[5, 6, 7, 8], 0, 2000);
        check(&[5, 6, 7, 8], 57, 2057);
        check(&[5, 6, 7, 8], 58, 1858);
        check(&[5, 6, 7, 8], 99, 1899);
    }

    #[test]
    fn modulus_11_is_a_hint_and_never_a_refusal() {
        let check = |text: &str, passes: bool, replacement: bool| {
            let cpr = Cpr::parse(text).unwrap();
            assert_eq!((cpr.passes_modulus_11(), cpr.is_replacement()), (passes, replacement), "{text}");
        };
        // Published test numbers; they are the only ones here that do not have the form of a replacement number.
        check("1107744882", true, false);
        check("2101270087", true, false);
        check("1012620000", true, false);
        check("1104781235", false, false);
        check("2512489996", false, false);
        check("2506924015", false, false);
        check("6101701234", false, true);
    }

    #[test]
    fn shows_nothing_of_itself() {
        let cpr = Cpr::parse("6101701234").unwrap();
        assert_eq!(format!("{cpr:?}"), "Cpr(……)");
        let error = Cpr::parse("9201701234").unwrap_err();
        assert_eq!(error.to_string(), "The CPR number does not begin with a date that exists.");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Cpr::parse(&text);
        }

        #[test]
        fn any_ten_digits_are_answered_and_read_back(text in "[0-9]{6}-?[0-9]{4}") {
            if let Ok(cpr) = Cpr::parse(&text) {
                prop_assert_eq!(cpr.digits(), text.replace('-', ""));
                prop_assert_eq!(cpr.birth_date().month() as u8, text[2..4].parse::<u8>().unwrap());
                prop_assert!((1858..=2057).contains(&cpr.birth_date().year()));
            }
        }
    }
}
