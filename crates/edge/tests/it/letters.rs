//! Letters with a code over HTTP: made, followed, and refused.

use crate::reader;
use crate::support::{Answer, NOW, OPERATOR_TOKEN, Wanted, World, set_controls};
use kernel::{Actor, Env, Writer};
use registry::commands::Activate;
use registry::life::Waits;
use registry::queries;
use serde_json::{Value, json};
use std::io::{Seek, Write};

const BO: &str = "6201701235";
const BOS_ACCOUNT: &str = "9860-1234567";
const DAN: &str = "6401701237";
/// Nobody is to see where they live.
const DORA: &str = "6501701238";
/// The register knows no address.
const EVA: &str = "6601701239";

async fn world() -> World {
    with(Wanted::default()).await
}

async fn with(wanted: Wanted) -> World {
    let world = World::with(wanted).await;
    world.at_the_store(|writer| {
        set_controls(writer, ("2015", &["names_replaced=on", "letter_self_service=always"]));
        let people = "cpr,name,address,postcode,city,country,status,status_date,protected\n\
            6501701238,Dora Hemmelighed,Skjulvej 10,2100,København Ø,DK,active,,true\n\
            6601701239,Eva Uden,,,,,active,,false\n";
        let vault = writer.store.vault().clone();
        let population = registry::import::Population { vault, refuse_replacement_numbers: false };
        let (mut env, mut file) = (|| Env::new(NOW, 0), tempfile::tempfile().unwrap());
        file.write_all(people.as_bytes()).unwrap();
        file.rewind().unwrap();
        registry::import::run(writer, &population, file, &Actor::console(), &mut env, &mut |_| {}).unwrap();
    });
    world
}

async fn print(world: &World, proposal: &str, body: &str) -> Answer {
    world.post(&format!("/v1/letters/{proposal}/print"), OPERATOR_TOKEN, body).await
}

/// The letter's number and its code.
#[track_caller]
fn read(answer: &Answer) -> (String, String) {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/pdf"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let pieces = reader::pieces(&answer.body);
    let largest = pieces.iter().max_by(|one, other| one.size.total_cmp(&other.size)).unwrap();
    let code: String = largest.text.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(code.len(), 8, "{largest:?}");
    let name = answer.header("content-disposition").strip_prefix("attachment; filename=\"").unwrap();
    (name.strip_suffix(".pdf\"").unwrap().to_owned(), code)
}

/// The telephone service gives a code: where the proposal stands, if it was the code.
fn give(world: &World, proposal: &str, code: &str, who: &str) -> Result<String, &'static str> {
    let actor = Actor::operator(who);
    let (proposal, code) = (proposal.to_owned(), code.to_owned());
    let command = Activate { proposal, code, actor: actor.clone(), is_synthetic: false };
    let given = world.at_the_store(|writer| writer.execute(&command, &actor, &Env::new(NOW, 0)));
    let given = given.map_err(|error| error.code())?;
    if given.accepted { Ok(given.standing.state) } else { Err("activation.code") }
}

/// Where a proposal stands.
fn standing(id: &str, state: &str, waits_for: &str) -> Value {
    json!({ "id": id, "state": state, "waits_for": waits_for, "in_force_from": null })
}

async fn listed(world: &World, query: &str) -> Value {
    world.get(&format!("/v1/letters{query}"), OPERATOR_TOKEN).await.done()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_made_once_and_anew_with_another_code() {
    let world = world().await;
    let id = world.propose(BO, BOS_ACCOUNT);
    assert_eq!(listed(&world, "").await["letters"][0]["waits_for"], "letter");
    let before = world.entries();
    let first = print(&world, &id, "{}").await;
    assert_eq!(world.entries(), before + 1, "it is on record before it is told");
    let (number, former) = read(&first);
    assert_eq!(number, format!("{id}01"));
    let said = reader::read_aloud(&first.body);
    for words in ["Bo Prøve", "Prøvevej 1", "Eksempelbanken", "Har du ikke bedt om det?"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(listed(&world, "").await, json!({ "letters": [], "next": null }));
    assert_eq!(listed(&world, "?waits_for=code").await["letters"][0]["id"], id);

    print(&world, &id, "{}").await.refused(409, "letter.on_its_way");
    let again = print(&world, &id, r#"{"anew":true,"language":"en"}"#).await;
    let (number, code) = read(&again);
    assert_eq!(number, format!("{id}02"));
    assert_ne!(code, former);
    assert!(reader::read_aloud(&again.body).contains("Did you not ask for this?"));
    assert_eq!(give(&world, &id, &code, "bo"), Err("proposal.not_this"), "nobody has it yet");
    world.done_to(&format!("/v1/letters/{id}/posted"), OPERATOR_TOKEN).await.done();
    assert_eq!(give(&world, &id, &former, "bo"), Err("activation.code"), "it is void");
    assert_eq!(give(&world, &id, &code, "eve").as_deref(), Ok("in_force"));
    for body in ["{}", r#"{"anew":true}"#] {
        print(&world, &id, body).await.refused(409, "proposal.ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_letter_is_noted() {
    let world = world().await;
    let id = world.propose(BO, BOS_ACCOUNT);
    let follow = async |id: &str, fate: &str| world.done_to(&format!("/v1/letters/{id}/{fate}"), OPERATOR_TOKEN).await;
    for fate in ["posted", "returned"] {
        follow(&id, fate).await.refused(409, "proposal.not_this");
        follow("0000000000000", fate).await.refused(404, "proposal.unknown");
        follow("nothing", fate).await.refused(404, "proposal.unknown");
    }
    let (number, code) = read(&print(&world, &id, "{}").await);
    let waits = standing(&id, "awaiting_activation", "code");
    assert_eq!(follow(&number, "posted").await.done(), waits);
    assert_eq!(follow(&id, "posted").await.done(), waits, "twice is once");
    let returned = standing(&id, "awaiting_approval", "check");
    assert_eq!(follow(&id, "returned").await.done(), returned);
    assert_eq!(follow(&number, "returned").await.done(), returned);
    assert_eq!(give(&world, &id, &code, "bo"), Err("proposal.not_this"));
    print(&world, &id, r#"{"anew":true}"#).await.refused(409, "proposal.not_this");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_listed_page_by_page_as_the_command_line_lists_them() {
    let world = world().await;
    let mut ids = [world.propose(BO, BOS_ACCOUNT), world.propose(DAN, "none"), world.propose(DORA, "none")];
    ids.sort();
    let (mut paged, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = listed(&world, &query).await;
        paged.extend(page["letters"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(paged.iter().map(|letter| letter["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    let shown = |writer: &mut Writer| {
        let waits = Some(Waits::Letter);
        writer.read(|scope| queries::waiting(scope, &Actor::operator("anna"), None, waits, None, 100, NOW)).unwrap()
    };
    let shown = serde_json::to_value(world.at_the_store(shown).proposals).unwrap();
    for (told, shown) in paged.iter().zip(shown.as_array().unwrap()) {
        for (field, value) in told.as_object().unwrap() {
            assert_eq!(value, &shown[field], "{field}");
        }
    }
    let cursor = query.split("cursor=").nth(1).unwrap();
    for (query, code) in [
        (format!("?waits_for=code&cursor={cursor}"), "cursor.invalid"),
        ("?waits_for=check".to_owned(), "request.query"),
        ("?limit=0".to_owned(), "request.query"),
        ("?limit=1001".to_owned(), "request.query"),
    ] {
        world.get(&format!("/v1/letters{query}"), OPERATOR_TOKEN).await.refused(400, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_shown_an_address_that_is_protected() {
    let mut world = world().await;
    let id = world.propose(DORA, "none");
    let before = world.entries();
    for body in ["{}", r#"{"language":"en"}"#] {
        let refused = print(&world, &id, body).await.refused(403, "letter.protected").to_string();
        for secret in ["Dora", "Hemmelighed", "Skjulvej", "2100", DORA] {
            assert!(!refused.contains(secret), "{refused}");
        }
    }
    let listed = listed(&world, "").await;
    assert_eq!(listed["letters"][0]["id"], id, "its letter is still to be made");
    assert_eq!(world.entries(), before, "no code was drawn that counts");
    let log = world.log();
    assert!(world.stopped().await);
    for secret in ["Dora", "Hemmelighed", "Skjulvej", DORA] {
        assert!(!log.text().contains(secret) && !listed.to_string().contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_letter_gets_none() {
    let world = world().await;
    let (held, nowhere) = (world.held().await, world.propose(EVA, "none"));
    let before = world.entries();
    print(&world, "0000000000000", "{}").await.refused(404, "proposal.unknown");
    print(&world, &held, "{}").await.refused(409, "proposal.not_this");
    // Who has no address confirms instead.
    print(&world, &nowhere, "{}").await.refused(409, "proposal.not_this");
    print(&world, &nowhere, r#"{"language":"de"}"#).await.refused(400, "body.field");
    let path = format!("/v1/letters/{nowhere}/print");
    world.post(&path, "caseworker~bo.letters", "{}").await.refused(403, "policy.not_allowed");
    world.post(&path, "operator~anna.notices", "{}").await.refused(403, "token.scope");
    // The last two are kept by whoever asked for what they may not.
    assert!(world.entries() <= before + 2);
    assert_eq!(listed(&world, "").await["letters"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_know_who_writes_makes_no_letter() {
    let world = with(Wanted { sender: None, ..Wanted::default() }).await;
    let id = world.propose(BO, BOS_ACCOUNT);
    print(&world, &id, "{}").await.refused(409, "letter.sender");
    assert_eq!(listed(&world, "").await["letters"][0]["id"], id);
}
