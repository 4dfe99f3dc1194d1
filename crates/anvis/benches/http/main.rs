//! The figures of `anvis serve`, each beside its floor from the same run: look-ups beside a bare server that answers as many
//! bytes over the same encryption to the same clients, uploads beside the command line.
//!
//! `cargo xtask bench http [--people N] [--payments N] [--seconds N] [--connections N] [--folder DIR]`. Clients, service and
//! store share the machine.

#![expect(clippy::disallowed_methods, reason = "measuring time is what this is for")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot go on stops")]

mod bare;
mod certificates;
mod load;
mod mapper;
mod uploads;
mod world;

use bytes::Bytes;
use load::{Client, Figures, Load};
use mimalloc::MiMalloc;
use sim::nation::{AccountKind, AccountState, Fate, Nation, Plan};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use world::World;

/// The clients and the bare server have what the service has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The goals of single questions: this part of the bare server's rate, and this long at half load for 99 of 100.
const PART_GOAL: f64 = 0.40;
const P99_GOAL: Duration = Duration::from_millis(10);
/// What one authority may ask in a day is not enough for what is asked here.
const AUTHORITIES: usize = 16;
/// Different requests; enough that no store keeps all of them at hand by chance.
const QUESTIONS: usize = 100_000;

struct Options {
    people: u64,
    payments: u64,
    seconds: u64,
    connections: usize,
    folder: PathBuf,
}

fn options() -> Options {
    let mut options = Options {
        people: 1_000_000,
        payments: 1_000_000,
        seconds: 5,
        connections: 64,
        folder: std::env::temp_dir().join("anvis-bench-http"),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("an option needs a value");
        match argument.as_str() {
            "--people" => options.people = value().parse().expect("a number"),
            "--payments" => options.payments = value().parse().expect("a number"),
            "--seconds" => options.seconds = value().parse().expect("a number"),
            "--connections" => options.connections = value().parse().expect("a number"),
            "--folder" => options.folder = value().into(),
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    options
}

fn main() {
    let options = options();
    let world = World::prepare(&options.folder, options.people);
    // As the demo made it.
    let nation = Nation::new(Plan { seed: 1, people: options.people, companies: 0 }).expect("a lawful plan");
    println!("{} people, {} connections, TLS 1.3 with clients' certificates\n", options.people, options.connections);
    questions(&options, &world, &nation);
    uploads::measure(&options, &world, &nation);
    std::fs::remove_dir_all(&options.folder).expect("the bench's folder");
}

/// Single look-ups and verifications.
fn questions(options: &Options, world: &World, nation: &Nation) {
    let names: Vec<String> = (0..AUTHORITIES).map(|at| format!("authority-{at}")).collect();
    let certificates: Vec<_> = names.iter().map(|name| world.register(name, &["--role", "authority"])).collect();
    let server = world.authority.issue("localhost");
    let serving = world.serve(&server);
    let tokens = || -> Vec<Client> {
        names.iter().zip(&certificates).map(|(name, issued)| world.client(name, issued)).collect()
    };
    let people = people(nation);
    let resolve = bodies(&people, |cpr, _| format!(r#"{{"purpose":"law","payee":"cpr:{cpr}"}}"#));
    let verify = bodies(&people, |cpr, iban| format!(r#"{{"purpose":"law","payee":"cpr:{cpr}","account":"{iban}"}}"#));
    println!("{:<28} {:>12} {:>10} {:>10} {:>12}", "", "requests/s", "p50", "p99", "p99 at half");
    let mut told = Vec::new();
    for (what, path, bodies) in [("one look-up", "/v1/resolve", resolve), ("one verification", "/v1/verify", verify)] {
        let clients = tokens();
        let sample = load::once(serving.address, &clients[0], clients[0].post(path, bodies[0].clone()));
        let bare = bare::serve(path, sample, world.authority.acceptor(&server));
        let row = |what: &str, address| row(options, what, address, &clients, path, &bodies);
        let floor = row(&format!("bare server, for {what}"), bare);
        let ours = row(what, serving.address);
        told.push(format!(
            "{what}, with its token and its durable record: {:.0} % of the bare server's rate (goal {:.0} %); p99 at half load {:.1} ms (goal {:.0} ms).",
            100.0 * ours.rate / floor.rate,
            100.0 * PART_GOAL,
            ours.half.as_secs_f64() * 1e3,
            P99_GOAL.as_secs_f64() * 1e3
        ));
    }
    println!("\n{}", told.join("\n"));
    let names = &names[..mapper::CLIENTS];
    mapper::measure(world, serving.address, names, &tokens()[..mapper::CLIENTS], &people);
}

/// People who live and have an account: the number, and the IBAN.
fn people(nation: &Nation) -> Vec<(String, String)> {
    let people = (0..nation.plan().people).map(|index| nation.person(index));
    let with_account = people.filter(|person| person.fate == Fate::Active).filter_map(|person| match person.account {
        AccountKind::Domestic { account, state: AccountState::InForce, .. } => {
            let country = nation.bank_of(&account).country;
            Some((person.cpr.digits().to_owned(), account.iban(country).as_str().to_owned()))
        }
        _ => None,
    });
    with_account.take(QUESTIONS).collect()
}

fn bodies(people: &[(String, String)], write: impl Fn(&str, &str) -> String) -> Arc<Vec<Bytes>> {
    Arc::new(people.iter().map(|(cpr, iban)| write(cpr, iban).into()).collect())
}

struct Measured {
    rate: f64,
    half: Duration,
}

/// As much as goes, then half of that at even intervals.
fn row(
    options: &Options,
    what: &str,
    address: SocketAddr,
    clients: &[Client],
    path: &'static str,
    bodies: &Arc<Vec<Bytes>>,
) -> Measured {
    let bodies = bodies.clone();
    let ask = move |client: &Client, number: u64| {
        let body = bodies[(number as usize).wrapping_mul(7_919) % bodies.len()].clone();
        Some(client.post(path, body))
    };
    let load = Load { address, clients, connections: options.connections, ask: Arc::new(ask) };
    let lasts = Duration::from_secs(options.seconds);
    let Figures { rate, p50, p99 } = load.closed(lasts);
    let half = load.open(lasts, rate / 2.0).p99;
    let micros = |took: Duration| format!("{} µs", took.as_micros());
    println!("{what:<28} {rate:>12.0} {:>10} {:>10} {:>12}", micros(p50), micros(p99), micros(half));
    Measured { rate, half }
}
