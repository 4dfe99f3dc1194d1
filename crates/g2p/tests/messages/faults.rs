//! Messages that are refused as a whole: a table for this crate's tests, and for those over HTTP.

use serde_json::{Value, json};

/// What is wrong, the bytes, and the code that they are refused with. `good` is a lawful resolve message of one entry.
pub fn refused(good: &Value) -> Vec<(String, Vec<u8>, &'static str)> {
    let mut refused = Vec::new();
    let mut check = |what: &str, change: &dyn Fn(&mut Value), expected: &'static str| {
        let mut message = good.clone();
        change(&mut message);
        refused.push((what.to_owned(), serde_json::to_vec(&message).unwrap(), expected));
    };
    const BAD: &str = "err.request.bad";
    for member in ["header", "message"] {
        check(member, &|message| drop(message.as_object_mut().unwrap().remove(member)), BAD);
        for value in [json!(null), json!("text"), json!([]), json!([[], []]), json!(7), json!({})] {
            check(member, &|message| message[member] = value.clone(), BAD);
        }
    }
    check("signature", &|message| message["signature"] = json!({"alg": "none"}), BAD);
    for member in ["message_id", "message_ts", "action", "total_count"] {
        check(member, &|message| drop(message["header"].as_object_mut().unwrap().remove(member)), BAD);
        check(member, &|message| message["header"][member] = json!(null), BAD);
        check(member, &|message| message["header"][member] = json!([1]), BAD);
    }
    for id in ["".to_owned(), "x".repeat(100)] {
        check("message_id", &|message| message["header"]["message_id"] = json!(id), BAD);
        check("transaction_id", &|message| message["message"]["transaction_id"] = json!(id), BAD);
    }
    for count in [json!(-1), json!(1.5), json!("1"), json!(1e30)] {
        check("total_count", &|message| message["header"]["total_count"] = count.clone(), BAD);
    }
    for count in [0, 2] {
        check("count", &|message| message["header"]["total_count"] = json!(count), "rjct.total_count.invalid");
    }
    check("count", &|message| message["header"]["total_count"] = json!(u64::MAX), "rjct.total_count.limit_exceeded");
    for entries in [json!(null), json!({}), json!("r-1"), json!([7]), json!([null]), json!([["r-1", "now"]])] {
        check("entries", &|message| message["message"]["resolve_request"] = entries.clone(), BAD);
    }
    for member in ["reference_id", "timestamp", "id", "fa", "scope", "locale"] {
        for value in [json!(6101701234_u64), json!({"strategy_id": 5}), json!(["6101701234"]), json!(true)] {
            check(member, &|message| message["message"]["resolve_request"][0][member] = value.clone(), BAD);
        }
    }
    check(
        "another list",
        &|message| {
            let entries = message["message"]["resolve_request"].take();
            message["message"] = json!({"transaction_id": "t-1", "link_request": entries});
        },
        BAD,
    );
    for version in ["0.9.0", "2.0.0", "10.0.0", "one"] {
        check("version", &|message| message["header"]["version"] = json!(version), "rjct.version.invalid");
    }
    for moment in ["", "now", "2026-11-24", "1795514400"] {
        check("message_ts", &|message| message["header"]["message_ts"] = json!(moment), "rjct.message_ts.invalid");
    }
    for action in ["", "search", "on-resolve", "Resolve"] {
        check("action", &|message| message["header"]["action"] = json!(action), "rjct.action.invalid");
    }
    for action in ["link", "update", "unlink", "txn-status"] {
        check("action", &|message| message["header"]["action"] = json!(action), "rjct.action.not_supported");
    }
    for name in ["is_msg_encrypted", "is_encrypted"] {
        check(
            name,
            &|message| {
                message["header"].as_object_mut().unwrap().remove("is_msg_encrypted");
                message["header"][name] = json!(true);
            },
            "err.encryption.invalid",
        );
    }
    let good = good.to_string();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let no_messages = [
        Vec::new(),
        b"[\"a\", {}, {}]".to_vec(),
        b"{\"signature\": \"\xff\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{}".to_vec(),
        b"{'header': 1}".to_vec(),
        format!("{good} {good}").into_bytes(),
        good.as_bytes()[..good.len() / 2].to_vec(),
        format!("{{\"signature\":\"\",{}", &good[1..]).into_bytes(),
        deep.clone().into_bytes(),
        good.replace("\"resolve_request\":[", &format!("\"resolve_request\":{deep},\"x\":[")).into_bytes(),
    ];
    refused.extend(no_messages.into_iter().map(|bytes| ("bytes".to_owned(), bytes, BAD)));
    refused
}
