//! Letters with codes: made, posted, come back; and which code counts.

use crate::commands::PUBLIC_KEY;
use crate::four_eyes::OTHER_PUBLIC_KEY;
use crate::support::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// Makes what letters are to be made; their numbers.
#[track_caller]
fn print(world: &World, options: &str) -> Vec<String> {
    let printed = world.run(&format!("letters print --to letters {options}")).done();
    assert_eq!(printed["left"], json!([]), "{printed}");
    let numbers = printed["letters"].as_array().unwrap().iter().map(|number| number.as_str().unwrap().to_owned());
    // Those of one millisecond are in no order of time.
    let mut numbers: Vec<String> = numbers.collect();
    numbers.sort();
    numbers
}

fn code(world: &World, number: &str) -> String {
    world.code(&format!("letters/{number}.pdf"))
}

/// What a proposal waits for.
fn waits_for(world: &World, name: &str) -> Value {
    world.run(&format!("designation show {name}")).done()["waits_for"].clone()
}

#[test]
fn three_wrong_codes_take_another_letter() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let first = print(&world, "");
    assert_eq!(first, [format!("{name}01")]);
    let former = code(&world, &first[0]);
    let give = |code: &str| world.run(&format!("designation activate {name} {code} --as citizen:cpr:{ALICE}"));
    let wrong = if former == "11111111" { "22222222" } else { "11111111" };
    for _ in 0..3 {
        assert_eq!(waits_for(&world, &name), "code");
        give(wrong).refused("activation.code");
    }
    // Now the right one is worth nothing either.
    assert_eq!(waits_for(&world, &name), "letter");
    give(&former).refused("proposal.not_this");
    let second = print(&world, "");
    assert_eq!(second, [format!("{name}02")]);
    let code = code(&world, &second[0]);
    assert_ne!(code, former);
    give(&former).refused("activation.code");
    assert_eq!(give(&code).done()["state"], "held");
    world.verified();
}

#[test]
fn a_letter_that_was_lost_is_made_anew_and_its_code_is_void() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let first = print(&world, "");
    assert_eq!(print(&world, ""), [""; 0], "one is on its way");
    let listed = world.run("letters list").done();
    holds(&listed["letters"][0], &json!({ "id": name, "waits_for": "code" }), "letters list");
    assert_eq!(world.say("letters list"), format!("{name}  waits for its code\n"));
    // By its number too.
    let second = print(&world, &format!("--english --only {}", first[0]));
    assert_eq!(second, [format!("{name}02")]);
    let said = crate::reader::read_aloud(&world.bytes(&format!("letters/{name}02.pdf")));
    assert!(said.contains("Activation code"), "{said}");
    let give = |number: &str| {
        world.run(&format!("designation activate {name} {} --as citizen:cpr:{ALICE}", code(&world, number)))
    };
    give(&first[0]).refused("activation.code");
    give(&second[0]).done();
    world.run(&format!("letters print --to letters --only {name}")).refused("proposal.not_this");
    world.run("letters print --to letters --only 0000000000000").refused("proposal.unknown");
    world.verified();
}

#[test]
fn a_letter_that_came_back_waits_for_an_officer() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    for command in ["posted", "returned"] {
        world.run(&format!("letters {command} {name}")).refused("proposal.not_this");
    }
    let number = print(&world, "--as bo").remove(0);
    let posted = world.run(&format!("letters posted {number}")).done();
    let waits = |state: &str, waits_for: &str| json!({ "id": name, "state": state, "waits_for": waits_for, "in_force_from": null });
    assert_eq!(posted, json!({ "letters": [waits("awaiting_activation", "code")] }));
    assert_eq!(world.run(&format!("letters posted {number}")).done(), posted, "twice is once");
    let returned = world.run(&format!("letters returned {number}")).done();
    assert_eq!(returned, waits("awaiting_approval", "check"));
    assert_eq!(world.run(&format!("letters returned {name}")).done(), returned);
    let code = code(&world, &number);
    let give = format!("designation activate {name} {code} --as citizen:cpr:{ALICE}");
    world.run(&give).refused("proposal.not_this");
    let looked_at = world.run(&format!("designation approve {name} --reason Moved --as anna")).done();
    assert_eq!(looked_at, waits("awaiting_activation", "letter"));
    assert_eq!(print(&world, ""), [format!("{name}02")]);
    world.run(&give).refused("activation.code");
    world.verified();
}

#[test]
fn a_code_is_good_for_sixty_days() {
    let world = World::guarded();
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    let other = world.propose_own(HANS, "0041-2", "1020-4811223344");
    print(&world, "");
    // The last of them is a whole day in Denmark.
    let (last, lapsed) = ("2027-01-22T22:59:59.999999Z", "2027-01-22T23:00:00Z");
    let give = |name: &str, cpr: &str, now: &str| {
        let code = code(&world, &format!("{name}01"));
        world.run(&format!("designation activate {name} {code} --as citizen:cpr:{cpr} --now {now}"))
    };
    give(&name, ALICE, last).done();
    give(&other, HANS, lapsed).refused("proposal.ended");
    assert_eq!(world.run(&format!("designation list --for code --now {lapsed}")).done(), json!({ "proposals": [] }));
    let settled = world.run(&format!("designation settle --now {lapsed}")).done();
    assert_eq!(
        settled,
        json!({ "in_force": 0, "refused": 0, "expired": 1, "waiting": 0, "unreadable": [], "more": false })
    );
    let shown = world.run(&format!("designation show {other} --now {lapsed}")).done();
    holds(&shown, &json!({ "state": "expired", "waits_for": null, "in_force_from": null }), "show");
    world.verified();
}

/// The address of whoever is protected stands on a sheet of its own, and both sheets lie where few look.
#[test]
fn protected_addresses_lie_apart() {
    let world = World::guarded();
    let names = [(ALICE, "1020-2", ALICE_ACCOUNT), (DORA, "1020-3", "none"), (GERD, "1020-4", GERD_IBAN)]
        .map(|(cpr, account, expects)| world.propose_own(cpr, account, expects));
    let [alice, dora, gerd] = names.each_ref().map(|name| format!("{name}01"));
    let mut all = [&alice, &dora, &gerd];
    all.sort();
    assert_eq!(print(&world, "").iter().collect::<Vec<_>>(), all);
    let manifest = "letters/20261123T090000Z-manifest.csv";
    let mut files = vec![
        manifest.to_owned(),
        format!("letters/{alice}.pdf"),
        format!("letters/{gerd}.pdf"),
        format!("letters/protected/{dora}-cover.pdf"),
        format!("letters/protected/{dora}.pdf"),
    ];
    files.sort();
    assert_eq!(world.files("letters"), files);
    let mode = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    for folder in ["letters", "letters/protected"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    for file in &files {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    let said = |name: &str| crate::reader::read_aloud(&world.bytes(name));
    let (letter, cover) =
        (said(&format!("letters/protected/{dora}.pdf")), said(&format!("letters/protected/{dora}-cover.pdf")));
    assert!(cover.contains("Dora Hemmelighed") && cover.contains("Skjulvej 10"), "{cover}");
    assert!(!letter.contains("Dora") && !letter.contains("Skjulvej"), "{letter}");
    let code = world.code(&format!("letters/protected/{dora}.pdf"));
    assert!(!cover.chars().filter(char::is_ascii_digit).collect::<String>().contains(&code), "{cover}");
    let text = world.read(manifest);
    let mut lines: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').take(6).collect()).collect();
    lines.sort();
    let (dora_letter, dora_cover) = (format!("protected/{dora}.pdf"), format!("protected/{dora}-cover.pdf"));
    let mut expected = [
        [&format!("{alice}.pdf"), &alice, "letter", "1", "inland", "false"],
        [&dora_letter, &dora, "letter", "1", "inland", "true"],
        [&dora_cover, &dora, "cover", "1", "inland", "true"],
        [&format!("{gerd}.pdf"), &gerd, "letter", "1", "abroad", "false"],
    ];
    expected.sort();
    assert_eq!(lines, expected);
    for secret in ["Hemmelighed", "Skjulvej", ALICE, DORA, &code] {
        assert!(!text.contains(secret), "{secret}");
    }
    world.run(&format!("designation activate {dora} {code} --as citizen:cpr:{DORA}")).done();
    world.verified();
}

/// Who has no address in a register waits for no letter, and confirms instead.
#[test]
fn who_has_no_address_confirms_instead() {
    let world = World::guarded();
    for (name, key) in [("bo", PUBLIC_KEY), ("eve", OTHER_PUBLIC_KEY)] {
        world.write("key.pub", key);
        world.run(&format!("caseworker add {name} --key key.pub --authority {PUBLIC}")).done();
    }
    let propose = format!("designation propose cvr:{POOR_COMPANY} --account 1020-5 --holder own");
    let proposed = world.run(&format!("{propose} --law P-9 --evidence Case-7 --as bo")).done();
    let company = proposed["id"].as_str().unwrap().to_owned();
    let approved = world.run(&format!("designation approve {company} --reason Seen --as eve")).done();
    assert_eq!(approved["waits_for"], "confirmation");
    let alice = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    assert_eq!(print(&world, ""), [format!("{alice}01")]);
    world.run(&format!("letters print --to letters --only {company}")).refused("proposal.not_this");
    let confirmed = world.run(&format!("designation confirm {company} --evidence Passport --as anna")).done();
    assert_eq!(confirmed["waits_for"], "time");
    world.verified();
}

#[test]
fn letters_lie_outside_the_store_or_nowhere() {
    let world = World::guarded();
    world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    world.run("letters print --to store/letters").refused("store.inside");
    assert!(!world.path("store/letters").exists());
    // What cannot be put in place is not on record.
    let acts = || world.number("SELECT COUNT(*) FROM proposal_act");
    let before = acts();
    world.write("file", "");
    assert_eq!(world.run("letters print --to file").exit, 1);
    assert_eq!(acts(), before);
    assert_eq!(print(&world, "").len(), 1);
    assert_eq!(acts(), before + 1);
    let nothing = world.run("letters print --to letters").done();
    assert_eq!(nothing, json!({ "letters": [], "notices": [], "manifest": null, "left": [], "handed_over": null }));
    world.verified();
}

/// What a run leaves that is cut off: a manifest without a name, and the files of a letter with their names or without.
fn cut_off(world: &World, manifest: &str, files: &[&str]) {
    let unname = |name: &str| kernel::files::rename(&world.path(name), &world.path(&format!("{name}.part"))).unwrap();
    unname(&format!("letters/{manifest}"));
    files.iter().for_each(|name| unname(&format!("letters/{name}")));
}

#[test]
fn what_a_run_that_was_cut_off_left_is_finished_by_the_next() {
    let world = World::guarded();
    let names = [(ALICE, "1020-2", ALICE_ACCOUNT), (DORA, "1020-3", "none"), (GERD, "1020-4", GERD_IBAN)]
        .map(|(cpr, account, expects)| world.propose_own(cpr, account, expects));
    let [alice, dora, gerd] = names.each_ref().map(|name| format!("{name}01"));
    print(&world, "");
    let manifest = "20261123T090000Z-manifest.csv";
    let (files, listed) = (world.files("letters"), world.read(&format!("letters/{manifest}")));
    let code = code(&world, &alice);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // On record, and without their names; of whoever is protected, one sheet has its.
    cut_off(&world, manifest, &[&format!("{alice}.pdf"), &format!("protected/{dora}.pdf")]);
    let again = print(&world, "");
    let mut all = vec![alice.clone(), dora.clone(), gerd.clone()];
    all.sort();
    assert_eq!(again, all, "nothing is drawn anew");
    // By another name, as the former may come back.
    let manifests = [manifest, "20261123T090000Z-2-manifest.csv"];
    let read = |at: usize| world.read(&format!("letters/{}", manifests[at]));
    let files: Vec<String> = files.iter().map(|name| name.replace(manifests[0], manifests[1])).collect();
    assert_eq!((world.files("letters"), sorted(&read(1))), (files, sorted(&listed)));
    assert_eq!(crate::letters::code(&world, &alice), code);

    // One was drawn and is not on record, one is not there any more, and one was made anew elsewhere meanwhile.
    let stray = listed.lines().find(|line| line.starts_with(&alice)).unwrap().replace(&alice, "000000000000101");
    world.write(&format!("letters/{}", manifests[1]), format!("{listed}{stray}\n{}", &stray[..30]));
    world.write("letters/000000000000101.pdf.part", world.bytes(&format!("letters/{alice}.pdf")));
    cut_off(&world, manifests[1], &[]);
    std::fs::remove_file(world.path(&format!("letters/protected/{dora}-cover.pdf"))).unwrap();
    let anew = world.run(&format!("letters print --to elsewhere --only {gerd}")).done();
    assert_eq!(anew["letters"], json!([format!("{}02", names[2])]));
    let mut expected = vec![alice.clone(), format!("{}02", names[1])];
    expected.sort();
    assert_eq!(print(&world, ""), expected);
    let mut files = vec![
        format!("letters/{manifest}"),
        format!("letters/{alice}.pdf"),
        format!("letters/protected/{}02-cover.pdf", names[1]),
        format!("letters/protected/{}02.pdf", names[1]),
    ];
    files.sort();
    assert_eq!(world.files("letters"), files);
    let listed = read(0);
    assert_eq!(listed.lines().count(), 1 + 3, "{listed}");
    assert!(!listed.contains(&gerd) && !listed.contains(&dora), "a code that is void is not posted: {listed}");
    for (cpr, name) in [(ALICE, &alice), (DORA, &format!("{}02", names[1]))] {
        let folder = if cpr == DORA { "protected/" } else { "" };
        let code = world.code(&format!("letters/{folder}{name}.pdf"));
        world.run(&format!("designation activate {name} {code} --as citizen:cpr:{cpr}")).done();
    }
    world.verified();
}

/// Whoever has no digital letter box is told on paper, in their language, and a letter with a code is in it too.
#[test]
fn notices_go_by_letter_to_who_has_no_box() {
    let world = World::guarded();
    for (cpr, point) in [(ALICE, "--letter"), (ALICE, "--english"), (DORA, "--letter")] {
        world.run(&format!("contact add cpr:{cpr} {point} --reason Exempt --as anna")).done();
    }
    let told = |world: &World| -> Vec<(Value, Value)> {
        let waiting = world.run("notices list").done();
        let notices = waiting["notices"].as_array().unwrap().iter();
        let named = notices.filter(|notice| notice["kind"] == "change_proposed");
        named.map(|notice| (notice["medium"].clone(), notice["language"].clone())).collect()
    };
    // They are told of that itself on paper, and in the box as well: it could be a thief who says that they have none.
    let before = world.run("letters print --to letters").done();
    assert_eq!(before["notices"].as_array().unwrap().len(), 3, "{before}");
    let manifest = before["manifest"].as_str().unwrap();
    let listed = world.read(&format!("letters/{manifest}"));
    assert_eq!(listed.lines().filter(|line| line.contains(",notice,1,inland,")).count(), 3, "{listed}");

    let later = "--now 2026-12-28T09:00:00Z";
    let propose = |cpr: &str, account: &str, expects: &str| {
        let terms = format!("--account {account} --expects {expects} --holder own --signature jws {later}");
        let proposed = world.run(&format!("designation propose cpr:{cpr} {terms} --as citizen:cpr:{cpr}")).done();
        proposed["id"].as_str().unwrap().to_owned()
    };
    let (alice, dora) = (propose(ALICE, "1020-2", ALICE_ACCOUNT), propose(DORA, "1020-3", "none"));
    let print = format!("letters print --to letters {later}");
    assert_eq!(told(&world), [("letter".into(), "en".into()), ("letter".into(), "da".into())]);
    let printed = world.run(&print).done();
    let notices: Vec<&str> = printed["notices"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!((printed["letters"].as_array().unwrap().len(), notices.len()), (2, 2), "{printed}");
    assert_eq!(told(&world), []);
    let said = |name: String| crate::reader::read_aloud(&world.bytes(&name));
    let english = said(format!("letters/{}.pdf", notices[0]));
    for part in ["Alice", "Somebody wants to change your account", "1020-******0002", "https://anvis.example/stop/"] {
        assert!(english.contains(part), "{part}: {english}");
    }
    let stop = english.split_whitespace().find(|word| word.starts_with("https://anvis.example/stop/")).unwrap();
    assert_eq!(stop.rsplit('/').next().unwrap(), world.stop_token(&alice));
    assert!(said(format!("letters/{alice}01.pdf")).contains("Activation code"));
    let danish = said(format!("letters/protected/{}.pdf", notices[1]));
    assert!(danish.contains("Nogen vil ændre din konto") && !danish.contains("Dora"), "{danish}");
    let cover = said(format!("letters/protected/{}-cover.pdf", notices[1]));
    assert!(cover.contains("Dora Hemmelighed") && !cover.contains("konto"), "{cover}");
    assert!(said(format!("letters/protected/{dora}01.pdf")).contains("Aktiveringskode"));
    world.run(&format!("designation stop {} {later}", world.stop_token(&alice))).done();

    // Without an address there is no letter, and an operator sees that.
    world.run(&format!("notices try letter:cvr:{POOR_COMPANY} {later}")).done();
    let left = world.run(&print).done();
    assert_eq!(left["left"][0]["code"], "letter.address", "{left}");
    let dead = world.run("notices list --dead").done();
    holds(
        &dead["notices"][0],
        &json!({ "medium": "letter", "state": "dead", "last_code": "notice.unwritable" }),
        "dead",
    );
    // One that no manifest had is in the next.
    world.run(&format!("notices try letter:cpr:{ALICE} {later}")).done();
    let made = world.run(&print).done();
    cut_off(&world, made["manifest"].as_str().unwrap(), &[]);
    assert_eq!(world.run(&print).done()["notices"], made["notices"]);
    world.verified();
}
