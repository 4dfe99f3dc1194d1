//! What people do, by chance.

use crate::oracle::Slot;
use kernel::Assurance;
use proptest::prelude::*;
use proptest::sample::Index;

/// One of the people or houses.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// Somebody logged in as this payee, so many minutes ago.
    Citizen(usize, Assurance, i64),
    Caseworker(usize),
    /// After the last of them, somebody at the console who does not say who they are.
    Operator(usize),
    Bank(usize),
}

/// What somebody says that a change replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    Right,
    Wrong,
    Nothing,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Wish {
    pub payee: usize,
    pub slot: Slot,
    /// `change`, `close`, `freeze`, `unfreeze`.
    pub action: &'static str,
    pub account: usize,
    pub names: Names,
}

/// Which proposal: mostly one that waits.
#[derive(Clone, Debug)]
pub struct Which {
    pub index: Index,
    pub of_all: bool,
}

/// Until when days pass.
#[derive(Clone, Debug)]
pub enum Until {
    Hours(i64),
    /// The moment at which something is due, or a microsecond before it.
    Boundary(Which, bool),
}

#[derive(Clone, Debug)]
pub enum Act {
    /// With whose account it is said to be, whether it is signed at once, and whether it is locked.
    Propose(Who, Wish, usize, bool, bool),
    /// By whom, of which account.
    Unfreeze(Who, usize, Slot),
    /// Of one that took effect.
    Revert(Index, Who),
    /// By a bank, and whether it waits where it does not say what it replaces.
    Change(usize, Wish, bool),
    /// A file of the operator's, or of a bank.
    File(Option<usize>, Vec<Wish>),
    Sign(Which, Who),
    Approve(Which, Who),
    Refuse(Which, Who),
    MakeLetter(Which, usize),
    /// By which operator, and whether it came back.
    Follow(Which, usize, bool),
    Code(Which, Who, bool),
    Confirm(Which, Who),
    Stop(Which, bool),
    Cancel(Which, Who),
    /// What is demanded next is done by who may do it.
    Go(Which),
    Controls(Option<usize>, Vec<(usize, u16)>),
    Contact(usize, usize, bool),
    Move(usize),
    Die(usize),
    Told(usize, bool, bool, i64),
    Lock(usize, usize),
    Lift(usize, usize),
    Wait(Until),
    Settle,
    Ask,
    /// A bank can be asked whose an account is, or no more.
    Open(usize),
    /// A bank says so.
    Say(Which, usize),
    /// All banks are asked, and say this.
    AskBanks(usize),
}

pub const PAYEES: usize = 5;
pub const ACCOUNTS: usize = 5;

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![3 => Just(Slot::Default), 2 => (0..2_usize, 0..2_usize).prop_map(|(payer, kind)| Slot::Specific(payer, kind))]
}

/// Few payees, so that what happens happens to the same.
fn payee() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0), 3 => Just(1), 3 => 2..PAYEES]
}

fn names() -> impl Strategy<Value = Names> {
    prop_oneof![6 => Just(Names::Right), 1 => Just(Names::Wrong), 2 => Just(Names::Nothing)]
}

fn wish(actions: &'static [&'static str], slot: impl Strategy<Value = Slot>) -> impl Strategy<Value = Wish> {
    (payee(), slot, proptest::sample::select(actions), 0..ACCOUNTS, names())
        .prop_map(|(payee, slot, action, account, names)| Wish { payee, slot, action, account, names })
}

fn citizen() -> impl Strategy<Value = Who> {
    let assurance =
        prop_oneof![1 => Just(Assurance::Low), 3 => Just(Assurance::Substantial), 3 => Just(Assurance::High)];
    let minutes = prop_oneof![8 => Just(0_i64), 1 => Just(15), 1 => Just(16)];
    (payee(), assurance, minutes).prop_map(|(payee, assurance, minutes)| Who::Citizen(payee, assurance, minutes))
}

fn operator() -> impl Strategy<Value = usize> {
    prop_oneof![9 => 0..3_usize, 1 => Just(3)]
}

fn officer() -> impl Strategy<Value = Who> {
    prop_oneof![(0..5_usize).prop_map(Who::Caseworker), operator().prop_map(Who::Operator)]
}

fn anybody() -> impl Strategy<Value = Who> {
    prop_oneof![4 => citizen(), 4 => officer(), 1 => (0..2_usize).prop_map(Who::Bank)]
}

fn which() -> impl Strategy<Value = Which> {
    (any::<Index>(), proptest::bool::weighted(0.1)).prop_map(|(index, of_all)| Which { index, of_all })
}

pub fn act() -> impl Strategy<Value = Act> {
    const MOSTLY: &[&str] = &["change", "change", "change", "close"];
    const ALL: &[&str] = &["change", "change", "change", "close", "freeze", "unfreeze"];
    let propose = (
        (anybody(), proptest::bool::weighted(0.9)),
        wish(MOSTLY, slot()),
        0..4_usize,
        any::<bool>(),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|((who, is_own), wish, holder, signed, locked)| {
            // Mostly one's own account.
            let who = match who {
                Who::Citizen(_, assurance, minutes) if is_own => Who::Citizen(wish.payee, assurance, minutes),
                who => who,
            };
            Act::Propose(who, wish, holder, signed, locked)
        });
    let change = (0..2_usize, wish(ALL, prop_oneof![9 => Just(Slot::Default), 1 => slot()]), any::<bool>())
        .prop_map(|(bank, wish, holds)| Act::Change(bank, wish, holds));
    let file = (proptest::option::of(0..2_usize), proptest::collection::vec(wish(ALL, slot()), 1..=2))
        .prop_map(|(bank, wishes)| Act::File(bank, wishes));
    let controls =
        (proptest::option::weighted(0.5, 0..5_usize), proptest::collection::vec((any::<usize>(), any::<u16>()), 0..3))
            .prop_map(|(set, changes)| Act::Controls(set, changes));
    let until = prop_oneof![
        3 => (1..100_i64).prop_map(Until::Hours),
        1 => (100..1500_i64).prop_map(Until::Hours),
        6 => (which(), any::<bool>()).prop_map(|(which, before)| Until::Boundary(which, before)),
    ];
    let people = prop_oneof![
        6 => (payee(), 0..3_usize, any::<bool>()).prop_map(|(payee, point, adds)| Act::Contact(payee, point, adds)),
        6 => payee().prop_map(Act::Move),
        1 => payee().prop_map(Act::Die),
        6 => (payee(), any::<bool>(), any::<bool>(), 0..90_i64)
            .prop_map(|(payee, authenticator, posted, days)| Act::Told(payee, authenticator, posted, days)),
        3 => (payee(), 0..4_usize).prop_map(|(payee, kind)| Act::Lock(payee, kind)),
        6 => (payee(), 0..4_usize).prop_map(|(payee, kind)| Act::Lift(payee, kind)),
    ];
    prop_oneof![
        14 => propose,
        6 => change,
        5 => (prop_oneof![9 => officer(), 1 => anybody()], payee(), slot())
            .prop_map(|(who, payee, slot)| Act::Unfreeze(who, payee, slot)),
        5 => (any::<Index>(), prop_oneof![9 => officer(), 1 => anybody()])
            .prop_map(|(index, who)| Act::Revert(index, who)),
        3 => file,
        2 => (which(), anybody()).prop_map(|(which, who)| Act::Sign(which, who)),
        4 => (which(), officer()).prop_map(|(which, who)| Act::Approve(which, who)),
        1 => (which(), officer()).prop_map(|(which, who)| Act::Refuse(which, who)),
        3 => (which(), operator()).prop_map(|(which, operator)| Act::MakeLetter(which, operator)),
        2 => (which(), operator(), any::<bool>())
            .prop_map(|(which, operator, returned)| Act::Follow(which, operator, returned)),
        4 => (which(), anybody(), any::<bool>()).prop_map(|(which, who, right)| Act::Code(which, who, right)),
        2 => (which(), anybody()).prop_map(|(which, who)| Act::Confirm(which, who)),
        1 => (which(), proptest::bool::weighted(0.8)).prop_map(|(which, right)| Act::Stop(which, right)),
        2 => (which(), anybody()).prop_map(|(which, who)| Act::Cancel(which, who)),
        30 => which().prop_map(Act::Go),
        2 => controls,
        5 => people,
        7 => until.prop_map(Act::Wait),
        5 => Just(Act::Settle),
        3 => Just(Act::Ask),
        3 => (0..2_usize).prop_map(Act::Open),
        3 => (which(), 0..4_usize).prop_map(|(which, answer)| Act::Say(which, answer)),
        3 => (0..4_usize).prop_map(Act::AskBanks),
    ]
}
