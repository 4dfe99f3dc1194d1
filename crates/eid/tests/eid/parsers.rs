//! No bytes make a reader panic.

use crate::place::{AUDIENCE, ISSUER, NOW, at, certificate, key, payer, server};
use eid::access::{Issuer, verify};
use eid::assertion::Assertion;
use eid::certificate::{Certificate, Thumbprint};
use eid::client::Registration;
use eid::jws;
use eid::key::Algorithm::Es256;
use eid::key::{PrivateKey, PublicKey, encode};
use eid::message::verify_message;
use proptest::prelude::*;

/// Texts that are nearly right, and texts that are not.
fn text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        Just(format!("\"{ISSUER}\"")),
        Just("\"kommune\"".to_owned()),
        "\"[ -~]{0,40}\"",
        Just("{\"x5t#S256\":\"AA\"}".to_owned()),
        Just("[[[]]]".to_owned()),
    ];
    let name = prop::sample::select(vec![
        "alg", "kid", "typ", "crit", "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "cnf", "roles", "scope", "kty",
        "crv", "x", "y", "d", "use", "keys",
    ]);
    let object = prop::collection::vec((name, value), 0..8).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![any::<String>(), "[A-Za-z0-9_.-]{0,200}", object]
}

proptest! {
    #[test]
    fn nothing_panics(header in text(), content in text(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mine = key(Es256, 1);
        let client = payer(&[&mine], &[crate::place::ONE]);
        let issuers = [Issuer::own(&server(), client.keys.clone(), true)];
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(content.as_bytes()));
        let plain = format!("{header}.{content}.");
        let known = format!("{}.{}", encode(br#"{"alg":"ES256","typ":"at+jwt"}"#), encode(content.as_bytes()));
        let texts = [signed, known].map(|signed| format!("{signed}.{}", encode(&mine.sign(signed.as_bytes()))));
        for text in texts.iter().chain([&plain, &header]) {
            if let Ok(assertion) = Assertion::parse(text) {
                let _ = assertion.check(&client.name, &client.keys, &server(), at(NOW));
            }
            let thumbprint = certificate(crate::place::ONE).thumbprint;
            let _ = verify(text, &issuers, AUDIENCE, Some(thumbprint), at(NOW));
            let _ = verify_message(&client, text, &bytes);
            let _ = Registration::from_text(text);
            let _ = Thumbprint::parse(text);
        }
        for bytes in [bytes.as_slice(), content.as_bytes()] {
            let _ = PublicKey::read_all(bytes);
            let _ = PublicKey::read_published(bytes);
            let _ = PrivateKey::read(bytes);
            let _ = Certificate::read(bytes);
        }
    }

    #[test]
    fn what_is_signed_is_believed_and_what_was_edited_is_not(
        number in 1..250_u8, message in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(),
    ) {
        for algorithm in eid::key::Algorithm::ALL {
            let key = key(algorithm, number);
            let client = payer(&[&key], &[crate::place::ONE]);
            let signature = jws::sign_detached(&key, &message);
            prop_assert!(verify_message(&client, &signature, &message).is_ok());
            let mut edited = signature.clone().into_bytes();
            let place = at.index(edited.len());
            edited[place] = if edited[place] == b'A' { b'B' } else { b'A' };
            prop_assert!(verify_message(&client, &String::from_utf8(edited).unwrap(), &message).is_err());
        }
    }

    #[test]
    fn edited_certificates_do_not_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        use base64ct::Encoding;
        let body: String = crate::place::ONE.lines().filter(|line| !line.starts_with("--")).collect();
        let mut der = base64ct::Base64::decode_vec(&body).unwrap();
        let place = at.index(der.len());
        der[place] = byte;
        let body = base64ct::Base64::encode_string(&der);
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
        let _ = Certificate::read(pem.as_bytes());
    }
}
