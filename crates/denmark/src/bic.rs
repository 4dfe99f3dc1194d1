use crate::FormatError;
use std::fmt;

/// A business identifier code (ISO 9362): four characters for the party, two for the country, two for the location and,
/// in the long form, three for the branch.
///
/// ISO 20022 messages up to 2013 and those since then have different patterns. Accepted here is what satisfies both,
/// `[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?`, so that a code may stand in any message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bic {
    /// The short form leaves the last three zero.
    characters: [u8; 11],
    length: u8,
}

impl Bic {
    /// Reads the short form of 8 characters or the long form of 11, in upper case. The two are kept apart: `XXX` is not
    /// added, nor taken away.
    ///
    /// # Errors
    /// The length or a character does not fit.
    pub fn parse(text: &str) -> Result<Bic, FormatError> {
        let refuse = |why| FormatError { what: "BIC", why };
        let text = text.as_bytes();
        let (head, branch) = match text.len() {
            8 => (text, [].as_slice()),
            11 => text.split_at(8),
            _ => return Err(refuse("is not 8 or 11 characters")),
        };
        let fits = head[..6].iter().all(u8::is_ascii_uppercase)
            && matches!(head[6], b'A'..=b'Z' | b'2'..=b'9')
            && matches!(head[7], b'A'..=b'N' | b'P'..=b'Z' | b'0'..=b'9')
            && branch.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9'));
        if !fits {
            return Err(refuse("has a character that is not allowed in its place"));
        }
        let mut characters = [0; 11];
        characters[..text.len()].copy_from_slice(text);
        Ok(Bic { characters, length: text.len() as u8 })
    }

    /// 8 or 11 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.characters[..usize::from(self.length)]).expect("parse accepts only ASCII")
    }

    /// The two letters of the country the party is in. Not looked up: they may be no country's.
    pub fn country_code(&self) -> &str {
        &self.as_str()[4..6]
    }
}

impl fmt::Display for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bic({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn must_satisfy_both_patterns() {
        let check = |text: &str, accepted: bool| assert_eq!(Bic::parse(text).is_ok(), accepted, "{text:?}");
        check("ABCDDKKK", true);
        check("ABCDDKKKXXX", true);
        check("ABCDDK22", true);
        check("ABCDDKZ9001", true);
        // Only the younger pattern allows 0 or 1 in the seventh place, O in the eighth and digits in the first four.
        check("ABCDDK0K", false);
        check("ABCDDK1K", false);
        check("ABCDDKKO", false);
        check("ABC1DKKK", false);
        check("ABCDD1KK", false);
        check("abcddkkk", false);
        check("ABCDDKKKXX", false);
        check("ABCDDKKKXXXX", false);
        check("ABCDDKKKXxX", false);
        check("ABCDDK K", false);
        check("ABCDDKé", false);
        check("", false);
    }

    #[test]
    fn tells_its_country() {
        let bic = Bic::parse("ABCDFOKKXXX").unwrap();
        assert_eq!((bic.country_code(), bic.to_string().as_str()), ("FO", "ABCDFOKKXXX"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Bic::parse(&text);
        }

        #[test]
        fn what_fits_is_read_back(text in "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?") {
            let bic = Bic::parse(&text).unwrap();
            prop_assert_eq!(bic.as_str(), text);
        }
    }
}
