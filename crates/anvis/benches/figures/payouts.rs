//! Among very many payouts: what was paid to one payee, where a day's money is, and what it costs each payment that both are found.

use crate::lives::people;
use crate::{Bench, Options, now, processor_time, timed};
use denmark::calendar::copenhagen_date;
use denmark::{Currency, Money};
use kernel::journal::ENTRIES_MAX;
use kernel::{Actor, Blind, Env, Id, Secrets, Timestamp, Writer};
use payout::commands::{Trace, trace};
use payout::testing::{Filled, fill, fill_small, index_alone};
use registry::commands::fold_holders;
use registry::designation::Designation;
use registry::payee::PayeeId;
use registry::payer::Payer;
use registry::resolve::{self, Query};
use sim::nation::{Nation, PUBLIC_PAYER, Plan};
use std::time::Duration;

/// Payments of a large batch, and of a small one.
const LARGE: u64 = 1_000_000;
const SMALL: u64 = 100;
/// At most so many small ones, a fifth of all where there are few.
const SMALL_BATCHES_MAX: u64 = 20_000;
const SMALL_BATCHES_AT_ONCE: u64 = 500;
/// One in so many goes to whom is traced.
const TRACED_EVERY: u64 = 2_000_000;
const TRIES: usize = 5;
const HOUR_SECONDS: i64 = 3_600;

/// What is paid, and to whom.
struct Paying {
    traced: (Blind, Option<Id<Designation>>),
    payer: Payer,
}

impl Paying {
    fn payment(&self, number: u64) -> Filled {
        // As many payees as payments: what finds one does not care.
        let (payee, designation) =
            if number % TRACED_EVERY == TRACED_EVERY / 2 { self.traced } else { (spread(number), None) };
        let money = Money { minor: 100_000 + (number % 1_000) as i64, currency: Currency::DKK };
        Filled { payee, end_to_end_id: format!("E2E-{number}"), money, designation }
    }
}

/// As a blind index would be, at no cost.
fn spread(number: u64) -> Blind {
    let mixed = |number: u64| {
        let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ number >> 31
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mixed(number).to_be_bytes());
    bytes[8..].copy_from_slice(&mixed(!number).to_be_bytes());
    Blind::from_bytes(bytes)
}

/// Beside the nation, so that nothing else meets so many.
pub fn measure(bench: &Bench<'_>) {
    println!();
    index(bench);
    let options = Options { people: 1_000, folder: bench.options.folder.join("payouts"), ..bench.options.clone() };
    let own = Bench { options: &options, data: options.folder.join("data"), payments: bench.payments.clone() };
    if options.server.is_none() {
        std::fs::create_dir_all(&options.folder).expect("the bench's folder");
        own.settle(&Nation::new(Plan { seed: 1, people: options.people, companies: 0 }).expect("a lawful plan"));
    }
    let person = people(&own.import_file()).next().expect("people with accounts");
    let payee = PayeeId::parse(&person[1]).expect("a payee");
    let mut writer = own.store().writer(Secrets::from_system()).expect("a writer");
    let key = payee.key(writer.store.vault());
    let paying = writer.read(|scope| {
        let query = Query { payee: key, purpose: None };
        let found = resolve::resolve_at(scope, &query, Timestamp::from_micros(i64::MAX), ENTRIES_MAX)?;
        let payer = resolve::payer_by_name(scope, PUBLIC_PAYER)?.expect("the payer");
        Ok(Paying { traced: (key, found.held.map(|held| held.newest.id)), payer })
    });
    let begin = now();
    let ((batches, last), took) = timed(|| pay(&mut writer, &paying.expect("the payee"), options.payouts, begin));
    println!("{} payouts in {batches} batches, made in {:.0} s:", options.payouts, took.as_secs_f64());
    trace_one(&own, &mut writer, payee, begin);
    let day = copenhagen_date(last.to_jiff()).to_string();
    let middle = middle(|| own.anvis(&["payout", "balance", "--payer", PUBLIC_PAYER, "--day", &day]));
    println!("{:<58} {middle:>8.2} s   (goal below 5 s)", "payout balance of a day of 1,000,000 payments");
}

/// What the index costs each payment of a file.
fn index(bench: &Bench<'_>) {
    let payments = bench.options.payments;
    let mut writer = bench.store().writer(Secrets::from_system()).expect("a writer");
    // Else the routing would do it first.
    while fold_holders(&mut writer).expect("the accounts' payees") {}
    let run = bench.route(crate::ROUTINGS + 1);
    let keys = (0..payments).map(|number| (spread(number), spread(number + payments)));
    let before = processor_time("self");
    let (bytes, took) = timed(|| index_alone(&mut writer, keys, &Env::new(now(), 1)).expect("the index"));
    let processor = processor_time("self") - before;
    let micros = |took: Duration| took.as_secs_f64() * 1e6 / payments as f64;
    let (whole, index) = (micros(run.processor), micros(processor));
    println!("{:<58} {whole:>8.2} µs", "processor time of payout route for one payment");
    println!(
        "{:<58} {index:>8.2} µs, {:.2} µs elapsed",
        "of the index of payments alone, made and taken away",
        micros(took)
    );
    println!("{:<58} {:>8.1} %   (goal 85 %)", "routing, of the speed without it", 100.0 * (1.0 - index / whole));
    println!("{:<58} {:>8.1} bytes", "the index, for one payment", bytes as f64 / payments as f64);
}

/// Small batches first, then large ones, the last of them on a day of its own; how many, and when that one came in.
fn pay(writer: &mut Writer, paying: &Paying, payouts: u64, begin: Timestamp) -> (u64, Timestamp) {
    let mut moments = (1..).map(|hour| Timestamp::from_micros(begin.micros() + hour * HOUR_SECONDS * 1_000_000 / 24));
    let (mut batches, mut paid) = (0_u32, 0);
    let mut env = |batches: &mut u32| {
        *batches += 1;
        Env::new(moments.next().expect("time goes on"), *batches)
    };
    let small = (payouts / 5 / SMALL).min(SMALL_BATCHES_MAX);
    while u64::from(batches) < small {
        let some = (small - u64::from(batches)).min(SMALL_BATCHES_AT_ONCE);
        let made = (0..some).map(|_| {
            let payments = (paid..paid + SMALL).map(|number| paying.payment(number)).collect();
            paid += SMALL;
            (payments, env(&mut batches))
        });
        let made: Vec<_> = made.collect();
        fill_small(writer, &paying.payer, made.into_iter()).expect("small batches");
    }
    while paid + LARGE < payouts {
        let payments = (paid..(paid + LARGE).min(payouts - LARGE)).map(|number| paying.payment(number));
        let made = payments.size_hint().0 as u64;
        fill(writer, &paying.payer, payments, &env(&mut batches)).expect("a large batch");
        paid += made;
    }
    let last = Timestamp::from_micros(env(&mut batches).now.micros() + 48 * HOUR_SECONDS * 1_000_000);
    let payments = (0..LARGE).map(|number| paying.payment(number));
    fill(writer, &paying.payer, payments, &Env::new(last, batches)).expect("the last batch");
    (u64::from(batches), last)
}

fn trace_one(own: &Bench<'_>, writer: &mut Writer, payee: PayeeId, since: Timestamp) {
    let wanted = Trace { payee, since, payer: None, after: None, limit: 1_000 };
    let mut times: Vec<f64> = (0..TRIES)
        .map(|at| {
            let env = Env::new(now(), 1 + at as u32);
            let (page, took) = timed(|| trace(writer, &wanted, &Actor::console(), &env).expect("a trace"));
            assert!(page.next.is_none() && !page.payments.is_empty(), "all of them are found");
            took.as_secs_f64()
        })
        .collect();
    let first = times[0];
    times.sort_unstable_by(f64::total_cmp);
    let found = trace(writer, &wanted, &Actor::console(), &Env::new(now(), 0)).expect("a trace").payments.len();
    println!("{:<58} {found:>8}", "payments to whom is traced");
    println!("{:<58} {:>8.3} s, {first:.3} s the first time", "the trace, in a process that runs", times[TRIES / 2]);
    let (payee, since) = (payee.reveal(), since.to_string());
    let whole = middle(|| own.anvis(&["payout", "trace", &payee, "--since", &since, "--json"]));
    println!("{:<58} {whole:>8.3} s   (goal below 2 s)", "payout trace, with its start");
    if own.options.server.is_none() {
        let (probes, took) = crate::sqlite::probe_index(&own.data);
        println!("{:<58} {:>8.3} s", format!("{probes} steps into that index, one for each slice"), took.as_secs_f64());
    }
}

/// The middle one of several runs of the program, in seconds.
fn middle(command: impl Fn() -> std::process::Command) -> f64 {
    let run = || {
        let (output, took) = timed(|| command().output().expect("starts"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        took.as_secs_f64()
    };
    let mut times: Vec<f64> = (0..TRIES).map(|_| run()).collect();
    times.sort_unstable_by(f64::total_cmp);
    times[TRIES / 2]
}
