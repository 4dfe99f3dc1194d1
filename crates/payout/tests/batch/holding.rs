//! Why payments wait, what ends it, and who lets a batch go.

use crate::place::{ANNA, BO, NOW, PLAIN, PRIVATE, PUBLIC, Place, WITHOUT, client, file, whole};
use crate::returning::{Back, message};
use kernel::{Actor, Error, PublicKey, Timestamp};
use payout::commands::{
    Cancel, ImportReturns, LetGo, Retry, Stop, cancel, import_returns, retry, stop, write_unwritten,
};
use payout::queries::{one_of, payments_of, report_of};
use registry::commands::{AddCaseworker, ProposeDesignation, RefuseDesignation, Settle};
use registry::import::{AccountRow, Written};
use registry::payer::{NoAccount, PayerKind};
use registry::proposal::{Holder, LegalGround};
use registry::queries::waiting;
use registry::terms::{OnFrozen, OnPending, Release, Terms};

const DAY_SECONDS: i64 = 86_400;

fn later(days: i64) -> Timestamp {
    NOW.minus_seconds(-days * DAY_SECONDS)
}

fn refused<T>(result: Result<T, Error>) -> &'static str {
    result.err().map_or("", |error| error.code())
}

/// A place in which a payer has agreed on these terms.
fn agreed(change: impl FnOnce(&mut Terms)) -> Place {
    let mut place = Place::new();
    place.control(&[]);
    let mut terms = Terms::default();
    change(&mut terms);
    place.agree_on(PLAIN, PayerKind::Public, NoAccount::Reject, None, terms).unwrap();
    place
}

/// A caseworker of a payer.
fn caseworker(place: &mut Place, byte: u8, name: &str, authority: &str) -> Actor {
    let (name, authority, env) = (name.to_owned(), authority.to_owned(), place.env());
    let (actor, key) = (Actor::caseworker(&name), PublicKey::from_bytes([byte; 32]));
    let add = AddCaseworker { name, key, authority, benefits: [].into(), in_person: false };
    place.writer.execute(&add, &Actor::console(), &env).unwrap();
    actor
}

/// A caseworker proposes an account of [`ANNA`]; what it waits for.
fn propose(place: &mut Place, by: &Actor, action: &'static str, benefit: &str, former: &str) -> Option<String> {
    let payer = if benefit.is_empty() { "" } else { PLAIN };
    let payee = format!("cpr:{ANNA}");
    let written =
        Written { action, payee: &payee, account: "0040-99", expects: former, payer, benefit, ..Written::default() };
    let row = AccountRow::read(place.writer.store.vault(), &written).unwrap();
    let ground = Some(LegalGround { law: "§ 1".to_owned(), evidence: "1".to_owned() });
    let (actor, holder, env) = (by.clone(), Holder::Own, place.env());
    let command = ProposeDesignation { actor, row, holder, ground, is_locked: false, signature: None, once: None };
    place.writer.execute(&command, by, &env).unwrap().waits_for
}

#[test]
fn a_payment_after_a_change_waits_and_leaves_by_itself() {
    let mut place = agreed(|terms| terms.hold_after_change = 1);
    place.designate("change,cpr:6101701234,0040-77,,,,,");
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    assert_eq!(place.told(&batch), ["recent_change time", "routed"]);
    assert!(place.settle().is_empty());
    // The payer is told before it is released, and so is whoever asks later.
    let report = std::fs::read_to_string(place.out().join(format!("payer/{batch}.pain.002.xml"))).unwrap();
    assert!(report.contains("<Cd>AC15</Cd>"), "{report}");
    assert!(report.contains("took another's place 0 days ago; channel: operator."), "{report}");
    place.now = later(1);
    assert_eq!(place.settle(), [&*batch]);
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    assert!(place.settle().is_empty());
    place.verify();
}

#[test]
fn no_first_specific_account_walks_around_the_days_after_a_change() {
    let mut place = agreed(|terms| terms.hold_after_change = 1);
    let xml = |id: &str| {
        let kind = "</PmtId><PmtTpInf><CtgyPurp><Prtry>NKSBOS</Prtry></CtgyPurp></PmtTpInf>";
        file(id, &[vec![(ANNA, 100)]]).replacen("</PmtId>", kind, 1)
    };
    place.designate(&format!("change,cpr:{ANNA},0040-77,,,,,"));
    let held = place.route(PLAIN, &xml("MSG-1"), false).batch;
    place.designate(&format!("register,cpr:{ANNA},0040-88,,,,{PLAIN},NKSBOS"));
    let next = place.route(PLAIN, &xml("MSG-2"), false).batch;
    assert!(place.settle().is_empty());
    for batch in [&held, &next] {
        assert_eq!(place.told(batch), ["recent_change time"]);
        let report = std::fs::read_to_string(place.out().join(format!("payer/{batch}.pain.002.xml"))).unwrap();
        assert!(report.contains("<Cd>AC15</Cd>"), "{report}");
    }
    // The first account that somebody without one has, for a benefit alone, is nobody's change.
    place.designate(&format!("register,cpr:{WITHOUT},0040-99,,,,{PLAIN},NKSBOS"));
    let first = place.route(PLAIN, &xml("MSG-3").replace(ANNA, WITHOUT), false).batch;
    assert_eq!(place.told(&first), ["routed"]);
    place.now = later(1);
    assert_eq!(place.settle().len(), 2);
    assert_eq!(place.told(&next), ["routed"]);
    place.verify();
}

#[test]
fn a_payment_waits_for_a_change_and_leaves_when_it_ends_either_way() {
    for takes_effect in [true, false] {
        let mut place = agreed(|terms| terms.pending = OnPending::Hold);
        place.control(&["wait_caseworker=1"]);
        place.propose("change,cpr:6101701234,0040-77,,,,,");
        let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
        assert_eq!(place.told(&batch), ["change_pending change_ended", "routed"]);
        assert!(place.settle().is_empty());
        if takes_effect {
            place.now = later(1);
            let (now, env) = (place.now, place.env());
            place.writer.execute(&Settle { now }, &Actor::console(), &env).unwrap();
        } else {
            let (now, env) = (place.now, place.env());
            let found =
                place.writer.read(|scope| waiting(scope, &Actor::console(), None, None, None, 10, now)).unwrap();
            let proposal = found.proposals[0].standing.id.clone();
            let (officer, why) = (Actor::operator("anna"), "the payee was called".to_owned());
            let command = RefuseDesignation { proposal, why, officer: officer.clone(), is_synthetic: true };
            place.writer.execute(&command, &officer, &env).unwrap();
        }
        assert_eq!(place.settle(), [&*batch], "{takes_effect}");
        assert_eq!(place.told(&batch), ["routed", "routed"]);
        place.verify();
    }
}

#[test]
fn a_payment_waits_for_a_change_of_the_account_that_it_goes_to() {
    // One goes to the account for its benefit, and one to the default account.
    let xml = |id: &str| {
        let kind = "</PmtId><PmtTpInf><CtgyPurp><Prtry>NKSBOS</Prtry></CtgyPurp></PmtTpInf>";
        file(id, &[vec![(ANNA, 100), (ANNA, 100)]]).replacen("</PmtId>", kind, 1)
    };
    let check = |action: &'static str, benefit: &str, former: &str, expected: [&str; 2]| {
        let mut place = agreed(|terms| (terms.pending, terms.hold_after_change) = (OnPending::Hold, 2));
        let kim = caseworker(&mut place, 1, "kim", PLAIN);
        if former == "0040-88" {
            place.designate(&format!("register,cpr:{ANNA},{former},,,,{PLAIN},NKSBOS"));
        }
        place.control(&["wait_caseworker=1"]);
        assert_eq!(propose(&mut place, &kim, action, benefit, former).as_deref(), Some("time"));
        let row = format!("{action} {benefit} {former}");
        let batch = place.route(PLAIN, &xml("MSG-1"), false).batch;
        assert_eq!(place.told(&batch), expected, "{row}");
        assert!(place.settle().is_empty());
        place.now = later(1);
        let (now, env) = (place.now, place.env());
        place.writer.execute(&Settle { now }, &Actor::console(), &env).unwrap();
        // In force, it waits on for the days after a change: a first specific account takes the place of the default one.
        let changed = expected.map(|told| told.replace("change_pending change_ended", "recent_change time"));
        assert!(place.settle().is_empty(), "{row}");
        assert_eq!(place.told(&batch), changed, "{row}");
        place.now = later(3);
        assert_eq!(place.settle(), [&*batch], "{row}");
        assert_eq!(place.told(&batch), ["routed", "routed"]);
        place.verify();
    };
    let pending = "change_pending change_ended";
    check("change", "NKSBOS", "0040-88", [pending, "routed"]);
    check("change", "", "0040-0440116243", [pending, pending]);
    check("register", "NKSBOS", "none", [pending, "routed"]);
}

#[test]
fn what_has_to_wait_since_its_file_was_read_waits_and_its_file_is_kept() {
    // Nothing of such a file could wait, so that none of it is kept as it goes by.
    let xml = file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]);
    for at in 0.. {
        let mut place = agreed(|terms| terms.frozen = OnFrozen::Hold);
        let (routed, has_changed) = place.route_while(PLAIN, &xml, (at, "freeze,cpr:6101701234,,,,,,"));
        if !has_changed {
            assert!(at > 1, "the clock was looked at {at} times");
            return;
        }
        let batch = routed.batch;
        assert_eq!(place.told(&batch), ["frozen account_unfrozen_or_replaced", "routed"], "{at}");
        assert_eq!((place.rows()[3], routed.counts.held), (1, 1), "{at}");
        let written = std::fs::read_to_string(routed.completed.unwrap()).unwrap();
        assert_eq!(written.matches("<CdtrAcct>").count(), 1, "{at}");
        place.designate("unfreeze,cpr:6101701234,,,,,,");
        assert_eq!(place.settle(), [&*batch], "{at}");
        assert_eq!(place.told(&batch), ["routed", "routed"], "{at}");
        place.verify();
    }
}

#[test]
fn what_has_not_left_is_stopped_by_what_happens_to_the_payee() {
    let check = |row: &str, frozen: OnFrozen, expected: &str| {
        let mut place = agreed(|terms| (terms.release, terms.frozen) = (Release::ByHand, frozen));
        let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
        assert_eq!(place.told(&batch), ["release release", "release release"]);
        place.designate(row);
        place.release(&batch, true);
        assert_eq!(place.told(&batch), [expected, "routed"], "{row}");
        place.verify();
    };
    check("freeze,cpr:6101701234,,,,,,", OnFrozen::Reject, "rejected");
    check("freeze,cpr:6101701234,,,,,,", OnFrozen::Hold, "frozen account_unfrozen_or_replaced");
    check("close,cpr:6101701234,,,,,,", OnFrozen::Hold, "rejected");
}

#[test]
fn a_batch_is_let_go_by_its_cut_off_on_a_banking_day() {
    let mut place = agreed(|terms| terms.release = Release::parse("cut-off:14:30").unwrap());
    // A Friday after the cut-off: it goes on Monday, at 13:30 UTC.
    place.now = "2026-11-27T13:30:01Z".parse::<jiff::Timestamp>().unwrap().into();
    let xml = file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]).replace("2026-11-25", "2026-12-01");
    let batch = place.route(PLAIN, &xml, false).batch;
    let at = |place: &mut Place, text: &str| place.now = text.parse::<jiff::Timestamp>().unwrap().into();
    assert_eq!(place.told(&batch), ["release cut_off", "release cut_off"]);
    at(&mut place, "2026-11-30T13:29:59Z");
    assert!(place.settle().is_empty());
    at(&mut place, "2026-11-30T13:30:00Z");
    assert_eq!(place.settle(), [&*batch]);
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    place.verify();
}

#[test]
fn a_private_payer_learns_of_no_change() {
    let mut place = Place::new();
    place.control(&["hold_after_change=1"]);
    place.designate(&format!("change,cpr:{ANNA},0040-77,,,,,"));
    let batch = place.route(PRIVATE, &file("MSG-1", &[vec![(ANNA, 100)]]), false).batch;
    let report = std::fs::read_to_string(place.out().join(format!("payer/{batch}.pain.002.xml"))).unwrap();
    assert!(report.contains("<Cd>MS03</Cd>") && !report.contains("AC15"), "{report}");
    let now = place.now;
    let page = payments_of(&mut place.writer, (PRIVATE, &batch), 0, 10, (&client(PRIVATE), now)).unwrap();
    let hold = page.payments[0].hold.clone().unwrap();
    assert_eq!((hold.reason, hold.ends, hold.until), ("checked", "checked", None));
}

#[test]
fn what_left_and_was_never_written_is_written_by_whoever_says_where() {
    let mut place = agreed(|terms| terms.release = Release::ByHand);
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100)]]), false).batch;
    // Whoever settles lets go what is stopped no more, and says no place for its files.
    let stop_it = |place: &mut Place, resumes| {
        let env = place.env();
        let wanted = Stop { batch: &batch, end_to_end_ids: None, why: "why", resumes, stages: None, once: None };
        stop(&mut place.writer, &wanted, &client(PLAIN), &env).unwrap();
    };
    stop_it(&mut place, false);
    place.release(&batch, true);
    stop_it(&mut place, true);
    assert_eq!(place.settle(), [&*batch]);
    let out = place.out();
    let written = write_unwritten(&mut place.writer, &out).unwrap();
    assert_eq!((written.len(), written.iter().all(|path| path.exists())), (2, true), "the order and the report");
    assert!(write_unwritten(&mut place.writer, &out).unwrap().is_empty());
    place.verify();
}

#[test]
fn two_people_let_go_a_file_that_comes_to_more() {
    let mut place = agreed(|terms| (terms.release, terms.four_eyes_above) = (Release::ByHand, Some(150)));
    let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
    let small = place.route(PLAIN, &file("SMALL", &[vec![(ANNA, 150)]]), false).batch;
    place.let_go(&small, LetGo::Ask, true, &anna).unwrap();
    assert_eq!(place.told(&small), ["routed"]);
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    assert_eq!(refused(place.let_go(&batch, LetGo::Approve, true, &bo)), "batch.not_asked");
    let asked = place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
    assert_eq!(asked.waits.map(|waits| waits.name()), Some("approval"));
    assert_eq!(refused(place.let_go(&batch, LetGo::Approve, true, &anna)), "batch.own");
    // Once more changes nothing, nor does somebody else who asks.
    place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
    let now = place.now;
    let view = one_of(&mut place.writer, PLAIN, &batch, &client(PLAIN), now).unwrap();
    assert_eq!((view.waits_for, view.asked_by.as_deref()), (Some("approval"), Some("operator:anna")));
    assert!(place.settle().is_empty());
    let approved = place.let_go(&batch, LetGo::Approve, true, &bo).unwrap();
    assert_eq!((approved.waits, approved.counts.routed), (None, 2));
    assert_eq!(refused(place.let_go(&batch, LetGo::Approve, false, &bo)), "batch.nothing_held");
    place.verify();
}

#[test]
fn who_changed_an_account_lets_nothing_go_to_it() {
    let mut place = agreed(|terms| terms.release = Release::ByHand);
    let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
    place.designate_as("change,cpr:6101701234,0040-77,,,,,", &anna);
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
    assert_eq!(place.told(&batch), ["own_change released_by_another", "routed"]);
    assert!(place.settle().is_empty());
    place.let_go(&batch, LetGo::Ask, true, &bo).unwrap();
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    place.verify();
}

/// Whoever may act by name does not let more go without one.
#[test]
fn who_leaves_out_their_name_lets_nothing_go_to_an_account_that_an_officer_changed() {
    for (by, expected) in [("anna", "own_change released_by_another"), ("", "routed")] {
        let mut place = agreed(|terms| terms.release = Release::ByHand);
        let (console, anna, bo) = (Actor::console(), Actor::operator("anna"), Actor::operator("bo"));
        place.designate_as("change,cpr:6101701234,0040-77,,,,,", if by.is_empty() { &console } else { &anna });
        let batch = place.uploaded(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]));
        place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
        assert_eq!(place.told(&batch), [expected, "routed"], "{by}");
        if !by.is_empty() {
            place.let_go(&batch, LetGo::Ask, true, &console).unwrap();
            assert_eq!(place.told(&batch), [expected, "routed"], "{by}");
            place.let_go(&batch, LetGo::Ask, true, &bo).unwrap();
        }
        assert_eq!(place.told(&batch), ["routed", "routed"], "{by}");
        place.verify();
    }
}

#[test]
fn who_leaves_out_their_name_tries_nothing_again_to_an_account_that_an_officer_changed() {
    let mut place = agreed(|terms| terms.release = Release::AtOnce);
    let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
    let batch = place.uploaded(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]));
    place.designate_as(&format!("change,cpr:{BO},9860-77,,,,,"), &anna);
    try_again(&mut place, &batch, &Actor::console()).unwrap();
    assert_eq!(place.told(&batch), ["routed", "own_change released_by_another"]);
    assert!(place.settle().is_empty());
    place.let_go(&batch, LetGo::Ask, false, &bo).unwrap();
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    place.verify();
}

#[test]
fn a_caseworker_lets_go_their_authoritys_files_and_none_to_an_account_that_they_changed() {
    let mut place = agreed(|terms| terms.release = Release::ByHand);
    let people = [(1, "kim", PLAIN), (2, "kaj", PLAIN), (3, "max", PUBLIC)];
    let [kim, kaj, max] = people.map(|(byte, name, authority)| caseworker(&mut place, byte, name, authority));
    assert_eq!(propose(&mut place, &kim, "change", "", "0040-0440116243"), None);
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    for as_what in [LetGo::Ask, LetGo::Approve] {
        assert_eq!(refused(place.let_go(&batch, as_what, true, &max)), "batch.unknown");
    }
    place.let_go(&batch, LetGo::Ask, true, &kim).unwrap();
    assert_eq!(place.told(&batch), ["own_change released_by_another", "routed"]);
    place.let_go(&batch, LetGo::Ask, true, &kaj).unwrap();
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    place.verify();
}

/// Bo's money comes back, and somebody tries it again.
fn try_again(place: &mut Place, batch: &str, by: &Actor) -> Result<(), Error> {
    let (out, env) = (place.out(), place.env());
    let back = message(&format!("R-{batch}"), &[Back("1", "E1", "1.00", "1.00", "MS03", "9860-1234567")]);
    let import = ImportReturns { file: back.as_bytes(), bank: None, out: Some(&out), once: None };
    let _ = import_returns(&mut place.writer, import, &Actor::console(), &env)?;
    let env = place.env();
    let wanted = Retry { batch, end_to_end_ids: None, out: None, stages: None, once: None };
    retry(&mut place.writer, &wanted, by, &env).map(drop)
}

#[test]
fn what_came_back_is_let_go_once_more_by_as_many() {
    let mut place = agreed(|terms| (terms.release, terms.four_eyes_above) = (Release::ByHand, Some(150)));
    let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
    place.let_go(&batch, LetGo::Approve, true, &bo).unwrap();
    try_again(&mut place, &batch, &bo).unwrap();
    assert_eq!(place.told(&batch), ["routed", "release approval"]);
    assert!(place.settle().is_empty());
    let now = place.now;
    let view = one_of(&mut place.writer, PLAIN, &batch, &client(PLAIN), now).unwrap();
    assert_eq!((view.waits_for, view.asked_by.as_deref()), (Some("approval"), Some("operator:bo")));
    assert_eq!(refused(place.let_go(&batch, LetGo::Approve, true, &bo)), "batch.own");
    place.let_go(&batch, LetGo::Approve, true, &anna).unwrap();
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    place.verify();
}

/// Its batch was let go long ago, so nothing else would look at it.
#[test]
fn what_was_tried_again_and_waits_goes_back_when_its_account_closes() {
    let mut place = agreed(|terms| (terms.release, terms.four_eyes_above) = (Release::ByHand, Some(150)));
    let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    place.let_go(&batch, LetGo::Ask, true, &anna).unwrap();
    place.let_go(&batch, LetGo::Approve, true, &bo).unwrap();
    try_again(&mut place, &batch, &bo).unwrap();
    place.designate_as(&format!("close,cpr:{BO},,,,,,"), &anna);
    assert_eq!(place.settle(), [&*batch]);
    assert_eq!(place.told(&batch), ["routed", "rejected"]);
    assert_eq!(refused(place.let_go(&batch, LetGo::Approve, false, &anna)), "batch.nothing_held");
    place.verify();
}

#[test]
fn who_changed_an_account_tries_nothing_again_to_it_nor_has_it_go_on() {
    for (release, resumes) in [(Release::AtOnce, false), (Release::ByHand, false), (Release::ByHand, true)] {
        let mut place = agreed(|terms| terms.release = release);
        let (anna, bo) = (Actor::operator("anna"), Actor::operator("bo"));
        let batch = place.uploaded(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]));
        let stop_it = |place: &mut Place, resumes| {
            let (ids, env) = ([String::from("E1")], place.env());
            let (batch, end_to_end_ids) = (&*batch, Some(&ids[..]));
            let wanted = Stop { batch, end_to_end_ids, why: "why", resumes, stages: None, once: None };
            stop(&mut place.writer, &wanted, &anna, &env).unwrap();
        };
        if resumes {
            stop_it(&mut place, false);
        }
        if release == Release::ByHand {
            place.let_go(&batch, LetGo::Ask, false, &bo).unwrap();
        }
        place.designate_as(&format!("change,cpr:{BO},9860-77,,,,,"), &anna);
        if resumes {
            stop_it(&mut place, true);
            place.settle();
            place.let_go(&batch, LetGo::Ask, false, &anna).unwrap();
        } else {
            try_again(&mut place, &batch, &anna).unwrap();
        }
        assert_eq!(place.told(&batch), ["routed", "own_change released_by_another"], "{release:?} {resumes}");
        assert!(place.settle().is_empty());
        place.let_go(&batch, LetGo::Ask, false, &bo).unwrap();
        assert_eq!(place.told(&batch), ["routed", "routed"], "{release:?} {resumes}");
        place.verify();
    }
}

#[test]
fn what_is_stopped_goes_when_it_is_resumed() {
    let mut place = agreed(|terms| terms.release = Release::ByHand);
    let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
    let say = |place: &mut Place, id: Option<&str>, resumes: bool, why: &str| {
        let ids: Option<Vec<String>> = id.map(|id| vec![id.to_owned()]);
        let wanted = Stop { batch: &batch, end_to_end_ids: ids.as_deref(), why, resumes, stages: None, once: None };
        let env = place.env();
        refused(stop(&mut place.writer, &wanted, &client(PLAIN), &env))
    };
    assert_eq!(say(&mut place, Some("E0"), true, "why"), "batch.not_stopped");
    assert_eq!(say(&mut place, Some("E0"), false, ""), "batch.why");
    assert_eq!(say(&mut place, Some("E9"), false, "why"), "batch.payment_not_held");
    assert_eq!(say(&mut place, Some("E0"), false, "a double"), "");
    assert_eq!(say(&mut place, Some("E0"), false, "a double"), "batch.stopped");
    place.release(&batch, true);
    assert_eq!(place.told(&batch), ["stopped resumed_or_cancelled", "routed"]);
    assert_eq!(say(&mut place, None, false, "all"), "");
    assert_eq!(say(&mut place, Some("E0"), true, "it was none"), "");
    assert!(place.settle().is_empty());
    assert_eq!(say(&mut place, None, true, "all"), "");
    assert_eq!(place.settle(), [&*batch]);
    assert_eq!(place.told(&batch), ["routed", "routed"]);
    assert_eq!(say(&mut place, None, false, "too late"), "batch.nothing_held");
    place.verify();
}

#[test]
fn two_releases_pay_once_and_nothing_is_left_to_look_at() {
    let mut place = Place::new();
    place.control(&[]);
    let batch = place.route(PUBLIC, &file("MSG-1", &[vec![(WITHOUT, 100), (BO, 100)]]), false).batch;
    assert_eq!(place.told(&batch), ["no_account account_designated", "routed"]);
    place.release(&batch, true);
    assert_eq!(place.told(&batch), ["no_account account_designated", "routed"]);
    place.designate("register,cpr:6401701237,0040-88,,,,,");
    place.release(&batch, true);
    assert!(place.settle().is_empty());
    assert_eq!(refused(place.let_go(&batch, LetGo::Ask, false, &Actor::console())), "batch.nothing_held");
    // One that is cancelled is looked at no more.
    let other = place.route(PLAIN, &file("MSG-2", &[vec![(ANNA, 100)]]), true).batch;
    let wanted = Cancel { batch: &other, end_to_end_ids: None, stages: None, once: None };
    let env = place.env();
    cancel(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    assert!(place.settle().is_empty());
    place.verify();
}

#[test]
fn what_is_reported_is_reported_again_byte_for_byte() {
    let mut place = agreed(|terms| (terms.release, terms.hold_after_change) = (Release::ByHand, 2));
    place.designate("change,cpr:6101701234,0040-77,,,,,");
    let batch = place.uploaded(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]));
    place.now = later(1);
    place.release(&batch, true);
    let written = std::fs::read_to_string(place.out().join(format!("payer/{batch}-1.pain.002.xml"))).unwrap();
    assert!(written.contains("<Cd>AC15</Cd>") && written.contains("1 days ago"), "{written}");
    place.now = later(9);
    assert_eq!(whole(report_of(&mut place.writer, PLAIN, &batch, 1, &client(PLAIN)).unwrap()), written);
    place.verify();
}

#[test]
fn what_is_noted_as_waiting_is_held_against_the_payments() {
    let check = |table: &str, damage: &str| {
        let mut place = agreed(|terms| (terms.release, terms.hold_after_change) = (Release::ByHand, 1));
        place.designate(&format!("change,cpr:{ANNA},0040-77,,,,,"));
        let batch = place.route(PLAIN, &file("MSG-1", &[vec![(ANNA, 100), (BO, 100)]]), false).batch;
        place.release(&batch, true);
        place.route(PLAIN, &file("MSG-2", &[vec![(ANNA, 100)]]), false);
        place.verify();
        place.store.damage(table, damage);
        assert!(place.writer.read(payout::verify_index).is_err(), "{damage}");
    };
    check("held_payment", "DELETE FROM held_payment");
    check("held_payment", "UPDATE held_payment SET number = 1");
    check("held_payment", "UPDATE held_payment SET payee = NULL");
    check("waiting_batch", "DELETE FROM waiting_batch");
}
