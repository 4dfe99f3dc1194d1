//! The two faces that letters are set in, and which characters they can draw.

use std::sync::LazyLock;
use ttf_parser::GlyphId;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Beside letters, digits and what ASCII and Latin-1 print: what the texts and registers' names use.
const PUNCTUATION: &str = "–—‘’‚“”„•…€";
const UNBROKEN_SPACE: &str = "\u{a0}";
const MM_PER_POINT: f32 = 25.4 / 72.0;

/// Upright or bold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Face {
    Regular,
    Bold,
}

static REGULAR: LazyLock<ttf_parser::Face<'static>> = LazyLock::new(|| parsed(notosans::REGULAR_TTF));
static BOLD: LazyLock<ttf_parser::Face<'static>> = LazyLock::new(|| parsed(notosans::BOLD_TTF));

fn parsed(file: &'static [u8]) -> ttf_parser::Face<'static> {
    ttf_parser::Face::parse(file, 0).expect("a font that the tests draw with")
}

impl Face {
    /// Both of them.
    pub(crate) const ALL: [Face; 2] = [Face::Regular, Face::Bold];

    /// The font file.
    pub(crate) const fn file(self) -> &'static [u8] {
        match self {
            Face::Regular => notosans::REGULAR_TTF,
            Face::Bold => notosans::BOLD_TTF,
        }
    }

    /// As the font calls itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Face::Regular => "NotoSans",
            Face::Bold => "NotoSans-Bold",
        }
    }

    /// What the font says of itself.
    pub(crate) fn facts(self) -> &'static ttf_parser::Face<'static> {
        match self {
            Face::Regular => &REGULAR,
            Face::Bold => &BOLD,
        }
    }

    /// The character's glyph.
    pub(crate) fn glyph(self, character: char) -> Option<GlyphId> {
        self.facts().glyph_index(character)
    }

    /// A glyph's width, in thousandths of the size.
    pub(crate) fn advance(self, glyph: GlyphId) -> f32 {
        let units = f32::from(self.facts().glyph_hor_advance(glyph).unwrap_or_default());
        units * 1000.0 / f32::from(self.facts().units_per_em())
    }

    /// How long a text is at a size in points, in millimetres.
    pub(crate) fn length(self, text: &str, size: f32) -> f32 {
        let advances = text.chars().filter_map(|character| self.glyph(character)).map(|glyph| self.advance(glyph));
        advances.sum::<f32>() * size / 1000.0 * MM_PER_POINT
    }
}

/// The text as it is drawn: letters and their marks as one character, and a plain space or hyphen for those that only forbid
/// a line to end.
///
/// # Errors
/// The first character that cannot be drawn.
pub(crate) fn drawable(text: &str) -> Result<String, char> {
    let plain = |character| match character {
        '\u{a0}' | '\u{202f}' => ' ',
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    };
    text.nfc().map(plain).map(|character| if can_draw(character) { Ok(character) } else { Err(character) }).collect()
}

fn can_draw(character: char) -> bool {
    let printed = matches!(character, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}');
    let known = printed || PUNCTUATION.contains(character) || character.is_alphanumeric();
    known && !is_combining_mark(character) && Face::ALL.iter().all(|face| face.glyph(character).is_some())
}

/// The text as one word for [`wrap`], which draws it with its spaces all the same.
pub(crate) fn unbroken(text: &str) -> String {
    text.replace(' ', UNBROKEN_SPACE)
}

/// The text in lines of at most `width` millimetres. A word that is longer than a line is broken where the line is full.
pub(crate) fn wrap(face: Face, size: f32, text: &str, width: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if face.length(&longer, size) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if face.length(&line, size) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter().map(|line| line.replace(UNBROKEN_SPACE, " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_drawn_as_they_are_or_not_at_all() {
        let check = |text: &str, expected: Result<&str, char>| {
            assert_eq!(drawable(text).as_deref().map_err(|character| *character), expected, "{text:?}");
        };
        check("Søren Ægir Ålborg-Öz", Ok("Søren Ægir Ålborg-Öz"));
        check("Jørgen d’Açıkgöz Þórðarson ŁŐŽ Nguyễn", Ok("Jørgen d’Açıkgöz Þórðarson ŁŐŽ Nguyễn"));
        check("Ωμέγα Дружба", Ok("Ωμέγα Дружба"));
        // Written with separate marks, as some systems do.
        check("A\u{30a}se Bo\u{308}rge", Ok("Åse Börge"));
        check("Anne\u{a0}Marie Jean\u{2011}Luc", Ok("Anne Marie Jean-Luc"));
        check("q\u{30a}", Err('\u{30a}'));
        check("李小龍", Err('李'));
        check("Ali علي", Err('ع'));
        check("Party 🎉 ApS", Err('🎉'));
        check("a\tb", Err('\t'));
        check("a\nb", Err('\n'));
        check("a\u{200b}b", Err('\u{200b}'));
        check("a\u{ad}b", Err('\u{ad}'));
        check("a\u{202e}b", Err('\u{202e}'));
        check("\u{fffd}", Err('\u{fffd}'));
    }

    #[test]
    fn lines_are_broken_between_words_and_else_where_they_are_full() {
        let check = |text: &str, width: f32, expected: &[&str]| {
            assert_eq!(wrap(Face::Regular, 10.0, text, width), expected, "{text:?}");
        };
        check("one two three", 100.0, &["one two three"]);
        check("one two three", 14.0, &["one two", "three"]);
        check("one  two", 100.0, &["one two"]);
        check("xxxxxxxxxx", 10.0, &["xxxxx", "xxxxx"]);
        check("a xxxxxxxxxx", 10.0, &["a", "xxxxx", "xxxxx"]);
        check("xx", 0.5, &["x", "x"]);
        check(&format!("one {}", unbroken("two three")), 20.0, &["one", "two three"]);
        check("", 10.0, &[]);
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing(text in "[a-zåæø ]{0,200}", width in 5_u8..80) {
            let letters = |text: &str| text.chars().filter(|character| *character != ' ').collect::<String>();
            let lines = wrap(Face::Bold, 9.0, &text, f32::from(width));
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            prop_assert!(lines.iter().all(|line| Face::Bold.length(line, 9.0) <= f32::from(width)));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = drawable(&text);
        }
    }
}
