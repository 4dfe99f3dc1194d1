//! Whom a thief may have taken an account from: what became of a payee's accounts since a moment, and what was reported of it.

use super::motions::MOTIONS_MAX;
use super::proposals::{Reverted, standing_change};
use crate::account::{self, DesignatedAccount};
use crate::designation::{ChannelKind, Designation, Standing, State};
use crate::mark::{MarkChange, masked};
use crate::motion::{Kind, Motion};
use crate::proposal::ChangeId;
use crate::purpose::{self, Purpose};
use crate::store;
use crate::suspicion::{self, Suspicion};
use denmark::Account;
use denmark::calendar::copenhagen_date;
use kernel::{Blind, Error, Id, Scope, Timestamp, journal};

/// Changes, or rows, of one history that are looked at.
const CHANGES_MAX: usize = 1_000;

/// One of a payee's accounts of which anything else was designated since a moment, or that was deleted since then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubted {
    /// What it is for, unless it is the default account.
    pub purpose: Option<Purpose>,
    /// What stood until then.
    pub trusted: Option<DesignatedAccount>,
    /// What was designated since then and is in doubt, the newest first.
    pub accounts: Vec<DesignatedAccount>,
    /// What stands now.
    pub stands: Standing,
    /// Whether nothing stands, and somebody asked for that. What its bank or the operator closed by themselves, nobody who has the payee's
    /// login did.
    pub is_deleted: bool,
    /// The last account that is not in doubt, where a change took its place that no revert has undone yet.
    pub before: Option<DesignatedAccount>,
    /// That change: those after it go with it.
    pub first: Option<ChangeId>,
    /// Whether there were more changes than are looked through: then nobody knows here what stood before them.
    pub is_cut_off: bool,
}

impl Doubted {
    /// Whether there is anything in doubt: an account that was designated since then, or that one is gone.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        !self.accounts.is_empty() || (self.is_deleted && self.before.is_some())
    }

    /// Whether the last account that is not in doubt is to be put back: what stands is in doubt, or was until it was closed; that account was
    /// deleted; or the payee has put it back, and it is contested.
    #[must_use]
    pub fn is_to_be_put_back(&self) -> bool {
        let Standing { state, account } = self.stands;
        let is_in_doubt = self.accounts.contains(&account);
        match state {
            State::Closed => self.before.is_some() && (self.is_deleted || is_in_doubt),
            State::Contested => is_in_doubt || self.before == Some(account),
            State::InForce | State::Frozen | State::FrozenByBank => is_in_doubt,
        }
    }

    /// Finds what is to be reverted among the changes since then that nothing has undone, the newest first.
    fn find_first(&mut self, changes: &[Change], own: impl Fn(&DesignatedAccount) -> bool) {
        let is_own = |account: &DesignatedAccount| Some(*account) == self.trusted || own(account);
        // What its bank or the operator closed by themselves stays closed, unless it was in doubt; from then on nothing is fine too.
        let is_closing = |change: &Change| {
            change.account.is_none() && change.id.proposal().is_none() && change.before.as_ref().is_some_and(is_own)
        };
        let closing = changes.iter().rposition(is_closing);
        let is_fine = |at: usize, change: &Change| match &change.account {
            Some(account) => is_own(account),
            None => closing.is_some_and(|closing| at <= closing),
        };
        let last = changes.iter().enumerate().find(|(at, change)| is_fine(*at, change));
        let last = last.map_or(self.trusted, |(_, change)| change.account);
        // Of several, the last one left the account as it stood last.
        if let Some(Change { id, before, .. }) = changes.iter().find(|change| change.before == last) {
            (self.first, self.before) = (Some(*id), *before);
        }
    }
}

/// What a change since a moment made of an account.
struct Change {
    account: Option<DesignatedAccount>,
    before: Option<DesignatedAccount>,
    id: ChangeId,
}

/// The newest rows of a payee's histories, the default account's first, with what each is for.
pub(crate) fn newest_of(scope: &Scope<'_>, payee: &Blind) -> Result<Vec<(Option<Purpose>, Designation)>, Error> {
    let mut rows = Vec::new();
    store::payee::find_many(scope, [payee], |_, found| {
        rows.extend(found.designation.map(|newest| (None, newest)));
        Ok(())
    })?;
    store::designation::newest_specifics(scope, [payee], |_, newest, payer, benefit| {
        let key = purpose::key(scope.vault, payer, &benefit);
        rows.push((Some(Purpose { key, payer, benefit }), newest));
        Ok(())
    })?;
    Ok(rows)
}

/// What an account was before it was contested, of which a row tells that it is: its newest row but those that are looked past, by their
/// moments. Itself, where none is. It is frozen, where the payee said by a notice's link meanwhile that it is not theirs.
pub(crate) fn uncontested(
    scope: &Scope<'_>,
    contested: Designation,
    is_past: impl Fn(Timestamp) -> bool,
) -> Result<Standing, Error> {
    let (mut row, mut is_stopped) = (contested, false);
    for _ in 0..CHANGES_MAX {
        if row.standing.is_the_same_account(&contested.standing) {
            let Standing { state, account } = row.standing;
            if state != State::Contested || !is_past(row.effective) {
                let is_stopped = is_stopped && matches!(state, State::InForce | State::FrozenByBank);
                return Ok(Standing { state: if is_stopped { State::Frozen } else { state }, account });
            }
            // Nobody else than who has the link contests an account for the payee.
            is_stopped |= row.channel == ChannelKind::SelfService;
        }
        let Some(previous) = row.previous else { break };
        row = store::designation::find(scope, previous)?;
    }
    Ok(contested.standing)
}

/// A payee's accounts of which anything else was designated since a moment, or that were deleted since then. Those that turned out to be their
/// own are not in doubt.
///
/// # Errors
/// The store's.
pub fn doubted(scope: &Scope<'_>, payee: &Blind, since: Timestamp, own: &[Account]) -> Result<Vec<Doubted>, Error> {
    let is_own = |account: &DesignatedAccount| own.iter().any(|own| account.is(own));
    let live = |row: Designation| Some(row.standing.account).filter(|_| row.standing.state != State::Closed);
    let mut all = Vec::new();
    for (purpose, newest) in newest_of(scope, payee)? {
        let stands = newest.standing;
        let is_deleted = stands.state == State::Closed && standing_change(scope, newest)?.proposal.is_some();
        let (accounts, trusted, before, first) = (Vec::new(), None, None, None);
        let mut one = Doubted { purpose, trusted, accounts, stands, is_deleted, before, first, is_cut_off: false };
        let (mut changes, mut reverted) = (Vec::new(), Reverted::default());
        let (mut next, mut looked_at) = (Some(newest), 0);
        while let Some(newest) = next {
            if looked_at == CHANGES_MAX {
                one.is_cut_off = true;
                break;
            }
            looked_at += 1;
            let change = standing_change(scope, newest)?;
            if change.is_cut_off {
                one.is_cut_off = true;
                break;
            }
            let account = live(newest);
            if change.row.effective < since {
                one.trusted = account;
                break;
            }
            one.accounts.extend(account);
            if !reverted.has(scope, &change)? {
                changes.push(Change { account, before: change.before.and_then(live), id: change.id() });
            }
            next = change.before;
        }
        all.push((one, changes));
    }
    // What was put back since then is what stood; what stood for another purpose was the payee's as well: it comes to be the default one
    // where that is closed.
    let trusted: Vec<DesignatedAccount> = all.iter().filter_map(|(one, _)| one.trusted).collect();
    let is_own = |account: &DesignatedAccount| trusted.contains(account) || is_own(account);
    for (one, changes) in &mut all {
        one.accounts.retain(|account| !is_own(account));
        one.find_first(changes, is_own);
    }
    Ok(all.into_iter().map(|(one, _)| one).filter(|one| one.is_any() || one.is_cut_off).collect())
}

/// Where each of a payee's accounts stands, masked: the default one first.
///
/// # Errors
/// The store's.
pub fn account_states(scope: &Scope<'_>, payee: &Blind) -> Result<Vec<(String, &'static str)>, Error> {
    let rows = newest_of(scope, payee)?.into_iter();
    Ok(rows.map(|(_, newest)| (masked(&newest.standing.account.account()), newest.standing.state.name())).collect())
}

/// What a register calls a payee; none where none lists them.
///
/// # Errors
/// The store's.
pub fn registered_name(scope: &Scope<'_>, payee: &Blind) -> Result<Option<String>, Error> {
    Ok(store::register::addressee(scope, payee)?.map(|addressee| addressee.name))
}

/// Where a report stands that somebody made under a case, and the mark that stands on its ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportStanding {
    /// The report.
    pub id: Id<Suspicion>,
    /// Where it stands.
    pub state: suspicion::State,
    /// The mark, where it stands today.
    pub mark: Option<Id<Motion>>,
}

/// Where the report of a name stands; none where there is none of that name.
///
/// # Errors
/// The store's.
pub fn report_standing(scope: &Scope<'_>, name: &str, now: Timestamp) -> Result<Option<ReportStanding>, Error> {
    let Some(id) = Id::parse_name(name) else { return Ok(None) };
    let Some(found) = store::suspicion::find(scope, id)? else { return Ok(None) };
    let mark = match found.suspicion.report.account {
        Some(account) => store::mark::of_account(scope, &account::key(&account, scope.vault))?,
        None => None,
    };
    let today = copenhagen_date(now.to_jiff());
    let mark = mark.filter(|mark| mark.suspicion == id && mark.stands(today)).map(|mark| mark.id);
    Ok(Some(ReportStanding { id, state: suspicion::State::of(&found.acts), mark }))
}

/// The account that the report of a name is about, where somebody has found that there is nothing to it.
///
/// # Errors
/// The store's.
pub fn cleared_account(scope: &Scope<'_>, name: &str) -> Result<Option<Account>, Error> {
    let Some(id) = Id::parse_name(name) else { return Ok(None) };
    let found = store::suspicion::find(scope, id)?;
    let finding = |found: &store::suspicion::Found| suspicion::State::of(&found.acts).finding();
    let cleared = found.filter(|found| finding(found).is_some_and(|finding| !finding.is_agreed()));
    Ok(cleared.and_then(|found| found.suspicion.report.account))
}

/// What waits about the mark of the account of a report: by name, and by whom it was proposed.
///
/// # Errors
/// The store's.
pub fn mark_motions_of(
    scope: &Scope<'_>,
    report: &ReportStanding,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Error> {
    let mut names = Vec::new();
    for found in store::motion::waiting(scope, Kind::Mark, now, None, MOTIONS_MAX)? {
        let is_of_it = match MarkChange::from_text(&found.motion.content) {
            Some(MarkChange::Set { suspicion, .. }) => suspicion == report.id,
            Some(MarkChange::End { .. }) | None => false,
        };
        if is_of_it {
            names.push((found.motion.id.name(), journal::read(scope, found.entry)?.actor));
        }
    }
    Ok(names)
}
