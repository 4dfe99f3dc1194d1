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

/// A change that came through neither bank is told both, and not before it has taken effect.
#[test]
fn the_bank_that_loses_an_account_and_the_one_that_gains_it_are_told() {
    let world = World::guarded();
    for (name, bank) in [("north", "Nordbank"), ("south", "Sydbank")] {
        std::fs::create_dir(world.path(name)).unwrap();
        world.run(&format!("delivery add {name} --what messages --bank {bank} --folder {name}")).done();
    }
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let letter = world.run("letters print --to letters").done();
    let code = world.code(&format!("letters/{}.pdf", letter["letters"][0].as_str().unwrap()));
    let activated = world.run(&format!("designation activate {name} {code} --as citizen:cpr:{ALICE}")).done();
    world.run("delivery run").done();
    assert_eq!(world.files("north").len() + world.files("south").len(), 0, "nothing has changed yet");
    let from = activated["in_force_from"].as_str().unwrap();
    world.run(&format!("designation settle --now {from}")).done();
    world.run(&format!("delivery run --now {from}")).done();
    let told = |bank: &str| {
        let files = world.files(bank);
        assert_eq!(files.len(), 1, "{bank}");
        let given: Value = serde_json::from_str(&world.read(&files[0])).unwrap();
        assert_eq!(given["messages"].as_array().unwrap().len(), 1, "{given}");
        given["messages"][0].clone()
    };
    let (north, south) = (told("north"), told("south"));
    let payee = format!("cpr:{ALICE}");
    let expected = json!({ "payee": payee, "channel": "self_service", "from": from, "replaces": null, "reason": null });
    holds(&north, &expected, "north");
    holds(&south, &expected, "south");
    holds(&north, &json!({ "event": "changed_from_you", "account": ALICE_IBAN, "id": south["id"] }), "north");
    assert_eq!(south["event"], "changed_to_you");
    assert!(south["account"].as_str().unwrap().ends_with("10200000000002"), "{south}");
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
