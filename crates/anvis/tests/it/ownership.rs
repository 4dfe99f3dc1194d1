//! An account's bank is asked whose it is, from the command line.

use crate::support::*;
use serde_json::{Value, json};

/// When the bank has had its day, and a moment more.
const NEXT_DAY: &str = "2026-11-24T09:00:01Z";
const ASKED: &str = "delivery add asked --what ownership --bank Sydbank --url";

/// Alice wants an account with a bank that can be asked, at an address where nobody is; the name of that.
fn world() -> (World, String) {
    let world = World::guarded();
    world.run(&format!("{ASKED} http://127.0.0.1:1/vop")).done();
    let propose = format!("designation propose cpr:{ALICE} --account 1020-2 --expects {ALICE_ACCOUNT} --holder own");
    let proposed = world.run(&format!("{propose} --signature jws --as citizen:cpr:{ALICE}")).done();
    assert_eq!((&proposed["state"], &proposed["waits_for"]), (&"proposed".into(), &"ownership".into()));
    (world, proposed["id"].as_str().unwrap().to_owned())
}

fn shown(world: &World, name: &str, now: &str) -> (Value, Value) {
    let shown = world.run(&format!("designation show {name} --now {now}")).done();
    (shown["waits_for"].clone(), shown["ownership"].clone())
}

#[test]
fn a_bank_that_gives_no_answer_is_asked_again_until_it_is_too_late_and_then_when_somebody_says_so() {
    let (world, name) = world();
    let none = json!({ "questions": [] });
    assert_eq!(world.run("ownership list").done(), none, "nobody was asked yet");
    assert_eq!(world.run("ownership ask").done(), json!({ "answered": 0, "failed": 1, "given_up": 0 }));
    let listed = world.run("ownership list").done();
    let question = &listed["questions"][0];
    assert_eq!(
        json!([question["id"], question["bank"], question["delivery"], question["state"], question["tries"]]),
        json!([name, "Sydbank", "asked", "waiting", 1])
    );
    assert_eq!(
        json!([question["until"], question["last_failure"], question["last_code"], question["last_status"]]),
        json!(["2026-11-24T09:00:00Z", NOW, "delivery.unreachable", null])
    );
    // Not before its time.
    assert_eq!(world.run("ownership ask").done()["failed"], 0);
    let waiting = world.run("designation list --for ownership").done();
    assert_eq!(waiting["proposals"][0]["id"].as_str(), Some(&*name), "{waiting}");
    assert_eq!(shown(&world, &name, NOW), ("ownership".into(), Value::Null));

    world.run(&format!("designation settle --now {NEXT_DAY}")).done();
    assert_eq!(shown(&world, &name, NEXT_DAY), ("letter".into(), "not_possible".into()));
    world.run(&format!("ownership ask --now {NEXT_DAY}")).done();
    let listed = world.run("ownership list --given-up").done();
    assert_eq!(
        (&listed["questions"][0]["state"], &listed["questions"][0]["id"]),
        (&"given_up".into(), &(&*name).into())
    );
    let retry = |args: &str| world.run(&format!("ownership retry {args} --now {NEXT_DAY}"));
    retry("0000000000000 --reason Mended").refused("proposal.unknown");
    assert_eq!(retry("--all-given-up --reason Mended").done(), json!({ "retried": 1 }));
    assert_eq!(retry("--all-given-up --reason Mended").done(), json!({ "retried": 0 }));
    assert_eq!(world.run("ownership list --given-up").done(), none);
    // What is said that late still counts.
    world.write("answers.csv", format!("1020-2;cpr:{ALICE};no_match\n"));
    let answered = world.run(&format!("ownership ask --ownership-answers answers.csv --now {NEXT_DAY}")).done();
    assert_eq!(answered, json!({ "answered": 1, "failed": 0, "given_up": 0 }));
    assert_eq!(shown(&world, &name, NEXT_DAY), ("check".into(), "no_match".into()));
    assert_eq!(world.run("ownership list").done(), none);
    let cancel = format!("designation cancel {name} --as citizen:cpr:{ALICE} --now {NEXT_DAY}");
    world.run(&cancel).done();
    retry(&format!("{name} --reason Mended")).refused("proposal.ended");
    world.verified();
}

#[test]
fn a_file_stands_in_for_banks_in_a_store_of_synthetic_people_alone() {
    let (world, name) = world();
    world.write("bad.csv", "1020-2;somebody;match\n");
    world.run("ownership ask --ownership-answers bad.csv").refused("ownership.answers");
    // It answers before anything is settled, too.
    world.write("answers.csv", format!("1020-2;cpr:{ALICE};close_match\n"));
    world.run("designation settle --ownership-answers answers.csv").done();
    assert_eq!(shown(&world, &name, NOW), ("letter".into(), "close_match".into()));
    // Of whom it says nothing, nothing is known.
    let propose = format!("designation propose cpr:{HANS} --account 1020-3 --expects 1020-4811223344 --holder own");
    let proposed = world.run(&format!("{propose} --signature jws --as citizen:cpr:{HANS}")).done();
    let other = proposed["id"].as_str().unwrap();
    world.run("ownership ask --ownership-answers answers.csv").done();
    assert_eq!(shown(&world, other, NOW), ("letter".into(), "not_possible".into()));
    // A bank that is asked no more is waited for no more.
    world.run("delivery end asked").done();
    world.run(&format!("ownership retry {other} --reason Mended")).refused("ownership.nobody");
    world.run(&format!("{ASKED} http://127.0.0.1:1/vop")).refused("delivery.ended");
    world.run("delivery add again --what ownership --bank Sydbank --folder .").refused("delivery.place");
    world.verified();
}
