//! Controls by four eyes; and by one person, in a store of synthetic people.

use super::motion::Subject;
use crate::control_change::{ControlChange, differing, equals};
use crate::controls::Controls;
use crate::motion::{Kind, Motion, MotionRefusal};
use crate::policy;
use crate::store::{self, controls::ControlsVersion};
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreRefusal, Timestamp};

/// The controls in force, and which version they are.
pub struct InForce(Option<Id<ControlsVersion>>, Controls);

impl Subject for ControlChange {
    const KIND: Kind = Kind::Controls;
    const PROPOSE: Operation = policy::PROPOSE_CONTROLS;
    const APPROVE: Operation = policy::APPROVE_CONTROLS;
    const REFUSE: Operation = policy::REFUSE_CONTROLS;
    const WITHDRAW: Operation = policy::WITHDRAW_CONTROLS;
    type State = InForce;

    fn load(&self, scope: &Scope<'_>) -> Result<InForce, Error> {
        store::controls::version_in_force(scope.tx).map(|(version, controls)| InForce(version, controls))
    }

    fn base(InForce(version, _): &InForce) -> Option<i64> {
        version.map(Id::number)
    }

    fn decide(&self, InForce(_, controls): &InForce, _: Timestamp) -> Result<(), Refusal> {
        if self.over(controls)? == *controls { Err(MotionRefusal::Nothing.into()) } else { Ok(()) }
    }

    fn insert(
        &self,
        scope: &Scope<'_>,
        entry: Entry,
        motion: Option<Id<Motion>>,
        InForce(_, controls): &InForce,
    ) -> Result<Vec<Rows>, Error> {
        Ok(vec![store::controls::insert(scope.tx, entry, motion, &self.over(controls)?)?])
    }

    fn write(&self) -> String {
        self.to_text()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

/// Sets controls without a second person: only in a store that was made for synthetic people, for tests and simulations.
pub struct SetControls {
    /// To what.
    pub change: ControlChange,
    /// Whether the store was made so.
    pub is_synthetic: bool,
}

impl Command for SetControls {
    const OPERATION: Operation = policy::SET_CONTROLS;
    type State = InForce;
    type Change = InForce;
    /// Whether anything changed.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<InForce, Error> {
        self.change.load(scope)
    }

    fn decide(&self, state: InForce, env: &Env) -> Result<Decision<InForce, bool>, Refusal> {
        if !self.is_synthetic {
            return Err(StoreRefusal::NotSynthetic("setting controls without a second person").into());
        }
        match self.change.decide(&state, env.now) {
            Err(refusal) if refusal == Refusal::from(MotionRefusal::Nothing) => Ok(Decision::unchanged(false)),
            Err(refusal) => Err(refusal),
            Ok(()) => {
                let after = self.change.over(&state.1)?;
                let facts = serde_json::json!({
                    "equals": equals(&after),
                    "changed": differing(&state.1, &after).count(),
                });
                Ok(Decision::of(vec![state], facts, true))
            }
        }
    }

    fn save(&self, scope: &Scope<'_>, changes: &[InForce], entry: Entry) -> Result<Vec<Rows>, Error> {
        let inserted = changes.iter().map(|state| self.change.insert(scope, entry, None, state));
        Ok(inserted.collect::<Result<Vec<_>, _>>()?.concat())
    }
}
