//! What a letter says, where it says it, and what it never says.

use crate::reader::{Piece, number_after, object, pieces, read_aloud, text};
use crate::samples::{company, cover, longest, message, number, person, recipient, specific};
use letter::{
    Addressee, Channel, Cover, DrawError, Language, Letter, Message, Payee, Purpose, draw, draw_cover, draw_message,
};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

/// Wherever the sheet slides to, the window shows something of this, and never anything beside it. See docs/letters.md.
const SHOWN: (std::ops::Range<f32>, std::ops::Range<f32>) = (0.0..139.0, 30.0..93.0);
/// Within the windows of all envelopes that the letter may lie in.
const WINDOW: (std::ops::Range<f32>, std::ops::Range<f32>) = (20.0..110.0, 45.0..74.0);

fn under_cover(language: Language) -> Letter {
    let mut letter = specific(language);
    letter.addressee = Addressee::UnderCover;
    letter
}

fn all() -> Vec<Letter> {
    let samples = [person, specific, company, longest, under_cover];
    Language::ALL.into_iter().flat_map(|language| samples.map(|sample| sample(language))).collect()
}

fn drawn(letter: &Letter) -> Vec<u8> {
    draw(letter).unwrap()
}

#[test]
fn a_person_reads_what_was_asked_and_what_to_do() {
    let expected = "\
Anvis
Prøvevej 1 0800 Høje Taastrup 70 00 00 00 anvis.example.dk/kode
Åse Kjærgaard Øst Prøvevej 3, 2. th 5000 Odense C
Dato 26. november 2026 Brevets nummer 38G9VT19EFWX7
Aktivér en ny konto til udbetalinger
Den 25. november 2026 blev vi bedt om at registrere en ny konto, som udbetalinger til dig skal gå til. Det skete på selvbetjeningssiden.
Ny konto
0040-•••••• 6243
Bank
Eksempelbanken A/S
Den nye konto kan først tages i brug, når koden i dette brev er indtastet. Indtil da ændres intet. Af hensyn til sikkerheden viser vi kun en del af kontonummeret.
Aktiveringskode
40 93 17 58
Ciffer for ciffer: fire nul – ni tre – et syv – fem otte
Koden gælder til og med den 25. januar 2027 og kan bruges én gang. Der er 3 forsøg. Derefter skal der bestilles et nyt brev.
Sådan aktiveres kontoen
Log ind på anvis.example.dk/kode, og indtast koden. Den kan også tastes på en telefon: Ring til 70 00 00 00.
Har du ikke bedt om det?
Indtast ikke koden. Så længe den ikke er indtastet, ændres intet. Ring til os på 70 00 00 00, og oplys brevets nummer, 38G9VT19EFWX7. Så stopper vi ændringen.
Giv aldrig koden til nogen, der ringer til dig
Hverken vi, banken, kommunen eller politiet ringer eller skriver for at få koden. Den, der gør det, er ude på svindel. Læg på. Har du brug for hjælp til at indtaste den, så ring selv til os på 70 00 00 00.";
    assert_eq!(read_aloud(&drawn(&person(Language::Danish))), expected);
}

#[test]
fn each_letter_says_what_it_is_about() {
    let check = |letter: &Letter, lines: &[&str]| {
        let said = read_aloud(&drawn(letter));
        let listed: Vec<&str> = said.lines().collect();
        for line in lines {
            assert!(listed.contains(line), "{line:?} is not in:\n{said}");
        }
    };
    check(
        &specific(Language::Danish),
        &[
            "Aktivér en specifik konto til én ydelse",
            "Den 25. november 2026 blev vi bedt om at registrere en specifik konto: en konto til kun én ydelse fra én \
             myndighed til dig. Det skete gennem en sagsbehandler hos Prøvekøbing Kommune. Alle andre udbetalinger går \
             til den samme konto som hidtil.",
            "Boligstøtte (NKSBOS)",
            "Udbetaling Eksempel",
        ],
    );
    check(
        &person(Language::English),
        &[
            "On 25 November 2026 we were asked to register a new account, to which payments to you are to go. This was \
             done on the self-service page.",
            "Digit by digit: four zero – nine three – one seven – five eight",
            "The code is valid until and including 25 January 2027, and can be used once. There are 3 attempts. After \
             that, a new letter must be ordered.",
        ],
    );
    // Beneficiary, account, bank, BIC, country and currency.
    let name = "Foreningen til Fremme af Ægte Rugbrød ApS";
    let abroad =
        ["Beneficiary", name, "SE•• •••• •••• •••• •••• 7466", "Exempelbanken AB", "EXEMSESS", "Sweden", "SEK"];
    check(&company(Language::English), &abroad);
    let mut letter = company(Language::Danish);
    letter.account = person(Language::Danish).account;
    let inland = ["0040-•••••• 6243", "DK•• 0040 •••• ••62 43", "Eksempelbanken A/S", "EKSBDK22", "Danmark", "DKK"];
    check(&letter, &inland);
    letter.act.channel = Channel::Operator;
    letter.account.bank = None;
    letter.account.bic = None;
    check(&letter, &["IBAN", "Land", "Valuta"]);
}

#[test]
fn the_code_stands_once_in_digits_and_once_in_words() {
    for letter in all() {
        let found = pieces(&drawn(&letter));
        let code: Vec<&Piece> = found.iter().filter(|piece| piece.text.contains("40 93 17 58")).collect();
        let [code] = code[..] else { panic!("{code:?}") };
        assert_eq!(code.text, "40 93 17 58");
        assert!(code.bold && code.size >= 24.0, "{code:?}");
        assert!(code.y > 120.0, "{code:?}");
        let said = read_aloud(&drawn(&letter));
        let digits: String = said.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits.matches("40931758").count(), 1);
        let words =
            if letter.language == Language::Danish { "fire nul – ni tre" } else { "four zero – nine three" };
        assert_eq!(said.matches(words).count(), 1);
        // Nothing is in larger letters.
        assert!(found.iter().all(|piece| piece.size <= code.size));
    }
}

#[test]
fn the_middle_of_an_account_is_nowhere() {
    for letter in all() {
        let said = read_aloud(&drawn(&letter));
        let digits: String = said.chars().filter(char::is_ascii_digit).collect();
        for hidden in ["044011", "0040044", "DK50", "SE45", "50000000", "0583", "9825"] {
            assert!(!said.contains(hidden) && !digits.contains(hidden), "{hidden} is in:\n{said}");
        }
        assert!(said.contains("6243") || said.contains("62 43") || said.contains("7466"));
    }
}

#[test]
fn the_window_shows_the_address_and_nothing_else() {
    for letter in all() {
        let found = pieces(&drawn(&letter));
        let shown = found.iter().filter(|piece| SHOWN.0.contains(&piece.x) && SHOWN.1.contains(&piece.y));
        let shown: Vec<&Piece> = shown.collect();
        let expected = match &letter.addressee {
            Addressee::UnderCover => String::new(),
            Addressee::Window(recipient) => {
                let abroad = (recipient.country != "DK").then_some("FAROE ISLANDS");
                let lines = recipient.lines.iter().map(String::as_str).chain(abroad);
                [recipient.name.as_str()].into_iter().chain(lines).collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(shown.iter().map(|piece| piece.text.as_str()).collect::<String>(), expected);
        assert!(shown.iter().all(|piece| WINDOW.0.contains(&piece.x) && WINDOW.1.contains(&piece.y)));
        assert!(shown.iter().all(|piece| piece.size >= 8.0));
        // Nothing runs off the page, and nothing is set smaller than it can be read.
        assert!(found.iter().all(|piece| piece.x > 20.0 && piece.y > 14.0 && piece.y < 283.0));
        assert!(found.iter().all(|piece| piece.size >= if piece.y > SHOWN.1.end { 8.4 } else { 7.8 }));
    }
}

#[test]
fn a_protected_address_is_on_the_cover_alone() {
    for language in Language::ALL {
        let letter = read_aloud(&drawn(&under_cover(language)));
        let sheet = draw_cover(&cover(language)).unwrap();
        let sheet_said = read_aloud(&sheet);
        for part in ["Åse", "Øst", "Prøvevej 3", "Odense"] {
            assert!(!letter.contains(part), "{part}");
            assert!(sheet_said.contains(part), "{part}");
        }
        for part in ["40 93", "6243", "konto", "account", "Eksempelbanken", "Kommune", "kode:", "2026"] {
            assert!(!sheet_said.contains(part), "{part} is in:\n{sheet_said}");
        }
        assert!(letter.contains(number().as_str()) && sheet_said.contains(number().as_str()));
        // Its file does not tell by its title either.
        assert!(!text(&sheet).contains("Øst"));
    }
    let shown = pieces(&draw_cover(&cover(Language::Danish)).unwrap());
    let shown = shown.iter().filter(|piece| SHOWN.0.contains(&piece.x) && SHOWN.1.contains(&piece.y));
    assert_eq!(
        shown.map(|piece| piece.text.trim_end()).collect::<Vec<_>>(),
        ["Åse Kjærgaard Øst", "Prøvevej 3, 2. th", "5000 Odense C"]
    );
}

#[test]
fn a_letter_without_a_code_says_what_it_is_given_and_whom_to_call() {
    for language in Language::ALL {
        let message = message(language);
        let pdf = draw_message(&message).unwrap();
        let found = pieces(&pdf);
        // The longest link is on one line, so that it can be typed as it stands.
        assert!(found.iter().any(|piece| piece.text.trim() == message.paragraphs[1]));
        assert!(found.iter().all(|piece| piece.size < 20.0 && piece.x > 20.0 && piece.y < 283.0));
        let said = read_aloud(&pdf);
        for part in ["Åse Kjærgaard Øst", "Noget er sket", "Nogen har bedt om noget.", "70 00 00 00", number().as_str()]
        {
            assert!(said.replace('\u{a0}', " ").contains(part), "{part} is not in:\n{said}");
        }
        let covered = Message { addressee: Addressee::UnderCover, ..message.clone() };
        assert!(!read_aloud(&draw_message(&covered).unwrap()).contains("Øst"));
        let check = |change: &dyn Fn(&mut Message), code: &str| {
            let mut wrong = message.clone();
            change(&mut wrong);
            assert_eq!(draw_message(&wrong).unwrap_err().code(), code);
        };
        check(&|message| message.subject = " ".to_owned(), "letter.empty");
        check(&|message| message.paragraphs[0] = "李".to_owned(), "letter.character");
        check(&|message| message.paragraphs = vec!["Nogen har bedt om noget.".to_owned(); 99], "letter.too_long");
        assert_eq!(format!("{message:?}"), format!("Message({}, ……)", number()));
    }
}

#[test]
fn long_addresses_are_set_smaller_and_longer_ones_refused() {
    let check = |lines: usize, country: &str, size: Option<f32>| {
        let mut letter = person(Language::Danish);
        let address = vec!["Wommelmøllevej 1234, Hus M"; lines];
        letter.addressee = Addressee::Window(recipient("Wilhelmine Mommsen", &address, country));
        let set = draw(&letter).map(|pdf| {
            let found = pieces(&pdf);
            let name = found.iter().find(|piece| piece.text.starts_with("Wilhelmine")).unwrap().size;
            assert_eq!(found.iter().filter(|piece| piece.text.starts_with("Wommelmøllevej")).count(), lines);
            name
        });
        assert_eq!(set, size.ok_or(DrawError::Address), "{lines} lines, {country}");
    };
    check(1, "DK", Some(10.0));
    check(5, "DK", Some(10.0));
    check(6, "DK", Some(9.0));
    check(6, "SE", Some(8.0));
    check(7, "DK", Some(8.0));
    check(7, "SE", None);
    check(8, "DK", None);
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let check = |change: &dyn Fn(&mut Letter), code: &str, sentence: &str| {
        let mut letter = specific(Language::Danish);
        change(&mut letter);
        let error = draw(&letter).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (code, sentence));
    };
    let to = |letter: &mut Letter, name: &str, lines: &[&str], country: &str| {
        letter.addressee = Addressee::Window(recipient(name, lines, country));
    };
    let undrawn = |part: &str| format!("The {part} has a character that the letter's font cannot draw: U+674E.");
    let name = undrawn("recipient's name");
    check(&|letter| to(letter, "李", &["Vej 1"], "DK"), "letter.character", &name);
    let address = undrawn("recipient's address");
    check(&|letter| to(letter, "Li", &["Vej 1", "李"], "DK"), "letter.character", &address);
    check(&|letter| to(letter, " ", &["Vej 1"], "DK"), "letter.empty", "The recipient's name is empty.");
    check(&|letter| to(letter, "Li", &[], "DK"), "letter.empty", "The recipient's address is empty.");
    check(&|letter| to(letter, "Li", &["", " "], "DK"), "letter.empty", "The recipient's address is empty.");
    let country = "The recipient's country is no code of ISO 3166-1.";
    check(&|letter| to(letter, "Li", &["Vej 1"], "XX"), "letter.country", country);
    check(&|letter| to(letter, "Li", &["Vej 1"], ""), "letter.country", country);
    let window = "The recipient's name and address do not fit into the envelope's window.";
    check(&|letter| to(letter, &"W".repeat(400), &["Vej 1"], "DK"), "letter.address_too_long", window);

    check(&|letter| letter.sender.name = "李".to_owned(), "letter.character", &undrawn("sender's name"));
    check(&|letter| letter.sender.url = "李".to_owned(), "letter.character", &undrawn("sender's web address"));
    check(&|letter| letter.sender.telephone = String::new(), "letter.empty", "The sender's telephone number is empty.");
    let payee = |letter: &mut Letter| letter.payee = Payee::Company { name: "李".to_owned() };
    check(&payee, "letter.character", &undrawn("payee's name"));
    let purpose =
        |payer: &str, benefit: &str| Purpose::Specific { payer: payer.to_owned(), benefit: benefit.to_owned() };
    check(&|letter| letter.act.purpose = purpose("李", "x"), "letter.character", &undrawn("payer's name"));
    check(&|letter| letter.act.purpose = purpose("x", "李"), "letter.character", &undrawn("benefit's name"));
    check(&|letter| letter.account.bank = Some("李".to_owned()), "letter.character", &undrawn("bank's name"));
    let channel = |letter: &mut Letter| letter.act.channel = Channel::Caseworker { authority: "李".to_owned() };
    check(&channel, "letter.character", &undrawn("authority's name"));

    let page = "The letter does not fit on one page.";
    check(&|letter| letter.act.purpose = purpose(&"x ".repeat(3000), "x"), "letter.too_long", page);
    check(&|letter| letter.sender.lines = vec!["Vej 1".to_owned(); 20], "letter.too_long", page);
    check(&|letter| letter.sender.name = "Anvis ".repeat(60), "letter.too_long", page);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_name_is_drawn_whole_or_refused(name in "\\PC{1,60}|[ -~À-ž]{1,60}", line in "[ -~À-ž]{1,40}") {
        let mut letter = company(Language::English);
        letter.addressee = Addressee::Window(recipient(&name, &[&line], "DK"));
        letter.payee = Payee::Company { name: name.clone() };
        if let Ok(pdf) = draw(&letter) {
            let letters = |text: &str| text.chars().filter(|character| *character != ' ').collect::<String>();
            let said = read_aloud(&pdf);
            let cell = said.lines().skip_while(|line| *line != "Beneficiary").nth(1).unwrap();
            let composed: String = name.nfc().collect();
            prop_assert_eq!(letters(cell), letters(&composed.replace(['\u{a0}', '\u{202f}'], " ")));
            prop_assert!(letters(&said).contains(&letters(&line.nfc().collect::<String>())));
        }
    }
}

#[test]
fn the_same_letter_is_the_same_file() {
    for letter in all() {
        assert_eq!(drawn(&letter), drawn(&letter.clone()));
    }
    let mut letter = person(Language::Danish);
    let before = drawn(&letter);
    letter.file_id = [9; 16];
    assert_ne!(drawn(&letter), before);
    assert_eq!(read_aloud(&drawn(&letter)), read_aloud(&before));
}

#[test]
fn a_file_is_whole_and_tagged() {
    for letter in all() {
        let pdf = drawn(&letter);
        let file = text(&pdf);
        for number in 1..number_after(&pdf, "/Size ") {
            object(&pdf, number);
        }
        let title = if letter.language == Language::Danish {
            "Brev med aktiveringskode"
        } else {
            "Letter with an activation code"
        };
        let lang = format!("/Lang ({})", letter.language.tag());
        let title_entry = format!("/Title ({title})");
        for part in [
            lang.as_str(),
            &title_entry,
            title,
            "/Marked true",
            "/DisplayDocTitle true",
            "/StructTreeRoot",
            "/ParentTree",
            "<pdfuaid:part>1</pdfuaid:part>",
            "/Scope /Row",
        ] {
            assert!(file.contains(part), "{part}");
        }
        assert!(!file.contains("/CreationDate") && !file.contains("CreateDate"));
        assert_eq!(file.matches("/FontFile2").count(), 2);
        // Each mark has its element, in order, and the headings begin with the only one of the first level.
        let found = pieces(&pdf);
        let marks = found.last().unwrap().mark + 1;
        for mark in 0..marks {
            assert_eq!(file.matches(&format!("/K [{mark}]")).count(), 1, "{mark}");
        }
        let of = |tag: &str| found.iter().filter(|piece| piece.tag == tag).count();
        assert_eq!((of("H1"), of("H2")), (1, 4));
        assert!(of("TH") >= 2 && of("TH") <= of("TD"));
        assert!(pdf.len() < 60_000, "{}", pdf.len());
    }
}

#[test]
fn nothing_of_anybody_is_shown_for_debugging() {
    let letter = company(Language::Danish);
    let shown = format!("{letter:?} {:?} {:?} {:?} {:?}", letter.addressee, letter.payee, letter.act, letter.account);
    let cover: Cover = cover(Language::Danish);
    let shown = format!("{shown} {cover:?} {:?} {:?}", cover.recipient, letter.code);
    for part in ["Foreningen", "Havnegade", "Åse", "Odense", "40", "93", "7466"] {
        assert!(!shown.contains(part), "{part} is in {shown}");
    }
}
