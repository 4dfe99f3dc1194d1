//! Shows a payee's contact points, and how fresh what is known of their identity is. It is about a person, so it is entered in the
//! journal, and logged where it is not the payee who looks.

use super::look_up::{LookUpRefusal, log};
use crate::ask::{AnswerClass, AskKind};
use crate::contact::Stood;
use crate::identity::{Facts, FactsView};
use crate::own::{self, Voice};
use crate::payee::PayeeId;
use crate::{policy, queries, store};
use kernel::journal::{Entry, Rows};
use kernel::{Actor, Assurance, Command, Decision, Env, Error, Operation, Refusal, Role, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Asks for a payee's contact points.
pub struct ListContacts {
    /// Who asks: the same that gives the command.
    pub actor: Actor,
    /// Whose.
    pub payee: PayeeId,
}

/// A payee's contact points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedContacts {
    /// Whose.
    pub payee: String,
    /// All that ever stood, the first one first.
    pub points: Vec<PointView>,
    /// When what is known of the payee's identity last changed.
    pub identity: FactsView,
}

/// A contact point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointView {
    /// `digital_post`, `sms`, `email`.
    pub kind: String,
    /// The number or address, in full for the payee alone.
    pub value: Option<String>,
    /// Since when it stood.
    pub from: String,
    /// Until when; it stands without.
    pub until: Option<String>,
}

impl Command for ListContacts {
    const OPERATION: Operation = policy::LIST_CONTACTS;
    /// How far whoever asks speaks for the payee, all points that ever stood, and the facts; nothing of a payee who is not known.
    type State = (Voice, Option<(Vec<Stood>, Facts)>);
    type Change = AnswerClass;
    type Output = ListedContacts;

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        queries::acting_caseworker(scope, &self.actor)?;
        let payee = self.payee.key(scope.vault);
        let voice = queries::voice(scope, &self.actor, &payee)?;
        if !store::payee::is_known(scope, &payee)? {
            return Ok((voice, None));
        }
        let points = store::contact::of(scope, &payee)?;
        let facts = queries::known_identity_beside(scope, &payee, &points)?;
        Ok((voice, Some((points, facts))))
    }

    fn decide(&self, (voice, found): Self::State, _: &Env) -> Result<Decision<AnswerClass, ListedContacts>, Refusal> {
        own::require_self(&self.actor, voice, Assurance::Substantial)?;
        let (points, facts) = found.ok_or(LookUpRefusal::PayeeUnknown)?;
        let is_own = self.actor.role() == Role::Citizen;
        let view = |stood: &Stood| PointView {
            kind: stood.point.kind().to_owned(),
            value: if is_own { stood.point.reveal().map(str::to_owned) } else { stood.point.masked() },
            from: stood.from.to_string(),
            until: stood.until.map(|until| until.to_string()),
        };
        // In a word: whether any point stands.
        let stands = points.iter().any(|stood| stood.until.is_none());
        let answer = if stands { AnswerClass::InForce } else { AnswerClass::None };
        let listed = ListedContacts {
            payee: self.payee.reveal(),
            points: points.iter().map(view).collect(),
            identity: facts.view(),
        };
        let logged = if is_own { vec![] } else { vec![answer] };
        Ok(Decision::of(logged, json!({ "payee": self.payee.reveal() }), listed))
    }

    fn save(&self, scope: &Scope<'_>, answers: &[AnswerClass], entry: Entry) -> Result<Vec<Rows>, Error> {
        if answers.is_empty() {
            return Ok(vec![]);
        }
        log(scope, entry, &self.actor, self.payee.key(scope.vault), AskKind::Contacts, answers)
    }
}
