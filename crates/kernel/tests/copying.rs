//! Every value that a column can hold comes out of a copy as it went in, from either engine to either.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kernel::journal::{self, Head};
use kernel::testing::TestPlace;
use kernel::{Env, Error, Location, Migration, Scope, Secrets, Statement, Store, Timestamp, Value};
use std::path::PathBuf;

const THINGS: Migration = Migration {
    service: "things",
    version: 1,
    sql: "CREATE TABLE thing (
        kind TEXT NOT NULL,
        number BIGINT NOT NULL,
        text TEXT,
        bytes BYTEA,
        is_true BOOLEAN,
        PRIMARY KEY (kind, number)
    ) /*clustered*/;
    CREATE TABLE empty (id BIGINT NOT NULL PRIMARY KEY);",
};
const INSERT: Statement = Statement {
    name: "thing.insert",
    sql: "INSERT INTO thing (kind, number, text, bytes, is_true) VALUES ($1, $2, $3, $4, $5)",
};
const ALL: Statement =
    Statement { name: "thing.all", sql: "SELECT number, kind, text, bytes, is_true FROM thing ORDER BY number" };

type Thing = (i64, String, Option<String>, Option<Vec<u8>>, Option<bool>);

/// More than is sent at once.
const LARGE_BYTES: usize = 700_000;

fn things() -> Vec<Thing> {
    let text = |text: &str| Some(text.to_owned());
    let some = [
        (i64::MIN, None, None, None),
        (i64::MAX, text(""), Some(vec![]), Some(false)),
        (0, text("Blåbærgrød\n\t\\N\"';--"), Some(vec![0, 255, 10, 92]), Some(true)),
        (1, text("\u{10ffff}"), Some(vec![7; LARGE_BYTES]), Some(true)),
    ];
    let many = (2..3000_i64).map(|number| (number, text("many"), Some(number.to_be_bytes().to_vec()), None));
    let mut things: Vec<Thing> = some
        .into_iter()
        .chain(many)
        .map(|(number, text, bytes, is)| (number, "a".to_owned(), text, bytes, is))
        .collect();
    things.sort_by_key(|(number, ..)| *number);
    things
}

struct Stores {
    folder: tempfile::TempDir,
}

impl Stores {
    fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    fn migrations() -> Vec<&'static Migration> {
        kernel::MIGRATIONS.iter().chain([&THINGS]).collect()
    }

    fn create(&self, location: &Location) -> Store {
        let env = Env::new(Timestamp::from_micros(5), 0);
        Store::create(location, &self.key(), &Self::migrations(), true, &env, &mut Secrets::from_system()).unwrap()
    }

    /// Copies and opens the copy.
    fn copy(&self, from: &Store, to: &Location) -> Result<Store, Error> {
        let mut reported = 0;
        let copied = from.copy_to(to, &Self::migrations(), verify, &mut |rows| reported = rows)?;
        let rows: u64 = copied.tables.values().sum();
        assert!(reported <= rows);
        assert_eq!((copied.tables["thing"], copied.tables["empty"]), (things().len() as u64, 0));
        Store::open(to, &self.key(), &Self::migrations())
    }
}

fn verify(scope: &Scope<'_>, expected: Head) -> Result<Head, Error> {
    journal::verify(scope, kernel::TABLES, Some(expected), &mut |_| {})
}

fn read(store: &Store) -> Vec<Thing> {
    let mut things = Vec::new();
    let all = |tx: &kernel::Tx<'_>| {
        tx.each(&ALL, &[], |row| {
            let text = row.optional_text(2)?.map(str::to_owned);
            let bytes = row.optional_bytes(3)?.map(<[u8]>::to_vec);
            things.push((row.int(0)?, row.text(1)?.to_owned(), text, bytes, row.bool(4).ok()));
            Ok(())
        })
    };
    store.connect().unwrap().read(all).unwrap();
    things
}

#[test]
fn values_are_what_they_were() {
    let stores = Stores { folder: tempfile::tempdir().unwrap() };
    let path = |name: &str| stores.folder.path().join(name);
    let first = stores.create(&Location::from(&path("first")));
    let rows = things();
    let fill = |tx: &kernel::Tx<'_>| {
        tx.run_many(
            &INSERT,
            rows.iter().map(|(number, kind, text, bytes, is_true)| {
                [kind.into(), (*number).into(), text.as_ref().into(), bytes.as_ref().into(), (*is_true).into()]
            }),
        )
    };
    first.connect().unwrap().write(fill).unwrap();
    assert_eq!(read(&first), rows);
    let places = [TestPlace::empty(&path("second")), TestPlace::empty(&path("third"))];
    let mut store = first;
    let last = Location::from(&path("last"));
    for place in places.iter().map(TestPlace::location).chain([last]) {
        store = stores.copy(&store, &place).unwrap();
        assert!(read(&store) == rows, "{place}");
    }
}

#[test]
fn a_value_of_another_type_is_damage() {
    // Only a file holds any type in any column.
    for (column, value) in [("number", Value::Text("x")), ("text", Value::Bytes(b"x")), ("is_true", Value::Int(2))] {
        let stores = Stores { folder: tempfile::tempdir().unwrap() };
        let store = stores.create(&Location::from(&stores.folder.path().join("store")));
        let mut values = [Value::Text("a"), Value::Int(1), Value::Null, Value::Null, Value::Null];
        let at = ["kind", "number", "text", "bytes", "is_true"].iter().position(|name| *name == column).unwrap();
        values[at] = value;
        store.connect().unwrap().write(|tx| tx.run(&INSERT, &values)).unwrap();
        let place = TestPlace::empty(&stores.folder.path().join("copy"));
        let Err(Error::Store(error)) = stores.copy(&store, &place.location()) else { panic!("{column} was copied") };
        assert!(error.is_damage() && error.to_string().contains(&format!("thing.{column}")), "{error}");
        assert!(Store::open(place.location(), &stores.key(), &Stores::migrations()).is_err());
    }
}
