//! A mapper's message that asks about payees. It is one request, and what became of it is remembered.

use crate::ask::{Map, MapAnswer};
use crate::commands::{AskMany, AskState, LoggedAnswers};
use crate::message::{Message, MessageId, MessageKind, Outcome};
use crate::store;
use crate::store::message::NewMessage;
use kernel::journal::Rows;
use kernel::{Blind, Decided, Decision, Env, Error, Joint, Operation, Refusal, Scope, Vault};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// A message, with its questions.
pub struct MapMany {
    ask: AskMany<Map>,
    client: String,
    transaction: (String, Blind),
    entries: Vec<(String, Option<Outcome>)>,
}

impl MapMany {
    /// The message that its client calls `transaction`. Of its entries, those without an outcome are the questions of `ask`, in
    /// their order; the others were refused before.
    #[must_use]
    pub fn new(vault: &Vault, ask: AskMany<Map>, transaction: &str, entries: Vec<(String, Option<Outcome>)>) -> Self {
        let client = ask.client().name().to_owned();
        let key = store::message::transaction_key(vault, &client, transaction);
        Self { ask, client, transaction: (transaction.to_owned(), key), entries }
    }

    /// As [`AskMany::look_before`].
    ///
    /// # Errors
    /// The store's.
    pub fn look_before(&mut self, scope: &Scope<'_>) -> Result<(), Error> {
        self.ask.look_before(scope)
    }

    fn outcome(&self, answers: &[MapAnswer]) -> Message {
        let mut told = answers.iter().map(|answer| Outcome::Told(answer.state));
        let entries = self.entries.iter().filter_map(|(reference, outcome)| {
            let outcome = outcome.clone().or_else(|| told.next())?;
            Some((reference.clone(), outcome))
        });
        Message { transaction: self.transaction.0.clone(), entries: entries.collect() }
    }
}

/// The answers to a message.
#[derive(Default, Serialize, Deserialize)]
pub struct Mapped {
    /// Our name for the message.
    pub message: i64,
    /// One for each question, in their order.
    pub answers: Vec<MapAnswer>,
}

/// What a message leaves behind.
pub struct LoggedMessage {
    /// Taken when it is saved.
    logged: Cell<Vec<LoggedAnswers>>,
    id: MessageId,
    message: Message,
}

impl Joint for MapMany {
    const OPERATION: Operation = <AskMany<Map> as Joint>::OPERATION;
    const READS_JOURNAL: bool = false;
    type State = AskState;
    type Change = LoggedMessage;
    type Output = Mapped;

    fn load(scope: &Scope<'_>, messages: &[&Self]) -> Result<AskState, Error> {
        AskMany::load(scope, &messages.iter().map(|message| &message.ask).collect::<Vec<_>>())
    }

    fn decide(&self, state: &mut AskState, env: &Env) -> Result<Decision<LoggedMessage, Mapped>, Refusal> {
        let Decision { changes, facts, output } = self.ask.decide(state, env)?;
        let id: MessageId = env.id();
        let change = LoggedMessage { logged: Cell::new(changes), id, message: self.outcome(&output) };
        Ok(Decision { changes: vec![change], facts, output: Mapped { message: id.number(), answers: output } })
    }

    fn save(scope: &Scope<'_>, decided: &[Decided<'_, Self>]) -> Result<Vec<Vec<Rows>>, Error> {
        let mut messages = Vec::with_capacity(decided.len());
        for Decided { command, changes, .. } in decided {
            messages.extend(changes.iter().map(|LoggedMessage { id, message, .. }| NewMessage {
                id: *id,
                client: &command.client,
                kind: MessageKind::Resolve,
                transaction: &command.transaction.1,
                message,
            }));
        }
        store::message::insert_many(scope, messages)?;
        let asked = decided.iter().map(|Decided { command, entry, changes }| {
            let changes = changes.iter().flat_map(|change| change.logged.take()).collect();
            Decided { command: &command.ask, entry: *entry, changes }
        });
        AskMany::save(scope, &asked.collect::<Vec<_>>())
    }
}
