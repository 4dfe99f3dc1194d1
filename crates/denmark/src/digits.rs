use std::fmt;

/// Exactly `N` ASCII digits: what the national numbers have in common. Ordered as text, which for one length is as
/// numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digits<const N: usize>([u8; N]);

impl<const N: usize> Digits<N> {
    /// `None` unless the text is exactly `N` ASCII digits.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; N] = text.try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Self(digits))
    }

    /// One to `N` ASCII digits, with zeros put in front of them; `None` for anything else.
    pub(crate) fn parse_padded(text: &[u8]) -> Option<Self> {
        let missing = N.checked_sub(text.len()).filter(|&missing| missing < N)?;
        let mut digits = [b'0'; N];
        digits[missing..].copy_from_slice(text);
        Self::parse(&digits)
    }

    /// The last `N` decimal digits of a number, with zeros in front where it is shorter.
    pub(crate) fn of(mut number: u64) -> Self {
        let mut digits = [b'0'; N];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        Self(digits)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII digits are ever stored")
    }

    /// The value, 0-9, of the digit at `index`.
    pub(crate) fn at(&self, index: usize) -> u8 {
        self.0[index] - b'0'
    }

    /// The value, 0-99, of the two digits that begin at `index`.
    pub(crate) fn pair(&self, index: usize) -> u8 {
        self.at(index) * 10 + self.at(index + 1)
    }

    /// The sum of each digit times its weight, modulo 11.
    pub(crate) fn modulus_11(&self, weights: [u32; N]) -> u32 {
        self.0.iter().zip(weights).map(|(&digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>() % 11
    }
}

impl<const N: usize> fmt::Debug for Digits<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("……")
    }
}

/// Gives a type a `Debug` that names the type and shows nothing of the value, so that `{:?}` in a log line is harmless.
macro_rules! masked_debug {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(……)"))
            }
        }
    )+};
}
pub(crate) use masked_debug;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pads_on_the_left_and_refuses_what_does_not_fit() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Digits::<4>::parse_padded(text.as_bytes()).as_ref().map(Digits::as_str), expected, "{text:?}");
        };
        check("", None);
        check("7", Some("0007"));
        check("0123", Some("0123"));
        check("01234", None);
        check("-12", None);
        check("1 2", None);
    }

    proptest! {
        #[test]
        fn a_number_and_its_digits_agree(number in 0_u64..10_000_000_000) {
            let digits = Digits::<10>::of(number);
            prop_assert_eq!(digits.as_str(), format!("{number:010}"));
            prop_assert_eq!(Digits::parse(digits.as_str().as_bytes()), Some(digits));
        }
    }
}
