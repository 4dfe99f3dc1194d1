//! A payer who sends files to invented numbers, holds and cancels them, and reads who is there.

use crate::place::*;
use kernel::{Error, Timestamp};
use payout::commands::{Cancel, cancel};
use payout::queries::payments_of;

const DAY: i64 = 86_400_000_000;

/// The invented number at this place: as those are that are given instead of a real one, so that it is nobody's.
fn invented(at: usize) -> String {
    format!("{:02}{:02}{:02}{:04}", 61 + at % 28, 1 + at / 28 % 12, at / 336 % 100, 1_000 + at % 8_999)
}

/// Whether it is in the register: so many in a hundred are, in no order.
fn is_there(at: usize, per_cent: usize) -> bool {
    at * 37 % 100 < per_cent
}

/// How a payer goes about it.
struct Sweep {
    payer: &'static str,
    /// How many payments the first file has, as the bucket is full.
    first: usize,
    /// How many the others have.
    size: usize,
    /// For how many misses it waits until there is enough, once it is told to wait.
    patience: i64,
}

/// Sends files for six weeks. How many were found: of whom it was told that they are there. And how many files were refused.
fn sweep(place: &mut Place, how: &Sweep) -> (usize, usize) {
    let (begin, actor) = (place.now.micros(), client(how.payer));
    let (mut found, mut refused, mut asked, mut files) = (0, 0, 0, 0);
    let (mut count, mut rows) = (how.first, place.rows());
    while place.now.micros() <= begin + 42 * DAY {
        files += 1;
        assert!(files < 1_000, "it is never told to wait");
        let numbers: Vec<String> = (asked..asked + count).map(invented).collect();
        let xml = file(&format!("SWEEP-{files}"), &[numbers.iter().map(|number| (&**number, 100)).collect()]);
        // It would be paid after all that.
        let xml = xml.replace("2026-11-25", "2027-01-08");
        match place.upload(how.payer, &xml, 1 << 20, (true, None)) {
            Ok(taken) => {
                let batch = taken.unwrap().batch;
                let page =
                    payments_of(&mut place.writer, (how.payer, &batch), 0, count + 1, (&actor, place.now)).unwrap();
                assert_eq!(page.payments.len(), count);
                let held = page.payments.iter().filter(|payment| payment.state == "held").count();
                let env = place.env();
                let wanted = Cancel { batch: &batch, end_to_end_ids: None, stages: None, once: None };
                match cancel(&mut place.writer, &wanted, &actor, &env) {
                    Ok(counts) => assert_eq!((counts.held, counts.cancelled), (0, held as u64)),
                    Err(error) => assert_eq!((error.code(), held), ("batch.nothing_held", 0)),
                }
                rows = place.rows();
                found += held;
            }
            Err(Error::Refused(refusal)) => {
                assert_eq!(place.rows(), rows, "there is no batch, and nothing to be told");
                if let Some(seconds) = refusal.retry_after_seconds {
                    assert_eq!(refusal.code, "allowance.exhausted");
                    let more = (how.patience - 1) * DAY / 5;
                    place.now = Timestamp::from_micros(place.now.micros() + seconds as i64 * 1_000_000 + more);
                    continue;
                }
                assert_eq!(refusal.code, "payout.misses");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
        (asked, count) = (asked + count, how.size);
    }
    (found, refused)
}

/// As many as `docs/adr/0017` says of files alone, and no fewer than make it worth a test.
#[test]
fn files_that_are_held_and_cancelled_find_no_more_than_the_bucket_lets_them() {
    let check = |per_cent: usize, most: usize, how: Sweep| {
        let mut place = Place::new();
        place.enter((0..2_000).filter(|at| is_there(*at, per_cent)).map(invented));
        let (found, refused) = sweep(&mut place, &how);
        let Sweep { payer, size, .. } = how;
        assert!((most * 3 / 4..=most).contains(&found), "{payer}, {size} in a file, {per_cent} in a hundred: {found}");
        assert!(refused > 0, "{payer}, {size} in a file, {per_cent} in a hundred");
        place.verify();
    };
    // As soon as there is enough for one miss, or when there is enough for some.
    check(16, 96, Sweep { payer: PUBLIC, first: 297, size: 2, patience: 1 });
    check(16, 96, Sweep { payer: PRIVATE, first: 297, size: 12, patience: 10 });
    check(45, 390, Sweep { payer: PUBLIC, first: 450, size: 12, patience: 10 });
    check(45, 390, Sweep { payer: PRIVATE, first: 450, size: 4, patience: 3 });
}
