//! What heals: a frozen account is paid to again, and what stood before a change is put back. One officer asks, another one approves.

use super::{Deciding, ProposalStanding, Which, act, named};
use crate::problem::refused;
use crate::route::{Answer, Call, Json};
use registry::commands::{RevertDesignation, UnfreezeDesignation};
use registry::import::{AccountRow, Written};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// With what reverting can be refused.
pub(super) const REVERTING: &[&str] = &[
    "proposal.unknown",
    "proposal.not_in_force",
    "proposal.why",
    "change.waiting",
    "designation.authority",
    "designation.entitled",
    "designation.none",
    "designation.superseded",
    "payee.unknown",
    "payee.dead",
    "bank.unknown",
];
/// With what unfreezing can be.
pub(super) const UNFREEZING: &[&str] = &[
    "payee.malformed",
    "payee.unknown",
    "payer.unknown",
    "proposal.why",
    "change.waiting",
    "designation.authority",
    "designation.entitled",
    "designation.none",
    "designation.purpose",
];

pub(super) async fn revert(call: Call<Json<Deciding>, Which>) -> Answer<Json<ProposalStanding>> {
    let (proposal, actor) = named(&call);
    let why = call.body.0.reason.clone();
    act(call, RevertDesignation { proposal, why, actor, once: None }).await
}

/// Which account is to be paid to again.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Unfreezing {
    /// Whose account: `cpr:`, `cvr:`, `se:` or `p:` and a number of that kind.
    #[schemars(regex(pattern = r"^(cpr|cvr|se|p):[0-9-]{8,11}$"), example = &"cpr:6101701234")]
    payee: String,
    /// Of a specific account, the authority that pays.
    #[serde(default)]
    #[schemars(length(max = 100))]
    payer: Option<String>,
    /// Of a specific account, the kind of benefit.
    #[serde(default)]
    #[schemars(length(max = 35))]
    benefit: Option<String>,
    /// Why: one line of 1 to 500 characters that is kept with the proposal.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

pub(super) async fn unfreeze(call: Call<Json<Unfreezing>>) -> Answer<Json<ProposalStanding>> {
    let asked = &call.body.0;
    let written = Written {
        action: "unfreeze",
        payee: &asked.payee,
        payer: asked.payer.as_deref().unwrap_or_default(),
        benefit: asked.benefit.as_deref().unwrap_or_default(),
        ..Written::default()
    };
    let command = UnfreezeDesignation {
        actor: call.caller.actor(),
        row: AccountRow::read(&call.edge.vault, &written).map_err(refused)?,
        why: asked.reason.clone(),
        once: None,
    };
    Ok(Json(call.once(asked, command).await?.into()))
}
