//! Whole payment files: cut, read, completed, answered; and the messages about money that comes back.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod bank_read;
mod bank_write;
mod faults;
mod files;
mod properties;
mod schemas;
mod support;
mod transfers;
