//! What a client or a person may ask for: the scopes of OAuth 2. A legal purpose is none of them; it is said with each request. Nor are the
//! messages of a mapper, which come with a signature instead of a token.

use kernel::Role;
use std::collections::BTreeSet;

/// A part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Payment files: bring them, ask after them, release, stop and cancel.
    Payouts,
    /// Fetch completed payment files that are handed to it.
    FetchPayouts,
    /// What banks return.
    Returns,
    /// Payments that are asked back: ask for them, fetch what is asked, answer it.
    Recalls,
    /// What lies in waiting accounts: see it, and have it paid.
    Waiting,
    /// The account in force for a payee.
    Resolve,
    /// Whether an account is a payee's.
    Verify,
    /// What becomes of payees' accounts until a day.
    Subscriptions,
    /// Who is told that of a payee's.
    Subscribers,
    /// Changes of accounts.
    Accounts,
    /// What concerns it.
    Feed,
    /// What a register says.
    Register,
    /// Proposals of accounts, and what people do about them.
    Designations,
    /// The owner's lock.
    Locks,
    /// Where a payee is told of changes.
    Contacts,
    /// What a change of account has to go through.
    Controls,
    /// Lawful collectors.
    Collectors,
    /// Accounts to which the money of many payees goes.
    Reviews,
    /// Letters with a code.
    Letters,
    /// What payees are told.
    Notices,
    /// Who has no account, and which accounts many have.
    Payees,
    /// What somebody suspects.
    Suspicions,
    /// Accounts that are marked.
    Marks,
    /// Cases of victims.
    Cases,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::Payouts,
        Self::FetchPayouts,
        Self::Returns,
        Self::Recalls,
        Self::Waiting,
        Self::Resolve,
        Self::Verify,
        Self::Subscriptions,
        Self::Subscribers,
        Self::Accounts,
        Self::Feed,
        Self::Register,
        Self::Designations,
        Self::Locks,
        Self::Contacts,
        Self::Controls,
        Self::Collectors,
        Self::Reviews,
        Self::Letters,
        Self::Notices,
        Self::Payees,
        Self::Suspicions,
        Self::Marks,
        Self::Cases,
    ];

    /// The scope as requests and tokens write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payouts => "payouts",
            Self::FetchPayouts => "payouts:fetch",
            Self::Returns => "returns",
            Self::Recalls => "recalls",
            Self::Waiting => "waiting",
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Subscriptions => "subscriptions",
            Self::Subscribers => "subscribers",
            Self::Accounts => "accounts",
            Self::Feed => "feed",
            Self::Register => "register",
            Self::Designations => "designations",
            Self::Locks => "locks",
            Self::Contacts => "contacts",
            Self::Controls => "controls",
            Self::Collectors => "collectors",
            Self::Reviews => "reviews",
            Self::Letters => "letters",
            Self::Notices => "notices",
            Self::Payees => "payees",
            Self::Suspicions => "suspicions",
            Self::Marks => "marks",
            Self::Cases => "cases",
        }
    }

    /// Reads one scope.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.name() == name)
    }
}

/// What somebody of this role may ask for.
#[must_use]
pub const fn of_role(role: Role) -> &'static [Permission] {
    use Permission::{Accounts, Contacts, Designations, Feed, FetchPayouts, Locks, Payouts, Register, Resolve, Verify};
    use Permission::{
        Cases, Collectors, Controls, Letters, Marks, Notices, Payees, Recalls, Returns, Reviews, Subscribers,
        Subscriptions, Suspicions, Waiting,
    };
    match role {
        Role::PublicPayer => &[Payouts, Recalls, Waiting, Resolve, Verify, Subscriptions, Suspicions],
        Role::PrivatePayer => &[Payouts, Verify, Subscriptions, Suspicions],
        Role::Bank => &[FetchPayouts, Returns, Recalls, Verify, Subscriptions, Accounts, Feed, Suspicions],
        Role::Authority => &[Resolve, Verify],
        Role::RegisterFeed => &[Register],
        Role::Operator => &[
            Returns,
            Designations,
            Locks,
            Contacts,
            Controls,
            Collectors,
            Reviews,
            Letters,
            Notices,
            Payees,
            Subscribers,
            Suspicions,
            Marks,
            Recalls,
            Waiting,
            Cases,
        ],
        Role::Caseworker => &[Payouts, Waiting, Designations, Locks, Contacts, Suspicions, Marks],
        Role::Citizen => &[Designations, Locks, Contacts, Subscribers, Suspicions, Marks],
        Role::Console => &[],
    }
}

/// Whether a token of this role can reach what wants this scope.
#[must_use]
pub fn reaches(role: Role, scope: &str) -> bool {
    of_role(role).iter().any(|permission| permission.name() == scope)
}

/// Scopes, as RFC 6749 §3.3 writes them.
#[must_use]
pub fn to_text(permissions: &BTreeSet<Permission>) -> String {
    permissions.iter().map(|permission| permission.name()).collect::<Vec<_>>().join(" ")
}
