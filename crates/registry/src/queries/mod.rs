//! Reads for somebody, without changing anything.

mod changes;
mod look_ups;

pub(crate) use changes::find as find_change;
pub use changes::{ChangePage, ChangeView, change, waiting};
pub use look_ups::{LookUpView, look_ups};
