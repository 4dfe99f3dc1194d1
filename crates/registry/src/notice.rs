//! Notices: what a payee is told, or a payer's contact, by which medium, and what is never said by it. Pure.
//!
//! A notice is recorded by the command that it tells of, in the same transaction, one for each place that is told. What becomes of
//! it is [`NoticeProgress`](crate::notice_progress::NoticeProgress), and the words are in [`notice_text`](crate::notice_text).

use crate::account::DesignatedAccount;
use crate::contact::{ContactPoint, EmailAddress, Phone};
use crate::designation::Action;
use crate::notice_text::CHANNELS;
use crate::payee::PayeeId;
use crate::proposal::Proposal;
use crate::suspicion::Suspicion;
use kernel::{Blind, Domain, Id, Refuse, Timestamp, Vault};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Crockford's alphabet: no letter is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const TOKEN_CHARS: usize = 26;

/// A notice that is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which: the place in the journal at which it was recorded.
    pub id: Id<Self>,
    /// What it says, and to whom.
    pub new: NewNotice,
}

/// A notice that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotice {
    /// The blind index of the payee that it is about; of nobody, where it is about no payee.
    pub payee: Blind,
    /// What it tells.
    pub kind: NoticeKind,
    /// To whom.
    pub to: Recipient,
    /// In which language.
    pub language: Language,
    /// What it says beyond its kind.
    pub details: Details,
}

/// What a notice tells. The store knows each by its place here: new ones come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// Nothing: somebody tries whether notices arrive.
    Trial,
    /// Somebody asked for another account.
    ChangeProposed,
    /// The change was confirmed, and waits until it takes effect.
    ChangeActivated,
    /// The change waits for an officer.
    ChangeHeld,
    /// The new account is in force.
    ChangeInForce,
    /// Somebody stopped the change.
    ChangeStopped,
    /// An officer said no to the change.
    ChangeRefused,
    /// Nobody confirmed the change in time.
    ChangeExpired,
    /// The account was closed, and no other is in force.
    AccountClosed,
    /// A contact point was added, replaced or ended.
    ContactChanged,
    /// The owner forbade changes.
    LockSet,
    /// Changes are allowed again.
    LockLifted,
    /// A letter came back.
    LetterReturned,
    /// There must be an account, and there is none.
    ReminderNoAccount,
    /// An officer asked for the account to be unfrozen.
    UnfreezeProposed,
    /// The account is unfrozen.
    AccountUnfrozen,
    /// An officer asked for what stood before a change to be put back.
    RevertProposed,
    /// It was put back.
    ChangeReverted,
    /// The account was frozen that a change had made: by a notice's link, or because its payee may be a victim.
    AccountFrozen,
    /// The account was marked, or its mark prolonged.
    AccountMarked,
    /// Somebody appealed against the mark for its owner.
    MarkAppealed,
    /// An officer decided that the mark stays.
    MarkUpheld,
    /// The mark is gone.
    MarkLifted,
    /// A lawful collector is to be looked at again soon, or counts no longer.
    ReminderCollector,
    /// Money came back from the account, and still waits.
    ReminderAccount,
    /// A suspicion report went to a payer, whose contact is told.
    ReportRouted,
    /// Nobody there has said yet that they look at it.
    ReportUnanswered,
    /// The account of such a report was marked, or its mark prolonged.
    ReportMarked,
    /// That mark was taken away.
    ReportMarkLifted,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 29] = [
        Self::Trial,
        Self::ChangeProposed,
        Self::ChangeActivated,
        Self::ChangeHeld,
        Self::ChangeInForce,
        Self::ChangeStopped,
        Self::ChangeRefused,
        Self::ChangeExpired,
        Self::AccountClosed,
        Self::ContactChanged,
        Self::LockSet,
        Self::LockLifted,
        Self::LetterReturned,
        Self::ReminderNoAccount,
        Self::UnfreezeProposed,
        Self::AccountUnfrozen,
        Self::RevertProposed,
        Self::ChangeReverted,
        Self::AccountFrozen,
        Self::AccountMarked,
        Self::MarkAppealed,
        Self::MarkUpheld,
        Self::MarkLifted,
        Self::ReminderCollector,
        Self::ReminderAccount,
        Self::ReportRouted,
        Self::ReportUnanswered,
        Self::ReportMarked,
        Self::ReportMarkLifted,
    ];

    /// What tells that something of this kind was asked for.
    #[must_use]
    pub const fn proposed(action: Action) -> Self {
        match action {
            Action::Designate | Action::Close | Action::Freeze => Self::ChangeProposed,
            Action::Unfreeze => Self::UnfreezeProposed,
            Action::Revert => Self::RevertProposed,
        }
    }

    /// What tells that something of this kind took effect.
    #[must_use]
    pub const fn in_force(action: Action) -> Self {
        match action {
            Action::Designate | Action::Close | Action::Freeze => Self::ChangeInForce,
            Action::Unfreeze => Self::AccountUnfrozen,
            Action::Revert => Self::ChangeReverted,
        }
    }

    /// Whether it tells of what a thief may have done: then it goes to former contact points too.
    #[must_use]
    pub const fn warns(self) -> bool {
        !matches!(self, Self::Trial | Self::ReminderNoAccount | Self::ReminderCollector | Self::ReminderAccount)
    }

    /// Whether it goes to a payer's contact, by e-mail, and not to a payee.
    #[must_use]
    pub const fn is_for_payers(self) -> bool {
        matches!(self, Self::ReportRouted | Self::ReportUnanswered | Self::ReportMarked | Self::ReportMarkLifted)
    }

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// As answers say it, and the files of texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::ChangeProposed => "change_proposed",
            Self::ChangeActivated => "change_activated",
            Self::ChangeHeld => "change_held",
            Self::ChangeInForce => "change_in_force",
            Self::ChangeStopped => "change_stopped",
            Self::ChangeRefused => "change_refused",
            Self::ChangeExpired => "change_expired",
            Self::AccountClosed => "account_closed",
            Self::ContactChanged => "contact_changed",
            Self::LockSet => "lock_set",
            Self::LockLifted => "lock_lifted",
            Self::LetterReturned => "letter_returned",
            Self::ReminderNoAccount => "reminder_no_account",
            Self::ReminderCollector => "reminder_collector",
            Self::ReminderAccount => "reminder_account",
            Self::ReportRouted => "report_routed",
            Self::ReportUnanswered => "report_unanswered",
            Self::ReportMarked => "report_marked",
            Self::ReportMarkLifted => "report_mark_lifted",
            Self::UnfreezeProposed => "unfreeze_proposed",
            Self::AccountUnfrozen => "account_unfrozen",
            Self::RevertProposed => "revert_proposed",
            Self::ChangeReverted => "change_reverted",
            Self::AccountFrozen => "account_frozen",
            Self::AccountMarked => "account_marked",
            Self::MarkAppealed => "mark_appealed",
            Self::MarkUpheld => "mark_upheld",
            Self::MarkLifted => "mark_lifted",
        }
    }
}

/// By what a notice goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Medium {
    /// The payee's box with the authorities, which they log in to.
    DigitalPost,
    /// A message to a telephone.
    Sms,
    /// An e-mail.
    Email,
    /// A letter on paper, without a code.
    Letter,
}

impl Medium {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DigitalPost, Self::Sms, Self::Email, Self::Letter];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|medium| medium.code() == code)
    }

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DigitalPost => "digital_post",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Letter => "letter",
        }
    }

    /// Whether it may tell an account, masked as it is: not what others can read on the way, or over a shoulder.
    #[must_use]
    pub const fn may_tell_account(self) -> bool {
        matches!(self, Self::DigitalPost | Self::Letter)
    }
}

/// The language of a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Unless somebody asked for another.
    #[default]
    Danish,
    /// On request.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Danish, Self::English];

    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// Its tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Danish => "da",
            Self::English => "en",
        }
    }

    /// What people write as a tag.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}

/// To whom a notice goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The box of this person or company.
    DigitalPost(PayeeId),
    /// This telephone.
    Sms(Phone),
    /// This address.
    Email(EmailAddress),
    /// The address that this person or company has in its register when the letter is printed.
    Letter(PayeeId),
}

impl Recipient {
    /// A payee's contact point; none of a box or an address that nobody of this kind has.
    #[must_use]
    pub fn at(point: &ContactPoint, payee: PayeeId) -> Option<Self> {
        let registered = Some(payee).filter(PayeeId::has_register);
        match point {
            ContactPoint::DigitalPost => registered.map(Self::DigitalPost),
            ContactPoint::Letter => registered.map(Self::Letter),
            ContactPoint::English => None,
            ContactPoint::Sms(number) => Some(Self::Sms(number.clone())),
            ContactPoint::Email(address) => Some(Self::Email(address.clone())),
        }
    }

    /// By what a notice reaches them.
    #[must_use]
    pub const fn medium(&self) -> Medium {
        match self {
            Self::DigitalPost(_) => Medium::DigitalPost,
            Self::Sms(_) => Medium::Sms,
            Self::Email(_) => Medium::Email,
            Self::Letter(_) => Medium::Letter,
        }
    }

    /// As it is sealed, and written on the command line: `digital_post:cpr:…`, `sms:+45…`, `email:…`, `letter:cpr:…`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let medium = self.medium().name();
        match self {
            Self::DigitalPost(payee) | Self::Letter(payee) => format!("{medium}:{}", payee.reveal()),
            Self::Sms(number) => format!("{medium}:{}", number.reveal()),
            Self::Email(address) => format!("{medium}:{}", address.reveal()),
        }
    }

    /// Reads what [`Recipient::reveal`] wrote. Only people and companies have a box, and an address in a register.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (medium, rest) = text.split_once(':')?;
        let registered = || PayeeId::parse(rest).filter(PayeeId::has_register);
        match Medium::ALL.into_iter().find(|known| known.name() == medium)? {
            Medium::DigitalPost => registered().map(Self::DigitalPost),
            Medium::Letter => registered().map(Self::Letter),
            Medium::Sms => Phone::parse(rest).ok().map(Self::Sms),
            Medium::Email => EmailAddress::parse(rest).ok().map(Self::Email),
        }
    }

    /// For lists that operators read; a box or an address is told by what kind of number it is known.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::DigitalPost(payee) | Self::Letter(payee) => {
                payee.reveal().split(':').next().unwrap_or_default().to_owned()
            }
            Self::Sms(number) => number.masked(),
            Self::Email(address) => address.masked(),
        }
    }
}

/// What a notice says beyond its kind. A line of the text that names what is not here is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// When that of which it tells was done. The same however often it is sent.
    pub at: Timestamp,
    /// The account that it is about.
    pub account: Option<MaskedAccount>,
    /// By which channel it came: the name of its kind.
    pub channel: Option<&'static str>,
    /// From when the change is in force, where that is known.
    pub in_force_from: Option<Timestamp>,
    /// What stops it. Not for a contact point that is new.
    pub stop: Option<StopToken>,
    /// The suspicion reports that it is about: by name, which says nothing of whom or of what they are.
    pub reports: Option<NamedReports>,
}

/// Suspicion reports, of which one is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedReports {
    /// The one that is named.
    pub first: Id<Suspicion>,
    /// How many there are beside it.
    pub others: usize,
}

impl Details {
    /// Nothing but when.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self { at, account: None, channel: None, in_force_from: None, stop: None, reports: None }
    }
}

/// An account that its owner knows again and others cannot use: all that is between its ends is left out.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskedAccount(String);

impl MaskedAccount {
    /// Masks an account.
    #[must_use]
    pub fn of(account: &DesignatedAccount) -> Self {
        let text = account.account().to_text();
        // The bank: `RRRR-`, or the letters and check digits of an IBAN.
        let begin = if account.reg().is_some() { 5 } else { 4 };
        let (begin, rest) = text.split_at(begin.min(text.len()));
        let shown = rest.len().saturating_sub(4);
        Self(format!("{begin}{}{}", "*".repeat(shown), &rest[shown..]))
    }

    /// As it is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MaskedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskedAccount(…)")
    }
}

/// What stands at the end of a link that stops a proposal: the proposal, and what nobody guesses. Nothing is kept of it: it is computed
/// again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StopToken(u128);

/// Bits of a token that nobody guesses; the others are the proposal's.
const SECRET_BITS: u32 = 65;

impl StopToken {
    /// The token of a proposal.
    #[must_use]
    pub fn of(vault: &Vault, proposal: Id<Proposal>) -> Self {
        let drawn = vault.blind(Domain("stop_token"), &proposal.name());
        let secret = u128::from_be_bytes(*drawn.as_bytes()) & ((1 << SECRET_BITS) - 1);
        Self(u128::from(proposal.number().unsigned_abs()) << SECRET_BITS | secret)
    }

    /// The proposal that it is of, if it is one of this store.
    #[must_use]
    pub fn proposal(self, vault: &Vault) -> Option<Id<Proposal>> {
        let proposal = Id::new(i64::try_from(self.0 >> SECRET_BITS).ok()?);
        // One side is a keyed hash that nobody chooses: how long comparing them takes tells nothing.
        (Self::of(vault, proposal) == self).then_some(proposal)
    }

    /// As it stands in a link: 26 letters and digits.
    #[must_use]
    pub fn to_text(self) -> String {
        (0..TOKEN_CHARS).rev().map(|at| char::from(ALPHABET[(self.0 >> (5 * at)) as usize & 31])).collect()
    }

    /// Reads what [`StopToken::to_text`] gives, in large letters or small.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TOKEN_CHARS {
            return None;
        }
        let number = text.bytes().try_fold(0_u128, |number, byte| {
            let digit = ALPHABET.iter().position(|letter| *letter == byte.to_ascii_uppercase())?;
            number.checked_mul(32)?.checked_add(digit as u128)
        });
        number.map(Self)
    }
}

impl fmt::Debug for StopToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StopToken(…)")
    }
}

/// To whom a notice goes and what it says, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Said<'s> {
    #[serde(borrow)]
    account: Option<Cow<'s, str>>,
    at: i64,
    #[serde(borrow)]
    channel: Option<Cow<'s, str>>,
    from: Option<i64>,
    reports: Option<(String, usize)>,
    stop: Option<String>,
    to: String,
}

impl NewNotice {
    /// To whom it goes and what it says, as it is sealed.
    #[must_use]
    pub(crate) fn to_text(&self) -> String {
        let Details { at, account, channel, in_force_from, stop, reports } = &self.details;
        let said = Said {
            account: account.as_ref().map(|account| account.as_str().into()),
            at: at.micros(),
            channel: channel.map(Cow::Borrowed),
            from: in_force_from.map(Timestamp::micros),
            reports: reports.map(|reports| (reports.first.name(), reports.others)),
            stop: stop.map(StopToken::to_text),
            to: self.to.reveal(),
        };
        serde_json::to_string(&said).expect("texts and numbers can be written")
    }

    /// Reads what [`NewNotice::to_text`] wrote.
    #[must_use]
    pub(crate) fn from_text(payee: Blind, kind: NoticeKind, language: Language, text: &str) -> Option<Self> {
        let Said { account, at, channel, from, reports, stop, to } = serde_json::from_str(text).ok()?;
        let known = |name: Cow<'_, str>| CHANNELS.into_iter().find(|channel| *channel == name);
        let details = Details {
            at: Timestamp::from_micros(at),
            account: account.map(|account| MaskedAccount(account.into_owned())),
            channel: match channel {
                None => None,
                Some(channel) => Some(known(channel)?),
            },
            in_force_from: from.map(Timestamp::from_micros),
            stop: match stop {
                None => None,
                Some(stop) => Some(StopToken::parse(&stop)?),
            },
            reports: match reports {
                None => None,
                Some((first, others)) => Some(NamedReports { first: Id::parse_name(&first)?, others }),
            },
        };
        Some(Self { payee, kind, to: Recipient::parse(&to)?, language, details })
    }
}

impl Notice {
    /// By what whoever takes it knows it again, and no other store's: a UUID of version 4, the same each time it is sent.
    #[must_use]
    pub fn reference(&self, vault: &Vault) -> String {
        let drawn = vault.blind(Domain("notice.reference"), &self.id.number().to_string());
        let number = u128::from_be_bytes(*drawn.as_bytes());
        // Version and variant (RFC 9562 §5.4).
        let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
        let text = format!("{number:032x}");
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }
}

/// Why something about a notice was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeRefusal {
    /// There is none of that name.
    Unknown,
    /// It was sent.
    Sent,
}

impl Refuse for NoticeRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "notice.unknown",
            Self::Sent => "notice.sent",
        }
    }
}

impl fmt::Display for NoticeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no notice of that name",
            Self::Sent => "the notice was sent; it is not sent again",
        })
    }
}

#[cfg(test)]
mod tests;
