//! The demo: a synthetic nation, a payment file as a public payer would send it, and what becomes of it; then a thief, who takes what he can
//! under the controls of 2015, and comes to nothing under ours.

mod act;
mod certificates;
mod post;
mod refund;
mod serving;

use crate::cli::{Common, Demo};
use crate::console::{self, Answer, Progress, Unit, grouped};
use crate::run::{Places, beside, clock, import, summary, system_clock};
use denmark::Cvr;
use denmark::calendar::{add_banking_days, copenhagen_date};
use kernel::merkle::to_hex;
use kernel::{Actor, Env, Error, Secrets, Store, StoreError, StoreRefusal, Timestamp, Writer};
use payout::commands::{Request, Routed, route};
use registry::commands::AddPayer;
use registry::designation::Channel;
use registry::import::{Accounts, Banks, Companies, Population, Source};
use registry::payer::{Agreement, NoAccount, PayerKind};
use serde_json::json;
use serving::Clients;
use sim::nation::{
    AccountSource, Nation, Outcome, PUBLIC_PAYER, PUBLIC_PAYER_BENEFITS, PaymentOrder, PaymentTotals, Plan, Version,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Says that a folder was made by a demo, which may make it anew.
const MARKER: &str = "made-by-demo";
/// The payer's CVR number: the authority's own worked example.
const PAYER_CVR: &str = "13748136";
const EXECUTED_AFTER_BANKING_DAYS: u32 = 2;

/// Runs the demo, and serves what it made if it is to.
pub fn run(demo: &Demo, places: &Places, common: Common) -> Result<Answer, Error> {
    // What is told took some weeks, and is over now.
    let (now, begins) = (clock(&common), clock(&common).minus_days(act::DAYS));
    let plan = Plan { seed: demo.seed, people: demo.people, companies: demo.companies };
    let nation = Nation::new(plan).map_err(|error| StoreError::plain(error.to_string()))?;
    let files = beside(&places.data, "-files");
    clear(places, &files)?;
    let mut secrets = Secrets::from_system();
    let env = Env::sample(begins, &mut secrets)?;
    let migrations: Vec<_> = services::migrations().collect();
    let store = Store::create(&places.store, &places.key, &migrations, true, &env, &mut secrets)?;
    if let Some(folder) = places.store.folder() {
        std::fs::write(folder.join(MARKER), "").map_err(Error::io("the data folder could not be marked"))?;
    }
    let mut stage = Stage { writer: store.writer(secrets)?, actor: Actor::console(), now: begins, files };

    let (rows, imported) = timed(|| stage.settle(&nation))?;
    let order = order(demo, begins)?;
    let file = stage.files.join("payments.pain.001.xml");
    let totals = written(&file, |out| nation.write_payments(&order, out))?;
    let (routed, routing) = timed(|| stage.route(&file))?;
    let again = stage.route(&file)?;
    let second = act::Act::new(&mut stage.writer, begins, stage.files.join("second-act")).play(&nation)?;
    let verifying = Progress::new("Verifying", 0, Unit::Rows);
    let head = stage.writer.read(|scope| services::verify(scope, None, &mut |at| verifying.at(at)))?;
    drop(verifying);

    let as_expected = expected(&totals) == (routed.counts.routed, routed.counts.passed, routed.counts.reasons.clone());
    let mut text = format!(
        "A nation of {} people and {} companies: {} rows read in {}, {} a second.\n\n",
        grouped(demo.people),
        grouped(demo.companies),
        grouped(rows),
        seconds(imported),
        grouped(rate(rows, imported)),
    );
    text.push_str(&format!("{} came in and was routed in {}, ", file.display(), seconds(routing)));
    text.push_str(&format!("{} payments a second.\n", grouped(rate(routed.counts.payments, routing))));
    text.push_str(&summary(&routed));
    text.push_str("\nThe same file once more:\n");
    let (payments, state) = (grouped(again.counts.payments), again.counts.state());
    text.push_str(&format!("  Batch {}: {payments} payments, {state}: ", again.batch));
    text.push_str("it had come in before, and nobody is paid twice.\n");
    match &second {
        Some(second) => text.push_str(&format!("\n{}", second.text)),
        None => text.push_str("\nThe second act needs more people.\n"),
    }
    text.push_str(&format!("\nThe journal and the tables agree: {}:{}\n", head.size, to_hex(&head.root)));
    if !as_expected || !again.duplicate || again.batch != routed.batch {
        return Err(StoreError::plain(format!("the demo did not come out as its data were made:\n{text}")).into());
    }
    let json = json!({
        "data": places.data,
        "files": stage.files,
        "batch": routed.batch,
        "payments": routed.counts.payments,
        "routed": routed.counts.routed,
        "passed": routed.counts.passed,
        "held": routed.counts.held,
        "rejected": routed.counts.rejected,
        "reasons": routed.counts.reasons,
        "duplicate_again": again.duplicate,
        "second_act": second.map(|second| second.json),
        "rows_per_second": rate(rows, imported),
        "payments_per_second": rate(routed.counts.payments, routing),
        "size": head.size,
        "root": to_hex(&head.root),
    });
    let answer = Answer::done(text, &json);
    if !demo.serve {
        return Ok(answer);
    }
    let clients = Clients::register(&mut stage.writer, &nation, stage.files.join("clients"), now)?;
    clients.write_payments(demo, &nation, now)?;
    drop(stage);
    console::show(&answer, common.json);
    clients.serve(places, common, demo)
}

/// What must become of the payments, as the nation was made: how many are routed, pass, and go back for which reason.
fn expected(totals: &PaymentTotals) -> (u64, u64, BTreeMap<String, u64>) {
    let (mut routed, mut passed, mut reasons) = (0, 0, BTreeMap::new());
    for (outcome, count) in totals.outcomes.iter().filter(|(_, count)| **count > 0) {
        match (outcome.code(), outcome) {
            (Some(code), _) => *reasons.entry(code.to_owned()).or_default() += count,
            (None, Outcome::Passed) => passed += count,
            (None, _) => routed += count,
        }
    }
    (routed, passed, reasons)
}

/// Removes what an earlier demo made in the same place, and nothing else.
fn clear(places: &Places, files: &Path) -> Result<(), Error> {
    let cannot = || Error::io("what an earlier demo made could not be removed");
    if places.data.exists() {
        if !places.data.join(MARKER).exists() {
            return Err(StoreRefusal::Exists(places.store.clone()).into());
        }
        std::fs::remove_dir_all(&places.data).map_err(cannot())?;
        if places.key.exists() {
            std::fs::remove_file(&places.key).map_err(cannot())?;
        }
        if files.exists() {
            std::fs::remove_dir_all(files).map_err(cannot())?;
        }
    }
    std::fs::create_dir_all(files).map_err(Error::io(format!("{} could not be made", files.display())))
}

fn order(demo: &Demo, now: Timestamp) -> Result<PaymentOrder, Error> {
    let today = copenhagen_date(now.to_jiff());
    Ok(PaymentOrder {
        payments: demo.payments,
        seed: demo.seed,
        message_id: format!("DEMO-{}-{}", demo.seed, now.micros()),
        version: Version::V09,
        payer_name: "Udbetaling (synthetic)".to_owned(),
        payer_cvr: payer_cvr()?,
        created: now.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        execution_date: add_banking_days(today, EXECUTED_AFTER_BANKING_DAYS),
        benefit_kinds: PUBLIC_PAYER_BENEFITS.map(str::to_owned).to_vec(),
        blocks: PUBLIC_PAYER_BENEFITS.len() as u64,
        faults: true,
    })
}

/// The payer's, with a bank that fetches its completed files or without.
fn agreement(bank: Option<String>) -> Result<Agreement, Error> {
    let (name, cvr) = (PUBLIC_PAYER.to_owned(), payer_cvr()?);
    Ok(Agreement {
        name,
        cvr,
        kind: PayerKind::Public,
        no_account: NoAccount::Reject,
        bank,
        terms: registry::terms::Terms::default(),
    })
}

fn payer_cvr() -> Result<Cvr, Error> {
    Cvr::parse(PAYER_CVR).map_err(|error| StoreError::plain(error.to_string()).into())
}

struct Stage {
    writer: Writer,
    actor: Actor,
    now: Timestamp,
    files: PathBuf,
}

impl Stage {
    /// Writes the registers' and banks' files and reads them in; how many rows.
    fn settle(&mut self, nation: &Nation) -> Result<u64, Error> {
        let vault = self.writer.store.vault().clone();
        let mut rows = self.read_in("banks.csv", &Banks, |out| nation.write_banks(out))?;
        let population = Population { vault: vault.clone(), refuse_replacement_numbers: false };
        rows += self.read_in("population.csv", &population, |out| nation.write_population(out))?;
        let companies = Companies { vault: vault.clone() };
        rows += self.read_in("companies.csv", &companies, |out| nation.write_companies(out))?;
        let env = Env::sample(self.now, &mut self.writer.secrets)?;
        self.writer.execute(&AddPayer { agreement: agreement(None)? }, &self.actor, &env)?;
        let folder = self.files.join("accounts");
        std::fs::create_dir_all(&folder).map_err(Error::io(format!("{} could not be made", folder.display())))?;
        let path = |source: &AccountSource| folder.join(format!("{}.csv", source.name()));
        let sent = nation
            .write_accounts_by_source(|source| File::create(path(source)))
            .map_err(Error::io("the banks' files could not be written"))?;
        for sent in sent {
            let channel = match &sent.source {
                AccountSource::Bank(bank) => Channel::Bank(bank.name.to_owned()),
                AccountSource::Operator => Channel::Operator,
            };
            rows += self
                .import(&path(&sent.source), &Accounts { channel, by: "console".to_owned(), vault: vault.clone() })?;
        }
        Ok(rows)
    }

    fn read_in(
        &mut self,
        name: &str,
        source: &impl Source,
        write: impl FnOnce(&mut File) -> io::Result<u64>,
    ) -> Result<u64, Error> {
        let path = self.files.join(name);
        written(&path, write)?;
        self.import(&path, source)
    }

    fn import(&mut self, path: &Path, source: &impl Source) -> Result<u64, Error> {
        let rejects = beside(path, ".rejects.csv");
        Ok(import(&mut self.writer, source, path, &rejects, &self.actor, &|| self.now)?.rows)
    }

    fn route(&mut self, file: &Path) -> Result<Routed, Error> {
        let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        let progress = Progress::new("Routing", bytes, Unit::Bytes);
        let (env, now) = (Env::sample(self.now, &mut self.writer.secrets)?, self.now);
        let clock = || now;
        let request = Request { file, payer: PUBLIC_PAYER, out: &self.files, hold_all: false, clock: &clock };
        route(&mut self.writer, &request, &self.actor, &env, &mut |at| progress.at(at))?
            .map_err(|refused| StoreError::plain(format!("the demo's own file was refused: {}", refused.text)).into())
    }
}

fn written<T>(path: &Path, write: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, Error> {
    let cannot = || Error::io(format!("{} could not be written", path.display()));
    let mut file = File::create(path).map_err(cannot())?;
    write(&mut file).map_err(cannot())
}

fn timed<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
    let began = system_clock().micros();
    let done = work()?;
    let micros = u64::try_from(system_clock().micros() - began).unwrap_or(0);
    Ok((done, Duration::from_micros(micros.max(1))))
}

fn rate(count: u64, took: Duration) -> u64 {
    (count as f64 / took.as_secs_f64()) as u64
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
