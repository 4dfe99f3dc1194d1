//! What is done about designations: whatever was said to be done is done, and the codes that count are those of letters that lie
//! in place, or that can be made anew.

use super::at_every_point;
use crate::count;
use crate::support::*;
use serde_json::Value;

const LETTER_MADE: &str = "SELECT COUNT(*) FROM proposal_act WHERE kind = 3";

fn show(world: &World, name: &str, now: &str) -> Value {
    world.run(&format!("designation show {name} --now {now}")).done()
}

/// Gives a command again where it was killed: it is done now, or had been done and is refused with that code.
fn give_again(killed: &World, args: &str, code: &str) {
    let again = killed.run(args);
    if again.exit != 0 {
        again.refused(code);
    }
}

#[test]
fn propose_and_approve() {
    let world = World::guarded();
    let propose = format!(
        "designation propose cpr:{ALICE} --account 1020-2 --expects {ALICE_ACCOUNT} --holder own --signature jws \
         --as citizen:cpr:{ALICE}"
    );
    let there = |world: &World| {
        ["proposal", "proposal_act", "proposal_now"].map(|table| count(world, &format!("SELECT COUNT(*) FROM {table}")))
    };
    at_every_point(&world, &propose, 1, |killed, point| {
        killed.verified();
        assert!([[0, 0, 0], [1, 1, 1]].contains(&there(killed)), "point {point}");
        give_again(killed, &propose, "change.waiting");
        assert_eq!(there(killed), [1, 1, 1], "point {point}");
        killed.verified();
    });
    // One that takes effect with the approval: what was approved and the row of the history are there together.
    let world = World::settled();
    let name = world.hold("Nordbank", &[(&format!("cpr:{BENT}"), "0040-1")]).remove(0);
    let rows = |world: &World| {
        let acts = count(world, "SELECT COUNT(*) FROM proposal_act");
        (acts, count(world, "SELECT COUNT(*) FROM designation WHERE proposal IS NOT NULL"))
    };
    let approve = format!("designation approve {name} --reason Called --as anna");
    at_every_point(&world, &approve, 1, |killed, point| {
        killed.verified();
        assert!([(0, 0), (2, 1)].contains(&rows(killed)), "point {point}");
        give_again(killed, &approve, "proposal.ended");
        assert_eq!(rows(killed), (2, 1), "point {point}");
        assert_eq!(show(killed, &name, NOW)["state"], "in_force", "point {point}");
        killed.verified();
    });
}

#[test]
fn activate_and_settle() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    world.run("letters print --to letters").done();
    let own = format!("--as citizen:cpr:{ALICE}");
    let code = world.code(&format!("letters/{name}01.pdf"));
    let activate = format!("designation activate {name} {code} {own}");
    let from = "2026-11-25T09:00:00Z";
    at_every_point(&world, &activate, 1, |killed, point| {
        killed.verified();
        give_again(killed, &activate, "proposal.not_this");
        let shown = show(killed, &name, NOW);
        assert_eq!((&shown["state"], &shown["in_force_from"]), (&"held".into(), &from.into()), "point {point}");
        killed.verified();
    });
    // A wrong code counts once, or was never given.
    let wrong = if code == "11111111" { "22222222" } else { "11111111" };
    let give_wrong = format!("designation activate {name} {wrong} {own}");
    for point in 1.. {
        let killed = world.copy();
        let mut command = killed.command(&give_wrong);
        let given = answer(&give_wrong, command.env("ANVIS_KILL_AT", point.to_string()).spawn().unwrap());
        if given.exit == 3 {
            assert!(point > 2, "only {point} points");
            break;
        }
        killed.verified();
        assert!(count(&killed, "SELECT COUNT(*) FROM proposal_act WHERE kind = 6") <= 1, "point {point}");
        killed.run(&activate).done();
    }
    world.run(&activate).done();
    let another = world.propose_own(HANS, "0041-2", "1020-4811223344");
    // What is due takes effect once, and nothing else moves.
    let settle = format!("designation settle --now {from}");
    let took_effect = |world: &World| count(world, "SELECT COUNT(*) FROM designation WHERE proposal IS NOT NULL");
    at_every_point(&world, &settle, 1, |killed, point| {
        killed.verified();
        let before = took_effect(killed);
        assert!(before <= 1, "point {point}");
        assert_eq!(killed.run(&settle).done()["in_force"], 1 - before, "point {point}");
        assert_eq!(took_effect(killed), 1, "point {point}");
        let shown = show(killed, &name, from);
        assert_eq!((&shown["state"], &shown["in_force_from"]), (&"in_force".into(), &from.into()), "point {point}");
        assert_eq!(show(killed, &another, from)["waits_for"], "letter", "point {point}");
        killed.verified();
    });
}

/// Letters that are being made, one of them under cover. Whatever has its name can be posted: its code counts. The next run finishes
/// what was cut off, with the same codes, and its manifest has all that no other has.
#[test]
fn letters() {
    let world = World::guarded();
    let people = [(ALICE, "1020-2", ALICE_ACCOUNT), (DORA, "1020-3", "none")];
    let letters = people.map(|(cpr, account, expects)| (cpr, world.propose_own(cpr, account, expects)));
    let print = "letters print --to letters";
    let place = |cpr: &str, name: &str| {
        let folder = if cpr == DORA { "protected/" } else { "" };
        format!("letters/{folder}{name}01.pdf")
    };
    let is_there = |world: &World, name: &str| world.path(name).exists();
    // Reads the letter that is in place, and gives its code for a copy of the payee.
    let counts = |killed: &World, cpr: &str, name: &str| {
        let code = killed.code(&place(cpr, name));
        killed.copy().run(&format!("designation activate {name} {code} --as citizen:cpr:{cpr}")).exit == 0
    };
    at_every_point(&world, print, 12, |killed, point| {
        killed.verified();
        let made = count(killed, LETTER_MADE);
        let in_place = letters.iter().filter(|(cpr, name)| is_there(killed, &place(cpr, name))).count() as i64;
        assert!(
            (0..=1).contains(&(made - in_place)),
            "point {point}: {made} codes count, {in_place} letters are there"
        );
        for (cpr, name) in &letters {
            if is_there(killed, &place(cpr, name)) {
                assert!(counts(killed, cpr, name), "point {point}: the letter of {name} is worth nothing");
            }
        }
        killed.run(print).done();
        for (cpr, name) in &letters {
            assert!(counts(killed, cpr, name), "point {point}: the letter of {name} is worth nothing");
        }
        let files = killed.files("letters");
        let (pdfs, others): (Vec<_>, Vec<_>) = files.iter().partition(|name| name.ends_with(".pdf"));
        assert!(
            pdfs.len() == 3 && others.iter().all(|name| name.ends_with("-manifest.csv")),
            "point {point}: {files:?}"
        );
        let mut listed: Vec<String> = Vec::new();
        for manifest in others {
            let text = killed.read(manifest);
            listed.extend(text.lines().skip(1).map(|line| format!("letters/{}", line.split(',').next().unwrap())));
        }
        listed.sort();
        assert_eq!(listed.iter().collect::<Vec<_>>(), pdfs, "point {point}");
        assert_eq!(count(killed, LETTER_MADE), 2, "point {point}: one was drawn anew");
        killed.verified();
    });
}

/// A bank is asked whose an account is: between the question and the answer nothing goes on, and the answer is told once.
#[test]
fn ownership() {
    let world = World::guarded();
    world.run("delivery add asked --what ownership --bank Sydbank --url https://bank.example/vop").done();
    let terms = format!("cpr:{ALICE} --account 1020-2 --expects {ALICE_ACCOUNT} --holder own --signature jws");
    let proposed = world.run(&format!("designation propose {terms} --as citizen:cpr:{ALICE}")).done();
    assert_eq!(proposed["waits_for"], "ownership", "{proposed}");
    let name = proposed["id"].as_str().unwrap();
    world.write("answers.csv", format!("1020-2;cpr:{ALICE};no_match\n"));
    let ask = format!("ownership ask --ownership-answers {}", world.path("answers.csv").display());
    let told = |world: &World| count(world, "SELECT COUNT(*) FROM proposal_act WHERE kind = 10");
    at_every_point(&world, &ask, 6, |killed, point| {
        killed.verified();
        let before = told(killed);
        let waits_for = ["ownership", "check"][usize::try_from(before).unwrap()];
        assert_eq!(show(killed, name, NOW)["waits_for"], waits_for, "point {point}");
        // Others leave alone what it had taken until that is held no more.
        let again = killed.run(&format!("{ask} --now 2026-11-23T09:02:00Z")).done();
        assert!(again["answered"] == 1 || before == 1, "point {point}: {again}");
        let listed = killed.run("ownership list --now 2026-11-23T09:02:00Z").done();
        assert_eq!((told(killed), &listed["questions"]), (1, &Value::Array(vec![])), "point {point}");
        let shown = show(killed, name, "2026-11-23T09:02:00Z");
        assert_eq!((&shown["waits_for"], &shown["ownership"]), (&"check".into(), &"no_match".into()), "point {point}");
        killed.verified();
    });
}
