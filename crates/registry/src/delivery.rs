//! Deliveries: what is given to other organisations' systems without their asking for it, and where; and where they are asked. Pure.

use kernel::{Blind, Domain, Id, Refuse, Vault};
use serde_json::{Value, json};
use std::fmt;
use std::path::PathBuf;

const NAME_CHARS_MAX: usize = 64;
const URL_CHARS_MAX: usize = 500;

/// A version of a delivery.
pub enum DeliveryVersion {}

/// A delivery as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which: the same for all versions.
    pub id: Id<Self>,
    /// The version.
    pub version: Id<DeliveryVersion>,
    /// Whether it was ended.
    pub is_ended: bool,
    /// What is registered.
    pub terms: Terms,
}

/// What is given to whom, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What the operator calls it; it stands in names of files and in headers.
    pub name: String,
    /// What is given.
    pub what: What,
    /// The bank, as the bank directory names it.
    pub whose: String,
    /// Where.
    pub place: Place,
}

/// What can be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A bank's messages.
    Messages,
    /// Completed payment files.
    Files,
    /// Questions whose an account is, which it answers at once.
    Ownership,
    /// What becomes of the accounts that a client follows.
    Subscriptions,
}

/// Where it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a folder, whose reader takes the files away.
    Folder(PathBuf),
    /// To a server, by POST.
    Server(Endpoint),
}

/// A server that takes what it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where it is.
    pub url: Url,
    /// A file of who issued its certificate (PEM); else those whom the operating system trusts.
    pub ca: Option<PathBuf>,
    /// Files of the certificate that is shown to it, and its key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// An address to which something can be sent: encrypted, unless it is this machine's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    text: String,
    is_encrypted: bool,
    host: String,
    port: u16,
    path_at: usize,
}

/// Why a delivery was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryRefusal {
    /// The name is empty, too long, or has characters that no name needs.
    Name,
    /// The bank directory has no bank of that name.
    BankUnknown,
    /// The name is another bank's, or that of something else that is given.
    NameTaken,
    /// No delivery is registered under that name.
    Unknown,
    /// It was ended.
    Ended,
    /// It is not an address to which something can be sent.
    Url,
    /// Questions go to a server: no folder answers.
    Place,
    /// What is given to banks is to be given to a client, or the other way round.
    Whose,
    /// That bank is asked at another place already.
    BankTaken,
}

impl Refuse for DeliveryRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "delivery.name",
            Self::BankUnknown => "delivery.bank_unknown",
            Self::NameTaken => "delivery.name_taken",
            Self::Unknown => "delivery.unknown",
            Self::Ended => "delivery.ended",
            Self::Url => "delivery.url",
            Self::Place => "delivery.place",
            Self::Whose => "delivery.whose",
            Self::BankTaken => "delivery.bank_taken",
        }
    }
}

impl fmt::Display for DeliveryRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a delivery's name has 1 to 64 of the letters a to z, digits, dots, hyphens and underscores",
            Self::BankUnknown => "the bank directory has no bank of that name",
            Self::NameTaken => {
                "that name stands for another bank, or for something else that is delivered; these never change"
            }
            Self::Unknown => "no delivery is registered under that name",
            Self::Ended => "that delivery was ended; take another name",
            Self::Url => {
                "an address is https:// with a host and a path, without user, query or fragment; http:// only for \
                 localhost, 127.0.0.1 and [::1]"
            }
            Self::Place => "questions go to a server: a folder does not answer",
            Self::Whose => "subscriptions are a client's, and all else that is delivered a bank's",
            Self::BankTaken => "that bank is asked at another place already: change that one, or end it",
        })
    }
}

impl What {
    /// All.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Files, Self::Ownership, Self::Subscriptions];

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Files => "files",
            Self::Ownership => "ownership",
            Self::Subscriptions => "subscriptions",
        }
    }

    /// Whether it is for a client rather than a bank.
    #[must_use]
    pub const fn is_clients(self) -> bool {
        matches!(self, Self::Subscriptions)
    }

    /// What people write as `name`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Server(Endpoint { url, .. }) => f.write_str(url.as_str()),
        }
    }
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// [`DeliveryRefusal::Url`].
    pub fn parse(text: &str) -> Result<Self, DeliveryRefusal> {
        Self::read(text).ok_or(DeliveryRefusal::Url)
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_encrypted = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = rest.split('/').next()?;
        let (host, port) = match authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            None => (authority, if is_encrypted { 443 } else { 80 }),
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()?),
            Some(_) => return None,
        };
        let is_number = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_host = match is_number {
            Some(number) => number.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                let lawful = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
                !host.is_empty() && host.bytes().all(lawful)
            }
        };
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let path = &rest[authority.len()..];
        let is_path = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:@".contains(&byte));
        let is_lawful = text.len() <= URL_CHARS_MAX && is_host && is_path && port != 0 && (is_encrypted || is_local);
        is_lawful.then(|| Self {
            text: text.to_owned(),
            is_encrypted,
            host: is_number.unwrap_or(host).to_owned(),
            port,
            path_at: text.len() - path.len(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it wants encryption.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The host's name or number.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host's port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Host and port as they are written.
    #[must_use]
    pub fn authority(&self) -> &str {
        let begin = if self.is_encrypted { "https://" } else { "http://" }.len();
        &self.text[begin..self.path_at]
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        match &self.text[self.path_at..] {
            "" => "/",
            path => path,
        }
    }
}

impl Terms {
    /// The blind index of a delivery's name.
    #[must_use]
    pub fn name_key(vault: &Vault, name: &str) -> Blind {
        vault.blind(Domain("delivery.name"), name)
    }

    /// Whether the name can be one, and the place is one for what is given.
    ///
    /// # Errors
    /// [`DeliveryRefusal::Name`], [`DeliveryRefusal::Place`].
    pub fn check(&self) -> Result<(), DeliveryRefusal> {
        if self.what == What::Ownership && matches!(self.place, Place::Folder(_)) {
            return Err(DeliveryRefusal::Place);
        }
        let lawful = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let is_name = (1..=NAME_CHARS_MAX).contains(&self.name.len()) && self.name.chars().all(lawful);
        // A file whose name begins so is hidden, or means another folder.
        if is_name && !self.name.starts_with('.') { Ok(()) } else { Err(DeliveryRefusal::Name) }
    }

    /// As it is sealed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let place = match &self.place {
            Place::Folder(folder) => json!({ "folder": folder }),
            Place::Server(Endpoint { url, ca, identity }) => {
                json!({ "url": url.as_str(), "ca": ca, "identity": identity })
            }
        };
        json!({ "name": self.name, "what": self.what.name(), "whose": self.whose, "place": place }).to_string()
    }

    /// Reads what [`Terms::to_text`] wrote.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let place = &value["place"];
        let place = match place["folder"].as_str() {
            Some(folder) => Place::Folder(folder.into()),
            None => Place::Server(Endpoint {
                url: Url::read(place["url"].as_str()?)?,
                ca: serde_json::from_value(place["ca"].clone()).ok()?,
                identity: serde_json::from_value(place["identity"].clone()).ok()?,
            }),
        };
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            what: What::parse(value["what"].as_str()?)?,
            whose: value["whose"].as_str()?.to_owned(),
            place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expected: Option<(&str, u16, &str, &str)>| {
            let url = Url::parse(text);
            let found = url.as_ref().ok().map(|url| (url.host(), url.port(), url.authority(), url.path()));
            assert_eq!(found, expected, "{text}");
            assert!(url.is_err() || url.is_ok_and(|url| url.as_str() == text), "{text}");
        };
        check("https://bank.example/feed", Some(("bank.example", 443, "bank.example", "/feed")));
        check("https://bank.example", Some(("bank.example", 443, "bank.example", "/")));
        check("https://bank.example:8443/a/b", Some(("bank.example", 8443, "bank.example:8443", "/a/b")));
        check("https://[2001:db8::1]/a", Some(("2001:db8::1", 443, "[2001:db8::1]", "/a")));
        check("https://[2001:db8::1]:44/", Some(("2001:db8::1", 44, "[2001:db8::1]:44", "/")));
        check("http://localhost:8080/a", Some(("localhost", 8080, "localhost:8080", "/a")));
        check("http://127.0.0.1/a", Some(("127.0.0.1", 80, "127.0.0.1", "/a")));
        check("http://[::1]:1/a", Some(("::1", 1, "[::1]:1", "/a")));
        for wrong in [
            "http://bank.example/feed",
            "http://localhost.example/",
            "http://127.0.0.2/",
            "http://169.254.169.254/latest",
            "https://user@bank.example/",
            "https://user:pass@bank.example/",
            "https://bank.example/?a=b",
            "https://bank.example/#a",
            "https://bank.example?a",
            "https://bank.example/a b",
            "https://bank.example/\r\nHost: x",
            "https://bank.example:0/",
            "https://bank.example:65536/",
            "https://bank.example:+1/",
            "https://bank.example:/",
            "https://Bank.example/",
            "https://[::1/",
            "https://[bank]/",
            "https:///a",
            "https://",
            "ftp://bank.example/",
            "file:///etc/passwd",
            "bank.example",
            "",
        ] {
            check(wrong, None);
        }
        check(&format!("https://bank.example/{}", "a".repeat(500)), None);
    }

    #[test]
    fn terms_survive_the_store() {
        let server = |ca: Option<&str>, identity: Option<(&str, &str)>| {
            let url = Url::parse("https://bank.example/feed").unwrap();
            let identity = identity.map(|(certificate, key)| (certificate.into(), key.into()));
            Place::Server(Endpoint { url, ca: ca.map(Into::into), identity })
        };
        for what in What::ALL {
            for place in [
                Place::Folder("/a/b \"c\"".into()),
                server(None, None),
                server(Some("/ca.pem"), None),
                server(Some("/ca.pem"), Some(("/own.pem", "/own.key"))),
            ] {
                let terms = Terms { name: "north".to_owned(), what, whose: "Nørre Bank".to_owned(), place };
                assert_eq!(Terms::from_text(&terms.to_text()), Some(terms));
            }
        }
        assert_eq!(Terms::from_text("{}"), None);
    }

    #[test]
    fn names() {
        let place = || Place::Folder("/a".into());
        let check = |name: &str, is_one: bool| {
            let terms = Terms { name: name.to_owned(), what: What::Files, whose: "North".to_owned(), place: place() };
            assert_eq!(terms.check().is_ok(), is_one, "{name}");
        };
        check("north-messages_2.b", true);
        check(&"n".repeat(64), true);
        check(&"n".repeat(65), false);
        for name in ["", ".", "..", ".north", "north/south", "north south", "nørre", "a\n"] {
            check(name, false);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_stops_the_reader(text: String) {
            let _ = (Url::parse(&text), Terms::from_text(&text));
        }
    }
}
