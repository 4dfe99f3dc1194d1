//! The store, and beside it what is believed of it.

use crate::acts::{Change, Disturbance, Fault, Meanwhile, Which};
use crate::model::{ACCOUNT_TEXTS, AGREED, Model, PERSONS, Person, Proposal, Row, Standing, iban};
use crate::place::{self, Beginning, Door};
use jiff::civil::Date;
use kernel::failpoint::{Struck, meanwhile, strike};
use kernel::testing::TestPlace;
use kernel::{Actor, Assurance, Authenticator, Env, Login, Timestamp, Writer};
use proptest::sample::Index;
use registry::designation::{Channel, State};
use registry::import::Counts;
use registry::payee::PayeeId;
use registry::queries::{own_waiting, proposal};
use registry::resolve::history;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

/// The console, by name.
pub fn console() -> Actor {
    Actor::console()
}

/// How much happened, for whoever wonders whether anything did.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub files: u64,
    pub payments: u64,
    pub left: u64,
    pub came_back: u64,
    pub sent_on: u64,
    pub held_at_the_end: u64,
    pub stages: u64,
    pub struck: u64,
    pub meanwhile: u64,
    /// How often a payment was not tried again because its money was only promised, and how often somebody said that it is there.
    pub promised: u64,
    pub confirmed: u64,
}

impl Done {
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.payments += other.payments;
        self.left += other.left;
        self.came_back += other.came_back;
        self.sent_on += other.sent_on;
        self.held_at_the_end += other.held_at_the_end;
        self.stages += other.stages;
        self.struck += other.struck;
        self.meanwhile += other.meanwhile;
        self.promised += other.promised;
        self.confirmed += other.confirmed;
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, payments, left, came_back, sent_on, held_at_the_end, stages, struck, meanwhile, .. } = self;
        write!(f, "{files} files with {payments} payments; {left} were sent, {came_back} came back, ")?;
        write!(f, "of which {sent_on} went on to waiting accounts, {held_at_the_end} wait; ")?;
        write!(f, "{} were promised and not tried again, {} confirmed; ", self.promised, self.confirmed)?;
        write!(f, "{stages} later stages, {struck} kills, {meanwhile} times something was done meanwhile")
    }
}

pub struct World {
    pub writer: Writer,
    pub door: Door,
    pub model: Model,
    pub chance: u32,
    /// The marks by name, by account.
    pub marks: BTreeMap<String, String>,
    /// What each bank was given: every completed file by its batch and stage, as it was when it was first seen.
    pub given: BTreeMap<(usize, usize), String>,
    /// Stages whose files are to be in their folder.
    pub written: BTreeSet<(usize, usize)>,
    /// What banks wrote to us, and whether it was of returns.
    pub said: Vec<(bool, String)>,
    /// The returns of which a person is to say whose they are, in order.
    pub strays: Vec<Stray>,
    /// How far the bank that fetches files has come.
    pub fetched: Option<i64>,
    pub done: Done,
    _store: TestPlace,
    _folder: tempfile::TempDir,
}

/// A return: of which payment, how much, why, and from which account.
#[derive(Clone, Debug)]
pub struct Stray {
    pub batch: usize,
    pub number: usize,
    pub amount: i64,
    pub reason: &'static str,
    pub account: String,
    /// How often it had left, or come to lie in the waiting account, when the return came.
    pub times: usize,
}

/// What was told, and whether it was told to somebody who asked again.
pub struct Told<T> {
    pub told: T,
    pub was_struck: bool,
}

/// What somebody did meanwhile, as they were told.
enum Meant {
    Counts(Counts),
    Stopped(usize, Result<(), String>),
    Marked(String),
    Nothing,
}

impl World {
    pub fn new(beginning: &Beginning) -> Self {
        let (door, _store, _folder) = beginning.copy();
        let writer = door.open();
        let rows = |account: Option<usize>| {
            account.map(|account| Row {
                at: beginning.now,
                standing: Standing::InForce,
                iban: iban(ACCOUNT_TEXTS[account]),
                by: [console().name().to_owned()].into(),
            })
        };
        let person = |account| Person { rows: rows(account).into_iter().collect(), ..Person::default() };
        let model = Model::new(beginning.now, [Some(0), Some(1), None, Some(2), Some(3)].map(person).into());
        Self {
            writer,
            door,
            model,
            chance: 1,
            marks: BTreeMap::new(),
            given: BTreeMap::new(),
            written: BTreeSet::new(),
            said: Vec::new(),
            strays: Vec::new(),
            fetched: None,
            done: Done::default(),
            _store,
            _folder,
        }
    }

    /// Gives a command, however it is disturbed. One whose process is killed is given again by another.
    pub fn give<T>(
        &mut self,
        disturbance: Disturbance,
        command: impl Fn(&mut Writer, &mut dyn FnMut() -> Env) -> T,
    ) -> Told<T> {
        let mut chance = self.chance + 16;
        let now = Timestamp::from_micros(self.model.now);
        let mut env = || {
            // Several ids can come of one.
            chance += 16;
            Env::new(now, chance)
        };
        let found = match disturbance {
            Disturbance::Meanwhile(what) => self.meant_for(what),
            _ => None,
        };
        let writer = &mut self.writer;
        let (told, was_struck) = match disturbance {
            Disturbance::None => (command(writer, &mut env), false),
            Disturbance::Cut(at) => match strike(at, || command(writer, &mut env)) {
                Ok(told) => (told, false),
                Err(Struck) => {
                    self.writer = self.door.open();
                    self.done.struck += 1;
                    (command(&mut self.writer, &mut env), true)
                }
            },
            Disturbance::Meanwhile(what) => {
                let meant = Rc::new(RefCell::new(None));
                let (place, door) = (Rc::clone(&meant), self.door.clone());
                // Far from the ids of the others.
                let (chance, until) = (self.chance + 1_000_000, self.model.today());
                let act =
                    move || *place.borrow_mut() = found.map(|found| do_it(what, &found, until, &door, (now, chance)));
                let told = meanwhile(Box::new(act), || command(writer, &mut env));
                if let Some(meant) = meant.take() {
                    self.done.meanwhile += 1;
                    self.meant(what, meant);
                    self.model.batches.iter_mut().for_each(|batch| batch.is_blurred = true);
                }
                (told, false)
            }
        };
        self.chance = chance.max(self.chance);
        Told { told, was_struck }
    }

    /// The batch that it is about, if it is about one; none if nothing can be done.
    fn meant_for(&self, what: Meanwhile) -> Option<Option<(usize, String)>> {
        match what {
            Meanwhile::Stop(which) => {
                let at = self.which(which)?;
                Some(Some((at, self.model.batches[at].name.clone())))
            }
            Meanwhile::Mark(account) => self.can_mark(account).then_some(None),
            Meanwhile::Return(index) => {
                let (at, number) = self.sent(index)?;
                Some(Some((at, self.returned(&[(at, number, "MS03", Fault::None)], &format!("RM{}", self.chance)))))
            }
            Meanwhile::Change(_) | Meanwhile::Die(_) | Meanwhile::Settle => Some(None),
        }
    }

    /// What waits to be designated is looked at again when something is marked: nobody could say when.
    pub fn can_mark(&self, account: usize) -> bool {
        let nothing_waits = self.model.persons.iter().all(|person| person.proposal.is_none());
        nothing_waits && !self.model.is_marked(&iban(ACCOUNT_TEXTS[account]))
    }

    /// Which batch is meant.
    pub fn which(&self, which: Which) -> Option<usize> {
        let all: Vec<usize> = (0..self.model.batches.len()).collect();
        // Or something of it lies in the waiting account.
        let may_leave = |at: &usize| self.model.batches[*at].payments.iter().any(|payment| payment.state.may_leave());
        let held: Vec<usize> = all.iter().copied().filter(may_leave).collect();
        let of = if which.of_all || held.is_empty() { all } else { held };
        (!of.is_empty()).then(|| of[which.index.index(of.len())])
    }

    /// A payment that was sent at least once.
    pub fn sent(&self, index: Index) -> Option<(usize, usize)> {
        let all = self.model.batches.iter().enumerate().flat_map(|(at, batch)| {
            let of_it = batch.payments.iter().enumerate();
            of_it.filter(|(_, payment)| !payment.left.is_empty()).map(move |(number, _)| (at, number))
        });
        let all: Vec<_> = all.collect();
        // What was tried again is of more interest.
        let was_retried = |(at, number): &(usize, usize)| {
            let payment = &self.model.batches[*at].payments[*number];
            payment.returned > 0 && payment.state.has_left()
        };
        let retried: Vec<_> = all.iter().copied().filter(was_retried).collect();
        let of = if retried.is_empty() || index.index(2) == 0 { all } else { retried };
        (!of.is_empty()).then(|| of[index.index(of.len())])
    }

    /// What was done meanwhile holds.
    fn meant(&mut self, what: Meanwhile, meant: Meant) {
        match (what, meant) {
            (Meanwhile::Change(change), Meant::Counts(counts)) => {
                let by = place::actor(change.by, &AGREED[0]).name().to_owned();
                self.changed(&change, counts, &by);
            }
            (Meanwhile::Die(payee), _) => self.model.dies(payee),
            (Meanwhile::Mark(account), Meant::Marked(name)) => {
                self.marks.insert(iban(ACCOUNT_TEXTS[account]), name);
                let today = self.model.today();
                self.marked(account, Some(today));
            }
            (Meanwhile::Stop(_), Meant::Stopped(batch, told)) => {
                self.model.batches[batch].is_stopped |= told.is_ok();
            }
            (Meanwhile::Settle, _) => self.model.settle(),
            (Meanwhile::Return(index), _) => {
                let (at, number) = self.sent(index).unwrap();
                let payment = &self.model.batches[at].payments[number];
                let (amount, account) = (payment.pay.minor.into(), payment.account_named(Fault::None));
                let (times, is_over) = (payment.times(), payment.is_over(&account));
                let arrives = self.model.batches[at].payments[number].arrives(amount, true);
                if !arrives && (is_over || !self.model.take_back(at, number, amount, "MS03")) {
                    self.strays.push(Stray { batch: at, number, amount, reason: "MS03", account, times });
                }
                self.model.end_booking();
            }
            _ => {}
        }
    }

    /// An account is marked, through a day, or is not any more.
    pub fn marked(&mut self, account: usize, until: Option<Date>) {
        let iban = iban(ACCOUNT_TEXTS[account]);
        match until {
            Some(until) => drop(self.model.marks.insert(iban, until)),
            None => drop(self.model.marks.remove(&iban)),
        }
    }

    /// A file about an account was taken: what it says holds, or waits.
    pub fn changed(&mut self, change: &Change, counts: Counts, by: &str) {
        let before = self.model.persons[change.payee].rows.len();
        self.learn(change.payee, by);
        let person = &self.model.persons[change.payee];
        assert_eq!((person.rows.len() - before) as u64, counts.changed, "{change:?}: {counts:?}");
        if counts.changed == 1 {
            let newest = person.rows.last().unwrap();
            let expected = match change.action {
                "freeze" => Standing::Frozen,
                "close" => Standing::Closed,
                _ => Standing::InForce,
            };
            assert_eq!(newest.standing, expected, "{change:?}");
            assert!(change.action != "change" || newest.iban == iban(ACCOUNT_TEXTS[change.account]));
        }
    }

    /// Reads what is new of somebody's account: how it comes about is proved elsewhere.
    pub fn learn(&mut self, payee: usize, by: &str) {
        let id = PayeeId::parse(PERSONS[payee]).unwrap();
        let key = id.key(self.writer.store.vault());
        let found = self.writer.read(|scope| history(scope, &key)).unwrap().unwrap();
        let banks = self.writer.read(|scope| registry::resolve::banks_at(scope.tx, i64::MAX)).unwrap();
        let rows: Vec<_> = found.into_iter().next().unwrap_or_default().into_iter().rev().collect();
        let now = Timestamp::from_micros(self.model.now);
        let signs = PayeeId::parse(PERSONS[0]).unwrap().key(self.writer.store.vault());
        let (assurance, authenticator) = (Assurance::High, Authenticator::named("first"));
        let login = Login { assurance, authenticator, at: now };
        let citizen = Actor::citizen(if payee + 1 == PERSONS.len() { &signs } else { &key }, login);
        // Nobody speaks for the dead, and what waits of them is nothing.
        let is_dead = self.model.persons[payee].is_dead;
        let waiting =
            self.writer.read(|scope| if is_dead { Ok(Vec::new()) } else { own_waiting(scope, &citizen, &id, now) });
        let person = &mut self.model.persons[payee];
        let came_by = person.proposal.as_ref().map(|proposal| proposal.by.clone());
        for row in rows.iter().skip(person.rows.len()) {
            let standing = match row.standing.state {
                State::InForce => Standing::InForce,
                State::Frozen | State::FrozenByBank => Standing::Frozen,
                State::Contested => Standing::Contested,
                State::Closed => Standing::Closed,
            };
            let iban = row.standing.account.iban(&banks).as_str().to_owned();
            let of_proposal = came_by.clone().filter(|_| by.is_empty());
            let by = of_proposal.unwrap_or_else(|| [by.to_owned()].into());
            person.rows.push(Row { at: row.effective.micros(), standing, iban, by });
        }
        let former = person.proposal.take();
        // One whose time has come waits until it has taken effect.
        let goes_on = former.filter(|former| {
            let (console, channel) = (console(), Channel::Operator);
            let view = self.writer.read(|scope| proposal(scope, &console, &channel, &former.id, now)).unwrap();
            view.ended.is_none() && view.standing.state != "expired"
        });
        person.proposal = goes_on.or_else(|| {
            let view = waiting.unwrap().into_iter().next()?;
            let until = match view.standing.waits_for.as_deref() {
                Some("time" | "unfreezing") => i64::MAX,
                _ => view.due.as_deref().and_then(Timestamp::parse).unwrap().micros(),
            };
            Some(Proposal { id: view.standing.id, by: [by.to_owned()].into(), until })
        });
    }
}

fn do_it(
    what: Meanwhile,
    found: &Option<(usize, String)>,
    until: Date,
    door: &Door,
    (now, chance): (Timestamp, u32),
) -> Meant {
    let mut writer = door.open();
    let mut chances = (chance..).step_by(16);
    let mut next = || Env::new(now, chances.next().unwrap());
    match what {
        Meanwhile::Change(change) => Meant::Counts(place::change(&mut writer, &change, chance, &next())),
        Meanwhile::Die(payee) => {
            place::die(&mut writer, payee, &next());
            Meant::Nothing
        }
        Meanwhile::Mark(account) => Meant::Marked(place::mark(&mut writer, account, until, &mut next)),
        Meanwhile::Stop(_) => {
            let (at, batch) = found.as_ref().unwrap();
            Meant::Stopped(*at, place::stop(&mut writer, batch, None, false, (&console(), &next())))
        }
        Meanwhile::Settle => {
            place::settle(&mut writer, None, &mut next);
            Meant::Nothing
        }
        Meanwhile::Return(_) => {
            place::import_returns(&mut writer, &found.as_ref().unwrap().1, None, &next());
            Meant::Nothing
        }
    }
}
