//! Whole lives of designations: proposed by a caseworker, approved by another, a letter made, its code given, settled when the time has
//! come, and the payee told at each step at two contact points.

use crate::changes::designated;
use crate::{control, processor_time, timed};
use kernel::{
    Actor, Assurance, Authenticator, Command, Env, Group, Login, PublicKey, Secrets, Store, Timestamp, Writer,
    execute_group,
};
use registry::commands::{
    Activate, AddCaseworker, AddContact, ApproveDesignation, LetterFacts, MakeLetter, ProposeDesignation, SETTLED_MAX,
    Settle,
};
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::import::{AccountRow, Written};
use registry::payee::PayeeId;
use registry::proposal::{Holder, LegalGround, Ownership};
use registry::queries;
use std::path::Path;
use std::time::Duration;

/// Commands that one transaction gives.
const GROUP: usize = 100;
const SECONDS_PER_DAY: i64 = 86_400;
/// After so many days, contact points are old, and a change of them is none of late.
const QUIET_DAYS: i64 = 120;
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

/// Makes whole lives, of accounts after the first `skipped`, which others have changed.
pub fn lives(store: &Store, designations: &Path, authority: &str, skipped: usize, count: usize) -> Lived {
    let people = designated(designations).skip(skipped).filter(|row| row[1].starts_with("cpr:"));
    let rows: Vec<[String; 8]> = people.take(count / GROUP * GROUP).collect();
    let mut bench = Lives { writer: store.writer(Secrets::from_system()).expect("a writer"), given: 0, now: start() };
    control(&mut bench.writer, "anvis");
    let workers = bench.register(authority);
    for rows in rows.chunks(GROUP) {
        bench.contacts(rows);
    }
    bench.pass(QUIET_DAYS);
    let before = processor_time("self");
    let (letters, took) = timed(|| rows.chunks(GROUP).flat_map(|rows| bench.live(rows, &workers)).collect());
    Lived { letters, took, processor: processor_time("self") - before }
}

fn start() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

struct Lives {
    writer: Writer,
    given: u32,
    now: Timestamp,
}

impl Lives {
    fn env(&mut self) -> Env {
        self.given = self.given.wrapping_add(1_000_003);
        Env::new(self.now, self.given)
    }

    fn pass(&mut self, days: i64) {
        self.now = self.now.minus_seconds(-days * SECONDS_PER_DAY);
    }

    fn register(&mut self, authority: &str) -> [Actor; 2] {
        let console = Actor::console();
        for (name, key) in ["bench-one", "bench-two"].into_iter().zip(KEYS) {
            let file = std::env::temp_dir().join(format!("anvis-bench-{name}.pem"));
            std::fs::write(&file, format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")).unwrap();
            let (key, authority, benefits) = (PublicKey::read(&file).unwrap(), authority.to_owned(), [].into());
            let env = self.env();
            self.writer
                .execute(&AddCaseworker { name: name.to_owned(), key, authority, benefits }, &console, &env)
                .unwrap();
            std::fs::remove_file(file).unwrap();
        }
        [Actor::caseworker("bench-one"), Actor::caseworker("bench-two")]
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

    fn live(&mut self, rows: &[[String; 8]], [one, two]: &[Actor; 2]) -> Vec<LetterFacts> {
        let vault = self.writer.store.vault().clone();
        let proposals = rows.iter().map(|row| {
            let [_, payee, account, _, expects, currency, ..] = row.each_ref().map(String::as_str);
            let written = Written { action: "change", payee, account, expects, currency, ..Written::default() };
            let propose = ProposeDesignation {
                actor: one.clone(),
                row: AccountRow::read(&vault, &written).expect("a change"),
                holder: Holder::Own,
                ownership: Ownership::Match,
                ground: Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() }),
                is_locked: false,
                signature: None,
                once: None,
            };
            (propose, one.clone())
        });
        let ids: Vec<String> = self.give(proposals.collect()).into_iter().map(|standing| standing.id).collect();
        let approve = |id: &String| {
            let (proposal, why, officer) = (id.clone(), "seen".to_owned(), two.clone());
            (ApproveDesignation { proposal, why, officer, is_synthetic: true }, two.clone())
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
        self.pass(7);
        let settled = self.give(vec![(Settle { now: self.now }, Actor::console())]);
        assert_eq!(settled[0].in_force, rows.len() as u64);
        assert!(rows.len() as i64 <= SETTLED_MAX);
        drawn
    }
}
