//! A place for a test's store, on the engine that the tests run on: SQLite, or PostgreSQL where `ANVIS_TEST_POSTGRES` names a
//! server and a user there that may make databases.

pub mod relay;

use crate::keys::DataKeys;
use crate::{Location, Secrets, Statement, Vault};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// The server that the tests run on, if they do not run on SQLite.
fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test's switch, never in a release build")]
    let url = std::env::var("ANVIS_TEST_POSTGRES").ok();
    url.filter(|url| !url.is_empty())
}

/// Whether the tests run on PostgreSQL.
#[must_use]
pub fn is_postgres() -> bool {
    server().is_some()
}

/// For a test that is about PostgreSQL, and is left out elsewhere by its mark `#[ignore]`: run there all the same, it fails.
#[track_caller]
pub fn require_postgres() {
    assert!(is_postgres(), "this test is about PostgreSQL: name a server in ANVIS_TEST_POSTGRES");
}

/// For a test that is about the files that SQLite keeps a store in, and is left out elsewhere by its name, `on_sqlite_…`: run
/// there all the same, it fails.
#[track_caller]
pub fn require_sqlite() {
    assert!(!is_postgres(), "this test is about SQLite: say --skip on_sqlite, or do not set ANVIS_TEST_POSTGRES");
}

/// A vault of no store's.
///
/// # Panics
/// The system has no chance to give.
#[must_use]
pub fn vault() -> Vault {
    Vault::new(&DataKeys::generate(&mut Secrets::from_system()).expect("the system gives chance"))
}

thread_local! {
    static RAN: RefCell<BTreeMap<&'static str, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// Does `work`; and how often this thread ran each statement for it, by name. What is done for many rows or keys at once counts once.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, BTreeMap<&'static str, usize>) {
    RAN.take();
    let result = work();
    (result, RAN.take())
}

pub(crate) fn ran(statement: &Statement) {
    RAN.with_borrow_mut(|ran| *ran.entry(statement.name).or_insert(0) += 1);
}

/// A place at which there is no store yet, or a copy of one. A database goes away with it; a folder is its caller's.
#[derive(Debug)]
pub struct TestPlace {
    /// As it is written on the command line.
    pub url: String,
    database: Option<String>,
}

impl TestPlace {
    /// Nothing yet: `store` in `folder`, or an empty database.
    #[must_use]
    pub fn empty(folder: &Path) -> Self {
        Self::new(folder, "template0")
    }

    /// The same as `other`, where both are databases; nobody may be connected to that one.
    #[must_use]
    pub fn copy_of(other: &Self, folder: &Path) -> Self {
        Self::new(folder, other.database.as_deref().unwrap_or_default())
    }

    fn new(folder: &Path, template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Some(server) = server() else {
            return Self { url: format!("sqlite:{}", folder.join("store").display()), database: None };
        };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("anvis_test_{}_{number}_{:08x}", std::process::id(), chance());
        administer(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { url: of_database(&server, &name), database: Some(name) }
    }

    /// The place as the kernel knows it.
    #[must_use]
    pub fn location(&self) -> Location {
        Location::parse(&self.url).expect("the URL is one of ours")
    }

    /// The whole number that a query gives, from a database.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        connect(&self.url).query_one(sql, &[]).expect("the query gives a row").get(0)
    }

    /// Changes a database behind the program's back, if that is possible.
    ///
    /// # Errors
    /// What the server says.
    pub fn change(&self, sql: &str) -> Result<(), String> {
        connect(&self.url).batch_execute(sql).map_err(|error| format!("{error:?}"))
    }

    /// Changes rows of a table behind the program's back, also where they stay: what refuses that is put out of the way.
    ///
    /// # Panics
    /// It is not possible.
    pub fn damage(&self, table: &str, sql: &str) {
        if self.database.is_some() {
            return self
                .change(&format!("SET session_replication_role = replica; {sql}"))
                .expect("the role may do all");
        }
        let file = Path::new(self.url.trim_start_matches("sqlite:")).join("anvis.sqlite");
        let database = rusqlite::Connection::open(file).expect("the store is there");
        let sql = format!("DROP TRIGGER IF EXISTS {table}_refuses_update; {sql}");
        database.execute_batch(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Does something on the server that is no store's.
///
/// # Errors
/// What the server says.
pub fn on_server(sql: &str) -> Result<(), String> {
    let server = server().expect("the tests run on PostgreSQL");
    connect(&server).batch_execute(sql).map_err(|error| format!("{error:?}"))
}

impl Drop for TestPlace {
    fn drop(&mut self) {
        if let (Some(server), Some(name)) = (server(), &self.database) {
            administer(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn administer(server: &str, sql: &str) {
    connect(server).batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn connect(url: &str) -> postgres::Client {
    let mut config: postgres::Config = url.parse().expect("ANVIS_TEST_POSTGRES is a URL");
    config.options("-c search_path=anvis");
    config.connect(postgres::NoTls).unwrap_or_else(|error| panic!("the server of ANVIS_TEST_POSTGRES: {error:?}"))
}

/// The URL with another database.
fn of_database(url: &str, name: &str) -> String {
    let (place, query) =
        url.split_once('?').map_or((url, String::new()), |(place, query)| (place, format!("?{query}")));
    let (scheme, rest) = place.split_once("://").unwrap_or(("postgres", place));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{name}{query}")
}

/// Keeps apart what several processes make.
fn chance() -> u32 {
    getrandom::u32().expect("the operating system gives chance")
}

#[cfg(test)]
mod tests {
    use super::of_database;

    #[test]
    fn urls() {
        let check = |url, expected| assert_eq!(of_database(url, "new"), expected);
        check("postgres://u:p@host:5432/old?sslmode=disable", "postgres://u:p@host:5432/new?sslmode=disable");
        check("postgres://u@%2Ftmp%2Fsocket", "postgres://u@%2Ftmp%2Fsocket/new");
        check("postgresql:///old?host=/tmp/socket", "postgresql:///new?host=/tmp/socket");
    }
}
