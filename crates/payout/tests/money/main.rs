//! Conservation of money: whatever happens to payees, accounts, files and processes, in whatever order, all that came in is
//! somewhere, nothing is paid twice, and nothing goes to an account that was frozen, closed or marked, or to the dead.
//!
//! A history is what people did. What the banks are given is read from the very files, and held against a model that knows only what was
//! asked and what was acknowledged. A part of what is done is struck on its way, and given again.
//!
//! `ANVIS_PAYOUT_HISTORIES` says how many histories, `ANVIS_PAYOUT_HISTORY` which is the first of them, or the only one: a failing one
//! prints its number.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod acts;
mod backing;
mod bank;
mod booking;
mod check;
mod doing;
mod model;
mod place;
mod world;

use acts::{Step, step};
use place::Beginning;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use world::{Done, World};

/// Histories where nobody says how many.
const HISTORIES: u64 = 16;
const STEPS_MAX: usize = 48;
/// After so many it is told how far the test is.
const TOLD_EVERY: u64 = 1000;

#[expect(clippy::disallowed_methods, reason = "a test's switch, never in a release build")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

/// Lives through one history, from the beginning; what was done in it.
fn live(steps: &[Step], beginning: &Beginning) -> Done {
    let mut world = World::new(beginning);
    for (at, step) in steps.iter().enumerate() {
        // Much happens at one moment, so that its order counts.
        if at % 2 == 0 {
            world.model.now += 60_000_000;
        }
        world.perform(step);
        world.check();
    }
    world.end();
    world.done
}

/// Tells the first panic alone: those of the shorter histories that are tried after it are thousands of lines.
fn tell_one_panic() {
    let (told, hook) = (AtomicBool::new(false), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        if !told.swap(true, Ordering::Relaxed) {
            hook(panic);
        }
    }));
}

/// One history by its number: what fails is made as short as it can be, and told.
fn history(number: u64, beginning: &Beginning) -> Result<Done, String> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let done = Mutex::new(Done::default());
    let told = runner.run(&proptest::collection::vec(step(), 1..STEPS_MAX), |steps| {
        let lived = catch_unwind(AssertUnwindSafe(|| live(&steps, beginning))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
        })?;
        *done.lock().unwrap() = lived;
        Ok(())
    });
    told.map_err(|failure| format!("ANVIS_PAYOUT_HISTORY={number} repeats it: {failure}"))?;
    Ok(done.into_inner().unwrap())
}

#[test]
fn money_that_came_in_is_somewhere_once_and_goes_where_it_may() {
    let first = number("ANVIS_PAYOUT_HISTORY");
    let count = number("ANVIS_PAYOUT_HISTORIES").unwrap_or(if first.is_some() { 1 } else { HISTORIES });
    let first = first.unwrap_or(0);
    let numbers = first..first + count;
    let beginning = Beginning::new();
    tell_one_panic();
    let (next, lived, failure) = (AtomicU64::new(first), AtomicU64::new(0), Mutex::new(None));
    let all = Mutex::new(Done::default());
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while failure.lock().unwrap().is_none() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if !numbers.contains(&number) {
                        break;
                    }
                    match history(number, &beginning) {
                        Ok(done) => all.lock().unwrap().add(&done),
                        Err(text) => drop(failure.lock().unwrap().get_or_insert(text)),
                    }
                    let lived = lived.fetch_add(1, Ordering::Relaxed) + 1;
                    if lived.is_multiple_of(TOLD_EVERY) {
                        println!("{lived} of {count} histories, from {first} on");
                    }
                }
            });
        }
    });
    drop(std::panic::take_hook());
    if let Some(text) = failure.into_inner().unwrap() {
        panic!("{text}");
    }
    println!("{count} histories, from {first} on: {}", all.into_inner().unwrap());
}
