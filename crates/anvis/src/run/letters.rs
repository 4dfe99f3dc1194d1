//! Letters: drawn, made, handed over, come back.

use super::Session;
use super::designation::stands;
use crate::cli::{Letters, PrintRun};
use crate::console::Answer;
use denmark::{Bic, Country, Currency};
use jiff::civil::Date;
use kernel::{Error, Refuse, StoreError, Timestamp, files};
use letter::{
    Act, Addressee, Channel, Code, Cover, DrawError, Language, Letter, Manifest, NewAccount, Number, Payee, Purpose,
    Recipient, Sender, Sheet,
};
use registry::account::DesignatedAccount;
use registry::commands::{FollowLetter, LetterFacts, LetterFate, MakeLetter};
use registry::life::{CODE_ATTEMPTS, Waits};
use registry::queries;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

/// Where those letters lie of which nobody but the post may see the address.
const PROTECTED: &str = "protected";

impl Session {
    pub(super) fn letters(&mut self, command: Letters) -> Result<Answer, Error> {
        match command {
            Letters::List { limit } => {
                let (limit, now) = (usize::from(limit), self.env()?.now);
                let mut proposals = self.waiting(Some(Waits::Letter), limit, now)?;
                proposals.extend(self.waiting(Some(Waits::Code), limit - proposals.len(), now)?);
                let text: String = proposals
                    .iter()
                    .map(|view| {
                        let waits_for = view.standing.waits_for.as_deref().unwrap_or("-");
                        format!("{}  waits for its {waits_for}\n", view.standing.id)
                    })
                    .collect();
                let text = if text.is_empty() {
                    "No letters are to be made, and none is on its way.".to_owned()
                } else {
                    text
                };
                Ok(Answer::done(text, &json!({ "letters": proposals })))
            }
            Letters::Print(run) => self.print(&run),
            Letters::Posted { ids } => {
                let mut standings = Vec::new();
                for proposal in ids {
                    standings.push(self.follow(proposal, LetterFate::HandedOver)?);
                }
                let text = format!("{} letters are noted as handed over.", standings.len());
                Ok(Answer::done(text, &json!({ "letters": standings })))
            }
            Letters::Returned { id } => Ok(stands(self.follow(id, LetterFate::Returned)?)),
        }
    }

    fn follow(&mut self, proposal: String, fate: LetterFate) -> Result<registry::commands::Standing, Error> {
        let (env, actor) = (self.env()?, self.actor.clone());
        self.writer.execute(&FollowLetter { proposal, fate, actor }, &self.actor, &env)
    }

    /// Makes letters one by one: each is drawn, then on record, then in place. One that was cut off between is made anew, with
    /// another code.
    fn print(&mut self, run: &PrintRun) -> Result<Answer, Error> {
        super::outside(&self.data, &run.to)?;
        let sender = self.sender(run.sender.as_deref())?;
        let language = if run.english { Language::English } else { Language::Danish };
        let now = self.env()?.now;
        let ids: Vec<String> = match &run.only {
            Some(id) => vec![id.clone()],
            None => {
                let waiting = self.waiting(Some(Waits::Letter), usize::from(run.limit), now)?;
                waiting.into_iter().map(|view| view.standing.id).collect()
            }
        };
        make_folder(&run.to)?;
        let (mut manifest, mut made, mut left) = (Manifest::new(), Vec::new(), Vec::new());
        for id in ids {
            match self.make(&id, &sender, language, &run.to, &mut manifest) {
                Ok(number) => made.push(number),
                // Whoever has no address stops nobody else's letter.
                Err(Error::Refused(refusal)) if run.only.is_none() => {
                    left.push(json!({ "id": id, "code": refusal.code }))
                }
                Err(error) => return Err(error),
            }
        }
        let name = format!("{}-{}", now.to_jiff().strftime("%Y%m%dT%H%M%SZ"), Manifest::FILE);
        if !made.is_empty() {
            files::write_private_alone(&run.to.join(&name), manifest.as_str().as_bytes())?;
        }
        let mut text = format!("Made {} letters in {}.", made.len(), run.to.display());
        if !left.is_empty() {
            text.push_str(&format!(" {} could not be made.", left.len()));
        }
        let manifest = if made.is_empty() { None } else { Some(name) };
        Ok(Answer::done(text, &json!({ "letters": made, "manifest": manifest, "left": left })))
    }

    fn make(
        &mut self,
        id: &str,
        sender: &Sender,
        language: Language,
        to: &Path,
        manifest: &mut Manifest,
    ) -> Result<String, Error> {
        let env = self.env()?;
        let actor = self.actor.clone();
        let drawn = self.writer.read(|scope| queries::letter(scope, &actor, id, env.now))?;
        let code = Code::from_random(self.writer.secrets.bytes()?);
        let sheets =
            draw(&drawn, sender, language, code, [self.writer.secrets.bytes()?, self.writer.secrets.bytes()?])?;
        let Sheets { number, postage, is_protected, pdfs } = sheets;
        if is_protected {
            make_folder(&to.join(PROTECTED))?;
        }
        let mut parts = Vec::new();
        for (sheet, pdf) in &pdfs {
            let path = to.join(letter::path(&number, *sheet, is_protected));
            let part = path.with_extension("pdf.part");
            files::write_private_alone(&part, pdf)?;
            parts.push((part, path));
        }
        let command = MakeLetter { drawn, code: code.digits().to_owned(), actor };
        if let Err(error) = self.writer.execute(&command, &self.actor, &env) {
            // What was drawn counts for nothing, and its code is nobody's to see.
            parts.iter().for_each(|(part, _)| drop(std::fs::remove_file(part)));
            return Err(error);
        }
        for (part, path) in &parts {
            files::rename(part, path)?;
        }
        for (sheet, pdf) in &pdfs {
            manifest.add(&number, *sheet, postage, is_protected, pdf);
        }
        Ok(number.as_str().to_owned())
    }

    fn sender(&self, file: Option<&Path>) -> Result<Sender, Error> {
        let Some(file) = file else {
            self.writer.store.require_synthetic("letters without --sender")?;
            let lines = vec!["Postboks 1".to_owned(), "1000 København K".to_owned()];
            let (url, telephone) = ("anvis.example".to_owned(), "70 00 00 00".to_owned());
            return Ok(Sender { name: "Anvis".to_owned(), lines, url, telephone });
        };
        let bytes = std::fs::read(file)
            .map_err(|error| StoreError::new(format!("{} could not be read", file.display()), error))?;
        let Written { name, lines, url, telephone } = serde_json::from_slice(&bytes).map_err(|_| SenderRefusal)?;
        Ok(Sender { name, lines, url, telephone })
    }
}

/// Who writes, as a file says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    lines: Vec<String>,
    url: String,
    telephone: String,
}

/// A file that does not say who writes.
#[derive(Debug)]
struct SenderRefusal;

impl Refuse for SenderRefusal {
    fn code(&self) -> &'static str {
        "letter.sender"
    }
}

impl std::fmt::Display for SenderRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the file that says who writes is JSON with name, lines, url and telephone")
    }
}

/// A letter that could not be drawn.
struct Undrawn(DrawError);

impl Refuse for Undrawn {
    fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl std::fmt::Display for Undrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What was drawn of one letter.
struct Sheets {
    number: Number,
    postage: letter::Postage,
    is_protected: bool,
    pdfs: Vec<(Sheet, Vec<u8>)>,
}

fn draw(
    facts: &LetterFacts,
    sender: &Sender,
    language: Language,
    code: Code,
    file_ids: [[u8; 16]; 2],
) -> Result<Sheets, Error> {
    let broken = |what: &str| StoreError::plain(format!("a letter's {what} cannot be read"));
    // Its proposal's name, and which of its letters it is.
    let number = Number::parse(&format!("{}{:02}", facts.id, facts.number)).map_err(|_| broken("number"))?;
    let recipient = recipient(facts);
    let (postage, is_protected) = (recipient.postage(), facts.addressee.is_protected);
    let account = DesignatedAccount::from_text(&facts.account).ok_or_else(|| broken("account"))?;
    let currency = match &account {
        DesignatedAccount::Domestic { currency, .. } => *currency,
        DesignatedAccount::Foreign { .. } => Currency::DKK,
    };
    let letter = Letter {
        language,
        sender: sender.clone(),
        addressee: if is_protected { Addressee::UnderCover } else { Addressee::Window(recipient.clone()) },
        number: number.clone(),
        date: date(facts.made),
        payee: if facts.is_company { Payee::Company { name: facts.addressee.name.clone() } } else { Payee::Person },
        act: Act { purpose: purpose(facts), channel: channel(&facts.channel), on: date(facts.asked) },
        account: NewAccount {
            account: account.account(),
            country: Country::Denmark,
            bank: facts.bank.clone(),
            bic: facts.bic.as_deref().and_then(|bic| Bic::parse(bic).ok()),
            currency,
        },
        code,
        valid_until: date(facts.valid_until),
        attempts: u8::try_from(CODE_ATTEMPTS).unwrap_or(u8::MAX),
        file_id: file_ids[0],
    };
    let mut pdfs = vec![(Sheet::Letter, letter::draw(&letter).map_err(Undrawn)?)];
    if is_protected {
        let cover = Cover { language, sender: sender.clone(), recipient, number: number.clone(), file_id: file_ids[1] };
        pdfs.push((Sheet::Cover, letter::draw_cover(&cover).map_err(Undrawn)?));
    }
    Ok(Sheets { number, postage, is_protected, pdfs })
}

fn recipient(facts: &LetterFacts) -> Recipient {
    let addressee = &facts.addressee;
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

/// Makes a folder that its owner alone can look into.
fn make_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| StoreError::new(format!("{} could not be made", path.display()), error).into())
}
