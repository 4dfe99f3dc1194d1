//! Marks of accounts: which stand, and on whom they bear.

use super::motions::{MotionView, Origin, find, view};
use super::paged::Paged;
use crate::account::DesignatedAccount;
use crate::designation::{Designation, State};
use crate::mark::{self, Act, AppealAct, Mark, MarkChange, MarkRefusal, Marked};
use crate::motion::{Kind, Motion};
use crate::own;
use crate::payee::PayeeId;
use crate::store::motion::Found;
use crate::suspicion::Reason;
use crate::{account, policy, resolve, store};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::{Actor, Assurance, Blind, Error, Id, Scope, StoreError, Timestamp, journal};
use serde::Serialize;
use std::collections::BTreeSet;

/// As many marks at a time are shown.
pub const PAGE_ROWS_MAX: usize = 1000;
/// Rows that are looked through at a time.
const ROWS: usize = 4096;

/// An account to which payments are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkedAccount {
    /// The mark's id.
    pub mark: Id<Motion>,
    /// The account.
    pub account: Account,
    /// What is suspected of it.
    pub reason: Reason,
    /// The last day on which the mark stands.
    pub until: Date,
}

/// The accounts whose marks stand on a day: at most [`MARKS_MAX`](crate::mark::MARKS_MAX).
///
/// # Errors
/// The store's.
pub fn marked_accounts(scope: &Scope<'_>, today: Date) -> Result<Vec<MarkedAccount>, Error> {
    let standing = store::mark::standing(scope, today)?.into_iter();
    Ok(standing
        .map(|Mark { id, account, reason, until, .. }| MarkedAccount { mark: id, account, reason, until })
        .collect())
}

/// Of what [`marked_accounts`] says, the version: while it is the same, and the day, so is that.
///
/// # Errors
/// The store's.
pub fn marks_version(scope: &Scope<'_>) -> Result<i64, Error> {
    store::mark::last(scope.tx)
}

/// The mark of an account, if it has one that nobody has ended.
///
/// # Errors
/// The store's.
pub fn mark_of(scope: &Scope<'_>, account: &DesignatedAccount) -> Result<Option<Marked>, Error> {
    store::mark::terms(scope.tx, &account.key(scope.vault))
}

/// The payees whose account was marked since the journal had `entries` entries, or whose mark was prolonged or ended. Some may be
/// told twice.
///
/// # Errors
/// The store's, or those of `changed`.
pub fn marked_since(
    scope: &Scope<'_>,
    entries: i64,
    changed: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    let accounts = store::mark::changed_since(scope.tx, entries)?;
    if accounts.is_empty() { Ok(()) } else { each_payee_at(scope, &accounts, changed) }
}

/// Gives each payee who has one of these accounts, for anything; some twice. It says what the histories say: what is not counted yet of
/// a bulk file is read there.
pub(crate) fn each_payee_at(
    scope: &Scope<'_>,
    accounts: &[Blind],
    mut found: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    for account in accounts {
        let mut after = None;
        loop {
            let payees = store::holder::payees_after(scope.tx, account, after.as_ref(), ROWS as i64)?;
            after = payees.last().copied();
            payees.into_iter().try_for_each(&mut found)?;
            if after.is_none() {
                break;
            }
        }
    }
    let accounts: BTreeSet<&Blind> = accounts.iter().collect();
    let mut place = store::holder::place(scope.tx)?;
    loop {
        let rows = store::designation::after(scope, place, ROWS)?;
        let Some(last) = rows.last() else { return Ok(()) };
        place = last.designation.id.number();
        for row in rows {
            let Designation { standing, .. } = row.designation;
            if standing.state != State::Closed && accounts.contains(&standing.account.key(scope.vault)) {
                found(row.payee)?;
            }
        }
    }
}

/// The accounts that a payee has or had, for anything: the mark of any is theirs to appeal against.
pub(crate) fn accounts_of(scope: &Scope<'_>, payee: &Blind) -> Result<Vec<Account>, Error> {
    let rows = resolve::history(scope, payee)?.into_iter().flatten().flatten();
    Ok(rows.map(|row| row.standing.account.account()).collect())
}

/// A mark, as the account's owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnMark {
    /// What it is known by.
    pub id: String,
    /// `in_force`, `expired`, `ended`.
    pub state: &'static str,
    /// The account, masked.
    pub account: String,
    /// What is suspected of it.
    pub reason: &'static str,
    /// The last day on which it stands.
    pub until: String,
    /// Where the owner's appeals stand: `appealed` while one waits, else what was done last, `upheld` or `lifted`.
    pub appeal: Option<&'static str>,
}

/// A mark, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarkView {
    /// What its owner sees.
    #[serde(flatten)]
    pub own: OwnMark,
    /// The report that was agreed to.
    pub suspicion: String,
    /// Since when this is so.
    pub since: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it; or lifted it.
    pub approved_by: String,
    /// Why.
    pub why: Option<String>,
    /// What was done about appeals, in order: the newest thousand acts, and of the appeals that wait the first thousand.
    pub appeals: Vec<AppealView>,
}

/// One thing that was done about an appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppealView {
    /// `appealed`, `upheld`, `lifted`.
    pub act: &'static str,
    /// Which appeal it is, or is about: they count from 1.
    pub number: usize,
    /// Whether it is an appeal that nobody has decided about.
    pub waits: bool,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A mark, or the end of one, that is or was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MarkMotion {
    /// The motion.
    #[serde(flatten)]
    pub motion: MotionView,
    /// `set`, `end`.
    pub change: &'static str,
    /// The account, masked.
    pub account: Option<String>,
    /// The report on whose ground it is set.
    pub suspicion: Option<String>,
    /// The mark that ends, or is prolonged.
    pub mark: Option<String>,
    /// The last day on which it is to stand.
    pub stands_until: Option<String>,
}

fn own_view(mark: &Mark, acts: &[Act], today: Date) -> OwnMark {
    OwnMark {
        id: mark.id.name(),
        state: mark.state(today),
        account: mark.masked(),
        reason: mark.reason.name(),
        until: mark.until.to_string(),
        appeal: mark::stands(acts).map(AppealAct::name),
    }
}

fn mark_view(scope: &Scope<'_>, mark: &Mark, today: Date) -> Result<MarkView, Error> {
    let acts = store::mark::acts(scope, mark.id)?;
    let entry = journal::entry_of(mark.version.number());
    let Origin { since, proposed_by, approved_by, reason } = Origin::of(scope, entry, mark.motion)?;
    let waiting = mark::waiting(&acts);
    let appeal = |act: &Act| AppealView {
        act: act.kind.name(),
        number: act.number,
        waits: act.kind == AppealAct::Appealed && waiting.contains(&act.number),
        at: act.at.to_string(),
        by: act.by.clone(),
        why: act.why.clone(),
    };
    Ok(MarkView {
        own: own_view(mark, &acts, today),
        suspicion: mark.suspicion.name(),
        since,
        proposed_by,
        approved_by,
        why: reason,
        appeals: acts.iter().map(appeal).collect(),
    })
}

/// Every mark, those that have ended too: at most `limit` after the place where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn marks(
    scope: &Scope<'_>,
    actor: &Actor,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<MarkView>, Error> {
    policy::LIST_MARKS.require(actor)?;
    let (today, limit) = (copenhagen_date(now.to_jiff()), limit.min(PAGE_ROWS_MAX));
    let found = store::mark::page(scope, after, limit as i64 + 1)?;
    Paged::of(found, limit, |mark| mark.id.number()).try_map(|mark| mark_view(scope, &mark, today))
}

/// The marks that stand and against which an appeal waits, likewise; fewer come where some of a page stand no more.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn appealed_marks(
    scope: &Scope<'_>,
    actor: &Actor,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<MarkView>, Error> {
    policy::LIST_MARKS.require(actor)?;
    let (today, limit) = (copenhagen_date(now.to_jiff()), limit.min(PAGE_ROWS_MAX));
    let found = store::mark::appealed(scope, after, limit as i64 + 1)?;
    let Paged { rows, next } = Paged::of(found, limit, |mark| mark.number());
    let marks = rows.into_iter().map(|id| store::mark::by_motion(scope, id)).filter_map(Result::transpose);
    let standing = marks.filter(|mark| mark.as_ref().map_or(true, |mark| mark.stands(today)));
    let rows = standing.map(|mark| mark_view(scope, &mark?, today)).collect::<Result<_, Error>>()?;
    Ok(Paged { rows, next })
}

/// One mark, by its name or that of a motion by which it was prolonged or ended.
///
/// # Errors
/// `mark.unknown`, the policy's refusal, or the store's.
pub fn mark(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<MarkView, Error> {
    policy::LIST_MARKS.require(actor)?;
    let found = match Id::<Motion>::parse_name(name) {
        Some(id) => store::mark::by_motion(scope, id)?,
        None => None,
    };
    mark_view(scope, &found.ok_or(MarkRefusal::Unknown)?, copenhagen_date(now.to_jiff()))
}

/// The marks of the accounts that a payee has or had, to themselves or whoever may sign for them.
///
/// # Errors
/// `citizen.other`, `citizen.assurance`, the policy's refusal, or the store's.
pub fn own_marks(scope: &Scope<'_>, actor: &Actor, payee: &PayeeId, now: Timestamp) -> Result<Vec<OwnMark>, Error> {
    policy::LIST_OWN_MARKS.require(actor)?;
    let payee_key = payee.key(scope.vault);
    own::require_part(actor, super::voice(scope, actor, &payee_key)?, Assurance::Substantial)?;
    let keys: BTreeSet<Blind> =
        accounts_of(scope, &payee_key)?.iter().map(|account| account::key(account, scope.vault)).collect();
    let (mut marks, today) = (Vec::new(), copenhagen_date(now.to_jiff()));
    for key in keys {
        if let Some(mark) = store::mark::of_account(scope, &key)? {
            let acts = store::mark::acts_of(scope, mark.id, Some(&payee_key))?;
            marks.push(own_view(&mark, &acts, today));
        }
    }
    Ok(marks)
}

/// What is proposed about marks, the oldest first, likewise.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn mark_motions(
    scope: &Scope<'_>,
    actor: &Actor,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<MarkMotion>, Error> {
    policy::LIST_MARKS.require(actor)?;
    let limit = limit.min(PAGE_ROWS_MAX);
    let found = store::motion::waiting(scope, Kind::Mark, now, after, limit as i64 + 1)?;
    Paged::of(found, limit, |found| found.motion.id.number()).try_map(|found| shown(scope, &found, now))
}

/// What was proposed about a mark, and what became of that.
///
/// # Errors
/// `motion.unknown`, the policy's refusal, or the store's.
pub fn mark_motion(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<MarkMotion, Error> {
    policy::LIST_MARKS.require(actor)?;
    shown(scope, &find(scope, name, Kind::Mark)?, now)
}

fn shown(scope: &Scope<'_>, found: &Found, now: Timestamp) -> Result<MarkMotion, Error> {
    let unreadable = || StoreError::broken("motion", "content", found.motion.id);
    let change = MarkChange::from_text(&found.motion.content).ok_or_else(unreadable)?;
    let (newest, account, suspicion, until) = match change {
        MarkChange::End { mark } => {
            let newest = store::mark::by_motion(scope, mark)?;
            let account = newest.as_ref().map(|mark| mark.account);
            (newest, account, None, None)
        }
        MarkChange::Set { suspicion, until } => {
            let account = store::suspicion::find(scope, suspicion)?.and_then(|found| found.suspicion.report.account);
            let newest = match account {
                Some(account) => store::mark::of_account(scope, &account::key(&account, scope.vault))?,
                None => None,
            };
            (newest, account, Some(suspicion), Some(until))
        }
    };
    let base = newest.as_ref().map(|newest| newest.version.number());
    let standing = newest.filter(|newest| newest.stands(copenhagen_date(now.to_jiff())));
    Ok(MarkMotion {
        motion: view(scope, found, base, now)?,
        change: if suspicion.is_some() { "set" } else { "end" },
        account: account.as_ref().map(mark::masked),
        suspicion: suspicion.map(Id::name),
        mark: standing.map(|mark| mark.id.name()),
        stands_until: until.map(|until| until.to_string()),
    })
}
