//! What is done for a victim: the accounts and the case say the same, and nothing is given that is not on record.

use super::at_every_point;
use crate::count;
use crate::support::*;
use serde_json::Value;

/// Gives a command again where it was killed: it is done now, or had been done and is refused with that code.
fn give_again(killed: &World, args: &str, code: &str) {
    let again = killed.run(args);
    if again.exit != 0 {
        again.refused(code);
    }
}

fn freeze(payee: &str) -> String {
    format!("victim freeze cpr:{payee} --since 2026-11-01 --reason Rang --as anna")
}

#[test]
fn freeze_and_let_go() {
    let world = World::settled();
    let there = |world: &World| {
        ["victim_case", "victim_case_act WHERE kind = 0", "designation WHERE state = 4"]
            .map(|rows| count(world, &format!("SELECT COUNT(*) FROM {rows}")))
    };
    // Both of the payee's accounts were designated since then, and are reported with it.
    at_every_point(&world, &freeze(HANS), 1, |killed, point| {
        killed.verified();
        assert!([[0, 0, 0], [1, 1, 2]].contains(&there(killed)), "point {point}");
        give_again(killed, &freeze(HANS), "case.open");
        assert_eq!(there(killed), [1, 1, 2], "point {point}");
        assert_eq!(count(killed, "SELECT COUNT(*) FROM suspicion"), 2, "point {point}");
        killed.verified();
    });
    let case = world.run(&freeze(HANS)).done()["id"].as_str().unwrap().to_owned();
    let close = format!("victim close {case} --finding misunderstanding --reason So");
    world.run(&format!("{close} --as anna")).done();
    let undone = |world: &World| {
        let shown = world.run(&format!("victim show {case}")).done();
        let accounts = shown["accounts"].as_array().unwrap().iter();
        let open = accounts.filter(|account| account["state"] == "in_force").count();
        (shown["state"] == "closed", open, count(world, "SELECT COUNT(*) FROM suspicion_act WHERE kind = 3"))
    };
    at_every_point(&world, &format!("{close} --as bo"), 1, |killed, point| {
        killed.verified();
        assert!([(false, 0, 0), (true, 2, 2)].contains(&undone(killed)), "point {point}: {:?}", undone(killed));
        give_again(killed, &format!("{close} --as bo"), "case.state");
        assert_eq!(undone(killed), (true, 2, 2), "point {point}");
        killed.verified();
    });
}

#[test]
fn what_lies_there_is_on_record() {
    let world = World::settled();
    world.run("client rotate-key").done();
    let case = world.run(&freeze(ALICE)).done()["id"].as_str().unwrap().to_owned();
    let asked = world.run(&format!("victim disclose {case} --to police --law Paragraph-802 --as anna")).done();
    let asked = asked["asked"].as_str().unwrap();
    let give = format!("victim bundle {case} --to police --asked {asked} --out given --as bo");
    let shows = |world: &World| -> bool {
        let shown = world.run(&format!("victim show {case}")).done();
        let acts = shown["acts"].as_array().unwrap().clone();
        acts.iter().any(|act: &Value| act["act"] == "disclosed")
    };
    at_every_point(&world, &give, 1, |killed, point| {
        killed.verified();
        let named = killed.files("given").into_iter().filter(|name| !name.ends_with(".part")).count();
        assert!(named == 0 || shows(killed), "point {point}");
        if named == 3 {
            killed.run("victim check given").done();
        }
        // What lies there is not overwritten, and elsewhere it takes another asking.
        give_again(killed, &give, if named == 0 { "case.not_asked" } else { "file.exists" });
        give_again(killed, &give.replace("--out given", "--out elsewhere"), "case.not_asked");
        killed.verified();
    });
}
