//! What every service of Anvis stands on.
//!
//! Promises:
//! - **Nothing is written but through [`execute`]** (and the staging of bulk work, which nobody can see): one transaction
//!   that loads, asks the policy, decides, saves, appends to the journal and commits. A refusal saves nothing and is itself
//!   journalled.
//! - **Time and ids are arguments** ([`Env`]), secrets come from [`Secrets`]; this crate reads no clock and no random device.
//! - **The data folder holds nothing personal in clear**: the [`Vault`] seals values and gives keyed blind indexes.
//! - **The journal is a Merkle tree** (RFC 6962) over plaintext digests, so that what the tables say can be held against it.

mod actor;
mod command;
mod copy;
mod db;
mod env;
mod error;
pub mod failpoint;
pub mod files;
pub mod journal;
pub mod keys;
mod lent;
pub mod merkle;
mod officer;
pub mod policy;
mod secrets;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod vault;

pub use actor::{Actor, Assurance, Authenticator, Login, NotAllowed, Operation, Role};
pub use command::{Command, Decided, Decision, Group, Joint, Once, Repeatable, Scope, execute, execute_group};
pub use copy::{Copied, RecordCopy};
pub use db::{Connection, Db, Location, LocationRefusal, Row, Shape, Statement, Tx, Value};
pub use env::{DAY_MICROS, Env, Id, SWEPT_AFTER_SECONDS, Timestamp};
pub use error::{Conflict, Error, Refusal, Refuse, StoreError};
pub use lent::Lent;
pub use officer::{
    AddOperator, EndOperator, Officer, OfficerRefusal, PublicKey, Taken, find_officer, operators, require_standing,
};
pub use secrets::Secrets;
pub use store::{Migration, Store, StoreRefusal, Writer, require_free};
pub use vault::{Blind, Domain, RowKey, Vault};

/// The kernel's own migrations, first in every store.
pub const MIGRATIONS: &[Migration] =
    &[Migration { service: "kernel", version: 1, sql: include_str!("migrations/1.sql") }];

/// Every statement of the kernel, for the test that prepares them all.
pub const STATEMENTS: &[&[&Statement]] =
    &[command::STATEMENTS, journal::STATEMENTS, keys::STATEMENTS, officer::STATEMENTS, store::STATEMENTS];

/// The kernel's tables whose rows the journal answers for.
pub const TABLES: &[&dyn journal::Table] = &[&command::AnswerTable, &officer::OfficerTable, &officer::OperatorEndTable];
