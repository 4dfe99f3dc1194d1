//! Which banks were asked whose an account is, and have not answered.

use crate::ownership::{Inquiry, InquiryState};
use crate::store::inquiry::Noted;
use crate::{policy, store};
use kernel::{Actor, Error, Scope};
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// As many questions at a time are shown.
pub const INQUIRIES_MAX: usize = 10_000;

/// A question and what became of it, without whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InquiryView {
    /// The proposal.
    pub id: String,
    /// The bank that is asked.
    pub bank: String,
    /// By which delivery.
    pub delivery: String,
    /// `waiting`, `given_up`.
    pub state: &'static str,
    /// When it is asked next, or since when it stands there.
    pub at: String,
    /// Until when an answer is waited for.
    pub until: String,
    /// How often it was asked.
    pub tries: i64,
    /// When that failed last.
    pub last_failure: Option<String>,
    /// How: a stable code.
    pub last_code: Option<String>,
    /// The status of the answer, where there was one.
    pub last_status: Option<i64>,
}

/// Questions that stand somewhere, of proposals that wait, the oldest first, at most `limit` of them.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn inquiries(
    scope: &Scope<'_>,
    actor: &Actor,
    state: InquiryState,
    limit: usize,
) -> Result<Vec<InquiryView>, Error> {
    policy::READ_INQUIRIES.require(actor)?;
    let found = store::inquiry::in_state(scope.tx, state, limit.min(INQUIRIES_MAX))?;
    let mut places: BTreeMap<_, (String, String)> = BTreeMap::new();
    let mut views = Vec::with_capacity(found.len());
    for Noted { proposal, delivery, inquiry } in found {
        let (bank, delivery) = match places.entry(delivery) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let terms = store::delivery::newest(scope, delivery)?.map(|delivery| delivery.terms);
                new.insert(terms.map_or_else(Default::default, |terms| (terms.whose, terms.name))).clone()
            }
        };
        let Inquiry { state, at, until, tries, last_failure: failed, .. } = inquiry;
        views.push(InquiryView {
            id: proposal.name(),
            bank,
            delivery,
            state: state.name(),
            at: at.to_string(),
            until: until.to_string(),
            tries,
            last_failure: failed.as_ref().map(|failed| failed.at.to_string()),
            last_code: failed.as_ref().map(|failed| failed.code.clone()),
            last_status: failed.as_ref().and_then(|failed| failed.status),
        });
    }
    Ok(views)
}

/// How many questions wait, and how many were given up, of proposals that wait.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn count_inquiries(scope: &Scope<'_>, actor: &Actor) -> Result<(i64, i64), Error> {
    policy::READ_INQUIRIES.require(actor)?;
    let count = |state| store::inquiry::count(scope.tx, state);
    Ok((count(InquiryState::Waiting)?, count(InquiryState::GivenUp)?))
}
