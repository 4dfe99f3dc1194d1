//! People: who acts, caseworkers, and what is a payee's own.

use super::{benefit, existing_file};
use clap::{Args, Subcommand};
use kernel::Assurance;
use registry::payee::PayeeId;
use std::path::PathBuf;

/// What says that somebody is a citizen, and no officer: no name has a colon in it.
const CITIZEN: &str = "citizen:";

/// Who acts, as it is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acting {
    /// An operator or caseworker, by name.
    Officer(String),
    /// A person, for themselves.
    Citizen(PayeeId),
}

pub(super) fn acting(text: &str) -> Result<Acting, String> {
    match text.strip_prefix(CITIZEN).map(PayeeId::parse) {
        None => Ok(Acting::Officer(text.to_owned())),
        Some(Some(payee @ PayeeId::Cpr(_))) => Ok(Acting::Citizen(payee)),
        Some(_) => Err("write the name of an operator or caseworker, or citizen:cpr: and a CPR number".to_owned()),
    }
}

pub(super) fn assurance(text: &str) -> Result<Assurance, String> {
    Assurance::parse(text).ok_or_else(|| "write low, substantial or high".to_owned())
}

/// Commands that an officer may give: their key can be said here as well.
#[derive(Args)]
pub struct ByOfficer<C: Subcommand> {
    /// The private key of whoever acts; the same as --operator-key.
    #[arg(
        long, global = true, value_name = "FILE", conflicts_with = "operator_key", value_parser = existing_file,
        help_heading = "Actor"
    )]
    pub key: Option<PathBuf>,
    #[command(subcommand)]
    pub command: C,
}

#[derive(Subcommand)]
pub enum Caseworker {
    /// Register a caseworker, or say what a registered one may decide about from now on.
    Add {
        /// The name they will act under.
        name: String,
        /// Their public key (PEM, Ed25519).
        #[arg(long, value_name = "PUB", value_parser = existing_file)]
        key: PathBuf,
        /// The authority that they act for: a payer of the public kind.
        #[arg(long, value_name = "PAYER")]
        authority: String,
        /// A kind of benefit that they are held to; can be given several times [default: all].
        #[arg(long = "benefit", value_name = "KIND", value_parser = benefit)]
        benefits: Vec<registry::purpose::BenefitKind>,
    },
    /// End a caseworker: they act no more.
    End {
        /// Their name.
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acts() {
        let check = |text: &str, expected: Option<&str>| {
            let found = acting(text).ok().map(|acting| match acting {
                Acting::Officer(name) => name,
                Acting::Citizen(payee) => format!("= {}", payee.reveal()),
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("anna", Some("anna"));
        check("citizen", Some("citizen"));
        check("citizen:cpr:6101701234", Some("= cpr:6101701234"));
        for text in ["citizen:", "citizen:6101701234", "citizen:cpr:1", "citizen:cvr:13748136"] {
            check(text, None);
        }
    }
}
