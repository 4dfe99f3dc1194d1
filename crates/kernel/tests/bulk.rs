//! Many keys and rows at once, on either engine: the same as one by one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kernel::testing::{TestPlace, require_postgres};
use kernel::{Connection, Env, Error, Migration, Secrets, Store, Timestamp, Value};
use std::sync::mpsc::TryRecvError;

kernel::statements! {
    INSERT = "thing.insert": "INSERT INTO thing (key, part, number, text, flag) VALUES ($1, $2, $3, $4, $5)";
    SET = "thing.set": "UPDATE thing SET number = $1, text = $2 WHERE key = $3 AND part = $4";
    ADD = "thing.add": "UPDATE thing SET number = number + $1 WHERE key = $2";
    FIND = "thing.find": "SELECT part, number, text, flag FROM thing WHERE key = $1 ORDER BY part";
    ALL = "thing.all": "SELECT key, part, number, text, flag FROM thing ORDER BY key, part";
    PARTS = "thing.parts": "SELECT COUNT(*) FROM thing WHERE key = $1";
}

const THINGS: Migration = Migration {
    service: "thing",
    version: 1,
    sql: "CREATE TABLE thing (
        key BYTEA NOT NULL, part BIGINT NOT NULL, number BIGINT, text TEXT, flag BOOLEAN NOT NULL, PRIMARY KEY (key, part)
    );",
};

type Thing = (Vec<u8>, i64, Option<i64>, Option<String>, bool);

fn values((key, part, number, text, flag): &Thing) -> [Value<'_>; 5] {
    [key.into(), (*part).into(), (*number).into(), text.as_ref().into(), (*flag).into()]
}

struct Place {
    connection: Connection,
    store: Store,
    at: TestPlace,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = TestPlace::empty(folder.path());
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain([&THINGS]).collect();
        let (key, env) = (folder.path().join("key"), Env::new(Timestamp::from_micros(0), 0));
        let mut secrets = Secrets::from_system();
        let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
        assert_eq!(STATEMENTS.len(), 6);
        Self { connection: store.connect().unwrap(), store, at: place, _folder: folder }
    }

    fn insert(&mut self, things: &[Thing]) -> Result<(), Error> {
        self.connection.stage(|tx| tx.run_many(&INSERT, things.iter().map(values)))
    }

    fn all(&mut self) -> Vec<Thing> {
        let mut things = Vec::new();
        self.connection
            .read(|tx| {
                tx.each(&ALL, &[], |row| {
                    let text = row.optional_text(3)?.map(str::to_owned);
                    things.push((row.bytes(0)?.to_vec(), row.int(1)?, row.optional_int(2)?, text, row.bool(4)?));
                    Ok(())
                })
            })
            .unwrap();
        things
    }
}

/// So many things, in the order of their keys.
fn things(count: i64) -> Vec<Thing> {
    let thing = |at: i64| {
        let text = (at % 3 > 0).then(|| "æ".repeat(usize::try_from(at % 5).unwrap()));
        (at.to_be_bytes().to_vec(), at % 2, (at % 7 > 0).then_some(at - 100), text, at % 2 == 0)
    };
    (0..count).map(thing).collect()
}

#[test]
fn rows_go_in_and_come_out_as_they_are() {
    // None, those that go one by one, those of one buffer, and more than are fetched at a time.
    for count in [0, 1, 3, 4, 5, 16, 17, 5000, 20_000] {
        let mut place = Place::new();
        let things = things(count);
        place.insert(&things).unwrap();
        assert!(place.all() == things, "{count} rows");
    }
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn values_of_another_type_are_refused_however_many_rows_there_are() {
    require_postgres();
    for count in [1, 3, 4, 40_000] {
        let mut place = Place::new();
        let check = |place: &mut Place, wrong: [Value<'_>; 5]| {
            let rows = things(count);
            let rows = rows.iter().skip(1).map(values).chain([wrong]);
            let told = place.connection.stage(|tx| tx.run_many(&INSERT, rows.clone()));
            assert_eq!(told.unwrap_err().code(), "failure", "{wrong:?} among {count}");
        };
        // Eight bytes are a number to the server, and text is bytes.
        check(&mut place, [Value::Text("key"), 7.into(), Value::Null, Value::Null, true.into()]);
        check(&mut place, [Value::Bytes(b"key"), Value::Bytes(&[0; 8]), Value::Null, Value::Null, true.into()]);
        check(&mut place, [Value::Bytes(b"key"), 7.into(), Value::Null, Value::Bytes(b"text"), true.into()]);
        assert_eq!(place.all(), []);
    }
}

#[test]
fn large_values_too() {
    let mut place = Place::new();
    let things: Vec<Thing> = (0..40).map(|at| (vec![at], 0, None, Some("x".repeat(1 << 20)), true)).collect();
    place.insert(&things).unwrap();
    assert!(place.all() == things);
}

/// Little stays in the write-ahead log. Whoever writes folds in what is more than there is here.
#[test]
fn much_is_folded_in_beside_whoever_wrote_it() {
    let mut place = Place::new();
    let mut beside = place.store.connect().unwrap();
    let file = place.at.location().folder().map(|folder| folder.join("anvis.sqlite"));
    // A server looks after that by itself, and has nothing to do here.
    let length = || file.as_ref().map(|file| file.metadata().unwrap().len());
    let megabytes = |from: i64, to: i64| -> Vec<Thing> {
        (from..to).map(|at| (vec![at as u8], -1, None, Some("x".repeat(1_000_000)), true)).collect()
    };
    let before = length();
    place.insert(&megabytes(0, 40)).unwrap();
    beside.fold_in().unwrap();
    assert_eq!(length(), before, "a little waits");
    place.insert(&megabytes(40, 76)).unwrap();
    assert_eq!(length(), before);
    beside.fold_in().unwrap();
    assert!(length() > before.map(|before| before + 76_000_000) || before.is_none());
}

/// After a secret was replaced, also while somebody else folds in all the time.
#[test]
fn former_pages_are_gone_whoever_else_folds_in() {
    let mut place = Place::new();
    let Some(folder) = place.at.location().folder().map(std::path::Path::to_owned) else { return };
    let (file, log) = (folder.join("anvis.sqlite"), folder.join("anvis.sqlite-wal"));
    // It ends with what holds this, also where that fails.
    let (goes_on, is_over) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|threads| {
        let _goes_on = goes_on;
        threads.spawn(move || {
            let other = rusqlite::Connection::open(file).unwrap();
            while is_over.try_recv() == Err(TryRecvError::Empty) {
                other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
            }
        });
        for at in 0..300 {
            place.insert(&[(vec![1], at, None, None, true)]).unwrap();
            place.connection.forget_former_pages().unwrap();
            assert_eq!(log.metadata().unwrap().len(), 0, "{at}");
        }
    });
}

/// A log is begun anew while another connection folds it in: that is sound from 3.51.3 on. And it is built as the workspace says.
#[test]
fn the_bundled_engine_is_the_one_that_is_meant() {
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    let engine = rusqlite::Connection::open_in_memory().unwrap();
    let mut options = engine.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> = options.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"), "LIBSQLITE3_FLAGS of .cargo/config.toml");
    assert!(!options.iter().any(|option| option == "ENABLE_API_ARMOR"), "LIBSQLITE3_FLAGS of .cargo/config.toml");
}

#[test]
fn a_row_that_is_there_already_is_a_conflict_and_changes_nothing() {
    let mut place = Place::new();
    let things = things(100);
    place.insert(&things[..50]).unwrap();
    assert_eq!(place.insert(&things[49..]).unwrap_err().code(), "conflict");
    assert_eq!(place.insert(&things[49..50]).unwrap_err().code(), "conflict");
    assert!(place.all() == things[..50]);
}

#[test]
fn updates_apply_in_their_order() {
    let mut place = Place::new();
    let mut things = things(10_000);
    place.insert(&things).unwrap();
    // Every key twice, some at once and some far apart; and some that are not there.
    let mut updates: Vec<(usize, i64)> = (0..10_000).map(|at| (at, 1)).collect();
    updates.extend((0..10_000).map(|at| (at, i64::try_from(at).unwrap())));
    updates.extend([(5, 7), (5, 8), (5, 9), (10_001, 1)]);
    place
        .connection
        .stage(|tx| {
            let keys: Vec<[u8; 8]> = updates.iter().map(|(at, _)| at.to_be_bytes()).collect();
            let rows = updates.iter().zip(&keys).map(|((at, number), key)| {
                let part = Value::Int(i64::try_from(at % 2).unwrap());
                [(*number).into(), Some("new").filter(|_| number % 2 == 0).into(), key.as_slice().into(), part]
            });
            tx.run_many(&SET, rows)
        })
        .unwrap();
    for (at, number) in updates.into_iter().filter(|(at, _)| *at < 10_000) {
        things[at].2 = Some(number);
        things[at].3 = (number % 2 == 0).then(|| "new".to_owned());
    }
    assert!(place.all() == things);
}

#[test]
fn an_update_that_builds_on_the_former_one_sees_it() {
    let mut place = Place::new();
    place.insert(&[(vec![1], 0, Some(0), None, true), (vec![2], 0, Some(0), None, true)]).unwrap();
    let rows = |_| [[Value::Int(1), Value::Bytes(&[1])], [Value::Int(10), Value::Bytes(&[2])]];
    place.connection.stage(|tx| tx.run_many(&ADD, (0..3).flat_map(rows))).unwrap();
    let numbers: Vec<_> = place.all().into_iter().map(|thing| thing.2).collect();
    assert_eq!(numbers, [Some(3), Some(30)]);
}

#[test]
fn keys_are_looked_up_by_their_place() {
    let mut place = Place::new();
    let things = things(10_000);
    place.insert(&things).unwrap();
    // A second row for some keys; and keys that are not there.
    let second = |at: i64| (at.to_be_bytes().to_vec(), 2 + at % 2, None, None, false);
    place.insert(&(0..100).map(second).collect::<Vec<_>>()).unwrap();
    for count in [0, 1, 2, 4096, 4097, 12_000_i64] {
        let keys: Vec<[u8; 8]> = (0..count).map(i64::to_be_bytes).collect();
        let mut found = vec![0; keys.len()];
        let look_up = |tx: &kernel::Tx<'_>| {
            tx.look_up(&FIND, keys.iter().map(|key| key.as_slice().into()), |index, row| {
                found[index] += 1;
                let at = i64::try_from(index).unwrap();
                assert_eq!(row.int(0)? % 2, at % 2);
                // The transaction can be used meanwhile.
                let parts = tx.one(&PARTS, &[keys[index].as_slice().into()], |row| row.int(0))?;
                assert_eq!(parts, if at < 100 { 2 } else { 1 });
                Ok(())
            })
        };
        place.connection.read(look_up).unwrap();
        for (at, found) in found.into_iter().enumerate() {
            assert_eq!(found, if at < 100 { 2 } else { usize::from(at < 10_000) }, "key {at} of {count}");
        }
    }
}

#[test]
fn queries_can_be_nested() {
    let mut place = Place::new();
    place.insert(&things(50)).unwrap();
    let mut pairs = 0;
    place
        .connection
        .read(|tx| {
            tx.each(&ALL, &[], |outer| {
                let key = outer.bytes(0)?.to_vec();
                tx.each(&ALL, &[], |_| {
                    tx.each(&FIND, &[(&key).into()], |_| {
                        pairs += 1;
                        Ok(())
                    })
                })
            })
        })
        .unwrap();
    assert_eq!(pairs, 50 * 50);
}
