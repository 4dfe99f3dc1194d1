//! The demo that stays up: its clients with their keys and certificates, and the lines by which they are tried.

use super::certificates::{Authority, Issued};
use super::{agreement, order, written};
use crate::cli::{Common, Demo, Serve};
use crate::console::Answer;
use crate::run::{Places, serve};
use eid::certificate::Certificate;
use eid::client::{Party, Registration};
use eid::commands::{AddClient, RotateSigningKey};
use eid::key::{Algorithm, PrivateKey};
use eid::signing_key::Rotation;
use kernel::{Actor, Env, Error, StoreError, Timestamp, Writer, files};
use registry::commands::AddPayer;
use serde_json::{Value, json};
use sim::nation::{AccountKind, AccountState, Fate, Nation, PUBLIC_PAYER, PaymentOrder, Person};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const PAYER: &str = "payer";
const BANK: &str = "bank";
const REGISTER: &str = "register";
const AUTHORITY: &str = "authority";
/// Where an IBAN of the realm has the registration number.
const IBAN_REG: std::ops::Range<usize> = 4..8;
/// What the file has that is sent by one of the lines.
const PAYMENTS: u64 = 1_000;

/// What the demo's clients need.
pub struct Clients {
    /// Where their files are.
    folder: PathBuf,
    server: Issued,
    /// An account with this bank, and whose it is.
    payee: Person,
    iban: String,
    /// When the demo was made.
    now: Timestamp,
}

impl Clients {
    /// Makes keys and certificates in a folder, and registers the clients.
    pub fn register(writer: &mut Writer, nation: &Nation, folder: PathBuf, now: Timestamp) -> Result<Self, Error> {
        std::fs::create_dir_all(&folder).map_err(Error::io(format!("{} could not be made", folder.display())))?;
        let authority = Authority::new(&folder, now)?;
        let server = authority.issue_to_server(&["localhost", "127.0.0.1"])?;
        let (payee, iban, bank) = somebody(nation)?;
        // What the payer sends from now on is for the bank to fetch.
        let env = Env::sample(now, &mut writer.secrets)?;
        let agreement = agreement(Some(bank.clone()))?;
        writer.execute(&AddPayer { agreement }, &Actor::console(), &env)?;
        let parties = [
            (PAYER, Party::PublicPayer(PUBLIC_PAYER.to_owned())),
            (BANK, Party::Bank(bank)),
            (REGISTER, Party::RegisterFeed("population".to_owned())),
            (AUTHORITY, Party::Authority),
        ];
        for (name, party) in parties {
            let issued = authority.issue_to_client(name)?;
            let key = PrivateKey::generate(Algorithm::EdDsa, &mut writer.secrets)?;
            files::write_private(&folder.join(format!("{name}.jwk")), key.to_jwk().as_bytes())?;
            let read = std::fs::read(&issued.certificate);
            let certificate = read.map_err(Error::io(format!("{} could not be read", issued.certificate.display())))?;
            let registration = Registration {
                name: name.to_owned(),
                party,
                keys: vec![key.public().clone()],
                certificates: vec![Certificate::read(&certificate)?],
            };
            let env = Env::sample(now, &mut writer.secrets)?;
            writer.execute(&AddClient { registration }, &Actor::console(), &env)?;
            write_options(&folder, name, &authority.certificate(), &issued)?;
        }
        let env = Env::sample(now, &mut writer.secrets)?;
        let first_key = RotateSigningKey::new(Rotation::First, &mut writer.secrets)?;
        writer.execute(&first_key, &Actor::console(), &env)?;
        Ok(Self { folder, server, payee, iban, now })
    }

    /// Writes a payment file that was not sent yet.
    pub fn write_payments(&self, demo: &Demo, nation: &Nation, now: Timestamp) -> Result<(), Error> {
        let order = PaymentOrder {
            payments: PAYMENTS,
            message_id: format!("DEMO-HTTP-{}", now.micros()),
            faults: false,
            ..order(demo, now)?
        };
        written(&self.payments(), |out| nation.write_payments(&order, out)).map(drop)
    }

    fn payments(&self) -> PathBuf {
        self.folder.join("payments.pain.001.xml")
    }

    /// Serves until it is told to stop, once the lines are printed.
    pub fn serve(&self, places: &Places, common: Common, demo: &Demo) -> Result<Answer, Error> {
        let wants_json = common.json;
        let store = store_options(places, common.now);
        let common = Common { data: Some(places.data.clone()), master_key: Some(places.key.clone()), ..common };
        let options = Serve {
            tls_cert: Some(self.server.certificate.clone()),
            tls_key: Some(self.server.key.clone()),
            client_ca: Some(self.folder.join("ca.pem")),
            issuer: Some(issuer(demo.listen)),
            ..Serve::at(demo.listen, demo.metrics_listen)
        };
        serve::until_stopped(common, options, |server| {
            self.tell(server.address()?, &issuer(demo.listen), &store, wants_json)
        })
    }

    fn tell(&self, address: SocketAddr, issuer: &str, store: &str, wants_json: bool) -> Result<(), Error> {
        let lines = self.lines(&format!("https://localhost:{}", address.port()), issuer, store)?;
        let text = if wants_json {
            let lines: Vec<Value> =
                lines.iter().map(|line| json!({ "does": line.does, "command": line.command })).collect();
            json!({ "listening": address, "scheme": "https", "clients": self.folder, "lines": lines }).to_string()
        } else {
            let mut text = format!("\nListening on https://{address}, until Ctrl-C. In another terminal:\n");
            for Line { does, command } in &lines {
                // Writing to a string cannot fail.
                let _ = write!(text, "\n# {does}\n{command}\n");
            }
            text
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(Error::io("nobody hears where it listens"))
    }

    /// In the order in which they can be given.
    fn lines(&self, url: &str, issuer: &str, store: &str) -> Result<Vec<Line>, Error> {
        let anvis = std::env::current_exe().map_err(Error::io("the program does not know where it is"))?;
        let (anvis, folder) = (quoted(&anvis), quoted(&self.folder));
        let curl = |client: &str, rest: &str| format!("curl -sSK {folder}/{client}.curl {rest}");
        let mut lines = Vec::new();
        let mut line = |does: &str, command: String| lines.push(Line { does: does.to_owned(), command });
        for client in [PAYER, BANK, REGISTER, AUTHORITY] {
            let assert = format!("{anvis} client assert {client} --key {folder}/{client}.jwk --issuer {issuer}");
            let asked = curl(client, &format!("{url}/oauth/token -d \"$({assert})\""));
            let take = r#"sed -E 's/.*"access_token":"([^"]+)".*/oauth2-bearer = "\1"/'"#;
            line(
                &format!("A token for the {client}'s system; it holds for five minutes."),
                format!("{asked} | {take} > {folder}/{client}.token"),
            );
        }
        let with_token = |client: &str, rest: &str| curl(client, &format!("-K {folder}/{client}.token {rest}"));
        let post = |client: &str, path: &str, body: &Value| with_token(client, &format!("{url}{path} --json '{body}'"));
        let cpr = format!("cpr:{}", self.payee.cpr.digits());
        line(
            "The account in force for one payee. The look-up is recorded.",
            post(AUTHORITY, "/v1/resolve", &json!({ "payee": cpr, "purpose": "law" })),
        );
        line(
            "Whether an account is a payee's.",
            post(BANK, "/v1/verify", &json!({ "payee": cpr, "account": self.iban, "purpose": "payment" })),
        );
        let file = quoted(&self.payments());
        let xml = format!("-H 'content-type: application/xml' --data-binary @{file}");
        line("A payment file comes in, and becomes a batch.", with_token(PAYER, &format!("{url}/v1/payouts {xml}")));
        line("What became of the payer's files.", with_token(PAYER, &format!("{url}/v1/payouts")));
        line(
            "The completed files that the payer's bank can fetch.",
            with_token(BANK, &format!("{url}/v1/payouts/files")),
        );
        let frozen = |action: &str| {
            let change = json!({
                "action": action, "payee": cpr, "account": self.iban, "reason": "fraud", "consent": "not_needed",
            });
            post(BANK, "/v1/accounts", &json!({ "changes": [change] }))
        };
        line("The bank freezes its customer's account: payouts to it wait or go back.", frozen("freeze"));
        line("And lets payouts go to it again.", frozen("unfreeze"));
        line("What the bank is told of its customers' accounts.", with_token(BANK, &format!("{url}/v1/feed?limit=3")));
        let moved =
            json!({ "kind": "move", "address": "Nygade 1", "postcode": "8000", "city": "Aarhus C", "country": "DK" });
        let event = json!({ "cpr": self.payee.cpr.digits(), "at": self.now.to_string(), "event": moved });
        line(
            "The population register tells that somebody moved.",
            post(REGISTER, "/v1/register/people", &json!({ "events": [event] })),
        );
        let citizen = |path: &str, body: &Value| {
            curl(AUTHORITY, &format!("-K {folder}/citizen.token {url}{path} --json '{body}'"))
        };
        let login = format!("{anvis} citizen token {cpr} --cert {folder}/{AUTHORITY}.pem --issuer {issuer} {store}");
        line(
            "A token for the payee, as if they had logged in just now; it holds for five minutes.",
            format!("{login} | sed 's/.*/oauth2-bearer = \"&\"/' > {folder}/citizen.token"),
        );
        let account = format!("{}-7", &self.iban[IBAN_REG]);
        let own = json!({ "payee": cpr, "account": account, "expects": self.iban, "holder": "own" });
        line("The payee proposes another account: it waits for their signature.", citizen("/v1/designations", &own));
        line("What waits that is about the payee.", citizen("/v1/designations/own", &json!({ "payee": cpr })));
        line(
            "The payee forbids that anybody changes their account.",
            citizen("/v1/locks/set", &json!({ "payee": cpr })),
        );
        Ok(lines)
    }
}

/// How the program is told which store it is, and at which moment.
fn store_options(places: &Places, now: Option<Timestamp>) -> String {
    let key = quoted(&places.key);
    // A database's URL can have a password in it, so that it is left to ANVIS_STORE.
    let store = places.store.folder().map(|folder| format!("--data {} ", quoted(folder))).unwrap_or_default();
    let now = now.map(|now| format!(" --now {now}")).unwrap_or_default();
    format!("{store}--master-key {key}{now}")
}

/// How its clients know the service. A port that is not chosen yet cannot be part of that.
fn issuer(listen: SocketAddr) -> String {
    match listen.port() {
        0 => "https://localhost".to_owned(),
        port => format!("https://localhost:{port}"),
    }
}

/// One thing to try.
struct Line {
    does: String,
    command: String,
}

/// As a shell reads it as one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What `curl` needs for a client's connections, as a file of its options.
fn write_options(folder: &Path, name: &str, authority: &Path, issued: &Issued) -> Result<(), Error> {
    let (ca, certificate, key) = (authority.display(), issued.certificate.display(), issued.key.display());
    let options = format!("cacert = \"{ca}\"\ncert = \"{certificate}\"\nkey = \"{key}\"\n");
    let path = folder.join(format!("{name}.curl"));
    std::fs::write(&path, options).map_err(Error::io(format!("{} could not be written", path.display())))
}

/// Somebody with an account in Denmark that is in force: who, the IBAN, and the bank's name.
fn somebody(nation: &Nation) -> Result<(Person, String, String), Error> {
    let people = (0..nation.plan().people).map(|index| nation.person(index));
    let found = people.filter(|person| person.fate == Fate::Active).find_map(|person| match person.account {
        AccountKind::Domestic { account, state: AccountState::InForce, .. } => Some((person, account)),
        _ => None,
    });
    let (person, account) =
        found.ok_or_else(|| StoreError::plain("a nation to be served needs somebody with an account"))?;
    let bank = nation.bank_of(&account);
    Ok((person, account.iban(bank.country).as_str().to_owned(), bank.name.to_owned()))
}
