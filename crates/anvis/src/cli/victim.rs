//! What is done for somebody whose account may have been taken by a thief.

use super::{existing_file, moment, payee};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use kernel::Timestamp;
use payout::case::{Finding, Recipient};
use payout::queries::Found;
use registry::payee::PayeeId;
use registry::suspicion::Source;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Victim {
    /// Open a case: the payee's accounts are frozen at once, and what has not left waits.
    Freeze {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: PayeeId,
        /// From when on their accounts are in doubt.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Timestamp,
        /// Who says so: police, review, bank:NAME or payer:NAME [default: review].
        #[arg(long, value_parser = source)]
        from: Option<Source>,
        /// What they say: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Ask for the last accounts that are not in doubt to be put back: somebody else approves each.
    Revert {
        /// The case.
        case: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// What was paid since the accounts are in doubt, the newest first: by whom, how much, to which account and bank.
    Trace(CaseTrace),
    /// Ask the payers' banks to get back what left for an account that is in doubt.
    Recall {
        /// The case.
        case: String,
        /// Why: one line that no bank is told.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say what was found: somebody else than who opened the case. A misunderstanding undoes what was done under it.
    Close {
        /// The case.
        case: String,
        /// fraud or misunderstanding.
        #[arg(long, value_parser = finding)]
        finding: Finding,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Of a fraud: the last day on which the receiving accounts are to be marked [default: in six months].
        #[arg(long, value_name = "DATE")]
        mark_until: Option<Date>,
    },
    /// The newest cases. Whom they are about is not said.
    List {
        /// Only this payee's newest.
        #[arg(long, value_parser = payee)]
        payee: Option<PayeeId>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// One case, and what was done under it.
    Show {
        /// The case.
        case: String,
    },
    /// Ask that what is known of a case is given to the police or a bank: somebody else gives it.
    Disclose {
        /// The case.
        case: String,
        /// police or bank:NAME. A bank is given what went to accounts with it.
        #[arg(long, value_parser = recipient)]
        to: Recipient,
        /// On which law, and at whose request: one line of ten letters or more.
        #[arg(long, value_name = "TEXT")]
        law: String,
    },
    /// Give what somebody else asked for: a PDF, the same as JSON, and the seal over both.
    Bundle {
        /// The case.
        case: String,
        /// To whom: police or bank:NAME.
        #[arg(long, value_parser = recipient)]
        to: Recipient,
        /// Which asking: when it was made, as 'victim show' tells it beside the law.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        asked: Timestamp,
        /// The folder to put them in.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Who gives it, as a file of letters' senders says it; the PDF names nobody without.
        #[arg(long, value_name = "FILE", value_parser = existing_file)]
        sender: Option<PathBuf>,
        /// In English instead of Danish.
        #[arg(long)]
        english: bool,
    },
    /// Check that a bundle is what was given: refused, with exit 3, unless it is. Without a store, by the keys of a file.
    Check {
        /// The folder that the bundle lies in.
        folder: PathBuf,
        /// The keys as the service publishes them (JWKS), instead of the store's own.
        #[arg(long, value_name = "FILE", value_parser = existing_file)]
        keys: Option<PathBuf>,
    },
}

/// What was paid to a case's payee.
#[derive(Args)]
pub struct CaseTrace {
    /// The case.
    pub case: String,
    /// At most so many.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
    /// Where the page before ended.
    #[arg(long, value_name = "PLACE", value_parser = found)]
    pub after: Option<Found>,
}

fn found(text: &str) -> Result<Found, String> {
    Found::parse(text).ok_or_else(|| "write what 'next' of the page before was".to_owned())
}

fn finding(text: &str) -> Result<Finding, String> {
    Finding::parse(text).ok_or_else(|| "write fraud or misunderstanding".to_owned())
}

fn recipient(text: &str) -> Result<Recipient, String> {
    Recipient::parse(text).ok_or_else(|| "write police or bank:NAME".to_owned())
}

fn source(text: &str) -> Result<Source, String> {
    Source::parse(text).ok_or_else(|| "write police, review, bank:NAME or payer:NAME".to_owned())
}
