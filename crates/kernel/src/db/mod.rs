//! The store's engine: five portable types, named statements, one transaction at a time.
//!
//! Everything that only one engine knows lives below this module. The SQL above it keeps to what SQLite and PostgreSQL both
//! read: placeholders `$1…$n` that first appear in ascending order (in SQLite they are names, numbered by first appearance),
//! and PostgreSQL's type names.

mod sqlite;

use crate::{Error, StoreError};
use std::path::Path;

/// One SQL text with the name by which errors and tests know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    /// `table.what`.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

/// Declares a store module's statements and registers them, so that a test prepares every one.
///
/// ```
/// kernel::statements! {
///     FIND = "thing.find": "SELECT name FROM thing WHERE id = $1";
/// }
/// assert_eq!(STATEMENTS, [&FIND]);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$about:meta])* $constant:ident = $name:literal : $sql:expr;)+) => {
        $($(#[$about])* const $constant: $crate::Statement = $crate::Statement { name: $name, sql: $sql };)+
        /// This module's statements.
        pub(crate) const STATEMENTS: &[&$crate::Statement] = &[$(&$constant),+];
    };
}

/// What a column can hold. Times are microseconds UTC, money is in minor units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'v> {
    /// Absent.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(&'v str),
    /// A run of bytes.
    Bytes(&'v [u8]),
    /// Yes or no.
    Bool(bool),
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $to:expr;)+) => {
        $(impl<'v> From<$type> for Value<'v> { fn from($value: $type) -> Self { $to } })+
    };
}

value_from! {
    i64 => |value| Self::Int(value);
    bool => |value| Self::Bool(value);
    &'v str => |value| Self::Text(value);
    &'v String => |value| Self::Text(value);
    &'v [u8] => |value| Self::Bytes(value);
    &'v Vec<u8> => |value| Self::Bytes(value);
    crate::Timestamp => |value| Self::Int(value.micros());
    &'v crate::Blind => |value| Self::Bytes(value.as_bytes());
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T> From<crate::Id<T>> for Value<'_> {
    fn from(id: crate::Id<T>) -> Self {
        Self::Int(id.number())
    }
}

/// Where the tables are.
#[derive(Clone, Debug)]
pub struct Db {
    engine: sqlite::Engine,
}

impl Db {
    /// Makes a new, empty database in `folder`.
    ///
    /// # Errors
    /// The folder cannot be written, or holds one already.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        Ok(Self { engine: sqlite::Engine::create(folder)? })
    }

    /// Removes a folder in which a database was begun and not finished, if it is there. A folder that holds anything else stays.
    ///
    /// # Errors
    /// The folder holds something else, or cannot be removed.
    pub fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
        sqlite::Engine::remove(folder)?;
        match std::fs::remove_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The database in `folder`, if there is one.
    #[must_use]
    pub fn find(folder: &Path) -> Option<Self> {
        sqlite::Engine::find(folder).map(|engine| Self { engine })
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn connect(&self) -> Result<Connection, Error> {
        Ok(Connection { session: self.engine.connect()?, holds_snapshot: false })
    }
}

/// One connection, one transaction at a time.
pub struct Connection {
    session: sqlite::Session,
    holds_snapshot: bool,
}

impl Connection {
    /// Reads from one snapshot.
    ///
    /// # Errors
    /// Those of `work`, or the store's.
    pub fn read<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if self.holds_snapshot {
            return work(&Tx { session: &self.session });
        }
        self.session.transaction(false, |session| work(&Tx { session }))
    }

    /// Lets every further read of this connection see one snapshot, until this is called again: bulk look-ups are several
    /// times faster so. Such a connection does not write.
    ///
    /// # Errors
    /// The store's.
    pub fn hold_snapshot(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.holds_snapshot) {
            self.session.end_snapshot()?;
        }
        self.session.begin_snapshot()?;
        self.holds_snapshot = true;
        Ok(())
    }

    /// Reads and writes; all of it becomes durable, or none.
    ///
    /// # Errors
    /// Those of `work`, which roll back; [`crate::Conflict`] when somebody else was first; or the store's.
    pub fn write<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.session.transaction(true, |session| work(&Tx { session }))
    }

    /// Lets this connection keep `bytes` of changed pages in memory: for imports that touch most of a table in one chunk.
    ///
    /// # Errors
    /// The store's.
    pub fn keep_in_memory(&mut self, bytes: u64) -> Result<(), Error> {
        self.session.keep_in_memory(bytes)
    }

    /// Leaves no former version of a page in the engine's own files, after a secret has been replaced.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_former_pages(&mut self) -> Result<(), Error> {
        self.session.forget_former_pages()
    }
}

/// A transaction that is under way.
pub struct Tx<'s> {
    session: &'s sqlite::Session,
}

impl Tx<'_> {
    /// Runs a statement that gives no rows; how many it changed.
    ///
    /// # Errors
    /// [`crate::Conflict`] on a unique key that is taken; or the store's.
    pub fn run(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, Error> {
        self.session.run(statement, values)
    }

    /// Runs one statement for many rows: the way to insert or update in bulk.
    ///
    /// # Errors
    /// As [`Tx::run`], at the first row that fails.
    pub fn run_many<'v, const N: usize>(
        &self,
        statement: &'static Statement,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        self.session.run_many(statement, rows)
    }

    /// The one row that a query finds, if any.
    ///
    /// # Errors
    /// Those of `read`, or the store's.
    pub fn optional<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut read = Some(read);
        let mut found = None;
        self.each(statement, values, |row| {
            if let Some(read) = read.take() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The one row that a query must find.
    ///
    /// # Errors
    /// There is none; those of `read`, or the store's.
    pub fn one<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.optional(statement, values, read)?
            .ok_or_else(|| StoreError::plain(format!("the store is damaged: {} found no row", statement.name)).into())
    }

    /// Every row of a query, in its order.
    ///
    /// # Errors
    /// Those of `read`, or the store's.
    pub fn each(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.session.each(statement, values, read)
    }

    /// Looks many keys up (`$1`), each with `read(index of the key, row)` for what it finds. Give the keys sorted: neighbours
    /// then share pages.
    ///
    /// # Errors
    /// Those of `read`, or the store's.
    pub fn look_up<'k>(
        &self,
        statement: &'static Statement,
        keys: impl IntoIterator<Item = Value<'k>>,
        read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.session.look_up(statement, keys, read)
    }

    /// Runs a migration: several statements, no values.
    pub(crate) fn migrate(&self, sql: &str) -> Result<(), Error> {
        self.session.migrate(sql)
    }

    /// The names of a statement's parameters in the engine's order. Preparing it is the point.
    ///
    /// # Errors
    /// The engine does not understand the statement.
    pub fn parameters(&self, statement: &Statement) -> Result<Vec<String>, Error> {
        self.session.parameters(statement)
    }
}

/// One row of a query.
pub struct Row<'r> {
    row: &'r rusqlite::Row<'r>,
    statement: &'static Statement,
}

macro_rules! column {
    ($($(#[$about:meta])* $name:ident -> $type:ty;)+) => {
        $($(#[$about])*
        ///
        /// # Errors
        /// The column holds something else: the store is damaged.
        pub fn $name(&self, column: usize) -> Result<$type, Error> {
            sqlite::column(self.row, column).ok_or_else(|| self.broken(column).into())
        })+
    };
}

impl Row<'_> {
    column! {
        /// A whole number.
        int -> i64;
        /// A whole number that may be absent.
        optional_int -> Option<i64>;
        /// Yes or no.
        bool -> bool;
        /// A text.
        text -> &str;
        /// A text that may be absent.
        optional_text -> Option<&str>;
        /// A run of bytes.
        bytes -> &[u8];
        /// A run of bytes that may be absent.
        optional_bytes -> Option<&[u8]>;
    }

    /// A run of exactly `N` bytes.
    ///
    /// # Errors
    /// The column holds something else: the store is damaged.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], Error> {
        self.bytes(column)?.try_into().map_err(|_| self.broken(column).into())
    }

    /// The error for a column whose value makes no sense.
    #[must_use]
    pub fn broken(&self, column: usize) -> StoreError {
        let name = self.row.as_ref().column_name(column).unwrap_or("?");
        let row = sqlite::column::<i64>(self.row, 0).map_or_else(|| "?".to_owned(), |id| id.to_string());
        StoreError::broken(self.statement.name, name, row)
    }
}
