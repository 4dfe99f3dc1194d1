//! What still keeps a batch, or one of its payments, from leaving, beside what the registry holds. Pure.
//!
//! Nobody sets that a batch is released or stopped. It has acts, of which nothing is ever taken back: who asked for its release, who
//! approved that, who stopped it or let it go on. Where it stands follows from them, from the payer's agreement and from the time.

use crate::batch::{Counts, Record};
use crate::payment::{Decided, State, Verdict};
use crate::reason::Reason;
use denmark::calendar::next_cut_off;
use denmark::{Currency, Decimal, Money};
use kernel::Timestamp;
use registry::terms::{Release, Terms};
use std::collections::BTreeMap;

/// What somebody did about a batch that has not wholly left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActKind {
    /// Asked for its release; where one is enough, that is it.
    Asked,
    /// Approved the release that somebody else asked for.
    Approved,
    /// Stopped it, or one of its payments.
    Stopped,
    /// Let go on what was stopped.
    Resumed,
    /// Tried a payment again that came back: what others said of it before does not count for that.
    TriedAgain,
}

impl ActKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Asked, "asked"),
        (Self::Approved, "approved"),
        (Self::Stopped, "stopped"),
        (Self::Resumed, "resumed"),
        (Self::TriedAgain, "tried_again"),
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
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// What was done.
    pub kind: ActKind,
    /// About which payment; none about the batch, and where several were tried again.
    pub number: Option<i64>,
    /// Which payments were tried again, in order.
    pub tried: Vec<i64>,
    /// When.
    pub at: Timestamp,
    /// By whom, as the journal names them.
    pub by: String,
    /// Why, of what was stopped or let go on.
    pub why: String,
}

/// What a batch waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Somebody lets it go.
    Release,
    /// Somebody else approves that.
    Approval,
    /// The agreement lets it go then.
    CutOff(Timestamp),
}

impl Waits {
    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Approval => "approval",
            Self::CutOff(_) => "cut_off",
        }
    }
}

/// Where a batch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// From when the agreement lets it go; none where people do.
    from: Option<Timestamp>,
    /// Whether it takes two people.
    needs_two: bool,
    acts: Vec<Act>,
    /// Which of them say something else than that a payment is tried again: few, however many are.
    said: Vec<usize>,
    /// By which of them a payment was tried again last.
    tried: BTreeMap<i64, usize>,
}

impl Gate {
    /// Of a file that is coming in, about which nobody has done anything.
    #[must_use]
    pub const fn of_new(waits: bool, now: Timestamp) -> Self {
        let from = if waits { None } else { Some(now) };
        Self { from, needs_two: false, acts: Vec::new(), said: Vec::new(), tried: BTreeMap::new() }
    }

    /// Of a batch, by what was agreed when it came in.
    #[must_use]
    pub fn of(record: &Record, terms: &Terms, acts: Vec<Act>) -> Self {
        let needs_two = terms.four_eyes_above.is_some_and(|above| comes_to_more(&record.counts, above));
        let from = match terms.release {
            // Whoever brought it to wait, or has agreed upon two people, says so by a person.
            _ if record.hold_all || needs_two => None,
            Release::AtOnce => Some(record.received()),
            Release::ByHand => None,
            Release::CutOff(time) => Some(next_cut_off(record.received().to_jiff(), time).into()),
        };
        let gate = Self { from, needs_two, acts: Vec::new(), said: Vec::new(), tried: BTreeMap::new() };
        acts.into_iter().fold(gate, Self::add)
    }

    /// The acts, in their order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// The same with one more act.
    #[must_use]
    pub fn with(&self, act: Act) -> Self {
        self.clone().add(act)
    }

    fn add(mut self, act: Act) -> Self {
        let at = self.acts.len();
        match act.kind {
            ActKind::TriedAgain => self.tried.extend(act.tried.iter().map(|number| (*number, at))),
            _ => self.said.push(at),
        }
        self.acts.push(act);
        self
    }

    /// What was said since one of the acts.
    fn said_since(&self, at: usize) -> impl DoubleEndedIterator<Item = &Act> {
        self.said.iter().filter(move |of| **of >= at).map(|of| &self.acts[*of])
    }

    /// Whether it takes two people to let it go.
    #[must_use]
    pub const fn needs_two(&self) -> bool {
        self.needs_two
    }

    /// Whether what it holds may leave, but for what was tried again.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_agreed(now) || self.is_let_go(None, |_| true)
    }

    /// What it waits for, if it does.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> Option<Waits> {
        match self.from {
            _ if self.is_open(now) => None,
            Some(from) => Some(Waits::CutOff(from)),
            None if self.needs_two && self.asked_by().is_some() => Some(Waits::Approval),
            None => Some(Waits::Release),
        }
    }

    /// The same, also of what of it was tried again.
    #[must_use]
    pub fn waits_in_part(&self, now: Timestamp) -> Option<Waits> {
        self.waits(now).or_else(|| self.tried.keys().find_map(|number| self.waits_of(*number, now)))
    }

    /// What one of its payments waits for to be let go, if it does: one that was tried again takes a second person once more.
    #[must_use]
    pub fn waits_of(&self, number: i64, now: Timestamp) -> Option<Waits> {
        self.waits(now).or_else(|| (!self.has_let_go(number, now, |_| true)).then_some(Waits::Approval))
    }

    /// Whether a payment was ever tried again.
    #[must_use]
    pub fn was_tried(&self, number: i64) -> bool {
        self.tried.contains_key(&number)
    }

    /// Who asked for its release last, or tried something of it again.
    #[must_use]
    pub fn asked_by(&self) -> Option<&str> {
        self.acts.iter().rev().find(|act| asks(act)).map(|act| act.by.as_str())
    }

    /// Whether somebody has said so since something last went on by a person.
    #[must_use]
    pub fn has_said(&self, kind: ActKind, by: &str) -> bool {
        let since = self.acts.iter().rev().take_while(|act| !goes_on_by(act));
        since.into_iter().any(|act| act.kind == kind && act.by == by)
    }

    /// Whether an agreement, and nobody, has let all of it go.
    #[must_use]
    pub fn is_nobodys(&self, now: Timestamp) -> bool {
        self.is_open(now) && !self.acts.iter().any(|act| asks(act) || goes_on_by(act))
    }

    /// Who has had it go: they let go no payment to an account that they had a part in changing; the console, which is nobody by name, none
    /// to one in which any officer had. Where an agreement lets it go, who tried it again or had it go on.
    #[must_use]
    pub fn people(&self, now: Timestamp) -> Vec<&str> {
        if self.is_agreed(now) && !self.acts.iter().any(goes_on_by) {
            return Vec::new();
        }
        let acts = self.acts.iter().filter(|act| act.kind != ActKind::Stopped);
        let mut people: Vec<&str> = acts.map(|act| act.by.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        people
    }

    /// The act by which a payment, or all of the batch, is stopped.
    #[must_use]
    pub fn stopped(&self, number: i64) -> Option<&Act> {
        self.stopped_at(None).or_else(|| self.stopped_at(Some(number)))
    }

    /// The act by which all of the batch, or a payment by itself, is stopped.
    #[must_use]
    pub fn stopped_at(&self, number: Option<i64>) -> Option<&Act> {
        let about = |act: &&Act| act.number == number && matches!(act.kind, ActKind::Stopped | ActKind::Resumed);
        self.said_since(0).rfind(about).filter(|act| act.kind == ActKind::Stopped)
    }

    /// What becomes of a payment that the registry has decided so. `had_part` says of whom let the batch go whether they had a part in
    /// changing the account that it would go to.
    #[must_use]
    pub fn rule(&self, number: i64, decided: Decided, now: Timestamp, had_part: impl Fn(&str) -> bool) -> Decided {
        let hold = |reason| Decided { verdict: Verdict::Hold(reason), until: None, ..decided };
        match decided.verdict {
            // What goes back can go back.
            Verdict::Reject(_) => decided,
            _ if self.stopped(number).is_some() => hold(Some(Reason::Stopped)),
            Verdict::Hold(_) => decided,
            Verdict::Route(..) | Verdict::Pass if !self.is_open(now) => hold(None),
            _ if !self.has_let_go(number, now, |_| true) => hold(None),
            _ if self.has_let_go(number, now, |by| !had_part(by)) && self.goes_on(number, &had_part) => decided,
            _ => hold(Some(Reason::OwnChange)),
        }
    }

    /// Whether a payment is let go, by those who `count`. Who tried it again has asked for it, whatever was agreed.
    fn has_let_go(&self, number: i64, now: Timestamp, counts: impl Fn(&str) -> bool) -> bool {
        match self.tried.get(&number) {
            Some(at) => self.is_let_go(Some(*at), counts),
            None => self.is_agreed(now) || self.is_let_go(None, counts),
        }
    }

    /// Whether as many people as it takes, of those who `count`, have let the batch go; or, since the act by which it was, a payment that
    /// was tried again.
    fn is_let_go(&self, tried: Option<usize>, counts: impl Fn(&str) -> bool) -> bool {
        let by = |kind| self.said_since(tried.unwrap_or(0)).filter(move |act| act.kind == kind);
        let tried = tried.map(|at| &self.acts[at]);
        let asked: Vec<&str> =
            tried.into_iter().chain(by(ActKind::Asked)).map(|act| &*act.by).filter(|by| counts(by)).collect();
        let mut approved = by(ActKind::Approved).map(|act| &*act.by).filter(|by| counts(by));
        if self.needs_two {
            approved.any(|approver| asked.iter().any(|asker| *asker != approver))
        } else {
            !asked.is_empty() || approved.next().is_some()
        }
    }

    /// Whether nobody who had a part in changing its account had it go on, but for others who let it go since.
    fn goes_on(&self, number: i64, had_part: impl Fn(&str) -> bool) -> bool {
        let about = |act: &Act| act.kind == ActKind::Resumed && act.number.is_none_or(|of| of == number);
        let Some(resumed) = self.said_since(0).rfind(|act| about(act)) else { return true };
        let since = self.said_since(0).rev().take_while(|act| !about(act));
        let mut others = since.filter(|act| matches!(act.kind, ActKind::Asked | ActKind::Approved));
        !had_part(&resumed.by) || others.any(|act| !had_part(&act.by))
    }

    fn is_agreed(&self, now: Timestamp) -> bool {
        self.from.is_some_and(|from| from <= now)
    }
}

/// Whether somebody asks by it that something leaves.
const fn asks(act: &Act) -> bool {
    matches!(act.kind, ActKind::Asked | ActKind::TriedAgain)
}

/// Whether something goes on by it that did not: who does that lets it go.
const fn goes_on_by(act: &Act) -> bool {
    matches!(act.kind, ActKind::Resumed | ActKind::TriedAgain)
}

/// Whether what came in to be paid comes to more than so many øre. What is in another currency cannot be compared: two look at it.
fn comes_to_more(counts: &Counts, above: i64) -> bool {
    let labels = [State::Routed, State::Passed, State::Waiting, State::Held].map(State::name);
    let mut sum = Decimal::ZERO;
    for (currency, amount) in labels.iter().filter_map(|label| counts.sums.get(*label)).flatten() {
        match Decimal::parse(amount) {
            Ok(amount) if currency.as_str() == Currency::DKK.as_str() => sum = sum.checked_add(amount).unwrap_or(sum),
            _ => return true,
        }
    }
    let limit = Money { minor: above, currency: Currency::DKK };
    sum > limit.decimal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Version;

    fn act(kind: ActKind, number: Option<i64>, by: &str) -> Act {
        let is_tried = kind == ActKind::TriedAgain;
        let (number, tried) = if is_tried { (None, number.into_iter().collect()) } else { (number, Vec::new()) };
        Act { kind, number, tried, at: Timestamp::from_micros(0), by: by.to_owned(), why: String::new() }
    }

    fn acts(text: &str) -> Vec<Act> {
        let one = |word: &str| {
            let (kind, rest) = word.split_at(1);
            let (by, number) = rest.split_once('#').map_or((rest, None), |(by, number)| (by, number.parse().ok()));
            let kind = match kind {
                "+" => ActKind::Asked,
                "*" => ActKind::Approved,
                "-" => ActKind::Stopped,
                "^" => ActKind::TriedAgain,
                _ => ActKind::Resumed,
            };
            act(kind, number, by)
        };
        text.split_whitespace().map(one).collect()
    }

    fn record(hold_all: bool, kroner: &str) -> Record {
        let mut counts = Counts::default();
        counts.sums.entry("held".to_owned()).or_default().insert("DKK".to_owned(), kroner.to_owned());
        // A Friday, 13:00 in Denmark.
        let received = "2026-11-27T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        Record { message_id: "M".to_owned(), version: Version::V09, received, hold_all, counts }
    }

    #[test]
    fn it_is_let_go_by_an_agreement_or_by_people() {
        let check = |release: &str, hold_all: bool, kroner: &str, done: &str, at: &str, expected: Option<&str>| {
            let release = Release::parse(release).unwrap();
            let terms = Terms { release, four_eyes_above: Some(100_000), ..Terms::default() };
            let gate = Gate::of(&record(hold_all, kroner), &terms, acts(done));
            let now = at.parse::<jiff::Timestamp>().unwrap().into();
            assert_eq!(gate.waits(now).map(Waits::name), expected, "{release:?} {hold_all} {kroner} {done} {at}");
            assert_eq!(gate.is_open(now), expected.is_none());
        };
        let friday = "2026-11-27T12:00:00Z";
        check("at-once", false, "1", "", friday, None);
        check("at-once", true, "1", "", friday, Some("release"));
        check("by-hand", false, "1", "", friday, Some("release"));
        check("by-hand", false, "1", "+anna", friday, None);
        check("by-hand", false, "1", "-anna", friday, Some("release"));
        // Over a weekend.
        check("cut-off:13:00", false, "1", "", friday, None);
        check("cut-off:12:59", false, "1", "", "2026-11-29T18:00:00Z", Some("cut_off"));
        check("cut-off:12:59", false, "1", "", "2026-11-30T11:58:59Z", Some("cut_off"));
        check("cut-off:12:59", false, "1", "", "2026-11-30T11:59:00Z", None);
        check("cut-off:12:59", false, "1", "+anna", friday, None);
        check("cut-off:12:59", true, "1", "", "2026-12-24T12:00:00Z", Some("release"));
        // Of more kroner.
        check("by-hand", false, "1000", "+anna", friday, None);
        check("by-hand", false, "1000.01", "", friday, Some("release"));
        check("by-hand", false, "1000.01", "+anna", friday, Some("approval"));
        check("by-hand", false, "1000.01", "+anna *anna", friday, Some("approval"));
        check("by-hand", false, "1000.01", "+anna +bo", friday, Some("approval"));
        check("by-hand", false, "1000.01", "+anna *bo", friday, None);
        check("cut-off:13:00", false, "1000.01", "", friday, Some("release"));
    }

    #[test]
    fn a_payment_is_ruled_by_who_let_it_go() {
        let routed = Decided::of(Verdict::Pass);
        let check = |kroner: &str, done: &str, part: &str, expected: Verdict| {
            let terms = Terms { release: Release::ByHand, four_eyes_above: Some(100_000), ..Terms::default() };
            let gate = Gate::of(&record(false, kroner), &terms, acts(done));
            let ruled = gate.rule(7, routed, Timestamp::from_micros(0), |by| part.split(' ').any(|part| part == by));
            assert_eq!(ruled.verdict, expected, "{kroner} {done} {part}");
        };
        let (waits, stopped, own) =
            (Verdict::Hold(None), Verdict::Hold(Some(Reason::Stopped)), Verdict::Hold(Some(Reason::OwnChange)));
        check("1", "", "", waits);
        check("1", "+anna", "", Verdict::Pass);
        check("1", "+anna", "anna", own);
        check("1", "+anna +bo", "anna", Verdict::Pass);
        check("1001", "+anna *bo", "anna", own);
        check("1001", "+anna *bo +carl", "anna", Verdict::Pass);
        check("1001", "+anna *bo +carl", "bo", own);
        check("1", "+anna -bo", "", stopped);
        check("1", "+anna -bo !bo", "", Verdict::Pass);
        check("1", "+anna -bo#7", "", stopped);
        check("1", "+anna -bo#8", "", Verdict::Pass);
        // All were stopped and resumed: one that was stopped by itself still is.
        check("1", "+anna -bo#7 -bo !bo", "", stopped);
        check("1", "-bo#7", "", stopped);
        // Who has it go on that was stopped lets it go to no account of their making.
        check("1", "+anna -bo !carl", "carl", own);
        check("1", "+anna -bo !carl +bo", "carl", Verdict::Pass);
        check("1", "+anna -bo#7 !carl#7", "carl", own);
        // What came back takes as many people once more.
        check("1", "+anna ^bo#7", "bo", own);
        check("1", "+anna ^bo#8", "bo", Verdict::Pass);
        check("1", "+anna ^bo#7 +carl", "bo", Verdict::Pass);
        check("1001", "+anna *bo ^carl#7", "", waits);
        check("1001", "+anna *bo ^carl#7 *carl", "", waits);
        check("1001", "+anna *bo ^carl#7 *bo", "", Verdict::Pass);
        check("1001", "+anna *bo ^carl#7 *bo", "carl", own);
        check("1001", "+anna *bo ^carl#7 *bo ^carl#7", "", waits);
        check("1001", "+anna *bo ^carl#8", "", Verdict::Pass);
    }

    #[test]
    fn an_agreement_lets_go_nothing_that_came_back() {
        let routed = Decided::of(Verdict::Pass);
        let check = |done: &str, part: &str, expected: Verdict| {
            let gate = Gate::of(&record(false, "1"), &Terms::default(), acts(done));
            let now = "2026-11-27T12:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
            let has_part = |by: &str| gate.people(now).contains(&by) && part == by;
            assert_eq!(gate.rule(7, routed, now, has_part).verdict, expected, "{done} {part}");
        };
        check("", "bo", Verdict::Pass);
        check("+bo", "bo", Verdict::Pass);
        check("^bo#7", "", Verdict::Pass);
        check("^bo#7", "bo", Verdict::Hold(Some(Reason::OwnChange)));
        check("^bo#7 +anna", "bo", Verdict::Pass);
        check("-anna !bo", "bo", Verdict::Hold(Some(Reason::OwnChange)));
    }

    #[test]
    fn what_is_in_another_currency_takes_two() {
        let mut counts = Counts::default();
        counts.sums.entry("held".to_owned()).or_default().insert("EUR".to_owned(), "1".to_owned());
        assert!(comes_to_more(&counts, 100_000));
    }
}
