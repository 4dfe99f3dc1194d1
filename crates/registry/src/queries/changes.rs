//! Which changes wait, and what became of one that was held.

use crate::designation::Channel;
use crate::pending::{PendingChange, PendingRefusal};
use crate::store::pending::Found;
use crate::{policy, store};
use kernel::{Actor, Error, Id, Scope, Timestamp, journal};
use serde::Serialize;

/// Rows of one page.
const PAGE_ROWS_MAX: usize = 1000;

/// A change that was held, without whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeView {
    /// Its name.
    pub change: String,
    /// `held`, `lapsed`, `released`, `refused`, `withdrawn`.
    pub state: &'static str,
    /// By which channel it came.
    pub channel: String,
    /// When.
    pub asked: String,
    /// Until when it waits, or waited at most.
    pub until: String,
    /// Why it was asked for.
    pub reason: Option<&'static str>,
    /// How the customer consented.
    pub consent: Option<&'static str>,
    /// When somebody ended it.
    pub ended: Option<String>,
}

/// A page of changes.
#[derive(Clone, Debug)]
pub struct ChangePage {
    /// The oldest first.
    pub changes: Vec<ChangeView>,
    /// Where the next page goes on; none after the last.
    pub next: Option<i64>,
}

/// What waits, of all channels or of one: at most `limit` changes after the place where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn waiting(
    scope: &Scope<'_>,
    actor: &Actor,
    channel: Option<&Channel>,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<ChangePage, Error> {
    policy::LIST_CHANGES.require(actor)?;
    let limit = limit.min(PAGE_ROWS_MAX);
    let mut found = store::pending::waiting(scope, channel, after, now, limit as i64 + 1)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|last| last.change.id.number());
    let changes = found.iter().map(|found| view(scope, found, now)).collect::<Result<_, Error>>()?;
    Ok(ChangePage { changes, next })
}

/// What became of a change that a channel asked for. That of another is as if it were not there.
///
/// # Errors
/// `change.unknown`, the policy's refusal, or the store's.
pub fn change(
    scope: &Scope<'_>,
    actor: &Actor,
    channel: &Channel,
    name: &str,
    now: Timestamp,
) -> Result<ChangeView, Error> {
    policy::LIST_CHANGES.require(actor)?;
    let found = find(scope, name)?;
    if found.change.asked.channel != *channel {
        return Err(PendingRefusal::Unknown.into());
    }
    view(scope, &found, now)
}

/// The change of a name.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Found, Error> {
    let found = match Id::<PendingChange>::parse_name(name) {
        Some(id) => store::pending::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| PendingRefusal::Unknown.into())
}

fn view(scope: &Scope<'_>, found: &Found, now: Timestamp) -> Result<ChangeView, Error> {
    let Found { change, entry, ended } = found;
    let moment = |entry: i64| -> Result<String, Error> {
        let mut text = String::new();
        journal::moments(scope.tx, [entry], |_, moment| {
            text = moment.to_string();
            Ok(())
        })?;
        Ok(text)
    };
    Ok(ChangeView {
        change: change.id.name(),
        state: found.state(now).name(),
        channel: change.asked.channel.name(),
        asked: moment(*entry)?,
        until: change.until.to_string(),
        reason: change.grounds.map(|grounds| grounds.reason.name()),
        consent: change.grounds.map(|grounds| grounds.consent.name()),
        ended: ended.as_ref().map(|ended| moment(ended.entry)).transpose()?,
    })
}
