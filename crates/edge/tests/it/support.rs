//! A store with two payers and a few payees, a server before it, and a client.

use bytes::Bytes;
use edge::caller::{BadToken, Caller, Thumbprint, Tokens};
use edge::core::{Clock, Sizes};
use edge::phase_out::Interfaces;
use edge::server::{HeaderName, Network, Options, Proxies, Server, TlsFiles};
use edge::{Edge, Limits, Parts, Service};
use eid::client::{Party, Registration};
use eid::commands::AddClient;
use eid::key::{Algorithm, PrivateKey};
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderMap;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use kernel::testing::TestPlace;
use kernel::{Actor, Assurance, Authenticator, Env, Error, Id, Login, Role, Secrets, Store, Timestamp, Vault, Writer};
use registry::commands::{
    AddCaseworker, AddPayer, Carrier, Draw, DrawReviews, ProposeDesignation, Tried, TryNotice, fold_holders,
};
use registry::import::{AccountRow, Written};
use registry::notice::{Language, Medium, Recipient};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::progress::Failure;
use registry::proposal::Holder;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use std::future::poll_fn;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Poll;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, block_in_place};

/// 2026-11-23T09:00:00Z.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_424_400_000_000);
pub const ANNA: &str = "cpr:6101701234";
pub const ANNA_IBAN: &str = "DK5000400440116243";
/// Who may bring payment files, and does.
pub const PUBLIC: &str = "Kommunen";
pub const PRIVATE: &str = "Pensionskassen";
/// The bank that comes in unless another is named, and fetches the files of both payers. [`ANNA`] has her account with it.
pub const BANK: &str = "Eksempelbanken";

/// A caseworker of [`PUBLIC`].
pub const CASEWORKER: &str = "clara";

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/example");

/// How a world differs from the usual one.
pub struct Wanted {
    pub sizes: Sizes,
    pub limits: Limits,
    pub tls: Option<TlsFiles>,
    pub proxies: Proxies,
    pub grace: Duration,
    /// Those of the store, unless the test has its own.
    pub interfaces: Option<Box<dyn Interfaces>>,
    /// Whether the tokens are those that the server itself believes, and not those of [`Issuer`].
    pub has_own_tokens: bool,
    pub clock: Clock,
    /// Who writes letters.
    pub sender: Option<letter::Sender>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            sizes: Sizes::default(),
            limits: Limits::default(),
            tls: None,
            proxies: Proxies::default(),
            grace: Duration::from_secs(60),
            interfaces: None,
            has_own_tokens: false,
            clock: Arc::new(|| NOW),
            sender: Some(sender()),
        }
    }
}

pub struct World {
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    /// Where the links of notices lead.
    pub notices: SocketAddr,
    pub service: Service,
    pub store: Store,
    /// The batches of [`PUBLIC`], the newest first.
    pub batches: Vec<String>,
    /// That of [`PRIVATE`].
    pub private_batch: String,
    pub issuer: Arc<AtomicBool>,
    pub tls: Option<Arc<edge::server::Tls>>,
    pub identity: Arc<edge::identity::Identity>,
    log: Shown,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<bool>,
    place: Option<TestPlace>,
    _folder: Option<TempDir>,
}

/// What the log says.
#[derive(Clone, Default)]
pub struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    /// What it says; all of it, when the server has stopped.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A token is a role and its scopes: `bank accounts feed`, written with dots. `bound.` before it wants a certificate. The name
/// of a bank or payer can stand behind the role.
/// Of people: `operator~anna`, `caseworker~bo`, `citizen~6101701234~high`.
struct Issuer {
    has_changed: Arc<AtomicBool>,
    vault: Vault,
}

impl Tokens for Issuer {
    fn verify(&self, token: &str, _: Timestamp, certificate: Option<&Thumbprint>) -> Result<Caller, BadToken> {
        let token = match token.strip_prefix("bound.") {
            Some(_) if certificate.is_none() => return Err(BadToken("token.binding")),
            Some(rest) => rest,
            None => token,
        };
        if token == "expired" {
            return Err(BadToken("token.expired"));
        }
        if token.starts_with("ended.") && self.has_changed.load(Ordering::Relaxed) {
            return Err(BadToken("token.client"));
        }
        let mut words = token.trim_start_matches("ended.").split('.');
        let (role, bank) = words.next().map(|word| word.split_once('~').unwrap_or((word, BANK))).unwrap_or_default();
        // No token has a colon in it.
        let scopes: Vec<String> = words.map(|scope| scope.replace('/', ":")).collect();
        let expires = Timestamp::from_micros(i64::MAX);
        let person = |actor: Actor| Caller { scopes: scopes.clone(), expires, ..Caller::person(actor) };
        match role {
            "operator" => return Ok(person(Actor::operator(bank))),
            "caseworker" => return Ok(person(Actor::caseworker(bank))),
            "citizen" => {
                let (number, level) = bank.split_once('~').unwrap_or((bank, "substantial"));
                let payee = PayeeId::parse(&format!("cpr:{number}")).ok_or(BadToken("token.claims"))?;
                let assurance = Assurance::parse(level).ok_or(BadToken("token.login"))?;
                let login = Login { assurance, authenticator: Authenticator::named("first"), at: NOW };
                return Ok(person(Actor::citizen(&payee.key(&self.vault), login)));
            }
            _ => {}
        }
        let role = Role::parse_client(role).ok_or(BadToken("token.signature"))?;
        let name = if bank == BANK { format!("a {}", role.name()) } else { bank.to_owned() };
        Ok(Caller {
            payer: match role {
                Role::PublicPayer | Role::PrivatePayer if bank != BANK => Some(bank.to_owned()),
                Role::PublicPayer => Some(PUBLIC.to_owned()),
                Role::PrivatePayer => Some(PRIVATE.to_owned()),
                _ => None,
            },
            bank: (role == Role::Bank).then(|| bank.replace('_', " ")),
            register: (role == Role::RegisterFeed)
                .then(|| if bank == BANK { "population".to_owned() } else { bank.to_owned() }),
            scopes,
            algorithm: "ES256",
            expires,
            ..Caller::client(role, &name)
        })
    }

    fn refresh(&self, _: &mut Writer) -> Result<bool, Error> {
        Ok(self.has_changed.load(Ordering::Relaxed))
    }
}

pub const PUBLIC_TOKEN: &str = "public-payer.payouts.waiting.resolve.verify.subscriptions.suspicions";
pub const PRIVATE_TOKEN: &str = "private-payer.payouts.waiting.verify";
pub const REGISTER_TOKEN: &str = "register-feed.register";
pub const COMPANIES_TOKEN: &str = "register-feed~companies.register";
pub const BANK_TOKEN: &str = "bank.accounts.feed.payouts/fetch.suspicions.returns.recalls";
pub const OPERATOR_TOKEN: &str = "operator~anna.controls.collectors.reviews.letters.notices.payees.designations.locks.contacts.suspicions.marks.cases.subscribers.returns.recalls.waiting";
pub const OTHER_OPERATOR_TOKEN: &str =
    "operator~bo.controls.collectors.reviews.letters.notices.payees.suspicions.marks.cases";
pub const OTHER_BANK_TOKEN: &str = "bank~Andelskassen_Eksempel.accounts.feed.payouts/fetch.suspicions.returns";

impl World {
    pub async fn new() -> Self {
        Self::with(Wanted::default()).await
    }

    pub async fn with(wanted: Wanted) -> Self {
        Self::of_routes(wanted, edge::routes::all()).await
    }

    pub async fn of_routes(wanted: Wanted, routes: Vec<edge::route::Route>) -> Self {
        let folder = TempDir::new().unwrap();
        let (place, populated) = block_in_place(|| {
            let place = TestPlace::empty(folder.path());
            let populated = populate(&place, folder.path());
            (place, populated)
        });
        let mut world = Self::over(populated, wanted, routes).await;
        (world.place, world._folder) = (Some(place), Some(folder));
        world
    }

    /// Another process before the same store, which lasts as long as the first.
    pub async fn another(&self, wanted: Wanted) -> Self {
        let populated = (self.store.clone(), self.batches.clone(), self.private_batch.clone());
        Self::over(populated, wanted, edge::routes::all()).await
    }

    async fn over(
        (store, batches, private_batch): (Store, Vec<String>, String),
        wanted: Wanted,
        routes: Vec<edge::route::Route>,
    ) -> Self {
        let (log, issuer, identity) = (Shown::default(), Arc::new(AtomicBool::new(false)), identity(&store));
        let tokens: Box<dyn Tokens> = match wanted.has_own_tokens {
            true => Box::new(identity.clone()),
            false => Box::new(Issuer { has_changed: issuer.clone(), vault: store.vault().clone() }),
        };
        let parts = Parts {
            store: store.clone(),
            routes,
            tokens,
            interfaces: wanted.interfaces.unwrap_or_else(|| Box::new(identity.clone())),
            identity: Some(identity.clone()),
            clock: wanted.clock,
            sizes: wanted.sizes,
            limits: wanted.limits,
            notices: Default::default(),
            stand_in: None,
            sender: wanted.sender,
            log: Box::new(log.clone()),
        };
        let (_, service) = block_in_place(|| Edge::start(parts)).unwrap();
        let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let options = Options {
            listen: local,
            metrics_listen: Some(local),
            notices_listen: Some(local),
            tls: wanted.tls,
            proxies: wanted.proxies,
            grace: wanted.grace,
        };
        let server = Server::bind(service.clone(), options).await.unwrap();
        let (address, metrics) = (server.address().unwrap(), server.metrics_address().unwrap());
        let (notices, tls) = (server.notices_address().unwrap(), server.tls().next());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(async { drop(stopped.await) }));
        Self {
            address,
            metrics,
            notices,
            service,
            store,
            batches,
            private_batch,
            issuer,
            tls,
            identity,
            log,
            stop: Some(stop),
            served,
            place: None,
            _folder: None,
        }
    }

    /// Tells it to stop.
    pub fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Whether all that was taken was finished.
    pub async fn stopped(&mut self) -> bool {
        if self.stop.is_some() {
            self.stop();
        }
        (&mut self.served).await.unwrap()
    }

    /// What can be asked what the log says.
    pub fn log(&self) -> Shown {
        self.log.clone()
    }

    /// Rows of a table are changed behind the program's back.
    pub fn damage(&self, table: &str, change: &str) {
        block_in_place(|| self.place.as_ref().unwrap().damage(table, &format!("UPDATE {table} SET {change}")));
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// One request over a connection of its own.
    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        exchange(self.connect().await, request).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(request(Method::GET, path, token, None)).await
    }

    pub async fn post(&self, path: &str, token: &str, json: &str) -> Answer {
        self.ask(request(Method::POST, path, token, Some(json))).await
    }

    /// A `POST` without a body.
    pub async fn done_to(&self, path: &str, token: &str) -> Answer {
        self.ask(request(Method::POST, path, token, None)).await
    }

    /// The name of a change that waits, of one bank's customer to an account with [`BANK`].
    pub async fn held(&self) -> String {
        let body = r#"{"hold":true,"changes":[{"action":"register","payee":"cpr:6201701235","account":"0040-7","reason":
            "user_request","consent":"phone"}]}"#;
        let answers = self.post("/v1/accounts", BANK_TOKEN, body).await.done();
        answers["answers"][0]["change"].as_str().unwrap().to_owned()
    }

    /// Draws so many accounts, whosever they are. The names of their reviews.
    pub fn reviews(&self, count: usize) -> Vec<String> {
        self.at_the_store(|writer| {
            let officer = Actor::operator("bo");
            while fold_holders(writer).unwrap() {}
            let draw =
                writer.read(|scope| Draw::find(scope, &officer, "2018".to_owned(), count, Some(0), NOW)).unwrap();
            let command = DrawReviews { draw, officer: officer.clone(), is_synthetic: false };
            let drawn = writer.execute(&command, &officer, &Env::new(NOW, 7)).unwrap();
            drawn.drawn.into_iter().map(|drawn| drawn.review).collect()
        })
    }

    /// Records a notice for each of these telephones, of which the last is sent, and all others are given up. Their names.
    pub fn told(&self, to: &[&str]) -> Vec<String> {
        self.at_the_store(|writer| {
            for to in to {
                let command = TryNotice { to: Recipient::parse(to).unwrap(), language: Language::Danish };
                writer.execute(&command, &Actor::console(), &Env::new(NOW, 0)).unwrap();
            }
            let carrier = Carrier { holder: Id::new(1) };
            let taken = carrier.take(writer, Medium::Sms, NOW, to.len()).unwrap();
            let mut tried: Vec<Tried> = Vec::new();
            for (notice, _) in &taken {
                let result = if tried.len() + 1 < to.len() { Err((Failure::Answer(400), None)) } else { Ok(()) };
                tried.push(Tried { notice: *notice, result });
            }
            carrier.tell(writer, &tried, NOW).unwrap();
            taken.iter().map(|(notice, _)| notice.name()).collect()
        })
    }

    /// Ends an old way in.
    pub fn end(&self, subject: &str, version: &str) {
        let subject = eid::phase_out::Subject::new(subject, version).unwrap();
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            let command = eid::commands::SetPhaseOut { subject, ends: Some(NOW) };
            writer.execute(&command, &Actor::console(), &Env::new(NOW, 0)).unwrap();
            self.identity.refresh(&mut writer).unwrap();
        });
    }

    /// What is done at the store itself.
    pub fn at_the_store<T>(&self, act: impl FnOnce(&mut Writer) -> T) -> T {
        block_in_place(|| act(&mut self.store.writer(Secrets::from_system()).unwrap()))
    }

    /// How many entries the journal has.
    pub fn entries(&self) -> u64 {
        self.at_the_store(|writer| writer.read(|scope| kernel::journal::size_and_root(scope.tx)).unwrap().0)
    }

    /// The name of a change to an account of [`BANK`] that this citizen proposes, who has the account that is expected. It is
    /// activated by a letter, where the controls want one.
    pub fn propose(&self, number: &str, expects: &str) -> String {
        self.at_the_store(|writer| {
            let vault = writer.store.vault().clone();
            let payee = format!("cpr:{number}");
            let login = Login { assurance: Assurance::High, authenticator: Authenticator::named("first"), at: NOW };
            let actor = Actor::citizen(&PayeeId::parse(&payee).unwrap().key(&vault), login);
            let written =
                Written { action: "register", payee: &payee, account: "0040-77", expects, ..Written::default() };
            let command = ProposeDesignation {
                actor: actor.clone(),
                row: AccountRow::read(&vault, &written).unwrap(),
                holder: Holder::Own,
                ground: None,
                is_locked: false,
                signature: None,
                once: None,
            };
            let env = Env::sample(NOW, &mut writer.secrets).unwrap();
            writer.execute(&command, &actor, &env).unwrap().id
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        block_in_place(|| drop(self.place.take()));
    }
}

/// A request; without a token where it is empty.
pub fn request(method: Method, path: &str, token: &str, json: Option<&str>) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if json.is_some() {
        request = request.header("content-type", "application/json");
    }
    request.body(Full::from(json.unwrap_or_default().to_owned())).unwrap()
}

/// What the first of these that is answered is told; and the others.
pub async fn first_answered(mut streams: Vec<TcpStream>) -> (String, Vec<TcpStream>) {
    let answered = poll_fn(|context| {
        let ready = streams.iter().position(|stream| stream.poll_read_ready(context).is_ready());
        ready.map_or(Poll::Pending, Poll::Ready)
    });
    let mut stream = streams.swap_remove(answered.await);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer, streams)
}

/// Sends a request over this connection, by HTTP/1.1.
pub async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Answer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driven = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    driven.await.unwrap().unwrap();
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn done(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// It is a problem document of this code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let json = self.json();
        assert_eq!((self.status, json["code"].as_str().unwrap()), (status, code), "{json}");
        assert_eq!(json["status"], status);
        assert_eq!(json["type"], format!("urn:anvis:problem:{code}"));
        assert_eq!(json["instance"], self.header("x-request-id"));
        assert_eq!(self.header("cache-control"), "no-store");
        json
    }
}

fn populate(place: &TestPlace, folder: &Path) -> (Store, Vec<String>, String) {
    let migrations: Vec<_> = services::migrations().collect();
    let mut secrets = Secrets::from_system();
    let key = folder.join("key");
    let store = Store::create(place.location(), &key, &migrations, true, &Env::new(NOW, 0), &mut secrets).unwrap();
    let mut writer = store.writer(secrets).unwrap();
    set_controls(&mut writer, FORMER);
    let vault = store.vault().clone();
    let population = registry::import::Population { vault: vault.clone(), refuse_replacement_numbers: false };
    import(&mut writer, &registry::import::Banks, "banks.csv");
    import(&mut writer, &population, "people.csv");
    let companies = registry::import::Companies { vault: vault.clone() };
    import(&mut writer, &companies, "companies.csv");
    let accounts = registry::import::Accounts {
        channel: registry::designation::Channel::Operator,
        by: "console".to_owned(),
        vault,
    };
    import(&mut writer, &accounts, "accounts.csv");
    for (name, kind) in [(PUBLIC, PayerKind::Public), (PRIVATE, PayerKind::Private)] {
        let cvr = denmark::Cvr::parse("13748136").unwrap();
        let bank = Some(BANK.to_owned());
        let agreement = Agreement {
            name: name.to_owned(),
            cvr,
            kind,
            no_account: NoAccount::Hold,
            bank,
            terms: registry::terms::Terms::default(),
        };
        writer.execute(&AddPayer { agreement }, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    }
    let key = kernel::PublicKey::from_bytes(
        PrivateKey::from_bytes(Algorithm::EdDsa, &[99; 32]).unwrap().public().to_ed25519().unwrap(),
    );
    let (name, authority, benefits) = (CASEWORKER.to_owned(), PUBLIC.to_owned(), Default::default());
    let caseworker = AddCaseworker { name, key, authority, benefits, in_person: true };
    writer.execute(&caseworker, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    for role in Role::ALL.into_iter().filter(|role| role.is_client()) {
        let registration = System::of(role).registration();
        writer.execute(&AddClient { registration }, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    }
    let private_batch = route(&mut writer, folder, PRIVATE, "MSG-P");
    let mut batches: Vec<String> =
        (1..=3).map(|number| route(&mut writer, folder, PUBLIC, &format!("MSG-{number}"))).collect();
    batches.reverse();
    (store, batches, private_batch)
}

/// What changes take effect at once by, unless they do not name the account that they replace: of tests that are not about waiting.
pub const FORMER: (&str, &[&str]) = ("2015", &["names_replaced=on"]);

/// Sets the controls to a set, and some of them otherwise.
pub fn set_controls(writer: &mut Writer, (set, changes): (&str, &[&str])) {
    let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let change = registry::control_change::ControlChange::new(Some(set), &changes).unwrap();
    let command = registry::commands::SetControls { change, is_synthetic: true };
    writer.execute(&command, &Actor::console(), &Env::new(NOW, 0)).unwrap();
}

pub fn import(writer: &mut Writer, source: &impl registry::import::Source, name: &str) {
    let mut env = || Env::new(NOW, 0);
    let file = std::fs::File::open(Path::new(EXAMPLES).join(name)).unwrap();
    registry::import::run(writer, source, file, &Actor::console(), &mut env, &mut |_| {}).unwrap();
}

/// The example's payment file, under this message id.
pub fn payment_file(message_id: &str) -> String {
    let file = include_str!("../../../../docs/example/payments.pain.001.xml");
    file.replace("MSG-1", message_id).replace("EXECUTION-DATE", "2026-11-25")
}

/// Routes the same for a payer; the files are in `out` of the folder.
pub fn route(writer: &mut Writer, folder: &Path, payer: &str, message_id: &str) -> String {
    let file = payment_file(message_id);
    let path = folder.join(format!("{message_id}.xml"));
    std::fs::write(&path, file).unwrap();
    let clock = || NOW;
    let out = folder.join("out");
    let request = payout::commands::Request { file: &path, payer, out: &out, hold_all: false, clock: &clock };
    let env = Env::sample(NOW, &mut writer.secrets).unwrap();
    let routed = payout::commands::route(writer, &request, &Actor::console(), &env, &mut |_| {}).unwrap();
    routed.unwrap().batch
}

/// Who writes letters.
fn sender() -> letter::Sender {
    let [name, url, telephone] = ["Anvis", "anvis.example", "70 00 00 00"].map(str::to_owned);
    letter::Sender { name, lines: vec!["Postboks 1".to_owned(), "1000 København K".to_owned()], url, telephone }
}

/// The authorization server; the tokens of most tests are an issuer's of their own.
fn identity(store: &Store) -> Arc<edge::identity::Identity> {
    let server = eid::server::Server::new("https://konto.example", None).unwrap();
    // The driver of a server has a runtime of its own, which cannot stand inside a test's.
    let open = || {
        let mut writer = store.writer(Secrets::from_system()).unwrap();
        edge::identity::Identity::open(server, vec![], &mut writer, NOW).unwrap()
    };
    std::thread::scope(|threads| threads.spawn(open).join().unwrap())
}

/// A client that is registered with a key and a certificate: one for each role, called as it.
pub struct System {
    pub role: Role,
    pub key: PrivateKey,
}

/// A certificate for each role, and one that is nobody's.
static CERTIFICATES: LazyLock<Vec<CertificateDer<'static>>> = LazyLock::new(|| {
    let make = |_| rcgen::generate_simple_self_signed(["client".to_owned()]).unwrap().cert.der().clone();
    (0..=Role::ALL.len()).map(make).collect()
});

impl System {
    pub fn of(role: Role) -> Self {
        let number = Role::ALL.iter().position(|one| *one == role).unwrap() as u8;
        Self { role, key: PrivateKey::from_bytes(Algorithm::Es256, &[number + 1; 32]).unwrap() }
    }

    /// The header by which the proxy hands its certificate on.
    pub fn certificate(&self) -> String {
        certificate_of(Role::ALL.iter().position(|one| *one == self.role).unwrap())
    }

    pub fn registration(&self) -> Registration {
        let role = self.role;
        let payer = match role {
            Role::PublicPayer => Some(PUBLIC.to_owned()),
            Role::PrivatePayer => Some(PRIVATE.to_owned()),
            _ => None,
        };
        let bank = (role == Role::Bank).then(|| BANK.to_owned());
        let register = (role == Role::RegisterFeed).then(|| "population".to_owned());
        let at = Role::ALL.iter().position(|one| *one == role).unwrap();
        let pem = pem(&CERTIFICATES[at]);
        Registration {
            name: role.name().to_owned(),
            party: Party::new(role, payer, bank, register).unwrap(),
            keys: vec![self.key.public().clone()],
            certificates: vec![eid::certificate::Certificate::read(pem.as_bytes()).unwrap()],
        }
    }
}

/// A certificate that is nobody's.
pub fn strange_certificate() -> String {
    certificate_of(Role::ALL.len())
}

fn certificate_of(at: usize) -> String {
    use base64::Engine;
    format!(":{}:", base64::engine::general_purpose::STANDARD.encode(&CERTIFICATES[at]))
}

fn pem(der: &CertificateDer<'_>) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// A world that believes certificates which are handed on to it.
pub fn behind_a_proxy() -> Wanted {
    let proxies = Proxies {
        trusted: vec![Network::parse("127.0.0.0/8").unwrap()],
        address_header: None,
        certificate_header: Some(HeaderName::from_static("client-cert")),
    };
    Wanted { proxies, ..Wanted::default() }
}
