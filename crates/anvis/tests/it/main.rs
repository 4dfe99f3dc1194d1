//! The real binary, driven from outside: the command line is a contract, and here it is held to it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod changes;
mod clients;
mod commands;
mod concurrency;
mod copying;
mod deliveries;
mod demonstrated;
mod faults;
mod four_eyes;
mod holding;
mod imports;
mod notices;
mod pain;
mod people;
mod postgres;
mod refusals;
mod routing;
mod secrets;
mod server;
mod serving;
mod showing;
mod support;
mod tamper;
