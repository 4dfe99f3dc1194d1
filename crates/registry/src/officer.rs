//! Four eyes: who decides about what somebody else asked for. One rule for whatever is decided so. Pure.
//!
//! A name is registered with one key and a key for one name ([`kernel::AddOperator`]), so that who has another name has another key.

use kernel::{Actor, Refuse, Role};
use std::fmt;

/// The most characters in which somebody says why.
const WHY_CHARS_MAX: usize = 500;

/// Why somebody does not decide. What is decided about gives it a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody by name.
    Nameless,
    /// The same who asked.
    Own,
}

/// Why somebody in office is not heard: they do not say why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent;

impl Refuse for Silent {
    fn code(&self) -> &'static str {
        "change.why"
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "say why, in 1 to {WHY_CHARS_MAX} characters on one line")
    }
}

/// Refuses whoever has no name. The console is nobody by name: whoever holds the master key could be anybody. It is somebody in a
/// synthetic store alone.
///
/// # Errors
/// [`Unfit::Nameless`].
pub fn require_named(officer: &Actor, is_synthetic: bool) -> Result<(), Unfit> {
    if officer.role() == Role::Console && !is_synthetic { Err(Unfit::Nameless) } else { Ok(()) }
}

/// Whether who acts under a name may be who the journal calls `by`. The console is nobody by name, and so may be any officer: nobody is somebody
/// else by leaving out their name.
#[must_use]
pub fn may_be(name: &str, by: &str) -> bool {
    let is_officer = || {
        let role = by.split_once(':').map(|(role, _)| role);
        [Role::Operator, Role::Caseworker].iter().any(|of| role == Some(of.name()))
    };
    if name == Role::Console.name() { is_officer() } else { name == by }
}

/// Refuses whoever has no name, and who asked for what is to be decided; `asked_by` is as the journal names them.
///
/// # Errors
/// [`Unfit::Nameless`], [`Unfit::Own`].
pub fn require_other(asked_by: &str, officer: &Actor, is_synthetic: bool) -> Result<(), Unfit> {
    require_named(officer, is_synthetic)?;
    if officer.name() == asked_by { Err(Unfit::Own) } else { Ok(()) }
}

/// Refuses whoever does not say why, in some words on one line.
///
/// # Errors
/// [`Silent`].
pub fn require_why(why: &str) -> Result<(), Silent> {
    let says_something = why.chars().any(|c| !c.is_whitespace()) && why.chars().count() <= WHY_CHARS_MAX;
    if says_something && !why.contains(char::is_control) { Ok(()) } else { Err(Silent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_out_their_name_may_be_any_officer() {
        let check = |name: &str, by: &str, expected: bool| assert_eq!(may_be(name, by), expected, "{name} {by}");
        check("operator:anna", "operator:anna", true);
        check("operator:anna", "operator:bo", false);
        check("operator:anna", "console", false);
        check("console", "operator:anna", true);
        check("console", "caseworker:kim", true);
        check("console", "console", false);
        check("console", "citizen:00112233445566778899", false);
        check("console", "client:Sydbank", false);
        check("operator", "operator:anna", false);
    }

    #[test]
    fn two_people_decide_and_each_has_a_name() {
        let check = |asked_by: &str, officer: Actor, is_synthetic: bool, expected: Result<(), Unfit>| {
            assert_eq!(require_other(asked_by, &officer, is_synthetic), expected, "{asked_by} {officer:?}");
        };
        let anna = || Actor::operator("anna");
        check("operator:bo", anna(), false, Ok(()));
        check("client:anna", anna(), false, Ok(()));
        check("operator:anna", anna(), false, Err(Unfit::Own));
        check("operator:anna", anna(), true, Err(Unfit::Own));
        check("operator:anna", Actor::console(), false, Err(Unfit::Nameless));
        check("console", Actor::console(), false, Err(Unfit::Nameless));
        check("operator:anna", Actor::console(), true, Ok(()));
        check("console", Actor::console(), true, Err(Unfit::Own));
    }

    #[test]
    fn why_is_one_line_with_something_in_it() {
        for (why, expected) in [
            ("the payee was called", Ok(())),
            (&"æ".repeat(500), Ok(())),
            ("", Err(Silent)),
            ("  ", Err(Silent)),
            ("one\nline", Err(Silent)),
            ("\u{7}", Err(Silent)),
            (&"æ".repeat(501), Err(Silent)),
        ] {
            assert_eq!(require_why(why), expected, "{why}");
        }
    }
}
