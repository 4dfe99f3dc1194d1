//! What may become of the rows of a table: said by a mark behind its `CREATE TABLE`, held to by triggers on both engines, and
//! on PostgreSQL by what the application's role is granted as well.

/// What may become of rows once they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeping {
    /// `/*append-only*/`: they stay as they are.
    AppendOnly,
    /// `/*kept*/`: they are updated, and never deleted.
    Kept,
    /// No mark.
    Free,
}

impl Keeping {
    /// What is refused, in SQL's words.
    pub(super) const fn refused(self) -> &'static [&'static str] {
        match self {
            Self::AppendOnly => &["UPDATE", "DELETE"],
            Self::Kept => &["DELETE"],
            Self::Free => &[],
        }
    }
}

/// The tables that a migration makes.
pub(super) fn tables(sql: &str) -> Vec<(String, Keeping)> {
    let without_comments: Vec<&str> =
        sql.lines().map(|line| line.split_once("--").map_or(line, |(line, _)| line)).collect();
    let statements = without_comments.join("\n");
    let made = statements.split(';').filter_map(|statement| statement.trim().strip_prefix("CREATE TABLE "));
    made.map(|table| {
        let keeping = if table.contains("/*append-only*/") {
            Keeping::AppendOnly
        } else if table.contains("/*kept*/") {
            Keeping::Kept
        } else {
            Keeping::Free
        };
        (table.split_whitespace().next().unwrap_or_default().to_owned(), keeping)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let sql = "-- Some; more.\nCREATE TABLE a (\n -- One; none.\n id BIGINT\n) /*append-only*/;\nCREATE INDEX a_id ON a (id);\n\
                   CREATE TABLE b (id BIGINT) /*clustered*/ /*kept*/;CREATE TABLE c (id BIGINT);";
        let expected = [("a", Keeping::AppendOnly), ("b", Keeping::Kept), ("c", Keeping::Free)];
        assert_eq!(tables(sql), expected.map(|(table, keeping)| (table.to_owned(), keeping)));
    }
}
