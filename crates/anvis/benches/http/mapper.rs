//! Messages of the G2P Connect mapper that ask for 1,000 accounts each, signed by their clients, answered and signed.

use crate::load::{Client, Figures, Load};
use crate::world::World;
use bytes::Bytes;
use eid::jws;
use eid::key::PrivateKey;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The goals: so many ids a second in all, and this long for 99 of 100 messages.
const IDS_GOAL: f64 = 150_000.0;
const P99_GOAL: Duration = Duration::from_millis(50);
const IDS: usize = 1_000;
/// As many clients as messages under way. What each may ask for one purpose in a day is nearly used up.
pub const CLIENTS: usize = 4;
const MESSAGES: usize = 95;
const PURPOSES: [&str; 2] = ["recovery", "fraud_prevention"];
/// Longer than they can last.
const LASTS: Duration = Duration::from_secs(120);

/// Messages of these clients, which have these names.
pub fn measure(world: &World, address: SocketAddr, names: &[String], clients: &[Client], people: &[(String, String)]) {
    let sent: Vec<Vec<Bytes>> = names.iter().map(|name| messages(world, name, people)).collect();
    let ids = (sent.iter().flatten().count() * IDS) as f64;
    let ask = {
        let sent = Arc::new(sent);
        move |client: &Client, number: u64| {
            let (at, number) = (number as usize % CLIENTS, number as usize / CLIENTS);
            sent[at].get(number).map(|message| client.post("/mapper/resolve", message.clone()))
        }
    };
    let load = Load { address, clients, connections: CLIENTS, ask: Arc::new(ask) };
    let Figures { rate, p50, p99 } = load.closed(LASTS);
    println!(
        "\nmapper: {:.0} ids a second in messages of {IDS} (goal {IDS_GOAL:.0}), {CLIENTS} under way, {ids:.0} in all; {:.1} ms in the middle, {:.1} ms at 99 % (goal {:.0} ms).",
        rate * IDS as f64,
        p50.as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3,
        P99_GOAL.as_secs_f64() * 1e3,
    );
}

fn messages(world: &World, name: &str, people: &[(String, String)]) -> Vec<Bytes> {
    let key = PrivateKey::read(&std::fs::read(world.path(&format!("{name}.jwk"))).unwrap()).unwrap();
    let mut people = people.iter().cycle();
    let mut made = Vec::new();
    for purpose in PURPOSES {
        for number in 0..MESSAGES {
            let now = jiff::Timestamp::now();
            let header = format!(
                r#"{{"version":"1.0.0","message_id":"{name}-{purpose}-{number}-{now}","message_ts":"{now}","action":"resolve","sender_id":"{name}","receiver_id":"anvis","total_count":{IDS},"is_msg_encrypted":false,"meta":{{"purpose":"{purpose}"}}}}"#
            );
            let mut message = format!(r#"{{"transaction_id":"{purpose}-{number}-{now}","resolve_request":["#);
            for (at, (cpr, _)) in people.by_ref().take(IDS).enumerate() {
                let comma = if at == 0 { "" } else { "," };
                write!(
                    message,
                    r#"{comma}{{"reference_id":"r-{at}","timestamp":"{now}","id":"cpr:{cpr}@dk","scope":"details"}}"#
                )
                .unwrap();
            }
            message.push_str("]}");
            let signature = jws::sign_detached(&key, format!("{header}{message}").as_bytes());
            made.push(format!(r#"{{"signature":"{signature}","header":{header},"message":{message}}}"#).into());
        }
    }
    made
}
