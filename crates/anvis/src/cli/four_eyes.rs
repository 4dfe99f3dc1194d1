//! What is decided by four eyes: controls, lawful collectors, and accounts with many payees.

use super::cvr;
use clap::Subcommand;

#[derive(Subcommand)]
pub enum Controls {
    /// Every control with its figure, since when and by whom; and what is proposed.
    Show {
        /// Only what was proposed under this id, and what became of it.
        id: Option<String>,
        /// What each cost lawful users instead: letters, days, and changes that were given up or held wrongly.
        #[arg(long, conflicts_with = "id")]
        costs: bool,
        /// Of what was proposed since then, or since that day began.
        #[arg(long, value_name = "TIME", requires = "costs", value_parser = super::moment)]
        since: Option<kernel::Timestamp>,
    },
    /// Propose other controls: somebody else approves them. Say --as, unless the store is synthetic.
    Propose {
        /// All as a set has them that is shipped: 2015, 2017, 2020, 2021 or anvis [default: as they are].
        #[arg(long, value_name = "NAME")]
        set: Option<String>,
        /// A control that is to be otherwise; can be given several times.
        #[arg(long = "change", value_name = "CONTROL=VALUE")]
        changes: Vec<String>,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Approve what somebody else proposed: it is decided again, and in force. Say --as, unless the store is synthetic.
    Approve {
        /// What was proposed.
        id: String,
    },
    /// Say no to what somebody else proposed. Say --as, unless the store is synthetic.
    Refuse {
        /// What was proposed.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what you proposed.
    Withdraw {
        /// What was proposed.
        id: String,
    },
    /// Set controls without a second person; only in a synthetic store.
    #[command(hide = true)]
    Set {
        /// As in propose.
        set: Option<String>,
        /// As in propose.
        #[arg(long = "change", value_name = "CONTROL=VALUE")]
        changes: Vec<String>,
    },
}

#[derive(Subcommand)]
pub enum Collector {
    /// Propose a collector, or a later review of one: somebody else approves it. Say --as, unless the store is synthetic.
    Propose {
        /// The company's CVR number.
        #[arg(long, value_parser = cvr)]
        cvr: denmark::Cvr,
        /// Its account: RRRR-N, or an IBAN.
        #[arg(long, value_parser = account)]
        account: denmark::Account,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// The last day on which it counts, unless it is reviewed: at most twelve months from now.
        #[arg(long, value_name = "DATE", value_parser = date)]
        review_by: jiff::civil::Date,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Approve what somebody else proposed: it is decided again. Say --as, unless the store is synthetic.
    Approve {
        /// What was proposed.
        id: String,
    },
    /// Say no to what somebody else proposed. Say --as, unless the store is synthetic.
    Refuse {
        /// What was proposed.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what you proposed.
    Withdraw {
        /// What was proposed.
        id: String,
    },
    /// Take a collector out of the register. Say --as, unless the store is synthetic.
    End {
        /// The collector.
        id: String,
    },
    /// Remind those that are to be looked at again within 30 days, once each; a service does so by itself.
    Remind,
    /// What was proposed under an id, and what became of it.
    Show {
        /// What was proposed.
        id: String,
    },
    /// Every collector, with those whose review is overdue; and what is proposed.
    List,
}

#[derive(Subcommand)]
pub enum Review {
    /// Accounts with too many payees, which are looked for first, and accounts that were drawn: those that are open, the oldest first.
    List {
        /// Those that were decided about too.
        #[arg(long)]
        all: bool,
    },
    /// One review, what holds of its account now, and what is proposed about it.
    Show {
        /// The review.
        id: String,
    },
    /// Whose the account is, or was within six months. It names people, and is logged.
    Payees {
        /// The review.
        id: String,
    },
    /// Say what you found. To leave an account alone somebody else approves, and likewise that it is a lawful collector's. Say --as,
    /// unless the store is synthetic.
    Decide {
        /// The review.
        id: String,
        /// What.
        #[arg(long, value_name = "OUTCOME", value_enum)]
        outcome: Outcome,
        /// The last day on which it is left alone, or counts as a collector's: at most twelve months from now.
        #[arg(
            long, value_name = "DATE", value_parser = date,
            required_if_eq_any([("outcome", "left-alone"), ("outcome", "collector")])
        )]
        until: Option<jiff::civil::Date>,
        /// The collector's CVR number.
        #[arg(long, value_parser = cvr, required_if_eq("outcome", "collector"))]
        cvr: Option<denmark::Cvr>,
        /// What it is called.
        #[arg(long, required_if_eq("outcome", "collector"))]
        name: Option<String>,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Approve that an account is left alone, which somebody else proposed: it is decided again. Say --as, unless the store is synthetic.
    Approve {
        /// What was proposed.
        id: String,
    },
    /// Say no to what somebody else proposed. Say --as, unless the store is synthetic.
    Refuse {
        /// What was proposed.
        id: String,
        /// Why: one line that is kept with it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take back what you proposed.
    Withdraw {
        /// What was proposed.
        id: String,
    },
    /// Draw accounts with many payees for a sample check: the same seed draws the same. Say --as, unless the store is synthetic.
    Draw {
        /// With what the draw begins: any text on one line.
        #[arg(long, value_name = "TEXT")]
        seed: String,
        /// At most so many accounts.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
        /// Among those with more payees than this; by default what payees_per_account says, or 100.
        #[arg(long, value_name = "N")]
        over: Option<u16>,
    },
}

/// What a review can end with.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Outcome {
    /// A couple's, a family's, a home's.
    LeftAlone,
    /// A payroll bureau's, or another lawful collector's.
    Collector,
    /// It looks like one to which somebody else's money goes.
    Suspicious,
}

fn account(text: &str) -> Result<denmark::Account, String> {
    denmark::Account::parse(text).map_err(|error| error.to_string())
}

fn date(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "write 2026-11-23".to_owned())
}
