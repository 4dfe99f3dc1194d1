//! The payee gives the code of the letter (NK-09).

use super::letter::code_key;
use super::{Loaded, Standing, Step, is_for, load, require_other, save};
use crate::life::{ActKind, CODE_ATTEMPTS, State, Waits};
use crate::policy;
use crate::proposal::ProposalRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};
use serde::{Deserialize, Serialize};

/// Activates a proposal with the code of its newest letter.
pub struct Activate {
    /// The proposal, by name.
    pub proposal: String,
    /// The code's eight digits.
    pub code: String,
    /// Who gives it: the same that gives the command.
    pub actor: Actor,
    /// Whether the store was made for synthetic people: only there the console gives codes.
    pub is_synthetic: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Whether it was the code. A wrong one is recorded, and is no refusal for that reason.
    pub accepted: bool,
    /// How often the code can still be given wrongly before it takes another letter.
    pub attempts_left: usize,
    /// Where the proposal stands now.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Command for Activate {
    const OPERATION: Operation = policy::ACTIVATE_DESIGNATION;
    /// The proposal, and what the code would be known by.
    type State = (Loaded, String);
    type Change = Step;
    type Output = Activation;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let loaded = load(scope, &self.proposal, &self.actor)?;
        let letter = loaded.found.evidence.letter().map_or(0, |letter| letter.number);
        let key = code_key(scope.vault, loaded.proposal().id, letter, &self.code);
        Ok((loaded, key))
    }

    fn decide(&self, (loaded, key): Self::State, env: &Env) -> Result<Decision<Step, Activation>, Refusal> {
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.require_waiting(env.now)? != State::Waiting(Waits::Code) {
            return Err(ProposalRefusal::NotThis.into());
        }
        let letter = loaded.found.evidence.letter().ok_or(ProposalRefusal::NotThis)?;
        // An officer who takes it down on the telephone has neither made the letter nor any other part in this, and the letter has
        // left the house.
        if self.actor.role() != Role::Citizen && !(self.is_synthetic && self.actor.role() == Role::Console) {
            require_other(&loaded, &self.actor, self.is_synthetic)?;
            if !letter.is_handed_over {
                return Err(ProposalRefusal::NotThis.into());
            }
        }
        // Both are keyed hashes: how long comparing them takes tells nothing of the code.
        let accepted = letter.code_key == key;
        let attempts_left = CODE_ATTEMPTS.saturating_sub(letter.wrong + usize::from(!accepted));
        let kind = if accepted { ActKind::Activated } else { ActKind::CodeWrong };
        let (step, standing) = loaded.act(kind, &self.actor, "", env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, Activation { accepted, attempts_left, standing }))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
