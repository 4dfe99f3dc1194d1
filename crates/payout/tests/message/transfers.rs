//! The file in which a bank tells how it made payments.

use payout::commands::Transfer;
use payout::transfer_file::read_transfers;
use proptest::prelude::*;

const HEADER: &str = "batch,end_to_end_id,message_id,message_name,transaction_id,uetr,settlement_date\n";
const ROW: &str = "38GAF30JV5XN8,E2E-1,BANK-7,pacs.008.001.08,T-1,8a562c67-ca16-48ba-b074-65581be6f001,2026-04-27\n";

const PIECES: [&str; 9] = [",", "\"", "\n", "\r\n", ROW, "E2E-1", "2026-04-27", " ", "ø"];

/// Of each line that follows the header: its number, its payment, and whether what it says can stand in a message.
fn read(rows: &[u8]) -> Vec<(u64, String, bool)> {
    let (transfers, lines) = read_transfers(&*[HEADER.as_bytes(), rows].concat(), "bank").unwrap();
    assert_eq!(transfers.len(), lines.len());
    let told = transfers.into_iter().map(|Transfer { end_to_end_id, made, .. }| (end_to_end_id, made.is_lawful()));
    lines.into_iter().zip(told).map(|(line, (id, is_lawful))| (line, id, is_lawful)).collect()
}

#[test]
fn each_line_tells_of_one_payment_or_of_none() {
    let check = |rows: &str, expected: &[(u64, &str, bool)]| {
        let told = read(rows.as_bytes());
        let told: Vec<_> = told.iter().map(|(line, id, is_lawful)| (*line, id.as_str(), *is_lawful)).collect();
        assert_eq!(told, expected, "{rows:?}");
    };
    check("", &[]);
    check(ROW, &[(2, "E2E-1", true)]);
    check(&ROW.replace("T-1", ""), &[(2, "E2E-1", true)]);
    for wrong in ["BANK-7", "pacs.008.001.08", "2026-04-27"] {
        check(&ROW.replace(wrong, ""), &[(2, "E2E-1", false)]);
    }
    for (right, wrong) in [("8a562c67", "8g562c67"), ("2026-04-27", "2026-04-31"), ("BANK-7", &"B".repeat(36))] {
        check(&ROW.replace(right, wrong), &[(2, "E2E-1", false)]);
    }
    check(&format!("E2E-1,BANK-7\n\n\"\n{ROW}"), &[(2, "", false), (4, "", false), (5, "E2E-1", true)]);
    for header in ["", "batch\n", &HEADER.replace("uetr,", "")] {
        let refused = read_transfers(header.as_bytes(), "bank").unwrap_err();
        assert_eq!(refused.code(), "import.header", "{header:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_answered_line_by_line(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40),
    ) {
        let _ = read_transfers(&*bytes, "bank");
        for rows in [&*bytes, pieces.concat().as_bytes()] {
            let lines: Vec<u64> = read(rows).into_iter().map(|(line, ..)| line).collect();
            let last = 2 + rows.iter().filter(|byte| **byte == b'\n').count() as u64;
            prop_assert!(lines.is_sorted_by(|one, next| one < next), "{lines:?}");
            prop_assert!(lines.iter().all(|line| (2..=last).contains(line)), "{lines:?}");
        }
    }
}
