//! Any bytes as a message of a bank about money that comes back: read to its end, or refused in a place that it has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payout::message::bank::{ReadError, read_answers, read_returns};

fn check<T>(read: Result<impl Iterator<Item = Result<T, ReadError>>, ReadError>, file: &[u8]) {
    let outcome = read.and_then(|mut items| items.try_for_each(|item| item.map(drop)));
    if let Err(error) = outcome {
        let ReadError::Fault { fault, line } = error else { panic!("bytes in memory can be read") };
        let before = file.get(..fault.offset as usize).expect("a fault lies in the file");
        assert_eq!(line, 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64);
    }
}

fuzz_target!(|file: &[u8]| {
    check(read_returns(file), file);
    check(read_answers(file), file);
});
