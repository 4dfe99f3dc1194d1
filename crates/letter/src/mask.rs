//! Accounts as a letter shows them: enough to be known by their owner, too little to be used by whoever opens the letter.

use denmark::{DanishAccount, Iban};

/// What stands in a hidden digit's place.
pub(crate) const HIDDEN: char = '•';
const SHOWN_AT_END: usize = 4;
/// The bank's registration number in an IBAN of Denmark, the Faroe Islands or Greenland: it stands in the letter anyway.
const DANISH_REG: std::ops::Range<usize> = 4..8;

/// `0040-•••••• 0001`.
pub(crate) fn account(account: &DanishAccount) -> String {
    let digits = account.number.digits();
    let shown = digits.len() - SHOWN_AT_END;
    let hidden: String = std::iter::repeat_n(HIDDEN, shown).collect();
    format!("{}-{hidden} {}", account.reg, &digits[shown..])
}

/// `DK•• 0040 •••• ••00 01`. The check digits are hidden too: they would leave one in 97 of the hidden numbers.
pub(crate) fn iban(iban: &Iban) -> String {
    let text = iban.as_str();
    let danish = iban.to_danish().is_some();
    let mut masked = String::new();
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            masked.push(' ');
        }
        let shown = at < 2 || at + SHOWN_AT_END >= text.len() || (danish && DANISH_REG.contains(&at));
        masked.push(if shown { character } else { HIDDEN });
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use denmark::{Account, Country};
    use proptest::prelude::*;

    #[test]
    fn shows_the_bank_and_the_last_four() {
        let check = |text: &str, expected: &str| {
            let account = Account::parse(text).unwrap();
            assert_eq!(iban(&account.iban(Country::Denmark)), expected, "{text}");
        };
        check("0040-440116243", "DK•• 0040 •••• ••62 43");
        check("SE45 5000 0000 0583 9825 7466", "SE•• •••• •••• •••• •••• 7466");
        check("NO9386011117947", "NO•• •••• •••7 947");
        check("MT84MALT011000012345MTLCAST001S", "MT•• •••• •••• •••• •••• •••• •••0 01S");
        let danish = DanishAccount::parse("0040-1").unwrap();
        assert_eq!(account(&danish), "0040-•••••• 0001");
        assert_eq!(iban(&danish.iban(Country::FaroeIslands)), "FO•• 0040 •••• ••00 01");
    }

    proptest! {
        #[test]
        fn never_shows_the_middle(reg in 0_u16..10_000, number in "[0-9]{10}") {
            let danish = DanishAccount::parse(&format!("{reg:04}-{number}")).unwrap();
            let shown = |text: String| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let expected = format!("{reg:04}{}", &number[6..]);
            prop_assert_eq!(shown(account(&danish)), expected.clone());
            prop_assert_eq!(shown(iban(&danish.iban(Country::Greenland))), expected);
        }
    }
}
