//! Reads for somebody, without changing anything.

mod look_ups;

pub use look_ups::{LookUpView, look_ups};
