//! What is known of a case is given to the police or a bank (NK-15): one officer asks for it, on a law, and another gives it.

use super::{find, require};
use crate::case::{Act, ActKind, Case, CaseRefusal, Recipient, asked};
use crate::policy;
use crate::store;
use crate::store::case::Found;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope};
use registry::ask::{AnswerClass, AskKind};
use registry::commands::log_look_up;
use registry::{officer, resolve};

/// Asks that what is known of a case is given out.
pub struct AskDisclosure {
    /// The case, by name.
    pub case: String,
    /// To whom.
    pub to: Recipient,
    /// On which law, and at whose request: one line.
    pub law: String,
    /// Who asks: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

impl Command for AskDisclosure {
    const OPERATION: Operation = policy::ASK_DISCLOSURE;
    /// The case, and whether the recipient is known.
    type State = (Found, bool);
    type Change = (Id<Case>, Act);
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let is_known = match &self.to {
            Recipient::Police => true,
            Recipient::Bank(name) => resolve::has_bank(scope.tx, name)?,
        };
        Ok((find(scope, &self.case)?, is_known))
    }

    fn decide(&self, (found, is_known): Self::State, env: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        require(&found, ActKind::Asked, &self.officer, self.is_synthetic)?;
        officer::require_why(&self.law).map_err(CaseRefusal::from)?;
        if !is_known {
            return Err(CaseRefusal::Bank.into());
        }
        let act = Act::new(ActKind::Asked, env.now, self.officer.name(), self.to.name());
        let facts = serde_json::json!({ "case": found.case.id.name(), "to": self.to.name(), "law": self.law });
        Ok(Decision::of(vec![(found.case.id, Act { why: self.law.clone(), ..act })], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, acts: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        acts.iter().map(|(case, act)| store::case::insert_act(scope, entry, *case, act)).collect()
    }
}

/// Puts on record that it is given out, before anybody has it.
pub struct Give {
    /// The case, by name.
    pub case: String,
    /// To whom: as it was asked for.
    pub to: Recipient,
    /// The SHA-256 of each file, by which what somebody holds up later is known.
    pub digests: String,
    /// Who gives it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people.
    pub is_synthetic: bool,
}

impl Command for Give {
    const OPERATION: Operation = policy::GIVE_DISCLOSURE;
    type State = Found;
    type Change = (Id<Case>, Blind, Act);
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        find(scope, &self.case)
    }

    fn decide(&self, found: Found, env: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        require_given(&found, &self.officer, self.is_synthetic)?;
        // Between the drawing and this another was asked for: that one is drawn anew.
        if asked(&found.acts).is_none_or(|asked| asked.about != self.to.name()) {
            return Err(CaseRefusal::NotAsked.into());
        }
        let act = Act::new(ActKind::Given, env.now, self.officer.name(), self.to.name());
        let facts = serde_json::json!({
            "case": found.case.id.name(),
            "payee": found.case.number.reveal(),
            "to": self.to.name(),
            "sha256": self.digests,
        });
        let act = Act { why: self.digests.clone(), ..act };
        Ok(Decision::of(vec![(found.case.id, found.case.payee, act)], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, acts: &[Self::Change], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for (case, payee, act) in acts {
            rows.push(store::case::insert_act(scope, entry, *case, act)?);
            rows.extend(log_look_up(scope, entry, &self.officer, *payee, AskKind::Payments, &[AnswerClass::InForce])?);
        }
        Ok(rows)
    }
}

/// Refuses to give out what nobody has asked for, or only whoever would give it.
///
/// # Errors
/// [`CaseRefusal`].
pub(crate) fn require_given(found: &Found, officer: &Actor, is_synthetic: bool) -> Result<(), CaseRefusal> {
    require(found, ActKind::Given, officer, is_synthetic)?;
    let asked = asked(&found.acts).ok_or(CaseRefusal::NotAsked)?;
    Ok(officer::require_other(&asked.by, officer, is_synthetic)?)
}
