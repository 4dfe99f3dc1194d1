//! What is decided by four eyes, in any order of events, held against a model that knows nothing of the store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod marks;
#[path = "../import/place.rs"]
#[expect(dead_code, reason = "the tests of imports need all of it")]
mod place;

use denmark::{Account, Currency, Cvr};
use jiff::civil::date;
use kernel::{Actor, Env, Error, Id, Timestamp};
use place::Place;
use proptest::prelude::*;
use registry::account::DesignatedAccount;
use registry::collector::Collector;
use registry::commands::{
    AddContact, Approve, Carrier, EndCollector, ListWithoutAccount, MotionAnswer, Propose, Refuse, RemoveContact,
    SetControls, Subject, Withdraw,
};
use registry::contact::ContactPoint;
use registry::control_change::ControlChange;
use registry::controls::{Control, Controls};
use registry::import::{Companies, Population, Source};
use registry::motion::WAITS_DAYS;
use registry::notice::{Medium, NoticeKind};
use registry::payee::PayeeId;
use registry::queries::{controls_in_force, is_approved_collector};
use std::marker::PhantomData;

const DAY: i64 = 86_400_000_000;
const OFFICERS: [&str; 3] = ["anna", "bo", "cilla"];

fn env(now: i64) -> Env {
    // Ids that are given at one moment are kept apart by chance.
    Env::new(Timestamp::from_micros(now), (now % 1000) as u32)
}

fn change(line: &str) -> ControlChange {
    ControlChange::new(None, &[line.to_owned()]).unwrap()
}

fn code<T>(result: Result<T, Error>) -> Result<T, &'static str> {
    result.map_err(|error| error.code())
}

fn propose<S: Subject>(place: &mut Place, subject: S, who: &str) -> Result<String, &'static str> {
    let officer = Actor::operator(who);
    let command = Propose { subject, reason: "so".to_owned(), officer: officer.clone(), is_synthetic: false };
    code(place.writer.execute(&command, &officer, &env(place.now))).map(|answer| answer.id)
}

fn approving<S>(motion: &str, who: &str) -> (Approve<S>, Actor) {
    let (motion, officer) = (motion.to_owned(), Actor::operator(who));
    (Approve { motion, officer: officer.clone(), is_synthetic: false, about: PhantomData }, officer)
}

fn approve<S: Subject>(place: &mut Place, motion: &str, who: &str) -> Result<MotionAnswer, &'static str> {
    let (command, officer) = approving::<S>(motion, who);
    code(place.writer.execute(&command, &officer, &env(place.now)))
}

fn in_force(place: &mut Place) -> Controls {
    place.writer.read(controls_in_force).unwrap()
}

/// What somebody does about controls.
#[derive(Clone, Debug)]
enum Act {
    /// Proposes that an account that comes back within so many days is looked at.
    Propose(usize, u16),
    Approve(usize, prop::sample::Index),
    Refuse(usize, prop::sample::Index),
    Withdraw(usize, prop::sample::Index),
    /// Days go by.
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let (who, which) = (|| 0..OFFICERS.len(), any::<prop::sample::Index>);
    prop_oneof![
        4 => (who(), prop_oneof![Just(14), Just(21), Just(28)]).prop_map(|(who, figure)| Act::Propose(who, figure)),
        5 => (who(), which()).prop_map(|(who, which)| Act::Approve(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Act::Refuse(who, which)),
        1 => (who(), which()).prop_map(|(who, which)| Act::Withdraw(who, which)),
        1 => (1..20_i64).prop_map(Act::Wait),
    ]
}

/// A motion as it is believed to be.
struct Believed {
    id: String,
    by: usize,
    figure: u16,
    /// How many versions there were when it was made.
    base: usize,
    at: i64,
    is_ended: bool,
}

impl Believed {
    /// Why nobody ends it, whoever they are.
    fn waits(&self, now: i64) -> Result<(), &'static str> {
        if self.is_ended || now >= self.at + WAITS_DAYS * DAY { Err("motion.ended") } else { Ok(()) }
    }

    fn other(&self, who: usize) -> Result<(), &'static str> {
        if self.by == who { Err("motion.own") } else { Ok(()) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A figure changes only by an approval, by another person than who proposed it, in time, against the version that it was
    /// proposed against.
    #[test]
    fn whatever_is_done_two_people_agreed_to_what_holds(acts in proptest::collection::vec(act(), 1..40)) {
        let mut place = Place::with_default_controls();
        let mut motions: Vec<Believed> = Vec::new();
        let (mut figure, mut versions) = (28, 0);
        for act in acts {
            place.now += 1;
            let now = place.now;
            let found = |motions: &Vec<Believed>, which: &prop::sample::Index| (!motions.is_empty()).then(|| which.index(motions.len()));
            match act {
                Act::Wait(days) => place.now += days * DAY,
                Act::Propose(who, to) => {
                    let id = propose(&mut place, change(&format!("round_trip={to}")), OFFICERS[who]);
                    prop_assert_eq!(id.as_ref().err(), (to == figure).then_some(&"motion.nothing"));
                    if let Ok(id) = id {
                        motions.push(Believed { id, by: who, figure: to, base: versions, at: now, is_ended: false });
                    }
                }
                Act::Approve(who, which) => {
                    let Some(at) = found(&motions, &which) else { continue };
                    let motion = &mut motions[at];
                    let current = if motion.base == versions { Ok(()) } else { Err("motion.outdated") };
                    let expected = motion.waits(now).and(motion.other(who)).and(current);
                    let told = approve::<ControlChange>(&mut place, &motion.id, OFFICERS[who]);
                    prop_assert_eq!(told.map(|_| ()), expected);
                    if expected.is_ok() {
                        (figure, versions, motion.is_ended) = (motion.figure, versions + 1, true);
                    }
                }
                Act::Refuse(who, which) => {
                    let Some(at) = found(&motions, &which) else { continue };
                    let motion = &mut motions[at];
                    let expected = motion.waits(now).and(motion.other(who));
                    let officer = Actor::operator(OFFICERS[who]);
                    let command: Refuse<ControlChange> = Refuse {
                        motion: motion.id.clone(), why: "no".to_owned(), officer: officer.clone(), is_synthetic: false, about: PhantomData,
                    };
                    prop_assert_eq!(code(place.writer.execute(&command, &officer, &env(now))).map(|_| ()), expected);
                    motion.is_ended |= expected.is_ok();
                }
                Act::Withdraw(who, which) => {
                    let Some(at) = found(&motions, &which) else { continue };
                    let motion = &mut motions[at];
                    let expected = motion.waits(now).and(if motion.by == who { Ok(()) } else { Err("motion.not_own") });
                    let officer = Actor::operator(OFFICERS[who]);
                    let command: Withdraw<ControlChange> = Withdraw { motion: motion.id.clone(), officer: officer.clone(), about: PhantomData };
                    prop_assert_eq!(code(place.writer.execute(&command, &officer, &env(now))).map(|_| ()), expected);
                    motion.is_ended |= expected.is_ok();
                }
            }
            prop_assert_eq!(in_force(&mut place).get(Control::RoundTrip), figure);
        }
        place.verify();
    }
}

#[test]
fn of_two_approvals_at_once_one_takes_effect() {
    let mut place = Place::with_default_controls();
    place.now = 1;
    let first = propose(&mut place, change("round_trip=14"), "anna").unwrap();
    place.now = 2;
    let second = propose(&mut place, change("letter_box=30"), "bo").unwrap();
    // In one transaction each finds what the one before it did.
    let (one, two) = (approving::<ControlChange>(&first, "cilla"), approving::<ControlChange>(&second, "cilla"));
    let again = approving::<ControlChange>(&first, "bo");
    let moment = env(3);
    let told = place.writer.execute_group(|group| {
        let told = [&one, &two, &again].map(|(command, officer)| group.execute(command, officer, &moment));
        let codes = told.map(|told| told.map(|told| told.map(|_| ()).map_err(|refusal| refusal.code)));
        let [first, second, third] = codes;
        Ok([first?, second?, third?])
    });
    assert_eq!(told.unwrap(), [Ok(()), Err("motion.outdated"), Err("motion.ended")]);
    let controls = in_force(&mut place);
    assert_eq!((controls.get(Control::RoundTrip), controls.get(Control::LetterBox)), (14, 60));
    place.verify();
}

#[test]
fn one_person_sets_controls_in_a_synthetic_store_alone() {
    let mut place = Place::with_default_controls();
    let mut set = |name: &str, is_synthetic: bool, actor: Actor| {
        let command = SetControls { change: ControlChange::new(Some(name), &[]).unwrap(), is_synthetic };
        let told = code(place.writer.execute(&command, &actor, &env(1)));
        (told, in_force(&mut place))
    };
    let (former, first) = (Controls::named("2021").unwrap(), Controls::NONE);
    assert_eq!(set("2021", false, Actor::console()), (Err("store.not_synthetic"), Controls::anvis()));
    assert_eq!(set("2021", true, Actor::operator("anna")), (Err("policy.not_allowed"), Controls::anvis()));
    assert_eq!(set("2021", true, Actor::console()), (Ok(true), former));
    assert_eq!(set("2021", true, Actor::console()), (Ok(false), former));
    assert_eq!(set("2015", true, Actor::console()), (Ok(true), first));
    place.verify();
}

#[test]
fn a_collectors_account_counts_until_its_review_is_due_or_it_is_ended() {
    let mut place = Place::with_default_controls();
    let vault = place.writer.store.vault().clone();
    let companies = Companies { vault: vault.clone() };
    let rows = format!("{}\n13748136,Bureau,active,\n", Companies::HEADER.join(","));
    place.import(&companies, rows.as_bytes());
    let account = Account::parse("0040-77").unwrap();
    let Account::Danish(danish) = account else { panic!("a Danish account") };
    let key = DesignatedAccount::Domestic { account: danish, currency: Currency::parse("EUR").unwrap() }.key(&vault);
    let bureau =
        |review_by| Collector { cvr: Cvr::parse("13748136").unwrap(), account, name: "Bureau".to_owned(), review_by };
    let counts = |place: &mut Place, on: jiff::civil::Date| {
        place.writer.read(|scope| is_approved_collector(scope, &key, on)).unwrap()
    };
    let (due, after, later) = (date(1970, 6, 1), date(1970, 6, 2), date(1970, 9, 1));
    assert!(!counts(&mut place, due));
    place.now = DAY;
    let motion = propose(&mut place, bureau(due), "anna").unwrap();
    assert!(!counts(&mut place, due), "it is proposed");
    assert_eq!(approve::<Collector>(&mut place, &motion, "anna"), Err("motion.own"));
    assert_eq!(approve::<ControlChange>(&mut place, &motion, "bo"), Err("motion.unknown"));
    approve::<Collector>(&mut place, &motion, "bo").unwrap();
    assert_eq!([due, after].map(|on| counts(&mut place, on)), [true, false]);
    place.now = 2 * DAY;
    let review = propose(&mut place, bureau(later), "anna").unwrap();
    approve::<Collector>(&mut place, &review, "bo").unwrap();
    assert_eq!([after, later].map(|on| counts(&mut place, on)), [true, true]);
    let end = |id: &str, officer: Actor| {
        (EndCollector { id: id.to_owned(), officer: officer.clone(), is_synthetic: false }, officer)
    };
    place.now = 3 * DAY;
    let (command, officer) = end(&review, Actor::console());
    assert_eq!(code(place.writer.execute(&command, &officer, &env(place.now))), Err("motion.officer"));
    let (command, officer) = end(&review, Actor::operator("anna"));
    assert_eq!(code(place.writer.execute(&command, &officer, &env(place.now))), Ok((motion, true)));
    assert!(!counts(&mut place, due));
    place.verify();
}

#[test]
fn who_has_no_account_is_told_once_in_three_months() {
    let mut place = Place::with_default_controls();
    let population = Population { vault: place.writer.store.vault().clone(), refuse_replacement_numbers: false };
    let people = "6101701234,Anna,,,,,active,,\n6201701235,Bent,,,,,active,,\n6301701236,Carl,,,,,active,,\n";
    place.import(&population, format!("{}\n{people}", Population::HEADER.join(",")).as_bytes());
    // Nobody is of age before 1988.
    let list = |place: &mut Place, day: i64| {
        place.now = day * DAY;
        let actor = Actor::operator("anna");
        let command = ListWithoutAccount { actor: actor.clone(), after: None, limit: 2, remind: true };
        place.writer.execute(&command, &actor, &env(place.now)).unwrap()
    };
    let minors = list(&mut place, 1);
    assert_eq!((minors.payees.len(), minors.next), (0, None));
    let page = list(&mut place, 7000);
    assert_eq!((page.payees.len(), page.reminded, page.next.is_some()), (2, 2, true));
    assert_eq!(list(&mut place, 7001).reminded, 0);
    let told = |place: &mut Place, medium: Medium| -> Vec<(String, &str)> {
        let (carrier, now) = (Carrier { holder: Id::new(1) }, env(place.now).now);
        let taken = carrier.take(&mut place.writer, medium, now, 100).unwrap();
        let reminders = taken.into_iter().map(|(_, notice)| notice.unwrap().new);
        let reminders = reminders.filter(|new| new.kind == NoticeKind::ReminderNoAccount);
        reminders.map(|new| (new.to.reveal(), new.language.tag())).collect()
    };
    let boxes: Vec<_> = page.payees.iter().map(|of| (format!("digital_post:{}", of.payee), "da")).collect();
    assert_eq!(told(&mut place, Medium::DigitalPost), boxes);
    // Whoever has no box is written to, in their language, and nobody where they are no more.
    let all = ["cpr:6101701234", "cpr:6201701235", "cpr:6301701236"];
    let other = all.into_iter().find(|number| page.payees.iter().all(|of| of.payee != *number)).unwrap();
    let change = |place: &mut Place, adds: bool, point: &str| {
        let (actor, payee, why) = (Actor::operator("anna"), PayeeId::parse(other).unwrap(), Some("Said so".to_owned()));
        let (by, point, env) = (actor.clone(), ContactPoint::from_text(point).unwrap(), env(place.now));
        let changed = match adds {
            true => place.writer.execute(&AddContact { actor, payee, point, why }, &by, &env),
            false => place.writer.execute(&RemoveContact { actor, payee, point, why }, &by, &env),
        };
        assert!(changed.unwrap());
    };
    for point in ["letter", "english", "sms +4520304050", "sms +4520304051"] {
        change(&mut place, true, point);
    }
    place.now = 7030 * DAY;
    change(&mut place, false, "sms +4520304050");
    let actor = Actor::operator("anna");
    let command = ListWithoutAccount { actor: actor.clone(), after: None, limit: 10, remind: true };
    place.now = 7031 * DAY;
    assert_eq!(place.writer.execute(&command, &actor, &env(place.now)).unwrap().reminded, 1);
    let to = |text: String| vec![(text, "en")];
    assert_eq!(told(&mut place, Medium::Letter), to(format!("letter:{other}")));
    assert_eq!(told(&mut place, Medium::Sms), to("sms:+4520304051".to_owned()));
    let boxed = told(&mut place, Medium::DigitalPost);
    assert!(boxed.iter().all(|(to, _)| !to.ends_with(other)), "{boxed:?}");
    place.verify();
}
