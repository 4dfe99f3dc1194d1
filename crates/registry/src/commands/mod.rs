//! One file a command: load, decide, save.

mod add_payer;
mod ask_many;
mod change_accounts;
mod deliver;
mod look_up;
mod notify;
mod record_events;
mod refill_client;
mod refuse_change;
mod release_change;
mod remembered;
mod show_change;
mod withdraw_change;

pub use add_payer::AddPayer;
pub use ask_many::{AskMany, AskRefusal, AskState, Client, LoggedAnswers, Question};
pub use change_accounts::{CHANGES_MAX, ChangeAccounts, ChangeAnswer, ChangeRefusal, ChangeState, Changed};
pub use deliver::{AddDelivery, EndDelivery, Giver};
pub use look_up::{HistoryRow, LookUp, LookUpAnswer, LookUpRefusal, ReadHistory};
pub use notify::{Carrier, RETRIED_MAX, RetryNotices, Taken, Tried, TryNotice};
pub use record_events::{EVENTS_MAX, EventAnswer, EventsRefusal, RecordEvents};
pub use refill_client::{RefillClient, RefillState, Refilled};
pub use refuse_change::RefuseChange;
pub use release_change::{ReleaseChange, ReleaseState, Released};
pub use remembered::{Entries, Recalled, Remembered, Reply};
pub use show_change::{ShowChange, ShowState, ShownChange};
pub use withdraw_change::WithdrawChange;
