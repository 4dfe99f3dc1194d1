//! The services put together: their tables, who may do what, what verifies them.
//!
//! Whoever opens a store takes the whole list from here. Beside it stands what must agree between two services that do not
//! know each other, what joins the registry and its letters, and nothing else.

pub mod case_file;
pub mod cases;
mod in_message;
pub mod letters;
mod party;

pub use in_message::InMessage;
pub use party::{PartyRefusal, require_lets_go, require_party};

use kernel::journal::{self, Head, Table};
use kernel::{Error, Migration, Operation, Scope, Statement};

/// The migrations of every service, in the order of their dependence.
pub fn migrations() -> impl Iterator<Item = &'static Migration> {
    [kernel::MIGRATIONS, registry::MIGRATIONS, payout::MIGRATIONS, eid::MIGRATIONS].into_iter().flatten()
}

/// The statements of every service.
pub fn statements() -> impl Iterator<Item = &'static Statement> {
    [kernel::STATEMENTS, registry::STATEMENTS, payout::STATEMENTS, eid::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
        .flatten()
        .copied()
}

/// Who may do what, of every service.
pub fn policy() -> impl Iterator<Item = &'static Operation> {
    [kernel::policy::POLICY, registry::policy::POLICY, payout::policy::POLICY, eid::policy::POLICY]
        .into_iter()
        .flatten()
}

/// Verifies the journal and holds every table against it.
///
/// # Errors
/// What does not agree.
pub fn verify(scope: &Scope<'_>, expected: Option<Head>, progress: &mut dyn FnMut(u64)) -> Result<Head, Error> {
    let tables: Vec<&dyn Table> =
        [kernel::TABLES, registry::TABLES, payout::TABLES, eid::TABLES].into_iter().flatten().copied().collect();
    let head = journal::verify(scope, &tables, expected, progress)?;
    registry::verify_directory(scope)?;
    payout::verify_index(scope)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::testing::TestPlace;
    use kernel::{Env, Secrets, Store, Timestamp};
    use std::collections::BTreeSet;
    use std::path::Path;

    fn store(place: &TestPlace, folder: &Path) -> Store {
        let migrations: Vec<_> = migrations().collect();
        let env = Env::new(Timestamp::from_micros(0), 0);
        let key = folder.join("key");
        Store::create(place.location(), &key, &migrations, true, &env, &mut Secrets::from_system()).unwrap()
    }

    #[test]
    fn both_engines_have_the_tables_that_are_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let place = TestPlace::empty(folder.path());
        let shape = store(&place, folder.path()).connect().unwrap().read(|tx| tx.shape()).unwrap();
        let written = include_str!("../../../docs/schema.txt");
        assert!(shape.to_string() == written, "write it down by 'cargo xtask schema', and look what changed:\n{shape}");
    }

    #[test]
    fn what_is_given_of_a_case_is_described_in_a_file() {
        let written = include_str!("../../../docs/case.schema.json");
        let described = serde_json::to_string_pretty(&case_file::case_schema()).unwrap() + "\n";
        assert!(described == written, "write it down by 'cargo xtask schema', and look what changed:\n{described}");
    }

    #[test]
    fn every_statement_prepares_for_one_and_for_many_and_numbers_its_parameters_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let place = TestPlace::empty(folder.path());
        let mut connection = store(&place, folder.path()).connect().unwrap();
        let mut seen = BTreeSet::new();
        for statement in statements() {
            assert!(seen.insert(statement.name), "{} is the name of two statements", statement.name);
            let prepared = connection.read(|tx| tx.parameters(statement));
            let parameters = prepared.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
            // In SQLite `$1` is a name, numbered by its first appearance: out of order it binds wrongly, and silently.
            let expected: Vec<String> = (1..=parameters.len()).map(|at| format!("${at}")).collect();
            assert_eq!(parameters, expected, "{}", statement.name);
            let is_for_many = connection.read(|tx| tx.is_for_many(statement));
            let is_for_many = is_for_many.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
            let is_change = ["INSERT", "UPDATE"].iter().any(|verb| statement.sql.starts_with(verb));
            let is_of_one_row = ["journal_head", "keyring"].iter().any(|table| statement.name.starts_with(table));
            // It finds all rows that wait, and takes no row's key.
            let is_of_all_rows = statement.name == "proposal_now.look_again";
            assert!(
                is_for_many || !is_change || is_of_one_row || is_of_all_rows,
                "{} is not for many rows",
                statement.name
            );
        }
        assert!(seen.len() > 50, "only {} statements are registered", seen.len());
    }

    #[test]
    fn no_statement_reads_the_servers_clock_or_its_chance() {
        let texts = statements().map(|statement| statement.sql).chain(migrations().map(|migration| migration.sql));
        for sql in texts.map(str::to_lowercase) {
            for word in ["now(", "current_", "clock_timestamp", "localtime", "date(", "random", "uuid"] {
                assert!(!sql.contains(word), "{word}: {sql}");
            }
        }
    }

    #[test]
    fn every_table_is_answered_for_or_named_here() {
        let sql: String = migrations().map(|migration| migration.sql).collect();
        let made = sql.split("CREATE TABLE ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        let tables = [kernel::TABLES, registry::TABLES, payout::TABLES, eid::TABLES].into_iter().flatten();
        let answered: BTreeSet<&str> = tables.map(|table| table.name()).collect();
        // What opens the store, the journal itself, what is computed from rows of others, what nobody sees, and what is only counted
        // or kept until it has expired.
        let others = [
            "schema_version",
            "keyring",
            "journal_entry",
            "journal_payload",
            "journal_head",
            "payee",
            "specific_account",
            "proposal_now",
            "payer_word",
            "account_holder",
            "account_holder_place",
            "account_left",
            "account_watch",
            "account_watch_pass",
            "allowance",
            "delivery_progress",
            "inquiry",
            "notice_progress",
            "staging",
            "payment_index",
            "waiting_batch",
            "held_payment",
            "waiting_payment",
            "unwritten_stage",
            "unfollowed_return",
            "used_once",
            "mapper_message",
            "interface_use",
        ];
        for table in made {
            assert_ne!(answered.contains(table), others.contains(&table), "{table}");
        }
    }
}
