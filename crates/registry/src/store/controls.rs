//! What the controls were set to, every version.

use crate::controls::Controls;
use crate::motion::Motion;
use crate::store;
use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::{Encoder, Hash, Tree};
use kernel::{Error, Id, Row, Scope, Tx, statements};
use std::ops::Range;

statements! {
    INSERT = "controls.insert": "INSERT INTO controls (id, motion, figures) VALUES ($1, $2, $3)";
    NEWEST = "controls.newest": "SELECT id, motion, figures FROM controls ORDER BY id DESC LIMIT 1";
    NEWEST_MANY = "controls.newest_many": "SELECT id, motion, figures FROM controls ORDER BY id DESC LIMIT 1000";
    FIND = "controls.find": "SELECT id, motion, figures FROM controls WHERE id = $1";
    RANGE = "controls.range": "SELECT id, motion, figures FROM controls WHERE id >= $1 AND id < $2 ORDER BY id";
    COUNT = "controls.count": "SELECT COUNT(*) FROM controls";
}

/// Marks ids of versions of the controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlsVersion;

/// One version.
pub(crate) struct Version {
    pub(crate) id: Id<ControlsVersion>,
    /// The motion by which it came; none where the console set them alone.
    pub(crate) motion: Option<Id<Motion>>,
    pub(crate) controls: Controls,
}

fn read(row: &Row<'_>) -> Result<Version, Error> {
    Ok(Version {
        id: Id::new(row.int(0)?),
        motion: row.optional_int(1)?.map(Id::new),
        controls: Controls::from_text(row.text(2)?).ok_or_else(|| row.broken(2))?,
    })
}

/// The controls in force.
pub(crate) fn in_force(tx: &Tx<'_>) -> Result<Controls, Error> {
    version_in_force(tx).map(|(_, controls)| controls)
}

/// The controls in force, and which version they are; none where nobody has decided about them yet.
pub(crate) fn version_in_force(tx: &Tx<'_>) -> Result<(Option<Id<ControlsVersion>>, Controls), Error> {
    let newest = tx.optional(&NEWEST, &[], read)?;
    Ok(newest.map_or_else(|| (None, Controls::anvis()), |newest| (Some(newest.id), newest.controls)))
}

/// The controls of a version; those of a store in which nobody has decided about them yet, without one.
pub(crate) fn of_version(tx: &Tx<'_>, version: Option<i64>) -> Result<Controls, Error> {
    let read = |version: i64| tx.one(&FIND, &[version.into()], read).map(|version| version.controls);
    version.map_or_else(|| Ok(Controls::anvis()), read)
}

/// The newest versions, the newest first; a thousand at most.
pub(crate) fn newest(tx: &Tx<'_>) -> Result<Vec<Version>, Error> {
    let mut versions = Vec::new();
    tx.each(&NEWEST_MANY, &[], |row| {
        versions.push(read(row)?);
        Ok(())
    })?;
    Ok(versions)
}

/// Adds a version.
pub(crate) fn insert(
    tx: &Tx<'_>,
    entry: Entry,
    motion: Option<Id<Motion>>,
    controls: &Controls,
) -> Result<Rows, Error> {
    let id: Id<ControlsVersion> = entry.row(0)?;
    let text = controls.to_text();
    tx.run(&INSERT, &[id.into(), motion.into(), (&text).into()])?;
    // What is demanded changes for what is under way as well.
    store::proposal::look_again(tx, None, entry.at)?;
    let mut tree = Tree::default();
    tree.push(leaf(id.number(), motion.map(Id::number), &text));
    Ok(Rows::of(ControlsTable.name(), &tree))
}

fn leaf(id: i64, motion: Option<i64>, figures: &str) -> Hash {
    Encoder::default().start(ControlsTable.name()).int(id).optional_int(motion).text(figures).leaf()
}

pub(crate) struct ControlsTable;

impl Table for ControlsTable {
    fn name(&self) -> &'static str {
        "controls"
    }

    fn visit(
        &self,
        scope: &Scope<'_>,
        entries: Range<i64>,
        visit: &mut dyn FnMut(i64, Hash) -> Result<(), Error>,
    ) -> Result<(), Error> {
        scope.tx.each(&RANGE, &journal::row_range(entries), |row| {
            let id = row.int(0)?;
            visit(journal::entry_of(id), leaf(id, row.optional_int(1)?, row.text(2)?))
        })
    }

    fn count(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        journal::count_rows(scope, &COUNT)
    }
}
