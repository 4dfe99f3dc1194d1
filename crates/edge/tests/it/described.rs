//! The published description held against the running server: requests made from it by chance, right ones and wrong ones.

use crate::support::{
    Answer, BANK_TOKEN, COMPANIES_TOKEN, OPERATOR_TOKEN, OTHER_OPERATOR_TOKEN, PUBLIC, PUBLIC_TOKEN, REGISTER_TOKEN,
    System, World, behind_a_proxy, payment_file, request, set_controls,
};
use hyper::Method;
use kernel::Role;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const REQUESTS: u32 = 250;

fn document() -> Value {
    edge::document(&edge::routes::all())
}

#[test]
fn requests_take_no_field_that_is_not_described() {
    let document = document();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        // The standard of signed messages wants that what is unknown is ignored.
        if is_signed(operation) {
            continue;
        }
        for content in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            // A form of OAuth lets pass what it does not know.
            if content.0 == "application/x-www-form-urlencoded" {
                continue;
            }
            closed(&document, &content.1["schema"], &format!("{method} {path}"), &mut seen);
        }
    }
    assert!(!seen.is_empty());
}

/// Whether it takes messages that their clients sign.
fn is_signed(operation: &Value) -> bool {
    operation["operationId"].as_str().unwrap().starts_with("mapper.")
}

/// A message whose header agrees with the rest of it, where that is one.
fn timely(text: &str, path: &str) -> String {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let entries = message["message"].as_object().into_iter().flatten().find_map(|(_, list)| list.as_array());
    let count = entries.map_or(1, Vec::len);
    if let Some(header) = message.get_mut("header").and_then(Value::as_object_mut) {
        let action = path.rsplit('/').next().unwrap();
        header.insert("action".to_owned(), json!(action));
        header.insert("message_ts".to_owned(), json!("2026-11-23T09:00:00Z"));
        header.insert("total_count".to_owned(), json!(count));
    }
    message.to_string()
}

/// Every object has fields of ours only, so that the reader refuses unknown and doubled ones.
fn closed(document: &Value, schema: &Value, at: &str, seen: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        if seen.insert(name.to_owned()) {
            closed(document, of_reference(document, name), name, seen);
        }
        return;
    }
    if schema["type"] == "object" {
        assert_eq!(schema["additionalProperties"], false, "{at} takes unknown fields");
    }
    let fields = schema["properties"].as_object().into_iter().flatten().map(|(_, schema)| schema);
    let several =
        ["anyOf", "oneOf", "allOf"].into_iter().flat_map(|word| schema[word].as_array().into_iter().flatten());
    for inner in fields.chain(several).chain(schema.get("items")) {
        closed(document, inner, at, seen);
    }
}

#[test]
fn every_route_is_described_and_everything_described_is_a_route() {
    let document = document();
    let described: BTreeSet<_> =
        operations(&document).into_iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    let offered: BTreeSet<_> = edge::routes::all().iter().map(|route| route.name).collect();
    assert_eq!(described, offered);
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(of_reference(&document, reference).is_object(), "{reference}");
    }
}

#[test]
fn what_every_client_must_know_is_described() {
    let document = document();
    let check = |pointer: &str, expected: Value| assert_eq!(document.pointer(pointer), Some(&expected), "{pointer}");
    let release = "/paths/~1v1~1payouts~1{batch}~1release/post";
    let token = "/paths/~1oauth~1token/post";
    let schemes = "/components/securitySchemes";
    check(&format!("{release}/parameters/2/name"), json!("If-Match"));
    check(&format!("{release}/parameters/2/required"), json!(true));
    check(&format!("{release}/responses/428/x-codes"), json!(["precondition.missing"]));
    check(&format!("{release}/responses/412/x-codes"), json!(["precondition.failed"]));
    check(&format!("{release}/security"), json!([{ "client": ["payouts"], "certificate": [] }]));
    check(&format!("{schemes}/certificate/type"), json!("mutualTLS"));
    let scopes = format!("{schemes}/client/flows/clientCredentials/scopes");
    check(&format!("{scopes}/payouts:fetch"), json!("payouts.files, payouts.file"));
    check("/components/schemas/Resolve/properties/benefit/minLength", json!(1));
    for status in [400, 401, 409, 415, 503] {
        let schema = format!("{token}/responses/{status}/content/application~1json/schema/$ref");
        check(&schema, json!("#/components/schemas/OAuthError"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_and_its_page_are_served() {
    let world = World::new().await;
    assert_eq!(world.get("/openapi.json", "").await.done(), document());
    let page = world.get("/", "").await;
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for route in edge::routes::all() {
        assert!(text.contains(&format!("id=\"{}\"", route.name)), "{}", route.name);
    }
    for elsewhere in ["http://", "https://", "<script", "<img", "@import"] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
    let style = world.get("/style.css", "").await;
    assert!(style.status == 200 && !String::from_utf8_lossy(&style.body).contains("url("));
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_are_answered_as_described() {
    let world = World::with(behind_a_proxy()).await;
    let document = world.get("/openapi.json", "").await.done();
    let mut chance = Chance::new();
    let names = names(&world).await;
    for (path, method, operation) in operations(&document) {
        let mut statuses = BTreeSet::new();
        for _ in 0..REQUESTS {
            let address = address(path, operation, &names, &mut chance);
            let token = if chance.once_in(8) { "public-payer" } else { token_of(operation) };
            let content = &operation["requestBody"]["content"];
            let schema = &content["application/json"]["schema"];
            let is_file = content["application/xml"].is_object();
            let mut body = if is_file {
                Some(file(&mut chance))
            } else {
                (!schema.is_null()).then(|| body(&document, schema, &mut chance))
            };
            if is_signed(operation) && !chance.once_in(4) {
                body = body.map(|body| timely(&body, path));
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let asked = format!("{method} {address} {body:?}");
            let mut sent = request(method, &address, token, body.as_deref());
            if is_file {
                sent.headers_mut().insert("content-type", "application/xml".parse().unwrap());
            }
            if is_signed(operation) {
                let system = System::of(if chance.once_in(3) { Role::Bank } else { Role::PublicPayer });
                sent.headers_mut().insert("client-cert", system.certificate().parse().unwrap());
                let signature = eid::jws::sign_detached(&system.key, body.unwrap_or_default().as_bytes());
                sent.headers_mut().insert("signature", signature.parse().unwrap());
            }
            // Whatever version of a thing there is.
            if !chance.once_in(8) {
                sent.headers_mut().insert("if-match", "*".parse().unwrap());
            }
            if chance.once_in(20) {
                sent.headers_mut().insert("content-type", "text/html".parse().unwrap());
            }
            let answer = world.ask(sent).await;
            statuses.insert(answer.status);
            check(&document, operation, &answer, &asked);
        }
        // Nobody guesses an assertion that is signed, nor a file, nor what a proposal waits for, nor the name of a report or a subscription,
        // nor what somebody else has to have said.
        let is_json = |body: &Value| body["content"]["application/json"].is_object();
        let is_guessable = (operation["requestBody"].is_null() || is_json(&operation["requestBody"]))
            && (method == "get"
                || path.ends_with("/own")
                || !["/v1/designations", "/v1/subscriptions", "/v1/recalls"]
                    .iter()
                    .any(|family| path.starts_with(family)))
            && ![
                "/v1/marks/motions",
                "/approve-release",
                "/resume",
                "/retry",
                "/arrived",
                "/give-back",
                "{case}/revert",
                "{case}/recall",
                "{case}/bundle",
            ]
            .iter()
            .any(|act| path.ends_with(act));
        assert!(
            !is_guessable || statuses.iter().any(|status| *status < 300),
            "{method} {path}: none was right: {statuses:?}"
        );
    }
    assert_eq!(world.get("/health/ready", "").await.status, 204);
}

/// What there is at an address, of which the first that fits counts: what ended in one way can end in no other.
async fn names(world: &World) -> Vec<(String, String)> {
    world.at_the_store(|writer| set_controls(writer, ("2015", &["names_replaced=on", "letter_self_service=always"])));
    let letter = world.propose("6401701237", "none");
    world.post(&format!("/v1/letters/{letter}/print"), OPERATOR_TOKEN, "{}").await;
    let mut names = Vec::new();
    let report = confirmed(world, "0040-8").await;
    for family in ["controls", "collectors", "marks"] {
        let motions = format!("/v1/{family}/motions");
        for (at, act) in ["", "/approve", "/refuse", "/withdraw"].into_iter().enumerate() {
            let body = match family {
                "controls" => {
                    json!({ "reason": "so", "changes": [{ "control": "round_trip", "figure": format!("{at}1") }] })
                }
                "marks" => json!({ "reason": "so", "suspicion": report, "until": format!("2027-03-1{at}") }),
                _ => json!({
                    "reason": "so", "cvr": "13748136", "account": "0040-9", "name": "Prøve",
                    "review_by": format!("2027-06-1{at}"),
                }),
            };
            let proposer = if act == "/withdraw" { OPERATOR_TOKEN } else { OTHER_OPERATOR_TOKEN };
            let proposed = world.post(&motions, proposer, &body.to_string()).await.done();
            let motion = proposed["id"].as_str().unwrap().to_owned();
            if act.is_empty() {
                world.done_to(&format!("{motions}/{motion}/approve"), OPERATOR_TOKEN).await.done();
                names.push((format!("/{family}/{{collector}}/end"), motion.clone()));
                names.push((format!("/{family}/{{mark}}"), motion.clone()));
            }
            names.insert(0, (format!("{motions}/{{motion}}{act}"), motion));
        }
    }
    // Who marks an account does not decide about its appeal.
    let decided = marked_and_appealed(world).await;
    let suspect = json!({
        "suspected": { "payout": { "batch": world.batches[0], "end_to_end_id": "E2E-1" } }, "reason": "mule", "text": "x",
    });
    let answered = async |token: &str, body: &Value| {
        let answer = world.post("/v1/suspicions", token, &body.to_string()).await.done();
        answer["id"].as_str().unwrap().to_owned()
    };
    let reported = answered(PUBLIC_TOKEN, &suspect).await;
    let suspect = json!({ "suspected": { "account": "0040-8" }, "reason": "mule", "text": "x" });
    let [open, acknowledged] =
        [answered(OTHER_OPERATOR_TOKEN, &suspect).await, answered(OTHER_OPERATOR_TOKEN, &suspect).await];
    world.done_to(&format!("/v1/suspicions/{acknowledged}/acknowledge"), OPERATOR_TOKEN).await.done();
    let of_marks = [
        ("/marks/{mark}/decide", decided),
        ("/suspicions/reported/{suspicion}", reported),
        ("/suspicions/{suspicion}/acknowledge", open),
        ("/suspicions/{suspicion}", acknowledged),
    ];
    names.splice(0..0, of_marks.map(|(place, name)| (place.to_owned(), name)));
    let reviews = world.reviews(2);
    for (at, act) in ["/approve", "/refuse", "/withdraw"].into_iter().enumerate() {
        let body = json!({ "until": format!("2027-01-1{at}"), "reason": "so" }).to_string();
        let proposer = if act == "/withdraw" { OPERATOR_TOKEN } else { OTHER_OPERATOR_TOKEN };
        let proposed = world.post(&format!("/v1/reviews/{}/leave-alone", reviews[0]), proposer, &body).await.done();
        let motion = proposed["id"].as_str().unwrap().to_owned();
        names.insert(0, (format!("/v1/reviews/motions/{{motion}}{act}"), motion));
    }
    names.push(("/{review}/suspect".to_owned(), reviews[1].clone()));
    names.push(("{review}".to_owned(), reviews[0].clone()));
    let [case, closed] = [opened(world, "cpr:6301701236").await, opened(world, "cvr:13748136").await];
    let held = world.held().await;
    let returned = crate::returns::message("R-0", "E2E-77", "0040-8", "MS03");
    let mut sent = request(Method::POST, "/v1/returns", BANK_TOKEN, Some(&returned));
    sent.headers_mut().insert("content-type", "application/xml".parse().unwrap());
    world.ask(sent).await.done();
    let stray = world.get("/v1/returns", OPERATOR_TOKEN).await.done()["returns"][0]["id"].as_str().unwrap().to_owned();
    let recall = crate::recalls::told(world, OPERATOR_TOKEN, BANK_TOKEN).await;
    crate::recalls::answered(world, BANK_TOKEN, "ANOTHER", "CNCL").await.done();
    let answers = world.get("/v1/recalls/answers", OPERATOR_TOKEN).await.done();
    let stray_answer = answers["answers"][0]["id"].as_str().unwrap().to_owned();
    let others = [
        ("{recall}", recall),
        ("{answer}", stray_answer),
        ("{to}", "EKSBDK22".to_owned()),
        ("/cases/{case}/close", closed),
        ("{case}", case),
        ("/payouts/{batch}/release", world.batches[1].clone()),
        ("/payouts/{batch}/stop", world.batches[1].clone()),
        ("{return}", stray),
        ("{batch}", world.batches[0].clone()),
        ("{stage}", "0".to_owned()),
        ("{change}", held.clone()),
        ("/designations/{proposal}", held),
        ("{notice}", world.told(&["sms:+4512345678"; 2])[0].clone()),
        ("{proposal}", letter),
    ];
    names.extend(others.map(|(place, name)| (place.to_owned(), name)));
    names
}

/// A case that another officer has opened.
async fn opened(world: &World, payee: &str) -> String {
    let body = json!({ "payee": payee, "since": "2026-11-22T09:00:00Z", "reason": "so" });
    let told = world.post("/v1/cases", OTHER_OPERATOR_TOKEN, &body.to_string()).await.done();
    told["id"].as_str().unwrap().to_owned()
}

/// A report about an account that was confirmed, by others.
async fn confirmed(world: &World, account: &str) -> String {
    let [one, other] = ["operator~rita.suspicions", "operator~sven.suspicions"];
    let body = json!({ "suspected": { "account": account }, "reason": "mule", "text": "x" });
    let told = world.post("/v1/suspicions", one, &body.to_string()).await.done();
    let id = told["id"].as_str().unwrap().to_owned();
    world.done_to(&format!("/v1/suspicions/{id}/acknowledge"), other).await.done();
    let closing = json!({ "finding": "confirmed", "reason": "so" }).to_string();
    world.post(&format!("/v1/suspicions/{id}/close"), other, &closing).await.done();
    id
}

/// A mark that others set, against which somebody has appealed.
async fn marked_and_appealed(world: &World) -> String {
    let [one, other] = ["operator~dora.marks", "operator~emil.marks"];
    let marking = json!({ "suspicion": confirmed(world, "0040-9").await, "until": "2027-03-31", "reason": "so" });
    let told = world.post("/v1/marks/motions", one, &marking.to_string()).await.done();
    let mark = told["id"].as_str().unwrap().to_owned();
    world.done_to(&format!("/v1/marks/motions/{mark}/approve"), other).await.done();
    let appealing = json!({ "text": "no" }).to_string();
    world.post(&format!("/v1/marks/{mark}/appeal"), other, &appealing).await.done();
    mark
}

fn check(document: &Value, operation: &Value, answer: &Answer, asked: &str) {
    let described = &operation["responses"][answer.status.to_string()];
    assert!(answer.status < 500 && described.is_object(), "{asked}: {answer:?}");
    let kind = answer.header("content-type").split(';').next().unwrap();
    let contents = described["content"].as_object().cloned().unwrap_or_default();
    let Some(content) = contents.get(kind).or_else(|| contents.get("*/*")) else {
        assert!(contents.is_empty() && answer.body.is_empty(), "{asked}: {answer:?}");
        return;
    };
    if kind.ends_with("json") {
        let json = answer.json();
        if let Err(why) = matches(document, &content["schema"], &json, "") {
            panic!("{asked}: {why}: {json}");
        }
        if let Some(codes) = described["x-codes"].as_array() {
            let code = json.pointer("/errors/0/code").unwrap_or(&json["code"]);
            assert!(codes.contains(code), "{asked}: {json}");
        }
    }
}

/// Whether a value is as its schema says, of what our schemas say.
pub fn matches(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = schema["$ref"].as_str() {
        return matches(document, of_reference(document, name), value, at);
    }
    if let Some(several) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let is_one = several.iter().any(|schema| matches(document, schema, value, at).is_ok());
        return if is_one { Ok(()) } else { Err(format!("{at} is none of several")) };
    }
    let is_kind = |kind: &Value| match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        kind => panic!("{at}: {kind}"),
    };
    let is_right = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is_kind),
        kind => is_kind(kind),
    };
    if !is_right || schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Err(format!("{at} is not {}", schema["type"]));
    }
    for item in value.as_array().into_iter().flatten() {
        matches(document, &schema["items"], item, &format!("{at}/*"))?;
    }
    let Some(fields) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            return Err(format!("{at} has no {name}"));
        }
    }
    for (name, field) in fields {
        let described = match schema["properties"].get(name) {
            Some(described) => described,
            None if schema["additionalProperties"].is_object() => &schema["additionalProperties"],
            None if schema["properties"].is_object() => return Err(format!("{at}/{name} is not described")),
            None => continue,
        };
        matches(document, described, field, &format!("{at}/{name}"))?;
    }
    Ok(())
}

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

fn of_reference<'d>(document: &'d Value, reference: &str) -> &'d Value {
    document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null)
}

/// The same requests on every run.
struct Chance(TestRunner);

impl Chance {
    fn new() -> Self {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"requests made from a description");
        Self(TestRunner::new_with_rng(Config::default(), rng))
    }

    fn below(&mut self, bound: usize) -> usize {
        (0..bound).new_tree(&mut self.0).unwrap().current()
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn text(&mut self, pattern: &str) -> String {
        let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
        proptest::string::string_regex(pattern).unwrap().new_tree(&mut self.0).unwrap().current()
    }

    /// Anything at all.
    fn value(&mut self) -> Value {
        match self.below(9) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(self.below(usize::MAX)),
            3 => json!(-1.5e300),
            4 => json!(self.text("\\PC{0,40}")),
            5 => json!(self.text("[\\x00-\\x7f]{0,10}")),
            6 => json!([self.value()]),
            7 => json!({ self.text("[a-z]{0,8}"): self.value() }),
            _ => json!("x".repeat(70_000)),
        }
    }
}

/// Of a client that the operation is for.
fn token_of(operation: &Value) -> &'static str {
    let is_for = |role: &str| operation["x-roles"].as_array().is_some_and(|roles| roles.contains(&json!(role)));
    match () {
        () if operation["operationId"].as_str().is_some_and(|name| name.starts_with("register.companies")) => {
            COMPANIES_TOKEN
        }
        () if is_for("register-feed") => REGISTER_TOKEN,
        () if is_for("operator") => OPERATOR_TOKEN,
        () if is_for("citizen") => "citizen~6101701234.designations.suspicions.marks",
        () if is_for("bank") && !is_for("public-payer") => BANK_TOKEN,
        () => PUBLIC_TOKEN,
    }
}

/// A payment file that is right, or cut off, or not one at all.
fn file(chance: &mut Chance) -> String {
    let text = payment_file(&format!("MADE-{}", chance.below(30)));
    match chance.below(4) {
        0 => text.chars().take(chance.below(text.chars().count())).collect(),
        1 => chance.text("\\PC{0,60}"),
        _ => text,
    }
}

fn address(path: &str, operation: &Value, names: &[(String, String)], chance: &mut Chance) -> String {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let mut address = path.to_owned();
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap();
        let text = match (parameter["in"].as_str().unwrap(), chance.below(3)) {
            ("path", 0) => {
                let is_here = |known: &str| known.contains(&format!("{{{name}}}")) && path.contains(known);
                names.iter().find(|(known, _)| is_here(known)).unwrap().1.clone()
            }
            ("query", 0) if name == "day" => "2026-11-23".to_owned(),
            ("query", 0) if name == "payer" => PUBLIC.to_owned(),
            ("query", 0) => "7".to_owned(),
            _ => chance.text("\\PC{1,30}"),
        };
        match parameter["in"].as_str().unwrap() {
            "path" => address = address.replace(&format!("{{{name}}}"), &encode(&text)),
            "query" if chance.once_in(3) => query.push(format!("{name}={}", encode(&text))),
            _ => {}
        }
    }
    if chance.once_in(15) {
        query.push(encode(&chance.text("\\PC{1,10}")));
    }
    if query.is_empty() { address } else { format!("{address}?{}", query.join("&")) }
}

/// A body that is right, or nearly, or not at all.
fn body(document: &Value, schema: &Value, chance: &mut Chance) -> String {
    let mut value = right(document, schema, chance);
    if let Value::Object(fields) = &mut value {
        let names: Vec<String> = fields.keys().cloned().collect();
        match chance.below(8) {
            0 if !names.is_empty() => drop(fields.remove(&names[chance.below(names.len())])),
            1 if !names.is_empty() => drop(fields.insert(names[chance.below(names.len())].clone(), chance.value())),
            2 => drop(fields.insert(chance.text("[a-z_]{1,10}"), chance.value())),
            3 => return chance.value().to_string(),
            _ => {}
        }
    }
    let text = value.to_string();
    match chance.below(10) {
        0 => text.chars().take(chance.below(text.chars().count())).collect(),
        1 => format!("{text}{}", chance.value()),
        2 => chance.text("\\PC{0,60}"),
        _ => text,
    }
}

fn right(document: &Value, schema: &Value, chance: &mut Chance) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return right(document, of_reference(document, name), chance);
    }
    if let Some(several) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        return right(document, &several[chance.below(several.len())], chance);
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[chance.below(words.len())].clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[chance.below(kinds.len())].clone(),
        kind => kind.clone(),
    };
    match kind.as_str().unwrap_or_default() {
        // Somebody who is there, mostly: of many, one wrong one spoils all.
        "string" if schema["examples"].is_array() && !chance.once_in(8) => schema["examples"][0].clone(),
        "string" => json!(chance.text(schema["pattern"].as_str().unwrap_or("[A-Z]{1,35}"))),
        "integer" => json!(chance.below(1_000)),
        "boolean" => json!(chance.once_in(2)),
        "array" => (0..chance.below(4)).map(|_| right(document, &schema["items"], chance)).collect(),
        "object" => {
            let mut object = Map::new();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                object.insert(name.clone(), right(document, field, chance));
            }
            Value::Object(object)
        }
        _ => Value::Null,
    }
}
