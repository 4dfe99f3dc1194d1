//! Whole tables: what they are, and all their rows out and in.

use super::{Session, failed};
use crate::db::Value;
use crate::db::shape::{Column, Shape, Table};
use crate::{Error, StoreError};
use rusqlite::ToSql;

impl Session {
    pub(in crate::db) fn shape(&self) -> Result<Shape, Error> {
        let names = self.list(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            &[],
            |row| row.get::<_, String>(0),
        )?;
        Ok(Shape::new(names.into_iter().map(|name| self.table(name)).collect::<Result<_, _>>()?))
    }

    fn table(&self, name: String) -> Result<Table, Error> {
        let columns =
            self.list("SELECT name, type, \"notnull\" FROM pragma_table_info(?1) ORDER BY cid", &[&name], |row| {
                Ok(Column { name: row.get(0)?, kind: row.get(1)?, is_required: row.get(2)? })
            })?;
        let key = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
        let key = self.list(key, &[&name], |row| row.get(0))?;
        let (mut uniques, mut indexes) = (Vec::new(), Vec::new());
        let others = "SELECT name, \"unique\" FROM pragma_index_list(?1) WHERE origin <> 'pk'";
        for (index, is_unique) in self.list(others, &[&name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))? {
            let columns = "SELECT name FROM pragma_index_info(?1) ORDER BY seqno";
            let columns = self.list(columns, &[&index], |row| row.get(0))?;
            if is_unique { uniques.push(columns) } else { indexes.push((index, columns)) }
        }
        let triggers = "SELECT upper(substr(name, length(tbl_name) + length('_refuses_') + 1)) FROM sqlite_schema
            WHERE type = 'trigger' AND tbl_name = ?1";
        let refused = self.list(triggers, &[&name], |row| row.get(0))?;
        Ok(Table { name, columns, key, uniques, indexes, refused })
    }

    fn list<T>(
        &self,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut prepared = self.connection.prepare_cached(sql).map_err(failed(sql))?;
        let rows = prepared.query_map(values, read).map_err(failed(sql))?;
        rows.collect::<Result<_, _>>().map_err(failed(sql))
    }

    pub(in crate::db) fn count(&self, table: &Table) -> Result<i64, Error> {
        self.connection.query_row(&table.count(), [], |row| row.get(0)).map_err(failed(&table.name))
    }

    pub(in crate::db) fn export(
        &self,
        table: &Table,
        each: &mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut prepared = self.connection.prepare(&table.select()).map_err(failed(&table.name))?;
        let mut rows = prepared.raw_query();
        let mut number: u64 = 0;
        while let Some(row) = rows.next().map_err(failed(&table.name))? {
            number += 1;
            let value = |(at, column): (usize, &Column)| {
                let cell = row.get_ref(at).ok().and_then(|cell| cell.try_into().ok());
                let value = cell.and_then(|cell| column.value(cell));
                value.ok_or_else(|| StoreError::broken(&table.name, &column.name, number))
            };
            let values: Vec<Value<'_>> = table.columns.iter().enumerate().map(value).collect::<Result<_, _>>()?;
            each(&values)?;
        }
        Ok(())
    }

    pub(in crate::db) fn import(
        &self,
        table: &Table,
        give: impl FnOnce(&mut dyn FnMut(&[Value<'_>]) -> Result<(), Error>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let parameters: Vec<String> = (1..=table.columns.len()).map(|at| format!("?{at}")).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.column_names(), parameters.join(", "));
        let mut prepared = self.connection.prepare(&sql).map_err(failed(&table.name))?;
        give(&mut |values| {
            super::bind(&mut prepared, values).map_err(failed(&table.name))?;
            prepared.raw_execute().map(|_| ()).map_err(failed(&table.name))
        })
    }
}
