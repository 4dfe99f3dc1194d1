//! Any bytes as a payment file: cut, read, completed. What the property tests promise of files holds of these too.
#![no_main]

#[expect(dead_code, clippy::unwrap_used, reason = "shared with the property tests, which use all of it")]
#[path = "../../crates/payout/tests/message/support.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use support::{Decision, pass, route};

fuzz_target!(|file: &[u8]| {
    let Ok(passed) = pass(file) else { return };
    assert_eq!(passed.cut, file, "every byte belongs to a part");
    // Counts and sums come out true, whatever they were; after that nothing is left to change.
    if let Some(completed) = &passed.completed {
        let again = pass(completed).expect("what was taken is taken again");
        assert_eq!(again.completed.as_ref(), Some(completed), "what is not touched comes out as it was");
    }
    // The same decisions in chunks of another size give the same file.
    let decide = |number: u64| match number % 4 {
        0 => Decision::CompleteByBic,
        1 => Decision::Drop,
        2 => Decision::CompleteByMember,
        _ => Decision::Keep,
    };
    let completed = |chunk: usize| route(file, chunk, None, |number, _| decide(number)).map(|routed| routed.completed);
    assert_eq!(completed(1), completed(1000));
});
