//! Killed anywhere: when it has written as many bytes as a random number says.

use crate::chance::{Chance, kills, set};
use crate::pain::{Pay, cpr, simple};
use crate::support::*;
use crate::{count, outputs};

struct Plan {
    kills: u64,
    /// So much larger than the smallest input is the input.
    scale: usize,
    chance: Chance,
}

impl Plan {
    fn read() -> Self {
        // A release is so much faster.
        let scale = if set("ANVIS_TEST_BINARY").is_some() { 20 } else { 1 };
        Self { kills: kills(), scale, chance: Chance::read() }
    }

    /// Runs a command and kills it when the folder has grown by `bytes`; what it said if it ended before.
    fn kill_after(&self, world: &World, args: &str, bytes: u64) -> Option<Answer> {
        let before = size(world);
        let mut child = world.command(args).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if size(world).abs_diff(before) >= bytes {
                // It may have ended this very moment.
                let _ = child.kill();
                let ended = answer(args, child);
                return (ended.exit >= 0).then_some(ended);
            }
            std::thread::yield_now();
        }
        Some(answer(args, child))
    }

    /// Runs a command that is killed so many times on its way, in one world or another, and ends it undisturbed; `check` sees
    /// the world after every kill, with what the command said where it was not killed.
    fn torment(&mut self, world: &World, args: &str, check: impl Fn(&World, Option<Answer>)) {
        let never_killed = world.copy();
        let before = size(&never_killed);
        answer(args, never_killed.command(args).spawn().unwrap()).done();
        let grown = size(&never_killed).abs_diff(before);
        let mut killed = world.copy();
        let mut in_a_row = 0;
        for _ in 0..self.kills {
            let bytes = 1 + self.chance.below(grown);
            let ended = self.kill_after(&killed, args, bytes);
            let is_over = ended.is_some() || in_a_row == 3;
            killed.verified();
            check(&killed, ended);
            in_a_row += 1;
            if is_over {
                check(&killed, Some(answer(args, killed.command(args).spawn().unwrap())));
                killed = world.copy();
                in_a_row = 0;
            }
        }
        check(&killed, Some(answer(args, killed.command(args).spawn().unwrap())));
    }
}

/// The bytes of all files; what is renamed or removed meanwhile is passed over.
fn size(world: &World) -> u64 {
    let length = |name: String| std::fs::metadata(world.path(&name)).map_or(0, |metadata| metadata.len());
    world.files("").into_iter().map(length).sum()
}

#[test]
fn route() {
    let mut plan = Plan::read();
    let world = World::settled();
    let payments: Vec<Pay> = (0..10_000 * plan.scale).map(|at| cpr(&format!("E{at}"), ALICE, "1.00")).collect();
    world.write("payments.xml", simple("VILKAARLIG", &payments));
    let args = format!("payout route payments.xml --payer {PUBLIC} --out out");
    let reference = world.copy();
    let routed = reference.run(&args).done();
    let expected = outputs(&reference, routed["batch"].as_str().unwrap());
    let total = payments.len() as u64;
    plan.torment(&world, &args, |killed, ended| {
        let list = killed.run("payout list").done();
        let batches = list["batches"].as_array().unwrap();
        assert!(batches.len() <= 1, "{list}");
        // Whatever has its name is whole, and what is on record is all of it.
        for batch in batches {
            assert_eq!(batch["routed"], total);
        }
        for (name, content) in outputs(killed, batches.first().map_or("-", |batch| batch["batch"].as_str().unwrap())) {
            let whole = expected.iter().find(|(expected, _)| *expected == name);
            assert!(name.ends_with(".part") || whole.is_some_and(|(_, whole)| *whole == content), "{name}");
        }
        if let Some(ended) = ended {
            let routed = ended.done();
            assert_eq!(routed["routed"], total);
            assert!(outputs(killed, routed["batch"].as_str().unwrap()) == expected, "the outputs are what they were");
            killed.verified();
        }
    });
}

#[test]
fn import() {
    let mut plan = Plan::read();
    let world = World::settled();
    let payees = 15_000 * plan.scale;
    let rows: String =
        (1..=payees).map(|at| format!("register,p:{},0040-{at},,none,,,\n", 1_000_001_000 + at)).collect();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}bad,,,,,,,\n"));
    let args = "account import rows.csv --channel operator";
    let before = count(&world, "SELECT COUNT(*) FROM designation");
    plan.torment(&world, args, |killed, ended| {
        let known = count(killed, "SELECT COUNT(*) FROM designation") - before;
        assert!((0..=payees as i64).contains(&known), "{known}");
        if let Some(ended) = ended {
            let told =
                serde_json::json!({ "rows": payees + 1, "changed": payees, "held": 0, "unchanged": 0, "rejected": 1 });
            assert_eq!(ended.done(), told);
            assert_eq!(known, payees as i64);
            assert_eq!(
                count(killed, "SELECT COUNT(*) FROM payee WHERE designation IS NULL AND register_row IS NULL"),
                0
            );
            assert_eq!(killed.read("rows.csv.rejects.csv").lines().count(), 2);
            killed.verified();
        }
    });
}

#[test]
fn letters() {
    let mut plan = Plan::read();
    let world = World::guarded();
    let accounts =
        [(ALICE, ALICE_ACCOUNT), (BENT, "5000-12"), (HANS, "1020-4811223344"), (IDA, "0040-19"), (FRIDA, "none")];
    let people: Vec<(&str, String)> = (1..)
        .zip(accounts)
        .map(|(at, (cpr, expects))| (cpr, world.propose_own(cpr, &format!("1020-{at}"), expects)))
        .collect();
    let args = "letters print --to letters";
    plan.torment(&world, args, |killed, ended| {
        let made = count(killed, "SELECT COUNT(*) FROM proposal_act WHERE kind = 3");
        let is_there = |name: &str| killed.path(&format!("letters/{name}01.pdf")).exists();
        let in_place: Vec<_> = people.iter().filter(|(_, name)| is_there(name)).collect();
        // Of each process that was killed one letter may be missing.
        assert!(in_place.len() as i64 <= made, "{made}: {in_place:?}");
        assert!(made <= people.len() as i64);
        for (cpr, name) in in_place {
            let code = killed.code(&format!("letters/{name}01.pdf"));
            killed.copy().run(&format!("designation activate {name} {code} --as citizen:cpr:{cpr}")).done();
        }
        if let Some(ended) = ended {
            assert_eq!(ended.done()["left"], serde_json::json!([]));
            assert_eq!(count(killed, "SELECT COUNT(*) FROM proposal_act WHERE kind = 3"), people.len() as i64);
            let copy = killed.copy();
            for (_, name) in people.iter().filter(|(_, name)| !is_there(name)) {
                let anew = copy.run(&format!("{args} --only {name}")).done();
                assert_eq!(anew["letters"], serde_json::json!([format!("{name}02")]));
            }
            killed.verified();
        }
    });
}
