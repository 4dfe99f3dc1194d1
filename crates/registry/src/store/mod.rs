//! The registry's only SQL, by noun.

pub(crate) mod allowance;
pub(crate) mod bank;
pub(crate) mod delivery;
pub(crate) mod designation;
pub(crate) mod look_up;
pub(crate) mod message;
pub(crate) mod notice;
pub(crate) mod payee;
pub(crate) mod payer;
pub(crate) mod pending;
pub(crate) mod register;

use kernel::{Migration, Statement, journal};

/// The registry's migrations.
pub const MIGRATIONS: &[Migration] =
    &[Migration { service: "registry", version: 1, sql: include_str!("migrations/1.sql") }];

/// Every statement of the registry, for the test that prepares them all.
pub const STATEMENTS: &[&[&Statement]] = &[
    allowance::STATEMENTS,
    bank::STATEMENTS,
    delivery::STATEMENTS,
    designation::STATEMENTS,
    look_up::STATEMENTS,
    message::STATEMENTS,
    notice::STATEMENTS,
    payee::STATEMENTS,
    payer::STATEMENTS,
    pending::STATEMENTS,
    register::STATEMENTS,
];

/// The registry's tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] = &[
    &bank::BankTable,
    &delivery::DeliveryTable,
    &designation::DesignationTable,
    &look_up::LookUpTable,
    &notice::NoticeTable,
    &payer::PayerTable,
    &pending::PendingTable,
    &pending::EndingTable,
    &register::RegisterTable,
];
