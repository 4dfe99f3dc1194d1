//! Other organisations' systems, from the command line.

use crate::support::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

const ISSUER: &str = "--issuer https://konto.example";

/// What a token says, as anybody reads it.
pub fn claims(token: &Value) -> Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let content = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(content).unwrap()).unwrap()
}

#[test]
fn a_client_from_its_key_to_its_end() {
    let world = World::settled();
    world.add_client("kommune", &format!("public-payer --payer {PUBLIC}"), CERTIFICATE);
    let mode = std::fs::metadata(world.path("kommune.jwk")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let public: Value = serde_json::from_str(&world.read("kommune.pub")).unwrap();
    assert_eq!((&public["d"], &public["alg"], &public["use"]), (&Value::Null, &json!("ES256"), &json!("sig")));
    let key = world.read("kommune.jwk");
    world.run("client make-key kommune.jwk").refused("file.exists");
    assert_eq!(world.read("kommune.jwk"), key);

    let ask =
        |more: &str| world.run(&format!("client token kommune --key kommune.jwk --cert kommune.pem {ISSUER}{more}"));
    let token = ask(" --audience https://registry.example --scope verify").done();
    holds(&token, &json!({ "token_type": "Bearer", "expires_in": 300, "scope": "verify" }), "token");
    let said = claims(&token["access_token"]);
    let expected = json!({
        "iss": "https://konto.example", "sub": "kommune", "client_id": "kommune", "aud": "https://registry.example",
        "scope": "verify", "roles": ["public-payer"], "payer": PUBLIC,
    });
    holds(&said, &expected, "claims");
    assert_eq!(
        claims(&ask("").done()["access_token"])["scope"],
        "payouts recalls waiting resolve verify subscriptions suspicions"
    );
    ask(" --scope accounts").refused("token_request.scope");
    ask(" --issuer http://konto.example").ended(2);
    world
        .run("client token kommune --key kommune.jwk --cert kommune.pem --issuer http://konto.example")
        .refused("server.issuer");
    world.run(&format!("client token nobody --key kommune.jwk --cert kommune.pem {ISSUER}")).refused("client.unknown");
    world.run(&format!("client token kommune --key kommune.pub --cert kommune.pem {ISSUER}")).refused("jwk.public");
    world.write("other.pem", OTHER_CERTIFICATE);
    world
        .run(&format!("client token kommune --key kommune.jwk --cert other.pem {ISSUER}"))
        .refused("token_request.certificate");

    let form =
        world.run(&format!("client assert kommune --key kommune.jwk {ISSUER} --scope verify --data none")).done();
    assert_eq!(form["token_endpoint"], "https://konto.example/oauth/token");
    let body = form["body"].as_str().unwrap();
    assert!(body.starts_with("grant_type=client_credentials&client_assertion_type=urn%3Aietf%3A"), "{body}");
    assert!(body.ends_with("&scope=verify"), "{body}");

    // Keys are changed without a gap: a set of both, and then the new one.
    world.run("client make-key next.jwk --algorithm EdDSA").done();
    let next = world.run("client make-key later.jwk --algorithm EdDSA").done();
    world.write("set.jwks", json!({ "keys": [public, next] }).to_string());
    let add = |keys: &str| format!("client add kommune --role public-payer --payer {PUBLIC} --cert kommune.pem {keys}");
    world.run(&add("--key set.jwks")).done();
    ask("").done();
    world.run(&format!("client token kommune --key later.jwk --cert kommune.pem {ISSUER}")).done();
    world.run(&format!("client token kommune --key next.jwk --cert kommune.pem {ISSUER}")).refused("assertion.key");

    let listed = world.run("client list").done();
    let client = &listed["clients"][0];
    let expected = json!({ "client": "kommune", "role": "public-payer", "payer": PUBLIC, "bank": null, "register": null, "ended": false });
    holds(client, &expected, "client");
    assert_eq!(client["keys"].as_array().unwrap().len(), 2);
    assert_eq!(client["certificates"][0]["subject"], "CN=one.example,O=Test Organisation,C=DK");
    assert!(world.say("client list").contains("kommune"));

    let made = world.run("client rotate-key").done();
    assert!(made["kid"].is_string(), "{made}");
    world.run("client rotate-key").refused("signing_key.pending");
    world.run("client rotate-key --compromised").done();
    ask("").done();

    assert_eq!(world.run("client refill kommune --reason mishap").done(), json!({ "client": "kommune" }));
    world.run("client refill nobody --reason mishap").refused("client.unknown");
    world.run(&format!("client refill kommune --reason {}", "x".repeat(501))).refused("change.why");

    assert_eq!(world.run("client end kommune").done(), json!({ "client": "kommune", "changed": true }));
    assert_eq!(world.run("client end kommune").done(), json!({ "client": "kommune", "changed": false }));
    world.run("client end nobody").refused("client.unknown");
    ask("").refused("client.ended");
    world.run(&add("--key set.jwks")).refused("client.ended");
    assert_eq!(world.run("client list").done()["clients"][0]["ended"], true);
    world.verified();
}

#[test]
fn clients_that_are_not_registered() {
    let world = World::settled();
    world.write("cert.pem", CERTIFICATE);
    let public = world.run("client make-key key.jwk").done();
    world.write("key.pub", public.to_string());
    let check = |party: &str, code: &str| {
        world.run(&format!("client add one --key key.pub --cert cert.pem --role {party}")).refused(code);
    };
    check("public-payer", "client.payer_needed");
    check("bank", "client.bank_needed");
    check("register-feed", "client.register_needed");
    check("register-feed --register land", "client.register_unknown");
    check("authority --register population", "client.party_forbidden");
    check(&format!("authority --payer {PUBLIC}"), "client.party_forbidden");
    check(&format!("bank --bank Nordbank --payer {PUBLIC}"), "client.party_forbidden");
    check("public-payer --payer Nobody", "client.payer_unknown");
    check(&format!("public-payer --payer {PRIVATE}"), "client.payer_kind");
    check(&format!("private-payer --payer {PUBLIC}"), "client.payer_kind");
    check("bank --bank Nobank", "client.bank_unknown");
    world.run("client add one --key key.jwk --cert cert.pem --role authority").refused("jwk.private");
    world.run("client add one --key cert.pem --cert cert.pem --role authority").refused("jwk.malformed");
    world.run("client add one --key key.pub --cert key.pub --role authority").refused("certificate.malformed");
    world
        .run("client add one --key key.pub --cert cert.pem --role authority --now 2126-11-01")
        .refused("certificate.expired");
    let feed =
        world.run("client add one --key key.pub --cert cert.pem --role register-feed --register companies").done();
    assert_eq!(feed["register"], "companies");
    check("register-feed --register population", "client.name_taken");
    world.verified();
}

#[test]
fn old_ways_in_end() {
    let world = World::settled();
    assert_eq!(world.run("client usage").done(), json!({ "uses": [] }));
    let set = world.run("client phase-out payouts v1 2027-01-01").done();
    let expected = json!({ "interface": "payouts", "version": "v1", "ends": "2026-12-31T23:00:00Z", "uses": [] });
    assert_eq!(set, expected);
    assert_eq!(world.run("client phase-out payouts v1 never").done()["ends"], Value::Null);
    world.run("client phase-out pay/outs v1 never").refused("phase_out.word");
    let unknown = ["payouts v2", "payout v1", "oauth v1", "tls TLSv1.2", "tls 1.1", "alg RS256", "health v1"];
    for way in unknown {
        world.run(&format!("client phase-out {way} never")).refused("phase_out.unknown");
    }
    let known = ["resolve v1", "register v1", "feed v1", "mapper 1", "oauth 1", "tls 1.2", "tls proxy", "alg EdDSA"];
    for way in known {
        world.run(&format!("client phase-out {way} never")).done();
    }
    world.verified();
}
