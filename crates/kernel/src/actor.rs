//! Who gives a command, and what a policy is.

use crate::merkle::{from_hex, to_hex};
use crate::{Blind, Refuse, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;

/// How many bytes of a citizen's blind index their name shows: among six million, that two share them is as likely as one in
/// 10^11.
const CITIZEN_NAME_BYTES: usize = 10;

/// What an actor may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Whoever holds the data folder and the master key, at the machine itself.
    Console,
    /// A registered operator of the agency.
    Operator,
    /// A registered caseworker of an authority.
    Caseworker,
    /// A person, for themselves.
    Citizen,
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
    pub const ALL: [Self; 9] = [
        Self::Console,
        Self::Operator,
        Self::Caseworker,
        Self::Citizen,
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
            Self::Caseworker => "caseworker",
            Self::Citizen => "citizen",
            Self::PublicPayer => "public-payer",
            Self::PrivatePayer => "private-payer",
            Self::Bank => "bank",
            Self::Authority => "authority",
            Self::RegisterFeed => "register-feed",
        }
    }

    /// Whether it is that of another organisation's system; the others are people.
    #[must_use]
    pub const fn is_client(self) -> bool {
        match self {
            Self::Console | Self::Operator | Self::Caseworker | Self::Citizen => false,
            Self::PublicPayer | Self::PrivatePayer | Self::Bank | Self::Authority | Self::RegisterFeed => true,
        }
    }

    /// Reads the name of a role that another organisation's system can have.
    #[must_use]
    pub fn parse_client(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.is_client() && role.name() == name)
    }
}

/// How sure it is that somebody is who they say (NSIS), the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// Some.
    Low,
    /// What the law asks for where something is at stake.
    Substantial,
    /// The most there is.
    High,
}

impl Assurance {
    /// Every level, the weaker first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Substantial, Self::High];

    /// As people and files know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    /// Reads what [`Assurance::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == text)
    }
}

/// Which of somebody's authenticators it was, by a pseudonym that says nothing of them or of it: it tells one from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Authenticator([u8; 16]);

impl Authenticator {
    /// The one that whoever keeps identities knows by a name, which is not kept.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let hash = Sha256::new().chain_update("authenticator\n").chain_update(name).finalize();
        Self(std::array::from_fn(|at| hash[at]))
    }

    /// Reads what it is printed as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// How and when a person logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    /// How sure it is that it was them.
    pub assurance: Assurance,
    /// By which of their authenticators.
    pub authenticator: Authenticator,
    /// When.
    pub at: Timestamp,
}

/// Who gives a command, as the journal names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    role: Role,
    name: String,
    /// The blind index of a citizen's number, and how they logged in.
    citizen: Option<(Blind, Login)>,
}

impl Actor {
    const fn new(role: Role, name: String) -> Self {
        Self { role, name, citizen: None }
    }

    /// The machine's own console.
    #[must_use]
    pub fn console() -> Self {
        Self::new(Role::Console, "console".to_owned())
    }

    /// The operator registered under `name`. Whoever builds it has checked that it is them.
    #[must_use]
    pub fn operator(name: &str) -> Self {
        Self::new(Role::Operator, format!("operator:{name}"))
    }

    /// The caseworker registered under `name`. Whoever builds it has checked that it is them.
    #[must_use]
    pub fn caseworker(name: &str) -> Self {
        Self::new(Role::Caseworker, format!("caseworker:{name}"))
    }

    /// The person whom the store knows by this blind index. Whoever builds it has checked the login.
    #[must_use]
    pub fn citizen(payee: &Blind, login: Login) -> Self {
        Self { citizen: Some((*payee, login)), ..Self::new(Role::Citizen, Self::citizen_name(payee)) }
    }

    /// What the journal calls the person whom the store knows by this blind index.
    #[must_use]
    pub fn citizen_name(payee: &Blind) -> String {
        format!("citizen:{}", to_hex(&payee.as_bytes()[..CITIZEN_NAME_BYTES]))
    }

    /// The system of another organisation, registered under `name`. Whoever builds it has checked that it is them.
    ///
    /// # Panics
    /// The role is that of people.
    #[must_use]
    pub fn client(role: Role, name: &str) -> Self {
        assert!(role.is_client(), "a client never acts as a person");
        Self::new(role, format!("client:{name}"))
    }

    /// What they are.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// As it stands in the journal: `console`, `operator:NAME`, `caseworker:NAME`, `citizen:` and a pseudonym, `client:NAME`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that an operator or caseworker is registered under.
    #[must_use]
    pub fn officer_name(&self) -> Option<&str> {
        match self.role {
            Role::Operator | Role::Caseworker => self.name.split_once(':').map(|(_, name)| name),
            _ => None,
        }
    }

    /// The blind index of a citizen's number: who they are, in full.
    #[must_use]
    pub fn payee(&self) -> Option<&Blind> {
        self.citizen.as_ref().map(|(payee, _)| payee)
    }

    /// How a citizen logged in. Nobody else does: systems and officers prove who they are with keys.
    #[must_use]
    pub fn login(&self) -> Option<Login> {
        self.citizen.map(|(_, login)| login)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clients_roles_are_read_for_clients() {
        for role in Role::ALL {
            assert_eq!(Role::parse_client(role.name()), role.is_client().then_some(role));
        }
        assert_eq!(Role::parse_client("Bank"), None);
        let bank = Actor::client(Role::Bank, "one");
        assert_eq!((bank.role(), bank.name()), (Role::Bank, "client:one"));
        let operation = Operation { name: "thing.do", roles: &[Role::Console] };
        assert_eq!(operation.require(&bank).unwrap_err().to_string(), "thing.do is not for the role bank");
    }

    #[test]
    fn people_are_told_apart_and_a_citizen_is_named_without_their_number() {
        let authenticator = Authenticator::named("passport");
        let login = Login { assurance: Assurance::High, authenticator, at: Timestamp::from_micros(7) };
        let citizen = |last: u8| {
            let mut payee = [0xab; 16];
            payee[15] = last;
            Actor::citizen(&Blind::from_bytes(payee), login)
        };
        let check = |actor: &Actor, role: Role, name: &str, officer: Option<&str>, expected: Option<Login>| {
            assert_eq!(
                (actor.role(), actor.name(), actor.officer_name(), actor.login()),
                (role, name, officer, expected)
            );
            assert_eq!(actor.payee().is_some(), expected.is_some());
        };
        check(&Actor::console(), Role::Console, "console", None, None);
        check(&Actor::operator("a.b"), Role::Operator, "operator:a.b", Some("a.b"), None);
        check(&Actor::caseworker("bo"), Role::Caseworker, "caseworker:bo", Some("bo"), None);
        check(&Actor::client(Role::Bank, "one"), Role::Bank, "client:one", None, None);
        check(&citizen(1), Role::Citizen, "citizen:abababababababababab", None, Some(login));
        assert_ne!(citizen(1), citizen(2));
        assert_ne!(Actor::operator("bo"), Actor::caseworker("bo"));
    }

    #[test]
    fn authenticators_are_told_apart_by_a_pseudonym() {
        let [app, key] = ["app", "key"].map(Authenticator::named);
        assert!(app != key && app == Authenticator::named("app"));
        assert_eq!(Authenticator::parse(&app.to_string()), Some(app));
        for text in ["", "app", &app.to_string()[1..]] {
            assert_eq!(Authenticator::parse(text), None);
        }
    }

    #[test]
    fn levels_of_assurance_are_in_order() {
        assert!(Assurance::ALL.is_sorted());
        for level in Assurance::ALL {
            assert_eq!(Assurance::parse(level.name()), Some(level));
        }
        assert_eq!(Assurance::parse("High"), None);
    }
}
