//! Who lets a payer's files go, at the console.

use crate::designations::{FOURTH_PUBLIC_KEY, THIRD_PUBLIC_KEY};
use crate::four_eyes::OTHER_PUBLIC_KEY;
use crate::pain::*;

use crate::support::*;
use serde_json::json;

#[test]
fn a_payers_own_people_do_and_the_agencys_where_nothing_of_its_own_can() {
    let world = World::settled();
    for (name, key, authority) in [
        ("bo", OTHER_PUBLIC_KEY, PUBLIC),
        ("ben", THIRD_PUBLIC_KEY, &format!("{PUBLIC} --benefit NKSBOS")),
        ("kate", FOURTH_PUBLIC_KEY, HOLDER),
    ] {
        world.write("new.pub", key);
        world.run(&format!("caseworker add {name} --key new.pub --authority {authority}")).done();
    }
    let held = |id: &str| {
        world.write("payments.xml", simple(id, &[cpr("E1", ALICE, "1.00"), cpr("E2", BENT, "2.00")]));
        let held = world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --hold")).done();
        held["batch"].as_str().unwrap().to_owned()
    };
    let [first, second] = ["FIRST", "SECOND"].map(held);
    let commands = |batch: &str| {
        [
            format!("payout show {batch}"),
            format!("payout release {batch} --out out"),
            format!("payout approve-release {batch} --out out"),
            format!("payout stop {batch} --reason So"),
            format!("payout resume {batch} --reason So"),
            format!("payout cancel {batch}"),
            format!("payout retry {batch}"),
            format!("recall arrived {batch} --end-to-end E1 --reason So"),
        ]
    };
    for command in commands(&first) {
        world.run(&format!("{command} --as kate")).refused("batch.unknown");
        world.run(&format!("{command} --as ben")).refused("caseworker.remit");
    }
    assert_eq!(world.run("payout list --as kate").done(), json!({ "batches": [] }));
    assert_eq!(world.run("payout list --as bo").done()["batches"].as_array().unwrap().len(), 2);
    world.run(&format!("payout route payments.xml --payer {PUBLIC} --out out --as bo")).refused("policy.not_allowed");
    // Whoever stops it, nothing lets it go.
    world.run(&format!("payout stop {first} --reason Double --as bo")).done();
    holds(&world.run(&format!("payout release {first} --out out --as anna")).done(), &json!({ "held": 2 }), "stopped");
    world.run(&format!("payout resume {first} --reason None --as anna")).done();
    holds(&world.run(&format!("payout release {first} --out out --as bo")).done(), &json!({ "routed": 2 }), "resumed");
    // With a system of its own, that is the payer's; to stop what may be fraud is the agency's too.
    world.add_client("one", &format!("public-payer --payer {PUBLIC}"), CERTIFICATE);
    world.run(&format!("payout release {second} --out out --as anna")).refused("batch.payers");
    for command in
        ["payout approve-release {} --out out", "payout retry {}", "recall arrived {} --end-to-end E1 --reason So"]
    {
        world.run(&format!("{} --as anna", command.replace("{}", &second))).refused("batch.payers");
    }
    world.run(&format!("recall arrived {second} --end-to-end E1 --reason So --as bo")).refused("recall.not_promised");
    world.run(&format!("payout stop {second} --end-to-end E1 --reason Fraud --as anna")).done();
    let released = world.run(&format!("payout release {second} --out out --as bo")).done();
    holds(&released, &json!({ "routed": 1, "held": 1 }), "one is stopped");
    world.run("client end one").done();
    world.run(&format!("payout resume {second} --end-to-end E1 --reason None --as anna")).done();
    holds(&world.run(&format!("payout release {second} --out out --as anna")).done(), &json!({ "routed": 2 }), "ended");
    world.verified();
}
