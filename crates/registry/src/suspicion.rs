//! Suspicion reports: what a bank, a payer, the police or our own review suspects, and what the authority that pays says to it
//! (NK-24). Pure.
//!
//! A report is somebody's word, and does nothing by itself: it holds no change and no payment. So one that was a misunderstanding, as that
//! of a bank in January 2019 (report § 2.1), leaves nothing that would have to be undone. What is agreed can lead to a
//! [mark](crate::mark), which two people decide about.
//!
//! Where a report stands follows from what was done about it. Nobody sets it.

use crate::life;
use crate::officer::{Silent, Unfit};
use crate::payer::Payer;
use denmark::Account;
use kernel::{Blind, Domain, Id, Refuse, Timestamp, Vault};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters in which somebody tells what they suspect.
pub const TEXT_CHARS_MAX: usize = 2000;
/// Somebody says that they look at it by the same time on the second banking day.
pub const ACKNOWLEDGED_BANKING_DAYS: u16 = 2;
/// And what they found within so many days, which was the agency's own limit for answers (report § 2.1).
pub const CLOSED_DAYS: i64 = 10;
/// As many reports of one bank or payer are open at a time, at most.
pub const OPEN_MAX: i64 = 1000;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What kind of thing is suspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A change of account, under way or made.
    Change,
    /// One payment.
    Payout,
    /// An account, whosoever has it.
    Account,
}

impl About {
    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Payout => "payout",
            Self::Account => "account",
        }
    }
}

/// What is suspected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Somebody else acted with the payee's identity.
    StolenIdentity,
    /// The payee says that they did not ask for it.
    NotThePayees,
    /// The account takes in what was stolen from others.
    Mule,
    /// A paper that was shown is false.
    ForgedEvidence,
    /// Somebody in office, or at a bank, took part in it.
    Insider,
    /// Something else, which the text tells.
    Other,
}

impl Reason {
    /// Every reason, with its name.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::StolenIdentity, "stolen_identity"),
        (Self::NotThePayees, "not_the_payees"),
        (Self::Mule, "mule"),
        (Self::ForgedEvidence, "forged_evidence"),
        (Self::Insider, "insider"),
        (Self::Other, "other"),
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(reason, _)| reason.code() == code).map(|(reason, _)| *reason)
    }

    /// As commands and answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Reads what [`Reason::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(reason, _)| *reason)
    }
}

/// Who suspects it: a house, whoever gives the command for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This bank.
    Bank(String),
    /// This payer.
    Payer(String),
    /// The police; an operator notes it.
    Police,
    /// The agency's own review.
    Review,
}

impl Source {
    /// As it is sealed, and commands say it: `bank:NAME`, `payer:NAME`, `police`, `review`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Bank(name) => format!("bank:{name}"),
            Self::Payer(name) => format!("payer:{name}"),
            Self::Police => "police".to_owned(),
            Self::Review => "review".to_owned(),
        }
    }

    /// Reads what [`Source::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("bank", name)) if !name.is_empty() => Some(Self::Bank(name.to_owned())),
            Some(("payer", name)) if !name.is_empty() => Some(Self::Payer(name.to_owned())),
            None if text == "police" => Some(Self::Police),
            None if text == "review" => Some(Self::Review),
            _ => None,
        }
    }

    /// The blind index under which its reports are found.
    #[must_use]
    pub fn key(&self, vault: &Vault) -> Blind {
        vault.blind(Domain("suspicion.source"), &self.name())
    }

    /// Whether it is another organisation, whose reports are bounded.
    #[must_use]
    pub const fn is_outside(&self) -> bool {
        matches!(self, Self::Bank(_) | Self::Payer(_))
    }
}

/// By what a suspected thing is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A proposal, by name.
    Proposal(String),
    /// The row of a history that a change made, by its place in the journal.
    Designation(i64),
    /// A payment: its batch, by name, and the payer's own id of it.
    Payout {
        /// The batch.
        batch: String,
        /// The end-to-end id.
        end_to_end_id: String,
    },
    /// Nothing but the account.
    Account,
}

impl Subject {
    /// What kind of thing it is.
    #[must_use]
    pub const fn about(&self) -> About {
        match self {
            Self::Proposal(_) | Self::Designation(_) => About::Change,
            Self::Payout { .. } => About::Payout,
            Self::Account => About::Account,
        }
    }
}

/// What was reported, as it is sealed. Not to be printed: it holds an account, and what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    /// Who suspects it.
    pub from: Source,
    /// Who reported it, as the journal names them.
    pub by: String,
    /// What.
    pub subject: Subject,
    /// The account that it is about, where there is one.
    pub account: Option<Account>,
    /// To whom at the paying authority it goes, by name; none where that is whoever is on duty at the agency.
    pub contact: Option<Contact>,
    /// In their own words.
    pub text: String,
}

/// To whom a report goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What they are called.
    pub name: String,
    /// Whether the payer has a caseworker, who answers here.
    pub has_caseworker: bool,
}

#[derive(Serialize, Deserialize)]
struct Written {
    from: String,
    by: String,
    subject: Subject,
    account: Option<String>,
    contact: Option<Contact>,
    text: String,
}

impl Report {
    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self { from, by, subject, account, contact, text } = self;
        let written = Written {
            from: from.name(),
            by: by.clone(),
            subject: subject.clone(),
            account: account.as_ref().map(crate::account::canonical),
            contact: contact.clone(),
            text: text.clone(),
        };
        serde_json::to_string(&written).expect("texts and numbers are JSON")
    }

    /// Reads what [`Report::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let Written { from, by, subject, account, contact, text } = serde_json::from_str(text).ok()?;
        let account = match account {
            None => None,
            Some(account) => Some(Account::parse(&account).ok()?),
        };
        Some(Self { from: Source::parse(&from)?, by, subject, account, contact, text })
    }
}

/// A report.
#[derive(Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// Its id.
    pub id: Id<Self>,
    /// When it was recorded.
    pub at: Timestamp,
    /// To whose payer it was routed; none where that is the agency.
    pub payer: Option<Id<Payer>>,
    /// The payee whom it is about, where it is about one.
    pub payee: Option<Blind>,
    /// What is suspected.
    pub reason: Reason,
    /// What was reported.
    pub report: Report,
}

/// What somebody found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as was suspected.
    Confirmed,
    /// There is nothing to it.
    Unfounded,
    /// Somebody misunderstood something: there was never a reason.
    Misunderstanding,
}

impl Finding {
    /// Every finding, with its name.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Confirmed, "confirmed"), (Self::Unfounded, "unfounded"), (Self::Misunderstanding, "misunderstanding")];

    /// As commands and answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Reads what [`Finding::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(finding, _)| *finding)
    }

    /// What it says to whoever reported it, as the outcome of such reports is called elsewhere: `agreed`, `disagreed`.
    #[must_use]
    pub const fn outcome(self) -> &'static str {
        if self.is_agreed() { "agreed" } else { "disagreed" }
    }

    /// Whether it is as was suspected; else there is nothing to it.
    #[must_use]
    pub const fn is_agreed(self) -> bool {
        matches!(self, Self::Confirmed)
    }
}

/// What was done about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// Somebody looks at it.
    Acknowledged,
    /// Somebody said what they found.
    Closed(Finding),
}

impl ActKind {
    /// As the store knows it: what closes a report is more than 0.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Acknowledged => 0,
            Self::Closed(finding) => 1 + finding as i64,
        }
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            0 => Some(Self::Acknowledged),
            _ => Finding::ALL.iter().map(|(finding, _)| Self::Closed(*finding)).find(|kind| kind.code() == code),
        }
    }
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What was done.
    pub kind: ActKind,
    /// When.
    pub at: Timestamp,
    /// By whom, as the journal names them.
    pub by: String,
    /// Why, of what closes it.
    pub why: String,
}

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has looked at it yet.
    Open,
    /// Somebody looks at it.
    Acknowledged,
    /// Somebody has found this.
    Closed(Finding),
}

impl State {
    /// What follows from all that was done about it.
    #[must_use]
    pub fn of(acts: &[Act]) -> Self {
        let closed = acts.iter().find_map(|act| match act.kind {
            ActKind::Closed(finding) => Some(Self::Closed(finding)),
            ActKind::Acknowledged => None,
        });
        closed.unwrap_or(if acts.is_empty() { Self::Open } else { Self::Acknowledged })
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed(_) => "closed",
        }
    }

    /// What was found.
    #[must_use]
    pub const fn finding(self) -> Option<Finding> {
        match self {
            Self::Closed(finding) => Some(finding),
            Self::Open | Self::Acknowledged => None,
        }
    }

    /// By when the next thing is to be done about a report that came at a moment.
    #[must_use]
    pub fn due(self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Open => Some(life::in_force_from(at, ACKNOWLEDGED_BANKING_DAYS)),
            Self::Acknowledged => {
                Some(Timestamp::from_micros(at.micros().saturating_add(CLOSED_DAYS * MICROS_PER_DAY)))
            }
            Self::Closed(_) => None,
        }
    }

    /// Whether nobody has done it in time.
    #[must_use]
    pub fn is_overdue(self, at: Timestamp, now: Timestamp) -> bool {
        self.due(at).is_some_and(|due| due < now)
    }

    /// Refuses the act for which it is too early or too late.
    ///
    /// # Errors
    /// [`SuspicionRefusal::State`].
    pub const fn require(self, act: ActKind) -> Result<(), SuspicionRefusal> {
        match (self, act) {
            (Self::Open, ActKind::Acknowledged) | (Self::Acknowledged, ActKind::Closed(_)) => Ok(()),
            _ => Err(SuspicionRefusal::State),
        }
    }
}

/// For whom somebody in office answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// For the agency: an operator.
    Agency,
    /// For this authority: one of its caseworkers.
    Authority(Id<Payer>),
}

impl Suspicion {
    /// Refuses who is not to answer it. The agency answers what was routed to it, what the payer has no caseworker for, and what nobody
    /// there has done in time.
    ///
    /// # Errors
    /// [`SuspicionRefusal::Unknown`]: what is another authority's is as if it were not there. [`SuspicionRefusal::Routed`].
    pub fn require_answered_by(&self, who: Answers, state: State, now: Timestamp) -> Result<(), SuspicionRefusal> {
        match (who, self.payer) {
            (Answers::Authority(authority), Some(payer)) if authority == payer => Ok(()),
            (Answers::Authority(_), _) => Err(SuspicionRefusal::Unknown),
            (Answers::Agency, None) => Ok(()),
            (Answers::Agency, Some(_)) => {
                let has_caseworker = self.report.contact.as_ref().is_some_and(|contact| contact.has_caseworker);
                if has_caseworker && !state.is_overdue(self.at, now) { Err(SuspicionRefusal::Routed) } else { Ok(()) }
            }
        }
    }
}

/// Refuses a text that nobody can read, or that is too long.
///
/// # Errors
/// [`SuspicionRefusal::Text`].
pub fn require_text(text: &str) -> Result<(), SuspicionRefusal> {
    let says_something = text.chars().any(|c| !c.is_whitespace()) && text.chars().count() <= TEXT_CHARS_MAX;
    let is_plain = !text.chars().any(|c| c.is_control() && c != '\n');
    if says_something && is_plain { Ok(()) } else { Err(SuspicionRefusal::Text) }
}

/// Why something about a suspicion report was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuspicionRefusal {
    /// There is none of that name.
    Unknown,
    /// What is reported is not there, or not for whoever reports it to report.
    Subject,
    /// Nobody can read what is suspected.
    Text,
    /// There is no bank or payer of the name for which somebody notes it.
    From,
    /// Who reports has too many open already.
    TooMany,
    /// It is too early or too late for this.
    State,
    /// Who answers has no name.
    Officer,
    /// Who answers is who reported it.
    Own,
    /// Nobody said why.
    Why,
    /// It is the paying authority's to answer, and there is time.
    Routed,
}

impl From<Unfit> for SuspicionRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

impl From<Silent> for SuspicionRefusal {
    fn from(_: Silent) -> Self {
        Self::Why
    }
}

impl Refuse for SuspicionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "suspicion.unknown",
            Self::Subject => "suspicion.subject",
            Self::Text => "suspicion.text",
            Self::From => "suspicion.from",
            Self::TooMany => "suspicion.too_many",
            Self::State => "suspicion.state",
            Self::Officer => "suspicion.officer",
            Self::Own => "suspicion.own",
            Self::Why => "suspicion.why",
            Self::Routed => "suspicion.routed",
        }
    }
}

impl fmt::Display for SuspicionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no suspicion report of that name"),
            Self::Subject => f.write_str("there is nothing like that which is yours to report"),
            Self::Text => write!(f, "tell what is suspected in 1 to {TEXT_CHARS_MAX} characters"),
            Self::From => f.write_str("an operator alone says whose word it is: the police's, our own, or that of a bank or payer that is there"),
            Self::TooMany => write!(f, "{OPEN_MAX} of your reports are open: wait until some are answered"),
            Self::State => {
                f.write_str("a report is acknowledged once, and closed once after that; look at where it stands")
            }
            Self::Officer => f.write_str("this is for somebody in office with a name: say --as"),
            Self::Own => f.write_str("who reported it neither acknowledges nor closes it"),
            Self::Why => f.write_str("say why, in 1 to 500 characters on one line"),
            Self::Routed => {
                f.write_str("a caseworker of the paying authority answers it; the agency does when that is overdue")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(kind: ActKind) -> Act {
        Act { kind, at: Timestamp::from_micros(5), by: "operator:bo".to_owned(), why: String::new() }
    }

    fn suspicion(payer: Option<i64>, contact: Option<bool>) -> Suspicion {
        let contact = contact.map(|has_caseworker| Contact { name: "bo".to_owned(), has_caseworker });
        Suspicion {
            id: Id::new(1),
            at: Timestamp::parse("2026-11-20T15:00:00Z").unwrap(),
            payer: payer.map(Id::new),
            payee: None,
            reason: Reason::Mule,
            report: Report {
                from: Source::Police,
                by: "operator:anna".to_owned(),
                subject: Subject::Account,
                account: Some(Account::parse("0040-1").unwrap()),
                contact,
                text: "One\nline more".to_owned(),
            },
        }
    }

    #[test]
    fn a_report_stands_where_what_was_done_puts_it_and_each_is_done_once() {
        use ActKind::{Acknowledged, Closed};
        let closings = Finding::ALL.map(|(finding, _)| Closed(finding));
        let check = |acts: &[ActKind], expected: State, may_acknowledge: bool, may_close: bool| {
            let acts: Vec<Act> = acts.iter().map(|kind| act(*kind)).collect();
            let state = State::of(&acts);
            assert_eq!(state, expected, "{acts:?}");
            assert_eq!(state.require(Acknowledged).is_ok(), may_acknowledge, "{acts:?}");
            assert!(closings.iter().all(|closing| state.require(*closing).is_ok() == may_close), "{acts:?}");
        };
        check(&[], State::Open, true, false);
        check(&[Acknowledged], State::Acknowledged, false, true);
        for (finding, outcome) in
            Finding::ALL.map(|(finding, _)| finding).into_iter().zip(["agreed", "disagreed", "disagreed"])
        {
            check(&[Acknowledged, Closed(finding)], State::Closed(finding), false, false);
            assert_eq!(finding.outcome(), outcome);
            assert_eq!(Finding::parse(finding.name()), Some(finding));
            assert_eq!(ActKind::from_code(Closed(finding).code()), Some(Closed(finding)));
        }
        assert_eq!(
            (ActKind::from_code(0), ActKind::from_code(4), ActKind::from_code(-1)),
            (Some(Acknowledged), None, None)
        );
    }

    #[test]
    fn it_is_overdue_after_two_banking_days_and_after_ten_days() {
        // A Friday afternoon.
        let at = suspicion(None, None).at;
        let check = |state: State, moment: &str, expected: bool| {
            assert_eq!(state.is_overdue(at, Timestamp::parse(moment).unwrap()), expected, "{state:?} {moment}");
        };
        check(State::Open, "2026-11-24T15:00:00Z", false);
        check(State::Open, "2026-11-24T15:00:01Z", true);
        check(State::Acknowledged, "2026-11-30T15:00:00Z", false);
        check(State::Acknowledged, "2026-11-30T15:00:01Z", true);
        check(State::Closed(Finding::Unfounded), "2036-11-30T15:00:01Z", false);
    }

    #[test]
    fn the_paying_authority_answers_and_the_agency_where_nobody_else_does() {
        use Answers::{Agency, Authority};
        let (soon, late) = (Timestamp::parse("2026-11-21T00:00:00Z"), Timestamp::parse("2026-12-21T00:00:00Z"));
        let (soon, late) = (soon.unwrap(), late.unwrap());
        let check =
            |payer: Option<i64>, contact: Option<bool>, who: Answers, now: Timestamp, expected: Option<&str>| {
                let refused = suspicion(payer, contact).require_answered_by(who, State::Open, now).err();
                assert_eq!(refused.map(|refused| refused.code()), expected, "{payer:?} {contact:?} {who:?}");
            };
        check(None, None, Agency, soon, None);
        check(None, None, Authority(Id::new(7)), late, Some("suspicion.unknown"));
        check(Some(7), Some(true), Authority(Id::new(7)), soon, None);
        check(Some(7), Some(true), Authority(Id::new(8)), late, Some("suspicion.unknown"));
        check(Some(7), Some(true), Agency, soon, Some("suspicion.routed"));
        check(Some(7), Some(true), Agency, late, None);
        check(Some(7), Some(false), Agency, soon, None);
        check(Some(7), None, Agency, soon, None);
    }

    #[test]
    fn what_is_sealed_reads_back_and_texts_are_bounded() {
        let subjects = [
            Subject::Account,
            Subject::Designation(7),
            Subject::Proposal("0000000000000".to_owned()),
            Subject::Payout { batch: "b".to_owned(), end_to_end_id: "e:1".to_owned() },
        ];
        let sources = ["bank:Nord", "payer:A: b", "police", "review"].map(|name| Source::parse(name).unwrap());
        for (subject, from) in subjects.into_iter().zip(sources) {
            assert_eq!(Source::parse(&from.name()).as_ref(), Some(&from));
            let report = Report { subject, from, ..suspicion(None, Some(true)).report };
            assert!(Report::from_text(&report.to_text()) == Some(report));
        }
        for wrong in ["", "bank", "bank:", "payer:", "court", "police:"] {
            assert_eq!(Source::parse(wrong), None, "{wrong}");
        }
        for (reason, name) in Reason::ALL {
            assert_eq!((Reason::parse(name), Reason::from_code(reason.code())), (Some(reason), Some(reason)));
        }
        let long = "æ".repeat(TEXT_CHARS_MAX);
        for (text, expected) in [
            ("x", true),
            ("Two\nlines", true),
            (&long, true),
            ("", false),
            (" \n", false),
            ("a\u{7}", false),
            (&format!("{long}x"), false),
        ] {
            assert_eq!(require_text(text).is_ok(), expected, "{text}");
        }
    }
}
