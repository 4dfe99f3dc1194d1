//! One connection to the server: transactions, prepared statements, and the bulk forms of them.

mod bulk;
mod copying;

use super::fault::{Trouble, explain};
use super::{patience, rewrite};
use crate::db::keeping::{self, Keeping};
use crate::db::value::Cells;
use crate::db::{Purpose, Row, Statement, Value};
use crate::{Error, StoreError};
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Config, Statement as Prepared};
use bytes::BufMut;
use copying::Copying;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

/// Keys that are looked up, and rows that are updated, by one statement.
const LIST_VALUES: usize = 4096;
/// Rows of a query that are fetched first; then as many as make up so many bytes.
const FETCH_ROWS_FIRST: usize = 16;
const FETCH_ROWS_MAX: usize = 8192;
const FETCH_BYTES: usize = 4 << 20;
/// From so many rows on, COPY is faster than inserting one by one.
const COPY_ROWS_MIN: usize = 4;
/// From so many keys on, a list of them is faster than one by one: it is planned anew each time.
const LOOK_UP_KEYS_MIN: usize = 5;

/// The form in which a statement was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Plain,
    LookUp,
    Copy,
    Update,
    /// For the cursor of this number.
    Cursor(u32),
}

/// The driver, which has a runtime inside. That must not end on a thread of another runtime, as one of the service's may be.
struct Driver(Option<Client>);

impl Drop for Driver {
    fn drop(&mut self) {
        let client = self.0.take();
        // It says goodbye to the server, which whoever goes on may count on.
        let _ = std::thread::spawn(move || drop(client)).join();
    }
}

impl Deref for Driver {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut Client {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

pub(in crate::db) struct Session {
    config: Config,
    /// The application's role, to one that migrates in its place.
    pub(super) grantee: Option<String>,
    client: RefCell<Driver>,
    prepared: RefCell<BTreeMap<(&'static str, Form), Prepared>>,
    /// What went wrong first in the transaction under way: whoever passes its error on may put it into other words.
    trouble: Cell<Option<Trouble>>,
    /// Whether anything failed in the transaction under way.
    has_failed: Cell<bool>,
    cursors: Cell<u32>,
}

impl Session {
    pub(super) fn open(config: &Config, is_known: bool) -> Result<Self, Error> {
        Ok(Self {
            config: config.clone(),
            grantee: None,
            client: RefCell::new(Driver(Some(super::connect(config, is_known)?))),
            prepared: RefCell::default(),
            trouble: Cell::default(),
            has_failed: Cell::default(),
            cursors: Cell::default(),
        })
    }

    /// Begins a transaction, over a new connection if the former one is gone.
    pub(in crate::db) fn begin(&self, purpose: Purpose) -> Result<(), Error> {
        let trouble = self.trouble.take();
        if matches!(trouble, Some(Trouble::Lost | Trouble::Stale)) {
            self.prepared.borrow_mut().clear();
        }
        if trouble == Some(Trouble::Lost) {
            *self.client.borrow_mut() = Driver(Some(super::connect(&self.config, true)?));
        }
        self.cursors.set(0);
        self.has_failed.set(false);
        let begun = self.batch(match purpose {
            Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            // The head of the journal is the one row that all write. The lock lets them take turns, and takes no snapshot: what
            // the transaction then sees is what the one before it left.
            Purpose::Write => "BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE journal_head IN SHARE ROW EXCLUSIVE MODE",
            Purpose::Stage => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            // Whoever else makes or changes the tables waits; the number is this program's.
            Purpose::Migrate => "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(4278394711523)",
        });
        if begun.is_err() {
            self.roll_back();
        }
        begun
    }

    /// The server has given a transaction up in which something failed, and answers its end as if all were well.
    pub(in crate::db) fn commit(&self) -> Result<(), Error> {
        if self.has_failed.get() {
            let text = "a transaction went on after one of its statements had failed, and cannot become durable";
            return Err(StoreError::plain(text).into());
        }
        self.batch("COMMIT").map_err(|error| match self.trouble.get() {
            Some(Trouble::Lost) => {
                let text = "the database server went away before it said whether it made a change durable; \
                            repeat the command to find out";
                StoreError::new(text, error).with_code("store.unknown").into()
            }
            _ => error,
        })
    }

    /// Whether what failed, after so many tries before, is worth another one: a while has passed then.
    pub(in crate::db) fn may_try_again(&self, tries: u32) -> bool {
        patience::allows(self.trouble.get(), tries)
    }

    /// What made it necessary is the error to tell; with a connection that is gone, the server has rolled back by itself.
    pub(in crate::db) fn roll_back(&self) {
        if self.trouble.get() != Some(Trouble::Lost) {
            let _ = self.client.borrow_mut().batch_execute("ROLLBACK");
        }
    }

    fn batch(&self, sql: &str) -> Result<(), Error> {
        self.client.borrow_mut().batch_execute(sql).map_err(self.failed(sql))
    }

    /// By the catalogue, which also tells those who were granted nothing yet.
    pub(super) fn has_table(&self, name: &str) -> Result<bool, Error> {
        self.is_so(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace($1) AND relname = $2)",
            &[(&super::SCHEMA, Type::TEXT), (&name, Type::TEXT)],
        )
    }

    /// Nor a view, or anything else that has rows, in the schema.
    pub(super) fn has_no_table(&self) -> Result<bool, Error> {
        self.is_so(
            "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace($1))",
            &[(&super::SCHEMA, Type::TEXT)],
        )
    }

    /// Makes the schema, unless its owner was given it.
    pub(super) fn make_schema(&self) -> Result<(), Error> {
        let is_there = self.is_so("SELECT to_regnamespace($1) IS NOT NULL", &[(&super::SCHEMA, Type::TEXT)])?;
        if is_there { Ok(()) } else { self.batch(&format!("CREATE SCHEMA {}", super::SCHEMA)) }
    }

    fn is_so(&self, sql: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<bool, Error> {
        let row = self.client.borrow_mut().query_typed_one(sql, values);
        row.and_then(|row| row.try_get(0)).map_err(self.failed(sql))
    }

    pub(in crate::db) fn migrate(&self, sql: &str) -> Result<(), Error> {
        self.client.borrow_mut().batch_execute(sql).map_err(self.failed("migration"))?;
        self.batch(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'rows of this table stay' USING ERRCODE = 'insufficient_privilege'; END $$",
        )?;
        for (table, keeping) in keeping::tables(sql) {
            let truncate = (keeping != Keeping::Free).then_some(&"TRUNCATE");
            for act in keeping.refused().iter().chain(truncate) {
                self.batch(&format!(
                    "CREATE TRIGGER {table}_refuses_{act} BEFORE {act} ON {table} EXECUTE FUNCTION refuse_change()"
                ))?;
            }
        }
        Ok(())
    }

    /// Gives the application's role what it needs of the tables that these migrations made, and nothing else.
    pub(in crate::db) fn grant(&self, migrations: &[&str]) -> Result<(), Error> {
        let Some(role) = &self.grantee else { return Ok(()) };
        let role = format!("\"{}\"", role.replace('"', "\"\""));
        let schema = super::SCHEMA;
        self.batch(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"))?;
        self.batch(&format!("REVOKE ALL ON SCHEMA {schema} FROM {role}; GRANT USAGE ON SCHEMA {schema} TO {role}"))?;
        for (table, keeping) in migrations.iter().copied().flat_map(keeping::tables) {
            let acts = match keeping {
                // What the tables are is for who migrates to say.
                _ if table == "schema_version" => "SELECT",
                Keeping::AppendOnly => "SELECT, INSERT",
                Keeping::Kept => "SELECT, INSERT, UPDATE",
                Keeping::Free => "SELECT, INSERT, UPDATE, DELETE",
            };
            self.batch(&format!("GRANT {acts} ON {table} TO {role}"))?;
        }
        Ok(())
    }

    pub(in crate::db) fn run(&self, statement: &'static Statement, values: &[Value<'_>]) -> Result<u64, Error> {
        let prepared = self.prepared(statement, Form::Plain)?;
        self.client.borrow_mut().execute(&prepared, &borrowed(values)).map_err(self.failed(statement.name))
    }

    pub(in crate::db) fn run_many<'v, const N: usize>(
        &self,
        statement: &'static Statement,
        rows: impl IntoIterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        let mut rows = rows.into_iter();
        let first: Vec<[Value<'v>; N]> = rows.by_ref().take(COPY_ROWS_MIN).collect();
        if first.len() < COPY_ROWS_MIN {
            return first.iter().try_for_each(|values| self.run(statement, values).map(|_| ()));
        }
        let rows = first.into_iter().chain(rows);
        if statement.sql.starts_with("INSERT") { self.copy(statement, rows) } else { self.update(statement, rows) }
    }

    fn copy<'v, const N: usize>(
        &self,
        statement: &'static Statement,
        rows: impl Iterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        let (plain, prepared) = (self.prepared(statement, Form::Plain)?, self.prepared(statement, Form::Copy)?);
        let mut client = self.client.borrow_mut();
        let writer = client.copy_in(&prepared).map_err(self.failed(statement.name))?;
        let mut copying = Copying::new(writer, plain.params());
        for values in rows {
            // What was sent of it is the server's to undo, with all else of the transaction.
            if !copying.row(&values).inspect_err(|_| self.has_failed.set(true))? {
                break;
            }
        }
        copying.finish().map_err(self.failed(statement.name))
    }

    fn update<'v, const N: usize>(
        &self,
        statement: &'static Statement,
        rows: impl Iterator<Item = [Value<'v>; N]>,
    ) -> Result<(), Error> {
        let prepared = self.prepared(statement, Form::Update)?;
        let first_key = self.rewritten_update(statement)?.first_key;
        let mut columns: [Vec<Value<'v>>; N] = std::array::from_fn(|_| Vec::new());
        let mut keys = BTreeSet::new();
        let flush = |columns: &mut [Vec<Value<'v>>; N]| {
            let values: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as _).collect();
            self.client.borrow_mut().execute(&prepared, &values).map_err(self.failed(statement.name))?;
            columns.iter_mut().for_each(Vec::clear);
            Ok::<_, Error>(())
        };
        for values in rows {
            let mut key = Vec::new();
            for value in &values[first_key..] {
                key.put_i32(value.length());
                value.append_to(&mut key);
            }
            // One statement updates a row once. A row that comes again is for the next one, so that the last update holds.
            if columns[0].len() == LIST_VALUES || keys.contains(&key) {
                flush(&mut columns)?;
                keys.clear();
            }
            keys.insert(key);
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        flush(&mut columns)
    }

    pub(in crate::db) fn first<T>(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let prepared = self.prepared(statement, Form::Plain)?;
        let row = {
            let mut client = self.client.borrow_mut();
            let rows = client.query_raw(&prepared, values);
            rows.and_then(|mut rows| rows.next()).map_err(self.failed(statement.name))?
        };
        row.map(|row| read(&Row::new(Cells::Postgres(&row), statement))).transpose()
    }

    pub(in crate::db) fn each(
        &self,
        statement: &'static Statement,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // A cursor, because rows that stream would keep the connection from whatever `read` asks meanwhile.
        let number = self.cursors.get();
        let name = cursor_name(number);
        let prepared = self.prepared(statement, Form::Cursor(number))?;
        let failed = || self.failed(statement.name);
        self.client.borrow_mut().execute(&prepared, &borrowed(values)).map_err(failed())?;
        self.cursors.set(number + 1);
        let mut read_all = || {
            let mut wanted = FETCH_ROWS_FIRST;
            loop {
                let fetch = format!("FETCH FORWARD {wanted} FROM {name}");
                let rows = self.client.borrow_mut().query_typed(&fetch, &[]).map_err(failed())?;
                let mut bytes = 0;
                for row in &rows {
                    bytes += row.raw_size_bytes();
                    read(&Row::new(Cells::Postgres(row), statement))?;
                }
                if rows.len() < wanted {
                    return Ok(());
                }
                wanted = (FETCH_BYTES * rows.len() / bytes.max(1)).clamp(1, FETCH_ROWS_MAX);
            }
        };
        let done = read_all();
        self.cursors.set(number);
        // Whoever cannot read a row may go on in the transaction, unless the server has ended it.
        if self.has_failed.get() { done } else { done.and(self.batch(&format!("CLOSE {name}"))) }
    }

    pub(in crate::db) fn look_up<'k>(
        &self,
        statement: &'static Statement,
        keys: impl IntoIterator<Item = Value<'k>>,
        mut read: impl FnMut(usize, &Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut keys = keys.into_iter();
        let mut former = 0;
        loop {
            let list: Vec<Value<'k>> = keys.by_ref().take(LIST_VALUES).collect();
            if list.is_empty() {
                return Ok(());
            }
            if former == 0 && list.len() < LOOK_UP_KEYS_MIN {
                return list.iter().enumerate().try_for_each(|(index, key)| {
                    let prepared = self.prepared(statement, Form::Plain)?;
                    let rows = self.client.borrow_mut().query(&prepared, &[key]);
                    let rows = rows.map_err(self.failed(statement.name))?;
                    rows.iter().try_for_each(|row| read(index, &Row::new(Cells::Postgres(row), statement)))
                });
            }
            let prepared = self.prepared(statement, Form::LookUp)?;
            let rows = self.client.borrow_mut().query(&prepared, &[&list]).map_err(self.failed(statement.name))?;
            for row in &rows {
                let place: i64 = row.try_get(row.len() - 1).map_err(self.failed(statement.name))?;
                let index = former + usize::try_from(place - 1).unwrap_or(0);
                read(index, &Row::new(Cells::Postgres(row), statement))?;
            }
            former += list.len();
        }
    }

    pub(in crate::db) fn parameters(&self, statement: &'static Statement) -> Result<Vec<String>, Error> {
        let count = self.prepared(statement, Form::Plain)?.params().len();
        Ok((1..=count).map(|at| format!("${at}")).collect())
    }

    pub(in crate::db) fn is_for_many(&self, statement: &'static Statement) -> Result<bool, Error> {
        let form = match statement.sql.split(' ').next() {
            Some("SELECT") if self.types(statement)?.len() == 1 => Form::LookUp,
            Some("INSERT") if rewrite::copy(statement.sql).is_some() => Form::Copy,
            Some("UPDATE") if rewrite::update(statement.sql, &self.types(statement)?).is_some() => Form::Update,
            _ => return Ok(false),
        };
        self.prepared(statement, form).map(|_| true)
    }

    fn prepared(&self, statement: &'static Statement, form: Form) -> Result<Prepared, Error> {
        let key = (statement.name, form);
        if let Some(prepared) = self.prepared.borrow().get(&key) {
            return Ok(prepared.clone());
        }
        let cannot = || StoreError::plain(format!("{} cannot be done for many rows at once", statement.name));
        let sql = match form {
            Form::Plain => statement.sql.to_owned(),
            Form::Cursor(number) => rewrite::cursor(statement.sql, &cursor_name(number)),
            Form::Copy => rewrite::copy(statement.sql).ok_or_else(cannot)?,
            Form::Update => self.rewritten_update(statement)?.sql,
            Form::LookUp => match self.types(statement)?.as_slice() {
                [key_type] => rewrite::look_up(statement.sql, key_type),
                _ => return Err(cannot().into()),
            },
        };
        let prepared = self.client.borrow_mut().prepare(&sql).map_err(self.failed(statement.name))?;
        self.prepared.borrow_mut().insert(key, prepared.clone());
        Ok(prepared)
    }

    /// The names of the types of a statement's parameters, which the server knows.
    fn types(&self, statement: &'static Statement) -> Result<Vec<String>, Error> {
        Ok(self.prepared(statement, Form::Plain)?.params().iter().map(|kind| kind.name().to_owned()).collect())
    }

    fn rewritten_update(&self, statement: &'static Statement) -> Result<rewrite::Update, Error> {
        rewrite::update(statement.sql, &self.types(statement)?)
            .ok_or_else(|| StoreError::plain(format!("{} cannot be done for many rows at once", statement.name)).into())
    }

    /// The error to tell; what it means for the transaction is kept.
    fn failed(&self, doing: &str) -> impl FnOnce(::postgres::Error) -> Error {
        move |error| {
            let (told, trouble) = explain(doing, &error);
            self.has_failed.set(true);
            if self.trouble.get().is_none() {
                self.trouble.set(trouble);
            }
            told
        }
    }
}

fn cursor_name(number: u32) -> String {
    format!("cursor_{number}")
}

fn borrowed<'v>(values: &'v [Value<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}
