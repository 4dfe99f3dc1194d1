//! A town of people whose accounts and contact points are old, and what everybody can do there.

use crate::world::{World, key};
use kernel::{Actor, Assurance, Authenticator, Command, Env, Id, Login, Refuse, Role, Scope, Timestamp};
use registry::RowRefusal;
use registry::commands::{
    Activate, AddCaseworker, AddContact, ApproveDesignation, CancelDesignation, ChangeAccounts, ChangeAnswer, Confirm,
    FollowLetter, LetterFate, LiftLock, LookUp, MakeLetter, ProposeDesignation, RefuseDesignation, RemoveContact,
    SetLock, Settle, ShowProposal, Standing, StopProposal,
};
use registry::contact::ContactPoint;
use registry::designation::Channel;
use registry::import::{AccountRow, Population, Source, Written};
use registry::life::Waits;
use registry::lock::Channels;
use registry::notice::StopToken;
use registry::payee::PayeeId;
use registry::proposal::{Holder, LegalGround, Unexpected};
use registry::queries;

pub const DAY: i64 = 86_400_000_000;
pub const ANNA: &str = "cpr:6101701234";
pub const BENT: &str = "cpr:6201701235";
/// Anna's account, and the one that somebody wants her money to go to.
pub const OWN: &str = "0040-1";
pub const LOOT: &str = "1020-2";
pub const CODE: &str = "12345678";
/// A Monday.
pub const BEGIN: &str = "2026-03-02T09:00:00Z";

pub type Told = Result<String, &'static str>;

/// A store of people whose accounts and contact points are old.
pub struct Town(pub World);

impl Town {
    pub fn new() -> Self {
        let mut town = Self(World::new("promote_specific=on"));
        town.0.0.now = Timestamp::parse(BEGIN).unwrap().micros();
        for payee in [ANNA, BENT] {
            town.lives(payee, "Vej 1");
        }
        for (name, authority, number) in [("eve", "Authority", 1), ("tom", "Other", 2)] {
            let (name, authority, benefits) = (name.to_owned(), authority.to_owned(), [].into());
            let add = AddCaseworker { name, key: key(number), authority, benefits, in_person: number == 1 };
            town.0.run(&add, &Actor::console()).unwrap();
        }
        assert_eq!(town.ask(&north(), &format!("register,{ANNA},{OWN},,none,,,")), "done");
        let (actor, payee, point) = (town.anna(), payee(ANNA), phone(1));
        town.0.run(&AddContact { actor: actor.clone(), payee, point, why: None }, &actor).unwrap();
        town.days(98);
        town.0.0.control("anvis", &[]);
        town
    }

    /// The register says where somebody lives: nowhere, where there is no address.
    pub fn lives(&mut self, payee: &str, address: &str) {
        let place = if address.is_empty() { ",,,".to_owned() } else { format!("{address},2100,By,DK") };
        let population = Population { vault: self.0.0.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let (header, number) = (Population::HEADER.join(","), payee.trim_start_matches("cpr:"));
        let file = format!("{header}\n{number},Name,{place},active,,\n");
        // A file's moment is its own, and later than all before.
        assert_eq!(self.0.0.import(&population, file.as_bytes()).0.rejected, 0);
    }

    pub fn days(&mut self, days: i64) {
        self.0.0.now += days * DAY;
    }

    pub fn citizen(&self, of: &str, assurance: Assurance) -> Actor {
        let at = Timestamp::from_micros(self.0.0.now);
        let key = payee(of).key(self.0.0.writer.store.vault());
        Actor::citizen(&key, Login { assurance, authenticator: Authenticator::named("first"), at })
    }

    /// Whoever has Anna's login: she, or the thief.
    pub fn anna(&self) -> Actor {
        self.citizen(ANNA, Assurance::Substantial)
    }

    pub fn run<C: Command>(&mut self, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        self.0.run(command, actor)
    }

    /// Asks for something in a bank's name, or as a file of the operator's does.
    pub fn ask(&mut self, channel: &Channel, row: &str) -> String {
        let actor = match channel {
            Channel::Bank(name) => Actor::client(Role::Bank, name),
            _ => Actor::operator("olga"),
        };
        let row = match channel {
            Channel::Bank(_) => self.reads_from_bank(row),
            _ => self.0.0.read(row),
        };
        let request = ChangeAccounts::new(actor.clone(), channel.clone(), vec![row], Unexpected::Refuse, None).unwrap();
        self.0.0.now += 1_000;
        let env = Env::new(Timestamp::from_micros(self.0.0.now), 0);
        let given = [(request, &actor, &env)];
        let mut told = self.0.0.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
        match told.remove(0).map(|mut answers| answers.remove(0)) {
            Ok(ChangeAnswer::Refused(refusal)) => refusal.code().to_owned(),
            Ok(answer) => answer.name().to_owned(),
            Err(refusal) => refusal.code.to_owned(),
        }
    }

    fn reads_from_bank(&self, row: &str) -> Result<AccountRow, RowRefusal> {
        let fields: Vec<&str> = row.split(',').collect();
        let [action, payee, account, bic, expects, currency, payer, benefit] = fields[..] else {
            panic!("a row has eight fields: {row}")
        };
        let (reason, consent) =
            if action.contains("freeze") { ("fraud", "not_needed") } else { ("user_request", "netbank") };
        let written = Written { action, payee, account, bic, expects, currency, payer, benefit };
        let vault = self.0.0.writer.store.vault();
        AccountRow::read_from_bank(vault, &written, reason, consent, Unexpected::Refuse)
    }

    /// Proposes what a row says. The name of the proposal.
    pub fn proposes(&mut self, actor: &Actor, row: &str) -> Result<String, &'static str> {
        self.proposes_as(actor, row, actor.role() != Role::Citizen)
    }

    /// The same with a ground, whoever it is.
    pub fn proposes_with_ground(&mut self, actor: &Actor, row: &str) -> Result<String, &'static str> {
        self.proposes_as(actor, row, true)
    }

    fn proposes_as(&mut self, actor: &Actor, row: &str, has_ground: bool) -> Result<String, &'static str> {
        let row = self.0.0.read(row).unwrap();
        let is_citizen = actor.role() == Role::Citizen;
        let ground = LegalGround { law: "§ 1".to_owned(), evidence: "case 7".to_owned() };
        let command = ProposeDesignation {
            actor: actor.clone(),
            row,
            holder: Holder::Own,
            ground: has_ground.then_some(ground),
            is_locked: false,
            signature: is_citizen.then(|| "signature".to_owned()),
            once: None,
        };
        self.run(&command, actor).map(|standing| standing.id)
    }

    /// Proposes that Anna's money goes elsewhere.
    pub fn wants_loot(&mut self, actor: &Actor) -> String {
        self.proposes(actor, &format!("change,{ANNA},{LOOT},,{OWN},,,")).unwrap()
    }

    pub fn stands(&mut self, id: &str) -> String {
        let actor = Actor::console();
        let shown = self.run(&ShowProposal { actor: actor.clone(), proposal: id.to_owned() }, &actor);
        words(&shown.unwrap().standing)
    }

    /// Who waits for what.
    pub fn waits(&mut self) -> Vec<String> {
        let (console, now) = (Actor::console(), Timestamp::from_micros(self.0.0.now));
        let page = self.0.0.writer.read(|scope| queries::waiting(scope, &console, None, None, None, 100, now)).unwrap();
        page.proposals.into_iter().map(|view| view.standing.id).collect()
    }

    /// Of which it is known that they wait for this, for whoever goes through the list.
    pub fn listed(&mut self, waits: Waits) -> Vec<String> {
        let (console, now) = (Actor::console(), Timestamp::from_micros(self.0.0.now));
        let read = |scope: &Scope<'_>| queries::waiting(scope, &console, None, Some(waits), None, 100, now);
        self.0.0.writer.read(read).unwrap().proposals.into_iter().map(|view| view.standing.id).collect()
    }

    pub fn approves(&mut self, id: &str, officer: &Actor) -> Told {
        let (proposal, why, is_synthetic) = (id.to_owned(), "seen".to_owned(), false);
        let command = ApproveDesignation { proposal, why, officer: officer.clone(), is_synthetic };
        self.run(&command, officer).map(|standing| words(&standing))
    }

    pub fn refuses(&mut self, id: &str, officer: &Actor) -> Told {
        let (proposal, why, is_synthetic) = (id.to_owned(), "no".to_owned(), false);
        let command = RefuseDesignation { proposal, why, officer: officer.clone(), is_synthetic };
        self.run(&command, officer).map(|standing| words(&standing))
    }

    /// An operator prints a letter, and posts it.
    pub fn letter(&mut self, id: &str, operator: &Actor, code: &str) -> Told {
        let now = Timestamp::from_micros(self.0.0.now);
        let drawn =
            self.0.0.writer.read(|scope| queries::letter(scope, operator, id, now)).map_err(|error| error.code())?;
        let command = MakeLetter { drawn, code: code.to_owned(), actor: operator.clone() };
        self.run(&command, operator).map(|standing| words(&standing))
    }

    pub fn fate(&mut self, id: &str, fate: LetterFate, operator: &Actor) -> Told {
        let command = FollowLetter { proposal: id.to_owned(), fate, actor: operator.clone() };
        self.run(&command, operator).map(|standing| words(&standing))
    }

    pub fn gives(&mut self, id: &str, code: &str, actor: &Actor) -> Told {
        let (proposal, code, is_synthetic) = (id.to_owned(), code.to_owned(), false);
        let told = self.run(&Activate { proposal, code, actor: actor.clone(), is_synthetic }, actor)?;
        Ok(if told.accepted { words(&told.standing) } else { "wrong".to_owned() })
    }

    pub fn confirms(&mut self, id: &str, actor: &Actor) -> Told {
        let (proposal, evidence, is_synthetic) = (id.to_owned(), "passport".to_owned(), false);
        let command = Confirm { proposal, evidence, actor: actor.clone(), is_synthetic };
        self.run(&command, actor).map(|standing| words(&standing))
    }

    pub fn stops(&mut self, id: &str) -> Told {
        let token = StopToken::of(self.0.0.writer.store.vault(), Id::parse_name(id).unwrap());
        self.run(&StopProposal { token }, &Actor::console()).map(|told| format!("{told:?}"))
    }

    pub fn cancels(&mut self, id: &str, actor: &Actor, bank: Option<&str>) -> Told {
        let channel = bank.map(|bank| Channel::Bank(bank.to_owned()));
        let command = CancelDesignation { proposal: id.to_owned(), actor: actor.clone(), channel };
        self.run(&command, actor).map(|standing| words(&standing))
    }

    /// The telephone that Anna is told by becomes another.
    pub fn swaps_contact(&mut self, actor: &Actor) {
        let why = (actor.role() != Role::Citizen).then(|| "at the counter".to_owned());
        let (payee, from, to) = (payee(ANNA), phone(1), phone(9));
        let remove = RemoveContact { actor: actor.clone(), payee, point: from, why: why.clone() };
        assert_eq!(self.run(&remove, actor), Ok(true));
        assert_eq!(self.run(&AddContact { actor: actor.clone(), payee, point: to, why }, actor), Ok(true));
    }

    pub fn locks(&mut self, actor: &Actor, channels: Channels) -> Result<usize, &'static str> {
        let command = SetLock { actor: actor.clone(), payee: payee(ANNA), channels, why: None };
        self.run(&command, actor).map(|locked| locked.channels.len())
    }

    pub fn lifts(&mut self, actor: &Actor, in_person: Option<&str>) -> Result<usize, &'static str> {
        let (channels, in_person) = (Channels::all(), in_person.map(str::to_owned));
        let why = in_person.is_some().then(|| "asked for".to_owned());
        let command = LiftLock { actor: actor.clone(), payee: payee(ANNA), channels, why, in_person };
        self.run(&command, actor).map(|locked| locked.channels.len())
    }

    /// What is due is done. How many took effect, and how many were refused at the last moment.
    pub fn settles(&mut self) -> (u64, u64) {
        let now = Timestamp::from_micros(self.0.0.now);
        let settled = self.run(&Settle { now }, &Actor::console()).unwrap();
        (settled.in_force, settled.refused)
    }

    /// Where Anna's money goes.
    pub fn pays(&mut self) -> String {
        let command =
            LookUp { actor: Actor::console(), payee: payee(ANNA), specific: None, as_of: None, known_at: None };
        let told = self.run(&command, &Actor::console()).unwrap();
        self.0.0.verify();
        let account = told.account.unwrap_or_default();
        match told.state.as_str() {
            "in_force" if account.ends_with("0000000001") => "to Anna".to_owned(),
            "in_force" if account.ends_with("0000000002") => "to the thief".to_owned(),
            "in_force" => account,
            state => state.to_owned(),
        }
    }
}

pub fn words(standing: &Standing) -> String {
    standing.waits_for.clone().unwrap_or_else(|| standing.state.clone())
}

pub fn payee(text: &str) -> PayeeId {
    PayeeId::parse(text).unwrap()
}

pub fn phone(last: u8) -> ContactPoint {
    ContactPoint::from_text(&format!("sms +452030400{last}")).unwrap()
}

pub fn north() -> Channel {
    Channel::Bank("North".to_owned())
}

pub fn south() -> Channel {
    Channel::Bank("South".to_owned())
}

pub fn ok(told: &str) -> Told {
    Ok(told.to_owned())
}
