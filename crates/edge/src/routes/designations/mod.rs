//! Designations as people have them: proposed, signed, approved, activated, cancelled, reverted. What banks ask for is in [`super::accounts`].

mod heal;
mod propose;
mod show;

pub(super) use propose::Whose;

use super::proposals::{ProposalStanding, Which};
use super::question::payee;
use crate::page_of;
use crate::problem::{Problem, refused};
use crate::route::{Answer, Call, Json, Nothing, Route};
use kernel::{Actor, Command, Refuse};
use registry::commands::{
    Activate, Activation, ApproveDesignation, CancelDesignation, Confirm, RefuseDesignation, Sign, Standing,
};
use registry::life::Waits;
use registry::payee::PayeeId;
use registry::policy;
use registry::proposal::ProposalRefusal;
use registry::queries::{self, ProposalView};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

const SCOPE: &str = "designations";
/// Which list a cursor is of.
const LIST: &str = "designations.list";
/// With what whoever acts can be refused; and where it may take effect then, which is decided again.
const ACTED: &[&str] = &["proposal.unknown", "proposal.ended"];
const DECIDED: &[&str] = &[
    "proposal.unknown",
    "proposal.ended",
    "proposal.not_this",
    "payee.unknown",
    "payee.dead",
    "bank.unknown",
    "account.bic",
    "designation.expects_mismatch",
    "designation.expects_missing",
    "designation.none",
    "designation.superseded",
    "designation.frozen",
    "designation.locked",
    "ban.change",
    "ban.shared",
    "ban.third_party",
];
/// The console alone is asked, and it never comes this way.
const IS_SYNTHETIC: bool = false;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/designations",
            "designations.propose",
            "Propose an account: for yourself or a company that you sign for, or as a caseworker or operator for somebody else",
        )
        .token(policy::PROPOSE_DESIGNATION, SCOPE)
        .repeatable()
        .refuses(propose::REFUSALS)
        .by(propose::propose),
        Route::get(
            "/v1/designations",
            "designations.list",
            "The proposals that wait, the oldest first; a caseworker is shown those of their authority. Whom they are about is not said",
        )
        .token(policy::LIST_DESIGNATIONS, SCOPE)
        .by(list),
        Route::post(
            "/v1/designations/own",
            "designations.own",
            "What waits that is about you or a company that you sign for, whoever proposed it; the oldest first",
        )
        .token(policy::LIST_OWN_DESIGNATIONS, SCOPE)
        .refuses(&["citizen.other", "citizen.assurance"])
        .by(own),
        Route::post(
            "/v1/designations/unfreeze",
            "designations.unfreeze",
            "Propose, as an officer, that a frozen account is paid to again; another officer approves it",
        )
        .token(policy::UNFREEZE_DESIGNATION, SCOPE)
        .repeatable()
        .refuses(heal::UNFREEZING)
        .by(heal::unfreeze),
        Route::get(
            "/v1/designations/{proposal}",
            "designations.show",
            "Whom a proposal is about, what it changes, and what was done about it; every look is recorded",
        )
        .token(policy::SHOW_DESIGNATION, SCOPE)
        .refuses(&["proposal.unknown"])
        .by(show::show),
        Route::post("/v1/designations/{proposal}/sign", "designations.sign", "Sign, having seen both accounts")
            .token(policy::SIGN_DESIGNATION, SCOPE)
            .repeatable()
            .refuses(&["proposal.own", "proposal.why", "actor.assurance", "actor.login_age"])
            .refuses_as_all(DECIDED)
            .by(sign),
        Route::post(
            "/v1/designations/{proposal}/approve",
            "designations.approve",
            "Approve what somebody else proposed, or let it go on after having looked at it",
        )
        .token(policy::APPROVE_DESIGNATION, SCOPE)
        .repeatable()
        .refuses(&["proposal.own", "proposal.why", "designation.authority"])
        .refuses_as_all(DECIDED)
        .by(approve),
        Route::post("/v1/designations/{proposal}/refuse", "designations.refuse", "Say no to what somebody else proposed")
            .token(policy::REFUSE_DESIGNATION, SCOPE)
            .repeatable()
            .refuses(&["proposal.own", "proposal.why"])
            .refuses_as_all(ACTED)
            .by(refuse),
        Route::post("/v1/designations/{proposal}/activate", "designations.activate", "Give the code of the letter")
            .token(policy::ACTIVATE_DESIGNATION, SCOPE)
            .repeatable()
            .refuses(&["proposal.own", "proposal.too_much", "activation.code"])
            .refuses_as_all(DECIDED)
            .by(activate),
        Route::post(
            "/v1/designations/{proposal}/confirm",
            "designations.confirm",
            "Confirm by another channel than the letter: a login of High assurance, or an officer before whom the payee stands",
        )
        .token(policy::CONFIRM_DESIGNATION, SCOPE)
        .repeatable()
        .refuses(&["proposal.own", "proposal.why", "actor.assurance", "actor.authenticator", "caseworker.in_person"])
        .refuses_as_all(DECIDED)
        .by(confirm),
        Route::post("/v1/designations/{proposal}/cancel", "designations.cancel", "Take a proposal back that waits")
            .token(policy::CANCEL_DESIGNATION, SCOPE)
            .repeatable()
            .refuses(&["proposal.not_own"])
            .refuses_as_all(ACTED)
            .by(cancel),
        Route::post(
            "/v1/designations/{proposal}/revert",
            "designations.revert",
            "Propose, as an officer, to put back what stood before a change that took effect; another officer approves it",
        )
        .token(policy::REVERT_DESIGNATION, SCOPE)
        .repeatable()
        .refuses(heal::REVERTING)
        .by(heal::revert),
    ]
}

/// Which proposals, and which page of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DesignationsOf {
    /// Only those that wait for this.
    #[serde(default, deserialize_with = "waits")]
    #[schemars(with = "Option<Awaited>")]
    waits_for: Option<Waits>,
    /// Where to go on: `next` of the page before. Without it, the list begins.
    #[serde(default)]
    #[schemars(length(max = 64))]
    cursor: Option<String>,
    /// At most so many rows; 100 unless it is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<u16>,
}

/// The names of what a proposal waits for, for the description.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is its names that are described")]
enum Awaited {
    Signature,
    Ownership,
    Approval,
    Check,
    Letter,
    Code,
    Confirmation,
    Time,
    Unfreezing,
}

fn waits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Waits>, D::Error> {
    let known = |text: &str| Waits::parse(text).ok_or_else(|| serde::de::Error::custom("nothing waits for that"));
    String::deserialize(deserializer).and_then(|text| known(&text)).map(Some)
}

/// A page of proposals that wait.
#[derive(Serialize, JsonSchema)]
struct WaitingDesignations {
    /// The oldest come first. There can be none while there are more.
    proposals: Vec<WaitingDesignation>,
    /// The cursor of the next page; none after the last.
    next: Option<String>,
}

/// A proposal that waits, without whom it is about.
#[derive(Serialize, JsonSchema)]
struct WaitingDesignation {
    #[serde(flatten)]
    standing: ProposalStanding,
    /// By which channel it came.
    channel: String,
    /// When (RFC 3339).
    proposed: String,
    /// When it takes effect, or expires.
    until: Option<String>,
}

impl From<ProposalView> for WaitingDesignation {
    fn from(ProposalView { standing, channel, proposed, due: until, .. }: ProposalView) -> Self {
        Self { standing: standing.into(), channel, proposed, until }
    }
}

async fn list(call: Call<Nothing, Nothing, DesignationsOf>) -> Answer<Json<WaitingDesignations>> {
    let (actor, now) = (call.caller.actor(), (call.edge.clock)());
    let DesignationsOf { waits_for, cursor, limit } = call.query;
    let after = cursor.map(|cursor| page_of::after(LIST, &cursor)).transpose()?;
    let limit = page_of::limit(limit)?;
    let page = call
        .edge
        .core
        .read(move |reader| reader.read(|scope| queries::waiting(scope, &actor, None, waits_for, after, limit, now)));
    let page = page.await?;
    let next = page.next.map(|last| page_of::write(LIST, last));
    Ok(Json(WaitingDesignations {
        proposals: page.proposals.into_iter().map(WaitingDesignation::from).collect(),
        next,
    }))
}

/// Of whom it is asked what waits.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnDesignationsOf {
    /// Yourself, or the company: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(with = "String", regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = "cpr:6101701234")]
    #[serde(deserialize_with = "payee")]
    payee: PayeeId,
}

/// What waits about one payee.
#[derive(Serialize, JsonSchema)]
struct OwnDesignations {
    /// The oldest come first.
    proposals: Vec<WaitingDesignation>,
}

async fn own(call: Call<Json<OwnDesignationsOf>>) -> Answer<Json<OwnDesignations>> {
    let (actor, now, payee) = (call.caller.actor(), (call.edge.clock)(), call.body.0.payee);
    let waiting =
        call.edge.core.read(move |reader| reader.read(|scope| queries::own_waiting(scope, &actor, &payee, now)));
    Ok(Json(OwnDesignations { proposals: waiting.await?.into_iter().map(WaitingDesignation::from).collect() }))
}

/// A signature.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Signing {
    /// The signature, as it is kept with the proposal: one line.
    #[schemars(length(min = 1, max = 8_192))]
    signature: String,
}

async fn sign(call: Call<Json<Signing>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, actor) = named(&call);
    let command = Sign { proposal, signature: call.body.0.signature.clone(), actor };
    act(call, command).await
}

/// Why somebody decides as they do.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Deciding {
    /// Why: one line of 1 to 500 characters that is kept with the proposal.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

async fn approve(call: Call<Json<Deciding>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, officer) = named(&call);
    let why = call.body.0.reason.clone();
    act(call, ApproveDesignation { proposal, why, officer, is_synthetic: IS_SYNTHETIC }).await
}

async fn refuse(call: Call<Json<Deciding>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, officer) = named(&call);
    let why = call.body.0.reason.clone();
    act(call, RefuseDesignation { proposal, why, officer, is_synthetic: IS_SYNTHETIC }).await
}

/// A letter's code.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Activating {
    /// Its eight digits, with spaces or without.
    #[schemars(length(min = 8, max = 16), example = &"12 34 56 78")]
    code: String,
}

async fn activate(call: Call<Json<Activating>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, actor) = named(&call);
    let code = letter::Code::parse(&call.body.0.code).ok_or_else(|| refused(ProposalRefusal::Code))?;
    let command = Activate { proposal, code: code.digits().to_owned(), actor, is_synthetic: IS_SYNTHETIC };
    let Activation { accepted, attempts_left, standing } = done(call, command).await?;
    // It is on record that a wrong one was given; to whoever gave it, it is a refusal.
    if accepted { Ok(Json(standing.into())) } else { Err(wrong_code(attempts_left)) }
}

fn wrong_code(attempts_left: usize) -> Problem {
    let left = match attempts_left {
        0 => "another letter is needed".to_owned(),
        left => format!("attempts left: {left}"),
    };
    Problem::of(ProposalRefusal::Code.code()).because(format!("{}; {left}", ProposalRefusal::Code))
}

/// How it is known that it is the payee.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Confirming {
    /// Of an officer: by what they know the payee who stands before them, in one line of 1 to 500 characters.
    #[serde(default)]
    #[schemars(length(max = 500))]
    evidence: Option<String>,
}

async fn confirm(call: Call<Json<Confirming>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, actor) = named(&call);
    let evidence = call.body.0.evidence.clone().unwrap_or_default();
    act(call, Confirm { proposal, evidence, actor, is_synthetic: IS_SYNTHETIC }).await
}

async fn cancel(call: Call<Nothing, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, actor) = named(&call);
    let asked = proposal.clone();
    Ok(Json(call.once(&asked, CancelDesignation { proposal, actor, channel: None }).await?.into()))
}

/// The proposal that is named, and who acts.
fn named<B>(call: &Call<B, Which>) -> (String, Actor) {
    (call.path.proposal.clone(), call.caller.actor())
}

/// Does something about a proposal; where it stands then.
async fn act<B, C>(call: Call<Json<B>, Which>, command: C) -> Answer<Json<ProposalStanding>>
where
    B: Serialize,
    C: Command<Output = Standing> + Send + 'static,
{
    Ok(Json(done(call, command).await?.into()))
}

/// Does something about a proposal.
async fn done<B, C>(call: Call<Json<B>, Which>, command: C) -> Answer<C::Output>
where
    B: Serialize,
    C: Command<Output: Send> + Send + 'static,
{
    call.once(&(&call.path.proposal, &call.body.0), command).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_described_is_what_is_read() {
        let schema = schemars::schema_for!(Awaited);
        let names = schema.get("enum").and_then(serde_json::Value::as_array).unwrap();
        let names: Vec<&str> = names.iter().filter_map(serde_json::Value::as_str).collect();
        assert_eq!(names, Waits::ALL.map(Waits::name));
    }
}
