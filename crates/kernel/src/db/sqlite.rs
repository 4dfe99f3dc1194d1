//! SQLite, bundled: one file in the data folder, write-ahead log, a sync with every commit.

mod bulk;

use super::value::Cells;
use super::{Connection as DbConnection, Purpose, Row, Session as DbSession, Statement, Tx, Value, keeping};
use crate::{Conflict, Error, StoreError, StoreRefusal, files};
use rusqlite::config::DbConfig;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_TRIGGER, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::types::{FromSqlError, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::cell::OnceCell;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

const FILE: &str = "anvis.sqlite";
/// How long a transaction waits for another's, of this process or any other.
const BUSY_WAIT: Duration = Duration::from_secs(60);
/// How often it tries meanwhile. The engine's own pauses grow to a tenth of a second, and who writes one group after the other
/// lets nobody else in who comes so seldom.
const BUSY_PAUSE: Duration = Duration::from_micros(250);
/// The part of the file that is read without copying. Mapped pages are the operating system's, not this process's own memory.
const MAPPED_BYTES_MAX: i64 = 64 << 30;
const CACHE_KIB: i64 = 16 << 10;
/// Pages in the write-ahead log before whoever writes folds it into the file: large, because a bulk chunk writes many.
const CHECKPOINT_PAGES: i64 = 20_000;
/// Before that, [`Session::fold_in`] folds in as many, and little is left to do while others wait.
const FOLD_IN_PAGES: i64 = 18_000;
const STATEMENTS_CACHED: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Engine {
    path: PathBuf,
}

impl Engine {
    /// Builds in a folder beside, which gets its name when it is whole.
    pub(super) fn create(folder: &Path, build: impl FnOnce(&Tx<'_>) -> Result<(), Error>) -> Result<Self, Error> {
        use std::os::unix::fs::DirBuilderExt;
        if folder.file_name().is_none() {
            return Err(StoreError::plain("a data folder needs a name of its own, such as ./anvis-data").into());
        }
        let mut building = folder.file_name().unwrap_or_default().to_owned();
        building.push(".part");
        let building = folder.with_file_name(building);
        let cannot = || Error::io(format!("the data folder {} could not be made", building.display()));
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            builder.create(parent).map_err(cannot())?;
        }
        // Another process may be making the same store.
        let _lock = files::lock_folder_of(folder)?;
        if Self::find(folder).is_some() {
            return Err(StoreRefusal::Exists(folder.into()).into());
        }
        Self::remove_unfinished(&building).map_err(cannot())?;
        builder.create(&building).map_err(cannot())?;
        if let Err(error) = Self::build_in(&building, build) {
            // What is left of it is removed by the next who builds here, if it cannot be now.
            let _ = Self::remove_unfinished(&building);
            return Err(error);
        }
        if folder.exists() {
            // Nothing was in it; what came since stays, and so does the folder.
            std::fs::remove_dir(folder)
                .map_err(Error::io(format!("{} is there already and is not empty", folder.display())))?;
        }
        files::rename(&building, folder)?;
        Ok(Self { path: folder.join(FILE) })
    }

    /// Nobody sees the folder before it has its name, and what is left in it by a process that was cut off is removed. So nothing
    /// is written twice, and the disk is waited for once, at the end.
    fn build_in(folder: &Path, build: impl FnOnce(&Tx<'_>) -> Result<(), Error>) -> Result<(), Error> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = folder.join(FILE);
        let cannot = "the store could not be made";
        // The files that the engine makes beside it get the same permissions.
        let file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(Error::io(cannot))?;
        let session = Self { path: path.clone() }.connect()?;
        let set = |pragma, value| session.connection.pragma_update(None, pragma, value).map_err(failed(cannot));
        set("journal_mode", "MEMORY")?;
        set("synchronous", "OFF")?;
        let mut connection = DbConnection::over(DbSession::Sqlite(session));
        connection.once(Purpose::Migrate, build)?;
        drop(connection);
        let connection =
            Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed(cannot))?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed(cannot))?;
        drop(connection);
        files::sync(&file, &path)?;
        files::sync_folder_of(&path)
    }

    pub(super) fn find(folder: &Path) -> Option<Self> {
        let path = folder.join(FILE);
        path.exists().then_some(Self { path })
    }

    /// An empty folder may have been made for us, anything else is somebody's.
    pub(super) fn is_free(folder: &Path) -> bool {
        let is_nothing = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
        let is_empty = || std::fs::read_dir(folder).map_or_else(is_nothing, |mut entries| entries.next().is_none());
        folder.file_name().is_some() && !folder.is_symlink() && is_empty()
    }

    /// Removes a folder in which a database was begun and not finished, if it is there. A folder that holds anything else stays.
    fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            match std::fs::remove_file(folder.join(format!("{FILE}{suffix}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match std::fs::remove_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn connect(&self) -> Result<Session, Error> {
        let cannot = "the store could not be opened";
        // No SQLITE_OPEN_CREATE: a store that went away is an error, not a new store. A connection is used by one thread at a
        // time, so that it needs no lock of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&self.path, flags).map_err(failed(cannot))?;
        connection.busy_handler(Some(patience())).map_err(failed(cannot))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        for (pragma, value) in [
            ("synchronous", 2), // FULL: what is acknowledged survives a power cut
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("recursive_triggers", 1), // so that REPLACE does not get past those that keep rows
            ("cache_size", -CACHE_KIB),
            ("mmap_size", MAPPED_BYTES_MAX),
            ("wal_autocheckpoint", CHECKPOINT_PAGES),
        ] {
            connection.pragma_update(None, pragma, value).map_err(failed(cannot))?;
        }
        // A statement keeps its plan: it is not prepared anew because other values are bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed(cannot))?;
        Ok(Session { connection, path: self.path.clone(), file: OnceCell::new() })
    }
}

/// Waits a little for whoever has the store, each time that it is called; whether to try once more.
#[expect(clippy::disallowed_methods, reason = "how long others are waited for is nothing that a command decides by")]
fn patience() -> impl FnMut(i32) -> bool + Send + 'static {
    let mut since = Instant::now();
    move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        // The engine does not say when the other has ended.
        park_timeout(BUSY_PAUSE);
        since.elapsed() < BUSY_WAIT
    }
}

pub(super) struct Session {
    connection: Connection,
    path: PathBuf,
    /// The database's file, for its sync alone. It is never closed: a process that closes any descriptor of a file gives up all
    /// its locks on it.
    file: OnceCell<&'static File>,
}

impl Session {
    pub(super) fn begin(&self, purpose: Purpose) -> Result<(), Error> {
        self.batch(if purpose == Purpose::Read { "BEGIN" } else { "BEGIN IMMEDIATE" })
    }

    pub(super) fn commit(&self) -> Result<(), Error> {
        self.batch("COMMIT")
    }

    /// One process at a time writes, and has waited for the others already.
    #[expect(clippy::unused_self, reason = "as the other engine has it")]
    pub(super) const fn may_try_again(&self, _: u32) -> bool {
        false
    }

    /// What made it necessary is the error to tell; a disk that is full has rolled back by itself.
    pub(super) fn roll_back(&self) {
        let _ = self.batch("ROLLBACK");
    }

    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(failed(sql))
    }

    pub(super) fn keep_in_memory(&self, bytes: u64) -> Result<(), Error> {
        let kib = i64::try_from(bytes >> 10).unwrap_or(i64::MAX);
        self.connection.pragma_update(None, "cache_size", -kib).map_err(failed("cache_size"))
    }

    pub(super) fn forget_former_pages(&self) -> Result<(), Error> {
        let mut patience = patience();
        for tries in 0.. {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let is_busy: bool =
                self.connection.query_row(checkpoint, [], |row| row.get(0)).map_err(failed(checkpoint))?;
            if !is_busy {
                return Ok(());
            }
            if !patience(tries) {
                break;
            }
        }
        Err(Conflict("former pages could not be removed, as somebody reads them all the time; try again".to_owned())
            .into())
    }

    pub(super) fn read_beside_writers(&self) -> Result<(), Error> {
        self.connection.pragma_update(None, "mmap_size", 0).map_err(failed("mmap_size"))
    }

    /// A checkpoint that is under way elsewhere does the same.
    pub(super) fn fold_in(&self) -> Result<(), Error> {
        let checkpoint = |sql: &str| {
            let pages = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
            self.connection.query_row(sql, [], pages).map_err(failed(sql))
        };
        if checkpoint("PRAGMA wal_checkpoint(NOOP)")? < FOLD_IN_PAGES {
            return Ok(());
        }
        checkpoint("PRAGMA wal_checkpoint(PASSIVE)")?;
        // Where others have written on meanwhile, the engine leaves the sync to whoever folds in the rest.
        let cannot = || Error::io(format!("{} could not be synced", self.path.display()));
        let file = match self.file.get() {
            Some(file) => file,
            None => {
                let opened = File::open(&self.path).map_err(cannot())?;
                self.file.get_or_init(|| Box::leak(Box::new(opened)))
            }
        };
        file.sync_data().map_err(cannot())
    }

    pub(super) fn migrate(&self, sql: &str) -> Result<(), Error> {
        // A table that is read by its primary key lies in that key's order.
        self.batch(&sql.replace("/*clustered*/", "WITHOUT ROWID"))?;
        for (table, keeping) in keeping::tables(sql) {
            for act in keeping.refused() {
                self.batch(&format!(
                    "CREATE TRIGGER {table}_refuses_{act} BEFORE {act} ON {table}
                     BEGIN SELECT RAISE(ABORT, 'rows of this table stay'); END"
                ))?;
            }
        }
        Ok(())
    }

    /// A file has no roles: whoever can write it can write all of it.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as the other engine has it")]
    pub(super) const fn grant(&self, _: &[&str]) -> Result<(), Error> {
        Ok(())
    }

    /// Nobody ends what it does.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as the other engine has it")]
    pub(super) const fn wait_as_long_as_it_takes(&self) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn run(&self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Error> {
        let failed = || failed(statement.name);
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        bind(&mut prepared, values).map_err(failed())?;
        let changed = prepared.raw_execute().map_err(failed())?;
        Ok(changed as u64)
    }

    pub(super) fn run_many<'v, const N: usize>(
        &self,
        statement: &Statement,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        let failed = || failed(statement.name);
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        for values in rows {
            bind(&mut prepared, &values).map_err(failed())?;
            prepared.raw_execute().map_err(failed())?;
        }
        Ok(())
    }

    pub(super) fn first<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let failed = || failed(statement.name);
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        bind(&mut prepared, values).map_err(failed())?;
        let mut rows = prepared.raw_query();
        rows.next().map_err(failed())?.map(|row| read(&Row::new(Cells::Sqlite(row), statement))).transpose()
    }

    pub(super) fn each(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = || failed(statement.name);
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        bind(&mut prepared, values).map_err(failed())?;
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failed())? {
            read(&Row::new(Cells::Sqlite(row), statement))?;
        }
        Ok(())
    }

    pub(super) fn look_up<'k>(
        &self,
        statement: &'static Statement,
        keys: impl IntoIterator<Item = Value<'k>>,
        mut read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = || failed(statement.name);
        let mut keys = keys.into_iter().enumerate().peekable();
        if keys.peek().is_none() {
            return Ok(());
        }
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        for (index, key) in keys {
            prepared.raw_bind_parameter(1, key).map_err(failed())?;
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next().map_err(failed())? {
                read(index, &Row::new(Cells::Sqlite(row), statement))?;
            }
        }
        Ok(())
    }

    /// Many are one after the other.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as the other engine has it")]
    pub(super) const fn is_for_many(&self, _: &'static Statement) -> Result<bool, Error> {
        Ok(true)
    }

    pub(super) fn parameters(&self, statement: &Statement) -> Result<Vec<String>, Error> {
        let prepared = self.connection.prepare(statement.sql).map_err(failed(statement.name))?;
        Ok((1..=prepared.parameter_count())
            .map(|at| prepared.parameter_name(at).unwrap_or_default().to_owned())
            .collect())
    }
}

fn bind(prepared: &mut rusqlite::Statement<'_>, values: &[Value<'_>]) -> rusqlite::Result<()> {
    for (at, value) in values.iter().enumerate() {
        prepared.raw_bind_parameter(at + 1, *value)?;
    }
    Ok(())
}

impl<'r> TryFrom<ValueRef<'r>> for Value<'r> {
    type Error = FromSqlError;

    fn try_from(value: ValueRef<'r>) -> Result<Self, FromSqlError> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(value) => Self::Int(value),
            ValueRef::Text(_) => Self::Text(value.as_str()?),
            ValueRef::Blob(value) => Self::Bytes(value),
            ValueRef::Real(_) => return Err(FromSqlError::InvalidType),
        })
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(value),
            Value::Bool(value) => ValueRef::Integer(i64::from(value)),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn failed(doing: &str) -> impl FnOnce(rusqlite::Error) -> Error {
    let doing = doing.to_owned();
    let extended = |error: &rusqlite::Error| error.sqlite_error().map(|error| error.extended_code);
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Conflict("another process holds the store; try again".to_owned()).into()
        }
        // A trigger's: the tables refuse it, whoever asks.
        Some(ErrorCode::ConstraintViolation) if extended(&error) == Some(SQLITE_CONSTRAINT_TRIGGER) => {
            StoreError::new(format!("the store does not allow this ({doing})"), error)
                .with_code("store.forbidden")
                .into()
        }
        Some(ErrorCode::ConstraintViolation)
            if matches!(extended(&error), Some(SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY)) =>
        {
            Conflict(format!("somebody else was first ({doing})")).into()
        }
        Some(ErrorCode::DiskFull) => {
            StoreError::new("the disk that holds the store is full", error).with_code("store.full").into()
        }
        _ => StoreError::new(format!("the store failed ({doing})"), error).into(),
    }
}
