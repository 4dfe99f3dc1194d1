//! A store in another place, as it was at one moment: how it moves house, is backed up and is restored.
//!
//! Every row of every table is copied as it stands, sealed values and wrapped keys with the rest. So the copy has the same
//! journal, opens with the same master key, and holds nothing that the store did not. It is verified before anybody sees it.

use crate::journal::{self, Entry, Head, Mismatch, Rows};
use crate::keys::{KeyRefusal, Keyring};
use crate::store::{make_tables, require_free};
use crate::{
    Command, Conflict, Db, Decision, Env, Error, Location, Migration, Operation, Refusal, Refuse, Scope, Store,
    StoreError, Tx, Vault, failpoint, policy,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the migrations write themselves.
const VERSIONS: &str = "schema_version";
/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 4096;

/// What was copied.
pub struct Copied {
    /// How many rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// The journal's head, in the copy as in the store.
    pub head: Head,
}

/// Enters in the journal that the whole store is about to be read: for a backup, or to move it. The copy has the entry, too.
pub struct RecordCopy<'l, const IS_BACKUP: bool> {
    /// Where the copy will be.
    pub target: &'l Location,
}

impl<const IS_BACKUP: bool> Command for RecordCopy<'_, IS_BACKUP> {
    const OPERATION: Operation = if IS_BACKUP { policy::BACK_UP_STORE } else { policy::COPY_STORE };
    type State = ();
    type Change = ();
    type Output = ();

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), ()>, Refusal> {
        Ok(Decision::of(vec![], serde_json::json!({ "to": self.target.to_string() }), ()))
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

impl Store {
    /// Makes a copy at `target` of the store as it is at one moment; whoever writes meanwhile goes on. `verify` is given the
    /// copy, and the head that it must have; nobody sees the copy before it was verified and is durable.
    ///
    /// # Errors
    /// [`crate::StoreRefusal::Exists`] or [`crate::StoreRefusal::Folder`]; [`Mismatch`] or what `verify` found; or either
    /// store failed. Then there is no copy.
    pub fn copy_to(
        &self,
        target: &Location,
        migrations: &[&Migration],
        verify: impl FnOnce(&Scope<'_>, Head) -> Result<Head, Error>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Copied, Error> {
        require_free(target)?;
        let mut copied = None;
        Db::create(target, |to| {
            make_tables(to, migrations)?;
            let made = self.connect()?.read(|from| copy_rows(from, to, progress))?;
            let keyring = Keyring::open(to, &self.key_path).map_err(replaced_meanwhile)?;
            let found = verify(&Scope { tx: to, vault: &Vault::new(&keyring.keys) }, made.head)?;
            if found != made.head {
                return Err(Mismatch("the copy's journal does not end as the store's does".to_owned()).into());
            }
            copied = Some(made);
            Ok(())
        })?;
        Ok(copied.expect("what was built was built by the closure"))
    }
}

/// The store opened with the key that lay there; if the copy does not, another has taken its place.
fn replaced_meanwhile(error: Error) -> Error {
    if error.code() == KeyRefusal::Wrong(PathBuf::new()).code() {
        return Conflict("the master key was replaced meanwhile; try again".to_owned()).into();
    }
    error
}

fn copy_rows(from: &Tx<'_>, to: &Tx<'_>, progress: &mut dyn FnMut(u64)) -> Result<Copied, Error> {
    let (size, root) = journal::size_and_root(from)?;
    let shape = to.shape()?;
    // What this program does not know would be left behind, and its names are what statements are made of.
    if let Some(difference) = shape.difference(&from.shape()?) {
        let text = format!("the store's tables are not those that this program makes: {difference}");
        return Err(StoreError::plain(text).with_code("store.tables").into());
    }
    let mut tables = BTreeMap::new();
    let mut rows = 0;
    for table in shape.tables() {
        if table.name() != VERSIONS {
            to.import(table, |take| {
                from.export(table, &mut |values| {
                    rows += 1;
                    if rows % PROGRESS_ROWS == 0 {
                        progress(rows);
                    }
                    take(values)
                })
            })?;
        }
        let (there, here) = (from.count(table)?, to.count(table)?);
        if there != here {
            let name = table.name();
            return Err(StoreError::plain(format!("{name} has {there} rows, and its copy {here}")).into());
        }
        tables.insert(table.name().to_owned(), here);
        failpoint::reach();
    }
    Ok(Copied { tables, head: Head { size, root } })
}
