use super::*;

#[test]
fn names_and_codes_are_of_one_kind_each() {
    for (at, kind) in NoticeKind::ALL.into_iter().enumerate() {
        assert_eq!(NoticeKind::from_code(at as i64), Some(kind), "codes are places, and none is used again");
        assert!(NoticeKind::ALL[..at].iter().all(|other| other.name() != kind.name()), "{kind:?}");
    }
    assert_eq!(NoticeKind::from_code(NoticeKind::ALL.len() as i64), None);
    for language in Language::ALL {
        assert_eq!(Language::from_code(language.code()), Some(language));
        assert_eq!(Language::parse(language.tag()), Some(language));
    }
}

#[test]
fn recipients() {
    let check = |text: &str, masked: Option<&str>| {
        let to = Recipient::parse(text);
        assert_eq!(to.as_ref().map(Recipient::masked).as_deref(), masked, "{text}");
        assert!(to.is_none_or(|to| to.reveal() == text && !format!("{to:?}").contains("12345")), "{text}");
    };
    check("digital_post:cpr:6101701234", Some("cpr"));
    check("digital_post:cvr:13748136", Some("cvr"));
    check("letter:cpr:6101701234", Some("cpr"));
    check("sms:+4512345678", Some("+45…78"));
    check("sms:+12345678", Some("+12…78"));
    check("email:anna.and@mail.example", Some("a…@mail.example"));
    check("email:ble+1@a.b.example", Some("b…@a.b.example"));
    for wrong in [
        "",
        "sms:",
        "sms:12345678",
        "sms:+1234567890123456",
        "sms:+0012345678",
        "sms:+45 12345678",
        "sms:+45\u{661}2345678",
        "email:anna",
        "email:@mail.example",
        "email:anna@mail",
        "email:anna@mail..example",
        "email:anna@mail.example\r\nBcc: x@y.example",
        "email:a@b@mail.example",
        "email:Anna <anna@mail.example>",
        "email:anna@mail.example,bo@mail.example",
        "digital_post:p:1000000042",
        "digital_post:6101701234",
        "letter:p:1000000042",
        "pigeon:cpr:6101701234",
    ] {
        check(wrong, None);
    }
    check(&format!("email:{}@mail.example", "a".repeat(250)), None);
}

#[test]
fn an_account_is_known_again_and_no_more() {
    let check = |account: &str, expected: &str| {
        let account = DesignatedAccount::from_text(account).unwrap();
        assert_eq!(MaskedAccount::of(&account).as_str(), expected);
    };
    check("0040-0440116243 DKK", "0040-******6243");
    check("DE89370400440532013000 COBADEFFXXX", "DE89**************3000");
    check("NO9386011117947 DNBANOKK", "NO93*******7947");
}

#[test]
fn what_is_sealed_reads_back() {
    let vault = kernel::testing::vault();
    let account = DesignatedAccount::from_text("0040-0440116243 DKK").unwrap();
    let full = Details {
        at: Timestamp::from_micros(1_795_424_400_000_000),
        account: Some(MaskedAccount::of(&account)),
        channel: Some("bank"),
        in_force_from: Some(Timestamp::from_micros(1_795_510_800_000_000)),
        stop: Some(StopToken::of(&vault, Id::new(7))),
        reports: Some(NamedReports { first: Id::new(8), others: 2 }),
    };
    for details in [Details::at(full.at), full] {
        for to in ["digital_post:cpr:6101701234", "sms:+4512345678", "email:anna@mail.example", "letter:cvr:13748136"] {
            let notice = NewNotice {
                payee: Blind::default(),
                kind: NoticeKind::ChangeProposed,
                to: Recipient::parse(to).unwrap(),
                language: Language::English,
                details: details.clone(),
            };
            let read = NewNotice::from_text(notice.payee, notice.kind, notice.language, &notice.to_text()).unwrap();
            assert_eq!(read, notice);
            assert!(!format!("{notice:?}").contains("6243"), "{notice:?}");
        }
    }
}

#[test]
fn a_stop_token_reads_back_and_is_of_one_thing_in_one_store() {
    let (vault, other) = (kernel::testing::vault(), kernel::testing::vault());
    let token = StopToken::of(&vault, Id::new(7));
    let text = token.to_text();
    assert_eq!(text.len(), TOKEN_CHARS);
    for text in [text.clone(), text.to_lowercase()] {
        assert_eq!(StopToken::parse(&text), Some(token));
    }
    assert_eq!((token.proposal(&vault), token.proposal(&other)), (Some(Id::new(7)), None));
    assert!(token != StopToken::of(&vault, Id::new(8)) && token != StopToken::of(&other, Id::new(7)));
    for wrong in ["", &text[1..], &format!("{text}0"), &text.replace(&text[..1], "U"), &"Z".repeat(26)] {
        assert_eq!(StopToken::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_reference_is_a_uuid_of_its_own() {
    let (vault, other) = (kernel::testing::vault(), kernel::testing::vault());
    let notice = |number: i64| Notice {
        id: Id::new(number),
        new: NewNotice {
            payee: Blind::default(),
            kind: NoticeKind::Trial,
            to: Recipient::parse("sms:+4512345678").unwrap(),
            language: Language::Danish,
            details: Details::at(Timestamp::from_micros(0)),
        },
    };
    let reference = notice(1).reference(&vault);
    let parts: Vec<&str> = reference.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{reference}");
    assert_eq!(reference, notice(1).reference(&vault));
    assert!(reference != notice(2).reference(&vault) && reference != notice(1).reference(&other));
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_readers(text: String) {
        let _ = (Recipient::parse(&text), StopToken::parse(&text));
        let _ = NewNotice::from_text(Blind::default(), NoticeKind::Trial, Language::Danish, &text);
        for part in ["sms:", "email:"] {
            let _ = Recipient::parse(&format!("{part}{text}")).map(|to| to.masked());
        }
    }
}
