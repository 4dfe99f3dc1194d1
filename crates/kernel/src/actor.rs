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
    /// The system of an authority that pays.
    PublicPayer,
    /// The system of any other payer.
    PrivatePayer,
    /// The system of a bank.
    Bank,
    /// The system of an authority that asks.
    Authority,
    /// The system that tells what a register says.
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

    /// As people and files know it: `public-payer`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Operator => "operator",
            Self::PublicPayer => "public-payer",
            Self::PrivatePayer => "private-payer",
            Self::Bank => "bank",
            Self::Authority => "authority",
            Self::RegisterFeed => "register-feed",
        }
    }

    /// Whether it is that of another organisation's system; the others are the agency's own people.
    #[must_use]
    pub const fn is_client(self) -> bool {
        match self {
            Self::Console | Self::Operator => false,
            Self::PublicPayer | Self::PrivatePayer | Self::Bank | Self::Authority | Self::RegisterFeed => true,
        }
    }

    /// Reads the name of a role that another organisation's system can have.
    #[must_use]
    pub fn parse_client(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.is_client() && role.name() == name)
    }
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

    /// The system of another organisation, registered under `name`. Whoever builds it has checked that it is them.
    ///
    /// # Panics
    /// The role is one of the agency's own people.
    #[must_use]
    pub fn client(role: Role, name: &str) -> Self {
        assert!(role.is_client(), "a client never acts as the agency");
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
        write!(f, "{} is not for the role {}", self.operation, self.role.name())
    }
}
