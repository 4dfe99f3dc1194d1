//! Reads for somebody, without changing anything.

mod caseworkers;
mod closing;
mod collectors;
mod contested;
mod controls;
mod costs;
mod deliveries;
mod feed;
mod identity;
mod inquiries;
mod look_ups;
mod marks;
mod messages;
mod motions;
mod notices;
mod paged;
mod parts;
mod proposals;
mod reviews;
mod subscriptions;
mod suspicions;

pub use caseworkers::{acting_caseworker, paying_authority, standing_caseworkers};
pub(crate) use caseworkers::{acting_remit, require_in_person};
pub use closing::{Closing, closing};
pub use collectors::{
    CollectorMotion, CollectorTerms, CollectorView, CollectorsView, collector_motion, collectors,
    is_approved_collector, proposed_collectors, registered_collectors,
};
pub use contested::{
    Doubted, ReportStanding, account_states, cleared_account, doubted, mark_motions_of, registered_name,
    report_standing,
};
pub(crate) use contested::{newest_of, uncontested};
pub use controls::{
    ControlMoved, ControlView, ControlsMotion, ControlsView, controls, controls_in_force, controls_motion,
};
pub use costs::{ControlCostView, CostsView, costs};
pub use deliveries::deliveries;
pub(crate) use feed::numbers;
pub use feed::{BankMessage, FEED_ROWS_MAX, Feed, FeedBounds, feed, feed_end};
pub use identity::{known_identity, signatories, voice};
pub(crate) use identity::{known_identity_beside, letter_box_at, letter_box_posted};
pub use inquiries::{INQUIRIES_MAX, InquiryView, count_inquiries, inquiries};
pub use look_ups::{LookUpView, look_ups};
pub use marks::{
    AppealView, MarkMotion, MarkView, MarkedAccount, OwnMark, appealed_marks, mark, mark_motion, mark_motions, mark_of,
    marked_accounts, marked_since, marks, marks_version, own_marks,
};
pub(crate) use marks::{accounts_of, each_payee_at};
pub use messages::{MessageName, message, sweep_messages};
pub use motions::MotionView;
pub(crate) use motions::find as find_motion;
pub use notices::{NOTICES_MAX, NoticeView, count_notices, notice_page, notices};
pub use paged::Paged;
pub use parts::had_part;
pub use proposals::{
    ProposalPage, ProposalView, addressee, is_due, is_loading, letter, letter_counts, own_waiting, proposal, waiting,
};
pub(crate) use proposals::{
    StandingChange, Wanted, account_facts, asked_banks, facts, fate, find as find_proposal, first_row, is_doubted,
    is_left_alone, is_specific_locked, is_told_why, lacks_address, lacks_signature, proposal_facts, signing, undone,
    wanted, was_locked,
};
pub(crate) use reviews::find as find_review;
pub use reviews::{Payees, ReviewMotion, ReviewShown, ReviewView, account_payees, review, review_motions, reviews};
pub(crate) use subscriptions::moments;
pub use subscriptions::{
    EVENT_ROWS_MAX, EventBounds, SubscriptionEvent, SubscriptionEvents, SubscriptionView, subscription_events,
    subscriptions,
};
pub(crate) use suspicions::find_suspicion;
pub use suspicions::{
    RoutedSuspicion, SUSPICIONS_MAX, SuspicionDetails, SuspicionView, Wanted as WantedSuspicions, own_suspicions,
    reported_suspicion, reported_suspicions, routed_suspicions, suspicion, suspicion_source, suspicions,
};
