//! A proposal, in full.

use super::{ProposalStanding, Which};
use crate::route::{Answer, Call, Json, Nothing};
use registry::commands::{LaterChange, ShowProposal, ShownAct, ShownProposal};
use schemars::JsonSchema;
use serde::Serialize;

/// A proposal, as an officer or its payee sees it.
#[derive(Serialize, JsonSchema)]
pub(super) struct ShownDesignation {
    #[serde(flatten)]
    standing: ProposalStanding,
    /// Whose account is to be changed.
    payee: String,
    /// The IBAN that was asked for; none to delete the account.
    account: Option<String>,
    /// The IBAN that was in force when it was asked for.
    replaces: Option<String>,
    /// The IBAN that is in force now; frozen ones too.
    in_force: Option<String>,
    /// The kind of benefit of a specific account.
    benefit: Option<String>,
    /// By which channel it came.
    channel: String,
    /// Who proposed it.
    proposed_by: String,
    /// When (RFC 3339).
    proposed: String,
    /// Whose account it is said to be: `own`, `joint`, `third_party`, `unknown`.
    holder: String,
    /// What its bank says to that: `match`, `close_match`, `no_match`, `not_possible`; none while it is asked.
    ownership: Option<String>,
    /// What is to be done: `designate`, `close`, `unfreeze`, `revert`.
    action: String,
    /// The change that it reverts, if that was proposed.
    reverts: Option<String>,
    /// What came after the change that it reverts, and is undone with that; and that change itself, if it was not proposed. Of a change that
    /// took effect, what would be if somebody reverted it now. The oldest first.
    undone_with_it: Vec<LaterDesignation>,
    /// Why, of what heals; to its payee as `signals`.
    why: Option<String>,
    /// Whether the account that stands is frozen.
    is_frozen: bool,
    /// On which law a caseworker stands.
    law: Option<String>,
    /// Where the evidence is on file.
    evidence: Option<String>,
    /// Why a bank asked for it; to its payee as `signals`.
    reason: Option<String>,
    /// How its customer consented.
    consent: Option<String>,
    /// What speaks against it. Its payee is told once it took effect, was refused or expired: until then it could be a thief who asks.
    signals: Vec<String>,
    /// What was done about it.
    acts: Vec<DesignationAct>,
}

/// One thing that was done about a proposal.
#[derive(Serialize, JsonSchema)]
struct DesignationAct {
    /// What.
    act: String,
    /// When (RFC 3339).
    at: String,
    /// By whom.
    by: String,
    /// Why, where somebody said so; to its payee as `signals`, but for their own.
    why: Option<String>,
}

/// A change of the same account that came later.
#[derive(Serialize, JsonSchema)]
struct LaterDesignation {
    /// Its name; none of what held at once, without being proposed.
    id: Option<String>,
    /// The IBAN that it put there; none where it closed the account.
    account: Option<String>,
    /// From when it held (RFC 3339).
    from: String,
}

impl From<ShownProposal> for ShownDesignation {
    fn from(shown: ShownProposal) -> Self {
        let (law, evidence) = shown.ground.map(|ground| (ground.law, ground.evidence)).unzip();
        let later = |LaterChange { id, account, from }| LaterDesignation { id, account, from };
        let act = |ShownAct { act, at, by, why }| DesignationAct { act, at, by, why };
        Self {
            standing: shown.standing.into(),
            payee: shown.payee,
            account: shown.account,
            replaces: shown.replaces,
            in_force: shown.in_force,
            benefit: shown.benefit,
            channel: shown.channel,
            proposed_by: shown.proposed_by,
            proposed: shown.proposed,
            holder: shown.holder,
            ownership: shown.ownership,
            action: shown.action,
            reverts: shown.reverts,
            undone_with_it: shown.undone_with_it.into_iter().map(later).collect(),
            why: shown.why,
            is_frozen: shown.is_frozen,
            law,
            evidence,
            reason: shown.reason,
            consent: shown.consent,
            signals: shown.signals,
            acts: shown.acts.into_iter().map(act).collect(),
        }
    }
}

pub(super) async fn show(call: Call<Nothing, Which>) -> Answer<Json<ShownDesignation>> {
    let (actor, proposal) = (call.caller.actor(), call.path.proposal);
    let shown = call.edge.core.execute(ShowProposal { actor: actor.clone(), proposal }, actor);
    Ok(Json(shown.await?.into()))
}
