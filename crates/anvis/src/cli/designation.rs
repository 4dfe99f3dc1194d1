//! Designations: proposed, decided about, activated; and the letters that this takes.

use super::{benefit, existing_file, payee};
use clap::{Args, Subcommand};
use registry::life::Waits;
use registry::notice_text::StopUrl;
use registry::payee::PayeeId;
use registry::proposal::Holder;
use registry::purpose::BenefitKind;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Designation {
    /// Propose an account: for yourself (--as citizen:cpr:N), or for somebody else as a caseworker or operator.
    Propose(Box<Proposed>),
    /// Propose that what stood before a change is put back; another officer approves it, and it holds at once.
    Revert {
        /// The change: the proposal that took effect.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Propose that a frozen account is paid to again; another officer approves it.
    Unfreeze {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: PayeeId,
        /// The specific account for payouts by this payer…
        #[arg(long, requires = "benefit", value_name = "NAME")]
        payer: Option<String>,
        /// …of this kind.
        #[arg(long, requires = "payer", value_name = "KIND", value_parser = benefit)]
        benefit: Option<BenefitKind>,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Sign what you proposed, having seen both accounts.
    Sign {
        /// The proposal.
        id: String,
        /// The signature, as it is kept with the proposal.
        #[arg(long, value_name = "TEXT")]
        signature: String,
    },
    /// Approve what somebody else proposed, or let it go on after having looked at it.
    Approve {
        /// The proposal.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say no to what somebody else proposed.
    Refuse {
        /// The proposal.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Give the code of the letter.
    Activate {
        /// The proposal, or the number of the letter.
        id: String,
        /// The code: eight digits.
        code: String,
    },
    /// Confirm a proposal by another channel than the letter: with a login of High assurance, or before an officer in person.
    Confirm {
        /// The proposal.
        id: String,
        /// Of an officer: how they know that it is the payee.
        #[arg(long, value_name = "TEXT", default_value = "")]
        evidence: String,
    },
    /// Take a proposal back.
    Cancel {
        /// The proposal.
        id: String,
    },
    /// Stop a proposal as the link in a notice does.
    Stop {
        /// What stands at the end of the link.
        token: String,
    },
    /// What waits, the oldest first.
    List {
        /// Only what waits for this: signature, ownership, approval, check, letter, code, confirmation, time or unfreezing.
        #[arg(long = "for", value_name = "WHAT", value_parser = waits)]
        waits_for: Option<Waits>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Whom a proposal is about, what it changes, and what was done about it.
    Show {
        /// The proposal.
        id: String,
    },
    /// Do what is due: what has waited long enough takes effect, what nobody decided about in time expires.
    Settle,
}

/// What is proposed.
#[derive(Args)]
pub struct Proposed {
    /// cpr:N, cvr:N, se:N or p:N.
    #[arg(value_parser = payee)]
    pub payee: PayeeId,
    /// The account: reg-number or IBAN.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "delete")]
    pub account: Option<String>,
    /// Delete the account instead.
    #[arg(long, conflicts_with = "account", requires = "payer")]
    pub delete: bool,
    /// The BIC of a foreign account.
    #[arg(long, value_name = "BIC", default_value = "")]
    pub bic: String,
    /// The account's currency [default: DKK].
    #[arg(long, value_name = "CODE", default_value = "")]
    pub currency: String,
    /// The account that is in force now, or none.
    #[arg(long, value_name = "ACCOUNT|none", default_value = "")]
    pub expects: String,
    /// A specific account for payouts by this payer…
    #[arg(long, requires = "benefit", value_name = "NAME")]
    pub payer: Option<String>,
    /// …of this kind.
    #[arg(long, requires = "payer", value_name = "KIND", value_parser = benefit)]
    pub benefit: Option<BenefitKind>,
    /// The payee shall neither change nor delete it.
    #[arg(long, requires = "payer")]
    pub locked: bool,
    /// Whose account it is: own, joint, third_party or unknown.
    #[arg(long, value_name = "WHOSE", default_value = "unknown", value_parser = holder)]
    pub holder: Holder,
    /// Of a caseworker or operator: on which law it stands.
    #[arg(long, requires = "evidence", value_name = "TEXT")]
    pub law: Option<String>,
    /// Where the evidence is on file.
    #[arg(long, requires = "law", value_name = "TEXT")]
    pub evidence: Option<String>,
    /// The signature, if you sign at once.
    #[arg(long, value_name = "TEXT")]
    pub signature: Option<String>,
}

#[derive(Subcommand)]
pub enum Letters {
    /// The proposals that wait for a letter, or for its code.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Make what letters are to be made: PDF files, and a manifest.
    Print(Box<PrintRun>),
    /// Note that the letters of these proposals were handed over to be posted.
    Posted {
        /// The proposals, or the numbers of the letters.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Note that a letter came back undelivered: the change waits for an officer then.
    Returned {
        /// The proposal, or the number of the letter.
        id: String,
    },
}

/// A print run.
#[derive(Args)]
pub struct PrintRun {
    /// Where the files go: a folder, or sftp://USER@HOST[:PORT]/PATH.
    #[arg(long, value_name = "PLACE", value_parser = printer)]
    pub to: Printer,
    #[command(flatten)]
    pub ssh: Ssh,
    /// Only the letter of this proposal; also anew, when the former one was lost: its code is void then.
    #[arg(long, value_name = "ID")]
    pub only: Option<String>,
    /// All in English, and not only of those who asked for that.
    #[arg(long)]
    pub english: bool,
    /// Where links that stop a change lead. Without it, no notices are made as letters, unless the store is synthetic.
    #[arg(long, value_name = "URL", value_parser = super::notices::stop_url)]
    pub stop_url: Option<StopUrl>,
    /// Who writes (JSON): name, lines, url, telephone; needed unless the store is synthetic.
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub sender: Option<PathBuf>,
    /// At most so many letters with a code, and as many without.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

/// How a server is spoken to by the system's sftp.
#[derive(Args)]
pub struct Ssh {
    /// With sftp: the folder in which files lie until the server has them [default: beside the data folder, -letters].
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// With sftp: the private key that is shown to the server [default: what ssh is set up for].
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub ssh_key: Option<PathBuf>,
    /// With sftp: the servers' keys that are known [default: what ssh is set up for]. None that is unknown is believed.
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub known_hosts: Option<PathBuf>,
}

/// Where letters go.
#[derive(Clone, Debug)]
pub enum Printer {
    /// A folder.
    Folder(PathBuf),
    /// A folder of a server.
    Server(SftpServer),
}

/// A folder of a server that is spoken to by SFTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SftpServer {
    /// Who logs in.
    pub user: String,
    /// Its name.
    pub host: String,
    /// Where it listens.
    pub port: u16,
    /// The folder, from the root.
    pub folder: String,
}

impl SftpServer {
    /// Reads `USER@HOST[:PORT]/PATH`. Nothing in it can be taken for an option, or for more than one word.
    fn parse(text: &str) -> Option<Self> {
        let is_word = |text: &str, more: &str| {
            let lawful = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !text.is_empty() && !text.starts_with('-') && text.chars().all(lawful)
        };
        let (server, folder) = text.split_once('/')?;
        let (user, host) = server.split_once('@')?;
        let (host, port) = match host.split_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (host, 22),
        };
        let is_one = is_word(user, "._-") && is_word(host, ".-") && is_word(folder, "._-/");
        let folder = format!("/{}", folder.trim_end_matches('/'));
        is_one.then(|| Self { user: user.to_owned(), host: host.to_owned(), port, folder })
    }
}

fn printer(text: &str) -> Result<Printer, String> {
    match text.strip_prefix("sftp://") {
        None => Ok(Printer::Folder(text.into())),
        Some(server) => SftpServer::parse(server)
            .map(Printer::Server)
            .ok_or_else(|| "write sftp://USER@HOST[:PORT]/PATH, of letters, digits, . _ and -".to_owned()),
    }
}

fn holder(text: &str) -> Result<Holder, String> {
    Holder::parse(text).ok_or_else(|| "write own, joint, third_party or unknown".to_owned())
}

fn waits(text: &str) -> Result<Waits, String> {
    Waits::parse(text)
        .ok_or_else(|| "write signature, ownership, approval, check, letter, code, confirmation or time".to_owned())
}
