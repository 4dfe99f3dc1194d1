//! How many payees an account has: which account each history's newest row names, up to a place in the journal.

use kernel::{Blind, Error, Scope, Tx, statements};
use std::collections::BTreeSet;

statements! {
    INSERT = "account_holder.insert":
        "INSERT INTO account_holder (payee, purpose, account_key) VALUES ($1, $2, $3)";
    SET = "account_holder.update": "UPDATE account_holder SET account_key = $1 WHERE payee = $2 AND purpose = $3";
    OTHERS = "account_holder.others":
        "SELECT COUNT(*) FROM (SELECT DISTINCT payee FROM account_holder WHERE account_key = $1 AND payee <> $2
                               LIMIT $3) AS others";
    PAYEES = "account_holder.payees":
        "SELECT payee FROM account_holder WHERE account_key = $1 GROUP BY payee ORDER BY payee LIMIT 10001";
    PAYEES_AFTER = "account_holder.payees_after":
        "SELECT payee FROM account_holder WHERE account_key = $1 AND payee > $2 GROUP BY payee ORDER BY payee LIMIT $3";
    SHARED = "account_holder.shared":
        "SELECT account_key, COUNT(DISTINCT payee) AS payees FROM account_holder WHERE account_key IS NOT NULL
         GROUP BY account_key HAVING COUNT(DISTINCT payee) > $1 ORDER BY payees DESC, account_key LIMIT $2";
    WITH_MANY = "account_holder.with_many":
        "SELECT account_key FROM account_holder WHERE account_key IS NOT NULL
         GROUP BY account_key HAVING COUNT(DISTINCT payee) >= $1 ORDER BY account_key LIMIT 1000000";
    ANY_OF = "account_holder.any_of":
        "SELECT payee, purpose FROM account_holder WHERE account_key = $1 ORDER BY payee, purpose LIMIT 1";
    PAGE = "account_holder.page":
        "SELECT payee, purpose, account_key FROM account_holder WHERE (payee, purpose) > ($1, $2)
         ORDER BY payee, purpose LIMIT $3";
    PLACE = "account_holder_place.find": "SELECT COALESCE(MAX(position), 0) FROM account_holder_place";
    INSERT_PLACE = "account_holder_place.insert": "INSERT INTO account_holder_place (id, position) VALUES ($1, $2)";
    SET_PLACE = "account_holder_place.update": "UPDATE account_holder_place SET position = $1 WHERE id = $2";
}

const THE_PLACE: i64 = 1;

/// Whose account it is, and for what.
pub(crate) type History = (Blind, Option<Blind>);

fn bytes(purpose: Option<&Blind>) -> &[u8] {
    purpose.map_or(&[], |purpose| purpose.as_bytes())
}

fn read_purpose(row: &kernel::Row<'_>, column: usize) -> Result<Option<Blind>, Error> {
    Ok(if row.bytes(column)?.is_empty() { None } else { Some(Blind::from_bytes(row.array(column)?)) })
}

/// Up to which place the histories were folded.
pub(crate) fn place(tx: &Tx<'_>) -> Result<i64, Error> {
    tx.one(&PLACE, &[], |row| row.int(0))
}

/// They were folded up to another place now.
pub(crate) fn set_place(tx: &Tx<'_>, from: i64, to: i64) -> Result<(), Error> {
    let values = [to.into(), THE_PLACE.into()];
    if from == 0 {
        tx.run(&INSERT_PLACE, &[THE_PLACE.into(), to.into()])?;
    } else {
        tx.run(&SET_PLACE, &values)?;
    }
    Ok(())
}

/// Notes the accounts of histories that nothing was noted of.
pub(crate) fn insert_many<'h>(
    tx: &Tx<'_>,
    rows: impl IntoIterator<Item = (&'h History, &'h Option<Blind>)>,
) -> Result<(), Error> {
    let values = |((payee, purpose), account): (&'h History, &'h Option<Blind>)| {
        [payee.into(), bytes(purpose.as_ref()).into(), account.as_ref().into()]
    };
    tx.run_many(&INSERT, rows.into_iter().map(values))
}

/// Notes the accounts of histories anew.
pub(crate) fn set_many<'h>(
    tx: &Tx<'_>,
    rows: impl IntoIterator<Item = (&'h History, &'h Option<Blind>)>,
) -> Result<(), Error> {
    let values = |((payee, purpose), account): (&'h History, &'h Option<Blind>)| {
        [account.as_ref().into(), payee.into(), bytes(purpose.as_ref()).into()]
    };
    tx.run_many(&SET, rows.into_iter().map(values))
}

/// How many payees an account has beside one, counted up to `most`.
pub(crate) fn others(tx: &Tx<'_>, account: &Blind, payee: &Blind, most: u16) -> Result<u64, Error> {
    let values = [account.into(), payee.into(), i64::from(most).into()];
    let others = tx.one(&OTHERS, &values, |row| row.int(0))?;
    Ok(others.unsigned_abs())
}

/// The payees of accounts, by their sorted keys, in the accounts' order; of one account more than any control asks about at most.
pub(crate) fn payees(tx: &Tx<'_>, accounts: &[Blind]) -> Result<Vec<BTreeSet<Blind>>, Error> {
    let mut found = vec![BTreeSet::new(); accounts.len()];
    tx.look_up(&PAYEES, accounts.iter().map(Into::into), |at, row| {
        found[at].insert(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The payees of one account in the order of their keys, at most `limit` after one.
pub(crate) fn payees_after(
    tx: &Tx<'_>,
    account: &Blind,
    after: Option<&Blind>,
    limit: i64,
) -> Result<Vec<Blind>, Error> {
    let after = after.map_or(&[][..], |after| after.as_bytes());
    let mut found = Vec::new();
    tx.each(&PAYEES_AFTER, &[account.into(), after.into(), limit.into()], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// The accounts with more payees than `over`, those with the most first.
pub(crate) fn shared(tx: &Tx<'_>, over: i64, limit: i64) -> Result<Vec<(Blind, u64)>, Error> {
    let mut found = Vec::new();
    tx.each(&SHARED, &[over.into(), limit.into()], |row| {
        found.push((Blind::from_bytes(row.array(0)?), row.int(1)?.unsigned_abs()));
        Ok(())
    })?;
    Ok(found)
}

/// The accounts with so many payees. It reads every account once.
pub(crate) fn with_many(tx: &Tx<'_>, least: u64) -> Result<Vec<Blind>, Error> {
    let (mut found, least) = (Vec::new(), i64::try_from(least).unwrap_or(i64::MAX));
    tx.each(&WITH_MANY, &[least.into()], |row| {
        found.push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    Ok(found)
}

/// One of those whose account it is.
pub(crate) fn any_of(tx: &Tx<'_>, account: &Blind) -> Result<Option<History>, Error> {
    tx.optional(&ANY_OF, &[account.into()], |row| Ok((Blind::from_bytes(row.array(0)?), read_purpose(row, 1)?)))
}

/// What is noted after a history, in their order.
pub(crate) fn page(
    scope: &Scope<'_>,
    after: Option<&History>,
    limit: i64,
) -> Result<Vec<(History, Option<Blind>)>, Error> {
    let (payee, purpose) = match after {
        None => (&[][..], &[][..]),
        Some((payee, purpose)) => (payee.as_bytes().as_slice(), bytes(purpose.as_ref())),
    };
    let mut found = Vec::new();
    scope.tx.each(&PAGE, &[payee.into(), purpose.into(), limit.into()], |row| {
        let history = (Blind::from_bytes(row.array(0)?), read_purpose(row, 1)?);
        let account = row.optional_bytes(2)?.map(|_| row.array(2)).transpose()?.map(Blind::from_bytes);
        found.push((history, account));
        Ok(())
    })?;
    Ok(found)
}
