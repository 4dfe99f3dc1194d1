//! What else counts for an account that is asked for: a proposal for it that waits, and what is known of it.

use super::account::AccountState;
use super::row::AccountRow;
use crate::account::DesignatedAccount;
use crate::controls::Controls;
use crate::designation::{Action, State};
use crate::life::{self, ActKind, Evidence, State as LifeState, Waits};
use crate::mark::Marked;
use crate::proposal::Proposal;
use crate::signals::Facts;
use kernel::Timestamp;

/// A proposal that has not ended, and what is known of it.
pub(super) struct Open {
    pub(super) proposal: Proposal,
    pub(super) evidence: Evidence,
    pub(super) facts: Facts,
}

impl Open {
    fn state(&self, controls: &Controls, now: Timestamp) -> LifeState {
        life::state(&self.proposal, &self.evidence, &self.facts, controls, now)
    }
}

/// A proposal that waits for the account that another one is for.
pub(crate) struct InTheWay<'a> {
    pub(crate) proposal: &'a Proposal,
    /// Whether an officer is to look at it.
    pub(crate) is_looked_at: bool,
}

impl AccountState {
    /// The account that a row would leave in force, as things stand: the one that it designates, opens again, or puts back.
    pub(super) fn leaves(&self, row: &AccountRow) -> Option<DesignatedAccount> {
        let history = (row.key, self.purpose_key(row));
        let before = || self.undone.get(&history)?.before.filter(|before| before.state != State::Closed);
        match row.action {
            Action::Designate => row.account,
            Action::Unfreeze => self.histories.get(&history).map(|(_, standing)| standing.account),
            Action::Revert => before().map(|before| before.account),
            Action::Close | Action::Freeze => None,
        }
    }

    /// The mark of that account.
    pub(crate) fn marked(&self, row: &AccountRow) -> Option<Marked> {
        self.leaves(row).and_then(|account| self.marks.of(&account))
    }

    /// What is known of the account that a row asks for.
    pub(super) fn facts_of(&self, row: &AccountRow) -> Facts {
        let known = self.facts.get(&(row.key, self.purpose_key(row)));
        let is_it = |account: &DesignatedAccount| row.account.is_some_and(|asked| account.is(&asked.account()));
        // What came last counts.
        let known = known.and_then(|known| known.iter().rfind(|(account, _)| is_it(account)));
        let is_bank_asked = self.wanted(row).is_some_and(|wanted| wanted.is_bank_asked);
        let known =
            Facts { is_bank_asked, marked: self.marked(row), ..known.map_or_else(Facts::default, |(_, facts)| *facts) };
        let counted = self.counted.as_ref().zip(row.designates()).map(|(all, account)| all.facts(account, &row.key));
        let Some(Facts { payees, collector_until, .. }) = counted else { return known };
        Facts { payees, collector_until: collector_until.or(known.collector_until), ..known }
    }

    /// What is in the way of a proposal: another one that waits for the same account. What nobody ended in time is not, nor what nobody
    /// has signed, and is ended by it: whoever has no more than a login keeps nobody out.
    ///
    /// # Errors
    /// The other one.
    pub(crate) fn room_for(&self, proposal: &Proposal, now: Timestamp) -> Result<Option<Proposal>, InTheWay<'_>> {
        let Some(open) = self.open.get(&(proposal.payee, proposal.purpose)) else { return Ok(None) };
        match open.state(&self.controls, now) {
            LifeState::Waiting(Waits::Signature) if open.evidence.last_of(&[ActKind::Signed]).is_none() => {
                Ok(Some(open.proposal.clone()))
            }
            LifeState::Waiting(Waits::Check) => Err(InTheWay { proposal: &open.proposal, is_looked_at: true }),
            LifeState::Waiting(_) | LifeState::Due => Err(InTheWay { proposal: &open.proposal, is_looked_at: false }),
            LifeState::Lapsed => Ok(Some(open.proposal.clone())),
            LifeState::Ended(_) => Ok(None),
        }
    }
}
