//! The life of a designation: what a proposal still waits for. Pure.
//!
//! A proposal is never in a state that somebody set. It has evidence, of which nothing is ever taken back: who signed, approved,
//! activated or stopped it, and when. Where it stands *follows* from the evidence, from the controls in force and from what is known
//! at that moment: it waits for the first of the demands, in their order, that is not met. So a control that is switched on meets every
//! proposal that is under way, and an account takes effect only when nothing is left that anybody demands.

use crate::controls::{Control, Controls};
use crate::designation::ChannelKind;
use crate::proposal::Proposal;
use crate::signals::{Facts, Signal, Signals};
use kernel::Timestamp;

const MICROS_PER_DAY: i64 = 86_400_000_000;
/// A code is good for so many days from its letter's date (DENMARK.md: 60 days).
pub const CODE_DAYS: i64 = 60;
/// So often can a letter's code be given wrongly; then it takes another letter.
pub const CODE_ATTEMPTS: usize = 3;
/// A person decides within so many days, or it has expired.
pub const DECISION_DAYS: i64 = 30;
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
    pub const ALL: [(Self, &'static str); 14] = [
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
    /// More of it: why; of a letter, the keyed hash of its code.
    pub detail: String,
}

impl Act {
    /// Nobody did in time what it waited for: no person says so, but the rule.
    #[must_use]
    pub fn expired(at: Timestamp) -> Self {
        Self { kind: ActKind::Expired, at, by: BY_RULE.to_owned(), detail: String::new() }
    }
}

/// All that was done about a proposal, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence(Vec<Act>);

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
}

impl Letter<'_> {
    /// Until when its code is good.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        plus_days(self.at, CODE_DAYS)
    }

    /// Whether its code can still be given.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.is_returned && self.wrong < CODE_ATTEMPTS && now < self.valid_until()
    }
}

impl Evidence {
    /// Of acts in their order.
    #[must_use]
    pub const fn of(acts: Vec<Act>) -> Self {
        Self(acts)
    }

    /// Adds what is done now.
    pub fn add(&mut self, act: Act) {
        self.0.push(act);
    }

    /// The acts in their order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.0
    }

    /// The last act of one of these kinds, and its place.
    #[must_use]
    pub fn last_of(&self, kinds: &[ActKind]) -> Option<(usize, &Act)> {
        self.0.iter().enumerate().rev().find(|(_, act)| kinds.contains(&act.kind))
    }

    /// Whether somebody stopped it, and nobody has let it go on or seen it take effect since.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let last = self.last_of(&[ActKind::Stopped, ActKind::Checked, ActKind::TookEffect]);
        last.is_some_and(|(_, act)| act.kind == ActKind::Stopped)
    }

    fn last(&self, kind: ActKind) -> Option<&Act> {
        self.0.iter().rev().find(|act| act.kind == kind)
    }

    /// When something last came up that an officer must have seen: it was stopped, or its letter came back.
    fn came_up(&self) -> Option<Timestamp> {
        self.last_of(&[ActKind::Stopped, ActKind::LetterReturned]).map(|(_, act)| act.at)
    }

    /// The check by an officer who has seen all that came up. Their places count, and not their moments: those can be the same.
    fn checked(&self) -> Option<&Act> {
        let last = self.last_of(&[ActKind::Checked, ActKind::Stopped, ActKind::LetterReturned]);
        last.map(|(_, act)| act).filter(|act| act.kind == ActKind::Checked)
    }

    /// The letter that counts.
    #[must_use]
    pub fn letter(&self) -> Option<Letter<'_>> {
        let made = self.0.iter().rposition(|act| act.kind == ActKind::LetterMade)?;
        let (letter, since) = (&self.0[made], &self.0[made + 1..]);
        let has = |kind| since.iter().any(|act| act.kind == kind);
        Some(Letter {
            number: self.0[..=made].iter().filter(|act| act.kind == ActKind::LetterMade).count(),
            at: letter.at,
            code_key: &letter.detail,
            is_handed_over: has(ActKind::LetterHandedOver),
            is_returned: has(ActKind::LetterReturned),
            wrong: since.iter().filter(|act| act.kind == ActKind::CodeWrong).count(),
        })
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<&Act> {
        use ActKind::{Cancelled, Expired, Refused, TookEffect};
        self.0.iter().find(|act| matches!(act.kind, Cancelled | Expired | Refused | TookEffect))
    }

    /// Whether whoever `by` is has already taken part in it: they do not take another's part as well. Who only notes what became
    /// of a letter takes none.
    #[must_use]
    pub fn has_part(&self, by: &str) -> bool {
        let notes = [ActKind::LetterHandedOver, ActKind::LetterReturned];
        self.0.iter().any(|act| act.by == by && !notes.contains(&act.kind))
    }
}

/// What a proposal waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The payee signs it afresh.
    Signature,
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
}

impl Waits {
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
        }
    }

    /// What answers call so.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let never = Timestamp::from_micros(i64::MAX);
        let all = [
            Self::Signature,
            Self::Approval,
            Self::Check,
            Self::Letter,
            Self::Code,
            Self::Confirmation,
            Self::Time(never),
        ];
        all.into_iter().find(|waits| waits.name() == name)
    }

    /// As answers say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Approval => "approval",
            Self::Check => "check",
            Self::Letter => "letter",
            Self::Code => "code",
            Self::Confirmation => "confirmation",
            Self::Time(_) => "time",
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
            Self::Waiting(Waits::Signature) => "proposed",
            Self::Waiting(Waits::Approval | Waits::Check) => "awaiting_approval",
            Self::Waiting(Waits::Letter | Waits::Code | Waits::Confirmation) => "awaiting_activation",
            Self::Waiting(Waits::Time(_)) | Self::Due => "held",
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
    approval: bool,
    check: bool,
    letter: bool,
    confirmation: bool,
    banking_days: u16,
}

impl Demands {
    fn of(proposal: &Proposal, evidence: &Evidence, facts: &Facts, signals: Signals, controls: &Controls) -> Self {
        let channel = proposal.asked.channel.kind();
        let is_self_service = channel == ChannelKind::SelfService;
        let is_casework = matches!(channel, ChannelKind::Caseworker | ChannelKind::Operator);
        // The operator's files are how a registry begins: somebody's first account comes at once.
        let is_loaded = channel == ChannelKind::Operator && proposal.is_first;
        // A bank's file that an officer hands in has not been sent by the bank's own system: one person could have written it.
        let by_system = proposal.asked.by.starts_with("client:");
        let is_handed_in = channel == ChannelKind::Bank && !proposal.is_first && !by_system;
        let is_specific = proposal.purpose.is_some();
        let approver = if is_specific { Control::ApproverSpecific } else { Control::ApproverDefault };
        let wants_letter = match channel {
            // What deletes an account sends no money to another one that the letter could name.
            _ if proposal.asked.account.is_none() => false,
            ChannelKind::SelfService => controls.when(Control::LetterSelfService).applies(signals.any()),
            ChannelKind::Caseworker => controls.has(Control::LetterCaseworker),
            // A bank has its customer's consent, and the operator's own acts go by what it has on file.
            ChannelKind::Bank | ChannelKind::Operator => false,
        };
        // Whoever steals key material from the letter box steals the letter too (FR-13).
        let is_letter_worthless = wants_letter && signals.has(Signal::LetterBox);
        let after_letter = wants_letter && signals.has(Signal::RecentChange);
        let returned = evidence.letter().is_some_and(|letter| letter.is_returned);
        let stopped = evidence.last(ActKind::Stopped).is_some();
        // Customers who come to a bank often do not know their former account: a person looks then.
        let names_nothing = controls.has(Control::NamesReplaced) && !proposal.is_first && !proposal.names_replaced;
        let looked_at = [Signal::OwnershipDenied, Signal::ManyPayees, Signal::RoundTrip, Signal::ThirdParty];
        let is_looked_at = looked_at.iter().any(|signal| signals.has(*signal));
        Self {
            // Who may sign for a company only with others has not signed before they have, nor has who may not any more.
            signature: is_self_service && (controls.has(Control::SignedAfresh) || facts.lacks_signature),
            approval: (is_casework || is_handed_in) && !is_loaded && controls.has(approver),
            // What a login could have forged, a second channel answers for; what lies in the account itself, a person looks at.
            check: (!is_loaded && controls.when(Control::ManualCheck).applies(is_looked_at))
                || (stopped || returned || names_nothing),
            letter: wants_letter && !is_letter_worthless,
            confirmation: is_letter_worthless || after_letter,
            banking_days: controls.waits_banking_days(channel, proposal.is_first),
        }
    }
}

/// Where a proposal stands at `now`.
#[must_use]
pub fn state(proposal: &Proposal, evidence: &Evidence, facts: &Facts, controls: &Controls, now: Timestamp) -> State {
    if let Some(ended) = evidence.ended() {
        return State::Ended(ended.kind);
    }
    let signals = Signals::of(proposal, facts, controls, now);
    let demands = Demands::of(proposal, evidence, facts, signals, controls);
    let within = |since: Timestamp, days: i64, waits: Waits| {
        if now < plus_days(since, days) { State::Waiting(waits) } else { State::Lapsed }
    };
    // The waiting period begins when the last of what people do was done.
    let mut ready = proposal.at;
    let mut met = |act: Option<&Act>| act.inspect(|act| ready = ready.max(act.at)).is_some();

    if demands.signature && (!met(evidence.last(ActKind::Signed)) || facts.lacks_signature) {
        return within(proposal.at, DECISION_DAYS, Waits::Signature);
    }
    if demands.approval && !met(evidence.last(ActKind::Approved)) {
        return within(proposal.at, DECISION_DAYS, Waits::Approval);
    }
    if demands.check && !met(evidence.checked()) {
        return within(evidence.came_up().unwrap_or(proposal.at), DECISION_DAYS, Waits::Check);
    }
    if demands.letter && !met(evidence.last(ActKind::Activated)) {
        return match evidence.letter() {
            Some(letter) if letter.is_good(now) => State::Waiting(Waits::Code),
            // Its code was never given in time: whoever still wants the change asks anew.
            Some(letter) if !letter.is_returned && now >= letter.valid_until() => State::Lapsed,
            _ => within(proposal.at, CODE_DAYS + DECISION_DAYS, Waits::Letter),
        };
    }
    if demands.confirmation && !met(evidence.last(ActKind::Confirmed)) {
        return within(proposal.at, CODE_DAYS + DECISION_DAYS, Waits::Confirmation);
    }
    let from = in_force_from(ready, demands.banking_days);
    if now < from { State::Waiting(Waits::Time(from)) } else { State::Due }
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
pub fn due(proposal: &Proposal, evidence: &Evidence, waits: Waits) -> Timestamp {
    let until = |days| plus_days(proposal.at, days);
    match waits {
        Waits::Signature | Waits::Approval => until(DECISION_DAYS),
        Waits::Check => plus_days(evidence.came_up().unwrap_or(proposal.at), DECISION_DAYS),
        Waits::Letter | Waits::Confirmation => until(CODE_DAYS + DECISION_DAYS),
        Waits::Code => evidence.letter().map_or(until(CODE_DAYS), |letter| letter.valid_until()),
        Waits::Time(from) => from,
    }
}

const fn plus_days(moment: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_micros(moment.micros().saturating_add(days.saturating_mul(MICROS_PER_DAY)))
}

/// Until when the code of a letter is good that is made now.
#[must_use]
pub const fn code_valid_until(made: Timestamp) -> Timestamp {
    plus_days(made, CODE_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::DesignatedAccount;
    use crate::designation::Channel;
    use crate::payee::PayeeId;
    use crate::proposal::{Asked, Holder, Ownership};
    use kernel::{Blind, Id};

    const PAYEE: &str = "citizen:1";
    const BANK: &str = "client:north";

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// A Monday morning.
    fn monday() -> Timestamp {
        moment("2026-11-23T09:00:00Z")
    }

    fn proposal(channel: Channel, is_first: bool) -> Proposal {
        let asked = Asked {
            payee: PayeeId::parse("cpr:6101701234").unwrap(),
            by: match channel.kind() {
                ChannelKind::Bank => BANK.to_owned(),
                _ => PAYEE.to_owned(),
            },
            channel,
            account: DesignatedAccount::from_text("0040-0000000002 DKK"),
            specific: None,
            holder: Holder::Own,
            ownership: Ownership::Match,
            ground: None,
        };
        let (id, payee) = (Id::new(7), Blind::from_bytes([1; 16]));
        Proposal {
            id,
            at: monday(),
            payee,
            purpose: None,
            replaces: None,
            is_first,
            names_replaced: true,
            grounds: None,
            asked,
        }
    }

    /// Reads `signed 0; letter_made 1`: acts, and so many hours after the proposal.
    fn evidence(text: &str) -> Evidence {
        let act = |text: &str| {
            let (name, hours) = text.trim().split_once(' ').unwrap();
            let (kind, _) = *ActKind::ALL.iter().find(|(_, known)| *known == name).unwrap();
            let at = monday().minus_seconds(-3600 * hours.parse::<i64>().unwrap());
            Act { kind, at, by: "somebody".to_owned(), detail: "key".to_owned() }
        };
        Evidence::of(text.split(';').filter(|act| !act.trim().is_empty()).map(act).collect())
    }

    fn stands(proposal: &Proposal, acts: &str, facts: &Facts, controls: &Controls, hours: i64) -> String {
        let now = monday().minus_seconds(-3600 * hours);
        let state = state(proposal, &evidence(acts), facts, controls, now);
        match state.waits() {
            Some(Waits::Time(from)) => format!("held until {from}"),
            Some(waits) => format!("{} ({})", state.name(), waits.name()),
            None if state == State::Due => "due".to_owned(),
            None => state.name().to_owned(),
        }
    }

    #[test]
    fn self_service_goes_through_every_demand_in_its_order() {
        let (proposal, facts, controls) = (proposal(Channel::SelfService, false), Facts::default(), Controls::anvis());
        let check = |acts: &str, hours: i64, expected: &str| {
            assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
        };
        check("", 0, "proposed (signature)");
        check("signed 0", 1, "awaiting_activation (letter)");
        check("signed 0; letter_made 4", 5, "awaiting_activation (code)");
        check("signed 0; letter_made 4; letter_handed_over 6", 7, "awaiting_activation (code)");
        // On Wednesday at eleven; then two banking days.
        check("signed 0; letter_made 4; activated 50", 50, "held until 2026-11-27T11:00:00Z");
        check("signed 0; letter_made 4; activated 50", 97, "held until 2026-11-27T11:00:00Z");
        check("signed 0; letter_made 4; activated 50", 98, "due");
        check("signed 0; letter_made 4; activated 50; took_effect 98", 99, "in_force");
        // What ends it, ends it whenever it comes.
        check("cancelled 1", 2, "cancelled");
        check("signed 0; letter_made 4; activated 50; refused 60", 200, "refused");
        check("signed 0; expired 2200", 2300, "expired");
    }

    #[test]
    fn a_code_is_good_for_sixty_days_and_three_attempts() {
        let (proposal, facts, controls) = (proposal(Channel::SelfService, false), Facts::default(), Controls::anvis());
        let check = |acts: &str, hours: i64, expected: &str| {
            assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
        };
        let wrong = "signed 0; letter_made 4; code_wrong 5; code_wrong 6";
        check(wrong, 7, "awaiting_activation (code)");
        check(&format!("{wrong}; code_wrong 7"), 8, "awaiting_activation (letter)");
        // Another letter has attempts of its own.
        check(&format!("{wrong}; code_wrong 7; letter_made 9"), 10, "awaiting_activation (code)");
        let last = 4 + CODE_DAYS * 24 - 1;
        check("signed 0; letter_made 4", last, "awaiting_activation (code)");
        check("signed 0; letter_made 4", last + 1, "expired");
        // A letter that came back: an officer looks, and then it takes another letter.
        let returned = "signed 0; letter_made 4; letter_handed_over 5; letter_returned 200";
        check(returned, 201, "awaiting_approval (check)");
        check(&format!("{returned}; checked 202"), 203, "awaiting_activation (letter)");
    }

    #[test]
    fn nobody_decides_for_ever() {
        let (facts, controls) = (Facts::default(), Controls::anvis());
        let caseworker = || Channel::Caseworker("SKAT".to_owned());
        let check = |channel: Channel, acts: &str, days: i64, expected: &str| {
            let proposal = proposal(channel, false);
            assert_eq!(
                stands(&proposal, acts, &facts, &controls, days * 24 - 1),
                expected,
                "{acts} before {days} days"
            );
            assert_eq!(stands(&proposal, acts, &facts, &controls, days * 24), "expired", "{acts} after {days} days");
        };
        check(Channel::SelfService, "", 30, "proposed (signature)");
        check(caseworker(), "", 30, "awaiting_approval (approval)");
        check(caseworker(), "approved 1", 90, "awaiting_activation (letter)");
    }

    #[test]
    fn each_channel_by_each_set() {
        let facts = Facts::default();
        let check = |channel: Channel, is_first: bool, expected: [&str; 3]| {
            let proposal = proposal(channel, is_first);
            let found =
                ["2015", "2021", "anvis"].map(|set| stands(&proposal, "", &facts, &Controls::named(set).unwrap(), 0));
            assert_eq!(found, expected, "{proposal:?}");
        };
        let bank = || Channel::Bank("North".to_owned());
        let caseworker = || Channel::Caseworker("SKAT".to_owned());
        let (letter, approval) = ("awaiting_activation (letter)", "awaiting_approval (approval)");
        //                                2015   2021      anvis
        check(bank(), true, ["due", "due", "due"]);
        check(bank(), false, ["due", "due", "held until 2026-11-24T09:00:00Z"]);
        check(Channel::SelfService, true, ["due", letter, "proposed (signature)"]);
        check(Channel::SelfService, false, ["due", letter, "proposed (signature)"]);
        // What is not the bank's own system's, one person could have written.
        let handed_in = |is_first| {
            let proposal = proposal(bank(), is_first);
            Proposal { asked: Asked { by: "operator:anna".to_owned(), ..proposal.asked.clone() }, ..proposal }
        };
        for (is_first, expected) in [(true, "due"), (false, approval)] {
            assert_eq!(stands(&handed_in(is_first), "", &facts, &Controls::anvis(), 0), expected);
        }
        check(caseworker(), true, ["due", approval, approval]);
        check(caseworker(), false, ["due", approval, approval]);
        check(Channel::Operator, true, ["due", "due", "due"]);
        check(Channel::Operator, false, ["due", approval, approval]);
        // Whose account it is, nobody has said who loads the files with which a registry begins.
        let mut loaded = proposal(Channel::Operator, true);
        (loaded.asked.holder, loaded.asked.ownership) = (Holder::Unknown, Ownership::NotPossible);
        assert_eq!(stands(&loaded, "", &facts, &Controls::anvis(), 0), "due");
        loaded.is_first = false;
        assert_eq!(stands(&loaded, "approved 0", &facts, &Controls::anvis(), 0), "awaiting_approval (check)");
    }

    #[test]
    fn what_speaks_against_a_change_demands_more() {
        let days_before = |days: i64| Some(monday().minus_seconds(days * 86_400));
        let controls = Controls::anvis();
        let check = |facts: Facts, acts: &str, expected: &str| {
            let proposal = proposal(Channel::SelfService, false);
            assert_eq!(stands(&proposal, acts, &facts, &controls, 60), expected, "{facts:?} {acts}");
        };
        let (signed, activated) = ("signed 0", "signed 0; letter_made 4; activated 50");
        let held = "held until 2026-11-27T11:00:00Z";
        let (confirmation, check_by_officer) = ("awaiting_activation (confirmation)", "awaiting_approval (check)");
        let facts = Facts::default;
        let fresh = |set: &dyn Fn(&mut crate::identity::Facts)| {
            let mut facts = Facts::default();
            set(&mut facts.identity);
            facts
        };
        for days in [0, 30] {
            check(fresh(&|identity| identity.contact_changed = days_before(days)), activated, confirmation);
            check(fresh(&|identity| identity.address_changed = days_before(days)), activated, confirmation);
            check(fresh(&|identity| identity.authenticator_changed = days_before(days)), activated, confirmation);
        }
        // Also what changes after it was proposed.
        check(fresh(&|identity| identity.address_changed = days_before(-2)), activated, confirmation);
        check(fresh(&|identity| identity.address_changed = days_before(31)), activated, held);
        let confirmed = format!("{activated}; confirmed 50");
        check(fresh(&|identity| identity.contact_changed = days_before(3)), &confirmed, held);
        // No letter is worth anything then: none is made, and another channel alone counts.
        check(fresh(&|identity| identity.key_material_posted = days_before(60)), signed, confirmation);
        check(
            fresh(&|identity| identity.key_material_posted = days_before(61)),
            signed,
            "awaiting_activation (letter)",
        );
        check(Facts { payees: 9, ..facts() }, signed, "awaiting_activation (letter)");
        check(Facts { payees: 10, ..facts() }, signed, check_by_officer);
        check(
            Facts { payees: 10, collector_until: Some(jiff::civil::date(2026, 11, 25)), ..facts() },
            signed,
            "awaiting_activation (letter)",
        );
        check(Facts { left: days_before(28), ..facts() }, signed, check_by_officer);
        check(Facts { left: days_before(29), ..facts() }, signed, "awaiting_activation (letter)");
    }

    #[test]
    fn a_stop_waits_for_an_officer_who_has_seen_it() {
        let (facts, controls) = (Facts::default(), Controls::anvis());
        let proposal = proposal(Channel::Bank("North".to_owned()), false);
        let check = |acts: &str, hours: i64, expected: &str| {
            assert_eq!(stands(&proposal, acts, &facts, &controls, hours), expected, "{acts} after {hours} hours");
        };
        check("stopped 2", 3, "awaiting_approval (check)");
        check("checked 1; stopped 2", 3, "awaiting_approval (check)");
        // The waiting period begins anew.
        check("stopped 2; checked 4", 5, "held until 2026-11-24T13:00:00Z");
        check("stopped 2", 2 + DECISION_DAYS * 24, "expired");
        let unnamed = Proposal { names_replaced: false, ..proposal.clone() };
        assert_eq!(stands(&unnamed, "", &facts, &controls, 1), "awaiting_approval (check)");
        assert_eq!(stands(&unnamed, "", &facts, &Controls::NONE, 1), "due");
    }

    #[test]
    fn what_the_store_keeps_reads_back() {
        for (at, (kind, name)) in ActKind::ALL.iter().enumerate() {
            assert_eq!((*kind as usize, ActKind::from_code(kind.code()), kind.name()), (at, Some(*kind), *name));
        }
        assert_eq!(ActKind::from_code(99), None);
        let asked = proposal(Channel::Caseworker("SKAT".to_owned()), false).asked;
        assert_eq!(Asked::from_text(&asked.to_text()), Some(asked));
    }
}
