//! `cargo xtask test`: everything that is tested, on a machine with nothing but Rust and a C compiler.

use crate::run::{Counts, cargo, is_set, program, root, target};
use std::path::{Path, PathBuf};

/// Runs every test, and ends with what they came to.
pub fn run(args: &[String]) -> Result<(), String> {
    let has = |switch: &str| args.iter().any(|arg| arg == switch);
    if let Some(unknown) = args.iter().find(|arg| !["--without-xsd", "--without-tmpfs"].contains(&arg.as_str())) {
        return Err(format!("cargo xtask test knows --without-xsd and --without-tmpfs, not {unknown}"));
    }
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
    let cargo = |args: &[&str]| {
        let cargo = cargo(args);
        settings.iter().fold(cargo, |cargo, (name, value)| cargo.env(name, value))
    };
    let mut parts: Vec<(&str, Counts)> = Vec::new();
    parts.push(("the workspace", cargo(&["test", "--workspace", "--no-fail-fast"]).count_tests()));
    let points = ["test", "--package", "anvis", "--features", "failpoints", "--test", "kill", "--", "points"];
    parts.push(("killed at every point", cargo(&points).count_tests()));
    parts.push(("the release binary, killed at random", random_kills(&settings, None)));
    parts.push(("a small demo", demo()));
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

/// Kills the release binary at random: so many times, or a few.
pub fn random_kills(settings: &[(&str, PathBuf)], kills: Option<&str>) -> Counts {
    let failed = Counts { passed: 0, failed: 1 };
    if let Err(text) = cargo(&["build", "--release", "--package", "anvis"]).succeed() {
        println!("{text}");
        return failed;
    }
    let binary = target().join("release/anvis");
    let mut tests = cargo(&["test", "--package", "anvis", "--test", "kill", "--", "random", "--nocapture"]);
    tests = tests.env("ANVIS_TEST_BINARY", binary);
    if let Some(kills) = kills {
        tests = tests.env("ANVIS_KILLS", kills);
    }
    settings.iter().fold(tests, |tests, (name, value)| tests.env(name, value)).count_tests()
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
    set_up_xmllint()?;
    Ok(Schemas::In(folder.canonicalize().unwrap_or(folder)))
}

fn set_up_xmllint() -> Result<(), String> {
    let has_xmllint = || program("xmllint", &["--version"]).output().is_some();
    if has_xmllint() {
        return Ok(());
    }
    let is_root = program("id", &["-u"]).output().is_some_and(|id| id.trim() == "0");
    if is_root && Path::new("/usr/bin/apt-get").exists() {
        let install =
            || program("apt-get", &["install", "-y", "libxml2-utils"]).env("DEBIAN_FRONTEND", "noninteractive");
        // A fresh machine has no list of packages yet.
        if install().succeed().is_err() {
            program("apt-get", &["update"]).succeed()?;
            install().succeed()?;
        }
        if has_xmllint() {
            return Ok(());
        }
    }
    Err("xmllint is missing: install libxml2-utils (Debian, Ubuntu) or libxml2 (elsewhere), or say --without-xsd"
        .to_owned())
}
