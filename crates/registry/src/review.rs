//! Reviews of accounts to which the money of many payees goes: opened by the registry or by a draw, decided by officers. Pure.
//!
//! Nobody sets that payments go on. A review has decisions, of which the newest counts, and an account is a lawful collector's or not:
//! what follows from that for a payment is worked out whenever one is decided.

use crate::account::DesignatedAccount;
use crate::collecting::{Figures, Window};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::merkle::{Encoder, Hash};
use kernel::{Blind, Id, Refuse};
use std::fmt;

/// How long an account is left alone at most before it is looked at again.
pub const LEFT_ALONE_MONTHS_MAX: i32 = 12;
/// The most accounts of one draw.
pub const DRAWN_MAX: usize = 1000;
const SEED_CHARS_MAX: usize = 100;

/// Why a review was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A sample check: it was drawn.
    Drawn,
    /// It has more payees than the limit, within this window.
    Over(Window),
}

impl Cause {
    const ALL: [Self; 4] =
        [Self::Drawn, Self::Over(Window::Days3), Self::Over(Window::Days30), Self::Over(Window::Months6)];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Drawn => 0,
            Self::Over(window) => window as i64 + 1,
        }
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.code() == code)
    }

    /// As answers say it: `drawn`, or the window.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Over(window) => window.name(),
        }
    }
}

/// An account that somebody is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Which.
    pub id: Id<Self>,
    /// The entry that recorded it; 0 before that.
    pub entry: i64,
    /// The account's blind index.
    pub key: Blind,
    /// The account.
    pub account: DesignatedAccount,
    /// Why.
    pub cause: Cause,
    /// Whose account it was, within each window, when it was opened.
    pub payees: Figures,
    /// Who of them was paid to it.
    pub paid: Figures,
}

/// What officers found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A couple, a family, a home: it is left alone through this day.
    LeftAlone(Date),
    /// It looks like somebody else's money.
    Suspicious,
}

impl Outcome {
    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::LeftAlone(_) => 0,
            Self::Suspicious => 1,
        }
    }

    /// What the store knows as `code`, and until when.
    #[must_use]
    pub fn from_code(code: i64, until: Option<Date>) -> Option<Self> {
        match (code, until) {
            (0, Some(until)) => Some(Self::LeftAlone(until)),
            (1, None) => Some(Self::Suspicious),
            _ => None,
        }
    }

    /// Until when it is left alone.
    #[must_use]
    pub const fn until(self) -> Option<Date> {
        match self {
            Self::LeftAlone(until) => Some(until),
            Self::Suspicious => None,
        }
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftAlone(_) => "left_alone",
            Self::Suspicious => "suspicious",
        }
    }
}

/// Marks ids of decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision;

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Which.
    pub id: Id<Decision>,
    /// About which review.
    pub review: Id<Review>,
    /// What.
    pub outcome: Outcome,
    /// Of one that is left alone: how many payees it had within the longest window when that was decided, or the review was opened, if more.
    pub payees: Option<u64>,
}

/// Whether an account that was left alone with so many payees has too many of them by now for that to hold: half as many again.
#[must_use]
pub const fn is_outgrown(left_alone_with: u64, payees: u64) -> bool {
    payees.saturating_mul(2) > left_alone_with.saturating_mul(3)
}

/// Where a review stands: `open`, `collector` (the account is that of a lawful collector who counts), `left_alone`, `suspicious`.
#[must_use]
pub fn state(decided: Option<Outcome>, collector_until: Option<Date>, today: Date) -> &'static str {
    match decided {
        Some(outcome) => outcome.name(),
        None if collector_until.is_some_and(|until| today <= until) => "collector",
        None => "open",
    }
}

/// Whether somebody is to look at an account that is over the limit: nobody has decided about it, the day has passed until which it was
/// left alone, or it has outgrown that. What was found suspicious is not looked at by itself again.
#[must_use]
pub fn is_to_be_opened(
    decided: Option<Outcome>,
    is_outgrown: bool,
    collector_until: Option<Date>,
    today: Date,
) -> bool {
    let is_collectors = collector_until.is_some_and(|until| today <= until);
    !is_collectors
        && match decided {
            None => true,
            Some(Outcome::LeftAlone(until)) => is_outgrown || until < today,
            Some(Outcome::Suspicious) => false,
        }
}

/// Refuses to leave an account alone for ever, or until a day that has passed.
///
/// # Errors
/// [`ReviewRefusal::Until`].
pub fn require_until(until: Date, today: Date) -> Result<(), ReviewRefusal> {
    let last = today.saturating_add(LEFT_ALONE_MONTHS_MAX.months());
    if (today..=last).contains(&until) { Ok(()) } else { Err(ReviewRefusal::Until) }
}

/// Refuses what cannot be drawn with.
///
/// # Errors
/// [`ReviewRefusal::Seed`].
pub fn require_seed(seed: &str) -> Result<(), ReviewRefusal> {
    let is_seed = (1..=SEED_CHARS_MAX).contains(&seed.chars().count()) && !seed.contains(char::is_control);
    if is_seed { Ok(()) } else { Err(ReviewRefusal::Seed) }
}

/// Where an account stands in a draw: those that stand first are the sample. The same seed draws the same accounts of those that
/// there are, whoever draws and whenever, and nobody can know which before the seed is said.
#[must_use]
pub fn rank(seed: &str, account: &Blind) -> Hash {
    Encoder::default().start("review.draw").text(seed).bytes(account.as_bytes()).leaf()
}

/// Why something about a review was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewRefusal {
    /// There is none of that name.
    Unknown,
    /// The day until which it is to be left alone.
    Until,
    /// What a draw begins with.
    Seed,
}

impl Refuse for ReviewRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "review.unknown",
            Self::Until => "review.until",
            Self::Seed => "review.seed",
        }
    }
}

impl fmt::Display for ReviewRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no review of that name",
            Self::Until => {
                "an account is left alone until today at the earliest, and twelve months from now at the latest"
            }
            Self::Seed => "a seed is 1 to 100 characters on one line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 26);
    const YESTERDAY: Date = date(2026, 11, 25);

    #[test]
    fn what_was_decided_holds_as_long_as_it_says() {
        let check = |decided: Option<Outcome>, collector: Option<Date>, expected: (&str, bool)| {
            let found = (state(decided, collector, TODAY), is_to_be_opened(decided, false, collector, TODAY));
            assert_eq!(found, expected, "{decided:?} {collector:?}");
        };
        check(None, None, ("open", true));
        check(None, Some(TODAY), ("collector", false));
        check(None, Some(YESTERDAY), ("open", true));
        check(Some(Outcome::LeftAlone(TODAY)), None, ("left_alone", false));
        check(Some(Outcome::LeftAlone(YESTERDAY)), None, ("left_alone", true));
        check(Some(Outcome::LeftAlone(YESTERDAY)), Some(TODAY), ("left_alone", false));
        check(Some(Outcome::Suspicious), None, ("suspicious", false));
    }

    #[test]
    fn what_is_left_alone_outgrows_that() {
        for (before, now, expected) in [(4, 6, false), (4, 7, true), (5, 7, false), (5, 8, true), (0, 1, true)] {
            assert_eq!(is_outgrown(before, now), expected, "{before} {now}");
        }
        assert!(is_to_be_opened(Some(Outcome::LeftAlone(TODAY)), true, None, TODAY));
        assert!(!is_to_be_opened(Some(Outcome::LeftAlone(TODAY)), true, Some(TODAY), TODAY));
    }

    #[test]
    fn nothing_is_left_alone_for_ever() {
        let check = |until: Date, is_fine: bool| assert_eq!(require_until(until, TODAY).is_ok(), is_fine, "{until}");
        check(YESTERDAY, false);
        check(TODAY, true);
        check(date(2027, 11, 26), true);
        check(date(2027, 11, 27), false);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let accounts: Vec<Blind> = (0..20).map(|at| Blind::from_bytes([at; 16])).collect();
        let drawn = |seed: &str| {
            let mut accounts = accounts.clone();
            accounts.sort_unstable_by_key(|account| rank(seed, account));
            accounts
        };
        assert_eq!(drawn("2018"), drawn("2018"));
        assert_ne!(drawn("2018"), drawn("2019"));
        for seed in ["", "a\nb", &"x".repeat(101)] {
            assert_eq!(require_seed(seed), Err(ReviewRefusal::Seed));
        }
        assert_eq!(require_seed("2018, 3rd quarter"), Ok(()));
    }

    #[test]
    fn codes_read_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_code(cause.code()), Some(cause));
        }
        assert_eq!(Cause::from_code(4), None);
        for outcome in [Outcome::LeftAlone(TODAY), Outcome::Suspicious] {
            assert_eq!(Outcome::from_code(outcome.code(), outcome.until()), Some(outcome));
        }
        assert_eq!(Outcome::from_code(0, None), None);
        assert_eq!(Outcome::from_code(1, Some(TODAY)), None);
    }
}
