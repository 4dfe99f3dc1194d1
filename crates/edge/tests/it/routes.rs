//! What is offered, to whom, and what it answers.

use crate::support::{ANNA, ANNA_IBAN, CASEWORKER, PRIVATE_TOKEN, PUBLIC_TOKEN, World, request};
use edge::route::{Access, Route};
use eid::permission::reaches;
use hyper::Method;
use kernel::Role;
use serde_json::json;

/// An address of this route at which there is nothing.
fn path(route: &Route) -> String {
    let path = route.path.replace("{batch}", "0000000000000").replace("{stage}", "0");
    ["{change}", "{motion}", "{collector}", "{suspicion}", "{mark}", "{proposal}", "{notice}"]
        .iter()
        .fold(path, |path, name| path.replace(name, "0000000000000"))
}

/// As tokens of tests name it.
fn name_of(role: Role) -> String {
    match role {
        Role::Citizen => "citizen~6101701234".to_owned(),
        Role::Caseworker => format!("caseworker~{CASEWORKER}"),
        _ => role.name().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_whom_the_policy_names_and_nobody_else() {
    let world = World::new().await;
    let routes = edge::routes::all();
    let operations: Vec<_> = services::policy().collect();
    for route in &routes {
        let Access::Token { operation, scope } = route.access else {
            // Those that take signed messages have a walk of their own.
            if matches!(route.access, Access::Signed(_)) {
                continue;
            }
            let answer = world.ask(request(route.method.clone(), &path(route), "", None)).await;
            if route.name == "oauth.token" {
                assert_eq!((answer.status, &answer.json()["code"]), (415, &json!("body.type")));
                continue;
            }
            assert!([200, 204].contains(&answer.status), "{}: {answer:?}", route.name);
            continue;
        };
        assert!(operations.contains(&&operation), "{} stands on no row of the policy", route.name);
        let can_come = |role: Role| reaches(role, scope) && operation.roles.contains(&role);
        assert!(Role::ALL.into_iter().any(can_come), "{}", route.name);
        let ask = async |token: &str| world.ask(request(route.method.clone(), &path(route), token, None)).await;
        ask("").await.refused(401, "token.missing");
        for role in Role::ALL {
            let answer = ask(&format!("{}.{}", name_of(role), scope.replace(':', "/"))).await;
            if role == Role::Console {
                answer.refused(401, "token.signature");
                continue;
            }
            ask(&format!("{}.other", name_of(role))).await.refused(403, "token.scope");
            if can_come(role) {
                assert!(![401, 403].contains(&answer.status), "{} {}: {answer:?}", route.name, role.name());
            } else if !operation.roles.contains(&role) {
                answer.refused(403, "policy.not_allowed");
            }
        }
    }
}

#[test]
fn the_table_is_in_order() {
    let mut seen = std::collections::BTreeSet::new();
    for route in edge::routes::all() {
        assert!(seen.insert(route.name), "{} is the name of two routes", route.name);
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || b"._-".contains(&byte);
        assert!(route.name.contains('.') && route.name.bytes().all(is_plain), "{}", route.name);
        assert!(!route.summary.ends_with('.') && route.summary.len() > 10, "{}", route.name);
        let is_versioned = route.path.starts_with("/v");
        assert_eq!(is_versioned, !route.version().is_empty(), "{}", route.name);
        assert!(is_versioned || !matches!(route.access, Access::Token { .. }), "{}", route.name);
        // What stands in an address ends up in logs on the way: it is a name that we gave.
        for name in route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            assert!(
                [
                    "answer",
                    "batch",
                    "case",
                    "change",
                    "stage",
                    "motion",
                    "collector",
                    "recall",
                    "return",
                    "review",
                    "suspicion",
                    "mark",
                    "proposal",
                    "notice",
                    "to",
                ]
                .contains(&name),
                "{}: is {name} one of our own names for something?",
                route.name
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payee_is_looked_up_and_the_journal_tells_of_it() {
    let world = World::new().await;
    let before = world.entries();
    let answer =
        world.post("/v1/resolve", PUBLIC_TOKEN, &json!({ "payee": ANNA, "purpose": "payment" }).to_string()).await;
    let since = answer.done()["since"].clone();
    assert!(since.is_string());
    assert_eq!(
        answer.done(),
        json!({
            "state": "in_force", "account": ANNA_IBAN, "bic": "EKSBDK22", "since": since,
            "changed_days_ago": null, "pending_change": false, "last_change_channel": null,
        })
    );
    assert_eq!(world.entries(), before + 1);
    for (name, value) in
        [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")]
    {
        assert_eq!(answer.header(name), value);
    }
    let ask = async |token: &str, body: &str| world.post("/v1/resolve", token, body).await;
    let nobody = ask(PUBLIC_TOKEN, r#"{"purpose":"payment","payee":"cpr:7201701235"}"#).await.done();
    assert_eq!((&nobody["state"], &nobody["account"]), (&json!("unknown"), &json!(null)));
    let with_benefit = r#"{"purpose":"PURPOSE","payee":"cpr:6101701234","benefit":"NKSBOS"}"#;
    let answer = ask(PUBLIC_TOKEN, &with_benefit.replace("PURPOSE", "payment")).await;
    assert_eq!(answer.done()["account"], ANNA_IBAN);
    ask("authority.resolve", &with_benefit.replace("PURPOSE", "recovery")).await.refused(422, "look_up.benefit");
    ask("authority.resolve", &with_benefit.replace("PURPOSE", "payment")).await.refused(403, "look_up.purpose");
    ask("authority.resolve", &with_benefit.replace("PURPOSE", "curiosity")).await.refused(400, "body.field");
    // Three answers, and two refusals by those who keep the log.
    assert_eq!(world.entries(), before + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_verified_and_never_told() {
    let world = World::new().await;
    let before = world.entries();
    let check = async |token: &str, account: &str, expected: &str| {
        let body = json!({ "payee": ANNA, "account": account, "purpose": "payment" }).to_string();
        let answer = world.post("/v1/verify", token, &body).await;
        assert_eq!(
            answer.done(),
            json!({ "result": expected, "changed_recently": false, "last_change_channel": null })
        );
    };
    for token in [PUBLIC_TOKEN, PRIVATE_TOKEN] {
        check(token, ANNA_IBAN, "match").await;
        check(token, "0040-0000000001", "no_match").await;
    }
    let unknown = json!({ "payee": "cpr:7201701235", "account": ANNA_IBAN, "purpose": "payment" }).to_string();
    let answer = world.post("/v1/verify", PRIVATE_TOKEN, &unknown).await.done();
    assert_eq!(answer["result"], "not_possible");
    let empty = r#"{"payee":"cpr:7201701235","account":"","purpose":"payment"}"#;
    world.post("/v1/verify", PRIVATE_TOKEN, empty).await.refused(400, "body.field");
    assert_eq!(world.entries(), before + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_files_are_shown_to_their_payer_alone() {
    let world = World::new().await;
    let listed = world.get("/v1/payouts", PUBLIC_TOKEN).await.done();
    let names: Vec<_> =
        listed["batches"].as_array().unwrap().iter().map(|batch| batch["batch"].as_str().unwrap()).collect();
    assert_eq!(names, world.batches);
    assert_eq!(listed["next"], json!(null));

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("/v1/payouts?limit=1{cursor}"), PUBLIC_TOKEN).await.done();
        paged.extend(
            page["batches"].as_array().unwrap().iter().map(|batch| batch["batch"].as_str().unwrap().to_owned()),
        );
        assert!(paged.len() <= world.batches.len(), "{paged:?}");
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, world.batches);

    let path = format!("/v1/payouts/{}", world.batches[0]);
    let shown = world.get(&path, PUBLIC_TOKEN).await;
    assert_eq!(shown.done()["message_id"], "MSG-3");
    assert_eq!(shown.done()["payments"], 4);
    assert_eq!(shown.header("etag").len(), 34);
    assert_eq!(world.get(&path, PUBLIC_TOKEN).await.header("etag"), shown.header("etag"));

    world.get(&path, PRIVATE_TOKEN).await.refused(404, "batch.unknown");
    world.get(&format!("/v1/payouts/{}", world.private_batch), PUBLIC_TOKEN).await.refused(404, "batch.unknown");
    let own = world.get(&format!("/v1/payouts/{}", world.private_batch), PRIVATE_TOKEN).await.done();
    assert_eq!(own["message_id"], "MSG-P");
    for name in ["0000000000000", "x", "%20", "%FF", "%00", "6101701234"] {
        let answer = world.get(&format!("/v1/payouts/{name}"), PUBLIC_TOKEN).await;
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        assert!(["batch.unknown", "request.unknown"].contains(&code.as_str()), "{name}: {code}");
        answer.refused(404, &code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_read_strictly() {
    let world = World::new().await;
    let check = async |query: &str, code: &str| {
        world.get(&format!("/v1/payouts?{query}"), PUBLIC_TOKEN).await.refused(400, code);
    };
    check("limit=0", "request.query").await;
    check("limit=1001", "request.query").await;
    check("limit=-1", "request.query").await;
    check("limit=one", "request.query").await;
    check("limit=1&limit=2", "request.query").await;
    check("cpr=6101701234", "request.query").await;
    check("cursor=", "cursor.invalid").await;
    check("cursor=%27%20OR%201=1", "cursor.invalid").await;
    check("cursor=%FF", "cursor.invalid").await;
    world.get("/v1/payouts?limit=1000", PUBLIC_TOKEN).await.done();
    world.get("/v1/payouts?", PUBLIC_TOKEN).await.done();
    world
        .post("/v1/resolve?payee=x", PUBLIC_TOKEN, r#"{"purpose":"payment","payee":"cpr:6101701234"}"#)
        .await
        .refused(400, "request.query");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_told_in_the_language_that_was_asked_for() {
    let world = World::new().await;
    let english = world.get("/v2/payouts", "").await.refused(404, "request.unknown");
    assert_eq!(english["title"], "There is nothing at this address");
    let mut asked = request(Method::GET, "/v2/payouts", "", None);
    asked.headers_mut().insert("accept-language", "da-DK, en;q=0.5".parse().unwrap());
    asked.headers_mut().insert("x-request-id", "a-name-of-ours".parse().unwrap());
    let danish = world.ask(asked).await.refused(404, "request.unknown");
    assert_eq!(
        (danish["title"].as_str().unwrap(), &danish["instance"]),
        ("Der er intet på denne adresse", &json!("a-name-of-ours"))
    );

    let answer = world.ask(request(Method::DELETE, "/v1/payouts", PUBLIC_TOKEN, None)).await;
    answer.refused(405, "request.method");
    assert_eq!(answer.header("allow"), "POST,GET,HEAD");
    let answer = world.ask(request(Method::from_bytes(b"BREW").unwrap(), "/v1/resolve", PUBLIC_TOKEN, None)).await;
    answer.refused(405, "request.method");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_watches_over_it_sees_figures_and_the_log_tells_nothing_of_persons() {
    let mut world = World::new().await;
    world.post("/v1/resolve", PUBLIC_TOKEN, &json!({ "payee": ANNA, "purpose": "payment" }).to_string()).await.done();
    world.get("/v1/payouts?cursor=6101701234", PUBLIC_TOKEN).await.refused(400, "cursor.invalid");
    world.get("/6101701234", PUBLIC_TOKEN).await.refused(404, "request.unknown");
    world.get(&format!("/v1/payouts/{}", world.batches[0]), PUBLIC_TOKEN).await.done();
    let watched = tokio::net::TcpStream::connect(world.metrics).await.unwrap();
    let figures = crate::support::exchange(watched, request(Method::GET, "/metrics", "", None)).await;
    let text = String::from_utf8(figures.body.to_vec()).unwrap();
    for line in [
        "anvis_requests_total{route=\"resolve.one\",status=\"2xx\"} 1",
        "anvis_requests_total{route=\"payouts.list\",status=\"4xx\"} 1",
        "anvis_requests_total{route=\"none\",status=\"4xx\"} 1",
        "anvis_group_commands_count 1",
        "anvis_tokens_total{was=\"verified\"} 1",
        "anvis_tokens_total{was=\"remembered\"} 2",
        "anvis_queue_length{queue=\"write\"} 0",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
    for path in ["/health/live", "/health/ready"] {
        let watched = tokio::net::TcpStream::connect(world.metrics).await.unwrap();
        assert_eq!(crate::support::exchange(watched, request(Method::GET, path, "", None)).await.status, 204);
    }
    let watched = tokio::net::TcpStream::connect(world.metrics).await.unwrap();
    assert_eq!(
        crate::support::exchange(watched, request(Method::GET, "/v1/payouts", PUBLIC_TOKEN, None)).await.status,
        404
    );
    let (batch, logged) = (world.batches[0].clone(), world.log());
    assert!(world.stopped().await);
    let logged = logged.text();
    for word in ["6101701234", &batch, ANNA_IBAN, "Anna", PUBLIC_TOKEN] {
        assert!(!logged.contains(word), "{word} is in\n{logged}");
    }
    let lines: Vec<serde_json::Value> = logged.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |route: &str| lines.iter().find(|line| line["route"] == route).unwrap();
    assert_eq!(of("resolve.one")["client"], "a public-payer");
    assert_eq!(of("resolve.one")["status"], 200);
    assert_eq!(of("payouts.list")["code"], "cursor.invalid");
    assert_eq!(of("none")["code"], "request.unknown");
}
