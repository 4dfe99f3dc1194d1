//! What becomes of a notice: when it is tried, who is at it, when it is given up. Pure.
//!
//! Whoever takes a notice puts its next try so far ahead that it has been told by then. So a process that is killed in the middle
//! leaves it to be taken again, and two that work at once never have the same one.

use crate::notice::Medium;
use crate::progress::{Backoff, Failed, Failure, HELD_SECONDS, Hold};
use kernel::{Id, Refuse, Timestamp};

/// Waits between tries: 10 seconds, doubled each time up to four hours.
pub const BACKOFF: Backoff = Backoff { seconds: 10, seconds_max: 4 * 3_600 };
/// After so many tries nobody tries any more until an operator says so: with these waits that is after 39 to 78 hours, 58 in the
/// middle, so that a server that fell silent on a Friday night can mostly be mended on a Monday morning.
pub const TRIES_MAX: i64 = 30;

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeState {
    /// It is to be sent, not before [`NoticeProgress::at`].
    Waiting,
    /// It was taken by whoever carries it on, then.
    Sent,
    /// It was given up, then: an operator looks at it.
    Dead,
}

impl NoticeState {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Dead];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
}

/// What became of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeProgress {
    /// By what it is to be sent, or was.
    pub medium: Medium,
    /// Where it stands.
    pub state: NoticeState,
    /// When it is tried, or since when it stands there.
    pub at: Timestamp,
    /// How often it was begun to be sent, since it was recorded or an operator said that it is to be tried again.
    pub tries: i64,
    /// Which process took it last.
    pub holder: Id<Hold>,
    /// The last failure.
    pub last_failure: Option<Failed>,
}

impl NoticeProgress {
    /// It is to be sent now.
    #[must_use]
    pub const fn new(medium: Medium, now: Timestamp) -> Self {
        Self { medium, state: NoticeState::Waiting, at: now, tries: 0, holder: Id::new(0), last_failure: None }
    }

    /// `holder` sends it now; none if it is not due.
    #[must_use]
    pub fn taken(self, holder: Id<Hold>, now: Timestamp) -> Option<Self> {
        let is_due = self.state == NoticeState::Waiting && self.at <= now;
        is_due.then(|| Self { at: now.minus_seconds(-HELD_SECONDS), tries: self.tries + 1, holder, ..self })
    }

    /// It was sent, by whoever it was; none if that is known.
    #[must_use]
    pub fn sent(self, now: Timestamp) -> Option<Self> {
        (self.state != NoticeState::Sent).then_some(Self { state: NoticeState::Sent, at: now, ..self })
    }

    /// `holder` did not get rid of it; none if somebody else has taken it meanwhile, or it was told. `chance` keeps apart those that
    /// failed together. Whoever turns out to have no box gets it on paper.
    #[must_use]
    pub fn failed(
        self,
        holder: Id<Hold>,
        failure: Failure,
        retry_after: Option<i64>,
        now: Timestamp,
        chance: u32,
    ) -> Option<Self> {
        if self.state != NoticeState::Waiting || self.holder != holder {
            return None;
        }
        let last_failure = Some(Failed { at: now, code: failure.code().to_owned(), status: failure.status() });
        if (self.medium, failure) == (Medium::DigitalPost, NO_BOX) {
            return Some(Self { last_failure, ..Self::new(Medium::Letter, now) });
        }
        let is_over = is_final(self.medium, failure) || self.tries >= TRIES_MAX;
        let (state, at) = match is_over {
            true => (NoticeState::Dead, now),
            false => (NoticeState::Waiting, BACKOFF.next_try(self.tries, retry_after, now, chance)),
        };
        Some(Self { state, at, last_failure, ..self })
    }

    /// It is tried again from the beginning; none if it was sent.
    #[must_use]
    pub fn again(self, now: Timestamp) -> Option<Self> {
        let is_open = self.state != NoticeState::Sent;
        // Whoever is at it still cannot say of the new tries that they failed.
        is_open.then_some(Self { state: NoticeState::Waiting, at: now, tries: 0, holder: Id::new(0), ..self })
    }
}

/// Whether trying again is of no use: what carries it on said of this one, not of all, that it never takes it.
#[must_use]
pub fn is_final(medium: Medium, failure: Failure) -> bool {
    match (medium, failure) {
        // No such box, moved, no such name, no such host (RFC 5321 §4.2.3, RFC 7504). Others are said of us rather than of the
        // recipient, or of a day.
        (Medium::Email, Failure::Answer(status)) => matches!(status, 550 | 551 | 553 | 556),
        (Medium::DigitalPost | Medium::Sms, Failure::Answer(status)) => matches!(status, 400 | 410 | 422),
        (_, Failure::Ours(code)) => code == UNWRITABLE,
        _ => false,
    }
}

/// What Digital Post says of a box that is not there.
const NO_BOX: Failure = Failure::Answer(410);

/// The code of a notice that cannot be written for its recipient.
pub const UNWRITABLE: &str = "notice.unwritable";

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Id<Hold> = Id::new(1);
    const OTHER: Id<Hold> = Id::new(2);

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn fails(progress: NoticeProgress, failure: Failure, now: i64, chance: u32) -> NoticeProgress {
        progress.failed(ONE, failure, None, at(now), chance).unwrap()
    }

    #[test]
    fn one_has_it_and_whoever_is_killed_leaves_it_to_others() {
        let new = NoticeProgress::new(Medium::Sms, at(1_000));
        assert_eq!(new.clone().taken(ONE, at(999)), None);
        let taken = new.taken(ONE, at(1_000)).unwrap();
        assert_eq!((taken.tries, taken.holder), (1, ONE));
        assert_eq!(taken.clone().taken(OTHER, at(1_000 + HELD_SECONDS - 1)), None);
        let over = taken.clone().taken(OTHER, at(1_000 + HELD_SECONDS)).unwrap();
        assert_eq!((over.tries, over.holder), (2, OTHER));
        // The slow one says at last what became of it: that it failed is not its to say any more, that it was sent is.
        assert_eq!(over.clone().failed(ONE, Failure::Timeout, None, at(1_200), 0), None);
        let sent = over.sent(at(1_200)).unwrap();
        assert_eq!((sent.state, sent.at), (NoticeState::Sent, at(1_200)));
        assert_eq!(sent.clone().taken(ONE, at(9_000)), None);
        assert_eq!(sent.clone().sent(at(9_000)), None);
        assert_eq!(sent.clone().again(at(9_000)), None);
        assert_eq!(sent.failed(OTHER, Failure::Timeout, None, at(9_000), 0), None);
    }

    #[test]
    fn tries_come_less_and_less_often_and_end_after_days() {
        for (chance, least_hours, most_hours) in [(0, 36, 48), (u32::MAX, 72, 84)] {
            let (mut progress, mut now, mut waits) = (NoticeProgress::new(Medium::Sms, at(0)), 0, Vec::new());
            while progress.state == NoticeState::Waiting {
                progress = fails(progress.taken(ONE, at(now)).unwrap(), Failure::Unreachable, now, chance);
                waits.push(progress.at.micros() / 1_000_000 - now);
                now = progress.at.micros() / 1_000_000;
            }
            assert_eq!(waits.pop(), Some(0), "it is dead at once when it fails for the last time");
            assert_eq!((progress.state, progress.tries, waits.len()), (NoticeState::Dead, 30, 29));
            assert!(waits.is_sorted(), "{waits:?}");
            assert_eq!(waits[0], if chance == 0 { 5 } else { 10 });
            assert!((least_hours..=most_hours).contains(&(now / 3_600)), "{now}");
            assert_eq!(progress.last_failure.as_ref().map(|failed| failed.code.as_str()), Some("delivery.unreachable"));
            assert_eq!(progress.clone().taken(ONE, at(now + 1_000_000)), None);
            let again = progress.again(at(now)).unwrap();
            assert_eq!((again.state, again.tries), (NoticeState::Waiting, 0));
            assert!(again.last_failure.is_some(), "it is still told");
            assert!(again.taken(OTHER, at(now)).is_some());
        }
    }

    #[test]
    fn what_the_answer_asks_for_is_heeded_within_bounds() {
        let check = |asked: i64, expected: i64| {
            let taken = NoticeProgress::new(Medium::Sms, at(0)).taken(ONE, at(0)).unwrap();
            let failed = taken.failed(ONE, Failure::Answer(503), Some(asked), at(0), 0).unwrap();
            assert_eq!(failed.at, at(expected), "{asked}");
        };
        check(0, 5);
        check(60, 60);
        check(-5, 5);
        check(86_400, BACKOFF.seconds_max);
    }

    #[test]
    fn whoever_has_no_box_gets_it_on_paper() {
        let taken = NoticeProgress::new(Medium::DigitalPost, at(0)).taken(ONE, at(0)).unwrap();
        let failed = taken.failed(ONE, NO_BOX, None, at(1), 0).unwrap();
        assert_eq!(
            (failed.medium, failed.state, failed.at, failed.tries),
            (Medium::Letter, NoticeState::Waiting, at(1), 0)
        );
        assert_eq!(failed.last_failure.as_ref().and_then(|failed| failed.status), Some(410), "it is still told why");
        let again =
            failed.taken(OTHER, at(1)).unwrap().failed(OTHER, Failure::Ours(UNWRITABLE), None, at(2), 0).unwrap();
        assert_eq!((again.medium, again.state), (Medium::Letter, NoticeState::Dead));
    }

    #[test]
    fn what_will_never_be_taken_is_given_up_at_once() {
        let check = |medium: Medium, failure: Failure, expected: bool| {
            let taken = NoticeProgress::new(medium, at(0)).taken(ONE, at(0)).unwrap();
            let failed = taken.failed(ONE, failure, None, at(0), 0).unwrap();
            assert_eq!(failed.state == NoticeState::Dead, expected, "{medium:?} {failure:?}");
        };
        for status in [550, 551, 553, 556] {
            check(Medium::Email, Failure::Answer(status), true);
            check(Medium::Sms, Failure::Answer(status), false);
        }
        for status in [400, 410, 422] {
            check(Medium::Sms, Failure::Answer(status), true);
            // Whoever has no box is written to.
            check(Medium::DigitalPost, Failure::Answer(status), status != 410);
            check(Medium::Email, Failure::Answer(status), false);
        }
        for status in [302, 401, 403, 404, 421, 429, 450, 451, 452, 500, 503, 530, 535, 554] {
            for medium in Medium::ALL {
                check(medium, Failure::Answer(status), false);
            }
        }
        for medium in Medium::ALL {
            check(medium, Failure::Ours(UNWRITABLE), true);
            check(medium, Failure::Ours("failure"), false);
            check(medium, Failure::Encryption, false);
            check(medium, Failure::Folder, false);
        }
    }
}
