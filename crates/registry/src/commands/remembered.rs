//! A command that came in a mapper's message: what became of each entry is remembered, in the transaction that did it.

use crate::ask::Map;
use crate::commands::{AskMany, ChangeAccounts, ChangeAnswer};
use crate::message::{Message, MessageId, MessageKind, Outcome};
use crate::store;
use crate::store::message::NewMessage;
use kernel::journal::Rows;
use kernel::{Actor, Blind, Decided, Decision, Env, Error, Joint, Once, Operation, Refusal, Scope, Vault};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// A command of which a message's entries were made.
pub trait Entries: Joint {
    /// What became of each, in their order.
    fn outcomes(output: &Self::Output) -> impl Iterator<Item = Outcome>;
}

impl Entries for AskMany<Map> {
    fn outcomes(output: &Self::Output) -> impl Iterator<Item = Outcome> {
        output.iter().map(|answer| Outcome::Told(answer.state))
    }
}

impl Entries for ChangeAccounts {
    fn outcomes(output: &Self::Output) -> impl Iterator<Item = Outcome> {
        output.iter().map(|answer| match answer {
            ChangeAnswer::Done | ChangeAnswer::Unchanged => Outcome::Done,
            ChangeAnswer::Held(name) => Outcome::Held(name.clone()),
            ChangeAnswer::Refused(refusal) => Outcome::from(&Refusal::from(*refusal)),
        })
    }
}

/// A message and the command that it came to.
pub struct Remembered<C> {
    /// The command.
    pub command: C,
    client: String,
    kind: MessageKind,
    transaction: (String, Blind),
    entries: Vec<(String, Option<Outcome>)>,
}

impl<C> Remembered<C> {
    /// The message that its client calls `transaction`. Of its entries, those without an outcome are the command's, in its order; the
    /// others were refused before.
    #[must_use]
    pub fn new(
        vault: &Vault,
        command: C,
        client: &Actor,
        kind: MessageKind,
        transaction: &str,
        entries: Vec<(String, Option<Outcome>)>,
    ) -> Self {
        let client = client.name().to_owned();
        let key = store::message::transaction_key(vault, &client, transaction);
        Self { command, client, kind, transaction: (transaction.to_owned(), key), entries }
    }

    fn message(&self, mut outcomes: impl Iterator<Item = Outcome>) -> Message {
        let entries = self.entries.iter().filter_map(|(reference, outcome)| {
            let outcome = outcome.clone().or_else(|| outcomes.next())?;
            Some((reference.clone(), outcome))
        });
        Message { transaction: self.transaction.0.clone(), entries: entries.collect() }
    }
}

/// What a message is answered.
#[derive(Serialize, Deserialize)]
pub struct Reply<O> {
    /// Our name for the message.
    pub name: String,
    /// The command's own.
    pub output: O,
}

/// What a message leaves behind.
pub struct Recalled<Change> {
    /// The command's own, which are taken when they are saved.
    changes: Cell<Vec<Change>>,
    id: MessageId,
    message: Message,
}

impl<C: Entries> Joint for Remembered<C> {
    const OPERATION: Operation = C::OPERATION;
    const READS_JOURNAL: bool = C::READS_JOURNAL;
    type State = C::State;
    type Change = Recalled<C::Change>;
    type Output = Reply<C::Output>;

    fn once(&self) -> Option<Once> {
        self.command.once()
    }

    fn load(scope: &Scope<'_>, messages: &[&Self]) -> Result<C::State, Error> {
        C::load(scope, &messages.iter().map(|message| &message.command).collect::<Vec<_>>())
    }

    fn decide(&self, state: &mut C::State, env: &Env) -> Result<Decision<Self::Change, Self::Output>, Refusal> {
        let Decision { changes, facts, output } = self.command.decide(state, env)?;
        let (id, message): (MessageId, _) = (env.id(), self.message(C::outcomes(&output)));
        let change = Recalled { changes: Cell::new(changes), id, message };
        // That nothing changed is to be remembered, too.
        let facts = facts.unwrap_or_else(|| serde_json::json!({}));
        Ok(Decision::of(vec![change], facts, Reply { name: id.name(), output }))
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let mut messages = Vec::with_capacity(decided.len());
        for Decided { command, changes, .. } in decided {
            messages.extend(changes.iter().map(|Recalled { id, message, .. }| NewMessage {
                id: *id,
                client: &command.client,
                kind: command.kind,
                transaction: &command.transaction.1,
                message,
            }));
        }
        store::message::insert_many(scope, messages)?;
        let commands = decided.iter().map(|Decided { command, entry, changes }| {
            let changes = changes.iter().flat_map(|change| change.changes.take()).collect();
            Decided { command: &command.command, entry: *entry, changes }
        });
        C::save(scope, &commands.collect::<Vec<_>>())
    }
}
