//! Adds and removes contact points. What stood before stays to be read: whoever is told of the change is told where they were
//! told until now.

use super::look_up::LookUpRefusal;
use crate::contact::{self, ContactPoint, Stood};
use crate::notice::NoticeKind;
use crate::own::{self, Voice};
use crate::payee::PayeeId;
use crate::telling::{self, Telling};
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};
use serde_json::json;

/// Adds a contact point to a payee's.
pub type AddContact = ChangeContact<true>;
/// Removes a contact point of a payee's.
pub type RemoveContact = ChangeContact<false>;

/// Adds or removes a contact point: for the payee, or for somebody in office who says why.
pub struct ChangeContact<const ADDS: bool> {
    /// Who does it: the same that gives the command.
    pub actor: Actor,
    /// Whose.
    pub payee: PayeeId,
    /// Which.
    pub point: ContactPoint,
    /// Why, in 1 to 500 characters on one line; the payee need not say.
    pub why: Option<String>,
}

impl<const ADDS: bool> Command for ChangeContact<ADDS> {
    const OPERATION: Operation = if ADDS { policy::ADD_CONTACT } else { policy::REMOVE_CONTACT };
    const READS_JOURNAL: bool = false;
    /// How far whoever acts speaks for the payee, and all points that they ever had; nothing of one who is not known.
    type State = (Voice, Option<Vec<Stood>>);
    type Change = ();
    /// Whether anything changed.
    type Output = bool;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        queries::require_in_person(scope, &self.actor)?;
        let payee = self.payee.key(scope.vault);
        let points =
            if store::payee::is_known(scope, &payee)? { Some(store::contact::of(scope, &payee)?) } else { None };
        Ok((queries::voice(scope, &self.actor, &payee)?, points))
    }

    fn decide(&self, (voice, points): Self::State, env: &Env) -> Result<Decision<(), bool>, Refusal> {
        own::require(&self.actor, voice, Assurance::Substantial, self.why.as_deref())?;
        let points = points.ok_or(LookUpRefusal::PayeeUnknown)?;
        let changes = if ADDS {
            contact::add(&points, &self.point, self.actor.role() == Role::Citizen, env.now)
        } else {
            contact::remove(&points, &self.point)
        };
        if !changes? {
            return Ok(Decision::unchanged(false));
        }
        let facts = json!({ "payee": self.payee.reveal(), "kind": self.point.kind(), "why": self.why });
        Ok(Decision::of(vec![()], facts, true))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[()], entry: Entry) -> Result<Vec<Rows>, Error> {
        let payee = self.payee.key(scope.vault);
        let insert = |()| store::contact::insert(scope, entry, &payee, &self.point, !ADDS);
        let mut rows: Vec<Rows> = changes.iter().copied().map(insert).collect::<Result<_, _>>()?;
        // Also where it is taken away: whoever loses a point is told there.
        let told = changes.iter().map(|()| Telling::own(payee, self.payee, NoticeKind::ContactChanged)).collect();
        rows.extend(telling::tell(scope, &[(entry, told)])?.into_iter().flatten());
        Ok(rows)
    }
}
