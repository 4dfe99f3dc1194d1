//! What is given to others without their asking, from the command line.

use crate::support::*;
use kernel::testing::require_sqlite;
use serde_json::{Value, json};

#[test]
fn a_delivery_from_its_registration_to_its_end() {
    let world = World::settled();
    std::fs::create_dir(world.path("north")).unwrap();
    let folder = world.path("north").canonicalize().unwrap();
    assert_eq!(world.run("delivery list").done(), json!({ "deliveries": [] }));
    let registered = world.run("delivery add north --what messages --bank Nordbank --folder north").done();
    holds(&registered, &json!({ "delivery": "north", "what": "messages", "bank": "Nordbank" }), "registered");
    world.change(&format!("change,cpr:{ALICE},1020-77,,0040,,,"));
    world.change(&format!("register,cpr:{FRIDA},0041-88,,,,,"));
    let run = world.run("delivery run").done();
    let expected = json!({
        "delivery": "north", "folder": folder, "ended": false, "parcels": 1, "items": 2, "failures": 0,
        "last_success": NOW, "last_failure": null, "last_code": null, "last_status": null, "next_try": null,
    });
    holds(&run["deliveries"][0], &expected, "run");
    assert_eq!(world.run("delivery run").done(), run);
    let names = world.files("north");
    assert_eq!(names.len(), 1);
    let given: Value = serde_json::from_str(&world.read(&names[0])).unwrap();
    assert_eq!(given["bank"], "Nordbank");
    let of = |at: usize| &given["messages"][at];
    let left = json!({ "event": "changed_from_you", "account": ALICE_IBAN, "payee": format!("cpr:{ALICE}") });
    holds(of(0), &left, "the one who left");
    holds(of(1), &json!({ "event": "registered", "payee": format!("cpr:{FRIDA}"), "replaces": null }), "the new one");

    // A server that is not there.
    let url = "http://127.0.0.1:1/in";
    world.run(&format!("delivery add south --what messages --bank Sydbank --url {url} --from-beginning")).done();
    let failed = world.run("delivery run").done()["deliveries"][1].clone();
    let expected = json!({
        "url": url, "ca": null, "cert": null, "key": null, "failures": 1, "items": 0, "entry": -1, "last_failure": NOW,
        "last_code": "delivery.unreachable", "last_status": null,
    });
    holds(&failed, &expected, "failed");
    assert!(failed["next_try"].as_str().unwrap() > NOW);
    assert_eq!(world.run("delivery end south").done(), json!({ "delivery": "south", "changed": true }));
    assert_eq!(world.run("delivery end south").done()["changed"], false);
    let listed = world.run("delivery list").done();
    assert_eq!((&listed["deliveries"][1]["ended"], &listed["deliveries"][1]["failures"]), (&true.into(), &1.into()));
    world.verified();
}

#[test]
fn a_delivery_that_cannot_be_is_refused() {
    let world = World::settled();
    let add = |rest: &str| world.run(&format!("delivery add {rest}"));
    let to = "--what messages --bank Nordbank";
    add(&format!("north {to} --folder north")).done();
    add(&format!(".north {to} --folder north")).refused("delivery.name");
    add("other --what messages --bank Ingen --folder north").refused("delivery.bank_unknown");
    add("north --what files --bank Nordbank --folder north").refused("delivery.name_taken");
    add("north --what messages --bank Sydbank --folder north").refused("delivery.name_taken");
    for url in ["http://bank.example/", "https://bank.example/?a=b", "ftp://bank.example/", "https://a@bank.example/"] {
        add(&format!("other {to} --url {url}")).refused("delivery.url");
    }
    world.run("delivery end other").refused("delivery.unknown");
    world.run("delivery end north").done();
    add(&format!("north {to} --folder north")).refused("delivery.ended");
    world.write("a.pem", CERTIFICATE);
    for wrong in [
        format!("other {to}"),
        format!("other {to} --folder north --url https://bank.example/"),
        format!("other {to} --folder north --ca a.pem"),
        format!("other {to} --url https://bank.example/ --cert a.pem"),
        format!("other {to} --url https://bank.example/ --ca none.pem"),
        "other --what letters --bank Nordbank --folder north".to_owned(),
    ] {
        add(&wrong).failed(2, "usage");
    }
}

#[test]
fn on_sqlite_nothing_is_delivered_into_the_data_folder() {
    require_sqlite();
    let add = "delivery add north --what messages --bank Nordbank --folder store/north";
    World::settled().run(add).refused("store.inside");
}
