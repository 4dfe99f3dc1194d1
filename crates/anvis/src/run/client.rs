use super::Session;
use super::token::{self, Whose};
use crate::cli::{Client, End};
use crate::console::Answer;
use edge::phase_out;
use eid::certificate::Certificate;
use eid::client::{Client as Registered, ClientRefusal, Party, Registration};
use eid::commands::{AddClient, EndClient, RotateSigningKey, SetPhaseOut};
use eid::key::{Algorithm, PrivateKey, PublicKey};
use eid::phase_out::{Subject, Use};
use eid::queries::{self, Usage};
use eid::signing_key::Rotation;
use kernel::{Actor, Error, Refuse, Secrets, Timestamp, files};
use registry::commands::RefillClient;
use serde_json::{Value, json};
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Why a file is not written.
#[derive(Debug)]
enum FileRefusal {
    /// There is something of that name.
    Exists(PathBuf),
}

impl Refuse for FileRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "file.exists",
        }
    }
}

impl fmt::Display for FileRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => write!(f, "{} is there already, and is not overwritten", path.display()),
        }
    }
}

/// Makes a private key for a client, and says the public one.
pub fn make_key(file: &Path, algorithm: Algorithm) -> Result<Answer, Error> {
    require_free(file)?;
    let key = PrivateKey::generate(algorithm, &mut Secrets::from_system())?;
    files::write_private(file, key.to_jwk().as_bytes())?;
    let public = key.public().to_jwk();
    Ok(Answer::done(public.to_string(), &public))
}

/// Refuses to write where something is.
pub(super) fn require_free(file: &Path) -> Result<(), Error> {
    if file.exists() || file.is_symlink() { Err(FileRefusal::Exists(file.to_owned()).into()) } else { Ok(()) }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::io(format!("{} could not be read", path.display())))
}

impl Session {
    pub(super) fn client(&mut self, command: Client) -> Result<Answer, Error> {
        match command {
            Client::Add { name, role, keys, certificates, payer, bank, register } => {
                let party = Party::new(role, payer, bank, register)?;
                let mut registration = Registration { name, party, keys: vec![], certificates: vec![] };
                for path in &keys {
                    registration.keys.extend(PublicKey::read_all(&read(path)?)?);
                }
                for path in &certificates {
                    registration.certificates.push(Certificate::read(&read(path)?)?);
                }
                self.add_client(registration)
            }
            Client::End { name } => {
                let env = self.env()?;
                let command = EndClient { name };
                let is_new = self.writer.execute(&command, &self.actor, &env)?;
                let text = if is_new { "Ended the client." } else { "The client was ended before." };
                Ok(Answer::done(text, &json!({ "client": command.name, "changed": is_new })))
            }
            Client::Refill { name, reason } => {
                let env = self.env()?;
                let actor = &self.actor;
                let clients = self.writer.read(|scope| queries::clients(scope, actor))?;
                let registered = clients.into_iter().map(|client| client.registration).find(|one| one.name == name);
                let role = registered.ok_or(ClientRefusal::Unknown)?.party.role();
                let command = RefillClient { client: Actor::client(role, &name), why: reason };
                self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done("The client may ask again.", &json!({ "client": name })))
            }
            Client::List => {
                let actor = &self.actor;
                let clients = self.writer.read(|scope| queries::clients(scope, actor))?;
                Ok(listed(&clients))
            }
            Client::RotateKey { compromised } => {
                let rotation = if compromised { Rotation::Compromised } else { Rotation::Planned };
                let env = self.env()?;
                let command = RotateSigningKey::new(rotation, &mut self.writer.secrets)?;
                let made = self.writer.execute(&command, &self.actor, &env)?;
                let text = made.as_ref().map_or_else(String::new, |made| {
                    format!("The key {} is published, and signs from {}.", made.kid, made.signs_from)
                });
                Ok(Answer::done(text, &made))
            }
            Client::Usage => {
                let actor = &self.actor;
                let usage = self.writer.read(|scope| queries::usage(scope, actor))?;
                let text = if usage.is_empty() { "No client has come in yet.".to_owned() } else { usage_text(&usage) };
                Ok(Answer::done(text, &json!({ "uses": usage.iter().map(usage_json).collect::<Vec<_>>() })))
            }
            Client::PhaseOut { interface, version, date: End(ends) } => {
                let subject = Subject::new(&interface, &version)?;
                subject.require_known(phase_out::forms(), &phase_out::TRANSPORTS)?;
                let command = SetPhaseOut { subject, ends };
                let env = self.env()?;
                self.writer.execute(&command, &self.actor, &env)?;
                let actor = &self.actor;
                let mut usage = self.writer.read(|scope| queries::usage(scope, actor))?;
                usage.retain(|usage| usage.way.has(&command.subject));
                let ends = ends.map(|ends| ends.to_string());
                let mut text = ends.as_ref().map_or_else(
                    || format!("{interface} {version} has no end.\n"),
                    |ends| format!("{interface} {version} is refused from {ends} on.\n"),
                );
                text.push_str(&if usage.is_empty() { "No client has used it.".to_owned() } else { usage_text(&usage) });
                let uses: Vec<Value> = usage.iter().map(usage_json).collect();
                Ok(Answer::done(
                    text,
                    &json!({ "interface": interface, "version": version, "ends": ends, "uses": uses }),
                ))
            }
            Client::Token { claim, bound } => self.token(&claim, &bound, Whose::Client),
            Client::MakeKey { file, algorithm } => make_key(&file, algorithm),
            Client::Assert { claim } => token::assert(&claim, Whose::Client, self.env()?.now),
        }
    }

    /// Registers a client; and with the first one, the server gets a key.
    fn add_client(&mut self, registration: Registration) -> Result<Answer, Error> {
        self.writer.read(|scope| services::require_party(scope, &registration.party))?;
        let command = AddClient { registration };
        let env = self.env()?;
        self.writer.execute(&command, &self.actor, &env)?;
        self.require_signing_key()?;
        Ok(Answer::done("Registered the client.", &client_json(&command.registration, false)))
    }

    /// A server that has no key gets its first one.
    pub(super) fn require_signing_key(&mut self) -> Result<(), Error> {
        let env = self.env()?;
        let first_key = RotateSigningKey::new(Rotation::First, &mut self.writer.secrets)?;
        self.writer.execute(&first_key, &self.actor, &env).map(|_| ())
    }
}

fn listed(clients: &[Registered]) -> Answer {
    let mut text = String::new();
    for Registered { is_ended, registration: Registration { name, party, keys, certificates }, .. } in clients {
        let whom = party.payer().or(party.bank()).or(party.register()).unwrap_or_default();
        let state = if *is_ended { "  ended" } else { "" };
        let expires = certificates.iter().map(Certificate::expires).max();
        let expires = expires.map(|moment| moment.to_string()).unwrap_or_default();
        let keys = keys.iter().map(|key| key.algorithm().name()).collect::<Vec<_>>().join(" ");
        let role = party.role().name();
        let _ = writeln!(text, "{name:<24}  {role:<13}  {keys:<11}  certified until {expires}  {whom}{state}");
    }
    if clients.is_empty() {
        text.push_str("No client is registered.");
    }
    let clients: Vec<Value> = clients.iter().map(|client| client_json(&client.registration, client.is_ended)).collect();
    Answer::done(text, &json!({ "clients": clients }))
}

fn client_json(Registration { name, party, keys, certificates }: &Registration, is_ended: bool) -> Value {
    let certificate = |one: &Certificate| json!({ "x5t#S256": one.thumbprint, "subject": one.subject, "expires": one.expires().to_string() });
    json!({
        "client": name,
        "role": party.role().name(),
        "payer": party.payer(),
        "bank": party.bank(),
        "register": party.register(),
        "keys": keys.iter().map(PublicKey::to_jwk).collect::<Vec<_>>(),
        "certificates": certificates.iter().map(certificate).collect::<Vec<_>>(),
        "ended": is_ended,
    })
}

fn usage_text(usage: &[Usage]) -> String {
    let mut text = String::new();
    for Usage { client, way: Use { interface, version, tls, algorithm, .. }, first_day, last_day, uses, ends } in usage
    {
        let ends = ends.map(|ends| format!("  ends {}", day(ends))).unwrap_or_default();
        let _ = writeln!(
            text,
            "{client:<24}  {interface} {version}  TLS {tls}  {algorithm}  {} to {}  {uses} times{ends}",
            day(*first_day),
            day(*last_day),
        );
    }
    text
}

fn usage_json(usage: &Usage) -> Value {
    let Usage { client, way: Use { interface, version, tls, algorithm, .. }, first_day, last_day, uses, ends } = usage;
    json!({
        "client": client,
        "interface": interface,
        "version": version,
        "tls": tls,
        "algorithm": algorithm,
        "first_used": day(*first_day),
        "last_used": day(*last_day),
        "uses": uses,
        "ends": ends.map(|ends| ends.to_string()),
    })
}

/// The date of a moment, in UTC.
fn day(moment: Timestamp) -> String {
    moment.to_jiff().strftime("%F").to_string()
}
