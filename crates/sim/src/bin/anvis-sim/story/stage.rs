//! The stage that all stories share: a store, a small cast, a clock; who gives which command, and what became of it.

use super::Setting;
use super::banks::AtBanks;
use super::money::{Paid, misses_after};
use super::officers::OFFICER;
use super::report::{Harm, Money, Notices, Step, code_of};
use super::shares::Shares;
use crate::model::Listing;
use crate::world::{Expected, Row, Settings, World, differs};
use denmark::{Account, Currency, DanishAccount};
use kernel::{Actor, Assurance, Authenticator, Blind, Command, Error, Id, Location, Login, Role, Timestamp};
use registry::account::{DesignatedAccount, canonical};
use registry::commands::{
    Activation, AddContact, AddDelivery, AddPayer, ChangeAccounts, ChangeAnswer, EndDelivery, Inquirer, Locked,
    MotionAnswer, ProposeDesignation, SetControls, Settled, Sign, Standing, Stopped, SuspicionAnswer,
};
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::control_change::ControlChange;
use registry::delivery::{Endpoint, Place, Terms, Url, What};
use registry::designation::Channel;
use registry::import::{AccountRow, Accounts, Population, Written};
use registry::ownership::Ownership;
use registry::payee::PayeeId;
use registry::payer::PayerKind;
use registry::proposal::{Holder, LegalGround, Unexpected};
use registry::queries;
use sim::chance::{Draws, Keys};
use sim::nation::{AccountKind, Fate};
use std::collections::{BTreeMap, BTreeSet};

/// How many people a seed's nation has; the first of them who live in the country are the cast.
const PEOPLE: u64 = 60;
/// On which day, counted from 0, a story begins: a Tuesday, two days before money is paid out, and long enough after the beginning that
/// everybody's contact points are old.
const FIRST_DAY: u32 = 64;
/// So many others have the account of a mule who collects for several thieves, or of a payroll bureau.
const CROWD: u64 = 10;
const CROWD_FIRST: u64 = 1_000_000_100;
/// When the day's work begins, in minutes of the day.
const MORNING: i64 = 480;
/// Somebody of the cast who has an account.
pub struct Person {
    /// What they are in the story.
    pub role: &'static str,
    /// Their place among the world's payees.
    pub at: usize,
    pub id: PayeeId,
    pub key: Blind,
    /// The accounts to which they want their money.
    pub accounts: Vec<DesignatedAccount>,
    pub phone: Phone,
    pub email: EmailAddress,
    /// Somebody else has their eID: reads their Digital Post, and deletes there what would warn them.
    pub is_robbed: bool,
    /// Their telephone and e-mail address stand no more: a thief has removed them.
    pub has_lost_points: bool,
    /// Somebody else empties their letter box before them.
    pub is_box_watched: bool,
    /// Whether they react to what they are told of something that they did not do.
    pub reacts: Draws,
    /// Whether officers see through what a thief does in their name.
    pub looked_at: Draws,
    /// After how many days they miss money that has not come; and whether they have called about any.
    pub misses_after: u32,
    pub has_missed: bool,
}

/// Something that was proposed in the story.
pub struct Asked {
    pub id: String,
    /// Whose account it is about: their place in the cast.
    pub of: usize,
    /// Whether it is what they want.
    pub is_lawful: bool,
    pub at: Timestamp,
    /// What it waited for when it was last looked at.
    pub waited_for: Option<String>,
    /// Its end, as the store tells it.
    pub ended: Option<Ended>,
}

/// How a proposal ended.
pub struct Ended {
    pub state: String,
    pub at: Timestamp,
}

/// An account that was found out, by an officer or by its owner, and frozen: when, and how it came to light.
pub struct Found {
    pub at: Timestamp,
    pub by: &'static str,
    pub because: Vec<String>,
}

/// A letter on its way, with its code.
pub struct Posted {
    pub proposal: String,
    pub of: usize,
    pub code: String,
    /// On which day it is delivered.
    pub on: u32,
}

pub struct Stage {
    pub world: World,
    pub people: Vec<Person>,
    pub asked: Vec<Asked>,
    pub steps: Vec<Step>,
    pub harm: Harm,
    /// Every payment to the cast, and where it is in the end.
    pub paid: Vec<Paid>,
    pub money: Money,
    /// What a thief moved on out of victims' own accounts, in øre.
    pub moved_on: i64,
    /// Who has been helped.
    pub helped: BTreeSet<usize>,
    /// What banks were asked to get back, and what they are about to send back.
    pub at_banks: AtBanks,
    /// The day on which the story begins.
    pub first_day: u32,
    pub post: Vec<Posted>,
    /// Letters that were taken out of the box of somebody by another.
    pub stolen_letters: Vec<Posted>,
    /// Letters that their owners have, and whose codes they have not given yet.
    pub at_home: Vec<Posted>,
    /// Whether whoever approves what an insider proposes sees through forged evidence.
    pub colleague: Draws,
    /// By whose account it is.
    pub found: BTreeMap<usize, Found>,
    pub notices: Notices,
    /// Letters that were made: to whom, and the files, below those of the world.
    pub letters: Vec<(&'static str, Vec<String>)>,
    /// Proposals that an officer was asked to look at on an earlier day, or a colleague.
    pub on_desk: BTreeSet<String>,
    /// What banks say of an account and a payee when they are asked.
    pub answers: BTreeMap<(String, PayeeId), Ownership>,
    /// What the account of a thief is.
    pub loot: Option<DesignatedAccount>,
    pub seed: u64,
    pub shares: Shares,
}

/// What a command answers, in a few words.
pub trait Answer {
    fn answer(&self) -> String;
}

impl Answer for Standing {
    fn answer(&self) -> String {
        self.waits_for.as_ref().map_or_else(|| self.state.clone(), |waits| format!("{}: {waits}", self.state))
    }
}

impl Answer for Activation {
    fn answer(&self) -> String {
        if self.accepted { self.standing.answer() } else { "wrong code".to_owned() }
    }
}

impl Answer for Stopped {
    fn answer(&self) -> String {
        match self {
            Self::Stopped => "stopped",
            Self::Frozen => "frozen",
            Self::Already => "stopped before",
            Self::TooLate => "too late",
            Self::Gone => "gone",
        }
        .to_owned()
    }
}

impl Answer for Settled {
    fn answer(&self) -> String {
        let Self { in_force, refused, expired, waiting, .. } = self;
        let all = [(in_force, "in force"), (refused, "refused"), (expired, "expired"), (waiting, "waiting")];
        let some = all.iter().filter(|(count, _)| **count > 0).map(|(count, what)| format!("{count} {what}"));
        some.collect::<Vec<_>>().join(", ")
    }
}

impl Answer for Locked {
    fn answer(&self) -> String {
        format!("locked: {}", self.channels.len())
    }
}

impl Answer for MotionAnswer {
    fn answer(&self) -> String {
        self.state.clone()
    }
}

impl Answer for SuspicionAnswer {
    fn answer(&self) -> String {
        self.finding.clone().unwrap_or_else(|| self.state.clone())
    }
}

impl Answer for bool {
    fn answer(&self) -> String {
        if *self { "done" } else { "nothing to do" }.to_owned()
    }
}

impl Answer for () {
    fn answer(&self) -> String {
        "done".to_owned()
    }
}

impl Stage {
    /// A store with the controls of a setting, and nobody who has come on yet.
    pub fn set(location: &Location, setting: &Setting) -> Result<Self, Error> {
        let change = ControlChange::new(Some(&setting.set), &setting.changes)?;
        let settings =
            Settings { seed: setting.seed, days: 1, people: PEOPLE, companies: 5, payments: 0, clock_behind_on: None };
        let mut world = World::make(location, settings)?;
        world.begin()?;
        let mut stage = Self {
            world,
            people: Vec::new(),
            asked: Vec::new(),
            steps: Vec::new(),
            harm: Harm::default(),
            paid: Vec::new(),
            money: Money::default(),
            moved_on: 0,
            helped: BTreeSet::new(),
            at_banks: AtBanks::default(),
            first_day: FIRST_DAY,
            post: Vec::new(),
            stolen_letters: Vec::new(),
            at_home: Vec::new(),
            colleague: chances(setting.seed, "colleague"),
            found: BTreeMap::new(),
            notices: Notices::default(),
            letters: Vec::new(),
            on_desk: BTreeSet::new(),
            answers: BTreeMap::new(),
            loot: None,
            seed: setting.seed,
            shares: Shares::with(&setting.shares),
        };
        let set = SetControls { change, is_synthetic: stage.is_synthetic() };
        stage.give_unseen(&set, &Actor::console())?;
        stage.open_office()?;
        stage.open_banks()?;
        stage.name_payers_bank()?;
        Ok(stage)
    }

    /// The banks, by name.
    fn banks(&self) -> BTreeSet<String> {
        self.world.nation.banks().iter().map(|bank| bank.name.to_string()).collect()
    }

    /// No bank can be asked any more.
    pub fn close_banks(&mut self) -> Result<(), Error> {
        for number in 0..self.banks().len() {
            self.give_unseen(&EndDelivery { name: format!("bank-{number}") }, &Actor::console())?;
        }
        Ok(())
    }

    /// Every bank can be asked whose an account is.
    fn open_banks(&mut self) -> Result<(), Error> {
        for (number, bank) in self.banks().into_iter().enumerate() {
            let url = Url::parse("http://localhost/ownership")?;
            let place = Place::Server(Endpoint { url, ca: None, identity: None });
            let terms = Terms { name: format!("bank-{number}"), what: What::Ownership, whose: bank, place };
            self.give_unseen(&AddDelivery { terms, from_the_beginning: false }, &Actor::console())?;
        }
        Ok(())
    }

    /// A bank fetches what is completed for public payers: so their files are kept, and what comes back can be tried again.
    fn name_payers_bank(&mut self) -> Result<(), Error> {
        let bank = self.banks().pop_first();
        for payer in 0..self.world.model.payers.len() {
            let agreement = &mut self.world.model.payers[payer];
            if agreement.kind == PayerKind::Public {
                agreement.bank.clone_from(&bank);
                let agreement = agreement.clone();
                self.give_unseen(&AddPayer { agreement }, &Actor::console())?;
            }
        }
        Ok(())
    }

    /// Banks are asked, and answer at once.
    fn ask_banks(&mut self) -> Result<(), Error> {
        let (now, answers, mut told) = (self.world.clock.tick(), &self.answers, Vec::new());
        Inquirer { holder: Id::new(1) }.ask(&mut self.world.writer, now, &mut |question| {
            let account = Account::parse(question.account.as_str()).map(|account| canonical(&account));
            let known = account.ok().and_then(|account| answers.get(&(account, question.payee)));
            let answer = known.copied().unwrap_or(Ownership::NotPossible);
            told.push(answer.name());
            answer
        })?;
        for answer in told {
            self.note(now, "bank", "ownership.tell", answer.to_owned(), false);
        }
        Ok(())
    }

    pub fn is_synthetic(&self) -> bool {
        self.world.writer.store.is_synthetic()
    }

    /// Lets people come on, each with an account of their own, a telephone, an e-mail address and a digital letter box; and weeks pass.
    pub fn cast(&mut self, roles: &[&'static str]) -> Result<(), Error> {
        // Each has a letter box of their own: what is stolen from one speaks against whoever else has it.
        let mut homes = Vec::new();
        let mut cast = (0..PEOPLE).map(|index| self.world.nation.person(index));
        let people: Vec<_> = cast
            .by_ref()
            .filter(|person| person.fate == Fate::Active && !person.is_protected)
            .filter(|person| {
                let is_another = !homes.contains(&person.address);
                homes.push(person.address);
                is_another
            })
            .take(roles.len())
            .collect();
        let rows: Vec<Row> =
            people.iter().map(|person| Row { text: person.register_row(), expected: Expected::Changed }).collect();
        let vault = self.world.writer.store.vault().clone();
        let source = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        self.world.import("population.csv", &source, &Actor::console(), &rows)?;
        for (number, (role, person)) in roles.iter().zip(people).enumerate() {
            let id = PayeeId::Cpr(person.cpr);
            let at = self.world.model.payees.len();
            let name = person.name.to_string();
            self.world.add_payee(id, name, Listing::Person(person), AccountKind::None, None);
            let account = self.new_account();
            let refused = |_| differs("a contact point of the cast is none");
            self.people.push(Person {
                role,
                at,
                id,
                key: id.key(&vault),
                accounts: vec![account],
                phone: Phone::parse(&format!("+452000{number:04}")).map_err(refused)?,
                email: EmailAddress::parse(&format!("{role}@post.example")).map_err(refused)?,
                is_robbed: false,
                has_lost_points: false,
                is_box_watched: false,
                reacts: chances(self.seed, role),
                looked_at: chances(self.seed, &format!("{role} looked at")),
                misses_after: misses_after(self.seed, role),
                has_missed: false,
            });
            self.bank_registers(number)?;
            let points = [
                ContactPoint::DigitalPost,
                ContactPoint::Sms(self.people[number].phone.clone()),
                ContactPoint::Email(self.people[number].email.clone()),
            ];
            for point in points {
                let actor = self.citizen(number, Assurance::Substantial);
                self.give_unseen(&AddContact { actor: actor.clone(), payee: id, point, why: None }, &actor)?;
            }
        }
        self.steps.clear();
        self.go_to(FIRST_DAY);
        // What was told of the beginning is read by everybody, and surprises nobody.
        self.carry(&mut |_, _| {})?;
        self.settle()?;
        self.steps.clear();
        Ok(())
    }

    /// A bank tells of a first account of its customer.
    fn bank_registers(&mut self, who: usize) -> Result<(), Error> {
        let person = &self.people[who];
        let account = person.accounts[0];
        let bank = self.bank_of(&account)?;
        let text = format!("register,{},{},,none,,,", person.id.reveal(), account.account().to_text());
        let vault = self.world.writer.store.vault().clone();
        let source = Accounts { channel: Channel::Bank(bank), by: "console".to_owned(), vault };
        self.world.send_rows(
            &format!("first-{who}.csv"),
            &source,
            &Actor::console(),
            &[Row { text, expected: Expected::Changed }],
        )
    }

    /// A new account in kroner with some bank.
    pub fn new_account(&mut self) -> DesignatedAccount {
        let bank = self.world.chance.pick(self.world.nation.banks());
        match self.world.new_account(&bank) {
            DesignatedAccount::Domestic { account, .. } => {
                DesignatedAccount::Domestic { account, currency: Currency::DKK }
            }
            other @ DesignatedAccount::Foreign { .. } => other,
        }
    }

    pub fn bank_of(&self, account: &DesignatedAccount) -> Result<String, Error> {
        Ok(self.world.nation.bank_of(&domestic(account)?).name.to_owned())
    }

    /// Goes on to the morning of a day.
    pub fn go_to(&mut self, day: u32) {
        self.world.day = day;
        self.world.clock.go_on_to(day, MORNING);
    }

    /// Somebody of the cast, logged in.
    pub fn citizen(&self, who: usize, assurance: Assurance) -> Actor {
        let at = self.world.clock.read();
        Actor::citizen(&self.people[who].key, Login { assurance, authenticator: Authenticator::named("first"), at })
    }

    /// Gives a command, and notes what became of it: what it answers, or the code of its refusal.
    pub fn give<C: Command>(
        &mut self,
        who: &'static str,
        command: &C,
        actor: &Actor,
    ) -> Result<Result<C::Output, &'static str>, Error>
    where
        C::Output: Answer,
    {
        let env = self.world.env()?;
        let result = match self.world.writer.execute(command, actor, &env) {
            Ok(output) => Ok(output),
            Err(Error::Refused(refusal)) => Err(refusal.code),
            Err(error) => return Err(error),
        };
        let answer = result.as_ref().map_or_else(|code| (*code).to_owned(), Answer::answer);
        self.note(env.now, who, C::OPERATION.name, answer, result.is_err());
        Ok(result)
    }

    pub fn note(&mut self, at: Timestamp, who: &'static str, command: &'static str, answer: String, refused: bool) {
        self.steps.push(Step { at: at.to_string(), who, command, answer, refused });
    }

    /// Gives a command that must go well and is none of the story's.
    pub fn give_unseen<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, Error> {
        let env = self.world.env()?;
        self.world.writer.execute(command, actor, &env)
    }

    /// Proposes an account for somebody of the cast. Its name; or the code of the refusal.
    pub fn propose(&mut self, wish: Wish) -> Result<Result<usize, &'static str>, Error> {
        let Wish { who, actor, of, account, holder, bank_says, ground, is_lawful } = wish;
        let expects = self.in_force(of)?;
        let row = AccountRow::read(
            self.world.writer.store.vault(),
            &Written {
                action: "change",
                payee: &self.people[of].id.reveal(),
                account: &account.account().to_text(),
                expects: &expects,
                ..Written::default()
            },
        )?;
        let command = ProposeDesignation {
            actor: actor.clone(),
            row,
            holder,
            ground,
            is_locked: false,
            signature: None,
            once: None,
        };
        self.answers.insert((canonical(&account.account()), self.people[of].id), bank_says);
        if is_lawful {
            self.people[of].accounts.push(account);
        }
        let mut standing = match self.give(who, &command, &actor)? {
            Ok(standing) => standing,
            Err(code) => return Ok(Err(code)),
        };
        let at = self.world.clock.read();
        // What is told of a change carries the moment at which it was proposed, and not that at which it was signed.
        if standing.waits_for.as_deref() == Some("signature") {
            // Whoever is logged in well enough to propose is well enough to sign.
            let sign = Sign { proposal: standing.id.clone(), signature: "signed".to_owned(), actor: actor.clone() };
            if let Ok(signed) = self.give(who, &sign, &actor)? {
                standing = signed;
            }
        }
        let ended = standing.id.is_empty().then(|| Ended { state: standing.state.clone(), at });
        self.asked.push(Asked { id: standing.id, of, is_lawful, at, waited_for: standing.waits_for, ended });
        self.ask_banks()?;
        self.refresh()?;
        Ok(Ok(self.asked.len() - 1))
    }

    /// A bank changes its customer's account. Its name if it waits, or that it does not; or the code of the refusal.
    pub fn bank_changes(
        &mut self,
        of: usize,
        account: DesignatedAccount,
    ) -> Result<Result<usize, &'static str>, Error> {
        let expects = self.in_force(of)?;
        let bank = self.bank_of(&account)?;
        let row = AccountRow::read_from_bank(
            self.world.writer.store.vault(),
            &Written {
                action: "change",
                payee: &self.people[of].id.reveal(),
                account: &account.account().to_text(),
                expects: &expects,
                ..Written::default()
            },
            "user_request",
            "netbank",
            Unexpected::Refuse,
        );
        let actor = Actor::client(Role::Bank, "bank");
        let env = self.world.env()?;
        let request = ChangeAccounts::new(actor.clone(), Channel::Bank(bank), vec![row], Unexpected::Refuse, None)?;
        let given = [(request, &actor, &env)];
        let mut answers = self.world.writer.execute_group(|group| group.execute_jointly(&given))?;
        let answer = answers.remove(0).map_err(Error::Refused)?.remove(0);
        self.people[of].accounts.push(account);
        let refused = match &answer {
            ChangeAnswer::Refused(refusal) => Some(*refusal),
            _ => None,
        };
        let text = refused.map_or_else(|| answer.name().to_owned(), |refusal| code_of(refusal).to_owned());
        self.note(env.now, "bank", "account.change", text, refused.is_some());
        if let Some(refusal) = refused {
            return Ok(Err(code_of(refusal)));
        }
        let id = match answer {
            ChangeAnswer::Held(id) => id,
            _ => String::new(),
        };
        let ended = id.is_empty().then(|| Ended { state: "in_force".to_owned(), at: env.now });
        self.asked.push(Asked { id, of, is_lawful: true, at: env.now, waited_for: None, ended });
        self.refresh()?;
        Ok(Ok(self.asked.len() - 1))
    }

    /// Others have an account already: its bank tells of it as their first one.
    pub fn crowd(&mut self, account: &DesignatedAccount) -> Result<(), Error> {
        let (bank, text) = (self.bank_of(account)?, account.account().to_text());
        let vault = self.world.writer.store.vault().clone();
        let row = |number: u64| {
            let payee = format!("p:{}", CROWD_FIRST + number);
            let written = Written { action: "register", payee: &payee, account: &text, ..Written::default() };
            AccountRow::read_from_bank(&vault, &written, "user_request", "netbank", Unexpected::Refuse)
        };
        let (actor, env, rows) = (Actor::client(Role::Bank, "bank"), self.world.env()?, (0..CROWD).map(row).collect());
        let request = ChangeAccounts::new(actor.clone(), Channel::Bank(bank), rows, Unexpected::Refuse, None)?;
        let given = [(request, &actor, &env)];
        self.world.writer.execute_group(|group| group.execute_jointly(&given)).map(|_| ())
    }

    /// The account of somebody that is in force, as whoever is logged in sees it: the payee, or whoever has their eID.
    pub fn in_force(&mut self, of: usize) -> Result<String, Error> {
        use registry::resolve::{self, Query, Resolution};
        let payee = self.people[of].key;
        let mut told = "none".to_owned();
        let moment = self.world.clock.read();
        self.world.writer.read(|scope| {
            resolve::resolve_many(scope, &[Query { payee, purpose: None }], moment, |_, resolution| {
                if let Resolution::Account(in_force) = resolution {
                    told = in_force.account.account().to_text();
                }
                Ok(())
            })
        })?;
        Ok(told)
    }

    /// Looks at where everything stands that was proposed.
    pub fn refresh(&mut self) -> Result<(), Error> {
        let now = self.world.clock.read();
        let console = Actor::console();
        let waiting = self.world.writer.read(|scope| queries::waiting(scope, &console, None, None, None, 1000, now))?;
        for at in 0..self.asked.len() {
            if self.asked[at].ended.is_some() {
                continue;
            }
            let view = waiting.proposals.iter().find(|view| view.standing.id == self.asked[at].id);
            if let Some(view) = view {
                self.asked[at].waited_for.clone_from(&view.standing.waits_for);
                continue;
            }
            let shown = self.show(at)?;
            let acts = shown.acts.iter();
            let end = acts.filter(|act| ENDS.contains(&act.act.as_str())).map(|act| act.at.clone()).next_back();
            if let Some(end) = end.and_then(|end| Timestamp::parse(&end)) {
                self.asked[at].ended = Some(Ended { state: shown.standing.state, at: end });
            }
        }
        Ok(())
    }

    /// A proposal, as an officer sees it.
    pub fn show(&mut self, at: usize) -> Result<registry::commands::ShownProposal, Error> {
        let actor = self.officer(OFFICER)?;
        let command = registry::commands::ShowProposal { actor: actor.clone(), proposal: self.asked[at].id.clone() };
        self.give_unseen(&command, &actor)
    }
}

/// What somebody of the cast happens to do. It is theirs alone, so that it is the same whatever the controls.
pub fn chances(seed: u64, who: &str) -> Draws {
    Keys::new(seed).next().with_text(who).draws(0)
}

/// What ends a proposal.
const ENDS: [&str; 4] = ["took_effect", "refused", "cancelled", "expired"];

/// What somebody wants to be designated.
pub struct Wish {
    /// Who proposes it, in the story.
    pub who: &'static str,
    pub actor: Actor,
    /// Whose account: their place in the cast.
    pub of: usize,
    pub account: DesignatedAccount,
    /// Whose it is said to be.
    pub holder: Holder,
    /// What its bank says when it is asked.
    pub bank_says: Ownership,
    pub ground: Option<LegalGround>,
    pub is_lawful: bool,
}

/// The account, of a domestic one.
pub fn domestic(account: &DesignatedAccount) -> Result<DanishAccount, Error> {
    match account {
        DesignatedAccount::Domestic { account, .. } => Ok(*account),
        DesignatedAccount::Foreign { .. } => Err(differs("the cast has its accounts in the country")),
    }
}
