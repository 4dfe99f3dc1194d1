//! What a column holds, whichever engine keeps it.

use super::Statement;
use crate::{Error, StoreError};

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

/// One row of a query.
pub struct Row<'r> {
    cells: Cells<'r>,
    statement: &'static Statement,
}

/// As an engine gave them.
#[derive(Clone, Copy)]
pub(super) enum Cells<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r postgres::Row),
}

macro_rules! column {
    ($($(#[$about:meta])* $name:ident -> $type:ty;)+) => {
        $($(#[$about])*
        ///
        /// # Errors
        /// The column holds something else: the store is damaged.
        pub fn $name(&self, column: usize) -> Result<$type, Error> {
            self.value(column).and_then(FromValue::from_value).ok_or_else(|| self.broken(column).into())
        })+
    };
}

impl<'r> Row<'r> {
    pub(super) const fn new(cells: Cells<'r>, statement: &'static Statement) -> Self {
        Self { cells, statement }
    }

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
        let name = match self.cells {
            Cells::Sqlite(row) => row.as_ref().column_name(column).ok(),
            Cells::Postgres(row) => row.columns().get(column).map(postgres::Column::name),
        };
        let row = match self.value(0) {
            Some(Value::Int(id)) => id.to_string(),
            _ => "?".to_owned(),
        };
        StoreError::broken(self.statement.name, name.unwrap_or("?"), row)
    }

    fn value(&self, column: usize) -> Option<Value<'r>> {
        match self.cells {
            Cells::Sqlite(row) => row.get_ref(column).ok()?.try_into().ok(),
            Cells::Postgres(row) => row.try_get(column).ok(),
        }
    }
}

trait FromValue<'v>: Sized {
    fn from_value(value: Value<'v>) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty: $($pattern:pat => $value:expr),+;)+) => {
        $(impl<'v> FromValue<'v> for $type {
            fn from_value(value: Value<'v>) -> Option<Self> {
                match value {
                    $($pattern => Some($value),)+
                    _ => None,
                }
            }
        })+
    };
}

from_value! {
    i64: Value::Int(value) => value;
    // SQLite has no type for it.
    bool: Value::Bool(value) => value, Value::Int(0) => false, Value::Int(1) => true;
    &'v str: Value::Text(value) => value;
    &'v [u8]: Value::Bytes(value) => value;
}

impl<'v, T: FromValue<'v>> FromValue<'v> for Option<T> {
    fn from_value(value: Value<'v>) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
