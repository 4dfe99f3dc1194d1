use crate::{Number, Postage};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const HEAD: &str = "file,letter,part,pages,postage,protected,sha256\n";

/// Which of a letter's sheets a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sheet {
    /// The letter.
    Letter,
    /// What lies before it where the address is protected.
    Cover,
    /// A letter without a code.
    Notice,
}

impl Sheet {
    const ALL: [Sheet; 3] = [Sheet::Letter, Sheet::Cover, Sheet::Notice];

    const fn as_str(self) -> &'static str {
        match self {
            Sheet::Letter => "letter",
            Sheet::Cover => "cover",
            Sheet::Notice => "notice",
        }
    }
}

/// A file of a print run: a line of its manifest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The letter's name.
    pub number: Number,
    /// Which of its sheets it is.
    pub sheet: Sheet,
    /// What the post has to be paid for.
    pub postage: Postage,
    /// Whether the recipient's address is.
    pub is_protected: bool,
    /// Of the file, SHA-256 in hexadecimal.
    pub digest: String,
}

impl Line {
    /// The line of a file that was drawn.
    #[must_use]
    pub fn of(number: &Number, sheet: Sheet, postage: Postage, is_protected: bool, pdf: &[u8]) -> Line {
        Line { number: number.clone(), sheet, postage, is_protected, digest: digest(pdf) }
    }

    /// Where the file belongs, below the folder of its run.
    #[must_use]
    pub fn path(&self) -> String {
        let folder = if self.is_protected { "protected/" } else { "" };
        let suffix = if self.sheet == Sheet::Cover { "-cover" } else { "" };
        format!("{folder}{}{suffix}.pdf", self.number)
    }

    /// Whether it is the line of this content.
    #[must_use]
    pub fn is_of(&self, content: &[u8]) -> bool {
        self.digest == digest(content)
    }

    /// Reads what [`Manifest::add`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Line> {
        let columns: Vec<&str> = text.split(',').collect();
        let [path, number, sheet, "1", postage, is_protected, digest] = columns[..] else { return None };
        let line = Line {
            number: Number::parse(number).ok()?,
            sheet: Sheet::ALL.into_iter().find(|known| known.as_str() == sheet)?,
            postage: [Postage::Inland, Postage::Abroad].into_iter().find(|known| known.as_str() == postage)?,
            is_protected: is_protected.parse().ok()?,
            digest: digest.to_owned(),
        };
        (line.path() == path).then_some(line)
    }
}

fn digest(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let mut hex = String::new();
    for byte in digest {
        write!(hex, "{byte:02x}").expect("a String takes what is written");
    }
    hex
}

/// What a print run consists of, for whoever prints it: CSV, one line a file. It never has a name or an address.
///
/// A recipient whose address is protected has two files, both in a folder of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest(String);

impl Manifest {
    /// What it is called in the folder of its run.
    pub const FILE: &'static str = "manifest.csv";

    /// Of no file yet.
    #[must_use]
    pub fn new() -> Manifest {
        Manifest(HEAD.to_owned())
    }

    /// Adds a file.
    pub fn add(&mut self, line: &Line) {
        let Line { number, sheet, postage, is_protected, digest } = line;
        let (path, sheet, postage) = (line.path(), sheet.as_str(), postage.as_str());
        writeln!(self.0, "{path},{number},{sheet},1,{postage},{is_protected},{digest}")
            .expect("a String takes what is written");
    }

    /// Its files, as [`Manifest::as_str`] has them; without lines that are none, as a last one that was cut off.
    pub fn lines(text: &str) -> impl Iterator<Item = Line> {
        text.lines().skip(1).filter_map(Line::parse)
    }

    /// The file's content.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_line_a_file_and_nothing_of_anybody() {
        let mut manifest = Manifest::new();
        let number = Number::parse("38G9VT19EFWX7").unwrap();
        let lines = [
            Line::of(&number, Sheet::Letter, Postage::Inland, false, b"abc"),
            Line::of(&number, Sheet::Letter, Postage::Abroad, true, b""),
            Line::of(&number, Sheet::Cover, Postage::Abroad, true, b"abc"),
            Line::of(&number, Sheet::Notice, Postage::Inland, false, b"abc"),
        ];
        lines.iter().for_each(|line| manifest.add(line));
        let expected = "\
file,letter,part,pages,postage,protected,sha256
38G9VT19EFWX7.pdf,38G9VT19EFWX7,letter,1,inland,false,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
protected/38G9VT19EFWX7.pdf,38G9VT19EFWX7,letter,1,abroad,true,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
protected/38G9VT19EFWX7-cover.pdf,38G9VT19EFWX7,cover,1,abroad,true,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
38G9VT19EFWX7.pdf,38G9VT19EFWX7,notice,1,inland,false,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
";
        assert_eq!(manifest.as_str(), expected);
        assert_eq!(Manifest::lines(expected).collect::<Vec<_>>(), lines);
        let cut_off = &expected[..expected.len() - 10];
        assert_eq!(Manifest::lines(cut_off).count(), 4, "a digest that is not whole is of no file");
        assert!(!Manifest::lines(cut_off).last().unwrap().is_of(b"abc") && lines[0].is_of(b"abc"));
        let out_of_place = expected.replace("protected/38", "../38");
        assert_eq!(Manifest::lines(&out_of_place).collect::<Vec<_>>(), [lines[0].clone(), lines[3].clone()]);
    }
}
