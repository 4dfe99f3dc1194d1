//! Stands between the program and the server, and loses what a test tells it to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What is lost, with the connection, when the next transaction is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loses {
    /// The commit on its way to the server.
    Commit = 1,
    /// The server's answer to it.
    Answer = 2,
}

/// A server of its own to the program.
pub struct Relay {
    /// Where the program finds it.
    pub url: String,
    loses: Arc<AtomicU8>,
}

/// A connection of either kind.
trait Wire: Read + Write + Send {
    fn twin(&self) -> Box<dyn Wire>;
    fn cut(&self);
}

macro_rules! wire {
    ($type:ty) => {
        impl Wire for $type {
            fn twin(&self) -> Box<dyn Wire> {
                Box::new(self.try_clone().unwrap())
            }

            fn cut(&self) {
                // It may be cut already.
                let _ = self.shutdown(Shutdown::Both);
            }
        }
    };
}

wire!(UnixStream);
wire!(TcpStream);

/// Where a server listens.
#[derive(Clone)]
enum Place {
    Socket(PathBuf),
    Port(String),
}

impl Place {
    fn connect(&self) -> Box<dyn Wire> {
        match self {
            Self::Socket(path) => Box::new(UnixStream::connect(path).unwrap()),
            Self::Port(address) => Box::new(TcpStream::connect(address).unwrap()),
        }
    }
}

impl Relay {
    /// Before the server of a URL, with its socket in `folder`.
    pub fn to(url: &str, folder: &Path) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest.split_once('@').unwrap();
        let (host, database) = rest.split_once('/').unwrap();
        let (host, port) = host.rsplit_once(':').unwrap_or((host, "5432"));
        let loses = Arc::new(AtomicU8::new(0));
        let folder_host = folder.display().to_string().replace('/', "%2F");
        let here = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let server = if host.starts_with("%2F") || host.starts_with("%2f") {
            Place::Socket(Path::new(&host.replace("%2F", "/").replace("%2f", "/")).join(format!(".s.PGSQL.{port}")))
        } else {
            Place::Port(format!("{host}:{port}"))
        };
        let shared = Arc::clone(&loses);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in here.incoming() {
                serve(Box::new(client.unwrap()), server.connect(), &shared);
            }
        });
        Self { url: format!("{scheme}://{user}@{folder_host}/{database}"), loses }
    }

    /// Loses this at the next commit.
    pub fn lose_next(&self, loses: Loses) {
        self.loses.store(loses as u8, Ordering::SeqCst);
    }
}

/// Passes on what comes, both ways, until either side ends.
fn serve(client: Box<dyn Wire>, server: Box<dyn Wire>, loses: &Arc<AtomicU8>) {
    let (mut from_client, mut to_server) = (client.twin(), server.twin());
    let (mut from_server, mut to_client) = (server, client);
    let (loses, is_lost) = (Arc::clone(loses), Arc::new(AtomicU8::new(0)));
    let lost = Arc::clone(&is_lost);
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut buffer) {
            let told = &buffer[..length];
            if told.windows(7).any(|words| words == b"COMMIT\0") {
                match loses.swap(0, Ordering::SeqCst) {
                    0 => {}
                    1 => break,
                    _ => lost.store(1, Ordering::SeqCst),
                }
            }
            if to_server.write_all(told).is_err() {
                break;
            }
        }
        from_client.cut();
        to_server.cut();
    });
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from_server.read(&mut buffer) {
            // What comes now is the server's word that it has committed.
            if is_lost.load(Ordering::SeqCst) == 1 || to_client.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        from_server.cut();
        to_client.cut();
    });
}
