//! What each control costs lawful users (SC-03): letters, days, changes that were given up, changes that were held and then let go on, and
//! what each ban would have refused. Pure: folded from proposals, what was done about them, and what took effect.

use crate::collecting::Window;
use crate::controls::{Control, Controls};
use crate::designation::ChannelKind;
use crate::life::{self, Act, ActKind, Evidence, Waits};
use crate::ownership::Ownership;
use crate::proposal::{Ban, Designated, Holder, Proposal};
use crate::row_refusal::RowRefusal;
use crate::signals::Facts;
use kernel::{Blind, Refuse, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const MICROS_PER_TENTH_OF_A_DAY: i64 = 8_640_000_000;

/// What one control cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ControlCost {
    /// So often somebody did what it demands.
    pub met: u64,
    /// Letters that were made for it.
    pub letters: u64,
    /// Those among them that were not the first of their proposal.
    pub second_letters: u64,
    /// Those that came back.
    pub returned_letters: u64,
    /// Proposals that expired or were cancelled while they waited for it.
    pub abandoned: u64,
    /// So often an officer looked because of it, and let the change go on: it was held wrongly.
    pub let_go_on: u64,
    /// Proposals that an officer refused while they waited for it, or that it kept from taking effect.
    pub refused: u64,
    /// Proposals that somebody stopped by it.
    pub stopped: u64,
    /// Of bans: what took effect, and would not have under it.
    pub would_refuse: u64,
    /// Payments that it held.
    pub payments_held: u64,
    /// Those among them that went to accounts of which officers found that they are lawful.
    pub held_wrongly: u64,
    /// Days for which it was waited, of half of those that waited for it and took effect at most; with one digit after the point.
    pub days_median: Option<String>,
    /// Of nine out of ten at most.
    pub days_nine_of_ten: Option<String>,
    #[serde(skip)]
    tenths: Vec<u32>,
}

/// What became of the proposals of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelCost {
    /// Of how many.
    pub proposed: u64,
    /// They took effect.
    pub in_force: u64,
    /// They wait.
    pub waiting: u64,
    /// Nobody did in time what they waited for.
    pub expired: u64,
    /// They were taken back.
    pub cancelled: u64,
    /// They were refused.
    pub refused: u64,
    /// Days from proposal to effect, of half of those that took effect at most; with one digit after the point.
    pub days_median: Option<String>,
    /// Of nine out of ten at most.
    pub days_nine_of_ten: Option<String>,
    #[serde(skip)]
    tenths: Vec<u32>,
}

/// What all of them cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// By control; what cost nothing is not there.
    pub controls: BTreeMap<Control, ControlCost>,
    /// By channel.
    pub channels: BTreeMap<&'static str, ChannelCost>,
    /// Of accounts that are several payees' today: to whom of them they were given.
    shared: BTreeMap<Blind, Shared>,
}

/// An account that is several payees' today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shared {
    given: BTreeSet<Blind>,
    payees: usize,
}

/// An account that somebody was given, in the place of another or as the first.
#[derive(Clone, Copy, Debug)]
pub struct Given<'g> {
    /// To whom.
    pub payee: Blind,
    /// The account's blind index.
    pub account: Blind,
    /// Whether it is their first one.
    pub is_first: bool,
    /// Whose it was said to be.
    pub holder: Holder,
    /// Whose it is today.
    pub payees: &'g BTreeSet<Blind>,
}

/// A review of an account that had more payees than a limit.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed {
    /// Within which window.
    pub window: Window,
    /// When it was opened.
    pub opened: Timestamp,
    /// When somebody decided about it, or the account became a lawful collector's.
    pub decided: Option<Timestamp>,
    /// Whether it is to be left alone, or a collector's: it was held wrongly.
    pub is_lawful: bool,
    /// How many payments to it were held.
    pub payments_held: u64,
}

impl Costs {
    /// Adds a review: the windows' limits.
    pub fn add_review(&mut self, reviewed: &Reviewed) {
        let Reviewed { window, opened, decided, is_lawful, payments_held } = *reviewed;
        let cost = self.of(window.control());
        cost.met += u64::from(decided.is_some());
        cost.payments_held += payments_held;
        if is_lawful {
            cost.let_go_on += 1;
            cost.held_wrongly += payments_held;
            cost.tenths.extend(decided.map(|decided| tenths(micros_between(opened, decided))));
        }
    }

    /// Adds what took effect: each ban's dry run.
    pub fn add_given(&mut self, given: Given<'_>) {
        let Given { payee, account, is_first, holder, payees } = given;
        let is_shared = payees.contains(&payee) && payees.len() > 1;
        for (ban, control) in Ban::ALL {
            if !ban.concerns(Designated { is_first, is_shared, holder }) {
                continue;
            }
            match ban {
                Ban::Change | Ban::ThirdParty => self.of(control).would_refuse += 1,
                Ban::Shared => {
                    let shared = self.shared.entry(account).or_default();
                    shared.payees = payees.len();
                    shared.given.insert(payee);
                }
            }
        }
    }

    /// Adds a proposal, what was done about it, and the controls that were in force when it ended, or are now.
    pub fn add(&mut self, proposal: &Proposal, evidence: &Evidence, controls: &Controls) {
        let acts = evidence.acts();
        let ended = evidence.ended();
        let letter = letter_of(proposal);
        let (mut letters, mut came_up) = (0, None);
        let (mut since, mut waits) = (proposal.at, BTreeMap::new());
        for (place, act) in acts.iter().enumerate() {
            if place == 0 || !is_end(acts[place - 1].kind) {
                // Whatever ends a time of waiting tells what was waited for.
                let waited = match act.kind {
                    ActKind::Signed => Some(Control::SignedAfresh),
                    ActKind::OwnershipTold => Some(Control::OwnershipAsked),
                    ActKind::Approved => Some(approver_of(proposal)),
                    ActKind::Checked => Some(came_up.unwrap_or_else(|| check_of(proposal, controls))),
                    ActKind::LetterMade
                    | ActKind::LetterHandedOver
                    | ActKind::LetterReturned
                    | ActKind::CodeWrong
                    | ActKind::Activated => letter,
                    ActKind::Confirmed => Some(Control::SecondChannel),
                    ActKind::Stopped => waited_for(proposal, &acts[..place], came_up, controls),
                    ActKind::TookEffect => wait_of(proposal, controls),
                    ActKind::Cancelled | ActKind::Refused | ActKind::Expired => None,
                };
                if let Some(control) = waited {
                    *waits.entry(control).or_insert(0) += micros_between(since, act.at);
                }
                since = act.at;
            }
            let met = match act.kind {
                ActKind::Signed => Some(Control::SignedAfresh),
                ActKind::Approved => Some(approver_of(proposal)),
                ActKind::Activated => letter,
                ActKind::Confirmed => Some(Control::SecondChannel),
                ActKind::OwnershipTold => Some(Control::OwnershipAsked),
                _ => None,
            };
            if let Some(control) = met {
                self.of(control).met += 1;
            }
            match act.kind {
                ActKind::LetterMade => {
                    let cost = self.of(letter.unwrap_or(Control::LetterCaseworker));
                    cost.letters += 1;
                    cost.second_letters += u64::from(letters > 0);
                    letters += 1;
                }
                ActKind::LetterReturned => {
                    self.of(letter.unwrap_or(Control::LetterCaseworker)).returned_letters += 1;
                    came_up = letter;
                }
                ActKind::Stopped => {
                    self.of(Control::StopLink).stopped += 1;
                    came_up = Some(Control::StopLink);
                }
                ActKind::OwnershipTold if act.detail == Ownership::NoMatch.name() => {
                    came_up = Some(Control::OwnershipAsked);
                }
                ActKind::Checked => {
                    let cost = self.of(came_up.take().unwrap_or_else(|| check_of(proposal, controls)));
                    cost.met += 1;
                    cost.let_go_on += 1;
                }
                _ => {}
            }
        }
        let channel = self.channels.entry(proposal.asked.channel.kind().name()).or_default();
        channel.proposed += 1;
        match ended.map(|act| act.kind) {
            None => channel.waiting += 1,
            Some(ActKind::Expired) => channel.expired += 1,
            Some(ActKind::Cancelled) => channel.cancelled += 1,
            Some(ActKind::Refused) => channel.refused += 1,
            Some(_) => channel.in_force += 1,
        }
        let Some(ended) = ended else { return };
        if ended.kind == ActKind::TookEffect {
            channel.tenths.push(tenths(micros_between(proposal.at, ended.at)));
            for (control, micros) in waits {
                self.of(control).tenths.push(tenths(micros));
            }
            return;
        }
        // What the rule itself says no to at the last moment, no control cost, unless it is one that says so.
        let is_rules = ended.kind == ActKind::Refused && ended.by == life::BY_RULE;
        let waited = if is_rules { says_no(&ended.detail) } else { waited_for(proposal, acts, came_up, controls) };
        match (waited, ended.kind) {
            (Some(control), ActKind::Refused) => self.of(control).refused += 1,
            (Some(control), _) => self.of(control).abandoned += 1,
            (None, _) => {}
        }
    }

    /// When all were added.
    #[must_use]
    pub fn summed(mut self) -> Self {
        // Where all whose it is today were given it, somebody was the first, and shared it with nobody yet.
        let refused =
            self.shared.values().map(|shared| shared.given.len() - usize::from(shared.given.len() == shared.payees));
        let refused = refused.sum::<usize>();
        if refused > 0 {
            self.of(Control::BanShared).would_refuse = u64::try_from(refused).unwrap_or(u64::MAX);
        }
        for channel in self.channels.values_mut() {
            (channel.days_median, channel.days_nine_of_ten) = days(&mut channel.tenths);
        }
        for control in self.controls.values_mut() {
            (control.days_median, control.days_nine_of_ten) = days(&mut control.tenths);
        }
        self
    }

    fn of(&mut self, control: Control) -> &mut ControlCost {
        self.controls.entry(control).or_default()
    }
}

fn micros_between(from: Timestamp, to: Timestamp) -> i64 {
    to.micros().saturating_sub(from.micros()).max(0)
}

fn tenths(micros: i64) -> u32 {
    u32::try_from(micros / MICROS_PER_TENTH_OF_A_DAY).unwrap_or(u32::MAX)
}

/// Of half of them at most, and of nine out of ten.
fn days(tenths: &mut [u32]) -> (Option<String>, Option<String>) {
    tenths.sort_unstable();
    (share(tenths, 5), share(tenths, 9))
}

/// The least that so many tenths of sorted figures do not exceed, as days.
fn share(tenths: &[u32], of_ten: usize) -> Option<String> {
    let at = (tenths.len() * of_ten).div_ceil(10).checked_sub(1)?;
    tenths.get(at).map(|days| format!("{}.{}", days / 10, days % 10))
}

const fn letter_of(proposal: &Proposal) -> Option<Control> {
    match proposal.asked.channel.kind() {
        ChannelKind::SelfService => Some(Control::LetterSelfService),
        ChannelKind::Caseworker => Some(Control::LetterCaseworker),
        ChannelKind::Bank | ChannelKind::Operator => None,
    }
}

const fn approver_of(proposal: &Proposal) -> Control {
    if proposal.purpose.is_some() { Control::ApproverSpecific } else { Control::ApproverDefault }
}

/// Why an officer looks, where nothing came up.
fn check_of(proposal: &Proposal, controls: &Controls) -> Control {
    let names_nothing = controls.has(Control::NamesReplaced) && !proposal.is_first && !proposal.names_replaced;
    if names_nothing { Control::NamesReplaced } else { Control::ManualCheck }
}

/// The waiting period that a proposal had, if it had any.
fn wait_of(proposal: &Proposal, controls: &Controls) -> Option<Control> {
    let channel = proposal.asked.channel.kind();
    let has_wait = controls.waits_banking_days(channel, proposal.is_first) > 0;
    has_wait.then(|| Control::wait_of(channel, proposal.is_first))
}

/// The control that keeps an account from taking effect, by the code of its refusal.
fn says_no(code: &str) -> Option<Control> {
    if code == RowRefusal::Locked.code() {
        return Some(Control::OwnersLock);
    }
    Ban::ALL.into_iter().find(|(ban, _)| RowRefusal::from(*ban).code() == code).map(|(_, control)| control)
}

/// What a proposal waited for when it ended: by what had been done about it until then, and the controls.
fn waited_for(proposal: &Proposal, acts: &[Act], came_up: Option<Control>, controls: &Controls) -> Option<Control> {
    let done: Vec<Act> = acts.iter().filter(|act| !is_end(act.kind)).cloned().collect();
    let at = done.last().map_or(proposal.at, |act| act.at);
    // What was known of it then is not kept: where only that made somebody look, an officer's check is not seen here.
    let state = life::state(proposal, &Evidence::of(done), &Facts::default(), controls, at);
    Some(match state.waits()? {
        Waits::Signature => Control::SignedAfresh,
        Waits::Ownership => Control::OwnershipAsked,
        Waits::Approval => approver_of(proposal),
        Waits::Check => came_up.unwrap_or_else(|| check_of(proposal, controls)),
        Waits::Letter | Waits::Code => letter_of(proposal)?,
        Waits::Confirmation => Control::SecondChannel,
        Waits::Time(_) => Control::wait_of(proposal.asked.channel.kind(), proposal.is_first),
        // No control demands that.
        Waits::Unfreezing => return None,
    })
}

const fn is_end(kind: ActKind) -> bool {
    matches!(kind, ActKind::Cancelled | ActKind::Refused | ActKind::Expired | ActKind::TookEffect)
}

/// The controls that were in force at moments: versions with when they came, the newest first.
#[derive(Clone, Debug)]
pub struct Versions(pub Vec<(Timestamp, Controls)>);

impl Versions {
    /// Those in force at a moment.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> Controls {
        self.0.iter().find(|(since, _)| *since <= moment).map_or_else(Controls::anvis, |(_, controls)| *controls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::DesignatedAccount;
    use crate::designation::{Action, Channel};
    use crate::payee::PayeeId;
    use crate::proposal::{Asked, Holder};
    use kernel::{Blind, Id};

    const HOUR: i64 = 3_600;

    fn proposal(channel: Channel) -> Proposal {
        let asked = Asked {
            payee: PayeeId::parse("cpr:6101701234").unwrap(),
            channel,
            by: "client:somebody".to_owned(),
            authenticator: None,
            action: Action::Designate,
            reverts: None,
            why: None,
            account: DesignatedAccount::from_text("0040-0000000002 DKK"),
            specific: None,
            holder: Holder::Own,
            ground: None,
        };
        Proposal {
            id: Id::new(7),
            at: Timestamp::from_micros(0),
            payee: Blind::from_bytes([1; 16]),
            purpose: None,
            replaces: None,
            is_first: false,
            names_replaced: true,
            grounds: None,
            asked,
        }
    }

    /// Reads `signed 0; letter_made 1`: acts, and so many hours after the proposal. Those with `!` are the rule's, with a code if any.
    fn evidence(text: &str) -> Evidence {
        let act = |text: &str| {
            let (name, hours) = text.trim().split_once(' ').unwrap();
            let (by, (name, code)) = match name.split_once('!') {
                Some(of_rule) => ("rule", of_rule),
                None => ("somebody", (name, "")),
            };
            let (kind, _) = *ActKind::ALL.iter().find(|(_, known)| *known == name).unwrap();
            let at = Timestamp::from_micros(0).minus_seconds(-HOUR * hours.parse::<i64>().unwrap());
            Act::new(kind, at, by, code)
        };
        Evidence::of(text.split(';').filter(|act| !act.trim().is_empty()).map(act).collect())
    }

    /// `letter_self_service letters=2 abandoned=1`, for each control that cost something.
    fn cost(channel: Channel, change: impl Fn(&mut Proposal), acts: &str) -> String {
        let mut costs = Costs::default();
        let mut proposal = proposal(channel);
        change(&mut proposal);
        costs.add(&proposal, &evidence(acts), &Controls::anvis());
        let line = |(control, cost): (&Control, &ControlCost)| {
            let figures = serde_json::to_value(cost).unwrap();
            let figures = figures
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, figure)| figure.as_u64().is_some_and(|count| count > 0));
            let figures: Vec<String> = figures.map(|(name, figure)| format!("{name}={figure}")).collect();
            (!figures.is_empty()).then(|| format!("{} {}", control.name(), figures.join(" ")))
        };
        costs.controls.iter().filter_map(line).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn each_act_is_some_controls_cost() {
        let citizen =
            |acts: &str, expected: &str| assert_eq!(cost(Channel::SelfService, |_| {}, acts), expected, "{acts}");
        citizen("", "");
        citizen("expired! 800", "signed_afresh abandoned=1");
        citizen("cancelled 1", "signed_afresh abandoned=1");
        let signed = "signed_afresh met=1";
        citizen("signed 0; cancelled 1", &format!("letter_self_service abandoned=1; {signed}"));
        citizen(
            "signed 0; letter_made 1; expired! 1500",
            &format!("letter_self_service abandoned=1 letters=1; {signed}"),
        );
        citizen(
            "signed 0; letter_made 1; letter_made 9; activated 30; took_effect! 80",
            &format!("letter_self_service letters=2 met=1 second_letters=1; {signed}"),
        );
        citizen(
            "signed 0; letter_made 1; letter_returned 90; checked 91; letter_made 92; activated 120; took_effect! 170",
            &format!("letter_self_service let_go_on=1 letters=2 met=2 returned_letters=1 second_letters=1; {signed}"),
        );
        citizen(
            "signed 0; letter_made 1; activated 30; cancelled 31",
            &format!("letter_self_service letters=1 met=1; {signed}; wait_self_service abandoned=1"),
        );
        citizen(
            "signed 0; letter_made 1; activated 30; confirmed 31; took_effect! 80",
            &format!("letter_self_service letters=1 met=1; {signed}; second_channel met=1"),
        );
        // What the rule says no to is no control's.
        citizen(
            "signed 0; letter_made 1; activated 30; refused! 80",
            &format!("letter_self_service letters=1 met=1; {signed}"),
        );
        for (code, control) in
            [("designation.locked", "owners_lock"), ("ban.change", "ban_change"), ("ban.shared", "ban_shared")]
        {
            let acts = format!("signed 0; refused!{code} 80");
            assert_eq!(cost(Channel::SelfService, |_| {}, &acts), format!("{signed}; {control} refused=1"), "{code}");
        }
        let caseworker = |acts: &str, expected: &str| {
            assert_eq!(cost(Channel::Caseworker("SKAT".to_owned()), |_| {}, acts), expected, "{acts}");
        };
        caseworker("refused 3", "approver_default refused=1");
        caseworker("approved 3; cancelled 4", "letter_caseworker abandoned=1; approver_default met=1");
        let bank = |acts: &str, expected: &str| {
            assert_eq!(cost(Channel::Bank("North".to_owned()), |_| {}, acts), expected, "{acts}");
        };
        bank("took_effect! 24", "");
        bank("cancelled 2", "wait_bank_replacing abandoned=1");
        bank("checked 2; took_effect! 24", "manual_check let_go_on=1 met=1");
        bank("stopped 2; checked 4; took_effect! 30", "stop_link let_go_on=1 met=1 stopped=1");
        bank("stopped 2; refused 4", "stop_link refused=1 stopped=1");
        let unnamed = |acts: &str| cost(Channel::Bank("North".to_owned()), |new| new.names_replaced = false, acts);
        assert_eq!(unnamed("checked 2; took_effect! 24"), "names_replaced let_go_on=1 met=1");
        assert_eq!(unnamed("expired! 800"), "names_replaced abandoned=1");
    }

    #[test]
    fn days_are_those_of_what_took_effect() {
        let mut costs = Costs::default();
        for days in 1..=10 {
            let acts = format!("took_effect! {}", days * 24);
            costs.add(&proposal(Channel::SelfService), &evidence(&acts), &Controls::anvis());
        }
        costs.add(&proposal(Channel::SelfService), &evidence("expired! 9999"), &Controls::anvis());
        costs.add(&proposal(Channel::SelfService), &evidence(""), &Controls::anvis());
        costs.add(&proposal(Channel::Bank("North".to_owned())), &evidence("took_effect! 36"), &Controls::anvis());
        let costs = costs.summed();
        let days = |channel: &str| {
            let cost = &costs.channels[channel];
            (cost.days_median.clone().unwrap(), cost.days_nine_of_ten.clone().unwrap())
        };
        assert_eq!(days("self_service"), ("5.0".to_owned(), "9.0".to_owned()));
        assert_eq!(days("bank"), ("1.5".to_owned(), "1.5".to_owned()));
        let cost = &costs.channels["self_service"];
        assert_eq!((cost.proposed, cost.in_force, cost.waiting, cost.expired), (12, 10, 1, 1));
        assert_eq!(share(&[], 5), None);
    }

    #[test]
    fn days_are_those_for_which_each_control_was_waited_for() {
        let check = |channel: Channel, acts: &str, expected: &str| {
            let mut costs = Costs::default();
            costs.add(&proposal(channel), &evidence(acts), &Controls::anvis());
            let costs = costs.summed();
            let line = |(control, cost): (&Control, &ControlCost)| {
                cost.days_median.as_ref().map(|days| format!("{} {days}", control.name()))
            };
            assert_eq!(costs.controls.iter().filter_map(line).collect::<Vec<_>>().join("; "), expected, "{acts}");
        };
        check(
            Channel::SelfService,
            "signed 24; letter_made 48; letter_handed_over 60; activated 144; took_effect! 192",
            "letter_self_service 5.0; signed_afresh 1.0; wait_self_service 2.0",
        );
        check(
            Channel::SelfService,
            "signed 0; letter_made 24; activated 48; stopped 72; checked 168; took_effect! 216; stopped 999",
            "letter_self_service 2.0; signed_afresh 0.0; wait_self_service 3.0; stop_link 4.0",
        );
        check(
            Channel::Caseworker("SKAT".to_owned()),
            "checked 12; approved 24; confirmed 48; took_effect! 96",
            "approver_default 0.5; manual_check 0.5; wait_caseworker 2.0; second_channel 1.0",
        );
        // What did not take effect is not lawful, or was given up.
        check(Channel::SelfService, "signed 24; expired! 999", "");
    }

    #[test]
    fn an_account_is_shared_by_all_but_the_first() {
        let check = |given: &[u8], payees: &[u8], expected: u64| {
            let blind = |number: &u8| Blind::from_bytes([*number; 16]);
            let payees: BTreeSet<Blind> = payees.iter().map(blind).collect();
            let mut costs = Costs::default();
            for payee in given {
                let (payee, account) = (blind(payee), blind(&200));
                costs.add_given(Given { payee, account, is_first: true, holder: Holder::Own, payees: &payees });
            }
            let cost = costs.summed().controls.get(&Control::BanShared).map_or(0, |cost| cost.would_refuse);
            assert_eq!(cost, expected, "{given:?} of {payees:?}");
        };
        check(&[1], &[1], 0);
        check(&[1, 2], &[1, 2], 1);
        check(&[1, 2, 3], &[1, 2, 3], 2);
        // The first of them had it before.
        check(&[2], &[1, 2], 1);
        check(&[2, 2, 3], &[1, 2, 3], 2);
        // They have left it, or have it no more.
        check(&[1], &[2, 3], 0);
        check(&[1, 2], &[], 0);
    }

    #[test]
    fn the_controls_are_those_of_the_moment() {
        let at = Timestamp::from_micros;
        let versions = Versions(vec![(at(20), Controls::named("2021").unwrap()), (at(10), Controls::NONE)]);
        let check = |moment: i64, expected: &str| {
            assert_eq!(Some(versions.at(at(moment))), Controls::named(expected), "{moment}");
        };
        check(9, "anvis");
        check(10, "2015");
        check(19, "2015");
        check(20, "2021");
    }
}
