//! What is known of a case is given to the police or a bank (NK-15): one officer asks for it, on a law, and another gives it.

use super::{find, require};
use crate::case::{Act, ActKind, Case, CaseRefusal, Recipient, asking, require_law};
use crate::policy;
use crate::queries::doubted_at;
use crate::store;
use crate::store::case::Found;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Blind, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, Timestamp};
use registry::commands::log_disclosure;
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
    /// The case, and whether there is anything to give to whom it names.
    type State = (Found, Result<(), CaseRefusal>);
    type Change = (Id<Case>, Act);
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let found = find(scope, &self.case)?;
        let is_fine = match &self.to {
            Recipient::Police => Ok(()),
            Recipient::Bank(name) if !resolve::has_bank(scope.tx, name)? => Err(CaseRefusal::Bank),
            Recipient::Bank(name) if doubted_at(scope, &found, name)?.is_empty() => Err(CaseRefusal::NotConcerned),
            Recipient::Bank(_) => Ok(()),
        };
        Ok((found, is_fine))
    }

    fn decide(&self, (found, is_fine): Self::State, env: &Env) -> Result<Decision<Self::Change, ()>, Refusal> {
        require(&found, ActKind::Asked, &self.officer, self.is_synthetic)?;
        require_law(&self.law)?;
        is_fine?;
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
    /// What is given: the asking.
    pub asking: Act,
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
        // Between the drawing and this it may have been given, or asked for anew.
        let asking = require_given(&found, (&self.to, self.asking.at), &self.officer, self.is_synthetic)?;
        if *asking != self.asking {
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
            // The payee reads in their log to whom it was given.
            rows.extend(log_disclosure(scope, entry, &self.to.name(), *payee)?);
        }
        Ok(rows)
    }
}

/// The asking that is given: refuses what nobody has asked for at that moment, or only whoever would give it.
///
/// # Errors
/// [`CaseRefusal`].
pub(crate) fn require_given<'f>(
    found: &'f Found,
    (to, at): (&Recipient, Timestamp),
    officer: &Actor,
    is_synthetic: bool,
) -> Result<&'f Act, CaseRefusal> {
    require(found, ActKind::Given, officer, is_synthetic)?;
    let asking = asking(&found.acts, to, at).ok_or(CaseRefusal::NotAsked)?;
    officer::require_other(&asking.by, officer, is_synthetic)?;
    Ok(asking)
}
