//! What a mapper's messages leave, and what of it is told to their clients.

use crate::*;
use registry::commands::Remembered;
use registry::message::{Message, MessageId, MessageKind, Outcome};
use registry::queries::{self, MessageName};

/// A message that asks which account each of these has; one more of its entries was refused before.
fn message(place: &Place, role: Role, transaction: &str, payees: &[&str]) -> Remembered<AskMany<Map>> {
    let vault = place.writer.store.vault();
    let questions = payees.iter().map(|payee| about(payee, "", MapQuestion::Which)).collect();
    let ask = AskMany::new(vault, client(role), purpose_of(role), questions).unwrap();
    let mut entries: Vec<_> = payees.iter().map(|payee| (format!("{transaction}/{payee}"), None)).collect();
    entries.insert(1, (format!("{transaction}/bad"), Some(refused())));
    Remembered::new(vault, ask, &client(role).actor, MessageKind::Resolve, transaction, entries)
}

fn refused() -> Outcome {
    Outcome::Refused { code: "mapper.id".to_owned(), text: "There is no id.".to_owned() }
}

#[test]
fn a_message_is_answered_as_it_was_when_it_was_looked_at() {
    let mut place = nation();
    let actor = Actor::client(Role::Authority, "system");
    let entries = |place: &mut Place| place.writer.read(|scope| size_and_root(scope.tx)).unwrap().0;
    let mut sent = message(&place, Role::Authority, "t-1", &[PLAIN, NOBODY]);
    let as_of = entries(&mut place);
    place.writer.read(|scope| sent.command.look_before(scope)).unwrap();
    place.accounts(&Channel::Operator, &["change,p:1000000001,0041-9,,0040,,,".to_owned()]);
    let [env, another] = [7, 8].map(|chance| Env::new(Timestamp::from_micros(place.now), chance));
    let at_once = message(&place, Role::Authority, "t-2", &[PLAIN, NOBODY]);
    let messages = [(sent, &actor, &env), (at_once, &actor, &another)];
    let mut answers = place.writer.execute_group(|group| group.execute_jointly(&messages)).unwrap().into_iter();
    let mut next = || answers.next().unwrap().unwrap().output.iter().map(mapped).collect::<Vec<_>>();
    assert_eq!(next(), ["in_force 0040-0000000001 DKK North -", "unknown"]);
    assert_eq!(next(), ["in_force 0041-0000000009 DKK North 0", "unknown"]);
    // The entry says which moment it was.
    let last = entries(&mut place) as i64;
    let facts = |place: &mut Place, entry| place.writer.read(|scope| journal::read(scope, entry)).unwrap().facts;
    assert_eq!(facts(&mut place, last - 2)["as_of"], as_of);
    assert_eq!(facts(&mut place, last - 1)["as_of"], serde_json::Value::Null);
    assert_eq!(log(&mut place, PLAIN, None, 10).len(), 2);
    place.verify();
}

#[test]
fn what_became_of_a_message_is_told_to_its_client_for_a_while() {
    let mut place = nation();
    let mut names = Vec::new();
    for (chance, transaction, payees) in
        [(1, "t-1", [PLAIN, NOBODY]), (2, "t-2", [CLOSED, PLAIN]), (3, "t-1", [DEAD, PLAIN])]
    {
        let actor = Actor::client(Role::Authority, "system");
        let env = Env::new(Timestamp::from_micros(place.now), chance);
        let messages = [(message(&place, Role::Authority, transaction, &payees), &actor, &env)];
        let mut done = place.writer.execute_group(|group| group.execute_jointly(&messages)).unwrap();
        names.push(done.pop().unwrap().unwrap().name);
        place.now += HOUR;
    }
    let show = |found: Option<(MessageId, Message)>| {
        let (id, message) = found?;
        let outcome = |(reference, outcome): (String, Outcome)| match outcome {
            Outcome::Told(class) => format!("{reference} {}", class.name()),
            Outcome::Refused { code, .. } => format!("{reference} {code}"),
            other => format!("{reference} {other:?}"),
        };
        let entries: Vec<String> = message.entries.into_iter().map(outcome).collect();
        Some((id.name(), message.transaction, entries.join(", ")))
    };
    let ask = |place: &mut Place, client: &str, kind, name: MessageName| {
        let actor = Actor::client(Role::Authority, client);
        show(place.writer.read(|scope| queries::message(scope, &actor, kind, &name)).unwrap())
    };
    let found = |at: usize, transaction: &str, entries: &str| {
        Some((names[at].clone(), transaction.to_owned(), entries.to_owned()))
    };
    let transaction = |name: &str| MessageName::Transaction(name.to_owned());
    let references = |names: &[&str]| MessageName::References(names.iter().map(|name| (*name).to_owned()).collect());
    let resolve = MessageKind::Resolve;
    let second = "t-2/p:1000000005 closed, t-2/bad mapper.id, t-2/p:1000000001 in_force";
    assert_eq!(ask(&mut place, "system", resolve, transaction("t-2")), found(1, "t-2", second));
    assert_eq!(ask(&mut place, "system", resolve, MessageName::Correlation(names[1].clone())), found(1, "t-2", second));
    // Of two that the client called alike, the newest counts; by our own name, each is found.
    let third = "t-1/cpr:6501701238 dead, t-1/bad mapper.id, t-1/p:1000000001 in_force";
    assert_eq!(ask(&mut place, "system", resolve, transaction("t-1")), found(2, "t-1", third));
    let first = "t-1/p:1000000001 in_force, t-1/bad mapper.id, t-1/cpr:7201701235 unknown";
    assert_eq!(ask(&mut place, "system", resolve, MessageName::Correlation(names[0].clone())), found(0, "t-1", first));
    let asked = references(&["t-2/bad", "t-1/cpr:7201701235", "none", "t-1/cpr:6501701238"]);
    let entries = "t-2/bad mapper.id, t-1/cpr:7201701235 unknown, t-1/cpr:6501701238 dead";
    assert_eq!(ask(&mut place, "system", resolve, asked), found(2, "t-1", entries));
    for nothing in [transaction("t-3"), MessageName::Correlation("0".repeat(13)), references(&["none"])] {
        assert_eq!(ask(&mut place, "system", resolve, nothing), None);
    }
    assert_eq!(ask(&mut place, "other", resolve, transaction("t-2")), None);
    assert_eq!(ask(&mut place, "other", resolve, MessageName::Correlation(names[1].clone())), None);
    assert_eq!(ask(&mut place, "other", resolve, references(&["t-2/bad"])), None);
    assert_eq!(ask(&mut place, "system", MessageKind::Link, transaction("t-2")), None);

    let sweep = |place: &mut Place, now| {
        queries::sweep_messages(&mut place.writer.connection, Timestamp::from_micros(now)).unwrap();
        [0, 1, 2].map(|at| ask(place, "system", resolve, MessageName::Correlation(names[at].clone())).is_some())
    };
    assert_eq!(sweep(&mut place, 80 * DAY), [true; 3]);
    assert_eq!(sweep(&mut place, 80 * DAY + HOUR), [false, true, true]);
    assert_eq!(sweep(&mut place, 81 * DAY), [false; 3]);
    place.verify();
}
