//! Subscriptions: a client that is about to pay a payee, or to lend to them, is told what becomes of their account until a day. Pure.
//!
//! A subscription is a look-up that lasts. What is told is how the answer to that look-up changes, never more: which account it is,
//! no event says.

use crate::legal_purpose::LegalPurpose;
use crate::payee::PayeeId;
use crate::payer::Payer;
use crate::resolve::Resolution;
use kernel::{Blind, Id, Refuse, Timestamp};
use std::fmt;

/// Most days of any subscription.
pub const DAYS_MAX: i64 = 30;
/// What happened before a subscription ran out is told for so many days afterwards, to whoever is behind.
pub const TOLD_DAYS: i64 = 7;
/// Subscriptions that are ended at a time.
pub const ENDED_MAX: usize = 1000;
const REFERENCE_CHARS_MAX: usize = 140;
const SECONDS_PER_DAY: i64 = 86_400;

/// How much somebody is told of an account: as much as they may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// What becomes of it, and of what is proposed.
    Account,
    /// Whether it was changed, and whether there is one that can be paid to.
    Payable,
}

impl Sees {
    /// As the store knows it.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// What the store knows as `code`.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Account, Self::Payable].into_iter().find(|sees| sees.code() == code)
    }
}

/// What a client calls the planned payment or loan: it is kept sealed, and told to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    /// One line of 1 to 140 characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one = (1..=REFERENCE_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        is_one.then(|| Self(text.to_owned()))
    }

    /// For the client itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reference(…)")
    }
}

/// That a client is told what becomes of one payee's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: Id<Self>,
    /// The blind index of the payee.
    pub payee: Blind,
    /// The client, as the journal names it.
    pub client: String,
    /// For which legal purpose.
    pub purpose: LegalPurpose,
    /// How much it is told.
    pub sees: Sees,
    /// The payer that it pays for.
    pub payer: Option<Id<Payer>>,
    /// Until when.
    pub until: Timestamp,
    /// The payee's number, as the client named it.
    pub number: PayeeId,
    /// What the client calls what it is for.
    pub reference: Reference,
}

impl Subscription {
    /// Whether what was recorded at a moment is told.
    #[must_use]
    pub fn covers(&self, recorded: Timestamp) -> bool {
        recorded < self.until
    }

    /// Whether anything is told still.
    #[must_use]
    pub fn is_told(&self, now: Timestamp) -> bool {
        now.minus_seconds(TOLD_DAYS * SECONDS_PER_DAY) < self.until
    }

    /// The number and the reference, as they are sealed.
    #[must_use]
    pub fn said(&self) -> String {
        format!("{}\n{}", self.number.reveal(), self.reference.0)
    }

    /// Reads what [`Subscription::said`] wrote.
    #[must_use]
    pub fn read_said(text: &str) -> Option<(PayeeId, Reference)> {
        let (number, reference) = text.split_once('\n')?;
        PayeeId::parse(number).zip(Reference::parse(reference))
    }
}

/// Until when a subscription for so many days at most may last.
#[must_use]
pub const fn latest(now: Timestamp, days: i64) -> Timestamp {
    now.minus_seconds(-days * SECONDS_PER_DAY)
}

/// Before when everything began of which nothing is told any more.
#[must_use]
pub const fn forgotten_before(now: Timestamp) -> Timestamp {
    // A day more: the clocks of processes differ.
    now.minus_seconds((DAYS_MAX + TOLD_DAYS + 1) * SECONDS_PER_DAY)
}

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The payee, who had none, has one.
    Registered,
    /// It took the place of another, or of one that was closed.
    Changed,
    /// The account that was there can be paid to again; to those who see no more, also the first one.
    Payable,
    /// There is none any more that can be paid to. Why is not said.
    NotPayable,
    /// Nothing may be paid to it for now.
    Frozen,
    /// It was closed, and nothing took its place.
    Closed,
    /// The payee is dead.
    Dead,
    /// The company does not exist any more.
    Unknown,
    /// A change is proposed.
    Pending,
    /// What was proposed waits no more, whether it took effect or not.
    PendingEnded,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Registered,
        Self::Changed,
        Self::Payable,
        Self::NotPayable,
        Self::Frozen,
        Self::Closed,
        Self::Dead,
        Self::Unknown,
        Self::Pending,
        Self::PendingEnded,
    ];

    /// As clients read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Changed => "changed",
            Self::Payable => "payable",
            Self::NotPayable => "not_payable",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
            Self::Pending => "pending",
            Self::PendingEnded => "pending_ended",
        }
    }
}

/// What is told when payments went by `before`, and go by `after` now; `replaces` says whether the account took the place of another,
/// or of one that was closed. Nothing, where whoever asked before and after would have been answered the same.
#[must_use]
pub fn tell(sees: Sees, before: Resolution, after: Resolution, replaces: bool) -> Option<Event> {
    use Resolution::{Account, Closed, Contested, Dead, Frozen, NoAccount, NotInRegister};
    let event = match (before, after) {
        (Account(former), Account(now)) if former.account == now.account => return None,
        (_, Account(..)) if replaces => Event::Changed,
        (NoAccount, Account(..)) => Event::Registered,
        (_, Account(..)) => Event::Payable,
        // No history ends so; whoever asked would be told that there is none.
        (Account(..), NoAccount) => Event::Closed,
        (Frozen | Contested, Frozen | Contested) => return None,
        (Closed, Closed) | (Dead, Dead) | (NotInRegister, NotInRegister) | (_, NoAccount) => return None,
        (_, Closed) => Event::Closed,
        (_, Frozen | Contested) => Event::Frozen,
        (_, Dead) => Event::Dead,
        (_, NotInRegister) => Event::Unknown,
    };
    match (sees, event) {
        (Sees::Account, event) | (Sees::Payable, event @ Event::Changed) => Some(event),
        (Sees::Payable, Event::Registered | Event::Payable) => Some(Event::Payable),
        (Sees::Payable, _) => matches!(before, Account(..)).then_some(Event::NotPayable),
    }
}

/// Why something about subscriptions was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionRefusal {
    /// For this purpose nobody in the client's role is told what becomes of an account.
    Purpose,
    /// It would end before it begins, or last longer than so many days.
    Until(i64),
    /// The client does not name the account that it would pay to, as it has to; or it may know which it is, and names one.
    Account(Sees),
    /// The client has none of that name.
    Unknown,
    /// None is to be ended, or too many at a time.
    Count,
}

impl Refuse for SubscriptionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Purpose => "subscription.purpose",
            Self::Until(_) => "subscription.until",
            Self::Account(_) => "subscription.account",
            Self::Unknown => "subscription.unknown",
            Self::Count => "subscription.count",
        }
    }
}

impl fmt::Display for SubscriptionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Purpose => f.write_str(
                "clients in this role do not subscribe for this legal purpose: it takes a payment or a loan that is planned",
            ),
            Self::Until(days) => write!(f, "a subscription for this purpose ends within {days} days from now"),
            Self::Account(Sees::Payable) => {
                f.write_str("clients in this role name, for each payee, the account that they would pay to")
            }
            Self::Account(Sees::Account) => f.write_str("clients in this role name no account: any is meant"),
            Self::Unknown => f.write_str("the client has no subscription of that name"),
            Self::Count => write!(f, "1 to {ENDED_MAX} subscriptions are ended at a time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::DesignatedAccount;
    use crate::resolve::{InForce, Pending};

    fn resolution(word: &str) -> Resolution {
        let account = |id: i64, text: &str| {
            let account = DesignatedAccount::from_text(text).unwrap();
            Resolution::Account(InForce { designation: Id::new(id), account, changed: None, pending: Pending::Nothing })
        };
        match word {
            "nobody" => Resolution::NotInRegister,
            "dead" => Resolution::Dead,
            "none" => Resolution::NoAccount,
            "closed" => Resolution::Closed,
            "frozen" => Resolution::Frozen,
            "contested" => Resolution::Contested,
            "one" => account(1, "0040-0000000001 DKK"),
            "two" => account(2, "1020-0000000002 DKK"),
            other => panic!("{other}"),
        }
    }

    const WORDS: [&str; 8] = ["nobody", "dead", "none", "closed", "frozen", "contested", "one", "two"];

    #[test]
    fn what_is_told_of_a_step() {
        let check = |before: &str, after: &str, replaces: bool, account: &str, payable: &str| {
            for (sees, expected) in [(Sees::Account, account), (Sees::Payable, payable)] {
                let told = tell(sees, resolution(before), resolution(after), replaces);
                assert_eq!(told.map_or("", Event::name), expected, "{before} to {after}, {sees:?}");
            }
        };
        check("none", "one", false, "registered", "payable");
        check("one", "two", true, "changed", "changed");
        check("frozen", "two", true, "changed", "changed");
        check("closed", "one", true, "changed", "changed");
        check("frozen", "one", false, "payable", "payable");
        check("dead", "one", false, "payable", "payable");
        check("nobody", "one", false, "payable", "payable");
        check("one", "frozen", false, "frozen", "not_payable");
        check("one", "contested", false, "frozen", "not_payable");
        check("contested", "one", false, "payable", "payable");
        check("contested", "frozen", false, "", "");
        check("one", "closed", false, "closed", "not_payable");
        check("one", "dead", false, "dead", "not_payable");
        check("one", "nobody", false, "unknown", "not_payable");
        // Whoever may only ask whether it is an account is not told why there is none, nor that the reason is another now.
        check("frozen", "closed", false, "closed", "");
        check("none", "dead", false, "dead", "");
        check("dead", "frozen", false, "frozen", "");
        check("nobody", "none", false, "", "");
        check("dead", "none", false, "", "");
    }

    #[test]
    fn nothing_is_told_where_the_answers_are_the_same() {
        for (before, after) in WORDS.iter().flat_map(|before| WORDS.map(|after| (*before, after))) {
            let (one, other) = (resolution(before), resolution(after));
            let is_payable = |resolution| matches!(resolution, Resolution::Account(..));
            for replaces in [false, true] {
                if before == after {
                    assert_eq!(tell(Sees::Account, one, other, replaces), None, "{before}");
                }
                let told = tell(Sees::Payable, one, other, replaces);
                let differs = is_payable(one) != is_payable(other) || (is_payable(one) && before != after);
                assert_eq!(told.is_some(), differs, "{before} to {after}");
            }
        }
    }

    #[test]
    fn references_are_one_line_and_what_is_said_survives_the_store() {
        for (text, is_one) in [("Loan 7 ærø", true), ("", false), ("a\nb", false)] {
            assert_eq!(Reference::parse(text).is_some(), is_one, "{text}");
        }
        let [longest, longer] = [140, 141].map(|chars| "ø".repeat(chars));
        assert!(Reference::parse(&longer).is_none());
        let number = PayeeId::parse("cpr:6101701234").unwrap();
        let subscription = Subscription {
            id: Id::new(1),
            payee: Blind::from_bytes([7; 16]),
            client: "client:coop".to_owned(),
            purpose: LegalPurpose::CreditAgreement,
            sees: Sees::Payable,
            payer: None,
            until: Timestamp::from_micros(1),
            number,
            reference: Reference::parse(&longest).unwrap(),
        };
        let read = Subscription::read_said(&subscription.said()).unwrap();
        assert_eq!(read, (number, subscription.reference.clone()));
        let printed = format!("{subscription:?}");
        assert!(!printed.contains('ø') && !printed.contains("6101701234"), "{printed}");
        assert_eq!(Subscription::read_said("cpr:6101701234"), None);
    }
}
