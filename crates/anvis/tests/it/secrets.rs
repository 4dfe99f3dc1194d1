//! A stolen disk tells nothing, and neither does a log.

use crate::pain::*;
use crate::support::*;
use kernel::testing::require_sqlite;
use std::process::Command;

/// Texts that stand in the registers and payment files below and must not stand anywhere else.
fn hidden() -> Vec<String> {
    let numbers =
        [ALICE, BENT, CARL, DORA, ERIK, FRIDA, GERD, HANS, IDA, JENS, KAJ, NOBODY, COMPANY, SE_NUMBER, P_NUMBER];
    let mut hidden: Vec<String> = numbers.map(str::to_owned).to_vec();
    let others = [
        "710170-1234",
        "Hemmelighed",
        "HEMMELIGHED",
        "Skjulvej",
        "Hauptstrasse",
        "Prøve og Søn",
        "0440116243",
        "4811223344",
        ALICE_IBAN,
        GERD_IBAN,
        STAND_IN_IBAN,
        "370400440532013000",
        "MSG-HEMMELIG",
        "INSTR-HEMMELIG",
        "E2E-HEMMELIG-1",
        "E2E-HEMMELIG-2",
        "Husleje for maj",
        "Modtager Navnesen",
        "Udbetaler",
        "NKSBOS",
        PUBLIC,
        HOLDER,
        "4520304050",
        "hemmelig@example.dk",
        "Pas-123456",
        "Sagsbehandler",
        "HEMMELIG-LAAN",
    ];
    hidden.extend(others.map(str::to_owned));
    hidden
}

fn payments() -> String {
    let secret = |payment: Pay| Pay { remittance: Some("Husleje for maj"), ..payment };
    let payments = [
        secret(cpr("E2E-HEMMELIG-1", ALICE, "1.00")),
        secret(cpr("E2E-HEMMELIG-2", FRIDA, "2.00")),
        secret(Pay { benefit: Some("NKSBOS"), ..cpr("E2E-HEMMELIG-3", HANS, "3.00") }),
        secret(cpr("E2E-HEMMELIG-4", NOBODY, "3.00")),
    ];
    simple("MSG-HEMMELIG", &payments)
        .replace("<InstrId>I-", "<InstrId>INSTR-")
        .replace("<Nm>Modtager</Nm>", "<Nm>Modtager Navnesen</Nm>")
}

#[track_caller]
fn check_folder(world: &World, folder: &str, hidden: &[String], when: &str) {
    let files = world.files(folder);
    assert!(!files.is_empty());
    for name in files {
        // By another process: closing a file that this one has open as a database would give up the database's locks.
        let bytes = Command::new("cat").arg(world.path(&name)).output().unwrap().stdout;
        for text in hidden {
            for needle in [text.clone().into_bytes(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()] {
                let found = bytes.windows(needle.len()).any(|window| window == needle);
                assert!(!found, "{text} stands in {name} {when}");
            }
        }
    }
}

#[test]
fn on_sqlite_nothing_personal_stands_in_the_data_folder_or_in_a_log() {
    require_sqlite();
    let world = World::settled();
    let hidden = hidden();
    // A reader that never finishes keeps the write-ahead log from being folded in: it is looked through, too.
    let reader = world.database();
    reader.execute_batch("BEGIN; SELECT COUNT(*) FROM payee").unwrap();
    reader.query_row("SELECT COUNT(*) FROM payee", [], |_| Ok(())).unwrap();
    world.write("payments.xml", payments());
    world.write("officer.pub", crate::commands::PUBLIC_KEY);
    world.add_client("one", &format!("public-payer --payer {PUBLIC}"), CERTIFICATE);
    let mut said = Vec::new();
    let mut run = |args: &str| {
        let answer = world.run(args);
        check_folder(&world, "store", &hidden, args);
        said.push((args.to_owned(), answer.stdout.clone(), answer.stderr.clone()));
        answer
    };
    let routed = run(&format!("payout route payments.xml --payer {HOLDER} --out out --hold")).done();
    let batch = routed["batch"].as_str().unwrap().to_owned();
    run(&format!("payout route payments.xml --payer {PUBLIC} --out out")).done();
    run("payout cancel NOSUCHBATCH00").ended(3);
    run(&format!("payout release {batch} --out out")).done();
    run(&format!("caseworker add Sagsbehandler --key officer.pub --authority {PUBLIC} --benefit NKSBOS --in-person"))
        .done();
    run(&format!("contact add cpr:{FRIDA} --sms +4520304050 --as citizen:cpr:{FRIDA}")).done();
    run(&format!("contact add cpr:{FRIDA} --email hemmelig@example.dk --as Sagsbehandler --reason Brev")).done();
    run(&format!("lock set cpr:{FRIDA} --as citizen:cpr:{FRIDA}")).done();
    run(&format!("lock lift cpr:{FRIDA} --as Sagsbehandler --reason Brev --in-person Pas-123456")).done();
    world.write("accounts.csv", format!("{ACCOUNT_HEADER}register,cpr:{NOBODY},{ALICE_ACCOUNT},,,,,\n\"{ALICE}\n"));
    run("account import accounts.csv --channel operator").done();
    let follow = "subscription add --client one --purpose payment --until 2026-12-01 --reference HEMMELIG-LAAN";
    run(&format!("{follow} --payee cpr:{ALICE}")).done();
    world.write("payments.xml", payments().replacen("</MsgId>", "-2</MsgId>", 1).replacen("<Amt>", "<Amount>", 1));
    run(&format!("payout route payments.xml --payer {PUBLIC} --out out")).refused("FF01");
    world.write(
        "payments.xml",
        payments().replacen("<NbOfTxs>4", "<NbOfTxs>5", 1).replacen("</MsgId>", "-3</MsgId>", 1),
    );
    run(&format!("payout route payments.xml --payer {PUBLIC} --out out")).refused("AM19");
    run("journal verify").done();
    assert!(
        world.files("store").iter().any(|name| name.ends_with("-wal")),
        "the log was there to be looked through: {:?}",
        world.files("store")
    );
    for (args, stdout, stderr) in &said {
        for text in hidden.iter().filter(|text| !args.contains(text.as_str())) {
            assert!(
                !stdout.contains(text.as_str()) && !stderr.contains(text.as_str()),
                "{args} said {text}: {stdout}{stderr}"
            );
        }
    }
    drop(reader);
    world.run("key rotate").done();
    // What is asked for is told, and is not written down in clear for that.
    world.run(&format!("resolve cpr:{ALICE}")).done();
    world.run(&format!("account history cpr:{ALICE}")).done();
    world.run(&format!("payout show {batch}")).done();
    world.run(&format!("payout cancel {batch} --end-to-end E2E-HEMMELIG-1")).ended(3);
    check_folder(&world, "store", &hidden, "after look-ups");
}

#[test]
fn errors_for_people_show_nothing_either() {
    let world = World::settled();
    let run = |args: &str| {
        let mut command = world.command(args);
        let args: Vec<_> = command.get_args().filter(|arg| *arg != "--json").map(std::ffi::OsStr::to_owned).collect();
        command = Command::new(&*BINARY);
        command.current_dir(world.path("")).args(args).output().unwrap()
    };
    world.write("payments.xml", payments().replacen("<CtrlSum>", "<CtrlSum>9", 1));
    let output = run(&format!("payout route payments.xml --payer {PUBLIC} --out out"));
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("[AM16]"), "{said}");
    for text in hidden() {
        assert!(!said.contains(&text), "{said}");
    }
    world.write("accounts.csv", format!("{ACCOUNT_HEADER}register,cpr:{NOBODY},{ALICE_ACCOUNT},,,,,\n"));
    let output = run("account import accounts.csv --channel operator");
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    for text in hidden() {
        assert!(!said.contains(&text), "{said}");
    }
}

#[test]
fn on_sqlite_equal_values_do_not_look_equal() {
    require_sqlite();
    // Two payees with one account, and one text in two payments.
    let world = World::settled();
    world.change(&format!("register,cpr:{FRIDA},{ALICE_ACCOUNT},,,,,"));
    let database = world.database();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT COUNT(*) - COUNT(DISTINCT account) FROM designation"), 0);
    assert_eq!(count("SELECT COUNT(*) - COUNT(DISTINCT record) FROM register_row"), 0);
}

#[test]
fn a_backup_tells_no_more_than_the_store() {
    let world = World::settled();
    world.write("payments.xml", payments());
    world.run(&format!("payout route payments.xml --payer {HOLDER} --out out --hold")).done();
    world.run("backup bk").done();
    check_folder(&world, "bk", &hidden(), "after a backup");
}
