//! What `docs/mapper.md` shows is what is read and written.

use crate::{account, bytes, header, message};
use denmark::Country;
use g2p::{About, AccountForm, Answers, Attribute, Envelope, Head, Moment, Operation, Provider, Resolved};
use serde_json::{Value, json};

/// The JSON blocks of the page, in its order.
fn blocks() -> [Value; 4] {
    let page = include_str!("../../../../docs/mapper.md");
    let blocks: Vec<Value> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    blocks.try_into().expect("four blocks of JSON")
}

#[test]
fn the_examples_hold() {
    let [request, link, question, answer] = blocks();

    let body = bytes(&message("link", &[link]));
    let envelope = Envelope::read(&body).unwrap();
    let link = envelope.link().unwrap();
    let change = link.entries[0].asked.as_ref().unwrap();
    assert_eq!(
        (change.account, change.said.expected.is_some(), change.said.reason.as_str()),
        (account(), true, "user_request")
    );

    let body = bytes(&json!({"header": header("txn-status", 1), "message": question}));
    let envelope = Envelope::read(&body).unwrap();
    assert_eq!(envelope.status().unwrap().about, About::Transaction("t-1".into()));

    let body = bytes(&request);
    let envelope = Envelope::read(&body).unwrap();
    let request = envelope.resolve().unwrap();
    assert!(request.entries.iter().all(|entry| entry.asked.is_ok()));
    let head = Head {
        message_id: envelope.message_id(),
        message_ts: Moment::parse("2026-11-23T09:00:00Z").unwrap(),
        sender_id: envelope.receiver_id(),
        receiver_id: envelope.sender_id(),
        correlation_id: answer["message"]["correlation_id"].as_str().unwrap(),
    };
    let mut answers = Answers::new(Operation::Resolve, request.transaction_id.as_str(), head, 2);
    answers.resolved(
        &request.entries[0],
        &Resolved::Account {
            account: &account(),
            form: AccountForm::Account,
            country: Country::Denmark,
            bic: None,
            provider: Some(Provider { name: "Eksempelbanken", code: "EKSBDK22", subcode: Some("0040") }),
            attributes: &[Attribute::Text("since", "2026-11-23"), Attribute::Flag("pending_change", false)],
        },
    );
    answers.resolved(&request.entries[1], &Resolved::NoMatch(&[Attribute::Flag("changed_recently", false)]));
    let signature = answer["signature"].as_str().unwrap().to_owned();
    let written: Value = serde_json::from_slice(&answers.finish().sign(&signature)).unwrap();
    assert_eq!(written, answer);
}
