//! The world: a nation, a store, a clock, and what is believed of them; how they begin, and how a day goes by.

use crate::clock::Clock;
use crate::model::{Listing, Model, Payee};
use crate::payouts::Batch;
use crate::place::{self, Files};
use crate::secrets::seeded;
use denmark::{Currency, Cvr};
use kernel::journal::Head;
use kernel::{Actor, Env, Error, Location, Refuse, StoreError, Timestamp, Writer};
use registry::account::DesignatedAccount;
use registry::commands::{AddPayer, LookUpAnswer, SetControls};
use registry::control_change::ControlChange;
use registry::import::{Banks, Source};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use sim::chance::{Draws, Keys};
use sim::nation::{AccountKind, Nation, PUBLIC_PAYER, Plan, SpecificAccount};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

/// On every day after the first, one newcomer for so many people, and no fewer than one; of companies alike.
const PER_NEWCOMER: u64 = 200;
/// The CVR numbers of payers begin with these digits, and no company of the nation has such a one.
const PAYER_CVR_FIRST: u32 = 8_900_000;

/// When the day's work begins, in minutes of the day. All of it lies within an hour, so that a clock which falls behind
/// after the registers shows what has been before.
mod minute {
    pub const REGISTERS: i64 = 410;
    pub const ACCOUNTS: i64 = 420;
    pub const PAYMENTS: i64 = 430;
    pub const STAGES: i64 = 440;
    pub const LOOK_UPS: i64 = 450;
}

/// What a world is made from.
pub struct Settings {
    pub seed: u64,
    pub days: u32,
    /// On the first day.
    pub people: u64,
    pub companies: u64,
    /// A day, about.
    pub payments: u64,
    /// The day, counted from 1, on which the clock falls an hour behind.
    pub clock_behind_on: Option<u32>,
}

/// How often what happened, by what it happened to.
pub type Happened = BTreeMap<&'static str, BTreeMap<&'static str, u64>>;

/// How a day went.
pub struct DayView<'h> {
    pub date: jiff::civil::Date,
    pub before: &'h Happened,
    pub after: &'h Happened,
}

/// A row of a file that a register or a bank sends, and what must become of it.
pub struct Row {
    pub text: String,
    pub expected: Expected,
}

/// What must become of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    Changed,
    Unchanged,
    Refused(&'static str),
}

/// A payee who came today, with the accounts that they bring.
pub struct Joined {
    pub payee: usize,
    pub account: AccountKind,
    pub specific: Option<SpecificAccount>,
}

/// What a look-up has told of a payee's default account.
#[derive(Clone)]
pub struct Remembered {
    /// When.
    pub at: Timestamp,
    pub payee: PayeeId,
    pub answer: LookUpAnswer,
}

/// A nation that lives, and its registry.
pub struct World {
    pub settings: Settings,
    pub nation: Nation,
    pub model: Model,
    pub joined: Vec<Joined>,
    pub remembered: Vec<Remembered>,
    pub batches: Vec<Batch>,
    pub happened: Happened,
    pub chance: Draws,
    pub clock: Clock,
    pub writer: Writer,
    pub files: Files,
    /// Counted from 0.
    pub day: u32,
    /// How many people and companies have come so far.
    pub people: u64,
    pub companies: u64,
}

fn on_day(seed: u64, day: u32, error: Error) -> Error {
    StoreError::new(format!("the world of seed {seed}, day {day}"), Box::new(error)).into()
}

/// The world and its store do not agree.
pub fn differs(what: impl Into<String>) -> Error {
    StoreError::plain(what).into()
}

/// Lives through all days, in a store that is made at `location`; `each_day` is told of each.
///
/// # Errors
/// The store cannot be made there, or failed, or is not what the world believes: then the error names seed and day.
pub fn live(location: &Location, settings: Settings, each_day: &mut dyn FnMut(&DayView<'_>)) -> Result<World, Error> {
    let mut world = World::make(location, settings)?;
    for _ in 0..world.settings.days {
        let before = world.happened.clone();
        world.live_a_day()?;
        each_day(&DayView { date: world.clock.date(), before: &before, after: &world.happened });
    }
    Ok(world)
}

impl World {
    /// A store, and a nation that nobody has told it of.
    ///
    /// # Errors
    /// The store cannot be made there, or the nation is too large.
    pub fn make(location: &Location, settings: Settings) -> Result<Self, Error> {
        let days = u64::from(settings.days);
        let with_newcomers = |count: u64| count.saturating_add(days.saturating_mul(newcomers_a_day(count)));
        let plan = Plan {
            seed: settings.seed,
            people: with_newcomers(settings.people),
            companies: with_newcomers(settings.companies),
        };
        let nation = Nation::new(plan).map_err(|error| StoreError::plain(error.to_string()))?;
        let mut clock = Clock::new();
        let mut secrets = seeded(settings.seed);
        let env = Env::sample(clock.tick(), &mut secrets)?;
        let (store, files) = place::make(location, &env, &mut secrets)?;
        let writer = store.writer(secrets)?;
        let mut keys = Keys::new(settings.seed);
        let model = Model { payees: Vec::new(), payers: agreements(&nation) };
        Ok(Self {
            chance: keys.next().with_text("world").draws(0),
            settings,
            nation,
            model,
            joined: Vec::new(),
            remembered: Vec::new(),
            batches: Vec::new(),
            happened: Happened::new(),
            clock,
            writer,
            files,
            day: 0,
            people: 0,
            companies: 0,
        })
    }

    /// The controls, the bank directory and the payers, before anything else.
    ///
    /// # Errors
    /// The store's.
    pub fn begin(&mut self) -> Result<(), Error> {
        // The model believes that what is asked for holds at once, unless it does not name the account that it replaces.
        let change = ControlChange::new(Some("2015"), &["names_replaced=on".to_owned()])?;
        let env = self.env()?;
        self.writer.execute(&SetControls { change, is_synthetic: true }, &Actor::console(), &env)?;
        let mut banks = Vec::new();
        self.nation.write_banks(&mut banks).map_err(Error::io("the bank directory could not be written"))?;
        let banks = String::from_utf8_lossy(&banks);
        let rows: Vec<Row> =
            banks.lines().skip(1).map(|row| Row { text: row.to_owned(), expected: Expected::Changed }).collect();
        self.import("banks.csv", &Banks, &Actor::console(), &rows)?;
        // What the world believes of a change is that it holds at once.
        let change = ControlChange::new(Some("2015"), &["names_replaced=on".to_owned()])?;
        let (set, env) = (SetControls { change, is_synthetic: true }, self.env()?);
        self.writer.execute(&set, &Actor::console(), &env)?;
        (0..self.model.payers.len()).try_for_each(|payer| self.agree(payer))
    }

    /// Registers what is agreed with a payer.
    fn agree(&mut self, payer: usize) -> Result<(), Error> {
        let env = self.env()?;
        let agreement = self.model.payers[payer].clone();
        self.writer.execute(&AddPayer { agreement }, &Actor::console(), &env)
    }

    /// Lives through the next day.
    ///
    /// # Errors
    /// The store failed, or is not what the world believes: the error names seed and day.
    pub fn live_a_day(&mut self) -> Result<(), Error> {
        let (seed, day) = (self.settings.seed, self.day + 1);
        self.do_the_days_work().map_err(|error| on_day(seed, day, error))?;
        self.day = day;
        Ok(())
    }

    fn do_the_days_work(&mut self) -> Result<(), Error> {
        if self.day == 0 {
            self.begin()?;
        }
        self.clock.go_on_to(self.day, minute::REGISTERS);
        self.hear_from_registers()?;
        self.clock.set_behind(self.settings.clock_behind_on == Some(self.day + 1));
        self.clock.go_on_to(self.day, minute::ACCOUNTS);
        self.hear_from_banks()?;
        self.change_an_agreement()?;
        self.clock.go_on_to(self.day, minute::PAYMENTS);
        let earlier_batches = self.batches.len();
        self.pay()?;
        self.clock.go_on_to(self.day, minute::STAGES);
        self.release_and_cancel(earlier_batches)?;
        self.clock.go_on_to(self.day, minute::LOOK_UPS);
        self.look_up_some()?;
        self.check()?;
        self.clock.set_behind(false);
        Ok(())
    }

    /// Now and then a payer chooses anew what becomes of payments without an account. What was held before goes by what
    /// was agreed before.
    fn change_an_agreement(&mut self) -> Result<(), Error> {
        if self.day == 0 || !self.chance.happens(500_000) {
            return Ok(());
        }
        let payer = self.chance.below(self.model.payers.len() as u64) as usize;
        let pay_to = pay_to(&self.nation);
        let agreement = &mut self.model.payers[payer];
        agreement.no_account = match agreement.no_account {
            NoAccount::Reject => NoAccount::Hold,
            NoAccount::Hold => NoAccount::PayTo(pay_to),
            NoAccount::PayTo(_) => NoAccount::Reject,
        };
        self.count("commands", "change_agreement", 1);
        self.agree(payer)
    }

    /// How many newcomers, of so many, there are today: all at first.
    pub fn newcomers(&self, at_first: u64) -> u64 {
        if self.day == 0 { at_first } else { newcomers_a_day(at_first) }
    }

    /// The environment of the next command.
    pub fn env(&mut self) -> Result<Env, Error> {
        Env::sample(self.clock.tick(), &mut self.writer.secrets)
    }

    /// It happened so often.
    pub fn count(&mut self, of: &'static str, what: &'static str, times: u64) {
        if times > 0 {
            *self.happened.entry(of).or_default().entry(what).or_default() += times;
        }
    }

    /// One of the payees of whom `wanted` holds and who are not in `met` yet, where they then are.
    pub fn find(&mut self, met: &mut BTreeSet<usize>, wanted: impl Fn(&Payee) -> bool) -> Option<usize> {
        let payees = self.model.payees.len();
        let first = if payees > 0 { self.chance.below(payees as u64) as usize } else { 0 };
        let mut in_turn = (0..payees).map(|step| (first + step) % payees);
        let found = in_turn.find(|at| !met.contains(at) && wanted(&self.model.payees[*at]))?;
        met.insert(found);
        Some(found)
    }

    /// Adds a payee. Their banks tell of their accounts later on the same day.
    pub fn add_payee(
        &mut self,
        id: PayeeId,
        name: String,
        listing: Listing,
        account: AccountKind,
        specific: Option<SpecificAccount>,
    ) {
        self.joined.push(Joined { payee: self.model.payees.len(), account, specific });
        self.model.payees.push(Payee { id, name, listing, default: None, specific: BTreeMap::new() });
    }

    /// Sends a file of rows, and counts what became of them.
    ///
    /// # Errors
    /// The store's, or a row did not become what it must.
    pub fn import<S: Source>(&mut self, name: &str, source: &S, actor: &Actor, rows: &[Row]) -> Result<(), Error> {
        self.send_rows(name, source, actor, rows)?;
        for row in rows {
            match row.expected {
                Expected::Changed => self.count("rows", "changed", 1),
                Expected::Unchanged => self.count("rows", "unchanged", 1),
                Expected::Refused(code) => self.count("rows_refused", code, 1),
            }
        }
        Ok(())
    }

    /// Sends a file of rows, and holds what became of each against what is expected. The same file again from the same
    /// sender is told what became of it first.
    ///
    /// # Errors
    /// The store's, or a row did not become what it must.
    pub fn send_rows<S: Source>(&mut self, name: &str, source: &S, actor: &Actor, rows: &[Row]) -> Result<(), Error> {
        let mut text = S::HEADER.join(",");
        text.push('\n');
        for row in rows {
            text.push_str(&row.text);
            text.push('\n');
        }
        let path = self.files.write(&format!("{:04}-{name}", self.day + 1), &text)?;
        let file = File::open(&path).map_err(Error::io(format!("{} could not be opened", path.display())))?;
        let now = self.clock.tick();
        let mut env = || Env::new(now, 0);
        let (counts, rejects) = registry::import::run(&mut self.writer, source, file, actor, &mut env, &mut |_| {})?;
        // The header is the first line.
        let refused = rows.iter().zip(2_u64..).filter_map(|(row, line)| match row.expected {
            Expected::Refused(code) => Some((line, code)),
            Expected::Changed | Expected::Unchanged => None,
        });
        let told = rejects.iter().map(|(line, refusal)| (*line, refusal.code()));
        if let Some((expected, told)) = first_difference(refused, told) {
            let row = |row: Option<(u64, &str)>| {
                row.map_or_else(|| "no more".to_owned(), |(line, code)| format!("line {line} with {code}"))
            };
            let (told, expected) = (row(told), row(expected));
            return Err(differs(format!("{name}: refused is {told}, and {expected} was to be refused")));
        }
        let of = |expected| rows.iter().filter(|row| row.expected == expected).count() as u64;
        if (counts.changed, counts.unchanged) != (of(Expected::Changed), of(Expected::Unchanged)) {
            return Err(differs(format!("{name}: what changed is not what was expected")));
        }
        Ok(())
    }

    /// Computes the journal again and holds every table against it.
    ///
    /// # Errors
    /// What does not agree; the error names seed and day.
    pub fn verify(&mut self) -> Result<Head, Error> {
        let verified = self.writer.read(|scope| services::verify(scope, None, &mut |_| {}));
        verified.map_err(|error| on_day(self.settings.seed, self.day, error))
    }
}

/// The operator who acts.
pub fn operator() -> Actor {
    Actor::operator("anna")
}

/// Who lets files go: whoever enters accounts lets nothing go to them.
pub fn releaser() -> Actor {
    Actor::operator("rikke")
}

/// The first place at which two lists are not alike.
pub fn first_difference<T: PartialEq>(
    expected: impl IntoIterator<Item = T>,
    told: impl IntoIterator<Item = T>,
) -> Option<(Option<T>, Option<T>)> {
    let (mut expected, mut told) = (expected.into_iter(), told.into_iter());
    loop {
        match (expected.next(), told.next()) {
            (None, None) => return None,
            (expected, told) if expected != told => return Some((expected, told)),
            _ => {}
        }
    }
}

const fn newcomers_a_day(at_first: u64) -> u64 {
    at_first / PER_NEWCOMER + 1
}

/// The account that the payers who have agreed so pay to where there is no other.
fn pay_to(nation: &Nation) -> DesignatedAccount {
    DesignatedAccount::Domestic { account: nation.payer_account(), currency: Currency::DKK }
}

/// A public and a private payer for each thing that can become of a payment without an account.
fn agreements(nation: &Nation) -> Vec<Agreement> {
    let cvrs = (PAYER_CVR_FIRST..).filter_map(Cvr::with_check_digit);
    let kinds = [
        (PUBLIC_PAYER, PayerKind::Public, NoAccount::Reject),
        ("kommunen", PayerKind::Public, NoAccount::Hold),
        ("skatteforvaltningen", PayerKind::Public, NoAccount::PayTo(pay_to(nation))),
        ("lønbureauet", PayerKind::Private, NoAccount::Reject),
        ("pensionskassen", PayerKind::Private, NoAccount::Hold),
        ("forsikringen", PayerKind::Private, NoAccount::PayTo(pay_to(nation))),
    ];
    let agreement = |((name, kind, no_account), cvr): ((&str, _, _), _)| Agreement {
        name: name.to_owned(),
        cvr,
        kind,
        no_account,
        bank: None,
        terms: registry::terms::Terms::default(),
    };
    kinds.into_iter().zip(cvrs).map(agreement).collect()
}
