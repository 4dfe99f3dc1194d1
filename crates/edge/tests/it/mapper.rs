//! The mapper: what its clients sign, and what they are answered.

mod told;

use crate::support::{ANNA, Answer, System, Wanted, World, behind_a_proxy, request, strange_certificate};
use eid::jws;
use eid::key::{PrivateKey, PublicKey};
use hyper::Method;
use kernel::Role;
use registry::commands::{ApproveDesignation, RefuseDesignation};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

pub const NOON: &str = "2026-11-23T10:00:00+01:00";
const BO: &str = "cpr:6201701235@dk";
const CLARA: &str = "cpr:6301701236@dk";
const DAN: &str = "cpr:6401701237@dk";
const NOBODY: &str = "cpr:7201701235@dk";

/// A message with a name of its own.
pub fn message(action: &str, entries: &[Value]) -> Value {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    json!({
        "signature": "",
        "header": {
            "version": "1.0.0", "message_id": format!("m-{number}"), "message_ts": NOON, "action": action,
            "sender_id": "", "receiver_id": "", "total_count": entries.len(), "is_msg_encrypted": false,
        },
        "message": {"transaction_id": format!("t-{number}"), format!("{action}_request"): entries},
    })
}

pub fn entry(id: &str, more: Value) -> Value {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut entry = json!({"reference_id": format!("r-{number}"), "timestamp": NOON, "id": id});
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// A client's request with these bytes, signed in the header.
fn signed(system: &System, path: &str, body: &str) -> hyper::Request<http_body_util::Full<bytes::Bytes>> {
    let mut asked = request(Method::POST, path, "", Some(body));
    asked.headers_mut().insert("client-cert", system.certificate().parse().unwrap());
    let signature = jws::sign_detached(&system.key, body.as_bytes());
    asked.headers_mut().insert("signature", signature.parse().unwrap());
    asked
}

impl World {
    pub async fn send(&self, role: Role, path: &str, message: &Value) -> Answer {
        self.ask(signed(&System::of(role), path, &message.to_string())).await
    }

    /// The answers to entries, or to the message, in a few words.
    pub async fn map(&self, role: Role, path: &str, message: &Value) -> Result<Vec<String>, String> {
        let answer = self.send(role, path, message).await;
        if answer.status != 200 {
            return Err(turned_away(&answer));
        }
        let json = answer.done();
        self.verify(&json, &answer);
        if json["header"]["status"] == "rjct" {
            return Err(words(&json["header"]));
        }
        let list = json["message"].as_object().unwrap().values().find_map(Value::as_array).unwrap();
        Ok(list.iter().map(words).collect())
    }

    /// The server signed it, where the client did.
    fn verify(&self, json: &Value, answer: &Answer) {
        let jwks = serde_json::to_vec(&self.identity.jwks(crate::support::NOW)).unwrap();
        let keys = PublicKey::read_published(&jwks).unwrap();
        let body = std::str::from_utf8(&answer.body).unwrap();
        match json["signature"].as_str() {
            None => jws::verify_detached(answer.header("signature"), &answer.body, &keys).unwrap(),
            Some(signature) => {
                let envelope = g2p::Envelope::read(body.as_bytes()).unwrap();
                jws::verify_detached(signature, &envelope.signed().concat(), &keys).unwrap()
            }
        };
    }
}

fn words(answer: &Value) -> String {
    let word = |name: &str| answer[name].as_str().map(str::to_owned);
    let ours = word("status_reason_message")
        .and_then(|text| text.rsplit_once('[').map(|(_, code)| code.trim_end_matches(']').to_owned()));
    let parts = [word("status"), word("status_reason_code"), word("fa"), ours];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The status, the standard's code, and ours.
fn turned_away(answer: &Answer) -> String {
    let json = answer.json();
    assert_eq!(answer.header("content-type"), "application/json");
    let error = &json["errors"][0];
    let text = error["message"].as_str().unwrap();
    let ours = text.rsplit_once('[').unwrap().1.trim_end_matches(']');
    format!("{} {} {ours}", answer.status, error["code"].as_str().unwrap())
}

const RESOLVE: [&str; 2] = ["/mapper/resolve", "/mapper/sync/resolve"];

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_what_its_role_may_know() {
    let world = World::with(behind_a_proxy()).await;
    let details = json!({"scope": "details"});
    let check = async |role: Role, id: &str, more: Value, expected: &str| {
        for path in RESOLVE {
            let mut message = message("resolve", &[entry(id, more.clone())]);
            if role == Role::Authority {
                message["header"]["meta"] = json!({"purpose": "recovery"});
            }
            let answer = world.map(role, path, &message).await;
            let answer = answer.map_or_else(|refused| refused, |answers| answers.join(", "));
            assert_eq!(answer, expected, "{} {id} {more}", role.name());
        }
    };
    let anna = "cpr:610170-1234@dk";
    let own = json!({"fa": "account:440116243@0040"});
    let other = json!({"fa": "account:440116244@0040", "scope": "yes_no"});
    for role in [Role::PublicPayer, Role::Authority] {
        check(role, anna, details.clone(), "succ succ.id.active account:0440116243@0040").await;
        check(role, anna, json!({}), "succ succ.id.active").await;
        check(role, anna, own.clone(), "succ succ.fa.active account:440116243@0040").await;
        check(role, anna, other.clone(), "succ succ.fa.not_linked_to_id").await;
        check(role, CLARA, details.clone(), "succ succ.id.inactive").await;
        check(role, DAN, details.clone(), "succ succ.id.inactive").await;
        check(role, DAN, own.clone(), "succ succ.id.inactive").await;
        check(role, NOBODY, details.clone(), "succ succ.id.not_found").await;
        check(role, NOBODY, own.clone(), "succ succ.id.not_found").await;
    }
    let not_for_role = "rjct rjct.resolve_type.not_supported mapper.not_for_role";
    check(Role::Bank, anna, own.clone(), "succ succ.fa.active account:440116243@0040").await;
    check(Role::Bank, anna, other, "succ succ.fa.not_linked_to_id").await;
    check(Role::Bank, DAN, own.clone(), "succ succ.id.not_found").await;
    check(Role::Bank, NOBODY, own.clone(), "succ succ.id.not_found").await;
    check(Role::Bank, anna, details.clone(), not_for_role).await;
    check(Role::Bank, anna, json!({}), not_for_role).await;
    for role in [Role::PrivatePayer, Role::RegisterFeed] {
        check(role, anna, details.clone(), "403 err.request.forbidden policy.not_allowed").await;
    }
    let by_account = "rjct rjct.resolve_type.not_supported mapper.by_account";
    check(Role::PublicPayer, "", own, by_account).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_written_as_the_client_takes_it() {
    let world = World::with(behind_a_proxy()).await;
    let check = async |query: &str, id: &str, account: &str, provider: Value| {
        let path = format!("/mapper/sync/resolve{query}");
        let message = message("resolve", &[entry(id, json!({"scope": "details"}))]);
        let answer = world.send(Role::PublicPayer, &path, &message).await.done();
        let entry = &answer["message"]["resolve_response"][0];
        assert_eq!((&entry["fa"], &entry["account_provider_info"]), (&json!(account), &provider), "{query}");
        let since = &entry["additional_info"][0];
        assert_eq!(since["name"], "since");
        assert_eq!(since["value"].as_str().unwrap().len(), 10);
        assert_eq!(entry["additional_info"][1], json!({"name": "pending_change", "value": false}));
    };
    let provider = json!({"name": "Eksempelbanken", "code": "EKSBDK22", "subcode": "0040"});
    check("", ANNA, "account:0440116243@0040", provider.clone()).await;
    check("?accounts=account", ANNA, "account:0440116243@0040", provider.clone()).await;
    check("?accounts=iban", ANNA, "iban:DK5000400440116243@dk", provider).await;
    let taken_apart = "account_number:0440116243.branch_code:0040.bank_code:EKSBDK22.mobile_number:.email_address:.fa_type:BANK_ACCOUNT";
    check("?accounts=key_value", ANNA, taken_apart, json!(null)).await;
    let without_bic = json!({"name": "Andelskassen Eksempel", "code": "9860", "subcode": "9860"});
    check("", BO, "account:0001234567@9860", without_bic).await;
    for wrong in ["?accounts=all", "?x=1", "?accounts=iban&accounts=iban"] {
        let message = message("resolve", &[entry(ANNA, json!({}))]);
        let refused = world.map(Role::PublicPayer, &format!("/mapper/resolve{wrong}"), &message).await;
        assert_eq!(refused, Err("400 err.request.bad request.query".to_owned()), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_signed_by_the_client_that_connects() {
    let world = World::with(behind_a_proxy()).await;
    let (payer, bank) = (System::of(Role::PublicPayer), System::of(Role::Bank));
    let before = world.entries();
    let fresh = || message("resolve", &[entry(ANNA, json!({}))]);
    let check = async |certificate: &str, signature: &str, body: &str, expected: &str| {
        let mut asked = request(Method::POST, "/mapper/resolve", "", Some(body));
        if !certificate.is_empty() {
            asked.headers_mut().insert("client-cert", certificate.parse().unwrap());
        }
        if !signature.is_empty() {
            asked.headers_mut().insert("signature", signature.parse().unwrap());
        }
        let answer = world.ask(asked).await;
        let found = if answer.status == 200 { words(&answer.json()["header"]) } else { turned_away(&answer) };
        assert_eq!(found, expected, "{body}");
    };
    let body = fresh().to_string();
    let by = |key: &PrivateKey, bytes: &str| jws::sign_detached(key, bytes.as_bytes());
    let own = payer.certificate();
    let signature = by(&payer.key, &body);
    check("", &signature, &body, "401 err.request.unauthorized token_request.certificate_needed").await;
    check(&strange_certificate(), &signature, &body, "401 err.request.unauthorized client.unknown").await;
    check(&bank.certificate(), &signature, &body, "401 err.signature.invalid message.key").await;
    check(&own, "", &body, "401 err.signature.missing message.unsigned").await;
    check(&own, &by(&bank.key, &body), &body, "401 err.signature.invalid message.key").await;
    let changed = body.replace("cpr:61", "cpr:62");
    check(&own, &signature, &changed, "401 err.signature.invalid message.signature").await;
    check(&own, &jws::sign(&payer.key, "JWT", &json!({})), &body, "400 err.signature.invalid message.malformed").await;
    let rsa = "eyJhbGciOiJSUzI1NiJ9..c2lnbmF0dXJl";
    check(&own, rsa, &body, "401 err.signature.invalid message.algorithm").await;
    check(&own, "a.b", &body, "400 err.signature.invalid message.malformed").await;
    check(&own, &"a".repeat(9000), &body, "413 err.signature.invalid message.size").await;
    let mut foreign = fresh();
    foreign["header"]["sender_id"] = json!("bank");
    let foreign = foreign.to_string();
    check(&own, &by(&payer.key, &foreign), &foreign, "401 err.sender_id.invalid mapper.sender").await;
    // In the member, over header and message; where the header says something, it counts.
    let in_member = |key: &PrivateKey, change: &str| {
        let text = fresh().to_string();
        let envelope = g2p::Envelope::read(text.as_bytes()).unwrap();
        let signature = by(key, std::str::from_utf8(&envelope.signed().concat()).unwrap());
        text.replace(r#""signature":"""#, &format!(r#""signature":"{signature}""#)).replace("cpr:", change)
    };
    check(&own, "", &in_member(&bank.key, "cpr:"), "401 err.signature.invalid message.key").await;
    check(&own, "", &in_member(&payer.key, "cpr: "), "401 err.signature.invalid message.signature").await;
    check(&own, "a..b", &in_member(&payer.key, "cpr:"), "400 err.signature.invalid message.malformed").await;
    assert_eq!(world.entries(), before, "who is not known leaves nothing");

    check(&own, "", &in_member(&payer.key, "cpr:"), "succ").await;
    check(&own, &signature, &body, "succ").await;
    // Some clients sign members in the order of their names, without white space, and send them otherwise.
    let body = fresh().to_string().replace("\":", "\" : ");
    let sorted = String::from_utf8(g2p::sorted(body.as_bytes()).unwrap()).unwrap();
    assert_ne!(sorted, body);
    check(&own, &by(&payer.key, &sorted), &body, "succ").await;
    assert_eq!(world.entries(), before + 3);
    let answer = world.send(Role::PublicPayer, "/mapper/resolve", &fresh()).await;
    assert_eq!(answer.done()["header"]["sender_id"], "konto.example");
    assert_eq!(answer.done()["header"]["receiver_id"], "public-payer");
    let answer = world.map(Role::PublicPayer, "/mapper/resolve", &fresh()).await;
    assert_eq!(answer, Ok(vec!["succ succ.id.active".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_comes_fresh_and_once_on_whichever_process() {
    let first = World::with(behind_a_proxy()).await;
    let second = first.another(behind_a_proxy()).await;
    let before = first.entries();
    let sent = message("resolve", &[entry(ANNA, json!({}))]);
    let replayed = Err("rjct rjct.message_id.duplicate message.replayed".to_owned());
    // Both get it at the same time.
    let [one, two] = [&first, &second].map(|world| world.map(Role::PublicPayer, "/mapper/resolve", &sent));
    let (one, two) = tokio::join!(one, two);
    assert_ne!(one, two);
    assert!([&one, &two].contains(&&replayed) && [&one, &two].contains(&&Ok(vec!["succ succ.id.active".to_owned()])));
    let entries = first.entries();
    assert!(entries == before + 1 || entries == before + 2, "a message that lost inside the store is entered");
    for world in [&first, &second] {
        assert_eq!(world.map(Role::PublicPayer, "/mapper/resolve", &sent).await, replayed);
    }
    assert_eq!(first.entries(), entries, "one that came before writes nothing");
    // Another client's message may have the same name.
    let mut same = message("resolve", &[entry(ANNA, json!({"fa": "account:440116243@0040"}))]);
    same["header"]["message_id"] = sent["header"]["message_id"].clone();
    assert!(second.map(Role::Bank, "/mapper/resolve", &same).await.is_ok());

    let at = |moment: &str| {
        let mut sent = message("resolve", &[entry(ANNA, json!({}))]);
        sent["header"]["message_ts"] = json!(moment);
        sent
    };
    let old = Err("rjct rjct.message_ts.invalid message.time".to_owned());
    for (moment, is_fresh) in [
        ("2026-11-23T08:54:31Z", true),
        ("2026-11-23T08:54:30Z", false),
        ("2026-11-23T09:05:30Z", true),
        ("2026-11-23T09:05:31Z", false),
        ("2026-11-23T10:00:00", false),
    ] {
        let answer = first.map(Role::PublicPayer, "/mapper/resolve", &at(moment)).await;
        assert_eq!(answer.is_ok(), is_fresh, "{moment}: {answer:?}");
        assert!(is_fresh || answer == old);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_ended_is_refused() {
    let world = World::with(behind_a_proxy()).await;
    let sent = || message("resolve", &[entry(ANNA, json!({}))]);
    assert!(world.map(Role::PublicPayer, "/mapper/resolve", &sent()).await.is_ok());
    let end = |work: &mut dyn FnMut(&mut kernel::Writer)| {
        tokio::task::block_in_place(|| {
            let mut writer = world.store.writer(kernel::Secrets::from_system()).unwrap();
            work(&mut writer);
            assert!(edge::caller::Tokens::refresh(&world.identity, &mut writer).unwrap());
        });
    };
    end(&mut |writer| {
        let command = eid::commands::EndClient { name: "public-payer".to_owned() };
        writer.execute(&command, &kernel::Actor::console(), &kernel::Env::new(crate::support::NOW, 0)).unwrap();
    });
    let ended = "401 err.request.unauthorized client.ended".to_owned();
    assert_eq!(world.map(Role::PublicPayer, "/mapper/resolve", &sent()).await, Err(ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_designates_its_own_accounts_and_what_is_not_named_waits() {
    let world = World::with(behind_a_proxy()).await;
    let own = "account:777@0040";
    let check = async |operation: &str, id: &str, fa: &str, info: Value, expected: &str| {
        let entry = entry(id, json!({"fa": fa, "additional_info": info}));
        for path in [format!("/mapper/{operation}"), format!("/mapper/sync/{operation}")] {
            let answer = world.map(Role::Bank, &path, &message(operation, std::slice::from_ref(&entry))).await;
            let answer = answer.map_or_else(|refused| refused, |answers| answers.join(", "));
            let expected = match (expected, path.contains("sync")) {
                // The first of both was done or held.
                ("done", _) => format!("succ {fa}"),
                ("held", false) => format!("pdng {fa} change.held"),
                ("held", true) if operation == "link" => format!("rjct rjct.unknown.retry {fa} change.waiting"),
                ("held", true) => format!("rjct {fa} change.waiting"),
                (refused, _) => refused.replace("FA", fa),
            };
            assert_eq!(answer.trim(), expected.replace("  ", " ").trim(), "{path} {id} {fa} {info}");
        }
    };
    let none = || json!(null);
    let expects = |account: &str| json!([{"name": "expected_fa", "value": account}, {"name": "note", "value": [1]}]);
    let mismatch = "rjct rjct.fa.invalid FA designation.expects_mismatch";
    for operation in ["link", "update"] {
        check(operation, NOBODY, own, none(), "rjct rjct.id.invalid FA payee.unknown").await;
        check(operation, DAN, "account:1@9860", none(), "rjct rjct.fa.invalid FA designation.other_bank").await;
        check(operation, DAN, "account:1@0041", none(), "rjct rjct.fa.invalid FA bank.unknown").await;
        check(operation, DAN, "iban:DE89370400440532013000@de", none(), "rjct rjct.fa.invalid FA account.bic").await;
        let again = json!([{"name": "expected_fa", "value": 7}]);
        check(operation, DAN, own, again, "rjct rjct.fa.invalid FA mapper.attribute").await;
    }
    check("link", CLARA, own, none(), "rjct rjct.other.error FA payee.dead").await;
    check("update", CLARA, own, none(), "rjct FA payee.dead").await;
    check("link", DAN, own, expects("account:1@0040"), mismatch).await;
    check("link", DAN, own, none(), "done").await;
    check("update", DAN, own, none(), "done").await;
    check("update", DAN, "account:778@0040", expects("0040-1"), mismatch).await;
    // Without saying why, it waits although it names the account in force.
    check("link", DAN, "account:778@0040", expects("account:777@0040"), "held").await;
    check("update", BO, own, none(), "held").await;
    check("link", "cpr:6101701234", own, none(), "held").await;
    // With its grounds, as the bank channel has them; who gives some gives all.
    let expecting = |account: &str, reason: &str, consent: &str| {
        let mut info = expects(account);
        for (name, value) in [("reason", reason), ("consent", consent)] {
            info.as_array_mut().unwrap().push(json!({"name": name, "value": value}));
        }
        info
    };
    let grounds = |reason: &str, consent: &str| expecting("account:778@0040", reason, consent);
    check("link", DAN, "account:778@0040", expecting("account:777@0040", "user_request", "phone"), "done").await;
    check("update", DAN, own, grounds("because", "signature"), "rjct rjct.fa.invalid FA designation.reason").await;
    check("update", DAN, own, grounds("user_request", ""), "rjct rjct.fa.invalid FA designation.consent_missing").await;

    check("unlink", DAN, "account:777@0040", none(), mismatch).await;
    check("unlink", BO, "", none(), "rjct rjct.fa.invalid designation.none").await;
    check("unlink", NOBODY, "", none(), "rjct rjct.fa.invalid designation.none").await;
    check("unlink", DAN, "", expects("account:777@0040"), "rjct rjct.fa.invalid designation.expects_mismatch").await;
    check("unlink", DAN, "", grounds("whim", "phone"), "rjct rjct.fa.invalid designation.reason").await;
    check("unlink", DAN, "account:778@0040", grounds("account_closure", "not_needed"), "done").await;
    check("unlink", DAN, "", none(), "done").await;
    let asked = message("resolve", &[entry(DAN, json!({"scope": "details"}))]);
    let answer = world.map(Role::PublicPayer, "/mapper/resolve", &asked).await;
    assert_eq!(answer, Ok(vec!["succ succ.id.inactive".to_owned()]));

    for operation in ["link", "update", "unlink"] {
        for role in [Role::PublicPayer, Role::PrivatePayer, Role::Authority, Role::RegisterFeed] {
            let sent = message(operation, &[entry(DAN, json!({"fa": own}))]);
            let refused = world.map(role, &format!("/mapper/{operation}"), &sent).await;
            assert_eq!(refused, Err("403 err.request.forbidden policy.not_allowed".to_owned()), "{operation}");
        }
    }
    // What waits is told to those who may know the account.
    let asked = message("resolve", &[entry(ANNA, json!({"scope": "details"}))]);
    let answer = world.send(Role::PublicPayer, "/mapper/resolve", &asked).await.done();
    let known = &answer["message"]["resolve_response"][0]["additional_info"][1];
    assert_eq!(*known, json!({"name": "pending_change", "value": true}));
}

/// A question about an earlier message.
fn question(kind: &str, by: &str, name: Value) -> Value {
    let mut message = message("txn-status", &[]);
    message["header"]["total_count"] = json!(1);
    message["message"] = json!({"transaction_id": "q", "txnstatus_request": {
        "reference_id": "q-1", "timestamp": NOON, "txn_type": kind, "attribute_type": by, "attribute_value": name,
    }});
    message
}

impl World {
    /// What became of an earlier message's entries, in a few words.
    async fn became(&self, role: Role, question: &Value) -> Result<Vec<String>, String> {
        let answer = self.send(role, "/mapper/status", question).await;
        if answer.status != 200 {
            return Err(turned_away(&answer));
        }
        let json = answer.done();
        self.verify(&json, &answer);
        assert_eq!(json["header"]["action"], "txn-on-status");
        let inner = &json["message"]["txnstatus_response"]["txn_status"];
        let list = inner.as_object().unwrap().values().find_map(Value::as_array).unwrap();
        Ok(list.iter().map(|entry| format!("{} {}", entry["reference_id"].as_str().unwrap(), words(entry))).collect())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_message_is_told_to_its_client_as_it_is_now() {
    let world = World::with(behind_a_proxy()).await;
    let entries = [
        json!({"reference_id": "a", "timestamp": NOON, "id": DAN, "fa": "account:777@0040"}),
        json!({"reference_id": "b", "timestamp": NOON, "id": ANNA, "fa": "account:777@0040"}),
        json!({"reference_id": "c", "timestamp": NOON, "id": BO, "fa": "account:777@0040"}),
        json!({"reference_id": "d", "timestamp": NOON, "id": NOBODY, "fa": "account:777@0040"}),
        json!({"reference_id": "e", "timestamp": "now", "id": DAN, "fa": "account:777@0040"}),
    ];
    let mut sent = message("link", &entries);
    sent["message"]["transaction_id"] = json!("t");
    let answer = world.send(Role::Bank, "/mapper/link", &sent).await.done();
    let header = &answer["header"];
    let counts = (&header["status"], &header["total_count"], &header["completed_count"]);
    assert_eq!(counts, (&json!("pdng"), &json!(5), &json!(3)));
    let correlation = answer["message"]["correlation_id"].clone();
    let lost = ["d rjct rjct.id.invalid payee.unknown", "e rjct rjct.timestamp.invalid mapper.timestamp"];
    let check = async |b: &str, c: &str| {
        let expected = ["a succ", b, c, lost[0], lost[1]].map(str::to_owned);
        for (by, name) in [("transaction_id", json!("t")), ("correlation_id", correlation.clone())] {
            let became = world.became(Role::Bank, &question("link", by, name)).await;
            assert_eq!(became.as_deref(), Ok(expected.as_slice()), "{by}");
        }
        let became = world.became(Role::Bank, &question("link", "reference_id_list", json!(["x", "c", "a"]))).await;
        assert_eq!(became, Ok(vec![c.to_owned(), "a succ".to_owned()]));
    };
    check("b pdng change.held", "c pdng change.held").await;
    let held: Vec<String> = tokio::task::block_in_place(|| {
        let mut writer = world.store.writer(kernel::Secrets::from_system()).unwrap();
        let console = kernel::Actor::console();
        let waiting = writer
            .read(|scope| registry::queries::waiting(scope, &console, None, None, None, 10, crate::support::NOW))
            .unwrap();
        waiting.proposals.into_iter().map(|proposal| proposal.standing.id).collect()
    });
    let (operator, env) = (kernel::Actor::operator("anna"), kernel::Env::new(crate::support::NOW, 0));
    tokio::task::block_in_place(|| {
        let mut writer = world.store.writer(kernel::Secrets::from_system()).unwrap();
        let why = "the payee was called".to_owned();
        let (proposal, officer) = (held[0].clone(), operator.clone());
        let approve = ApproveDesignation { proposal, why: why.clone(), officer, is_synthetic: true };
        writer.execute(&approve, &operator, &env).unwrap();
        let (proposal, officer) = (held[1].clone(), operator.clone());
        let refuse = RefuseDesignation { proposal, why, officer, is_synthetic: true };
        writer.execute(&refuse, &operator, &env).unwrap();
    });
    check("b succ", "c rjct rjct.other.error change.refused").await;

    let unknown = Err("404 err.request.not_found mapper.unknown".to_owned());
    for asked in [
        question("link", "transaction_id", json!("t-none")),
        question("update", "transaction_id", json!("t")),
        question("link", "correlation_id", json!("1048576")),
        question("link", "reference_id_list", json!(["x"])),
    ] {
        assert_eq!(world.became(Role::Bank, &asked).await, unknown, "{asked}");
    }
    for role in [Role::PublicPayer, Role::PrivatePayer, Role::Authority, Role::RegisterFeed] {
        for (by, name) in [("transaction_id", json!("t")), ("correlation_id", correlation.clone())] {
            assert_eq!(world.became(role, &question("link", by, name)).await, unknown, "{role:?}");
        }
    }

    // What was refused did not use its id up.
    let mut asked = question("link", "transaction_id", json!("t-none"));
    assert_eq!(world.became(Role::Bank, &asked).await, unknown);
    assert_eq!(world.became(Role::Bank, &asked).await, unknown);
    asked["message"]["txnstatus_request"]["attribute_value"] = json!("t");
    assert!(world.became(Role::Bank, &asked).await.is_ok());
    let again = world.send(Role::Bank, "/mapper/status", &asked).await.done();
    assert_eq!(again["header"]["status_reason_code"], "rjct.message_id.duplicate");

    // Of look-ups it is told how they were answered, and no account.
    let entries = [
        json!({"reference_id": "a", "timestamp": NOON, "id": ANNA, "scope": "details"}),
        json!({"reference_id": "b", "timestamp": NOON, "id": ANNA, "fa": "account:1@0040"}),
        json!({"reference_id": "c", "timestamp": NOON, "id": "cpr:1", "scope": "details"}),
        json!({"reference_id": "c", "timestamp": NOON, "id": NOBODY}),
        json!({"reference_id": "d", "timestamp": NOON, "id": NOBODY, "scope": "all"}),
        json!({"reference_id": "e", "timestamp": NOON, "id": NOBODY}),
    ];
    let sent = message("resolve", &entries);
    assert_eq!(world.send(Role::PublicPayer, "/mapper/resolve", &sent).await.status, 200);
    let name = sent["message"]["transaction_id"].clone();
    let expected = [
        "a succ succ.id.active",
        "b succ succ.fa.not_linked_to_id",
        "c rjct rjct.id.invalid mapper.id",
        "c rjct rjct.reference_id.duplicate mapper.reference_id_repeated",
        "d rjct rjct.resolve_type.not_supported mapper.scope",
        "e succ succ.id.not_found",
    ];
    let asked = question("resolve", "transaction_id", name);
    assert_eq!(world.became(Role::PublicPayer, &asked).await.as_deref(), Ok(expected.map(str::to_owned).as_slice()));
    // A question is a message: it comes once.
    let again = world.send(Role::PublicPayer, "/mapper/status", &asked).await.done();
    assert_eq!(again["header"]["status_reason_code"], "rjct.message_id.duplicate");
}
