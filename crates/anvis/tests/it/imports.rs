//! Files of rows: what is taken, what is refused and how it is told.

use crate::support::*;
use serde_json::json;

/// Imports one file of rows that are all refused, each with the code that stands beside it.
#[track_caller]
fn check_refusals(world: &World, command: &str, header: &str, rows: &[(&str, &str)]) {
    let before = world.run("journal head").done()["size"].as_u64().unwrap();
    let content: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    let found = world.import(command, format!("{header}{content}"));
    let expected: Vec<String> =
        rows.iter().enumerate().map(|(at, (row, code))| format!("{},{code} {row}", at + 2)).collect();
    let name = format!("{}.csv.rejects.csv", command.split(' ').next().unwrap());
    let rejects = world.read(&name);
    let mut lines = rejects.lines();
    assert_eq!(lines.next(), Some("line,code,text"));
    let told: Vec<String> = lines
        .zip(rows)
        .map(|(line, (row, _))| {
            let mut parts = line.splitn(3, ',');
            let (line, code, text) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
            assert!(text.split(' ').count() > 3 && !text.contains(','), "a plain sentence: {text}");
            format!("{line},{code} {row}")
        })
        .collect();
    assert_eq!(told, expected);
    let count = rows.len();
    assert_eq!(found, json!({ "rows": count, "changed": 0, "held": 0, "unchanged": 0, "rejected": count }));
    assert_eq!(world.run("journal head").done()["size"].as_u64().unwrap(), before + 1, "one entry for the file");
    world.verified();
}

#[test]
fn population_rows() {
    let world = World::synthetic();
    let header = POPULATION.lines().next().unwrap().to_owned() + "\n";
    let long = format!("{ALICE},{},,,,DK,active,,", "x".repeat(201));
    check_refusals(
        &world,
        "population import",
        &header,
        &[
            ("6101701234,A,,,,DK,active,", "row.malformed"),
            ("6101701234,A,,,,DK,active,,,", "row.malformed"),
            ("\"6101701234,A,,,,DK,active,,", "row.malformed"),
            ("610170123,A,,,,DK,active,,", "payee.malformed"),
            ("9901701234,A,,,,DK,active,,", "payee.malformed"),
            ("6113701234,A,,,,DK,active,,", "payee.malformed"),
            (",A,,,,DK,active,,", "payee.malformed"),
            ("6101701234,,,,,DK,active,,", "row.empty_field"),
            ("6101701234,A,,,,DK,unwell,,", "register.status"),
            ("6101701234,A,,,,DK,,,", "register.status"),
            ("6101701234,A,,,,DK,active,2026-02-30,", "register.date"),
            ("6101701234,A,,,,DK,active,1/2/2026,", "register.date"),
            ("6101701234,A,,,,DK,active,,maybe", "register.flag"),
            (&long, "row.field_too_long"),
            ("6101701234,A\tB,,,,DK,active,,", "row.control_character"),
        ],
    );
    let counts = world.import("population import", POPULATION);
    assert_eq!(counts, json!({ "rows": 11, "changed": 11, "held": 0, "unchanged": 0, "rejected": 0 }));
    assert!(!world.path("population.csv.rejects.csv").exists(), "a list without rows is taken away");
    let counts = world.import("population import", POPULATION_LATER);
    assert_eq!(counts, json!({ "rows": 1, "changed": 1, "held": 0, "unchanged": 0, "rejected": 0 }));
    // The whole file again with a line more: it is another file, and says what is known but for Erik's death.
    let counts = world.import("population import", format!("{POPULATION}\n"));
    assert_eq!(counts, json!({ "rows": 11, "changed": 1, "held": 0, "unchanged": 10, "rejected": 0 }));
    world.verified();
}

#[test]
fn a_file_of_a_known_moment_undoes_nothing_that_is_known_of_later() {
    let world = World::synthetic();
    let header = POPULATION.lines().next().unwrap();
    let check = |moment: &str, name: &str, changed: u64, code: &str| {
        let row = format!("{header}\n6101701234,{name},,,,DK,active,,\n");
        let counts = world.import(&format!("population import --as-of {moment}"), row);
        assert_eq!(counts["changed"], changed, "{moment} {name}");
        let rejects = if code.is_empty() { 0 } else { 1 };
        assert_eq!(counts["rejected"], rejects, "{moment} {name}");
    };
    check("2026-11-02", "A", 1, "");
    check("2026-11-01", "B", 0, "");
    check("2026-11-03", "B", 1, "");
    check("2126-11-03", "C", 0, "register.future");
    let row = "cvr,name,status,status_date\n13748136,A,active,\n";
    assert_eq!(world.import("company import --as-of 2026-11-03", row)["changed"], 1);
    world.verified();
}

#[test]
fn replacement_numbers_are_refused_where_real_people_are() {
    let world = World::real();
    let counts = world.import("population import --refuse-replacement-numbers", POPULATION);
    assert_eq!(counts, json!({ "rows": 11, "changed": 0, "held": 0, "unchanged": 0, "rejected": 11 }));
    assert!(world.read("population.csv.rejects.csv").contains("2,payee.replacement_number,"));
}

#[test]
fn company_and_bank_rows() {
    let world = World::synthetic();
    check_refusals(
        &world,
        "company import",
        "cvr,name,status,status_date\n",
        &[
            ("32080808,A,active,", "payee.malformed"),
            ("2599218,A,active,", "payee.malformed"),
            ("25992180,,active,", "row.empty_field"),
            ("25992180,A,sleeping,", "register.status"),
            ("25992180,A,active,2026-13-01", "register.date"),
            ("25992180,A,active", "row.malformed"),
        ],
    );
    let long = format!("0040,{},,DK", "x".repeat(141));
    check_refusals(
        &world,
        "bank import",
        "reg,bank,bic,country\n",
        &[
            ("40,A,,DK", "bank.reg"),
            ("00400,A,,DK", "bank.reg"),
            ("abcd,A,,DK", "bank.reg"),
            ("0040,,,DK", "row.empty_field"),
            ("0040,A,NDEA,DK", "bank.bic"),
            ("0040,A,,SE", "bank.country"),
            (&long, "row.field_too_long"),
        ],
    );
    assert_eq!(world.import("bank import", BANKS)["changed"], 6);
    // The same number twice: the later line holds.
    let counts = world
        .import("bank import", "reg,bank,bic,country\n0040,Nordbank,NDEADKKK,DK\n5000,Ny,,DK\n5000,Sparekassen,,DK\n");
    assert_eq!(counts, json!({ "rows": 3, "changed": 2, "held": 0, "unchanged": 1, "rejected": 0 }));
}

#[test]
fn account_rows() {
    let world = World::settled();
    check_refusals(
        &world,
        "account import --channel operator",
        ACCOUNT_HEADER,
        &[
            // Not a row.
            ("delete,cpr:6601701239,0040-1,,,,,", "designation.action"),
            ("Register,cpr:6601701239,0040-1,,,,,", "designation.action"),
            (",cpr:6601701239,0040-1,,,,,", "designation.action"),
            ("register,6601701239,0040-1,,,,,", "payee.malformed"),
            ("register,cvr:32080808,0040-1,,,,,", "payee.malformed"),
            ("register,cpr:6601701239,0040-12345678901,,,,,", "account.malformed"),
            ("register,cpr:6601701239,DK5000400440116244,,,,,", "account.malformed"),
            ("register,cpr:6601701239,0040-1,XX,,,,", "bank.bic"),
            ("register,cpr:6601701239,0040-1,,nothing,,,", "designation.expects"),
            ("register,cpr:6601701239,0040-1,,,kr,,", "account.currency"),
            ("register,cpr:6601701239,0040-1,,,,Udbetaling,", "designation.purpose"),
            ("register,cpr:6601701239,0040-1,,,,,NKSBOS", "designation.purpose"),
            ("register,cpr:6601701239,0040-1,,,,Udbetaling,two words", "designation.purpose"),
            ("register,cpr:6601701239,0040-1,,,,,,,,mine", "designation.holder"),
            ("register,cpr:6601701239,0040-1,,,,,,,,own,", "row.malformed"),
            ("register,cpr:6601701239,DE89370400440532013000,,,,,", "account.bic"),
            ("register,cpr:6601701239,DE89370400440532013000,SYBKDK22,,,,", "account.bic_country"),
            ("register,cpr:6601701239,DE89370400440532013000,BKAUATWW,,,,", "account.bic_country"),
            // A row, but about what is not there.
            ("register,cpr:6601701239,0040-1,,,,Ukendt,NKSBOS", "payer.unknown"),
            ("register,cpr:6601701239,0040-1,SYBKDK22,,,,", "account.bic"),
            ("register,cpr:6601701239,5000-1,SYBKDK22,,,,", "account.bic"),
            ("register,cpr:7201701235,0040-1,,,,,", "payee.unknown"),
            ("register,cpr:6601701239,,,,,,", "account.missing"),
            ("register,cpr:6601701239,9999-1,,,,,", "bank.unknown"),
            ("register,cpr:6501701238,0040-1,,,,,", "payee.dead"),
            ("register,cvr:30808460,0040-1,,,,,", "payee.dead"),
            ("close,cpr:6601701239,,,,,,", "designation.none"),
            ("freeze,cpr:6601701239,,,,,,", "designation.none"),
            ("unfreeze,cpr:6401701237,,,,,,", "designation.none"),
            ("close,se:25992180,,,,,,", "designation.none"),
            // What is expected is not what is in force.
            ("change,cpr:6101701234,0040-1,,,,,", "designation.expects_missing"),
            ("register,cpr:6101701234,0040-1,,,,,", "designation.expects_missing"),
            ("change,cpr:6101701234,0040-1,,none,,,", "designation.expects_mismatch"),
            ("change,cpr:6101701234,0040-1,,0041,,,", "designation.expects_mismatch"),
            ("change,cpr:6101701234,0040-1,,SYBKDK22,,,", "designation.expects_mismatch"),
            ("change,cpr:6101701234,0040-1,,0040-1,,,", "designation.expects_mismatch"),
            ("change,cpr:6101701234,0040-1,,DE89370400440532013000,,,", "designation.expects_mismatch"),
            ("change,cpr:6601701239,0040-1,,0040,,,", "designation.expects_mismatch"),
            ("close,cpr:6101701234,0040-1,,,,,", "designation.expects_mismatch"),
            ("freeze,cpr:6101701234,,,1020,,,", "designation.expects_mismatch"),
            ("change,cpr:6301701236,0040-1,,0040,,,", "designation.frozen"),
            ("close,cpr:6301701236,,,,,,", "designation.frozen"),
        ],
    );
}

#[test]
fn banks_touch_only_their_own() {
    let world = World::settled();
    check_refusals(
        &world,
        "account import --bank Sydbank",
        ACCOUNT_HEADER,
        &[
            ("register,cpr:6601701239,0040-1,,,,,", "designation.other_bank"),
            ("register,cpr:6601701239,DE89370400440532013000,COBADEFFXXX,,,,", "designation.other_bank"),
            ("close,cpr:6101701234,,,,,,", "designation.none"),
            ("freeze,cpr:6101701234,,,,,,", "designation.none"),
            ("unfreeze,cpr:6301701236,,,,,,", "designation.none"),
            ("close,cpr:7201701235,,,,,,", "designation.none"),
            ("register,cpr:6601701239,1020-1,,,,Udbetaling,NKSBOS", "designation.specific"),
            ("close,cpr:6801701231,,,,,Udbetaling,NKSBOS", "designation.specific"),
        ],
    );
    world.write("rows.csv", format!("{ACCOUNT_HEADER}register,cpr:{FRIDA},1020-1,,,,,\n"));
    world.run("account import rows.csv --bank Nobody").refused("bank.unknown");
    assert_eq!(world.run("account import rows.csv --bank Sydbank").done()["changed"], 1);
    // A bank may take a customer over from another, and says why: it has their consent.
    let take_over = format!("change,cpr:{ALICE},1020-5,,{ALICE_ACCOUNT},,,");
    let silent = world.import("account import --bank Sydbank", format!("{ACCOUNT_HEADER}{take_over}\n"));
    assert_eq!(silent["rejected"], 1);
    assert!(world.read("account.csv.rejects.csv").contains("2,designation.reason_missing,"));
    let take_over = format!("{GROUNDS_HEADER}{take_over},user_request,signed_form\n");
    assert_eq!(world.import("account import --bank Sydbank", take_over)["changed"], 1);
    world.verified();
}

#[test]
fn what_is_frozen_is_unfrozen_by_whoever_froze_it() {
    let world = World::settled();
    let state = |number: &str| world.run(&format!("resolve cpr:{number}")).done()["state"].clone();
    let by_bank = |rows: &str| world.import("account import --bank Nordbank", format!("{ACCOUNT_HEADER}{rows}\n"));
    // Carl's was frozen by the operator: his bank can neither lift that nor get around it.
    let counts = by_bank(&format!("unfreeze,cpr:{CARL},,,,,,\nclose,cpr:{CARL},,,,,,\nfreeze,cpr:{CARL},,,,,,"));
    assert_eq!(counts, json!({ "rows": 3, "changed": 0, "held": 0, "unchanged": 1, "rejected": 2 }));
    assert_eq!(state(CARL), "frozen");
    assert_eq!(world.change(&format!("unfreeze,cpr:{CARL},,,,,,"))["changed"], 1);
    assert_eq!(state(CARL), "in_force");
    // What the bank froze, the bank unfreezes, or the operator.
    for unfreeze in [true, false] {
        assert_eq!(by_bank(&format!("freeze,cpr:{ALICE},,,,,,{}", if unfreeze { "" } else { "\n" }))["changed"], 1);
        assert_eq!(state(ALICE), "frozen");
        let row = format!("unfreeze,cpr:{ALICE},,,,,,");
        assert_eq!(if unfreeze { by_bank(&row) } else { world.change(&row) }["changed"], 1);
        assert_eq!(state(ALICE), "in_force");
    }
    world.verified();
}

#[test]
fn what_is_expected_may_be_said_in_four_ways() {
    for expects in ["0040", "NDEADKKK", ALICE_ACCOUNT, ALICE_IBAN] {
        let world = World::settled();
        let counts = world.change(&format!("change,cpr:{ALICE},1020-5,,{expects},,,"));
        assert_eq!(counts["changed"], 1, "{expects}");
        assert_eq!(world.run(&format!("resolve cpr:{ALICE}")).done()["account"], iban("DK", "1020-5"));
    }
    let world = World::settled();
    assert_eq!(world.change(&format!("register,cpr:{DORA},1020-5,,none,,,"))["changed"], 1, "a closed account is none");
    assert_eq!(world.change(&format!("change,cpr:{GERD},1020-5,,{GERD_IBAN},,,"))["changed"], 1);
}

#[test]
fn rows_of_one_file_follow_each_other() {
    let world = World::settled();
    let rows = format!(
        "register,cpr:{FRIDA},0040-1,,none,,,\nchange,cpr:{FRIDA},0040-2,,0040-1,,,\nfreeze,cpr:{FRIDA},,,,,,\n\
         change,cpr:{FRIDA},0040-3,,0040-2,,,\nunfreeze,cpr:{FRIDA},,,,,,\nchange,cpr:{FRIDA},0040-3,,0040-2,,,\n\
         change,cpr:{FRIDA},0040-3,,0040-2,,,\nclose,cpr:{FRIDA},,,0040-3,,,\nclose,cpr:{FRIDA},,,,,,"
    );
    let counts = world.change(&rows);
    assert_eq!(counts, json!({ "rows": 9, "changed": 6, "held": 0, "unchanged": 2, "rejected": 1 }));
    assert!(world.read("account.csv.rejects.csv").starts_with("line,code,text\n5,designation.frozen,"));
    assert_eq!(world.run(&format!("resolve cpr:{FRIDA}")).done()["state"], "closed");
    let history = world.run(&format!("account history cpr:{FRIDA}")).done();
    let states: Vec<&str> =
        history["designations"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["closed", "in_force", "in_force", "frozen", "in_force", "in_force"]);
    world.verified();
}

#[test]
fn headers_are_required() {
    let world = World::settled();
    let check = |command: &str, content: &str| {
        world.write("rows.csv", content);
        world.run(&command.replace("FILE", "rows.csv")).refused("import.header");
    };
    check("population import FILE", "");
    check("population import FILE", &POPULATION[POPULATION.find('\n').unwrap() + 1..]);
    check("population import FILE", &POPULATION.replacen("cpr,name", "name,cpr", 1));
    check("company import FILE", POPULATION);
    check("bank import FILE", &BANKS.replacen(",country", "", 1));
    check("account import FILE --channel operator", &ACCOUNTS.replacen("benefit", "benefit,more", 1));
    check("account import FILE --channel operator", &ACCOUNTS.replacen("action", "\"action", 1));
    let before = world.run("journal head").done();
    // A header alone is a file without rows.
    world.write("rows.csv", ACCOUNT_HEADER);
    let counts = world.run("account import rows.csv --channel operator").done();
    assert_eq!(counts, json!({ "rows": 0, "changed": 0, "held": 0, "unchanged": 0, "rejected": 0 }));
    assert_eq!(world.run("journal head").done(), before);
}

#[test]
fn spelling_of_files() {
    let check = |label: &str, content: &[u8], changed: u64, rejected: u64| {
        let world = World::settled();
        let counts = world.import("account import --channel operator", content);
        assert_eq!((&counts["changed"], &counts["rejected"]), (&json!(changed), &json!(rejected)), "{label}");
        world.verified();
    };
    let rows = format!("{ACCOUNT_HEADER}register,cpr:{FRIDA},0040-1,,,,,\nregister,cvr:{POOR_COMPANY},0040-2,,,,,\n");
    check("as it is", rows.as_bytes(), 2, 0);
    check("without a last line end", rows.trim_end().as_bytes(), 2, 0);
    check("CRLF", rows.replace('\n', "\r\n").as_bytes(), 2, 0);
    check("byte order mark", format!("\u{feff}{rows}").as_bytes(), 2, 0);
    check("empty lines", rows.replace('\n', "\n\n").as_bytes(), 2, 0);
    check("quotes", rows.replace("0040-1", "\"0040-1\"").as_bytes(), 2, 0);
    check("a quote without end", rows.replace("0040-1", "\"0040-1").as_bytes(), 1, 1);
    let mut bytes = rows.clone().into_bytes();
    let at = rows.find("0040-1").unwrap();
    bytes[at] = 0xff;
    check("not UTF-8", &bytes, 1, 1);
    check("a line of a megabyte", format!("{rows}{}\n", "x".repeat(1 << 20)).as_bytes(), 2, 1);
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let world = World::settled();
    let rows = format!("{ACCOUNT_HEADER}\n\nbad,cpr:{FRIDA},,,,,,\n\r\nregister,cpr:{FRIDA},0040-1,,,,,\nbad,,,,,,,\n");
    world.import("account import --channel operator", rows);
    let rejects = world.read("account.csv.rejects.csv");
    let lines: Vec<&str> = rejects.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(lines, ["4", "7"]);
}

#[test]
fn the_list_of_refusals_goes_where_it_is_wanted_and_shows_nothing() {
    let world = World::settled();
    let secret = "0040-9876543210";
    world.write("rows.csv", format!("{ACCOUNT_HEADER}register,cpr:{NOBODY},{secret},,,,,\n\"cpr:{ALICE}\n"));
    let answer = world.run("account import rows.csv --channel operator --rejects told.csv");
    answer.done();
    assert!(!world.path("rows.csv.rejects.csv").exists());
    let told = world.read("told.csv");
    assert_eq!(told.lines().count(), 3);
    for text in [&told, &answer.stdout, &answer.stderr] {
        for hidden in [NOBODY, ALICE, secret, "9876543210"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(world.path("told.csv")).unwrap().permissions().mode() & 0o077, 0);
    // Nowhere to write it: said clearly; and the rows stand, so that a repeat has only the list to write.
    let answer = world.run("account import rows.csv --channel operator --rejects missing/told.csv");
    assert_eq!(answer.exit, 1);
    std::fs::create_dir(world.path("missing")).unwrap();
    world.run("account import rows.csv --channel operator --rejects missing/told.csv").done();
    assert_eq!(world.read("missing/told.csv"), told);
}

#[test]
fn a_repeat_gives_the_first_result() {
    let world = World::settled();
    let rows = format!("{ACCOUNT_HEADER}register,cpr:{FRIDA},0040-1,,,,,\nbad,,,,,,,\nclose,cpr:{DORA},,,,,,\n");
    world.write("rows.csv", &rows);
    let first = world.run("account import rows.csv --channel operator").done();
    assert_eq!(first, json!({ "rows": 3, "changed": 1, "held": 0, "unchanged": 1, "rejected": 1 }));
    let rejects = world.read("rows.csv.rejects.csv");
    let head = world.run("journal head").done();
    std::fs::remove_file(world.path("rows.csv.rejects.csv")).unwrap();
    // Meanwhile the account is closed; the file is known all the same, under any name.
    world.change(&format!("close,cpr:{FRIDA},,,,,,"));
    world.write("other.csv", &rows);
    assert_eq!(world.run("account import other.csv --channel operator --rejects rows.csv.rejects.csv").done(), first);
    assert_eq!(world.read("rows.csv.rejects.csv"), rejects);
    assert_eq!(world.run("journal head").done()["size"].as_u64(), head["size"].as_u64().map(|size| size + 1));
    assert_eq!(world.run(&format!("resolve cpr:{FRIDA}")).done()["state"], "closed");
    // From another source it is another file.
    assert_eq!(world.run("account import other.csv --bank Nordbank").done()["rejected"], 2, "it gives no grounds");
    world.verified();
}

#[test]
fn a_hundred_thousand_errors_are_one_entry() {
    let world = World::settled();
    let before = world.run("journal head").done()["size"].as_u64().unwrap();
    let rows = "bad,row\n".repeat(100_000);
    let counts = world.import("account import --channel operator", format!("{ACCOUNT_HEADER}{rows}"));
    assert_eq!(counts["rejected"], 100_000);
    assert_eq!(world.run("journal head").done()["size"].as_u64().unwrap(), before + 1);
    assert_eq!(world.read("account.csv.rejects.csv").lines().count(), 100_001);
}

#[test]
fn numbers_that_no_register_lists() {
    let world = World::settled();
    let find = |payee: &str| world.run(&format!("resolve {payee}")).done();
    holds(&find(&format!("se:{SE_NUMBER}")), &json!({ "account": iban("DK", "0040-24"), "state": "in_force" }), "se");
    holds(&find(&format!("p:{P_NUMBER}")), &json!({ "account": iban("DK", "0040-25"), "state": "in_force" }), "p");
    // The same digits of another kind are somebody else.
    world.run("resolve se:25992180").refused("payee.unknown");
    assert_eq!(world.change("register,se:25992180,0041-5,,,,,")["changed"], 1);
    assert_eq!(find("cvr:25992180")["account"], iban("DK", "1020-22"));
    assert_eq!(find("se:25992180")["account"], iban("DK", "0041-5"));
    world.verified();
}
