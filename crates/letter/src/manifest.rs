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

    /// Adds a file and says where it belongs, below the folder of the run. `protected` is whether the recipient's address
    /// is.
    pub fn add(&mut self, number: &Number, sheet: Sheet, postage: Postage, protected: bool, pdf: &[u8]) -> String {
        let path = path(number, sheet, protected);
        let part = match sheet {
            Sheet::Letter => "letter",
            Sheet::Cover => "cover",
        };
        let digest: [u8; 32] = Sha256::digest(pdf).into();
        let mut hex = String::new();
        for byte in digest {
            write!(hex, "{byte:02x}").expect("a String takes what is written");
        }
        let postage = postage.as_str();
        writeln!(self.0, "{path},{number},{part},1,{postage},{protected},{hex}")
            .expect("a String takes what is written");
        path
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

/// Where a file belongs, below the folder of its run.
#[must_use]
pub fn path(number: &Number, sheet: Sheet, protected: bool) -> String {
    let folder = if protected { "protected/" } else { "" };
    let suffix = match sheet {
        Sheet::Letter => "",
        Sheet::Cover => "-cover",
    };
    format!("{folder}{number}{suffix}.pdf")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_line_a_file_and_nothing_of_anybody() {
        let mut manifest = Manifest::new();
        let number = Number::parse("38G9VT19EFWX7").unwrap();
        let paths = [
            manifest.add(&number, Sheet::Letter, Postage::Inland, false, b"abc"),
            manifest.add(&number, Sheet::Letter, Postage::Abroad, true, b""),
            manifest.add(&number, Sheet::Cover, Postage::Abroad, true, b"abc"),
        ];
        let expected = "\
file,letter,part,pages,postage,protected,sha256
38G9VT19EFWX7.pdf,38G9VT19EFWX7,letter,1,inland,false,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
protected/38G9VT19EFWX7.pdf,38G9VT19EFWX7,letter,1,abroad,true,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
protected/38G9VT19EFWX7-cover.pdf,38G9VT19EFWX7,cover,1,abroad,true,ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
";
        assert_eq!(manifest.as_str(), expected);
        assert_eq!(paths.map(|path| path.len()), [17, 27, 33]);
    }
}
