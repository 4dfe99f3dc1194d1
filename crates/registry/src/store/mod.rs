//! The registry's only SQL, by noun.

pub(crate) mod allowance;
pub(crate) mod bank;
pub(crate) mod caseworker;
pub(crate) mod collector;
pub(crate) mod contact;
pub(crate) mod contest;
pub(crate) mod controls;
pub(crate) mod delivery;
pub(crate) mod designation;
pub(crate) mod holder;
pub(crate) mod identity;
pub(crate) mod inquiry;
pub(crate) mod lock;
pub(crate) mod look_up;
pub(crate) mod mark;
pub(crate) mod message;
pub(crate) mod motion;
pub(crate) mod notice;
pub(crate) mod paid;
pub(crate) mod payee;
pub(crate) mod payer;
pub(crate) mod payer_word;
pub(crate) mod pointing;
pub(crate) mod proposal;
pub(crate) mod register;
pub(crate) mod reminder;
pub(crate) mod review;
pub(crate) mod subscription;
pub(crate) mod suspicion;
pub(crate) mod watch;

use kernel::{Migration, Statement, journal};

/// The registry's migrations.
pub const MIGRATIONS: &[Migration] =
    &[Migration { service: "registry", version: 1, sql: include_str!("migrations/1.sql") }];

/// Every statement of the registry, for the test that prepares them all.
pub const STATEMENTS: &[&[&Statement]] = &[
    allowance::STATEMENTS,
    bank::STATEMENTS,
    caseworker::STATEMENTS,
    collector::STATEMENTS,
    controls::STATEMENTS,
    contact::STATEMENTS,
    contest::STATEMENTS,
    delivery::STATEMENTS,
    designation::STATEMENTS,
    holder::STATEMENTS,
    identity::STATEMENTS,
    inquiry::STATEMENTS,
    lock::STATEMENTS,
    look_up::STATEMENTS,
    mark::STATEMENTS,
    message::STATEMENTS,
    motion::STATEMENTS,
    notice::STATEMENTS,
    paid::STATEMENTS,
    payee::STATEMENTS,
    payer::STATEMENTS,
    payer_word::STATEMENTS,
    pointing::STATEMENTS,
    proposal::STATEMENTS,
    register::STATEMENTS,
    reminder::STATEMENTS,
    subscription::STATEMENTS,
    suspicion::STATEMENTS,
    review::STATEMENTS,
    watch::STATEMENTS,
];

/// The registry's tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] = &[
    &bank::BankTable,
    &caseworker::CaseworkerTable,
    &collector::CollectorTable,
    &collector::ReminderTable,
    &controls::ControlsTable,
    &contact::ContactTable,
    &contest::ContestTable,
    &delivery::DeliveryTable,
    &designation::DesignationTable,
    &identity::ToldTable,
    &lock::LockTable,
    &look_up::LookUpTable,
    &mark::MarkTable,
    &mark::MarkActTable,
    &motion::MotionTable,
    &motion::MotionEndingTable,
    &notice::NoticeTable,
    &paid::PaidTable,
    &paid::HeldTable,
    &payer::PayerTable,
    &proposal::ProposalTable,
    &proposal::ActTable,
    &register::RegisterTable,
    &reminder::ReminderTable,
    &subscription::SubscriptionTable,
    &subscription::EndTable,
    &suspicion::SuspicionTable,
    &suspicion::SuspicionActTable,
    &review::ReviewTable,
    &review::DecisionTable,
];
