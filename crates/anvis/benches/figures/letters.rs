//! Drawing letters, apart from the lives that they belong to: whoever prints them draws them before a store is asked for anything.

use crate::timed;
use denmark::calendar::copenhagen_date;
use denmark::{Bic, Country, Currency};
use letter::{Act, Addressee, Channel, Code, Language, Letter, NewAccount, Number, Payee, Purpose, Recipient, Sender};
use registry::account::DesignatedAccount;
use registry::commands::LetterFacts;
use std::time::Duration;

/// Draws a letter for each of these; the bytes of each, and how long all took on one core.
pub fn draw(facts: &[LetterFacts]) -> (Vec<usize>, Duration) {
    let letters: Vec<Letter> = facts.iter().enumerate().map(|(at, facts)| letter(at, facts)).collect();
    timed(|| letters.iter().map(|letter| letter::draw(letter).expect("a letter").len()).collect())
}

fn letter(at: usize, facts: &LetterFacts) -> Letter {
    let account = DesignatedAccount::from_text(&facts.account).expect("an account");
    let addressee = &facts.addressee;
    let date = |moment: kernel::Timestamp| copenhagen_date(moment.to_jiff());
    Letter {
        language: Language::Danish,
        sender: Sender {
            name: "Anvis".to_owned(),
            lines: vec!["Prøvevej 1".to_owned(), "0800 Høje Taastrup".to_owned()],
            url: "anvis.example.dk/kode".to_owned(),
            telephone: "70 00 00 00".to_owned(),
        },
        addressee: Addressee::Window(Recipient {
            name: addressee.name.clone(),
            lines: addressee.lines.clone(),
            country: addressee.country.clone().unwrap_or_else(|| "DK".to_owned()),
        }),
        number: Number::parse(&format!("{}{:02}", facts.id, facts.number)).expect("a number"),
        date: date(facts.made),
        payee: Payee::Person,
        act: Act {
            purpose: Purpose::Default,
            channel: Channel::Caseworker { authority: "Udbetaling (synthetic)".to_owned() },
            on: date(facts.asked),
        },
        account: NewAccount {
            account: account.account(),
            country: Country::Denmark,
            bank: facts.bank.clone(),
            bic: facts.bic.as_deref().and_then(|bic| Bic::parse(bic).ok()),
            currency: Currency::DKK,
        },
        code: Code::from_random((at as u128 * 0x9e37_79b9_7f4a_7c15).to_be_bytes()),
        valid_until: facts.valid_until,
        attempts: 3,
        file_id: (at as u128).to_be_bytes(),
    }
}
