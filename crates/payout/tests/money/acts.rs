//! What people do, by chance.

use proptest::prelude::*;
use proptest::sample::Index;

/// Four people and a company.
pub const PAYEES: usize = 5;
pub const ACCOUNTS: usize = 5;
pub const PAYERS: usize = 8;

/// To whom a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Payee(usize),
    /// Somebody whom no register knows.
    Nobody,
    /// The file names the account.
    Named,
}

#[derive(Clone, Copy, Debug)]
pub struct Pay {
    pub to: To,
    pub minor: u32,
    pub is_euro: bool,
}

/// A file that comes in.
#[derive(Clone, Debug)]
pub struct File {
    pub payer: usize,
    pub pays: Vec<Pay>,
    pub holds: bool,
    /// Over the network, or at the console.
    pub is_uploaded: bool,
    /// The last payment has the end-to-end id of the first.
    pub doubles: bool,
}

/// Who does something about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Console,
    Anna,
    Bo,
    /// The payer's own system, or its other one.
    Payer(bool),
}

/// Which batch: mostly one that holds something.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    pub index: Index,
    pub of_all: bool,
}

/// All of a batch, or one of its payments.
pub type Part = Option<Index>;

/// What somebody does about an account, as a file says it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub payee: usize,
    pub action: &'static str,
    pub account: usize,
    pub by: Who,
}

/// Why banks return payments: of these the first closes the account, the next questions it, the last says that it was asked to.
pub const REASONS: [&str; 4] = ["AC04", "BE01", "MS03", "FOCR"];

/// What is wrong with what a bank says of what it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    Amount,
    Account,
}

/// A payment that a bank returns, and for which reason.
#[derive(Clone, Copy, Debug)]
pub struct Back {
    pub payment: Index,
    pub reason: usize,
    pub fault: Fault,
}

/// What a bank answers when it is asked for money back.
#[derive(Clone, Copy, Debug)]
pub enum Says {
    Accepted,
    Refused,
    /// So many hundredths of it come back.
    Partly(i64),
    Pending,
}

#[derive(Clone, Debug)]
pub enum Act {
    File(File),
    /// The same file once more, or another under its message id.
    Again(Index, bool),
    /// Whether it is an approval, and whether files are written.
    Release(Which, bool, Who, bool),
    Settle(bool),
    Cancel(Which, Part),
    /// Or resumed.
    Stop(Which, Part, bool),
    Change(Change),
    Refuse(usize),
    /// Proposals whose time has come take effect.
    TakeEffect,
    Die(usize),
    /// They may be a victim: all that is paid to them waits.
    Contest(usize),
    /// For so many days: one of theirs, or the one for those without.
    Mark(usize, i64),
    Unmark(usize),
    /// Whether payments wait for a change, for so many banking days after one, and whether changes wait a banking day.
    Controls(bool, u16, bool),
    WaitHours(i64),
    /// Until the cut-off of a batch, or right before it.
    WaitCutOff(Which, bool),
    /// A bank's file of returns.
    Return(Vec<Back>),
    /// A bank's message once more.
    SayAgain(Index),
    /// What came back of a batch is tried again, and whether files are written.
    Retry(Index, Part, bool),
    /// Somebody says that money is there which a bank has promised.
    Confirm(Index),
    /// A person says of which payment a return is that was not certain, or that it is none of ours.
    Explain(Index, bool),
    /// What lies in the waiting account is paid to those who have an account by now.
    PayWaiting(Index, bool),
    /// What left of a batch is asked back.
    Recall(Index, Part),
    /// A bank answers about a payment of a recall.
    Answer(Index, Index, Says),
    /// The banks fetch their files, and it is looked where the money is.
    Look,
}

/// What somebody else does right before it becomes real.
#[derive(Clone, Copy, Debug)]
pub enum Meanwhile {
    Change(Change),
    Die(usize),
    Mark(usize),
    Stop(Which),
    Settle,
    /// A bank returns a payment, and says nothing of its account.
    Return(Index),
}

/// What disturbs an act.
#[derive(Clone, Copy, Debug)]
pub enum Disturbance {
    None,
    /// Its process is killed at this point, and it is done again.
    Cut(u32),
    Meanwhile(Meanwhile),
}

#[derive(Clone, Debug)]
pub struct Step {
    pub act: Act,
    pub disturbance: Disturbance,
}

fn to() -> impl Strategy<Value = To> {
    // Few payees, so that what happens happens to the same.
    prop_oneof![
        8 => Just(To::Payee(0)),
        6 => Just(To::Payee(1)),
        8 => (2..PAYEES).prop_map(To::Payee),
        1 => Just(To::Nobody),
        1 => Just(To::Named),
    ]
}

fn pay() -> impl Strategy<Value = Pay> {
    let minor = prop_oneof![12 => 1..20_000_u32, 1 => Just(0)];
    (to(), minor, proptest::bool::weighted(0.05)).prop_map(|(to, minor, is_euro)| Pay { to, minor, is_euro })
}

fn file() -> impl Strategy<Value = File> {
    let flags = (proptest::bool::weighted(0.2), proptest::bool::weighted(0.4), proptest::bool::weighted(0.1));
    (0..PAYERS, proptest::collection::vec(pay(), 1..7), flags)
        .prop_map(|(payer, pays, (holds, is_uploaded, doubles))| File { payer, pays, holds, is_uploaded, doubles })
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        2 => Just(Who::Console),
        3 => Just(Who::Anna),
        3 => Just(Who::Bo),
        2 => any::<bool>().prop_map(Who::Payer),
    ]
}

fn which() -> impl Strategy<Value = Which> {
    (any::<Index>(), proptest::bool::weighted(0.1)).prop_map(|(index, of_all)| Which { index, of_all })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![2 => Just(None), 3 => any::<Index>().prop_map(Some)]
}

fn payee() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0), 3 => Just(1), 4 => 2..PAYEES]
}

fn change() -> impl Strategy<Value = Change> {
    let action = prop_oneof![
        6 => Just("change"),
        1 => Just("close"),
        3 => Just("freeze"),
        3 => Just("unfreeze"),
    ];
    let by = prop_oneof![2 => Just(Who::Console), 1 => Just(Who::Anna), 1 => Just(Who::Bo)];
    (payee(), action, 0..ACCOUNTS, by).prop_map(|(payee, action, account, by)| Change { payee, action, account, by })
}

fn marked() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..ACCOUNTS, 2 => Just(ACCOUNTS)]
}

fn back() -> impl Strategy<Value = Back> {
    let fault = prop_oneof![8 => Just(Fault::None), 1 => Just(Fault::Amount), 1 => Just(Fault::Account)];
    (any::<Index>(), 0..REASONS.len(), fault).prop_map(|(payment, reason, fault)| Back { payment, reason, fault })
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        3 => Just(Says::Accepted),
        1 => Just(Says::Refused),
        2 => (1..100_i64).prop_map(Says::Partly),
        1 => Just(Says::Pending),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let controls = (any::<bool>(), 0..3_u16, any::<bool>());
    let letting_go = (which(), proptest::bool::weighted(0.35), who(), any::<bool>());
    prop_oneof![
        30 => file().prop_map(Act::File),
        4 => (any::<Index>(), any::<bool>()).prop_map(|(index, other)| Act::Again(index, other)),
        20 => letting_go.prop_map(|(which, approves, who, to_files)| Act::Release(which, approves, who, to_files)),
        8 => any::<bool>().prop_map(Act::Settle),
        4 => (which(), part()).prop_map(|(which, part)| Act::Cancel(which, part)),
        7 => (which(), part(), proptest::bool::weighted(0.4)).prop_map(|(which, part, resumes)| Act::Stop(which, part, resumes)),
        16 => change().prop_map(Act::Change),
        2 => payee().prop_map(Act::Refuse),
        3 => Just(Act::TakeEffect),
        1 => payee().prop_map(Act::Die),
        2 => payee().prop_map(Act::Contest),
        3 => (marked(), 0..9_i64).prop_map(|(account, days)| Act::Mark(account, days)),
        2 => marked().prop_map(Act::Unmark),
        3 => controls.prop_map(|(pending, days, waits)| Act::Controls(pending, days, waits)),
        6 => (1..60_i64).prop_map(Act::WaitHours),
        4 => (which(), any::<bool>()).prop_map(|(which, before)| Act::WaitCutOff(which, before)),
        6 => proptest::collection::vec(back(), 1..4).prop_map(Act::Return),
        2 => any::<Index>().prop_map(Act::SayAgain),
        8 => (any::<Index>(), part(), any::<bool>()).prop_map(|(index, part, to_files)| Act::Retry(index, part, to_files)),
        6 => any::<Index>().prop_map(Act::Confirm),
        3 => (any::<Index>(), proptest::bool::weighted(0.7)).prop_map(|(index, is_it)| Act::Explain(index, is_it)),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(index, to_files)| Act::PayWaiting(index, to_files)),
        8 => (any::<Index>(), part()).prop_map(|(index, part)| Act::Recall(index, part)),
        12 => (any::<Index>(), any::<Index>(), says()).prop_map(|(recall, of, says)| Act::Answer(recall, of, says)),
        3 => Just(Act::Look),
    ]
}

fn meanwhile() -> impl Strategy<Value = Meanwhile> {
    prop_oneof![
        6 => change().prop_map(Meanwhile::Change),
        2 => payee().prop_map(Meanwhile::Die),
        2 => marked().prop_map(Meanwhile::Mark),
        2 => which().prop_map(Meanwhile::Stop),
        1 => Just(Meanwhile::Settle),
        2 => any::<Index>().prop_map(Meanwhile::Return),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let disturbance = prop_oneof![
        12 => Just(Disturbance::None),
        5 => prop_oneof![1..5_u32, 4..11_u32, 1..22_u32].prop_map(Disturbance::Cut),
        3 => meanwhile().prop_map(Disturbance::Meanwhile),
    ];
    (act(), disturbance).prop_map(|(act, disturbance)| Step { act, disturbance })
}
