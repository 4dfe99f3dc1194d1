//! A store that files are imported into; the fuzz targets use it too.

use kernel::testing::TestPlace;
use kernel::{Actor, Env, Secrets, Store, Timestamp, Writer};
use registry::RowRefusal;
use registry::commands::{ChangeAccounts, ChangeAnswer, SetControls};
use registry::control_change::ControlChange;
use registry::designation::Channel;
use registry::import::{AccountRow, Accounts, Banks, Counts, Reject, Source, run};
use registry::proposal::Unexpected;
use std::io::{Seek, SeekFrom, Write};

/// A store with a folder of its own.
pub struct Place {
    /// What writes to it.
    pub writer: Writer,
    /// The moment of the newest file, in microseconds.
    pub now: i64,
    /// Where it is; it goes with it.
    pub _store: TestPlace,
    /// What is beside it, its key among that; likewise.
    pub _folder: tempfile::TempDir,
}

impl Place {
    /// With three registration numbers of two banks, and controls by which changes take effect at once, unless they do not name the
    /// account that they replace.
    pub fn new() -> Self {
        let mut place = Self::with_default_controls();
        place.control("2015", &["names_replaced=on"]);
        place
    }

    /// The same with the controls that every store begins with.
    pub fn with_default_controls() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let migrations: Vec<_> = kernel::MIGRATIONS.iter().chain(registry::MIGRATIONS).collect();
        let (place, key) = (TestPlace::empty(folder.path()), folder.path().join("key"));
        let env = Env::new(Timestamp::from_micros(0), 0);
        let mut secrets = Secrets::from_system();
        let store = Store::create(place.location(), &key, &migrations, true, &env, &mut secrets).unwrap();
        let writer = store.writer(secrets).unwrap();
        let mut place = Self { writer, now: 0, _store: place, _folder: folder };
        place.import(&Banks, b"reg,bank,bic,country\n0040,North,NDEADKKK,DK\n0041,North,NDEADKKK,DK\n1020,South,,DK\n");
        place
    }

    /// Sets the controls to a set, and some of them otherwise.
    pub fn control(&mut self, set: &str, changes: &[&str]) {
        let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
        let change = ControlChange::new(Some(set), &changes).unwrap();
        let env = Env::new(Timestamp::from_micros(self.now), 0);
        self.writer.execute(&SetControls { change, is_synthetic: true }, &Actor::console(), &env).unwrap();
    }

    /// Imports a file of these bytes.
    pub fn import(&mut self, source: &impl Source, content: &[u8]) -> (Counts, Vec<Reject>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        self.now += 1;
        let env = Env::new(Timestamp::from_micros(self.now), 0);
        run(&mut self.writer, source, file, &Actor::console(), &mut || env, &mut |_| {}).unwrap()
    }

    /// Imports rows of account changes.
    pub fn accounts(&mut self, channel: &Channel, rows: &[String]) -> (Counts, Vec<Reject>) {
        let source =
            Accounts { channel: channel.clone(), by: "console".to_owned(), vault: self.writer.store.vault().clone() };
        let rows: Vec<String> = rows.iter().map(|row| grounded(channel, row)).collect();
        let content = format!("{}\n{}\n", Accounts::HEADER.join(","), rows.join("\n"));
        self.import(&source, content.as_bytes())
    }

    /// Makes one change of an account by itself, and counts it as a file of one row would be.
    pub fn change(&mut self, channel: &Channel, row: &str) -> Counts {
        self.change_together(&[(channel.clone(), row.to_owned())])
    }

    /// Makes changes of accounts, each by itself, in one transaction.
    pub fn change_together(&mut self, rows: &[(Channel, String)]) -> Counts {
        let asked = rows.iter().map(|(channel, row)| (channel.clone(), self.read(&grounded(channel, row)))).collect();
        let answers = self.ask_together(asked);
        let mut counts = Counts { rows: rows.len() as u64, ..Counts::default() };
        for answer in answers {
            match answer {
                Ok(ChangeAnswer::Done) => counts.changed += 1,
                Ok(ChangeAnswer::Unchanged) => counts.unchanged += 1,
                Ok(ChangeAnswer::Refused(_)) | Err(_) => counts.rejected += 1,
                Ok(ChangeAnswer::Held(_)) => panic!("nothing is to be held"),
            }
        }
        counts
    }

    /// Reads a change as a row of a file writes it: a bank's where it gives grounds.
    pub fn read(&self, row: &str) -> Result<AccountRow, RowRefusal> {
        let vault = self.writer.store.vault().clone();
        let fields: Vec<&str> = row.split(',').collect();
        let channel = if fields.len() > 8 { Channel::Bank("North".to_owned()) } else { Channel::Operator };
        Accounts { channel, by: "console".to_owned(), vault }.read(&fields)
    }

    /// Asks for changes, each by itself, in one transaction.
    pub fn ask_together(
        &mut self,
        rows: Vec<(Channel, Result<AccountRow, RowRefusal>)>,
    ) -> Vec<Result<ChangeAnswer, &'static str>> {
        self.now += 1;
        let env = Env::new(Timestamp::from_micros(self.now), 0);
        let console = Actor::console();
        let request = |(channel, row)| {
            ChangeAccounts::new(console.clone(), channel, vec![row], Unexpected::Refuse, None).unwrap()
        };
        let requests: Vec<_> = rows.into_iter().map(|row| (request(row), &console, &env)).collect();
        let answers = self.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
        answers.into_iter().map(|answers| Ok(answers.map_err(|refusal| refusal.code)?.remove(0))).collect()
    }

    /// The journal and the tables agree.
    pub fn verify(&mut self) {
        let tables: Vec<_> = kernel::TABLES.iter().chain(registry::TABLES).copied().collect();
        let verified = self.writer.read(|scope| {
            kernel::journal::verify(scope, &tables, None, &mut |_| {})?;
            registry::verify_directory(scope)
        });
        verified.unwrap();
    }
}

/// A row with the grounds that a bank gives for it: its customer came and asked.
pub fn grounded(channel: &Channel, row: &str) -> String {
    let is_banks = matches!(channel, Channel::Bank(_)) && row.matches(',').count() == 7;
    let designates = row.starts_with("register,") || row.starts_with("change,");
    if is_banks && designates { format!("{row},user_request,netbank") } else { row.to_owned() }
}
