use crate::Code;
use denmark::{Account, Bic, Country, Currency, FormatError};
use jiff::civil::Date;
use std::fmt;

const NUMBER_CHARS_MAX: usize = 20;

/// The language that a letter is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// Unless somebody asked for the other.
    Danish,
    /// For those who asked for it.
    English,
}

impl Language {
    /// Both of them.
    pub const ALL: [Language; 2] = [Language::Danish, Language::English];

    /// As it is tagged for readers that read aloud (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Danish => "da-DK",
            Language::English => "en-GB",
        }
    }
}

/// A letter's name, which its recipient reads out when they call: 1 to 20 capital letters and digits. Files are named by it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Number(String);

impl Number {
    /// Reads it.
    ///
    /// # Errors
    /// It is empty or too long, or has anything else but capital letters and digits.
    pub fn parse(text: &str) -> Result<Number, FormatError> {
        let lawful = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(1..=NUMBER_CHARS_MAX).contains(&text.len()) || !text.bytes().all(lawful) {
            return Err(FormatError { what: "letter number", why: "is not 1 to 20 capital letters and digits" });
        }
        Ok(Number(text.to_owned()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who writes, and where a code is entered and a change stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender {
    /// As it heads the letter.
    pub name: String,
    /// Postal address: where a letter goes that could not be delivered.
    pub lines: Vec<String>,
    /// Where a code is entered, as people read it: `anvis.example.dk`.
    pub url: String,
    /// Where a code is entered with the keys of a telephone, and where a person answers.
    pub telephone: String,
}

/// Whom the post brings it to.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The first line.
    pub name: String,
    /// Street, place, postcode and town: as the register has them, one to six lines.
    pub lines: Vec<String>,
    /// ISO 3166-1, two letters. Written under the address unless it is `DK`.
    pub country: String,
}

impl Recipient {
    /// What the post has to be paid for.
    #[must_use]
    pub fn postage(&self) -> Postage {
        if self.country == "DK" { Postage::Inland } else { Postage::Abroad }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(……)")
    }
}

/// What the post has to be paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Postage {
    /// Within Denmark.
    Inland,
    /// To anywhere else, the Faroe Islands and Greenland among it.
    Abroad,
}

impl Postage {
    /// As a manifest says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Postage::Inland => "inland",
            Postage::Abroad => "abroad",
        }
    }
}

/// What stands in the envelope's window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Addressee {
    /// Name and address.
    Window(Recipient),
    /// Nothing: the recipient's address is protected. The letter names nobody and goes behind a [`crate::Cover`] of the
    /// same number.
    UnderCover,
}

/// Whose payments they are.
#[derive(Clone, PartialEq, Eq)]
pub enum Payee {
    /// The person whom the letter speaks to. Their name is not repeated in it.
    Person,
    /// A company or association: whoever opens its letters must see which one is meant.
    Company {
        /// As the register has it.
        name: String,
    },
}

impl fmt::Debug for Payee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Payee::Person => "Person",
            Payee::Company { .. } => "Company(……)",
        })
    }
}

/// What was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Act {
    /// Which kind of account.
    pub purpose: Purpose,
    /// By which way it came.
    pub channel: Channel,
    /// When, in Denmark.
    pub on: Date,
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Act(……)")
    }
}

/// What the account is for.
#[derive(Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The default account: all payments but those that have a specific one.
    Default,
    /// A specific account: one payer's benefit of one kind.
    Specific {
        /// As its citizens know it.
        payer: String,
        /// In words: `Boligstøtte`.
        benefit: String,
    },
}

/// By which way the wish came in.
#[derive(Clone, PartialEq, Eq)]
pub enum Channel {
    /// Somebody who was logged in.
    SelfService,
    /// A caseworker.
    Caseworker {
        /// Of whom.
        authority: String,
    },
    /// The payee's bank.
    Bank {
        /// As it calls itself.
        name: String,
    },
    /// The registry's operator.
    Operator,
}

/// The account that waits for the code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// Shown masked in the middle.
    pub account: Account,
    /// Which of a Danish account's three IBANs is shown: that of its bank's country.
    pub country: Country,
    /// The bank's name, where it is known.
    pub bank: Option<String>,
    /// The bank's code, where it has one.
    pub bic: Option<Bic>,
    /// What is paid into it.
    pub currency: Currency,
}

/// An activation letter: all that stands in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its language.
    pub language: Language,
    /// Who writes.
    pub sender: Sender,
    /// Whom the post brings it to.
    pub addressee: Addressee,
    /// Its name.
    pub number: Number,
    /// Its date, in Denmark.
    pub date: Date,
    /// Whose payments they are.
    pub payee: Payee,
    /// What was asked for.
    pub act: Act,
    /// The account that waits.
    pub account: NewAccount,
    /// What activates it.
    pub code: Code,
    /// The last day on which the code is taken.
    pub valid_until: Date,
    /// How many wrong codes are one too many.
    pub attempts: u8,
    /// The file's identifier: 16 random bytes. They keep the digest of the file, which a manifest holds, from telling the
    /// code: without them, whoever knows the rest of a letter could draw it with one code after the other.
    pub file_id: [u8; 16],
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({}, ……)", self.number)
    }
}

/// The sheet that lies before a letter whose recipient's address is protected: an address, a number, and nothing of what
/// the letter is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its language.
    pub language: Language,
    /// Who writes.
    pub sender: Sender,
    /// Whom the post brings both to.
    pub recipient: Recipient,
    /// The letter's name.
    pub number: Number,
    /// The file's identifier: 16 random bytes, so that the file's digest does not tell the address.
    pub file_id: [u8; 16],
}

impl fmt::Debug for Cover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cover({}, ……)", self.number)
    }
}

/// A letter without a code: something that its recipient is told, in words that are given, and whom they can call about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The language of those words.
    pub language: Language,
    /// Who writes.
    pub sender: Sender,
    /// Whom the post brings it to.
    pub addressee: Addressee,
    /// Its name.
    pub number: Number,
    /// Its date, in Denmark.
    pub date: Date,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub paragraphs: Vec<String>,
    /// The file's identifier: 16 random bytes, so that the file's digest does not tell what it says.
    pub file_id: [u8; 16],
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}, ……)", self.number)
    }
}
