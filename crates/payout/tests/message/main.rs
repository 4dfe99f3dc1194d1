//! Whole payment files: cut, read, completed, answered.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod faults;
mod files;
mod properties;
mod schemas;
mod support;
