//! Contact points: where a payee is told that something changed. Whoever has stolen an identity changes them first, so it is
//! kept since when and until when each stood, and what must reach the payee goes to the former ones too. Pure.

use kernel::{Refuse, Timestamp};
use std::fmt;

/// The most points that a payee has at a time.
pub const POINTS_MAX: usize = 8;
/// The most that a payee adds within [`FORMER_DAYS`]: who adds and removes without end would have more told than anybody can read.
/// Somebody in office adds more for them, so that a thief who has done so does not keep the owner out.
pub const ADDED_MAX: usize = 20;
/// For so many days what concerns the payee goes to a point that they have no more.
pub const FORMER_DAYS: i64 = 90;
/// Old enough that whoever came to change something today is not who put it there.
pub const OLD_DAYS: i64 = 30;

/// E.164: the country's code and the number, at most 15 digits; no country's numbers have less than 7.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// RFC 5321, §4.5.3.1, and the longest path less its brackets.
const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;
const LABEL_BYTES_MAX: usize = 63;

/// Why something about a contact point was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactRefusal {
    /// It is no telephone number.
    Phone,
    /// It is no e-mail address.
    Email,
    /// The payee never had it.
    Unknown,
    /// The payee has as many as there can be.
    TooMany,
    /// They added too many of late.
    TooOften,
}

impl Refuse for ContactRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Phone => "contact.phone",
            Self::Email => "contact.email",
            Self::Unknown => "contact.unknown",
            Self::TooMany => "contact.too_many",
            Self::TooOften => "contact.too_often",
        }
    }
}

impl fmt::Display for ContactRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone => f.write_str("a telephone number is + and 7 to 15 digits, the country's code first"),
            Self::Email => f.write_str("an e-mail address is name@domain, of at most 254 plain characters"),
            Self::Unknown => f.write_str("the payee has no such contact point"),
            Self::TooMany => write!(f, "a payee has at most {POINTS_MAX} contact points; remove one first"),
            Self::TooOften => write!(
                f,
                "a payee adds at most {ADDED_MAX} contact points in {FORMER_DAYS} days; somebody in office can add more for them"
            ),
        }
    }
}

/// A telephone number that takes text messages, as E.164 writes it: `+4520304050`.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads `+` and digits, the country's code first, and nothing between them.
    ///
    /// # Errors
    /// [`ContactRefusal::Phone`].
    pub fn parse(text: &str) -> Result<Self, ContactRefusal> {
        let digits = text.strip_prefix('+').ok_or(ContactRefusal::Phone)?;
        let is_one = PHONE_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_one { Ok(Self(text.to_owned())) } else { Err(ContactRefusal::Phone) }
    }

    /// The number itself: for what sends to it, and for whom it belongs to.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As others see it: `+45…50`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}…{}", &self.0[..3], &self.0[self.0.len() - 2..])
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(…)")
    }
}

/// An e-mail address: a name of plain characters and a domain, as RFC 5321 has them, without quotes, comments or addresses of
/// machines.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads `name@domain`. The domain is kept in small letters.
    ///
    /// # Errors
    /// [`ContactRefusal::Email`].
    pub fn parse(text: &str) -> Result<Self, ContactRefusal> {
        let read = || {
            let (name, domain) = text.rsplit_once('@').filter(|_| text.len() <= EMAIL_BYTES_MAX)?;
            let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
            let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(in_name);
            let in_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let is_label = |label: &str| {
                (1..=LABEL_BYTES_MAX).contains(&label.len())
                    && label.bytes().all(in_label)
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            };
            let (_, top) = domain.rsplit_once('.')?;
            let is_one = name.len() <= LOCAL_BYTES_MAX
                && name.split('.').all(is_atom)
                && domain.split('.').all(is_label)
                && top.bytes().any(|byte| byte.is_ascii_alphabetic());
            is_one.then(|| Self(format!("{name}@{}", domain.to_ascii_lowercase())))
        };
        read().ok_or(ContactRefusal::Email)
    }

    /// The address itself: for what sends to it, and for whom it belongs to.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As others see it: `a…@example.dk`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (name, domain) = self.0.split_once('@').unwrap_or_default();
        format!("{}…@{domain}", name.get(..1).unwrap_or_default())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

/// Where a payee is told something, or how: who changes either can keep from the payee what they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactPoint {
    /// Their digital letter box, which is found by their number.
    DigitalPost,
    /// A telephone.
    Sms(Phone),
    /// An e-mail address.
    Email(EmailAddress),
    /// Their address in the register, by letters on paper. Once it is old, their digital letter box is told nothing any more, unless it
    /// is a contact point itself: they have none.
    Letter,
    /// No place: all that they are told is in English.
    English,
}

impl ContactPoint {
    /// Those that stand for a word alone.
    const WORDS: [Self; 3] = [Self::DigitalPost, Self::Letter, Self::English];

    /// What sort it is: `digital_post`, `sms`, `email`, `letter`, `english`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DigitalPost => "digital_post",
            Self::Sms(_) => "sms",
            Self::Email(_) => "email",
            Self::Letter => "letter",
            Self::English => "english",
        }
    }

    /// The number or address, where there is one.
    #[must_use]
    pub fn reveal(&self) -> Option<&str> {
        match self {
            Self::Sms(phone) => Some(phone.reveal()),
            Self::Email(address) => Some(address.reveal()),
            Self::DigitalPost | Self::Letter | Self::English => None,
        }
    }

    /// The number or address, as others see it.
    #[must_use]
    pub fn masked(&self) -> Option<String> {
        match self {
            Self::Sms(phone) => Some(phone.masked()),
            Self::Email(address) => Some(address.masked()),
            Self::DigitalPost | Self::Letter | Self::English => None,
        }
    }

    /// As it is sealed: the kind, and the number or address behind it.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.reveal().map_or_else(|| self.kind().to_owned(), |value| format!("{} {value}", self.kind()))
    }

    /// Reads what [`ContactPoint::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => Self::WORDS.into_iter().find(|point| point.kind() == text),
            Some(("sms", phone)) => Phone::parse(phone).ok().map(Self::Sms),
            Some(("email", address)) => EmailAddress::parse(address).ok().map(Self::Email),
            _ => None,
        }
    }
}

/// A contact point, and when it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// The point.
    pub point: ContactPoint,
    /// Since when.
    pub from: Timestamp,
    /// Until when, if it was removed.
    pub until: Option<Timestamp>,
}

/// That a point was added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The point.
    pub point: ContactPoint,
    /// Which of the two.
    pub is_removed: bool,
    /// When.
    pub at: Timestamp,
}

/// All points that ever stood, out of the changes in their order.
#[must_use]
pub fn stood(changes: impl IntoIterator<Item = Change>) -> Vec<Stood> {
    let mut all: Vec<Stood> = Vec::new();
    for Change { point, is_removed, at } in changes {
        match all.iter_mut().find(|stood| stood.point == point && stood.until.is_none()) {
            Some(stood) if is_removed => stood.until = Some(at),
            None if !is_removed => all.push(Stood { point, from: at, until: None }),
            _ => {}
        }
    }
    all
}

/// When contact points last changed, if ever.
#[must_use]
pub fn last_change(all: &[Stood]) -> Option<Timestamp> {
    all.iter().map(|stood| stood.until.unwrap_or(stood.from)).max()
}

/// Whether a payee wants to be told in English.
#[must_use]
pub fn wants_english(all: &[Stood]) -> bool {
    all.iter().any(|stood| stood.point == ContactPoint::English && stood.until.is_none())
}

/// A point that must be told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<'s> {
    /// The point.
    pub point: &'s ContactPoint,
    /// Whether the payee has it still.
    pub is_standing: bool,
    /// Whether it stood for at least so many days as were asked for: whoever stole an identity of late did not put it there.
    pub is_old: bool,
}

impl Reached<'_> {
    /// Whether the payee said long ago that they are told on paper.
    #[must_use]
    pub fn is_old_letter(&self) -> bool {
        *self.point == ContactPoint::Letter && self.is_standing && self.is_old
    }
}

/// The points that must be told of a change at `moment`: every one that stands then, and every one that stood within the
/// [`FORMER_DAYS`] before. Each is there once, the one that came first before the others.
#[must_use]
pub fn standing_before(all: &[Stood], moment: Timestamp, min_age_days: i64) -> Vec<Reached<'_>> {
    let mut reached: Vec<Reached<'_>> = Vec::new();
    for Stood { point, from, until } in all.iter().filter(|stood| stood.from <= moment) {
        let until = until.filter(|until| *until <= moment);
        if until.is_some_and(|until| until < moment.minus_days(FORMER_DAYS)) {
            continue;
        }
        let is_old = from.plus_days(min_age_days) <= until.unwrap_or(moment);
        let is_standing = until.is_none();
        match reached.iter_mut().find(|reached| reached.point == point) {
            None => reached.push(Reached { point, is_standing, is_old }),
            Some(known) => {
                known.is_standing |= is_standing;
                known.is_old |= is_old;
            }
        }
    }
    reached
}

/// Whether adding a point changes anything.
///
/// # Errors
/// [`ContactRefusal::TooMany`]; [`ContactRefusal::TooOften`], where it is the payee who adds it.
pub fn add(all: &[Stood], point: &ContactPoint, is_own: bool, now: Timestamp) -> Result<bool, ContactRefusal> {
    let standing = || all.iter().filter(|stood| stood.until.is_none());
    if standing().any(|stood| stood.point == *point) {
        return Ok(false);
    }
    if standing().count() >= POINTS_MAX {
        return Err(ContactRefusal::TooMany);
    }
    let of_late = now.minus_days(FORMER_DAYS);
    if is_own && all.iter().filter(|stood| stood.from > of_late).count() >= ADDED_MAX {
        return Err(ContactRefusal::TooOften);
    }
    Ok(true)
}

/// Whether removing a point changes anything.
///
/// # Errors
/// [`ContactRefusal::Unknown`].
pub fn remove(all: &[Stood], point: &ContactPoint) -> Result<bool, ContactRefusal> {
    let mut known = all.iter().filter(|stood| stood.point == *point).peekable();
    if known.peek().is_none() {
        return Err(ContactRefusal::Unknown);
    }
    Ok(known.any(|stood| stood.until.is_none()))
}

#[cfg(test)]
mod tests;
