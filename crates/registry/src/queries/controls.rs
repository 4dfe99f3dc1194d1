//! The controls in force, since when and by whom; and what is proposed instead.

use super::motions::{MOTIONS_MAX, MotionView, Origin, find, view};
use crate::control_change::{ControlChange, differing, equals};
use crate::controls::{Control, Controls};
use crate::motion::Kind;
use crate::store::motion::Found;
use crate::{policy, store};
use kernel::{Actor, Error, Id, Scope, StoreError, Timestamp, journal};
use serde::Serialize;

/// The controls in force.
///
/// # Errors
/// The store's.
pub fn controls_in_force(scope: &Scope<'_>) -> Result<Controls, Error> {
    store::controls::in_force(scope.tx)
}

/// One control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlView {
    /// Its name.
    pub control: &'static str,
    /// Its figure.
    pub figure: String,
    /// What it does.
    pub does: &'static str,
    /// Since when it has had this figure; none since the store was made.
    pub since: Option<String>,
    /// Who proposed that.
    pub proposed_by: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A figure that is proposed to become another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlMoved {
    /// The control.
    pub control: &'static str,
    /// What it is.
    pub from: String,
    /// What it is to be.
    pub to: String,
}

/// Controls that are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlsMotion {
    /// The motion.
    #[serde(flatten)]
    pub motion: MotionView,
    /// What it changes of what it was made against.
    pub changes: Vec<ControlMoved>,
    /// The names of the shipped sets that they would be.
    pub equals: Vec<&'static str>,
}

/// All there is to say of the controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlsView {
    /// The version in force; none where nobody has decided about them yet.
    pub version: Option<String>,
    /// The names of the shipped sets that they are.
    pub equals: Vec<&'static str>,
    /// Each.
    pub controls: Vec<ControlView>,
    /// What waits for somebody's approval.
    pub motions: Vec<ControlsMotion>,
}

/// Every control in force, since when and by whom, and what is proposed.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn controls(scope: &Scope<'_>, actor: &Actor, now: Timestamp) -> Result<ControlsView, Error> {
    policy::SHOW_CONTROLS.require(actor)?;
    let versions = store::controls::newest(scope.tx)?;
    let (version, in_force) = store::controls::version_in_force(scope.tx)?;
    // The oldest of the newest versions in a row that have its figure, and that began it.
    let began = |control: Control| {
        let figure = in_force.get(control);
        let same = versions.iter().take_while(|version| version.controls.get(control) == figure).count();
        let is_first = same == versions.len() && Controls::anvis().get(control) == figure;
        same.checked_sub(1).filter(|_| !is_first)
    };
    let mut origins: Vec<Option<Origin>> = versions.iter().map(|_| None).collect();
    let mut controls = Vec::with_capacity(Control::COUNT);
    for control in Control::all() {
        let origin = match began(control) {
            None => None,
            Some(at) => {
                if origins[at].is_none() {
                    let version = &versions[at];
                    let entry = journal::entry_of(version.id.number());
                    origins[at] = Some(Origin::of(scope, entry, version.motion)?);
                }
                origins[at].as_ref()
            }
        };
        controls.push(ControlView {
            control: control.name(),
            figure: in_force.shown(control),
            does: control.does(),
            since: origin.map(|origin| origin.since.clone()),
            proposed_by: origin.map(|origin| origin.proposed_by.clone()),
            approved_by: origin.map(|origin| origin.approved_by.clone()),
            reason: origin.and_then(|origin| origin.reason.clone()),
        });
    }
    let base = version.map(Id::number);
    let waiting = store::motion::waiting(scope, Kind::Controls, now, None, MOTIONS_MAX)?;
    let motions = waiting.iter().map(|found| shown(scope, found, base, now)).collect::<Result<_, Error>>()?;
    Ok(ControlsView { version: version.map(Id::name), equals: equals(&in_force), controls, motions })
}

/// Controls that were proposed, and what became of that.
///
/// # Errors
/// `motion.unknown`, the policy's refusal, or the store's.
pub fn controls_motion(scope: &Scope<'_>, actor: &Actor, name: &str, now: Timestamp) -> Result<ControlsMotion, Error> {
    policy::SHOW_CONTROLS.require(actor)?;
    let (version, _) = store::controls::version_in_force(scope.tx)?;
    shown(scope, &find(scope, name, Kind::Controls)?, version.map(Id::number), now)
}

/// A motion as it is seen where the version `base` is in force.
fn shown(scope: &Scope<'_>, found: &Found, base: Option<i64>, now: Timestamp) -> Result<ControlsMotion, Error> {
    let unreadable = || StoreError::broken("motion", "content", found.motion.id);
    let change = ControlChange::from_text(&found.motion.content).ok_or_else(unreadable)?;
    let before = store::controls::of_version(scope.tx, found.motion.base)?;
    let after = change.over(&before)?;
    let moved = |control: Control| ControlMoved {
        control: control.name(),
        from: before.shown(control),
        to: after.shown(control),
    };
    Ok(ControlsMotion {
        motion: view(scope, found, base, now)?,
        changes: differing(&before, &after).map(moved).collect(),
        equals: equals(&after),
    })
}
