//! Who must have an account to which public payments can be made, and has none. Pure.
//!
//! The duty is that of citizens over 18, companies and associations (the report's § 2). It is of those who are in business, or
//! alive with an address in the country: nobody else can be reminded of it.

use crate::ask::AnswerClass;
use crate::designation::State;
use crate::payee::{PayeeId, RegisterStatus};
use denmark::Cpr;
use jiff::civil::Date;
use kernel::{Blind, Timestamp};

/// From this age on.
const AGE_YEARS: i16 = 18;
/// Nobody is reminded again within so many days.
pub const REMINDED_DAYS: i64 = 90;
/// After so many days that money waits for somebody, they are reminded of their account.
pub const WAITED_DAYS: [i64; 3] = [30, 90, 180];
const PLACE_CHARS: usize = 32;

/// Why there is no account that can be paid to: there never was one, it was closed, or it is frozen. None where there is one, or
/// nobody asks for one, because of what the register says of the payee.
#[must_use]
pub fn lacks(status: RegisterStatus, default: Option<State>) -> Option<AnswerClass> {
    let lacking = match default {
        None => AnswerClass::None,
        Some(State::Closed) => AnswerClass::Closed,
        Some(State::Frozen | State::FrozenByBank | State::Contested) => AnswerClass::Frozen,
        Some(State::InForce) => return None,
    };
    (status == RegisterStatus::Active).then_some(lacking)
}

/// Whether a payee of this number must have an account.
#[must_use]
pub fn must_have(payee: &PayeeId, today: Date) -> bool {
    match payee {
        PayeeId::Cpr(cpr) => is_of_age(cpr, today),
        PayeeId::Cvr(_) => true,
        PayeeId::Se(_) | PayeeId::P(_) => false,
    }
}

fn is_of_age(cpr: &Cpr, today: Date) -> bool {
    let birth = cpr.birth_date();
    let birthday = (today.year() - AGE_YEARS, today.month(), today.day());
    (birth.year(), birth.month(), birth.day()) <= birthday
}

/// Whether somebody who lacks an account for this reason is reminded now. A frozen account is not theirs to mend.
#[must_use]
pub fn is_to_be_reminded(lacking: AnswerClass, reminded: Option<Timestamp>, now: Timestamp) -> bool {
    let since = now.minus_days(REMINDED_DAYS);
    lacking != AnswerClass::Frozen && reminded.is_none_or(|reminded| reminded <= since)
}

/// Whether money waits for somebody for so long that they are to be reminded of their account.
#[must_use]
pub fn waits_long(since: Timestamp, now: Timestamp) -> bool {
    since <= now.minus_days(WAITED_DAYS[0])
}

/// Whether somebody for whom money waits since a moment is reminded now: once after each of [`WAITED_DAYS`], however they were reminded.
#[must_use]
pub fn is_reminded_of_money(since: Timestamp, reminded: Option<Timestamp>, now: Timestamp) -> bool {
    let last = WAITED_DAYS.iter().rev().find(|days| since <= now.minus_days(**days));
    last.is_some_and(|days| reminded.is_none_or(|reminded| reminded.minus_days(*days) < since))
}

/// A place in the directory as whoever goes on from it writes it.
#[must_use]
pub fn write_place(key: &Blind) -> String {
    format!("{:032x}", u128::from_be_bytes(*key.as_bytes()))
}

/// Reads what [`write_place`] wrote.
#[must_use]
pub fn read_place(text: &str) -> Option<Blind> {
    let is_place = text.len() == PLACE_CHARS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = is_place.then(|| u128::from_str_radix(text, 16).ok())??;
    Some(Blind::from_bytes(number.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn whoever_money_waits_for_is_reminded_three_times() {
        let day = |days: i64| Timestamp::from_micros(days * 86_400_000_000);
        let (mut reminded, mut days) = (None, Vec::new());
        for today in 0..400 {
            if is_reminded_of_money(day(10), reminded, day(today)) {
                reminded = Some(day(today));
                days.push(today - 10);
            }
        }
        assert_eq!(days, WAITED_DAYS);
        // Whoever was not looked at for long, or was reminded otherwise, is reminded once.
        assert!(is_reminded_of_money(day(0), Some(day(89)), day(300)));
        assert!(!is_reminded_of_money(day(0), Some(day(181)), day(300)));
        assert!(!is_reminded_of_money(day(0), Some(day(30)), day(89)));
    }

    #[test]
    fn people_of_age_and_whatever_has_a_cvr_number() {
        let check = |payee: &str, today: Date, expected: bool| {
            assert_eq!(must_have(&PayeeId::parse(payee).unwrap(), today), expected, "{today}");
        };
        // Born on 23 November 2008, and on a day that most years do not have.
        check("cpr:8311084234", date(2026, 11, 22), false);
        check("cpr:8311084234", date(2026, 11, 23), true);
        check("cpr:8902084234", date(2026, 2, 28), false);
        check("cpr:8902084234", date(2026, 3, 1), true);
        check("cpr:6101701234", date(2026, 11, 23), true);
        check("cvr:13748136", date(2026, 11, 23), true);
        check("se:32080808", date(2026, 11, 23), false);
        check("p:1000000042", date(2026, 11, 23), false);
    }

    #[test]
    fn those_who_live_here_and_have_nothing_that_can_be_paid_to() {
        let check = |status: RegisterStatus, default: Option<State>, expected: Option<AnswerClass>| {
            assert_eq!(lacks(status, default), expected, "{status} {default:?}");
        };
        check(RegisterStatus::Active, None, Some(AnswerClass::None));
        check(RegisterStatus::Active, Some(State::Closed), Some(AnswerClass::Closed));
        check(RegisterStatus::Active, Some(State::Frozen), Some(AnswerClass::Frozen));
        check(RegisterStatus::Active, Some(State::FrozenByBank), Some(AnswerClass::Frozen));
        check(RegisterStatus::Active, Some(State::InForce), None);
        for status in [
            RegisterStatus::Unlisted,
            RegisterStatus::Dead,
            RegisterStatus::Dissolved,
            RegisterStatus::Emigrated,
            RegisterStatus::Missing,
        ] {
            check(status, None, None);
        }
    }

    #[test]
    fn nobody_is_reminded_twice_in_three_months() {
        const DAY: i64 = 86_400_000_000;
        let now = Timestamp::from_micros(1000 * DAY);
        let check = |lacking: AnswerClass, reminded: Option<i64>, expected: bool| {
            let reminded = reminded.map(Timestamp::from_micros);
            assert_eq!(is_to_be_reminded(lacking, reminded, now), expected, "{lacking:?} {reminded:?}");
        };
        check(AnswerClass::None, None, true);
        check(AnswerClass::Closed, None, true);
        check(AnswerClass::Frozen, None, false);
        check(AnswerClass::None, Some(910 * DAY), true);
        check(AnswerClass::None, Some(910 * DAY + 1), false);
    }

    #[test]
    fn places_read_back() {
        for bytes in [[0; 16], [255; 16], *b"0123456789abcdef"] {
            let key = Blind::from_bytes(bytes);
            assert_eq!(read_place(&write_place(&key)), Some(key));
        }
        for text in ["", "0", "+0000000000000000000000000000000", "0000000000000000000000000000000G"] {
            assert_eq!(read_place(text), None, "{text}");
        }
    }
}
