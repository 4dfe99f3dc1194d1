//! A store with three payers and a few payees, and files for it.

use denmark::Cvr;
use kernel::testing::TestPlace;
use kernel::{Actor, Env, Error, Role, Secrets, Store, Timestamp, Writer};
use payout::commands::{
    LetGo, Refused, Release, Released, Request, Routed, Settling, TakeIn, TakenIn, Upload, release, route, settle_some,
};
use payout::queries::show;
use payout::rendering::Rendering;
use registry::commands::{AddPayer, SetControls};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Counts, Population, Source, run};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::terms::Terms;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// 2026-11-23T09:00:00Z.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_424_400_000_000);
/// A public payer whose files a bank fetches, and who waits for payees without an account.
pub const PUBLIC: &str = "Kommunen";
/// A public payer whose payments go back where there is no account, and whose files nobody fetches.
pub const PLAIN: &str = "Regionen";
pub const PRIVATE: &str = "Pensionskassen";
pub const BANK: &str = "Eksempelbanken";

pub const ANNA: &str = "6101701234";
/// With a bank that has no BIC.
pub const BO: &str = "6201701235";
pub const DEAD: &str = "6301701236";
pub const WITHOUT: &str = "6401701237";
pub const NOBODY: &str = "7201701235";

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/example");

pub struct Place {
    pub writer: Writer,
    pub now: Timestamp,
    /// Which command it is, so that each has ids of its own.
    commands: u32,
    pub folder: TempDir,
    pub store: TestPlace,
}

impl Place {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let migrations: Vec<_> =
            kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).chain(payout::MIGRATIONS).collect();
        let (place, key) = (TestPlace::empty(folder.path()), folder.path().join("key"));
        let mut secrets = Secrets::from_system();
        let env = Env::new(NOW, 0);
        let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
        let (vault, writer) = (store.vault().clone(), store.writer(secrets).unwrap());
        let mut place = Self { writer, now: NOW, commands: 0, folder, store: place };
        place.import(&Banks, "banks.csv");
        place.import(&Population { vault: vault.clone(), refuse_replacement_numbers: false }, "people.csv");
        place.import(&Companies { vault: vault.clone() }, "companies.csv");
        place.import(&Accounts { channel: Channel::Operator, by: "console".to_owned(), vault }, "accounts.csv");
        let payers = [
            (PUBLIC, PayerKind::Public, NoAccount::Hold, Some(BANK)),
            (PLAIN, PayerKind::Public, NoAccount::Reject, None),
            (PRIVATE, PayerKind::Private, NoAccount::Hold, Some(BANK)),
        ];
        for (name, kind, no_account, bank) in payers {
            place.agree(name, kind, no_account, bank).unwrap();
        }
        place
    }

    pub fn agree(
        &mut self,
        name: &str,
        kind: PayerKind,
        no_account: NoAccount,
        bank: Option<&str>,
    ) -> Result<(), Error> {
        self.agree_on(name, kind, no_account, bank, Terms::default())
    }

    pub fn agree_on(
        &mut self,
        name: &str,
        kind: PayerKind,
        no_account: NoAccount,
        bank: Option<&str>,
        terms: Terms,
    ) -> Result<(), Error> {
        let cvr = Cvr::parse("13748136").unwrap();
        let agreement =
            Agreement { name: name.to_owned(), cvr, kind, no_account, bank: bank.map(str::to_owned), terms };
        self.writer.execute(&AddPayer { agreement }, &Actor::console(), &Env::new(NOW, 0))
    }

    fn import(&mut self, source: &impl Source, name: &str) {
        let file = std::fs::File::open(Path::new(EXAMPLES).join(name)).unwrap();
        run(&mut self.writer, source, file, &Actor::console(), &mut || Env::new(NOW, 0), &mut |_| {}).unwrap();
    }

    /// Imports these rows; how many of them changed something.
    fn import_rows<S: Source>(&mut self, source: &S, rows: &str) -> u64 {
        self.import_rows_as(source, rows, &Actor::console())
    }

    fn import_rows_as<S: Source>(&mut self, source: &S, rows: &str, actor: &Actor) -> u64 {
        import_into(&mut self.writer, self.folder.path(), source, rows, (actor, self.now)).changed
    }

    /// Enters people in the register, who have no account.
    pub fn enter(&mut self, people: impl Iterator<Item = String>) {
        let source = Population { vault: self.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let row = |number| format!("{number},Test Prøve,Prøvevej 1,2100,København Ø,DK,active,,false\n");
        let rows: String = people.map(row).collect();
        self.import_rows(&source, &rows);
    }

    /// The register says that somebody is dead.
    pub fn dies(&mut self, number: &str) {
        let source = Population { vault: self.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let row = format!("{number},Test Prøve,Prøvevej 1,2100,København Ø,DK,dead,,false\n");
        assert_eq!(self.import_rows(&source, &row), 1);
    }

    /// Gives somebody an account.
    pub fn designate(&mut self, row: &str) {
        let vault = self.writer.store.vault().clone();
        let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        assert_eq!(self.import_rows(&source, &format!("{row}\n")), 1, "{row}");
    }

    /// The same of many rows, one after another.
    pub fn designate_all(&mut self, rows: &[String]) {
        let vault = self.writer.store.vault().clone();
        let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        assert_eq!(self.import_rows(&source, &(rows.join("\n") + "\n")), rows.len() as u64);
    }

    /// Another process.
    pub fn another(&self) -> Writer {
        self.writer.store.clone().writer(Secrets::from_system()).unwrap()
    }

    /// The same by somebody.
    pub fn designate_as(&mut self, row: &str, actor: &Actor) {
        let vault = self.writer.store.vault().clone();
        let source = Accounts { channel: Channel::Operator, by: actor.name().to_owned(), vault };
        assert_eq!(self.import_rows_as(&source, &format!("{row}\n"), actor), 1, "{row}");
    }

    /// Asks for an account that has to wait.
    pub fn propose(&mut self, row: &str) {
        let vault = self.writer.store.vault().clone();
        let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
        let (writer, who) = (&mut self.writer, (&Actor::console(), self.now));
        let counts = import_into(writer, self.folder.path(), &source, &format!("{row}\n"), who);
        assert_eq!((counts.held, counts.changed), (1, 0), "{row}");
    }

    pub fn env(&mut self) -> Env {
        self.commands += 1;
        Env::new(self.now, self.commands)
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Routes a file as the console does.
    pub fn route(&mut self, payer: &str, xml: &str, hold_all: bool) -> Routed {
        self.try_route(payer, xml, hold_all).unwrap()
    }

    /// The same, while an account changes when the clock is looked at for the `at`th time; whether it was so often.
    pub fn route_while(&mut self, payer: &str, xml: &str, (at, row): (usize, &str)) -> (Routed, bool) {
        let (file, out, env, now) = (self.folder.path().join("payments.xml"), self.out(), self.env(), self.now);
        std::fs::write(&file, xml).unwrap();
        let (store, folder) = (self.writer.store.clone(), self.folder.path());
        let (other, looks) = (Mutex::new(store.writer(Secrets::from_system()).unwrap()), AtomicUsize::new(0));
        let clock = || {
            if looks.fetch_add(1, Ordering::SeqCst) == at {
                let source =
                    Accounts { channel: Channel::Operator, by: "console".to_owned(), vault: store.vault().clone() };
                let rows = format!("{row}\n");
                assert_eq!(
                    import_into(&mut other.lock().unwrap(), folder, &source, &rows, (&Actor::console(), now)).changed,
                    1
                );
            }
            now
        };
        let request = Request { file: &file, payer, out: &out, hold_all: false, clock: &clock };
        let routed = route(&mut self.writer, &request, &Actor::console(), &env, &mut |_| {}).unwrap();
        (routed.map_err(Box::new).unwrap(), looks.load(Ordering::SeqCst) > at)
    }

    /// The same, if it is not refused.
    pub fn try_route(&mut self, payer: &str, xml: &str, hold_all: bool) -> Result<Routed, Box<Refused>> {
        let file = self.folder.path().join("payments.xml");
        std::fs::write(&file, xml).unwrap();
        let (out, env, now) = (self.out(), self.env(), self.now);
        let request = Request { file: &file, payer, out: &out, hold_all, clock: &|| now };
        route(&mut self.writer, &request, &Actor::console(), &env, &mut |_| {}).unwrap().map_err(Box::new)
    }

    /// Uploads a file in pieces of so many bytes.
    pub fn upload(
        &mut self,
        payer: &str,
        xml: &str,
        piece_bytes: usize,
        (hold_all, key): (bool, Option<&str>),
    ) -> Result<Result<TakenIn, Refused>, Error> {
        let (actor, env, now) = (client(payer), self.env(), self.now);
        let pieces = || xml.as_bytes().chunks(piece_bytes);
        let mut upload = Upload::begin(&mut self.writer, payer, &actor, &env)?;
        send(&mut self.writer, &mut upload, pieces(), now)?;
        upload.end(&mut self.writer, &TakeIn { hold_all, key, clock: &|| now }, &actor, &env)
    }

    /// Uploads a file that is taken.
    pub fn uploaded(&mut self, payer: &str, xml: &str) -> String {
        self.upload(payer, xml, 10_000, (false, None)).unwrap().unwrap().batch
    }

    pub fn release(&mut self, batch: &str, to_files: bool) {
        self.let_go(batch, LetGo::Ask, to_files, &Actor::console()).unwrap();
    }

    /// Lets a batch go as somebody.
    pub fn let_go(&mut self, batch: &str, as_what: LetGo, to_files: bool, actor: &Actor) -> Result<Released, Error> {
        let (out, env) = (self.out(), self.env());
        let wanted = Release { batch, as_what, out: to_files.then_some(&*out), stages: None, once: None };
        release(&mut self.writer, &wanted, actor, &env)
    }

    /// Settles until all that waits has been looked at; which batches something left.
    pub fn settle(&mut self) -> Vec<String> {
        let (mut settling, mut moved) = (Settling::default(), Vec::new());
        loop {
            let env = self.env();
            let settled = settle_some(&mut self.writer, &mut settling, None, &Actor::console(), &env).unwrap();
            moved.extend(settled.released.filter(|released| released.has_moved).map(|released| released.batch));
            if settled.is_through {
                return moved;
            }
        }
    }

    /// Sets controls, each `name=figure`.
    pub fn control(&mut self, changes: &[&str]) {
        let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
        let change = ControlChange::new(Some("2015"), &changes).unwrap();
        let env = self.env();
        self.writer.execute(&SetControls { change, is_synthetic: true }, &Actor::console(), &env).unwrap();
    }

    /// What each payment of a batch is, and why it waits.
    pub fn told(&mut self, batch: &str) -> Vec<String> {
        let now = self.now;
        let mut told = Vec::new();
        show(&mut self.writer, batch, &Actor::console(), now, |shown| {
            shown.each_payment(|payment| {
                let hold = payment.hold.map(|hold| format!("{} {}", hold.reason, hold.ends));
                told.push(hold.unwrap_or_else(|| payment.state.to_owned()));
                Ok(())
            })
        })
        .unwrap();
        told
    }

    /// How many rows there are.
    pub fn rows(&mut self) -> [u64; 6] {
        self.writer
            .read(|scope| {
                let names = ["batch", "payment", "payment_ids", "kept_input", "batch_stage", "bank_file"];
                let mut counts = [0; 6];
                for (count, name) in counts.iter_mut().zip(names) {
                    let table = payout::TABLES.iter().find(|table| table.name() == name).unwrap();
                    *count = table.count(scope)?;
                }
                Ok(counts)
            })
            .unwrap()
    }

    pub fn verify(&mut self) {
        let tables: Vec<_> = kernel::TABLES.iter().chain(registry::TABLES).chain(payout::TABLES).copied().collect();
        self.writer.read(|scope| kernel::journal::verify(scope, &tables, None, &mut |_| {})).unwrap();
        self.writer.read(payout::verify_index).unwrap();
    }
}

/// Gives somebody an account by another process.
pub fn import_accounts(writer: &mut Writer, folder: &Path, row: &str, now: Timestamp) {
    let vault = writer.store.vault().clone();
    let source = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault };
    assert_eq!(import_into(writer, folder, &source, &format!("{row}\n"), (&Actor::console(), now)).changed, 1);
}

/// Imports rows by some connection; what became of them.
fn import_into<S: Source>(
    writer: &mut Writer,
    folder: &Path,
    source: &S,
    rows: &str,
    (actor, now): (&Actor, Timestamp),
) -> Counts {
    let path = folder.join("rows.csv");
    std::fs::write(&path, format!("{}\n{rows}", S::HEADER.join(","))).unwrap();
    let file = std::fs::File::open(path).unwrap();
    run(writer, source, file, actor, &mut || Env::new(now, 0), &mut |_| {}).unwrap().0
}

/// Sends pieces of a file.
pub fn send<'p>(
    writer: &mut Writer,
    upload: &mut Upload,
    pieces: impl Iterator<Item = &'p [u8]>,
    now: Timestamp,
) -> Result<(), Error> {
    let sealer = upload.sealer(writer);
    (0..).zip(pieces).try_for_each(|(number, piece)| upload.take(writer, sealer.seal(number, piece)?, now))
}

/// The system of a payer.
pub fn client(payer: &str) -> Actor {
    Actor::client(if payer == PRIVATE { Role::PrivatePayer } else { Role::PublicPayer }, payer)
}

/// All of what is rendered.
pub fn whole(mut rendering: Rendering) -> String {
    let mut all = Vec::new();
    while let Some(piece) = rendering.next_piece().unwrap() {
        all.extend(piece);
    }
    String::from_utf8(all).unwrap()
}

/// A payment: to whom, and how many hundredths.
pub type Pay<'p> = (&'p str, u32);

/// A file of these blocks. End-to-end ids count its payments from 0.
pub fn file(message_id: &str, blocks: &[Vec<Pay<'_>>]) -> String {
    let decimal = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let sum = |pays: &[Pay<'_>]| pays.iter().map(|(_, hundredths)| u64::from(*hundredths)).sum::<u64>();
    let all = blocks.iter().map(|block| sum(block)).sum();
    let payments: usize = blocks.iter().map(Vec::len).sum();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\"><CstmrCdtTrfInitn>\n\
         <GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-23T08:00:00Z</CreDtTm><NbOfTxs>{payments}</NbOfTxs>\
         <CtrlSum>{}</CtrlSum><InitgPty><Nm>Kommunen</Nm></InitgPty></GrpHdr>\n",
        decimal(all)
    );
    let mut number = 0;
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| !block.is_empty()) {
        let (count, sum) = (block.len(), decimal(sum(block)));
        let _ = write!(
            xml,
            "<!-- Block {at}. -->\n<PmtInf><PmtInfId>B{at}</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs>\
             <CtrlSum>{sum}</CtrlSum><ReqdExctnDt><Dt>2026-11-25</Dt></ReqdExctnDt><Dbtr><Nm>Kommunen</Nm></Dbtr>\
             <DbtrAcct><Id><IBAN>DK5000400440116243</IBAN></Id></DbtrAcct>\
             <DbtrAgt><FinInstnId><BICFI>EKSBDK22</BICFI></FinInstnId></DbtrAgt>\n"
        );
        for (payee, hundredths) in block {
            let amount = decimal(u64::from(*hundredths));
            let _ = writeln!(
                xml,
                "<CdtTrfTxInf><PmtId><EndToEndId>E{number}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"DKK\">{amount}\
                 </InstdAmt></Amt><Cdtr><Id><PrvtId><Othr><Id>{payee}</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm>\
                 <Issr>CPR</Issr></Othr></PrvtId></Id></Cdtr></CdtTrfTxInf>"
            );
            number += 1;
        }
        xml.push_str("</PmtInf>\n");
    }
    xml + "</CstmrCdtTrfInitn></Document>\n"
}

/// Somebody's number, as a file says who is paid.
pub fn by_number(cpr: &str) -> String {
    format!("<Id><PrvtId><Othr><Id>{cpr}</Id><SchmeNm><Cd>NIDN</Cd></SchmeNm><Issr>CPR</Issr></Othr></PrvtId></Id>")
}

/// A file of payments of one krone to these, which names the account of each itself, as it is written. End-to-end ids count from 0.
pub fn named(message_id: &str, payments: &[(&str, &str)]) -> String {
    let xml = file(message_id, &[payments.iter().map(|_| (ANNA, 100)).collect()]);
    let of_anna = format!("<Cdtr>{}</Cdtr></CdtTrfTxInf>", by_number(ANNA));
    payments.iter().fold(xml, |xml, (creditor, account)| {
        let account = format!("<Cdtr>{creditor}</Cdtr><CdtrAcct><Id>{account}</Id></CdtrAcct></CdtTrfTxInf>");
        xml.replacen(&of_anna, &account, 1)
    })
}

/// Blocks within a chunk and beyond several, with all, some or none of their payments left. Few are misses, so that a client can
/// bring it: the others go back as they are of nothing.
pub fn mixed() -> Vec<Vec<Pay<'static>>> {
    let every = |count: usize, pays: &[Pay<'static>]| -> Vec<Pay<'static>> {
        pays.iter().copied().cycle().take(count).collect()
    };
    vec![
        vec![(ANNA, 100)],
        vec![(NOBODY, 200)],
        every(2_500, &[(ANNA, 1), (ANNA, 0), (BO, 3), (BO, 0), (WITHOUT, 5)]),
        [every(2_000, &[(ANNA, 0), (BO, 0)]), every(100, &[(NOBODY, 7), (DEAD, 7)])].concat(),
        every(600, &[(WITHOUT, 9_99)]),
        vec![(BO, 1_00), (DEAD, 1)],
        every(1_000, &[(ANNA, 10)]),
    ]
}
