//! Payment files, and what is done with what they hold.

use super::{existing_file, moment, payee};
use clap::{Args, Subcommand};
use kernel::Timestamp;
use payout::queries::Found;
use registry::payee::PayeeId;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Payout {
    /// Complete a pain.001 file and report on it.
    Route {
        /// The file.
        #[arg(value_parser = existing_file)]
        file: PathBuf,
        /// The payer.
        #[arg(long, value_name = "NAME")]
        payer: String,
        /// Where what is written goes.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Hold everything until it is released.
        #[arg(long)]
        hold: bool,
    },
    /// The newest batches.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// One batch, payment by payment.
    Show {
        /// The batch.
        batch: String,
    },
    /// Where the money is that came in on a day: exit 1 unless the sums agree.
    Balance(Balance),
    /// What was paid to somebody since a moment, the newest first, and where it went.
    Trace(Trace),
    /// Release what a batch holds, or ask for it where it takes two.
    Release {
        /// The batch.
        batch: String,
        /// Where what is written goes.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Approve the release that somebody else asked for. Say --as, unless the store is synthetic.
    ApproveRelease {
        /// The batch.
        batch: String,
        /// Where what is written goes.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Stop what a batch holds, or what of it lies in the waiting account: nothing lets it go until it is resumed.
    Stop {
        /// The batch.
        batch: String,
        /// Only the payment with this end-to-end id.
        #[arg(long, value_name = "ID")]
        end_to_end: Option<String>,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let what was stopped go on as if it had not been.
    Resume {
        /// The batch.
        batch: String,
        /// Only the payment with this end-to-end id, which was stopped by itself.
        #[arg(long, value_name = "ID")]
        end_to_end: Option<String>,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Try again what came back, if the payer says so: it is decided by what the registry holds now.
    Retry {
        /// The batch.
        batch: String,
        /// Only the payment with this end-to-end id.
        #[arg(long, value_name = "ID")]
        end_to_end: Option<String>,
        /// Where what is written goes; without it, the next release writes it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Release what waited for a moment, or for something that has come; while 'anvis serve' runs, it does so every second.
    Settle {
        /// Where what is written goes; without it, the next release writes it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Cancel what a batch holds.
    Cancel {
        /// The batch.
        batch: String,
        /// Only the payment with this end-to-end id.
        #[arg(long, value_name = "ID")]
        end_to_end: Option<String>,
    },
}

/// Where a day's money is.
#[derive(Args)]
pub struct Balance {
    /// The payer.
    #[arg(long, value_name = "NAME")]
    pub payer: String,
    /// The date in Denmark on which files came in.
    #[arg(long, value_name = "DATE")]
    pub day: jiff::civil::Date,
}

/// What was paid to somebody.
#[derive(Args)]
pub struct Trace {
    /// cpr:N, cvr:N, se:N or p:N.
    #[arg(value_parser = payee)]
    pub payee: PayeeId,
    /// From when on a payment came in, or something of it was decided.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Timestamp,
    /// By this payer alone.
    #[arg(long, value_name = "NAME")]
    pub payer: Option<String>,
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
