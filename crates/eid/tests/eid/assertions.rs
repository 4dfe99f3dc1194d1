//! Every way in which an assertion can be wrong has its answer, and writes nothing.

use crate::place::{
    ISSUER, NOW, ONE, Place, TWO, at, certificate, changed, claims, env, hmac_signed, key, payer, request, server,
    signed,
};
use eid::commands::{EndClient, IssueToken, issue};
use eid::jws;
use eid::key::Algorithm::{EdDsa, Es256};
use eid::token::{TokenRequest, oauth_error};
use kernel::Actor;
use serde_json::json;

#[test]
fn bad_assertions() {
    let mut place = Place::new();
    let (mine, edwards, others) = (key(Es256, 1), key(EdDsa, 2), key(Es256, 9));
    let before = place.entries();
    let mut number = 0;
    let mut check = |assertion: &str, second: i64, code: &str| {
        let result = place.ask(assertion, second);
        let found = result.as_ref().err().map_or("granted", kernel::Error::code);
        assert_eq!(found, code, "{assertion}");
        assert_eq!(oauth_error(found), "invalid_client");
        assert_eq!(place.entries(), before, "{code} wrote an entry");
    };
    let mut with = |changes: serde_json::Value| {
        number += 1;
        jws::sign(&mine, "JWT", &changed(claims(&format!("bad-{number}")), changes))
    };
    let good = claims("good").to_string();
    let kid = mine.public().kid();
    // Its form.
    check("", NOW, "assertion.malformed");
    check("a.b", NOW, "assertion.malformed");
    check(&"a".repeat(8193), NOW, "assertion.size");
    let text = with(json!({}));
    let (body, signature) = text.rsplit_once('.').unwrap();
    check(body, NOW, "assertion.malformed");
    check(&text[..text.len() - 2], NOW, "assertion.signature");
    check(&format!("{body}."), NOW, "assertion.unsigned");
    check(&format!("{text} "), NOW, "assertion.malformed");
    check(&signed(&mine, r#"{"alg":"ES256"}"#, r#"{"iss":"kommune","iss":"bank"}"#), NOW, "assertion.malformed");
    check(&signed(&mine, r#"{"alg":"ES256","alg":"ES256"}"#, &good), NOW, "assertion.malformed");
    check(&signed(&mine, r#"{"alg":"ES256"}"#, "[]"), NOW, "assertion.malformed");
    check(
        &signed(&mine, r#"{"alg":"ES256"}"#, &format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000))),
        NOW,
        "assertion.malformed",
    );
    // Its signature.
    check(&signed(&mine, r#"{"alg":"none"}"#, &good), NOW, "assertion.unsigned");
    check(&signed(&mine, r#"{"alg":"RS256"}"#, &good), NOW, "assertion.algorithm");
    check(&signed(&mine, r#"{"alg":"ES384"}"#, &good), NOW, "assertion.algorithm");
    let public = mine.public().to_jwk().to_string();
    check(&hmac_signed(public.as_bytes(), kid, &good), NOW, "assertion.algorithm");
    check(&signed(&mine, r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, &good), NOW, "assertion.critical");
    check(&signed(&mine, r#"{"alg":"ES256","kid":"another"}"#, &good), NOW, "assertion.key");
    check(&signed(&others, r#"{"alg":"ES256"}"#, &good), NOW, "assertion.signature");
    check(&signed(&others, &format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), &good), NOW, "assertion.signature");
    check(&signed(&edwards, &format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#), &good), NOW, "assertion.algorithm");
    let jwk = format!(r#"{{"alg":"ES256","jwk":{}}}"#, others.public().to_jwk());
    check(&signed(&others, &jwk, &good), NOW, "assertion.signature");
    let (header, _) = body.split_once('.').unwrap();
    let other_claims = eid::key::encode(claims("edited").to_string().as_bytes());
    check(&format!("{header}.{other_claims}.{signature}"), NOW, "assertion.signature");
    // Its claims.
    check(&with(json!({"iss": null})), NOW, "assertion.subject");
    check(&with(json!({"sub": null})), NOW, "assertion.subject");
    check(&with(json!({"sub": "another"})), NOW, "assertion.subject");
    check(&with(json!({"iss": ["kommune"], "sub": ["kommune"]})), NOW, "assertion.subject");
    check(&with(json!({"iss": "nobody", "sub": "nobody"})), NOW, "client.unknown");
    check(&with(json!({"aud": null})), NOW, "assertion.audience");
    check(&with(json!({"aud": "https://another.example"})), NOW, "assertion.audience");
    check(&with(json!({"aud": format!("{ISSUER}/")})), NOW, "assertion.audience");
    check(&with(json!({"aud": []})), NOW, "assertion.audience");
    check(&with(json!({"aud": [ISSUER, 1]})), NOW, "assertion.audience");
    check(&with(json!({"exp": null})), NOW, "assertion.moment");
    check(&with(json!({"exp": (NOW + 60).to_string()})), NOW, "assertion.moment");
    check(&with(json!({"exp": [NOW + 60]})), NOW, "assertion.moment");
    check(&with(json!({"iat": "now"})), NOW, "assertion.moment");
    check(&with(json!({"nbf": true})), NOW, "assertion.moment");
    check(&with(json!({})), NOW + 90, "assertion.expired");
    check(&with(json!({"exp": -1e300})), NOW, "assertion.expired");
    check(&with(json!({"exp": NOW + 331})), NOW, "assertion.too_long");
    check(&with(json!({"exp": 1e300})), NOW, "assertion.too_long");
    check(&with(json!({"iat": NOW + 31})), NOW, "assertion.not_yet");
    check(&with(json!({"nbf": NOW + 31})), NOW, "assertion.not_yet");
    check(&with(json!({"jti": null})), NOW, "assertion.jti");
    check(&with(json!({"jti": 7})), NOW, "assertion.jti");
    check(&with(json!({"jti": ""})), NOW, "assertion.jti");
    check(&with(json!({"jti": "x".repeat(129)})), NOW, "assertion.jti");
    place.verify();
}

#[test]
fn good_assertions() {
    let mut place = Place::new();
    let mine = key(Es256, 1);
    let mut number = 0;
    let mut check = |changes: serde_json::Value, second: i64| {
        number += 1;
        let text = jws::sign(&mine, "JWT", &changed(claims(&number.to_string()), changes));
        place.ask(&text, second).unwrap_or_else(|error| panic!("{error}"));
    };
    check(json!({}), NOW);
    check(json!({}), NOW + 89);
    check(json!({"aud": format!("{ISSUER}/oauth/token")}), NOW);
    check(json!({"aud": ["https://another.example", ISSUER]}), NOW);
    check(json!({"exp": NOW + 330}), NOW);
    check(json!({"exp": (NOW + 60) as f64 + 0.5}), NOW);
    check(json!({"iat": NOW + 30, "nbf": NOW + 30}), NOW);
    check(json!({"iat": null}), NOW);
    check(json!({"jti": "ø".repeat(128)}), NOW);
    let unnamed = |key, alg: &str, jti: &str| signed(key, &format!(r#"{{"alg":"{alg}"}}"#), &claims(jti).to_string());
    place.ask(&unnamed(&mine, "ES256", "unnamed"), NOW).unwrap();
    place.ask(&unnamed(&key(EdDsa, 2), "EdDSA", "edwards"), NOW).unwrap();
    place.verify();
}

#[test]
fn an_assertion_is_good_once_on_any_process() {
    let mut place = Place::new();
    let mine = key(Es256, 1);
    let text = jws::sign(&mine, "JWT", &claims("once"));
    place.ask(&text, NOW).unwrap();
    let entries = place.entries();
    assert_eq!(place.ask(&text, NOW + 1).unwrap_err().code(), "assertion.replayed");
    // The same name in another assertion.
    let again = jws::sign(&mine, "JWT", &changed(claims("once"), json!({"exp": NOW + 200})));
    assert_eq!(place.ask(&again, NOW + 2).unwrap_err().code(), "assertion.replayed");
    let mut other = place.another();
    let thumbprint = Some(certificate(ONE).thumbprint);
    let replayed = issue(&mut other, &server(), request(&text, thumbprint), &env(NOW + 3), |_, _| Ok(()));
    assert_eq!(replayed.unwrap_err().code(), "assertion.replayed");
    assert_eq!(place.entries(), entries);
    // Two processes that both saw that it was not used: one is first.
    let text = jws::sign(&mine, "JWT", &claims("twice"));
    let (server, request) = (server(), request(&text, thumbprint));
    let command = IssueToken { server: &server, request };
    let actor = other.read(|scope| command.ask(scope, at(NOW))).unwrap().asker.actor();
    place.ask(&text, NOW).unwrap();
    let late = other.execute(&command, &actor, &env(NOW));
    assert_eq!(late.unwrap_err().code(), "assertion.replayed");
    // Another client may use the same name.
    let theirs = key(Es256, 3);
    let bank = eid::client::Party::Bank("Banken".to_owned());
    place.add(crate::place::registration("bank", bank, &[&theirs], &[TWO])).unwrap();
    let text = jws::sign(&theirs, "JWT", &changed(claims("once"), json!({"iss": "bank", "sub": "bank"})));
    let request = crate::place::request(&text, Some(certificate(TWO).thumbprint));
    let token = issue(&mut place.writer, &server, request, &env(NOW), |_, _| Ok(())).unwrap();
    assert_eq!(token.scope, "payouts:fetch returns recalls verify subscriptions accounts feed suspicions");
    place.verify();
}

#[test]
fn requests() {
    let mut place = Place::new();
    let mine = key(Es256, 1);
    let mut number = 0;
    let one = certificate(ONE).thumbprint;
    let mut check = |change: &dyn Fn(&mut TokenRequest<'_>), expected: Result<&str, (&str, &str)>| {
        number += 1;
        let text = jws::sign(&mine, "JWT", &claims(&number.to_string()));
        let mut request = request(&text, Some(one));
        change(&mut request);
        let found = issue(&mut place.writer, &server(), request, &env(NOW), |_, _| Ok(()));
        let found = found.map(|token| token.scope).map_err(|error| (error.code(), oauth_error(error.code())));
        assert_eq!(found.as_ref().map(String::as_str).map_err(|codes| *codes), expected);
    };
    check(&|_| {}, Ok("payouts recalls waiting resolve verify subscriptions suspicions"));
    check(&|request| request.scope = Some("verify payouts verify"), Ok("payouts verify"));
    check(
        &|request| request.client_id = Some("kommune"),
        Ok("payouts recalls waiting resolve verify subscriptions suspicions"),
    );
    let scope = Err(("token_request.scope", "invalid_scope"));
    check(&|request| request.scope = Some(""), scope);
    check(&|request| request.scope = Some("payouts admin"), scope);
    check(&|request| request.scope = Some("payouts accounts"), scope);
    check(&|request| request.scope = Some("Payouts"), scope);
    check(&|request| request.client_id = Some("bank"), Err(("token_request.client_id", "invalid_request")));
    check(&|request| request.assertion_type = Some("jwt"), Err(("token_request.assertion_type", "invalid_request")));
    let grant = Err(("token_request.grant_type", "unsupported_grant_type"));
    check(&|request| request.grant_type = "password", grant);
    check(&|request| request.certificate = None, Err(("token_request.certificate_needed", "invalid_client")));
    let other = certificate(TWO).thumbprint;
    check(&|request| request.certificate = Some(other), Err(("token_request.certificate", "invalid_client")));
    place.verify();
}

#[test]
fn a_client_that_was_ended_or_changed_its_keys() {
    let mut place = Place::new();
    let (former, next) = (key(Es256, 1), key(Es256, 5));
    let mut number = 0;
    let mut text = |key| {
        number += 1;
        jws::sign(key, "JWT", &claims(&number.to_string()))
    };
    // Both, and then the new one alone: no gap.
    place.add(payer(&[&former, &next], &[ONE, TWO])).unwrap();
    place.ask(&text(&former), NOW).unwrap();
    place.ask(&text(&next), NOW).unwrap();
    place.add(payer(&[&next], &[ONE])).unwrap();
    assert_eq!(place.ask(&text(&former), NOW).unwrap_err().code(), "assertion.key");
    place.ask(&text(&next), NOW).unwrap();
    // A request that was granted when the client was ended is refused.
    let waiting = text(&next);
    let (server, request) = (server(), request(&waiting, Some(certificate(ONE).thumbprint)));
    let command = IssueToken { server: &server, request };
    let actor = place.writer.read(|scope| command.ask(scope, at(NOW))).unwrap().asker.actor();
    let end = EndClient { name: "kommune".to_owned() };
    assert!(place.writer.execute(&end, &Actor::console(), &env(NOW)).unwrap());
    assert!(!place.writer.execute(&end, &Actor::console(), &env(NOW)).unwrap());
    assert_eq!(place.writer.execute(&command, &actor, &env(NOW)).unwrap_err().code(), "client.ended");
    let entries = place.entries();
    assert_eq!(place.ask(&text(&next), NOW).unwrap_err().code(), "client.ended");
    // Whoever has not shown its key is not told.
    assert_eq!(place.ask(&text(&former), NOW).unwrap_err().code(), "assertion.key");
    assert_eq!(place.entries(), entries);
    place.verify();
}

#[test]
fn a_certificate_that_has_expired_and_a_server_without_a_key() {
    let mut place = Place::empty();
    let mine = key(Es256, 1);
    place.add(payer(&[&mine], &[ONE])).unwrap();
    let text = jws::sign(&mine, "JWT", &claims("a"));
    let error = place.ask(&text, NOW).unwrap_err();
    assert_eq!((error.code(), oauth_error(error.code())), ("signing_key.none", "server_error"));
    let late = certificate(ONE).expires().micros() / 1_000_000;
    let text = jws::sign(&mine, "JWT", &changed(claims("b"), json!({"exp": late + 60, "iat": late})));
    assert_eq!(place.ask(&text, late).unwrap_err().code(), "certificate.expired");
    place.rotate(eid::signing_key::Rotation::First, late - 1).unwrap();
    place.ask(&text, late - 1).unwrap();
    place.verify();
}

#[test]
fn the_same_assertion_at_once_gives_one_token() {
    let place = Place::new();
    let mine = key(Es256, 1);
    let texts: Vec<String> = (0..8).map(|number| jws::sign(&mine, "JWT", &claims(&format!("race-{number}")))).collect();
    let results: Vec<Vec<&str>> = std::thread::scope(|scope| {
        let ask = |mut writer: kernel::Writer| {
            let texts = &texts;
            scope.spawn(move || {
                let mut results = Vec::new();
                for text in texts {
                    let request = request(text, Some(certificate(ONE).thumbprint));
                    let result = issue(&mut writer, &server(), request, &env(NOW), |_, _| Ok(()));
                    results.push(result.err().map_or("granted", |error| error.code()));
                }
                results
            })
        };
        let threads: Vec<_> = (0..3).map(|_| ask(place.another())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (number, text) in texts.iter().enumerate() {
        let mut found: Vec<&str> = results.iter().map(|results| results[number]).collect();
        found.sort_unstable();
        assert_eq!(found, ["assertion.replayed", "assertion.replayed", "granted"], "{text}");
    }
}
