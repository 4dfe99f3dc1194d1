//! What somebody suspects, and the accounts that are marked for it.

use super::payee;
use clap::{ArgGroup, Args, Subcommand};
use registry::payee::PayeeId;
use registry::suspicion::{Finding, Reason, Source};

#[derive(Subcommand)]
pub enum Suspicion {
    /// Report a change, a payout or an account that is suspected.
    Report(Box<Reported>),
    /// Say that you look at a report that somebody else made. Say --as, unless the store is synthetic.
    Acknowledge {
        /// The report.
        id: String,
    },
    /// Say what you found. Say --as, unless the store is synthetic.
    Close {
        /// The report.
        id: String,
        /// confirmed, unfounded or misunderstanding.
        #[arg(long, value_parser = finding)]
        finding: Finding,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// The reports that are yours to answer, the oldest first, with those that are overdue.
    List {
        /// Only those about this payee; a citizen is shown what was closed.
        #[arg(long, value_parser = payee)]
        payee: Option<PayeeId>,
        /// Those too that were closed.
        #[arg(long)]
        closed: bool,
    },
    /// One report.
    Show {
        /// The report.
        id: String,
    },
}

#[derive(Args)]
#[command(group(ArgGroup::new("suspected").required(true).args(["proposal", "change_of", "batch", "account"])))]
pub struct Reported {
    /// This proposal.
    #[arg(long, value_name = "ID")]
    pub proposal: Option<String>,
    /// The newest change of this payee's default account: cpr:N, cvr:N, se:N or p:N.
    #[arg(long, value_name = "PAYEE", value_parser = payee)]
    pub change_of: Option<PayeeId>,
    /// A payment of this batch…
    #[arg(long, value_name = "ID", requires = "end_to_end_id")]
    pub batch: Option<String>,
    /// …with this end-to-end id.
    #[arg(long, value_name = "ID", requires = "batch")]
    pub end_to_end_id: Option<String>,
    /// This account: RRRR-N, or an IBAN.
    #[arg(long, value_parser = account)]
    pub account: Option<denmark::Account>,
    /// stolen_identity, not_the_payees, mule, forged_evidence, insider or other.
    #[arg(long, value_parser = reason)]
    pub reason: Reason,
    /// What is suspected, in words.
    #[arg(long)]
    pub text: String,
    /// Who suspects it, as an operator notes it: police, review, bank:NAME or payer:NAME [default: review].
    #[arg(long, value_parser = source)]
    pub from: Option<Source>,
}

#[derive(Subcommand)]
pub enum Account {
    /// Read a CSV file of changes in.
    #[command(group(ArgGroup::new("source").required(true).args(["bank", "channel"])))]
    Import {
        #[command(flatten)]
        file: super::File,
        /// The bank that sends it: its own accounts only.
        #[arg(long, value_name = "NAME")]
        bank: Option<String>,
        /// Another channel.
        #[arg(long, value_parser = ["operator"])]
        channel: Option<String>,
    },
    /// The accounts with many payees, those with the most first. Accounts are masked.
    Shared {
        /// With more payees than this; by default what the control says.
        #[arg(long, value_name = "N")]
        over: Option<u16>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Everything that was ever designated for a payee.
    History {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: PayeeId,
    },
    #[command(flatten)]
    Marks(Marks),
}

/// What is done about accounts that are marked.
#[derive(Subcommand)]
pub enum Marks {
    /// Propose that the account of a confirmed report is marked, or its mark prolonged: somebody else approves it.
    Mark {
        /// The report.
        #[arg(long, value_name = "ID")]
        suspicion: String,
        /// The last day on which the mark stands: at most six months from now.
        #[arg(long, value_name = "DATE", value_parser = date)]
        until: jiff::civil::Date,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Propose that a mark ends before its day: somebody else approves it.
    Unmark {
        /// The mark.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Approve what somebody else proposed about a mark: it is decided again. Say --as, unless the store is synthetic.
    Approve {
        /// What was proposed.
        id: String,
    },
    /// Say no to what somebody else proposed about a mark. Say --as, unless the store is synthetic.
    Refuse {
        /// What was proposed.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what you proposed about a mark.
    Withdraw {
        /// What was proposed.
        id: String,
    },
    /// Appeal against a mark: its owner (--as citizen:cpr:N), or for an owner who is there in person.
    Appeal {
        /// The mark.
        id: String,
        /// Whose account it is or was: the company that who appeals signs for, or the payee who is there in person. An officer leaves it
        /// out where it was never designated for whose it is.
        #[arg(long, value_parser = payee)]
        payee: Option<PayeeId>,
        /// Why it is not right, and from an officer who names no payee whose account it is: one line that is kept with it.
        #[arg(long)]
        text: String,
    },
    /// Decide about an appeal, having had no part in the mark. Say --as, unless the store is synthetic.
    #[command(group(ArgGroup::new("decision").required(true).args(["uphold", "lift"])))]
    Decide {
        /// The mark.
        id: String,
        /// Which appeal, where several wait: its number, as 'account show' tells it.
        #[arg(long, value_name = "NUMBER")]
        appeal: Option<usize>,
        /// The mark stays.
        #[arg(long)]
        uphold: bool,
        /// The mark goes.
        #[arg(long)]
        lift: bool,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Every mark, those that have ended too, and what is proposed.
    List {
        /// Those of this payee's accounts, to the payee (--as citizen:cpr:N).
        #[arg(long, value_parser = payee, conflicts_with = "appealed")]
        payee: Option<PayeeId>,
        /// Only those that stand and against which an appeal waits.
        #[arg(long)]
        appealed: bool,
    },
    /// One mark with its appeals, or what was proposed about one.
    Show {
        /// The mark, or what was proposed.
        id: String,
    },
}

fn account(text: &str) -> Result<denmark::Account, String> {
    denmark::Account::parse(text).map_err(|error| error.to_string())
}

fn date(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write 2026-11-23".to_owned())
}

fn reason(text: &str) -> Result<Reason, String> {
    let names = || Reason::ALL.map(|(_, name)| name).join(", ");
    Reason::parse(text).ok_or_else(|| format!("one of {}", names()))
}

fn finding(text: &str) -> Result<Finding, String> {
    let names = || Finding::ALL.map(|(_, name)| name).join(", ");
    Finding::parse(text).ok_or_else(|| format!("one of {}", names()))
}

fn source(text: &str) -> Result<Source, String> {
    Source::parse(text).ok_or_else(|| "police, review, bank:NAME or payer:NAME".to_owned())
}
