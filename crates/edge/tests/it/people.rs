//! People over HTTP: officers who sign for their tokens, citizens with those of where they log in, and what they do about accounts.

use crate::support::{
    ANNA, ANNA_IBAN, Answer, BANK, NOW, PUBLIC, System, Wanted, World, behind_a_proxy, request, set_controls,
};
use Assurance::{High, Low, Substantial};
use eid::assertion;
use eid::certificate::Thumbprint;
use eid::key::{Algorithm, PrivateKey};
use eid::token::{OFFICER_GRANT_TYPE, sign_citizen};
use hyper::Method;
use kernel::{Actor, AddOperator, Assurance, EndOperator, Env, PublicKey, Role, Secrets, Timestamp, Writer};
use registry::commands::{
    AddCaseworker, AddPayer, ChangeAccounts, ChangeAnswer, EndCaseworker, FollowLetter, LetterFate, MakeLetter,
    TellIdentity,
};
use registry::designation::Channel;
use registry::identity::IdentityFacts;
use registry::import::{AccountRow, Written};
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::proposal::Unexpected;
use registry::queries;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::block_in_place;

const BO: &str = "cpr:6201701235";
const COMPANY: &str = "cvr:13748136";
const NEXT: &str = "0040-7";
const CODE: &str = "12345678";
/// Two caseworkers of one authority, and one of another; two operators.
const CASEWORKERS: [(&str, &str); 3] = [("kim", PUBLIC), ("kaj", PUBLIC), ("kate", "Styrelsen")];
const OPERATORS: [&str; 2] = ["olga", "otto"];

/// A world with people, under the set `anvis`.
struct People {
    world: World,
    days: Arc<AtomicI64>,
    asked: AtomicI64,
}

impl People {
    async fn new() -> Self {
        let days = Arc::new(AtomicI64::new(0));
        let since = days.clone();
        let clock = move || NOW.plus_days(since.load(Ordering::Relaxed));
        let wanted = Wanted { clock: Arc::new(clock), has_own_tokens: true, ..behind_a_proxy() };
        let people = Self { world: World::with(wanted).await, days, asked: AtomicI64::new(0) };
        people.give(|writer, env| {
            set_controls(writer, ("anvis", &[]));
            let (name, kind, no_account) = ("Styrelsen".to_owned(), PayerKind::Public, NoAccount::Hold);
            let cvr = denmark::Cvr::parse("13748136").unwrap();
            let agreement =
                Agreement { name, cvr, kind, no_account, bank: None, terms: registry::terms::Terms::default() };
            writer.execute(&AddPayer { agreement }, &Actor::console(), &env).unwrap();
            for (name, authority) in CASEWORKERS {
                let (authority, benefits) = (authority.to_owned(), Default::default());
                let command =
                    AddCaseworker { name: name.to_owned(), key: public(name), authority, benefits, in_person: true };
                writer.execute(&command, &Actor::console(), &env).unwrap();
            }
            for name in OPERATORS {
                let command = AddOperator { name: name.to_owned(), key: public(name) };
                writer.execute(&command, &Actor::console(), &env).unwrap();
            }
        });
        people.world.service.edge().refresh().await;
        people
    }

    fn now(&self) -> Timestamp {
        NOW.plus_days(self.days.load(Ordering::Relaxed))
    }

    /// Does something in the store beside the server.
    fn give<T>(&self, work: impl FnOnce(&mut Writer, Env) -> T) -> T {
        let env = Env::new(self.now(), 7);
        block_in_place(|| work(&mut self.world.store.writer(Secrets::from_system()).unwrap(), env))
    }

    /// What the token endpoint answers an officer who signs for a token.
    async fn asks(&self, name: &str) -> Answer {
        let jti = self.asked.fetch_add(1, Ordering::Relaxed).to_string();
        let assertion = assertion::sign(&private(name), name, self.world.identity.server(), &jti, self.now());
        let body = format!("grant_type={OFFICER_GRANT_TYPE}&assertion={assertion}");
        let mut asked = request(Method::POST, "/oauth/token", "", Some(&body));
        asked.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        asked.headers_mut().insert("client-cert", desk().certificate().parse().unwrap());
        self.world.ask(asked).await
    }

    async fn officer(&self, name: &str) -> String {
        self.asks(name).await.done()["access_token"].as_str().unwrap().to_owned()
    }

    /// A token of somebody who has just logged in.
    fn citizen(&self, payee: &str, assurance: Assurance) -> String {
        let number = payee.strip_prefix("cpr:").unwrap();
        let certificate = Thumbprint::from_bytes(crate::tokens::thumbprint(&desk()));
        let signers = self.give(|writer, _| writer.read(eid::queries::signers)).unwrap();
        let (key, server) = (signers.at(self.now()).unwrap(), self.world.identity.server());
        sign_citizen(key, server, (number, assurance, "app"), certificate, self.now()).access_token
    }

    async fn send(&self, method: Method, path: &str, token: &str, key: &str, body: Option<Value>) -> Answer {
        let text = body.map(|body| body.to_string());
        let mut asked = request(method, path, token, text.as_deref());
        asked.headers_mut().insert("client-cert", desk().certificate().parse().unwrap());
        if !key.is_empty() {
            asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
        }
        self.world.ask(asked).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(Method::POST, path, token, "", Some(body)).await
    }

    /// Does something about a proposal.
    async fn act(&self, token: &str, id: &str, act: &str, body: Value) -> Answer {
        let body = (act != "cancel").then_some(body);
        self.send(Method::POST, &format!("/v1/designations/{id}/{act}"), token, "", body).await
    }

    async fn shown(&self, token: &str, id: &str) -> Answer {
        self.send(Method::GET, &format!("/v1/designations/{id}"), token, "", None).await
    }

    /// The letter of a proposal is made, and handed over to be posted.
    fn letter(&self, id: &str) {
        self.give(|writer, env| {
            let actor = Actor::operator("olga");
            let drawn = writer.read(|scope| queries::letter(scope, &actor, id, env.now)).unwrap();
            let make = MakeLetter { drawn, code: CODE.to_owned(), actor: actor.clone() };
            writer.execute(&make, &actor, &env).unwrap();
            let (proposal, fate) = (id.to_owned(), LetterFate::HandedOver);
            writer.execute(&FollowLetter { proposal, fate, actor: actor.clone() }, &actor, &env).unwrap();
        });
    }

    /// How many notices wait to be sent.
    fn notices(&self) -> i64 {
        let count = self.give(|writer, _| writer.read(|scope| queries::count_notices(scope, &Actor::console())));
        count.unwrap().iter().map(|(_, waiting, _)| waiting).sum()
    }
}

/// The system at which people sit.
fn desk() -> System {
    System::of(Role::Authority)
}

fn private(name: &str) -> PrivateKey {
    let mut bytes = [7; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    PrivateKey::from_bytes(Algorithm::EdDsa, &bytes).unwrap()
}

fn public(name: &str) -> PublicKey {
    PublicKey::from_bytes(private(name).public().to_ed25519().unwrap())
}

/// It stands so, and waits for this; its name.
#[track_caller]
fn stands(answer: &Answer, state: &str, waits_for: Option<&str>) -> String {
    let json = answer.done();
    assert_eq!((&json["state"], &json["waits_for"]), (&json!(state), &json!(waits_for)), "{json}");
    let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "in_force_from", "state", "waits_for"], "{json}");
    json["id"].as_str().unwrap().to_owned()
}

fn for_anna(expects: &str) -> Value {
    json!({ "payee": ANNA, "account": NEXT, "expects": expects, "holder": "own", "law": "§ 1", "evidence": "case 1" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_lives_over_http_from_the_caseworker_to_the_account_in_force() {
    let people = People::new().await;
    let (kim, kaj, kate) = (people.officer("kim").await, people.officer("kaj").await, people.officer("kate").await);
    let why = || json!({ "reason": "seen" });
    // What is stale, or has no ground, is not proposed.
    for (body, status, code) in [
        (for_anna("none"), 409, "designation.expects_mismatch"),
        (for_anna("0040-8"), 409, "designation.expects_mismatch"),
        (for_anna("0040"), 422, "designation.expects"),
        (json!({ "payee": ANNA, "account": NEXT, "law": "§ 1", "evidence": "x" }), 409, "designation.expects_missing"),
        (json!({ "payee": ANNA, "account": NEXT, "expects": ANNA_IBAN }), 422, "designation.ground"),
        (json!({ "payee": ANNA, "law": "§ 1", "evidence": "x" }), 422, "account.missing"),
        (json!({ "payee": "cpr:1", "account": NEXT }), 422, "payee.malformed"),
        (json!({ "payee": "cpr:7201701235", "account": NEXT, "law": "§ 1", "evidence": "x" }), 404, "payee.unknown"),
    ] {
        people.post("/v1/designations", &kim, body).await.refused(status, code);
    }
    let named = |payer: &str| {
        let mut body = for_anna("none");
        (body["payer"], body["benefit"]) = (json!(payer), json!("NKSBOS"));
        body
    };
    people.post("/v1/designations", &kim, named("Styrelsen")).await.refused(403, "designation.authority");
    people.post("/v1/designations", &kim, named("Nobody")).await.refused(404, "payer.unknown");
    let proposed = people.post("/v1/designations", &kim, for_anna(ANNA_IBAN)).await;
    let id = stands(&proposed, "awaiting_approval", Some("approval"));
    people.post("/v1/designations", &kaj, for_anna(ANNA_IBAN)).await.refused(409, "change.waiting");
    // A second caseworker of the same house approves it, and nobody else.
    people.act(&kim, &id, "approve", why()).await.refused(403, "proposal.own");
    people.act(&kim, &id, "refuse", why()).await.refused(403, "proposal.own");
    people.act(&kate, &id, "approve", why()).await.refused(404, "proposal.unknown");
    people.act(&kaj, &id, "approve", json!({ "reason": " " })).await.refused(422, "proposal.why");
    people.act(&kaj, "0000000000000", "approve", why()).await.refused(404, "proposal.unknown");
    stands(&people.act(&kaj, &id, "approve", why()).await, "awaiting_activation", Some("letter"));
    people.act(&kaj, &id, "approve", why()).await.refused(409, "proposal.not_this");
    // What waits is shown to its house and the agency; whom it is about is not said.
    let olga = people.officer("olga").await;
    for (token, query, expected) in [
        (&kim, "", 1),
        (&kim, "?waits_for=letter", 1),
        (&kim, "?waits_for=code", 0),
        (&kate, "", 0),
        (&olga, "?waits_for=letter&limit=10", 1),
        (&olga, "?waits_for=time", 0),
    ] {
        let path = format!("/v1/designations{query}");
        let listed = people.send(Method::GET, &path, token, "", None).await.done();
        let proposals = listed["proposals"].as_array().unwrap();
        assert_eq!((proposals.len(), &listed["next"]), (expected, &json!(null)), "{query}: {listed}");
        assert!(proposals.iter().all(|one| one["id"] == id && one["channel"].is_string()), "{listed}");
        assert!(!listed.to_string().contains("6101701234"));
    }
    let unread = people.send(Method::GET, "/v1/designations?waits_for=rain", &olga, "", None).await;
    unread.refused(400, "request.query");
    people.letter(&id);
    // The payee gives the code: nobody else, and not with a weak login.
    let anna = people.citizen(ANNA, Substantial);
    let code = |code: &str| json!({ "code": code });
    let by = |payee: &str, level| people.citizen(payee, level);
    people.act(&by(BO, High), &id, "activate", code(CODE)).await.refused(404, "proposal.unknown");
    people.act(&by(ANNA, Low), &id, "activate", code(CODE)).await.refused(404, "proposal.unknown");
    people.act(&kim, &id, "activate", code(CODE)).await.refused(403, "policy.not_allowed");
    people.act(&olga, &id, "activate", code(CODE)).await.refused(403, "proposal.own");
    people.act(&anna, &id, "activate", code("1234")).await.refused(422, "activation.code");
    let wrong = people.act(&anna, &id, "activate", code("12 34 56 79")).await.refused(422, "activation.code");
    assert!(wrong["detail"].as_str().unwrap().ends_with("attempts left: 2."), "{wrong}");
    let before = people.notices();
    let activated = people.act(&anna, &format!("{id}01"), "activate", code("12 34 56 78")).await;
    stands(&activated, "held", Some("time"));
    assert_eq!(activated.done()["in_force_from"], "2026-11-25T09:00:00Z");
    assert!(people.notices() > before, "the payee is told");
    // Nobody else sees it; the account in force is the former one until the moment comes.
    people.shown(&by(BO, High), &id).await.refused(404, "proposal.unknown");
    people.shown(&kate, &id).await.refused(404, "proposal.unknown");
    let shown = people.shown(&anna, &id).await.done();
    let told = ["payee", "account", "replaces", "in_force", "channel", "law"].map(|name| shown[name].clone());
    assert_eq!(
        json!(told),
        json!([ANNA, "DK6500400000000007", ANNA_IBAN, ANNA_IBAN, format!("caseworker:{PUBLIC}"), "§ 1"])
    );
    let acts: Vec<&str> = shown["acts"].as_array().unwrap().iter().map(|act| act["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["approved", "letter_made", "letter_handed_over", "code_wrong", "activated"]);
    assert!(!shown.to_string().contains(CODE));
    people.days.store(2, Ordering::Relaxed);
    people.world.service.edge().settle().await;
    let kim = people.officer("kim").await;
    let shown = people.shown(&kim, &id).await.done();
    assert_eq!((&shown["state"], &shown["in_force"]), (&json!("in_force"), &json!("DK6500400000000007")));
    people.act(&kim, &id, "cancel", json!({})).await.refused(409, "proposal.ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_changes_what_is_their_own_and_what_they_sign_for() {
    let people = People::new().await;
    let (bo, anna) = (people.citizen(BO, Substantial), people.citizen(ANNA, Substantial));
    let own =
        |payee: &str, expects: &str| json!({ "payee": payee, "account": NEXT, "expects": expects, "holder": "own" });
    let propose = async |token: &str, body: Value| people.post("/v1/designations", token, body).await;
    propose(&anna, own(BO, "9860-1234567")).await.refused(403, "designation.entitled");
    // Whoever is not there is told alike.
    propose(&anna, own("cpr:7201701235", "none")).await.refused(403, "designation.entitled");
    propose(&bo, own(COMPANY, ANNA_IBAN)).await.refused(403, "designation.entitled");
    propose(&people.citizen(BO, Low), own(BO, "9860-1234567")).await.refused(403, "actor.assurance");
    propose(&bo, own(BO, "none")).await.refused(409, "designation.expects_mismatch");
    let specific = json!({ "payee": BO, "account": NEXT, "payer": PUBLIC, "benefit": "NKSBOS", "expects": "none" });
    propose(&bo, specific).await.refused(403, "designation.authority");
    let once = async |key: &str, body: Value| people.send(Method::POST, "/v1/designations", &bo, key, Some(body)).await;
    let first = once("one", own(BO, "9860-1234567")).await;
    let id = stands(&first, "proposed", Some("signature"));
    let entries = people.world.entries();
    assert_eq!(once("one", own(BO, "9860-1234567")).await.done(), first.done());
    assert_eq!(people.world.entries(), entries, "asked again, it is proposed once");
    once("one", own(BO, "none")).await.refused(422, "idempotency.reused");
    // What waits is shown to whom it is about, and who signs for them.
    let waits =
        async |token: &str, payee: &str| people.post("/v1/designations/own", token, json!({ "payee": payee })).await;
    let listed = waits(&bo, BO).await.done();
    assert_eq!((&listed["proposals"][0]["id"], &listed["proposals"][1]), (&json!(id), &json!(null)), "{listed}");
    assert_eq!(waits(&anna, COMPANY).await.done(), json!({ "proposals": [] }));
    waits(&anna, BO).await.refused(403, "citizen.other");
    waits(&anna, "cpr:7201701235").await.refused(403, "citizen.other");
    waits(&bo, COMPANY).await.refused(403, "citizen.other");
    waits(&people.citizen(BO, Low), BO).await.refused(403, "citizen.assurance");
    let signature = || json!({ "signature": "eyJhbGciOiJFUzI1NiJ9" });
    people.act(&anna, &id, "sign", signature()).await.refused(404, "proposal.unknown");
    people.act(&bo, &id, "sign", json!({ "signature": "" })).await.refused(422, "proposal.why");
    people.act(&bo, &id, "approve", json!({ "reason": "mine" })).await.refused(403, "policy.not_allowed");
    people.send(Method::GET, "/v1/designations", &bo, "", None).await.refused(403, "policy.not_allowed");
    stands(&people.act(&bo, &id, "sign", signature()).await, "awaiting_activation", Some("letter"));
    people.act(&anna, &id, "cancel", json!({})).await.refused(404, "proposal.unknown");
    for _ in 0..2 {
        stands(&people.act(&bo, &id, "cancel", json!({})).await, "cancelled", None);
    }
    people.act(&bo, &id, "sign", signature()).await.refused(409, "proposal.ended");
    // A letter's code, given again under the same key because the answer was lost, is no second attempt.
    let id = stands(&propose(&bo, own(BO, "9860-1234567")).await, "proposed", Some("signature"));
    people.act(&bo, &id, "sign", signature()).await.done();
    people.letter(&id);
    for _ in 0..4 {
        let (path, body) = (format!("/v1/designations/{id}/activate"), json!({ "code": "00000000" }));
        let wrong = people.send(Method::POST, &path, &bo, "wrong", Some(body)).await.refused(422, "activation.code");
        assert!(wrong["detail"].as_str().unwrap().ends_with("attempts left: 2."), "{wrong}");
    }
    stands(&people.act(&bo, &id, "activate", json!({ "code": CODE })).await, "held", Some("time"));
    // Whoever may sign for a company does for it what a payee does.
    let mut company = own(COMPANY, ANNA_IBAN);
    company["signature"] = json!("eyJhbGciOiJFUzI1NiJ9");
    let id = stands(&propose(&anna, company).await, "awaiting_activation", Some("letter"));
    assert_eq!(waits(&anna, COMPANY).await.done()["proposals"][0]["id"], json!(id));
    people.shown(&bo, &id).await.refused(404, "proposal.unknown");
    assert_eq!(people.shown(&anna, &id).await.done()["payee"], COMPANY);
    stands(&people.act(&anna, &id, "cancel", json!({})).await, "cancelled", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_channel_is_another_person_or_a_strong_login() {
    let people = People::new().await;
    people.give(|writer, env| {
        let facts = IdentityFacts { authenticator_changed: None, key_material_posted: Some(env.now.minus_days(1)) };
        let command = TellIdentity { payee: PayeeId::parse(ANNA).unwrap(), facts };
        writer.execute(&command, &Actor::console(), &env).unwrap();
    });
    let [kim, kaj, olga, otto] = ["kim", "kaj", "olga", "otto"];
    let id = people.post("/v1/designations", &people.officer(kim).await, for_anna(ANNA_IBAN)).await.done();
    let id = id["id"].as_str().unwrap();
    let by = async |name: &str, act: &str, body: Value| people.act(&people.officer(name).await, id, act, body).await;
    by(kaj, "approve", json!({ "reason": "seen" })).await.done();
    // Key material went to the same letter box: no letter counts, nor a login with what may have come of it.
    let shown = people.shown(&people.officer(olga).await, id).await.done();
    assert_eq!((&shown["waits_for"], &shown["signals"]), (&json!("confirmation"), &json!(["letter_box"])), "{shown}");
    // Whoever has the payee's login reads none of that, nor what officers think, until one of them has ended it.
    let anna = people.citizen(ANNA, High);
    let told = async || {
        let shown = people.shown(&anna, id).await.done();
        json!([shown["waits_for"], shown["signals"], shown["acts"][0]["by"], shown["acts"][0]["why"]])
    };
    assert_eq!(shown["acts"][0]["why"], "seen");
    assert_eq!(told().await, json!(["confirmation", [], "caseworker:kaj", null]));
    people.act(&anna, id, "confirm", json!({})).await.refused(403, "actor.authenticator");
    let weak = people.citizen(ANNA, Substantial);
    people.act(&weak, id, "confirm", json!({})).await.refused(403, "actor.assurance");
    by(kim, "confirm", json!({ "evidence": "passport" })).await.refused(403, "proposal.own");
    by(olga, "confirm", json!({})).await.refused(422, "proposal.why");
    stands(&by(olga, "confirm", json!({ "evidence": "passport" })).await, "held", Some("time"));
    stands(&by(otto, "refuse", json!({ "reason": "It was not them" })).await, "refused", None);
    by(otto, "refuse", json!({ "reason": "It was not them" })).await.refused(409, "proposal.ended");
    assert_eq!(told().await, json!([null, ["letter_box"], "caseworker:kaj", "seen"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_heals_is_asked_for_by_one_officer_and_approved_by_another() {
    let people = People::new().await;
    let unfreeze = async |token: &str, key: &str, body: &Value| {
        people.send(Method::POST, "/v1/designations/unfreeze", token, key, Some(body.clone())).await
    };
    let why = || json!({ "reason": "It was not them" });
    let olga = people.officer("olga").await;
    let asked = json!({ "payee": ANNA, "reason": "The payee was called" });
    assert_eq!(unfreeze(&olga, "", &asked).await.done()["id"], "", "it is in force: there is nothing to do");
    let proposed = people.post("/v1/designations", &people.officer("kim").await, for_anna(ANNA_IBAN)).await;
    let id = stands(&proposed, "awaiting_approval", Some("approval"));
    people.act(&olga, &id, "revert", why()).await.refused(409, "proposal.not_in_force");
    people.act(&people.officer("kaj").await, &id, "approve", why()).await.done();
    people.letter(&id);
    people.act(&people.citizen(ANNA, Substantial), &id, "activate", json!({ "code": CODE })).await.done();
    people.days.store(2, Ordering::Relaxed);
    people.world.service.edge().settle().await;
    let (olga, otto, kate) = (people.officer("olga").await, people.officer("otto").await, people.officer("kate").await);
    let in_force = async |token: &str| people.shown(token, &id).await.done()["in_force"].clone();
    assert_eq!(in_force(&olga).await, "DK6500400000000007");
    // What stood before is put back.
    let anna = people.citizen(ANNA, High);
    people.act(&anna, &id, "revert", why()).await.refused(403, "policy.not_allowed");
    people.act(&kate, &id, "revert", why()).await.refused(404, "proposal.unknown");
    people.act(&olga, &id, "revert", json!({ "reason": " " })).await.refused(422, "proposal.why");
    let path = format!("/v1/designations/{id}/revert");
    let revert = async |body: Value| people.send(Method::POST, &path, &olga, "one", Some(body)).await;
    let first = revert(why()).await;
    let reverting = stands(&first, "awaiting_approval", Some("approval"));
    assert_eq!(revert(why()).await.done(), first.done(), "asked again, it is proposed once");
    revert(json!({ "reason": "another" })).await.refused(422, "idempotency.reused");
    people.act(&olga, &reverting, "approve", why()).await.refused(403, "proposal.own");
    stands(&people.act(&otto, &reverting, "approve", why()).await, "held", Some("time"));
    assert_eq!(in_force(&olga).await, "DK6500400000000007");
    // Who approves is told what goes with it, which can come while it waits. The payee is not told why.
    let of_revert = async |token: &str| {
        let shown = people.shown(token, &reverting).await.done();
        (shown["undone_with_it"].clone(), shown["why"].clone())
    };
    assert_eq!(of_revert(&otto).await, (json!([]), json!("It was not them")));
    people.give(|writer, env| {
        let (vault, actor) = (writer.store.vault().clone(), Actor::client(Role::Bank, BANK));
        let written = Written { action: "close", payee: ANNA, ..Written::default() };
        let row = AccountRow::read_from_bank(&vault, &written, "account_closure", "not_needed", Unexpected::Refuse);
        let channel = Channel::Bank(BANK.to_owned());
        let close = ChangeAccounts::new(actor.clone(), channel, vec![row], Unexpected::Refuse, None).unwrap();
        let given = [(close, &actor, &env)];
        let answers = writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
        assert!(matches!(answers[..], [ChangeAnswer::Done]), "{answers:?}");
    });
    let closed = json!([{ "id": null, "account": null, "from": people.now().to_string() }]);
    assert_eq!(of_revert(&otto).await, (closed.clone(), json!("It was not them")));
    assert_eq!(of_revert(&people.citizen(ANNA, High)).await, (closed, json!(null)));
    people.days.store(4, Ordering::Relaxed);
    people.world.service.edge().settle().await;
    let (olga, otto, kate) = (people.officer("olga").await, people.officer("otto").await, people.officer("kate").await);
    let anna = people.citizen(ANNA, High);
    assert_eq!(in_force(&olga).await, ANNA_IBAN);
    people.act(&olga, &id, "revert", why()).await.refused(409, "designation.superseded");
    // What an officer froze is paid to again.
    people.give(|writer, env| {
        let (vault, actor) = (writer.store.vault().clone(), Actor::operator("olga"));
        let row = AccountRow::read(&vault, &Written { action: "freeze", payee: ANNA, ..Written::default() }).unwrap();
        let freeze =
            ChangeAccounts::new(actor.clone(), Channel::Operator, vec![Ok(row)], Unexpected::Refuse, None).unwrap();
        let given = [(freeze, &actor, &env)];
        let answers = writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
        assert!(matches!(answers[..], [ChangeAnswer::Done]), "{answers:?}");
    });
    let of = |more: Value| {
        let mut body = asked.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (token, more, status, code) in [
        (&anna, json!({}), 403, "policy.not_allowed"),
        (&olga, json!({ "reason": "" }), 422, "proposal.why"),
        (&olga, json!({ "payee": "cpr:1" }), 422, "payee.malformed"),
        (&olga, json!({ "payee": "cpr:7201701235" }), 404, "payee.unknown"),
        (&olga, json!({ "payer": PUBLIC }), 422, "designation.purpose"),
        (&olga, json!({ "payer": "Nobody", "benefit": "NKSBOS" }), 404, "payer.unknown"),
        (&olga, json!({ "payer": PUBLIC, "benefit": "NKSBOS" }), 409, "designation.none"),
        (&kate, json!({ "payer": PUBLIC, "benefit": "NKSBOS" }), 403, "designation.authority"),
        (&olga, json!({ "account": NEXT }), 400, "body.field"),
    ] {
        unfreeze(token, "", &of(more)).await.refused(status, code);
    }
    let first = unfreeze(&olga, "two", &asked).await;
    let unfreezing = stands(&first, "awaiting_approval", Some("approval"));
    assert_eq!(unfreeze(&olga, "two", &asked).await.done(), first.done(), "asked again, it is proposed once");
    unfreeze(&otto, "", &asked).await.refused(409, "change.waiting");
    people.act(&olga, &unfreezing, "approve", why()).await.refused(403, "proposal.own");
    let shown = people.shown(&otto, &unfreezing).await.done();
    assert_eq!(
        (&shown["action"], &shown["is_frozen"], &shown["why"]),
        (&json!("unfreeze"), &json!(true), &asked["reason"])
    );
    stands(&people.act(&otto, &unfreezing, "approve", why()).await, "in_force", None);
    assert_eq!(people.shown(&otto, &unfreezing).await.done()["is_frozen"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn locks_and_contact_points_are_their_owners() {
    let mut people = People::new().await;
    let (anna, strong, bo) = (people.citizen(ANNA, Substantial), people.citizen(ANNA, High), people.citizen(BO, High));
    let (kim, olga) = (people.officer("kim").await, people.officer("olga").await);
    let of = |more: Value| {
        let mut body = json!({ "payee": ANNA });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let lock = json!({ "channels": ["self_service"] });
    let nobody = json!({ "payee": "cpr:7201701235" });
    for (path, token, body, status, code) in [
        ("locks/set", &bo, of(lock.clone()), 403, "citizen.other"),
        ("locks/set", &bo, nobody.clone(), 403, "citizen.other"),
        ("locks/set", &kim, of(lock.clone()), 422, "change.why"),
        ("locks/set", &kim, json!({ "payee": "cpr:7201701235", "reason": "asked" }), 404, "payee.unknown"),
        ("locks/set", &anna, of(json!({ "channels": ["post"] })), 400, "body.field"),
        ("locks/set", &anna, json!({ "payee": "Anna" }), 400, "body.field"),
        ("locks/lift", &anna, of(lock.clone()), 403, "citizen.assurance"),
        ("locks/lift", &olga, of(json!({ "reason": "asked" })), 422, "lock.in_person"),
        ("contacts/add", &bo, of(json!({ "kind": "digital_post" })), 403, "citizen.other"),
        ("contacts/add", &anna, of(json!({ "kind": "sms", "value": "20304050" })), 422, "contact.phone"),
        ("contacts/add", &anna, of(json!({ "kind": "email" })), 422, "contact.email"),
        ("contacts/add", &anna, of(json!({ "kind": "digital_post", "value": "x" })), 400, "body.field"),
        ("contacts/add", &anna, of(json!({ "kind": "english", "value": "x" })), 400, "body.field"),
        ("contacts/add", &kim, of(json!({ "kind": "digital_post" })), 422, "change.why"),
        ("contacts/remove", &anna, of(json!({ "kind": "sms", "value": "+4520304050" })), 404, "contact.unknown"),
        ("contacts/list", &bo, of(json!({})), 403, "citizen.other"),
        ("contacts/list", &bo, nobody, 403, "citizen.other"),
    ] {
        let problem = people.post(&format!("/v1/{path}"), token, body).await.refused(status, code);
        assert!(!problem.to_string().contains("6101701234"), "{problem}");
    }
    let before = people.notices();
    let all = ["bank", "operator", "self_service", "caseworker"];
    for (path, token, body, channels, changed) in [
        ("set", &anna, of(lock.clone()), &all[2..3], true),
        ("set", &anna, of(lock.clone()), &all[2..3], false),
        ("set", &kim, of(json!({ "reason": "asked at the counter" })), &all[..], true),
        ("lift", &strong, of(json!({ "channels": ["bank", "caseworker", "operator"] })), &all[2..3], true),
    ] {
        let stands = people.post(&format!("/v1/locks/{path}"), token, body).await.done();
        assert_eq!(stands, json!({ "channels": channels, "changed": changed }));
    }
    let own = json!({ "payee": ANNA, "account": NEXT, "expects": ANNA_IBAN });
    people.post("/v1/designations", &anna, own).await.refused(409, "designation.locked");
    let lifted = of(json!({ "reason": "asked", "in_person": "passport" }));
    assert_eq!(people.post("/v1/locks/lift", &olga, lifted).await.done()["channels"], json!([]));
    let phone = json!({ "kind": "sms", "value": "+4520304050" });
    for changed in [true, false] {
        let added = people.post("/v1/contacts/add", &anna, of(phone.clone())).await;
        assert_eq!(added.done(), json!({ "changed": changed }));
    }
    for (token, value) in [(&anna, "+4520304050"), (&kim, "+45…50")] {
        let listed = people.post("/v1/contacts/list", token, of(json!({}))).await.done();
        assert_eq!((listed["points"].as_array().unwrap().len(), &listed["points"][0]["value"]), (1, &json!(value)));
        assert_eq!(listed["identity"]["contact_changed"], NOW.to_string());
    }
    assert_eq!(people.post("/v1/contacts/remove", &anna, of(phone)).await.done(), json!({ "changed": true }));
    for kind in ["letter", "english", "digital_post"] {
        for (path, changed) in [("add", true), ("add", false), ("remove", true)] {
            let told = people.post(&format!("/v1/contacts/{path}"), &anna, of(json!({ "kind": kind }))).await;
            assert_eq!(told.done(), json!({ "changed": changed }), "{path} {kind}");
        }
        let listed = people.post("/v1/contacts/list", &anna, of(json!({}))).await.done();
        assert_eq!(listed["points"].as_array().unwrap().last().unwrap()["kind"], kind);
    }
    assert!(people.notices() > before, "each of them is told");
    let log = people.world.log();
    assert!(people.world.stopped().await);
    for word in ["6101701234", "7201701235", "20304050", "kim", "passport", ANNA_IBAN] {
        assert!(!log.text().contains(word), "{word}");
    }
    assert!(log.text().contains("a caseworker") && log.text().contains("a citizen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_over_its_own_connection_and_as_long_as_its_bearer_is_there() {
    let people = People::new().await;
    let (kim, anna) = (people.officer("kim").await, people.citizen(ANNA, Substantial));
    let list = async |token: &str, system: Option<Role>| {
        let mut asked = request(Method::POST, "/v1/contacts/list", token, Some(&json!({ "payee": ANNA }).to_string()));
        if let Some(role) = system {
            asked.headers_mut().insert("client-cert", System::of(role).certificate().parse().unwrap());
        }
        people.world.ask(asked).await
    };
    for token in [&kim, &anna] {
        list(token, Some(Role::Bank)).await.refused(401, "token.binding");
        list(token, None).await.refused(401, "token.binding");
        list(token, Some(Role::Authority)).await.done();
        list(&format!("{token}A"), Some(Role::Authority)).await.refused(401, "token.signature");
    }
    // A citizen's token reaches no further than citizens do.
    let file = people.send(Method::GET, "/v1/payouts", &anna, "", None).await;
    file.refused(403, "token.scope");
    people.give(|writer, env| {
        let end = EndCaseworker { name: "kim".to_owned() };
        writer.execute(&end, &Actor::console(), &env).unwrap();
    });
    // Before the edge has learned of it, the transaction has.
    list(&kim, Some(Role::Authority)).await.refused(403, "caseworker.ended");
    people.post("/v1/designations", &kim, for_anna(ANNA_IBAN)).await.refused(403, "caseworker.ended");
    people.world.service.edge().refresh().await;
    list(&kim, Some(Role::Authority)).await.refused(401, "token.officer");
    let refused = people.asks("kim").await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refused.json()["code"], "caseworker.ended");
    let olga = people.officer("olga").await;
    list(&olga, Some(Role::Authority)).await.done();
    people.give(|writer, env| {
        let end = EndOperator { name: "olga".to_owned() };
        writer.execute(&end, &Actor::operator("otto"), &env).unwrap();
    });
    list(&olga, Some(Role::Authority)).await.refused(403, "operator.ended");
    let set = json!({ "payee": ANNA, "reason": "Letter" });
    people.post("/v1/locks/set", &olga, set).await.refused(403, "operator.ended");
    people.world.service.edge().refresh().await;
    list(&olga, Some(Role::Authority)).await.refused(401, "token.officer");
    let refused = people.asks("olga").await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    assert_eq!(refused.json()["code"], "operator.ended");
    list(&people.officer("otto").await, Some(Role::Authority)).await.done();
    // A login counts for an hour, whatever is asked with it; the token ends before.
    people.days.store(1, Ordering::Relaxed);
    list(&anna, Some(Role::Authority)).await.refused(401, "token.expired");
}
