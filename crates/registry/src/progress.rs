//! How far a delivery is, who is at it, and when it is tried again. Pure.
//!
//! What was taken is known by one position: all before it was taken, in order. It only goes forward, by whoever holds the delivery
//! and from where it was read. So two processes that are at it at once, because one thought the other gone, can give the same
//! twice, and leave nothing out.

use kernel::{Id, Refuse, Timestamp};
use std::fmt;

/// How long whoever is at a delivery keeps others away without a sign of life: longer than giving and being answered takes.
pub const HELD_SECONDS: i64 = 120;
/// After the first failure in a row; each further one doubles it.
pub const BACKOFF_SECONDS: i64 = 2;
/// The longest wait between two tries, which go on for ever.
pub const BACKOFF_SECONDS_MAX: i64 = 900;

/// How far a delivery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The place in the journal up to which all was taken.
    pub position: i64,
    /// How many files or requests were taken.
    pub parcels: i64,
    /// How many messages or payment files were in them.
    pub items: i64,
    /// In a row, since something was taken last.
    pub failures: i64,
    /// Not before.
    pub next_try: Timestamp,
    /// When something was taken last.
    pub last_success: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<Failed>,
    /// Which process is at it; and until when no other is.
    pub hold: Hold,
}

/// Who is at a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which process, by a number that it drew.
    pub holder: Id<Hold>,
    /// Until when.
    pub until: Timestamp,
}

impl Hold {
    /// A process, by what it drew. Nobody is 0.
    #[must_use]
    pub const fn drawn(bytes: [u8; 8]) -> Id<Self> {
        Id::new(i64::from_be_bytes(bytes) | 1)
    }
}

/// A failure that is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// When.
    pub at: Timestamp,
    /// What: a stable code.
    pub code: String,
    /// The status of the answer, where there was one.
    pub status: Option<i64>,
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answers there.
    Unreachable,
    /// No encryption was agreed on, or the certificate is not one that is trusted.
    Encryption,
    /// A file of certificates or a key cannot be used.
    Certificate,
    /// There was no answer in time.
    Timeout,
    /// The connection ended before the answer.
    CutOff,
    /// The answer was another than that it was taken.
    Answer(u16),
    /// The answer cannot be read.
    Malformed,
    /// The folder cannot be written to.
    Folder,
    /// It was ours: what was to be given could not be made.
    Ours(&'static str),
}

impl Refuse for Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "delivery.unreachable",
            Self::Encryption => "delivery.encryption",
            Self::Certificate => "delivery.certificate",
            Self::Timeout => "delivery.timeout",
            Self::CutOff => "delivery.cut_off",
            Self::Answer(_) => "delivery.answer",
            Self::Malformed => "delivery.malformed",
            Self::Folder => "delivery.folder",
            Self::Ours(code) => code,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("nobody answers there"),
            Self::Encryption => f.write_str("no encryption was agreed on with a server that is trusted"),
            Self::Certificate => f.write_str("a certificate or key that is needed cannot be used"),
            Self::Timeout => f.write_str("there was no answer in time"),
            Self::CutOff => f.write_str("the connection ended before the answer"),
            Self::Answer(status) => write!(f, "it was answered {status}"),
            Self::Malformed => f.write_str("the answer is not one that can be read"),
            Self::Folder => f.write_str("the folder cannot be written to"),
            Self::Ours(code) => write!(f, "it could not be made here ({code})"),
        }
    }
}

impl Failure {
    /// The status of the answer, where there was one.
    #[must_use]
    pub const fn status(self) -> Option<i64> {
        match self {
            Self::Answer(status) => Some(status as i64),
            _ => None,
        }
    }
}

impl Hold {
    const NOBODY: Self = Self { holder: Id::new(0), until: Timestamp::from_micros(0) };
}

impl Progress {
    /// Nothing was given yet of what comes after `position`.
    #[must_use]
    pub const fn from(position: i64) -> Self {
        Self {
            position,
            parcels: 0,
            items: 0,
            failures: 0,
            next_try: Timestamp::from_micros(0),
            last_success: None,
            last_failure: None,
            hold: Hold::NOBODY,
        }
    }

    /// Whether `holder` may be at it now. A moment that lies further ahead than any is put was put by a clock that is wrong: it keeps
    /// nobody away, as nobody would know for how long. So two may be at it whose clocks are far apart.
    #[must_use]
    pub fn is_open_to(&self, holder: Id<Hold>, now: Timestamp) -> bool {
        let is_over = |moment: Timestamp, seconds: i64| moment <= now || moment > now.minus_seconds(-seconds);
        let is_free = self.hold.holder == holder || is_over(self.hold.until, HELD_SECONDS);
        is_free && is_over(self.next_try, BACKOFF_SECONDS_MAX)
    }

    /// `holder` is at it.
    #[must_use]
    pub fn held(self, holder: Id<Hold>, now: Timestamp) -> Self {
        Self { hold: Hold { holder, until: now.minus_seconds(-HELD_SECONDS) }, ..self }
    }

    /// A parcel of so many was taken, which reaches up to `position`. Nobody is at it any more, unless it goes on.
    #[must_use]
    pub fn taken(self, position: i64, items: i64, now: Timestamp, goes_on: bool) -> Self {
        let taken = Self {
            position,
            parcels: self.parcels + 1,
            items: self.items + items,
            failures: 0,
            next_try: now,
            last_success: Some(now),
            ..self
        };
        let holder = taken.hold.holder;
        if goes_on { taken.held(holder, now) } else { Self { hold: Hold::NOBODY, ..taken } }
    }

    /// There was nothing for whom it is up to `position`.
    #[must_use]
    pub fn passed(self, position: i64) -> Self {
        Self { position, ..self }
    }

    /// It was not taken. `retry_after` is what the answer asked for; `chance` keeps apart those that failed together.
    #[must_use]
    pub fn failed(self, failure: Failure, retry_after: Option<i64>, now: Timestamp, chance: u32) -> Self {
        let failures = self.failures.saturating_add(1);
        Self {
            failures,
            next_try: BACKOFF.next_try(failures, retry_after, now, chance),
            last_failure: Some(Failed { at: now, code: failure.code().to_owned(), status: failure.status() }),
            hold: Hold::NOBODY,
            ..self
        }
    }
}

/// How waits between tries grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// After the first failure in a row; each further one doubles it.
    pub seconds: i64,
    /// The longest.
    pub seconds_max: i64,
}

const BACKOFF: Backoff = Backoff { seconds: BACKOFF_SECONDS, seconds_max: BACKOFF_SECONDS_MAX };

impl Backoff {
    /// When it is tried again after so many failures in a row: chance takes up to a half of the wait. `retry_after` is what the
    /// answer asked for.
    #[must_use]
    pub fn next_try(self, failures: i64, retry_after: Option<i64>, now: Timestamp, chance: u32) -> Timestamp {
        let asked = retry_after.map_or(0, |seconds| seconds.clamp(0, self.seconds_max) * 1_000_000);
        Timestamp::from_micros(now.micros().saturating_add(self.wait_micros(failures, chance).max(asked)))
    }

    fn wait_micros(self, failures: i64, chance: u32) -> i64 {
        let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        let whole = (self.seconds << doublings).min(self.seconds_max) * 1_000_000;
        let (half, chance) = (i128::from(whole / 2), i128::from(chance >> 1));
        whole / 2 + i64::try_from(half * chance / i128::from(u32::MAX >> 1)).unwrap_or(whole / 2)
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
    fn tries_come_less_and_less_often_and_never_end() {
        let waits = |failures: i64, chance: u32| {
            let progress = Progress { failures: failures - 1, ..Progress::from(7) };
            let failed = progress.failed(Failure::Timeout, None, at(1_000), chance);
            assert_eq!((failed.failures, failed.position), (failures, 7));
            (failed.next_try.micros() - at(1_000).micros()) / 1_000
        };
        let check = |failures: i64, least: i64, most: i64| {
            assert_eq!((waits(failures, 0), waits(failures, u32::MAX)), (least, most), "{failures}");
        };
        check(1, 1_000, 2_000);
        check(2, 2_000, 4_000);
        check(3, 4_000, 8_000);
        check(9, 256_000, 512_000);
        check(10, 450_000, 900_000);
        check(11, 450_000, 900_000);
        check(1_000_000, 450_000, 900_000);
        check(i64::MAX, 450_000, 900_000);
    }

    #[test]
    fn what_the_answer_asks_for_is_heeded_within_bounds() {
        let check = |asked: i64, expected: i64| {
            let failed = Progress::from(0).failed(Failure::Answer(503), Some(asked), at(0), 0);
            assert_eq!(failed.next_try, at(expected), "{asked}");
        };
        check(60, 60);
        check(0, 1);
        check(-5, 1);
        check(86_400, BACKOFF_SECONDS_MAX);
    }

    #[test]
    fn one_is_at_it_and_others_wait_until_it_gives_no_sign() {
        let check = |progress: &Progress, who: Id<Hold>, seconds: i64, expected: bool| {
            assert_eq!(progress.is_open_to(who, at(seconds)), expected, "{progress:?} at {seconds}");
        };
        let held = Progress::from(0).held(ONE, at(1_000));
        check(&held, ONE, 1_000, true);
        check(&held, OTHER, 1_000, false);
        check(&held, OTHER, 1_000 + HELD_SECONDS - 1, false);
        check(&held, OTHER, 1_000 + HELD_SECONDS, true);
        // Whose clock is ahead by as long as it holds keeps nobody away, and nobody keeps it away.
        check(&held, OTHER, 1_001, false);
        check(&held, OTHER, 999, true);
        let behind = Progress::from(0).held(OTHER, at(1_000 - HELD_SECONDS));
        check(&behind, ONE, 1_000, true);
        let taken = held.clone().taken(9, 3, at(1_001), false);
        check(&taken, OTHER, 1_001, true);
        assert_eq!((taken.position, taken.parcels, taken.items), (9, 1, 3));
        check(&held.clone().taken(9, 3, at(1_001), true), OTHER, 1_001, false);
        let failed = held.failed(Failure::Unreachable, None, at(1_001), u32::MAX);
        for who in [ONE, OTHER] {
            check(&failed, who, 1_002, false);
            check(&failed, who, 1_003, true);
            check(&failed, who, 1_003 - BACKOFF_SECONDS_MAX - 1, true);
        }
        let again = failed.taken(9, 1, at(1_010), false);
        assert_eq!((again.failures, again.last_success), (0, Some(at(1_010))));
        assert!(again.last_failure.is_some(), "it is still told");
    }
}
