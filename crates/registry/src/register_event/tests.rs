use super::*;
use kernel::Refuse;
use proptest::prelude::*;

const ANNA: &str = "6101701234";
const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

fn row(name: &str, street: &str, status: &str) -> Registered {
    let fields = [ANNA, name, street, "2100", "København", "DK", status, "", "false"];
    Registered::whole(Register::Population, &kernel::testing::vault(), &fields).unwrap()
}

fn event(event: PersonEvent, second: i64) -> Registered {
    event.registered(&kernel::testing::vault(), ANNA, at(second)).unwrap()
}

fn moves(street: &str, second: i64) -> Registered {
    event(PersonEvent::Move([street, "", "", ""].map(str::to_owned)), second)
}

/// What becomes of these, one after the other: what each does, and what is known in the end but for the number.
fn told(rows: &[Registered]) -> (String, String) {
    let mut known: Option<(Zeroizing<String>, RegisterStatus)> = None;
    let mut did = Vec::new();
    for row in rows {
        let before = known.as_ref().map(|(record, status)| (record.as_str(), *status));
        did.push(match row.over(before, NOW) {
            Err(refusal) => refusal.code(),
            Ok(Merged::Unchanged) => "unchanged",
            Ok(Merged::Outdated) => "outdated",
            Ok(Merged::New { record, status }) => {
                known = Some((record, status));
                "done"
            }
        });
    }
    let record = known.map_or(String::new(), |(record, status)| format!("{} = {status}", record.replace('\n', ",")));
    (did.join(" "), record.trim_start_matches(ANNA).to_owned())
}

#[test]
fn what_is_older_does_not_undo_what_is_newer_and_what_is_repeated_changes_nothing() {
    let check = |rows: &[Registered], did: &str, record: &str| {
        assert_eq!(told(rows), (did.to_owned(), record.to_owned()));
    };
    let name = |name: &str, second| event(PersonEvent::Name(name.to_owned()), second);
    let dies = |date: &str, second| event(PersonEvent::Death(date.to_owned()), second);
    // Files without a moment: the last one counts.
    check(&[row("A", "S", "active")], "done", ",A,S,2100,København,DK,active,,false = active");
    check(
        &[row("A", "S", "active"), row("A", "S", "active"), row("B", "S", "dead")],
        "done unchanged done",
        ",B,S,2100,København,DK,dead,,false = dead",
    );
    // Each part has a moment of its own.
    check(
        &[row("A", "S", "active"), moves("T", 5), name("B", 3), dies("1970-01-02", 4)],
        "done done done done",
        ",B,T,,,,dead,1970-01-02,false,3000000,5000000,4000000, = dead",
    );
    check(
        &[row("A", "S", "active"), moves("T", 5), moves("U", 4), moves("T", 5), moves("U", 5), moves("T", 4)],
        "done done outdated unchanged done outdated",
        ",A,U,,,,active,,false,,5000000,, = active",
    );
    // Away and back again, told in another order: what lies between comes too late.
    check(
        &[row("A", "S", "active"), moves("T", 1), moves("T", 3), moves("U", 2)],
        "done done done outdated",
        ",A,T,,,,active,,false,,3000000,, = active",
    );
    // A wrong death is taken back.
    check(
        &[row("A", "S", "active"), dies("", 1), event(PersonEvent::Status("active".into(), String::new()), 2)],
        "done done done",
        ",A,S,2100,København,DK,active,,false,,,2000000, = active",
    );
    check(
        &[row("A", "S", "active"), event(PersonEvent::Protection(true), 1)],
        "done done",
        ",A,S,2100,København,DK,active,,true,,,,1000000 = active",
    );
    // A file with a moment undoes only what is older than it.
    check(
        &[row("A", "S", "active").written_at(at(2)), name("B", 5), row("C", "T", "dead").written_at(at(3))],
        "done done done",
        ",B,T,2100,København,DK,dead,,false,5000000,3000000,3000000,2000000 = dead",
    );
    check(
        &[
            row("A", "S", "active").written_at(at(4)),
            row("A", "S", "active").written_at(at(5)),
            row("B", "S", "active").written_at(at(3)),
        ],
        "done unchanged outdated",
        ",A,S,2100,København,DK,active,,false,4000000 = active",
    );
    // What a file merely confirms is not kept anew: what it is newer than is taken until the next one says otherwise.
    check(
        &[
            row("A", "S", "active").written_at(at(4)),
            row("A", "S", "active").written_at(at(6)),
            dies("", 5),
            row("A", "S", "active").written_at(at(7)),
        ],
        "done unchanged done done",
        ",A,S,2100,København,DK,active,,false,4000000,4000000,7000000,4000000 = active",
    );
    // Nobody has died after the day on which it is said, but for one day; any other date may lie ahead.
    let emigrates = |date: &str| event(PersonEvent::Status("emigrated".into(), date.into()), 1);
    check(
        &[row("A", "S", "active"), dies("1970-01-03", 1), dies("1970-01-02", 1), emigrates("1970-01-03")],
        "done register.date done done",
        ",A,S,2100,København,DK,emigrated,1970-01-03,false,,,1000000, = emigrated",
    );
    let dead = |date: &str| {
        let fields = [ANNA, "A", "", "", "", "", "dead", date, ""];
        Registered::whole(Register::Population, &kernel::testing::vault(), &fields).unwrap()
    };
    check(&[dead("1970-01-03")], "register.date", "");
    check(&[dead("1970-01-02").written_at(at(-86_400))], "register.date", "");
    assert_eq!(told(&[dead("1970-01-02")]).0, "done");
    // A file without one counts, and does not make what comes late newer.
    check(
        &[row("A", "S", "active"), name("B", 5), row("C", "S", "active"), name("B", 4), name("D", 6)],
        "done done done outdated done",
        ",D,S,2100,København,DK,active,,false,6000000,,, = active",
    );
    // Of somebody who is not known, only all of it can be told.
    check(&[name("B", 5)], "payee.unknown", "");
    let record = || {
        let address = ["S", "2100", "København", "DK"].map(str::to_owned);
        let (name, status, status_date) = ("A".to_owned(), "active".to_owned(), String::new());
        event(PersonEvent::Record(Box::new(PersonRecord { name, address, status, status_date, protected: false })), 7)
    };
    check(
        &[record(), record(), name("B", 6)],
        "done unchanged outdated",
        ",A,S,2100,København,DK,active,,false,7000000 = active",
    );
    // What lies ahead is refused, but for what clocks may differ.
    check(
        &[row("A", "S", "active"), name("B", 1031)],
        "done register.future",
        ",A,S,2100,København,DK,active,,false = active",
    );
    check(&[row("A", "S", "active").written_at(at(1031))], "register.future", "");
    assert_eq!(told(&[row("A", "S", "active"), name("B", 1030)]).0, "done done");
}

#[test]
fn companies_are_told_of_as_people_are() {
    let vault = kernel::testing::vault();
    let event = |event: CompanyEvent, second| event.registered(&vault, "13748136", at(second)).unwrap();
    let record = CompanyEvent::Record(Box::new(CompanyRecord {
        name: "A".to_owned(),
        status: "active".to_owned(),
        status_date: String::new(),
        address: Default::default(),
        signatories: "6101701234".to_owned(),
    }));
    let rows = [
        event(record, 1),
        event(CompanyEvent::Closure("1970-01-01".into()), 3),
        event(CompanyEvent::Status("active".into(), String::new()), 2),
        event(CompanyEvent::Name("B".into()), 2),
    ];
    let expected = "13748136,B,dissolved,1970-01-01,,,,,6101701234,2000000,3000000,1000000,1000000 = dissolved";
    assert_eq!(told(&rows), ("done done outdated done".to_owned(), expected.to_owned()));
    // A file may leave out the last columns: it says nothing of them, though it is newer.
    let row = |fields: &[&str], second| {
        Registered::whole(Register::Companies, &vault, fields).unwrap().written_at(at(second))
    };
    let short = ["13748136", "C", "active", ""];
    let whole = ["13748136", "C", "active", "", "Prøvevej 1", "2100", "København Ø", "DK", "6101701234+6201701235"];
    let signs = |text: &str, second| event(CompanyEvent::Signatories(text.to_owned()), second);
    let rows = [
        row(&short, 1),
        row(&whole, 2),
        row(&short, 3),
        signs("6201701235", 4),
        row(&whole, 3),
        event(CompanyEvent::Move(["B", "", "", ""].map(str::to_owned)), 5),
    ];
    let expected = "13748136,C,active,,B,,,,6201701235,1000000,1000000,5000000,4000000 = active";
    assert_eq!(told(&rows), ("done done unchanged done outdated done".to_owned(), expected.to_owned()));
    assert_eq!(told(&rows[..1]).1, "13748136,C,active,,,,,,,1000000,1000000,, = active");
}

#[test]
fn an_event_is_held_to_what_a_row_is() {
    let vault = kernel::testing::vault();
    let check = |number: &str, event: PersonEvent, code: &str| {
        let refused = event.registered(&vault, number, NOW).err().map(|refusal| refusal.code());
        assert_eq!(refused, Some(code).filter(|code| !code.is_empty()), "{code}");
    };
    let name = |name: &str| PersonEvent::Name(name.to_owned());
    check("610170-1234", name("A"), "");
    check("610170123", name("A"), "payee.malformed");
    check(ANNA, name(""), "row.empty_field");
    check(ANNA, name("A\nB"), "row.control_character");
    check(ANNA, name("A\0"), "row.control_character");
    check(ANNA, name(&"Æ".repeat(200)), "");
    check(ANNA, name(&"Æ".repeat(201)), "row.field_too_long");
    check(ANNA, PersonEvent::Death("2026-02-30".to_owned()), "register.date");
    check(ANNA, PersonEvent::Death("1850-01-01".to_owned()), "");
    check(ANNA, PersonEvent::Death("1849-12-31".to_owned()), "register.date");
    check(ANNA, PersonEvent::Status("active".to_owned(), "1849-12-31".to_owned()), "");
    check(ANNA, PersonEvent::Status("gone".to_owned(), String::new()), "register.status");
    check(ANNA, PersonEvent::Status("dissolved".to_owned(), String::new()), "register.status");
    let signs = |text: &str| CompanyEvent::Signatories(text.to_owned()).registered(&vault, "13748136", NOW);
    for (text, code) in [
        ("", None),
        (&format!("{ANNA}+6201701235 6301701236"), None),
        ("610170-1234", Some("register.signatories")),
        (&format!("{ANNA},6201701235"), Some("register.signatories")),
        (&[ANNA; 181].join(" "), None),
        (&[ANNA; 182].join(" "), Some("row.field_too_long")),
    ] {
        assert_eq!(signs(text).err().map(|refusal| refusal.code()), code, "{text}");
    }
    let cvr = CompanyEvent::Closure(String::new()).registered(&vault, "13748137", NOW);
    assert_eq!(cvr.err().map(|refusal| refusal.code()), Some("payee.malformed"));
}

proptest! {
    /// Events in any order, each perhaps several times, end as they do in their own order.
    #[test]
    fn the_order_in_which_events_come_makes_no_difference(
        events in proptest::collection::vec((0_u8..4, 0_u8..3), 1..10),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 1..30),
    ) {
        let make = |at: usize| {
            let (kind, value) = events[at];
            let second = at as i64 + 1;
            let text = value.to_string();
            match kind {
                0 => moves(&text, second),
                1 => event(PersonEvent::Name(text), second),
                2 => event(PersonEvent::Status(["active", "dead", "missing"][usize::from(value)].to_owned(), String::new()), second),
                _ => event(PersonEvent::Protection(value == 0), second),
            }
        };
        let first = || std::iter::once(row("A", "S", "active"));
        let in_order: Vec<_> = first().chain((0..events.len()).map(make)).collect();
        // In chance order, some of them again and again, and in the end each that has not come yet.
        let chance: Vec<usize> = order.iter().map(|at| at.index(events.len())).collect();
        let missing = (0..events.len()).filter(|at| !chance.contains(at));
        let any_order: Vec<_> = first().chain(chance.iter().copied().chain(missing).map(make)).collect();
        prop_assert_eq!(told(&in_order).1, told(&any_order).1);
    }
}
