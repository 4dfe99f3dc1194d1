//! Activation letters, and letters without a code: what they say, where it stands, and the PDF that is printed.
//!
//! What this crate promises:
//! - **Pure.** Values in, bytes out: no store, no clock, no chance, no file. The same letter is the same bytes, always.
//! - **The code in one place.** It stands in digits once and in words once, below the fold and away from the envelope's
//!   window, wherever the sheet slides to. [`Code`] has no `Display`, and its `Debug` is masked.
//! - **Accounts are masked in the middle,** check digits too.
//! - **Nothing is left out.** What the font cannot draw, and what does not fit on its page, is refused with a stable code.
//! - **Texts in files.** Danish and English stand in `texts/`, with named fields; the compiler and a test hold the letter to
//!   them.
//! - **Read aloud as it is read.** The PDF has its language, its title, headings and a table with row heads (PDF/UA-1), and
//!   its fonts inside.
//! - **A protected address is on one sheet only,** the [`Cover`], and that sheet says nothing else.

mod case;
mod code;
mod error;
mod font;
mod layout;
mod letter;
mod manifest;
mod mask;
mod page;
mod pdf;
mod text;

pub use case::{CaseDeed, CasePayment, CaseReport, ChangedAccount, Deed, Fate};
pub use code::Code;
pub use error::DrawError;
pub use letter::{
    Act, Addressee, Channel, Cover, Language, Letter, Message, NewAccount, Number, Payee, Postage, Purpose, Recipient,
    Sender,
};
pub use manifest::{Line, Manifest, Sheet};

/// Draws a letter: one A4 page.
///
/// # Errors
/// A part is empty, has a character that the font cannot draw, or does not fit.
pub fn draw(letter: &Letter) -> Result<Vec<u8>, DrawError> {
    Ok(pdf::write(&layout::letter(letter)?, letter.file_id))
}

/// Draws a letter without a code: one A4 page.
///
/// # Errors
/// As [`draw`].
pub fn draw_message(message: &Message) -> Result<Vec<u8>, DrawError> {
    Ok(pdf::write(&layout::message(message)?, message.file_id))
}

/// Draws what is given of a case: as many A4 pages as it takes.
///
/// # Errors
/// None that is known of; whoever asks is told all the same.
pub fn draw_case(report: &CaseReport) -> Result<Vec<u8>, DrawError> {
    let pages = case::pages(report)?;
    let first = pages.first().ok_or(DrawError::Empty { part: "case" })?;
    Ok(pdf::write_all(first, &pages, report.file_id))
}

/// Draws the sheet that lies before a letter whose recipient's address is protected: one A4 page.
///
/// # Errors
/// As [`draw`].
pub fn draw_cover(cover: &Cover) -> Result<Vec<u8>, DrawError> {
    Ok(pdf::write(&layout::cover(cover)?, cover.file_id))
}
