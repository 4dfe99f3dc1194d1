//! Where money is: a payer's day, and everything that was paid to somebody.

use crate::pain::*;
use crate::support::*;
use serde_json::{Value, json};

const DAY: &str = "2026-11-23";

fn balance(world: &World, exit: i32) -> Value {
    world.run(&format!("payout balance --payer {PUBLIC} --day {DAY}")).ended(exit)
}

#[test]
fn a_days_money_is_somewhere_or_the_command_says_so() {
    let world = World::settled();
    let payments = [cpr("E1", ALICE, "1.00"), cpr("E2", NOBODY, "2.00"), cpr("E4", BENT, "4.00")];
    let routed = world.route(PUBLIC, simple("MSG", &payments)).done();
    let sums = json!({
        "payer": PUBLIC, "day": DAY, "agrees": true, "currencies": {},
        "in": "700", "delivered": "500", "held": "0", "waiting": "0", "returned": "0", "rejected": "200",
    });
    assert_eq!(balance(&world, 0), sums, "{routed}");
    let text = world.say(&format!("payout balance --payer {PUBLIC} --day {DAY}"));
    assert!(text.contains("7.00 DKK"), "{text}");
    for (sql, exit) in [
        ("UPDATE payment SET amount = amount + 1 WHERE number = 0", 1),
        ("UPDATE payment SET amount = amount - 1 WHERE number = 0", 0),
        ("UPDATE payment SET currency = 'EUR' WHERE number = 1", 1),
        ("UPDATE payment SET currency = 'DKK' WHERE number = 1", 0),
        ("DELETE FROM payment WHERE number = 2", 1),
    ] {
        world.change_store(sql).unwrap();
        assert_eq!(balance(&world, exit)["agrees"], json!(exit == 0), "{sql}");
    }
    world.run("payout balance --payer Nobody --day 2026-11-23").refused("payer.unknown");
    world.run(&format!("payout balance --payer {PUBLIC} --day yesterday")).failed(2, "usage");
}

#[test]
fn what_was_paid_to_somebody_is_traced_to_its_bank() {
    let world = World::settled();
    let routed = world.route(PUBLIC, simple("MSG", &[cpr("E1", ALICE, "1.00"), cpr("E2", BENT, "2.00")])).done();
    let given = Pay { account: Some(GERD_IBAN), ..cpr("E1", ALICE, "3.00") };
    let given = world.route(PUBLIC, simple("GIVEN", &[given, cpr("E2", ALICE, "4.00")])).done();
    let traced = world.run(&format!("payout trace cpr:{ALICE} --since {DAY} --limit 1")).done();
    let newest = json!({
        "batch": given["batch"], "number": 1, "payer": PUBLIC, "message_id": "GIVEN", "end_to_end_id": "E2",
        "amount": "4.00", "currency": "DKK", "state": "routed", "code": null,
    });
    let shown = world.run(&format!("resolve cpr:{ALICE}")).done();
    holds(&traced["payments"][0], &newest, "the newest");
    let left = &traced["payments"][0]["left"];
    assert_eq!((&left["stage"], &left["account"], &left["bic"]), (&json!(0), &shown["account"], &shown["bic"]));
    assert!(left["bank"].is_string(), "{left}");
    let after = traced["next"].as_str().unwrap();
    let rest = world.run(&format!("payout trace cpr:{ALICE} --since {DAY} --after {after}")).done();
    // What named its account itself names no payee to the registry.
    let ids: Vec<_> = rest["payments"].as_array().unwrap().iter().map(|payment| &payment["batch"]).collect();
    assert_eq!((ids, &rest["next"]), (vec![&routed["batch"]], &Value::Null));
    let none = world.run(&format!("payout trace cpr:{ALICE} --since 2026-11-24")).done();
    assert_eq!(none, json!({ "payments": [], "next": null }));
    world.run(&format!("payout trace cpr:{ALICE} --since {DAY} --after here")).failed(2, "usage");
    world.verified();
}
