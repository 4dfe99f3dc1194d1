//! `anvis demo --serve`: the lines that it prints are given to a shell as they are.

use crate::support::{World, is_postgres};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Command;

/// More than any buffer on the way holds, so that `curl` still sends when it is refused.
const LARGE_BYTES: usize = 5_000_000;

/// Whoever sends a large file is told why it is refused, and not only that the connection is gone.
fn what_is_refused_is_heard_by_curl(world: &World, serving: &Value) {
    world.write("large", " ".repeat(LARGE_BYTES));
    let clients = serving["clients"].as_str().unwrap();
    let (_, port) = serving["listening"].as_str().unwrap().rsplit_once(':').unwrap();
    let check = |client: &str, path: &str, kind: &str, expected: (u16, &str)| {
        for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
            let mut curl = Command::new("curl");
            curl.current_dir(world.path("")).args(["-sS", option, "-K", &format!("{clients}/payer.curl")]);
            if !client.is_empty() {
                curl.args(["-K", &format!("{clients}/{client}.token")]);
            }
            // It is not to ask before it sends.
            curl.args(["-H", "expect:", "-H", &format!("content-type: {kind}"), "--data-binary", "@large"]);
            curl.args([
                "-w",
                "\n%{http_code} %{http_version} %{content_type}",
                &format!("https://localhost:{port}{path}"),
            ]);
            let output = curl.output().unwrap();
            let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            assert!(output.status.success() && err.is_empty(), "{option} {path}: {}\n{out}\n{err}", output.status);
            let (problem, told) = out.rsplit_once('\n').unwrap();
            assert_eq!(
                told,
                format!("{} {version} application/problem+json", expected.0),
                "{option} {path}: {problem}"
            );
            let problem: Value = serde_json::from_str(problem).unwrap();
            assert_eq!(problem["code"], expected.1, "{option} {path}: {problem}");
        }
    };
    let xml = "application/xml";
    check("", "/v1/payouts", xml, (401, "token.missing"));
    check("bank", "/v1/payouts", xml, (401, "token.binding"));
    check("payer", "/v1/payouts?hold=perhaps", xml, (400, "request.query"));
    check("payer", "/v1/payouts", "text/plain", (415, "body.type"));
    check("payer", "/v1/payouts", xml, (422, "payout.refused"));
    check("payer", "/v1/accounts", "application/json", (403, "token.scope"));
    check("payer", "/v1/resolve", "application/json", (413, "body.too_large"));
    check("payer", "/v1/nothing", xml, (404, "request.unknown"));
}

#[test]
fn the_lines_of_the_demo_work_as_they_are_printed() {
    let world = World::empty();
    let sizes = "--people 300 --companies 20 --payments 200";
    let addresses = "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0";
    let mut child = world.command(&format!("demo {sizes} --serve {addresses}")).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&told.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["payments"], 200);
    let serving = next();
    let lines: Vec<(&str, &str)> = serving["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["does"].as_str().unwrap(), line["command"].as_str().unwrap()))
        .collect();
    let mut answers = Vec::new();
    for (does, command) in &lines {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(world.path("")).env_remove("ANVIS_STORE");
        if is_postgres() {
            shell.env("ANVIS_STORE", world.url());
        }
        let output = shell.output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && err.is_empty(), "{does}\n{command}\n{out}\n{err}");
        assert!(!out.contains("urn:anvis:problem"), "{does}\n{command}\n{out}");
        answers.push(out);
    }
    let answer = |does: &str| -> Value {
        let at = lines.iter().position(|(line, _)| line.starts_with(does)).unwrap();
        serde_json::from_str(&answers[at]).unwrap_or_else(|error| panic!("{does}: {error}: {}", answers[at]))
    };
    assert_eq!(answer("The account in force")["state"], "in_force");
    assert_eq!(answer("Whether an account")["result"], "match");
    assert_eq!(answer("A payment file comes in")["payments"], 1000);
    let all = answer("What became of");
    assert_eq!((&all["batches"][0]["payments"], &all["batches"][1]["payments"]), (&json!(1000), &json!(200)));
    assert_eq!(answer("The completed files")["files"][0]["batch"], all["batches"][0]["batch"]);
    assert_eq!(answer("The bank freezes")["answers"][0]["result"], "done");
    assert_eq!(answer("And lets payouts")["answers"][0]["result"], "done");
    assert_eq!(answer("What the bank is told")["messages"].as_array().unwrap().len(), 3);
    assert_eq!(answer("The population register")["events"][0]["result"], "done");
    assert_eq!(answer("The payee proposes")["waits_for"], "signature");
    assert_eq!(answer("What waits that")["proposals"][0]["id"], answer("The payee proposes")["id"]);
    assert_eq!(answer("The payee forbids")["changed"], true);
    what_is_refused_is_heard_by_curl(&world, &serving);
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}
