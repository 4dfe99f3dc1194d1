//! Clients subscribe to what becomes of payees' accounts, read it, and have it delivered.

use crate::deliveries::{Country, server};
use crate::receiver::{Does, Receiver};
use crate::support::{ANNA, ANNA_IBAN, BANK_TOKEN, NOW, OPERATOR_TOKEN, PUBLIC, System, World, request};
use eid::commands::{AddClient, EndClient};
use hyper::Method;
use kernel::{Env, Role, Secrets, Timestamp};
use registry::commands::{AddDelivery, AddPayer, Client, Followed, Subscribe};
use registry::delivery::{Terms, What};
use registry::designation::Channel;
use registry::import::{Accounts, Source};
use registry::legal_purpose::LegalPurpose;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::subscription::Reference;
use serde_json::{Value, json};
use tokio::task::block_in_place;

const PUBLIC_TOKEN: &str = "public-payer.subscriptions.resolve";
const LENDER_TOKEN: &str = "private-payer.subscriptions";
const BO: &str = "cpr:6201701235";
const NOBODY: &str = "cpr:7201701235";
/// Within all bounds.
const UNTIL: &str = "2026-12-01T09:00:00Z";

fn about(payees: &[(&str, Option<&str>)]) -> Value {
    let one =
        |(payee, account): &(&str, Option<&str>)| json!({ "payee": payee, "account": account, "reference": "Loan 7" });
    json!({ "purpose": "payment", "until": UNTIL, "payees": payees.iter().map(one).collect::<Vec<_>>() })
}

/// Anna's account is another one with the same bank.
async fn moves(world: &World) {
    let change = json!({
        "action": "change", "payee": ANNA, "account": "0040-77", "expects": ANNA_IBAN, "reason": "user_request",
        "consent": "netbank",
    });
    let body = json!({ "changes": [change], "hold": false }).to_string();
    let answers = world.post("/v1/accounts", BANK_TOKEN, &body).await.done();
    assert_eq!(answers["answers"][0]["result"], "done", "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lender_is_told_that_an_account_was_changed_and_the_payee_who_is_told() {
    let mut world = World::new().await;
    let subscribe = async |token: &str, body: &Value| world.post("/v1/subscriptions", token, &body.to_string()).await;
    let begun = subscribe(LENDER_TOKEN, &about(&[(ANNA, Some(ANNA_IBAN)), (NOBODY, Some("0040-1"))])).await.done();
    let ids: Vec<&str> =
        begun["subscriptions"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let told = |state: &str, id: &str| {
        json!({
            "id": id, "state": state, "changed_recently": false, "changed_days_ago": null, "pending_change": false,
            "last_change_channel": null,
        })
    };
    assert_eq!(begun["subscriptions"], json!([told("match", ids[0]), told("not_possible", ids[1])]));
    let other = subscribe(PUBLIC_TOKEN, &about(&[(BO, None)])).await.done();
    assert_eq!(other["subscriptions"][0]["state"], "in_force");
    assert!(!other.to_string().contains("1234567"), "no account is told: {other}");

    let read = async |token: &str, query: &str| world.get(&format!("/v1/subscriptions{query}"), token).await.done();
    let listed = read(LENDER_TOKEN, "?limit=1").await;
    let lasts = json!({ "id": ids[0], "payee": ANNA, "reference": "Loan 7", "purpose": "payment", "until": UNTIL });
    assert_eq!(listed["subscriptions"], json!([lasts]));
    let next = read(LENDER_TOKEN, &format!("?cursor={}", listed["next"].as_str().unwrap())).await;
    assert_eq!((&next["subscriptions"][0]["id"], &next["next"]), (&json!(ids[1]), &json!(null)));

    let before = read(LENDER_TOKEN, "/events").await;
    assert_eq!((&before["events"], &before["more"]), (&json!([]), &json!(false)));
    moves(&world).await;
    let entries = world.entries();
    let after = read(LENDER_TOKEN, &format!("/events?cursor={}", before["next"].as_str().unwrap())).await;
    let event = json!({
        "id": after["events"][0]["id"], "event": "changed", "subscription": ids[0], "reference": "Loan 7", "payee": ANNA,
        "benefit": null, "channel": "bank", "changed_days_ago": 0, "from": NOW.to_string(), "recorded": NOW.to_string(),
    });
    assert_eq!((&after["events"], &after["more"]), (&json!([event]), &json!(false)));
    assert_eq!(read(LENDER_TOKEN, "/events?limit=1").await["events"], json!([event]));
    assert_eq!(
        read(LENDER_TOKEN, &format!("/events?cursor={}", after["next"].as_str().unwrap())).await["events"],
        json!([])
    );
    // Others hear nothing of it, and to read looks nobody up.
    assert_eq!(read(PUBLIC_TOKEN, "/events").await["events"], json!([]));
    assert_eq!(world.entries(), entries);

    let ask = async |token: &str, payee: &str| {
        world.post("/v1/subscriptions/about", token, &json!({ "payee": payee }).to_string()).await
    };
    let subscribers = ask("citizen~6101701234.subscribers", ANNA).await.done();
    let one = &subscribers["subscribers"][0];
    assert_eq!(
        (&one["client"], &one["purpose"], &one["until"], &one["ended"]),
        (&json!("client:a private-payer"), &json!("payment"), &json!(UNTIL), &json!(null))
    );
    ask("citizen~6201701235.subscribers", ANNA).await.refused(403, "citizen.other");
    ask("citizen~6101701234~low.subscribers", ANNA).await.refused(403, "citizen.assurance");
    ask("private-payer.subscribers", ANNA).await.refused(403, "policy.not_allowed");
    ask(OPERATOR_TOKEN, ANNA).await.done();

    let end = async |token: &str, ids: &[&str]| {
        world.post("/v1/subscriptions/end", token, &json!({ "subscriptions": ids }).to_string()).await
    };
    end(PUBLIC_TOKEN, &ids).await.refused(404, "subscription.unknown");
    end(LENDER_TOKEN, &[]).await.refused(422, "subscription.count");
    assert_eq!(end(LENDER_TOKEN, &ids).await.done(), json!({ "ended": 2 }));
    assert_eq!(end(LENDER_TOKEN, &ids).await.done(), json!({ "ended": 0 }));
    assert_eq!(read(LENDER_TOKEN, "/events").await["events"], json!([]));
    assert_eq!(read(LENDER_TOKEN, "").await["subscriptions"], json!([]));

    let logged = world.log();
    assert!(world.stopped().await);
    for word in ["6101701234", "Loan 7", ANNA_IBAN, "7201701235"] {
        assert!(!logged.text().contains(word), "{word} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_subscribed_to_is_refused_and_a_repeated_request_is_one() {
    let world = World::new().await;
    let check = async |token: &str, body: Value, status: u16, code: &str| {
        world.post("/v1/subscriptions", token, &body.to_string()).await.refused(status, code)
    };
    let with = |name: &str, value: Value| {
        let mut body = about(&[(ANNA, None)]);
        body[name] = value;
        body
    };
    check(PUBLIC_TOKEN, with("purpose", json!("fraud_prevention")), 403, "subscription.purpose").await;
    check(PUBLIC_TOKEN, with("purpose", json!("curiosity")), 400, "body.field").await;
    check(PUBLIC_TOKEN, with("until", json!("2026-12-24T09:00:00Z")), 422, "subscription.until").await;
    check(PUBLIC_TOKEN, with("until", json!("2026-11-23T09:00:00Z")), 422, "subscription.until").await;
    check(PUBLIC_TOKEN, with("payees", json!([])), 422, "look_up.count").await;
    check(PUBLIC_TOKEN, about(&[(ANNA, Some(ANNA_IBAN))]), 422, "subscription.account").await;
    check(LENDER_TOKEN, about(&[(ANNA, None)]), 422, "subscription.account").await;
    let wrong = check(LENDER_TOKEN, about(&[(ANNA, Some(ANNA_IBAN)), (ANNA, Some("0040-x"))]), 400, "body.field").await;
    assert_eq!(wrong["pointer"], "/payees/1/account");
    check("authority.subscriptions", about(&[(ANNA, None)]), 403, "policy.not_allowed").await;
    check("public-payer.resolve", about(&[(ANNA, None)]), 403, "token.scope").await;
    for _ in 0..3 {
        let body = about(&[(NOBODY, None); 100]).to_string();
        world.post("/v1/subscriptions", PUBLIC_TOKEN, &body).await.done();
    }
    check(PUBLIC_TOKEN, about(&[(ANNA, None)]), 429, "allowance.exhausted").await;

    let again = async || {
        let body = about(&[(ANNA, Some(ANNA_IBAN))]).to_string();
        let mut asked = request(Method::POST, "/v1/subscriptions", LENDER_TOKEN, Some(&body));
        asked.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        world.ask(asked).await.done()
    };
    assert_eq!(again().await, again().await);
    let listed = world.get("/v1/subscriptions", LENDER_TOKEN).await.done();
    assert_eq!(listed["subscriptions"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_delivered_until_the_client_is_ended() {
    const PAYEE: &str = "p:1000000001";
    let country = Country::new();
    let changes = |rows: &str| {
        let (channel, by) = (Channel::Operator, "console".to_owned());
        let accounts = Accounts { channel, by, vault: country.store.vault().clone() };
        country.import(&accounts, &format!("{}\n{rows}\n", Accounts::HEADER.join(",")));
    };
    changes(&format!("register,{PAYEE},0040-1,,none,,,"));
    let (kind, no_account) = (PayerKind::Public, NoAccount::Reject);
    let cvr = denmark::Cvr::parse("13748136").unwrap();
    let agreement = Agreement {
        name: PUBLIC.to_owned(),
        cvr,
        kind,
        no_account,
        bank: None,
        terms: registry::terms::Terms::default(),
    };
    country.execute(&AddPayer { agreement }).unwrap();
    let registration = System::of(Role::PublicPayer).registration();
    let (name, actor) = (registration.name.clone(), registration.actor());
    country.execute(&AddClient { registration }).unwrap();
    let mut receiver = Receiver::new().await;
    let terms =
        Terms { name: "told".to_owned(), what: What::Subscriptions, whose: name.clone(), place: server(&receiver.url) };
    country.execute(&AddDelivery { terms, from_the_beginning: false }).unwrap();
    let client = Client { actor: actor.clone(), payer: Some(PUBLIC.to_owned()) };
    let reference = Reference::parse("Loan 7").unwrap();
    let payees = vec![Followed { payee: PayeeId::parse(PAYEE).unwrap(), account: None, reference }];
    let until = Timestamp::parse(UNTIL).unwrap();
    let vault = country.store.vault().clone();
    let request = Subscribe::new(&vault, client, LegalPurpose::Payment, until, payees, None).unwrap();
    let given = [(request, &actor, &Env::new(NOW, 7))];
    block_in_place(|| {
        let mut writer = country.store.writer(Secrets::from_system()).unwrap();
        let answers = writer.execute_group(|group| group.execute_jointly(&given)).unwrap();
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    });
    let process = country.process();
    process.round().await;
    assert_eq!(receiver.all().len(), 0);
    changes(&format!("change,{PAYEE},1020-2,,0040-1,,,"));
    receiver.does(&[Does::Answer("500 Internal Server Error"), Does::Take]);
    for _ in 0..2 {
        process.round().await;
        country.later(60);
    }
    let seen = receiver.all();
    let [first, second] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((first.json(), &first.headers["idempotency-key"]), (second.json(), &second.headers["idempotency-key"]));
    let sent = second.json();
    let event = &sent["events"][0];
    let expected = json!({
        "id": event["id"], "event": "changed", "subscription": event["subscription"], "reference": "Loan 7",
        "payee": PAYEE, "benefit": null, "channel": "operator", "changed_days_ago": 0, "from": event["from"],
        "recorded": event["recorded"],
    });
    assert_eq!(sent, json!({ "client": name, "events": [expected] }));
    let id = event["id"].as_str().unwrap();
    assert_eq!(second.headers["idempotency-key"], format!("told-{id}-{id}"));
    assert!(second.headers["signature-input"].contains("content-digest"), "{second:?}");

    country.execute(&EndClient { name }).unwrap();
    changes(&format!("change,{PAYEE},0040-3,,1020-2,,,"));
    process.round().await;
    assert_eq!(receiver.all().len(), 0, "an ended client is told nothing");
}
