//! The life of a designation against random histories: whatever people do, in whatever order, what the registry says and does is
//! what an oracle says that knows only what was asked, what was done, and what was known at that moment.
//!
//! `ANVIS_HISTORIES` says how many histories, `ANVIS_HISTORY` which is the first of them, or the only one: a failing one prints its
//! number.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod acts;
mod asking;
mod banks;
mod beginning;
mod doing;
mod oracle;
#[path = "../import/place.rs"]
#[expect(dead_code, reason = "the tests of imports need all of it")]
mod place;
mod races;
mod world;

use acts::{Act, act};
use beginning::Beginning;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Histories where nobody says how many.
const HISTORIES: u64 = 12;
const ACTS_MAX: usize = 160;
/// After so many it is told how far the test is.
const TOLD_EVERY: u64 = 1000;

#[expect(clippy::disallowed_methods, reason = "a test's switch, never in a release build")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

/// Lives through one history, from the beginning.
fn live(acts: &[Act], beginning: &Beginning) {
    let mut world = beginning.world();
    for (at, act) in acts.iter().enumerate() {
        // Much happens at one moment, so that its order counts.
        let is_sharp = at > 0 && matches!(acts[at - 1], Act::Wait(_) | Act::Go(_));
        if at % 2 == 0 && !is_sharp {
            world.place.now += 60_000_000;
        }
        world.perform(act);
    }
    world.settle();
    world.check_pending();
    world.check_acts();
    world.place.verify();
}

/// One history by its number: what fails is made as short as it can be, and told.
fn history(number: u64, beginning: &Beginning) -> Result<(), String> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let told = runner.run(&proptest::collection::vec(act(), 1..ACTS_MAX), |acts| {
        catch_unwind(AssertUnwindSafe(|| live(&acts, beginning))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
        })
    });
    told.map_err(|failure| format!("ANVIS_HISTORY={number} repeats it: {failure}"))
}

#[test]
fn an_account_changes_only_when_all_that_is_demanded_was_met() {
    let first = number("ANVIS_HISTORY");
    let count = number("ANVIS_HISTORIES").unwrap_or(if first.is_some() { 1 } else { HISTORIES });
    let first = first.unwrap_or(0);
    let numbers = first..first + count;
    let beginning = Beginning::new();
    let (next, done, failure) = (AtomicU64::new(first), AtomicU64::new(0), Mutex::new(None));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while failure.lock().unwrap().is_none() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !numbers.contains(&number) {
                        break;
                    }
                    if let Err(text) = history(number, &beginning) {
                        failure.lock().unwrap().get_or_insert(text);
                        break;
                    }
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(TOLD_EVERY) {
                        println!("{done} of {count} histories, from {first} on");
                    }
                }
            });
        }
    });
    if let Some(text) = failure.into_inner().unwrap() {
        panic!("{text}");
    }
}
