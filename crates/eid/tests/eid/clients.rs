//! Registering clients.

use crate::place::{ONE, Place, TWO, certificate, key, payer, registration};
use eid::certificate::{Certificate, CertificateRefusal};
use eid::client::{Party, Registration};
use eid::key::Algorithm::{EdDsa, Es256};
use eid::queries;
use kernel::{Actor, Role};

#[test]
fn registrations() {
    let mut place = Place::empty();
    let (one, two) = (key(Es256, 1), key(EdDsa, 2));
    let mut check = |registration: Registration, code: Option<&str>, entries: u64| {
        let before = place.entries();
        let name = registration.name.clone();
        let result = place.add(registration);
        assert_eq!(result.err().map(|error| error.code()), code, "{name}");
        assert_eq!(place.entries() - before, entries, "{name} {code:?}");
    };
    check(payer(&[&one], &[ONE]), None, 1);
    check(payer(&[&one], &[ONE]), None, 0);
    check(payer(&[&one, &two], &[ONE]), None, 1);
    // Refusals are on record.
    check(registration("kommune", Party::Authority, &[&one], &[ONE]), Some("client.name_taken"), 1);
    let other = Party::PublicPayer("Another".to_owned());
    check(registration("kommune", other, &[&one], &[ONE]), Some("client.name_taken"), 1);
    let other = |name: &str, keys: &[&_], pems: &[&str]| registration(name, Party::Authority, keys, pems);
    let three = key(Es256, 3);
    check(other("other", &[&two], &[TWO]), Some("client.key_taken"), 1);
    check(other("other", &[&three], &[ONE]), Some("client.certificate_taken"), 1);
    check(other("", &[&three], &[TWO]), Some("client.name"), 1);
    check(other("a b", &[&three], &[TWO]), Some("client.name"), 1);
    check(other("ø", &[&three], &[TWO]), Some("client.name"), 1);
    check(other(&"x".repeat(65), &[&three], &[TWO]), Some("client.name"), 1);
    check(other("other", &[], &[TWO]), Some("jwk.count"), 1);
    check(other("other", &[&three, &three], &[TWO]), Some("jwk.kid"), 1);
    check(other("other", &[&three], &[]), Some("certificate.count"), 1);
    check(other("other", &[&three], &[TWO, TWO]), Some("certificate.count"), 1);
    check(other("other", &[&three], &[TWO]), None, 1);
    let clients = place.writer.read(|scope| queries::clients(scope, &Actor::console())).unwrap();
    let names: Vec<_> = clients.iter().map(|client| (client.registration.name.as_str(), client.is_ended)).collect();
    assert_eq!(names, [("kommune", false), ("other", false)]);
    assert_eq!(clients[0].registration, payer(&[&one, &two], &[ONE]));
    let found = place.writer.read(|scope| queries::client(scope, "kommune")).unwrap().unwrap();
    assert_eq!((found.id, found.version), (clients[0].id, clients[0].version));
    assert_ne!(found.id.number(), found.version.number());
    let bank = Actor::client(Role::Bank, "bank");
    let refused = place.writer.read(|scope| queries::clients(scope, &bank).map(|_| ()));
    assert_eq!(refused.unwrap_err().code(), "policy.not_allowed");
    place.verify();
}

#[test]
fn certificates() {
    let one = certificate(ONE);
    // As `openssl x509 -in one.pem -outform der | openssl dgst -sha256` says.
    assert_eq!(one.thumbprint.to_string(), "T94g1LZVCZKiPkEy4ogS4wa9HKSullVAFUzZUgLCZ7k");
    assert_eq!(one.subject, "CN=one.example,O=Test Organisation,C=DK");
    let check = |pem: &str| {
        assert_eq!(Certificate::read(pem.as_bytes()), Err(CertificateRefusal::Malformed), "{pem}");
    };
    check("");
    check(&format!("{ONE}{TWO}"));
    check(&ONE.replace("CERTIFICATE", "PRIVATE KEY"));
    check(&ONE[..ONE.len() / 2]);
    check(&ONE.replacen("MII", "MIJ", 1));
    check(&"x".repeat(100_000));
}
