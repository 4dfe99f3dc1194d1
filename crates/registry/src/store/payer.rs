//! Payers and every version of their agreements.

use crate::payer::{Agreement, Payer, PayerVersion};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, statements};
use std::ops::Range;

statements! {
    INSERT = "payer.insert": "INSERT INTO payer (id, payer, name_key, agreement) VALUES ($1, $2, $3, $4)";
    BY_NAME = "payer.by_name":
        "SELECT id, payer, name_key, agreement FROM payer WHERE name_key = $1 ORDER BY id DESC LIMIT 1";
    FIND = "payer.find": "SELECT id, payer, name_key, agreement FROM payer WHERE id = $1";
    RANGE = "payer.range":
        "SELECT id, payer, name_key, agreement FROM payer WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "payer.count": "SELECT COUNT(*) FROM payer";
}

const AGREEMENT_COLUMN: &str = "payer.agreement";

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Payer, Error> {
    let version: Id<PayerVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(AGREEMENT_COLUMN, version, row.bytes(3)?)?;
    let agreement = std::str::from_utf8(&opened).ok().and_then(Agreement::from_text).ok_or_else(|| row.broken(3))?;
    Ok(Payer { id: Id::new(row.int(1)?), version, agreement })
}

/// The payer with this name, with the agreement of today.
pub(crate) fn find_by_name(scope: &Scope<'_>, name: &str) -> Result<Option<Payer>, Error> {
    scope.tx.optional(&BY_NAME, &[(&Agreement::name_key(scope.vault, name)).into()], |row| read(scope, row))
}

/// A payer, with the agreement of today.
pub(crate) fn find_today(scope: &Scope<'_>, payer: Id<Payer>) -> Result<Payer, Error> {
    // A payer's id is that of its first version, and its name stays.
    let first = find(scope, Id::new(payer.number()))?;
    Ok(find_by_name(scope, &first.agreement.name)?.unwrap_or(first))
}

/// The payer with this version of its agreement.
pub(crate) fn find(scope: &Scope<'_>, version: Id<PayerVersion>) -> Result<Payer, Error> {
    scope.tx.one(&FIND, &[version.into()], |row| read(scope, row))
}

/// Adds a version; the first one gives the payer its id.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    payer: Option<Id<Payer>>,
    agreement: &Agreement,
) -> Result<Rows, Error> {
    let version: Id<PayerVersion> = entry.row(0)?;
    let payer = payer.unwrap_or(Id::new(version.number()));
    let name_key = Agreement::name_key(scope.vault, &agreement.name);
    let text = agreement.to_text();
    let sealed = scope.vault.seal(AGREEMENT_COLUMN, version, text.as_bytes())?;
    scope.tx.run(&INSERT, &[version.into(), payer.into(), (&name_key).into(), (&sealed).into()])?;
    let mut tree = Tree::default();
    tree.push(leaf(version.number(), payer.number(), &name_key, text.as_bytes()));
    Ok(Rows::of(PayerTable.name(), &tree))
}

fn leaf(version: i64, payer: i64, name_key: &Blind, agreement: &[u8]) -> Hash {
    Encoder::default()
        .start(PayerTable.name())
        .int(version)
        .int(payer)
        .bytes(name_key.as_bytes())
        .bytes(agreement)
        .leaf()
}

pub(crate) struct PayerTable;

impl Table for PayerTable {
    fn name(&self) -> &'static str {
        "payer"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let opened = scope.vault.open(AGREEMENT_COLUMN, Id::<PayerVersion>::new(version), row.bytes(3)?)?;
            let leaf = leaf(version, row.int(1)?, &Blind::from_bytes(row.array(2)?), &opened);
            visit(journal::entry_of(version), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
