//! Lets a proposal go on: a second caseworker approves it, or an officer has looked at it.

use super::{Loaded, Standing, Step, is_for, load, require_other, save};
use crate::designation::ChannelKind;
use crate::life::{ActKind, State, Waits};
use crate::officer;
use crate::policy;
use crate::proposal::ProposalRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};

/// Approves a proposal, whichever it waits for: an approval, or somebody who looks at it.
pub struct ApproveDesignation {
    /// The proposal, by name.
    pub proposal: String,
    /// Why.
    pub why: String,
    /// Who approves: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl Command for ApproveDesignation {
    const OPERATION: Operation = policy::APPROVE_DESIGNATION;
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
        let is_agency = self.officer.role() != Role::Caseworker;
        let asked = &loaded.proposal().asked;
        let is_authoritys = asked.specific.is_some() && asked.channel.kind() == ChannelKind::Caseworker;
        let kind = match loaded.require_waiting(env.now)? {
            // The agency is no authority that pays: what one of them gives, a colleague answers for.
            State::Waiting(Waits::Approval) if is_agency && is_authoritys => {
                return Err(ProposalRefusal::Authority.into());
            }
            State::Waiting(Waits::Approval) => ActKind::Approved,
            // Somebody of another house looks at it, not a colleague.
            State::Waiting(Waits::Check) if is_agency => ActKind::Checked,
            _ => return Err(ProposalRefusal::NotThis.into()),
        };
        require_other(&loaded, &self.officer, self.is_synthetic)?;
        officer::require_why(&self.why).map_err(ProposalRefusal::from)?;
        let (step, standing) = loaded.act(kind, &self.officer, &self.why, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}
