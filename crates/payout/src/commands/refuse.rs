use crate::policy;
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};
use registry::allowance;

/// Records that a file was refused as a whole. It leaves the message id free: a file that was cut off on its way can be sent
/// again whole.
pub(super) struct RefuseFile<'a> {
    pub(super) facts: serde_json::Value,
    /// Who pays for being told, if it tells of payees.
    pub(super) charged: Option<&'a Actor>,
}

impl Command for RefuseFile<'_> {
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

    fn save(&self, scope: &Scope<'_>, _: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        self.charged.map(|client| allowance::charge_refused(scope, entry, client)).transpose()?;
        Ok(vec![])
    }
}
