//! Reads for somebody, without changing anything.

mod look_ups;
mod messages;

pub use look_ups::{LookUpView, look_ups};
pub use messages::{MessageName, message, sweep_messages};
