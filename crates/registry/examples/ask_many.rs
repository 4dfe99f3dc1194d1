//! How long it takes to answer requests about a thousand payees each, of a million who have an account, and to log them:
//! `cargo run --release --package registry --example ask_many -- FOLDER`. The folder keeps the store for the next run.

use denmark::Account;
use kernel::{Actor, Env, Error, Location, Role, Secrets, Store, Timestamp, Writer};
use registry::ask::{Ask, Map, MapQuestion, Resolve, Verify};
use registry::commands::{AskMany, Client, Question};
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Source, run};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use std::fmt::Write as _;
use std::io::{Seek, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const PAYEES: u64 = 1_000_000;
const PAYEES_A_REQUEST: u64 = 1000;
const REQUESTS: u64 = 400;

fn main() -> Result<(), Error> {
    let folder = PathBuf::from(std::env::args().nth(1).expect("name a folder for the store"));
    let mut writer = open(&folder)?;
    let mut chance = 88_172_645_463_325_252;
    for together in [1, 1, 4, 16] {
        measure::<Resolve>(&mut writer, &mut chance, together, false, |_| ())?;
    }
    for (together, before) in [(1, false), (1, true), (4, false), (4, true)] {
        measure::<Map>(&mut writer, &mut chance, together, before, |_| MapQuestion::Which)?;
    }
    for together in [1, 4] {
        measure::<Verify>(&mut writer, &mut chance, together, false, |number| {
            Account::parse(&account(number)).expect("an account")
        })?;
    }
    Ok(())
}

/// Answers the requests, so many in one transaction, and says what each payee took. What is known can be learnt before it.
fn measure<K: Ask>(
    writer: &mut Writer,
    chance: &mut u64,
    together: u64,
    before: bool,
    asked: impl Fn(u64) -> K::Asked,
) -> Result<(), Error> {
    let (mut took, mut longest) = (Duration::ZERO, Duration::ZERO);
    let (mut making, mut looking) = (Duration::ZERO, Duration::ZERO);
    // Whoever reads has a connection of its own, which knows nothing of what the other has at hand.
    let mut reader = writer.store.writer(Secrets::from_system())?;
    for _ in 0..REQUESTS / together {
        let numbers: Vec<Vec<u64>> =
            (0..together).map(|_| (0..PAYEES_A_REQUEST).map(|_| next(chance) % PAYEES).collect()).collect();
        let env = Env::new(Timestamp::from_micros(0), 0);
        // New clients, whose buckets are full.
        let client = |_| Actor::client(Role::Authority, &format!("{:016x}", next(chance)));
        let actors: Vec<Actor> = (0..together).map(client).collect();
        let begun = clock();
        let mut requests: Vec<_> = numbers
            .iter()
            .zip(&actors)
            .map(|(numbers, actor)| {
                let question = |number: &u64| Question { payee: payee(*number), benefit: None, asked: asked(*number) };
                let client = Client { actor: actor.clone(), payer: None };
                let questions = numbers.iter().map(question).collect();
                let request = AskMany::<K>::new(writer.store.vault(), client, LegalPurpose::Law, questions);
                (request.expect("a request"), actor, &env)
            })
            .collect();
        let made = clock();
        making += made - begun;
        if before {
            let mut look = |(request, ..): &mut (AskMany<K>, _, _)| reader.read(|scope| request.look_before(scope));
            requests.iter_mut().try_for_each(&mut look)?;
        }
        let learnt = clock();
        looking += learnt - made;
        let answers = writer.execute_group(|group| group.execute_jointly(&requests))?;
        assert!(answers.iter().all(|answers| answers.is_ok()), "every request is answered");
        took += learnt.elapsed();
        longest = longest.max(learnt.elapsed());
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / (REQUESTS * PAYEES_A_REQUEST) as f64;
    println!(
        "{:?}: {together} requests together: {:.2} µs a payee to look up, answer and log, {:.2} to look up before, {:.2} to \
         make the requests; a transaction {:.1} ms at most",
        K::KIND,
        each(took),
        each(looking),
        each(making),
        longest.as_secs_f64() * 1e3
    );
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn clock() -> Instant {
    Instant::now()
}

/// Marsaglia's xorshift: the same payees in every run.
const fn next(chance: &mut u64) -> u64 {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    *chance
}

fn payee(number: u64) -> PayeeId {
    PayeeId::parse(&format!("p:{}", 1_000_000_000 + number)).expect("a payee")
}

fn account(number: u64) -> String {
    format!("{:04}-{}", 1 + number % 300, 1 + number)
}

/// The store, made when it is not there. Of ten payees one has had another account before.
fn open(folder: &std::path::Path) -> Result<Writer, Error> {
    let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).collect();
    let location = Location::from(folder);
    let key = folder.with_extension("key");
    if folder.exists() {
        return Store::open(&location, &key, &migrations)?.writer(Secrets::from_system());
    }
    let env = Env::new(Timestamp::from_micros(0), 0);
    let mut secrets = Secrets::from_system();
    let store = Store::create(&location, &key, &migrations, true, &env, &mut secrets)?;
    let mut writer = store.writer(secrets)?;
    let (mut banks, mut first, mut then) = (Banks::HEADER.join(","), Accounts::HEADER.join(","), String::new());
    for reg in 1..=300 {
        let _ = write!(banks, "\n{reg:04},Bank {},NDEADKKK,DK", reg % 60);
    }
    for number in 0..PAYEES {
        let (payee, account) = (payee(number).reveal(), account(number));
        if number % 10 == 0 {
            let _ = write!(first, "\nregister,{payee},0001-1,,,,,");
            let _ = write!(then, "\nchange,{payee},{account},,0001-1,,,");
        } else {
            let _ = write!(first, "\nregister,{payee},{account},,,,,");
        }
    }
    import(&mut writer, &Banks, &banks)?;
    let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault: writer.store.vault().clone() };
    import(&mut writer, &source, &first)?;
    import(&mut writer, &source, &format!("{}{then}", Accounts::HEADER.join(",")))?;
    // A connection of its own, without the memory that an import was given.
    writer.store.writer(Secrets::from_system())
}

fn import(writer: &mut Writer, source: &impl Source, content: &str) -> Result<(), Error> {
    let cannot = || Error::io("a file could not be written");
    let path = std::env::temp_dir().join(format!("ask-many-{}.csv", std::process::id()));
    let mut file = std::fs::File::create_new(&path).map_err(cannot())?;
    file.write_all(content.as_bytes()).map_err(cannot())?;
    let read = std::fs::File::open(&path).map_err(cannot())?;
    std::fs::remove_file(&path).map_err(cannot())?;
    drop(file);
    let mut read = read;
    read.seek(SeekFrom::Start(0)).map_err(cannot())?;
    let env = Env::new(Timestamp::from_micros(0), 0);
    let (counts, _) = run(writer, source, read, &Actor::console(), &mut || env, &mut |_| {})?;
    assert_eq!(counts.rejected, 0, "every row is taken");
    Ok(())
}
