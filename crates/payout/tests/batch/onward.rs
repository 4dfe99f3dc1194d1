//! What banks return goes on to the payer's waiting account, where its agreement says so and the payee is still to have it.

use crate::place::*;
use crate::returning::{Back, message, refused, sums, valid};
use denmark::calendar::next_banking_day;
use kernel::{Actor, Error, Id, Scope, Timestamp};
use payout::commands::{
    ImportReturns, Imported, PaidOut, Recall, Retry, SettleReturn, import_returns, pay_waiting, payments_named, recall,
    retry, settle_return,
};
use payout::message::bank::RecallReason;
use payout::queries::{Whose, completed_for_bank, ledger, recall_message, report_of, strays};
use registry::commands::{Carrier, Tried};
use registry::notice::{Medium, NoticeKind};
use registry::payer::{NoAccount, PayerKind};
use registry::terms::{OnReturn, Terms};
use std::collections::BTreeSet;

pub const ONWARD: &str = "Ventekontorets";
const ANNAS: &str = "DK5000400440116243";
const BOS: &str = "9860-1234567";
pub const ELSEWHERE: &str = "DK0600400000000099";
const DAY: i64 = 86_400_000_000;

/// A payer whose returned money goes on to its waiting account; all changes of accounts take effect at once.
pub fn place() -> Place {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse(&format!("pay-to:{ELSEWHERE}")).unwrap();
    let terms = Terms { on_return: OnReturn::Waiting, ..Terms::default() };
    place.agree_on(ONWARD, PayerKind::Public, to, Some(BANK), terms).unwrap();
    place
}

pub fn import(place: &mut Place, id: &str, backs: &[Back<'_>]) -> Imported {
    let (out, env) = (place.out(), place.env());
    let xml = message(id, backs).replace("<Cd>fraud</Cd>", "<Prtry>fraud</Prtry>");
    let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: Some(&out), once: None };
    import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap()
}

pub fn pay(place: &mut Place, batch: &str) -> Vec<PaidOut> {
    let (out, env) = (place.out(), place.env());
    pay_waiting(&mut place.writer, batch, Some(&out), &Actor::console(), &env).unwrap()
}

fn book(place: &mut Place) -> Vec<String> {
    let lines = ledger(&mut place.writer, ONWARD, NOW, &Actor::console()).unwrap();
    lines.iter().map(|line| format!("{}: {} - {} = {}", line.stage, line.came_in, line.left, line.remains)).collect()
}

fn report(place: &mut Place, batch: &str, stage: i64) -> String {
    let report = whole(report_of(&mut place.writer, ONWARD, batch, stage, &client(ONWARD)).unwrap());
    valid("pain.002.001.10", &report);
    report
}

#[test]
fn what_comes_back_is_ordered_on_from_the_payers_account_and_paid_when_there_is_another() {
    let mut place = place();
    // Brought at the console, of which the input is kept for this.
    let batch = place.route(ONWARD, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20_50)], vec![(WITHOUT, 3)]]), false).batch;
    sums(&mut place, ONWARD, [2150, 0, 3, 0, 0]);
    let backs = [Back("1", "E0", "1.00", "1.00", "FOCR", ANNAS), Back("2", "E1", "20.50", "20.50", "AC04", BOS)];
    let made = import(&mut place, "R-1", &backs);
    assert_eq!((made.booked, made.closed), (2, 1));
    assert_eq!(made.stages, BTreeSet::from([(batch.clone(), 1), (batch.clone(), 2)]));
    assert_eq!(place.told(&batch), ["returned", "waiting", "waiting"]);
    sums(&mut place, ONWARD, [0, 0, 2053, 100, 0]);
    assert_eq!(book(&mut place), ["0: 0.03 - 0.00 = 0.03", "2: 20.50 - 0.00 = 20.53"]);
    place.verify();
    // The payer is told that it came back, and of what goes on not that it is back.
    let came_back = report(&mut place, &batch, 1);
    for (id, said) in [("E0", "<TxSts>RJCT<"), ("E0", "<Cd>FOCR<"), ("E1", "<TxSts>ACSP<"), ("E1", "came back (AC04).")]
    {
        let entry = came_back.split("<TxInfAndSts>").find(|entry| entry.contains(&format!("<OrgnlEndToEndId>{id}<")));
        assert!(entry.unwrap().contains(said), "{id} {said}: {came_back}");
    }
    assert!(report(&mut place, &batch, 2).contains("<TxSts>ACSP<"));
    // One order, from the payer's own account to the waiting account, as a file and for the bank that fetches it.
    let order = std::fs::read_to_string(place.out().join(format!("bank/{batch}-2.pain.001.xml"))).unwrap();
    for said in ["<NbOfTxs>1<", "<IBAN>DK5000400440116243<", "<EndToEndId>E1<", ELSEWHERE, "CtrlSum>20.5"] {
        assert!(order.contains(said), "{said}: {order}");
    }
    valid("pain.001.001.09", &order);
    let fetched = completed_for_bank(&mut place.writer, BANK, &batch, 2, &Actor::console()).unwrap();
    assert_eq!((whole(fetched), made.reports.len()), (order, 3));
    // The same again does nothing, and finds what was written.
    let again = import(&mut place, "R-1", &backs);
    assert_eq!((again.booked, again.known, again.stages), (0, 2, made.stages));
    // It is not the payer's to try again, but for what is.
    let env = place.env();
    let ids = ["E1".to_owned()];
    let wanted = Retry { batch: &batch, end_to_end_ids: Some(&ids), out: None, stages: None, once: None };
    refused(retry(&mut place.writer, &wanted, &Actor::console(), &env), "batch.payment_not_returned");
    assert!(pay(&mut place, &batch).is_empty(), "the account was closed");
    place.designate(&format!("register,cpr:{BO},9860-77,,,,,"));
    let paid = pay(&mut place, &batch);
    assert_eq!((paid[0].stage, &*paid[0].sent.sums["DKK"]), (3, "20.50"));
    assert_eq!(book(&mut place)[2], "3: 0.00 - 20.50 = 0.03");
    sums(&mut place, ONWARD, [2050, 0, 3, 100, 0]);
    // From there it comes back to the waiting account, where it lies without another order; its account is questioned.
    let made = import(&mut place, "R-2", &[Back("1", "E1", "20.50", "20.50", "AC01", "9860-77")]);
    assert_eq!((made.booked, made.questioned, made.stages), (1, 1, BTreeSet::from([(batch.clone(), 4)])));
    assert_eq!(place.told(&batch), ["returned", "waiting", "waiting"]);
    assert!(pay(&mut place, &batch).is_empty());
    sums(&mut place, ONWARD, [0, 0, 2053, 100, 0]);
    place.verify();
}

/// By what payments leave later than when their file came in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Release,
    Retry,
    Onward,
}

#[test]
fn what_leaves_when_its_day_is_past_is_carried_out_on_the_next_banking_day() {
    let dates = |xml: &str| -> Vec<String> { xml.split("<Dt>").skip(1).map(|rest| rest[..10].to_owned()).collect() };
    let check = |by: By, days: i64, expected: &str| {
        let (mut place, payer) = (place(), if by == By::Onward { ONWARD } else { PUBLIC });
        // One block is to be paid on Wednesday the 25th, the other in December.
        let xml = file("MSG-1", &[vec![(BO, 20_50)], vec![(BO, 3_00)]]);
        let (one, other) = xml.split_at(xml.find("<!-- Block 1").unwrap());
        let xml = format!("{one}{}", other.replace("2026-11-25", "2026-12-15"));
        let batch = place.route(payer, &xml, by == By::Release).batch;
        place.now = Timestamp::from_micros(NOW.micros() + days * DAY);
        let backs = [Back("1", "E0", "20.50", "20.50", "MS03", BOS), Back("2", "E1", "3.00", "3.00", "MS03", BOS)];
        place.designate(&format!("change,cpr:{BO},9860-78,,{BOS},,,"));
        let (stage, expected) = match by {
            By::Release => {
                place.release(&batch, true);
                (1, vec![expected, "2026-12-15"])
            }
            By::Retry => {
                assert_eq!(import(&mut place, "R-1", &backs).booked, 2);
                let (out, env) = (place.out(), place.env());
                let wanted = Retry { batch: &batch, end_to_end_ids: None, out: Some(&out), stages: None, once: None };
                retry(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
                (3, vec![expected, "2026-12-15"])
            }
            By::Onward => {
                assert_eq!(import(&mut place, "R-1", &backs[..1]).booked, 1);
                (2, vec![expected])
            }
        };
        let path = place.out().join(format!("bank/{batch}-{stage}.pain.001.xml"));
        let sent = std::fs::read_to_string(&path).unwrap();
        assert_eq!(dates(&sent), expected, "{by:?} {days}");
        valid("pain.001.001.09", &sent);
        if by == By::Onward {
            // From the waiting account it goes on the day after at the earliest.
            let order = std::fs::read_to_string(&pay(&mut place, &batch)[0].files[0]).unwrap();
            let day: jiff::civil::Date = expected[0].parse().unwrap();
            assert_eq!(dates(&order), [next_banking_day(day).to_string()], "{by:?} {days}");
        } else {
            let ids = ["E0".to_owned()];
            let named = place.writer.read(|scope| payments_named(scope, &batch, &ids, None)).unwrap();
            let env = place.env();
            let wanted = Recall { payments: &named, reason: RecallReason::Customer, why: "moved", once: None };
            let name = recall(&mut place.writer, &wanted, &Actor::console(), &env).unwrap().messages[0].recall.clone();
            let asked = |scope: &Scope<'_>| recall_message(scope, &name, Whose::Everybodys, &Actor::console());
            let asked = String::from_utf8(place.writer.read(asked).unwrap()).unwrap();
            assert_eq!(dates(&asked), expected[..1], "{asked}");
        }
        // It is the same whenever it is asked for; so is what was sent first.
        place.now = Timestamp::from_micros(NOW.micros() + 99 * DAY);
        std::fs::remove_file(&path).unwrap();
        place.release(&batch, true);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), sent);
        let mut fetched =
            |stage| whole(completed_for_bank(&mut place.writer, BANK, &batch, stage, &Actor::console()).unwrap());
        assert_eq!(fetched(stage), sent);
        if by != By::Release {
            assert_eq!(dates(&fetched(0)), ["2026-11-25", "2026-12-15"]);
        }
        place.verify();
    };
    for by in [By::Release, By::Retry, By::Onward] {
        check(by, 0, "2026-11-25");
        check(by, 2, "2026-11-25");
        check(by, 3, "2026-11-26");
        // A Saturday.
        check(by, 5, "2026-11-30");
    }
}

/// Somebody says that the newest return on the work list is of a payment.
fn settle(place: &mut Place, batch: &str, id: &str) -> Result<Imported, Error> {
    let stray = strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns.pop().unwrap().id;
    let env = place.env();
    let wanted = SettleReturn { stray: &stray, payment: Some((batch, id)), why: "it looks so", out: None, once: None };
    settle_return(&mut place.writer, &wanted, &Actor::console(), &env)
}

#[test]
fn a_copy_of_a_return_moves_nothing_that_went_on_since() {
    let mut place = place();
    let batch = place.uploaded(ONWARD, &file("MSG-1", &[vec![(BO, 20_50)]]));
    let back = [Back("1", "E0", "20.50", "20.50", "AC04", BOS)];
    assert_eq!(import(&mut place, "R-1", &back).booked, 1);
    // Another bank brings it too, and an officer takes it for the payment's.
    assert_eq!(import(&mut place, "R-2", &back).listed, 1);
    refused(settle(&mut place, &batch, "E0"), "return.not_sent");
    assert_eq!(place.told(&batch), ["waiting"]);
    place.designate(&format!("register,cpr:{BO},9860-77,,,,,"));
    assert_eq!(pay(&mut place, &batch).len(), 1);
    refused(settle(&mut place, &batch, "E0"), "return.not_sent");
    assert_eq!((place.told(&batch), pay(&mut place, &batch).len()), (vec!["routed".to_owned()], 0));
    // A return of that order is one.
    assert_eq!(import(&mut place, "R-3", &[Back("1", "E0", "20.50", "20.50", "MS03", "9860-77")]).booked, 1);
    refused(settle(&mut place, &batch, "E0"), "return.not_sent");
    assert_eq!(place.told(&batch), ["waiting"]);
    // So it is of what its payer tried again.
    let tried = place.uploaded(PUBLIC, &file("MSG-2", &[vec![(ANNA, 3_00)]]));
    let back = [Back("1", "E0", "3.00", "3.00", "MS03", ANNAS)];
    assert_eq!(import(&mut place, "R-4", &back).booked, 1);
    place.designate(&format!("change,cpr:{ANNA},9860-78,,{ANNAS},,,"));
    let env = place.env();
    let wanted = Retry { batch: &tried, end_to_end_ids: None, out: None, stages: None, once: None };
    retry(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    assert_eq!(import(&mut place, "R-5", &back).listed, 1);
    refused(settle(&mut place, &tried, "E0"), "return.not_sent");
    assert_eq!(place.told(&tried), ["routed"]);
    place.verify();
}

#[test]
fn what_one_file_brings_twice_comes_back_once_to_the_waiting_account() {
    let mut place = place();
    let batch = place.uploaded(ONWARD, &file("MSG-1", &[vec![(WITHOUT, 20_50)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    assert_eq!(pay(&mut place, &batch).len(), 1);
    let twice = ["1", "2"].map(|id| Back(id, "E0", "20.50", "20.50", "MS03", "9860-77"));
    let made = import(&mut place, "R-1", &twice);
    assert_eq!((made.booked, made.listed, place.told(&batch)), (1, 1, vec!["waiting".to_owned()]));
    sums(&mut place, ONWARD, [0, 0, 2050, 0, 0]);
    place.verify();
}

#[test]
fn what_its_payee_is_not_to_have_any_more_is_the_payers() {
    #[derive(Clone, Copy, PartialEq)]
    enum Before {
        Nothing,
        Dies,
        AskedBack,
        Part,
    }
    let check = |reason: &str, before: Before, expected: &str| {
        let mut place = place();
        let batch = place.uploaded(ONWARD, &file("MSG-1", &[vec![(ANNA, 1), (BO, 20_50)]]));
        let back = |place: &mut Place, id: &str, amount: &str, reason: &str| {
            let made = import(place, id, &[Back("1", "E1", "20.50", amount, reason, BOS)]);
            if made.listed == 1 {
                let stray = strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns.pop().unwrap().id;
                let (payment, env) = (Some((&*batch, "E1")), place.env());
                let wanted = SettleReturn { stray: &stray, payment, why: "asked the bank", out: None, once: None };
                settle_return(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
            }
        };
        match before {
            Before::Nothing => {}
            Before::Dies => place.dies(BO),
            Before::Part => back(&mut place, "R-0", "20.00", "MS03"),
            Before::AskedBack => {
                let ids = ["E1".to_owned()];
                let named = place.writer.read(|scope| payments_named(scope, &batch, &ids, None)).unwrap();
                let env = place.env();
                let wanted = Recall { payments: &named, reason: RecallReason::Fraud, why: "stolen", once: None };
                recall(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
            }
        }
        back(&mut place, "R-1", if before == Before::Part { "0.50" } else { "20.50" }, reason);
        assert_eq!(place.told(&batch), ["routed", expected], "{reason}");
        place.verify();
    };
    for reason in ["AC04", "AC01", "AC06", "MS03", "NARR"] {
        check(reason, Before::Nothing, "waiting");
    }
    check("AC04</Cd></Rsn></RtrRsnInf><RtrRsnInf><Rsn><Cd>MS03", Before::Nothing, "waiting");
    // A reason that nobody knows may be any; a second one counts as the first does.
    let second = |reason: &str| format!("AC04</Cd></Rsn></RtrRsnInf><RtrRsnInf><Rsn><Cd>{reason}");
    for reason in ["FOCR", "FR01", "DUPL", "MD07", "XY99", "fraud", &second("FR01"), &second("fraud")] {
        check(reason, Before::Nothing, "returned");
    }
    for before in [Before::Dies, Before::AskedBack, Before::Part] {
        check("MS03", before, "returned");
    }
}

#[test]
fn it_is_agreed_with_a_payer_that_has_a_waiting_account_and_holds_for_what_comes_in_then() {
    let mut place = Place::new();
    place.control(&[]);
    let terms = Terms { on_return: OnReturn::Waiting, ..Terms::default() };
    for no_account in [NoAccount::Hold, NoAccount::Reject] {
        let told = place.agree_on(ONWARD, PayerKind::Public, no_account, None, terms.clone());
        refused(told, "payer.on_return");
    }
    let to = NoAccount::parse(&format!("pay-to:{ELSEWHERE}")).unwrap();
    place.agree(ONWARD, PayerKind::Public, to, None).unwrap();
    let before = place.uploaded(ONWARD, &file("MSG-1", &[vec![(BO, 1_00)]]));
    place.agree_on(ONWARD, PayerKind::Public, to, None, terms).unwrap();
    let after = place.uploaded(ONWARD, &file("MSG-2", &[vec![(BO, 2_00)]]));
    let backs = [Back("1", "E0", "1.00", "1.00", "MS03", BOS), Back("2", "E0", "2.00", "2.00", "MS03", BOS)];
    assert_eq!(import(&mut place, "R-1", &backs).booked, 2);
    assert_eq!((&*place.told(&before)[0], &*place.told(&after)[0]), ("returned", "waiting"));
    place.verify();
}

#[test]
fn orders_of_one_file_of_returns_are_each_in_their_place_for_the_bank() {
    let mut place = place();
    let amounts = [7_00, 8_00, 9_00];
    let batches = amounts
        .map(|amount| place.uploaded(ONWARD, &file(&format!("MSG-{amount}"), &[vec![(BO, amount), (WITHOUT, 1)]])));
    let texts = ["7.00", "8.00", "9.00"];
    let backs: Vec<Back<'_>> = texts.iter().map(|text| Back(text, "E0", text, text, "MS03", BOS)).collect();
    assert_eq!(import(&mut place, "R-1", &backs).booked, 3);
    // Page by page, though one entry recorded them.
    let (mut after, mut seen) = (None, BTreeSet::new());
    loop {
        let page = place.writer.read(|scope| payout::queries::files_for_bank_after(scope, BANK, after, 1)).unwrap();
        let Some(found) = page.first() else { break };
        after = Some(found.place);
        assert!(seen.insert((found.batch.clone(), found.stage)));
    }
    let expected: BTreeSet<_> = batches.iter().flat_map(|batch| [(batch.clone(), 0), (batch.clone(), 2)]).collect();
    assert_eq!(seen, expected);
    place.verify();
}

/// What payees are reminded of now.
pub fn reminders(place: &mut Place) -> Vec<NoticeKind> {
    place.settle();
    let carrier = Carrier { holder: Id::new(1) };
    let taken = carrier.take(&mut place.writer, Medium::DigitalPost, place.now, 100).unwrap();
    let tried: Vec<Tried> = taken.iter().map(|(notice, _)| Tried { notice: *notice, result: Ok(()) }).collect();
    carrier.tell(&mut place.writer, &tried, place.now).unwrap();
    let kinds = taken.into_iter().map(|(_, notice)| notice.unwrap().new.kind);
    kinds.filter(|kind| kind.name().starts_with("reminder_")).collect()
}

#[test]
fn whose_account_did_not_take_it_is_reminded_of_that() {
    let mut place = place();
    let batch = place.uploaded(ONWARD, &file("MSG-1", &[vec![(BO, 1_00)]]));
    import(&mut place, "R-1", &[Back("1", "E0", "1.00", "1.00", "MS03", BOS)]);
    let (mut days, mut kinds) = (Vec::new(), Vec::new());
    for day in 1..100 {
        place.now = Timestamp::from_micros(NOW.micros() + day * DAY);
        for kind in reminders(&mut place) {
            kinds.push(kind);
            days.push(day);
        }
    }
    assert_eq!((days, kinds), (vec![30, 90], vec![NoticeKind::ReminderAccount; 2]));
    assert_eq!(place.told(&batch), ["waiting"]);
}
