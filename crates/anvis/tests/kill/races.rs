//! Five races of processes over one store: activation against cancellation, two banks at once, approval against a new proposal, the
//! clock at midnight, expiry at the boundary. All are run at once, and struck: at the door to the store, and when others have done
//! so much; and with points compiled in, at each of those.
//!
//! Nobody hopes for a race: the store is kept closed for writing until every process stands before it. Which of them comes first
//! then is the machine's choice, and of each race exactly two ends are right. What each process was told must be the one that came.

use crate::chance::{Chance, kills};
use crate::process::Process;
use crate::support::*;
use denmark::calendar::after_banking_days;
use kernel::Timestamp;
use serde_json::Value;
use std::path::Path;

const DAY: i64 = 86_400_000_000;
/// A Saturday. What is ready then holds from the first moment of the second banking day after it.
const SATURDAY: &str = "2027-02-06T11:00:00Z";
/// From one round to the next: longer than whatever expires in one.
const ROUND_DAYS: i64 = 77;
/// Changes take effect with the last of what people do; a bank's after a banking day.
const CONTROLS: &str =
    "controls set anvis --change wait_self_service=0 --change wait_caseworker=0 --change letter_caseworker=off";
/// So often one command is given.
const TRIES_MAX: u64 = 20;

/// What the races are, and who is in them, by their places in [`Round::commands`].
pub const RACES: [(&str, &[usize]); 5] = [
    ("activation against cancellation", &[0, 1]),
    ("two banks at once", &[2, 3]),
    ("approval against a new proposal", &[4, 5]),
    ("the clock at midnight", &[6, 7, 8]),
    ("expiry at the boundary", &[6, 9, 10, 11]),
];
const PARTIES: usize = 12;
const SETTLES: [usize; 2] = [6, 7];

/// Seven payees for each round, by what happens to them.
const ACTIVATED: usize = 0;
const FIRST: usize = 1;
const TAKEN_OVER: usize = 2;
const APPROVED: usize = 3;
const AT_MIDNIGHT: usize = 4;
const CODE: usize = 5;
const DECISION: usize = 6;
const PAYEES: usize = 7;

fn payee(round: usize, whose: usize) -> String {
    format!("{:02}{:02}80{:04}", 61 + whose, 1 + round % 12, 2000 + round / 12)
}

/// The account that somebody has, and those that others ask for.
fn account(round: usize, whose: usize, which: usize) -> String {
    format!("{}-{}", ["0040", "0040", "1020"][which], 100_000 + 100 * round + 10 * whose + which)
}

/// A store with the payees of so many rounds.
pub fn world(rounds: usize) -> World {
    let world = World::settled();
    let all = || (0..rounds).flat_map(|round| (0..PAYEES).map(move |whose| (round, whose)));
    let person = |(round, whose)| format!("{},Navn,Skjulvej {whose},8000,Aarhus,DK,active,,\n", payee(round, whose));
    let header = POPULATION.lines().next().unwrap();
    world.import("population import", format!("{header}\n{}", all().map(person).collect::<String>()));
    let has = all().filter(|(_, whose)| *whose != FIRST);
    let row = |(round, whose)| format!("register,cpr:{},{},,none,,,\n", payee(round, whose), account(round, whose, 0));
    world.change(&has.map(row).collect::<String>());
    world.run(CONTROLS).done();
    world
}

/// What hits a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// It is killed while it stands before the store, and comes again.
    AtTheDoor,
    /// It is killed when the journal has grown by so many entries since the door was opened.
    After(i64),
    /// It kills itself at this point.
    #[cfg_attr(not(feature = "failpoints"), expect(dead_code, reason = "there are no points"))]
    AtPoint(u32),
}

/// What became of one party.
struct Told {
    answer: Answer,
    /// Whether it was killed once the door was open, so that what it is told may be about what it did before.
    was_struck: bool,
}

/// One round: all races at one midnight.
pub struct Round {
    number: usize,
    /// What is proposed, by payee.
    names: [String; PAYEES],
    pub commands: [String; PARTIES],
}

impl Round {
    /// Brings everybody to where the races begin.
    pub fn prepare(world: &World, number: usize) -> Self {
        let saturday = Timestamp::parse(SATURDAY).unwrap().micros() + number as i64 * ROUND_DAYS * DAY;
        let midnight = Timestamp::from(after_banking_days(Timestamp::from_micros(saturday).to_jiff(), 1)).micros();
        let at = |micros: i64| format!("--now {}", Timestamp::from_micros(micros));
        let (before, now) = (at(midnight - 1), at(midnight));
        let own = |whose| format!("--as citizen:cpr:{}", payee(number, whose));
        let propose = |whose, which, more: &str| {
            let (cpr, asked, has) = (payee(number, whose), account(number, whose, which), account(number, whose, 0));
            format!("designation propose cpr:{cpr} --account {asked} --expects {has} --holder own {more}")
        };
        let signed = |whose, which| propose(whose, which, &format!("--signature jws {}", own(whose)));
        let by_operator = |whose| propose(whose, 1, "--law Lov --evidence Sag --as olga");
        let done = |args: &str, when: &str, waits_for: &str| {
            let told = world.run(&format!("{args} {when}")).done();
            assert_eq!(told["waits_for"], waits_for, "{args}: {told}");
            told["id"].as_str().unwrap().to_owned()
        };
        let mut names = [const { String::new() }; PAYEES];
        let mut codes = [const { String::new() }; PAYEES];
        let mut letter = |whose: usize, when: &str| {
            let name = done(&signed(whose, 1), when, "letter");
            world.run(&format!("letters print --to letters --only {name} {when}")).done();
            codes[whose] = world.code(&format!("letters/{name}01.pdf"));
            name
        };
        // In the order of time.
        // Its last day is the one that ends at midnight.
        names[CODE] = letter(CODE, &at(midnight - 60 * DAY - 1));
        names[DECISION] = done(&by_operator(DECISION), &at(midnight - 30 * DAY), "approval");
        let bank = |name: &str, rows: &[(usize, usize)]| {
            let row = |(whose, which): &(usize, usize)| {
                let has = if *whose == FIRST { "none".to_owned() } else { account(number, *whose, 0) };
                let (payee, account) = (payee(number, *whose), account(number, *whose, *which));
                format!("change,cpr:{payee},{account},,{has},,,,user_request,netbank\n")
            };
            let file = format!("{name}-{number}-{}.csv", rows.len());
            world.write(&file, format!("{GROUNDS_HEADER}{}", rows.iter().map(row).collect::<String>()));
            format!("account import {file} --bank {name}")
        };
        let on_saturday = at(saturday);
        // What waits from the rounds before has expired by now.
        world.run(&format!("designation settle {on_saturday}")).done();
        let held = world.run(&format!("{} {on_saturday}", bank("Nordbank", &[(AT_MIDNIGHT, 1)]))).done();
        assert_eq!(held["held"], 1, "{held}");
        let waiting = world.run(&format!("designation list --for approval {on_saturday}")).done();
        let mut waiting = waiting["proposals"].as_array().unwrap().iter().filter(|one| one["channel"] != "operator");
        names[AT_MIDNIGHT] = waiting.next().unwrap()["id"].as_str().unwrap().to_owned();
        let approve = |name: &str| format!("designation approve {name} --reason Ringet --as otto");
        let approved = world.run(&format!("{} {on_saturday}", approve(&names[AT_MIDNIGHT]))).done();
        let from = Timestamp::from_micros(midnight).to_string();
        assert_eq!((&approved["waits_for"], &approved["in_force_from"]), (&"time".into(), &from.into()));
        names[ACTIVATED] = letter(ACTIVATED, &on_saturday);
        names[APPROVED] = done(&by_operator(APPROVED), &on_saturday, "approval");
        let activate = |whose: usize| format!("designation activate {} {} {}", names[whose], codes[whose], own(whose));
        let cancel = |whose: usize| format!("designation cancel {} {}", names[whose], own(whose));
        let commands = [
            format!("{} {now}", activate(ACTIVATED)),
            format!("{} {now}", cancel(ACTIVATED)),
            format!("{} {now}", bank("Nordbank", &[(FIRST, 1), (TAKEN_OVER, 1)])),
            format!("{} {now}", bank("Sydbank", &[(FIRST, 2), (TAKEN_OVER, 2)])),
            format!("{} {now}", approve(&names[APPROVED])),
            format!("{} {now}", signed(APPROVED, 2)),
            format!("designation settle {now}"),
            // The clock of this one, and of those below, is a little behind.
            format!("designation settle {before}"),
            format!("{} {before}", cancel(AT_MIDNIGHT)),
            format!("{} {before}", activate(CODE)),
            format!("{} {before}", approve(&names[DECISION])),
            format!("{} {now}", signed(DECISION, 2)),
        ];
        Self { number, names, commands }
    }

    /// Runs all races at once. `strike` says what hits which party first.
    fn run(&self, world: &World, strike: impl Fn(usize) -> Option<Strike>) -> Vec<Told> {
        let start = |party: usize, strike: Option<Strike>| {
            let mut command = world.command(&self.commands[party]);
            if let Some(Strike::AtPoint(point)) = strike {
                command.env("ANVIS_KILL_AT", point.to_string());
            }
            Process::start(&self.commands[party], command)
        };
        let mut door = Door::close(world);
        let mut processes: Vec<Process> = (0..PARTIES).map(|party| start(party, strike(party))).collect();
        for party in (0..PARTIES).filter(|party| strike(*party) == Some(Strike::AtTheDoor)) {
            door.await_at(&processes);
            processes[party].kill();
            door.killed();
            assert_eq!(processes[party].clone().end().exit, -1, "it was killed before it could write");
            processes[party] = start(party, None);
        }
        door.await_at(&processes);
        for (race, parties) in RACES {
            let at_point = |party: usize| matches!(strike(party), Some(Strike::AtPoint(_)));
            let is_there = |party: &usize| at_point(*party) || !processes[*party].is_over();
            assert!(parties.iter().all(is_there), "{race}: all stood before the store before any of them was done");
        }
        let journal = "SELECT size FROM journal_head";
        let size = world.number(journal);
        door.open();
        std::thread::scope(|threads| {
            let mut after: Vec<(i64, Process)> = Vec::new();
            for (party, process) in processes.iter().enumerate() {
                if let Some(Strike::After(entries)) = strike(party) {
                    after.push((entries, process.clone()));
                }
            }
            let ends: Vec<_> = processes
                .into_iter()
                .enumerate()
                .map(|(party, process)| threads.spawn(move || insist(process, || start(party, None))))
                .collect();
            while !after.is_empty() {
                let grown = world.number(journal) - size;
                after.retain(|(entries, process)| {
                    let is_time = grown >= *entries;
                    if is_time {
                        process.kill();
                    }
                    !is_time && !process.is_over()
                });
                std::thread::yield_now();
            }
            ends.into_iter().map(|end| end.join().unwrap()).collect()
        })
    }

    /// Runs the round, and checks what became of everybody; how many were struck when the door was open.
    pub fn hold(&self, world: &World, strike: impl Fn(usize) -> Option<Strike>) -> usize {
        let proposals = world.number("SELECT COUNT(*) FROM proposal");
        let told = self.run(world, strike);
        world.verified();
        let made = world.number("SELECT COUNT(*) FROM proposal") - proposals;
        self.check(world, &told, made);
        self.check_repeats(world, &told);
        told.iter().filter(|told| told.was_struck).count()
    }

    /// What was done about a proposal, in order.
    fn acts(&self, world: &World, whose: usize) -> String {
        let shown = world.run(&format!("designation show {} {}", self.names[whose], self.midnight())).done();
        let acts = shown["acts"].as_array().unwrap();
        let names: Vec<&str> = acts.iter().map(|act| act["act"].as_str().unwrap()).collect();
        let endings = ["took_effect", "cancelled", "refused", "expired"];
        let ended = names.iter().filter(|name| endings.contains(name)).count();
        assert_eq!(ended, 1, "one ending: {shown}");
        let mut approved = acts.iter().filter(|act| act["act"] == "approved");
        assert!(approved.all(|act| act["by"] != shown["proposed_by"]), "four eyes: {shown}");
        names.join(" ")
    }

    /// The midnight, as it is claimed.
    fn midnight(&self) -> &str {
        &self.commands[0][self.commands[0].find("--now").unwrap()..]
    }

    /// Which of the accounts that somebody was asked for is theirs, and how many rows their history has.
    fn holds(&self, world: &World, whose: usize) -> (usize, usize) {
        let args = format!("account history cpr:{} {}", payee(self.number, whose), self.midnight());
        let rows = world.run(&args).done()["designations"].as_array().unwrap().clone();
        let is = |which: &usize| rows[0]["account"] == iban("DK", &account(self.number, whose, *which));
        assert_eq!(rows[0]["state"], "in_force", "{rows:?}");
        ((0..3).find(is).unwrap(), rows.len())
    }

    /// Holds what came of everybody against the two ends that each race can have.
    fn check(&self, world: &World, told: &[Told], made: i64) {
        let number = self.number;
        // Of two that exclude each other: what was done, whose account it is, and who is told that it was theirs.
        let either = |whose: usize, ends: [(&str, (usize, usize), usize); 2]| {
            let (acts, holds) = (self.acts(world, whose), self.holds(world, whose));
            let came = ends.iter().position(|(expected, is, _)| *expected == acts && *is == holds);
            let came = came.unwrap_or_else(|| panic!("{number}: {whose}: {acts} {holds:?} is none of {ends:?}"));
            for (end, (_, _, party)) in ends.iter().enumerate().filter(|(_, (_, _, party))| !SETTLES.contains(party)) {
                told[*party].agrees(end == came);
            }
            came
        };
        let letter = "signed letter_made";
        either(
            ACTIVATED,
            [(&format!("{letter} activated took_effect"), (1, 2), 0), (&format!("{letter} cancelled"), (0, 1), 1)],
        );
        let history = format!("account history cpr:{} {}", payee(number, FIRST), self.midnight());
        let first = world.run(&history).done();
        assert_eq!(
            first["designations"].as_array().unwrap().len(),
            0,
            "{number}: a first account waits as well: {first}"
        );
        assert_eq!(self.holds(world, TAKEN_OVER), (0, 1), "{number}: what is handed in waits for an approval");
        // A file that is given again is told what it was told.
        let counts = [2, 3].map(|party| {
            let counts = told[party].answer.done();
            ["changed", "held", "rejected"].map(|what| counts[what].clone())
        });
        let [waits, comes_late] = [[0, 2, 0], [0, 0, 2]].map(|counts| counts.map(Value::from));
        let ends = [[waits.clone(), comes_late.clone()], [comes_late, waits]];
        assert!(ends.contains(&counts), "{number}: one bank's wishes wait, once: {counts:?}");
        // The payee's own comes in the place of what is not approved yet.
        let anew = either(APPROVED, [("approved took_effect", (1, 2), 4), ("cancelled", (0, 1), 5)]);
        let settled = "approved took_effect";
        let midnight = either(AT_MIDNIGHT, [(settled, (1, 2), SETTLES[0]), ("approved cancelled", (0, 1), 8)]);
        let activated = format!("{letter} activated took_effect");
        let code = either(CODE, [(&activated, (1, 2), 9), (&format!("{letter} expired"), (0, 1), SETTLES[0])]);
        let decision = either(DECISION, [(settled, (1, 2), 10), ("expired", (0, 1), 11)]);
        // A bank's two that wait, and the one that the payee asks for when the operator's had expired.
        assert_eq!(
            made,
            2 + i64::from(anew == 1) + i64::from(decision == 1),
            "{number}: what was given again was proposed once"
        );
        let sum = |what: &str| -> u64 {
            SETTLES.iter().map(|party| told[*party].answer.done()[what].as_u64().unwrap()).sum()
        };
        let took_effect = u64::from(midnight == 0);
        let is_struck = SETTLES.iter().any(|party| told[*party].was_struck);
        assert!(sum("in_force") == took_effect || (is_struck && sum("in_force") < took_effect), "{number}: once");
        assert_eq!((sum("refused"), sum("waiting")), (0, 0));
        // Also the proposal that comes in its place ends what had expired.
        assert!(sum("expired") <= u64::from(code == 1) + u64::from(decision == 1), "{number}: once");
        let early = told[SETTLES[1]].answer.done();
        assert_eq!(
            (&early["in_force"], &early["expired"]),
            (&0.into(), &0.into()),
            "{number}: nothing before its time"
        );
    }

    /// Whatever is given again changes nothing.
    fn check_repeats(&self, world: &World, told: &[Told]) {
        let rows = || {
            ["proposal", "proposal_act", "designation", "notice"]
                .map(|table| world.number(&format!("SELECT COUNT(*) FROM {table}")))
        };
        let before = rows();
        for (args, told) in self.commands.iter().zip(told) {
            let again = world.run(args);
            // What takes a proposal back can be said twice.
            let is_the_same = args.contains(" cancel ") || args.contains(" settle ") || args.contains(" import ");
            assert!(again.exit == 3 || (is_the_same && again.exit == told.answer.exit), "{args}: {}", again.stdout);
        }
        assert_eq!(rows(), before, "{}: what was done is done once", self.number);
        world.verified();
    }
}

impl Told {
    /// What it was told last is whether it came first, unless it was killed: then it may be told that it was done before.
    #[track_caller]
    fn agrees(&self, came_first: bool) {
        let Self { answer, was_struck } = self;
        let is_told_so = answer.exit == 0;
        assert!(
            is_told_so == came_first || (*was_struck && !is_told_so),
            "{}: came first: {came_first}, but was told {}",
            answer.args,
            answer.stdout
        );
    }
}

/// Waits for the end of a command, and gives it again until it is done or refused.
fn insist(mut process: Process, start: impl Fn() -> Process) -> Told {
    let mut was_struck = false;
    for _ in 0..TRIES_MAX {
        let answer = process.end();
        match answer.exit {
            0 | 3 => return Told { answer, was_struck },
            -1 if answer.stdout.is_empty() => was_struck = true,
            // It had told what came of it when it was struck: that stands, and nothing is told before it is done.
            -1 => {
                let exit = match answer.json()["code"].as_str() {
                    None => 0,
                    Some(code) if code != "conflict" => 3,
                    Some(_) => -1,
                };
                was_struck = true;
                if exit >= 0 {
                    return Told { answer: Answer { exit, ..answer }, was_struck };
                }
            }
            _ => assert_eq!(answer.json()["code"], "conflict", "{}: {}{}", answer.args, answer.stdout, answer.stderr),
        }
        process = start();
    }
    panic!("not done after {TRIES_MAX} tries")
}

/// The door to the store: whoever wants to write waits before it.
enum Door {
    File(rusqlite::Connection),
    /// With how many were killed there, which the server has not noticed.
    Server(Box<postgres::Client>, usize),
}

impl Door {
    fn close(world: &World) -> Self {
        if is_postgres() {
            let mut client = postgres::Client::connect(world.url(), postgres::NoTls).unwrap();
            client.batch_execute("BEGIN; LOCK TABLE anvis.journal_head IN SHARE ROW EXCLUSIVE MODE").unwrap();
            return Self::Server(Box::new(client), 0);
        }
        let database = world.database();
        database.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self::File(database)
    }

    /// Returns when all these stand before it, or are no more.
    fn await_at(&mut self, processes: &[Process]) {
        loop {
            let alive = processes.iter().filter(|process| !process.is_over());
            let is_done = match self {
                Self::File(_) => alive.into_iter().all(has_opened),
                Self::Server(client, killed) => {
                    let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted \
                                   AND relation = 'anvis.journal_head'::regclass";
                    let waiting: i64 = client.query_one(waiting, &[]).unwrap().get(0);
                    waiting as usize >= alive.count() + *killed
                }
            };
            if is_done {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// One that stood there was killed.
    const fn killed(&mut self) {
        if let Self::Server(_, killed) = self {
            *killed += 1;
        }
    }

    fn open(self) {
        match self {
            Self::File(database) => database.execute_batch("ROLLBACK").unwrap(),
            Self::Server(mut client, _) => client.batch_execute("ROLLBACK").unwrap(),
        }
    }
}

/// Whether a process has the store's file open. Where nobody says so, that it was started is all that is known.
fn has_opened(process: &Process) -> bool {
    let proc = Path::new("/proc");
    if !proc.exists() {
        return true;
    }
    let files = std::fs::read_dir(proc.join(process.id().to_string()).join("fd"));
    let is_it = |file: &Path| std::fs::read_link(file).is_ok_and(|to| to.ends_with("anvis.sqlite-shm"));
    files.into_iter().flatten().flatten().any(|file| is_it(&file.path()))
}

#[test]
fn five_at_one_midnight() {
    let mut chance = Chance::read();
    let rounds = kills() as usize;
    let world = world(rounds);
    let mut struck = 0;
    for number in 0..rounds {
        let round = Round::prepare(&world, number);
        // Of each race one is killed at the door; of the others many when some have done what they came for.
        let at_the_door = |party: usize| RACES.iter().any(|(_, parties)| parties[number % parties.len()] == party);
        let strikes: [Option<Strike>; PARTIES] = std::array::from_fn(|party| match () {
            () if at_the_door(party) => Some(Strike::AtTheDoor),
            () if chance.is(2, 3) => Some(Strike::After(chance.below(PARTIES as u64) as i64)),
            () => None,
        });
        struck += round.hold(&world, |party| strikes[party]);
    }
    println!("{rounds} rounds of five races: {} killed at the door, {struck} on their way", rounds * RACES.len());
}
