//! The store as a whole: moving house, backups, and their restoring.

use super::{DEFAULT_DATA, Places, Session, outside, owned_by};
use crate::cli::{Common, Owner};
use crate::console::{Answer, Progress, Unit, grouped};
use kernel::merkle::to_hex;
use kernel::{Copied, Error, Location, RecordCopy, policy, require_free};
use serde_json::json;
use std::path::Path;

pub fn copy(common: Common, from: Location, to: Location, owner: Owner) -> Result<Answer, Error> {
    let to = owned_by(to, owner)?;
    require_place(&from, &to)?;
    let mut session = Session::open(&Common { store: Some(from), ..common })?;
    session.record::<false>(&to)?;
    Ok(told(&format!("Copied the store to {to}; it opens with the same master key."), &session.copy_to(&to)?))
}

pub fn back_up(common: &Common, folder: &Path) -> Result<Answer, Error> {
    let to = Location::from(folder);
    require_place(&Places::of(common, DEFAULT_DATA).store, &to)?;
    let mut session = Session::open(common)?;
    session.record::<true>(&to)?;
    let text = format!("Made a backup in {to}. It opens with the master key as it is now, which is not in it.");
    Ok(told(&text, &session.copy_to(&to)?))
}

/// The backup is not written to, nor does the store say that it was one: its journal ends with the backup's making.
pub fn restore(common: Common, folder: &Path, owner: Owner) -> Result<Answer, Error> {
    let Places { store: to, key, .. } = Places::to_make(&common, DEFAULT_DATA)?;
    let (from, to) = (Location::from(folder), owned_by(to, owner)?);
    require_place(&from, &to)?;
    let session = Session::open(&Common { store: Some(from), master_key: Some(key), ..common })?;
    policy::RESTORE_STORE.require(&session.actor)?;
    Ok(told(&format!("Restored the backup to the store {to}."), &session.copy_to(&to)?))
}

/// Refuses a place at which no copy can be, before anything is entered in the journal for it.
fn require_place(from: &Location, to: &Location) -> Result<(), Error> {
    require_free(to)?;
    match (from.folder(), to.folder()) {
        (Some(from), Some(to)) => outside(from, to),
        _ => Ok(()),
    }
}

impl Session {
    /// Enters in the journal that everything is about to be read.
    fn record<const IS_BACKUP: bool>(&mut self, target: &Location) -> Result<(), Error> {
        let env = self.env()?;
        self.writer.execute(&RecordCopy::<IS_BACKUP> { target }, &self.actor, &env)
    }

    fn copy_to(&self, target: &Location) -> Result<Copied, Error> {
        let migrations: Vec<_> = services::migrations().collect();
        let copying = Progress::new("Copying", 0, Unit::Rows);
        self.writer.store.copy_to(
            target,
            &migrations,
            |scope, head| {
                let verifying = Progress::new("Verifying", head.size, Unit::Entries);
                services::verify(scope, Some(head), &mut |at| verifying.at(at))
            },
            &mut |rows| copying.at(rows),
        )
    }
}

fn told(text: &str, Copied { tables, head }: &Copied) -> Answer {
    let (rows, root) = (grouped(tables.values().sum()), to_hex(&head.root));
    Answer::done(
        format!(
            "{text}\n{rows} rows in {} tables were copied, and counted again.\n\
             The copy's journal and tables agree: {}:{root}",
            tables.len(),
            head.size
        ),
        &json!({ "tables": tables, "size": head.size, "root": root }),
    )
}
