//! Who is let in.

use crate::support::{ANNA_IBAN, PRIVATE, PUBLIC, PUBLIC_TOKEN, Wanted, World, payment_file, request};
use edge::phase_out::{Interfaces, Use};
use eid::phase_out::{Ended, Subject};
use hyper::Method;
use kernel::{Error, Refusal, Timestamp, Writer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_not_good() {
    let world = World::new().await;
    let before = world.entries();
    let check = async |authorization: &str, code: &str, challenge: &str| {
        let mut asked =
            request(Method::POST, "/v1/resolve", "", Some(r#"{"purpose":"payment","payee":"cpr:6101701234"}"#));
        asked.headers_mut().insert("authorization", authorization.parse().unwrap());
        let answer = world.ask(asked).await;
        answer.refused(401, code);
        assert_eq!(answer.header("www-authenticate"), challenge, "{authorization}");
    };
    let missing = "Bearer realm=\"anvis\"";
    let invalid = |code: &str| format!("{missing}, error=\"invalid_token\", error_description=\"{code}\"");
    check("Basic YTpi", "token.missing", missing).await;
    check("Bearer", "token.missing", missing).await;
    check("Bearer a b", "token.malformed", &invalid("token.malformed")).await;
    check("Bearer expired", "token.expired", &invalid("token.expired")).await;
    check("Bearer made-up", "token.signature", &invalid("token.signature")).await;
    check("Bearer console.resolve", "token.signature", &invalid("token.signature")).await;
    check(&format!("Bearer bound.{PUBLIC_TOKEN}"), "token.binding", &invalid("token.binding")).await;
    let answer = world.post("/v1/resolve", "public-payer.payouts", "{}").await;
    answer.refused(403, "token.scope");
    assert!(answer.header("www-authenticate").ends_with("error=\"insufficient_scope\", scope=\"resolve\""));
    world.post("/v1/resolve", "private-payer.resolve", "{}").await.refused(403, "policy.not_allowed");
    assert_eq!(world.entries(), before, "who is not let in leaves nothing in the journal");
    // A token in the address or the body is none.
    world.get("/v1/payouts?access_token=public-payer.payouts", "").await.refused(401, "token.missing");
}

/// Clients that are registered here are of their payer's kind. What another issuer says of its own is only its word.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_for_a_payer_of_the_other_kind_whatever_the_token_says() {
    let world = World::new().await;
    let before = world.entries();
    let (public, private) = (&world.batches[0], &world.private_batch);
    let resolve = r#"{"purpose":"payment","payee":"cpr:6101701234"}"#;
    let verify = r#"{"purpose":"payment","payee":"cpr:6101701234","account":"0040-440116243"}"#;
    let many =
        |one: &str| format!(r#"{{"purpose":"payment","payees":[{}]}}"#, one.replace(r#""purpose":"payment","#, ""));
    let check = async |token: &str, path: &str, body: Option<&str>| {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let mut asked = request(method, path, token, body);
        asked.headers_mut().insert("if-match", "*".parse().unwrap());
        if path == "/v1/payouts" && body.is_some() {
            asked.headers_mut().insert("content-type", "application/xml".parse().unwrap());
        }
        let problem = world.ask(asked).await.refused(403, "payer.other_kind").to_string();
        assert!(!problem.contains("6101701234") && !problem.contains(ANNA_IBAN), "{path}: {problem}");
    };
    let called_public = format!("public-payer~{PRIVATE}.payouts.resolve.verify");
    check(&called_public, "/v1/resolve", Some(resolve)).await;
    check(&called_public, "/v1/resolve/many", Some(&many(resolve))).await;
    check(&called_public, &format!("/v1/payouts/{private}/completed"), None).await;
    check(&called_public, &format!("/v1/payouts/{private}/completed/0"), None).await;
    let called_private = format!("private-payer~{PUBLIC}.payouts.verify");
    let file = payment_file("OTHER");
    for (token, batch) in [(&called_public, private), (&called_private, public)] {
        check(token, "/v1/verify", Some(verify)).await;
        check(token, "/v1/verify/many", Some(&many(verify))).await;
        check(token, "/v1/payouts", None).await;
        check(token, "/v1/payouts", Some(&file)).await;
        let named = Some(r#"{"all":true}"#);
        check(token, &format!("/v1/payouts/{batch}/cancel"), named).await;
        for part in ["", "/payments", "/report", "/report/0"] {
            check(token, &format!("/v1/payouts/{batch}{part}"), None).await;
        }
        let mut release = request(Method::POST, &format!("/v1/payouts/{batch}/release"), token, None);
        release.headers_mut().insert("if-match", "*".parse().unwrap());
        world.ask(release).await.refused(403, "payer.other_kind");
    }
    assert_eq!(world.entries(), before + 6, "six look-ups were refused on record, and nothing was done");
    // As what they are, they are let in.
    let as_is = format!("private-payer~{PRIVATE}.verify");
    assert_eq!(world.post("/v1/verify", &as_is, verify).await.done()["result"], "match");
    let unknown = "public-payer~Nobody.payouts.resolve";
    world.post("/v1/resolve", unknown, resolve).await.refused(404, "payer.unknown");
    world.get("/v1/payouts", unknown).await.refused(404, "payer.unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_ended_is_forgotten() {
    let world = World::new().await;
    let token = "ended.public-payer.payouts";
    world.get("/v1/payouts", token).await.done();
    world.issuer.store(true, std::sync::atomic::Ordering::Relaxed);
    world.service.edge().refresh().await;
    world.get("/v1/payouts", token).await.refused(401, "token.client");
}

/// Ends what a test says, and keeps what it is told.
#[derive(Clone, Default)]
pub struct Ledger {
    kept: Arc<Mutex<BTreeMap<Use, u64>>>,
    ended: Arc<Mutex<Option<&'static str>>>,
}

impl Ledger {
    /// From now on this interface is ended, and no other.
    pub fn end(&self, interface: &'static str) {
        *self.ended.lock().unwrap() = Some(interface);
    }

    /// What was used how often.
    pub fn kept(&self) -> BTreeMap<Use, u64> {
        self.kept.lock().unwrap().clone()
    }
}

impl Interfaces for Ledger {
    fn require_open(&self, of: &Use, now: Timestamp) -> Result<(), Refusal> {
        if *self.ended.lock().unwrap() != Some(of.interface) {
            return Ok(());
        }
        Err(Ended { subject: Subject::new(of.interface, of.version).unwrap(), at: now }.into())
    }

    fn keep(&self, uses: &BTreeMap<Use, u64>, _: Timestamp, _: &mut Writer) -> Result<(), Error> {
        for (of, times) in uses {
            *self.kept.lock().unwrap().entry(of.clone()).or_default() += times;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_uses_what_is_kept_and_what_was_ended_is_refused() {
    let ledger = Ledger::default();
    let mut world = World::with(Wanted { interfaces: Some(Box::new(ledger.clone())), ..Wanted::default() }).await;
    world.get("/v1/payouts", PUBLIC_TOKEN).await.done();
    ledger.end("payouts");
    world.get("/v1/payouts", PUBLIC_TOKEN).await.refused(410, "interface.ended");
    world.post("/v1/resolve", PUBLIC_TOKEN, r#"{"purpose":"payment","payee":"cpr:6101701234"}"#).await.done();
    assert!(world.stopped().await);
    let of = |interface| Use {
        client: "a public-payer".to_owned(),
        interface,
        version: "v1",
        transport: "none",
        algorithm: "ES256",
    };
    assert_eq!(ledger.kept(), BTreeMap::from([(of("payouts"), 2), (of("resolve"), 1)]));
}
