//! From a payee to the account in force: for a whole payment file at once, or for one payee at any time, as known at any time.

use crate::account::DesignatedAccount;
use crate::ask::{Held, RECENT_DAYS};
use crate::designation::{Action, ChannelKind, Designation, Standing, State};
use crate::grounds::Grounds;
use crate::payee::RegisterStatus;
use crate::payer::{Payer, PayerRefusal, PayerVersion};
use crate::proposal::{Holder, Proposal};
use crate::purpose::{self, BenefitKind};
use crate::register_event::Addressee;
use crate::{known, queries, store};
use denmark::BankDirectory;
use kernel::{Actor, Blind, Error, Id, Scope, Timestamp, Tx, journal};

/// Whose account is wanted, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// The payee.
    pub payee: Blind,
    /// The payer and benefit, where a specific account may take precedence.
    pub purpose: Option<Blind>,
}

/// The answer for one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// No register lists the payee, or the company does not exist any more.
    NotInRegister,
    /// The payee is dead.
    Dead,
    /// No account was ever designated.
    NoAccount,
    /// The last one was closed.
    Closed,
    /// The account is frozen.
    Frozen,
    /// It is frozen, and what is paid to it waits: its payee may be a victim.
    Contested,
    /// This account.
    Account(InForce),
}

/// An account that can be paid to, and how it came to be so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The row that says so.
    pub designation: Id<Designation>,
    /// The account.
    pub account: DesignatedAccount,
    /// When it took the place of something else in the last [`RECENT_DAYS`] days, and by which channel. A first specific account takes
    /// that of the default one.
    pub changed: Option<(Timestamp, ChannelKind)>,
    /// Whether a change of it waits, as [`resolve_many`] finds it: what waited at another moment is not looked for.
    pub pending: Pending,
}

/// Whether a change of an account waits, the graver last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pending {
    /// None does.
    Nothing,
    /// One does.
    Change,
    /// One that puts back what stood before: the account in force may be nobody's whom it is to reach.
    Contested,
}

impl Pending {
    /// What it means that this is proposed.
    pub(crate) const fn of(action: Action) -> Self {
        match action {
            Action::Revert => Self::Contested,
            Action::Designate | Action::Close | Action::Freeze | Action::Unfreeze => Self::Change,
        }
    }
}

impl Resolution {
    /// Decides from what the directory holds. The order is the order of the reasons that payers are given.
    #[must_use]
    pub fn of(status: Option<RegisterStatus>, standing: Option<&Designation>) -> Self {
        match status {
            None | Some(RegisterStatus::Dissolved) => return Self::NotInRegister,
            Some(RegisterStatus::Dead) => return Self::Dead,
            Some(
                RegisterStatus::Unlisted | RegisterStatus::Active | RegisterStatus::Emigrated | RegisterStatus::Missing,
            ) => {}
        }
        match standing {
            None => Self::NoAccount,
            Some(designation) => match designation.standing {
                Standing { state: State::Closed, .. } => Self::Closed,
                Standing { state: State::Frozen | State::FrozenByBank, .. } => Self::Frozen,
                Standing { state: State::Contested, .. } => Self::Contested,
                Standing { state: State::InForce, account } => Self::Account(InForce {
                    designation: designation.id,
                    account,
                    changed: None,
                    pending: Pending::Nothing,
                }),
            },
        }
    }
}

impl Resolution {
    /// The same, with what is to be known of how the account came to be the payee's.
    fn with(self, held: Option<&Held>, pending: Pending, now: Timestamp) -> Self {
        let Self::Account(in_force) = self else { return self };
        Self::Account(InForce { changed: held.and_then(|held| held.recent_change(now)), pending, ..in_force })
    }
}

/// Which of two histories counts: a specific account takes precedence until it is closed.
pub(crate) fn precedence(specific: Option<Designation>, default: Option<Designation>) -> Option<Designation> {
    specific.filter(|designation| designation.standing.state != State::Closed).or(default)
}

/// What was found of one payee in one look.
struct Seen {
    index: usize,
    status: RegisterStatus,
    designation: Option<Designation>,
    /// The default account that was there before a specific one, or beside it.
    default: Option<Id<Designation>>,
    /// What waits of the default account.
    proposal: Option<Id<Proposal>>,
    /// What waits of the specific one.
    pending: Pending,
}

impl Seen {
    /// Whether what was found says all: most accounts are old, and nothing waits.
    fn is_plain(&self, now: Timestamp) -> bool {
        let recent = now.minus_seconds(RECENT_DAYS * 86_400);
        let is_recent = |row: Designation| row.previous.or(self.default).is_some() && row.effective > recent;
        self.proposal.is_none() && self.pending == Pending::Nothing && !self.designation.is_some_and(is_recent)
    }

    fn resolution(&self) -> Resolution {
        Resolution::of(Some(self.status), self.designation.as_ref())
    }
}

/// Resolves many payees in one snapshot, each by one look; those whose account was changed lately, or is about to be, by another one
/// for all of them. `answer` gets the index of each query, in no particular order.
///
/// # Errors
/// The store's, or those of `answer`.
pub fn resolve_many(
    scope: &Scope<'_>,
    queries: &[Query],
    now: Timestamp,
    mut answer: impl FnMut(usize, Resolution) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut order: Vec<usize> = (0..queries.len()).collect();
    order.sort_unstable_by_key(|&index| queries[index].payee);
    let mut found = vec![false; queries.len()];
    // A specific account may take precedence for few; theirs are looked up afterwards, together.
    let (mut waiting, mut unsure) = (Vec::new(), Vec::new());
    store::payee::find_many(scope, order.iter().map(|&index| &queries[index].payee), |at, payee| {
        let index = order[at];
        found[index] = true;
        let designation = in_force(scope, payee.designation, now, journal::ENTRIES_MAX)?;
        let proposal = payee.pending;
        let (status, pending) = (payee.status, Pending::Nothing);
        let seen = Seen { index, status, designation, default: None, proposal, pending };
        if payee.has_specific && queries[index].purpose.is_some() {
            waiting.push(seen);
        } else if seen.is_plain(now) {
            answer(index, seen.resolution())?;
        } else {
            unsure.push(seen);
        }
        Ok(())
    })?;
    take_specifics(scope, queries, now, &mut waiting)?;
    for seen in waiting {
        if seen.is_plain(now) {
            answer(seen.index, seen.resolution())?;
        } else {
            unsure.push(seen);
        }
    }
    look_closer(scope, unsure, now, &mut answer)?;
    for (index, _) in found.iter().enumerate().filter(|(_, found)| !**found) {
        answer(index, Resolution::NotInRegister)?;
    }
    Ok(())
}

/// Puts specific accounts in the place of default ones, where they take precedence.
fn take_specifics(scope: &Scope<'_>, queries: &[Query], now: Timestamp, waiting: &mut [Seen]) -> Result<(), Error> {
    // A server gives what it finds in an order of its own.
    waiting.sort_unstable_by_key(|seen| queries[seen.index].payee);
    let payees: Vec<Blind> = waiting.iter().map(|seen| queries[seen.index].payee).collect();
    let mut specifics = vec![None; waiting.len()];
    store::designation::find_specifics(scope, &payees, |at, newest| {
        if newest.purpose == queries[waiting[at].index].purpose {
            specifics[at] = in_force(scope, Some(newest), now, journal::ENTRIES_MAX)?;
        }
        Ok(())
    })?;
    store::proposal::specifics_pending_until(scope, &payees, |at, wanted, action, until| {
        let key = purpose::key(scope.vault, wanted.payer, &wanted.benefit);
        if queries[waiting[at].index].purpose == Some(key) && now < until {
            waiting[at].pending = waiting[at].pending.max(Pending::of(action));
        }
    })?;
    for (seen, specific) in waiting.iter_mut().zip(specifics) {
        let default = seen.designation;
        seen.designation = precedence(specific, default);
        if seen.designation.is_some_and(|row| row.purpose.is_some()) {
            (seen.default, seen.proposal) = (default.map(|row| row.id), None);
        }
    }
    Ok(())
}

/// Finds out since when accounts have been their payees', and what waits of them.
fn look_closer(
    scope: &Scope<'_>,
    mut unsure: Vec<Seen>,
    now: Timestamp,
    answer: &mut impl FnMut(usize, Resolution) -> Result<(), Error>,
) -> Result<(), Error> {
    let begin = |seen: &Seen| seen.designation.map(|newest| Held::begin(newest, seen.default));
    let mut held: Vec<Option<Held>> = unsure.iter().map(begin).collect();
    known::look_back(scope, held.iter_mut().flatten())?;
    let mut proposals: Vec<(Id<Proposal>, usize)> =
        unsure.iter().enumerate().filter_map(|(at, seen)| Some((seen.proposal?, at))).collect();
    proposals.sort_unstable_by_key(|(proposal, _)| proposal.number());
    let ids = proposals.iter().map(|(proposal, _)| *proposal);
    store::proposal::pending(scope, ids, |at, action, until| {
        if now < until {
            let seen = &mut unsure[proposals[at].1];
            seen.pending = seen.pending.max(Pending::of(action));
        }
    })?;
    for (seen, held) in unsure.into_iter().zip(held) {
        answer(seen.index, seen.resolution().with(held.as_ref(), seen.pending, now))?;
    }
    Ok(())
}

/// The row of a history that was in force at `moment`, as known when the journal had `entries` entries.
fn in_force(
    scope: &Scope<'_>,
    newest: Option<Designation>,
    moment: Timestamp,
    entries: i64,
) -> Result<Option<Designation>, Error> {
    let mut next = newest;
    while let Some(row) = next {
        if row.effective <= moment && journal::entry_of(row.id.number()) < entries {
            return Ok(Some(row));
        }
        next = row.previous.map(|id| store::designation::find(scope, id)).transpose()?;
    }
    Ok(None)
}

/// The account of one payee at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// What holds.
    pub resolution: Resolution,
    /// The account that was designated, by the row that says so.
    pub held: Option<Held>,
}

/// Resolves one payee at `moment`, as known when the journal had `entries` entries.
///
/// # Errors
/// The store's.
pub fn resolve_at(scope: &Scope<'_>, query: &Query, moment: Timestamp, entries: i64) -> Result<Found, Error> {
    let mut found = None;
    store::payee::find_many(scope, [&query.payee], |_, payee| {
        found = Some(payee);
        Ok(())
    })?;
    let Some(payee) = found else {
        return Ok(Found { resolution: Resolution::NotInRegister, held: None });
    };
    let default = in_force(scope, payee.designation, moment, entries)?;
    let specific = match query.purpose {
        None => None,
        Some(purpose) => {
            let newest = store::designation::find_specific(scope, &query.payee, &purpose)?;
            in_force(scope, newest, moment, entries)?
        }
    };
    let status = match payee.register_row {
        None => Some(payee.status),
        Some(newest) => store::register::status_known_at(scope.tx, newest, entries)?,
    };
    let designation = precedence(specific, default);
    let mut held = designation.map(|newest| Held::begin(newest, default.map(|row| row.id)));
    // What was closed is so since then.
    if let Some(held) = held.as_mut().filter(|held| held.newest.standing.state != State::Closed) {
        while let Some(id) = held.earlier() {
            held.look_back(&store::designation::find(scope, id)?);
        }
    }
    let resolution = Resolution::of(status, designation.as_ref()).with(held.as_ref(), Pending::Nothing, moment);
    Ok(Found { resolution, held })
}

/// Whether somebody may have an account one day: a register knows them, and they are neither dead nor dissolved.
///
/// # Errors
/// The store's.
pub fn is_there(scope: &Scope<'_>, payee: &Blind) -> Result<bool, Error> {
    let mut status = None;
    store::payee::find_many(scope, [payee], |_, found| {
        status = Some(found.status);
        Ok(())
    })?;
    Ok(!matches!(Resolution::of(status, None), Resolution::NotInRegister | Resolution::Dead))
}

/// Everything that was ever designated for a payee, newest first: the default account's rows, then each specific account's.
///
/// # Errors
/// The store's.
pub fn history(scope: &Scope<'_>, payee: &Blind) -> Result<Option<Vec<Vec<Designation>>>, Error> {
    let mut newest = None;
    store::payee::find_many(scope, [payee], |_, found| {
        newest = Some(found.designation.map(|row| row.id));
        Ok(())
    })?;
    let Some(default) = newest else { return Ok(None) };
    let mut histories = Vec::new();
    for head in default.into_iter().chain(store::designation::specifics_of(scope.tx, payee)?) {
        let mut rows = Vec::new();
        let mut next = Some(head);
        while let Some(id) = next {
            let row = store::designation::find(scope, id)?;
            next = row.previous;
            rows.push(row);
        }
        histories.push(rows);
    }
    Ok(Some(histories))
}

/// What a specific account is for: the payer's name, and the kind of benefit.
///
/// # Errors
/// The store's.
pub fn purpose_of(scope: &Scope<'_>, designation: Id<Designation>) -> Result<Option<(String, BenefitKind)>, Error> {
    let Some((payer, benefit)) = store::designation::purpose_of(scope, designation)? else { return Ok(None) };
    // A payer's id is that of its first version.
    Ok(Some((store::payer::find(scope, Id::new(payer.number()))?.agreement.name, benefit)))
}

/// What a bank gave as its grounds for a designation.
///
/// # Errors
/// The store's.
pub fn grounds_of(scope: &Scope<'_>, designation: Id<Designation>) -> Result<Option<Grounds>, Error> {
    store::designation::grounds_of(scope.tx, designation)
}

/// Whose account a designation says that it is; none where nobody said.
///
/// # Errors
/// The store's.
pub fn holder_of(scope: &Scope<'_>, designation: Id<Designation>) -> Result<Option<Holder>, Error> {
    store::designation::holder_of(scope.tx, designation)
}

/// The payees of whom something changed since the journal had `entries` entries: an account, what is proposed of it, what speaks against
/// it, or what a register says. One may come several times.
///
/// # Errors
/// The store's, or those of `changed`.
pub fn changed_since(
    scope: &Scope<'_>,
    entries: i64,
    mut changed: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    store::designation::changed_since(scope.tx, entries, &mut changed)?;
    store::proposal::changed_since(scope.tx, entries, &mut changed)?;
    store::register::changed_since(scope.tx, entries, &mut changed)?;
    queries::marked_since(scope, entries, changed)
}

/// The account that a designation named.
///
/// # Errors
/// The store's.
pub fn account_of(scope: &Scope<'_>, designation: Id<Designation>) -> Result<DesignatedAccount, Error> {
    Ok(store::designation::find(scope, designation)?.standing.account)
}

/// What a register called a payee when the journal had `entries` entries; none where no register listed them.
///
/// # Errors
/// The store's.
pub fn name_at(scope: &Scope<'_>, payee: &Blind, entries: i64) -> Result<Option<String>, Error> {
    let mut name = None;
    store::register::each_back(scope, payee, |version| {
        let was_known = journal::entry_of(version.id.number()) < entries;
        if was_known {
            name = Addressee::read(&version.record).map(|addressee| addressee.name);
        }
        Ok(!was_known)
    })?;
    Ok(name)
}

/// The bank directory as it was known when the journal had `entries` entries.
///
/// # Errors
/// The store's.
pub fn banks_at(tx: &Tx<'_>, entries: i64) -> Result<BankDirectory, Error> {
    store::bank::directory_at(tx, entries)
}

/// Whether the bank directory, as it stands, has a bank of this name.
///
/// # Errors
/// The store's.
pub fn has_bank(tx: &Tx<'_>, name: &str) -> Result<bool, Error> {
    store::bank::has_name(tx, name)
}

/// The payer of this name, with the agreement of today.
///
/// # Errors
/// The store's.
pub fn payer_by_name(scope: &Scope<'_>, name: &str) -> Result<Option<Payer>, Error> {
    store::payer::find_by_name(scope, name)
}

/// The payer that whoever asks acts for, with the agreement of today.
///
/// # Errors
/// `payer.unknown`, `payer.other_kind`; the store's.
pub fn payer_of(scope: &Scope<'_>, name: &str, client: &Actor) -> Result<Payer, Error> {
    let payer = payer_by_name(scope, name)?.ok_or(PayerRefusal::Unknown)?;
    payer.require_kind_of(client.role())?;
    Ok(payer)
}

/// The payer with this version of its agreement.
///
/// # Errors
/// The store's.
pub fn payer_at(scope: &Scope<'_>, version: Id<PayerVersion>) -> Result<Payer, Error> {
    store::payer::find(scope, version)
}
