//! The mirrors of the population register and the company register.

use crate::payee::RegisterStatus;
use crate::register_event::Addressee;
use kernel::journal::{self, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Tx, statements};
use std::ops::Range;
use zeroize::Zeroizing;

statements! {
    INSERT = "register_row.insert":
        "INSERT INTO register_row (id, payee, previous, status, record) VALUES ($1, $2, $3, $4, $5)";
    OF_PAYEE = "register_row.of_payee":
        "SELECT r.id, r.status, r.record FROM payee p JOIN register_row r ON r.id = p.register_row WHERE p.key = $1";
    NEWEST = "register_row.newest":
        "SELECT r.id, r.status, r.record, r.previous FROM payee p JOIN register_row r ON r.id = p.register_row
         WHERE p.key = $1";
    VERSION = "register_row.version": "SELECT id, status, record, previous FROM register_row WHERE id = $1";
    FIND = "register_row.find": "SELECT id, previous, status FROM register_row WHERE id = $1";
    RANGE = "register_row.range":
        "SELECT id, payee, previous, status, record FROM register_row WHERE id >= $1 AND id < $2 ORDER BY id";
    CHANGED_AFTER = "register_row.changed_after":
        "SELECT id, payee FROM register_row WHERE id > $1 ORDER BY id LIMIT $2";
    CHANGED_PAYEES = "register_row.changed_payees": "SELECT id, payee FROM register_row WHERE id >= $1 ORDER BY id";
    COUNT = "register_row.count": "SELECT COUNT(*) FROM register_row";
}

const RECORD_COLUMN: &str = "register_row.record";

/// Marks ids of register rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterRow;

/// One version of what a register says, as it was read.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: Id<RegisterRow>,
    pub(crate) status: RegisterStatus,
    /// The row's own text, canonical: equal texts are equal rows.
    pub(crate) record: Zeroizing<String>,
}

/// A version to be added.
pub(crate) struct NewVersion {
    pub(crate) id: Id<RegisterRow>,
    pub(crate) payee: Blind,
    pub(crate) previous: Option<Id<RegisterRow>>,
    pub(crate) status: RegisterStatus,
    pub(crate) record: Zeroizing<String>,
}

fn status(row: &Row<'_>, column: usize) -> Result<RegisterStatus, Error> {
    RegisterStatus::from_code(row.int(column)?).ok_or_else(|| row.broken(column).into())
}

/// The newest versions of the payees with these sorted keys, each with the index of its key.
pub(crate) fn find_many<'k>(
    scope: &Scope<'_>,
    keys: impl IntoIterator<Item = &'k Blind>,
    mut found: impl FnMut(usize, Version) -> Result<(), Error>,
) -> Result<(), Error> {
    scope.tx.look_up(&OF_PAYEE, keys.into_iter().map(Into::into), |index, row| found(index, read(scope, row)?))
}

/// Reads a version from the first three columns of a row.
fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Version, Error> {
    let id = Id::new(row.int(0)?);
    let mut record = scope.vault.open(RECORD_COLUMN, id, row.bytes(2)?)?;
    let record = Zeroizing::new(String::from_utf8(std::mem::take(&mut *record)).map_err(|_| row.broken(2))?);
    Ok(Version { id, status: status(row, 1)?, record })
}

/// The versions of one payee, the newest first, for as long as `visit` wants another.
pub(crate) fn each_back(
    scope: &Scope<'_>,
    payee: &Blind,
    mut visit: impl FnMut(Version) -> Result<bool, Error>,
) -> Result<(), Error> {
    let read = |row: &Row<'_>| Ok((read(scope, row)?, row.optional_int(3)?));
    let mut next = scope.tx.optional(&NEWEST, &[payee.into()], read)?;
    while let Some((version, previous)) = next {
        let goes_on = visit(version)?;
        let previous = previous.filter(|_| goes_on);
        next = previous.map(|previous| scope.tx.one(&VERSION, &[previous.into()], read)).transpose()?;
    }
    Ok(())
}

/// To whom a letter goes, as the register says it now; none where no register lists the payee.
pub(crate) fn addressee(scope: &Scope<'_>, payee: &Blind) -> Result<Option<Addressee>, Error> {
    let mut addressee = None;
    find_many(scope, [payee], |_, version| {
        addressee = Addressee::read(&version.record);
        Ok(())
    })?;
    Ok(addressee)
}

/// The status that was known when the journal had `entries` entries, going back from the newest row.
pub(crate) fn status_known_at(
    tx: &Tx<'_>,
    newest: Id<RegisterRow>,
    entries: i64,
) -> Result<Option<RegisterStatus>, Error> {
    let mut next = Some(newest);
    while let Some(id) = next {
        let (previous, status) =
            tx.one(&FIND, &[id.into()], |row| Ok((row.optional_int(1)?.map(Id::new), status(row, 2)?)))?;
        if journal::entry_of(id.number()) < entries {
            return Ok(Some(status));
        }
        next = previous;
    }
    Ok(None)
}

/// What a version says of somebody's status, and what the one before it said.
pub(crate) fn step(tx: &Tx<'_>, id: Id<RegisterRow>) -> Result<(RegisterStatus, Option<RegisterStatus>), Error> {
    let read = |id: Id<RegisterRow>| {
        tx.one(&FIND, &[id.into()], |row| Ok((status(row, 2)?, row.optional_int(1)?.map(Id::<RegisterRow>::new))))
    };
    let (now, previous) = read(id)?;
    Ok((now, previous.map(read).transpose()?.map(|(former, _)| former)))
}

/// The first versions of anybody after a place, at most `limit`, and whose they are.
pub(crate) fn changed_after(tx: &Tx<'_>, place: i64, limit: usize) -> Result<Vec<(Id<RegisterRow>, Blind)>, Error> {
    let mut found = Vec::new();
    tx.each(&CHANGED_AFTER, &[place.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()], |row| {
        found.push((Id::new(row.int(0)?), Blind::from_bytes(row.array(1)?)));
        Ok(())
    })?;
    Ok(found)
}

/// Adds versions, in the order of their ids; the rows of each entry.
pub(crate) fn insert_many(scope: &Scope<'_>, new: &[NewVersion]) -> Result<Vec<Rows>, Error> {
    let mut encoder = Encoder::default();
    let mut records = Vec::with_capacity(new.len());
    let mut rows = Vec::new();
    for of_entry in new.chunk_by(|row, next| journal::entry_of(row.id.number()) == journal::entry_of(next.id.number()))
    {
        let mut tree = Tree::default();
        for version in of_entry {
            let record = version.record.as_bytes();
            records.push(scope.vault.seal(RECORD_COLUMN, version.id, record)?);
            tree.push(leaf(&mut encoder, version.id, &version.payee, version.previous, version.status, record));
        }
        rows.push(Rows::of(RegisterTable.name(), &tree));
    }
    scope.tx.run_many(
        &INSERT,
        new.iter().zip(&records).map(|(version, record)| {
            [
                version.id.into(),
                (&version.payee).into(),
                version.previous.into(),
                version.status.code().into(),
                record.into(),
            ]
        }),
    )?;
    Ok(rows)
}

/// The payees whose register row changed since the journal had `entries` entries.
pub(crate) fn changed_since(
    tx: &Tx<'_>,
    entries: i64,
    mut changed: impl FnMut(Blind) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&CHANGED_PAYEES, &[journal::first_row_of(entries).into()], |row| changed(Blind::from_bytes(row.array(1)?)))
}

/// What chains the versions together, for comparing them with the directory: id, payee, previous, status.
pub(crate) fn links(
    tx: &Tx<'_>,
    mut visit: impl FnMut(i64, Blind, Option<i64>, RegisterStatus) -> Result<(), Error>,
) -> Result<(), Error> {
    tx.each(&RANGE, &journal::row_range(0..journal::ENTRIES_MAX), |row| {
        visit(row.int(0)?, Blind::from_bytes(row.array(1)?), row.optional_int(2)?, status(row, 3)?)
    })
}

fn leaf(
    encoder: &mut Encoder,
    id: Id<RegisterRow>,
    payee: &Blind,
    previous: Option<Id<RegisterRow>>,
    status: RegisterStatus,
    record: &[u8],
) -> Hash {
    encoder
        .start(RegisterTable.name())
        .int(id.number())
        .bytes(payee.as_bytes())
        .optional_int(previous.map(Id::number))
        .int(status.code())
        .bytes(record)
        .leaf()
}

pub(crate) struct RegisterTable;

impl Table for RegisterTable {
    fn name(&self) -> &'static str {
        "register_row"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = Encoder::default();
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = Id::new(row.int(0)?);
            let leaf = leaf(
                &mut encoder,
                id,
                &Blind::from_bytes(row.array(1)?),
                row.optional_int(2)?.map(Id::new),
                status(row, 3)?,
                &scope.vault.open(RECORD_COLUMN, id, row.bytes(4)?)?,
            );
            visit(journal::entry_of(id.number()), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
