//! More than can be done at once, and the end.

use crate::support::{COMPANIES_TOKEN, NOW, PUBLIC_TOKEN, Wanted, World, exchange, request};
use edge::Metrics;
use edge::core::{Core, Sizes, Unanswered};
use edge::route::{Answer, Call, Done, Nothing, Route};
use hyper::Method;
use kernel::journal::{Entry, Rows};
use kernel::testing::{TestPlace, require_postgres};
use kernel::{Actor, Command, Decision, Env, Error, Group, Location, Operation, Refusal, Scope, Secrets, Store};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;
use tokio::task::{JoinSet, block_in_place};

const BODY: &str = r#"{"purpose":"payment","payee":"cpr:6101701234"}"#;

/// Holds the store until it is dropped: nobody else can write.
struct Held {
    release: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Held {
    fn new(world: &World) -> Self {
        block_in_place(|| Self::of(&world.store))
    }

    fn of(store: &Store) -> Self {
        let mut writer = store.writer(Secrets::from_system()).unwrap();
        let ((is_held, held), (release, released)) = (mpsc::channel(), mpsc::channel());
        let hold = move || {
            let work = |_: &mut Group<'_>| -> Result<(), Error> {
                is_held.send(()).unwrap();
                let _ = released.recv();
                Ok(())
            };
            writer.execute_group(work).unwrap();
        };
        let thread = std::thread::spawn(hold);
        held.recv().unwrap();
        Self { release: Some(release), thread: Some(thread) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.release.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_turned_away_before_and_what_was_taken_is_done() {
    const ASKED: usize = 40;
    let sizes = Sizes { write_queue: 4, group_weight: 2, ..Sizes::default() };
    let world = World::with(Wanted { sizes, ..Wanted::default() }).await;
    let before = world.entries();
    let held = Held::new(&world);
    let mut asking = JoinSet::new();
    for _ in 0..ASKED {
        let stream = world.connect().await;
        asking.spawn(exchange(stream, request(Method::POST, "/v1/resolve", PUBLIC_TOKEN, Some(BODY))));
    }
    // At most a group and a queue of them can be taken while the store is held: all others come back now.
    let mut turned_away = 0;
    while turned_away < ASKED - 6 {
        let answer = asking.join_next().await.unwrap().unwrap();
        answer.refused(503, "service.overloaded");
        assert_eq!(answer.header("retry-after"), "1");
        turned_away += 1;
    }
    drop(held);
    let mut done = 0;
    while let Some(answer) = asking.join_next().await {
        let answer = answer.unwrap();
        if answer.status == 503 {
            answer.refused(503, "service.overloaded");
        } else {
            answer.done();
            done += 1;
        }
    }
    assert!(done >= 4, "{done}");
    assert_eq!(world.entries(), before + done, "each that was taken is recorded, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_files_that_wait_for_the_writer_hold_up_nobody_who_fetches() {
    let world = World::new().await;
    let report = format!("/v1/payouts/{}/report", world.batches[0]);
    assert_eq!(world.get(&report, PUBLIC_TOKEN).await.status, 200);
    let held = Held::new(&world);
    let mut asking = JoinSet::new();
    for number in 0..4 {
        let path = "/v1/register/companies/file?as_of=2026-11-23T08:00:00Z";
        let content = format!("cvr,name,status,status_date\n13748136,Prøve {number} ApS,active,\n");
        let mut asked = request(Method::POST, path, COMPANIES_TOKEN, Some(&content));
        asked.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        asking.spawn(exchange(world.connect().await, asked));
    }
    for _ in 0..100 {
        assert_eq!(world.get(&report, PUBLIC_TOKEN).await.status, 200);
    }
    assert_eq!(asking.try_join_next().map(|answer| answer.unwrap().status), None);
    drop(held);
    while let Some(answer) = asking.join_next().await {
        assert_eq!(answer.unwrap().done()["rows"], 1);
    }
}

/// How many tokens were found to be good.
fn tokens(world: &World) -> u64 {
    let figures = world.service.edge().metrics.text();
    let good = ["anvis_tokens_total{was=\"remembered\"} ", "anvis_tokens_total{was=\"verified\"} "];
    let count = |name| figures.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse::<u64>().unwrap();
    good.map(count).iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_answered_after_the_end_was_told() {
    let mut world = World::new().await;
    let held = Held::new(&world);
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let stream = world.connect().await;
        asking.spawn(exchange(stream, request(Method::POST, "/v1/resolve", PUBLIC_TOKEN, Some(BODY))));
    }
    // Figures are read until all of them are with the writer's thread or in its queue. Those that come at once verify the same token.
    while tokens(&world) < 10 {
        tokio::task::yield_now().await;
    }
    world.stop();
    while !world.service.edge().is_stopping() {
        tokio::task::yield_now().await;
    }
    drop(held);
    while let Some(answer) = asking.join_next().await {
        answer.unwrap().done();
    }
    let address = world.address;
    assert!(world.stopped().await);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_does_not_wait_for_ever() {
    let mut world = World::with(Wanted { grace: Duration::from_millis(100), ..Wanted::default() }).await;
    let held = Held::new(&world);
    let stream = world.connect().await;
    let asking = tokio::spawn(exchange(stream, request(Method::POST, "/v1/resolve", PUBLIC_TOKEN, Some(BODY))));
    while !world.service.edge().metrics.text().contains("anvis_tokens_total{was=\"verified\"} 1") {
        tokio::task::yield_now().await;
    }
    world.stop();
    assert!(!world.stopped().await);
    drop(held);
    asking.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_the_store_may_end_on_any_thread() {
    let world = World::new().await;
    let open = || block_in_place(|| world.store.writer(Secrets::from_system())).unwrap();
    let several = [open(), open()];
    // As when a client goes away that was being given a file.
    tokio::spawn(async move { drop(several) }).await.unwrap();
    drop(open());
    world.get("/health/ready", "").await;
}

/// A command that goes wrong on its way, as no command may.
struct Wrong(&'static str);

const WRONG: Operation = Operation { name: "test.wrong", roles: &[kernel::Role::Console] };

impl Command for Wrong {
    const OPERATION: Operation = WRONG;
    type State = ();
    type Change = ();
    type Output = u8;

    fn load(&self, _: &Scope<'_>) -> Result<(), Error> {
        match self.0 {
            "panics" => panic!("as the test wants it"),
            "fails" => Err(kernel::StoreError::plain("as the test wants it").into()),
            "is unknown" => Err(kernel::StoreError::plain("as the test wants it").with_code("store.unknown").into()),
            _ => Ok(()),
        }
    }

    fn decide(&self, (): (), _: &Env) -> Result<Decision<(), u8>, Refusal> {
        match self.0 {
            "refuses" => Err(Refusal {
                code: "test.refused",
                text: "as the test wants it".to_owned(),
                retry_after_seconds: None,
            }),
            _ => Ok(Decision::of(vec![], serde_json::json!({}), 7)),
        }
    }

    fn save(&self, _: &Scope<'_>, _: &[()], _: Entry) -> Result<Vec<Rows>, Error> {
        Ok(vec![])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_goes_wrong_takes_nobody_along() {
    let world = World::new().await;
    let before = world.entries();
    let held = Held::new(&world);
    let edge = world.service.edge();
    let kinds = ["is good", "panics", "refuses", "is good", "fails", "is good", "panics", "is good"];
    let mut given: Vec<_> =
        kinds.iter().map(|kind| (kind, Box::pin(edge.core.execute(Wrong(kind), Actor::console())))).collect();
    // Each is with the writer before the next: three failures on end would count as the store's.
    for (kind, answer) in &mut given {
        let is_given = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_pending())).await;
        assert!(is_given, "{kind} is answered while the store is held");
    }
    drop(held);
    for (kind, answer) in given {
        let answer = answer.await;
        let code = answer.as_ref().err().map(|error| match error {
            Unanswered::Overloaded => "overloaded",
            Unanswered::Failed(error) => error.code(),
        });
        let expected = match *kind {
            "is good" => None,
            "refuses" => Some("test.refused"),
            _ => Some("failure"),
        };
        assert_eq!(code, expected, "{kind}: {answer:?}");
    }
    assert!(edge.core.is_alive());
    assert_eq!(world.entries(), before + 5, "four that are good, and one refusal");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_done_is_not_done_again() {
    let sizes = Sizes { group_weight: 4, ..Sizes::default() };
    let world = World::with(Wanted { sizes, ..Wanted::default() }).await;
    let before = world.entries();
    let held = Held::new(&world);
    let edge = world.service.edge();
    // The first group has one to four of them. The second has four, and the fifth among them.
    let kinds = ["is good", "is good", "is good", "is good", "is unknown", "is good", "is good", "is good"];
    let mut asking: Vec<_> =
        kinds.iter().map(|kind| Box::pin(edge.core.execute(Wrong(kind), Actor::console()))).collect();
    for answer in &mut asking {
        poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_pending())).await;
    }
    drop(held);
    let mut unknown = 0;
    for answer in asking {
        match answer.await {
            Ok(_) => {}
            Err(Unanswered::Failed(error)) if error.code() == "store.unknown" => unknown += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((unknown, world.entries()), (4, before + 4));
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn those_who_waited_for_the_journal_together_do_not_wait_again_one_by_one() {
    require_postgres();
    let folder = tempfile::tempdir().unwrap();
    let place = TestPlace::empty(folder.path());
    let (key, migrations) = (folder.path().join("key"), services::migrations().collect::<Vec<_>>());
    let (env, secrets) = (Env::new(NOW, 0), &mut Secrets::from_system());
    let store = Store::create(place.location(), &key, &migrations, true, &env, secrets).unwrap();
    let separator = if place.url.contains('?') { '&' } else { '?' };
    let impatient = format!("{}{separator}options=-c%20lock_timeout%3D1ms", place.url);
    let impatient = Store::open(Location::parse(&impatient).unwrap(), &key, &migrations).unwrap();
    // The writer's thread asks for the time of the first when all of them are there.
    let (are_there, awaited) = mpsc::channel::<()>();
    let awaited = Mutex::new(awaited);
    let clock = Arc::new(move || {
        let _ = awaited.lock().unwrap().recv();
        NOW
    });
    let metrics = Arc::new(Metrics::new(std::iter::empty()));
    let core = Core::start(&impatient, &Sizes::default(), clock, metrics).unwrap();
    let held = Held::of(&store);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut asking: Vec<_> = (0..4).map(|_| Box::pin(core.execute(Wrong("is good"), Actor::console()))).collect();
        for answer in &mut asking {
            poll_fn(|context| Poll::Ready(answer.as_mut().poll(context).is_pending())).await;
        }
        drop(are_there);
        for answer in asking {
            // Whoever is told so without having tried is told the same.
            let answer = answer.await;
            assert!(matches!(answer, Err(Unanswered::Failed(Error::Conflict(_)))), "{answer:?}");
        }
    });
    drop(held);
    assert!(core.stop(Duration::from_secs(60)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_fails_its_own_request() {
    async fn panic(_: Call) -> Answer<Done> {
        panic!("as the test wants it")
    }
    async fn read(call: Call<Nothing>) -> Answer<Done> {
        call.edge.core.read(|_| -> Result<(), Error> { panic!("as the test wants it") }).await?;
        Ok(Done)
    }
    let operation = Operation { name: "test.panic", roles: &[kernel::Role::PublicPayer] };
    let mut routes = edge::routes::all();
    routes
        .push(Route::get("/v1/panic", "test.panic", "Goes wrong in the handler").token(operation, "payouts").by(panic));
    routes.push(
        Route::get("/v1/read", "test.read", "Goes wrong on a reader's thread").token(operation, "payouts").by(read),
    );
    let world = World::of_routes(Wanted::default(), routes).await;
    for _ in 0..5 {
        for path in ["/v1/panic", "/v1/read"] {
            world.get(path, PUBLIC_TOKEN).await.refused(500, "failure");
        }
    }
    world.get("/v1/payouts", PUBLIC_TOKEN).await.done();
}
