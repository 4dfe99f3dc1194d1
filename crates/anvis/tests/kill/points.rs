//! Killed before and after every sync, commit and rename.

mod contacts;
mod designations;
mod races;
mod releases;
mod uploads;
mod victims;

use crate::pain::{Pay, block, cpr, file, pay};
use crate::support::*;
use crate::{count, outputs};
use kernel::{Actor, Env, Location, Once, Role, Secrets, Store, Timestamp};
use registry::commands::RecordEvents;
use registry::register_event::{PersonEvent, Register};
use serde_json::Value;
use std::path::Path;

/// Runs a command again and again, each time in a fresh copy of `world`, killed one point later, until it is killed no more;
/// after each kill `check` sees the copy. How many points there were.
fn at_every_point(world: &World, args: &str, points_min: u32, mut check: impl FnMut(&World, u32)) {
    for point in 1.. {
        let copy = world.copy();
        let mut command = copy.command(args);
        let answer = answer(args, command.env("ANVIS_KILL_AT", point.to_string()).spawn().unwrap());
        if answer.exit == 0 {
            assert!(point > points_min, "{args} has only {} points", point - 1);
            println!("{args}: {} points", point - 1);
            return;
        }
        assert_eq!(answer.exit, -1, "point {point} of {args}: {}{}", answer.stdout, answer.stderr);
        assert_eq!(answer.stdout, "", "nothing is told before it is done");
        check(&copy, point);
    }
}

/// Three blocks of payments that end in every way, so many that they go through several chunks.
fn payments(message_id: &str) -> String {
    let mut payments: Vec<Pay> = (0..30).map(|at| cpr(&format!("E{at}"), ALICE, "1.00")).collect();
    payments.push(cpr("NOBODY", NOBODY, "2.00"));
    payments.push(cpr("NONE", FRIDA, "3.00"));
    payments.push(pay("POOR", &format!("cvr:{POOR_COMPANY}"), "3.00"));
    payments.push(Pay { account: Some(GERD_IBAN), ..cpr("PASSED", ALICE, "4.00") });
    let blocks =
        [block("B1", payments), block("B2", [cpr("BACK", NOBODY, "5.00")]), block("B3", [cpr("HANS", HANS, "6.00")])];
    file(crate::pain::Version::V09, message_id, &blocks)
}

fn batch(world: &World) -> Value {
    let list = world.run("payout list").done();
    let batches = list["batches"].as_array().unwrap();
    assert_eq!(batches.len(), 1, "{list}");
    batches[0].clone()
}

/// What a store says of its one batch, with the batch's name left out.
fn told(world: &World) -> String {
    let batch = batch(world);
    let name = batch["batch"].as_str().unwrap();
    world.run(&format!("payout show {name}")).done().to_string().replace(name, "BATCH")
}

#[test]
fn route() {
    for (payer, hold) in [(PUBLIC, ""), (HOLDER, ""), (PUBLIC, " --hold")] {
        let world = World::settled();
        world.write("payments.xml", payments("DRAEBT"));
        let args = format!("payout route payments.xml --payer {payer} --out out{hold}");
        let never_killed = world.copy();
        let routed = never_killed.run(&args).done();
        let expected = (told(&never_killed), outputs(&never_killed, routed["batch"].as_str().unwrap()));
        at_every_point(&world, &args, 20, |killed, point| {
            killed.verified();
            for name in killed.files("out").iter().filter(|name| name.ends_with(".xml")) {
                // What has its name is whole, and on record.
                let batch = batch(killed);
                let name = name.replace(batch["batch"].as_str().unwrap(), "BATCH");
                assert!(expected.1.iter().any(|(expected, _)| *expected == name), "point {point}: {name}");
            }
            let again = killed.run(&args).done();
            assert_eq!((&again["routed"], &again["held"]), (&routed["routed"], &routed["held"]), "point {point}");
            let found = (told(killed), outputs(killed, again["batch"].as_str().unwrap()));
            assert_eq!(found, expected, "point {point}");
            killed.verified();
            // What the killed process had staged is swept, in time, and nothing else is.
            killed.write("next.xml", payments("NAESTE"));
            let next = format!("payout route next.xml --payer {payer} --out out --now 2026-11-23T12:00:00Z");
            killed.run(&next).done();
            assert_eq!(count(killed, "SELECT COUNT(*) FROM staging"), 0, "point {point}");
            assert_eq!(count(killed, "SELECT COUNT(*) FROM payment"), 2 * 36, "point {point}");
            killed.verified();
        });
    }
}

#[test]
fn release() {
    let held = World::settled();
    held.write("payments.xml", payments("HOLDT"));
    let routed = held.run(&format!("payout route payments.xml --payer {HOLDER} --out out --hold")).done();
    let name = routed["batch"].as_str().unwrap();
    held.run(&format!("payout cancel {name} --end-to-end E3")).done();
    // Frida gets an account, and the company does not: its payment is still held afterwards.
    held.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    let args = format!("payout release {name} --out out");
    let never_killed = held.copy();
    never_killed.run(&args).done();
    let expected = (told(&never_killed), outputs(&never_killed, name));
    assert!(expected.0.contains("\"held\":1,"), "{}", expected.0);
    let written = [format!("out/bank/{name}-2.pain.001.xml"), format!("out/payer/{name}-2.pain.002.xml")];
    at_every_point(&held, &args, 12, |killed, point| {
        killed.verified();
        let again = killed.run(&args).done();
        // Whoever hears an answer at last hears of the files.
        let told_files: Vec<&Value> = again["earlier"]
            .as_array()
            .unwrap()
            .iter()
            .chain([&again["completed"], &again["status"]])
            .filter(|name| !name.is_null())
            .collect();
        assert_eq!(told_files, written.iter().collect::<Vec<_>>(), "point {point}: {again}");
        assert_eq!(again["held"], 1, "point {point}: {again}");
        assert_eq!((told(killed), outputs(killed, name)), expected, "point {point}");
        killed.verified();
    });
}

#[test]
fn import() {
    let world = World::settled();
    let mut rows: String =
        (1..22).map(|at| format!("register,p:{},0040-{at},,none,,,\n", 1_000_000_100 + at)).collect();
    rows += &format!(
        "bad,,,,,,,\nchange,cpr:{ALICE},1020-5,,0040,,,\nchange,cpr:{ALICE},1020-6,,1020-5,,,\nclose,cpr:{NOBODY},,,,,,\n"
    );
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}"));
    let args = "account import rows.csv --channel operator";
    let history = |world: &World| world.run(&format!("account history cpr:{ALICE}")).done();
    let never_killed = world.copy();
    let expected = never_killed.run(args).done();
    let rejects = never_killed.read("rows.csv.rejects.csv");
    let designations = count(&never_killed, "SELECT COUNT(*) FROM designation");
    let alice = history(&never_killed);
    at_every_point(&world, args, 16, |killed, point| {
        killed.verified();
        assert_eq!(killed.run(args).done(), expected, "point {point}");
        assert_eq!(killed.read("rows.csv.rejects.csv"), rejects, "point {point}");
        assert_eq!(count(killed, "SELECT COUNT(*) FROM designation"), designations, "point {point}");
        assert_eq!(history(killed), alice, "point {point}");
        killed.verified();
    });
}

#[test]
fn init() {
    let world = World::empty();
    at_every_point(&world, "init --synthetic", 6, |killed, point| {
        let again = killed.run("init --synthetic");
        if again.exit != 0 {
            again.refused("store.exists");
        }
        killed.run("journal verify").done();
        killed.run("payer add A --cvr 13748136 --kind public --no-account reject").done();
        let mut files = killed.files("");
        files.retain(|name| !name.contains("-wal") && !name.contains("-shm"));
        let store = (!is_postgres()).then_some("store/anvis.sqlite");
        assert_eq!(files, ["store.key"].into_iter().chain(store).collect::<Vec<_>>(), "point {point}");
    });
}

#[test]
fn rotate() {
    let world = World::settled();
    std::fs::copy(world.path("store.key"), world.path("former.key")).unwrap();
    at_every_point(&world, "key rotate", 8, |killed, point| {
        killed.verified();
        killed.run(&format!("resolve cpr:{ALICE}")).done();
        killed.run("key rotate").done();
        killed.run("journal head --master-key former.key").refused("key.wrong");
        killed.verified();
        let left: Vec<String> = killed.files("").into_iter().filter(|name| name.contains(".key.")).collect();
        assert_eq!(left, Vec::<String>::new(), "point {point}");
    });
}

#[test]
fn cancel_and_refuse() {
    let held = World::settled();
    held.write("payments.xml", payments("HOLDT"));
    let routed = held.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let args = format!("payout cancel {} --end-to-end E3", routed["batch"].as_str().unwrap());
    at_every_point(&held, &args, 1, |killed, point| {
        killed.verified();
        let again = killed.run(&args);
        if again.exit != 0 {
            again.refused("batch.payment_not_held");
        }
        assert!(told(killed).contains("\"cancelled\":1,"), "point {point}");
        killed.verified();
    });
    let world = World::settled();
    world.write("payments.xml", payments("DAARLIG").replacen("<NbOfTxs>36", "<NbOfTxs>35", 1));
    let args = format!("payout route payments.xml --payer {PUBLIC} --out out");
    for point in 1.. {
        let killed = world.copy();
        let mut command = killed.command(&args);
        let answer = answer(&args, command.env("ANVIS_KILL_AT", point.to_string()).spawn().unwrap());
        if answer.exit == 3 {
            assert!(point > 10, "only {point} points");
            break;
        }
        killed.verified();
        assert_eq!(killed.run("payout list").done()["batches"].as_array().unwrap().len(), 0);
        killed.run(&args).refused("AM19");
        killed.verified();
    }
}

/// Clients, their tokens and the server's keys: each is there as a whole, or not at all and done by the next try.
#[test]
fn clients() {
    let world = World::settled();
    let of = |world: &World, table: &str| count(world, &format!("SELECT COUNT(*) FROM {table}"));
    // A command again and again: after each kill what it makes is there or not, and afterwards once.
    let at_every_point_once = |world: &World, args: &str, points_min: u32, tables: &[(&str, i64)]| {
        let before: Vec<i64> = tables.iter().map(|(table, _)| of(world, table)).collect();
        at_every_point(world, args, points_min, |killed, point| {
            killed.verified();
            killed.run(args).done();
            for ((table, made), before) in tables.iter().zip(&before) {
                assert_eq!(of(killed, table), before + made, "{table} at point {point} of {args}");
            }
            killed.verified();
        });
    };
    let client = |world: &World, name: &str| {
        let public = world.run(&format!("client make-key {name}.jwk")).done();
        world.write(&format!("{name}.pub"), public.to_string());
        world.write(&format!("{name}.pem"), CERTIFICATE);
        format!("client add {name} --role public-payer --payer {PUBLIC} --key {name}.pub --cert {name}.pem")
    };
    let add = client(&world, "kommune");
    // The first client comes with the server's first key, in a transaction of its own.
    at_every_point_once(&world, &add, 3, &[("client", 1), ("signing_key", 1)]);
    world.run(&add).done();
    let token = "client token kommune --key kommune.jwk --cert kommune.pem --issuer https://konto.example";
    let tokens = "journal_entry WHERE kind = 'token.issue'";
    let before = of(&world, "used_once");
    at_every_point(&world, token, 1, |killed, point| {
        killed.verified();
        // An assertion that was used stays used, and its token has its entry.
        assert_eq!(of(killed, "used_once") - before, of(killed, tokens), "point {point}");
        killed.run(token).done();
        killed.verified();
    });
    at_every_point_once(&world, "client phase-out payouts v1 2027-01-01", 1, &[]);
    at_every_point(&world, "client rotate-key", 1, |killed, point| {
        killed.verified();
        let again = killed.run("client rotate-key");
        if again.exit != 0 {
            again.refused("signing_key.pending");
        }
        assert_eq!(of(killed, "signing_key"), 2, "point {point}");
        killed.run(token).done();
        killed.verified();
    });
    at_every_point_once(&world, "client end kommune", 1, &[("client", 1)]);
}

/// Where [`record`] finds the store.
const RECORD_IN: &str = "ANVIS_RECORD_IN";
/// What it was answered.
const RECORDED: &str = "recorded.json";

/// Not a test: what [`events`] kills. No command of the command line records a register's events, so it is a process of its own.
#[test]
#[ignore = "the other process of another test"]
fn record() {
    let Some(url) = std::env::var_os(RECORD_IN) else { return };
    let migrations: Vec<_> = services::migrations().collect();
    let location = Location::parse(url.to_str().unwrap()).unwrap();
    let store = Store::open(location, Path::new("store.key"), &migrations).unwrap();
    let (now, actor) = (Timestamp::parse(NOW).unwrap(), Actor::client(Role::RegisterFeed, "cpr"));
    let of = |number: &str, event: PersonEvent| event.registered(store.vault(), number, now);
    let events = vec![
        of(ALICE, PersonEvent::Death("2026-11-20".to_owned())),
        of(BENT, PersonEvent::Name("Bent Nyt".to_owned())),
        of(NOBODY, PersonEvent::Protection(true)),
        of(ALICE, PersonEvent::Move(["Vej 1", "2100", "By", "DK"].map(str::to_owned))),
    ];
    let env = Env::new(now, 0);
    let request = [(RecordEvents::new(Register::Population, events, Some(Once::by([7; 32]))).unwrap(), &actor, &env)];
    let mut writer = store.writer(Secrets::from_system()).unwrap();
    let answers = writer.execute_group(|group| group.execute_jointly(&request));
    std::fs::write(RECORDED, serde_json::to_vec(answers.unwrap()[0].as_ref().unwrap()).unwrap()).unwrap();
}

#[test]
fn events() {
    let world = World::settled();
    let record = |world: &World, kill_at: u32| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "points::record", "--ignored"]).current_dir(world.path(""));
        command.env(RECORD_IN, world.url()).env("ANVIS_KILL_AT", kill_at.to_string());
        command.output().unwrap().status.code()
    };
    let rows = |world: &World| count(world, "SELECT COUNT(*) FROM register_row");
    let entries = |world: &World| count(world, "SELECT COUNT(*) FROM journal_entry");
    let never_killed = world.copy();
    assert_eq!(record(&never_killed, 0), Some(0));
    let expected = never_killed.read(RECORDED);
    let made = (rows(&never_killed) - rows(&world), entries(&never_killed) - entries(&world));
    assert_eq!((expected.as_str(), made), (r#"["done","done",{"refused":"payee.unknown"},"done"]"#, (3, 1)));
    for point in 1.. {
        let killed = world.copy();
        if record(&killed, point) == Some(0) {
            assert!(point > 2, "only {} points", point - 1);
            println!("events: {} points", point - 1);
            break;
        }
        assert!(!killed.path(RECORDED).exists(), "nothing is told before it is done");
        killed.verified();
        let there = (rows(&killed) - rows(&world), entries(&killed) - entries(&world));
        assert!([(0, 0), made].contains(&there), "point {point}: {there:?}");
        assert_eq!(record(&killed, 0), Some(0));
        assert_eq!(killed.read(RECORDED), expected, "point {point}");
        assert_eq!((rows(&killed) - rows(&world), entries(&killed) - entries(&world)), made, "point {point}");
        killed.verified();
    }
}

/// Copies that are killed leave nothing under their name, and nothing that is in the way of the next.
#[test]
fn back_up_and_restore() {
    let world = World::settled();
    world.write("payments.xml", payments("KOPI"));
    world.run(&format!("payout route payments.xml --payer {HOLDER} --out out")).done();
    let made = |killed: &World, name: &str, args: &str| {
        let is_made = killed.path(name).exists();
        let head = if is_made {
            killed.run(args).refused("store.exists");
            killed.run(&format!("journal verify --data {name} --master-key store.key")).done()
        } else {
            killed.run(args).done();
            killed.run("journal head").done()
        };
        assert_eq!(killed.run(&format!("journal verify --data {name} --master-key store.key")).done(), head);
        assert_eq!(killed.files(name), [format!("{name}/anvis.sqlite")]);
        assert!(!killed.path(&format!("{name}.part")).exists());
        killed.verified();
    };
    at_every_point(&world, "backup bk", 28, |killed, _| made(killed, "bk", "backup bk"));
    world.run("backup bk").done();
    let restore = "restore bk --data new --master-key store.key";
    at_every_point(&world, restore, 26, |killed, _| {
        let kept = killed.run("journal verify --data bk --master-key store.key").done();
        if killed.path("new").exists() {
            killed.run(restore).refused("store.exists");
        } else {
            killed.run(restore).done();
        }
        assert_eq!(killed.run("journal verify --data new --master-key store.key").done(), kept);
        assert_eq!(killed.files("new"), ["new/anvis.sqlite"]);
        assert!(!killed.path("new.part").exists());
    });
}

/// A folder that is being filled: whoever goes on leaves nothing out, and what has its name is whole.
#[test]
fn deliver() {
    let world = World::settled();
    let rows: String = (1..=130).map(|at| format!("register,p:{},0040-{at},,none,,,\n", 1_000_000_100 + at)).collect();
    std::fs::create_dir(world.path("north")).unwrap();
    world.run("delivery add north --what messages --bank Nordbank --folder north").done();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}"));
    world.run("account import rows.csv --channel operator").done();
    // The folder is where it was registered, also for copies of the store.
    let delivered = || -> Vec<(String, String)> {
        let names = world.files("north").into_iter().filter(|name| name.ends_with(".json"));
        names.map(|name| (name.clone(), world.read(&name))).collect()
    };
    let clear = || {
        std::fs::remove_dir_all(world.path("north")).unwrap();
        std::fs::create_dir(world.path("north")).unwrap();
    };
    world.copy().run("delivery run").done();
    let expected = delivered();
    let ids = expected.iter().map(|(_, text)| text.matches("\"id\":").count());
    assert_eq!(ids.collect::<Vec<_>>(), [100, 30]);
    clear();
    at_every_point(&world, "delivery run", 16, |killed, point| {
        killed.verified();
        let placed = delivered();
        assert!(placed.iter().all(|one| expected.contains(one)), "point {point}: {placed:?}");
        // Others leave it alone until the one that was killed has given no sign of life for long enough.
        let again = killed.run("delivery run --now 2026-11-23T09:02:00Z").done();
        assert_eq!((&again["deliveries"][0]["items"], &again["deliveries"][0]["failures"]), (&130.into(), &0.into()));
        assert_eq!(delivered(), expected, "point {point}");
        assert_eq!(world.files("north").len(), 2, "point {point}: something is left");
        killed.verified();
        clear();
    });
}

/// Notices that are being sent: each arrives under its name, also one that was sent and not noted.
#[test]
fn notices() {
    let world = World::settled();
    std::fs::create_dir(world.path("out")).unwrap();
    for to in [&format!("digital_post:cpr:{ALICE}"), "sms:+4512345678", "email:anna@mail.example"] {
        world.run(&format!("notices try {to}")).done();
    }
    let out = world.path("out").display().to_string();
    let args = format!(
        "notices send --digital-post folder:{out} --sender-cvr 34051178 --sms folder:{out} --smtp folder:{out} \
         --mail-from no-reply@anvis.example --stop-url https://anvis.example/stop"
    );
    let sent = || -> Vec<(String, String)> {
        let names = world.files("out").into_iter().filter(|name| !name.ends_with(".part"));
        names.map(|name| (name.clone(), world.read(&name))).collect()
    };
    let clear = || {
        std::fs::remove_dir_all(world.path("out")).unwrap();
        std::fs::create_dir(world.path("out")).unwrap();
    };
    world.copy().run(&args).done();
    let expected = sent();
    assert_eq!(expected.len(), 3);
    clear();
    at_every_point(&world, &args, 16, |killed, point| {
        killed.verified();
        let placed = sent();
        assert!(placed.iter().all(|one| expected.contains(one)), "point {point}: {placed:?}");
        // Others leave alone what it had taken until that is held no more.
        let again = killed.run(&format!("{args} --now 2026-11-23T09:02:00Z")).done();
        assert_eq!((&again["failed"], &again["dead"]), (&0.into(), &0.into()), "point {point}");
        assert_eq!(sent(), expected, "point {point}");
        assert_eq!(world.files("out").len(), 3, "point {point}: something is left");
        assert_eq!(killed.run("notices list").done()["notices"], Value::Array(vec![]), "point {point}");
        killed.verified();
        clear();
    });
}
