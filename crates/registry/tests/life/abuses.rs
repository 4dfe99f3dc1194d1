//! What somebody would try who is after another's money, under the controls that every store begins with: a thief with the payee's
//! electronic identity, a caseworker, a bank's clerk and an operator who are corrupt. Each comes as far as this, and no further.

use crate::town::{ANNA, BENT, CODE, DAY, LOOT, OWN, Town, north, ok, payee, phone, south};
use kernel::{Actor, Assurance, Authenticator, Id, Login, Role, Timestamp};
use registry::commands::{
    AddContact, Approve, Carrier, LetterFate, Propose, RemoveContact, RevertDesignation, SetControls, Sign,
    TellIdentity, UnfreezeDesignation,
};
use registry::contact::ContactPoint;
use registry::control_change::ControlChange;
use registry::designation::{Channel, ChannelKind};
use registry::identity::IdentityFacts;
use registry::life::Waits;
use registry::lock::Channels;
use registry::notice::{Medium, NoticeKind};
use std::marker::PhantomData;

// A thief who has the payee's electronic identity.

#[test]
fn a_thief_without_the_letter_has_three_guesses_a_letter_and_no_second_proposal() {
    let mut town = Town::new();
    let (thief, olga) = (town.anna(), Actor::operator("olga"));
    let id = town.wants_loot(&thief);
    assert_eq!(town.stands(&id), "letter");
    assert_eq!(town.gives(&id, CODE, &thief), Err("proposal.not_this"), "no letter has been made");
    assert_eq!(town.letter(&id, &olga, CODE), ok("code"));
    for guess in ["00000000", "00000001", "00000002"] {
        assert_eq!(town.gives(&id, guess, &thief), ok("wrong"));
    }
    assert_eq!(town.gives(&id, CODE, &thief), Err("proposal.not_this"), "it is worth nothing after three guesses");
    // Another letter has another code, and the former one stays void.
    assert_eq!(town.letter(&id, &olga, "87654321"), ok("code"));
    assert_eq!(town.gives(&id, CODE, &thief), ok("wrong"));
    // Asking anew ends what waited, and its letter with it.
    assert_eq!(town.proposes(&thief, &format!("change,{ANNA},{LOOT},,{OWN},,,")), Err("change.waiting"), "the same");
    let anew = town.proposes(&thief, &format!("change,{ANNA},1020-3,,{OWN},,,")).unwrap();
    for (of, expected) in [(&id, Err("proposal.ended")), (&anew, Err("proposal.not_this"))] {
        assert_eq!(town.gives(of, "87654321", &thief), expected);
    }
    // After the 60 days of a code nothing is left of it.
    assert_eq!(town.letter(&anew, &olga, CODE), ok("code"));
    town.days(61);
    assert_eq!(town.gives(&anew, CODE, &thief), Err("proposal.ended"));
    assert_eq!((town.settles(), town.pays()), ((0, 0), "to Anna".to_owned()));
}

#[test]
fn whoever_ends_an_account_first_is_asked_for_no_less_afterwards() {
    // By self-service.
    let mut town = Town::new();
    let thief = town.anna();
    let closes = town.proposes(&thief, &format!("close,{ANNA},,,{OWN},,,"));
    assert_eq!(closes, Err("designation.authority"), "that is its bank's to say");
    assert_eq!(town.ask(&north(), &format!("close,{ANNA},,,,,,")), "done");
    let id = town.proposes(&thief, &format!("register,{ANNA},{LOOT},,none,,,")).unwrap();
    assert_eq!(town.stands(&id), "letter");
    // By clerks of banks: the next account is no first one, and waits for a banking day, of which its payee is told.
    let mut town = Town::new();
    assert_eq!(town.ask(&north(), &format!("close,{ANNA},,,,,,")), "done");
    assert_eq!(town.ask(&south(), &format!("register,{ANNA},{LOOT},,none,,,")), "held");
    let id = town.waits().remove(0);
    assert_eq!((town.stands(&id), town.pays()), ("time".to_owned(), "closed".to_owned()));
    assert_eq!(town.stops(&id), ok("Stopped"));
    town.days(20);
    assert_eq!((town.settles(), town.pays()), ((0, 0), "closed".to_owned()));
    // By the operator: no file of theirs begins the same payee's registry twice.
    let mut town = Town::new();
    assert_eq!(town.ask(&Channel::Operator, &format!("close,{ANNA},,,,,,")), "done");
    assert_eq!(town.ask(&Channel::Operator, &format!("register,{ANNA},{LOOT},,none,,,")), "held");
    let id = town.waits().remove(0);
    assert_eq!(town.stands(&id), "approval");
}

#[test]
fn a_contact_point_that_was_swapped_shortly_before_demands_a_second_channel() {
    let check = |days: i64, expected: &str| {
        let mut town = Town::new();
        let (thief, olga) = (town.anna(), Actor::operator("olga"));
        town.swaps_contact(&thief);
        town.days(days);
        let id = town.wants_loot(&town.anna());
        assert_eq!(town.letter(&id, &olga, CODE), ok("code"));
        // The letter was stolen as well.
        assert_eq!(town.gives(&id, CODE, &town.anna()), ok(expected), "{days} days before");
        if expected == "confirmation" {
            for (who, code) in [
                (town.anna(), "actor.assurance"),
                (town.citizen(BENT, Assurance::High), "proposal.unknown"),
                // Who printed the letter has a part in it.
                (olga, "proposal.own"),
                (Actor::caseworker("bo"), "proposal.unknown"),
            ] {
                assert_eq!(town.confirms(&id, &who), Err(code), "{}", who.name());
            }
            // It counts on, however long is waited.
            town.days(31);
            assert_eq!(town.stands(&id), "confirmation");
        }
        town.days(70);
        let took = u64::from(expected == "time");
        assert_eq!(town.settles(), (took, 0), "{days} days before");
    };
    for days in [0, 29] {
        check(days, "confirmation");
    }
    // What is left then is the letter, and notices to the telephone that stood before.
    check(31, "time");
    // Swapped while it waits, so that the notice of the end goes elsewhere.
    let mut town = Town::new();
    let thief = town.anna();
    let id = town.wants_loot(&thief);
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    assert_eq!(town.gives(&id, CODE, &thief), ok("time"));
    town.swaps_contact(&thief);
    assert_eq!(town.stands(&id), "confirmation");
    town.days(10);
    assert_eq!((town.settles(), town.pays()), ((0, 0), "to Anna".to_owned()));
}

#[test]
fn an_address_to_which_the_letter_would_follow_demands_a_second_channel() {
    let mut town = Town::new();
    town.lives(ANNA, "Tyvens Vej 2");
    town.days(29);
    let id = town.wants_loot(&town.anna());
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    assert_eq!(town.gives(&id, CODE, &town.anna()), ok("confirmation"));
    assert_eq!(town.confirms(&id, &town.anna()), Err("actor.assurance"));
}

#[test]
fn no_letter_counts_that_goes_to_where_key_material_went() {
    let check = |posted: i64, changed: Option<i64>, expected: &str| {
        let mut town = Town::new();
        let before = |days: i64| Timestamp::from_micros(town.0.0.now - days * DAY);
        let facts =
            IdentityFacts { key_material_posted: Some(before(posted)), authenticator_changed: changed.map(before) };
        town.run(&TellIdentity { payee: payee(ANNA), facts }, &Actor::console()).unwrap();
        let (thief, olga) = (town.anna(), Actor::operator("olga"));
        let id = town.wants_loot(&thief);
        assert_eq!(town.stands(&id), expected, "posted {posted} days before");
        if expected == "confirmation" {
            assert_eq!(town.letter(&id, &olga, CODE), Err("proposal.not_this"));
            assert_eq!(town.gives(&id, CODE, &thief), Err("proposal.not_this"));
            // Not by the strongest login either: it was made with what was posted.
            for assurance in [Assurance::Substantial, Assurance::High] {
                let told = town.confirms(&id, &town.citizen(ANNA, assurance));
                assert!(matches!(told, Err("actor.assurance" | "actor.authenticator")), "{assurance:?}: {told:?}");
            }
            town.days(61);
            assert_eq!(town.stands(&id), "confirmation", "nothing is forgotten while it waits");
        }
    };
    check(0, None, "confirmation");
    check(59, Some(58), "confirmation");
    check(61, Some(60), "letter");
    // It is posted after the letter: the code that comes out of the same box is worth nothing any more.
    let mut town = Town::new();
    let thief = town.anna();
    let id = town.wants_loot(&thief);
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    let posted = Some(Timestamp::from_micros(town.0.0.now));
    let facts = IdentityFacts { key_material_posted: posted, authenticator_changed: None };
    town.run(&TellIdentity { payee: payee(ANNA), facts }, &Actor::console()).unwrap();
    assert_eq!(town.gives(&id, CODE, &thief), Err("proposal.not_this"));
    assert_eq!(town.stands(&id), "confirmation");
}

#[test]
fn the_box_that_is_found_by_the_number_has_the_stop_link_whatever_was_done_about_it() {
    // What was done so many days before, and whether a letter box that is told has a link, of each that is told by this medium.
    let check = |done: &[(i64, bool, &str)], medium: Medium, expected: &[bool]| {
        let mut town = Town::new();
        let olga = Actor::operator("olga");
        for (days, adds, point) in done {
            let (actor, payee, why) = (olga.clone(), payee(ANNA), Some("Said so".to_owned()));
            let point = ContactPoint::from_text(point).unwrap();
            let told = match adds {
                true => town.run(&AddContact { actor, payee, point, why }, &olga),
                false => town.run(&RemoveContact { actor, payee, point, why }, &olga),
            };
            assert_eq!(told, Ok(true));
            town.days(*days);
        }
        town.wants_loot(&town.anna());
        let (carrier, now) = (Carrier { holder: Id::new(1) }, Timestamp::from_micros(town.0.0.now));
        let taken = carrier.take(&mut town.0.0.writer, medium, now, 100).unwrap();
        let notices = taken.into_iter().map(|(_, notice)| notice.unwrap().new);
        let proposed = notices.filter(|new| new.kind == NoticeKind::ChangeProposed);
        let links: Vec<bool> = proposed.map(|new| new.details.stop.is_some()).collect();
        assert_eq!(links, expected, "{done:?} by {medium:?}");
    };
    let (post, letter) = (Medium::DigitalPost, Medium::Letter);
    check(&[], post, &[true]);
    check(&[(1, true, "digital_post")], post, &[true]);
    check(&[(1, true, "digital_post"), (1, false, "digital_post")], post, &[true]);
    check(&[(40, true, "digital_post"), (91, false, "digital_post")], post, &[true]);
    // Whoever has no box is told on paper; one that they registered all the same is told as well.
    check(&[(31, true, "letter")], post, &[]);
    check(&[(31, true, "letter")], letter, &[true]);
    check(&[(31, true, "letter"), (1, true, "digital_post")], post, &[true]);
    // A letter that a thief asked for takes nothing away, and does nothing.
    check(&[(1, true, "letter")], post, &[true]);
    check(&[(1, true, "letter")], letter, &[false]);
}

#[test]
fn what_counts_is_the_letter_box_and_not_whose_letter_it_was() {
    // To whom key material was posted so many days before, and who moved so many days before out of the house where both lived.
    let check = |to: &str, posted: i64, moved: Option<(&str, i64)>, expected: &str| {
        let mut town = Town::new();
        if let Some((who, days)) = moved {
            town.lives(who, "Ny Vej 2");
            town.days(days);
        }
        let posted_at = Some(Timestamp::from_micros(town.0.0.now - posted * DAY));
        let facts = IdentityFacts { key_material_posted: posted_at, authenticator_changed: None };
        town.run(&TellIdentity { payee: payee(to), facts }, &Actor::console()).unwrap();
        let id = town.wants_loot(&town.anna());
        assert_eq!(town.stands(&id), expected, "to {to}, {posted} days before; moved: {moved:?}");
    };
    check(ANNA, 5, None, "confirmation");
    check(BENT, 5, None, "confirmation");
    check(BENT, 61, None, "letter");
    // It went to where she lived then; and to where he lived, who has left.
    check(ANNA, 50, Some((ANNA, 40)), "letter");
    check(ANNA, 35, Some((ANNA, 40)), "confirmation");
    check(BENT, 50, Some((ANNA, 40)), "letter");
    check(BENT, 50, Some((BENT, 40)), "confirmation");
    check(BENT, 35, Some((BENT, 40)), "letter");
}

#[test]
fn a_login_that_was_posted_is_no_second_channel_wherever_it_went() {
    let check = |to: &str, expected: Result<String, &'static str>| {
        let mut town = Town::new();
        town.lives(ANNA, "Ny Vej 2");
        town.days(40);
        // So that the letter alone is not enough.
        town.swaps_contact(&town.anna());
        let posted_at = Some(Timestamp::from_micros(town.0.0.now - 50 * DAY));
        let facts = IdentityFacts { key_material_posted: posted_at, authenticator_changed: None };
        town.run(&TellIdentity { payee: payee(to), facts }, &Actor::console()).unwrap();
        let id = town.wants_loot(&town.anna());
        town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
        assert_eq!(town.gives(&id, CODE, &town.anna()), ok("confirmation"));
        let at = Timestamp::from_micros(town.0.0.now);
        let login = Login { assurance: Assurance::High, authenticator: Authenticator::named("second"), at };
        let second = Actor::citizen(&payee(ANNA).key(town.0.0.writer.store.vault()), login);
        assert_eq!(town.confirms(&id, &second), expected, "to {to}");
    };
    check(ANNA, Err("actor.authenticator"));
    check(BENT, ok("time"));
}

#[test]
fn a_stop_link_that_the_thief_uses_up_freezes_all_the_same() {
    let mut town = Town::new();
    let (thief, olga, otto) = (town.anna(), Actor::operator("olga"), Actor::operator("otto"));
    let id = town.wants_loot(&thief);
    assert_eq!(town.stops(&id), ok("Stopped"), "by the thief");
    assert_eq!(town.stops(&id), ok("Already"), "by the owner: it is stopped as they wish");
    assert_eq!((town.stands(&id), town.gives(&id, CODE, &thief)), ("check".to_owned(), Err("proposal.not_this")));
    // The thief calls, and an officer believes them.
    assert_eq!(town.approves(&id, &olga), ok("letter"));
    assert_eq!(town.stops(&id), ok("Already"), "what an officer has let go on is not stopped for ever");
    town.letter(&id, &otto, CODE).unwrap();
    assert_eq!(town.gives(&id, CODE, &thief), ok("time"));
    town.days(5);
    assert_eq!((town.settles(), town.pays()), ((1, 0), "to the thief".to_owned()));
    // And it only ever freezes.
    assert_eq!(town.stops(&id), ok("Frozen"));
    assert_eq!((town.stops(&id), town.pays()), (ok("Already"), "frozen".to_owned()));
    // No bank thaws what its payee had frozen, and nobody else replaces it by the way.
    for bank in [north(), south()] {
        assert_ne!(town.ask(&bank, &format!("unfreeze,{ANNA},,,,,,")), "done");
    }
    let replaces = town.proposes(&town.anna(), &format!("change,{ANNA},1020-3,,{LOOT},,,"));
    assert_eq!(replaces, Err("designation.frozen"));
    for who in [town.anna(), Actor::caseworker("bo"), Actor::operator("olga")] {
        let told = town.proposes(&who, &format!("unfreeze,{ANNA},,,,,,"));
        assert!(told.is_err(), "{}: {told:?}", who.name());
    }
    assert_eq!(town.pays(), "frozen");
}

#[test]
fn a_lock_that_the_thief_sets_stops_the_thief_and_is_opened_in_person() {
    let mut town = Town::new();
    let thief = town.anna();
    let id = town.wants_loot(&thief);
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    assert_eq!(town.gives(&id, CODE, &thief), ok("time"));
    // So that the owner cannot change it back.
    assert_eq!(town.locks(&thief, Channels::all()), Ok(ChannelKind::ALL.len()));
    town.days(5);
    assert_eq!((town.settles(), town.pays()), ((0, 1), "to Anna".to_owned()), "it closes their own way as well");
    let thief = town.anna();
    assert_eq!(town.proposes(&thief, &format!("change,{ANNA},{LOOT},,{OWN},,,")), Err("designation.locked"));
    assert_eq!(town.lifts(&thief, None), Err("citizen.assurance"));
    assert_eq!(town.lifts(&Actor::operator("olga"), None), Err("change.why"));
    assert_eq!(town.lifts(&Actor::operator("olga"), Some("")), Err("lock.in_person"));
    assert_eq!(town.lifts(&town.citizen(BENT, Assurance::High), None), Err("citizen.other"));
    assert_eq!(town.lifts(&Actor::operator("olga"), Some("passport")), Ok(0));
    // Nor does it help against a lock to be given a new authenticator.
    assert_eq!(town.locks(&town.anna(), Channels::all()), Ok(ChannelKind::ALL.len()));
    let changed = Some(Timestamp::from_micros(town.0.0.now));
    let facts = IdentityFacts { authenticator_changed: changed, key_material_posted: None };
    town.run(&TellIdentity { payee: payee(ANNA), facts }, &Actor::console()).unwrap();
    town.days(29);
    assert_eq!(town.lifts(&town.citizen(ANNA, Assurance::High), None), Err("citizen.assurance"));
    town.days(2);
    assert_eq!(town.lifts(&town.citizen(ANNA, Assurance::High), None), Ok(0));
}

#[test]
fn nobody_does_for_somebody_else_what_is_theirs() {
    let mut town = Town::new();
    let bent = town.citizen(BENT, Assurance::High);
    assert_eq!(town.proposes(&bent, &format!("change,{ANNA},{LOOT},,{OWN},,,")), Err("designation.entitled"));
    let id = town.wants_loot(&town.anna());
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    let sign = Sign { proposal: id.clone(), signature: "signature".to_owned(), actor: bent.clone() };
    assert_eq!(town.run(&sign, &bent).map(|_| ()), Err("proposal.unknown"));
    assert_eq!(town.gives(&id, CODE, &bent), Err("proposal.unknown"));
    assert_eq!(town.cancels(&id, &bent, None), Err("proposal.unknown"));
    let low = town.citizen(ANNA, Assurance::Low);
    assert_eq!(town.gives(&id, CODE, &low), Err("proposal.unknown"));
    // Freezing is no payee's, by whatever way it is asked for.
    let told = town.proposes(&town.anna(), &format!("freeze,{ANNA},,,,,,"));
    assert!(told.is_err(), "{told:?}");
}

#[test]
fn what_a_link_froze_is_thawed_by_two_and_what_was_changed_is_put_back_by_two() {
    let mut town = Town::new();
    let [olga, otto] = ["olga", "otto"].map(Actor::operator);
    assert_eq!(town.ask(&south(), &format!("change,{ANNA},{LOOT},,{OWN},,,")), "held");
    let id = town.waits().remove(0);
    let why = || "the payee called".to_owned();
    let reverts =
        |actor: &Actor| RevertDesignation { proposal: id.clone(), why: why(), actor: actor.clone(), once: None };
    assert!(town.run(&reverts(&olga), &olga).is_err(), "it is not in force");
    town.days(4);
    assert_eq!((town.settles(), town.stops(&id)), ((1, 0), ok("Frozen")));
    let row = town.0.0.read(&format!("unfreeze,{ANNA},,,,,,")).unwrap();
    let thaws = |actor: &Actor| UnfreezeDesignation { actor: actor.clone(), row: row.clone(), why: why(), once: None };
    let thief = town.anna();
    assert!(town.run(&thaws(&thief), &thief).is_err() && town.run(&reverts(&thief), &thief).is_err());
    let thawing = town.run(&thaws(&olga), &olga).unwrap().id;
    assert_eq!((town.stands(&thawing), town.pays()), ("approval".to_owned(), "frozen".to_owned()));
    assert_eq!(town.approves(&thawing, &olga), Err("proposal.own"));
    assert_eq!(town.stops(&thawing), ok("Stopped"), "the payee is told of it, and can stop it");
    assert_eq!(town.refuses(&thawing, &otto), ok("refused"));
    let back = town.run(&reverts(&olga), &olga).unwrap().id;
    assert_eq!((town.stands(&back), town.approves(&back, &olga)), ("approval".to_owned(), Err("proposal.own")));
    // Anna is told of it, and has as long to stop it as of any change by officers.
    assert_eq!((town.approves(&back, &otto), town.pays()), (ok("time"), "frozen".to_owned()));
    town.days(4);
    assert_eq!((town.settles(), town.pays()), ((1, 0), "to Anna".to_owned()));
    // The thief's account comes back by two who are corrupt: not before a third one has asked Anna, who says no.
    let again = RevertDesignation { proposal: back, why: why(), actor: olga.clone(), once: None };
    let again = town.run(&again, &olga).unwrap().id;
    assert_eq!(town.approves(&again, &otto), ok("check"));
    for who in [&olga, &otto] {
        assert_eq!(town.approves(&again, who), Err("proposal.own"));
    }
    assert_eq!(town.cancels(&again, &town.anna(), None), Err("proposal.not_own"), "a thief could say so as well");
    assert_eq!(town.refuses(&again, &Actor::operator("oda")), ok("refused"));
    assert_eq!(town.pays(), "to Anna");
}

#[test]
fn who_has_no_address_is_known_by_a_second_channel() {
    let mut town = Town::new();
    let [olga, otto] = ["olga", "otto"].map(Actor::operator);
    town.lives(ANNA, "");
    // Longer ago than a change of address counts as recent.
    town.days(40);
    let id = town.wants_loot(&town.anna());
    assert_eq!(town.stands(&id), "confirmation", "a letter has nowhere to go, and nobody waits for one");
    assert_eq!(town.letter(&id, &olga, CODE), Err("proposal.not_this"));
    assert_eq!(town.confirms(&id, &town.anna()), Err("actor.assurance"));
    let thief = town.citizen(ANNA, Assurance::High);
    assert_eq!(town.confirms(&id, &thief), Err("actor.authenticator"), "it is the one that asked for it");
    // A ground is an officer's word.
    assert_eq!(
        town.proposes_with_ground(&thief, &format!("change,{ANNA},1020-3,,{OWN},,,")),
        Err("designation.ground")
    );
    assert_eq!(town.listed(Waits::Confirmation), std::slice::from_ref(&id));
    // Once there is an address, a letter goes there; as it is a new one, it is not enough.
    town.lives(ANNA, "Vej 2");
    assert_eq!(town.settles(), (0, 0));
    assert_eq!((town.listed(Waits::Confirmation), town.listed(Waits::Letter)), (vec![], vec![id.clone()]));
    assert_eq!(town.letter(&id, &olga, CODE), ok("code"));
    assert_eq!(town.gives(&id, CODE, &town.anna()), ok("confirmation"));
    assert_eq!(town.confirms(&id, &otto), ok("time"));
    // It is the same of what officers ask for.
    let mut town = Town::new();
    let [bo, eve] = ["bo", "eve"].map(Actor::caseworker);
    town.lives(ANNA, "");
    town.days(40);
    let id = town.wants_loot(&bo);
    assert_eq!(town.approves(&id, &eve), ok("confirmation"));
    assert_eq!(town.confirms(&id, &eve), Err("proposal.own"));
    assert_eq!(town.confirms(&id, &Actor::operator("otto")), ok("time"));
}

// A caseworker who is corrupt.

#[test]
fn a_caseworker_needs_a_colleague_and_the_payee() {
    let mut town = Town::new();
    let [bo, eve, tom] = ["bo", "eve", "tom"].map(Actor::caseworker);
    let (olga, otto) = (Actor::operator("olga"), Actor::operator("otto"));
    let id = town.wants_loot(&bo);
    assert_eq!(town.stands(&id), "approval");
    assert_eq!(town.approves(&id, &bo), Err("proposal.own"));
    // Of another authority, which would do them a favour.
    assert_eq!(town.approves(&id, &tom), Err("proposal.unknown"));
    assert_eq!(town.approves(&id, &Actor::console()), Err("proposal.officer"));
    assert_eq!(town.approves(&id, &town.anna()), Err("policy.not_allowed"));
    assert_eq!(town.approves(&id, &eve), ok("letter"));
    // Neither of the two goes on with it.
    assert_eq!(town.letter(&id, &bo, CODE).map_err(|_| ()), Err(()));
    town.letter(&id, &olga, CODE).unwrap();
    for who in [&bo, &eve] {
        assert!(town.gives(&id, CODE, who).is_err());
    }
    // An operator takes the code down on the telephone: not who printed it, nor before it has left the house.
    assert_eq!(town.gives(&id, CODE, &otto), Err("proposal.not_this"));
    town.fate(&id, LetterFate::HandedOver, &olga).unwrap();
    assert_eq!(town.gives(&id, CODE, &olga), Err("proposal.own"));
    // It came back: somebody from the agency asks, whatever code is given.
    assert_eq!(town.fate(&id, LetterFate::Returned, &olga), ok("check"));
    assert_eq!(town.gives(&id, CODE, &otto), Err("proposal.not_this"));
    for who in [&bo, &eve, &olga] {
        assert!(town.approves(&id, who).is_err(), "{}", who.name());
    }
    town.days(40);
    assert_eq!((town.settles(), town.pays()), ((0, 0), "to Anna".to_owned()));
}

#[test]
fn an_old_approval_is_good_for_nothing_else() {
    let mut town = Town::new();
    let [bo, eve] = ["bo", "eve"].map(Actor::caseworker);
    let id = town.wants_loot(&bo);
    assert_eq!(town.approves(&id, &eve), ok("letter"));
    assert_eq!(town.approves(&id, &eve), Err("proposal.not_this"));
    // A colleague says no, and why; who asked takes it back.
    for who in [&eve, &Actor::operator("olga")] {
        assert_eq!(town.cancels(&id, who, None), Err("proposal.not_own"));
    }
    assert_eq!(town.cancels(&id, &bo, None), ok("cancelled"));
    assert_eq!(town.approves(&id, &eve), Err("proposal.ended"));
    // The same again has not been approved, and another's approval of the former one says nothing of it.
    let anew = town.wants_loot(&bo);
    assert_eq!(town.stands(&anew), "approval");
    assert_eq!(town.refuses(&anew, &eve), ok("refused"));
    // What was approved outlives the account that it would replace, and takes the code all the same.
    let third = town.wants_loot(&bo);
    assert_eq!(town.approves(&third, &eve), ok("letter"));
    assert_eq!(town.ask(&north(), &format!("change,{ANNA},0041-3,,{OWN},,,")), "change.waiting");
    assert_eq!(town.ask(&north(), &format!("close,{ANNA},,,,,,")), "done");
    town.letter(&third, &Actor::operator("olga"), CODE).unwrap();
    town.days(61);
    assert_eq!((town.stands(&third), town.settles(), town.pays()), ("expired".to_owned(), (0, 0), "closed".to_owned()));
}

#[test]
fn two_small_authorities_do_not_reach_what_a_third_one_pays() {
    let mut town = Town::new();
    let [bo, eve, tom] = ["bo", "eve", "tom"].map(Actor::caseworker);
    let theirs = format!("change,{ANNA},{LOOT},,none,,Authority,NKSBOS");
    assert_eq!(town.proposes(&tom, &theirs), Err("designation.authority"));
    let own = theirs.replace("Authority", "Other");
    let id = town.proposes(&tom, &own).unwrap();
    for who in [&bo, &eve] {
        assert_eq!(town.approves(&id, who), Err("proposal.unknown"));
        assert_eq!(town.refuses(&id, who), Err("proposal.unknown"));
        assert_eq!(town.cancels(&id, who, None), Err("proposal.unknown"));
    }
    assert_eq!(town.approves(&id, &tom), Err("proposal.own"));
    // Nobody's specific account is the payee's to begin.
    assert_eq!(town.proposes(&town.anna(), &theirs), Err("designation.authority"));
}

#[test]
fn a_specific_account_takes_the_place_of_the_default_one_only_when_it_is_in_force_itself() {
    let mut town = Town::new();
    let [bo, eve] = ["bo", "eve"].map(Actor::caseworker);
    let id = town.proposes(&bo, &format!("change,{ANNA},{LOOT},,none,,Authority,NKSBOS")).unwrap();
    assert_eq!(town.approves(&id, &Actor::operator("olga")), Err("designation.authority"), "the agency pays nothing");
    assert_eq!(town.approves(&id, &eve), ok("letter"));
    assert_eq!(town.ask(&north(), &format!("close,{ANNA},,,,,,")), "done");
    assert_eq!(town.pays(), "closed", "it waits for the payee's code, and takes no other place before");
    town.days(91);
    assert_eq!((town.settles(), town.pays()), ((0, 0), "closed".to_owned()));
}

#[test]
fn whoever_tells_of_a_new_telephone_at_the_counter_is_not_told_alone() {
    let mut town = Town::new();
    let [bo, eve] = ["bo", "eve"].map(Actor::caseworker);
    // Bo sees nobody in person.
    let (why, point) = (Some("at the counter".to_owned()), phone(1));
    let remove = RemoveContact { actor: bo.clone(), payee: payee(ANNA), point, why };
    assert_eq!(town.run(&remove, &bo), Err("caseworker.in_person"));
    assert_eq!(town.lifts(&bo, Some("passport")), Err("caseworker.in_person"));
    town.swaps_contact(&eve);
    let id = town.wants_loot(&eve);
    assert_eq!(town.approves(&id, &bo), ok("letter"));
    town.letter(&id, &Actor::operator("olga"), CODE).unwrap();
    assert_eq!(town.gives(&id, CODE, &town.anna()), ok("confirmation"));
    for who in [&eve, &Actor::operator("olga")] {
        assert_eq!(town.confirms(&id, who), Err("proposal.own"), "{}", who.name());
    }
    assert_eq!(town.confirms(&id, &bo), Err("caseworker.in_person"));
    assert_eq!(town.confirms(&id, &Actor::caseworker("tom")), Err("proposal.unknown"));
}

// A bank's clerk who is corrupt.

#[test]
fn a_clerk_reaches_only_the_own_bank_and_never_at_once() {
    let mut town = Town::new();
    for (bank, row, expected) in [
        (south(), format!("change,{ANNA},{LOOT},,0040-9,,,"), "designation.expects_mismatch"),
        (south(), format!("register,{ANNA},{LOOT},,,,,"), "designation.expects_missing"),
        (south(), format!("register,{ANNA},{LOOT},,none,,,"), "designation.expects_mismatch"),
        (south(), format!("change,{ANNA},0041-3,,{OWN},,,"), "designation.other_bank"),
        (south(), format!("close,{ANNA},,,,,,"), "designation.none"),
        (south(), format!("freeze,{ANNA},,,,,,"), "designation.none"),
        (south(), format!("change,{ANNA},{LOOT},,{OWN},,,"), "held"),
        (north(), format!("change,{ANNA},0041-3,,{OWN},,,"), "change.waiting"),
    ] {
        assert_eq!(town.ask(&bank, &row), expected, "{row}");
    }
    let id = town.waits().remove(0);
    let [clerk, other] = ["South", "North"].map(|bank| Actor::client(Role::Bank, bank));
    assert_eq!(town.stands(&id), "time");
    assert_eq!(town.cancels(&id, &other, Some("North")), Err("proposal.unknown"));
    assert!(town.approves(&id, &clerk).is_err() && town.confirms(&id, &clerk).is_err());
    assert_eq!(town.pays(), "to Anna");
    // Anna is told, and has a day.
    assert_eq!(town.stops(&id), ok("Stopped"));
    assert_eq!(town.cancels(&id, &clerk, Some("South")), ok("cancelled"));
    // Back and forth, so that nobody sees where the money went.
    assert_eq!(town.ask(&south(), &format!("change,{ANNA},{LOOT},,{OWN},,,")), "held");
    town.days(4);
    assert_eq!((town.settles(), town.pays()), ((1, 0), "to the thief".to_owned()));
    assert_eq!(town.ask(&north(), &format!("change,{ANNA},{OWN},,{LOOT},,,")), "held");
    let id = town.waits().remove(0);
    assert_eq!(town.stands(&id), "check", "what comes back within weeks is looked at");
}

#[test]
fn what_an_officer_hands_in_for_a_bank_takes_two() {
    let mut town = Town::new();
    let (counts, _) = town.0.0.accounts(&south(), &[format!("change,{ANNA},{LOOT},,{OWN},,,")]);
    assert_eq!(counts.held, 1);
    let id = town.waits().remove(0);
    assert_eq!(town.stands(&id), "approval");
}

#[test]
fn an_account_that_many_are_pointed_at_is_looked_at() {
    let mut town = Town::new();
    for number in 0..10 {
        let row = format!("register,p:{},{LOOT},,none,,,", 1_000_000_100 + number);
        assert_eq!(town.ask(&south(), &row), "done");
    }
    assert_eq!(town.ask(&south(), &format!("change,{ANNA},{LOOT},,{OWN},,,")), "held");
    let id = town.waits().remove(0);
    assert_eq!(town.stands(&id), "check");
    assert_eq!(town.cancels(&id, &Actor::client(Role::Bank, "South"), Some("South")), ok("cancelled"));
    let id = town.wants_loot(&town.anna());
    assert_eq!(town.stands(&id), "check");
}

// An operator who is corrupt.

#[test]
fn an_operator_takes_one_part_and_no_other() {
    let mut town = Town::new();
    let [olga, otto, oda] = ["olga", "otto", "oda"].map(Actor::operator);
    let id = town.wants_loot(&olga);
    assert_eq!(town.approves(&id, &olga), Err("proposal.own"));
    assert_eq!(town.cancels(&id, &otto, None), Err("proposal.not_own"));
    assert_eq!(town.approves(&id, &otto), ok("letter"));
    // Who proposed it or said yes to it does not print its letter, and see its code.
    for who in [&olga, &otto] {
        assert_eq!(town.letter(&id, who, CODE), Err("proposal.own"));
    }
    // Who has second thoughts has had a part in it.
    assert_eq!(town.refuses(&id, &otto), Err("proposal.own"));
    assert_eq!(town.stops(&id), ok("Stopped"));
    for who in [&olga, &otto] {
        assert_eq!(town.approves(&id, who), Err("proposal.own"));
    }
    assert_eq!(town.refuses(&id, &oda), ok("refused"));
    // A file does no more than its reader: it waits for another person, who is not whoever handed it in.
    let (counts, _) = town.0.0.accounts(&Channel::Operator, &[format!("change,{ANNA},{LOOT},,{OWN},,,")]);
    assert_eq!(counts.held, 1);
    let id = town.waits().remove(0);
    assert_eq!(town.stands(&id), "approval");
    town.days(31);
    assert_eq!((town.settles(), town.pays()), ((0, 0), "to Anna".to_owned()));
}

#[test]
fn who_prints_a_letter_knows_its_code_and_can_do_nothing_with_it() {
    let mut town = Town::new();
    let [olga, otto] = ["olga", "otto"].map(Actor::operator);
    let id = town.wants_loot(&town.anna());
    town.letter(&id, &olga, CODE).unwrap();
    town.fate(&id, LetterFate::HandedOver, &olga).unwrap();
    assert_eq!(town.gives(&id, CODE, &olga), Err("proposal.own"));
    assert_eq!(town.gives(&id, CODE, &Actor::console()), Err("proposal.officer"));
    assert_eq!(town.confirms(&id, &olga), Err("proposal.not_this"));
    // Printed again by another, the code that the first one knows is void.
    town.letter(&id, &otto, "87654321").unwrap();
    assert_eq!(town.gives(&id, CODE, &town.anna()), ok("wrong"));
}

#[test]
fn nobody_drowns_the_notice_that_matters_in_others() {
    let mut town = Town::new();
    let asks = |town: &mut Town, account: usize| {
        town.proposes(&town.anna(), &format!("change,{ANNA},1020-{account},,{OWN},,,")).map(|_| ())
    };
    for account in 1..=20 {
        assert_eq!(asks(&mut town, account), Ok(()), "{account}");
    }
    assert_eq!(asks(&mut town, 21), Err("change.too_often"));
    // It is the logins' bound, and not the authority's.
    let olga = Actor::operator("olga");
    assert_eq!(town.proposes(&olga, &format!("change,{ANNA},{LOOT},,{OWN},,,")), Err("change.waiting"));
    town.days(1);
    assert_eq!(asks(&mut town, 21), Ok(()));
}

#[test]
fn controls_are_no_one_persons() {
    let mut town = Town::new();
    let [olga, otto] = ["olga", "otto"].map(Actor::operator);
    let change = |line: &str| ControlChange::new(None, &[line.to_owned()]).unwrap();
    let set = SetControls { change: change("letter_self_service=never"), is_synthetic: false };
    assert_eq!(town.run(&set, &olga).map(|_| ()), Err("policy.not_allowed"));
    assert_eq!(town.run(&set, &Actor::console()).map(|_| ()), Err("store.not_synthetic"));
    let propose = |officer: &Actor, line: &str| Propose {
        subject: change(line),
        reason: "fewer letters".to_owned(),
        officer: officer.clone(),
        is_synthetic: false,
    };
    let approve = |motion: &str, officer: &Actor| Approve::<ControlChange> {
        motion: motion.to_owned(),
        officer: officer.clone(),
        is_synthetic: false,
        about: PhantomData,
    };
    let bo = Actor::caseworker("bo");
    assert!(town.run(&propose(&bo, "letter_self_service=never"), &bo).is_err());
    let motion = town.run(&propose(&olga, "letter_self_service=never"), &olga).unwrap().id;
    assert_eq!(town.run(&approve(&motion, &olga), &olga).map(|_| ()), Err("motion.own"));
    assert!(town.run(&approve(&motion, &bo), &bo).is_err());
    let id = town.wants_loot(&town.anna());
    assert_eq!(town.stands(&id), "letter");
    // Even where a second one agrees, what they switch on meets what is under way.
    town.run(&approve(&motion, &otto), &otto).unwrap();
    assert_eq!(town.stands(&id), "time");
    let back = town.run(&propose(&otto, "letter_self_service=always"), &otto).unwrap().id;
    town.run(&approve(&back, &olga), &olga).unwrap();
    assert_eq!(town.stands(&id), "letter");
}
