//! Hands what print runs made to a server, by the system's OpenSSH. A manifest comes after its files, and each has its name only when
//! it is whole. What was handed over goes from the folder; what was not stays, and goes with the next run.

use super::print_run::{manifests, remove};
use crate::cli::{SftpServer, Ssh};
use kernel::{Error, Refuse, StoreError, files};
use letter::Manifest;
use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a manifest has after its name once the server has it and all its files.
const HANDED_OVER: &str = ".handed-over";
/// Nobody is asked anything, no unknown server is believed, and none that falls silent is waited for.
const OPTIONS: [&str; 5] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
];

/// Hands over every run that has ended; how many there were. One that cannot be handed over keeps no other back.
pub(super) fn hand_over(folder: &Path, server: &SftpServer, ssh: &Ssh) -> Result<usize, Error> {
    let _lock = files::lock_folder_of(&folder.join(Manifest::FILE))?;
    clear(folder)?;
    let ended = manifests(folder, "")?;
    let mut failed = None;
    for manifest in &ended {
        if let Err(error) = hand_over_one(folder, server, ssh, manifest) {
            failed.get_or_insert(error);
        }
    }
    failed.map_or(Ok(ended.len()), Err)
}

fn hand_over_one(folder: &Path, server: &SftpServer, ssh: &Ssh, manifest: &str) -> Result<(), Error> {
    let text = read(&folder.join(manifest))?;
    give(folder, server, ssh, &batch(&server.folder, manifest, &text))?;
    files::rename(&folder.join(manifest), &folder.join(format!("{manifest}{HANDED_OVER}")))?;
    clear(folder)
}

/// Removes the files of runs that were handed over.
fn clear(folder: &Path) -> Result<(), Error> {
    for manifest in manifests(folder, HANDED_OVER)? {
        let path = folder.join(manifest);
        Manifest::lines(&read(&path)?).try_for_each(|line| remove(&folder.join(line.path())))?;
        remove(&path)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(Error::io(format!("{} could not be read", path.display())))
}

/// What sftp is told, line by line. Names are our own, of letters and digits; it ends with the first line that cannot be done, but for
/// those that begin with `-`.
fn batch(folder: &str, manifest: &str, text: &str) -> String {
    let paths: Vec<String> = Manifest::lines(text).map(|line| line.path()).collect();
    let mut batch = String::new();
    if paths.iter().any(|path| path.contains('/')) {
        let protected = format!("{folder}/{}", super::print_run::PROTECTED);
        batch.push_str(&format!("-mkdir {protected}\nchmod 700 {protected}\n"));
    }
    for path in paths.iter().map(String::as_str).chain([manifest]) {
        let place = format!("{folder}/{path}");
        // With the rights that it has here, and on the disk there before it has its name.
        batch.push_str(&format!("put -fp {path} {place}.part\nrename {place}.part {place}\n"));
    }
    batch
}

fn give(folder: &Path, server: &SftpServer, ssh: &Ssh, batch: &str) -> Result<(), Error> {
    let SftpServer { user, host, port, .. } = server;
    let mut command = Command::new("sftp");
    command.current_dir(folder).args(["-q", "-b", "-"]);
    OPTIONS.iter().for_each(|option| {
        command.args(["-o", option]);
    });
    // Relative to where the command was given, not to the folder.
    let given = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(key) = &ssh.ssh_key {
        command.args(["-o", "IdentitiesOnly=yes"]).arg("-i").arg(given(key));
    }
    if let Some(known) = &ssh.known_hosts {
        let mut option = OsString::from("UserKnownHostsFile=\"");
        option.push(given(known));
        option.push("\"");
        command.arg("-o").arg(option);
    }
    command.arg("-P").arg(port.to_string()).arg(format!("{user}@{host}"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let cannot = |error| StoreError::new("sftp could not be run", error);
    let mut child = command.spawn().map_err(cannot)?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(batch.as_bytes()));
    let output = child.wait_with_output().map_err(cannot)?;
    // One that ends early reads no further; why, it says itself.
    if output.status.success() && written.is_ok() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let why = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().to_owned();
    Err(NotHandedOver { host: host.clone(), why }.into())
}

/// The server did not take it.
#[derive(Debug)]
struct NotHandedOver {
    host: String,
    why: String,
}

impl Refuse for NotHandedOver {
    fn code(&self) -> &'static str {
        "letter.sftp"
    }
}

impl fmt::Display for NotHandedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, why } = self;
        write!(f, "what was made could not be handed to {host}; the next run to a server does that: {why}")
    }
}
