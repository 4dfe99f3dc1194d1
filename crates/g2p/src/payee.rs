use denmark::{Cpr, Cvr, PNumber, SeNumber};

/// The authority behind all four kinds, as the standard's `id-type:id@provider` names it.
const PROVIDER: &str = "dk";
const URN: &str = "urn:dk:";

/// Whom an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PayeeNumber {
    /// A person.
    Cpr(Cpr),
    /// A company or association.
    Cvr(Cvr),
    /// A company's part that is registered for tax.
    Se(SeNumber),
    /// A company's place of production.
    P(PNumber),
}

impl PayeeNumber {
    /// Reads `cpr:6101701234@dk`, the standard's form with this country as provider; the same without `@dk`, as the rest of
    /// Anvis writes it; and `urn:dk:cpr:6101701234`. Kinds are `cpr`, `cvr`, `se`, `p`; case does not matter, as the
    /// standard has it. A bare number is refused: ten digits are a CPR number or a P number.
    ///
    /// # Errors
    /// What is wrong, as a sentence that repeats nothing.
    pub fn read(text: &str) -> Result<PayeeNumber, &'static str> {
        let (text, is_urn) = match strip_prefix(text, URN) {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (kind, number) = text.split_once(':').ok_or("The id is not a kind, a colon and a number.")?;
        let number = match number.split_once('@') {
            Some((number, provider)) if !is_urn && provider.eq_ignore_ascii_case(PROVIDER) => number,
            Some(_) => return Err("The provider after @ is not dk."),
            None => number,
        };
        if kind.eq_ignore_ascii_case("cpr") {
            Cpr::parse(number).map(PayeeNumber::Cpr).map_err(|_| "The id is not a CPR number.")
        } else if kind.eq_ignore_ascii_case("cvr") {
            Cvr::parse(number).map(PayeeNumber::Cvr).map_err(|_| "The id is not a CVR number.")
        } else if kind.eq_ignore_ascii_case("se") {
            SeNumber::parse(number).map(PayeeNumber::Se).map_err(|_| "The id is not an SE number.")
        } else if kind.eq_ignore_ascii_case("p") {
            PNumber::parse(number).map(PayeeNumber::P).map_err(|_| "The id is not a P number.")
        } else {
            Err("The kind of id is not cpr, cvr, se or p.")
        }
    }
}

/// What follows a prefix in ASCII letters of either case.
pub(crate) fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_payee_is_written_in_three_forms() {
        let person = PayeeNumber::Cpr(Cpr::parse("6101701234").unwrap());
        for text in [
            "cpr:6101701234@dk",
            "cpr:610170-1234@dk",
            "cpr:6101701234",
            "CPR:6101701234@DK",
            "urn:dk:cpr:6101701234",
            "URN:DK:CPR:6101701234",
        ] {
            assert_eq!(PayeeNumber::read(text), Ok(person), "{text}");
        }
        assert_eq!(PayeeNumber::read("cvr:13748136@dk"), Ok(PayeeNumber::Cvr(Cvr::parse("13748136").unwrap())));
        assert_eq!(PayeeNumber::read("se:32080808@dk"), Ok(PayeeNumber::Se(SeNumber::parse("32080808").unwrap())));
        assert_eq!(PayeeNumber::read("p:1000000001@dk"), Ok(PayeeNumber::P(PNumber::parse("1000000001").unwrap())));
    }

    #[test]
    fn a_refusal_says_why_and_repeats_nothing() {
        let check = |text: &str, why: &str| assert_eq!(PayeeNumber::read(text), Err(why), "{text:?}");
        check("", "The id is not a kind, a colon and a number.");
        check("6101701234", "The id is not a kind, a colon and a number.");
        check("6101701234@dk", "The id is not a kind, a colon and a number.");
        check("token:6101701234@dk", "The kind of id is not cpr, cvr, se or p.");
        check("cpr:6101701234@national-id", "The provider after @ is not dk.");
        check("cpr:6101701234@dk.example.org", "The provider after @ is not dk.");
        check("cpr:6101701234@dk@dk", "The provider after @ is not dk.");
        check("cpr:6101701234@", "The provider after @ is not dk.");
        check("urn:dk:cpr:6101701234@dk", "The provider after @ is not dk.");
        check("urn:se:cpr:6101701234", "The kind of id is not cpr, cvr, se or p.");
        check("urn:dk:6101701234", "The id is not a kind, a colon and a number.");
        check("cpr: 6101701234", "The id is not a CPR number.");
        check("cpr:9201701234@dk", "The id is not a CPR number.");
        check("cvr:13748137@dk", "The id is not a CVR number.");
        check("se:1@dk", "The id is not an SE number.");
        check("p:0000000001@dk", "The id is not a P number.");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = PayeeNumber::read(&text);
        }
    }
}
