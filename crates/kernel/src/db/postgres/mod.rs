//! PostgreSQL, 15 and later: one schema of a database, read and written by several processes at once.
//!
//! What only it can do is all here: cursors, COPY, look-ups by a list of keys, the lock that lets the journal's
//! writers take turns.

mod fault;
mod patience;
mod rewrite;
mod session;
mod tls;
mod value;

use super::{Connection, Purpose, Session as AnySession, Tx};
use crate::{Error, StoreRefusal};
use ::postgres::config::{Host, TargetSessionAttrs};
use ::postgres::{Client, Config, NoTls};
pub(super) use session::Session;
use std::fmt;
use std::sync::mpsc;
use std::time::Duration;

/// The schema that our tables are in: nothing else is found by name, whatever a role's own settings are.
const SCHEMA: &str = "anvis";
/// Ours, unless the URL says otherwise: waits end, and what was left open by a client that hangs is ended, sooner if its
/// machine is gone: it may hold the journal. Rows are found by their keys whatever the server believes of the tables' sizes: a
/// plan that was made while a table was empty would otherwise be kept while millions of rows are imported into it.
const DEFAULTS: &str = "-c lock_timeout=60s -c statement_timeout=15min -c idle_in_transaction_session_timeout=10min \
    -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 \
    -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";
/// What the rest is built on, whatever the URL says. A session's own tables come last: first, unless they are named.
const FIXED: &str =
    "-c search_path=anvis,pg_temp -c synchronous_commit=on -c client_encoding=UTF8 -c standard_conforming_strings=on";
/// Where a server listens unless the URL says otherwise.
const PORT: u16 = 5432;
const CONNECT_WAIT: Duration = Duration::from_secs(10);
/// For all that is said until a session stands.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// A server that went away without a word is asked after so long whether it is there, and is given up by the next question.
const SILENCE_MAX: Duration = Duration::from_secs(30);
const PROBE_WAIT: Duration = Duration::from_secs(10);

/// A database of a server, and who we are there. Never shows the password.
#[derive(Clone)]
pub struct Server {
    config: Box<Config>,
    /// Who makes and changes the tables, where it is somebody else.
    owner: Option<Box<Config>>,
}

impl Server {
    pub(super) fn parse(url: &str) -> Option<Self> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return None;
        }
        let mut config: Config = tls::known_mode(url).parse().ok()?;
        tls::set_default(&mut config, url);
        if config.get_hosts().is_empty() {
            return None;
        }
        // A standby tells what was true a while ago. Of several servers it is the one that takes writes, whoever answers first.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        let options = format!("{DEFAULTS} {} {FIXED}", config.get_options().unwrap_or_default());
        config.options(&options);
        if config.get_application_name().is_none() {
            config.application_name("anvis");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WAIT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE_MAX);
        }
        config.keepalives_idle(SILENCE_MAX).keepalives_interval(PROBE_WAIT);
        Some(Self { config: Box::new(config), owner: None })
    }

    pub(super) fn owned_by(self, owner: Self) -> Option<Self> {
        // A URL without a database names the one that is called like its user.
        let database = |config: &Config| config.get_dbname().or(config.get_user()).map(str::to_owned);
        let hosts = |config: &Config| -> Vec<(Host, u16)> {
            let hosts = config.get_hosts().iter().cloned().enumerate();
            hosts.map(|(at, host)| (host, port(config, at).unwrap_or(PORT))).collect()
        };
        let place = |config: &Config| (hosts(config), database(config));
        let names_users = self.config.get_user().is_some() && owner.config.get_user().is_some();
        (names_users && place(&self.config) == place(&owner.config)).then(|| Self { owner: Some(owner.config), ..self })
    }

    /// A connection of the role that makes and changes the tables.
    fn connect_owner(&self) -> Result<Connection, Error> {
        let Some(owner) = &self.owner else { return connection(&self.config) };
        let mut session = Session::open(owner, false)?;
        session.grantee = self.config.get_user().filter(|user| Some(*user) != owner.get_user()).map(str::to_owned);
        Ok(Connection::over(AnySession::Postgres(Box::new(session))))
    }
}

/// The port of one of the hosts, if the URL says one. One may stand for all.
fn port(config: &Config, host: usize) -> Option<u16> {
    let ports = config.get_ports();
    ports.get(host).or(ports.first()).copied()
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}")?,
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
            if let Some(port) = port(&self.config, at) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().or(self.config.get_user()).unwrap_or_default())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Engine {
    server: Server,
}

impl Engine {
    pub(super) fn find(server: &Server) -> Result<Option<Self>, Error> {
        let is_made = connection(&server.config)?.once(Purpose::Read, |tx| of(tx).has_table("schema_version"))?;
        Ok(is_made.then(|| Self { server: server.clone() }))
    }

    pub(super) fn is_free(server: &Server) -> Result<bool, Error> {
        connection(&server.config)?.once(Purpose::Read, |tx| of(tx).has_no_table())
    }

    /// Builds in one transaction, which finds the schema empty or is refused.
    pub(super) fn create(server: &Server, build: impl FnOnce(&Tx<'_>) -> Result<(), Error>) -> Result<Self, Error> {
        server.connect_owner()?.once(Purpose::Migrate, |tx| {
            let (session, location) = (of(tx), || super::Location::Postgres(server.clone()));
            if session.has_table("schema_version")? {
                return Err(StoreRefusal::Exists(location()).into());
            }
            if !session.has_no_table()? {
                return Err(StoreRefusal::Schema(location()).into());
            }
            session.make_schema()?;
            build(tx)
        })?;
        Ok(Self { server: server.clone() })
    }

    /// A connection that changes the tables, if there are any.
    pub(super) fn owner(server: &Server) -> Result<Option<Connection>, Error> {
        let mut connection = server.connect_owner()?;
        let is_made = connection.once(Purpose::Read, |tx| of(tx).has_table("schema_version"))?;
        Ok(is_made.then_some(connection))
    }

    pub(super) fn connect(&self) -> Result<Session, Error> {
        // The server was there before.
        Session::open(&self.server.config, true)
    }
}

fn connection(config: &Config) -> Result<Connection, Error> {
    Ok(Connection::over(AnySession::Postgres(Box::new(Session::open(config, false)?))))
}

/// The session that a transaction of this engine runs in.
fn of<'t>(tx: &Tx<'t>) -> &'t Session {
    match tx.session {
        AnySession::Postgres(session) => session,
        AnySession::Sqlite(_) => unreachable!("the transaction was begun by this engine"),
    }
}

/// Connects once. The driver waits for a server's address, but not for its answers: a server that hangs, or a machine that is no
/// such server, is waited for by a thread that is left behind.
fn connect_within(config: &Config, wait: Duration) -> Result<Result<Client, ::postgres::Error>, Error> {
    let (send, receive) = mpsc::channel();
    let config = config.clone();
    std::thread::spawn(move || {
        // Nobody may be listening any more.
        let _ =
            send.send(if tls::is_wanted(&config) { config.connect(tls::connector()) } else { config.connect(NoTls) });
    });
    receive.recv_timeout(wait).map_err(|_| fault::silent())
}

/// Connects, again and again for a while if the server says that it is not ready; with `is_known`, also if it says nothing.
fn connect(config: &Config, is_known: bool) -> Result<Client, Error> {
    let mut tries = 0;
    loop {
        let error = match connect_within(config, ANSWER_WAIT)? {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        let (told, trouble) = fault::explain("the database could not be opened", &error);
        if !patience::allows(trouble.filter(|_| is_known || error.as_db_error().is_some()), tries) {
            return Err(told);
        }
        tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://anvis@{}/anvis?sslmode=disable", silent.local_addr().unwrap());
        let error = connect_within(&url.parse().unwrap(), Duration::from_millis(1)).err().unwrap();
        assert_eq!(error.code(), "store.unreachable");
    }
}
