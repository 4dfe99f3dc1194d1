//! Other programs: run, shown, and what they say counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Linux has a folder in memory.
const IN_MEMORY: &str = "/dev/shm";

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A folder whose files are in memory, where the system has one with so much room.
pub fn in_memory(bytes: u64) -> Option<PathBuf> {
    let told = program("df", &["-Pk", IN_MEMORY]).output()?;
    (room(&told)? >= bytes).then(|| PathBuf::from(IN_MEMORY))
}

/// How many bytes are free, as `df -Pk` tells it.
fn room(told: &str) -> Option<u64> {
    let kib: u64 = told.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Whether a variable is set to something.
pub fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// A program about to be run in the workspace.
pub struct Program(Command);

/// A program of this name.
pub fn program(name: &str, args: &[&str]) -> Program {
    let mut command = Command::new(name);
    command.current_dir(root()).args(args);
    Program(command)
}

/// The cargo that runs this. It is not told of the package that runs: build scripts that read that (ring's) would run again, and all
/// that stands on them be built again, whenever it is the shell that calls cargo next.
pub fn cargo(args: &[&str]) -> Program {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(args);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_package(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    Program(command)
}

/// Whether cargo tells by it which package it runs.
fn is_of_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// What tests came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, and runs that failed without a test to blame.
    pub failed: u64,
}

impl Counts {
    /// Adds the tests of one line of cargo's, if it tells any.
    fn read(&mut self, line: &str) {
        let Some(result) = line.trim().strip_prefix("test result: ") else { return };
        let count = |what: &str| {
            result.split([';', '.']).find_map(|part| part.trim().strip_suffix(what)?.trim().parse::<u64>().ok())
        };
        self.passed += count(" passed").unwrap_or(0);
        self.failed += count(" failed").unwrap_or(0);
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Program {
    /// With more arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.0.args(args);
        self
    }

    /// With a variable set.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// With a variable not set, whatever it is here.
    pub fn without_env(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    fn shown(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    /// Runs it.
    pub fn succeed(mut self) -> Result<(), String> {
        let shown = self.shown();
        println!("> {shown}");
        match self.0.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{shown} failed: {status}")),
            Err(error) => Err(format!("{shown} could not be run: {error}")),
        }
    }

    /// What it prints, if it succeeds.
    pub fn output(mut self) -> Option<String> {
        let output = self.0.stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs tests, shows what they print, and counts them.
    pub fn count_tests(mut self) -> Counts {
        let shown = self.shown();
        println!("> {shown}");
        let mut counts = Counts::default();
        let ended = self.0.stdout(Stdio::piped()).spawn().and_then(|mut child| {
            if let Some(stdout) = child.stdout.take() {
                show(stdout, |line| counts.read(line));
            }
            child.wait()
        });
        let is_well = ended.as_ref().is_ok_and(std::process::ExitStatus::success);
        if !is_well && counts.failed == 0 {
            println!("{shown} failed: {ended:?}");
            counts.failed = 1;
        }
        counts
    }
}

/// Copies lines to standard output, showing each to `see`.
fn show(from: impl Read, mut see: impl FnMut(&str)) {
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        see(&line);
        // Nowhere is left to report a failure to print.
        let _ = writeln!(out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_read() {
        let header = "Filesystem     1024-blocks   Used Available Capacity Mounted on\n";
        assert_eq!(
            room(&format!("{header}tmpfs             12312312 120340  12191972       1% /dev/shm\n")),
            Some(12_484_579_328)
        );
        for told in ["", header, "df: /dev/shm: No such file or directory\n"] {
            assert_eq!(room(told), None, "{told}");
        }
    }

    #[test]
    fn what_cargo_says_is_counted() {
        let check = |line: &str, passed: u64, failed: u64| {
            let mut counts = Counts::default();
            counts.read(line);
            assert_eq!(counts, Counts { passed, failed }, "{line}");
        };
        check("test result: ok. 85 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.30s", 85, 0);
        check("test result: FAILED. 3 passed; 12 failed; 0 ignored; 0 measured; 0 filtered out", 3, 12);
        check("test routing::the_result ... ok", 0, 0);
        check("", 0, 0);
    }
}
