//! Who was paid to accounts that are watched, or is named beside one by a payment that waits because of it; and how many payments do. It is
//! noted with the batch, and of nobody is more kept than a pseudonym.

use denmark::calendar::copenhagen_date;
use jiff::civil::Date;
use kernel::journal::{self, Entry, Rows, Table, entry_of, first_row_of};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Scope, Timestamp, Tx, statements};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

statements! {
    INSERT = "account_paid.insert": "INSERT INTO account_paid (id, account_key, payee) VALUES ($1, $2, $3)";
    // When each was paid last.
    PAID = "account_paid.of_account":
        "SELECT payee, MAX(id) FROM account_paid WHERE account_key = $1 GROUP BY payee ORDER BY payee LIMIT 1000000";
    COUNT_SINCE = "account_paid.count_since":
        "SELECT COUNT(DISTINCT payee) FROM account_paid WHERE account_key = $1 AND id >= $2";
    RANGE = "account_paid.range":
        "SELECT id, account_key, payee FROM account_paid WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "account_paid.count": "SELECT COUNT(*) FROM account_paid";
    INSERT_HELD = "account_held.insert": "INSERT INTO account_held (id, account_key, payments) VALUES ($1, $2, $3)";
    HELD = "account_held.of_account":
        "SELECT CAST(COALESCE(SUM(payments), 0) AS BIGINT) FROM account_held
         WHERE account_key = $1 AND id >= $2";
    HELD_RANGE = "account_held.range":
        "SELECT id, account_key, payments FROM account_held WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT_HELD = "account_held.count": "SELECT COUNT(*) FROM account_held";
}

/// Marks ids of rows.
struct Paid;
struct Held;

/// Notes who is paid to accounts.
pub(crate) fn insert_many(tx: &Tx<'_>, paid: &BTreeSet<(Blind, Blind)>, entry: Entry) -> Result<Rows, Error> {
    let (mut rows, mut tree) = (Vec::with_capacity(paid.len()), Tree::default());
    for (at, (account, payee)) in paid.iter().enumerate() {
        let id = entry.row::<Paid>(at)?.number();
        tree.push(leaf(id, account, payee));
        rows.push((id, account, payee));
    }
    tx.run_many(&INSERT, rows.into_iter().map(|(id, account, payee)| [id.into(), account.into(), payee.into()]))?;
    Ok(Rows::of(PaidTable.name(), &tree))
}

/// On which day each was paid to an account last.
pub(crate) fn paid(tx: &Tx<'_>, account: &Blind) -> Result<BTreeMap<Blind, Date>, Error> {
    let mut last: BTreeMap<i64, Vec<Blind>> = BTreeMap::new();
    tx.each(&PAID, &[account.into()], |row| {
        last.entry(entry_of(row.int(1)?)).or_default().push(Blind::from_bytes(row.array(0)?));
        Ok(())
    })?;
    let (entries, mut found): (Vec<i64>, _) = (last.keys().copied().collect(), BTreeMap::new());
    journal::moments(tx, entries.iter().copied(), |at, moment| {
        let day = copenhagen_date(moment.to_jiff());
        found.extend(last.remove(&entries[at]).into_iter().flatten().map(|payee| (payee, day)));
        Ok(())
    })?;
    Ok(found)
}

/// How many were paid to an account after a moment.
pub(crate) fn count_since(tx: &Tx<'_>, account: &Blind, since: Timestamp) -> Result<u64, Error> {
    let from = first_row_of(journal::size_at(tx, since)?);
    Ok(tx.one(&COUNT_SINCE, &[account.into(), from.into()], |row| row.int(0))?.unsigned_abs())
}

/// Accounts and who was paid to them, as an entry noted it.
pub(crate) fn paid_at(tx: &Tx<'_>, entry: i64) -> Result<Vec<(Blind, Blind)>, Error> {
    let mut found = Vec::new();
    tx.each(&RANGE, &journal::row_range(entry..entry + 1), |row| {
        found.push((Blind::from_bytes(row.array(1)?), Blind::from_bytes(row.array(2)?)));
        Ok(())
    })?;
    Ok(found)
}

fn leaf(id: i64, account: &Blind, payee: &Blind) -> Hash {
    Encoder::default().start(PaidTable.name()).int(id).bytes(account.as_bytes()).bytes(payee.as_bytes()).leaf()
}

pub(crate) struct PaidTable;

impl Table for PaidTable {
    fn name(&self) -> &'static str {
        "account_paid"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let (account, payee) = (Blind::from_bytes(row.array(1)?), Blind::from_bytes(row.array(2)?));
            visit(entry_of(row.int(0)?), leaf(row.int(0)?, &account, &payee))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}

/// Notes how many payments to accounts wait because of them.
pub(crate) fn hold_many(tx: &Tx<'_>, held: &BTreeMap<Blind, u64>, entry: Entry) -> Result<Rows, Error> {
    let (mut rows, mut tree) = (Vec::with_capacity(held.len()), Tree::default());
    for (at, (account, payments)) in held.iter().enumerate() {
        let (id, payments) = (entry.row::<Held>(at)?.number(), i64::try_from(*payments).unwrap_or(i64::MAX));
        tree.push(held_leaf(id, account, payments));
        rows.push((id, account, payments));
    }
    let values = rows.into_iter().map(|(id, account, payments)| [id.into(), account.into(), payments.into()]);
    tx.run_many(&INSERT_HELD, values)?;
    Ok(Rows::of(HeldTable.name(), &tree))
}

/// How many payments to an account were held because of it, from a place in the journal on.
pub(crate) fn count_held(tx: &Tx<'_>, account: &Blind, from: i64) -> Result<u64, Error> {
    Ok(tx.one(&HELD, &[account.into(), from.into()], |row| row.int(0))?.unsigned_abs())
}

/// How many payments waited because of each of some accounts, as an entry noted it.
pub(crate) fn held_at(tx: &Tx<'_>, entry: i64) -> Result<Vec<u64>, Error> {
    let mut found = Vec::new();
    tx.each(&HELD_RANGE, &journal::row_range(entry..entry + 1), |row| {
        found.push(row.int(2)?.unsigned_abs());
        Ok(())
    })?;
    Ok(found)
}

/// How many rows of both there are.
pub(crate) fn count(scope: &Scope<'_>) -> Result<u64, Error> {
    Ok(PaidTable.count(scope)? + HeldTable.count(scope)?)
}

fn held_leaf(id: i64, account: &Blind, payments: i64) -> Hash {
    Encoder::default().start(HeldTable.name()).int(id).bytes(account.as_bytes()).int(payments).leaf()
}

pub(crate) struct HeldTable;

impl Table for HeldTable {
    fn name(&self) -> &'static str {
        "account_held"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&HELD_RANGE, &journal::row_range(entries), |row| {
            visit(entry_of(row.int(0)?), held_leaf(row.int(0)?, &Blind::from_bytes(row.array(1)?), row.int(2)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT_HELD)
    }
}
