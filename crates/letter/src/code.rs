use std::fmt;

const DIGITS: usize = 8;
const CODES: u128 = 100_000_000;

/// An activation code: eight digits, of which the first may be zero.
///
/// Whoever has it can bring an account into force, so it has no `Display` and its `Debug` is masked. The store keeps a keyed
/// hash of [`Code::digits`], never the code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code([u8; DIGITS]);

impl Code {
    /// Reads eight digits as people type them: spaces may stand anywhere. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Code> {
        let mut digits = text.bytes().filter(|byte| *byte != b' ');
        let mut code = [0; DIGITS];
        for place in &mut code {
            *place = digits.next().filter(u8::is_ascii_digit)?;
        }
        digits.next().is_none().then_some(Code(code))
    }

    /// The code that these random bytes come to. So many are asked for that no code is likelier than another by more than
    /// one part in 10^30: nothing has to be thrown away and drawn again.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Code {
        let mut rest = u128::from_be_bytes(bytes) % CODES;
        let mut code = [b'0'; DIGITS];
        for place in code.iter_mut().rev() {
            *place += (rest % 10) as u8;
            rest /= 10;
        }
        Code(code)
    }

    /// `XX XX XX XX`, as it is printed.
    #[must_use]
    pub fn grouped(&self) -> String {
        self.pairs().collect::<Vec<_>>().join(" ")
    }

    /// The eight digits, for the keyed hash.
    #[must_use]
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII digits are ever stored")
    }

    /// The four pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &str> {
        (0..DIGITS).step_by(2).map(|at| &self.digits()[at..at + 2])
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(……)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_read_as_people_type_it() {
        let check = |text: &str, digits: Option<&str>| {
            assert_eq!(Code::parse(text).as_ref().map(Code::digits), digits, "{text:?}");
        };
        check("12 34 56 78", Some("12345678"));
        check("12345678", Some("12345678"));
        check(" 1234 5678 ", Some("12345678"));
        check("00 00 00 00", Some("00000000"));
        check("1234567", None);
        check("123456789", None);
        check("12-34-56-78", None);
        check("1234567a", None);
        check("１２３４５６７８", None);
        check("", None);
    }

    #[test]
    fn is_made_of_random_bytes() {
        let check = |number: u128, grouped: &str| {
            assert_eq!(Code::from_random(number.to_be_bytes()).grouped(), grouped, "{number}");
        };
        check(0, "00 00 00 00");
        check(7, "00 00 00 07");
        check(99_999_999, "99 99 99 99");
        check(100_000_000, "00 00 00 00");
        check(u128::MAX, "68 21 14 55");
    }

    #[test]
    fn shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", Code::parse("12345678").unwrap()), "Code(……)");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes: [u8; 16]) {
            let code = Code::from_random(bytes);
            prop_assert_eq!(Code::parse(&code.grouped()), Some(code));
            prop_assert_eq!(Code::parse(code.digits()), Some(code));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Code::parse(&text);
        }
    }
}
