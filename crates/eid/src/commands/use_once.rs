use crate::message::{MessageRefusal, check_id};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp};

/// Takes a signed message for used: the same client's same id is refused from now on, on any process. Run it in one group with
/// what the message wants, so that one sync serves both.
///
/// Whoever only copied a message must write nothing: refuse what [`UseOnce::ask`] refuses before anything is executed.
pub struct UseOnce<'m> {
    /// The client, by the name that it acts under.
    pub client: &'m str,
    /// The message's id.
    pub id: &'m str,
    /// Until when the id must be known: what [`crate::message::check_time`] said.
    pub expires: Timestamp,
}

impl UseOnce<'_> {
    /// Whether the message would be taken, from what a snapshot holds. Nothing is written.
    ///
    /// # Errors
    /// The refusal, or the store's.
    pub fn ask(&self, scope: &Scope<'_>, now: Timestamp) -> Result<(), Error> {
        Ok(self.check(self.load(scope)?.1, now)?)
    }

    fn check(&self, is_used: bool, now: Timestamp) -> Result<(), MessageRefusal> {
        check_id(self.id)?;
        if self.expires <= now {
            return Err(MessageRefusal::Time);
        }
        if is_used { Err(MessageRefusal::Replayed) } else { Ok(()) }
    }
}

impl Command for UseOnce<'_> {
    const OPERATION: Operation = policy::USE_MESSAGE;
    const READS_JOURNAL: bool = false;
    /// Its place, and whether it is taken.
    type State = (Blind, bool);
    type Change = Blind;
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Self::State, Error> {
        let key = store::used_once::message_key(scope.vault, self.client, self.id);
        Ok((key, store::used_once::is_used(scope, &key)?))
    }

    fn decide(&self, (key, is_used): Self::State, env: &Env) -> Result<Decision<Blind, ()>, Refusal> {
        self.check(is_used, env.now)?;
        // The client's own id of it: what it can be asked about later.
        Ok(Decision::of(vec![key], serde_json::json!({ "message": self.id }), ()))
    }

    fn save(&self, scope: &Scope<'_>, changes: &[Blind], _: Entry) -> Result<Vec<Rows>, Error> {
        for key in changes {
            store::used_once::insert(scope.tx, key, self.expires)?;
        }
        Ok(vec![])
    }
}
