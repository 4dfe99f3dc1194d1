//! Stands between a process and the database server, and does what a test wants done when so much has passed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use postgres::config::Host;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// When something is done; counted over all connections since it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many bytes have passed, either way.
    Bytes(u64),
    /// So many commits have passed, and one more is on its way to the server.
    Commits(u64),
}

/// What becomes of the connection afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    Pass,
    /// It is cut, and the next byte is lost.
    Cut,
    /// The next bytes still reach the server, and then it is cut in place of the answer.
    LoseAnswer,
}

type Action = Box<dyn FnOnce() -> Then + Send>;

/// What was awaited, and how far it has come.
#[derive(Default)]
struct Watch {
    awaited: Option<(When, Action)>,
    bytes: u64,
    commits: u64,
}

/// A server of its own to a process. It serves until the test's process ends.
#[derive(Clone)]
pub struct Relay {
    /// Where the process finds it.
    pub url: String,
    watch: Arc<Mutex<Watch>>,
}

/// How the driver commits: a simple query.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

impl Relay {
    /// Before the database of a URL, whose server listens on a socket. Its own socket is in `folder`, and what connects
    /// through it is known to the server as `name`.
    ///
    /// # Panics
    /// The server listens on no socket, or there can be none in `folder`.
    #[must_use]
    pub fn to(url: &str, folder: &Path, name: &str) -> Self {
        let config: postgres::Config = url.parse().unwrap();
        let Some(Host::Unix(server)) = config.get_hosts().first() else {
            panic!("the server must listen on a socket to be relayed")
        };
        let port = config.get_ports().first().unwrap_or(&5432);
        let server = server.join(format!(".s.PGSQL.{port}"));
        std::fs::create_dir_all(folder).unwrap();
        let here = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let url = format!(
            "postgres://{}@{}/{}?application_name={name}",
            config.get_user().unwrap_or_default(),
            folder.display().to_string().replace('/', "%2F"),
            config.get_dbname().unwrap_or_default(),
        );
        let watch = Arc::new(Mutex::new(Watch::default()));
        let shared = Arc::clone(&watch);
        std::thread::spawn(move || here.incoming().for_each(|client| serve(&client.unwrap(), &server, &shared)));
        Self { url, watch }
    }

    /// Does something at that moment, in the thread that passes the bytes on.
    pub fn at(&self, when: When, action: impl FnOnce() -> Then + Send + 'static) {
        *self.watch.lock().unwrap() = Watch { awaited: Some((when, Box::new(action))), ..Watch::default() };
    }

    /// Awaits nothing any more; what has passed.
    pub fn end(&self) -> Passed {
        let Watch { awaited, bytes, commits } = std::mem::take(&mut *self.watch.lock().unwrap());
        Passed { has_come: awaited.is_none(), bytes, commits }
    }
}

/// What has passed a relay since something was awaited last.
pub struct Passed {
    /// What was awaited has come; or nothing was.
    pub has_come: bool,
    /// Bytes, either way.
    pub bytes: u64,
    /// Commits, on their way to the server.
    pub commits: u64,
}

fn serve(client: &UnixStream, server: &PathBuf, watch: &Arc<Mutex<Watch>>) {
    // A server that is not there is the process's to notice.
    let Ok(server) = UnixStream::connect(server) else { return };
    let answer_is_lost = Arc::new(AtomicBool::new(false));
    for (from, to, is_to_server) in [(client, &server, true), (&server, client, false)] {
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let (watch, answer_is_lost) = (Arc::clone(watch), Arc::clone(&answer_is_lost));
        std::thread::spawn(move || {
            pass(&from, &to, |passing| {
                if !is_to_server && answer_is_lost.load(Ordering::SeqCst) {
                    return (0, Then::Cut);
                }
                let (length, then) = watch.lock().unwrap().see(passing, is_to_server);
                answer_is_lost.fetch_or(then == Then::LoseAnswer, Ordering::SeqCst);
                (length, then)
            });
            for stream in [from, to] {
                // It may be cut already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }
}

/// Passes on what comes until either side ends, or `see` cuts it after some of what is passing.
fn pass(mut from: &UnixStream, mut to: &UnixStream, see: impl Fn(&[u8]) -> (usize, Then)) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let passing = &buffer[..length];
        let (before, then) = see(passing);
        let passing = if then == Then::Cut { &passing[..before] } else { passing };
        if to.write_all(passing).is_err() || then == Then::Cut {
            return;
        }
    }
}

impl Watch {
    /// Does what is awaited if it comes with these bytes: where among them, and what becomes of the connection.
    fn see(&mut self, passing: &[u8], is_to_server: bool) -> (usize, Then) {
        let (bytes, commits) = (self.bytes, self.commits);
        let here: Vec<usize> = if is_to_server { places_of(COMMIT, passing).collect() } else { Vec::new() };
        self.bytes += passing.len() as u64;
        self.commits += here.len() as u64;
        let place = match self.awaited.as_ref().map(|(when, _)| *when) {
            Some(When::Bytes(after)) if after < self.bytes => after.saturating_sub(bytes) as usize,
            Some(When::Commits(after)) if after < self.commits => here[(after - commits) as usize],
            _ => return (passing.len(), Then::Pass),
        };
        let (_, action) = self.awaited.take().unwrap();
        (place, action())
    }
}

fn places_of<'b>(wanted: &'b [u8], bytes: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
    bytes.windows(wanted.len()).enumerate().filter(move |(_, here)| *here == wanted).map(|(at, _)| at)
}
