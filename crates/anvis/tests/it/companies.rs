//! A company's account through the people who may sign for it.

use crate::support::*;
use serde_json::{Value, json};

const HEADER: &str = "cvr,name,status,status_date,address,postcode,city,country,signatories\n";
const PROPOSE: &str = "designation propose cvr:25992180 --account 1020-2 --expects 1020-22 --holder own";
const ANNEX: &str = "25992180,Prøve og Søn ApS,active,2001-02-03,Havnegade 5,8000,Aarhus C,DK,";

/// A store in which these may sign for the company, and long have been.
fn world(signatories: &str) -> World {
    let world = World::guarded();
    world.import("company import", format!("{HEADER}{ANNEX}{signatories}\n"));
    world
}

fn register(world: &World, signatories: &str) {
    let counts = world.import("company import", format!("{HEADER}{ANNEX}{signatories}\n"));
    assert_eq!(counts["changed"], 1, "{counts}");
}

/// Long after the register told who may sign.
fn at(world: &World, args: &str, cpr: &str, day: &str) -> Answer {
    let now = if day.len() > 2 { day.to_owned() } else { format!("2027-03-{day}T09:00:00Z") };
    let own = if cpr.is_empty() { String::new() } else { format!("--as citizen:cpr:{cpr}") };
    world.run(&format!("{args} {own} --now {now}"))
}

#[track_caller]
fn stands(answer: &Answer, waits_for: &str) -> String {
    let answer = answer.done();
    assert_eq!(answer["waits_for"], waits_for, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

#[test]
fn who_signs_alone_changes_it_and_the_letter_goes_to_the_company() {
    let world = world(&format!("{ALICE} {BENT}+{HANS}"));
    let run = |args: &str, cpr: &str, day: &str| at(&world, args, cpr, day);
    for cpr in [DORA, FRIDA] {
        run(PROPOSE, cpr, "01").refused("designation.entitled");
    }
    run(&format!("{PROPOSE} --assurance low"), ALICE, "01").refused("actor.assurance");
    let name = stands(&run(PROPOSE, ALICE, "01"), "signature");
    // The others as well may do something about it; who has nothing to do with the company, as if it were not there.
    for command in ["show", "cancel", "confirm"] {
        run(&format!("designation {command} {name}"), DORA, "01").refused("proposal.unknown");
    }
    run(&format!("designation show {name}"), BENT, "01").done();
    assert_eq!(stands(&run(&format!("designation sign {name} --signature jws"), ALICE, "01"), "letter"), name);
    let printed = run("letters print --to letters", "", "01").done();
    assert_eq!(printed["letters"], json!([format!("{name}01")]), "{printed}");
    let letter = format!("letters/{name}01.pdf");
    let said = crate::reader::read_aloud(&world.bytes(&letter));
    for part in ["Prøve og Søn ApS", "Havnegade 5", "8000 Aarhus C", "Beløbsmodtager"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let activate = format!("designation activate {name} {}", world.code(&letter));
    run(&activate, DORA, "02").refused("proposal.unknown");
    stands(&run(&activate, ALICE, "02"), "time");
    assert_eq!(run("designation settle", "", "04").done()["in_force"], 1);
    assert_eq!(run("resolve cvr:25992180", "", "04").done()["account"], iban("DK", "1020-2"));
    // Told in the company's own box, and of nobody's in theirs.
    let notices = run("notices list", "", "04").done();
    let boxes: Vec<&Value> = notices["notices"].as_array().unwrap().iter().map(|notice| &notice["to"]).collect();
    assert!(!boxes.is_empty() && boxes.iter().all(|to| *to == "cvr"), "{notices}");
    world.verified();
}

#[test]
fn who_signs_with_others_does_nothing_without_them() {
    let world = world(&format!("{BENT}+{HANS} {HANS}+{IDA}"));
    let run = |args: &str, cpr: &str, day: &str| at(&world, args, cpr, day);
    let sign = |name: &str, cpr: &str, day: &str| run(&format!("designation sign {name} --signature jws"), cpr, day);
    let name = stands(&run(&format!("{PROPOSE} --signature jws"), BENT, "01"), "signature");
    sign(&name, BENT, "01").refused("proposal.own");
    sign(&name, ALICE, "01").refused("proposal.unknown");
    // Ida signs with Hans, and not with Bent.
    stands(&sign(&name, IDA, "01"), "signature");
    stands(&sign(&name, HANS, "01"), "letter");
    // What they have forbidden or where they are told, nobody of them says alone.
    run("lock set cvr:25992180", BENT, "01").refused("citizen.other");
    run("contact add cvr:25992180 --sms +4520304050", HANS, "01").refused("citizen.other");
    run(&format!("designation cancel {name}"), IDA, "01").done();
    // Without a signature that is asked for in any case, two must have signed all the same.
    world.run("controls set 2015").done();
    let name = stands(&run(PROPOSE, BENT, "02"), "signature");
    assert_eq!(sign(&name, HANS, "02").done()["state"], "in_force");
    world.verified();
}

/// Somebody who has left does not complete what they began, and what others signed still counts.
#[test]
fn who_has_left_completes_nothing() {
    let world = world(&format!("{ALICE} {BENT}"));
    let run = |args: &str, cpr: &str, day: &str| at(&world, args, cpr, day);
    let name = stands(&run(&format!("{PROPOSE} --signature jws"), ALICE, "01"), "letter");
    run("letters print --to letters --as bo", "", "01").done();
    let activate = format!("designation activate {name} {}", world.code(&format!("letters/{name}01.pdf")));
    stands(&run(&activate, ALICE, "01"), "time");
    // Alice leaves before it takes effect. It waits for somebody who may sign.
    register(&world, BENT);
    let settled = run("designation settle", "", "03").done();
    assert_eq!((&settled["in_force"], &settled["waiting"]), (&json!(0), &json!(1)), "{settled}");
    assert_eq!(run("resolve cvr:25992180", "", "03").done()["account"], iban("DK", "1020-22"));
    run(&format!("designation cancel {name}"), ALICE, "03").refused("proposal.unknown");
    run(PROPOSE, ALICE, "03").refused("designation.entitled");
    run("contact list cvr:25992180", ALICE, "03").refused("citizen.other");
    // Who signs it did so after the company changed hands, in the register's eyes: a second channel confirms it.
    stands(&run(&format!("designation sign {name} --signature jws"), BENT, "03"), "confirmation");
    // Not the login of whoever has just come to sign, however good it is.
    run(&format!("designation confirm {name} --assurance high"), BENT, "03").refused("actor.authenticator");
    let confirm = format!("designation confirm {name} --evidence Passport --as anna --now 2027-03-03T09:00:00Z");
    assert_eq!(world.run(&confirm).done()["state"], "held");
    // Or nobody signs, and it expires.
    register(&world, "");
    assert_eq!(run("designation settle", "", "05").done()["waiting"], 1);
    assert_eq!(run("designation settle", "", "31").done()["expired"], 1);
    world.verified();
}

/// Contact points and the lock are said by whoever signs alone; a stolen identity of theirs is the company's.
#[test]
fn what_is_a_companys_own_is_said_by_who_signs_for_it() {
    let world = world(ALICE);
    let run = |args: &str, cpr: &str, day: &str| at(&world, args, cpr, day);
    run("contact add cvr:25992180 --sms +4520304050", DORA, "01").refused("citizen.other");
    run("contact add cvr:25992180 --sms +4520304050", ALICE, "01").done();
    let listed = run("contact list cvr:25992180", ALICE, "01").done();
    assert_eq!(listed["points"][0]["value"], "+4520304050");
    run("lock set cvr:25992180 --channel bank", ALICE, "01").done();
    run("lock lift cvr:25992180", ALICE, "01").refused("citizen.assurance");
    run("lock lift cvr:25992180 --assurance high", ALICE, "01").done();
    run("lock set cvr:25992180 --channel self_service", ALICE, "01").done();
    run(PROPOSE, ALICE, "01").refused("designation.locked");
    let facts = |what: &str, now: &str| json!({ format!("cpr:{ALICE}"): { what: now } }).to_string();
    world.write("facts.json", facts("authenticator_changed", "2027-05-01T09:00:00Z"));
    let may = "2027-05-02T09:00:00Z";
    let lift = "lock lift cvr:25992180 --assurance high";
    // A new authenticator of hers lifts no lock of the company's, and demands a second channel.
    run("lock lift cvr:25992180 --reason So --in-person Passport --as anna", "", may).done();
    run("lock set cvr:25992180 --channel bank", ALICE, may).done();
    let name = stands(&run(&format!("{PROPOSE} --signature jws --identity-facts facts.json"), ALICE, may), "letter");
    run(lift, ALICE, may).refused("citizen.assurance");
    let signals = |who: &str| run(&format!("designation show {name}"), who, may).done()["signals"].clone();
    assert_eq!((signals(""), signals(ALICE)), (json!(["recent_change"]), json!([])));
    // Nor does the login of who has come to sign of late.
    register(&world, HANS);
    run(lift, HANS, "2026-11-24T09:00:00Z").refused("citizen.assurance");
    world.verified();
}
