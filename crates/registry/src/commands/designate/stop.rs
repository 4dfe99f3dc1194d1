//! Whoever got a notice says that the change is not theirs: by a link that needs no login, works once, and only ever freezes.

use super::{BY_NOTICE, Loaded, Step, load_found, save};
use crate::life::{ActKind, State};
use crate::notice::StopToken;
use crate::policy;
use crate::proposal::ProposalRefusal;
use crate::store;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp};
use serde::{Deserialize, Serialize};

/// So many days after a change took effect, its notices' links end. Whoever learns of it later has other ways.
pub const STOP_DAYS: i64 = 90;

/// Stops a proposal until an officer has looked at it; and freezes the account, if it has taken effect.
pub struct StopProposal {
    /// The token of its notices.
    pub token: StopToken,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// It waits for an officer now.
    Stopped,
    /// It had taken effect: nothing is paid to the account until officers unfreeze it.
    Frozen,
    /// It was stopped before.
    Already,
    /// It has ended, and changed nothing.
    Gone,
    /// It took effect so long ago that the link has ended.
    TooLate,
}

impl Command for StopProposal {
    const OPERATION: Operation = policy::STOP_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Stopped;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        let proposal = self.token.proposal(scope.vault).ok_or(ProposalRefusal::Unknown)?;
        let found = store::proposal::find(scope, proposal)?.ok_or(ProposalRefusal::Unknown)?;
        load_found(scope, found)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Stopped>, Refusal> {
        if loaded.found.evidence.is_stopped() {
            return Ok(Decision::unchanged(Stopped::Already));
        }
        let (step, stopped) = match loaded.state(env.now) {
            State::Ended(ActKind::TookEffect) if loaded.has_stood(STOP_DAYS, env.now) => {
                return Ok(Decision::unchanged(Stopped::TooLate));
            }
            State::Ended(ActKind::TookEffect) => match loaded.freeze(env.now)? {
                Some(step) => (step, Stopped::Frozen),
                None => return Ok(Decision::unchanged(Stopped::Gone)),
            },
            // Of what is gone nothing is written down: whoever has the link could go on for ever.
            State::Ended(_) | State::Lapsed => return Ok(Decision::unchanged(Stopped::Gone)),
            _ => (loaded.act(ActKind::Stopped, BY_NOTICE, "", env.now)?.0, Stopped::Stopped),
        };
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, stopped))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

impl Loaded {
    /// Whether it took effect so many days ago.
    fn has_stood(&self, days: i64, now: Timestamp) -> bool {
        let ended = self.found.evidence.ended();
        ended.is_some_and(|ended| ended.at <= now.minus_days(days))
    }
}
