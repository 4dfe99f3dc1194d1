//! What the registers tell event by event, in a real store.

use crate::place::Place;
use kernel::journal::{self, size_and_root};
use kernel::{Actor, Env, Error, Once, Role, Timestamp};
use registry::commands::{EVENTS_MAX, EventAnswer, LookUp, RecordEvents};
use registry::import::{AsOf, Counts, Pieces, Population, Source, take};
use registry::payee::PayeeId;
use registry::register_event::{CompanyEvent, CompanyRecord, PersonEvent, PersonRecord, Register, Registered};
use registry::{RowRefusal, queries};

const ANNA: &str = "6101701234";
const BO: &str = "6201701235";
const NOBODY: &str = "7201701235";
const COMPANY: &str = "13748136";

fn feed() -> Actor {
    Actor::client(Role::RegisterFeed, "cpr")
}

/// As of a moment before that of the place.
fn told(place: &Place, number: &str, event: &PersonEvent, micros_ago: i64) -> Result<Registered, RowRefusal> {
    event.registered(place.writer.store.vault(), number, Timestamp::from_micros(place.now - micros_ago))
}

fn record(name: &str) -> PersonEvent {
    let (address, status_date) = (["Vej 1", "2100", "København", "DK"].map(str::to_owned), String::new());
    let (name, status) = (name.to_owned(), "active".to_owned());
    PersonEvent::Record(Box::new(PersonRecord { name, address, status, status_date, protected: false }))
}

type Told = Vec<Result<Registered, RowRefusal>>;
/// Lines of a file that were refused, and why.
type Refused = Vec<(u64, &'static str)>;

fn give(
    place: &mut Place,
    requests: Vec<(Told, Option<Once>)>,
    actor: &Actor,
) -> Vec<Result<Vec<EventAnswer>, &'static str>> {
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let requests: Vec<_> = requests
        .into_iter()
        .map(|(events, key)| (RecordEvents::new(Register::Population, events, key).unwrap(), actor, &env))
        .collect();
    let answers = place.writer.execute_group(|group| group.execute_jointly(&requests)).unwrap();
    answers.into_iter().map(|answer| answer.map_err(|refusal| refusal.code)).collect()
}

fn state(place: &mut Place, payee: &str) -> String {
    let command = LookUp {
        actor: Actor::console(),
        payee: PayeeId::parse(payee).unwrap(),
        specific: None,
        as_of: None,
        known_at: None,
    };
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    match place.writer.execute(&command, &Actor::console(), &env) {
        Ok(answer) => answer.state,
        Err(error) => error.code().to_owned(),
    }
}

fn size(place: &mut Place) -> u64 {
    place.writer.read(|scope| size_and_root(scope.tx)).unwrap().0
}

#[test]
fn each_event_has_its_answer_and_a_request_has_one_entry() {
    use EventAnswer::{Done, Outdated, Unchanged};
    let mut place = Place::new();
    place.now = 1_000_000;
    let refused = |code: &str| EventAnswer::Refused(code.to_owned());
    let death = || PersonEvent::Death("1970-01-01".to_owned());
    let before = size(&mut place);
    let first = vec![
        told(&place, ANNA, &record("Anna"), 500),
        told(&place, NOBODY, &death(), 400),
        told(&place, ANNA, &PersonEvent::Name("Anne".to_owned()), 400),
        told(&place, ANNA, &PersonEvent::Name("Anna".to_owned()), 450),
        told(&place, ANNA, &PersonEvent::Name("Anne".to_owned()), 400),
        told(&place, "1", &death(), 400),
    ];
    // Of one group, the second finds what the first one did.
    let second = vec![told(&place, ANNA, &death(), 300), told(&place, BO, &record("Bo"), 300)];
    let answers = give(&mut place, vec![(first, None), (second, None)], &feed());
    let expected =
        [vec![Done, refused("payee.unknown"), Done, Outdated, Unchanged, refused("payee.malformed")], vec![Done, Done]];
    assert_eq!(answers, expected.map(Ok));
    assert_eq!(size(&mut place), before + 2);
    let entry = place.writer.read(|scope| journal::read(scope, before as i64)).unwrap();
    assert_eq!(entry.actor, "client:cpr");
    let facts = serde_json::json!({
        "register": "population", "events": 6, "answers": { "done": 2, "outdated": 1, "refused": 2, "unchanged": 1 },
    });
    assert_eq!(entry.facts, facts);
    assert_eq!(state(&mut place, &format!("cpr:{ANNA}")), "dead");
    assert_eq!(state(&mut place, &format!("cpr:{BO}")), "none");
    assert_eq!(state(&mut place, &format!("cpr:{NOBODY}")), "payee.unknown");
    place.verify();
    for role in Role::ALL.into_iter().filter(|role| role.is_client() && *role != Role::RegisterFeed) {
        let events = vec![told(&place, ANNA, &death(), 1)];
        let refused = give(&mut place, vec![(events, None)], &Actor::client(role, "other"));
        assert_eq!(refused, [Err("policy.not_allowed")], "{role:?}");
    }
}

#[test]
fn a_repeated_request_has_its_first_answer() {
    let mut place = Place::new();
    place.now = 1_000_000;
    let once = Some(Once { key: [7; 32], request: [1; 32] });
    let events = |place: &Place| vec![told(place, ANNA, &PersonEvent::Protection(true), 5)];
    let unknown = Ok(vec![EventAnswer::Refused("payee.unknown".to_owned())]);
    let given = events(&place);
    assert_eq!(give(&mut place, vec![(given, once)], &feed()), std::slice::from_ref(&unknown));
    let record = vec![told(&place, ANNA, &record("Anna"), 9)];
    assert_eq!(give(&mut place, vec![(record, None)], &feed()), [Ok(vec![EventAnswer::Done])]);
    let before = size(&mut place);
    let (again, anew) = (events(&place), events(&place));
    assert_eq!(give(&mut place, vec![(again, once), (anew, None)], &feed()), [unknown, Ok(vec![EventAnswer::Done])]);
    assert_eq!(size(&mut place), before + 1);
    let other = events(&place);
    let reused = Some(Once { key: [7; 32], request: [2; 32] });
    assert_eq!(give(&mut place, vec![(other, reused)], &feed()), [Err("idempotency.reused")]);
    place.verify();
}

#[test]
fn a_request_has_a_size() {
    let place = Place::new();
    let check = |count: usize, is_right: bool| {
        let events = (0..count).map(|_| Err(RowRefusal::Payee)).collect();
        assert_eq!(RecordEvents::new(Register::Population, events, None).is_ok(), is_right, "{count}");
    };
    check(0, false);
    check(1, true);
    check(EVENTS_MAX, true);
    check(EVENTS_MAX + 1, false);
    drop(place);
}

#[test]
fn a_company_is_closed_by_an_event() {
    let mut place = Place::new();
    place.now = 1_000_000;
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let vault = place.writer.store.vault().clone();
    let record = CompanyRecord {
        name: "ApS".into(),
        status: "active".into(),
        status_date: String::new(),
        address: Default::default(),
        signatories: String::new(),
    };
    let events = [CompanyEvent::Record(Box::new(record)), CompanyEvent::Closure(String::new())];
    let events: Vec<_> = events.iter().map(|event| event.registered(&vault, COMPANY, env.now)).collect();
    let actor = feed();
    let request = [(RecordEvents::new(Register::Companies, events, None).unwrap(), &actor, &env)];
    let answers = place.writer.execute_group(|group| group.execute_jointly(&request)).unwrap();
    assert_eq!(answers[0], Ok(vec![EventAnswer::Done, EventAnswer::Done]));
    let payee = PayeeId::parse(&format!("cvr:{COMPANY}")).unwrap();
    assert!(place.writer.read(|scope| queries::look_ups(scope, &Actor::console(), &payee, None, 1)).is_ok());
    assert_eq!(state(&mut place, &format!("cvr:{COMPANY}")), "payee.unknown");
    place.verify();
}

/// Takes a file in bits of this size.
fn come(place: &mut Place, source: &impl Source, file: &[u8], size: usize) -> Result<(Counts, Refused), Error> {
    let env = Env::new(Timestamp::from_micros(place.now), 0);
    let (mut pieces, mut counts, mut refused) = (Pieces::default(), Counts::default(), Vec::new());
    let mut bits = file.chunks(size);
    loop {
        let bit = bits.next();
        match bit {
            Some(bit) => pieces.push(bit),
            None => pieces.end(),
        }
        while let Some(piece) = pieces.cut()? {
            let (counted, rejects) = take(&mut place.writer, source, &piece, &feed(), &env)?;
            counts += counted;
            refused.extend(rejects.into_iter().map(|(line, refusal)| (line, kernel::Refuse::code(&refusal))));
        }
        if bit.is_none() {
            return Ok((counts, refused));
        }
    }
}

fn people(place: &Place) -> Population {
    Population { vault: place.writer.store.vault().clone(), refuse_replacement_numbers: false }
}

fn file(rows: impl Iterator<Item = String>) -> Vec<u8> {
    let rows: Vec<String> = rows.collect();
    format!("{}\n{}\n", Population::HEADER.join(","), rows.join("\n")).into_bytes()
}

#[test]
fn a_file_that_comes_bit_by_bit_is_read_as_one_that_is_there() {
    // Two pieces, with lines that are refused in the first and the last.
    let rows = 17_000;
    let person = |at: usize| match at {
        3 | 16_998 => "bad".to_owned(),
        at => {
            let cpr = format!("{:02}{:02}70{:04}", 61 + at % 28, 1 + at / 28 % 12, 1 + at / 336);
            format!("{cpr},N{at},Vej {at},2100,By,DK,active,,")
        }
    };
    let file = file((0..rows).map(person));
    let (mut at_once, mut bit_by_bit) = (Place::new(), Place::new());
    let (counts, rejects) = at_once.import(&people(&at_once), &file);
    let rejects: Vec<_> = rejects.iter().map(|(line, refusal)| (*line, kernel::Refuse::code(refusal))).collect();
    assert_eq!(
        (counts.changed, rejects.as_slice()),
        (rows as u64 - 2, &[(5, "row.malformed"), (17_000, "row.malformed")][..])
    );
    let source = people(&bit_by_bit);
    assert_eq!(come(&mut bit_by_bit, &source, &file, 10_007).unwrap(), (counts, rejects.clone()));
    bit_by_bit.verify();
    let before = size(&mut bit_by_bit);
    // The same file again has its first answer, in whatever bits it comes; cut off, it would have taken up there.
    assert_eq!(come(&mut bit_by_bit, &source, &file, 1_000_000).unwrap(), (counts, rejects));
    assert_eq!(size(&mut bit_by_bit), before);
    // The same rows as of another moment are another file.
    let source = AsOf { source, moment: Timestamp::from_micros(0) };
    let (again, _) = come(&mut bit_by_bit, &source, &file, 1_000_000).unwrap();
    assert_eq!((again.unchanged, again.changed), (rows as u64 - 2, 0));
    bit_by_bit.verify();
}

#[test]
fn a_file_is_refused_as_a_whole() {
    let mut place = Place::new();
    let source = people(&place);
    let before = size(&mut place);
    let mut check = |file: &[u8], code: &str| {
        let refused = come(&mut place, &source, file, 100_000).map_err(|error| error.code());
        assert_eq!(refused.err(), Some(code), "{}", file.len());
    };
    check(b"", "import.header");
    check(b"cvr,name,status,status_date\n", "import.header");
    check(&b"x".repeat(3 << 20), "row.malformed");
    assert_eq!(size(&mut place), before);
    let header = file(std::iter::empty());
    assert_eq!(come(&mut place, &source, &header, 7).unwrap(), (Counts::default(), vec![]));
}

#[test]
fn a_file_that_was_cut_off_in_its_last_field_changes_nothing_by_that_line() {
    let mut place = Place::new();
    let source = people(&place);
    let whole = file([format!("{ANNA},Anna,Vej 1,2100,By,DK,active,,true")].into_iter());
    // `tru`, and then nothing at all, which would be an address that is not protected.
    for cut in [1, 2, 5] {
        let (counts, refused) = come(&mut place, &source, &whole[..whole.len() - cut], 10).unwrap();
        assert_eq!((counts.changed, refused), (0, vec![(2, "row.malformed")]), "{cut}");
    }
    assert_eq!(come(&mut place, &source, &whole, 10).unwrap().0.changed, 1);
}

#[test]
fn a_file_of_a_known_moment_undoes_only_what_is_older() {
    let mut place = Place::new();
    place.now = 1_000_000;
    let source = people(&place);
    let alive = file(
        [format!("{ANNA},Anna,Vej 1,2100,By,DK,active,,"), format!("{BO},Bo,Vej 1,2100,By,DK,active,,")].into_iter(),
    );
    let of = |micros_ago: i64, place: &Place| AsOf {
        source: people(place),
        moment: Timestamp::from_micros(place.now - micros_ago),
    };
    come(&mut place, &source, &alive, 100).unwrap();
    let died = vec![
        told(&place, ANNA, &PersonEvent::Death(String::new()), 500),
        told(&place, BO, &PersonEvent::Death(String::new()), 100),
    ];
    assert_eq!(give(&mut place, vec![(died, None)], &feed()), [Ok(vec![EventAnswer::Done; 2])]);
    let written = of(300, &place);
    assert_eq!(
        come(&mut place, &written, &alive, 100).unwrap().0,
        Counts { rows: 2, changed: 1, unchanged: 1, ..Counts::default() }
    );
    assert_eq!(state(&mut place, &format!("cpr:{ANNA}")), "none");
    assert_eq!(state(&mut place, &format!("cpr:{BO}")), "dead");
    let ahead = of(-60_000_000, &place);
    let (_, refused) = come(&mut place, &ahead, &alive, 100).unwrap();
    assert_eq!(refused, [(2, "register.future"), (3, "register.future")]);
    place.verify();
}
