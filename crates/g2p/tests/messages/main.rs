//! Messages as clients of the standard write them, and what they are answered. All people and accounts are made up.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod any;
mod documented;
mod faults;
mod read;
mod write;

use denmark::{Account, Cpr};
use g2p::{Envelope, Fault, Head, Moment, Operation, PayeeNumber, Rejection};
use serde_json::{Value, json};

const NOON: &str = "2026-11-24T12:00:00+01:00";
const OPERATIONS: [Operation; 4] = [Operation::Link, Operation::Update, Operation::Unlink, Operation::Resolve];

fn person() -> PayeeNumber {
    PayeeNumber::Cpr(Cpr::parse("6101701234").unwrap())
}

fn account() -> Account {
    Account::parse("0040-440116243").unwrap()
}

fn header(action: &str, total_count: usize) -> Value {
    json!({
        "version": "1.0.0", "message_id": "m-1", "message_ts": NOON, "action": action, "sender_id": "payer.example.dk",
        "sender_uri": "https://payer.example.dk/on-resolve", "receiver_id": "registry.example.dk",
        "total_count": total_count, "is_msg_encrypted": false,
    })
}

fn message(action: &str, entries: &[Value]) -> Value {
    json!({
        "signature": "a..b",
        "header": header(action, entries.len()),
        "message": {"transaction_id": "t-1", format!("{action}_request"): entries},
    })
}

fn bytes(message: &Value) -> Vec<u8> {
    serde_json::to_vec(message).unwrap()
}

fn head() -> Head<'static> {
    Head {
        message_id: "m-1",
        message_ts: Moment::parse(NOON).unwrap(),
        sender_id: "registry.example.dk",
        receiver_id: "payer.example.dk",
        correlation_id: "c-1",
    }
}

/// The reading of one operation's entries, with what was asked forgotten: only whether it was rejected.
fn rejections(action: &str, body: &[u8]) -> Result<Vec<Option<Rejection<'static>>>, Fault> {
    fn all<T>(request: g2p::Request<'_, T>) -> Vec<Option<Rejection<'static>>> {
        request.entries.into_iter().map(|entry| entry.asked.err()).collect()
    }
    let envelope = Envelope::read(body)?;
    match action {
        "link" => envelope.link().map(all),
        "update" => envelope.update().map(all),
        "unlink" => envelope.unlink().map(all),
        "resolve" => envelope.resolve().map(all),
        _ => envelope.status().map(|_| Vec::new()),
    }
}

fn read_back(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}
