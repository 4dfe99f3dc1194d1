//! Any bytes as what a bank sends about money that comes back: messages are read to their end, or refused in a place that they have; and
//! of how payments were made each line is told of.
#![no_main]

use libfuzzer_sys::fuzz_target;
use payout::message::bank::{ReadError, read_answers, read_returns};
use payout::transfer_file::read_transfers;

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
    if let Ok((transfers, lines)) = read_transfers(file, "bank") {
        assert_eq!(transfers.len(), lines.len());
        for (transfer, line) in transfers.iter().zip(&lines) {
            assert!(*line >= 2, "the header is the first line");
            if transfer.made.is_lawful() {
                assert!(transfer.made.settled_on().is_some());
            }
        }
    }
});
