//! What went wrong on the server, in words, and what is to be done about it.

use crate::{Conflict, Error, Refusal, StoreError};
use ::postgres::error::SqlState;
use std::error::Error as _;
use std::io;

/// What may go better when it is done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another transaction was first.
    Conflict,
    /// The connection is gone, or the server is not ready.
    Lost,
    /// The tables are not those for which statements were prepared.
    Stale,
}

/// The error to tell, and whether to try again. It repeats nothing that the server says of rows and values.
pub(super) fn explain(doing: &str, error: &::postgres::Error) -> (Error, Option<Trouble>) {
    let Some(told) = error.as_db_error() else { return explain_unsaid(doing, error) };
    let cause = format!("{} [{}]", told.message(), told.code().code());
    let refusal = |code, text: &str| (Refusal { code, text: text.to_owned(), retry_after_seconds: None }.into(), None);
    match told.code() {
        code if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code) => {
            (busy(), Some(Trouble::Conflict))
        }
        code if [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME].contains(code) => {
            let text = format!("the store's tables were changed meanwhile ({doing}); try again");
            (Conflict(text).into(), Some(Trouble::Stale))
        }
        // It has waited long enough already.
        code if *code == SqlState::LOCK_NOT_AVAILABLE => (busy(), None),
        code if *code == SqlState::INVALID_PASSWORD || code.code().starts_with("28") => {
            refusal("store.password", "the database server does not accept this user and password")
        }
        code if *code == SqlState::INVALID_CATALOG_NAME => {
            refusal("store.no_database", "the database server has no database of this name")
        }
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => (
            StoreError::new(format!("the store does not allow this ({doing})"), cause)
                .with_code("store.forbidden")
                .into(),
            None,
        ),
        code if *code == SqlState::DISK_FULL => {
            (StoreError::new("the disk that holds the store is full", cause).with_code("store.full").into(), None)
        }
        code if *code == SqlState::QUERY_CANCELED => {
            let text = format!("the database server did not finish in time ({doing})");
            (StoreError::new(text, cause).with_code("store.timeout").into(), None)
        }
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
            let text = "the database server does not let anything be written: name the one that is no standby";
            (StoreError::new(text, cause).with_code("store.read_only").into(), None)
        }
        code if is_lost(code) => (unreachable_server(cause), Some(Trouble::Lost)),
        code if *code == SqlState::UNIQUE_VIOLATION => {
            (Conflict(format!("somebody else was first ({doing})")).into(), None)
        }
        _ => (StoreError::new(format!("the store failed ({doing})"), cause).into(), None),
    }
}

/// The server took the connection and said nothing.
pub(super) fn silent() -> Error {
    unreachable_server("it did not answer".to_owned())
}

fn busy() -> Error {
    Conflict("other processes kept the store busy; try again".to_owned()).into()
}

/// The server shuts down or starts, takes no more connections, or ended this one.
fn is_lost(code: &SqlState) -> bool {
    let codes = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    // What it does not understand it does not understand the next time either.
    codes.contains(code) || (code.code().starts_with("08") && *code != SqlState::PROTOCOL_VIOLATION)
}

/// The server itself said nothing: it was not reached, it went away, or the driver refused.
fn explain_unsaid(doing: &str, error: &::postgres::Error) -> (Error, Option<Trouble>) {
    let source = error.source();
    let text = source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    let broken = source.and_then(|source| source.downcast_ref::<io::Error>());
    // The driver has no other way to say what kind of error it is. A certificate that is not trusted is invalid data; what
    // else breaks off in the middle of that conversation is the server's going away.
    if error.to_string().contains("TLS") && broken.is_none_or(|broken| broken.kind() == io::ErrorKind::InvalidData) {
        let text = "no encrypted connection to a database server that is trusted could be made; see sslmode";
        return (
            StoreError::new(text, source.map_or_else(String::new, ToString::to_string)).with_code("store.tls").into(),
            None,
        );
    }
    if error.is_closed() || broken.is_some() {
        return (unreachable_server(text), Some(Trouble::Lost));
    }
    // Nor that the server asked for a password.
    if text.contains("password") {
        let text = "the database server asks for a password; write it into the URL".to_owned();
        return (Refusal { code: "store.password", text, retry_after_seconds: None }.into(), None);
    }
    (StoreError::new(format!("the store failed ({doing})"), text).into(), None)
}

fn unreachable_server(cause: String) -> Error {
    StoreError::new("the database server cannot be reached", cause).with_code("store.unreachable").into()
}
