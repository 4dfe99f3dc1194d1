//! Motions: what one person proposes and another one decides about, decided again at that moment. Pure.
//!
//! A motion names the version that it was made against. Of two motions against the same one, the second to be approved would undo
//! the first without anybody having said so: it is refused, and proposed anew against what holds then.

use crate::officer::{Silent, Unfit};
use kernel::{Env, Id, Refuse, Timestamp};
use std::fmt;

/// A motion waits for so many days; then it has lapsed.
pub const WAITS_DAYS: i64 = 30;

/// What a motion is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The controls in force.
    Controls,
    /// The register of collectors.
    Collector,
    /// The marks of accounts.
    Mark,
    /// An account that is reviewed, and is to be left alone.
    Review,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Controls, Self::Collector, Self::Mark, Self::Review];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A motion. Not to be printed: it can hold numbers and accounts.
#[derive(Clone, PartialEq, Eq)]
pub struct Motion {
    /// Its id.
    pub id: Id<Self>,
    /// What it is about.
    pub kind: Kind,
    /// The version that it was made against; none where there was none.
    pub base: Option<i64>,
    /// Until when it waits.
    pub until: Timestamp,
    /// Why it was made.
    pub reason: String,
    /// What is proposed, as its kind writes it.
    pub content: String,
}

impl Motion {
    /// As it is sealed: the reason, which is one line, and what is proposed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}", self.reason, self.content)
    }

    /// Reads the reason and what is proposed from what [`Motion::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<(String, String)> {
        text.split_once('\n').map(|(reason, content)| (reason.to_owned(), content.to_owned()))
    }

    /// Refuses what was made against another version than the one that holds.
    ///
    /// # Errors
    /// [`MotionRefusal::Outdated`].
    pub fn require_base(&self, holds: Option<i64>) -> Result<(), MotionRefusal> {
        if self.base == holds { Ok(()) } else { Err(MotionRefusal::Outdated) }
    }
}

/// Until when a motion waits that is made now.
#[must_use]
pub const fn until(now: Timestamp) -> Timestamp {
    now.plus_days(WAITS_DAYS)
}

/// An id before those of all motions that can still wait: an id begins with the moment at which it was given.
#[must_use]
pub fn first_waiting(now: Timestamp) -> Id<Motion> {
    Env::new(now.minus_days(WAITS_DAYS), 0).id()
}

/// How somebody ended that a motion waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody else said yes.
    Approved,
    /// Somebody else said no.
    Refused,
    /// Who made it does not want it any more.
    Withdrawn,
}

impl Ending {
    const ALL: [Self; 3] = [Self::Approved, Self::Refused, Self::Withdrawn];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.code() == code)
    }
}

/// Where a motion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for somebody else.
    Waits,
    /// Nobody ended it in time.
    Lapsed,
    /// Somebody did.
    Ended(Ending),
}

impl State {
    /// Of a motion that waits until a moment, unless somebody ended it.
    #[must_use]
    pub fn of(until: Timestamp, ending: Option<Ending>, now: Timestamp) -> Self {
        match ending {
            Some(ending) => Self::Ended(ending),
            None if now < until => Self::Waits,
            None => Self::Lapsed,
        }
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waits => "awaiting_approval",
            Self::Lapsed => "expired",
            Self::Ended(Ending::Approved) => "approved",
            Self::Ended(Ending::Refused) => "refused",
            Self::Ended(Ending::Withdrawn) => "withdrawn",
        }
    }

    /// Refuses to end what does not wait.
    ///
    /// # Errors
    /// [`MotionRefusal::Ended`].
    pub fn require_waits(self) -> Result<(), MotionRefusal> {
        if self == Self::Waits { Ok(()) } else { Err(MotionRefusal::Ended) }
    }
}

/// Why something about a motion was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MotionRefusal {
    /// There is none of that name.
    Unknown,
    /// It waits no more.
    Ended,
    /// Who proposes or decides has no name.
    Officer,
    /// Who decides is who proposed.
    Own,
    /// Who takes it back is not who proposed.
    NotOwn,
    /// Nobody said why.
    Why,
    /// What it was made against does not hold any more.
    Outdated,
    /// What is proposed is so already.
    Nothing,
}

impl From<Unfit> for MotionRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

impl From<Silent> for MotionRefusal {
    fn from(_: Silent) -> Self {
        Self::Why
    }
}

impl Refuse for MotionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "motion.unknown",
            Self::Ended => "motion.ended",
            Self::Officer => "motion.officer",
            Self::Own => "motion.own",
            Self::NotOwn => "motion.not_own",
            Self::Why => "motion.why",
            Self::Outdated => "motion.outdated",
            Self::Nothing => "motion.nothing",
        }
    }
}

impl fmt::Display for MotionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "nothing of that name was proposed",
            Self::Ended => "it waits no more: it was approved, refused or withdrawn, or it has lapsed",
            Self::Officer => "this is for an operator with a name: say --as",
            Self::Own => "who proposes neither approves nor refuses",
            Self::NotOwn => "only who proposed it takes it back; somebody else refuses it",
            Self::Why => "say why, in 1 to 500 characters on one line",
            Self::Outdated => {
                "what this was proposed against has been changed since: look at what holds now, and propose anew"
            }
            Self::Nothing => "what is proposed is so already",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motion_waits_until_somebody_ends_it_or_it_lapses() {
        let now = Timestamp::from_micros(1_000_000);
        let until = until(now);
        assert_eq!(until.micros() - now.micros(), 30 * 24 * 3600 * 1_000_000);
        let last = Timestamp::from_micros(until.micros() - 1);
        let check = |ending: Option<Ending>, now: Timestamp, expected: &str, waits: bool| {
            let state = State::of(until, ending, now);
            assert_eq!((state.name(), state.require_waits().is_ok()), (expected, waits), "{ending:?} {now}");
        };
        check(None, now, "awaiting_approval", true);
        check(None, last, "awaiting_approval", true);
        check(None, until, "expired", false);
        for (ending, name) in
            [(Ending::Approved, "approved"), (Ending::Refused, "refused"), (Ending::Withdrawn, "withdrawn")]
        {
            assert_eq!(Ending::from_code(ending.code()), Some(ending));
            check(Some(ending), now, name, false);
            check(Some(ending), until, name, false);
        }
        assert_eq!(Ending::from_code(3), None);
        // What waits last is found by its id.
        assert!(first_waiting(last) <= Env::new(now, 0).id());
    }

    #[test]
    fn a_motion_reads_back_and_holds_to_what_it_was_made_against() {
        let motion = Motion {
            id: Id::new(1),
            kind: Kind::Controls,
            base: Some(7),
            until: Timestamp::from_micros(0),
            reason: "a reason".to_owned(),
            content: "one\ntwo\n".to_owned(),
        };
        assert_eq!(Motion::from_text(&motion.to_text()), Some((motion.reason.clone(), motion.content.clone())));
        assert_eq!(Motion::from_text("nothing"), None);
        for (holds, is_fine) in [(Some(7), true), (Some(8), false), (None, false)] {
            assert_eq!(motion.require_base(holds).is_ok(), is_fine, "{holds:?}");
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::from_code(4), None);
    }
}
