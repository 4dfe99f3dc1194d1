//! From the one SQL text of a statement to the form that does many keys or rows at once. Mechanical: texts that are not of the
//! few expected shapes are not rewritten.

use std::fmt::Write;

/// A look-up by `$1`, for a list of keys: each row with the place of its key, from 1, as the last column.
pub(super) fn look_up(sql: &str, key_type: &str) -> String {
    format!(
        "SELECT q.*, k.place FROM unnest($1::{key_type}[]) WITH ORDINALITY AS k(value, place) CROSS JOIN LATERAL ({}) q",
        with_parameters(sql, |_| "k.value".to_owned())
    )
}

/// The cursor over a query that gives many rows.
pub(super) fn cursor(sql: &str, name: &str) -> String {
    format!("DECLARE {name} NO SCROLL CURSOR FOR {sql}")
}

/// An insert of parameters alone, as COPY.
pub(super) fn copy(sql: &str) -> Option<String> {
    let sql = one_line(sql);
    let (table, rest) = sql.strip_prefix("INSERT INTO ")?.split_once(" (")?;
    let (columns, values) = rest.split_once(") VALUES (")?;
    let parameters: Vec<String> = (1..=columns.split(", ").count()).map(|at| format!("${at}")).collect();
    (values == format!("{})", parameters.join(", ")))
        .then(|| format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)"))
}

/// An update by key, from lists of values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Update {
    pub(super) sql: String,
    /// Which values find the row: those from here on.
    pub(super) first_key: usize,
}

/// An update `SET … = $1, … WHERE … = $n`, for a list of values for each parameter.
pub(super) fn update(sql: &str, types: &[impl AsRef<str>]) -> Option<Update> {
    let sql = one_line(sql);
    let (set, condition) = sql.strip_prefix("UPDATE ")?.split_once(" WHERE ")?;
    let mut set_parameters = 0;
    with_parameters(set, |_| {
        set_parameters += 1;
        String::new()
    });
    if set_parameters >= types.len() {
        return None;
    }
    let place = |number: usize| format!("v.c{number}");
    let (mut lists, mut columns) = (String::new(), String::new());
    for (at, kind) in types.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let number = at + 1;
        // Writing to a string cannot fail.
        let _ = write!(lists, "{comma}${number}::{}[]", kind.as_ref());
        let _ = write!(columns, "{comma}c{number}");
    }
    let sql = format!(
        "UPDATE {} FROM unnest({lists}) AS v({columns}) WHERE {}",
        with_parameters(set, place),
        with_parameters(condition, place)
    );
    Some(Update { sql, first_key: set_parameters })
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text with each `$n` replaced.
fn with_parameters(sql: &str, mut replaced: impl FnMut(usize) -> String) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        text.push_str(&number.parse().map_or_else(|_| format!("${number}"), &mut replaced));
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups() {
        let check = |sql: &str, expected: &str| {
            let whole = format!(
                "SELECT q.*, k.place FROM unnest($1::bytea[]) WITH ORDINALITY AS k(value, place) \
                 CROSS JOIN LATERAL ({expected}) q"
            );
            assert_eq!(look_up(sql, "bytea"), whole);
        };
        check("SELECT a FROM t WHERE k = $1", "SELECT a FROM t WHERE k = k.value");
        check("SELECT a\n FROM t WHERE k = $1 OR l = $1", "SELECT a\n FROM t WHERE k = k.value OR l = k.value");
    }

    #[test]
    fn inserts() {
        let check = |sql: &str, expected: Option<&str>| assert_eq!(copy(sql).as_deref(), expected, "{sql}");
        check("INSERT INTO t (a) VALUES ($1)", Some("COPY t (a) FROM STDIN (FORMAT binary)"));
        check("INSERT INTO t (a, b,\n  c)\n VALUES ($1, $2, $3)", Some("COPY t (a, b, c) FROM STDIN (FORMAT binary)"));
        check("INSERT INTO t (a, b) VALUES (1, $1)", None);
        check("INSERT INTO t (a, b) VALUES ($2, $1)", None);
        check("INSERT INTO t (a, b) VALUES ($1)", None);
        check("INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING", None);
        check("INSERT INTO t VALUES ($1)", None);
        check("INSERT INTO t (a) SELECT b FROM u", None);
        check("UPDATE t SET a = $1 WHERE b = $2", None);
    }

    #[test]
    fn updates() {
        let check = |sql: &str, types: &[&str], expected: Option<(&str, usize)>| {
            let expected = expected.map(|(sql, first_key)| Update { sql: sql.to_owned(), first_key });
            assert_eq!(update(sql, types), expected, "{sql}");
        };
        check(
            "UPDATE t SET a = $1 WHERE k = $2",
            &["int8", "bytea"],
            Some(("UPDATE t SET a = v.c1 FROM unnest($1::int8[], $2::bytea[]) AS v(c1, c2) WHERE k = v.c2", 1)),
        );
        check(
            "UPDATE t SET a = $1,\n b = $2 WHERE k = $3\n AND l = $4",
            &["int8", "text", "bytea", "int8"],
            Some((
                "UPDATE t SET a = v.c1, b = v.c2 FROM unnest($1::int8[], $2::text[], $3::bytea[], $4::int8[]) \
                 AS v(c1, c2, c3, c4) WHERE k = v.c3 AND l = v.c4",
                2,
            )),
        );
        check("UPDATE t SET a = $1 WHERE id = 1", &["int8"], None);
        check("UPDATE t SET a = $1", &["int8"], None);
        check("DELETE FROM t WHERE a = $1", &["int8"], None);
    }

    #[test]
    fn parameters() {
        let named = |sql: &str| with_parameters(sql, |number| format!("<{number}>"));
        assert_eq!(named("a = $1, b = $12, c = '$', $x"), "a = <1>, b = <12>, c = '$', $x");
        assert_eq!(named("nothing"), "nothing");
    }
}
