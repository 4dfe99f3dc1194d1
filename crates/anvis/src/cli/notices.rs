//! What can be said of notices.

use super::existing_file;
use clap::{Args, Subcommand};
use edge::notices::{MailFrom, MailPlace, MailServer};
use registry::delivery::{Endpoint, Place, Url};
use registry::notice::{Language, Recipient};
use registry::notice_text::StopUrl;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Notices {
    /// What waits, and what was given up; where it goes is masked.
    List {
        /// Only what was given up.
        #[arg(long)]
        dead: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
    },
    /// Send again what was not taken, from the first try on.
    #[command(group(clap::ArgGroup::new("which").required(true).args(["notice", "all_dead"])))]
    Retry {
        /// The notice.
        notice: Option<String>,
        /// All that were given up, the oldest 10,000 of them.
        #[arg(long)]
        all_dead: bool,
        /// Why: one line that is kept in the journal.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Send what is due now, once; 'anvis serve' with the same options does so every second.
    Send {
        #[command(flatten)]
        ways: Box<Ways>,
    },
    /// Record a notice that tells nothing, to try whether it arrives.
    Try {
        /// digital_post:cpr:N, digital_post:cvr:N, letter:cpr:N, letter:cvr:N, sms:+45N or email:ADDRESS.
        #[arg(value_parser = recipient)]
        to: Recipient,
        /// The language.
        #[arg(long, default_value = "da", value_parser = language, value_name = "da|en")]
        language: Language,
    },
}

/// The ways out for notices.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Notices")]
pub struct Ways {
    /// Where Digital Post goes: folder:DIR, or https:// by POST.
    #[arg(long, value_name = "PLACE", requires_all = ["sender_cvr", "stop_url"], value_parser = place)]
    pub digital_post: Option<Place>,
    /// A certificate that is shown to Digital Post (PEM)…
    #[arg(long, value_name = "FILE", requires_all = ["digital_post", "digital_post_key"], value_parser = existing_file)]
    pub digital_post_cert: Option<PathBuf>,
    /// …and its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "digital_post_cert", value_parser = existing_file)]
    pub digital_post_key: Option<PathBuf>,
    /// The CVR number of the authority that sends Digital Post.
    #[arg(long, value_name = "CVR", value_parser = super::cvr)]
    pub sender_cvr: Option<denmark::Cvr>,
    /// Where messages to telephones go: folder:DIR, or a gateway at https:// by POST.
    #[arg(long, value_name = "PLACE", requires = "stop_url", value_parser = place)]
    pub sms: Option<Place>,
    /// A file with the token that the gateway wants.
    #[arg(long, value_name = "FILE", requires = "sms", value_parser = existing_file)]
    pub sms_token: Option<PathBuf>,
    /// Where e-mails go: folder:DIR, smtps://HOST[:PORT], or smtp://HOST[:PORT], encrypted but on this machine.
    #[arg(long, value_name = "PLACE", requires_all = ["mail_from", "stop_url"], value_parser = mail_place)]
    pub smtp: Option<MailPlace>,
    /// A file with the name and the password for the server of e-mails, on a line each.
    #[arg(long, value_name = "FILE", requires = "smtp", value_parser = existing_file)]
    pub smtp_login: Option<PathBuf>,
    /// Whom e-mails come from.
    #[arg(long, value_name = "ADDRESS", value_parser = mail_from)]
    pub mail_from: Option<MailFrom>,
    /// Who issued these servers' certificates (PEM) [default: whom the operating system trusts].
    #[arg(long, value_name = "FILE", value_parser = existing_file)]
    pub notices_ca: Option<PathBuf>,
    /// Where links that stop a change lead: at most 40 characters, which a slash and a token follow.
    #[arg(long, value_name = "URL", value_parser = stop_url)]
    pub stop_url: Option<StopUrl>,
}

fn place(text: &str) -> Result<Place, String> {
    match text.strip_prefix("folder:") {
        Some(folder) => Ok(Place::Folder(absolute(folder))),
        None => {
            let url = Url::parse(text).map_err(|_| "write folder:DIR or https://HOST/PATH; http:// on this machine")?;
            Ok(Place::Server(Endpoint { url, ca: None, identity: None }))
        }
    }
}

fn mail_place(text: &str) -> Result<MailPlace, String> {
    match text.strip_prefix("folder:") {
        Some(folder) => Ok(MailPlace::Folder(absolute(folder))),
        None => MailServer::parse(text)
            .map(MailPlace::Server)
            .ok_or_else(|| "write folder:DIR, smtps://HOST or smtp://HOST, with or without :PORT".to_owned()),
    }
}

fn absolute(folder: &str) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.into())
}

fn mail_from(text: &str) -> Result<MailFrom, String> {
    MailFrom::parse(text).ok_or_else(|| "write NAME@HOST".to_owned())
}

pub(super) fn stop_url(text: &str) -> Result<StopUrl, String> {
    StopUrl::parse(text)
        .ok_or_else(|| "write https:// and at most 40 characters in all; http:// on this machine".to_owned())
}

fn recipient(text: &str) -> Result<Recipient, String> {
    let expected =
        "write digital_post: or letter: and cpr:N or cvr:N, sms: and a number with + and its country, or email:ADDRESS";
    Recipient::parse(text).ok_or_else(|| expected.to_owned())
}

fn language(text: &str) -> Result<Language, String> {
    Language::parse(text).ok_or_else(|| "write da or en".to_owned())
}
