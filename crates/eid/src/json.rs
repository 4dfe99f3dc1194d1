//! JSON as it must be where a signature hangs on it: a member that stands twice could be read one way by us and another way by
//! somebody else.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// One object and nothing after it, in which no member stands twice, at any depth.
pub(crate) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(text) {
        Ok(Strict(Value::Object(members))) => Some(members),
        _ => None,
    }
}

/// A moment in whole seconds since 1970 (RFC 7519 `NumericDate`): a number, which a text that looks like one is not.
pub(crate) fn numeric_date(value: &Value) -> Option<i64> {
    // A fraction is cut off, and what no clock will ever show stays far away.
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no member stands twice")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects() {
        let check = |text: &str, is_read: bool| assert_eq!(object(text.as_bytes()).is_some(), is_read, "{text}");
        check("{}", true);
        check(r#" {"a": [1, -2, 3.5, null, true, "x", {"a": {}}]} "#, true);
        check(r#"{"a": 1, "a": 1}"#, false);
        check(r#"{"a": 1, "\u0061": 2}"#, false);
        check(r#"{"a": [{"b": 1, "b": 2}]}"#, false);
        check(r#"{"a": 1e999}"#, false);
        check(r#"{"a": NaN}"#, false);
        check("{} {}", false);
        check("{}x", false);
        check("[]", false);
        check("", false);
        check("{", false);
        check(&format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)), false);
        assert_eq!(object(b"{\"a\":\"\xff\"}"), None);
    }

    #[test]
    fn moments() {
        let check = |text: &str, expected| {
            let value = serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(numeric_date(&value), expected, "{text}");
        };
        check("1700000000", Some(1_700_000_000));
        check("1700000000.9", Some(1_700_000_000));
        check("-1", Some(-1));
        check("1e300", Some(i64::MAX));
        check("18446744073709551615", Some(i64::MAX));
        check("\"1700000000\"", None);
        check("null", None);
        check("[1700000000]", None);
    }
}
