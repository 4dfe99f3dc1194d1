//! A nation, and the server before it.

use crate::encryption::Encryption;
use crate::load::Ask;
use crate::{Options, Sent};
use bytes::Bytes;
use denmark::Cvr;
use edge::caller::{BadToken, Caller, Thumbprint, Tokens};
use edge::core::Sizes;
use edge::phase_out::AllOpen;
use edge::route::{Answer, Call, Raw, Route, Text};
use edge::server::{Options as Listening, Proxies, Server};
use edge::{Edge, Limits, Parts};
use http_body_util::Full;
use kernel::{Actor, Env, Error, Location, Role, Secrets, Store, Timestamp, Writer};
use registry::commands::AddPayer;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Population, Source};
use registry::payer::{Agreement, NoAccount, PayerKind};
use sim::nation::{Fate, Nation, PUBLIC_PAYER, Plan};
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Different requests; enough that no store keeps all of them at hand by chance.
const REQUESTS_MAX: u64 = 100_000;

pub struct World {
    people: u64,
    nation: Nation,
    store: Store,
}

/// Any token is an authority's. How a token is verified is measured elsewhere: here it is remembered after the first time.
struct AnyToken;

impl Tokens for AnyToken {
    fn verify(&self, _: &str, _: Timestamp, _: Option<&Thumbprint>) -> Result<Caller, BadToken> {
        Ok(Caller {
            role: Role::Authority,
            name: "bench".to_owned(),
            payer: None,
            bank: None,
            scopes: vec!["resolve".to_owned()],
            algorithm: "ES256",
            expires: Timestamp::from_micros(i64::MAX),
        })
    }

    fn refresh(&self, _: &mut Writer) -> Result<bool, Error> {
        Ok(false)
    }
}

impl World {
    pub fn prepare(options: &Options) -> Self {
        let Options { people, folder, keeps, .. } = options;
        let nation = Nation::new(Plan { seed: 1, people: *people, companies: 0 }).expect("a lawful plan");
        if !keeps && folder.exists() {
            // What a bench left that was cut off.
            std::fs::remove_dir_all(folder).expect("the bench's folder");
        }
        let (data, key) = (folder.join("data"), folder.join("data.key"));
        let migrations: Vec<_> = services::migrations().collect();
        let store = if key.exists() {
            Store::open(Location::from(&data), &key, &migrations).expect("the store")
        } else {
            std::fs::create_dir_all(folder).expect("the bench's folder");
            let (env, mut secrets) = (Env::new(now(), 0), Secrets::from_system());
            let store =
                Store::create(Location::from(&data), &key, &migrations, true, &env, &mut secrets).expect("a new store");
            let mut writer = store.writer(secrets).expect("a writer");
            let vault = store.vault().clone();
            let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
            import(&mut writer, folder, &Banks, |out| nation.write_banks(out).unwrap());
            import(&mut writer, folder, &population, |out| nation.write_population(out).unwrap());
            let agreement = Agreement {
                name: PUBLIC_PAYER.to_owned(),
                cvr: Cvr::parse("13748136").expect("lawful"),
                kind: PayerKind::Public,
                no_account: NoAccount::Reject,
                bank: None,
            };
            writer.execute(&AddPayer { agreement }, &Actor::console(), &env).expect("a payer");
            let accounts = Accounts { channel: Channel::Operator, vault };
            import(&mut writer, folder, &accounts, |out| nation.write_all_accounts(out).unwrap());
            store
        };
        Self { people: *people, nation, store }
    }

    /// Look-ups of different people, made before, by this route.
    pub fn look_ups(&self, path: &'static str) -> Ask {
        let living = (0..).map(|index| self.nation.person(index % self.people));
        let living = living.filter(|person| person.fate == Fate::Active);
        let count = self.people.min(REQUESTS_MAX) as usize;
        let bodies: Vec<Bytes> = living
            .take(count)
            .map(|person| format!(r#"{{"purpose":"payment","payee":"cpr:{}"}}"#, person.cpr.digits()).into())
            .collect();
        // As long as a real one.
        let token = format!("Bearer {}", "a".repeat(700));
        Arc::new(move |number| {
            let body = bodies[(number as usize).wrapping_mul(7_919) % bodies.len()].clone();
            Sent::post(path, &token, body)
        })
    }

    /// Serves on threads of its own.
    pub fn serve(&self, encryption: Option<&Encryption>) -> (SocketAddr, Arc<Edge>) {
        let parts = Parts {
            store: self.store.clone(),
            routes: edge::routes::all().into_iter().chain([nothing_done()]).collect(),
            tokens: Box::new(AnyToken),
            identity: None,
            interfaces: Box::new(AllOpen),
            clock: Arc::new(now),
            sizes: Sizes::default(),
            limits: Limits::default(),
            log: Box::new(std::io::sink()),
        };
        let (edge, service) = Edge::start(parts).expect("the edge");
        let listening = Listening {
            listen: "127.0.0.1:0".parse().unwrap(),
            metrics_listen: None,
            tls: encryption.map(|encryption| encryption.files.clone()),
            proxies: Proxies::default(),
            grace: Duration::from_secs(5),
        };
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let server = Server::bind(service, listening).await.expect("a place to listen");
                tell.send(server.address().unwrap()).unwrap();
                server.serve(std::future::pending()).await
            });
        });
        (told.recv().unwrap(), edge)
    }
}

/// Takes the same request from the same callers, and asks the core nothing.
fn nothing_done() -> Route {
    async fn answer(call: Call<Raw>) -> Answer<Text> {
        Ok(Text("application/json", [call.body.0, Bytes::from_static(&[b' '; 100])].concat().into()))
    }
    let access = registry::policy::RESOLVE;
    Route::post(NOTHING_DONE, "bench.nothing", "Answers and does nothing").client(access, "resolve").by(answer)
}

/// Where that is.
pub const NOTHING_DONE: &str = "/v1/nothing";

trait Post {
    fn post(path: &str, authorization: &str, body: Bytes) -> Self;
}

impl Post for Sent {
    fn post(path: &str, authorization: &str, body: Bytes) -> Self {
        let request = hyper::Request::post(path).header("host", "localhost").header("authorization", authorization);
        request.header("content-type", "application/json").body(Full::from(body)).unwrap()
    }
}

fn import(writer: &mut Writer, folder: &Path, source: &impl Source, write: impl FnOnce(&mut File) -> u64) {
    let path = folder.join("import.csv");
    write(&mut File::create(&path).unwrap());
    let env = Env::new(now(), 0);
    let file = File::open(&path).unwrap();
    let imported = registry::import::run(writer, source, file, &Actor::console(), &mut || env, &mut |_| {});
    let (_, rejects) = imported.expect("the import");
    assert!(rejects.is_empty(), "{:?}", rejects.first());
}

fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}
