//! Changes that wait for an officer, because they came without saying which account they take the place of. Pure.

use crate::account::DesignatedAccount;
use crate::designation::{Channel, Designation};
use crate::grounds::Grounds;
use crate::officer::{self, Unfit};
use crate::payee::PayeeId;
use kernel::{Actor, Blind, Env, Id, Refuse, Timestamp};
use std::fmt;

/// A change waits for so many days; then it has lapsed. An officer looks daily, and a bank asks its customer anew after a month.
pub const WAITS_DAYS: i64 = 30;
const SECONDS_PER_DAY: i64 = 86_400;

/// What becomes of a change that does not say which account it takes the place of, where another one is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unexpected {
    /// It is refused: `designation.expects_missing`.
    Refuse,
    /// It waits for an officer.
    Hold,
}

/// A change that was held.
#[derive(Clone, Debug)]
pub struct PendingChange {
    /// Its id.
    pub id: Id<Self>,
    /// The blind index of the payee.
    pub payee: Blind,
    /// What was in force when it was asked for, and is expected to be when it is released.
    pub expects: Id<Designation>,
    /// Until when it waits.
    pub until: Timestamp,
    /// What the bank gave as its grounds.
    pub grounds: Option<Grounds>,
    /// What was asked for.
    pub asked: Asked,
}

/// What was asked for, and by which channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whose account is to be changed.
    pub payee: PayeeId,
    /// By which channel it came.
    pub channel: Channel,
    /// To which account.
    pub account: DesignatedAccount,
}

impl Asked {
    /// As it is sealed: payee, channel and account on a line each.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}", self.payee.reveal(), self.channel.name(), self.account.to_text())
    }

    /// Reads what [`Asked::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (payee, rest) = text.split_once('\n')?;
        let (channel, account) = rest.split_once('\n')?;
        Some(Self {
            payee: PayeeId::parse(payee)?,
            channel: Channel::parse(channel)?,
            account: DesignatedAccount::from_text(account)?,
        })
    }
}

/// Until when a change waits that is asked for now.
#[must_use]
pub const fn until(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(WAITS_DAYS * SECONDS_PER_DAY * 1_000_000))
}

/// An id before those of all changes that can still wait: an id begins with the moment at which it was given.
#[must_use]
pub fn first_waiting(now: Timestamp) -> Id<PendingChange> {
    Env::new(now.minus_seconds(WAITS_DAYS * SECONDS_PER_DAY), 0).id()
}

/// How somebody ended that a change waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An officer let it take effect.
    Released,
    /// An officer said no.
    Refused,
    /// Who asked for it does not want it any more.
    Withdrawn,
}

impl Ending {
    const ALL: [Self; 3] = [Self::Released, Self::Refused, Self::Withdrawn];

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

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Held,
    /// Nobody ended it in time.
    Lapsed,
    /// Somebody did.
    Ended(Ending),
}

impl State {
    /// Of a change that waits until a moment, unless somebody ended it.
    #[must_use]
    pub fn of(until: Timestamp, ending: Option<Ending>, now: Timestamp) -> Self {
        match ending {
            Some(ending) => Self::Ended(ending),
            None if now < until => Self::Held,
            None => Self::Lapsed,
        }
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Lapsed => "lapsed",
            Self::Ended(ending) => ending.name(),
        }
    }

    /// Refuses to end what does not wait.
    ///
    /// # Errors
    /// [`PendingRefusal::Ended`].
    pub fn require_held(self) -> Result<(), PendingRefusal> {
        if self == Self::Held { Ok(()) } else { Err(PendingRefusal::Ended) }
    }
}

/// Refuses an officer who has no name, who asked for the change, or who does not say why it is released or refused.
///
/// # Errors
/// [`PendingRefusal::Officer`], [`PendingRefusal::Own`], [`PendingRefusal::Why`].
pub fn require_officer(asked_by: &str, officer: &Actor, why: &str, is_synthetic: bool) -> Result<(), PendingRefusal> {
    officer::require_other(asked_by, officer, is_synthetic)?;
    Ok(officer::require_why(why)?)
}

/// Why something about a change that waits was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingRefusal {
    /// There is none of that name.
    Unknown,
    /// It waits no more.
    Ended,
    /// Whoever releases or refuses it has no name.
    Officer,
    /// The officer is who asked for it.
    Own,
    /// The officer does not say why.
    Why,
}

impl From<Unfit> for PendingRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
            Unfit::Silent => Self::Why,
        }
    }
}

impl Refuse for PendingRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "change.unknown",
            Self::Ended => "change.ended",
            Self::Officer => "change.officer",
            Self::Own => "change.own",
            Self::Why => "change.why",
        }
    }
}

impl fmt::Display for PendingRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "no change of that name was held",
            Self::Ended => "the change waits no more: it was released, refused or withdrawn, or it has lapsed",
            Self::Officer => "a change is released or refused by an operator with a name: say --as",
            Self::Own => "who asked for a change neither releases nor refuses it",
            Self::Why => "say why, in 1 to 500 characters on one line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_waits_until_somebody_ends_it_or_it_lapses() {
        let now = Timestamp::from_micros(1_000_000);
        let until = until(now);
        assert_eq!(until.micros() - now.micros(), 30 * 24 * 3600 * 1_000_000);
        let last = Timestamp::from_micros(until.micros() - 1);
        let check = |ending: Option<Ending>, now: Timestamp, expected: &str, waits: bool| {
            let state = State::of(until, ending, now);
            assert_eq!((state.name(), state.require_held().is_ok()), (expected, waits), "{ending:?} {now}");
        };
        check(None, now, "held", true);
        check(None, last, "held", true);
        check(None, until, "lapsed", false);
        for (ending, name) in
            [(Ending::Released, "released"), (Ending::Refused, "refused"), (Ending::Withdrawn, "withdrawn")]
        {
            assert_eq!(Ending::from_code(ending.code()), Some(ending));
            check(Some(ending), now, name, false);
            check(Some(ending), until, name, false);
        }
        assert_eq!(Ending::from_code(3), None);
    }

    #[test]
    fn an_officer_is_somebody_else_and_says_why() {
        let check = |asked_by: &str, officer: Actor, why: &str, expected: Option<&str>| {
            let refused = require_officer(asked_by, &officer, why, false).err();
            assert_eq!(refused.as_ref().map(Refuse::code), expected, "{asked_by} {officer:?} {why}");
        };
        let anna = || Actor::operator("anna");
        check("client:north", anna(), "the payee was called", None);
        check("client:north", Actor::console(), "so", Some("change.officer"));
        check("operator:anna", anna(), "so", Some("change.own"));
        check("client:north", anna(), "", Some("change.why"));
    }

    #[test]
    fn what_was_asked_reads_back() {
        let check = |payee: &str, channel: &str, account: &str| {
            let text = format!("{payee}\n{channel}\n{account}");
            let asked = Asked::from_text(&text).unwrap();
            assert_eq!(asked.to_text(), text);
            assert!(!format!("{asked:?}").contains("6101701234"), "{asked:?}");
        };
        check("cpr:6101701234", "bank:North: and South", "0040-0000000001 DKK");
        check("se:32080808", "operator", "DE89370400440532013000 COBADEFFXXX");
        for text in ["", "cpr:6101701234\nnobody\n0040-0000000001 DKK", "cpr:6101701234\noperator\n0040-0000000001"] {
            assert_eq!(Asked::from_text(text), None, "{text}");
        }
    }
}
