//! What the controls cost since a moment.

use super::controls::controls_in_force;
use crate::controls::Control;
use crate::costs::{ChannelCost, ControlCost, Costs, Versions};
use crate::{policy, store};
use kernel::{Actor, Error, Scope, Timestamp, journal};
use serde::Serialize;
use std::collections::BTreeMap;

/// Proposals that are read at a time.
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

/// What each control cost lawful users, of the proposals since a moment. It reads them all, a page at a time: give it a snapshot of its own.
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
    let Costs { controls, channels } = costs.summed();
    let controls = Control::all().map(|control| ControlCostView {
        control: control.name(),
        figure: in_force.shown(control),
        cost: controls.get(&control).copied().unwrap_or_default(),
    });
    Ok(CostsView { since: since.map(|since| since.to_string()), channels, controls: controls.collect() })
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
