//! What goes wrong with a database server: told clearly, nothing lost, and the same command then works.

use crate::faults::SmallDisk;
use crate::pain::*;
use crate::server::Server;
use crate::support::*;
use kernel::testing::on_server;
use kernel::testing::relay::{Relay, Then, When};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

const PASSWORD: &str = "hemmeligt";
const IMPORT: &str = "account import rows.csv --channel operator";

/// A world with files to import and to route, at a store of its own or a given one.
fn world(url: Option<String>) -> World {
    let world = url.map_or_else(World::settled, World::settled_at);
    write_rows(&world, 0);
    write_payments(&world, "FEJL");
    world
}

const ROWS: u64 = 4_000;
const PAYMENTS: i64 = 2_000;

fn write_rows(world: &World, first: u64) {
    let rows = (1..=ROWS).map(|at| format!("register,p:{},0040-{at},,,,,\n", 1_000_000_100 + first + at));
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{}", rows.collect::<String>()));
}

fn write_payments(world: &World, message_id: &str) {
    let payments: Vec<Pay> = (0..PAYMENTS).map(|at| cpr(&format!("E{at}"), ALICE, "1.00")).collect();
    world.write("payments.xml", simple(message_id, &payments));
}

fn route() -> String {
    format!("payout route payments.xml --payer {PUBLIC} --out out")
}

/// Nothing has changed, and both commands then work.
fn check_intact(world: &World, head: &str) {
    assert_eq!(world.verified(), *head);
    assert_eq!(world.run("payout list").done()["batches"], json!([]));
    assert_eq!(world.files("out"), Vec::<String>::new());
    holds(&world.run(IMPORT).done(), &json!({ "rows": ROWS, "changed": ROWS }), "a retry");
    holds(&world.run(&route()).done(), &json!({ "payments": PAYMENTS, "routed": PAYMENTS }), "a retry");
    check_done(world, 1);
}

/// So many times was each command done, each once, and what was abandoned is swept in time.
fn check_done(world: &World, times: i64) {
    world.write("last.xml", simple("SIDST", &[cpr("E", ALICE, "1.00")]));
    world.run(&format!("payout route last.xml --payer {PUBLIC} --out out --now 2026-11-23T12:00:00Z")).done();
    let number = |table: &str| world.number(&format!("SELECT COUNT(*) FROM {table}"));
    assert_eq!((number("staging"), number("unwritten_stage")), (0, 0));
    assert_eq!((number("batch"), number("payment")), (times + 1, times * PAYMENTS + 1));
    assert_eq!(number("designation"), times * ROWS as i64 + 17);
    world.verified();
}

/// The URL with settings of PostgreSQL's.
fn with_options(url: &str, options: &str) -> String {
    format!("{url}?options={}", options.replace(' ', "%20").replace('=', "%3D"))
}

#[test]
fn urls_that_name_no_store() {
    let world = World::empty();
    let check = |url: &str| {
        let text = world.run(&format!("journal head --store {url}")).failed(2, "usage");
        assert_eq!(text, "--store <URL>: write a store as sqlite:DIR or postgres://USER@HOST/DATABASE", "{url}");
        // The same by the environment, and for people.
        let mut command = world.command("journal head --data none");
        let told = answer(url, command.env("ANVIS_STORE", url).spawn().unwrap());
        assert_eq!(told.failed(2, "usage"), text);
    };
    for url in [
        "store",
        "sqlite:",
        "mysql://anvis:hemmeligt@host/anvis",
        "postgres:",
        "postgres://",
        "postgres:///anvis",
        "postgres://anvis:hemmeligt@host:port/anvis",
        "postgres://anvis:hemmeligt@host:65536/anvis",
        "postgres://anvis:hemmeligt@host/anvis?sslmode=perhaps",
        "postgres://anvis:hemmeligt@host/anvis?hemmeligt=1",
        "postgres://anvis:hemmeligt@host/anvis?connect_timeout=soon",
        "postgres://%ff@host/anvis",
        "POSTGRES://anvis:hemmeligt@host/anvis",
    ] {
        check(url);
    }
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn servers_that_are_not_reached_or_do_not_let_us_in() {
    require_postgres();
    let world = World::settled();
    let role = format!("anvis_test_entry_{}", std::process::id());
    on_server(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")).unwrap();
    let (host, database) = world.url().rsplit_once('/').unwrap();
    let (_, host) = host.split_once('@').unwrap();
    let check = |url: &str, exit: i32, code: &str, words: &str| {
        for args in ["journal head", "init --synthetic"] {
            let told = world.run(&format!("{args} --store {url}"));
            let text = told.failed(exit, code);
            assert!(text.contains(words), "{args} {url}: {text}");
            for said in [&told.stdout, &told.stderr] {
                assert!(!said.contains(PASSWORD) && !said.contains("forkert"), "{said}");
            }
        }
    };
    check(&format!("postgres://{role}:forkert@{host}/{database}"), 3, "store.password", "does not accept this user");
    check(&format!("postgres://{role}@{host}/{database}"), 3, "store.password", "asks for a password");
    check(&format!("postgres://nobody:{PASSWORD}@{host}/{database}"), 3, "store.password", "does not accept this user");
    check(&format!("postgres://anvis:{PASSWORD}@{host}/none"), 3, "store.no_database", "no database of this name");
    check(&format!("postgres://anvis:{PASSWORD}@%2Fnone/{database}"), 1, "store.unreachable", "cannot be reached");
    check(&format!("postgres://anvis:{PASSWORD}@127.0.0.1:1/{database}"), 1, "store.unreachable", "cannot be reached");
    on_server(&format!("DROP ROLE {role}")).unwrap();
    world.verified();
}

/// What the tests themselves stand on.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn of_a_private_server_nothing_is_left() {
    require_postgres();
    let world = World::empty();
    std::fs::set_permissions(world.path(""), PermissionsExt::from_mode(0o711)).unwrap();
    std::fs::create_dir(world.path("failed")).unwrap();
    let server = Server::start();
    for setting in ["no_such_setting = 1", "shared_buffers = none"] {
        assert!(!server.leaves_something_where_it_fails(&world.path("failed"), setting), "{setting}");
    }
    let folder = server.folder.clone();
    assert!(folder.is_dir());
    // This closes the standard input of what keeps it, as the end of a process does.
    drop(server);
    assert!(!folder.exists());
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn over_a_network_all_is_encrypted_and_the_server_is_checked() {
    require_postgres();
    let world = World::empty();
    // The server's user goes through the folder to its key.
    std::fs::set_permissions(world.path(""), PermissionsExt::from_mode(0o711)).unwrap();
    let [authority, _] = ["ca.pem", "other.pem"].map(|name| {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        world.write(name, authority.pem());
        authority
    });
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    world.write("server.pem", certificate.pem());
    world.write("server.key", key.serialize_pem());
    let server = Server::encrypted(&world.path(""));
    world.run(&format!("init --synthetic --store {}", server.url())).done();
    let head = |url: &str, authorities: &str| {
        let args = format!("journal head --store {url}");
        let mut command = world.command(&args);
        answer(&args, command.env("SSL_CERT_FILE", world.path(authorities)).spawn().unwrap())
    };
    let url = server.at("127.0.0.1");
    head(&url, "ca.pem").done();
    for untrusted in [head(&url, "other.pem"), head(&server.at("localhost"), "ca.pem")] {
        let text = untrusted.failed(1, "store.tls");
        assert!(text.contains("no encrypted connection to a database server that is trusted"), "{text}");
    }
    // Only the URL can say that nothing is encrypted, and this server does not go along with that.
    head(&format!("{url}?sslmode=disable"), "ca.pem").refused("store.password");
}

/// Of all tables, whatever service made them: one role makes them, and another does all else.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn the_applications_role_does_everything_and_changes_nothing_that_stays() {
    require_postgres();
    let place = World::empty();
    let (url, database) = (place.url(), place.url().rsplit('/').next().unwrap());
    let [owner, app] = ["makes", "uses"].map(|role| format!("anvis_test_{role}_{}", std::process::id()));
    for role in [&owner, &app] {
        on_server(&format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")).unwrap();
    }
    on_server(&format!("ALTER DATABASE {database} OWNER TO {owner}")).unwrap();
    let of = |role: &str| url.replacen("anvis@", &format!("{role}:{PASSWORD}@"), 1);
    let by_owner = format!("--migrate-store {}", of(&owner));
    let world = World::settled_by(of(&app), &by_owner);
    assert_eq!(world.run(&format!("migrate {by_owner}")).done()["steps"], 0);
    // By the environment, too.
    let migrated = world.command("migrate").env("ANVIS_MIGRATE_STORE", of(&owner)).spawn().unwrap();
    assert_eq!(answer("migrate", migrated).done()["steps"], 0);
    write_rows(&world, 0);
    holds(&world.run(IMPORT).done(), &json!({ "changed": ROWS }), "import");
    let held = world.route(HOLDER, simple("VENT", &[cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "1.00")])).done();
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    let released = world.run(&format!("payout release {} --out out", held["batch"].as_str().unwrap())).done();
    holds(&released, &json!({ "routed": 2 }), "release");
    world.run("key rotate").done();
    world.run("backup bk").done();
    world.verified();
    let may = |act: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM pg_class WHERE relnamespace = 'anvis'::regnamespace AND relkind = 'r'
             AND has_table_privilege('{app}', oid, '{act}')"
        );
        place.number(&sql)
    };
    let stays = include_str!("../../../../docs/schema.txt");
    let (all, refused) = (stays.split("\n\n").count() as i64, |act: &str| stays.matches(act).count() as i64);
    assert_eq!((may("SELECT"), may("INSERT")), (all, all - 1), "all but the versions of the tables");
    assert_eq!(may("UPDATE"), all - 1 - refused("REFUSES DELETE, UPDATE"));
    assert_eq!(may("DELETE"), all - refused("REFUSES DELETE"));
    assert_eq!((may("TRUNCATE"), may("TRIGGER"), may("REFERENCES")), (0, 0, 0));
    drop(place);
    on_server(&format!("DROP ROLE {app}; DROP ROLE {owner}")).unwrap();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_statement_that_takes_too_long() {
    require_postgres();
    let world = world(None);
    let head = world.verified();
    let mut holder = postgres::Client::connect(world.url(), postgres::NoTls).unwrap();
    let mut transaction = holder.transaction().unwrap();
    transaction.batch_execute("LOCK TABLE anvis.journal_head IN SHARE ROW EXCLUSIVE MODE").unwrap();
    let hasty = with_options(world.url(), "-c statement_timeout=300ms");
    let check = |args: &str, url: &str, code: &str, words: &str| {
        let text = world.run(&format!("{args} --store {url}")).failed(1, code);
        assert!(text.contains(words), "{args}: {text}");
    };
    check(IMPORT, &hasty, "store.timeout", "did not finish in time");
    check(&route(), &hasty, "store.timeout", "did not finish in time");
    // Whoever waits for another process's lock is told so.
    let impatient = with_options(world.url(), "-c lock_timeout=1ms");
    check(IMPORT, &impatient, "conflict", "try again");
    transaction.rollback().unwrap();
    check_intact(&world, &head);
}

/// Nothing has changed, so nothing is done again, and that is not what is told.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn what_was_held_where_others_keep_the_store_busy() {
    require_postgres();
    let world = World::settled();
    let held = world.route(HOLDER, simple("VENT", &[cpr("E", FRIDA, "1.00")])).done();
    let batch = held["batch"].as_str().unwrap();
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    let mut holder = postgres::Client::connect(world.url(), postgres::NoTls).unwrap();
    let mut transaction = holder.transaction().unwrap();
    transaction.batch_execute("LOCK TABLE anvis.journal_head IN SHARE ROW EXCLUSIVE MODE").unwrap();
    let impatient = with_options(world.url(), "-c lock_timeout=1ms");
    for args in [format!("payout release {batch} --out out"), format!("payout cancel {batch}")] {
        let text = world.run(&format!("{args} --store {impatient}")).failed(1, "conflict");
        assert_eq!(text, "other processes kept the store busy; try again", "{args}");
    }
    transaction.rollback().unwrap();
    holds(&world.run(&format!("payout release {batch} --out out")).done(), &json!({ "routed": 1 }), "release");
    world.verified();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn nobody_waits_for_another_to_sweep() {
    require_postgres();
    let world = world(None);
    world.change_store("INSERT INTO staging (batch, touched_at) VALUES (1, 0)").unwrap();
    let mut sweeper = postgres::Client::connect(world.url(), postgres::NoTls).unwrap();
    let mut transaction = sweeper.transaction().unwrap();
    transaction.batch_execute("DELETE FROM anvis.staging").unwrap();
    let impatient = with_options(world.url(), "-c lock_timeout=100ms");
    world.run(&format!("{} --store {impatient}", route())).done();
    transaction.commit().unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM staging"), 0);
    world.verified();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_is_gone_before_a_command_begins() {
    require_postgres();
    let server = Server::start();
    let world = world(Some(server.url()));
    let head = world.verified();
    server.stop("fast");
    for args in [IMPORT, &route(), "journal head", "init --synthetic"] {
        let text = world.run(args).failed(1, "store.unreachable");
        assert!(text.contains("cannot be reached"), "{text}");
    }
    server.start_again();
    check_intact(&world, &head);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_goes_in_the_middle_and_comes_back() {
    require_postgres();
    let server = Arc::new(Server::start());
    let world = world(Some(server.url()));
    let relay = Relay::to(world.url(), &world.path("relay"), "gone");
    let strikes = [
        ("fast", When::Bytes(20_000)),
        ("immediate", When::Bytes(100_000)),
        ("fast", When::Commits(2)),
        ("immediate", When::Commits(2)),
    ];
    for (at, (mode, when)) in strikes.into_iter().enumerate() {
        write_rows(&world, at as u64 * ROWS);
        write_payments(&world, &format!("FEJL-{at}"));
        for args in [IMPORT, &route()] {
            let restarted = Arc::clone(&server);
            relay.at(when, move || {
                restarted.stop(mode);
                restarted.start_again();
                Then::Pass
            });
            let told = world.run(&format!("{args} --store {}", relay.url));
            assert!(relay.end().has_come, "{args}: {when:?} was never reached");
            if told.exit == 1 {
                // Whoever has read something cannot read on elsewhere.
                told.failed(1, "store.unreachable");
                world.run(args).done();
            } else {
                told.done();
            }
            world.verified();
        }
    }
    check_done(&world, strikes.len() as i64);
}

/// The server crashes when a command has got so far, and the command gives up after a while.
fn check_gone(args: &str, when: When, code: &str) {
    require_postgres();
    let server = Arc::new(Server::start());
    let world = world(Some(server.url()));
    let head = world.verified();
    let relay = Relay::to(world.url(), &world.path("relay"), "gone");
    let stopped = Arc::clone(&server);
    relay.at(when, move || {
        stopped.stop("immediate");
        Then::Pass
    });
    world.run(&format!("{args} --store {}", relay.url)).failed(1, code);
    server.start_again();
    check_intact(&world, &head);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_goes_in_the_middle_and_stays_away() {
    check_gone(&route(), When::Bytes(100_000), "store.unreachable");
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_goes_at_a_commit_and_stays_away() {
    check_gone(IMPORT, When::Commits(2), "store.unknown");
}

/// What became of a file is told, also when nothing can be cleared away any more.
#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_store_that_fails_when_a_file_was_refused() {
    require_postgres();
    let world = World::settled();
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
                CREATE TRIGGER fail BEFORE DELETE ON staging EXECUTE FUNCTION fail()";
    world.change_store(fail).unwrap();
    let none = simple("INGEN", &[cpr("E1", ALICE, "1.00")]).replace("<NbOfTxs>1<", "<NbOfTxs>2<");
    world.route(PUBLIC, none).refused("AM19");
    world.change_store("DROP TRIGGER fail ON staging").unwrap();
    assert_eq!(world.number("SELECT COUNT(*) FROM journal_entry WHERE kind = 'payout.refuse'"), 1);
    world.verified();
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_whose_disk_is_full() {
    require_postgres();
    let folder = World::empty();
    // The server's user goes through the folder to the disk.
    std::fs::set_permissions(folder.path(""), PermissionsExt::from_mode(0o711)).unwrap();
    let Some(disk) = SmallDisk::mount(&folder, "disk", 14 << 10) else { return };
    let server = Server::start();
    let (user, group) = server.user;
    std::os::unix::fs::chown(folder.path("disk"), Some(user), Some(group)).unwrap();
    let world = world(Some(server.database_in(&folder.path("disk"))));
    let head = world.verified();
    world.change_store("CREATE TABLE filling (x TEXT)").unwrap();
    let fill = "INSERT INTO filling SELECT repeat('x', 1000) FROM generate_series(1, 50)";
    let full = std::iter::from_fn(|| Some(world.change_store(fill))).find_map(Result::err).unwrap();
    assert!(full.contains("E53100"), "{full}");
    for args in [IMPORT, &route()] {
        let text = world.run(args).failed(1, "store.full");
        assert!(text.contains("the disk that holds the store is full"), "{text}");
    }
    disk.grow();
    check_intact(&world, &head);
}
