//! How long a resolve message of 1,000 ids takes to read and to answer, on one thread: `cargo run --release -p g2p --example
//! speed`. The best of many rounds, in microseconds an id.

use denmark::{Account, Country};
use g2p::{AccountForm, Answers, Attribute, Envelope, Head, Moment, Operation, Resolved};
use std::hint::black_box;
use std::time::Duration;

const IDS: usize = 1_000;
const ROUNDS: usize = 300;

fn main() {
    for (client, body) in [("as the standard has it", plain()), ("as G2P Bridge writes it", bridge())] {
        println!("{client}: {} bytes an id", body.len() / IDS);
        let envelope = Envelope::read(&body).expect("the message is well-formed");
        let request = envelope.resolve().expect("the message is well-formed");
        assert!(request.entries.iter().all(|entry| entry.asked.is_ok()), "every entry is good");
        let head = Head {
            message_id: envelope.message_id(),
            message_ts: Moment::from_micros(1_795_514_400_000_000),
            sender_id: "registry.example.dk",
            receiver_id: envelope.sender_id(),
            correlation_id: "c-1",
        };
        report("  the envelope", || Envelope::read(&body).map(|envelope| envelope.signed()[1].len()));
        report("  envelope and entries", || {
            Envelope::read(&body).and_then(|envelope| envelope.resolve()).map(|request| request.entries.len())
        });
        report("  sorted, for a signature", || g2p::sorted(&body));
        let account = Account::parse("0040-440116243").expect("an account");
        for form in [AccountForm::Account, AccountForm::Iban, AccountForm::KeyValue] {
            report(&format!("  the answer, {form:?}"), || {
                let attributes = [Attribute::Text("since", "2024-01-02"), Attribute::Flag("pending_change", false)];
                let mut answers = Answers::new(Operation::Resolve, "t-1", head, request.entries.len());
                let answer = Resolved::Account {
                    account: &account,
                    form,
                    country: Country::Denmark,
                    bic: None,
                    provider: None,
                    attributes: &attributes,
                };
                for entry in &request.entries {
                    answers.resolved(entry, black_box(&answer));
                }
                answers.finish().sign("a..b").len()
            });
        }
    }
}

fn report<T>(what: &str, mut work: impl FnMut() -> T) {
    let best = (0..ROUNDS)
        .map(|_| {
            #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
            let begin = std::time::Instant::now();
            black_box(work());
            begin.elapsed()
        })
        .min()
        .unwrap_or(Duration::ZERO);
    println!("{what}: {:.3}", best.as_secs_f64() * 1e6 / IDS as f64);
}

fn message(entry: impl Fn(usize) -> String) -> Vec<u8> {
    let entries: Vec<String> = (0..IDS).map(entry).collect();
    format!(
        r#"{{"signature":"","header":{{"version":"1.0.0","message_id":"5b0c3a52-6d5e-4d0a-9c53-0b8f0d6a5a11",
        "message_ts":"2026-11-24 10:00:00.123456","action":"resolve","sender_id":"payer.example.dk","sender_uri":"",
        "receiver_id":"","total_count":{IDS},"is_msg_encrypted":false,"meta":"null"}},"message":{{
        "transaction_id":"d2719f3c-2f0d-4a7c-8a43-6f1f6f9f9b52","resolve_request":[{}]}}}}"#,
        entries.join(",")
    )
    .into_bytes()
}

/// Ids in no order, as random ones are.
fn reference(at: usize) -> String {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}-{:04x}-4{:03x}-8000-{:012x}", mixed >> 32, mixed >> 16 & 0xffff, mixed & 0xfff, at)
}

fn plain() -> Vec<u8> {
    message(|at| {
        let reference = reference(at);
        format!(
            r#"{{"reference_id":"{reference}","timestamp":"2026-11-24T10:00:00+01:00","id":"cpr:610170{at:04}@dk","scope":"details"}}"#
        )
    })
}

fn bridge() -> Vec<u8> {
    message(|at| {
        let reference = reference(at);
        format!(
            r#"{{"reference_id":"{reference}","timestamp":"2026-11-24T10:00:00.123456","fa":"","id":"cpr:610170{at:04}@dk","name":null,"scope":"details","additional_info":null,"locale":"en"}}"#
        )
    })
}
