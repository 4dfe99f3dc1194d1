//! The payouts' only SQL, by noun.

pub(crate) mod act;
pub(crate) mod arrived;
pub(crate) mod back;
pub(crate) mod bank_file;
pub(crate) mod batch;
pub(crate) mod case;
pub(crate) mod held;
pub(crate) mod ids;
pub(crate) mod index;
pub(crate) mod input;
pub(crate) mod interbank;
pub(crate) mod payment;
pub(crate) mod recall;
pub(crate) mod recall_answer;
pub(crate) mod staging;
pub(crate) mod stray;
pub(crate) mod waiting;

use kernel::{Migration, Statement, journal};

/// The payouts' migrations.
pub const MIGRATIONS: &[Migration] =
    &[Migration { service: "payout", version: 1, sql: include_str!("migrations/1.sql") }];

/// Every statement of the payouts, for the test that prepares them all.
pub const STATEMENTS: &[&[&Statement]] = &[
    act::STATEMENTS,
    arrived::STATEMENTS,
    back::STATEMENTS,
    bank_file::STATEMENTS,
    batch::STATEMENTS,
    case::STATEMENTS,
    held::STATEMENTS,
    ids::STATEMENTS,
    index::STATEMENTS,
    input::STATEMENTS,
    interbank::STATEMENTS,
    payment::STATEMENTS,
    recall::STATEMENTS,
    recall_answer::STATEMENTS,
    staging::STATEMENTS,
    stray::STATEMENTS,
    waiting::STATEMENTS,
];

/// The payouts' tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] = &[
    &batch::BatchTable,
    &batch::StageTable,
    &payment::PaymentTable,
    &ids::IdsTable,
    &payment::ChangeTable,
    &input::KeptInputTable,
    &bank_file::BankFileTable,
    &act::ActTable,
    &case::CaseTable,
    &case::CaseActTable,
    &back::BackTable,
    &arrived::ArrivedTable,
    &arrived::ConfirmedTable,
    &recall::RecallTable,
    &recall::RecalledTable,
    &recall_answer::AnswerTable,
    &interbank::FactTable,
    &stray::StrayTable,
    &stray::EndTable,
];
