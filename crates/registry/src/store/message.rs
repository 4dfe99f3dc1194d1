//! What became of messages. Not the journal's: what a message did has its own rows and entries, and this is forgotten when nobody
//! can ask for it any more.

use crate::message::{MESSAGE_DAYS, MESSAGES_SOUGHT, Message, MessageId, MessageKind};
use kernel::{Blind, Domain, Env, Error, Id, Row, Scope, StoreError, Timestamp, Tx, Vault, statements};

statements! {
    INSERT = "mapper_message.insert":
        "INSERT INTO mapper_message (id, client, kind, transaction_key, message) VALUES ($1, $2, $3, $4, $5)";
    FIND = "mapper_message.find":
        "SELECT id, message FROM mapper_message WHERE id = $1 AND client = $2 AND kind = $3";
    OF_TRANSACTION = "mapper_message.of_transaction":
        "SELECT id, message FROM mapper_message WHERE transaction_key = $1 AND kind = $2 ORDER BY id DESC LIMIT 1";
    NEWEST = "mapper_message.newest":
        "SELECT id, message FROM mapper_message WHERE client = $1 AND kind = $2 ORDER BY id DESC LIMIT $3";
    OLDEST = "mapper_message.oldest": "SELECT id FROM mapper_message WHERE id < $1 ORDER BY id LIMIT 1000";
    DELETE = "mapper_message.delete": "DELETE FROM mapper_message WHERE id <= $1";
}

const MESSAGE_COLUMN: &str = "mapper_message.message";

/// The key of a client's name for a message.
pub(crate) fn transaction_key(vault: &Vault, client: &str, transaction: &str) -> Blind {
    // No client's name has a colon that could begin a transaction.
    vault.blind(Domain("mapper_message.transaction"), &format!("{}:{client}:{transaction}", client.len()))
}

/// A message that is new.
pub(crate) struct NewMessage<'m> {
    pub(crate) id: MessageId,
    pub(crate) client: &'m str,
    pub(crate) kind: MessageKind,
    pub(crate) transaction: &'m Blind,
    pub(crate) message: &'m Message,
}

pub(crate) fn insert_many<'m>(
    scope: &Scope<'_>,
    messages: impl IntoIterator<Item = NewMessage<'m>>,
) -> Result<(), Error> {
    let seal = |new: NewMessage<'m>| {
        let json = serde_json::to_vec(new.message)
            .map_err(|error| Error::failed("what became of a message could not be written")(error.into()))?;
        Ok((scope.vault.seal(MESSAGE_COLUMN, new.id, &json)?, new))
    };
    let sealed: Vec<_> = messages.into_iter().map(seal).collect::<Result<_, Error>>()?;
    scope.tx.run_many(
        &INSERT,
        sealed.iter().map(|(sealed, new)| {
            [new.id.into(), new.client.into(), new.kind.code().into(), new.transaction.into(), sealed.into()]
        }),
    )
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<(MessageId, Message), Error> {
    let id: MessageId = Id::new(row.int(0)?);
    let opened = scope.vault.open(MESSAGE_COLUMN, id, row.bytes(1)?)?;
    let message = serde_json::from_slice(&opened)
        .map_err(|_| StoreError::damaged(format!("{MESSAGE_COLUMN} of row {id:?} cannot be read")))?;
    Ok((id, message))
}

/// The client's message of this name of ours.
pub(crate) fn find(
    scope: &Scope<'_>,
    client: &str,
    kind: MessageKind,
    id: MessageId,
) -> Result<Option<(MessageId, Message)>, Error> {
    scope.tx.optional(&FIND, &[id.into(), client.into(), kind.code().into()], |row| read(scope, row))
}

/// The newest message of this name of the client's.
pub(crate) fn of_transaction(
    scope: &Scope<'_>,
    key: &Blind,
    kind: MessageKind,
) -> Result<Option<(MessageId, Message)>, Error> {
    scope.tx.optional(&OF_TRANSACTION, &[key.into(), kind.code().into()], |row| read(scope, row))
}

/// The client's newest messages, the newest first.
pub(crate) fn newest(
    scope: &Scope<'_>,
    client: &str,
    kind: MessageKind,
    mut visit: impl FnMut(MessageId, Message) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.each(&NEWEST, &[client.into(), kind.code().into(), MESSAGES_SOUGHT.into()], |row| {
        let (id, message) = read(scope, row)?;
        visit(id, message)
    })
}

/// Removes some of what nobody can ask for at `now`; whether more is left.
pub(crate) fn sweep_some(tx: &Tx<'_>, now: Timestamp) -> Result<bool, Error> {
    // Ids are given by time.
    let before: MessageId = Env::new(now.minus_days(MESSAGE_DAYS), 0).id();
    let mut last = None;
    tx.each(&OLDEST, &[before.into()], |row| {
        last = Some(row.int(0)?);
        Ok(())
    })?;
    let Some(last) = last else { return Ok(false) };
    tx.run(&DELETE, &[last.into()])?;
    Ok(true)
}
