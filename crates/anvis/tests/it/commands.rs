//! Every command's words, answers and exit codes.

use crate::pain::{cpr, simple};
use crate::support::*;
use kernel::testing::require_sqlite;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn usage_errors_exit_with_2() {
    let world = World::settled();
    world.write("there.csv", "x");
    let check = |args: &str, words: &str| {
        let text = world.run(args).failed(2, "usage");
        assert!(text.contains(words), "{args}: {text}");
    };
    check("", "requires a subcommand");
    check("nonsense", "unrecognized subcommand");
    check("init --sythetic", "unexpected argument");
    check("population import", "FILE");
    check("population import missing.csv", "no regular file");
    check("company import missing.csv", "no regular file");
    check("bank import missing.csv", "no regular file");
    check("account import there.csv", "--bank");
    check("account import there.csv --bank A --channel operator", "cannot be used with");
    check("account import there.csv --channel bank", "invalid value");
    check("account history 6101701234", "cpr:");
    check("operator add A --key missing.pem", "no regular file");
    check("operator add A", "--key");
    check("payer add A --cvr 32080808 --kind public --no-account reject", "CVR number");
    check("payer add A --cvr 13748136 --kind other --no-account reject", "public or private");
    check("payer add A --cvr 13748136 --kind public --no-account keep", "reject, hold, or pay-to:");
    check("payer add A --cvr 13748136 --kind public --no-account pay-to:DE89370400440532013000", "Danish account");
    check(
        "payer add A --cvr 13748136 --kind public --no-account pay-to:DK7710200000000078",
        "write reject, hold, or pay-to",
    );
    check("payer add A --cvr 13748136 --kind public", "--no-account");
    check("client add A --role operator --key there.csv --cert there.csv", "write public-payer");
    check("client add A --role bank --key there.csv", "--cert");
    check("client add A --role bank --cert there.csv", "--key");
    check("client add A --role bank --key missing.jwk --cert there.csv", "no regular file");
    check("client make-key A --algorithm RS256", "ES256 or EdDSA");
    check("client token A --key there.csv --cert there.csv", "--issuer");
    check("client phase-out payouts v1 soon", "write 2026");
    check("payout route missing.xml --payer A --out out", "no regular file");
    check("payout route there.csv --payer A", "--out");
    check("payout route there.csv --out out", "--payer");
    check("payout list --limit 0", "--limit");
    check("payout show", "BATCH");
    check("payout release X", "--out");
    check("resolve cpr:1234", "write cpr:");
    check("resolve cpr:6101701234 --payer Udbetaling", "--benefit");
    check("resolve cpr:6101701234 --benefit NKSBOS", "--payer");
    check("resolve cpr:6101701234 --as-of yesterday", "write 2026");
    check("journal verify --expect 12", "SIZE:ROOT");
    check("journal head --now never", "write 2026");
    check("demo --people many", "--people");
}

#[test]
fn usage_errors_without_json_are_for_people() {
    let world = World::empty();
    let mut command = Command::new(&*BINARY);
    let output = command.current_dir(world.path("")).args(["payout", "route"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage:"));
}

#[test]
fn keys_of_every_answer() {
    let world = World::settled();
    let check = |args: &str, keys: &[&str]| {
        let json = world.run(args).done();
        let found: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        for key in keys {
            assert!(found.contains(key), "{args}: {key} is not in {json}");
        }
        json
    };
    let counts = ["rows", "changed", "held", "unchanged", "rejected"];
    for (command, content) in [("bank", BANKS), ("population", POPULATION_LATER), ("company", COMPANIES_LATER)] {
        world.write("rows.csv", content);
        check(&format!("{command} import rows.csv"), &counts);
    }
    world.write("rows.csv", ACCOUNTS);
    check("account import rows.csv --channel operator", &counts);
    world.write("payments.xml", simple("KEYS", &[cpr("E1", ALICE, "1.00"), cpr("E2", NOBODY, "2.00")]));
    let batch = [
        "batch",
        "state",
        "payments",
        "routed",
        "passed",
        "held",
        "rejected",
        "reasons",
        "completed",
        "status",
        "duplicate",
    ];
    let routed = check("payout route payments.xml --payer Udbetaling --out out", &batch);
    holds(
        &routed,
        &json!({ "state": "completed", "duplicate": false, "payments": 2, "routed": 1, "passed": 0, "held": 0,
                 "rejected": 1, "reasons": { "BE06": 1 }, "sums": { "routed": { "DKK": "1.00" }, "BE06": { "DKK": "2.00" } } }),
        "route",
    );
    let name = routed["batch"].as_str().unwrap();
    assert_eq!(routed["completed"], format!("out/bank/{name}.pain.001.xml"));
    assert_eq!(routed["status"], format!("out/payer/{name}.pain.002.xml"));
    let list = check("payout list", &["batches"]);
    holds(
        &list["batches"][0],
        &json!({ "batch": name, "payer": PUBLIC, "message_id": "KEYS", "state": "completed" }),
        "list",
    );
    let shown = check(&format!("payout show {name}"), &["batch", "state", "payments"]);
    let payment = |id: &str, state: &str, code: Option<&str>| {
        json!({ "end_to_end_id": id, "state": state, "code": code, "hold": null, "changed_days_ago": null,
                "last_change_channel": null, "pending_change": false, "promised": null })
    };
    assert_eq!(shown["payments"], json!([payment("E1", "routed", None), payment("E2", "rejected", Some("BE06"))]));
    let found = check(&format!("resolve cpr:{ALICE}"), &["payee", "account", "bic", "since", "state"]);
    holds(
        &found,
        &json!({ "payee": format!("cpr:{ALICE}"), "account": ALICE_IBAN, "bic": "NDEADKKK", "since": NOW, "state": "in_force" }),
        "resolve",
    );
    let history = check(&format!("account history cpr:{ALICE}"), &["payee", "designations"]);
    let row = &history["designations"][0];
    holds(
        row,
        &json!({ "account": ALICE_IBAN, "from": NOW, "to": null, "by": "console", "channel": "operator", "reason": null, "consent": null, "holder": null, "recorded": NOW,
                 "state": "in_force" }),
        "history",
    );
    let head = check("journal head", &["size", "root"]);
    assert_eq!(check("journal verify", &["size", "root"]), head);
    check("policy", &["operations"]);
    check("key rotate", &["rotated"]);
}

#[test]
fn on_sqlite_init_makes_a_store_once() {
    require_sqlite();
    let world = World::empty();
    holds(
        &world.run("init").done(),
        &json!({ "data": "store", "master_key": "store.key", "master_key_found": false, "synthetic": false }),
        "init",
    );
    assert_eq!(mode(&world.path("store.key")), 0o600);
    assert_eq!(mode(&world.path("store")) & 0o077, 0, "nobody else looks into the store");
    let key = world.bytes("store.key");
    world.run("init").refused("store.exists");
    world.run("init --synthetic").refused("store.exists");
    assert_eq!(world.bytes("store.key"), key);
    world.verified();
    // A second store beside it may share the key, and never overwrites it.
    let other = world.run("init --data other --master-key store.key").done();
    holds(&other, &json!({ "master_key": "store.key", "master_key_found": true }), "init");
    assert_eq!(world.bytes("store.key"), key);
    world.run("journal verify --data other --master-key store.key").done();
    // A folder that holds something is not taken over.
    world.write("taken/file", "x");
    std::os::unix::fs::symlink("prepared", world.path("link")).unwrap();
    let before = world.files("");
    for place in ["taken", "taken/file", "link", "taken/."] {
        world.run(&format!("init --data {place}")).refused("store.folder");
    }
    assert_eq!(world.files(""), before, "not even a key was written");
    std::fs::create_dir(world.path("prepared")).unwrap();
    world.run("init --data prepared").done();
    // Nor is a folder that happens to have the name under which a store is made.
    world.write("new.part/mine", "x");
    world.run("init --data new").ended(1);
    assert_eq!(world.read("new.part/mine"), "x");
}

#[test]
fn init_needs_a_folder_with_a_name() {
    let world = World::empty();
    world.write("outer/inner/file", "x");
    std::fs::create_dir(world.path("outer/empty")).unwrap();
    let before = world.files("");
    // The key and the folder that is being made would lie in the folder above.
    for (folder, place) in [("inner", "."), ("inner", ".."), ("inner", "/"), ("empty", "."), ("empty", "./")] {
        for command in ["init", "demo --people 10 --companies 1 --payments 1"] {
            let args = format!("{command} --data {place}");
            let mut command = world.command(&args);
            command.current_dir(world.path("outer").join(folder));
            answer(&args, command.spawn().unwrap()).refused("store.folder");
        }
    }
    assert_eq!(world.files(""), before);
}

#[test]
fn the_key_opens_its_own_store_only() {
    let world = World::synthetic();
    world.run("init --synthetic --data other").done();
    world.run("journal head --master-key other.key").refused("key.wrong");
    world.run("journal head --master-key none.key").refused("key.missing");
    world.write("bad.key", "anvis-master-key-1:12\n");
    set_mode(&world.path("bad.key"), 0o600);
    world.run("journal head --master-key bad.key").refused("key.malformed");
    for wider in [0o640, 0o604, 0o660, 0o666, 0o644] {
        set_mode(&world.path("store.key"), wider);
        let text = world.run("journal head").refused("key.too_open");
        assert!(text.contains("0600"), "{text}");
    }
    set_mode(&world.path("store.key"), 0o400);
    world.run("journal head").done();
    world.run("journal head --data nowhere").refused("store.missing");
    assert!(!world.path("nowhere").exists());
}

#[test]
fn settings_come_from_the_environment_too() {
    let world = World::empty();
    let run = |args: &[&str], data: &str, key: &str| {
        let mut command = Command::new(&*BINARY);
        command.current_dir(world.path("")).args(args).arg("--json");
        command.env("ANVIS_DATA", data).env_remove("ANVIS_MASTER_KEY");
        if !key.is_empty() {
            command.env("ANVIS_MASTER_KEY", key);
        }
        command.output().unwrap().status.code().unwrap()
    };
    assert_eq!(run(&["init"], "by-env", ""), 0);
    assert!(world.path("by-env.key").exists());
    assert_eq!(run(&["init"], "second", "elsewhere.key"), 0);
    assert!(world.path("elsewhere.key").exists() && !world.path("second.key").exists());
    assert_eq!(run(&["journal", "head"], "second", "elsewhere.key"), 0);
    assert_eq!(run(&["journal", "head"], "second", "by-env.key"), 3);
    assert_eq!(run(&["journal", "head", "--data", "by-env"], "second", ""), 0, "an argument precedes the environment");
}

#[test]
fn time_and_names_are_claimed_only_in_synthetic_stores() {
    let real = World::real();
    real.run("journal head --now 2026-01-01").refused("store.not_synthetic");
    real.run("init --data later --now 2026-01-01").refused("store.not_synthetic");
    assert!(!real.path("later").exists());
    real.run("journal head --as anybody").refused("operator.key_needed");
    let synthetic = World::synthetic();
    synthetic.run("journal head --now 2026-01-01").done();
    synthetic.run("payer add A --cvr 13748136 --kind public --no-account reject --as anybody").done();
}

/// The keys of RFC 8032 §7.1, tests 1 and 2: public since long.
pub const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
pub const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";
pub const OTHER_PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7
-----END PRIVATE KEY-----
";

#[test]
fn operators_show_their_key() {
    let world = World::real();
    world.write("anna.pem", PRIVATE_KEY);
    world.write("anna.pub", PUBLIC_KEY);
    world.write("eve.pem", OTHER_PRIVATE_KEY);
    let add = "payer add A --cvr 13748136 --kind public --no-account reject";
    world.run(&format!("{add} --as anna --operator-key anna.pem")).refused("operator.unknown");
    world.run("operator add anna --key anna.pem").refused("operator.key");
    world.run("operator add an=na --key anna.pub").refused("operator.name");
    holds(&world.run("operator add anna --key anna.pub").done(), &json!({ "operator": "anna" }), "operator add");
    let size = world.run("journal head").done()["size"].clone();
    world.run("operator add anna --key anna.pub").done();
    assert_eq!(world.run("journal head").done()["size"], size, "nothing happened");
    world.run(&format!("{add} --as anna")).refused("operator.key_needed");
    world.run(&format!("{add} --as anna --operator-key eve.pem")).refused("operator.wrong_key");
    world.run(&format!("{add} --as anna --operator-key anna.pub")).refused("operator.key");
    world.run(&format!("{add} --as eve --operator-key eve.pem")).refused("operator.unknown");
    world.run(&format!("{add} --as anna --operator-key anna.pem")).done();
    // What the policy keeps for the console is refused, and the refusal is on record.
    let before = world.run("journal head").done()["size"].as_u64().unwrap();
    world.run("key rotate --as anna --operator-key anna.pem").refused("policy.not_allowed");
    world.run("operator add berta --key anna.pub --as anna --operator-key anna.pem").refused("policy.not_allowed");
    assert_eq!(world.run("journal head").done()["size"].as_u64().unwrap(), before + 2);
    world.verified();
}

#[test]
fn operators_with_keys_of_openssl() {
    let world = World::real();
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(world.path("")).args(args.split(' ')).output().is_ok_and(|output| output.status.success())
    };
    // Where there is no openssl the embedded keys of the test above have to do.
    if openssl("genpkey -algorithm ed25519 -out o.pem") && openssl("pkey -in o.pem -pubout -out o.pub") {
        world.run("operator add ole --key o.pub").done();
        world.run("payer add A --cvr 13748136 --kind public --no-account reject --as ole --operator-key o.pem").done();
    }
}

#[test]
fn who_did_it_is_in_the_history() {
    let world = World::settled();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}register,cpr:{FRIDA},0040-77,,,,,\n"));
    world.run("account import rows.csv --bank Nordbank --as anna").done();
    let history = world.run(&format!("account history cpr:{FRIDA}")).done();
    holds(&history["designations"][0], &json!({ "by": "operator:anna", "channel": "bank:Nordbank" }), "history");
}

#[test]
fn payers_have_one_agreement_at_a_time() {
    let world = World::settled();
    let add = |rest: &str| world.run(&format!("payer add {rest}"));
    let size = || world.run("journal head").done()["size"].as_u64().unwrap();
    let before = size();
    holds(&add("Ny --cvr 25992180 --kind private --no-account hold").done(), &json!({ "payer": "Ny" }), "payer add");
    assert_eq!(size(), before + 1);
    add("Ny --cvr 25992180 --kind private --no-account hold").done();
    assert_eq!(size(), before + 1, "nothing happened");
    add("Ny --cvr 25992180 --kind private --no-account reject").done();
    assert_eq!(size(), before + 2);
    add("Ny --cvr 13748136 --kind private --no-account reject").refused("payer.name_taken");
    add("Ny --cvr 25992180 --kind public --no-account reject").refused("payer.kind");
    add(&format!("{} --cvr 13748136 --kind private --no-account reject", "x".repeat(71))).refused("payer.name");
    let unknown_bank = iban("DK", "9999-1");
    add(&format!("Ny --cvr 25992180 --kind private --no-account pay-to:{unknown_bank}")).refused("payer.pay_to");
    add("Ny --cvr 25992180 --kind private --no-account hold --on-return waiting").refused("payer.on_return");
    add(&format!("Ny --cvr 25992180 --kind private --no-account pay-to:{ALICE_IBAN} --on-return waiting")).done();
    world.verified();
}

#[test]
fn the_key_is_rotated() {
    let world = World::settled();
    let former = world.bytes("store.key");
    let before = world.run(&format!("resolve cpr:{ALICE}")).done();
    world.run("key rotate").done();
    assert_ne!(world.bytes("store.key"), former);
    assert_eq!(mode(&world.path("store.key")), 0o600);
    assert_eq!(world.run(&format!("resolve cpr:{ALICE}")).done(), before);
    world.write("former.key", &former);
    set_mode(&world.path("former.key"), 0o600);
    world.run("journal head --master-key former.key").refused("key.wrong");
    world.run("key rotate").done();
    world.verified();
    assert_eq!(world.files("").iter().filter(|name| name.contains(".next") || name.contains(".part")).count(), 0);
}

#[test]
fn migrating_says_that_nobody_else_was_granted_anything() {
    let world = World::settled();
    let told = world.say("migrate");
    assert!(told.starts_with("The store's tables are what this program needs."), "{told}");
    assert_eq!(told.contains("--migrate-store"), is_postgres(), "{told}");
}

#[test]
fn the_policy_is_printed() {
    let world = World::empty();
    let policy = world.run("policy").done();
    let operations = policy["operations"].as_array().unwrap();
    let of = |name: &str| operations.iter().find(|row| row["operation"] == name).unwrap()["roles"].clone();
    assert_eq!(of("key.rotate"), json!(["console"]));
    assert_eq!(of("payout.route"), json!(["console", "operator", "public-payer", "private-payer"]));
    assert_eq!(of("payout.fetch"), json!(["public-payer"]));
}

#[test]
fn people_read_text_and_no_progress_bar_in_a_pipe() {
    let world = World::empty();
    let run = |args: &str| {
        let mut command = Command::new(&*BINARY);
        let output = command.current_dir(world.path("")).args(args.split(' ')).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run("demo --people 300 --companies 30 --payments 400 --data shown");
    let words = [
        "A nation of 300 people",
        "400 payments",
        "routed",
        "nobody is paid twice",
        "Second act",
        "to the mule",
        "held, as its agreement says (change pending;",
        "their own account",
        "agree: ",
    ];
    for words in words {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "no terminal's codes in a pipe: {text:?}");
    assert!(run("payout list --data shown").contains("completed"));
    assert!(run("journal verify --data shown").contains("tables of shown agree"));
    assert!(run("policy").lines().any(|line| line.starts_with("key.rotate") && line.trim_end().ends_with('-')));
}

/// What the second act says of itself, and the files that it names.
fn the_thief_succeeds_and_does_not(world: &World, act: &Value) {
    let (before, now) = (&act["under_2015"], &act["under_anvis"]);
    assert_eq!((&before["stolen"], &before["traced"]), (&json!("12480.00"), &json!(1)), "{act}");
    let expected = json!({
        "stolen": "0.00", "notices": 3, "stopped": "stopped", "state": "refused", "paid_to_own": true,
        "hold": { "reason": "change pending", "owner": "payee", "ends": "change ended" },
    });
    holds(now, &expected, "the second attempt");
    let read = |name: &Value| std::fs::read(world.path(name.as_str().unwrap())).unwrap();
    let pdf = read(&now["letter"]);
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 5_000);
    let traced = |of: &Value| -> Value { serde_json::from_slice(&read(&of["trace"])).unwrap() };
    let (robbed, spared) = (traced(before)["payments"][0].clone(), traced(now)["payments"][0].clone());
    for paid in [&robbed, &spared] {
        holds(paid, &json!({ "payer": "skatteforvaltningen", "amount": "12480.00", "state": "routed" }), "traced");
    }
    assert_ne!(robbed["account"], spared["account"]);
    let recalls = before["recalls"].as_array().unwrap();
    assert_eq!(recalls.len(), 1);
    let recall = String::from_utf8(read(&recalls[0])).unwrap();
    for words in ["camt.055.001.08", "FRAD", robbed["end_to_end_id"].as_str().unwrap()] {
        assert!(recall.contains(words), "{words}: {recall}");
    }
    let folder = act["folder"].as_str().unwrap();
    let notices = world.files(&format!("{folder}/notices"));
    for ending in [".memo.xml", ".sms.json", ".eml"] {
        assert!(notices.iter().any(|name| name.ends_with(ending)), "{ending}: {notices:?}");
    }
}

#[test]
fn the_demo_runs_twice_in_the_same_place() {
    let world = World::empty();
    let args = "demo --people 300 --companies 30 --payments 400 --data shown";
    for _ in 0..2 {
        let shown = world.run(args).done();
        holds(
            &shown,
            &json!({ "payments": 400, "duplicate_again": true, "data": "shown", "files": "shown-files" }),
            "demo",
        );
        assert!(shown["routed"].as_u64().unwrap() > 0 && shown["rejected"].as_u64().unwrap() > 0, "{shown}");
        the_thief_succeeds_and_does_not(&world, &shown["second_act"]);
    }
    world.run("journal verify --data shown").done();
    let files = world.files("shown-files");
    let messages = |is_second: bool| {
        let is_message = |name: &&String| name.contains(".pain.00") || name.contains(".camt.0");
        let some = files.iter().filter(is_message).filter(|name| name.contains("second-act") == is_second);
        some.map(|name| world.path(name)).collect::<Vec<_>>()
    };
    let written = messages(false);
    assert_eq!(written.len(), 3, "what came in, the completed file, and the report: {written:?}");
    validate(&written);
    // Of the thief who succeeds: a file in, one out, a report, and the recall. Of the one who does not: a file in, and when it was let go
    // one out; a report of each.
    let written = messages(true);
    assert_eq!(written.len(), 4 + 4, "{written:?}");
    validate(&written);
    // A store that is no demo's is never removed.
    world.run("init --data mine").done();
    world.run("demo --people 10 --companies 1 --payments 1 --data mine").refused("store.exists");
    world.run("journal verify --data mine").done();
}

#[test]
fn nothing_that_is_exchanged_lies_in_the_data_folder() {
    let world = World::settled();
    world.write("file.xml", "x");
    world.write("rows.csv", "reg,bank,bic,country\n");
    let before = world.files("store");
    let check = |args: &str| {
        world.run(args).refused("store.inside");
        assert_eq!(world.files("store").len(), before.len(), "{args}");
    };
    check("payout route file.xml --payer Udbetaling --out store");
    check("payout route file.xml --payer Udbetaling --out store/../store/out");
    check("payout release 38G9WMVY9KPEX --out store/out");
    check("bank import rows.csv --rejects store/rejects.csv");
    world.run("init --data other --master-key other/key").refused("store.inside");
}

#[test]
fn refused_rows_take_no_other_files_place() {
    let world = World::settled();
    let rows = "reg,bank,bic,country\n40,Havbanken,,DK\n";
    world.write("rows.csv", rows);
    world.run("bank import rows.csv --rejects rows.csv").refused("import.rejects_taken");
    assert_eq!(world.read("rows.csv"), rows);
    world.run("bank import rows.csv --rejects list.csv").done();
    assert!(world.read("list.csv").starts_with("line,code,text\n2,bank.reg,"), "{}", world.read("list.csv"));
    // A list of a former run is replaced.
    world.write("rows.csv", "reg,bank,bic,country\n");
    world.run("bank import rows.csv --rejects list.csv").done();
    assert!(!world.path("list.csv").exists());
}

#[test]
fn a_wrong_command_line_repeats_no_number() {
    let world = World::settled();
    for args in ["resolve 6101701234", "resolve CPR:6101701234", "resolve cpr:1234 cpr:6101701234"] {
        let text = world.run(args).failed(2, "usage");
        assert!(!text.contains("1701234"), "{args}: {text}");
    }
}

#[test]
fn the_command_line_goes_before_the_environment() {
    let world = World::settled();
    world.run("backup bk").done();
    let elsewhere = "postgres://nobody@127.0.0.1:1/anvis?sslmode=disable";
    let run = |args: &str| {
        let mut command = Command::new(&*BINARY);
        command.current_dir(world.path("")).args(args.split(' ')).arg("--json");
        command.env("ANVIS_STORE", elsewhere).env("ANVIS_MIGRATE_STORE", elsewhere).env_remove("ANVIS_DATA");
        command.env("ANVIS_MASTER_KEY", "store.key").stdout(Stdio::piped()).stderr(Stdio::piped());
        answer(args, command.spawn().unwrap())
    };
    let head = run("journal verify --data bk").done();
    assert_eq!(run("--data bk journal head").done(), head);
    assert_eq!(run("journal head --store sqlite:bk --data other").done(), head);
    holds(&run("restore bk --data new").done(), &head, "restored");
    holds(
        &run("store copy --from sqlite:bk --to sqlite:copied").done(),
        &json!({ "size": head["size"].as_u64().unwrap() + 1 }),
        "copied",
    );
    run("migrate --data new").done();
    // What is said twice holds; and where nothing is said, the environment.
    run(&format!("init --data none --migrate-store {elsewhere}")).refused("store.owner");
    run("journal head").failed(1, "store.unreachable");
    run("restore bk").failed(1, "store.unreachable");
}
