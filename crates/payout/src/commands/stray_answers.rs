//! Takes an answer off the work list, of which nobody knew what it is about: somebody has looked, and says it.

use crate::policy;
use crate::recall::RecallRefusal;
use crate::store;
use crate::store::stray::End;
use crate::stray_answer::StrayAnswer;
use kernel::journal::{Entry, Rows};
use kernel::{Command, Decision, Env, Error, Id, Operation, Refusal, Scope};
use registry::officer::require_why;

/// What somebody says of an answer on the work list. Nothing follows from it: what is to be booked comes in a message that names its payment.
pub struct SettleAnswer {
    /// The answer, by name.
    pub answer: String,
    /// What it was about.
    pub why: String,
    /// Who says so, as the journal names them.
    pub by: String,
}

/// One that is on the list, and whether somebody has looked at it.
type Found = Option<(Id<StrayAnswer>, bool)>;

impl Command for SettleAnswer {
    const OPERATION: Operation = policy::SETTLE_ANSWER;
    type State = Found;
    type Change = Id<StrayAnswer>;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Found, Error> {
        let Some(id) = Id::parse_name(&self.answer) else { return Ok(None) };
        match store::stray::find::<StrayAnswer>(scope, id)? {
            Some(_) => Ok(Some((id, store::stray::has_ended(scope.tx, id)?))),
            None => Ok(None),
        }
    }

    fn decide(&self, found: Found, _: &Env) -> Result<Decision<Id<StrayAnswer>, ()>, Refusal> {
        require_why(&self.why).map_err(RecallRefusal::from)?;
        match found {
            None => Err(RecallRefusal::AnswerUnknown.into()),
            Some((_, true)) => Err(RecallRefusal::AnswerSettled.into()),
            Some((id, false)) => Ok(Decision::of(vec![id], serde_json::json!({ "answer": id.name() }), ())),
        }
    }

    fn save(&self, scope: &Scope<'_>, settled: &[Id<StrayAnswer>], entry: Entry) -> Result<Vec<Rows>, Error> {
        let mut rows = Vec::new();
        for answer in settled {
            let end = End::of(*answer, None, &self.by, &self.why);
            rows.push(store::stray::insert_end(scope, &end, entry)?);
        }
        Ok(rows)
    }
}
