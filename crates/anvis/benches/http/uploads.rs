//! Payment files that come in over HTTP, beside the command line.

use crate::Options;
use crate::load::{self, Client};
use crate::world::World;
use bytes::Bytes;
use denmark::Cvr;
use denmark::calendar::{add_banking_days, copenhagen_date};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use sim::nation::{Nation, PUBLIC_PAYER, PUBLIC_PAYER_BENEFITS, PaymentOrder, Version};
use std::convert::Infallible;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The goals: this part of the command line's rate, in less memory than this.
const PART_GOAL: f64 = 0.80;
const MEMORY_GOAL_MB: f64 = 300.0;
/// How often each way is taken.
const TIMES: usize = 3;
const PIECE_BYTES: usize = 64 << 10;
const LOOK_AT_MEMORY_EVERY: Duration = Duration::from_millis(5);

pub fn measure(options: &Options, world: &World, nation: &Nation) {
    let file = PaymentFile::write(options, world, nation);
    let issued = world.register("payer", &["--role", "public-payer", "--payer", PUBLIC_PAYER]);
    let serving = world.serve(&world.authority.issue("localhost"));
    let mut ways: [Vec<Duration>; 2] = Default::default();
    let mut peak: f64 = 0.0;
    for at in 0..TIMES {
        file.rename_message(2 * at);
        ways[0].push(file.route(world));
        file.rename_message(2 * at + 1);
        let client = world.client("payer", &issued);
        let took = std::thread::scope(|threads| {
            let uploading = threads.spawn(|| file.upload(&client, serving.address));
            while !uploading.is_finished() {
                peak = peak.max(serving.anonymous_mb());
                std::thread::park_timeout(LOOK_AT_MEMORY_EVERY);
            }
            uploading.join().unwrap()
        });
        ways[1].push(took);
    }
    let rates = ways.map(|mut took| {
        took.sort_unstable();
        options.payments as f64 / took[TIMES / 2].as_secs_f64()
    });
    println!("\n{} payments, {:.2} GB; the middle of {TIMES} each", options.payments, file.bytes as f64 / 1e9);
    println!("{:<28} {:>12.0} payments/s", "anvis payout route", rates[0]);
    println!("{:<28} {:>12.0} payments/s", "POST /v1/payouts", rates[1]);
    println!(
        "An upload: {:.0} % of the command line's rate (goal {:.0} %); {peak:.0} MB of anonymous memory (goal below {MEMORY_GOAL_MB:.0} MB).",
        100.0 * rates[1] / rates[0],
        100.0 * PART_GOAL,
    );
}

struct PaymentFile {
    path: PathBuf,
    bytes: u64,
    out: PathBuf,
}

impl PaymentFile {
    fn write(options: &Options, world: &World, nation: &Nation) -> Self {
        let now = jiff::Timestamp::now();
        let order = PaymentOrder {
            payments: options.payments,
            seed: u64::from(std::process::id()),
            message_id: format!("BENCH-{}", now.as_microsecond()),
            version: Version::V09,
            payer_name: "Udbetaling (synthetic)".to_owned(),
            payer_cvr: Cvr::parse("13748136").expect("lawful"),
            created: "2026-01-01T00:00:00Z".to_owned(),
            execution_date: add_banking_days(copenhagen_date(now), 2),
            benefit_kinds: PUBLIC_PAYER_BENEFITS.map(str::to_owned).to_vec(),
            blocks: 4,
            faults: true,
        };
        let path = world.folder.join("payments.xml");
        let mut file = File::create(&path).unwrap();
        let totals = nation.write_payments(&order, &mut file).expect("the payment file");
        file.sync_all().unwrap();
        Self { path, bytes: totals.bytes, out: world.folder.join("out") }
    }

    /// Gives the file a message id that was not used yet.
    fn rename_message(&self, at: usize) {
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path).unwrap();
        let mut head = vec![0; 1024];
        file.read_exact(&mut head).unwrap();
        let place = head.windows(7).position(|window| window == b"<MsgId>").expect("a message id") + 7;
        file.seek(SeekFrom::Start(place as u64)).unwrap();
        write!(file, "{at}").unwrap();
        file.sync_all().unwrap();
    }

    fn route(&self, world: &World) -> Duration {
        let out = self.out.to_str().unwrap();
        let began = Instant::now();
        let routed = world.anvis(&["payout", "route", path(&self.path), "--payer", PUBLIC_PAYER, "--out", out]);
        let took = began.elapsed();
        assert_eq!(routed["duplicate"], false, "{routed}");
        std::fs::remove_dir_all(&self.out).unwrap();
        took
    }

    fn upload(&self, client: &Client, address: std::net::SocketAddr) -> Duration {
        let pieces = Pieces(File::open(&self.path).unwrap());
        let request = client.request("/v1/payouts", "application/xml", pieces.boxed());
        let began = Instant::now();
        let answer = load::once(address, client, request);
        let took = began.elapsed();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["duplicate"], false, "{answer}");
        took
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A file, piece by piece.
struct Pieces(File);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut piece = vec![0; PIECE_BYTES];
        let read = self.0.read(&mut piece).unwrap();
        piece.truncate(read);
        Poll::Ready((read > 0).then(|| Ok(Frame::data(piece.into()))))
    }
}
