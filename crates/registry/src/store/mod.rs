//! The registry's only SQL, by noun.

pub(crate) mod allowance;
pub(crate) mod bank;
pub(crate) mod caseworker;
pub(crate) mod contact;
pub(crate) mod delivery;
pub(crate) mod designation;
pub(crate) mod lock;
pub(crate) mod look_up;
pub(crate) mod message;
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
    caseworker::STATEMENTS,
    contact::STATEMENTS,
    delivery::STATEMENTS,
    designation::STATEMENTS,
    lock::STATEMENTS,
    look_up::STATEMENTS,
    message::STATEMENTS,
    payee::STATEMENTS,
    payer::STATEMENTS,
    pending::STATEMENTS,
    register::STATEMENTS,
];

/// The registry's tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] = &[
    &bank::BankTable,
    &caseworker::CaseworkerTable,
    &contact::ContactTable,
    &delivery::DeliveryTable,
    &designation::DesignationTable,
    &lock::LockTable,
    &look_up::LookUpTable,
    &payer::PayerTable,
    &pending::PendingTable,
    &pending::EndingTable,
    &register::RegisterTable,
];
