//! The service is killed while a payment file comes in, or is released.

use super::{batch, payments, told};
use crate::count;
use crate::support::*;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Child;

const ISSUER: &str = "https://konto.example";

/// The service, until it is dropped.
struct Serving {
    child: Child,
    /// Where it listens, if it has lived so long.
    address: Option<String>,
    headers: String,
}

impl Serving {
    /// It is killed at a point, or never.
    fn start(world: &World, headers: &str, point: Option<u32>) -> Self {
        let mut command = world.command(&format!(
            "serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 --issuer {ISSUER} --trusted-proxy 127.0.0.1 \
             --client-cert-header client-cert"
        ));
        if let Some(point) = point {
            command.env("ANVIS_KILL_AT", point.to_string());
        }
        let mut child = command.spawn().unwrap();
        let (mut line, mut byte) = (String::new(), [0]);
        let out = child.stdout.as_mut().unwrap();
        while out.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.push(char::from(byte[0]));
        }
        let said: Option<Value> = serde_json::from_str(&line).ok();
        let address = said.map(|said| said["listening"].as_str().unwrap().to_owned());
        Self { child, address, headers: headers.to_owned() }
    }

    /// The answer, if there is one.
    fn post(&self, path: &str, headers: &str, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(self.address.as_ref()?).ok()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{}{headers}content-length: {}\r\n\r\n",
            self.headers,
            body.len()
        );
        // Whoever is killed does not listen.
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().unwrap();
        let is_done = head.starts_with("HTTP/1.1 201") || head.starts_with("HTTP/1.1 200");
        assert!(is_done, "{answer}");
        (body.len() == length).then(|| serde_json::from_str(body).unwrap())
    }

    fn upload(&self, query: &str, xml: &str) -> Option<Value> {
        self.post(&format!("/v1/payouts{query}"), "content-type: application/xml\r\nidempotency-key: one\r\n", xml)
    }

    fn release(&self, batch: &str) -> Option<Value> {
        self.post(&format!("/v1/payouts/{batch}/release"), "if-match: *\r\nidempotency-key: two\r\n", "")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A world with a payer's system, and what that sends with each request.
fn with_client() -> (World, String) {
    let world = World::settled();
    world.add_client("one", &format!("public-payer --payer {HOLDER}"), CERTIFICATE);
    world.run("client rotate-key").done();
    let token = world.run(&format!("client token one --key one.jwk --cert one.pem --issuer {ISSUER}")).done();
    let certificate: String = CERTIFICATE.lines().filter(|line| !line.starts_with("-----")).collect();
    let token = token["access_token"].as_str().unwrap();
    (world, format!("authorization: Bearer {token}\r\nclient-cert: :{certificate}:\r\n"))
}

/// Asks a service again and again, each time one that stands before a fresh copy of `world` and is killed one point later, until
/// it answers. After each kill it is asked again, and `check` sees the copy.
fn at_every_point(
    (world, headers): &(World, String),
    points_min: u32,
    ask: impl Fn(&Serving) -> Option<Value>,
    mut check: impl FnMut(&World, &Value, u32),
) {
    for point in 1.. {
        let copy = world.copy();
        let answer = ask(&Serving::start(&copy, headers, Some(point)));
        if let Some(answer) = answer {
            assert!(point > points_min, "only {} points", point - 1);
            check(&copy, &answer, point);
            println!("{} points", point - 1);
            return;
        }
        copy.verified();
        let again = ask(&Serving::start(&copy, headers, None)).unwrap();
        check(&copy, &again, point);
    }
}

#[test]
fn upload() {
    let world = with_client();
    let xml = payments("UPLOAD");
    let never_killed = world.0.copy();
    Serving::start(&never_killed, &world.1, None).upload("", &xml).unwrap();
    let expected = told(&never_killed);
    let later = "payout route next.xml --out out --now 2026-11-23T12:00:00Z";
    at_every_point(
        &world,
        30,
        |serving| serving.upload("", &xml),
        |killed, answer, point| {
            assert_eq!(answer["batch"], batch(killed)["batch"], "point {point}");
            assert_eq!(told(killed), expected, "point {point}");
            // What the killed process had staged is swept, in time, and nothing else is.
            killed.write("next.xml", payments("NAESTE"));
            killed.run(&format!("{later} --payer {PUBLIC}")).done();
            assert_eq!(count(killed, "SELECT COUNT(*) FROM staging"), 0, "point {point}");
            assert_eq!(count(killed, "SELECT COUNT(*) FROM payment"), 2 * 36, "point {point}");
            let nobodys = "SELECT COUNT(*) FROM kept_input WHERE batch NOT IN (SELECT id FROM batch)";
            assert_eq!(count(killed, nobodys), 0, "point {point}");
            killed.verified();
        },
    );
}

#[test]
fn release_over_http() {
    let (world, headers) = with_client();
    let uploaded = Serving::start(&world, &headers, None).upload("?hold=true", &payments("HOLDT")).unwrap();
    let name = uploaded["batch"].as_str().unwrap().to_owned();
    let never_killed = world.copy();
    Serving::start(&never_killed, &headers, None).release(&name).unwrap();
    let expected = told(&never_killed);
    at_every_point(
        &(world, headers),
        4,
        |serving| serving.release(&name),
        |killed, answer, point| {
            assert_eq!((&answer["stages"], &answer["held"]), (&Value::from(1), &Value::from(2)), "point {point}");
            assert_eq!(told(killed), expected, "point {point}");
            killed.verified();
        },
    );
}
