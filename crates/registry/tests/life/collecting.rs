//! Accounts to which the money of many payees goes: how many they have had, held against a model that knows nothing of the store; and
//! what becomes of them.

use crate::place::Place;
use denmark::calendar::copenhagen_date;
use denmark::{Account, Cvr};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Statement, Timestamp};
use proptest::prelude::*;
use registry::account::DesignatedAccount;
use registry::collecting::Window;
use registry::collector::Collector;
use registry::commands::{
    AddPayer, Approve, Draw, DrawReviews, Drawn, LeaveAlone, OpenReviews, Propose, RemindCollectors, Subject,
    SuspectAccount, has_unreviewed, watch_accounts,
};
use registry::designation::Channel;
use registry::import::{Companies, Source};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::policy;
use registry::queries::{self, Payees, ReviewView, account_payees};
use registry::watch::{Against, Notes, Watched, Whom};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

const DAY: i64 = 86_400_000_000;
/// Noon in Denmark, on 26 November 2026: the same day everywhere.
const BEGIN: i64 = 1_795_690_800_000_000;
const ACCOUNTS: [&str; 3] = ["0040-1", "0041-2", "1020-3"];

fn payee(number: usize) -> String {
    format!("p:{}", 1_000_000_000 + number)
}

fn account(text: &str) -> Account {
    Account::parse(text).unwrap()
}

fn designated(text: &str) -> DesignatedAccount {
    let Account::Danish(account) = account(text) else { panic!("{text}") };
    DesignatedAccount::from_text(&format!("{} DKK", account.to_text())).unwrap()
}

fn now(place: &Place) -> Timestamp {
    Timestamp::from_micros(place.now)
}

fn today(place: &Place) -> Date {
    copenhagen_date(now(place).to_jiff())
}

fn env(place: &mut Place) -> Env {
    // Ids are given by the millisecond.
    place.now += 1_000;
    Env::new(now(place), 0)
}

/// A store in which nothing is demanded but that accounts have no more payees than so many.
fn place(limits: [u16; 3]) -> Place {
    let mut place = Place::new();
    place.now = BEGIN;
    let [days_3, days_30, months_6] = limits;
    let limits = [
        "names_replaced=on".to_owned(),
        "collector_register=on".to_owned(),
        format!("payees_3_days={days_3}"),
        format!("payees_30_days={days_30}"),
        format!("payees_6_months={months_6}"),
    ];
    place.control("2015", &limits.each_ref().map(String::as_str));
    place
}

fn register(place: &mut Place, number: usize, account: &str) {
    assert_eq!(place.change(&Channel::Operator, &format!("register,{},{account},,,,,", payee(number))).changed, 1);
}

fn leave(place: &mut Place, number: usize) {
    assert_eq!(place.change(&Channel::Operator, &format!("close,{},,,,,,", payee(number))).changed, 1);
}

fn watched(place: &mut Place) -> Watched {
    let now = now(place);
    Watched::recall(&mut place.writer, now).unwrap()
}

/// Whether payments to an account wait, as the process that has gone on with the store knows it, and as one does that has just begun.
fn is_held(place: &mut Place, account: &str) -> bool {
    let (now, account) = (now(place), designated(account));
    let held = watched(place).against(&account);
    let fresh = place.writer.read(|scope| Watched::load(scope, now)).unwrap();
    assert_eq!(fresh.against(&account), held, "what is remembered is so");
    held.is_some()
}

/// What the payments of a batch come to.
struct Pay(Notes);

impl Command for Pay {
    const OPERATION: Operation = policy::ADD_PAYER;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![()], serde_json::json!({}), ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.0.save(scope, entry)
    }
}

/// Pays to an account, as a batch does: whether it was noted.
fn pay(place: &mut Place, whom: Whom, account: &str) -> bool {
    let mut notes = Notes::default();
    let noted = watched(place).look(&designated(account)).noted;
    if let Some(key) = noted {
        notes.pays(key, whom);
        notes.pays(key, whom);
    }
    let env = env(place);
    place.writer.execute(&Pay(notes), &Actor::console(), &env).unwrap();
    noted.is_some()
}

/// So many payments to an account are held, of one file.
fn hold(place: &mut Place, payments: usize, account: &str) {
    let mut notes = Notes::default();
    let looked = watched(place).look(&designated(account));
    assert_eq!(looked.against, Some(Against::Collecting));
    let key = looked.noted.unwrap();
    for number in 0..payments {
        let payee = PayeeId::parse(&payee(number)).unwrap().key(place.writer.store.vault());
        notes.holds(key, Whom::Registered(payee));
    }
    let env = env(place);
    place.writer.execute(&Pay(notes), &Actor::console(), &env).unwrap();
}

/// What the longest window cost: reviews that were decided, and found nothing; payments that were held, and held wrongly.
fn cost(place: &mut Place) -> (u64, u64, u64, u64) {
    let console = Actor::console();
    let shown = place.writer.read(|scope| queries::costs(scope, &console, None)).unwrap();
    let cost = shown.controls.into_iter().find(|control| control.control == "payees_6_months").unwrap().cost;
    (cost.met, cost.let_go_on, cost.payments_held, cost.held_wrongly)
}

fn counted(place: &mut Place, text: &str) -> [[u64; 3]; 2] {
    let (console, now, account) = (Actor::console(), now(place), account(text));
    let found = place.writer.read(|scope| account_payees(scope, &console, &account, now)).unwrap();
    found.map(|Payees { days_3, days_30, months_6 }| [days_3, days_30, months_6])
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Act {
    /// One of the payees has one of the accounts from now on, by default or for a benefit.
    Point(usize, usize, bool),
    /// They have none by default any more.
    Close(usize),
    Freeze(usize),
    /// They are paid to the account that they have.
    Pay(usize),
    /// A file names somebody beside one of the accounts.
    Name(usize, usize),
    /// Time goes by, in hours.
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let (who, is_specific) = (|| 0..7_usize, || prop::bool::weighted(0.2));
    prop_oneof![
        8 => (who(), 0..ACCOUNTS.len(), is_specific()).prop_map(|(who, account, is)| Act::Point(who, account, is)),
        3 => who().prop_map(Act::Close),
        1 => who().prop_map(Act::Freeze),
        5 => who().prop_map(Act::Pay),
        3 => (who(), 0..ACCOUNTS.len()).prop_map(|(name, account)| Act::Name(name, account)),
        4 => prop_oneof![1..30_i64, 24..24 * 40_i64, Just(24 * 183_i64)].prop_map(Act::Wait),
    ]
}

/// What is believed, as one would write it on paper.
#[derive(Default)]
struct Believed {
    /// Whose account is which, by default and for a benefit, and whether it is frozen.
    has: BTreeMap<(usize, bool), (usize, bool)>,
    /// Who left which account, and when.
    left: Vec<(usize, usize, i64)>,
    /// To which account who was paid, when last. Whom files name come after the payees.
    paid: BTreeMap<(usize, usize), i64>,
}

/// Whom a file names, after so many payees.
const NAMED: usize = 100;

impl Believed {
    fn pointing(&self, account: usize, now: i64) -> [u64; 3] {
        [3, 30, 183].map(|days| {
            let has = self.has.iter().filter(|(_, (has, _))| *has == account).map(|((who, _), _)| *who);
            let is_within = |until: i64| until > now - days * DAY;
            let left = self.left.iter().filter(|(_, left, until)| *left == account && is_within(*until));
            let paid = self.paid.iter().filter(|((paid, _), at)| *paid == account && is_within(**at));
            let all = has.chain(left.map(|(who, ..)| *who)).chain(paid.map(|((_, who), _)| *who));
            all.collect::<BTreeSet<_>>().len() as u64
        })
    }

    fn paid(&self, account: usize, now: i64) -> [u64; 3] {
        [3, 30, 183].map(|days| {
            self.paid.iter().filter(|((paid, _), at)| *paid == account && **at > now - days * DAY).count() as u64
        })
    }

    fn leaves(&mut self, who: usize, is_specific: bool, now: i64) {
        if let Some((account, _)) = self.has.remove(&(who, is_specific)) {
            self.left.push((who, account, now));
        }
    }
}

fn row(action: &str, who: usize, account: &str, expects: &str, is_specific: bool) -> String {
    let purpose = if is_specific { "Authority,NKSBOS" } else { "," };
    format!("{action},{},{account},,{expects},,{purpose}", payee(who))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever becomes of accounts, the store counts as somebody does who has written everything down.
    #[test]
    fn the_counters_are_those_of_whoever_writes_everything_down(acts in prop::collection::vec(act(), 1..60)) {
        const LIMITS: [u64; 3] = [3, 4, 5];
        let mut place = place(LIMITS.map(|limit| limit as u16));
        let agreement = Agreement {
            name: "Authority".to_owned(),
            cvr: Cvr::parse("13748136").unwrap(),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: None,
            terms: registry::terms::Terms::default(),
        };
        let start = env(&mut place);
        place.writer.execute(&AddPayer { agreement }, &Actor::console(), &start).unwrap();
        let mut believed = Believed::default();
        for act in acts {
            let mut touched = BTreeSet::new();
            match act {
                Act::Wait(hours) => {
                    place.now += hours * DAY / 24;
                    let now = now(&place);
                    watch_accounts(&mut place.writer, now).unwrap();
                    // Time alone takes payees away, and that is seen every day.
                    if hours >= 24 {
                        touched.extend(0..ACCOUNTS.len());
                    }
                }
                Act::Point(who, to, is_specific) => {
                    let former = believed.has.get(&(who, is_specific)).copied();
                    // Whose specific account is to be another one, their authority has to ask for it.
                    if former.is_some_and(|(account, is_frozen)| account == to || is_frozen || is_specific) {
                        continue;
                    }
                    let (action, expects) = former.map_or(("register", ""), |(from, _)| ("change", ACCOUNTS[from]));
                    let row = row(action, who, ACCOUNTS[to], expects, is_specific);
                    prop_assert_eq!(place.change(&Channel::Operator, &row).changed, 1, "{}", row);
                    believed.leaves(who, is_specific, place.now);
                    believed.has.insert((who, is_specific), (to, false));
                    touched.extend(former.map(|(from, _)| from).into_iter().chain([to]));
                }
                Act::Close(who) => {
                    let Some((from, false)) = believed.has.get(&(who, false)).copied() else { continue };
                    let row = row("close", who, "", "", false);
                    prop_assert_eq!(place.change(&Channel::Operator, &row).changed, 1, "{}", row);
                    believed.leaves(who, false, place.now);
                    touched.insert(from);
                }
                Act::Freeze(who) => {
                    let Some((_, is_frozen @ false)) = believed.has.get_mut(&(who, false)) else { continue };
                    let row = row("freeze", who, "", "", false);
                    prop_assert_eq!(place.change(&Channel::Operator, &row).changed, 1, "{}", row);
                    // Whose it is it stays.
                    *is_frozen = true;
                }
                Act::Pay(who) => {
                    let Some((to, _)) = believed.has.get(&(who, false)).copied() else { continue };
                    let whom = Whom::Registered(PayeeId::parse(&payee(who)).unwrap().key(place.writer.store.vault()));
                    if pay(&mut place, whom, ACCOUNTS[to]) {
                        believed.paid.insert((to, who), place.now);
                    }
                }
                Act::Name(name, to) => {
                    if pay(&mut place, Whom::Named(Blind::from_bytes([name as u8; 16])), ACCOUNTS[to]) {
                        believed.paid.insert((to, NAMED + name), place.now);
                        touched.insert(to);
                    }
                }
            }
            for (at, text) in ACCOUNTS.iter().enumerate() {
                let expected = [believed.pointing(at, place.now), believed.paid(at, place.now)];
                prop_assert_eq!(counted(&mut place, text), expected, "{}", text);
                if touched.contains(&at) {
                    let exceeded = Window::ALL.into_iter().find(|window| expected[0][*window as usize] > LIMITS[*window as usize]);
                    let watched = watched(&mut place);
                    prop_assert_eq!(watched.against(&designated(text)), exceeded.map(|_| Against::Collecting), "{}", text);
                    prop_assert_eq!(watched.is_watched(&designated(text)), expected[0][2] >= 3, "{}", text);
                }
            }
        }
        place.verify();
    }
}

#[test]
fn a_couple_is_never_watched_and_whoever_takes_turns_is_found() {
    let mut place = place([0, 6, 0]);
    register(&mut place, 0, "0040-1");
    register(&mut place, 1, "0040-1");
    assert!(!watched(&mut place).is_watched(&designated("0040-1")));
    // Never more than two at a time.
    for number in 2..7 {
        assert!(!is_held(&mut place, "0041-2"), "{number}");
        register(&mut place, number, "0041-2");
        place.now += DAY;
        leave(&mut place, number);
        place.now += DAY;
    }
    assert!(watched(&mut place).is_watched(&designated("0041-2")));
    register(&mut place, 7, "0041-2");
    assert!(!is_held(&mut place, "0041-2"));
    register(&mut place, 8, "0041-2");
    assert!(is_held(&mut place, "0041-2"));
    // Nobody has it any more, and it is not forgotten.
    leave(&mut place, 7);
    leave(&mut place, 8);
    assert!(is_held(&mut place, "0041-2"));
    assert_eq!(counted(&mut place, "0041-2")[0], [3, 7, 7]);
    place.now += 25 * DAY;
    let at = now(&place);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert!(!is_held(&mut place, "0041-2"));
    assert!(!watch_accounts(&mut place.writer, at).unwrap(), "once a day");
    place.verify();
}

#[test]
fn limits_that_come_later_find_what_was_there_before() {
    let mut place = place([0, 0, 0]);
    for number in 0..12 {
        register(&mut place, number, "0040-1");
    }
    (0..5).for_each(|number| leave(&mut place, number));
    assert!(!watched(&mut place).is_watched(&designated("0040-1")));
    let at = now(&place);
    assert!(!watch_accounts(&mut place.writer, at).unwrap(), "nothing is asked for");
    place.control("2015", &["payees_3_days=11"]);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert!(is_held(&mut place, "0040-1"));
    place.control("2015", &["payees_3_days=12"]);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert!(!is_held(&mut place, "0040-1"));
    place.control("2015", &["payees_3_days=0"]);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert!(!watched(&mut place).is_watched(&designated("0040-1")));
}

fn open(place: &mut Place) -> usize {
    let env = env(place);
    let opened = place.writer.execute(&OpenReviews { now: env.now }, &Actor::console(), &env).unwrap();
    assert!(!place.writer.read(|scope| has_unreviewed(scope, env.now)).unwrap());
    opened.opened
}

fn listed(place: &mut Place, open_only: bool) -> Vec<ReviewView> {
    let (console, now) = (Actor::console(), now(place));
    place.writer.read(|scope| queries::reviews(scope, &console, open_only, None, 10, now)).unwrap().rows
}

fn propose<S: Subject>(place: &mut Place, subject: S) -> Result<String, &'static str> {
    let (officer, env) = (Actor::operator("anna"), env(place));
    let command = Propose { subject, reason: "A family".to_owned(), officer: officer.clone(), is_synthetic: false };
    place.writer.execute(&command, &officer, &env).map(|answer| answer.id).map_err(|error| error.code())
}

fn approve<S: Subject>(place: &mut Place, motion: &str, who: &str) -> Result<(), &'static str> {
    let (officer, env) = (Actor::operator(who), env(place));
    let about = PhantomData;
    let command = Approve::<S> { motion: motion.to_owned(), officer: officer.clone(), is_synthetic: false, about };
    place.writer.execute(&command, &officer, &env).map(|_| ()).map_err(|error| error.code())
}

fn suspect(place: &mut Place, review: &str, who: &Actor) -> Result<bool, &'static str> {
    let env = env(place);
    let (review, why, officer) = (review.to_owned(), "Nobody knows them".to_owned(), who.clone());
    let command = SuspectAccount { review, why, officer, is_synthetic: false };
    place.writer.execute(&command, who, &env).map_err(|error| error.code())
}

#[test]
fn two_officers_leave_a_family_alone_until_a_day() {
    let mut place = place([0, 0, 3]);
    (0..4).for_each(|number| register(&mut place, number, "0040-1"));
    assert!(is_held(&mut place, "0040-1"));
    hold(&mut place, 3, "0040-1");
    assert_eq!((open(&mut place), open(&mut place)), (1, 0), "one review at a time");
    assert_eq!(cost(&mut place), (0, 0, 3, 0));
    let review = listed(&mut place, true).remove(0);
    assert_eq!((review.account.as_str(), review.cause, review.state), ("0040-******0001", "6_months", "open"));
    assert_eq!((review.payees.months_6, review.paid.months_6, review.held), (4, 0, 3));

    let until = today(&place) + 30.days();
    let leave_alone = |until| LeaveAlone::new(&review.id, until).unwrap();
    assert_eq!(propose(&mut place, leave_alone(until + 400.days())), Err("review.until"));
    assert_eq!(LeaveAlone::new("0000000000001", until).map(|_| ()), Ok(()));
    assert_eq!(propose(&mut place, LeaveAlone::new("0000000000001", until).unwrap()), Err("review.unknown"));
    let motion = propose(&mut place, leave_alone(until)).unwrap();
    assert_eq!(approve::<LeaveAlone>(&mut place, &motion, "anna"), Err("motion.own"));
    assert!(is_held(&mut place, "0040-1"), "one officer lets nothing go on");
    assert_eq!(approve::<LeaveAlone>(&mut place, &motion, "bo"), Ok(()));
    assert!(!is_held(&mut place, "0040-1"));
    assert!(watched(&mut place).is_watched(&designated("0040-1")));
    assert_eq!(open(&mut place), 0);
    assert_eq!(cost(&mut place), (1, 1, 3, 3), "they were held wrongly");
    let decided = listed(&mut place, false).remove(0);
    assert_eq!((decided.state, decided.until), ("left_alone", Some(until.to_string())));
    assert_eq!((decided.decided_by.as_deref(), decided.why.as_deref()), (Some("operator:bo"), Some("A family")));
    assert_eq!(propose(&mut place, leave_alone(until)), Err("motion.nothing"));

    place.now += 30 * DAY;
    assert!(!is_held(&mut place, "0040-1"));
    place.now += DAY;
    assert!(is_held(&mut place, "0040-1"), "the day has passed");
    assert_eq!(open(&mut place), 1, "somebody looks again");
    let again = listed(&mut place, true).remove(0);
    assert_ne!(again.id, review.id);

    // What one finds suspicious one may, and two others may think otherwise.
    assert_eq!(suspect(&mut place, &again.id, &Actor::console()), Err("motion.officer"));
    assert_eq!(suspect(&mut place, &again.id, &Actor::operator("bo")), Ok(true));
    assert_eq!(suspect(&mut place, &again.id, &Actor::operator("bo")), Ok(false));
    assert!(is_held(&mut place, "0040-1"));
    assert_eq!(cost(&mut place), (2, 1, 3, 3));
    assert_eq!((open(&mut place), listed(&mut place, true).len()), (0, 0));
    let until = today(&place) + 10.days();
    let motion = propose(&mut place, LeaveAlone::new(&again.id, until).unwrap()).unwrap();
    assert_eq!(approve::<LeaveAlone>(&mut place, &motion, "bo"), Ok(()));
    assert!(!is_held(&mut place, "0040-1"));
    place.verify();
}

#[test]
fn time_takes_nobodys_place_who_is_to_look_at_an_account() {
    let pass = |place: &mut Place, days: i64, expected: bool, why: &str| {
        place.now += days * DAY;
        let at = now(place);
        watch_accounts(&mut place.writer, at).unwrap();
        assert_eq!(is_held(place, "0040-1"), expected, "{why}");
        place.verify();
    };
    let leave_alone = |place: &mut Place, days: i64| {
        let review = listed(place, true).remove(0).id;
        let motion = propose(place, LeaveAlone::new(&review, today(place) + days.days()).unwrap()).unwrap();
        assert_eq!(approve::<LeaveAlone>(place, &motion, "bo"), Ok(()));
    };
    let mut place = place([3, 0, 8]);
    (0..4).for_each(|number| register(&mut place, number, "0040-1"));
    (0..3).for_each(|number| leave(&mut place, number));
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place)), (true, 1));
    pass(&mut place, 5, true, "somebody is to look at it still");
    pass(&mut place, 200, true, "however long that takes");
    place.control("2015", &["payees_3_days=4"]);
    assert_eq!(open(&mut place), 0);
    pass(&mut place, 0, true, "whatever the limit is by then");
    leave_alone(&mut place, 300);
    assert!(!is_held(&mut place, "0040-1"));
    pass(&mut place, 1, false, "it has few payees");

    // What has outgrown that it is left alone waits for another word, too.
    (10..19).for_each(|number| register(&mut place, number, "0040-1"));
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place), listed(&mut place, true).len()), (true, 1, 1));
    (10..15).for_each(|number| leave(&mut place, number));
    pass(&mut place, 190, true, "it is left alone, but with fewer");
    leave_alone(&mut place, 10);
    (15..19).for_each(|number| leave(&mut place, number));
    pass(&mut place, 20, false, "that day has passed, and it has few payees");
    assert_eq!(open(&mut place), 0);
}

#[test]
fn limits_that_were_changed_open_no_review_before_all_accounts_are_gone_through() {
    let mut place = place([3, 0, 0]);
    (0..4).for_each(|number| register(&mut place, number, "0040-1"));
    let at = now(&place);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    place.control("2015", &["payees_3_days=4"]);
    assert_eq!(open(&mut place), 0);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place)), (false, 0));
}

#[test]
fn what_is_left_alone_outgrows_that_and_what_is_suspicious_stays_so() {
    let mut place = place([0, 0, 3]);
    let leave_alone = |place: &mut Place, review: &str| {
        let until = today(place) + 300.days();
        let motion = propose(place, LeaveAlone::new(review, until).unwrap()).unwrap();
        assert_eq!(approve::<LeaveAlone>(place, &motion, "bo"), Ok(()));
        assert!(!is_held(place, "0040-1"));
    };
    (0..4).for_each(|number| register(&mut place, number, "0040-1"));
    assert_eq!(open(&mut place), 1);
    let review = listed(&mut place, true).remove(0).id;
    leave_alone(&mut place, &review);
    (4..6).for_each(|number| register(&mut place, number, "0040-1"));
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place)), (false, 0), "half as many again");
    register(&mut place, 6, "0040-1");
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place)), (true, 1));
    let again = listed(&mut place, true).remove(0).id;
    leave_alone(&mut place, &again);
    assert_eq!(open(&mut place), 0);

    assert_eq!(suspect(&mut place, &again, &Actor::operator("bo")), Ok(true));
    assert!(is_held(&mut place, "0040-1"));
    (0..7).for_each(|number| leave(&mut place, number));
    place.now += 250 * DAY;
    let at = now(&place);
    assert!(watch_accounts(&mut place.writer, at).unwrap());
    assert!(is_held(&mut place, "0040-1"), "nobody has thought otherwise");
    leave_alone(&mut place, &again);
    place.verify();
}

#[test]
fn how_closely_accounts_are_watched_is_held_against_their_payees() {
    let check = |damage: &str| {
        let mut place = place([0, 0, 4]);
        (0..5).for_each(|number| register(&mut place, number, "0040-1"));
        (5..8).for_each(|number| register(&mut place, number, "0041-2"));
        let at = now(&place);
        watch_accounts(&mut place.writer, at).unwrap();
        place.verify();
        place._store.damage("account_watch", damage);
        assert!(place.writer.read(registry::verify_directory).is_err(), "{damage}");
    };
    check("UPDATE account_watch SET level = 1");
    check("UPDATE account_watch SET level = 0");
    check("UPDATE account_watch SET level = 3");
}

#[test]
fn a_lawful_collector_passes_as_long_as_it_counts() {
    let mut place = place([3, 3, 3]);
    let header = Companies::HEADER.join(",");
    let company = format!("{header}\n13748136,Lønbureauet A/S,active,2000-01-01,Prøvevej 1,2100,København Ø,DK,\n");
    let vault = place.writer.store.vault().clone();
    let (counts, refused) = place.import(&Companies { vault }, company.as_bytes());
    assert_eq!((counts.changed, refused.len()), (1, 0));
    (0..6).for_each(|number| register(&mut place, number, "0040-1"));
    assert_eq!((is_held(&mut place, "0040-1"), open(&mut place)), (true, 1));
    let bureau = Collector {
        cvr: Cvr::parse("13748136").unwrap(),
        account: account("0040-1"),
        name: "Lønbureauet A/S".to_owned(),
        review_by: today(&place) + 20.days(),
    };
    let motion = propose(&mut place, bureau).unwrap();
    assert!(is_held(&mut place, "0040-1"));
    assert_eq!(approve::<Collector>(&mut place, &motion, "bo"), Ok(()));
    assert!(!is_held(&mut place, "0040-1"));
    assert!(!pay(&mut place, Whom::Named(Blind::default()), "0040-1"), "whom it pays is nobody's business");
    assert_eq!((open(&mut place), listed(&mut place, true).len()), (0, 0));
    assert_eq!(listed(&mut place, false)[0].state, "collector");
    let remind = |place: &mut Place| {
        let env = env(place);
        place.writer.execute(&RemindCollectors { now: env.now }, &Actor::console(), &env).unwrap()
    };
    assert_eq!((remind(&mut place), remind(&mut place)), (1, 0), "once before a review");
    let (console, at) = (Actor::console(), now(&place));
    let collectors = place.writer.read(|scope| queries::collectors(scope, &console, at)).unwrap().collectors;
    assert!(collectors[0].reminded.is_some());
    place.now += 21 * DAY;
    assert!(is_held(&mut place, "0040-1"), "nobody has looked at it again");
    assert_eq!((open(&mut place), listed(&mut place, true).len()), (0, 1), "the review is open again");
    place.verify();
}

fn draw(place: &mut Place, seed: &str, count: usize) -> Drawn {
    let (officer, env) = (Actor::operator("anna"), env(place));
    let draw =
        place.writer.read(|scope| Draw::find(scope, &officer, seed.to_owned(), count, Some(1), env.now)).unwrap();
    let command = DrawReviews { draw, officer: officer.clone(), is_synthetic: false };
    place.writer.execute(&command, &officer, &env).unwrap()
}

#[test]
fn a_draw_with_the_same_seed_is_the_same_draw() {
    let mut place = place([0, 0, 0]);
    for number in 0..30 {
        register(&mut place, number, &format!("0040-{}", 10 + number / 3));
    }
    let first = draw(&mut place, "2018", 4);
    assert_eq!((first.among, first.over, first.drawn.len()), (10, 1, 4));
    assert!(first.drawn.iter().all(|drawn| drawn.opened && drawn.payees == 3));
    let again = draw(&mut place, "2018", 4);
    assert!(again.drawn.iter().all(|drawn| !drawn.opened), "they are looked at already");
    let reviews = |drawn: &Drawn| drawn.drawn.iter().map(|drawn| drawn.review.clone()).collect::<Vec<_>>();
    assert_eq!(reviews(&first), reviews(&again));
    assert_eq!(reviews(&draw(&mut place, "2018", 2)), reviews(&first)[..2]);
    let other = draw(&mut place, "2019", 10);
    assert_eq!((other.drawn.len(), listed(&mut place, true).len()), (10, 10));
    assert_ne!(reviews(&other)[..4], reviews(&first));
    assert!(!watched(&mut place).is_watched(&designated("0040-10")), "a draw holds nothing");
    place.verify();
}

#[test]
fn who_left_is_held_against_the_histories() {
    const ANOTHER: Statement = Statement {
        name: "test.another_left",
        sql: "INSERT INTO account_left (account_key, designation, payee, until)
              SELECT account_key, 1, payee, until FROM account_left",
    };
    let mut place = place([0, 0, 0]);
    register(&mut place, 0, "0040-1");
    leave(&mut place, 0);
    place.verify();
    assert_eq!(counted(&mut place, "0040-1")[0], [1, 1, 1]);
    place.writer.connection.write(|tx| tx.run(&ANOTHER, &[])).unwrap();
    assert_eq!(place.writer.read(registry::verify_directory).unwrap_err().code(), "journal.mismatch");
}
