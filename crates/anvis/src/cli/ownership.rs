//! What can be said of the questions to banks whose an account is.

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Ownership {
    /// The questions that wait for a bank's answer, and those that were given up.
    List {
        /// Only what was given up.
        #[arg(long)]
        given_up: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Ask what is due now, once; while 'anvis serve' runs, it does so every second.
    Ask,
    /// Have a bank asked anew: about a proposal that waits, or about all that were given up. What it says last counts.
    #[command(group(clap::ArgGroup::new("which").required(true).args(["id", "all_given_up"])))]
    Retry {
        /// The proposal.
        id: Option<String>,
        /// All that were given up, the oldest 1,000 of them.
        #[arg(long)]
        all_given_up: bool,
        /// Why: one line that is kept in the journal.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}
