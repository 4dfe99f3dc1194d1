//! Citizens, caseworkers, contact points and locks, from the command line.

use crate::clients::claims;
use crate::commands::{OTHER_PRIVATE_KEY, PRIVATE_KEY, PUBLIC_KEY};
use crate::four_eyes::OTHER_PUBLIC_KEY;
use crate::support::*;
use serde_json::{Value, json};

const PHONE: &str = "+4520304050";
const EMAIL: &str = "alice@example.dk";

#[test]
fn caseworkers_show_their_key() {
    let world = World::real();
    world.write("bo.pem", PRIVATE_KEY);
    world.write("bo.pub", PUBLIC_KEY);
    world.write("eve.pem", OTHER_PRIVATE_KEY);
    world.run("payer add Kommunen --cvr 13748136 --kind public --no-account reject").done();
    world.run("payer add Shop --cvr 55133018 --kind private --no-account reject").done();
    let add = "caseworker add bo --key bo.pub --authority";
    world.run(&format!("{add} Shop")).refused("caseworker.authority");
    world.run(&format!("{add} Nobody")).refused("payer.unknown");
    world.run("caseworker add bo --key bo.pem --authority Kommunen").refused("operator.key");
    let added = world.run(&format!("{add} Kommunen --benefit NKSBOS --benefit NKSPEN")).done();
    assert_eq!(added, json!({ "caseworker": "bo" }));
    world.run("operator add bo --key bo.pub").refused("operator.name_taken");
    world.run("operator add anna --key bo.pub").refused("operator.key_taken");

    // What is shown is that of whoever is registered under the name, and their role is what the policy looks at.
    let list = format!("contact list cpr:{ALICE}");
    let check = |acting: &str, code: &str| {
        for keyed in ["--key", "--operator-key"] {
            world.run(&format!("{list} {}", acting.replace("--key", keyed))).refused(code);
        }
    };
    check("--as bo", "operator.key_needed");
    check("--as bo --key eve.pem", "operator.wrong_key");
    check("--as eve --key eve.pem", "operator.unknown");
    check("--as bo --key bo.pem", "payee.unknown");
    world.run(&format!("{list} --as bo --key bo.pem --operator-key bo.pem")).ended(2);
    world
        .run("payer add A --cvr 13748136 --kind public --no-account reject --as bo --operator-key bo.pem")
        .refused("policy.not_allowed");
    world.run("caseworker end bo --as bo --operator-key bo.pem").refused("policy.not_allowed");
    world.run("caseworker end eve").refused("caseworker.unknown");
    assert_eq!(world.run("caseworker end bo").done(), json!({ "caseworker": "bo", "changed": true }));
    assert_eq!(world.run("caseworker end bo").done(), json!({ "caseworker": "bo", "changed": false }));
    check("--as bo --key bo.pem", "caseworker.ended");
    world.run(&format!("{add} Kommunen")).refused("caseworker.ended");
    world.verified();
}

#[test]
fn an_operator_who_was_ended_shows_a_key_in_vain() {
    let world = World::real();
    for (name, content) in [("bo", PRIVATE_KEY), ("eve", OTHER_PRIVATE_KEY)] {
        world.write(&format!("{name}.pem"), content);
    }
    for (name, content) in [("bo", PUBLIC_KEY), ("eve", OTHER_PUBLIC_KEY)] {
        world.write(&format!("{name}.pub"), content);
        world.run(&format!("operator add {name} --key {name}.pub")).done();
    }
    let (bo, eve) = ("--as bo --operator-key bo.pem", "--as eve --operator-key eve.pem");
    world.run(&format!("operator end anna {eve}")).refused("operator.unknown");
    assert_eq!(world.run(&format!("operator end bo {eve}")).done(), json!({ "operator": "bo", "changed": true }));
    assert_eq!(world.run("operator end bo").done(), json!({ "operator": "bo", "changed": false }));
    // Commands and what only reads, what is journalled and what is not.
    for command in ["operator end eve", "payee without-account", "journal head", "payout list", "controls show"] {
        world.run(&format!("{command} {bo}")).refused("operator.ended");
    }
    world.run("journal head --as bo --operator-key eve.pem").refused("operator.wrong_key");
    world.run("operator add bo --key bo.pub").refused("operator.ended");
    world.run("operator add carl --key bo.pub").refused("operator.key_taken");
    // Whoever finds that their key was stolen ends themselves.
    world.run(&format!("operator end eve {eve}")).done();
    world.run(&format!("journal head {eve}")).refused("operator.ended");
    world.verified();
}

#[test]
fn people_are_given_tokens() {
    let world = World::settled();
    world.write("one.pem", CERTIFICATE);
    world.write("bo.pem", PRIVATE_KEY);
    world.write("bo.pub", PUBLIC_KEY);
    world.write("eve.pem", OTHER_PRIVATE_KEY);
    world.run(&format!("caseworker add bo --key bo.pub --authority {PUBLIC}")).done();
    let issuer = "--cert one.pem --issuer https://konto.example";
    let given = world.run(&format!("officer token bo --key bo.pem {issuer} --scope designations")).done();
    let said = claims(&given["access_token"]);
    let expected =
        json!({ "client_id": "bo", "roles": ["caseworker"], "scope": "designations", "client_alg": "EdDSA" });
    holds(&said, &expected, "claims");
    assert!(said["cnf"]["x5t#S256"].is_string() && said["payer"].is_null(), "{said}");
    world.run(&format!("officer token bo --key eve.pem {issuer}")).refused("assertion.key");
    world.run(&format!("officer token eve --key eve.pem {issuer}")).refused("assertion.key");
    world.run(&format!("officer token bo --key bo.pub {issuer}")).refused("jwk.malformed");
    world.run(&format!("officer token bo --key bo.pem {issuer} --scope feed")).refused("token_request.scope");
    let form = world.run("officer assert bo --key bo.pem --issuer https://konto.example --data none").done();
    let body = form["body"].as_str().unwrap();
    assert!(
        body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"),
        "{body}"
    );
    world.run("caseworker end bo").done();
    world.run(&format!("officer token bo --key bo.pem {issuer}")).refused("caseworker.ended");
    world.write("eve.pub", OTHER_PUBLIC_KEY);
    world.run("operator add eve --key eve.pub").done();
    world.run(&format!("officer token eve --key eve.pem {issuer}")).done();
    world.run("operator end eve").done();
    world.run(&format!("officer token eve --key eve.pem {issuer}")).refused("operator.ended");
    world.run(&format!("officer token eve --key bo.pem {issuer}")).refused("assertion.key");

    let login = "--assurance high --authenticator app";
    let given = world.run(&format!("citizen token cpr:{ALICE} {issuer} {login}")).done();
    let expected = json!({
        "iss": "https://konto.example", "roles": ["citizen"], "cpr": ALICE, "authenticator": "app",
        "acr": "https://data.gov.dk/concept/core/nsis/loa/High", "scope": "subscribers designations locks contacts suspicions marks",
    });
    holds(&claims(&given["access_token"]), &expected, "claims");
    for wrong in [&format!("cvr:{COMPANY}"), ALICE, "cpr:1"] {
        world.run(&format!("citizen token {wrong} {issuer}")).ended(2);
    }
    world.verified();
    let real = World::real();
    real.write("one.pem", CERTIFICATE);
    real.run(&format!("citizen token cpr:{ALICE} {issuer}")).refused("store.not_synthetic");
}

#[test]
fn a_citizen_is_one_only_in_a_synthetic_store() {
    let real = World::real();
    for assurance in ["", "--assurance high"] {
        real.run(&format!("contact list cpr:{ALICE} --as citizen:cpr:{ALICE} {assurance}"))
            .refused("store.not_synthetic");
    }
    real.write("facts.json", "{}");
    real.run("journal head --identity-facts facts.json").refused("store.not_synthetic");
    let world = World::settled();
    for wrong in ["citizen:", "citizen:cpr:12", &format!("citizen:cvr:{COMPANY}"), &format!("citizen:{ALICE}")] {
        let answer = world.run(&format!("journal head --as {wrong}"));
        answer.ended(2);
        assert!(!answer.stderr.contains(ALICE), "{}", answer.stderr);
    }
    world.run(&format!("journal head --as citizen:cpr:{ALICE} --assurance highest")).ended(2);
    // A citizen may what the policy says, and nothing else.
    let own = format!("--as citizen:cpr:{ALICE} --assurance high");
    for command in
        [format!("resolve cpr:{ALICE}"), format!("account history cpr:{ALICE}"), "caseworker end bo".to_owned()]
    {
        world.run(&format!("{command} {own}")).refused("policy.not_allowed");
    }
    // In a store for synthetic people a caseworker is believed too, once they are registered.
    world.write("bo.pub", PUBLIC_KEY);
    world.run(&format!("caseworker add bo --key bo.pub --authority {PUBLIC}")).done();
    world.run("operator add anna --key bo.pub").refused("operator.key_taken");
    world.run(&format!("contact list cpr:{ALICE} --as bo")).done();
    world.run(&format!("resolve cpr:{ALICE} --as bo")).refused("policy.not_allowed");
    world.run(&format!("resolve cpr:{ALICE} --as anna")).done();
    world.verified();
}

#[test]
fn contact_points_are_kept_with_when_they_stood() {
    let world = World::settled();
    let alice = format!("cpr:{ALICE}");
    let own = format!("--as citizen:{alice}");
    let changed = |kind: &str, changed: bool| json!({ "payee": alice, "kind": kind, "changed": changed });
    world.run(&format!("contact add {alice} {own}")).ended(2);
    world.run(&format!("contact add {alice} --sms {PHONE} --digital-post {own}")).ended(2);
    for wrong in ["--sms 20304050", "--email alice", "--sms +45x"] {
        world.run(&format!("contact add {alice} {wrong} {own}")).ended(2);
    }
    let add = format!("contact add {alice} --sms {PHONE}");
    world.run(&add).refused("policy.not_allowed");
    world.run(&format!("{add} --as anna")).refused("change.why");
    world.run(&format!("{add} {own} --assurance low")).refused("citizen.assurance");
    world.run(&format!("{add} --as citizen:cpr:{BENT}")).refused("citizen.other");
    assert_eq!(world.run(&format!("{add} {own}")).done(), changed("sms", true));
    assert_eq!(world.run(&format!("{add} {own}")).done(), changed("sms", false));
    let mail = world.run(&format!("contact add {alice} --email {EMAIL} --as anna --reason Counter")).done();
    assert_eq!(mail, changed("email", true));
    assert_eq!(world.run(&format!("contact add {alice} --digital-post {own}")).done(), changed("digital_post", true));
    let later = "--now 2026-12-01T00:00:00Z";
    let removed = world.run(&format!("contact remove {alice} --sms {PHONE} {own} {later}")).done();
    assert_eq!(removed, changed("sms", true));
    world.run(&format!("contact remove {alice} --sms +4520304051 {own} {later}")).refused("contact.unknown");

    world.write(
        "facts.json",
        json!({ &alice: { "authenticator_changed": "2026-11-20T00:00:00Z" }, format!("cpr:{BENT}"): {} }).to_string(),
    );
    let shown = |phone: &str, email: &str, authenticator: Value| {
        json!({
            "payee": alice,
            "points": [
                { "kind": "sms", "value": phone, "from": NOW, "until": "2026-12-01T00:00:00Z" },
                { "kind": "email", "value": email, "from": NOW, "until": null },
                { "kind": "digital_post", "value": null, "from": NOW, "until": null },
            ],
            "identity": {
                "contact_changed": "2026-12-01T00:00:00Z", "address_changed": null,
                "authenticator_changed": authenticator, "key_material_posted": null,
            },
        })
    };
    let list = |rest: &str| world.run(&format!("contact list {alice} {rest}")).done();
    assert_eq!(list(&own), shown(PHONE, EMAIL, Value::Null));
    for officer in ["", "--as anna"] {
        assert_eq!(list(officer), shown("+45…50", "a…@example.dk", Value::Null), "{officer}");
    }
    let told = list(&format!("{own} --identity-facts facts.json"));
    assert_eq!(told, shown(PHONE, EMAIL, json!("2026-11-20T00:00:00Z")));
    let said = world.say(&format!("contact list {alice} --identity-facts facts.json"));
    assert!(said.contains("sms +45…50, since 2026-11-23T09:00:00Z until 2026-12-01T00:00:00Z"), "{said}");
    assert!(said.contains("authenticator last changed: 2026-11-20T00:00:00Z"), "{said}");
    assert!(!said.contains(PHONE) && !said.contains(EMAIL), "{said}");
    world.write("facts.json", r#"{"cpr:6101701234": {"unheard": true}}"#);
    world.run(&format!("contact list {alice} --identity-facts facts.json")).refused("identity.facts");
    world.run(&format!("contact list cpr:{NOBODY}")).refused("payee.unknown");
    world.verified();
}

#[test]
fn an_owner_locks_their_account() {
    let world = World::settled();
    let alice = format!("cpr:{ALICE}");
    let own = format!("--as citizen:{alice}");
    let locked = |channels: Value, changed: bool| json!({ "payee": alice, "channels": channels, "changed": changed });
    let run = |args: &str| world.run(&format!("lock {}", args.replacen(' ', &format!(" {alice} "), 1)));
    let all = json!(["bank", "operator", "self_service", "caseworker"]);
    run(&format!("set --channel letter {own}")).ended(2);
    run(&format!("set {own} --assurance low")).refused("citizen.assurance");
    run("set --as anna").refused("change.why");
    assert_eq!(run(&format!("set --channel bank {own}")).done(), locked(json!(["bank"]), true));
    assert_eq!(run("set --as anna --reason Counter").done(), locked(all.clone(), true));
    assert_eq!(run(&format!("set {own}")).done(), locked(all, false));
    run(&format!("lift {own}")).refused("citizen.assurance");
    run("lift --as anna --reason Counter").refused("lock.in_person");
    let lifted = run("lift --channel bank --channel operator --as anna --reason Counter --in-person Passport").done();
    assert_eq!(lifted, locked(json!(["self_service", "caseworker"]), true));
    assert_eq!(run(&format!("lift {own} --assurance high")).done(), locked(json!([]), true));
    assert_eq!(world.say(&format!("lock set {alice} --channel bank {own}")), "Locked for: bank.\n");
    assert_eq!(world.say(&format!("lock lift {alice} {own} --assurance high")), "The account is not locked.\n");
    world.verified();
}
