//! Controls: what a change of account has to go through, by channel. Data, decided upon by the operator, and never by the code.
//! Pure.

use crate::designation::ChannelKind;
use kernel::Refuse;
use std::fmt;

/// What one control's figure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 or 1.
    Switch,
    /// Of a [`When`].
    When,
    /// Banking days.
    BankingDays,
    /// Days; 0 switches it off.
    Days,
    /// So many payees; 0 switches it off.
    Payees,
}

/// When something is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Of nobody.
    Never,
    /// Where something speaks against a change: see [`crate::signals`].
    OnRisk,
    /// Of everybody.
    Always,
}

impl When {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Never, "never"), (Self::OnRisk, "on_risk"), (Self::Always, "always")];

    /// Whether it is demanded of a change.
    #[must_use]
    pub const fn applies(self, is_risky: bool) -> bool {
        match self {
            Self::Never => false,
            Self::OnRisk => is_risky,
            Self::Always => true,
        }
    }
}

/// One control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// A change by self-service is activated with the code of a posted letter (NK-09; in force from 19 April 2021).
    LetterSelfService,
    /// So is what a caseworker designates (NK-07, NK-08).
    LetterCaseworker,
    /// A second caseworker approves a default account that the first designates (NK-07).
    ApproverDefault,
    /// A second caseworker approves a specific account (NK-08).
    ApproverSpecific,
    /// A named officer looks at a change before it goes on (NK-20, asked for in 2019).
    ManualCheck,
    /// A change by self-service is signed afresh, showing the former account and the new one (NK-19, asked for in 2020).
    SignedAfresh,
    /// So long does a bank's first account for somebody wait.
    WaitBankFirst,
    /// So long does a bank's change wait that replaces another account.
    WaitBankReplacing,
    /// So long does a change by self-service wait, once it was activated.
    WaitSelfService,
    /// So long does what a caseworker designates wait, once it was activated.
    WaitCaseworker,
    /// Notices go to the contact points that stand.
    NoticePresent,
    /// Notices go to the contact points that stood before as well (NK-10).
    NoticeFormer,
    /// What says in a notice how to stop the change, without a login.
    StopLink,
    /// The bank is asked whose account it is (NK-11).
    OwnershipAsked,
    /// With so many payees, an account is looked at before one more is given it (NK-12; the report: more than 100).
    PayeesPerAccount,
    /// With more payees than this within three days, payments to an account wait until somebody has looked (NK-12; Pix DICT counts so).
    Payees3Days,
    /// The same within thirty days.
    Payees30Days,
    /// The same within six months.
    Payees6Months,
    /// Approved collectors are not counted for it (NK-12).
    CollectorRegister,
    /// After a change of address, contact or authenticator within so many days, a second independent channel confirms a change.
    SecondChannel,
    /// When key material was posted to the letter box within so many days, a letter to it does not count (FR-13).
    LetterBox,
    /// The payee can forbid changes of their account (the block of the US Social Security Administration).
    OwnersLock,
    /// A change names the account that it replaces, on every channel (compare and swap; NPCI, 2017).
    NamesReplaced,
    /// An account that comes back within so many days, after another one, is looked at.
    RoundTrip,
    /// When the default account is closed, a specific account that is not locked takes its place.
    PromoteSpecific,
    /// Payments wait while a change of the payee's account does: on risk, where what waits puts back what stood before, so that the
    /// account in force is contested.
    HoldPending,
    /// Payments to an account that took another's place wait for so long from then.
    HoldAfterChange,
    /// No account is ever changed (NK-21; rejected in the report).
    BanChange,
    /// An account is one payee's only (NK-21; rejected).
    BanShared,
    /// An account is the payee's own (NK-21; rejected).
    BanThirdParty,
}

impl Control {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The one by which a change by this channel waits.
    #[must_use]
    pub const fn wait_of(channel: ChannelKind, is_first: bool) -> Self {
        match (channel, is_first) {
            (ChannelKind::Bank, true) => Self::WaitBankFirst,
            (ChannelKind::Bank, false) => Self::WaitBankReplacing,
            (ChannelKind::SelfService, _) => Self::WaitSelfService,
            (ChannelKind::Caseworker | ChannelKind::Operator, _) => Self::WaitCaseworker,
        }
    }

    /// Every control, in its order, with its name, what its figure means, and what it does.
    const ALL: [(Self, &'static str, Kind, &'static str); 30] = [
        (
            Self::LetterSelfService,
            "letter_self_service",
            Kind::When,
            "a posted letter's code activates a change by self-service",
        ),
        (
            Self::LetterCaseworker,
            "letter_caseworker",
            Kind::Switch,
            "a posted letter's code activates what a caseworker or the operator designates",
        ),
        (Self::ApproverDefault, "approver_default", Kind::Switch, "a second caseworker approves a default account"),
        (Self::ApproverSpecific, "approver_specific", Kind::Switch, "a second caseworker approves a specific account"),
        (Self::ManualCheck, "manual_check", Kind::When, "a named officer looks at a change before it goes on"),
        (
            Self::SignedAfresh,
            "signed_afresh",
            Kind::Switch,
            "a change by self-service is signed, showing both accounts",
        ),
        (
            Self::WaitBankFirst,
            "wait_bank_first",
            Kind::BankingDays,
            "so long waits the first account that a bank registers",
        ),
        (
            Self::WaitBankReplacing,
            "wait_bank_replacing",
            Kind::BankingDays,
            "so long waits a bank's change that replaces an account",
        ),
        (
            Self::WaitSelfService,
            "wait_self_service",
            Kind::BankingDays,
            "so long waits a change by self-service, once activated",
        ),
        (
            Self::WaitCaseworker,
            "wait_caseworker",
            Kind::BankingDays,
            "so long waits what a caseworker or the operator designates, once activated, and a revert, once approved",
        ),
        (Self::NoticePresent, "notice_present", Kind::Switch, "notices go to the contact points that stand"),
        (Self::NoticeFormer, "notice_former", Kind::Switch, "notices go to the contact points that stood before"),
        (Self::StopLink, "stop_link", Kind::Switch, "a notice says how to stop the change without a login"),
        (Self::OwnershipAsked, "ownership_asked", Kind::Switch, "the bank is asked whose account it is"),
        (
            Self::PayeesPerAccount,
            "payees_per_account",
            Kind::Payees,
            "with so many payees an account is looked at before one more is given it",
        ),
        (
            Self::Payees3Days,
            "payees_3_days",
            Kind::Payees,
            "with more payees within 3 days an account is looked at before it is paid to",
        ),
        (Self::Payees30Days, "payees_30_days", Kind::Payees, "the same within 30 days"),
        (Self::Payees6Months, "payees_6_months", Kind::Payees, "the same within 6 months"),
        (
            Self::CollectorRegister,
            "collector_register",
            Kind::Switch,
            "approved collectors may have any number of payees",
        ),
        (
            Self::SecondChannel,
            "second_channel",
            Kind::Days,
            "so long after a change of address, contact or authenticator, another channel confirms",
        ),
        (
            Self::LetterBox,
            "letter_box",
            Kind::Days,
            "so long after key material was posted, no letter to that letter box counts, whosever that was",
        ),
        (Self::OwnersLock, "owners_lock", Kind::Switch, "payees can forbid changes of their account"),
        (Self::NamesReplaced, "names_replaced", Kind::Switch, "a change names the account that it replaces"),
        (Self::RoundTrip, "round_trip", Kind::Days, "an account that comes back within so many days is looked at"),
        (
            Self::PromoteSpecific,
            "promote_specific",
            Kind::Switch,
            "a specific account takes the place of a default account that is closed",
        ),
        (
            Self::HoldPending,
            "hold_pending",
            Kind::When,
            "payments wait while a change waits: on risk, one that puts back what stood before",
        ),
        (
            Self::HoldAfterChange,
            "hold_after_change",
            Kind::BankingDays,
            "so long wait payments to an account that took another's place, as a first specific account takes that of the \
             default one",
        ),
        (Self::BanChange, "ban_change", Kind::Switch, "no account is ever changed"),
        (Self::BanShared, "ban_shared", Kind::Switch, "an account is one payee's only"),
        (Self::BanThirdParty, "ban_third_party", Kind::Switch, "an account is the payee's own"),
    ];

    /// Every control, in its order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().map(|(control, ..)| *control)
    }

    /// As commands and the journal know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// What its figure means.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Self::ALL[self as usize].2
    }

    /// What it does.
    #[must_use]
    pub const fn does(self) -> &'static str {
        Self::ALL[self as usize].3
    }

    /// The control of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, ..)| *known == name).map(|(control, ..)| *control)
    }

    /// What its figure can be at most. A change is in effect on the fifth banking day at the latest (BEK 788 of 2025, § 10).
    const fn max(self) -> u16 {
        match self.kind() {
            Kind::Switch => 1,
            Kind::When => 2,
            Kind::BankingDays => 5,
            Kind::Days => 366,
            Kind::Payees => 10_000,
        }
    }
}

/// What every control is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls([u16; Control::COUNT]);

impl Controls {
    /// Nothing at all is demanded.
    pub const NONE: Self = Self([0; Control::COUNT]);

    /// The sets that are shipped, by name. The first four are what the report says was in force in the registry in those years;
    /// the last is what holds unless the operator decides otherwise.
    pub const SETS: [&'static str; 5] = ["2015", "2017", "2020", "2021", "anvis"];

    /// What holds of a store in which nobody has decided otherwise.
    #[must_use]
    pub fn anvis() -> Self {
        Self::NONE.with(&[
            (Control::LetterSelfService, When::Always as u16),
            (Control::LetterCaseworker, 1),
            (Control::ApproverDefault, 1),
            (Control::ApproverSpecific, 1),
            (Control::ManualCheck, When::OnRisk as u16),
            (Control::SignedAfresh, 1),
            (Control::WaitBankReplacing, 1),
            (Control::WaitSelfService, 2),
            (Control::WaitCaseworker, 2),
            (Control::NoticePresent, 1),
            (Control::NoticeFormer, 1),
            (Control::StopLink, 1),
            (Control::OwnershipAsked, 1),
            (Control::PayeesPerAccount, 10),
            (Control::Payees3Days, 10),
            (Control::Payees30Days, 12),
            (Control::Payees6Months, 20),
            (Control::CollectorRegister, 1),
            (Control::SecondChannel, 30),
            (Control::LetterBox, 60),
            (Control::OwnersLock, 1),
            (Control::NamesReplaced, 1),
            (Control::RoundTrip, 28),
            (Control::PromoteSpecific, 1),
            // What waits before it takes effect is told of meanwhile. Payments that waited after it as well would have lawful people
            // bear the same days twice; a payer can agree upon it.
            (Control::HoldPending, When::OnRisk as u16),
        ])
    }

    /// The set of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            // The registry's own part in 2017 and 2020 was what it had been: what came in force then was the eID's (§ 3.2.1).
            "2015" | "2017" | "2020" => Some(Self::NONE),
            // Activation letters from 19 April 2021, and the second approver with a letter for what a caseworker designates
            // (§ 2.2.1, § 2.4).
            "2021" => Some(Self::NONE.with(&[
                (Control::LetterSelfService, When::Always as u16),
                (Control::LetterCaseworker, 1),
                (Control::ApproverDefault, 1),
                (Control::ApproverSpecific, 1),
            ])),
            "anvis" => Some(Self::anvis()),
            _ => None,
        }
    }

    fn with(mut self, figures: &[(Control, u16)]) -> Self {
        for (control, figure) in figures {
            self.0[*control as usize] = *figure;
        }
        self
    }

    /// A control's figure.
    #[must_use]
    pub const fn get(&self, control: Control) -> u16 {
        self.0[control as usize]
    }

    /// Whether a control is on at all.
    #[must_use]
    pub const fn has(&self, control: Control) -> bool {
        self.get(control) > 0
    }

    /// When a control that is a [`When`] is demanded.
    #[must_use]
    pub const fn when(&self, control: Control) -> When {
        match self.get(control) {
            0 => When::Never,
            1 => When::OnRisk,
            _ => When::Always,
        }
    }

    /// When a letter's code activates what comes by this channel. A bank has its customer's consent (BEK 788).
    #[must_use]
    pub const fn letter(&self, channel: ChannelKind) -> When {
        match channel {
            ChannelKind::Bank => When::Never,
            ChannelKind::SelfService => self.when(Control::LetterSelfService),
            ChannelKind::Caseworker | ChannelKind::Operator if self.has(Control::LetterCaseworker) => When::Always,
            ChannelKind::Caseworker | ChannelKind::Operator => When::Never,
        }
    }

    /// How many banking days a change by this channel waits.
    #[must_use]
    pub const fn waits_banking_days(&self, channel: ChannelKind, is_first: bool) -> u16 {
        self.get(Control::wait_of(channel, is_first))
    }

    /// Reads `name=figure`, where a [`When`] is written as a word, and a switch as `on` or `off`.
    ///
    /// # Errors
    /// No control has that name, or it cannot be that.
    pub fn set(&mut self, text: &str) -> Result<(), ControlsRefusal> {
        let (name, figure) = text.split_once('=').ok_or(ControlsRefusal::Unknown)?;
        self.set_figure(Control::parse(name).ok_or(ControlsRefusal::Unknown)?, figure)
    }

    fn set_figure(&mut self, control: Control, figure: &str) -> Result<(), ControlsRefusal> {
        let figure = match control.kind() {
            Kind::Switch => match figure {
                "on" => Some(1),
                "off" => Some(0),
                _ => None,
            },
            Kind::When => When::ALL.iter().find(|(_, word)| *word == figure).map(|(when, _)| *when as u16),
            _ => figure.parse().ok(),
        };
        self.0[control as usize] = figure.filter(|figure| *figure <= control.max()).ok_or(ControlsRefusal::Figure)?;
        Ok(())
    }

    /// A control's figure as [`Controls::set`] reads it.
    #[must_use]
    pub fn shown(&self, control: Control) -> String {
        let figure = self.get(control);
        match control.kind() {
            Kind::Switch => (if figure == 0 { "off" } else { "on" }).to_owned(),
            Kind::When => When::ALL[usize::from(figure.min(2))].1.to_owned(),
            Kind::BankingDays | Kind::Days | Kind::Payees => figure.to_string(),
        }
    }

    /// As it is kept: a line `name=figure` for each control.
    #[must_use]
    pub fn to_text(&self) -> String {
        Control::all().map(|control| format!("{}={}\n", control.name(), self.shown(control))).collect()
    }

    /// Reads what [`Controls::to_text`] wrote. A control that came later than the text is off.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut controls = Self::NONE;
        // As they are written: each where it is looked for first.
        let mut next = Control::all();
        for line in text.lines() {
            let (name, figure) = line.split_once('=')?;
            let control = next.next().filter(|next| next.name() == name).or_else(|| Control::parse(name))?;
            controls.set_figure(control, figure).ok()?;
        }
        Some(controls)
    }
}

/// Why a set of controls was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlsRefusal {
    /// No set or control has that name.
    Unknown,
    /// A control cannot be that.
    Figure,
}

impl Refuse for ControlsRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "controls.unknown",
            Self::Figure => "controls.figure",
        }
    }
}

impl fmt::Display for ControlsRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no set of controls, or no control, of that name: write NAME=VALUE",
            Self::Figure => {
                "a switch is on or off, a demand never, on_risk or always, a wait at most 5 banking days, anything else a \
                 number of days up to 366 or of payees up to 10000"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_stands_at_its_own_place() {
        for (at, control) in Control::all().enumerate() {
            assert_eq!(control as usize, at);
            assert_eq!(Control::parse(control.name()), Some(control));
            assert!(!control.does().is_empty());
        }
        assert_eq!(Control::parse("letter"), None);
    }

    #[test]
    fn the_shipped_sets_read_back_and_the_bans_are_off_in_all() {
        for name in Controls::SETS {
            let controls = Controls::named(name).unwrap();
            assert_eq!(Controls::from_text(&controls.to_text()), Some(controls), "{name}");
            for ban in [Control::BanChange, Control::BanShared, Control::BanThirdParty] {
                assert!(!controls.has(ban), "{name} {ban:?}");
            }
            assert!(Control::all().all(|control| controls.get(control) <= control.max()), "{name}");
        }
        assert_eq!(Controls::named("2016"), None);
        // Everything in the report that helps is in the default set: whatever 2021 demands, it demands.
        let (former, anvis) = (Controls::named("2021").unwrap(), Controls::anvis());
        assert!(Control::all().all(|control| anvis.get(control) >= former.get(control)));
    }

    #[test]
    fn a_control_is_set_by_its_name() {
        let check = |text: &str, expected: Result<(Control, u16), &str>| {
            let mut controls = Controls::anvis();
            match (controls.set(text), expected) {
                (Ok(()), Ok((control, figure))) => assert_eq!(controls.get(control), figure, "{text}"),
                (Err(refusal), Err(code)) => {
                    assert_eq!((refusal.code(), controls), (code, Controls::anvis()), "{text}");
                }
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        };
        check("letter_self_service=never", Ok((Control::LetterSelfService, 0)));
        check("letter_self_service=on_risk", Ok((Control::LetterSelfService, 1)));
        check("letter_self_service=2", Err("controls.figure"));
        check("letter_caseworker=off", Ok((Control::LetterCaseworker, 0)));
        check("letter_caseworker=always", Err("controls.figure"));
        check("wait_self_service=5", Ok((Control::WaitSelfService, 5)));
        check("wait_self_service=6", Err("controls.figure"));
        check("round_trip=366", Ok((Control::RoundTrip, 366)));
        check("round_trip=-1", Err("controls.figure"));
        check("payees_per_account=10000", Ok((Control::PayeesPerAccount, 10_000)));
        check("letters=on", Err("controls.unknown"));
        check("letter_caseworker", Err("controls.unknown"));
    }
}
