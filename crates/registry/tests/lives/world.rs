//! A real store, and beside it what it is believed to hold: plain facts, in the oracle's words.

use crate::asking::is_with;
use crate::oracle::{Asked, Done, Held, Life, Moment, Person, Row, Slot, Stand, Via, What, live};
use crate::place::Place;
use denmark::Cvr;
use kernel::journal::{ENTRIES_MAX, size_and_root};
use kernel::{Actor, Assurance, Authenticator, Blind, Command, Env, Error, Id, Login, PublicKey, Role, Timestamp};
use registry::ask::Resolve;
use registry::commands::{
    AddCaseworker, AddPayer, AskMany, ChangeAccounts, ChangeAnswer, Client, Question, ShowProposal, Standing,
};
use registry::controls::{Control, Controls};
use registry::designation::{Channel, Designation, State};
use registry::import::{Accounts, Companies, Counts, Population, Reject, Source, run};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, Payer, PayerKind};
use registry::purpose::{self, BenefitKind};
use registry::queries::{acting_caseworker, controls_in_force, proposal, waiting};
use registry::resolve::{Query, history, resolve_at};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Seek, SeekFrom, Write};

pub const PERSONS: [&str; 5] = ["cpr:6101701234", "cpr:6201701235", "cpr:6301701236", "cvr:13748136", "se:11111111"];
/// Of which so many are people, to whom a letter can be sent.
pub const PEOPLE: usize = 3;
/// One is a company, for which one of the people signs.
const COMPANY: usize = 3;
const SIGNS: usize = 0;
pub const ACCOUNTS: [&str; 5] =
    ["0040-0000000001", "1020-0000000002", "0041-0000000003", "1020-0000000004", "0040-0000000005"];
pub const BANKS: [(&str, &str); 2] = [("North", "004"), ("South", "102")];
pub const AUTHORITIES: [&str; 2] = ["Alpha", "Beta"];
pub const KINDS: [&str; 2] = ["K1", "K2"];
pub const OPERATORS: [&str; 3] = ["olga", "otto", "oda"];
/// Name, authority, and the kind of benefit that they are held to.
pub const CASEWORKERS: [(&str, usize, Option<usize>); 5] =
    [("alma", 0, None), ("axel", 0, None), ("anka", 0, Some(0)), ("bent", 1, None), ("birk", 1, None)];
/// Before which of them people come in person.
pub const SEES_PEOPLE: [bool; 5] = [true, false, false, true, true];
const KEYS: [&str; 5] = [
    "MCowBQYDK2VwAyEAIL4xd3jt9bgvI34TGH1XaU+mgiydpbE2FKx78kYiCrU=",
    "MCowBQYDK2VwAyEAeUain96xYWfe0RuE8tFy7W1OUGcX7W+nZDudv8mlvb0=",
    "MCowBQYDK2VwAyEAiLyN2Gouip7Zeol06KmINaztLpvGtnbWP0tMvS2ibWE=",
    "MCowBQYDK2VwAyEAWAiV74AWugMDULucIDVn4cW+36A8iZcIHnHF3w/FrQc=",
    "MCowBQYDK2VwAyEAaNuYFJW7N2I1af0D9I9PNFmvlX1W8+t3+GI7m/OQjiE=",
];
/// A Friday before Easter and the change of clocks.
const BEGIN: &str = "2026-03-20T09:30:00Z";

/// What holds, and what was done to come there.
pub struct World {
    pub place: Place,
    pub chance: u32,
    pub controls: Controls,
    pub persons: Vec<Person>,
    pub rows: BTreeMap<(usize, Slot), Vec<Row>>,
    pub lives: Vec<Life>,
    /// The code of each proposal's newest letter.
    pub codes: BTreeMap<String, String>,
    pub payees: Vec<Blind>,
    pub authorities: Vec<Id<Payer>>,
    /// Who is given an account by what is being asked for now.
    pub given: Vec<(usize, String)>,
    /// Where each bank is asked whose an account is, if it can be.
    pub places: [Option<String>; 2],
    /// Which account was designated the how-manieth.
    order: BTreeMap<(usize, Slot), usize>,
}

impl World {
    pub fn new() -> Self {
        let mut place = Place::new();
        let vault = place.writer.store.vault().clone();
        let companies = Companies { vault: vault.clone() };
        let (header, signs) = (Companies::HEADER.join(","), PERSONS[SIGNS].trim_start_matches("cpr:"));
        place.import(&companies, format!("{header}\n13748136,Firm,active,,,,,,{signs}\n").as_bytes());
        place.now = Timestamp::parse(BEGIN).unwrap().micros();
        place.control("anvis", &[]);
        let payees = PERSONS.iter().map(|payee| PayeeId::parse(payee).unwrap().key(&vault)).collect();
        let mut world = Self::of(place, 0, payees, Vec::new());
        for payee in 0..PEOPLE {
            world.register(payee);
        }
        for name in AUTHORITIES {
            let cvr = Cvr::parse("13748136").unwrap();
            let (name, kind) = (name.to_owned(), PayerKind::Public);
            let agreement = Agreement {
                name,
                cvr,
                kind,
                no_account: NoAccount::Reject,
                bank: None,
                terms: registry::terms::Terms::default(),
            };
            world.run(&AddPayer { agreement }, &Actor::console()).unwrap();
        }
        for (((name, authority, kind), key), in_person) in CASEWORKERS.iter().zip(KEYS).zip(SEES_PEOPLE) {
            let file = tempfile::NamedTempFile::new().unwrap();
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
            std::fs::write(file.path(), pem).unwrap();
            let benefits = kind.iter().map(|kind| BenefitKind::parse(KINDS[*kind]).unwrap()).collect();
            let (name, authority) = ((*name).to_owned(), AUTHORITIES[*authority].to_owned());
            let key = PublicKey::read(file.path()).unwrap();
            let add = AddCaseworker { name, key, authority, benefits, in_person };
            world.run(&add, &Actor::console()).unwrap();
        }
        for name in ["alma", "bent"] {
            let found = world.place.writer.read(|scope| acting_caseworker(scope, &Actor::caseworker(name))).unwrap();
            world.authorities.push(found.unwrap().remit.authority);
        }
        world
    }

    /// One of whom nothing is known yet but who they are.
    pub fn of(place: Place, chance: u32, payees: Vec<Blind>, authorities: Vec<Id<Payer>>) -> Self {
        Self {
            place,
            chance,
            controls: Controls::anvis(),
            persons: vec![Person::default(); PERSONS.len()],
            rows: BTreeMap::new(),
            lives: Vec::new(),
            codes: BTreeMap::new(),
            payees,
            authorities,
            given: Vec::new(),
            places: [None, None],
            order: BTreeMap::new(),
        }
    }

    pub const fn now(&self) -> i64 {
        self.place.now
    }

    pub fn env(&mut self) -> Env {
        // Several ids can come of one.
        self.chance += 16;
        Env::new(Timestamp::from_micros(self.place.now), self.chance)
    }

    /// Gives a command; its refusal by code.
    pub fn run<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, String> {
        let env = self.env();
        match self.place.writer.execute(command, actor, &env) {
            Ok(output) => Ok(output),
            Err(Error::Refused(refusal)) => Err(refusal.code.to_owned()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Asks for changes in one request.
    pub fn ask(&mut self, request: ChangeAccounts, actor: &Actor) -> Result<Vec<ChangeAnswer>, String> {
        let env = self.env();
        let requests = [(request, actor, &env)];
        let mut told = self.place.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
        told.remove(0).map_err(|refusal| refusal.code.to_owned())
    }

    /// Imports a file, which never was before.
    pub fn import(&mut self, source: &impl Source, rows: &[String]) -> (Counts, Vec<Reject>) {
        let mut file = tempfile::tempfile().unwrap();
        let env = self.env();
        let columns = source_columns(source);
        writeln!(file, "{}\n{}", columns.join(","), rows.join("\n")).unwrap();
        // A file that is known again is not taken again.
        writeln!(file, "file {}", self.chance).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        run(&mut self.place.writer, source, file, &Actor::operator(OPERATORS[0]), &mut || env, &mut |_| {}).unwrap()
    }

    /// The population register says all that it knows of a person.
    fn register(&mut self, payee: usize) {
        let population =
            Population { vault: self.place.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let (number, address) = (PERSONS[payee].trim_start_matches("cpr:"), self.persons[payee].moved.len());
        let status = if self.persons[payee].is_dead { "dead" } else { "active" };
        let (counts, _) = self.import(&population, &[format!("{number},Name,Vej {address},2100,By,DK,{status},,")]);
        assert_eq!((counts.rejected, counts.unchanged), (1, 0));
    }

    pub fn moves(&mut self, payee: usize) {
        if payee < PEOPLE && !self.persons[payee].is_dead {
            let now = self.now();
            self.persons[payee].moved.push(now);
            self.register(payee);
            self.persons[payee].address_changed = Some(now);
        }
    }

    pub fn dies(&mut self, payee: usize) {
        if payee < PEOPLE && !self.persons[payee].is_dead {
            self.persons[payee].is_dead = true;
            self.register(payee);
        }
    }

    /// Whoever speaks for a payee: for the company, who signs for it.
    pub fn citizen(&self, payee: usize, assurance: Assurance) -> Actor {
        self.logged_in(payee, assurance, self.now())
    }

    /// The same, since a moment.
    pub fn logged_in(&self, payee: usize, assurance: Assurance, at: i64) -> Actor {
        let person = if payee == COMPANY { SIGNS } else { payee };
        Actor::citizen(
            &self.payees[person],
            Login { assurance, authenticator: Authenticator::named(assurance.name()), at: Timestamp::from_micros(at) },
        )
    }

    /// Whether who speaks for a payee speaks for this one.
    pub const fn speaks(own: usize, payee: usize) -> bool {
        own == payee || (payee == COMPANY && own == SIGNS) || (payee == SIGNS && own == COMPANY)
    }

    /// Of somebody who speaks for a payee but is not that payee: the same person, of whom something is known as well.
    pub fn signatory(&self, payee: usize) -> Option<&Person> {
        (payee == COMPANY).then(|| &self.persons[SIGNS])
    }

    /// When key material was last posted to where a payee's letters go now, whosever it was.
    fn box_posted(&self, payee: usize) -> Option<i64> {
        let letter_box = |of: usize, moment: i64| {
            let moved = self.persons[of].moved.iter().filter(|at| **at <= moment);
            (of < PEOPLE).then(|| moved.count())
        };
        let now = letter_box(payee, self.now());
        let all =
            self.persons.iter().enumerate().flat_map(|(of, person)| person.posted.iter().map(move |at| (of, *at)));
        let is_there = |(of, at): &(usize, i64)| letter_box(*of, *at).map_or(*of == payee, |there| Some(there) == now);
        all.filter(is_there).map(|(_, at)| at).max()
    }

    pub fn payee(payee: usize) -> PayeeId {
        PayeeId::parse(PERSONS[payee]).unwrap()
    }

    pub fn channel(via: Via) -> Channel {
        match via {
            Via::Bank(bank) => Channel::Bank(BANKS[bank].0.to_owned()),
            Via::Operator => Channel::Operator,
            Via::Payee => Channel::SelfService,
            Via::Authority(authority) => Channel::Caseworker(AUTHORITIES[authority].to_owned()),
        }
    }

    pub fn history(&self, payee: usize, slot: Slot) -> &[Row] {
        self.rows.get(&(payee, slot)).map_or(&[], Vec::as_slice)
    }

    /// What is known when something of this kind is decided now.
    pub fn moment(&self, asked: &Asked) -> Moment<'_> {
        Moment {
            controls: &self.controls,
            person: &self.persons[asked.payee],
            signatory: self.signatory(asked.payee).filter(|_| asked.via == Via::Payee),
            box_posted: self.box_posted(asked.payee),
            rows: self.history(asked.payee, asked.slot),
            others: asked.account.as_ref().map_or(0, |account| self.others(asked.payee, account)),
            before: match asked.what {
                What::Revert(life) => {
                    let before = self.before(life);
                    let rows = self.history(asked.payee, asked.slot);
                    before.map(|at| at.map(|at| &rows[at]).filter(|row| row.held != Held::Closed))
                }
                _ => None,
            },
            lacks_address: asked.payee >= PEOPLE,
            is_doubted: matches!(asked.what, What::Revert(life) if self.is_doubted(life)),
            can_ask: asked.account.as_ref().is_some_and(|account| self.can_ask(account)),
            now: self.now(),
        }
    }

    /// Where what stands at a place of a history begins, and which life it came of.
    pub fn begins(&self, key: (usize, Slot), at: usize) -> (usize, Option<&Life>) {
        let rows = self.history(key.0, key.1);
        let is_same = |row: &Row| {
            (row.held == Held::Closed) == (rows[at].held == Held::Closed) && row.account == rows[at].account
        };
        let first = rows[..at].iter().rposition(|row| !is_same(row)).map_or(0, |before| before + 1);
        let made = |life: &&Life| (life.asked.payee, life.asked.slot) == key && life.row == Some(first);
        (first, self.lives.iter().find(made))
    }

    /// If what stands came after what a proposal made, and that was not undone yet: which row stood before that.
    pub fn before(&self, life: usize) -> Option<Option<usize>> {
        let Life { id, asked, .. } = &self.lives[life];
        let key = (asked.payee, asked.slot);
        let mut at = self.history(key.0, key.1).len().checked_sub(1)?;
        let mut undone_since: Option<&String> = None;
        loop {
            let (first, made) = self.begins(key, at);
            match undone_since {
                Some(since) if made.is_some_and(|made| made.id == *since) => undone_since = None,
                Some(_) => {}
                None if made.is_some_and(|made| made.id == *id) => return Some(first.checked_sub(1)),
                None => {
                    if let Some(What::Revert(at)) = made.map(|made| made.asked.what) {
                        undone_since = Some(&self.lives[at].id);
                    }
                }
            }
            at = first.checked_sub(1)?;
        }
    }

    /// Whether nobody but the operator has asked for anything yet.
    pub fn is_loading(&self) -> bool {
        self.lives.iter().all(|life| life.asked.via == Via::Operator)
    }

    /// Whether the bank of an account can be asked whose it is.
    fn can_ask(&self, account: &str) -> bool {
        (0..BANKS.len()).any(|bank| self.places[bank].is_some() && is_with(bank, account))
    }

    /// How many others have an account.
    fn others(&self, payee: usize, account: &str) -> usize {
        let has = |rows: &Vec<Row>| live(rows).is_some_and(|live| live.account == account);
        let holders = self.rows.iter().filter(|(_, rows)| has(rows)).map(|((holder, _), _)| *holder);
        let given = self.given.iter().filter(|(_, given)| given == account).map(|(holder, _)| *holder);
        holders.chain(given).filter(|holder| *holder != payee).collect::<BTreeSet<usize>>().len()
    }

    /// The row that takes the place of a default account that is closed now: that of the specific account which was designated last
    /// and is not locked.
    pub fn promoted(&self, payee: usize) -> Option<Row> {
        let is_living = !self.persons[payee].is_dead;
        let specific = all_slots().filter(|slot| *slot != Slot::Default && !self.is_slot_locked(payee, *slot));
        let live =
            specific.filter_map(|slot| Some((self.order.get(&(payee, slot))?, live(self.history(payee, slot))?)));
        let last = live.filter(|(_, live)| live.held == Held::InForce).max_by_key(|(order, _)| **order);
        let (_, last) = last.filter(|_| is_living && self.controls.has(Control::PromoteSpecific))?;
        Some(Row { at: self.now(), held: Held::InForce, account: last.account.clone() })
    }

    pub fn stands(&self, life: &Life) -> Stand {
        life.stands(&self.moment(&life.asked))
    }

    /// Whether what stood before a change was not wanted then: it came of what somebody stopped, or the change undid it.
    fn is_doubted(&self, life: usize) -> bool {
        let asked = &self.lives[life].asked;
        let key = (asked.payee, asked.slot);
        let before = self.before(life).flatten().filter(|at| self.history(key.0, key.1)[*at].held != Held::Closed);
        let came_of = before.and_then(|at| self.begins(key, at).1);
        matches!(asked.what, What::Revert(_)) || came_of.is_some_and(|life| life.has("stopped"))
    }

    /// The proposal for an account that waits, if one does.
    pub fn waiting(&self, payee: usize, slot: Slot) -> Option<&Life> {
        self.lives
            .iter()
            .find(|life| (life.asked.payee, life.asked.slot) == (payee, slot) && !self.stands(life).is_over())
    }

    /// The name of the only proposal that waits.
    pub fn only_waiting(&mut self) -> String {
        let (operator, now) = (Actor::operator(OPERATORS[0]), Timestamp::from_micros(self.now()));
        let page = self.place.writer.read(|scope| waiting(scope, &operator, None, None, None, 2, now)).unwrap();
        let [only] = page.proposals.as_slice() else { panic!("{page:?}") };
        only.standing.id.clone()
    }

    pub fn size(&mut self) -> u64 {
        self.place.writer.read(|scope| size_and_root(scope.tx)).unwrap().0
    }

    fn purpose(&self, slot: Slot) -> Option<Blind> {
        let Slot::Specific(authority, kind) = slot else { return None };
        let benefit = BenefitKind::parse(KINDS[kind]).unwrap();
        Some(purpose::key(self.place.writer.store.vault(), self.authorities[authority], &benefit))
    }

    /// All histories as the store has them.
    pub fn read(&mut self) -> BTreeMap<(usize, Slot), Vec<Row>> {
        let slots: Vec<_> = [Slot::Default]
            .into_iter()
            .chain((0..2).flat_map(|authority| (0..2).map(move |kind| Slot::Specific(authority, kind))))
            .map(|slot| (self.purpose(slot), slot))
            .collect();
        let payees = self.payees.clone();
        let mut all = BTreeMap::new();
        let found = self
            .place
            .writer
            .read(|scope| payees.iter().map(|payee| history(scope, payee)).collect::<Result<Vec<_>, _>>());
        for (payee, histories) in found.unwrap().into_iter().enumerate() {
            for rows in histories.into_iter().flatten().filter(|rows| !rows.is_empty()) {
                let (_, slot) = slots.iter().find(|(purpose, _)| *purpose == rows[0].purpose).unwrap();
                all.insert((payee, *slot), rows.iter().rev().map(row).collect());
            }
        }
        all
    }

    /// Holds the store against what is believed, now that these rows came to its histories.
    pub fn check(&mut self, new: Vec<((usize, Slot), Row)>) {
        let (before, now) = (self.rows.clone(), self.now());
        for (key, row) in new.iter().cloned() {
            let rows = self.rows.entry(key).or_default();
            if live(rows).is_none_or(|live| live.account != row.account) {
                self.order.insert(key, self.order.values().max().map_or(0, |last| last + 1));
            }
            rows.push(row);
        }
        self.given.clear();
        assert_eq!(self.read(), self.rows, "the histories, after {new:?}");
        for ((payee, slot), _) in &new {
            for (moment, rows) in [(now - 1, &before), (now, &self.rows)] {
                let at =
                    |slot: Slot| rows.get(&(*payee, slot)).and_then(|rows| rows.iter().rfind(|row| row.at <= moment));
                let expected =
                    at(*slot).filter(|row| *slot == Slot::Default || row.held != Held::Closed).or(at(Slot::Default));
                let query = Query { payee: self.payees[*payee], purpose: self.purpose(*slot) };
                let moment = Timestamp::from_micros(moment);
                let found = self.place.writer.read(|scope| resolve_at(scope, &query, moment, ENTRIES_MAX)).unwrap();
                assert_eq!(found.held.map(|held| row(&held.newest)).as_ref(), expected, "at {moment}");
            }
        }
        for (payee, slot) in (0..PERSONS.len()).flat_map(|payee| all_slots().map(move |slot| (payee, slot))) {
            let waits =
                |life: &&Life| (life.asked.payee, life.asked.slot) == (payee, slot) && !self.stands(life).is_over();
            let waiting: Vec<&Life> = self.lives.iter().filter(waits).collect();
            assert!(waiting.len() <= 1, "several wait for one account: {waiting:?}");
        }
        for at in 0..self.lives.len() {
            let life = self.lives[at].clone();
            let (operator, channel) = (Actor::operator(OPERATORS[0]), Self::channel(life.asked.via));
            let moment = Timestamp::from_micros(now);
            let told = self
                .place
                .writer
                .read(|scope| proposal(scope, &operator, &channel, &life.id, moment))
                .unwrap()
                .standing;
            self.require_told(&life, &told);
        }
        assert_eq!(self.place.writer.read(controls_in_force).unwrap(), self.controls);
    }

    /// What somebody is told of a proposal is what it comes to.
    pub fn require_told(&self, life: &Life, told: &Standing) {
        self.require(life, told, true);
    }

    /// The same of whoever has just done something about it: what became of it since is not looked at.
    pub fn require_answered(&self, life: &Life, told: &Standing) {
        self.require(life, told, false);
    }

    fn require(&self, life: &Life, told: &Standing, is_looked_up: bool) {
        let (mut state, waits_for, from) = self.stands(life).told();
        if state == "in_force" && is_looked_up {
            let reverts = |other: &Life| matches!(other.asked.what, What::Revert(at) if self.lives[at].id == life.id);
            let is_reverted = self.lives.iter().any(|other| reverts(other) && other.row.is_some());
            state = life.fate(self.history(life.asked.payee, life.asked.slot), is_reverted);
        }
        let took_effect = life.ended().filter(|done| done.what == "took_effect").map(|done| done.at);
        let from = from.or(took_effect).map(|from| Timestamp::from_micros(from).to_string());
        let expected = (&life.id, state, waits_for, &from);
        assert_eq!(
            (&told.id, told.state.as_str(), told.waits_for.as_deref(), &told.in_force_from),
            expected,
            "{life:?}"
        );
    }

    /// Every act that was acknowledged is there, in its order, and no other.
    pub fn check_acts(&mut self) {
        for life in self.lives.clone() {
            let actor = Actor::operator(OPERATORS[0]);
            let shown = self.run(&ShowProposal { actor: actor.clone(), proposal: life.id.clone() }, &actor).unwrap();
            let moment = |text: &str| Timestamp::parse(text).unwrap().micros();
            let acts: Vec<_> =
                shown.acts.iter().map(|act| (act.act.as_str(), moment(&act.at), act.by.as_str())).collect();
            let done: Vec<_> = life.done.iter().map(|done| (done.what, done.at, done.by.as_str())).collect();
            assert_eq!(acts, done, "{life:?}");
            let says = (!self.stands(&life).waits_for("ownership")).then(|| life.says().name().to_owned());
            assert_eq!(shown.ownership, says, "{life:?}");
            assert_eq!((shown.proposed_by, moment(&shown.proposed)), (life.asked.by.clone(), life.asked.at));
        }
    }

    /// Whoever looks a payee up is told whether a change waits.
    pub fn check_pending(&mut self) {
        let client = || Client { actor: Actor::client(Role::Authority, "asker"), payer: None };
        let question = |payee| Question { payee: Self::payee(payee), benefit: None, asked: () };
        let questions = (0..PERSONS.len()).map(question).collect();
        let vault = self.place.writer.store.vault().clone();
        let request = AskMany::<Resolve>::new(&vault, client(), LegalPurpose::Law, questions).unwrap();
        let (actor, env) = (client().actor, self.env());
        let requests = [(request, &actor, &env)];
        let mut told = self.place.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
        for (payee, answer) in told.remove(0).unwrap().into_iter().enumerate() {
            let is_told = self.history(payee, Slot::Default).last().is_some_and(|row| row.held == Held::InForce)
                && !self.persons[payee].is_dead;
            let waits = is_told && self.waiting(payee, Slot::Default).is_some();
            let is_of_it = |life: &&Life| (life.asked.payee, life.asked.slot) == (payee, Slot::Default);
            let lives: Vec<&Life> = self.lives.iter().filter(is_of_it).collect();
            // What was noted when somebody last looked at it is told.
            let is_noted = |life: &&Life| life.ended().is_none() && self.now() < life.told_until;
            let is_pending = is_told && lives.iter().any(is_noted);
            assert_eq!(answer.pending_change, is_pending, "of {}: {lives:?}", PERSONS[payee]);
            // It is so, too, unless somebody is about to look again.
            let is_looked_at = lives.iter().all(|life| self.now() < life.look);
            assert!(!is_looked_at || answer.pending_change || !waits, "of {}: {lives:?}", PERSONS[payee]);
        }
    }

    pub fn did(&mut self, at: usize, what: &'static str, by: &str) {
        let now = self.now();
        self.lives[at].done.push(Done { what, at: now, by: by.to_owned() });
    }
}

pub fn all_slots() -> impl Iterator<Item = Slot> {
    [Slot::Default]
        .into_iter()
        .chain((0..2).flat_map(|authority| (0..2).map(move |kind| Slot::Specific(authority, kind))))
}

fn source_columns<S: Source>(_: &S) -> &'static [&'static str] {
    S::HEADER
}

fn row(row: &Designation) -> Row {
    let held = match row.standing.state {
        State::InForce => Held::InForce,
        State::Frozen => Held::Frozen,
        State::FrozenByBank => Held::FrozenByBank,
        State::Contested => panic!("nobody opens a case here"),
        State::Closed => Held::Closed,
    };
    let account = row.standing.account.to_text();
    Row { at: row.effective.micros(), held, account: account.trim_end_matches(" DKK").to_owned() }
}

/// A file of accounts of one channel.
pub fn accounts(world: &World, via: Via) -> Accounts {
    let vault = world.place.writer.store.vault().clone();
    Accounts { channel: World::channel(via), by: Actor::operator(OPERATORS[0]).name().to_owned(), vault }
}
