//! Who is to be reminded to have an account: for whoever sends notices.

use super::feed::numbers;
use crate::ask::AnswerClass;
use crate::payee::PayeeId;
use crate::store;
use kernel::{Error, Scope, StoreError};

/// Reminders of one page.
const PAGE_ROWS_MAX: usize = 1000;

/// Somebody who is to be reminded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Its place in the journal: whoever has taken it goes on after it.
    pub id: i64,
    /// Whom.
    pub payee: PayeeId,
    /// What held of their account: that there was none, or that it was closed.
    pub state: AnswerClass,
}

/// The next reminders after a place, in the order in which they were entered; at most `limit`, and a thousand.
///
/// # Errors
/// The store's.
pub fn reminders(scope: &Scope<'_>, after: Option<i64>, limit: usize) -> Result<Vec<Reminder>, Error> {
    let rows = store::reminder::after(scope.tx, after.unwrap_or(-1), limit.min(PAGE_ROWS_MAX) as i64)?;
    let numbers = numbers(scope, rows.iter().map(|row| row.payee).collect())?;
    rows.iter()
        .map(|row| {
            let payee = numbers.get(&row.payee).copied();
            let payee = payee.ok_or_else(|| StoreError::broken("reminder", "payee", row.id))?;
            Ok(Reminder { id: row.id.number(), payee, state: row.answer })
        })
        .collect()
}
