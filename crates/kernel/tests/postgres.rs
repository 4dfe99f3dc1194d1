//! What only a server can do to a store: run several processes at once, refuse, go away, come back.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kernel::journal::{self, Entry, Rows, Table};
use kernel::merkle::Hash;
use kernel::testing::relay::{Relay, Then, When};
use kernel::testing::{TestPlace, on_server, require_postgres};
use kernel::{
    Actor, Command, Conflict, Db, Decision, Env, Error, Location, Migration, Once, Operation, Refusal, Role, Scope,
    Secrets, Store, Timestamp, Tx, Writer,
};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

kernel::statements! {
    SLEEP = "test.sleep": "SELECT COUNT(*) FROM (SELECT pg_sleep(60)) slept";
    MORE = "test.more": "SELECT * FROM more";
    KEEP_HEAD = "test.keep_head": "UPDATE journal_head SET size = size";
    TIMES = "test.times": "SELECT current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')";
    SHADOW = "test.shadow": "CREATE TEMPORARY TABLE journal_head (size BIGINT)";
    ONLY_READ = "test.only_read": "SET TRANSACTION READ ONLY";
    BREAK = "test.break": "UPDATE journal_head SET size = size / 0";
}

struct Place {
    store: TestPlace,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: TestPlace::empty(folder.path()), folder }
    }

    fn create(&self) -> Store {
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
        let key = self.folder.path().join("key");
        Store::create(self.store.location(), &key, &migrations, true, &env(0), &mut Secrets::from_system()).unwrap()
    }

    fn open(&self, url: &str) -> Result<Store, Error> {
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
        Store::open(Location::parse(url)?, &self.folder.path().join("key"), &migrations)
    }

    fn writer(&self) -> Writer {
        self.open(&self.store.url).unwrap().writer(Secrets::from_system()).unwrap()
    }

    fn verify(&self) -> u64 {
        let tables: Vec<&dyn Table> = kernel::TABLES.to_vec();
        self.writer().read(|scope| journal::verify(scope, &tables, None, &mut |_| {})).unwrap().size
    }
}

fn env(micros: i64) -> Env {
    Env::new(Timestamp::from_micros(micros), 0)
}

/// Takes a note of the journal's size, which no two notes can share.
struct Note<'n> {
    key: Option<Hash>,
    runs: &'n AtomicU32,
}

impl Command for Note<'_> {
    const OPERATION: Operation = Operation { name: "note.take", roles: &[Role::Console] };
    type State = u64;
    type Change = ();
    type Output = u64;

    fn once(&self) -> Option<Once> {
        self.key.map(Once::by)
    }

    fn load(&self, scope: &Scope<'_>) -> Result<u64, Error> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Ok(journal::size_and_root(scope.tx)?.0)
    }

    fn decide(&self, size: u64, _: &Env) -> Result<Decision<(), u64>, Refusal> {
        Ok(Decision::of(vec![()], serde_json::json!({ "size": size }), size))
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

fn take(writer: &mut Writer, runs: &AtomicU32) -> Result<u64, Error> {
    writer.execute(&Note { key: None, runs }, &Actor::console(), &env(1))
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn many_writers_take_turns_and_none_is_refused() {
    require_postgres();
    let place = Place::new();
    place.create();
    let runs = AtomicU32::new(0);
    let mut sizes: Vec<u64> = std::thread::scope(|threads| {
        let write = || {
            let mut writer = place.writer();
            (0..50).map(|_| take(&mut writer, &runs).unwrap()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| threads.spawn(write)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    sizes.sort_unstable();
    assert_eq!(sizes, (1..=400).collect::<Vec<_>>());
    // They wait for one another before they look, so that none looked in vain.
    assert_eq!(runs.into_inner(), 400);
    assert_eq!(place.verify(), 401);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn one_key_is_done_once_by_many() {
    require_postgres();
    let place = Place::new();
    place.create();
    let runs = AtomicU32::new(0);
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let mut writer = place.writer();
                for number in 0..10 {
                    let note = Note { key: Some([number; 32]), runs: &runs };
                    assert_eq!(writer.execute(&note, &Actor::console(), &env(1)).unwrap(), 1 + u64::from(number));
                }
            });
        }
    });
    // What lost to another may be loaded again; what counts is there once.
    assert_eq!(place.verify(), 11);
    assert!(runs.into_inner() >= 10);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn clocks_apart_do_not_run_the_journal_backwards() {
    require_postgres();
    let place = Place::new();
    place.create();
    let runs = AtomicU32::new(0);
    std::thread::scope(|threads| {
        for hour in 0..4 {
            let (place, runs) = (&place, &runs);
            threads.spawn(move || {
                let mut writer = place.writer();
                for at in 0..20 {
                    let env = env(hour * 3_600_000_000 + at);
                    writer.execute(&Note { key: None, runs }, &Actor::console(), &env).unwrap();
                }
            });
        }
    });
    assert_eq!(place.verify(), 81);
}

/// The answer to a commit is lost on its way: it is not done again.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_commit_whose_answer_was_lost_is_found_again() {
    require_postgres();
    for then in [Then::Cut, Then::LoseAnswer] {
        let place = Place::new();
        place.create();
        let relay = Relay::to(&place.store.url, place.folder.path(), "cut");
        let mut writer = place.open(&relay.url).unwrap().writer(Secrets::from_system()).unwrap();
        let runs = AtomicU32::new(0);
        assert_eq!(take(&mut writer, &runs).unwrap(), 1);
        relay.at(When::Commits(0), move || then);
        assert_eq!(take(&mut writer, &runs).unwrap(), 2, "{then:?}");
        assert_eq!(take(&mut writer, &runs).unwrap(), 3, "{then:?}");
        // Where the commit itself was lost, the command was done again.
        let expected = if then == Then::Cut { 4 } else { 3 };
        assert_eq!((runs.into_inner(), place.verify()), (expected, 4), "{then:?}");
    }
}

/// Nor can the journal be asked then.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_commit_of_which_nothing_can_be_found_out_stays_unknown() {
    require_postgres();
    let place = Place::new();
    place.create();
    let relay = Relay::to(&place.store.url, place.folder.path(), "unknown");
    let impatient = format!("{}&options=-c%20lock_timeout%3D1ms", relay.url);
    let mut writer = place.open(&impatient).unwrap().writer(Secrets::from_system()).unwrap();
    let runs = AtomicU32::new(0);
    assert_eq!(take(&mut writer, &runs).unwrap(), 1);
    let (release, released) = mpsc::channel::<()>();
    let url = place.store.url.clone();
    relay.at(When::Commits(0), move || {
        let connect = move || postgres::Client::connect(&url, postgres::NoTls).unwrap();
        let mut watcher = connect();
        // It waits for the commit, and whoever asks afterwards waits for it.
        std::thread::spawn(move || {
            let mut holder = connect();
            let mut held = holder.transaction().unwrap();
            held.batch_execute("LOCK TABLE anvis.journal_entry").unwrap();
            let _ = released.recv();
            held.rollback().unwrap();
        });
        let waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'anvis.journal_entry'::regclass";
        while watcher.query(waits, &[]).unwrap().is_empty() {}
        Then::LoseAnswer
    });
    assert_eq!(take(&mut writer, &runs).unwrap_err().code(), "store.unknown");
    drop(release);
    assert_eq!((place.verify(), runs.into_inner()), (3, 2), "it was done, and not again");
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_connection_that_is_cut_is_made_anew() {
    require_postgres();
    let place = Place::new();
    place.create();
    let mut writer = place.writer();
    let runs = AtomicU32::new(0);
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for size in 1..4 {
        place.store.change(cut).unwrap();
        assert_eq!(take(&mut writer, &runs).unwrap(), size);
        place.store.change(cut).unwrap();
        assert_eq!(writer.read(|scope| journal::size_and_root(scope.tx)).unwrap().0, size + 1);
    }
    // In the middle of a transaction as well, and then all of it is done again.
    let mut tries = 0;
    writer
        .connection
        .stage(|tx| {
            tries += 1;
            if tries == 1 {
                place.store.change(cut).unwrap();
            }
            journal::size_and_root(tx).map(|_| ())
        })
        .unwrap();
    assert_eq!(tries, 2);
    // What was read in the middle cannot be: whoever reads has seen some of it already.
    let read = writer.read(|scope| {
        place.store.change(cut).unwrap();
        journal::size_and_root(scope.tx)
    });
    assert_eq!(read.unwrap_err().code(), "store.unreachable");
    assert_eq!(place.verify(), 4);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_connection_that_was_idle_for_too_long_is_made_anew() {
    require_postgres();
    let place = Place::new();
    place.create();
    let separator = if place.store.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}application_name=idle&options=-c%20idle_session_timeout%3D100ms", place.store.url);
    let mut writer = place.open(&url).unwrap().writer(Secrets::from_system()).unwrap();
    let are_there = "SELECT COUNT(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND application_name = 'idle'";
    while place.store.number(are_there) > 0 {}
    assert_eq!(take(&mut writer, &AtomicU32::new(0)).unwrap(), 1);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_conflict_of_the_works_own_is_told_at_once() {
    require_postgres();
    let place = Place::new();
    place.create();
    let mut tries = 0;
    let result: Result<(), Error> = place.writer().connection.write(|_| {
        tries += 1;
        Err(Conflict("mine".to_owned()).into())
    });
    assert_eq!((result.unwrap_err().to_string(), tries), ("mine".to_owned(), 1));
}

/// As a migration does that nobody stopped the others for.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn statements_are_prepared_anew_when_the_tables_have_changed() {
    require_postgres();
    let place = Place::new();
    place.create();
    place.store.change("CREATE TABLE more (one BIGINT); INSERT INTO more VALUES (1)").unwrap();
    let mut connection = place.writer().connection;
    let read = |tx: &Tx<'_>| tx.one(&MORE, &[], |row| row.int(0));
    assert_eq!(connection.read(read).unwrap(), 1);
    place.store.change("ALTER TABLE more ADD COLUMN two BIGINT").unwrap();
    assert_eq!(connection.stage(read).unwrap(), 1);
    // Whoever reads may have seen some of what was there before.
    place.store.change("ALTER TABLE more DROP COLUMN two").unwrap();
    assert_eq!(connection.read(read).unwrap_err().code(), "conflict");
    assert_eq!(connection.read(read).unwrap(), 1);
    place.store.change("DROP TABLE more").unwrap();
}

/// Another transaction changes the same row first, once or every time.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn what_loses_to_another_is_done_again_and_not_for_ever() {
    require_postgres();
    let place = Place::new();
    place.create();
    let mut writer = place.writer();
    let mut other = postgres::Client::connect(&place.store.url, postgres::NoTls).unwrap();
    let first = "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE anvis.journal_head SET size = size; COMMIT";
    let mut tries = |lost: u32| {
        let mut tries = 0;
        let result = writer.connection.stage(|tx| {
            tries += 1;
            journal::size_and_root(tx)?;
            if tries <= lost {
                other.batch_execute(first).unwrap();
            }
            tx.run(&KEEP_HEAD, &[]).map(|_| ())
        });
        (result.map_err(|error| error.code()), tries)
    };
    assert_eq!(tries(0), (Ok(()), 1));
    assert_eq!(tries(1), (Ok(()), 2));
    assert_eq!(tries(u32::MAX), (Err("conflict"), 11));
    assert_eq!(place.verify(), 1);
}

/// The server answers the commit of such a transaction without an error, and rolls it back.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn what_went_on_after_a_failure_is_not_said_to_be_done() {
    require_postgres();
    let place = Place::new();
    place.create();
    let mut writer = place.writer();
    let went_on = writer.connection.stage(|tx| {
        let _ = tx.run(&BREAK, &[]);
        Ok(())
    });
    assert_eq!(went_on.unwrap_err().code(), "failure");
    assert_eq!(take(&mut writer, &AtomicU32::new(0)).unwrap(), 1);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_lock_is_waited_for_once() {
    require_postgres();
    let place = Place::new();
    place.create();
    let mut holder = postgres::Client::connect(&place.store.url, postgres::NoTls).unwrap();
    let mut held = holder.transaction().unwrap();
    held.batch_execute("UPDATE anvis.journal_head SET size = size").unwrap();
    let separator = if place.store.url.contains('?') { '&' } else { '?' };
    let impatient = format!("{}{separator}options=-c%20lock_timeout%3D1ms", place.store.url);
    let mut writer = place.open(&impatient).unwrap().writer(Secrets::from_system()).unwrap();
    let mut tries = 0;
    let result = writer.connection.stage(|tx| {
        tries += 1;
        tx.run(&KEEP_HEAD, &[]).map(|_| ())
    });
    assert_eq!((result.unwrap_err().code(), tries), ("conflict", 1));
    held.rollback().unwrap();
    assert_eq!(take(&mut writer, &AtomicU32::new(0)).unwrap(), 1);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn what_cannot_be_is_said_clearly() {
    require_postgres();
    let place = Place::new();
    place.create();
    let name = format!("anvis_test_role_{}", std::process::id());
    on_server(&format!("CREATE ROLE {name} LOGIN PASSWORD 'hemmeligt'")).unwrap();
    let url = &place.store.url;
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap_or(("", rest));
    let database = host.rsplit('/').next().unwrap();
    let check = |url: &str, code: &str| {
        let error = place.open(url).err().unwrap();
        let told = format!("{error} {error:?}");
        assert_eq!(error.code(), code, "{told}");
        assert!(!told.contains("forkert") && !told.contains("hemmeligt"), "{told}");
    };
    check(&format!("{scheme}://{name}:forkert@{host}"), "store.password");
    check(&url.replace(database, "anvis_test_no_such_database"), "store.no_database");
    check("postgres://nobody:hemmeligt@%2Ftmp%2Fanvis-no-such-folder/none", "store.unreachable");
    check("postgres://nobody:hemmeligt@127.0.0.1:1/none?sslmode=disable", "store.unreachable");
    for url in ["", "store", "mysql://a:hemmeligt@b/c", "postgres://", "postgres://a:hemmeligt@b:port/c", "sqlite:"] {
        check(url, "store.url");
    }
    on_server(&format!("DROP ROLE {name}")).unwrap();
}

/// A standby says the same of itself.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_takes_no_writes_is_not_read_from() {
    require_postgres();
    let place = Place::new();
    place.create();
    let (_, database) = place.store.url.rsplit_once('/').unwrap();
    let database = database.split('?').next().unwrap();
    on_server(&format!("ALTER DATABASE {database} SET default_transaction_read_only = on")).unwrap();
    let refused = place.open(&place.store.url).err().unwrap();
    assert_eq!(refused.code(), "store.unreachable");
    assert!(refused.to_string().contains("does not allow writes"), "{refused}");
    on_server(&format!("ALTER DATABASE {database} RESET default_transaction_read_only")).unwrap();
    place.open(&place.store.url).unwrap();
}

/// As it is while a server stops, or where something stands in front of one that is not there.
#[test]
fn a_server_that_goes_while_encryption_is_agreed_on_is_not_one_that_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://anvis@{}/anvis", listener.local_addr().unwrap());
    let goes = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.read_exact(&mut [0; 8]).unwrap();
        connection.write_all(b"S").unwrap();
    });
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
    let opened = Store::open(Location::parse(&url).unwrap(), &folder.path().join("key"), &migrations);
    assert_eq!(opened.err().unwrap().code(), "store.unreachable");
    goes.join().unwrap();
}

/// As what stands in front of servers says that it does not take our settings: it is asked once.
#[test]
fn a_server_that_does_not_understand_is_not_one_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://anvis@{}/anvis?sslmode=disable", listener.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut length = [0; 4];
        connection.read_exact(&mut length).unwrap();
        connection.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4]).unwrap();
        let said = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
        connection.write_all(&[b"E", &(said.len() as u32 + 4).to_be_bytes()[..], said].concat()).unwrap();
    });
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
    let opened = Store::open(Location::parse(&url).unwrap(), &folder.path().join("key"), &migrations);
    let told = opened.err().unwrap();
    assert_eq!(told.code(), "failure");
    assert!(told.to_string().contains("unsupported startup parameter"), "{told}");
    answers.join().unwrap();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_only_reads_is_told() {
    require_postgres();
    let place = Place::new();
    place.create();
    let read = place.writer().connection.stage(|tx| {
        tx.run(&ONLY_READ, &[])?;
        tx.run(&KEEP_HEAD, &[]).map(|_| ())
    });
    assert_eq!(read.unwrap_err().code(), "store.read_only");
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_takes_too_long_or_has_no_room_is_told_and_leaves_nothing() {
    require_postgres();
    let place = Place::new();
    place.create();
    let url = &place.store.url;
    let separator = if url.contains('?') { '&' } else { '?' };
    let hasty = format!("{url}{separator}options=-c%20statement_timeout%3D200ms");
    let mut hasty = place.open(&hasty).unwrap().writer(Secrets::from_system()).unwrap();
    assert_eq!(STATEMENTS.len(), 7);
    let slept = hasty.read(|scope| scope.tx.optional(&SLEEP, &[], |_| Ok(())));
    assert_eq!(slept.unwrap_err().code(), "store.timeout");
    let mut writer = place.writer();
    let runs = AtomicU32::new(0);
    // As the server says it when its disk is full.
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON journal_payload EXECUTE FUNCTION full_disk()";
    place.store.change(full).unwrap();
    let told = take(&mut writer, &runs).unwrap_err();
    assert_eq!((told.code(), place.verify()), ("store.full", 1));
    place.store.change("DROP TRIGGER full_disk ON journal_payload").unwrap();
    assert_eq!((take(&mut writer, &runs).unwrap(), place.verify()), (1, 2));
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn the_applications_role_cannot_change_what_stays() {
    require_postgres();
    let place = Place::new();
    let [owner, app] = ["owner", "app"].map(|role| format!("anvis_test_{role}_{}", std::process::id()));
    on_server(&format!("CREATE ROLE {owner} LOGIN PASSWORD 'o'; CREATE ROLE {app} LOGIN PASSWORD 'a'")).unwrap();
    let (scheme, rest) = place.store.url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap_or(("", rest));
    let [owner_url, app_url] =
        [(&owner, "o"), (&app, "a")].map(|(role, word)| format!("{scheme}://{role}:{word}@{host}"));
    let database = host.rsplit('/').next().unwrap().split('?').next().unwrap();
    on_server(&format!("ALTER DATABASE {database} OWNER TO {owner}")).unwrap();
    let both = Location::parse(&app_url).unwrap().owned_by(Location::parse(&owner_url).unwrap()).unwrap();
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
    let key = place.folder.path().join("key");
    let create = |location: Location| {
        Store::create(location, &key, &migrations, true, &env(0), &mut Secrets::from_system()).map(|_| ())
    };
    assert_eq!(create(Location::parse(&app_url).unwrap()).unwrap_err().code(), "store.forbidden");
    create(both.clone()).unwrap();
    assert_eq!(create(both.clone()).unwrap_err().code(), "store.exists");
    let mut writer = place.open(&app_url).unwrap().writer(Secrets::from_system()).unwrap();
    take(&mut writer, &AtomicU32::new(0)).unwrap();
    writer.rotate_master_key(&Actor::console(), &env(2)).unwrap();
    let refused = |role: &str, sql: &str| {
        let told = place.store.change(&format!("SET ROLE {role}; {sql}")).unwrap_err();
        assert!(told.contains("42501"), "{role}: {sql}: {told}");
    };
    for table in ["journal_entry", "journal_payload", "answer", "officer", "operator_end"] {
        for role in [&owner, &app] {
            refused(role, &format!("DELETE FROM {table}"));
            refused(
                role,
                &format!("UPDATE {table} SET {} = NULL", if table == "answer" { "entry" } else { "number" })
                    .replace("officer SET number", "officer SET id")
                    .replace("operator_end SET number", "operator_end SET id"),
            );
            refused(role, &format!("TRUNCATE {table}"));
        }
        refused(&app, &format!("ALTER TABLE {table} ADD COLUMN more BIGINT"));
        refused(&app, &format!("DROP TABLE {table}"));
    }
    for table in ["keyring", "journal_head", "schema_version"] {
        refused(&owner, &format!("DELETE FROM {table}"));
        refused(&app, &format!("DELETE FROM {table}"));
    }
    refused(&app, "UPDATE schema_version SET version = 2");
    refused(&app, "CREATE TABLE more (id BIGINT)");
    // Who migrates changes the tables, and the application may then use them; it cannot do so itself.
    let more = Migration { service: "more", version: 1, sql: "CREATE TABLE more (id BIGINT) /*append-only*/;" };
    let newer: Vec<&Migration> = migrations.iter().copied().chain([&more]).collect();
    let app_location = || Location::parse(&app_url).unwrap();
    assert_eq!(Store::open(app_location(), &key, &newer).err().unwrap().code(), "store.older");
    assert_eq!(Store::migrate(app_location(), &newer).unwrap_err().code(), "store.forbidden");
    assert_eq!(Store::migrate(both.clone(), &newer).unwrap(), 1);
    assert_eq!(Store::migrate(both.clone(), &newer).unwrap(), 0);
    Store::open(app_location(), &key, &newer).unwrap();
    // A program that does not know them takes nothing away.
    assert_eq!(Store::migrate(both, &migrations).unwrap_err().code(), "store.newer");
    place.store.change(&format!("SET ROLE {app}; INSERT INTO more VALUES (1)")).unwrap();
    refused(&app, "DELETE FROM more");
    drop(writer);
    drop(place);
    on_server(&format!("DROP ROLE {app}; DROP ROLE {owner}")).unwrap();
}

/// Whoever runs the server may give the owner a schema rather than the right to make one.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_schema_that_was_made_beforehand_is_used() {
    require_postgres();
    let place = Place::new();
    let [owner, app] = ["given", "using"].map(|role| format!("anvis_test_{role}_{}", std::process::id()));
    on_server(&format!("CREATE ROLE {owner} LOGIN PASSWORD 'o'; CREATE ROLE {app} LOGIN PASSWORD 'a'")).unwrap();
    place.store.change(&format!("CREATE SCHEMA anvis AUTHORIZATION {owner}")).unwrap();
    let (scheme, rest) = place.store.url.split_once("://").unwrap();
    let (_, host) = rest.split_once('@').unwrap_or(("", rest));
    let [owner_url, app_url] =
        [(&owner, "o"), (&app, "a")].map(|(role, word)| format!("{scheme}://{role}:{word}@{host}"));
    assert_eq!(place.open(&app_url).err().unwrap().code(), "store.missing");
    let both = Location::parse(&app_url).unwrap().owned_by(Location::parse(&owner_url).unwrap()).unwrap();
    let (migrations, key) = (kernel::MIGRATIONS.iter().collect::<Vec<_>>(), place.folder.path().join("key"));
    Store::create(both, &key, &migrations, true, &env(0), &mut Secrets::from_system()).unwrap();
    take(&mut place.open(&app_url).unwrap().writer(Secrets::from_system()).unwrap(), &AtomicU32::new(0)).unwrap();
    assert_eq!(place.verify(), 2);
    drop(place);
    on_server(&format!("DROP ROLE {app}; DROP ROLE {owner}")).unwrap();
}

/// A store beside it would be one of which no copy can be made.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_schema_with_something_else_in_it_is_no_place_for_a_store() {
    require_postgres();
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().collect();
    for what in ["TABLE anvis.note (id BIGINT)", "VIEW anvis.note AS SELECT 1", "SEQUENCE anvis.note"] {
        let place = Place::new();
        place.store.change(&format!("CREATE SCHEMA anvis; CREATE {what}")).unwrap();
        let key = place.folder.path().join("key");
        let made = Store::create(place.store.location(), &key, &migrations, true, &env(0), &mut Secrets::from_system());
        assert_eq!(made.err().unwrap().code(), "store.schema", "{what}");
        // Whoever makes it finds the same, should it come in between.
        let built = Db::create(&place.store.location(), |_| panic!("nothing is built"));
        assert_eq!(built.err().unwrap().code(), "store.schema", "{what}");
        assert!(!key.exists(), "{what}");
        assert_eq!(place.open(&place.store.url).err().unwrap().code(), "store.missing", "{what}");
    }
}

/// A nation's tables are larger than what comes through in the time that anything else is given.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn whole_tables_take_as_long_as_they_take() {
    require_postgres();
    let place = Place::new();
    let store = place.create();
    let times = |scope: &Scope<'_>| scope.tx.one(&TIMES, &[], |row| Ok(row.text(0)?.to_owned())).unwrap();
    let mut writer = place.writer();
    let tables: Vec<&dyn Table> = kernel::TABLES.to_vec();
    writer
        .read(|scope| {
            assert_eq!(times(scope), "15min 10min");
            journal::verify(scope, &tables, None, &mut |_| {})?;
            assert_eq!(times(scope), "0 0");
            Ok(())
        })
        .unwrap();
    let (copy, migrations) = (TestPlace::empty(place.folder.path()), kernel::MIGRATIONS.iter().collect::<Vec<_>>());
    let verify = |scope: &Scope<'_>, head| {
        assert_eq!(times(scope), "0 0");
        Ok(head)
    };
    store.copy_to(&copy.location(), &migrations, verify, &mut |_| {}).unwrap();
    assert_eq!(writer.read(|scope| Ok(times(scope))).unwrap(), "15min 10min");
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_sessions_own_tables_do_not_stand_before_the_stores() {
    require_postgres();
    let place = Place::new();
    place.create();
    let size = place.writer().connection.stage(|tx| {
        tx.run(&SHADOW, &[])?;
        Ok(journal::size_and_root(tx)?.0)
    });
    assert_eq!(size.unwrap(), 1);
}
