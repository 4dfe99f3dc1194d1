//! Who left an account: with whose it is now and who was paid to it, how many payees it has had within a time. Of nobody is more kept than a
//! pseudonym, and nothing is forgotten when an account is closed.

use kernel::journal::{first_row_of, size_at};
use kernel::{Blind, Error, Timestamp, Tx, Value, statements};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    INSERT_LEFT = "account_left.insert":
        "INSERT INTO account_left (account_key, designation, payee, until) VALUES ($1, $2, $3, $4)";
    // Whose it is, who left it and who was paid to it since: each once.
    POINTING = "account_left.pointing":
        "SELECT COUNT(*) FROM (SELECT payee FROM account_holder WHERE account_key = $1
                               UNION SELECT payee FROM account_left WHERE account_key = $2 AND until > $3
                               UNION SELECT payee FROM account_paid WHERE account_key = $4 AND id >= $5
                               LIMIT $6) AS pointing";
    POINTING_PAYEES = "account_left.pointing_payees":
        "SELECT payee FROM account_holder WHERE account_key = $1
         UNION SELECT payee FROM account_left WHERE account_key = $2 AND until > $3
         UNION SELECT payee FROM account_paid WHERE account_key = $4 AND id >= $5 ORDER BY payee LIMIT $6";
    WHO = "account_left.who":
        "SELECT payee FROM account_holder WHERE account_key = $1
         UNION SELECT payee FROM account_left WHERE account_key = $2 AND until > $3 ORDER BY payee LIMIT $4";
    LEAVERS = "account_left.leavers":
        "SELECT payee, until FROM account_left WHERE account_key = $1 AND until > $2 ORDER BY until LIMIT 10000";
    SOME_HOLDERS = "account_holder.some":
        "SELECT COUNT(*) FROM (SELECT DISTINCT payee FROM account_holder WHERE account_key = $1 LIMIT 50) AS payees";
    SOME_LEFT = "account_left.some":
        "SELECT COUNT(*) FROM (SELECT designation FROM account_left WHERE account_key = $1 LIMIT 50) AS payees";
    LEFT_BY_MANY = "account_left.by_many":
        "SELECT account_key FROM account_left WHERE until > $1 GROUP BY account_key HAVING COUNT(*) >= $2
         ORDER BY account_key LIMIT 1000000";
    ANY_LEFT = "account_left.any_of":
        "SELECT designation FROM account_left WHERE account_key = $1 ORDER BY designation DESC LIMIT 1";
    PAGE = "account_left.page":
        "SELECT account_key, designation, payee, until FROM account_left WHERE (account_key, designation) > ($1, $2)
         ORDER BY account_key, designation LIMIT $3";
}

/// That a payee left an account: by which row of their history, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Left {
    pub(crate) account: Blind,
    pub(crate) designation: i64,
    pub(crate) payee: Blind,
    pub(crate) until: Timestamp,
}

/// Notes who left.
pub(crate) fn leave_many(tx: &Tx<'_>, left: &[Left]) -> Result<(), Error> {
    let values = left
        .iter()
        .map(|left| [(&left.account).into(), left.designation.into(), (&left.payee).into(), left.until.into()]);
    tx.run_many(&INSERT_LEFT, values)
}

/// How many payees have an account, or left it or were paid to it after a moment, counted up to `most`.
pub(crate) fn count(tx: &Tx<'_>, account: &Blind, since: Timestamp, most: u64) -> Result<u64, Error> {
    Ok(tx.one(&POINTING, &pointing(tx, account, since, most)?, |row| row.int(0))?.unsigned_abs())
}

/// How many they are with some more.
pub(crate) fn count_with(
    tx: &Tx<'_>,
    account: &Blind,
    since: Timestamp,
    most: u64,
    more: &BTreeSet<Blind>,
) -> Result<u64, Error> {
    let mut all = more.clone();
    tx.each(&POINTING_PAYEES, &pointing(tx, account, since, most)?, |row| {
        all.insert(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(all.len() as u64)
}

fn pointing<'v>(tx: &Tx<'_>, account: &'v Blind, since: Timestamp, most: u64) -> Result<[Value<'v>; 6], Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let from = first_row_of(size_at(tx, since)?);
    Ok([account.into(), account.into(), since.into(), account.into(), from.into(), most.into()])
}

/// Who has an account, or left it after a moment; at most `limit`.
pub(crate) fn who(tx: &Tx<'_>, account: &Blind, since: Timestamp, limit: i64) -> Result<Vec<Blind>, Error> {
    let mut found = Vec::new();
    tx.each(&WHO, &[account.into(), account.into(), since.into(), limit.into()], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// When payees left an account last, of those who left it after a moment.
pub(crate) fn leavers(tx: &Tx<'_>, account: &Blind, since: Timestamp) -> Result<BTreeMap<Blind, Timestamp>, Error> {
    let mut found = BTreeMap::new();
    tx.each(&LEAVERS, &[account.into(), since.into()], |row| {
        found.insert(Blind::from_bytes(row.array(0)?), Timestamp::from_micros(row.int(1)?));
        Ok(())
    })?;
    Ok(found)
}

/// About how many payees accounts have and had, by their sorted keys: never fewer, where they are few.
pub(crate) fn some(tx: &Tx<'_>, accounts: &[Blind]) -> Result<Vec<u64>, Error> {
    let mut found = vec![0; accounts.len()];
    for statement in [&SOME_HOLDERS, &SOME_LEFT] {
        tx.look_up(statement, accounts.iter().map(Into::into), |at, row| {
            found[at] += row.int(0)?.unsigned_abs();
            Ok(())
        })?;
    }
    Ok(found)
}

/// The accounts that so many payees left after a moment.
pub(crate) fn left_by(tx: &Tx<'_>, since: Timestamp, least: u64) -> Result<BTreeSet<Blind>, Error> {
    let mut found = BTreeSet::new();
    let least = i64::try_from(least).unwrap_or(i64::MAX);
    tx.each(&LEFT_BY_MANY, &[since.into(), least.into()], |row| {
        found.insert(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The row by which somebody left an account last.
pub(crate) fn any_left(tx: &Tx<'_>, account: &Blind) -> Result<Option<i64>, Error> {
    tx.optional(&ANY_LEFT, &[account.into()], |row| row.int(0))
}

/// Who left what, after a place, in its order.
pub(crate) fn page(tx: &Tx<'_>, after: Option<&Left>, limit: i64) -> Result<Vec<Left>, Error> {
    let (account, designation) =
        after.map_or((&[][..], 0), |left| (left.account.as_bytes().as_slice(), left.designation));
    let mut found = Vec::new();
    tx.each(&PAGE, &[account.into(), designation.into(), limit.into()], |row| {
        found.push(Left {
            account: Blind::from_bytes(row.array(0)?),
            designation: row.int(1)?,
            payee: Blind::from_bytes(row.array(2)?),
            until: Timestamp::from_micros(row.int(3)?),
        });
        Ok(())
    })?;
    Ok(found)
}
