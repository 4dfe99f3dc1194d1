//! `anvis serve`, from its start to its end.

use crate::support::{World, answer};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};

struct Serving {
    child: Child,
    /// What it said when it began to listen.
    said: Value,
}

impl Serving {
    fn start(world: &World) -> Self {
        let mut child = world.command("serve --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0").spawn().unwrap();
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
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let world = World::settled();
    let serving = Serving::start(&world);
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
    let id = serving.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().is_ok(), "there is nothing to read again");
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = answer("serve", serving.child);
    assert_eq!(ended.done()["finished"], true);
    let mut events = BufReader::new(ended.stderr.as_bytes()).lines().map(|line| {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        line["event"].as_str().unwrap().to_owned()
    });
    assert!(events.any(|event| event == "stopped"), "{}", ended.stderr);
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
