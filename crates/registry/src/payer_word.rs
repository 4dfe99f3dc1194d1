//! What the contact whom a payer has named is told of suspicion reports (NK-24). Pure.
//!
//! It is noted by the command that it tells of, in the same transaction, and told afterwards by a [notice](crate::notice): after any
//! crash, and once. Of what is alike a payer's contact is told once an hour at most, and then of all of it together, so that whoever reports
//! a thousand payments at once buries nobody.

use crate::life::in_force_from;
use crate::notice::NoticeKind;
use crate::payer::Payer;
use crate::suspicion::Suspicion;
use kernel::{Id, Timestamp};
use std::collections::BTreeMap;

/// They are reminded at the same time on the next banking day: a banking day before a report that nobody has looked at is overdue.
pub const REMINDED_BANKING_DAYS: u16 = 1;
/// So many seconds at least lie between two notices of one kind to one payer's contact.
pub const PERIOD_SECONDS: i64 = 3_600;

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayerWord {
    /// A report went to them.
    Routed,
    /// Nobody there has said yet that they look at it.
    Unanswered,
    /// The account of the report was marked, or its mark prolonged.
    Marked,
    /// That mark was taken away.
    MarkLifted,
}

impl PayerWord {
    /// All of them, with what tells it.
    pub const ALL: [(Self, NoticeKind); 4] = [
        (Self::Routed, NoticeKind::ReportRouted),
        (Self::Unanswered, NoticeKind::ReportUnanswered),
        (Self::Marked, NoticeKind::ReportMarked),
        (Self::MarkLifted, NoticeKind::ReportMarkLifted),
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(word, _)| word.code() == code).map(|(word, _)| *word)
    }

    /// What tells it.
    #[must_use]
    pub const fn kind(self) -> NoticeKind {
        Self::ALL[self as usize].1
    }

    /// When it is to be told that was noted at a moment.
    #[must_use]
    pub fn due(self, noted: Timestamp) -> Timestamp {
        match self {
            Self::Unanswered => in_force_from(noted, REMINDED_BANKING_DAYS),
            Self::Routed | Self::Marked | Self::MarkLifted => noted,
        }
    }
}

/// One thing that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Which.
    pub id: Id<Self>,
    /// Whose contact is told.
    pub payer: Id<Payer>,
    /// What.
    pub word: PayerWord,
    /// Of which report.
    pub suspicion: Id<Suspicion>,
}

/// What is told together: what is alike and for one payer, in the order in which it is given.
#[must_use]
pub fn together(noted: Vec<Noted>) -> Vec<Vec<Noted>> {
    let mut all: BTreeMap<_, Vec<Noted>> = BTreeMap::new();
    for one in noted {
        all.entry((one.payer.number(), one.word.code())).or_default().push(one);
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suspicion::State;

    #[test]
    fn they_are_reminded_before_it_is_overdue_and_told_of_all_else_at_once() {
        for noted in ["2026-11-20T15:00:00Z", "2026-11-21T08:00:00Z", "2026-12-23T15:00:00Z"] {
            let noted = Timestamp::parse(noted).unwrap();
            let reminded = PayerWord::Unanswered.due(noted);
            assert!(noted < reminded && reminded < State::Open.due(noted).unwrap(), "{noted}");
            for word in [PayerWord::Routed, PayerWord::Marked, PayerWord::MarkLifted] {
                assert_eq!(word.due(noted), noted);
            }
        }
        for (word, kind) in PayerWord::ALL {
            assert_eq!((PayerWord::from_code(word.code()), word.kind()), (Some(word), kind));
        }
        assert_eq!(PayerWord::from_code(4), None);
    }

    #[test]
    fn what_is_alike_and_one_payers_is_told_together() {
        let noted = |id, payer, word| Noted { id: Id::new(id), payer: Id::new(payer), word, suspicion: Id::new(id) };
        use PayerWord::{Marked, Routed};
        let all = vec![noted(1, 7, Routed), noted(2, 8, Routed), noted(3, 7, Marked), noted(4, 7, Routed)];
        let ids = |noted: Vec<Noted>| noted.into_iter().map(|noted| noted.id.number()).collect::<Vec<_>>();
        let groups: Vec<_> = together(all).into_iter().map(ids).collect();
        assert_eq!(groups, [vec![1, 4], vec![3], vec![2]]);
    }
}
