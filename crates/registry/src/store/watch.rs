//! Accounts that are watched: those with more than a few payees. It follows from whose they are and were, and is not the journal's.

use crate::account::DesignatedAccount;
use crate::watch::Level;
use jiff::civil::Date;
use kernel::{Blind, Error, Row, Scope, Tx, statements};
use std::collections::BTreeMap;

statements! {
    INSERT = "account_watch.insert":
        "INSERT INTO account_watch (account_key, version, level, account) VALUES ($1, $2, $3, $4)";
    SET = "account_watch.update": "UPDATE account_watch SET version = $1, level = $2 WHERE account_key = $3";
    TOUCH = "account_watch.touch": "UPDATE account_watch SET version = $1 WHERE account_key = $2";
    LEVEL = "account_watch.level": "SELECT level FROM account_watch WHERE account_key = $1";
    ACCOUNT = "account_watch.account": "SELECT account FROM account_watch WHERE account_key = $1";
    NEWEST = "account_watch.newest": "SELECT COALESCE(MAX(version), 0) FROM account_watch";
    SINCE = "account_watch.since":
        "SELECT account_key, version, level, account FROM account_watch WHERE version > $1 ORDER BY version LIMIT 1000000";
    ALL = "account_watch.all":
        "SELECT account_key FROM account_watch WHERE level > 0 ORDER BY account_key LIMIT 1000000";
    OVER = "account_watch.over":
        "SELECT account_key, version, level, account FROM account_watch WHERE level > 1 AND account_key > $1
         ORDER BY account_key LIMIT $2";
    PASS = "account_watch_pass.find": "SELECT day, limits FROM account_watch_pass WHERE id = $1";
    INSERT_PASS = "account_watch_pass.insert": "INSERT INTO account_watch_pass (id, day, limits) VALUES ($1, $2, $3)";
    SET_PASS = "account_watch_pass.update": "UPDATE account_watch_pass SET day = $1, limits = $2 WHERE id = $3";
}

const ACCOUNT_COLUMN: &str = "account_watch.account";
const THE_PASS: i64 = 1;

/// One account that is or was watched.
pub(crate) struct WatchRow {
    pub(crate) key: Blind,
    /// It grows whenever anything changes that counts for payments to the account.
    pub(crate) version: i64,
    pub(crate) level: Level,
    pub(crate) account: DesignatedAccount,
}

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<WatchRow, Error> {
    let key = Blind::from_bytes(row.array(0)?);
    Ok(WatchRow {
        key,
        version: row.int(1)?,
        level: Level::from_code(row.int(2)?).ok_or_else(|| row.broken(2))?,
        account: open(scope, &key, row, 3)?,
    })
}

fn open(scope: &Scope<'_>, key: &Blind, row: &Row<'_>, column: usize) -> Result<DesignatedAccount, Error> {
    let opened = scope.vault.open(ACCOUNT_COLUMN, key, row.bytes(column)?)?;
    let account = std::str::from_utf8(&opened).ok().and_then(DesignatedAccount::from_text);
    account.ok_or_else(|| row.broken(column).into())
}

/// What is noted of accounts, by their sorted keys; none of those that were never watched.
pub(crate) fn levels(tx: &Tx<'_>, accounts: &[Blind]) -> Result<Vec<Option<Level>>, Error> {
    let mut found = vec![None; accounts.len()];
    tx.look_up(&LEVEL, accounts.iter().map(Into::into), |at, row| {
        found[at] = Some(Level::from_code(row.int(0)?).ok_or_else(|| row.broken(0))?);
        Ok(())
    })?;
    Ok(found)
}

/// An account that is or was watched.
pub(crate) fn account_of(scope: &Scope<'_>, key: &Blind) -> Result<Option<DesignatedAccount>, Error> {
    scope.tx.optional(&ACCOUNT, &[key.into()], |row| open(scope, key, row, 0))
}

/// The version of whatever changed last.
pub(crate) fn newest(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&NEWEST, &[], |row| row.int(0))
}

/// Notes accounts for the first time, and others anew.
pub(crate) fn set_many(
    scope: &Scope<'_>,
    new: &BTreeMap<Blind, (Level, DesignatedAccount)>,
    moved: &BTreeMap<Blind, Level>,
) -> Result<(), Error> {
    let mut version = newest(scope.tx)?;
    let mut next = || {
        version += 1;
        version
    };
    let mut inserted = Vec::with_capacity(new.len());
    for (key, (level, account)) in new {
        let sealed = scope.vault.seal(ACCOUNT_COLUMN, key, account.to_text().as_bytes())?;
        inserted.push((key, next(), *level, sealed));
    }
    let values = inserted
        .iter()
        .map(|(key, version, level, sealed)| [(*key).into(), (*version).into(), level.code().into(), sealed.into()]);
    scope.tx.run_many(&INSERT, values)?;
    let moved: Vec<_> = moved.iter().map(|(key, level)| (next(), *level, key)).collect();
    scope.tx.run_many(
        &SET,
        moved.iter().map(|(version, level, key)| [(*version).into(), level.code().into(), (*key).into()]),
    )
}

/// Something else than its payees changed that counts for payments to an account.
pub(crate) fn touch(tx: &Tx<'_>, account: &Blind) -> Result<(), Error> {
    let next = newest(tx)? + 1;
    tx.run(&TOUCH, &[next.into(), account.into()]).map(|_| ())
}

/// The same of one that may never have been watched.
pub(crate) fn note(scope: &Scope<'_>, key: &Blind, account: &DesignatedAccount) -> Result<(), Error> {
    if levels(scope.tx, std::slice::from_ref(key))?.into_iter().flatten().next().is_some() {
        return touch(scope.tx, key);
    }
    set_many(scope, &BTreeMap::from([(*key, (Level::Not, *account))]), &BTreeMap::new())
}

/// What changed after a version, in that order.
pub(crate) fn since(scope: &Scope<'_>, version: i64) -> Result<Vec<WatchRow>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&SINCE, &[version.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Every account that is watched.
pub(crate) fn all(tx: &Tx<'_>) -> Result<Vec<Blind>, Error> {
    let mut found = Vec::new();
    tx.each(&ALL, &[], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// Accounts that are over a limit, in the order of their keys, after one of them.
pub(crate) fn over(scope: &Scope<'_>, after: Option<&Blind>, limit: usize) -> Result<Vec<WatchRow>, Error> {
    let after = after.map_or(&[][..], |after| after.as_bytes().as_slice());
    let (mut found, limit) = (Vec::new(), i64::try_from(limit).unwrap_or(i64::MAX));
    scope.tx.each(&OVER, &[after.into(), limit.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// On which day all accounts were gone through last, and with which limits.
pub(crate) fn pass(tx: &Tx<'_>) -> Result<Option<(i64, String)>, Error> {
    tx.optional(&PASS, &[THE_PASS.into()], |row| Ok((row.int(0)?, row.text(1)?.to_owned())))
}

/// They were gone through.
pub(crate) fn set_pass(tx: &Tx<'_>, today: Date, limits: &str) -> Result<(), Error> {
    let today = crate::day::number(today);
    if pass(tx)?.is_none() {
        tx.run(&INSERT_PASS, &[THE_PASS.into(), today.into(), limits.into()])?;
    } else {
        tx.run(&SET_PASS, &[today.into(), limits.into(), THE_PASS.into()])?;
    }
    Ok(())
}
