//! Payment files as other systems send and fetch them, in a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod balancing;
mod cases;
mod collecting;
mod fetching;
mod finding;
mod holding;
mod lying;
mod marked;
mod onward;
mod place;
mod recalling;
mod returning;
mod sweeping;
mod uploading;
