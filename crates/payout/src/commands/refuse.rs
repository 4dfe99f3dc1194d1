use crate::policy;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Operation, Refusal, Scope};

/// Records that a file was refused as a whole. It leaves the message id free: a file that was cut off on its way can be sent
/// again whole.
pub(super) struct RefuseFile {
    pub(super) facts: serde_json::Value,
}

impl Command for RefuseFile {
    const OPERATION: Operation = policy::REFUSE;
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![], self.facts.clone(), ()))
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}
