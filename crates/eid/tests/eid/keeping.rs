//! What is kept beside clients: messages that came once, how clients come in, and what ends.

use crate::place::{NOW, ONE, Place, at, claims, env, key, payer, registration};
use eid::client::Party;
use eid::commands::{SetPhaseOut, UseOnce, Uses, sweep};
use eid::jws;
use eid::key::Algorithm::{EdDsa, Es256};
use eid::message::{MessageRefusal, check_time, verify_message};
use eid::phase_out::{Subject, Use};
use eid::queries;
use kernel::{Actor, Refuse, Role, Timestamp};

#[test]
fn messages_are_by_the_client() {
    let (one, two, other) = (key(Es256, 1), key(EdDsa, 2), key(Es256, 3));
    let client = payer(&[&one, &two], &[ONE]);
    let check = |signature: &str, bytes: &[u8], expected: Result<&str, &str>| {
        let found = verify_message(&client, signature, bytes);
        assert_eq!(found.map(|key| key.kid()).map_err(|refusal| refusal.code()), expected);
    };
    for key in [&one, &two] {
        check(&jws::sign_detached(key, b"{}"), b"{}", Ok(key.public().kid()));
        check(&jws::sign_detached(key, b"{}"), b"{ }", Err("message.signature"));
    }
    check(&jws::sign_detached(&other, b"{}"), b"{}", Err("message.key"));
    check(&jws::sign(&one, "JWT", &claims("a")), b"{}", Err("message.malformed"));
    check("", b"{}", Err("message.malformed"));
    check("..", b"{}", Err("message.malformed"));
    check(&"a".repeat(9000), b"{}", Err("message.size"));
}

#[test]
fn messages_come_fresh_and_once() {
    let check = |sent: i64, expected| assert_eq!(check_time(at(sent), at(NOW)), expected, "{sent}");
    check(NOW, Ok(at(NOW + 330)));
    check(NOW - 329, Ok(at(NOW + 1)));
    check(NOW - 330, Err(MessageRefusal::Time));
    check(NOW + 330, Ok(at(NOW + 660)));
    check(NOW + 331, Err(MessageRefusal::Time));
    assert_eq!(check_time(Timestamp::from_micros(i64::MIN), at(NOW)), Err(MessageRefusal::Time));
    assert_eq!(check_time(Timestamp::from_micros(i64::MAX), at(NOW)), Err(MessageRefusal::Time));

    let mut place = Place::new();
    let mut other = place.another();
    let actor = Actor::client(Role::Bank, "bank");
    let check = |writer: &mut kernel::Writer, client: &str, id: &str, code: Option<&str>| {
        let command = match UseOnce::new(writer.store.vault(), client, id, at(NOW + 330)) {
            Ok(command) => command,
            Err(refusal) => return assert_eq!(Some(refusal.code()), code, "{client} {id}"),
        };
        let asked = writer.read(|scope| command.ask(scope, at(NOW))).err().map(|error| error.code());
        assert_eq!(asked, code, "{client} {id}");
        let done = writer.execute(&command, &actor, &env(NOW)).err().map(|error| error.code());
        assert_eq!(done, code, "{client} {id}");
    };
    check(&mut place.writer, "bank", "1", None);
    check(&mut place.writer, "bank", "1", Some("message.replayed"));
    check(&mut other, "bank", "1", Some("message.replayed"));
    check(&mut other, "bank", "2", None);
    check(&mut place.writer, "kommune", "1", None);
    check(&mut place.writer, "bank", "", Some("message.id"));
    check(&mut place.writer, "bank", &"x".repeat(129), Some("message.id"));
    // One group takes it once, too.
    let twice = UseOnce::new(place.writer.store.vault(), "bank", "3", at(NOW + 330)).unwrap();
    let results = place.writer.execute_group(|group| {
        Ok([group.execute(&twice, &actor, &env(NOW))?, group.execute(&twice, &actor, &env(NOW))?])
    });
    let [first, second] = results.unwrap();
    assert_eq!((first, second.unwrap_err().code), (Ok(()), "message.replayed"));
    place.verify();
}

#[test]
fn what_has_expired_is_swept_and_nothing_else() {
    let mut place = Place::new();
    let actor = Actor::client(Role::Bank, "bank");
    let message = |place: &Place, expires| UseOnce::new(place.writer.store.vault(), "bank", "1", at(expires)).unwrap();
    let command = message(&place, NOW + 330);
    place.writer.execute(&command, &actor, &env(NOW)).unwrap();
    let mut check = |second: i64, kept: bool| {
        sweep(&mut place.writer.connection, at(second)).unwrap();
        let late = message(&place, second + 1);
        let is_known = place.writer.read(|scope| late.ask(scope, at(second))).is_err();
        assert_eq!(is_known, kept, "{second}");
    };
    check(NOW + 329, true);
    // Another process, an hour behind, would still accept it.
    check(NOW + 329 + 3600, true);
    check(NOW + 330 + 7200, true);
    check(NOW + 331 + 7200, false);
    place.verify();
}

#[test]
fn how_clients_come_in_is_counted_and_ends() {
    let mut place = Place::new();
    let bank = registration("bank", Party::Bank("Banken".to_owned()), &[&key(Es256, 3)], &[crate::place::TWO]);
    place.add(bank).unwrap();
    let id =
        |place: &mut Place, name: &str| place.writer.read(|scope| queries::client(scope, name)).unwrap().unwrap().id;
    let (payer, bank) = (id(&mut place, "kommune"), id(&mut place, "bank"));
    let way = |client, interface: &str, tls: &str| Use {
        client,
        interface: interface.to_owned(),
        version: "v1".to_owned(),
        tls: tls.to_owned(),
        algorithm: "ES256".to_owned(),
    };
    const DAY: i64 = 86_400;
    let mut uses = Uses::default();
    assert!(uses.is_empty());
    for (client, interface, tls, day) in [
        (payer, "payouts", "1.2", 10),
        (payer, "payouts", "1.2", 10),
        (payer, "payouts", "1.2", 12),
        (bank, "feed", "1.3", 11),
    ] {
        uses.add(way(client, interface, tls), at(day * DAY + 3600), 1);
    }
    let before = place.entries();
    uses.write(&mut place.writer.connection).unwrap();
    assert!(uses.is_empty());
    // Another process, behind with its writing.
    uses.add(way(payer, "payouts", "1.2"), at(11 * DAY), 1);
    uses.write(&mut place.another().connection).unwrap();
    assert_eq!(place.entries(), before);
    let tls = Subject::new("tls", "1.2").unwrap();
    let set = |place: &mut Place, ends| {
        let command = SetPhaseOut { subject: Subject::new("tls", "1.2").unwrap(), ends };
        place.writer.execute(&command, &Actor::console(), &env(NOW)).unwrap();
    };
    set(&mut place, Some(at(NOW + 100)));
    set(&mut place, Some(at(NOW + 100)));
    assert_eq!(place.entries(), before + 1);
    let usage = place.writer.read(|scope| queries::usage(scope, &Actor::console())).unwrap();
    let shown: Vec<_> = usage
        .iter()
        .map(|usage| {
            (
                usage.client.as_str(),
                usage.way.interface.as_str(),
                usage.first_day,
                usage.last_day,
                usage.uses,
                usage.ends,
            )
        })
        .collect();
    let expected = [
        ("kommune", "payouts", at(10 * DAY), at(12 * DAY), 4, Some(at(NOW + 100))),
        ("bank", "feed", at(11 * DAY), at(11 * DAY), 1, None),
    ];
    assert_eq!(shown, expected);
    let ends = place.writer.read(queries::phase_outs).unwrap();
    assert_eq!(ends.iter().collect::<Vec<_>>(), [(&tls, at(NOW + 100))]);
    let refused = ends.check(&way(payer, "payouts", "1.2"), at(NOW + 100)).unwrap_err();
    assert_eq!((refused.code(), &refused.subject), ("interface.ended", &tls));
    assert!(ends.check(&way(bank, "feed", "1.3"), at(NOW + 100)).is_ok());
    set(&mut place, None);
    let ends = place.writer.read(queries::phase_outs).unwrap();
    assert_eq!(ends.iter().count(), 0);
    place.verify();
}
