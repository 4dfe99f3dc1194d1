use super::*;
use proptest::prelude::*;

fn day(day: i64) -> Timestamp {
    Timestamp::of_day(day)
}

fn point(text: &str) -> ContactPoint {
    ContactPoint::from_text(text).unwrap()
}

fn sms(last: u8) -> ContactPoint {
    point(&format!("sms +45203040{last:02}"))
}

/// `+A`: that point was added, `-A`: it was removed, each with its day behind it.
fn history(text: &str) -> Vec<Stood> {
    stood(text.split_whitespace().map(|act| {
        let (point, at) = act[1..].split_at(1);
        Change {
            point: sms(point.as_bytes()[0] - b'A'),
            is_removed: act.starts_with('-'),
            at: day(at.parse().unwrap()),
        }
    }))
}

#[test]
fn telephone_numbers() {
    let check = |text: &str, is_one: bool| assert_eq!(Phone::parse(text).is_ok(), is_one, "{text}");
    check("+4520304050", true);
    check("+1234567", true);
    check("+123456789012345", true);
    check("+1234567890123456", false);
    check("+123456", false);
    check("20304050", false);
    check("004520304050", false);
    check("+0520304050", false);
    check("+45 20304050", false);
    check("+45\u{0662}0304050", false);
    check("+4520304050\n", false);
    check("", false);
    check("+", false);
}

#[test]
fn addresses_of_mail() {
    let check = |text: &str, expected: Option<&str>| {
        let found = EmailAddress::parse(text);
        assert_eq!(found.as_ref().map(EmailAddress::reveal).ok(), expected, "{text}");
    };
    check("anna@example.dk", Some("anna@example.dk"));
    check("Anna.B+konto@Mail.Example.DK", Some("Anna.B+konto@mail.example.dk"));
    check("a@b.c1", Some("a@b.c1"));
    check(&format!("{}@example.dk", "a".repeat(64)), Some(&format!("{}@example.dk", "a".repeat(64))));
    for wrong in [
        "",
        "anna",
        "anna@",
        "@example.dk",
        "anna@example",
        "anna@example.dk.",
        "anna@.dk",
        "anna@-example.dk",
        "anna@example-.dk",
        "anna@127.0.0.1",
        "anna@[127.0.0.1]",
        ".anna@example.dk",
        "anna.@example.dk",
        "an..na@example.dk",
        "an na@example.dk",
        "\"anna\"@example.dk",
        "anna@example.dk\r\nBcc: eve@example.dk",
        "anna@example.dk, eve@example.dk",
        "<anna@example.dk>",
        "anna@eve@example.dk",
        "ænna@example.dk",
        "anna@exæmple.dk",
        &format!("{}@example.dk", "a".repeat(65)),
        &format!("anna@{}.dk", "a".repeat(64)),
        &format!("anna@{}dk", "a.".repeat(124)),
    ] {
        check(wrong, None);
    }
}

#[test]
fn points_read_back_and_are_masked() {
    let check = |text: &str, masked: Option<&str>| {
        let point = point(text);
        assert_eq!((point.to_text().as_str(), point.masked().as_deref()), (text, masked));
        let debug = format!("{point:?}");
        assert!(point.reveal().is_none_or(|value| !debug.contains(value)), "{debug}");
        assert!(!debug.contains("anna") && !debug.contains("4050"), "{debug}");
    };
    for word in ["digital_post", "letter", "english"] {
        check(word, None);
    }
    check("sms +4520304050", Some("+45…50"));
    check("email anna@example.dk", Some("a…@example.dk"));
    for text in ["", "sms", "sms 1", "email anna", "pigeon", "letter +4520304050"] {
        assert_eq!(ContactPoint::from_text(text), None, "{text}");
    }
}

#[test]
fn who_must_be_told_of_a_change() {
    // Each point by its letter: in small where it stands no more, with ! where it is old.
    let check = |acts: &str, at: i64, expected: &str| {
        let all = history(acts);
        let found: Vec<String> = standing_before(&all, day(at), OLD_DAYS)
            .iter()
            .map(|reached| {
                let last = reached.point.reveal().unwrap().as_bytes()[10] - b'0';
                let letter = char::from(last + if reached.is_standing { b'A' } else { b'a' });
                format!("{letter}{}", if reached.is_old { "!" } else { "" })
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{acts} at {at}");
    };
    check("", 100, "");
    check("+A0", 29, "A");
    check("+A0", 30, "A!");
    check("+A0 +B80", 100, "A! B");
    // What was the payee's until yesterday is told, and so is what came in its place.
    check("+A0 -A99 +B99", 100, "a! B");
    check("+A0 -A10", 100, "a");
    check("+A0 -A10", 101, "");
    check("+A0 -A40", 130, "a!");
    check("+A0 -A40", 131, "");
    // A thief's that stood for days is not old when months have gone by.
    check("+A0 +B200 -B205", 240, "A! b");
    // Away and back again is one point, as old as it was.
    check("+A0 -A90 +A95", 100, "A!");
    check("+A0 -A90 +A95", 200, "A!");
    check("+A0 -A10 +A95", 100, "A");
    // What came later was not there then.
    check("+A0 +B50 -A60", 40, "A!");
    check("+A0 +B50 -A60", 55, "A! B");
    check("+A0 -A60", 60, "a!");
}

#[test]
fn what_changes_and_how_often() {
    let check = |acts: &str, act: &str, expected: Result<bool, &str>| {
        let (all, point) = (history(acts), sms(act.as_bytes()[1] - b'A'));
        let found = match &act[..1] {
            "+" => add(&all, &point, true, day(100)),
            "*" => add(&all, &point, false, day(100)),
            _ => remove(&all, &point),
        };
        assert_eq!(found.map_err(|refusal| refusal.code()), expected, "{acts}: {act}");
    };
    check("", "+A", Ok(true));
    check("+A0", "+A", Ok(false));
    check("+A0", "+B", Ok(true));
    check("+A0 -A1", "+A", Ok(true));
    check("", "-A", Err("contact.unknown"));
    check("+A0", "-A", Ok(true));
    check("+A0 -A1", "-A", Ok(false));
    check("+A0 -A1 +A2", "-A", Ok(true));
    let eight = "+A0 +B0 +C0 +D0 +E0 +F0 +G0 +H0";
    check(eight, "+I", Err("contact.too_many"));
    check(eight, "+H", Ok(false));
    check(eight, "-H", Ok(true));
    check(&format!("{eight} -A1"), "+I", Ok(true));
    check(eight, "*I", Err("contact.too_many"));
    let often = |times: usize, at: i64| format!("+B{at} -B{at} ").repeat(times);
    check(&often(19, 50), "+A", Ok(true));
    check(&often(20, 50), "+A", Err("contact.too_often"));
    check(&often(20, 50), "*A", Ok(true));
    check(&format!("+A0 {}", often(20, 50)), "-A", Ok(true));
    check(&often(20, 10), "+A", Ok(true));
    check(&often(20, 11), "+A", Err("contact.too_often"));
}

#[test]
fn when_they_last_changed() {
    let check =
        |acts: &str, expected: Option<i64>| assert_eq!(last_change(&history(acts)), expected.map(day), "{acts}");
    check("", None);
    check("+A1", Some(1));
    check("+A1 +B3", Some(3));
    check("+A1 +B3 -A4", Some(4));
}

proptest! {
    /// Whatever comes, reading does not panic, and what is read is written as it is read.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|[a-z0-9.+@-]{0,40}") {
        if let Ok(address) = EmailAddress::parse(&text) {
            prop_assert_eq!(EmailAddress::parse(address.reveal()).ok(), Some(address));
        }
        if let Ok(phone) = Phone::parse(&text) {
            prop_assert_eq!(phone.reveal(), text.as_str());
        }
        if let Some(point) = ContactPoint::from_text(&text) {
            prop_assert_eq!(ContactPoint::from_text(&point.to_text()), Some(point));
        }
    }

    /// Of any history, what stood in the last ninety days is told, and nothing else.
    #[test]
    fn whoever_was_told_stood_not_long_ago(acts in prop::collection::vec((0..4u8, any::<bool>(), 0..20i64), 0..40), wait in 0..120i64) {
        let mut at = 0;
        let changes: Vec<Change> = acts
            .into_iter()
            .map(|(point, is_removed, days)| {
                at += days;
                Change { point: sms(point), is_removed, at: day(at) }
            })
            .collect();
        let all = stood(changes.clone());
        let moment = day(at + wait);
        let reached = standing_before(&all, moment, OLD_DAYS);
        for number in 0..4 {
            let point = sms(number);
            // The state on each of the days before, from the changes themselves.
            let stands = |on: Timestamp| {
                changes.iter().rfind(|change| change.point == point && change.at <= on).is_some_and(|change| !change.is_removed)
            };
            let of_late = (0..FORMER_DAYS).any(|ago| stands(moment.minus_days(ago)));
            let found = reached.iter().find(|reached| *reached.point == point);
            prop_assert!(!of_late || found.is_some(), "{:?}", point.reveal());
            prop_assert_eq!(found.is_some_and(|found| found.is_standing), stands(moment));
        }
        prop_assert!(reached.len() <= 4);
    }
}
