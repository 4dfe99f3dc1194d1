//! What becomes of one change: a row of a history, or a proposal that waits.

use super::Link;
use crate::designation::{ChannelKind, Designation, Standing, State};
use crate::grounds::Grounds;
use crate::life::Waits;
use crate::notice::NoticeKind;
use crate::payee::PayeeId;
use crate::proposal::{Holder, Proposal};
use crate::purpose::Purpose;
use crate::telling::Telling;
use kernel::{Blind, Id, Timestamp};

/// What one row makes of its payee's account.
#[expect(clippy::large_enum_variant, reason = "of the many that a bulk file makes, almost all are the large one")]
pub enum AccountChange {
    /// It takes effect at once.
    Takes(NewRow),
    /// It is proposed, and waits.
    Waits(Box<NewProposal>),
}

impl AccountChange {
    /// What the payee is told of it. Of a first account nothing, while the registry is loaded.
    pub(super) fn tellings(&self) -> Vec<Telling> {
        match self {
            Self::Takes(row) => row.tellings().collect(),
            Self::Waits(new) => {
                let lapsed = new.lapsed().map(|lapsed| Telling::of(lapsed, NoticeKind::ChangeExpired, None));
                lapsed.into_iter().chain(new.telling()).collect()
            }
        }
    }
}

/// A row to be added to one payee's history.
pub struct NewRow {
    pub(super) payee: Blind,
    pub(super) purpose: Option<Purpose>,
    pub(super) previous: Link<Designation>,
    pub(super) standing: Standing,
    pub(super) channel: ChannelKind,
    pub(super) grounds: Option<Grounds>,
    /// The payee is known by this account alone, and was not before: an SE or P number.
    pub(super) new_payee: Option<PayeeId>,
    /// The proposal that it comes of.
    pub(super) proposal: Option<Id<Proposal>>,
    /// Whose account it is said to be, where it is designated and somebody said.
    pub(super) holder: Option<Holder>,
    /// What the payee is told of it, where no proposal tells it.
    pub(super) telling: Option<Telling>,
    /// What follows it at once in the same history: a specific account that takes the place of what is closed.
    pub(super) then: Option<Box<NewRow>>,
}

impl NewRow {
    /// Whether the account is contested by it, or stays so.
    pub(crate) const fn is_contested(&self) -> bool {
        matches!(self.standing.state, State::Contested)
    }

    /// All that the payee is told of it.
    pub(crate) fn tellings(&self) -> impl Iterator<Item = Telling> {
        [self.telling.clone(), self.then_telling()].into_iter().flatten()
    }

    /// What the payee is told of what follows it.
    pub(crate) fn then_telling(&self) -> Option<Telling> {
        self.then.as_ref().and_then(|then| then.telling.clone())
    }
}

/// A change that is to wait.
pub struct NewProposal {
    /// What it comes after is not known before it is saved.
    pub(super) proposal: Proposal,
    pub(super) replaces: Link<Designation>,
    /// For what and until when; none where it took effect at once.
    pub(super) waits: Option<(Waits, Timestamp)>,
    /// The payee is known by this proposal alone, and was not before: an SE or P number.
    pub(super) new_payee: Option<PayeeId>,
    /// The proposal before it, which nobody ended in time: this one ends it.
    pub(super) lapsed: Option<Proposal>,
}

impl NewProposal {
    /// What is proposed.
    pub(crate) const fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// What the payee is told of it.
    pub(crate) fn telling(&self) -> Option<Telling> {
        let from = match self.waits? {
            (Waits::Time(from), _) => Some(from),
            _ => None,
        };
        Some(Telling::of(&self.proposal, NoticeKind::proposed(self.proposal.asked.action), from))
    }

    /// For what it waits, and until when.
    pub(crate) const fn waits(&self) -> Option<(Waits, Timestamp)> {
        self.waits
    }

    /// The proposal before it that it ends.
    pub(crate) const fn lapsed(&self) -> Option<&Proposal> {
        self.lapsed.as_ref()
    }
}
