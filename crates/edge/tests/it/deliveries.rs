//! What is given to others without their asking, over real connections and into real folders.

use crate::encrypted::Ca;
use crate::process::Process;
use crate::receiver::{Does, Receiver, Seen, first_arrivals};
use crate::support::{self, FORMER, NOW, set_controls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edge::delivery::{Deliveries, Giving, Patience};
use edge::server::TlsFiles;
use eid::commands::RotateSigningKey;
use eid::signing_key::{Rotation, published};
use kernel::testing::TestPlace;
use kernel::{Actor, Command, Env, Refusal, Secrets, Store, Timestamp};
use registry::commands::{AddDelivery, AddPayer, EndDelivery};
use registry::delivery::{Delivery, Endpoint, Place, Terms, Url, What};
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Population, Source};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::progress::{BACKOFF_SECONDS_MAX, HELD_SECONDS, Progress};
use registry::queries::{FeedBounds, deliveries, feed};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::block_in_place;

/// A store with a bank directory and a signing key, and a clock.
pub struct Country {
    pub store: Store,
    now: Arc<AtomicI64>,
    folder: TempDir,
    place: Option<TestPlace>,
    /// Account numbers and payees that were used.
    used: std::cell::Cell<u64>,
}

impl Country {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (place, store) = block_in_place(|| {
            let place = TestPlace::empty(folder.path());
            let migrations: Vec<_> = services::migrations().collect();
            let (env, mut secrets) = (Env::new(NOW, 0), Secrets::from_system());
            let key = folder.path().join("key");
            let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
            set_controls(&mut store.writer(secrets).unwrap(), FORMER);
            (place, store)
        });
        let now = Arc::new(AtomicI64::new(NOW.micros()));
        let this = Self { store, now, folder, place: Some(place), used: std::cell::Cell::default() };
        this.import(&Banks, "reg,bank,bic,country\n0040,North,,DK\n1020,South,,DK\n");
        this.execute(&RotateSigningKey::new(Rotation::First, &mut Secrets::from_system()).unwrap()).unwrap();
        this
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    pub fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub fn import(&self, source: &impl Source, content: &str) {
        let path = self.folder.path().join("import.csv");
        std::fs::write(&path, content).unwrap();
        let env = Env::new(self.now(), 0);
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            registry::import::run(&mut writer, source, file, &Actor::console(), &mut || env, &mut |_| {}).unwrap();
        });
    }

    /// So many first accounts with North, and one with South between each two.
    fn register(&self, count: u64) {
        let begin = self.used.replace(self.used.get() + count);
        let rows: String = (begin..begin + count)
            .map(|at| {
                let row = |payee, reg| format!("register,p:{payee},{reg}-{},,none,,,\n", at + 1);
                row(1_000_000_000 + at, "0040") + &row(1_500_000_000 + at, "1020")
            })
            .collect();
        let accounts =
            Accounts { channel: Channel::Operator, by: "console".to_owned(), vault: self.store.vault().clone() };
        self.import(&accounts, &format!("{}\n{rows}", Accounts::HEADER.join(",")));
    }

    pub fn execute<C: Command>(&self, command: &C) -> Result<C::Output, Refusal> {
        let env = Env::new(self.now(), 0);
        let done = block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.execute(command, &Actor::console(), &env)
        });
        done.map_err(|error| match error {
            kernel::Error::Refused(refusal) => refusal,
            other => panic!("{other}"),
        })
    }

    fn add(&self, name: &str, place: Place) {
        self.try_add(name, "North", place).unwrap();
    }

    fn try_add(&self, name: &str, bank: &str, place: Place) -> Result<(), Refusal> {
        let terms = Terms { name: name.to_owned(), what: What::Messages, whose: bank.to_owned(), place };
        self.execute(&AddDelivery { terms, from_the_beginning: false })
    }

    /// How far each delivery is.
    fn list(&self) -> Vec<(Delivery, Progress)> {
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.read(|scope| deliveries(scope, &Actor::console())).unwrap()
        })
    }

    fn progress(&self) -> Progress {
        self.list()[0].1.clone()
    }

    fn last_code(&self) -> String {
        self.progress().last_failure.map(|failed| failed.code).unwrap_or_default()
    }

    /// The ids of all messages of North since the beginning.
    fn ids(&self) -> Vec<String> {
        let bounds = FeedBounds { messages: 100_000, rows: 100_000 };
        let all = block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.read(|scope| feed(scope, &Actor::console(), "North", None, bounds)).unwrap()
        });
        all.messages.into_iter().map(|message| message.id).collect()
    }

    /// One process's part in them.
    pub fn process(&self) -> Process<Giving> {
        self.patient(Patience { answer: Duration::from_secs(60), ..Patience::default() })
    }

    fn patient(&self, patience: Patience) -> Process<Giving> {
        Process::start(&self.store, &self.now, patience, Deliveries::start)
    }
}

impl Drop for Country {
    fn drop(&mut self) {
        block_in_place(|| drop(self.place.take()));
    }
}

impl Process<Giving> {
    pub async fn round(&self) {
        self.rounds.round().await;
    }
}

pub fn server(url: &str) -> Place {
    Place::Server(Endpoint { url: Url::parse(url).unwrap(), ca: None, identity: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_connections_nothing_is_left_out_and_nothing_comes_before_its_turn() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.add("north", server(&receiver.url));
    let process = country.process();
    receiver.does(&[
        Does::HangUp,
        Does::Take,
        Does::Answer("500 Internal Server Error"),
        Does::Half,
        Does::CutOff,
        Does::Answer("302 Found\r\nlocation: http://127.0.0.1:1/"),
        Does::Answer("404 Not Found"),
        Does::Take,
        Does::CutOff,
    ]);
    country.register(250);
    let mut codes = Vec::new();
    for round in 0..9 {
        if round == 4 {
            country.register(60);
        }
        process.round().await;
        codes.extend(country.progress().last_failure.filter(|failed| failed.at == country.now()).map(|failed| {
            let status = failed.status.map(|status| format!(" {status}")).unwrap_or_default();
            failed.code.trim_start_matches("delivery.").to_owned() + &status
        }));
        country.later(BACKOFF_SECONDS_MAX);
    }
    assert_eq!(codes, ["cut_off", "answer 500", "cut_off", "cut_off", "answer 302", "answer 404", "cut_off"]);
    let seen = receiver.all();
    assert_eq!(first_arrivals(&seen), country.ids());
    let (progress, ids) = (country.progress(), country.ids());
    assert_eq!((progress.items, progress.failures, progress.parcels), (310, 0, 4));
    assert!(seen.iter().all(|seen| seen.ids().is_sorted() && seen.ids().len() <= 100));
    // The same parcel again has the same name.
    let names: Vec<&str> = seen.iter().map(|seen| seen.headers["idempotency-key"].as_str()).collect();
    assert_eq!(names[0], format!("north-{}-{}", ids[0], ids[99]));
    assert_eq!(names[1], names[2], "{names:?}");
    assert_eq!(seen[1].body, seen[2].body);
    // Whoever has taken everything is left alone.
    process.round().await;
    assert_eq!(receiver.all().len(), 0);
    for line in [
        "anvis_delivery_tries_total{what=\"messages\",was=\"taken\"} 4",
        "anvis_delivery_tries_total{what=\"messages\",was=\"not_taken\"} 7",
        "anvis_delivery_items_total{what=\"messages\"} 310",
        "anvis_deliveries{state=\"good\"} 1",
        "anvis_deliveries{state=\"failing\"} 0",
    ] {
        process.shows(line);
    }
    let log = process.log();
    assert!(log.contains("north: it was answered 500"), "{log}");
    assert!(!log.contains("p:10") && !log.contains("DK"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_says_whom_it_is_for_and_is_signed() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.add("north", server(&receiver.url));
    country.register(2);
    country.process().round().await;
    let seen = receiver.next().await;
    assert_eq!(seen.line, "POST /anvis/in HTTP/1.1");
    let json = seen.json();
    assert_eq!(json["bank"], "North");
    let message = &json["messages"][0];
    assert_eq!((&message["event"], &message["payee"]), (&"registered".into(), &"p:1000000000".into()));
    assert_eq!(message["channel"], "operator");
    assert!(message["account"].as_str().unwrap().ends_with("00400000000001"), "{message}");
    assert!(!String::from_utf8_lossy(&seen.body).contains("1020"), "it holds another bank's account");

    let header = |name: &str| seen.headers[name].as_str();
    let digest = STANDARD.encode(Sha256::digest(&seen.body));
    assert_eq!(header("content-digest"), format!("sha-256=:{digest}:"));
    assert_eq!(header("content-type"), "application/json");
    let parameters = header("signature-input").strip_prefix("sig=").unwrap();
    let names =
        "(\"@method\" \"@target-uri\" \"content-digest\" \"content-length\" \"content-type\" \"idempotency-key\")";
    let rest = parameters.strip_prefix(names).unwrap();
    let mut base = format!("\"@method\": POST\n\"@target-uri\": {}\n", receiver.url);
    for name in ["content-digest", "content-length", "content-type", "idempotency-key"] {
        base += &format!("\"{name}\": {}\n", header(name));
    }
    base += &format!("\"@signature-params\": {parameters}");
    let signature = header("signature").strip_prefix("sig=:").unwrap().strip_suffix(':').unwrap();
    let signature = STANDARD.decode(signature).unwrap().try_into().unwrap();
    let keys = block_in_place(|| {
        let mut writer = country.store.writer(Secrets::from_system()).unwrap();
        writer.read(eid::queries::signing_keys).unwrap()
    });
    let key = published(&keys, NOW).next().unwrap();
    let created = NOW.micros() / 1_000_000;
    assert_eq!(rest, format!(";created={created};keyid=\"{}\";alg=\"ecdsa-p256-sha256\"", key.kid()));
    assert!(key.verifies(base.as_bytes(), &signature));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_slow_or_not_there_is_tried_again() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.add("north", server(&receiver.url));
    country.register(1);
    let hasty = country.patient(Patience { answer: Duration::from_millis(50), ..Patience::default() });
    receiver.does(&[Does::Wait]);
    hasty.round().await;
    assert_eq!(country.last_code(), "delivery.timeout");
    // Not before its time.
    hasty.round().await;
    assert_eq!(receiver.all().len(), 1);
    let first = country.progress();
    country.later(BACKOFF_SECONDS_MAX);
    receiver.does(&[Does::Answer("503 Service Unavailable\r\nretry-after: 600")]);
    let process = country.process();
    process.round().await;
    let asked = country.progress();
    assert_eq!(asked.next_try, country.now().minus_seconds(-600));
    assert_eq!((first.failures, asked.failures, asked.position), (1, 2, first.position));
    country.later(599);
    process.round().await;
    assert_eq!(country.progress(), asked);
    country.later(1);
    // It was started anew elsewhere: the operator says where, and it is tried at once.
    let mut elsewhere = Receiver::new().await;
    let gone = std::mem::replace(&mut receiver, Receiver::new().await);
    let url = gone.url.clone();
    drop(gone);
    assert!(url != elsewhere.url);
    process.round().await;
    assert!(["delivery.unreachable", "delivery.cut_off"].contains(&country.last_code().as_str()));
    country.add("north", server(&elsewhere.url));
    process.round().await;
    assert_eq!(elsewhere.next().await.ids(), country.ids());
    assert_eq!(country.progress().failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_ended_or_sent_elsewhere_meanwhile_is_so_from_the_next_parcel_on() {
    let country = Country::new();
    let (mut former, mut present) = (Receiver::new().await, Receiver::new().await);
    country.add("north", server(&former.url));
    country.register(350);
    let process = country.process();
    former.does(&[Does::Wait]);
    present.does(&[Does::Take, Does::Wait]);
    let ids = country.ids();
    tokio::join!(process.round(), async {
        assert_eq!(former.next().await.ids(), ids[..100]);
        country.add("north", server(&present.url));
        former.go_on();
        assert_eq!(present.next().await.ids(), ids[100..200]);
        assert_eq!(present.next().await.ids(), ids[200..300]);
        country.execute(&EndDelivery { name: "north".to_owned() }).unwrap();
        present.go_on();
    });
    assert_eq!((former.all().len(), present.all().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_do_not_give_the_same_at_once() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.add("north", server(&receiver.url));
    country.register(450);
    let (one, other) = (country.process(), country.process());
    tokio::join!(one.round(), other.round(), one.round(), other.round());
    // Whoever was in another's way goes on in the next round.
    tokio::join!(one.round(), other.round());
    let seen = receiver.all();
    assert_eq!(seen.iter().flat_map(Seen::ids).collect::<Vec<_>>(), country.ids(), "in order, and each once");
    assert_eq!(country.progress().parcels, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_from_one_that_seems_gone_leaves_nothing_out() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.add("north", server(&receiver.url));
    country.register(150);
    let (slow, other) = (country.process(), country.process());
    receiver.does(&[Does::Wait]);
    let waiting = tokio::spawn({
        let deliveries = slow.rounds.clone();
        async move { deliveries.round().await }
    });
    let first = receiver.next().await;
    other.round().await;
    assert_eq!(receiver.all().len(), 0, "somebody is at it");
    country.later(HELD_SECONDS);
    other.round().await;
    let taken_over = receiver.all();
    assert_eq!(taken_over[0].body, first.body);
    let done = country.progress();
    assert_eq!((done.items, done.parcels), (150, 2));
    // The first one is answered at last, and takes nothing back.
    receiver.go_on();
    waiting.await.unwrap();
    assert_eq!(country.progress(), done);
    let seen: Vec<Seen> = std::iter::once(first).chain(taken_over).chain(receiver.all()).collect();
    assert_eq!(first_arrivals(&seen), country.ids());
    // One that is killed in the middle is followed by one that knows nothing of it.
    country.register(10);
    receiver.does(&[Does::Wait]);
    let killed = tokio::spawn({
        let deliveries = slow.rounds.clone();
        async move { deliveries.round().await }
    });
    let cut_off = receiver.next().await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    country.later(HELD_SECONDS);
    other.round().await;
    assert_eq!(receiver.next().await.ids(), cut_off.ids());
    assert_eq!(country.progress().items, 160);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_is_trusted_is_given_anything() {
    let country = Country::new();
    let (ca, clients, strangers) = (Ca::new(), Ca::new(), Ca::new());
    let path = |name: &str| country.folder.path().join(name);
    let write = |name: &str, content: &str| {
        std::fs::write(path(name), content).unwrap();
        path(name)
    };
    let made = ca.issue("localhost");
    let files = TlsFiles {
        certificate: write("server.pem", &made.certificate),
        key: write("server.key", &made.key),
        client_ca: Some(write("clients.pem", &clients.pem())),
    };
    let mut receiver = Receiver::encrypted(&files).await;
    let (known, stranger) = (clients.issue("anvis"), strangers.issue("anvis"));
    let identity = |name: &str, certificate: &str, key: &str| {
        Some((write(&format!("{name}.pem"), certificate), write(&format!("{name}.key"), key)))
    };
    let own = identity("own", &known.certificate, &known.key);
    let strange = identity("strange", &stranger.certificate, &stranger.key);
    let mixed = identity("mixed", &known.certificate, &stranger.key);
    let authority = |ca: &Ca| Some(write("ca.pem", &ca.pem()));
    let process = country.process();
    country.add("north", server("http://127.0.0.1:1/"));
    country.register(1);
    let mut check = async |ca: Option<PathBuf>, identity: Option<(PathBuf, PathBuf)>, code: &str| {
        let url = Url::parse(&receiver.url).unwrap();
        country.add("north", Place::Server(Endpoint { url, ca, identity }));
        process.round().await;
        let progress = country.progress();
        let last = progress.last_failure.filter(|failed| failed.at == country.now());
        assert_eq!(last.map(|failed| failed.code).unwrap_or_default(), code);
        country.later(1);
        receiver.all().len()
    };
    assert_eq!(check(None, own.clone(), "delivery.encryption").await, 0);
    assert_eq!(check(authority(&strangers), own.clone(), "delivery.encryption").await, 0);
    // In TLS 1.3 a client learns that it is not let in after it has begun to send.
    for identity in [None, strange] {
        assert_eq!(check(authority(&ca), identity, "delivery.cut_off").await, 0);
    }
    assert_eq!(check(authority(&ca), mixed, "delivery.certificate").await, 0);
    assert_eq!(check(Some(path("none.pem")), own.clone(), "delivery.certificate").await, 0);
    let missing = Some((path("none.pem"), path("none.key")));
    assert_eq!(check(authority(&ca), missing, "delivery.certificate").await, 0);
    assert_eq!(check(authority(&ca), own, "").await, 1);
}

fn files_of(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_filled_in_order_and_its_files_are_whole() {
    let country = Country::new();
    let folder = country.folder.path().join("to-north");
    country.add("north", Place::Folder(folder.clone()));
    country.register(120);
    let process = country.process();
    process.round().await;
    assert_eq!(country.last_code(), "delivery.folder");
    assert!(process.log().contains("to-north could not be locked"), "{}", process.log());
    std::fs::create_dir(&folder).unwrap();
    // What a killed process left is written over.
    std::fs::write(folder.join(".north.part"), "x".repeat(100_000)).unwrap();
    country.later(BACKOFF_SECONDS_MAX);
    process.round().await;
    let ids = country.ids();
    let expected =
        [(0, 99), (100, 119)].map(|(first, last)| format!("north-{}-{}.json", ids[first], ids[last])).to_vec();
    assert_eq!(files_of(&folder), expected);
    let read = || {
        let contents = files_of(&folder).into_iter().flat_map(|name| {
            let json: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
            assert_eq!(json["bank"], "North");
            json["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        });
        contents.collect::<Vec<_>>()
    };
    assert_eq!(read(), ids);
    // Whoever reads takes files away; what comes later goes on.
    for name in files_of(&folder) {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    country.register(3);
    // Whoever takes files away leads it to no other file.
    let other = country.folder.path().join("other");
    std::fs::write(&other, "other").unwrap();
    symlink(&other, folder.join(".north.part")).unwrap();
    process.round().await;
    assert_eq!(read(), country.ids()[120..]);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "other");
    for name in files_of(&folder) {
        let mode = std::fs::symlink_metadata(folder.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "others read nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_registered_and_ended() {
    let country = Country::new();
    let mut receiver = Receiver::new().await;
    country.register(1);
    let code = |result: Result<(), Refusal>| result.err().map_or("", |refusal| refusal.code);
    let url = receiver.url.clone();
    let place = || server(&url);
    assert_eq!(code(country.try_add("../north", "North", place())), "delivery.name");
    assert_eq!(code(country.try_add("north", "Nowhere", place())), "delivery.bank_unknown");
    assert_eq!(country.execute(&EndDelivery { name: "north".to_owned() }).unwrap_err().code, "delivery.unknown");
    country.add("north", place());
    country.add("north", place());
    assert_eq!(code(country.try_add("north", "South", place())), "delivery.name_taken");
    let process = country.process();
    process.round().await;
    // It begins with what comes after it was registered.
    assert_eq!(receiver.all().len(), 0);
    country.register(1);
    process.round().await;
    assert_eq!(receiver.next().await.ids(), country.ids()[1..]);
    let terms = Terms { name: "all".to_owned(), what: What::Messages, whose: "North".to_owned(), place: place() };
    country.execute(&AddDelivery { terms, from_the_beginning: true }).unwrap();
    process.round().await;
    assert_eq!(receiver.next().await.ids(), country.ids());
    for is_new in [true, false] {
        assert_eq!(country.execute(&EndDelivery { name: "all".to_owned() }), Ok(is_new));
    }
    assert_eq!(code(country.try_add("all", "North", place())), "delivery.ended");
    country.register(1);
    process.round().await;
    assert_eq!(receiver.next().await.ids(), country.ids()[2..]);
    assert_eq!(receiver.all().len(), 0);
    let ended: Vec<(String, bool)> =
        country.list().into_iter().map(|(delivery, _)| (delivery.terms.name, delivery.is_ended)).collect();
    assert_eq!(ended, [("north".to_owned(), false), ("all".to_owned(), true)]);
    block_in_place(|| {
        let mut writer = country.store.writer(Secrets::from_system()).unwrap();
        writer.read(|scope| services::verify(scope, None, &mut |_| {})).unwrap();
    });
}

/// The payer's file under this message id, completed.
fn routed(country: &Country, payer: &str, message_id: &str) -> (String, Vec<u8>) {
    let folder = country.folder.path();
    let batch = block_in_place(|| {
        let mut writer = country.store.writer(Secrets::from_system()).unwrap();
        support::route(&mut writer, folder, payer, message_id)
    });
    let completed = std::fs::read(folder.join(format!("out/bank/{batch}.pain.001.xml"))).unwrap();
    (batch, completed)
}

#[tokio::test(flavor = "multi_thread")]
async fn completed_files_go_to_their_payers_bank_byte_for_byte() {
    let country = Country::new();
    block_in_place(|| {
        let vault = country.store.vault().clone();
        let mut writer = country.store.writer(Secrets::from_system()).unwrap();
        support::import(&mut writer, &Banks, "banks.csv");
        let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        support::import(&mut writer, &population, "people.csv");
        support::import(&mut writer, &Companies { vault: vault.clone() }, "companies.csv");
        support::import(
            &mut writer,
            &Accounts { channel: Channel::Operator, by: "console".to_owned(), vault },
            "accounts.csv",
        );
    });
    for (name, bank) in [("of South", Some("South")), ("of another", Some("Eksempelbanken")), ("of none", None)] {
        let agreement = Agreement {
            name: name.to_owned(),
            cvr: denmark::Cvr::parse("13748136").unwrap(),
            kind: PayerKind::Private,
            no_account: NoAccount::Reject,
            bank: bank.map(str::to_owned),
            terms: registry::terms::Terms::default(),
        };
        country.execute(&AddPayer { agreement }).unwrap();
    }
    let mut receiver = Receiver::new().await;
    let folder = country.folder.path().join("to-south");
    std::fs::create_dir(&folder).unwrap();
    for (name, place) in [("server", server(&receiver.url)), ("folder", Place::Folder(folder.clone()))] {
        let terms = Terms { name: name.to_owned(), what: What::Files, whose: "South".to_owned(), place };
        country.execute(&AddDelivery { terms, from_the_beginning: name == "folder" }).unwrap();
    }
    let expected: Vec<_> = ["MSG-1", "MSG-2", "MSG-3"].map(|id| routed(&country, "of South", id)).to_vec();
    routed(&country, "of another", "MSG-4");
    routed(&country, "of none", "MSG-5");
    let process = country.process();
    receiver.does(&[Does::Take, Does::CutOff]);
    process.round().await;
    let sent = receiver.all();
    let seen = |seen: &Seen| (seen.headers["idempotency-key"].clone(), seen.body.clone());
    assert_eq!(sent.iter().map(seen).collect::<Vec<_>>(), expected[..2]);
    for Seen { headers, body, .. } in &sent {
        assert_eq!(headers["content-type"], "application/xml");
        assert_eq!(headers["content-digest"], format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body))));
        assert!(headers["signature-input"].contains("\"content-digest\""), "{headers:?}");
    }
    country.later(BACKOFF_SECONDS_MAX);
    process.round().await;
    assert_eq!(receiver.all().iter().map(seen).collect::<Vec<_>>(), expected[1..]);
    let read = |name: String| {
        let content = std::fs::read(folder.join(&name)).unwrap();
        (name.trim_end_matches(".pain.001.xml").to_owned(), content)
    };
    let put: Vec<_> = files_of(&folder).into_iter().map(read).collect();
    let mut sorted = expected.clone();
    sorted.sort();
    assert_eq!(put, sorted);
    for (_, progress) in country.list() {
        assert_eq!((progress.items, progress.failures), (3, 0));
    }
    process.shows("anvis_delivery_items_total{what=\"files\"} 6");
}
