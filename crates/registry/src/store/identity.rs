//! What was told from outside of how fresh people's identities are, every version.

use crate::identity::IdentityFacts;
use crate::store;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Blind, Error, Id, Row, Scope, Timestamp, statements};
use std::ops::Range;

statements! {
    INSERT = "identity_told.insert":
        "INSERT INTO identity_told (id, payee, authenticator_changed, key_material_posted, letter_box)
         VALUES ($1, $2, $3, $4, $5)";
    NEWEST = "identity_told.newest":
        "SELECT id, authenticator_changed, key_material_posted FROM identity_told WHERE payee = $1
         ORDER BY id DESC LIMIT 1";
    POSTED = "identity_told.posted":
        "SELECT key_material_posted FROM identity_told WHERE letter_box = $1 ORDER BY key_material_posted DESC LIMIT 1";
    RANGE = "identity_told.range":
        "SELECT id, authenticator_changed, key_material_posted, payee, letter_box FROM identity_told
         WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "identity_told.count": "SELECT COUNT(*) FROM identity_told";
}

/// Marks ids of what was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told;

/// Reads the facts from the second and third columns of a row.
fn read(row: &Row<'_>) -> Result<IdentityFacts, Error> {
    let moment = |column| Ok::<_, Error>(row.optional_int(column)?.map(Timestamp::from_micros));
    Ok(IdentityFacts { authenticator_changed: moment(1)?, key_material_posted: moment(2)? })
}

/// What was told of a person last.
pub(crate) fn of(scope: &Scope<'_>, payee: &Blind) -> Result<IdentityFacts, Error> {
    Ok(scope.tx.optional(&NEWEST, &[payee.into()], read)?.unwrap_or_default())
}

/// When key material was last posted to a letter box, whosever it was.
pub(crate) fn posted(scope: &Scope<'_>, letter_box: &Blind) -> Result<Option<Timestamp>, Error> {
    scope.tx.optional(&POSTED, &[letter_box.into()], |row| Ok(Timestamp::from_micros(row.int(0)?)))
}

/// Adds what is told, and to which letter box key material was posted, if any was.
pub(crate) fn insert(
    scope: &Scope<'_>,
    entry: Entry,
    payee: &Blind,
    facts: IdentityFacts,
    letter_box: Option<&Blind>,
) -> Result<Rows, Error> {
    let id: Id<Told> = entry.row(0)?;
    let IdentityFacts { authenticator_changed, key_material_posted } = facts;
    scope.tx.run(
        &INSERT,
        &[id.into(), payee.into(), authenticator_changed.into(), key_material_posted.into(), letter_box.into()],
    )?;
    // What spoke against a change that waits may not do so any more.
    store::proposal::look_again(scope.tx, Some(payee), entry.at)?;
    let mut tree = Tree::default();
    tree.push(leaf(id.number(), payee, facts, letter_box));
    Ok(Rows::of(ToldTable.name(), &tree))
}

fn leaf(id: i64, payee: &Blind, facts: IdentityFacts, letter_box: Option<&Blind>) -> Hash {
    Encoder::default()
        .start(ToldTable.name())
        .int(id)
        .bytes(payee.as_bytes())
        .optional_int(facts.authenticator_changed.map(Timestamp::micros))
        .optional_int(facts.key_material_posted.map(Timestamp::micros))
        .bytes(letter_box.map_or(&[], |letter_box| letter_box.as_bytes()))
        .leaf()
}

pub(crate) struct ToldTable;

impl Table for ToldTable {
    fn name(&self) -> &'static str {
        "identity_told"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            let letter_box = row.optional_bytes(4)?.map(|_| row.array(4).map(Blind::from_bytes)).transpose()?;
            visit(journal::entry_of(id), leaf(id, &Blind::from_bytes(row.array(3)?), read(row)?, letter_box.as_ref()))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
