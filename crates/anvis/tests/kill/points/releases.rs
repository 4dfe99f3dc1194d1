//! Releases by two people, stops, and what leaves by itself, killed at every point: what was sent, and who let it go, is certain.

use super::{at_every_point, payments, told};
use crate::support::World;
use crate::{count, outputs};

/// A store with a batch of a payer on these terms.
fn held(terms: &str) -> (World, String) {
    let world = World::settled();
    world.run(&format!("payer add Nye --cvr 13748136 --kind public --no-account hold {terms}")).done();
    world.write("payments.xml", payments("VENTER"));
    let routed = world.run("payout route payments.xml --payer Nye --out out").done();
    (world, routed["batch"].as_str().unwrap().to_owned())
}

/// What became of the batch, of its files, and how often anybody did anything.
fn all(world: &World, name: &str) -> (String, Vec<(String, String)>, [i64; 2]) {
    let acts = ["batch_act", "batch_stage"].map(|table| count(world, &format!("SELECT COUNT(*) FROM {table}")));
    (told(world), outputs(world, name), acts)
}

#[test]
fn two_people() {
    let (world, name) = held("--release by-hand --four-eyes-above 5");
    let ask = format!("payout release {name} --out out --as anna");
    let before = outputs(&world, &name);
    at_every_point(&world, &ask, 1, |killed, point| {
        killed.verified();
        assert_eq!(killed.run(&ask).done()["waits_for"], "approval", "point {point}");
        assert_eq!(count(killed, "SELECT COUNT(*) FROM batch_act"), 1, "point {point}");
        assert_eq!(outputs(killed, &name), before, "point {point}: nothing has left");
        killed.verified();
    });
    world.run(&ask).done();
    let approve = format!("payout approve-release {name} --out out --as bo");
    let never_killed = world.copy();
    never_killed.run(&approve).done();
    let expected = all(&never_killed, &name);
    assert_eq!(expected.2, [2, 1]);
    at_every_point(&world, &approve, 12, |killed, point| {
        killed.verified();
        killed.run(&approve).done();
        assert_eq!(all(killed, &name), expected, "point {point}");
        killed.verified();
    });
}

#[test]
fn stop_and_resume() {
    let (world, name) = held("--release by-hand");
    for (act, refusal) in [("stop", "batch.stopped"), ("resume", "batch.not_stopped")] {
        let args = format!("payout {act} {name} --end-to-end E3 --reason So");
        let before = count(&world, "SELECT COUNT(*) FROM batch_act");
        at_every_point(&world, &args, 1, |killed, point| {
            killed.verified();
            let again = killed.run(&args);
            if again.exit != 0 {
                again.refused(refusal);
            }
            assert_eq!(count(killed, "SELECT COUNT(*) FROM batch_act"), before + 1, "point {point}");
            assert_eq!(told(killed).contains("\"reason\":\"stopped\""), act == "stop", "point {point}");
            killed.verified();
        });
        world.run(&args).done();
    }
}

#[test]
fn settle() {
    // It came in at ten in Denmark.
    let (world, name) = held("--release cut-off:11:00");
    let at = "--out out --now 2026-11-23T10:00:00Z";
    let settle = format!("payout settle {at}");
    let never_killed = world.copy();
    never_killed.run(&settle).done();
    let expected = all(&never_killed, &name);
    assert_eq!(expected.2, [0, 1]);
    at_every_point(&world, &settle, 12, |killed, point| {
        killed.verified();
        // What left before it was killed, and had no names for its files, gets them by whoever settles next.
        killed.run(&settle).done();
        assert_eq!(all(killed, &name), expected, "point {point}");
        killed.verified();
    });
}
