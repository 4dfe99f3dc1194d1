//! One file a command: load, decide, save.

mod add_payer;
mod ask_many;
mod change_accounts;
mod deliver;
mod designate;
mod look_up;
mod record_events;
mod refill_client;
mod register_caseworker;
mod remembered;

pub use add_payer::AddPayer;
pub use ask_many::{AskMany, AskRefusal, AskState, Client, LoggedAnswers, Question};
pub use change_accounts::{CHANGES_MAX, ChangeAccounts, ChangeAnswer, ChangeRefusal, ChangeState, Changed};
pub use deliver::{AddDelivery, EndDelivery, Giver};
pub use designate::{
    Activate, Activation, Approve, Cancel, Confirm, FollowLetter, LetterFacts, LetterFate, MakeLetter, Propose, Refuse,
    SETTLED_MAX, Settle, Settled, ShowProposal, ShownAct, ShownProposal, Sign, Standing, StopProposal, Stopped,
    stop_token,
};
pub use look_up::{HistoryRow, LookUp, LookUpAnswer, LookUpRefusal, ReadHistory};
pub use record_events::{EVENTS_MAX, EventAnswer, EventsRefusal, RecordEvents};
pub use refill_client::{RefillClient, RefillState, Refilled};
pub use register_caseworker::{AddCaseworker, CaseworkerChange, CaseworkerState, EndCaseworker};
pub use remembered::{Entries, Recalled, Remembered, Reply};
