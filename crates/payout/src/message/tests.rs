//! What the public functions cannot show: the tables against the official schemas, dates, the fitting of numbers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use denmark::Decimal;
use quick_xml::events::{BytesStart, Event};

use super::Version;
use super::bank::schema::{ANSWER, RETURN};
use super::complete::{fit_count, fit_sum};
use super::date::{clock, date};
use super::payment::name_key;
use super::schema::{Content, Element, MANY, Model, root};
use super::text::trim_end;
use super::xml::key;

#[test]
fn execution_dates() {
    let check = |text: &str, expected: Option<&str>| {
        let read = if text.contains('T') { clock(text).map(|clock| clock.date()) } else { date(text) };
        assert_eq!(read.map(|date| date.to_string()).as_deref(), expected, "{text}");
    };
    check("2026-04-26", Some("2026-04-26"));
    // A zone does not change the day of a date.
    check("2026-04-26Z", Some("2026-04-26"));
    check("2026-04-26+02:00", Some("2026-04-26"));
    check("2026-04-26-11:00", Some("2026-04-26"));
    check("2026-04-26+14:00", Some("2026-04-26"));
    check("2026-04-26+14:01", None);
    check("2026-04-26+02", None);
    check("2024-02-29", Some("2024-02-29"));
    check("2026-02-29", None);
    check("2026-4-26", None);
    check("26-04-2026", None);
    check("-2026-04-26", None);
    check("0000-04-26", None);
    check("2026-04-26 ", None);
    check("", None);
    check("-", None);
    check("é26-04-26", None);

    check("2026-04-26T10:00:00", Some("2026-04-26"));
    // A point in time has the date that it has in Denmark.
    check("2026-04-25T21:59:59Z", Some("2026-04-25"));
    check("2026-04-25T22:00:00Z", Some("2026-04-26"));
    check("2026-04-26T00:30:00+02:00", Some("2026-04-26"));
    check("2026-04-26T00:30:00+05:30", Some("2026-04-25"));
    check("2026-04-26T10:00:00.123", Some("2026-04-26"));
    check("2026-04-26T10:00:00.", None);
    check("2026-04-26T24:00:00", Some("2026-04-27"));
    check("2026-04-26T24:00:00.000", Some("2026-04-27"));
    check("2026-04-26T24:00:01", None);
    check("2026-04-26T10:00", None);
    check("2026-04-26T", None);
    check("T", None);
    check("9999-12-31T24:00:00", None);
}

#[test]
fn names_in_one_writing() {
    let check = |name: &str, expected: &str| assert_eq!(name_key(name), expected, "{name}");
    check("Jens Hansen", "HANSEN JENS");
    check(" HANSEN, jens", "HANSEN JENS");
    check("Søren Ærø-Ødegård", "SØREN ÆRØ ØDEGÅRD");
    check("A/S 2026 a.s.", "2026 A A S S");
    check(" - ", "");
    check("", "");
}

#[test]
fn numbers_fit_where_the_old_ones_stood() {
    let check = |sum: &str, original: &str, expected: &str| {
        assert_eq!(fit_sum(Decimal::parse(sum).unwrap(), original, original.len()), expected, "{sum} for {original}");
    };
    check("1000", "1500.50", "1000.00");
    check("500.5", "1500.50", "0500.50");
    check("0", "1500.50", "0000.00");
    check("1", "1500", "0001");
    check("1000", "1500.5", "1000.0");
    check("500.25", "1500.5", "500.25");
    check("5", "15.50000", "05.00000");
    // These take more room.
    check("1000.25", "1500.5", "1000.25");
    check("1.05", "3", "1.05");
    check("1.00001", "2.5", "1.00001");
    // No decimals where there is no room for them.
    check("100", "99.5", "0100");

    let check = |count: u64, width: usize, expected: &str| assert_eq!(fit_count(count, width), expected);
    check(7, 1, "7");
    check(7, 3, "007");
    check(7, 15, "000000000000007");
    check(7, 16, "7");
    check(1234, 2, "1234");
}

#[test]
fn leads_keep_their_comments() {
    let check = |lead: &str, expected: &str| assert_eq!(trim_end(lead.as_bytes()), expected.as_bytes(), "{lead:?}");
    check("", "");
    check("\r\n\t ", "");
    check("\n <!-- a -->\n ", "\n <!-- a -->");
    check("<?a?><!-- b -->", "<?a?><!-- b -->");
}

/// A complex type of a schema, as far as the tables need it.
#[derive(Default)]
struct Type {
    choice: bool,
    amount: bool,
    any: bool,
    /// Name, type, least and most occurrences.
    children: Vec<(String, String, u8, u8)>,
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).unwrap()?;
    Some(attribute.value.into_owned())
}

fn complex_types(schema: &str) -> BTreeMap<String, Type> {
    let mut types = BTreeMap::new();
    let mut name = None;
    let mut reader = quick_xml::Reader::from_str(schema);
    loop {
        let event = reader.read_event().unwrap();
        let start = match &event {
            Event::Eof => return types,
            Event::End(end) if end.name().as_ref() == "xs:complexType" => {
                name = None;
                continue;
            }
            Event::Start(start) | Event::Empty(start) => start,
            _ => continue,
        };
        if start.name().as_ref() == "xs:complexType" {
            name = attribute(start, "name");
            types.insert(name.clone().unwrap(), Type::default());
        }
        let Some(current) = name.as_ref().and_then(|name| types.get_mut(name)) else { continue };
        match start.name().as_ref() {
            "xs:choice" => current.choice = true,
            "xs:simpleContent" => current.amount = true,
            "xs:any" => current.any = true,
            "xs:element" => {
                let times = |name| match attribute(start, name).as_deref() {
                    None => 1,
                    Some("unbounded") => MANY,
                    Some(times) => times.parse().unwrap(),
                };
                let (least, most) = (times("minOccurs"), times("maxOccurs"));
                current.children.push((
                    attribute(start, "name").unwrap(),
                    attribute(start, "type").unwrap(),
                    least,
                    most,
                ));
            }
            _ => {}
        }
    }
}

fn compare(model: &Model, of: &str, types: &BTreeMap<String, Type>, seen: &mut Vec<String>) {
    seen.push(of.to_owned());
    let expected = &types[of];
    assert_eq!(model.choice, expected.choice, "{of}");
    let table: Vec<_> = model.children.iter().map(|child| (child.name, child.min, child.max)).collect();
    let schema: Vec<_> =
        expected.children.iter().map(|(name, _, least, most)| (name.as_str(), *least, *most)).collect();
    assert_eq!(table, schema, "{of}");
    for (child, (_, of, _, _)) in model.children.iter().zip(&expected.children) {
        let inner = types.get(of);
        match child.content {
            Content::Text => assert!(inner.is_none(), "{} holds more than text", child.name),
            Content::Amount => assert!(inner.is_some_and(|inner| inner.amount), "{} is no amount", child.name),
            Content::Deep => assert!(inner.is_some_and(|inner| !inner.amount), "{} holds text only", child.name),
            Content::Any => assert!(inner.is_some_and(|inner| inner.any), "{} is not open", child.name),
            Content::Node(model) => compare(model, of, types, seen),
        }
    }
}

fn every_element(model: &'static Model, visit: &mut impl FnMut(&'static Element)) {
    for child in model.children {
        visit(child);
        every_element(child.model(), visit);
    }
}

#[test]
fn names_are_told_apart() {
    let mut long_names = 0;
    let mut roots: Vec<_> = Version::ALL.into_iter().map(root).collect();
    roots.extend([RETURN.root, ANSWER.root]);
    for root in roots {
        every_element(root, &mut |element| {
            let has_key = key(element.name.as_bytes()) != 0;
            assert_eq!(has_key, element.name.len() <= 16, "{}", element.name);
            long_names += usize::from(!has_key);
        });
    }
    // Those are compared as they are written.
    assert!(long_names > 5, "{long_names}");
    assert_ne!(key(b"Cd"), key(b"dC"));
    assert_eq!(key(b"SeventeenLetters1"), 0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test is told by the environment where the schemas are")]
fn tables_say_what_the_schemas_say() {
    let folder = std::env::var("ANVIS_XSD_DIR").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/iso20022/xsd"),
        PathBuf::from,
    );
    let payments = Version::ALL.into_iter().map(|version| (version.message_name(), root(version)));
    for (name, root) in payments.chain([&RETURN, &ANSWER].map(|message| (message.name, message.root))) {
        let path = folder.join(format!("{name}.xsd"));
        let Ok(schema) = std::fs::read_to_string(&path) else {
            assert!(
                std::env::var("ANVIS_WITHOUT_XSD").is_ok_and(|value| value == "1"),
                "{} is missing: set ANVIS_XSD_DIR, or ANVIS_WITHOUT_XSD=1 to go without",
                path.display()
            );
            return;
        };
        let mut seen = Vec::new();
        compare(root.children[0].model(), "Document", &complex_types(&schema), &mut seen);
        assert!(seen.len() > 20, "only {seen:?} were compared");
    }
}
