use crate::FormatError;
use std::fmt;

/// A currency, by its three letters of ISO 4217. Only the shape is checked: whether a payer may pay in it is not a
/// question of format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The Danish krone.
    pub const DKK: Currency = Currency(*b"DKK");

    /// Reads three upper-case letters.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Currency, FormatError> {
        Currency::parse_bytes(text.as_bytes())
    }

    /// As [`Currency::parse`], for a reader that holds bytes.
    ///
    /// # Errors
    /// Anything but three upper-case letters.
    pub fn parse_bytes(text: &[u8]) -> Result<Currency, FormatError> {
        match *text {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Currency([a, b, c])),
            _ => Err(FormatError { what: "currency", why: "is not three upper-case letters" }),
        }
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII letters are ever stored")
    }

    /// How many decimals an amount has: the minor unit of ISO 4217, 0-4. Two where the list has no exception.
    pub const fn decimals(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_three_upper_case_letters_with_decimals() {
        let check = |text: &str, decimals: Option<u8>| {
            assert_eq!(Currency::parse(text).ok().map(Currency::decimals), decimals, "{text:?}");
        };
        check("DKK", Some(2));
        check("EUR", Some(2));
        check("ISK", Some(0));
        check("JPY", Some(0));
        check("KWD", Some(3));
        check("CLF", Some(4));
        check("dkk", None);
        check("DK", None);
        check("DKKK", None);
        check("D K", None);
        check("éK", None);
        check("", None);
        assert_eq!(Currency::parse("DKK"), Ok(Currency::DKK));
        assert_eq!(format!("{0} {0:?}", Currency::DKK), "DKK Currency(DKK)");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Currency::parse(&text);
        }

        #[test]
        fn what_fits_is_read_back(text in "[A-Z]{3}") {
            let currency = Currency::parse(&text).unwrap();
            prop_assert_eq!(currency.as_str(), text);
        }
    }
}
