//! One file a command: load, decide, save.

mod add_payer;
mod ask_many;
mod change_account;
mod deliver;
mod look_up;

pub use add_payer::AddPayer;
pub use ask_many::{AskMany, AskRefusal, AskState, Client, LoggedAnswers, Question};
pub use change_account::ChangeAccount;
pub use deliver::{AddDelivery, EndDelivery, Giver};
pub use look_up::{HistoryRow, LookUp, LookUpAnswer, LookUpRefusal, ReadHistory};
