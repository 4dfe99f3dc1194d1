//! Who is told what becomes of whose account, from the command line.

use crate::support::*;
use serde_json::{Value, json};

#[test]
fn a_lender_is_told_of_a_change_and_the_payee_who_is_told() {
    let world = World::settled();
    world.add_client("coop", &format!("private-payer --payer {PRIVATE}"), CERTIFICATE);
    let add = |more: &str| {
        let payee = format!("--payee cpr:{ALICE} --account {ALICE_ACCOUNT} --reference Loan-7");
        world.run(&format!("subscription add {payee} {more}"))
    };
    let (client, purpose, until) = ("--client coop", "--purpose credit_agreement", "--until 2026-12-01");
    let begun = add(&format!("{client} {purpose} {until}")).done();
    let id = begun["subscriptions"][0]["id"].as_str().unwrap().to_owned();
    holds(&begun["subscriptions"][0]["answer"], &json!({ "state": "match", "changed_days_ago": null }), "begun");
    add(&format!("{client} {purpose} --until 2026-12-24")).refused("subscription.until");
    add(&format!("{client} --purpose law {until}")).refused("subscription.purpose");
    add(&format!("--client nobody {purpose} {until}")).refused("client.unknown");
    let without = format!("subscription add --payee cpr:{ALICE} --reference Loan {client} {purpose} {until}");
    world.run(&without).refused("subscription.account");

    let listed = world.run("subscription list --client coop").done();
    let lasts = json!({
        "id": id, "payee": null, "reference": null, "purpose": "credit_agreement", "until": "2026-11-30T23:00:00Z",
    });
    assert_eq!(listed, json!({ "subscriptions": [lasts], "next": null }));
    assert!(world.say("subscription list --client coop").contains(&id));

    std::fs::create_dir(world.path("told")).unwrap();
    let deliver = |more: &str| world.run(&format!("delivery add told --folder told {more}"));
    deliver("--what messages --client coop").refused("delivery.whose");
    deliver("--what subscriptions --bank Nordbank").refused("delivery.whose");
    deliver("--what subscriptions --client nobody").refused("client.unknown");
    let registered = deliver("--what subscriptions --client coop").done();
    holds(&registered, &json!({ "delivery": "told", "what": "subscriptions", "client": "coop" }), "registered");
    world.change(&format!("change,cpr:{ALICE},1020-77,,0040,,,"));
    holds(&world.run("delivery run").done()["deliveries"][0], &json!({ "items": 1, "failures": 0 }), "run");
    let names = world.files("told");
    let text = world.read(&names[0]);
    let given: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&given["client"], given["events"].as_array().unwrap().len()), (&json!("coop"), 1));
    let event = json!({
        "event": "changed", "subscription": id, "reference": "Loan-7", "payee": format!("cpr:{ALICE}"),
        "channel": "operator", "changed_days_ago": 0, "from": NOW,
    });
    holds(&given["events"][0], &event, "event");
    assert!(!text.contains("0440116243") && !text.contains("10200000000077"), "{text}");

    let about = format!("payee subscriptions cpr:{ALICE}");
    let seen = world.run(&format!("{about} --as citizen:cpr:{ALICE}")).done();
    let told = json!({ "subscription": id, "client": "client:coop", "purpose": "credit_agreement", "ended": null });
    holds(&seen["subscribers"][0], &told, "seen");
    world.run(&format!("{about} --as citizen:cpr:{BENT}")).refused("citizen.other");
    assert!(world.say(&about).contains("client:coop"));

    let end = |id: &str| world.run(&format!("subscription end --client coop {id}"));
    end("0000000000000").refused("subscription.unknown");
    assert_eq!(end(&id).done(), json!({ "ended": 1 }));
    assert_eq!(end(&id).done(), json!({ "ended": 0 }));
    assert_eq!(world.run("subscription list --client coop").done()["subscriptions"], json!([]));
    assert!(world.run(&about).done()["subscribers"][0]["ended"].is_string());
    world.verified();
}
