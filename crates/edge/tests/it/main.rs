//! The edge with real connections before a real store.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod bodies;
mod callers;
mod cases;
mod crowd;
mod deliveries;
mod described;
mod encrypted;
#[path = "../../../g2p/tests/messages/faults.rs"]
mod faults;
mod feed;
mod letters;
mod many;
mod mapper;
mod notices;
mod operators;
mod ownership;
mod payouts;
mod people;
mod post_office;
mod process;
#[expect(dead_code, reason = "shared with the tests of letters, which use all of it")]
#[path = "../../../letter/tests/it/reader.rs"]
mod reader;
mod recalls;
mod receiver;
mod registers;
mod returns;
mod routes;
mod slow;
mod stop;
mod streams;
mod subscriptions;
mod support;
mod suspicions;
mod tokens;
mod waiting;
