//! What payees are told, from the command line.

use crate::support::*;
use serde_json::{Value, json};

const WAYS: &str = "--digital-post folder:out --sender-cvr 34051178 --sms folder:out --smtp folder:out \
                    --mail-from no-reply@anvis.example --stop-url https://anvis.example/stop";
const LATER: &str = "--now 2026-11-30T09:00:00Z";

fn told(world: &World) {
    for to in [format!("digital_post:cpr:{ALICE}"), "sms:+4512345678".to_owned()] {
        world.run(&format!("notices try {to}")).done();
    }
    let tried = world.run("notices try email:anna@mail.example --language en").done();
    assert_eq!(tried, json!({ "medium": "email" }));
}

#[test]
fn a_notice_from_its_recording_to_a_folder() {
    let world = World::settled();
    assert_eq!(world.run("notices list").done(), json!({ "notices": [] }));
    told(&world);
    let listed = world.run("notices list").done();
    let of = |at: usize| &listed["notices"][at];
    let first = json!({
        "kind": "trial", "medium": "digital_post", "language": "da", "to": "cpr", "recorded": NOW, "state": "waiting",
        "at": NOW, "tries": 0, "last_failure": null, "last_code": null, "last_status": null,
    });
    holds(of(0), &first, "digital post");
    holds(of(1), &json!({ "medium": "sms", "to": "+45…78" }), "sms");
    holds(of(2), &json!({ "medium": "email", "to": "a…@mail.example", "language": "en" }), "email");
    assert_eq!(world.run("notices list --limit 1").done()["notices"].as_array().unwrap().len(), 1);

    // The folder is not there.
    let sent = |sent: u64, failed: u64, dead: u64| json!({ "sent": sent, "failed": failed, "dead": dead });
    assert_eq!(world.run(&format!("notices send {WAYS}")).done(), sent(0, 3, 0));
    std::fs::create_dir(world.path("out")).unwrap();
    assert_eq!(world.run(&format!("notices send {WAYS}")).done(), sent(0, 0, 0), "not before its time");
    let waiting = world.run("notices list").done();
    holds(
        &waiting["notices"][0],
        &json!({ "tries": 1, "last_code": "delivery.folder", "last_failure": NOW }),
        "failed",
    );
    let name = of(1)["notice"].as_str().unwrap();
    let retry = format!("notices retry {name} --reason made");
    assert_eq!(world.run(&retry).done(), json!({ "retried": 1 }));
    assert_eq!(world.run(&format!("notices send {WAYS}")).done(), sent(1, 0, 0));
    world.run(&retry).refused("notice.sent");
    assert_eq!(world.run(&format!("notices send {WAYS} {LATER}")).done(), sent(2, 0, 0));
    let extensions = ["memo.xml", "sms.json", "eml"];
    let expected: Vec<String> =
        (0..3).map(|at| format!("out/{}.{}", of(at)["notice"].as_str().unwrap(), extensions[at])).collect();
    assert_eq!(world.files("out"), expected);
    let sms: Value = serde_json::from_str(&world.read(&expected[1])).unwrap();
    assert_eq!((&sms["to"], &sms["reference"]), (&"+4512345678".into(), &of(1)["reference"]));
    assert!(world.read(&expected[0]).contains(&format!("<memo:recipientID>{ALICE}<")));
    assert!(world.read(&expected[2]).contains("This is a trial."));
    assert_eq!(world.run("notices list").done(), json!({ "notices": [] }));
    assert_eq!(world.run("notices retry --all-dead --reason none").done(), json!({ "retried": 0 }));
    world.verified();
}

#[test]
fn what_cannot_be_is_refused() {
    let world = World::settled();
    world.run("notices retry 0000000000001 --reason so").refused("notice.unknown");
    world.run("notices retry nothing --reason so").refused("notice.unknown");
    if !is_postgres() {
        let inside = "--sms folder:store/out --stop-url https://anvis.example/stop";
        world.run(&format!("notices send {inside}")).refused("store.inside");
    }
    for wrong in [
        "notices retry",
        "notices retry --reason so",
        "notices retry --all-dead",
        "notices retry 0000000000001 --all-dead --reason so",
        "notices try sms:12345678",
        "notices try email:anna",
        "notices try letter:anna",
        "notices try sms:+4512345678 --language de",
        "notices send --sms folder:out",
        "notices send --sms http://gateway.example/ --stop-url https://anvis.example/stop",
        "notices send --sms folder:out --stop-url https://anvis.example/much/too/long/for/a/telephone",
        "notices send --smtp smtp://localhost --stop-url https://anvis.example/stop",
        "notices send --smtp mail.example --mail-from a@b.example --stop-url https://anvis.example/stop",
        "notices send --digital-post folder:out --stop-url https://anvis.example/stop",
        "notices send --sms-token none --sms folder:out --stop-url https://anvis.example/stop",
    ] {
        let said = world.run(wrong).failed(2, "usage");
        assert!(!said.contains("12345678") && !said.contains("anna"), "{said}");
    }
    assert_eq!(world.run("notices list").done(), json!({ "notices": [] }));
}

#[test]
fn on_sqlite_where_a_notice_goes_is_sealed_and_in_no_log() {
    kernel::testing::require_sqlite();
    let world = World::settled();
    told(&world);
    let sent = world.run(&format!("notices send {WAYS}"));
    let listed = world.run("notices list");
    let store = world.files("store").into_iter().map(|name| world.bytes(&name)).collect::<Vec<_>>().concat();
    for hidden in ["4512345678", "anna@", "mail.example", ALICE] {
        // Whoever lists them sees with whom the address is, and not whose it is.
        let is_listed = hidden == "mail.example";
        assert!(!store.windows(hidden.len()).any(|window| window == hidden.as_bytes()), "{hidden} stands in the store");
        for said in [&sent.stdout, &sent.stderr, &listed.stdout] {
            let is_told = said.contains(hidden);
            assert!(!is_told || (is_listed && said == &listed.stdout), "{hidden}: {said}");
        }
    }
}
