//! `cargo xtask soak`: the tests that find more the longer they run.

use crate::postgres::{self, Cluster};
use crate::run::{cargo, in_memory, program, root};
use crate::test::random_kills;

/// What histories by chance fill at most.
const MEMORY_BYTES: u64 = 1 << 30;

/// Tests of histories by chance.
struct Histories {
    package: &'static str,
    binary: &'static str,
    test: &'static str,
    /// What says how many.
    count: &'static str,
}

/// Changes of accounts, against their oracle.
const LIVES: Histories = Histories {
    package: "registry",
    binary: "lives",
    test: "an_account_changes_only_when_all_that_is_demanded_was_met",
    count: "ANVIS_HISTORIES",
};
/// Payouts, against a model of what banks are given.
const MONEY: Histories = Histories {
    package: "payout",
    binary: "money",
    test: "money_that_came_in_is_somewhere_once_and_goes_where_it_may",
    count: "ANVIS_PAYOUT_HISTORIES",
};

/// Kills `--kills N` times at random, lives through `--histories N` of changes of accounts and `--payout-histories N` of payouts, and
/// fuzzes each target for `--fuzz SECONDS`.
pub fn run(args: &[String]) -> Result<(), String> {
    let usage = || "cargo xtask soak [--kills N] [--histories N] [--payout-histories N] [--fuzz SECONDS]".to_owned();
    let (mut kills, mut histories, mut payouts, mut seconds) = (None, None, None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().filter(|value| value.parse::<u64>().is_ok()).ok_or_else(usage)?;
        match arg.as_str() {
            "--kills" => kills = Some(value),
            "--histories" => histories = Some(value),
            "--payout-histories" => payouts = Some(value),
            "--fuzz" => seconds = Some(value),
            _ => return Err(usage()),
        }
    }
    if [kills, histories, payouts, seconds].iter().all(Option::is_none) {
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
    for (histories, count) in [(LIVES, histories), (MONEY, payouts)] {
        if let Some(count) = count {
            live(&histories, count)?;
        }
    }
    seconds.map_or(Ok(()), |seconds| fuzz(seconds))
}

/// Histories by chance: all on SQLite, and one in a hundred on PostgreSQL, where each takes a database of its own.
fn live(histories: &Histories, count: &str) -> Result<(), String> {
    let Histories { package, binary, test, count: variable } = *histories;
    let tests = |count: &str| {
        let profile = ["test", "--profile", "soak", "--package", package, "--test", binary];
        let tests = cargo(&[&profile[..], &["--", test, "--nocapture"]].concat()).env(variable, count);
        // What a history leaves is looked at by nobody, so no disk need keep it: in memory a sync costs nothing.
        match in_memory(MEMORY_BYTES) {
            Some(folder) => tests.env("TMPDIR", folder),
            None => tests,
        }
    };
    let mut counts = tests(count).without_env(postgres::VARIABLE).count_tests();
    let few = (count.parse::<u64>().unwrap_or(0) / 100).max(1).to_string();
    let cluster = Cluster::start_for_tests()?;
    counts += tests(&few).env(postgres::VARIABLE, cluster.url()).count_tests();
    println!("{} passed, {} failed", counts.passed, counts.failed);
    if counts.failed == 0 {
        Ok(())
    } else {
        Err("a history fails; the line with its number above repeats it".to_owned())
    }
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
