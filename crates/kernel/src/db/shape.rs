//! The shape of the tables, whichever engine has them: what both must agree on, and all that copying them takes to know.

use super::Value;
use std::fmt;

/// Every table of a store: the same text for the same tables, on either engine.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// By name.
    tables: Vec<Table>,
}

/// One table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(super) name: String,
    /// In their order.
    pub(super) columns: Vec<Column>,
    /// The primary key's columns.
    pub(super) key: Vec<String>,
    /// The columns of each other unique key.
    pub(super) uniques: Vec<Vec<String>>,
    /// The other indexes, and the columns of each.
    pub(super) indexes: Vec<(String, Vec<String>)>,
    /// What its triggers refuse to do with its rows.
    pub(super) refused: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// What the migrations call its type.
    pub(super) kind: String,
    pub(super) is_required: bool,
}

impl Shape {
    pub(super) fn new(mut tables: Vec<Table>) -> Self {
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        for table in &mut tables {
            table.uniques.sort();
            table.indexes.sort();
            table.refused.sort();
        }
        Self { tables }
    }

    /// The first place at which another shape differs from this one: a table, or something of one.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let texts = [self, other].map(Self::to_string);
        let [mut ours, mut theirs] = texts.each_ref().map(|text| text.lines().filter(|line| !line.is_empty()));
        let is_of_table = |line: &&str| line.starts_with(' ');
        let mut table = "";
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return None,
                (Some(one), Some(other)) if one == other => {
                    if !is_of_table(&one) {
                        table = one;
                    }
                }
                (one, other) => {
                    // Where a table ends sooner on one side, what the other goes on with is the difference.
                    let of_table = other.filter(is_of_table).or(one.filter(is_of_table));
                    let what = of_table.map(|line| format!("{table}: {}", line.trim()));
                    return what.or_else(|| other.or(one).map(str::to_owned));
                }
            }
        }
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }
}

impl Table {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All its rows in the order of its key, in which whoever takes them in writes one page after the other.
    pub(super) fn select(&self) -> String {
        format!("SELECT {} FROM {} ORDER BY {}", self.column_names(), self.name, self.key.join(", "))
    }

    pub(super) fn count(&self) -> String {
        format!("SELECT COUNT(*) FROM {}", self.name)
    }

    pub(super) fn column_names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl Column {
    /// What a value of this column is, if it can be one: SQLite keeps yes and no as numbers, and any type in any column.
    pub(super) fn value<'v>(&self, value: Value<'v>) -> Option<Value<'v>> {
        match (self.kind.as_str(), value) {
            (_, Value::Null) => (!self.is_required).then_some(Value::Null),
            ("BOOLEAN", Value::Int(number @ (0 | 1))) => Some(Value::Bool(number == 1)),
            ("BOOLEAN", Value::Bool(_)) | ("BIGINT", Value::Int(_)) => Some(value),
            ("TEXT", Value::Text(_)) | ("BYTEA", Value::Bytes(_)) => Some(value),
            _ => None,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Table { name, columns, key, uniques, indexes, refused }) in self.tables.iter().enumerate() {
            writeln!(f, "{}{name}", if at == 0 { "" } else { "\n" })?;
            for Column { name, kind, is_required } in columns {
                writeln!(f, "    {name} {kind}{}", if *is_required { " NOT NULL" } else { "" })?;
            }
            writeln!(f, "    PRIMARY KEY ({})", key.join(", "))?;
            for columns in uniques {
                writeln!(f, "    UNIQUE ({})", columns.join(", "))?;
            }
            for (name, columns) in indexes {
                writeln!(f, "    INDEX {name} ({})", columns.join(", "))?;
            }
            if !refused.is_empty() {
                writeln!(f, "    REFUSES {}", refused.join(", "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let column =
            |name: &str| Column { name: name.to_owned(), kind: "BIGINT".to_owned(), is_required: name == "id" };
        let table = |name: &str, more: &[&str], refused: &[&str]| Table {
            name: name.to_owned(),
            columns: ["id"].iter().chain(more).map(|name| column(name)).collect(),
            key: vec!["id".to_owned()],
            uniques: vec![],
            indexes: vec![],
            refused: refused.iter().map(|act| (*act).to_owned()).collect(),
        };
        let ours = || vec![table("a", &[], &["DELETE"]), table("c", &["x"], &[])];
        let check = |theirs: Vec<Table>, expected: Option<&str>| {
            assert_eq!(Shape::new(ours()).difference(&Shape::new(theirs)).as_deref(), expected);
        };
        check(ours(), None);
        check(vec![table("a", &[], &[]), table("c", &["x"], &[])], Some("a: REFUSES DELETE"));
        check(vec![table("a", &[], &["DELETE"]), table("c", &["x", "y"], &[])], Some("c: y BIGINT"));
        check(vec![table("a", &[], &["DELETE"]), table("c", &[], &[])], Some("c: PRIMARY KEY (id)"));
        check(vec![table("a", &[], &["DELETE"])], Some("c"));
        for name in ["b", "d"] {
            check(ours().into_iter().chain([table(name, &[], &[])]).collect(), Some(name));
        }
    }

    #[test]
    fn a_column_holds_values_of_its_type_alone() {
        let check = |kind: &str, is_required, value, expected: Option<Value<'_>>| {
            let column = Column { name: "a".to_owned(), kind: kind.to_owned(), is_required };
            assert_eq!(column.value(value), expected, "{kind} {value:?}");
        };
        for (kind, value) in [
            ("BIGINT", Value::Int(2)),
            ("TEXT", Value::Text("2")),
            ("BYTEA", Value::Bytes(b"2")),
            ("BOOLEAN", Value::Bool(true)),
        ] {
            check(kind, true, value, Some(value));
            check(kind, true, Value::Null, None);
            check(kind, false, Value::Null, Some(Value::Null));
            for other in [Value::Int(2), Value::Text("2"), Value::Bytes(b"2"), Value::Bool(true)] {
                if other != value {
                    check(kind, false, other, None);
                }
            }
        }
        check("BOOLEAN", true, Value::Int(0), Some(Value::Bool(false)));
        check("BOOLEAN", true, Value::Int(1), Some(Value::Bool(true)));
        check("REAL", true, Value::Int(1), None);
    }
}
