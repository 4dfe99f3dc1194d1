//! How many requests a second, beside a bare server that answers as many bytes over the same encryption to the same clients,
//! in the same run.
//!
//! `cargo xtask bench http [--people N] [--seconds N] [--connections N] [--keep DIR] [--plain]`. Clients, server and store share
//! the machine.

#![expect(clippy::disallowed_methods, reason = "measuring time is what this is for")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot go on stops")]

mod bare;
mod encryption;
mod load;
mod world;

use bytes::Bytes;
use encryption::Encryption;
use load::{Ask, Figures, Load};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use world::World;

/// The goals of single look-ups: this part of the bare server's rate, and this long at half load for 99 of 100.
const PART_GOAL: f64 = 0.40;
const P99_GOAL: Duration = Duration::from_millis(10);

struct Options {
    people: u64,
    seconds: u64,
    connections: usize,
    folder: PathBuf,
    keeps: bool,
    plain: bool,
}

fn options() -> Options {
    let mut options = Options {
        people: 100_000,
        seconds: 5,
        connections: 64,
        folder: std::env::temp_dir().join("anvis-bench-http"),
        keeps: false,
        plain: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("an option needs a value");
        match argument.as_str() {
            "--people" => options.people = value().parse().expect("a number"),
            "--seconds" => options.seconds = value().parse().expect("a number"),
            "--connections" => options.connections = value().parse().expect("a number"),
            "--keep" => (options.folder, options.keeps) = (value().into(), true),
            "--plain" => options.plain = true,
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    options
}

fn main() {
    let options = options();
    let world = World::prepare(&options);
    let encryption = (!options.plain).then(|| Encryption::new(&options.folder));
    let (address, edge) = world.serve(encryption.as_ref());
    let bench = Bench { options: &options, encryption: encryption.as_ref() };

    let look_up = world.look_ups("/v1/resolve");
    let sample = load::once(address, encryption.as_ref(), &look_up(0));
    println!(
        "{} people, {} connections, {}\n",
        options.people,
        options.connections,
        if options.plain { "in clear" } else { "TLS 1.3 with certificates of clients" }
    );
    println!("{:<28} {:>12} {:>10} {:>10} {:>10}", "", "requests/s", "p50", "p99", "p99 at half");
    let bare = bench.row("bare server", bare::serve(sample, encryption.as_ref()), look_up.clone());
    bench.row("the edge without the core", address, world.look_ups(world::NOTHING_DONE));
    let ours = bench.row("one look-up", address, look_up);
    let part = ours.rate / bare.rate;
    println!(
        "\nA look-up, with its token and its durable record, at {:.0} % of the bare server's rate (goal {:.0} %); p99 at half load {:.1} ms (goal {:.0} ms).",
        100.0 * part,
        100.0 * PART_GOAL,
        ours.half.as_secs_f64() * 1e3,
        P99_GOAL.as_secs_f64() * 1e3
    );
    let figures = edge.metrics.text();
    for line in figures
        .lines()
        .filter(|line| line.starts_with("anvis_group_commands_") || line.starts_with("anvis_tokens_total"))
    {
        println!("  {line}");
    }
    if !options.keeps {
        std::fs::remove_dir_all(&options.folder).expect("the bench's folder");
    }
}

struct Bench<'b> {
    options: &'b Options,
    encryption: Option<&'b Encryption>,
}

struct Measured {
    rate: f64,
    half: Duration,
}

impl Bench<'_> {
    /// As much as goes, then half of that at even intervals.
    fn row(&self, what: &str, address: SocketAddr, ask: Ask) -> Measured {
        let Options { connections, seconds, .. } = *self.options;
        let load = Load { address, encryption: self.encryption, connections, seconds, ask };
        let Figures { rate, p50, p99 } = load.closed();
        let half = load.open(rate / 2.0).p99;
        let micros = |took: Duration| format!("{} µs", took.as_micros());
        println!("{what:<28} {rate:>12.0} {:>10} {:>10} {:>10}", micros(p50), micros(p99), micros(half));
        Measured { rate, half }
    }
}

/// A request's bytes.
type Sent = hyper::Request<http_body_util::Full<Bytes>>;
/// Shared by what runs at once.
type Shared<T> = Arc<T>;
