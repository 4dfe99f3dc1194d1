//! The real binary, driven from outside: the command line is a contract, and here it is held to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod changes;
mod clients;
mod commands;
mod companies;
mod concurrency;
mod copying;
mod deliveries;
mod demonstrated;
mod designations;
mod faults;
mod four_eyes;
mod holding;
mod imports;
mod letters;
mod letting_go;
mod notices;
mod ownership;
mod pain;
mod people;
mod postgres;
#[expect(dead_code, reason = "shared with the tests of letters, which use all of it")]
#[path = "../../../letter/tests/it/reader.rs"]
mod reader;
mod recalling;
mod refusals;
mod routing;
mod secrets;
mod server;
mod serving;
mod sftp;
mod showing;
mod subscriptions;
mod support;
mod suspicions;
mod tamper;
mod tracing;
