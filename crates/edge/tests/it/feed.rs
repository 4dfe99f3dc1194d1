//! A bank reads its feed, and what is registered to be delivered is delivered while the server runs.

use crate::receiver::Receiver;
use crate::support::{ANNA, ANNA_IBAN, BANK, BANK_TOKEN, NOW, World};
use kernel::{Actor, Env, Secrets};
use registry::commands::AddDelivery;
use registry::delivery::{Endpoint, Place, Terms, Url, What};
use serde_json::{Value, json};
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_reads_its_own_customers_accounts_page_by_page() {
    let world = World::new().await;
    let before = world.entries();
    let page = world.get("/v1/feed", BANK_TOKEN).await.done();
    assert_eq!(page["more"], false);
    let messages = page["messages"].as_array().unwrap();
    let recorded = NOW.to_string();
    let expected = json!({
        "id": messages[0]["id"], "event": "registered", "account": ANNA_IBAN, "replaces": null, "payee": ANNA,
        "specific": false, "from": recorded, "channel": "operator", "reason": null,
        "recorded": recorded,
    });
    assert_eq!(messages[0], expected);
    assert!(!messages.is_empty() && messages.len() < 4, "the other banks' are not in it: {page}");

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/feed?limit=1{cursor}"), BANK_TOKEN).await.done();
        paged.extend(page["messages"].as_array().unwrap().clone());
        cursor = format!("&cursor={}", page["next"].as_str().unwrap());
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(&paged, messages);
    let end = world.get("/v1/feed?from=end", BANK_TOKEN).await.done();
    assert_eq!(end, json!({ "messages": [], "next": page["next"], "more": false }));
    let next = world.get(&format!("/v1/feed?{}", &cursor[1..]), BANK_TOKEN).await.done();
    assert_eq!(next["messages"], json!([]));
    assert_eq!(world.get("/v1/feed?from=beginning", BANK_TOKEN).await.done(), page);
    // Nobody was looked up.
    assert_eq!(world.entries(), before);

    let both = format!("/v1/feed?from=end{cursor}");
    world.get(&both, BANK_TOKEN).await.refused(400, "request.query");
    for (query, code) in [
        ("from=now", "request.query"),
        ("cursor=x", "cursor.invalid"),
        ("limit=0", "request.query"),
        ("a=b", "request.query"),
    ] {
        world.get(&format!("/v1/feed?{query}"), BANK_TOKEN).await.refused(400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_moves_is_told_of_to_both_banks_and_each_hears_of_its_own_account() {
    const OTHER: &str = "bank~Andelskassen_Eksempel.feed";
    let world = World::new().await;
    let bo = "cpr:6201701235";
    let end =
        async |token: &str| world.get("/v1/feed?from=end", token).await.done()["next"].as_str().unwrap().to_owned();
    let (begin, other_begin) = (end(BANK_TOKEN).await, end(OTHER).await);
    let change = json!({
        "action": "change", "payee": bo, "account": "0040-77", "expects": "9860-1234567", "reason": "user_request",
        "consent": "netbank",
    });
    let body = json!({ "changes": [change], "hold": false }).to_string();
    world.post("/v1/accounts", BANK_TOKEN, &body).await.done();
    let news = async |token: &str, cursor: &str| {
        let page = world.get(&format!("/v1/feed?cursor={cursor}"), token).await.done();
        assert_eq!((page["messages"].as_array().unwrap().len(), &page["more"]), (1, &json!(false)), "{page}");
        page["messages"][0].clone()
    };
    let (mut to, mut from) = (news(BANK_TOKEN, &begin).await, news(OTHER, &other_begin).await);
    assert_eq!((&to["event"], &from["event"]), (&json!("changed_to_you"), &json!("changed_from_you")));
    assert!(to["account"].as_str().unwrap().ends_with("00400000000077"), "{to}");
    assert!(from["account"].as_str().unwrap().ends_with("98600001234567"), "{from}");
    for message in [&mut to, &mut from] {
        message["event"].take();
        message["account"].take();
    }
    let alike = json!({
        "id": to["id"], "event": null, "account": null, "replaces": null, "payee": bo, "specific": false,
        "from": NOW.to_string(), "channel": "bank", "reason": "user_request", "recorded": NOW.to_string(),
    });
    assert_eq!((to, from), (alike.clone(), alike));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_registered_is_delivered_while_the_server_runs() {
    let mut world = World::new().await;
    let mut receiver = Receiver::new().await;
    let url = Url::parse(&receiver.url).unwrap();
    let place = Place::Server(Endpoint { url, ca: None, identity: None });
    let terms = Terms { name: "bank".to_owned(), what: What::Messages, whose: BANK.to_owned(), place };
    block_in_place(|| {
        let mut writer = world.store.writer(Secrets::from_system()).unwrap();
        let command = AddDelivery { terms, from_the_beginning: true };
        writer.execute(&command, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    });
    let delivered = receiver.next().await.json();
    let read = world.get("/v1/feed", BANK_TOKEN).await.done();
    assert_eq!(delivered, json!({ "bank": BANK, "messages": read["messages"] }));
    assert_ne!(read["messages"], Value::Array(vec![]));
    assert!(world.stopped().await);
}
