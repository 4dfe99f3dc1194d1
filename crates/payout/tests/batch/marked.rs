//! Payments to an account that is marked wait until the mark ends.

use crate::onward::{ELSEWHERE, ONWARD};
use crate::place::*;
use crate::returning::Back;
use denmark::Account;
use jiff::civil::{Date, date};
use kernel::{Actor, Env, Id, Secrets, Timestamp, Writer};
use payout::commands::{LetGo, TakeIn, Upload};
use registry::commands::{
    AcknowledgeSuspicion, Approve, CloseSuspicion, Propose, ReportSuspicion, SetControls, Suspected,
};
use registry::control_change::ControlChange;
use registry::mark::MarkChange;
use registry::suspicion::{Finding, Reason, Source};
use std::marker::PhantomData;
use std::sync::Mutex;

const DAY: i64 = 86_400;
const FAR: Date = date(2027, 3, 31);
/// Anna's.
const MULE: &str = "0040-440116243";

/// Gives commands as officers, each in its own moment.
struct Officers<'w> {
    writer: &'w mut Writer,
    now: Timestamp,
    commands: u32,
}

impl Officers<'_> {
    fn run<C: kernel::Command>(&mut self, command: &C, actor: &Actor) -> C::Output {
        self.commands += 1;
        let now = Timestamp::from_micros(self.now.micros() + i64::from(self.commands));
        self.writer.execute(command, actor, &Env::new(now, 7000 + self.commands)).unwrap()
    }

    /// Two agree that an account is a mule's, and two others mark it.
    fn mark(&mut self, account: &str, until: Date) -> String {
        let [rita, sven] = ["rita", "sven"].map(Actor::operator);
        let (suspected, reason) = (Suspected::Account(Account::parse(account).unwrap()), Reason::Mule);
        let (from, text) = (Source::Police, "A mule's".to_owned());
        let report = ReportSuspicion { actor: rita.clone(), from, suspected, reason, text, once: None };
        let suspicion = self.run(&report, &rita).id;
        let look = AcknowledgeSuspicion { suspicion: suspicion.clone(), officer: sven.clone(), is_synthetic: false };
        self.run(&look, &sven);
        let (finding, why, officer) = (Finding::Confirmed, "It is".to_owned(), sven.clone());
        let close = CloseSuspicion { suspicion: suspicion.clone(), finding, why, officer, is_synthetic: false };
        self.run(&close, &sven);
        self.agree(MarkChange::Set { suspicion: Id::parse_name(&suspicion).unwrap(), until })
    }

    fn agree(&mut self, change: MarkChange) -> String {
        let [anna, bo] = ["anna", "bo"].map(Actor::operator);
        let (reason, officer) = ("so".to_owned(), anna.clone());
        let proposed = self.run(&Propose { subject: change, reason, officer, is_synthetic: false }, &anna).id;
        let (motion, officer) = (proposed.clone(), bo.clone());
        self.run(&Approve::<MarkChange> { motion, officer, is_synthetic: false, about: PhantomData }, &bo);
        proposed
    }
}

fn officers(place: &mut Place) -> Officers<'_> {
    let commands = place.env().now.micros() as u32 % 1000;
    Officers { now: place.now, writer: &mut place.writer, commands }
}

/// How a file writes Anna's account: not, or in two ways.
const WRITTEN: [(&str, &str); 3] =
    [("", "routed"), ("<IBAN>DK5000400440116243</IBAN>", "passed"), ("<Othr><Id>00400440116243</Id></Othr>", "passed")];

/// A file that pays to her, and so.
fn to_anna(written: &str) -> String {
    let xml = file("MSG-1", &[vec![(ANNA, 100), (BO, 200)]]);
    let account = format!("</Cdtr><CdtrAcct><Id>{written}</Id></CdtrAcct></CdtTrfTxInf>");
    if written.is_empty() { xml } else { xml.replacen("</Cdtr></CdtTrfTxInf>", &account, 1) }
}

#[test]
fn payments_to_a_marked_account_wait_until_two_people_end_the_mark() {
    for (written, gone) in WRITTEN {
        let mut place = Place::new();
        let mark = officers(&mut place).mark(MULE, FAR);
        place.now = Timestamp::from_micros(place.now.micros() + DAY * 1_000_000);
        let batch = place.route(PLAIN, &to_anna(written), false).batch;
        assert_eq!(place.told(&batch), ["marked mark_ended", "routed"], "{written}");
        assert!(place.settle().is_empty(), "nothing has ended");
        officers(&mut place).agree(MarkChange::End { mark: Id::parse_name(&mark).unwrap() });
        assert_eq!(place.settle(), std::slice::from_ref(&batch));
        assert_eq!(place.told(&batch)[0], gone);
        place.verify();
    }
}

#[test]
fn a_mark_ends_by_itself_after_its_last_day() {
    let mut place = Place::new();
    let last = denmark::calendar::copenhagen_date(place.now.to_jiff()).tomorrow().unwrap();
    officers(&mut place).mark(MULE, last);
    let batch = place.route(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100)]]), false).batch;
    place.now = Timestamp::from_micros(place.now.micros() + DAY * 1_000_000);
    assert!(place.settle().is_empty(), "its last day");
    place.now = Timestamp::from_micros(place.now.micros() + DAY * 1_000_000);
    assert_eq!(place.settle(), [batch]);
    place.verify();
}

#[test]
fn what_waits_to_be_released_waits_on_where_the_account_is_marked_meanwhile() {
    for (written, _) in WRITTEN {
        let mut place = Place::new();
        let batch = place.route(PUBLIC, &to_anna(written), true).batch;
        officers(&mut place).mark(MULE, FAR);
        place.let_go(&batch, LetGo::Ask, true, &Actor::console()).unwrap();
        assert_eq!(place.told(&batch), ["marked mark_ended", "routed"], "{written}");
        place.verify();
    }
}

#[test]
fn what_would_go_to_a_marked_waiting_account_waits_as_any_other_does() {
    let mut place = crate::onward::place();
    let to_both = |id: &str| file(id, &[vec![(ANNA, 100), (WITHOUT, 200)]]);
    let before = place.route(ONWARD, &to_both("MSG-1"), false).batch;
    let waits = place.route(ONWARD, &to_both("MSG-2"), true).batch;
    let mark = officers(&mut place).mark(ELSEWHERE, FAR);
    // What lies there already lies there.
    assert_eq!(place.told(&before), ["routed", "waiting"]);
    let routed = place.route(ONWARD, &to_both("MSG-3"), false);
    let uploaded = place.uploaded(ONWARD, &to_both("MSG-4"));
    place.release(&waits, true);
    for batch in [&routed.batch, &uploaded, &waits] {
        assert_eq!(place.told(batch), ["routed", "marked mark_ended"]);
    }
    assert!(!std::fs::read_to_string(routed.completed.unwrap()).unwrap().contains(ELSEWHERE));
    assert!(place.settle().is_empty(), "nothing has ended");
    place.verify();
    officers(&mut place).agree(MarkChange::End { mark: Id::parse_name(&mark).unwrap() });
    assert_eq!(place.settle().len(), 3);
    for batch in [&routed.batch, &uploaded, &waits] {
        assert_eq!(place.told(batch), ["routed", "waiting"]);
    }
    place.verify();
}

#[test]
fn what_comes_back_does_not_go_on_to_a_marked_waiting_account() {
    let returned = |place: &mut Place, last: Date, days: i64| {
        let batch = place.uploaded(ONWARD, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 200)]]));
        officers(place).mark(ELSEWHERE, last);
        place.now = Timestamp::from_micros(place.now.micros() + days * DAY * 1_000_000);
        let back = [Back("1", "E0", "1.00", "1.00", "MS03", "0040-440116243")];
        assert_eq!(crate::onward::import(place, "R-1", &back).booked, 1);
        place.verify();
        batch
    };
    let last = denmark::calendar::copenhagen_date(NOW.to_jiff()).tomorrow().unwrap();
    for (days, became) in [(1, "returned"), (2, "waiting")] {
        let mut place = crate::onward::place();
        let batch = returned(&mut place, last, days);
        assert_eq!(place.told(&batch), [became, "waiting"], "{days}");
    }
    // Whose it is are paid from there all the same, and reminded that it lies there.
    let mut place = crate::onward::place();
    let batch = returned(&mut place, FAR, 31);
    assert_eq!(crate::onward::reminders(&mut place).len(), 1);
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,,,,"));
    assert_eq!(crate::onward::pay(&mut place, &batch).len(), 1);
    assert_eq!(place.told(&batch), ["returned", "routed"]);
    place.verify();
}

#[test]
fn what_comes_while_a_file_is_made_holds_what_was_resolved_already() {
    let check = |(payer, xml): (&str, &str), expected: [&str; 2], meanwhile: &(dyn Fn(&mut Officers<'_>) + Sync)| {
        let mut place = crate::onward::place();
        place.designate(&format!("change,cpr:{BO},9860-77,,,,,"));
        let (actor, env, now) = (client(payer), place.env(), place.now);
        let mut upload = Upload::begin(&mut place.writer, payer, &actor, &env).unwrap();
        send(&mut place.writer, &mut upload, [xml.as_bytes()].into_iter(), now).unwrap();
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
        let store = kernel::Store::open(place.store.location(), &place.folder.path().join("key"), &migrations).unwrap();
        let other = Mutex::new((store.writer(Secrets::from_system()).unwrap(), 0));
        let clock = || {
            let (writer, calls) = &mut *other.lock().unwrap();
            *calls += 1;
            // The first time what has come is staged, and the second what was resolved.
            if *calls == 2 {
                meanwhile(&mut Officers { writer, now, commands: 0 });
            }
            now
        };
        let how = TakeIn { hold_all: false, key: None, clock: &clock };
        let taken = upload.end(&mut place.writer, &how, &actor, &env).unwrap().unwrap();
        assert!(other.lock().unwrap().1 >= 3, "it was resolved, staged and accepted");
        assert_eq!(place.told(&taken.batch), expected, "{xml}");
        place.verify();
    };
    for (written, _) in WRITTEN {
        check((PUBLIC, &to_anna(written)), ["marked mark_ended", "routed"], &|officers| drop(officers.mark(MULE, FAR)));
    }
    let elsewhere = file("MSG-1", &[vec![(WITHOUT, 100), (BO, 200)]]);
    check((ONWARD, &elsewhere), ["marked mark_ended", "routed"], &|officers| drop(officers.mark(ELSEWHERE, FAR)));
    check((PUBLIC, &to_anna(WRITTEN[1].0)), ["passed", "routed"], &|officers| drop(officers.mark("0040-77", FAR)));
    let change = ControlChange::new(Some("2015"), &["hold_after_change=2".to_owned()]).unwrap();
    let control = SetControls { change, is_synthetic: true };
    check((PUBLIC, &to_anna("")), ["routed", "recent_change time"], &|officers| {
        let _ = officers.run(&control, &Actor::console());
    });
}
