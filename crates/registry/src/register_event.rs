//! What a register says of one payee, and what one more row or event makes of that. Pure.
//!
//! A row of a register's file says everything, an event says a part: the name, the address, the status, the protection. Both
//! are laid over what is known, part by part, by one rule. Events are repeated and come late, so each part of a record keeps as
//! of when the register said it, and what is older does not undo what is newer.

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
/// How far the register's clock may be before ours.
const CLOCKS_APART_SECONDS: i64 = 30;
/// Nobody who died before is still paid.
const FIRST_END: Date = jiff::civil::date(1850, 1, 1);
/// How long after the moment at which it is told an end may be dated: a day begins elsewhere first.
const DAY_SECONDS: i64 = 24 * 60 * 60;

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
            Self::Companies => &[(Part::Name, 1..2), (Part::Status, 2..4)],
        }
    }

    const fn fields(self) -> usize {
        match self {
            Self::Population => 9,
            Self::Companies => 4,
        }
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
    /// All that the register says of it: name, status in a word of the company file, and since which date.
    Record(String, String, String),
    /// It does not exist any more, since this date where it is known.
    Closure(String),
    /// Another status, in a word of the company file, and since which date.
    Status(String, String),
    /// It has another name.
    Name(String),
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
            Self::Record(name, status, date) => {
                Registered::whole(Register::Companies, vault, &[number, name, status, date])
                    .map(|row| row.told_by_an_event(at))
            }
            Self::Closure(date) => part(Part::Status, &["dissolved", date]),
            Self::Status(status, date) => part(Part::Status, &[status, date]),
            Self::Name(name) => part(Part::Name, &[name]),
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
    /// All fields, one a line.
    Whole(Zeroizing<String>),
    /// Those of one part.
    One(Part, Zeroizing<String>),
}

impl Registered {
    /// From all fields of a row.
    pub(crate) fn whole(register: Register, vault: &Vault, fields: &[&str]) -> Result<Self, RowRefusal> {
        if fields.len() != register.fields() {
            return Err(RowRefusal::Malformed);
        }
        let (payee, number) = register.payee(fields[0], vault)?;
        let mut status = None;
        for (part, places) in register.parts() {
            status = status.or(register.check(*part, &fields[places.clone()])?);
        }
        let mut kept = fields.to_vec();
        kept[0] = &number;
        let told = Told::Whole(lines(&kept)?);
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
            || TimeZone::UTC.to_datetime(self.at.unwrap_or(now).minus_seconds(-DAY_SECONDS).to_jiff()).date();
        if self.status.and_then(|since| since.end).is_some_and(|end| end > day_after()) {
            return Err(RowRefusal::Date);
        }
        if let (Told::Whole(row), Some((known, _)), false) = (&self.told, known, self.is_event)
            && row.as_str() == known
        {
            return Ok(Merged::Unchanged);
        }
        let found = known.and_then(|(text, status)| Some((Record::read(self.register, text)?, status)));
        let Some((mut record, known_status)) = found else { return self.first() };
        let told = match &self.told {
            Told::One(part, text) => vec![(*part, text.as_str())],
            Told::Whole(row) => Record::read(self.register, row).ok_or(RowRefusal::Malformed)?.texts(),
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
        let (Told::Whole(row), Some(Since { status, .. })) = (&self.told, self.status) else {
            return Err(RowRefusal::PayeeUnknown);
        };
        let record = match self.at {
            None => row.clone(),
            Some(at) => Zeroizing::new(format!("{}\n{}", row.as_str(), at.micros())),
        };
        Ok(Merged::New { record, status })
    }
}

/// To whom a letter goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Their name.
    pub name: String,
    /// Address, postcode and city, without those that are empty. None of a company: its register here has no addresses.
    pub lines: Vec<String>,
    /// The country, unless the register leaves out its own.
    pub country: Option<String>,
    /// Whether nobody but the post may see the address.
    pub is_protected: bool,
}

impl Addressee {
    /// From what the store keeps of a payee: a line for each field, the last ones too that are empty.
    pub(crate) fn read(record: &str) -> Option<Self> {
        let is_person = record.split('\n').count() >= Register::Population.fields();
        let record = Record::read(if is_person { Register::Population } else { Register::Companies }, record)?;
        let text = |part| record.parts.iter().find(|said| said.part == part).map_or("", |said| said.text);
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

/// The address that a version of the population register's row says, one field a line. Companies have none.
pub(crate) fn address(record: &str) -> Option<&str> {
    let record = Record::read(Register::Population, record)?;
    record.parts.iter().find(|said| said.part == Part::Address).map(|said| said.text)
}

/// Fields, one a line.
fn lines(fields: &[&str]) -> Result<Zeroizing<String>, RowRefusal> {
    if fields.iter().any(|field| field.len() > FIELD_CHARS_MAX && field.chars().count() > FIELD_CHARS_MAX) {
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
mod tests {
    use super::*;
    use kernel::Refuse;
    use proptest::prelude::*;

    const ANNA: &str = "6101701234";
    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn row(name: &str, street: &str, status: &str) -> Registered {
        let fields = [ANNA, name, street, "2100", "København", "DK", status, "", "false"];
        Registered::whole(Register::Population, &kernel::testing::vault(), &fields).unwrap()
    }

    fn event(event: PersonEvent, second: i64) -> Registered {
        event.registered(&kernel::testing::vault(), ANNA, at(second)).unwrap()
    }

    fn moves(street: &str, second: i64) -> Registered {
        event(PersonEvent::Move([street, "", "", ""].map(str::to_owned)), second)
    }

    /// What becomes of these, one after the other: what each does, and what is known in the end but for the number.
    fn told(rows: &[Registered]) -> (String, String) {
        let mut known: Option<(Zeroizing<String>, RegisterStatus)> = None;
        let mut did = Vec::new();
        for row in rows {
            let before = known.as_ref().map(|(record, status)| (record.as_str(), *status));
            did.push(match row.over(before, NOW) {
                Err(refusal) => refusal.code(),
                Ok(Merged::Unchanged) => "unchanged",
                Ok(Merged::Outdated) => "outdated",
                Ok(Merged::New { record, status }) => {
                    known = Some((record, status));
                    "done"
                }
            });
        }
        let record =
            known.map_or(String::new(), |(record, status)| format!("{} = {status}", record.replace('\n', ",")));
        (did.join(" "), record.trim_start_matches(ANNA).to_owned())
    }

    #[test]
    fn what_is_older_does_not_undo_what_is_newer_and_what_is_repeated_changes_nothing() {
        let check = |rows: &[Registered], did: &str, record: &str| {
            assert_eq!(told(rows), (did.to_owned(), record.to_owned()));
        };
        let name = |name: &str, second| event(PersonEvent::Name(name.to_owned()), second);
        let dies = |date: &str, second| event(PersonEvent::Death(date.to_owned()), second);
        // Files without a moment: the last one counts.
        check(&[row("A", "S", "active")], "done", ",A,S,2100,København,DK,active,,false = active");
        check(
            &[row("A", "S", "active"), row("A", "S", "active"), row("B", "S", "dead")],
            "done unchanged done",
            ",B,S,2100,København,DK,dead,,false = dead",
        );
        // Each part has a moment of its own.
        check(
            &[row("A", "S", "active"), moves("T", 5), name("B", 3), dies("1970-01-02", 4)],
            "done done done done",
            ",B,T,,,,dead,1970-01-02,false,3000000,5000000,4000000, = dead",
        );
        check(
            &[row("A", "S", "active"), moves("T", 5), moves("U", 4), moves("T", 5), moves("U", 5), moves("T", 4)],
            "done done outdated unchanged done outdated",
            ",A,U,,,,active,,false,,5000000,, = active",
        );
        // Away and back again, told in another order: what lies between comes too late.
        check(
            &[row("A", "S", "active"), moves("T", 1), moves("T", 3), moves("U", 2)],
            "done done done outdated",
            ",A,T,,,,active,,false,,3000000,, = active",
        );
        // A wrong death is taken back.
        check(
            &[row("A", "S", "active"), dies("", 1), event(PersonEvent::Status("active".into(), String::new()), 2)],
            "done done done",
            ",A,S,2100,København,DK,active,,false,,,2000000, = active",
        );
        check(
            &[row("A", "S", "active"), event(PersonEvent::Protection(true), 1)],
            "done done",
            ",A,S,2100,København,DK,active,,true,,,,1000000 = active",
        );
        // A file with a moment undoes only what is older than it.
        check(
            &[row("A", "S", "active").written_at(at(2)), name("B", 5), row("C", "T", "dead").written_at(at(3))],
            "done done done",
            ",B,T,2100,København,DK,dead,,false,5000000,3000000,3000000,2000000 = dead",
        );
        check(
            &[
                row("A", "S", "active").written_at(at(4)),
                row("A", "S", "active").written_at(at(5)),
                row("B", "S", "active").written_at(at(3)),
            ],
            "done unchanged outdated",
            ",A,S,2100,København,DK,active,,false,4000000 = active",
        );
        // What a file merely confirms is not kept anew: what it is newer than is taken until the next one says otherwise.
        check(
            &[
                row("A", "S", "active").written_at(at(4)),
                row("A", "S", "active").written_at(at(6)),
                dies("", 5),
                row("A", "S", "active").written_at(at(7)),
            ],
            "done unchanged done done",
            ",A,S,2100,København,DK,active,,false,4000000,4000000,7000000,4000000 = active",
        );
        // Nobody has died after the day on which it is said, but for one day; any other date may lie ahead.
        let emigrates = |date: &str| event(PersonEvent::Status("emigrated".into(), date.into()), 1);
        check(
            &[row("A", "S", "active"), dies("1970-01-03", 1), dies("1970-01-02", 1), emigrates("1970-01-03")],
            "done register.date done done",
            ",A,S,2100,København,DK,emigrated,1970-01-03,false,,,1000000, = emigrated",
        );
        let dead = |date: &str| {
            let fields = [ANNA, "A", "", "", "", "", "dead", date, ""];
            Registered::whole(Register::Population, &kernel::testing::vault(), &fields).unwrap()
        };
        check(&[dead("1970-01-03")], "register.date", "");
        check(&[dead("1970-01-02").written_at(at(-86_400))], "register.date", "");
        assert_eq!(told(&[dead("1970-01-02")]).0, "done");
        // A file without one counts, and does not make what comes late newer.
        check(
            &[row("A", "S", "active"), name("B", 5), row("C", "S", "active"), name("B", 4), name("D", 6)],
            "done done done outdated done",
            ",D,S,2100,København,DK,active,,false,6000000,,, = active",
        );
        // Of somebody who is not known, only all of it can be told.
        check(&[name("B", 5)], "payee.unknown", "");
        let record = || {
            let address = ["S", "2100", "København", "DK"].map(str::to_owned);
            let (name, status, status_date) = ("A".to_owned(), "active".to_owned(), String::new());
            event(
                PersonEvent::Record(Box::new(PersonRecord { name, address, status, status_date, protected: false })),
                7,
            )
        };
        check(
            &[record(), record(), name("B", 6)],
            "done unchanged outdated",
            ",A,S,2100,København,DK,active,,false,7000000 = active",
        );
        // What lies ahead is refused, but for what clocks may differ.
        check(
            &[row("A", "S", "active"), name("B", 1031)],
            "done register.future",
            ",A,S,2100,København,DK,active,,false = active",
        );
        check(&[row("A", "S", "active").written_at(at(1031))], "register.future", "");
        assert_eq!(told(&[row("A", "S", "active"), name("B", 1030)]).0, "done done");
    }

    #[test]
    fn companies_are_told_of_as_people_are() {
        let vault = kernel::testing::vault();
        let event = |event: CompanyEvent, second| event.registered(&vault, "13748136", at(second)).unwrap();
        let rows = [
            event(CompanyEvent::Record("A".into(), "active".into(), String::new()), 1),
            event(CompanyEvent::Closure("1970-01-01".into()), 3),
            event(CompanyEvent::Status("active".into(), String::new()), 2),
            event(CompanyEvent::Name("B".into()), 2),
        ];
        let expected = "13748136,B,dissolved,1970-01-01,2000000,3000000 = dissolved";
        assert_eq!(told(&rows), ("done done outdated done".to_owned(), expected.to_owned()));
    }

    #[test]
    fn an_event_is_held_to_what_a_row_is() {
        let vault = kernel::testing::vault();
        let check = |number: &str, event: PersonEvent, code: &str| {
            let refused = event.registered(&vault, number, NOW).err().map(|refusal| refusal.code());
            assert_eq!(refused, Some(code).filter(|code| !code.is_empty()), "{code}");
        };
        let name = |name: &str| PersonEvent::Name(name.to_owned());
        check("610170-1234", name("A"), "");
        check("610170123", name("A"), "payee.malformed");
        check(ANNA, name(""), "row.empty_field");
        check(ANNA, name("A\nB"), "row.control_character");
        check(ANNA, name("A\0"), "row.control_character");
        check(ANNA, name(&"Æ".repeat(200)), "");
        check(ANNA, name(&"Æ".repeat(201)), "row.field_too_long");
        check(ANNA, PersonEvent::Death("2026-02-30".to_owned()), "register.date");
        check(ANNA, PersonEvent::Death("1850-01-01".to_owned()), "");
        check(ANNA, PersonEvent::Death("1849-12-31".to_owned()), "register.date");
        check(ANNA, PersonEvent::Status("active".to_owned(), "1849-12-31".to_owned()), "");
        check(ANNA, PersonEvent::Status("gone".to_owned(), String::new()), "register.status");
        check(ANNA, PersonEvent::Status("dissolved".to_owned(), String::new()), "register.status");
        let cvr = CompanyEvent::Closure(String::new()).registered(&vault, "13748137", NOW);
        assert_eq!(cvr.err().map(|refusal| refusal.code()), Some("payee.malformed"));
    }

    proptest! {
        /// Events in any order, each perhaps several times, end as they do in their own order.
        #[test]
        fn the_order_in_which_events_come_makes_no_difference(
            events in proptest::collection::vec((0_u8..4, 0_u8..3), 1..10),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 1..30),
        ) {
            let make = |at: usize| {
                let (kind, value) = events[at];
                let second = at as i64 + 1;
                let text = value.to_string();
                match kind {
                    0 => moves(&text, second),
                    1 => event(PersonEvent::Name(text), second),
                    2 => event(PersonEvent::Status(["active", "dead", "missing"][usize::from(value)].to_owned(), String::new()), second),
                    _ => event(PersonEvent::Protection(value == 0), second),
                }
            };
            let first = || std::iter::once(row("A", "S", "active"));
            let in_order: Vec<_> = first().chain((0..events.len()).map(make)).collect();
            // In chance order, some of them again and again, and in the end each that has not come yet.
            let chance: Vec<usize> = order.iter().map(|at| at.index(events.len())).collect();
            let missing = (0..events.len()).filter(|at| !chance.contains(at));
            let any_order: Vec<_> = first().chain(chance.iter().copied().chain(missing).map(make)).collect();
            prop_assert_eq!(told(&in_order).1, told(&any_order).1);
        }
    }
}
