//! A PostgreSQL of one's own: found or installed, in a temporary folder, on a socket that only this user reaches, and
//! gone when xtask is. `cargo xtask postgres` makes one for work by hand.

use crate::debian::{install, is_root};
use crate::run::{in_memory, program};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The variable by which tests are told of a cluster. Its value is a URL.
pub const VARIABLE: &str = "ANVIS_TEST_POSTGRES";

/// What tests are told besides: those that are about it are not left out, and those about SQLite's files are.
pub const TESTS: [&str; 4] = ["--", "--include-ignored", "--skip", "on_sqlite"];

/// The oldest version that will do.
const VERSION_MIN: u32 = 15;
const MISSING: &str =
    "PostgreSQL 15 or newer is missing: install postgresql (Debian, Ubuntu) or postgresql-server (elsewhere)";

/// A sync matters when a machine stops, and no test stops the machine: what was written outlives a killed process anyway.
const WITHOUT_SYNC: &[&str] = &["fsync = off", "synchronous_commit = off", "full_page_writes = off"];

/// What tests fill at most: the log of what was written is a gigabyte before it is used anew.
const MEMORY_BYTES: u64 = 4 << 30;

/// The longest path of a socket: 107 bytes on Linux, 103 on macOS.
const SOCKET_PATH_MAX: usize = 103;
const SOCKET_IN_TEMPORARY_FOLDER: &str = "/anvis-postgres.XXXXXX/.s.PGSQL.5432";

const KEEPER: &str = include_str!("postgres.sh");

/// Makes a cluster that syncs as a real one does, says how to use it, and serves it until it is interrupted.
pub fn run(settings: &[String]) -> Result<(), String> {
    if let Some(other) = settings.iter().find(|setting| !is_setting(setting)) {
        return Err(format!("cargo xtask postgres takes settings of PostgreSQL's, NAME=VALUE, not {other}"));
    }
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let mut cluster = Cluster::start(&settings)?;
    let url = cluster.url();
    println!("PostgreSQL {} serves an empty database at\n\n  {url}\n", cluster.version);
    println!("By hand:   psql '{url}'");
    println!("In tests:  {VARIABLE}='{url}' cargo test {}", TESTS.join(" "));
    println!("Ctrl-C stops it, and removes all that was in it.");
    cluster.wait()
}

fn is_setting(arg: &str) -> bool {
    arg.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !name.starts_with('-'))
}

/// A cluster that runs. It is stopped and removed when this is dropped, and when this process ends in any other way.
pub struct Cluster {
    /// Its major version.
    pub version: u32,
    /// Where its data and its socket are.
    folder: String,
    keeper: Child,
    /// Open for as long as the keeper is there.
    said: BufReader<ChildStdout>,
}

impl Cluster {
    /// Makes a cluster with these settings and waits until it answers. PostgreSQL is installed if that is possible.
    pub fn start(settings: &[&str]) -> Result<Self, String> {
        Self::start_in(std::env::temp_dir(), settings)
    }

    /// Makes one that syncs nothing, in memory where there is room: nearly every test makes a database, which is some 600 files.
    pub fn start_for_tests() -> Result<Self, String> {
        Self::start_in(in_memory(MEMORY_BYTES).unwrap_or_else(std::env::temp_dir), WITHOUT_SYNC)
    }

    fn start_in(parent: PathBuf, settings: &[&str]) -> Result<Self, String> {
        let Installed { version, programs } = set_up()?;
        if !has_room_for_socket(&parent) {
            return Err(format!("{} is too long a path for a socket: name another folder in TMPDIR", parent.display()));
        }
        let failed = |error: &dyn std::fmt::Display| format!("PostgreSQL {version} could not be started: {error}");
        let mut shell = unprivileged_shell()?;
        let mut keeper = shell
            .args(["-c", KEEPER, "postgres.sh"])
            .args([programs, parent])
            .args(settings)
            // The workspace may be where an unprivileged user may not look.
            .current_dir("/")
            // A Ctrl-C is meant for xtask; the keeper needs its time to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&format!("{}: {error}", shell.get_program().display())))?;
        let mut said = BufReader::new(keeper.stdout.take().expect("standard output was asked for as a pipe"));
        let mut folder = String::new();
        let read = said.read_line(&mut folder);
        // From here on, what is dropped is stopped.
        let cluster = Self { version, folder: folder.trim_end().to_owned(), keeper, said };
        match read {
            Err(error) => Err(failed(&error)),
            Ok(_) if cluster.folder.is_empty() => Err(failed(&"what it said stands above")),
            Ok(_) => Ok(cluster),
        }
    }

    /// Where it is, as programs of PostgreSQL's and the crate `postgres` understand it.
    pub fn url(&self) -> String {
        format!("postgres://anvis@{}/postgres", percent_encoded(&self.folder))
    }

    /// Waits for its end, which comes before this process's only if something is wrong.
    fn wait(&mut self) -> Result<(), String> {
        let mut said = String::new();
        // Whatever was read, and however reading ended, the keeper is no more.
        let _ = self.said.read_to_string(&mut said);
        Err("PostgreSQL was stopped by something else".to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Waiting closes the keeper's standard input, which is its sign to end. If it cannot be waited for, it ends alone.
        let _ = self.keeper.wait();
    }
}

fn has_room_for_socket(temporary: &Path) -> bool {
    temporary.as_os_str().len() + SOCKET_IN_TEMPORARY_FOLDER.len() <= SOCKET_PATH_MAX
}

/// What PostgreSQL's programs are, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Installed {
    version: u32,
    programs: PathBuf,
}

fn set_up() -> Result<Installed, String> {
    if let Some(installed) = find() {
        return Ok(installed);
    }
    if install("postgresql-common")? {
        // The package would make a cluster of its own and start it with the machine. Nobody asked for that.
        let main_cluster = |change: &[&str]| {
            program("pg_conftool", &["/etc/postgresql-common/createcluster.conf"]).args(change).succeed()
        };
        main_cluster(&["set", "create_main_cluster", "off"])?;
        let installed = install("postgresql");
        main_cluster(&["remove", "create_main_cluster"])?;
        installed?;
    }
    find().ok_or_else(|| MISSING.to_owned())
}

fn find() -> Option<Installed> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter_map(|folder| installed(&folder)).collect();
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    choose(on_path, packaged.filter_map(|entry| installed(&entry.path().join("bin"))).collect())
}

/// What is installed in this folder, or where its `initdb` is a link to.
fn installed(folder: &Path) -> Option<Installed> {
    let programs = folder.join("initdb").canonicalize().ok()?.parent()?.to_owned();
    let said = program(programs.join("postgres").to_str()?, &["--version"]).output()?;
    Some(Installed { version: major_version(&said)?, programs })
}

/// The first on the path, as everywhere else; then the newest package.
fn choose(on_path: Vec<Installed>, mut packaged: Vec<Installed>) -> Option<Installed> {
    packaged.sort_by_key(|installed| std::cmp::Reverse(installed.version));
    on_path.into_iter().chain(packaged).find(|installed| installed.version >= VERSION_MIN)
}

/// The major version in what `postgres --version` says.
fn major_version(said: &str) -> Option<u32> {
    let version = said.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    version.split(|digit: char| !digit.is_ascii_digit()).next()?.parse().ok()
}

/// A shell, and not root's: PostgreSQL refuses to run as root.
fn unprivileged_shell() -> Result<Command, String> {
    if !is_root() {
        return Ok(Command::new("sh"));
    }
    let id = |what: &str, user: &str| Some(program("id", &[what, user]).output()?.trim().to_owned());
    let ids = ["postgres", "nobody"].iter().find_map(|user| Some((id("-u", user)?, id("-g", user)?)));
    let (user, group) = ids.ok_or("PostgreSQL does not run as root, and there is no user postgres or nobody")?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &group, "--clear-groups", "sh"]);
    Ok(command)
}

/// A path as it stands in a URL, in the place of a host.
fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
        url
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read() {
        let check = |said: &str, version: Option<u32>| assert_eq!(major_version(said), version, "{said}");
        check("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15));
        check("postgres (PostgreSQL) 9.6.24\n", Some(9));
        check("postgres (PostgreSQL) 18beta1\n", Some(18));
        check("postgres (PostgreSQL) 17\n", Some(17));
        check("postgres: command not found\n", None);
        check("", None);
    }

    #[test]
    fn the_path_comes_first_and_then_the_newest_package() {
        let installed = |place: &str, versions: &[u32]| -> Vec<Installed> {
            versions.iter().map(|&version| Installed { version, programs: place.into() }).collect()
        };
        let check = |on_path: &[u32], packaged: &[u32], chosen: Option<(&str, u32)>| {
            let found = choose(installed("path", on_path), installed("package", packaged));
            let chosen = chosen.map(|(place, version)| Installed { version, programs: place.into() });
            assert_eq!(found, chosen, "{on_path:?} {packaged:?}");
        };
        check(&[], &[], None);
        check(&[16, 17], &[18], Some(("path", 16)));
        check(&[14, 17], &[18], Some(("path", 17)));
        check(&[14], &[9, 15, 17, 16], Some(("package", 17)));
        check(&[14], &[9, 13], None);
        check(&[], &[15], Some(("package", 15)));
    }

    #[test]
    fn a_path_in_a_url_says_nothing_but_the_path() {
        let check = |path: &str, url: &str| assert_eq!(percent_encoded(path), url);
        check("/tmp/anvis-postgres.aZ09_~", "%2Ftmp%2Fanvis-postgres.aZ09_~");
        check("/a b/c&d=e%f?g#h/æ", "%2Fa%20b%2Fc%26d%3De%25f%3Fg%23h%2F%C3%A6");
    }

    #[test]
    fn a_socket_has_a_short_path() {
        let check = |length: usize, has: bool| {
            let temporary = PathBuf::from("/".repeat(length));
            assert_eq!(has_room_for_socket(&temporary), has, "{length} bytes");
        };
        check(4, true);
        check(67, true);
        check(68, false);
    }

    #[test]
    fn a_setting_has_a_name_and_a_value() {
        let check = |arg: &str, is: bool| assert_eq!(is_setting(arg), is, "{arg}");
        check("shared_buffers=4GB", true);
        check("log_statement=", true);
        check("shared_buffers", false);
        check("=4GB", false);
        check("--shared_buffers=4GB", false);
        check("", false);
    }
}
