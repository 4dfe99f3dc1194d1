//! The end of old ways in: which client still uses which, and from when one is refused.
//!
//! What can end has a subject and a version: an interface and its version; `tls` and the version of the transport; `alg` and the
//! algorithm of a signature.

use crate::client::Client;
use crate::key::Algorithm;
use kernel::{Id, Refuse, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// The subject of transports.
pub const TLS: &str = "tls";
/// The subject of algorithms.
pub const ALGORITHM: &str = "alg";
const WORD_CHARS_MAX: usize = 32;

/// How a client came in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Who.
    pub client: Id<Client>,
    /// Which part of the interface.
    pub interface: String,
    /// In which version.
    pub version: String,
    /// Over which version of TLS.
    pub tls: String,
    /// How what it showed is signed.
    pub algorithm: String,
}

impl Use {
    /// What it consists of.
    #[must_use]
    pub fn subjects(&self) -> [Subject; 3] {
        let subject =
            |subject: &str, version: &str| Subject { subject: subject.to_owned(), version: version.to_owned() };
        [subject(&self.interface, &self.version), subject(TLS, &self.tls), subject(ALGORITHM, &self.algorithm)]
    }

    /// Whether this is a part of it.
    #[must_use]
    pub fn has(&self, subject: &Subject) -> bool {
        self.subjects().contains(subject)
    }
}

/// Something with an end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// An interface, `tls` or `alg`.
    pub subject: String,
    /// Its version.
    pub version: String,
}

impl Subject {
    /// What is said to have an end.
    ///
    /// # Errors
    /// [`PhaseOutRefusal::Word`].
    pub fn new(subject: &str, version: &str) -> Result<Self, PhaseOutRefusal> {
        let lawful = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
        let is_word = |word: &str| (1..=WORD_CHARS_MAX).contains(&word.len()) && word.chars().all(lawful);
        if is_word(subject) && is_word(version) {
            Ok(Self { subject: subject.to_owned(), version: version.to_owned() })
        } else {
            Err(PhaseOutRefusal::Word)
        }
    }

    /// Refuses what is none of these interfaces with their versions, these transports, or an algorithm.
    ///
    /// # Errors
    /// [`PhaseOutRefusal::Unknown`].
    pub fn require_known<'k>(
        &self,
        mut interfaces: impl Iterator<Item = (&'k str, &'k str)>,
        transports: &[&str],
    ) -> Result<(), PhaseOutRefusal> {
        let version = self.version.as_str();
        let is_known = match self.subject.as_str() {
            TLS => transports.contains(&version),
            ALGORITHM => Algorithm::parse(version).is_some(),
            subject => interfaces.any(|known| known == (subject, version)),
        };
        if is_known { Ok(()) } else { Err(PhaseOutRefusal::Unknown) }
    }
}

/// Why an end was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseOutRefusal {
    /// What is to end is not a word.
    Word,
    /// Nobody can come in by it.
    Unknown,
}

impl Refuse for PhaseOutRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Word => "phase_out.word",
            Self::Unknown => "phase_out.unknown",
        }
    }
}

impl fmt::Display for PhaseOutRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Word => "an interface and a version are words of 1 to 32 letters, digits and . _ : -",
            Self::Unknown => "nobody can come in by that; docs/clients.md lists what has an end",
        })
    }
}

/// What was asked for has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What.
    pub subject: Subject,
    /// When.
    pub at: Timestamp,
}

impl Refuse for Ended {
    fn code(&self) -> &'static str {
        "interface.ended"
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject: Subject { subject, version }, at } = self;
        write!(f, "{subject} {version} is no longer accepted since {at}; use a later one")
    }
}

/// What has an end, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhaseOuts(BTreeMap<Subject, Timestamp>);

impl PhaseOuts {
    /// The newest word on a subject counts; `None` takes its end away.
    pub fn set(&mut self, subject: Subject, end: Option<Timestamp>) {
        match end {
            Some(end) => self.0.insert(subject, end),
            None => self.0.remove(&subject),
        };
    }

    /// When it ends, if it does.
    #[must_use]
    pub fn end(&self, subject: &Subject) -> Option<Timestamp> {
        self.0.get(subject).copied()
    }

    /// Everything that has an end.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, Timestamp)> {
        self.0.iter().map(|(subject, end)| (subject, *end))
    }

    /// Refuses a way in of which a part has ended: the one that ended first.
    ///
    /// # Errors
    /// [`Ended`].
    pub fn check(&self, way: &Use, now: Timestamp) -> Result<(), Ended> {
        match self.ends_of(way).filter(|ended| ended.at <= now).min_by_key(|ended| ended.at) {
            Some(ended) => Err(ended),
            None => Ok(()),
        }
    }

    /// When this way in ends first, if it does.
    #[must_use]
    pub fn first_end(&self, way: &Use) -> Option<Timestamp> {
        self.ends_of(way).map(|ended| ended.at).min()
    }

    fn ends_of(&self, way: &Use) -> impl Iterator<Item = Ended> {
        way.subjects().into_iter().filter_map(|subject| self.end(&subject).map(|at| Ended { subject, at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let at = Timestamp::from_micros;
        let subject = |subject: &str, version: &str| Subject::new(subject, version).unwrap();
        let mut ends = PhaseOuts::default();
        ends.set(subject("payouts", "v1"), Some(at(100)));
        ends.set(subject("tls", "1.2"), Some(at(200)));
        ends.set(subject("alg", "EdDSA"), Some(at(50)));
        ends.set(subject("alg", "EdDSA"), None);
        let check = |interface: &str, version: &str, tls: &str, now, expected: Option<&str>| {
            let way = Use {
                client: Id::new(1),
                interface: interface.to_owned(),
                version: version.to_owned(),
                tls: tls.to_owned(),
                algorithm: "EdDSA".to_owned(),
            };
            let ended = ends.check(&way, at(now)).err();
            assert_eq!(ended.map(|ended| ended.subject.version).as_deref(), expected, "{way:?} {now}");
        };
        check("payouts", "v1", "1.3", 99, None);
        check("payouts", "v1", "1.3", 100, Some("v1"));
        check("payouts", "v2", "1.3", 300, None);
        check("resolve", "v1", "1.3", 300, None);
        check("resolve", "v1", "1.2", 199, None);
        check("resolve", "v1", "1.2", 200, Some("1.2"));
        check("payouts", "v1", "1.2", 300, Some("v1"));
        let refused = |subject: &str, version: &str| assert!(Subject::new(subject, version).is_err());
        refused("", "v1");
        refused("payouts", "");
        refused("pay outs", "v1");
        refused(&"x".repeat(33), "v1");
    }
}
