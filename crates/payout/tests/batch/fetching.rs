//! What is fetched piece by piece is, byte for byte, what stands in the files that are written.

use crate::place::*;
use kernel::{Actor, Error, Role};
use payout::commands::{Cancel, cancel};
use payout::queries::{
    completed_for_bank, completed_of, files_for_bank_after, page_of, payments_of, report_of, write_completed,
};
use registry::payer::{NoAccount, PayerKind};

#[track_caller]
fn refused<T>(result: Result<T, Error>, code: &str) {
    assert_eq!(result.err().map(|error| error.code()), Some(code));
}

#[test]
fn what_is_fetched_is_what_would_be_written() {
    let mut place = Place::new();
    let xml = file("MSG-1", &mixed());
    let payer = client(PUBLIC);
    let routed = place.route(PUBLIC, &xml, false);
    let uploaded = place.uploaded(PLAIN, &xml);
    for stage in 0..3 {
        if stage == 1 {
            // One of those that wait is cancelled, and that is a stage without a completed file.
            let ids = ["E5".to_owned(), "E6".to_owned()];
            let wanted = |ids| Cancel { batch: &routed.batch, end_to_end_ids: Some(ids), stages: None, once: None };
            let env = place.env();
            refused(cancel(&mut place.writer, &wanted(&ids), &payer, &env), "batch.payment_not_held");
            let ids = ["E9001".to_owned(), "E6".to_owned()];
            cancel(&mut place.writer, &wanted(&ids[1..]), &payer, &env).unwrap();
        }
        if stage == 2 {
            place.designate(&format!("register,cpr:{WITHOUT},9860-77,,none,,,"));
            place.release(&routed.batch, true);
        }
        let name = if stage == 0 { routed.batch.clone() } else { format!("{}-{stage}", routed.batch) };
        let written = |kind: &str, message: &str| {
            std::fs::read_to_string(place.out().join(kind).join(format!("{name}.{message}.xml"))).unwrap_or_default()
        };
        let (completed, report) = (written("bank", "pain.001"), written("payer", "pain.002"));
        let fetched = report_of(&mut place.writer, PUBLIC, &routed.batch, stage, &payer).unwrap();
        let fetched = whole(fetched);
        if stage == 1 {
            assert!(fetched.contains("<GrpSts>PART") && fetched.contains("<Cd>DS02</Cd>"));
            let none = completed_of(&mut place.writer, PUBLIC, &routed.batch, stage, &payer);
            refused(none, "batch.nothing_completed");
            continue;
        }
        assert!(fetched == report, "the report of stage {stage}");
        let fetched = completed_of(&mut place.writer, PUBLIC, &routed.batch, stage, &payer).unwrap();
        assert!(whole(fetched) == completed, "the completed file of stage {stage}");
        let mut handed_on = Vec::new();
        write_completed(&mut place.writer, &routed.batch, stage, &mut handed_on).unwrap();
        assert!(handed_on == completed.as_bytes() && completed.len() > 100_000, "stage {stage}");
    }
    // The same file of another payer, uploaded: as if it had been routed at the console.
    let at_console = Place::new().route(PLAIN, &xml, false);
    let fetched = whole(completed_of(&mut place.writer, PLAIN, &uploaded, 0, &payer).unwrap());
    assert_eq!(fetched.matches("<CdtTrfTxInf>").count() as u64, at_console.counts.routed);
    let first_line = |text: &str| text.lines().nth(2).unwrap().to_owned();
    let routed_there = at_console.counts.routed;
    assert!(
        first_line(&fetched).contains(&format!("<NbOfTxs>{routed_there:04}</NbOfTxs>")),
        "{}",
        first_line(&fetched)
    );
    place.verify();
}

#[test]
fn another_payers_files_are_not_there() {
    let mut place = Place::new();
    let xml = file("MSG-1", &[vec![(ANNA, 100)]]);
    let (own, others) = (place.uploaded(PUBLIC, &xml), place.uploaded(PLAIN, &xml));
    let payer = client(PUBLIC);
    let Place { writer, now, .. } = &mut place;
    let now = *now;
    for name in [&*others, "0000000000000", "x"] {
        refused(report_of(writer, PUBLIC, name, 0, &payer), "batch.unknown");
        refused(completed_of(writer, PUBLIC, name, 0, &payer), "batch.unknown");
        refused(payments_of(writer, (PUBLIC, name), 0, 10, (&payer, now)), "batch.unknown");
    }
    for stage in [1, -1, i64::MAX] {
        refused(report_of(writer, PUBLIC, &own, stage, &payer), "batch.stage_unknown");
    }
    let listed = page_of(writer, PUBLIC, None, 10, (&payer, now)).unwrap();
    assert_eq!(listed.batches.iter().map(|batch| &batch.batch).collect::<Vec<_>>(), [&own]);
    // What came in at the console was not kept, as nothing in it could wait and no bank fetches it.
    let at_console = place.route(PLAIN, &file("MSG-2", &[vec![(ANNA, 100)]]), false).batch;
    refused(completed_of(&mut place.writer, PLAIN, &at_console, 0, &payer), "batch.input_not_kept");
    refused(report_of(&mut place.writer, PLAIN, &at_console, 0, &payer), "batch.input_not_kept");
}

#[test]
fn a_private_payer_learns_of_payees_what_its_report_tells() {
    let mut place = Place::new();
    let xml = file("MSG-1", &[vec![(ANNA, 100), (NOBODY, 1), (BO, 100), (WITHOUT, 100), (DEAD, 3)]]);
    let batch = place.uploaded(PRIVATE, &xml);
    let payer = client(PRIVATE);
    refused(completed_of(&mut place.writer, PRIVATE, &batch, 0, &payer), "policy.not_allowed");
    // As an outside issuer may call it.
    let called_public = Actor::client(Role::PublicPayer, PRIVATE);
    refused(completed_of(&mut place.writer, PRIVATE, &batch, 0, &called_public), "payer.other_kind");
    refused(report_of(&mut place.writer, PRIVATE, &batch, 0, &called_public), "payer.other_kind");
    let mut told = Vec::new();
    let mut next = Some(0);
    while let Some(first) = next {
        let page = payments_of(&mut place.writer, (PRIVATE, &batch), first, 2, (&payer, place.now)).unwrap();
        told.extend(page.payments.into_iter().map(|payment| (payment.end_to_end_id, payment.state, payment.code)));
        next = page.next;
    }
    let expected = [("E1", "rejected", "BE06"), ("E3", "held", "AC03"), ("E4", "rejected", "MD07")];
    assert_eq!(told, expected.map(|(id, state, code)| (id.to_owned(), state, Some(code))));
    let report = whole(report_of(&mut place.writer, PRIVATE, &batch, 0, &payer).unwrap());
    let reported: Vec<&str> =
        report.split("<OrgnlEndToEndId>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(reported, ["E1", "E3", "E4"]);
    // A public payer is told of all.
    let batch = place.uploaded(PUBLIC, &xml);
    let page = payments_of(&mut place.writer, (PUBLIC, &batch), 0, 10, (&client(PUBLIC), place.now)).unwrap();
    assert_eq!((page.payments.len(), page.payments[0].state, page.next), (5, "routed", None));
}

#[test]
fn a_bank_has_the_files_of_payers_whose_agreement_named_it() {
    let mut place = Place::new();
    let bank = Actor::client(Role::Bank, "bank");
    let pay = |message_id: &str| file(message_id, &[vec![(ANNA, 150), (BO, 50), (WITHOUT, 700)]]);
    let first = place.uploaded(PUBLIC, &pay("MSG-1"));
    place.uploaded(PLAIN, &pay("MSG-1"));
    place.uploaded(PUBLIC, &file("MSG-2", &[vec![(NOBODY, 1)]]));
    let private = place.uploaded(PRIVATE, &pay("MSG-1"));
    // The agreement that counts is that of the time.
    place.agree(PLAIN, PayerKind::Public, NoAccount::Reject, Some(BANK)).unwrap();
    let routed = place.route(PLAIN, &pay("MSG-3"), false).batch;
    place.agree(PLAIN, PayerKind::Public, NoAccount::Reject, None).unwrap();
    place.uploaded(PLAIN, &pay("MSG-4"));
    place.designate(&format!("register,cpr:{WITHOUT},0040-77,,none,,,"));
    place.release(&first, false);
    let list = |place: &mut Place, bank: &str, after: Option<i64>, limit: usize| {
        place.writer.read(|scope| files_for_bank_after(scope, bank, after, limit)).unwrap()
    };
    let files = list(&mut place, BANK, None, 100);
    let shown: Vec<_> = files
        .iter()
        .map(|file| {
            (&*file.batch, file.stage, &*file.payer, &*file.message_id, file.sent.payments, &*file.sent.sums["DKK"])
        })
        .collect();
    let released = format!("{first}-1");
    assert_eq!(
        shown,
        [
            (&*first, 0, PUBLIC, "MSG-1", 2, "2.00"),
            (&*private, 0, PRIVATE, "MSG-1", 2, "2.00"),
            (&*routed, 0, PLAIN, "MSG-3", 2, "2.00"),
            (&*first, 1, PUBLIC, &*released, 1, "7.00"),
        ]
    );
    let (mut paged, mut after) = (Vec::new(), None);
    while let [file] = &*list(&mut place, BANK, after, 1) {
        after = Some(file.place);
        paged.push(file.place);
    }
    assert_eq!(paged, files.iter().map(|file| file.place).collect::<Vec<_>>());
    assert!(list(&mut place, "Andelskassen Eksempel", None, 10).is_empty());

    let fetched = whole(completed_for_bank(&mut place.writer, BANK, &private, 0, &bank).unwrap());
    assert_eq!(fetched.matches("<CdtrAcct>").count(), 2);
    let fetched = whole(completed_for_bank(&mut place.writer, BANK, &first, 1, &bank).unwrap());
    assert!(fetched.contains(&format!("<MsgId>{released}</MsgId>")) && fetched.matches("<CdtrAcct>").count() == 1);
    refused(completed_for_bank(&mut place.writer, "Andelskassen Eksempel", &first, 0, &bank), "batch.unknown");
    refused(completed_for_bank(&mut place.writer, BANK, &first, 0, &client(PUBLIC)), "policy.not_allowed");
    refused(place.agree("Ny", PayerKind::Public, NoAccount::Reject, Some("Ingen")), "payer.bank");
    place.verify();
}
