//! What became of a client's messages.

use crate::message::{Message, MessageId, MessageKind};
use crate::{policy, store};
use kernel::{Actor, Connection, Error, Scope, Timestamp};
use std::collections::BTreeMap;

/// By what a client names what it asks about.
pub enum MessageName {
    /// Its own name for the message. Of several, the newest counts.
    Transaction(String),
    /// Our name for the message.
    Correlation(String),
    /// Its own names for entries, wherever they were. They are looked for in the newest messages; of several, the newest counts.
    References(Vec<String>),
}

/// What became of the client's own message of this kind, and our name for it. By references, the message has the entries that were
/// found, in the order in which they were named, and the names of the newest of the messages that they are of.
///
/// # Errors
/// The policy's refusal, or the store's.
pub fn message(
    scope: &Scope<'_>,
    actor: &Actor,
    kind: MessageKind,
    name: &MessageName,
) -> Result<Option<(MessageId, Message)>, Error> {
    policy::READ_MESSAGES.require(actor)?;
    let client = actor.name();
    match name {
        MessageName::Correlation(name) => match MessageId::parse_name(name) {
            Some(id) => store::message::find(scope, client, kind, id),
            None => Ok(None),
        },
        MessageName::Transaction(transaction) => {
            let key = store::message::transaction_key(scope.vault, client, transaction);
            store::message::of_transaction(scope, &key, kind)
        }
        MessageName::References(references) => of_references(scope, client, kind, references),
    }
}

fn of_references(
    scope: &Scope<'_>,
    client: &str,
    kind: MessageKind,
    references: &[String],
) -> Result<Option<(MessageId, Message)>, Error> {
    let mut sought: BTreeMap<&str, _> = references.iter().map(|reference| (reference.as_str(), None)).collect();
    let mut newest = None;
    store::message::newest(scope, client, kind, |id, message| {
        for (reference, outcome) in message.entries {
            if let Some(found @ None) = sought.get_mut(reference.as_str()) {
                *found = Some(outcome);
                newest.get_or_insert_with(|| (id, message.transaction.clone()));
            }
        }
        Ok(())
    })?;
    let Some((id, transaction)) = newest else { return Ok(None) };
    let found = references.iter().filter_map(|reference| {
        let outcome = sought.get_mut(reference.as_str())?.take()?;
        Some((reference.clone(), outcome))
    });
    Ok(Some((id, Message { transaction, entries: found.collect() })))
}

/// Forgets messages that nobody can ask for any more.
///
/// # Errors
/// The store's.
pub fn sweep_messages(connection: &mut Connection, now: Timestamp) -> Result<(), Error> {
    while connection.stage(|tx| store::message::sweep_some(tx, now))? {}
    Ok(())
}
