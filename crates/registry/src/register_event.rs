//! What a register says of one payee, and what one more row or event makes of that. Pure.
//!
//! A row of a register's file says everything, an event says a part: the name, the address, the status, the protection. Both
//! are laid over what is known, part by part, by one rule. Events are repeated and come late, so each part of a record keeps as
//! of when the register said it, and what is older does not undo what is newer.

use crate::own::Signatories;
use crate::payee::{PayeeId, RegisterStatus};
use crate::row_refusal::RowRefusal;
use denmark::{Cpr, Cvr};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Blind, Timestamp, Vault};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use zeroize::Zeroizing;

const FIELD_CHARS_MAX: usize = 200;
/// Of the field of those who may sign: some ninety pairs.
const SIGNATORIES_CHARS_MAX: usize = 2_000;
const CPR_DIGITS: usize = 10;
/// How far the register's clock may be before ours.
const CLOCKS_APART_SECONDS: i64 = 30;
/// Nobody who died before is still paid.
const FIRST_END: Date = jiff::civil::date(1850, 1, 1);
/// So many days after the moment at which it is told an end may be dated: a day begins elsewhere first.
const DATED_AHEAD_DAYS: i64 = 1;

/// A register that is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Of people.
    Population,
    /// Of companies.
    Companies,
}

/// Fields that change together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Address,
    /// With its date.
    Status,
    Protection,
    /// Who may sign for a company.
    Signatories,
}

impl Register {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Population, Self::Companies];

    /// As the journal says it, and the clients that tell what it says.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Companies => "companies",
        }
    }

    /// The parts of a row, by the places of their fields; before them stands the number, which never changes.
    const fn parts(self) -> &'static [(Part, Range<usize>)] {
        match self {
            Self::Population => {
                &[(Part::Name, 1..2), (Part::Address, 2..6), (Part::Status, 6..8), (Part::Protection, 8..9)]
            }
            Self::Companies => {
                &[(Part::Name, 1..2), (Part::Status, 2..4), (Part::Address, 4..8), (Part::Signatories, 8..9)]
            }
        }
    }

    const fn fields(self) -> usize {
        match self {
            Self::Population | Self::Companies => 9,
        }
    }

    /// How many of the last fields a row may be without: it says nothing of them then.
    pub(crate) const fn may_lack(self) -> usize {
        match self {
            Self::Population => 0,
            Self::Companies => 5,
        }
    }

    /// Of whose row a text is: people's numbers are longer.
    fn of_record(record: &str) -> Self {
        let number = record.split('\n').next().unwrap_or_default();
        if number.len() == CPR_DIGITS { Self::Population } else { Self::Companies }
    }

    /// The payee of this number, and the number as it is kept.
    fn payee(self, number: &str, vault: &Vault) -> Result<(Blind, String), RowRefusal> {
        match self {
            Self::Population => {
                let cpr = Cpr::parse(number).map_err(|_| RowRefusal::Payee)?;
                Ok((PayeeId::Cpr(cpr).key(vault), cpr.digits().to_owned()))
            }
            Self::Companies => {
                let cvr = Cvr::parse(number).map_err(|_| RowRefusal::Payee)?;
                Ok((PayeeId::Cvr(cvr).key(vault), cvr.digits().to_owned()))
            }
        }
    }

    /// Whether the fields of a part are what they must be; the status, if this part is it.
    fn check(self, part: Part, fields: &[&str]) -> Result<Option<Since>, RowRefusal> {
        match (part, fields) {
            (Part::Name, [""]) => Err(RowRefusal::Empty),
            (Part::Status, [status, date]) => {
                let status = match self {
                    Self::Population => RegisterStatus::of_person(status),
                    Self::Companies => RegisterStatus::of_company(status),
                };
                let status = status.ok_or(RowRefusal::Status)?;
                let date = match *date {
                    "" => None,
                    date => Some(date.parse().ok().filter(|_| date.len() == 10).ok_or(RowRefusal::Date)?),
                };
                let is_end = matches!(status, RegisterStatus::Dead | RegisterStatus::Dissolved);
                let end = date.filter(|_| is_end);
                if end.is_some_and(|end| end < FIRST_END) {
                    Err(RowRefusal::Date)
                } else {
                    Ok(Some(Since { status, end }))
                }
            }
            (Part::Protection, [flag]) if !matches!(*flag, "" | "true" | "false" | "0" | "1") => Err(RowRefusal::Flag),
            (Part::Signatories, [text]) if !Signatories::is_text(text) => Err(RowRefusal::Signatories),
            _ => Ok(None),
        }
    }
}

/// A status, and since when, if it is an end.
#[derive(Clone, Copy)]
struct Since {
    status: RegisterStatus,
    end: Option<Date>,
}

/// What happened to a person.
pub enum PersonEvent {
    /// All that the register says of them: of somebody new, or again.
    Record(Box<PersonRecord>),
    /// They died, on this date where it is known.
    Death(String),
    /// Another status, in a word of the population file, and since which date.
    Status(String, String),
    /// They moved: address, postcode, city, country.
    Move([String; 4]),
    /// They have another name.
    Name(String),
    /// Their address is protected from now on, or is not any more.
    Protection(bool),
}

/// All that the population register says of somebody, beside their number: the columns of its file.
pub struct PersonRecord {
    /// Not empty.
    pub name: String,
    /// Address, postcode, city, country.
    pub address: [String; 4],
    /// A word of the population file.
    pub status: String,
    /// Since when; may be empty.
    pub status_date: String,
    /// Whether the address is protected.
    pub protected: bool,
}

/// What happened to a company.
pub enum CompanyEvent {
    /// All that the register says of it: of a new one, or again.
    Record(Box<CompanyRecord>),
    /// It does not exist any more, since this date where it is known.
    Closure(String),
    /// Another status, in a word of the company file, and since which date.
    Status(String, String),
    /// It has another name.
    Name(String),
    /// It has another address: address, postcode, city, country.
    Move([String; 4]),
    /// Others may sign for it, as its file writes it.
    Signatories(String),
}

/// All that the company register says of a company, beside its number: the columns of its file.
pub struct CompanyRecord {
    /// Not empty.
    pub name: String,
    /// A word of the company file.
    pub status: String,
    /// Since when; may be empty.
    pub status_date: String,
    /// Address, postcode, city, country.
    pub address: [String; 4],
    /// Who may sign for it.
    pub signatories: String,
}

impl PersonEvent {
    /// What the register says by it of the person of this number, as of that moment.
    ///
    /// # Errors
    /// The event is not one.
    pub fn registered(&self, vault: &Vault, number: &str, at: Timestamp) -> Result<Registered, RowRefusal> {
        let flag = |protected: bool| if protected { "true" } else { "false" };
        let part = |part, fields: &[&str]| Registered::part(Register::Population, vault, number, part, fields, at);
        match self {
            Self::Record(record) => {
                let PersonRecord { name, address: [address, postcode, city, country], .. } = &**record;
                let fields: [&str; 9] = [
                    number,
                    name,
                    address,
                    postcode,
                    city,
                    country,
                    &record.status,
                    &record.status_date,
                    flag(record.protected),
                ];
                Registered::whole(Register::Population, vault, &fields).map(|row| row.told_by_an_event(at))
            }
            Self::Death(date) => part(Part::Status, &["dead", date]),
            Self::Status(status, date) => part(Part::Status, &[status, date]),
            Self::Move(address) => part(Part::Address, &address.each_ref().map(String::as_str)),
            Self::Name(name) => part(Part::Name, &[name]),
            Self::Protection(protected) => part(Part::Protection, &[flag(*protected)]),
        }
    }
}

impl CompanyEvent {
    /// What the register says by it of the company of this number, as of that moment.
    ///
    /// # Errors
    /// The event is not one.
    pub fn registered(&self, vault: &Vault, number: &str, at: Timestamp) -> Result<Registered, RowRefusal> {
        let part = |part, fields: &[&str]| Registered::part(Register::Companies, vault, number, part, fields, at);
        match self {
            Self::Record(record) => {
                let CompanyRecord { name, status, status_date, address, signatories } = &**record;
                let [address, postcode, city, country] = address;
                let fields: [&str; 9] =
                    [number, name, status, status_date, address, postcode, city, country, signatories];
                Registered::whole(Register::Companies, vault, &fields).map(|row| row.told_by_an_event(at))
            }
            Self::Closure(date) => part(Part::Status, &["dissolved", date]),
            Self::Status(status, date) => part(Part::Status, &[status, date]),
            Self::Name(name) => part(Part::Name, &[name]),
            Self::Move(address) => part(Part::Address, &address.each_ref().map(String::as_str)),
            Self::Signatories(text) => part(Part::Signatories, &[text]),
        }
    }
}

/// What a register says of one payee: a row of its file, or an event.
pub struct Registered {
    /// Whom it is about.
    pub(crate) payee: Blind,
    register: Register,
    told: Told,
    /// The status, where it says one.
    status: Option<Since>,
    /// As of when. A row of a file that does not say so counts whenever it comes.
    at: Option<Timestamp>,
    /// Whether it was told for itself, and not with everything else that stands in a file.
    is_event: bool,
}

enum Told {
    /// All fields, one a line; and of how many parts it says anything, the first ones.
    Whole(Zeroizing<String>, usize),
    /// Those of one part.
    One(Part, Zeroizing<String>),
}

impl Registered {
    /// From all fields of a row.
    pub(crate) fn whole(register: Register, vault: &Vault, fields: &[&str]) -> Result<Self, RowRefusal> {
        if fields.len() != register.fields() && fields.len() != register.fields() - register.may_lack() {
            return Err(RowRefusal::Malformed);
        }
        let (payee, number) = register.payee(fields[0], vault)?;
        let (mut status, mut parts) = (None, 0);
        for (part, places) in register.parts().iter().filter(|(_, places)| places.end <= fields.len()) {
            status = status.or(register.check(*part, &fields[places.clone()])?);
            parts += 1;
        }
        let mut kept = fields.to_vec();
        kept[0] = &number;
        kept.resize(register.fields(), "");
        let told = Told::Whole(lines(&kept)?, parts);
        Ok(Self { payee, register, told, status, at: None, is_event: false })
    }

    fn part(
        register: Register,
        vault: &Vault,
        number: &str,
        part: Part,
        fields: &[&str],
        at: Timestamp,
    ) -> Result<Self, RowRefusal> {
        let (payee, _) = register.payee(number, vault)?;
        let status = register.check(part, fields)?;
        let told = Told::One(part, lines(fields)?);
        Ok(Self { payee, register, told, status, at: Some(at), is_event: true })
    }

    fn told_by_an_event(self, at: Timestamp) -> Self {
        Self { at: Some(at), is_event: true, ..self }
    }

    /// The same row, of a file that the register wrote at that moment.
    pub(crate) fn written_at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// What it makes of what is known.
    ///
    /// # Errors
    /// `register.future`; `register.date` of an end that lies ahead; `payee.unknown` of a part where nothing is known.
    pub(crate) fn over(&self, known: Option<(&str, RegisterStatus)>, now: Timestamp) -> Result<Merged, RowRefusal> {
        // What lies ahead would stand in the way of all that comes until then.
        if self.at.is_some_and(|at| at.minus_seconds(CLOCKS_APART_SECONDS) > now) {
            return Err(RowRefusal::Future);
        }
        let day_after =
            || TimeZone::UTC.to_datetime(self.at.unwrap_or(now).plus_days(DATED_AHEAD_DAYS).to_jiff()).date();
        if self.status.and_then(|since| since.end).is_some_and(|end| end > day_after()) {
            return Err(RowRefusal::Date);
        }
        if let (Told::Whole(row, parts), Some((known, _)), false) = (&self.told, known, self.is_event)
            && *parts == self.register.parts().len()
            && row.as_str() == known
        {
            return Ok(Merged::Unchanged);
        }
        let found = known.and_then(|(text, status)| Some((Record::read(self.register, text)?, status)));
        let Some((mut record, known_status)) = found else { return self.first() };
        let told = match &self.told {
            Told::One(part, text) => vec![(*part, text.as_str())],
            Told::Whole(row, parts) => {
                let mut texts = Record::read(self.register, row).ok_or(RowRefusal::Malformed)?.texts();
                texts.truncate(*parts);
                texts
            }
        };
        let (mut status, mut is_new, mut is_outdated) = (known_status, false, false);
        for (part, text) in told {
            let Some(said) = record.parts.iter_mut().find(|said| said.part == part) else { continue };
            if self.at.is_some() && self.at < said.at {
                is_outdated = true;
                continue;
            }
            // A file says again and again what did not change, and is not kept for that. An event says that it is so anew.
            if said.text == text && !(self.is_event && said.at < self.at) {
                continue;
            }
            (said.text, said.at) = (text, self.at.or(said.at));
            is_new = true;
            if part == Part::Status {
                status = self.status.map_or(known_status, |since| since.status);
            }
        }
        Ok(match (is_new, is_outdated) {
            (true, _) => Merged::New { record: record.write(), status },
            (false, true) => Merged::Outdated,
            (false, false) => Merged::Unchanged,
        })
    }

    /// What it makes of nothing.
    fn first(&self) -> Result<Merged, RowRefusal> {
        let (Told::Whole(row, parts), Some(Since { status, .. })) = (&self.told, self.status) else {
            return Err(RowRefusal::PayeeUnknown);
        };
        let mut record = Record::read(self.register, row).ok_or(RowRefusal::Malformed)?;
        record.parts.iter_mut().take(*parts).for_each(|said| said.at = self.at);
        Ok(Merged::New { record: record.write(), status })
    }
}

/// To whom a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Their name.
    pub name: String,
    /// Address, postcode and city, without those that are empty.
    pub lines: Vec<String>,
    /// The country, unless the register leaves out its own.
    pub country: Option<String>,
    /// Whether nobody but the post may see the address.
    pub is_protected: bool,
}

/// Whether a version of a register's row has an address for a letter.
pub(crate) fn has_address(record: &str) -> bool {
    Addressee::read(record).is_some_and(|addressee| addressee.has_address())
}

impl Addressee {
    /// Whether a letter has anywhere to go.
    #[must_use]
    pub const fn has_address(&self) -> bool {
        !self.lines.is_empty()
    }

    /// From what the store keeps of a payee: a line for each field, the last ones too that are empty.
    pub(crate) fn read(record: &str) -> Option<Self> {
        let record = Record::of(record)?;
        let text = |part| record.text(part).unwrap_or_default();
        let address: Vec<&str> = text(Part::Address).split('\n').collect();
        let (lines, country) = match address[..] {
            [street, postcode, city, country] => {
                (vec![street.to_owned(), format!("{postcode} {city}").trim().to_owned()], country)
            }
            _ => (Vec::new(), ""),
        };
        Some(Self {
            name: text(Part::Name).to_owned(),
            lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
            country: Some(country).filter(|country| !country.is_empty()).map(str::to_owned),
            is_protected: matches!(text(Part::Protection), "true" | "1"),
        })
    }
}

/// The address that a version of a register's row says, one field a line.
pub(crate) fn address(record: &str) -> Option<&str> {
    Record::of(record)?.text(Part::Address)
}

/// Who may sign for a company, as a version of its row says; nothing of a person.
pub(crate) fn signatories(record: &str) -> Option<&str> {
    Record::of(record)?.text(Part::Signatories)
}

/// Fields, one a line.
fn lines(fields: &[&str]) -> Result<Zeroizing<String>, RowRefusal> {
    let most = |field: &str| if Signatories::is_text(field) { SIGNATORIES_CHARS_MAX } else { FIELD_CHARS_MAX };
    if fields.iter().any(|field| field.len() > FIELD_CHARS_MAX && field.chars().count() > most(field)) {
        return Err(RowRefusal::TooLong);
    }
    // A line break above all: it would make two fields of one.
    if fields.iter().any(|field| field.chars().any(char::is_control)) {
        return Err(RowRefusal::ControlCharacter);
    }
    Ok(Zeroizing::new(fields.join("\n")))
}

/// What is known after a row or an event.
pub(crate) enum Merged {
    /// The same as before.
    Unchanged,
    /// The same as before: what it says is older than what is known.
    Outdated,
    /// This, in a new version.
    New { record: Zeroizing<String>, status: RegisterStatus },
}

/// What the store keeps of one payee: the fields, one a line, and after them the moments as of which they were said: none, one
/// for all parts, or one a part.
struct Record<'r> {
    number: &'r str,
    parts: Vec<Said<'r>>,
}

struct Said<'r> {
    part: Part,
    /// The fields of the part, one a line.
    text: &'r str,
    at: Option<Timestamp>,
}

impl<'r> Record<'r> {
    fn of(text: &'r str) -> Option<Self> {
        Self::read(Register::of_record(text), text)
    }

    fn text(&self, part: Part) -> Option<&'r str> {
        self.parts.iter().find(|said| said.part == part).map(|said| said.text)
    }

    fn read(register: Register, text: &'r str) -> Option<Self> {
        let parts = register.parts();
        // Where each line begins, and one more would.
        let begins: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let line = |from: usize, to: usize| {
            let end = begins.get(to).map_or(text.len(), |begin| begin - 1);
            begins.get(from).map(|begin| &text[*begin..end])
        };
        let moments = begins.len().checked_sub(register.fields())?;
        let moment = |at: usize| -> Option<Option<Timestamp>> {
            let at = if moments == 1 { 0 } else { at };
            if moments == 0 {
                return Some(None);
            }
            let text = line(register.fields() + at, register.fields() + at + 1)?;
            if text.is_empty() { Some(None) } else { Some(Some(Timestamp::from_micros(text.parse().ok()?))) }
        };
        let parts = parts
            .iter()
            .enumerate()
            .map(|(at, (part, places))| {
                Some(Said { part: *part, text: line(places.start, places.end)?, at: moment(at)? })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self { number: line(0, 1)?, parts })
    }

    fn texts(&self) -> Vec<(Part, &'r str)> {
        self.parts.iter().map(|said| (said.part, said.text)).collect()
    }

    fn write(&self) -> Zeroizing<String> {
        let length = self.parts.iter().map(|said| said.text.len() + 1 + 20).sum::<usize>() + self.number.len();
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(self.number);
        for said in &self.parts {
            text.push('\n');
            text.push_str(said.text);
        }
        let first = self.parts.first().and_then(|said| said.at);
        let is_one = self.parts.iter().all(|said| said.at == first);
        let moments: Vec<Option<Timestamp>> = match (is_one, first) {
            (true, None) => vec![],
            (true, Some(_)) => vec![first],
            (false, _) => self.parts.iter().map(|said| said.at).collect(),
        };
        for moment in moments {
            text.push('\n');
            if let Some(moment) = moment {
                text.push_str(&moment.micros().to_string());
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
