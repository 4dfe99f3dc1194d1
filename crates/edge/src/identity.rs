//! The electronic identity behind the edge: whose tokens are believed, which clients there are still, what was ended.

use crate::caller::{BadToken, Caller, Thumbprint, Tokens};
use crate::phase_out::{Interfaces, Use};
use eid::access::Issuer;
use eid::certificate::Thumbprint as Certificate;
use eid::client::Client;
use eid::commands::{RotateSigningKey, Uses, sweep};
use eid::phase_out::PhaseOuts;
use eid::server::Server;
use eid::signing_key::{Rotation, SigningKey, jwks, published};
use eid::{access, phase_out, queries};
use kernel::{Actor, Env, Error, Id, Refuse, Scope, Secrets, Timestamp, Writer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};

/// How often what has expired is cleared away.
const SWEEP_SECONDS: i64 = 60;

/// What is known of identities: read from the store every second, and asked without it.
pub struct Identity {
    server: Server,
    /// Others whose tokens are believed.
    outside: Vec<Issuer>,
    known: RwLock<Known>,
    /// When what has expired was last cleared away.
    swept: Mutex<Timestamp>,
}

#[derive(Default, PartialEq)]
struct Known {
    keys: Vec<SigningKey>,
    clients: BTreeMap<String, Registered>,
    phase_outs: PhaseOuts,
}

/// A client, as far as the edge asks.
#[derive(PartialEq)]
struct Registered {
    id: Id<Client>,
    is_ended: bool,
    version: i64,
}

impl Identity {
    /// Reads what the store knows; a server without a key makes its first one.
    ///
    /// # Errors
    /// The store's.
    pub fn open(server: Server, outside: Vec<Issuer>, writer: &mut Writer, now: Timestamp) -> Result<Arc<Self>, Error> {
        let first = RotateSigningKey::new(Rotation::First, &mut Secrets::from_system())?;
        writer.execute(&first, &Actor::console(), &Env::new(now, 0))?;
        let known = writer.read(Known::read)?;
        Ok(Arc::new(Self { server, outside, known: RwLock::new(known), swept: Mutex::new(now) }))
    }

    /// The authorization server.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// Its keys, as they are published.
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> Value {
        jwks(&self.known().keys, now)
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().expect("nothing panics while it is held")
    }
}

impl Known {
    fn read(scope: &Scope<'_>) -> Result<Self, Error> {
        let clients = queries::clients(scope, &Actor::console())?;
        Ok(Self {
            keys: queries::signing_keys(scope)?,
            clients: clients
                .into_iter()
                .map(|client| {
                    let Client { id, version, is_ended, registration, .. } = client;
                    (registration.name, Registered { id, is_ended, version: version.number() })
                })
                .collect(),
            phase_outs: queries::phase_outs(scope)?,
        })
    }
}

impl Tokens for Arc<Identity> {
    fn verify(&self, token: &str, now: Timestamp, certificate: Option<&Thumbprint>) -> Result<Caller, BadToken> {
        let known = self.known();
        let own = Issuer::own(&self.server, published(&known.keys, now).cloned().collect());
        let issuers: Vec<Issuer> = std::iter::once(own).chain(self.outside.iter().cloned()).collect();
        let certificate = certificate.map(|bytes| Certificate::from_bytes(*bytes));
        let access = access::verify(token, &issuers, self.server.audience(), certificate, now)
            .map_err(|refusal| BadToken(refusal.code()))?;
        // A client of this server that was ended is let in no more, whatever it still holds.
        let is_outside = access.client.contains('@');
        if !is_outside && known.clients.get(&access.client).is_none_or(|client| client.is_ended) {
            return Err(BadToken("token.client"));
        }
        Ok(Caller {
            role: access.party.role(),
            payer: access.party.payer().map(str::to_owned),
            bank: access.party.bank().map(str::to_owned),
            scopes: access.permissions.iter().map(|permission| permission.name().to_owned()).collect(),
            name: access.client,
            algorithm: access.algorithm.name(),
            expires: access.expires,
        })
    }

    fn refresh(&self, reader: &mut Writer) -> Result<bool, Error> {
        let now = reader.read(Known::read)?;
        let mut known = self.known.write().expect("nothing panics while it is held");
        let has_changed = *known != now;
        if has_changed {
            *known = now;
        }
        Ok(has_changed)
    }
}

impl Interfaces for Arc<Identity> {
    fn is_ended(&self, of: &Use, now: Timestamp) -> bool {
        let known = self.known();
        let id = known.clients.get(&of.client).map_or(Id::new(0), |client| client.id);
        known.phase_outs.check(&way(of, id), now).is_err()
    }

    /// Clients of other issuers have no row here: theirs are not counted.
    fn keep(&self, uses: &BTreeMap<Use, u64>, now: Timestamp, writer: &mut Writer) -> Result<(), Error> {
        let mut counted = Uses::default();
        {
            let known = self.known();
            for (of, times) in uses {
                if let Some(client) = known.clients.get(&of.client) {
                    counted.add(way(of, client.id), now, i64::try_from(*times).unwrap_or(i64::MAX));
                }
            }
        }
        if !counted.is_empty() {
            counted.write(&mut writer.connection)?;
        }
        let mut swept = self.swept.lock().expect("nothing panics while it is held");
        if now.minus_seconds(SWEEP_SECONDS) > *swept {
            *swept = now;
            sweep(&mut writer.connection, now)?;
        }
        Ok(())
    }
}

fn way(of: &Use, client: Id<Client>) -> phase_out::Use {
    phase_out::Use {
        client,
        interface: of.interface.to_owned(),
        version: of.version.to_owned(),
        tls: of.transport.to_owned(),
        algorithm: of.algorithm.to_owned(),
    }
}
