//! The connection to the server is cut at every commit, so that the commit is lost on its way, or the answer to it; and at
//! places between.

use crate::outputs;
use crate::pain::{Pay, cpr, simple};
use crate::support::*;
use kernel::testing::relay::{Relay, Then, When};
use serde_json::Value;

/// Gives a command again and again, each time in a fresh copy of `world` and with one commit more before the connection is
/// cut, until it is cut no more. Every time it must end as it does when nothing is lost, and leave what it leaves then: `told`
/// says what to compare, from the world and the command's answer.
fn at_every_commit(world: &World, args: &str, exit: i32, told: impl Fn(&World, &Value) -> String) {
    let undisturbed = world.copy();
    let answer = undisturbed.run(args).ended(exit);
    let expected = (told(&undisturbed, &answer), head_size(&undisturbed));
    for then in [Then::Cut, Then::LoseAnswer] {
        for commits in 0.. {
            let copy = world.copy();
            let relay = Relay::to(copy.url(), &copy.path("relay"), "cut");
            relay.at(When::Commits(commits), move || then);
            let answer = copy.run(&format!("{args} --store {}", relay.url));
            let about = format!("{args}: {then:?} after {commits} commits: {}{}", answer.stdout, answer.stderr);
            assert_eq!(answer.exit, exit, "{about}");
            assert_eq!((told(&copy, &answer.json()), head_size(&copy)), expected, "{about}");
            copy.verified();
            if !relay.end().has_come {
                assert!(commits > 1, "{args} commits more than once");
                println!("{args}: {commits} commits, {then:?}");
                break;
            }
        }
    }
}

/// Gives a command again and again, each time in a fresh copy of `world`, cut after a few bytes more, `places` times until all
/// have passed. It is done, or told to be given again, and then it is.
fn at_places(world: &World, args: &str, places: u64, told: impl Fn(&World, &Value) -> String) {
    let give = |world: &World, when: When| {
        let relay = Relay::to(world.url(), &world.path("relay"), "cut");
        relay.at(when, || Then::Cut);
        (world.run(&format!("{args} --store {}", relay.url)), relay.end())
    };
    let undisturbed = world.copy();
    let (answer, passed) = give(&undisturbed, When::Bytes(u64::MAX));
    let expected = (told(&undisturbed, &answer.done()), head_size(&undisturbed));
    for place in 0..places {
        let copy = world.copy();
        let (mut answer, _) = give(&copy, When::Bytes(passed.bytes * place / places));
        if answer.exit != 0 {
            answer.failed(1, "store.unreachable");
            answer = copy.run(args);
        }
        assert_eq!((told(&copy, &answer.done()), head_size(&copy)), expected, "{args}: {place} of {places}");
        copy.verified();
    }
}

fn head_size(world: &World) -> u64 {
    world.run("journal head").done()["size"].as_u64().unwrap()
}

/// What a store says of its one batch, with the batch's name left out, and what was written.
fn batch(world: &World, _: &Value) -> String {
    let list = world.run("payout list").done();
    let batches = list["batches"].as_array().unwrap();
    assert_eq!(batches.len(), 1, "{list}");
    let name = batches[0]["batch"].as_str().unwrap();
    let shown = world.run(&format!("payout show {name}")).done().to_string().replace(name, "BATCH");
    let staged = world.number("SELECT COUNT(*) FROM staging") + world.number("SELECT COUNT(*) FROM unwritten_stage");
    assert_eq!(staged, 0, "nothing is left under way");
    format!("{shown}{:?}", outputs(world, name))
}

fn payments(message_id: &str) -> String {
    let mut payments: Vec<Pay> = (0..10).map(|at| cpr(&format!("E{at}"), ALICE, "1.00")).collect();
    payments.extend([cpr("NOBODY", NOBODY, "2.00"), cpr("NONE", FRIDA, "3.00"), cpr("HANS", HANS, "6.00")]);
    simple(message_id, &payments)
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn import() {
    require_postgres();
    let world = World::settled();
    let rows: String = (1..22).map(|at| format!("register,p:{},0040-{at},,none,,,\n", 1_000_000_100 + at)).collect();
    world.write("rows.csv", format!("{ACCOUNT_HEADER}{rows}bad,,,,,,,\nchange,cpr:{ALICE},1020-5,,0040,,,\n"));
    at_every_commit(&world, "account import rows.csv --channel operator", 0, |world, answer| {
        let designations = world.number("SELECT COUNT(*) FROM designation");
        format!("{answer}{designations}{}", world.read("rows.csv.rejects.csv"))
    });
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn route() {
    require_postgres();
    let world = World::settled();
    world.write("payments.xml", payments("TABT"));
    at_every_commit(&world, &format!("payout route payments.xml --payer {HOLDER} --out out"), 0, batch);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn refuse() {
    require_postgres();
    let world = World::settled();
    world.write("payments.xml", payments("DAARLIG").replacen("<NbOfTxs>13", "<NbOfTxs>12", 1));
    at_every_commit(&world, &format!("payout route payments.xml --payer {PUBLIC} --out out"), 3, |world, answer| {
        assert_eq!(world.number("SELECT COUNT(*) FROM payment") + world.number("SELECT COUNT(*) FROM staging"), 0);
        answer["code"].to_string()
    });
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn release_and_cancel() {
    require_postgres();
    let world = World::settled();
    world.write("payments.xml", payments("HOLDT"));
    let routed = world.run(&format!("payout route payments.xml --payer {HOLDER} --out out --hold")).done();
    let name = routed["batch"].as_str().unwrap();
    at_every_commit(&world, &format!("payout release {name} --out out"), 0, batch);
    at_every_commit(&world, &format!("payout cancel {name} --end-to-end E3"), 0, batch);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn between() {
    require_postgres();
    let world = World::settled();
    world.write("payments.xml", payments("MELLEM"));
    let route = format!("payout route payments.xml --payer {HOLDER} --out out --hold");
    at_places(&world, &route, 25, batch);
    let name = world.run(&route).done()["batch"].as_str().unwrap().to_owned();
    at_places(&world, &format!("payout release {name} --out out"), 25, batch);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn single_commands() {
    require_postgres();
    let world = World::settled();
    let answer = |_: &World, answer: &Value| answer.to_string();
    at_every_commit(&world, &format!("resolve cpr:{ALICE}"), 0, answer);
    at_every_commit(&world, &format!("account history cpr:{ALICE}"), 0, answer);
    at_every_commit(&world, "payer add Ny --cvr 13748136 --kind public --no-account reject", 0, |world, _| {
        world.number("SELECT COUNT(*) FROM payer").to_string()
    });
    at_every_commit(&world, "key rotate", 0, answer);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn clients() {
    require_postgres();
    let world = World::settled();
    let answer = |_: &World, answer: &Value| answer.to_string();
    let of = |table: &'static str| {
        move |world: &World, _: &Value| world.number(&format!("SELECT COUNT(*) FROM {table}")).to_string()
    };
    let public = world.run("client make-key kommune.jwk").done();
    world.write("kommune.pub", public.to_string());
    world.write("kommune.pem", CERTIFICATE);
    let add = format!("client add kommune --role public-payer --payer {PUBLIC} --key kommune.pub --cert kommune.pem");
    at_every_commit(&world, &add, 0, of("signing_key"));
    world.run(&add).done();
    let token = "client token kommune --key kommune.jwk --cert kommune.pem --issuer https://konto.example";
    at_every_commit(&world, token, 0, of("used_once"));
    at_every_commit(&world, "client phase-out payouts v1 2027-01-01", 0, answer);
    at_every_commit(&world, "client rotate-key", 0, of("signing_key"));
    at_every_commit(&world, "client end kommune", 0, answer);
}

#[test]
#[ignore = "about PostgreSQL: cargo xtask test runs it"]
fn designations() {
    require_postgres();
    let world = World::guarded();
    let tables = |world: &World| {
        ["proposal", "proposal_act", "designation"].map(|table| world.number(&format!("SELECT COUNT(*) FROM {table}")))
    };
    let told = |world: &World, _: &Value| format!("{:?}", tables(world));
    let own = format!("--as citizen:cpr:{ALICE}");
    let terms = format!("--account 1020-2 --expects {ALICE_ACCOUNT} --holder own --signature jws");
    at_every_commit(&world, &format!("designation propose cpr:{ALICE} {terms} {own}"), 0, told);
    let name = world.propose_own(ALICE, "1020-2", ALICE_ACCOUNT);
    // An answer that was lost on its way makes no second letter.
    at_every_commit(&world, "letters print --to letters", 0, |world, _| {
        format!("{:?}{:?}", tables(world), world.files("letters"))
    });
    world.run("letters print --to letters").done();
    let code = world.code(&format!("letters/{name}01.pdf"));
    at_every_commit(&world, &format!("designation activate {name} {code} {own}"), 0, |_, answer| answer.to_string());
    world.run(&format!("designation activate {name} {code} {own}")).done();
    at_every_commit(&world, "designation settle --now 2026-11-25T09:00:00Z", 0, |world, answer| {
        format!("{answer}{:?}", tables(world))
    });
}
