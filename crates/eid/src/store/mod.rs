//! The only SQL of electronic identity, by noun.

pub(crate) mod client;
pub(crate) mod interface_use;
pub(crate) mod phase_out;
pub(crate) mod signing_key;
pub(crate) mod used_once;

use kernel::{Migration, Statement, journal};

/// The migrations.
pub const MIGRATIONS: &[Migration] = &[Migration { service: "eid", version: 1, sql: include_str!("migrations/1.sql") }];

/// Every statement, for the test that prepares them all.
pub const STATEMENTS: &[&[&Statement]] = &[
    client::STATEMENTS,
    interface_use::STATEMENTS,
    phase_out::STATEMENTS,
    signing_key::STATEMENTS,
    used_once::STATEMENTS,
];

/// The tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] =
    &[&client::ClientTable, &phase_out::PhaseOutTable, &signing_key::SigningKeyTable];
