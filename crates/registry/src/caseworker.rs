//! Caseworkers: people of an authority, and what they may decide about. Who they are is the kernel's to know.

use crate::payer::Payer;
use crate::purpose::BenefitKind;
use kernel::{Blind, Domain, Id, Refuse, Vault};
use std::collections::BTreeSet;
use std::fmt;

/// The most kinds of benefit that one caseworker can be held to.
const BENEFITS_MAX: usize = 100;
/// As it is sealed that people come before somebody.
const IN_PERSON: &str = "in_person";

/// A caseworker, as they are registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caseworker {
    /// The version of the registration.
    pub version: Id<CaseworkerVersion>,
    /// Whether it was ended.
    pub is_ended: bool,
    /// What they may decide about.
    pub remit: Remit,
}

/// Marks ids of a caseworker's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseworkerVersion;

/// What a caseworker may decide about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remit {
    /// The name that they act under.
    pub name: String,
    /// The authority that they act for: a payer of the public kind.
    pub authority: Id<Payer>,
    /// The kinds of benefit that they are held to; none: all.
    pub benefits: BTreeSet<BenefitKind>,
    /// Whether people come before them in person: they answer for who somebody is, whichever authority somebody has to do with.
    pub in_person: bool,
}

impl Remit {
    /// The blind index of a caseworker's name.
    #[must_use]
    pub fn name_key(vault: &Vault, name: &str) -> Blind {
        vault.blind(Domain("caseworker.name"), name)
    }

    /// Refuses more kinds of benefit than there is room for.
    ///
    /// # Errors
    /// [`CaseworkerRefusal::Benefits`].
    pub fn check(&self) -> Result<(), CaseworkerRefusal> {
        if self.benefits.len() <= BENEFITS_MAX { Ok(()) } else { Err(CaseworkerRefusal::Benefits) }
    }

    /// Whether an account is theirs to decide about: one for a payer's kind of benefit, or the default account without. All that
    /// a payee is paid goes to the default account, so that it is not for those who are held to some kinds of benefit.
    #[must_use]
    pub fn covers(&self, specific: Option<(Id<Payer>, &BenefitKind)>) -> bool {
        match specific {
            None => self.benefits.is_empty(),
            Some((payer, benefit)) => {
                payer == self.authority && (self.benefits.is_empty() || self.benefits.contains(benefit))
            }
        }
    }

    /// Refuses a caseworker before whom nobody comes in person.
    ///
    /// # Errors
    /// [`CaseworkerRefusal::InPerson`].
    pub const fn require_in_person(&self) -> Result<(), CaseworkerRefusal> {
        if self.in_person { Ok(()) } else { Err(CaseworkerRefusal::InPerson) }
    }

    /// As it is sealed: the name, whether people come before them, and each kind of benefit on a line of its own.
    #[must_use]
    pub fn to_text(&self) -> String {
        let kinds = self.benefits.iter().map(BenefitKind::as_str);
        let head = [self.name.as_str(), if self.in_person { IN_PERSON } else { "" }];
        head.into_iter().chain(kinds).collect::<Vec<_>>().join("\n")
    }

    /// Reads what [`Remit::to_text`] wrote, of this authority.
    #[must_use]
    pub fn from_text(authority: Id<Payer>, text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let name = lines.next()?.to_owned();
        let in_person = match lines.next()? {
            "" => false,
            IN_PERSON => true,
            _ => return None,
        };
        Some(Self { name, authority, in_person, benefits: lines.map(BenefitKind::parse).collect::<Option<_>>()? })
    }
}

/// Why a caseworker was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseworkerRefusal {
    /// Nobody is registered as a caseworker under that name.
    Unknown,
    /// They were, and are not any more.
    Ended,
    /// Who pays under that name is no authority.
    Authority,
    /// Too many kinds of benefit.
    Benefits,
    /// It is another authority's, or of a kind of benefit that they are not held to.
    Remit,
    /// Nobody comes before them in person.
    InPerson,
}

impl Refuse for CaseworkerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "caseworker.unknown",
            Self::Ended => "caseworker.ended",
            Self::Authority => "caseworker.authority",
            Self::Benefits => "caseworker.benefits",
            Self::Remit => "caseworker.remit",
            Self::InPerson => "caseworker.in_person",
        }
    }
}

impl fmt::Display for CaseworkerRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("nobody is registered as a caseworker under that name"),
            Self::Ended => f.write_str("this caseworker was ended; the name is not used again"),
            Self::Authority => f.write_str("the payer of that name is not an authority: it is of the private kind"),
            Self::Benefits => write!(f, "a caseworker is held to at most {BENEFITS_MAX} kinds of benefit"),
            Self::InPerson => f.write_str("this caseworker is not registered as one before whom people come in person"),
            Self::Remit => f.write_str("this is not for the caseworker's authority or kinds of benefit to decide"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remit(benefits: &[&str]) -> Remit {
        let benefits = benefits.iter().map(|kind| BenefitKind::parse(kind).unwrap()).collect();
        Remit { name: "bo".to_owned(), authority: Id::new(7), benefits, in_person: false }
    }

    #[test]
    fn what_a_caseworker_may_decide_about() {
        let check = |benefits: &[&str], specific: Option<(i64, &str)>, expected: bool| {
            let specific = specific.map(|(payer, kind)| (Id::new(payer), BenefitKind::parse(kind).unwrap()));
            let covered = remit(benefits).covers(specific.as_ref().map(|(payer, kind)| (*payer, kind)));
            assert_eq!(covered, expected, "{benefits:?} {specific:?}");
        };
        check(&[], None, true);
        check(&[], Some((7, "NKSBOS")), true);
        check(&[], Some((8, "NKSBOS")), false);
        check(&["NKSBOS"], None, false);
        check(&["NKSBOS"], Some((7, "NKSBOS")), true);
        check(&["NKSBOS"], Some((7, "NKSPEN")), false);
        check(&["NKSBOS"], Some((8, "NKSBOS")), false);
        check(&["NKSBOS", "NKSPEN"], Some((7, "NKSPEN")), true);
    }

    #[test]
    fn a_remit_reads_back_and_has_an_end() {
        for benefits in [&[][..], &["NKSBOS"], &["A", "B"]] {
            for in_person in [false, true] {
                let remit = Remit { in_person, ..remit(benefits) };
                assert_eq!(Remit::from_text(remit.authority, &remit.to_text()), Some(remit));
            }
        }
        for text in ["bo", "bo\n\n", "bo\nat times"] {
            assert_eq!(Remit::from_text(Id::new(7), text), None);
        }
        let kinds: Vec<String> = (0..=BENEFITS_MAX).map(|at| at.to_string()).collect();
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        assert_eq!(remit(&kinds[1..]).check(), Ok(()));
        assert_eq!(remit(&kinds).check(), Err(CaseworkerRefusal::Benefits));
    }
}
