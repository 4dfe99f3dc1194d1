//! Payers, and what is agreed with them.

use super::cvr;
use clap::{Args, Subcommand};
use registry::payer::{NoAccount, PayerKind};
use registry::terms::{self, OnFrozen, OnPending, OnReturn, Terms};

#[derive(Subcommand)]
pub enum Payer {
    /// Register a payer, or change its agreement.
    Add {
        /// The name that commands call it by.
        name: String,
        /// Its CVR number.
        #[arg(long, value_parser = cvr)]
        cvr: denmark::Cvr,
        /// What it may see.
        #[arg(long, value_parser = payer_kind, value_name = "public|private")]
        kind: PayerKind,
        /// What becomes of a payment whose payee has no account.
        #[arg(long, value_parser = no_account, value_name = "reject|hold|pay-to:IBAN")]
        no_account: NoAccount,
        /// The bank, or another intermediary, that fetches what was completed for it: its name in the bank directory.
        #[arg(long, value_name = "NAME")]
        bank: Option<String>,
        #[command(flatten)]
        agreed: Agreed,
    },
}

/// When its files go, and what makes one of its payments wait.
#[derive(Args)]
pub struct Agreed {
    /// Who or what lets its files go. A cut-off is a time of day in Denmark, on banking days.
    #[arg(long, default_value = "at-once", value_parser = release, value_name = "at-once|by-hand|cut-off:HH:MM")]
    release: terms::Release,
    /// Two people let a file go whose payments come to more kroner.
    #[arg(long, value_parser = kroner, value_name = "AMOUNT")]
    four_eyes_above: Option<i64>,
    /// What a change of the payee's account means that waits: pay to the account in force, or hold.
    #[arg(long, default_value = "pay", value_parser = on_pending, value_name = "pay|hold")]
    pending: OnPending,
    /// So many banking days wait payments to an account that took another's place.
    #[arg(long, default_value_t = 0, value_name = "DAYS")]
    hold_after_change: u16,
    /// What becomes of a payment to a frozen account.
    #[arg(long, default_value = "reject", value_parser = on_frozen, value_name = "reject|hold")]
    frozen: OnFrozen,
    /// What becomes of money that comes back from a payee's bank: it is the payer's, or goes on to the waiting account.
    #[arg(long, default_value = "payer", value_parser = on_return, value_name = "payer|waiting")]
    on_return: OnReturn,
    /// Whom suspicions about its payments are told.
    #[arg(long, value_parser = contact, value_name = "NAME <E-MAIL>")]
    contact: Option<terms::Contact>,
}

impl Agreed {
    /// As terms.
    pub fn terms(self) -> Terms {
        let Self { release, four_eyes_above, pending, hold_after_change, frozen, on_return, contact } = self;
        Terms { release, four_eyes_above, pending, hold_after_change, frozen, on_return, contact }
    }
}

fn payer_kind(text: &str) -> Result<PayerKind, String> {
    PayerKind::parse(text).ok_or_else(|| "write public or private".to_owned())
}

fn no_account(text: &str) -> Result<NoAccount, String> {
    NoAccount::parse(text).ok_or_else(|| "write reject, hold, or pay-to: and a Danish account".to_owned())
}

fn release(text: &str) -> Result<terms::Release, String> {
    terms::Release::parse(text).ok_or_else(|| "write at-once, by-hand, or cut-off: and a time as 14:30".to_owned())
}

fn kroner(text: &str) -> Result<i64, String> {
    Terms::parse_kroner(text).ok_or_else(|| "write an amount in kroner as 1000000 or 1000000.50".to_owned())
}

fn on_pending(text: &str) -> Result<OnPending, String> {
    OnPending::parse(text).ok_or_else(|| "write pay or hold".to_owned())
}

fn on_frozen(text: &str) -> Result<OnFrozen, String> {
    OnFrozen::parse(text).ok_or_else(|| "write reject or hold".to_owned())
}

fn on_return(text: &str) -> Result<OnReturn, String> {
    OnReturn::parse(text).ok_or_else(|| "write payer or waiting".to_owned())
}

fn contact(text: &str) -> Result<terms::Contact, String> {
    terms::Contact::parse(text).ok_or_else(|| "write Anna Bo <anna@example.dk>".to_owned())
}
