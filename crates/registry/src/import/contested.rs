//! Accounts of somebody who may be a victim: frozen by a notice's link, contested, and let go again.

use super::account::AccountState;
use super::new::NewRow;
use super::row::AccountRow;
use crate::designation::{Channel, Standing, State};
use crate::proposal::Proposal;
use crate::row_refusal::RowRefusal;
use kernel::Timestamp;

impl AccountState {
    /// Freezes the account that came of a proposal, if it is in force yet. One that is contested stays so, and is frozen when it is let go.
    pub(crate) fn freeze(
        &mut self,
        proposal: &Proposal,
        row: &AccountRow,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key)));
        let in_force = newest
            .map(|(_, standing)| *standing)
            .filter(|standing| matches!(standing.state, State::InForce | State::FrozenByBank | State::Contested))
            .filter(|standing| Some(standing.account) == proposal.asked.account);
        // What its bank froze is not the bank's to unfreeze from now on.
        let Some(Standing { account, state }) = in_force else { return Ok(None) };
        let state = if state == State::Contested { state } else { State::Frozen };
        let standing = Standing { state, account };
        // Whoever has the link speaks for the payee, whichever channel the change came by.
        Ok(Some(self.take(&Channel::SelfService, row, purpose, standing, Some(proposal.id), now)))
    }

    /// Contests an account, also one that is frozen, which nobody unfreezes then but officers: payments to it wait from now on. `None`
    /// where there is none, or it is contested.
    pub(crate) fn contest(&mut self, row: &AccountRow, now: Timestamp) -> Result<Option<NewRow>, RowRefusal> {
        let is_fine = |state| matches!(state, State::InForce | State::Frozen | State::FrozenByBank);
        self.turn(row, is_fine, State::Contested, now)
    }

    /// Lets an account that is contested be what it was before. `None` where it is not.
    pub(crate) fn restore(
        &mut self,
        row: &AccountRow,
        before: State,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        self.turn(row, |state| state == State::Contested, before, now)
    }

    fn turn(
        &mut self,
        row: &AccountRow,
        is_fine: impl Fn(State) -> bool,
        to: State,
        now: Timestamp,
    ) -> Result<Option<NewRow>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key)));
        let stands = newest.map(|(_, standing)| *standing).filter(|standing| is_fine(standing.state));
        let Some(Standing { account, .. }) = stands else { return Ok(None) };
        let standing = Standing { state: to, account };
        Ok(Some(self.take(&Channel::Operator, row, purpose, standing, None, now)))
    }
}
