//! The edge with real connections before a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod bodies;
mod callers;
mod crowd;
mod deliveries;
mod described;
mod encrypted;
#[path = "../../../g2p/tests/messages/faults.rs"]
mod faults;
mod feed;
mod many;
mod mapper;
mod notices;
mod ownership;
mod payouts;
mod post_office;
mod receiver;
mod registers;
mod routes;
mod slow;
mod stop;
mod streams;
mod support;
mod tokens;
