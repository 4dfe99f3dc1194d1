//! What a change of account has to go through, as operators see and decide it.

use super::motions::{self, Motion, MotionStanding, Which};
use crate::problem::{Problem, refused};
use crate::route::{Answer, Call, Json, Nothing, Route};
use denmark::calendar::copenhagen_midnight;
use jiff::civil::Date;
use kernel::Timestamp;
use registry::control_change::ControlChange;
use registry::costs::ChannelCost;
use registry::policy;
use registry::queries::{self, ControlCostView, ControlMoved, ControlView, ControlsMotion, ControlsView, CostsView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SCOPE: &str = "controls";
/// As many controls are asked for at a time.
const CHANGES_MAX: usize = 100;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/controls",
            "controls.show",
            "Every control in force, since when and by whom; and what is proposed",
        )
        .token(policy::SHOW_CONTROLS, SCOPE)
        .by(show),
        Route::get(
            "/v1/controls/costs",
            "controls.costs",
            "What each control cost lawful users: letters, days, changes that were given up or held wrongly, and what the bans would refuse",
        )
        .token(policy::SHOW_CONTROLS, SCOPE)
        .by(costs),
        Route::post("/v1/controls/motions", "controls.propose", "Propose other controls: somebody else approves them")
            .token(policy::PROPOSE_CONTROLS, SCOPE)
            .repeatable()
            .refuses(&["controls.unknown", "controls.figure", "motion.why", "motion.nothing"])
            .by(propose),
        Route::get("/v1/controls/motions/{motion}", "controls.motion", "What was proposed, and what became of it")
            .token(policy::SHOW_CONTROLS, SCOPE)
            .refuses(&["motion.unknown"])
            .by(motion),
        Route::post(
            "/v1/controls/motions/{motion}/approve",
            "controls.approve",
            "Approve what somebody else proposed: it is decided again, and in force",
        )
        .token(policy::APPROVE_CONTROLS, SCOPE)
        .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.outdated", "motion.nothing"])
        .by(motions::approve::<ControlChange>),
        Route::post("/v1/controls/motions/{motion}/refuse", "controls.refuse", "Say no to what somebody else proposed")
            .token(policy::REFUSE_CONTROLS, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.own", "motion.why"])
            .by(motions::refuse::<ControlChange>),
        Route::post("/v1/controls/motions/{motion}/withdraw", "controls.withdraw", "Take back what you proposed")
            .token(policy::WITHDRAW_CONTROLS, SCOPE)
            .refuses(&["motion.unknown", "motion.ended", "motion.not_own"])
            .by(motions::withdraw::<ControlChange>),
    ]
}

/// The controls in force, and what is proposed.
#[derive(Serialize, JsonSchema)]
struct ControlsInForce {
    /// The version; none where nobody has decided about them yet.
    version: Option<String>,
    /// The names of the shipped sets that they are.
    equals: Vec<&'static str>,
    /// Each.
    controls: Vec<ControlInForce>,
    /// What waits for somebody's approval.
    motions: Vec<ProposedControls>,
}

/// A control.
#[derive(Serialize, JsonSchema)]
struct ControlInForce {
    /// Its name.
    control: &'static str,
    /// Its figure.
    figure: String,
    /// What it does.
    does: &'static str,
    /// Since when it has had this figure (RFC 3339); none since the store was made.
    since: Option<String>,
    /// Who proposed that.
    proposed_by: Option<String>,
    /// Who approved it.
    approved_by: Option<String>,
    /// Why.
    reason: Option<String>,
}

impl From<ControlView> for ControlInForce {
    fn from(view: ControlView) -> Self {
        let ControlView { control, figure, does, since, proposed_by, approved_by, reason } = view;
        Self { control, figure, does, since, proposed_by, approved_by, reason }
    }
}

/// Controls that are or were proposed.
#[derive(Serialize, JsonSchema)]
struct ProposedControls {
    #[serde(flatten)]
    motion: Motion,
    /// What it changes of what it was made against.
    changes: Vec<MovedControl>,
    /// The names of the shipped sets that they would be.
    equals: Vec<&'static str>,
}

/// A figure that is to become another.
#[derive(Serialize, JsonSchema)]
struct MovedControl {
    /// The control.
    control: &'static str,
    /// What it was.
    from: String,
    /// What it is to be.
    to: String,
}

impl From<ControlsMotion> for ProposedControls {
    fn from(ControlsMotion { motion, changes, equals }: ControlsMotion) -> Self {
        let moved = |ControlMoved { control, from, to }| MovedControl { control, from, to };
        Self { motion: motion.into(), changes: changes.into_iter().map(moved).collect(), equals }
    }
}

async fn show(call: Call) -> Answer<Json<ControlsInForce>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let shown = call.edge.core.read(move |reader| reader.read(|scope| queries::controls(scope, &actor, now)));
    let ControlsView { version, equals, controls, motions } = shown.await?;
    let controls = controls.into_iter().map(ControlInForce::from).collect();
    let motions = motions.into_iter().map(ProposedControls::from).collect();
    Ok(Json(ControlsInForce { version, equals, controls, motions }))
}

async fn motion(call: Call<Nothing, Which>) -> Answer<Json<ProposedControls>> {
    let (actor, now, name) = (call.caller.actor(), (call.edge.clock)(), call.path.motion);
    let shown =
        call.edge.core.read(move |reader| reader.read(|scope| queries::controls_motion(scope, &actor, &name, now)));
    Ok(Json(shown.await?.into()))
}

/// Controls that are to be otherwise.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedControls {
    /// All as a set has them that is shipped: `2015`, `2017`, `2020`, `2021`, `anvis`. Without it, as they are.
    #[serde(default)]
    #[schemars(length(max = 20), example = &"anvis")]
    set: Option<String>,
    /// Laid over that.
    #[serde(default)]
    #[schemars(length(max = CHANGES_MAX))]
    changes: Vec<WantedControl>,
    /// Why: one line of 1 to 500 characters that is kept with it.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

/// A control that is to be otherwise.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedControl {
    /// Its name.
    #[schemars(length(max = 40), example = &"round_trip")]
    control: String,
    /// What it is to be.
    #[schemars(length(max = 20), example = &"14")]
    figure: String,
}

async fn propose(call: Call<Json<WantedControls>>) -> Answer<Json<MotionStanding>> {
    let Json(wanted) = &call.body;
    if wanted.changes.len() > CHANGES_MAX {
        return Err(Problem::of("body.field").at("/changes").because(format!("there are at most {CHANGES_MAX}")));
    }
    let lines: Vec<String> =
        wanted.changes.iter().map(|change| format!("{}={}", change.control, change.figure)).collect();
    let subject = ControlChange::new(wanted.set.as_deref(), &lines).map_err(refused)?;
    let reason = wanted.reason.clone();
    motions::propose(call, subject, reason).await
}

/// Since when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Since {
    /// Of what was proposed since that day began in Denmark, as `2026-11-23`; without it, of all.
    #[serde(default)]
    #[schemars(length(max = 10))]
    since: Option<String>,
}

impl Since {
    fn moment(&self) -> Result<Option<Timestamp>, Problem> {
        let read = |text: &String| text.parse::<Date>().ok().map(|date| copenhagen_midnight(date).into());
        let wrong = || Problem::of("request.query").because("since is a day, such as 2026-11-23");
        self.since.as_ref().map(|text| read(text).ok_or_else(wrong)).transpose()
    }
}

/// What the controls cost.
#[derive(Serialize, JsonSchema)]
struct ControlCosts {
    /// Of what was proposed since then (RFC 3339); none: of all.
    since: Option<String>,
    /// By channel.
    channels: BTreeMap<&'static str, CostsOfChannel>,
    /// By control.
    controls: Vec<CostsOfControl>,
}

/// What became of the proposals of a channel.
#[derive(Serialize, JsonSchema)]
struct CostsOfChannel {
    /// Of how many.
    proposed: u64,
    /// They took effect.
    in_force: u64,
    /// They wait.
    waiting: u64,
    /// Nobody did in time what they waited for.
    expired: u64,
    /// They were taken back.
    cancelled: u64,
    /// They were refused.
    refused: u64,
    /// Days from proposal to effect, of half of those that took effect at most; with one digit after the point.
    days_median: Option<String>,
    /// Of nine out of ten at most.
    days_nine_of_ten: Option<String>,
}

/// What a control cost.
#[derive(Serialize, JsonSchema)]
struct CostsOfControl {
    /// Its name.
    control: &'static str,
    /// Its figure now.
    figure: String,
    /// So often somebody did what it demands.
    met: u64,
    /// Letters that were made for it.
    letters: u64,
    /// Those among them that were not the first of their proposal.
    second_letters: u64,
    /// Those that came back.
    returned_letters: u64,
    /// Proposals that expired or were cancelled while they waited for it.
    abandoned: u64,
    /// So often an officer looked because of it, and let the change go on.
    let_go_on: u64,
    /// Proposals that an officer refused while they waited for it, or that it kept from taking effect.
    refused: u64,
    /// Proposals that somebody stopped by it.
    stopped: u64,
    /// Of bans: what took effect, and would not have under it.
    would_refuse: u64,
    /// Payments that it held.
    payments_held: u64,
    /// Those among them that went to accounts of which officers found that they are lawful.
    held_wrongly: u64,
    /// Days for which it was waited, of half of those that waited for it and took effect at most; with one digit after the point.
    days_median: Option<String>,
    /// Of nine out of ten at most.
    days_nine_of_ten: Option<String>,
}

impl From<ChannelCost> for CostsOfChannel {
    fn from(cost: ChannelCost) -> Self {
        Self {
            proposed: cost.proposed,
            in_force: cost.in_force,
            waiting: cost.waiting,
            expired: cost.expired,
            cancelled: cost.cancelled,
            refused: cost.refused,
            days_median: cost.days_median,
            days_nine_of_ten: cost.days_nine_of_ten,
        }
    }
}

impl From<ControlCostView> for CostsOfControl {
    fn from(ControlCostView { control, figure, cost }: ControlCostView) -> Self {
        Self {
            control,
            figure,
            met: cost.met,
            letters: cost.letters,
            second_letters: cost.second_letters,
            returned_letters: cost.returned_letters,
            abandoned: cost.abandoned,
            let_go_on: cost.let_go_on,
            refused: cost.refused,
            stopped: cost.stopped,
            would_refuse: cost.would_refuse,
            payments_held: cost.payments_held,
            held_wrongly: cost.held_wrongly,
            days_median: cost.days_median,
            days_nine_of_ten: cost.days_nine_of_ten,
        }
    }
}

async fn costs(call: Call<Nothing, Nothing, Since>) -> Answer<Json<ControlCosts>> {
    let (actor, since) = (call.caller.actor(), call.query.moment()?);
    // It reads every proposal there ever was.
    let read = call.edge.core.take_long(move |reader| reader.read(|scope| queries::costs(scope, &actor, since)));
    let CostsView { since, channels, controls } = read.await?;
    let channels = channels.into_iter().map(|(channel, cost)| (channel, cost.into())).collect();
    let controls = controls.into_iter().map(CostsOfControl::from).collect();
    Ok(Json(ControlCosts { since, channels, controls }))
}
