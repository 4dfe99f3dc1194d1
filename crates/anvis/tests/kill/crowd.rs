//! Four processes at once change one store: two banks and the operator import, a payer routes, releases and cancels. Their
//! clocks are an hour apart. On PostgreSQL they are killed, their connections are ended by the server, and cut anywhere.
//!
//! The seed says which strikes there are; where the processes are meanwhile is the machine's choice.

use crate::chance::{Chance, kills};
use crate::pain::{Pay, cpr, pay, simple};
use crate::support::*;
use kernel::testing::relay::{Passed, Relay, Then, When};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Child;
use std::sync::{Arc, Mutex};

/// An hour after [`NOW`].
const AHEAD: &str = "2026-11-23T10:00:00Z";
/// When all that was abandoned meanwhile is swept.
const LATER: &str = "2026-11-23T12:00:00Z";
const PAYEES: u64 = 20;
const ROWS: u64 = 12;
const PAYMENTS: u64 = 30;
/// So often one command is struck, and then it is left alone.
const STRIKES_MAX: u64 = 3;
/// So often one command is given.
const TRIES_MAX: u64 = 20;

/// Somebody who gives commands, one after another, each until it is done.
struct Party<'w> {
    world: &'w World,
    name: &'static str,
    now: &'static str,
    chance: Chance,
    /// None on SQLite, where nobody strikes.
    relay: Option<Relay>,
    /// What an undisturbed command moves.
    usual: Passed,
    /// How often what hit it.
    strikes: BTreeMap<&'static str, u64>,
}

impl<'w> Party<'w> {
    fn new(world: &'w World, name: &'static str, now: &'static str, chance: Chance) -> Self {
        let relay = is_postgres().then(|| Relay::to(world.url(), &world.path(name), name));
        let usual = Passed { has_come: false, bytes: 0, commits: 0 };
        Self { world, name, now, chance, relay, usual, strikes: BTreeMap::new() }
    }

    /// Whether it has another file after so many: it has as many as it was given, and more until something has hit it.
    fn has_another(&self, done: u64, files: u64) -> bool {
        let is_to_be_struck_yet = self.relay.is_some() && self.strikes.is_empty();
        done < files || (is_to_be_struck_yet && done < files + TRIES_MAX)
    }

    /// Gives a command until it is done, or refused.
    fn insist(&mut self, args: &str) -> Answer {
        let mut strikes = 0;
        for _ in 0..TRIES_MAX {
            let is_to_be_struck = self.usual.bytes > 0 && strikes < STRIKES_MAX && self.chance.is(3, 4);
            let (answer, strike) = self.give(args, is_to_be_struck);
            if let Some(strike) = strike {
                strikes += 1;
                *self.strikes.entry(strike).or_default() += 1;
                self.world.verified();
            }
            let code = if answer.exit == 1 { answer.json()["code"].to_string() } else { String::new() };
            match (answer.exit, strike, code.as_str()) {
                (0 | 3, ..) => return answer,
                (-1, Some("killed"), _) | (1, _, "\"conflict\"") => {}
                (1, Some(_), "\"store.unreachable\"" | "\"store.unknown\"") => {}
                (exit, ..) => {
                    panic!("{}, {strike:?}: {args}: {exit} {}{}", self.name, answer.stdout, answer.stderr)
                }
            }
        }
        panic!("{}: {args}: not done after {TRIES_MAX} tries", self.name)
    }

    /// Gives a command once; what it said, and what hit it.
    fn give(&mut self, args: &str, is_to_be_struck: bool) -> (Answer, Option<&'static str>) {
        let url = self.relay.as_ref().map_or(self.world.url(), |relay| &relay.url);
        let mut command = self.world.command(&format!("{args} --store {url} --now {}", self.now));
        let Some(relay) = self.relay.clone() else { return (answer(args, command.spawn().unwrap()), None) };
        relay.end();
        let process = Arc::new(Mutex::new(None));
        let strike = is_to_be_struck.then(|| self.strike(&relay, &process));
        let read = |from: &mut dyn Read| {
            let mut said = String::new();
            from.read_to_string(&mut said).unwrap();
            said
        };
        let (mut stdout, mut stderr) = {
            // Whoever strikes waits until there is somebody to strike.
            let mut process = process.lock().unwrap();
            let child = process.insert(command.spawn().unwrap());
            (child.stdout.take().unwrap(), child.stderr.take().unwrap())
        };
        let (stdout, stderr) = (read(&mut stdout), read(&mut stderr));
        let passed = relay.end();
        let status = process.lock().unwrap().as_mut().unwrap().wait().unwrap();
        let strike = strike.filter(|_| passed.has_come);
        if strike.is_none() {
            self.usual = passed;
        }
        (Answer { args: args.to_owned(), exit: status.code().unwrap_or(-1), stdout, stderr }, strike)
    }

    /// Says what is to hit the process, and when.
    fn strike(&mut self, relay: &Relay, process: &Arc<Mutex<Option<Child>>>) -> &'static str {
        let anywhere = When::Bytes(self.chance.below(self.usual.bytes));
        let at_a_commit = When::Commits(self.chance.below(self.usual.commits));
        match self.chance.below(5) {
            0 => {
                let process = Arc::clone(process);
                relay.at(anywhere, move || {
                    process.lock().unwrap().as_mut().unwrap().kill().unwrap();
                    Then::Pass
                });
                "killed"
            }
            1 => {
                let (url, count) = (self.world.url().to_owned(), 1 + self.chance.below(3));
                let sql = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                     AND application_name = '{}' ORDER BY backend_start LIMIT {count}",
                    self.name
                );
                relay.at(anywhere, move || {
                    postgres::Client::connect(&url, postgres::NoTls).unwrap().batch_execute(&sql).unwrap();
                    Then::Pass
                });
                "ended by the server"
            }
            2 => {
                relay.at(anywhere, || Then::Cut);
                "cut"
            }
            3 => {
                relay.at(at_a_commit, || Then::Cut);
                "a commit lost"
            }
            _ => {
                relay.at(at_a_commit, || Then::LoseAnswer);
                "an answer lost"
            }
        }
    }
}

/// A file of changes that was imported.
struct Imported {
    channel: &'static str,
    /// Whose account each row changes, and the account that no other row names, if it names one.
    rows: Vec<(u64, Option<String>)>,
    told: Value,
    /// The rows that were refused.
    rejected: BTreeSet<usize>,
    args: String,
}

fn payee(at: u64) -> String {
    format!("p:{}", 1_000_002_000 + at)
}

/// Imports so many files whose rows `row` writes: from the payee and an account of its own to a line, and whether it names it.
fn import(
    party: &mut Party<'_>,
    channel: &'static str,
    option: &str,
    files: u64,
    row: impl Fn(&mut Chance, &str, u64) -> (String, Option<String>),
) -> Vec<Imported> {
    let mut imported = Vec::new();
    while party.has_another(imported.len() as u64, files) {
        let file = imported.len() as u64;
        let name = format!("{}-{file}.csv", party.name);
        let (mut text, mut rows) = (GROUNDS_HEADER.to_owned(), Vec::new());
        for at in 0..ROWS {
            let whose = party.chance.below(PAYEES);
            let (line, account) = row(&mut party.chance, &payee(whose), 1 + file * ROWS + at);
            text += &line;
            rows.push((whose, account));
        }
        party.world.write(&name, text);
        let args = format!("account import {name} {option}");
        let told = party.insist(&args).done();
        let list = format!("{name}.rejects.csv");
        let rejects = if told["rejected"] == 0 { String::new() } else { party.world.read(&list) };
        let line = |reject: &str| reject.split(',').next().unwrap().parse::<usize>().unwrap() - 2;
        let rejected = rejects.lines().skip(1).map(line).collect();
        imported.push(Imported { channel, rows, told, rejected, args });
    }
    imported
}

/// A bank designates accounts of its own, and takes customers over, or believes so.
fn bank(party: &mut Party<'_>, files: u64, channel: &'static str, reg: &str) -> Vec<Imported> {
    let option = format!("--{}", channel.replace(':', " "));
    import(party, channel, &option, files, |chance, payee, number| {
        let account = format!("{reg}-{number}");
        let expects = ["none", "0040", "1020"][chance.below(3) as usize];
        (format!("change,{payee},{account},,{expects},,,,user_request,netbank\n"), Some(account))
    })
}

fn operator(party: &mut Party<'_>, files: u64) -> Vec<Imported> {
    import(party, "operator", "--channel operator", files, |chance, payee, number| match chance.below(4) {
        0 => (format!("freeze,{payee},,,,,,\n"), None),
        1 | 2 => (format!("unfreeze,{payee},,,,,,\n"), None),
        _ => {
            let account = format!("0041-{number}");
            let expects = ["none", "0041"][chance.below(2) as usize];
            (format!("change,{payee},{account},,{expects},,{PUBLIC},NKSBOS\n"), Some(account))
        }
    })
}

/// A payment file that was routed.
struct Routed {
    batch: String,
    ids: BTreeSet<String>,
    /// In hundredths.
    sum: u64,
    /// What writes its files again.
    again: Vec<String>,
}

/// A payer's files are routed, some of them twice, and some of what is held is cancelled or released.
fn payer(party: &mut Party<'_>, files: u64) -> Vec<Routed> {
    let mut all = Vec::new();
    while party.has_another(all.len() as u64, files) {
        let file = all.len();
        let (mut payments, mut sum) = (Vec::new(), 0);
        for at in 0..PAYMENTS {
            let hundredths = 1 + party.chance.below(1_000_000);
            sum += hundredths;
            let amount = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let id = format!("F{file}E{at}");
            payments.push(match party.chance.below(8) {
                0 => cpr(&id, NOBODY, &amount),
                1 => cpr(&id, FRIDA, &amount),
                2 => Pay { benefit: Some("NKSBOS"), ..pay(&id, &payee(party.chance.below(PAYEES)), &amount) },
                _ => pay(&id, &payee(party.chance.below(PAYEES)), &amount),
            });
        }
        party.world.write(&format!("p{file}.xml"), simple(&format!("FLOK-{file}"), &payments));
        let options = [PUBLIC.to_owned(), HOLDER.to_owned(), format!("{PUBLIC} --hold")];
        let option = &options[party.chance.below(3) as usize];
        let route = format!("payout route p{file}.xml --out out --payer {option}");
        let told = party.insist(&route).done();
        let batch = told["batch"].as_str().unwrap().to_owned();
        if party.chance.is(1, 3) {
            let again = party.insist(&route).done();
            assert_eq!((&again["batch"], &again["duplicate"]), (&told["batch"], &Value::Bool(true)));
        }
        let mut again = vec![route];
        let release = format!("payout release {batch} --out out");
        if told["held"] != 0 && party.chance.is(2, 3) {
            if party.chance.is(1, 2) {
                let one = format!("payout cancel {batch} --end-to-end F{file}E{}", party.chance.below(PAYMENTS));
                let cancelled = party.insist(&one);
                // It is held no more, or never was.
                assert!(cancelled.exit == 0 || cancelled.json()["code"] == "batch.payment_not_held");
            }
            if party.chance.is(1, 3) {
                let cancelled = party.insist(&format!("payout cancel {batch}"));
                assert!(cancelled.exit == 0 || cancelled.json()["code"] == "batch.nothing_held");
            }
            let released = party.insist(&release).done();
            // What is held still could be paid by another release.
            if released["held"] == 0 {
                again.push(release);
            }
        }
        let ids = payments.into_iter().map(|payment| payment.id).collect();
        all.push(Routed { batch, ids, sum, again });
    }
    all
}

#[test]
fn several_processes_at_once() {
    let mut chance = Chance::read();
    // A strike or so hits each command.
    let files = 2 + kills();
    let world = World::settled();
    let entries = |kind: &str| format!("SELECT COUNT(*) FROM journal_entry WHERE kind = '{kind}'");
    let (imports, designations) = (entries("account.import"), "SELECT COUNT(*) FROM designation");
    let before = (world.number(&imports), world.number(designations));
    let parties = [("nord", NOW), ("syd", AHEAD), ("operator", AHEAD), ("payer", NOW)];
    let [mut nord, mut syd, mut agency, mut udbetaling] =
        parties.map(|(name, now)| Party::new(&world, name, now, chance.split()));
    let (imported, routed): (Vec<Imported>, _) = std::thread::scope(|threads| {
        let imports = [
            threads.spawn(|| bank(&mut nord, files, "bank:Nordbank", "0040")),
            threads.spawn(|| bank(&mut syd, files, "bank:Sydbank", "1020")),
            threads.spawn(|| operator(&mut agency, files)),
        ];
        let routed = payer(&mut udbetaling, files);
        (imports.into_iter().flat_map(|thread| thread.join().unwrap()).collect(), routed)
    });
    for Party { name, strikes, .. } in [&nord, &syd, &agency, &udbetaling] {
        println!("{name}: {strikes:?}");
        assert!(!strikes.is_empty() || !is_postgres(), "{name} was never struck");
    }
    world.verified();
    assert_eq!(world.number(&imports) - before.0, imported.len() as i64, "each file is one entry");
    let changed: i64 = imported.iter().map(|file| file.told["changed"].as_i64().unwrap()).sum();
    assert_eq!(world.number(designations) - before.1, changed, "each accepted change is one row");
    check_histories(&world, &imported);
    assert_eq!(world.number(&entries("payout.route")), routed.len() as i64, "each payment file is one entry");
    check_batches(&world, &routed);
    check_order_in_time(&world);
    check_repeats(&world, &imported, &routed);
    check_nothing_is_left_under_way(&world);
}

/// What each row was told is what the histories say, once.
fn check_histories(world: &World, imported: &[Imported]) {
    let mut histories: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for at in 0..PAYEES {
        let answer = world.run(&format!("account history {}", payee(at)));
        let rows =
            if answer.exit == 3 { Vec::new() } else { answer.done()["designations"].as_array().unwrap().clone() };
        histories.insert(at, rows);
    }
    for Imported { channel, rows, told, rejected, args } in imported {
        let number = |key: &str| told[key].as_u64().unwrap();
        assert_eq!(number("changed") + number("unchanged") + number("rejected"), ROWS, "{args}: {told}");
        assert_eq!((number("rows"), number("rejected")), (ROWS, rejected.len() as u64), "{args}: {told}");
        for (at, (whose, account)) in rows.iter().enumerate() {
            let Some(account) = account else { continue };
            let account = iban("DK", account);
            let is_this = |row: &&Value| row["account"] == account && row["channel"] == *channel;
            // The operator's own acts upon it follow under the same channel.
            let found = histories[whose].iter().filter(is_this).filter(|row| row["state"] == "in_force").count();
            assert_eq!(found, usize::from(!rejected.contains(&at)), "{args}: row {at}: {told}");
        }
    }
    for rows in histories.values() {
        for (newer, older) in rows.iter().zip(rows.iter().skip(1)) {
            if newer["benefit"] == older["benefit"] {
                assert!(newer["recorded"].as_str() >= older["recorded"].as_str(), "{newer} {older}");
                assert_eq!(newer["from"], older["to"]);
            }
        }
    }
}

/// Each file is one batch, each payment is in it once and stands in one completed file at most, and the sums agree.
fn check_batches(world: &World, routed: &[Routed]) {
    assert_eq!(world.number("SELECT COUNT(*) FROM batch"), routed.len() as i64);
    let mut paid = BTreeSet::new();
    for Routed { batch, ids, sum, .. } in routed {
        let shown = world.run(&format!("payout show {batch}")).done();
        let payments = shown["payments"].as_array().unwrap();
        let mut seen = BTreeSet::new();
        for payment in payments {
            let id = payment["end_to_end_id"].as_str().unwrap().to_owned();
            if payment["state"] == "routed" || payment["state"] == "passed" {
                paid.insert(id.clone());
            }
            assert!(seen.insert(id), "{batch}: twice: {payment}");
        }
        assert_eq!(seen, *ids, "{batch}");
        let number = |key: &str| shown[key].as_u64().unwrap();
        let states = ["routed", "passed", "held", "rejected", "cancelled"].map(number);
        assert_eq!((payments.len() as u64, states.iter().sum()), (PAYMENTS, PAYMENTS), "{shown}");
        let sums = shown["sums"].as_object().unwrap().values().flat_map(|sums| sums.as_object().unwrap());
        assert_eq!(sums.map(|(_, sum)| hundredths(sum.as_str().unwrap())).sum::<u64>(), *sum, "{shown}");
    }
    let mut written = Vec::new();
    for name in world.files("out/bank").into_iter().filter(|name| name.ends_with(".xml")) {
        let completed = world.read(&name);
        written.extend(completed.split("<EndToEndId>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()));
    }
    written.sort();
    assert_eq!(written, paid.into_iter().collect::<Vec<_>>(), "what goes to the bank is what is on record");
}

fn hundredths(sum: &str) -> u64 {
    let (whole, decimals) = sum.split_once('.').unwrap_or((sum, ""));
    format!("{whole}{decimals:0<2}").parse().unwrap()
}

fn check_order_in_time(world: &World) {
    let backwards = "SELECT COUNT(*) FROM journal_entry AS later JOIN journal_entry AS sooner \
                     ON sooner.number = later.number - 1 WHERE later.at < sooner.at";
    assert_eq!(world.number(backwards), 0);
    let moments = "SELECT COUNT(DISTINCT at) FROM journal_entry";
    assert!(world.number(moments) > 1, "both clocks were read");
}

/// Whatever is sent again is told what it was told, and its files are what they were.
fn check_repeats(world: &World, imported: &[Imported], routed: &[Routed]) {
    let head = world.verified();
    let whole = |folder: &str| -> BTreeMap<String, Vec<u8>> {
        let names = world.files(folder).into_iter().filter(|name| name.ends_with(".xml"));
        names.map(|name| (name.clone(), world.bytes(&name))).collect()
    };
    let (to_banks, to_payers) = (whole("out/bank"), whole("out/payer"));
    for Routed { batch, again, .. } in routed {
        // The files of a release have a number behind the batch's name.
        let is_written_again = |name: &String| name.contains(batch) && (again.len() > 1 || !name.contains('-'));
        for name in world.files("out").iter().filter(|name| is_written_again(name)) {
            std::fs::remove_file(world.path(name)).unwrap();
        }
    }
    for Imported { args, told, .. } in imported {
        assert_eq!(world.run(args).done(), *told, "{args}");
    }
    for args in routed.iter().flat_map(|file| &file.again) {
        world.run(args).done();
    }
    let (to_banks_again, to_payers_again) = (whole("out/bank"), whole("out/payer"));
    assert!(to_banks_again == to_banks, "{:?} {:?}", to_banks_again.keys(), to_banks.keys());
    // A release that finds nothing held reports the cancellations before it as well.
    for (name, report) in to_payers {
        assert!(to_payers_again.get(&name) == Some(&report), "{name}");
    }
    assert_eq!(world.verified(), head, "and nothing was recorded anew");
}

fn check_nothing_is_left_under_way(world: &World) {
    world.write("last.xml", simple("SIDST", &[cpr("SIDST", ALICE, "1.00")]));
    world.run(&format!("payout route last.xml --payer {PUBLIC} --out out --now {LATER}")).done();
    for table in ["payment", "payment_ids", "kept_input"] {
        let nobodys = format!("SELECT COUNT(*) FROM {table} WHERE batch NOT IN (SELECT id FROM batch)");
        assert_eq!(world.number(&nobodys), 0, "{table}");
    }
    for table in ["staging", "unwritten_stage"] {
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")), 0, "{table}");
    }
    if is_postgres() {
        // Nobody is still in a transaction, or this would not be had.
        let alone = "SET lock_timeout = '1min'; BEGIN; \
                     LOCK TABLE journal_head, journal_entry, designation, payment, staging; ROLLBACK";
        world.change_store(alone).unwrap();
    }
    world.verified();
}
