//! People, on a real store: caseworkers, contact points, locks, and what is known of somebody's identity.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../import/place.rs"]
#[expect(dead_code, reason = "the tests of imports need all of it")]
mod place;

use denmark::Cvr;
use kernel::{
    Actor, AddOperator, Assurance, Authenticator, Blind, Command, Env, Error, Login, PublicKey, Role, Timestamp,
    find_officer, journal,
};
use place::Place;
use registry::commands::{
    AddCaseworker, AddContact, AddPayer, ChangeContact, EndCaseworker, LiftLock, ListContacts, RecordEvents, SetLock,
    TellIdentity,
};
use registry::contact::ContactPoint;
use registry::designation::ChannelKind;
use registry::identity::{Facts, IdentityFacts};
use registry::import::{Population, Source};
use registry::lock::Channels;
use registry::payee::PayeeId;
use registry::payer::{Agreement, NoAccount, PayerKind};
use registry::purpose::BenefitKind;
use registry::queries::{acting_caseworker, known_identity, look_ups};
use registry::register_event::{PersonEvent, Register};

const ANNA: &str = "cpr:6101701234";
const BO: &str = "cpr:6201701235";
const NOBODY: &str = "cpr:7201701235";
/// The public keys of RFC 8032 §7.1, tests 1 and 2.
const KEYS: [&str; 2] = [
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
];

fn day(day: i64) -> Timestamp {
    Timestamp::of_day(day)
}

fn key(number: usize) -> PublicKey {
    let file = tempfile::NamedTempFile::new().unwrap();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", KEYS[number]);
    std::fs::write(file.path(), pem).unwrap();
    PublicKey::read(file.path()).unwrap()
}

fn payee(text: &str) -> PayeeId {
    PayeeId::parse(text).unwrap()
}

/// A store with two people, two payers and the caseworker Bo.
struct World(Place);

impl World {
    fn new() -> Self {
        let mut world = Self(Place::new());
        for number in [ANNA, BO] {
            world.moves(number, "Vej 1");
        }
        for (name, kind) in
            [("Authority", PayerKind::Public), ("Other", PayerKind::Public), ("Shop", PayerKind::Private)]
        {
            let cvr = Cvr::parse("13748136").unwrap();
            let agreement = Agreement {
                name: name.to_owned(),
                cvr,
                kind,
                no_account: NoAccount::Reject,
                bank: None,
                terms: registry::terms::Terms::default(),
            };
            world.run(0, &AddPayer { agreement }, &Actor::console()).unwrap();
        }
        world.caseworker("bo", 0, "Authority", &[]).unwrap();
        world
    }

    /// A row of the population register's file.
    fn moves(&mut self, number: &str, address: &str) {
        let population = Population { vault: self.0.writer.store.vault().clone(), refuse_replacement_numbers: false };
        let number = number.trim_start_matches("cpr:");
        let file = format!("{}\n{number},Name,{address},2100,By,DK,active,,\n", Population::HEADER.join(","));
        assert_eq!(self.0.import(&population, file.as_bytes()).0.rejected, 0);
    }

    fn run<C: Command>(&mut self, on: i64, command: &C, actor: &Actor) -> Result<C::Output, &'static str> {
        let env = Env::new(day(on), 0);
        match self.0.writer.execute(command, actor, &env) {
            Ok(output) => Ok(output),
            Err(Error::Refused(refusal)) => Err(refusal.code),
            Err(error) => panic!("{error}"),
        }
    }

    fn caseworker(
        &mut self,
        name: &str,
        number: usize,
        authority: &str,
        benefits: &[&str],
    ) -> Result<(), &'static str> {
        let benefits = benefits.iter().map(|kind| BenefitKind::parse(kind).unwrap()).collect();
        let (name, authority) = (name.to_owned(), authority.to_owned());
        // Before whom nobody comes, is told by the name.
        let in_person = name != "ida";
        self.run(0, &AddCaseworker { name, key: key(number), authority, benefits, in_person }, &Actor::console())
    }

    fn blind(&self, text: &str) -> Blind {
        payee(text).key(self.0.writer.store.vault())
    }

    fn citizen(&self, text: &str, assurance: Assurance) -> Actor {
        Actor::citizen(&self.blind(text), Login { assurance, authenticator: Authenticator::named("first"), at: day(0) })
    }

    fn size(&mut self) -> u64 {
        self.0.writer.read(|scope| journal::size_and_root(scope.tx)).unwrap().0
    }

    /// `+` or `-` and a point.
    fn contact(
        &mut self,
        on: i64,
        actor: &Actor,
        of: &str,
        act: &str,
        why: Option<&str>,
    ) -> Result<bool, &'static str> {
        let point = ContactPoint::from_text(&act[1..]).unwrap();
        let (actor, payee, why) = (actor.clone(), payee(of), why.map(str::to_owned));
        match act.starts_with('+') {
            true => self.run(on, &ChangeContact::<true> { actor: actor.clone(), payee, point, why }, &actor),
            false => self.run(on, &ChangeContact::<false> { actor: actor.clone(), payee, point, why }, &actor),
        }
    }

    /// The points that ever stood, as they are listed, with the days from and until which they stood.
    fn listed(&mut self, actor: &Actor, of: &str) -> Result<Vec<String>, &'static str> {
        let command = ListContacts { actor: actor.clone(), payee: payee(of) };
        let listed = self.run(0, &command, actor)?;
        let on = |moment: &str| Timestamp::parse(moment).unwrap().day();
        let line = |point: &registry::commands::PointView| {
            let value = point.value.as_deref().unwrap_or_default();
            let until = point.until.as_deref().map(|until| on(until).to_string()).unwrap_or_default();
            format!("{} {value} {}-{until}", point.kind, on(&point.from))
        };
        Ok(listed.points.iter().map(line).collect())
    }

    fn set(
        &mut self,
        actor: &Actor,
        of: &str,
        kinds: &[ChannelKind],
        why: Option<&str>,
    ) -> Result<String, &'static str> {
        let (channels, why) = (Channels::of(kinds), why.map(str::to_owned));
        let command = SetLock { actor: actor.clone(), payee: payee(of), channels, why };
        self.run(1, &command, actor).map(|locked| format!("{} {}", locked.channels.join(" "), locked.changed))
    }

    fn lift(
        &mut self,
        actor: &Actor,
        of: &str,
        kinds: &[ChannelKind],
        (why, in_person): (Option<&str>, Option<&str>),
    ) -> Result<String, &'static str> {
        let [why, in_person] = [why, in_person].map(|text| text.map(str::to_owned));
        let command =
            LiftLock { actor: actor.clone(), payee: payee(of), channels: Channels::of(kinds), why, in_person };
        self.run(2, &command, actor).map(|locked| format!("{} {}", locked.channels.join(" "), locked.changed))
    }

    /// What is known, when this was told from outside.
    /// When what happened to an identity, and whether letters have anywhere to go.
    fn facts(&mut self, of: &str, outside: IdentityFacts) -> (Facts, bool) {
        self.run(4, &TellIdentity { payee: payee(of), facts: outside }, &Actor::console()).unwrap();
        let payee = self.blind(of);
        let facts = self.0.writer.read(|scope| known_identity(scope, &payee)).unwrap();
        assert_eq!(facts.letter_box.is_some(), facts.has_address);
        (Facts { has_address: false, letter_box: None, ..facts }, facts.has_address)
    }
}

#[test]
fn a_name_and_a_key_are_one_persons() {
    let mut world = World::new();
    let operator = |world: &mut World, name: &str, number: usize| {
        world.run(0, &AddOperator { name: name.to_owned(), key: key(number) }, &Actor::console())
    };
    // Bo is a caseworker with the first key.
    assert_eq!(operator(&mut world, "bo", 0), Err("operator.name_taken"));
    assert_eq!(operator(&mut world, "bo", 1), Err("operator.name_taken"));
    assert_eq!(operator(&mut world, "anna", 0), Err("operator.key_taken"));
    assert_eq!(operator(&mut world, "anna", 1), Ok(()));
    let mut check = |name: &str, number: usize, authority: &str, expected: Result<(), &str>| {
        assert_eq!(world.caseworker(name, number, authority, &[]), expected, "{name} {number} {authority}");
    };
    check("anna", 1, "Authority", Err("operator.name_taken"));
    check("carl", 0, "Authority", Err("operator.key_taken"));
    check("carl", 1, "Authority", Err("operator.key_taken"));
    check("bo", 1, "Authority", Err("operator.name_taken"));
    check("b:o", 0, "Authority", Err("operator.name"));
    check("bo", 0, "Nobody", Err("payer.unknown"));
    check("bo", 0, "Shop", Err("caseworker.authority"));
    let found = world.0.writer.read(|scope| find_officer(scope, "bo")).unwrap().unwrap();
    assert_eq!((found.role, found.with_key(key(0))), (Role::Caseworker, Ok(Actor::caseworker("bo"))));
    world.0.verify();
}

#[test]
fn a_caseworker_has_a_remit_until_they_are_ended() {
    let mut world = World::new();
    let remit = |world: &mut World, name: &str| {
        let found = world.0.writer.read(|scope| acting_caseworker(scope, &Actor::caseworker(name)));
        match found {
            Ok(found) => Ok(found.unwrap().remit.benefits.len()),
            Err(error) => Err(error.code()),
        }
    };
    assert_eq!(remit(&mut world, "bo"), Ok(0));
    assert_eq!(remit(&mut world, "carl"), Err("caseworker.unknown"));
    let size = world.size();
    world.caseworker("bo", 0, "Authority", &[]).unwrap();
    assert_eq!(world.size(), size, "nothing happened");
    world.caseworker("bo", 0, "Authority", &["NKSBOS", "NKSPEN"]).unwrap();
    assert_eq!(remit(&mut world, "bo"), Ok(2));
    world.caseworker("bo", 0, "Other", &["NKSBOS"]).unwrap();
    assert_eq!(remit(&mut world, "bo"), Ok(1));
    let kinds: Vec<String> = (0..101).map(|kind| format!("K{kind}")).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(world.caseworker("bo", 0, "Other", &kinds), Err("caseworker.benefits"));
    for other in [Actor::operator("anna"), Actor::console()] {
        assert!(world.0.writer.read(|scope| acting_caseworker(scope, &other)).unwrap().is_none());
    }

    let end = |name: &str| EndCaseworker { name: name.to_owned() };
    assert_eq!(world.run(0, &end("carl"), &Actor::operator("anna")), Err("caseworker.unknown"));
    assert_eq!(world.run(0, &end("bo"), &Actor::caseworker("bo")), Err("policy.not_allowed"));
    assert_eq!(world.run(0, &end("bo"), &Actor::operator("anna")), Ok(true));
    assert_eq!(world.run(0, &end("bo"), &Actor::operator("anna")), Ok(false));
    assert_eq!(remit(&mut world, "bo"), Err("caseworker.ended"));
    assert_eq!(world.caseworker("bo", 0, "Authority", &[]), Err("caseworker.ended"));
    let bo = Actor::caseworker("bo");
    assert_eq!(world.contact(1, &bo, ANNA, "+digital_post", Some("so")), Err("caseworker.ended"));
    assert_eq!(world.set(&bo, ANNA, &[ChannelKind::Bank], Some("so")), Err("caseworker.ended"));
    assert_eq!(world.listed(&bo, ANNA), Err("caseworker.ended"));
    // Whoever could register people could be two of them.
    let (name, authority) = ("dora".to_owned(), "Authority".to_owned());
    let command = AddCaseworker { name, key: key(1), authority, benefits: [].into(), in_person: false };
    assert_eq!(world.run(0, &command, &Actor::operator("anna")), Err("policy.not_allowed"));
    world.0.verify();
}

#[test]
fn contact_points_are_changed_by_their_owner_or_for_them() {
    let mut world = World::new();
    let own = world.citizen(ANNA, Assurance::Substantial);
    let (weak, other) = (world.citizen(ANNA, Assurance::Low), world.citizen(BO, Assurance::High));
    let phone = "+sms +4520304050";
    let mut check = |actor: &Actor, of: &str, act: &str, why: Option<&str>, expected: Result<bool, &str>| {
        assert_eq!(world.contact(1, actor, of, act, why), expected, "{actor:?} {of} {act} {why:?}");
    };
    check(&weak, ANNA, phone, None, Err("citizen.assurance"));
    check(&other, ANNA, phone, None, Err("citizen.other"));
    check(&other, NOBODY, phone, None, Err("citizen.other"));
    check(&Actor::console(), ANNA, phone, Some("so"), Err("policy.not_allowed"));
    check(&Actor::client(Role::Bank, "one"), ANNA, phone, Some("so"), Err("policy.not_allowed"));
    check(&Actor::operator("anna"), ANNA, phone, None, Err("change.why"));
    check(&Actor::caseworker("bo"), ANNA, phone, Some(" "), Err("change.why"));
    check(&Actor::caseworker("carl"), ANNA, phone, Some("so"), Err("caseworker.unknown"));
    check(&Actor::operator("anna"), NOBODY, phone, Some("so"), Err("payee.unknown"));
    check(&own, ANNA, "-sms +4520304050", None, Err("contact.unknown"));
    check(&own, ANNA, phone, None, Ok(true));
    check(&own, ANNA, phone, None, Ok(false));
    check(&Actor::operator("anna"), ANNA, "+digital_post", Some("At the counter"), Ok(true));
    check(&Actor::caseworker("bo"), ANNA, "+email anna@example.dk", Some("By letter"), Ok(true));
    check(&other, BO, phone, None, Ok(true));
    assert_eq!(world.contact(9, &own, ANNA, "-sms +4520304050", None), Ok(true));
    assert_eq!(world.contact(9, &own, ANNA, "-sms +4520304050", None), Ok(false));
    assert_eq!(world.contact(10, &own, ANNA, "+sms +4520304050", None), Ok(true));

    // All that ever stood is there, and in full for its owner alone.
    let in_full = ["sms +4520304050 1-9", "digital_post  1-", "email anna@example.dk 1-", "sms +4520304050 10-"];
    let masked = ["sms +45…50 1-9", "digital_post  1-", "email a…@example.dk 1-", "sms +45…50 10-"];
    let lists = |list: [&str; 4]| Ok(list.map(str::to_owned).to_vec());
    assert_eq!(world.listed(&own, ANNA), lists(in_full));
    for officer in [Actor::console(), Actor::operator("anna"), Actor::caseworker("bo")] {
        assert_eq!(world.listed(&officer, ANNA), lists(masked), "{officer:?}");
        assert_eq!(world.listed(&officer, NOBODY), Err("payee.unknown"));
    }
    assert_eq!(world.listed(&weak, ANNA), Err("citizen.assurance"));
    assert_eq!(world.listed(&other, ANNA), Err("citizen.other"));
    assert_eq!(world.listed(&Actor::client(Role::Authority, "one"), ANNA), Err("policy.not_allowed"));
    // Who looked at somebody else's is on record, by name.
    let views = world.0.writer.read(|scope| look_ups(scope, &Actor::console(), &payee(ANNA), None, 10)).unwrap();
    let seen: Vec<_> = views.iter().map(|view| (view.client.as_str(), view.kind, view.answer)).collect();
    let by = |name| (name, "contacts", "in_force");
    assert_eq!(seen, [by("caseworker:bo"), by("operator:anna"), by("console")]);
    world.0.verify();
}

#[test]
fn what_is_done_in_person_is_done_before_whom_people_come() {
    let mut world = World::new();
    let own = world.citizen(ANNA, Assurance::Substantial);
    assert_eq!(world.contact(1, &own, ANNA, "+sms +4520304050", None), Ok(true));
    assert_eq!(world.caseworker("ida", 1, "Authority", &[]), Ok(()));
    let (bo, ida) = (Actor::caseworker("bo"), Actor::caseworker("ida"));
    let seen = (Some("She asked"), Some("Passport"));
    // Whoever asks her by telephone has the account locked, and no more.
    let locked = "bank operator self_service caseworker true".to_owned();
    assert_eq!(world.set(&ida, ANNA, &ChannelKind::ALL, Some("On the phone")), Ok(locked));
    for act in ["+email anna@example.dk", "-sms +4520304050"] {
        assert_eq!(world.contact(1, &ida, ANNA, act, Some("so")), Err("caseworker.in_person"));
    }
    assert_eq!(world.lift(&ida, ANNA, &ChannelKind::ALL, seen), Err("caseworker.in_person"));
    assert_eq!(world.contact(1, &bo, ANNA, "+email anna@example.dk", Some("so")), Ok(true));
    assert_eq!(world.lift(&bo, ANNA, &ChannelKind::ALL, seen), Ok(" true".to_owned()));
    world.0.verify();
}

#[test]
fn contact_points_have_bounds() {
    let mut world = World::new();
    let own = world.citizen(ANNA, Assurance::Substantial);
    let number = |last: usize| format!("+sms +45203040{last:02}");
    for last in 0..8 {
        assert_eq!(world.contact(1, &own, ANNA, &number(last), None), Ok(true));
    }
    assert_eq!(world.contact(1, &own, ANNA, &number(8), None), Err("contact.too_many"));
    for round in 0..12 {
        assert_eq!(world.contact(2, &own, ANNA, "-sms +4520304000", None), Ok(true), "{round}");
        assert_eq!(world.contact(2, &own, ANNA, &number(0), None), Ok(true), "{round}");
    }
    assert_eq!(world.contact(4, &own, ANNA, "-sms +4520304008", None), Err("contact.unknown"));
    assert_eq!(world.contact(4, &own, ANNA, "-sms +4520304000", None), Ok(true));
    assert_eq!(world.contact(4, &own, ANNA, &number(0), None), Err("contact.too_often"));
    // Whoever has done so before the owner came does not keep them out.
    assert_eq!(world.contact(4, &Actor::operator("anna"), ANNA, &number(0), Some("so")), Ok(true));
    assert_eq!(world.contact(4, &own, ANNA, "-sms +4520304001", None), Ok(true));
    assert_eq!(world.contact(90, &own, ANNA, &number(1), None), Err("contact.too_often"));
    assert_eq!(world.contact(91, &own, ANNA, &number(1), None), Ok(true));
    assert_eq!(world.listed(&own, ANNA).unwrap().len(), 8 + 12 + 2);
    world.0.verify();
}

#[test]
fn a_lock_is_set_easily_and_lifted_hardly() {
    use ChannelKind::{Bank, Caseworker, Operator, SelfService};
    let mut world = World::new();
    let [low, own, high] = Assurance::ALL.map(|level| world.citizen(ANNA, level));
    let (officer, bo) = (Actor::operator("anna"), Actor::caseworker("bo"));
    let ok = |text: &str| Ok(text.to_owned());
    // Setting.
    assert_eq!(world.set(&low, ANNA, &[Bank], None), Err("citizen.assurance"));
    assert_eq!(world.set(&high, BO, &[Bank], None), Err("citizen.other"));
    assert_eq!(world.set(&officer, ANNA, &[Bank], None), Err("change.why"));
    assert_eq!(world.set(&officer, NOBODY, &[Bank], Some("so")), Err("payee.unknown"));
    assert_eq!(world.set(&Actor::console(), ANNA, &[Bank], Some("so")), Err("policy.not_allowed"));
    assert_eq!(world.set(&own, ANNA, &[Bank], None), ok("bank true"));
    assert_eq!(world.set(&own, ANNA, &[Bank], None), ok("bank false"));
    // It adds to what is closed already.
    assert_eq!(world.set(&own, ANNA, &[SelfService], None), ok("bank self_service true"));
    assert_eq!(
        world.set(&bo, ANNA, &ChannelKind::ALL, Some("On the phone")),
        ok("bank operator self_service caseworker true")
    );
    // Lifting.
    let nothing = (None, None);
    let in_person = (Some("She asked"), Some("Passport 123, seen by two"));
    assert_eq!(world.lift(&own, ANNA, &[Bank], nothing), Err("citizen.assurance"));
    assert_eq!(world.lift(&own, ANNA, &[Bank], in_person), Err("citizen.assurance"));
    assert_eq!(world.lift(&high, BO, &[Bank], nothing), Err("citizen.other"));
    assert_eq!(world.lift(&officer, ANNA, &[Bank], nothing), Err("change.why"));
    assert_eq!(world.lift(&officer, ANNA, &[Bank], (Some("so"), None)), Err("lock.in_person"));
    assert_eq!(world.lift(&officer, ANNA, &[Bank], (Some("so"), Some(" "))), Err("lock.in_person"));
    assert_eq!(world.lift(&officer, ANNA, &[Bank], (None, Some("Passport"))), Err("change.why"));
    assert_eq!(world.lift(&officer, NOBODY, &[Bank], in_person), Err("payee.unknown"));
    assert_eq!(world.lift(&high, ANNA, &[Bank], nothing), ok("operator self_service caseworker true"));
    assert_eq!(world.lift(&officer, ANNA, &[Operator], in_person), ok("self_service caseworker true"));
    assert_eq!(world.lift(&bo, ANNA, &[Caseworker], in_person), ok("self_service true"));
    assert_eq!(world.lift(&high, ANNA, &ChannelKind::ALL, nothing), ok(" true"));
    assert_eq!(world.lift(&high, ANNA, &ChannelKind::ALL, nothing), ok(" false"));
    assert_eq!(world.set(&own, ANNA, &[Operator], None), ok("operator true"));
    world.0.verify();
}

#[test]
fn what_is_known_of_an_identity() {
    let mut world = World::new();
    let outside = IdentityFacts { authenticator_changed: Some(day(3)), key_material_posted: Some(day(4)) };
    let told = Facts { authenticator_changed: Some(day(3)), key_material_posted: Some(day(4)), ..Facts::default() };
    assert_eq!(world.facts(ANNA, outside), (told, true), "what is known first is no change");
    assert_eq!(world.facts(NOBODY, IdentityFacts::default()), (Facts::default(), false));
    // Moments of imports are small: of the place, one micro a file.
    world.moves(ANNA, "Vej 1");
    // And whoever knows nothing of it takes nothing back.
    assert_eq!(world.facts(ANNA, IdentityFacts::default()), (told, true), "it is the same address");
    let tell = |world: &mut World, event: &PersonEvent, at: i64| {
        let told = event.registered(world.0.writer.store.vault(), &ANNA[4..], day(at));
        let (actor, env) = (Actor::client(Role::RegisterFeed, "cpr"), Env::new(day(at), 0));
        let given = [(RecordEvents::new(Register::Population, vec![told], None).unwrap(), &actor, &env)];
        world.0.writer.execute_group(|group| group.execute_jointly(&given)).unwrap().remove(0).unwrap();
    };
    let moves = |street: &str| PersonEvent::Move([street, "2100", "By", "DK"].map(str::to_owned));
    let address = |world: &mut World| world.facts(ANNA, IdentityFacts::default()).0.address_changed;
    tell(&mut world, &PersonEvent::Name("Another".to_owned()), 5);
    assert_eq!(address(&mut world), None);
    tell(&mut world, &moves("Vej 2"), 6);
    assert_eq!(address(&mut world), Some(day(6)));
    // What else changes, or is said again, moves nothing.
    tell(&mut world, &PersonEvent::Protection(true), 7);
    tell(&mut world, &moves("Vej 2"), 8);
    assert_eq!(address(&mut world), Some(day(6)));
    // Back again is a change too.
    tell(&mut world, &moves("Vej 1"), 9);
    assert_eq!(address(&mut world), Some(day(9)));
    assert_eq!(world.facts(BO, IdentityFacts::default()).0, Facts::default());

    let own = world.citizen(ANNA, Assurance::Substantial);
    let contact = |world: &mut World| world.facts(ANNA, IdentityFacts::default()).0.contact_changed;
    assert_eq!(contact(&mut world), None);
    let point = ContactPoint::DigitalPost;
    let command = AddContact { actor: own.clone(), payee: payee(ANNA), point, why: None };
    assert_eq!(world.run(20, &command, &own), Ok(true));
    assert_eq!(contact(&mut world), Some(day(20)));
    assert_eq!(world.contact(30, &own, ANNA, "-digital_post", None), Ok(true));
    assert_eq!(contact(&mut world), Some(day(30)));
    world.0.verify();
}
