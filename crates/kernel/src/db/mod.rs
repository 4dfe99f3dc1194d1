//! The store's engines: five portable types, named statements, one transaction at a time.
//!
//! Everything that only one engine knows lives below this module. The SQL above it keeps to what SQLite and PostgreSQL both
//! read: placeholders `$1…$n` that first appear in ascending order (in SQLite they are names, numbered by first appearance),
//! and PostgreSQL's type names.

mod keeping;
mod location;
mod postgres;
mod shape;
mod sqlite;
mod value;

use crate::{Error, StoreError, failpoint};
pub use location::{Location, LocationRefusal};
pub use shape::Shape;
pub(crate) use shape::Table;
pub use value::{Row, Value};

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

/// Where the tables are.
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(postgres::Engine),
}

impl Db {
    /// The database at `location`, if one was made there.
    ///
    /// # Errors
    /// The server cannot be reached, or does not let us in.
    pub fn find(location: &Location) -> Result<Option<Self>, Error> {
        Ok(match location {
            Location::Sqlite(folder) => sqlite::Engine::find(folder).map(Engine::Sqlite),
            Location::Postgres(server) => postgres::Engine::find(server)?.map(Engine::Postgres),
        }
        .map(|engine| Self { engine }))
    }

    /// Whether nothing is in the way of a database at `location`, where there is none yet.
    ///
    /// # Errors
    /// The server cannot be reached, or does not let us in.
    pub(crate) fn is_free(location: &Location) -> Result<bool, Error> {
        match location {
            Location::Sqlite(folder) => Ok(sqlite::Engine::is_free(folder)),
            Location::Postgres(server) => postgres::Engine::is_free(server),
        }
    }

    /// Makes a database at `location` and fills it by `build`: all of it is there afterwards, or nothing.
    ///
    /// # Errors
    /// Those of `build`; [`crate::StoreRefusal::Exists`] or [`crate::StoreRefusal::Schema`]; or the place cannot be written.
    pub fn create(location: &Location, build: impl FnOnce(&Tx<'_>) -> Result<(), Error>) -> Result<Self, Error> {
        let engine = match location {
            Location::Sqlite(folder) => Engine::Sqlite(sqlite::Engine::create(folder, build)?),
            Location::Postgres(server) => Engine::Postgres(postgres::Engine::create(server, build)?),
        };
        Ok(Self { engine })
    }

    /// Changes the tables of the database at `location`, if one was made there; all of it, or nothing.
    ///
    /// # Errors
    /// Those of `change`, or the store's.
    pub(crate) fn migrate<T>(
        location: &Location,
        change: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let connection = match location {
            Location::Sqlite(_) => Self::find(location)?.map(|db| db.connect()).transpose()?,
            Location::Postgres(server) => postgres::Engine::owner(server)?,
        };
        connection.map(|mut connection| connection.once(Purpose::Migrate, change)).transpose()
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// The database cannot be opened.
    pub fn connect(&self) -> Result<Connection, Error> {
        Ok(Connection::over(match &self.engine {
            Engine::Sqlite(engine) => Session::Sqlite(engine.connect()?),
            Engine::Postgres(engine) => Session::Postgres(Box::new(engine.connect()?)),
        }))
    }
}

enum Session {
    Sqlite(sqlite::Session),
    Postgres(Box<postgres::Session>),
}

/// Calls the same method of whichever engine's session it is.
macro_rules! on {
    ($session:expr, $method:ident($($argument:expr),*)) => {
        match $session {
            Session::Sqlite(session) => session.$method($($argument),*),
            Session::Postgres(session) => session.$method($($argument),*),
        }
    };
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Read,
    /// Writes to the journal, whose writers take turns.
    Write,
    /// Writes what nobody can see.
    Stage,
    /// Changes the tables themselves.
    Migrate,
}

/// One connection, one transaction at a time.
pub struct Connection {
    session: Session,
    holds_snapshot: bool,
    /// Whether a transaction was begun and has not ended.
    is_open: bool,
}

impl Connection {
    const fn over(session: Session) -> Self {
        Self { session, holds_snapshot: false, is_open: false }
    }

    /// Reads from one snapshot.
    ///
    /// # Errors
    /// Those of `work`, or the store's.
    pub fn read<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        if self.holds_snapshot {
            return work(&Tx { session: &self.session });
        }
        self.once(Purpose::Read, work)
    }

    /// Lets every further read of this connection see one snapshot, until this is called again: bulk look-ups are several
    /// times faster so. Such a connection does not write.
    ///
    /// # Errors
    /// The store's.
    pub fn hold_snapshot(&mut self) -> Result<(), Error> {
        self.holds_snapshot = false;
        self.begin(Purpose::Read)?;
        self.holds_snapshot = true;
        Ok(())
    }

    /// Reads, and writes to the journal and what it answers for; all of it becomes durable, or none. Of all processes one at
    /// a time is in such a transaction, so keep it short.
    ///
    /// `work` is done again when another process was first, or when the connection to a server was lost. That may be after it
    /// was committed and before that was known: `work` looks whether it was. What it does outside the transaction it must be
    /// able to do twice.
    ///
    /// # Errors
    /// Those of `work`, which roll back; [`crate::Conflict`] when others were first again and again; or the store's.
    pub fn write<T>(&mut self, work: impl FnMut(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        failpoint::before_writing();
        self.again(Purpose::Write, work)
    }

    /// Writes what nobody can see, beside others that write: rows of work under way, and their sweeping. `work` is done again
    /// as in [`Connection::write`]; it looks whether its own rows are there already.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub fn stage<T>(&mut self, work: impl FnMut(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.again(Purpose::Stage, work)
    }

    fn again<T>(&mut self, purpose: Purpose, mut work: impl FnMut(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut former = None;
        for tries in 0.. {
            if let Err(error) = self.begin(purpose) {
                // What happened first says more.
                return Err(former.unwrap_or(error));
            }
            match self.finish(purpose, &mut work) {
                Err(error) if on!(&self.session, may_try_again(tries)) => former = Some(error),
                other => return other,
            }
        }
        unreachable!("tries come to an end")
    }

    fn once<T>(&mut self, purpose: Purpose, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.begin(purpose)?;
        self.finish(purpose, work)
    }

    /// Begins a transaction; until there is one, there is nothing to lose by trying again. One that is open was left by a
    /// panic, or only held a snapshot: nothing of it may become durable with the new one.
    fn begin(&mut self, purpose: Purpose) -> Result<(), Error> {
        self.rest();
        let mut tries = 0;
        loop {
            match on!(&self.session, begin(purpose)) {
                Err(_) if on!(&self.session, may_try_again(tries)) => tries += 1,
                begun => {
                    self.is_open = begun.is_ok();
                    return begun;
                }
            }
        }
    }

    fn finish<T>(&mut self, purpose: Purpose, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let result = work(&Tx { session: &self.session }).and_then(|output| {
            if purpose == Purpose::Read {
                // What was read is whole, and nothing hangs on the end of a transaction that changed nothing.
                let _ = on!(&self.session, commit());
                return Ok(output);
            }
            failpoint::reach();
            on!(&self.session, commit())?;
            failpoint::reach();
            Ok(output)
        });
        if result.is_err() {
            on!(&self.session, roll_back());
        }
        self.is_open = false;
        result
    }

    /// Ends what was begun and did not end: nothing of it becomes durable.
    pub(crate) fn rest(&mut self) {
        self.holds_snapshot = false;
        if std::mem::take(&mut self.is_open) {
            on!(&self.session, roll_back());
        }
    }

    /// Lets this connection keep `bytes` of changed pages in memory: for imports that touch most of a table in one chunk.
    /// A server has memory of its own.
    ///
    /// # Errors
    /// The store's.
    pub fn keep_in_memory(&mut self, bytes: u64) -> Result<(), Error> {
        match &self.session {
            Session::Sqlite(session) => session.keep_in_memory(bytes),
            Session::Postgres(_) => Ok(()),
        }
    }

    /// Leaves no former version of a page in the engine's own files, after a secret has been replaced. A server's files are
    /// its operators' to clear.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_former_pages(&mut self) -> Result<(), Error> {
        match &self.session {
            Session::Sqlite(session) => session.forget_former_pages(),
            Session::Postgres(_) => Ok(()),
        }
    }

    /// Says that others write all the time while this one reads a little at a time. A mapping of the file is given up with every
    /// change of somebody else's, and to map pages anew costs more than to copy them.
    ///
    /// # Errors
    /// The store's.
    pub fn read_beside_writers(&mut self) -> Result<(), Error> {
        match &self.session {
            Session::Sqlite(session) => session.read_beside_writers(),
            Session::Postgres(_) => Ok(()),
        }
    }

    /// Folds what was written into the engine's file, if it has become much, beside those who write: whoever fills the
    /// write-ahead log has little left to fold in while others wait for it. A server does so by itself.
    ///
    /// # Errors
    /// The store's.
    pub fn fold_in(&mut self) -> Result<(), Error> {
        match &self.session {
            Session::Sqlite(session) => session.fold_in(),
            Session::Postgres(_) => Ok(()),
        }
    }
}

// Tests count what is run.
#[cfg(feature = "testing")]
use crate::testing::ran as counts;

#[cfg(not(feature = "testing"))]
const fn counts(_: &Statement) {}

/// A transaction that is under way.
pub struct Tx<'s> {
    session: &'s Session,
}

impl Tx<'_> {
    /// Runs a statement that gives no rows; how many it changed.
    ///
    /// # Errors
    /// [`crate::Conflict`] on a unique key that is taken; or the store's.
    pub fn run(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, Error> {
        counts(statement);
        on!(self.session, run(statement, values))
    }

    /// Runs one statement for many rows: the way to insert or update in bulk. An insert has nothing but parameters for values,
    /// an update finds its row by a condition with parameters. What gives the rows does not use the transaction.
    ///
    /// # Errors
    /// As [`Tx::run`], at the first row that fails.
    pub fn run_many<'v, const N: usize>(
        &self,
        statement: &'static Statement,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        counts(statement);
        on!(self.session, run_many(statement, rows))
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
        counts(statement);
        on!(self.session, first(statement, values, read))
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

    /// Every row of a query, in its order. `read` may use the transaction.
    ///
    /// # Errors
    /// Those of `read`, or the store's.
    pub fn each(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        counts(statement);
        on!(self.session, each(statement, values, read))
    }

    /// Looks many keys up (`$1`), each with `read(index of the key, row)` for what it finds, in no particular order. Give the
    /// keys sorted: neighbours then share pages. `read` may use the transaction.
    ///
    /// # Errors
    /// Those of `read`, or the store's.
    pub fn look_up<'k>(
        &self,
        statement: &'static Statement,
        keys: impl IntoIterator<Item = Value<'k>>,
        read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        counts(statement);
        on!(self.session, look_up(statement, keys, read))
    }

    /// Runs a migration: several statements, no values.
    pub(crate) fn migrate(&self, sql: &str) -> Result<(), Error> {
        on!(self.session, migrate(sql))
    }

    /// Lets the application use the tables that these migrations, which are all there are, have made.
    pub(crate) fn grant(&self, migrations: &[&str]) -> Result<(), Error> {
        on!(self.session, grant(migrations))
    }

    /// Says that this transaction goes through whole tables: no time is set to it, nor to any statement of it.
    pub(crate) fn wait_as_long_as_it_takes(&self) -> Result<(), Error> {
        on!(self.session, wait_as_long_as_it_takes())
    }

    /// What the tables are.
    ///
    /// # Errors
    /// The store's.
    pub fn shape(&self) -> Result<Shape, Error> {
        on!(self.session, shape())
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &Table) -> Result<u64, Error> {
        let count = on!(self.session, count(table))?;
        u64::try_from(count).map_err(|_| StoreError::plain("a table cannot have fewer rows than none").into())
    }

    /// Every row of a table, its values in the order of the columns, the rows in the order of the primary key. `each` does not
    /// use the transaction.
    pub(crate) fn export(
        &self,
        table: &Table,
        each: &mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        on!(self.session, export(table, each))
    }

    /// Fills a table that this transaction made with the rows that `give` gives, as [`Tx::export`] does. `give` does not use
    /// the transaction.
    pub(crate) fn import(
        &self,
        table: &Table,
        give: impl FnOnce(&mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        on!(self.session, import(table, give))
    }

    /// The names of a statement's parameters in the engine's order. Preparing it is the point.
    ///
    /// # Errors
    /// The engine does not understand the statement.
    pub fn parameters(&self, statement: &'static Statement) -> Result<Vec<String>, Error> {
        on!(self.session, parameters(statement))
    }

    /// Whether a statement can be given to [`Tx::run_many`] or [`Tx::look_up`] on this engine.
    ///
    /// # Errors
    /// The engine does not understand the form that does many at once.
    pub fn is_for_many(&self, statement: &'static Statement) -> Result<bool, Error> {
        on!(self.session, is_for_many(statement))
    }
}
