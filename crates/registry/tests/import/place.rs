//! A store that files are imported into; the fuzz targets use it too.

use kernel::testing::TestPlace;
use kernel::{Actor, Env, Secrets, Store, Timestamp, Writer};
use registry::commands::ChangeAccount;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Counts, Reject, Source, run};
use std::io::{Seek, SeekFrom, Write};

/// A store with a folder of its own.
pub struct Place {
    /// What writes to it.
    pub writer: Writer,
    /// The moment of the newest file, in microseconds.
    pub now: i64,
    _store: TestPlace,
    _folder: tempfile::TempDir,
}

impl Place {
    /// With three registration numbers of two banks.
    pub fn new() -> Self {
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
        let source = Accounts { channel: channel.clone(), vault: self.writer.store.vault().clone() };
        let content = format!("{}\n{}\n", Accounts::HEADER.join(","), rows.join("\n"));
        self.import(&source, content.as_bytes())
    }

    /// Makes one change of an account by itself, and counts it as a file of one row would be.
    pub fn change(&mut self, channel: &Channel, row: &str) -> Counts {
        self.change_together(&[(channel.clone(), row.to_owned())])
    }

    /// Makes changes of accounts, each by itself, in one transaction.
    pub fn change_together(&mut self, rows: &[(Channel, String)]) -> Counts {
        let vault = self.writer.store.vault().clone();
        self.now += 1;
        let env = Env::new(Timestamp::from_micros(self.now), 0);
        let accounts: Vec<Accounts> =
            rows.iter().map(|(channel, _)| Accounts { channel: channel.clone(), vault: vault.clone() }).collect();
        let console = Actor::console();
        let changes: Vec<_> = accounts
            .iter()
            .zip(rows)
            .filter_map(|(accounts, (_, row))| {
                let fields: Vec<&str> = row.split(',').collect();
                Some((ChangeAccount::parse(accounts, &fields, None).ok()?, &console, &env))
            })
            .collect();
        let changed = self.writer.execute_group(|group| group.execute_jointly(&changes)).unwrap();
        let mut counts = Counts { rows: rows.len() as u64, ..Counts::default() };
        counts.rejected = counts.rows - changed.len() as u64;
        for changed in changed {
            match changed {
                Ok(true) => counts.changed += 1,
                Ok(false) => counts.unchanged += 1,
                Err(_) => counts.rejected += 1,
            }
        }
        counts
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
