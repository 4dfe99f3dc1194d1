//! A payer's contact is written to once, wherever a process is killed.

use super::at_every_point;
use crate::count;
use crate::pain::{cpr, simple};
use crate::support::*;

#[test]
fn a_contact_is_told_of_every_report_and_once() {
    let world = World::settled();
    world
        .run(&format!(
            "payer add {HOLDER} --cvr 13748136 --kind public --no-account hold --contact Nina<nina@example.dk>"
        ))
        .done();
    let routed = world.route(HOLDER, simple("SIMPEL", &[cpr("E1", ALICE, "1.00")])).done();
    let batch = routed["batch"].as_str().unwrap();
    let report = format!(
        "suspicion report --batch {batch} --end-to-end-id E1 --reason mule --text Called --from police --as anna"
    );
    let there = |world: &World| {
        ["suspicion", "payer_word", "payer_word WHERE told IS NOT NULL", "notice_progress WHERE medium = 2"]
            .map(|rows| count(world, &format!("SELECT COUNT(*) FROM {rows}")))
    };
    at_every_point(&world, &report, 1, |killed, point| {
        killed.verified();
        assert!([[0, 0, 0, 0], [1, 2, 0, 0]].contains(&there(killed)), "point {point}");
    });
    world.run(&report).done();
    // A copy has the files of a world, and not its empty folders.
    std::fs::create_dir(world.path("mail")).unwrap();
    world.write("mail/there", "");
    let send =
        "notices send --stop-url https://anvis.example/stop --smtp folder:mail --mail-from no-reply@anvis.example";
    at_every_point(&world, send, 2, |killed, point| {
        killed.verified();
        assert!([[1, 2, 0, 0], [1, 2, 1, 1]].contains(&there(killed)), "point {point}: {:?}", there(killed));
        // What the killed process had taken is taken by another two minutes later.
        killed.run(&format!("{send} --now 2026-11-23T09:30:00Z")).done();
        assert_eq!(there(killed), [1, 2, 1, 1], "point {point}");
        let named = killed.files("mail").into_iter().filter(|name| name.ends_with(".eml")).count();
        assert_eq!(
            (named, count(killed, "SELECT COUNT(*) FROM notice_progress WHERE state = 1 AND medium = 2")),
            (1, 1)
        );
        killed.verified();
    });
}
