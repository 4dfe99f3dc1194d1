//! Letters to nobody.

use denmark::{Account, Bic, Country, Currency};
use jiff::civil::date;
use letter::{
    Act, Addressee, Channel, Code, Cover, Language, Letter, Message, NewAccount, Number, Payee, Purpose, Recipient,
    Sender,
};

pub fn number() -> Number {
    Number::parse("38G9VT19EFWX7").unwrap()
}

pub fn sender() -> Sender {
    Sender {
        name: "Anvis".to_owned(),
        lines: vec!["Prøvevej 1".to_owned(), "0800 Høje Taastrup".to_owned()],
        url: "anvis.example.dk/kode".to_owned(),
        telephone: "70 00 00 00".to_owned(),
    }
}

pub fn recipient(name: &str, lines: &[&str], country: &str) -> Recipient {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Recipient { name: name.to_owned(), lines, country: country.to_owned() }
}

/// To a person in Denmark, by their own wish.
pub fn person(language: Language) -> Letter {
    Letter {
        language,
        sender: sender(),
        addressee: Addressee::Window(recipient("Åse Kjærgaard Øst", &["Prøvevej 3, 2. th", "5000 Odense C"], "DK")),
        number: number(),
        date: date(2026, 11, 26),
        payee: Payee::Person,
        act: Act { purpose: Purpose::Default, channel: Channel::SelfService, on: date(2026, 11, 25) },
        account: NewAccount {
            account: Account::parse("0040-0440116243").unwrap(),
            country: Country::Denmark,
            bank: Some("Eksempelbanken A/S".to_owned()),
            bic: Some(Bic::parse("EKSBDK22").unwrap()),
            currency: Currency::DKK,
        },
        code: Code::parse("40 93 17 58").unwrap(),
        valid_until: date(2027, 1, 25),
        attempts: 3,
        file_id: [7; 16],
    }
}

/// A specific account, through a caseworker.
pub fn specific(language: Language) -> Letter {
    let mut letter = person(language);
    letter.act.purpose =
        Purpose::Specific { payer: "Udbetaling Eksempel".to_owned(), benefit: "Boligstøtte (NKSBOS)".to_owned() };
    letter.act.channel = Channel::Caseworker { authority: "Prøvekøbing Kommune".to_owned() };
    letter
}

/// To a company, with an account abroad.
pub fn company(language: Language) -> Letter {
    let name = "Foreningen til Fremme af Ægte Rugbrød ApS";
    let mut letter = person(language);
    letter.addressee = Addressee::Window(recipient(name, &["Att. Økonomi", "Havnegade 10", "8000 Aarhus C"], "DK"));
    letter.payee = Payee::Company { name: name.to_owned() };
    letter.act.channel = Channel::Bank { name: "Eksempelbanken A/S".to_owned() };
    letter.account.account = Account::parse("SE4550000000058398257466").unwrap();
    letter.account.bank = Some("Exempelbanken AB".to_owned());
    letter.account.bic = Some(Bic::parse("EXEMSESS").unwrap());
    letter.account.currency = Currency::parse("SEK").unwrap();
    letter
}

/// Everything as long as the registry takes it: names of payees 200 characters, of banks 140, of payers 70.
pub fn longest(language: Language) -> Letter {
    let long = |word: &str, length: usize| word.chars().cycle().take(length).collect::<String>();
    let mut letter = company(language);
    let name = long("Fællesskabet af Wagnermænd ", 200);
    let lines = ["c/o Maximiliane Wollmann-Mørkesø", "Gammel Wibroe Møllevej 1234, 12. mf", "9999 Wollerup"];
    letter.addressee = Addressee::Window(recipient(&name, &lines, "FO"));
    letter.payee = Payee::Company { name };
    letter.act.purpose =
        Purpose::Specific { payer: long("Styrelsen for Wollemose ", 70), benefit: long("Mindste WM-ydelse ", 70) };
    letter.act.channel = Channel::Caseworker { authority: long("Wamdrup Kommune ", 70) };
    letter.account.account = Account::parse("0040-0440116243").unwrap();
    letter.account.bank = Some(long("Wommens Bank ", 140));
    letter.sender = Sender {
        name: "Myndigheden for Udbetalinger og Konti i Danmark".to_owned(),
        lines: ["Økonomiafdelingen", "Wilhelmine Mommsens Allé 1234", "Postboks 1234", "9999 Wollerup"]
            .map(str::to_owned)
            .to_vec(),
        url: "udbetalingskonti.myndighed.example.dk/aktivering".to_owned(),
        telephone: "+45 70 00 00 00".to_owned(),
    };
    letter.number = Number::parse("WWWWWWWWWWWWWWWWWWWW").unwrap();
    letter
}

/// The sheet before a letter.
pub fn cover(language: Language) -> Cover {
    let recipient = recipient("Åse Kjærgaard Øst", &["Prøvevej 3, 2. th", "5000 Odense C"], "DK");
    Cover { language, sender: sender(), recipient, number: number(), file_id: [8; 16] }
}

/// Without a code.
pub fn message(language: Language) -> Message {
    let Letter { sender, addressee, number, date, file_id, .. } = person(language);
    let paragraphs = vec!["Nogen har bedt om noget.".to_owned(), format!("https://{}", "a".repeat(67 - 8))];
    Message { language, sender, addressee, number, date, subject: "Noget er sket".to_owned(), paragraphs, file_id }
}
