//! What is a payee's own to say: where they are told of changes, the lock on their account, and which account it is. They say it
//! themselves, logged in well enough; for a company, whoever may sign for it does, by its register; or somebody in office says it for
//! them, and why. Pure.

use crate::life::{ActKind, Evidence};
use crate::officer;
use crate::payee::PayeeId;
use denmark::Cpr;
use kernel::{Actor, Assurance, Blind, Refusal, Refuse, Role, Vault};
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
            Self::Other => {
                f.write_str("a citizen sees and changes only what is their own, or a company's that they sign for")
            }
            Self::Assurance(least) => {
                write!(f, "this needs a login of assurance level {}; log in anew", least.name())
            }
        }
    }
}

/// How far a person speaks for a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Voice {
    /// Not at all.
    None,
    /// With others, who sign as well.
    WithOthers,
    /// By themselves.
    Alone,
}

impl Voice {
    /// Of somebody who acts: a citizen's in what is their own, and as far as they may sign for a company.
    #[must_use]
    pub fn of(actor: &Actor, payee: &Blind, signatories: &Signatories) -> Self {
        match actor.payee() {
            None => Self::None,
            Some(own) if own == payee => Self::Alone,
            Some(person) => signatories.voice(person),
        }
    }
}

/// Who may sign for a company: every way in which it can be signed for, each of one person or of several who sign together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatories(Vec<Vec<Blind>>);

impl Signatories {
    /// Reads what the company register writes: ten digits each, a plus between those who sign together, a space between others.
    #[must_use]
    pub fn read(text: &str, vault: &Vault) -> Option<Self> {
        let person = |number: &str| number_of(number).map(|cpr| PayeeId::Cpr(cpr).key(vault));
        let way = |way: &str| way.split('+').map(person).collect::<Option<Vec<_>>>();
        text.split(' ').filter(|_| !text.is_empty()).map(way).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether a text is such a one.
    pub(crate) fn is_text(text: &str) -> bool {
        text.is_empty() || text.split([' ', '+']).all(|number| number_of(number).is_some())
    }

    /// How far a person speaks for the company.
    #[must_use]
    pub fn voice(&self, person: &Blind) -> Voice {
        let ways = self.0.iter().filter(|way| way.contains(person));
        ways.map(|way| if way.iter().all(|other| other == person) { Voice::Alone } else { Voice::WithOthers })
            .max()
            .unwrap_or(Voice::None)
    }

    /// Those of them whom the journal names so.
    pub(crate) fn named(&self, is: impl Fn(&str) -> bool) -> Vec<Blind> {
        let mut named: Vec<Blind> =
            self.0.iter().flatten().filter(|person| is(&Actor::citizen_name(person))).copied().collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Whether all have signed who sign in one of the ways.
    #[must_use]
    pub fn have_signed(&self, signed: &[Blind]) -> bool {
        self.0.iter().any(|way| way.iter().all(|person| signed.contains(person)))
    }
}

fn number_of(text: &str) -> Option<Cpr> {
    Cpr::parse(text).ok().filter(|cpr| cpr.digits() == text)
}

/// Whether somebody, as the journal names them, has given their word for a company: who signed, and who proposed where no signature
/// is asked for beside that.
pub(crate) fn has_signed(evidence: &Evidence, proposer: &str, is_signed_afresh: bool, name: &str) -> bool {
    (!is_signed_afresh && name == proposer)
        || evidence.acts().iter().any(|act| act.kind == ActKind::Signed && act.by == name)
}

/// Refuses a citizen who does not speak for the payee by themselves, or whose login is too weak; and anybody else who does not say
/// why, in 1 to 500 characters on one line.
///
/// # Errors
/// [`OwnRefusal`], or `change.why`.
pub fn require(actor: &Actor, voice: Voice, least: Assurance, why: Option<&str>) -> Result<(), Refusal> {
    require_self(actor, voice, least)?;
    if actor.role() != Role::Citizen || why.is_some() {
        officer::require_why(why.unwrap_or_default())?;
    }
    Ok(())
}

/// Refuses a citizen who does not speak for the payee by themselves, or whose login is too weak.
///
/// # Errors
/// [`OwnRefusal`].
pub fn require_self(actor: &Actor, voice: Voice, least: Assurance) -> Result<(), OwnRefusal> {
    require_part(actor, if voice == Voice::Alone { voice } else { Voice::None }, least)
}

/// Refuses a citizen who speaks for the payee neither by themselves nor with others, or whose login is too weak.
///
/// # Errors
/// [`OwnRefusal`].
pub fn require_part(actor: &Actor, voice: Voice, least: Assurance) -> Result<(), OwnRefusal> {
    let Some(login) = actor.login() else { return Ok(()) };
    if voice == Voice::None {
        return Err(OwnRefusal::Other);
    }
    if login.assurance < least { Err(OwnRefusal::Assurance(least)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Authenticator, Login, Timestamp};

    fn citizen(payee: &Blind, assurance: Assurance) -> Actor {
        let login = Login { assurance, authenticator: Authenticator::named("first"), at: Timestamp::from_micros(0) };
        Actor::citizen(payee, login)
    }

    #[test]
    fn who_speaks_for_a_payee() {
        let [anna, bo] = [1, 2].map(|byte| Blind::from_bytes([byte; 16]));
        let check = |actor: Actor, least: Assurance, why: Option<&str>, expected: Option<&str>| {
            let voice = Voice::of(&actor, &anna, &Signatories::default());
            let refused = require(&actor, voice, least, why).err();
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

    #[test]
    fn who_signs_for_a_company_alone_or_with_others() {
        let vault = kernel::testing::vault();
        let [a, b, c] = ["6101701234", "6201701235", "6301701236"];
        let key = |number: &str| PayeeId::Cpr(Cpr::parse(number).unwrap()).key(&vault);
        let check = |text: &str, voices: [Voice; 3], enough: &[&[&str]], too_few: &[&[&str]]| {
            let signatories = Signatories::read(text, &vault).unwrap();
            assert!(Signatories::is_text(text), "{text}");
            assert_eq!([a, b, c].map(|number| signatories.voice(&key(number))), voices, "{text}");
            for (signed, expected) in enough.iter().map(|who| (who, true)).chain(too_few.iter().map(|who| (who, false)))
            {
                let signed: Vec<Blind> = signed.iter().map(|number| key(number)).collect();
                assert_eq!(signatories.have_signed(&signed), expected, "{text}: {signed:?}");
            }
        };
        use Voice::{Alone, None as Not, WithOthers};
        check("", [Not; 3], &[], &[&[], &[a, b, c]]);
        check(a, [Alone, Not, Not], &[&[a], &[a, b]], &[&[], &[b]]);
        check(&format!("{a}+{b}"), [WithOthers, WithOthers, Not], &[&[a, b], &[a, b, c]], &[&[a], &[b, c]]);
        check(&format!("{a}+{b} {c}"), [WithOthers, WithOthers, Alone], &[&[c], &[b, a]], &[&[a], &[b]]);
        check(&format!("{a}+{b} {a}"), [Alone, WithOthers, Not], &[&[a]], &[&[b]]);
        for wrong in [" ", "610170-1234", "610170123", &format!("{a}  {b}"), &format!("{a}+"), &format!("{a},{b}"), "A"]
        {
            assert!(!Signatories::is_text(wrong) && Signatories::read(wrong, &vault).is_none(), "{wrong}");
        }
        let signatories = Signatories::read(&format!("{a}+{b} {a}"), &vault).unwrap();
        let name = Actor::citizen_name(&key(a));
        assert_eq!(citizen(&key(a), Assurance::Low).name(), name);
        assert_eq!(signatories.named(|named| named == name), [key(a)]);
    }
}
