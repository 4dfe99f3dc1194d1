//! SQLite, bundled: one file in the data folder, write-ahead log, a sync with every commit.

use super::{Row, Statement, Value};
use crate::{Conflict, Error, StoreError, failpoint};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "anvis.sqlite";
/// How long a command waits for another process's transaction.
const BUSY_WAIT: Duration = Duration::from_secs(60);
/// The part of the file that is read without copying. Mapped pages are the operating system's, not this process's own memory.
const MAPPED_BYTES_MAX: i64 = 64 << 30;
const CACHE_KIB: i64 = 16 << 10;
/// Pages in the write-ahead log before it is folded into the file: large, because a bulk chunk writes many.
const CHECKPOINT_PAGES: i64 = 20_000;
const STATEMENTS_CACHED: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Engine {
    path: PathBuf,
}

impl Engine {
    pub(super) fn create(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed("the store could not be made"))?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed("the store could not be made"))?;
        Ok(Self { path })
    }

    pub(super) fn find(folder: &Path) -> Option<Self> {
        let path = folder.join(FILE);
        path.exists().then_some(Self { path })
    }

    /// Removes the engine's own files, as far as there are any.
    pub(super) fn remove(folder: &Path) -> std::io::Result<()> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            match std::fs::remove_file(folder.join(format!("{FILE}{suffix}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn connect(&self) -> Result<Session, Error> {
        let cannot = "the store could not be opened";
        // No SQLITE_OPEN_CREATE: a store that went away is an error, not a new store. A connection is used by one thread at a
        // time, so that it needs no lock of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed(cannot))?;
        connection.busy_timeout(BUSY_WAIT).map_err(failed(cannot))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        for (pragma, value) in [
            ("synchronous", 2), // FULL: what is acknowledged survives a power cut
            ("foreign_keys", 1),
            ("trusted_schema", 0),
            ("cache_size", -CACHE_KIB),
            ("mmap_size", MAPPED_BYTES_MAX),
            ("wal_autocheckpoint", CHECKPOINT_PAGES),
        ] {
            connection.pragma_update(None, pragma, value).map_err(failed(cannot))?;
        }
        Ok(Session { connection })
    }
}

pub(super) struct Session {
    connection: Connection,
}

impl Session {
    pub(super) fn transaction<T>(
        &mut self,
        writes: bool,
        work: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.batch(if writes { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        match work(self) {
            Ok(output) => {
                if writes {
                    failpoint::reach();
                }
                if let Err(error) = self.batch("COMMIT") {
                    // The commit's error is the one to tell; a rollback that fails too adds nothing.
                    let _ = self.batch("ROLLBACK");
                    return Err(error);
                }
                if writes {
                    failpoint::reach();
                }
                Ok(output)
            }
            Err(error) => {
                // A disk that is full has rolled back by itself; the work's own error is the one to tell.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }

    pub(super) fn begin_snapshot(&self) -> Result<(), Error> {
        self.batch("BEGIN")
    }

    pub(super) fn end_snapshot(&self) -> Result<(), Error> {
        self.batch("COMMIT")
    }

    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.connection.execute_batch(sql).map_err(failed(sql))
    }

    pub(super) fn keep_in_memory(&self, bytes: u64) -> Result<(), Error> {
        let kib = i64::try_from(bytes >> 10).unwrap_or(i64::MAX);
        self.connection.pragma_update(None, "cache_size", -kib).map_err(failed("cache_size"))
    }

    pub(super) fn forget_former_pages(&self) -> Result<(), Error> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(failed("the write-ahead log could not be folded in"))
    }

    pub(super) fn migrate(&self, sql: &str) -> Result<(), Error> {
        // A table that is read by its primary key lies in that key's order.
        self.batch(&sql.replace("/*clustered*/", "WITHOUT ROWID"))
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
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        for values in rows {
            bind(&mut prepared, &values).map_err(failed())?;
            prepared.raw_execute().map_err(failed())?;
        }
        Ok(())
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
            read(&Row { row, statement })?;
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
        let mut prepared = self.connection.prepare_cached(statement.sql).map_err(failed())?;
        for (index, key) in keys.into_iter().enumerate() {
            prepared.raw_bind_parameter(1, key).map_err(failed())?;
            let mut rows = prepared.raw_query();
            while let Some(row) = rows.next().map_err(failed())? {
                read(index, &Row { row, statement })?;
            }
        }
        Ok(())
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

/// The value of a column, if it is of the type that is asked for.
pub(super) fn column<'r, T: FromColumn<'r>>(row: &'r rusqlite::Row<'_>, at: usize) -> Option<T> {
    row.get_ref(at).ok().and_then(T::from_column)
}

pub(super) trait FromColumn<'r>: Sized {
    fn from_column(value: ValueRef<'r>) -> Option<Self>;
}

impl FromColumn<'_> for i64 {
    fn from_column(value: ValueRef<'_>) -> Option<Self> {
        value.as_i64().ok()
    }
}

impl FromColumn<'_> for bool {
    fn from_column(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Integer(0) => Some(false),
            ValueRef::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl<'r> FromColumn<'r> for &'r str {
    fn from_column(value: ValueRef<'r>) -> Option<Self> {
        value.as_str().ok()
    }
}

impl<'r> FromColumn<'r> for &'r [u8] {
    fn from_column(value: ValueRef<'r>) -> Option<Self> {
        value.as_blob().ok()
    }
}

impl<'r, T: FromColumn<'r>> FromColumn<'r> for Option<T> {
    fn from_column(value: ValueRef<'r>) -> Option<Self> {
        if value == ValueRef::Null { Some(None) } else { T::from_column(value).map(Some) }
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
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Conflict("another process holds the store; try again".to_owned()).into()
        }
        Some(ErrorCode::ConstraintViolation) => Conflict(format!("somebody else was first ({doing})")).into(),
        Some(ErrorCode::DiskFull) => StoreError::new("the disk that holds the store is full", error).into(),
        _ => StoreError::new(format!("the store failed ({doing})"), error).into(),
    }
}
