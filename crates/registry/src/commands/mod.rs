//! One file a command: load, decide, save.

mod add_payer;
mod ask_many;
mod change_accounts;
mod change_contact;
mod change_lock;
mod collector;
mod contest;
mod controls;
mod deliver;
mod designate;
mod fold_holders;
mod inquire;
mod list_contacts;
mod look_up;
mod mark;
mod motion;
mod notify;
mod record_events;
mod refill_client;
mod register_caseworker;
mod remembered;
mod remind;
mod review;
mod review_payees;
mod shared_accounts;
mod subscribe;
mod suspicion;
mod tell_contacts;
mod tell_identity;
mod watch_accounts;
mod without_account;

pub use add_payer::AddPayer;
pub use ask_many::{AskMany, AskRefusal, AskState, Client, LoggedAnswers, Question};
pub use change_accounts::{CHANGES_MAX, ChangeAccounts, ChangeAnswer, ChangeRefusal, ChangeState, Changed};
pub use change_contact::{AddContact, ChangeContact, RemoveContact};
pub use change_lock::{LiftLock, LockChange, LockState, Locked, SetLock};
pub use collector::{EndCollector, RemindCollectors, has_to_remind};
pub use contest::{ContestAccounts, ContestState, Contested, FindVictim, RestoreAccounts};
pub use controls::{InForce, SetControls};
pub use deliver::{AddDelivery, EndDelivery, Giver};
pub use designate::{
    Activate, Activation, ApproveDesignation, CancelDesignation, Confirm, FollowLetter, LaterChange, LetterFacts,
    LetterFate, LetterState, MakeLetter, ProposeDesignation, RefuseDesignation, RevertChange, RevertDesignation,
    SETTLED_MAX, STOP_DAYS, Settle, Settled, ShowProposal, ShownAct, ShownProposal, Sign, Standing, StopProposal,
    Stopped, TellOwnership, UNREADABLE_SECONDS, UnfreezeDesignation,
};
pub use fold_holders::fold_holders;
pub(crate) use fold_holders::{FOLDED_AT_ONCE_MAX, fold_with};
pub use inquire::{Asked, INQUIRIES_RETRIED_MAX, Inquirer, OwnershipQuestion, RetryInquiries, TakenInquiry, ToAsk};
pub use list_contacts::{ListContacts, ListedContacts, PointView};
pub use look_up::{HistoryRow, LookUp, LookUpAnswer, LookUpRefusal, ReadHistory, log as log_look_up, log_disclosure};
pub use mark::{AppealChange, AppealMark, Appealed, DecideAppeal, MarkAnswer};
pub use motion::{Approve, MotionAnswer, MotionState, Propose, Refuse, Subject, Withdraw};
pub use notify::{Carrier, RETRIED_MAX, RetryNotices, Taken, Tried, TryNotice};
pub use record_events::{EVENTS_MAX, EventAnswer, EventsRefusal, RecordEvents};
pub use refill_client::{RefillClient, RefillState, Refilled};
pub use register_caseworker::{AddCaseworker, CaseworkerChange, CaseworkerState, EndCaseworker};
pub use remembered::{Entries, Recalled, Remembered, Reply};
pub use remind::{WaitsSince, remind_waiting};
pub use review::{
    Counted, Draw, DrawReviews, Drawn, DrawnAccount, LeaveAlone, OpenReviews, Opened, ReviewStanding, SuspectAccount,
    find_collecting, has_unreviewed, reviewed_account,
};
pub(crate) use review::{PAYEES_COUNTED_MAX, opened};
pub use review_payees::{ListReviewPayees, REVIEW_PAYEES_MAX, ReviewPayee, ReviewPayees};
pub(crate) use shared_accounts::masked;
pub use shared_accounts::{SHARED_MAX, SharedAccount, SharedAccounts, SharedShown, ShowShared};
pub use subscribe::{
    EndSubscriptions, Followed, ListSubscribers, ListedSubscribers, Subscribe, Subscribed, SubscriberView,
    Subscriptions,
};
pub use suspicion::{
    AcknowledgeSuspicion, AnswerState, CloseSuspicion, LogSuspicions, OfTwo, ReportState, ReportSuspicion, SaidBefore,
    Suspected, SuspectedPayout, SuspicionAnswer,
};
pub use tell_contacts::tell_contacts;
pub use tell_identity::TellIdentity;
pub use watch_accounts::watch_accounts;
pub(crate) use watch_accounts::{level_with, paid, payees, watch};
pub use without_account::{
    ListWithoutAccount, Listed, Looked, PAYEES_MAX, ROWS_READ_MAX, WithoutAccount, WithoutAccountPage,
};
