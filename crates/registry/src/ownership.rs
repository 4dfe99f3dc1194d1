//! Whose an account is, as its bank says: what it answers, and what becomes of the question. Pure.
//!
//! The question is nothing that was decided, and nobody is answered by it: it is a counter beside the journal, like a notice on its
//! way. What the bank answers is evidence of the proposal, like all that is done about one.

use crate::progress::{Backoff, Failed, Failure, HELD_SECONDS, Hold};
use kernel::{Id, Refuse, Timestamp};
use std::fmt;

/// A bank has so many days to answer; what it did not say by then, it cannot say.
pub const ANSWER_DAYS: i64 = 1;
/// Waits between tries: 5 seconds, doubled each time up to an hour.
pub const BACKOFF: Backoff = Backoff { seconds: 5, seconds_max: 3_600 };

/// What the account's bank says to the question whose it is (verification of payee).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The payee is its holder.
    Match,
    /// Nearly: one of several holders, or somebody who may dispose of it.
    CloseMatch,
    /// Somebody else is.
    NoMatch,
    /// The bank cannot tell, did not tell in time, or cannot be asked.
    NotPossible,
}

impl Ownership {
    /// Every answer, with its name, and the code for it that banks use (EPC, Verification of Payee).
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Match, "match", "MTCH"),
        (Self::CloseMatch, "close_match", "CMTC"),
        (Self::NoMatch, "no_match", "NMTC"),
        (Self::NotPossible, "not_possible", "NOAP"),
    ];

    /// As commands and answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// As banks say it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// Reads what [`Ownership::name`] gives.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(ownership, ..)| *ownership)
    }

    /// Reads what [`Ownership::code`] gives.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|(.., known)| *known == code).map(|(ownership, ..)| *ownership)
    }

    /// Whether the bank says that it is the payee's, alone or with others.
    #[must_use]
    pub const fn is_the_payees(self) -> bool {
        matches!(self, Self::Match | Self::CloseMatch)
    }
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InquiryState {
    /// It is to be asked, not before [`Inquiry::at`].
    Waiting,
    /// The bank answered, then.
    Answered,
    /// It was given up, then: the bank gave no answer in time.
    GivenUp,
    /// Nobody wants to know any more: the proposal ended, or nothing is demanded of the bank.
    Dropped,
}

impl InquiryState {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Waiting, "waiting"),
        (Self::Answered, "answered"),
        (Self::GivenUp, "given_up"),
        (Self::Dropped, "dropped"),
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(state, _)| state.code() == code).map(|(state, _)| *state)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What became of the question about one proposal's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// Where it stands.
    pub state: InquiryState,
    /// When it is asked, or since when it stands there.
    pub at: Timestamp,
    /// Until when an answer is waited for.
    pub until: Timestamp,
    /// How often it was begun to be asked, in this round.
    pub tries: i64,
    /// How often an operator has had it asked anew.
    pub round: i64,
    /// Which process took it last.
    pub holder: Id<Hold>,
    /// The last failure.
    pub last_failure: Option<Failed>,
}

impl Inquiry {
    /// It is to be asked now.
    #[must_use]
    pub const fn new(now: Timestamp, until: Timestamp) -> Self {
        let (state, holder) = (InquiryState::Waiting, Id::new(0));
        Self { state, at: now, until, tries: 0, round: 0, holder, last_failure: None }
    }

    /// An operator has it asked anew.
    #[must_use]
    pub fn again(self, now: Timestamp) -> Self {
        let until = now.plus_days(ANSWER_DAYS);
        Self { round: self.round + 1, last_failure: self.last_failure, ..Self::new(now, until) }
    }

    /// `holder` asks it now; none if it is not due.
    #[must_use]
    pub fn taken(self, holder: Id<Hold>, now: Timestamp) -> Option<Self> {
        let is_due = self.state == InquiryState::Waiting && self.at <= now && now < self.until;
        is_due.then(|| Self { at: now.minus_seconds(-HELD_SECONDS), tries: self.tries + 1, holder, ..self })
    }

    /// It stands there from now on.
    #[must_use]
    pub fn ended(self, state: InquiryState, now: Timestamp) -> Self {
        Self { state, at: now, ..self }
    }

    /// `holder` got no answer; none if somebody else has taken it meanwhile, or it was answered. It is given up where the next try would
    /// come too late. `chance` keeps apart those that failed together.
    #[must_use]
    pub fn failed(
        self,
        holder: Id<Hold>,
        failure: Failure,
        retry_after: Option<i64>,
        now: Timestamp,
        chance: u32,
    ) -> Option<Self> {
        if self.state != InquiryState::Waiting || self.holder != holder {
            return None;
        }
        let next = BACKOFF.next_try(self.tries, retry_after, now, chance);
        let (state, at) = if next < self.until { (InquiryState::Waiting, next) } else { (InquiryState::GivenUp, now) };
        let last_failure = Some(Failed { at: now, code: failure.code().to_owned(), status: failure.status() });
        Some(Self { state, at, last_failure, ..self })
    }
}

/// Why a question is not asked anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InquiryRefusal {
    /// No place is registered where the account's bank can be asked.
    Nobody,
}

impl Refuse for InquiryRefusal {
    fn code(&self) -> &'static str {
        "ownership.nobody"
    }
}

impl fmt::Display for InquiryRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no place is registered where the account's bank can be asked whose it is")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    const ONE: Id<Hold> = Id::new(1);
    const OTHER: Id<Hold> = Id::new(2);

    #[test]
    fn every_answer_and_every_state_stands_at_its_own_place() {
        for (place, (ownership, name, code)) in Ownership::ALL.iter().enumerate() {
            assert_eq!(*ownership as usize, place);
            assert_eq!((Ownership::parse(name), Ownership::from_code(code)), (Some(*ownership), Some(*ownership)));
            assert_eq!((Ownership::parse(code), Ownership::from_code(name)), (None, None));
        }
        for (place, (state, _)) in InquiryState::ALL.iter().enumerate() {
            assert_eq!((*state as usize, InquiryState::from_code(state.code())), (place, Some(*state)));
        }
        assert_eq!(InquiryState::from_code(4), None);
    }

    #[test]
    fn tries_come_less_and_less_often_until_the_next_would_be_too_late() {
        for (chance, least) in [(0, 24), (u32::MAX, 24)] {
            let mut now = at(0);
            let mut inquiry = Inquiry::new(at(0), at(86_400));
            while inquiry.state == InquiryState::Waiting {
                inquiry = inquiry.taken(ONE, now).unwrap();
                inquiry = inquiry.failed(ONE, Failure::Unreachable, None, now, chance).unwrap();
                assert!(inquiry.at <= now.minus_seconds(-BACKOFF.seconds_max), "{inquiry:?}");
                now = inquiry.at;
            }
            assert_eq!(inquiry.state, InquiryState::GivenUp);
            assert!(now >= at(86_400 - BACKOFF.seconds_max) && inquiry.tries > least, "{inquiry:?}");
            assert_eq!(inquiry.clone().taken(ONE, now), None);
            let again = inquiry.again(now);
            assert_eq!((again.state, again.tries, again.round), (InquiryState::Waiting, 0, 1));
            assert_eq!(again.until, now.plus_days(1));
            assert!(again.last_failure.is_some(), "it is still told");
        }
    }

    #[test]
    fn one_asks_and_others_wait_until_it_gives_no_sign() {
        let taken = Inquiry::new(at(0), at(86_400)).taken(ONE, at(0)).unwrap();
        assert_eq!(taken.clone().taken(OTHER, at(HELD_SECONDS - 1)), None);
        let other = taken.taken(OTHER, at(HELD_SECONDS)).unwrap();
        assert_eq!(other.clone().failed(ONE, Failure::Timeout, None, at(130), 0), None, "it is the other's");
        let failed = other.failed(OTHER, Failure::Answer(503), Some(60), at(130), 0).unwrap();
        assert_eq!(failed.at, at(190));
        let answered = failed.ended(InquiryState::Answered, at(200));
        assert_eq!(answered.failed(OTHER, Failure::Timeout, None, at(201), 0), None);
        // Nobody asks what nobody waits for any more.
        assert_eq!(Inquiry::new(at(0), at(10)).taken(ONE, at(10)), None);
    }
}
