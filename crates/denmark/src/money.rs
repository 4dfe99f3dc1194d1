use crate::{Currency, Decimal};
use std::error::Error;
use std::fmt;

/// An amount to be paid, in the smallest unit of its currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    /// Øre for DKK, whole yen for JPY: see [`Currency::decimals`]. Above zero when made by [`Money::from_decimal`].
    pub minor: i64,
    /// The currency both of the amount and of its unit.
    pub currency: Currency,
}

/// Why a number is no amount to be paid in a currency.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoneyError {
    /// Nothing to pay.
    Zero,
    /// More decimals than the currency has.
    TooManyDecimals,
    /// More than 9,223,372,036,854,775,807 of the smallest unit.
    TooLarge,
}

impl Money {
    /// An amount in a currency. Decimals the currency does not have must be zero: nothing is ever rounded.
    ///
    /// # Errors
    /// See [`MoneyError`].
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        if amount.is_zero() {
            return Err(MoneyError::Zero);
        }
        let minor = amount.to_minor(currency.decimals()).ok_or(MoneyError::TooManyDecimals)?;
        Ok(Money { minor: i64::try_from(minor).map_err(|_| MoneyError::TooLarge)?, currency })
    }

    /// The amount in whole units of the currency: 150050 øre are 1500.50.
    pub fn decimal(&self) -> Decimal {
        Decimal::from_minor(self.minor, self.currency.decimals())
    }
}

impl fmt::Display for Money {
    /// The amount with the decimals of its currency, and the currency: `1500.50 DKK`, `1500 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let decimals = usize::from(self.currency.decimals());
        let minor_per_one = 10_u64.pow(u32::from(self.currency.decimals()));
        let (whole, fraction) = (self.minor.unsigned_abs() / minor_per_one, self.minor.unsigned_abs() % minor_per_one);
        write!(f, "{sign}{whole}")?;
        if decimals > 0 {
            write!(f, ".{fraction:0decimals$}")?;
        }
        write!(f, " {}", self.currency)
    }
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MoneyError::Zero => "The amount is zero.",
            MoneyError::TooManyDecimals => "The amount has more decimals than its currency.",
            MoneyError::TooLarge => "The amount is too large.",
        })
    }
}

impl Error for MoneyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_must_suit_its_currency() {
        let check = |amount: &str, currency: &str, expected: Result<(i64, &str), MoneyError>| {
            let money = Money::from_decimal(Decimal::parse(amount).unwrap(), Currency::parse(currency).unwrap());
            let shown = money.map(|money| (money.minor, money.to_string()));
            assert_eq!(
                shown.as_ref().map(|(minor, text)| (*minor, text.as_str())).map_err(|e| *e),
                expected,
                "{amount}"
            );
        };
        check("1500.50", "DKK", Ok((150_050, "1500.50 DKK")));
        check("1500.500", "DKK", Ok((150_050, "1500.50 DKK")));
        check("0.01", "DKK", Ok((1, "0.01 DKK")));
        check("1500", "JPY", Ok((1_500, "1500 JPY")));
        check("1.234", "KWD", Ok((1_234, "1.234 KWD")));
        check("1.2345", "CLF", Ok((12_345, "1.2345 CLF")));
        check("92233720368547758", "EUR", Ok((9_223_372_036_854_775_800, "92233720368547758.00 EUR")));
        check("92233720368547759", "EUR", Err(MoneyError::TooLarge));
        check("0", "DKK", Err(MoneyError::Zero));
        check("0.001", "DKK", Err(MoneyError::TooManyDecimals));
        check("1500.5", "JPY", Err(MoneyError::TooManyDecimals));
        check("1.2345", "KWD", Err(MoneyError::TooManyDecimals));
        check("999999999999999999", "DKK", Err(MoneyError::TooLarge));
    }

    proptest! {
        #[test]
        fn decimal_and_back(minor in 1_i64..10_000_000_000_000_000, currency in "DKK|JPY|KWD|CLF") {
            let money = Money { minor, currency: Currency::parse(&currency).unwrap() };
            prop_assert_eq!(Money::from_decimal(money.decimal(), money.currency), Ok(money));
        }

        #[test]
        fn any_amount_can_be_shown(minor: i64, currency in "[A-Z]{3}") {
            let money = Money { minor, currency: Currency::parse(&currency).unwrap() };
            prop_assert!(money.to_string().ends_with(&currency));
            prop_assert!(!money.decimal().to_string().is_empty());
        }
    }
}
