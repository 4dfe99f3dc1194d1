//! `cargo xtask test`: everything that is tested, on a machine with nothing but Rust and a C compiler. What else it takes
//! is installed, or named.

use crate::debian::install;
use crate::postgres::{self, Cluster};
use crate::run::{Counts, Program, cargo, is_set, program, root, target};
use std::path::{Path, PathBuf};

/// What can be left out.
const SWITCHES: [&str; 4] = ["--without-xsd", "--without-tmpfs", "--without-postgres", "--without-sshd"];
/// The server of OpenSSH, which is on nobody's path.
const SSHD: &str = "/usr/sbin/sshd";
/// The crates that stand on the store.
const ON_THE_STORE: [&str; 8] = ["kernel", "registry", "payout", "eid", "services", "edge", "anvis", "sim"];

/// Runs every test, and ends with what they came to.
pub fn run(args: &[String]) -> Result<(), String> {
    check_switches(args)?;
    let has = |switch: &str| args.iter().any(|arg| arg == switch);
    let mut left_out = Vec::new();
    let mut settings: Vec<(&str, PathBuf)> = Vec::new();
    match schemas(has("--without-xsd"))? {
        Schemas::In(folder) => settings.push(("ANVIS_XSD_DIR", folder)),
        Schemas::LeftOut(why) => {
            left_out.push(why);
            settings.push(("ANVIS_WITHOUT_XSD", "1".into()));
        }
    }
    if has("--without-tmpfs") || is_set("ANVIS_WITHOUT_TMPFS") {
        left_out.push("LEFT OUT (--without-tmpfs): what happens when a disk is full".to_owned());
        settings.push(("ANVIS_WITHOUT_TMPFS", "1".into()));
    }
    if has("--without-sshd") {
        left_out.push("LEFT OUT (--without-sshd): letters that are handed to a server by SFTP".to_owned());
        settings.push(("ANVIS_WITHOUT_SSHD", "1".into()));
    } else if !(Path::new(SSHD).exists() || install("openssh-server")? && Path::new(SSHD).exists()) {
        return Err(format!("{SSHD} is missing: install openssh-server (Debian, Ubuntu), or say --without-sshd"));
    }
    // Early, so that what is missing is known before anything took time.
    let postgres = if has("--without-postgres") {
        left_out.push("LEFT OUT (--without-postgres): everything on PostgreSQL".to_owned());
        None
    } else {
        let cluster = Cluster::start_for_tests();
        Some(cluster.map_err(|text| format!("{text}, or say --without-postgres"))?)
    };
    set_up("curl", "curl", "curl")?;
    let cargo = |args: &[&str]| with(&settings, cargo(args));
    let mut parts: Vec<(String, Counts)> = Vec::new();
    let mut part = |name: &str, run: &dyn Fn() -> Counts| {
        println!("\n=== {name}\n");
        parts.push((name.to_owned(), run()));
    };
    part("the workspace, on SQLite", &|| cargo(&["test", "--workspace", "--no-fail-fast"]).count_tests());
    if let Some(cluster) = &postgres {
        let packages = ON_THE_STORE.iter().flat_map(|name| ["--package", name]);
        let args: Vec<&str> = ["test", "--no-fail-fast"].into_iter().chain(packages).chain(postgres::TESTS).collect();
        let run = || cargo(&args).env(postgres::VARIABLE, cluster.url()).count_tests();
        part(&format!("what stands on the store, on PostgreSQL {}", cluster.version), &run);
    }
    let points = ["test", "--package", "anvis", "--features", "failpoints", "--test", "kill", "--", "points"];
    part("killed at every point", &|| cargo(&points).count_tests());
    part("the release binary, killed at random", &|| random_kills(&settings, None, None));
    if let Some(cluster) = &postgres {
        let name = format!("several at once, killed and cut off, on PostgreSQL {}", cluster.version);
        part(&name, &|| random_kills(&settings, Some(cluster), None));
    }
    part("a small demo", &demo);
    let mut all = Counts::default();
    println!();
    for (name, counts) in &parts {
        println!("{name}: {} passed, {} failed", counts.passed, counts.failed);
        all += *counts;
    }
    for line in &left_out {
        println!("{line}");
    }
    println!("{} passed, {} failed", all.passed, all.failed);
    if all.failed == 0 { Ok(()) } else { Err("some tests failed".to_owned()) }
}

fn check_switches(args: &[String]) -> Result<(), String> {
    match args.iter().find(|arg| !SWITCHES.contains(&arg.as_str())) {
        Some(unknown) => Err(format!("cargo xtask test knows {}, not {unknown}", SWITCHES.join(", "))),
        None => Ok(()),
    }
}

/// Tests with these variables set, and on SQLite, whatever database this was started with.
fn with(settings: &[(&str, PathBuf)], tests: Program) -> Program {
    let tests = tests.without_env(postgres::VARIABLE);
    settings.iter().fold(tests, |tests, (name, value)| tests.env(name, value))
}

/// Kills the release binary at random, so many times or a few: one process on SQLite, or several on a cluster.
pub fn random_kills(settings: &[(&str, PathBuf)], cluster: Option<&Cluster>, kills: Option<&str>) -> Counts {
    let failed = Counts { passed: 0, failed: 1 };
    if let Err(text) = cargo(&["build", "--release", "--package", "anvis"]).succeed() {
        println!("{text}");
        return failed;
    }
    let name = if cluster.is_some() { "crowd" } else { "random" };
    // Of the whole workspace, so that its crates have the features with which they were built for the other tests.
    let tests = cargo(&["test", "--workspace", "--test", "kill", "--", name, "--nocapture"]);
    let mut tests = with(settings, tests).env("ANVIS_TEST_BINARY", target().join("release/anvis"));
    if let Some(cluster) = cluster {
        tests = tests.env(postgres::VARIABLE, cluster.url());
    }
    if let Some(kills) = kills {
        tests = tests.env("ANVIS_KILLS", kills);
    }
    tests.count_tests()
}

/// The demo, small, as somebody on a fresh machine would run it.
fn demo() -> Counts {
    let data = target().join("xtask-demo");
    let Some(data) = data.to_str() else { return Counts { passed: 0, failed: 1 } };
    let binary = target().join("release/anvis");
    let args = ["demo", "--people", "5000", "--companies", "250", "--payments", "5000", "--data", data];
    match program(&binary.to_string_lossy(), &args).succeed() {
        Ok(()) => Counts { passed: 1, failed: 0 },
        Err(text) => {
            println!("{text}");
            Counts { passed: 0, failed: 1 }
        }
    }
}

enum Schemas {
    In(PathBuf),
    /// Why.
    LeftOut(String),
}

/// The official schemas and the tool that reads them, or why they are left out.
fn schemas(without: bool) -> Result<Schemas, String> {
    if without || is_set("ANVIS_WITHOUT_XSD") {
        return Ok(Schemas::LeftOut("LEFT OUT (--without-xsd): validation against the official schemas".to_owned()));
    }
    let beside = || root().join("../shared/reference/iso20022/xsd");
    let folder = std::env::var_os("ANVIS_XSD_DIR").map_or_else(beside, PathBuf::from);
    if !folder.join("pain.001.001.09.xsd").exists() {
        let why = format!("validation against the official schemas: there are none in {}", folder.display());
        if is_set("CI") {
            return Err(format!("{why}; set ANVIS_XSD_DIR, or say --without-xsd"));
        }
        return Ok(Schemas::LeftOut(format!("LEFT OUT (no schemas): {why}; set ANVIS_XSD_DIR")));
    }
    set_up("xmllint", "libxml2-utils", "libxml2").map_err(|text| format!("{text}, or say --without-xsd"))?;
    Ok(Schemas::In(folder.canonicalize().unwrap_or(folder)))
}

/// Finds a program, or installs Debian's package that has it.
fn set_up(name: &str, package: &str, elsewhere: &str) -> Result<(), String> {
    let is_there = || program(name, &["--version"]).output().is_some();
    if is_there() || (install(package)? && is_there()) {
        return Ok(());
    }
    Err(format!("{name} is missing: install {package} (Debian, Ubuntu) or {elsewhere} (elsewhere)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_is_not_known_is_refused() {
        let check = |args: &[&str], refused: Option<&str>| {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            let unknown = |unknown| {
                format!(
                    "cargo xtask test knows --without-xsd, --without-tmpfs, --without-postgres, --without-sshd, not {unknown}"
                )
            };
            assert_eq!(check_switches(&args).err(), refused.map(unknown), "{args:?}");
        };
        check(&[], None);
        check(&["--without-postgres"], None);
        check(&["--without-tmpfs", "--without-xsd", "--without-postgres", "--without-sshd"], None);
        check(&["--without-xsd", "--without-sqlite", "--without-all"], Some("--without-sqlite"));
        check(&["without-postgres"], Some("without-postgres"));
    }
}
