//! Files and payments that wait: released, cancelled, or waiting still.

use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// States and codes of a batch's payments, in order: `E1 routed, E2 rejected BE06`.
fn fates(world: &World, batch: &str) -> String {
    let shown = world.run(&format!("payout show {batch}")).done();
    let payments = shown["payments"].as_array().unwrap();
    let text = |payment: &Value, key: &str| payment[key].as_str().unwrap_or_default().to_owned();
    let line = |payment: &Value| {
        format!("{} {} {}", text(payment, "end_to_end_id"), text(payment, "state"), text(payment, "code"))
    };
    payments.iter().map(|payment| line(payment).trim_end().to_owned()).collect::<Vec<_>>().join(", ")
}

/// The entries of a report: `E1 ACSP, E2 RJCT BE06`, after the group's status.
fn told(world: &World, answer: &Value) -> String {
    let name = answer["status"].as_str().unwrap();
    validate(&[world.path(name)]);
    let report = report(&world.read(name));
    let line =
        |(id, status, code): (String, String, Option<String>)| format!("{id} {status} {}", code.unwrap_or_default());
    let entries: Vec<String> = report.entries.into_iter().map(|entry| line(entry).trim_end().to_owned()).collect();
    format!("{}: {}", report.group, entries.join(", "))
}

fn mixed() -> String {
    let payments = [
        cpr("E1", ALICE, "1.00"),
        cpr("E2", NOBODY, "2.00"),
        Pay { account: Some(GERD_IBAN), ..cpr("E3", ALICE, "3.00") },
        cpr("E4", BENT, "4.00"),
    ];
    simple("BLANDET", &payments)
}

fn hold(world: &World, payer: &str, input: &str) -> Value {
    world.write("payments.xml", input);
    world.run(&format!("payout route payments.xml --payer {payer} --out out --hold")).done()
}

#[test]
fn a_held_file_waits_until_it_is_released() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    holds(
        &held,
        &json!({ "state": "held", "held": 3, "rejected": 1, "routed": 0, "passed": 0, "completed": null }),
        "hold",
    );
    let batch = held["batch"].as_str().unwrap();
    assert_eq!(told(&world, &held), "PART: E1 PDNG, E2 RJCT BE06, E3 PDNG, E4 PDNG");
    assert_eq!(fates(&world, batch), "E1 held, E2 rejected BE06, E3 held, E4 held");
    assert!(world.files("out/bank").is_empty());
    // The input is not needed any more.
    std::fs::remove_file(world.path("payments.xml")).unwrap();
    // Meanwhile Alice changes banks: she is paid where she is now.
    world.change(&format!("change,cpr:{ALICE},1020-5,,0040,,,"));
    let released = world.run(&format!("payout release {batch} --out out")).done();
    holds(
        &released,
        &json!({ "batch": batch, "state": "completed", "routed": 2, "passed": 1, "held": 0, "rejected": 1 }),
        "release",
    );
    assert_eq!(released["completed"], format!("out/bank/{batch}-1.pain.001.xml"));
    assert_eq!(released["status"], format!("out/payer/{batch}-1.pain.002.xml"));
    assert_eq!(fates(&world, batch), "E1 routed, E2 rejected BE06, E3 passed, E4 routed");
    let completed = world.read(released["completed"].as_str().unwrap());
    let expected = BTreeMap::from([
        ("E1".to_owned(), Fate::Completed("SYBKDK22".to_owned(), iban("DK", "1020-5"))),
        ("E2".to_owned(), Fate::TakenOut),
        ("E3".to_owned(), Fate::AsItCame),
        ("E4".to_owned(), Fate::Completed("5000".to_owned(), iban("DK", "5000-12"))),
    ]);
    let renamed = mixed().replacen("<MsgId>BLANDET</MsgId>", &format!("<MsgId>{batch}-1</MsgId>"), 1);
    check_completed(&renamed, &completed, &expected);
    validate(&[world.path(released["completed"].as_str().unwrap())]);
    assert!(told(&world, &released).contains("E1 ACSP"), "{}", told(&world, &released));
    world.verified();
    // Once more: what is missing is written again, byte for byte, and nothing else happens.
    let names = [released["completed"].as_str().unwrap(), released["status"].as_str().unwrap()];
    let written = names.map(|name| world.bytes(name));
    world.change(&format!("close,cpr:{ALICE},,,,,,\nclose,cpr:{BENT},,,,,,"));
    let head = world.run("journal head").done();
    for name in names {
        std::fs::remove_file(world.path(name)).unwrap();
        let again = world.run(&format!("payout release {batch} --out out --now 2027-01-01T00:00:00Z")).done();
        assert_eq!(again, released);
        assert_eq!(names.map(|name| world.bytes(name)), written);
    }
    assert_eq!(world.run("journal head").done(), head);
    world.run(&format!("payout cancel {batch}")).refused("batch.nothing_held");
    // The file itself, sent again, is the same batch, with what became of it when it came in.
    world.write("payments.xml", mixed());
    let again = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out")).done();
    holds(
        &again,
        &json!({ "duplicate": true, "batch": batch, "completed": null, "state": "held", "held": 3, "rejected": 1 }),
        "again",
    );
    // And with what holds now.
    holds(
        &again["now"],
        &json!({ "batch": batch, "state": "completed", "routed": 2, "passed": 1, "held": 0, "rejected": 1 }),
        "now",
    );
    let said = world.say(&format!("payout route payments.xml --payer {PUBLIC} --out out"));
    let (first, now) = said.split_once("now: completed\n").unwrap_or_else(|| panic!("{said}"));
    assert!(first.contains(": 4 payments, held") && first.contains(" held\n"), "{said}");
    assert!(now.contains(" 2 ") && now.contains("routed:") && !now.contains("held"), "{said}");
    world.verified();
}

#[test]
fn a_repeat_says_what_holds_now_only_where_that_is_something_else() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    assert_eq!(held["now"], json!(null));
    let again = || world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out")).done();
    assert_eq!(again()["now"], json!(null));
    let batch = held["batch"].as_str().unwrap();
    world.run(&format!("payout cancel {batch} --end-to-end E1")).done();
    let again = again();
    holds(&again, &json!({ "state": "held", "held": 3, "cancelled": 0 }), "again");
    holds(&again["now"], &json!({ "state": "held", "held": 2, "cancelled": 1 }), "now");
}

#[test]
fn a_cancellation_says_who_writes_its_report() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    let batch = held["batch"].as_str().unwrap();
    let before = world.files("out");
    let said = world.say(&format!("payout cancel {batch} --end-to-end E1"));
    assert!(said.contains("No file was written. The report of the next release tells it"), "{said}");
    let said = world.say(&format!("payout cancel {batch}"));
    let release = format!("payout release {batch} --out");
    assert!(said.contains(&format!("No file was written. 'anvis {release} DIR' writes the report")), "{said}");
    assert_eq!(world.files("out"), before);
    let released = world.run(&format!("{release} out")).done();
    assert!(told(&world, &released).contains("E1 RJCT DS02"));
}

#[test]
fn what_is_cancelled_is_never_paid() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    let batch = held["batch"].as_str().unwrap();
    world.run(&format!("payout cancel {batch} --end-to-end E2")).refused("batch.payment_not_held");
    world.run(&format!("payout cancel {batch} --end-to-end NONE")).refused("batch.payment_not_held");
    let cancelled = world.run(&format!("payout cancel {batch} --end-to-end E1")).done();
    holds(
        &cancelled,
        &json!({ "state": "held", "held": 2, "cancelled": 1, "reasons": { "DS02": 1, "BE06": 1 } }),
        "cancel",
    );
    assert_eq!(fates(&world, batch), "E1 cancelled DS02, E2 rejected BE06, E3 held, E4 held");
    world.run(&format!("payout cancel {batch} --end-to-end E1")).refused("batch.payment_not_held");
    let released = world.run(&format!("payout release {batch} --out out")).done();
    holds(&released, &json!({ "state": "completed", "routed": 1, "passed": 1, "held": 0, "cancelled": 1 }), "release");
    assert_eq!(released["completed"], format!("out/bank/{batch}-2.pain.001.xml"));
    let completed = world.read(released["completed"].as_str().unwrap());
    assert!(!completed.contains("<EndToEndId>E1<") && completed.contains("<EndToEndId>E4<"));
    let told = told(&world, &released);
    assert!(told.contains("E1 RJCT DS02") && told.contains("E4 ACSP"), "{told}");
    validate(&[world.path(released["completed"].as_str().unwrap())]);
    world.verified();
}

#[test]
fn a_whole_batch_is_cancelled() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    let batch = held["batch"].as_str().unwrap();
    let cancelled = world.run(&format!("payout cancel {batch}")).done();
    holds(&cancelled, &json!({ "state": "cancelled", "held": 0, "cancelled": 3, "rejected": 1 }), "cancel");
    assert_eq!(fates(&world, batch), "E1 cancelled DS02, E2 rejected BE06, E3 cancelled DS02, E4 cancelled DS02");
    world.run(&format!("payout cancel {batch}")).refused("batch.nothing_held");
    // Nothing is left to release; what there is to report is written.
    let released = world.run(&format!("payout release {batch} --out out")).done();
    holds(&released, &json!({ "state": "cancelled", "completed": null }), "release");
    let told = told(&world, &released);
    assert!(told.starts_with("RJCT: ") && told.contains("E4 RJCT DS02"), "{told}");
    assert!(world.files("out/bank").is_empty());
    world.verified();
}

#[test]
fn there_must_be_something_to_release() {
    let world = World::settled();
    let routed = world.route(PUBLIC, mixed()).done();
    let batch = routed["batch"].as_str().unwrap();
    world.run(&format!("payout release {batch} --out out")).refused("batch.nothing_held");
    world.run(&format!("payout cancel {batch}")).refused("batch.nothing_held");
    world.run(&format!("payout cancel {batch} --end-to-end E1")).refused("batch.payment_not_held");
    world.run("payout release NOSUCHBATCH00 --out out").refused("batch.unknown");
    world.run("payout cancel NOSUCHBATCH00").refused("batch.unknown");
}

#[test]
fn agreements_for_payees_without_an_account() {
    let world = World::settled();
    let input = |id: &str| simple(id, &[cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "2.00"), cpr("E3", DORA, "3.00")]);
    let check = |payer: &str, expected: &str| {
        let routed = world.route(payer, input(payer)).done();
        assert_eq!(fates(&world, routed["batch"].as_str().unwrap()), expected);
        validate(&[world.path(routed["completed"].as_str().unwrap()), world.path(routed["status"].as_str().unwrap())]);
        routed
    };
    check(PUBLIC, "E1 routed, E2 rejected AC03, E3 rejected AC07");
    let paid = check(STAND_IN, "E1 routed, E2 waiting, E3 rejected AC07");
    let completed = world.read(paid["completed"].as_str().unwrap());
    let second = &completed[completed.find("<EndToEndId>E2<").unwrap()..];
    assert!(second.contains(&format!("<IBAN>{STAND_IN_IBAN}</IBAN>")) && second.contains("SYBKDK22"), "{completed}");
    // The agreement is that of the moment when the file came in: a repeat writes the same.
    let written = world.bytes(paid["completed"].as_str().unwrap());
    world.run(&format!("payer add {STAND_IN} --cvr 13748136 --kind public --no-account reject")).done();
    std::fs::remove_file(world.path(paid["completed"].as_str().unwrap())).unwrap();
    assert_eq!(world.route(STAND_IN, input(STAND_IN)).done()["duplicate"], true);
    assert_eq!(world.bytes(paid["completed"].as_str().unwrap()), written);
    let held = check(HOLDER, "E1 routed, E2 held AC03, E3 rejected AC07");
    holds(&held, &json!({ "state": "held", "routed": 1, "held": 1, "rejected": 1 }), "hold");
    assert_eq!(told(&world, &held), "PART: E1 ACSP, E2 PDNG AC03, E3 RJCT AC07");
    world.verified();
}

#[test]
fn what_is_held_goes_on_when_the_payee_has_an_account() {
    let world = World::settled();
    let payments =
        [cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "2.00"), pay("E3", &format!("cvr:{POOR_COMPANY}"), "3.00")];
    let first = world.route(HOLDER, simple("VENT", &payments)).done();
    let batch = first["batch"].as_str().unwrap();
    let first_files = world.files("out");
    let release = || world.run(&format!("payout release {batch} --out out"));
    // Nobody has got an account: nothing happens.
    let head = world.run("journal head").done();
    holds(&release().done(), &json!({ "held": 2, "completed": null, "status": null }), "release");
    assert_eq!((world.run("journal head").done(), world.files("out")), (head, first_files));
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    let second = release().done();
    holds(&second, &json!({ "state": "held", "routed": 2, "held": 1 }), "release");
    assert_eq!(second["completed"], format!("out/bank/{batch}-1.pain.001.xml"));
    assert_eq!(fates(&world, batch), "E1 routed, E2 routed, E3 held AC03");
    let completed = world.read(second["completed"].as_str().unwrap());
    assert!(!completed.contains("<EndToEndId>E1<"), "what went on before does not go on again");
    assert!(completed.contains(&iban("DK", "0040-77")));
    // What was written has gone on; it is not written again because something else is still held.
    let elsewhere = world.run(&format!("payout release {batch} --out elsewhere")).done();
    holds(&elsewhere, &json!({ "held": 1, "completed": null, "status": null }), "release");
    assert_eq!(world.files("elsewhere"), Vec::<String>::new());
    world.change(&format!("register,cvr:{POOR_COMPANY},0040-78,,,,,"));
    let third = release().done();
    holds(&third, &json!({ "state": "completed", "routed": 3, "held": 0 }), "release");
    assert_eq!(third["completed"], format!("out/bank/{batch}-2.pain.001.xml"));
    for answer in [&first, &second, &third] {
        let names = [answer["completed"].as_str().unwrap(), answer["status"].as_str().unwrap()];
        validate(&names.map(|name| world.path(name)));
    }
    world.verified();
}

#[test]
fn a_held_payee_may_have_died() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    let batch = held["batch"].as_str().unwrap();
    let header = POPULATION.lines().next().unwrap();
    world.import(
        "population import",
        format!("{header}\n{ALICE},Alice Hemmelighed,Skjulvej 7,8000,Aarhus,DK,dead,2026-11-23,\n"),
    );
    world.change(&format!("freeze,cpr:{BENT},,,,,,"));
    let released = world.run(&format!("payout release {batch} --out out")).done();
    holds(
        &released,
        &json!({ "state": "completed", "passed": 1, "rejected": 3, "reasons": { "AC06": 1, "BE06": 1, "MD07": 1 } }),
        "release",
    );
    assert_eq!(fates(&world, batch), "E1 rejected MD07, E2 rejected BE06, E3 passed, E4 rejected AC06");
    world.verified();
}

#[test]
fn what_waited_may_be_late() {
    let world = World::settled();
    let held = hold(&world, PUBLIC, &mixed());
    let batch = held["batch"].as_str().unwrap();
    let released = world.run(&format!("payout release {batch} --out out --now 2026-12-15T09:00:00Z")).done();
    holds(&released, &json!({ "routed": 2, "passed": 1 }), "release");
}

#[test]
fn both_versions_are_held_and_released() {
    let world = World::settled();
    for version in VERSIONS {
        let input = file(
            version,
            &format!("HOLD-{version:?}"),
            &[block("B1", [cpr("E1", NOBODY, "1.00")]), block("B2", [cpr("E2", ALICE, "2.00")])],
        );
        for input in [input.clone(), prefixed(&input.replacen("HOLD", "HOLDP", 1))] {
            let held = hold(&world, PUBLIC, &input);
            let batch = held["batch"].as_str().unwrap();
            let released = world.run(&format!("payout release {batch} --out out")).done();
            let names = [&held["status"], &released["completed"], &released["status"]];
            validate(&names.map(|name| world.path(name.as_str().unwrap())));
            let completed = world.read(released["completed"].as_str().unwrap());
            assert_eq!(completed.matches("PmtInf>").count(), 2, "one block is left: {completed}");
        }
    }
}

/// A release that was killed after its record and before its answer is told of by the next one, whatever that one does itself.
#[test]
fn files_that_were_never_told_of_are_named_by_the_next_release() {
    let world = World::settled();
    let payments =
        [cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "2.00"), pay("E3", &format!("cvr:{POOR_COMPANY}"), "3.00")];
    let first = world.route(HOLDER, simple("VENT", &payments)).done();
    let batch = first["batch"].as_str().unwrap();
    let release = || world.run(&format!("payout release {batch} --out out")).done();
    let files = |stage: &str| {
        [format!("out/bank/{batch}{stage}.pain.001.xml"), format!("out/payer/{batch}{stage}.pain.002.xml")]
    };
    // As a process leaves it that is killed after its commit, with the files under their names or not.
    let cut_off = |stage: i64| {
        let sql = format!("INSERT INTO unwritten_stage (batch, stage) SELECT id, {stage} FROM batch");
        world.change_store(&sql).unwrap();
    };
    let remove = |name: &str| std::fs::remove_file(world.path(name)).unwrap();
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    assert_eq!(release()["earlier"], json!([]));
    let written = world.files("out").into_iter().map(|name| (world.bytes(&name), name)).collect::<Vec<_>>();

    // Nothing can be released now.
    cut_off(1);
    remove(&files("-1")[1]);
    let again = release();
    holds(&again, &json!({ "held": 1, "completed": null, "status": null, "earlier": files("-1") }), "cut off");
    // Nor does it show any more that an answer was lost after all was done. What somebody has taken away they have heard of.
    assert_eq!(release()["earlier"], json!(files("-1")));
    let [bank, payer] = files("-1");
    let taken = world.bytes(&bank);
    remove(&bank);
    assert_eq!(release()["earlier"], json!([payer]));
    world.write(&bank, taken);

    // Something can.
    cut_off(0);
    cut_off(1);
    files("").iter().chain(&files("-1")).for_each(|name| remove(name));
    world.change(&format!("register,cvr:{POOR_COMPANY},0040-78,,,,,"));
    let again = release();
    let [completed, status] = files("-2");
    let earlier = [files(""), files("-1")].concat();
    holds(&again, &json!({ "held": 0, "completed": completed, "status": status, "earlier": earlier }), "and more");
    for (bytes, name) in &written {
        assert_eq!(world.bytes(name), *bytes, "{name}");
    }

    // Nothing is left to be released: the last files are named always, others where they were missing.
    let check = |expected: &[[String; 2]]| {
        let again = release();
        let earlier = expected.concat();
        holds(&again, &json!({ "completed": completed, "status": status, "earlier": earlier }), "nothing left");
    };
    check(&[]);
    cut_off(2);
    remove(&status);
    check(&[]);
    remove(&files("-1")[0]);
    check(&[files("-1")]);
    cut_off(0);
    check(&[files("")]);
    check(&[]);
    // A person is told of them too.
    cut_off(1);
    let said = world.say(&format!("payout release {batch} --out out"));
    for name in files("-1").iter().chain(&files("-2")) {
        assert!(said.lines().any(|line| line == name), "{said}");
    }
    world.verified();
}

#[test]
fn what_a_bulk_file_made_of_an_account_holds_when_the_next_file_is_routed_or_released() {
    let file = |name: &str| simple(name, &[cpr("E1", FRIDA, "2.00")]);
    let check = |pay: &dyn Fn(&World, &str) -> String| {
        let world = World::settled();
        world.run("controls set --change payees_3_days=2").done();
        world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
        world.write("payments.xml", file("VENTER"));
        let waits = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
        // More than are counted with the change itself: it does not wait for that.
        let rows = (0..1_200).map(|number| format!("register,p:{},0040-77,,,,,\n", 1_000_001_000 + number));
        world.change(rows.collect::<String>().trim_end());
        let counted = "(SELECT COALESCE(MAX(position), 0) FROM account_holder_place)";
        let uncounted = || world.number(&format!("SELECT COUNT(*) FROM designation WHERE id > {counted}"));
        assert!(uncounted() >= 1_200);
        let batch = pay(&world, waits["batch"].as_str().unwrap());
        assert_eq!((fates(&world, &batch).as_str(), uncounted()), ("E1 held RR04", 0));
    };
    check(&|world, _| world.route(PUBLIC, file("MANGE")).done()["batch"].as_str().unwrap().to_owned());
    check(&|world, waits| {
        world.run(&format!("payout release {waits} --out out")).done();
        waits.to_owned()
    });
}

#[test]
fn payments_to_an_account_of_many_wait_until_two_officers_leave_it_alone() {
    let world = World::settled();
    world.run("controls set --change payees_3_days=2").done();
    let shared = format!("register,cpr:{FRIDA},0040-77,,,,,\nregister,cvr:{POOR_COMPANY},0040-77,,,,,\n");
    world.change(&format!("{shared}register,p:1000000099,0040-77,,,,,"));
    let payments =
        [cpr("E1", ALICE, "1.00"), cpr("E2", FRIDA, "2.00"), pay("E3", &format!("cvr:{POOR_COMPANY}"), "3.00")];
    let routed = world.route(PUBLIC, simple("MANGE", &payments)).done();
    let batch = routed["batch"].as_str().unwrap();
    assert_eq!(fates(&world, batch), "E1 routed, E2 held RR04, E3 held RR04");
    assert_eq!(told(&world, &routed), "PART: E1 ACSP, E2 PDNG RR04, E3 PDNG RR04");

    let listed = world.run("review list").done();
    let review = &listed["reviews"][0];
    let expected = json!({ "state": "open", "account": "0040-******0077", "cause": "3_days", "held": 2, "why": null });
    holds(review, &expected, "review");
    holds(&review["payees"], &json!({ "days_3": 3, "months_6": 3 }), "payees");
    let id = review["id"].as_str().unwrap();
    let decide = format!("review decide {id} --outcome left-alone --reason Family --as anna");
    world.run(&decide).failed(2, "usage");
    world.run(&format!("{decide} --until 2000-01-01")).refused("review.until");
    let motion = world.run(&format!("{decide} --until 2027-06-01")).done();
    let motion = motion["id"].as_str().unwrap();
    holds(
        &world.run(&format!("review show {id}")).done()["motions"][0],
        &json!({ "id": motion, "review": id }),
        "show",
    );
    world.run(&format!("review approve {motion} --as anna")).refused("motion.own");
    let release = || world.run(&format!("payout release {batch} --out out")).done();
    holds(&release(), &json!({ "held": 2, "completed": null }), "one officer lets nothing go on");
    world.run(&format!("review approve {motion} --as bo")).done();
    holds(&release(), &json!({ "state": "completed", "routed": 3, "held": 0 }), "two do");
    let shown = world.run(&format!("review show {id}")).done();
    holds(&shown, &json!({ "state": "left_alone", "until": "2027-06-01", "decided_by": "operator:bo" }), "decided");
    holds(&shown["paid_now"], &json!({ "days_3": 2 }), "paid");
    assert_eq!(world.run("review list").done(), json!({ "reviews": [], "motions": [] }));

    // Whose account it is, the officer need not see to propose it.
    let bureau = format!("review decide {id} --outcome collector --cvr {COMPANY} --name Bureau --until 2027-06-01");
    let motion = world.run(&format!("{bureau} --reason Wages --as anna")).done();
    let proposed = world.run(&format!("collector show {}", motion["id"].as_str().unwrap())).done();
    holds(&proposed, &json!({ "account": iban("DK", "0040-77"), "review_by": "2027-06-01" }), "collector");
    let who = world.run(&format!("review payees {id} --as anna")).done();
    let paid =
        |payee: &str| who["payees"].as_array().unwrap().iter().find(|who| who["payee"] == payee).unwrap().clone();
    let today = &NOW[..10];
    holds(&paid(&format!("cpr:{FRIDA}")), &json!({ "left": null, "paid": today }), "Frida");
    holds(&paid("p:1000000099"), &json!({ "left": null, "paid": null }), "a P number");
    world.run("review show 0000000000000").refused("review.unknown");
    let costs = world.run("controls show --costs").done();
    let cost = costs["controls"].as_array().unwrap().iter().find(|cost| cost["control"] == "payees_3_days").unwrap();
    holds(cost, &json!({ "met": 1, "let_go_on": 1, "payments_held": 2, "held_wrongly": 2 }), "costs");
    world.verified();
}
