//! Says no to a proposal.

use super::{Loaded, Standing, Step, is_for, load, require_no_part, save};
use crate::life::ActKind;
use crate::officer;
use crate::policy;
use crate::proposal::ProposalRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Refuses a proposal that waits, for whatever it waits.
pub struct RefuseDesignation {
    /// The proposal, by name.
    pub proposal: String,
    /// Why.
    pub why: String,
    /// Who refuses it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for RefuseDesignation {
    const OPERATION: Operation = policy::REFUSE_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        load(scope, &self.proposal, &self.officer)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        if !is_for(&loaded, &self.officer, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        loaded.require_waiting(env.now)?;
        // What two say may be said by whoever has a part in it: a no sends no money anywhere.
        if loaded.is_second {
            officer::require_named(&self.officer, self.is_synthetic).map_err(ProposalRefusal::from)?;
        } else {
            require_no_part(&loaded, &self.officer, self.is_synthetic)?;
        }
        officer::require_why(&self.why).map_err(ProposalRefusal::from)?;
        let (step, standing) = loaded.act(ActKind::Refused, &self.officer, &self.why, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
