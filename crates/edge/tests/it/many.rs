//! Questions about many payees at once, and what becomes of those who ask too much.

use crate::support::{ANNA, ANNA_IBAN, PRIVATE_TOKEN, PUBLIC_TOKEN, World};
use serde_json::{Value, json};

const NOBODY: &str = "cpr:7201701235";

async fn resolve(world: &World, payees: &[&str]) -> crate::support::Answer {
    let payees: Vec<Value> = payees.iter().map(|payee| json!({ "payee": payee })).collect();
    world.post("/v1/resolve/many", PUBLIC_TOKEN, &json!({ "purpose": "payment", "payees": payees }).to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_payees_are_looked_up_together_and_each_has_its_answer() {
    let world = World::new().await;
    let before = world.entries();
    let answers = resolve(&world, &[ANNA, NOBODY, ANNA]).await.done();
    let told: Vec<_> =
        answers["answers"].as_array().unwrap().iter().map(|one| (&one["state"], &one["account"])).collect();
    let (anna, nobody) = ((json!("in_force"), json!(ANNA_IBAN)), (json!("unknown"), json!(null)));
    assert_eq!(told, [(&anna.0, &anna.1), (&nobody.0, &nobody.1), (&anna.0, &anna.1)]);
    let one = json!({ "payee": ANNA, "purpose": "payment" }).to_string();
    assert_eq!(answers["answers"][0], world.post("/v1/resolve", PUBLIC_TOKEN, &one).await.done());
    let payees = json!([{ "payee": ANNA, "account": ANNA_IBAN }, { "payee": ANNA, "account": "0040-1" }]);
    let body = json!({ "purpose": "payment", "payees": payees }).to_string();
    let answers = world.post("/v1/verify/many", PRIVATE_TOKEN, &body).await.done();
    let expected = [("match", false), ("no_match", false)]
        .map(|(result, changed)| json!({ "result": result, "changed_recently": changed, "last_change_channel": null }));
    assert_eq!(answers, json!({ "answers": expected }));
    // A request of many is one entry, as one of one is.
    assert_eq!(world.entries(), before + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_about_many_has_a_size_and_a_form() {
    let world = World::new().await;
    resolve(&world, &[]).await.refused(422, "look_up.count");
    resolve(&world, &[ANNA; 1001]).await.refused(422, "look_up.count");
    assert_eq!(resolve(&world, &[ANNA; 1000]).await.done()["answers"].as_array().unwrap().len(), 1000);
    // A private payer asks about fewer.
    let verify = |count| {
        let payees = vec![json!({ "payee": ANNA, "account": ANNA_IBAN }); count];
        json!({ "purpose": "payment", "payees": payees }).to_string()
    };
    let refused = world.post("/v1/verify/many", PRIVATE_TOKEN, &verify(251)).await.refused(422, "look_up.count");
    assert_eq!(refused["detail"], "A request for this purpose is about 1 to 250 payees.");
    let answers = world.post("/v1/verify/many", PRIVATE_TOKEN, &verify(250)).await.done();
    assert_eq!(answers["answers"].as_array().unwrap().len(), 250);
    let refused = resolve(&world, &[ANNA, "cpr:1"]).await.refused(400, "body.field");
    assert_eq!(refused["pointer"], "/payees/1/payee");
    let benefit = json!({ "purpose": "law", "payees": [{ "payee": ANNA, "benefit": "NKSBOS" }] }).to_string();
    world.post("/v1/resolve/many", "authority.resolve", &benefit).await.refused(422, "look_up.benefit");
}

/// Misses are paid for, and whoever has nothing left is not written about again and again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_hammers_on_an_empty_bucket_is_answered_from_memory() {
    let world = World::new().await;
    // 5,000 tokens, of which 250 misses cost all.
    resolve(&world, &[NOBODY; 249]).await.done();
    let before = world.entries();
    let refused = resolve(&world, &[ANNA; 21]).await;
    // A token comes in 864 seconds.
    assert_eq!(refused.header("retry-after"), "864");
    let first = refused.refused(429, "allowance.exhausted");
    assert_eq!(world.entries(), before + 1);
    for count in [21, 22, 1000, 21] {
        let refused = resolve(&world, &[ANNA; 1000][..count]).await;
        assert_eq!(refused.header("retry-after"), "864");
        assert_eq!(refused.refused(429, "allowance.exhausted")["detail"], first["detail"]);
    }
    assert_eq!(world.entries(), before + 1);
    // Fewer can still be asked about, for another purpose as many.
    assert_eq!(resolve(&world, &[ANNA; 20]).await.status, 200);
    let one = |purpose: &str| json!({ "payee": ANNA, "purpose": purpose }).to_string();
    world.post("/v1/resolve", PUBLIC_TOKEN, &one("fraud_prevention")).await.done();
    assert_eq!(world.entries(), before + 3);
    for _ in 0..3 {
        world.post("/v1/resolve", PUBLIC_TOKEN, &one("payment")).await.refused(429, "allowance.exhausted");
    }
    assert_eq!(world.entries(), before + 4);
    // Another client has a bucket of its own.
    let verify = json!({ "payee": ANNA, "account": ANNA_IBAN, "purpose": "payment" }).to_string();
    world.post("/v1/verify", PRIVATE_TOKEN, &verify).await.done();
}
