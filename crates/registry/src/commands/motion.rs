//! What is decided by four eyes: proposed by one person, approved or refused by another, whatever it is about.

use crate::motion::{Ending, Kind, Motion, MotionRefusal, until};
use crate::{officer, queries, store};
use kernel::journal::{self, Entry, Rows};
use kernel::{Actor, Command, Decision, Env, Error, Id, Operation, Refusal, Scope, StoreError, Timestamp};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// Something that motions can be about.
pub trait Subject: Sized {
    /// Which motions are about it.
    const KIND: Kind;
    /// The policy's row for proposing it.
    const PROPOSE: Operation;
    /// For approving it.
    const APPROVE: Operation;
    /// For refusing it.
    const REFUSE: Operation;
    /// For taking it back.
    const WITHDRAW: Operation;
    /// What it is decided from.
    type State;

    /// Reads what [`Subject::decide`] needs, and what holds now.
    ///
    /// # Errors
    /// The store's.
    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error>;

    /// The version that holds: what is proposed is made against it.
    fn base(state: &Self::State) -> Option<i64>;

    /// Refuses what cannot be, both when it is proposed and when it is approved. Pure.
    ///
    /// # Errors
    /// The refusal.
    fn decide(&self, state: &Self::State, now: Timestamp) -> Result<(), Refusal>;

    /// Who had a part in what is proposed, beside who proposes it: they do not approve it either.
    fn party(_: &Self::State) -> Option<&str> {
        None
    }

    /// Lets it take effect.
    ///
    /// # Errors
    /// The store's.
    fn insert(
        &self,
        scope: &Scope<'_>,
        entry: Entry,
        motion: Option<Id<Motion>>,
        state: &Self::State,
    ) -> Result<Vec<Rows>, Error>;

    /// As it is sealed.
    fn write(&self) -> String;

    /// Reads what [`Subject::write`] wrote.
    fn read(text: &str) -> Option<Self>;
}

/// Where a motion stands, as whoever did something with it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MotionAnswer {
    /// Its name.
    pub id: String,
    /// `awaiting_approval`, `in_force`, `refused`, `withdrawn`.
    pub state: String,
    /// What it waits for: `approval`, or nothing any more.
    pub waits_for: Option<String>,
    /// Until when it waits.
    pub until: Option<String>,
    /// From when what was proposed is so.
    pub in_force_from: Option<String>,
}

impl MotionAnswer {
    fn ended(motion: &Motion, state: &str) -> Self {
        Self { id: motion.id.name(), state: state.to_owned(), waits_for: None, until: None, in_force_from: None }
    }
}

/// Proposes something.
pub struct Propose<S> {
    /// What.
    pub subject: S,
    /// Why.
    pub reason: String,
    /// Who proposes it: the same that gives the command.
    pub officer: Actor,
    /// Whether the store was made for synthetic people: only there the console is an officer.
    pub is_synthetic: bool,
}

impl<S: Subject> Command for Propose<S> {
    const OPERATION: Operation = S::PROPOSE;
    type State = S::State;
    type Change = Motion;
    type Output = MotionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<S::State, Error> {
        self.subject.load(scope)
    }

    fn decide(&self, state: S::State, env: &Env) -> Result<Decision<Motion, MotionAnswer>, Refusal> {
        officer::require_named(&self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        officer::require_why(&self.reason).map_err(MotionRefusal::from)?;
        self.subject.decide(&state, env.now)?;
        let motion = Motion {
            id: env.id(),
            kind: S::KIND,
            base: S::base(&state),
            until: until(env.now),
            reason: self.reason.clone(),
            content: self.subject.write(),
        };
        let answer = MotionAnswer {
            id: motion.id.name(),
            state: "awaiting_approval".to_owned(),
            waits_for: Some("approval".to_owned()),
            until: Some(motion.until.to_string()),
            in_force_from: None,
        };
        Ok(Decision::of(vec![motion], serde_json::json!({ "motion": answer.id }), answer))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Motion], entry: Entry) -> Result<Vec<Rows>, Error> {
        changes.iter().map(|motion| store::motion::insert(scope, entry, motion)).collect()
    }
}

/// A motion, who made it, and what there is to decide about it.
pub struct MotionState<S: Subject> {
    found: store::motion::Found,
    asked_by: String,
    subject: S,
    state: S::State,
}

/// Approves what somebody else proposed: it is decided again, from what holds now, and takes effect.
pub struct Approve<S> {
    /// The motion, by name.
    pub motion: String,
    /// Who approves it: the same that gives the command.
    pub officer: Actor,
    /// As in [`Propose`].
    pub is_synthetic: bool,
    /// What it is about.
    pub about: PhantomData<S>,
}

impl<S: Subject> Command for Approve<S> {
    const OPERATION: Operation = S::APPROVE;
    type State = MotionState<S>;
    type Change = (Motion, S, S::State);
    type Output = MotionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<MotionState<S>, Error> {
        let found = queries::find_motion(scope, &self.motion, S::KIND)?;
        let unreadable = || StoreError::broken("motion", "content", found.motion.id);
        let subject = S::read(&found.motion.content).ok_or_else(unreadable)?;
        let state = subject.load(scope)?;
        Ok(MotionState { asked_by: journal::read(scope, found.entry)?.actor, found, subject, state })
    }

    fn decide(
        &self,
        state: MotionState<S>,
        env: &Env,
    ) -> Result<Decision<(Motion, S, S::State), MotionAnswer>, Refusal> {
        let MotionState { found, asked_by, subject, state } = state;
        found.state(env.now).require_waits()?;
        officer::require_other(&asked_by, &self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        if S::party(&state) == Some(self.officer.name()) {
            return Err(MotionRefusal::Own.into());
        }
        let motion = found.motion;
        motion.require_base(S::base(&state))?;
        subject.decide(&state, env.now)?;
        let answer =
            MotionAnswer { in_force_from: Some(env.now.to_string()), ..MotionAnswer::ended(&motion, "in_force") };
        let facts = serde_json::json!({ "motion": answer.id, "proposed_by": asked_by });
        Ok(Decision::of(vec![(motion, subject, state)], facts, answer))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[(Motion, S, S::State)], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for (motion, subject, state) in changes {
            rows.extend(subject.insert(scope, entry, Some(motion.id), state)?);
            rows.push(store::motion::end(scope, entry, motion.id, Ending::Approved, None)?);
        }
        Ok(rows)
    }
}

/// Says no to what somebody else proposed.
pub struct Refuse<S> {
    /// The motion, by name.
    pub motion: String,
    /// Why.
    pub why: String,
    /// Who refuses it: the same that gives the command.
    pub officer: Actor,
    /// As in [`Propose`].
    pub is_synthetic: bool,
    /// What it is about.
    pub about: PhantomData<S>,
}

impl<S: Subject> Command for Refuse<S> {
    const OPERATION: Operation = S::REFUSE;
    /// The motion, and who made it.
    type State = (store::motion::Found, String);
    type Change = Motion;
    type Output = MotionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        load(scope, &self.motion, S::KIND)
    }

    fn decide(&self, (found, asked_by): Self::State, env: &Env) -> Result<Decision<Motion, MotionAnswer>, Refusal> {
        found.state(env.now).require_waits()?;
        officer::require_other(&asked_by, &self.officer, self.is_synthetic).map_err(MotionRefusal::from)?;
        officer::require_why(&self.why).map_err(MotionRefusal::from)?;
        Ok(end(found.motion, "refused"))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Motion], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |motion: &Motion| store::motion::end(scope, entry, motion.id, Ending::Refused, Some(&self.why));
        changes.iter().map(end).collect()
    }
}

/// Takes back what one proposed oneself.
pub struct Withdraw<S> {
    /// The motion, by name.
    pub motion: String,
    /// Who takes it back: the same that gives the command.
    pub officer: Actor,
    /// What it is about.
    pub about: PhantomData<S>,
}

impl<S: Subject> Command for Withdraw<S> {
    const OPERATION: Operation = S::WITHDRAW;
    /// The motion, and who made it.
    type State = (store::motion::Found, String);
    type Change = Motion;
    type Output = MotionAnswer;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        load(scope, &self.motion, S::KIND)
    }

    fn decide(&self, (found, asked_by): Self::State, env: &Env) -> Result<Decision<Motion, MotionAnswer>, Refusal> {
        found.state(env.now).require_waits()?;
        if self.officer.name() != asked_by {
            return Err(MotionRefusal::NotOwn.into());
        }
        Ok(end(found.motion, "withdrawn"))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Motion], entry: Entry) -> Result<Vec<Rows>, Error> {
        let end = |motion: &Motion| store::motion::end(scope, entry, motion.id, Ending::Withdrawn, None);
        changes.iter().map(end).collect()
    }
}

fn load(scope: &Scope<'_>, name: &str, kind: Kind) -> Result<(store::motion::Found, String), Error> {
    let found = queries::find_motion(scope, name, kind)?;
    let asked_by = journal::read(scope, found.entry)?.actor;
    Ok((found, asked_by))
}

fn end(motion: Motion, state: &str) -> Decision<Motion, MotionAnswer> {
    let answer = MotionAnswer::ended(&motion, state);
    Decision::of(vec![motion], serde_json::json!({ "motion": answer.id }), answer)
}
