//! What the page and the policy say of the mapper, and what is refused.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_takes_messages_of_whom_the_policy_names_and_of_nobody_else() {
    let world = World::with(behind_a_proxy()).await;
    let operations: Vec<_> = services::policy().collect();
    for route in edge::routes::all() {
        let edge::route::Access::Signed(operation) = route.access else { continue };
        assert!(operations.contains(&&operation), "{} stands on no row of the policy", route.name);
        let bare = world.ask(request(Method::POST, route.path, "", None)).await;
        assert_eq!(turned_away(&bare), "401 err.request.unauthorized token_request.certificate_needed");
        for role in Role::ALL.into_iter().filter(|role| role.is_client()) {
            let answer = world.ask(signed(&System::of(role), route.path, "{}")).await;
            let expected = match operation.roles.contains(&role) {
                true => "400 err.request.bad mapper.message",
                false => "403 err.request.forbidden policy.not_allowed",
            };
            assert_eq!(turned_away(&answer), expected, "{} {}", route.name, role.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_message_has_its_answer_and_leaves_nothing() {
    let world = World::with(behind_a_proxy()).await;
    let before = world.entries();
    let payer = System::of(Role::PublicPayer);
    for (what, body, code) in crate::faults::refused(&message("resolve", &[entry("cpr:6101701234@dk", json!({}))])) {
        let mut asked = signed(&payer, "/mapper/resolve", "");
        let signature = jws::sign_detached(&payer.key, &body);
        asked.headers_mut().insert("signature", signature.parse().unwrap());
        *asked.body_mut() = body.into();
        let answer = world.ask(asked).await;
        let json = answer.json();
        if code.starts_with("err.") {
            assert!(turned_away(&answer).starts_with(&format!("400 {code} mapper.")), "{what}: {json}");
        } else {
            world.verify(&json, &answer);
            assert_eq!((answer.status, &json["header"]["status"]), (200, &json!("rjct")), "{what}");
            assert_eq!(json["header"]["status_reason_code"], code, "{what}");
            assert_eq!(json["message"]["resolve_response"], json!([]), "{what}");
        }
        assert!(!json.to_string().contains("6101"), "{what}: {json}");
    }
    let check = async |change: &dyn Fn(&mut hyper::Request<http_body_util::Full<bytes::Bytes>>), expected: &str| {
        let sent = message("resolve", &[entry(ANNA, json!({}))]);
        let mut asked = signed(&payer, "/mapper/resolve", &sent.to_string());
        change(&mut asked);
        let answer = world.ask(asked).await;
        assert_eq!(turned_away(&answer), expected);
    };
    check(
        &|asked| drop(asked.headers_mut().insert("content-type", "text/json".parse().unwrap())),
        "415 err.request.bad body.type",
    )
    .await;
    check(&|asked| drop(asked.headers_mut().remove("content-type")), "415 err.request.bad body.type").await;
    check(&|asked| *asked.body_mut() = vec![b' '; 1_100_000].into(), "413 err.request.bad body.too_large").await;
    check(
        &|asked| assert!(asked.headers_mut().append("signature", "a..b".parse().unwrap())),
        "400 err.signature.invalid message.malformed",
    )
    .await;
    let meta = |purpose: Value| {
        let mut sent = message("resolve", &[entry(ANNA, json!({}))]);
        sent["header"]["meta"] = json!({"purpose": purpose});
        sent
    };
    let purpose = "400 err.request.bad mapper.purpose";
    for (role, said, expected) in [
        (Role::Authority, json!(null), Err(purpose)),
        (Role::Authority, json!("curiosity"), Err(purpose)),
        (Role::PublicPayer, json!("curiosity"), Err(purpose)),
        (Role::PublicPayer, json!(["payment"]), Err("400 err.request.bad mapper.message")),
        (Role::PublicPayer, json!("recovery"), Err("403 err.request.forbidden look_up.purpose")),
        (Role::Authority, json!("payment"), Err("403 err.request.forbidden look_up.purpose")),
        (Role::PublicPayer, json!("fraud_prevention"), Ok("succ succ.id.active")),
        (Role::Authority, json!("law"), Ok("succ succ.id.active")),
    ] {
        let answer = world.map(role, "/mapper/resolve", &meta(said.clone())).await;
        let expected = expected.map(|answer| vec![answer.to_owned()]).map_err(str::to_owned);
        assert_eq!(answer, expected, "{role:?} {said}");
    }
    // A full bucket for this purpose has tokens for 200.
    let mut many = message("resolve", &(0..201).map(|_| entry(ANNA, json!({}))).collect::<Vec<_>>());
    many["header"]["meta"] = json!({"purpose": "fraud_prevention"});
    let refused = world.map(Role::PublicPayer, "/mapper/resolve", &many).await;
    assert_eq!(refused, Err("422 err.request.bad look_up.count".to_owned()));
    assert_eq!(world.entries(), before + 5, "two answers, and three refusals by those who keep the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_much_is_told_when_to_ask_again() {
    let world = World::with(behind_a_proxy()).await;
    let asked = |at: u32| {
        let entries: Vec<Value> = (0..1000).map(|_| entry(if at == 0 { ANNA } else { NOBODY }, json!({}))).collect();
        message("resolve", &entries)
    };
    assert_eq!(world.map(Role::PublicPayer, "/mapper/resolve", &asked(0)).await.unwrap().len(), 1000);
    assert!(world.map(Role::PublicPayer, "/mapper/resolve", &asked(1)).await.is_ok());
    let sent = asked(0);
    let answer = world.send(Role::PublicPayer, "/mapper/resolve", &sent).await;
    assert_eq!(turned_away(&answer), "429 err.request.too_many_requests allowance.exhausted");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    // What was refused was not done: it is asked about in vain, and may come again.
    let status = question("resolve", "transaction_id", sent["message"]["transaction_id"].clone());
    let unknown = Err("404 err.request.not_found mapper.unknown".to_owned());
    assert_eq!(world.became(Role::PublicPayer, &status).await, unknown);
    let again = world.send(Role::PublicPayer, "/mapper/resolve", &sent).await;
    assert_eq!(turned_away(&again), "429 err.request.too_many_requests allowance.exhausted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_guesses_is_told_to_wait() {
    let world = World::with(behind_a_proxy()).await;
    let guesses = |count| message("unlink", &(0..count).map(|_| entry(BO, json!({}))).collect::<Vec<_>>());
    assert_eq!(world.map(Role::Bank, "/mapper/unlink", &guesses(1000)).await.unwrap().len(), 1000);
    for operation in ["unlink", "link"] {
        let sent = message(operation, &[entry(DAN, json!({"fa": "account:777@0040"}))]);
        let answer = world.send(Role::Bank, &format!("/mapper/{operation}"), &sent).await;
        assert_eq!(turned_away(&answer), "429 err.request.too_many_requests allowance.exhausted");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_in_another_currency_is_that_account() {
    let world = World::with(behind_a_proxy()).await;
    let body = json!({ "changes": [{
        "action": "register", "payee": "cpr:6401701237", "account": "0040-777", "currency": "EUR", "reason": "user_request",
        "consent": "phone",
    }] });
    let done = world.post("/v1/accounts", crate::support::BANK_TOKEN, &body.to_string()).await.done();
    assert_eq!(done["answers"][0]["result"], "done");
    for operation in ["link", "update", "unlink"] {
        let sent = message(operation, &[entry(DAN, json!({"fa": "account:777@0040"}))]);
        let answer = world.map(Role::Bank, &format!("/mapper/{operation}"), &sent).await;
        assert_eq!(answer, Ok(vec!["succ account:777@0040".to_owned()]), "{operation}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_counted_logged_and_phased_out() {
    let ledger = crate::callers::Ledger::default();
    let wanted = Wanted { interfaces: Some(Box::new(ledger.clone())), ..behind_a_proxy() };
    let mut world = World::with(wanted).await;
    let sent = || message("resolve", &[entry(ANNA, json!({}))]);
    assert!(world.map(Role::PublicPayer, "/mapper/resolve", &sent()).await.is_ok());
    ledger.end("mapper");
    let ended = Err("410 err.request.forbidden interface.ended".to_owned());
    assert_eq!(world.map(Role::PublicPayer, "/mapper/sync/resolve", &sent()).await, ended);
    ledger.end("");
    let mut old = sent();
    old["header"]["message_ts"] = json!("2026-11-22T10:00:00+01:00");
    assert!(world.map(Role::PublicPayer, "/mapper/resolve", &old).await.is_err());
    let log = world.log();
    assert!(world.stopped().await);
    let counted: Vec<_> = ledger.kept().into_iter().collect();
    let [(of, 3)] = counted.as_slice() else { panic!("{counted:?}") };
    assert_eq!((of.client.as_str(), of.interface, of.version, of.algorithm), ("public-payer", "mapper", "1", "ES256"));
    let text = log.text();
    for word in ["6101701234", "440116243", "t-"] {
        assert!(!text.contains(word), "{word} is in\n{text}");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |code: Value| lines.iter().find(|line| line["code"] == code).unwrap();
    for (code, route, status) in [
        (json!(null), "mapper.resolve", 200),
        (json!("interface.ended"), "mapper.sync_resolve", 410),
        (json!("message.time"), "mapper.resolve", 200),
    ] {
        let line = of(code);
        assert_eq!(
            (&line["client"], &line["route"], &line["status"]),
            (&json!("public-payer"), &json!(route), &json!(status))
        );
    }
}

const PAGE: &str = include_str!("../../../../../docs/mapper.md");

/// The whole of an exchange as the page shows it: what the page leaves to the client and the server is put in its place.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_shows_can_be_done() {
    let blocks = PAGE.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let blocks: Vec<Value> = blocks.map(|block| serde_json::from_str(block).unwrap()).collect();
    let [asked, link, about, answered] = blocks.try_into().unwrap();
    let world = World::with(behind_a_proxy()).await;
    let mut sent = asked;
    sent["header"]["sender_id"] = json!("public-payer");
    let mut answer = world.send(Role::PublicPayer, "/mapper/resolve", &sent).await.done();
    answer["signature"] = answered["signature"].clone();
    for (part, member) in [("header", "sender_id"), ("header", "receiver_id"), ("message", "correlation_id")] {
        assert!(answer[part][member].is_string());
        answer[part][member] = answered[part][member].clone();
    }
    assert_eq!(answer, answered);

    let mut sent = message("link", &[link]);
    sent["message"]["transaction_id"] = about["txnstatus_request"]["attribute_value"].clone();
    let done = world.map(Role::Bank, "/mapper/link", &sent).await;
    assert_eq!(done, Ok(vec!["succ account:440116243@0040".to_owned()]));
    let mut sent = question("link", "transaction_id", json!(null));
    sent["message"] = about;
    assert_eq!(world.became(Role::Bank, &sent).await, Ok(vec!["r-1 succ".to_owned()]));
}

/// The page's table of who may do what is what each role meets.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_who_may_do_what() {
    let world = World::with(behind_a_proxy()).await;
    let roles = [Role::PublicPayer, Role::PrivatePayer, Role::Bank, Role::Authority, Role::RegisterFeed];
    let table = PAGE.split("## 5. Who may do what").nth(1).unwrap();
    let rows =
        table.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    let own = "account:440116243@0040";
    let mut seen = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (operations, entry_of): (&[&str], Value) = match cells[0] {
            "resolve, `details`" => (&["resolve"], json!({"scope": "details"})),
            "resolve, `yes_no` with `fa`" => (&["resolve"], json!({"fa": own, "scope": "yes_no"})),
            "resolve, `yes_no` without `fa`" => (&["resolve"], json!({"scope": "yes_no"})),
            "resolve by `fa` alone" => (&["resolve"], json!({"fa": own, "id": ""})),
            "link, update" => (&["link", "update"], json!({"fa": own})),
            "unlink" => (&["unlink"], json!({"fa": own})),
            "status" => (&["status"], json!({})),
            other => panic!("{other} is not tried"),
        };
        for ((role, cell), operation) in
            roles.iter().zip(&cells[1..]).flat_map(|both| operations.iter().map(move |operation| (both, operation)))
        {
            let path = format!("/mapper/{operation}");
            let may = if *operation == "status" {
                let asked = question("link", "transaction_id", json!("none"));
                world.became(*role, &asked).await == Err("404 err.request.not_found mapper.unknown".to_owned())
            } else {
                let mut sent = message(operation, &[entry(ANNA, entry_of.clone())]);
                if *role == Role::Authority && cell.ends_with("with a purpose") {
                    sent["header"]["meta"] = json!({"purpose": "recovery"});
                }
                let answers = world.map(*role, &path, &sent).await;
                answers.is_ok_and(|answers| answers[0].starts_with("succ"))
            };
            let is_yes = ["yes", "to its own accounts", "of its own accounts", "its own"]
                .iter()
                .any(|yes| cell.starts_with(yes));
            assert!(is_yes || cell.starts_with("no"), "{cell}");
            assert_eq!(may, is_yes, "{} {operation}: {}", cells[0], role.name());
            seen += 1;
        }
    }
    assert_eq!(seen, 8 * roles.len());
}
