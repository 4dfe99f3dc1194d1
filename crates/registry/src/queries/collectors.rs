//! The register of lawful collectors, and who is proposed for it.

use super::motions::{MotionView, Origin, find, view};
use super::paged::Paged;
use crate::account;
use crate::collector::Collector;
use crate::motion::Kind;
use crate::store::motion::Found;
use crate::{policy, store};
use denmark::calendar::copenhagen_date;
use denmark::{Account, BankDirectory, Country};
use jiff::civil::Date;
use kernel::{Actor, Blind, Error, Scope, StoreError, Timestamp, journal};
use serde::Serialize;

/// Who somebody is that is a collector, or is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectorTerms {
    /// The company's CVR number.
    pub cvr: String,
    /// Its account: the IBAN.
    pub account: String,
    /// What it is called.
    pub name: String,
    /// The last day on which it counts.
    pub review_by: String,
}

/// A collector in the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectorView {
    /// What it is known by.
    pub id: String,
    /// `in_force`, `overdue`, `ended`.
    pub state: &'static str,
    /// Who it is.
    #[serde(flatten)]
    pub terms: CollectorTerms,
    /// Since when this is so.
    pub since: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it; or ended it.
    pub approved_by: String,
    /// Why.
    pub reason: Option<String>,
    /// When they were reminded that they are to be looked at again.
    pub reminded: Option<String>,
}

/// A collector that is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectorMotion {
    /// The motion.
    #[serde(flatten)]
    pub motion: MotionView,
    /// Who it is to be.
    #[serde(flatten)]
    pub terms: CollectorTerms,
}

/// As many collectors at a time are shown.
const PAGE_ROWS_MAX: usize = 1000;

/// The register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectorsView {
    /// Everybody who is or was in it, in the order in which they were proposed.
    pub collectors: Vec<CollectorView>,
    /// Who is proposed.
    pub motions: Vec<CollectorMotion>,
}

/// Every collector, those that are overdue or were ended too, and who is proposed.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn collectors(scope: &Scope<'_>, actor: &Actor, now: Timestamp) -> Result<CollectorsView, Error> {
    let (mut collectors, mut after) = (Vec::new(), None);
    loop {
        let page = registered_collectors(scope, actor, after, PAGE_ROWS_MAX, now)?;
        collectors.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let motions = proposed_collectors(scope, actor, None, PAGE_ROWS_MAX, now)?.rows;
    Ok(CollectorsView { collectors, motions })
}

/// Who is or was in the register: at most `limit` after the place where the page before ended.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn registered_collectors(
    scope: &Scope<'_>,
    actor: &Actor,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<CollectorView>, Error> {
    policy::LIST_COLLECTORS.require(actor)?;
    let (today, banks) = (copenhagen_date(now.to_jiff()), store::bank::directory(scope.tx)?);
    let limit = limit.min(PAGE_ROWS_MAX);
    let found = store::collector::page(scope, after, limit as i64 + 1)?;
    Paged::of(found, limit, |found| found.id.number()).try_map(|found| {
        let entry = journal::entry_of(found.version.number());
        let Origin { since, proposed_by, approved_by, reason } = Origin::of(scope, entry, found.motion)?;
        let reminded = store::collector::reminded(scope, found.version)?;
        let reminded = reminded.map(|entry| journal::read(scope, entry)).transpose()?;
        Ok(CollectorView {
            id: found.id.name(),
            state: found.state(today),
            terms: terms(&found.collector, &banks),
            since,
            proposed_by,
            approved_by,
            reason,
            reminded: reminded.map(|entry| entry.at.to_string()),
        })
    })
}

/// Who is proposed, likewise.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn proposed_collectors(
    scope: &Scope<'_>,
    actor: &Actor,
    after: Option<i64>,
    limit: usize,
    now: Timestamp,
) -> Result<Paged<CollectorMotion>, Error> {
    policy::LIST_COLLECTORS.require(actor)?;
    let (banks, limit) = (store::bank::directory(scope.tx)?, limit.min(PAGE_ROWS_MAX));
    let found = store::motion::waiting(scope, Kind::Collector, now, after, limit as i64 + 1)?;
    Paged::of(found, limit, |found| found.motion.id.number()).try_map(|found| shown(scope, &found, &banks, now))
}

/// A collector that was proposed, and what became of that.
///
/// # Errors
/// `motion.unknown`, the policy's refusal, or the store's.
pub fn collector_motion(
    scope: &Scope<'_>,
    actor: &Actor,
    name: &str,
    now: Timestamp,
) -> Result<CollectorMotion, Error> {
    policy::LIST_COLLECTORS.require(actor)?;
    shown(scope, &find(scope, name, Kind::Collector)?, &store::bank::directory(scope.tx)?, now)
}

/// Whether an account, known by its blind index, is that of a collector who counts today.
///
/// # Errors
/// The store's.
pub fn is_approved_collector(scope: &Scope<'_>, account_key: &Blind, today: Date) -> Result<bool, Error> {
    store::collector::is_approved(scope, account_key, today)
}

fn shown(scope: &Scope<'_>, found: &Found, banks: &BankDirectory, now: Timestamp) -> Result<CollectorMotion, Error> {
    let unreadable = || StoreError::broken("motion", "content", found.motion.id);
    let collector = Collector::from_text(&found.motion.content).ok_or_else(unreadable)?;
    let holder = store::collector::holder(scope, &account::key(&collector.account, scope.vault))?;
    let base = holder.map(|holder| holder.version.number());
    Ok(CollectorMotion { motion: view(scope, found, base, now)?, terms: terms(&collector, banks) })
}

fn terms(collector: &Collector, banks: &BankDirectory) -> CollectorTerms {
    let country = match &collector.account {
        Account::Danish(account) => banks.get(account.reg).map_or(Country::Denmark, |bank| bank.country),
        Account::Foreign(_) => Country::Denmark,
    };
    CollectorTerms {
        cvr: collector.cvr.digits().to_owned(),
        account: collector.account.iban(country).as_str().to_owned(),
        name: collector.name.clone(),
        review_by: collector.review_by.to_string(),
    }
}
