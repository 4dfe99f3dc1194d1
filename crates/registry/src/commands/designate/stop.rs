//! Whoever got a notice says that the change is not theirs: by a link that needs no login, works once, and only ever freezes.

use super::{Loaded, Step, load_found, save};
use crate::life::{ActKind, State};
use crate::policy;
use crate::proposal::{Proposal, ProposalRefusal};
use crate::queries;
use kernel::journal::{Entry, Rows};
use kernel::merkle::to_hex;
use kernel::{Command, Decision, Domain, Env, Error, Id, Operation, Refusal, Scope, Vault};
use serde::{Deserialize, Serialize};

/// Bytes of a token: enough that nobody guesses it.
const TOKEN_BYTES: usize = 16;

/// What a notice's link holds beside the proposal's name. It is made of both, so it need not be kept.
#[must_use]
pub fn stop_token(vault: &Vault, proposal: Id<Proposal>) -> String {
    to_hex(&vault.blind(Domain("proposal.stop"), &proposal.name()).as_bytes()[..TOKEN_BYTES])
}

/// Stops a proposal until an officer has looked at it.
pub struct StopProposal {
    /// The proposal, by name.
    pub proposal: String,
    /// The token of its notices.
    pub token: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// It waits for an officer now.
    Stopped,
    /// It was stopped before.
    Already,
}

impl Command for StopProposal {
    const OPERATION: Operation = policy::STOP_DESIGNATION;
    /// The proposal, and whether the token is its.
    type State = (Loaded, bool);
    type Change = Step;
    type Output = Stopped;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let loaded = load_found(scope, queries::find_proposal(scope, &self.proposal)?)?;
        // Of what is compared, one is a keyed hash that nobody chooses.
        let is_its = stop_token(scope.vault, loaded.proposal().id) == self.token;
        Ok((loaded, is_its))
    }

    fn decide(&self, (loaded, is_its): Self::State, env: &Env) -> Result<Decision<Step, Stopped>, Refusal> {
        if !is_its {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.found.evidence.acts().iter().any(|act| act.kind == ActKind::Stopped) {
            return Ok(Decision::unchanged(Stopped::Already));
        }
        if let State::Ended(_) | State::Lapsed = loaded.state(env.now) {
            return Err(ProposalRefusal::Ended.into());
        }
        let (step, _) = loaded.act(ActKind::Stopped, "notice", "", env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, Stopped::Stopped))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
