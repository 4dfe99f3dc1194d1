//! Asking for a token, and whose tokens are believed.

use crate::support::{Answer, NOW, System, World, behind_a_proxy, request};
use edge::caller::Tokens;
use eid::access::Issuer;
use eid::assertion;
use eid::commands::AddClient;
use eid::key::{Algorithm, PrivateKey};
use eid::token::{ASSERTION_TYPE, GRANT_TYPE};
use hyper::Method;
use kernel::{Actor, Env, Role, Secrets};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::task::block_in_place;

const FORM: &str = "application/x-www-form-urlencoded";

/// By which its tokens are bound to its certificate.
pub fn thumbprint(system: &System) -> [u8; 32] {
    use base64::Engine;
    let der = base64::engine::general_purpose::STANDARD.decode(system.certificate().trim_matches(':'));
    Sha256::digest(der.unwrap()).into()
}

async fn ask(world: &World, body: &str) -> Answer {
    let mut asked = request(Method::POST, "/oauth/token", "", Some(body));
    asked.headers_mut().insert("content-type", FORM.parse().unwrap());
    asked.headers_mut().insert("client-cert", System::of(Role::PublicPayer).certificate().parse().unwrap());
    world.ask(asked).await
}

fn form(world: &World, key: &PrivateKey, jti: &str) -> String {
    let assertion = assertion::sign(key, Role::PublicPayer.name(), world.identity.server(), jti, NOW);
    format!("grant_type={GRANT_TYPE}&client_assertion_type={ASSERTION_TYPE}&client_assertion={assertion}")
}

#[track_caller]
fn check(answer: &Answer, status: u16, error: &str, code: &str, text: &str) {
    let json = answer.json();
    assert_eq!((answer.status, answer.header("content-type")), (status, "application/json"), "{json}");
    let said = json["error_description"].as_str().unwrap();
    assert_eq!((&json["error"], &json["code"]), (&json!(error), &json!(code)), "{json}");
    assert!(said.contains(text), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_in_the_words_of_oauth() {
    let mut world = World::with(behind_a_proxy()).await;
    let key = System::of(Role::PublicPayer).key;
    let good = form(&world, &key, "1");
    let body = async |body: &str, status, error, code, text| check(&ask(&world, body).await, status, error, code, text);
    body("", 400, "invalid_request", "body.field", "missing field `grant_type`").await;
    body("grant_type=client_credentials", 400, "invalid_request", "body.field", "`client_assertion_type`").await;
    let doubled = format!("{good}&scope=verify&scope=resolve");
    body(&doubled, 400, "invalid_request", "body.field", "duplicate field `scope`").await;
    let other = good.replace(GRANT_TYPE, "password");
    body(&other, 400, "unsupported_grant_type", "token_request.grant_type", "").await;
    body(&format!("{good}&scope=feed"), 400, "invalid_scope", "token_request.scope", "").await;
    body(&good.replace("client_assertion=", "client_assertion=x"), 401, "invalid_client", "assertion.malformed", "")
        .await;
    let large = format!("{good}&scope={}", "a".repeat(1024 * 1024));
    body(&large, 413, "invalid_request", "body.too_large", "").await;
    let json = world.post("/oauth/token", "", "{}").await;
    check(&json, 415, "invalid_request", "body.type", FORM);
    ask(&world, &good).await.done();
    body(&good, 401, "invalid_client", "assertion.replayed", "").await;
    let log = world.log();
    assert!(world.stopped().await);
    let lines: Vec<serde_json::Value> = log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for code in ["body.field", "token_request.scope", "assertion.replayed", "body.type"] {
        assert!(lines.iter().any(|line| line["route"] == "oauth.token" && line["code"] == code), "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_by_an_algorithm_that_ended_gets_no_token() {
    let world = World::with(behind_a_proxy()).await;
    let system = System::of(Role::PublicPayer);
    let edwards = PrivateKey::from_bytes(Algorithm::EdDsa, &[77; 32]).unwrap();
    let mut registration = system.registration();
    registration.keys.push(edwards.public().clone());
    block_in_place(|| {
        let mut writer = world.store.writer(Secrets::from_system()).unwrap();
        writer.execute(&AddClient { registration }, &Actor::console(), &Env::new(NOW, 0)).unwrap();
    });
    let certificate = thumbprint(&system);
    let given = ask(&world, &form(&world, &edwards, "1")).await.done();
    let caller =
        |token: &serde_json::Value| world.identity.verify(token.as_str().unwrap(), NOW, Some(&certificate)).unwrap();
    assert_eq!(caller(&given["access_token"]).algorithm, "EdDSA");
    world.end("alg", "EdDSA");
    let answer = ask(&world, &form(&world, &edwards, "2")).await;
    check(&answer, 400, "unauthorized_client", "interface.ended", "alg EdDSA is no longer accepted since");
    let given = ask(&world, &form(&world, &system.key, "3")).await.done();
    assert_eq!(caller(&given["access_token"]).algorithm, "ES256");
    world.end("oauth", "1");
    let answer = ask(&world, &form(&world, &system.key, "4")).await;
    check(&answer, 400, "unauthorized_client", "interface.ended", "oauth 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_another_issuer_are_read_again() {
    const ISSUER: &str = "https://login.example";
    let world = World::new().await;
    let [first, second] = [1, 2].map(|byte| PrivateKey::from_bytes(Algorithm::EdDsa, &[byte; 32]).unwrap());
    let seconds = NOW.micros() / 1_000_000;
    let certificate = thumbprint(&System::of(Role::Bank));
    let claims = json!({
        "iss": ISSUER, "client_id": "bank", "aud": world.identity.server().audience(), "exp": seconds + 300,
        "scope": "feed", "roles": ["bank"], "bank": "Banken", "cnf": { "x5t#S256": eid::certificate::Thumbprint::from_bytes(certificate) },
    });
    let token = eid::jws::sign(&first, "at+jwt", &claims);
    let check = |trusted: &[&PrivateKey], expected: Result<&str, &str>| {
        let keys = trusted.iter().map(|key| key.public().clone()).collect();
        world.identity.trust(vec![Issuer::outside(ISSUER, keys)]);
        let mut writer = world.store.writer(Secrets::from_system()).unwrap();
        assert!(world.identity.refresh(&mut writer).unwrap(), "what was verified before is forgotten");
        let found = world.identity.verify(&token, NOW, Some(&certificate));
        let found = found.as_ref().map(|caller| caller.algorithm).map_err(|bad| bad.0);
        assert_eq!(found, expected);
    };
    block_in_place(|| {
        check(&[&second], Err("token.key"));
        check(&[&first, &second], Ok("EdDSA"));
        check(&[&second], Err("token.key"));
    });
}
