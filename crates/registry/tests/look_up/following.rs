//! What two clients are told of random lives, held against how the answers to their questions change.

use crate::place::Place;
use crate::subscriptions::{all, end, read_on, subscribe_once};
use crate::*;
use proptest::prelude::*;
use registry::queries::{EVENT_ROWS_MAX, SubscriptionEvent};
use registry::subscription::TOLD_DAYS;
use std::collections::BTreeMap;

const PEOPLE: [&str; 4] = [WITHOUT, "cpr:6101701234", "p:1000000011", "p:1000000012"];
const ACCOUNTS: [&str; 3] = ["0040-101", "0040-102", "0041-103"];

#[derive(Clone, Debug)]
enum Act {
    /// What becomes of somebody's account, by a number that says which it is.
    Account(usize, u8, usize),
    /// Somebody dies, or was not dead.
    Dies(usize),
    /// A bank proposes another account, or takes that back.
    Proposes(usize),
    /// The public payer, or the lender, subscribes to somebody for so many days.
    Subscribes(bool, usize, i64),
    /// It ends one of them.
    Ends(bool, usize),
    /// So many days pass.
    Waits(i64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 0..PEOPLE.len();
    let act = prop_oneof![
        6 => (who.clone(), 0..5u8, 0..ACCOUNTS.len()).prop_map(|(who, what, account)| Act::Account(who, what, account)),
        1 => (0..2usize).prop_map(Act::Dies),
        2 => who.clone().prop_map(Act::Proposes),
        4 => (any::<bool>(), who, 1..=14i64).prop_map(|(public, who, days)| Act::Subscribes(public, who, days)),
        1 => (any::<bool>(), 0..8usize).prop_map(|(public, which)| Act::Ends(public, which)),
        2 => (1..5i64).prop_map(Act::Waits),
    ];
    prop::collection::vec(act, 1..60)
}

/// What the test believes of a payee.
#[derive(Clone, Default)]
struct Life {
    is_dead: bool,
    /// The account and whether it is frozen; the inner none, where it was closed.
    account: Option<Option<(usize, bool)>>,
    /// The proposal that waits, and since when.
    pending: Option<(String, i64)>,
}

impl Life {
    /// What a look-up would answer: a word, and the account that can be paid to.
    fn answer(&self) -> (&'static str, Option<usize>) {
        match self.account {
            _ if self.is_dead => ("dead", None),
            None => ("none", None),
            Some(None) => ("closed", None),
            Some(Some((_, true))) => ("frozen", None),
            Some(Some((account, false))) => ("payable", Some(account)),
        }
    }

    /// What whoever follows it is told of the step to another answer.
    fn told(&self, next: &Self) -> Option<&'static str> {
        let ((before, former), (after, account)) = (self.answer(), next.answer());
        if (before, former) == (after, account) {
            return None;
        }
        let is_new = self.account != next.account && self.account.flatten().map(|(account, _)| account) != account;
        Some(match (after, is_new) {
            ("none", _) => return None,
            ("payable", true) if self.account.is_none() => "registered",
            ("payable", true) => "changed",
            (word, _) => word,
        })
    }
}

struct Believed {
    id: String,
    is_public: bool,
    who: usize,
    until: i64,
    is_ended: bool,
}

struct Model {
    place: Place,
    lives: Vec<Life>,
    believed: Vec<Believed>,
    /// What each client must have been told: what, of whom, when, and by which of the above.
    told: BTreeMap<bool, Vec<(&'static str, usize, i64)>>,
    /// What each was told, as it read on, and where it is.
    read: BTreeMap<bool, (Vec<SubscriptionEvent>, Option<i64>)>,
    chance: u32,
}

impl Model {
    fn new() -> Self {
        let mut place = nation();
        let population = Population { vault: place.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let person = format!("{}\n6101701234,Anna,,,,,active,,\n", Population::HEADER.join(","));
        place.import(&population, person.as_bytes());
        let lives = vec![Life::default(); PEOPLE.len()];
        Self { place, lives, believed: vec![], told: BTreeMap::new(), read: BTreeMap::new(), chance: 0 }
    }

    fn client(is_public: bool) -> Client {
        let lender = || Client { actor: Actor::client(Role::PrivatePayer, "lender"), ..client(Role::PrivatePayer) };
        if is_public { client(Role::PublicPayer) } else { lender() }
    }

    fn actor(is_public: bool) -> Actor {
        Self::client(is_public).actor
    }

    /// What is told now of a step, to whoever follows it. To the lender it is less.
    fn tells(&mut self, who: usize, event: &'static str, was_payable: bool) {
        let now = self.place.now;
        for is_public in [true, false] {
            let is_live =
                |one: &&Believed| one.is_public == is_public && one.who == who && !one.is_ended && now < one.until;
            if self.believed.iter().find(is_live).is_none() {
                continue;
            }
            let event = match (is_public, event) {
                (true, event) | (false, event @ "changed") => event,
                (false, "registered" | "payable") => "payable",
                (false, "pending" | "pending_ended") => continue,
                (false, _) if was_payable => "not_payable",
                (false, _) => continue,
            };
            self.told.entry(is_public).or_default().push((event, who, now));
        }
    }

    fn steps(&mut self, who: usize, next: Life) {
        let former = std::mem::replace(&mut self.lives[who], next);
        if let Some(event) = former.told(&self.lives[who]) {
            self.tells(who, event, former.answer().0 == "payable");
        }
    }

    /// The row that asks for it, and what becomes of the payee, if it can be done.
    fn row(&self, who: usize, what: u8, account: usize) -> Option<(String, Life)> {
        let life = &self.lives[who];
        let (payee, named) = (PEOPLE[who], ACCOUNTS[account]);
        if life.pending.is_some() {
            return None;
        }
        let is = |account| Life { account: Some(account), ..life.clone() };
        Some(match (what, life.account.flatten()) {
            (0 | 1, None) if !life.is_dead => {
                (format!("register,{payee},{named},,none,,,"), is(Some((account, false))))
            }
            (0 | 1, Some((current, false))) if !life.is_dead && current != account => {
                (format!("change,{payee},{named},,{},,,", ACCOUNTS[current]), is(Some((account, false))))
            }
            (2, Some((_, false))) => (format!("close,{payee},,,,,,"), is(None)),
            (3, Some((current, false))) => (format!("freeze,{payee},,,,,,"), is(Some((current, true)))),
            (_, Some((current, true))) => (format!("unfreeze,{payee},,,,,,"), is(Some((current, false)))),
            _ => return None,
        })
    }

    /// Several rows of one file, in one entry.
    fn accounts(&mut self, acts: &[(usize, u8, usize)]) {
        let (mut rows, mut steps) = (Vec::new(), Vec::new());
        let before = self.lives.clone();
        for (who, what, account) in acts {
            if let Some((row, next)) = self.row(*who, *what, *account) {
                rows.push(row);
                steps.push((*who, next.clone()));
                self.lives[*who] = next;
            }
        }
        self.lives = before;
        let count = rows.len() as u64;
        // The same file twice is one file: a row that is refused makes each another.
        rows.push(format!("wrong,{},,,,,,", self.place.now));
        assert_eq!(self.place.accounts(&Channel::Operator, &rows).0.changed, count, "{rows:?}");
        for (who, next) in steps {
            self.steps(who, next);
        }
    }

    fn dies(&mut self, who: usize) {
        let next = Life { is_dead: !self.lives[who].is_dead, ..self.lives[who].clone() };
        if next.pending.is_some() {
            return;
        }
        let vault = self.place.writer.store.vault().clone();
        let status = if next.is_dead { "dead" } else { "active" };
        // Any other name makes it another file.
        let (number, name) = (&PEOPLE[who][4..], self.place.now);
        let file = format!("{}\n{number},N{name},,,,,{status},,\n", Population::HEADER.join(","));
        self.place.import(&Population { vault, refuse_replacement_numbers: false }, file.as_bytes());
        self.steps(who, next);
    }

    fn proposes(&mut self, who: usize) {
        let actor = Actor::client(Role::Bank, "south");
        let south = Channel::Bank("South".to_owned());
        self.place.now += 1000;
        self.chance += 1000;
        let env = Env::new(Timestamp::from_micros(self.place.now), self.chance);
        let life = self.lives[who].clone();
        match &life.pending {
            Some((proposal, _)) => {
                let cancel =
                    CancelDesignation { proposal: proposal.clone(), actor: actor.clone(), channel: Some(south) };
                assert_eq!(self.place.writer.execute(&cancel, &actor, &env).unwrap().state, "cancelled");
                self.lives[who].pending = None;
                self.tells(who, "pending_ended", true);
            }
            None if life.answer().0 == "payable" => {
                let row = self.place.read(&format!("change,{},1020-9,,,,,,user_request,netbank", PEOPLE[who]));
                let hold = Unexpected::Hold;
                let request = ChangeAccounts::new(actor.clone(), south, vec![row], hold, None).unwrap();
                let given = [(request, &actor, &env)];
                let mut answers = self.place.writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
                match answers.remove(0).unwrap().remove(0) {
                    ChangeAnswer::Held(name) => self.lives[who].pending = Some((name, self.place.now)),
                    answer => panic!("{answer:?}"),
                }
                self.tells(who, "pending", true);
            }
            None => {}
        }
    }

    fn subscribes(&mut self, is_public: bool, who: usize, days: i64) {
        let until = self.place.now + days * DAY;
        let account = if is_public { None } else { Some(ACCOUNTS[0]) };
        let (client, asked) = (Self::client(is_public), [(PEOPLE[who], account)]);
        match subscribe_once(&mut self.place, client, LegalPurpose::Payment, days, &asked, None) {
            Ok(begun) => {
                let id = begun[0].id.clone();
                self.believed.push(Believed { id, is_public, who, until, is_ended: false });
            }
            Err(refused) => assert_eq!(refused.code, "allowance.exhausted"),
        }
    }

    fn ends(&mut self, is_public: bool, which: usize) {
        let own: Vec<usize> = (0..self.believed.len()).filter(|at| self.believed[*at].is_public == is_public).collect();
        let Some(at) = own.get(which % own.len().max(1)) else { return };
        let Believed { id, is_ended, until, .. } = &self.believed[*at];
        let is_told = !is_ended && self.place.now - TOLD_DAYS * DAY < *until;
        let id = id.clone();
        assert_eq!(end(&mut self.place, &Self::actor(is_public), &[&id]), Ok(usize::from(is_told)));
        self.believed[*at].is_ended = true;
    }

    fn waits(&mut self, days: i64) {
        // Nobody decides about what waits: it is taken back before it lapses.
        for who in 0..PEOPLE.len() {
            if self.lives[who].pending.as_ref().is_some_and(|(_, since)| self.place.now - since > 20 * DAY) {
                self.proposes(who);
            }
        }
        self.place.now += days * DAY;
    }

    /// What each client reads on from where it is.
    fn read(&mut self, events: usize, rows: usize) {
        for is_public in [true, false] {
            let actor = Self::actor(is_public);
            let after = self.read.get(&is_public).and_then(|(_, after)| *after);
            let (told, reached) = read_on(&mut self.place, &actor, after, events, rows);
            // The same again from there.
            assert_eq!(read_on(&mut self.place, &actor, after, 1000, EVENT_ROWS_MAX).0, told);
            let read = self.read.entry(is_public).or_default();
            read.0.extend(told);
            read.1 = reached;
        }
    }

    fn check(&mut self) {
        for is_public in [true, false] {
            let (read, _) = self.read.get(&is_public).cloned().unwrap_or_default();
            let expected = self.told.get(&is_public).cloned().unwrap_or_default();
            let words = |told: &SubscriptionEvent| (told.event, told.payee.clone());
            let believed: Vec<_> = expected.iter().map(|(event, who, _)| (*event, PEOPLE[*who].to_owned())).collect();
            assert_eq!(read.iter().map(words).collect::<Vec<_>>(), believed, "public: {is_public}");
            assert!(read.is_sorted_by(|one, next| one.id < next.id), "{read:?}");
            let text = serde_json::to_string(&read).unwrap();
            for account in ACCOUNTS.iter().chain(&["1020-9"]) {
                let digits = account.split('-').next_back().unwrap();
                let iban = format!("{}{digits:0>10}", &account[..4]);
                assert!(!text.contains(&iban) && !text.contains(account), "{account} is told: {text}");
            }
            // Whoever reads all of it only now is told what is told still: the same, by the same names.
            let (now, believed) = (self.place.now, &self.believed);
            let is_told = |event: &&SubscriptionEvent| {
                let recorded = Timestamp::parse(&event.recorded).unwrap().micros();
                let since = Timestamp::parse(&event.recorded).unwrap();
                believed.iter().any(|one| {
                    one.is_public == is_public
                        && PEOPLE[one.who] == event.payee
                        && !one.is_ended
                        && recorded < one.until
                        && now - TOLD_DAYS * DAY < one.until
                        && began(&one.id) < since.micros()
                })
            };
            let expected: Vec<_> = read.iter().filter(is_told).map(|told| (&told.id, told.event)).collect();
            let late = all(&mut self.place, &Self::actor(is_public));
            assert_eq!(late.iter().map(|told| (&told.id, told.event)).collect::<Vec<_>>(), expected);
        }
        self.place.verify();
    }
}

/// The moment in an id, in microseconds.
fn began(id: &str) -> i64 {
    (kernel::Id::<()>::parse_name(id).unwrap().number() >> 21) * 1000
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_client_is_told_exactly_how_the_answers_change_that_it_follows(
        acts in acts(),
        events in 1..4usize,
        rows in 1..7usize,
        together in 1..4usize,
    ) {
        let mut model = Model::new();
        let is_account = |act: &Act| matches!(act, Act::Account(..));
        for run in acts.chunk_by(|one, next| is_account(one) && is_account(next)).flat_map(|run| run.chunks(together)) {
            let rows_of_file: Vec<(usize, u8, usize)> = run.iter().filter_map(|act| match act {
                Act::Account(who, what, account) => Some((*who, *what, *account)),
                _ => None,
            }).collect();
            match &run[0] {
                Act::Account(..) => model.accounts(&rows_of_file),
                Act::Dies(who) => model.dies(*who),
                Act::Proposes(who) => model.proposes(*who),
                Act::Subscribes(is_public, who, days) => model.subscribes(*is_public, *who, *days),
                Act::Ends(is_public, which) => model.ends(*is_public, *which),
                Act::Waits(days) => model.waits(*days),
            }
            model.read(events, rows);
        }
        model.check();
    }
}
