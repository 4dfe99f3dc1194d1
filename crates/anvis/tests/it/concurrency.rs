//! Several processes at once. Nothing here waits for time to pass: processes are stopped where they are, and go on.

use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};

/// Ends its process when the test ends before it.
struct Running {
    args: String,
    child: Option<Child>,
}

impl Running {
    fn start(world: &World, args: &str) -> Self {
        Self { args: args.to_owned(), child: Some(world.command(args).spawn().unwrap()) }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().unwrap()
    }

    fn is_over(&mut self) -> bool {
        self.child().try_wait().unwrap().is_some()
    }

    fn signal(&mut self, signal: &str) {
        let id = self.child().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Stops the process at a moment when it holds no lock on the store, as soon as `reached`.
    fn stop_when(&mut self, world: &World, reached: impl Fn() -> bool) {
        while !reached() {
            assert!(!self.is_over(), "it ended before it could be stopped");
            std::thread::yield_now();
        }
        let lock = if is_postgres() {
            "BEGIN; LOCK TABLE journal_head IN SHARE ROW EXCLUSIVE MODE NOWAIT; ROLLBACK"
        } else {
            "BEGIN IMMEDIATE; ROLLBACK"
        };
        loop {
            self.signal("-STOP");
            if world.change_store(lock).is_ok() {
                return;
            }
            self.signal("-CONT");
        }
    }

    fn end(mut self) -> Answer {
        answer(&self.args, self.child.take().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether the completed file of a route under way has begun to grow: then the first payments have been looked up.
fn has_begun(world: &World) -> bool {
    let parts = world.files("out/bank").into_iter().filter(|name| name.ends_with(".part"));
    parts.map(|name| std::fs::metadata(world.path(&name)).map_or(0, |metadata| metadata.len())).any(|length| length > 0)
}

/// A file whose first and last payments are to the same payees, and long enough to be stopped in the middle.
fn long(message_id: &str) -> String {
    let mut payments =
        vec![cpr("FIRST", ALICE, "1.00"), cpr("FIRST-BENT", BENT, "1.00"), cpr("FIRST-FRIDA", FRIDA, "1.00")];
    payments.push(Pay { transfer: Some("EUR"), ..cpr("FIRST-IDA", IDA, "1.00") });
    payments.push(Pay { benefit: Some("NKSBOS"), ..cpr("FIRST-HANS", HANS, "1.00") });
    payments.extend((0..20_000).map(|at| cpr(&format!("E{at}"), JENS, "1.00")));
    payments.extend([cpr("LAST", ALICE, "1.00"), cpr("LAST-BENT", BENT, "1.00"), cpr("LAST-FRIDA", FRIDA, "1.00")]);
    simple(message_id, &payments)
}

const LATER: &str = "2026-11-23T09:00:05Z";

/// The IBAN that stands in a completed file for a payment.
fn account_of(completed: &str, id: &str) -> String {
    let (_, payment) = completed.split_once(&format!("<EndToEndId>{id}</EndToEndId>")).unwrap();
    let (payment, _) = payment.split_once("</CdtTrfTxInf>").unwrap();
    let (_, account) = payment.split_once("<CdtrAcct><Id><IBAN>").unwrap();
    account.split('<').next().unwrap().to_owned()
}

/// How many statements have updated payments from now on, as the server counts them.
fn updates_of_payments(world: &World) -> impl Fn() -> i64 {
    let count = "CREATE TABLE updates (id BIGINT);
                 CREATE FUNCTION count_update() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO updates VALUES (1); RETURN NULL; END $$;
                 CREATE TRIGGER count_updates AFTER UPDATE ON payment FOR EACH STATEMENT EXECUTE FUNCTION count_update()";
    world.change_store(count).unwrap();
    || world.number("SELECT COUNT(*) FROM updates")
}

#[test]
fn what_changes_while_a_file_is_routed_is_honoured() {
    let world = World::settled();
    world.write("payments.xml", long("MIDT"));
    let updates = is_postgres().then(|| updates_of_payments(&world));
    let mut routing = Running::start(&world, &format!("payout route payments.xml --payer {PUBLIC} --out out"));
    routing.stop_when(&world, || has_begun(&world));
    let rows = format!(
        "change,cpr:{ALICE},1020-5,,0040,,,\nfreeze,cpr:{BENT},,,,,,\nregister,cpr:{FRIDA},0040-7,,,,,\n\
         change,cpr:{IDA},1020-8,,0040,DKK,,\nclose,cpr:{HANS},,,,,Udbetaling,NKSBOS\n"
    );
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}"));
    // The clock has gone on meanwhile.
    holds(
        &world.run(&format!("account import rows.csv --channel operator --now {LATER}")).done(),
        &json!({ "changed": 5 }),
        "import",
    );
    routing.signal("-CONT");
    let routed = routing.end().done();
    let fates = world.fates(&routed);
    let fate = |id: &str| (fates[id].0.as_str(), fates[id].1.as_deref());
    let completed = world.read(routed["completed"].as_str().unwrap());
    for id in ["FIRST", "LAST"] {
        assert_eq!((fate(id), account_of(&completed, id)), (("routed", None), iban("DK", "1020-5")), "{id}");
        assert_eq!(fate(&format!("{id}-BENT")), ("rejected", Some("AC06")));
        let id = format!("{id}-FRIDA");
        assert_eq!((fate(&id), account_of(&completed, &id)), (("routed", None), iban("DK", "0040-7")), "{id}");
    }
    assert_eq!(fate("FIRST-IDA"), ("rejected", Some("AM03")), "euros, and the account takes kroner now");
    assert_eq!(account_of(&completed, "FIRST-HANS"), iban("DK", "1020-4811223344"));
    holds(
        &routed,
        &json!({ "duplicate": false, "payments": 20_008, "routed": 20_005, "reasons": { "AC06": 2, "AM03": 1 } }),
        "route",
    );
    validate(&[world.path(routed["completed"].as_str().unwrap()), world.path(routed["status"].as_str().unwrap())]);
    world.verified();
    if let Some(count) = updates {
        assert_eq!(count(), 1, "what was decided again was recorded all at once: others wait for it");
    }
    // Written again, it is the same.
    let written = world.bytes(routed["completed"].as_str().unwrap());
    std::fs::remove_file(world.path(routed["completed"].as_str().unwrap())).unwrap();
    world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --now {LATER}")).done();
    assert_eq!(world.bytes(routed["completed"].as_str().unwrap()), written);
}

#[test]
fn what_changed_just_before_a_file_came_in_is_honoured() {
    // The file's moment was read before the change was recorded, and its rows are looked up after.
    let world = World::settled();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}change,cpr:{ALICE},1020-5,,0040,,,\n"));
    world.run(&format!("account import rows.csv --channel operator --now {LATER}")).done();
    let routed = world.route(PUBLIC, simple("LIGE-FOER", &[cpr("E1", ALICE, "1.00")])).done();
    assert_eq!(account_of(&world.read(routed["completed"].as_str().unwrap()), "E1"), iban("DK", "1020-5"));
}

#[test]
fn what_changes_while_a_batch_is_released_is_honoured() {
    let world = World::settled();
    world.write("payments.xml", long("FRI"));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let mut releasing =
        Running::start(&world, &format!("payout release {} --out out", held["batch"].as_str().unwrap()));
    releasing.stop_when(&world, || has_begun(&world));
    world.write("rows.csv", format!("{ACCOUNT_HEADER}change,cpr:{ALICE},1020-5,,0040,,,\nclose,cpr:{BENT},,,,,,\n"));
    world.run(&format!("account import rows.csv --channel operator --now {LATER}")).done();
    releasing.signal("-CONT");
    let released = releasing.end().done();
    let completed = world.read(released["completed"].as_str().unwrap());
    for id in ["FIRST", "LAST"] {
        assert_eq!(account_of(&completed, id), iban("DK", "1020-5"), "{id}");
        assert_eq!(world.fates(&released)[&format!("{id}-BENT")].1.as_deref(), Some("AC07"));
    }
    validate(&[world.path(released["completed"].as_str().unwrap()), world.path(released["status"].as_str().unwrap())]);
    world.verified();
}

/// A batch that is being released, and stands still after its first payments.
fn releasing(world: &World, args: &str) -> Running {
    let mut releasing = Running::start(world, args);
    releasing.stop_when(world, || has_begun(world));
    releasing
}

#[test]
fn nothing_leaves_that_something_befell_while_its_batch_was_released() {
    let world = World::settled();
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    world.write("payments.xml", long("STANDSET"));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let batch = held["batch"].as_str().unwrap();
    let id = |args: &str| world.run(args).done()["id"].as_str().unwrap().to_owned();
    let report = id("suspicion report --account 0040-77 --reason mule --text So --from police --as rita");
    world.run(&format!("suspicion acknowledge {report} --as sven")).done();
    world.run(&format!("suspicion close {report} --finding confirmed --reason So --as sven")).done();
    let mark = id(&format!("account mark --suspicion {report} --until 2027-03-31 --reason So --as rita"));
    let mut releasing = releasing(&world, &format!("payout release {batch} --out out"));
    // Her account is frozen, his is closed, somebody dies, and her account is marked.
    world.change(&format!("freeze,cpr:{ALICE},,,,,,\nclose,cpr:{BENT},,,,,,"));
    let header = POPULATION.lines().next().unwrap();
    let dead = format!("{header}\n{IDA},Ida Hemmelighed,Skjulvej 1,8000,Aarhus,DK,dead,2026-11-22,\n");
    world.import("population import", dead);
    world.run(&format!("account approve {mark} --as sven")).done();
    releasing.signal("-CONT");
    let released = releasing.end().done();
    let (completed, fates) = (world.read(released["completed"].as_str().unwrap()), world.fates(&released));
    let fate = |id: &str| (fates[id].0.as_str(), fates[id].1.as_deref());
    for id in ["FIRST", "LAST"] {
        assert_eq!(fate(id), ("rejected", Some("AC06")));
        assert_eq!(fate(&format!("{id}-BENT")), ("rejected", Some("AC07")));
        assert_eq!(fate(&format!("{id}-FRIDA")), ("held", Some("FR01")));
    }
    assert_eq!((fate("FIRST-IDA"), fate("FIRST-HANS")), (("rejected", Some("MD07")), ("routed", None)));
    assert_eq!(completed.matches("<EndToEndId>FIRST").count() + completed.matches("<EndToEndId>LAST").count(), 1);
    validate(&[world.path(released["completed"].as_str().unwrap()), world.path(released["status"].as_str().unwrap())]);
    world.verified();
    // What happens afterwards is too late.
    world.change(&format!("freeze,cpr:{HANS},,,,,Udbetaling,NKSBOS"));
    assert_eq!(world.run("payout settle").done(), json!({ "released": [] }));
    assert_eq!(world.fates(&released)["FIRST-HANS"].0, "routed");
}

#[test]
fn a_release_and_a_stop_at_once() {
    let world = World::settled();
    world.write("payments.xml", long("STOP"));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let batch = held["batch"].as_str().unwrap();
    let mut first = releasing(&world, &format!("payout release {batch} --out out"));
    // The stop comes first: the release, which has seen the payments, lets none of them go.
    world.run(&format!("payout stop {batch} --reason Double")).done();
    first.signal("-CONT");
    holds(&first.end().done(), &json!({ "state": "held", "routed": 0, "completed": null }), "stopped");
    assert!(world.files("out/bank").is_empty(), "{:?}", world.files("out/bank"));
    assert_eq!(world.fates(&held)["FIRST"], ("held".to_owned(), Some("MS02".to_owned())));
    world.run(&format!("payout resume {batch} --reason Checked")).done();
    let settled = world.run("payout settle --out out").done();
    holds(&settled["released"][0], &json!({ "batch": batch, "held": 0, "state": "completed" }), "settled");
    world.run(&format!("payout stop {batch} --reason Late")).refused("batch.nothing_held");
    world.verified();
}

#[test]
fn two_who_approve_at_once_let_it_go_once() {
    let world = World::settled();
    let payer = "payer add Nye --cvr 13748136 --kind public --no-account reject --release by-hand";
    world.run(&format!("{payer} --four-eyes-above 100")).done();
    world.write("payments.xml", long("TO"));
    let held = world.run("payout route payments.xml --payer Nye --out out").done();
    let batch = held["batch"].as_str().unwrap();
    let asked = world.run(&format!("payout release {batch} --out out --as anna")).done();
    holds(&asked, &json!({ "waits_for": "approval", "routed": 0 }), "asked");
    let approve = format!("payout approve-release {batch} --out out");
    world.run(&format!("{approve} --as anna")).refused("batch.own");
    let mut first = releasing(&world, &format!("{approve} --as bo"));
    // Somebody else has approved and the files have left before: it is told the same, and nothing leaves twice.
    let second = world.run(&format!("{approve} --as carl")).done();
    first.signal("-CONT");
    let first = first.end().done();
    for key in ["batch", "routed", "held", "completed", "status"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    assert_eq!(world.files("out/bank").len(), 1, "{:?}", world.files("out/bank"));
    assert_eq!(world.number("SELECT COUNT(*) FROM batch_stage"), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM batch_act"), 2, "one asked, and one approved");
    world.verified();
}

#[test]
fn one_file_routed_by_several_processes_is_one_batch() {
    let world = World::settled();
    world.write("payments.xml", long("FLERE"));
    let args = format!("payout route payments.xml --payer {PUBLIC} --out out");
    let mut first = Running::start(&world, &args);
    first.stop_when(&world, || has_begun(&world));
    let second = Running::start(&world, &args);
    let third = Running::start(&world, &args);
    let (second, third) = (second.end().done(), third.end().done());
    first.signal("-CONT");
    let first = first.end().done();
    let answers = [&first, &second, &third];
    let new: Vec<&&Value> = answers.iter().filter(|answer| answer["duplicate"] == false).collect();
    assert_eq!(new.len(), 1, "{first} {second} {third}");
    for answer in answers {
        for key in ["batch", "routed", "rejected", "sums", "completed", "status"] {
            assert_eq!(answer[key], first[key]);
        }
    }
    assert_eq!(world.run("payout list").done()["batches"].as_array().unwrap().len(), 1);
    assert_eq!(world.files("out").len(), 2, "{:?}", world.files("out"));
    assert_eq!(world.number("SELECT COUNT(*) FROM staging"), 0);
    world.verified();
}

#[test]
fn many_small_files_at_once() {
    let world = World::settled();
    let mut running = Vec::new();
    for at in 0..6 {
        // Each file twice, and all into the same folder.
        world.write(&format!("p{at}.xml"), simple(&format!("SAMTIDIG-{at}"), &[cpr("E", ALICE, "1.00")]));
        for _ in 0..2 {
            running.push(Running::start(&world, &format!("payout route p{at}.xml --payer {PUBLIC} --out out")));
        }
    }
    let answers: Vec<Value> = running.into_iter().map(|running| running.end().done()).collect();
    assert_eq!(answers.iter().filter(|answer| answer["duplicate"] == false).count(), 6);
    assert_eq!(world.run("payout list").done()["batches"].as_array().unwrap().len(), 6);
    assert_eq!(world.files("out").len(), 12, "{:?}", world.files("out"));
    world.verified();
}

#[test]
fn a_release_and_a_cancellation_at_once() {
    let world = World::settled();
    world.write("payments.xml", long("BEGGE"));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let batch = held["batch"].as_str().unwrap();
    let mut releasing = Running::start(&world, &format!("payout release {batch} --out out"));
    releasing.stop_when(&world, || has_begun(&world));
    // The cancellation comes first: the release, which has seen the payment, must not pay it.
    world.run(&format!("payout cancel {batch} --end-to-end FIRST")).done();
    releasing.signal("-CONT");
    let released = releasing.end().done();
    let completed = world.read(released["completed"].as_str().unwrap());
    assert!(!completed.contains("<EndToEndId>FIRST</EndToEndId>"));
    let fates = world.fates(&released);
    assert_eq!((fates["FIRST"].0.as_str(), fates["LAST"].0.as_str()), ("cancelled", "routed"));
    world.run(&format!("payout cancel {batch} --end-to-end LAST")).refused("batch.payment_not_held");
    world.verified();
}

#[test]
fn two_releases_at_once_pay_once() {
    let world = World::settled();
    world.write("payments.xml", long("TO-GANGE"));
    let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
    let args = format!("payout release {} --out out", held["batch"].as_str().unwrap());
    let first = Running::start(&world, &args);
    let second = Running::start(&world, &args);
    let (first, second) = (first.end().done(), second.end().done());
    assert_eq!(first, second);
    assert_eq!(world.files("out/bank").len(), 1, "{:?}", world.files("out"));
    world.verified();
}

#[test]
fn two_imports_of_one_file_at_once_change_it_once() {
    let world = World::settled();
    let rows: String = (1..2000).map(|at| format!("register,p:{},0040-{at},,,,,\n", 1_000_000_100 + at)).collect();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}"));
    let running: Vec<Running> =
        (0..3).map(|_| Running::start(&world, "account import rows.csv --channel operator")).collect();
    for running in running {
        assert_eq!(
            running.end().done(),
            json!({ "rows": 1999, "changed": 1999, "held": 0, "unchanged": 0, "rejected": 0 })
        );
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM designation"), 1999 + 17);
    world.verified();
}

#[test]
fn two_rotations_at_once_leave_a_store_that_opens() {
    let world = World::settled();
    let running: Vec<Running> = (0..4).map(|_| Running::start(&world, "key rotate")).collect();
    let answers: Vec<Answer> = running.into_iter().map(Running::end).collect();
    assert!(answers.iter().any(|answer| answer.exit == 0));
    world.verified();
}

#[test]
fn stores_that_are_made_at_once_open() {
    let world = World::empty();
    // Two processes make the same store, and two more make others with the same key.
    let args = ["init", "init", "init --data other --master-key store.key", "init --data third --master-key store.key"];
    let running: Vec<Running> = args.iter().map(|args| Running::start(&world, args)).collect();
    let exits: Vec<i32> = running.into_iter().map(|running| running.end().exit).collect();
    let mut first_two = exits[..2].to_vec();
    first_two.sort_unstable();
    assert_eq!((first_two.as_slice(), &exits[2..]), (&[0, 3][..], &[0, 0][..]));
    for args in ["", " --data other --master-key store.key", " --data third --master-key store.key"] {
        world.run(&format!("journal verify{args}")).done();
    }
}

#[test]
fn a_backup_is_of_one_moment_and_keeps_nobody_waiting() {
    let world = World::settled();
    let mut backing_up = Running::start(&world, "backup bk");
    backing_up.stop_when(&world, || world.path("bk.part/anvis.sqlite").exists() || world.path("bk").exists());
    // While it stands still in the middle, others write.
    world.change(&format!("register,cpr:{FRIDA},0040-77,,,,,"));
    world.run(&format!("resolve cpr:{FRIDA}")).done();
    backing_up.signal("-CONT");
    let kept = backing_up.end().done();
    let kept = format!("{}:{}", kept["size"], kept["root"].as_str().unwrap());
    let verified = world.run("journal verify --data bk --master-key store.key").done();
    assert_eq!(kept, format!("{}:{}", verified["size"], verified["root"].as_str().unwrap()));
    // The store's journal begins with it: it was the store's head at one time.
    world.run(&format!("journal verify --expect {kept}")).done();
}

#[test]
fn backups_beside_imports_are_of_moments_of_the_store() {
    let world = World::settled();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let importing = scope.spawn(|| {
            let mut payee = 1_000_002_000;
            while !is_over.load(Ordering::SeqCst) {
                let rows: String =
                    (0..500).map(|at| format!("register,p:{},0040-{at},,none,,,\n", payee + at)).collect();
                world.change(rows.trim_end());
                payee += 500;
            }
        });
        for number in 0..3 {
            world.run(&format!("backup bk{number}")).done();
        }
        is_over.store(true, Ordering::SeqCst);
        importing.join().unwrap();
    });
    for number in 0..3 {
        let kept = world.run(&format!("journal verify --data bk{number} --master-key store.key")).done();
        let kept = format!("{}:{}", kept["size"], kept["root"].as_str().unwrap());
        world.run(&format!("journal verify --expect {kept}")).done();
    }
}
