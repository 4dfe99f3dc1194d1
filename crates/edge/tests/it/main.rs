//! The edge with real connections before a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod bodies;
mod callers;
mod crowd;
mod deliveries;
mod described;
mod encrypted;
mod feed;
mod receiver;
mod routes;
mod slow;
mod streams;
mod support;
