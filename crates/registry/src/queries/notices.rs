//! Which notices wait, and which were given up.

use super::paged::Paged;
use crate::notice::{Medium, Notice};
use crate::notice_progress::{NoticeProgress, NoticeState};
use crate::{policy, store};
use kernel::{Actor, Error, Scope, journal};
use serde::Serialize;

/// As many notices at a time are shown.
pub const NOTICES_MAX: usize = 10_000;

/// A notice and what became of it, without whom it is about and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoticeView {
    /// Its name.
    pub notice: String,
    /// By what whoever carries it on knows it.
    pub reference: String,
    /// What it tells.
    pub kind: &'static str,
    /// `digital_post`, `sms`, `email`, `letter`: by what it goes now.
    pub medium: &'static str,
    /// Its tag.
    pub language: &'static str,
    /// Where it goes, masked.
    pub to: String,
    /// When it was recorded.
    pub recorded: String,
    /// `waiting`, `sent`, `dead`.
    pub state: &'static str,
    /// When it is tried next, or since when it stands there.
    pub at: String,
    /// How often it was tried.
    pub tries: i64,
    /// When that failed last.
    pub last_failure: Option<String>,
    /// How: a stable code.
    pub last_code: Option<String>,
    /// The status of the answer, where there was one.
    pub last_status: Option<i64>,
}

/// Notices that stand somewhere, the oldest first, at most `limit` of them.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn notices(scope: &Scope<'_>, actor: &Actor, state: NoticeState, limit: usize) -> Result<Vec<NoticeView>, Error> {
    Ok(notice_page(scope, actor, state, None, limit)?.rows)
}

/// The same, after the place where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn notice_page(
    scope: &Scope<'_>,
    actor: &Actor,
    state: NoticeState,
    after: Option<i64>,
    limit: usize,
) -> Result<Paged<NoticeView>, Error> {
    policy::READ_NOTICES.require(actor)?;
    let limit = limit.min(NOTICES_MAX);
    let found = store::notice::in_state(scope, state, after, limit + 1)?;
    let Paged { rows: found, next } = Paged::of(found, limit, |(notice, _)| notice.id.number());
    let mut rows: Vec<_> = found.iter().map(|(notice, progress)| view(scope, notice, progress)).collect();
    let entries = found.iter().map(|(notice, _)| journal::entry_of(notice.id.number()));
    journal::moments(scope.tx, entries, |at, moment| {
        rows[at].recorded = moment.to_string();
        Ok(())
    })?;
    Ok(Paged { rows, next })
}

/// How many notices of each medium wait, and how many were given up.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn count_notices(scope: &Scope<'_>, actor: &Actor) -> Result<Vec<(Medium, i64, i64)>, Error> {
    policy::READ_NOTICES.require(actor)?;
    let count = |state, medium| store::notice::count(scope.tx, state, medium);
    let of = |medium| Ok((medium, count(NoticeState::Waiting, medium)?, count(NoticeState::Dead, medium)?));
    Medium::ALL.into_iter().map(of).collect()
}

fn view(scope: &Scope<'_>, notice: &Notice, progress: &NoticeProgress) -> NoticeView {
    let failed = progress.last_failure.as_ref();
    NoticeView {
        notice: notice.id.name(),
        reference: notice.reference(scope.vault),
        kind: notice.new.kind.name(),
        medium: progress.medium.name(),
        language: notice.new.language.tag(),
        to: notice.new.to.masked(),
        recorded: String::new(),
        state: progress.state.name(),
        at: progress.at.to_string(),
        tries: progress.tries,
        last_failure: failed.map(|failed| failed.at.to_string()),
        last_code: failed.map(|failed| failed.code.clone()),
        last_status: failed.and_then(|failed| failed.status),
    }
}
