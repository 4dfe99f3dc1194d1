//! A store with clients in it, and what they hold.

use eid::certificate::{Certificate, Thumbprint};
use eid::client::{Party, Registration};
use eid::commands::{AddClient, RotateSigningKey, issue};
use eid::key::{Algorithm, PrivateKey, encode};
use eid::server::Server;
use eid::signing_key::Rotation;
use eid::token::{ASSERTION_TYPE, GRANT_TYPE, IssuedToken, TokenRequest};
use kernel::testing::TestPlace;
use kernel::{Actor, Env, Error, Secrets, Store, Timestamp, Writer};
use serde_json::{Value, json};

/// The second at which everything happens, unless a test says otherwise.
pub const NOW: i64 = 1_800_000_000;
pub const ISSUER: &str = "https://konto.example";
pub const AUDIENCE: &str = "https://registry.example";
pub const ONE: &str = include_str!("certificates/one.pem");
pub const TWO: &str = include_str!("certificates/two.pem");

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

pub fn env(second: i64) -> Env {
    Env::new(at(second), 0)
}

pub fn server() -> Server {
    Server::new(ISSUER, Some(AUDIENCE)).unwrap()
}

pub fn certificate(pem: &str) -> Certificate {
    Certificate::read(pem.as_bytes()).unwrap()
}

/// The same key for the same number, always.
pub fn key(algorithm: Algorithm, number: u8) -> PrivateKey {
    PrivateKey::from_bytes(algorithm, &[number; 32]).unwrap()
}

pub fn registration(name: &str, party: Party, keys: &[&PrivateKey], pems: &[&str]) -> Registration {
    Registration {
        name: name.to_owned(),
        party,
        keys: keys.iter().map(|key| key.public().clone()).collect(),
        certificates: pems.iter().map(|pem| certificate(pem)).collect(),
    }
}

/// A store with a folder of its own.
pub struct Place {
    pub writer: Writer,
    _store: TestPlace,
    _folder: tempfile::TempDir,
}

impl Place {
    /// Nobody is registered, and there is no key.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(eid::MIGRATIONS).collect();
        let (place, key) = (TestPlace::empty(folder.path()), folder.path().join("key"));
        let mut secrets = Secrets::from_system();
        let store = Store::create(place.location(), &key, &migrations, true, &env(0), &mut secrets).unwrap();
        Self { writer: store.writer(secrets).unwrap(), _store: place, _folder: folder }
    }

    /// A payer with two keys (1 for ES256, 2 for EdDSA) and one certificate, and a server with a key.
    pub fn new() -> Self {
        let mut place = Self::empty();
        let keys = [key(Algorithm::Es256, 1), key(Algorithm::EdDsa, 2)];
        place.add(payer(&[&keys[0], &keys[1]], &[ONE])).unwrap();
        place.rotate(Rotation::First, NOW - 1000).unwrap();
        place
    }

    pub fn add(&mut self, registration: Registration) -> Result<(), Error> {
        self.writer.execute(&AddClient { registration }, &Actor::console(), &env(NOW))
    }

    pub fn rotate(&mut self, rotation: Rotation, second: i64) -> Result<(), Error> {
        let command = RotateSigningKey::new(rotation, &mut self.writer.secrets)?;
        self.writer.execute(&command, &Actor::console(), &env(second)).map(|_| ())
    }

    /// Another process on the same store.
    pub fn another(&self) -> Writer {
        self.writer.store.writer(Secrets::from_system()).unwrap()
    }

    /// Asks for a token with this assertion, over the connection of certificate one.
    pub fn ask(&mut self, assertion: &str, second: i64) -> Result<IssuedToken, Error> {
        let request = request(assertion, Some(certificate(ONE).thumbprint));
        issue(&mut self.writer, &server(), request, &env(second), |_, _| Ok(()))
    }

    /// How many entries the journal has.
    pub fn entries(&mut self) -> u64 {
        self.writer.read(|scope| kernel::journal::size_and_root(scope.tx)).unwrap().0
    }

    /// The journal and the tables agree.
    pub fn verify(&mut self) {
        let tables: Vec<_> = kernel::TABLES.iter().chain(eid::TABLES).copied().collect();
        self.writer.read(|scope| kernel::journal::verify(scope, &tables, None, &mut |_| {})).unwrap();
    }
}

pub fn payer(keys: &[&PrivateKey], pems: &[&str]) -> Registration {
    registration("kommune", Party::PublicPayer("Kommunen".to_owned()), keys, pems)
}

pub fn request(assertion: &str, certificate: Option<Thumbprint>) -> TokenRequest<'_> {
    TokenRequest {
        grant_type: GRANT_TYPE,
        assertion_type: Some(ASSERTION_TYPE),
        assertion,
        client_id: None,
        scope: None,
        certificate,
    }
}

/// The claims of a good assertion.
pub fn claims(jti: &str) -> Value {
    json!({"iss": "kommune", "sub": "kommune", "aud": ISSUER, "exp": NOW + 60, "iat": NOW, "jti": jti})
}

/// The same with some changed, and those that are null taken out.
pub fn changed(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// A signed text with any header and any content.
pub fn signed(key: &PrivateKey, header: &str, content: &str) -> String {
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(content.as_bytes()));
    let signature = encode(&key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// A text with the public key as the secret of an HMAC, which a reader that believes the header would take.
pub fn hmac_signed(secret: &[u8], kid: &str, content: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(content.as_bytes()));
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}
