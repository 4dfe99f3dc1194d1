use std::error::Error;
use std::fmt;

const UNITS_PER_ONE: i128 = 10_i128.pow(Decimal::SCALE);
const SIGNIFICANT_DIGITS_MAX: usize = 18;

/// An exact number with five decimals: an amount, or a sum of amounts, before its currency is known to limit it.
///
/// `parse` gives no number below zero, since ISO 20022 has no negative amounts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Decimal {
    hundred_thousandths: i128,
}

/// Why a text is no amount. Where several hold, the first in this order is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalError {
    /// Not an `xs:decimal`.
    Malformed,
    /// Below zero.
    Negative,
    /// More than 18 significant digits.
    TooManyDigits,
    /// More than five decimals that are not trailing zeros.
    TooManyDecimals,
}

impl Decimal {
    /// How many decimals are kept.
    pub const SCALE: u32 = 5;
    /// 0.00
    pub const ZERO: Decimal = Decimal { hundred_thousandths: 0 };

    /// Reads an amount: `xs:decimal` with `totalDigits` 18, `fractionDigits` 5 and `minInclusive` 0 (XML Schema Part 2
    /// §3.2.3, §4.3.11; ISO 20022 `ActiveOrHistoricCurrencyAndAmount`).
    ///
    /// Lawful are a sign, `.5`, `5.`, leading zeros, trailing zeros and XML white space around it; `-0` is zero. The
    /// digits that count are those of the value: neither leading zeros nor trailing zeros of the fraction.
    ///
    /// # Errors
    /// See [`DecimalError`].
    pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']).as_bytes();
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let (whole, fraction) = match digits.iter().position(|&byte| byte == b'.') {
            Some(point) => (&digits[..point], &digits[point + 1..]),
            None => (digits, [].as_slice()),
        };
        if whole.is_empty() && fraction.is_empty() || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
            return Err(DecimalError::Malformed);
        }

        let whole = without_leading_zeros(whole);
        let fraction = without_trailing_zeros(fraction);
        if negative && !(whole.is_empty() && fraction.is_empty()) {
            return Err(DecimalError::Negative);
        }
        // In 0.05 the zero behind the point leads too: only one digit is significant.
        let fraction_significant = if whole.is_empty() { without_leading_zeros(fraction) } else { fraction };
        if whole.len() + fraction_significant.len() > SIGNIFICANT_DIGITS_MAX {
            return Err(DecimalError::TooManyDigits);
        }
        let missing = (Decimal::SCALE as usize).checked_sub(fraction.len()).ok_or(DecimalError::TooManyDecimals)?;

        // 18 digits fit in 64 bits; only the last step needs more.
        let unscaled = whole.iter().chain(fraction).fold(0_u64, |sum, &digit| sum * 10 + u64::from(digit - b'0'));
        Ok(Decimal { hundred_thousandths: i128::from(unscaled) * 10_i128.pow(missing as u32) })
    }

    /// Reads a control sum: `xs:decimal` with `totalDigits` 18 and `fractionDigits` 17 (ISO 20022 `DecimalNumber`).
    ///
    /// The schema allows more decimals here than in the amounts it sums up. Such a sum agrees with no amounts, so it is
    /// refused like one: the rules are those of [`Decimal::parse`].
    ///
    /// # Errors
    /// See [`DecimalError`]; `TooManyDecimals` may mean a text that the schema allows.
    pub fn parse_control_sum(text: &str) -> Result<Decimal, DecimalError> {
        Decimal::parse(text)
    }

    /// `None` on overflow, which takes more than 10^15 of the largest amounts.
    pub const fn checked_add(self, other: Decimal) -> Option<Decimal> {
        match self.hundred_thousandths.checked_add(other.hundred_thousandths) {
            Some(hundred_thousandths) => Some(Decimal { hundred_thousandths }),
            None => None,
        }
    }

    /// `None` where the other is more, or below zero on overflow: no sum of amounts is.
    pub const fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        match self.hundred_thousandths.checked_sub(other.hundred_thousandths) {
            Some(hundred_thousandths) if hundred_thousandths >= 0 => Some(Decimal { hundred_thousandths }),
            _ => None,
        }
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.hundred_thousandths == 0
    }

    /// `minor` units of which `10^decimals` make one. `decimals` is at most five.
    pub(crate) fn from_minor(minor: i64, decimals: u8) -> Decimal {
        Decimal { hundred_thousandths: i128::from(minor) * units_per_minor(decimals) }
    }

    /// The units of which `10^decimals` make one; `None` if this takes a fraction of them. `decimals` is at most five.
    pub(crate) fn to_minor(self, decimals: u8) -> Option<i128> {
        let units = units_per_minor(decimals);
        (self.hundred_thousandths % units == 0).then_some(self.hundred_thousandths / units)
    }
}

fn units_per_minor(decimals: u8) -> i128 {
    10_i128.pow(Decimal::SCALE - u32::from(decimals))
}

fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    &digits[zeros..]
}

fn without_trailing_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().rev().take_while(|&&digit| digit == b'0').count();
    &digits[..digits.len() - zeros]
}

impl fmt::Display for Decimal {
    /// As few decimals as the value needs, but two at least: `1500.50`, `0.00`, `1.234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.hundred_thousandths.unsigned_abs();
        let (whole, mut fraction) = (size / UNITS_PER_ONE as u128, size % UNITS_PER_ONE as u128);
        let mut decimals = Decimal::SCALE as usize;
        while decimals > 2 && fraction % 10 == 0 {
            fraction /= 10;
            decimals -= 1;
        }
        let sign = if self.hundred_thousandths < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{fraction:0decimals$}")
    }
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecimalError::Malformed => "The amount is not a decimal number.",
            DecimalError::Negative => "The amount is below zero.",
            DecimalError::TooManyDigits => "The amount has more than 18 significant digits.",
            DecimalError::TooManyDecimals => "The amount has more than 5 decimals.",
        })
    }
}

impl Error for DecimalError {}

#[cfg(test)]
mod tests {
    use super::*;
    use DecimalError::{Malformed, Negative, TooManyDecimals, TooManyDigits};
    use proptest::prelude::*;

    #[test]
    fn reads_what_xml_schema_allows() {
        let check = |text: &str, expected: Result<&str, DecimalError>| {
            let shown = Decimal::parse(text).map(|decimal| decimal.to_string());
            assert_eq!(shown.as_deref().map_err(|error| *error), expected, "{text:?}");
            assert_eq!(Decimal::parse_control_sum(text), Decimal::parse(text), "{text:?}");
        };
        check("1500.50", Ok("1500.50"));
        check("1500.5", Ok("1500.50"));
        check("1500", Ok("1500.00"));
        check("+1500", Ok("1500.00"));
        check("0001500", Ok("1500.00"));
        check(".5", Ok("0.50"));
        check("5.", Ok("5.00"));
        check("1.234", Ok("1.234"));
        check("0.00001", Ok("0.00001"));
        check("0.10010", Ok("0.1001"));
        check("\r\n\t 1.50 \n", Ok("1.50"));
        check("0", Ok("0.00"));
        check("-0", Ok("0.00"));
        check("-0.000000000000000000000", Ok("0.00"));

        check("", Err(Malformed));
        check(" ", Err(Malformed));
        check(".", Err(Malformed));
        check("+", Err(Malformed));
        check("-.", Err(Malformed));
        check("--1", Err(Malformed));
        check("+-1", Err(Malformed));
        check("1.2.3", Err(Malformed));
        check("1,50", Err(Malformed));
        check("1 500", Err(Malformed));
        check("1e3", Err(Malformed));
        check("- 1", Err(Malformed));
        check("INF", Err(Malformed));
        check("\u{a0}1", Err(Malformed));
        check("١", Err(Malformed));

        check("-0.01", Err(Negative));
        check("-1", Err(Negative));
    }

    #[test]
    fn counts_the_digits_of_the_value() {
        let check = |text: &str, expected: Result<&str, DecimalError>| {
            let shown = Decimal::parse(text).map(|decimal| decimal.to_string());
            assert_eq!(shown.as_deref().map_err(|error| *error), expected, "{text:?}");
        };
        check("999999999999999999", Ok("999999999999999999.00"));
        check("1000000000000000000", Err(TooManyDigits));
        check("0000000000000000000001", Ok("1.00"));
        check("1.0000000000000000000000", Ok("1.00"));
        check("1234567890123.45678", Ok("1234567890123.45678"));
        check("12345678901234.56789", Err(TooManyDigits));
        check("12345678901234.567890", Err(TooManyDigits));
        check("0.000001", Err(TooManyDecimals));
        check("0.123456", Err(TooManyDecimals));
        check("0.00000000000000000000001", Err(TooManyDecimals));
        // Both hold: the number of digits is told first.
        check("1.00000000000000000001", Err(TooManyDigits));
        check("-1.00000000000000000001", Err(Negative));
        check("-1.0000000000x", Err(Malformed));
    }

    #[test]
    fn adds_up_until_it_overflows() {
        let one = Decimal::parse("0.1").unwrap();
        let two = Decimal::parse("0.2").unwrap();
        assert_eq!(one.checked_add(two), Decimal::parse("0.3").ok());
        assert!(Decimal::ZERO.is_zero() && !one.is_zero());
        assert!(one < two);
        assert_eq!(Decimal { hundred_thousandths: i128::MAX }.checked_add(one), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Decimal::parse(&text);
        }

        #[test]
        fn what_looks_like_a_number_is_answered(text in "[-+]?[0-9]{0,25}\\.?[0-9]{0,25}") {
            if let Ok(decimal) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
            }
        }

        #[test]
        fn padding_does_not_change_the_value(whole in 0_u64..10_000_000_000_000, fraction in 0_u32..100_000) {
            let plain = Decimal::parse(&format!("{whole}.{fraction:05}")).unwrap();
            prop_assert_eq!(Decimal::parse(&format!(" +000{whole}.{fraction:05}00000000\n")), Ok(plain));
            prop_assert_eq!(plain.hundred_thousandths, i128::from(whole) * 100_000 + i128::from(fraction));
        }
    }
}
