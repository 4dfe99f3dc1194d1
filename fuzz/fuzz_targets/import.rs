//! Any bytes as the rows of each kind of file, imported into a store that must still agree with its journal.
#![no_main]

#[expect(dead_code, clippy::unwrap_used, reason = "shared with the property tests, which use all of it")]
#[path = "../../crates/registry/tests/import/place.rs"]
mod place;

use libfuzzer_sys::fuzz_target;
use place::Place;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Counts, Population, Source};

fn check(counts: Counts) {
    assert_eq!(counts.changed + counts.unchanged + counts.rejected, counts.rows);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rows)) = bytes.split_first() else { return };
    let mut place = Place::new();
    let vault = place.writer.store.vault().clone();
    let with = |header: &[&str]| [header.join(",").as_bytes(), b"\n", rows].concat();
    let (counts, _) = match kind % 4 {
        0 => place.import(&Banks, &with(Banks::HEADER)),
        1 => place.import(&Companies { vault }, &with(Companies::HEADER)),
        2 => place.import(&Population { vault, refuse_replacement_numbers: false }, &with(Population::HEADER)),
        _ => place.import(&Accounts { channel: Channel::Operator, by: "console".to_owned(), vault }, &with(Accounts::HEADER)),
    };
    check(counts);
    place.verify();
});
