//! `cargo xtask soak`: the tests that find more the longer they run.

use crate::postgres::Cluster;
use crate::run::{cargo, program, root};
use crate::test::random_kills;

/// Kills `--kills N` times at random, and fuzzes each target for `--fuzz SECONDS`.
pub fn run(args: &[String]) -> Result<(), String> {
    let usage = || "cargo xtask soak [--kills N] [--fuzz SECONDS]".to_owned();
    let (mut kills, mut seconds) = (None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let value = args.next().filter(|value| value.parse::<u64>().is_ok()).ok_or_else(usage)?;
        match arg.as_str() {
            "--kills" => kills = Some(value),
            "--fuzz" => seconds = Some(value),
            _ => return Err(usage()),
        }
    }
    if kills.is_none() && seconds.is_none() {
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
    seconds.map_or(Ok(()), |seconds| fuzz(seconds))
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
