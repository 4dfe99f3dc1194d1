//! Payment files, and what is done with what they hold.

use super::existing_file;
use clap::Subcommand;
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
    /// Stop what a batch holds: nothing lets it go until it is resumed.
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
