//! Letters drawn of what the registry says: the same for a print run and for whoever prints one over HTTP.

use denmark::{Bic, Country, Currency};
use jiff::civil::Date;
use kernel::{Actor, Error, Refuse, Secrets, StoreError, Timestamp};
use letter::{
    Act, Addressee, Channel, Code, Cover, DrawError, Language, Letter, Message, NewAccount, Number, Payee, Postage,
    Purpose, Recipient, Sender, Sheet,
};
use registry::account::DesignatedAccount;
use registry::commands::{LetterFacts, MakeLetter};
use registry::life::CODE_ATTEMPTS;
use registry::notice::{self, Notice};
use registry::notice_text::Text;
use registry::register_event;
use std::fmt;

/// What was drawn of one letter; of one with a code, with what makes that code count.
pub struct Drawn<Make = MakeLetter> {
    /// Its proposal's name, and which of its letters it is; the name of the notice that it is.
    pub number: Number,
    /// What the post has to be paid for.
    pub postage: Postage,
    /// Whether nobody but the post may see the address: then it has a cover.
    pub is_protected: bool,
    /// The PDF of each sheet.
    pub sheets: Vec<(Sheet, Vec<u8>)>,
    /// What puts it on record. Before that, nothing of what was drawn counts, and its code is nobody's to see.
    pub make: Make,
}

/// A letter that could not be drawn.
struct Undrawn(DrawError);

impl Refuse for Undrawn {
    fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl fmt::Display for Undrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Draws a letter with a code that is drawn now; in English also for who asked for that.
///
/// # Errors
/// The codes of [`DrawError`]; or chance cannot be had.
pub fn draw(
    facts: LetterFacts,
    sender: &Sender,
    language: Language,
    actor: Actor,
    secrets: &mut Secrets,
) -> Result<Drawn, Error> {
    let language = if facts.is_in_english { Language::English } else { language };
    let code = Code::from_random(secrets.bytes()?);
    let number = number(&format!("{}{:02}", facts.id, facts.number))?;
    let recipient = recipient(&facts.addressee);
    let (postage, is_protected) = (recipient.postage(), facts.addressee.is_protected);
    let account = DesignatedAccount::from_text(&facts.account)
        .ok_or_else(|| StoreError::plain("a letter's account cannot be read"))?;
    let currency = match &account {
        DesignatedAccount::Domestic { currency, .. } => *currency,
        DesignatedAccount::Foreign { .. } => Currency::DKK,
    };
    let letter = Letter {
        language,
        sender: sender.clone(),
        addressee: addressed(&recipient, is_protected),
        number: number.clone(),
        date: date(facts.made),
        payee: if facts.is_company { Payee::Company { name: facts.addressee.name.clone() } } else { Payee::Person },
        act: Act { purpose: purpose(&facts), channel: channel(&facts.channel), on: date(facts.asked) },
        account: NewAccount {
            account: account.account(),
            country: Country::Denmark,
            bank: facts.bank.clone(),
            bic: facts.bic.as_deref().and_then(|bic| Bic::parse(bic).ok()),
            currency,
        },
        code,
        valid_until: facts.valid_until,
        attempts: u8::try_from(CODE_ATTEMPTS).unwrap_or(u8::MAX),
        file_id: secrets.bytes()?,
    };
    let mut sheets = vec![(Sheet::Letter, letter::draw(&letter).map_err(Undrawn)?)];
    if is_protected {
        sheets.push(cover(language, sender, recipient, &number, secrets)?);
    }
    let make = MakeLetter { drawn: facts, code: code.digits().to_owned(), actor };
    Ok(Drawn { number, postage, is_protected, sheets, make })
}

/// Draws a notice that goes by letter: the words that it has, and no code.
///
/// # Errors
/// The codes of [`DrawError`]; or chance cannot be had.
pub fn draw_notice(
    notice: &Notice,
    (text, addressee): (Text, &register_event::Addressee),
    sender: &Sender,
    now: Timestamp,
    secrets: &mut Secrets,
) -> Result<Drawn<()>, Error> {
    let language = match notice.new.language {
        notice::Language::Danish => Language::Danish,
        notice::Language::English => Language::English,
    };
    let number = number(&notice.id.name())?;
    let recipient = recipient(addressee);
    let (postage, is_protected) = (recipient.postage(), addressee.is_protected);
    let message = Message {
        language,
        sender: sender.clone(),
        addressee: addressed(&recipient, is_protected),
        number: number.clone(),
        date: date(now),
        subject: text.subject.unwrap_or_default(),
        paragraphs: text.body.trim_end().split("\n\n").flat_map(typed).map(str::to_owned).collect(),
        file_id: secrets.bytes()?,
    };
    let mut sheets = vec![(Sheet::Notice, letter::draw_message(&message).map_err(Undrawn)?)];
    if is_protected {
        sheets.push(cover(language, sender, recipient, &number, secrets)?);
    }
    Ok(Drawn { number, postage, is_protected, sheets, make: () })
}

/// A link that somebody has to type stands on a line of its own.
fn typed(paragraph: &str) -> impl Iterator<Item = &str> {
    let (words, link) = paragraph.split_at(paragraph.find("http").unwrap_or(paragraph.len()));
    [words.trim_end(), link].into_iter().filter(|part| !part.is_empty())
}

fn number(text: &str) -> Result<Number, Error> {
    Number::parse(text).map_err(|_| StoreError::plain("a letter's number cannot be read").into())
}

fn addressed(recipient: &Recipient, is_protected: bool) -> Addressee {
    if is_protected { Addressee::UnderCover } else { Addressee::Window(recipient.clone()) }
}

fn cover(
    language: Language,
    sender: &Sender,
    recipient: Recipient,
    number: &Number,
    secrets: &mut Secrets,
) -> Result<(Sheet, Vec<u8>), Error> {
    let (sender, number, file_id) = (sender.clone(), number.clone(), secrets.bytes()?);
    let cover = Cover { language, sender, recipient, number, file_id };
    Ok((Sheet::Cover, letter::draw_cover(&cover).map_err(Undrawn)?))
}

fn recipient(addressee: &register_event::Addressee) -> Recipient {
    // The register leaves out its own country.
    let country = addressee.country.clone().unwrap_or_else(|| "DK".to_owned());
    Recipient { name: addressee.name.clone(), lines: addressee.lines.clone(), country }
}

fn purpose(facts: &LetterFacts) -> Purpose {
    match &facts.specific {
        None => Purpose::Default,
        Some((payer, benefit)) => Purpose::Specific { payer: payer.clone(), benefit: benefit.clone() },
    }
}

fn channel(name: &str) -> Channel {
    match registry::designation::Channel::parse(name) {
        Some(registry::designation::Channel::SelfService) => Channel::SelfService,
        Some(registry::designation::Channel::Caseworker(authority)) => Channel::Caseworker { authority },
        Some(registry::designation::Channel::Bank(name)) => Channel::Bank { name },
        Some(registry::designation::Channel::Operator) | None => Channel::Operator,
    }
}

fn date(moment: Timestamp) -> Date {
    denmark::calendar::copenhagen_date(moment.to_jiff())
}
