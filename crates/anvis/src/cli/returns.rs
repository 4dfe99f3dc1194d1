//! Money that comes back from banks, and money that lies in waiting accounts.

use super::{existing_file, moment};
use clap::Subcommand;
use kernel::Timestamp;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Return {
    /// Book what a bank returned (pacs.004). The same file again books nothing again.
    Import {
        /// The file.
        #[arg(value_parser = existing_file)]
        file: PathBuf,
        /// Which bank it is from: then only what it has to do with is booked by itself.
        #[arg(long, value_name = "NAME")]
        bank: Option<String>,
        /// Where the payers' reports go; without it, they fetch them.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// The work list: what was returned and nobody knows the payment of, the oldest first.
    List {
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Decide about a return on the work list.
    Settle {
        /// The return.
        id: String,
        /// It is of a payment of this batch…
        #[arg(long, requires = "end_to_end", required_unless_present = "not_ours", conflicts_with = "not_ours")]
        batch: Option<String>,
        /// …the one with this end-to-end id.
        #[arg(long, value_name = "ID", requires = "batch")]
        end_to_end: Option<String>,
        /// It is of no payment of ours.
        #[arg(long)]
        not_ours: bool,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Where the payer's report goes; without it, the payer fetches it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
pub enum Waiting {
    /// What lies in waiting accounts, payment by payment.
    List {
        /// Of this payer alone.
        #[arg(long, value_name = "NAME")]
        payer: Option<String>,
    },
    /// Pay it to payees who have an account by now; while 'anvis serve' runs, it does so every second.
    Pay {
        /// Of this payer alone.
        #[arg(long, value_name = "NAME")]
        payer: Option<String>,
        /// Where orders and reports go; without it, banks and payers fetch them.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Give a payment that lies there back to its payer, who waits no longer for the payee to have an account.
    GiveBack {
        /// The batch.
        batch: String,
        /// Which payment of it.
        #[arg(long, value_name = "ID")]
        end_to_end: String,
        /// Why, in a few words; it is recorded.
        #[arg(long)]
        reason: String,
        /// Where the payer's report goes; without it, the payer fetches it.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// What came into a payer's waiting account and what left it.
    Ledger {
        /// The payer.
        #[arg(long, value_name = "NAME")]
        payer: String,
        /// By files that came in from then on.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<Timestamp>,
    },
}
