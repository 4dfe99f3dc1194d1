//! What is answered.

use crate::{NOON, OPERATIONS, bytes, head, message, read_back};
use denmark::{Account, Bic, Country};
use g2p::{
    About, AccountForm, Answers, Attribute, Changed, Envelope, HeaderReason, Operation, Provider, Reason, Rejection,
    Resolved, StatusRequest, TransportCode, transport_error,
};
use serde_json::{Value, json};

/// The lists of the standard, version 1.0.0, and what the clients in use add to them. A client with a closed list cannot
/// read an answer with any other code.
#[test]
fn codes_are_of_the_operations_own_list() {
    let list = |operation| match operation {
        Operation::Link => vec![
            "rjct.reference_id.invalid",
            "rjct.reference_id.duplicate",
            "rjct.timestamp.invalid",
            "rjct.id.invalid",
            "rjct.fa.invalid",
            "rjct.name.invalid",
            "rjct.mobile_number.invalid",
            "rjct.unknown.retry",
            "rjct.other.error",
        ],
        Operation::Update | Operation::Unlink => vec![
            "rjct.reference_id.invalid",
            "rjct.reference_id.duplicate",
            "rjct.timestamp.invalid",
            "rjct.beneficiary_name.invalid",
            "rjct.id.invalid",
            "rjct.fa.invalid",
        ],
        Operation::Resolve => vec![
            "rjct.reference_id.invalid",
            "rjct.reference_id.duplicate",
            "rjct.timestamp.invalid",
            "rjct.id.invalid",
            "rjct.fa.invalid",
            "rjct.resolve_type.not_supported",
        ],
        Operation::Status => vec![],
    };
    for operation in OPERATIONS.into_iter().chain([Operation::Status]) {
        for reason in [
            Reason::ReferenceIdInvalid,
            Reason::ReferenceIdDuplicate,
            Reason::TimestampInvalid,
            Reason::IdInvalid,
            Reason::FaInvalid,
            Reason::ResolveTypeNotSupported,
            Reason::UnknownRetry,
            Reason::Other,
        ] {
            let code = reason.code(operation);
            assert!(code.is_none_or(|code| list(operation).contains(&code)), "{operation:?} {reason:?} {code:?}");
        }
    }
    assert_eq!(Reason::Other.code(Operation::Link), Some("rjct.other.error"));
    assert_eq!(Reason::FaInvalid.code(Operation::Update), Some("rjct.fa.invalid"));
}

#[test]
fn resolve_is_answered_entry_by_entry() {
    let entry = json!({"reference_id": "r-1", "timestamp": NOON, "id": "CPR:610170-1234@dk", "fa": "0040-440116243",
                       "locale": "en"});
    let body = bytes(&message("resolve", &[entry]));
    let request = Envelope::read(&body).unwrap().resolve().unwrap();
    let check = |answer: Resolved<'_>, mut expected: Value| {
        let mut answers = Answers::new(Operation::Resolve, "t-1", head(), 1);
        answers.resolved(&request.entries[0], &answer);
        let response = answers.finish();
        let signed: Vec<Value> = response.signed().iter().map(|part| read_back(part)).collect();
        let body = read_back(&response.sign("x..y"));
        assert_eq!(signed, [body["header"].clone(), body["message"].clone()]);
        assert_eq!(body["signature"], "x..y");
        assert_eq!(
            body["header"],
            json!({
                "version": "1.0.0", "message_id": "m-1", "message_ts": "2026-11-24T11:00:00.000000Z", "action": "resolve",
                "status": "succ", "total_count": 1, "completed_count": 1, "sender_id": "registry.example.dk",
                "receiver_id": "payer.example.dk", "is_msg_encrypted": false,
            })
        );
        expected["reference_id"] = json!("r-1");
        expected["timestamp"] = json!("2026-11-24T11:00:00.000000Z");
        expected["id"] = json!("CPR:610170-1234@dk");
        expected["locale"] = json!("en");
        assert_eq!(
            body["message"],
            json!({"transaction_id": "t-1", "correlation_id": "c-1", "resolve_response": [expected]}),
        );
    };
    let (account, bic) = (Account::parse("0040-1").unwrap(), Bic::parse("DABADKKK").unwrap());
    check(
        Resolved::Account {
            account: &account,
            form: AccountForm::Account,
            country: Country::Denmark,
            bic: Some(&bic),
            provider: Some(Provider { name: "Bank \"Nord\"", code: "DABADKKK", subcode: Some("0040") }),
            attributes: &[
                Attribute::Text("since", "2024-01-02"),
                Attribute::Number("changed_days_ago", 7),
                Attribute::Flag("pending_change", false),
            ],
        },
        json!({
            "fa": "account:0000000001@0040",
            "account_provider_info": {"name": "Bank \"Nord\"", "code": "DABADKKK", "subcode": "0040"},
            "status": "succ", "status_reason_code": "succ.id.active",
            "additional_info": [{"name": "since", "value": "2024-01-02"}, {"name": "changed_days_ago", "value": 7},
                                {"name": "pending_change", "value": false}],
        }),
    );
    let recently = [Attribute::Flag("changed_recently", true)];
    let told = json!([{"name": "changed_recently", "value": true}]);
    check(
        Resolved::Match(&recently),
        json!({"fa": "0040-440116243", "status": "succ", "status_reason_code": "succ.fa.active", "additional_info": told}),
    );
    check(
        Resolved::NoMatch(&recently),
        json!({"status": "succ", "status_reason_code": "succ.fa.not_linked_to_id", "additional_info": told}),
    );
    check(Resolved::Active(&[]), json!({"status": "succ", "status_reason_code": "succ.id.active"}));
    check(Resolved::Inactive, json!({"status": "succ", "status_reason_code": "succ.id.inactive"}));
    check(Resolved::NotFound, json!({"status": "succ", "status_reason_code": "succ.id.not_found"}));
    let rejection = Rejection { reason: Reason::ResolveTypeNotSupported, code: "scope.role", text: "Not for banks." };
    check(
        Resolved::Rejected(rejection),
        json!({"status": "rjct", "status_reason_code": "rjct.resolve_type.not_supported",
               "status_reason_message": "Not for banks. [scope.role]"}),
    );
}

#[test]
fn changes_are_answered_and_counted() {
    let entries: Vec<_> = ["r-1", "r-2", "r-3"]
        .map(|name| json!({"reference_id": name, "timestamp": NOON, "id": "cpr:6101701234", "fa": "0040-1"}))
        .into();
    let body = bytes(&message("update", &entries));
    let request = Envelope::read(&body).unwrap().update().unwrap();
    let held = Changed::Held { code: "designation.held", text: "Another account is in force." };
    let rejected =
        Changed::Rejected(Rejection { reason: Reason::Other, code: "policy.role", text: "Not this bank's account." });
    let answer = |answers: &mut Answers<'_>| {
        for (entry, answer) in request.entries.iter().zip([Changed::Done, held, rejected]) {
            answers.changed(entry, &answer);
        }
    };
    let expected = json!([
        {"status": "succ"},
        {"status": "pdng", "status_reason_message": "Another account is in force. [designation.held]"},
        {"status": "rjct", "status_reason_message": "Not this bank's account. [policy.role]"},
    ]);
    let check = |list: &Value| {
        for (at, expected) in expected.as_array().unwrap().iter().enumerate() {
            let mut expected = expected.clone();
            expected["reference_id"] = json!(format!("r-{}", at + 1));
            expected["timestamp"] = json!("2026-11-24T11:00:00.000000Z");
            expected["id"] = json!("cpr:6101701234");
            expected["fa"] = json!("0040-1");
            assert_eq!(list[at], expected);
        }
    };

    let mut answers = Answers::new(Operation::Update, "t-1", head(), 3);
    answer(&mut answers);
    let body = read_back(&answers.finish().unsigned());
    let counts = |header: &Value| {
        (
            header["status"].clone(),
            header["total_count"].clone(),
            header["completed_count"].clone(),
            header["action"].clone(),
        )
    };
    assert_eq!(counts(&body["header"]), (json!("pdng"), json!(3), json!(2), json!("update")));
    assert_eq!(body.get("signature"), None);
    check(&body["message"]["update_response"]);

    // The same, asked for later.
    let question = StatusRequest {
        transaction_id: "t-2".into(),
        reference_id: "q-1".into(),
        operation: Operation::Update,
        about: About::Transaction("t-1".into()),
    };
    let mut answers = Answers::to_question(&question, "t-1", head(), 3);
    answer(&mut answers);
    let body = read_back(&answers.finish().sign(""));
    assert_eq!(counts(&body["header"]), (json!("pdng"), json!(3), json!(2), json!("txn-on-status")));
    assert_eq!(body["message"]["transaction_id"], "t-2");
    let status = &body["message"]["txnstatus_response"];
    assert_eq!((&status["txn_type"], &status["txn_status"]["transaction_id"]), (&json!("on-update"), &json!("t-1")));
    check(&status["txn_status"]["update_response"]);
}

#[test]
fn a_message_refused_as_a_whole_still_has_its_list() {
    for operation in OPERATIONS {
        let text = "The message_id was used before.";
        let response = Answers::rejected(operation, head(), HeaderReason::MessageIdDuplicate, text);
        let body = read_back(&response.sign("x..y"));
        assert_eq!(body["header"]["status"], "rjct");
        assert_eq!(body["header"]["status_reason_code"], "rjct.message_id.duplicate");
        assert_eq!(body["header"]["status_reason_message"], text);
        let list = format!("{}_response", operation.action());
        assert_eq!(body["message"], json!({"transaction_id": "", "correlation_id": "c-1", list: []}));
    }
    let body = read_back(&transport_error(TransportCode::SignatureInvalid, "The \"signature\" does not fit."));
    assert_eq!(
        body,
        json!({"errors": [
            {"code": "err.signature.invalid", "message": "The \"signature\" does not fit."}
        ]})
    );
}
