//! Where notices go, as whoever runs a process says it.

use super::mail::{MailFrom, MailServer};
use denmark::Cvr;
use registry::delivery::Place;
use registry::notice::Medium;
use registry::notice_text::StopUrl;
use std::path::PathBuf;

/// The ways out that this process has. A notice for which there is none waits for a process that has one.
#[derive(Clone, Debug, Default)]
pub struct Transports {
    /// To the boxes of Digital Post.
    pub digital_post: Option<DigitalPost>,
    /// To telephones.
    pub sms: Option<Sms>,
    /// By e-mail.
    pub email: Option<Email>,
    /// Where links that stop something lead. Without it, nothing is sent.
    pub stop_url: Option<StopUrl>,
}

/// The way to Digital Post.
#[derive(Clone, Debug)]
pub struct DigitalPost {
    /// A folder, or a server that takes messages by `POST`.
    pub place: Place,
    /// The authority that sends.
    pub sender: Cvr,
}

/// The way to telephones.
#[derive(Clone, Debug)]
pub struct Sms {
    /// A folder, or a gateway that takes messages by `POST`.
    pub place: Place,
    /// A file with the token that the gateway wants.
    pub token: Option<PathBuf>,
}

/// The way of e-mails.
#[derive(Clone, Debug)]
pub struct Email {
    /// Where they are handed over.
    pub place: MailPlace,
    /// Whom they come from.
    pub from: MailFrom,
}

/// Where e-mails are handed over.
#[derive(Clone, Debug)]
pub enum MailPlace {
    /// In a folder.
    Folder(PathBuf),
    /// To a server.
    Server(MailServer),
}

impl Transports {
    /// By which media notices can be sent.
    #[must_use]
    pub fn media(&self) -> Vec<Medium> {
        let has = |medium: &Medium| match medium {
            Medium::DigitalPost => self.digital_post.is_some(),
            Medium::Sms => self.sms.is_some(),
            Medium::Email => self.email.is_some(),
            // They wait for a print run.
            Medium::Letter => false,
        };
        Medium::ALL.into_iter().filter(|medium| self.stop_url.is_some() && has(medium)).collect()
    }
}
