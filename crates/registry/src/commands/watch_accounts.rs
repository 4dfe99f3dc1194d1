//! Which accounts are watched, and which have more payees than the limits: worked out when somebody takes or leaves one, and of all of
//! them every day, because time alone takes payees from an account, and because limits change (NK-12: found daily).

use super::review::PAYEES_COUNTED_MAX;
use crate::account::DesignatedAccount;
use crate::collecting::{Figures, Limits, Window};
use crate::designation::Designation;
use crate::review::is_outgrown;
use crate::store;
use crate::watch::Level;
use denmark::calendar::copenhagen_date;
use kernel::{Blind, Error, Id, Scope, StoreError, Timestamp, Writer};
use std::collections::{BTreeMap, BTreeSet};

/// Accounts that are looked at in one short transaction.
const ACCOUNTS_MAX: usize = kernel::failpoint::chunk(256, 2);

/// How many payees an account has had within each window, counted up to `most`.
pub(crate) fn payees(scope: &Scope<'_>, account: &Blind, now: Timestamp, most: u64) -> Result<Figures, Error> {
    let mut figures = Figures::default();
    for window in Window::ALL {
        figures.0[window as usize] = store::pointing::count(scope.tx, account, window.since(now), most)?;
    }
    Ok(figures)
}

/// How many payees were paid to an account within each window, as far as that was noted.
pub(crate) fn paid(scope: &Scope<'_>, account: &Blind, now: Timestamp) -> Result<Figures, Error> {
    let mut figures = Figures::default();
    for window in Window::ALL {
        figures.0[window as usize] = store::paid::count_since(scope.tx, account, window.since(now))?;
    }
    Ok(figures)
}

/// How many payees an account has had within the longest window.
pub(crate) fn longest(scope: &Scope<'_>, account: &Blind, now: Timestamp) -> Result<u64, Error> {
    store::pointing::count(scope.tx, account, Window::LONGEST.since(now), PAYEES_COUNTED_MAX)
}

/// How closely an account is to be watched.
fn level(scope: &Scope<'_>, limits: &Limits, account: &Blind, now: Timestamp) -> Result<Level, Error> {
    level_with(scope, limits, account, &BTreeSet::new(), now)
}

/// How closely it is to be watched once some more are paid to it.
pub(crate) fn level_with(
    scope: &Scope<'_>,
    limits: &Limits,
    account: &Blind,
    more: &BTreeSet<Blind>,
    now: Timestamp,
) -> Result<Level, Error> {
    if !limits.are_on() {
        return Ok(Level::Not);
    }
    let most = Window::ALL.into_iter().filter_map(|window| limits.get(window)).max().unwrap_or(0) + 1;
    let count = |window: Window, most: u64| {
        let since = window.since(now);
        match more.is_empty() {
            true => store::pointing::count(scope.tx, account, since, most),
            false => store::pointing::count_with(scope.tx, account, since, most, more),
        }
    };
    // Within a longer window there are never fewer: of nearly all accounts it takes no more than that to know it.
    let longest = count(Window::LONGEST, most.max(limits.few()))?;
    let mut figures = Figures([longest; Window::ALL.len()]);
    for window in Window::ALL.into_iter().filter(|window| *window != Window::LONGEST) {
        if limits.exceeded(&figures).is_some() {
            figures.0[window as usize] = count(window, most.max(limits.few()))?;
        }
    }
    Ok(match limits.exceeded(&figures) {
        Some(window) => match store::review::decided_of(scope.tx, account)?.and_then(|decided| decided.payees) {
            Some(with) if is_outgrown(with, count(Window::LONGEST, PAYEES_COUNTED_MAX)?) => Level::Outgrown(window),
            _ => Level::Over(window),
        },
        None if figures.of(Window::LONGEST) >= limits.few() => Level::Watched,
        None => Level::Not,
    })
}

/// Works out how closely accounts are to be watched of which something changed; nothing while no limit is on.
pub(crate) fn watch(
    scope: &Scope<'_>,
    accounts: &BTreeMap<Blind, DesignatedAccount>,
    now: Timestamp,
) -> Result<(), Error> {
    let limits = Limits::of(&store::controls::in_force(scope.tx)?);
    if limits.are_on() { look_at(scope, &limits, accounts, now) } else { Ok(()) }
}

fn look_at(
    scope: &Scope<'_>,
    limits: &Limits,
    accounts: &BTreeMap<Blind, DesignatedAccount>,
    now: Timestamp,
) -> Result<(), Error> {
    let keys: Vec<Blind> = accounts.keys().copied().collect();
    let (some, levels) = (store::pointing::some(scope.tx, &keys)?, store::watch::levels(scope.tx, &keys)?);
    let (mut new, mut moved) = (BTreeMap::new(), BTreeMap::new());
    for (((key, account), some), former) in accounts.iter().zip(some).zip(levels) {
        // Nearly all accounts are somebody's own, and it takes no more than that to know it. Who was paid is noted of others alone.
        if some < limits.few() && former.is_none() {
            continue;
        }
        match (level(scope, limits, key, now)?, former) {
            // Time takes payees from an account, and does not take the place of whoever is to look at it.
            (level, Some(former))
                if level.lets_more_go_than(former) && store::review::open_of(scope.tx, key)?.is_some() => {}
            (level, Some(former)) if level != former => drop(moved.insert(*key, level)),
            (Level::Not, None) | (_, Some(_)) => {}
            (level, None) => drop(new.insert(*key, (level, *account))),
        }
    }
    store::watch::set_many(scope, &new, &moved)
}

/// The account of a blind index, as a row says that named it. What has been recorded since it was counted may have left it.
pub(crate) fn account(scope: &Scope<'_>, key: &Blind) -> Result<Option<DesignatedAccount>, Error> {
    let mut next = match (store::holder::any_of(scope.tx, key)?, store::pointing::any_left(scope.tx, key)?) {
        (Some((payee, Some(purpose))), _) => store::designation::find_specific(scope, &payee, &purpose)?,
        (Some((payee, None)), _) => {
            let mut newest = None;
            store::payee::find_many(scope, [&payee], |_, found| {
                newest = found.designation;
                Ok(())
            })?;
            newest
        }
        (None, Some(left)) => Some(store::designation::find(scope, Id::<Designation>::new(left))?),
        // It is nobody's, and was only named by files.
        (None, None) => {
            let named = store::watch::account_of(scope, key)?;
            return named.map(Some).ok_or_else(|| StoreError::broken("account_holder", "account_key", *key).into());
        }
    };
    while let Some(row) = next {
        if row.standing.account.key(scope.vault) == *key {
            return Ok(Some(row.standing.account));
        }
        next = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
    }
    Ok(None)
}

/// Goes through all accounts, where that was not done on this day with these limits yet; whether it was done. What is read holds nobody
/// up, and what is written is written some hundred accounts at a time.
///
/// # Errors
/// The store's.
pub fn watch_accounts(writer: &mut Writer, now: Timestamp) -> Result<bool, Error> {
    let today = copenhagen_date(now.to_jiff());
    let due = writer.read(|scope| {
        let limits = Limits::of(&store::controls::in_force(scope.tx)?);
        let is_done = match store::watch::pass(scope.tx)? {
            Some((day, with)) => day == crate::day::number(today) && with == limits.to_text(),
            None => !limits.are_on(),
        };
        if is_done {
            return Ok(None);
        }
        let mut keys: BTreeSet<Blind> = store::watch::all(scope.tx)?.into_iter().collect();
        if limits.are_on() {
            // Whoever has `few` of those who have it and those who left it has half as many of one or the other.
            let half = limits.few().div_ceil(2);
            keys.extend(store::holder::with_many(scope.tx, half)?);
            keys.extend(store::pointing::left_by(scope.tx, Window::LONGEST.since(now), half)?);
        }
        Ok(Some((limits, keys.into_iter().collect::<Vec<_>>())))
    })?;
    let Some((limits, keys)) = due else { return Ok(false) };
    let vault = writer.store.vault().clone();
    for some in keys.chunks(ACCOUNTS_MAX) {
        writer.connection.stage(|tx| {
            let scope = Scope { tx, vault: &vault };
            let mut accounts = BTreeMap::new();
            for key in some {
                accounts.extend(account(&scope, key)?.map(|account| (*key, account)));
            }
            look_at(&scope, &limits, &accounts, now)
        })?;
    }
    writer.connection.stage(|tx| store::watch::set_pass(tx, today, &limits.to_text()))?;
    Ok(true)
}
