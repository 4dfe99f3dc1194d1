//! Reviews of accounts, as whoever decides about them sees them.

use super::motions::{MotionView, view};
use super::paged::Paged;
use crate::account;
use crate::collecting::{Figures, Window};
use crate::commands::{LeaveAlone, PAYEES_COUNTED_MAX, Subject, masked, opened, paid, payees};
use crate::controls::Control;
use crate::motion::Kind;
use crate::review::{Review, ReviewRefusal, state};
use crate::{policy, store};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use kernel::{Actor, Error, Id, Scope, StoreError, Timestamp, journal};
use serde::Serialize;

/// As many reviews at a time are shown.
const PAGE_ROWS_MAX: usize = 1000;
/// As many motions about reviews are looked through.
const MOTIONS_MAX: i64 = 1000;

/// How many payees, within each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Payees {
    /// Three days.
    pub days_3: u64,
    /// Thirty days.
    pub days_30: u64,
    /// Six months.
    pub months_6: u64,
}

impl From<Figures> for Payees {
    fn from(figures: Figures) -> Self {
        let [days_3, days_30, months_6] = Window::ALL.map(|window| figures.of(window));
        Self { days_3, days_30, months_6 }
    }
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewView {
    /// Its name.
    pub id: String,
    /// `open`, `collector`, `left_alone`, `suspicious`.
    pub state: &'static str,
    /// The account, masked.
    pub account: String,
    /// Why it was opened: `drawn`, or the window within which there were more payees than the limit.
    pub cause: &'static str,
    /// When.
    pub opened: String,
    /// By whom.
    pub opened_by: String,
    /// Whose account it was then.
    pub payees: Payees,
    /// Who of them was paid to it.
    pub paid: Payees,
    /// How many payments were held because of it so far.
    pub held: u64,
    /// Through which day it is left alone.
    pub until: Option<String>,
    /// When that was decided; or that it is suspicious.
    pub decided: Option<String>,
    /// By whom.
    pub decided_by: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// A review, and what holds of its account now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewShown {
    /// The review.
    #[serde(flatten)]
    pub review: ReviewView,
    /// Whose account it is by now.
    pub payees_now: Payees,
    /// Who was paid to it by now; and whom files name beside it whose payments wait because of it.
    pub paid_now: Payees,
    /// What is proposed about it.
    pub motions: Vec<ReviewMotion>,
}

/// That somebody proposes to leave an account alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewMotion {
    /// The motion.
    #[serde(flatten)]
    pub motion: MotionView,
    /// Which review.
    pub review: String,
    /// Through which day.
    pub left_alone_until: String,
}

/// The review of a name.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Review, Error> {
    let found = match Id::<Review>::parse_name(name) {
        Some(id) => store::review::find(scope, id)?,
        None => None,
    };
    found.ok_or_else(|| ReviewRefusal::Unknown.into())
}

fn shown(scope: &Scope<'_>, review: &Review, now: Timestamp) -> Result<ReviewView, Error> {
    let decided = store::review::decided(scope, review.id)?;
    let entry = decided.as_ref().map(|(decided, _)| journal::entry_of(decided.id.number()));
    let decided_by = entry.map(|entry| journal::read(scope, entry)).transpose()?;
    let opened = opened(scope, review)?;
    let outcome = decided.as_ref().map(|(decided, _)| decided.outcome);
    let collector_until = match store::controls::in_force(scope.tx)?.has(Control::CollectorRegister) {
        true => store::collector::approved_until(scope, &review.key)?,
        false => None,
    };
    Ok(ReviewView {
        id: review.id.name(),
        state: state(outcome, collector_until, copenhagen_date(now.to_jiff())),
        account: masked(&review.account),
        cause: review.cause.name(),
        opened: opened.at.to_string(),
        opened_by: opened.actor,
        payees: review.payees.into(),
        paid: review.paid.into(),
        held: store::paid::count_held(scope.tx, &review.key, 0)?,
        until: outcome.and_then(|outcome| outcome.until()).map(|until| until.to_string()),
        decided: decided_by.as_ref().map(|decided| decided.at.to_string()),
        decided_by: decided_by.map(|decided| decided.actor),
        why: decided.map(|(_, why)| why),
    })
}

/// Reviews, the oldest first, all or those that are open: at most `limit` after the place where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn reviews(
    scope: &Scope<'_>,
    actor: &Actor,
    open_only: bool,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<ReviewView>, Error> {
    policy::LIST_REVIEWS.require(actor)?;
    let limit = limit.min(PAGE_ROWS_MAX);
    let found = store::review::page(scope, open_only, after.unwrap_or(-1), limit as i64 + 1)?;
    let page = Paged::of(found, limit, |review| review.id.number()).try_map(|review| shown(scope, &review, now))?;
    // Whose owner has become a lawful collector since is open no more.
    let rows = page.rows.into_iter().filter(|review| !open_only || review.state == "open").collect();
    Ok(Paged { rows, next: page.next })
}

/// How many payees an account has had, and how many of them were paid to it while it was watched, within each window.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn account_payees(
    scope: &Scope<'_>,
    actor: &Actor,
    account: &Account,
    now: Timestamp,
) -> Result<[Payees; 2], Error> {
    policy::LIST_REVIEWS.require(actor)?;
    let key = account::key(account, scope.vault);
    Ok([payees(scope, &key, now, PAYEES_COUNTED_MAX)?.into(), paid(scope, &key, now)?.into()])
}

/// One review, and what holds of its account now.
///
/// # Errors
/// `review.unknown`, the policy's refusal; or the store's.
pub fn review(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<ReviewShown, Error> {
    policy::LIST_REVIEWS.require(actor)?;
    let review = find(scope, name)?;
    let [payees_now, paid_now] = account_payees(scope, actor, &review.account.account(), now)?;
    Ok(ReviewShown {
        review: shown(scope, &review, now)?,
        payees_now,
        paid_now,
        motions: motions(scope, now)?.into_iter().filter(|motion| motion.review == name.to_uppercase()).collect(),
    })
}

fn motions(scope: &Scope<'_>, now: Timestamp) -> Result<Vec<ReviewMotion>, Error> {
    let found = store::motion::waiting(scope, Kind::Review, now, None, MOTIONS_MAX)?;
    let shown = |found: store::motion::Found| {
        let unreadable = || StoreError::broken("motion", "content", found.motion.id);
        let about = LeaveAlone::read(&found.motion.content).ok_or_else(unreadable)?;
        let base = LeaveAlone::base(&about.load(scope)?);
        Ok(ReviewMotion {
            motion: view(scope, &found, base, now)?,
            review: about.review.name(),
            left_alone_until: about.until.to_string(),
        })
    };
    found.into_iter().map(shown).collect()
}

/// What is proposed about reviews, the oldest first.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn review_motions(scope: &Scope<'_>, actor: &Actor, now: Timestamp) -> Result<Vec<ReviewMotion>, Error> {
    policy::LIST_REVIEWS.require(actor)?;
    motions(scope, now)
}
