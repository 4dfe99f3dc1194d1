//! Clients and every version of their registrations.

use crate::client::{Client, ClientVersion, Registration};
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, statements};
use std::ops::Range;

statements! {
    INSERT = "client.insert":
        "INSERT INTO client (id, client, previous, name_key, ended, registration) VALUES ($1, $2, $3, $4, $5, $6)";
    BY_NAME = "client.by_name":
        "SELECT id, client, ended, registration FROM client WHERE name_key = $1 ORDER BY id DESC LIMIT 1";
    PAGE = "client.page":
        "SELECT c.id, c.client, c.ended, c.registration FROM client c
         WHERE c.client > $1 AND NOT EXISTS (SELECT n.id FROM client n WHERE n.client = c.client AND n.id > c.id)
         ORDER BY c.client LIMIT 1000";
    RANGE = "client.range":
        "SELECT id, client, previous, name_key, ended, registration FROM client WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "client.count": "SELECT COUNT(*) FROM client";
}

const REGISTRATION_COLUMN: &str = "client.registration";

fn read(scope: &Scope<'_>, row: &Row<'_>) -> Result<Client, Error> {
    let version: Id<ClientVersion> = Id::new(row.int(0)?);
    let opened = scope.vault.open(REGISTRATION_COLUMN, version, row.bytes(3)?)?;
    let registration =
        std::str::from_utf8(&opened).ok().and_then(Registration::from_text).ok_or_else(|| row.broken(3))?;
    Ok(Client { id: Id::new(row.int(1)?), version, is_ended: row.bool(2)?, registration })
}

/// The client with this name, as it is registered today.
pub(crate) fn find(scope: &Scope<'_>, name: &str) -> Result<Option<Client>, Error> {
    let key = Registration::name_key(scope.vault, name);
    scope.tx.optional(&BY_NAME, &[(&key).into()], |row| read(scope, row))
}

/// Every client as it is registered today, in the order in which they were.
pub(crate) fn each(scope: &Scope<'_>, mut visit: impl FnMut(Client)) -> Result<(), Error> {
    let mut after: Option<Id<Client>> = None;
    loop {
        let mut last = None;
        scope.tx.each(&PAGE, &[after.map_or(-1, Id::number).into()], |row| {
            let client = read(scope, row)?;
            last = Some(client.id);
            visit(client);
            Ok(())
        })?;
        match last {
            None => return Ok(()),
            some => after = some,
        }
    }
}

/// Adds a version; the first one gives the client its id.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    former: Option<&Client>,
    registration: &Registration,
    is_ended: bool,
) -> Result<Rows, Error> {
    let version: Id<ClientVersion> = entry.row(0)?;
    let client = former.map_or(Id::new(version.number()), |former| former.id);
    let previous = former.map(|former| former.version);
    let name_key = Registration::name_key(scope.vault, &registration.name);
    let text = registration.to_text();
    let sealed = scope.vault.seal(REGISTRATION_COLUMN, version, text.as_bytes())?;
    scope.tx.run(
        &INSERT,
        &[version.into(), client.into(), previous.into(), (&name_key).into(), is_ended.into(), (&sealed).into()],
    )?;
    let mut tree = Tree::default();
    let previous = previous.map(Id::number);
    tree.push(leaf(version.number(), client.number(), previous, &name_key, is_ended, text.as_bytes()));
    Ok(Rows::of(ClientTable.name(), &tree))
}

fn leaf(version: i64, client: i64, previous: Option<i64>, name_key: &Blind, is_ended: bool, text: &[u8]) -> Hash {
    Encoder::default()
        .start(ClientTable.name())
        .int(version)
        .int(client)
        .optional_int(previous)
        .bytes(name_key.as_bytes())
        .int(i64::from(is_ended))
        .bytes(text)
        .leaf()
}

pub(crate) struct ClientTable;

impl Table for ClientTable {
    fn name(&self) -> &'static str {
        "client"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let version = row.int(0)?;
            let opened = scope.vault.open(REGISTRATION_COLUMN, Id::<ClientVersion>::new(version), row.bytes(5)?)?;
            let name_key = Blind::from_bytes(row.array(3)?);
            let leaf = leaf(version, row.int(1)?, row.optional_int(2)?, &name_key, row.bool(4)?, &opened);
            visit(journal::entry_of(version), leaf)
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
