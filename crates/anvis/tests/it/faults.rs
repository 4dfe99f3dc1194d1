//! What the machine does wrong: told clearly, nothing half-visible, and a retry works.

use crate::pain::*;
use crate::support::*;
use kernel::testing::require_sqlite;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// A file that needs about two megabytes in each of the places that it goes to.
fn large(message_id: &str) -> String {
    let payments: Vec<Pay> = (0..4000).map(|at| cpr(&format!("E{at}"), ALICE, "1.00")).collect();
    simple(message_id, &payments)
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

/// A small file system that is full soon. The superuser can make one; whoever cannot must say so.
pub struct SmallDisk<'w> {
    world: &'w World,
    name: &'static str,
}

impl<'w> SmallDisk<'w> {
    pub fn mount(world: &'w World, name: &'static str, kilobytes: u32) -> Option<Self> {
        if std::env::var_os("ANVIS_WITHOUT_TMPFS").is_some_and(|value| !value.is_empty()) {
            return None;
        }
        std::fs::create_dir_all(world.path(name)).unwrap();
        let options = format!("size={kilobytes}k");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(world.path(name)).output();
        let mounted = mounted.is_ok_and(|output| output.status.success());
        assert!(mounted, "a small tmpfs could not be mounted; set ANVIS_WITHOUT_TMPFS=1 to leave the full disk out");
        Some(Self { world, name })
    }

    pub fn grow(&self) {
        let path = self.world.path(self.name);
        assert!(Command::new("mount").args(["-o", "remount,size=200m"]).arg(path).status().unwrap().success());
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // Lazily: a process that was just killed may hold it a moment longer.
        let _ = Command::new("umount").arg("-l").arg(self.world.path(self.name)).status();
    }
}

/// Routing fails for a reason of the machine's; then nothing is half-visible and everything is as it was.
#[track_caller]
fn check_failed(world: &World, args: &str, words: &[&str]) {
    let text = world.run(args).failed(1, "failure");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(world.run("payout list").done()["batches"], json!([]));
    let visible: Vec<String> = world.files("out").into_iter().filter(|name| name.ends_with(".xml")).collect();
    assert_eq!(visible, Vec::<String>::new());
    assert_eq!(rows(world, "staging"), 0);
    world.verified();
}

fn rows(world: &World, table: &str) -> i64 {
    world.number(&format!("SELECT COUNT(*) FROM {table}"))
}

fn route(out: &str) -> String {
    format!("payout route payments.xml --payer {PUBLIC} --out {out}")
}

#[test]
fn nowhere_to_write() {
    let world = World::settled();
    world.write("payments.xml", simple("INGEN", &[cpr("E1", ALICE, "1.00")]));
    world.write("file", "x");
    check_failed(&world, &route("file"), &["file/bank"]);
    check_failed(&world, &route("file/deeper"), &["file/deeper"]);
    check_failed(&world, &route("/proc/anvis"), &["/proc/anvis"]);
    world.write("half/bank", "x");
    check_failed(&world, &route("half"), &["half/bank"]);
    assert_eq!((world.read("file"), world.read("half/bank")), ("x".to_owned(), "x".to_owned()));
    // Root writes where it wants to.
    if !is_root() {
        std::fs::create_dir(world.path("out")).unwrap();
        std::fs::set_permissions(world.path("out"), PermissionsExt::from_mode(0o500)).unwrap();
        check_failed(&world, &route("out"), &["out/bank"]);
        std::fs::set_permissions(world.path("out"), PermissionsExt::from_mode(0o700)).unwrap();
    }
    holds(&world.run(&route("out")).done(), &json!({ "duplicate": false, "routed": 1 }), "a retry");
}

#[test]
fn a_folder_stands_where_a_file_should() {
    let world = World::settled();
    let routed = world.route(PUBLIC, simple("MAPPE", &[cpr("E1", ALICE, "1.00")])).done();
    let name = routed["completed"].as_str().unwrap();
    let written = world.bytes(name);
    std::fs::remove_file(world.path(name)).unwrap();
    // Something stands in the way of the unfinished file.
    std::fs::create_dir(world.path(&format!("{name}.part"))).unwrap();
    world.run(&route("out")).failed(1, "failure");
    world.verified();
    std::fs::remove_dir(world.path(&format!("{name}.part"))).unwrap();
    world.run(&route("out")).done();
    assert_eq!(world.bytes(name), written);
}

#[test]
fn a_disk_that_is_full_where_files_go() {
    let world = World::settled();
    let Some(disk) = SmallDisk::mount(&world, "out", 256) else { return };
    world.write("payments.xml", large("FULD"));
    check_failed(&world, &route("out"), &["could not be written"]);
    assert_eq!(world.files("out"), Vec::<String>::new(), "what was begun is taken away");
    disk.grow();
    holds(&world.run(&route("out")).done(), &json!({ "duplicate": false, "routed": 4000 }), "a retry");
    world.verified();
}

#[test]
fn a_disk_that_is_full_where_a_backup_goes() {
    let world = World::settled();
    let Some(disk) = SmallDisk::mount(&world, "disk", 64) else { return };
    let text = world.run("backup disk/bk").failed(1, "store.full");
    assert!(text.contains("full"), "{text}");
    assert_eq!(std::fs::read_dir(world.path("disk")).unwrap().count(), 0, "what was begun is taken away");
    disk.grow();
    world.run("backup disk/bk").done();
    world.run("journal verify --data disk/bk --master-key store.key").done();
}

fn copy_store(world: &World, to: &str) {
    for entry in std::fs::read_dir(world.path("store")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), world.path(to).join(entry.file_name())).unwrap();
    }
}

#[test]
fn on_sqlite_a_disk_that_is_full_where_the_store_is() {
    require_sqlite();
    let world = World::settled();
    // As large as the store is by now, and a little more.
    let files = std::fs::read_dir(world.path("store")).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    let Some(disk) = SmallDisk::mount(&world, "disk", u32::try_from(bytes / 1024).unwrap() + 150) else { return };
    std::fs::create_dir(world.path("disk/store")).unwrap();
    copy_store(&world, "disk/store");
    std::fs::copy(world.path("store.key"), world.path("disk/store.key")).unwrap();
    let on_disk = |args: &str| world.run(&format!("{args} --data disk/store"));
    world.write("payments.xml", large("FULD"));
    let head = on_disk("journal head").done();
    let text = on_disk(&route("out")).failed(1, "store.full");
    assert!(text.contains("full"), "{text}");
    assert_eq!(world.files("out"), Vec::<String>::new());
    assert_eq!(on_disk("journal verify").done(), head);
    assert_eq!(on_disk("payout list").done()["batches"], json!([]));
    let rows: String = (1..20_000).map(|at| format!("register,p:{},0040-{at},,,,,\n", 1_000_000_100 + at)).collect();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}"));
    let text = on_disk("account import rows.csv --channel operator").failed(1, "store.full");
    assert!(text.contains("full"), "{text}");
    assert_eq!(on_disk("journal verify").done(), head);
    disk.grow();
    holds(&on_disk("account import rows.csv --channel operator").done(), &json!({ "changed": 19_999 }), "a retry");
    holds(&on_disk(&route("out")).done(), &json!({ "duplicate": false, "routed": 4000 }), "a retry");
    on_disk("journal verify").done();
}

#[test]
fn a_disk_that_is_full_where_a_store_is_made() {
    let world = World::empty();
    let Some(disk) = SmallDisk::mount(&world, "disk", 64) else { return };
    assert_eq!(world.run("init --data disk/store --master-key store.key").exit, 1);
    assert!(!world.path("disk/store").exists());
    disk.grow();
    world.run("init --data disk/store --master-key store.key").done();
    world.run("journal verify --data disk/store --master-key store.key").done();
}

#[test]
fn on_sqlite_stores_that_are_not_there_or_not_ours() {
    require_sqlite();
    let world = World::settled();
    world.run("journal head --data none").refused("store.missing");
    world.write("file", "x");
    world.run("journal head --data file").refused("store.missing");
    let break_it = |edit: &dyn Fn(&Path)| {
        let _ = std::fs::remove_dir_all(world.path("broken"));
        std::fs::create_dir(world.path("broken")).unwrap();
        copy_store(&world, "broken");
        edit(&world.path("broken/anvis.sqlite"));
        let answer = world.run("journal verify --data broken --master-key store.key");
        let json = answer.ended(1);
        assert_eq!(json["code"], "failure", "{json}");
        // Nor does anything else go on with it as if nothing were the matter.
        assert_ne!(world.run("journal head --data broken --master-key store.key").exit, 2);
    };
    break_it(&|path| std::fs::write(path, b"").unwrap());
    break_it(&|path| std::fs::write(path, b"this is not a database, whatever its name says").unwrap());
    break_it(&|path| {
        let bytes = std::fs::read(path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    });
    break_it(&|path| {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 3;
        bytes[middle..middle + 20_000].fill(0xaa);
        std::fs::write(path, bytes).unwrap();
    });
    world.verified();
}

#[test]
fn tables_of_another_version_of_the_program() {
    let world = World::settled();
    let set = |version: i64| {
        world.change_store(&format!("UPDATE schema_version SET version = {version} WHERE service = 'payout'")).unwrap();
    };
    set(99);
    world.run("journal head").refused("store.newer");
    set(0);
    world.run("journal head").refused("store.older");
    set(1);
    world.verified();
}

#[test]
fn on_sqlite_a_store_that_another_process_holds() {
    require_sqlite();
    let world = World::settled();
    world.write("payments.xml", simple("OPTAGET", &[cpr("E1", ALICE, "1.00")]));
    let database = world.database();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Reading goes on meanwhile.
    world.run("payout list").done();
    world.run("journal verify").done();
    let mut routing = world.command(&route("out")).spawn().unwrap();
    // It waits for the lock rather than fail: it has not ended when something else has been done in the meantime.
    world.run("journal verify").done();
    assert!(routing.try_wait().unwrap().is_none());
    database.execute_batch("ROLLBACK").unwrap();
    answer("route", routing).done();
    world.verified();
}

#[test]
fn absurdly_long_things() {
    let world = World::settled();
    let head = |inner: &str| simple("STOR", &[cpr("E1", ALICE, "1.00")]).replacen("<Nm>Modtager</Nm>", inner, 1);
    let long = "x".repeat(32 << 20);
    for content in [
        head(&format!("<Nm>{long}</Nm>")),
        head(&format!("<Nm a=\"{long}\"/>")),
        head(&format!("<!--{long}-->")).replacen("<PmtInf>", &format!("<PmtInf><!--{long}-->"), 1),
        format!("<?xml version=\"1.0\"?><!--{long}-->"),
        format!("<{long}"),
        long.clone(),
    ] {
        world.write("payments.xml", content);
        let answer = world.run(&route("out"));
        assert!(answer.exit == 3 || answer.exit == 0, "{}", answer.stdout);
        if answer.exit == 3 {
            answer.refused("FF01");
        }
    }
    world.verified();
}
