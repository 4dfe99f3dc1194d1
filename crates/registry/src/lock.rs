//! The owner's lock: the payee forbids that their account is changed, through all channels or some. Whoever has their identity
//! cannot lift it with that alone. Pure.

use crate::designation::ChannelKind;
use kernel::{Refuse, Timestamp};
use std::fmt;

/// A set of channels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Channels(u8);

impl Channels {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All of them.
    #[must_use]
    pub fn all() -> Self {
        Self::of(&ChannelKind::ALL)
    }

    /// These.
    #[must_use]
    pub fn of(kinds: &[ChannelKind]) -> Self {
        kinds.iter().fold(Self::NONE, |channels, kind| Self(channels.0 | bit(*kind)))
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(self, kind: ChannelKind) -> bool {
        self.0 & bit(kind) != 0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These but not those.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// As the store knows them: a bit for each, at the place of its code.
    #[must_use]
    pub fn code(self) -> i64 {
        i64::from(self.0)
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        u8::try_from(code).ok().map(Self).filter(|channels| channels.without(Self::all()).is_empty())
    }

    /// Their names.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        ChannelKind::ALL.into_iter().filter(|kind| self.contains(*kind)).map(ChannelKind::name).collect()
    }
}

fn bit(kind: ChannelKind) -> u8 {
    1 << kind.code()
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A lock that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// What it closes.
    pub channels: Channels,
    /// When it was last changed.
    pub changed: Timestamp,
}

impl Lock {
    /// Whether no account is changed through this channel.
    #[must_use]
    pub fn forbids(&self, channel: ChannelKind) -> bool {
        self.channels.contains(channel)
    }
}

/// Why a lock was not lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRefusal {
    /// Somebody in office does not say how they know that the payee stands before them.
    InPerson,
}

impl Refuse for LockRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::InPerson => "lock.in_person",
        }
    }
}

impl fmt::Display for LockRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a lock is lifted in person: say which evidence the owner showed (--in-person), in 1 to 500 characters on one line",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_closes_the_channels_that_it_names() {
        let check = |kinds: &[ChannelKind], expected: &str| {
            let channels = Channels::of(kinds);
            let lock = Lock { channels, changed: Timestamp::from_micros(0) };
            let closed: Vec<&str> =
                ChannelKind::ALL.into_iter().filter(|kind| lock.forbids(*kind)).map(ChannelKind::name).collect();
            assert_eq!((closed.join(" ").as_str(), channels.names()), (expected, closed.clone()));
            assert_eq!(Channels::from_code(channels.code()), Some(channels));
            assert_eq!(channels.is_empty(), kinds.is_empty());
        };
        use ChannelKind::{Bank, Caseworker, Operator, SelfService};
        check(&[], "");
        check(&[Bank], "bank");
        check(&[SelfService, Bank, Bank], "bank self_service");
        check(&[Caseworker, Operator], "operator caseworker");
        check(&ChannelKind::ALL, "bank operator self_service caseworker");
        assert_eq!(Channels::of(&[Bank]).with(Channels::of(&[Operator])), Channels::of(&[Bank, Operator]));
        assert_eq!(Channels::all().without(Channels::of(&[Bank, Operator])), Channels::of(&[SelfService, Caseworker]));
        for code in [-1, 16, 256] {
            assert_eq!(Channels::from_code(code), None, "{code}");
        }
    }
}
