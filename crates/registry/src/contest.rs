//! Contests: the times during which a payee may be somebody's victim, so that nothing that was asked for takes effect. Pure.

use kernel::Timestamp;

/// What became of a payee's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// They are contested.
    Begun,
    /// It was none: all goes on as if nobody had said so.
    LetGo,
    /// The payee was a victim: what was asked for until then may be the thief's.
    Taken,
}

impl Turn {
    const ALL: [Self; 3] = [Self::Begun, Self::LetGo, Self::Taken];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|turn| turn.code() == code)
    }
}

/// A time during which a payee's accounts were contested, or are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contest {
    begun: Timestamp,
    ended: Option<(Turn, Timestamp)>,
}

/// Those of one payee, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contests(Vec<Contest>);

impl Contests {
    /// Of turns in their order.
    #[must_use]
    pub fn of(turns: impl IntoIterator<Item = (Turn, Timestamp)>) -> Self {
        let mut all: Vec<Contest> = Vec::new();
        for (turn, at) in turns {
            match all.last_mut().filter(|last| last.ended.is_none()) {
                None if turn == Turn::Begun => all.push(Contest { begun: at, ended: None }),
                Some(last) if turn != Turn::Begun => last.ended = Some((turn, at)),
                _ => {}
            }
        }
        Self(all)
    }

    /// Since when accounts are contested, if they are.
    #[must_use]
    pub fn open(&self) -> Option<Timestamp> {
        self.0.last().filter(|last| last.ended.is_none()).map(|last| last.begun)
    }

    /// When the payee was last found to be a victim, and since when accounts had been contested then.
    #[must_use]
    pub fn taken(&self) -> Option<(Timestamp, Timestamp)> {
        self.0.iter().rev().find_map(|contest| match contest.ended {
            Some((Turn::Taken, at)) => Some((contest.begun, at)),
            _ => None,
        })
    }

    /// Whether accounts were contested at a moment.
    #[must_use]
    pub fn holds_at(&self, at: Timestamp) -> bool {
        self.0.iter().any(|contest| contest.begun <= at && contest.ended.is_none_or(|(_, ended)| at < ended))
    }

    /// Whether accounts that were contested at a moment have been let go since.
    #[must_use]
    pub fn is_let_go(&self, at: Timestamp) -> bool {
        let of_it = self.0.iter().rev().find(|contest| contest.begun <= at);
        of_it.is_some_and(|contest| matches!(contest.ended, Some((Turn::LetGo, _))))
    }

    /// The end of a term: it stands still while accounts are contested, and goes on afterwards.
    #[must_use]
    pub fn put_off(&self, began: Timestamp, end: Timestamp, now: Timestamp) -> Timestamp {
        self.0.iter().fold(end, |end, contest| {
            let (from, until) = (contest.begun.max(began), contest.ended.map_or(now, |(_, at)| at));
            let stood = until.micros().saturating_sub(from.micros());
            // What had run out before goes on no more.
            if from < end && stood > 0 { Timestamp::from_micros(end.micros().saturating_add(stood)) } else { end }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Turn::{Begun, LetGo, Taken};

    fn contests(turns: &[(Turn, i64)]) -> Contests {
        Contests::of(turns.iter().map(|(turn, at)| (*turn, Timestamp::from_micros(*at))))
    }

    #[test]
    fn a_term_stands_still_while_accounts_are_contested() {
        let check = |turns: &[(Turn, i64)], (began, end, now): (i64, i64, i64), expected: i64| {
            let at = Timestamp::from_micros;
            assert_eq!(contests(turns).put_off(at(began), at(end), at(now)).micros(), expected, "{turns:?} at {now}");
        };
        check(&[], (0, 60, 100), 60);
        check(&[(Begun, 10)], (0, 60, 10), 60);
        check(&[(Begun, 10)], (0, 60, 100), 150);
        check(&[(Begun, 10), (LetGo, 30)], (0, 60, 100), 80);
        check(&[(Begun, 10), (Taken, 30)], (0, 60, 100), 80);
        // What began while they were, and after that.
        check(&[(Begun, 10), (LetGo, 30)], (20, 80, 100), 90);
        check(&[(Begun, 10), (LetGo, 30)], (40, 100, 100), 100);
        // It had run out before; and had not, as it stood still once already.
        check(&[(Begun, 60), (LetGo, 80)], (0, 60, 100), 60);
        check(&[(Begun, 10), (LetGo, 30), (Begun, 70), (LetGo, 75)], (0, 60, 100), 85);
    }

    #[test]
    fn whether_they_are_follows_from_the_turns() {
        let check = |turns: &[(Turn, i64)], open: Option<i64>, taken: Option<(i64, i64)>| {
            let contests = contests(turns);
            let found = contests.taken().map(|(begun, at)| (begun.micros(), at.micros()));
            assert_eq!((contests.open().map(Timestamp::micros), found), (open, taken), "{turns:?}");
        };
        check(&[], None, None);
        check(&[(Begun, 1)], Some(1), None);
        check(&[(Begun, 1), (Begun, 2)], Some(1), None);
        check(&[(Begun, 1), (LetGo, 2)], None, None);
        check(&[(Begun, 1), (Taken, 2)], None, Some((1, 2)));
        check(&[(Begun, 1), (Taken, 2), (Begun, 3)], Some(3), Some((1, 2)));
        check(&[(Begun, 1), (Taken, 2), (Begun, 3), (LetGo, 4)], None, Some((1, 2)));
        check(&[(Taken, 2)], None, None);
        // Each account belongs to the contest that had begun last.
        let ended = contests(&[(Begun, 1), (Taken, 2), (Begun, 3), (LetGo, 4), (Begun, 5)]);
        let let_go: Vec<i64> = (0..7).filter(|at| ended.is_let_go(Timestamp::from_micros(*at))).collect();
        assert_eq!(let_go, [3, 4]);
        let held: Vec<i64> = (0..7).filter(|at| ended.holds_at(Timestamp::from_micros(*at))).collect();
        assert_eq!(held, [1, 3, 5, 6]);
        for turn in Turn::ALL {
            assert_eq!(Turn::from_code(turn.code()), Some(turn));
        }
        assert_eq!(Turn::from_code(3), None);
    }
}
