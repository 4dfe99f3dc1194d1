//! The edge with real connections before a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod bodies;
mod callers;
mod crowd;
mod described;
mod encrypted;
mod many;
mod payouts;
mod registers;
mod routes;
mod slow;
mod streams;
mod support;
