use std::error::Error;
use std::fmt;

/// Why a letter cannot be drawn. It names the part that is wrong and repeats at most one character of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DrawError {
    /// The letter's font cannot draw this character. It is not left out, and not replaced: a name would be another's.
    Character {
        /// Of which part, as a reader knows it: `recipient's name`.
        part: &'static str,
        /// Which.
        character: char,
    },
    /// A part that must be there is empty.
    Empty {
        /// Which.
        part: &'static str,
    },
    /// No such country.
    Country,
    /// Name and address do not fit into the window, not even in the smallest size.
    Address,
    /// The letter does not fit on its page, not even at the smallest scale.
    Page,
}

impl DrawError {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            DrawError::Character { .. } => "letter.character",
            DrawError::Empty { .. } => "letter.empty",
            DrawError::Country => "letter.country",
            DrawError::Address => "letter.address_too_long",
            DrawError::Page => "letter.too_long",
        }
    }
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DrawError::Character { part, character } => {
                let number = u32::from(*character);
                write!(f, "The {part} has a character that the letter's font cannot draw: U+{number:04X}.")
            }
            DrawError::Empty { part } => write!(f, "The {part} is empty."),
            DrawError::Country => f.write_str("The recipient's country is no code of ISO 3166-1."),
            DrawError::Address => {
                f.write_str("The recipient's name and address do not fit into the envelope's window.")
            }
            DrawError::Page => f.write_str("The letter does not fit on one page."),
        }
    }
}

impl Error for DrawError {}
