//! Says no to a proposal.

use super::{Loaded, Standing, Step, load, require_other, save};
use crate::designation::Channel;
use crate::life::{ActKind, ProposalRefusal};
use crate::policy;
use crate::reason::require_why;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};

/// Refuses a proposal that waits, for whatever it waits.
pub struct Refuse {
    /// The proposal, by name.
    pub proposal: String,
    /// Why.
    pub why: String,
    /// Who refuses it: the same that gives the command.
    pub officer: Actor,
    /// The channel that the officer belongs to; none for the agency's own.
    pub channel: Option<Channel>,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for Refuse {
    const OPERATION: Operation = policy::REFUSE_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        load(scope, &self.proposal)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        let is_agency = matches!(self.officer.role(), Role::Console | Role::Operator);
        if !is_agency && self.channel.as_ref() != Some(&loaded.proposal().asked.channel) {
            return Err(ProposalRefusal::Unknown.into());
        }
        loaded.require_waiting(env.now)?;
        require_other(&loaded, &self.officer, self.is_synthetic)?;
        require_why(&self.why)?;
        let (step, standing) = loaded.act(ActKind::Refused, self.officer.name(), &self.why, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
