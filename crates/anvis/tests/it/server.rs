//! A PostgreSQL server of a test's own, which it may stop and start. Programs and user are those of the server that the tests
//! run on, which is on this machine.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const KEEPER: &str = include_str!("../../../../xtask/src/postgres.sh");
/// No test stops the machine.
const WITHOUT_SYNC: [&str; 3] = ["fsync = off", "synchronous_commit = off", "full_page_writes = off"];

/// It is stopped and removed when this is dropped, and when the test's process ends in any other way.
pub struct Server {
    /// Where it is, without a database.
    place: String,
    port: u16,
    /// Its operating-system user and group.
    pub user: (u32, u32),
    pub folder: PathBuf,
    programs: PathBuf,
    keeper: Child,
}

impl Server {
    /// Whether anything is left of another one in a folder of the server's user, which could not be started by that setting.
    pub fn leaves_something_where_it_fails(&self, parent: &Path, setting: &str) -> bool {
        let (user, group) = self.user;
        std::os::unix::fs::chown(parent, Some(user), Some(group)).unwrap();
        let mut keeper = keep(self.user, &self.programs, parent, &[setting.to_owned()]);
        let output = keeper.stderr(Stdio::piped()).output().unwrap();
        let said = (output.stdout.is_empty(), output.stderr.is_empty());
        assert_eq!((output.status.code(), said), (Some(1), (true, false)), "it says why, and no folder: {output:?}");
        std::fs::read_dir(parent).unwrap().next().is_some()
    }

    pub fn start() -> Self {
        Self::start_at(5432, &[], |_| {})
    }

    /// One that is reached over this machine's network as well, encrypted, by the certificate `server.pem` in a folder that all may
    /// go through, and its key `server.key`.
    pub fn encrypted(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let [certificate, key] = ["server.pem", "server.key"].map(|name| folder.join(name));
        let settings = [
            format!("port = {port}"),
            "listen_addresses = '127.0.0.1'".to_owned(),
            "ssl = on".to_owned(),
            format!("ssl_cert_file = '{}'", certificate.display()),
            format!("ssl_key_file = '{}'", key.display()),
        ];
        Self::start_at(port, &settings, |(user, group)| {
            std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
            std::os::unix::fs::chown(&key, Some(user), Some(group)).unwrap();
        })
    }

    /// Where it is reached over the network, without the host.
    pub fn at(&self, host: &str) -> String {
        format!("postgres://anvis@{host}:{}/postgres", self.port)
    }

    fn start_at(port: u16, settings: &[String], prepare: impl FnOnce((u32, u32))) -> Self {
        let url = std::env::var_os("ANVIS_TEST_POSTGRES").unwrap().into_string().unwrap();
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        let mut told = |sql: &str| PathBuf::from(client.query_one(sql, &[]).unwrap().get::<_, String>(0));
        let programs = told("SELECT setting FROM pg_config WHERE name = 'BINDIR'");
        let owner = std::fs::metadata(told("SHOW data_directory")).expect("the server is on this machine");
        let user = (owner.uid(), owner.gid());
        prepare(user);
        let mut keeper = keep(user, &programs, &std::env::temp_dir(), settings).spawn().unwrap();
        let mut folder = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut folder).unwrap();
        let folder = PathBuf::from(folder.trim_end());
        assert!(folder.is_dir(), "no server was started; what it said stands above");
        let place = format!("postgres://anvis@{}:{port}", folder.display().to_string().replace('/', "%2F"));
        Self { place, port, user, folder, programs, keeper }
    }

    /// Stops it: `fast` ends what is under way, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.control(&["stop", "--mode", mode]);
    }

    pub fn start_again(&self) {
        self.control(&["start", "--log", "server.log"]);
    }

    fn control(&self, args: &[&str]) {
        let mut command = run_as(self.user, self.programs.join("pg_ctl"));
        command.args(args).arg("--wait").arg("--pgdata").arg(&self.folder).stdout(Stdio::null());
        command.current_dir(&self.folder);
        assert!(command.status().unwrap().success(), "{args:?}");
    }

    /// Where its first database is.
    pub fn url(&self) -> String {
        format!("{}/postgres", self.place)
    }

    /// Where a new database is, whose tables are in a folder of the server's user.
    pub fn database_in(&self, folder: &Path) -> String {
        let mut client = postgres::Client::connect(&self.url(), postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE TABLESPACE elsewhere LOCATION '{}'", folder.display())).unwrap();
        client.batch_execute("CREATE DATABASE elsewhere TEMPLATE template0 TABLESPACE elsewhere").unwrap();
        format!("{}/elsewhere", self.place)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Waiting closes the keeper's standard input, which is its sign to end.
        let _ = self.keeper.wait();
    }
}

/// What makes a server in a folder of this one, and keeps it.
fn keep(user: (u32, u32), programs: &Path, parent: &Path, settings: &[String]) -> Command {
    let mut keeper = run_as(user, "sh");
    keeper.args(["-c", KEEPER, "postgres.sh"]).args([programs, parent]).args(WITHOUT_SYNC).args(settings);
    keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    keeper
}

/// A program about to be run as this user, who may not look at where the tests are.
fn run_as((user, group): (u32, u32), program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.uid(user).gid(group).current_dir("/");
    command
}
