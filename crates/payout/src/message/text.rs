//! Characters, references, and what a first look at some bytes tells.

use std::borrow::Cow;

use super::xml::{Outcome, breach};

pub(super) const NAME_START: u8 = 1;
pub(super) const NAME: u8 = 2;
pub(super) const SPACE: u8 = 4;

pub(super) static CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut b = 0;
    while b < 128 {
        let byte = b as u8;
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class[b] = NAME_START | NAME;
        } else if byte.is_ascii_digit() || byte == b'-' || byte == b'.' {
            class[b] = NAME;
        } else if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            class[b] = SPACE;
        }
        b += 1;
    }
    class
};

#[inline]
pub(super) fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    class(byte) & SPACE != 0
}

/// White space as XML has it, off both ends.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The lead of an element without the white space right before the element: empty if there is no comment in it.
pub(super) fn trim_end(lead: &[u8]) -> &[u8] {
    let kept = lead.iter().rposition(|&b| !is_space(b)).map_or(0, |last| last + 1);
    lead.get(..kept).unwrap_or(lead)
}

pub(super) fn is_name_start(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

pub(super) fn is_name(c: char) -> bool {
    is_name_start(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether XML allows a character.
pub(super) fn is_lawful(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Whether a file begins as UTF-16 or UTF-32 does.
pub(super) fn has_wide_characters(file: &[u8]) -> bool {
    matches!(file, [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] | [0, 0, ..])
}

/// The character that the reference at `at` (an ampersand) stands for, and where it ends.
pub(super) fn reference(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    const LONGEST: usize = 12;
    let body = bytes.get(at + 1..)?;
    let length = body.iter().take(LONGEST).position(|&b| b == b';')?;
    let c = match body.get(..length)? {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        number => {
            let digits = std::str::from_utf8(number.strip_prefix(b"#")?).ok()?;
            let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
            // `from_str_radix` would take a sign.
            if digits.is_empty() || !digits.chars().all(|d| d.is_digit(radix)) {
                return None;
            }
            char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|&c| is_lawful(c))?
        }
    };
    Some((c, at + 1 + length + 1))
}

/// The text that raw character data stands for: references resolved, line ends made `\n`.
///
/// The data must have passed [`Reader::check_text`].
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while let Some(c) = raw.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '&' => {
                let Some((c, end)) = reference(raw.as_bytes(), at) else { break };
                text.push(c);
                at = end;
                continue;
            }
            '\r' if raw.as_bytes().get(at + 1) == Some(&b'\n') => {}
            '\r' => text.push('\n'),
            c => text.push(c),
        }
        at += c.len_utf8();
    }
    Cow::Owned(text)
}

/// What one pass over a part tells about its bytes.
#[derive(Clone, Copy)]
pub(super) struct Survey {
    /// There are references, brackets or carriage returns, so texts need a second look.
    pub unusual: bool,
}

pub(super) struct Marks {
    /// A control character other than white space.
    control: bool,
    /// An ampersand, a closing bracket or a carriage return.
    unusual: bool,
    /// A byte outside US-ASCII.
    high: bool,
    /// A byte that the characters U+F000 to U+FFFF begin with.
    last_row: bool,
}

// Without branches, and by itself, so that the compiler makes vector code of it.
#[inline(never)]
pub(super) fn marks(bytes: &[u8]) -> Marks {
    let mut marks = Marks { control: false, unusual: false, high: false, last_row: false };
    for &b in bytes {
        marks.control |= (b < 0x20) & (b != b'\n') & (b != b'\t') & (b != b'\r');
        marks.unusual |= (b == b'&') | (b == b']') | (b == b'\r');
        marks.high |= b >= 0x80;
        marks.last_row |= b == 0xEF;
    }
    marks
}

/// Checks that every byte belongs to a lawful character.
///
/// # Errors
/// Names the first byte that does not.
pub(super) fn survey(bytes: &[u8], ascii_only: bool) -> Outcome<Survey> {
    let Marks { control, unusual, high, last_row } = marks(bytes);
    if control && let Some(at) = bytes.iter().position(|&b| b < 0x20 && !is_space(b)) {
        return breach(at, "A control character stands here that XML does not allow.");
    }
    if high {
        if ascii_only && let Some(at) = bytes.iter().position(|&b| b >= 0x80) {
            return breach(at, "The file declares US-ASCII, and this character is not in it.");
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            return breach(error.valid_up_to(), "The bytes here are not UTF-8.");
        }
        if last_row && let Some(at) = bytes.windows(3).position(|w| matches!(w, [0xEF, 0xBF, 0xBE | 0xBF])) {
            return breach(at, "A character stands here that XML does not allow.");
        }
    }
    Ok(Survey { unusual })
}

/// Writes text so that it reads back as it is.
pub(super) fn escape(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'.' | b',' | b'/' | b':')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for c in text.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '\r' => out.extend_from_slice(b"&#13;"),
            c if is_lawful(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            // Never in a text that was read from XML; a replacement keeps the file readable.
            _ => out.extend_from_slice("\u{FFFD}".as_bytes()),
        }
    }
}
