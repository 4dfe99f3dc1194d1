//! Whole tables: what they are, and all their rows out and in, by COPY.

use super::Session;
use super::copying::Copying;
use crate::db::Value;
use crate::db::shape::{Column, Shape, Table};
use crate::{Error, StoreError};
use ::postgres::binary_copy::BinaryCopyOutIter;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{ToSql, Type};

/// What the server calls the portable types.
const KINDS: [(&str, &str, Type); 4] = [
    ("bigint", "BIGINT", Type::INT8),
    ("boolean", "BOOLEAN", Type::BOOL),
    ("bytea", "BYTEA", Type::BYTEA),
    ("text", "TEXT", Type::TEXT),
];

const TABLES: &str = "SELECT c.oid, c.relname::text FROM pg_catalog.pg_class c
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')";
const COLUMNS: &str = "SELECT attname::text, format_type(atttypid, atttypmod), attnotnull FROM pg_catalog.pg_attribute
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
const INDEXES: &str = "SELECT c.relname::text, i.indisprimary, i.indisunique,
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, at, true) FROM generate_series(1, i.indnkeyatts) at ORDER BY at)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1";
/// Those that are on; a table of SQLite's cannot be truncated.
const TRIGGERS: &str = "SELECT upper(substr(t.tgname::text, length(c.relname::text) + length('_refuses_') + 1))
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 32 = 0";

impl Session {
    pub(in crate::db) fn shape(&self) -> Result<Shape, Error> {
        let found: Vec<(u32, String)> =
            self.list(TABLES, (&super::super::SCHEMA, Type::TEXT), |row| Ok((row.try_get(0)?, row.try_get(1)?)))?;
        Ok(Shape::new(found.into_iter().map(|(oid, name)| self.table(oid, name)).collect::<Result<_, _>>()?))
    }

    fn table(&self, oid: u32, name: String) -> Result<Table, Error> {
        let columns = self.list(COLUMNS, (&oid, Type::OID), |row| {
            let kind: String = row.try_get(1)?;
            let known = KINDS.iter().find(|(theirs, ..)| *theirs == kind).map(|(_, ours, _)| (*ours).to_owned());
            Ok(Column { name: row.try_get(0)?, kind: known.unwrap_or(kind), is_required: row.try_get(2)? })
        })?;
        let (mut key, mut uniques, mut indexes) = (Vec::new(), Vec::new(), Vec::new());
        self.list(INDEXES, (&oid, Type::OID), |row| {
            let columns: Vec<String> = row.try_get(3)?;
            match (row.try_get(1)?, row.try_get(2)?) {
                (true, _) => key = columns,
                (false, true) => uniques.push(columns),
                (false, false) => indexes.push((row.try_get(0)?, columns)),
            }
            Ok(())
        })?;
        let refused = self.list(TRIGGERS, (&oid, Type::OID), |row| row.try_get(0))?;
        Ok(Table { name, columns, key, uniques, indexes, refused })
    }

    fn list<T>(
        &self,
        sql: &str,
        value: (&(dyn ToSql + Sync), Type),
        read: impl FnMut(&::postgres::Row) -> Result<T, ::postgres::Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.client.borrow_mut().query_typed(sql, &[value]);
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(self.failed("the tables' shape"))
    }

    pub(in crate::db) fn count(&self, table: &Table) -> Result<i64, Error> {
        let row = self.client.borrow_mut().query_typed_one(&table.count(), &[]);
        row.and_then(|row| row.try_get(0)).map_err(self.failed(&table.name))
    }

    pub(in crate::db) fn export(
        &self,
        table: &Table,
        each: &mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let types = types(table)?;
        self.wait_as_long_as_it_takes()?;
        let sql = format!("COPY ({}) TO STDOUT (FORMAT binary)", table.select());
        let failed = || self.failed(&table.name);
        let mut client = self.client.borrow_mut();
        let mut rows = BinaryCopyOutIter::new(client.copy_out(&sql).map_err(failed())?, &types);
        while let Some(row) = rows.next().map_err(failed())? {
            let values: Vec<Value<'_>> =
                (0..types.len()).map(|at| row.try_get(at)).collect::<Result<_, _>>().map_err(failed())?;
            each(&values)?;
        }
        Ok(())
    }

    /// The table was made in this transaction: nobody else sees its rows, which need no second look when it ends.
    pub(in crate::db) fn import(
        &self,
        table: &Table,
        give: impl FnOnce(&mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let types = types(table)?;
        self.wait_as_long_as_it_takes()?;
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary, FREEZE)", table.name, table.column_names());
        {
            let mut client = self.client.borrow_mut();
            let mut copying = Copying::new(client.copy_in(&sql).map_err(self.failed(&table.name))?, &types);
            let mut is_listening = true;
            let given = give(&mut |values| {
                is_listening = copying.row(values)?;
                if is_listening { Ok(()) } else { Err(StoreError::plain("the server takes no more rows").into()) }
            });
            // That the connection is gone is told at the end.
            if is_listening {
                given.inspect_err(|_| self.has_failed.set(true))?;
            }
            copying.finish().map_err(self.failed(&table.name))?;
        }
        // Without it, the server would plan the next queries as if the table were empty.
        self.batch(&format!("ANALYZE {}", table.name))
    }

    /// Rows of a whole table may be more than come through in the time that a statement is given, or that the other side of a
    /// copy may wait for its next one.
    pub(in crate::db) fn wait_as_long_as_it_takes(&self) -> Result<(), Error> {
        self.batch("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
    }
}

fn types(table: &Table) -> Result<Vec<Type>, Error> {
    let kind = |column: &Column| {
        let known = KINDS.iter().find(|(_, ours, _)| *ours == column.kind).map(|(.., kind)| kind.clone());
        known.ok_or_else(|| StoreError::plain(format!("{}.{} is of no portable type", table.name, column.name)).into())
    };
    table.columns.iter().map(kind).collect()
}
