//! From the command line to the services: parse, execute, render.

mod client;
mod collector;
mod controls;
mod delivery;
mod designation;
mod identity;
mod import;
mod letters;
mod mark;
mod motion;
mod notice;
mod once;
mod ownership;
mod payee;
mod payout;
mod people;
mod print_run;
mod recall;
mod returns;
mod review;
pub mod serve;
mod sftp;
mod store;
mod subscription;
mod suspicion;
mod token;
mod victim;

use crate::cli::{self, Cli, Command, Common};
use crate::console::{self, Answer, Progress, Unit};
use kernel::journal::{Head, size_and_root};
use kernel::merkle::to_hex;
use kernel::{Actor, Env, Error, Location, Role, Secrets, Store, Timestamp, Writer};
use registry::commands::{AddPayer, HistoryRow, LookUp, LookUpAnswer, ReadHistory};
use registry::payer::Agreement;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use token::Whose;

pub use import::import;
pub use letters::sender;
pub use once::once;
pub use payout::summary;

const DEFAULT_DATA: &str = "anvis-data";
const DEFAULT_DEMO_DATA: &str = "anvis-demo";

/// Runs one command.
pub fn run(cli: Cli) -> ExitCode {
    let wants_json = cli.common.json;
    console::finish(dispatch(cli), wants_json)
}

fn dispatch(cli: Cli) -> Result<Answer, Error> {
    let Cli { mut common, command } = cli;
    if let Some(key) = command.key() {
        common.operator_key = Some(key.clone());
    }
    match command {
        Command::Init { synthetic, owner } => init(&common, synthetic, owner),
        Command::Migrate(owner) => migrate(&common, owner),
        Command::Store(cli::Store::Copy { from, to, owner }) => store::copy(common, from, to, owner),
        Command::Backup { folder } => store::back_up(&common, &folder),
        Command::Restore { folder, owner } => store::restore(common, &folder, owner),
        Command::Serve(options) => serve::serve(common, options),
        Command::Policy => Ok(policy()),
        Command::Client(cli::Client::MakeKey { file, algorithm }) => client::make_key(&file, algorithm),
        Command::Client(cli::Client::Assert { claim }) => token::assert(&claim, Whose::Client, clock(&common)),
        Command::Officer(cli::Officer::Assert { claim }) => token::assert(&claim, Whose::Officer, clock(&common)),
        Command::Citizen(command) => token::citizen(&common, command),
        Command::Victim(cli::ByOfficer { command: cli::Victim::Check { folder, keys: Some(keys) }, .. }) => {
            victim::check(&folder, &keys)
        }
        Command::Demo(demo) => {
            let places = Places::to_make(&common, DEFAULT_DEMO_DATA)?;
            crate::demo::run(&demo, &places, common)
        }
        command => Session::open(&common)?.run(command),
    }
}

/// Where the store is.
pub struct Places {
    /// The store.
    pub store: Location,
    /// The data folder; beside a database, only a name for what lies beside it.
    pub data: PathBuf,
    /// The master key.
    pub key: PathBuf,
}

impl Places {
    fn of(common: &Common, default: &str) -> Self {
        let folder = common.store.as_ref().and_then(Location::folder).map(Path::to_owned);
        let mut data = folder.or(common.data.clone()).unwrap_or_else(|| PathBuf::from(default));
        if data.file_name().is_none() {
            // `.` has a name all the same.
            data = data.canonicalize().unwrap_or(data);
        }
        let key = common.master_key.clone().unwrap_or_else(|| beside(&data, ".key"));
        let store = match &common.store {
            Some(store) if store.folder().is_none() => store.clone(),
            _ => Location::from(&data),
        };
        Self { store, data, key }
    }

    /// The same for a store that is to be made. Its folder is put in place whole, so that `.` would not be it any more.
    fn to_make(common: &Common, default: &str) -> Result<Self, Error> {
        match &common.data {
            Some(data) if data.file_name().is_none() => Err(kernel::StoreRefusal::Folder(Location::from(data)).into()),
            _ => Ok(Self::of(common, default)),
        }
    }
}

/// Refuses a path in the data folder: nothing personal lies there in clear, and what opens it lies elsewhere.
pub fn outside(data: &Path, path: &Path) -> Result<(), Error> {
    // Of a path that is not there yet, what is there of it.
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let there = path.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
        there.map_or_else(
            || path.clone(),
            |(there, real)| path.strip_prefix(there).map_or_else(|_| real.clone(), |rest| real.join(rest)),
        )
    };
    if real(path).starts_with(real(data)) {
        return Err(kernel::StoreRefusal::Inside(path.to_owned()).into());
    }
    Ok(())
}

/// A path beside a folder: its name with something added.
pub fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    folder.with_file_name(name)
}

/// The moment that a command counts as given at.
pub fn clock(common: &Common) -> Timestamp {
    common.now.unwrap_or_else(system_clock)
}

/// The system's clock.
pub fn system_clock() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the composition root is where time is read")]
    let now = jiff::Timestamp::now();
    Timestamp::from(now)
}

fn init(common: &Common, synthetic: bool, owner: cli::Owner) -> Result<Answer, Error> {
    let Places { store, data, key } = Places::to_make(common, DEFAULT_DATA)?;
    outside(&data, &key)?;
    let store = owned_by(store, owner)?;
    let mut secrets = Secrets::from_system();
    if common.now.is_some() && !synthetic {
        return Err(kernel::StoreRefusal::NotSynthetic("--now").into());
    }
    let env = Env::sample(clock(common), &mut secrets)?;
    let migrations: Vec<_> = services::migrations().collect();
    let is_key_found = key.exists();
    Store::create(&store, &key, &migrations, synthetic, &env, &mut secrets)?;
    let path = key.display();
    let made = if is_key_found {
        format!(
            "Made the store {store}; it opens with the master key that lay at {path}.\n\
             If another store opens with that file, give one of them a copy of its own before either key is rotated."
        )
    } else {
        format!("Made the store {store} and its master key {path}.")
    };
    let text = format!("{made}\nKeep the key apart from the store: without it nothing can be read.");
    let json = json!({
        "data": data,
        "store": store.to_string(),
        "master_key": key,
        "master_key_found": is_key_found,
        "synthetic": synthetic,
    });
    Ok(Answer::done(text, &json))
}

fn migrate(common: &Common, owner: cli::Owner) -> Result<Answer, Error> {
    let is_one_role = owner.migrate_store.is_none();
    let store = owned_by(Places::of(common, DEFAULT_DATA).store, owner)?;
    let migrations: Vec<_> = services::migrations().collect();
    let steps = Store::migrate(&store, &migrations)?;
    let mut text = match steps {
        0 => "The store's tables are what this program needs.".to_owned(),
        _ => format!("Brought the store's tables up, in {steps} steps."),
    };
    if is_one_role && store.folder().is_none() {
        text.push_str("\nNobody was granted anything. If another role uses the tables, name that one with --store, and this one with --migrate-store.");
    }
    Ok(Answer::done(text, &json!({ "steps": steps })))
}

fn owned_by(store: Location, cli::Owner { migrate_store, is_said }: cli::Owner) -> Result<Location, Error> {
    Ok(match migrate_store {
        None => store,
        // The environment's is for the database, and this is not it.
        Some(_) if !is_said && store.folder().is_some() => store,
        Some(owner) => store.owned_by(owner)?,
    })
}

fn policy() -> Answer {
    let routes = edge::routes::all();
    let mut text = format!("{:<24}", "operation");
    for role in Role::ALL {
        text.push_str(&format!("{:<15}", role.name()));
    }
    text.push_str("routes");
    let mut rows = Vec::new();
    for operation in services::policy() {
        let names: Vec<&str> =
            routes.iter().filter(|route| route.operation() == Some(operation.name)).map(|route| route.name).collect();
        text.push_str(&format!("\n{:<24}", operation.name));
        for role in Role::ALL {
            text.push_str(&format!("{:<15}", if operation.roles.contains(&role) { "yes" } else { "-" }));
        }
        text.push_str(&names.join(", "));
        let roles: Vec<&str> = operation.roles.iter().map(|role| role.name()).collect();
        rows.push(json!({ "operation": operation.name, "roles": roles, "routes": names }));
    }
    let open: Vec<&str> = routes.iter().filter(|route| route.operation().is_none()).map(|route| route.name).collect();
    text.push_str(&format!("\nFor everyone: {}", open.join(", ")));
    Answer::done(text, &json!({ "operations": rows, "open": open }))
}

/// Who answers in the banks' place, where a file was named; only in a synthetic store.
fn ownership_stand_in(store: &Store, common: &Common) -> Result<Option<edge::ownership::StandIn>, Error> {
    let Some(file) = &common.ownership_answers else { return Ok(None) };
    store.require_synthetic("--ownership-answers")?;
    ownership::stand_in(file).map(Some)
}

/// A store that is open, with who acts and when.
pub struct Session {
    place: Location,
    data: PathBuf,
    writer: Writer,
    actor: Actor,
    /// The moment that was claimed, in a synthetic store.
    claimed: Option<Timestamp>,
    /// What is known of people's identities elsewhere.
    outside: identity::Outside,
    /// Who answers in the banks' place.
    stand_in: Option<edge::ownership::StandIn>,
    wants_json: bool,
}

impl Session {
    fn open(common: &Common) -> Result<Self, Error> {
        let Places { store: place, data, key } = Places::of(common, DEFAULT_DATA);
        let migrations: Vec<_> = services::migrations().collect();
        let store = Store::open(&place, &key, &migrations)?;
        if common.now.is_some() {
            store.require_synthetic("--now")?;
        }
        let outside = match &common.identity_facts {
            None => identity::Outside::new(),
            Some(file) => {
                store.require_synthetic("--identity-facts")?;
                identity::read(file)?
            }
        };
        let stand_in = ownership_stand_in(&store, common)?;
        let mut writer = store.writer(Secrets::from_system())?;
        let actor = people::actor(&mut writer, common)?;
        Ok(Self { place, data, writer, actor, claimed: common.now, outside, stand_in, wants_json: common.json })
    }

    /// The environment of the next command.
    fn env(&mut self) -> Result<Env, Error> {
        Env::sample(self.claimed.unwrap_or_else(system_clock), &mut self.writer.secrets)
    }

    fn account(&mut self, command: cli::Account) -> Result<Answer, Error> {
        match command {
            cli::Account::Import { file, bank, .. } => {
                // Only a registry's beginning is nobody's by name: what waits afterwards another one answers for.
                if let Err(nameless) = self.require_named()
                    && !self.writer.read(registry::queries::is_loading)?
                {
                    return Err(nameless);
                }
                let channel =
                    bank.map_or(registry::designation::Channel::Operator, registry::designation::Channel::Bank);
                let (by, vault) = (self.actor.name().to_owned(), self.writer.store.vault().clone());
                self.import(&registry::import::Accounts { channel, by, vault }, &file)
            }
            cli::Account::Shared { over, limit } => self.shared(over, usize::from(limit)),
            cli::Account::History { payee } => self.history(payee),
            cli::Account::Marks(command) => self.mark(command),
        }
    }

    fn run(mut self, command: Command) -> Result<Answer, Error> {
        match command {
            Command::Population(cli::Population::Import { file, refuse_replacement_numbers }) => {
                let vault = self.writer.store.vault().clone();
                self.import_register(registry::import::Population { vault, refuse_replacement_numbers }, &file)
            }
            Command::Company(cli::Company::Import(file)) => {
                let vault = self.writer.store.vault().clone();
                self.import_register(registry::import::Companies { vault }, &file)
            }
            Command::Bank(cli::Import::Import(file)) => self.import(&registry::import::Banks, &file),
            Command::Account(cli::ByOfficer { command, .. }) => self.account(command),
            Command::Suspicion(cli::ByOfficer { command, .. }) => self.suspicion(command),
            Command::Victim(cli::ByOfficer { command, .. }) => self.victim(command),
            Command::Designation(cli::ByOfficer { command, .. }) => self.designation(command),
            Command::Letters(cli::ByOfficer { command, .. }) => self.letters(command),
            Command::Controls(cli::ByOfficer { command, .. }) => self.controls(command),
            Command::Collector(cli::ByOfficer { command, .. }) => self.collector(command),
            Command::Review(cli::ByOfficer { command, .. }) => self.review(command),
            Command::Payee(command) => self.payee(command),
            Command::Operator(command) => self.operator(command),
            Command::Caseworker(command) => self.caseworker(command),
            Command::Contact(by) => self.contact(by.command),
            Command::Lock(by) => self.lock(by.command),
            Command::Payer(cli::Payer::Add { name, cvr, kind, no_account, bank, agreed }) => {
                let terms = agreed.terms();
                let command = AddPayer { agreement: Agreement { name, cvr, kind, no_account, bank, terms } };
                let env = self.env()?;
                self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done("Registered the payer.", &json!({ "payer": command.agreement.name })))
            }
            Command::Payout(cli::ByOfficer { command, .. }) => self.payout(command),
            Command::Recall(cli::ByOfficer { command, .. }) => self.recall(command),
            Command::Return(cli::ByOfficer { command, .. }) => self.returns(command),
            Command::Waiting(cli::ByOfficer { command, .. }) => self.waiting_money(command),
            Command::Client(command) => self.client(command),
            Command::Officer(command) => self.officer(command),
            Command::Delivery(command) => self.delivery(command),
            Command::Subscription(command) => self.subscription(command),
            Command::Ownership(command) => self.ownership(command),
            Command::Notices(command) => self.notices(command),
            Command::Resolve { payee, payer, benefit, as_of, known_at } => {
                let env = self.env()?;
                let command =
                    LookUp { actor: self.actor.clone(), payee, specific: payer.zip(benefit), as_of, known_at };
                let answer = self.writer.execute(&command, &self.actor, &env)?;
                Ok(Answer::done(resolved(&answer), &answer))
            }
            Command::Journal(cli::Journal::Head) => {
                let (size, root) = self.writer.read(|scope| size_and_root(scope.tx))?;
                Ok(head(&Head { size, root }, ""))
            }
            Command::Journal(cli::Journal::Verify { expect }) => {
                let entries = self.writer.read(|scope| size_and_root(scope.tx))?.0;
                let progress = Progress::new("Verifying", entries, Unit::Entries);
                let found = self.writer.read(|scope| services::verify(scope, expect, &mut |at| progress.at(at)))?;
                Ok(head(&found, &format!("The journal and the tables of {} agree.\n", self.place)))
            }
            Command::Key(cli::Key::Rotate) => {
                let env = self.env()?;
                self.writer.rotate_master_key(&self.actor, &env)?;
                Ok(Answer::done(
                    "A new master key wraps the data keys; the former one opens nothing any more.",
                    &json!({ "rotated": true }),
                ))
            }
            Command::Init { .. }
            | Command::Migrate(_)
            | Command::Store(_)
            | Command::Backup { .. }
            | Command::Restore { .. }
            | Command::Serve(_)
            | Command::Policy
            | Command::Citizen(_)
            | Command::Demo(_) => Err(kernel::StoreError::plain("this command opens no store, or two").into()),
        }
    }

    fn history(&mut self, payee: registry::payee::PayeeId) -> Result<Answer, Error> {
        let env = self.env()?;
        let rows = self.writer.execute(&ReadHistory { actor: self.actor.clone(), payee }, &self.actor, &env)?;
        let mut text = String::new();
        for row in &rows {
            let HistoryRow { payer, benefit, account, state, from, to, by, channel, reason, consent, .. } = row;
            let HistoryRow { holder, recorded, proposal, reverted, .. } = row;
            let purpose = match payer.as_ref().zip(benefit.as_ref()) {
                None => "default".to_owned(),
                Some((payer, benefit)) => format!("{payer} {benefit}"),
            };
            let to = to.as_deref().unwrap_or("open");
            let grounds = match reason.as_ref().zip(consent.as_ref()) {
                None => String::new(),
                Some((reason, consent)) => format!(", for {reason} (consent: {consent})"),
            };
            let whose = holder.as_ref().map(|holder| format!(", said to be {holder}")).unwrap_or_default();
            let of = proposal.as_ref().map(|id| format!(", proposal {id}")).unwrap_or_default();
            let was = if *reverted { ", reverted since" } else { "" };
            text.push_str(&format!(
                "{purpose}: {account} {state} from {from} to {to}, by {by} through {channel}{grounds}{whose}, recorded {recorded}{of}{was}\n"
            ));
        }
        if rows.is_empty() {
            text.push_str("No account was ever designated.");
        }
        Ok(Answer::done(text, &json!({ "payee": payee.reveal(), "designations": rows })))
    }
}

fn resolved(answer: &LookUpAnswer) -> String {
    let LookUpAnswer { payee, account, bic, since, last_change_channel, pending_change, state, .. } = answer;
    let waits = if *pending_change == Some(true) { "; a change waits" } else { "" };
    let Some(account) = account else { return format!("{payee}: {state}{waits}") };
    let bic = bic.as_deref().map(|bic| format!(" ({bic})")).unwrap_or_default();
    let since = since.as_deref().map(|since| format!("; this payee's account since {since}")).unwrap_or_default();
    let by = last_change_channel.as_deref().map(|channel| format!(", in another's place by {channel}"));
    format!("{payee}: {account}{bic}, {state}{since}{}{waits}", by.unwrap_or_default())
}

fn head(Head { size, root }: &Head, before: &str) -> Answer {
    let root = to_hex(root);
    Answer::done(format!("{before}{size}:{root}"), &json!({ "size": size, "root": root }))
}
