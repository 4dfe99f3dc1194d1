//! Notices as e-mail: written by the library, and handed to a server that sends them on.

use kernel::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, AsyncSmtpTransportBuilder, Error};
use lettre::{Address, AsyncTransport, Tokio1Executor};
use registry::contact::EmailAddress;
use registry::notice_text::Text;
use registry::progress::Failure;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

/// Whom e-mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFrom(Address);

impl MailFrom {
    /// Reads an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

/// A server that takes e-mails and sends them on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    host: String,
    port: u16,
    encryption: Encryption,
    /// A file with the name and the password that it wants, on a line each.
    pub login: Option<PathBuf>,
    /// A file of who issued its certificate (PEM); else those whom the operating system trusts.
    pub ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// None: to this machine alone.
    Plain,
    /// It is begun before anything is told.
    StartTls,
    /// From the first byte.
    Tls,
}

impl MailServer {
    /// Reads `smtps://HOST[:PORT]`, or `smtp://HOST[:PORT]`: encrypted all the same, but on this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_name) {
            return None;
        }
        let is_local = ["localhost", "127.0.0.1"].contains(&host);
        let (encryption, usual) = match scheme {
            "smtps" => (Encryption::Tls, 465),
            "smtp" if is_local => (Encryption::Plain, 25),
            "smtp" => (Encryption::StartTls, 587),
            _ => return None,
        };
        let port = match port {
            None => usual,
            Some(port) => port.parse().ok().filter(|port| *port != 0)?,
        };
        Some(Self { host: host.to_owned(), port, encryption, login: None, ca: None })
    }

    /// Sends one e-mail; well if the server has taken it. `patience` is for all of it.
    pub(super) async fn send(&self, message: Message, from: &MailFrom, patience: Duration) -> Result<(), Failure> {
        let server = self.configure(from)?.timeout(Some(patience)).build::<Tokio1Executor>();
        let sent = timeout(patience, server.send(message)).await.map_err(|_| Failure::Timeout)?;
        sent.map(|_| ()).map_err(|error| failure(&error))
    }

    fn configure(&self, MailFrom(from): &MailFrom) -> Result<AsyncSmtpTransportBuilder, Failure> {
        let tls = match self.encryption {
            Encryption::Plain => Tls::None,
            Encryption::StartTls => Tls::Required(self.encryption()?),
            Encryption::Tls => Tls::Wrapper(self.encryption()?),
        };
        let hello = ClientId::Domain(from.domain().to_owned());
        let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host);
        let server = server.port(self.port).tls(tls).hello_name(hello);
        Ok(match &self.login {
            None => server,
            Some(file) => server.credentials(login(file).ok_or(Failure::Certificate)?),
        })
    }

    fn encryption(&self) -> Result<TlsParameters, Failure> {
        let builder = TlsParameters::builder(self.host.clone());
        let builder = match &self.ca {
            None => builder,
            Some(file) => {
                let read = std::fs::read(file).ok().and_then(|pem| Certificate::from_pem(&pem).ok());
                let builder = builder.certificate_store(CertificateStore::None);
                builder.add_root_certificate(read.ok_or(Failure::Certificate)?)
            }
        };
        builder.build().map_err(|_| Failure::Certificate)
    }
}

fn login(file: &Path) -> Option<Credentials> {
    let text = std::fs::read_to_string(file).ok()?;
    let (name, password) = text.trim_end().split_once('\n')?;
    Some(Credentials::new(name.trim_end().to_owned(), password.to_owned()))
}

fn failure(error: &Error) -> Failure {
    match error.status() {
        Some(code) => Failure::Answer(code.into()),
        None if error.is_timeout() => Failure::Timeout,
        None if is_about_encryption(error) => Failure::Encryption,
        // What it wanted was not what is spoken there.
        None if error.is_response() || error.is_client() => Failure::CutOff,
        None => Failure::Unreachable,
    }
}

/// A handshake that failed comes out as one of the connection.
fn is_about_encryption(error: &Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let is_handshake = |cause: &std::io::Error| cause.get_ref().is_some_and(|cause| cause.is::<rustls::Error>());
    error.is_tls() || causes.any(|cause| cause.downcast_ref().is_some_and(is_handshake))
}

/// Writes an e-mail; none if the library does not know the address as one. The same notice has the same `Message-ID`.
pub(super) fn write(
    reference: &str,
    (MailFrom(from), name): (&MailFrom, &str),
    to: &EmailAddress,
    created: Timestamp,
    text: &Text,
) -> Option<Message> {
    let created = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(created.micros()).ok()?);
    Message::builder()
        .message_id(Some(format!("<{reference}@{}>", from.domain())))
        .date(created)
        .from(Mailbox::new(Some(name.to_owned()), from.clone()))
        .to(Mailbox::new(None, to.reveal().parse().ok()?))
        .subject(text.subject.clone().unwrap_or_default())
        // No answer of a machine to a machine (RFC 3834).
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(text.body.clone())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        let check = |text: &str, expected: Option<(&str, u16, Encryption)>| {
            let server = MailServer::parse(text);
            let found = server.as_ref().map(|server| (server.host.as_str(), server.port, server.encryption));
            assert_eq!(found, expected, "{text}");
        };
        check("smtp://localhost", Some(("localhost", 25, Encryption::Plain)));
        check("smtp://127.0.0.1:2525", Some(("127.0.0.1", 2525, Encryption::Plain)));
        check("smtp://mail.example", Some(("mail.example", 587, Encryption::StartTls)));
        check("smtps://mail.example", Some(("mail.example", 465, Encryption::Tls)));
        check("smtps://mail.example:1", Some(("mail.example", 1, Encryption::Tls)));
        for wrong in ["", "mail.example", "smtp://", "smtp://a:0", "smtp://a:b", "smtp://u@a", "smtp://a/b", "http://a"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn an_email_is_the_same_each_time_and_says_who_wrote_it() {
        let from = MailFrom::parse("no-reply@anvis.example").unwrap();
        let to = EmailAddress::parse("anna@mail.example").unwrap();
        let text =
            Text { subject: Some("Din konto er ændret".to_owned()), body: "Kære æøå\n\n.\nSlut\n".to_owned() };
        let moment = Timestamp::parse("2026-11-23T09:00:00Z").unwrap();
        let written = || write("0f8f", (&from, "Anvis"), &to, moment, &text).unwrap().formatted();
        assert_eq!(written(), written());
        let written = String::from_utf8(written()).unwrap();
        for line in [
            "Message-ID: <0f8f@anvis.example>",
            "Date: Mon, 23 Nov 2026 09:00:00 +0000",
            "From: Anvis <no-reply@anvis.example>",
            "To: anna@mail.example",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
        ] {
            assert!(written.split("\r\n").any(|found| found == line), "{line} is not in\n{written}");
        }
        assert!(written.is_ascii(), "{written}");
        assert!(MailFrom::parse("nobody").is_none());
    }
}
