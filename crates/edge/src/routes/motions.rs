//! What one person proposes and another decides about, whatever it is about.

use crate::route::{Answer, Call, Json, Nothing};
use kernel::Actor;
use registry::commands::{Approve, MotionAnswer, Propose, Refuse, Subject, Withdraw};
use registry::queries::MotionView;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// The console alone is asked, and it never comes this way.
const IS_SYNTHETIC: bool = false;

/// Which motion.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Our name for it: 13 letters and digits.
    #[schemars(length(min = 13, max = 13))]
    pub motion: String,
}

/// Why something is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusing {
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// Where a motion stands.
#[derive(Serialize, JsonSchema)]
pub struct MotionStanding {
    /// Our name for it.
    id: String,
    /// `awaiting_approval`, `in_force`, `refused`, `withdrawn`.
    state: String,
    /// What it waits for: `approval`, by somebody else; nothing any more.
    waits_for: Option<String>,
    /// Until when it waits (RFC 3339).
    until: Option<String>,
    /// From when what was proposed is so.
    in_force_from: Option<String>,
}

impl From<MotionAnswer> for MotionStanding {
    fn from(answer: MotionAnswer) -> Self {
        let MotionAnswer { id, state, waits_for, until, in_force_from } = answer;
        Self { id, state, waits_for, until, in_force_from }
    }
}

/// A motion, without what it proposes.
#[derive(Serialize, JsonSchema)]
pub struct Motion {
    /// Our name for it.
    id: String,
    /// `awaiting_approval`, `expired`, `approved`, `refused`, `withdrawn`.
    state: &'static str,
    /// Who proposed it.
    proposed_by: String,
    /// When (RFC 3339).
    proposed: String,
    /// Why.
    reason: String,
    /// Until when it waits, or waited at most.
    until: String,
    /// Whether what it was made against holds no more, so that it cannot be approved.
    outdated: bool,
    /// When somebody ended that it waits.
    ended: Option<String>,
    /// Who.
    ended_by: Option<String>,
    /// Why, where it was refused.
    why: Option<String>,
}

impl From<MotionView> for Motion {
    fn from(view: MotionView) -> Self {
        let MotionView { id, state, proposed_by, proposed, reason, until, outdated, ended, ended_by, why } = view;
        Self { id, state, proposed_by, proposed, reason, until, outdated, ended, ended_by, why }
    }
}

/// Proposes something for somebody else to approve. Asked again with the same key for the same, it is proposed once.
pub async fn propose<S, B, P>(call: Call<Json<B>, P>, subject: S, reason: String) -> Answer<Json<MotionStanding>>
where
    S: Subject + Send + 'static,
    B: Serialize,
{
    let command = Propose { subject, reason, officer: call.caller.actor(), is_synthetic: IS_SYNTHETIC };
    Ok(Json(call.once(&call.body.0, command).await?.into()))
}

/// Approves what somebody else proposed.
pub async fn approve<S>(call: Call<Nothing, Which>) -> Answer<Json<MotionStanding>>
where
    S: Subject + Send + 'static,
{
    let (motion, officer) = named(&call);
    let command = Approve::<S> { motion, officer: officer.clone(), is_synthetic: IS_SYNTHETIC, about: PhantomData };
    Ok(Json(call.edge.core.execute(command, officer).await?.into()))
}

/// Says no to what somebody else proposed.
pub async fn refuse<S>(call: Call<Json<Refusing>, Which>) -> Answer<Json<MotionStanding>>
where
    S: Subject + Send + 'static,
{
    let (motion, officer) = named(&call);
    let (why, about) = (call.body.0.reason, PhantomData);
    let command = Refuse::<S> { motion, why, officer: officer.clone(), is_synthetic: IS_SYNTHETIC, about };
    Ok(Json(call.edge.core.execute(command, officer).await?.into()))
}

/// Takes back what the caller proposed.
pub async fn withdraw<S>(call: Call<Nothing, Which>) -> Answer<Json<MotionStanding>>
where
    S: Subject + Send + 'static,
{
    let (motion, officer) = named(&call);
    let command = Withdraw::<S> { motion, officer: officer.clone(), about: PhantomData };
    Ok(Json(call.edge.core.execute(command, officer).await?.into()))
}

fn named<B>(call: &Call<B, Which>) -> (String, Actor) {
    (call.path.motion.clone(), call.caller.actor())
}
