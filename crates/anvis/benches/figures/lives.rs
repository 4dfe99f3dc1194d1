//! Whole lives of designations: proposed by a caseworker, approved by another, a letter made, its code given, settled when the time has
//! come, and the payee told at each step at two contact points.

use crate::changes::designated;
use crate::{control, processor_time, timed};
use kernel::{
    Actor, Assurance, Authenticator, Command, Env, Group, Login, PublicKey, Secrets, Store, Timestamp, Writer,
    execute_group,
};
use registry::commands::{
    Activate, AddCaseworker, AddContact, ApproveDesignation, LetterFacts, MakeLetter, ProposeDesignation, Settle,
    Settled, fold_holders,
};
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::import::{AccountRow, Written};
use registry::payee::PayeeId;
use registry::proposal::{Holder, LegalGround};
use registry::queries;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Commands that one transaction gives.
pub const GROUP: usize = 200;
/// After so many days, contact points are old, and a change of them is none of late.
const QUIET_DAYS: i64 = 120;
/// How often a service folds the write-ahead log in.
const FOLD_IN: Duration = Duration::from_millis(25);
/// Banking days are over after so many.
const HELD_DAYS: i64 = 7;
/// How many are due beside many that wait.
const DUE: usize = 1000;
/// How often it is looked whether anything is due.
const LOOKS: u32 = 1000;
const KEYS: [&str; 2] = [
    "MCowBQYDK2VwAyEAqZsBb+Zn84oCVXyy2LINMpeeVq3dOf+O/ua4/pNInPw=",
    "MCowBQYDK2VwAyEAL4pcJx3lmUm/Bja8lkZZZndqIj+xjZmgCRGgOtAph7g=",
];
const CODE: &str = "12345678";

/// What was lived.
pub struct Lived {
    /// What the letter of each said.
    pub letters: Vec<LetterFacts>,
    /// How long all took.
    pub took: Duration,
    /// The processor's time for it.
    pub processor: Duration,
}

/// What settling took beside many that wait.
pub struct Settling {
    /// How many waited.
    pub waiting: u64,
    /// One look, where nothing is due.
    pub idle: Duration,
    /// How many were due then, and how long it took until they were in force.
    pub due: u64,
    /// See `due`.
    pub took: Duration,
}

/// People's accounts of an import, each with another one that it is changed to.
pub fn people(designations: &Path) -> impl Iterator<Item = [String; 8]> + use<> {
    designated(designations).filter(|row| row[1].starts_with("cpr:"))
}

/// Two caseworkers of an authority, and a clock of their own.
pub struct Lives {
    writer: Writer,
    given: u32,
    now: Timestamp,
    workers: [Actor; 2],
}

impl Lives {
    /// Begins in a store in which nobody lived before.
    pub fn begin(store: &Store, authority: &str) -> Self {
        let mut writer = store.writer(Secrets::from_system()).expect("a writer");
        control(&mut writer, "anvis");
        // How many payees an account has is folded from an import by a service meanwhile; then each change folds its own.
        while fold_holders(&mut writer).expect("the accounts' payees") {}
        let workers = ["bench-one", "bench-two"].map(Actor::caseworker);
        let mut lives = Self { writer, given: 0, now: Timestamp::from(jiff::Timestamp::now()), workers };
        lives.register(authority);
        lives
    }

    /// Whole lives, of so many people as are a multiple of a group.
    pub fn whole(&mut self, rows: &[[String; 8]]) -> Lived {
        let groups = rows.chunks_exact(GROUP);
        groups.clone().for_each(|rows| self.contacts(rows));
        self.pass(QUIET_DAYS);
        let mut beside = self.writer.store.writer(Secrets::from_system()).expect("another writer");
        let before = processor_time("self");
        let (letters, took) = std::thread::scope(|threads| {
            // As a service does it, until this is over, however it ends.
            let (over, is_over) = mpsc::channel::<()>();
            threads.spawn(move || {
                while let Err(mpsc::RecvTimeoutError::Timeout) = is_over.recv_timeout(FOLD_IN) {
                    beside.fold_in().expect("what was written is folded in");
                }
            });
            let live = |rows: &[[String; 8]]| {
                let letters = self.live(rows);
                self.pass(HELD_DAYS);
                assert_eq!(self.settle().in_force, rows.len() as u64);
                letters
            };
            let lived = timed(|| groups.flat_map(live).collect());
            drop(over);
            lived
        });
        Lived { letters, took, processor: processor_time("self") - before }
    }

    /// Most wait for somebody who approves them, and a few for time.
    pub fn settling(&mut self, rows: &[[String; 8]]) -> Settling {
        let (due, others) = rows.split_at(rows.len().min(DUE));
        due.chunks(GROUP).for_each(|rows| drop(self.live(rows)));
        others.chunks(GROUP).for_each(|rows| drop(self.propose(rows)));
        let now = self.now;
        let is_due = |lives: &mut Self| lives.writer.read(|scope| queries::is_due(scope, now)).expect("what is due");
        let (_, looked) = timed(|| (0..LOOKS).for_each(|_| assert!(!is_due(self))));
        self.pass(HELD_DAYS);
        let (settled, took) = timed(|| {
            let mut settled = 0;
            loop {
                let some = self.settle();
                settled += some.in_force;
                if !some.more {
                    return settled;
                }
            }
        });
        assert_eq!(settled, due.len() as u64);
        Settling { waiting: rows.len() as u64, idle: looked / LOOKS, due: settled, took }
    }

    fn env(&mut self) -> Env {
        self.given = self.given.wrapping_add(1_000_003);
        Env::new(self.now, self.given)
    }

    fn pass(&mut self, days: i64) {
        self.now = self.now.plus_days(days);
    }

    fn register(&mut self, authority: &str) {
        let console = Actor::console();
        for (name, key) in ["bench-one", "bench-two"].into_iter().zip(KEYS) {
            let file = std::env::temp_dir().join(format!("anvis-bench-{name}.pem"));
            std::fs::write(&file, format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")).unwrap();
            let (key, authority, benefits) = (PublicKey::read(&file).unwrap(), authority.to_owned(), [].into());
            let env = self.env();
            self.writer
                .execute(
                    &AddCaseworker { name: name.to_owned(), key, authority, benefits, in_person: false },
                    &console,
                    &env,
                )
                .unwrap();
            std::fs::remove_file(file).unwrap();
        }
    }

    /// Gives commands of one kind in one transaction, as a service does.
    fn give<C: Command>(&mut self, commands: Vec<(C, Actor)>) -> Vec<C::Output> {
        let envs: Vec<Env> = commands.iter().map(|_| self.env()).collect();
        let give = |group: &mut Group<'_>| {
            commands.iter().zip(&envs).map(|((command, actor), env)| group.execute(command, actor, env)).collect()
        };
        let given: Vec<Result<C::Output, _>> = execute_group(&mut self.writer, give).expect("the group");
        given.into_iter().map(|given| given.expect("a command")).collect()
    }

    fn contacts(&mut self, rows: &[[String; 8]]) {
        let login = Login { assurance: Assurance::High, authenticator: Authenticator::named("first"), at: self.now };
        let vault = self.writer.store.vault().clone();
        let points = rows.iter().enumerate().flat_map(|(at, row)| {
            let payee = PayeeId::parse(&row[1]).expect("a payee");
            let actor = Actor::citizen(&payee.key(&vault), login);
            let sms = ContactPoint::Sms(Phone::parse(&format!("+45{:08}", 20_000_000 + at)).expect("a number"));
            let mail = ContactPoint::Email(EmailAddress::parse(&format!("p{at}@mail.example")).expect("an address"));
            [sms, mail].map(|point| (AddContact { actor: actor.clone(), payee, point, why: None }, actor.clone()))
        });
        self.give(points.collect());
    }

    fn propose(&mut self, rows: &[[String; 8]]) -> Vec<String> {
        let (vault, worker) = (self.writer.store.vault().clone(), self.workers[0].clone());
        let proposals = rows.iter().map(|row| {
            let [_, payee, account, _, expects, currency, ..] = row.each_ref().map(String::as_str);
            let written = Written { action: "change", payee, account, expects, currency, ..Written::default() };
            let propose = ProposeDesignation {
                actor: worker.clone(),
                row: AccountRow::read(&vault, &written).expect("a change"),
                holder: Holder::Own,
                ground: Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() }),
                is_locked: false,
                signature: None,
                once: None,
            };
            (propose, worker.clone())
        });
        self.give(proposals.collect()).into_iter().map(|standing| standing.id).collect()
    }

    /// From the proposal until nothing is demanded but time; what the letters said.
    fn live(&mut self, rows: &[[String; 8]]) -> Vec<LetterFacts> {
        let ids = self.propose(rows);
        let other = self.workers[1].clone();
        let approve = |id: &String| {
            let (proposal, why, officer) = (id.clone(), "seen".to_owned(), other.clone());
            (ApproveDesignation { proposal, why, officer, is_synthetic: true }, other.clone())
        };
        self.give(ids.iter().map(approve).collect());
        let (console, now) = (Actor::console(), self.now);
        let drawn: Vec<LetterFacts> = self
            .writer
            .read(|scope| ids.iter().map(|id| queries::letter(scope, &console, id, now)).collect())
            .expect("what the letters say");
        let letter = |drawn| (MakeLetter { drawn, code: CODE.to_owned(), actor: console.clone() }, console.clone());
        self.give(drawn.iter().cloned().map(letter).collect());
        let activate = |id: &String| {
            let (proposal, code, actor) = (id.clone(), CODE.to_owned(), Actor::console());
            (Activate { proposal, code, actor, is_synthetic: true }, Actor::console())
        };
        let standings = self.give(ids.iter().map(activate).collect());
        assert!(standings.iter().all(|activation| activation.standing.state == "held"));
        drawn
    }

    fn settle(&mut self) -> Settled {
        let settled = self.give(vec![(Settle { now: self.now }, Actor::console())]);
        settled.into_iter().next().expect("one command has one answer")
    }
}
