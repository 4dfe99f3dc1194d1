//! What a payer has agreed of its payments beside the accounts that they go to: when they go, and what makes one wait. Pure.

use crate::contact::EmailAddress;
use denmark::{Currency, Decimal, Money, MoneyError};
use jiff::civil::Time;
use std::fmt;

/// Banking days that a payer's payments wait after a change of account, at most: as a control's ([`crate::controls::Control`]).
const HOLD_DAYS_MAX: u16 = 5;
const CONTACT_CHARS_MAX: usize = 70;

/// When a payer's files go on, and what makes one of its payments wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Who or what lets a file go.
    pub release: Release,
    /// A file whose payments come to more, in øre, is let go by two people. It has to be one that people let go, or a cut-off.
    pub four_eyes_above: Option<i64>,
    /// What a change of the payee's account means that waits.
    pub pending: OnPending,
    /// Payments to an account that took another's place wait for so many banking days from then.
    pub hold_after_change: u16,
    /// What becomes of a payment to a frozen account.
    pub frozen: OnFrozen,
    /// Whose the money is that comes back from a payee's bank.
    pub on_return: OnReturn,
    /// Whom suspicions about its payments are told.
    pub contact: Option<Contact>,
}

/// Who or what lets a payer's files go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// Each goes when it comes in, but for one that is brought to wait.
    #[default]
    AtOnce,
    /// Each waits for whoever lets it go.
    ByHand,
    /// Each goes at this time of day in Denmark: at the first one, on a banking day, after it came in. Or before, by hand.
    CutOff(Time),
}

/// What a change of account means that waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnPending {
    /// Payments go to the account in force, unless the controls say otherwise.
    #[default]
    Pay,
    /// Payments wait until the change has ended, either way.
    Hold,
}

/// What becomes of a payment to a frozen account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFrozen {
    /// It goes back.
    #[default]
    Reject,
    /// It waits until the account is unfrozen, or another one takes its place.
    Hold,
}

/// What becomes of money that comes back from a payee's bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnReturn {
    /// It is the payer's.
    #[default]
    Payer,
    /// It goes on to the payer's waiting account, until its payee has another account.
    Waiting,
}

/// Somebody at the payer's.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub name: String,
    /// Where.
    pub email: EmailAddress,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// What of a payer's terms cannot be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsFault {
    /// Not 1 to 70 characters on a line.
    Contact,
    /// More banking days than anybody has to bear.
    HoldDays,
    /// Four eyes are demanded of files that nobody lets go.
    FourEyes,
    /// What comes back is to go to a waiting account, and there is none.
    OnReturn,
}

impl TermsFault {
    /// The code by which it is refused.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Contact => "payer.contact",
            Self::HoldDays => "payer.hold_days",
            Self::FourEyes => "payer.four_eyes",
            Self::OnReturn => "payer.on_return",
        }
    }

    /// What is to be said otherwise.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Contact => "the contact is a name of 1 to 70 characters on one line, and an e-mail address",
            Self::HoldDays => "payments wait for five banking days after a change at most",
            Self::FourEyes => {
                "two people let go what is not let go at once: say a positive amount in kroner, and a release by hand or at a cut-off"
            }
            Self::OnReturn => "what comes back goes on to a waiting account where the agreement names one",
        }
    }
}

impl Release {
    /// Reads `at-once`, `by-hand` or `cut-off:HH:MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "at-once" => Some(Self::AtOnce),
            "by-hand" => Some(Self::ByHand),
            other => {
                let (hour, minute) = other.strip_prefix("cut-off:")?.split_once(':')?;
                let is_one = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = |text: &str| text.parse::<i8>().ok().filter(|_| is_one(text));
                Time::new(number(hour)?, number(minute)?, 0, 0).ok().map(Self::CutOff)
            }
        }
    }

    /// As [`Release::parse`] reads it.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::AtOnce => "at-once".to_owned(),
            Self::ByHand => "by-hand".to_owned(),
            Self::CutOff(time) => format!("cut-off:{:02}:{:02}", time.hour(), time.minute()),
        }
    }
}

impl OnPending {
    /// Reads `pay` or `hold`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "pay" => Some(Self::Pay),
            "hold" => Some(Self::Hold),
            _ => None,
        }
    }
}

impl OnFrozen {
    /// Reads `reject` or `hold`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "reject" => Some(Self::Reject),
            "hold" => Some(Self::Hold),
            _ => None,
        }
    }
}

impl OnReturn {
    /// Reads `payer` or `waiting`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "payer" => Some(Self::Payer),
            "waiting" => Some(Self::Waiting),
            _ => None,
        }
    }
}

impl Contact {
    /// Reads `NAME <ADDRESS>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, address) = text.strip_suffix('>')?.split_once('<')?;
        Some(Self { name: name.trim().to_owned(), email: EmailAddress::parse(address).ok()? })
    }
}

impl Terms {
    /// Whether they can be agreed with a payer that has a waiting account, or none.
    ///
    /// # Errors
    /// What cannot be so.
    pub fn check(&self, has_waiting_account: bool) -> Result<(), TermsFault> {
        if let Some(Contact { name, .. }) = &self.contact {
            let length = name.chars().count();
            if !(1..=CONTACT_CHARS_MAX).contains(&length) || name.contains(|c: char| c.is_control() || c == '<') {
                return Err(TermsFault::Contact);
            }
        }
        if self.hold_after_change > HOLD_DAYS_MAX {
            return Err(TermsFault::HoldDays);
        }
        match self.four_eyes_above {
            Some(amount) if amount < 0 || self.release == Release::AtOnce => Err(TermsFault::FourEyes),
            _ if self.on_return == OnReturn::Waiting && !has_waiting_account => Err(TermsFault::OnReturn),
            _ => Ok(()),
        }
    }

    /// Reads an amount in kroner, as of [`Terms::four_eyes_above`]; nothing at all is one.
    #[must_use]
    pub fn parse_kroner(text: &str) -> Option<i64> {
        match Money::from_decimal(Decimal::parse(text).ok()?, Currency::DKK) {
            Ok(money) => Some(money.minor),
            Err(MoneyError::Zero) => Some(0),
            Err(_) => None,
        }
    }

    /// Adds what differs from the default to an agreement's text, a line `key value` each.
    pub(crate) fn append_to(&self, text: &mut String) {
        let Self { release, four_eyes_above, pending, hold_after_change, frozen, on_return, contact } = self;
        let mut line = |key: &str, value: &str| text.extend([key, " ", value, "\n"]);
        if *release != Release::default() {
            line("release", &release.to_text());
        }
        if let Some(amount) = four_eyes_above {
            line("four_eyes_above", &amount.to_string());
        }
        if *pending == OnPending::Hold {
            line("pending", "hold");
        }
        if *hold_after_change > 0 {
            line("hold_after_change", &hold_after_change.to_string());
        }
        if *frozen == OnFrozen::Hold {
            line("frozen", "hold");
        }
        if *on_return == OnReturn::Waiting {
            line("on_return", "waiting");
        }
        if let Some(Contact { name, email }) = contact {
            line("contact", &format!("{name} <{}>", email.reveal()));
        }
    }

    /// Reads a line of an agreement's text; none of one that is not of the terms.
    pub(crate) fn read(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "release" => self.release = Release::parse(value)?,
            "four_eyes_above" => self.four_eyes_above = Some(value.parse().ok()?),
            "pending" => self.pending = OnPending::parse(value)?,
            "hold_after_change" => self.hold_after_change = value.parse().ok()?,
            "frozen" => self.frozen = OnFrozen::parse(value)?,
            "on_return" => self.on_return = OnReturn::parse(value)?,
            "contact" => self.contact = Some(Contact::parse(value)?),
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_can_be_agreed_or_not() {
        let check = |change: fn(&mut Terms), expected: Result<(), TermsFault>| {
            let mut terms = Terms::default();
            change(&mut terms);
            assert_eq!(terms.check(false), expected, "{terms:?}");
            let otherwise = expected.or_else(|fault| if fault == TermsFault::OnReturn { Ok(()) } else { Err(fault) });
            assert_eq!(terms.check(true), otherwise, "{terms:?}");
            let (mut text, mut read) = (String::new(), Terms::default());
            terms.append_to(&mut text);
            for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
                assert_eq!(read.read(key, value), Some(()), "{key} {value}");
            }
            assert!(otherwise.is_err() || read == terms, "{text}");
        };
        check(|_| {}, Ok(()));
        check(|terms| terms.release = Release::parse("cut-off:14:30").unwrap(), Ok(()));
        check(|terms| (terms.pending, terms.frozen) = (OnPending::Hold, OnFrozen::Hold), Ok(()));
        check(|terms| terms.hold_after_change = 5, Ok(()));
        check(|terms| terms.hold_after_change = 6, Err(TermsFault::HoldDays));
        check(|terms| terms.on_return = OnReturn::Waiting, Err(TermsFault::OnReturn));
        check(|terms| terms.contact = Contact::parse("Anna Bo <anna@example.dk>"), Ok(()));
        check(|terms| terms.contact = Contact::parse("<anna@example.dk>"), Err(TermsFault::Contact));
        check(|terms| terms.four_eyes_above = Some(1), Err(TermsFault::FourEyes));
        check(|terms| (terms.four_eyes_above, terms.release) = (Some(100_000_000), Release::ByHand), Ok(()));
        check(|terms| (terms.four_eyes_above, terms.release) = (Some(-1), Release::ByHand), Err(TermsFault::FourEyes));
    }

    #[test]
    fn what_is_written_otherwise_is_not_read() {
        for text in ["", "at_once", "cut-off", "cut-off:24:00", "cut-off:9:00", "cut-off:12:60", "cut-off:+1:00"] {
            assert_eq!(Release::parse(text), None, "{text}");
        }
        for text in ["", "Anna", "Anna <anna>", "Anna anna@example.dk"] {
            assert_eq!(Contact::parse(text), None, "{text}");
        }
        assert_eq!(Terms::parse_kroner("1000000"), Some(100_000_000));
        assert_eq!(Terms::parse_kroner("0.5"), Some(50));
        assert_eq!(Terms::parse_kroner("0"), Some(0));
        assert_eq!(Terms::parse_kroner("1.001"), None);
    }
}
