//! `anvis serve`, from its start to its end.

use crate::server::Server;
use crate::support::*;
use eid::certificate::Certificate;
use eid::jws;
use eid::key::{Algorithm, PrivateKey};
use kernel::Timestamp;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};

struct Serving {
    child: Child,
    /// What it said when it began to listen.
    said: Value,
}

impl Serving {
    fn start(world: &World, more: &str) -> Self {
        let addresses = "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0";
        let mut child = world.command(&format!("serve {addresses} {more}")).spawn().unwrap();
        let mut line = String::new();
        // The rest of what it says stays in the pipe: it says nothing more before its end.
        let mut byte = [0];
        let out = child.stdout.as_mut().unwrap();
        while out.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(char::from(byte[0]));
        }
        let said = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, said }
    }

    fn get(&self, which: &str, head: &str) -> String {
        let mut stream = TcpStream::connect(self.said[which].as_str().unwrap()).unwrap();
        stream
            .write_all(format!("{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, which: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([which, &id]).status().unwrap().success());
    }

    /// What happens that is no request, as it is logged. Whoever calls this reads the log, which is not in the answer then.
    fn events(&mut self) -> Receiver<String> {
        let log = BufReader::new(self.child.stderr.take().unwrap()).lines();
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for line in log.map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap();
                if let Some(event) = line["event"].as_str() {
                    // Whoever has heard enough does not listen any more.
                    let _ = tell.send(event.to_owned());
                }
            }
        });
        told
    }
}

/// A connection that is kept, over which a bank's system asks through a proxy.
struct Asking(BufReader<TcpStream>);

impl Asking {
    fn of(serving: &Serving) -> Self {
        Self(BufReader::new(TcpStream::connect(serving.said["listening"].as_str().unwrap()).unwrap()))
    }

    /// The status, and the code of a refusal.
    fn ask(&mut self, line: &str, token: &str, body: &str) -> (u16, String) {
        let certificate = CERTIFICATE.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let (length, from) = (body.len(), "x-forwarded-for: 192.0.2.1");
        let head = format!(
            "{line} HTTP/1.1\r\nhost: localhost\r\n{from}\r\nclient-cert: :{certificate}:\r\nauthorization: Bearer {token}\r\n\
             {kind}content-length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(head.as_bytes()).unwrap();
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            match line.trim_end().to_ascii_lowercase().split_once([':', ' ']) {
                Some(("http/1.1", rest)) => status = rest.get(..3).map(|status| status.parse().unwrap()),
                Some(("content-length", rest)) => length = rest.trim().parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        let json: Value = serde_json::from_slice(&body).unwrap();
        (status.unwrap(), json["code"].as_str().unwrap_or_default().to_owned())
    }

    fn feed(&mut self, token: &str) -> (u16, String) {
        self.ask("GET /v1/feed", token, "")
    }
}

const LOGIN: &str = "https://login.example";
/// Each is answered in a fraction of a millisecond at the least, and keys are looked at every second.
const TRIES_MAX: usize = 200_000;

/// A token of another issuer's, by this key of its.
fn token_of(key: &PrivateKey, jti: &str, party: &Value) -> String {
    let now = Timestamp::from(NOW.parse::<jiff::Timestamp>().unwrap()).micros() / 1_000_000;
    let mut claims = json!({
        "iss": LOGIN, "client_id": "system", "aud": "https://konto.example", "exp": now + 300, "jti": jti,
        "cnf": { "x5t#S256": Certificate::read(CERTIFICATE.as_bytes()).unwrap().thumbprint.to_string() },
    });
    claims.as_object_mut().unwrap().extend(party.as_object().unwrap().clone());
    jws::sign(key, "at+jwt", &claims)
}

#[test]
fn the_keys_of_another_issuer_are_read_again_when_it_is_told_to() {
    let world = World::settled();
    let [first, second] = [1, 2].map(|byte| PrivateKey::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap());
    let publish = |keys: &[&PrivateKey]| {
        let keys: Vec<Value> = keys.iter().map(|key| key.public().to_jwk()).collect();
        world.write("login.jwks", json!({ "keys": keys }).to_string());
    };
    publish(&[&first]);
    let trust = format!("--issuer https://konto.example --trust {LOGIN}=login.jwks");
    let proxy = "--trusted-proxy 127.0.0.1 --client-cert-header Client-Cert";
    let mut serving = Serving::start(&world, &format!("{trust} {proxy}"));
    let (events, mut asking) = (serving.events(), Asking::of(&serving));
    let read_again = |expected: &str| {
        serving.signal("-HUP");
        assert!(events.iter().any(|event| event == expected), "it has ended without having said {expected}");
    };
    let bank = json!({ "roles": ["bank"], "bank": "Nordbank", "scope": "feed" });
    let [by_first, by_second] = [&first, &second].map(|key| token_of(key, "1", &bank));
    let (good, bad) = ((200, String::new()), (401, "token.key".to_owned()));
    assert_eq!((asking.feed(&by_first), asking.feed(&by_second)), (good.clone(), bad.clone()));

    // A file alone changes nothing, and one that cannot be read takes nothing away.
    publish(&[&first, &second]);
    assert_eq!(asking.feed(&by_second), bad);
    read_again("issuers.read");
    assert_eq!((asking.feed(&by_first), asking.feed(&by_second)), (good.clone(), good.clone()));
    world.write("login.jwks", "{}");
    read_again("issuers.refused");
    assert_eq!((asking.feed(&by_first), asking.feed(&token_of(&second, "2", &bank))), (good.clone(), good.clone()));

    publish(&[&second]);
    read_again("issuers.read");
    assert_eq!(asking.feed(&token_of(&first, "2", &bank)), bad, "what was not seen before is not believed any more");
    // What was is forgotten within a second.
    assert!((0..TRIES_MAX).any(|_| asking.feed(&by_first) == bad), "the former key's token is believed for ever");
    assert_eq!((asking.feed(&by_first), asking.feed(&by_second)), (bad, good));

    // What it says of its clients, it says; who is a private payer is known here.
    let payer = |name: &str| json!({ "roles": ["public-payer"], "payer": name, "scope": "resolve" });
    let look_up = format!(r#"{{"purpose":"payment","payee":"cpr:{ALICE}"}}"#);
    for (name, expected) in [(PUBLIC, (200, "")), (PRIVATE, (403, "payer.other_kind")), ("X", (404, "payer.unknown"))] {
        let (status, code) = asking.ask("POST /v1/resolve", &token_of(&second, "3", &payer(name)), &look_up);
        assert_eq!((status, &*code), expected, "{name}");
    }
    serving.signal("-TERM");
    drop(asking);
    assert!(serving.child.wait().unwrap().success());
}

#[test]
fn citizens_come_from_where_they_log_in_and_in_a_synthetic_store_from_nowhere() {
    let world = World::settled();
    let [of_citizens, of_clients] = [1, 2].map(|byte| PrivateKey::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap());
    for (name, key) in [("citizens.jwks", &of_citizens), ("clients.jwks", &of_clients)] {
        world.write(name, json!({ "keys": [key.public().to_jwk()] }).to_string());
    }
    world.write("one.pem", CERTIFICATE);
    let trust = format!("--trust-citizens {LOGIN}=citizens.jwks --trust https://other.example=clients.jwks");
    let proxy = "--trusted-proxy 127.0.0.1 --client-cert-header Client-Cert";
    let serving = Serving::start(&world, &format!("--issuer https://konto.example {trust} {proxy}"));
    let mut asking = Asking::of(&serving);
    let now = Timestamp::from(NOW.parse::<jiff::Timestamp>().unwrap()).micros() / 1_000_000;
    let alice = json!({
        "roles": ["citizen"], "cpr": ALICE, "acr": "https://data.gov.dk/concept/core/nsis/loa/Substantial",
        "auth_time": now - 60, "authenticator": "app", "scope": "contacts",
    });
    let mut elsewhere = alice.clone();
    elsewhere["iss"] = json!("https://other.example");
    let bank = json!({ "roles": ["bank"], "bank": "Nordbank", "scope": "feed contacts" });
    let command = format!("citizen token cpr:{ALICE} --cert one.pem --issuer https://konto.example");
    let stand_in = world.run(&command).done()["access_token"].as_str().unwrap().to_owned();
    let own = format!(r#"{{"payee":"cpr:{ALICE}"}}"#);
    for (token, status, code) in [
        (token_of(&of_citizens, "1", &alice), 200, ""),
        (token_of(&of_citizens, "2", &bank), 401, "token.role"),
        (token_of(&of_clients, "3", &elsewhere), 401, "token.role"),
        (token_of(&of_clients, "4", &alice), 401, "token.key"),
        (stand_in, 200, ""),
    ] {
        assert_eq!(asking.ask("POST /v1/contacts/list", &token, &own), (status, code.to_owned()));
    }
    serving.signal("-TERM");
    assert_eq!(answer("serve", serving.child).done()["finished"], true);
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let world = World::settled();
    let serving = Serving::start(&world, "");
    // There is nothing to read again, and whoever is told so at once goes on.
    serving.signal("-HUP");
    assert_eq!(serving.said["scheme"], "http");
    assert!(serving.get("listening", "GET /health/ready").starts_with("HTTP/1.1 204"));
    assert!(serving.get("listening", "GET /openapi.json").contains("\"openapi\":\"3.1.0\""));
    let refused = serving.get("listening", "GET /v1/payouts");
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("token.missing"), "{refused}");
    assert!(
        serving
            .get("metrics", "GET /metrics")
            .contains("anvis_requests_total{route=\"health.ready\",status=\"2xx\"} 1")
    );
    serving.signal("-TERM");
    let ended = answer("serve", serving.child);
    assert_eq!(ended.done()["finished"], true);
    let mut events = BufReader::new(ended.stderr.as_bytes()).lines().map(|line| {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        line["event"].as_str().unwrap().to_owned()
    });
    assert!(events.any(|event| event == "stopped"), "{}", ended.stderr);
}

#[test]
fn what_payees_are_told_is_sent_while_it_serves() {
    let world = World::settled();
    world.run("notices try sms:+4512345678").done();
    let gateway = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/messages", gateway.local_addr().unwrap());
    let serving = Serving::start(&world, &format!("--sms {url} --stop-url https://anvis.example/stop"));
    let mut stream = gateway.accept().unwrap().0;
    let mut head = String::new();
    for line in BufReader::new(&stream).lines() {
        let line = line.unwrap();
        if line.is_empty() {
            break;
        }
        head += &(line + "\n");
    }
    assert!(head.starts_with("POST /messages HTTP/1.1\n") && head.contains("idempotency-key: "), "{head}");
    // What is being sent is finished, also when it is told to stop meanwhile.
    serving.signal("-TERM");
    stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").unwrap();
    assert_eq!(answer("serve", serving.child).done()["finished"], true);
    assert_eq!(world.run("notices list").done(), json!({ "notices": [] }));
}

#[test]
fn it_does_not_serve_where_others_could_listen_in() {
    let world = World::settled();
    world.run("serve --listen 0.0.0.0:0").refused("serve.plain_http");
    world.run("serve --listen 127.0.0.1:0 --metrics-listen 0.0.0.0:0").refused("serve.plain_http");
    for all in ["0.0.0.0:0", "[::]:0"] {
        world.run(&format!("serve --listen {all} --tls-cert store.key --tls-key store.key")).refused("serve.nameless");
    }
    world.run("serve --listen 127.0.0.1:0 --tls-cert store.key --tls-key store.key").refused("serve.certificate");
    for wrong in ["--tls-cert store.key", "--client-ca store.key", "--trusted-proxy host", "--listen nowhere"] {
        world.run(&format!("serve {wrong}")).failed(2, "usage");
    }
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn a_server_that_goes_and_comes_back_is_served_from_again() {
    require_postgres();
    let server = Server::start();
    let world = World::settled_at(server.url());
    let key = PrivateKey::from_bytes(Algorithm::EdDsa, &[1; 32]).unwrap();
    world.write("login.jwks", json!({ "keys": [key.public().to_jwk()] }).to_string());
    let trust = format!("--issuer https://konto.example --trust {LOGIN}=login.jwks");
    let serving =
        Serving::start(&world, &format!("{trust} --trusted-proxy 127.0.0.1 --client-cert-header Client-Cert"));
    let mut asking = Asking::of(&serving);
    let payer = json!({ "roles": ["public-payer"], "payer": PUBLIC, "scope": "resolve" });
    let token = token_of(&key, "1", &payer);
    let look_up = format!(r#"{{"purpose":"payment","payee":"cpr:{ALICE}"}}"#);
    // What reads only, and what is entered in the journal.
    let mut ask = || {
        let ready = serving.get("listening", "GET /health/ready");
        (ready[9..12].to_owned(), asking.ask("POST /v1/resolve", &token, &look_up))
    };
    let (well, gone) = (("204".to_owned(), (200, String::new())), (503, "store.unreachable".to_owned()));
    assert_eq!(ask(), well);
    server.stop("immediate");
    assert_eq!(ask(), ("503".to_owned(), gone));
    server.start_again();
    assert_eq!(ask(), well);
    serving.signal("-TERM");
    assert_eq!(answer("serve", serving.child).done()["finished"], true);
    world.verified();
}
