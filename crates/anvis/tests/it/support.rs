//! Drives the real binary in a folder of its own, and makes the registers that the tests talk about.

use crate::reader;
use kernel::testing::TestPlace;
pub use kernel::testing::{is_postgres, require_postgres};
use kernel::{Actor, Env, Id, Role, Secrets, Store, Timestamp};
use registry::commands::{ChangeAccounts, ChangeAnswer};
use registry::designation::Channel;
use registry::import::{AccountRow, Written};
use registry::notice::StopToken;
use registry::proposal::Unexpected;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The moment at which everything happens, unless a test says otherwise: a Monday.
pub const NOW: &str = "2026-11-23T09:00:00Z";
/// Two banking days later.
pub const EXECUTION: &str = "2026-11-25";

/// What tests set that are about something else: a change holds at once, unless it does not name what it takes the place of.
pub const AT_ONCE: &str = "controls set 2015 --change names_replaced=on";

/// A person with an ordinary account.
pub const ALICE: &str = "6101701234";
pub const ALICE_ACCOUNT: &str = "0040-0440116243";
pub const ALICE_IBAN: &str = "DK5000400440116243";
/// With an account at a bank that has no BIC.
pub const BENT: &str = "6201701235";
/// Whose account is frozen.
pub const CARL: &str = "6301701236";
/// Whose account was closed.
pub const DORA: &str = "6401701237";
/// Who died, with an account.
pub const ERIK: &str = "6501701238";
/// Without an account.
pub const FRIDA: &str = "6601701239";
/// With an account abroad.
pub const GERD: &str = "6701701230";
pub const GERD_IBAN: &str = "DE89370400440532013000";
/// With an account of their own for one benefit of one payer.
pub const HANS: &str = "6801701231";
/// With an account in euros.
pub const IDA: &str = "6901701232";
/// With a Faroese account.
pub const JENS: &str = "7001701233";
/// With a Greenlandic account.
pub const KAJ: &str = "7101701234";
/// In no register.
pub const NOBODY: &str = "7201701235";
/// A company with an account.
pub const COMPANY: &str = "25992180";
/// A company that was dissolved, with an account.
pub const DISSOLVED: &str = "30808460";
/// A company without an account.
pub const POOR_COMPANY: &str = "55133018";
/// Known by their accounts alone.
pub const SE_NUMBER: &str = "32080808";
pub const P_NUMBER: &str = "1000000042";

/// Payers: public ones that reject, hold, and pay to an account of their own; and a private one.
pub const PUBLIC: &str = "Udbetaling";
pub const HOLDER: &str = "Holder";
pub const STAND_IN: &str = "Standin";
pub const STAND_IN_IBAN: &str = "DK7710200000000077";
pub const PRIVATE: &str = "Privat";

pub const BANKS: &str = "reg,bank,bic,country
0040,Nordbank,NDEADKKK,DK
0041,Nordbank,NDEADKKK,DK
1020,Sydbank,SYBKDK22,DK
5000,Sparekassen,,DK
6460,Foroyabank,FIFBFOTX,FO
6471,Gronbank,GRENGLGX,GL
";

pub const POPULATION: &str = "cpr,name,address,postcode,city,country,status,status_date,protected
6101701234,Alice Hemmelighed,Skjulvej 7,8000,Aarhus,DK,active,2000-01-01,false
6201701235,Bent Hemmelighed,Skjulvej 8,8000,Aarhus,DK,active,,0
6301701236,Carl Hemmelighed,Skjulvej 9,8000,Aarhus,DK,01,,
6401701237,Dora Hemmelighed,Skjulvej 10,8000,Aarhus,DK,active,,true
6501701238,Erik Hemmelighed,Skjulvej 11,8000,Aarhus,DK,active,,1
6601701239,Frida Hemmelighed,Skjulvej 12,8000,Aarhus,DK,missing,,
6701701230,Gerd Hemmelighed,Hauptstrasse 3,10115,Berlin,DE,emigrated,2020-05-05,
6801701231,Hans Hemmelighed,Skjulvej 14,8000,Aarhus,DK,active,,
6901701232,Ida Hemmelighed,Skjulvej 15,8000,Aarhus,DK,active,,
7001701233,Jens Hemmelighed,Skjulvej 16,100,Torshavn,FO,active,,
710170-1234,Kaj Hemmelighed,Skjulvej 17,3900,Nuuk,GL,active,,
";

/// Read in later: Erik has died.
pub const POPULATION_LATER: &str = "cpr,name,address,postcode,city,country,status,status_date,protected
6501701238,Erik Hemmelighed,Skjulvej 11,8000,Aarhus,DK,dead,2026-11-20,1
";

pub const COMPANIES: &str = "cvr,name,status,status_date
25992180,Prøve og Søn ApS,active,2001-02-03
30808460,Lukket A/S,active,
55133018,Uden Konto IVS,active,
";

pub const COMPANIES_LATER: &str = "cvr,name,status,status_date
30808460,Lukket A/S,dissolved,2026-11-20
";

pub const ACCOUNTS: &str = "action,payee,account,bic,expects,currency,payer,benefit
register,cpr:6101701234,0040-0440116243,,none,,,
register,cpr:6201701235,5000-0000000012,,,,,
register,cpr:6301701236,0040-0000000013,,,,,
freeze,cpr:6301701236,,,,,,
register,cpr:6401701237,0040-0000000014,,,,,
close,cpr:6401701237,0040-0000000014,,,,,
register,cpr:6501701238,0040-0000000015,,,,,
register,cpr:6701701230,DE89370400440532013000,COBADEFFXXX,,EUR,,
register,cpr:6801701231,1020-4811223344,SYBKDK22,,DKK,,
register,cpr:6801701231,0041-0000000018,,,,Udbetaling,NKSBOS
register,cpr:6901701232,0040-0000000019,,,EUR,,
register,cpr:7001701233,6460-0000000020,,,,,
register,cpr:7101701234,6471-0000000021,,,,,
register,cvr:25992180,1020-0000000022,,,,,
register,cvr:30808460,1020-0000000023,,,,,
register,se:32080808,0040-0000000024,,,,,
register,p:1000000042,0040-0000000025,,,,,
";

/// Certificates of two organisations that do not exist.
pub const CERTIFICATE: &str = include_str!("../../../eid/tests/eid/certificates/one.pem");
pub const OTHER_CERTIFICATE: &str = include_str!("../../../eid/tests/eid/certificates/two.pem");

pub const ACCOUNT_HEADER: &str = "action,payee,account,bic,expects,currency,payer,benefit\n";
/// The same where a bank says why, and how its customer consented.
pub const GROUNDS_HEADER: &str = "action,payee,account,bic,expects,currency,payer,benefit,reason,consent\n";

/// The IBAN of an account, computed apart from the product: ISO 13616 with modulus 97.
pub fn iban(country: &str, account: &str) -> String {
    let (reg, number) = account.split_once('-').unwrap();
    let bban = format!("{reg}{number:0>10}");
    let digits = format!("{bban}{country}00").chars().fold(String::new(), |digits, c| match c {
        '0'..='9' => digits + &c.to_string(),
        letter => digits + &(letter as u32 - 'A' as u32 + 10).to_string(),
    });
    let rest = digits.bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("{country}{:02}{bban}", 98 - rest)
}

/// The binary that is driven: the one that was built with the tests, or another one.
pub static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let other = std::env::var_os("ANVIS_TEST_BINARY").filter(|value| !value.is_empty());
    other.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_anvis")), PathBuf::from)
});

/// What a command printed, and how it ended.
pub struct Answer {
    pub args: String,
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        let Self { args, exit, stdout, stderr } = self;
        let json: Value = serde_json::from_str(stdout)
            .unwrap_or_else(|error| panic!("{args}: {error}\nexit {exit}\n{stdout}\n{stderr}"));
        assert!(json.is_object(), "{args}: one object, not {stdout}");
        assert_eq!(stdout.lines().count(), 1, "{args}: one line\n{stdout}");
        json
    }

    /// It was done.
    #[track_caller]
    pub fn done(&self) -> Value {
        self.ended(0)
    }

    #[track_caller]
    pub fn ended(&self, exit: i32) -> Value {
        assert_eq!(self.exit, exit, "{}\n{}\n{}", self.args, self.stdout, self.stderr);
        self.json()
    }

    /// It ended so, with this code; the sentence.
    #[track_caller]
    pub fn failed(&self, exit: i32, code: &str) -> String {
        let json = self.ended(exit);
        assert_eq!(json["code"], code, "{}: {json}", self.args);
        let text = json["text"].as_str().unwrap_or_default().to_owned();
        assert!(!text.is_empty(), "{}: {json}", self.args);
        text
    }

    #[track_caller]
    pub fn refused(&self, code: &str) -> String {
        self.failed(3, code)
    }
}

/// A folder with a store in it, or none yet.
pub struct World {
    store: TestPlace,
    folder: TempDir,
    /// Whether commands are given at [`NOW`].
    is_synthetic: bool,
}

impl World {
    /// No store.
    pub fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        Self { store: TestPlace::empty(folder.path()), folder, is_synthetic: false }
    }

    /// A synthetic store with nothing in it.
    pub fn synthetic() -> Self {
        let world = Self { is_synthetic: true, ..Self::empty() };
        world.run("init --synthetic").done();
        world
    }

    /// A synthetic store with nothing in it, made at another moment.
    pub fn synthetic_since(moment: &str) -> Self {
        let world = Self { is_synthetic: true, ..Self::empty() };
        world.run(&format!("init --synthetic --now {moment}")).done();
        world
    }

    /// A store of real people, who are made up all the same.
    pub fn real() -> Self {
        let world = Self::empty();
        world.run("init").done();
        world
    }

    /// A synthetic store with everybody that the constants name, copied from one that was made once.
    pub fn settled() -> Self {
        static TEMPLATE: LazyLock<World> = LazyLock::new(|| {
            let world = World::synthetic();
            world.settle();
            world
        });
        TEMPLATE.copy()
    }

    /// The same in a database that is there already.
    pub fn settled_at(url: String) -> Self {
        Self::settled_by(url, "")
    }

    /// The same, where more is said to make the store.
    pub fn settled_by(url: String, more: &str) -> Self {
        let mut world = Self { is_synthetic: true, ..Self::empty() };
        world.store.url = url;
        world.run(&format!("init --synthetic {more}")).done();
        world.settle();
        world
    }

    /// Another world with the same files.
    pub fn copy(&self) -> Self {
        let folder = TempDir::new().unwrap();
        let store = TestPlace::copy_of(&self.store, folder.path());
        let world = Self { store, folder, is_synthetic: self.is_synthetic };
        for name in self.files("") {
            let to = world.path(&name);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(self.path(&name), to).unwrap();
        }
        world
    }

    /// The same with the controls that hold where nobody has decided otherwise.
    pub fn guarded() -> Self {
        let world = Self::settled();
        world.run("controls set anvis").done();
        world
    }

    fn settle(&self) {
        self.run(AT_ONCE).done();
        self.import("bank import", BANKS);
        self.import("population import", POPULATION);
        self.import("company import", COMPANIES);
        self.run(&format!("payer add {PUBLIC} --cvr 13748136 --kind public --no-account reject")).done();
        self.run(&format!("payer add {HOLDER} --cvr 13748136 --kind public --no-account hold")).done();
        let to = format!("pay-to:{STAND_IN_IBAN}");
        self.run(&format!("payer add {STAND_IN} --cvr 13748136 --kind public --no-account {to}")).done();
        self.run(&format!("payer add {PRIVATE} --cvr 55133018 --kind private --no-account reject")).done();
        self.import("account import --channel operator", ACCOUNTS);
        self.import("population import", POPULATION_LATER);
        self.import("company import", COMPANIES_LATER);
    }

    /// A private key for a client, its public half, and the client.
    #[track_caller]
    pub fn add_client(&self, name: &str, party: &str, certificate: &str) {
        let public = self.run(&format!("client make-key {name}.jwk")).done();
        self.write(&format!("{name}.pub"), public.to_string());
        self.write(&format!("{name}.pem"), certificate);
        self.run(&format!("client add {name} --role {party} --key {name}.pub --cert {name}.pem")).done();
    }

    /// The store, as it is written on the command line.
    pub fn url(&self) -> &str {
        &self.store.url
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Writes a file and imports it; what came of it. `command` begins with the words before the file's name.
    #[track_caller]
    pub fn import(&self, command: &str, content: impl AsRef<[u8]>) -> Value {
        let name = format!("{}.csv", command.split(' ').next().unwrap());
        self.write(&name, content);
        let json = self.run(&command.replacen("import", &format!("import {name}"), 1)).done();
        if json["rejected"] != 0 {
            println!("{}", self.read(&format!("{name}.rejects.csv")));
        }
        json
    }

    /// Imports rows of account changes.
    #[track_caller]
    pub fn change(&self, rows: &str) -> Value {
        self.import("account import --channel operator", format!("{ACCOUNT_HEADER}{rows}\n"))
    }

    /// The system of a bank asks for an account with it for each payee, and does not say what it takes the place of: the names of
    /// the changes that wait.
    #[track_caller]
    pub fn hold(&self, bank: &str, changes: &[(&str, &str)]) -> Vec<String> {
        self.hold_at(NOW, bank, changes)
    }

    /// The same at another moment.
    #[track_caller]
    pub fn hold_at(&self, moment: &str, bank: &str, changes: &[(&str, &str)]) -> Vec<String> {
        let migrations: Vec<_> = services::migrations().collect();
        let store = Store::open(self.store.location(), &self.path("store.key"), &migrations).unwrap();
        let mut writer = store.writer(Secrets::from_system()).unwrap();
        let read = |(payee, account): &(&str, &str)| {
            let written = Written { action: "change", payee, account, ..Written::default() };
            AccountRow::read_from_bank(store.vault(), &written, "user_request", "phone", Unexpected::Hold)
        };
        let (rows, channel) = (changes.iter().map(read).collect(), Channel::Bank(bank.to_owned()));
        let now = Timestamp::from(moment.parse::<jiff::Timestamp>().unwrap());
        let (client, env) = (Actor::client(Role::Bank, "nord"), Env::sample(now, &mut writer.secrets).unwrap());
        let request = ChangeAccounts::new(client.clone(), channel, rows, Unexpected::Hold, None).unwrap();
        let given = [(request, &client, &env)];
        let answers = writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
        let name = |answer| match answer {
            ChangeAnswer::Held(name) => name,
            answer => panic!("{answer:?}"),
        };
        answers.into_iter().map(name).collect()
    }

    /// A citizen proposes that an account be theirs, and signs; the proposal's name.
    #[track_caller]
    pub fn propose_own(&self, cpr: &str, account: &str, expects: &str) -> String {
        let own = format!("--as citizen:cpr:{cpr}");
        let terms = format!("--account {account} --expects {expects} --holder own --signature jws");
        let proposed = self.run(&format!("designation propose cpr:{cpr} {terms} {own}")).done();
        assert_eq!(proposed["waits_for"], "letter", "{proposed}");
        proposed["id"].as_str().unwrap().to_owned()
    }

    /// The keys by which the service's signatures are verified, as it publishes them.
    pub fn published_keys(&self) -> String {
        let migrations: Vec<_> = services::migrations().collect();
        let store = Store::open(self.store.location(), &self.path("store.key"), &migrations).unwrap();
        let keys = store.writer(Secrets::from_system()).unwrap().read(eid::queries::signing_keys).unwrap();
        let now = Timestamp::from(NOW.parse::<jiff::Timestamp>().unwrap());
        eid::signing_key::jwks(&keys, now).to_string()
    }

    /// What stands at the end of the links in the notices of a proposal.
    pub fn stop_token(&self, name: &str) -> String {
        let migrations: Vec<_> = services::migrations().collect();
        let store = Store::open(self.store.location(), &self.path("store.key"), &migrations).unwrap();
        StopToken::of(store.vault(), Id::parse_name(name).unwrap()).to_text()
    }

    /// The code that a letter says, read as it is printed: eight digits in the largest type on its page.
    #[track_caller]
    pub fn code(&self, name: &str) -> String {
        let pieces = reader::pieces(&self.bytes(name));
        let largest = pieces.iter().max_by(|one, other| one.size.total_cmp(&other.size)).unwrap();
        let digits: String = largest.text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits.len(), 8, "{largest:?}");
        digits
    }

    /// A command that runs in the folder with the store `store`.
    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(&*BINARY);
        command.current_dir(self.folder.path()).args(args.split_whitespace());
        if !args.contains("--data") {
            command.args(["--data", "store"]);
            if is_postgres() && !args.contains("--store") {
                command.args(["--store", self.url()]);
            }
        }
        if self.is_synthetic && !args.contains("--now") {
            command.args(["--now", NOW]);
        }
        command.arg("--json").env_remove("ANVIS_DATA").env_remove("ANVIS_STORE").env_remove("ANVIS_MASTER_KEY");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs one command, its arguments set apart by spaces.
    pub fn run(&self, args: &str) -> Answer {
        answer(args, self.command(args).spawn().unwrap())
    }

    /// Runs one command that is done, for a person; what it said.
    #[track_caller]
    pub fn say(&self, args: &str) -> String {
        let mut command = self.command(args);
        let for_people: Vec<_> = command.get_args().filter(|arg| *arg != "--json").map(ToOwned::to_owned).collect();
        command = Command::new(&*BINARY);
        let output = command.current_dir(self.folder.path()).args(for_people).output().unwrap();
        let [said, failed] = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        assert!(output.status.success(), "{args}: {said}{failed}");
        said
    }

    /// Routes a file that is written for it.
    pub fn route(&self, payer: &str, content: impl AsRef<[u8]>) -> Answer {
        self.write("payments.xml", content);
        self.run(&format!("payout route payments.xml --payer {payer} --out out"))
    }

    /// What became of each payment of a batch: state and code by end-to-end id, the first one of each.
    #[track_caller]
    pub fn fates(&self, batch: &Value) -> BTreeMap<String, (String, Option<String>)> {
        let shown = self.run(&format!("payout show {}", batch["batch"].as_str().unwrap())).done();
        let mut fates = BTreeMap::new();
        for payment in shown["payments"].as_array().unwrap() {
            let text = |key: &str| payment[key].as_str().map(str::to_owned);
            fates.entry(text("end_to_end_id").unwrap()).or_insert((text("state").unwrap(), text("code")));
        }
        fates
    }

    /// The files under a folder, in order.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.folder.path()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// The journal and the tables agree; the head as `SIZE:ROOT`.
    #[track_caller]
    pub fn verified(&self) -> String {
        let head = self.run("journal verify").done();
        format!("{}:{}", head["size"], head["root"].as_str().unwrap())
    }

    /// The whole number that a query of the store gives.
    pub fn number(&self, sql: &str) -> i64 {
        if is_postgres() {
            return self.store.number(sql);
        }
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Changes the store behind the program's back, if that is possible.
    pub fn change_store(&self, sql: &str) -> Result<(), String> {
        if is_postgres() {
            return self.store.change(sql);
        }
        let database = self.database();
        database.busy_timeout(std::time::Duration::ZERO).unwrap();
        database.execute_batch(sql).map_err(|error| error.to_string())
    }

    /// Rows of a table are changed behind the program's back, also where they stay.
    pub fn damage(&self, table: &str, change: &str) {
        self.store.damage(table, &format!("UPDATE {table} SET {change}"));
    }

    /// The store's file, for those who tamper with it.
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path("store/anvis.sqlite")).unwrap()
    }
}

/// Waits for a command's end.
pub fn answer(args: &str, child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    Answer {
        args: args.to_owned(),
        // A process that was killed has no code.
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every key of `expected` is in `found` with that value.
#[track_caller]
pub fn holds(found: &Value, expected: &Value, about: &str) {
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&found[key], value, "{about}: {key} of {found}");
    }
}

/// Holds XML files against the official schema that their namespace names; files that are not there are passed over.
#[track_caller]
pub fn validate(paths: &[PathBuf]) {
    static SCHEMAS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if set("ANVIS_WITHOUT_XSD") {
            return None;
        }
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/iso20022/xsd");
        let folder = std::env::var_os("ANVIS_XSD_DIR").map_or_else(beside, PathBuf::from);
        assert!(folder.is_dir(), "{} is missing: set ANVIS_XSD_DIR, or ANVIS_WITHOUT_XSD=1", folder.display());
        Some(folder)
    });
    let Some(schemas) = &*SCHEMAS else { return };
    for path in paths.iter().filter(|path| path.exists()) {
        let text = std::fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("urn:iso:std:iso:20022:tech:xsd:").unwrap();
        let name = &rest[..rest.find(['"', '\'']).unwrap()];
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .args([&schemas.join(format!("{name}.xsd")), path])
            .output()
            .expect("xmllint runs: install libxml2-utils, or set ANVIS_WITHOUT_XSD=1 to leave the schemas out");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{said}\n{text}", path.display());
    }
}
