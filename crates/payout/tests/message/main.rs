//! Whole payment files: cut, read, completed, answered.

mod faults;
mod files;
mod properties;
mod schemas;
mod support;
