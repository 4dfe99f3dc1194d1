//! Accounts of somebody who may be a victim, contested and let go again.

use super::account::AccountState;
use super::new::NewRow;
use super::row::AccountRow;
use crate::designation::{Channel, Standing, State};
use crate::row_refusal::RowRefusal;
use kernel::Timestamp;

impl AccountState {
    /// Contests an account that is in force: payments to it wait from now on. `None` where nothing would be paid to it anyway.
    pub(crate) fn contest(&mut self, row: &AccountRow, now: Timestamp) -> Result<Option<NewRow>, RowRefusal> {
        self.turn(row, State::InForce, State::Contested, now)
    }

    /// Lets an account that is contested be paid to again, as before. `None` where it is not.
    pub(crate) fn restore(&mut self, row: &AccountRow, now: Timestamp) -> Result<Option<NewRow>, RowRefusal> {
        self.turn(row, State::Contested, State::InForce, now)
    }

    fn turn(&mut self, row: &AccountRow, from: State, to: State, now: Timestamp) -> Result<Option<NewRow>, RowRefusal> {
        let purpose = self.purpose_of(row)?;
        let newest = self.histories.get(&(row.key, purpose.as_ref().map(|purpose| purpose.key)));
        let stands = newest.map(|(_, standing)| *standing).filter(|standing| standing.state == from);
        let Some(Standing { account, .. }) = stands else { return Ok(None) };
        let standing = Standing { state: to, account };
        Ok(Some(self.take(&Channel::Operator, row, purpose, standing, None, now)))
    }
}
