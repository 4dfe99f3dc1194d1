//! Single changes of accounts: one by one, in groups, and beside a payment file that is routed.

use crate::{control, timed};
use kernel::{Actor, Env, Once, Secrets, Store, Timestamp, Writer};
use registry::commands::{ChangeAccounts, ChangeAnswer};
use registry::designation::Channel;
use registry::import::{Accounts, Source};
use registry::proposal::Unexpected;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

/// Changes that one transaction makes.
const GROUP: usize = 100;

/// Changes that can be made one after the other, each once.
pub struct Changes {
    writer: Writer,
    accounts: Accounts,
    rows: std::vec::IntoIter<[String; 8]>,
    made: u64,
}

impl Changes {
    /// Changes of the domestic accounts that a file of designations names first, and that are in force.
    pub fn of(store: &Store, designations: &Path, count: usize) -> Self {
        let rows: Vec<[String; 8]> = designated(designations).take(count).collect();
        let accounts = Accounts { channel: Channel::Operator, by: "console".to_owned(), vault: store.vault().clone() };
        let mut writer = store.writer(Secrets::from_system()).expect("a writer");
        // What is timed is a change that holds at once.
        control(&mut writer, "2015");
        Self { writer, accounts, rows: rows.into_iter(), made: 0 }
    }

    /// Makes one change; how long it took.
    pub fn one(&mut self) -> Duration {
        self.together(1)
    }

    /// Makes a group of changes in one transaction; how many, and how long it took.
    pub fn group(&mut self) -> (u64, Duration) {
        (GROUP as u64, self.together(GROUP))
    }

    fn together(&mut self, count: usize) -> Duration {
        let rows: Vec<_> = (0..count).map(|_| self.next()).collect();
        let console = Actor::console();
        let changes: Vec<_> = rows
            .iter()
            .map(|(row, key, env)| {
                let fields = row.each_ref().map(String::as_str);
                let row = self.accounts.read(&fields);
                let (actor, channel, once) = (console.clone(), Channel::Operator, Some(Once::by(*key)));
                let change = ChangeAccounts::new(actor, channel, vec![row], Unexpected::Refuse, once);
                (change.expect("a change"), &console, env)
            })
            .collect();
        let (changed, took) = timed(|| self.writer.execute_group(|group| group.execute_jointly(&changes)));
        assert_eq!(changed.expect("the changes"), vec![Ok(vec![ChangeAnswer::Done]); count]);
        took
    }

    fn next(&mut self) -> ([String; 8], [u8; 32], Env) {
        self.made += 1;
        let row = self.rows.next().expect("more changes than accounts");
        let key = Sha256::digest(row.concat()).into();
        (row, key, Env::new(Timestamp::from(jiff::Timestamp::now()), 0))
    }
}

/// Changes of the domestic accounts that a file of designations names first, and that are in force.
pub fn designated(designations: &Path) -> impl Iterator<Item = [String; 8]> + use<> {
    let file = designations.to_owned();
    let lines = move || BufReader::new(std::fs::File::open(&file).unwrap()).lines().skip(1).map(Result::unwrap);
    let others = lines().filter(|line| !line.starts_with("register,"));
    let others: BTreeSet<String> = others.filter_map(|line| Some(line.split(',').nth(1)?.to_owned())).collect();
    lines().filter_map(|line| changed(&line)).filter(move |row| !others.contains(&row[1]))
}

/// From a first designation to a change of it: the next account number of the same branch.
fn changed(line: &str) -> Option<[String; 8]> {
    let fields: Vec<&str> = line.split(',').collect();
    let ["register", payee, account, _, _, currency, payer, _] = fields.as_slice() else { return None };
    let (reg, number) = account.split_once('-').filter(|(reg, _)| reg.len() == 4 && payer.is_empty())?;
    let next: u64 = number.parse::<u64>().ok()? % 9_999_999_998 + 1;
    let texts = ["change", payee, &format!("{reg}-{next}"), "", account, currency, "", ""];
    Some(texts.map(str::to_owned))
}
