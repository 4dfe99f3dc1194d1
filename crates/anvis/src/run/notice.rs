use super::Session;
use crate::cli::{self, Ways};
use crate::console::Answer;
use edge::notices::{DigitalPost, Email, MailPlace, Notices, Sms, Transports};
use edge::rounds::Round;
use kernel::Error;
use registry::commands::{RETRIED_MAX, RetryNotices, TryNotice};
use registry::delivery::{Endpoint, Place};
use registry::notice_progress::NoticeState;
use registry::queries::{self, NoticeView};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

impl Session {
    pub(super) fn notices(&mut self, command: cli::Notices) -> Result<Answer, Error> {
        match command {
            cli::Notices::List { dead, limit } => {
                let states = [NoticeState::Waiting, NoticeState::Dead];
                let wanted = if dead { &states[1..] } else { &states[..] };
                self.list_notices(wanted, limit.into())
            }
            cli::Notices::Retry { notice, reason, .. } => {
                let env = self.env()?;
                let count = self.writer.execute(&RetryNotices { notice, why: reason }, &self.actor, &env)?;
                let more = if count == RETRIED_MAX { " There may be more: say it again." } else { "" };
                Ok(Answer::done(format!("To be sent again: {count}.{more}"), &json!({ "retried": count })))
            }
            cli::Notices::Send { ways } => {
                let transports = transports(*ways, &self.data)?;
                // Whoever may not read them may not send them either.
                self.list_notices(&[NoticeState::Dead], 1)?;
                let start = |means| Notices::start(means, transports);
                let Round { done: sent, failed, given_up: dead } =
                    self.once(start, async |notices| notices.round().await)?;
                let text = format!("Sent {sent}; not taken {failed}, to be tried again; given up {dead}.");
                Ok(Answer::done(text, &json!({ "sent": sent, "failed": failed, "dead": dead })))
            }
            cli::Notices::Try { to, language } => {
                let env = self.env()?;
                let medium = to.medium().name();
                self.writer.execute(&TryNotice { to, language }, &self.actor, &env)?;
                Ok(Answer::done("Recorded a notice that tells nothing.", &json!({ "medium": medium })))
            }
        }
    }

    fn list_notices(&mut self, states: &[NoticeState], limit: usize) -> Result<Answer, Error> {
        let actor = &self.actor;
        let mut all: Vec<NoticeView> = Vec::new();
        for state in states {
            let found =
                self.writer.read(|scope| queries::notices(scope, actor, *state, limit - all.len().min(limit)))?;
            all.extend(found);
        }
        let mut text: String = all.iter().map(listed).collect();
        if all.is_empty() {
            text.push_str("None.");
        }
        Ok(Answer::done(text, &json!({ "notices": all })))
    }
}

/// The ways out that were named. Folders lie outside the data folder.
pub(super) fn transports(ways: Ways, data: &Path) -> Result<Transports, Error> {
    let Ways { digital_post, sms, smtp, notices_ca, .. } = ways;
    let outside = |folder: &PathBuf| super::outside(data, folder);
    let place = |place: Place, identity: Option<(PathBuf, PathBuf)>| match place {
        Place::Folder(folder) => outside(&folder).map(|()| Place::Folder(folder)),
        Place::Server(Endpoint { url, .. }) => Ok(Place::Server(Endpoint { url, ca: notices_ca.clone(), identity })),
    };
    let identity = ways.digital_post_cert.zip(ways.digital_post_key);
    let digital_post = digital_post.map(|post| place(post, identity)).transpose()?;
    let sms = sms.map(|sms| place(sms, None)).transpose()?;
    let email = match smtp {
        Some(MailPlace::Folder(folder)) => outside(&folder).map(|()| Some(MailPlace::Folder(folder)))?,
        Some(MailPlace::Server(mut server)) => {
            (server.login, server.ca) = (ways.smtp_login, notices_ca.clone());
            Some(MailPlace::Server(server))
        }
        None => None,
    };
    Ok(Transports {
        digital_post: digital_post.zip(ways.sender_cvr).map(|(place, sender)| DigitalPost { place, sender }),
        sms: sms.map(|place| Sms { place, token: ways.sms_token }),
        email: email.zip(ways.mail_from).map(|(place, from)| Email { place, from }),
        stop_url: ways.stop_url,
    })
}

fn listed(view: &NoticeView) -> String {
    let NoticeView { notice, kind, medium, to, recorded, state, at, tries, .. } = view;
    let mut text =
        format!("{notice}: {kind} by {medium} to {to}, recorded {recorded}; {state} {at}, tried {tries} times\n");
    if let Some((moment, code)) = view.last_failure.as_ref().zip(view.last_code.as_ref()) {
        let status = view.last_status.map(|status| format!(" {status}")).unwrap_or_default();
        let _ = writeln!(text, "  last failure {moment}: {code}{status}");
    }
    text
}
