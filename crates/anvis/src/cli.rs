//! What can be said on the command line. Names and meanings are a contract with people and scripts.

mod claim;
mod delivery;
mod designation;
mod four_eyes;
mod notices;
mod ownership;
mod payer;
mod payout;
mod people;
mod recall;
mod returns;
mod serve;
mod subscription;
mod suspicion;

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

pub use claim::{Bound, Claim};
pub use delivery::Delivery;
pub use designation::{Designation, Letters, PrintRun, Printer, Proposed, SftpServer, Ssh};
pub use four_eyes::{Collector, Controls, Outcome, Review};
pub use notices::{Notices, Ways};
pub use ownership::Ownership;
pub use payer::Payer;
pub use payout::{Balance, Payout, Trace};
pub use people::{Acting, ByOfficer, Caseworker, Citizen, Contact, Lock, Officer, Own};
pub use recall::Recall;
pub use returns::{Return, Waiting};
use serve::METRICS;
pub use serve::Serve;
pub use subscription::Subscription;
pub use suspicion::{Account, Marks, Reported, Suspicion};

/// Anvis: a nation's payee-account registry.
#[derive(Parser)]
#[command(name = "anvis", version, about, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args)]
pub struct Common {
    /// The store: sqlite:DIR or postgres://USER@HOST/DATABASE [default: sqlite: in the data folder].
    #[arg(
        long, global = true, env = "ANVIS_STORE", hide_env_values = true, value_name = "URL", value_parser = location,
        help_heading = "Store"
    )]
    pub store: Option<kernel::Location>,
    /// The data folder.
    #[arg(long, global = true, env = "ANVIS_DATA", value_name = "DIR", help_heading = "Store")]
    pub data: Option<PathBuf>,
    /// The master key that opens it [default: the data folder's name with .key].
    #[arg(long, global = true, env = "ANVIS_MASTER_KEY", value_name = "FILE", help_heading = "Store")]
    pub master_key: Option<PathBuf>,
    /// Print one JSON object on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Act as this registered operator or caseworker; in a synthetic store, also as citizen:cpr:N.
    #[arg(long = "as", global = true, value_name = "NAME", value_parser = people::acting, help_heading = "Actor")]
    pub actor: Option<Acting>,
    /// How sure it is that the citizen is who they say.
    #[arg(
        long, global = true, value_name = "low|substantial|high", default_value = "substantial",
        value_parser = people::assurance, help_heading = "Actor"
    )]
    pub assurance: kernel::Assurance,
    /// By which of their authenticators the citizen is logged in: a name that tells one from another.
    #[arg(long, global = true, value_name = "NAME", default_value = "first", help_heading = "Actor")]
    pub authenticator: String,
    /// Their private key (PKCS #8 PEM, Ed25519); an officer's is needed unless the store is synthetic.
    #[arg(long = "operator-key", global = true, value_name = "FILE", value_parser = existing_file, help_heading = "Actor")]
    pub operator_key: Option<PathBuf>,
    /// What is known elsewhere of people's identities (JSON); only in a synthetic store.
    #[arg(long, global = true, value_name = "FILE", value_parser = existing_file, help_heading = "Actor")]
    pub identity_facts: Option<PathBuf>,
    /// What banks would say (lines ACCOUNT;PAYEE;ANSWER), instead of asking them; only in a synthetic store.
    #[arg(long, global = true, value_name = "FILE", value_parser = existing_file, help_heading = "Actor")]
    pub ownership_answers: Option<PathBuf>,
    /// Count this as the present moment; only in a synthetic store.
    #[arg(long, global = true, value_name = "TIME", value_parser = moment, help_heading = "Actor")]
    pub now: Option<kernel::Timestamp>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a store, its keys and its journal.
    Init {
        #[command(flatten)]
        owner: Owner,
        /// For synthetic people only: time and actors can then be claimed.
        #[arg(long)]
        synthetic: bool,
    },
    /// Bring the store's tables up to what this program needs.
    Migrate(Owner),
    /// The mirror of the population register.
    #[command(subcommand)]
    Population(Population),
    /// The mirror of the company register.
    #[command(subcommand)]
    Company(Company),
    /// The bank directory.
    #[command(subcommand)]
    Bank(Import),
    /// The accounts designated for payees, and those that are marked.
    Account(ByOfficer<Account>),
    /// What banks, payers, the police or we ourselves suspect.
    Suspicion(ByOfficer<Suspicion>),
    /// Designations that are proposed, and what people do about them.
    Designation(ByOfficer<Designation>),
    /// Letters with a code.
    Letters(ByOfficer<Letters>),
    /// What a change of account has to go through.
    Controls(ByOfficer<Controls>),
    /// Payroll bureaus and others to whose account many payees may lawfully have their money paid.
    Collector(ByOfficer<Collector>),
    /// Accounts to which the money of many payees goes: what officers find of them.
    Review(ByOfficer<Review>),
    /// Who is in the registry.
    #[command(subcommand)]
    Payee(Payee),
    /// The agency's operators.
    #[command(subcommand)]
    Operator(Operator),
    /// The caseworkers of authorities.
    #[command(subcommand)]
    Caseworker(Caseworker),
    /// Operators and caseworkers, as they come in over HTTP.
    #[command(subcommand)]
    Officer(Officer),
    /// Citizens who do not exist, as they come in over HTTP.
    #[command(subcommand)]
    Citizen(Citizen),
    /// Where a payee is told of changes.
    Contact(ByOfficer<Contact>),
    /// The owner's lock: no account is changed through the channels that it closes.
    Lock(ByOfficer<Lock>),
    /// Payers and their agreements.
    #[command(subcommand)]
    Payer(Payer),
    /// Payment files.
    Payout(ByOfficer<Payout>),
    /// Payments that are asked back after they have left.
    Recall(ByOfficer<Recall>),
    /// What banks return.
    Return(ByOfficer<Return>),
    /// What lies in payers' waiting accounts.
    Waiting(ByOfficer<Waiting>),
    /// The systems of other organisations, and how they come in.
    #[command(subcommand)]
    Client(Client),
    /// What is given to other organisations' systems without their asking.
    #[command(subcommand)]
    Delivery(Delivery),
    /// Who is told what becomes of the accounts of payees whom they are about to pay, or to lend to.
    #[command(subcommand)]
    Subscription(Subscription),
    /// The questions to banks whose an account is.
    #[command(subcommand)]
    Ownership(Ownership),
    /// What payees are told by Digital Post, telephone and e-mail.
    #[command(subcommand)]
    Notices(Notices),
    /// The account in force for one payee.
    Resolve {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: registry::payee::PayeeId,
        /// For a payout by this payer…
        #[arg(long, requires = "benefit", value_name = "NAME")]
        payer: Option<String>,
        /// …of this kind.
        #[arg(long, requires = "payer", value_name = "KIND", value_parser = benefit)]
        benefit: Option<registry::purpose::BenefitKind>,
        /// In force then.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        as_of: Option<kernel::Timestamp>,
        /// As it was known then.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        known_at: Option<kernel::Timestamp>,
    },
    /// The journal.
    #[command(subcommand)]
    Journal(Journal),
    /// The keys.
    #[command(subcommand)]
    Key(Key),
    /// The store as a whole.
    #[command(subcommand)]
    Store(Store),
    /// Keep the store as it is now in a folder, without its key.
    Backup {
        /// A folder that is not there yet, or is empty.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Make a store of a backup, where there is none.
    Restore {
        /// The backup.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        #[command(flatten)]
        owner: Owner,
    },
    /// Open the registry to other systems, over HTTP, until it is told to stop (SIGTERM, Ctrl-C).
    Serve(Serve),
    /// Print who may do what.
    Policy,
    /// Make a synthetic nation, route a payment file, and show what became of it.
    Demo(Demo),
}

impl Command {
    /// The key of whoever acts, where it was said with the command itself.
    pub fn key(&self) -> Option<&PathBuf> {
        match self {
            Self::Contact(by) => by.key.as_ref(),
            Self::Designation(by) => by.key.as_ref(),
            Self::Letters(by) => by.key.as_ref(),
            Self::Controls(by) => by.key.as_ref(),
            Self::Collector(by) => by.key.as_ref(),
            Self::Review(by) => by.key.as_ref(),
            Self::Lock(by) => by.key.as_ref(),
            Self::Account(by) => by.key.as_ref(),
            Self::Suspicion(by) => by.key.as_ref(),
            Self::Payout(by) => by.key.as_ref(),
            Self::Recall(by) => by.key.as_ref(),
            Self::Return(by) => by.key.as_ref(),
            Self::Waiting(by) => by.key.as_ref(),
            _ => None,
        }
    }
}

#[derive(Args)]
pub struct Owner {
    /// Make and change the tables as this role of the database; the store's own then only uses them.
    #[arg(long, env = "ANVIS_MIGRATE_STORE", hide_env_values = true, value_name = "URL", value_parser = location)]
    pub migrate_store: Option<kernel::Location>,
    /// Whether it was said on the command line.
    #[arg(skip)]
    pub is_said: bool,
}

#[derive(Args)]
pub struct File {
    /// The file.
    #[arg(value_parser = existing_file)]
    pub file: PathBuf,
    /// Where refused rows are listed [default: FILE.rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
}

/// All that a register says.
#[derive(Args)]
pub struct RegisterFile {
    #[command(flatten)]
    pub file: File,
    /// When the register wrote it: what is known of later stays.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub as_of: Option<kernel::Timestamp>,
}

#[derive(Subcommand)]
pub enum Company {
    /// Read a CSV file in.
    Import(RegisterFile),
}

#[derive(Subcommand)]
pub enum Import {
    /// Read a CSV file in.
    Import(File),
}

#[derive(Subcommand)]
pub enum Population {
    /// Read a CSV file in.
    Import {
        #[command(flatten)]
        file: RegisterFile,
        /// Refuse rows with replacement numbers, which never occur in the register.
        #[arg(long)]
        refuse_replacement_numbers: bool,
    },
}

#[derive(Subcommand)]
pub enum Payee {
    /// People over 18, companies and associations that must have an account and have none, a page at a time.
    WithoutAccount {
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR", value_parser = place)]
        after: Option<kernel::Blind>,
        /// Remind those who have not been lately.
        #[arg(long)]
        remind: bool,
    },
    /// Who is told what becomes of a payee's account, for which legal purpose and until when.
    Subscriptions {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: registry::payee::PayeeId,
    },
}

#[derive(Subcommand)]
pub enum Operator {
    /// Register an operator.
    Add {
        /// The name they will act under.
        name: String,
        /// Their public key (PEM, Ed25519).
        #[arg(long, value_name = "PUB", value_parser = existing_file)]
        key: PathBuf,
    },
    /// End an operator: they act no more.
    End {
        /// Their name.
        name: String,
    },
}

#[derive(Subcommand)]
pub enum Client {
    /// Register a client, or give a registered one other keys and certificates.
    Add {
        /// The name that it comes in under.
        name: String,
        /// As what it comes.
        #[arg(
            long, value_parser = client_role,
            value_name = "public-payer|private-payer|bank|authority|register-feed"
        )]
        role: kernel::Role,
        /// A public key or a set of them (JWK, P-256 or Ed25519). Once or more: all that are to count.
        #[arg(long = "key", required = true, value_name = "JWK", value_parser = existing_file)]
        keys: Vec<PathBuf>,
        /// A certificate that it connects with (PEM). Once or more: all that are to count.
        #[arg(long = "cert", required = true, value_name = "PEM", value_parser = existing_file)]
        certificates: Vec<PathBuf>,
        /// The payer that it comes for.
        #[arg(long, value_name = "NAME")]
        payer: Option<String>,
        /// The bank that it comes for, as the bank directory names it.
        #[arg(long, value_name = "NAME")]
        bank: Option<String>,
        /// The register that it speaks for.
        #[arg(long, value_name = "population|companies")]
        register: Option<String>,
    },
    /// End a client: nothing that it signs counts any more.
    End {
        /// Its name.
        name: String,
    },
    /// Give a client back all that it may ask, after a mishap.
    Refill {
        /// Its name.
        name: String,
        /// Why: one line that is kept in the journal.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Every client.
    List,
    /// Make the key that the server signs tokens with; the former one counts until its last token has expired.
    RotateKey {
        /// Somebody else may have the former keys: they count for nothing from now on, nor do the tokens.
        #[arg(long)]
        compromised: bool,
    },
    /// Which client comes in how: interfaces and versions, TLS, algorithms.
    Usage,
    /// Refuse an old way in from a date on, and show who still uses it.
    PhaseOut {
        /// An interface; or tls, or alg.
        interface: String,
        /// Its version; of tls 1.2 or 1.3, of alg ES256 or EdDSA.
        version: String,
        /// From when it is refused, or never.
        #[arg(value_name = "DATE|never", value_parser = end)]
        date: End,
    },
    /// Make a client's private key and print the public one. Needs no store.
    MakeKey {
        /// The file that is made, for its owner's eyes alone.
        file: PathBuf,
        /// How it signs.
        #[arg(long, default_value = "ES256", value_parser = algorithm, value_name = "ES256|EdDSA")]
        algorithm: eid::key::Algorithm,
    },
    /// Print what a client posts to the token endpoint, good once within five minutes. Needs no store.
    Assert {
        #[command(flatten)]
        claim: Claim,
    },
    /// Give a client its access token from this store, by the same rules as the token endpoint.
    Token {
        #[command(flatten)]
        claim: Claim,
        #[command(flatten)]
        bound: Bound,
    },
}

/// From when something is refused, if ever.
#[derive(Clone, Copy)]
pub struct End(pub Option<kernel::Timestamp>);

#[derive(Subcommand)]
pub enum Journal {
    /// Its size and root.
    Head,
    /// Compute the tree again and hold the tables against it.
    Verify {
        /// A head that was kept: the journal must begin with it.
        #[arg(long, value_name = "SIZE:ROOT", value_parser = head)]
        expect: Option<kernel::journal::Head>,
    },
}

#[derive(Subcommand)]
pub enum Key {
    /// Wrap the data keys with a new master key; the former one opens nothing any more.
    Rotate,
}

#[derive(Subcommand)]
pub enum Store {
    /// Copy everything as it is now to another place, where there is no store.
    Copy {
        /// The store, whatever --store says: sqlite:DIR or postgres://USER@HOST/DATABASE.
        #[arg(long, value_name = "URL", value_parser = location)]
        from: kernel::Location,
        /// Where the copy is to be. It opens with the same master key.
        #[arg(long, value_name = "URL", value_parser = location)]
        to: kernel::Location,
        #[command(flatten)]
        owner: Owner,
    },
}

#[derive(Args)]
pub struct Demo {
    /// How many people.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(..=sim::nation::Plan::PEOPLE_MAX))]
    pub people: u64,
    /// How many companies.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(..=sim::nation::Plan::COMPANIES_MAX))]
    pub companies: u64,
    /// How many payments.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub payments: u64,
    /// Another number gives another nation.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stay up and serve other systems over HTTP; says how to try it.
    #[arg(long)]
    pub serve: bool,
    /// Where it is served.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443", requires = "serve")]
    pub listen: SocketAddr,
    /// Where figures and health are shown meanwhile.
    #[arg(long, value_name = "ADDR", default_value = METRICS, requires = "serve")]
    pub metrics_listen: SocketAddr,
}

fn existing_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_file() { Ok(path) } else { Err("there is no regular file of that name".to_owned()) }
}

fn outside_issuer(text: &str) -> Result<(String, PathBuf), String> {
    let (url, file) = text.rsplit_once('=').ok_or("write URL=FILE")?;
    Ok((url.to_owned(), existing_file(file)?))
}

fn network(text: &str) -> Result<edge::server::Network, String> {
    edge::server::Network::parse(text).ok_or_else(|| "write 10.0.0.1 or 10.0.0.0/8".to_owned())
}

fn location(text: &str) -> Result<kernel::Location, String> {
    kernel::Location::parse(text).map_err(|refusal| refusal.to_string())
}

/// Reads RFC 3339, or a date, which means its beginning in Denmark.
fn moment(text: &str) -> Result<kernel::Timestamp, String> {
    let as_moment = || text.parse::<jiff::Timestamp>().ok();
    let as_date = || {
        let date: jiff::civil::Date = text.parse().ok()?;
        Some(denmark::calendar::copenhagen_midnight(date))
    };
    as_moment()
        .or_else(as_date)
        .map(kernel::Timestamp::from)
        .ok_or_else(|| "write 2026-11-23T12:00:00Z or 2026-11-23".to_owned())
}

fn payee(text: &str) -> Result<registry::payee::PayeeId, String> {
    registry::payee::PayeeId::parse(text)
        .ok_or_else(|| "write cpr:, cvr:, se: or p: and a number of that kind".to_owned())
}

fn benefit(text: &str) -> Result<registry::purpose::BenefitKind, String> {
    registry::purpose::BenefitKind::parse(text).ok_or_else(|| "a kind is one word of at most 35 characters".to_owned())
}

fn cvr(text: &str) -> Result<denmark::Cvr, String> {
    denmark::Cvr::parse(text).map_err(|error| error.to_string())
}

fn place(text: &str) -> Result<kernel::Blind, String> {
    registry::duty::read_place(text).ok_or_else(|| "write what 'next' of the page before was".to_owned())
}

fn client_role(text: &str) -> Result<kernel::Role, String> {
    kernel::Role::parse_client(text)
        .ok_or_else(|| "write public-payer, private-payer, bank, authority or register-feed".to_owned())
}

fn algorithm(text: &str) -> Result<eid::key::Algorithm, String> {
    eid::key::Algorithm::parse(text).ok_or_else(|| "write ES256 or EdDSA".to_owned())
}

fn end(text: &str) -> Result<End, String> {
    match text {
        "never" => Ok(End(None)),
        date => moment(date).map(|moment| End(Some(moment))),
    }
}

fn head(text: &str) -> Result<kernel::journal::Head, String> {
    let parse = || {
        let (size, root) = text.split_once(':')?;
        Some(kernel::journal::Head { size: size.parse().ok()?, root: kernel::merkle::from_hex(root)? })
    };
    parse().ok_or_else(|| "write SIZE:ROOT, the root as 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn moments() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(moment(text).ok().map(|moment| moment.to_string()).as_deref(), expected, "{text}");
        };
        check("2026-11-23T12:00:00Z", Some("2026-11-23T12:00:00Z"));
        check("2026-11-23T12:00:00+01:00", Some("2026-11-23T11:00:00Z"));
        check("2026-11-23", Some("2026-11-22T23:00:00Z"));
        check("2026-07-01", Some("2026-06-30T22:00:00Z"));
        check("yesterday", None);
    }
}
