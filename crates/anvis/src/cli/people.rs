//! People: who acts, caseworkers, and what is a payee's own.

use super::{Bound, Claim, benefit, existing_file, payee};
use clap::{Args, Subcommand};
use kernel::Assurance;
use registry::contact::{ContactPoint, EmailAddress, Phone};
use registry::designation::ChannelKind;
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
        /// People come before them in person: they lift locks, change contact points and confirm changes for whom they have seen.
        #[arg(long)]
        in_person: bool,
    },
    /// End a caseworker: they act no more.
    End {
        /// Their name.
        name: String,
    },
}

#[derive(Subcommand)]
pub enum Officer {
    /// Print what an operator or caseworker posts to the token endpoint, good once within five minutes. Needs no store.
    Assert {
        #[command(flatten)]
        claim: Claim,
    },
    /// Give an operator or caseworker their access token from this store, by the same rules as the token endpoint.
    Token {
        #[command(flatten)]
        claim: Claim,
        #[command(flatten)]
        bound: Bound,
    },
}

#[derive(Subcommand)]
pub enum Citizen {
    /// Give somebody a token as if they had logged in just now (--assurance, --authenticator); only in a synthetic store.
    Token {
        /// cpr:N.
        #[arg(value_parser = person)]
        person: denmark::Cpr,
        /// The server's URL, as clients know it.
        #[arg(long, env = "ANVIS_ISSUER", value_name = "URL")]
        issuer: String,
        #[command(flatten)]
        bound: Bound,
    },
}

#[derive(Subcommand)]
pub enum Contact {
    /// Add a contact point.
    Add {
        #[command(flatten)]
        point: Point,
        #[command(flatten)]
        own: Own,
    },
    /// Remove a contact point. Who is told of changes is told there for some time still.
    Remove {
        #[command(flatten)]
        point: Point,
        #[command(flatten)]
        own: Own,
    },
    /// Every contact point that ever stood; masked, but for whom they belong to.
    List {
        /// cpr:N, cvr:N, se:N or p:N.
        #[arg(value_parser = payee)]
        payee: PayeeId,
    },
}

/// Whose, and why somebody else than they says it.
#[derive(Args)]
pub struct Own {
    /// cpr:N, cvr:N, se:N or p:N.
    #[arg(value_parser = payee)]
    pub payee: PayeeId,
    /// Why: one line that is kept in the journal. A citizen need not say.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// A contact point.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Point {
    /// A telephone: +4520304050.
    #[arg(long, value_name = "NUMBER", value_parser = phone)]
    sms: Option<Phone>,
    /// An e-mail address.
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    email: Option<EmailAddress>,
    /// Their digital letter box.
    #[arg(long)]
    digital_post: bool,
    /// Their address in the register, by letters on paper: they have no digital letter box.
    #[arg(long)]
    letter: bool,
    /// No place: all that they are told is in English.
    #[arg(long)]
    english: bool,
}

impl Point {
    /// The point that was said: one of them was.
    pub fn said(self) -> ContactPoint {
        match self {
            Self { sms: Some(number), .. } => ContactPoint::Sms(number),
            Self { email: Some(address), .. } => ContactPoint::Email(address),
            Self { letter: true, .. } => ContactPoint::Letter,
            Self { english: true, .. } => ContactPoint::English,
            Self { .. } => ContactPoint::DigitalPost,
        }
    }
}

#[derive(Subcommand)]
pub enum Lock {
    /// Forbid that the account is changed.
    Set {
        #[command(flatten)]
        own: Own,
        #[command(flatten)]
        channels: Closed,
    },
    /// Allow it again: as a citizen with high assurance, or for an owner who is there in person.
    Lift {
        #[command(flatten)]
        own: Own,
        #[command(flatten)]
        channels: Closed,
        /// By what an officer knows the owner: one line that is kept, sealed.
        #[arg(long, value_name = "EVIDENCE")]
        in_person: Option<String>,
    },
}

/// Some channels.
#[derive(Args)]
pub struct Closed {
    /// A channel; can be given several times [default: all].
    #[arg(long = "channel", value_name = "self_service|bank|caseworker|operator", value_parser = channel)]
    channels: Vec<ChannelKind>,
}

impl Closed {
    /// The channels that were said; all where none was.
    pub fn said(&self) -> registry::lock::Channels {
        use registry::lock::Channels;
        if self.channels.is_empty() { Channels::all() } else { Channels::of(&self.channels) }
    }
}

fn person(text: &str) -> Result<denmark::Cpr, String> {
    match PayeeId::parse(text) {
        Some(PayeeId::Cpr(number)) => Ok(number),
        _ => Err("write cpr: and a CPR number".to_owned()),
    }
}

fn phone(text: &str) -> Result<Phone, String> {
    Phone::parse(text).map_err(|refusal| refusal.to_string())
}

fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|refusal| refusal.to_string())
}

fn channel(text: &str) -> Result<ChannelKind, String> {
    let kind = ChannelKind::ALL.into_iter().find(|kind| kind.name() == text);
    kind.ok_or_else(|| "write self_service, bank, caseworker or operator".to_owned())
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
