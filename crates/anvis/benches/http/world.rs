//! A nation as the demo makes it, clients with keys and certificates, and `anvis serve` before them.

use crate::certificates::{Authority, Issued};
use crate::load::Client;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const ANVIS: &str = env!("CARGO_BIN_EXE_anvis");
const ISSUER: &str = "https://localhost";

pub struct World {
    pub folder: PathBuf,
    pub authority: Authority,
}

impl World {
    pub fn prepare(folder: &Path, people: u64) -> Self {
        let certificates = folder.join("certificates");
        if certificates.exists() {
            std::fs::remove_dir_all(&certificates).unwrap();
        }
        std::fs::create_dir_all(&certificates).unwrap();
        let world = Self { folder: folder.to_owned(), authority: Authority::new(certificates) };
        let people = people.to_string();
        world.anvis(&["demo", "--people", &people, "--companies", "0", "--payments", "1000"]);
        // The disk is done with it before anything is measured.
        assert!(Command::new("sync").status().unwrap().success());
        world
    }

    /// The program, on this store.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(ANVIS);
        command.args(arguments).arg("--json").arg("--data").arg(self.folder.join("data")).stdout(Stdio::piped());
        command
    }

    /// What a command answers.
    pub fn anvis(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {told}");
        serde_json::from_str(&told).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join("certificates").join(name)
    }

    /// Registers a client in a role, with a key and a certificate of its own.
    pub fn register(&self, name: &str, party: &[&str]) -> Issued {
        let issued = self.authority.issue(name);
        let (private, public) = (self.path(&format!("{name}.jwk")), self.path(&format!("{name}.pub")));
        let key = self.anvis(&["client", "make-key", private.to_str().unwrap()]);
        std::fs::write(&public, key.to_string()).unwrap();
        let files = ["--key", public.to_str().unwrap(), "--cert", issued.certificate.to_str().unwrap()];
        self.anvis(&[["client", "add", name].as_slice(), party, &files].concat());
        issued
    }

    /// A client that has a token, which holds for five minutes.
    pub fn client(&self, name: &str, issued: &Issued) -> Client {
        let (key, certificate) = (self.path(&format!("{name}.jwk")), issued.certificate.to_str().unwrap());
        let key = key.to_str().unwrap();
        let token = self.anvis(&["client", "token", name, "--key", key, "--cert", certificate, "--issuer", ISSUER]);
        let token = token["access_token"].as_str().unwrap().to_owned();
        Client { connector: self.authority.connector(issued), token }
    }

    /// Serves until it is dropped.
    pub fn serve(&self, server: &Issued) -> Serving {
        let (certificate, key) = (server.certificate.to_str().unwrap(), server.key.to_str().unwrap());
        let ca = self.authority.certificate();
        let addresses = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--issuer", ISSUER];
        let tls = ["--tls-cert", certificate, "--tls-key", key, "--client-ca", ca.to_str().unwrap()];
        let mut command = self.command(&[["serve"].as_slice(), &addresses, &tls].concat());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        Serving { child, address: said["listening"].as_str().unwrap().parse().unwrap() }
    }
}

/// The service, in a process of its own.
pub struct Serving {
    child: Child,
    pub address: SocketAddr,
}

impl Serving {
    /// Its anonymous memory now, in MB.
    pub fn anonymous_mb(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // What it had to keep is kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
