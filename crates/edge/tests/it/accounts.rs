//! What banks ask for, and what they are told.

use crate::support::{
    ANNA, ANNA_IBAN, BANK_TOKEN, NOW, OTHER_BANK_TOKEN, PRIVATE_TOKEN, PUBLIC_TOKEN, Wanted, World, request,
    set_controls,
};
use hyper::Method;
use kernel::{Actor, Env, Secrets};
use registry::commands::{ApproveDesignation, Settle};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::task::block_in_place;

const BO: &str = "cpr:6201701235";
const DAN: &str = "cpr:6401701237";
/// Anna's account, and another one with her bank; Bo's is with another.
const ANNA_ACCOUNT: &str = "0040-440116243";
const NEXT: &str = "0040-1";

/// A change that the customer wants, unless it says otherwise.
fn change(action: &str, payee: &str, more: Value) -> Value {
    let mut change = json!({ "action": action, "payee": payee, "reason": "user_request", "consent": "netbank" });
    change.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    change
}

impl World {
    /// Asks for changes; what became of each, in a word.
    async fn changed(&self, token: &str, changes: &[Value], hold: bool) -> Vec<String> {
        let body = json!({ "changes": changes, "hold": hold }).to_string();
        let answers = self.post("/v1/accounts", token, &body).await.done();
        let answers = answers["answers"].as_array().unwrap().clone();
        let word = |answer: &Value| {
            let (code, detail) = (answer["code"].as_str(), answer["detail"].as_str());
            assert_eq!((code.is_some(), detail.is_some()), (answer["result"] == "refused", code.is_some()), "{answer}");
            assert_eq!(answer["change"].is_string(), answer["result"] == "held", "{answer}");
            code.or(answer["result"].as_str()).unwrap().to_owned()
        };
        answers.iter().map(word).collect()
    }

    async fn resolved(&self, payee: &str) -> Value {
        let body = json!({ "payee": payee, "purpose": "payment" }).to_string();
        self.post("/v1/resolve", PUBLIC_TOKEN, &body).await.done()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_has_its_answer_and_one_request_is_one_entry() {
    let world = World::new().await;
    let before = world.entries();
    let next = |expects: &str| json!({ "account": NEXT, "expects": expects });
    let of_the_bank = |reason: &str, mut more: Value| {
        more["reason"] = json!(reason);
        more["consent"] = json!("not_needed");
        more
    };
    let table = [
        (change("change", ANNA, next(ANNA_ACCOUNT)), "done"),
        (change("change", ANNA, next(ANNA_ACCOUNT)), "unchanged"),
        (change("register", DAN, json!({ "account": NEXT })), "done"),
        (change("freeze", DAN, json!({})), "done"),
        (change("change", DAN, json!({ "account": "0040-2", "expects": NEXT })), "designation.frozen"),
        (change("unfreeze", DAN, of_the_bank("fraud", json!({}))), "done"),
        (
            change("change", DAN, of_the_bank("branch_transfer", json!({ "account": "0040-2", "expects": NEXT }))),
            "done",
        ),
        (change("close", DAN, of_the_bank("account_closure", json!({ "account": "0040-2" }))), "done"),
        (change("unfreeze", DAN, json!({})), "designation.none"),
        (change("take", ANNA, next(NEXT)), "designation.action"),
        (change("change", "cpr:610170", next("none")), "payee.malformed"),
        (change("change", "cpr:7201701235", next("none")), "payee.unknown"),
        (change("register", "cpr:6301701236", json!({ "account": NEXT })), "payee.dead"),
        (change("change", ANNA, json!({ "account": "0040-x", "expects": NEXT })), "account.malformed"),
        (change("change", ANNA, json!({ "expects": NEXT })), "account.missing"),
        (change("change", ANNA, json!({ "account": "0040-2", "expects": NEXT, "currency": "kr" })), "account.currency"),
        (change("change", ANNA, json!({ "account": "0040-2", "expects": NEXT, "bic": "?" })), "bank.bic"),
        (change("change", ANNA, json!({ "account": "0040-2", "expects": NEXT, "bic": "SPARFO22" })), "account.bic"),
        (change("change", ANNA, json!({ "account": "DE89370400440532013000", "expects": NEXT })), "account.bic"),
        (
            change("change", ANNA, json!({ "account": "DE89370400440532013000", "bic": "EKSBDK22", "expects": NEXT })),
            "account.bic_country",
        ),
        (
            change(
                "change",
                ANNA,
                json!({ "account": "DE89370400440532013000", "bic": "COBADEFFXXX", "expects": NEXT }),
            ),
            "designation.other_bank",
        ),
        (change("change", ANNA, json!({ "account": "9999-1", "expects": NEXT })), "bank.unknown"),
        (change("change", ANNA, json!({ "account": "9860-1", "expects": NEXT })), "designation.other_bank"),
        (change("close", BO, json!({})), "designation.none"),
        (change("close", "cpr:7201701235", json!({})), "designation.none"),
        (change("change", BO, next("9860")), "designation.expects"),
        (change("change", ANNA, json!({ "account": "0040-2", "expects": "EKSBDK22" })), "designation.expects"),
        (change("change", BO, json!({ "account": NEXT, "expects": "?" })), "designation.expects"),
        (change("change", BO, json!({ "account": NEXT })), "designation.expects_missing"),
        (change("register", BO, json!({ "account": NEXT })), "designation.expects_missing"),
        (change("register", BO, next("none")), "designation.expects_mismatch"),
        (change("change", BO, of_the_bank("reconciliation", next("9860-1234567"))), "designation.reason"),
        (change("change", BO, of_the_bank("reconciliation", next("9860-1"))), "designation.reason"),
        (
            change("change", BO, json!({ "account": NEXT, "expects": "9860-1234567", "reason": null })),
            "designation.reason_missing",
        ),
        (change("freeze", ANNA, of_the_bank("branch_transfer", json!({}))), "designation.reason"),
        (change("close", ANNA, json!({ "reason": "whim" })), "designation.reason"),
        (change("close", ANNA, json!({ "consent": "not_needed" })), "designation.consent"),
        (change("close", ANNA, json!({ "consent": null })), "designation.consent_missing"),
        (
            change("change", BO, json!({ "account": NEXT, "expects": "9860-1234567", "holder": "mine" })),
            "designation.holder",
        ),
        (change("change", BO, json!({ "account": NEXT, "expects": "9860-1234567", "holder": "joint" })), "done"),
    ];
    let changes = table.each_ref().map(|(change, _)| change.clone());
    let answers = world.changed(BANK_TOKEN, &changes, false).await;
    for ((change, expected), answer) in table.iter().zip(&answers) {
        assert_eq!(answer, expected, "{change}");
    }
    assert_eq!(answers.len(), table.len());
    assert_eq!(world.entries(), before + 1);
    let anna = world.resolved(ANNA).await;
    assert_eq!((&anna["last_change_channel"], &anna["pending_change"]), (&json!("bank"), &json!(false)));
    assert_eq!(world.changed(OTHER_BANK_TOKEN, &[change("close", BO, json!({}))], false).await, ["designation.none"]);
}

/// A world whose clock is set.
async fn at_any_time() -> (World, Arc<AtomicI64>) {
    let days = Arc::new(AtomicI64::new(0));
    let since = days.clone();
    let clock = move || NOW.plus_days(since.load(Ordering::Relaxed));
    (World::with(Wanted { clock: Arc::new(clock), ..Wanted::default() }).await, days)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_told_that_a_bank_has_changed_the_account_and_when() {
    let (world, days) = at_any_time().await;
    const NEXT_IBAN: &str = "DK3300400000000001";
    let check = async |payee: &str, account: &str, resolved: Value, verified: Value| {
        let found = world.resolved(payee).await;
        let told = ["state", "account", "changed_days_ago", "last_change_channel"].map(|name| found[name].clone());
        assert_eq!(json!(told), resolved, "{payee}");
        let body = json!({ "payee": payee, "account": account, "purpose": "payment" });
        let one = world.post("/v1/verify", PRIVATE_TOKEN, &body.to_string()).await.done();
        let (result, recently, channel) = (&verified[0], &verified[1], &verified[2]);
        let expected = json!({ "result": result, "changed_recently": recently, "last_change_channel": channel });
        assert_eq!(one, expected, "{payee} {account}");
        let many = json!({ "purpose": "payment", "payees": [{ "payee": payee, "account": account }] });
        let many = world.post("/v1/verify/many", PRIVATE_TOKEN, &many.to_string()).await.done();
        assert_eq!(many, json!({ "answers": [expected] }), "{payee} {account}");
    };
    let none = || json!(null);
    check(ANNA, ANNA_ACCOUNT, json!(["in_force", ANNA_IBAN, none(), none()]), json!(["match", false, none()])).await;
    let changes = [
        change("change", ANNA, json!({ "account": NEXT, "expects": ANNA_ACCOUNT })),
        change("register", DAN, json!({ "account": NEXT })),
    ];
    assert_eq!(world.changed(BANK_TOKEN, &changes, false).await, ["done", "done"]);
    for (day, recently) in [(0, true), (29, true), (30, false)] {
        days.store(day, Ordering::Relaxed);
        let now = || json!(["in_force", NEXT_IBAN, day, "bank"]);
        check(ANNA, NEXT, now(), json!(["match", recently, "bank"])).await;
        check(ANNA, NEXT_IBAN, now(), json!(["match", recently, "bank"])).await;
        // Whoever has another one learns that it changed, and neither to what nor by whom.
        check(ANNA, ANNA_ACCOUNT, now(), json!(["no_match", recently, none()])).await;
        // The first account took the place of none.
        check(DAN, NEXT, json!(["in_force", NEXT_IBAN, none(), none()]), json!(["match", false, none()])).await;
    }
    // Frozen and let go again, it is the same account as long as before.
    for action in ["freeze", "unfreeze"] {
        assert_eq!(world.changed(BANK_TOKEN, &[change(action, ANNA, json!({}))], false).await, ["done"]);
    }
    check(ANNA, NEXT, json!(["in_force", NEXT_IBAN, 30, "bank"]), json!(["match", false, "bank"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_says_no_currency_means_the_account_whatever_its_currency() {
    let world = World::new().await;
    let euros = json!({ "account": NEXT, "currency": "EUR" });
    let unsaid = json!({ "account": NEXT });
    let changes = [
        (change("register", DAN, euros), "done"),
        (change("register", DAN, unsaid.clone()), "unchanged"),
        (change("freeze", DAN, json!({ "account": NEXT, "currency": "DKK" })), "designation.expects_mismatch"),
        (change("freeze", DAN, unsaid.clone()), "done"),
        (change("unfreeze", DAN, unsaid.clone()), "done"),
        (change("close", DAN, unsaid), "done"),
    ];
    let answers = world.changed(BANK_TOKEN, &changes.each_ref().map(|(change, _)| change.clone()), false).await;
    assert_eq!(answers, changes.map(|(_, expected)| expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_guesses_is_told_to_wait() {
    let world = World::new().await;
    let guess = change("change", BO, json!({ "account": NEXT, "expects": "9860-1" }));
    let answers = world.changed(BANK_TOKEN, &vec![guess.clone(); 1_000], false).await;
    assert_eq!(answers, vec!["designation.expects_mismatch"; 1_000]);
    let entries = world.entries();
    let body = json!({ "changes": [change("register", DAN, json!({ "account": NEXT }))] }).to_string();
    for _ in 0..2 {
        let refused = world.post("/v1/accounts", BANK_TOKEN, &body).await;
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
        refused.refused(429, "allowance.exhausted");
    }
    assert_eq!(world.entries(), entries + 1, "who hammers writes nothing more");
    assert_eq!(world.changed(OTHER_BANK_TOKEN, &[guess], false).await, ["designation.other_bank"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_as_a_whole() {
    let world = World::new().await;
    let ask = async |token: &str, body: &str| world.post("/v1/accounts", token, body).await;
    let close = change("close", ANNA, json!({}));
    let many = |count| json!({ "changes": vec![close.clone(); count] }).to_string();
    ask(BANK_TOKEN, &many(0)).await.refused(422, "change.count");
    ask(BANK_TOKEN, &many(1_001)).await.refused(422, "change.count");
    ask("bank~Nobody.accounts", &many(1)).await.refused(422, "bank.unknown");
    ask("authority.accounts", &many(1)).await.refused(403, "policy.not_allowed");
    ask("bank.verify", &many(1)).await.refused(403, "token.scope");
    for body in [
        "{}",
        "[]",
        r#"{"changes":[[]]}"#,
        r#"{"changes":[{}]}"#,
        r#"{"changes":[{"action":"close"}]}"#,
        r#"{"changes":[{"action":1,"payee":"cpr:6101701234"}]}"#,
        r#"{"changes":[{"action":"close","payee":"cpr:6101701234","payee":"cpr:6101701234"}]}"#,
        r#"{"changes":[{"action":"close","payee":"cpr:6101701234","payer":"x"}]}"#,
        r#"{"changes":[],"hold":"yes"}"#,
    ] {
        let problem = ask(BANK_TOKEN, body).await.refused(400, "body.field");
        assert!(!problem.to_string().contains("6101701234"), "{problem}");
    }
    // A thousand full changes are not too large.
    let full = json!({
        "action": "unfreeze", "payee": "cpr:610170-1234", "account": "DK50 0040 0440 1162 43", "bic": "EKSBDK22XXX", "currency": "DKK",
        "expects": "DK50 0040 0440 1162 43", "reason": "reconciliation", "consent": "signed_form"
    });
    let answers = world.changed(BANK_TOKEN, &vec![full; 1_000], true).await;
    assert_eq!(answers, vec!["designation.reason"; 1_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_as_it_was_first() {
    let world = World::new().await;
    let ask = async |token: &str, key: &str, body: &str| {
        let mut asked = request(Method::POST, "/v1/accounts", token, Some(body));
        asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
        world.ask(asked).await
    };
    let first = json!({ "changes": [
        change("change", ANNA, json!({ "account": NEXT, "expects": ANNA_ACCOUNT })),
        change("register", BO, json!({ "account": NEXT })),
    ], "hold": true });
    let answer = ask(BANK_TOKEN, "one", &first.to_string()).await.done();
    assert_eq!(answer["answers"][0]["result"], "done");
    assert_eq!(answer["answers"][1]["result"], "held");
    let before = world.entries();
    // However it is written.
    let again = serde_json::to_string_pretty(&first).unwrap();
    assert_eq!(ask(BANK_TOKEN, "one", &again).await.done(), answer);
    assert_eq!(world.entries(), before);
    let other = json!({ "changes": [change("close", ANNA, json!({}))] }).to_string();
    ask(BANK_TOKEN, "one", &other).await.refused(422, "idempotency.reused");
    ask(BANK_TOKEN, "two words", &other).await.refused(400, "idempotency.key");
    let results = |answer: Value| answer["answers"][0]["code"].clone();
    assert_eq!(results(ask(OTHER_BANK_TOKEN, "one", &other).await.done()), "designation.none");
    let anew = ask(BANK_TOKEN, "two", &first.to_string()).await.done();
    assert_eq!(anew["answers"][0]["result"], "unchanged");
    assert_eq!(anew["answers"][1]["code"], "change.waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_waits_is_seen_by_who_asked_and_changes_nothing() {
    let world = World::new().await;
    let before = world.resolved(BO).await;
    let name = world.held().await;
    let during = world.resolved(BO).await;
    assert_eq!((&before["pending_change"], &during["pending_change"]), (&json!(false), &json!(true)));
    assert_eq!(during["account"], before["account"]);

    let path = format!("/v1/accounts/changes/{name}");
    let shown = world.get(&path, BANK_TOKEN).await.done();
    assert_eq!(
        shown,
        json!({
            "change": name, "state": "awaiting_approval", "waits_for": "check", "in_force_from": null,
            "asked": "2026-11-23T09:00:00Z", "until": "2026-12-23T09:00:00Z", "reason": "user_request",
            "consent": "phone", "ended": null,
        })
    );
    let listed = |changes: Vec<Value>| json!({ "changes": changes, "next": null });
    let list = async |token: &str| world.get("/v1/accounts/changes", token).await.done();
    assert_eq!(list(BANK_TOKEN).await, listed(vec![shown.clone()]));
    assert_eq!(list(OTHER_BANK_TOKEN).await, listed(vec![]));
    let withdraw = async |token: &str, name: &str| {
        world.ask(request(Method::POST, &format!("/v1/accounts/changes/{name}/withdraw"), token, None)).await
    };
    for other in [&path[..path.len() - 1], "/v1/accounts/changes/0000000000000", "/v1/accounts/changes/6201701235"] {
        world.get(other, BANK_TOKEN).await.refused(404, "proposal.unknown");
    }
    world.get(&path, OTHER_BANK_TOKEN).await.refused(404, "proposal.unknown");
    withdraw(OTHER_BANK_TOKEN, &name).await.refused(404, "proposal.unknown");

    let withdrawn = json!({ "change": name, "state": "cancelled" });
    assert_eq!(withdraw(BANK_TOKEN, &name.to_lowercase()).await.done(), withdrawn);
    assert_eq!(withdraw(BANK_TOKEN, &name).await.done(), withdrawn);
    assert_eq!(list(BANK_TOKEN).await, listed(vec![]));
    let shown = world.get(&path, BANK_TOKEN).await.done();
    assert_eq!((&shown["state"], &shown["ended"]), (&json!("cancelled"), &json!("2026-11-23T09:00:00Z")));
    assert_eq!(world.resolved(BO).await, before);

    let next = world.held().await;
    let release = {
        let (proposal, why, officer) = (next.clone(), "the payee was called".to_owned(), Actor::operator("anna"));
        ApproveDesignation { proposal, why, officer, is_synthetic: true }
    };
    let released = block_in_place(|| {
        let mut writer = world.store.writer(Secrets::from_system()).unwrap();
        writer.execute(&release, &release.officer, &Env::new(NOW, 0)).unwrap()
    });
    assert_eq!(released.state, "in_force");
    withdraw(BANK_TOKEN, &next).await.refused(409, "proposal.ended");
    let after = world.resolved(BO).await;
    assert_eq!((&after["pending_change"], &after["bic"]), (&json!(false), &json!("EKSBDK22")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_replaces_an_account_waits_a_banking_day_unless_the_controls_say_otherwise() {
    let (world, days) = at_any_time().await;
    let given = |work: &dyn Fn(&mut kernel::Writer)| {
        block_in_place(|| work(&mut world.store.writer(Secrets::from_system()).unwrap()));
    };
    given(&|writer| set_controls(writer, ("anvis", &[])));
    let asked = change("change", ANNA, json!({ "account": NEXT, "expects": ANNA_ACCOUNT }));
    let body = json!({ "changes": [asked.clone(), change("register", DAN, json!({ "account": NEXT }))] }).to_string();
    let answers = world.post("/v1/accounts", BANK_TOKEN, &body).await.done();
    let results = [0, 1].map(|at| answers["answers"][at]["result"].clone());
    assert_eq!(results, ["held", "done"], "a first account takes the place of none");
    assert_eq!(world.changed(BANK_TOKEN, &[asked], false).await, ["change.waiting"]);
    let name = answers["answers"][0]["change"].as_str().unwrap();
    let path = format!("/v1/accounts/changes/{name}");
    let check = async |state: &str, waits_for: Value, account: &str| {
        let shown = world.get(&path, BANK_TOKEN).await.done();
        let from = "2026-11-24T09:00:00Z";
        let fields = ["state", "waits_for", "in_force_from"].map(|field| shown[field].clone());
        assert_eq!(fields, [json!(state), waits_for.clone(), json!(from)], "{shown}");
        let told = world.resolved(ANNA).await;
        assert_eq!((&told["account"], &told["pending_change"]), (&json!(account), &json!(!waits_for.is_null())));
    };
    let settle = |now: kernel::Timestamp| {
        given(&|writer| {
            writer.execute(&Settle { now }, &Actor::console(), &Env::new(now, 0)).unwrap();
        });
    };
    check("held", json!("time"), ANNA_IBAN).await;
    // Nothing is due before its time.
    settle(NOW.minus_seconds(-86_399));
    check("held", json!("time"), ANNA_IBAN).await;
    days.store(1, Ordering::Relaxed);
    settle(NOW.plus_days(1));
    check("in_force", Value::Null, "DK3300400000000001").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_read_is_told_to_whoever_runs_it() {
    let (mut world, days) = at_any_time().await;
    let name = world.held().await;
    let number = kernel::Id::<registry::proposal::Proposal>::parse_name(&name).unwrap().number();
    world.damage("proposal", &format!("reason = 99 WHERE id = {number}"));
    days.store(31, Ordering::Relaxed);
    let edge = world.service.edge().clone();
    edge.settle().await;
    edge.settle().await;
    let figures = edge.metrics.text();
    assert!(figures.contains("anvis_proposals_unreadable_total 1\n"), "{figures}");
    world.stopped().await;
    let log = world.log().text();
    let told = log.lines().filter(|line| line.contains("settle.unreadable")).collect::<Vec<_>>();
    assert!(matches!(told[..], [line] if line.contains(&name)), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_comes_page_by_page() {
    let world = World::new().await;
    let payees: Vec<String> = (0..5).map(|number| format!("p:100000000{number}")).collect();
    let rows = |account: &str| -> Vec<Value> {
        payees.iter().map(|payee| change("register", payee, json!({ "account": account }))).collect()
    };
    assert_eq!(world.changed(OTHER_BANK_TOKEN, &rows("9860-5"), true).await, ["done"; 5]);
    assert_eq!(world.changed(BANK_TOKEN, &rows("0040-5"), true).await, ["held"; 5]);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/accounts/changes?limit=2{cursor}"), BANK_TOKEN).await.done();
        seen.extend(page["changes"].as_array().unwrap().iter().map(|change| change["change"].to_string()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|one, other| one < other), "{seen:?}");
    world.get("/v1/accounts/changes?cursor=a0", BANK_TOKEN).await.refused(400, "cursor.invalid");
}
