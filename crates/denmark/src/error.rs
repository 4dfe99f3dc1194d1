use std::error::Error;
use std::fmt;

/// A text that is not what it should be.
///
/// It holds only fixed words, never the text itself: errors reach logs and screens, and the text may be a person's
/// number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FormatError {
    /// The noun, as a reader knows it: `CPR number`.
    pub what: &'static str,
    /// What is wrong with it, as the rest of a sentence: `is not a date that exists`.
    pub why: &'static str,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The {} {}.", self.what, self.why)
    }
}

impl Error for FormatError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_a_sentence() {
        let error = FormatError { what: "CPR number", why: "does not have 10 digits" };
        assert_eq!(error.to_string(), "The CPR number does not have 10 digits.");
    }
}
