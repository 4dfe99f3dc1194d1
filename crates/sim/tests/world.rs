//! The binary, as somebody runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use kernel::testing::{TestPlace, require_postgres};
use std::path::Path;
use std::process::Command;

/// Runs a small world, and gives its exit code and the line that it prints.
fn world(store: &str, more: &[&str]) -> (Option<i32>, String) {
    world_in(Path::new("."), store, more)
}

/// The same from a working folder, where the key of a store on a server lies.
fn world_in(folder: &Path, store: &str, more: &[&str]) -> (Option<i32>, String) {
    let small = ["--people", "40", "--companies", "5", "--payments", "12", "--json"];
    let output = Command::new(env!("CARGO_BIN_EXE_anvis-sim"))
        .args(["world", "--store", store])
        .args(small)
        .args(more)
        .current_dir(folder)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn sqlite(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

#[test]
fn prints_the_same_line_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let (code, line) = world(&sqlite(folder.path(), "one"), &["--seed", "9"]);
    assert_eq!(code, Some(0), "{line}");
    assert_eq!(world(&sqlite(folder.path(), "two"), &["--seed", "9", "--keep"]), (code, line.clone()));
    assert_ne!(world(&sqlite(folder.path(), "three"), &["--seed", "10"]).1, line);
    assert!(line.starts_with('{') && line.contains("\"root\":\"") && line.contains("\"size\":"), "{line}");
    assert!(!folder.path().join("one-files").exists(), "the exchanged files are gone");
    assert!(folder.path().join("two-files").exists(), "unless they are to be kept");
    assert!(folder.path().join("one").exists() && folder.path().join("one.key").exists(), "the store stays");
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn both_engines_end_with_the_same_head() {
    require_postgres();
    for more in [&["--days", "5"][..], &["--days", "3", "--clock-behind", "2"]] {
        let folder = tempfile::tempdir().unwrap();
        let on_sqlite = world(&sqlite(folder.path(), "store"), more);
        let server = TestPlace::empty(folder.path());
        assert_eq!(world_in(folder.path(), &server.url, more), on_sqlite, "{more:?}");
        assert_eq!(on_sqlite.0, Some(0), "{}", on_sqlite.1);
    }
}

#[test]
fn begins_only_in_a_place_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let check = |store: &str, more: &[&str], code: i32, text: &str| {
        let (found, line) = world(store, more);
        assert_eq!(found, Some(code), "{store} {more:?}: {line}");
        assert!(line.contains(text), "{line}");
    };
    check("anvis-data", &[], 2, "");
    check("sqlite:", &[], 2, "");
    check("sqlite:..", &[], 3, "\"code\":\"sim.unnamed\"");
    for taken in ["taken", "taken.key", "taken-files"] {
        let path = folder.path().join(taken);
        std::fs::create_dir(&path).unwrap();
        check(&sqlite(folder.path(), "taken"), &[], 3, "\"code\":\"sim.taken\"");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
        std::fs::remove_dir(&path).unwrap();
    }
    check(&sqlite(folder.path(), "none"), &["--people", "0"], 2, "");
}
