//! Payments of many files are asked back at once, each by the completed file that it left in.

use crate::place::*;
use crate::returning::{ANNAS, BOS, Back, message as returned, valid};
use kernel::{Actor, Error};
use payout::commands::{
    AnswersTaken, ConfirmArrival, GiveBack, ImportReturns, LetGo, Recall, Recalled, Retry, SettleAnswer, SettleReturn,
    Transfer, answer_recalls, confirm_arrival, give_back, import_returns, pay_waiting, payments_named, recall, retry,
    settle_return, tell_transfers,
};
use payout::message::bank::RecallReason;
use payout::queries::{self, Whose, recall_message, transfer_recall_message};
use payout::recall::Interbank;
use registry::payer::{NoAccount, PayerKind};
use std::io::Cursor;

const LIES: &str = "Ventekontorets";

/// Asks for payments back: of each its batch and end-to-end id.
fn ask(place: &mut Place, payments: &[(&str, &str)]) -> Result<Recalled, Error> {
    let mut named = Vec::new();
    for (batch, id) in payments {
        named.extend(place.writer.read(|scope| payments_named(scope, batch, &[(*id).to_owned()], None))?);
    }
    let env = place.env();
    let wanted = Recall { payments: &named, reason: RecallReason::Fraud, why: "stolen", once: None };
    recall(&mut place.writer, &wanted, &Actor::console(), &env)
}

fn message(place: &mut Place, name: &str) -> String {
    let read = place.writer.read(|scope| recall_message(scope, name, Whose::Everybodys, &Actor::console()));
    let message = String::from_utf8(read.unwrap()).unwrap();
    valid("camt.055.001.08", &message);
    message
}

/// That a bank gives back all that a recall asks for.
pub fn accepted(name: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn><Assgnmt><Id>A-1</Id><Assgnr><Agt>\
         <FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgnr><Assgne><Pty><Nm>K</Nm></Pty></Assgne>\
         <CreDtTm>2026-11-26T10:00:00Z</CreDtTm></Assgnmt><RslvdCase><Id>{name}</Id><Cretr><Pty><Nm>K</Nm></Pty></Cretr>\
         </RslvdCase><Sts><Conf>CNCL</Conf></Sts></RsltnOfInvstgtn></Document>"
    )
}

/// Of each recall: whose, at which stage, of which bank, and how many payments.
fn told(recalled: &Recalled) -> Vec<String> {
    let told = |sent: &payout::commands::SentRecall| {
        format!("{} {} {} {}", sent.payer, sent.stage, sent.to, sent.payments.len())
    };
    recalled.messages.iter().map(told).collect()
}

#[test]
fn payments_of_many_files_are_asked_back_each_by_its_completed_file() {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    let first = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 2_00)], vec![(BO, 300)]]));
    let held = place.route(PLAIN, &file("MSG-2", &[vec![(ANNA, 1)], vec![(ANNA, 2)]]), true).batch;
    let lies = place.uploaded(LIES, &file("MSG-3", &[vec![(WITHOUT, 20_00), (ANNA, 5)]]));
    let all = [
        (&*first, "E0"),
        (&*first, "E1"),
        (&*first, "E2"),
        (&*held, "E0"),
        (&*held, "E1"),
        (&*lies, "E0"),
        (&*lies, "E1"),
    ];
    let some = ask(&mut place, &all).unwrap();
    assert_eq!(told(&some), ["Kommunen 0 EKSBDK22 2", "Ventekontorets 0 EKSBDK22 1"]);
    let left: Vec<_> = some.left.iter().map(|left| (&*left.code, left.number)).collect();
    assert_eq!(left, [("recall.held", 1), ("recall.held", 0), ("recall.held", 1), ("recall.waiting", 0)]);
    let refused = |result: Result<Recalled, Error>| result.err().map_or("", |error| error.code());
    assert_eq!(refused(ask(&mut place, &[(&first, "E0")])), "recall.open");
    assert_eq!(refused(ask(&mut place, &[])), "recall.payments");
    // What left later is known by the file that it left in.
    place.let_go(&held, LetGo::Ask, true, &Actor::console()).unwrap();
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    place.release(&first, true);
    let (out, env) = (place.out(), place.env());
    pay_waiting(&mut place.writer, &lies, Some(&out), &Actor::console(), &env).unwrap();
    let later = ask(&mut place, &all).unwrap();
    assert_eq!(
        told(&later),
        ["Kommunen 1 EKSBDK22 1", "Regionen 1 EKSBDK22 2", "Ventekontorets 1 EKSBDK22 1"],
        "{later:?}"
    );
    for (sent, file, block) in [
        (0, format!("{first}-1"), "B0".to_owned()),
        (1, format!("{held}-1"), "B1".to_owned()),
        (2, format!("{lies}-1"), format!("{lies}-1")),
    ] {
        let message = message(&mut place, &later.messages[sent].recall);
        for part in [
            format!("<OrgnlMsgId>{file}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"),
            format!("<OrgnlPmtInfId>{block}</OrgnlPmtInfId>"),
        ] {
            assert!(message.contains(&part), "{part} in {message}");
        }
        // The completed file says so too.
        let written = std::fs::read_to_string(place.out().join(format!("bank/{file}.pain.001.xml"))).unwrap();
        for part in [format!("<MsgId>{file}</MsgId>"), format!("<PmtInfId>{block}</PmtInfId>")] {
            assert!(written.contains(&part), "{part} in {written}");
        }
    }
    // A bank answers all of one file at once, in another's name in vain.
    let name = &later.messages[0].recall;
    let answer = accepted(name);
    let (env, by) = (place.env(), Actor::console());
    let unknown = answer_recalls(&mut place.writer, Cursor::new(&answer), Some("Another"), None, (&by, &env));
    assert_eq!(unknown.err().map(|error| error.code()), Some("bank.unknown"));
    for (bank, taken, unmatched) in [(Some("Andelskassen Eksempel"), 0, 1), (Some(BANK), 1, 0), (None, 0, 0)] {
        let env = place.env();
        let by = (&Actor::console(), &env);
        let made = answer_recalls(&mut place.writer, Cursor::new(&answer), bank, None, by).unwrap();
        assert_eq!((made.taken.len(), made.unmatched.len()), (taken, unmatched), "{bank:?}");
    }
    assert_eq!(place.told(&first)[1], "returned");
    let shown = place.writer.read(|scope| queries::recall(scope, name, Whose::Everybodys, &Actor::console())).unwrap();
    assert_eq!((shown.open, shown.recalled[0].standing), (false, "came_back"));
    place.verify();
}

#[test]
fn what_a_file_itself_named_is_asked_back_from_where_it_went() {
    let mut place = Place::new();
    let written =
        ["<IBAN>DK5000400440116243</IBAN>", "<Othr><Id>00400440116243</Id></Othr>", "<Othr><Id>ABC-1</Id></Othr>"];
    let payments: Vec<_> = written.iter().map(|account| ("<Nm>Jens Hansen</Nm>", *account)).collect();
    let batch = place.uploaded(PUBLIC, &named("MSG-1", &payments));
    let sent = ask(&mut place, &[(&batch, "E0"), (&batch, "E1"), (&batch, "E2")]).unwrap();
    assert_eq!(told(&sent), ["Kommunen 0 EKSBDK22 3"]);
    let name = &sent.messages[0].recall;
    let message = message(&mut place, name);
    for account in written {
        assert!(message.contains(&format!("<CdtrAcct><Id>{account}</Id></CdtrAcct>")), "{account} in {message}");
    }
    assert_eq!(
        message.matches("<CdtrAgt><FinInstnId><BICFI>EKSBDK22</BICFI>").count(),
        2,
        "of the last nobody knows its bank"
    );
    // From bank to bank too, where it is known which has it.
    let transfer = |id: &str| Transfer {
        batch: batch.clone(),
        end_to_end_id: id.to_owned(),
        made: Interbank {
            message_id: "BANK-1".to_owned(),
            message_name: "pacs.008.001.08".to_owned(),
            settlement_date: "2026-11-25".to_owned(),
            ..Interbank::default()
        },
    };
    let (env, transfers) = (place.env(), ["E0", "E1", "E2"].map(transfer));
    tell_transfers(&mut place.writer, &transfers, None, &Actor::console(), &env).unwrap();
    let (all, console) = (Whose::Everybodys, Actor::console());
    let shown = place.writer.read(|scope| queries::recall(scope, name, all, &console)).unwrap();
    assert_eq!(shown.transfers, ["EKSBDK22"]);
    let read = place.writer.read(|scope| transfer_recall_message(scope, name, "EKSBDK22", all, &console)).unwrap();
    let message = String::from_utf8(read).unwrap();
    valid("camt.056.001.08", &message);
    assert_eq!(
        message.matches("<CdtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></CdtrAcct>").count(),
        2,
        "{message}"
    );
    // What is given back is booked, and known when it arrives by that account.
    let env = place.env();
    answer_recalls(&mut place.writer, Cursor::new(accepted(name)), None, None, (&console, &env)).unwrap();
    assert_eq!(place.told(&batch), ["returned"; 3]);
    let back = returned("R-1", &[Back("1", "E0", "1.00", "1.00", "FOCR", "DK5000400440116243")]);
    let env = place.env();
    let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
    let made = import_returns(&mut place.writer, wanted, &console, &env).unwrap();
    assert_eq!((made.booked, made.listed), (0, 0));
    place.verify();
}

#[test]
fn what_a_bank_gives_back_arrives_once() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 3)]]));
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    let env = place.env();
    answer_recalls(&mut place.writer, Cursor::new(accepted(&name)), None, None, (&Actor::console(), &env)).unwrap();
    assert_eq!(place.told(&batch)[0], "returned");
    // It was booked when the bank said so: though somebody said that it is there, and it is paid once more by now, what arrives is that.
    assert_eq!(confirm(&mut place, &batch, &["E0"], "seen").unwrap(), ["E0 1.00 DKK"]);
    assert_eq!(again(&mut place, &batch, None).unwrap(), [""; 0]);
    let mut import = |id: &str, bank: Option<&str>| {
        let (env, back) = (place.env(), returned(id, &[Back("1", "E0", "1.00", "1.00", "FOCR", "DK5000400440116243")]));
        let wanted = ImportReturns { file: back.as_bytes(), bank, out: None, once: None };
        let made = import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
        (made.booked, made.known, made.listed)
    };
    assert_eq!(import("R-0", Some("Andelskassen Eksempel")), (0, 0, 1), "it has nothing to do with it");
    assert_eq!(import("R-1", None), (0, 1, 0));
    assert_eq!(import("R-1", None), (0, 1, 0));
    // The same money does not arrive twice.
    assert_eq!(import("R-2", None), (0, 0, 1));
    assert_eq!(place.told(&batch)[0], "routed");
    place.verify();
}

/// Tries again what came back; of those that are left, their ids.
fn again(place: &mut Place, batch: &str, ids: Option<&[String]>) -> Result<Vec<String>, Error> {
    let env = place.env();
    let wanted = Retry { batch, end_to_end_ids: ids, out: None, stages: None, once: None };
    let retried = retry(&mut place.writer, &wanted, &Actor::console(), &env)?;
    assert!(retried.left.iter().all(|left| left.code == "batch.promised"));
    Ok(retried.left.into_iter().map(|left| left.end_to_end_id).collect())
}

/// Says of money that it is there: how much of which payment.
fn confirm(place: &mut Place, batch: &str, ids: &[&str], why: &str) -> Result<Vec<String>, Error> {
    let env = place.env();
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let wanted = ConfirmArrival { batch, end_to_end_ids: &ids, why, once: None };
    let confirmed = confirm_arrival(&mut place.writer, &wanted, &Actor::console(), &env)?;
    Ok(confirmed.iter().map(|one| format!("{} {} {}", one.end_to_end_id, one.amount, one.currency)).collect())
}

fn answer(place: &mut Place, message: &str) -> AnswersTaken {
    let env = place.env();
    answer_recalls(&mut place.writer, Cursor::new(message), None, None, (&Actor::console(), &env)).unwrap()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, code: &str) {
    assert_eq!(result.unwrap_err().code(), code);
}

#[test]
fn nothing_is_paid_on_a_banks_promise() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 1_00), (BO, 3), (ANNA, 5), (WITHOUT, 7)]]));
    let recalls = ask(&mut place, &[(&batch, "E0"), (&batch, "E1")]).unwrap().messages;
    answer(&mut place, &accepted(&recalls[0].recall));
    let of = |place: &mut Place, name: &str| {
        let shown = place.writer.read(|scope| queries::recall(scope, name, Whose::Everybodys, &Actor::console()));
        let shown = shown.unwrap();
        let told =
            shown.recalled.iter().map(|one| format!("{} {} {}", one.standing, one.promised, one.confirmed.len()));
        (told.collect::<Vec<_>>(), shown.promised.get("DKK").cloned().unwrap_or_default())
    };
    let name = &recalls[0].recall;
    assert_eq!(
        of(&mut place, name),
        (["came_back 1.00 0".to_owned(), "came_back 0.03 0".to_owned()].into(), "1.03".to_owned())
    );
    refused(again(&mut place, &batch, None), "batch.promised");
    refused(again(&mut place, &batch, Some(&["E0".to_owned()])), "batch.promised");
    refused(again(&mut place, &batch, Some(&["E0".to_owned(), "E2".to_owned()])), "batch.payment_not_returned");
    assert_eq!(place.settle(), [""; 0], "nor by itself");
    // What a bank has brought is there; of several those are tried, and the others are told.
    let back = returned("R-1", &[Back("1", "E2", "0.05", "0.05", "MS03", ANNAS)]);
    let import = |place: &mut Place, xml: &str| {
        let env = place.env();
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap()
    };
    assert_eq!(import(&mut place, &back).booked, 1);
    assert_eq!(again(&mut place, &batch, None).unwrap(), ["E0", "E1"]);
    assert_eq!(place.told(&batch)[..3], ["returned", "returned", "routed"]);
    refused(confirm(&mut place, &batch, &["E2"], "seen"), "recall.not_promised");
    refused(confirm(&mut place, &batch, &["E0", "E2"], "seen"), "recall.not_promised");
    refused(confirm(&mut place, &batch, &["E9"], "seen"), "recall.payment_unknown");
    refused(confirm(&mut place, &batch, &["E0"], " "), "recall.why");
    refused(confirm(&mut place, &batch, &[], "seen"), "recall.payments");
    refused(confirm(&mut place, "0000000000000", &["E0"], "seen"), "batch.unknown");
    assert_eq!(confirm(&mut place, &batch, &["E0", "E0"], "seen").unwrap(), ["E0 1.00 DKK"]);
    refused(confirm(&mut place, &batch, &["E0"], "seen"), "recall.not_promised");
    assert_eq!(
        of(&mut place, name),
        (["came_back 0.00 1".to_owned(), "came_back 0.03 0".to_owned()].into(), "0.03".to_owned())
    );
    assert_eq!(again(&mut place, &batch, None).unwrap(), ["E1"]);
    assert_eq!(place.told(&batch)[..3], ["routed", "returned", "routed"]);
    // The bank brings the other.
    let made = import(&mut place, &returned("R-2", &[Back("1", "E1", "0.03", "0.03", "FOCR", BOS)]));
    assert_eq!((made.booked, made.known, made.listed), (0, 1, 0));
    assert_eq!(again(&mut place, &batch, None).unwrap(), [""; 0]);
    assert_eq!(place.told(&batch)[..3], ["routed", "routed", "routed"]);
    place.verify();
}

#[test]
fn what_is_promised_does_not_leave_the_waiting_account() {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (ANNA, 5)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    let pay = |place: &mut Place| {
        let env = place.env();
        pay_waiting(&mut place.writer, &batch, None, &Actor::console(), &env).unwrap().len()
    };
    assert_eq!(pay(&mut place), 1);
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &accepted(&name));
    assert_eq!(place.told(&batch)[0], "waiting");
    // The payee has another account by now, and the money is not there.
    place.designate(&format!("change,cpr:{WITHOUT},9860-78,,9860-77,,,"));
    assert_eq!((pay(&mut place), place.settle()), (0, vec![]));
    confirm(&mut place, &batch, &["E0"], "seen").unwrap();
    assert_eq!(pay(&mut place), 1);
    place.verify();
}

#[test]
fn what_was_promised_is_known_when_it_comes_from_where_it_was_wherever_the_payment_went_since() {
    let import = |place: &mut Place, id: &str, account: &str, bank: Option<&str>| {
        let (env, back) = (place.env(), returned(id, &[Back("1", "E0", "20.00", "20.00", "FOCR", account)]));
        let wanted = ImportReturns { file: back.as_bytes(), bank, out: None, once: None };
        let made = import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
        (made.booked, made.known, made.listed)
    };
    // An order out of the waiting account: from then on it can go from there.
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00), (ANNA, 5)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    let pay = |place: &mut Place, batch: &str| {
        let env = place.env();
        pay_waiting(&mut place.writer, batch, None, &Actor::console(), &env).unwrap().len()
    };
    assert_eq!(pay(&mut place, &batch), 1);
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &accepted(&name));
    place.designate(&format!("change,cpr:{WITHOUT},9860-78,,9860-77,,,"));
    assert_eq!((pay(&mut place, &batch), &*place.told(&batch)[0]), (0, "waiting"));
    assert_eq!(import(&mut place, "R-0", "9860-78", None), (0, 0, 1), "nothing of it went there");
    assert_eq!(import(&mut place, "R-1", "9860-77", Some("Sparikassin")), (0, 0, 1), "it has nothing to do with it");
    assert_eq!(import(&mut place, "R-2", "9860-77", Some("Andelskassen Eksempel")), (0, 1, 0));
    assert_eq!(import(&mut place, "R-3", "9860-77", None), (0, 0, 1), "it came once");
    assert_eq!((pay(&mut place, &batch), &*place.told(&batch)[0]), (1, "routed"));
    place.verify();
    // What was confirmed, and tried again to another account.
    let batch = place.uploaded(PUBLIC, &file("MSG-2", &[vec![(ANNA, 20_00)]]));
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &accepted(&name));
    confirm(&mut place, &batch, &["E0"], "seen").unwrap();
    place.designate(&format!("change,cpr:{ANNA},9860-79,,{ANNAS},,,"));
    assert_eq!(again(&mut place, &batch, None).unwrap(), [""; 0]);
    assert_eq!(import(&mut place, "R-4", ANNAS, None), (0, 1, 0));
    assert_eq!(import(&mut place, "R-5", ANNAS, None), (0, 0, 1));
    assert_eq!(place.told(&batch), ["routed"]);
    place.verify();
}

#[test]
fn what_came_back_of_a_recall_is_of_that_time_alone() {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00)]]));
    let pay = |place: &mut Place| {
        let env = place.env();
        pay_waiting(&mut place.writer, &batch, None, &Actor::console(), &env).unwrap().len()
    };
    let import = |place: &mut Place, id: &str, account: &str| {
        let (env, back) = (place.env(), returned(id, &[Back("1", "E0", "20.00", "20.00", "MS03", account)]));
        let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
        assert_eq!(import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap().booked, 1);
    };
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    assert_eq!(pay(&mut place), 1);
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    let came_back = |place: &mut Place| {
        let shown = place.writer.read(|scope| queries::recall(scope, &name, Whose::Everybodys, &Actor::console()));
        let shown = shown.unwrap();
        (shown.recalled[0].came_back.clone(), shown.recalled[0].standing)
    };
    import(&mut place, "R-1", "9860-77");
    assert_eq!(came_back(&mut place), ("20.00".to_owned(), "came_back"));
    // It goes to another account and comes back from there, and its payer takes it back.
    place.designate(&format!("change,cpr:{WITHOUT},9860-78,,9860-77,,,"));
    assert_eq!(pay(&mut place), 1);
    import(&mut place, "R-2", "9860-78");
    assert_eq!(came_back(&mut place), ("20.00".to_owned(), "came_back"));
    let env = place.env();
    let taken = GiveBack { batch: &batch, end_to_end_id: "E0", why: "moved", stages: None, out: None, once: None };
    give_back(&mut place.writer, &taken, &Actor::console(), &env).unwrap();
    assert_eq!(came_back(&mut place), ("20.00".to_owned(), "came_back"));
    place.verify();
}

#[test]
fn what_is_given_back_under_two_recalls_at_once_lies_in_the_waiting_account_once() {
    let mut place = Place::new();
    place.control(&[]);
    let to = NoAccount::parse("pay-to:DK0600400000000099").unwrap();
    place.agree(LIES, PayerKind::Public, to, Some(BANK)).unwrap();
    let batch = place.uploaded(LIES, &file("MSG-1", &[vec![(WITHOUT, 20_00)]]));
    place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
    let env = place.env();
    assert_eq!(pay_waiting(&mut place.writer, &batch, None, &Actor::console(), &env).unwrap().len(), 1);
    let first = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &answers("A-1", &[(&first, Some("E0"), "RJCR")]));
    let second = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    let both = [&first, &second].map(|name| (&**name, Some("E0"), "ACCR"));
    let made = answer(&mut place, &answers("A-2", &both));
    let booked: Vec<Option<&str>> = made.taken.iter().map(|one| one.booked.as_deref()).collect();
    assert_eq!((booked, place.told(&batch)), (vec![Some("20.00"), None], vec!["waiting".to_owned()]));
    assert_eq!(confirm(&mut place, &batch, &["E0"], "seen").unwrap(), ["E0 20.00 DKK"]);
    place.verify();
}

/// Answers, each to a recall of one payment or to all of it.
fn answers(message: &str, of: &[(&str, Option<&str>, &str)]) -> String {
    let one = |(case, id, status): &(&str, Option<&str>, &str)| {
        let case = format!("<RslvdCase><Id>{case}</Id><Cretr><Pty><Nm>K</Nm></Pty></Cretr></RslvdCase>");
        match id {
            Some(id) => format!(
                "<CxlDtls><TxInfAndSts>{case}<OrgnlEndToEndId>{id}</OrgnlEndToEndId><TxCxlSts>{status}</TxCxlSts></TxInfAndSts></CxlDtls>"
            ),
            None => format!(
                "<CxlDtls><OrgnlGrpInfAndSts>{case}<OrgnlMsgId>MSG-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>\
                 <GrpCxlSts>{status}</GrpCxlSts></OrgnlGrpInfAndSts></CxlDtls>"
            ),
        }
    };
    let all: String = of.iter().map(one).collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn><Assgnmt><Id>{message}</Id><Assgnr><Agt>\
         <FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgnr><Assgne><Pty><Nm>K</Nm></Pty></Assgne>\
         <CreDtTm>2026-11-26T10:00:00Z</CreDtTm></Assgnmt><Sts><Conf>PECR</Conf></Sts>{all}</RsltnOfInvstgtn></Document>"
    )
}

#[test]
fn an_answer_about_nothing_waits_for_a_person() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 1_00), (BO, 3), (ANNA, 5)]]));
    let name = ask(&mut place, &[(&batch, "E0"), (&batch, "E1")]).unwrap().messages[0].recall.clone();
    let of = [(&*name, Some("E0"), "RJCR"), ("ANOTHER", Some("E0"), "ACCR"), (&*name, Some("E2"), "ACCR")];
    let message = answers("A-1", &of);
    valid("camt.029.001.09", &message);
    let made = answer(&mut place, &message);
    assert_eq!((made.answers, made.taken.len(), made.unmatched.len(), made.listed), (3, 1, 2, 2));
    let made = answer(&mut place, &message);
    assert_eq!(
        (made.known, made.taken.len(), made.unmatched.len(), made.listed),
        (1, 0, 2, 0),
        "the same again adds nothing"
    );
    // The same of another message is another.
    assert_eq!(answer(&mut place, &answers("A-2", &of[1..2])).listed, 1);
    let listed = |place: &mut Place| {
        let page = queries::stray_answers(&mut place.writer, None, 2, &Actor::console()).unwrap();
        let told = page.answers.iter().map(|one| format!("{} {} {:?}", one.message_id, one.why, one.names.case_id));
        (told.collect::<Vec<_>>(), page.answers.first().map(|one| one.id.clone()), page.next.is_some())
    };
    let (told, first, has_more) = listed(&mut place);
    let expected = ["A-1 answer.case Some(\"ANOTHER\")".to_owned(), format!("A-1 answer.payment Some({name:?})")];
    assert_eq!((told, has_more), (expected.to_vec(), true));
    let settle = |place: &mut Place, answer: &str, why: &str| {
        let env = place.env();
        let (answer, why, by) = (answer.to_owned(), why.to_owned(), "operator:anna".to_owned());
        place.writer.execute(&SettleAnswer { answer, why, by }, &Actor::console(), &env)
    };
    let first = first.unwrap();
    refused(settle(&mut place, &first, ""), "recall.why");
    refused(settle(&mut place, "0000000000000", "a typo"), "recall.answer_unknown");
    settle(&mut place, &first, "a typo: the bank sends another").unwrap();
    refused(settle(&mut place, &first, "a typo"), "recall.answer_settled");
    let (told, _, has_more) = listed(&mut place);
    assert_eq!((told.len(), has_more, &*told[1]), (2, false, "A-2 answer.case Some(\"ANOTHER\")"));
    // It is known though somebody has looked at it.
    assert_eq!(answer(&mut place, &message).listed, 0);
    place.verify();
}

#[test]
fn a_message_of_answers_has_an_end() {
    let mut place = Place::new();
    let pays: Vec<(&str, u32)> = (0..101).map(|_| (ANNA, 1)).collect();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[pays]));
    let ids: Vec<String> = (0..101).map(|number| format!("E{number}")).collect();
    let all: Vec<(&str, &str)> = ids.iter().map(|id| (&*batch, &**id)).collect();
    let name = ask(&mut place, &all).unwrap().messages[0].recall.clone();
    let take = |place: &mut Place, message: &str| {
        let env = place.env();
        answer_recalls(&mut place.writer, Cursor::new(message), None, None, (&Actor::console(), &env))
    };
    // Answers to all of it: each is about 101 payments.
    let of_all = vec![(&*name, None, "RJCR"); 991];
    refused(take(&mut place, &answers("A-1", &of_all)), "recall.too_many");
    let of_one = vec![(&*name, Some("E100"), "RJCR"); 10_001];
    refused(take(&mut place, &answers("A-2", &of_one)), "recall.too_many");
    let shown = place.writer.read(|scope| queries::recall(scope, &name, Whose::Everybodys, &Actor::console())).unwrap();
    assert_eq!(shown.standings["asked"], 101, "nothing of them is taken");
    let made = take(&mut place, &answers("A-3", &of_one[..2_500])).unwrap();
    assert_eq!((made.answers, made.taken.len(), made.known), (2_500, 1, 2_499));
    let made = take(&mut place, &answers("A-4", &of_all[..3])).unwrap();
    assert_eq!((made.answers, made.taken.len(), made.known), (3, 101, 2));
    place.verify();
}

#[test]
fn what_is_tried_again_of_a_large_file_is_few_acts() {
    let mut place = Place::new();
    let pays: Vec<(&str, u32)> = (0..300).map(|_| (ANNA, 1)).collect();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[pays, vec![(WITHOUT, 1)]]));
    let ids: Vec<String> = (0..300).map(|number| format!("E{number}")).collect();
    for round in 0..2 {
        let backs: Vec<Back<'_>> = ids.iter().map(|id| Back(id, id, "0.01", "0.01", "MS03", ANNAS)).collect();
        // Of the file that it left in last.
        let left = if round == 0 { "MSG-1".to_owned() } else { format!("{batch}-3") };
        let group = format!(
            "<OrgnlGrpInf><OrgnlMsgId>{left}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf>"
        );
        let xml = returned(&format!("R-{round}"), &backs);
        let xml = xml.replace("<OrgnlEndToEndId>", &format!("{group}<OrgnlEndToEndId>"));
        let env = place.env();
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        let made = import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
        assert_eq!(made.booked, 300, "round {round}");
        assert_eq!(again(&mut place, &batch, None).unwrap(), [""; 0]);
        assert!(place.told(&batch)[..300].iter().all(|state| state == "routed"));
    }
    let table = payout::TABLES.iter().find(|table| table.name() == "batch_act").unwrap();
    assert_eq!(place.writer.read(|scope| table.count(scope)).unwrap(), 2);
    place.verify();
}

#[test]
fn what_came_back_before_is_not_given_back_again() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 1_00), (BO, 3)]]));
    let (env, back) = (place.env(), returned("R-0", &[Back("1", "E0", "1.00", "0.40", "MS03", ANNAS)]));
    let wanted = ImportReturns { file: back.as_bytes(), bank: None, out: None, once: None };
    assert_eq!(import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap().listed, 1);
    let stray = queries::strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns.remove(0).id;
    let env = place.env();
    let part = SettleReturn { stray: &stray, payment: Some((&batch, "E0")), why: "asked", out: None, once: None };
    settle_return(&mut place.writer, &part, &Actor::console(), &env).unwrap();
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    // Nobody has said that it was fraud, and asking back is not asking to keep.
    assert!(!message(&mut place, &name).contains("AddtlInf"));
    let env = place.env();
    let by = (&Actor::console(), &env);
    let made = answer_recalls(&mut place.writer, Cursor::new(accepted(&name)), None, None, by).unwrap();
    assert_eq!((made.taken[0].booked.as_deref(), &*made.taken[0].standing), (Some("0.60"), "came_back"));
    assert_eq!(place.told(&batch), ["returned", "routed"]);
    place.verify();
}

/// That a bank gives back so much of what a recall asks for.
fn in_part(name: &str, amount: &str) -> String {
    let so_much = format!("<RsltnRltdInf><IntrBkSttlmAmt Ccy=\"DKK\">{amount}</IntrBkSttlmAmt></RsltnRltdInf>");
    let message = accepted(name).replace("CNCL", "PECR").replace("</Sts></", &format!("</Sts>{so_much}</"));
    valid("camt.029.001.09", &message);
    message
}

#[test]
fn what_was_promised_is_known_under_whatever_reason_it_comes() {
    let mut place = Place::new();
    let import = |place: &mut Place, id: &str, end_to_end: &str, returned_amount: &str, reason: &str| {
        let back = Back("1", end_to_end, "10.00", returned_amount, reason, ANNAS);
        let (xml, env) = (returned(id, &[back]), place.env());
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        let made = import_returns(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
        (made.booked, made.known, made.listed)
    };
    let settle = |place: &mut Place, batch: &str, id: &str| {
        let stray = queries::strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns.remove(0).id;
        let env = place.env();
        let wanted = SettleReturn { stray: &stray, payment: Some((batch, id)), why: "asked", out: None, once: None };
        settle_return(&mut place.writer, &wanted, &Actor::console(), &env).map(|made| made.booked)
    };
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 10_00), (ANNA, 10_00), (WITHOUT, 3)]]));
    for id in ["E0", "E1"] {
        let name = ask(&mut place, &[(&batch, id)]).unwrap().messages[0].recall.clone();
        assert_eq!(answer(&mut place, &in_part(&name, "4.00")).taken[0].booked.as_deref(), Some("4.00"));
    }
    // What was promised is no news, and what else comes is.
    assert_eq!(import(&mut place, "R-1", "E0", "4.00", "MS03"), (0, 1, 0));
    refused(confirm(&mut place, &batch, &["E0"], "seen"), "recall.not_promised");
    assert_eq!(import(&mut place, "R-2", "E0", "4.00", "MS03"), (0, 0, 1));
    assert_eq!(settle(&mut place, &batch, "E0").unwrap(), 1);
    assert_eq!(place.told(&batch)[0], "routed", "2.00 of it are with the payee");
    // All of it at once is what was promised, and the rest.
    assert_eq!(import(&mut place, "R-3", "E1", "10.00", "FOCR"), (0, 0, 1));
    assert_eq!(settle(&mut place, &batch, "E1").unwrap(), 1);
    assert_eq!(place.told(&batch)[1], "returned");
    assert_eq!(again(&mut place, &batch, None).unwrap(), [""; 0], "nothing of it is only promised");
    assert_eq!(place.told(&batch)[..2], ["routed", "routed"]);
    place.verify();
    // What somebody has seen is another sum than what comes later.
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 10_00)]]));
    let name = ask(&mut place, &[(&batch, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &in_part(&name, "4.00"));
    confirm(&mut place, &batch, &["E0"], "seen").unwrap();
    assert_eq!(import(&mut place, "R-1", "E0", "6.00", "MS03"), (0, 0, 1));
    assert_eq!(settle(&mut place, &batch, "E0").unwrap(), 1);
    assert_eq!(place.told(&batch), ["returned"]);
    place.verify();
    // Others have the same id: of one it was promised, and the others are with their payee.
    for (others, promised) in [(1, "10.00"), (2, "10.00"), (1, "4.00")] {
        let mut place = Place::new();
        let first = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 10_00)]]));
        let mut more = |other| place.uploaded(PUBLIC, &file(&format!("MSG-2-{other}"), &[vec![(ANNA, 10_00)]]));
        let another = (0..others).map(&mut more).next_back().unwrap();
        let name = ask(&mut place, &[(&first, "E0")]).unwrap().messages[0].recall.clone();
        answer(&mut place, &in_part(&name, promised));
        assert_eq!(import(&mut place, "R-1", "E0", promised, "MS03"), (0, 0, 1), "{others} {promised}");
        assert_eq!(import(&mut place, "R-2", "E0", promised, "FOCR"), (0, 1, 0), "{others} {promised}");
        assert_eq!(settle(&mut place, &another, "E0").unwrap(), 1);
        let all = if promised == "10.00" { "returned" } else { "routed" };
        assert_eq!(place.told(&another), [all]);
        place.verify();
    }
    // It says that more was paid than what was promised of.
    let mut place = Place::new();
    let small = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 4_00)]]));
    let name = ask(&mut place, &[(&small, "E0")]).unwrap().messages[0].recall.clone();
    answer(&mut place, &accepted(&name));
    assert_eq!(import(&mut place, "R-1", "E0", "4.00", "MS03"), (0, 0, 1));
    refused(again(&mut place, &small, None), "batch.promised");
    place.verify();
}
