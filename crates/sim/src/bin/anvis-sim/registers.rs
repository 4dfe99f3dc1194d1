//! What the population register and the company register tell on a day.

use crate::model::Listing;
use crate::world::{Expected, Row, World};
use kernel::{Actor, Error};
use registry::import::{Companies, Population};
use registry::payee::PayeeId;
use sim::nation::{AccountKind, AccountState, CompanyFate, Fate, Holder};
use std::collections::BTreeSet;

/// On a day, each kind of thing happens to one person in so many, and to one at least.
const PEOPLE_PER_EVENT: u64 = 150;

/// What can happen to a person.
#[derive(Clone, Copy)]
enum Event {
    Moves,
    Dies,
    Emigrates,
    IsProtected,
    /// The register says what it said before.
    StaysAsTheyWere,
}

const EVENTS: [(Event, &str); 5] = [
    (Event::Moves, "moved"),
    (Event::Dies, "died"),
    (Event::Emigrates, "emigrated"),
    (Event::IsProtected, "protected"),
    (Event::StaysAsTheyWere, "told_again"),
];

/// Rows that are wrong by themselves, and why. Nobody has these numbers.
const WRONG_PEOPLE: [(&str, &str); 6] = [
    ("6101701234,,Prøvevej 1,2100,København Ø,DK,active,,false", "row.empty_field"),
    ("6101701234,Anna Prøve,Prøvevej 1,2100,København Ø,DK,asleep,,false", "register.status"),
    ("6101701234,Anna Prøve,Prøvevej 1,2100,København Ø,DK,dead,2026-02-30,false", "register.date"),
    ("6101701234,Anna Prøve,Prøvevej 1,2100,København Ø,DK,active,,perhaps", "register.flag"),
    ("6113701234,Anna Prøve,Prøvevej 1,2100,København Ø,DK,active,,false", "payee.malformed"),
    ("6101701234,Anna Prøve", "row.malformed"),
];
const WRONG_COMPANIES: [(&str, &str); 3] = [
    ("10000000,Prøve ApS,active,", "payee.malformed"),
    ("13748136,Prøve ApS,asleep,", "register.status"),
    ("13748136,,active,", "row.empty_field"),
];

impl World {
    /// Both registers' files of the day.
    ///
    /// # Errors
    /// The store's, or a row did not become what it must.
    pub fn hear_from_registers(&mut self) -> Result<(), Error> {
        let vault = self.writer.store.vault().clone();
        let people = self.tell_of_people();
        let source = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        self.import("population.csv", &source, &Actor::console(), &people)?;
        let companies = self.tell_of_companies();
        self.import("companies.csv", &Companies { vault }, &Actor::console(), &companies)
    }

    fn tell_of_people(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut met = BTreeSet::new();
        let count = self.model.payees.len() as u64 / PEOPLE_PER_EVENT + 1;
        if self.day > 0 {
            for (event, name) in EVENTS {
                let happened = (0..count).filter(|_| self.befall(event, &mut met, &mut rows)).count();
                self.count("people", name, happened as u64);
            }
            rows.push(wrong(&WRONG_PEOPLE, self.chance.next()));
        }
        let newcomers = self.newcomers(self.settings.people);
        for index in self.people..self.people + newcomers {
            let person = self.nation.person(index);
            rows.push(Row { text: person.register_row(), expected: Expected::Changed });
            let (id, name, account) = (PayeeId::Cpr(person.cpr), person.name.to_string(), person.account);
            let specific = person.specific;
            self.add_payee(id, name, Listing::Person(person), account, specific);
        }
        self.people += newcomers;
        self.count("people", "came", newcomers);
        rows
    }

    /// Lets something happen to somebody; whether there was anybody.
    fn befall(&mut self, event: Event, met: &mut BTreeSet<usize>, rows: &mut Vec<Row>) -> bool {
        let found = self.find(met, |payee| match &payee.listing {
            Listing::Person(person) => match event {
                Event::Emigrates => person.fate == Fate::Active,
                Event::IsProtected => payee.is_living() && !person.is_protected,
                Event::Moves | Event::Dies | Event::StaysAsTheyWere => payee.is_living(),
            },
            Listing::Company(_) | Listing::None => false,
        });
        let Some(at) = found else { return false };
        let today = self.clock.date();
        // Into the home of somebody whom the nation would have had.
        let home = self.nation.person(self.chance.below(self.nation.plan().people)).address;
        let Listing::Person(person) = &mut self.model.payees[at].listing else { return false };
        let before = person.register_row();
        match event {
            Event::Moves => person.address = home,
            Event::Dies => person.fate = Fate::Dead { on: today },
            Event::Emigrates => person.fate = Fate::Emigrated { on: today },
            Event::IsProtected => person.is_protected = true,
            Event::StaysAsTheyWere => {}
        }
        let text = person.register_row();
        let expected = if text == before { Expected::Unchanged } else { Expected::Changed };
        rows.push(Row { text, expected });
        true
    }

    fn tell_of_companies(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut met = BTreeSet::new();
        if self.day > 0 {
            let active =
                |listing: &Listing| matches!(listing, Listing::Company(company) if company.fate == CompanyFate::Active);
            let today = self.clock.date();
            if let Some(at) = self.find(&mut met, |payee| active(&payee.listing))
                && let Listing::Company(company) = &mut self.model.payees[at].listing
            {
                company.fate = CompanyFate::Dissolved { on: today };
                rows.push(Row { text: company.register_row(), expected: Expected::Changed });
                self.count("companies", "dissolved", 1);
            }
            if let Some(at) = self.find(&mut met, |payee| active(&payee.listing))
                && let Listing::Company(company) = &self.model.payees[at].listing
            {
                rows.push(Row { text: company.register_row(), expected: Expected::Unchanged });
            }
            rows.push(wrong(&WRONG_COMPANIES, self.chance.next()));
        }
        let newcomers = self.newcomers(self.settings.companies);
        for index in self.companies..self.companies + newcomers {
            let company = self.nation.company(index);
            rows.push(Row { text: company.register_row(), expected: Expected::Changed });
            let name = company.name.clone();
            let of_unit =
                |account| AccountKind::Domestic { account, holder: Holder::Payee, state: AccountState::InForce };
            if let Some(unit) = company.se {
                self.add_payee(PayeeId::Se(unit.number), name.clone(), Listing::None, of_unit(unit.account), None);
            }
            if let Some(unit) = company.production_unit {
                self.add_payee(PayeeId::P(unit.number), name.clone(), Listing::None, of_unit(unit.account), None);
            }
            let (id, account) = (PayeeId::Cvr(company.cvr), company.account);
            self.add_payee(id, name, Listing::Company(company), account, None);
        }
        self.companies += newcomers;
        self.count("companies", "came", newcomers);
        rows
    }
}

fn wrong(rows: &[(&str, &'static str)], draw: u64) -> Row {
    let (text, code) = rows[(draw % rows.len() as u64) as usize];
    Row { text: text.to_owned(), expected: Expected::Refused(code) }
}
