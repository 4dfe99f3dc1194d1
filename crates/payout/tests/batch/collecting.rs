//! Payments to an account with too many payees wait, and go on when it has fewer or somebody has looked.

use crate::place::*;
use denmark::Account;
use kernel::failpoint::meanwhile;
use kernel::{Actor, Env, Secrets, Timestamp, Writer};
use payout::commands::{TakeIn, Upload};
use payout::queries::payments_of;
use registry::commands::{Approve, LeaveAlone, Propose, find_collecting, watch_accounts};
use registry::payer::{NoAccount, PayerKind};
use registry::queries::{account_payees, reviews};
use registry::terms::{Release, Terms};
use std::marker::PhantomData;
use std::sync::Mutex;

const DAY: i64 = 86_400;
const SHARED: &str = "0040-77";
/// The same, as a file names it.
const WRITTEN: &str = "<Othr><Id>00400000000077</Id></Othr>";

/// People with an account each has with the others, and the last of them without any.
fn place() -> (Place, Vec<String>) {
    let mut place = Place::new();
    place.control(&["payees_3_days=3"]);
    let people: Vec<String> = (65..70).map(|day| format!("{day}01701234")).collect();
    place.enter(people.iter().cloned());
    for cpr in &people[..3] {
        place.designate(&format!("register,cpr:{cpr},{SHARED},,,,,"));
    }
    (place, people)
}

fn states(place: &mut Place, payer: &str, batch: &str) -> Vec<String> {
    let now = place.now;
    let page = payments_of(&mut place.writer, (payer, batch), 0, 100, (&client(payer), now)).unwrap();
    let shown = |payment: payout::queries::PaymentView| format!("{} {}", payment.state, payment.code.unwrap_or("-"));
    page.payments.into_iter().map(shown).collect()
}

/// How many payees the account has had within three days, and how many were paid.
fn counted(place: &mut Place) -> [u64; 2] {
    counted_of(place, SHARED)
}

fn counted_of(place: &mut Place, account: &str) -> [u64; 2] {
    let (console, account, now) = (Actor::console(), Account::parse(account).unwrap(), place.now);
    place.writer.read(|scope| account_payees(scope, &console, &account, now)).unwrap().map(|payees| payees.days_3)
}

fn verify(place: &mut Place) {
    place.verify();
    place.writer.read(registry::verify_directory).unwrap();
}

#[test]
fn payments_to_an_account_of_too_many_wait_until_it_has_fewer() {
    let (mut place, people) = place();
    let pay = |id: &str| file(id, &[people.iter().map(|cpr| (&**cpr, 100)).chain([(ANNA, 100)]).collect()]);
    let routed = place.route(PLAIN, &pay("MSG-1"), false);
    assert_eq!((routed.counts.routed, routed.counts.rejected, routed.counts.held), (4, 2, 0));
    assert_eq!(counted(&mut place), [3, 3], "there are few of them, and they are paid");

    place.designate(&format!("register,cpr:{},{SHARED},,,,,", people[3]));
    let held = place.route(PLAIN, &pay("MSG-2"), false).batch;
    let wait = ["held RR04", "held RR04", "held RR04", "held RR04", "rejected AC03", "routed -"];
    assert_eq!(states(&mut place, PLAIN, &held), wait);
    let all = place.route(PLAIN, &pay("MSG-3"), true).batch;
    assert_eq!(states(&mut place, PLAIN, &all)[5], "held -", "the payer wants to look first");
    assert_eq!(counted(&mut place), [4, 3], "who waits is not paid");

    // One goes elsewhere, and counts for another three days.
    place.designate(&format!("change,cpr:{},9860-5,,{SHARED},,,", people[3]));
    for batch in [&held, &all] {
        place.release(batch, false);
    }
    let wait = ["held RR04", "held RR04", "held RR04", "routed -", "rejected AC03", "routed -"];
    assert_eq!(states(&mut place, PLAIN, &held), wait);
    place.now = Timestamp::from_micros(place.now.micros() + 4 * DAY * 1_000_000);
    watch_accounts(&mut place.writer, place.now).unwrap();
    assert_eq!(counted(&mut place), [3, 0]);
    place.release(&held, false);
    let gone = ["routed -", "routed -", "routed -", "routed -", "rejected AC03", "routed -"];
    assert_eq!(states(&mut place, PLAIN, &held), gone);
    assert_eq!(counted(&mut place), [3, 3]);
    verify(&mut place);
}

/// Two officers leave the account alone of which a review is open.
fn leave_alone(place: &mut Place) {
    leave_alone_until(place, "2027-12-31");
}

fn leave_alone_until(place: &mut Place, until: &str) {
    let [first, second] = ["anna", "bo"].map(Actor::operator);
    let (env, is_synthetic) = (place.env(), true);
    let review = place.writer.read(|scope| reviews(scope, &first, true, None, 2, env.now)).unwrap().rows.remove(0).id;
    let subject = LeaveAlone::new(&review, until.parse().unwrap()).unwrap();
    let propose = Propose { subject, reason: "A family".to_owned(), officer: first.clone(), is_synthetic };
    let motion = place.writer.execute(&propose, &first, &env).unwrap().id;
    let approve = Approve::<LeaveAlone> { motion, officer: second.clone(), is_synthetic, about: PhantomData };
    let env = place.env();
    place.writer.execute(&approve, &second, &env).unwrap();
}

#[test]
fn time_lets_nothing_go_to_an_account_that_somebody_is_to_look_at() {
    let check = |is_found_at_once: bool| {
        let (mut place, people) = place();
        let find = |place: &mut Place, expected: usize| {
            let opened = find_collecting(&mut place.writer, &Actor::console(), place.now).unwrap();
            assert_eq!(opened, expected);
        };
        place.designate(&format!("register,cpr:{},{SHARED},,,,,", people[3]));
        let xml = file("MSG-1", &[people[..4].iter().map(|cpr| (&**cpr, 100)).collect()]);
        let held = place.route(PLAIN, &xml, false).batch;
        if is_found_at_once {
            find(&mut place, 1);
        }
        place.designate(&format!("change,cpr:{},9860-5,,{SHARED},,,", people[0]));
        place.now = Timestamp::from_micros(place.now.micros() + 5 * DAY * 1_000_000);
        find(&mut place, usize::from(!is_found_at_once));
        // Whoever has gone elsewhere is paid there.
        assert_eq!(place.settle(), std::slice::from_ref(&held));
        let wait = ["routed -", "held RR04", "held RR04", "held RR04"];
        assert_eq!((states(&mut place, PLAIN, &held), counted(&mut place)), (wait.map(str::to_owned).into(), [3, 0]));
        // Nor do other limits let anything go.
        place.control(&["payees_3_days=4"]);
        find(&mut place, 0);
        assert!(place.settle().is_empty());
        place.now = Timestamp::from_micros(place.now.micros() + 200 * DAY * 1_000_000);
        find(&mut place, 0);
        assert!(place.settle().is_empty());
        verify(&mut place);
        // What was decided does.
        leave_alone(&mut place);
        assert_eq!(place.settle(), std::slice::from_ref(&held));
        assert_eq!(states(&mut place, PLAIN, &held), ["routed -"; 4]);
        verify(&mut place);
    };
    check(true);
    // As after days on which nobody looked.
    check(false);
}

/// Another process, which gives a fourth payee the account.
fn other(place: &Place) -> Writer {
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
    let store = kernel::Store::open(place.store.location(), &place.folder.path().join("key"), &migrations).unwrap();
    store.writer(Secrets::from_system()).unwrap()
}

/// Brings a file, of which something was resolved already when an account is designated; the batch.
fn brought_while(place: &mut Place, payer: &str, xml: &str, row: &str) -> String {
    let (actor, env, now) = (client(payer), place.env(), place.now);
    let mut upload = Upload::begin(&mut place.writer, payer, &actor, &env).unwrap();
    send(&mut place.writer, &mut upload, [xml.as_bytes()].into_iter(), now).unwrap();
    let writer = Mutex::new((other(place), 0));
    let clock = || {
        let (writer, calls) = &mut *writer.lock().unwrap();
        *calls += 1;
        // The first time what has come is staged, and the second what was resolved.
        if *calls == 2 {
            designate(writer, row);
        }
        NOW
    };
    let how = TakeIn { hold_all: false, key: None, clock: &clock };
    let taken = upload.end(&mut place.writer, &how, &actor, &env).unwrap().unwrap();
    assert!(writer.lock().unwrap().1 >= 3, "it was resolved, staged and accepted");
    taken.batch
}

#[test]
fn who_was_to_be_paid_waits_where_one_too_many_comes_while_the_file_is_made() {
    let (mut place, people) = place();
    let xml = file("MSG-1", &[people[..3].iter().map(|cpr| (&**cpr, 100)).chain([(ANNA, 100)]).collect()]);
    // The last one names that account.
    let at = xml.rfind("</CdtTrfTxInf>").unwrap();
    let account = format!("<CdtrAcct><Id>{WRITTEN}</Id></CdtrAcct>");
    let xml = [&xml[..at], &account, &xml[at..]].concat();
    let batch = brought_while(&mut place, PUBLIC, &xml, &format!("register,cpr:{},{SHARED},,,,,", people[3]));
    assert_eq!(states(&mut place, PUBLIC, &batch), ["held RR04"; 4]);
    assert_eq!(counted(&mut place), [5, 1]);
    verify(&mut place);
}

#[test]
fn whom_files_name_beside_an_account_counts_for_it_once() {
    let (mut place, people) = place();
    place.control(&["payees_3_days=5"]);
    let (first, landlord) = (by_number(&people[0]), "<Nm>Jens Hansen</Nm>");
    let mut pay = |id: &str, creditors: &[&str], expected: [u64; 2]| {
        let payments: Vec<_> = creditors.iter().map(|creditor| (*creditor, WRITTEN)).collect();
        let batch = place.route(PLAIN, &named(id, &payments), false).batch;
        assert_eq!(counted(&mut place), expected, "{id}");
        (states(&mut place, PLAIN, &batch), batch)
    };
    // Whom the registry knows there is one of those whose it is, by whatever they are named.
    assert_eq!(pay("MSG-1", &[&first], [3, 1]).0, ["passed -"]);
    // One who is paid often, by many files, is one; also in another writing.
    pay("MSG-2", &[landlord, landlord], [4, 2]);
    assert_eq!(pay("MSG-3", &["<Nm>HANSEN, Jens</Nm>"], [4, 2]).0, ["passed -"]);
    // All of whom nothing is said are one.
    assert_eq!(pay("MSG-4", &["", "<Nm> - </Nm>"], [5, 3]).0, ["passed -"; 2]);
    // With one more there are too many: what names them waits, and they count.
    assert_eq!(pay("MSG-5", &["<Nm>Kim Jensen</Nm>", landlord], [6, 4]).0, ["held RR04"; 2]);
    let mut pay = |id: &str| {
        let batch = place
            .route(PLAIN, &named(id, &[(landlord, WRITTEN), (landlord, "<Othr><Id>00400000000078</Id></Othr>")]), false)
            .batch;
        (states(&mut place, PLAIN, &batch), counted(&mut place), batch)
    };
    let (held, counts, batch) = pay("MSG-6");
    assert_eq!((held, counts), (vec!["held RR04".to_owned(), "passed -".to_owned()], [6, 4]));
    verify(&mut place);
    // After three days there are as few as before, and what waited leaves, and is noted then.
    place.now = Timestamp::from_micros(place.now.micros() + 4 * DAY * 1_000_000);
    watch_accounts(&mut place.writer, place.now).unwrap();
    assert_eq!(counted(&mut place), [3, 0]);
    assert_eq!(place.settle().len(), 2, "that of the file before, too");
    assert_eq!(states(&mut place, PLAIN, &batch), ["passed -"; 2]);
    assert_eq!(counted(&mut place), [5, 2]);
    verify(&mut place);
}

#[test]
fn an_account_that_nobody_has_is_watched_when_a_file_names_as_many_beside_it() {
    let (mut place, _) = place();
    let named = |place: &mut Place, id: &str, names: std::ops::Range<usize>, hold_all: bool| {
        let names: Vec<String> = names.map(|at| format!("<Nm>Lejer {at}</Nm>")).collect();
        let payments: Vec<_> = names.iter().map(|name| (&**name, "<Othr><Id>00400000000078</Id></Othr>")).collect();
        place.route(PLAIN, &named(id, &payments), hold_all).batch
    };
    let counted = |place: &mut Place, expected: [u64; 2]| assert_eq!(counted_of(place, "0040-78"), expected);
    // A couple, whoever pays them and how often.
    for id in ["MSG-1", "MSG-2"] {
        named(&mut place, id, 0..2, false);
    }
    counted(&mut place, [0, 0]);
    // More than a few are counted when they are paid, and those who are named then by any file.
    let waits = named(&mut place, "MSG-3", 0..3, true);
    counted(&mut place, [0, 0]);
    place.release(&waits, false);
    counted(&mut place, [3, 3]);
    // One more is one too many, and those who are named with them wait too.
    let held = named(&mut place, "MSG-4", 2..4, false);
    assert_eq!(states(&mut place, PLAIN, &held), ["held RR04"; 2]);
    counted(&mut place, [4, 4]);
    verify(&mut place);
    // Half a year later it is nobody's business any more.
    place.now = Timestamp::from_micros(place.now.micros() + 200 * DAY * 1_000_000);
    watch_accounts(&mut place.writer, place.now).unwrap();
    assert_eq!(place.settle(), [held]);
    counted(&mut place, [0, 0]);
    verify(&mut place);
}

/// A file that pays so many people into an account that it names itself, and another person into another.
fn to_one(id: &str, count: usize) -> String {
    let names: Vec<String> = (0..count).map(|at| format!("<Nm>Lejer {at}</Nm>")).collect();
    let payments = names.iter().map(|name| (&**name, "<Othr><Id>00400000000078</Id></Othr>"));
    named(id, &payments.chain([("<Nm>Lejer</Nm>", "<Othr><Id>00400000000079</Id></Othr>")]).collect::<Vec<_>>())
}

#[test]
fn a_file_that_names_too_many_beside_an_account_waits_itself() {
    let find = |place: &mut Place| find_collecting(&mut place.writer, &Actor::console(), place.now).unwrap();
    let waits = ["held RR04", "held RR04", "held RR04", "held RR04", "passed -"].map(str::to_owned);
    let check = |terms: &str, bring: &dyn Fn(&mut Place, &str) -> String| {
        let (mut place, _) = place();
        let few = place.route(PLAIN, &to_one("MSG-1", 3), false).batch;
        assert_eq!(states(&mut place, PLAIN, &few), ["passed -"; 4], "{terms}");
        let (mut place, _) = self::place();
        let batch = bring(&mut place, &to_one("MSG-2", 4));
        assert_eq!(states(&mut place, PLAIN, &batch), waits, "{terms}");
        assert_eq!((counted_of(&mut place, "0040-78"), counted_of(&mut place, "0040-79")), ([4, 4], [0, 0]), "{terms}");
        verify(&mut place);
        // Nothing of it goes by itself, and somebody is to look.
        assert!(place.settle().is_empty() && find(&mut place) == 1, "{terms}");
        place.now = Timestamp::from_micros(place.now.micros() + 200 * DAY * 1_000_000);
        assert!(find(&mut place) == 0 && place.settle().is_empty(), "{terms}");
        leave_alone(&mut place);
        assert_eq!(place.settle(), std::slice::from_ref(&batch), "{terms}");
        assert_eq!(states(&mut place, PLAIN, &batch), ["passed -"; 5], "{terms}");
        verify(&mut place);
    };
    check("at once", &|place, xml| place.route(PLAIN, xml, false).batch);
    check("by hand", &|place, xml| {
        let batch = place.route(PLAIN, xml, true).batch;
        assert_eq!(counted_of(place, "0040-78"), [0, 0], "nobody has let it go");
        place.release(&batch, true);
        batch
    });
    check("at the cut-off", &|place, xml| {
        let terms = Terms { release: Release::parse("cut-off:23:00").unwrap(), ..Terms::default() };
        place.agree_on(PLAIN, PayerKind::Public, NoAccount::Reject, None, terms).unwrap();
        let batch = place.route(PLAIN, xml, false).batch;
        place.now = Timestamp::from_micros(place.now.micros() + 4 * DAY * 1_000_000);
        assert_eq!(place.settle(), std::slice::from_ref(&batch));
        batch
    });
}

#[test]
fn of_files_that_are_let_go_together_all_count() {
    let check = |release: &str| {
        let (mut place, _) = place();
        let terms = Terms { release: Release::parse(release).unwrap(), ..Terms::default() };
        place.agree_on(PLAIN, PayerKind::Public, NoAccount::Reject, None, terms).unwrap();
        for (id, name) in [("MSG-1", "Lejer"), ("MSG-2", "Beboer")] {
            let xml = to_one(id, 4).replace("Lejer", name);
            let batch = place.route(PLAIN, &xml, false).batch;
            if release == "by-hand" {
                place.release(&batch, false);
            }
        }
        place.now = Timestamp::from_micros(place.now.micros() + DAY * 1_000_000);
        place.settle();
        verify(&mut place);
        assert_eq!(counted_of(&mut place, "0040-78"), [8, 8], "{release}");
        // It is recorded once, however often it is looked at.
        let before = place.rows();
        place.settle();
        assert_eq!(place.rows(), before, "{release}");
    };
    ["at-once", "by-hand", "cut-off:12:00"].into_iter().for_each(check);
}

#[test]
fn what_waited_because_of_its_account_has_been_looked_at() {
    let (mut place, _) = place();
    let first = place.route(PLAIN, &to_one("MSG-1", 4), false).batch;
    let terms = Terms { release: Release::ByHand, ..Terms::default() };
    place.agree_on(PLAIN, PayerKind::Public, NoAccount::Reject, None, terms).unwrap();
    let second = place.route(PLAIN, &to_one("MSG-2", 4), false).batch;
    assert_eq!(states(&mut place, PLAIN, &second)[0], "held RR04");
    find_collecting(&mut place.writer, &Actor::console(), place.now).unwrap();
    leave_alone_until(&mut place, "2026-12-24");
    assert_eq!(place.settle(), std::slice::from_ref(&first));
    // The payer lets it go when nobody is counted any more, and nothing is left alone: they were.
    for _ in 0..40 {
        place.now = Timestamp::from_micros(place.now.micros() + DAY * 1_000_000);
        assert_eq!(find_collecting(&mut place.writer, &Actor::console(), place.now).unwrap(), 0);
    }
    place.release(&second, false);
    assert_eq!(states(&mut place, PLAIN, &second), ["passed -"; 5]);
    verify(&mut place);
}

#[test]
fn payees_by_the_registry_wait_although_another_takes_the_account_while_they_are_released() {
    let (mut place, people) = place();
    place.control(&["payees_3_days=4"]);
    place.designate(&format!("change,cpr:{},9860-5,,{SHARED},,,", people[2]));
    let first = by_number(&people[0]);
    let names: Vec<String> = (0..3).map(|at| format!("<Nm>Lejer {at}</Nm>")).collect();
    let payments: Vec<_> = names.iter().map(|name| (&**name, WRITTEN)).chain([(&*first, "")]).collect();
    let xml = named("MSG-1", &payments).replace("<CdtrAcct><Id></Id></CdtrAcct>", "");
    let batch = place.route(PLAIN, &xml, true).batch;
    let (mut another, row) = (other(&place), format!("register,cpr:{},{SHARED},,,,,", people[3]));
    let meant = Box::new(move || designate(&mut another, &row));
    meanwhile(meant, || place.release(&batch, false));
    assert_eq!(states(&mut place, PLAIN, &batch), ["held RR04"; 4]);
    verify(&mut place);
}

#[test]
fn payees_by_the_registry_wait_beside_those_whom_the_file_names_there() {
    let (mut place, people) = place();
    let xml = file("MSG-1", &[people[..3].iter().map(|cpr| (&**cpr, 100)).chain([(ANNA, 100), (ANNA, 100)]).collect()]);
    // The last two name that account, as it is written twice.
    let parts: Vec<&str> = xml.rsplitn(3, "</CdtTrfTxInf>").collect();
    let account = format!("<CdtrAcct><Id>{WRITTEN}</Id></CdtrAcct></CdtTrfTxInf>");
    let other = "<CdtrAcct><Id><Othr><Id>00400000000079</Id></Othr></Id></CdtrAcct></CdtTrfTxInf>";
    let xml = [parts[2], &account, parts[1], other, parts[0]].concat();
    let batch = place.route(PUBLIC, &xml, false).batch;
    assert_eq!(states(&mut place, PUBLIC, &batch), ["held RR04", "held RR04", "held RR04", "held RR04", "passed -"]);
    assert_eq!(counted(&mut place), [4, 1], "whom the file names, and who would have been paid is not");
    verify(&mut place);
}

#[test]
fn whom_a_file_names_is_noted_where_the_account_comes_to_be_watched_while_it_is_made() {
    let (mut place, people) = place();
    let (other, third) = ("0040-78", &people[4]);
    for cpr in [&people[3], ANNA] {
        let action = if cpr == ANNA { "change" } else { "register" };
        let expects = if cpr == ANNA { "0040-440116243" } else { "" };
        place.designate(&format!("{action},cpr:{cpr},{other},,{expects},,,"));
    }
    let xml = named("MSG-1", &[("<Nm>Jens Hansen</Nm>", "<Othr><Id>00400000000078</Id></Othr>")]);
    let batch = brought_while(&mut place, PUBLIC, &xml, &format!("register,cpr:{third},{other},,,,,"));
    assert_eq!(states(&mut place, PUBLIC, &batch), ["held RR04"]);
    assert_eq!(counted_of(&mut place, other), [4, 1]);
    verify(&mut place);
}

fn designate(writer: &mut Writer, row: &str) {
    use registry::import::{Accounts, Source, run};
    use std::io::{Seek, Write};
    let mut rows = tempfile::tempfile().unwrap();
    writeln!(rows, "{}\n{row}", Accounts::HEADER.join(",")).unwrap();
    rows.rewind().unwrap();
    let vault = writer.store.vault().clone();
    let source = Accounts { channel: registry::designation::Channel::Operator, by: "console".to_owned(), vault };
    let (counts, _) = run(writer, &source, rows, &Actor::console(), &mut || Env::new(NOW, 99), &mut |_| {}).unwrap();
    assert_eq!(counts.changed, 1);
}
