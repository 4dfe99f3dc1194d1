//! Payments of many files are asked back at once, each by the completed file that it left in.

use crate::place::*;
use crate::returning::valid;
use kernel::{Actor, Error};
use payout::commands::{LetGo, Recall, Recalled, answer_recalls, pay_waiting, payments_named, recall};
use payout::message::bank::RecallReason;
use payout::queries::{self, Whose, recall_message};
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
    let answer = format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.029.001.09\"><RsltnOfInvstgtn><Assgnmt><Id>A-1</Id><Assgnr><Agt>\
         <FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></Agt></Assgnr><Assgne><Pty><Nm>K</Nm></Pty></Assgne>\
         <CreDtTm>2026-11-26T10:00:00Z</CreDtTm></Assgnmt><RslvdCase><Id>{name}</Id><Cretr><Pty><Nm>K</Nm></Pty></Cretr>\
         </RslvdCase><Sts><Conf>CNCL</Conf></Sts></RsltnOfInvstgtn></Document>"
    );
    for (bank, taken, unmatched) in [(Some("Another"), 0, 1), (Some(BANK), 1, 0), (None, 0, 0)] {
        let env = place.env();
        let by = (&Actor::console(), &env);
        let made = answer_recalls(&mut place.writer, Cursor::new(&answer), bank, None, by).unwrap();
        assert_eq!((made.taken.len(), made.unmatched.len()), (taken, unmatched), "{bank:?}");
    }
    assert_eq!(place.told(&first)[1], "returned");
    let shown = place.writer.read(|scope| queries::recall(scope, name, Whose::Everybodys, &Actor::console())).unwrap();
    assert_eq!((shown.view.open, shown.recalled[0].standing), (false, "came_back"));
    place.verify();
}
