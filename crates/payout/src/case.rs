//! Cases of victims: somebody's account may have been taken by a thief, and the agency acts for them (NK-16). Pure.
//!
//! Nobody sets where a case stands. It has *acts*, of which nothing is ever taken back: what was frozen, what is to be put back, what was
//! traced and recalled, which accounts were reported, what was given to whom on which law, and what was found. Each act stands in the
//! entry of what it tells of, so that neither is there without the other; and what it tells of is done by the same rules, and by the same
//! two people, as without a case.

use kernel::{Blind, Id, Refuse, Timestamp};
use registry::officer::{Silent, Unfit};
use registry::payee::PayeeId;
use std::fmt;

/// So many things are done under one case, at most.
pub const ACTS_MAX: usize = 1_000;
/// So many letters and digits say on which law something is given out, at least.
pub const LAW_CHARS_MIN: usize = 10;
/// So far back a case goes: nobody finds out later that an account was taken.
pub const SINCE_DAYS_MAX: i64 = 3_653;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The account was taken.
    Fraud,
    /// Nothing was: somebody misunderstood something.
    Misunderstanding,
}

impl Finding {
    const ALL: [(Self, &'static str); 2] = [(Self::Fraud, "fraud"), (Self::Misunderstanding, "misunderstanding")];

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
}

/// What was done under a case. What each is about stands in [`Act::about`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// The payee's accounts were frozen: how many.
    Frozen,
    /// An account was reported as suspected: the report.
    Reported,
    /// It is proposed to put back what stood before: the proposal.
    Reverting,
    /// What was paid was looked for: how much was found.
    Traced,
    /// The payer's bank was asked to get payments back: the recall.
    Recalled,
    /// It is asked that what is known is given out: to whom.
    Asked,
    /// It was given out: to whom.
    Given,
    /// It was found that the account was taken.
    Fraud,
    /// Somebody says that nothing was; another has to say the same.
    Mistaken,
    /// It was found that nothing was.
    Misunderstanding,
    /// The payee's accounts are paid to again: how many.
    Unfrozen,
    /// A proposal to put back was ended, or is itself to be undone: that proposal.
    Unreverting,
    /// It is proposed that the mark of an account ends, or that it is marked: the motion.
    Marking,
}

impl ActKind {
    /// Every kind, with its name.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Frozen, "frozen"),
        (Self::Reported, "reported"),
        (Self::Reverting, "reverting"),
        (Self::Traced, "traced"),
        (Self::Recalled, "recalled"),
        (Self::Asked, "disclosure_asked"),
        (Self::Given, "disclosed"),
        (Self::Fraud, "closed_as_fraud"),
        (Self::Mistaken, "misunderstanding_asked"),
        (Self::Misunderstanding, "closed_as_misunderstanding"),
        (Self::Unfrozen, "unfrozen"),
        (Self::Unreverting, "unreverting"),
        (Self::Marking, "marking"),
    ];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(kind, _)| kind.code() == code).map(|(kind, _)| *kind)
    }

    /// As answers and the journal say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// What says that this was found.
    #[must_use]
    pub const fn closing(finding: Finding) -> Self {
        match finding {
            Finding::Fraud => Self::Fraud,
            Finding::Misunderstanding => Self::Misunderstanding,
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
    /// What it is about, by name.
    pub about: String,
    /// Why, or on which law, in their words.
    pub why: String,
}

impl Act {
    /// An act that is about something and needs no words of its own.
    #[must_use]
    pub fn new(kind: ActKind, at: Timestamp, by: &str, about: impl Into<String>) -> Self {
        Self { kind, at, by: by.to_owned(), about: about.into(), why: String::new() }
    }
}

/// A case as it was opened. Not to be printed: it says who is the victim.
#[derive(Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: Id<Self>,
    /// When it was opened.
    pub at: Timestamp,
    /// Whose, as the store knows them.
    pub payee: Blind,
    /// Whose.
    pub number: PayeeId,
    /// From when on the payee's accounts are in doubt.
    pub since: Timestamp,
    /// Who opened it, as the journal names them.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody acts for the payee.
    Open,
    /// Somebody said what was found.
    Closed(Finding),
}

impl State {
    /// By what was done.
    #[must_use]
    pub fn of(acts: &[Act]) -> Self {
        let closed = acts.iter().find_map(|act| match act.kind {
            ActKind::Fraud => Some(Finding::Fraud),
            ActKind::Misunderstanding => Some(Finding::Misunderstanding),
            _ => None,
        });
        closed.map_or(Self::Open, Self::Closed)
    }

    /// `open`, `closed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed(_) => "closed",
        }
    }

    /// What was found.
    #[must_use]
    pub const fn finding(self) -> Option<Finding> {
        match self {
            Self::Open => None,
            Self::Closed(finding) => Some(finding),
        }
    }

    /// Refuses what is not done where a case stands so. What heals after a misunderstanding is done after that was found; what is known
    /// of a fraud is given out as long as somebody asks for it.
    ///
    /// # Errors
    /// [`CaseRefusal::State`].
    pub fn require(self, kind: ActKind) -> Result<(), CaseRefusal> {
        let is_fine = match kind {
            ActKind::Frozen
            | ActKind::Reported
            | ActKind::Reverting
            | ActKind::Fraud
            | ActKind::Mistaken
            | ActKind::Misunderstanding => self == Self::Open,
            ActKind::Traced | ActKind::Recalled | ActKind::Asked | ActKind::Given => {
                self != Self::Closed(Finding::Misunderstanding)
            }
            ActKind::Marking => self != Self::Open,
            ActKind::Unfrozen | ActKind::Unreverting => self == Self::Closed(Finding::Misunderstanding),
        };
        if is_fine { Ok(()) } else { Err(CaseRefusal::State) }
    }
}

/// Refuses what goes beyond what one case holds. However much was done under it, it can be closed, and what follows from that is done.
///
/// # Errors
/// [`CaseRefusal::TooMuch`].
pub const fn require_room(acts: &[Act], kind: ActKind) -> Result<(), CaseRefusal> {
    let follows = matches!(kind, ActKind::Marking | ActKind::Unfrozen | ActKind::Unreverting);
    if follows || acts.len() < ACTS_MAX { Ok(()) } else { Err(CaseRefusal::TooMuch) }
}

/// Refuses to ask payments back to who opened the case, unless somebody else has acted under it: two know of what a bank is told.
///
/// # Errors
/// [`CaseRefusal::OwnRecall`].
pub fn require_second(opened_by: &str, acts: &[Act], officer: &str) -> Result<(), CaseRefusal> {
    let is_known = officer != opened_by || acts.iter().any(|act| act.by != opened_by);
    if is_known { Ok(()) } else { Err(CaseRefusal::OwnRecall) }
}

/// Whoever says that nothing was taken, and waits for another to say the same.
#[must_use]
pub fn mistaken(acts: &[Act]) -> Option<&Act> {
    acts.iter().rev().find(|act| act.kind == ActKind::Mistaken)
}

/// What somebody asked to have given out, and nobody has given: of each recipient the last asking, if none was answered after it.
#[must_use]
pub fn asked(acts: &[Act]) -> Vec<&Act> {
    let mut asked: Vec<&Act> = Vec::new();
    for act in acts.iter().filter(|act| matches!(act.kind, ActKind::Asked | ActKind::Given)) {
        asked.retain(|before| before.about != act.about);
        asked.extend((act.kind == ActKind::Asked).then_some(act));
    }
    asked
}

/// The asking that names this recipient and was made at this moment. Whoever gives says which they say yes to: one that was made since
/// then, on another law, is not given by that.
#[must_use]
pub fn asking<'a>(acts: &'a [Act], to: &Recipient, at: Timestamp) -> Option<&'a Act> {
    let is_it = |act: &&Act| act.kind == ActKind::Asked && act.at == at && act.about == to.name();
    // Of two of one moment nobody can say which they mean.
    let is_one = acts.iter().filter(is_it).count() == 1;
    asked(acts).into_iter().find(|act| is_one && is_it(act))
}

/// Refuses a law that nobody can look up: one line of some words.
///
/// # Errors
/// [`CaseRefusal::Law`].
pub fn require_law(law: &str) -> Result<(), CaseRefusal> {
    registry::officer::require_why(law).map_err(|_| CaseRefusal::Law)?;
    let letters = law.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < LAW_CHARS_MIN { Err(CaseRefusal::Law) } else { Ok(()) }
}

/// To whom what is known of a case is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The police: all of it.
    Police,
    /// A bank, by the name that the bank directory gives it: what went to accounts there, and not who the payee is.
    Bank(String),
}

impl Recipient {
    /// As commands say it and acts are about it: `police`, `bank:NAME`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Police => "police".to_owned(),
            Self::Bank(name) => format!("bank:{name}"),
        }
    }

    /// Reads what [`Recipient::name`] gives.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("bank", name)) if !name.is_empty() => Some(Self::Bank(name.to_owned())),
            None if text == "police" => Some(Self::Police),
            _ => None,
        }
    }
}

/// Why something about a case was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseRefusal {
    /// There is none of that name.
    Unknown,
    /// One of this payee's is open already.
    Open,
    /// It begins in the future, or too long ago.
    Since,
    /// Where it stands, this is not done.
    State,
    /// Nothing was designated since then that is still to be put back.
    NothingChanged,
    /// Nothing left for an account that is in doubt.
    NothingLeft,
    /// Nobody has asked that it is given out.
    NotAsked,
    /// There is no bank of that name.
    Bank,
    /// Nothing went to an account with that bank.
    NotConcerned,
    /// It is not said on which law something is to be given out.
    Law,
    /// What it was to be done with changed meanwhile.
    Meanwhile,
    /// More was changed since then than is looked through.
    TooManyChanges,
    /// Too much was done under it.
    TooMuch,
    /// Who acts has no name.
    Officer,
    /// Who finds a fraud opened it; who says yes to something asked for it.
    Own,
    /// Who asks back opened it, and nobody else has acted under it.
    OwnRecall,
    /// Nobody said why.
    Why,
}

impl From<Unfit> for CaseRefusal {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Nameless => Self::Officer,
            Unfit::Own => Self::Own,
        }
    }
}

impl From<Silent> for CaseRefusal {
    fn from(_: Silent) -> Self {
        Self::Why
    }
}

impl Refuse for CaseRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "case.unknown",
            Self::Open => "case.open",
            Self::Since => "case.since",
            Self::State => "case.state",
            Self::NothingChanged => "case.nothing_changed",
            Self::NothingLeft => "case.nothing_left",
            Self::NotAsked => "case.not_asked",
            Self::Bank => "case.bank",
            Self::NotConcerned => "case.not_concerned",
            Self::Law => "case.law",
            Self::Meanwhile => "case.meanwhile",
            Self::TooManyChanges => "case.too_many_changes",
            Self::TooMuch => "case.too_much",
            Self::Officer => "case.officer",
            Self::Own => "case.own",
            Self::OwnRecall => "case.own_recall",
            Self::Why => "case.why",
        }
    }
}

impl fmt::Display for CaseRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no case of that name",
            Self::Open => "a case of this payee is open already: 'victim list' names it",
            Self::Since => "say since when the accounts are in doubt: at most ten years ago, and not in the future",
            Self::State => "that is not done in a case that stands so: see 'victim show'",
            Self::NothingChanged => "nothing was designated since then that is still to be put back",
            Self::NothingLeft => "nothing left for an account that was designated since then and can be asked back",
            Self::NotAsked => {
                "nobody asked at that moment that it is given to them, or it was given, or asked for anew: see 'victim show'"
            }
            Self::Bank => "there is no bank of that name in the bank directory",
            Self::NotConcerned => "no account that is in doubt is with that bank: there is nothing to give it",
            Self::Law => "say on which law and at whose request, on one line of 10 letters to 500 characters",
            Self::Meanwhile => "what this is about changed meanwhile: look, and do it again",
            Self::TooManyChanges => "more was changed since then than is looked through: put the right account there by two officers",
            Self::TooMuch => "too much was done under this case already: close it, and open another",
            Self::Officer => "this is for an operator with a name: say --as",
            Self::Own => {
                "who opened a case does not find that it was a fraud; of a misunderstanding, and of what is given out, one asks and another says yes"
            }
            Self::OwnRecall => {
                "another than who opened the case asks back; or who opened it, once another has acted under it"
            }
            Self::Why => "say why, in 1 to 500 characters on one line",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(kind: ActKind, by: &str) -> Act {
        Act::new(kind, Timestamp::from_micros(0), by, "")
    }

    #[test]
    fn what_may_be_done_follows_from_what_was() {
        use ActKind::{
            Asked, Fraud, Frozen, Given, Marking, Mistaken, Misunderstanding, Recalled, Reported, Reverting, Traced,
            Unfrozen, Unreverting,
        };
        let check = |done: &[ActKind], expected: State, lawful: &[ActKind]| {
            let acts: Vec<Act> = done.iter().map(|kind| act(*kind, "operator:anna")).collect();
            let state = State::of(&acts);
            assert_eq!(state, expected, "{done:?}");
            for (kind, name) in ActKind::ALL {
                assert_eq!(state.require(kind).is_ok(), lawful.contains(&kind), "{name} after {done:?}");
            }
        };
        let open = [Frozen, Reported, Reverting, Traced, Recalled, Asked, Given, Fraud, Mistaken, Misunderstanding];
        check(&[], State::Open, &open);
        check(&[Frozen, Reported, Reverting, Traced, Asked, Given, Mistaken], State::Open, &open);
        let fraud = [Traced, Recalled, Asked, Given, Marking];
        check(&[Frozen, Fraud], State::Closed(Finding::Fraud), &fraud);
        check(&[Fraud, Marking, Given], State::Closed(Finding::Fraud), &fraud);
        let healed = [Marking, Unfrozen, Unreverting];
        check(&[Frozen, Mistaken, Misunderstanding], State::Closed(Finding::Misunderstanding), &healed);
        // What was found first counts.
        check(&[Misunderstanding, Fraud], State::Closed(Finding::Misunderstanding), &healed);
    }

    #[test]
    fn each_asking_is_answered_once_and_none_for_another() {
        use ActKind::{Asked, Frozen, Given};
        let at = Timestamp::from_micros;
        let check = |acts: &[(ActKind, &str)], expected: &[(&str, i64)]| {
            let acts: Vec<Act> =
                (0..).zip(acts).map(|(moment, (kind, to))| Act::new(*kind, at(moment), "a", *to)).collect();
            let found: Vec<(&str, Timestamp)> = asked(&acts).iter().map(|act| (act.about.as_str(), act.at)).collect();
            assert_eq!(found, expected.iter().map(|(to, moment)| (*to, at(*moment))).collect::<Vec<_>>(), "{acts:?}");
            for moment in 0..acts.len() as i64 {
                let found = asking(&acts, &Recipient::Police, at(moment)).is_some();
                assert_eq!(found, expected.contains(&("police", moment)), "{moment} of {acts:?}");
            }
        };
        let twins = [Act::new(Asked, at(1), "a", "police"), Act::new(Asked, at(1), "b", "police")];
        assert_eq!(asking(&twins, &Recipient::Police, at(1)), None, "nobody can say which they mean");
        check(&[], &[]);
        check(&[(Frozen, "1")], &[]);
        check(&[(Asked, "police"), (Frozen, "1")], &[("police", 0)]);
        // Whoever gives the first does not give the second, on another law.
        check(&[(Asked, "police"), (Asked, "police")], &[("police", 1)]);
        check(&[(Asked, "police"), (Given, "police")], &[]);
        check(&[(Asked, "police"), (Given, "police"), (Asked, "police")], &[("police", 2)]);
        check(&[(Asked, "police"), (Asked, "bank:B")], &[("police", 0), ("bank:B", 1)]);
        check(&[(Asked, "police"), (Asked, "bank:B"), (Given, "bank:B")], &[("police", 0)]);
    }

    #[test]
    fn a_full_case_is_closed_with_all_that_follows() {
        use ActKind::{Marking, Unfrozen, Unreverting};
        let full = vec![act(ActKind::Traced, "operator:anna"); ACTS_MAX];
        for (kind, name) in ActKind::ALL {
            assert_eq!(require_room(&full[1..], kind), Ok(()), "{name}");
            let expected =
                if [Marking, Unfrozen, Unreverting].contains(&kind) { Ok(()) } else { Err(CaseRefusal::TooMuch) };
            assert_eq!(require_room(&full, kind), expected, "{name}");
        }
    }

    #[test]
    fn a_law_can_be_looked_up() {
        let long = "§ 802 ".repeat(100);
        for (law, expected) in [
            ("Retsplejeloven § 802", Ok(())),
            ("x", Err(CaseRefusal::Law)),
            ("§ 1, §§ 2", Err(CaseRefusal::Law)),
            ("..............", Err(CaseRefusal::Law)),
            ("Retsplejeloven\n§ 802", Err(CaseRefusal::Law)),
            (&long, Err(CaseRefusal::Law)),
        ] {
            assert_eq!(require_law(law), expected, "{law}");
        }
    }

    #[test]
    fn two_know_of_what_is_asked_back() {
        let check = |by: &[&str], officer: &str, expected: bool| {
            let acts: Vec<Act> = by.iter().map(|by| act(ActKind::Traced, by)).collect();
            assert_eq!(require_second("a", &acts, officer).is_ok(), expected, "{by:?}, then {officer}");
        };
        check(&["a", "a"], "a", false);
        check(&["a"], "b", true);
        check(&["a", "b"], "a", true);
    }

    #[test]
    fn names_read_back() {
        for (kind, name) in ActKind::ALL {
            assert_eq!((ActKind::from_code(kind.code()), kind.name()), (Some(kind), name));
        }
        assert_eq!(ActKind::from_code(ActKind::ALL.len() as i64), None);
        for finding in [Finding::Fraud, Finding::Misunderstanding] {
            assert_eq!(Finding::parse(finding.name()), Some(finding));
            assert_eq!(State::of(&[act(ActKind::closing(finding), "a")]).finding(), Some(finding));
        }
        for (text, expected) in [
            ("police", Some(Recipient::Police)),
            ("bank:Nord: A/S", Some(Recipient::Bank("Nord: A/S".to_owned()))),
            ("bank:", None),
            ("bank", None),
            ("police:", None),
            ("press", None),
        ] {
            assert_eq!(Recipient::parse(text), expected, "{text}");
            assert!(expected.as_ref().map(Recipient::name).is_none_or(|name| name == text), "{text}");
        }
    }
}
