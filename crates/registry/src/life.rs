//! The life of a designation: what a proposal still waits for. Pure.
//!
//! A proposal is never in a state that somebody set. It has evidence, of which nothing is ever taken back: who signed, approved,
//! activated or stopped it, and when. Where it stands *follows* from the evidence, from the controls in force and from what is known
//! at that moment: it waits for the first of the demands, in their order, that is not met. So a control that is switched on meets every
//! proposal that is under way, and an account takes effect only when nothing is left that anybody demands.

use crate::contest::Contests;
use crate::controls::{Control, Controls};
use crate::designation::{Action, Channel, ChannelKind};
use crate::ownership::{ANSWER_DAYS, Ownership};
use crate::proposal::Proposal;
use crate::signals::{Facts, Signal, Signals};
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::{Actor, Authenticator, Timestamp};

/// A code is good for so many days after its letter's date, and the last of them to its end (DENMARK.md: 60 days).
pub const CODE_DAYS: i64 = 60;
/// So often can a letter's code be given wrongly; then it takes another letter.
pub const CODE_ATTEMPTS: usize = 3;
/// A person decides within so many days, or it has expired.
pub const DECISION_DAYS: i64 = 30;
/// What stands still is looked at again after so long at the soonest.
const STILL_SECONDS: i64 = 3_600;
/// A moment that does not come.
pub(crate) const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);
/// By whom what nobody does is done.
pub(crate) const BY_RULE: &str = "rule";
/// The most acts of one proposal after which letters are made and wrong codes are heard: what ends or stops one always can.
pub const ACTS_MAX: usize = 64;

/// What somebody did about a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActKind {
    /// The payee signed it afresh, having seen both accounts.
    Signed,
    /// A second caseworker approved it.
    Approved,
    /// An officer looked at it, and let it go on.
    Checked,
    /// A letter with a code was made; a former one's code is void.
    LetterMade,
    /// The letter was handed over to be posted.
    LetterHandedOver,
    /// The letter came back.
    LetterReturned,
    /// A wrong code was given.
    CodeWrong,
    /// The letter's code was given.
    Activated,
    /// A second channel confirmed it: in person, or by a login of High assurance with an authenticator that stood before.
    Confirmed,
    /// Somebody said, by a notice's link, that it is not theirs.
    Stopped,
    /// The account's bank said whose it is.
    OwnershipTold,
    /// Whoever asked for it, or the payee, does not want it any more.
    Cancelled,
    /// An officer, or the rule at the last moment, said no.
    Refused,
    /// Nobody ended it in time.
    Expired,
    /// It took effect.
    TookEffect,
}

impl ActKind {
    /// Every kind, with its name.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Signed, "signed"),
        (Self::Approved, "approved"),
        (Self::Checked, "checked"),
        (Self::LetterMade, "letter_made"),
        (Self::LetterHandedOver, "letter_handed_over"),
        (Self::LetterReturned, "letter_returned"),
        (Self::CodeWrong, "code_wrong"),
        (Self::Activated, "activated"),
        (Self::Confirmed, "confirmed"),
        (Self::Stopped, "stopped"),
        (Self::OwnershipTold, "ownership_told"),
        (Self::Cancelled, "cancelled"),
        (Self::Refused, "refused"),
        (Self::Expired, "expired"),
        (Self::TookEffect, "took_effect"),
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
    /// When.
    pub at: Timestamp,
    /// By whom, as the journal names them.
    pub by: String,
    /// By which authenticator they were logged in; who is no citizen by none.
    pub authenticator: Option<Authenticator>,
    /// More of it: why; of a letter, the keyed hash of its code; of a bank, what it said.
    pub detail: String,
}

/// Who does something about a proposal.
#[derive(Clone, Copy, Debug)]
pub struct By<'b> {
    name: &'b str,
    authenticator: Option<Authenticator>,
}

impl<'b> From<&'b Actor> for By<'b> {
    fn from(actor: &'b Actor) -> Self {
        Self { name: actor.name(), authenticator: actor.login().map(|login| login.authenticator) }
    }
}

/// Nobody in person: a rule, or a notice's link.
impl<'b> From<&'b str> for By<'b> {
    fn from(name: &'b str) -> Self {
        Self { name, authenticator: None }
    }
}

impl Act {
    /// What somebody does at a moment.
    #[must_use]
    pub fn new<'b>(kind: ActKind, at: Timestamp, by: impl Into<By<'b>>, detail: &str) -> Self {
        let By { name, authenticator } = by.into();
        Self { kind, at, by: name.to_owned(), authenticator, detail: detail.to_owned() }
    }

    /// Nobody did in time what it waited for: no person says so, but the rule.
    #[must_use]
    pub fn expired(at: Timestamp) -> Self {
        Self::new(ActKind::Expired, at, BY_RULE, "")
    }

    /// Whether an officer who looks must have seen it: it was stopped, its letter came back, or the bank said no.
    fn comes_up(&self) -> bool {
        match self.kind {
            ActKind::Stopped | ActKind::LetterReturned => true,
            ActKind::OwnershipTold => self.detail == Ownership::NoMatch.name(),
            _ => false,
        }
    }
}

/// All that was done about a proposal, in order; and when its payee was held to be a victim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    acts: Vec<Act>,
    /// When the payee's accounts were contested.
    contests: Contests,
}

/// The letter that counts: the last one made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter<'e> {
    /// The how-manieth of its proposal it is, from 1.
    pub number: usize,
    /// When it was made.
    pub at: Timestamp,
    /// What its code is known by.
    pub code_key: &'e str,
    /// Whether it was handed over.
    pub is_handed_over: bool,
    /// Whether it came back.
    pub is_returned: bool,
    /// How often a wrong code was given for it.
    pub wrong: usize,
    contests: &'e Contests,
}

impl Letter<'_> {
    /// When its code ends: its last day is over. While the payee's accounts are contested it does not.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Timestamp {
        let last = Timestamp::from(denmark::calendar::end_of(code_valid_until(self.at)));
        self.contests.put_off(self.at, last, now)
    }

    /// Whether its code can still be given.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.is_returned && self.wrong < CODE_ATTEMPTS && now < self.ends(now)
    }
}

impl Evidence {
    /// Of acts in their order.
    #[must_use]
    pub fn of(acts: Vec<Act>) -> Self {
        Self { acts, contests: Contests::default() }
    }

    /// The same, of a payee whose accounts were contested at these times.
    #[must_use]
    pub fn within(self, contests: Contests) -> Self {
        Self { contests, ..self }
    }

    /// Adds what is done now.
    pub fn add(&mut self, act: Act) {
        self.acts.push(act);
    }

    /// The acts in their order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }

    /// The last act of one of these kinds, and its place.
    #[must_use]
    pub fn last_of(&self, kinds: &[ActKind]) -> Option<(usize, &Act)> {
        self.acts.iter().enumerate().rev().find(|(_, act)| kinds.contains(&act.kind))
    }

    /// Whether somebody stopped it, before it took effect or since. The link does each once: what an officer has let go on, whoever
    /// reads an old letter box does not stop for ever.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let last = self.last_of(&[ActKind::Stopped, ActKind::TookEffect]);
        last.is_some_and(|(_, act)| act.kind == ActKind::Stopped)
    }

    fn last(&self, kind: ActKind) -> Option<&Act> {
        self.acts.iter().rev().find(|act| act.kind == kind)
    }

    /// What the account's bank said last.
    #[must_use]
    pub fn ownership(&self) -> Option<Ownership> {
        self.last(ActKind::OwnershipTold).and_then(|act| Ownership::parse(&act.detail))
    }

    /// Until when the account's bank is waited for. It is asked when the payee has signed, if they do.
    #[must_use]
    pub fn answer_until(&self, proposal: &Proposal) -> Timestamp {
        let asked = self.last(ActKind::Signed).map_or(proposal.at, |act| act.at.max(proposal.at));
        asked.plus_days(ANSWER_DAYS)
    }

    /// When a term ends that began at a moment.
    fn ends(&self, began: Timestamp, days: i64, now: Timestamp) -> Timestamp {
        self.contests.put_off(began, began.plus_days(days), now)
    }

    /// When something last came up that an officer must have seen.
    fn came_up(&self) -> Option<Timestamp> {
        self.acts.iter().rev().find(|act| act.comes_up()).map(|act| act.at)
    }

    /// The check by an officer who has seen all that came up. Their places count, and not their moments: those can be the same.
    fn checked(&self) -> Option<&Act> {
        let last = self.acts.iter().rev().find(|act| act.kind == ActKind::Checked || act.comes_up());
        last.filter(|act| act.kind == ActKind::Checked)
    }

    /// The letter that counts.
    #[must_use]
    pub fn letter(&self) -> Option<Letter<'_>> {
        let made = self.acts.iter().rposition(|act| act.kind == ActKind::LetterMade)?;
        let (letter, since) = (&self.acts[made], &self.acts[made + 1..]);
        let has = |kind| since.iter().any(|act| act.kind == kind);
        Some(Letter {
            number: self.acts[..=made].iter().filter(|act| act.kind == ActKind::LetterMade).count(),
            at: letter.at,
            code_key: &letter.detail,
            is_handed_over: has(ActKind::LetterHandedOver),
            is_returned: has(ActKind::LetterReturned),
            wrong: since.iter().filter(|act| act.kind == ActKind::CodeWrong).count(),
            contests: &self.contests,
        })
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<&Act> {
        use ActKind::{Cancelled, Expired, Refused, TookEffect};
        self.acts.iter().find(|act| matches!(act.kind, Cancelled | Expired | Refused | TookEffect))
    }

    /// Whether the payee signed it with this authenticator.
    #[must_use]
    pub fn is_signed_with(&self, authenticator: Authenticator) -> bool {
        self.acts.iter().any(|act| act.kind == ActKind::Signed && act.authenticator == Some(authenticator))
    }

    /// Whether whoever `by` is has already taken part in it: they do not take another's part as well. Who only notes what became
    /// of a letter takes none. Who sits at the console without a name may be any of them.
    #[must_use]
    pub fn has_part(&self, by: &str) -> bool {
        let notes = [ActKind::LetterHandedOver, ActKind::LetterReturned];
        let is_theirs = |act: &Act| act.by == by || act.by == Actor::console().name();
        self.acts.iter().any(|act| is_theirs(act) && !notes.contains(&act.kind))
    }
}

/// What a proposal waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The payee signs it afresh.
    Signature,
    /// The account's bank says whose it is.
    Ownership,
    /// A second caseworker approves it.
    Approval,
    /// An officer looks at it.
    Check,
    /// A letter is made.
    Letter,
    /// The letter's code is given.
    Code,
    /// A second channel confirms it.
    Confirmation,
    /// Its waiting period ends.
    Time(Timestamp),
    /// The payee's accounts are contested no more.
    Unfreezing,
}

impl Waits {
    /// Each of them; time, as if it never came.
    pub const ALL: [Self; 9] = [
        Self::Signature,
        Self::Ownership,
        Self::Approval,
        Self::Check,
        Self::Letter,
        Self::Code,
        Self::Confirmation,
        Self::Time(Timestamp::from_micros(i64::MAX)),
        Self::Unfreezing,
    ];

    /// As the store knows it; 0 is nothing.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Signature => 1,
            Self::Approval => 2,
            Self::Check => 3,
            Self::Letter => 4,
            Self::Code => 5,
            Self::Confirmation => 6,
            Self::Time(_) => 7,
            Self::Ownership => 8,
            Self::Unfreezing => 9,
        }
    }

    /// What answers call so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|waits| waits.name() == name)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Ownership => "ownership",
            Self::Approval => "approval",
            Self::Check => "check",
            Self::Letter => "letter",
            Self::Code => "code",
            Self::Confirmation => "confirmation",
            Self::Time(_) => "time",
            Self::Unfreezing => "unfreezing",
        }
    }
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Waiting(Waits),
    /// Nothing is demanded any more: it takes effect now.
    Due,
    /// Nobody did in time what it waits for.
    Lapsed,
    /// It ended so.
    Ended(ActKind),
}

impl State {
    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting(Waits::Signature | Waits::Ownership) => "proposed",
            Self::Waiting(Waits::Approval | Waits::Check) => "awaiting_approval",
            Self::Waiting(Waits::Letter | Waits::Code | Waits::Confirmation) => "awaiting_activation",
            Self::Waiting(Waits::Time(_) | Waits::Unfreezing) | Self::Due => "held",
            Self::Lapsed | Self::Ended(ActKind::Expired) => "expired",
            Self::Ended(ActKind::Cancelled) => "cancelled",
            Self::Ended(ActKind::Refused) => "refused",
            // Nothing else ends one.
            Self::Ended(_) => "in_force",
        }
    }

    /// What it waits for.
    #[must_use]
    pub const fn waits(self) -> Option<Waits> {
        match self {
            Self::Waiting(waits) => Some(waits),
            _ => None,
        }
    }
}

/// What is demanded of a proposal, by the controls in force and what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Demands {
    signature: bool,
    ownership: bool,
    approval: bool,
    check: bool,
    letter: bool,
    confirmation: bool,
    banking_days: u16,
}

impl Demands {
    const NONE: Self = Self {
        signature: false,
        ownership: false,
        approval: false,
        check: false,
        letter: false,
        confirmation: false,
        banking_days: 0,
    };

    fn of(proposal: &Proposal, evidence: &Evidence, facts: &Facts, controls: &Controls, now: Timestamp) -> Self {
        let signals = Signals::of(proposal, evidence, facts, controls, now);
        let channel = proposal.asked.channel.kind();
        let is_self_service = channel == ChannelKind::SelfService;
        let is_casework = matches!(channel, ChannelKind::Caseworker | ChannelKind::Operator);
        // The operator's files are how a registry begins: somebody's first account comes at once. Later they are one person's word.
        let is_beginning = proposal.is_first && facts.is_loading;
        let by_two = takes_two(proposal, evidence);
        let is_loaded = channel == ChannelKind::Operator && is_beginning && !by_two;
        // A bank's file that an officer hands in has not been sent by the bank's own system: one person could have written it.
        let by_system = proposal.asked.by.starts_with("client:");
        let is_handed_in = channel == ChannelKind::Bank && !is_beginning && !by_system;
        let is_specific = proposal.purpose.is_some();
        let approver = if is_specific { Control::ApproverSpecific } else { Control::ApproverDefault };
        // What deletes an account sends no money to another one that the letter could name.
        let wants_letter =
            proposal.asked.account.is_some() && !is_loaded && controls.letter(channel).applies(signals.any());
        let letter = evidence.letter();
        let returned = letter.is_some_and(|letter| letter.is_returned);
        // Of a letter that is on its way it does not matter that the next one would have nowhere to go.
        let is_under_way = letter.is_some_and(|letter| !letter.is_returned && letter.wrong < CODE_ATTEMPTS);
        let has_nowhere_to_go = facts.lacks_address && !is_under_way;
        // Whoever steals key material from the letter box steals the letter too (FR-13).
        let is_letter_worthless = wants_letter && (signals.has(Signal::LetterBox) || has_nowhere_to_go);
        let after_letter = wants_letter && signals.has(Signal::RecentChange);
        let stopped = evidence.last(ActKind::Stopped).is_some();
        // Whichever controls are in force: two people have decided it about this account.
        let marked = signals.has(Signal::MarkedAccount);
        let has_approver = by_two || controls.has(approver);
        // What heals gives an account to nobody anew: another officer says yes. Whether it is fresh, shared or left lately speaks for
        // it as much as against it.
        match proposal.asked.action {
            Action::Unfreeze => {
                let approval = has_approver && (is_casework || !by_system);
                return Self { approval, check: stopped || marked, ..Self::NONE };
            }
            // Two officers could put back what the payee has got rid of: who is told of it has as long as of a change.
            Action::Revert => {
                let check = stopped || marked || facts.is_doubted;
                let banking_days = controls.get(Control::WaitCaseworker);
                return Self { approval: true, check, banking_days, ..Self::NONE };
            }
            Action::Designate | Action::Close | Action::Freeze => {}
        }
        // Customers who come to a bank often do not know their former account: a person looks then.
        let names_nothing = controls.has(Control::NamesReplaced) && !proposal.is_first && !proposal.names_replaced;
        let looked_at = [Signal::OwnershipDenied, Signal::ManyPayees, Signal::RoundTrip, Signal::ThirdParty];
        let is_looked_at = looked_at.iter().any(|signal| signals.has(*signal));
        Self {
            // Who may sign for a company only with others has not signed before they have, nor has who may not any more.
            signature: is_self_service && (controls.has(Control::SignedAfresh) || facts.lacks_signature),
            // A bank vouches for its own customer's account; of a collector's it is known that it is somebody else's.
            ownership: controls.has(Control::OwnershipAsked)
                && facts.is_bank_asked
                && proposal.asked.account.is_some()
                && channel != ChannelKind::Bank
                && !is_loaded
                && !facts.is_collector(controls, now),
            approval: (is_casework || is_handed_in) && !is_loaded && has_approver,
            // What a login could have forged, a second channel answers for; what lies in the account itself, a person looks at.
            check: (!is_loaded && controls.when(Control::ManualCheck).applies(is_looked_at))
                || (stopped || marked || returned || names_nothing),
            letter: wants_letter && !is_letter_worthless,
            confirmation: is_letter_worthless || after_letter,
            banking_days: if is_loaded { 0 } else { controls.waits_banking_days(channel, proposal.is_first) },
        }
    }
}

/// Where a proposal stands at `now`.
#[must_use]
pub fn state(proposal: &Proposal, evidence: &Evidence, facts: &Facts, controls: &Controls, now: Timestamp) -> State {
    if let Some(ended) = evidence.ended() {
        return State::Ended(ended.kind);
    }
    let demands = Demands::of(proposal, evidence, facts, controls, now);
    let within = |since: Timestamp, days: i64, waits: Waits| {
        if now < evidence.ends(since, days, now) { State::Waiting(waits) } else { State::Lapsed }
    };
    // The waiting period begins when the last of what people do was done.
    let mut ready = proposal.at;
    let mut met = |act: Option<&Act>| act.inspect(|act| ready = ready.max(act.at)).is_some();

    if demands.signature && (!met(evidence.last(ActKind::Signed)) || facts.lacks_signature) {
        return within(proposal.at, DECISION_DAYS, Waits::Signature);
    }
    // What the bank does not say in time, it cannot say. Nobody waits longer than that, and nothing is sent to anybody before.
    if demands.ownership && evidence.ownership().is_none() && now < evidence.answer_until(proposal) {
        return State::Waiting(Waits::Ownership);
    }
    if demands.approval && !met(evidence.last(ActKind::Approved)) {
        return within(proposal.at, DECISION_DAYS, Waits::Approval);
    }
    // Whoever looked before the account was marked has not seen it.
    let mark = facts.mark(now);
    let checked = evidence.checked().filter(|act| mark.is_none_or(|mark| act.at >= mark.since));
    // Likewise before the payee was found to be a victim, of whom it may be the thief.
    let taken = taken(proposal, evidence);
    let checked = checked.filter(|act| taken.is_none_or(|taken| act.at >= taken));
    if (demands.check || taken.is_some()) && !met(checked) {
        return within(raised(proposal, evidence), DECISION_DAYS, Waits::Check);
    }
    if demands.letter && !met(evidence.last(ActKind::Activated)) {
        return match evidence.letter() {
            Some(letter) if letter.is_good(now) => State::Waiting(Waits::Code),
            // Its code was never given in time: whoever still wants the change asks anew.
            Some(letter) if !letter.is_returned && now >= letter.ends(now) => State::Lapsed,
            _ => within(proposal.at, CODE_DAYS + DECISION_DAYS, Waits::Letter),
        };
    }
    if demands.confirmation && !met(evidence.last(ActKind::Confirmed)) {
        return within(proposal.at, CODE_DAYS + DECISION_DAYS, Waits::Confirmation);
    }
    let from = in_force_from(ready, demands.banking_days);
    match () {
        () if now < from => State::Waiting(Waits::Time(from)),
        () if stands_still(proposal, evidence) => State::Waiting(Waits::Unfreezing),
        () => State::Due,
    }
}

/// Whether nothing goes on with a proposal for now: its payee may be a victim, and nobody has said yet.
#[must_use]
pub fn stands_still(proposal: &Proposal, evidence: &Evidence) -> bool {
    evidence.contests.open().is_some_and(|since| !knows(proposal, since))
}

/// Whether it comes of officers who know that the payee's accounts are contested since then: what heals does.
fn knows(proposal: &Proposal, contested: Timestamp) -> bool {
    let asked = &proposal.asked;
    asked.channel == Channel::Operator && (asked.action.heals() || proposal.at >= contested)
}

/// Whether it takes two whatever the controls say: an officer asks for it who knows that the payee may be a victim.
fn takes_two(proposal: &Proposal, evidence: &Evidence) -> bool {
    let contests = &evidence.contests;
    // When the contest ends, it takes no fewer.
    let asked_within = proposal.asked.channel == Channel::Operator && contests.holds_at(proposal.at);
    asked_within || contests.open().is_some_and(|since| knows(proposal, since))
}

/// When the payee was found to be a victim, where somebody had asked for it before.
fn taken(proposal: &Proposal, evidence: &Evidence) -> Option<Timestamp> {
    let (begun, at) = evidence.contests.taken()?;
    (proposal.at <= at && !knows(proposal, begun)).then_some(at)
}

/// Since when an officer is to look.
fn raised(proposal: &Proposal, evidence: &Evidence) -> Timestamp {
    evidence.came_up().max(taken(proposal, evidence)).unwrap_or(proposal.at)
}

/// When something that is ready at a moment takes effect after so many banking days: at the same time of day on that banking day. What
/// is ready on another day counts as ready when the next banking day begins.
#[must_use]
pub fn in_force_from(ready: Timestamp, banking_days: u16) -> Timestamp {
    if banking_days == 0 {
        return ready;
    }
    Timestamp::from(denmark::calendar::after_banking_days(ready.to_jiff(), u32::from(banking_days)))
}

/// When a proposal that waits must be looked at again, though nobody does anything: its time has come, or it has expired.
#[must_use]
pub fn due(proposal: &Proposal, evidence: &Evidence, waits: Waits, now: Timestamp) -> Timestamp {
    let until = |days| evidence.ends(proposal.at, days, now);
    let due = match waits {
        Waits::Signature | Waits::Approval => until(DECISION_DAYS),
        Waits::Ownership => evidence.answer_until(proposal),
        Waits::Check => evidence.ends(raised(proposal, evidence), DECISION_DAYS, now),
        Waits::Letter | Waits::Confirmation => until(CODE_DAYS + DECISION_DAYS),
        Waits::Code => evidence.letter().map_or(until(CODE_DAYS), |letter| letter.ends(now)),
        Waits::Time(from) => from,
        // No time brings that, and it is looked at again when somebody has said.
        Waits::Unfreezing => NEVER,
    };
    // Nothing becomes of it before its payee's accounts are let go, when it is looked at again.
    if stands_still(proposal, evidence) { due.max(now.minus_seconds(-STILL_SECONDS)) } else { due }
}

/// The last day, in Denmark, of the code of a letter that is made at a moment.
#[must_use]
pub fn code_valid_until(made: Timestamp) -> Date {
    copenhagen_date(made.plus_days(CODE_DAYS).to_jiff())
}

#[cfg(test)]
mod tests;
