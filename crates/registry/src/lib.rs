//! The registry: payees, and the account designated for each.
//!
//! Promises:
//! - A payee has at most one default account in force, and for one payer and kind of benefit at most one specific account,
//!   which takes precedence.
//! - **Nothing is deleted or changed**: a history is a chain of rows in two times, when each holds and when it was recorded.
//!   Only the directory row that points at the newest one moves.
//! - A change names the account that it replaces, on every channel.
//! - A bank touches only accounts with its own registration numbers.

pub mod account;
pub mod allowance;
pub mod ask;
pub mod bank_message;
pub mod bucket;
pub mod caseworker;
pub mod collecting;
pub mod collector;
pub mod commands;
pub mod contact;
pub mod contest;
pub mod control_change;
pub mod controls;
pub mod costs;
mod day;
pub mod delivery;
pub mod designation;
pub mod duty;
pub mod grounds;
pub mod identity;
pub mod import;
mod known;
pub mod legal_purpose;
pub mod life;
pub mod lock;
pub mod mark;
pub mod message;
pub mod motion;
pub mod notice;
pub mod notice_progress;
pub mod notice_text;
pub mod officer;
pub mod own;
pub mod ownership;
pub mod payee;
pub mod payer;
pub mod payer_word;
pub mod policy;
pub mod progress;
pub mod proposal;
pub mod purpose;
pub mod queries;
pub mod register_event;
pub mod resolve;
pub mod review;
mod row_refusal;
pub mod signals;
mod store;
pub mod subscription;
pub mod suspicion;
mod telling;
pub mod terms;
mod verify;
pub mod watch;

pub use row_refusal::RowRefusal;
pub use store::{MIGRATIONS, STATEMENTS, TABLES};
pub use verify::verify_directory;
