//! What is asked about payouts.

use super::{moment, payee};
use clap::Args;
use kernel::Timestamp;
use payout::queries::Found;
use registry::payee::PayeeId;

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
