//! Who gives a command, and what a policy is.

use crate::Refuse;
use std::fmt;

/// What an actor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Whoever holds the data folder and the master key, at the machine itself.
    Console,
    /// A registered operator of the agency.
    Operator,
    /// An authority that pays.
    PublicPayer,
    /// Anybody else who pays.
    PrivatePayer,
    /// A bank.
    Bank,
    /// An authority that asks, and does not pay.
    Authority,
    /// A register that tells what happened to those whom it lists.
    RegisterFeed,
}

impl Role {
    /// Every role there is, for the printed policy.
    pub const ALL: [Self; 7] = [
        Self::Console,
        Self::Operator,
        Self::PublicPayer,
        Self::PrivatePayer,
        Self::Bank,
        Self::Authority,
        Self::RegisterFeed,
    ];
}

/// Who gives a command, as the journal names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    role: Role,
    name: String,
}

impl Actor {
    /// The machine's own console.
    #[must_use]
    pub fn console() -> Self {
        Self { role: Role::Console, name: "console".to_owned() }
    }

    /// The operator registered under `name`. Whoever builds it has checked that it is them.
    #[must_use]
    pub fn operator(name: &str) -> Self {
        Self { role: Role::Operator, name: format!("operator:{name}") }
    }

    /// The client registered under `name`, another organisation's system. Whoever builds it has checked that it is them, and
    /// that this is their role.
    #[must_use]
    pub fn client(role: Role, name: &str) -> Self {
        Self { role, name: format!("client:{name}") }
    }

    /// What they are.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// As it stands in the journal: `console`, `operator:NAME`, `client:NAME`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// One row of a policy: something that can be done, and who may. Each service keeps its rows in `policy.rs`, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `thing.act`, which is also the kind of its journal entries.
    pub name: &'static str,
    /// Who may.
    pub roles: &'static [Role],
}

impl Operation {
    /// Refuses an actor who may not.
    ///
    /// # Errors
    /// `policy.not_allowed`.
    pub fn require(&self, actor: &Actor) -> Result<(), NotAllowed> {
        if self.roles.contains(&actor.role) {
            Ok(())
        } else {
            Err(NotAllowed { operation: self.name, role: actor.role })
        }
    }
}

/// The policy says no.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAllowed {
    operation: &'static str,
    role: Role,
}

impl Refuse for NotAllowed {
    fn code(&self) -> &'static str {
        "policy.not_allowed"
    }
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not for the role {:?}", self.operation, self.role)
    }
}
