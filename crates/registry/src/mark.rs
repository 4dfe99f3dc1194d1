//! Marks: an account of which an agreed suspicion report says that it takes in what was stolen, for some months (NK-24). Pure.
//!
//! A mark is two people's decision about one account, on the ground of a report that a third agreed to. While it stands, nobody has the
//! account designated unless an officer has looked, whichever controls are in force; and payments to it are held. It ends by itself on
//! its last day, by two people's decision, or because an officer who had no part in it lifts it when its owner appeals.

use crate::account;
use crate::motion::{Motion, MotionRefusal};
use crate::officer::{Silent, Unfit};
use crate::suspicion::{Finding, Reason, State as Reported, Suspicion};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::{Blind, Id, Refusal, Refuse, Timestamp};
use std::collections::BTreeSet;
use std::fmt;

/// How far ahead a mark ends, at most. A new decision prolongs it.
pub const MARK_MONTHS_MAX: i32 = 6;
/// As many marks stand at a time, at most: payments are held against all of them, in memory.
pub const MARKS_MAX: i64 = 100_000;
/// So often does one payee appeal against one mark, at most.
pub const APPEALS_MAX: usize = 5;

/// Marks ids of versions of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkVersion;

/// What counts of an account's mark where the account is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Since when it is as it is.
    pub since: Timestamp,
    /// The last day on which it stands.
    pub until: Date,
}

impl Marked {
    /// Whether it stands at a moment, where nobody has ended it.
    #[must_use]
    pub fn stands(&self, now: Timestamp) -> bool {
        copenhagen_date(now.to_jiff()) <= self.until
    }
}

/// What two people decide about marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkChange {
    /// The account of a report is marked, or its mark prolonged.
    Set {
        /// The report that was agreed to.
        suspicion: Id<Suspicion>,
        /// The last day on which the mark stands.
        until: Date,
    },
    /// A mark ends before its day.
    End {
        /// The mark.
        mark: Id<Motion>,
    },
}

/// A mark as it stands, or stood last.
#[derive(Clone, PartialEq, Eq)]
pub struct Mark {
    /// The motion by which it came first, which it is known by.
    pub id: Id<Motion>,
    /// This version.
    pub version: Id<MarkVersion>,
    /// The motion by which this version came; none where an officer lifted it on appeal.
    pub motion: Option<Id<Motion>>,
    /// When this version came.
    pub at: Timestamp,
    /// Whether it was ended.
    pub is_ended: bool,
    /// The last day on which it stands.
    pub until: Date,
    /// What is suspected of the account.
    pub reason: Reason,
    /// The report.
    pub suspicion: Id<Suspicion>,
    /// The account.
    pub account: Account,
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, is_ended, until, reason, .. } = self;
        f.debug_struct("Mark")
            .field("id", id)
            .field("is_ended", is_ended)
            .field("until", until)
            .field("reason", reason)
            .finish_non_exhaustive()
    }
}

impl Mark {
    /// Where it stands: `in_force`, `expired`, `ended`.
    #[must_use]
    pub fn state(&self, today: Date) -> &'static str {
        match () {
            () if self.is_ended => "ended",
            () if today <= self.until => "in_force",
            () => "expired",
        }
    }

    /// Whether it counts.
    #[must_use]
    pub fn stands(&self, today: Date) -> bool {
        !self.is_ended && today <= self.until
    }

    /// The account as it is known by its owner, and of no use to others.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.account)
    }
}

/// An account without its middle.
#[must_use]
pub fn masked(account: &Account) -> String {
    let text = account::canonical(account);
    let begin = if matches!(account, Account::Danish(_)) { 5 } else { 4 };
    let end = text.len().saturating_sub(4).max(begin);
    format!("{}{}{}", &text[..begin], "*".repeat(end - begin), &text[end..])
}

/// What a change of a mark is decided from.
#[derive(Clone, Debug)]
pub struct Known {
    /// Of the report that is named: where it stands, of what it suspects the account, and the account if it names one.
    pub report: Option<(Reported, Reason, Option<Account>)>,
    /// Who made that report, as the journal names them: they do not approve what follows from it.
    pub reported_by: Option<String>,
    /// The newest version of the mark of that account, or of the mark that is named.
    pub newest: Option<Mark>,
    /// Whether as many marks stand as can.
    pub is_full: bool,
}

impl MarkChange {
    /// Refuses what cannot be, or is so already.
    ///
    /// # Errors
    /// [`MarkRefusal`], [`MotionRefusal::Nothing`].
    pub fn check(&self, known: &Known, today: Date) -> Result<(), Refusal> {
        match self {
            Self::Set { until, .. } => {
                let Some((state, _, account)) = &known.report else { return Err(MarkRefusal::Report.into()) };
                if state.finding() != Some(Finding::Confirmed) {
                    return Err(MarkRefusal::NotAgreed.into());
                }
                if account.is_none() {
                    return Err(MarkRefusal::NoAccount.into());
                }
                let last = today.saturating_add(MARK_MONTHS_MAX.months());
                if !(today..=last).contains(until) {
                    return Err(MarkRefusal::Until.into());
                }
                match known.newest.as_ref().filter(|newest| newest.stands(today)) {
                    Some(standing) if standing.until == *until => Err(MotionRefusal::Nothing.into()),
                    Some(_) => Ok(()),
                    None if known.is_full => Err(MarkRefusal::TooMany.into()),
                    None => Ok(()),
                }
            }
            Self::End { .. } => match &known.newest {
                None => Err(MarkRefusal::Unknown.into()),
                Some(newest) if !newest.stands(today) => Err(MotionRefusal::Nothing.into()),
                Some(_) => Ok(()),
            },
        }
    }

    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Set { suspicion, until } => format!("set\n{}\n{until}", suspicion.name()),
            Self::End { mark } => format!("end\n{}", mark.name()),
        }
    }

    /// Reads what [`MarkChange::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.splitn(3, '\n');
        match (lines.next()?, lines.next()?, lines.next()) {
            ("set", suspicion, Some(until)) => {
                Some(Self::Set { suspicion: Id::parse_name(suspicion)?, until: until.parse().ok()? })
            }
            ("end", mark, None) => Some(Self::End { mark: Id::parse_name(mark)? }),
            _ => None,
        }
    }
}

/// What was done about a mark by or for the account's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppealAct {
    /// The owner does not agree.
    Appealed,
    /// An officer says that it stays.
    Upheld,
    /// An officer has taken it away.
    Lifted,
}

impl AppealAct {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Appealed, "appealed"), (Self::Upheld, "upheld"), (Self::Lifted, "lifted")];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(act, _)| act.code() == code).map(|(act, _)| *act)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// One of these acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Which appeal against the mark it is, or is about: they count from 1, in the order in which they were made.
    pub number: usize,
    /// What was done.
    pub kind: AppealAct,
    /// Whose appeal it is; none where the account was never designated for whoever appeals.
    pub payee: Option<Blind>,
    /// When.
    pub at: Timestamp,
    /// By whom, as the journal names them.
    pub by: String,
    /// Why, in their words.
    pub why: String,
}

/// Refuses a payee's appeal against what does not stand, while another one of theirs waits, or after too many of theirs. What others
/// have done about it takes nothing from them: the thief may be one of them.
///
/// # Errors
/// [`MarkRefusal`].
pub fn require_appealable(mark: &Mark, acts: &[Act], payee: Option<&Blind>, today: Date) -> Result<(), MarkRefusal> {
    if !mark.stands(today) {
        return Err(MarkRefusal::Ended);
    }
    let theirs = || acts.iter().filter(|act| act.payee.as_ref() == payee);
    let waits = theirs().next_back().is_some_and(|act| act.kind == AppealAct::Appealed);
    let appeals = theirs().filter(|act| act.kind == AppealAct::Appealed).count();
    if waits || appeals >= APPEALS_MAX { Err(MarkRefusal::Appealed) } else { Ok(()) }
}

/// The numbers of the appeals among some acts, in order, that none of them decides about. Whoever lifts a mark has decided about all.
#[must_use]
pub fn waiting(acts: &[Act]) -> BTreeSet<usize> {
    let mut waits = BTreeSet::new();
    for Act { kind, number, .. } in acts {
        match kind {
            AppealAct::Appealed => drop(waits.insert(*number)),
            AppealAct::Upheld => drop(waits.remove(number)),
            AppealAct::Lifted => waits.clear(),
        }
    }
    waits
}

/// Where the appeals of some acts, in order, stand together: one that waits counts, else what was done last.
#[must_use]
pub fn stands(acts: &[Act]) -> Option<AppealAct> {
    let waits = !waiting(acts).is_empty();
    acts.last().map(|last| if waits { AppealAct::Appealed } else { last.kind })
}

/// The appeal that is decided about: the only one of those that wait and can be meant.
///
/// # Errors
/// [`MarkRefusal::NotAppealed`], [`MarkRefusal::Which`].
pub fn decided(waiting: &[Act]) -> Result<&Act, MarkRefusal> {
    match waiting {
        [] => Err(MarkRefusal::NotAppealed),
        [appeal] => Ok(appeal),
        _ => Err(MarkRefusal::Which),
    }
}

/// Why something about a mark was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRefusal {
    /// There is none of that name, or it is nothing to whoever asks.
    Unknown,
    /// There is no such report.
    Report,
    /// Nobody has agreed to the report.
    NotAgreed,
    /// The report names no account.
    NoAccount,
    /// It ends too late, or has already.
    Until,
    /// As many stand as can.
    TooMany,
    /// It does not stand any more.
    Ended,
    /// An appeal waits, or there were too many.
    Appealed,
    /// Nobody has appealed.
    NotAppealed,
    /// Several have, and it is not said whose appeal is decided about.
    Which,
    /// Who decides has no name.
    Officer,
    /// Who decides had a part in it.
    Own,
    /// Nobody said why.
    Why,
}

impl From<Unfit> for MarkRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

impl From<Silent> for MarkRefusal {
    fn from(_: Silent) -> Self {
        Self::Why
    }
}

impl Refuse for MarkRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "mark.unknown",
            Self::Report => "mark.report",
            Self::NotAgreed => "mark.not_agreed",
            Self::NoAccount => "mark.no_account",
            Self::Until => "mark.until",
            Self::TooMany => "mark.too_many",
            Self::Ended => "mark.ended",
            Self::Appealed => "mark.appealed",
            Self::NotAppealed => "mark.not_appealed",
            Self::Which => "mark.which",
            Self::Officer => "mark.officer",
            Self::Own => "mark.own",
            Self::Why => "mark.why",
        }
    }
}

impl fmt::Display for MarkRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no mark of that name"),
            Self::Report => f.write_str("there is no suspicion report of that name"),
            Self::NotAgreed => f.write_str("only a report that was closed as confirmed leaves a mark"),
            Self::NoAccount => f.write_str("the report names no account that could be marked"),
            Self::Until => {
                write!(f, "a mark ends today at the earliest, and {MARK_MONTHS_MAX} months from now at the latest")
            }
            Self::TooMany => write!(f, "{MARKS_MAX} marks stand: end some first"),
            Self::Ended => f.write_str("the mark stands no more"),
            Self::Appealed => {
                write!(f, "an appeal of theirs waits to be decided about, or they appealed {APPEALS_MAX} times")
            }
            Self::NotAppealed => {
                f.write_str("no appeal waits: what is to end without one is proposed by one and approved by another")
            }
            Self::Which => f.write_str("several appeals wait: say by its number which is decided about"),
            Self::Officer => f.write_str("this is for an operator with a name: say --as"),
            Self::Own => {
                f.write_str("who proposed or approved the mark, or appealed, does not decide about the appeal")
            }
            Self::Why => f.write_str("say why, in 1 to 500 characters on one line"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 11, 23);

    fn mark(is_ended: bool, until: Date) -> Mark {
        Mark {
            id: Id::new(1),
            version: Id::new(2),
            motion: Some(Id::new(1)),
            at: Timestamp::from_micros(0),
            is_ended,
            until,
            reason: Reason::Mule,
            suspicion: Id::new(3),
            account: Account::parse("0040-0440116243").unwrap(),
        }
    }

    #[test]
    fn a_mark_stands_on_an_agreed_report_and_has_an_end() {
        let agreed = Reported::Closed(Finding::Confirmed);
        let check =
            |state: Option<Reported>, has_account: bool, newest: Option<Mark>, until: Date, expected: Option<&str>| {
                let account = has_account.then(|| mark(false, until).account);
                let report = state.map(|state| (state, Reason::Mule, account));
                let known = Known { report, reported_by: None, newest, is_full: false };
                let change = MarkChange::Set { suspicion: Id::new(3), until };
                let refused = change.check(&known, TODAY).err().map(|refusal| refusal.code);
                assert_eq!(refused, expected, "{known:?} {until}");
            };
        let later = date(2027, 1, 1);
        check(Some(agreed), true, None, later, None);
        check(None, true, None, later, Some("mark.report"));
        for state in [
            Reported::Open,
            Reported::Acknowledged,
            Reported::Closed(Finding::Unfounded),
            Reported::Closed(Finding::Misunderstanding),
        ] {
            check(Some(state), true, None, later, Some("mark.not_agreed"));
        }
        check(Some(agreed), false, None, later, Some("mark.no_account"));
        check(Some(agreed), true, None, TODAY, None);
        check(Some(agreed), true, None, date(2026, 11, 22), Some("mark.until"));
        check(Some(agreed), true, None, date(2027, 5, 23), None);
        check(Some(agreed), true, None, date(2027, 5, 24), Some("mark.until"));
        check(Some(agreed), true, Some(mark(false, later)), later, Some("motion.nothing"));
        check(Some(agreed), true, Some(mark(false, later)), date(2027, 2, 1), None);
        check(Some(agreed), true, Some(mark(true, later)), later, None);
        let full = Known {
            reported_by: None,
            report: Some((agreed, Reason::Mule, Some(mark(false, later).account))),
            newest: None,
            is_full: true,
        };
        let change = MarkChange::Set { suspicion: Id::new(3), until: later };
        assert_eq!(change.check(&full, TODAY).unwrap_err().code, "mark.too_many");
        let prolonged = Known { newest: Some(mark(false, TODAY)), ..full };
        assert!(change.check(&prolonged, TODAY).is_ok());
    }

    #[test]
    fn what_stands_can_be_ended_and_counts_through_its_last_day() {
        let check = |newest: Option<Mark>, state: &str, expected: Option<&str>| {
            assert_eq!(newest.as_ref().map_or("", |mark| mark.state(TODAY)), state);
            let known = Known { report: None, reported_by: None, newest, is_full: true };
            let refused = MarkChange::End { mark: Id::new(1) }.check(&known, TODAY).err();
            assert_eq!(refused.map(|refusal| refusal.code), expected, "{known:?}");
        };
        check(None, "", Some("mark.unknown"));
        check(Some(mark(false, TODAY)), "in_force", None);
        check(Some(mark(false, date(2026, 11, 22))), "expired", Some("motion.nothing"));
        check(Some(mark(true, TODAY)), "ended", Some("motion.nothing"));
    }

    #[test]
    fn one_appeal_at_a_time_and_not_for_ever() {
        use AppealAct::{Appealed, Lifted, Upheld};
        let check = |mark: Mark, acts: &[AppealAct], expected: Option<&str>| {
            let acts: Vec<Act> = acts.iter().map(|kind| act(*kind, 1, 1)).collect();
            let refused = |payee: u8| require_appealable(&mark, &acts, Some(&of(payee)), TODAY).err();
            assert_eq!(refused(1).map(|refusal| refusal.code()), expected, "{acts:?}");
            // Nobody else loses anything by it.
            let others = if mark.stands(TODAY) { None } else { Some(MarkRefusal::Ended) };
            assert_eq!(refused(2), others, "{acts:?}");
        };
        check(mark(false, TODAY), &[], None);
        check(mark(false, TODAY), &[Appealed], Some("mark.appealed"));
        check(mark(false, TODAY), &[Appealed, Upheld], None);
        check(mark(false, TODAY), &[Appealed, Upheld].repeat(4), None);
        check(mark(false, TODAY), &[Appealed, Upheld].repeat(5), Some("mark.appealed"));
        check(mark(true, TODAY), &[], Some("mark.ended"));
        check(mark(false, date(2026, 11, 22)), &[], Some("mark.ended"));
        for kind in [Appealed, Upheld, Lifted] {
            assert_eq!(AppealAct::from_code(kind.code()), Some(kind));
        }
        assert_eq!(AppealAct::from_code(3), None);
    }

    fn of(payee: u8) -> Blind {
        Blind::from_bytes([payee; 16])
    }

    /// By a payee; 0 by somebody who never had the account.
    fn act(kind: AppealAct, payee: u8, number: usize) -> Act {
        let (at, by, why) = (Timestamp::from_micros(1), "citizen:a".to_owned(), "no".to_owned());
        Act { number, kind, payee: (payee > 0).then(|| of(payee)), at, by, why }
    }

    #[test]
    fn an_appeal_waits_until_it_is_decided_about() {
        use AppealAct::{Appealed, Lifted, Upheld};
        let check =
            |acts: &[(AppealAct, usize)], together: Option<AppealAct>, waits: &[usize], only: Result<usize, &str>| {
                let acts: Vec<Act> = acts.iter().map(|(kind, number)| act(*kind, 1, *number)).collect();
                let waiting = waiting(&acts);
                assert_eq!(stands(&acts), together, "{acts:?}");
                assert_eq!(waiting.iter().copied().collect::<Vec<_>>(), waits, "{acts:?}");
                let meant: Vec<Act> = waiting.into_iter().map(|number| act(Appealed, 1, number)).collect();
                let found = decided(&meant).map(|appeal| appeal.number);
                assert_eq!(found.map_err(|refusal| refusal.code()), only, "{acts:?}");
            };
        check(&[], None, &[], Err("mark.not_appealed"));
        check(&[(Appealed, 1)], Some(Appealed), &[1], Ok(1));
        check(&[(Appealed, 1), (Upheld, 1)], Some(Upheld), &[], Err("mark.not_appealed"));
        check(&[(Appealed, 1), (Appealed, 2)], Some(Appealed), &[1, 2], Err("mark.which"));
        check(&[(Appealed, 1), (Appealed, 2), (Upheld, 1)], Some(Appealed), &[2], Ok(2));
        check(&[(Appealed, 1), (Appealed, 2), (Upheld, 1), (Appealed, 3)], Some(Appealed), &[2, 3], Err("mark.which"));
        // It is lifted for all.
        check(&[(Appealed, 1), (Appealed, 2), (Lifted, 2)], Some(Lifted), &[], Err("mark.not_appealed"));
        // Of one whose appeal is not among them, there is none.
        check(&[(Lifted, 1), (Appealed, 2)], Some(Appealed), &[2], Ok(2));
    }

    #[test]
    fn what_is_proposed_reads_back_and_nothing_shows_the_account() {
        for change in [MarkChange::Set { suspicion: Id::new(77), until: TODAY }, MarkChange::End { mark: Id::new(78) }]
        {
            assert_eq!(MarkChange::from_text(&change.to_text()), Some(change));
        }
        for wrong in
            ["", "set", "set\n0000000000000", "end", "end\nx", "set\n0000000000000\nsoon", "end\n0000000000001\nx"]
        {
            assert_eq!(MarkChange::from_text(wrong), None, "{wrong}");
        }
        assert_eq!(mark(false, TODAY).masked(), "0040-******6243");
        assert_eq!(masked(&Account::parse("DE89370400440532013000").unwrap()), "DE89**************3000");
        assert!(!format!("{:?}", mark(false, TODAY)).contains("6243"));
    }
}
