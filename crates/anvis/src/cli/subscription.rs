//! What can be said of subscriptions.

use super::{moment, payee};
use clap::Subcommand;
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::subscription::Reference;

#[derive(Subcommand)]
pub enum Subscription {
    /// Have a client told what becomes of a payee's account, on its behalf.
    Add {
        /// The client.
        #[arg(long, value_name = "NAME")]
        client: String,
        /// What the law lets it ask for.
        #[arg(long, value_name = "payment|credit_agreement", value_parser = purpose)]
        purpose: LegalPurpose,
        /// Until when: within 30 days, of a private payer 14.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: kernel::Timestamp,
        /// Whom it is about to pay, or to lend to: cpr:N, cvr:N, se:N or p:N.
        #[arg(long, value_parser = payee)]
        payee: PayeeId,
        /// The account that it would pay to, of a private payer or a bank: an IBAN, or RRRR-N.
        #[arg(long, value_parser = account)]
        account: Option<denmark::Account>,
        /// What it calls what it plans: one line.
        #[arg(long, value_name = "TEXT", value_parser = reference)]
        reference: Reference,
    },
    /// A client's subscriptions that last, the oldest first; whom they are about is the client's to see.
    List {
        /// The client.
        #[arg(long, value_name = "NAME")]
        client: String,
        /// Where the page before ended.
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// End subscriptions of a client before their time.
    End {
        /// The client.
        #[arg(long, value_name = "NAME")]
        client: String,
        /// Which.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

fn purpose(text: &str) -> Result<LegalPurpose, String> {
    LegalPurpose::parse(text).ok_or_else(|| "write one of the legal purposes, such as payment".to_owned())
}

fn account(text: &str) -> Result<denmark::Account, String> {
    denmark::Account::parse(text).map_err(|_| "write an IBAN, or a Danish account as RRRR-N".to_owned())
}

fn reference(text: &str) -> Result<Reference, String> {
    Reference::parse(text).ok_or_else(|| "write one line of 1 to 140 characters".to_owned())
}
