//! The figures of `docs/benchmarks.md`: a nation of its size, and every rate beside the floor measured in the same run.
//!
//! `cargo xtask bench [--people N] [--payments N] [--changes N] [--lives N] [--waiting N] [--payouts N]
//! [--keep DIR] [--only PART] [--store postgres|URL]`. The parts are `routing`, `changes`, `lives`, `watched`, `store` and `payouts`. With `--keep`, the nation is made once and used
//! again; but changes and lives are of accounts that nothing else has changed, and want a nation that is new.

#![expect(clippy::disallowed_methods, reason = "measuring time is what this is for")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench that cannot go on stops")]

mod changes;
mod letters;
mod lives;
mod payouts;
mod postgres;
mod sqlite;
mod watched;

use changes::Changes;
use denmark::calendar::{add_banking_days, copenhagen_date};
use denmark::{Cvr, Iban};
use kernel::{Actor, Domain, Env, Id, Location, Secrets, Store, Timestamp, Writer};
use lives::{GROUP, Lives, people};
use payout::message::{Agent, Chunk, Cutter, Part, parse_payment, write_payment};
use registry::commands::{AddPayer, SetControls};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Population, Source};
use registry::payer::{Agreement, NoAccount, PayerKind};
use sim::nation::{Nation, PUBLIC_PAYER, PUBLIC_PAYER_BENEFITS, PaymentOrder, Plan, Version};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ANVIS: &str = env!("CARGO_BIN_EXE_anvis");
const CORES: f64 = 2.0;
const CHUNK_PAYMENTS: usize = 2048;
/// How often the file is routed.
const ROUTINGS: usize = 3;

#[derive(Clone)]
struct Options {
    people: u64,
    payments: u64,
    changes: usize,
    lives: usize,
    /// How many payouts one payee's are traced among.
    payouts: u64,
    /// How many proposals wait while what is due is settled.
    waiting: usize,
    folder: PathBuf,
    keeps: bool,
    /// The one part to measure; all without.
    only: Option<String>,
    /// The PostgreSQL to measure; the embedded store without.
    server: Option<String>,
}

fn options() -> Options {
    let mut options = Options {
        people: 6_500_000,
        payments: 1_000_000,
        changes: 100_000,
        lives: 20_000,
        payouts: 100_000_000,
        waiting: 50_000,
        folder: std::env::temp_dir().join("anvis-bench"),
        keeps: false,
        only: None,
        server: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("an option needs a value");
        match argument.as_str() {
            "--people" => options.people = value().parse().expect("a number"),
            "--payments" => options.payments = value().parse().expect("a number"),
            "--changes" => options.changes = value().parse().expect("a number"),
            "--lives" => options.lives = value().parse().expect("a number"),
            "--payouts" => options.payouts = value().parse().expect("a number"),
            "--waiting" => options.waiting = value().parse().expect("a number"),
            "--only" => options.only = Some(value()),
            "--store" => options.server = Some(value()),
            "--keep" => (options.folder, options.keeps) = (value().into(), true),
            "--bench" => {}
            other => panic!("unknown option {other}"),
        }
    }
    options
}

/// One part of it.
type Measure = fn(&Bench<'_>);

fn main() {
    let options = options();
    let bench = Bench::prepare(&options);
    let parts: [(&str, Measure); 6] = [
        ("routing", |bench| bench.floors_and_routing()),
        ("changes", |bench| bench.changes()),
        ("lives", |bench| bench.lives()),
        ("watched", |bench| bench.watched()),
        ("store", |bench| bench.whole_store()),
        ("payouts", payouts::measure),
    ];
    for (name, measure) in parts {
        if options.only.as_ref().is_none_or(|only| only == name) {
            measure(&bench);
        }
    }
    if !options.keeps {
        std::fs::remove_dir_all(&options.folder).expect("the bench's folder");
    }
}

/// Sets the controls to a set that is shipped.
fn control(writer: &mut Writer, set: &str) {
    let change = ControlChange::new(Some(set), &[]).expect("a set that is shipped");
    let set = SetControls { change, is_synthetic: true };
    writer.execute(&set, &Actor::console(), &Env::new(now(), 0)).expect("the controls");
}

struct Bench<'b> {
    options: &'b Options,
    data: PathBuf,
    payments: PathBuf,
}

fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

/// Prints one figure.
fn figure(what: &str, count: u64, took: Duration) -> f64 {
    let rate = count as f64 / took.as_secs_f64();
    println!("{what:<58} {rate:>12.0} a second   ({count} in {:.2} s)", took.as_secs_f64());
    rate
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

impl<'b> Bench<'b> {
    fn prepare(options: &'b Options) -> Self {
        let data = options.folder.join("data");
        let payments = options.folder.join("payments.xml");
        let bench = Self { options, data, payments };
        let nation = Nation::new(Plan { seed: 1, people: options.people, companies: 0 }).expect("a lawful plan");
        if !options.keeps && options.folder.exists() {
            // What a bench left that was cut off.
            std::fs::remove_dir_all(&options.folder).expect("the bench's folder");
        }
        if !bench.key().exists() {
            std::fs::create_dir_all(&options.folder).expect("the bench's folder");
            bench.settle(&nation);
        }
        let order = PaymentOrder {
            payments: options.payments,
            seed: u64::from(std::process::id()),
            message_id: format!("BENCH-{}", now().micros()),
            version: Version::V09,
            payer_name: "Udbetaling (synthetic)".to_owned(),
            payer_cvr: Cvr::parse("13748136").expect("lawful"),
            created: "2026-01-01T00:00:00Z".to_owned(),
            execution_date: add_banking_days(copenhagen_date(now().to_jiff()), 2),
            benefit_kinds: PUBLIC_PAYER_BENEFITS.map(str::to_owned).to_vec(),
            blocks: 4,
            faults: true,
        };
        let mut file = File::create(&bench.payments).unwrap();
        nation.write_payments(&order, &mut file).expect("the payment file");
        // What is still on its way to the disk would slow what is measured.
        file.sync_all().unwrap();
        bench
    }

    fn settle(&self, nation: &Nation) {
        let env = Env::new(now(), 0);
        let migrations: Vec<_> = services::migrations().collect();
        let mut secrets = Secrets::from_system();
        let store = Store::create(self.location(), &self.key(), &migrations, true, &env, &mut secrets);
        let store = store.expect("a new store");
        let mut writer = store.writer(secrets).expect("a writer");
        let vault = store.vault().clone();
        let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        self.import(&mut writer, "bank import", &Banks, |out| nation.write_banks(out).unwrap());
        self.import(&mut writer, "population import", &population, |out| nation.write_population(out).unwrap());
        let companies = Companies { vault: vault.clone() };
        self.import(&mut writer, "company import", &companies, |out| nation.write_companies(out).unwrap());
        let agreement = Agreement {
            name: PUBLIC_PAYER.to_owned(),
            cvr: Cvr::parse("13748136").expect("lawful"),
            kind: PayerKind::Public,
            no_account: NoAccount::Reject,
            bank: None,
            terms: registry::terms::Terms::default(),
        };
        writer.execute(&AddPayer { agreement }, &Actor::console(), &env).expect("a payer");
        // What is timed holds at once; the lives have controls of their own.
        control(&mut writer, "2015");
        let accounts = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        self.import(&mut writer, "account import", &accounts, |out| nation.write_all_accounts(out).unwrap());
    }

    fn import(&self, writer: &mut Writer, what: &str, source: &impl Source, write: impl FnOnce(&mut File) -> u64) {
        let path = self.import_file();
        write(&mut File::create(&path).unwrap());
        let env = Env::new(now(), 0);
        let (result, took) = timed(|| {
            let file = File::open(&path).unwrap();
            registry::import::run(writer, source, file, &Actor::console(), &mut || env, &mut |_| {})
        });
        let (counts, rejects) = result.expect("the import");
        figure(what, counts.rows, took);
        assert!(rejects.is_empty(), "{what}: {:?}", rejects.first());
    }

    /// What was imported last.
    fn import_file(&self) -> PathBuf {
        self.options.folder.join("import.csv")
    }

    fn key(&self) -> PathBuf {
        self.options.folder.join("data.key")
    }

    fn location(&self) -> Location {
        match &self.options.server {
            Some(url) => Location::parse(url).expect("a URL of a PostgreSQL"),
            None => Location::from(&self.data),
        }
    }

    fn store(&self) -> Store {
        let migrations: Vec<_> = services::migrations().collect();
        Store::open(self.location(), &self.key(), &migrations).expect("the store")
    }

    /// The program, on this store.
    fn anvis(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(ANVIS);
        command.args(arguments).arg("--data").arg(&self.data).stdout(Stdio::piped());
        if let Some(url) = &self.options.server {
            command.args(["--store", url]);
        }
        command
    }

    fn floors_and_routing(&self) {
        let store = self.store();
        let vault = store.vault().clone();
        let payments = self.options.payments;
        println!("\nFloors, as core time for one payment:");
        let mut core_micros = 0.0;
        let mut floor = |what: &str, micros: f64| {
            println!("{what:<58} {micros:>8.2} µs");
            core_micros += micros;
        };
        let micros = |took: Duration, count: u64| took.as_secs_f64() * 1e6 / count as f64;

        let (chunks, cut) = timed(|| chunks(&self.payments));
        println!("{:<58} {:>8.2} µs (with reading; not counted)", "cutting", micros(cut, payments));
        let (payees, spliced) = timed(|| splice(&chunks));
        floor("XML splice, two workers", CORES * micros(spliced, payments));
        drop(chunks);
        let payees: Vec<String> = payees;
        let (mut keys, blind) =
            timed(|| payees.iter().map(|cpr| vault.blind(Domain("payee.cpr"), cpr)).collect::<Vec<_>>());
        // The file's order, sorted in batches as the router sees them.
        keys.chunks_mut(CHUNK_PAYMENTS).for_each(<[_]>::sort_unstable);
        let goal = if let Some(url) = &self.options.server {
            let mut client = postgres::connect(url);
            let looked_up = postgres::look_up(&mut client, &keys);
            floor("look-ups by lists of keys (client and server)", micros(looked_up, keys.len() as u64));
            floor("COPY (client and server)", micros(postgres::copy_rows(&mut client, payments), payments));
            60.0
        } else {
            floor("blind index", micros(blind, payees.len() as u64));
            let connection = sqlite::open(&self.data);
            let (sealed, looked_up) = timed(|| sqlite::look_up(&connection, &keys));
            floor("sorted look-ups", micros(looked_up, keys.len() as u64));
            let (_, opened) = timed(|| {
                for (id, account) in &sealed {
                    vault.open("designation.account", Id::<Bench<'_>>::new(*id), account).expect("opens");
                }
            });
            floor("unsealing", micros(opened, sealed.len() as u64));
            floor("row insert", micros(sqlite::insert_rows(&self.options.folder, payments), payments));
            let (copied, wall) = copy(&self.payments, &self.options.folder.join("copy.xml"));
            floor("plain copy with fdatasync (processor time)", micros(copied, payments));
            println!("{:<58} {:>8.2} s", "plain copy with fdatasync (elapsed)", wall.as_secs_f64());
            70.0
        };
        let allowed = CORES * 1e6 / core_micros;
        println!("{:<58} {allowed:>8.0} payments a second", "what the floors allow on two cores");

        println!();
        // The first finds the disk and the memory as the imports left them; the middle one is the figure.
        let mut runs: Vec<Run> = (0..ROUTINGS).map(|at| self.route(at)).collect();
        for run in &runs {
            let rate = figure("payout route", payments, run.took);
            println!("{:<58} {:>8.0} %", "of what the floors allow", 100.0 * rate / allowed);
            println!("{:<58} {:>8.2} µs", "processor time for one payment", micros(run.processor, payments));
        }
        runs.sort_unstable_by_key(|run| run.took);
        let rate = payments as f64 / runs[ROUTINGS / 2].took.as_secs_f64();
        println!(
            "{:<58} {:>8.0} %   (goal {goal:.0} %)",
            "the middle one, of what the floors allow",
            100.0 * rate / allowed
        );
        let goal = 256.0 + 16.0 * payments as f64 / (1 << 20) as f64;
        let peak = runs.iter().map(|run| run.anonymous_mb).fold(0.0, f64::max);
        println!("{:<58} {peak:>8.0} MB  (goal below {goal:.0} MB)", "peak anonymous memory");
    }

    /// Gives the payment file a message id that was not used yet.
    fn rename_message(&self, at: usize) {
        let mut file = OpenOptions::new().read(true).write(true).open(&self.payments).unwrap();
        let mut head = vec![0; 1024];
        file.read_exact(&mut head).unwrap();
        let place = head.windows(7).position(|window| window == b"<MsgId>").expect("a message id") + 7;
        file.seek(SeekFrom::Start(place as u64)).unwrap();
        write!(file, "{at}").unwrap();
        file.sync_all().unwrap();
    }

    fn route(&self, at: usize) -> Run {
        self.route_beside(at, || std::thread::park_timeout(Duration::from_millis(5)))
    }

    /// Routes the file, and does `meanwhile` again and again.
    fn route_beside(&self, at: usize, mut meanwhile: impl FnMut()) -> Run {
        self.rename_message(at);
        let out = self.options.folder.join("out");
        let payments = self.payments.to_str().unwrap();
        let arguments =
            ["payout", "route", payments, "--payer", PUBLIC_PAYER, "--json", "--out", out.to_str().unwrap()];
        let before = processor_time("children");
        let began = Instant::now();
        let mut child = self.anvis(&arguments).spawn().expect("the router");
        let status = format!("/proc/{}/status", child.id());
        let mut anonymous_kib: u64 = 0;
        while child.try_wait().expect("the router").is_none() {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
            let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            anonymous_kib = anonymous_kib.max(kib.unwrap_or(0));
            meanwhile();
        }
        let took = began.elapsed();
        let mut answer = String::new();
        child.stdout.take().expect("piped").read_to_string(&mut answer).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("an answer");
        assert_eq!(answer["duplicate"], false, "{answer}");
        let _ = std::fs::remove_dir_all(&out);
        Run {
            took,
            processor: processor_time("children") - before,
            anonymous_mb: anonymous_kib as f64 / 1024.0,
            held: answer["held"].as_u64().expect("how many wait"),
        }
    }

    /// Single changes: alone, in groups, and beside a payment file that is routed.
    fn changes(&self) {
        println!();
        let count = self.options.changes;
        let import = self.options.folder.join("import.csv");
        let mut changes = Changes::of(&self.store(), &import, count);
        let some = count as u64 / 20;
        let bare = self.options.server.as_ref().map(|url| {
            let took = postgres::bare_changes(&mut postgres::connect(url), some);
            figure("bare transactions of a change, written by hand", some, took)
        });
        let alone: Vec<Duration> = (0..some).map(|_| changes.one()).collect();
        let rate = figure("single changes", some, alone.iter().sum());
        if let Some(bare) = bare {
            println!("{:<58} {:>8.0} %   (goal 60 %)", "of the bare transactions", 100.0 * rate / bare);
        }
        quantiles("a single change, alone", alone);
        let (mut grouped, mut took) = (0, Duration::ZERO);
        while grouped < 4 * some {
            let (made, time) = changes.group();
            grouped += made;
            took += time;
        }
        let in_groups = figure("changes in groups of 100", grouped, took);
        println!("{:<58} {:>8.1} times the single rate (goal 10)", "that is", in_groups / rate);
        let mut beside = Vec::new();
        let run = self.route_beside(ROUTINGS, || {
            for _ in 0..10 {
                beside.push(changes.one());
            }
        });
        figure("payout route beside single changes", self.options.payments, run.took);
        figure("single changes beside payout route", beside.len() as u64, run.took);
        quantiles("a single change, beside payout route", beside);
    }

    /// Under the controls that hold unless somebody decides otherwise.
    fn lives(&self) {
        println!();
        let Options { changes, lives: count, waiting, folder, .. } = self.options;
        let people = people(&folder.join("import.csv"));
        let mut people = people.skip(*changes);
        let mut lives = Lives::begin(&self.store(), PUBLIC_PAYER);
        let lived = lives.whole(&people.by_ref().take(*count).collect::<Vec<_>>());
        let whole = lived.letters.len() as u64;
        let rate = figure(&format!("whole lives of designations, in groups of {GROUP}"), whole, lived.took);
        println!("{:<58}          (goal 2,000 a second, embedded)", "");
        if self.options.server.is_none() {
            let by_hand = sqlite::write_lives(folder, lived.letters.len(), GROUP);
            let floor = figure("the same rows written by hand, nothing decided", whole, by_hand);
            println!("{:<58} {:>8.0} %", "of that", 100.0 * rate / floor);
        }
        let micros = |took: Duration, count: u64| 1e6 * took.as_secs_f64() / count as f64;
        println!("{:<58} {:>8.0} µs", "processor time for one of them", micros(lived.processor, whole));
        let (sizes, took) = letters::draw(&lived.letters);
        let drawn = figure("letters drawn, on one core", whole, took);
        println!(
            "{:<58} {:>8.0} a second",
            "lives with their letters drawn, on that core",
            1.0 / (1.0 / rate + 1.0 / drawn)
        );
        let (least, most) = (sizes.iter().min().expect("letters"), sizes.iter().max().expect("letters"));
        println!("{:<58} {least:>8} to {most} bytes", "a letter");
        let settling = lives.settling(&people.take(*waiting).collect::<Vec<_>>());
        println!("\n{} proposals wait, and nothing is due:", settling.waiting);
        println!("{:<58} {:>8.1} µs", "finding that out, as a service does each second", micros(settling.idle, 1));
        figure("settled, of those that wait", settling.due, settling.took);
    }

    fn whole_store(&self) {
        self.cold_start();
        self.verify();
        self.back_up();
    }

    fn cold_start(&self) {
        let starts = (0..20).map(|_| {
            let (output, took) = timed(|| self.anvis(&["journal", "head"]).output());
            assert!(output.expect("starts").status.success());
            took
        });
        let mut starts: Vec<Duration> = starts.collect();
        starts.sort_unstable();
        println!("{:<58} {:>8.1} ms  (goal below 100 ms)", "cold start, median of 20", starts[10].as_secs_f64() * 1e3);
    }

    fn verify(&self) {
        let (output, took) = timed(|| self.anvis(&["journal", "verify"]).output());
        assert!(output.expect("starts").status.success());
        println!("{:<58} {:>8.1} s", "journal verify, the whole store", took.as_secs_f64());
    }

    /// A backup is a copy, verified before it is in place; with a server, to another engine.
    fn back_up(&self) {
        let backup = self.options.folder.join("backup");
        let (output, took) = timed(|| self.anvis(&["backup", backup.to_str().expect("a path"), "--json"]).output());
        let output = output.expect("starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an answer");
        let tables = told["tables"].as_object().expect("its tables");
        figure("backup, copied and verified, rows", tables.values().filter_map(serde_json::Value::as_u64).sum(), took);
        std::fs::remove_dir_all(&backup).expect("the backup");
    }
}

/// Prints the middle, the worst of a hundred, and the worst.
fn quantiles(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let millis = |at: usize| times[at].as_secs_f64() * 1e3;
    let (half, hundredth, last) = (times.len() / 2, times.len() * 99 / 100, times.len() - 1);
    println!(
        "{:<58} {:>8.2} ms in the middle, {:.2} ms at 99 %, {:.1} ms at worst",
        what,
        millis(half),
        millis(hundredth),
        millis(last)
    );
}

struct Run {
    took: Duration,
    processor: Duration,
    anonymous_mb: f64,
    held: u64,
}

fn chunks(path: &Path) -> Vec<Chunk> {
    let mut cutter = Cutter::new(File::open(path).unwrap(), CHUNK_PAYMENTS);
    let mut chunks = Vec::new();
    while let Some(chunk) = cutter.next_chunk().expect("a sound file") {
        chunks.push(chunk);
    }
    chunks
}

/// Reads and completes every payment on two threads; the CPR numbers that they name.
fn splice(chunks: &[Chunk]) -> Vec<String> {
    let iban = Iban::parse("DK5000400440116243").expect("lawful");
    let half = |chunks: &[Chunk]| {
        let mut out = Vec::with_capacity(8 << 20);
        let mut payees = Vec::new();
        for chunk in chunks {
            out.clear();
            let mut block = chunk.block.as_ref();
            for part in &chunk.parts {
                match part {
                    Part::BlockHead { head, .. } => block = Some(head),
                    Part::Payment { span, start } => {
                        let bytes = &chunk.bytes[span.clone()];
                        let context = &block.expect("payments stand in blocks").context;
                        let payment = parse_payment(bytes, *start, 0, context).expect("a sound payment");
                        write_payment(&mut out, bytes, &payment, Some((Agent::Bic("NDEADKKK"), iban.as_str())));
                        if let payout::message::Payee::Named(payout::message::PayeeNumber::Cpr(cpr)) = payment.payee {
                            payees.push(cpr);
                        }
                    }
                    _ => {}
                }
            }
            std::hint::black_box(&out);
        }
        payees
    };
    let (first, second) = chunks.split_at(chunks.len() / 2);
    let payees = std::thread::scope(|threads| {
        let other = threads.spawn(|| half(second));
        let mut payees = half(first);
        payees.extend(other.join().expect("no panic"));
        payees
    });
    payees.iter().map(|cpr| cpr.digits().to_owned()).collect()
}

/// A plain copy of a file, brought to the disk and hashed by nobody: its processor time and its elapsed time.
fn copy(from: &Path, to: &Path) -> (Duration, Duration) {
    let before = processor_time("self");
    let (_, wall) = timed(|| {
        let (mut input, mut output) = (File::open(from).unwrap(), File::create(to).unwrap());
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = input.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            output.write_all(&buffer[..read]).unwrap();
        }
        output.sync_data().unwrap();
    });
    std::fs::remove_file(to).unwrap();
    (processor_time("self") - before, wall)
}

/// Processor time so far, of this process or of its ended children, from the kernel's own count in hundredths of a second.
fn processor_time(of: &str) -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").expect("the name is in brackets").1.split(' ').collect();
    let first = if of == "self" { 11 } else { 13 };
    let ticks: u64 = fields[first..first + 2].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// Time that the cores of the machine have worked so far, whoever for.
fn machine_time() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap();
    let fields = text.lines().next().expect("the line of all cores").split_whitespace().skip(1);
    let ticks: Vec<u64> = fields.map(|field| field.parse().unwrap()).collect();
    // user, nice, system; then idle and waiting; then interrupts.
    let [user, nice, system, _, _, interrupts, soft, ..] = ticks[..] else { panic!("/proc/stat is of another form") };
    Duration::from_millis((user + nice + system + interrupts + soft) * 10)
}
