//! What is a payee's own to say: where they are told of changes, and the lock on their account. They say it themselves, logged in
//! well enough, or somebody in office says it for them, and why. Pure.

use crate::officer;
use kernel::{Actor, Assurance, Blind, Refusal, Refuse, Role};
use std::fmt;

/// Why somebody may not speak for a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnRefusal {
    /// It is somebody else's.
    Other,
    /// The login is too weak.
    Assurance(Assurance),
}

impl Refuse for OwnRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Other => "citizen.other",
            Self::Assurance(_) => "citizen.assurance",
        }
    }
}

impl fmt::Display for OwnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str("a citizen sees and changes only what is their own"),
            Self::Assurance(least) => {
                write!(f, "this needs a login of assurance level {}; log in anew", least.name())
            }
        }
    }
}

/// Refuses a citizen about whom it is not, or whose login is too weak; and anybody else who does not say why, in 1 to 500
/// characters on one line.
///
/// # Errors
/// [`OwnRefusal`], or `change.why`.
pub fn require(actor: &Actor, payee: &Blind, least: Assurance, why: Option<&str>) -> Result<(), Refusal> {
    require_self(actor, payee, least)?;
    if actor.role() != Role::Citizen || why.is_some() {
        officer::require_why(why.unwrap_or_default())?;
    }
    Ok(())
}

/// Refuses a citizen about whom it is not, or whose login is too weak.
///
/// # Errors
/// [`OwnRefusal`].
pub fn require_self(actor: &Actor, payee: &Blind, least: Assurance) -> Result<(), OwnRefusal> {
    let Some((own, login)) = actor.payee().zip(actor.login()) else { return Ok(()) };
    if own != payee {
        return Err(OwnRefusal::Other);
    }
    if login.assurance < least { Err(OwnRefusal::Assurance(least)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Authenticator, Login, Timestamp};

    #[test]
    fn who_speaks_for_a_payee() {
        let [anna, bo] = [1, 2].map(|byte| Blind::from_bytes([byte; 16]));
        let citizen = |payee: &Blind, assurance| {
            Actor::citizen(
                payee,
                Login { assurance, authenticator: Authenticator::named("first"), at: Timestamp::from_micros(0) },
            )
        };
        let check = |actor: Actor, least: Assurance, why: Option<&str>, expected: Option<&str>| {
            let refused = require(&actor, &anna, least, why).err();
            assert_eq!(refused.map(|refusal| refusal.code), expected, "{actor:?} {least:?} {why:?}");
        };
        use Assurance::{High, Low, Substantial};
        for (has, least, expected) in [
            (Low, Substantial, Some("citizen.assurance")),
            (Substantial, Substantial, None),
            (High, Substantial, None),
            (Substantial, High, Some("citizen.assurance")),
            (High, High, None),
        ] {
            check(citizen(&anna, has), least, None, expected);
            check(citizen(&bo, has), least, None, Some("citizen.other"));
        }
        check(citizen(&anna, High), High, Some(""), Some("change.why"));
        for officer in [Actor::operator("anna"), Actor::caseworker("bo")] {
            check(officer.clone(), High, Some("At the counter"), None);
            check(officer.clone(), Low, None, Some("change.why"));
            check(officer, Low, Some("two\nlines"), Some("change.why"));
        }
    }
}
