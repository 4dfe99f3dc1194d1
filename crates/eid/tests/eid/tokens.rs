//! What is believed of a token, and what is not.

use crate::place::{
    AUDIENCE, ISSUER, NOW, ONE, Place, TWO, at, certificate, changed, claims, hmac_signed, key, server, signed,
};
use eid::access::{Access, Bearer, Issuer, TokenRefusal, verify};
use eid::client::Party;
use eid::jws::{self, Fault};
use eid::key::Algorithm::{EdDsa, Es256};
use eid::permission::Permission;
use eid::queries;
use eid::signing_key::{Rotation, jwks, published};
use kernel::{Refuse, Role};
use serde_json::{Value, json};

/// What this server publishes.
fn own(place: &mut Place, second: i64) -> Issuer {
    let keys = place.writer.read(queries::signing_keys).unwrap();
    let published: Vec<_> = published(&keys, at(second)).cloned().collect();
    assert_eq!(jwks(&keys, at(second))["keys"].as_array().unwrap().len(), published.len());
    Issuer::own(&server(), published, false)
}

#[test]
fn what_is_given_is_believed() {
    let mut place = Place::new();
    let assertion = jws::sign(&key(EdDsa, 2), "JWT", &claims("a"));
    let token = place.ask(&assertion, NOW).unwrap();
    assert_eq!((token.token_type.as_str(), token.expires_in), ("Bearer", 300));
    let issuers = [own(&mut place, NOW)];
    let one = Some(certificate(ONE).thumbprint);
    let access = verify(&token.access_token, &issuers, AUDIENCE, one, at(NOW)).unwrap();
    let token_id = access.token_id.clone();
    assert!(token_id.is_some());
    use Permission::{Payouts, Recalls, Resolve, Subscriptions, Suspicions, Verify, Waiting};
    let expected = Access {
        client: "kommune".to_owned(),
        bearer: Bearer::System(Party::PublicPayer("Kommunen".to_owned())),
        permissions: [Payouts, Recalls, Waiting, Resolve, Verify, Subscriptions, Suspicions].into(),
        token_id,
        algorithm: EdDsa,
        expires: at(NOW + 330),
    };
    assert_eq!(access, expected);
    let check = |second: i64, certificate, expected: Option<&str>| {
        let found = verify(&token.access_token, &issuers, AUDIENCE, certificate, at(second));
        assert_eq!(found.err().map(|refusal| refusal.code()), expected, "{second}");
    };
    check(NOW + 329, one, None);
    check(NOW + 330, one, Some("token.expired"));
    check(NOW - 30, one, None);
    check(NOW - 31, one, Some("token.not_yet"));
    check(NOW, Some(certificate(TWO).thumbprint), Some("token.binding"));
    check(NOW, None, Some("token.binding"));
    // The journal says what was given to whom.
    let entries = place.entries() as i64;
    let entry = place.writer.read(|scope| kernel::journal::read(scope, entries - 1)).unwrap();
    assert_eq!(entry.actor, "client:kommune");
    assert_eq!(entry.facts["token"], json!(access.token_id));
    assert_eq!(entry.facts["kid"], key(EdDsa, 2).public().kid());
}

#[test]
fn tokens_outlive_the_change_of_keys_but_not_a_key_that_was_lost() {
    let mut place = Place::new();
    let mut number = 0;
    let mut token = |place: &mut Place, second: i64| {
        number += 1;
        let changes = json!({"iat": second, "exp": second + 60});
        let assertion = jws::sign(&key(Es256, 1), "JWT", &changed(claims(&number.to_string()), changes));
        place.ask(&assertion, second).unwrap().access_token
    };
    let one = Some(certificate(ONE).thumbprint);
    let check = |place: &mut Place, token: &str, second: i64, expected: Option<&str>| {
        let found = verify(token, &[own(place, second)], AUDIENCE, one, at(second));
        assert_eq!(found.err().map(|refusal| refusal.code()), expected, "{second}");
    };
    // What was published before the change verifies after it, for whoever has it still.
    place.rotate(Rotation::Planned, NOW).unwrap();
    let fetched = own(&mut place, NOW);
    let last = token(&mut place, NOW + 599);
    let first = token(&mut place, NOW + 600);
    for token in [&last, &first] {
        assert!(verify(token, std::slice::from_ref(&fetched), AUDIENCE, one, at(NOW + 600)).is_ok());
    }
    let kid = |token: &str| jws::Jws::parse(token).unwrap().header.kid;
    assert_ne!(kid(&last), kid(&first));
    check(&mut place, &last, NOW + 599 + 329, None);
    check(&mut place, &first, NOW + 1000, Some("token.expired"));
    let lost = token(&mut place, NOW + 2000);
    check(&mut place, &lost, NOW + 2000, None);
    place.rotate(Rotation::Compromised, NOW + 2010).unwrap();
    check(&mut place, &lost, NOW + 2010, Some("token.key"));
    let safe = token(&mut place, NOW + 2010);
    check(&mut place, &safe, NOW + 2010, None);
    place.verify();
}

#[test]
fn bad_tokens() {
    let (mine, edwards, others) = (key(Es256, 21), key(EdDsa, 22), key(Es256, 23));
    let issuers = [Issuer::own(&server(), vec![mine.public().clone(), edwards.public().clone()], false)];
    let one = certificate(ONE).thumbprint;
    let good = || {
        json!({
            "iss": ISSUER, "sub": "kommune", "client_id": "kommune", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 300,
            "jti": "a", "scope": "payouts", "roles": ["public-payer"], "cnf": {"x5t#S256": one}, "payer": "Kommunen",
        })
    };
    let check = |token: &str, expected: Result<(), TokenRefusal>| {
        let found = verify(token, &issuers, AUDIENCE, Some(one), at(NOW)).map(|_| ());
        assert_eq!(found, expected, "{token}");
    };
    let with = |changes: Value| jws::sign(&mine, "at+jwt", &changed(good(), changes));
    let fault = |fault| Err(TokenRefusal::Fault(fault));
    check(&with(json!({})), Ok(()));
    // Its form.
    check("", fault(Fault::Malformed));
    check("a.b.c", fault(Fault::Malformed));
    check(&"a.".repeat(5000), fault(Fault::Size));
    let text = with(json!({}));
    for cut in [1, text.len() / 2, text.len() - 1] {
        assert!(verify(&text[..cut], &issuers, AUDIENCE, Some(one), at(NOW)).is_err());
    }
    let content = good().to_string();
    let doubled = content.replacen('{', r#"{"iss":"https://konto.example","#, 1);
    check(&signed(&mine, r#"{"alg":"ES256","typ":"at+jwt"}"#, &doubled), fault(Fault::Malformed));
    let nested = content.replacen(r#""cnf":{"#, r#""cnf":{"x5t#S256":"AA","#, 1);
    check(&signed(&mine, r#"{"alg":"ES256","typ":"at+jwt"}"#, &nested), fault(Fault::Malformed));
    // Its signature.
    check(&signed(&mine, r#"{"alg":"none","typ":"at+jwt"}"#, &content), fault(Fault::Unsigned));
    let (body, _) = text.rsplit_once('.').unwrap();
    check(&format!("{body}."), fault(Fault::Unsigned));
    let public = mine.public();
    check(&hmac_signed(public.to_jwk().to_string().as_bytes(), public.kid(), &content), fault(Fault::Algorithm));
    check(&jws::sign(&others, "at+jwt", &good()), fault(Fault::Key));
    check(&signed(&others, r#"{"alg":"ES256","typ":"at+jwt"}"#, &content), fault(Fault::Signature));
    let kid = edwards.public().kid();
    check(&signed(&mine, &format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), &content), fault(Fault::Algorithm));
    check(
        &signed(&mine, r#"{"alg":"ES256","typ":"at+jwt","crit":["b64"],"b64":false}"#, &content),
        fault(Fault::Critical),
    );
    // What kind it is, and by whom and for whom.
    check(&jws::sign(&mine, "JWT", &good()), Err(TokenRefusal::Kind));
    check(&signed(&mine, r#"{"alg":"ES256"}"#, &content), Err(TokenRefusal::Kind));
    check(&jws::sign(&mine, "application/AT+jwt", &good()), Ok(()));
    check(&with(json!({"iss": null})), Err(TokenRefusal::Issuer));
    check(&with(json!({"iss": "https://another.example"})), Err(TokenRefusal::Issuer));
    check(&with(json!({"iss": [ISSUER]})), Err(TokenRefusal::Issuer));
    check(&with(json!({"aud": null})), Err(TokenRefusal::Audience));
    check(&with(json!({"aud": ISSUER})), Err(TokenRefusal::Audience));
    check(&with(json!({"aud": [ISSUER]})), Err(TokenRefusal::Audience));
    check(&with(json!({"aud": [ISSUER, AUDIENCE]})), Ok(()));
    // When.
    check(&with(json!({"exp": null})), Err(TokenRefusal::Claims));
    check(&with(json!({"exp": (NOW + 300).to_string()})), Err(TokenRefusal::Claims));
    check(&with(json!({"nbf": "0"})), Err(TokenRefusal::Claims));
    check(&with(json!({"exp": NOW - 30})), Err(TokenRefusal::Expired));
    check(&with(json!({"exp": i64::MIN})), Err(TokenRefusal::Expired));
    check(&with(json!({"exp": NOW + 3_630})), Ok(()));
    check(&with(json!({"exp": NOW + 3_631})), Err(TokenRefusal::TooLong));
    check(&with(json!({"iat": NOW + 31})), Err(TokenRefusal::NotYet));
    check(&with(json!({"nbf": NOW + 31})), Err(TokenRefusal::NotYet));
    check(&with(json!({"client_alg": "RS256"})), Err(TokenRefusal::Claims));
    // Over which connection.
    check(&with(json!({"cnf": null})), Err(TokenRefusal::Binding));
    check(&with(json!({"cnf": {}})), Err(TokenRefusal::Binding));
    check(&with(json!({"cnf": {"x5t#S256": "AA"}})), Err(TokenRefusal::Binding));
    check(&with(json!({"cnf": {"x5t#S256": certificate(TWO).thumbprint}})), Err(TokenRefusal::Binding));
    check(&with(json!({"cnf": one})), Err(TokenRefusal::Binding));
    // Who, as what, for whom.
    check(&with(json!({"client_id": null})), Err(TokenRefusal::Claims));
    check(&with(json!({"client_id": ""})), Err(TokenRefusal::Claims));
    check(&with(json!({"client_id": "a b"})), Err(TokenRefusal::Claims));
    check(&with(json!({"scope": null})), Err(TokenRefusal::Claims));
    check(&with(json!({"scope": ["payouts"]})), Err(TokenRefusal::Claims));
    check(&with(json!({"roles": null})), Err(TokenRefusal::Role));
    check(&with(json!({"roles": []})), Err(TokenRefusal::Role));
    check(&with(json!({"roles": ["operator"]})), Err(TokenRefusal::Party));
    check(&with(json!({"roles": ["console"], "payer": null})), Err(TokenRefusal::Role));
    check(&with(json!({"roles": ["citizen"], "payer": null})), Err(TokenRefusal::Role));
    check(&with(json!({"roles": ["public-payer", "bank"]})), Err(TokenRefusal::Role));
    check(&with(json!({"roles": ["public-payer", "something-else"]})), Ok(()));
    check(&with(json!({"payer": null})), Err(TokenRefusal::Party));
    check(&with(json!({"payer": 1})), Err(TokenRefusal::Party));
    check(&with(json!({"bank": "Banken"})), Err(TokenRefusal::Party));
    check(&with(json!({"roles": ["bank"]})), Err(TokenRefusal::Party));
}

#[test]
fn another_issuer_says_things_its_own_way() {
    let theirs = key(EdDsa, 31);
    let mut outside = Issuer::outside("https://login.example/realm", vec![theirs.public().clone()]);
    outside.kind = "JWT".to_owned();
    outside.client_claim = "azp".to_owned();
    outside.role_claim = "groups".to_owned();
    outside.roles = [("nk-bank".to_owned(), Role::Bank), ("nk-admin".to_owned(), Role::Operator)].into();
    outside.roles.insert("nk-feed".to_owned(), Role::RegisterFeed);
    outside.bank_claim = "organisation".to_owned();
    let mine = key(Es256, 21);
    let issuers = [Issuer::own(&server(), vec![mine.public().clone()], false), outside];
    let one = certificate(ONE).thumbprint;
    let claims = |changes: Value| {
        let claims = json!({
            "iss": "https://login.example/realm", "azp": "kommune", "aud": AUDIENCE, "exp": NOW + 300,
            "scope": "openid accounts payouts", "groups": ["nk-bank", "staff"], "cnf": {"x5t#S256": one},
            "organisation": "Banken",
        });
        changed(claims, changes)
    };
    let check = |token: &str, expected: Result<&str, TokenRefusal>| {
        let found = verify(token, &issuers, AUDIENCE, Some(one), at(NOW));
        assert_eq!(found.as_ref().map(|access| access.client.as_str()).map_err(|refusal| *refusal), expected);
        if let Ok(access) = found {
            // Its scopes are no more than the role's.
            assert_eq!(access.permissions, [Permission::Accounts].into());
            assert_eq!(access.bearer, Bearer::System(Party::Bank("Banken".to_owned())));
        }
    };
    // Its clients are not ours, whatever they are called.
    check(&jws::sign(&theirs, "JWT", &claims(json!({}))), Ok("kommune@https://login.example/realm"));
    // A bank speaks for no register; and who speaks for one, says which.
    check(&jws::sign(&theirs, "JWT", &claims(json!({"register": "population"}))), Err(TokenRefusal::Party));
    let feed = |register: Value| claims(json!({"groups": ["nk-feed"], "organisation": null, "register": register}));
    let read = |claims: &Value| verify(&jws::sign(&theirs, "JWT", claims), &issuers, AUDIENCE, Some(one), at(NOW));
    let companies = Bearer::System(Party::RegisterFeed("companies".to_owned()));
    assert_eq!(read(&feed(json!("companies"))).unwrap().bearer, companies);
    for register in [json!(null), json!(["companies", "population"]), json!("")] {
        assert_eq!(read(&feed(register)).err(), Some(TokenRefusal::Party));
    }
    // Nobody is made an operator from outside.
    check(&jws::sign(&theirs, "JWT", &claims(json!({"groups": ["nk-admin"]}))), Err(TokenRefusal::Role));
    // It cannot speak for us, nor we for it.
    check(&jws::sign(&theirs, "at+jwt", &claims(json!({"iss": ISSUER}))), Err(TokenRefusal::Fault(Fault::Key)));
    check(&jws::sign(&mine, "JWT", &claims(json!({}))), Err(TokenRefusal::Fault(Fault::Key)));
}
