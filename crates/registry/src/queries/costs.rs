//! What the controls cost since a moment.

use super::controls::controls_in_force;
use crate::controls::Control;
use crate::costs::{ChannelCost, ControlCost, Costs, Given, Reviewed, Versions};
use crate::designation::{Action, Designation, State};
use crate::proposal::Holder;
use crate::review::{Cause, Outcome};
use crate::{policy, store};
use kernel::{Actor, Error, Id, Scope, Timestamp, journal};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// So many proposals, or rows of histories, are read at a time.
const PAGE_ROWS: i64 = 1000;

/// What one control cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlCostView {
    /// Its name.
    pub control: &'static str,
    /// Its figure now.
    pub figure: String,
    /// What it cost.
    #[serde(flatten)]
    pub cost: ControlCost,
}

/// What all of them cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostsView {
    /// Of what was proposed since then; none: of all.
    pub since: Option<String>,
    /// By channel.
    pub channels: BTreeMap<&'static str, ChannelCost>,
    /// Every control.
    pub controls: Vec<ControlCostView>,
}

/// What each control cost lawful users, of the proposals since a moment, and what the bans would have refused of what took effect since.
/// It reads all of both, a page at a time: give it a snapshot of its own.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn costs(scope: &Scope<'_>, actor: &Actor, since: Option<Timestamp>) -> Result<CostsView, Error> {
    policy::SHOW_CONTROLS.require(actor)?;
    let versions = versions(scope)?;
    let in_force = controls_in_force(scope)?;
    let first = match since {
        None => 0,
        Some(since) => journal::size_at(scope.tx, Timestamp::from_micros(since.micros().saturating_sub(1)))?,
    };
    let mut costs = Costs::default();
    let mut after = (first, i64::MIN);
    loop {
        let places = store::proposal::places(scope.tx, after, PAGE_ROWS)?;
        let Some(last) = places.last() else { break };
        after = *last;
        store::proposal::find_many(scope, places.iter().map(|(_, id)| *id), |found| {
            let ended = found.evidence.ended().map(|act| act.at);
            let controls = ended.map_or(in_force, |at| versions.at(at));
            costs.add(&found.proposal, &found.evidence, &controls);
        })?;
    }
    add_given(scope, &mut costs, journal::first_row_of(first).saturating_sub(1))?;
    add_reviews(scope, &mut costs, first)?;
    let Costs { controls, channels, .. } = costs.summed();
    let controls = Control::all().map(|control| ControlCostView {
        control: control.name(),
        figure: in_force.shown(control),
        cost: controls.get(&control).cloned().unwrap_or_default(),
    });
    Ok(CostsView { since: since.map(|since| since.to_string()), channels, controls: controls.collect() })
}

/// Adds the accounts that were given to somebody after a place, whether they had to wait or not. What puts back what was there, opens
/// it again, or takes the place of what was closed by the same entry, gives nobody anything that a ban is about.
fn add_given(scope: &Scope<'_>, costs: &mut Costs, mut after: i64) -> Result<(), Error> {
    loop {
        let mut rows = store::designation::between(scope, after, i64::MAX, PAGE_ROWS)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.designation.id.number();
        rows.retain(|row| row.designation.standing.state == State::InForce);

        let previous: BTreeSet<_> = rows.iter().filter_map(|row| row.designation.previous).collect();
        let mut before = BTreeMap::new();
        let places: Vec<_> = previous.into_iter().collect();
        store::designation::find_many(scope, places.iter().copied(), |at, row| {
            before.insert(places[at], row.standing);
            Ok(())
        })?;
        let proposals: BTreeSet<_> = rows.iter().filter_map(|row| Some(row.proposal?.number())).collect();
        let mut healed = BTreeSet::new();
        store::proposal::find_many(scope, proposals.iter().copied(), |found| {
            if found.proposal.asked.action != Action::Designate {
                healed.insert(found.proposal.id.number());
            }
        })?;
        let entry = |id: Id<Designation>| journal::entry_of(id.number());
        rows.retain(|row| {
            let heals = row.proposal.is_some_and(|id| healed.contains(&id.number()));
            let is_moved = row.designation.previous.is_none_or(|id| {
                before.get(&id).is_none_or(|before| match before.state {
                    State::Closed => entry(id) != entry(row.designation.id),
                    _ => before.account != row.designation.standing.account,
                })
            });
            is_moved && !heals
        });

        let account = |row: &store::designation::Recorded| row.designation.standing.account.key(scope.vault);
        let accounts: Vec<_> = rows.iter().map(account).collect::<BTreeSet<_>>().into_iter().collect();
        let payees = store::holder::payees(scope.tx, &accounts)?;
        let payees: BTreeMap<_, _> = accounts.iter().zip(&payees).collect();
        for row in &rows {
            let account = account(row);
            costs.add_given(Given {
                payee: row.payee,
                account,
                is_first: row.designation.previous.is_none(),
                holder: row.holder.unwrap_or(Holder::Unknown),
                payees: payees[&account],
            });
        }
    }
}

/// Adds the reviews of accounts with too many payees that were opened by an entry or after it, and what was held because of them.
fn add_reviews(scope: &Scope<'_>, costs: &mut Costs, first: i64) -> Result<(), Error> {
    let (mut after, mut counted) = (-1, BTreeSet::new());
    loop {
        let reviews = store::review::page(scope, false, after, PAGE_ROWS)?;
        let Some(last) = reviews.last() else { return Ok(()) };
        after = last.id.number();
        for review in reviews.iter().filter(|review| review.entry >= first) {
            let Cause::Over(window) = review.cause else { continue };
            let opened = journal::read(scope, review.entry)?.at;
            let decided = store::review::decided(scope, review.id)?.map(|(decided, _)| decided);
            let collector = store::collector::holder(scope, &review.key)?.filter(|holder| !holder.is_ended);
            let ended = decided.map(|decided| decided.id.number()).or(collector.map(|holder| holder.version.number()));
            let at = ended.map(|row| journal::read(scope, journal::entry_of(row))).transpose()?.map(|entry| entry.at);
            // Whoever is reviewed again was held once.
            let from = journal::first_row_of(first);
            let is_first = counted.insert(review.key);
            costs.add_review(&Reviewed {
                window,
                opened,
                decided: at.filter(|at| *at >= opened),
                is_lawful: match decided {
                    Some(decided) => decided.outcome != Outcome::Suspicious,
                    None => ended.is_some(),
                },
                payments_held: if is_first { store::paid::count_held(scope.tx, &review.key, from)? } else { 0 },
            });
        }
    }
}

fn versions(scope: &Scope<'_>) -> Result<Versions, Error> {
    let mut versions = store::controls::newest(scope.tx)?;
    versions.reverse();
    let mut since = Vec::with_capacity(versions.len());
    let entries = versions.iter().map(|version| journal::entry_of(version.id.number()));
    journal::moments(scope.tx, entries, |at, moment| {
        since.push((moment, versions[at].controls));
        Ok(())
    })?;
    since.reverse();
    Ok(Versions(since))
}
