//! Banks that are asked whose an account is, over real connections.

use crate::encrypted::Ca;
use crate::process::{Process, counts};
use crate::receiver::{Does, Receiver, Seen};
use crate::support::{NOW, set_controls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use edge::delivery::Patience;
use edge::ownership::{Asking, Inquiries, StandIn};
use edge::server::TlsFiles;
use eid::commands::RotateSigningKey;
use eid::signing_key::{Rotation, published};
use kernel::testing::TestPlace;
use kernel::{Actor, Assurance, Authenticator, Command, Env, Id, Login, Refusal, Secrets, Store, Timestamp};
use registry::commands::{
    AddDelivery, EndDelivery, ProposeDesignation, RefuseDesignation, RetryInquiries, Settle, ShowProposal,
    ShownProposal,
};
use registry::delivery::{Endpoint, Place, Terms, Url, What};
use registry::import::{AccountRow, Banks, Population, Source, Written};
use registry::ownership::{BACKOFF, InquiryState, Ownership};
use registry::payee::PayeeId;
use registry::progress::HELD_SECONDS;
use registry::proposal::{Holder, Proposal};
use registry::queries::{InquiryView, inquiries};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::block_in_place;

const MATCH: Does = Does::Say(r#"{"partyIdMatch":"MTCH"}"#);
const DAY: i64 = 86_400;
/// What nobody may read in a log.
const SECRETS: [&str; 4] = ["61017", "62017", "004000", "DK"];

/// A store whose payees ask for accounts with North, and a clock.
struct Country {
    store: Store,
    now: Arc<AtomicI64>,
    folder: TempDir,
    place: Option<TestPlace>,
    proposed: std::cell::Cell<u32>,
}

impl Country {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (place, store) = block_in_place(|| {
            let place = TestPlace::empty(folder.path());
            let migrations: Vec<_> = services::migrations().collect();
            let (env, mut secrets) = (Env::new(NOW, 0), Secrets::from_system());
            let key = folder.path().join("key");
            let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
            let changes = ["ownership_asked=on", "manual_check=on_risk", "wait_self_service=2"];
            set_controls(&mut store.writer(secrets).unwrap(), ("2015", &changes));
            (place, store)
        });
        let now = Arc::new(AtomicI64::new(NOW.micros()));
        let this = Self { store, now, folder, place: Some(place), proposed: std::cell::Cell::default() };
        this.import(&Banks, "reg,bank,bic,country\n0040,North,,DK\n1020,South,,DK\n");
        this.execute(&RotateSigningKey::new(Rotation::First, &mut Secrets::from_system()).unwrap()).unwrap();
        this
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    /// Lets time pass.
    fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn import(&self, source: &impl Source, content: &str) {
        let path = self.folder.path().join("import.csv");
        std::fs::write(&path, content).unwrap();
        let env = Env::new(self.now(), 0);
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            registry::import::run(&mut writer, source, file, &Actor::console(), &mut || env, &mut |_| {}).unwrap();
        });
    }

    fn execute_as<C: Command>(&self, command: &C, actor: &Actor) -> Result<C::Output, Refusal> {
        let done = block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            let env = Env::sample(self.now(), &mut writer.secrets).unwrap();
            writer.execute(command, actor, &env)
        });
        done.map_err(|error| match error {
            kernel::Error::Refused(refusal) => refusal,
            other => panic!("{other}"),
        })
    }

    fn execute<C: Command>(&self, command: &C) -> Result<C::Output, Refusal> {
        self.execute_as(command, &Actor::console())
    }

    /// North can be asked there.
    fn asks(&self, place: Place) {
        self.try_asks("asked", "North", place).unwrap();
    }

    fn try_asks(&self, name: &str, bank: &str, place: Place) -> Result<(), Refusal> {
        let terms = Terms { name: name.to_owned(), what: What::Ownership, whose: bank.to_owned(), place };
        self.execute(&AddDelivery { terms, from_the_beginning: false })
    }

    /// Somebody wants an account with North; the name of that.
    fn propose(&self) -> String {
        let at = self.proposed.replace(self.proposed.get() + 1);
        let number = format!("{}01701234", 61 + at / 9 * 10 + at % 9);
        let population = Population { vault: self.store.vault().clone(), refuse_replacement_numbers: false };
        let columns = Population::HEADER.join(",");
        self.import(&population, &format!("{columns}\n{number},Name,Vej 1,2100,By,DK,active,,\n"));
        let (vault, payee) = (self.store.vault(), format!("cpr:{number}"));
        let account = format!("0040-{}", at + 1);
        let written = Written { action: "register", payee: &payee, account: &account, ..Written::default() };
        let row = AccountRow::read(vault, &written).unwrap();
        let login =
            Login { assurance: Assurance::Substantial, authenticator: Authenticator::named("first"), at: self.now() };
        let actor = Actor::citizen(&PayeeId::parse(&payee).unwrap().key(vault), login);
        let command = ProposeDesignation {
            actor: actor.clone(),
            row,
            holder: Holder::Own,
            ground: None,
            is_locked: false,
            signature: Some("signature".to_owned()),
            once: None,
        };
        let standing = self.execute_as(&command, &actor).unwrap();
        assert_eq!(standing.waits_for.as_deref(), Some("ownership"), "{standing:?}");
        standing.id
    }

    fn show(&self, id: &str) -> ShownProposal {
        self.execute(&ShowProposal { actor: Actor::console(), proposal: id.to_owned() }).unwrap()
    }

    /// What a proposal waits for, and what its bank says.
    fn stands(&self, id: &str) -> (String, String) {
        let shown = self.show(id);
        (shown.standing.waits_for.unwrap_or(shown.standing.state), shown.ownership.unwrap_or_default())
    }

    fn list(&self, state: InquiryState) -> Vec<InquiryView> {
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.read(|scope| inquiries(scope, &Actor::console(), state, 1_000)).unwrap()
        })
    }

    /// Where the only question stands that was not answered, how often it was asked, and what the last failure was.
    fn failure(&self) -> String {
        let open = [InquiryState::Waiting, InquiryState::GivenUp].map(|state| self.list(state)).concat();
        let [view] = &open[..] else { panic!("{open:?}") };
        let status = view.last_status.map(|status| format!(" {status}")).unwrap_or_default();
        let code = view.last_code.clone().unwrap_or_default();
        format!("{} {} {}{status}", view.state, view.tries, code.trim_start_matches("delivery."))
    }

    /// One process.
    fn process(&self) -> Process<Asking> {
        self.patient(Patience { answer: Duration::from_secs(60), ..Patience::default() }, None)
    }

    fn patient(&self, patience: Patience, stand_in: Option<StandIn>) -> Process<Asking> {
        Process::start(&self.store, &self.now, patience, |means| Inquiries::start(means, stand_in))
    }
}

impl Drop for Country {
    fn drop(&mut self) {
        block_in_place(|| {
            let mut writer = self.store.writer(Secrets::from_system()).unwrap();
            writer.read(|scope| services::verify(scope, None, &mut |_| {})).unwrap();
            drop(writer);
            drop(self.place.take());
        });
    }
}

impl Process<Asking> {
    /// How many were answered, failed and were given up in a round.
    async fn round(&self) -> (u64, u64, u64) {
        counts(self.rounds.round().await)
    }

    /// What the log says: nothing that is personal.
    fn clean_log(&self) -> String {
        let log = self.log();
        assert!(!SECRETS.iter().any(|secret| log.contains(secret)), "{log}");
        log
    }
}

fn server(url: &str) -> Place {
    Place::Server(Endpoint { url: Url::parse(url).unwrap(), ca: None, identity: None })
}

fn names(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|seen| seen.headers["idempotency-key"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_answer_has_its_consequence() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let process = country.process();
    let mut check = async |says: &'static str, expected: (&str, &str), signal: &[&str]| {
        let id = country.propose();
        assert_eq!(country.stands(&id), ("ownership".to_owned(), String::new()));
        bank.does(&[Does::Say(says)]);
        assert_eq!(process.round().await, (1, 0, 0));
        let seen = bank.next().await;
        assert_eq!(
            (seen.headers["idempotency-key"].clone(), &seen.json()["requestId"]),
            (format!("{id}-0"), &format!("{id}-0").into())
        );
        assert_eq!(country.stands(&id), (expected.0.to_owned(), expected.1.to_owned()));
        let shown = country.show(&id);
        assert_eq!(shown.signals, signal);
        let told = shown.acts.last().unwrap();
        assert_eq!((told.act.as_str(), told.by.as_str()), ("ownership_told", "bank:North"));
        // Whoever has answered is asked no more.
        country.later(DAY / 2);
        assert_eq!(process.round().await, (0, 0, 0));
    };
    check(r#"{"partyIdMatch":"MTCH"}"#, ("time", "match"), &[]).await;
    check(r#"{"partyIdMatch":"CMTC"}"#, ("time", "close_match"), &[]).await;
    check(r#" {"partyIdMatch" : "NMTC"} "#, ("check", "no_match"), &["ownership_denied"]).await;
    check(r#"{"partyIdMatch":"NOAP"}"#, ("time", "not_possible"), &[]).await;
    for answer in ["match", "close_match", "no_match", "not_possible"] {
        process.shows(&format!("anvis_ownership_answers_total{{answer=\"{answer}\"}} 1"));
    }
    assert_eq!(process.clean_log(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_says_no_more_than_is_asked_and_is_signed() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let id = country.propose();
    bank.does(&[MATCH]);
    assert_eq!(country.process().round().await, (1, 0, 0));
    let seen = bank.next().await;
    assert_eq!(seen.line, "POST /anvis/in HTTP/1.1", "nothing personal is in the address");
    let account = country.show(&id).account.unwrap();
    let expected = serde_json::json!({
        "requestId": format!("{id}-0"),
        "party": { "identification": {
            "privateId": { "others": [{ "identification": "6101701234", "schemeNameProprietary": "CPR" }] },
        } },
        "partyAccount": { "iban": account },
    });
    assert_eq!(seen.json(), expected);

    let header = |name: &str| seen.headers[name].as_str();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("content-digest"), format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(&seen.body))));
    let parameters = header("signature-input").strip_prefix("sig=").unwrap();
    let mut base = format!("\"@method\": POST\n\"@target-uri\": {}\n", bank.url);
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
    assert!(published(&keys, NOW).next().unwrap().verifies(base.as_bytes(), &signature));
}

/// An answer that has no end.
const LONG: [u8; 5_000] = [b' '; 5_000];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_connections_it_is_asked_again_under_one_name() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let id = country.propose();
    let process = country.process();
    for (tries, (does, expected)) in (1..).zip([
        (Does::HangUp, "cut_off"),
        (Does::Half, "cut_off"),
        (Does::CutOff, "cut_off"),
        (Does::Answer("500 Internal Server Error"), "answer 500"),
        (Does::Answer("302 Found\r\nlocation: http://127.0.0.1:1/"), "answer 302"),
        (Does::Answer("404 Not Found"), "answer 404"),
        (Does::Answer("200 OK"), "malformed"),
        (Does::Take, "malformed"),
        (Does::Say(r#"{"partyIdMatch":"mtch"}"#), "malformed"),
        (Does::Say(r#"{"partyIdMatch":"MTCH","name":"Anna"}"#), "malformed"),
        (Does::Say(str::from_utf8(&LONG).unwrap()), "malformed"),
        (Does::SayHalf(r#"{"partyIdMatch":"MTCH"}  "#), "cut_off"),
    ]) {
        bank.does(&[does]);
        assert_eq!(process.round().await, (0, 1, 0), "{does:?}");
        assert_eq!(country.failure(), format!("waiting {tries} {expected}"), "{does:?}");
        // Not before its time, and nothing goes on without an answer.
        assert_eq!(process.round().await, (0, 0, 0));
        assert_eq!(country.stands(&id), ("ownership".to_owned(), String::new()));
        country.later(BACKOFF.seconds_max);
    }
    bank.does(&[MATCH]);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(country.stands(&id), ("time".to_owned(), "match".to_owned()));
    let seen = bank.all();
    // Those whose head was not read are not among them.
    assert_eq!(names(&seen), vec![format!("{id}-0"); 11]);
    assert!(seen.iter().all(|one| one.body == seen[0].body));
    process.shows("anvis_ownership_unanswered_total 12");
    let log = process.clean_log();
    for line in [format!("{id} at North: it was answered 500"), format!("{id} at North: the answer is not one")] {
        assert!(log.contains(&line), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_says_nothing_in_time_cannot_say_it() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let id = country.propose();
    let hasty = country.patient(Patience { answer: Duration::from_millis(50), ..Patience::default() }, None);
    bank.does(&[Does::Wait]);
    assert_eq!(hasty.round().await, (0, 1, 0));
    assert_eq!(country.failure(), "waiting 1 timeout");
    country.later(BACKOFF.seconds);
    // It says itself when it can be asked.
    let process = country.process();
    bank.does(&[Does::Answer("503 Service Unavailable\r\nretry-after: 600")]);
    assert_eq!(process.round().await, (0, 1, 0));
    country.later(599);
    assert_eq!(process.round().await, (0, 0, 0));
    country.later(1);
    let gone = std::mem::replace(&mut bank, Receiver::new().await);
    drop(gone);
    assert_eq!(process.round().await, (0, 1, 0));
    assert!(["waiting 3 unreachable", "waiting 3 cut_off"].contains(&country.failure().as_str()));
    // The operator says where it is now. It is asked there, until the next try would come too late.
    country.asks(server(&bank.url));
    let mut last = (0, 0, 0);
    while last != (0, 0, 1) {
        bank.does(&[Does::Answer("503 Service Unavailable")]);
        let due = Timestamp::parse(&country.list(InquiryState::Waiting)[0].at).unwrap();
        country.now.store(due.micros(), Ordering::SeqCst);
        last = process.round().await;
        assert!(last == (0, 1, 0) || last == (0, 0, 1), "{last:?}");
    }
    assert_eq!(country.stands(&id), ("ownership".to_owned(), String::new()));
    assert!(process.clean_log().contains("ownership.given_up"));
    country.later(BACKOFF.seconds_max);
    country.execute(&Settle { now: country.now() }).unwrap();
    assert_eq!(country.stands(&id), ("time".to_owned(), "not_possible".to_owned()));
    process.round().await;
    process.shows("anvis_ownership_questions{state=\"waiting\"} 0");
    process.shows("anvis_ownership_questions{state=\"given_up\"} 1");
    bank.all();
    // What it says later counts still, when an operator has it asked anew: by another name, so that nobody answers what they did before.
    assert_eq!(process.round().await, (0, 0, 0));
    let retry = |id: &str| RetryInquiries { proposal: Some(id.to_owned()), why: "the bank was mended".to_owned() };
    assert_eq!(country.execute(&retry(&id)), Ok(1));
    bank.does(&[Does::Say(r#"{"partyIdMatch":"NMTC"}"#)]);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(names(&bank.all()), [format!("{id}-1")]);
    assert_eq!(country.stands(&id), ("check".to_owned(), "no_match".to_owned()));
    // So does what it says otherwise than before. Whoever looked at it does not count for what they had not seen.
    assert_eq!(country.execute(&retry(&id)), Ok(1));
    bank.does(&[MATCH]);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(names(&bank.all()), [format!("{id}-2")]);
    assert_eq!(country.stands(&id), ("time".to_owned(), "match".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_asked_at_once_and_each_by_one_process() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let mut ids: Vec<String> = (0..20).map(|_| country.propose()).collect();
    bank.does(&[MATCH; 20]);
    let (one, other) = (country.process(), country.process());
    let rounds = tokio::join!(one.round(), other.round(), one.round(), other.round());
    // Whoever was in another's way goes on in the next round.
    let more = tokio::join!(one.round(), other.round());
    let answered = rounds.0.0 + rounds.1.0 + rounds.2.0 + rounds.3.0 + more.0.0 + more.1.0;
    let seen = bank.all();
    let (mut asked, mut expected) = (names(&seen), ids.iter().map(|id| format!("{id}-0")).collect::<Vec<_>>());
    asked.sort_unstable();
    expected.sort_unstable();
    assert_eq!((asked, answered), (expected.iter().map(String::as_str).collect(), 20));
    assert!(ids.drain(..).all(|id| country.stands(&id).1 == "match"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_over_from_one_that_seems_gone_asks_the_same_and_the_last_word_counts() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let id = country.propose();
    let (slow, other) = (country.process(), country.process());
    let begin = |process: &Process<Asking>| {
        let inquiries = process.rounds.clone();
        tokio::spawn(async move { inquiries.round().await })
    };
    bank.does(&[Does::Wait]);
    let waiting = begin(&slow);
    let first = bank.next().await;
    assert_eq!(other.round().await, (0, 0, 0), "somebody is at it");
    country.later(HELD_SECONDS);
    bank.does(&[MATCH]);
    assert_eq!(other.round().await, (1, 0, 0));
    assert_eq!(bank.next().await.body, first.body);
    assert_eq!(country.stands(&id).1, "match");
    // The first is answered at last, with nothing that can be read: that changes nothing.
    bank.go_on();
    waiting.await.unwrap();
    assert_eq!(country.stands(&id).1, "match");
    assert!(country.list(InquiryState::Waiting).is_empty());
    // One that is killed between question and answer is followed by one that knows nothing of it.
    let id = country.propose();
    bank.does(&[Does::Wait]);
    let killed = begin(&slow);
    let cut_off = bank.next().await;
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    country.later(HELD_SECONDS);
    bank.does(&[MATCH]);
    assert_eq!(other.round().await, (1, 0, 0));
    let again = bank.next().await;
    assert_eq!((again.body, country.stands(&id).1.as_str()), (cut_off.body, "match"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_any_more_is_not_asked_and_what_is_answered_too_late_changes_nothing() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let process = country.process();
    let refuse = |id: &str| {
        let (proposal, why, officer) = (id.to_owned(), "so".to_owned(), Actor::operator("olga"));
        let command = RefuseDesignation { proposal, why, officer, is_synthetic: false };
        country.execute_as(&command, &Actor::operator("olga")).unwrap()
    };
    // It is ended before it was asked, between two tries, and while it is asked.
    let before = country.propose();
    refuse(&before);
    assert_eq!(process.round().await, (0, 0, 0));
    let between = country.propose();
    bank.does(&[Does::CutOff]);
    assert_eq!(process.round().await, (0, 1, 0));
    refuse(&between);
    country.later(BACKOFF.seconds_max);
    assert_eq!(process.round().await, (0, 0, 0));
    assert_eq!(bank.all().len(), 1);
    let during = country.propose();
    bank.does(&[Does::Wait]);
    let inquiries = process.rounds.clone();
    let waiting = tokio::spawn(async move { inquiries.round().await });
    bank.next().await;
    refuse(&during);
    bank.go_on();
    waiting.await.unwrap();
    for id in [&before, &between, &during] {
        assert_eq!(country.stands(id).0, "refused");
        let acts: Vec<String> = country.show(id).acts.into_iter().map(|act| act.act).collect();
        assert_eq!(acts, ["signed", "refused"]);
        let retry = RetryInquiries { proposal: Some(id.clone()), why: "so".to_owned() };
        assert_eq!(country.execute(&retry).unwrap_err().code, "proposal.ended");
    }
    country.later(BACKOFF.seconds_max);
    assert_eq!(process.round().await, (0, 0, 0));
    let open = [InquiryState::Waiting, InquiryState::GivenUp].map(|state| country.list(state)).concat();
    assert_eq!(open, []);
    // A bank that is asked no more is waited for no more.
    let id = country.propose();
    country.execute(&EndDelivery { name: "asked".to_owned() }).unwrap();
    country.execute(&Settle { now: country.now() }).unwrap();
    assert_eq!(country.stands(&id), ("time".to_owned(), "not_possible".to_owned()));
    assert_eq!(process.round().await, (0, 0, 0));
    let retry = RetryInquiries { proposal: Some(id), why: "so".to_owned() };
    assert_eq!(country.execute(&retry).unwrap_err().code, "ownership.nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_told_once_and_all_else_is_asked() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let [broken, good] = [country.propose(), country.propose()];
    let reason = |reason: &str| {
        let number = Id::<Proposal>::parse_name(&broken).unwrap().number();
        let change = format!("UPDATE proposal SET reason = {reason} WHERE id = {number}");
        block_in_place(|| country.place.as_ref().unwrap().damage("proposal", &change));
    };
    reason("99");
    let process = country.process();
    bank.does(&[MATCH]);
    assert_eq!((process.round().await, process.round().await), ((1, 0, 0), (0, 0, 0)));
    assert_eq!(country.stands(&good), ("time".to_owned(), "match".to_owned()));
    let log = process.log();
    assert_eq!((log.matches("ownership.unreadable").count(), log.matches(&broken).count()), (1, 1), "{log}");
    // Once it is mended, it is asked about.
    reason("NULL");
    bank.does(&[MATCH]);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!(names(&bank.all()), [format!("{good}-0"), format!("{broken}-0")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_is_asked_at_one_place_that_answers() {
    let country = Country::new();
    let code = |result: Result<(), Refusal>| result.err().map_or("", |refusal| refusal.code);
    let place = || server("http://127.0.0.1:1/");
    assert_eq!(code(country.try_asks("a", "North", Place::Folder("/a".into()))), "delivery.place");
    assert_eq!(code(country.try_asks("a", "Nowhere", place())), "delivery.bank_unknown");
    assert_eq!(code(country.try_asks("a", "North", place())), "");
    assert_eq!(code(country.try_asks("b", "North", place())), "delivery.bank_taken");
    assert_eq!(code(country.try_asks("b", "South", place())), "");
    assert_eq!(code(country.try_asks("a", "North", server("http://127.0.0.1:2/"))), "");
    // What waits is asked where its bank is asked now.
    let (id, mut bank, process) = (country.propose(), Receiver::new().await, country.process());
    assert_eq!(process.round().await, (0, 1, 0));
    assert_eq!(country.execute(&EndDelivery { name: "a".to_owned() }), Ok(true));
    assert_eq!(code(country.try_asks("c", "North", server(&bank.url))), "");
    country.later(BACKOFF.seconds_max);
    bank.does(&[MATCH]);
    assert_eq!(process.round().await, (1, 0, 0));
    assert_eq!((names(&bank.all()), country.stands(&id).1.as_str()), (vec![&*format!("{id}-0")], "match"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_that_is_trusted_is_asked() {
    let country = Country::new();
    let (ca, clients, strangers) = (Ca::new(), Ca::new(), Ca::new());
    let path = |name: &str| country.folder.path().join(name);
    let write = |name: &str, content: &str| {
        std::fs::write(path(name), content).unwrap();
        path(name)
    };
    let (made, known) = (ca.issue("localhost"), clients.issue("anvis"));
    let files = TlsFiles {
        certificate: write("server.pem", &made.certificate),
        key: write("server.key", &made.key),
        client_ca: Some(write("clients.pem", &clients.pem())),
    };
    let mut bank = Receiver::encrypted(&files).await;
    let own = Some((write("own.pem", &known.certificate), write("own.key", &known.key)));
    country.asks(server("http://127.0.0.1:1/"));
    let id = country.propose();
    let process = country.process();
    let mut check = async |ca: Option<PathBuf>, identity: Option<(PathBuf, PathBuf)>, expected: Option<&str>| {
        let url = Url::parse(&bank.url).unwrap();
        country.asks(Place::Server(Endpoint { url, ca, identity }));
        bank.does(&[MATCH]);
        let (answered, failed, _) = process.round().await;
        assert_eq!((answered, failed), if expected.is_none() { (1, 0) } else { (0, 1) });
        if let Some(expected) = expected {
            assert!(country.failure().ends_with(expected), "{}", country.failure());
        }
        country.later(BACKOFF.seconds_max);
        bank.all().len()
    };
    let authority = |ca: &Ca| Some(write("ca.pem", &ca.pem()));
    assert_eq!(check(None, own.clone(), Some("encryption")).await, 0);
    assert_eq!(check(authority(&strangers), own.clone(), Some("encryption")).await, 0);
    assert_eq!(check(authority(&ca), None, Some("cut_off")).await, 0);
    assert_eq!(check(Some(path("none.pem")), own.clone(), Some("certificate")).await, 0);
    assert_eq!(country.stands(&id).0, "ownership");
    assert_eq!(check(authority(&ca), own, None).await, 1);
    assert_eq!(country.stands(&id).1, "match");
    process.clean_log();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_answers_in_banks_place_and_nothing_is_sent() {
    let country = Country::new();
    let mut bank = Receiver::new().await;
    country.asks(server(&bank.url));
    let ids = [country.propose(), country.propose()];
    let denied = Id::<Proposal>::parse_name(&ids[1]).unwrap();
    let stand_in: StandIn =
        Arc::new(move |question| if question.proposal == denied { Ownership::NoMatch } else { Ownership::Match });
    let process = country.patient(Patience::default(), Some(stand_in));
    assert_eq!(process.round().await, (2, 0, 0));
    assert_eq!(ids.map(|id| country.stands(&id).1), ["match", "no_match"]);
    assert_eq!(bank.all().len(), 0);
}
