//! The portable types in PostgreSQL's binary form.

use crate::db::Value;
use ::postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use bytes::{BufMut, BytesMut};
use std::error::Error;

type Failed = Box<dyn Error + Sync + Send>;

fn is_portable(kind: &Type) -> bool {
    [Type::INT8, Type::TEXT, Type::BYTEA, Type::BOOL].contains(kind)
}

impl Value<'_> {
    /// Whether it is of this type; null is of each.
    pub(super) fn fits(&self, kind: &Type) -> bool {
        match self {
            Self::Null => true,
            Self::Int(_) => *kind == Type::INT8,
            Self::Bool(_) => *kind == Type::BOOL,
            Self::Text(_) => *kind == Type::TEXT,
            Self::Bytes(_) => *kind == Type::BYTEA,
        }
    }

    /// Writes the bytes that stand for it; none for null.
    pub(super) fn append_to(&self, out: &mut impl BufMut) {
        match self {
            Self::Null => {}
            Self::Int(value) => out.put_i64(*value),
            Self::Bool(value) => out.put_u8((*value).into()),
            Self::Text(value) => out.put_slice(value.as_bytes()),
            Self::Bytes(value) => out.put_slice(value),
        }
    }

    /// The length of those bytes as the protocol says it: -1 is null.
    pub(super) fn length(&self) -> i32 {
        let bytes = match self {
            Self::Null => return -1,
            Self::Int(_) => 8,
            Self::Bool(_) => 1,
            Self::Text(value) => value.len(),
            Self::Bytes(value) => value.len(),
        };
        // The server refuses what is longer than its own limit, which is smaller.
        i32::try_from(bytes).unwrap_or(i32::MAX)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        if !self.fits(kind) {
            return Err(format!("the statement takes a value of the type {kind}").into());
        }
        self.append_to(out);
        Ok(if *self == Value::Null { IsNull::Yes } else { IsNull::No })
    }

    fn accepts(kind: &Type) -> bool {
        is_portable(kind)
    }

    to_sql_checked!();
}

impl<'r> FromSql<'r> for Value<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Failed> {
        Ok(match *kind {
            Type::INT8 => Self::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::BOOL => Self::Bool(raw == [1]),
            Type::TEXT => Self::Text(std::str::from_utf8(raw)?),
            _ => Self::Bytes(raw),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failed> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        is_portable(kind)
    }
}
