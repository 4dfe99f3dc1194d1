//! Signals: what speaks against a change of account, as known at a moment. Pure. None of them says that it is a fraud; they say
//! that somebody is to look, or that a second channel is to confirm it.

use crate::controls::{Control, Controls};
use crate::designation::ChannelKind;
use crate::identity;
use crate::life::Evidence;
use crate::mark::Marked;
use crate::ownership::Ownership;
use crate::proposal::{Holder, Proposal};
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::Timestamp;

/// What is known, at a moment, of the payee and of the account that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// How fresh the payee's identity is.
    pub identity: identity::Facts,
    /// How many payees the account that is asked for has already; others than this one, counted as far as the controls ask.
    pub payees: u64,
    /// Until which date it is an approved collector's.
    pub collector_until: Option<Date>,
    /// The account's mark, where it has one.
    pub marked: Option<Marked>,
    /// When this payee last left the account that is asked for, for another one.
    pub left: Option<Timestamp>,
    /// Whether it is asked for a company, and not all who must have signed that may sign for it now.
    pub lacks_signature: bool,
    /// Whether a place is registered where its bank can be asked whose it is.
    pub is_bank_asked: bool,
    /// Whether a letter is demanded, and no register has an address for one.
    pub lacks_address: bool,
    /// Of a revert: whether what it would put back was stopped or undone before.
    pub is_doubted: bool,
    /// Whether the registry is being loaded: nobody but its operator has proposed anything yet.
    pub is_loading: bool,
}

impl Facts {
    /// Whether the account is an approved collector's, whose it is known to be.
    #[must_use]
    pub fn is_collector(&self, controls: &Controls, now: Timestamp) -> bool {
        let today = copenhagen_date(now.to_jiff());
        controls.has(Control::CollectorRegister) && self.collector_until.is_some_and(|until| today <= until)
    }

    /// The account's mark, if it stands.
    #[must_use]
    pub fn mark(&self, now: Timestamp) -> Option<Marked> {
        self.marked.filter(|marked| marked.stands(now))
    }
}

/// What the bank of the account that is asked for says to the question whose it is. A bank that proposes its own account for its own
/// customer has said so; what no bank has said, none could.
#[must_use]
pub fn ownership(proposal: &Proposal, evidence: &Evidence) -> Ownership {
    let is_banks = proposal.asked.channel.kind() == ChannelKind::Bank;
    let said = match proposal.asked.holder {
        Holder::Own => Ownership::Match,
        Holder::Joint => Ownership::CloseMatch,
        Holder::ThirdParty => Ownership::NoMatch,
        Holder::Unknown => Ownership::NotPossible,
    };
    evidence.ownership().unwrap_or(if is_banks { said } else { Ownership::NotPossible })
}

/// Whether something happened since so many days before a proposal as a control says.
fn is_within(proposal: &Proposal, controls: &Controls, control: Control, moment: Option<Timestamp>) -> bool {
    let days = i64::from(controls.get(control));
    let since = proposal.at.minus_days(days);
    days > 0 && moment.is_some_and(|moment| moment >= since)
}

/// One thing that speaks against a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The account is somebody else's, or nobody said whose.
    ThirdParty,
    /// Its bank says that it is not the payee's.
    OwnershipDenied,
    /// Address, contact, authenticator, or who signs for a company, changed shortly before.
    RecentChange,
    /// Key material was posted shortly before to the letter box to which the letter goes.
    LetterBox,
    /// It has many payees, and is no approved collector's.
    ManyPayees,
    /// It was this payee's before, and they left it shortly before.
    RoundTrip,
    /// It is marked: an agreed report says that it takes in what was stolen.
    MarkedAccount,
}

impl Signal {
    /// Every signal, with its name.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::ThirdParty, "third_party"),
        (Self::OwnershipDenied, "ownership_denied"),
        (Self::RecentChange, "recent_change"),
        (Self::LetterBox, "letter_box"),
        (Self::ManyPayees, "many_payees"),
        (Self::RoundTrip, "round_trip"),
        (Self::MarkedAccount, "marked_account"),
    ];

    /// As answers and the journal say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// What speaks against one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals(u8);

impl Signals {
    /// What speaks against a change that was proposed, by what is known now. What happened before the proposal stays a signal for
    /// as long as the proposal waits: waiting heals nothing.
    #[must_use]
    pub fn of(proposal: &Proposal, evidence: &Evidence, facts: &Facts, controls: &Controls, now: Timestamp) -> Self {
        let asked = &proposal.asked;
        let ownership = ownership(proposal, evidence);
        let within = |moment, control| is_within(proposal, controls, control, moment);
        let limit = u64::from(controls.get(Control::PayeesPerAccount));
        let counts = !facts.is_collector(controls, now);
        let identity = &facts.identity;
        let recent = [
            identity.contact_changed,
            identity.address_changed,
            identity.signatories_changed,
            identity.authenticator_changed,
        ];
        let holds = |signal: Signal| match signal {
            Signal::ThirdParty => {
                controls.has(Control::OwnershipAsked)
                    && matches!(asked.holder, Holder::ThirdParty | Holder::Unknown)
                    && !ownership.is_the_payees()
                    && counts
            }
            Signal::OwnershipDenied => {
                controls.has(Control::OwnershipAsked) && ownership == Ownership::NoMatch && counts
            }
            Signal::RecentChange => recent.into_iter().any(|moment| within(moment, Control::SecondChannel)),
            Signal::LetterBox => within(identity.letter_box_posted, Control::LetterBox),
            Signal::ManyPayees => limit > 0 && facts.payees >= limit && counts,
            Signal::RoundTrip => within(facts.left, Control::RoundTrip),
            // Two people have decided it about this account: no control takes that back.
            Signal::MarkedAccount => facts.mark(now).is_some(),
        };
        Self(
            Signal::ALL
                .iter()
                .filter(|(signal, _)| holds(*signal))
                .fold(0, |all, (signal, _)| all | 1 << *signal as u8),
        )
    }

    /// Whether a login of the payee's, or of who signs for them, proves little: it may be the thief's who has what was sent to them
    /// by letter, wherever that went, whose authenticator has just come, or who signs of late.
    #[must_use]
    pub fn is_login_fresh(proposal: &Proposal, identity: &identity::Facts, controls: &Controls) -> bool {
        let within = |moment, control| is_within(proposal, controls, control, moment);
        let recent = [identity.authenticator_changed, identity.signatories_changed];
        recent.into_iter().any(|moment| within(moment, Control::SecondChannel))
            || within(identity.key_material_posted, Control::LetterBox)
    }

    /// Whether this one holds.
    #[must_use]
    pub const fn has(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }

    /// Whether any holds.
    #[must_use]
    pub const fn any(self) -> bool {
        self.0 != 0
    }

    /// The names of those that hold.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        Signal::ALL.iter().filter(|(signal, _)| self.has(*signal)).map(|(_, name)| *name).collect()
    }
}
