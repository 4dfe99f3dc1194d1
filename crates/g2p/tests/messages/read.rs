//! What is read, and what is refused.

use crate::{NOON, account, bytes, faults, header, message, person, rejections};
use denmark::Account;
use g2p::{About, ENTRIES_MAX, Envelope, Fault, Moment, Reason, Scope};
use serde_json::{Value, json};

#[test]
fn resolve_as_the_standard_and_as_clients_write_it() {
    let body = bytes(&message(
        "resolve",
        &[
            json!({"reference_id": "r-1", "timestamp": NOON, "id": "cpr:610170-1234@dk", "scope": "details"}),
            json!({"reference_id": "r-2", "timestamp": NOON, "id": "urn:dk:cpr:6101701234", "fa": "account:440116243@0040",
                   "name": "Nobody", "scope": "yes_no", "additional_info": [{"name": "any", "value": 1}], "locale": "dan"}),
            json!({"reference_id": "r-3", "timestamp": "2026-11-24T11:00:00.123456", "fa": "", "id": "cpr:6101701234",
                   "name": null, "scope": null, "additional_info": null, "locale": "en", "new_member": {"deep": [1]}}),
        ],
    ));
    let envelope = Envelope::read(&body).unwrap();
    assert_eq!(envelope.message_id(), "m-1");
    assert_eq!(envelope.message_ts(), Ok(Moment::parse("2026-11-24T11:00:00Z").unwrap()));
    assert_eq!((envelope.sender_id(), envelope.receiver_id()), ("payer.example.dk", "registry.example.dk"));
    assert_eq!(envelope.signature(), "a..b");

    let request = envelope.resolve().unwrap();
    assert_eq!(request.transaction_id.as_str(), "t-1");
    let asked: Vec<_> = request.entries.iter().map(|entry| entry.asked.clone().unwrap()).collect();
    assert!(asked.iter().all(|asked| asked.payee == person()));
    assert_eq!(asked.iter().map(|asked| asked.scope).collect::<Vec<_>>(), [Scope::Details, Scope::YesNo, Scope::YesNo]);
    assert_eq!(asked.iter().map(|asked| asked.account).collect::<Vec<_>>(), [None, Some(account()), None]);
    let locales: Vec<_> = request.entries.iter().map(|entry| entry.locale.as_str()).collect();
    assert_eq!(locales, ["", "dan", "en"]);
}

#[test]
fn link_update_and_unlink_as_the_standard_writes_them() {
    let entry = json!({
        "reference_id": "r-1", "timestamp": NOON, "id": "cpr:6101701234@dk", "fa": "iban:DK5000400440116243@dk",
        "name": "Nobody", "phone_number": "+45 20123456", "locale": "eng",
        "additional_info": [
            {"strategy_id": 5}, 7, ["expected_fa"], {"name": "expected_fa", "value": "0040-1"},
            {"name": "reason", "value": "user_request"}, {"name": "consent", "value": "branch, in person"},
        ],
    });
    let body = bytes(&message("link", std::slice::from_ref(&entry)));
    let envelope = Envelope::read(&body).unwrap();
    let link = envelope.link().unwrap();
    let change = link.entries[0].asked.as_ref().unwrap();
    assert_eq!((change.payee, change.account), (person(), account()));
    assert_eq!(change.said.expected, Some(Account::parse("0040-1").unwrap()));
    assert_eq!((change.said.reason.as_str(), change.said.consent.as_str()), ("user_request", "branch, in person"));

    // What one client's older version writes where the standard has a list says nothing to us.
    for info in [json!(null), json!("text"), json!({"name": "expected_fa", "value": "0040-1"}), json!([])] {
        let mut entry = entry.clone();
        entry["additional_info"] = info;
        let body = bytes(&message("update", &[entry]));
        let envelope = Envelope::read(&body).unwrap();
        let update = envelope.update().unwrap();
        let change = update.entries[0].asked.as_ref().unwrap();
        assert_eq!(
            (change.said.expected, change.said.reason.is_empty(), change.said.consent.is_empty()),
            (None, true, true)
        );
    }

    let without_account = json!({"reference_id": "r-2", "timestamp": NOON, "id": "cpr:6101701234@dk"});
    let body = bytes(&message("unlink", &[entry, without_account]));
    let envelope = Envelope::read(&body).unwrap();
    let unlink = envelope.unlink().unwrap();
    let accounts: Vec<_> = unlink.entries.iter().map(|entry| entry.asked.as_ref().unwrap().account).collect();
    assert_eq!(accounts, [Some(account()), None]);
}

#[test]
fn a_bad_entry_is_rejected_and_the_others_are_not() {
    let check = |action: &str, member: &str, value: Value, reason: Reason, code: &str| {
        let good = json!({"reference_id": "r-1", "timestamp": NOON, "id": "cpr:6101701234@dk", "fa": "0040-440116243"});
        let mut bad = good.clone();
        bad["reference_id"] = json!("r-2");
        bad[member] = value.clone();
        let found = rejections(action, &bytes(&message(action, &[good, bad]))).unwrap();
        assert_eq!(found[0], None, "{action} {member} {value}");
        let rejection = found[1].unwrap_or_else(|| panic!("{action} {member} {value} is not rejected"));
        assert_eq!((rejection.reason, rejection.code), (reason, code), "{action} {member} {value}");
        assert!(!rejection.text.contains("6101"), "{action} {member} {value}");
    };
    for action in ["link", "update", "unlink", "resolve"] {
        for value in [json!(null), json!(""), json!("x".repeat(100))] {
            check(action, "reference_id", value, Reason::ReferenceIdInvalid, "mapper.reference_id");
        }
        check(action, "reference_id", json!("r-1"), Reason::ReferenceIdDuplicate, "mapper.reference_id_repeated");
        for value in [json!(null), json!(""), json!("2026-11-24"), json!("2026-02-30T10:00:00Z"), json!("now")] {
            check(action, "timestamp", value, Reason::TimestampInvalid, "mapper.timestamp");
        }
        for value in [json!("6101701234"), json!("cpr:6101701234@se"), json!("cpr:9201701234@dk"), json!("\u{0}")] {
            check(action, "id", value, Reason::IdInvalid, "mapper.id");
        }
        for value in [json!("token:1@bank"), json!("DK5100400440116243"), json!("0".repeat(300)), json!("ø")] {
            check(action, "fa", value, Reason::FaInvalid, "mapper.account");
        }
    }
    for action in ["link", "update"] {
        for value in [json!(null), json!("")] {
            check(action, "id", value.clone(), Reason::IdInvalid, "mapper.id");
            check(action, "fa", value, Reason::FaInvalid, "mapper.account");
        }
        let expects = |value: Value| json!([{"name": "expected_fa", "value": value}]);
        check(action, "additional_info", expects(json!("token:1@bank")), Reason::FaInvalid, "mapper.account");
        for value in [json!(null), json!(7), json!({"fa": "0040-1"})] {
            check(action, "additional_info", expects(value), Reason::FaInvalid, "mapper.attribute");
        }
        let twice = json!([{"name": "expected_fa", "value": "0040-1"}, {"name": "expected_fa", "value": "0040-2"}]);
        check(action, "additional_info", twice, Reason::FaInvalid, "mapper.attribute");
        let long = json!([{"name": "consent", "value": "x".repeat(1000)}]);
        check(action, "additional_info", long, Reason::FaInvalid, "mapper.attribute");
    }
    check("unlink", "id", json!(""), Reason::IdInvalid, "mapper.id");
    check("resolve", "id", json!(""), Reason::ResolveTypeNotSupported, "mapper.by_account");
    check("resolve", "scope", json!("all"), Reason::ResolveTypeNotSupported, "mapper.scope");
}

#[test]
fn a_bad_message_is_refused_as_a_whole() {
    let entry = json!({"reference_id": "r-1", "timestamp": NOON, "id": "cpr:6101701234@dk"});
    for (what, body, expected) in faults::refused(&message("resolve", &[entry])) {
        let fault = rejections("resolve", &body).expect_err(&what);
        assert_eq!(fault.code(), expected, "{what}");
        assert!(!fault.to_string().contains("6101"), "{what}");
    }
}

#[test]
fn a_purpose_is_said_in_the_header() {
    let check = |meta: Value, expected: Result<Option<&str>, &str>| {
        let mut message = message("resolve", &[json!({"id": "cpr:6101701234"})]);
        message["header"]["meta"] = meta.clone();
        let body = bytes(&message);
        let purpose = Envelope::read(&body).unwrap().purpose();
        let found = purpose.as_ref().map(|purpose| purpose.as_ref().map(|text| text.as_str()));
        assert_eq!(found.map_err(|fault| fault.code()), expected, "{meta}");
    };
    check(json!({"purpose": "recovery", "x": [1]}), Ok(Some("recovery")));
    for nothing in [json!(null), json!({}), json!({"purpose": null}), json!({"purpose": ""}), json!("null"), json!([7])]
    {
        check(nothing, Ok(None));
    }
    for other in [json!({"purpose": 7}), json!({"purpose": ["recovery"]})] {
        check(other, Err("err.request.bad"));
    }
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let good = String::from_utf8(bytes(&message("resolve", &[json!({"id": "cpr:6101701234"})]))).unwrap();
    let check = |body: &[u8], why: &str| assert_eq!(Envelope::read(body).unwrap_err().to_string(), why);
    check(b"", "The body, its header or its message is not a JSON object.");
    check(b"[\"a\", {}, {}]", "The body, its header or its message is not a JSON object.");
    check(b"{\"signature\": \"\xff\"}", "The body is not UTF-8.");
    check(b"\xef\xbb\xbf{}", "The body, its header or its message is not a JSON object.");
    check(b"{}", "A member is missing, repeated or of the wrong type.");
    check(b"{'header': 1}", "The body is not JSON.");
    check(format!("{good} {good}").as_bytes(), "The body is not JSON.");
    for end in 1..good.len() {
        assert!(rejections("resolve", &good.as_bytes()[..end]).is_err(), "cut off after {end} bytes");
    }
}

#[test]
fn what_is_said_twice_is_refused() {
    let entry = r#""reference_id":"r-1","timestamp":"2026-11-24T10:00:00Z","id":"cpr:6101701234""#;
    let header = r#""message_id":"m-1","message_ts":"2026-11-24T10:00:00Z","action":"resolve","total_count":1"#;
    let check = |outer: &str, in_header: &str, in_message: &str, in_entry: &str| {
        let body = format!(
            r#"{{"header":{{{header}{in_header}}},"message":{{"transaction_id":"t-1","resolve_request":[{{{entry}{in_entry}}}]{in_message}}}{outer}}}"#
        );
        rejections("resolve", body.as_bytes())
    };
    assert_eq!(check("", "", "", ""), Ok(vec![None]));
    let refused = Err("err.request.bad");
    for outer in [r#","header":{}"#, r#","message":{}"#, r#","signature":"","signature":"""#] {
        assert_eq!(check(outer, "", "", "").map_err(Fault::code), refused, "{outer}");
    }
    for in_header in
        [r#","message_id":"m-2""#, r#","total_count":1"#, r#","is_msg_encrypted":false,"is_encrypted":false"#]
    {
        assert_eq!(check("", in_header, "", "").map_err(Fault::code), refused, "{in_header}");
    }
    for in_message in [r#","transaction_id":"t-2""#, r#","resolve_request":[]"#] {
        assert_eq!(check("", "", in_message, "").map_err(Fault::code), refused, "{in_message}");
    }
    for in_entry in [
        r#","id":"cpr:6101701235""#,
        r#","\u0069d":null"#,
        r#","fa":null,"fa":"""#,
        r#","scope":"details","scope":null"#,
    ] {
        assert_eq!(check("", "", "", in_entry).map_err(Fault::code), refused, "{in_entry}");
    }
    // A client's own members are its own matter.
    assert_eq!(check(r#","x":1,"x":2"#, r#","x":1,"x":2"#, r#","x":1,"x":2"#, r#","x":1,"x":2"#), Ok(vec![None]));
}

#[test]
fn depth_costs_nothing_and_is_believed_nowhere() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let with = |place: &str| {
        let entry =
            json!({"reference_id": "r-1", "timestamp": NOON, "id": "cpr:6101701234", "x": "X", "additional_info": "X"});
        let mut message = message("link", &[entry]);
        message["message"]["link_request"][0]["fa"] = json!("0040-1");
        match place {
            "entry" => message["message"]["link_request"][0]["x"] = json!("DEEP"),
            "additional_info" => message["message"]["link_request"][0][place] = json!("DEEP"),
            "attribute" => {
                message["message"]["link_request"][0]["additional_info"] =
                    json!([{"name": "expected_fa", "value": "DEEP"}]);
            }
            "id" => message["message"]["link_request"][0]["id"] = json!("DEEP"),
            "list" => message["message"]["link_request"] = json!("DEEP"),
            "header" => message["header"]["message_id"] = json!("DEEP"),
            _ => message[place] = json!("DEEP"),
        }
        String::from_utf8(bytes(&message)).unwrap().replace("\"DEEP\"", &deep).into_bytes()
    };
    for ignored in ["entry", "additional_info", "meta"] {
        assert_eq!(rejections("link", &with(ignored)), Ok(vec![None]), "{ignored}");
    }
    assert_eq!(rejections("link", &with("attribute")).unwrap()[0].unwrap().code, "mapper.attribute");
    for refused in ["id", "list", "header", "message", "signature"] {
        assert_eq!(rejections("link", &with(refused)).map_err(Fault::code), Err("err.request.bad"), "{refused}");
    }
    assert!(rejections("link", deep.as_bytes()).is_err());
    assert_eq!(g2p::sorted(deep.as_bytes()), None);
}

#[test]
fn a_message_has_one_to_a_thousand_entries() {
    let check = |count: usize| {
        let entries: Vec<_> = (0..count)
            .map(|at| json!({"reference_id": at.to_string(), "timestamp": NOON, "id": "cpr:6101701234"}))
            .collect();
        rejections("resolve", &bytes(&message("resolve", &entries))).map(|found| found.len()).map_err(Fault::code)
    };
    assert_eq!(check(0), Err("rjct.total_count.invalid"));
    assert_eq!(check(1), Ok(1));
    assert_eq!(check(ENTRIES_MAX), Ok(ENTRIES_MAX));
    assert_eq!(check(ENTRIES_MAX + 1), Err("rjct.total_count.limit_exceeded"));
}

#[test]
fn only_the_first_of_a_name_stands() {
    let names = ["b", "a", "b", "", "a", "", "b", "c"];
    let entries: Vec<_> =
        names.iter().map(|name| json!({"reference_id": name, "timestamp": NOON, "id": "cpr:6101701234"})).collect();
    let found = rejections("resolve", &bytes(&message("resolve", &entries))).unwrap();
    let reasons: Vec<_> = found.iter().map(|rejection| rejection.map(|rejection| rejection.reason)).collect();
    let (repeated, nameless) = (Some(Reason::ReferenceIdDuplicate), Some(Reason::ReferenceIdInvalid));
    assert_eq!(reasons, [None, None, repeated, nameless, repeated, nameless, repeated, None]);
}

#[test]
fn what_is_signed_is_what_was_sent() {
    let header = "{ \"message_id\":\"m\\u002d1\", \"message_ts\" : \"2026-11-24T10:00:00Z\",\n\"action\":\"resolve\",\"total_count\":1.0e0}";
    let message = "{\"resolve_request\":[ ],\t\"transaction_id\":\"æ\"}";
    let body = format!("\n {{ \"message\" : {message} , \"header\":{header} , \"signature\":\"s\"}} ");
    // The header is read first: this one's count is a fraction's way to write one.
    assert_eq!(Envelope::read(body.as_bytes()).unwrap_err().code(), "err.request.bad");
    let header = header.replace("1.0e0", "1");
    let body = body.replace("1.0e0", "1");
    let envelope = Envelope::read(body.as_bytes()).unwrap();
    assert_eq!(envelope.signed(), [header.as_bytes(), message.as_bytes()]);
    assert_eq!((envelope.message_id(), envelope.signature()), ("m-1", "s"));
}

#[test]
fn some_clients_sign_members_in_the_order_of_their_names() {
    let body = r#" { "message" : {"b":[1, {"d": null,"c":"\u00e6\u0001/\""}], "a": true}, "header": {}, "é": -1.5 } "#;
    let expected = "{\"header\":{},\"message\":{\"a\":true,\"b\":[1,{\"c\":\"æ\\u0001/\\\"\",\"d\":null}]},\"é\":-1.5}";
    assert_eq!(g2p::sorted(body.as_bytes()).as_deref(), Some(expected.as_bytes()));
    assert_eq!(g2p::sorted(b"{"), None);
}

#[test]
fn a_question_is_one_and_names_what_it_is_about() {
    let ask = |question: Value| {
        bytes(&json!({
            "header": header("txn-status", 1),
            "message": {"transaction_id": "t-2", "txnstatus_request": question},
        }))
    };
    let question = |kind: &str, value: Value| {
        json!({"reference_id": "q-1", "timestamp": NOON, "txn_type": "link", "attribute_type": kind,
               "attribute_value": value, "locale": "en"})
    };
    let check = |question: Value, expected: Result<About<'_>, &str>| {
        let body = ask(question.clone());
        let found = Envelope::read(&body).and_then(|envelope| envelope.status());
        assert_eq!(found.map(|found| found.about).map_err(Fault::code), expected, "{question}");
    };
    check(question("transaction_id", json!("t-1")), Ok(About::Transaction("t-1".into())));
    check(json!([question("transaction_id", json!("t-1"))]), Ok(About::Transaction("t-1".into())));
    check(question("correlation_id", json!("c-1")), Ok(About::Correlation("c-1".into())));
    check(
        question("reference_id_list", json!(["r-1", "r-2"])),
        Ok(About::References(vec!["r-1".into(), "r-2".into()])),
    );
    check(question("reference_id_list", json!("r-1")), Ok(About::References(vec!["r-1".into()])));
    for (kind, value) in [
        ("transaction_id", json!(["t-1", "t-2"])),
        ("transaction_id", json!([])),
        ("transaction_id", json!("")),
        ("correlation_id", json!("x".repeat(100))),
        ("correlation_id", json!(7)),
        ("reference_id_list", json!([])),
        ("reference_id_list", json!([""])),
        ("reference_id_list", json!(vec!["r"; 1_001])),
        ("id", json!("cpr:6101701234")),
        ("transaction_id", (0..1_000).fold(json!("t-1"), |inner, _| json!([inner]))),
    ] {
        check(question(kind, value), Err("err.request.bad"));
    }
    for member in ["reference_id", "txn_type", "attribute_type", "attribute_value"] {
        let mut question = question("transaction_id", json!("t-1"));
        question.as_object_mut().unwrap().remove(member);
        check(question, Err("err.request.bad"));
    }
    for (member, value) in
        [("txn_type", "txn-status"), ("txn_type", "search"), ("timestamp", "now"), ("reference_id", "")]
    {
        let mut question = question("transaction_id", json!("t-1"));
        question[member] = json!(value);
        check(question, Err("err.request.bad"));
    }
    let two = json!([question("transaction_id", json!("t-1")), question("transaction_id", json!("t-2"))]);
    check(two, Err("rjct.total_count.limit_exceeded"));
    check(json!([]), Err("rjct.total_count.limit_exceeded"));
}

#[test]
fn nothing_personal_is_shown() {
    let entry =
        json!({"reference_id": "6101701234", "timestamp": NOON, "id": "cpr:6101701234", "fa": "0040-440116243"});
    let body = bytes(&message("link", &[entry]));
    let envelope = Envelope::read(&body).unwrap();
    let shown = format!("{:?}", envelope.link().unwrap());
    assert!(!shown.contains("6101") && !shown.contains("4401"), "{shown}");
    let shown = format!("{envelope:?}");
    assert!(!shown.contains("6101") && !shown.contains("4401"), "{shown}");
}
