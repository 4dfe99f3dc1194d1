//! Gives a client its buckets back.

use crate::allowance::{self, Allowances, InUse};
use crate::bucket::{Bucket, Limits};
use crate::legal_purpose::LegalPurpose;
use crate::{officer, policy};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Operation, Refusal, Scope};
use std::collections::BTreeMap;

/// Fills all of a client's buckets, after a mishap.
pub struct RefillClient {
    /// The client.
    pub client: Actor,
    /// Why.
    pub why: String,
}

/// The client's buckets as they are.
pub struct RefillState(Allowances);

/// The client's buckets as they will be.
pub struct Refilled(BTreeMap<LegalPurpose, InUse>);

impl Command for RefillClient {
    const OPERATION: Operation = policy::REFILL_CLIENT;
    type State = RefillState;
    type Change = Refilled;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<RefillState, Error> {
        Allowances::load(scope.tx, [self.client.name()]).map(RefillState)
    }

    fn decide(&self, RefillState(found): RefillState, env: &Env) -> Result<Decision<Refilled, ()>, Refusal> {
        officer::require_why(&self.why)?;
        let full = LegalPurpose::ALL.into_iter().filter_map(|purpose| {
            let limits = Limits::of(self.client.role(), purpose)?;
            let mut used = found.get(self.client.name(), purpose, limits, env.now);
            used.bucket = Bucket::full(limits, env.now);
            Some((purpose, used))
        });
        let facts = serde_json::json!({ "client": self.client.name(), "why": self.why });
        Ok(Decision::of(vec![Refilled(full.collect())], facts, ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Refilled], _: Entry) -> Result<Vec<Rows>, Error> {
        for Refilled(full) in changes {
            let full = full.iter().map(|(purpose, used)| ((self.client.name(), *purpose), *used)).collect();
            allowance::save(scope.tx, &full)?;
        }
        Ok(vec![])
    }
}
