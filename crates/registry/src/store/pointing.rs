//! Who left an account, and who was paid to it: with whose it is now, how many payees it has had within a time. Of nobody is more kept
//! than a pseudonym, and nothing is forgotten when an account is closed.

use crate::day;
use jiff::civil::Date;
use kernel::{Blind, Error, Timestamp, Tx, statements};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    INSERT_LEFT = "account_left.insert":
        "INSERT INTO account_left (account_key, designation, payee, until) VALUES ($1, $2, $3, $4)";
    // Whose it is, and who left it since: each once.
    POINTING = "account_left.pointing":
        "SELECT COUNT(*) FROM (SELECT payee FROM account_holder WHERE account_key = $1
                               UNION SELECT payee FROM account_left WHERE account_key = $2 AND until > $3
                               LIMIT $4) AS pointing";
    WHO = "account_left.who":
        "SELECT payee FROM account_holder WHERE account_key = $1
         UNION SELECT payee FROM account_left WHERE account_key = $2 AND until > $3 ORDER BY payee LIMIT $4";
    HAS_LEFT = "account_left.has_left":
        "SELECT designation FROM account_left WHERE account_key = $1 AND payee = $2 LIMIT 1";
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
    INSERT_PAID = "account_paid.insert": "INSERT INTO account_paid (account_key, payee, day) VALUES ($1, $2, $3)";
    SET_PAID = "account_paid.update": "UPDATE account_paid SET day = $1 WHERE account_key = $2 AND payee = $3";
    PAID = "account_paid.of_account":
        "SELECT payee, day FROM account_paid WHERE account_key = $1 ORDER BY payee LIMIT 1000000";
    COUNT_PAID = "account_paid.count_since":
        "SELECT COUNT(*) FROM account_paid WHERE account_key = $1 AND day > $2";
    INSERT_HELD = "account_held.insert": "INSERT INTO account_held (id, account_key, payments) VALUES ($1, $2, $3)";
    HELD = "account_held.of_account":
        "SELECT CAST(COALESCE(SUM(payments), 0) AS BIGINT) FROM account_held
         WHERE account_key = $1 AND id >= $2";
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

/// How many payees have an account, or left it after a moment, counted up to `most`.
pub(crate) fn count(tx: &Tx<'_>, account: &Blind, since: Timestamp, most: u64) -> Result<u64, Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let values = [account.into(), account.into(), since.into(), most.into()];
    Ok(tx.one(&POINTING, &values, |row| row.int(0))?.unsigned_abs())
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

/// Whether a payee had an account and left it.
pub(crate) fn has_left(tx: &Tx<'_>, account: &Blind, payee: &Blind) -> Result<bool, Error> {
    Ok(tx.optional(&HAS_LEFT, &[account.into(), payee.into()], |_| Ok(()))?.is_some())
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

/// On which day payees were paid to an account last.
pub(crate) fn paid(tx: &Tx<'_>, account: &Blind) -> Result<BTreeMap<Blind, Date>, Error> {
    let mut found = BTreeMap::new();
    tx.each(&PAID, &[account.into()], |row| {
        found.insert(Blind::from_bytes(row.array(0)?), day::read(row.int(1)?).ok_or_else(|| row.broken(1))?);
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

/// Notes that payees are paid to accounts on a day; pairs of account and payee.
pub(crate) fn pay_many<'p>(
    tx: &Tx<'_>,
    paid: impl IntoIterator<Item = &'p (Blind, Blind)>,
    today: Date,
) -> Result<(), Error> {
    let mut of_accounts: BTreeMap<Blind, Vec<Blind>> = BTreeMap::new();
    for (account, payee) in paid {
        of_accounts.entry(*account).or_default().push(*payee);
    }
    let accounts: Vec<Blind> = of_accounts.keys().copied().collect();
    let (today, mut known) = (day::number(today), BTreeMap::new());
    tx.look_up(&PAID, accounts.iter().map(Into::into), |at, row| {
        known.insert((accounts[at], Blind::from_bytes(row.array(0)?)), row.int(1)?);
        Ok(())
    })?;
    let (mut new, mut later) = (Vec::new(), Vec::new());
    for (account, payee) in
        of_accounts.into_iter().flat_map(|(account, payees)| payees.into_iter().map(move |payee| (account, payee)))
    {
        match known.get(&(account, payee)) {
            None => new.push((account, payee)),
            Some(day) if *day < today => later.push((account, payee)),
            Some(_) => {}
        }
    }
    tx.run_many(&INSERT_PAID, new.iter().map(|(account, payee)| [account.into(), payee.into(), today.into()]))?;
    tx.run_many(&SET_PAID, later.iter().map(|(account, payee)| [today.into(), account.into(), payee.into()]))
}

/// How many payees were paid to an account after a day.
pub(crate) fn count_paid(tx: &Tx<'_>, account: &Blind, after: Date) -> Result<u64, Error> {
    Ok(tx.one(&COUNT_PAID, &[account.into(), day::number(after).into()], |row| row.int(0))?.unsigned_abs())
}

/// Notes how many payments to accounts were held because of them; each with its place in the journal.
pub(crate) fn hold_many(tx: &Tx<'_>, held: &[(i64, Blind, u64)]) -> Result<(), Error> {
    let payments = |payments: u64| i64::try_from(payments).unwrap_or(i64::MAX);
    let values = held.iter().map(|(id, account, count)| [(*id).into(), account.into(), payments(*count).into()]);
    tx.run_many(&INSERT_HELD, values)
}

/// How many payments to an account were held because of it, from a place in the journal on.
pub(crate) fn count_held(tx: &Tx<'_>, account: &Blind, from: i64) -> Result<u64, Error> {
    Ok(tx.one(&HELD, &[account.into(), from.into()], |row| row.int(0))?.unsigned_abs())
}
