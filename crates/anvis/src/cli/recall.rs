//! Payments that are asked back.

use super::existing_file;
use clap::Subcommand;
use payout::message::bank::RecallReason;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Recall {
    /// Ask for payments of a batch back that have left: one message to each bank that was to make them.
    Send {
        /// The batch.
        batch: String,
        /// The end-to-end id of a payment. Once or more.
        #[arg(long, value_name = "ID", required = true)]
        end_to_end: Vec<String>,
        /// Why, as the bank is told: FRAD (fraud), DUPL, TECH, AC03, AM09, CUST or UPAY.
        #[arg(long, value_name = "CODE", value_parser = code)]
        code: RecallReason,
        /// Why: one line that is kept with it, and that no bank is told.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Where what is written goes.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// What was asked back, the newest first.
    List {
        /// Only this payer's.
        #[arg(long, value_name = "NAME")]
        payer: Option<String>,
        /// Only those of which something is still expected.
        #[arg(long)]
        open: bool,
        /// At most so many are looked at.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
        /// Where the page before ended.
        #[arg(long, value_name = "PLACE")]
        before: Option<i64>,
    },
    /// One recall, payment by payment, with what banks answered.
    Show {
        /// The recall.
        recall: String,
    },
    /// Write the messages of a recall: camt.055 to the payer's bank, and camt.056 where a bank has told how it made the payments.
    Write {
        /// The recall.
        recall: String,
        /// Where what is written goes.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Take what banks answer (camt.029), and book what comes back.
    Import {
        /// The file.
        #[arg(value_parser = existing_file)]
        file: PathBuf,
        /// Where the payers' reports of what came back go.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// The work list: what banks answered and nobody knows what it is about, the oldest first.
    Answers {
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Say what an answer on the work list was about, once somebody has looked.
    Settle {
        /// The answer.
        id: String,
        /// What it was about: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Confirm that money is there which a bank has only said that it gives back: from then on it can be tried again.
    Arrived {
        /// The recall, or the batch.
        #[arg(value_name = "RECALL|BATCH")]
        name: String,
        /// The end-to-end id of a payment. Once or more.
        #[arg(long, value_name = "ID", required = true)]
        end_to_end: Vec<String>,
        /// How it is known: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Read how banks made payments, as they tell (CSV).
    Transfers {
        /// The file.
        #[arg(value_parser = existing_file)]
        file: PathBuf,
    },
}

fn code(text: &str) -> Result<RecallReason, String> {
    RecallReason::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = RecallReason::ALL.into_iter().map(RecallReason::code).collect();
        format!("write one of {}", codes.join(", "))
    })
}
