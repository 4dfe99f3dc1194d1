//! Why somebody decides as they do. Pure.

use crate::proposal::ProposalRefusal;

/// The most characters in which an officer says why.
const WHY_CHARS_MAX: usize = 500;

/// Refuses an officer who does not say why.
///
/// # Errors
/// [`ProposalRefusal::Why`].
pub fn require_why(why: &str) -> Result<(), ProposalRefusal> {
    let says_something = why.chars().any(|c| !c.is_whitespace()) && why.chars().count() <= WHY_CHARS_MAX;
    if says_something && !why.contains(char::is_control) { Ok(()) } else { Err(ProposalRefusal::Why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proposal::ProposalRefusal;

    #[test]
    fn an_officer_says_why() {
        for why in ["so", "the payee was called", &"æ".repeat(500)] {
            assert_eq!(require_why(why), Ok(()), "{why}");
        }
        for why in ["", "  ", "one\nline", "\u{7}", &"æ".repeat(501)] {
            assert_eq!(require_why(why), Err(ProposalRefusal::Why), "{why}");
        }
    }
}
