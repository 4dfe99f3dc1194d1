//! What operators see and decide over HTTP: controls and collectors by four eyes, notices that were given up, payees without account,
//! accounts of many. Each answer is what the command line prints.

use crate::support::{
    ANNA, ANNA_IBAN, Answer, BANK_TOKEN, NOW, OPERATOR_TOKEN, OTHER_OPERATOR_TOKEN, World, request, set_controls,
};
use hyper::Method;
use kernel::Actor;
use registry::commands::fold_holders;
use registry::queries;
use serde::Serialize;
use serde_json::{Value, json};

const NOBODY: &str = "0000000000000";

/// What a query finds, as the command line prints it.
fn printed<T: Serialize>(
    world: &World,
    query: impl FnOnce(&kernel::Scope<'_>, &Actor) -> Result<T, kernel::Error>,
) -> Value {
    let operator = Actor::operator("anna");
    world.at_the_store(|writer| serde_json::to_value(writer.read(|scope| query(scope, &operator)).unwrap()).unwrap())
}

async fn post(world: &World, token: &str, path: &str, body: &Value) -> Answer {
    world.post(path, token, &body.to_string()).await
}

/// Proposes something; its name.
async fn propose(world: &World, path: &str, body: &Value) -> String {
    let answer = post(world, OPERATOR_TOKEN, path, body).await.done();
    let until = "2026-12-23T09:00:00Z";
    let id = answer["id"].as_str().unwrap().to_owned();
    let waits = json!({ "id": id, "state": "awaiting_approval", "waits_for": "approval", "until": until, "in_force_from": null });
    assert_eq!(answer, waits);
    id
}

fn controls(figure: &str) -> Value {
    json!({ "changes": [{ "control": "round_trip", "figure": figure }], "reason": "Fewer letters" })
}

fn collector(review_by: &str) -> Value {
    json!({
        "cvr": "13748136", "account": "0040-1234567890", "name": "Prøve Løn", "review_by": review_by,
        "reason": "It pays wages",
    })
}

/// Whatever is proposed, another decides about it, once.
#[tokio::test(flavor = "multi_thread")]
async fn who_proposes_never_decides() {
    let world = World::new().await;
    let families = [
        ("controls", controls("14"), controls("15")),
        ("collectors", collector("2027-06-30"), collector("2027-07-31")),
    ];
    for (family, body, other) in families {
        let motions = format!("/v1/{family}/motions");
        let at = |id: &str, act: &str| format!("{motions}/{id}/{act}");
        let refusing = json!({ "reason": "Letters are what stops it" });
        let id = propose(&world, &motions, &body).await;
        let shown = world.get(&format!("{motions}/{id}"), OPERATOR_TOKEN).await.done();
        assert_eq!((&shown["state"], &shown["proposed_by"]), (&json!("awaiting_approval"), &json!("operator:anna")));

        world.done_to(&at(&id, "approve"), OPERATOR_TOKEN).await.refused(403, "motion.own");
        post(&world, OPERATOR_TOKEN, &at(&id, "refuse"), &refusing).await.refused(403, "motion.own");
        world.done_to(&at(&id, "withdraw"), OTHER_OPERATOR_TOKEN).await.refused(403, "motion.not_own");
        post(&world, OTHER_OPERATOR_TOKEN, &at(&id, "refuse"), &json!({ "reason": " " }))
            .await
            .refused(422, "motion.why");
        let approved = world.done_to(&at(&id, "approve"), OTHER_OPERATOR_TOKEN).await.done();
        let ended = |id: &str, state: &str, from: Value| json!({ "id": id, "state": state, "waits_for": null, "until": null, "in_force_from": from });
        assert_eq!(approved, ended(&id, "in_force", json!("2026-11-23T09:00:00Z")));
        let shown = world.get(&format!("{motions}/{id}"), OPERATOR_TOKEN).await.done();
        assert_eq!((&shown["state"], &shown["ended_by"]), (&json!("approved"), &json!("operator:bo")));

        for act in ["approve", "withdraw"] {
            world.done_to(&at(&id, act), OTHER_OPERATOR_TOKEN).await.refused(409, "motion.ended");
            world.done_to(&at(NOBODY, act), OTHER_OPERATOR_TOKEN).await.refused(404, "motion.unknown");
            world.done_to(&at("nothing", act), OTHER_OPERATOR_TOKEN).await.refused(404, "motion.unknown");
        }
        post(&world, OTHER_OPERATOR_TOKEN, &at(&id, "refuse"), &refusing).await.refused(409, "motion.ended");
        post(&world, OTHER_OPERATOR_TOKEN, &at(NOBODY, "refuse"), &refusing).await.refused(404, "motion.unknown");
        world.get(&format!("{motions}/{NOBODY}"), OTHER_OPERATOR_TOKEN).await.refused(404, "motion.unknown");

        post(&world, OPERATOR_TOKEN, &motions, &body).await.refused(409, "motion.nothing");
        let [refused, withdrawn] = [propose(&world, &motions, &other).await, propose(&world, &motions, &other).await];
        let told = post(&world, OTHER_OPERATOR_TOKEN, &at(&refused, "refuse"), &refusing).await.done();
        assert_eq!(told, ended(&refused, "refused", Value::Null));
        let told = world.done_to(&at(&withdrawn, "withdraw"), OPERATOR_TOKEN).await.done();
        assert_eq!(told, ended(&withdrawn, "withdrawn", Value::Null));
        let shown = world.get(&format!("{motions}/{refused}"), OTHER_OPERATOR_TOKEN).await.done();
        assert_eq!((&shown["state"], &shown["why"]), (&json!("refused"), &refusing["reason"]));
        // Of two that were made against the same, one undoes nothing of the other.
        let [first, second] = [propose(&world, &motions, &other).await, propose(&world, &motions, &other).await];
        world.done_to(&at(&first, "approve"), OTHER_OPERATOR_TOKEN).await.done();
        world.done_to(&at(&second, "approve"), OTHER_OPERATOR_TOKEN).await.refused(409, "motion.outdated");
        // What is about something else is not there.
        let elsewhere =
            motions.replace("collectors", "c").replace("controls", "collectors").replace("/c/", "/controls/");
        world
            .done_to(&format!("{elsewhere}/{second}/approve"), OTHER_OPERATOR_TOKEN)
            .await
            .refused(404, "motion.unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proposed_twice_by_one_key_is_proposed_once() {
    let world = World::new().await;
    for (path, body, other) in [
        ("/v1/controls/motions", controls("14"), controls("15")),
        ("/v1/collectors/motions", collector("2027-06-30"), collector("2027-07-31")),
    ] {
        let ask = async |body: &Value, token: &str| {
            let mut asked = request(Method::POST, path, token, Some(&body.to_string()));
            asked.headers_mut().insert("idempotency-key", "1".parse().unwrap());
            world.ask(asked).await
        };
        let first = ask(&body, OPERATOR_TOKEN).await.done();
        let before = world.entries();
        assert_eq!(ask(&body, OPERATOR_TOKEN).await.done(), first);
        assert_eq!(world.entries(), before);
        ask(&other, OPERATOR_TOKEN).await.refused(422, "idempotency.reused");
        assert_ne!(ask(&body, OTHER_OPERATOR_TOKEN).await.done()["id"], first["id"], "another's key is another");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_are_shown_with_who_decided_and_what_they_cost() {
    let world = World::new().await;
    world.at_the_store(|writer| set_controls(writer, ("2015", &["names_replaced=on", "letter_self_service=always"])));
    let shown = async || world.get("/v1/controls", OPERATOR_TOKEN).await.done();
    let id = propose(&world, "/v1/controls/motions", &json!({ "set": "2021", "reason": "As it was" })).await;
    let before = shown().await;
    assert_eq!(before, printed(&world, |scope, actor| queries::controls(scope, actor, NOW)));
    assert_eq!((&before["motions"][0]["id"], &before["motions"][0]["equals"]), (&json!(id), &json!(["2021"])));
    world.done_to(&format!("/v1/controls/motions/{id}/approve"), OTHER_OPERATOR_TOKEN).await.done();
    let after = shown().await;
    assert_eq!(after, printed(&world, |scope, actor| queries::controls(scope, actor, NOW)));
    assert_eq!((&after["equals"], &after["motions"]), (&json!(["2021"]), &json!([])));
    let named = |name: &str| {
        let all = after["controls"].as_array().unwrap();
        all.iter().find(|control| control["control"] == name).unwrap().clone()
    };
    let letter = named("letter_caseworker");
    let said = ["proposed_by", "approved_by", "reason"].map(|field| letter[field].as_str().unwrap_or_default());
    assert_eq!(said, ["operator:anna", "operator:bo", "As it was"]);

    world.propose("6201701235", "9860-1234567");
    let costs = world.get("/v1/controls/costs", OPERATOR_TOKEN).await.done();
    assert_eq!(costs, printed(&world, |scope, actor| queries::costs(scope, actor, None)));
    assert_eq!(costs["channels"]["self_service"]["proposed"], 1);
    let later = world.get("/v1/controls/costs?since=2026-11-24", OPERATOR_TOKEN).await.done();
    assert_eq!(later["since"], "2026-11-23T23:00:00Z", "midnight in Denmark");
    assert_eq!(later["channels"], json!({}));
    for since in ["2026-11-31", "yesterday", ""] {
        world.get(&format!("/v1/controls/costs?since={since}"), OPERATOR_TOKEN).await.refused(400, "request.query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_proposed_is_refused() {
    let world = World::new().await;
    let check = async |path: &str, body: Value, status: u16, code: &str| {
        post(&world, OPERATOR_TOKEN, path, &body).await.refused(status, code);
    };
    let changed =
        |control: &str, figure: &str| json!({ "changes": [{ "control": control, "figure": figure }], "reason": "so" });
    let controls = "/v1/controls/motions";
    check(controls, changed("nothing", "1"), 422, "controls.unknown").await;
    check(controls, json!({ "set": "1999", "reason": "so" }), 422, "controls.unknown").await;
    check(controls, changed("round_trip", "never"), 422, "controls.figure").await;
    check(controls, json!({ "set": "anvis", "reason": "" }), 422, "motion.why").await;
    let many = vec![json!({ "control": "round_trip", "figure": "1" }); 101];
    check(controls, json!({ "changes": many, "reason": "so" }), 400, "body.field").await;
    check(controls, json!({ "set": "anvis" }), 400, "body.field").await;

    let with = |field: &str, value: &str| {
        let mut body = collector("2027-06-30");
        body[field] = json!(value);
        body
    };
    for (field, value, status, code) in [
        ("name", " Prøve", 422, "collector.name"),
        ("review_by", "2026-11-22", 422, "collector.review"),
        ("review_by", "2027-11-24", 422, "collector.review"),
        ("cvr", "25313763", 422, "collector.company"),
        ("account", "1234-1", 422, "collector.bank"),
        ("reason", "", 422, "motion.why"),
        ("cvr", "13748137", 400, "body.field"),
        ("account", "nothing", 400, "body.field"),
        ("review_by", "soon", 400, "body.field"),
    ] {
        let answer = post(&world, OPERATOR_TOKEN, "/v1/collectors/motions", &with(field, value)).await;
        let told = answer.refused(status, code).to_string();
        assert!(!told.contains("13748136") && !told.contains("1234567890"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collectors_are_listed_page_by_page_and_ended() {
    let world = World::new().await;
    let path = "/v1/collectors/motions";
    let mut names = Vec::new();
    for number in 1..=3 {
        let mut body = collector("2027-06-30");
        body["account"] = json!(format!("0040-{number}"));
        names.push(propose(&world, path, &body).await);
    }
    assert_eq!(ids(&pages(&world, path, "motions", 2).await), sorted(&names));
    for name in &names {
        world.done_to(&format!("{path}/{name}/approve"), OTHER_OPERATOR_TOKEN).await.done();
    }
    assert_eq!(pages(&world, path, "motions", 2).await, [0; 0]);
    let ended = async || world.done_to(&format!("/v1/collectors/{}/end", names[0]), OTHER_OPERATOR_TOKEN).await.done();
    assert_eq!(ended().await, json!({ "id": names[0], "state": "ended", "changed": true }));
    assert_eq!(ended().await, json!({ "id": names[0], "state": "ended", "changed": false }));
    world
        .done_to(&format!("/v1/collectors/{NOBODY}/end"), OTHER_OPERATOR_TOKEN)
        .await
        .refused(404, "collector.unknown");
    let listed = pages(&world, "/v1/collectors", "collectors", 1).await;
    assert_eq!(ids(&listed), sorted(&names));
    let all = printed(&world, |scope, actor| queries::collectors(scope, actor, NOW));
    assert_eq!(json!(listed), all["collectors"]);
    assert_eq!(listed.iter().filter(|one| one["state"] == "ended").count(), 1);
    let first = world.get("/v1/collectors?limit=1", OPERATOR_TOKEN).await.done();
    let cursor = first["next"].as_str().unwrap();
    world.get(&format!("{path}?cursor={cursor}"), OPERATOR_TOKEN).await.refused(400, "cursor.invalid");
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Those of one millisecond are in no order of time.
fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

/// All rows of a list, so many at a time.
async fn pages(world: &World, path: &str, list: &str, limit: usize) -> Vec<Value> {
    let mark = if path.contains('?') { '&' } else { '?' };
    let (mut rows, mut query) = (Vec::new(), format!("{path}{mark}limit={limit}"));
    loop {
        let page = world.get(&query, OPERATOR_TOKEN).await.done();
        let found = page[list].as_array().unwrap();
        assert!(found.len() <= limit);
        rows.extend(found.clone());
        let Some(next) = page["next"].as_str() else { return rows };
        query = format!("{path}{mark}limit={limit}&cursor={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_were_given_up_are_seen_and_sent_again() {
    let world = World::new().await;
    let names = world.told(&["sms:+4512345678"; 4]);
    let dead = pages(&world, "/v1/notices?state=dead", "notices", 2).await;
    let shown: Vec<_> = dead.iter().map(|notice| notice["notice"].as_str().unwrap()).collect();
    assert_eq!(shown, names[..3]);
    let state = registry::notice_progress::NoticeState::Dead;
    assert_eq!(json!(dead), printed(&world, |scope, actor| queries::notices(scope, actor, state, 100)));
    assert_eq!((&dead[0]["to"], &dead[0]["last_status"]), (&json!("+45…78"), &json!(400)));
    assert_eq!(
        world.get("/v1/notices", OPERATOR_TOKEN).await.done()["notices"],
        json!(dead),
        "they are what is asked for mostly"
    );

    let retry = async |which: &str, why: &str| {
        post(&world, OTHER_OPERATOR_TOKEN, &format!("/v1/notices{which}/retry"), &json!({ "reason": why })).await
    };
    let first = format!("/{}", names[0]);
    retry(&first, "").await.refused(422, "change.why");
    retry("", " ").await.refused(422, "change.why");
    retry(&format!("/{}", names[3]), "so").await.refused(409, "notice.sent");
    retry(&format!("/{NOBODY}"), "so").await.refused(404, "notice.unknown");
    retry("/nothing", "so").await.refused(404, "notice.unknown");
    let before = world.entries();
    assert_eq!(retry(&first, "the number was mended").await.done(), json!({ "retried": 1, "more": false }));
    assert_eq!(retry("", "the gateway is back").await.done(), json!({ "retried": 2, "more": false }));
    assert_eq!(world.entries(), before + 2);
    assert_eq!(retry("", "the gateway is back").await.done(), json!({ "retried": 0, "more": false }));
    assert_eq!(world.get("/v1/notices", OPERATOR_TOKEN).await.done(), json!({ "notices": [], "next": null }));
    let waiting = world.get("/v1/notices?state=waiting&limit=1", OPERATOR_TOKEN).await.done();
    assert_eq!((&waiting["notices"][0]["notice"], &waiting["notices"][0]["tries"]), (&json!(names[0]), &json!(0)));
    let cursor = waiting["next"].as_str().unwrap();
    world.get(&format!("/v1/notices?cursor={cursor}"), OPERATOR_TOKEN).await.refused(400, "cursor.invalid");
    world.get("/v1/notices?state=sent", OPERATOR_TOKEN).await.refused(400, "request.query");

    let attempt = async |body: Value| post(&world, OTHER_OPERATOR_TOKEN, "/v1/notices/try", &body).await;
    assert_eq!(
        attempt(json!({ "to": "email:bo@mail.example", "language": "en" })).await.done(),
        json!({ "medium": "email" })
    );
    let told = attempt(json!({ "to": "fax:12345678" })).await.refused(400, "body.field").to_string();
    assert!(!told.contains("12345678"), "{told}");
    attempt(json!({ "to": "sms:+4512345678", "language": "de" })).await.refused(400, "body.field");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_account_is_entered_in_the_journal_before_it_is_told() {
    let world = World::new().await;
    let ask = async |body: Value| post(&world, OPERATOR_TOKEN, "/v1/payees/without-account", &body).await;
    let (mut payees, mut body) = (Vec::new(), json!({ "limit": 1 }));
    let before = world.entries();
    let mut pages = 0;
    loop {
        let page = ask(body.clone()).await.done();
        pages += 1;
        let found = page["payees"].as_array().unwrap();
        assert!(found.len() <= 1);
        payees.extend(found.clone());
        if page["next"].is_null() {
            break;
        }
        body["cursor"] = page["next"].clone();
    }
    assert_eq!(payees, [json!({ "payee": "cpr:6401701237", "state": "none", "reminded": null })]);
    assert_eq!(world.entries(), before + pages);
    let looked_up = world.at_the_store(|writer| {
        let payee = registry::payee::PayeeId::parse("cpr:6401701237").unwrap();
        writer.read(|scope| queries::look_ups(scope, &Actor::operator("anna"), &payee, None, 10)).unwrap()
    });
    assert_eq!(looked_up.len(), 1, "{looked_up:?}");

    let reminded = ask(json!({ "remind": true })).await.done();
    let now = json!("2026-11-23T09:00:00Z");
    assert_eq!((&reminded["reminded"], &reminded["payees"][0]["reminded"]), (&json!(1), &now));
    let again = ask(json!({ "remind": true })).await.done();
    assert_eq!((&again["reminded"], &again["payees"][0]["reminded"]), (&json!(0), &now));
    for wrong in
        [json!({ "limit": 0 }), json!({ "limit": 1001 }), json!({ "cursor": "x" }), json!({ "cpr": "6401701237" })]
    {
        ask(wrong).await.refused(400, "body.field");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_many_are_masked() {
    let world = World::new().await;
    let before = world.entries();
    let ask = async |body: Value| post(&world, OPERATOR_TOKEN, "/v1/payees/shared-accounts", &body).await;
    // Dan gets the account too that Anna and a company have.
    let body = json!({ "changes": [{
        "action": "register", "payee": "cpr:6401701237", "account": ANNA_IBAN, "reason": "user_request", "consent": "phone",
    }] });
    post(&world, BANK_TOKEN, "/v1/accounts", &body).await.done();
    world.at_the_store(|writer| while fold_holders(writer).unwrap() {});
    let shown = ask(json!({ "over": 1 })).await.done();
    let expected = json!({ "account": "0040-******6243", "payees": 3, "collector": null });
    assert_eq!(shown, json!({ "over": 1, "accounts": [expected], "more": false }));
    assert!(!shown.to_string().contains(ANNA_IBAN) && !shown.to_string().contains(ANNA));
    let first = ask(json!({ "over": 0, "limit": 1 })).await.done();
    assert_eq!((&first["accounts"][0], &first["more"]), (&expected, &json!(true)));
    // What the control says, which is off in 2015.
    assert_eq!(ask(json!({})).await.done()["over"], 0);
    ask(json!({ "limit": 0 })).await.refused(400, "body.field");
    ask(json!({ "over": -1 })).await.refused(400, "body.field");
    assert_eq!(world.entries(), before + 4, "a change, and what was looked at");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_left_alone_by_two_operators_and_suspected_by_one() {
    let world = World::new().await;
    let [one, other] = <[String; 2]>::try_from(world.reviews(2)).unwrap();
    let listed = pages(&world, "/v1/reviews", "reviews", 1).await;
    assert_eq!(ids(&listed), [&*one, &*other]);
    assert_eq!(
        (&listed[0]["state"], &listed[0]["cause"], &listed[0]["held"]),
        (&json!("open"), &json!("drawn"), &json!(0))
    );
    assert!(!json!(listed).to_string().contains(ANNA_IBAN));

    let path = |review: &str, act: &str| format!("/v1/reviews/{review}/{act}");
    let who = world.done_to(&path(&one, "payees"), OPERATOR_TOKEN).await.done();
    let whose = who["payees"].as_array().unwrap();
    assert_eq!((json!(whose.len()), &who["more"]), (listed[0]["payees"]["days_3"].clone(), &json!(false)));
    assert!(whose.iter().all(|payee| payee["left"].is_null() && payee["paid"].is_null()), "{who}");
    world.done_to(&path(NOBODY, "payees"), OPERATOR_TOKEN).await.refused(404, "review.unknown");
    let alone = |until: &str| json!({ "until": until, "reason": "A couple" });
    let motion = propose(&world, &path(&one, "leave-alone"), &alone("2027-01-10")).await;
    post(&world, OPERATOR_TOKEN, &path(&one, "leave-alone"), &alone("2028-01-10")).await.refused(422, "review.until");
    post(&world, OPERATOR_TOKEN, &path(NOBODY, "leave-alone"), &alone("2027-01-10"))
        .await
        .refused(404, "review.unknown");
    let shown = world.get(&format!("/v1/reviews/{one}"), OPERATOR_TOKEN).await.done();
    assert_eq!(
        (&shown["motions"][0]["id"], &shown["payees_now"]["days_3"]),
        (&json!(motion), &listed[0]["payees"]["days_3"])
    );
    let approve = format!("/v1/reviews/motions/{motion}/approve");
    world.done_to(&approve, OPERATOR_TOKEN).await.refused(403, "motion.own");
    world.done_to(&approve, OTHER_OPERATOR_TOKEN).await.done();
    let shown = world.get(&format!("/v1/reviews/{one}"), OPERATOR_TOKEN).await.done();
    let decided = [&shown["state"], &shown["until"], &shown["decided_by"], &shown["why"]];
    assert_eq!(json!(decided), json!(["left_alone", "2027-01-10", "operator:bo", "A couple"]));

    let suspect = async |review: &str, why: &str| {
        post(&world, OPERATOR_TOKEN, &path(review, "suspect"), &json!({ "reason": why })).await
    };
    suspect(&other, " ").await.refused(422, "motion.why");
    suspect(NOBODY, "Nobody knows them").await.refused(404, "review.unknown");
    for changed in [true, false] {
        let expected = json!({ "id": other, "state": "suspicious", "changed": changed });
        assert_eq!(suspect(&other, "Nobody knows them").await.done(), expected);
    }
    assert_eq!(world.get("/v1/reviews", OPERATOR_TOKEN).await.done()["reviews"], json!([]));
    world.get("/v1/reviews", BANK_TOKEN).await.refused(403, "token.scope");
    world.get(&format!("/v1/reviews/{NOBODY}"), OPERATOR_TOKEN).await.refused(404, "review.unknown");
}
