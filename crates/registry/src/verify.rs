//! Holds the directory against the histories that it points into.

use crate::collecting::{Figures, Limits, Window};
use crate::contest::Turn;
use crate::designation::{Standing, State};
use crate::payee::RegisterStatus;
use crate::store;
use crate::store::holder::History;
use crate::store::pointing::Left;
use crate::watch::Level;
use kernel::journal::Mismatch;
use kernel::merkle::Encoder;
use kernel::{Blind, Error, Id, Scope, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const PAGE_ROWS: i64 = 10_000;

/// The newest row of a history of designations.
#[derive(Clone, Copy)]
struct Newest {
    id: i64,
    effective: Timestamp,
    /// The newest up to the place to which accounts' payees were counted; 0 where there is none.
    counted: i64,
}

/// What the histories say the directory must hold of one payee.
#[derive(Default)]
struct Due {
    register_row: Option<i64>,
    status: Option<RegisterStatus>,
    designation: Option<Newest>,
    has_specific: bool,
    /// The newest proposal, unless it has ended.
    pending: Option<i64>,
    /// By what the payee's accounts are contested.
    contested: Option<i64>,
}

/// Computes from the histories, whose rows must be in order, which account is in force for every payee, and compares it with the directory that resolving
/// begins at. The histories' own rows are the journal's to vouch for.
///
/// # Errors
/// [`Mismatch`], or the store's.
pub fn verify_directory(scope: &Scope<'_>) -> Result<(), Error> {
    let mismatch = |what: &str| -> Error { Mismatch(format!("{what} is not what its history says")).into() };
    let mut due: BTreeMap<Blind, Due> = BTreeMap::new();
    let mut specific: BTreeMap<(Blind, Blind), Newest> = BTreeMap::new();
    store::register::links(scope.tx, |id, payee, previous, status| {
        let due = due.entry(payee).or_default();
        if due.register_row != previous {
            return Err(mismatch("a register row's predecessor"));
        }
        (due.register_row, due.status) = (Some(id), Some(status));
        Ok(())
    })?;
    let place = store::holder::place(scope.tx)?;
    store::designation::links(scope.tx, |row| {
        let due = due.entry(row.payee).or_default();
        let former = match row.purpose {
            None => due.designation,
            Some(purpose) => specific.get(&(row.payee, purpose)).copied(),
        };
        let counted = if row.id <= place { row.id } else { former.map_or(0, |former| former.counted) };
        let newest = Newest { id: row.id, effective: row.effective, counted };
        match row.purpose {
            None => due.designation = Some(newest),
            Some(purpose) => {
                due.has_specific = true;
                specific.insert((row.payee, purpose), newest);
            }
        }
        if former.map(|former| former.id) != row.previous {
            return Err(mismatch("a designation's predecessor"));
        }
        // Each holds from the moment of its entry, and those never go backwards.
        if former.is_some_and(|former| row.effective < former.effective) {
            return Err(Mismatch("a designation holds from before the one that it follows".to_owned()).into());
        }
        Ok(())
    })?;
    verify_holders(scope, place, |(payee, purpose)| match purpose {
        None => due.get(payee).and_then(|due| due.designation),
        Some(purpose) => specific.get(&(*payee, *purpose)).copied(),
    })?;
    verify_proposals(scope, &mut due)?;
    store::contest::links(scope.tx, |turned| {
        let is_open = turned.turn == Turn::Begun;
        due.entry(turned.payee).or_default().contested = is_open.then(|| turned.id.number());
    })?;
    let mut after = Vec::new();
    loop {
        let rows = store::payee::page(scope, &after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.key.as_bytes().to_vec();
        for row in &rows {
            let Some(expected) = due.remove(&row.key) else {
                return Err(Mismatch("the directory has a payee of whom nothing was recorded".to_owned()).into());
            };
            let agrees = row.register_row == expected.register_row
                && row.status == expected.status.unwrap_or(RegisterStatus::Unlisted)
                && row.designation == expected.designation.map(|newest| newest.id)
                && row.has_specific == expected.has_specific
                && row.has_number == expected.register_row.is_none();
            if !agrees {
                return Err(mismatch("a payee's account in force"));
            }
            if row.pending != expected.pending {
                return Err(mismatch("a payee's proposal that waits"));
            }
            if row.contested != expected.contested {
                return Err(mismatch("whether a payee's accounts are contested"));
            }
        }
    }
    if !due.is_empty() {
        return Err(Mismatch("a payee who has a history is missing from the directory".to_owned()).into());
    }
    let (mut payee, mut purpose) = (Vec::new(), Vec::new());
    loop {
        let rows = store::designation::specific_page(scope.tx, (&payee, &purpose), PAGE_ROWS)?;
        let Some((last_payee, last_purpose, _)) = rows.last() else { break };
        (payee, purpose) = (last_payee.as_bytes().to_vec(), last_purpose.as_bytes().to_vec());
        for (payee, purpose, designation) in rows {
            if specific.remove(&(payee, purpose)).map(|newest| newest.id) != Some(designation) {
                return Err(mismatch("a specific account in force"));
            }
        }
    }
    if specific.is_empty() { Ok(()) } else { Err(Mismatch("a specific account is missing".to_owned()).into()) }
}

/// How many payees an account has is counted from what the histories say up to a place. `newest` knows each history's newest row.
fn verify_holders(scope: &Scope<'_>, place: i64, newest: impl Fn(&History) -> Option<Newest>) -> Result<(), Error> {
    let mismatch = || Mismatch("what is noted of an account's payees is not what the histories say".to_owned());
    let mut encoder = Encoder::default();
    // A history and its account as 16 bytes: there are as many as accounts in force.
    let mut mark = |(payee, purpose): &History, account: Option<&Blind>| {
        let bytes = |blind: Option<&Blind>| blind.map_or(Vec::new(), |blind| blind.as_bytes().to_vec());
        let hash = encoder
            .start("account_holder")
            .bytes(payee.as_bytes())
            .bytes(&bytes(purpose.as_ref()))
            .bytes(&bytes(account))
            .leaf();
        <[u8; 16]>::try_from(&hash[..16]).expect("a hash has 32 bytes")
    };
    let (mut expected, mut left, mut after) = (Vec::new(), BTreeSet::new(), 0);
    loop {
        let rows = store::designation::between(scope, after, place, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = last.designation.id.number();
        left.extend(leaving(scope, &rows)?);
        for row in &rows {
            let history = (row.payee, row.designation.purpose);
            if newest(&history).is_some_and(|newest| newest.counted == row.designation.id.number()) {
                let standing = row.designation.standing;
                let account = (standing.state != State::Closed).then(|| standing.account.key(scope.vault));
                expected.push(mark(&history, account.as_ref()));
            }
        }
    }
    expected.sort_unstable();
    let (mut noted, mut after) = (0, None);
    loop {
        let rows = store::holder::page(scope, after.as_ref(), PAGE_ROWS)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(*last);
        for (history, account) in &rows {
            // Each history is there once: as many as are expected, all of them expected, are those that are.
            expected.binary_search(&mark(history, account.as_ref())).map_err(|_| mismatch())?;
        }
        noted += rows.len();
    }
    let (mut noted_left, mut after) = (0, None);
    loop {
        let rows = store::pointing::page(scope.tx, after.as_ref(), PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = Some(*last);
        if !rows.iter().all(|row| left.contains(row)) {
            return Err(mismatch().into());
        }
        noted_left += rows.len();
    }
    if noted == expected.len() && noted_left == left.len() { verify_watch(scope) } else { Err(mismatch().into()) }
}

/// How closely accounts are watched follows from whose they are and were, and from when that was worked out, which is not noted of each. So it
/// is held against those whose they are, who count whenever that was, and those whose they ever were.
fn verify_watch(scope: &Scope<'_>) -> Result<(), Error> {
    let limits = Limits::of(&store::controls::in_force(scope.tx)?);
    if !limits.are_on() || store::watch::pass(scope.tx)?.is_none_or(|(_, with)| with != limits.to_text()) {
        // All of them are gone through next.
        return Ok(());
    }
    let mismatch = || Mismatch("how closely an account is watched is not what its payees say".to_owned());
    let most = Window::ALL.into_iter().filter_map(|window| limits.get(window)).max().unwrap_or(0).max(limits.few()) + 1;
    let count = |key: &Blind, since| {
        let payees = store::pointing::count(scope.tx, key, Timestamp::from_micros(since), most)?;
        Ok::<_, Error>((Figures([payees; Window::ALL.len()]), payees))
    };
    let mut many: BTreeSet<Blind> = store::holder::with_many(scope.tx, limits.few())?.into_iter().collect();
    for row in store::watch::since(scope, 0)? {
        many.remove(&row.key);
        let ((at_least, fewest), (at_most, _)) = (count(&row.key, i64::MAX)?, count(&row.key, i64::MIN)?);
        let is_over = matches!(row.level, Level::Over(_) | Level::Outgrown(_));
        if is_over && store::review::open_of(scope.tx, &row.key)?.is_some() {
            // It stays so until somebody has looked, whatever its payees say by then.
            continue;
        }
        let is_right = match row.level {
            Level::Not => fewest < limits.few(),
            _ => at_most.of(Window::LONGEST) >= limits.few(),
        };
        let is_right = is_right && (is_over || limits.exceeded(&at_least).is_none());
        if !is_right || (is_over && limits.exceeded(&at_most).is_none()) {
            return Err(mismatch().into());
        }
    }
    if many.is_empty() { Ok(()) } else { Err(mismatch().into()) }
}

/// Who left an account by one of these rows.
fn leaving(scope: &Scope<'_>, rows: &[store::designation::Recorded]) -> Result<Vec<Left>, Error> {
    let previous: BTreeSet<i64> = rows.iter().filter_map(|row| Some(row.designation.previous?.number())).collect();
    let places: Vec<i64> = previous.into_iter().collect();
    let mut former = BTreeMap::new();
    let key = |standing: &Standing| (standing.state != State::Closed).then(|| standing.account.key(scope.vault));
    store::designation::find_many(scope, places.iter().copied().map(Id::new), |at, row| {
        former.insert(places[at], key(&row.standing));
        Ok(())
    })?;
    let left = |row: &store::designation::Recorded| {
        let account = former.get(&row.designation.previous?.number()).copied().flatten()?;
        let (designation, until) = (row.designation.id.number(), row.designation.effective);
        let is_left = key(&row.designation.standing) != Some(account);
        is_left.then_some(Left { account, designation, payee: row.payee, until })
    };
    Ok(rows.iter().filter_map(left).collect())
}

/// What is noted of each proposal is whether it has ended; the newest of a payee is the one that the directory names.
fn verify_proposals(scope: &Scope<'_>, due: &mut BTreeMap<Blind, Due>) -> Result<(), Error> {
    let mismatch = || Mismatch("what is noted of a proposal is not what was done about it".to_owned());
    let mut ended = BTreeSet::new();
    store::proposal::ended(scope.tx, |id| if ended.insert(id) { Ok(()) } else { Err(mismatch().into()) })?;
    let mut proposals = 0;
    store::proposal::links(scope.tx, |link| {
        let waits = link.waits.ok_or_else(mismatch)?;
        if ended.remove(&link.id) == waits {
            return Err(mismatch().into());
        }
        // Also for a specific account alone, somebody is known.
        let due = due.entry(link.payee).or_default();
        if link.is_default {
            due.pending = waits.then_some(link.id);
        } else {
            due.has_specific = true;
        }
        proposals += 1;
        Ok(())
    })?;
    if ended.is_empty() && store::proposal::count_noted(scope)? == proposals { Ok(()) } else { Err(mismatch().into()) }
}
