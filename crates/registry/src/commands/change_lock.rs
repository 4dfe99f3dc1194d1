//! Sets and lifts the owner's lock. Setting adds to what is closed already, so that nothing is opened by it.

use super::look_up::LookUpRefusal;
use crate::lock::{Channels, Lock, LockRefusal};
use crate::notice::NoticeKind;
use crate::own::{self, Voice};
use crate::payee::PayeeId;
use crate::telling::{self, Telling};
use crate::{officer, policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Role, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// For so many days, an authenticator that was changed lifts no lock.
const NEW_DAYS: i64 = 30;

/// What is locked after a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    /// The channels through which no account is changed, by name.
    pub channels: Vec<String>,
    /// Whether anything changed.
    pub changed: bool,
}

/// How far whoever acts speaks for the payee, the lock that stands, and whether the payee is known.
pub struct LockState {
    voice: Voice,
    lock: Option<Lock>,
    is_known: bool,
}

/// What is locked from now on.
pub struct LockChange(Channels);

fn load(scope: &Scope<'_>, actor: &Actor, payee: &PayeeId) -> Result<LockState, Error> {
    queries::acting_caseworker(scope, actor)?;
    let payee = payee.key(scope.vault);
    let is_known = store::payee::is_known(scope, &payee)?;
    Ok(LockState { voice: queries::voice(scope, actor, &payee)?, lock: store::lock::of(scope, &payee)?, is_known })
}

impl LockState {
    /// Refuses a payee who is not known; what is locked now.
    fn channels(&self) -> Result<Channels, LookUpRefusal> {
        if self.is_known {
            Ok(self.lock.map_or(Channels::NONE, |lock| lock.channels))
        } else {
            Err(LookUpRefusal::PayeeUnknown)
        }
    }
}

fn decided(payee: &PayeeId, why: Option<&str>, before: Channels, after: Channels) -> Decision<LockChange, Locked> {
    let channels = after.names();
    let locked = Locked { channels: channels.iter().map(ToString::to_string).collect(), changed: before != after };
    if !locked.changed {
        return Decision::unchanged(locked);
    }
    let facts = json!({ "payee": payee.reveal(), "channels": channels, "why": why });
    Decision::of(vec![LockChange(after)], facts, locked)
}

/// Closes channels: for the owner, or for somebody in office on the owner's wish, who says how it came.
pub struct SetLock {
    /// Who does it: the same that gives the command.
    pub actor: Actor,
    /// Whose account.
    pub payee: PayeeId,
    /// Which channels.
    pub channels: Channels,
    /// Why, in 1 to 500 characters on one line; the owner need not say.
    pub why: Option<String>,
}

impl Command for SetLock {
    const OPERATION: Operation = policy::SET_LOCK;
    const READS_JOURNAL: bool = false;
    type State = LockState;
    type Change = LockChange;
    type Output = Locked;

    fn load(&self, scope: &Scope<'_>) -> Result<LockState, Error> {
        load(scope, &self.actor, &self.payee)
    }

    fn decide(&self, state: LockState, _: &Env) -> Result<Decision<LockChange, Locked>, Refusal> {
        own::require(&self.actor, state.voice, Assurance::Substantial, self.why.as_deref())?;
        let before = state.channels()?;
        Ok(decided(&self.payee, self.why.as_deref(), before, before.with(self.channels)))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[LockChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payee = self.payee.key(scope.vault);
        let insert = |LockChange(channels): &LockChange| store::lock::insert(scope, entry, &payee, *channels, None);
        saved(scope, entry, changes.iter().map(insert), Telling::own(payee, self.payee, NoticeKind::LockSet))
    }
}

/// Opens channels again: for the owner with a login of the highest level, or for somebody in office before whom the owner stands.
pub struct LiftLock {
    /// Who does it: the same that gives the command.
    pub actor: Actor,
    /// Whose account.
    pub payee: PayeeId,
    /// Which channels.
    pub channels: Channels,
    /// Why, in 1 to 500 characters on one line; the owner need not say.
    pub why: Option<String>,
    /// By what an officer knows that it is the owner, likewise. It is kept with the lock, sealed.
    pub in_person: Option<String>,
}

impl Command for LiftLock {
    const OPERATION: Operation = policy::LIFT_LOCK;
    const READS_JOURNAL: bool = false;
    /// What is locked, and when the authenticator of a citizen who lifts it last changed, or who signs for the company.
    type State = (LockState, Option<Timestamp>);
    type Change = LockChange;
    type Output = Locked;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        queries::require_in_person(scope, &self.actor)?;
        let state = load(scope, &self.actor, &self.payee)?;
        let Some(person) = self.actor.payee() else { return Ok((state, None)) };
        let signs = queries::known_identity(scope, &self.payee.key(scope.vault))?.signatories_changed;
        Ok((state, store::identity::of(scope, person)?.authenticator_changed.max(signs)))
    }

    fn decide(&self, (state, changed): Self::State, env: &Env) -> Result<Decision<LockChange, Locked>, Refusal> {
        own::require(&self.actor, state.voice, Assurance::High, self.why.as_deref())?;
        // A login is worth no more than the authenticator that it was made with; a new one may be the thief's.
        let is_new = changed.is_some_and(|moment| moment > env.now.minus_days(NEW_DAYS));
        if self.actor.role() == Role::Citizen && is_new {
            return Err(own::OwnRefusal::Assurance(Assurance::High).into());
        }
        if self.actor.role() != Role::Citizen {
            let evidence = self.in_person.as_deref().unwrap_or_default();
            officer::require_why(evidence).map_err(|_| LockRefusal::InPerson)?;
        }
        let before = state.channels()?;
        Ok(decided(&self.payee, self.why.as_deref(), before, before.without(self.channels)))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[LockChange], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payee = self.payee.key(scope.vault);
        // A citizen's own word is no evidence of theirs.
        let evidence = self.in_person.as_deref().filter(|_| self.actor.role() != Role::Citizen);
        let insert = |LockChange(channels): &LockChange| store::lock::insert(scope, entry, &payee, *channels, evidence);
        saved(scope, entry, changes.iter().map(insert), Telling::own(payee, self.payee, NoticeKind::LockLifted))
    }
}

/// The rows of a lock that was changed, and of what the payee is told of it.
fn saved(
    scope: &Scope<'_>,
    entry: Entry,
    inserted: impl Iterator<Item = Result<Rows, Error>>,
    telling: Telling,
) -> Result<Vec<Rows>, Error> {
    let mut rows = inserted.collect::<Result<Vec<_>, _>>()?;
    if !rows.is_empty() {
        rows.extend(telling::tell(scope, &[(entry, vec![telling])])?.into_iter().flatten());
    }
    Ok(rows)
}
