//! Any text as each number of the field: what is read is written and read back as the same.
#![no_main]

use denmark::{Account, Bic, Country, Cpr, Currency, Cvr, Decimal, Iban, Money, PNumber, RegNumber, SeNumber};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(cpr) = Cpr::parse(text) {
        assert_eq!(Cpr::parse(cpr.digits()), Ok(cpr));
    }
    if let Ok(cvr) = Cvr::parse(text) {
        assert_eq!(Cvr::parse(cvr.digits()), Ok(cvr));
    }
    if let Ok(number) = SeNumber::parse(text) {
        assert_eq!(SeNumber::parse(number.digits()), Ok(number));
    }
    if let Ok(number) = PNumber::parse(text) {
        assert_eq!(PNumber::parse(number.digits()), Ok(number));
    }
    if let Ok(reg) = RegNumber::parse(text) {
        assert_eq!(RegNumber::parse(&reg.to_string()), Ok(reg));
    }
    if let Ok(account) = Account::parse(text) {
        assert_eq!(Account::parse(&account.to_text()), Ok(account));
        let iban = account.iban(Country::Denmark);
        assert_eq!(Account::parse(iban.as_str()), Ok(account));
    }
    if let Ok(iban) = Iban::parse(text) {
        assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
        assert_eq!(Iban::parse(&iban.to_paper()), Ok(iban));
    }
    if let Ok(bic) = Bic::parse(text) {
        assert_eq!(Bic::parse(bic.as_str()), Ok(bic));
    }
    if let Ok(decimal) = Decimal::parse(text) {
        assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
        for currency in ["DKK", "JPY", "KWD"] {
            let currency = Currency::parse(currency).expect("these are currencies");
            if let Ok(money) = Money::from_decimal(decimal, currency) {
                assert_eq!(money.decimal(), decimal);
            }
        }
    }
    let _ = Decimal::parse_control_sum(text);
});
