//! Proposals, whatever is done about them: how one is named, and where it stands.

use registry::commands::Standing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which proposal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Our name for it, or the number of its letter, which is the name with two digits more.
    #[schemars(length(min = 13, max = 15))]
    pub proposal: String,
}

/// Where a proposal stands.
#[derive(Serialize, JsonSchema)]
pub struct ProposalStanding {
    /// Our name for it; empty where all is so already, so that nothing was proposed.
    id: String,
    /// `proposed`, `awaiting_approval`, `awaiting_activation`, `held`, `in_force`, `cancelled`, `refused`, `expired`.
    state: String,
    /// What it waits for: `signature`, `ownership`, `approval`, `check`, `letter`, `code`, `confirmation`, `time`, `unfreezing`.
    waits_for: Option<String>,
    /// From when it holds, or will if nothing comes between (RFC 3339).
    in_force_from: Option<String>,
}

impl From<Standing> for ProposalStanding {
    fn from(Standing { id, state, waits_for, in_force_from }: Standing) -> Self {
        Self { id, state, waits_for, in_force_from }
    }
}
