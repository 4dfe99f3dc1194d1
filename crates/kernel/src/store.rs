use crate::keys::{KeyRefusal, Keyring, MasterKey, RotateMasterKey, next_key_path};
use crate::lent::{Idle, Lent};
use crate::{
    Actor, Command, Connection, Db, Env, Error, Group, Location, Refuse, Scope, Secrets, Tx, Vault, execute,
    execute_group, files, journal, statements,
};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

statements! {
    VERSIONS = "schema_version.list": "SELECT service, version FROM schema_version ORDER BY service LIMIT 1000";
    ADD_VERSION = "schema_version.insert": "INSERT INTO schema_version (service, version) VALUES ($1, $2)";
    SET_VERSION = "schema_version.update": "UPDATE schema_version SET version = $1 WHERE service = $2";
}

/// One step of a service's schema. Steps are only ever added.
pub struct Migration {
    /// Whose tables.
    pub service: &'static str,
    /// 1, 2, 3, …
    pub version: i64,
    /// The statements.
    pub sql: &'static str,
}

/// Why a store could not be opened or made.
#[derive(Debug)]
pub enum StoreRefusal {
    /// There is none.
    Missing(Location),
    /// There is one already.
    Exists(Location),
    /// Something else is there, or it is not called by its name: no store is put in its place.
    Folder(Location),
    /// Something else is in the schema of the database that a store has for itself.
    Schema(Location),
    /// A newer version of this program has migrated it: this service's tables.
    Newer(String),
    /// It has not been migrated to what this program needs.
    Older(&'static str),
    /// A file that is exchanged, or the master key, was to lie in the data folder.
    Inside(PathBuf),
    /// The answer that was asked for is only for synthetic stores.
    NotSynthetic(&'static str),
}

impl Refuse for StoreRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "store.missing",
            Self::Exists(_) => "store.exists",
            Self::Folder(_) => "store.folder",
            Self::Schema(_) => "store.schema",
            Self::Newer(_) => "store.newer",
            Self::Older(_) => "store.older",
            Self::Inside(_) => "store.inside",
            Self::NotSynthetic(_) => "store.not_synthetic",
        }
    }
}

impl fmt::Display for StoreRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(location) => write!(f, "there is no store in {location}; make one with 'anvis init'"),
            Self::Exists(location) => write!(f, "there is a store in {location} already"),
            Self::Folder(location) => {
                write!(
                    f,
                    "no store can be made in {location}; name a folder of its own that is not there yet or is empty"
                )
            }
            Self::Schema(location) => {
                write!(f, "no store can be made in {location}: in the schema anvis of that database is something else")
            }
            Self::Newer(service) => {
                write!(f, "the store's tables ({service}) are newer than this program; use the newer program")
            }
            Self::Older(service) => {
                write!(
                    f,
                    "the store's tables ({service}) are older than this program; bring them up with 'anvis migrate'"
                )
            }
            Self::Inside(path) => write!(f, "{} lies in the data folder; choose a place outside", path.display()),
            Self::NotSynthetic(what) => {
                write!(f, "{what} is only for a store that was made with --synthetic")
            }
        }
    }
}

/// A store, opened with its master key: tables and vault.
#[derive(Clone)]
pub struct Store {
    db: Db,
    vault: Vault,
    keyring: Keyring,
    pub(crate) key_path: PathBuf,
    remembered: Remembered,
    idle: Idle,
}

/// What a process remembers of a store between one command and the next, one thing of a type.
type Remembered = Arc<Mutex<BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>>>;

impl Store {
    /// Makes a store: its tables, a master key beside it, and an empty journal.
    ///
    /// # Errors
    /// Those of [`require_free`], before anything is written; or the folder or key cannot be
    /// written, and then neither is left half-made under its name.
    pub fn create(
        location: impl Into<Location>,
        key_path: &Path,
        migrations: &[&Migration],
        synthetic: bool,
        env: &Env,
        secrets: &mut Secrets,
    ) -> Result<Self, Error> {
        let location = location.into();
        require_free(&location)?;
        let master = Self::found_or_new_key(key_path, secrets)?;
        Db::create(&location, |tx| {
            make_tables(tx, migrations)?;
            let keyring = Keyring::create(tx, &master, synthetic, secrets)?;
            journal::start(tx, &Vault::new(&keyring.keys), synthetic, env, secrets)
        })?;
        Self::open(&location, key_path, migrations)
    }

    /// A key that lies there may be the only one to another store: it is used, and never overwritten.
    fn found_or_new_key(path: &Path, secrets: &mut Secrets) -> Result<MasterKey, Error> {
        let _lock = files::lock_folder_of(path)?;
        match MasterKey::read(path) {
            Err(Error::Refused(refusal)) if refusal.code == KeyRefusal::Missing(PathBuf::new()).code() => {
                let master = MasterKey::generate(secrets)?;
                master.write(path)?;
                Ok(master)
            }
            other => other,
        }
    }

    /// Brings the tables of a store up to what this program needs; how many steps that took.
    ///
    /// # Errors
    /// [`StoreRefusal`], or the tables cannot be changed; then they are as they were.
    pub fn migrate(location: impl Into<Location>, migrations: &[&Migration]) -> Result<usize, Error> {
        let location = location.into();
        let steps = Db::migrate(&location, |tx| {
            let versions = versions(tx)?;
            refuse_newer(&versions, migrations)?;
            let is_missing = |migration: &&Migration| version(&versions, migration.service) < migration.version;
            let missing: Vec<_> = migrations.iter().copied().filter(is_missing).collect();
            migrate(tx, missing.iter().copied())?;
            grant(tx, migrations)?;
            Ok(missing.len())
        })?;
        steps.ok_or_else(|| StoreRefusal::Missing(location).into())
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`StoreRefusal`], [`KeyRefusal`], or the store cannot be read.
    pub fn open(location: impl Into<Location>, key_path: &Path, migrations: &[&Migration]) -> Result<Self, Error> {
        let location = location.into();
        let db = Db::find(&location)?.ok_or(StoreRefusal::Missing(location))?;
        let mut connection = db.connect()?;
        let mut look = || {
            connection.read(|tx| {
                check_versions(tx, migrations)?;
                Keyring::open(tx, key_path)
            })
        };
        let keyring = match look() {
            // A rotation may have put its key in place after the keyring was read: the second look sees both.
            Err(Error::Refused(refusal)) if refusal.code == KeyRefusal::Wrong(PathBuf::new()).code() => look()?,
            other => other?,
        };
        let idle = Idle::default();
        idle.give(connection);
        let (vault, key_path) = (Vault::new(&keyring.keys), key_path.to_owned());
        Ok(Self { db, vault, keyring, key_path, remembered: Remembered::default(), idle })
    }

    /// What was remembered last of this type, by whichever of this process's connections. Whoever asks must be able to tell what has
    /// changed since.
    #[must_use]
    pub fn remembered<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }

    /// Remembers something, in the place of what was remembered of its type.
    pub fn remember<T: Any + Send + Sync>(&self, what: Arc<T>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(TypeId::of::<T>(), what);
    }

    /// Whether it was made for synthetic people: only then may time and actors be claimed.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        self.keyring.synthetic
    }

    /// Refuses `what` in a store of real people.
    ///
    /// # Errors
    /// [`StoreRefusal::NotSynthetic`].
    pub fn require_synthetic(&self, what: &'static str) -> Result<(), Error> {
        if self.is_synthetic() { Ok(()) } else { Err(StoreRefusal::NotSynthetic(what).into()) }
    }

    /// The vault.
    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn connect(&self) -> Result<Connection, Error> {
        self.idle.take().map_or_else(|| self.db.connect(), Ok)
    }

    /// A connection for reading, which goes back when it is not needed any more. Its settings stay as they are.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn lend(&self) -> Result<Lent, Error> {
        Ok(self.idle.lend(self.connect()?))
    }

    /// The process's writer: what every change goes through.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn writer(&self, secrets: Secrets) -> Result<Writer, Error> {
        Ok(Writer { store: self.clone(), connection: self.connect()?, secrets })
    }
}

/// A store with a connection that writes and a source of secrets.
pub struct Writer {
    /// The store written to.
    pub store: Store,
    /// Its connection.
    pub connection: Connection,
    /// Where salts and keys come from.
    pub secrets: Secrets,
}

impl Writer {
    /// Runs one command; see [`execute`].
    ///
    /// # Errors
    /// The command's refusal, a conflict, or the store's failure.
    pub fn execute<C: Command>(&mut self, command: &C, actor: &Actor, env: &Env) -> Result<C::Output, Error> {
        execute(self, command, actor, env)
    }

    /// Runs several commands in one transaction; see [`execute_group`].
    ///
    /// # Errors
    /// Those of `work`, a conflict, or the store's failure; then nothing of the group has changed.
    pub fn execute_group<T>(&mut self, work: impl FnMut(&mut Group<'_>) -> Result<T, Error>) -> Result<T, Error> {
        execute_group(self, work)
    }

    /// Reads from one snapshot.
    ///
    /// # Errors
    /// Those of `work`, or the store's.
    pub fn read<T>(&mut self, work: impl FnOnce(&Scope<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let Self { store, connection, .. } = self;
        connection.read(|tx| work(&Scope { tx, vault: &store.vault }))
    }

    /// As [`Connection::read_beside_writers`].
    ///
    /// # Errors
    /// The store's.
    pub fn read_beside_writers(&mut self) -> Result<(), Error> {
        self.connection.read_beside_writers()
    }

    /// As [`Connection::fold_in`]: for a process that writes much, many times a second, from a writer of its own.
    ///
    /// # Errors
    /// The store's.
    pub fn fold_in(&mut self) -> Result<(), Error> {
        self.connection.fold_in()
    }

    /// Makes a new master key, wraps the data keys with it, and puts it in the former one's place. Whatever moment it is cut
    /// off at, the key at that place, or the one beside it that opening then puts there, opens the store.
    ///
    /// # Errors
    /// The policy's refusal, or the key or the store cannot be written.
    pub fn rotate_master_key(&mut self, actor: &Actor, env: &Env) -> Result<(), Error> {
        let path = self.store.key_path.clone();
        // Two rotations at once would overwrite each other's key, and nothing would open the store any more.
        let _lock = files::lock_folder_of(&path)?;
        let command = RotateMasterKey::new(&path, &self.store.keyring, &mut self.secrets)?;
        self.execute(&command, actor, env)?;
        files::rename(&next_key_path(&path), &path)?;
        // The former wrapping would still open with the former key.
        self.connection.forget_former_pages()
    }
}

/// Refuses a place at which a store cannot be made, because one or something else is there.
///
/// # Errors
/// [`StoreRefusal::Exists`], [`StoreRefusal::Folder`], [`StoreRefusal::Schema`], or the place cannot be looked at.
pub fn require_free(location: &Location) -> Result<(), Error> {
    if Db::find(location)?.is_some() {
        return Err(StoreRefusal::Exists(location.clone()).into());
    }
    if !Db::is_free(location)? {
        let taken = if location.folder().is_some() { StoreRefusal::Folder } else { StoreRefusal::Schema };
        return Err(taken(location.clone()).into());
    }
    Ok(())
}

/// Makes the tables, for whoever may use them.
pub(crate) fn make_tables(tx: &Tx<'_>, migrations: &[&Migration]) -> Result<(), Error> {
    migrate(tx, migrations.iter().copied())?;
    grant(tx, migrations)
}

fn grant(tx: &Tx<'_>, migrations: &[&Migration]) -> Result<(), Error> {
    tx.grant(&migrations.iter().map(|migration| migration.sql).collect::<Vec<_>>())
}

/// The version that each service's tables have.
fn versions(tx: &Tx<'_>) -> Result<BTreeMap<String, i64>, Error> {
    let mut versions = BTreeMap::new();
    tx.each(&VERSIONS, &[], |row| {
        versions.insert(row.text(0)?.to_owned(), row.int(1)?);
        Ok(())
    })?;
    Ok(versions)
}

/// 0 for a service that has no tables.
fn version(versions: &BTreeMap<String, i64>, service: &str) -> i64 {
    versions.get(service).copied().unwrap_or(0)
}

fn migrate<'m>(tx: &Tx<'_>, migrations: impl Iterator<Item = &'m Migration>) -> Result<(), Error> {
    for migration in migrations {
        tx.migrate(migration.sql)?;
        let version = migration.version.into();
        if migration.version == 1 {
            tx.run(&ADD_VERSION, &[migration.service.into(), version])?;
        } else {
            tx.run(&SET_VERSION, &[version, migration.service.into()])?;
        }
    }
    Ok(())
}

fn check_versions(tx: &Tx<'_>, migrations: &[&Migration]) -> Result<(), Error> {
    let versions = versions(tx)?;
    refuse_newer(&versions, migrations)?;
    match migrations.iter().find(|migration| version(&versions, migration.service) < migration.version) {
        Some(missing) => Err(StoreRefusal::Older(missing.service).into()),
        None => Ok(()),
    }
}

/// Refuses tables that are not known here, whether a service that is known has changed them or another one has made them.
fn refuse_newer(versions: &BTreeMap<String, i64>, migrations: &[&Migration]) -> Result<(), StoreRefusal> {
    let is_known = |service: &str, version: i64| {
        migrations.iter().any(|migration| migration.service == service && migration.version >= version)
    };
    match versions.iter().find(|(service, version)| !is_known(service, **version)) {
        Some((service, _)) => Err(StoreRefusal::Newer(service.clone())),
        None => Ok(()),
    }
}
