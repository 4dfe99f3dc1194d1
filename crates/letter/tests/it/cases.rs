//! What is given of a case: every payment stands on a page, and whoever reads it aloud hears what belongs together.

use crate::reader::{Piece, pages};
use crate::samples::{number, sender};
use denmark::{Currency, Money};
use jiff::Timestamp;
use letter::{CaseDeed, CasePayment, CaseReport, ChangedAccount, Deed, Fate, Language, draw_case};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn kroner(minor: i64) -> Money {
    Money { minor, currency: Currency::DKK }
}

/// A case with so many payments.
pub fn case(language: Language, payments: usize) -> CaseReport {
    let payment = |at_number: usize| CasePayment {
        at: at("2026-11-23T09:20:00Z"),
        payer: "Udbetaling Eksempel".to_owned(),
        amount: Some(kroner(100_050 + 100 * at_number as i64)),
        to: Some("DK7710200000000002, Sydbanken med et langt navn A/S".to_owned()),
        fate: if at_number.is_multiple_of(2) { Fate::Recalled } else { Fate::Held },
        reference: format!("REFERENCE-{at_number:04}-{}", "X".repeat(17)),
    };
    CaseReport {
        language,
        sender: Some(sender()),
        number: number(),
        given: at("2026-11-23T12:00:00Z"),
        given_by: "operator:bo".to_owned(),
        asked_by: "operator:anna".to_owned(),
        bank: None,
        law: "Retsplejelovens § 804; politiets brev af 23. november".to_owned(),
        payee: Some(("cpr:6101701234".to_owned(), Some("Åse Kjærgaard Øst".to_owned()))),
        since: at("2026-11-20T23:00:00Z"),
        opened: at("2026-11-23T09:30:00Z"),
        why: Some("Ringede; har ikke selv ændret kontoen 李".to_owned()),
        is_fraud: true,
        accounts: vec![ChangedAccount {
            purpose: None,
            before: Some("DK5000400440116243, Nordbank".to_owned()),
            since: vec!["DK7710200000000002, Sydbank".to_owned()],
        }],
        payments: (0..payments).map(payment).collect(),
        sums: vec![(Fate::Recalled, kroner(123_456_789)), (Fate::Held, kroner(50))],
        has_more: false,
        deeds: [Deed::Frozen, Deed::Reported, Deed::Recalled, Deed::Reverting, Deed::Fraud, Deed::Asked]
            .map(|deed| CaseDeed {
                at: at("2026-11-23T09:30:00Z"),
                by: "operator:anna".to_owned(),
                deed,
                about: "38G7V4GG0AMB3".to_owned(),
            })
            .into(),
        journal: ("1234".to_owned(), "0f".repeat(32)),
        file_id: [9; 16],
    }
}

fn text(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.trim_end().to_owned() + " ").collect()
}

#[test]
fn a_case_takes_as_many_pages_as_it_needs() {
    for language in Language::ALL {
        for payments in [0, 1, 12, 60] {
            let pdf = draw_case(&case(language, payments)).unwrap();
            let pages = pages(&pdf);
            let is_danish = language == Language::Danish;
            let of = if is_danish { "af" } else { "of" };
            for (at, page) in pages.iter().enumerate() {
                assert!(page.iter().all(|piece| piece.y < 290.0 && piece.x >= 22.0 && piece.x < 190.0));
                let foot = page.last().unwrap();
                assert!(foot.text.trim_end().ends_with(&format!("{} {of} {}", at + 1, pages.len())), "{}", foot.text);
                // Nothing stands on the foot.
                assert!(page[..page.len() - 1].iter().all(|piece| piece.y < 282.0), "page {at} of {payments}");
            }
            let all: String = pages.iter().map(|page| text(page)).collect();
            for payment in 0..payments {
                let amount =
                    if is_danish { format!("1.{payment:03},50 DKK") } else { format!("1,{payment:03}.50 DKK") };
                assert!(all.contains(&amount), "{payment} of {payments}");
            }
            for sum in if is_danish { ["1.234.567,89 DKK", "0,50 DKK"] } else { ["1,234,567.89 DKK", "0.50 DKK"] } {
                assert!(all.contains(sum), "{sum}: {all}");
            }
            let heads = pages.iter().flatten().filter(|piece| piece.tag == "TH" && piece.text.starts_with("Bel"));
            assert_eq!(heads.count() > 1, payments >= 12 && is_danish, "{payments}");
            assert!(all.contains("Åse Kjærgaard Øst, cpr:6101701234") && all.contains("kontoen ?"), "{all}");
            assert_eq!(draw_case(&case(language, payments)).unwrap(), pdf, "the same bytes");
        }
    }
}

#[test]
fn a_bank_reads_neither_who_it_is_nor_why() {
    let report = CaseReport { bank: Some("Sydbank".to_owned()), payee: None, why: None, ..case(Language::English, 1) };
    let all: String = pages(&draw_case(&report).unwrap()).iter().map(|page| text(page)).collect();
    assert!(all.contains("For Sydbank.") && !all.contains("6101701234") && !all.contains("Ringede"), "{all}");
}
