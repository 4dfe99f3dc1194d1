//! Payment files as other systems send and fetch them, in a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod balancing;
mod fetching;
mod finding;
mod holding;
mod lying;
mod place;
mod returning;
mod sweeping;
mod uploading;
