//! One file a command: load, decide, save.

mod add_payer;
mod look_up;

pub use add_payer::AddPayer;
pub use look_up::{HistoryRow, LookUp, LookUpAnswer, LookUpRefusal, ReadHistory};
