//! What was used and may not be used again. The key is blind: neither a client nor what it sent can be told from it.

use crate::client::Client;
use kernel::{Blind, Domain, Error, Id, Scope, Timestamp, Tx, Vault, statements};
use std::collections::BTreeSet;

statements! {
    INSERT = "used_once.insert": "INSERT INTO used_once (key, expires) VALUES ($1, $2)";
    FIND = "used_once.find": "SELECT expires FROM used_once WHERE key = $1";
    OLDEST = "used_once.oldest":
        "SELECT expires FROM used_once WHERE expires < $1 ORDER BY expires LIMIT 10000";
    DELETE = "used_once.delete": "DELETE FROM used_once WHERE expires <= $1";
}

/// The key of a client's assertion.
pub(crate) fn assertion_key(vault: &Vault, client: Id<Client>, jti: &str) -> Blind {
    vault.blind(Domain("used_once.assertion"), &format!("{}:{jti}", client.number()))
}

/// The key of an officer's assertion.
pub(crate) fn officer_key(vault: &Vault, name: &str, jti: &str) -> Blind {
    // No officer's name has a colon in it.
    vault.blind(Domain("used_once.officer"), &format!("{name}:{jti}"))
}

/// The key of a client's message.
pub(crate) fn message_key(vault: &Vault, client: &str, id: &str) -> Blind {
    // No client's name has a colon that could begin an id.
    vault.blind(Domain("used_once.message"), &format!("{}:{client}:{id}", client.len()))
}

pub(crate) fn is_used(scope: &Scope<'_>, key: &Blind) -> Result<bool, Error> {
    Ok(scope.tx.optional(&FIND, &[key.into()], |row| row.int(0))?.is_some())
}

/// Those of these that are used.
pub(crate) fn find_many(tx: &Tx<'_>, keys: BTreeSet<Blind>) -> Result<BTreeSet<Blind>, Error> {
    let keys: Vec<Blind> = keys.into_iter().collect();
    let mut used = BTreeSet::new();
    tx.look_up(&FIND, keys.iter().map(Into::into), |at, _| {
        used.insert(keys[at]);
        Ok(())
    })?;
    Ok(used)
}

pub(crate) fn insert_many<'k>(
    tx: &Tx<'_>,
    keys: impl IntoIterator<Item = (&'k Blind, Timestamp)>,
) -> Result<(), Error> {
    tx.run_many(&INSERT, keys.into_iter().map(|(key, expires)| [key.into(), expires.into()]))
}

pub(crate) fn insert(tx: &Tx<'_>, key: &Blind, expires: Timestamp) -> Result<(), Error> {
    tx.run(&INSERT, &[key.into(), expires.into()]).map(|_| ())
}

/// Removes some of what expired before `before`; whether more is left.
pub(crate) fn sweep_some(tx: &Tx<'_>, before: Timestamp) -> Result<bool, Error> {
    let mut last = None;
    tx.each(&OLDEST, &[before.into()], |row| {
        last = Some(row.int(0)?);
        Ok(())
    })?;
    let Some(last) = last else { return Ok(false) };
    tx.run(&DELETE, &[last.into()])?;
    Ok(true)
}
