//! What has no home lies in the waiting account, and goes on when it has one.

use crate::place::*;
use crate::returning::{Back, message, refused, sums, valid};
use kernel::{Actor, Error, Scope, Timestamp};
use payout::commands::{
    Cancel, GiveBack, ImportReturns, LetGo, PaidOut, Recall, Retry, SettleReturn, Stop, cancel, give_back,
    import_returns, pay_waiting, payments_named, recall, retry, settle_return, stop,
};
use payout::message::bank::RecallReason;
use payout::queries::{Whose, completed_for_bank, each_waiting, ledger, one_of, recall_message, report_of, strays};
use registry::payer::{NoAccount, PayerKind};
use registry::terms::Release::ByHand;
use registry::terms::Terms;

const LIES: &str = "Ventekontorets";
const DAY: i64 = 86_400_000_000;

fn place() -> Place {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    place
}

fn pay(place: &mut Place, batch: &str) -> Result<Vec<PaidOut>, Error> {
    let (out, env) = (place.out(), place.env());
    pay_waiting(&mut place.writer, batch, Some(&out), &Actor::console(), &env)
}

fn lying(place: &mut Place, payer: Option<&str>) -> Vec<String> {
    let mut all = Vec::new();
    each_waiting(&mut place.writer, payer, &Actor::console(), |waiting| {
        all.push(format!("{} {} {}", waiting.end_to_end_id, waiting.amount, waiting.currency));
        Ok(())
    })
    .unwrap();
    all
}

fn book(place: &mut Place) -> Vec<String> {
    let lines = ledger(&mut place.writer, LIES, NOW, &Actor::console()).unwrap();
    lines.iter().map(|line| format!("{}: {} - {} = {}", line.stage, line.came_in, line.left, line.remains)).collect()
}

#[test]
fn what_lies_there_is_paid_when_its_payee_has_an_account() {
    let mut place = place();
    let pays = vec![(ANNA, 1_00), (WITHOUT, 20_00), (DEAD, 3), (WITHOUT, 5_50)];
    let batch = place.uploaded(LIES, &file("MSG-1", &[pays]));
    assert_eq!(place.told(&batch), ["routed", "waiting", "rejected", "waiting"]);
    sums(&mut place, LIES, [100, 0, 2550, 0, 3]);
    assert_eq!(lying(&mut place, Some(LIES)), ["E1 20.00 DKK", "E3 5.50 DKK"]);
    assert_eq!(lying(&mut place, Some(PUBLIC)), [""; 0]);
    assert!(pay(&mut place, &batch).unwrap().is_empty(), "there is no account");
    assert_eq!(place.settle(), [""; 0]);
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    let paid = pay(&mut place, &batch).unwrap();
    let [paid] = &*paid else { panic!("{paid:?}") };
    assert_eq!((paid.stage, paid.sent.payments, &*paid.sent.sums["DKK"]), (1, 2, "25.50"));
    assert_eq!(place.told(&batch), ["routed", "routed", "rejected", "routed"]);
    sums(&mut place, LIES, [2650, 0, 0, 0, 3]);
    assert!(lying(&mut place, None).is_empty() && pay(&mut place, &batch).unwrap().is_empty());
    assert_eq!(book(&mut place), ["0: 25.50 - 0.00 = 25.50", "1: 0.00 - 25.50 = 0.00"]);
    // From the waiting account to the payee's own, and told to the payer.
    let order = std::fs::read_to_string(&paid.files[0]).unwrap();
    for said in [
        "<MsgId>",
        "<NbOfTxs>2<",
        "<CtrlSum>25.5",
        "<IBAN>DK0600400000000099<",
        "<EndToEndId>E1<",
        "<EndToEndId>E3<",
        "<MmbId>9860<",
        "<Nm>Ventekontorets<",
    ] {
        assert!(order.contains(said), "{said}: {order}");
    }
    valid("pain.001.001.09", &order);
    let fetched = completed_for_bank(&mut place.writer, BANK, &batch, 1, &Actor::console()).unwrap();
    assert_eq!(whole(fetched), order);
    let report = whole(report_of(&mut place.writer, LIES, &batch, 1, &client(LIES)).unwrap());
    assert_eq!(report, std::fs::read_to_string(&paid.files[1]).unwrap());
    valid("pain.002.001.10", &report);
    place.verify();
}

#[test]
fn it_goes_on_by_itself_by_all_demands_that_any_payment_meets() {
    let mut place = place();
    place.control(&["hold_after_change=2"]);
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00)], vec![(NOBODY, 1)]]));
    // By the recorded order of acts: designated, closed, and designated again, which is a change that payments wait for.
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    place.designate(&format!("close,cpr:{WITHOUT},,,,,,"));
    assert_eq!(place.settle(), [""; 0]);
    assert_eq!(place.told(&batch)[0], "waiting");
    place.designate(&format!("change,cpr:{WITHOUT},9860-78,,,,,"));
    place.settle();
    let waits = place.told(&batch)[0].clone();
    place.now = Timestamp::from_micros(place.now.micros() + 10 * DAY);
    place.settle();
    assert_eq!((&*waits, &*place.told(&batch)[0]), ("recent_change time", "routed"));
    place.verify();
}

#[test]
fn what_lies_there_is_stopped_until_it_is_resumed_and_never_cancelled() {
    for id in [None, Some("E1")] {
        let mut place = place();
        let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(ANNA, 1_00), (WITHOUT, 20_00)]]));
        let say = |place: &mut Place, resumes| {
            let (ids, env): (Option<Vec<String>>, _) = (id.map(|id| vec![id.to_owned()]), place.env());
            let (batch, why) = (&*batch, "It may be fraud");
            let wanted = Stop { batch, end_to_end_ids: ids.as_deref(), why, resumes, stages: None, once: None };
            stop(&mut place.writer, &wanted, &client(LIES), &env)
        };
        refused(say(&mut place, true), "batch.not_stopped");
        say(&mut place, false).unwrap();
        refused(say(&mut place, false), "batch.stopped");
        place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
        assert!(pay(&mut place, &batch).unwrap().is_empty() && place.settle().is_empty());
        assert_eq!(place.told(&batch), ["routed", "stopped resumed_or_cancelled"], "{id:?}");
        let (now, stopped_by) = (place.now, id.is_none().then(|| client(LIES).name().to_owned()));
        let view = one_of(&mut place.writer, LIES, &batch, &client(LIES), now).unwrap();
        assert_eq!((view.stopped_by, view.waits_for, view.counts.waiting), (stopped_by, None, 1));
        let (ids, env) = (id.map(|id| vec![id.to_owned()]), place.env());
        let wanted = Cancel { batch: &batch, end_to_end_ids: ids.as_deref(), stages: None, once: None };
        let held = if id.is_some() { "batch.payment_not_held" } else { "batch.nothing_held" };
        refused(cancel(&mut place.writer, &wanted, &Actor::console(), &env), held);
        say(&mut place, true).unwrap();
        place.settle();
        assert_eq!((place.told(&batch), lying(&mut place, None).len()), (vec!["routed".to_owned(); 2], 0));
        refused(say(&mut place, false), held);
        place.verify();
    }
}

/// It was let go long ago, so that nobody else would be asked.
#[test]
fn another_person_lets_go_what_lies_there_for_an_account_of_whoever_let_it_go() {
    for (four_eyes_above, to_files) in [(None, false), (None, true), (Some(150), false)] {
        let mut place = place();
        let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
        let terms = Terms { release: ByHand, four_eyes_above, ..Terms::default() };
        place.agree_on("Langsom", PayerKind::Public, to, Some(BANK), terms).unwrap();
        let [anna, bo, carl] = ["anna", "bo", "carl"].map(Actor::operator);
        let (ask, approve) = (LetGo::Ask, LetGo::Approve);
        let batch = place.uploaded("Langsom", &file("MSG-1", &[vec![(ANNA, 1_00), (WITHOUT, 20_00)]]));
        place.let_go(&batch, ask, true, &anna).unwrap();
        if four_eyes_above.is_some() {
            place.let_go(&batch, approve, true, &bo).unwrap();
        }
        assert_eq!(place.told(&batch), ["routed", "waiting"]);
        place.designate_as(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"), &anna);
        let own = ["routed", "own_change released_by_another"];
        // Not by whoever has said so, nor without a name.
        refused(place.let_go(&batch, ask, false, &anna), "batch.nothing_held");
        place.let_go(&batch, ask, to_files, &Actor::console()).unwrap();
        assert!(pay(&mut place, &batch).unwrap().is_empty() && place.settle().is_empty());
        assert_eq!(place.told(&batch), own);
        let told = place.let_go(&batch, ask, to_files, &bo).unwrap();
        assert_eq!((told.counts.waiting, told.has_moved, told.status.is_some()), (1, false, to_files));
        if four_eyes_above.is_some() {
            assert_eq!(place.told(&batch), own);
            refused(place.let_go(&batch, approve, false, &bo), "batch.nothing_held");
            place.let_go(&batch, approve, false, &carl).unwrap();
        }
        assert_eq!(place.told(&batch), ["routed", "waiting"]);
        assert_eq!(pay(&mut place, &batch).unwrap().len(), 1);
        assert_eq!(place.told(&batch), ["routed", "routed"]);
        refused(place.let_go(&batch, ask, false, &Actor::operator("dora")), "batch.nothing_held");
        place.verify();
    }
}

#[test]
fn an_order_is_written_by_the_next_release_that_is_told_where() {
    let mut place = place();
    place.control(&["hold_after_change=2"]);
    place.designate(&format!("change,cpr:{ANNA},0040-77,,,,,"));
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 20_00)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    place.settle();
    assert_eq!(place.told(&batch), ["recent_change time", "routed"]);
    let order = place.out().join(format!("bank/{batch}-1.pain.001.xml"));
    assert!(!order.exists());
    place.release(&batch, true);
    assert!(order.exists());
    place.verify();
}

#[test]
fn what_comes_back_from_the_waiting_account_lies_there_no_more() {
    let mut place = place();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (WITHOUT, 7)]]));
    let back = message("R-1", &[Back("1", "E0", "20.00", "20.00", "AC01", "DK0600400000000099")]);
    let env = place.env();
    let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
    let made = import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
    assert_eq!((made.booked, made.questioned), (1, 0), "the account is nobody's but the payer's");
    assert_eq!(place.told(&batch), ["returned", "waiting"]);
    assert_eq!(lying(&mut place, None), ["E1 0.07 DKK"]);
    assert_eq!(book(&mut place), ["0: 20.07 - 0.00 = 20.07", "1: 0.00 - 20.00 = 0.07"]);
    sums(&mut place, LIES, [0, 0, 7, 2000, 0]);
    place.verify();
    refused(pay(&mut place, "0000000000000"), "batch.unknown");
}

#[test]
fn what_was_ordered_from_there_comes_back_to_there() {
    let mut place = place();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (WITHOUT, 7)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    pay(&mut place, &batch).unwrap();
    let import = |place: &mut Place, back: Back<'_>| {
        let (env, back) = (place.env(), message("R-1", &[back]));
        let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
        import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap()
    };
    let made = import(&mut place, Back("1", "E0", "20.00", "20.00", "MS03", "9860-77"));
    assert_eq!((made.booked, place.told(&batch)), (1, vec!["waiting".to_owned(), "routed".to_owned()]));
    sums(&mut place, LIES, [7, 0, 2000, 0, 0]);
    assert_eq!(lying(&mut place, None), ["E0 20.00 DKK"]);
    let report = whole(report_of(&mut place.writer, LIES, &batch, 2, &client(LIES)).unwrap());
    assert!(report.contains("<TxSts>ACSP<") && report.contains("Of it, 20.00 DKK came back (MS03)."), "{report}");
    place.verify();
    // To the same account it does not go again by itself, and from there it comes back as a whole.
    assert!(pay(&mut place, &batch).unwrap().is_empty() && place.settle().is_empty());
    assert_eq!(import(&mut place, Back("2", "E0", "20.00", "5.00", "MS03", "DK0600400000000099")).listed, 1);
    let stray = strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns.remove(0).id;
    let env = place.env();
    let part = SettleReturn { stray: &stray, payment: Some((&batch, "E0")), why: "asked", out: None, once: None };
    refused(settle_return(&mut place.writer, &part, &Actor::console(), &env), "return.part");
    place.designate(&format!("change,cpr:{WITHOUT},9860-78,,9860-77,,,"));
    assert_eq!(pay(&mut place, &batch).unwrap()[0].sent.sums["DKK"], "20.00");
    sums(&mut place, LIES, [2007, 0, 0, 0, 0]);
    place.verify();
}

#[test]
fn an_order_is_carried_out_when_the_money_is_there() {
    // The file is paid on the 25th.
    let check = |days: i64, expected: &str| {
        let mut place = place();
        let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00)]]));
        place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
        place.now = Timestamp::from_micros(NOW.micros() + days * DAY);
        let paid = pay(&mut place, &batch).unwrap();
        let order = std::fs::read_to_string(&paid[0].files[0]).unwrap();
        assert!(order.contains(&format!("<ReqdExctnDt><Dt>{expected}</Dt></ReqdExctnDt>")), "{days}: {order}");
        let named = place.writer.read(|scope| payments_named(scope, &batch, &["E0".to_owned()], None)).unwrap();
        let env = place.env();
        let wanted = Recall { payments: &named, reason: RecallReason::Customer, why: "moved", once: None };
        let name = recall(&mut place.writer, &wanted, &Actor::console(), &env).unwrap().messages[0].recall.clone();
        let asked = |scope: &Scope<'_>| recall_message(scope, &name, Whose::Everybodys, &Actor::console());
        let asked = String::from_utf8(place.writer.read(asked).unwrap()).unwrap();
        assert!(asked.contains(&format!("<OrgnlReqdExctnDt><Dt>{expected}</Dt></OrgnlReqdExctnDt>")), "{asked}");
        // It comes back, and goes to another account the day after.
        let back = message("R-1", &[Back("1", "E0", "20.00", "20.00", "MS03", "9860-77")]);
        let env = place.env();
        let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
        assert_eq!(import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap().booked, 1);
        place.designate(&format!("change,cpr:{WITHOUT},9860-78,,9860-77,,,"));
        let paid = pay(&mut place, &batch).unwrap();
        std::fs::read_to_string(&paid[0].files[0]).unwrap()
    };
    assert!(check(0, "2026-11-26").contains("<Dt>2026-11-26</Dt>"));
    // A Friday, and a Saturday.
    assert!(check(4, "2026-11-27").contains("<Dt>2026-11-30</Dt>"));
    assert!(check(5, "2026-11-30").contains("<Dt>2026-11-30</Dt>"));
}

#[test]
fn its_payer_takes_back_what_lies_there() {
    let mut place = place();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (WITHOUT, 7), (ANNA, 1)]]));
    let take = |place: &mut Place, end_to_end_id: &str, why: &str| {
        let env = place.env();
        let wanted = GiveBack { batch: &batch, end_to_end_id, why, stages: None, out: None, once: None };
        give_back(&mut place.writer, &wanted, &Actor::console(), &env)
    };
    refused(take(&mut place, "E0", " "), "return.why");
    refused(take(&mut place, "E2", "moved away"), "return.not_waiting");
    refused(take(&mut place, "E9", "moved away"), "return.payment_unknown");
    assert_eq!(take(&mut place, "E0", "moved away").unwrap().0, 1);
    refused(take(&mut place, "E0", "moved away"), "return.not_waiting");
    assert_eq!(place.told(&batch), ["returned", "waiting", "routed"]);
    sums(&mut place, LIES, [1, 0, 7, 2000, 0]);
    assert_eq!(lying(&mut place, None), ["E1 0.07 DKK"]);
    let report = whole(report_of(&mut place.writer, LIES, &batch, 1, &client(LIES)).unwrap());
    assert!(report.contains("<TxSts>RJCT<") && report.contains("<Cd>CUST<"), "{report}");
    valid("pain.002.001.10", &report);
    // It can be tried again, and lies there once more.
    let env = place.env();
    let again = Retry { batch: &batch, end_to_end_ids: None, out: None, stages: None, once: None };
    retry(&mut place.writer, &again, &Actor::console(), &env).unwrap();
    assert_eq!(place.told(&batch)[0], "waiting");
    take(&mut place, "E0", "moved away again").unwrap();
    place.verify();
}

#[test]
fn whoever_money_waits_for_is_reminded() {
    let mut place = place();
    place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (WITHOUT, 7)]]));
    let mut days = Vec::new();
    for day in 1..200 {
        place.now = Timestamp::from_micros(NOW.micros() + day * DAY);
        let before = reminders(&mut place);
        place.settle();
        if reminders(&mut place) > before {
            days.push(day);
        }
    }
    assert_eq!(days, [30, 90, 180]);
    place.verify();
}

fn reminders(place: &mut Place) -> u64 {
    let table = registry::TABLES.iter().find(|table| table.name() == "reminder").unwrap();
    place.writer.read(|scope| table.count(scope)).unwrap()
}
