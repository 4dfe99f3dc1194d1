//! Who looked a payee up.

use crate::legal_purpose::LegalPurpose;
use crate::payee::PayeeId;
use crate::{policy, store};
use kernel::{Actor, Error, Scope, journal};
use serde::Serialize;

/// Rows of one page.
const PAGE_ROWS_MAX: usize = 1000;

/// One look-up of a payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LookUpView {
    /// Names it, and is where the next page begins.
    pub id: i64,
    /// When.
    pub at: String,
    /// Who asked, as the journal names them.
    pub client: String,
    /// For which legal purpose.
    pub purpose: &'static str,
    /// What was asked: `resolve`, `verify`, `map`, `history`, `change`, `without_account`, `contacts`, `review`.
    pub kind: &'static str,
    /// What was answered, in a word.
    pub answer: &'static str,
}

/// The look-ups of one payee by other organisations' systems and by the agency, newest first: those before the one whose id is `before`, at most
/// `limit` of them. The page after is that before its last row; a page that is not full is the last one.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn look_ups(
    scope: &Scope<'_>,
    actor: &Actor,
    payee: &PayeeId,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<LookUpView>, Error> {
    policy::READ_LOOK_UPS.require(actor)?;
    let mut views: Vec<LookUpView> = Vec::new();
    let key = payee.key(scope.vault);
    store::look_up::of_payee(scope.tx, &key, before.unwrap_or(i64::MAX), limit.min(PAGE_ROWS_MAX), |row| {
        views.push(LookUpView {
            id: row.id.number(),
            at: String::new(),
            client: row.client.to_owned(),
            purpose: row.purpose.name(),
            kind: row.kind.name(),
            answer: row.answer.name(),
        });
        Ok(())
    })?;
    for view in views.iter_mut().filter(|view| view.purpose == LegalPurpose::Operation.name()) {
        view.client = journal::read(scope, journal::entry_of(view.id))?.actor;
    }
    views.reverse();
    let entries: Vec<i64> = views.iter().map(|view| journal::entry_of(view.id)).collect();
    journal::moments(scope.tx, entries, |at, moment| {
        views[at].at = moment.to_string();
        Ok(())
    })?;
    views.reverse();
    Ok(views)
}
