//! `cargo xtask soak`: the tests that find more the longer they run.

use crate::postgres::{self, Cluster};
use crate::run::{cargo, program, root};
use crate::test::random_kills;
use std::path::Path;

/// Files in memory, where the system has such a folder.
const IN_MEMORY: &str = "/dev/shm";

/// Kills `--kills N` times at random, lives through `--histories N` of changes of accounts, and fuzzes each target for
/// `--fuzz SECONDS`.
pub fn run(args: &[String]) -> Result<(), String> {
    let usage = || "cargo xtask soak [--kills N] [--histories N] [--fuzz SECONDS]".to_owned();
    let (mut kills, mut histories, mut seconds) = (None, None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().filter(|value| value.parse::<u64>().is_ok()).ok_or_else(usage)?;
        match arg.as_str() {
            "--kills" => kills = Some(value),
            "--histories" => histories = Some(value),
            "--fuzz" => seconds = Some(value),
            _ => return Err(usage()),
        }
    }
    if kills.is_none() && histories.is_none() && seconds.is_none() {
        return Err(usage());
    }
    if let Some(kills) = kills {
        let mut counts = random_kills(&[], None, Some(kills));
        // With syncs, as a real one: what takes longer is struck more often.
        counts += random_kills(&[], Some(&Cluster::start(&[])?), Some(kills));
        println!("{} passed, {} failed", counts.passed, counts.failed);
        if counts.failed > 0 {
            return Err("a kill lost or doubled something; the line ANVIS_KILLS_SEED above repeats it".to_owned());
        }
    }
    if let Some(histories) = histories {
        live(histories)?;
    }
    seconds.map_or(Ok(()), |seconds| fuzz(seconds))
}

/// Random histories of changes of accounts against their oracle: all on SQLite, and one in a hundred on PostgreSQL, where each
/// takes a database of its own.
fn live(histories: &str) -> Result<(), String> {
    let tests = |histories: &str| {
        let name = "an_account_changes_only_when_all_that_is_demanded_was_met";
        let profile = ["test", "--profile", "soak", "--package", "registry", "--test", "lives"];
        let tests = cargo(&[&profile[..], &["--", name, "--nocapture"]].concat()).env("ANVIS_HISTORIES", histories);
        // What a history leaves is looked at by nobody, so no disk need keep it: in memory a sync costs nothing.
        if Path::new(IN_MEMORY).is_dir() { tests.env("TMPDIR", IN_MEMORY) } else { tests }
    };
    let mut counts = tests(histories).without_env(postgres::VARIABLE).count_tests();
    let few = (histories.parse::<u64>().unwrap_or(0) / 100).max(1).to_string();
    let cluster = Cluster::start(postgres::WITHOUT_SYNC)?;
    counts += tests(&few).env(postgres::VARIABLE, cluster.url()).count_tests();
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed == 0 { Ok(()) } else { Err("a history fails; the line ANVIS_HISTORY above repeats it".to_owned()) }
}

fn fuzz(seconds: &str) -> Result<(), String> {
    if cargo(&["fuzz", "--version"]).output().is_none() {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz && rustup toolchain install nightly".to_owned());
    }
    let targets = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&targets).map_err(|error| format!("{}: {error}", targets.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    for name in names {
        let limit = format!("-max_total_time={seconds}");
        // What is found goes to the first folder; the seeds are only read.
        let (corpus, seeds) = (format!("fuzz/corpus/{name}"), format!("fuzz/seeds/{name}"));
        std::fs::create_dir_all(root().join(&corpus)).map_err(|error| format!("{corpus}: {error}"))?;
        // Sanitizers need the nightly toolchain, and rustup's own cargo to choose it.
        program("cargo", &["+nightly", "fuzz", "run", &name, &corpus, &seeds, "--", &limit]).succeed()?;
    }
    Ok(())
}
