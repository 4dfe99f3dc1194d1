//! A real store, and how commands are given to it.

use crate::acts::{Change, Who};
use crate::model::{ACCOUNT_TEXTS, AGREED, Agreed, ELSEWHERE, Lets, NoAccount as Without, PERSONS};
use denmark::{Account, Currency, Cvr};
use jiff::civil::{Date, time};
use kernel::testing::TestPlace;
use kernel::{Actor, Env, Error, Id, Location, Role, Secrets, Store, Timestamp, Writer};
use payout::commands::{
    AnswersTaken, ConfirmArrival, ImportReturns, Imported, LetGo, Recall, Release, Request, SentRecall, Settling, Stop,
    TakeIn, Upload, answer_recalls, confirm_arrival, import_returns as take_returns, payments_named,
    recall as recall_payments, release, route, settle_some, stop as stop_payments,
};
use payout::message::bank::RecallReason;
use registry::account::DesignatedAccount;
use registry::commands::{
    AcknowledgeSuspicion, AddPayer, Approve, CloseSuspicion, Propose, ReportSuspicion, SetControls, Suspected,
};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Counts, Population, Source, run};
use registry::mark::MarkChange;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::suspicion::{Finding, Reason, Source as From};
use registry::terms::{OnFrozen, OnPending, OnReturn, Terms};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

pub const BANK: &str = "Eksempelbanken";
const BANKS: &str = "reg,bank,bic,country\n0040,Eksempelbanken,EKSBDK22,DK\n9860,Andelskassen Eksempel,,DK\n";
/// Two days before Christmas, so that banking days are far apart.
const BEGIN: &str = "2026-12-22T09:00:00Z";

/// Where a store is, and what is beside it: all that a process knows when it starts.
#[derive(Clone)]
pub struct Door {
    location: Location,
    folder: PathBuf,
}

impl Door {
    pub fn open(&self) -> Writer {
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
        let store = Store::open(self.location.clone(), &self.folder.join("key"), &migrations).unwrap();
        store.writer(Secrets::from_system()).unwrap()
    }

    pub fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    pub fn file(&self) -> PathBuf {
        self.folder.join("payments.xml")
    }
}

/// What all histories begin with: made once, and copied for each.
pub struct Beginning {
    store: TestPlace,
    folder: tempfile::TempDir,
    pub now: i64,
}

impl Beginning {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = TestPlace::empty(folder.path());
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
        let now = Timestamp::parse(BEGIN).unwrap();
        let (mut secrets, env) = (Secrets::from_system(), Env::new(now, 0));
        let made = Store::create(store.location(), &folder.path().join("key"), &migrations, true, &env, &mut secrets);
        let mut writer = made.unwrap().writer(secrets).unwrap();
        let vault = writer.store.vault().clone();
        import(&mut writer, &Banks, BANKS, &Actor::console(), env);
        let person = |payee: &&str| Some(format!("{},Navn,Vej 1,2100,By,DK,active,,\n", payee.strip_prefix("cpr:")?));
        let people: String = PERSONS.iter().filter_map(person).collect();
        let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        import(&mut writer, &population, &of::<Population>(&people), &Actor::console(), env);
        let company = of::<Companies>("13748136,Firm,active,,,,,,6101701234\n");
        import(&mut writer, &Companies { vault: vault.clone() }, &company, &Actor::console(), env);
        let rows = [(0, 0), (1, 1), (3, 2), (4, 3)];
        let rows =
            rows.map(|(payee, account)| format!("register,{},{},,,,,\n", PERSONS[payee], ACCOUNT_TEXTS[account]));
        let accounts = Accounts { channel: Channel::Operator, by: Actor::console().name().to_owned(), vault };
        let counts = import(&mut writer, &accounts, &of::<Accounts>(&rows.concat()), &Actor::console(), env);
        assert_eq!(counts.changed, 4);
        for agreed in &AGREED {
            writer.execute(&AddPayer { agreement: agreement(agreed) }, &Actor::console(), &env).unwrap();
        }
        control(&mut writer, &[], &env);
        Self { store, folder, now: now.micros() }
    }

    /// A copy, with which one history begins.
    pub fn copy(&self) -> (Door, TestPlace, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = TestPlace::copy_of(&self.store, folder.path());
        std::fs::copy(self.folder.path().join("key"), folder.path().join("key")).unwrap();
        // On PostgreSQL there is none.
        if let Ok(files) = std::fs::read_dir(self.folder.path().join("store")) {
            std::fs::create_dir(folder.path().join("store")).unwrap();
            for file in files.map(Result::unwrap) {
                std::fs::copy(file.path(), folder.path().join("store").join(file.file_name())).unwrap();
            }
        }
        let door = Door { location: store.location(), folder: folder.path().to_owned() };
        (door, store, folder)
    }
}

fn agreement(agreed: &Agreed) -> Agreement {
    let Account::Danish(account) = Account::parse(ELSEWHERE).unwrap() else { unreachable!() };
    Agreement {
        name: agreed.name.to_owned(),
        cvr: Cvr::parse("13748136").unwrap(),
        kind: if agreed.is_public { PayerKind::Public } else { PayerKind::Private },
        no_account: match agreed.no_account {
            Without::Rejects => NoAccount::Reject,
            Without::Holds => NoAccount::Hold,
            Without::PaysTo => NoAccount::PayTo(DesignatedAccount::Domestic { account, currency: Currency::DKK }),
        },
        bank: agreed.has_bank.then(|| BANK.to_owned()),
        terms: Terms {
            release: match agreed.lets {
                Lets::AtOnce => registry::terms::Release::AtOnce,
                Lets::ByHand => registry::terms::Release::ByHand,
                Lets::AtCutOff => registry::terms::Release::CutOff(time(14, 30, 0, 0)),
            },
            four_eyes_above: agreed.two_above,
            pending: if agreed.holds_pending { OnPending::Hold } else { OnPending::Pay },
            hold_after_change: agreed.days,
            frozen: if agreed.holds_frozen { OnFrozen::Hold } else { OnFrozen::Reject },
            on_return: if agreed.sends_on { OnReturn::Waiting } else { OnReturn::Payer },
            contact: None,
        },
    }
}

fn of<S: Source>(rows: &str) -> String {
    format!("{}\n{rows}", S::HEADER.join(","))
}

fn import(writer: &mut Writer, source: &impl Source, content: &str, actor: &Actor, env: Env) -> Counts {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    run(writer, source, file, actor, &mut || env, &mut |_| {}).unwrap().0
}

/// Who acts so about a payer's batches.
pub fn actor(who: Who, agreed: &Agreed) -> Actor {
    let role = if agreed.is_public { Role::PublicPayer } else { Role::PrivatePayer };
    match who {
        Who::Console => Actor::console(),
        Who::Anna => Actor::operator("anna"),
        Who::Bo => Actor::operator("bo"),
        Who::Payer(false) => Actor::client(role, agreed.name),
        Who::Payer(true) => Actor::client(role, "other"),
    }
}

/// A file of one row about an account. No file is like another, so that none is known again: `number` stands in it.
pub fn change(writer: &mut Writer, change: &Change, number: u32, env: &Env) -> Counts {
    let Change { payee, action, account, by } = *change;
    let account = if action == "change" { ACCOUNT_TEXTS[account] } else { "" };
    let (by, vault) = (actor(by, &AGREED[0]), writer.store.vault().clone());
    let source = Accounts { channel: Channel::Operator, by: by.name().to_owned(), vault };
    let rows = format!("{action},{},{account},,,,,\nfile {number},,,,,,,\n", PERSONS[payee]);
    import(writer, &source, &of::<Accounts>(&rows), &by, *env)
}

pub fn die(writer: &mut Writer, payee: usize, env: &Env) {
    if !PERSONS[payee].starts_with("cpr:") {
        return;
    }
    let source = Population { vault: writer.store.vault().clone(), refuse_replacement_numbers: false };
    let row = format!("{},Navn,Vej 1,2100,By,DK,dead,,\n", PERSONS[payee].trim_start_matches("cpr:"));
    import(writer, &source, &of::<Population>(&row), &Actor::console(), *env);
}

pub fn control(writer: &mut Writer, changes: &[String], env: &Env) {
    let change = ControlChange::new(Some("2015"), changes).unwrap();
    let told = writer.execute(&SetControls { change, is_synthetic: true }, &Actor::console(), env);
    assert!(told.is_ok() || told.is_err_and(|error| error.code() == "motion.nothing"));
}

/// Two officers mark an account, on the ground of a report that two others agreed to; the name of the mark.
pub fn mark(writer: &mut Writer, account: usize, until: Date, env: &mut dyn FnMut() -> Env) -> String {
    let operator = Actor::operator;
    let suspected = Suspected::Account(Account::parse(ACCOUNT_TEXTS[account]).unwrap());
    let (actor, from, text) = (operator("rita"), From::Police, "It was seen".to_owned());
    let report = ReportSuspicion { actor: actor.clone(), from, suspected, reason: Reason::Mule, text, once: None };
    let suspicion = writer.execute(&report, &actor, &env()).unwrap().id;
    let officer = operator("sven");
    let acknowledge =
        AcknowledgeSuspicion { suspicion: suspicion.clone(), officer: officer.clone(), is_synthetic: true };
    writer.execute(&acknowledge, &officer, &env()).unwrap();
    let (why, finding) = ("It is so".to_owned(), Finding::Confirmed);
    let id = Id::parse_name(&suspicion).unwrap();
    let close = CloseSuspicion { suspicion, finding, why, officer: officer.clone(), is_synthetic: true };
    writer.execute(&close, &officer, &env()).unwrap();
    decide(writer, MarkChange::Set { suspicion: id, until }, env)
}

pub fn unmark(writer: &mut Writer, mark: &str, env: &mut dyn FnMut() -> Env) {
    decide(writer, MarkChange::End { mark: Id::parse_name(mark).unwrap() }, env);
}

fn decide(writer: &mut Writer, subject: MarkChange, env: &mut dyn FnMut() -> Env) -> String {
    let (officer, other) = (Actor::operator("mona"), Actor::operator("nils"));
    let propose = Propose { subject, reason: "so".to_owned(), officer: officer.clone(), is_synthetic: true };
    let motion = writer.execute(&propose, &officer, &env()).unwrap().id;
    let approve = Approve::<MarkChange> {
        motion: motion.clone(),
        officer: other.clone(),
        is_synthetic: true,
        about: PhantomData,
    };
    writer.execute(&approve, &other, &env()).unwrap();
    motion
}

/// What came of a file.
#[derive(Debug)]
pub enum CameIn {
    Taken { batch: String, is_duplicate: bool },
    Refused(String),
}

/// Brings a file, at the console or over the network.
pub fn bring(
    writer: &mut Writer,
    door: &Door,
    (agreed, xml): (&Agreed, &str),
    (holds, is_uploaded): (bool, bool),
    env: &Env,
) -> CameIn {
    let now = env.now;
    if !is_uploaded {
        std::fs::write(door.file(), xml).unwrap();
        let (file, out) = (door.file(), door.out());
        let request = Request { file: &file, payer: agreed.name, out: &out, hold_all: holds, clock: &|| now };
        return match route(writer, &request, &Actor::console(), env, &mut |_| {}).unwrap() {
            Ok(routed) => CameIn::Taken { batch: routed.batch, is_duplicate: routed.duplicate },
            Err(refused) => CameIn::Refused(refused.code.to_owned()),
        };
    }
    let client = actor(Who::Payer(false), agreed);
    let mut upload = Upload::begin(writer, agreed.name, &client, env).unwrap();
    let sealer = upload.sealer(writer);
    for (number, piece) in (0..).zip(xml.as_bytes().chunks(2_000)) {
        upload.take(writer, sealer.seal(number, piece).unwrap(), now).unwrap();
    }
    match upload.end(writer, &TakeIn { hold_all: holds, key: None, clock: &|| now }, &client, env).unwrap() {
        Ok(taken) => CameIn::Taken { batch: taken.batch, is_duplicate: taken.duplicate },
        Err(refused) => CameIn::Refused(refused.code.to_owned()),
    }
}

/// Lets a batch go as somebody.
pub fn let_go(
    writer: &mut Writer,
    batch: &str,
    as_what: LetGo,
    (out, by): (Option<&Path>, &Actor),
    env: &Env,
) -> Result<(), String> {
    let wanted = Release { batch, as_what, out, stages: None, once: None };
    code(release(writer, &wanted, by, env)).map(|_| ())
}

/// Stops all of a batch, or one of its payments, or lets it go on.
pub fn stop(
    writer: &mut Writer,
    batch: &str,
    payment: Option<&String>,
    resumes: bool,
    (by, env): (&Actor, &Env),
) -> Result<(), String> {
    let ids = payment.map(std::slice::from_ref);
    let wanted = Stop { batch, end_to_end_ids: ids, why: "a reason", resumes, stages: None, once: None };
    code(stop_payments(writer, &wanted, by, env))
}

/// Takes a bank's file of returns.
pub fn import_returns(writer: &mut Writer, xml: &str, out: Option<&Path>, env: &Env) -> Imported {
    let wanted = ImportReturns { file: xml.as_bytes(), bank: None, out, once: None };
    take_returns(writer, wanted, &Actor::console(), env).unwrap()
}

/// Takes a bank's answers to recalls.
pub fn answer(writer: &mut Writer, xml: &str, env: &Env) -> AnswersTaken {
    answer_recalls(writer, std::io::Cursor::new(xml.as_bytes()), None, None, (&Actor::console(), env)).unwrap()
}

/// Asks for payments back, by their end-to-end ids. Which were: of each message its name, and the numbers of its payments.
pub fn recall(writer: &mut Writer, batch: &str, ids: &[String], env: &Env) -> Vec<(String, Vec<usize>)> {
    let payments = writer.read(|scope| payments_named(scope, batch, ids, None)).unwrap();
    let (reason, why) = (RecallReason::Fraud, "It was a thief");
    let wanted = Recall { payments: &payments, reason, why, once: None };
    let Ok(recalled) = code(recall_payments(writer, &wanted, &Actor::console(), env)) else { return Vec::new() };
    let numbers = |sent: SentRecall| sent.payments.into_iter().map(|number| usize::try_from(number).unwrap()).collect();
    recalled.messages.into_iter().map(|sent| (sent.recall.clone(), numbers(sent))).collect()
}

/// Says that money of a payment is there.
pub fn confirm(writer: &mut Writer, batch: &str, id: &String, env: &Env) -> Result<(), String> {
    let (end_to_end_ids, why) = (std::slice::from_ref(id), "It was seen");
    let wanted = ConfirmArrival { batch, end_to_end_ids, why, once: None };
    code(confirm_arrival(writer, &wanted, &Actor::console(), env)).map(|_| ())
}

/// Looks at all that waits, once.
pub fn settle(writer: &mut Writer, out: Option<&Path>, env: &mut dyn FnMut() -> Env) {
    let mut settling = Settling::default();
    while !settle_some(writer, &mut settling, out, &Actor::console(), &env()).unwrap().is_through {}
}

/// What was refused, by code. Nothing fails here.
pub fn code<T>(result: Result<T, Error>) -> Result<T, String> {
    match result {
        Ok(told) => Ok(told),
        Err(Error::Refused(refusal)) => Err(refusal.code.to_owned()),
        Err(error) => panic!("{error}"),
    }
}
