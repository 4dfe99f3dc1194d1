//! People's tokens: officers sign for theirs, and citizens bring them from where they log in.

use crate::place::{AUDIENCE, ISSUER, NOW, ONE, Place, at, certificate, changed, claims, env, key, request, server};
use eid::access::{Bearer, Citizen, Issuer, PersonNumber, TokenRefusal, verify};
use eid::commands::issue;
use eid::jws;
use eid::key::Algorithm::{EdDsa, Es256};
use eid::key::PrivateKey;
use eid::permission::Permission::{Contacts, Designations, Locks, Marks, Subscribers, Suspicions};
use eid::permission::of_role;
use eid::token::{OFFICER_GRANT_TYPE, TokenRequest, oauth_error, oauth_error_of_officer, sign_citizen};
use eid::{access, queries};
use kernel::{Actor, AddOperator, Assurance, Authenticator, Error, Login, PublicKey, Role};
use serde_json::{Value, json};

const NUMBER: &str = "6101701234";

/// Anna, whose key is number 7.
fn with_anna() -> Place {
    let mut place = Place::new();
    let key = PublicKey::from_bytes(key(EdDsa, 7).public().to_ed25519().unwrap());
    let command = AddOperator { name: "Åse".to_owned(), key };
    place.writer.execute(&command, &Actor::console(), &env(NOW)).unwrap();
    place
}

fn of_anna(jti: &str) -> Value {
    changed(claims(jti), json!({"iss": "Åse", "sub": "Åse"}))
}

fn asked(assertion: &str) -> TokenRequest<'_> {
    let request = request(assertion, Some(certificate(ONE).thumbprint));
    TokenRequest { grant_type: OFFICER_GRANT_TYPE, assertion_type: None, ..request }
}

fn own(place: &mut Place, is_synthetic: bool) -> Issuer {
    let keys = place.writer.read(queries::signing_keys).unwrap();
    Issuer::own(&server(), keys.into_iter().map(|key| key.public).collect(), is_synthetic)
}

#[test]
fn an_officer_signs_for_a_token() {
    let mut place = with_anna();
    let sign = |key: &PrivateKey, changes: Value| jws::sign(key, "JWT", &changed(of_anna("a"), changes));
    let mine = key(EdDsa, 7);
    let mut check = |assertion: &str, change: &dyn Fn(&mut TokenRequest<'_>), expected: Result<(), (&str, &str)>| {
        let mut request = asked(assertion);
        change(&mut request);
        let before = place.entries();
        let issued = issue(&mut place.writer, &server(), request, &env(NOW), |_, _| Ok(()));
        let refused = match &issued {
            Err(Error::Refused(refusal)) => Err((refusal.code, oauth_error_of_officer(refusal.code))),
            Err(error) => panic!("{error}"),
            Ok(_) => Ok(()),
        };
        assert_eq!(refused, expected);
        assert_eq!(place.entries(), before + u64::from(issued.is_ok()));
        issued.ok()
    };
    let grant = |code| Err((code, "invalid_grant"));
    let asis = |_: &mut TokenRequest<'_>| {};
    check(&sign(&key(EdDsa, 8), json!({})), &asis, grant("assertion.key"));
    check(&sign(&key(Es256, 7), json!({})), &asis, grant("assertion.key"));
    check(&sign(&mine, json!({"iss": "bo", "sub": "bo"})), &asis, grant("assertion.key"));
    let forged = |assertion: String| assertion[..assertion.len() - 86].to_owned() + &"A".repeat(86);
    for changes in [json!({}), json!({"iss": "bo", "sub": "bo"})] {
        check(&forged(sign(&mine, changes)), &asis, grant("assertion.key"));
    }
    check(&sign(&mine, json!({"sub": "bo"})), &asis, grant("assertion.subject"));
    check(&sign(&mine, json!({"aud": "https://another.example"})), &asis, grant("assertion.audience"));
    check(&sign(&mine, json!({"exp": NOW + 331})), &asis, grant("assertion.too_long"));
    check(&sign(&mine, json!({"exp": NOW - 30})), &asis, grant("assertion.expired"));
    check(&sign(&mine, json!({"jti": null})), &asis, grant("assertion.jti"));
    let good = sign(&mine, json!({}));
    let no_certificate = |request: &mut TokenRequest<'_>| request.certificate = None;
    check(&good, &no_certificate, Err(("token_request.certificate_needed", "invalid_client")));
    let of_client = |request: &mut TokenRequest<'_>| request.assertion_type = Some(eid::token::ASSERTION_TYPE);
    check(&good, &of_client, Err(("token_request.assertion_type", "invalid_request")));
    let payouts = |request: &mut TokenRequest<'_>| request.scope = Some("designations payouts");
    check(&good, &payouts, Err(("token_request.scope", "invalid_scope")));
    // To a client the same is another error: there it is the client that could not show who it is.
    assert_eq!(oauth_error("assertion.replayed"), "invalid_client");
    let issued = check(&good, &asis, Ok(())).unwrap();
    check(&good, &asis, grant("assertion.replayed"));
    // A client's assertion is no officer's, and the other way round.
    let of_client = jws::sign(&key(Es256, 1), "JWT", &claims("b"));
    check(&of_client, &asis, grant("assertion.key"));
    let issuers = [own(&mut place, false)];
    let access = verify(&issued.access_token, &issuers, AUDIENCE, Some(certificate(ONE).thumbprint), at(NOW)).unwrap();
    assert_eq!((access.client.as_str(), &access.bearer), ("Åse", &Bearer::Officer(Role::Operator)));
    assert_eq!(access.permissions, of_role(Role::Operator).iter().copied().collect());
    assert_eq!(access.algorithm, EdDsa);
    place.verify();
}

fn citizen(changes: Value) -> Value {
    let claims = json!({
        "iss": "https://login.example", "sub": "7c1f", "client_id": "front-end", "aud": AUDIENCE, "exp": NOW + 300,
        "scope": "openid designations payouts", "roles": ["citizen"], "cpr": NUMBER,
        "acr": "https://data.gov.dk/concept/core/nsis/loa/Substantial", "auth_time": NOW - 60, "authenticator": "app-1",
        "cnf": {"x5t#S256": certificate(ONE).thumbprint},
    });
    changed(claims, changes)
}

#[test]
fn a_citizen_brings_a_token_from_where_citizens_log_in() {
    let theirs = key(EdDsa, 31);
    let one = Some(certificate(ONE).thumbprint);
    let keys = || vec![theirs.public().clone()];
    let login = "https://login.example";
    let read = |issuer: &Issuer, changes: Value| {
        let token = jws::sign(&theirs, "at+jwt", &citizen(changes));
        verify(&token, std::slice::from_ref(issuer), AUDIENCE, one, at(NOW))
    };
    let found = read(&Issuer::of_citizens(login, keys()), json!({})).unwrap();
    let expected = Citizen {
        number: PersonNumber::new(NUMBER.to_owned()),
        login: Login {
            assurance: Assurance::Substantial,
            authenticator: Authenticator::named("app-1"),
            at: at(NOW - 60),
        },
    };
    assert_eq!(found.bearer, Bearer::Citizen(expected));
    assert_eq!(found.permissions, [Designations].into());
    assert!(!format!("{found:?}").contains(NUMBER), "{found:?}");
    // It is believed until it expires, and no longer than the login counts.
    assert_eq!(found.expires, at(NOW + 330));
    let old = read(&Issuer::of_citizens(login, keys()), json!({"auth_time": NOW - 3_590})).unwrap();
    assert_eq!(old.expires, at(NOW + 40));
    // Who is believed about clients is not about citizens, nor the other way round.
    assert_eq!(read(&Issuer::outside(login, keys()), json!({})).err(), Some(TokenRefusal::Role));
    let as_bank = json!({"roles": ["bank"], "bank": "Banken"});
    assert_eq!(read(&Issuer::of_citizens(login, keys()), as_bank).err(), Some(TokenRefusal::Role));
    let check = |changes: Value, expected: Option<TokenRefusal>| {
        let found = read(&Issuer::of_citizens(login, keys()), changes.clone());
        assert_eq!(found.err(), expected, "{changes}");
    };
    for level in ["Low", "Substantial", "High"] {
        check(json!({"acr": format!("https://data.gov.dk/concept/core/nsis/loa/{level}")}), None);
    }
    for acr in [json!(null), json!("high"), json!("https://data.gov.dk/concept/core/nsis/loa/Higher"), json!(["High"])]
    {
        check(json!({"acr": acr}), Some(TokenRefusal::Login));
    }
    check(json!({"auth_time": null}), Some(TokenRefusal::Login));
    check(json!({"auth_time": (NOW - 60).to_string()}), Some(TokenRefusal::Login));
    check(json!({"auth_time": NOW - 3_629}), None);
    check(json!({"auth_time": NOW - 3_630}), Some(TokenRefusal::Login));
    check(json!({"auth_time": NOW + 31}), Some(TokenRefusal::NotYet));
    check(json!({"authenticator": null}), Some(TokenRefusal::Login));
    check(json!({"authenticator": ""}), Some(TokenRefusal::Login));
    check(json!({"cpr": null}), Some(TokenRefusal::Claims));
    check(json!({"cpr": 6101701234_i64}), Some(TokenRefusal::Claims));
    check(json!({"cpr": "1".repeat(33)}), Some(TokenRefusal::Claims));
    check(json!({"payer": "Kommunen"}), Some(TokenRefusal::Party));
    check(json!({"roles": ["citizen", "bank"]}), None);
    check(json!({"cnf": null}), Some(TokenRefusal::Binding));
}

#[test]
fn the_server_says_who_is_logged_in_only_where_nobody_exists() {
    let mut place = Place::new();
    let logged_in = Citizen {
        number: PersonNumber::new(NUMBER.to_owned()),
        login: Login { assurance: Assurance::High, authenticator: Authenticator::named("app-1"), at: at(NOW) },
    };
    let signers = place.writer.read(queries::signers).unwrap();
    let one = certificate(ONE).thumbprint;
    let person = (NUMBER, Assurance::High, "app-1");
    let token = sign_citizen(signers.at(at(NOW)).unwrap(), &server(), person, one, at(NOW));
    let read = |issuer: Issuer| verify(&token.access_token, &[issuer], AUDIENCE, Some(one), at(NOW));
    let access = read(own(&mut place, true)).unwrap();
    assert_eq!(
        (access.bearer, access.permissions),
        (Bearer::Citizen(logged_in), [Designations, Locks, Contacts, Subscribers, Suspicions, Marks].into())
    );
    assert_eq!(read(own(&mut place, false)).err(), Some(TokenRefusal::Role));
    assert_eq!(access::acr(Assurance::High), "https://data.gov.dk/concept/core/nsis/loa/High");
    assert_eq!(server().issuer(), ISSUER);
}
