//! Motions that wait, as whoever decides about them sees them.

use crate::motion::{Kind, Motion, MotionRefusal};
use crate::store;
use crate::store::motion::Found;
use kernel::{Error, Id, Scope, Timestamp, journal};
use serde::Serialize;

/// As many motions at a time are shown.
pub(crate) const MOTIONS_MAX: i64 = 1000;

/// A motion, without what it proposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MotionView {
    /// Its name.
    pub id: String,
    /// `awaiting_approval`, `expired`, `approved`, `refused`, `withdrawn`.
    pub state: &'static str,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed: String,
    /// Why.
    pub reason: String,
    /// Until when it waits, or waited at most.
    pub until: String,
    /// Whether what it was made against holds no more, so that it cannot be approved.
    pub outdated: bool,
    /// When somebody ended that it waits.
    pub ended: Option<String>,
    /// Who.
    pub ended_by: Option<String>,
    /// Why, where it was refused.
    pub why: Option<String>,
}

/// The motion of a name, about this.
pub(crate) fn find(scope: &Scope<'_>, name: &str, kind: Kind) -> Result<Found, Error> {
    let found = match Id::<Motion>::parse_name(name) {
        Some(id) => store::motion::find(scope, id)?,
        None => None,
    };
    found.filter(|found| found.motion.kind == kind).ok_or_else(|| MotionRefusal::Unknown.into())
}

/// A motion as it is seen where `base` is what holds now.
pub(crate) fn view(scope: &Scope<'_>, found: &Found, base: Option<i64>, now: Timestamp) -> Result<MotionView, Error> {
    let proposed = journal::read(scope, found.entry)?;
    let ended = found.ended.as_ref().map(|ended| journal::read(scope, ended.entry)).transpose()?;
    Ok(MotionView {
        id: found.motion.id.name(),
        state: found.state(now).name(),
        proposed_by: proposed.actor,
        proposed: proposed.at.to_string(),
        reason: found.motion.reason.clone(),
        until: found.motion.until.to_string(),
        outdated: found.ended.is_none() && found.motion.require_base(base).is_err(),
        ended: ended.as_ref().map(|ended| ended.at.to_string()),
        ended_by: ended.map(|ended| ended.actor),
        why: found.ended.as_ref().and_then(|ended| ended.why.clone()),
    })
}

/// Who proposed something that is so since an entry, who let it be so, and when: by a motion, or by the same alone.
pub(crate) struct Origin {
    pub(crate) since: String,
    pub(crate) proposed_by: String,
    pub(crate) approved_by: String,
    pub(crate) reason: Option<String>,
}

impl Origin {
    pub(crate) fn of(scope: &Scope<'_>, entry: i64, motion: Option<Id<Motion>>) -> Result<Self, Error> {
        let approved = journal::read(scope, entry)?;
        let motion = match motion {
            Some(motion) => store::motion::find(scope, motion)?,
            None => None,
        };
        let proposed_by = motion.as_ref().map(|found| journal::read(scope, found.entry)).transpose()?;
        Ok(Self {
            since: approved.at.to_string(),
            proposed_by: proposed_by.map_or_else(|| approved.actor.clone(), |proposed| proposed.actor),
            approved_by: approved.actor,
            reason: motion.map(|found| found.motion.reason),
        })
    }
}
