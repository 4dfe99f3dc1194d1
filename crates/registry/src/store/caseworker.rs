//! Caseworkers, every version of what they may decide about.

use crate::caseworker::{Caseworker, CaseworkerVersion, Remit};
use crate::payer::Payer;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, statements};
use std::collections::BTreeSet;
use std::ops::Range;

statements! {
    INSERT = "caseworker.insert":
        "INSERT INTO caseworker (id, previous, name_key, payer, ended, remit) VALUES ($1, $2, $3, $4, $5, $6)";
    BY_NAME = "caseworker.by_name":
        "SELECT id, payer, ended, remit FROM caseworker WHERE name_key = $1 ORDER BY id DESC LIMIT 1";
    PAGE = "caseworker.page": "SELECT id, name_key, ended FROM caseworker WHERE id > $1 ORDER BY id LIMIT 10000";
    OF_PAYER = "caseworker.of_payer":
        "SELECT c.id, c.payer, c.ended, c.remit FROM caseworker c
         WHERE c.payer = $1 AND c.ended = $2
           AND NOT EXISTS (SELECT n.id FROM caseworker n WHERE n.name_key = c.name_key AND n.id > c.id)
         ORDER BY c.id LIMIT 100";
    RANGE = "caseworker.range":
        "SELECT id, previous, name_key, payer, ended, remit FROM caseworker WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "caseworker.count": "SELECT COUNT(*) FROM caseworker";
}

const REMIT_COLUMN: &str = "caseworker.remit";

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Caseworker, Error> {
    let version: Id<CaseworkerVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(REMIT_COLUMN, version, row.bytes(3)?)?;
    let text = std::str::from_utf8(&opened).map_err(|_| row.broken(3))?;
    let remit = Remit::from_text(Id::new(row.int(1)?), text).ok_or_else(|| row.broken(3))?;
    Ok(Caseworker { version, is_ended: row.bool(2)?, remit })
}

/// The caseworker with this name, as they are registered today.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Option<Caseworker>, Error> {
    let key = Remit::name_key(scope.vault, name);
    scope.tx.optional(&BY_NAME, &[(&key).into()], |row| read(scope, row))
}

/// Caseworkers of an authority who were not ended, those who have been as they are the longest first.
pub(crate) fn of_authority(scope: &Scope<'_>, authority: Id<Payer>) -> Result<Vec<Caseworker>, Error> {
    let mut found = Vec::new();
    scope.tx.each(&OF_PAYER, &[authority.into(), false.into()], |row| {
        found.push(read(scope, row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The blind indexes of the names of all who were not ended.
pub(crate) fn standing(scope: &Scope<'_>) -> Result<BTreeSet<Blind>, Error> {
    let (mut standing, mut after) = (BTreeSet::new(), -1);
    loop {
        let before = after;
        // The newest version of each is the last.
        scope.tx.each(&PAGE, &[after.into()], |row| {
            after = row.int(0)?;
            let name_key = Blind::from_bytes(row.array(1)?);
            let _ = if row.bool(2)? { standing.remove(&name_key) } else { standing.insert(name_key) };
            Ok(())
        })?;
        if after == before {
            return Ok(standing);
        }
    }
}

/// Adds a version.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    former: Option<&Caseworker>,
    remit: &Remit,
    is_ended: bool,
) -> Result<Rows, Error> {
    let version: Id<CaseworkerVersion> = entry.row(0)?;
    let previous = former.map(|former| former.version);
    let (name_key, text) = (Remit::name_key(scope.vault, &remit.name), remit.to_text());
    let sealed = scope.vault.seal(REMIT_COLUMN, version, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[
            version.into(),
            previous.into(),
            (&name_key).into(),
            remit.authority.into(),
            is_ended.into(),
            (&sealed).into(),
        ],
    )?;
    let mut tree = Tree::default();
    let (previous, payer) = (previous.map(Id::number), remit.authority.number());
    tree.push(leaf(version.number(), previous, &name_key, payer, is_ended, text.as_bytes()));
    Ok(Rows::of(CaseworkerTable.name(), &tree))
}

fn leaf(version: i64, previous: Option<i64>, name_key: &Blind, payer: i64, is_ended: bool, remit: &[u8]) -> Hash {
    Encoder::default()
        .start(CaseworkerTable.name())
        .int(version)
        .optional_int(previous)
        .bytes(name_key.as_bytes())
        .int(payer)
        .int(i64::from(is_ended))
        .bytes(remit)
        .leaf()
}

pub(crate) struct CaseworkerTable;

impl Table for CaseworkerTable {
    fn name(&self) -> &'static str {
        "caseworker"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let opened = scope.vault.open(REMIT_COLUMN, Id::<CaseworkerVersion>::new(version), row.bytes(5)?)?;
            let name_key = Blind::from_bytes(row.array(2)?);
            let leaf = leaf(version, row.optional_int(1)?, &name_key, row.int(3)?, row.bool(4)?, &opened);
            visit(journal::entry_of(version), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
