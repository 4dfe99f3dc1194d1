//! What is decided by four eyes: controls, and lawful collectors; and the list of those who must have an account.

use crate::commands::{OTHER_PRIVATE_KEY, PRIVATE_KEY, PUBLIC_KEY};
use crate::support::*;
use serde_json::{Value, json};

/// The last moment at which a motion of [`NOW`] waits, and the next.
const LAST: &str = "2026-12-23T08:59:59.999999Z";
const LAPSED: &str = "2026-12-23T09:00:00Z";
pub const OTHER_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=
-----END PUBLIC KEY-----
";

#[track_caller]
fn id(answer: &Value) -> String {
    answer["id"].as_str().unwrap().to_owned()
}

/// Proposes something as `who`; its id.
#[track_caller]
fn propose(world: &World, what: &str, who: &str) -> String {
    let answer = world.run(&format!("{what} --reason So --as {who}")).done();
    holds(&answer, &json!({ "state": "awaiting_approval", "waits_for": "approval", "in_force_from": null }), what);
    id(&answer)
}

/// A control, as `controls show` has it.
#[track_caller]
fn control(world: &World, name: &str) -> Value {
    let shown = world.run("controls show").done();
    let found = shown["controls"].as_array().unwrap().iter().find(|control| control["control"] == name);
    found.unwrap_or_else(|| panic!("{name}")).clone()
}

#[test]
fn controls_are_proposed_by_one_and_approved_by_another() {
    let world = World::synthetic();
    let shown = world.run("controls show").done();
    holds(&shown, &json!({ "version": null, "equals": ["anvis"], "motions": [] }), "controls show");
    assert_eq!(shown["controls"].as_array().unwrap().len(), 30);
    holds(
        &shown["controls"][0],
        &json!({ "control": "letter_self_service", "figure": "always", "since": null, "proposed_by": null }),
        "the first",
    );
    let set = propose(&world, "controls propose --set 2021 --change round_trip=14", "anna");
    let waiting = world.run("controls show").done();
    assert_eq!(waiting["equals"], json!(["anvis"]), "nothing holds before it is approved");
    holds(
        &waiting["motions"][0],
        &json!({
            "id": set, "state": "awaiting_approval", "proposed_by": "operator:anna", "proposed": NOW, "reason": "So",
            "until": LAPSED, "outdated": false, "equals": [], "ended": null,
        }),
        "what is proposed",
    );
    let changes = waiting["motions"][0]["changes"].as_array().unwrap();
    assert!(changes.contains(&json!({ "control": "round_trip", "from": "28", "to": "14" })), "{changes:?}");
    assert!(changes.contains(&json!({ "control": "stop_link", "from": "on", "to": "off" })), "{changes:?}");
    world.run(&format!("controls approve {set} --as anna")).refused("motion.own");
    world.run(&format!("controls refuse {set} --reason So --as anna")).refused("motion.own");
    world.run(&format!("collector approve {set} --as bo")).refused("motion.unknown");
    let approved = world.run(&format!("controls approve {} --as bo", set.to_lowercase())).done();
    let expected = json!({ "id": set, "state": "in_force", "waits_for": null, "until": null, "in_force_from": NOW });
    assert_eq!(approved, expected);
    let shown = world.run("controls show").done();
    assert!(shown["version"].is_string() && shown["equals"] == json!([]) && shown["motions"] == json!([]), "{shown}");
    holds(
        &control(&world, "round_trip"),
        &json!({
            "figure": "14", "since": NOW, "proposed_by": "operator:anna", "approved_by": "operator:bo", "reason": "So",
        }),
        "round_trip",
    );
    // What was as it is now from the beginning on was decided by nobody.
    holds(&control(&world, "letter_self_service"), &json!({ "figure": "always", "since": null }), "letter");
    world.run(&format!("controls approve {set} --as bo")).refused("motion.ended");
    let ended = world.run(&format!("controls show {set}")).done();
    holds(&ended, &json!({ "state": "approved", "ended": NOW, "ended_by": "operator:bo", "why": null }), "show");
    assert_eq!(ended["changes"].as_array().unwrap(), changes, "as it was when it was proposed");

    // One more: who decided about the others is as before.
    let one = propose(&world, "controls propose --change letter_self_service=on_risk", "bo");
    world.run(&format!("controls approve {one} --as anna --now 2026-11-24T09:00:00Z")).done();
    holds(&control(&world, "round_trip"), &json!({ "since": NOW, "approved_by": "operator:bo" }), "round_trip");
    holds(
        &control(&world, "letter_self_service"),
        &json!({ "figure": "on_risk", "since": "2026-11-24T09:00:00Z", "approved_by": "operator:anna" }),
        "letter",
    );
    let said = world.say("controls show");
    assert!(said.contains("round_trip           14"), "{said}");
    assert!(said.contains("proposed by operator:anna, approved by operator:bo"), "{said}");
    world.verified();
}

#[test]
fn a_motion_is_refused_taken_back_or_lapses_and_changes_nothing() {
    let world = World::synthetic();
    let run = |args: &str| world.run(args);
    let what = "controls propose --change round_trip=14";
    run(&format!("{what} --as anna")).ended(2);
    run(&format!("{what} --reason {} --as anna", "x".repeat(501))).refused("motion.why");
    run("controls propose --set 2016 --reason So").refused("controls.unknown");
    run("controls propose --change round_trip=400 --reason So").refused("controls.figure");
    run("controls propose --change round_trip=28 --reason So").refused("motion.nothing");
    run("controls approve 0000000000000").refused("motion.unknown");
    let [first, second, third, fourth] = [(); 4].map(|()| propose(&world, what, "anna"));
    let refused = run(&format!("controls refuse {first} --reason Denied --as bo")).done();
    assert_eq!(refused["state"], "refused");
    let shown = run(&format!("controls show {first}")).done();
    holds(&shown, &json!({ "state": "refused", "ended_by": "operator:bo", "why": "Denied" }), "refused");
    run(&format!("controls withdraw {second} --as bo")).refused("motion.not_own");
    assert_eq!(run(&format!("controls withdraw {second} --as anna")).done()["state"], "withdrawn");
    for act in ["approve", "withdraw"] {
        run(&format!("controls {act} {second} --as bo")).refused("motion.ended");
    }
    for act in ["approve", "withdraw", "refuse --reason So"] {
        run(&format!("controls {act} {third} --as bo --now {LAPSED}")).refused("motion.ended");
    }
    assert_eq!(run(&format!("controls show {third} --now {LAPSED}")).done()["state"], "expired");
    assert_eq!(run(&format!("controls show --now {LAPSED}")).done()["motions"], json!([]));
    assert_eq!(run(&format!("controls show --now {LAST}")).done()["motions"].as_array().unwrap().len(), 2);
    assert_eq!(run("controls show").done()["equals"], json!(["anvis"]));
    // To the last moment.
    run(&format!("controls approve {fourth} --as bo --now {LAST}")).done();
    assert_eq!(control(&world, "round_trip")["figure"], "14");
    world.verified();
}

#[test]
fn of_two_motions_at_once_the_second_undoes_nothing() {
    let world = World::synthetic();
    let first = propose(&world, "controls propose --change round_trip=14", "anna");
    let second = propose(&world, "controls propose --set anvis --change letter_box=30", "anna");
    world.run(&format!("controls approve {first} --as bo")).done();
    assert_eq!(world.run("controls show").done()["motions"][0]["outdated"], true);
    world.run(&format!("controls approve {second} --as bo")).refused("motion.outdated");
    assert_eq!(control(&world, "round_trip")["figure"], "14");
    // Against what holds now it is another matter.
    let again = propose(&world, "controls propose --change letter_box=30", "anna");
    world.run(&format!("controls approve {again} --as bo")).done();
    assert_eq!(
        (control(&world, "round_trip")["figure"].clone(), control(&world, "letter_box")["figure"].clone()),
        ("14".into(), "30".into())
    );
    // Back to where it was, and it is outdated still: somebody has decided since.
    let back = propose(&world, "controls propose --set anvis", "anna");
    world.run(&format!("controls approve {back} --as bo")).done();
    world.run(&format!("controls approve {second} --as bo")).refused("motion.outdated");
    world.run(&format!("controls withdraw {second} --as anna")).done();
    world.verified();
}

#[test]
fn in_a_synthetic_store_alone_one_person_sets_controls() {
    let world = World::synthetic();
    assert_eq!(world.run("controls set 2017").done(), json!({ "changed": true }));
    assert_eq!(world.run("controls set 2015").done(), json!({ "changed": false }));
    assert_eq!(world.run("controls show").done()["equals"], json!(["2015", "2017", "2020"]));
    holds(&control(&world, "stop_link"), &json!({ "proposed_by": "console", "approved_by": "console" }), "stop_link");
    world.run("controls set --change stop_link=on").done();
    world.run("controls set 2018").refused("controls.unknown");
    world.run("controls set anvis --as anna").refused("policy.not_allowed");
    // Who is at the console is somebody in such a store; and no two people.
    let motion = id(&world.run("controls propose --set anvis --reason So").done());
    world.run(&format!("controls approve {motion}")).refused("motion.own");
    world.run(&format!("controls approve {motion} --as anna")).done();
    world.verified();
    let real = World::real();
    real.run("controls set 2017").refused("store.not_synthetic");
}

/// Whoever holds the master key is nobody by name; and nobody is two people, with whatever key.
#[test]
fn among_real_people_two_people_have_two_names_and_two_keys() {
    let world = World::real();
    for (name, content) in [
        ("anna.pem", PRIVATE_KEY),
        ("anna.pub", PUBLIC_KEY),
        ("bo.pem", OTHER_PRIVATE_KEY),
        ("bo.pub", OTHER_PUBLIC_KEY),
    ] {
        world.write(name, content);
    }
    world.run("operator add anna --key anna.pub").done();
    let what = "controls propose --change round_trip=14 --reason So";
    world.run(what).refused("motion.officer");
    world.run(&format!("{what} --as anna")).refused("operator.key_needed");
    let motion = id(&world.run(&format!("{what} --as anna --operator-key anna.pem")).done());
    for act in [format!("controls approve {motion}"), format!("controls refuse {motion} --reason So")] {
        let check = |officer: &str, code: &str| {
            world.run(&format!("{act} {officer}")).refused(code);
        };
        check("", "motion.officer");
        check("--as anna --operator-key anna.pem", "motion.own");
        // The same person with another key; another name with the same key.
        check("--as anna --operator-key bo.pem", "operator.wrong_key");
        check("--as bo --operator-key anna.pem", "operator.unknown");
    }
    world.run("operator add anna --key bo.pub").refused("operator.name_taken");
    world.run("operator add bo --key anna.pub").refused("operator.key_taken");
    world.run("operator add bo --key bo.pub").done();
    world.run(&format!("controls approve {motion} --as bo --operator-key anna.pem")).refused("operator.wrong_key");
    world.run(&format!("controls approve {motion} --as bo --operator-key bo.pem")).done();
    holds(
        &control(&world, "round_trip"),
        &json!({ "figure": "14", "proposed_by": "operator:anna", "approved_by": "operator:bo" }),
        "round_trip",
    );
    world.run("collector end 0000000000000").refused("collector.unknown");
    world.verified();
}

/// What a bureau is proposed as, with an account.
fn bureau(account: &str, review_by: &str) -> String {
    format!("collector propose --cvr {COMPANY} --account {account} --name Bureau --review-by {review_by}")
}

#[track_caller]
fn collectors(world: &World, moment: &str) -> Vec<Value> {
    world.run(&format!("collector list --now {moment}")).done()["collectors"].as_array().unwrap().clone()
}

#[test]
fn a_collector_is_approved_reviewed_and_ended() {
    let world = World::settled();
    let first = propose(&world, &bureau("0040-77", "2027-06-01"), "anna");
    let listed = world.run("collector list").done();
    assert_eq!(listed["collectors"], json!([]));
    let who = json!({ "cvr": COMPANY, "account": iban("DK", "0040-77"), "name": "Bureau", "review_by": "2027-06-01" });
    holds(&listed["motions"][0], &who, "proposed");
    holds(&listed["motions"][0], &json!({ "id": first, "proposed_by": "operator:anna", "outdated": false }), "list");
    world.run(&format!("collector approve {first} --as anna")).refused("motion.own");
    world.run(&format!("collector approve {first} --as bo")).done();
    let all = collectors(&world, NOW);
    holds(&all[0], &who, "approved");
    let by = json!({ "id": first, "since": NOW, "proposed_by": "operator:anna", "approved_by": "operator:bo", "reason": "So" });
    holds(&all[0], &by, "approved");
    for (moment, state) in [
        (NOW, "in_force"),
        // To the end of the day in Denmark.
        ("2027-06-01T21:59:59Z", "in_force"),
        ("2027-06-01T22:00:00Z", "overdue"),
    ] {
        assert_eq!(collectors(&world, moment)[0]["state"], state, "{moment}");
    }
    // The same again is nothing; later it is a review. However the account is written.
    world.run(&format!("{} --reason So --as anna", bureau("0040-77", "2027-06-01"))).refused("motion.nothing");
    let later = "2027-06-05T09:00:00Z";
    let again = format!("{} --now {later}", bureau(&iban("FO", "0040-77"), "2028-06-05"));
    let again = propose(&world, &again, "bo");
    world.run(&format!("collector approve {again} --as anna --now {later}")).done();
    let all = collectors(&world, later);
    assert_eq!(all.len(), 1, "one account, one collector: {all:?}");
    holds(&all[0], &json!({ "id": first, "state": "in_force", "review_by": "2028-06-05", "since": later }), "renewed");
    // Any id that was given for it ends it.
    let ended = world.run(&format!("collector end {again} --as bo --now {later}")).done();
    assert_eq!(ended, json!({ "id": first, "state": "ended", "changed": true }));
    assert_eq!(world.run(&format!("collector end {first} --as bo --now {later}")).done()["changed"], false);
    holds(&collectors(&world, later)[0], &json!({ "state": "ended", "approved_by": "operator:bo" }), "ended");
    // Anew it is another one.
    let anew = propose(&world, &format!("{} --now {later}", bureau("0040-77", "2028-06-05")), "bo");
    world.run(&format!("collector approve {anew} --as anna --now {later}")).done();
    assert_eq!(collectors(&world, later).len(), 2);
    world.run(&format!("collector end {} --as bo", "0".repeat(13))).refused("collector.unknown");
    let said = world.say(&format!("collector list --now {later}"));
    assert!(
        said.contains(&format!("Bureau (cvr:{COMPANY}), {}, review by 2028-06-05", iban("DK", "0040-77"))),
        "{said}"
    );
    world.verified();
}

#[test]
fn a_collector_is_decided_again_when_it_is_approved() {
    let world = World::settled();
    let check = |what: &str, code: &str| {
        world.run(&format!("{what} --reason So --as anna")).refused(code);
    };
    let day = "2027-06-01";
    check(&bureau("0040-77", "2026-11-22"), "collector.review");
    check(&bureau("0040-77", "2027-11-24"), "collector.review");
    check(&bureau("9999-77", day), "collector.bank");
    check(&bureau("0040-77", day).replace(COMPANY, DISSOLVED), "collector.company");
    check(&bureau("0040-77", day).replace(COMPANY, "13748136"), "collector.company");
    check(&bureau("0040-77", day).replace("Bureau", &"x".repeat(201)), "collector.name");
    let said = world.run(&format!("{} --reason So", bureau("0040-77", day).replace("0040-77", "0040+77"))).ended(2);
    assert!(!said.to_string().contains("0040"), "{said}");

    // Two for one account; the first takes it.
    let one = propose(&world, &bureau("0040-77", day), "anna");
    let other = propose(&world, &bureau("0040-77", day).replace(COMPANY, POOR_COMPANY), "anna");
    let twice = propose(&world, &bureau("0040-77", "2027-07-01"), "anna");
    let abroad = propose(&world, &bureau(GERD_IBAN, day), "anna");
    world.run(&format!("collector approve {one} --as bo")).done();
    for motion in [&other, &twice] {
        world.run(&format!("collector approve {motion} --as bo")).refused("motion.outdated");
    }
    check(&bureau("0040-77", day).replace(COMPANY, POOR_COMPANY), "collector.taken");
    // The company goes out of business before somebody approves it.
    world.import("company import", "cvr,name,status,status_date\n25992180,Prøve og Søn ApS,dissolved,2026-11-23\n");
    world.run(&format!("collector approve {abroad} --as bo")).refused("collector.company");
    world.run(&format!("collector refuse {abroad} --reason Dissolved --as bo")).done();
    assert_eq!(world.run(&format!("collector show {abroad}")).done()["why"], "Dissolved");
    // A review date that has come meanwhile.
    let poor = bureau("0041-5", "2026-12-01").replace(COMPANY, POOR_COMPANY);
    let late = propose(&world, &poor, "anna");
    world.run(&format!("collector approve {late} --as bo --now 2026-12-02T09:00:00Z")).refused("collector.review");
    world.verified();
}

#[test]
fn who_must_have_an_account_and_has_none_is_listed_page_by_page() {
    let world = World::settled();
    world.import(
        "population import",
        "cpr,name,address,postcode,city,country,status,status_date,protected\n\
         8311084234,Liv Hemmelighed,Skjulvej 1,8000,Aarhus,DK,active,,\n\
         8411084235,Max Hemmelighed,Skjulvej 2,8000,Aarhus,DK,active,,\n",
    );
    // Liv is 18 today, and Max tomorrow. Frida's whereabouts are unknown, Carl's account is frozen, Dora's was closed.
    let liv = "8311084234";
    let expected = [
        (format!("cpr:{CARL}"), "frozen"),
        (format!("cpr:{DORA}"), "closed"),
        (format!("cpr:{liv}"), "none"),
        (format!("cvr:{POOR_COMPANY}"), "none"),
    ];
    let pages = |limit: usize, options: &str| {
        let (mut listed, mut after, mut reminded) = (Vec::new(), String::new(), 0);
        loop {
            let page = world.run(&format!("payee without-account --limit {limit} {after} {options}")).done();
            let payees = page["payees"].as_array().unwrap();
            assert!(payees.len() <= limit, "{page}");
            listed.extend(payees.iter().cloned());
            reminded += page["reminded"].as_u64().unwrap();
            match page["next"].as_str() {
                None => return (listed, reminded),
                Some(next) => after = format!("--after {next}"),
            }
        }
    };
    let sorted = |listed: &[Value]| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut found: Vec<_> = listed.iter().map(|payee| (text(&payee["payee"]), text(&payee["state"]))).collect();
        found.sort();
        found
    };
    let expected: Vec<_> = expected.into_iter().map(|(payee, state)| (payee, state.to_owned())).collect();
    let before = world.number("SELECT COUNT(*) FROM look_up");
    for limit in [1, 3, 100] {
        let (listed, reminded) = pages(limit, "");
        assert_eq!((sorted(&listed), reminded), (expected.clone(), 0), "{limit}");
        assert!(listed.iter().all(|payee| payee["reminded"].is_null()));
    }
    // Each look at somebody is logged.
    assert_eq!(world.number("SELECT COUNT(*) FROM look_up"), before + 12);
    let told = || {
        let waiting = world.run("notices list").done();
        let notices = waiting["notices"].as_array().unwrap().iter();
        notices.filter(|notice| notice["kind"] == "reminder_no_account").count()
    };
    let (_, reminded) = pages(2, "--remind");
    assert_eq!(reminded, 3, "a frozen account is not for its payee to mend");
    assert_eq!(told(), 3);
    let (listed, reminded) = pages(100, "--remind --now 2027-02-20T09:00:00Z");
    assert_eq!((listed.iter().filter(|payee| payee["reminded"] == NOW).count(), reminded), (3, 1), "Max is 18 now");
    assert_eq!(told(), 4, "nobody is told twice");
    let (_, reminded) = pages(100, "--remind --now 2027-02-21T09:00:00Z");
    assert_eq!(reminded, 3, "three months later they are reminded again");
    world.run("payee without-account --after 123").ended(2);
    let said = world.say("payee without-account");
    assert!(said.contains(&format!("cvr:{POOR_COMPANY}  none, reminded")) && said.contains("the last"), "{said}");
    world.verified();
}
