//! The electronic identity behind the edge: whose tokens are believed, which clients there are still, what was ended.

use crate::caller::{BadToken, Caller, Thumbprint, Tokens};
use crate::phase_out::{Interfaces, Use};
use eid::access::{Bearer, Citizen, Issuer};
use eid::certificate::Thumbprint as Certificate;
use eid::client::{Client, ClientRefusal, Party, Registration};
use eid::commands::{RotateSigningKey, Uses, sweep};
use eid::phase_out::PhaseOuts;
use eid::server::Server;
use eid::signing_key::{Rotation, Signers, SigningKey, SigningKeyRefusal, jwks, published};
use eid::token::RequestRefusal;
use eid::{access, jws, phase_out, queries};
use kernel::{Actor, Blind, Env, Error, Id, Officer, Refusal, Refuse, Role, Scope, Secrets, Timestamp, Vault, Writer};
use registry::caseworker::Remit;
use registry::payee::PayeeId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard};

/// How often what has expired is cleared away.
const SWEEP_SECONDS: i64 = 60;

/// What is known of identities: read from the store every second, and asked without it.
pub struct Identity {
    server: Server,
    /// What makes pseudonyms of numbers and names.
    vault: Vault,
    /// Whether its people do not exist: then the server itself says who is logged in.
    is_synthetic: bool,
    /// Others whose tokens are believed.
    outside: RwLock<Vec<Issuer>>,
    /// Whether what was verified by their former keys is still to be forgotten.
    is_outside_new: AtomicBool,
    known: RwLock<Known>,
    /// When what has expired was last cleared away.
    swept: Mutex<Timestamp>,
}

#[derive(Default, PartialEq)]
struct Known {
    keys: Vec<SigningKey>,
    signers: Arc<Signers>,
    clients: BTreeMap<String, Registered>,
    /// Whose certificate it is.
    certificates: BTreeMap<Certificate, String>,
    phase_outs: PhaseOuts,
    /// By the blind indexes of their names.
    operators: BTreeSet<Blind>,
    /// Likewise; those who were ended are not among them.
    caseworkers: BTreeSet<Blind>,
}

/// A client, as far as the edge asks.
#[derive(PartialEq)]
struct Registered {
    id: Id<Client>,
    is_ended: bool,
    version: i64,
    registration: Arc<Registration>,
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
        Ok(Arc::new(Self {
            server,
            vault: writer.store.vault().clone(),
            is_synthetic: writer.store.is_synthetic(),
            outside: RwLock::new(outside),
            is_outside_new: AtomicBool::new(false),
            known: RwLock::new(known),
            swept: Mutex::new(now),
        }))
    }

    /// From now on these others are believed. What was verified before is forgotten at the next refresh.
    pub fn trust(&self, outside: Vec<Issuer>) {
        *self.outside.write().expect("nothing panics while it is held") = outside;
        self.is_outside_new.store(true, Ordering::Relaxed);
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

    /// The client that connects with this certificate. Its messages say by their signatures that they are its own.
    ///
    /// # Errors
    /// There is no certificate, or it is nobody's, or that of a client that was ended, or it has expired.
    pub fn connected(&self, certificate: Option<&Thumbprint>, now: Timestamp) -> Result<Caller, Refusal> {
        let certificate = Certificate::from_bytes(*certificate.ok_or(RequestRefusal::CertificateNeeded)?);
        let known = self.known();
        let name = known.certificates.get(&certificate).ok_or(ClientRefusal::Unknown)?;
        let Registered { is_ended, registration, .. } = known.clients.get(name).ok_or(ClientRefusal::Unknown)?;
        if *is_ended {
            return Err(ClientRefusal::Ended.into());
        }
        registration.certificate(certificate).ok_or(ClientRefusal::Unknown)?.require_current(now)?;
        Ok(Caller { expires: now, ..client(&registration.party, &registration.name) })
    }

    /// What is registered of a client that was not ended.
    ///
    /// # Errors
    /// There is no such client any more.
    pub fn registration(&self, name: &str) -> Result<Arc<Registration>, Refusal> {
        let known = self.known();
        let client = known.clients.get(name).filter(|client| !client.is_ended).ok_or(ClientRefusal::Ended)?;
        Ok(client.registration.clone())
    }

    /// A signature of the server's over these bytes, which go their own way.
    ///
    /// # Errors
    /// There is no key that signs now.
    pub fn sign(&self, bytes: &[u8], now: Timestamp) -> Result<String, SigningKeyRefusal> {
        let signers = self.known().signers.clone();
        Ok(jws::sign_detached(signers.at(now)?, bytes))
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().expect("nothing panics while it is held")
    }
}

impl Known {
    fn read(scope: &Scope<'_>) -> Result<Self, Error> {
        let mut clients = queries::clients(scope, &Actor::console())?;
        // Where a certificate went on to another client, it is that one's.
        clients.sort_by_key(|client| !client.is_ended);
        let certificates = clients.iter().flat_map(|Client { registration, .. }| {
            registration.certificates.iter().map(|one| (one.thumbprint, registration.name.clone()))
        });
        Ok(Self {
            keys: queries::signing_keys(scope)?,
            signers: Arc::new(queries::signers(scope)?),
            certificates: certificates.collect(),
            clients: clients
                .into_iter()
                .map(|client| {
                    let Client { id, version, is_ended, registration, .. } = client;
                    let (name, registration) = (registration.name.clone(), Arc::new(registration));
                    (name, Registered { id, is_ended, version: version.number(), registration })
                })
                .collect(),
            phase_outs: queries::phase_outs(scope)?,
            operators: kernel::operators(scope)?,
            caseworkers: registry::queries::standing_caseworkers(scope)?,
        })
    }

    /// The operator or caseworker of this name, if there is one still.
    fn officer(&self, vault: &Vault, role: Role, name: &str) -> Option<Actor> {
        let (is_there, actor): (_, fn(&str) -> Actor) = match role {
            Role::Operator => (self.operators.contains(&Officer::name_key(vault, name)), Actor::operator),
            _ => (self.caseworkers.contains(&Remit::name_key(vault, name)), Actor::caseworker),
        };
        is_there.then(|| actor(name))
    }
}

/// The client of a name, with whom it comes for.
fn client(party: &Party, name: &str) -> Caller {
    Caller {
        payer: party.payer().map(str::to_owned),
        bank: party.bank().map(str::to_owned),
        register: party.register().map(str::to_owned),
        ..Caller::client(party.role(), name)
    }
}

impl Tokens for Arc<Identity> {
    fn verify(&self, token: &str, now: Timestamp, certificate: Option<&Thumbprint>) -> Result<Caller, BadToken> {
        let known = self.known();
        let own = Issuer::own(&self.server, published(&known.keys, now).cloned().collect(), self.is_synthetic);
        let outside = self.outside.read().expect("nothing panics while it is held").clone();
        let issuers: Vec<Issuer> = std::iter::once(own).chain(outside).collect();
        let certificate = certificate.map(|bytes| Certificate::from_bytes(*bytes));
        let access = access::verify(token, &issuers, self.server.audience(), certificate, now)
            .map_err(|refusal| BadToken(refusal.code()))?;
        // Whoever was ended is let in no more, whatever they still hold.
        let caller = match &access.bearer {
            Bearer::System(party) => {
                let is_outside = access.client.contains('@');
                let is_standing = || known.clients.get(&access.client).is_some_and(|client| !client.is_ended);
                (is_outside || is_standing()).then(|| client(party, &access.client)).ok_or(BadToken("token.client"))
            }
            Bearer::Officer(role) => {
                let officer = known.officer(&self.vault, *role, &access.client);
                officer.map(Caller::person).ok_or(BadToken("token.officer"))
            }
            Bearer::Citizen(Citizen { number, login }) => {
                let payee = PayeeId::parse(&format!("cpr:{}", number.reveal())).ok_or(BadToken("token.claims"))?;
                Ok(Caller::person(Actor::citizen(&payee.key(&self.vault), *login)))
            }
        };
        Ok(Caller {
            scopes: access.permissions.iter().map(|permission| permission.name().to_owned()).collect(),
            algorithm: access.algorithm.name(),
            expires: access.expires,
            ..caller?
        })
    }

    fn refresh(&self, reader: &mut Writer) -> Result<bool, Error> {
        let now = reader.read(Known::read)?;
        let mut known = self.known.write().expect("nothing panics while it is held");
        let has_changed = *known != now;
        if has_changed {
            *known = now;
        }
        Ok(self.is_outside_new.swap(false, Ordering::Relaxed) || has_changed)
    }
}

impl Interfaces for Arc<Identity> {
    fn require_open(&self, of: &Use, now: Timestamp) -> Result<(), Refusal> {
        let known = self.known();
        let id = known.clients.get(&of.client).map_or(Id::new(0), |client| client.id);
        Ok(known.phase_outs.check(&way(of, id), now)?)
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
            registry::queries::sweep_messages(&mut writer.connection, now)?;
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
