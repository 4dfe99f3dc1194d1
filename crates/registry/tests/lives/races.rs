//! Two who act at once, each with a connection of its own, as two processes have: whichever comes first, one of two things
//! becomes of it; and what happens at exactly the moment when something ends.

use crate::acts::{Names, Wish};
use crate::oracle::{Held, Row, Slot};
use crate::world::{ACCOUNTS, OPERATORS, World};
use kernel::{Actor, Assurance, Command, Error, Id, Role, Secrets, Timestamp, Writer};
use registry::commands::{
    Activate, AddDelivery, ApproveDesignation, CancelDesignation, ChangeAccounts, ChangeAnswer, MakeLetter,
    ProposeDesignation, Settle, Standing, StopProposal, TellOwnership,
};
use registry::delivery::{Endpoint, Place, Terms, Url, What};
use registry::designation::Channel;
use registry::import::AccountRow;
use registry::notice::StopToken;
use registry::ownership::Ownership;
use registry::proposal::{Holder, LegalGround, Unexpected};
use registry::queries::letter;
use std::sync::Barrier;

const DAY: i64 = 86_400_000_000;
const CODE: &str = "12345678";

/// What somebody does, and what they are told in a word.
type Doing = Box<dyn Fn(&mut Writer) -> String + Send + Sync>;

fn word<T>(told: Result<T, Error>, word: impl FnOnce(T) -> String) -> String {
    match told {
        Ok(told) => word(told),
        Err(Error::Refused(refusal)) => refusal.code.to_owned(),
        Err(error) => panic!("{error}"),
    }
}

fn doing<C: Command + Send + Sync + 'static>(
    world: &mut World,
    command: C,
    actor: Actor,
    tell: fn(C::Output) -> String,
) -> Doing {
    let env = world.env();
    Box::new(move |writer| word(writer.execute(&command, &actor, &env), tell))
}

fn state(standing: Standing) -> String {
    standing.state
}

fn wish(account: usize) -> Wish {
    Wish { payee: 0, slot: Slot::Default, action: "change", account, names: Names::Right }
}

/// Somebody's first account is 0, from a bank; and then these controls hold.
fn world(changes: &[&str]) -> World {
    let mut world = World::new();
    let told = bank_changes(&mut world, 0, 0)(&mut world.place.writer);
    assert_eq!(told, "done");
    let row = Row { at: world.now(), held: Held::InForce, account: ACCOUNTS[0].to_owned() };
    world.rows.insert((0, Slot::Default), vec![row]);
    world.place.now += DAY;
    world.place.control("anvis", changes);
    world
}

fn citizen(world: &World) -> Actor {
    world.citizen(0, Assurance::Substantial)
}

fn proposing(world: &World, actor: &Actor, account: usize) -> ProposeDesignation {
    let vault = world.place.writer.store.vault().clone();
    ProposeDesignation {
        actor: actor.clone(),
        row: world.written(&wish(account), |written| AccountRow::read(&vault, written)).unwrap(),
        holder: Holder::Own,
        ground: (actor.role() != Role::Citizen)
            .then(|| LegalGround { law: "§ 1".to_owned(), evidence: "case 7".to_owned() }),
        is_locked: false,
        signature: (actor.role() == Role::Citizen).then(|| "signature".to_owned()),
        once: None,
    }
}

fn propose(world: &mut World, actor: &Actor, account: usize) -> String {
    let command = proposing(world, actor, account);
    world.run(&command, actor).unwrap().id
}

fn make_letter(world: &mut World, id: &str) {
    let (actor, now) = (Actor::operator(OPERATORS[0]), Timestamp::from_micros(world.now()));
    let drawn = world.place.writer.read(|scope| letter(scope, &actor, id, now)).unwrap();
    world.run(&MakeLetter { drawn, code: CODE.to_owned(), actor: actor.clone() }, &actor).unwrap();
}

fn activate(id: &str, actor: Actor) -> Activate {
    Activate { proposal: id.to_owned(), code: CODE.to_owned(), actor, is_synthetic: false }
}

fn approve(id: &str, who: &str) -> (ApproveDesignation, Actor) {
    let officer = Actor::operator(who);
    let (proposal, why) = (id.to_owned(), "so".to_owned());
    (ApproveDesignation { proposal, why, officer: officer.clone(), is_synthetic: false }, officer)
}

/// A bank asks for one of its accounts, in the place of the one that is there.
fn bank_changes(world: &mut World, bank: usize, account: usize) -> Doing {
    let vault = world.place.writer.store.vault().clone();
    let (name, _) = crate::world::BANKS[bank];
    let env = world.env();
    let row = world
        .written(&wish(account), |written| {
            AccountRow::read_from_bank(&vault, written, "user_request", "netbank", Unexpected::Refuse)
        })
        .unwrap();
    Box::new(move |writer| {
        let (actor, channel) = (Actor::client(Role::Bank, name), Channel::Bank(name.to_owned()));
        let request =
            || ChangeAccounts::new(actor.clone(), channel.clone(), vec![Ok(row.clone())], Unexpected::Refuse, None);
        let told = writer.execute_group(|group| group.execute_jointly(&[(request().unwrap(), &actor, &env)])).unwrap();
        match told.into_iter().next().unwrap().unwrap().remove(0) {
            ChangeAnswer::Refused(refusal) => kernel::Refuse::code(&refusal).to_owned(),
            told => told.name().to_owned(),
        }
    })
}

/// The account that is there now, and how many rows the history has.
fn account(world: &mut World) -> String {
    let rows = world.read().remove(&(0, Slot::Default)).unwrap();
    format!("{} {}", ACCOUNTS.iter().position(|account| *account == rows[rows.len() - 1].account).unwrap(), rows.len())
}

/// Both do it, in each order, and both at once: which of the two came first shows in what they are told, and nothing else.
fn race(begin: impl Fn() -> (World, [Doing; 2]), expected: [&str; 2]) {
    let outcome = |world: &mut World, told: [String; 2]| {
        world.place.verify();
        format!("{}, {}: {}", told[0], told[1], account(world))
    };
    for (first, expected) in expected.into_iter().enumerate() {
        let (mut world, doings) = begin();
        let mut other = world.place.writer.store.writer(Secrets::from_system()).unwrap();
        let mut told = [String::new(), String::new()];
        told[first] = doings[first](&mut other);
        told[1 - first] = doings[1 - first](&mut world.place.writer);
        assert_eq!(outcome(&mut world, told), expected);
    }
    for _ in 0..4 {
        let (mut world, doings) = begin();
        let barrier = Barrier::new(2);
        let told = std::thread::scope(|threads| {
            let threads = doings.each_ref().map(|doing| {
                let mut writer = world.place.writer.store.writer(Secrets::from_system()).unwrap();
                let barrier = &barrier;
                threads.spawn(move || {
                    barrier.wait();
                    doing(&mut writer)
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let outcome = outcome(&mut world, told);
        assert!(expected.contains(&outcome.as_str()), "{outcome} is none of {expected:?}");
    }
}

#[test]
fn activation_against_cancellation() {
    let begin = || {
        let mut world = world(&["wait_self_service=0"]);
        let citizen = citizen(&world);
        let id = propose(&mut world, &citizen, 1);
        make_letter(&mut world, &id);
        let activates = doing(&mut world, activate(&id, citizen.clone()), citizen.clone(), |told| told.standing.state);
        let command = CancelDesignation { proposal: id, actor: citizen.clone(), channel: None };
        let cancels = doing(&mut world, command, citizen, state);
        (world, [activates, cancels])
    };
    race(begin, ["in_force, proposal.ended: 1 2", "proposal.ended, cancelled: 0 1"]);
}

#[test]
fn two_banks_at_once() {
    let begin = |wait: &'static str| {
        move || {
            let mut world = world(&[wait]);
            let doings = [bank_changes(&mut world, 0, 2), bank_changes(&mut world, 1, 1)];
            (world, doings)
        }
    };
    let late = "designation.expects_mismatch";
    let expected = [format!("done, {late}: 2 2"), format!("{late}, done: 1 2")];
    race(begin("wait_bank_replacing=0"), [&expected[0], &expected[1]]);
    race(begin("wait_bank_replacing=1"), ["held, change.waiting: 0 1", "change.waiting, held: 0 1"]);
}

#[test]
fn approval_against_a_new_proposal() {
    let begin = || {
        let mut world = world(&["letter_caseworker=off", "wait_caseworker=0"]);
        let id = propose(&mut world, &Actor::operator("olga"), 1);
        let (command, officer) = approve(&id, "otto");
        let approves = doing(&mut world, command, officer, state);
        let citizen = citizen(&world);
        let command = proposing(&world, &citizen, 2);
        let proposes = doing(&mut world, command, citizen, state);
        (world, [approves, proposes])
    };
    let late = "in_force, designation.expects_mismatch: 1 2";
    // What the payee has signed comes in the place of what waits, and then it cannot be approved any more.
    race(begin, [late, "proposal.ended, awaiting_activation: 0 1"]);
    // What a bank has changed since is not what was approved.
    let begin = || {
        let mut world = world(&["letter_caseworker=off", "wait_caseworker=0", "wait_bank_replacing=0"]);
        let id = propose(&mut world, &Actor::operator("olga"), 1);
        let (command, officer) = approve(&id, "otto");
        let approves = doing(&mut world, command, officer, state);
        let changes = bank_changes(&mut world, 0, 2);
        (world, [approves, changes])
    };
    race(begin, [late, "designation.expects_mismatch, done: 2 2"]);
}

#[test]
fn a_stop_against_settling() {
    let begin = || {
        let mut world = world(&[]);
        assert_eq!(bank_changes(&mut world, 0, 2)(&mut world.place.writer), "held");
        let id = world.only_waiting();
        world.place.now += 5 * DAY;
        let number = Id::parse_name(&id).unwrap();
        let token = StopToken::of(world.place.writer.store.vault(), number);
        let stops = doing(&mut world, StopProposal { token }, Actor::console(), |told| format!("{told:?}"));
        let now = Timestamp::from_micros(world.now());
        let settles = doing(&mut world, Settle { now }, Actor::console(), |told| format!("{} in force", told.in_force));
        (world, [stops, settles])
    };
    race(begin, ["Stopped, 0 in force: 0 1", "Frozen, 1 in force: 2 3"]);
}

/// Somebody wants an account of a bank that is asked whose it is, and nothing else is waited for; whoever brings its answer.
fn asked(answer: Ownership) -> (World, String, Doing) {
    let mut world = world(&["letter_self_service=never", "wait_self_service=0", "manual_check=on_risk"]);
    let (bank, url) = (crate::world::BANKS[1].0.to_owned(), Url::parse("http://localhost/").unwrap());
    let place = Place::Server(Endpoint { url, ca: None, identity: None });
    let terms = Terms { name: "asked".to_owned(), what: What::Ownership, whose: bank.clone(), place };
    world.run(&AddDelivery { terms, from_the_beginning: false }, &Actor::console()).unwrap();
    let citizen = citizen(&world);
    let id = propose(&mut world, &citizen, 1);
    let proposal = Id::parse_name(&id).unwrap();
    // Its time ends now.
    world.place.now += DAY;
    let tells = doing(&mut world, TellOwnership { proposal, bank, answer }, Actor::console(), state);
    (world, id, tells)
}

#[test]
fn an_answer_against_cancellation() {
    let begin = |answer| {
        move || {
            let (mut world, proposal, tells) = asked(answer);
            let citizen = citizen(&world);
            let command = CancelDesignation { proposal, actor: citizen.clone(), channel: None };
            let cancels = doing(&mut world, command, citizen, state);
            (world, [tells, cancels])
        }
    };
    let late = "proposal.ended, cancelled: 0 1";
    race(begin(Ownership::Match), ["held, cancelled: 0 1", late]);
    race(begin(Ownership::NoMatch), ["awaiting_approval, cancelled: 0 1", late]);
}

#[test]
fn an_answer_against_the_end_of_its_time() {
    let begin = |answer| {
        move || {
            let (mut world, _, tells) = asked(answer);
            let now = Timestamp::from_micros(world.now());
            let settles =
                doing(&mut world, Settle { now }, Actor::console(), |told| format!("{} in force", told.in_force));
            (world, [tells, settles])
        }
    };
    // What was said in time is heeded, what comes too late is said of something else: of an account in force.
    let late = "proposal.ended, 1 in force: 1 2";
    race(begin(Ownership::NoMatch), ["awaiting_approval, 0 in force: 0 1", late]);
    race(begin(Ownership::CloseMatch), ["held, 1 in force: 1 2", late]);
}

#[test]
fn two_settle_at_once_and_each_takes_effect_once() {
    let begin = || {
        let mut world = world(&[]);
        assert_eq!(bank_changes(&mut world, 0, 2)(&mut world.place.writer), "held");
        world.place.now += 5 * DAY;
        let now = Timestamp::from_micros(world.now());
        let settles = |world: &mut World| {
            doing(world, Settle { now }, Actor::console(), |told| format!("{} in force", told.in_force))
        };
        let doings = [settles(&mut world), settles(&mut world)];
        (world, doings)
    };
    race(begin, ["1 in force, 0 in force: 2 2", "0 in force, 1 in force: 2 2"]);
}

/// Banking days are those of Copenhagen, from midnight to midnight there.
#[test]
fn the_clock_at_midnight() {
    let check = |asked: &str, holds: &str| {
        let mut world = world(&[]);
        world.place.now = Timestamp::parse(asked).unwrap().micros();
        assert_eq!(bank_changes(&mut world, 0, 2)(&mut world.place.writer), "held");
        world.place.now = Timestamp::parse(holds).unwrap().micros() - 1;
        let settle = |world: &mut World| {
            let command = Settle { now: Timestamp::from_micros(world.now()) };
            (world.run(&command, &Actor::console()).unwrap().in_force, account(world))
        };
        assert_eq!(settle(&mut world), (0, "0 1".to_owned()), "{asked}");
        world.place.now += 1;
        assert_eq!(settle(&mut world), (1, "2 2".to_owned()), "{asked}");
        world.place.verify();
    };
    // The last moment of a Friday; the clocks change on that Sunday.
    check("2026-03-27T22:59:59.999999Z", "2026-03-30T21:59:59.999999Z");
    // The first of a Saturday counts as the first of the Monday.
    check("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
    check("2026-03-29T21:59:59.999999Z", "2026-03-30T22:00:00Z");
    check("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z");
    // Maundy Thursday to Easter Monday.
    check("2026-04-01T21:59:59.999999Z", "2026-04-07T21:59:59.999999Z");
    check("2026-04-01T22:00:00Z", "2026-04-07T22:00:00Z");
}

#[test]
fn what_expires_does_so_at_its_moment() {
    let approval = |after: i64| {
        let mut world = world(&["letter_caseworker=off"]);
        let id = propose(&mut world, &Actor::operator("olga"), 1);
        world.place.now += after;
        let (command, officer) = approve(&id, "otto");
        world.run(&command, &officer).map(state)
    };
    assert_eq!(approval(30 * DAY - 1), Ok("held".to_owned()));
    assert_eq!(approval(30 * DAY), Err("proposal.ended".to_owned()));
    // The last day of a code is a whole one in Denmark.
    let code = |made: &str, given: &str, after: i64| {
        let mut world = world(&[]);
        world.place.now = Timestamp::parse(made).unwrap().micros();
        let citizen = citizen(&world);
        let id = propose(&mut world, &citizen, 1);
        make_letter(&mut world, &id);
        world.place.now = Timestamp::parse(given).unwrap().micros() + after;
        world.run(&activate(&id, citizen.clone()), &citizen).map(|told| told.standing.state)
    };
    let ends = |made: &str, midnight: &str| {
        assert_eq!(code(made, midnight, -1), Ok("held".to_owned()), "{made}");
        assert_eq!(code(made, midnight, 0), Err("proposal.ended".to_owned()), "{made}");
    };
    ends("2026-03-21T09:30:00Z", "2026-05-20T22:00:00Z");
    // The clocks change meanwhile: sixty days after the last hour of a day is the day after it.
    ends("2026-03-21T22:59:59Z", "2026-05-21T22:00:00Z");
    ends("2026-10-24T21:59:59Z", "2026-12-23T23:00:00Z");
    // What nobody ended in time makes room, and is ended by what comes in its place.
    let anew = |after: i64| {
        let mut world = world(&[]);
        let citizen = citizen(&world);
        let id = propose(&mut world, &citizen, 1);
        world.place.now += after;
        let officer = Actor::operator("olga");
        let command = proposing(&world, &officer, 2);
        let told = world.run(&command, &officer).map(state);
        let cancels = CancelDesignation { proposal: id, actor: citizen.clone(), channel: None };
        let former = world.run(&cancels, &citizen).map(state);
        let now = Timestamp::from_micros(world.now());
        let settled = world.run(&Settle { now }, &Actor::console()).unwrap();
        world.place.verify();
        (told, former, settled.expired)
    };
    let [waiting, approval] = ["change.waiting", "awaiting_approval"].map(str::to_owned);
    assert_eq!(anew(90 * DAY - 1), (Err(waiting), Ok("cancelled".to_owned()), 0));
    assert_eq!(anew(90 * DAY), (Ok(approval), Err("proposal.ended".to_owned()), 0));
}
