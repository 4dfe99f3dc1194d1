use crate::message::{MessageRefusal, check_id};
use crate::{policy, store};
use kernel::journal::{Entry, Rows};
use kernel::{Blind, Command, Decision, Env, Error, Operation, Refusal, Scope, Timestamp, Vault};
use std::collections::BTreeSet;

/// Takes a signed message for used: the same client's same id is refused from now on, on any process. By itself it is a command;
/// where the message wants something done, it is used in the same transaction (see [`Used`]).
///
/// Whoever only copied a message must write nothing: refuse what [`UseOnce::ask`] refuses before anything is executed.
pub struct UseOnce {
    key: Blind,
    id: String,
    expires: Timestamp,
}

impl UseOnce {
    /// The message that this client, by the name that it acts under, calls `id`. It must be known until `expires`: what
    /// [`crate::message::check_time`] said.
    ///
    /// # Errors
    /// [`MessageRefusal::Id`].
    pub fn new(vault: &Vault, client: &str, id: &str, expires: Timestamp) -> Result<Self, MessageRefusal> {
        check_id(id)?;
        Ok(Self { key: store::used_once::message_key(vault, client, id), id: id.to_owned(), expires })
    }

    /// The client's own id of it: what it can be asked about later.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the message would be taken, from what a snapshot holds. Nothing is written.
    ///
    /// # Errors
    /// The refusal, or the store's.
    pub fn ask(&self, scope: &Scope<'_>, now: Timestamp) -> Result<(), Error> {
        Ok(Used::load(scope, [self])?.check(self, now)?)
    }
}

/// Which of some messages were used before.
pub struct Used(BTreeSet<Blind>);

impl Used {
    /// What the store knows of these.
    ///
    /// # Errors
    /// The store's.
    pub fn load<'m>(scope: &Scope<'_>, messages: impl IntoIterator<Item = &'m UseOnce>) -> Result<Self, Error> {
        store::used_once::find_many(scope.tx, messages.into_iter().map(|message| message.key).collect()).map(Self)
    }

    /// Whether one can be taken.
    ///
    /// # Errors
    /// [`MessageRefusal::Time`], [`MessageRefusal::Replayed`].
    pub fn check(&self, message: &UseOnce, now: Timestamp) -> Result<(), MessageRefusal> {
        if message.expires <= now {
            return Err(MessageRefusal::Time);
        }
        if self.0.contains(&message.key) { Err(MessageRefusal::Replayed) } else { Ok(()) }
    }

    /// Takes one for used.
    ///
    /// # Errors
    /// As [`Used::check`].
    pub fn take(&mut self, message: &UseOnce, now: Timestamp) -> Result<(), MessageRefusal> {
        self.check(message, now)?;
        self.0.insert(message.key);
        Ok(())
    }

    /// Keeps those that were taken.
    ///
    /// # Errors
    /// The store's.
    pub fn save<'m>(scope: &Scope<'_>, taken: impl IntoIterator<Item = &'m UseOnce>) -> Result<(), Error> {
        store::used_once::insert_many(scope.tx, taken.into_iter().map(|message| (&message.key, message.expires)))
    }
}

impl Command for UseOnce {
    const OPERATION: Operation = policy::USE_MESSAGE;
    const READS_JOURNAL: bool = false;
    type State = Used;
    type Change = ();
    type Output = ();

    fn load(&self, scope: &Scope<'_>) -> Result<Used, Error> {
        Used::load(scope, [self])
    }

    fn decide(&self, mut used: Used, env: &Env) -> Result<Decision<(), ()>, Refusal> {
        used.take(self, env.now)?;
        Ok(Decision::of(vec![], serde_json::json!({ "message": self.id }), ()))
    }

    fn save(&self, scope: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Used::save(scope, [self])?;
        Ok(vec![])
    }
}
