//! Cases of victims over HTTP: the same officers, the same rules.

use crate::described::matches;
use crate::support::{ANNA, Answer, BANK_TOKEN, OPERATOR_TOKEN, OTHER_OPERATOR_TOKEN, World};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use eid::commands::RotateSigningKey;
use eid::key::PublicKey;
use eid::signing_key::Rotation;
use kernel::{Actor, Env};
use serde_json::{Value, json};
use services::case_file::case_schema;

async fn post(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    world.post(path, token, &body.to_string()).await
}

async fn opened(world: &World) -> String {
    let opening = json!({ "payee": ANNA, "since": "2026-11-23T00:00:00Z", "from": "police", "reason": "They rang" });
    post(world, BANK_TOKEN, "/v1/cases", &opening).await.refused(403, "token.scope");
    let opened = post(world, OPERATOR_TOKEN, "/v1/cases", &opening).await.done();
    assert_eq!(opened["frozen"], json!(["0040-******6243"]));
    post(world, OTHER_OPERATOR_TOKEN, "/v1/cases", &opening).await.refused(409, "case.open");
    opened["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_given_by_another_and_can_be_checked() {
    let world = World::new().await;
    let case = opened(&world).await;
    let at = |act: &str| format!("/v1/cases/{case}{act}");
    let found = post(&world, OPERATOR_TOKEN, "/v1/cases/newest", &json!({ "payee": ANNA })).await.done();
    assert_eq!(found["cases"][0]["id"], json!(case));
    let traced = post(&world, OPERATOR_TOKEN, &at("/trace"), &json!({ "limit": 1 })).await.done();
    assert_eq!(traced["payments"].as_array().unwrap().len(), 1);
    assert!(traced["payments"][0]["payer"].is_string() && traced["payments"][0]["amount"].is_string(), "{traced}");
    if let Some(after) = traced["next"].as_str() {
        let more = post(&world, OPERATOR_TOKEN, &at("/trace"), &json!({ "after": after })).await.done();
        assert_ne!(more["payments"][0], traced["payments"][0]);
    }
    for wrong in [json!({ "after": "x" }), json!({ "limit": 0 }), json!({ "limit": 1_001 })] {
        post(&world, OPERATOR_TOKEN, &at("/trace"), &wrong).await.refused(400, "body.field");
    }
    post(&world, OPERATOR_TOKEN, &at("/trace"), &json!({ "limit": 1_000 })).await.done();

    let asking = json!({ "to": "police", "law": "Paragraph 802" });
    let early = json!({ "to": "police", "asked": "2026-11-23T11:00:00Z" });
    post(&world, OTHER_OPERATOR_TOKEN, &at("/bundle"), &early).await.refused(409, "case.not_asked");
    let asked = post(&world, OPERATOR_TOKEN, &at("/disclose"), &asking).await.done();
    let mut giving = json!({ "to": "police", "asked": asked["asked"], "language": "en" });
    post(&world, OPERATOR_TOKEN, &at("/bundle"), &giving).await.refused(403, "case.own");
    giving["to"] = json!("bank:Nordbank");
    post(&world, OTHER_OPERATOR_TOKEN, &at("/bundle"), &giving).await.refused(409, "case.not_asked");
    giving["to"] = json!("police");
    world.at_the_store(|writer| {
        let env = Env::sample(crate::support::NOW, &mut writer.secrets).unwrap();
        let command = RotateSigningKey::new(Rotation::First, &mut writer.secrets).unwrap();
        writer.execute(&command, &Actor::console(), &env).unwrap();
    });
    let given = post(&world, OTHER_OPERATOR_TOKEN, &at("/bundle"), &giving).await.done();
    let content = |name: &str| {
        let files = given["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["name"] == name)?;
        Some(STANDARD.decode(file["content"].as_str()?).unwrap())
    };
    assert!(content(&format!("case-{case}.pdf")).unwrap().starts_with(b"%PDF-"));
    let (schema, told) = (case_schema(), content(&format!("case-{case}.json")).unwrap());
    let mut told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(matches(&schema, &schema, &told, ""), Ok(()));
    assert_eq!(told["payments"][0]["money"], "left");
    for (place, wrong) in [
        ("/payments/0/money", json!("gone")),
        ("/payments/0/amount", json!(7)),
        ("/given/law", json!(null)),
        ("/finding", json!("misunderstanding")),
        ("/acts/0", json!({ "act": "frozen" })),
    ] {
        let right = std::mem::replace(told.pointer_mut(place).unwrap(), wrong);
        assert!(matches(&schema, &schema, &told, "").is_err(), "{place}");
        *told.pointer_mut(place).unwrap() = right;
    }
    let keys = world.at_the_store(|writer| writer.read(eid::queries::signing_keys)).unwrap();
    let keys: Vec<PublicKey> = keys.into_iter().map(|key| key.public).collect();
    let seal = String::from_utf8(content(&format!("case-{case}.jws")).unwrap()).unwrap();
    let checked = services::cases::check(&seal, content, &keys).unwrap();
    assert_eq!((checked.case.as_str(), checked.to.as_str()), (case.as_str(), "police"));
    let shown = world.get(&at(""), OTHER_OPERATOR_TOKEN).await.done();
    let acts: Vec<&str> = shown["acts"].as_array().unwrap().iter().map(|act| act["act"].as_str().unwrap()).collect();
    assert_eq!((acts.first(), acts.last()), (Some(&"frozen"), Some(&"disclosed")));
    let numbers = ANNA.trim_start_matches("cpr:");
    assert!(!shown.to_string().contains(numbers) && !world.log().text().contains(numbers), "{shown}");
    world.get("/v1/cases/0000000000000", OPERATOR_TOKEN).await.refused(404, "case.unknown");
    assert_eq!(world.get("/v1/cases", OPERATOR_TOKEN).await.done()["cases"][0]["id"], json!(case));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_say_that_it_was_a_misunderstanding() {
    let world = World::new().await;
    let case = opened(&world).await;
    let close = format!("/v1/cases/{case}/close");
    let closing = json!({ "finding": "misunderstanding", "reason": "She had moved it herself" });
    let asked = post(&world, OPERATOR_TOKEN, &close, &closing).await.done();
    assert_eq!((&asked["waits_for"], &asked["unfrozen"]), (&json!("approval"), &json!(0)));
    post(&world, OPERATOR_TOKEN, &close, &closing).await.refused(403, "case.own");
    let closed = post(&world, OTHER_OPERATOR_TOKEN, &close, &closing).await.done();
    assert_eq!((&closed["waits_for"], &closed["unfrozen"]), (&json!(null), &json!(1)));
    post(&world, OTHER_OPERATOR_TOKEN, &close, &closing).await.refused(409, "case.state");
    let shown = world.get(&format!("/v1/cases/{case}"), OPERATOR_TOKEN).await.done();
    assert_eq!((&shown["finding"], &shown["accounts"][0]["state"]), (&json!("misunderstanding"), &json!("in_force")));
}
