//! Notices that go out over real connections and into real folders.

use crate::encrypted::Ca;
use crate::post_office::{Handles, PostOffice};
use crate::process::{Process, counts};
use crate::receiver::{Does, Receiver, Seen};
use crate::support::NOW;
use edge::delivery::Patience;
use edge::notices::{DigitalPost, Email, MailFrom, MailPlace, MailServer, Notices, Sms, Transports};
use edge::server::TlsFiles;
use kernel::testing::TestPlace;
use kernel::{Actor, Env, Secrets, Store, Timestamp};
use registry::account::DesignatedAccount;
use registry::commands::{AddPayer, ReportSuspicion, RetryNotices, Suspected, SuspectedPayout, TryNotice};
use registry::delivery::{Endpoint, Place, Url};
use registry::notice::{Language, Recipient};
use registry::notice_progress::{BACKOFF, NoticeState, TRIES_MAX};
use registry::notice_text::StopUrl;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::progress::HELD_SECONDS;
use registry::queries::{NoticeView, notices};
use registry::resolve::payer_by_name;
use registry::suspicion::{Reason, Source};
use registry::terms::{Contact, Terms};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::block_in_place;

const SMS: &str = "sms:+4512345678";
const EMAIL: &str = "email:anna@mail.example";
const POST: &str = "digital_post:cpr:6101701234";

/// A store that has something to tell, and a clock.
struct Office {
    store: Store,
    now: Arc<AtomicI64>,
    folder: TempDir,
    place: Option<TestPlace>,
}

impl Office {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (place, store) = block_in_place(|| {
            let place = TestPlace::empty(folder.path());
            let migrations: Vec<_> = services::migrations().collect();
            let (env, mut secrets) = (Env::new(NOW, 0), Secrets::from_system());
            let key = folder.path().join("key");
            let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
            (place, store)
        });
        Self { store, now: Arc::new(AtomicI64::new(NOW.micros())), folder, place: Some(place) }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has something to tell them.
    fn tell(&self, to: &[&str]) {
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            for to in to {
                let command = TryNotice { to: Recipient::parse(to).unwrap(), language: Language::Danish };
                writer.execute(&command, &Actor::console(), &Env::new(self.now(), 0)).unwrap();
            }
        });
    }

    fn retry(&self) -> usize {
        let command = RetryNotices { notice: None, why: "it was mended".to_owned() };
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.execute(&command, &Actor::console(), &Env::new(self.now(), 0)).unwrap()
        })
    }

    fn list(&self, state: NoticeState) -> Vec<NoticeView> {
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.read(|scope| notices(scope, &Actor::console(), state, 1_000)).unwrap()
        })
    }

    /// The code and status of the last failure of the only one that is not sent.
    fn last_failure(&self) -> String {
        let open = [NoticeState::Waiting, NoticeState::Dead].map(|state| self.list(state)).concat();
        let [view] = &open[..] else { panic!("{open:?}") };
        let status = view.last_status.map(|status| format!(" {status}")).unwrap_or_default();
        let code = view.last_code.clone().unwrap_or_default();
        format!("{} {}{status}", view.state, code.trim_start_matches("delivery."))
    }

    /// One process.
    fn process(&self, transports: Transports) -> Process<Transports> {
        let patience = Patience { answer: Duration::from_secs(60), ..Patience::default() };
        Process::start(&self.store, &self.now, patience, |means| Notices::start(means, transports))
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        block_in_place(|| drop(self.place.take()));
    }
}

impl Process<Transports> {
    /// How many were sent, failed and were given up in a round.
    async fn round(&self) -> (u64, u64, u64) {
        counts(self.rounds.round().await)
    }
}

fn server(url: &str) -> Place {
    Place::Server(Endpoint { url: Url::parse(url).unwrap(), ca: None, identity: None })
}

fn transports() -> Transports {
    Transports { stop_url: StopUrl::parse("https://anvis.example/stop"), ..Transports::default() }
}

fn by_sms(place: Place) -> Transports {
    Transports { sms: Some(Sms { place, token: None }), ..transports() }
}

fn by_email(place: MailPlace) -> Transports {
    let from = MailFrom::parse("no-reply@anvis.example").unwrap();
    Transports { email: Some(Email { place, from }), ..transports() }
}

fn by_post(place: Place) -> Transports {
    let sender = denmark::Cvr::parse("34051178").unwrap();
    Transports { digital_post: Some(DigitalPost { place, sender }), ..transports() }
}

fn mail_server(port: u16) -> MailPlace {
    MailPlace::Server(MailServer::parse(&format!("smtp://127.0.0.1:{port}")).unwrap())
}

fn files_of(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn keys(seen: &[Seen]) -> BTreeSet<&str> {
    seen.iter().map(|seen| seen.headers["idempotency-key"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_connections_a_message_arrives_under_one_reference() {
    let office = Office::new();
    let mut gateway = Receiver::new().await;
    std::fs::write(office.path("token"), "secret-token\n").unwrap();
    let mut ways = by_sms(server(&gateway.url));
    ways.sms.as_mut().unwrap().token = Some(office.path("token"));
    let process = office.process(ways);
    office.tell(&[SMS]);
    gateway.does(&[
        Does::HangUp,
        Does::Half,
        Does::CutOff,
        Does::Answer("500 Internal Server Error"),
        Does::Answer("302 Found\r\nlocation: http://127.0.0.1:1/"),
        Does::Answer("401 Unauthorized"),
    ]);
    let mut codes = Vec::new();
    for _ in 0..6 {
        assert_eq!(process.round().await, (0, 1, 0));
        assert_eq!(process.round().await, (0, 0, 0), "not before its time");
        codes.push(office.last_failure());
        office.later(BACKOFF.seconds_max);
    }
    let expected = ["cut_off", "cut_off", "cut_off", "answer 500", "answer 302", "answer 401"];
    assert_eq!(codes, expected.map(|code| format!("waiting {code}")));
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(process.round().await, (0, 0, 0));
    let seen = gateway.all();
    assert_eq!((seen.len(), keys(&seen).len()), (5, 1), "the first two were not read whole");
    let last = seen.last().unwrap();
    let sent = &office.list(NoticeState::Sent)[0];
    assert_eq!((sent.tries, last.headers["idempotency-key"].as_str()), (7, sent.reference.as_str()));
    assert_eq!(last.headers["authorization"], "Bearer secret-token");
    let json = last.json();
    assert_eq!((&json["to"], &json["reference"]), (&"+4512345678".into(), &sent.reference.as_str().into()));
    assert!(json["text"].as_str().unwrap().starts_with("Dette er en prøve: "), "{json}");
    for line in [
        "anvis_notice_tries_total{medium=\"sms\",was=\"sent\"} 1",
        "anvis_notice_tries_total{medium=\"sms\",was=\"failed\"} 6",
        "anvis_notices{medium=\"sms\",state=\"waiting\"} 0",
    ] {
        process.shows(line);
    }
    let log = process.log();
    assert!(log.contains(&format!("{} by sms: it was answered 500", sent.notice)), "{log}");
    assert!(!log.contains("1234567") && !log.contains("secret"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_takes_an_email_or_says_why_not() {
    let office = Office::new();
    let post_office = PostOffice::new().await;
    let process = office.process(by_email(mail_server(post_office.port)));
    office.tell(&[EMAIL]);
    let check = async |handles: Handles, code: &str| {
        post_office.handles(&[handles]);
        process.round().await;
        assert_eq!(office.last_failure(), code, "{handles:?}");
        office.later(BACKOFF.seconds_max);
    };
    check(Handles::Greet("421 not now\r\n"), "waiting answer 421").await;
    check(Handles::Greet("what is this\r\n"), "waiting cut_off").await;
    check(Handles::Recipient("451 later\r\n"), "waiting answer 451").await;
    check(Handles::Content("554 spam\r\n"), "waiting answer 554").await;
    assert_eq!(post_office.all(), []);
    // It was taken, and nobody knows here: it comes a second time, and the same.
    post_office.handles(&[Handles::Lose]);
    process.round().await;
    let first = post_office.all();
    office.later(BACKOFF.seconds_max);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(post_office.all(), first);
    let [mail] = &first[..] else { panic!("{first:?}") };
    let reference = &office.list(NoticeState::Sent)[0].reference;
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("no-reply@anvis.example", "anna@mail.example"));
    assert_eq!(mail.header("Message-ID"), format!("<{reference}@anvis.example>"));
    assert!(mail.content.contains("Dette er en pr=C3=B8ve."), "{}", mail.content);

    // Nobody is there of that name: nobody tries any more.
    office.tell(&[EMAIL]);
    post_office.handles(&[Handles::Recipient("550 5.1.1 no such box\r\n")]);
    assert_eq!(process.round().await, (0, 0, 1));
    assert_eq!(office.last_failure(), "dead answer 550");
    office.later(BACKOFF.seconds_max);
    assert_eq!(process.round().await, (0, 0, 0));
    process.shows("anvis_notices{medium=\"email\",state=\"dead\"} 1");
    process.shows("anvis_notice_tries_total{medium=\"email\",was=\"dead\"} 1");
    assert!(!process.log().contains("anna"), "{}", process.log());
    // Until an operator says so.
    assert_eq!(office.retry(), 1);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(post_office.all().len(), 1);
    process.shows("anvis_notices{medium=\"email\",state=\"dead\"} 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_is_trusted_is_given_an_email() {
    let office = Office::new();
    let (ca, strangers) = (Ca::new(), Ca::new());
    let write = |name: &str, content: &str| {
        std::fs::write(office.path(name), content).unwrap();
        office.path(name)
    };
    let made = ca.issue("localhost");
    let (certificate, key) = (write("server.pem", &made.certificate), write("server.key", &made.key));
    let post_office = PostOffice::encrypted(&TlsFiles { certificate, key, client_ca: None }).await;
    office.tell(&[EMAIL]);
    let check = async |ca: Option<PathBuf>, login: Option<PathBuf>, expected: Option<&str>| {
        let mut server = MailServer::parse(&format!("smtps://localhost:{}", post_office.port)).unwrap();
        (server.ca, server.login) = (ca, login);
        office.process(by_email(MailPlace::Server(server))).round().await;
        match expected {
            Some(code) => assert_eq!(office.last_failure(), format!("waiting {code}")),
            None => assert_eq!(office.list(NoticeState::Sent).len(), 1),
        }
        office.later(BACKOFF.seconds_max);
        post_office.all().len()
    };
    let of = |ca: &Ca| Some(write("ca.pem", &ca.pem()));
    assert_eq!(check(of(&strangers), None, Some("encryption")).await, 0);
    assert_eq!(check(None, None, Some("encryption")).await, 0);
    assert_eq!(check(Some(office.path("none.pem")), None, Some("certificate")).await, 0);
    assert_eq!(check(of(&ca), Some(office.path("none")), Some("certificate")).await, 0);
    // It wants no login, and is told none.
    assert_eq!(check(of(&ca), Some(write("login", "anvis\nsecret\n")), Some("cut_off")).await, 0);
    assert_eq!(check(of(&ca), None, None).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn digital_post_goes_to_a_server_as_it_goes_to_a_folder() {
    let office = Office::new();
    let mut box_of_all = Receiver::new().await;
    office.tell(&[POST, "digital_post:cvr:13748136"]);
    assert_eq!(office.process(by_post(server(&box_of_all.url))).round().await, (2, 0, 0));
    let mut seen = box_of_all.all();
    seen.sort_by_key(|seen| seen.headers["idempotency-key"].clone());
    assert_eq!(keys(&seen).len(), 2);
    for Seen { line, headers, body } in &seen {
        let xml = std::str::from_utf8(body).unwrap();
        assert_eq!((line.as_str(), headers["content-type"].as_str()), ("POST /anvis/in HTTP/1.1", "application/xml"));
        assert!(xml.contains(&format!("<memo:messageUUID>{}<", headers["idempotency-key"])), "{xml}");
        assert!(xml.contains("<memo:senderID>34051178<"), "{xml}");
    }
    let all: String = seen.iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
    assert!(all.contains("<memo:recipientID>6101701234<") && all.contains("<memo:recipientID>13748136<"), "{all}");
}

/// A report about a payment of a payer that has named whom it is told; its name.
fn report(office: &Office) -> String {
    let terms = Terms { contact: Contact::parse("Nina <nina@payer.example>"), ..Terms::default() };
    let (name, cvr) = ("Payer".to_owned(), denmark::Cvr::parse("13748136").unwrap());
    let (kind, no_account) = (PayerKind::Public, NoAccount::Reject);
    let add = AddPayer { agreement: Agreement { name, cvr, kind, no_account, bank: None, terms } };
    block_in_place(|| {
        let mut writer = office.store.writer(Secrets::from_system()).unwrap();
        let env = Env::new(office.now(), 0);
        writer.execute(&add, &Actor::console(), &env).unwrap();
        let payer = writer.read(|scope| payer_by_name(scope, "Payer")).unwrap().unwrap().id;
        let payment = SuspectedPayout {
            batch: "0000000000001".to_owned(),
            end_to_end_id: "SECRET-ID".to_owned(),
            payer,
            payee: None,
            account: DesignatedAccount::from_text("0040-0440116243 DKK"),
        };
        let (actor, text) = (Actor::operator("rita"), "SECRET".to_owned());
        let (suspected, reason) = (Suspected::Payout(Some(payment)), Reason::Mule);
        let from = Source::Police;
        let command = ReportSuspicion { actor: actor.clone(), from, suspected, reason, text, once: None };
        writer.execute(&command, &actor, &env).unwrap().id
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payers_contact_is_written_to_and_reminded() {
    let office = Office::new();
    let name = report(&office);
    let folder = office.path("out");
    std::fs::create_dir(&folder).unwrap();
    let other = office.process(by_sms(Place::Folder(folder.clone())));
    assert_eq!(other.round().await, (0, 0, 0));
    let waiting: Vec<_> = office.list(NoticeState::Waiting).into_iter().map(|view| (view.medium, view.tries)).collect();
    assert_eq!(waiting, [("email", 0)], "it waits for a process that has a way for it");
    let process = office.process(by_email(MailPlace::Folder(folder.clone())));
    assert_eq!(process.round().await, (1, 0, 0));
    let [file] = &files_of(&folder)[..] else { panic!("one file") };
    let mail = std::fs::read_to_string(folder.join(file)).unwrap().replace("=\r\n", "");
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("To: nina@payer.example\r\n") && body.contains(&name), "{mail}");
    for hidden in ["SECRET", "0040", "6243", "Nina"] {
        assert!(!body.contains(hidden), "{hidden}: {mail}");
    }
    assert_eq!(process.round().await, (0, 0, 0));
    office.later(86_400);
    assert_eq!(process.round().await, (1, 0, 0), "nobody looks at it: they are reminded");
    office.later(30 * 86_400);
    assert_eq!(process.round().await, (0, 0, 0));
    let kinds: Vec<_> = office.list(NoticeState::Sent).into_iter().map(|view| (view.kind, view.to)).collect();
    let masked = "n…@payer.example".to_owned();
    assert_eq!(kinds, [("report_routed", masked.clone()), ("report_unanswered", masked)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_a_whole_file_for_each() {
    let office = Office::new();
    let folder = office.path("out");
    let ways = Transports {
        digital_post: by_post(Place::Folder(folder.clone())).digital_post,
        email: by_email(MailPlace::Folder(folder.clone())).email,
        ..by_sms(Place::Folder(folder.clone()))
    };
    let process = office.process(ways);
    office.tell(&[POST, SMS, EMAIL]);
    assert_eq!(process.round().await, (0, 3, 0));
    assert!(office.list(NoticeState::Waiting).iter().all(|view| view.last_code.as_deref() == Some("delivery.folder")));
    assert!(process.log().contains("could not be locked"), "{}", process.log());
    std::fs::create_dir(&folder).unwrap();
    office.later(BACKOFF.seconds_max);
    assert_eq!(process.round().await, (3, 0, 0));
    let names: Vec<String> = office.list(NoticeState::Sent).into_iter().map(|view| view.notice).collect();
    let expected: Vec<String> = names
        .iter()
        .zip(["memo.xml", "sms.json", "eml"])
        .map(|(name, extension)| format!("{name}.{extension}"))
        .collect();
    assert_eq!(files_of(&folder), expected);
    let read = |at: usize| std::fs::read_to_string(folder.join(&expected[at])).unwrap();
    assert!(read(0).ends_with("</memo:Message>\n"));
    assert!(read(1).contains("\"to\":\"+4512345678\""));
    assert!(read(2).contains("\r\nTo: anna@mail.example\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_waits_for_a_process_that_has_a_way_out() {
    let office = Office::new();
    let mut gateway = Receiver::new().await;
    office.tell(&[POST, SMS]);
    assert_eq!(office.process(Transports::default()).round().await, (0, 0, 0));
    let without_links = Transports { stop_url: None, ..by_sms(server(&gateway.url)) };
    assert_eq!(office.process(without_links).round().await, (0, 0, 0));
    let process = office.process(by_sms(server(&gateway.url)));
    assert_eq!(process.round().await, (1, 0, 0));
    let waiting = office.list(NoticeState::Waiting);
    assert_eq!((waiting.len(), waiting[0].medium, waiting[0].tries), (1, "digital_post", 0));
    process.shows("anvis_notices{medium=\"digital_post\",state=\"waiting\"} 1");
    assert_eq!(gateway.all().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_gone_for_days_leaves_dead_letters() {
    let office = Office::new();
    let gone = Receiver::new().await;
    let process = office.process(by_sms(server(&gone.url)));
    drop(gone);
    office.tell(&[SMS]);
    for tries in 1..=TRIES_MAX {
        let expected = if tries == TRIES_MAX { (0, 0, 1) } else { (0, 1, 0) };
        assert_eq!(process.round().await, expected, "{tries}");
        office.later(BACKOFF.seconds_max);
    }
    assert_eq!(process.round().await, (0, 0, 0));
    let dead = office.list(NoticeState::Dead);
    assert_eq!((dead.len(), dead[0].tries), (1, TRIES_MAX));
    assert!(process.log().contains("notice.dead"), "{}", process.log());
    // It is back, and slow to say when it wants more.
    let mut gateway = Receiver::new().await;
    let process = office.process(by_sms(server(&gateway.url)));
    gateway.does(&[Does::Answer("503 Service Unavailable\r\nretry-after: 600")]);
    assert_eq!(office.retry(), 1);
    assert_eq!(process.round().await, (0, 1, 0));
    office.later(599);
    assert_eq!(process.round().await, (0, 0, 0));
    office.later(1);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(gateway.all().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_send_one_notice_at_the_same_time() {
    let office = Office::new();
    let mut gateway = Receiver::new().await;
    let numbers: Vec<String> = (0..100).map(|at| format!("sms:+45200000{at:02}")).collect();
    office.tell(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
    let [one, other] = [(), ()].map(|()| office.process(by_sms(server(&gateway.url))));
    let (first, second) = tokio::join!(one.round(), other.round());
    assert_eq!((first.0 + second.0, first.1 + second.1), (100, 0));
    let seen = gateway.all();
    assert_eq!((seen.len(), keys(&seen).len()), (100, 100), "each once");

    // One is slow, and the other leaves alone what it has, until it seems gone.
    office.tell(&[SMS]);
    gateway.does(&[Does::Wait]);
    let slow = tokio::spawn({
        let notices = one.rounds.clone();
        async move { notices.round().await }
    });
    let waiting = gateway.next().await;
    assert_eq!(other.round().await, (0, 0, 0));
    office.later(HELD_SECONDS);
    assert_eq!(other.round().await, (1, 0, 0));
    let again = gateway.all();
    assert_eq!(keys(&again), keys(std::slice::from_ref(&waiting)), "whoever takes it knows it again");
    gateway.go_on();
    assert_eq!(slow.await.unwrap().done, 1);
    assert_eq!(office.list(NoticeState::Sent).len(), 101);

    // One is killed in the middle.
    office.tell(&[SMS]);
    gateway.does(&[Does::Wait]);
    let killed = tokio::spawn({
        let notices = one.rounds.clone();
        async move { notices.round().await }
    });
    let cut_off = gateway.next().await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    office.later(HELD_SECONDS);
    assert_eq!(other.round().await, (1, 0, 0));
    assert_eq!(keys(&gateway.all()), keys(&[cut_off]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_never_taken_keeps_no_other_waiting() {
    let office = Office::new();
    let mut gateway = Receiver::new().await;
    let numbers: Vec<String> = (0..70).map(|at| format!("sms:+45200000{at:02}")).collect();
    office.tell(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
    gateway.does(&[Does::Answer("422 Unprocessable Content"), Does::Answer("503 Service Unavailable")]);
    let process = office.process(by_sms(server(&gateway.url)));
    assert_eq!(process.round().await, (68, 1, 1));
    office.later(BACKOFF.seconds);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(gateway.all().len(), 71);
}
