use crate::phase_out::{PhaseOuts, Subject};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp};
use serde_json::json;

/// Says from when an old way in is refused, or that it has no end after all.
pub struct SetPhaseOut {
    /// What ends.
    pub subject: Subject,
    /// When.
    pub ends: Option<Timestamp>,
}

impl Command for SetPhaseOut {
    const OPERATION: Operation = policy::SET_PHASE_OUT;
    type State = PhaseOuts;
    type Change = ();
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<PhaseOuts, Error> {
        store::phase_out::all(scope.tx)
    }

    fn decide(&self, all: PhaseOuts, _: &Env) -> Result<Decision<(), ()>, Refusal> {
        if all.end(&self.subject) == self.ends {
            return Ok(Decision::unchanged(()));
        }
        let Subject { subject, version } = &self.subject;
        let ends = self.ends.map(|ends| ends.to_string());
        Ok(Decision::of(vec![()], json!({ "subject": subject, "version": version, "ends": ends }), ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        changes.iter().map(|()| store::phase_out::insert(scope.tx, entry, &self.subject, self.ends)).collect()
    }
}
