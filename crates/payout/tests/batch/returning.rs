//! What banks return is booked once, told to its payer, and tried again only if the payer says so.

use crate::place::*;
use jiff::civil::{Date, date};
use kernel::failpoint::meanwhile;
use kernel::testing::counted;
use kernel::{Actor, Env, Error, Secrets, Timestamp};
use payout::commands::{
    Cancel, ImportReturns, Imported, Retry, SettleReturn, cancel, import_returns, retry, settle_return,
};
use payout::queries::{balance, report_of, strays};
use std::collections::BTreeSet;

const TODAY: Date = date(2026, 11, 23);
/// Where Anna's and Bo's money goes.
pub const ANNAS: &str = "DK5000400440116243";
pub const BOS: &str = "9860-1234567";

/// A return as a bank writes it: its id, the end-to-end id, what was paid, what comes back, the reason, and the account.
#[derive(Clone, Copy)]
pub struct Back<'b>(pub &'b str, pub &'b str, pub &'b str, pub &'b str, pub &'b str, pub &'b str);

pub fn message(id: &str, backs: &[Back<'_>]) -> String {
    let one = |Back(id, end_to_end, paid, returned, reason, account): &Back<'_>| {
        let account = match account.strip_prefix("DK") {
            Some(_) => format!("<IBAN>{account}</IBAN>"),
            None => format!("<Othr><Id>{account}</Id></Othr>"),
        };
        format!(
            "<TxInf><RtrId>{id}</RtrId><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId>\
             <OrgnlIntrBkSttlmAmt Ccy=\"DKK\">{paid}</OrgnlIntrBkSttlmAmt>\
             <RtrdIntrBkSttlmAmt Ccy=\"DKK\">{returned}</RtrdIntrBkSttlmAmt>\
             <RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn></RtrRsnInf>\
             <OrgnlTxRef><CdtrAcct><Id>{account}</Id></CdtrAcct></OrgnlTxRef></TxInf>\n"
        )
    };
    let all: String = backs.iter().map(one).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09\"><PmtRtr><GrpHdr><MsgId>{id}</MsgId>\
         <CreDtTm>2026-11-24T08:00:00Z</CreDtTm><NbOfTxs>{}</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>\n\
         {all}</PmtRtr></Document>\n",
        backs.len()
    )
}

fn import_as(place: &mut Place, xml: &str, bank: Option<&str>) -> Result<Imported, Error> {
    let (out, env) = (place.out(), place.env());
    let wanted = ImportReturns { file: xml.as_bytes(), bank, out: Some(&out), once: None };
    import_returns(&mut place.writer, wanted, &Actor::console(), &env)
}

/// How many were booked, known before and listed; and accounts closed and questioned.
#[track_caller]
fn import(place: &mut Place, xml: &str, expected: [usize; 5]) -> Imported {
    let made = import_as(place, xml, None).unwrap();
    assert_eq!([made.booked, made.known, made.listed, made.closed, made.questioned], expected);
    made
}

/// Where the money of the day is, in øre: delivered, held, waiting, returned, rejected.
#[track_caller]
pub fn sums(place: &mut Place, payer: &str, expected: [i128; 5]) {
    let balance = balance(&mut place.writer, payer, TODAY, &client(payer)).unwrap();
    let named: Vec<i128> = balance.kroner().named().skip(1).map(|(_, sum)| sum).collect();
    assert_eq!(named, expected);
    assert!(balance.agrees());
}

fn open(place: &mut Place) -> Vec<(String, &'static str)> {
    let found = strays(&mut place.writer, None, 100, &Actor::console()).unwrap();
    found.returns.into_iter().map(|stray| (stray.id, stray.why)).collect()
}

fn try_again(place: &mut Place, batch: &str, ids: Option<&[String]>) -> Result<Vec<String>, Error> {
    let env = place.env();
    let wanted = Retry { batch, end_to_end_ids: ids, out: None, stages: None, once: None };
    retry(&mut place.writer, &wanted, &Actor::console(), &env)?;
    Ok(place.told(batch))
}

#[track_caller]
pub fn refused<T>(result: Result<T, Error>, code: &str) {
    match result {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.code, code),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("{code} was to refuse it"),
    }
}

#[test]
fn a_return_is_booked_once_and_told() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20_50), (WITHOUT, 3)]]));
    sums(&mut place, PUBLIC, [2150, 3, 0, 0, 0]);
    let back = message("R-1", &[Back("1", "E1", "20.50", "20.50", "AC04", BOS)]);
    let made = import(&mut place, &back, [1, 0, 0, 1, 0]);
    assert_eq!(made.stages, BTreeSet::from([(batch.clone(), 1)]));
    assert_eq!(place.told(&batch), ["routed", "returned", "no_account account_designated"]);
    sums(&mut place, PUBLIC, [100, 3, 0, 2050, 0]);
    // The same again is known, also where the process was killed before all followed of it.
    import(&mut place, &back, [0, 1, 0, 1, 0]);
    let report = std::fs::read_to_string(&made.reports[0]).unwrap();
    let fetched = report_of(&mut place.writer, PUBLIC, &batch, 1, &client(PUBLIC)).unwrap();
    assert_eq!(whole(fetched), report);
    for said in ["<OrgnlMsgId>MSG-1<", "<GrpSts>PART<", "<OrgnlEndToEndId>E1<", "<TxSts>RJCT<", "<Cd>AC04<"] {
        assert!(report.contains(said), "{said}: {report}");
    }
    assert!(!report.contains("E0") && !report.contains("E2"), "what did not come back: {report}");
    valid("pain.002.001.10", &report);
    // What was closed is closed: a payment to it goes back.
    let next = place.uploaded(PUBLIC, &file("MSG-2", &[vec![(BO, 1)]]));
    assert_eq!(place.told(&next), ["rejected"]);
    place.verify();
}

#[test]
fn what_a_file_itself_named_comes_back_by_that_account() {
    let mut place = Place::new();
    let (annas, anna, bo) = (format!("<IBAN>{ANNAS}</IBAN>"), by_number(ANNA), by_number(BO));
    let payments = [("<Nm>Jens Hansen</Nm>", &*annas), (&anna, &annas), (&bo, &annas), (&anna, &annas)];
    let batch = place.uploaded(PUBLIC, &named("MSG-1", &payments));
    assert_eq!(place.told(&batch), ["passed"; 4]);
    // Another account, another amount.
    let other = [Back("1", "E0", "1.00", "1.00", "AC04", BOS), Back("2", "E0", "2.00", "2.00", "AC04", ANNAS)];
    import(&mut place, &message("R-1", &other), [0, 0, 2, 0, 0]);
    assert_eq!(open(&mut place).iter().map(|(_, why)| *why).collect::<Vec<_>>(), ["no_payment"; 2]);
    // What follows does so for an account that is the payee's own by the registry, however it is written.
    let questioned = message("R-2", &[Back("1", "E3", "1.00", "1.00", "BE01", "00400440116243")]);
    import(&mut place, &questioned, [1, 0, 0, 0, 1]);
    import(&mut place, &questioned, [0, 1, 0, 0, 1]);
    let back = |at| Back("1", ["E0", "E1", "E2"][at], "1.00", "1.00", "AC04", ANNAS);
    import(&mut place, &message("R-3", &[back(0), back(1), back(2)]), [3, 0, 0, 1, 0]);
    assert_eq!(place.told(&batch), ["returned"; 4]);
    sums(&mut place, PUBLIC, [0, 0, 0, 4_00, 0]);
    let next = place.uploaded(PUBLIC, &file("MSG-2", &[vec![(ANNA, 1), (BO, 1)]]));
    assert_eq!(place.told(&next), ["rejected", "routed"], "Anna's is closed, and Bo's is not the one that was named");
    // Tried again it goes where it went, and what comes back then may be of either time.
    assert_eq!(try_again(&mut place, &batch, Some(&["E0".to_owned()])).unwrap()[0], "passed");
    import(&mut place, &message("R-4", &[back(0)]), [0, 0, 1, 0, 0]);
    assert_eq!(open(&mut place)[2].1, "tried_again");
    place.verify();
}

#[test]
fn who_brings_what_a_file_itself_named_has_to_do_with_it() {
    let mut place = Place::new();
    let annas = format!("<IBAN>{ANNAS}</IBAN>");
    place.route(PLAIN, &named("MSG-1", &[("<Nm>Jens Hansen</Nm>", &annas)]), false);
    for (id, bank, expected) in [("R-1", "Andelskassen Eksempel", (0, 1)), ("R-2", BANK, (1, 0))] {
        let made = import_as(&mut place, &message(id, &[Back("1", "E0", "1.00", "1.00", "AC04", ANNAS)]), Some(bank));
        assert_eq!((made.as_ref().unwrap().booked, made.unwrap().listed), expected, "{bank}");
    }
    assert_eq!(open(&mut place)[0].1, "other_bank");
    place.verify();
}

#[test]
fn what_is_not_certain_waits_for_a_person() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20_00), (ANNA, 3)]]));
    // Two files with the same ids, amounts and accounts.
    for id in ["MSG-2", "MSG-3"] {
        place.uploaded(PLAIN, &file(id, &[vec![(ANNA, 7_00), (BO, 1_00)]]));
    }
    let backs = [
        Back("1", "E0", "1.00", "1.00", "AC01", BOS),
        Back("2", "E1", "20.01", "20.01", "AC01", BOS),
        Back("3", "E1", "20.00", "12.00", "MD06", BOS),
        Back("4", "E9", "1.00", "1.00", "AC01", BOS),
        Back("5", "E0", "7.00", "7.00", "MS03", ANNAS),
        Back("6", "E2", "0.03", "0.03", "MS03", "no account"),
    ];
    import(&mut place, &message("R-1", &backs), [0, 0, 6, 0, 0]);
    import(&mut place, &message("R-1", &backs), [0, 6, 0, 0, 0]);
    let listed = open(&mut place);
    let whys: Vec<&str> = listed.iter().map(|(_, why)| *why).collect();
    assert_eq!(whys, ["no_payment", "no_payment", "part", "no_payment", "several", "no_account"]);
    let settle = |place: &mut Place, at: usize, payment: Option<(&str, &str)>, why: &str| {
        let env = place.env();
        let wanted = SettleReturn { stray: &listed[at].0, payment, why, out: None, once: None };
        settle_return(&mut place.writer, &wanted, &Actor::console(), &env)
    };
    refused(settle(&mut place, 0, None, " "), "return.why");
    refused(settle(&mut place, 0, Some((&batch, "E7")), "asked the bank"), "return.payment_unknown");
    refused(settle(&mut place, 1, Some((&batch, "E1")), "asked the bank"), "return.amount");
    settle(&mut place, 0, None, "another registry's").unwrap();
    refused(settle(&mut place, 0, None, "again"), "return.settled");
    // Of what came back in part, the rest is with the payee.
    let made = settle(&mut place, 2, Some((&batch, "E1")), "asked the bank").unwrap();
    assert_eq!((made.booked, place.told(&batch)), (1, vec!["routed".to_owned(); 3]));
    sums(&mut place, PUBLIC, [903, 0, 0, 1200, 0]);
    let report = whole(report_of(&mut place.writer, PUBLIC, &batch, 1, &client(PUBLIC)).unwrap());
    assert!(report.contains("Of it, 12.00 DKK came back (MD06)."), "{report}");
    valid("pain.002.001.10", &report);
    // And when that comes too, all of it is back.
    let rest = message("R-2", &[Back("1", "E1", "20.00", "8.00", "MD06", BOS)]);
    import(&mut place, &rest, [0, 0, 1, 0, 0]);
    let (last, _) = open(&mut place).pop().unwrap();
    let env = place.env();
    let wanted = SettleReturn { stray: &last, payment: Some((&batch, "E1")), why: "the rest", out: None, once: None };
    settle_return(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    assert_eq!(place.told(&batch), ["routed", "returned", "routed"]);
    sums(&mut place, PUBLIC, [103, 0, 0, 2000, 0]);
    assert_eq!(open(&mut place).len(), 4);
    place.verify();
}

#[test]
fn a_damaged_message_books_nothing() {
    let mut place = Place::new();
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20)]]));
    let good = Back("1", "E0", "1.00", "1.00", "MS03", ANNAS);
    let message = message("R-1", &[good, Back("2", "E1", "0.20", "0.20", "MS03", BOS)]);
    let group = message.replace("<SttlmInf>", "<GrpRtr>true</GrpRtr><SttlmInf>");
    let bare = format!("{}</PmtRtr></Document>", &group[..group.find("<TxInf>").unwrap()]);
    let many = message.replace("<NbOfTxs>2<", "<NbOfTxs>3<");
    for (xml, code) in [
        (&message[..message.len() - 30], "return.file"),
        (&many, "return.file"),
        (&message.replace("RtrdIntrBkSttlmAmt", "Rtrd"), "return.file"),
        ("", "return.file"),
        (&bare, "return.group"),
    ] {
        refused(import_as(&mut place, xml, None), code);
    }
    sums(&mut place, PUBLIC, [120, 0, 0, 0, 0]);
    assert_eq!(open(&mut place), []);
    import(&mut place, &message, [2, 0, 0, 0, 0]);
    sums(&mut place, PUBLIC, [0, 0, 0, 120, 0]);
}

#[test]
fn a_bank_returns_what_it_has_to_do_with() {
    let mut place = Place::new();
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20)]]));
    place.uploaded(PLAIN, &file("MSG-2", &[vec![(BO, 300)]]));
    let of_public = message("R-1", &[Back("1", "E0", "1.00", "1.00", "MS03", ANNAS)]);
    let of_plain = message("R-1", &[Back("2", "E0", "3.00", "3.00", "MS03", BOS)]);
    let mut check = |xml: &str, bank: &str, booked: usize| {
        assert_eq!(import_as(&mut place, xml, Some(bank)).unwrap().booked, booked, "{bank}");
    };
    // The account's bank, and the payer's that fetches the files.
    check(&of_plain, BANK, 0);
    check(&of_public, BANK, 1);
    check(&of_plain.replace("R-1", "R-2"), "Andelskassen Eksempel", 1);
    // One that the bank directory lacks brings nothing, not even to the work list.
    refused(import_as(&mut place, &of_plain.replace("R-1", "R-3"), Some("Eksempelbnken")), "bank.unknown");
    assert_eq!(open(&mut place).len(), 1);
}

#[test]
fn an_account_is_closed_or_questioned_by_the_reason() {
    let check = |reason: &str, expected: [usize; 2], told: &str| {
        let mut place = Place::new();
        place.uploaded(PUBLIC, &file("MSG-1", &[vec![(BO, 100)]]));
        let back = message("R-1", &[Back("1", "E0", "1.00", "1.00", reason, BOS)]);
        let made = import_as(&mut place, &back, None).unwrap();
        assert_eq!([made.closed, made.questioned], expected, "{reason}");
        let again = import_as(&mut place, &back, None).unwrap();
        assert_eq!((again.booked, [again.closed, again.questioned]), (0, expected), "{reason} again");
        let found = place
            .writer
            .read(|scope| {
                let wanted = registry::queries::WantedSuspicions { payee: None, closed: false };
                registry::queries::suspicions(scope, &Actor::console(), wanted, None, 10, NOW)
            })
            .unwrap();
        assert_eq!(found.rows.len(), expected[1], "{reason}");
        let next = place.uploaded(PUBLIC, &file("MSG-2", &[vec![(BO, 100)]]));
        assert_eq!(place.told(&next), [told], "{reason}");
    };
    check("AC04", [1, 0], "rejected");
    check("AC07", [1, 0], "rejected");
    check("AC01", [0, 1], "routed");
    check("MD07", [0, 1], "routed");
    check("FR01", [0, 1], "routed");
    check("MD06", [0, 0], "routed");
    // One that was changed meanwhile is left alone.
    let mut place = Place::new();
    place.control(&[]);
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(BO, 100)]]));
    place.designate(&format!("change,cpr:{BO},9860-77,,{BOS},,,"));
    import(&mut place, &message("R-1", &[Back("1", "E0", "1.00", "1.00", "AC04", BOS)]), [1, 0, 0, 0, 0]);
}

#[test]
fn what_follows_from_returns_follows_though_whoever_booked_them_was_killed() {
    let mut place = Place::new();
    place.control(&[]);
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 5)]]));
    let backs = [Back("1", "E0", "1.00", "1.00", "AC01", ANNAS), Back("2", "E1", "0.05", "0.05", "AC04", BOS)];
    let (xml, env) = (message("R-1", &backs), place.env());
    let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
    payout::testing::book_and_stop(&mut place.writer, wanted, &Actor::console(), &env).unwrap();
    let told = |place: &mut Place, id: &str| {
        let batch = place.uploaded(PUBLIC, &file(id, &[vec![(BO, 1)]]));
        place.told(&batch).remove(0)
    };
    assert_eq!(told(&mut place, "MSG-2"), "routed");
    place.settle();
    assert_eq!(told(&mut place, "MSG-3"), "rejected");
    // Once: the account that takes its place is not closed for it.
    place.designate(&format!("register,cpr:{BO},9860-77,,,,,"));
    place.settle();
    import(&mut place, &xml, [0, 2, 0, 1, 1]);
    assert_eq!(told(&mut place, "MSG-4"), "routed");
    place.verify();
}

#[test]
fn what_came_back_is_tried_again_if_the_payer_says_so() {
    let mut place = Place::new();
    place.control(&[]);
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (BO, 20), (WITHOUT, 3)]]));
    refused(try_again(&mut place, &batch, None), "batch.nothing_returned");
    let both = [Back("1", "E0", "1.00", "1.00", "MS03", ANNAS), Back("2", "E1", "0.20", "0.20", "AC04", BOS)];
    import(&mut place, &message("R-1", &both), [2, 0, 0, 1, 0]);
    place.now = Timestamp::from_micros(NOW.micros() + 600_000_000);
    assert_eq!(place.settle(), [""; 0], "nobody tries it by themselves");
    refused(try_again(&mut place, &batch, Some(&["E2".to_owned()])), "batch.payment_not_returned");
    let told = try_again(&mut place, &batch, Some(&["E0".to_owned()])).unwrap();
    assert_eq!(told, ["routed", "returned", "no_account account_designated"]);
    sums(&mut place, PUBLIC, [100, 3, 0, 20, 0]);
    place.designate(&format!("register,cpr:{BO},9860-77,,,,,"));
    assert_eq!(try_again(&mut place, &batch, None).unwrap()[..2], ["routed", "routed"]);
    sums(&mut place, PUBLIC, [120, 3, 0, 0, 0]);
    // It comes back again, by another message.
    let again = message("R-2", &[Back("1", "E1", "0.20", "0.20", "MD06", "9860-77")]);
    import(&mut place, &again, [1, 0, 0, 0, 0]);
    sums(&mut place, PUBLIC, [100, 3, 0, 20, 0]);
    let env = place.env();
    let wanted = Cancel { batch: &batch, end_to_end_ids: None, stages: None, once: None };
    cancel(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    sums(&mut place, PUBLIC, [100, 0, 0, 20, 3]);
    // All files of all of that can be written.
    place.release(&batch, true);
    place.verify();
    // Of what nothing could wait of, no input was kept: its payer's own account stands nowhere.
    let unkept = place.route(PLAIN, &file("MSG-2", &[vec![(ANNA, 5_00)]]), false).batch;
    import(&mut place, &message("R-3", &[Back("1", "E0", "5.00", "5.00", "MS03", ANNAS)]), [1, 0, 0, 0, 0]);
    refused(try_again(&mut place, &unkept, None), "batch.input_not_kept");
}

/// By the official schema, as far as it is there.
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where the schemas are")]
pub fn valid(schema: &str, xml: &str) {
    let Ok(folder) = std::env::var("ANVIS_XSD_DIR") else { return };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), xml).unwrap();
    let schema = std::path::Path::new(&folder).join(format!("{schema}.xsd"));
    let mut command = std::process::Command::new("xmllint");
    let output = command.args(["--nonet", "--noout", "--schema"]).arg(schema).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_was_asked_back_and_tried_again_can_be_asked_back_again() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 3)]]));
    let back = |id: &str| message(id, &[Back("1", "E0", "1.00", "1.00", "FOCR", ANNAS)]);
    let of_file = |id: &str, file: &str| {
        let group = format!(
            "<OrgnlGrpInf><OrgnlMsgId>{file}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInf>"
        );
        back(id).replace("<OrgnlEndToEndId>", &format!("{group}<OrgnlEndToEndId>"))
    };
    import(&mut place, &back("R-1"), [1, 0, 0, 0, 0]);
    sums(&mut place, PUBLIC, [0, 3, 0, 100, 0]);
    for time in 1..=2 {
        place.now = Timestamp::from_micros(place.now.micros() + 2 * 86_400_000_000);
        try_again(&mut place, &batch, None).unwrap();
        // Of which time it is has to be said: by the file that it stood in, or by the day.
        import(&mut place, &back(&format!("R-{time}-unsaid")), [0, 0, 1, 0, 0]);
        import(&mut place, &of_file(&format!("R-{time}-first"), "MSG-1"), [0, 0, 1, 0, 0]);
        sums(&mut place, PUBLIC, [100, 3, 0, 0, 0]);
        let on = |day: &str| {
            let day = format!("<OrgnlIntrBkSttlmDt>{day}</OrgnlIntrBkSttlmDt><RtrdIntrBkSttlmAmt");
            back(&format!("R-{time}-day")).replace("<RtrdIntrBkSttlmAmt", &day)
        };
        match time {
            1 => import(&mut place, &of_file("R-1-last", &format!("{batch}-3")), [1, 0, 0, 0, 0]),
            _ => {
                import(&mut place, &on("2026-11-25").replace("-day<", "-earlier<"), [0, 0, 1, 0, 0]);
                import(&mut place, &on("2026-11-27"), [1, 0, 0, 0, 0])
            }
        };
        sums(&mut place, PUBLIC, [0, 3, 0, 100, 0]);
    }
    assert!(open(&mut place).iter().all(|(_, why)| *why == "tried_again"));
    place.verify();
}

#[test]
fn messages_of_two_banks_are_two_though_they_number_them_alike() {
    let mut place = Place::new();
    place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100)]]));
    place.uploaded(PLAIN, &file("MSG-2", &[vec![(BO, 100)]]));
    for account in [ANNAS, BOS] {
        let back = message("R-1", &[Back("1", "E0", "1.00", "1.00", "MS03", account)]);
        import(&mut place, &back.replace("<RtrId>1</RtrId>", ""), [1, 0, 0, 0, 0]);
    }
}

#[test]
fn an_account_is_closed_on_its_own_banks_word() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(BO, 100), (ANNA, 5)]]));
    let own = place.uploaded(PLAIN, &file("MSG-2", &[vec![(BO, 300)]]));
    let followed = |made: &Imported| [made.booked, made.closed, made.questioned];
    // The payer's bank says so.
    let by_another = message("R-1", &[Back("1", "E0", "1.00", "1.00", "AC04", BOS)]);
    assert_eq!(followed(&import_as(&mut place, &by_another, Some(BANK)).unwrap()), [1, 0, 1]);
    let by_itself = message("R-2", &[Back("1", "E0", "3.00", "3.00", "AC04", BOS)]);
    assert_eq!(followed(&import_as(&mut place, &by_itself, Some("Andelskassen Eksempel")).unwrap()), [1, 1, 0]);
    assert_eq!((&*place.told(&batch)[0], &*place.told(&own)[0]), ("returned", "returned"));
    // Of an account that the payment did not go to, nothing is said of the one that it went to; a reason of the bank's own is kept.
    let elsewhere =
        message("R-3", &[Back("1", "E1", "0.05", "0.05", "AC04", BOS)]).replace("<Cd>AC04</Cd>", "<Cd>XY99</Cd>");
    import(&mut place, &elsewhere, [0, 0, 1, 0, 0]);
    let listed = strays(&mut place.writer, None, 9, &Actor::console()).unwrap().returns;
    assert_eq!((listed.len(), &*listed[0].reason), (1, "XY99"));
    let closed = message("R-4", &[Back("1", "E1", "0.05", "0.05", "AC04", BOS)]);
    import(&mut place, &closed, [0, 0, 1, 0, 0]);
    let env = place.env();
    let (last, _) = open(&mut place).pop().unwrap();
    let wanted = SettleReturn { stray: &last, payment: Some((&batch, "E1")), why: "asked", out: None, once: None };
    let made = settle_return(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    assert_eq!(followed(&made), [1, 0, 0]);
    place.verify();
}

/// A second copy came before the payment left again: taken for what left last, it would be paid twice.
#[test]
fn a_return_is_of_no_time_after_it_came() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 3)]]));
    let back = |id: &str| message(id, &[Back("1", "E0", "1.00", "1.00", "MS03", ANNAS)]);
    import(&mut place, &back("R-1"), [1, 0, 0, 0, 0]);
    import(&mut place, &back("R-2"), [0, 0, 1, 0, 0]);
    try_again(&mut place, &batch, None).unwrap();
    let (stray, why) = open(&mut place).pop().unwrap();
    assert_eq!(why, "no_payment");
    let settle = |place: &mut Place, payment| {
        let (wanted, env) = (SettleReturn { stray: &stray, payment, why: "asked", out: None, once: None }, place.env());
        settle_return(&mut place.writer, &wanted, &Actor::console(), &env)
    };
    refused(settle(&mut place, Some((&batch, "E0"))), "return.not_sent");
    settle(&mut place, None).unwrap();
    assert_eq!((&*place.told(&batch)[0], open(&mut place)), ("routed", vec![]));
    sums(&mut place, PUBLIC, [100, 3, 0, 0, 0]);
    // What comes after it is of what left last.
    import(&mut place, &back("R-3"), [0, 0, 1, 0, 0]);
    let (stray, why) = open(&mut place).pop().unwrap();
    let wanted = SettleReturn { stray: &stray, payment: Some((&batch, "E0")), why, out: None, once: None };
    let env = place.env();
    settle_return(&mut place.writer, &wanted, &Actor::console(), &env).unwrap();
    assert_eq!(place.told(&batch)[0], "returned");
    place.verify();
}

/// It was looked for before that, and booked after it.
#[test]
fn a_return_of_a_payment_that_left_anew_meanwhile_is_a_persons_to_see() {
    let mut place = Place::new();
    let batch = place.uploaded(PUBLIC, &file("MSG-1", &[vec![(ANNA, 100), (WITHOUT, 3)]]));
    let back = |id: &str| message(id, &[Back("1", "E0", "1.00", "1.00", "MS03", ANNAS)]);
    let (mut other, now, first, again) = (place.another(), place.now, back("R-1"), batch.clone());
    let meant = Box::new(move || {
        let (console, env) = (Actor::console(), |number| Env::new(now, number));
        let wanted = ImportReturns { file: first.as_bytes(), bank: None, out: None, once: None };
        import_returns(&mut other, wanted, &console, &env(1_001)).unwrap();
        let wanted = Retry { batch: &again, end_to_end_ids: None, out: None, stages: None, once: None };
        retry(&mut other, &wanted, &console, &env(1_002)).unwrap();
    });
    let second = back("R-2");
    let made = meanwhile(meant, || import_as(&mut place, &second, None)).unwrap();
    assert_eq!((made.booked, made.listed), (0, 1));
    let whys: Vec<&str> = open(&mut place).into_iter().map(|(_, why)| why).collect();
    assert_eq!((whys, &*place.told(&batch)[0]), (vec!["tried_again"], "routed"));
    sums(&mut place, PUBLIC, [100, 3, 0, 0, 0]);
    place.verify();
}

#[test]
fn the_payments_of_a_file_of_returns_are_found_in_one_pass_however_many_there_are() {
    let run = |count: usize| {
        let mut place = Place::new();
        let pays: Vec<Pay<'_>> = [(ANNA, 100), (BO, 100)].into_iter().cycle().take(count).collect();
        place.uploaded(PUBLIC, &file("MSG-1", &[pays]));
        let ids: Vec<String> = (0..count).map(|number| format!("E{number}")).collect();
        let accounts = [ANNAS, BOS].into_iter().cycle();
        let backs: Vec<Back<'_>> =
            ids.iter().zip(accounts).map(|(id, account)| Back(id, id, "1.00", "1.00", "MS03", account)).collect();
        let (xml, env) = (message("R-1", &backs), place.env());
        let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out: None, once: None };
        let (made, ran) =
            counted(|| payout::testing::book_and_stop(&mut place.writer, wanted, &Actor::console(), &env));
        made.unwrap();
        sums(&mut place, PUBLIC, [0, 0, 0, 100 * count as i128, 0]);
        ["bank.range", "payment_index.find", "batch.find", "batch_stage.insert"].map(|name| ran.get(name).copied())
    };
    let of_few = run(10);
    assert!(of_few[..2].iter().all(Option::is_some), "{of_few:?}");
    assert_eq!(run(5_000), of_few);
    let mut place = Place::new();
    let one = Back("1", "E0", "1.00", "1.00", "MS03", ANNAS);
    refused(import_as(&mut place, &message("R-1", &[one; 5_001]), None), "return.too_many");
}

#[test]
fn a_return_and_a_retry_at_once_end_one_way() {
    const ROUNDS: usize = 12;
    let mut place = Place::new();
    let mut other = place.writer.store.clone().writer(Secrets::from_system()).unwrap();
    let now = place.now;
    for round in 0..ROUNDS {
        let cents = u32::try_from(round).unwrap() + 1;
        let batch = place.uploaded(PUBLIC, &file(&format!("MSG-{round}"), &[vec![(ANNA, cents)], vec![(WITHOUT, 1)]]));
        let amount = format!("0.{cents:02}");
        let back = |message_id: String| message(&message_id, &[Back("1", "E0", &amount, &amount, "MS03", ANNAS)]);
        import(&mut place, &back(format!("FIRST-{round}")), [1, 0, 0, 0, 0]);
        let (second, barrier) = (back(format!("SECOND-{round}")), std::sync::Barrier::new(2));
        let booked = std::thread::scope(|threads| {
            let returning = threads.spawn(|| {
                barrier.wait();
                let env = Env::new(now, 1_000 + u32::try_from(round).unwrap());
                let wanted = ImportReturns { file: second.as_bytes(), bank: None, out: None, once: None };
                import_returns(&mut other, wanted, &Actor::console(), &env).unwrap()
            });
            barrier.wait();
            loop {
                match try_again(&mut place, &batch, Some(&["E0".to_owned()])) {
                    Err(Error::Conflict(_)) => {}
                    tried => {
                        tried.unwrap();
                        break;
                    }
                }
            }
            let made = returning.join().unwrap();
            assert_eq!(made.booked + made.listed, 1, "it is booked, or a person sees it");
            made.booked
        });
        // What was on its way when the return came leaves now, if it had not.
        place.release(&batch, false);
        let expected = if booked == 1 { "returned" } else { "routed" };
        assert_eq!(place.told(&batch)[0], expected, "round {round}");
        // The same again is known, whichever way it ended.
        import(&mut place, &second, [0, 1, 0, 0, 0]);
    }
    let balance = balance(&mut place.writer, PUBLIC, TODAY, &client(PUBLIC)).unwrap();
    assert!(balance.agrees());
    place.verify();
}
