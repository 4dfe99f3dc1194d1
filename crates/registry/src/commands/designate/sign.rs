//! The payee signs a change afresh, having seen the former account and the new one (NK-19); for a company, as many as sign together.

use super::{Loaded, Standing, Step, is_for, load, save};
use crate::life::{ActKind, State, Waits};
use crate::policy;
use crate::proposal::ProposalRefusal;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp};

/// A login signs for so many minutes.
const SIGNS_MINUTES: i64 = 15;
/// The most characters of a signature as it is kept.
const SIGNATURE_CHARS_MAX: usize = 8192;

/// Signs a proposal that waits for it.
pub struct Sign {
    /// The proposal, by name.
    pub proposal: String,
    /// The signature, or the login that it was given in, as it is kept with the proposal.
    pub signature: String,
    /// Who signs: the same that gives the command.
    pub actor: Actor,
}

impl Command for Sign {
    const OPERATION: Operation = policy::SIGN_DESIGNATION;
    type State = Loaded;
    type Change = Step;
    type Output = Standing;

    fn load(&self, scope: &Scope<'_>) -> Result<Loaded, Error> {
        load(scope, &self.proposal, &self.actor)
    }

    fn decide(&self, loaded: Loaded, env: &Env) -> Result<Decision<Step, Standing>, Refusal> {
        if !is_for(&loaded, &self.actor, None) {
            return Err(ProposalRefusal::Unknown.into());
        }
        if loaded.require_waiting(env.now)? != State::Waiting(Waits::Signature) {
            return Err(ProposalRefusal::NotThis.into());
        }
        // A second signature is somebody else's.
        if loaded.found.evidence.acts().iter().any(|act| act.kind == ActKind::Signed && act.by == self.actor.name()) {
            return Err(ProposalRefusal::Own.into());
        }
        require_signature(&self.actor, &self.signature, env.now)?;
        let (step, standing) = loaded.act(ActKind::Signed, &self.actor, &self.signature, env.now)?;
        let facts = step.facts();
        Ok(Decision::of(vec![step], facts, standing))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Step], entry: Entry) -> Result<Vec<Rows>, Error> {
        save(scope, changes, entry)
    }
}

/// Refuses a signature that is none, or by a login that is too weak or too old: a session that somebody has taken over signs nothing.
///
/// # Errors
/// `actor.assurance`, `actor.login_age`, `proposal.why`.
pub(super) fn require_signature(actor: &Actor, signature: &str, now: Timestamp) -> Result<(), ProposalRefusal> {
    let login = actor.login().filter(|login| login.assurance >= Assurance::Substantial);
    if login.ok_or(ProposalRefusal::Assurance)?.at < now.minus_seconds(60 * SIGNS_MINUTES) {
        return Err(ProposalRefusal::LoginAge);
    }
    if signature.trim().is_empty() || signature.len() > SIGNATURE_CHARS_MAX || signature.contains('\n') {
        return Err(ProposalRefusal::Why);
    }
    Ok(())
}
