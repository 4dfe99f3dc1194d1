//! Waiting accounts over the wire: what lies there is its payer's to see, and is paid when its payee has another account.

use crate::returns::{BO_IBAN, bring, message};
use crate::support::*;
use denmark::{Account, Currency, Cvr};
use kernel::{Actor, Env, Writer};
use registry::account::DesignatedAccount;
use registry::commands::{AddPayer, ChangeAccounts, ChangeAnswer};
use registry::designation::Channel;
use registry::import::{AccountRow, Written};
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::Unexpected;
use registry::terms::{OnReturn, Terms};
use serde_json::{Value, json};

const CLARA: &str = "caseworker~clara.waiting";

/// What comes back goes on to a waiting account of [`PUBLIC`].
fn agree(writer: &mut Writer) {
    let Ok(Account::Danish(account)) = Account::parse("0040-777") else { unreachable!() };
    let agreement = Agreement {
        name: PUBLIC.to_owned(),
        cvr: Cvr::parse("13748136").unwrap(),
        kind: PayerKind::Public,
        no_account: NoAccount::PayTo(DesignatedAccount::Domestic { account, currency: Currency::DKK }),
        bank: Some(BANK.to_owned()),
        terms: Terms { on_return: OnReturn::Waiting, ..Terms::default() },
    };
    writer.execute(&AddPayer { agreement }, &Actor::console(), &Env::new(NOW, 0)).unwrap();
}

/// Bo has an account with another bank.
fn moved(writer: &mut Writer) {
    let (vault, actor, env) = (writer.store.vault().clone(), Actor::operator("olga"), Env::new(NOW, 9));
    let written = Written {
        action: "change",
        payee: "cpr:6201701235",
        account: "0040-7",
        expects: BO_IBAN,
        ..Written::default()
    };
    let row = AccountRow::read(&vault, &written).unwrap();
    let change =
        ChangeAccounts::new(actor.clone(), Channel::Operator, vec![Ok(row)], Unexpected::Refuse, None).unwrap();
    let given = [(change, &actor, &env)];
    let answers = writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
    assert!(matches!(answers[..], [ChangeAnswer::Done]), "{answers:?}");
}

async fn text(world: &World, path: &str) -> String {
    let answer = world.get(path, PUBLIC_TOKEN).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/xml"), "{path}: {answer:?}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

async fn states(world: &World, path: &str) -> String {
    let page = world.get(&format!("{path}/payments"), PUBLIC_TOKEN).await.done();
    let states: Vec<&str> =
        page["payments"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    states.join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_lies_there_until_its_payee_has_another_account() {
    let world = World::new().await;
    world.at_the_store(agree);
    let made = world.ask(bring("/v1/payouts", PUBLIC_TOKEN, payment_file("LIES"), &[])).await;
    assert_eq!(made.status, 201, "{made:?}");
    let batch = made.json()["batch"].clone();
    let path = format!("/v1/payouts/{}", batch.as_str().unwrap());
    assert_eq!(states(&world, &path).await, "routed routed waiting routed");
    // Of several that are alike a person says which it is.
    let alike = message("R-1", "E2E-2", BO_IBAN, "MS03");
    assert_eq!(world.ask(bring("/v1/returns", OTHER_BANK_TOKEN, alike, &[])).await.done()["listed"], 1);
    let stray = world.get("/v1/returns", OPERATOR_TOKEN).await.done()["returns"][0]["id"].clone();
    let settle = format!("/v1/returns/{}/settle", stray.as_str().unwrap());
    let decided = json!({ "payment": { "batch": batch, "end_to_end_id": "E2E-2" }, "reason": "asked the bank" });
    assert_eq!(world.post(&settle, OPERATOR_TOKEN, &decided.to_string()).await.done()["booked"], 1);
    assert_eq!(states(&world, &path).await, "routed waiting waiting routed");
    let report = text(&world, &format!("{path}/report/1")).await;
    assert!(report.contains("came back (MS03)") && !report.contains("RJCT"), "{report}");
    // It is ordered from the payer's own account, and its bank fetches that.
    let order = text(&world, &format!("{path}/completed/2")).await;
    assert!(order.contains("DK5000400440116243") && order.contains("0000000777"), "{order}");
    assert!(order.contains("E2E-2") && !order.contains("E2E-3"), "{order}");
    let files = world.get("/v1/payouts/files?limit=1000", BANK_TOKEN).await.done();
    let last = files["files"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["batch"], &last["stage"], &last["payments"]), (&batch, &json!(2), &json!(1)));
    // Whose it is, see it.
    let both = ["E2E-2", "E2E-3"];
    for (token, query, expected) in [
        (PUBLIC_TOKEN, "", &both[..]),
        (PUBLIC_TOKEN, "?payer=Kommunen", &both),
        (CLARA, "", &both),
        (OPERATOR_TOKEN, "", &both),
        (OPERATOR_TOKEN, "?payer=Kommunen", &both),
        (OPERATOR_TOKEN, "?payer=Pensionskassen", &[]),
    ] {
        let page = world.get(&format!("/v1/waiting{query}"), token).await.done();
        let rows = page["waiting"].as_array().unwrap().iter();
        let ids: Vec<&str> = rows.map(|one| one["end_to_end_id"].as_str().unwrap()).collect();
        assert_eq!((&*ids, &page["next"]), (expected, &Value::Null), "{token}{query}");
    }
    for (token, query, status, code) in [
        (PUBLIC_TOKEN, "?payer=Pensionskassen", 404, "payer.unknown"),
        (CLARA, "?payer=Pensionskassen", 404, "payer.unknown"),
        (OPERATOR_TOKEN, "?payer=Nobody", 404, "payer.unknown"),
        (PUBLIC_TOKEN, "?cursor=a", 400, "cursor.invalid"),
        ("public-payer.payouts", "", 403, "token.scope"),
        ("bank.waiting", "", 403, "policy.not_allowed"),
        // Who has no account is no private payer's affair.
        (PRIVATE_TOKEN, "", 403, "policy.not_allowed"),
    ] {
        for list in ["", "/ledger"] {
            world.get(&format!("/v1/waiting{list}{query}"), token).await.refused(status, code);
        }
    }
    let first = world.get("/v1/waiting?limit=1", PUBLIC_TOKEN).await.done();
    let next = format!("/v1/waiting?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = world.get(&next, PUBLIC_TOKEN).await.done();
    let id = |page: &Value| page["waiting"][0]["end_to_end_id"].clone();
    assert_eq!((id(&first), id(&second)), (json!("E2E-2"), json!("E2E-3")));
    assert_eq!(second["next"], Value::Null);
    // Not to where it came back from.
    let pay = async |token: &str, body: &str| world.post("/v1/waiting/pay", token, body).await;
    let nothing = json!({ "paid": [], "next": null });
    assert_eq!(pay(PUBLIC_TOKEN, "{}").await.done(), nothing);
    world.at_the_store(moved);
    pay(PRIVATE_TOKEN, "{}").await.refused(403, "policy.not_allowed");
    assert_eq!(pay(OPERATOR_TOKEN, r#"{"payer":"Pensionskassen"}"#).await.done(), nothing);
    pay(OPERATOR_TOKEN, "{}").await.refused(404, "payer.unknown");
    pay(PUBLIC_TOKEN, r#"{"payer":"Pensionskassen"}"#).await.refused(404, "payer.unknown");
    pay(PUBLIC_TOKEN, r#"{"cursor":"a"}"#).await.refused(400, "cursor.invalid");
    pay("bank.waiting", "{}").await.refused(403, "policy.not_allowed");
    let paid = pay(CLARA, "{}").await.done();
    let order = json!({ "batch": batch, "stage": 3, "payments": 1, "sums": { "DKK": "1000.00" } });
    assert_eq!(paid, json!({ "paid": [order], "next": null }));
    assert_eq!(pay(PUBLIC_TOKEN, "{}").await.done(), nothing);
    assert_eq!(states(&world, &path).await, "routed routed waiting routed");
    let order = text(&world, &format!("{path}/completed/3")).await;
    assert!(order.contains("0000000777") && order.contains("0000000007"), "{order}");
    // The ledger has all of it.
    for (token, query) in [(PUBLIC_TOKEN, ""), (CLARA, ""), (OPERATOR_TOKEN, "?payer=Kommunen")] {
        let ledger = world.get(&format!("/v1/waiting/ledger{query}"), token).await.done();
        let lines = ledger["lines"].as_array().unwrap().iter();
        let lines: Vec<_> = lines.map(|line| json!([line["stage"], line["came_in"], line["left"]])).collect();
        let expected = [json!([0, "1000.25", "0.00"]), json!([2, "1000.00", "0.00"]), json!([3, "0.00", "1000.00"])];
        assert_eq!((lines, &ledger["next"]), (expected.to_vec(), &Value::Null), "{token}");
    }
    world.get("/v1/waiting/ledger", OPERATOR_TOKEN).await.refused(404, "payer.unknown");
}
